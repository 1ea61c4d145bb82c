//! The world of simscale: a small, single-threaded, integer-time machine with three open doors.
//!
//! It knows requests, instances, a balancer, metrics and money, and no file, clock, thread or text format. The doors are a
//! [`Policy`] (observation in, decision out), the [`Workload`] (what arrives), and a [`Sink`] (facts out). Everything
//! else is data: a [`World`] says what to simulate, a [`RunResult`] what came out.
//!
//! Most users want the `simscale` crate, which reads scenarios and prepares worlds.

mod control;
mod fleet;
mod kernel;
mod ledger;
#[cfg(any(test, feature = "reference"))]
#[doc(hidden)]
pub mod reference;
mod sim;
mod traffic;
mod world;

pub use control::{
    Activity, AlarmSpec, AlarmState, AlarmView, BalancerMetric, Comparison, Datapoint, Decision, Expression,
    GroupMetric, LowSamples, MathMetric, Metric, MissingData, Needs, Observation, Operator, Policy, Reason,
    Request, Statistic, Trigger, Window,
};
pub use fleet::Ending;
pub use fleet::{
    Candidate, Configuration, Replacement, Split, capacity_provider_reservation, decrement_is_lost,
    hook_global_timeout, hook_timeout_after, hosts_wanted, maintenance_limits, purchase_split,
    rebalance_limit, rolling_limits, scale_in_step, terminated_first, unhealthy_replacements, unit_price,
    warm_pool_size,
};
pub use kernel::{BadDistribution, Distribution, SimDuration, SimTime, replication_seed};
pub use ledger::InstanceRow;
pub use ledger::SessionCounts;
pub use ledger::{
    ActivityKind, ActivityRow, AgentCounts, Attempts, Billed, Capacity, Cost, MachineCounts, ObjectiveResult,
    PeriodRow, Requests, ResponseTime, Responses, RunResult, Saturation, Scaling, Sink,
};
pub use sim::{BrokenLaw, DryRun, RecordedGroup, run};
pub use traffic::{
    AfterFailure, Algorithm, ArrivalProcess, Curve, MmppState, SessionRequests, Sessions, Spread,
    TraceReader, TraceRow, Workload, arriving_requests,
};
pub use traffic::{CookieKind, Stickiness};
pub use world::*;
