//! The statistics of sweeps against queues whose answer is known: how often a wrong cell is named, how often an interval holds the truth.
//!
//! The seeds are 1, 2, 3, ... and were fixed before anything was run. `cargo test -p simscale-runner --release --test statistics --
//! --ignored --nocapture` runs everything and prints what it found; the rest is a part that CI can bear.

use rayon::prelude::*;
use simscale::Scenario;
use simscale::plan::replication_seed;
use simscale::scenario::Precision;
use simscale_oracle::mmc::Mmc;
use simscale_runner::sweep::judgement::COST;
use simscale_runner::sweep::statistics::{Sample, chance_at_most};
use simscale_runner::sweep::{Answer, CellRuns, Study, precise};
use std::ops::Range;

/// An M/M/c queue with a mean service of one second, and what is promised: a share of responses within a limit.
#[derive(Clone, Copy)]
struct Problem {
    rate: f64,
    limit: f64,
    allowed: f64,
}

impl Problem {
    /// Share of the responses above the limit, exactly.
    fn tail(self, servers: u32) -> f64 {
        Mmc::new(self.rate, 1.0, servers).expect("stable").response_tail(self.limit)
    }

    /// The smallest number of servers that keeps the promise.
    fn cheapest(self) -> u32 {
        let stable = self.rate.floor() as u32 + 1;
        (stable..).find(|&servers| self.tail(servers) <= self.allowed).expect("enough servers")
    }

