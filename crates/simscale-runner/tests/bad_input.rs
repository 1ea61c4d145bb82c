//! Wrong input and hostile surroundings: a clear message, exit code 2, and nothing lost or half-written.

mod place;

use place::{Place, SMALL, code, err, out};
use std::fs;
#[cfg(unix)]
use std::process::Stdio;
#[cfg(unix)]
use std::time::{Duration, Instant};

/// The message of a run that must fail with exit code 2 and print nothing on standard output.
fn refusal(place: &Place, args: &[&str]) -> String {
    let run = place.run(args);
    assert_eq!(code(&run), 2, "{args:?}: {}{}", out(&run), err(&run));
    assert!(out(&run).is_empty(), "{args:?}: {}", out(&run));
    let text = err(&run);
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn mistakes_of_all_files_come_at_once_with_line_and_fix() {
    let place = Place::new();
    place.write("a.toml", &SMALL.replace("max = 4", "max = 0\nmaxx = 4"));
    place.write("b.toml", &SMALL.replace("\"20/s\"", "20"));
    place.write("c.toml", "schema = 1\nname = \"c\n");
    let text = refusal(&place, &["run", "a.toml", "b.toml", "c.toml", "missing.toml"]);
    for part in
        ["a.toml:", "group.maxx: is not a known key", "b.toml:", "c.toml:", "missing.toml: cannot be read"]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(place.names(".").iter().all(|name| name != "results"), "nothing ran");
    assert!(refusal(&place, &["check", "a.toml"]).contains("maxx"));
}

#[test]
fn overrides_are_typed_and_checked_like_the_file() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let cases = [
        ("group.max", "has no \"=\""),
        ("group.maxx=3", "maxx"),
        ("group.max=many", "group.max"),
        ("simulation.duration=5", "simulation.duration"),
        ("group.min=9", "group.min"),
    ];
    for (set, part) in cases {
        let text = refusal(&place, &["run", "small.toml", "--set", set]);
        assert!(text.contains(part), "{set}: {text}");
    }
    for seed in ["-1", "x", "99999999999999999999"] {
        refusal(&place, &["run", "small.toml", "--seed", seed]);
    }
    refusal(&place, &["run", "small.toml", "--jobs", "0"]);
    refusal(&place, &["run"]);
}

#[test]
fn unknown_figures_in_expect_are_mistakes_of_the_file() {
    let place = Place::new();
    place.write("small.toml", &(SMALL.to_string() + "[expect]\n\"cost_usd.totl\" = { below = 3.0 }\n"));
    let text = refusal(&place, &["run", "small.toml"]);
    assert!(text.contains("cost_usd.totl") && text.contains("cost_usd.total"), "{text}");
}

#[test]
fn equal_names_are_an_error() {
    let place = Place::new();
    place.write("a.toml", SMALL);
    place.write("b.toml", SMALL);
    let text = refusal(&place, &["run", "a.toml", "b.toml"]);
    assert!(text.contains("a.toml and b.toml have the same name \"small\""), "{text}");
}

#[test]
fn places_that_cannot_hold_results_are_found_before_the_run() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("file", "mine");
    let text = refusal(&place, &["run", "small.toml", "--out", "file"]);
    assert!(text.contains("file is a file, not a folder"), "{text}");
    refusal(&place, &["run", "small.toml", "--out", "file/below"]);
    assert_eq!(place.read("file"), "mine");
    fs::create_dir_all(place.path("odd/summary.json")).unwrap();
    assert!(refusal(&place, &["run", "small.toml", "--out", "odd"]).contains("summary.json is a folder"));
    place.write("results", "a file");
    refusal(&place, &["run", "small.toml"]);
}

/// Only where permissions bind: root may write anywhere.
#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("small.toml", SMALL);
    fs::create_dir(place.path("locked")).unwrap();
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.path("locked/probe"), "").is_ok() {
        eprintln!("skipped: this user may write into a folder without write permission");
        return;
    }
    let text = refusal(&place, &["run", "small.toml", "--out", "locked"]);
    assert!(text.contains("cannot write into locked"), "{text}");
}

