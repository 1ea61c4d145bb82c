//! Standalone machines, and operations that stop and start machines at stated times.

use crate::kernel::{SimDuration, SimTime};

/// A named instance outside the group; it boots as the group's instances do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Name in outputs.
    pub name: String,
    /// Virtual processors, 1 to 1024; those of the group's instances when these have CPU credits.
    pub vcpus: u32,
    /// Price of an hour in which it runs, in billionths of a US dollar.
    pub hour_nano_usd: u64,
    /// Its zone, by its index.
    pub zone: u8,
    /// Whether it runs at the start, warm and healthy, or is stopped.
    pub running: bool,
    /// Whether it is a target of the balancer while it runs.
    pub registered: bool,
}

/// A trigger with its action and its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Name in outputs.
    pub name: String,
    /// When it acts, in order.
    pub strikes: Vec<Strike>,
    /// What it does.
    pub action: OperationAction,
    /// To whom.
    pub targets: OperationTargets,
    /// Machines that are left alone, by their indices.
    pub except: Vec<u32>,
}

/// A time at which an operation acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// When.
    pub at: SimTime,
    /// How late that is.
    pub late: SimDuration,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationAction {
    /// Stops what runs: requests in flight are lost.
    Stop,
    /// Starts what is stopped.
    Start,
}

/// To whom an operation does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationTargets {
    /// These machines, by their indices.
    Machines(Vec<u32>),
    /// The members of the group that are in service and run; only to be stopped.
    Group,
}
