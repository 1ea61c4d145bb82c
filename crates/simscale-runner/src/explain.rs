//! What a run was doing at a moment, and why: read from a result folder, told as a value and as a page.

mod fleet;
mod folder;
mod page;

pub use folder::{Event, ResultFolder};

use fleet::Fleet;
use serde::Serialize;
use simscale::engine::{ActivityKind, SimTime};
use std::collections::BTreeMap;

/// How long something that happened counts as lately, seconds.
const LATELY_S: f64 = 900.0;

/// Most facts listed under "lately".
const LATELY: usize = 5;

/// The state of a run at a moment and what led to it.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Version of this layout.
    pub schema: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// The moment on the scenario's clock.
    pub at: String,
    /// The same in seconds since the start of the run.
    pub t_s: f64,
    /// Sizes at the moment.
    pub sizes: Sizes,
    /// The metric period that the moment lies in; `null` after the last whole one.
    pub period: Option<Period>,
    /// Every alarm that changed its state in the run, by name.
    pub alarms: Vec<Alarm>,
    /// Every policy, in the scenario's order.
    pub policies: Vec<Policy>,
    /// What had begun and was not over.
    pub in_progress: Vec<Progress>,
    /// What else happened in the quarter of an hour before, the newest last.
    pub lately: Vec<Event>,
    /// The next change of the size, if one came.
    pub next_change: Option<Event>,
    /// The next change of an alarm's state, if one came.
    pub next_alarm: Option<Event>,
}

/// How many instances, counted from the log: exact at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Size the group is asked to have; in a mixed group in capacity units, all else are instances.
    pub desired: u32,
    /// Launched and not yet in service.
    pub booting: u32,
    /// In service.
    pub in_service: u32,
    /// Leaving.
    pub draining: u32,
    /// In the warm pool, or on their way into it.
    pub pooled: u32,
}

/// A row of `periods.csv`, as far as it answers "how was it".
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub struct Period {
    /// Start of the period, seconds since the start of the run.
    pub start_s: f64,
    /// Its end.
    pub end_s: f64,
    /// Requests that arrived, per second.
    pub arrived_per_s: f64,
    /// Requests refused in the period.
    pub refused: u64,
    /// Requests that failed in the period.
    pub failed: u64,
    /// 99th percentile of the response times; `null` when nothing was served.
    pub response_p99_s: Option<f64>,
    /// CPU utilisation, 0 to 1.
    pub cpu_utilization: f64,
}

/// An alarm at the moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: String,
    /// Since when; `null` for the state it began in.
    pub since: Option<String>,
    /// The datapoints and the threshold of that change; empty for the state it began in.
    pub cause: String,
}

/// What a policy last did.
#[derive(Debug, Clone, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its last change of the size.
    pub last_decision: Option<Event>,
    /// The last answer that changed nothing and differed in kind from the one before.
    pub last_hold: Option<Event>,
}

/// Something that had begun and was not over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// What: `boot`, `hook`, `termination` or `cooldown`.
    pub what: &'static str,
    /// The instance, by the number of its launch.
    pub instance: Option<u64>,
    /// Of a lifecycle hook: its name.
    pub hook: Option<String>,
    /// Since when; for a cooldown, when it was met.
    pub since: String,
    /// When it was over, as the log knows; `null` when not within the run.
    pub until: Option<String>,
}

impl Explanation {
    /// Explains `at`.
    pub fn new(folder: &ResultFolder, at: SimTime) -> Explanation {
        let t_s = at.as_secs_f64();
        let (past, future) = folder.events.split_at(folder.events.partition_point(|e| e.t_s <= t_s));
        let fleet = Fleet::after(folder, past);
        let sizes = fleet.sizes(past.last().map_or_else(|| folder.start_size(), |e| e.granted));
        let period = folder.periods.iter().find(|p| p.start_s <= t_s && t_s < p.end_s);
        Explanation {
            schema: 1,
            scenario: folder.scenario.name.clone(),
            at: folder.scenario.simulation.local_text(at),
            t_s,
            sizes,
            period: period.cloned(),
            alarms: alarms(past, future),
            policies: policies(folder, past),
            in_progress: in_progress(&fleet, past, future, folder, t_s),
            lately: lately(past, t_s),
            next_change: future.iter().find(|e| e.before != e.granted).cloned(),
            next_alarm: future.iter().find(|e| e.is(ActivityKind::Alarm)).cloned(),
        }
    }
}

fn alarms(past: &[Event], future: &[Event]) -> Vec<Alarm> {
    let mut alarms: BTreeMap<&str, Alarm> = BTreeMap::new();
    for event in past.iter().filter(|e| e.is(ActivityKind::Alarm)) {
        let state = event.note.rsplit(" -> ").next().unwrap_or_default().to_string();
        let since = Some(event.at.clone());
        let alarm = Alarm { name: event.actor.clone(), state, since, cause: event.cause.clone() };
        alarms.insert(&event.actor, alarm);
    }
    for event in future.iter().filter(|e| e.is(ActivityKind::Alarm)) {
        let state = event.note.split(" -> ").next().unwrap_or_default().to_string();
        alarms.entry(&event.actor).or_insert_with(|| Alarm {
            name: event.actor.clone(),
            state,
            since: None,
            cause: String::new(),
        });
    }
    alarms.into_values().collect()
}

fn policies(folder: &ResultFolder, past: &[Event]) -> Vec<Policy> {
    let last = |name: &str, kinds: &[ActivityKind]| {
        past.iter().rfind(|e| e.actor == name && kinds.iter().any(|kind| e.is(*kind))).cloned()
    };
    let names = folder.scenario.policy.iter().map(|policy| policy.name.clone());
    names
        .map(|name| Policy {
            last_decision: last(&name, &[ActivityKind::Decision, ActivityKind::Schedule]),
            last_hold: last(&name, &[ActivityKind::Hold]),
            name,
        })
        .collect()
}

fn in_progress(
    fleet: &Fleet<'_>,
    past: &[Event],
    future: &[Event],
    folder: &ResultFolder,
    t_s: f64,
) -> Vec<Progress> {
    let mut list = fleet.in_progress(future, folder);
    // Of the cooldowns that policies met, those that still run.
    let mut seen = Vec::new();
    for event in past.iter().rev().filter(|e| e.is(ActivityKind::Hold)) {
        let until = event.reason.strip_prefix("cooldown until ").and_then(|clock| folder.since_start(clock));
        if let Some(until) = until.filter(|until| until.as_secs_f64() > t_s)
            && !seen.contains(&until)
        {
            seen.push(until);
            let until = Some(folder.scenario.simulation.local_text(until));
            list.push(Progress {
                what: "cooldown",
                instance: None,
                hook: None,
                since: event.at.clone(),
                until,
            });
        }
    }
    list
}

/// What no other part of the explanation tells: faults, replacements, and kinds that only some runs have.
fn lately(past: &[Event], t_s: f64) -> Vec<Event> {
    use ActivityKind::{Alarm, Decision, Hold, Launch, Schedule, Service, Termination};
    let told = [Alarm, Decision, Hold, Launch, Schedule, Service, Termination];
    let other = |e: &&Event| {
        let told = told.iter().any(|kind| e.is(*kind));
        (!told || e.is(Launch) && e.note.contains("failed")) && e.t_s >= t_s - LATELY_S
    };
    let mut list: Vec<Event> = past.iter().filter(other).cloned().collect();
    list.drain(..list.len().saturating_sub(LATELY));
    list
}
