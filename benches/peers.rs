//! simscale beside other simulators on W1 to W4: requests a second, in one table.
//!
//! `cargo bench -p benches --bench peers`. simscale runs with all that a run has: histogram, rows, objectives, laws, fingerprint, bill. The peers keep the
//! mean alone, which is checked against theory first.
#![allow(missing_docs)]

#[path = "peers/mod.rs"]
#[allow(dead_code)]
mod models;
#[path = "support/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Requests of a run; W4 is the whole day, since its fleet follows its load.
fn requests(work: &str) -> u64 {
    if work == "w4" { 10_000_000 } else { 1_000_000 }
}

fn side_by_side(criterion: &mut Criterion) {
    for (work, theory) in models::WORKS {
        let mut group = criterion.benchmark_group(format!("peers/{work}"));
        group.sample_size(10);
        let row = table::WORKS.iter().find(|row| row.name == work).expect("a row of the table");
        let duration = if work == "w4" { row.long } else { row.short };
        let scenario = works::scenario(work, &[("simulation.duration", duration)]);
        group.throughput(Throughput::Elements(works::run(&scenario)));
        group.bench_function("simscale", |bencher| bencher.iter(|| works::run(&scenario)));
        for (peer, version) in models::PEERS {
            let found = models::run(peer, work, requests(work), 1);
            let off = (found.mean / theory - 1.0).abs();
            assert!(off < 0.05, "{peer} {work}: mean {} where theory says {theory}", found.mean);
            group.throughput(Throughput::Elements(found.requests));
            group.bench_function(format!("{peer} {version}"), |bencher| {
                bencher.iter(|| models::run(peer, work, requests(work), 1))
            });
        }
        group.finish();
    }
}

criterion_group!(benches, side_by_side);
criterion_main!(benches);
