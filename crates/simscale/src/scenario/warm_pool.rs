//! The warm pool of a group: instances that have booted before they are needed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::{Group, Law};
use crate::text::{Check, Duration};

/// A warm pool (EC2 Auto Scaling user guide, ec2-auto-scaling-warm-pools): instances that have booted wait stopped, hibernated or running, and a
/// scale-out takes them before it launches others. Their number is `max_group_prepared_capacity` (or `group.max`) less the desired
/// capacity, never below `min_size`; at the start of the run the pool is full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarmPool {
    /// Fewest members, whatever the size of the group: 0 to 100000; default 0, as AWS.
    #[schemars(range(max = 100_000))]
    pub min_size: u32,
    /// Members and desired capacity together, in instances: 0 to 100000; default not set: `group.max`, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub max_group_prepared_capacity: Option<u32>,
    /// How members wait: "stopped" or "hibernated" (volumes and addresses are billed, no instance) or "running" (at the full price); default
    /// "stopped", as AWS.
    pub pool_state: PoolState,
    /// A scale-in returns instances to the pool, drained, instead of terminating them; default false, as AWS.
    pub reuse_on_scale_in: bool,
    /// From the moment a member is taken until its application answers, launching hooks aside. Default: stopped and hibernated members
    /// { lognormal = { mean = "23.8s", cv = 0.536 } } (median 21 s, nine of ten within 40 s), running ones { uniform = { low = "1.9s", high = "3.9s" } };
    /// observed, brevdev/ec2-coldboot-research 2026.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Law>,
}

/// How the members of a warm pool wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    /// Stopped.
    #[default]
    Stopped,
    /// Running, at the full price.
    Running,
    /// Hibernated.
    Hibernated,
}

impl Default for WarmPool {
    fn default() -> Self {
        WarmPool {
            min_size: 0,
            max_group_prepared_capacity: None,
            pool_state: PoolState::Stopped,
            reuse_on_scale_in: false,
            start_time: None,
        }
    }
}

impl WarmPool {
    fn start(&self) -> Law {
        let measured = match self.pool_state {
            PoolState::Running => {
                Law::Uniform { low: Duration::from_millis(1900), high: Duration::from_millis(3900) }
            }
            _ => Law::Lognormal { mean: Duration::from_millis(23_800), cv: 0.536 },
        };
        self.start_time.clone().unwrap_or(measured)
    }

    pub(crate) fn resolve(&mut self, group_max: u32) {
        self.max_group_prepared_capacity.get_or_insert(group_max);
        self.start_time = Some(self.start());
    }

    pub(crate) fn world(&self) -> core::WarmPool {
        core::WarmPool {
            min_size: self.min_size,
            max_prepared: self.max_group_prepared_capacity,
            state: match self.pool_state {
                PoolState::Stopped => core::PoolState::Stopped,
                PoolState::Running => core::PoolState::Running,
                PoolState::Hibernated => core::PoolState::Hibernated,
            },
            reuse: self.reuse_on_scale_in,
            start_time: self.start().distribution(),
        }
    }

    pub(crate) fn check(&self, group: &Group, check: &mut Check<'_>) {
        if group.is_service() {
            let rule = "is for EC2 Auto Scaling groups, and this group is an ECS service";
            check.fail(
                "group.warm_pool",
                rule,
                "leave it away, or write group.product = \"ec2_auto_scaling\"",
            );
        }
        if group.mixed.is_some() {
            let rule = "does not go with group.mixed: AWS refuses a warm pool for a group with a mixed instances policy or Spot";
            check.fail("group.warm_pool", rule, "keep one of them");
        }
        if let Some(law) = &self.start_time {
            law.check("group.warm_pool.start_time", check);
        }
    }
}
