//! The program as its users meet it: every command, every exit code, what is written and what is not.

mod place;

use place::{Place, SMALL, code, err, out};
use std::fs;

#[test]
fn the_first_three_commands_of_a_newcomer_work() {
    let place = Place::new();
    let init = place.run(&["init", "shop"]);
    assert_eq!(code(&init), 0, "{}", err(&init));
    assert!(out(&init).contains("simscale run shop.toml"));
    let again = place.run(&["init", "shop"]);
    assert!(code(&again) == 2 && err(&again).contains("is there already"), "{}", err(&again));
    let check = place.run(&["check", "shop.toml"]);
    assert_eq!(code(&check), 0, "{}", err(&check));
    assert!(
        out(&check).contains("x 25 ms =") && out(&check).ends_with("shop.toml is a valid scenario.\n"),
        "{}",
        out(&check)
    );
    let run = place.run(&["run", "shop.toml", "--set", "simulation.duration=40m"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let files = [
        "activities.csv",
        "instances.csv",
        "manifest.json",
        "periods.csv",
        "report.html",
        "resolved.toml",
        "summary.json",
        "timeline.svg",
        "timing.json",
    ];
    let mut found = place.names("results/shop");
    found.retain(|name| name != "timeline.png");
    assert_eq!(found, files);
    assert!(out(&run).lines().next_back().unwrap().contains("shop keeps all 2 promises"), "{}", out(&run));
    assert!(err(&run).contains("M requests/s"));
}

#[test]
fn a_name_that_is_no_file_name_is_refused() {
    let place = Place::new();
    for name in ["a b", "", "../x y"] {
        let init = place.run(&["init", name]);
        assert_eq!(code(&init), 2, "{name}: {}", err(&init));
    }
    assert!(place.names(".").is_empty());
}

#[test]
fn json_is_alone_on_standard_output_one_object_a_line_in_order() {
    let place = Place::new();
    for name in ["b", "a", "c"] {
        place.write(&format!("{name}.toml"), &SMALL.replace("small", name));
    }
    let run = place.run(&["run", "b.toml", "a.toml", "c.toml", "--format", "json", "--jobs", "3"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let objects: Vec<serde_json::Value> =
        out(&run).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = objects.iter().map(|object| object["scenario"].as_str().unwrap()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    for object in &objects {
        let name = object["scenario"].as_str().unwrap();
        let file: serde_json::Value =
            serde_json::from_str(&place.read(&format!("results/{name}/summary.json"))).unwrap();
        assert_eq!(&file, object);
        assert_eq!(object["schema"], 2);
        let settled = ["served", "refused", "failed", "in_flight_at_end"]
            .map(|key| object["requests"][key].as_u64().unwrap());
        let came = object["requests"]["arrived"].as_u64().unwrap()
            + object["requests"]["in_flight_at_start"].as_u64().unwrap();
        assert_eq!(settled.iter().sum::<u64>(), came);
    }
}

#[test]
fn expectations_decide_the_exit_code_and_no_expect_does_not_ask_them() {
    let place = Place::new();
    let expect =
        "\n[expect]\n\"requests.arrived\" = { above = 1.0 }\n\"cost_usd.total\" = { above = 100.0 }\n";
    place.write("small.toml", &(SMALL.to_string() + expect));
    let run = place.run(&["run", "small.toml"]);
    assert_eq!(code(&run), 1, "{}", err(&run));
    assert!(
        out(&run).contains("\u{2713} requests.arrived = ")
            && out(&run).contains("\u{2717} cost_usd.total = "),
        "{}",
        out(&run)
    );
    assert!(out(&run).contains("1 of 2 expectations failed"));
    assert!(
        place.names("results/small").contains(&"summary.json".to_string()),
        "everything is written before it is judged"
    );
    assert_eq!(code(&place.run(&["run", "small.toml", "--no-expect"])), 0);
    let json = place.run(&["run", "small.toml", "--format", "json"]);
    assert!(code(&json) == 1 && err(&json).contains("expected: cost_usd.total = "), "{}", err(&json));
    assert_eq!(out(&json).lines().count(), 1);
}

#[test]
fn quiet_leaves_the_verdict() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let run = place.run(&["run", "small.toml", "--quiet"]);
    assert_eq!(out(&run).lines().count(), 1, "{}", out(&run));
    assert!(
        out(&run).starts_with("small keeps its promise at ") && err(&run).is_empty(),
        "{}{}",
        out(&run),
        err(&run)
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.write(&format!("{name}.toml"), &SMALL.replace("small", name));
    }
    let mut before: Option<(String, Vec<Vec<u8>>)> = None;
    for jobs in ["1", "2", "8", "1"] {
        let run = place.run(&["run", "a.toml", "b.toml", "c.toml", "--jobs", jobs, "--out", "all"]);
        assert_eq!(code(&run), 0, "{}", err(&run));
        let mut files = Vec::new();
        for name in ["a", "b", "c"] {
            for file in place.names(&format!("all/{name}")).iter().filter(|file| *file != "timing.json") {
                files.push(fs::read(place.path(&format!("all/{name}/{file}"))).unwrap());
            }
        }
        let now = (out(&run), files);
        if let Some(before) = &before {
            assert!(*before == now, "--jobs {jobs} changed something");
        }
        before = Some(now);
    }
}

/// Resolved scenario and manifest hold all that a repetition needs, and nothing of the place where it ran.
#[test]
fn a_run_can_be_repeated_from_its_outputs() {
    let place = Place::new();
    place.write("deep/down/small.toml", SMALL);
    let file = place.path("deep/down/small.toml").display().to_string();
    let first =
        place.run(&["run", &file, "--seed", "9", "--set", "workload.constant.rate=25/s", "--out", "first"]);
    assert_eq!(code(&first), 0, "{}", err(&first));
    assert_eq!(code(&place.run(&["run", "first/resolved.toml", "--out", "second"])), 0);
    assert_eq!(place.read("first/summary.json"), place.read("second/summary.json"));
    assert_eq!(place.read("first/resolved.toml"), place.read("second/resolved.toml"));
    let manifest: serde_json::Value = serde_json::from_str(&place.read("first/manifest.json")).unwrap();
    assert_eq!(manifest["command"], "simscale run small.toml --seed 9 --set workload.constant.rate=25/s");
    assert_eq!(manifest["seed"], 9);
    let root = place.path("").display().to_string();
    for file in ["manifest.json", "resolved.toml", "summary.json", "timeline.svg"] {
        assert!(!place.read(&format!("first/{file}")).contains(&root), "{file} names the folder it ran in");
    }
}

#[test]
fn a_pipe_gets_no_control_codes_and_force_gives_them() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("bad.toml", "schema = 1\nnam = 3\n");
    for envs in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "dumb")]] {
        for file in ["small.toml", "bad.toml"] {
            let run = place.run_with(&["run", file], envs);
            assert!(
                !out(&run).contains('\u{1b}') && !err(&run).contains('\u{1b}'),
                "{envs:?}: {}{}",
                out(&run),
                err(&run)
            );
        }
    }
    let forced = place.run_with(&["run", "small.toml"], &[("CLICOLOR_FORCE", "1")]);
    assert!(out(&forced).contains('\u{1b}'));
}

