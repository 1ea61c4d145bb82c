//! Nanoseconds per request of the engine on the workloads W1 to W4, a tenth of their length, on a sibling of each row, and on fleets of four sizes
//! behind each balancer; all from their scenario files.
//!
//! `cargo bench -p benches --bench engine` prints time and throughput (requests a second); the inverse of the throughput is the cost of a request.
#![allow(missing_docs)]

#[path = "support/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use simscale::Scenario;

fn measure(criterion: &mut Criterion, group: &str, name: &str, scenario: &Scenario) {
    let mut group = criterion.benchmark_group(group);
    group.sample_size(10);
    group.throughput(Throughput::Elements(works::run(scenario)));
    group.bench_function(name, |bencher| bencher.iter(|| works::run(scenario)));
    group.finish();
}

fn rows(criterion: &mut Criterion) {
    for work in &table::WORKS {
        let group = if work.name == work.row { "engine" } else { "siblings" };
        measure(
            criterion,
            group,
            work.name,
            &works::scenario(work.name, &[("simulation.duration", work.short)]),
        );
    }
}

fn fleets(criterion: &mut Criterion) {
    for (balancer, algorithm) in table::BALANCERS {
        for size in table::SIZES {
            let changes = table::fleet(size, algorithm, 500_000);
            let changes: Vec<(&str, &str)> = changes.iter().map(|(path, value)| (*path, &**value)).collect();
            let name = format!("{balancer}/{size}");
            measure(criterion, "fleets", &name, &works::scenario("fleet", &changes));
        }
    }
}

criterion_group!(benches, rows, fleets);
criterion_main!(benches);
