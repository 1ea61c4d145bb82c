//! The standing suite: the command, and a part of the published table computed again.

use rayon::prelude::*;
use simscale::plan::{Plan, replication_seed};
use simscale::summary::Summary;
use simscale::text::Document;
use simscale_runner::sweep::suite::Suite;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn scenario(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("scenarios/suite/{name}.toml"))).expect("the scenario ships")
}

#[test]
fn a_suite_puts_the_answers_of_several_workloads_beside_each_other() {
    let place = tempfile::tempdir().expect("a folder");
    for name in ["ramp", "flash-crowd"] {
        let short = scenario(name).replace("duration = \"6h\"", "duration = \"1h\"");
        std::fs::write(place.path().join(format!("{name}.toml")), short).expect("writable");
    }
    let run = |files: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_simscale"))
            .current_dir(place.path())
            .args(["suite", "--replications", "2", "--out", "out"])
            .args(files)
            .output()
            .expect("the program starts")
    };
    let done = run(&["ramp.toml", "flash-crowd.toml"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| std::fs::read_to_string(place.path().join("out").join(name)).expect(name);
    let table = read("suite.csv");
    assert_eq!(table.lines().count(), 1 + 2 * 7);
    assert!(table.contains("\nramp,tracking-50,") && table.contains("\nflash-crowd,poll,"), "{table}");
    let findings = read("FINDINGS.md");
    assert!(findings.contains("simscale suite ramp.toml flash-crowd.toml --replications 2"), "{findings}");
    assert!(findings.contains("*static-peak* holds on 0 of 2"), "{findings}");
    assert!(
        table.contains("\nramp,step,step_scaling,") && table.contains("\nramp,static-mean,fixed,"),
        "{table}"
    );
    assert!(read("suite.svg").contains("tracking-70") && read("ramp/cells.csv").lines().count() == 8);
    let twice = run(&["ramp.toml", "ramp.toml"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("another file of this suite has the same name"));
}

#[test]
fn workloads_with_other_cells_are_refused_before_anything_runs() {
    let place = tempfile::tempdir().expect("a folder");
    let other = scenario("ramp").replace("tracking-70 = ", "tracking-80 = ");
    std::fs::write(place.path().join("other.toml"), other).expect("writable");
    std::fs::write(place.path().join("flash-crowd.toml"), scenario("flash-crowd")).expect("writable");
    let refused = Command::new(env!("CARGO_BIN_EXE_simscale"))
        .current_dir(place.path())
        .args(["suite", "flash-crowd.toml", "other.toml", "--out", "out"])
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    let expected = "other.toml has no cell policy=tracking-70, which flash-crowd.toml has";
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(expected), "{said}");
    assert!(!place.path().join("out").exists(), "nothing ran, and nothing was written");
}

/// The published page and picture are those of the published table.
#[test]
fn the_published_findings_are_made_from_the_published_table() {
    let read =
        |name: &str| std::fs::read_to_string(root().join("results/suite").join(name)).expect("published");
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).expect("JSON");
    let command = manifest["command"].as_str().expect("a command").to_owned();
    let replications = manifest["replications"].as_u64().expect("a number");
    let suite = Suite::of_table(read("suite.csv"), replications, 0.95, command).expect("a table");
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(root().join("results/suite/FINDINGS.md"), suite.findings()).expect("writable");
        std::fs::write(root().join("results/suite/suite.svg"), suite.picture()).expect("writable");
        std::fs::write(
            root().join("results/suite/suite.png"),
            simscale_runner::timeline::png(&suite.picture()),
        )
        .expect("writable");
    }
    assert_eq!(read("FINDINGS.md"), suite.findings());
    assert_eq!(read("suite.svg"), suite.picture());
}

/// Two cells of the published table, from their scenario, to the last digit.
#[test]
fn a_part_of_the_published_table_is_computed_again() {
    let table =
        std::fs::read_to_string(root().join("results/suite/suite.csv")).expect("the table is published");
    let document = Document::parse("flash-crowd.toml", &scenario("flash-crowd")).expect("valid");
    let plan = Plan::of(&document).expect("valid");
    for label in ["static-mean", "tracking-70"] {
        let row = table.lines().find(|line| line.starts_with(&format!("flash-crowd,{label},")));
        let row: Vec<&str> = row.unwrap_or_else(|| panic!("{label} is in the table")).split(',').collect();
        let cell = plan.cells.iter().find(|cell| cell.labels == [label]).expect("the cell is in the plan");
        let scenario = cell.scenario.resolved();
        let costs: Vec<f64> = (0..20u64)
            .into_par_iter()
            .map(|number| {
                let seed = replication_seed(scenario.simulation.seed, number);
                let simulation = scenario.simulation(Some(seed), None).expect("valid");
                let result = simulation.run(&mut ()).expect("the laws hold");
                Summary::new(&scenario, &result).figure("cost_usd.per_month").expect("measured")
            })
            .collect();
        let mean = simscale_runner::sweep::statistics::Sample::of(&costs).mean;
        assert_eq!(row[5], mean.to_string(), "{label}");
    }
}