    /// The queue as a scenario: one instance with so many workers, at a dollar an hour for each.
    fn scenario(self, servers: u32, requests: f64) -> Scenario {
        let (lead_in, Problem { rate, limit, allowed }) = (240.0, self);
        let duration = (lead_in + requests / rate).round();
        let text = format!(
            r#"schema = 1
            name = "queue"
            simulation = {{ duration = "{duration}s", lead_in = "{lead_in}s", seed = 1 }}
            workload = {{ constant = {{ rate = "{rate}/s" }} }}
            service = {{ cpu_time = {{ exponential = {{ mean = "1s" }} }} }}
            balancer = {{ idle_timeout = "0s", price = "0 USD/h" }}
            group = {{ min = 1, max = 1 }}
            policy = [{{ name = "one", fixed = {{ size = 1 }} }}]
            objective = [{{ name = "fast", good_requests = {{ below = "{limit}s" }}, allowed_ratio = {allowed} }}]
            [instance]
            vcpus = {servers}
            price = "{servers} USD/h"
            discipline = {{ workers = {{ count = {servers} }} }}
            queue_limit = 1000000
            "#
        );
        Scenario::read("queue", &text, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }
}

/// Violation ratio and mean response of replications of a scenario.
fn runs(scenario: &Scenario, master: u64, numbers: Range<u64>) -> Vec<(f64, f64)> {
    let one = |number| {
        let simulation = scenario.simulation(Some(replication_seed(master, number)), None).expect("valid");
        let result = simulation.run(&mut ()).expect("the laws hold");
        let times = result.response_time;
        (result.objectives[0].violation_ratio, times.sum_ns as f64 / times.count as f64 / 1e9)
    };
    numbers.map(one).collect()
}

fn study(problem: Problem, cells: &[(u32, Vec<(f64, f64)>)]) -> Study {
    let cell = |(servers, runs): &(u32, Vec<(f64, f64)>)| CellRuns {
        name: format!("{servers} servers"),
        labels: vec![servers.to_string()],
        runs: runs.iter().map(|run| vec![Some(f64::from(*servers) * 730.0), Some(run.0)]).collect(),
    };
    Study {
        paths: vec![COST.into(), "objective.fast.violation_ratio".into()],
        axes: vec!["servers".into()],
        cells: cells.iter().map(cell).collect(),
        objectives: vec![("fast".into(), problem.allowed)],
        baseline: 0,
        confidence: 0.95,
    }
}

/// Queues whose next smaller number of servers misses by 8 %, 60 %, 30 % and again 8 % of the limit; in the last the right number
/// keeps it by no more than 10 %.
fn problems() -> [Problem; 4] {
    let problem = |rate: f64, limit: f64, servers: u32, miss: f64| {
        let asked = Problem { rate, limit, allowed: 1.0 };
        let allowed = asked.tail(servers - 1) / (1.0 + miss);
        let problem = Problem { allowed, ..asked };
        assert_eq!(problem.cheapest(), servers);
        problem
    };
    [
        problem(4.0, 4.0, 6, 0.08),
        problem(1.6, 5.0, 3, 0.6),
        problem(16.0, 3.5, 18, 0.3),
        problem(4.0, 4.0, 7, 0.08),
    ]
}

/// How often the right cell, a wrong one, and none is named.
fn selections(problem: Problem, seeds: Range<u64>) -> [usize; 3] {
    let right = problem.cheapest();
    let least = (problem.rate.floor() as u32 + 1).max(right.saturating_sub(2));
    let scenarios: Vec<(u32, Scenario)> =
        (least..=right + 2).map(|servers| (servers, problem.scenario(servers, 4000.0))).collect();
    let named = |master: u64| {
        let cells: Vec<(u32, Vec<(f64, f64)>)> =
            scenarios.iter().map(|(servers, scenario)| (*servers, runs(scenario, master, 0..20))).collect();
        let winner = Answer::of(&study(problem, &cells)).winner;
        winner.map(|winner| cells[winner].0)
    };
    let named: Vec<Option<u32>> = seeds.into_par_iter().map(named).collect();
    let count = |wanted: &dyn Fn(&Option<u32>) -> bool| named.iter().filter(|one| wanted(one)).count();
    [count(&|n| *n == Some(right)), count(&|n| n.is_some_and(|n| n != right)), count(&Option::is_none)]
}

/// Shares of experiments whose interval holds the truth: of the mean response and of the violation ratio.
fn coverage(experiments: u64) -> [f64; 2] {
    let problem = Problem { rate: 1.4, limit: 4.0, allowed: 0.5 };
    let queue = Mmc::new(problem.rate, 1.0, 2).expect("stable");
    let truths = [problem.tail(2), queue.mean_response()];
    let scenario = problem.scenario(2, 3000.0);
    let held = |master: u64| {
        let runs = runs(&scenario, master, 0..20);
        let values = [runs.iter().map(|r| r.0).collect::<Vec<_>>(), runs.iter().map(|r| r.1).collect()];
        [0, 1].map(|at| {
            let sample = Sample::of(&values[at]);
            (sample.mean - truths[at]).abs() <= sample.half_width(0.95).expect("several values")
        })
    };
    let held: Vec<[bool; 2]> = (1..experiments + 1).into_par_iter().map(held).collect();
    [1, 0].map(|at| held.iter().filter(|one| one[at]).count() as f64 / experiments as f64)
}

/// The same for the violation ratio when replications are added until the interval is narrow enough; and their mean number.
fn sequential_coverage(experiments: u64) -> (f64, f64) {
    let problem = Problem { rate: 1.4, limit: 4.0, allowed: 0.5 };
    let scenario = problem.scenario(2, 3000.0);
    let asked = Precision { cost_ratio: None, violation_ratio: Some(0.004) };
    let (first, most, batch) = (10, 100, 5);
    let looks = 1 + (most - first) / batch;
    let held = |master: u64| {
        let mut done = runs(&scenario, master, 0..first);
        loop {
            let study = study(problem, &[(2, done.clone())]);
            let n = done.len() as u64;
            if n >= most || precise(&study, asked, looks) {
                let sample = study.sample(0, "objective.fast.violation_ratio");
                let half = sample.half_width(0.95).expect("several values");
                return ((sample.mean - problem.tail(2)).abs() <= half, n);
            }
            done.extend(runs(&scenario, master, n..n + batch));
        }
    };
    let held: Vec<(bool, u64)> = (1..experiments + 1).into_par_iter().map(held).collect();
    let share = held.iter().filter(|one| one.0).count() as f64 / experiments as f64;
    (share, held.iter().map(|one| one.1 as f64).sum::<f64>() / experiments as f64)
}

/// 8 seeds of each problem but the hard one: at a true rate of 5 % more than 2 wrong ones have a chance under 0.6 %.
#[test]
fn a_wrong_cell_is_rarely_named() {
    for problem in &problems()[..3] {
        let [right, wrong, undecided] = selections(*problem, 1..9);
        assert!(wrong <= 2, "right {right}, wrong {wrong}, undecided {undecided}");
        assert!(right >= 5, "right {right}, wrong {wrong}, undecided {undecided}");
    }
}

/// 100 experiments: 95 % less four standard errors (2.2 %) is 86 %.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    for share in coverage(100) {
        assert!((0.86..=1.0).contains(&share), "coverage {share}");
    }
}

#[test]
#[ignore = "several minutes of both processors; run by hand, with --release"]
fn selection_in_full() {
    for problem in problems() {
        let [right, wrong, undecided] = selections(problem, 1..201);
        let (servers, limit) = (problem.cheapest(), chance_at_most(wrong, 200, 0.95));
        println!(
            "M/M/c, {}/s, {:.4} above {} s allowed, {servers} servers hold ({:.4}), {} miss ({:.4}): right {right}, wrong {wrong} (chance under {limit:.3}), undecided {undecided} of 200",
            problem.rate,
            problem.allowed,
            problem.limit,
            problem.tail(servers),
            servers - 1,
            problem.tail(servers - 1),
        );
        assert!(wrong <= 19);
    }
}

#[test]
#[ignore = "minutes of both processors; run by hand, with --release"]
fn coverage_in_full() {
    let [response, violation] = coverage(2000);
    println!(
        "coverage over 2,000 experiments of 20 replications: mean response {response}, violation ratio {violation}"
    );
    assert!([response, violation].iter().all(|share| (0.934..=0.966).contains(share)));
}

#[test]
#[ignore = "minutes of both processors; run by hand, with --release"]
fn sequential_coverage_in_full() {
    let (share, mean) = sequential_coverage(2000);
    println!("with sequential stopping: {share}, {mean:.1} replications on average");
    assert!(share >= 0.92);
}
