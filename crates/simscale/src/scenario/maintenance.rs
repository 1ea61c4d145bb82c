//! How a group replaces instances that still run: its instance maintenance policy, and instance refreshes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::manual::{check_moment, instant};
use super::{Group, RunSettings, Scenario, names};
use crate::text::{Check, Duration, Moment};

/// An instance maintenance policy (EC2 Auto Scaling user guide, "Instance maintenance policies"): unhealthy instances that still run are replaced
/// within two percentages of the desired capacity, which take the place of `health.throttle`. 100 and more than 100: launch before
/// terminating; less than 100 and 100: terminate and launch. Instances that stopped running are replaced at once in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Share of the desired capacity that must be in service and ready, in percent, rounded up (the rounding is unverified); 0 to 100.
    #[schemars(range(max = 100))]
    pub min_healthy_percentage: u32,
    /// Share of the desired capacity that may be in service or on its way, in percent, rounded down (the rounding is unverified); 100 to 200, and at
    /// most 100 above the minimum.
    #[schemars(range(min = 100, max = 200))]
    pub max_healthy_percentage: u32,
}

/// An instance refresh: all instances give way to a new version of the launch template, as far as two percentages of the desired capacity allow; what
/// they do does not change. Policies go on scaling meanwhile. One that is due while another is in progress is refused, as by AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Name in outputs; unique.
    pub name: String,
    /// When it begins: a time since the start of the run, or a date and time.
    pub at: Moment,
    /// Share of the desired capacity that must be in service and ready, in percent, rounded up (the rounding is unverified); 0 to 100;
    /// default that of `group.maintenance`, else 90, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub min_healthy_percentage: Option<u32>,
    /// Share of the desired capacity that may be in service or on its way, in percent, rounded down (the rounding is unverified); 100 to 200;
    /// default that of `group.maintenance`, else 100, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 200))]
    pub max_healthy_percentage: Option<u32>,
    /// From entry into service until a new instance counts as ready, at the earliest; default `group.warm_up`, else `group.health.grace_period`, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_warmup: Option<Duration>,
}

impl Maintenance {
    pub(crate) fn world(self) -> core::Maintenance {
        core::Maintenance {
            min_healthy_percent: self.min_healthy_percentage,
            max_healthy_percent: self.max_healthy_percentage,
        }
    }

    fn check(self, path: &str, check: &mut Check<'_>) {
        let (least, most) = (self.min_healthy_percentage, self.max_healthy_percentage);
        if most > least + 100 {
            let rule = format!("spans {least} to {most} percent, and AWS allows at most 100 between them");
            check.fail(path, rule, format!("write max_healthy_percentage = {}", least + 100));
        }
    }
}

impl Refresh {
    fn percent(&self, group: &Group) -> Maintenance {
        let default = Maintenance { min_healthy_percentage: 90, max_healthy_percentage: 100 };
        let default = group.maintenance.unwrap_or(default);
        Maintenance {
            min_healthy_percentage: self.min_healthy_percentage.unwrap_or(default.min_healthy_percentage),
            max_healthy_percentage: self.max_healthy_percentage.unwrap_or(default.max_healthy_percentage),
        }
    }

    fn warm_up(&self, group: &Group) -> Duration {
        self.instance_warmup.or(group.warm_up).unwrap_or(group.health.grace_period)
    }

    pub(crate) fn resolve(&mut self, group: &Group) {
        let percent = self.percent(group);
        self.min_healthy_percentage = Some(percent.min_healthy_percentage);
        self.max_healthy_percentage = Some(percent.max_healthy_percentage);
        self.instance_warmup = Some(self.warm_up(group));
    }

    /// The refresh as the engine knows it; `None` outside the run.
    pub(crate) fn world(&self, group: &Group, run: &RunSettings) -> Option<core::Refresh> {
        Some(core::Refresh {
            name: self.name.clone(),
            at: instant(self.at, run)?,
            percent: self.percent(group).world(),
            warm_up: sim(self.warm_up(group)),
        })
    }
}

/// Rebalancing launches before it terminates by rules of its own, which are not modelled within the percentages of another.
fn check_rebalancing(scenario: &Scenario, check: &mut Check<'_>) {
    let group = &scenario.group;
    let beside = match (group.maintenance, scenario.refresh.is_empty()) {
        _ if group.is_service() => return,
        (Some(_), _) => "group.maintenance",
        (None, false) => "a [[refresh]]",
        (None, true) => return,
    };
    if group.mixed.as_ref().is_some_and(|mixed| mixed.capacity_rebalancing) {
        let rule = format!("is not modelled beside {beside}: AWS rebalances within its percentages");
        let hint = format!("leave it out, or leave out {beside}");
        check.fail("group.mixed.capacity_rebalancing", rule, hint);
    }
    if group.zone_rebalancing && group.zones.len() > 1 {
        let rule = format!(
            "is on, as by default on AWS, and is not modelled beside {beside}: AWS rebalances within its percentages"
        );
        check.fail("group.zone_rebalancing", rule, "write zone_rebalancing = false");
    }
}

/// Reports what is wrong with the maintenance policy and the refreshes.
pub(crate) fn check(scenario: &Scenario, check: &mut Check<'_>) {
    let group = &scenario.group;
    let of_service = "is of EC2 Auto Scaling groups, and this group is an ECS service";
    if let Some(maintenance) = group.maintenance {
        maintenance.check("group.maintenance", check);
        if group.is_service() {
            check.fail("group.maintenance", of_service, "leave it away, or use a [[deployment]]");
        }
    }
    check_rebalancing(scenario, check);
    let refreshes = &scenario.refresh;
    names::check("refresh", refreshes, "name", |refresh| &refresh.name, check);
    for (index, refresh) in refreshes.iter().enumerate() {
        let path = names::path("refresh", refreshes, index, |refresh| &refresh.name);
        if group.is_service() {
            check.fail(&path, of_service, "use a [[deployment]]");
        }
        check_moment(&format!("{path}.at"), refresh.at, &scenario.simulation, check);
        refresh.percent(group).check(&path, check);
    }
}
