//! The search for a front: as good as the grid's for a fifth of its requests, the same after a kill, with days held out.

mod place;

use place::{Place, SMALL, code, err, out};
use simscale_oracle::pareto::hypervolume;
use std::process::Stdio;
use std::time::Duration;

/// An hour shaped like a day, and 30 cells.
const DAY: &str = r#"schema = 1
name = "day"
[simulation]
duration = "65m"
lead_in = "5m"
seed = 11
[workload]
steps = [
    { at = "0s", rate = "10/s" },
    { at = "20m", rate = "25/s" },
    { at = "30m", rate = "40/s" },
    { at = "42m", rate = "20/s" },
    { at = "52m", rate = "10/s" },
]
[service]
cpu_time = { exponential = { mean = "80ms" } }
[clients]
timeout = "10s"
[instance]
vcpus = 2
price = "0.10 USD/h"
[[instance.boot]]
phase = "launch"
time = { constant = "60s" }
[group]
min = 2
max = 12
[[policy]]
name = "cpu"
target_tracking = { metric = "cpu_utilization", target = 50.0 }
[[objective]]
name = "fast"
latency = { quantile = 0.9, below = "400ms" }
allowed_ratio = 0.05
[sweep]
replications = 20
axes."policy.cpu.target_tracking.target" = { from = 30.0, to = 75.0, steps = 10 }
axes."group.min" = [2, 3, 4]
"#;

