//! Instance maintenance policies and instance refreshes through whole runs, against cases worked out by hand.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::*;

/// Instances that nobody sends anything to: a boot takes 30 s, the group looks every minute, new ones are warm at once.
fn idle(n: u32, duration: u64) -> World {
    let mut w = world(secs(duration), 1);
    fleet(&mut w, n);
    (w.group.min, w.group.max) = (1, 2 * n);
    w.instance.boot = vec![phase("boot", Distribution::Constant { value: 30.0 * S }, BootStage::Running)];
    w.group.health.every = secs(60);
    w
}

fn refresh(name: &str, at_s: u64, min_healthy_percent: u32, max_healthy_percent: u32) -> Refresh {
    let percent = Maintenance { min_healthy_percent, max_healthy_percent };
    Refresh { name: name.into(), at: at(at_s), percent, warm_up: secs(0) }
}

/// Fewest in service and most in service and on their way over the run, replaced, and the rows of refreshes.
fn outcome(w: World, policies: Vec<Box<dyn Policy>>) -> (u32, u32, u64, Vec<String>) {
    let (result, keep) = steer(w, evenly(0.0), policies);
    let least = keep.periods.iter().map(|p| p.in_service).min().expect("periods");
    let most = keep.periods.iter().map(|p| p.in_service + p.booting).max().expect("periods");
    let of_refresh = keep.activities.iter().filter(|r| r.kind == ActivityKind::Refresh);
    let rows = of_refresh.map(|r| format!("{} {}", r.at.as_nanos() / SECOND, r.note)).collect();
    (least, most, result.scaling.refreshed, rows)
}

/// Proves the three orders of a refresh of four instances that begins at 60 s and looks each minute. Half at a time: two at 60 s, two at 120 s, when the first
/// two are there; it ends at 180 s. Launch before terminating: one is launched at 60 s, and from 120 s on one goes each minute; it ends a look
/// later. All at once: everybody goes at 60 s.
#[test]
fn a_refresh_keeps_its_percentages() {
    let run = |min, max| {
        let mut w = idle(4, 600);
        w.metrics = Metrics::every(secs(10));
        w.group.refreshes = vec![refresh("v2", 60, min, max)];
        outcome(w, vec![])
    };
    let (least, most, replaced, rows) = run(50, 100);
    assert_eq!((least, most, replaced), (2, 4, 4));
    let story = [
        "60 refresh to version 2 begins: 2 to 4 instances for 4 desired",
        "60 replaced: 25 % complete",
        "60 replaced: 50 % complete",
        "120 replaced: 75 % complete",
        "120 replaced: 100 % complete",
        "180 refresh ends: 4 replaced in 120s",
    ];
    assert_eq!(rows, story);
    let (least, most, replaced, rows) = run(100, 125);
    assert_eq!((least, most, replaced), (4, 5, 4));
    let times: Vec<&str> = rows.iter().map(|r| r.split_once(' ').expect("a time").0).collect();
    assert_eq!(times, ["60", "120", "180", "240", "300", "360"], "{rows:#?}");
    let (least, most, replaced, _) = run(0, 100);
    assert_eq!((least, most, replaced), (0, 4, 4));
    // Rounded, four to four may live: one goes at a time all the same.
    let (least, most, replaced, _) = run(90, 110);
    assert_eq!((least, most, replaced), (3, 4, 4));
}

/// Proves that policies scale during a refresh, that a second refresh is refused, and that suspended launches make it wait.
#[test]
fn policies_scale_during_a_refresh_and_a_second_one_is_refused() {
    let mut w = idle(4, 900);
    w.group.refreshes = vec![refresh("v2", 60, 75, 100), refresh("v3", 100, 75, 100)];
    w.group.suspensions = vec![Suspension { process: Process::Launch, from: at(170), to: at(400) }];
    let (_, most, replaced, rows) = outcome(w, sizes(&[(130 * SECOND, 6)]));
    assert_eq!((most, replaced), (6, 4), "{rows:#?}");
    assert!(rows.contains(&"100 refused: InstanceRefreshInProgress: v2 is in progress".to_string()));
    let quiet = |r: &&String| r.split_once(' ').is_some_and(|(t, _)| ("170".."400").contains(&t));
    assert_eq!(rows.iter().filter(quiet).count(), 0, "{rows:#?}");
}

/// Proves the order of replacing an unhealthy instance that still runs: without a policy it goes first, with 100 to 200 percent the new one is there before; one that
/// stopped running is replaced at once in any case.
#[test]
fn unhealthy_instances_are_replaced_within_the_policy() {
    let run = |percent: Option<(u32, u32)>, kind: FaultKind| {
        let mut w = idle(2, 600);
        w.metrics = Metrics::every(secs(10));
        w.group.maintenance =
            percent.map(|p| Maintenance { min_healthy_percent: p.0, max_healthy_percent: p.1 });
        w.group.health.follows_balancer = true;
        w.group.health.grace = secs(0);
        w.balancer.health_check = Some(HealthCheck {
            interval: secs(10),
            timeout: secs(5),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            cpu_time: SimDuration::from_millis(1),
        });
        w.faults =
            vec![Fault { name: "ill".into(), when: FaultTime::At(at(70)), kind, victims: Victims::Count(1) }];
        let (result, keep) = steer(w, evenly(0.0), vec![]);
        assert_eq!(result.scaling.replacements, 1);
        let least = keep.periods.iter().map(|p| p.in_service).min();
        let most = keep.periods.iter().map(|p| p.in_service + p.booting).max();
        (least, most)
    };
    let hangs = FaultKind::Hang { time: secs(10_000) };
    assert_eq!(run(None, hangs), (Some(1), Some(2)));
    assert_eq!(run(Some((50, 100)), hangs), (Some(1), Some(2)));
    assert_eq!(run(Some((100, 200)), hangs), (Some(2), Some(3)));
    assert_eq!(run(Some((100, 200)), FaultKind::Crash), (Some(1), Some(2)));
}
