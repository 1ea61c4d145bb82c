//! Schedules: sizes set at times of day or at moments, expanded over the calendar to instants of the run.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::SimTime;
use simscale_policy::ScheduleParams;

use super::run::{check_zone, timestamp, zone};
use super::{RunSettings, names};
use crate::text::{Check, Duration, Instant, TimeOfDay};

/// A schedule, in the manner of scheduled actions: it sets sizes whatever the load, and does not hold what it sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Time zone (IANA name) of the entries' times of day; default `simulation.time_zone`. A time of day that the clocks
    /// skip in spring acts an hour later; one that they repeat in autumn acts the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Every entry acts so long after its time, below one hour; default "0s".
    #[serde(default)]
    pub lateness: Duration,
    /// What is set when.
    #[schemars(length(min = 1, max = 125))]
    pub entry: Vec<ScheduleEntry>,
}

/// What is set at a time: at least one of `min`, `max` and `desired`, at exactly one of `time` and `at`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleEntry {
    /// Name in outputs; unique.
    pub name: String,
    /// Time of day, on every day of `days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeOfDay>,
    /// Days of the week on which `time` acts; default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 7))]
    pub days: Option<Vec<Day>>,
    /// A single moment, in place of `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// The group's new smallest size; default unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The group's new largest size; default unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// The group's new desired capacity; default unchanged, but moved into the bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

const EVERY_DAY: [Day; 7] =
    [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

impl Day {
    fn of(weekday: Weekday) -> Day {
        match weekday {
            Weekday::Monday => Day::Monday,
            Weekday::Tuesday => Day::Tuesday,
            Weekday::Wednesday => Day::Wednesday,
            Weekday::Thursday => Day::Thursday,
            Weekday::Friday => Day::Friday,
            Weekday::Saturday => Day::Saturday,
            Weekday::Sunday => Day::Sunday,
        }
    }
}

impl ScheduleEntry {
    /// An entry of this name that acts every day at this time and sets nothing yet.
    pub fn daily(name: impl Into<String>, time: TimeOfDay) -> ScheduleEntry {
        ScheduleEntry {
            name: name.into(),
            time: Some(time),
            days: None,
            at: None,
            min: None,
            max: None,
            desired: None,
        }
    }

    /// The instants of the run at which the entry acts, lateness included.
    fn instants(&self, run: &RunSettings, zone: &TimeZone, lateness: Duration) -> Vec<SimTime> {
        let moments = match (self.time, self.at) {
            (Some(time), _) => self.moments(time, run, zone),
            (None, at) => at.map(timestamp).into_iter().collect(),
        };
        let since_start = |moment: Timestamp| moment.as_nanosecond() - run.start.unix_nanos();
        moments
            .into_iter()
            .map(|moment| since_start(moment) + i128::from(lateness.nanos()))
            .filter(|nanos| (0..i128::from(run.duration.nanos())).contains(nanos))
            .filter_map(|nanos| u64::try_from(nanos).ok().map(SimTime::from_nanos))
            .collect()
    }

    /// The moments at which the time of day comes on the entry's days, from the day before the run to the day after it.
    fn moments(&self, time: TimeOfDay, run: &RunSettings, zone: &TimeZone) -> Vec<Timestamp> {
        let date = |moment: i128| -> Option<Date> {
            Some(zone.to_datetime(Timestamp::from_nanosecond(moment).ok()?).date())
        };
        let start = run.start.unix_nanos();
        let ends = (date(start), date(start.saturating_add(i128::from(run.duration.nanos()))));
        let (Some(first), Some(last)) = ends else { return Vec::new() };
        let seconds = (time.nanos() / 1_000_000_000) as i64;
        let time = Time::midnight() + seconds.seconds();
        let on_day =
            |date: &Date| self.days.as_ref().is_none_or(|days| days.contains(&Day::of(date.weekday())));
        let first = first.yesterday().unwrap_or(first);
        first
            .series(1.day())
            .take_while(|date| *date <= last)
            .filter(on_day)
            .filter_map(|date| zone.to_timestamp(date.to_datetime(time)).ok())
            .collect()
    }
}

impl Schedule {
    pub(crate) fn resolve(&mut self, run: &RunSettings) {
        self.time_zone.get_or_insert_with(|| run.time_zone.clone());
        for entry in self.entry.iter_mut().filter(|entry| entry.time.is_some()) {
            entry.days.get_or_insert_with(|| EVERY_DAY.to_vec());
        }
    }

    /// The schedule expanded over the run; `None` when nothing of it falls into the run.
    pub(crate) fn params(&self, name: &str, run: &RunSettings) -> Option<ScheduleParams> {
        let zone = zone(self.time_zone.as_deref().unwrap_or(&run.time_zone))?;
        let mut entries = Vec::new();
        for entry in &self.entry {
            let instants = entry.instants(run, &zone, self.lateness);
            entries.extend(instants.into_iter().map(|at| entry.world(at)));
        }
        entries.sort_by_key(|entry| entry.at);
        (!entries.is_empty()).then(|| ScheduleParams { name: name.to_owned(), entries })
    }

    pub(crate) fn check(&self, path: &str, run: &RunSettings, check: &mut Check<'_>) {
        if let Some(name) = &self.time_zone {
            check_zone(&format!("{path}.time_zone"), name, check);
        }
        if self.lateness >= Duration::from_secs(3600) {
            check.fail(
                &format!("{path}.lateness"),
                "is an hour or longer",
                "write a shorter time, such as \"30s\"",
            );
        }
        let list = format!("{path}.entry");
        names::check(&list, &self.entry, "name", |entry| &entry.name, check);
        for (index, entry) in self.entry.iter().enumerate() {
            let path = names::path(&list, &self.entry, index, |entry| &entry.name);
            entry.check(&path, run, check);
        }
    }
}

impl ScheduleEntry {
    /// The entry at one instant.
    pub(crate) fn world(&self, at: SimTime) -> simscale_policy::ScheduleEntry {
        simscale_policy::ScheduleEntry {
            name: self.name.clone(),
            at,
            min: self.min,
            max: self.max,
            desired: self.desired,
        }
    }

    fn check(&self, path: &str, run: &RunSettings, check: &mut Check<'_>) {
        match (self.time, self.at) {
            (None, None) => {
                let hint = "add time = \"08:00\", or at = \"2026-03-02T08:00:00Z\"";
                check.fail(path, "says no time", hint);
            }
            (Some(_), Some(_)) => {
                check.fail(path, "has both time and at where exactly one belongs", "keep one of them");
            }
            (None, Some(_)) if self.days.is_some() => {
                check.fail(&format!("{path}.days"), "belongs to time, not to at", "remove it");
            }
            (None, Some(at)) => {
                let nanos = at.unix_nanos() - run.start.unix_nanos();
                if !(0..i128::from(run.duration.nanos())).contains(&nanos) {
                    let rule = format!("lies outside the run ({} from {})", run.duration, run.start);
                    check.fail(&format!("{path}.at"), rule, "correct it, or simulation.start and duration");
                }
            }
            _ => {}
        }
    }
}
