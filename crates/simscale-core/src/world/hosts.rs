//! Container instances below the tasks of a service, and the capacity provider that scales them.

use crate::kernel::{Distribution, SimDuration};

/// Container instances of a cluster that runs nothing but the tasks of the group.
///
/// Source: ECS Developer Guide, "Amazon ECS capacity providers for the EC2 launch type" and "managed scaling".
#[derive(Debug, Clone, PartialEq)]
pub struct Hosts {
    /// Tasks that a host has room for, at least 1.
    pub tasks: u32,
    /// Hosts at the start; enough for the tasks of the start.
    pub initial: u32,
    /// Fewest hosts.
    pub min: u32,
    /// Most hosts.
    pub max: u32,
    /// From launch to the state running, when billing begins.
    pub pending: Distribution,
    /// From running to the registration in the cluster.
    pub boot: Distribution,
    /// A host, per hour, in billionths of a US dollar.
    pub hour_nano_usd: u64,
    /// The provider's managed scaling.
    pub scaling: ManagedScaling,
}

/// Managed scaling of a capacity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagedScaling {
    /// Target of the reservation in percent, 1 to 100.
    pub target_percent: u32,
    /// Fewest hosts of a scale-out, at least 1.
    pub min_step: u32,
    /// Most hosts of a scale-out.
    pub max_step: u32,
    /// Nobody is launched before the last hosts have been registered for so long.
    pub warm_up: SimDuration,
    /// Values below the target in a row before hosts go, at least 1.
    pub low_values: u32,
    /// From a measurement to its judgement.
    pub delay: SimDuration,
}
