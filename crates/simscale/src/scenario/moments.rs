//! Moments of the calendar at which something happens: times of day, cron expressions, single instants; and how late they strike.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use simscale_core::SimTime;

use super::RunSettings;
use super::law::Law;
use super::run::timestamp;
use super::schedule::Day;
use crate::text::{Check, Cron, Duration, Instant, TimeOfDay};

/// Most moments of one entry within a run.
const MOST: u64 = 100_000;

/// Longest lateness.
const LATEST: Duration = Duration::from_secs(3600);

/// When something happens: exactly one of `time` (on `days`), `cron` and `at`; the first two within `start` and `end`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When<'a> {
    pub(crate) time: Option<TimeOfDay>,
    pub(crate) days: Option<&'a [Day]>,
    pub(crate) cron: Option<&'a Cron>,
    pub(crate) at: Option<Instant>,
    pub(crate) start: Option<Instant>,
    pub(crate) end: Option<Instant>,
}

impl When<'_> {
    /// The moments from the day before the run to the day after it, in order, each once.
    ///
    /// A time of day that the clocks skip in spring comes an hour later, one that they repeat in autumn the first time. A cron expression that
    /// acts in every hour follows elapsed time instead: it acts in both hours of autumn, and not in the one that spring leaves out.
    /// A cron expression with a `start` acts at the start too, as EC2 Auto Scaling does (User Guide, "Scheduled scaling"; documented).
    pub(crate) fn moments(&self, run: &RunSettings, zone: &TimeZone) -> Vec<Timestamp> {
        if let Some(at) = self.at {
            return vec![timestamp(at)];
        }
        let mut moments: Vec<Timestamp> = dates(run, zone).flat_map(|date| self.on(date, zone)).collect();
        moments.retain(|moment| self.start.is_none_or(|start| *moment >= timestamp(start)));
        moments.retain(|moment| self.end.is_none_or(|end| *moment <= timestamp(end)));
        if self.cron.is_some() {
            moments.extend(self.start.map(timestamp));
        }
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// The most moments that a run can have of it, without expanding it.
    pub(crate) fn most(&self, run: &RunSettings) -> u64 {
        let days = run.duration.nanos() / (86_400 * 1_000_000_000) + 1;
        match (self.at, self.cron) {
            (Some(_), _) => 1,
            (None, Some(cron)) => cron.times_a_day().saturating_mul(days),
            (None, None) => days,
        }
    }

    /// The moments of one date.
    fn on(&self, date: Date, zone: &TimeZone) -> Vec<Timestamp> {
        if let Some(time) =
            self.time.filter(|_| self.days.is_none_or(|days| days.contains(&Day::of(date.weekday()))))
        {
            let seconds = (time.nanos() / 1_000_000_000) as i64;
            let local = date.to_datetime(Time::midnight() + seconds.seconds());
            return zone.to_timestamp(local).into_iter().collect();
        }
        let Some(cron) = self.cron.filter(|cron| cron.on(date)) else { return Vec::new() };
        let mut moments = Vec::new();
        for (hour, minute) in cron.times() {
            let local = date.at(hour, minute, 0, 0);
            let ambiguous = zone.to_ambiguous_timestamp(local);
            match ambiguous.offset() {
                AmbiguousOffset::Gap { .. } if cron.hourly() => {}
                AmbiguousOffset::Fold { .. } if cron.hourly() => {
                    moments.extend(ambiguous.earlier());
                    moments.extend(ambiguous.later());
                }
                _ => moments.extend(ambiguous.compatible()),
            }
        }
        moments
    }

    /// Reports what is wrong with the choice of a time.
    pub(crate) fn check(&self, path: &str, run: &RunSettings, check: &mut Check<'_>) {
        let given = [("time", self.time.is_some()), ("cron", self.cron.is_some()), ("at", self.at.is_some())];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        match given[..] {
            [_] => {}
            [] => {
                let hint =
                    "add time = \"08:00\", cron = \"0 8 * * MON-FRI\", or at = \"2026-03-02T08:00:00Z\"";
                return check.fail(path, "says no time", hint);
            }
            _ => {
                let rule = format!("has {} where exactly one belongs", given.join(" and "));
                return check.fail(path, rule, "keep one of them");
            }
        }
        if self.days.is_some() && self.time.is_none() {
            check.fail(&format!("{path}.days"), format!("belongs to time, not to {}", given[0]), "remove it");
        }
        self.check_bounds(path, run, check);
        if self.cron.is_some() && self.most(run) > MOST {
            let rule = format!("may act more than {MOST} times in a run of {}", run.duration);
            check.fail(&format!("{path}.cron"), rule, "let it act less often");
        }
    }

    /// Reports a single moment outside the run, and bounds that leave nothing.
    fn check_bounds(&self, path: &str, run: &RunSettings, check: &mut Check<'_>) {
        if let Some(at) = self.at {
            let nanos = at.unix_nanos() - run.start.unix_nanos();
            if !(0..i128::from(run.duration.nanos())).contains(&nanos) {
                let rule = format!("lies outside the run ({} from {})", run.duration, run.start);
                check.fail(&format!("{path}.at"), rule, "correct it, or simulation.start and duration");
            }
            for (key, bound) in [("start", self.start), ("end", self.end)] {
                if bound.is_some() {
                    check.fail(&format!("{path}.{key}"), "belongs to time or cron, not to at", "remove it");
                }
            }
        } else if let (Some(start), Some(end)) = (self.start, self.end)
            && start >= end
        {
            check.fail(&format!("{path}.end"), format!("is not after start ({start})"), "let start < end");
        }
    }
}

