//! The stories that the shipped scenarios tell, and the promise to the letter.

use simscale::engine::{PeriodRow, RunResult, Sink};
use simscale::text::Override;
use simscale::{Scenario, summary::Summary};
use std::path::Path;

#[derive(Default)]
struct Rows(Vec<PeriodRow>);

impl Sink for Rows {
    fn period(&mut self, row: &PeriodRow) {
        self.0.push(row.clone());
    }
}

impl Rows {
    /// Served over arrived in the periods that start in `[from, to)` minutes.
    fn served_ratio(&self, from: u64, to: u64) -> f64 {
        let minute = 60_000_000_000;
        let rows = self.0.iter().filter(|r| (from * minute..to * minute).contains(&r.start.as_nanos()));
        let (served, arrived) = rows.fold((0, 0), |(s, a), r| (s + r.served, a + r.arrived));
        served as f64 / arrived as f64
    }
}

fn run(text: &str, set: &[(&str, &str)]) -> (Scenario, RunResult, Rows) {
    let overrides: Vec<Override> = set.iter().map(|(path, value)| Override::new(*path, *value)).collect();
    let scenario = Scenario::read("story.toml", text, &overrides).unwrap_or_else(|e| panic!("{e}"));
    let mut rows = Rows::default();
    let result = scenario.simulation(None, None).expect("valid").run(&mut rows).expect("no law broke");
    (scenario, result, rows)
}

fn shipped(name: &str, set: &[(&str, &str)]) -> (Scenario, RunResult, Rows) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.toml"));
    run(&std::fs::read_to_string(path).expect("the scenario ships"), set)
}

/// All instances hang for ten minutes: ten windows are violated, though no request completed in them.
#[test]
fn a_fleet_that_hangs_for_ten_minutes_breaks_ten_windows() {
    let text = r#"
        schema = 1
        name = "hang"
        [simulation]
        duration = "30m"
        [workload]
        constant = { rate = "20/s" }
        [service]
        cpu_time = { constant = "10ms" }
        [clients]
        timeout = "1s"
        abandoned_work = "cancelled"
        [instance]
        vcpus = 2
        price = "0.10 USD/h"
        [group]
        min = 3
        max = 3
        [[fault]]
        name = "standstill"
        when = { at = "10m" }
        what = { hang = { time = "10m" } }
        victims = "all"
        [[objective]]
        name = "fast"
        latency = { quantile = 0.9, below = "500ms" }
    "#;
    let (scenario, result, rows) = run(text, &[]);
    let fast = &result.objectives[0];
    assert_eq!((fast.windows, fast.violating_windows, fast.thin_windows), (30, 10, 0));
    assert_eq!(rows.0[10..20].iter().map(|r| r.served).sum::<u64>(), 0, "nothing completed in ten minutes");
    // The minute before the hang loses its last requests, and keeps its promise all the same.
    let share = fast.violating_requests as f64 / fast.requests as f64;
    assert!((0.32..0.35).contains(&share), "a third of the requests: {share}");
    let summary = Summary::new(&scenario, &result);
    assert_eq!(summary.figure("objective.fast.violation_ratio"), Some(10.0 / 30.0));
}

/// 90 s of overload from minute 5; ten minutes after the load is back to normal the service is still collapsed, and a
/// retry budget of 10 % lets it recover.
#[test]
fn a_retry_storm_outlives_its_cause_and_a_budget_ends_it() {
    let (_, _, storm) = shipped("retry-storm", &[]);
    assert!(storm.served_ratio(0, 5) > 0.999);
    assert!(storm.served_ratio(7, 18) < 0.1, "collapsed: {}", storm.served_ratio(7, 18));
    let (_, _, budget) = shipped("retry-storm", &[("clients.retries.budget_ratio", "0.1")]);
    assert!(budget.served_ratio(10, 18) > 0.999, "recovered: {}", budget.served_ratio(10, 18));
}

/// In the worst minutes the broken instance takes far more than one request in twenty-one.
#[test]
fn a_black_hole_takes_far_more_than_its_share() {
    let (_, result, rows) = shipped("black-hole", &[]);
    let worst = rows.0.iter().map(|r| r.failed as f64 / r.arrived as f64 / (1.0 / f64::from(r.in_service)));
    let worst = worst.fold(0.0, f64::max);
    assert!(worst > 3.0, "the broken instance takes {worst} times its share");
    let bad_minutes = rows.0.iter().filter(|r| r.failed > 0).count();
    assert!((4..=8).contains(&bad_minutes), "until the health check sees it: {bad_minutes} minutes");
    assert!(result.attempts.errors > 0 && result.scaling.replacements >= 1);
}

/// Past the knee of the backend four times the fleet serves no more and waits longer.
#[test]
fn scaling_out_before_a_saturated_backend_makes_it_worse() {
    let served_and_p99 = |max| {
        let (_, result, _) = shipped("saturated-backend", &[("group.max", max)]);
        (result.requests.served as f64, result.response_time.quantiles_ns[3] as f64)
    };
    let ((few, few_p99), (many, many_p99)) = (served_and_p99("4"), served_and_p99("16"));
    assert!((many / few - 1.0).abs() < 0.01, "served {few} and {many}");
    assert!(many_p99 > 2.0 * few_p99, "p99 {few_p99} and {many_p99} ns");
}

/// The M/M/1 and M/M/16 files against theory: the mean within 1 %, more than three standard errors of these lengths.
#[test]
fn the_textbook_scenarios_meet_the_textbook() {
    for (name, exact) in [("mm1", 0.5), ("mm16", 0.109_527_6)] {
        let (scenario, result, _) = shipped(name, &[]);
        let mean = Summary::new(&scenario, &result).figure("response_time_s.mean").expect("a figure");
        assert!((mean / exact - 1.0).abs() < 0.01, "{name}: mean {mean}, theory {exact}");
    }
}
