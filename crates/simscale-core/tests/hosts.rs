//! Container instances below tasks through whole runs, against cases worked out by hand: who waits for a place, what the capacity provider does, and the bill.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::*;

/// Two tasks, which boot in 20 s and which nobody sends anything to, on hosts for two: pending 10 s, boot 50 s, warm-up 120 s. Values are judged 30 s
/// after each minute, three low ones take hosts away. The size is set at these seconds; the run ends at 1000 s.
fn day(steps: &[(u64, u32)], change: impl Fn(&mut World)) -> (RunResult, Vec<String>) {
    let mut w = world(secs(1000), 1);
    fleet(&mut w, 2);
    (w.group.min, w.group.max) = (0, 9);
    w.group.termination = vec![Termination::OldestInstance];
    let constant = |s: f64| Distribution::Constant { value: s * S };
    w.instance.boot = vec![phase("boot", constant(20.0), BootStage::Running)];
    w.prices.minimum = SimDuration::ZERO;
    w.group.hosts = Some(Hosts {
        tasks: 2,
        initial: 1,
        min: 0,
        max: 9,
        pending: constant(10.0),
        boot: constant(50.0),
        hour_nano_usd: 3_600_000_000_000,
        scaling: ManagedScaling {
            target_percent: 100,
            min_step: 1,
            max_step: 10_000,
            warm_up: secs(120),
            low_values: 3,
            delay: secs(30),
        },
    });
    change(&mut w);
    let steps: Vec<(u64, u32)> = steps.iter().map(|&(at, size)| (at * SECOND, size)).collect();
    let (result, keep) = steer(w, evenly(0.0), sizes(&steps));
    let told = |row: &ActivityRow| {
        let instance = row.instance.map_or(String::new(), |i| format!(" {i}"));
        format!("{}{instance} {}", row.at.as_nanos() / SECOND, row.note)
    };
    let rows = keep.activities.iter().filter(|r| r.kind != ActivityKind::Decision).map(told).collect();
    (result, rows)
}

fn hosts(w: &mut World) -> &mut Hosts {
    w.group.hosts.as_mut().expect("hosts")
}

/// The rows of hosts and alarms.
fn of_hosts(rows: &[String]) -> Vec<&str> {
    let about = |row: &&str| row.contains("host") || row.contains("->") || row.contains("container");
    rows.iter().map(String::as_str).filter(about).collect()
}

/// Proves the plain day. By hand: five are desired at 60 s, three wait; the minute that ends at 120 s needs 1 + 2 hosts of 1, is judged at 150 s, and brings two,
/// registered at 210 s, one after the other: the first takes two tasks, the second the third. The value of 180 s is judged in the same instant and finds them warming. At 600 s three go, the oldest, and host 0 is
/// empty; the values of 660, 720 and 780 s are low, and at 810 s it goes.
#[test]
fn tasks_wait_for_hosts_and_empty_hosts_go() {
    let (result, rows) = day(&[(60, 5), (600, 2)], |_| {});
    let story = [
        "60 no container instance has a free place: tasks wait (PROVISIONING)",
        "90 INSUFFICIENT_DATA -> OK",
        "90 INSUFFICIENT_DATA -> OK",
        "150 OK -> ALARM",
        "150 1 -> 3 hosts: 3 needed of 1 is 300.00 % of 100 %",
        "150 host 1 is launched in zone a",
        "150 host 2 is launched in zone a",
        "210 host 1 is registered",
        "210 no container instance has a free place: tasks wait (PROVISIONING)",
        "210 host 2 is registered",
        "210 hosts boot or warm up: no scale-out",
        "270 ALARM -> OK",
        "810 OK -> ALARM",
        "810 3 -> 2 hosts: 2 needed of 3 is 66.67 % of 100 %",
        "810 host 0 is terminated",
        "870 ALARM -> OK",
    ];
    assert_eq!(of_hosts(&rows), story, "{rows:#?}");
    let launched: Vec<&String> =
        rows.iter().filter(|r| r.ends_with("launched in zone a") && !r.contains("host")).collect();
    assert_eq!(
        launched,
        ["210 2 launched in zone a", "210 3 launched in zone a", "210 4 launched in zone a"]
    );
    // Host 0 for 810 s, two from 160 s on; a dollar a second; tasks cost nothing.
    let seconds = 810 + 2 * (1000 - 160);
    assert_eq!(result.billed.instance_ns, u128::from(SECOND) * seconds);
    assert_eq!(result.cost.instances_nano_usd, 1_000_000_000 * seconds);
}

/// Proves the value from zero: three hosts are needed and none runs, the reservation says 200, and two are launched; the third comes when these are warm.
#[test]
fn from_zero_two_hosts_come_first() {
    let (_, rows) = day(&[(60, 3)], |w| {
        (w.group.desired, hosts(w).tasks, hosts(w).initial) = (0, 1, 0);
    });
    let told = of_hosts(&rows);
    let changes: Vec<&&str> = told.iter().filter(|row| row.contains(" hosts: ")).collect();
    // Judged at 150 s, registered at 210 s, warm at 330 s; the judgement of that instant launches.
    assert_eq!(
        changes,
        [
            &"150 0 -> 2 hosts: 3 needed of 0 is 200.00 % of 100 %",
            &"330 2 -> 3 hosts: 3 needed of 2 is 150.00 % of 100 %"
        ]
    );
}

/// Proves that the steps and the target are kept: at 50 % a service keeps half of its places spare, no step is larger than the largest, and none smaller
/// than the smallest.
#[test]
fn steps_and_target_are_kept() {
    let first = |change: fn(&mut World)| {
        let (_, rows) = day(&[(60, 5)], change);
        rows.into_iter().find(|row| row.contains(" hosts: ")).expect("a change")
    };
    assert_eq!(
        first(|w| hosts(w).scaling.max_step = 1),
        "150 1 -> 2 hosts: 3 needed of 1 is 300.00 % of 100 %"
    );
    assert_eq!(
        first(|w| hosts(w).scaling.min_step = 5),
        "150 1 -> 6 hosts: 3 needed of 1 is 300.00 % of 100 %"
    );
    assert_eq!(first(|w| hosts(w).max = 2), "150 1 -> 2 hosts: 3 needed of 1 is 300.00 % of 100 %");
    // One needed of one is above 50 % from the first minute on.
    assert_eq!(
        first(|w| hosts(w).scaling.target_percent = 50),
        "90 1 -> 2 hosts: 1 needed of 1 is 100.00 % of 50 %"
    );
}

/// Proves that a place is free when its task is terminated, not before, and that whoever waits takes it at once: three desired on two places, and the first
/// task leaves because its version does. A rolling update of two tasks up to four waits for places too, and its tasks are needed.
#[test]
fn places_fall_free_and_updates_wait() {
    let (_, rows) = day(&[], |w| {
        w.group.deployments = vec![Deployment {
            name: "v2".to_string(),
            at: SimTime::from_nanos(100 * SECOND),
            kind: DeploymentKind::Rolling {
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                every: secs(10),
            },
        }];
    });
    let change = rows.iter().find(|row| row.contains(" hosts: ")).expect("a change");
    assert_eq!(change, "150 1 -> 2 hosts: 2 needed of 1 is 200.00 % of 100 %");
    let done = rows.iter().find(|row| row.contains("is deployed")).expect("an end");
    // Registered at 210 s, launched then or at the next step, in service 20 s later: the old ones leave at the step of 230 s.
    assert_eq!(done, "240 version 2 is deployed, after 140s");
}
