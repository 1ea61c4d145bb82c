//! Control through whole runs, against cases worked out by hand or taken from documentation: when alarms ring, who wins when several
//! policies ask, what bounds do, and that nobody sees a datapoint before it is published. The alarm's own tables are tested beside
//! it, in `control/alarm.rs`.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use std::sync::{Arc, Mutex};
use support::*;

/// Asks once, when one of its alarms rings or when it is looked at because another's does.
struct Stub {
    name: String,
    alarm: AlarmSpec,
    answer: Decision,
    asked: Arc<Mutex<Vec<(String, Trigger, SimTime)>>>,
}

impl Policy for Stub {
    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Needs {
        Needs { metrics: vec![], alarms: vec![self.alarm.clone()] }
    }
    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        self.asked.lock().expect("one thread").push((self.name.clone(), seen.trigger, seen.now));
        if seen.now == at(60) { self.answer.clone() } else { Decision::hold(Reason::NoChange) }
    }
}

/// A policy's answer in the words of the case file.
fn answer(text: &str) -> Decision {
    let (kind, size) = text.split_once(':').unwrap_or((text, "0"));
    let wanted: u32 = size.parse().expect("a size");
    let tracking = Reason::TargetTracking { value: 1.0, target: 1.0, capacity: wanted, wanted };
    match kind {
        "step" => Decision::desired(wanted, Reason::Adjustment { value: None, base: 0, change: 0 }),
        "predictive" => Decision::desired(wanted, Reason::Other("forecast".into())),
        "tracker" => Decision::desired(wanted, tracking),
        "hold" => Decision::hold(Reason::ScaleInDisabled),
        "block" => Decision::hold_and_block_scale_in(Reason::NoData),
        other => panic!("no kind {other}"),
    }
}

/// A fleet without load, every alarm evaluated once a minute.
fn idle(size: u32) -> World {
    let mut w = world(secs(600), 1);
    fleet(&mut w, size);
    (w.group.min, w.group.max) = (0, 100);
    w
}

/// Orders of `n` things that put each of them first and last once.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let rotated = |by| (0..n).map(|i| (i + by) % n).collect::<Vec<_>>();
    (0..n).flat_map(|by| [rotated(by), rotated(by).into_iter().rev().collect()]).collect()
}

/// Proves the rule for policies that ask at one instant, documented and derived cases: the largest wins, outward and inward, and a
/// target tracker that is not ready stops trackers, not steps, from scaling in. In every order of the policies, and whether
/// those that hold ring themselves or are looked at because others ring.
#[test]
fn several_policies_at_one_instant() {
    let file = include_str!("cases/multi_policy.txt");
    let mut cases = 0;
    for row in file.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = row.split(' ').collect();
        let (before, want): (u32, u32) = (words[1].parse().unwrap(), words[words.len() - 1].parse().unwrap());
        let asked = &words[2..words.len() - 2];
        for (order, all_ring) in orders(asked.len()).into_iter().flat_map(|o| [(o.clone(), true), (o, false)])
        {
            let policies = order.iter().map(|&i| {
                let rings = all_ring || asked[i].contains(':');
                let alarm = alarm("utilisation", rings, 60);
                let (name, answer) = (format!("{i}"), answer(asked[i]));
                Box::new(Stub { name, alarm, answer, asked: Arc::default() }) as Box<dyn Policy>
            });
            let keep = steer(idle(before), evenly(0.0), policies.collect()).1;
            assert_eq!(keep.periods[1].desired, want, "{row}, order {order:?}, all ring: {all_ring}");
            let rows: Vec<&ActivityRow> =
                keep.activities.iter().filter(|a| a.kind == ActivityKind::Decision).collect();
            let granted: Vec<(u32, u32)> = rows.iter().map(|a| (a.before, a.granted)).collect();
            let changed = if want == before { vec![] } else { vec![(before, want)] };
            assert_eq!(granted, changed, "{row}: one change at most is granted and logged");
            if let [row] = rows[..] {
                let winner: usize = row.actor.parse().expect("a policy");
                assert_eq!(
                    asked[winner].rsplit(':').next(),
                    Some(want.to_string().as_str()),
                    "the winner is named"
                );
                assert_eq!((row.at, row.asked), (at(60), Some(want)));
                assert_eq!(row.cause, "utilisation: cpu_utilization [0.00] >= 0");
            }
            cases += 1;
        }
    }
    println!("{cases} runs");
    assert!(cases > 150);
}

