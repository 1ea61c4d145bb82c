//! Container instances below the tasks of an ECS service, and the capacity provider that scales them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::{Group, Law, Scenario, catalogue};
use crate::text::{Check, Duration, HourlyPrice};

/// Container instances on EC2 that the tasks of the service need a place on, scaled by a capacity provider with managed scaling (ECS developer guide, "cluster
/// auto scaling"). A task that finds no place waits (PROVISIONING). The bill has the hosts in place of the tasks. Each minute the provider
/// publishes CapacityProviderReservation, hosts needed over hosts registered x 100 (200 from zero; 100 when idle at zero, observed). One value above the target
/// adds hosts, fifteen below it take empty ones away, each minute at least one and below half of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Their type: a name of the catalogue, such as "m5.xlarge", or one of your own beside `price` and `tasks`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Tasks that a host has room for, 1 to 1000; default its vCPUs over those of a task, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub tasks: Option<u32>,
    /// Price of a host an hour; default that of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// Fewest hosts: 0 to 10000; default 0.
    #[serde(default)]
    #[schemars(range(max = 10_000))]
    pub min: u32,
    /// Most hosts: 1 to 10000.
    #[schemars(range(min = 1, max = 10_000))]
    pub max: u32,
    /// Hosts at the start, from `min` to `max`; default those that the tasks of the start need, at least `min`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// From launch to the state running, not billed; default lognormal with mean 17 s and cv 0.3 (observed).
    #[serde(default = "pending_time")]
    pub pending_time: Law,
    /// From running to the registration in the cluster: the system's boot and the agent's start.
    pub boot_time: Law,
    /// Target of the reservation, percent (targetCapacity): 1 to 100; below 100 the provider keeps hosts spare; default 100, as AWS.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100))]
    pub target_capacity: u32,
    /// Fewest hosts of a scale-out, more than are needed if need be: 1 to 10000; default 1, as AWS.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10_000))]
    pub minimum_scaling_step_size: u32,
    /// Most hosts of a scale-out: 1 to 10000; default 10000, as AWS.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 10_000))]
    pub maximum_scaling_step_size: u32,
    /// While a launched host boots, and for so long after its registration, nobody else is launched: 0 to 10000 s; default "300s", as AWS.
    #[serde(default = "warm_up")]
    pub instance_warmup_period: Duration,
    /// Values below the target in a row before hosts go, 1 to 1440; default 15 (observed).
    #[serde(default = "fifteen")]
    #[schemars(range(min = 1, max = 1440))]
    pub scale_in_datapoints: u32,
    /// From the measurement of the reservation to the alarms that see it; default "60s" (observed for metrics of a minute; ECS promises nothing).
    #[serde(default = "delay")]
    pub publication_delay: Duration,
}

fn pending_time() -> Law {
    Law::Lognormal { mean: Duration::from_secs(17), cv: 0.3 }
}

fn hundred() -> u32 {
    100
}

fn one() -> u32 {
    1
}

fn most() -> u32 {
    10_000
}

fn fifteen() -> u32 {
    15
}

fn warm_up() -> Duration {
    Duration::from_secs(300)
}

fn delay() -> Duration {
    Duration::from_secs(60)
}

impl Hosts {
    fn tasks(&self, task_vcpus: u32) -> u32 {
        let fit = catalogue::find(&self.kind).map_or(0, |entry| entry.vcpus / task_vcpus.max(1));
        self.tasks.unwrap_or(fit)
    }

    fn initial(&self, tasks: u32, at_start: u32) -> u32 {
        self.desired.unwrap_or_else(|| at_start.div_ceil(tasks.max(1)).max(self.min))
    }

    /// Figures that depend on the type and on the tasks.
    pub(crate) fn resolve(&mut self, task_vcpus: u32, at_start: u32) {
        let tasks = self.tasks(task_vcpus);
        self.tasks = Some(tasks);
        self.desired = Some(self.initial(tasks, at_start));
        if let Some(entry) = catalogue::find(&self.kind) {
            self.price.get_or_insert(entry.price());
        }
    }

