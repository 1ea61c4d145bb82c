//! What happened, counted once and exactly: histogram, objectives, money, series, fingerprint, result.

mod activity;
mod billing;
mod book;
mod histogram;
mod instance;
mod lcu;
mod objective;
mod result;
mod tally;

pub(crate) use activity::TargetReason;
pub use activity::{ActivityKind, ActivityRow};
pub(crate) use billing::Bill;
pub(crate) use book::Book;
pub(crate) use histogram::Histogram;
pub use instance::InstanceRow;
pub(crate) use lcu::Hours;
pub(crate) use objective::Judge;
pub use result::SessionCounts;
pub use result::{
    AgentCounts, Attempts, Billed, Capacity, Cost, MachineCounts, ObjectiveResult, PeriodRow, Requests,
    ResponseTime, Responses, RunResult, Saturation, Scaling, Sink,
};
