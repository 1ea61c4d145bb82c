//! The activity log: a row for each fact of the control plane that somebody would ask "why" about.

use crate::control::{Answer, Effect, Reason, Ruling};
use crate::kernel::SimTime;
use std::fmt;

/// What kind of fact a row tells. A reader may meet kinds that a later version adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ActivityKind {
    /// A policy's answer changed the size of the group.
    Decision,
    /// A policy's answer changed nothing, and differs in kind from its answer before.
    Hold,
    /// An alarm changed its state.
    Alarm,
    /// A schedule changed the size of the group, or the bounds it may lie in.
    Schedule,
    /// An instance was launched, or its launch failed.
    Launch,
    /// An instance entered service.
    Service,
    /// An instance began to leave, or was terminated.
    Termination,
    /// The group found an instance unhealthy and replaces it.
    Health,
    /// A fault of the scenario struck an instance.
    Fault,
    /// An instance stopped running by itself.
    Instance,
    /// A deployment began, shifted the traffic or ended.
    Deployment,
    /// The agent of an instance logged in, or was seen as stopped.
    Agent,
    /// What target-group health means to a node of the balancer changed: where it sends, whether DNS names it.
    Node,
    /// A target of the balancer changed its state.
    Target,
    /// An instance's CPU credits ran out, came back, or are charged from now on.
    Credits,
    /// A lifecycle hook began or ended.
    Hook,
    /// An operation began or ended.
    Operation,
    /// A standalone machine was started, runs, or was stopped.
    Machine,
    /// An instance came to rest in the warm pool, or was taken from it.
    WarmPool,
    /// An instance refresh began, replaced an instance, or ended.
    Refresh,
    /// A Spot instance was recommended to be rebalanced, given notice, or interrupted.
    Spot,
    /// An instance is to leave when another that is launched in its place is ready.
    Rebalance,
    /// A capacity provider changed the number of container instances, or one of them was launched, registered or terminated.
    Host,
}

impl ActivityKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: &[ActivityKind] = &[
        ActivityKind::Decision,
        ActivityKind::Hold,
        ActivityKind::Alarm,
        ActivityKind::Schedule,
        ActivityKind::Launch,
        ActivityKind::Service,
        ActivityKind::Termination,
        ActivityKind::Health,
        ActivityKind::Fault,
        ActivityKind::Instance,
        ActivityKind::Deployment,
        ActivityKind::Agent,
        ActivityKind::Node,
        ActivityKind::Target,
        ActivityKind::Credits,
        ActivityKind::Hook,
        ActivityKind::Operation,
        ActivityKind::Machine,
        ActivityKind::WarmPool,
        ActivityKind::Refresh,
        ActivityKind::Spot,
        ActivityKind::Rebalance,
        ActivityKind::Host,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            ActivityKind::Decision => "decision",
            ActivityKind::Hold => "hold",
            ActivityKind::Alarm => "alarm",
            ActivityKind::Schedule => "schedule",
            ActivityKind::Launch => "launch",
            ActivityKind::Service => "service",
            ActivityKind::Termination => "termination",
            ActivityKind::Health => "health",
            ActivityKind::Fault => "fault",
            ActivityKind::Instance => "instance",
            ActivityKind::Deployment => "deployment",
            ActivityKind::Agent => "agent",
            ActivityKind::Node => "node",
            ActivityKind::Target => "target",
            ActivityKind::Credits => "credits",
            ActivityKind::Hook => "hook",
            ActivityKind::Operation => "operation",
            ActivityKind::Machine => "machine",
            ActivityKind::WarmPool => "warm_pool",
            ActivityKind::Refresh => "refresh",
            ActivityKind::Spot => "spot",
            ActivityKind::Rebalance => "rebalance",
            ActivityKind::Host => "host",
        }
    }

    /// What a row of this kind tells, for the reference of the tables.
    pub fn meaning(self) -> &'static str {
        match self {
            ActivityKind::Decision => "a policy changed the size of the group",
            ActivityKind::Hold => {
                "a policy was asked and changed nothing, for another kind of reason than when it was last asked"
            }
            ActivityKind::Alarm => "an alarm changed its state; `cause` has its datapoints and its threshold",
            ActivityKind::Schedule => "a schedule changed the size of the group, or its bounds",
            ActivityKind::Launch => "an instance was launched, or its launch failed",
            ActivityKind::Service => "an instance entered service",
            ActivityKind::Termination => "an instance began to leave, or was terminated",
            ActivityKind::Health => "the group found an instance unhealthy and replaces it",
            ActivityKind::Fault => "a fault of the scenario struck an instance",
            ActivityKind::Instance => "an instance stopped running by itself",
            ActivityKind::Operation => "an operation began, or ended with its outcome",
            ActivityKind::Machine => "a standalone machine was started, runs, or was stopped",
            ActivityKind::WarmPool => "an instance came to rest in the warm pool, or was taken from it",
            ActivityKind::Refresh => "an instance refresh began, replaced an instance, or ended",
            ActivityKind::Deployment => "a deployment began, shifted the traffic or ended",
            ActivityKind::Agent => {
                "the agent of an instance logged in at its coordinator, or was seen as stopped"
            }
            ActivityKind::Node => "a node of the balancer sends elsewhere, or left DNS or came back",
            ActivityKind::Target => "a target changed its state at the balancer; `note` has the reason code",
            ActivityKind::Credits => {
                "an instance's CPU credits ran out, came back, or are charged from now on"
            }
            ActivityKind::Hook => "lifecycle hooks began to hold an instance, or one of them ended",
            ActivityKind::Spot => {
                "a Spot instance got a rebalance recommendation or an interruption notice, or was interrupted"
            }
            ActivityKind::Rebalance => {
                "an instance leaves when another, launched in its place before, is ready"
            }
            ActivityKind::Host => {
                "a capacity provider changed the number of container instances or says why not, tasks wait for a place, or a container instance was launched, registered or terminated"
            }
        }
    }
}

