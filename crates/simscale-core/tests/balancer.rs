//! What the balancer answers, and what it reports of itself, against cases worked out by hand.
//!
//! Codes: ALB user guide, "Troubleshoot your Application Load Balancers"; metrics: "CloudWatch metrics for your Application Load Balancer".

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use std::sync::Arc;
use support::*;

/// One instance that lets one request in and queues none.
fn narrow(duration: u64) -> World {
    let mut w = world(secs(duration), 1);
    (w.instance.queue_limit, w.instance.boot, w.group.max) = (0, vec![], 5);
    w
}

fn at_seconds(list: &[(u64, f64)]) -> Workload {
    let list: Vec<(u64, u64)> = list.iter().map(|&(at, work)| (at * SECOND, (work * S) as u64)).collect();
    requests(&list)
}

/// Codes 460, 502, 503, 504 of the balancer, and 5xx of targets.
fn codes(w: World, arrivals: &[(u64, f64)]) -> [u64; 5] {
    told(w, arrivals, Vec::new())
}

fn told(w: World, arrivals: &[(u64, f64)], policies: Vec<Box<dyn Policy>>) -> [u64; 5] {
    let r = steer(w, at_seconds(arrivals), policies).0.responses;
    [r.elb_460, r.elb_502, r.elb_503, r.elb_504, r.target_5xx]
}

/// Proves 460 and 504: whose patience ends first answers; of equals the client.
#[test]
fn who_gives_up_first_answers() {
    let patience = |client: Option<u64>, idle: Option<u64>| {
        let mut w = narrow(60);
        (w.clients.timeout, w.balancer.idle_timeout) = (client.map(secs), idle.map(secs));
        codes(w, &[(1, 10.0)])
    };
    assert_eq!(patience(Some(5), Some(60)), [1, 0, 0, 0, 0]);
    assert_eq!(patience(Some(60), Some(5)), [0, 0, 0, 1, 0]);
    assert_eq!(patience(Some(5), Some(5)), [1, 0, 0, 0, 0]);
    assert_eq!(patience(None, Some(10)), [0, 0, 0, 0, 0], "done at its deadline is served");
}

/// Proves 503: no registered target, or a zone without one when cross-zone is off.
#[test]
fn nobody_registered_is_503() {
    let mut w = narrow(60);
    (w.group.min, w.group.desired) = (0, 0);
    assert_eq!(codes(w, &[(1, 1.0), (2, 1.0)]), [0, 0, 2, 0, 0]);
    let zones = |cross_zone| {
        let mut w = narrow(2000);
        w.group.zones = vec!["a".into(), "b".into()];
        w.balancer.cross_zone = cross_zone;
        let arrivals: Vec<(u64, f64)> = (0..1000).map(|i| (i + 1, 0.1)).collect();
        codes(w, &arrivals)
    };
    let [none @ .., elb_504, target] = zones(false);
    // Half of the requests enter by the empty zone; five standard deviations of 1000 fair draws are 79.
    assert!(none[2].abs_diff(500) < 79 && (none[0], none[1], elb_504, target) == (0, 0, 0, 0), "{none:?}");
    assert_eq!(zones(true), [0; 5]);
}

/// Proves 502: the connection is refused; the target is deaf, or goes away with the request; the deregistration delay expires.
#[test]
fn a_target_that_goes_away_is_502() {
    let mut w = narrow(60);
    w.instance.overflow = Overflow::ConnectionRefused;
    assert_eq!(codes(w, &[(1, 10.0), (2, 1.0)]), [0, 1, 0, 0, 0]);
    let mut w = narrow(60);
    w.faults = vec![Fault {
        name: "crash".into(),
        when: FaultTime::At(at(5)),
        kind: FaultKind::Crash,
        victims: Victims::All,
    }];
    // One dies with the instance, one finds nobody listening, for the group has not looked yet.
    w.balancer.health_check = Some(HealthCheck {
        interval: secs(30),
        timeout: secs(5),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        cpu_time: millis(1),
    });
    assert_eq!(codes(w, &[(1, 10.0), (6, 1.0)]), [0, 2, 0, 0, 0]);
    let mut w = narrow(60);
    (w.group.min, w.balancer.deregistration_delay) = (0, secs(5));
    assert_eq!(told(w, &[(1, 20.0)], scripted::sizes(&[(2 * SECOND, 0)])), [0, 1, 0, 0, 0]);
}