/// Proves when an alarm first rings on a breach that is there from the start, worked out by hand: a datapoint of [a, b) counts at
/// the first evaluation at or after b + delay; gaps before the run are missing, so `breaching` rings at once and no other does.
#[test]
fn alarms_ring_at_the_first_evaluation_that_can_know() {
    use MissingData::{Breaching, Ignore, Missing, NotBreaching};
    let cases: [(u64, u64, u64, u32, u32, MissingData, u64); 14] = [
        // period, delay, evaluated every (s), M, N, gaps, rings at (s)
        (60, 0, 60, 1, 1, Missing, 60),
        (60, 0, 60, 3, 3, Missing, 180),
        (60, 0, 60, 3, 3, Ignore, 180),
        (60, 0, 60, 3, 3, NotBreaching, 180),
        (60, 0, 60, 3, 3, Breaching, 60),
        (60, 0, 60, 2, 3, Missing, 120),
        (60, 1, 60, 1, 1, Missing, 120),
        (60, 60, 60, 1, 1, Missing, 120),
        (60, 61, 60, 1, 1, Missing, 180),
        (60, 120, 60, 3, 3, Missing, 300),
        (60, 150, 60, 3, 3, NotBreaching, 360),
        (60, 0, 10, 1, 1, Missing, 60),
        (60, 5, 10, 2, 2, Missing, 130),
        (300, 0, 60, 1, 1, Missing, 300),
    ];
    for case in cases {
        let (period, delay, every, m, n, missing_data, want) = case;
        let mut w = idle(1);
        (w.metrics.publication_delay, w.metrics.alarm_every) = (secs(delay), secs(every));
        let spec = alarm("high", true, period);
        let alarms = vec![AlarmSpec { evaluation_periods: n, datapoints_to_alarm: m, missing_data, ..spec }];
        let looker = Looker::new("looker", Needs { metrics: vec![], alarms }, None);
        let looks = Arc::clone(&looker.looks);
        simulate_with(w, evenly(0.0), vec![Box::new(looker)]);
        let looks = looks.lock().unwrap();
        assert_eq!(looks[0].now, at(want), "{case:?}");
        assert!(looks.iter().all(|l| l.trigger == Trigger::Alarm(0)), "{case:?}");
        let again: Vec<SimTime> = (0..looks.len() as u64).map(|i| at(want + i * 60)).collect();
        assert_eq!(
            looks.iter().map(|l| l.now).collect::<Vec<_>>(),
            again,
            "asked again once a minute, however often it is evaluated, {case:?}"
        );
    }
}

fn simulate_with(world: World, workload: Workload, policies: Vec<Box<dyn Policy>>) -> Keep {
    steer(world, workload, policies).1
}

