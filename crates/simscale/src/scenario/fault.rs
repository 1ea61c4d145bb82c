//! Faults: what goes wrong, when, to whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::run::check_interval;
use super::{Group, RunSettings, names};
use crate::text::{Check, Duration};

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name in outputs; unique.
    pub name: String,
    /// When: { at = "2h" } after the start of the run, or { every = "6h" } on average.
    pub when: FaultTime,
    /// What: "crash", { hang = { time = "10m" } } or { slow_down = { factor = 3.0, time = "10m" } }.
    pub what: FaultKind,
    /// To whom, among the instances in service: { count = 1 }, "all" or { zone = "a" }; default { count = 1 }.
    #[serde(default)]
    pub victims: Victims,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultTime {
    /// Once, so long after the start of the run.
    At(Duration),
    /// Again and again, at exponential intervals with this mean.
    Every(Duration),
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The instance stops running; its requests end with 502.
    Crash,
    /// The instance stands still: it takes requests and answers none.
    Hang {
        /// How long.
        time: Duration,
    },
    /// The processors are slower.
    SlowDown {
        /// How many times slower; above 1, at most 1000.
        #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 1))]
        factor: f64,
        /// How long.
        time: Duration,
    },
}

/// Whom a fault strikes, among the instances in service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Victims {
    /// So many, drawn at random.
    Count(#[schemars(range(min = 1))] u32),
    /// All.
    All,
    /// All of this zone.
    Zone(String),
}

impl Default for Victims {
    fn default() -> Self {
        Victims::Count(1)
    }
}

impl Fault {
    pub(crate) fn world(&self, group: &Group) -> core::Fault {
        let zone = |name: &String| group.zones.iter().position(|zone| zone == name).unwrap_or(0);
        core::Fault {
            name: self.name.clone(),
            when: match self.when {
                FaultTime::At(at) => core::FaultTime::At(core::SimTime::from_nanos(at.nanos())),
                FaultTime::Every(mean) => core::FaultTime::Every(sim(mean)),
            },
            kind: match self.what {
                FaultKind::Crash => core::FaultKind::Crash,
                FaultKind::Hang { time } => core::FaultKind::Hang { time: sim(time) },
                FaultKind::SlowDown { factor, time } => core::FaultKind::SlowDown { factor, time: sim(time) },
            },
            victims: match &self.victims {
                Victims::Count(count) => core::Victims::Count(*count),
                Victims::All => core::Victims::All,
                // A group has at most 16 zones.
                Victims::Zone(name) => core::Victims::Zone(zone(name) as u8),
            },
        }
    }
}

pub(crate) fn check(faults: &[Fault], group: &Group, run: &RunSettings, check: &mut Check<'_>) {
    names::check("fault", faults, "name", |fault| &fault.name, check);
    for (index, fault) in faults.iter().enumerate() {
        let path = names::path("fault", faults, index, |fault| &fault.name);
        match fault.when {
            FaultTime::At(at) if at >= run.duration => {
                let rule = format!("lies behind the end of the run ({})", run.duration);
                check.fail(
                    &format!("{path}.when.at"),
                    rule,
                    "let it strike within simulation.duration, or remove it",
                );
            }
            FaultTime::Every(mean) => check_interval(&format!("{path}.when.every"), mean, check),
            FaultTime::At(_) => {}
        }
        let (time, kind) = match fault.what {
            FaultKind::Crash => (None, ""),
            FaultKind::Hang { time } => (Some(time), "hang"),
            FaultKind::SlowDown { time, .. } => (Some(time), "slow_down"),
        };
        if time.is_some_and(Duration::is_zero) {
            check.fail(
                &format!("{path}.what.{kind}.time"),
                "is zero",
                "write a time above zero, such as \"10m\"",
            );
        }
        if let Victims::Zone(zone) = &fault.victims
            && !group.zones.contains(zone)
        {
            let hint = format!("the zones are: {}", group.zones.join(", "));
            check.fail(&format!("{path}.victims.zone"), "is no zone of the group", hint);
        }
    }
}
