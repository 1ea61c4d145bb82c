//! Spot interruptions and launch before terminate, moment by moment; AWS's margins; zones that are evened out.

mod support;

#[path = "support/scripted.rs"]
mod scripted;

use scripted::{SECOND, sizes};
use simscale_core::*;
use support::random_world::random;
use support::*;

/// Boots take 60 s; the group looks every 60 s.
fn group(zones: &[&str], desired: u32, max: u32) -> World {
    let mut w = world(secs(1200), 1);
    (w.group.min, w.group.desired, w.group.max) = (0, desired, max);
    w.group.zones = zones.iter().map(ToString::to_string).collect();
    w.balancer.deregistration_delay = secs(30);
    w
}

/// A group of Spot instances of these types in one zone, each with the capacity of its pool over time.
fn spot(desired: u32, max: u32, capacity: &[&[(u64, u32)]]) -> World {
    let mut w = group(&["a"], desired, max);
    let of = |(kind, steps): (usize, &&[(u64, u32)])| InstanceType {
        name: format!("type {kind}"),
        vcpus: 1,
        speed: 65_536,
        weight: 1,
        hour_nano_usd: 100,
        pools: vec![SpotPool {
            prices: vec![(SimTime::ZERO, 30 + kind as u64)],
            capacity: steps.iter().map(|s| (at(s.0), s.1)).collect(),
            interrupted_every: None,
        }],
    };
    w.group.mixed = Some(Mixed {
        types: capacity.iter().enumerate().map(of).collect(),
        on_demand_base: 0,
        on_demand_percent: 0,
        on_demand: OnDemandStrategy::LowestPrice,
        spot: SpotStrategy::LowestPrice { pools: 1 },
        interruptions: Interruptions::default(),
    });
    w
}

fn rules(w: &mut World) -> &mut Interruptions {
    &mut w.group.mixed.as_mut().expect("it is mixed").interruptions
}

/// Rows of an instance: when, and what.
fn story(keep: &Keep, launch: u64) -> Vec<(u64, &str)> {
    let mine = keep.activities.iter().filter(|r| r.instance == Some(launch));
    mine.map(|r| (r.at.as_nanos() / SECOND, r.note.as_str())).collect()
}

fn most_living(keep: &Keep) -> i64 {
    let (mut living, mut most) = (0i64, 0i64);
    for row in &keep.activities {
        living += i64::from(row.note.starts_with("launched in zone"));
        living -= i64::from(row.note == "leaves");
        most = most.max(living);
    }
    most
}

/// Proves the timeline without capacity rebalancing: notice at 100 s, the end at 220 s, found at the group's look at 240 s, replaced from
/// the other pool, in service at 300 s: 80 s with one instance less.
#[test]
fn an_interrupted_instance_is_replaced_when_the_group_finds_it_gone() {
    let (result, keep) = simulate(spot(1, 2, &[&[(100, 0)], &[]]), requests(&[]));
    let old = [
        (100, "interruption notice: reclaimed in 120s"),
        (220, "interrupted: stops running"),
        (240, "stopped running: replaced"),
        (240, "leaves"),
        (240, "terminated"),
    ];
    assert_eq!(story(&keep, 0), old);
    let new = [(240, "launched in zone a: type 1, Spot"), (300, "in service")];
    assert_eq!(story(&keep, 1), new);
    assert_eq!((result.scaling.interruptions, result.scaling.replacements), (1, 1));
    // Not billed after its end.
    assert_eq!(result.cost.spot_nano_usd, (220 * 30 + 960 * 31 + 1800) / 3600);
    let ending = keep.instances.iter().find(|row| row.launch == 0).map(|row| row.ending);
    assert_eq!(ending, Some(Ending::Interrupted));
}

/// Proves the timeline with capacity rebalancing: a recommendation 90 s ahead launches the replacement, which is in service 60 s later; the old
/// instance goes then, and the notice finds nobody.
#[test]
fn capacity_rebalancing_launches_before_it_terminates() {
    let mut w = spot(1, 1, &[&[(200, 0)], &[]]);
    w.group.mixed.as_mut().expect("it is mixed").types[0].pools[0].capacity.insert(0, (at(100), 1));
    *rules(&mut w) = Interruptions {
        lead: Some(secs(90)),
        recommended_ppm: 1_000_000,
        capacity_rebalancing: true,
        ..Interruptions::default()
    };
    let (result, keep) = simulate(w, requests(&[]));
    let old = [
        (110, "rebalance recommendation"),
        (110, "capacity rebalancing: a replacement is launched before it goes"),
        (170, "leaves"),
        (170, "terminated"),
    ];
    assert_eq!(story(&keep, 0), old);
    assert_eq!(story(&keep, 1), [(110, "launched in zone a: type 1, Spot"), (170, "in service")]);
    assert_eq!((result.scaling.interruptions, result.scaling.terminations), (0, 1));
    let ending = keep.instances.iter().find(|row| row.launch == 0).map(|row| row.ending);
    assert_eq!(ending, Some(Ending::Rebalanced));
}