/// Proves the action count of alarm_timeline.json (`action_invocations`, autoscaling): five minutes in ALARM are five calls, the
/// first at the transition; a silent policy with alarms is looked at each of these times, one without alarms never.
#[test]
fn an_alarm_calls_its_policy_every_minute_it_lasts() {
    let asked: Arc<Mutex<Vec<(String, Trigger, SimTime)>>> = Arc::default();
    let busy = AlarmSpec {
        query: query(Metric::InFlight, 60),
        comparison: Comparison::GreaterThanThreshold,
        threshold: 0.5,
        ..alarm("busy", true, 60)
    };
    let stub = |name: &str, alarm| {
        let answer = Decision::hold(Reason::NoChange);
        Box::new(Stub { name: name.into(), alarm, answer, asked: Arc::clone(&asked) }) as Box<dyn Policy>
    };
    let deaf =
        Looker::new("deaf", Needs { metrics: vec![query(Metric::InFlight, 60)], alarms: vec![] }, None);
    let looks = Arc::clone(&deaf.looks);
    let policies = vec![
        stub("silent", alarm("never", false, 60)),
        stub("rings", busy),
        Box::new(deaf) as Box<dyn Policy>,
    ];
    // One request inside from 60 s to 360 s: the periods that end at 120, 180, ..., 360 breach.
    simulate_with(idle(1), requests(&[(60 * SECOND, 300 * SECOND)]), policies);
    let asked = asked.lock().unwrap();
    let of = |name: &str| -> Vec<(Trigger, SimTime)> {
        asked.iter().filter(|a| a.0 == name).map(|a| (a.1, a.2)).collect()
    };
    let minutes = [120, 180, 240, 300, 360];
    assert_eq!(of("rings"), minutes.map(|t| (Trigger::Alarm(0), at(t))));
    assert_eq!(of("silent"), minutes.map(|t| (Trigger::Look, at(t))));
    assert!(looks.lock().unwrap().is_empty());
}

/// Runs a policy that looks every `every` and writes down what it sees of three series.
fn watch(delay: SimDuration, missing_ppm: u32, every: SimDuration) -> Vec<Look> {
    let mut w = world(secs(7200), 9);
    w.instance.admitted = 10;
    (w.metrics.publication_delay, w.metrics.missing_ppm) = (delay, missing_ppm);
    let metrics = vec![
        query(Metric::CpuUtilization, 60),
        query(Metric::InFlight, 180),
        query(Metric::RequestCountPerTarget, 600),
    ];
    let alarms =
        vec![AlarmSpec { evaluation_periods: 4, datapoints_to_alarm: 2, ..alarm("always", true, 60) }];
    let looker = Looker::new("looker", Needs { metrics, alarms }, Some(every));
    let looks = Arc::clone(&looker.looks);
    simulate_with(w, poisson(0.5), vec![Box::new(looker)]);
    let looks = looks.lock().unwrap().clone();
    assert!(looks.len() as u64 >= 7200 * SECOND / every.as_nanos() - 1);
    looks
}

/// Proves causality: at every look, of a policy and through an alarm, every datapoint seen ended and was published by then; they
/// are in order and at most 32; and with nothing missing what is seen is everything published, to the nanosecond.
#[test]
fn decisions_see_published_data_only() {
    let delays = [0, 1, 30 * SECOND, 60 * SECOND, 90 * SECOND + 1, 600 * SECOND, 5000 * SECOND];
    let mut checked = 0;
    for (delay, missing) in delays.into_iter().flat_map(|d| [(d, 0), (d, 400_000)]) {
        for every in [10 * SECOND, 7_300_000_001] {
            let delay = SimDuration::from_nanos(delay);
            for look in watch(delay, missing, SimDuration::from_nanos(every)) {
                let alarms = look.alarms.iter().map(|a| &a.evaluated);
                for (i, series) in look.datapoints.iter().chain(alarms).enumerate() {
                    let starts: Vec<u64> = series.iter().map(|d| d.start.as_nanos()).collect();
                    let period = [60, 180, 600, 60][i] * SECOND;
                    assert!(
                        series
                            .iter()
                            .all(|d| d.start + d.period + delay <= look.now && d.period.as_nanos() == period)
                    );
                    assert!(
                        starts.is_sorted_by(|a, b| a < b) && starts.iter().all(|s| s.is_multiple_of(period))
                    );
                    let published = look.now.as_nanos().saturating_sub(delay.as_nanos()) / period;
                    let want: Vec<u64> =
                        (published.saturating_sub(32)..published).map(|n| n * period).collect();
                    assert!(i == 3 || starts.iter().all(|s| want.contains(s)), "at most the last 32 periods");
                    assert!(
                        i == 3 || missing > 0 || starts == want,
                        "at {} with delay {delay}: {starts:?}",
                        look.now
                    );
                    checked += series.len();
                }
            }
        }
    }
    println!("{checked} datapoints");
    assert!(checked > 100_000);
}

