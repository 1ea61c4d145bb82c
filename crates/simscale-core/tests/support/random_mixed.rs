//! Mixed groups for random worlds: types with weights, On-Demand and Spot, pools that run dry; and lists of termination policies.

use super::random_world::{Choice, Small};
use simscale_core::*;

pub fn add(c: &mut Choice, small: &mut Small, span: u64, grid: u64) {
    let w = &mut small.world;
    if c.chance(30) {
        let rules = [
            Termination::OldestInstance,
            Termination::NewestInstance,
            Termination::OldestLaunchTemplate,
            Termination::OldestLaunchConfiguration,
            Termination::AllocationStrategy,
            Termination::ClosestToNextInstanceHour,
            Termination::Default,
        ];
        w.group.termination = (0..c.between(1, 3)).map(|_| c.one_of(&rules)).collect();
    }
    let zones = w.group.zones.len() as u64;
    let snap = |ns: u64| SimTime::from_nanos((ns / grid * grid).max(grid));
    w.group.zone_rebalancing = c.chance(50) && w.group.deployments.is_empty();
    if w.group.zone_rebalancing && c.chance(60) {
        // What is launched early stands in the first zone, and a look comes soon.
        let until = snap(span / 4 + c.below(span / 4));
        for zone in 1..zones as u8 {
            w.group.places.shortages.push(Shortage { zone, from: snap(1), to: until });
        }
        w.group.health.every = SimDuration::from_nanos(c.between(3, 9) * 100_000_000);
        small.sizes.insert(0, (snap(2).as_nanos() + 1, c.between(5, 8) as u32));
        small.sizes.sort_unstable();
        small.sizes.dedup_by_key(|s| s.0);
    }
    if c.chance(10) {
        let from = c.below(span);
        w.group.suspensions.push(Suspension {
            process: Process::AzRebalance,
            from: SimTime::from_nanos(from),
            to: SimTime::from_nanos(from + c.between(1, 5) * 1_000_000_000),
        });
    }
    // Deployments belong to services, mixed types to groups of EC2.
    if c.chance(65) || !w.group.deployments.is_empty() {
        return;
    }
    w.instance.credits = None;
    w.prices.commitment = None;
    let steps = |c: &mut Choice, most: u64, values: &[u64]| -> Vec<(SimTime, u64)> {
        let mut list: Vec<(SimTime, u64)> =
            (0..c.below(most + 1)).map(|_| (snap(c.below(span)), c.one_of(values))).collect();
        list.sort_unstable_by_key(|s| s.0);
        list.dedup_by_key(|s| s.0);
        list
    };
    let types = (0..c.between(1, 3))
        .map(|i| InstanceType {
            name: format!("type {i}"),
            vcpus: c.between(1, 4) as u32,
            speed: c.one_of(&[65_536, w.instance.speed, 50_000]),
            weight: c.one_of(&[1, 1, 2, 3]),
            hour_nano_usd: c.one_of(&[96_000_000_000, 96_000_000_001, 192_000_000_000]),
            pools: (0..zones)
                .map(|_| {
                    let mut prices = steps(c, 3, &[20_000_000_000, 60_000_000_000, 0]);
                    prices.insert(0, (SimTime::ZERO, 30_000_000_000 + c.below(3)));
                    let capacity = steps(c, 3, &[0, 0, 1, 2, 5, 20]);
                    let capacity = capacity.into_iter().map(|s| (s.0, s.1 as u32)).collect();
                    let interrupted_every =
                        c.chance(40).then(|| SimDuration::from_millis(c.between(1000, 20_000)));
                    SpotPool { prices, capacity, interrupted_every }
                })
                .collect(),
        })
        .collect();
    w.group.mixed = Some(Mixed {
        types,
        on_demand_base: c.below(4) as u32,
        on_demand_percent: c.one_of(&[0, 0, 25, 50, 100]),
        on_demand: c.one_of(&[OnDemandStrategy::LowestPrice, OnDemandStrategy::Prioritized]),
        spot: c.one_of(&[
            SpotStrategy::LowestPrice { pools: 1 },
            SpotStrategy::LowestPrice { pools: 2 },
            SpotStrategy::CapacityOptimized,
            SpotStrategy::CapacityOptimizedPrioritized,
            SpotStrategy::PriceCapacityOptimized,
        ]),
        interruptions: Interruptions {
            notice: SimDuration::from_nanos(c.one_of(&[0, grid, 1_000_000_000, 2_000_000_000])),
            lead: c
                .chance(60)
                .then(|| SimDuration::from_nanos(c.one_of(&[grid, 1_000_000_000, 3_000_000_000]))),
            recommended_ppm: c.one_of(&[0, 500_000, 1_000_000]),
            deregister: c.chance(40),
            capacity_rebalancing: c.chance(60),
        },
    });
}
