//! Every scenario that ships runs and meets its own expectations, each of which has two sides.

use simscale::Scenario;
use std::path::{Path, PathBuf};
use std::process::Command;

fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("aws"), root.join("bench"), root.join("suite")] {
        let entries = std::fs::read_dir(folder).expect("the folder ships");
        files.extend(
            entries
                .map(|e| e.expect("readable").path())
                .filter(|p| p.extension().is_some_and(|e| e == "toml")),
        );
    }
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_states_what_to_expect_on_both_sides() {
    for file in shipped() {
        let text = std::fs::read_to_string(&file).expect("readable");
        let scenario =
            Scenario::read(&file.display().to_string(), &text, &[]).unwrap_or_else(|e| panic!("{e}"));
        assert!(!scenario.expect.is_empty(), "{} expects nothing", file.display());
        // A tolerance against a baseline needs no bounds.
        let bounded = scenario.expect.figures.iter().filter(|(_, bound)| bound.bounds().is_some());
        for (path, bound) in bounded {
            assert!(
                bound.above.is_some() && bound.below.is_some(),
                "{}: {path} has one side",
                file.display()
            );
        }
    }
}

#[test]
fn every_shipped_scenario_runs_and_meets_its_expectations() {
    let out = tempfile::tempdir().expect("a folder");
    let run = Command::new(env!("CARGO_BIN_EXE_simscale"))
        .args(["run", "--quiet", "--jobs", "2", "--out"])
        .arg(out.path())
        .args(shipped())
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&run.stdout);
    let talk = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(0), "{text}{talk}");
    let folders = std::fs::read_dir(out.path()).expect("readable").count();
    assert_eq!(folders, shipped().len());
}
