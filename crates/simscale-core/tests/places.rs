//! Launches that find no room: shortages by zone, pools of addresses, and the agents that log in from them.

mod support;

#[path = "support/scripted.rs"]
mod scripted;

use scripted::{SECOND, sizes};
use simscale_core::*;
use support::*;

/// Two zones, one instance in each, a boot of 60 s; nothing is asked of them.
fn two_zones(duration: u64) -> World {
    let mut w = world(secs(duration), 1);
    fleet(&mut w, 2);
    (w.group.min, w.group.max) = (0, 8);
    w.group.zones = vec!["a".into(), "b".into()];
    w
}

fn shortage(zone: u8, from: u64, to: u64) -> Shortage {
    Shortage { zone, from: at(from), to: at(to) }
}

fn rows<'a>(keep: &'a Keep, what: &str) -> Vec<(u64, &'a str)> {
    let row = |r: &'a ActivityRow| (r.at.as_nanos() / SECOND, r.note.as_str());
    keep.activities.iter().map(row).filter(|r| r.1.contains(what)).collect()
}

/// Zone b, which has fewest, is short while two are launched: each is refused there once and goes to a.
#[test]
fn a_zone_without_capacity_is_passed_over() {
    let mut w = two_zones(600);
    fleet(&mut w, 3);
    (w.group.min, w.group.max) = (0, 8);
    w.group.places.shortages = vec![shortage(1, 50, 150)];
    let (result, keep) = steer(w, requests(&[]), sizes(&[(100 * SECOND, 5), (200 * SECOND, 6)]));
    let refused = rows(&keep, "InsufficientInstanceCapacity");
    // Zones (2, 1): b is asked first; then (3, 1): b again. At 200 s (4, 1): b takes it.
    assert_eq!(refused.iter().map(|r| r.0).collect::<Vec<_>>(), [100, 100]);
    assert!(refused[0].1.ends_with("in the Availability Zone you requested (b)"), "{refused:?}");
    assert_eq!((result.scaling.failed_launches, result.scaling.launches), (2, 3));
    assert_eq!(keep.periods[4].in_service, 6);
}

/// No zone has capacity from 50 s to 230 s: the group tries at 100, 160, 220 and 280 s (every minute), and nobody pays for a failure.
#[test]
fn a_launch_that_no_zone_takes_is_tried_again() {
    let mut w = two_zones(600);
    w.group.places.shortages = vec![shortage(0, 50, 230), shortage(1, 50, 230)];
    let (result, keep) = steer(w, requests(&[]), sizes(&[(100 * SECOND, 3)]));
    let tries: Vec<u64> = rows(&keep, "no launch succeeded").iter().map(|r| r.0).collect();
    assert_eq!(tries, [100, 160, 220]);
    assert_eq!(
        (result.scaling.failed_launches, result.scaling.launches),
        (6, 1),
        "two zones refuse each time"
    );
    // Two all the time, and the third from its launch at 280 s on: 2 x 600 + 320 s.
    assert_eq!(result.capacity.billed_ns / u128::from(SECOND), 1520);
}

/// The end of a shortage is not part of it, and a change of the desired capacity tries at once.
#[test]
fn a_change_of_size_does_not_wait_for_the_retry() {
    let mut w = two_zones(600);
    w.group.places.shortages = vec![shortage(0, 50, 130), shortage(1, 50, 130)];
    w.group.places.retry = secs(300);
    let (result, keep) = steer(w, requests(&[]), sizes(&[(100 * SECOND, 3), (130 * SECOND, 4)]));
    assert_eq!(result.scaling.launches, 2);
    assert_eq!(keep.periods[3].in_service, 4, "both launched at 130 s, long before the retry at 400 s");
}

/// Two addresses for two instances at max. One crashes at 100 s; seen at 120 s, it is terminated at once, and its address is free for the
/// replacement of the same instant only after the termination: the launch fails and succeeds a minute later.
#[test]
fn an_address_is_free_at_the_termination_only() {
    let mut w = world(secs(600), 1);
    fleet(&mut w, 2);
    w.group.places.addresses = Some(Addresses { per_zone: true, count: 2, when_empty: WhenEmpty::Fail });
    w.group.places.agents = Some(Agents {
        login_time: Distribution::Constant { value: 60.0 * S },
        seen_stopped_after: Distribution::Constant { value: 200.0 * S },
    });
    w.faults = vec![Fault {
        name: "crash".into(),
        when: FaultTime::At(at(100)),
        kind: FaultKind::Crash,
        victims: Victims::Count(1),
    }];
    let (result, keep) = simulate(w, requests(&[]));
    assert_eq!(rows(&keep, "no free address"), [(120, "launch failed: no free address of 2 in zone a")]);
    let taken = rows(&keep, "takes address");
    assert_eq!((taken.len(), taken[2].0), (3, 180), "{taken:?}");
    // In service at 240 s, logged in at 300 s; the coordinator would have seen the crash of 100 s at 300 s too, logins first.
    assert!(rows(&keep, "in place of the stale agent")[0].0 == 300, "{:?}", keep.activities);
    assert!(rows(&keep, "has stopped").is_empty(), "the new login took the place of the stale agent");
    assert_eq!(result.agents, AgentCounts { registered_max: 2, distinct: 2 });
    assert_eq!(result.scaling.failed_launches, 1);
}

/// With ephemeral addresses the replacement launches at once and logs in as a third agent, while the first is still believed running.
#[test]
fn an_ephemeral_address_is_an_agent_more() {
    let mut w = world(secs(600), 1);
    fleet(&mut w, 2);
    w.group.places.addresses =
        Some(Addresses { per_zone: false, count: 2, when_empty: WhenEmpty::Ephemeral });
    w.group.places.agents = Some(Agents {
        login_time: Distribution::Constant { value: 60.0 * S },
        seen_stopped_after: Distribution::Constant { value: 250.0 * S },
    });
    w.faults = vec![Fault {
        name: "crash".into(),
        when: FaultTime::At(at(100)),
        kind: FaultKind::Crash,
        victims: Victims::Count(1),
    }];
    let (result, keep) = simulate(w, requests(&[]));
    assert_eq!(rows(&keep, "ephemeral"), [(120, "takes an ephemeral address: no free address of 2")]);
    assert_eq!(rows(&keep, "logs in")[0].0, 240);
    assert_eq!(rows(&keep, "has stopped")[0].0, 350);
    let believed: Vec<u32> = keep.periods.iter().map(|p| p.agents_registered).collect();
    assert_eq!(
        believed,
        [2, 2, 2, 2, 3, 2, 2, 2, 2, 2],
        "at the end of each minute, the end itself not included"
    );
    assert_eq!(result.agents, AgentCounts { registered_max: 3, distinct: 3 });
}

/// Two zones with one instance each; one more is launched, in each zone half of the time: of 400 worlds 200 within four standard deviations (10).
#[test]
fn of_equally_empty_zones_a_lot_decides() {
    let mut first = 0;
    for seed in 0..400 {
        let mut w = two_zones(200);
        w.seed = seed;
        let (_, keep) = steer(w, requests(&[]), sizes(&[(100 * SECOND, 3)]));
        first += u32::from(keep.instances.iter().any(|i| i.launch == 2 && i.zone == "a"));
    }
    assert!((160..=240).contains(&first), "{first} of 400");
}
