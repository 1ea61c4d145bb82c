//! The engine against the oracle: mean response times within three standard errors, from independent replications.
//!
//! Each case runs 24 replications with seeds of its own (a hundred times the sum of its name's bytes, and the 23 after that) after a lead-in; the standard error is that of the replication means and
//! must itself be at most 0.5 % of the mean, so that "within three" means something. The rows stand in docs/VALIDATION.md, and each
//! test holds the page to what it measured.

mod support;

use simscale_core::*;
use simscale_oracle::{
    jsq::ShortestOfD,
    mg1::Mg1,
    mm1::Mm1,
    mmc::Mmc,
    ps::{Mg1Ps, MgcPs},
    round_robin::RoundRobin,
    service::ServiceLaw,
};
use support::*;

const REPLICATIONS: u64 = 24;

fn check(name: &str, exact: f64, make: impl Fn(u64) -> (World, Workload)) {
    let first: u64 = name.bytes().map(u64::from).sum::<u64>() * 100;
    let means: Vec<f64> = (first..first + REPLICATIONS)
        .map(|seed| {
            let (world, workload) = make(seed);
            mean_response(&simulate(world, workload).0)
        })
        .collect();
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    let error = (means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
    let row = format!("| {name} | {exact:.4} | {mean:.4} | {error:.4} | {:+.1} |", (mean - exact) / error);
    println!("{row}");
    assert!(error <= 0.005 * exact, "{name}: standard error {error} is more than 0.5 % of {exact}");
    assert!(
        (mean - exact).abs() <= 3.0 * error,
        "{name}: exact {exact}, simulated {mean}, standard error {error}"
    );
    let page = include_str!("../../../docs/VALIDATION.md");
    assert!(page.contains(&row), "docs/VALIDATION.md lacks this row, which the test measured:\n{row}");
}

/// A single queue of `workers` processors with mean service 1 s.
fn queue(workers: u32, law: Distribution, load: f64, hours: u64, seed: u64) -> (World, Workload) {
    let mut w = world(secs(3600 * hours), seed);
    w.lead_in = secs(3600 * hours / 20 / 60 * 60);
    w.classes = vec![class(law)];
    w.instance.vcpus = workers;
    w.instance.admitted = workers;
    w.instance.queue_limit = 4_000_000_000;
    (w, poisson(load * f64::from(workers)))
}

fn sharing(workers: u32, law: Distribution, load: f64, hours: u64, seed: u64) -> (World, Workload) {
    let (mut w, workload) = queue(workers, law, load, hours, seed);
    w.instance.admitted = 1_000_000;
    (w, workload)
}

#[test]
fn m_m_1() {
    for (load, hours) in [(0.5, 20), (0.8, 100)] {
        let exact = Mm1::new(load, 1.0).unwrap().mean_response();
        check(&format!("M/M/1 at {load}"), exact, |s| {
            queue(1, Distribution::Exponential { mean: S }, load, hours, s)
        });
    }
}

/// Four instances of four workers that pull from one queue are sixteen servers.
#[test]
fn m_m_c_through_a_central_queue() {
    let exact = Mmc::new(0.8 * 16.0, 1.0, 16).unwrap().mean_response();
    check("M/M/16 at 0.8, workers on a central queue", exact, |s| {
        let (mut w, _) = queue(4, Distribution::Exponential { mean: S }, 0.8, 10, s);
        fleet(&mut w, 4);
        w.queue = Some(MessageQueue { visibility_timeout: secs(3600), max_receives: None });
        w.instance.queue_limit = 0;
        (w, poisson(0.8 * 16.0))
    });
}

#[test]
fn m_m_c() {
    for (c, load, hours) in [(2, 0.7, 30), (16, 0.8, 10), (16, 0.95, 60)] {
        let exact = Mmc::new(load * f64::from(c), 1.0, c).unwrap().mean_response();
        check(&format!("M/M/{c} at {load}"), exact, |s| {
            queue(c, Distribution::Exponential { mean: S }, load, hours, s)
        });
    }
}

#[test]
fn m_g_1() {
    let laws = [
        ("D", Distribution::Constant { value: S }, ServiceLaw::deterministic(1.0), 30),
        ("E4", Distribution::Gamma { mean: S, cv: 0.5 }, ServiceLaw::erlang(4, 1.0), 40),
        (
            "H2",
            Distribution::Hyperexponential { mean: S, cv: 2.0 },
            ServiceLaw::hyperexponential_balanced(1.0, 4.0),
            200,
        ),
        ("LN", Distribution::Lognormal { mean: S, cv: 1.2 }, ServiceLaw::lognormal_with_scv(1.0, 1.44), 120),
        ("U", Distribution::Uniform { low: 0.5 * S, high: 1.5 * S }, ServiceLaw::uniform(0.5, 1.5), 30),
    ];
    for (name, law, theory, hours) in laws {
        let exact = Mg1::new(0.7, theory.unwrap()).unwrap().mean_response();
        check(&format!("M/{name}/1 at 0.7"), exact, |s| queue(1, law.clone(), 0.7, hours, s));
    }
}

/// Processor sharing is insensitive: every law of the same mean gives the same answer, on one core and on several.
#[test]
fn processor_sharing() {
    let laws = [
        ("M", Distribution::Exponential { mean: S }, 40),
        ("D", Distribution::Constant { value: S }, 40),
        ("H2", Distribution::Hyperexponential { mean: S, cv: 2.0 }, 60),
        ("BP", Distribution::BoundedPareto { low: 0.3 * S, high: 30.0 * S, alpha: 1.4 }, 80),
    ];
    for (name, law, hours) in laws {
        let mean = law.mean() / S;
        let one = Mg1Ps::new(0.7 / mean, mean).unwrap().mean_response();
        check(&format!("M/{name}/1-PS at 0.7"), one, |s| {
            let (w, _) = sharing(1, law.clone(), 0.7, hours, s);
            (w, poisson(0.7 / mean))
        });
        let four = MgcPs::new(2.8 / mean, mean, 4).unwrap().mean_response();
        check(&format!("M/{name}/4-PS at 0.7"), four, |s| {
            let (w, _) = sharing(4, law.clone(), 0.7, hours / 2, s);
            (w, poisson(2.8 / mean))
        });
    }
}

#[test]
fn balancers() {
    let many = |algorithm, n: u32, load: f64, admitted, seed| {
        let (mut w, _) = queue(1, Distribution::Exponential { mean: S }, load, 30, seed);
        fleet(&mut w, n);
        w.balancer.algorithm = algorithm;
        w.instance.admitted = admitted;
        (w, poisson(load * f64::from(n)))
    };
    let random = Mm1::new(0.7, 1.0).unwrap().mean_response();
    check("random split over 10", random, |s| many(Algorithm::WeightedRandom, 10, 0.7, 1, s));
    let rr = RoundRobin::new(8.0, 10, 1.0, 1).unwrap().mean_response();
    check("round robin over 10, first come first served", rr, |s| many(Algorithm::RoundRobin, 10, 0.8, 1, s));
    check("round robin over 10, processor sharing", rr, |s| many(Algorithm::RoundRobin, 10, 0.8, 1000, s));
    let jsq = ShortestOfD::new(0.7, 1.0, 2, 2).unwrap().mean_response();
    check("least outstanding over 2", jsq, |s| many(Algorithm::LeastOutstandingRequests, 2, 0.7, 1, s));
}