    /// The resolved hosts as the engine knows them.
    pub(crate) fn world(&self) -> core::Hosts {
        core::Hosts {
            tasks: self.tasks.unwrap_or(1),
            initial: self.desired.unwrap_or(self.min),
            min: self.min,
            max: self.max,
            pending: self.pending_time.distribution(),
            boot: self.boot_time.distribution(),
            hour_nano_usd: self.price.unwrap_or_default().nano_usd(),
            scaling: core::ManagedScaling {
                target_percent: self.target_capacity,
                min_step: self.minimum_scaling_step_size,
                max_step: self.maximum_scaling_step_size,
                warm_up: sim(self.instance_warmup_period),
                low_values: self.scale_in_datapoints,
                delay: sim(self.publication_delay),
            },
        }
    }

    fn check(&self, group: &Group, task_vcpus: u32, check: &mut Check<'_>) {
        let known = catalogue::find(&self.kind);
        if known.is_none() && (self.tasks.is_none() || self.price.is_none()) {
            let hint = match catalogue::similar(&self.kind) {
                Some(similar) => format!("did you mean {similar}?"),
                None => "see \"simscale list instances\", or write tasks and price beside it".to_owned(),
            };
            return check.fail("group.hosts.type", "is not a known instance type", hint);
        }
        let tasks = self.tasks(task_vcpus);
        if tasks == 0 {
            let rule = format!("has fewer vCPUs than a task ({task_vcpus})");
            return check.fail("group.hosts.type", rule, "name a larger type, or write tasks = 1");
        }
        let initial = self.initial(tasks, group.initial());
        if initial < self.min || initial > self.max {
            let rule = format!(
                "lets {initial} hosts run at the start, outside min ({}) and max ({})",
                self.min, self.max
            );
            check.fail("group.hosts", rule, "let min <= desired <= max");
        }
        if u64::from(initial) * u64::from(tasks) < u64::from(group.initial()) {
            let rule =
                format!("has places for {} of {} tasks at the start", initial * tasks, group.initial());
            check.fail("group.hosts.desired", rule, "start with more hosts, or with fewer tasks");
        }
        if self.minimum_scaling_step_size > self.maximum_scaling_step_size {
            let rule = format!(
                "is above maximum_scaling_step_size ({}), which AWS refuses",
                self.maximum_scaling_step_size
            );
            check.fail("group.hosts.minimum_scaling_step_size", rule, "let minimum <= maximum");
        }
        if self.instance_warmup_period > Duration::from_secs(10_000) {
            let rule = "is longer than 10000 s, the longest that AWS accepts";
            check.fail("group.hosts.instance_warmup_period", rule, "write \"300s\", AWS's default");
        }
        self.pending_time.check("group.hosts.pending_time", check);
        self.boot_time.check("group.hosts.boot_time", check);
    }
}

/// Reports what is wrong with the hosts, and what does not go with them.
pub(crate) fn check(scenario: &Scenario, check: &mut Check<'_>) {
    let group = &scenario.group;
    let Some(hosts) = &group.hosts else { return };
    let resolved = scenario.resolved().instance;
    hosts.check(group, resolved.vcpus.unwrap_or(1), check);
    let of_hosts = "is of an EC2 instance, and the tasks of group.hosts have none of their own";
    let refused = [
        (
            !group.is_service(),
            "group.hosts",
            "are for the tasks of an ECS service, and this group is none",
            "write group.product = \"ecs_service\"",
        ),
        (
            resolved.price.is_some_and(|price| price.nano_usd() > 0),
            "instance.price",
            "is the price of a task, and with group.hosts the hosts are billed",
            "write price = \"0 USD/h\"",
        ),
        (
            resolved.credits.is_some(),
            "instance",
            "has CPU credits, which tasks do not have",
            "give vcpus in place of a type",
        ),
        (resolved.volume.is_some(), "instance.volume", of_hosts, "leave it out"),
        (resolved.public_address, "instance.public_address", of_hosts, "leave it out"),
        (
            scenario.prices.commitment.is_some(),
            "prices.commitment",
            "covers instances of the group, not the hosts below its tasks",
            "leave it out",
        ),
        (group.addresses.is_some(), "group.addresses", "is not modelled beside group.hosts", "leave it out"),
        (
            !group.capacity_shortage.is_empty(),
            "group.capacity_shortage",
            "is not modelled beside group.hosts",
            "leave it out",
        ),
    ];
    for (_, path, rule, hint) in refused.into_iter().filter(|refusal| refusal.0) {
        check.fail(path, rule, hint);
    }
}
