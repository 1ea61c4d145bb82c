//! Sweeps as users meet them: the answer, what is unfinished, wrong axes, references.

mod place;

use place::{Place, SMALL, code, err, out};
use std::fs;

/// A sweep of four cells over the small scenario.
fn swept(replications: u32) -> String {
    format!(
        "{SMALL}\n[sweep]\nreplications = {replications}\naxes.\"group.min\" = [1, 2]\naxes.\"group.max\" = [3, 4]\n"
    )
}

#[test]
fn a_sweep_answers_and_leaves_its_tables() {
    let place = Place::new();
    place.write("small.toml", &swept(10));
    let sweep = place.run(&["sweep", "small.toml"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    let text = out(&sweep);
    assert!(text.contains("4 cells x 10 replications"), "{text}");
    assert!(text.lines().next_back().unwrap().contains("the cheapest that keeps its promises"), "{text}");
    let cells = place.read("results/small-sweep/cells.csv");
    assert_eq!(cells.lines().count(), 5);
    assert!(cells.starts_with(
        "cell,group.max,group.min,replications,holds,winner,on_front,overloaded,cost_usd_per_month,"
    ));
    // 4 cells x 10, and the winner, and with it the baseline where it is another cell, on fresh replications.
    let runs = place.read("results/small-sweep/runs.csv").lines().count() - 1;
    assert!(runs == 50 || runs == 60, "{runs}");
    assert!(!place.names("results/small-sweep").contains(&"journal.jsonl".to_owned()));
}

#[test]
fn what_is_unfinished_is_neither_lost_nor_mixed() {
    let place = Place::new();
    place.write("small.toml", &swept(10));
    fs::create_dir_all(place.path("results/small-sweep")).unwrap();
    place.write("results/small-sweep/journal.jsonl", "{\"schema\":1,\"plan\":\"of another\"}\n");
    let refused = place.run(&["sweep", "small.toml"]);
    assert!(
        code(&refused) == 2 && err(&refused).contains("--resume finishes it, --fresh starts over"),
        "{}",
        err(&refused)
    );
    let other = place.run(&["sweep", "small.toml", "--resume"]);
    assert!(
        code(&other) == 2 && err(&other).contains("another scenario, sweep or version"),
        "{}",
        err(&other)
    );
    let fresh = place.run(&["sweep", "small.toml", "--fresh", "--quiet"]);
    assert_eq!(code(&fresh), 0, "{}", err(&fresh));
    assert!(err(&fresh).is_empty() && out(&fresh).lines().count() == 1, "{}{}", err(&fresh), out(&fresh));
}

#[test]
fn axes_can_come_from_the_shell_and_wrong_ones_are_explained() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let dry = place.run(&["sweep", "small.toml", "--sweep", "group.min=1..3:1", "--dry-run"]);
    assert_eq!(code(&dry), 0, "{}", err(&dry));
    assert!(
        out(&dry).contains("0  group.min=1  (baseline)") && out(&dry).contains("3 cells x 10"),
        "{}",
        out(&dry)
    );
    assert!(!place.path("results").exists(), "a dry run writes nothing");
    let unknown = place.run(&["sweep", "small.toml", "--sweep", "group.mim=1,2"]);
    assert!(code(&unknown) == 2 && err(&unknown).contains("is not a known key"), "{}", err(&unknown));
    let high = place.run(&["sweep", "small.toml", "--sweep", "group.min=1,500"]);
    assert!(code(&high) == 2 && err(&high).contains("is above group.max"), "{}", err(&high));
}

#[test]
fn files_are_compared_on_equal_luck() {
    let place = Place::new();
    place.write("a.toml", &SMALL.replace("small", "a"));
    place.write("b.toml", &SMALL.replace("small", "b").replace("min = 1", "min = 2"));
    let args =
        ["compare", "a.toml", "b.toml", "--replications", "10", "--no-hindsight", "--format", "markdown"];
    let compare = place.run(&args);
    assert_eq!(code(&compare), 0, "{}", err(&compare));
    assert!(out(&compare).contains("| cell | cost a month |"), "{}", out(&compare));
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/comparison/answer.json")).unwrap();
    assert!(answer["best_constant"].is_null() && answer["best_known"].is_null(), "hindsight was not asked");
    let runs = place.read("results/comparison/runs.csv");
    let arrived = |cell: &str| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(runs.as_bytes());
        let head = reader.headers().unwrap().clone();
        let at = |name: &str| head.iter().position(|column| column == name).unwrap();
        let (cells, column) = (at("cell"), at("requests.arrived"));
        let rows = reader.records().map(|row| row.unwrap()).filter(|row| &row[cells] == cell);
        rows.take(10).map(|row| row[column].to_owned()).collect()
    };
    assert_eq!(arrived("0"), arrived("1"), "both met the same requests");
}

/// A quarter of an hour in the middle asks for four times the instances. Nobody who keeps the promise is under the floor; who knows every request
/// is under the best of the trackers.
#[test]
fn the_best_known_plan_lies_between_the_floor_and_the_cells() {
    let place = Place::new();
    let load = "[workload]\nsteps = [{ at = \"0s\", rate = \"10/s\" }, { at = \"20m\", rate = \"60/s\" }, { at = \"35m\", rate = \"10/s\" }]";
    let text = SMALL
        .replace("[workload.constant]\nrate = \"20/s\"", load)
        .replace("\"10m\"", "\"61m\"")
        .replace("mean = \"20ms\"", "mean = \"80ms\"")
        .replace("max = 4", "max = 9");
    place.write("small.toml", &text);
    let axis = "policy.cpu-50.target_tracking.target=20,30,40";
    let sweep = place.run(&["sweep", "small.toml", "--sweep", axis]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    let page = out(&sweep).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("best known plan, by somebody who knows every request: "), "{page}");
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/small-sweep/answer.json")).unwrap();
    let known = answer["best_known"]["cost_usd_per_month"].as_f64().unwrap();
    let cell = |number: &serde_json::Value| answer["cells"][number.as_u64().unwrap() as usize].clone();
    let floor = cell(&answer["best_known"]["cell"])["cost_floor_usd_per_month"].as_f64().unwrap();
    let winner = cell(&answer["winner"]);
    let cost = winner["cost_usd_per_month"].as_f64().unwrap();
    assert!(floor < known && known < cost, "{floor} {known} {cost}");
    assert!((winner["regret_usd_per_month"].as_f64().unwrap() - (cost - known)).abs() < 1e-9);
}
