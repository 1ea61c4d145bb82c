//! A result folder as it is read back: the resolved scenario, the log, the periods.

use super::Period;
use crate::failure::Failure;
use crate::input;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use simscale::Scenario;
use simscale::engine::{ActivityKind, SimTime};
use simscale::text::MAX_BYTES;
use std::collections::BTreeSet;
use std::path::Path;

/// Longest table that is read, bytes: it is kept in memory.
const LARGEST_TABLE: u64 = 256 << 20;

/// A row of `activities.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, on the scenario's clock.
    pub at: String,
    /// The same in seconds since the start of the run.
    pub t_s: f64,
    /// What kind of fact.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// The instance, by the number of its launch.
    pub instance: Option<u64>,
    /// The alarm that called, with its datapoints and threshold.
    pub cause: String,
    /// Desired capacity before.
    pub before: u32,
    /// What was asked.
    pub asked: Option<u32>,
    /// Desired capacity after.
    pub granted: u32,
    /// The policy's reason.
    pub reason: String,
    /// The rule of the group, or what happened.
    pub note: String,
}

impl Event {
    /// Whether it is of this kind.
    pub fn is(&self, kind: ActivityKind) -> bool {
        self.kind == kind.name()
    }
}

/// The files of a run.
#[derive(Debug)]
pub struct ResultFolder {
    /// The scenario with every default.
    pub scenario: Scenario,
    /// The log, in order.
    pub events: Vec<Event>,
    /// The periods, in order.
    pub periods: Vec<Period>,
    /// Instances that were in service at the start, by the numbers of their launches.
    pub serving_at_start: Vec<u64>,
    /// Members of the warm pool at the start.
    pub pooled_at_start: Vec<u64>,
}

/// A row of `instances.csv`, as far as it tells who was there at the start.
#[derive(Deserialize)]
struct Instance {
    instance: u64,
    launched_s: f64,
    in_service_s: Option<f64>,
}

impl ResultFolder {
    /// Reads a folder that `simscale run` wrote.
    pub fn read(folder: &Path) -> Result<ResultFolder, Failure> {
        let missing = |name: &str| {
            let what = if folder.is_dir() { format!("has no {name}") } else { "is no folder".to_string() };
            let hint = "name a folder that simscale run wrote, such as results/shop";
            Failure::input(format!("{}: is no result folder: it {what}; {hint}", folder.display()))
        };
        let path = folder.join("resolved.toml");
        if !path.is_file() {
            return Err(missing("resolved.toml"));
        }
        let text = input::text(&path, MAX_BYTES as u64)?;
        let scenario = Scenario::read(&path.display().to_string(), &text, &[])
            .map_err(|mistakes| Failure::input(mistakes.render(true)))?;
        let events = table(folder, "activities.csv", &missing)?;
        let instances: Vec<Instance> = table(folder, "instances.csv", &missing)?;
        let (mut serving_at_start, mut pooled_at_start) = (Vec::new(), Vec::new());
        let launches =
            events.iter().filter(|e: &&Event| e.is(ActivityKind::Launch) && e.note.starts_with("launched"));
        let launched: BTreeSet<u64> = launches.filter_map(|e| e.instance).collect();
        for row in instances.iter().filter(|row| row.launched_s == 0.0) {
            // Who returned to the warm pool has several rows; no launch of the start is told.
            match row.in_service_s {
                _ if launched.contains(&row.instance) => {}
                Some(0.0) => serving_at_start.push(row.instance),
                _ => pooled_at_start.push(row.instance),
            }
        }
        pooled_at_start.retain(|instance| !serving_at_start.contains(instance));
        let periods = table(folder, "periods.csv", &missing)?;
        Ok(ResultFolder { scenario, events, periods, serving_at_start, pooled_at_start })
    }

    /// The desired capacity at the start.
    pub fn start_size(&self) -> u32 {
        self.scenario.resolved().group.desired.unwrap_or(self.scenario.group.min)
    }

    /// A time since the start as reasons write it: `01:05:00`, with milliseconds where there are any.
    pub fn since_start(&self, clock: &str) -> Option<SimTime> {
        let mut parts = clock.split(':');
        let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
        let seconds = parts.next()?.parse::<f64>().ok()?;
        let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
        let millis = minutes.checked_mul(60_000)?.checked_add((seconds * 1e3).round() as u64)?;
        // A log that somebody changed may say anything.
        millis.checked_mul(1_000_000).map(SimTime::from_nanos)
    }
}

fn table<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
    missing: &dyn Fn(&str) -> Failure,
) -> Result<Vec<T>, Failure> {
    let path = folder.join(name);
    if !path.is_file() {
        return Err(missing(name));
    }
    let text = input::bounded_text(&path, LARGEST_TABLE)?;
    let rows: Result<Vec<T>, csv::Error> =
        csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    rows.map_err(|error| {
        let hint = "it was changed, or written by another version: run the scenario again";
        Failure::input(format!("{}: {error}; {hint}", path.display()))
    })
}
