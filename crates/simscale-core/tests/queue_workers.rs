//! Queue workers: cases worked out by hand, and the answer of queueing theory.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::*;

/// A fleet of `size` instances with `workers` workers each that pull from a queue.
fn workers(size: u32, workers: u32, timeout: SimDuration, max_receives: Option<u32>) -> World {
    let mut w = world(secs(600), 1);
    fleet(&mut w, size);
    w.group.min = 0;
    w.queue = Some(MessageQueue { visibility_timeout: timeout, max_receives });
    (w.instance.vcpus, w.instance.admitted, w.instance.queue_limit) = (workers, workers, 0);
    w.balancer.deregistration_delay = SimDuration::ZERO;
    w
}

/// Three messages of 10 s at 10, 11 and 12 s on one worker: each waits for the one before.
#[test]
fn messages_are_received_in_order_of_arrival() {
    let list =
        requests(&[(10 * SECOND, 10 * SECOND), (11 * SECOND, 10 * SECOND), (12 * SECOND, 10 * SECOND)]);
    let (r, keep) = steer(workers(1, 1, secs(60), None), list, vec![]);
    assert_eq!((r.requests.served, r.attempts.sent, r.attempts.retried), (3, 3, 0));
    assert_eq!(r.response_time.sum_ns, u128::from((10 + 19 + 28) * SECOND));
    let first = &keep.periods[0];
    assert_eq!((first.messages_visible, first.messages_in_flight, first.served), (0, 0, 3));
}

/// Workers receive at the instant of a time-out, before it and after it: both attempts time out at their own instant. An attempt that nobody times
/// out would break the law that the sender waits for exactly what is inside. A case of the two engines (world 8068).
#[test]
fn messages_received_around_a_time_out_come_back() {
    let ms = 1_000_000;
    let list = [(0, 100), (50, 100), (250, 50), (250, 100)].map(|(at, work)| (at * ms, work * ms));
    let mut w = workers(2, 2, SimDuration::from_millis(50), None);
    (w.duration, w.instance.vcpus) = (secs(5), 3);
    let (r, _) = steer(w, requests(&list), vec![]);
    assert!(r.attempts.timed_out > 100, "messages of 100 ms come back for ever: {:?}", r.attempts);
}

/// A message of 100 s with a time-out of 30 s on two workers: received at 10, 40 (by the other worker), then nobody is idle until 110, when the
/// first finishes late and deletes nothing; received at 110 and 140, and so on for ever; with two receives allowed it is a dead letter at 70.
#[test]
fn a_message_that_is_not_done_in_time_comes_back() {
    let run = |most| {
        let list = requests(&[(10 * SECOND, 100 * SECOND)]);
        steer(workers(2, 1, secs(30), most), list, vec![])
    };
    let (r, _) = run(Some(2));
    assert_eq!((r.requests.served, r.requests.failed, r.attempts.sent, r.attempts.timed_out), (0, 1, 2, 2));
    assert_eq!(r.attempts.abandoned_cpu_ns, u128::from(200 * SECOND), "both workers finish late");
    let (r, keep) = run(None);
    assert_eq!((r.requests.served, r.requests.failed), (0, 0));
    let age = keep.periods[1].oldest_message_ns;
    assert_eq!(age, keep.periods[1].end.as_nanos() - 10 * SECOND);
}

/// Done at its time-out is done: a message of 30 s with a time-out of 30 s.
#[test]
fn done_at_the_time_out_is_done() {
    let (r, _) = steer(workers(1, 1, secs(30), None), requests(&[(10 * SECOND, 30 * SECOND)]), vec![]);
    assert_eq!((r.requests.served, r.attempts.sent), (1, 1));
}

/// The oldest instance is told to go at 20 s with a message of 40 s that it received at 10 s. The message is visible again at 70 s, when its
/// time-out ends, and at 70.5 s it goes to the other worker, which is done with its own then, before a younger one that waited all the time.
#[test]
fn what_a_killed_worker_held_is_visible_again_at_its_time_out() {
    let list = [(10 * SECOND, 40 * SECOND), (11 * SECOND, 59 * SECOND + SECOND / 2), (12 * SECOND, SECOND)];
    let mut w = workers(2, 1, secs(60), None);
    w.group.termination = vec![Termination::OldestInstance];
    let (r, keep) = steer(w, requests(&list), sizes(&[(20 * SECOND, 1)]));
    assert_eq!((r.requests.served, r.attempts.killed, r.attempts.sent, r.attempts.retried), (3, 1, 4, 1));
    // 100.5 s, 59.5 s and 99.5 s.
    assert_eq!(r.response_time.max_ns, 100 * SECOND + SECOND / 2);
    assert_eq!(r.response_time.sum_ns, u128::from(259 * SECOND + SECOND / 2));
    let at_60 = &keep.periods[0];
    assert_eq!(
        (at_60.messages_visible, at_60.messages_in_flight, at_60.oldest_message_ns),
        (1, 2, 50 * SECOND)
    );
}

/// Idle workers take turns by slots: four messages on two instances with two workers each, two for each.
#[test]
fn idle_workers_take_turns() {
    let list = requests(&[
        (10 * SECOND, SECOND),
        (10 * SECOND, SECOND),
        (10 * SECOND, SECOND),
        (10 * SECOND, SECOND),
    ]);
    let (r, _) = steer(workers(2, 2, secs(60), None), list, vec![]);
    assert_eq!(r.response_time.max_ns, SECOND, "nobody waits and nobody shares");
}

/// Backlog per instance is visible messages over instances in service, one sample: 150 waiting messages on 3 instances are 50.
#[test]
fn the_backlog_is_visible_messages_over_instances() {
    let list: Vec<(u64, u64)> = (0..153).map(|_| (10 * SECOND, 100_000 * SECOND / 1000)).collect();
    let needs = Needs {
        metrics: [
            Metric::BacklogPerInstance,
            Metric::QueueVisible,
            Metric::QueueInFlight,
            Metric::OldestMessageAge,
        ]
        .map(|metric| query(metric, 60))
        .to_vec(),
        alarms: vec![],
    };
    let looker = Looker::new("looker", needs, Some(secs(60)));
    let looks = std::sync::Arc::clone(&looker.looks);
    steer(workers(3, 1, secs(3600), None), requests(&list), vec![Box::new(looker)]);
    let looks = looks.lock().expect("one thread");
    let first = looks.iter().find(|l| !l.datapoints[0].is_empty()).expect("published");
    let values: Vec<f64> = first.datapoints.iter().map(|d| d[0].value).collect();
    assert_eq!(values, [50.0, 150.0, 3.0, 50.0]);
}
