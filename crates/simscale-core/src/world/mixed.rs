//! A group of several instance types: their weights, On-Demand and Spot, and what Spot capacity there is.

use super::World;
use crate::kernel::{SimDuration, SimTime};

/// A mixed instances policy. The group's sizes are then capacity units, of which an instance has its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixed {
    /// The types, the first preferred where an order counts; at least one. None has CPU credits.
    pub types: Vec<InstanceType>,
    /// Units that are on demand before any other.
    pub on_demand_base: u32,
    /// Percent of the units above the base that are on demand, 0 to 100; the rest is Spot.
    pub on_demand_percent: u32,
    /// Which type an on-demand launch takes.
    pub on_demand: OnDemandStrategy,
    /// Which pool a Spot launch takes.
    pub spot: SpotStrategy,
    /// How Spot instances are interrupted.
    pub interruptions: Interruptions,
}

/// How Spot instances are interrupted, and what the group does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruptions {
    /// From the notice to the end of the instance.
    pub notice: SimDuration,
    /// From a rebalance recommendation to the notice; `None`: there are no recommendations.
    pub lead: Option<SimDuration>,
    /// Chance that a recommendation precedes the notice, in millionths.
    pub recommended_ppm: u32,
    /// Whether an instance is no target of the balancer any more from its notice on.
    pub deregister: bool,
    /// Whether a replacement is launched at the recommendation or the notice.
    pub capacity_rebalancing: bool,
}

impl Default for Interruptions {
    /// Two minutes' notice and nothing else.
    fn default() -> Self {
        Interruptions {
            notice: SimDuration::from_secs(120),
            lead: None,
            recommended_ppm: 0,
            deregister: false,
            capacity_rebalancing: false,
        }
    }
}

/// A type of instance; what it does not say is said by [`super::Instance`].
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceType {
    /// Name in outputs.
    pub name: String,
    /// Virtual processors, 1 to 1024.
    pub vcpus: u32,
    /// Speed of a processor in 1/65536 of a reference core.
    pub speed: u32,
    /// Capacity units, 1 to 999.
    pub weight: u32,
    /// Price of an hour on demand, billionths of a US dollar.
    pub hour_nano_usd: u64,
    /// Its Spot pools, one a zone; empty when nothing is Spot.
    pub pools: Vec<SpotPool>,
}

/// Spot instances of one type in one zone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpotPool {
    /// Price of an hour from a time on, billionths of a US dollar; in order, the first at zero.
    pub prices: Vec<(SimTime, u64)>,
    /// Instances that it can hold for the group from a time on, in order; without bound before the first.
    pub capacity: Vec<(SimTime, u32)>,
    /// Mean time from the launch of an instance to its interruption notice, exponential; `None`: only a drop of capacity interrupts.
    pub interrupted_every: Option<SimDuration>,
}

/// The value of a step function at a time; `None` before its first step.
fn at<T: Copy>(steps: &[(SimTime, T)], now: u64) -> Option<T> {
    let behind = steps.partition_point(|step| step.0.as_nanos() <= now);
    behind.checked_sub(1).map(|last| steps[last].1)
}

impl SpotPool {
    /// Price of an hour at `now`.
    pub(crate) fn price(&self, now: u64) -> u64 {
        at(&self.prices, now).unwrap_or(0)
    }

    /// Instances that it can hold at `now`.
    pub(crate) fn room(&self, now: u64) -> u32 {
        at(&self.capacity, now).unwrap_or(u32::MAX)
    }
}

/// Which type an on-demand launch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDemandStrategy {
    /// The lowest price a unit.
    LowestPrice,
    /// The first of the list.
    Prioritized,
}

/// Which pool of its zone a Spot launch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotStrategy {
    /// Evenly over so many pools with the lowest price a unit.
    LowestPrice {
        /// How many, 1 to 20.
        pools: u32,
    },
    /// The deepest pool.
    CapacityOptimized,
    /// Of the pools about as deep as the deepest the first of the list.
    CapacityOptimizedPrioritized,
    /// Of the pools about as deep as the deepest the one with the lowest price a unit.
    PriceCapacityOptimized,
}

/// What differs from instance to instance of a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub vcpus: u32,
    pub speed: u32,
    pub weight: u32,
}

impl World {
    /// The processors and the weight of instances of a type; the world's own instance where types are not mixed.
    pub(crate) fn kind(&self, kind: u8) -> Kind {
        match self.group.mixed.as_ref().map(|m| &m.types[usize::from(kind)]) {
            Some(t) => Kind { vcpus: t.vcpus, speed: t.speed, weight: t.weight },
            None => Kind { vcpus: self.instance.vcpus, speed: self.instance.speed, weight: 1 },
        }
    }
}