/// Proves that datapoints go missing at the stated rate, and that a datapoint seen once is seen with the same value until it leaves
/// the window. (Seed 9: 20 % of 120, within four standard deviations of 24.)
#[test]
fn datapoints_go_missing_at_their_rate_and_never_change() {
    let mut values = std::collections::BTreeMap::new();
    for look in watch(secs(30), 200_000, secs(20)) {
        for point in &look.datapoints[0] {
            let before = values.insert(point.start, point.value);
            assert!(before.is_none_or(|v| v == point.value), "{} changed", point.start);
        }
    }
    let missing = 119 - values.len() as i64;
    assert!((missing - 24).abs() <= 18, "{missing} of 119 are missing");
}

/// Proves what the log says of a wish and its bounds: granted is the wish clamped, `note` names the bound that did it, and a wish
/// that changes nothing is a hold that says why.
#[test]
fn the_log_says_what_was_asked_granted_and_why_not_more() {
    let cases = [
        // before, asked, min, max, granted, note
        (4, 6, 2, 8, 6, ""),
        (4, 8, 2, 8, 8, ""),
        (4, 9, 2, 8, 8, "limited by max 8"),
        (4, 1000, 2, 8, 8, "limited by max 8"),
        (4, 3, 2, 8, 3, ""),
        (4, 2, 2, 8, 2, ""),
        (4, 1, 2, 8, 2, "limited by min 2"),
        (4, 0, 2, 8, 2, "limited by min 2"),
        (4, 0, 0, 8, 0, ""),
        (8, 12, 2, 8, 8, "limited by max 8"),
        (2, 0, 2, 8, 2, "limited by min 2"),
        (4, 4, 2, 8, 4, "already at this size"),
        (4, 9, 6, 6, 6, "limited by max 6"),
        (4, 5, 6, 6, 6, "limited by min 6"),
    ];
    for case in cases {
        let (before, asked, min, max, granted, note) = case;
        let mut w = idle(before);
        (w.group.min, w.group.max) = (min, max);
        let keep = simulate_with(w, evenly(0.0), sizes(&[(100 * SECOND, asked)]));
        assert_eq!(keep.periods[1].desired, granted, "{case:?}");
        let row = ActivityRow {
            at: at(100),
            kind: ActivityKind::Decision,
            actor: "script".into(),
            instance: None,
            cause: String::new(),
            asked: Some(asked),
            granted,
            before,
            reason: Some(Reason::Fixed),
            note: note.into(),
        };
        let rows: Vec<ActivityRow> = keep
            .activities
            .into_iter()
            .filter(|a| matches!(a.kind, ActivityKind::Decision | ActivityKind::Hold))
            .collect();
        let row = if granted == before { ActivityRow { kind: ActivityKind::Hold, ..row } } else { row };
        assert_eq!(rows, [row], "{case:?}");
    }
}

fn raw(size: u32) -> Decision {
    Decision { raw: true, ..Decision::desired(size, Reason::Fixed) }
}

/// Proves that a raw decision passes the bounds and ends instances at once, what they hold lost, where an ordinary one lets them
/// finish: two instances with a request of 100 s each, one of them told to go after 50 s.
#[test]
fn raw_decisions_skip_bounds_and_draining() {
    let list = [(10 * SECOND, 100 * SECOND), (10 * SECOND, 100 * SECOND)];
    let go = |decision: Decision| {
        let mut w = idle(2);
        w.group.min = 2;
        w.group.max = 3;
        let (result, keep) = steer(w, requests(&list), script(&[(60 * SECOND, decision)]));
        (result.requests.served, result.attempts.killed, keep.periods[1].desired, result.scaling.terminations)
    };
    assert_eq!(go(raw(1)), (1, 1, 1, 1));
    assert_eq!(go(raw(0)), (0, 2, 0, 2));
    assert_eq!(go(Decision::desired(1, Reason::Fixed)), (2, 0, 2, 0), "the minimum is 2");
    assert_eq!(go(Decision { bounds: Some((1, 3)), ..Decision::desired(1, Reason::Fixed) }), (2, 0, 1, 1));
    assert_eq!(go(raw(7)), (2, 0, 7, 0));
    assert_eq!(go(Decision::desired(7, Reason::Fixed)), (2, 0, 3, 0));
}

