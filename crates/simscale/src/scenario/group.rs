//! The group that is scaled: bounds, zones, pauses, its own view of health.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::hook::{self, Hook};
use super::hosts::Hosts;
use super::law::sim;
use super::maintenance::Maintenance;
use super::mixed::Mixed;
use super::names;
use super::places::{Addresses, Agents, CapacityShortage};
use super::run::check_interval;
use super::suspend::{self, Suspension};
use super::warm_pool::WarmPool;
use crate::text::{Check, Duration};

/// The group that is scaled: an EC2 Auto Scaling group, unless an option says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Smallest size, in instances, or in capacity units of `mixed`: 0 to 100000.
    #[schemars(range(max = 100_000))]
    pub min: u32,
    /// Largest size, in instances, or in capacity units of `mixed`: 1 to 100000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max: u32,
    /// Size at the start, all in service and healthy; default `min`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub desired: Option<u32>,
    /// What is scaled: "ec2_auto_scaling" (an EC2 Auto Scaling group) or "ecs_service" (the instances are tasks, and Application Auto Scaling
    /// paces the policies: cooldowns in place of warm-up, from the running count); default "ec2_auto_scaling".
    #[serde(default)]
    pub product: Product,
    /// Names of the zones; launches go to the zone with the fewest instances; default one zone, ["a"].
    #[serde(default = "zones")]
    #[schemars(length(min = 1, max = 16))]
    pub zones: Vec<String>,
    /// Which instance of the fullest zone is terminated first: each policy decides among those that the ones before it left, "default" can only be
    /// the last (EC2 Auto Scaling user guide, termination policies); default ["default"], AWS's default policy.
    #[serde(default = "termination")]
    #[schemars(length(min = 1, max = 7))]
    pub termination: Vec<Termination>,
    /// Instances in service are protected from scale-in: the desired size falls, and nobody goes; replacement of unhealthy ones
    /// is not prevented; default false.
    #[serde(default)]
    pub protect_new_instances: bool,
    /// Instances younger than this in service stay out of the group's metrics (default instance warm-up); default not set:
    /// they count at once, and policies that need a warm-up use `cooldown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Duration>,
    /// Pause after a scaling activity for simple scaling (default cooldown); where `warm_up` is not set, it also holds every scale-in of target
    /// tracking and step scaling after launches; default "300s", as AWS.
    #[serde(default = "cooldown")]
    pub cooldown: Duration,
    /// How the group notices broken instances and replaces them.
    #[serde(default)]
    pub health: GroupHealth,
    /// Windows in which a zone has no capacity; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub capacity_shortage: Vec<CapacityShortage>,
    /// From a launch that no zone took to the next try, at least "1s"; AWS says no number, unverified; default "60s".
    #[serde(default = "launch_retry")]
    pub launch_retry: Duration,
    /// Reserved addresses, one a launch; default none: every instance has an address of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Addresses>,
    /// Agents on the instances that log in at a coordinator; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Agents>,
    /// Lifecycle hooks, at most 50; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub hook: Vec<Hook>,
    /// Processes that are suspended for a while, as with SuspendProcesses; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub suspend: Vec<Suspension>,
    /// Whether zones that differ by two instances and more are evened out at a look of the group: a launch in the emptiest zone that has room, then a
    /// termination in the fullest, above `max` by at most a tenth or one; default true, as AWS; an ECS service has none, and beside `maintenance` or a `[[refresh]]` it must be false.
    #[serde(default = "yes")]
    pub zone_rebalancing: bool,
    /// Several instance types, on demand and Spot; default none: the type of `instance` on demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixed: Option<Mixed>,
    /// Instances that have booted before they are needed; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_pool: Option<WarmPool>,
    /// Percentages of the desired capacity within which unhealthy instances that still run are replaced; default none: terminated first, as
    /// `health.throttle` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// Container instances that the tasks of an ECS service need a place on, scaled by a capacity provider; default none: tasks need no place, as on
    /// Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Hosts>,
}

/// The product whose rules the group and its policies follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// An EC2 Auto Scaling group.
    #[default]
    Ec2AutoScaling,
    /// An ECS service with Application Auto Scaling.
    EcsService,
}