/// A notice deregisters when it is told to: what is in the instance ends in time, nothing new comes; else both are lost at the end.
#[test]
fn a_deregistered_instance_has_two_minutes_to_finish() {
    let run = |deregister: bool| {
        let mut w = spot(2, 2, &[&[(100, 1)], &[]]);
        w.instance.admitted = 100;
        rules(&mut w).deregister = deregister;
        // Two of 100 s at 99 s, one on each; then one a second of 1 ms.
        let mut list = vec![(99 * SECOND, 100 * SECOND), (99 * SECOND, 100 * SECOND)];
        list.extend((101..400).map(|s| (s * SECOND, 1_000_000)));
        list.push((219 * SECOND + 999_999_000, 30 * SECOND));
        list.push((219 * SECOND + 999_999_000, 30 * SECOND));
        list.sort_unstable();
        simulate(w, requests(&list)).0.attempts.killed
    };
    assert_eq!((run(true), run(false)), (0, 1));
}

/// AWS's margins, by the function that the engine calls and by runs: all instances lose their pool at once, and no more are
/// launched beside them than the margin allows.
#[test]
fn rebalancing_exceeds_the_maximum_by_a_tenth_or_one() {
    let mut cases = 0;
    for line in include_str!("cases/rebalance_margin.txt").lines().filter(|l| !l.starts_with('#')) {
        let (max, want) = line.split_once(" -> ").expect("a case has a result");
        let (max, want): (u32, u32) = (max.parse().expect("a size"), want.parse().expect("a size"));
        assert_eq!(rebalance_limit(max), want, "{line}");
        let mut w = spot(max, max, &[&[(100, 0)], &[]]);
        rules(&mut w).capacity_rebalancing = true;
        let (_, keep) = simulate(w, requests(&[]));
        assert_eq!(most_living(&keep) + i64::from(max), i64::from(want), "{line}");
        cases += 1;
    }
    assert_eq!(cases, 5);
}

/// Proves the law: with a mean of an hour, of 400 instances exp(-1/3) are left without notice after 20 minutes, within 3.5 standard errors.
#[test]
fn interruptions_follow_their_law() {
    let mut w = spot(400, 400, &[&[]]);
    w.group.mixed.as_mut().expect("it is mixed").types[0].pools[0].interrupted_every = Some(secs(3600));
    w.group.suspensions =
        vec![Suspension { process: Process::ReplaceUnhealthy, from: SimTime::ZERO, to: at(1200) }];
    let (_, keep) = simulate(w, requests(&[]));
    let notices = keep.activities.iter().filter(|r| r.note.starts_with("interruption notice")).count() as f64;
    let share: f64 = 1.0 - (-1.0f64 / 3.0).exp();
    let error = (notices - 400.0 * share) / (400.0 * share * (1.0 - share)).sqrt();
    assert!(error.abs() < 3.5, "{notices} notices, {error} standard errors");
}

/// Two zones; b has no capacity from 50 s to 200 s, so that what is launched meanwhile stands in a: three and one. At the first look after
/// 200 s one of a is replaced in b, before it goes.
#[test]
fn zones_are_evened_out_when_a_shortage_is_over() {
    let mut w = group(&["a", "b"], 2, 4);
    w.group.zone_rebalancing = true;
    w.group.places.shortages = vec![Shortage { zone: 1, from: at(50), to: at(200) }];
    let (_, keep) = steer(w.clone(), requests(&[]), sizes(&[(100 * SECOND, 4)]));
    let row = |what: &str| {
        let found = keep.activities.iter().find(|r| r.note.contains(what));
        found.map(|r| (r.at.as_nanos() / SECOND, r.instance))
    };
    let (when, old) = row("zones are uneven").expect("the group evens its zones out");
    assert_eq!(when, 240);
    // Launches 4 in zone b at once; it boots for 60 s; then the old one goes.
    assert_eq!(story(&keep, 4), [(240, "launched in zone b"), (300, "in service")]);
    assert!(story(&keep, old.expect("an instance")).contains(&(300, "leaves")));
    assert_eq!(most_living(&keep), 3, "two were there, two came, one more for a while");
    // Nobody is moved while the process is suspended.
    w.group.suspensions = vec![Suspension { process: Process::AzRebalance, from: at(0), to: at(1200) }];
    let (_, keep) = steer(w, requests(&[]), sizes(&[(100 * SECOND, 4)]));
    assert!(keep.activities.iter().all(|r| !r.note.contains("uneven")));
}

/// Random worlds meet all of it.
#[test]
fn random_worlds_interrupt_and_rebalance() {
    let mut met = [0; 5];
    for seed in 0..200 {
        let small = random(seed);
        let (_, keep) = steer(small.world.clone(), small.workload(), small.policies());
        for row in &keep.activities {
            let words = ["recommendation", "notice:", "interrupted:", "capacity rebalancing", "uneven"];
            words.iter().zip(&mut met).for_each(|(word, count)| *count += u32::from(row.note.contains(word)));
        }
    }
    assert!(met.iter().all(|&count| count > 2), "{met:?}");
}
