//! The workloads of the benchmarks, read from `scenarios/bench`; what differs from a file is said in its own keys.

use simscale::Scenario;
use simscale::text::Override;
use std::path::{Path, PathBuf};

/// Where a workload's file lies.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/bench/{name}.toml"))
}

/// A workload with other values for some keys.
pub fn scenario(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let text = std::fs::read_to_string(file(name)).expect("the scenario ships with the repository");
    let changes: Vec<Override> = changes.iter().map(|(path, value)| Override::new(*path, *value)).collect();
    Scenario::read(name, &text, &changes).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Runs it and forgets the rows; the number of requests.
pub fn run(scenario: &Scenario) -> u64 {
    let simulation = scenario.simulation(None, None).expect("no trace is needed");
    simulation.run(&mut ()).expect("no law broke").requests.arrived
}