/// Proves 5xx of targets: a full queue that answers, and a broken launch.
#[test]
fn errors_of_targets_are_theirs() {
    assert_eq!(codes(narrow(60), &[(1, 10.0), (2, 1.0)]), [0, 0, 0, 0, 1]);
    let mut w = narrow(60);
    let mut broken = phase("boot", Distribution::Constant { value: S }, BootStage::Running);
    broken.failure_ppm = 1_000_000;
    broken.on_failure = BootFailure::ServesErrors { error_time: millis(2), check_passes_for: secs(60) };
    (w.instance.boot, w.group.min) = (vec![broken], 0);
    // The first instance leaves when the broken one is there.
    let sizes = scripted::sizes(&[(SECOND, 2), (5 * SECOND, 1)]);
    w.group.termination = vec![Termination::OldestInstance];
    assert_eq!(told(w, &[(10, 1.0)], sizes), [0, 0, 0, 0, 1]);
}

/// Proves that a message that comes back after its visibility time-out is no client that closed its connection, nor anything else of HTTP.
#[test]
fn nobody_answers_a_message() {
    let mut w = narrow(60);
    w.queue = Some(MessageQueue { visibility_timeout: secs(5), max_receives: None });
    let result = steer(w, at_seconds(&[(1, 20.0)]), Vec::new()).0;
    assert_eq!(result.attempts.timed_out, 3, "received at 1, 21 and 41 s, whenever the worker is free again");
    assert_eq!(result.responses, Responses::default());
}

