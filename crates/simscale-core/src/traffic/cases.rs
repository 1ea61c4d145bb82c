//! The published cases of the balancer, held against the functions that the engine calls. Proves cross-zone shares, target-group health and
//! slow start; every line of the case file is read.

use super::nodes::{Nodes, Route, Targets, node_of, views};
use super::slow_start;
use crate::control::{Aggregate, Metric, Statistic};
use crate::traffic::Algorithm;
use crate::world::{Balancer, MinimumHealthy};

/// The words before and after the equals sign of each case of a kind.
fn cases(kind: &str) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
    let rows = include_str!("../../tests/cases/alb_routing.txt").lines();
    let of_kind = rows.filter_map(|row| row.strip_prefix(kind)?.strip_prefix(' ')?.split_once('='));
    of_kind.map(|(given, wanted)| (words(given), words(wanted))).collect()
}

fn balancer(cross_zone: &str) -> Balancer {
    Balancer { cross_zone: cross_zone == "on", ..Balancer::new(Algorithm::RoundRobin) }
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// 72,000 evenly spaced draws go through [`node_of`] and the picker of the node: exact shares, but for the last turn of a rotation.
#[test]
fn shares_of_targets_by_zone() {
    let list = cases("shares");
    assert_eq!(list.len(), 5);
    for (given, wanted) in list {
        let balancer = balancer(given[2]);
        let sizes: Vec<u32> = given[3..].iter().filter_map(|n| number(n)).collect();
        let zones: Vec<Targets> = sizes.iter().map(|&n| Targets { registered: n, healthy: n }).collect();
        let mut nodes = Nodes::new(&balancer, zones.len(), 1);
        nodes.grow(64);
        nodes.look(views(&balancer, &zones));
        let zone_of: Vec<usize> = sizes.iter().enumerate().flat_map(|(z, &n)| vec![z; n as usize]).collect();
        for (slot, &zone) in zone_of.iter().enumerate() {
            nodes.set_target(slot, zone, Some(true));
        }
        let draws = 72_000u64;
        let mut taken = vec![0u64; zone_of.len()];
        for i in 0..draws {
            let node = node_of(((i << 32) / draws) as u32, nodes.in_dns());
            if let Some(slot) = nodes.at(node).pick(i, 0, &[]) {
                taken[slot] += 1;
            }
        }
        for (slot, &zone) in zone_of.iter().enumerate() {
            let want: f64 = number(wanted[zone]).expect("a zone with targets has a share");
            let share = taken[slot] as f64 / draws as f64;
            assert!((share - want).abs() <= 2.0 / draws as f64, "{given:?}: target {slot} has {share}");
        }
        let lost: u64 = draws - taken.iter().sum::<u64>();
        let empty = sizes.iter().filter(|&&n| n == 0).count() as u64;
        let want = if balancer.cross_zone { 0 } else { draws * empty / sizes.len() as u64 };
        assert_eq!(lost, want, "{given:?}: what enters an empty zone is lost");
    }
}

#[test]
fn target_group_health() {
    let list = cases("health");
    assert_eq!(list.len(), 5);
    for (given, wanted) in list {
        let minimum = |text: &str| {
            let (count, percent) = text.split_once('/').expect("count/percent");
            MinimumHealthy { count: number(count), percent: number(percent) }
        };
        let balancer = Balancer {
            dns_minimum: minimum(given[3]),
            routing_minimum: minimum(given[4]),
            ..balancer(given[2])
        };
        let targets = |text: &&str| {
            let (healthy, registered) = text.split_once('/').expect("healthy/registered");
            Targets {
                registered: number(registered).expect("a count"),
                healthy: number(healthy).expect("a count"),
            }
        };
        let zones: Vec<Targets> = given[5..].iter().map(targets).collect();
        let found = views(&balancer, &zones).into_iter().map(|view| {
            let dns = if view.in_dns { "in" } else { "out" };
            match view.route {
                Route::All => format!("{dns}:all:{}", view.judged.registered),
                Route::Healthy => format!("{dns}:healthy:{}", view.judged.healthy),
                Route::Nowhere => format!("{dns}:nowhere"),
            }
        });
        assert_eq!(found.collect::<Vec<_>>(), wanted, "{given:?}");
    }
}

#[test]
fn slow_start_shares_and_entry() {
    let (weights, entries) = (cases("weight"), cases("entry"));
    assert_eq!((weights.len(), entries.len()), (12, 3));
    for (given, wanted) in weights {
        let ns = |text: &str| (number::<f64>(text).expect("seconds") * 1e9) as u64;
        let share = slow_start::share(ns(given[2]), ns(given[1])).unwrap_or(slow_start::FULL);
        let want: f64 = number(wanted[0]).expect("a share");
        assert_eq!(f64::from(share) / f64::from(slow_start::FULL), want, "{given:?}");
    }
    for (given, wanted) in entries {
        let enters = slow_start::enters(number(given[2]).expect("a count"));
        assert_eq!(enters, wanted[0] == "yes", "{given:?}");
    }
}

/// Samples of nodes join to the smallest of the smallest and the largest of the largest, as every metric's do.
#[test]
fn nodes_join_their_samples() {
    let list = cases("nodes");
    assert_eq!(list.len(), 1);
    for (given, wanted) in list {
        let mut all = Aggregate::new();
        for node in &given[2..] {
            let mut own = Aggregate::new();
            node.split('/').for_each(|value| own.sample(number(value).expect("a value"), false));
            all.join(&own);
        }
        let statistics = [Statistic::Minimum, Statistic::Maximum, Statistic::Average];
        for (statistic, want) in statistics.into_iter().zip(wanted) {
            assert_eq!(all.value(&Metric::InFlight, statistic), number(want), "{given:?}: {statistic:?}");
        }
    }
}

/// A rule with two numbers is broken below either; a zone without targets stays in DNS; both numbers off, nothing is ever broken.
#[test]
fn both_numbers_of_a_minimum_count() {
    let zone = |healthy, registered| Targets { registered, healthy };
    let with = |count, percent| Balancer {
        dns_minimum: MinimumHealthy { count, percent },
        cross_zone: false,
        ..Balancer::new(Algorithm::RoundRobin)
    };
    let in_dns = |b: &Balancer, z: &[Targets]| views(b, z).iter().map(|v| v.in_dns).collect::<Vec<_>>();
    let zones = [zone(3, 4), zone(2, 8), zone(1, 1), zone(0, 0)];
    assert_eq!(in_dns(&with(Some(2), Some(50)), &zones), [true, false, false, true]);
    assert_eq!(in_dns(&with(None, None), &[zone(0, 4), zone(4, 4)]), [true, true]);
    assert_eq!(in_dns(&with(Some(1), None), &[zone(0, 4), zone(4, 4)]), [false, true]);
}
