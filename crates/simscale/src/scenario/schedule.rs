//! Schedules: sizes set at times of day or at moments, expanded over the calendar to instants of the run.

use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{SimDuration, SimTime};
use simscale_policy::ScheduleParams;

use super::law::Law;
use super::moments::{When, check_lateness, strikes};
use super::run::{check_zone, zone};
use super::{RunSettings, names};
use crate::text::{Check, Cron, Duration, Instant, TimeOfDay};

/// A schedule, in the manner of scheduled actions: it sets sizes whatever the load, and does not hold what it sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Time zone (IANA name) of the entries' times of day and cron expressions; default `simulation.time_zone`. A time of day that the clocks
    /// skip in spring acts an hour later; one that they repeat in autumn acts the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long after its time an entry acts, drawn for each of its moments, below one hour on average; no entry overtakes an earlier one; default
    /// { uniform = { low = "0s", high = "10s" } }, the fact sheet's choice: AWS speaks of seconds, and of up to two minutes.
    #[serde(default = "lateness")]
    pub lateness: Law,
    /// What is set when.
    #[schemars(length(min = 1, max = 125))]
    pub entry: Vec<ScheduleEntry>,
}

/// What is set at a time: at least one of `min`, `max` and `desired`, at exactly one of `time`, `cron` and `at`.
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
    /// Minute, hour, day of the month, month and day of the week, in place of `time`: "0 8 * * MON-FRI" is 08:00 on weekdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
    /// A single moment, in place of `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// `time` and `cron` act from this moment on, and `cron` at it too, as EC2 Auto Scaling does; default always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// `time` and `cron` act until this moment, itself included; default always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
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

/// The fact sheet's choice for scheduled actions.
fn lateness() -> Law {
    Law::Uniform { low: Duration::default(), high: Duration::from_secs(10) }
}

pub(crate) const EVERY_DAY: [Day; 7] =
    [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

impl Day {
    pub(crate) fn of(weekday: Weekday) -> Day {
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
            cron: None,
            at: None,
            start: None,
            end: None,
            min: None,
            max: None,
            desired: None,
        }
    }

    pub(super) fn when(&self) -> When<'_> {
        When {
            time: self.time,
            days: self.days.as_deref(),
            cron: self.cron.as_ref(),
            at: self.at,
            start: self.start,
            end: self.end,
        }
    }

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
}

impl Schedule {
    pub(crate) fn resolve(&mut self, run: &RunSettings) {
        self.time_zone.get_or_insert_with(|| run.time_zone.clone());
        for entry in self.entry.iter_mut().filter(|entry| entry.time.is_some()) {
            entry.days.get_or_insert_with(|| EVERY_DAY.to_vec());
        }
    }

    /// The schedule expanded over the run; `None` when nothing of it falls into the run.
    ///
    /// Entries act in the order of their moments, however late each is: order within a group is guaranteed (EC2 Auto Scaling User Guide,
    /// "Scheduled scaling"; documented). Two entries of one moment keep one instant, which the policy refuses.
    pub(crate) fn params(&self, name: &str, run: &RunSettings) -> Option<ScheduleParams> {
        let zone = zone(self.time_zone.as_deref().unwrap_or(&run.time_zone))?;
        let mut struck = Vec::new();
        for entry in &self.entry {
            let moments = entry.when().moments(run, &zone);
            let what = format!("{name}/{}", entry.name);
            let strikes = strikes(&what, &moments, &self.lateness, run);
            struck.extend(strikes.into_iter().map(|(moment, at)| (moment, at, entry)));
        }
        struck.sort_by_key(|(moment, at, _)| (*moment, *at));
        let mut entries: Vec<simscale_policy::ScheduleEntry> = Vec::new();
        let mut last = None;
        for (moment, at, entry) in struck {
            let mut entry = entry.world(at);
            match entries.last_mut() {
                Some(before) if last == Some(moment) => {
                    let nominal = moment.as_nanosecond() - run.start.unix_nanos();
                    before.at = SimTime::from_nanos(u64::try_from(nominal).unwrap_or(0));
                    entry.at = before.at;
                }
                Some(before) => entry.at = entry.at.max(before.at + SimDuration::from_nanos(1)),
                None => {}
            }
            last = Some(moment);
            entries.push(entry);
        }
        entries.retain(|entry| entry.at.as_nanos() < run.duration.nanos());
        (!entries.is_empty()).then(|| ScheduleParams { name: name.to_owned(), entries })
    }

    pub(crate) fn check(&self, path: &str, run: &RunSettings, check: &mut Check<'_>) {
        if let Some(name) = &self.time_zone {
            check_zone(&format!("{path}.time_zone"), name, check);
        }
        check_lateness(&format!("{path}.lateness"), &self.lateness, check);
        let list = format!("{path}.entry");
        names::check(&list, &self.entry, "name", |entry| &entry.name, check);
        for (index, entry) in self.entry.iter().enumerate() {
            let path = names::path(&list, &self.entry, index, |entry| &entry.name);
            entry.when().check(&path, run, check);
        }
    }
}
