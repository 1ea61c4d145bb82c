//! Deployments of an ECS service: when a new version comes, and how it replaces the old one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::manual::{check_moment, instant};
use super::run::check_interval;
use super::{Policy, RunSettings, Scenario, names};
use crate::text::{Check, Duration, Moment};

/// A new version of an ECS service replaces the one that runs. While it does, Application Auto Scaling begins no scale-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Name in outputs; unique.
    pub name: String,
    /// When it begins: a time since the start of the run, or a date and time.
    pub at: Moment,
    /// Tasks are replaced a few at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Rolling>,
    /// New tasks run beside the old ones until the traffic shifts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreen>,
}

/// A rolling update: new tasks start and old ones stop as far as two limits allow; new ones boot like every task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rolling {
    /// Share of the desired tasks that must run and be healthy, in percent, rounded up; 0 to 100; default 100, as ECS.
    #[schemars(range(max = 100))]
    pub minimum_healthy_percent: u32,
    /// Share of the desired tasks that may run, in percent, rounded down; 100 to 400; default 200, as ECS.
    #[schemars(range(min = 100, max = 400))]
    pub maximum_percent: u32,
    /// How often the scheduler looks what it may start and stop, at least "1s"; default "10s", unverified: AWS says no number.
    pub interval: Duration,
}

impl Default for Rolling {
    fn default() -> Self {
        Rolling { minimum_healthy_percent: 100, maximum_percent: 200, interval: Duration::from_secs(10) }
    }
}

/// A blue/green deployment: as many new tasks as are desired run, billed, beside the old ones; then all traffic shifts at once and the old ones leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlueGreen {
    /// From the begin to the shift, which should leave the new tasks time to boot.
    pub duration: Duration,
}

impl Deployment {
    /// The deployment as the engine knows it; `None` outside the run.
    pub(crate) fn world(&self, run: &RunSettings) -> Option<core::Deployment> {
        let kind = match (self.rolling, self.blue_green) {
            (_, Some(blue_green)) => core::DeploymentKind::BlueGreen { duration: sim(blue_green.duration) },
            (rolling, None) => {
                let Rolling { minimum_healthy_percent, maximum_percent, interval } =
                    rolling.unwrap_or_default();
                core::DeploymentKind::Rolling {
                    minimum_healthy_percent,
                    maximum_percent,
                    every: sim(interval),
                }
            }
        };
        Some(core::Deployment { name: self.name.clone(), at: instant(self.at, run)?, kind })
    }
}

/// Reports what is wrong with the deployments.
pub(crate) fn check(scenario: &Scenario, check: &mut Check<'_>) {
    let deployments = &scenario.deployment;
    names::check("deployment", deployments, "name", |deployment| &deployment.name, check);
    for (index, deployment) in deployments.iter().enumerate() {
        let path = names::path("deployment", deployments, index, |deployment| &deployment.name);
        if !scenario.group.is_service() {
            let rule = "replaces the tasks of an ECS service, and this group is none";
            let hint =
                "write group.product = \"ecs_service\"; a [[refresh]] replaces the instances of other groups";
            check.fail(&path, rule, hint);
        }
        check_moment(&format!("{path}.at"), deployment.at, &scenario.simulation, check);
        match (deployment.rolling, deployment.blue_green) {
            (None, None) => {
                check.fail(
                    &path,
                    "does not say how",
                    "add rolling = {} or blue_green = { duration = \"10m\" }",
                );
            }
            (Some(_), Some(_)) => {
                check.fail(&path, "is both rolling and blue_green", "keep one of them");
            }
            (Some(Rolling { minimum_healthy_percent: 100, maximum_percent: 100, .. }), None) => {
                let rule = "may neither stop an old task nor start a new one";
                check.fail(
                    &format!("{path}.rolling"),
                    rule,
                    "lower minimum_healthy_percent or raise maximum_percent",
                );
            }
            (Some(rolling), None) => {
                check_interval(&format!("{path}.rolling.interval"), rolling.interval, check);
            }
            (None, Some(_)) => check_tracking(scenario, &path, check),
        }
    }
}

/// `ALBRequestCountPerTarget` does not go with blue/green deployments.
fn check_tracking(scenario: &Scenario, path: &str, check: &mut Check<'_>) {
    let counts = |policy: &&Policy| {
        policy.target_tracking.as_ref().is_some_and(|tracking| tracking.metric == "request_count_per_target")
    };
    for policy in scenario.policy.iter().filter(counts) {
        let rule = format!(
            "is refused: AWS does not support target tracking on ALBRequestCountPerTarget ({}) with blue/green deployments",
            policy.name
        );
        check.fail(
            &format!("{path}.blue_green"),
            rule,
            "track another metric, such as cpu_utilization, or deploy rolling",
        );
    }
}
