//! Where launches find room: zones without capacity, reserved addresses, the agents that log in from them.

use crate::kernel::{Distribution, SimDuration, SimTime};

/// What a launch needs of the world besides a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Windows in which a zone has no capacity.
    pub shortages: Vec<Shortage>,
    /// From a launch that no zone took to the next try.
    pub retry: SimDuration,
    /// Reserved addresses, one a launch.
    pub addresses: Option<Addresses>,
    /// What runs on every instance and logs in at a coordinator.
    pub agents: Option<Agents>,
}

impl Default for Places {
    /// Room everywhere, no addresses, no agents.
    fn default() -> Self {
        Places { shortages: Vec::new(), retry: SimDuration::from_secs(60), addresses: None, agents: None }
    }
}

/// A zone that has no capacity in `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Which zone, by its index.
    pub zone: u8,
    /// From when on.
    pub from: SimTime,
    /// Until when, not included.
    pub to: SimTime,
}

/// Reserved addresses: each launch takes the lowest free one, a termination gives it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Every zone has a pool of its own, or all zones share one.
    pub per_zone: bool,
    /// Addresses in a pool.
    pub count: u32,
    /// What a launch does when its pool is empty.
    pub when_empty: WhenEmpty,
}

/// What a launch does when no reserved address is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenEmpty {
    /// The zone refuses the launch.
    Fail,
    /// It takes an address of its own, which nobody had before and nobody has after it.
    Ephemeral,
}

/// Agents of a coordinator: one on every instance of the group, told apart by its address.
#[derive(Debug, Clone, PartialEq)]
pub struct Agents {
    /// From entry into service to the login.
    pub login_time: Distribution,
    /// From the end of the instance to the moment the coordinator sees it.
    pub seen_stopped_after: Distribution,
}
