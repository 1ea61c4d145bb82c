//! CloudWatch through whole runs, against cases worked out by hand or taken from its documentation: samples and statistics, sliding windows,
//! monitoring, publication, group metrics, metric math, and when alarms are evaluated and act.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use support::*;

const NEVER_RINGS: f64 = 1e9;

/// Looks every `every` seconds at these queries, and writes down what it sees.
fn poll(
    w: World,
    arrivals: Workload,
    queries: Vec<MetricQuery>,
    every: u64,
    sizes: &[(u64, u32)],
) -> Vec<Look> {
    let needs = Needs { metrics: queries, alarms: vec![] };
    let looker = Looker::new("looker", needs, Some(secs(every)));
    let looks = Arc::clone(&looker.looks);
    let mut policies = scripted::sizes(sizes);
    policies.push(Box::new(looker));
    steer(w, arrivals, policies);
    let looks = looks.lock().unwrap();
    looks.clone()
}

/// The values of a series by the second in which their periods begin.
fn values(look: &Look, series: usize) -> Vec<(u64, f64)> {
    look.datapoints[series].iter().map(|p| (p.start.as_nanos() / SECOND, p.value)).collect()
}

/// One instance with room for many, and instances that serve as soon as they are launched.
fn roomy(duration: u64) -> World {
    let mut w = world(secs(duration), 1);
    (w.instance.admitted, w.instance.boot, w.group.max) = (10, vec![], 5);
    w
}

/// One request of 10 processor-hours: it stays inside.
fn stays() -> Workload {
    requests(&[(0, 36_000 * SECOND)])
}

/// Proves that a longer period takes all samples of its minutes and no mean of means. By hand: one busy instance in minute 1, joined by two
/// idle ones in minute 2: samples 1; 1, 0, 0. (The mean of the two averages would be 0.667.)
#[test]
fn a_longer_period_takes_all_samples() {
    let asked = [
        (Statistic::Average, 0.5),
        (Statistic::Sum, 2.0),
        (Statistic::Minimum, 0.0),
        (Statistic::Maximum, 1.0),
        (Statistic::SampleCount, 4.0),
        (Statistic::Percentile(500_000), 0.0),
        (Statistic::Percentile(750_000), 1.0),
        (Statistic::Percentile(999_900), 1.0),
    ];
    let query = |statistic| MetricQuery { metric: Metric::InFlight, period: secs(120), statistic };
    let queries = asked.iter().map(|a| query(a.0)).collect();
    let looks = poll(roomy(180), stays(), queries, 120, &[(60 * SECOND, 3)]);
    for (series, (statistic, want)) in asked.into_iter().enumerate() {
        assert_eq!(values(&looks[0], series), [(0, want)], "{statistic:?}");
    }
}

/// Proves the documented windows of alarm_timeline.json (`sliding_window`): an alarm of 300 s is evaluated at minute 5 over minutes 1 to 5, at
/// minute 6 over 2 to 6; on the wall clock it still sees 1 to 5. By hand: one request inside during minute 1 only.
#[test]
fn a_longer_alarm_slides_on_by_a_minute() {
    for (window, at_six) in [(Window::Sliding, (60, 0.0)), (Window::WallClock, (0, 0.2))] {
        let spec = AlarmSpec { query: query(Metric::InFlight, 300), window, ..alarm("any", true, 300) };
        let looker = Looker::new("looker", Needs { metrics: vec![], alarms: vec![spec] }, None);
        let looks = Arc::clone(&looker.looks);
        let work = requests(&[(0, 60 * SECOND)]);
        steer(roomy(400), work, vec![Box::new(looker)]);
        let seen: Vec<(u64, u64, f64)> = looks
            .lock()
            .unwrap()
            .iter()
            .map(|l| (l.now, l.alarms[0].evaluated[0]))
            .map(|(now, p)| (now.as_nanos() / SECOND, p.start.as_nanos() / SECOND, p.value))
            .collect();
        assert_eq!(seen, [(300, 0, 0.2), (360, at_six.0, at_six.1)], "{window:?}");
    }
}