#[test]
fn narrow_and_plain_terminals_are_served() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let narrow = place.run_with(&["run", "small.toml"], &[("COLUMNS", "40")]);
    let text = out(&narrow);
    let (page, verdict) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(page.lines().all(|line| line.chars().count() <= 40), "{text}");
    assert!(
        verdict.starts_with("small keeps its promise") && verdict.ends_with('.'),
        "in a pipe the verdict is one line: {text}"
    );
    let plain = place.run_with(&["run", "small.toml"], &[("LC_ALL", "C")]);
    assert!(out(&plain).is_ascii() && out(&plain).contains("ok fast"), "{}", out(&plain));
}

#[test]
fn lists_schema_and_completions_are_complete() {
    let place = Place::new();
    for (what, part) in
        [("policies", "target_tracking"), ("instances", "m5.large"), ("metrics", "cpu_utilization")]
    {
        let text = place.run(&["list", what]);
        assert!(code(&text) == 0 && out(&text).contains(part), "{}", out(&text));
        let json = place.run(&["list", what, "--format", "json"]);
        assert!(
            out(&json)
                .lines()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().is_object())
        );
    }
    let schema: serde_json::Value = serde_json::from_str(&out(&place.run(&["schema"]))).unwrap();
    assert!(schema["properties"]["workload"].is_object());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(out(&place.run(&["completions", shell])).contains("simscale"), "{shell}");
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    assert!(
        code(&help) == 0 && out(&help).contains("Exit codes:") && out(&help).contains("simscale init shop")
    );
    for command in ["run", "check", "init", "size", "list"] {
        assert!(out(&place.run(&[command, "--help"])).contains("Example"), "{command}");
    }
    let version = place.run(&["--version"]);
    let want = format!("simscale {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((code(&version), out(&version)), (0, want));
    let nothing = place.run(&[]);
    assert!(code(&nothing) == 2 && out(&nothing).is_empty(), "{}", out(&nothing));
    assert!(err(&nothing).contains("Usage: simscale <COMMAND>") && err(&nothing).contains("Examples:"));
    for (args, tip) in [
        (&["run", "x.toml", "--quite"][..], "'--quiet'"),
        (&["rum"][..], "'run'"),
        (&["run", "x.toml", "--format", "jsn"][..], "'json'"),
    ] {
        let wrong = place.run(args);
        assert!(code(&wrong) == 2 && out(&wrong).is_empty(), "{args:?}");
        assert!(err(&wrong).contains("tip:") && err(&wrong).contains(tip), "{args:?}: {}", err(&wrong));
    }
}

