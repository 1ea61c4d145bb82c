//! Cells a second of `simscale sweep`, and its overhead over the processor time of the cells alone: 64 equal cells on two threads.
//!
//! `cargo bench -p benches --bench sweep` builds the program as users have it and measures whole processes.
#![allow(missing_docs)]

#[path = "support/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "support/sweep.rs"]
mod sweep;
#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == process::WATCH) {
        return process::watch(&arguments[1..]);
    }
    let program = process::simscale();
    let mut overheads = Vec::new();
    for round in 1..=ROUNDS {
        let found = sweep::round(&program);
        println!(
            "round {round}: {:.1} cells/s, {} runs, {:.2} s of processor time, {:.2} s for the {} cells alone, overhead {:+.1} %",
            sweep::CELLS as f64 / found.wall,
            found.runs,
            found.sweep,
            found.own,
            sweep::CELLS,
            found.overhead() * 100.0
        );
        overheads.push(found.overhead());
    }
    overheads.sort_by(f64::total_cmp);
    println!("overhead, median: {:+.1} %", overheads[ROUNDS / 2] * 100.0);
}