/// Proves the group's metrics, and who counts in an average over instances. By hand: two launches at 60 s that enter service at 150 s and are
/// warm at 210 s; both leave at 250 s, idle.
#[test]
fn group_metrics_are_the_sizes_and_warm_instances_count() {
    let mut w = roomy(330);
    w.instance.boot = vec![phase("boot", Distribution::Constant { value: 90.0 * S }, BootStage::Running)];
    w.group.warm_up = secs(60);
    let mut queries: Vec<MetricQuery> =
        GroupMetric::ALL.iter().map(|&which| query(Metric::Group(which), 60)).collect();
    let counted = MetricQuery { statistic: Statistic::SampleCount, ..query(Metric::CpuUtilization, 60) };
    queries.push(counted);
    let looks = poll(w, evenly(0.0), queries, 300, &[(60 * SECOND, 3), (250 * SECOND, 1)]);
    // min, max, desired, in service, pending, terminating, total; and samples of the CPU.
    let rows = [
        (0, [1, 5, 1, 1, 0, 0, 1, 1]),
        (60, [1, 5, 3, 1, 2, 0, 3, 1]),
        (120, [1, 5, 3, 3, 0, 0, 3, 1]),
        (180, [1, 5, 3, 3, 0, 0, 3, 3]),
        (240, [1, 5, 1, 1, 0, 0, 1, 1]),
    ];
    for (minute, (start, want)) in rows.into_iter().enumerate() {
        for (series, want) in want.into_iter().enumerate() {
            assert_eq!(values(&looks[0], series)[minute], (start, f64::from(want)), "series {series}");
        }
    }
}

/// Proves metric math by hand: arithmetic over datapoints of one period; a missing operand and a division by zero give no datapoint.
#[test]
fn metric_math_needs_all_its_datapoints() {
    use Expression::{Join, Metric as Read, Number};
    let join =
        |operator, left: Expression, right: Expression| Join(operator, Box::new(left), Box::new(right));
    let group = |which| Read(Metric::Group(which), Statistic::Average);
    let sum = || Read(Metric::InFlight, Statistic::Sum);
    let count = Read(Metric::ResponseTime(500_000), Statistic::SampleCount);
    let per_instance = join(Operator::Divide, sum(), group(GroupMetric::InServiceInstances));
    let trees = [
        (
            join(Operator::Subtract, Number(10.0), join(Operator::Multiply, per_instance, Number(4.0))),
            Some(8.0),
        ),
        (join(Operator::Divide, sum(), group(GroupMetric::PendingInstances)), None),
        (join(Operator::Add, sum(), count), None),
    ];
    let mut w = roomy(90);
    fleet(&mut w, 2);
    w.metrics.math =
        trees.iter().map(|t| MathMetric { name: "math".into(), expression: t.0.clone() }).collect();
    let queries = (0..3).map(|index| query(Metric::Math(index), 60)).collect();
    let looks = poll(w, stays(), queries, 60, &[]);
    for (series, (_, want)) in trees.iter().enumerate() {
        assert_eq!(values(&looks[0], series), want.iter().map(|v| (0, *v)).collect::<Vec<_>>());
    }
}

/// Proves basic monitoring: CPU has one point in five, stamped with the start of its five minutes and seen at their end, while other metrics
/// keep the minute. An alarm of one minute over it never has data (its range of 3 periods has passed); one of 300 s does.
#[test]
fn basic_monitoring_shows_one_point_in_five() {
    let mut w = roomy(1300);
    w.metrics.ec2_resolution = secs(300);
    let queries = vec![
        query(Metric::CpuUtilization, 60),
        query(Metric::InFlight, 60),
        query(Metric::CpuUtilization, 600),
    ];
    for look in poll(w.clone(), stays(), queries, 60, &[]) {
        let now = look.now.as_nanos() / SECOND;
        let fives: Vec<(u64, f64)> = (0..now / 300).map(|k| (k * 300, 100.0)).collect();
        assert_eq!(values(&look, 0), fives, "at {now}");
        assert_eq!(values(&look, 1).len() as u64, now / 60, "at {now}");
        assert_eq!(values(&look, 2).len() as u64, now / 600, "at {now}");
    }
    let states = |period, n| {
        let spec = AlarmSpec { evaluation_periods: n, threshold: NEVER_RINGS, ..alarm("cpu", true, period) };
        let looker = Looker::new("looker", Needs { metrics: vec![], alarms: vec![spec] }, Some(secs(60)));
        let looks = Arc::clone(&looker.looks);
        steer(w.clone(), stays(), vec![Box::new(looker)]);
        let looks = looks.lock().unwrap();
        looks.iter().map(|l| (l.now.as_nanos() / SECOND, l.alarms[0].state)).collect::<Vec<_>>()
    };
    assert!(states(60, 1).iter().all(|s| s.1 == AlarmState::InsufficientData));
    let known = |(now, state): &(u64, AlarmState)| (*state == AlarmState::Ok) == (*now >= 300);
    assert!(states(300, 1).iter().all(known), "{:?}", states(300, 1));
}