/// The numbers are the oracle's, whose own tests prove them; here they must arrive.
#[test]
fn size_tells_how_many_instances_a_promise_needs() {
    let place = Place::new();
    let size =
        |more: &[&str]| place.run(&[&["size", "--rate", "400/s", "--cpu-time", "35ms"], more].concat());
    let text = out(&size(&["--p99", "300ms"]));
    for part in
        ["400/s x 35 ms = 14 cores", "8 instances", "13 instances", "14 + sqrt(14) = 18 vCPUs", "Poisson"]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(
        text.ends_with("p99 below 300 ms takes 8 to 13 instances: the better the balancer, the fewer.\n")
    );
    let object = |more: &[&str]| {
        let run = size(&[more, &["--format", "json"]].concat());
        assert_eq!(code(&run), 0, "{}", err(&run));
        serde_json::from_str::<serde_json::Value>(&out(&run)).unwrap()
    };
    let named = object(&["--p99", "300ms"]);
    assert_eq!(named, object(&["--quantile", "0.99", "--limit", "300ms", "--vcpus", "2"]));
    assert_eq!(
        (&named["central_queue"]["instances"], &named["random_split"]["instances"]),
        (&8.into(), &13.into())
    );
    assert_eq!(named["square_root_rule"]["cores"], 18);
    // A wait is added to every response and leaves as much less for the cores.
    let waits = object(&["--p99", "315ms", "--wait-time", "15ms"]);
    assert_eq!(waits["random_split"]["instances"], 13);
    let mean = |object: &serde_json::Value| object["random_split"]["response_mean_s"].as_f64().unwrap();
    assert!((mean(&waits) - mean(&named) - 0.015).abs() < 1e-9);
}

