//! The warm pool of a group: instances that have booted before they are needed.

use crate::kernel::Distribution;

/// A warm pool.
#[derive(Debug, Clone, PartialEq)]
pub struct WarmPool {
    /// Members that are kept whatever the group's size.
    pub min_size: u32,
    /// Members and desired capacity together; `None` for the largest size of the group.
    pub max_prepared: Option<u32>,
    /// How members wait.
    pub state: PoolState,
    /// A scale-in returns instances to the pool instead of terminating them.
    pub reuse: bool,
    /// From the moment a member is taken until its application answers, hooks aside.
    pub start_time: Distribution,
}

/// How the members of a warm pool wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolState {
    /// Stopped: not billed but for volumes and addresses.
    Stopped,
    /// Running, at the full price.
    Running,
    /// Hibernated: billed like stopped ones.
    Hibernated,
}

impl PoolState {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            PoolState::Stopped => "stopped",
            PoolState::Running => "running",
            PoolState::Hibernated => "hibernated",
        }
    }
}
