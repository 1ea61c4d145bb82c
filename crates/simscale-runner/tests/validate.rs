//! `simscale validate`: the command end to end, its grid, its lead-in, and a part of the published table computed again.

mod place;

use place::*;
use simscale_oracle::forward::ForwardMmc;
use simscale_oracle::mmc::Mmc;
use simscale_oracle::steps::Steps;
use simscale_runner::validate::case::Case;
use simscale_runner::validate::estimate::{Budget, estimate};
use simscale_runner::validate::grid;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

#[test]
fn a_few_cases_end_to_end_are_the_same_under_any_number_of_jobs() {
    let place = Place::new();
    let only = ["validate", "--only", "/4 at 1.5, refused", "--requests", "1000000"];
    let done = place.run(&[&only[..], &["--jobs", "1", "--out", "a"]].concat());
    assert_eq!(code(&done), 0, "{}", err(&done));
    let text = out(&done);
    assert!(text.contains("M/M/1/4 at 1.5, refused") && text.contains("passes"), "{text}");
    assert!(
        text.contains("1 pass, 0 fail, 0 not decided") && text.contains("--only '/4 at 1.5, refused'"),
        "{text}"
    );
    assert_eq!(place.names("a"), ["differences.png", "differences.svg", "manifest.json", "table.csv"]);
    let done = place.run(&[&only[..], &["--jobs", "2", "--out", "b", "--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&out(&done)).expect("one JSON object");
    assert_eq!((json["passes"].as_bool(), json["counts"]["passed"].as_u64()), (Some(true), Some(1)));
    let case = &json["cases"][0];
    // Five states of a birth-and-death chain at 1.5: p4 = 1.5^4 / (1 + 1.5 + ... + 1.5^4).
    let exact: f64 = 1.5f64.powi(4) / (0..5).map(|n| 1.5f64.powi(n)).sum::<f64>();
    assert!((case["exact"].as_f64().unwrap() - exact).abs() < 1e-12, "{case}");
    assert!(case["standard_error"].as_f64().unwrap() < 0.003 * exact, "{case}");
    for name in ["table.csv", "differences.svg", "manifest.json"] {
        assert_eq!(place.read(&format!("a/{name}")), place.read(&format!("b/{name}")), "{name}");
    }
}

#[test]
fn another_seed_gives_another_table_and_a_case_can_be_run_by_hand() {
    let place = Place::new();
    let run = |seed: &str, to: &str| {
        let args =
            ["validate", "--only", "/4 at 1.5, refused", "--seed", seed, "--requests", "100000", "--out", to];
        assert_eq!(code(&place.run(&args)), 0);
        place.read(&format!("{to}/table.csv"))
    };
    // A case that stands alone fails one time in twenty by luck: with seed 2 it does.
    assert_ne!(run("3", "a"), run("4", "b"));
    let shown = place.run(&["validate", "--only", "/4 at 1.5, refused", "--show"]);
    place.write("case.toml", &out(&shown));
    let done = place.run(&["run", "case.toml", "--format", "json"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    let json: serde_json::Value = serde_json::from_str(&out(&done)).expect("one JSON object");
    let (refused, arrived) = (&json["requests"]["refused"], &json["requests"]["arrived"]);
    let share = refused.as_f64().expect("a count") / arrived.as_f64().expect("a count");
    assert!((share / 0.383_886 - 1.0).abs() < 0.02, "{share}");
}

#[test]
fn wrong_flags_are_told() {
    let place = Place::new();
    let both = place.run(&["validate", "--quick", "--full"]);
    assert_eq!(code(&both), 2);
    let none = place.run(&["validate", "--only", "M/X/1"]);
    assert_eq!(code(&none), 2);
    assert!(
        err(&none).contains("\"M/X/1\" is in no case's name") && err(&none).contains("--full"),
        "{}",
        err(&none)
    );
    assert_eq!(code(&place.run(&["validate", "--jobs", "0"])), 2);
    place.write("taken", "");
    let taken = place.run(&["validate", "--out", "taken"]);
    assert!(code(&taken) == 2 && err(&taken).contains("is a file"), "{}", err(&taken));
}

/// The grid is what the issue asks for: loads from 0.1 to 0.99, 1 to 1,000 servers, every law, every way to spread requests, load over time,
/// bursts and boots; every scenario is valid and every name unique.
#[test]
fn the_grid_covers_what_the_engine_has() {
    let cases = grid::cases();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "names are unique");
    let texts: Vec<String> = cases.iter().map(|case| case.text(case.pace.least)).collect();
    for case in &cases {
        case.scenario(case.pace.least).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    }
    let has = |words: &str| texts.iter().any(|text| text.contains(words));
    for law in [
        "constant",
        "uniform",
        "exponential",
        "erlang",
        "gamma",
        "hyperexponential",
        "lognormal",
        "weibull",
        "bounded_pareto",
        "quantiles",
    ] {
        assert!(has(&format!("cpu_time = {{ {law} = ")), "service of law {law}");
        assert!(has(&format!("time = {{ {law} = ")), "boots of law {law}");
    }
    for words in [
        "\"round_robin\"",
        "\"least_outstanding_requests\"",
        "\"weighted_random\"",
        "power_of_d",
        "[queue]",
        "[backend]",
        "[[service.class]]",
        "[workload.diurnal]",
        "steps = [",
        "manual = {",
        "[[fault]]",
        "processor_sharing",
    ] {
        assert!(has(words), "{words}");
    }
    for (load, servers) in [(0.1, 1), (0.99, 1), (0.1, 1000), (0.99, 1000)] {
        assert!(cases.iter().any(|case| (case.load, case.servers) == (load, servers)), "{load} {servers}");
    }
    assert!(cases.iter().any(|case| case.load > 1.0), "overload");
    let quick = cases.iter().filter(|case| case.quick).count();
    assert!(quick >= 60 && cases.len() >= 300, "{quick} of {}", cases.len());
}

/// After the lead-in an empty queue has forgotten that it was empty: the mean number present differs from the stationary one by less than
/// 10^-4, which is less than a tenth of the smallest standard error, before it is averaged over the run.
#[test]
fn the_lead_in_is_long_enough() {
    let cases = grid::cases();
    for (name, c, load) in [("M/M/1 at 0.5", 1, 0.5), ("M/M/1 at 0.9", 1, 0.9), ("M/M/16 at 0.95", 16, 0.95)]
    {
        let case = cases.iter().find(|case| case.name == name).expect("it is in the grid");
        let rate = load * f64::from(c);
        let mut model =
            ForwardMmc::new(Steps::constant(rate).unwrap(), 1.0, c, 600, 0).expect("within its domain");
        let number = model.advance(case.pace.lead_in as f64).expect("not too long").mean_number;
        let stationary = Mmc::new(rate, 1.0, c).expect("stable").mean_number();
        assert!((number / stationary - 1.0).abs() < 1e-4, "{name}: {number} of {stationary}");
    }
}

/// A pass means something: a value of theory that is wrong by one percent fails.
#[test]
fn a_wrong_formula_fails() {
    use simscale_runner::validate::Line;
    use simscale_runner::validate::case::Exact;
    use simscale_runner::validate::verdict::{Judgement, Verdict};
    let mut case = find("M/M/1/4 at 1.5, refused");
    let right = case.exact.value();
    case.exact = Exact::of(move || 1.01 * right);
    let found =
        estimate(&case, Budget::QUICK, 1, &AtomicBool::new(false)).expect("valid").expect("not stopped");
    let judgement = Judgement::of(&[Line { case, found }]);
    assert_eq!(judgement.verdicts, [Verdict::Fails]);
    assert!(!judgement.passes() && !judgement.spread_passes());
}

fn find(name: &str) -> Case {
    grid::cases()
        .into_iter()
        .find(|case| case.name == name)
        .unwrap_or_else(|| panic!("{name} is in the grid"))
}

/// Rows of the published table, from their cases, to the last digit; the page and the README quote the table as it is.
#[test]
fn a_part_of_the_published_table_is_computed_again() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |name: &str| std::fs::read_to_string(format!("{root}/{name}")).expect(name);
    let manifest: serde_json::Value =
        serde_json::from_str(&read("results/validation/manifest.json")).expect("published");
    let bound = |name: &str| manifest["budget"][name].as_f64().expect("a number");
    let budget = Budget { share: bound("share"), last: bound("last") };
    let mut table =
        csv::Reader::from_path(format!("{root}/results/validation/table.csv")).expect("published");
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    for name in ["M/M/1/4 at 1.5, refused", "M/M/4/8 at 1.5, refused"] {
        let row = rows.iter().find(|row| &row[1] == name).expect("published");
        let case = find(name);
        let found = estimate(&case, budget, 1, &AtomicBool::new(false)).expect("valid").expect("not stopped");
        let near = |column: usize, value: f64| {
            let published: f64 = row[column].parse().expect("a number");
            assert!((published / value - 1.0).abs() < 1e-6, "{name}: {published} {value}");
        };
        near(6, found.exact);
        near(7, found.mean);
        near(8, found.error);
        assert_eq!(row[14].parse(), Ok(found.replications));
        assert_eq!(row[15].parse(), Ok(found.requests));
    }
    let count = |name: &str| manifest["counts"][name].as_u64().expect("a count");
    assert_eq!((rows.len() as u64, count("failed")), (count("cases"), 0));
    let said = format!(
        "{} cases: {} pass, {} fail, {} not decided, {} not judged",
        count("cases"),
        count("passed"),
        count("failed"),
        count("not_decided"),
        count("not_judged")
    );
    for page in ["README.md", "docs/VALIDATION.md", "results/validation/README.md"] {
        assert!(read(page).contains(&said), "{page} does not say: {said}");
    }
}
