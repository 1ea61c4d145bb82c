//! Suspended processes: what a group does not do for a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::Scenario;
use crate::text::{Check, Duration};

/// A process of the group that is suspended for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Which: "launch", "terminate", "alarm_notification", "health_check", "replace_unhealthy", "scheduled_actions", "add_to_load_balancer" or "az_rebalance".
    pub process: Process,
    /// From when, after the start of the run.
    pub from: Duration,
    /// To when, after the start of the run; above `from`.
    pub to: Duration,
}

/// A process of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// Launches: alarms and schedules cannot scale out; who is terminated is replaced on resume.
    Launch,
    /// Terminations: no scale-in, and replacement waits for the resume.
    Terminate,
    /// Alarms do not call policies; those that still ring on resume do.
    AlarmNotification,
    /// Nobody is marked unhealthy.
    HealthCheck,
    /// Who is marked unhealthy is replaced on resume.
    ReplaceUnhealthy,
    /// Entries of schedules that fall into the suspension are skipped for good.
    ScheduledActions,
    /// Whoever is launched meanwhile is not registered at the balancer, nor after the resume.
    AddToLoadBalancer,
    /// Zones are not rebalanced; launches and scale-ins still balance them.
    AzRebalance,
}

impl Suspension {
    pub(crate) fn world(&self) -> core::Suspension {
        core::Suspension {
            process: match self.process {
                Process::Launch => core::Process::Launch,
                Process::Terminate => core::Process::Terminate,
                Process::AlarmNotification => core::Process::AlarmNotification,
                Process::HealthCheck => core::Process::HealthCheck,
                Process::ReplaceUnhealthy => core::Process::ReplaceUnhealthy,
                Process::ScheduledActions => core::Process::ScheduledActions,
                Process::AddToLoadBalancer => core::Process::AddToLoadBalancer,
                Process::AzRebalance => core::Process::AzRebalance,
            },
            from: core::SimTime::from_nanos(self.from.nanos()),
            to: core::SimTime::from_nanos(self.to.nanos()),
        }
    }
}

pub(crate) fn check(suspensions: &[Suspension], check: &mut Check<'_>) {
    for (index, suspension) in suspensions.iter().enumerate() {
        if suspension.to <= suspension.from {
            let rule = format!("is not after `from` ({})", suspension.from);
            check.fail(&format!("group.suspend.{index}.to"), rule, "let it end after it begins");
        }
    }
}

/// Nobody adds to a balancer what a queue feeds, or what ECS registers.
pub(crate) fn check_balancer(scenario: &Scenario, check: &mut Check<'_>) {
    for (index, suspension) in scenario.group.suspend.iter().enumerate() {
        let adder = match (scenario.queue.is_some(), scenario.group.is_service()) {
            (true, _) => "and with a queue there is no balancer",
            (_, true) => "and ECS, not the group, registers the tasks of a service",
            _ => continue,
        };
        if suspension.process == Process::AddToLoadBalancer {
            let rule = format!("adds instances of an EC2 group to a balancer, {adder}");
            check.fail(&format!("group.suspend.{index}.process"), rule, "remove it");
        }
    }
}
