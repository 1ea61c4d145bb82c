//! Writes `results/speed/`: every row of the table of speed through the path of `simscale run`, beside the peers and the floor.
//!
//! ```text
//! cargo bench -p benches --bench speed                        five rounds, some minutes on a quiet machine
//! cargo bench -p benches --bench speed -- --rounds 1 --short  a trial, without the run of 10^9 requests
//! ```
//!
//! `SIMSCALE_FLOOR` names a program that does W1 to W4 by hand, as fast as it can be done: `PROGRAM w1 lindley,zig,hist 1e7` prints a line of fields with
//! tabs between, of which the third is the number of requests and one reads `3.40 ns/req`. Without it the ratios to it stay empty.
//!
//! Each round takes every program in turn, pinned to one processor; a ratio is that of two neighbours in a round, and what is printed is the median over the rounds.
#![allow(missing_docs)]

#[path = "support/bars.rs"]
#[allow(dead_code)]
mod bars;
#[path = "peers/mod.rs"]
mod models;
#[path = "support/process.rs"]
mod process;
#[path = "support/sheet.rs"]
mod sheet;
#[path = "support/subjects.rs"]
mod subjects;
#[path = "support/sweep.rs"]
mod sweep;
#[path = "support/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

use sheet::{Large, Sheet};
use std::path::Path;
use subjects::{Programs, Subject};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [process::WATCH, ..] => return process::watch(&arguments[1..]),
        ["peer", peer, work, requests, ..] => {
            let found = models::run(peer, work, requests.parse().expect("a number"), 1);
            return println!("{} {} {}", found.requests, found.seconds, found.mean);
        }
        _ => {}
    }
    let rounds = words.iter().skip_while(|word| **word != "--rounds").nth(1);
    let rounds: usize = rounds.map_or(5, |rounds| rounds.parse().expect("--rounds wants a number"));
    let short = words.contains(&"--short");

    let folder = tempfile::tempdir().expect("a folder");
    let programs = Programs::find(folder.path());
    if programs.floor.is_none() {
        println!("SIMSCALE_FLOOR names no program: the ratios to the floor stay empty");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sheet = Sheet::new(rounds, &root);
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        let everywhere = subjects::pin();
        for subject in Subject::all() {
            if let Some(sample) = programs.measure(&subject) {
                sheet.add(&subject, sample);
            }
        }
        subjects::unpin(everywhere);
        sheet.sweeps.push(sweep::round(&programs.simscale));
    }
    // What is measured is kept, whatever becomes of the long runs.
    sheet.write(&root);
    let everywhere = subjects::pin();
    sheet.large = Large::measure(&programs, folder.path(), short);
    subjects::unpin(everywhere);
    sheet.write(&root);
}