/// Which instance of a zone is terminated first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// EC2's default policy: in a mixed group as "allocation_strategy"; then the oldest configuration, then the one closest to its next billing
    /// hour.
    Default,
    /// In a mixed group, of the purchase option that has too many, the type that the allocation strategy would launch last.
    AllocationStrategy,
    /// The oldest version of the launch template.
    OldestLaunchTemplate,
    /// The oldest launch configuration.
    OldestLaunchConfiguration,
    /// The one closest to its next billing hour.
    ClosestToNextInstanceHour,
    /// The one launched first.
    OldestInstance,
    /// The one launched last.
    NewestInstance,
}

/// The group's own view of health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupHealth {
    /// What counts: "ec2" (an instance that stopped running) or "elb" (also a target that the balancer calls unhealthy); default "ec2".
    pub check: HealthSource,
    /// The balancer's verdict is ignored for so long after the instance entered service; default "300s", as the AWS console.
    pub grace_period: Duration,
    /// How often the group looks; default "60s", unverified: AWS says "periodically".
    pub interval: Duration,
    /// Unhealthy instances that still run are replaced a tenth of the group (at least one) at a time, and the next ones when the new ones are
    /// healthy and past `warm_up`; default true, as AWS.
    pub throttle: bool,
}

/// What the group counts as broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthSource {
    /// An instance that stopped running.
    #[default]
    Ec2,
    /// Also a target that the balancer calls unhealthy.
    Elb,
}

impl Default for GroupHealth {
    fn default() -> Self {
        GroupHealth {
            check: HealthSource::default(),
            grace_period: Duration::from_secs(300),
            interval: Duration::from_secs(60),
            throttle: true,
        }
    }
}

fn termination() -> Vec<Termination> {
    vec![Termination::Default]
}

fn yes() -> bool {
    true
}

impl Termination {
    fn world(self) -> core::Termination {
        match self {
            Termination::Default => core::Termination::Default,
            Termination::AllocationStrategy => core::Termination::AllocationStrategy,
            Termination::OldestLaunchTemplate => core::Termination::OldestLaunchTemplate,
            Termination::OldestLaunchConfiguration => core::Termination::OldestLaunchConfiguration,
            Termination::ClosestToNextInstanceHour => core::Termination::ClosestToNextInstanceHour,
            Termination::OldestInstance => core::Termination::OldestInstance,
            Termination::NewestInstance => core::Termination::NewestInstance,
        }
    }
}

fn zones() -> Vec<String> {
    vec!["a".to_owned()]
}

fn launch_retry() -> Duration {
    Duration::from_secs(60)
}

fn cooldown() -> Duration {
    Duration::from_secs(300)
}

impl Group {
    /// A group between these sizes, with every default.
    pub fn between(min: u32, max: u32) -> Group {
        Group {
            min,
            max,
            desired: None,
            product: Product::default(),
            zones: zones(),
            termination: termination(),
            protect_new_instances: false,
            warm_up: None,
            cooldown: cooldown(),
            health: GroupHealth::default(),
            capacity_shortage: Vec::new(),
            launch_retry: launch_retry(),
            addresses: None,
            agents: None,
            hook: Vec::new(),
            suspend: Vec::new(),
            zone_rebalancing: true,
            mixed: None,
            warm_pool: None,
            maintenance: None,
            hosts: None,
        }
    }

    /// The warm-up that policies without one of their own use: the group's, or its cooldown where it has none.
    pub fn policy_warm_up(&self) -> Duration {
        self.warm_up.unwrap_or(self.cooldown)
    }

    /// What holds dynamic scale-in after launches: the cooldown of an EC2 group that has no default warm-up.
    pub(crate) fn default_cooldown(&self) -> Option<core::SimDuration> {
        (self.warm_up.is_none() && !self.is_service()).then(|| sim(self.cooldown))
    }

    /// Whether the group is an ECS service.
    pub(crate) fn is_service(&self) -> bool {
        self.product == Product::EcsService
    }

    /// The size at the start.
    pub fn initial(&self) -> u32 {
        self.desired.unwrap_or(self.min)
    }

