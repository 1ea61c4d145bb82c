//! Machines beside the group, and the operations that stop and start them: traffic, rows, bill, replacement.

mod support;

use simscale_core::*;
use support::*;

const SECOND: u64 = 1_000_000_000;

fn machine(name: &str, running: bool) -> Machine {
    let (vcpus, hour_nano_usd) = (1, 36_000_000);
    Machine { name: name.into(), vcpus, hour_nano_usd, zone: 0, running, registered: true }
}

fn operation(name: &str, at_s: u64, action: OperationAction, targets: &[u32], except: &[u32]) -> Operation {
    Operation {
        name: name.into(),
        strikes: vec![Strike { at: at(at_s), late: secs(7) }],
        action,
        targets: OperationTargets::Machines(targets.to_vec()),
        except: except.to_vec(),
    }
}

/// One instance of the group that boots in 60 s, and three machines, the third of them stopped; a request a second of 10 ms.
fn yard(operations: Vec<Operation>) -> (RunResult, Keep) {
    let mut w = world(secs(1200), 1);
    w.machines = vec![machine("app-1", true), machine("app-2", true), machine("app-3", false)];
    w.operations = operations;
    let list: Vec<(u64, u64)> = (0..1200).map(|s| (s * SECOND + 1, 10_000_000)).collect();
    simulate(w, requests(&list))
}

fn notes<'a>(keep: &'a Keep, actor: &str) -> Vec<(u64, &'a str)> {
    let mine = keep.activities.iter().filter(|r| r.actor == actor);
    mine.map(|r| (r.at.as_nanos() / SECOND, r.note.as_str())).collect()
}

/// Machines take their turns beside the group and count in no size of it; what a stop finds stopped, and what it leaves alone, it says.
#[test]
fn a_stop_tells_its_outcome() {
    let stop = operation("evening", 600, OperationAction::Stop, &[0, 1, 2], &[1]);
    let (result, keep) = yard(vec![stop]);
    let told = [
        (600, "stop begins, 7s late"),
        (600, "stop from 00:10:00 ends: stopped 1, already stopped 1, excepted app-2"),
    ];
    assert_eq!(notes(&keep, "evening"), told);
    assert_eq!(notes(&keep, "app-1"), [(600, "stopped")]);
    assert!(keep.periods.iter().all(|p| (p.desired, p.in_service) == (1, 1)));
    // The group's one instance, app-1 for 600 s, app-2 for 1200 s: 0.096 x 1/3 + 0.036 x 1800/3600 dollars.
    assert_eq!(result.machines, MachineCounts { starts: 0, stops: 1, billed_ns: 1800 * 1_000_000_000 });
    assert_eq!(result.cost.instances_nano_usd, 32_000_000 + 18_000_000);
    assert_eq!(result.capacity.billed_ns, 1200 * 1_000_000_000, "machines are not the group's");
    assert_eq!((result.requests.served, result.attempts.killed), (1200, 0));
    // Three targets before, two after.
    assert_eq!((keep.periods[9].healthy, keep.periods[10].healthy), (3, 2));
}

/// A start runs the boot again and ends when the last machine runs; a stop and a start make a new minimum of 60 s.
#[test]
fn a_start_boots_anew_and_opens_a_new_minimum() {
    let operations = vec![
        operation("morning", 300, OperationAction::Start, &[0, 2], &[]),
        // Stopped 70 s after its start (10 s after its boot of 60 s), started and stopped again within 5 s.
        operation("pause", 370, OperationAction::Stop, &[2], &[]),
        operation("again", 400, OperationAction::Start, &[2], &[]),
        operation("never", 405, OperationAction::Stop, &[2], &[]),
    ];
    let (result, keep) = yard(operations);
    assert_eq!(notes(&keep, "app-3").iter().map(|n| n.0).collect::<Vec<_>>(), [300, 360, 370, 400, 405]);
    assert_eq!(notes(&keep, "morning")[1], (360, "start from 00:05:00 ends: started 1, already running 1"));
    // The start that the stop cut short has failed; its row comes with the stop.
    assert_eq!(notes(&keep, "again")[1], (405, "start from 00:06:40 ends: started 0, failed 1"));
    assert_eq!(notes(&keep, "never")[1], (405, "stop from 00:06:45 ends: stopped 1"));
    let billed = 2 * 1200 + 70 + 60;
    assert_eq!(result.machines, MachineCounts { starts: 2, stops: 2, billed_ns: billed * 1_000_000_000 });
}

/// A stop loses what is in flight, and nothing is sent to the machine while it is stopped or boots.
#[test]
fn a_stop_kills_what_is_in_flight() {
    let mut w = world(secs(600), 1);
    w.machines = vec![machine("app-1", true)];
    w.instance.admitted = 10;
    w.operations = vec![
        operation("stop", 100, OperationAction::Stop, &[0], &[]),
        operation("start", 200, OperationAction::Start, &[0], &[]),
    ];
    // Round robin: the second of two long requests goes to the machine; then one every second.
    let mut list = vec![(90 * SECOND, 5 * SECOND), (91 * SECOND, 30 * SECOND)];
    list.extend((101..600).map(|s| (s * SECOND, 1_000_000)));
    let (result, keep) = simulate(w, requests(&list));
    assert_eq!((result.attempts.killed, result.requests.failed), (1, 1));
    assert_eq!(result.requests.served, 500);
    assert_eq!(notes(&keep, "start").last().map(|n| n.0), Some(260));
}

/// The members of the group that an operation stops are found at the group's next look, at 240 s, and replaced; until then nobody sends to them.
#[test]
fn a_stopped_member_is_replaced() {
    let mut w = world(secs(600), 1);
    fleet(&mut w, 3);
    w.operations = vec![Operation {
        targets: OperationTargets::Group,
        ..operation("mistake", 200, OperationAction::Stop, &[], &[])
    }];
    w.machines = vec![machine("spare", true)];
    let list: Vec<(u64, u64)> = (0..600).map(|s| (s * SECOND + 1, 10_000_000)).collect();
    let (result, keep) = simulate(w, requests(&list));
    assert_eq!(notes(&keep, "mistake")[4], (200, "stop from 00:03:20 ends: stopped 3"));
    let replaced: Vec<u64> = keep
        .activities
        .iter()
        .filter(|r| r.kind == ActivityKind::Health)
        .map(|r| r.at.as_nanos() / SECOND)
        .collect();
    assert_eq!(replaced, [240, 240, 240]);
    assert_eq!(result.scaling.replacements, 3);
    // Three for 200 s, and their replacements from 240 s on.
    assert_eq!(result.capacity.billed_ns, 3 * (200 + 360) * 1_000_000_000);
    // The spare machine serves alone between.
    assert_eq!((result.requests.served, result.requests.failed), (600, 0));
}
