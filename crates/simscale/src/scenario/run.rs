//! How long a run is, when it begins, which luck it has.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::SimTime;

use super::Metrics;
use crate::text::{Check, Duration, Instant, LeadIn};

/// The longest run: ten years of 365 days.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// How long is simulated, from when, with which seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// Simulated time, the lead-in included; above zero, at most ten years.
    pub duration: Duration,
    /// Simulated at the start and left out of statistics and cost: a whole number of metric periods, or "mser5", the end of
    /// the transient as that rule finds it in a run before, where load and capacity stay the same; default "0s".
    #[serde(default)]
    pub lead_in: LeadIn,
    /// Seed of all chance: the same seed gives the same run to the bit; default 1.
    #[serde(default = "seed")]
    pub seed: u64,
    /// The moment at which the run starts, for times of day and schedules; default "2026-03-02T00:00:00Z", a Monday.
    #[serde(default = "start")]
    pub start: Instant,
    /// Time zone (IANA name, such as "Europe/Berlin") of the times of day in this file; default "UTC".
    #[serde(default = "time_zone")]
    pub time_zone: String,
    /// The run ends early, as saturated, when more attempts than this are in flight; 1 to 100000000, default 1000000.
    #[serde(default = "in_flight_limit")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub in_flight_limit: u64,
}

fn seed() -> u64 {
    1
}

fn start() -> Instant {
    Instant::from_unix_seconds(1_772_409_600).expect("2026-03-02 lies within the calendar")
}

fn time_zone() -> String {
    "UTC".to_owned()
}

fn in_flight_limit() -> u64 {
    1_000_000
}

impl RunSettings {
    /// A run of this length with every default.
    pub fn lasting(duration: Duration) -> RunSettings {
        RunSettings {
            duration,
            lead_in: LeadIn::default(),
            seed: seed(),
            start: start(),
            time_zone: time_zone(),
            in_flight_limit: in_flight_limit(),
        }
    }

    /// Time of day (nanoseconds since local midnight) and day of the week (0 = Monday) at the start.
    ///
    /// Loads and labels keep the offset from UTC that the time zone has at the start; schedules follow its changes.
    pub fn local_start(&self) -> (u64, u8) {
        let Some(zone) = zone(&self.time_zone) else { return (self.start.nanos_since_utc_midnight(), 0) };
        let local = zone.to_datetime(timestamp(self.start));
        let time = local.time();
        let seconds = time.hour() as u64 * 3600 + time.minute() as u64 * 60 + time.second() as u64;
        (
            seconds * 1_000_000_000 + time.subsec_nanosecond() as u64,
            local.weekday().to_monday_zero_offset() as u8,
        )
    }

    /// Date and time at the start on the clock of [`RunSettings::time_zone`], to the second: `2026-03-02 01:00:00`.
    pub fn local_start_text(&self) -> String {
        let zone = zone(&self.time_zone).unwrap_or(TimeZone::UTC);
        zone.to_datetime(timestamp(self.start)).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A moment of the run on the clock of [`RunSettings::time_zone`], to the millisecond: `2026-03-02T14:32:00.500+01:00`; without
    /// milliseconds where there are none; the calendar ends with the year 9999.
    pub fn local_text(&self, at: SimTime) -> String {
        let zone = zone(&self.time_zone).unwrap_or(TimeZone::UTC);
        let millis = at.as_nanos() / 1_000_000;
        let since = SignedDuration::from_millis(millis as i64);
        let moment = timestamp(self.start).checked_add(since).unwrap_or(Timestamp::MAX);
        let format =
            if millis.is_multiple_of(1000) { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%dT%H:%M:%S%.3f%:z" };
        moment.to_zoned(zone).strftime(format).to_string()
    }

    pub(crate) fn check(&self, metrics: &Metrics, check: &mut Check<'_>) {
        if self.duration.is_zero() {
            check.fail("simulation.duration", "is zero", "write how long to simulate, such as \"24h\"");
        }
        if self.duration > LONGEST {
            check.fail("simulation.duration", "is longer than ten years", "write at most \"3650d\"");
        }
        let end = self.start.unix_nanos().saturating_add(i128::from(self.duration.nanos()));
        if Timestamp::from_nanosecond(end).is_err() {
            let hint = "start earlier, such as \"2026-03-02T00:00:00Z\", or shorten the run";
            check.fail("simulation.start", "lets the run end after the year 9999", hint);
        }
        if self.lead_in.time() >= self.duration && !self.duration.is_zero() {
            let rule = format!("leaves nothing of the duration ({})", self.duration);
            check.fail("simulation.lead_in", rule, "shorten the lead-in or lengthen simulation.duration");
        }
        check_multiple("simulation.lead_in", self.lead_in.time(), metrics.period, "metrics.period", check);
        check_zone("simulation.time_zone", &self.time_zone, check);
    }
}

/// Reports a time that is no whole number of units.
pub(crate) fn check_multiple(path: &str, time: Duration, unit: Duration, of: &str, check: &mut Check<'_>) {
    let rest = time.nanos().checked_rem(unit.nanos()).unwrap_or(0);
    if rest == 0 {
        return;
    }
    let up = Duration::from_nanos(time.nanos() - rest + unit.nanos()).unwrap_or(unit);
    check.fail_value(path, time, format!("is not a multiple of {of} ({unit})"), format!("write \"{up}\""));
}

/// Reports an interval so short that a run would do nothing else.
pub(crate) fn check_interval(path: &str, interval: Duration, check: &mut Check<'_>) {
    if interval < Duration::from_secs(1) {
        check.fail_value(path, interval, "is below a second", "write at least \"1s\"");
    }
}

/// The time zone with this IANA name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// Reports a name that is no time zone's.
pub(crate) fn check_zone(path: &str, name: &str, check: &mut Check<'_>) {
    if zone(name).is_none() {
        check.fail(
            path,
            "is not a known time zone",
            "write an IANA name, such as \"UTC\" or \"Europe/Berlin\"",
        );
    }
}

/// The moment as jiff knows it.
pub(crate) fn timestamp(moment: Instant) -> Timestamp {
    Timestamp::from_nanosecond(moment.unix_nanos()).expect("an instant lies within jiff's calendar")
}