/// The local dates of a run, with the day before it and the day after.
fn dates<'a>(run: &RunSettings, zone: &'a TimeZone) -> impl Iterator<Item = Date> + use<'a> {
    let date = |moment: i128| -> Option<Date> {
        Some(zone.to_datetime(Timestamp::from_nanosecond(moment).ok()?).date())
    };
    let start = run.start.unix_nanos();
    let ends = (date(start), date(start.saturating_add(i128::from(run.duration.nanos()))));
    let ends = match ends {
        (Some(first), Some(last)) => Some((first.yesterday().unwrap_or(first), last)),
        _ => None,
    };
    ends.into_iter().flat_map(|(first, last)| first.series(1.day()).take_while(move |date| *date <= last))
}

/// The instants of a run at which what happens at `moments` (in order) strikes: each as late as `lateness` draws for it, none before the one before.
///
/// `what` names what happens; it and the moment are the address of the draw, so that neither other entries nor another length of the run move it.
/// A moment before the run counts when it strikes within it. None when `lateness` is no law, which [`check_lateness`] reports.
pub(crate) fn strikes(
    what: &str,
    moments: &[Timestamp],
    lateness: &Law,
    run: &RunSettings,
) -> Vec<(Timestamp, SimTime)> {
    let law = lateness.distribution();
    if law.check().is_err() {
        return Vec::new();
    }
    let mut strikes: Vec<(Timestamp, SimTime)> = Vec::new();
    let mut soonest = i128::MIN;
    for moment in moments {
        let address = moment.as_nanosecond() as u64;
        let late = law.draw_once(run.seed, what, address).as_nanos();
        let since_start = moment.as_nanosecond() - run.start.unix_nanos();
        let strike = (since_start + i128::from(late)).max(soonest);
        soonest = strike + 1;
        if (0..i128::from(run.duration.nanos())).contains(&strike)
            && let Ok(nanos) = u64::try_from(strike)
        {
            strikes.push((*moment, SimTime::from_nanos(nanos)));
        }
    }
    strikes
}

/// Reports a lateness that is no law, or a long one.
pub(crate) fn check_lateness(path: &str, lateness: &Law, check: &mut Check<'_>) {
    lateness.check(path, check);
    if lateness.mean_seconds() >= LATEST.nanos() as f64 / 1e9 {
        let rule = format!("is {LATEST} or longer on average");
        check.fail(path, rule, "write a shorter time, such as { constant = \"30s\" }");
    }
}
