//! Lifecycle hooks of a group: work that holds instances on their way into and out of service.

use crate::kernel::{Distribution, SimDuration};

/// A lifecycle hook: it holds an instance while it does its work.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Name in outputs.
    pub name: String,
    /// When it holds an instance.
    pub transition: Transition,
    /// How long its work takes.
    pub time: Distribution,
    /// Without a word for so long, the default result holds.
    pub heartbeat_timeout: SimDuration,
    /// The result when nobody completes the hook.
    pub default_result: HookResult,
    /// Chance that the work fails, in millionths.
    pub failure_ppm: u32,
    /// What is said when it fails.
    pub on_failure: HookFailure,
    /// While the work goes on, a heartbeat is recorded every so often; above zero.
    pub heartbeats: Option<SimDuration>,
}

/// When a hook holds an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Once it runs, before it enters service.
    Launching,
    /// Once it is drained, before it is terminated.
    Terminating,
}

/// How a hook ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookResult {
    /// A launch goes on; at a termination the other hooks may finish.
    Continue,
    /// A launch is terminated and replaced; a termination goes on at once.
    Abandon,
}

/// What is said when the work of a hook fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookFailure {
    /// ABANDON, at the end of the work.
    Abandon,
    /// Nothing: the hook times out.
    Silence,
}