#[test]
fn size_refuses_what_has_no_answer() {
    let place = Place::new();
    let cases: [(&[&str], &str); 9] = [
        (&["--rate", "400/s", "--cpu-time", "35ms"], "--p99 <TIME>"),
        (&["--rate", "400/s", "--cpu-time", "35ms", "--p99", "1s", "--p50", "1s"], "cannot be used with"),
        (&["--rate", "400/s", "--cpu-time", "35ms", "--quantile", "0.9"], "--limit <TIME>"),
        (&["--rate", "400/s", "--cpu-time", "35ms", "--quantile", "1", "--limit", "1s"], "between 0 and 1"),
        (&["--rate", "400", "--cpu-time", "35ms", "--p99", "1s"], "write the unit: \"400/s\""),
        (&["--rate", "0/s", "--cpu-time", "35ms", "--p99", "1s"], "--rate is zero"),
        (
            &["--rate", "400/s", "--cpu-time", "35ms", "--p99", "100ms"],
            "on an idle machine it is 161 ms already",
        ),
        (
            &["--rate", "400/s", "--cpu-time", "35ms", "--p99", "1s", "--wait-time", "2s"],
            "and 2 s of waiting",
        ),
        (&["--rate", "1e9/s", "--cpu-time", "35s", "--p99", "300s"], "too large to be computed"),
    ];
    for (args, part) in cases {
        let run = place.run(&[&["size"], args].concat());
        assert!(code(&run) == 2 && out(&run).is_empty(), "{args:?}: {}", out(&run));
        assert!(err(&run).contains(part), "{args:?}: {part:?} is not in {}", err(&run));
    }
}

#[test]
fn times_are_those_of_the_scenarios_own_clock() {
    let place = Place::new();
    let zone = "seed = 5\nstart = \"2026-07-01T22:30:00Z\"\ntime_zone = \"Europe/Berlin\"";
    place.write("small.toml", &SMALL.replace("seed = 5", zone));
    let run = place.run_with(&["run", "small.toml"], &[("COLUMNS", "120")]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(out(&run).contains("9 min from 2026-07-02 00:30 Europe/Berlin"), "{}", out(&run));
    let picture = place.read("results/small/timeline.svg");
    assert!(picture.contains("time of the simulated day, Europe/Berlin") && picture.contains("00:35"));
}

#[test]
fn the_list_of_instances_shows_credits_and_json_stays_rows() {
    let place = Place::new();
    let text = out(&place.run(&["list", "instances"]));
    let words = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(words("t2.micro"), ["t2.micro", "1", "1", "0.0116", "standard", "0.1", "6"], "{text}");
    assert_eq!(words("m5.large"), ["m5.large", "2", "8", "0.096"], "{text}");
    let json = out(&place.run(&["list", "instances", "--format", "json"]));
    assert!(json.lines().all(|line| line.starts_with('{')), "{json}");
    let micro = json.lines().find(|line| line.contains("t3.micro")).unwrap_or_default();
    assert!(micro.contains("\"credits_per_hour\":12.0") && micro.contains("unlimited"), "{micro}");
}

#[test]
fn a_file_with_a_sweep_runs_its_base_and_says_so() {
    let place = Place::new();
    place.write("small.toml", &(SMALL.to_string() + "\n[sweep]\nreplications = 5\n"));
    let run = place.run(&["run", "small.toml"]);
    assert!(code(&run) == 0 && err(&run).contains("simscale sweep small.toml"), "{}", err(&run));
}

/// `simscale list instances | head -1` ends quietly.
#[cfg(unix)]
#[test]
fn a_reader_may_stop_reading() {
    use std::process::{Command, Stdio};
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_simscale"))
        .args(["schema"])
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{:?}", output);
}

#[test]
fn the_reference_pages_are_fresh() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let check = Place::new().run(&["reference", "--check", "--out", &docs.display().to_string()]);
    assert_eq!(code(&check), 0, "{}", err(&check));
}
