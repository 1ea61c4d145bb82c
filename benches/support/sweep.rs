//! What a sweep costs beside its runs: the same cells bare, and through `simscale sweep`, on two threads both times.

use super::process::{self, own_cpu};
use super::works;
use simscale::plan::replication_seed;
use std::path::Path;

/// Cells of `scenarios/bench/sweep.toml`.
pub const CELLS: u64 = 64;

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Processor time of all cells alone, seconds.
    pub own: f64,
    /// Processor time of the sweep, start, statistics, pictures and report included, seconds.
    pub sweep: f64,
    /// Wall time of the sweep, seconds.
    pub wall: f64,
    /// Runs in its tables: the cells, and the runs that judge the winner.
    pub runs: u64,
}

impl Round {
    /// Processor time over that of its runs, less one.
    pub fn overhead(&self) -> f64 {
        self.sweep / (self.own * self.runs as f64 / CELLS as f64) - 1.0
    }
}

/// The cells alone, then the sweep.
pub fn round(program: &Path) -> Round {
    let own = bare();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("sweep");
    let (file, target) = (works::file("sweep"), out.display().to_string());
    let file = file.display().to_string();
    let taken =
        process::run(program, &["sweep", &file, "--jobs", "2", "--quiet", "--no-expect", "--out", &target]);
    let table = std::fs::read_to_string(out.join("runs.csv")).expect("the sweep has a table of its runs");
    let runs = table.lines().count() as u64 - 1;
    Round { own, sweep: taken.cpu, wall: taken.wall, runs }
}

fn bare() -> f64 {
    let scenario = works::scenario("sweep", &[]);
    let seed = replication_seed(scenario.simulation.seed, 0);
    let before = own_cpu();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..CELLS / 2 {
                    let simulation = scenario.simulation(Some(seed), None).expect("no trace is needed");
                    simulation.run(&mut ()).expect("no law broke");
                }
            });
        }
    });
    own_cpu() - before
}