/// A state of a target, with the reason that the product gives (ALB user guide, "Health checks for target groups", reason codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetReason {
    InitialHealthChecking,
    Healthy,
    Timeout,
    ResponseCodeMismatch,
    FailedHealthChecks,
    DeregistrationInProgress,
    NotAdded,
}

impl TargetReason {
    /// State and reason code.
    pub fn text(self) -> &'static str {
        match self {
            TargetReason::InitialHealthChecking => "initial (Elb.InitialHealthChecking)",
            TargetReason::Healthy => "healthy",
            TargetReason::Timeout => "unhealthy (Target.Timeout)",
            TargetReason::ResponseCodeMismatch => "unhealthy (Target.ResponseCodeMismatch)",
            TargetReason::FailedHealthChecks => "unhealthy (Target.FailedHealthChecks)",
            TargetReason::DeregistrationInProgress => "draining (Target.DeregistrationInProgress)",
            TargetReason::NotAdded => "unused (launched while AddToLoadBalancer was suspended)",
        }
    }
}

impl fmt::Display for ActivityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row of the activity log: what happened to whom, what was asked, what was granted and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityRow {
    /// When.
    pub at: SimTime,
    /// What kind of fact it is.
    pub kind: ActivityKind,
    /// Who: the policy, the alarm, the fault, or "group".
    pub actor: String,
    /// The instance it is about, by the number of its launch (those of the start are numbered first, from zero).
    pub instance: Option<u64>,
    /// The alarm that called it, with the datapoints it judged; empty for other causes.
    pub cause: String,
    /// What was asked, before limits; `None` when nothing was.
    pub asked: Option<u32>,
    /// What was granted: the desired capacity after the fact.
    pub granted: u32,
    /// The desired capacity before.
    pub before: u32,
    /// The policy's reason; `None` for what no policy did.
    pub reason: Option<Reason>,
    /// The rule of the group that changed what was asked, or what happened, in words.
    pub note: String,
}

impl ActivityRow {
    /// What came of a policy's answer.
    pub(crate) fn of_answer(at: SimTime, answer: &Answer, ruling: &Ruling) -> Self {
        let scheduled = matches!(answer.decision.reason, Reason::Schedule { .. });
        let kind = match ruling.effect {
            Effect::Hold => ActivityKind::Hold,
            _ if scheduled => ActivityKind::Schedule,
            _ => ActivityKind::Decision,
        };
        ActivityRow {
            at,
            kind,
            actor: answer.actor.clone(),
            instance: None,
            cause: answer.cause.clone(),
            asked: ruling.asked,
            granted: ruling.granted,
            before: ruling.before,
            reason: Some(answer.decision.reason.clone()),
            note: ruling.note.clone(),
        }
    }
}