    pub(crate) fn resolve(&mut self) {
        self.desired = Some(self.initial());
        if let Some(mixed) = &mut self.mixed {
            mixed.resolve();
        }
        if let Some(pool) = &mut self.warm_pool {
            pool.resolve(self.max);
        }
    }

    pub(crate) fn world(&self) -> core::Group {
        core::Group {
            min: self.min,
            max: self.max,
            desired: self.initial(),
            zones: self.zones.clone(),
            termination: self.termination.iter().map(|rule| rule.world()).collect(),
            protect_new_instances: self.protect_new_instances,
            warm_up: self.warm_up.map(sim).unwrap_or_default(),
            cooldown: sim(self.cooldown),
            health: core::GroupHealth {
                follows_balancer: self.health.check == HealthSource::Elb,
                grace: sim(self.health.grace_period),
                every: sim(self.health.interval),
                throttle: self.health.throttle,
            },
            places: self.places(),
            hooks: self.hook.iter().map(Hook::world).collect(),
            suspensions: self.suspend.iter().map(Suspension::world).collect(),
            deployments: Vec::new(),
            zone_rebalancing: self.zone_rebalancing && !self.is_service(),
            mixed: self.mixed.as_ref().map(|mixed| mixed.world(&self.zones)),
            warm_pool: self.warm_pool.as_ref().map(WarmPool::world),
            maintenance: self.maintenance.map(Maintenance::world),
            refreshes: Vec::new(),
            hosts: self.hosts.as_ref().map(Hosts::world),
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if self.min > self.max {
            check.fail("group.min", format!("is above group.max ({})", self.max), "lower min or raise max");
        } else if let Some(desired) = self.desired {
            if desired < self.min {
                let rule = format!("is below group.min ({})", self.min);
                check.fail("group.desired", rule, "let min <= desired <= max");
            }
            if desired > self.max {
                let rule = format!("is above group.max ({})", self.max);
                check.fail("group.desired", rule, "let min <= desired <= max");
            }
        }
        self.check_zones(check);
        self.check_termination(check);
        if self.warm_up.is_some_and(|warm_up| warm_up > Duration::from_secs(3600)) {
            let rule = "is longer than an hour, the longest that AWS accepts";
            check.fail("group.warm_up", rule, "write at most \"3600s\"");
        }
        hook::check(&self.hook, check);
        suspend::check(&self.suspend, check);
        if let Some(pool) = &self.warm_pool {
            pool.check(self, check);
        }
        check_interval("group.health.interval", self.health.interval, check);
    }

    fn check_termination(&self, check: &mut Check<'_>) {
        for (index, rule) in self.termination.iter().enumerate() {
            let path = format!("group.termination.{index}");
            if self.termination[..index].contains(rule) {
                check.fail(&path, "is there twice", "name every policy once");
            } else if *rule == Termination::Default && index + 1 < self.termination.len() {
                let rule =
                    "is not the last: AWS refuses a list in which Default is followed by another policy";
                check.fail(&path, rule, "put it at the end, or leave it out");
            } else if *rule == Termination::OldestLaunchConfiguration {
                let rule = "has no effect: all instances are launched from a launch template";
                check.fail(&path, rule, "leave it out, or write \"oldest_launch_template\"");
            }
        }
    }

    /// Without refreshes all instances have one version.
    pub(crate) fn check_versions(&self, refreshed: bool, check: &mut Check<'_>) {
        let oldest = self.termination.iter().position(|rule| *rule == Termination::OldestLaunchTemplate);
        if let Some(index) = oldest.filter(|_| !refreshed) {
            let rule =
                "has no effect: without a [[refresh]] all instances have one version of the launch template";
            check.fail(&format!("group.termination.{index}"), rule, "leave it out");
        }
    }

    fn check_zones(&self, check: &mut Check<'_>) {
        for (index, zone) in self.zones.iter().enumerate() {
            let path = format!("group.zones.{index}");
            if !names::is_plain(zone) {
                check.fail(&path, "is no plain name", "use 1 to 64 letters, digits, \"-\" and \"_\"");
            } else if self.zones[..index].contains(zone) {
                check.fail(&path, "is there twice", "name every zone once");
            }
        }
    }
}