/// Rows of a table by the labels of the two axes: cost and violation ratio, and the number of requests where the table has it.
fn rows(table: &str, columns: [&str; 4]) -> Vec<([String; 2], [f64; 2])> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().unwrap().clone();
    let at = columns.map(|name| head.iter().position(|column| column == name).unwrap());
    let row = |row: csv::StringRecord| {
        let number = |column: usize| row[at[column]].parse::<f64>().unwrap();
        ([row[at[0]].to_owned(), row[at[1]].to_owned()], [number(2), number(3)])
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

const CELL: [&str; 4] =
    ["group.min", "policy.cpu.target_tracking.target", "cost_usd_per_month", "fast.violation_ratio"];

/// Requests of all runs of a finished sweep.
fn requests(place: &Place, folder: &str) -> f64 {
    let runs = place.read(&format!("{folder}/runs.csv"));
    rows(&runs, ["cell", "replication", "requests", "requests"]).iter().map(|row| row.1[0]).sum()
}

/// Seed 11. The grid has 600 runs, and the fresh ones of winner and baseline; the search may take a fifth of the 600.
#[test]
fn the_front_is_the_grids_for_a_fifth_of_its_requests() {
    let place = Place::new();
    place.write("day.toml", DAY);
    for command in ["sweep", "tune"] {
        let run = place.run(&[command, "day.toml", "--quiet"]);
        assert_eq!(code(&run), 0, "{}", err(&run));
    }
    let grid = rows(&place.read("results/day-sweep/cells.csv"), CELL);
    let found = rows(&place.read("results/day-tune/cells.csv"), CELL);
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/day-tune/answer.json")).unwrap();
    let simulated = answer["search"]["requests"].as_f64().unwrap();
    let runs = place.read("results/day-sweep/runs.csv").lines().count() as f64 - 1.0;
    let whole = requests(&place, "results/day-sweep") * 600.0 / runs;
    let share = simulated / whole;
    assert!(share <= 0.2, "{share} of the grid's requests");
    assert!((answer["search"]["grid_requests"].as_f64().unwrap() / whole - 1.0).abs() < 0.02);
    // The finalists as the grid measured them: what counts is which cells were found, not whose luck was better.
    let low = [0, 1].map(|at| grid.iter().map(|row| row.1[at]).fold(f64::INFINITY, f64::min));
    let high = [0, 1].map(|at| grid.iter().map(|row| row.1[at]).fold(0.0, f64::max));
    let scaled = |point: [f64; 2]| [0, 1].map(|at| (point[at] - low[at]) / (high[at] - low[at]));
    let area = |points: Vec<[f64; 2]>| hypervolume(&points, &[1.1, 1.1]).unwrap();
    let best = area(grid.iter().map(|row| scaled(row.1)).collect());
    let of_grid = |labels: &[String; 2]| grid.iter().find(|row| row.0 == *labels).unwrap().1;
    let ours = area(found.iter().map(|row| scaled(of_grid(&row.0))).collect());
    let own = area(found.iter().map(|row| scaled(row.1)).collect());
    println!(
        "share {share:.4}, hypervolume {best:.4}, of the finalists {ours:.4}, by their own figures {own:.4}"
    );
    assert!(ours >= 0.98 * best, "hypervolume {ours} of {best}");
}

/// The small scenario with a grid of 12 cells.
fn small() -> String {
    format!(
        "{SMALL}\n[sweep]\nreplications = 10\naxes.\"group.min\" = [1, 2, 3]\naxes.\"group.max\" = [3, 4, 5, 6]\n"
    )
}

#[test]
fn a_search_that_was_killed_goes_on_and_ends_the_same() {
    let place = Place::new();
    place.write("small.toml", &small());
    let whole = place.run(&["tune", "small.toml", "--out", "whole", "--jobs", "1"]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    assert!(out(&whole).contains("replications that nothing was chosen from"), "{}", out(&whole));
    for pause in [5, 40, 100] {
        let mut tune = place.command(&["tune", "small.toml", "--out", "parts", "--resume"]);
        let mut child = tune.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        _ = child.kill();
        child.wait().unwrap();
    }
    let rest = place.run(&["tune", "small.toml", "--out", "parts", "--resume", "--jobs", "8"]);
    assert_eq!(code(&rest), 0, "{}", err(&rest));
    for name in ["runs.csv", "cells.csv", "comparison.csv", "answer.json", "front.svg", "manifest.json"] {
        assert_eq!(place.read(&format!("whole/{name}")), place.read(&format!("parts/{name}")), "{name}");
    }
    let runs = place.read("whole/runs.csv");
    let numbers = rows(&runs, ["cell", "replication", "requests", "requests"]);
    assert!(numbers.iter().all(|row| row.0[1].parse::<u64>().unwrap() >= 1_000_000), "only fresh runs count");
}

#[test]
fn days_are_held_out_and_what_they_say_is_printed() {
    let place = Place::new();
    let days = small().replace("\"10m\"", "\"49h\"").replace("\"1m\"", "\"1h\"").replace("20/s", "0.05/s");
    place.write("days.toml", &days);
    let tune = place.run(&["tune", "days.toml", "--set", "sweep.axes.'group.max'=[3]"]);
    assert_eq!(code(&tune), 0, "{}", err(&tune));
    let text = out(&tune).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("on Tuesday, which the search never saw: its promises hold there"), "{text}");
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/small-tune/answer.json")).unwrap();
    assert_eq!(answer["search"]["held_out"]["days"], "Tuesday");
    // The finalists saw Monday alone.
    let runs = rows(
        &place.read("results/small-tune/runs.csv"),
        ["cell", "replication", "window.from_s", "window.to_s"],
    );
    assert!(runs.iter().all(|row| row.1 == [3600.0, 90_000.0]), "{runs:?}");
}

#[test]
fn a_range_without_steps_is_halved_beside_the_best() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let range = "policy.cpu-50.target_tracking.target=30.0..70.0";
    let args = ["small.toml", "--sweep", range, "--sweep", "group.min=1,2,3", "--replications", "10"];
    let tune = place.run(&[&["tune"], &args[..]].concat());
    assert_eq!(code(&tune), 0, "{}", err(&tune));
    let text = out(&tune).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("15 candidates on") && text.contains("between the best of these"), "{text}");
    assert!(text.contains("a grid of 27 cells, nine points of each range without steps"), "{text}");
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/small-tune/answer.json")).unwrap();
    assert_eq!(answer["search"]["candidates"], 27);
    let refused = place.run(&[&["sweep"], &args[..]].concat());
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("which only simscale tune can search"), "{}", err(&refused));
}