/// Proves that a publication law is drawn for each metric and period: every datapoint is first seen between 30 and 120 s after its period
/// (looks every 5 s), half of them later than 60 s (57 datapoints, within four standard deviations), and another metric's differ.
#[test]
fn publication_is_drawn_for_each_metric_and_period() {
    let mut w = roomy(3600);
    w.metrics.publication_law = Some(Distribution::Uniform { low: 30.0 * S, high: 120.0 * S });
    let queries = vec![query(Metric::CpuUtilization, 60), query(Metric::InFlight, 60)];
    let mut first: [BTreeMap<u64, u64>; 2] = Default::default();
    for look in poll(w, stays(), queries, 5, &[]) {
        for (series, seen) in first.iter_mut().enumerate() {
            for (start, _) in values(&look, series) {
                seen.entry(start).or_insert(look.now.as_nanos() / SECOND - start - 60);
            }
        }
    }
    // Whoever reads the newest period sees what has come of the older ones by then.
    for seen in &first {
        assert!(seen.values().all(|delay| (30..=125).contains(delay)), "{seen:?}");
        let late = seen.values().filter(|&&delay| delay > 75).count();
        assert!(seen.len() >= 57 && late.abs_diff(seen.len() / 2) <= 15, "{late} of {}", seen.len());
    }
    assert_ne!(first[0], first[1]);
}

/// Proves the rhythm of high resolution, by hand: an alarm of 10 s, 3 of 3, is in ALARM after 30 s and calls its policy then and every minute, though
/// it is evaluated every 10 s.
#[test]
fn an_alarm_of_high_resolution_acts_at_once_and_then_once_a_minute() {
    let mut w = roomy(200);
    w.metrics = Metrics::every(secs(10));
    (w.metrics.alarm_every, w.metrics.fine_alarm_every) = (secs(60), secs(10));
    let spec = AlarmSpec { evaluation_periods: 3, datapoints_to_alarm: 3, ..alarm("fine", true, 10) };
    let looker = Looker::new("looker", Needs { metrics: vec![], alarms: vec![spec] }, None);
    let looks = Arc::clone(&looker.looks);
    steer(w, evenly(0.0), vec![Box::new(looker)]);
    let times: Vec<SimTime> = looks.lock().unwrap().iter().map(|l| l.now).collect();
    assert_eq!(times, [30, 90, 150].map(at));
}

/// Proves that with random phase each alarm is evaluated at one moment of its minute, drawn by its name, spread over the whole of it.
#[test]
fn random_phases_spread_alarms_over_the_minute() {
    let mut w = roomy(400);
    w.metrics.alarm_phase = AlarmPhase::Random;
    let alarms: Vec<AlarmSpec> = (0..64).map(|i| alarm(&format!("alarm {i}"), true, 60)).collect();
    let looker = Looker::new("looker", Needs { metrics: vec![], alarms }, None);
    let looks = Arc::clone(&looker.looks);
    steer(w, evenly(0.0), vec![Box::new(looker)]);
    let mut phases: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for look in looks.lock().unwrap().iter() {
        let Trigger::Alarm(alarm) = look.trigger else { panic!("{look:?}") };
        phases.entry(alarm).or_default().push(look.now.as_nanos());
    }
    let minute = 60 * SECOND;
    assert_eq!(phases.len(), 64);
    assert!(phases.values().all(|times| times.windows(2).all(|t| t[1] - t[0] == minute)));
    assert!(phases.values().all(|times| times[0] >= minute && times[0] <= 2 * minute));
    // 64 draws over four quarters: 16 each, within four standard deviations (3.5 each).
    for quarter in 0..4 {
        let inside = phases.values().filter(|t| t[0] % minute / (15 * SECOND) == quarter).count();
        assert!(inside.abs_diff(16) <= 14, "{inside} in quarter {quarter}");
    }
}
