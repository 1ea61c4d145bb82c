//! Lifecycle hooks: work that holds instances between launch and service, or between draining and termination.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{Law, ppm, sim};
use super::names;
use crate::text::{Check, Duration};

/// A lifecycle hook of the group. All hooks of one transition begin together, and the instance goes on when all are complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Name in outputs; unique.
    pub name: String,
    /// When it holds an instance: "launching" (from the moment it runs to its entry into service) or "terminating" (after draining).
    pub transition: Transition,
    /// How long its work takes, from the moment that the hook begins.
    pub time: Law,
    /// Without completion or heartbeat for so long, the default result holds: "30s" to "7200s"; default "3600s".
    #[serde(default = "heartbeat_timeout")]
    pub heartbeat_timeout: Duration,
    /// The result when nobody completes it: "continue" or "abandon"; default "abandon".
    #[serde(default)]
    pub default_result: HookResult,
    /// Chance that its work fails, 0 to 1; default 0.
    #[serde(default)]
    pub failure_ratio: f64,
    /// What a failure says: "abandon" (at the end of the work) or "silence" (nothing, until the time-out); default "abandon".
    #[serde(default)]
    pub on_failure: HookFailure,
    /// While the work goes on, a heartbeat is recorded every so often and begins the time-out anew, up to the smaller of 48 hours and 100
    /// heartbeat time-outs in all; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeats: Option<Duration>,
}

/// When a hook holds an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// From the moment it runs to its entry into service.
    Launching,
    /// After its drain, before its termination.
    Terminating,
}

/// How a hook ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookResult {
    /// A launch goes on to service; at a termination the other hooks may finish.
    Continue,
    /// A launch is terminated and replaced; a termination goes on at once.
    #[default]
    Abandon,
}

/// What a failure of a hook's work says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookFailure {
    /// ABANDON, at the end of the work.
    #[default]
    Abandon,
    /// Nothing: the hook times out.
    Silence,
}

fn heartbeat_timeout() -> Duration {
    Duration::from_secs(3600)
}

impl Hook {
    /// Whether it holds an instance at its end, not at its begin.
    pub fn ends_a_life(&self) -> bool {
        self.transition == Transition::Terminating
    }

    pub(crate) fn world(&self) -> core::Hook {
        core::Hook {
            name: self.name.clone(),
            transition: match self.transition {
                Transition::Launching => core::Transition::Launching,
                Transition::Terminating => core::Transition::Terminating,
            },
            time: self.time.distribution(),
            heartbeat_timeout: sim(self.heartbeat_timeout),
            default_result: match self.default_result {
                HookResult::Continue => core::HookResult::Continue,
                HookResult::Abandon => core::HookResult::Abandon,
            },
            failure_ppm: ppm(self.failure_ratio),
            on_failure: match self.on_failure {
                HookFailure::Abandon => core::HookFailure::Abandon,
                HookFailure::Silence => core::HookFailure::Silence,
            },
            heartbeats: self.heartbeats.map(sim),
        }
    }
}

pub(crate) fn check(hooks: &[Hook], check: &mut Check<'_>) {
    names::check("group.hook", hooks, "name", |hook| &hook.name, check);
    for (index, hook) in hooks.iter().enumerate() {
        let path = names::path("group.hook", hooks, index, |hook| &hook.name);
        hook.time.check(&format!("{path}.time"), check);
        check.ratio(&format!("{path}.failure_ratio"), hook.failure_ratio);
        let timeout = hook.heartbeat_timeout;
        if timeout < Duration::from_secs(30) || timeout > Duration::from_secs(7200) {
            let rule = "lies outside of what AWS accepts as HeartbeatTimeout";
            check.fail(&format!("{path}.heartbeat_timeout"), rule, "write \"30s\" to \"7200s\"");
        }
        match hook.heartbeats {
            Some(every) if every.is_zero() => {
                check.fail(&format!("{path}.heartbeats"), "is zero", "write a time such as \"5m\"");
            }
            Some(every) if every >= timeout => {
                let rule =
                    format!("is no shorter than heartbeat_timeout ({timeout}): the first comes too late");
                check.fail(&format!("{path}.heartbeats"), rule, "write a shorter time, or remove it");
            }
            _ => {}
        }
    }
}
