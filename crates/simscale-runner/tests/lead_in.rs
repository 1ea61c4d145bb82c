//! A lead-in that is left to MSER-5: what it cuts, what the files say of it, and where it is refused.

mod place;

use place::{Place, code, err, out};
use simscale_oracle::steady::mser5;

/// Three servers that begin empty at 95 % load; a day.
const COLD: &str = r#"schema = 1
name = "cold"
[simulation]
duration = "24h"
lead_in = "mser5"
seed = 3
[workload.constant]
rate = "0.285/s"
[service]
cpu_time = { exponential = { mean = "10s" } }
[instance]
vcpus = 3
price = "0.12 USD/h"
discipline = { workers = { count = 3 } }
queue_limit = 100000
[balancer]
idle_timeout = "0s"
[group]
min = 1
max = 1
[[policy]]
name = "one"
fixed = { size = 1 }
[[objective]]
name = "fast"
latency = { quantile = 0.9, below = "20m", window = "7m" }
allowed_ratio = 0.5
"#;

fn json(place: &Place, name: &str) -> serde_json::Value {
    serde_json::from_str(&place.read(name)).unwrap()
}

/// The rule is asked of the run without a lead-in: its table has the same series, and the oracle the same cut.
#[test]
fn a_run_says_what_was_cut_and_it_is_what_the_rule_says() {
    let place = Place::new();
    place.write("cold.toml", COLD);
    let run = place.run(&["run", "cold.toml", "--out", "cut"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let whole = place.run(&["run", "cold.toml", "--out", "whole", "--set", "simulation.lead_in=0s"]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    let periods = place.read("whole/periods.csv");
    let mut rows = csv::Reader::from_reader(periods.as_bytes());
    let at = rows.headers().unwrap().iter().position(|name| name == "in_flight_mean").unwrap();
    let inside: Vec<f64> = rows.records().map(|row| row.unwrap()[at].parse().unwrap()).collect();
    let cut = mser5(&inside).unwrap().truncate_observations as u64;
    assert!(cut > 0, "an empty queue at this load fills for a while");
    let manifest = json(&place, "cut/manifest.json");
    let lead_in = (cut * 60).div_ceil(420) * 420;
    let told = serde_json::json!({
        "rule": "mser5", "pilots": 1, "periods": 1440, "cut_periods": cut, "lead_in_s": lead_in,
    });
    assert_eq!(manifest["lead_in"], told);
    let summary = json(&place, "cut/summary.json");
    assert_eq!(summary["window"]["from_s"].as_f64(), Some(lead_in as f64), "whole windows of the promise");
    assert_eq!(summary["window"]["lead_in_rule"], "mser5");
    assert!(out(&run).contains("found by MSER-5"), "{}", out(&run));
    assert!(err(&run).contains(&format!("by MSER-5: {cut} of 1440 metric periods")), "{}", err(&run));
    assert_eq!(json(&place, "whole/summary.json")["window"]["lead_in_rule"], "given");
    assert!(!place.read("cut/resolved.toml").contains("mser5"), "what was found is written out");
}

#[test]
fn a_sweep_has_one_lead_in_for_all_cells_whatever_its_threads() {
    let place = Place::new();
    place.write("cold.toml", COLD);
    let sweep = |jobs: &str, folder: &str| {
        let axis = "workload.constant.rate=0.12/s,0.285/s";
        let args = ["sweep", "cold.toml", "--sweep", axis, "--no-hindsight", "--jobs", jobs, "--out", folder];
        let sweep = place.run(&args);
        assert_eq!(code(&sweep), 0, "{}", err(&sweep));
        assert!(out(&sweep).contains("by MSER-5"), "{}", out(&sweep));
    };
    sweep("1", "one");
    sweep("4", "four");
    let manifest = json(&place, "one/manifest.json");
    let from = manifest["lead_in"]["lead_in_s"].as_u64().unwrap();
    assert!(from > 0 && manifest["lead_in"]["pilots"] == 5, "{manifest}");
    let table = place.read("one/runs.csv");
    let mut runs = csv::Reader::from_reader(table.as_bytes());
    let at = runs.headers().unwrap().iter().position(|name| name == "window.from_s").unwrap();
    assert!(runs.records().all(|row| row.unwrap()[at] == from.to_string()), "all windows begin at {from}");
    for name in place.names("one") {
        let read = |folder: &str| std::fs::read(place.path(folder).join(&name)).unwrap();
        assert!(read("one") == read("four"), "{name} differs");
    }
}

#[test]
fn where_nothing_settles_the_rule_is_refused_with_its_reason() {
    let place = Place::new();
    let refused = |from: &str, to: &str| {
        let text = COLD.replace(from, to);
        assert_ne!(text, COLD);
        place.write("wrong.toml", &text);
        let run = place.run(&["run", "wrong.toml"]);
        assert_eq!(code(&run), 2, "{}", out(&run));
        err(&run)
    };
    let load = "[workload.constant]\nrate = \"0.285/s\"";
    let cases = [
        (
            load,
            "[workload]\nramp = { from = \"1/s\", to = \"9/s\", end = \"1h\" }",
            "workload.ramp is no stationary load",
        ),
        (
            load,
            "[workload]\nsum = [{ constant = { rate = \"1/s\" } }, { steps = [{ at = \"1h\", rate = \"2/s\" }] }]",
            "workload.sum is no stationary load",
        ),
        (
            "fixed = { size = 1 }",
            "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }",
            "policy.one may change the capacity",
        ),
        (
            "[[policy]]",
            "[[fault]]\nname = \"f\"\nwhen = { at = \"1h\" }\nwhat = \"crash\"\n[[policy]]",
            "[[fault]] may change the capacity",
        ),
        ("\"mser5\"", "\"mser\"", "is neither a duration nor a rule"),
        ("duration = \"24h\"", "duration = \"90m\"", "from 90 metric periods; it takes 100"),
        ("rate = \"0.285/s\"", "rate = \"0.6/s\"", "the run does not settle"),
    ];
    for (from, to, why) in cases {
        let told = refused(from, to);
        assert!(told.contains("simulation.lead_in") && told.contains(why), "{told}");
    }
}
