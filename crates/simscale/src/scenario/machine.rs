//! Standalone machines, and operations: a trigger, an action, its targets and their exceptions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::Law;
use super::moments::{When, check_lateness, strikes};
use super::run::{check_zone, timestamp, zone};
use super::schedule::{Day, EVERY_DAY};
use super::{Instance, RunSettings, Scenario, catalogue, names};
use crate::text::{Check, Cron, Duration, HourlyPrice, Instant, TimeOfDay};

/// A named EC2 instance outside the group, which operations stop and start. It is paid while it runs, at least a minute for each start, and boots
/// anew at each start by `[[instance.boot]]`. It counts in no size and no metric of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Name in outputs; unique.
    pub name: String,
    /// Instance type of the catalogue; default that of `[instance]`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Virtual processors, 1 to 1024; default those of the type, or of `[instance]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub vcpus: Option<u32>,
    /// Price of an hour in which it runs; default that of the type, or of `[instance]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// Its zone, one of `group.zones`; default the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whether it runs at the start, warm and healthy, or is stopped; default true.
    #[serde(default = "yes")]
    pub running: bool,
    /// Whether it is a target of the balancer while it runs, beside the group's instances; default true.
    #[serde(default = "yes")]
    pub registered: bool,
}

/// An operation: at stated times, a little late, machines are stopped or started, exceptions aside. Each is told in the activity log with
/// its begin, its end, its outcome and who was excepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Name in outputs; unique.
    pub name: String,
    /// Time of day, on every day of `days`; exactly one of `time`, `cron` and `at` belongs here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeOfDay>,
    /// Days of the week on which `time` acts; default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 7))]
    pub days: Option<Vec<Day>>,
    /// Minute, hour, day of the month, month and day of the week, in place of `time`: "0 19 * * MON-FRI" is 19:00 on weekdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
    /// A single moment, in place of `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// Time zone (IANA name) of `time` and `cron`; default `simulation.time_zone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long after its time it acts, drawn for each of its moments; default { uniform = { low = "0s", high = "59s" } }: a schedule of
    /// EventBridge fires anywhere in its minute (EventBridge Scheduler User Guide).
    #[serde(default = "lateness")]
    pub lateness: Law,
    /// What is done: "stop" or "start".
    pub action: OperationAction,
    /// To whom: { named = ["app-1", "app-2"] }, "machines" (all of them) or "group" (its members in service at that time, only to be stopped).
    pub targets: OperationTargets,
    /// Names of machines that are left alone; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationAction {
    /// Stops what runs: requests in flight are lost at once.
    Stop,
    /// Starts what is stopped.
    Start,
}

/// To whom an operation does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OperationTargets {
    /// These machines.
    Named(#[schemars(length(min = 1, max = 1000))] Vec<String>),
    /// All machines.
    Machines,
    /// The members of the group that are in service.
    Group,
}

fn yes() -> bool {
    true
}

fn lateness() -> Law {
    Law::Uniform { low: Duration::default(), high: Duration::from_secs(59) }
}

impl Machine {
    /// Writes down what follows from the type and from the (resolved) instance.
    pub(crate) fn resolve(&mut self, instance: &Instance, zones: &[String]) {
        if let Some(entry) = self.kind.as_deref().and_then(catalogue::find) {
            self.vcpus.get_or_insert(entry.vcpus);
            self.price.get_or_insert(entry.price());
        }
        self.vcpus = self.vcpus.or(instance.vcpus);
        self.price = self.price.or(instance.price);
        self.zone = self.zone.take().or_else(|| zones.first().cloned());
    }

    /// The resolved machine as the engine knows it.
    pub(crate) fn world(&self, zones: &[String]) -> core::Machine {
        let zone = zones.iter().position(|zone| Some(zone) == self.zone.as_ref()).unwrap_or(0);
        core::Machine {
            name: self.name.clone(),
            vcpus: self.vcpus.unwrap_or(1),
            hour_nano_usd: self.price.unwrap_or_default().nano_usd(),
            // A group has at most 16 zones.
            zone: zone as u8,
            running: self.running,
            registered: self.registered,
        }
    }

    fn check(&self, path: &str, instance: &Instance, zones: &[String], check: &mut Check<'_>) {
        let bursts = |kind: Option<&str>| {
            kind.and_then(catalogue::find).is_some_and(|entry| entry.burstable.is_some())
        };
        let other = self.kind.as_deref().is_some_and(|kind| instance.kind.as_deref() != Some(kind));
        if other && (bursts(self.kind.as_deref()) || bursts(instance.kind.as_deref())) {
            let rule = "differs from instance.type, and one of them has CPU credits";
            check.fail(&format!("{path}.type"), rule, "use one type for both, or types without credits");
        }
        let theirs = instance.vcpus.or(instance.catalogue_entry().map(|entry| entry.vcpus));
        if self.vcpus.is_some_and(|own| Some(own) != theirs) && bursts(instance.kind.as_deref()) {
            let rule = "is fixed by instance.type, which has CPU credits";
            check.fail(&format!("{path}.vcpus"), rule, "remove it");
        }
        if let Some(kind) = self.kind.as_deref().filter(|kind| catalogue::find(kind).is_none()) {
            let hint = match catalogue::similar(kind) {
                Some(similar) => format!("did you mean {similar}?"),
                None => "see \"simscale list instances\", or write vcpus and price instead".to_owned(),
            };
            check.fail(&format!("{path}.type"), "is not a known instance type", hint);
        }
        if self.zone.as_ref().is_some_and(|zone| !zones.contains(zone)) {
            let hint = format!("the zones are: {}", zones.join(", "));
            check.fail(&format!("{path}.zone"), "is no zone of the group", hint);
        }
    }
}

