//! Recorded traces of the real world, where they are at hand: `SIMSCALE_TRACES` names their folder.

use simscale_runner::trace::{CheckedTrace, TraceFormat, Values};
use std::path::PathBuf;

/// The totals and lengths that the reader finds are those of the collection's own index.
#[test]
fn totals_are_those_of_the_index() {
    let Some(folder) = std::env::var_os("SIMSCALE_TRACES").map(PathBuf::from) else {
        eprintln!("skipped: SIMSCALE_TRACES names no folder of traces");
        return;
    };
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let heads = index.headers().unwrap().clone();
    let mut read = 0;
    for row in index.records().map(Result::unwrap) {
        let cell = |name: &str| &row[heads.iter().position(|head| head == name).unwrap()];
        if cell("kind") != "count" || !cell("file").starts_with("web/") {
            continue;
        }
        let end = simscale::engine::SimTime::from_nanos(u64::MAX >> 4);
        let format = TraceFormat {
            time_column: None,
            column: None,
            values: Values::Counts,
            scale: 1.0,
            bin: None,
            gaps_are_empty: false,
            used: (simscale::engine::SimTime::ZERO, end),
        };
        let trace =
            CheckedTrace::check(&folder.join(cell("file")), cell("file"), format, &Default::default())
                .unwrap_or_else(|e| panic!("{e}"));
        let (rows, total): (u64, f64) = (cell("n").parse().unwrap(), cell("total").parse().unwrap());
        assert_eq!((trace.facts.rows, &*trace.facts.sha256), (rows, cell("sha256")), "{}", cell("file"));
        assert!(
            (trace.facts.requests - total).abs() <= 0.5 + 1e-9 * total,
            "{}: {}",
            cell("file"),
            trace.facts.requests
        );
        assert_eq!(trace.reader().unwrap().count() as u64, rows, "{}", cell("file"));
        read += 1;
    }
    assert!(read > 5, "the index lists {read} traces of counts");
}

/// Policies in place of the shipped scenario's.
const POLICIES: [(&str, &str); 6] = [
    ("fixed", "fixed = { size = 4 }"),
    (
        "schedule",
        "schedule = { entry = [{ name = \"day\", time = \"07:00\", desired = 6 }, { name = \"night\", time = \"22:00\", desired = 3 }] }",
    ),
    ("poll", "threshold_poll = { drain = true }"),
    (
        "simple",
        "simple_scaling = { rule = [\
         { alarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 70.0 }, adjustment_type = \"change_in_capacity\", adjustment = 1 },\
         { alarm = { metric = \"cpu_utilization\", comparison = \"less_than_threshold\", threshold = 30.0 }, adjustment_type = \"change_in_capacity\", adjustment = -1 }] }",
    ),
    (
        "step",
        "step_scaling = { rule = [\
         { alarm = { metric = \"cpu_utilization\", comparison = \"greater_than_or_equal_to_threshold\", threshold = 60.0 }, adjustment_type = \"percent_change_in_capacity\", min_adjustment_magnitude = 1, steps = [{ lower = 0.0, upper = 20.0, adjustment = 10 }, { lower = 20.0, adjustment = 30 }] },\
         { alarm = { metric = \"cpu_utilization\", comparison = \"less_than_or_equal_to_threshold\", threshold = 35.0, evaluation_periods = 15 }, adjustment_type = \"percent_change_in_capacity\", min_adjustment_magnitude = 1, steps = [{ upper = 0.0, adjustment = -10 }] }] }",
    ),
    ("tracking", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }"),
];

/// Traces with the part that is played: file, offset and duration in seconds.
const PLAYED: [(&str, u64, u64); 3] = [
    ("web/nasa_kennedy_199507_60s.csv", 0, 2_386_800),
    ("web/wc98_19980430_19980626_60s.csv.gz", 3_628_800, 21_600),
    ("web/twitter_stream_202108_d02_1s.csv", 0, 86_400),
];

/// Requests of the file in `[from, from + length)` seconds, by this test's own reading.
fn requests_in(file: &std::path::Path, from: u64, length: u64) -> u64 {
    let bytes = std::fs::read(file).unwrap();
    let mut text = String::new();
    if file.extension().is_some_and(|e| e == "gz") {
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let rows = text.lines().skip(1).map(|line| line.split_once(',').unwrap());
    rows.filter(|(t, _)| (from..from + length).contains(&t.parse::<u64>().unwrap()))
        .map(|(_, n)| n.parse::<u64>().unwrap())
        .sum()
}

/// NASA, World Cup and Twitter through all policies: every request of the file arrives, whatever the policy.
#[test]
fn every_policy_plays_the_real_traces_whole() {
    let Some(folder) = std::env::var_os("SIMSCALE_TRACES").map(PathBuf::from) else {
        eprintln!("skipped: SIMSCALE_TRACES names no folder of traces");
        return;
    };
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/recorded-trace.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let (head, rest) = shipped.split_once("[[policy]]").unwrap();
    let tail = rest.split_once("[[objective]]").unwrap().1.split_once("[expect]").unwrap().0;
    let place = tempfile::tempdir().unwrap();
    for (file, offset, length) in PLAYED {
        let path = folder.join(file);
        let total = requests_in(&path, offset, length);
        let mut costs = Vec::new();
        for (name, policy) in POLICIES {
            let scenario = place.path().join(format!("{name}.toml"));
            let text = format!("{head}[[policy]]\nname = \"{name}\"\n{policy}\n\n[[objective]]{tail}");
            std::fs::write(&scenario, text.replace("recorded-trace", name)).unwrap();
            let set = [
                format!("workload.trace.file={}", path.display()),
                format!("workload.trace.offset={offset}s"),
                format!("simulation.duration={length}s"),
                "group.desired=4".to_string(),
            ];
            let run = std::process::Command::new(env!("CARGO_BIN_EXE_simscale"))
                .args(["run", "--format", "json", "--out"])
                .arg(place.path().join("out"))
                .args(set.iter().flat_map(|s| ["--set", s]))
                .arg(&scenario)
                .output()
                .unwrap();
            assert_eq!(run.status.code(), Some(0), "{file} {name}: {}", String::from_utf8_lossy(&run.stderr));
            let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
            assert_eq!(summary["requests"]["arrived"], total, "{file} through {name}");
            costs.push(summary["cost_usd"]["total"].as_f64().unwrap());
        }
        println!("{file}: {total} requests, cost by policy {costs:.2?}");
    }
}
