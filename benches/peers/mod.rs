//! The workloads W1 to W4 written for other simulators, in the leanest form that each of them knows; results are checked against theory.
//!
//! They record the mean of the response times and nothing else: no histogram, no series, no laws.

mod model;
mod odem;
mod simcore;

use model::Answers;
use std::time::Instant;

/// The workloads by name, with their mean response time in theory; W4's comes from five independent programs.
pub const WORKS: [(&str, f64); 5] =
    [("w1", 5.0), ("w2", 1.0953), ("w3rr", 2.8361), ("w3lor", 1.2036), ("w4", 0.1170)];

/// The peers by name, with their version.
pub const PEERS: [(&str, &str); 2] = [("simcore", "0.1.0"), ("odem-rs", "0.4.0")];

/// What a run found.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Requests answered.
    pub requests: u64,
    /// Mean response time, seconds.
    pub mean: f64,
    /// Wall time of the simulation, seconds.
    pub seconds: f64,
}

/// Runs a workload with about this many requests on a peer.
pub fn run(peer: &str, work: &str, requests: u64, seed: u64) -> Outcome {
    let started = Instant::now();
    let answers: Answers = match peer {
        "simcore" => simcore::run(work, requests, seed),
        "odem-rs" => odem::run(work, requests, seed),
        other => panic!("there is no peer {other}"),
    };
    Outcome { requests: answers.count, mean: answers.mean(), seconds: started.elapsed().as_secs_f64() }
}
