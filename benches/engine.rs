//! Nanoseconds per request of the engine on the workloads W1 to W4, a tenth of their length, from their scenario files.
//!
//! `cargo bench -p benches` prints time and throughput (requests a second); the inverse of the throughput is the cost of a request.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use simscale::Scenario;
use simscale::text::Override;
use std::path::Path;

/// Files in `scenarios/bench`, with a tenth of their duration.
const WORKS: [(&str, &str); 5] =
    [("w1", "1250000s"), ("w2", "78120s"), ("w3rr", "78120s"), ("w3lor", "78120s"), ("w4", "8640s")];

fn scenario(name: &str, duration: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/bench/{name}.toml"));
    let text = std::fs::read_to_string(path).expect("the scenario ships with the repository");
    let shorter = Override::new("simulation.duration", duration);
    Scenario::read(name, &text, &[shorter]).expect("a valid scenario")
}

fn run(scenario: &Scenario) -> u64 {
    let simulation = scenario.simulation(None, None).expect("no trace is needed");
    simulation.run(&mut ()).expect("no law broke").requests.arrived
}

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10);
    for (name, duration) in WORKS {
        let scenario = scenario(name, duration);
        group.throughput(Throughput::Elements(run(&scenario)));
        group.bench_function(name, |bencher| bencher.iter(|| run(&scenario)));
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