/// A metric, a statistic of it, and the datapoints that it must have by the second in which they begin.
type Case = (BalancerMetric, Statistic, &'static [(u64, f64)]);

/// Proves every metric of the balancer. By hand, of one instance with one place: at 1 s two seconds of work (served), at 2 s refused with 503, at 10 s
/// twenty seconds of work (given up at 15 s), at 20 s refused; nothing in minute 1; at 125 s half a second of work (served).
#[test]
fn the_balancer_counts_itself() {
    let mut w = narrow(190);
    w.clients.timeout = Some(secs(5));
    w.balancer.units.requests_per_connection = 2;
    w.balancer.units.sizes = vec![(200, 1000)];
    let arrivals = at_seconds(&[(1, 2.0), (2, 1.0), (10, 20.0), (20, 1.0), (125, 0.5)]);
    let times = BalancerMetric::TargetResponseTime;
    let cases: [Case; 14] = [
        (BalancerMetric::RequestCount, Statistic::Sum, &[(0, 4.0), (60, 0.0), (120, 1.0)]),
        (BalancerMetric::Elb4xx, Statistic::Sum, &[(0, 1.0)]),
        (BalancerMetric::Elb5xx, Statistic::Sum, &[]),
        (BalancerMetric::Target5xx, Statistic::Sum, &[(0, 2.0)]),
        (BalancerMetric::HealthyHosts, Statistic::Average, &[(0, 1.0), (60, 1.0), (120, 1.0)]),
        (BalancerMetric::UnhealthyHosts, Statistic::Maximum, &[(0, 0.0), (60, 0.0), (120, 0.0)]),
        (BalancerMetric::NewConnections, Statistic::Sum, &[(0, 2.0)]),
        (BalancerMetric::ProcessedBytes, Statistic::Sum, &[(0, 1800.0), (120, 1200.0)]),
        (times, Statistic::SampleCount, &[(0, 3.0), (120, 1.0)]),
        (times, Statistic::Average, &[(0, 2.0 / 3.0), (120, 0.5)]),
        (times, Statistic::Minimum, &[(0, 0.0), (120, 0.5)]),
        (times, Statistic::Maximum, &[(0, 2.0), (120, 0.5)]),
        (times, Statistic::Percentile(500_000), &[(0, 0.0), (120, 0.5)]),
        (times, Statistic::Percentile(990_000), &[(0, 2.0), (120, 0.5)]),
    ];
    let ask = |(which, statistic, _): &Case| MetricQuery {
        metric: Metric::Balancer(*which),
        period: secs(60),
        statistic: *statistic,
    };
    let needs = Needs { metrics: cases.iter().map(ask).collect(), alarms: vec![] };
    let looker = Looker::new("looker", needs, Some(secs(185)));
    let looks = Arc::clone(&looker.looks);
    steer(w, arrivals, vec![Box::new(looker)]);
    let looks = looks.lock().unwrap();
    let seen = &looks.iter().find(|look| look.now == at(185)).expect("it looks then").datapoints;
    for ((which, statistic, want), points) in cases.iter().zip(seen) {
        let found: Vec<(u64, f64)> = points.iter().map(|p| (p.start.as_nanos() / SECOND, p.value)).collect();
        let near = |(a, b): (&(u64, f64), &(u64, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= 0.004 * b.1;
        let same = found.len() == want.len() && found.iter().zip(*want).all(near);
        assert!(same, "{which:?} {statistic:?}: {found:?}, by hand {want:?}");
    }
}

/// Proves that each node tells what it reaches: of three targets in two zones, one stopped listening.
#[test]
fn each_node_counts_the_hosts_that_it_reaches() {
    let hosts = |cross_zone| {
        let mut w = narrow(400);
        fleet(&mut w, 3);
        w.group.zones = vec!["a".into(), "b".into()];
        w.balancer.cross_zone = cross_zone;
        w.machines = vec![Machine {
            name: "legacy".into(),
            vcpus: 1,
            hour_nano_usd: 0,
            zone: 1,
            running: true,
            registered: true,
        }];
        let query =
            |which, statistic| MetricQuery { metric: Metric::Balancer(which), period: secs(60), statistic };
        let healthy = |statistic| query(BalancerMetric::HealthyHosts, statistic);
        let metrics =
            vec![healthy(Statistic::SampleCount), healthy(Statistic::Sum), healthy(Statistic::Minimum)];
        let looker = Looker::new("looker", Needs { metrics, alarms: vec![] }, Some(secs(100)));
        let looks = Arc::clone(&looker.looks);
        steer(w, at_seconds(&[(1, 1.0)]), vec![Box::new(looker)]);
        let seen = looks.lock().unwrap();
        seen[0].datapoints.iter().map(|d| d[0].value).collect::<Vec<f64>>()
    };
    // The group has two in zone a and one in b; the machine stands in b.
    assert_eq!(hosts(true), [2.0, 8.0, 4.0]);
    assert_eq!(hosts(false), [2.0, 4.0, 2.0]);
}

/// Four instances that turn away what they cannot take at once, drawn by weights. From 60 s to 120 s the first one hangs.
fn one_hangs(mitigation: Option<Mitigation>) -> World {
    let mut w = narrow(400);
    fleet(&mut w, 4);
    w.instance.admitted = 4;
    w.balancer.algorithm = Algorithm::WeightedRandom;
    w.balancer.anomalies =
        Some(Anomalies { every: secs(10), margin_ppm: 50_000, least_errors: 5, mitigation });
    w.faults = vec![Fault {
        name: "hang".into(),
        when: FaultTime::At(at(60)),
        kind: FaultKind::Hang { time: secs(60) },
        victims: Victims::Zone(0),
    }];
    w.group.zones = ["a", "b", "c", "d"].map(String::from).to_vec();
    w
}

const MITIGATION: Mitigation = Mitigation { step: 13_107, minimum: 3_277, recovery: 3_277 };

/// What the log says of targets, with the second.
fn of_targets(rows: &Keep) -> Vec<(u64, String)> {
    let rows = rows.activities.iter().filter(|row| row.kind == ActivityKind::Target);
    rows.map(|row| (row.at.as_nanos() / SECOND, row.note.split(':').next().unwrap_or("").to_string()))
        .collect()
}

/// Proves that an anomalous target's share falls to its least weight, and recovers. By hand: the first look after the hang is at 70 s, the first
/// without failures at 130 s; from 0.05 the weight takes nineteen looks of 0.05, so that it is whole at 310 s.
#[test]
fn an_anomalous_target_loses_traffic_and_recovers() {
    let mut class = class(Distribution::Constant { value: 1e6 });
    class.weight = 1.0;
    let run = |mitigation| {
        let mut w = one_hangs(mitigation);
        w.classes = vec![class.clone()];
        simulate(w, evenly(100.0))
    };
    let (plain, told) = run(None);
    assert_eq!(of_targets(&told), [(70, "anomalous".to_string()), (130, "normal again".to_string())]);
    let (mitigated, told) = run(Some(MITIGATION));
    let rows = [(70, "anomalous"), (130, "normal again"), (310, "its whole weight again")];
    assert_eq!(of_targets(&told), rows.map(|(at, text)| (at, text.to_string())));
    // Until 70 s a quarter of 1000 requests is lost in either case but for the four that hang. Then 5000 requests are drawn: a quarter of them, or by
    // the weights 0.8, 0.6, 0.4, 0.2 and 0.05 of ten seconds each. Five standard deviations of each.
    let near = |found: u64, want: f64, variance: f64| {
        assert!((found as f64 - want).abs() <= 5.0 * variance.sqrt(), "{found}, by hand {want}");
    };
    near(plain.responses.target_5xx, 6000.0 / 4.0 - 4.0, 6000.0 * 0.1875);
    let shares: Vec<f64> = [1.0, 0.8, 0.6, 0.4, 0.2, 0.05].iter().map(|w| w / (3.0 + w)).collect();
    let want: f64 = shares.iter().map(|share| 1000.0 * share).sum();
    let variance: f64 = shares.iter().map(|share| 1000.0 * share * (1.0 - share)).sum();
    near(mitigated.responses.target_5xx, want - 4.0, variance);
    assert!(mitigated.responses.target_5xx < plain.responses.target_5xx / 2 + 100);
}

/// Proves that detection needs three healthy targets: of two none is anomalous, whatever fails.
#[test]
fn two_targets_are_not_compared() {
    let mut w = one_hangs(Some(MITIGATION));
    fleet(&mut w, 2);
    w.classes = vec![class(Distribution::Constant { value: 1e6 })];
    assert_eq!(of_targets(&simulate(w, evenly(100.0)).1), []);
}

/// Proves the published case that healthy targets do not enter slow start when it is switched on: from the first second they share alike, while a
/// launch beside them takes less than its share in its first minute.
#[test]
fn who_is_healthy_when_slow_start_begins_does_not_ramp() {
    let rows = include_str!("cases/alb_routing.txt").lines();
    let cases: Vec<&str> = rows.filter_map(|row| row.strip_prefix("start ")?.split(" = ").last()).collect();
    assert_eq!(cases, ["no"]);
    let mut w = narrow(60);
    fleet(&mut w, 2);
    w.group.max = 3;
    w.instance.queue_limit = 100;
    w.classes = vec![class(Distribution::Constant { value: 1e6 })];
    w.balancer.slow_start = secs(60);
    let (_, told) = steer(w, evenly(30.0), scripted::sizes(&[(30 * SECOND, 3)]));
    let served: Vec<u64> = told.instances.iter().map(|row| row.served).collect();
    // 900 requests alike; then 900 more, of which the third takes a share that grows to one half of a turn.
    assert!(served[0].abs_diff(served[1]) <= 1, "{served:?}");
    assert!((50..150).contains(&served[2]), "{served:?}");
}