#[test]
fn published_results_are_overwritten_only_by_name() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("results/small/README.md", "what this shows");
    place.write("results/small/summary.json", "published");
    let text = refusal(&place, &["run", "small.toml"]);
    assert!(text.contains("published") && text.contains("--out results/small"), "{text}");
    assert_eq!(place.read("results/small/summary.json"), "published");
    assert_eq!(code(&place.run(&["run", "small.toml", "--out", "results/small"])), 0);
    assert_ne!(place.read("results/small/summary.json"), "published");
    assert_eq!(place.read("results/small/README.md"), "what this shows");
}

fn traced(file: &str) -> String {
    let trace = format!("[workload.trace]\nfile = \"{file}\"\n");
    SMALL.replace("[workload.constant]\nrate = \"20/s\"\n", &trace).replace("lead_in = \"1m\"\n", "")
}

#[test]
fn trace_paths_are_relative_to_where_they_were_written() {
    let place = Place::new();
    let rows: String = (0..10).map(|minute| format!("{},{}\n", minute * 60, 100 + minute)).collect();
    place.write("deep/scenario.toml", &traced("t.csv"));
    place.write("deep/t.csv", &format!("t_s,requests\n{rows}"));
    let json = |run: &std::process::Output| serde_json::from_str::<serde_json::Value>(&out(run)).unwrap();
    let run = place.run(&["run", "deep/scenario.toml", "--format", "json"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(json(&run)["requests"]["arrived"], 1045);
    let text = refusal(&place, &["run", "deep/scenario.toml", "--set", "workload.trace.file=t.csv"]);
    assert!(text.contains("t.csv: cannot be read") && text.contains("current folder"), "{text}");
    place.write("t.csv", "t_s,requests\n0,7\n300,8\n");
    let run =
        place.run(&["run", "deep/scenario.toml", "--set", "workload.trace.file=t.csv", "--format", "json"]);
    assert_eq!(json(&run)["requests"]["arrived"], 15);
    let absolute = format!("workload.trace.file={}", place.path("t.csv").display());
    let run = place.run(&["run", "deep/scenario.toml", "--set", &absolute, "--out", "abs"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let manifest = place.read("abs/manifest.json");
    assert!(
        manifest.contains("--set workload.trace.file=t.csv\"") && !manifest.contains("/t.csv"),
        "{manifest}"
    );
    assert!(manifest.contains("\"sha256\""));
    assert!(!place.read("abs/resolved.toml").contains("/t.csv"));
    let check = place.run(&["check", "deep/scenario.toml"]);
    assert!(out(&check).contains("10 rows, 1,045 requests in 10 min"), "{}", out(&check));
}

#[test]
fn broken_traces_are_refused_with_their_line() {
    let place = Place::new();
    place.write("s.toml", &traced("t.csv"));
    let cases: [(&[u8], &str); 5] = [
        (b"", "t.csv: is empty"),
        (b"t_s,n\n0,1\n60,NaN\n", "t.csv:3: n: \"NaN\""),
        (b"t_s,n\n60,1\n0,1\n", "sort the rows by time"),
        (b"t_s,n\n0,1\n60,1\n300,1\n", "3 rows are missing"),
        (b"\x1f\x8b\x08\x00", "the gzip file is truncated"),
    ];
    for (bytes, part) in cases {
        place.write_bytes("t.csv", bytes);
        let text = refusal(&place, &["run", "s.toml"]);
        assert!(text.contains("workload.trace.file") && text.contains(part), "{part:?} is not in {text}");
    }
}

/// A scenario from elsewhere may not read files of this machine unseen.
#[test]
fn a_trace_outside_the_scenarios_folder_is_named() {
    let place = Place::new();
    place.write("t.csv", "t_s,requests\n0,7\n300,8\n");
    place.write("deep/in.csv", "t_s,requests\n0,7\n300,8\n");
    let absolute = place.path("t.csv").display().to_string();
    for (file, outside) in
        [("../t.csv", true), (&absolute, true), ("in.csv", false), ("../deep/in.csv", false)]
    {
        place.write("deep/s.toml", &traced(file));
        for command in ["run", "check"] {
            let run = place.run_with(&[command, "deep/s.toml"], &[("COLUMNS", "120")]);
            assert_eq!(code(&run), 0, "{}", err(&run));
            let all = out(&run) + &err(&run);
            assert_eq!(all.contains("reads outside the scenario's folder"), outside, "{file}: {all}");
            assert!(!outside || all.split_whitespace().any(|word| word.ends_with("t.csv")), "{file}: {all}");
        }
    }
    // Who says it on the command line knows it.
    let run = place.run(&["run", "deep/s.toml", "--set", "workload.trace.file=t.csv"]);
    assert!(code(&run) == 0 && !err(&run).contains("outside"), "{}", err(&run));
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child, signal: &str) {
    let status = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits until something is so while a program goes on.
#[cfg(unix)]
fn wait_for(child: &mut std::process::Child, what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(child.try_wait().unwrap().is_none(), "the program ended before {what}");
        assert!(started.elapsed() < Duration::from_secs(60), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that runs for hours, once it has written rows.
#[cfg(unix)]
fn long_run(place: &Place) -> std::process::Child {
    place.write("long.toml", &SMALL.replace("10m", "3000d").replace("20/s", "80/s").replace("small", "long"));
    let mut command = place.command(&["run", "long.toml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let rows = |staging: &str| {
        fs::metadata(place.path(&format!("results/long/{staging}/periods.csv"))).map_or(0, |file| file.len())
    };
    wait_for(&mut child, "a row", || {
        let folder = place.path("results/long");
        folder.exists()
            && place
                .names("results/long")
                .iter()
                .any(|name| name.starts_with(".simscale-run-") && rows(name) > 0)
    });
    child
}

/// Two runs into one folder: the second is told, and the first goes on. A killed run is in nobody's way.
#[cfg(unix)]
#[test]
fn a_folder_has_one_run_at_a_time() {
    let place = Place::new();
    place.write("results/long/summary.json", "older");
    let mut first = long_run(&place);
    let text = refusal(&place, &["run", "long.toml"]);
    assert!(text.contains("another run is writing into results/long"), "{text}");
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    interrupt(&first, "-KILL");
    first.wait().unwrap();
    assert_eq!(place.read("results/long/summary.json"), "older");
    assert!(place.names("results/long").len() > 1, "a killed run cannot tidy up");
    let run = place.run(&["run", "long.toml", "--set", "simulation.duration=10m"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_ne!(place.read("results/long/summary.json"), "older");
    assert!(place.names("results/long").iter().all(|name| !name.starts_with('.')));
}

/// Ctrl-C while a long trace is still being checked.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_during_the_first_look_at_a_trace_ends_at_once() {
    let place = Place::new();
    place.write("s.toml", &traced("t.csv"));
    place.write("t.csv", "t_s,requests\n");
    // Takes no room on the disk and a minute to read.
    fs::File::options().write(true).open(place.path("t.csv")).unwrap().set_len(12 << 30).unwrap();
    for command in ["run", "check"] {
        let mut child = place.command(&[command, "s.toml"]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let files = format!("/proc/{}/fd", child.id());
        wait_for(&mut child, "the trace being read", || {
            let open = fs::read_dir(&files).into_iter().flatten().flatten();
            open.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|path| path.ends_with("t.csv")))
        });
        let pressed = Instant::now();
        interrupt(&child, "-INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", err(&output));
        assert!(pressed.elapsed() < Duration::from_secs(10), "{:?}", pressed.elapsed());
        assert!(err(&output).contains("s.toml: stopped"), "{}", err(&output));
    }
    assert!(!place.path("results").exists());
}

/// Ctrl-C in the middle: exit code 130, the older results untouched, nothing half-written anywhere.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_what_was_there() {
    let place = Place::new();
    place.write("results/long/summary.json", "older");
    let child = long_run(&place);
    interrupt(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(err(&output).contains("stopped; nothing was written"), "{}", err(&output));
    assert_eq!(place.names("results/long"), ["summary.json"]);
    assert_eq!(place.read("results/long/summary.json"), "older");
}