/// Proves that the bounds of a schedule take effect before its wish, stay, are seen by everybody, and move the size alone when it lies
/// outside; every change of the size is a row of the log that says so.
#[test]
fn bounds_of_a_schedule() {
    let with = |bounds, decision| Decision { bounds: Some(bounds), ..decision };
    let hold = || Decision::hold(Reason::Schedule { entry: "night".into() });
    let size = |n| Decision::desired(n, Reason::Schedule { entry: "night".into() });
    let cases = [
        // before, decision, then a policy asks for, sizes after both
        (4, with((6, 9), hold()), 0, [6, 6]),
        (4, with((1, 2), hold()), 9, [2, 2]),
        (4, with((2, 9), hold()), 20, [4, 9]),
        (4, with((6, 9), size(3)), 7, [6, 7]),
        (4, with((6, 9), size(12)), 1, [9, 6]),
        (4, with((0, 9), size(0)), 3, [0, 3]),
        (4, with((5, 5), size(9)), 9, [5, 5]),
        (4, with((5, 5), size(1)), 1, [5, 5]),
    ];
    for (before, decision, later, want) in cases {
        let bounds = decision.bounds.expect("every case has bounds");
        let looker = Looker::new("looker", Needs::default(), Some(secs(90)));
        let looks = Arc::clone(&looker.looks);
        let steps =
            [(100 * SECOND, decision.clone()), (200 * SECOND, Decision::desired(later, Reason::Fixed))];
        let mut policies = script(&steps);
        policies.push(Box::new(looker));
        let keep = simulate_with(idle(before), evenly(0.0), policies);
        assert_eq!([keep.periods[1].desired, keep.periods[3].desired], want, "{decision:?}");
        let seen: Vec<_> = looks.lock().unwrap().iter().take(3).map(|l| l.sizes).collect();
        assert_eq!(seen, [(0, before, 100), (bounds.0, want[0], bounds.1), (bounds.0, want[1], bounds.1)]);
        let mut size = before;
        for row in keep.activities.iter().filter(|a| a.before != a.granted) {
            assert_eq!(row.before, size, "{decision:?}: {:?}", keep.activities);
            size = row.granted;
        }
        assert_eq!(
            size, want[1],
            "every change of the size is in the log: {decision:?}, {:?}",
            keep.activities
        );
    }
}

/// Requests per target: 40 a second evenly on 4 targets are 600 a minute for each, as sum (what an ALB publishes) and as average.
#[test]
fn the_sum_of_requests_per_target_is_per_target() {
    #[derive(Clone)]
    struct Reads(std::sync::Arc<std::sync::Mutex<Vec<f64>>>);
    impl Policy for Reads {
        fn name(&self) -> &str {
            "reads"
        }
        fn needs(&self) -> Needs {
            let query = |statistic| MetricQuery {
                metric: Metric::RequestCountPerTarget,
                period: secs(60),
                statistic,
            };
            Needs { metrics: vec![query(Statistic::Sum), query(Statistic::Average)], alarms: vec![] }
        }
        fn next_look(&self, now: SimTime) -> Option<SimTime> {
            Some(now + secs(60))
        }
        fn decide(&mut self, seen: &Observation<'_>) -> Decision {
            let newest = seen.datapoints.iter().filter_map(|points| points.last()).map(|p| p.value);
            self.0.lock().expect("one thread").extend(newest);
            Decision::hold(Reason::OnTarget)
        }
    }
    let mut w = world(secs(600), 1);
    fleet(&mut w, 4);
    w.classes = vec![class(Distribution::Constant { value: 10.0 * MS })];
    w.instance.admitted = 10;
    let reads = Reads(Default::default());
    steer(w, evenly(40.0), vec![Box::new(reads.clone())]);
    let values = reads.0.lock().expect("one thread");
    assert!(values.len() >= 16 && values.iter().all(|&v| v == 600.0), "{values:?}");
}