impl Operation {
    pub(super) fn when(&self) -> When<'_> {
        When {
            time: self.time,
            days: self.days.as_deref(),
            cron: self.cron.as_ref(),
            at: self.at,
            ..When::default()
        }
    }

    pub(crate) fn resolve(&mut self, run: &RunSettings) {
        self.time_zone.get_or_insert_with(|| run.time_zone.clone());
        if self.time.is_some() {
            self.days.get_or_insert_with(|| EVERY_DAY.to_vec());
        }
    }

    /// The operation as the engine knows it, expanded over the run.
    pub(crate) fn world(&self, run: &RunSettings, machines: &[Machine]) -> core::Operation {
        let index = |name: &String| machines.iter().position(|m| m.name == *name).map(|i| i as u32);
        let moments = zone(self.time_zone.as_deref().unwrap_or(&run.time_zone))
            .map(|zone| self.when().moments(run, &zone))
            .unwrap_or_default();
        let strike = |(moment, at): (jiff::Timestamp, core::SimTime)| {
            let due = moment.as_nanosecond() - timestamp(run.start).as_nanosecond();
            let late = i128::from(at.as_nanos()) - due;
            // For people: to the millisecond.
            let late = u64::try_from((late + 500_000) / 1_000_000).unwrap_or(0);
            core::Strike { at, late: core::SimDuration::from_millis(late) }
        };
        core::Operation {
            name: self.name.clone(),
            strikes: strikes(&self.name, &moments, &self.lateness, run).into_iter().map(strike).collect(),
            action: match self.action {
                OperationAction::Stop => core::OperationAction::Stop,
                OperationAction::Start => core::OperationAction::Start,
            },
            targets: match &self.targets {
                OperationTargets::Named(list) => {
                    core::OperationTargets::Machines(list.iter().filter_map(index).collect())
                }
                OperationTargets::Machines => {
                    core::OperationTargets::Machines((0..machines.len() as u32).collect())
                }
                OperationTargets::Group => core::OperationTargets::Group,
            },
            except: self.except.iter().filter_map(index).collect(),
        }
    }

    fn check(&self, path: &str, scenario: &Scenario, check: &mut Check<'_>) {
        self.when().check(path, &scenario.simulation, check);
        if let Some(name) = &self.time_zone {
            check_zone(&format!("{path}.time_zone"), name, check);
        }
        check_lateness(&format!("{path}.lateness"), &self.lateness, check);
        if self.targets == OperationTargets::Group && self.action == OperationAction::Start {
            let rule = "starts nothing in a group, which replaces what is stopped";
            check.fail(&format!("{path}.action"), rule, "write \"stop\", or name machines as targets");
        }
        if self.targets == OperationTargets::Group && !self.except.is_empty() {
            let rule = "names machines, and the group has none";
            check.fail(&format!("{path}.except"), rule, "remove it, or name machines as targets");
        }
        let named = match &self.targets {
            OperationTargets::Named(list) => list.as_slice(),
            _ => &[],
        };
        let lists = [("targets.named", named), ("except", self.except.as_slice())];
        for (key, list) in lists {
            for (index, name) in list.iter().enumerate() {
                let path = format!("{path}.{key}.{index}");
                if !scenario.machine.iter().any(|machine| machine.name == *name) {
                    check.fail(&path, "is the name of no machine", "add it as a [[machine]], or correct it");
                } else if list[..index].contains(name) {
                    check.fail(&path, "is there twice", "name every machine once");
                }
            }
        }
    }
}

pub(crate) fn check(scenario: &Scenario, check: &mut Check<'_>) {
    let machines = &scenario.machine;
    names::check("machine", machines, "name", |machine| &machine.name, check);
    for (index, machine) in machines.iter().enumerate() {
        let path = names::path("machine", machines, index, |machine| &machine.name);
        machine.check(&path, &scenario.instance, &scenario.group.zones, check);
    }
    let operations = &scenario.operation;
    names::check("operation", operations, "name", |operation| &operation.name, check);
    for (index, operation) in operations.iter().enumerate() {
        let path = names::path("operation", operations, index, |operation| &operation.name);
        operation.check(&path, scenario, check);
    }
}
