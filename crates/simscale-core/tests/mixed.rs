//! Mixed groups: AWS's cases of split, price and weights; which pool a Spot launch takes; what a Spot instance costs.

mod support;

#[path = "support/scripted.rs"]
mod scripted;

use scripted::{SECOND, sizes};
use simscale_core::*;
use support::*;

fn of_type(name: &str, weight: u32, hour_nano_usd: u64, spot_nano_usd: u64) -> InstanceType {
    let pool = SpotPool { prices: vec![(SimTime::ZERO, spot_nano_usd)], ..SpotPool::default() };
    InstanceType { name: name.into(), vcpus: 1, speed: 65_536, weight, hour_nano_usd, pools: vec![pool] }
}

/// A group in one zone that starts with `desired` units, on demand as far as the base goes.
fn mixed(types: Vec<InstanceType>, base: u32, desired: u32, max: u32) -> World {
    let mut w = world(secs(600), 1);
    (w.group.min, w.group.desired, w.group.max) = (0, desired, max);
    w.group.mixed = Some(Mixed {
        types,
        on_demand_base: base,
        on_demand_percent: 0,
        on_demand: OnDemandStrategy::Prioritized,
        spot: SpotStrategy::LowestPrice { pools: 2 },
        interruptions: Interruptions::default(),
    });
    w
}

/// Instances in service at the end, and the size desired.
fn end(w: World, steps: &[(u64, u32)]) -> (u32, u32) {
    let (_, keep) = steer(w, requests(&[]), sizes(steps));
    let last = keep.periods.last().expect("there are rows");
    (last.in_service, last.desired)
}

/// AWS's cases: the split and the price by the functions that the engine launches by, the weights by runs.
#[test]
fn mixed_groups_do_what_aws_says() {
    let mut cases = 0;
    for line in include_str!("cases/mixed_instances.txt").lines().filter(|l| !l.starts_with('#')) {
        let (given, want) = line.split_once(" -> ").expect("a case has a result");
        let words: Vec<&str> = given.split(' ').collect();
        let number = |i: usize| words[i].parse::<u32>().expect("a number");
        match words[0] {
            "split" => {
                let Split { base, above, spot } = purchase_split(number(3), number(1), number(2));
                assert_eq!(format!("{base} {above} {spot}"), want, "{line}");
            }
            "price" => {
                // Thousandths of a dollar, from billionths.
                let price = unit_price(u64::from(number(2)) * 1000, number(3));
                assert_eq!(((price + 500_000) / 1_000_000).to_string(), want, "{line}");
            }
            "overage:" => {
                let w = mixed(vec![of_type("c5.12xlarge", 12, 0, 0)], 0, 0, 100);
                // One instance of 12 units for 5.
                assert_eq!(end(w, &[(10 * SECOND, 5)]), (1, 5), "{line}");
            }
            "max_12:" => {
                // Ten units on demand, two of 5; what is launched is Spot and weighs 6: the other pool is empty.
                let mut five = of_type("five", 5, 0, 0);
                five.pools[0].capacity = vec![(SimTime::ZERO, 0)];
                let w = mixed(vec![five, of_type("six", 6, 0, 0)], 10, 10, 12);
                let (instances, desired) = end(w, &[(10 * SECOND, 15)]);
                assert_eq!((2 * 5 + (instances - 2) * 6, desired), (16, 12), "{line}");
            }
            "lost_decrement:" => {
                assert!(decrement_is_lost(30, 32, 1) && !decrement_is_lost(30, 32, 2));
                let w = mixed(vec![of_type("eight", 8, 0, 0)], 0, 30, 40);
                assert_eq!(end(w.clone(), &[(10 * SECOND, 29)]), (4, 30), "{line}");
                // By the whole excess and more it is no longer lost: 24 units are enough for 24.
                assert_eq!(end(w, &[(10 * SECOND, 24)]), (3, 24), "{line}");
            }
            _ => {
                for seed in 0..200 {
                    let small = support::random_world::random(seed);
                    never_above_the_largest_weight(&small.world, small.workload(), small.policies());
                }
            }
        }
        cases += 1;
    }
    assert_eq!(cases, 33);
}

