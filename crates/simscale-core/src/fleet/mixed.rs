//! Which purchase option and which type a mixed group launches, as functions over numbers.

use crate::world::SpotStrategy;
use std::cmp::Reverse;

/// Units on demand and Spot that a mixed group wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// On-demand units of the base.
    pub base: u32,
    /// On-demand units above it.
    pub above: u32,
    /// Spot units.
    pub spot: u32,
}

/// How a total splits into On-Demand and Spot: the base first, then a share of the rest, rounded up in favour of On-Demand.
///
/// Source: EC2 Auto Scaling User Guide, "Auto Scaling groups with multiple instance types and purchase options"; documented.
pub fn purchase_split(total: u32, on_demand_base: u32, percent_above_base: u32) -> Split {
    let base = total.min(on_demand_base);
    let rest = u64::from(total - base);
    let above = (rest * u64::from(percent_above_base)).div_ceil(100) as u32;
    Split { base, above, spot: total - base - above }
}

/// Price of a capacity unit, rounded to the nearest billionth.
///
/// Source: EC2 Auto Scaling User Guide, "Configure instance weighting": price over weight; documented.
pub fn unit_price(hour_nano_usd: u64, weight: u32) -> u64 {
    (hour_nano_usd + u64::from(weight) / 2) / u64::from(weight)
}

/// Whether a policy's decrement is too small to do anything: less than the units that the group has above its desired capacity.
///
/// Source: EC2 Auto Scaling User Guide, "Dynamic scaling", groups with weights: desired 30, current 32, minus 1: no action; documented.
pub fn decrement_is_lost(desired: u32, current: u32, decrement: u32) -> bool {
    decrement > 0 && decrement < current.saturating_sub(desired)
}

/// The units that a group may have while it launches before it terminates, at a size or bound: a tenth above, rounded down, or one, whichever is more.
///
/// Source: EC2 Auto Scaling User Guide, "Rebalancing activities" and "Capacity Rebalancing"; the tenth and the one are documented, the rounding
/// is inferred.
pub fn rebalance_limit(size: u32) -> u32 {
    size.saturating_add((size / 10).max(1))
}

/// A Spot pool as a launch sees it, by its place in the list of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pool {
    pub kind: u8,
    pub unit_price: u64,
    /// Instances that it can take.
    pub spare: u32,
    /// Instances of the group in it.
    pub held: u32,
}

/// Puts the best pool of a zone first.
pub(crate) fn rank_pools(strategy: SpotStrategy, pools: &mut [Pool]) {
    // Within a factor of two pools are equally deep: AWS says "optimal capacity" and no number.
    let depth = |p: &Pool| u32::BITS - p.spare.leading_zeros();
    pools.sort_by_key(|p| match strategy {
        SpotStrategy::LowestPrice { .. } => (Reverse(0), p.unit_price, p.kind),
        SpotStrategy::CapacityOptimized => (Reverse(p.spare), 0, p.kind),
        SpotStrategy::CapacityOptimizedPrioritized => (Reverse(depth(p)), 0, p.kind),
        SpotStrategy::PriceCapacityOptimized => (Reverse(depth(p)), p.unit_price, p.kind),
    });
}

/// The pool that a launch takes; `None` when none has room.
pub(crate) fn choose_pool(strategy: SpotStrategy, pools: &mut Vec<Pool>) -> Option<Pool> {
    pools.retain(|p| p.spare > 0);
    rank_pools(strategy, pools);
    match strategy {
        // The first of those with fewest.
        SpotStrategy::LowestPrice { pools: n } => {
            pools.iter().take(n as usize).min_by_key(|p| p.held).copied()
        }
        _ => pools.first().copied(),
    }
}
