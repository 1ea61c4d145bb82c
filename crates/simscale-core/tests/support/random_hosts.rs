//! Container instances below the tasks of random worlds, and the capacity provider that scales them.

use super::random_world::Choice;
use super::*;

/// Hosts, where nothing that they do not go with is there.
pub fn add(c: &mut Choice, w: &mut World, grid: u64) {
    let g = &mut w.group;
    if !c.chance(25) || g.mixed.is_some() || g.warm_pool.is_some() {
        return;
    }
    g.places.shortages.clear();
    g.places.addresses = None;
    (g.maintenance, g.zone_rebalancing, w.prices.commitment) = (None, false, None);
    g.refreshes.clear();
    let s = 1_000_000_000;
    let law = |c: &mut Choice, high: u64| match c.below(3) {
        0 => Distribution::Uniform { low: 0.0, high: high as f64 },
        _ => Distribution::Constant { value: (c.below(high) / grid * grid) as f64 },
    };
    let tasks = c.one_of(&[1, 1, 2, 3, 4]);
    let min = c.below(3) as u32;
    let initial = g.desired.div_ceil(tasks).max(min) + c.one_of(&[0, 0, 1, 3]);
    g.hosts = Some(Hosts {
        tasks,
        initial,
        min,
        max: initial.max(1) + c.one_of(&[0, 1, 2, 4, 9]),
        pending: law(c, s),
        boot: law(c, 2 * s),
        hour_nano_usd: c.one_of(&[96_000_000, 41_600_003]),
        scaling: ManagedScaling {
            target_percent: c.one_of(&[100, 100, 100, 80, 50, 1]),
            min_step: c.one_of(&[1, 1, 2]),
            max_step: c.one_of(&[2, 3, 10_000]),
            warm_up: SimDuration::from_nanos(c.below(3 * s) / grid * grid),
            low_values: c.one_of(&[1, 2, 3, 15]),
            delay: SimDuration::from_nanos(c.one_of(&[0, 0, s, 2 * s + 77]) / grid * grid),
        },
    });
}