/// Launches end as soon as the units reach the desired ones: one instance less would not be enough.
fn never_above_the_largest_weight(w: &World, workload: Workload, policies: Vec<Box<dyn Policy>>) {
    let Some(mixed) = &w.group.mixed else { return };
    let weight = |note: &str| {
        let named = mixed.types.iter().find(|t| note.contains(&format!(": {},", t.name)));
        named.map_or(0, |t| t.weight)
    };
    let largest = mixed.types.iter().map(|t| t.weight).max().unwrap_or(1);
    let (_, keep) = steer(w.clone(), workload, policies);
    // Only what is launched in one go counts: what was there before is at most the desired and the largest weight too.
    let mut together = (SimTime::ZERO, 0);
    for row in keep.activities.iter().filter(|r| r.note.contains("launched in zone")) {
        together = if row.at == together.0 {
            (row.at, together.1 + weight(&row.note))
        } else {
            (row.at, weight(&row.note))
        };
        assert!(together.1 < row.granted + largest.max(1), "{row:?}");
    }
}

/// Proves the choice of the pool by each strategy, by hand: three types with weights 1, 2, 4 and spare 3, 9, 8.
#[test]
fn each_strategy_takes_its_pool() {
    let room = |of: InstanceType, capacity: u32| {
        let capacity = vec![(SimTime::ZERO, capacity)];
        InstanceType { pools: vec![SpotPool { capacity, ..of.pools[0].clone() }], ..of }
    };
    // Prices a unit: 30, 25, 20; spare 3 is half as deep as 8 and 9, which are equally deep.
    let types = || {
        let list = [("one", 1, 30, 3), ("two", 2, 50, 9), ("four", 4, 80, 8)];
        list.map(|(name, weight, price, spare)| room(of_type(name, weight, 100, price), spare)).to_vec()
    };
    let first = |strategy: SpotStrategy| {
        let mut w = mixed(types(), 0, 0, 100);
        w.group.mixed.as_mut().expect("it is mixed").spot = strategy;
        let (_, keep) = steer(w, requests(&[]), sizes(&[(10 * SECOND, 7)]));
        let launched = keep.activities.iter().filter_map(|r| r.note.strip_prefix("launched in zone a: "));
        launched.map(str::to_string).collect::<Vec<_>>()
    };
    // Evenly over the two cheapest: four units, two units, then one more of the cheaper.
    assert_eq!(first(SpotStrategy::LowestPrice { pools: 2 }), ["four, Spot", "two, Spot", "four, Spot"]);
    assert_eq!(first(SpotStrategy::LowestPrice { pools: 1 }), ["four, Spot", "four, Spot"]);
    // Nine, then eight as nine: the first of the list; then eight against seven.
    assert_eq!(first(SpotStrategy::CapacityOptimized), ["two, Spot", "two, Spot", "four, Spot"]);
    assert_eq!(first(SpotStrategy::CapacityOptimizedPrioritized), ["two, Spot", "two, Spot", "four, Spot"]);
    // The cheaper of the two deep ones; then eight against seven, which is not as deep.
    assert_eq!(first(SpotStrategy::PriceCapacityOptimized), ["four, Spot", "two, Spot", "two, Spot"]);
}

/// What a launch overshoots stays, though lighter instances could make up for it: two of weight 1 on demand and one of weight 3 for four.
#[test]
fn an_overshoot_stays() {
    let mut light = of_type("light", 1, 0, 0);
    light.pools[0].capacity = vec![(SimTime::ZERO, 0)];
    let w = mixed(vec![light, of_type("heavy", 3, 0, 0)], 2, 2, 10);
    assert_eq!(end(w.clone(), &[(10 * SECOND, 4)]), (3, 4));
    // One less: the excess is two, and the heavy one has three.
    assert_eq!(end(w, &[(10 * SECOND, 4), (200 * SECOND, 3)]), (1, 3));
}

/// Proves the bill: an instance on demand at 0.1 USD/h and a Spot one at 0.036 USD/h, from 100 s on at 0.072 USD/h, for 600 s.
#[test]
fn spot_is_billed_at_the_price_of_each_moment() {
    let mut of = of_type("one", 1, 100_000_000, 36_000_000);
    of.pools[0].prices.push((at(100), 72_000_000));
    let (result, _) = simulate(mixed(vec![of.clone()], 1, 2, 2), requests(&[]));
    let cost = result.cost;
    // 600 / 3600 x 0.1 USD; 100 s at a hundred-thousandth of a dollar, 500 s at two.
    assert_eq!((cost.instances_nano_usd, cost.spot_nano_usd), (16_666_667, 1_000_000 + 10_000_000));
    let second = u128::from(SECOND);
    assert_eq!((result.billed.instance_ns, result.billed.spot_ns), (600 * second, 600 * second));
    // A Spot instance that goes after 90.5 s is billed 91 s.
    let w = mixed(vec![of], 1, 2, 2);
    let steps = sizes(&[(90 * SECOND + SECOND / 2, 1)]);
    let (result, _) = steer(w, requests(&[]), steps);
    assert_eq!(result.cost.spot_nano_usd, 910_000);
}
