//! Disks, folders and signals that fail a run: a clear message, a documented exit code, and nothing lost or half-written.
#![cfg(unix)]

mod place;

use place::{Place, SMALL, code, err, out, with_limit};
use std::fs;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for something that a program does.
const PATIENCE: Duration = Duration::from_secs(120);

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

fn wait_for(child: &mut Child, what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(child.try_wait().unwrap().is_none(), "the program ended before {what}");
        assert!(started.elapsed() < PATIENCE, "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A program that runs for hours, once it has written rows into its hidden folder.
fn long_run(place: &Place) -> Child {
    place.write("long.toml", &SMALL.replace("10m", "3000d").replace("20/s", "80/s").replace("small", "long"));
    let mut command = place.command(&["run", "long.toml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, "a row", || staging(place, "results/long").is_some_and(|rows| rows > 0));
    child
}

/// Bytes of the table in the hidden folder of a run.
fn staging(place: &Place, folder: &str) -> Option<u64> {
    let entries = fs::read_dir(place.path(folder)).ok()?;
    let hidden = entries.flatten().find(|e| e.file_name().to_string_lossy().starts_with(".simscale-run-"))?;
    fs::metadata(hidden.path().join("periods.csv")).ok().map(|file| file.len())
}

fn refused(output: &Output) -> String {
    assert_eq!(code(output), 2, "{}{}", out(output), err(output));
    let text = err(output);
    assert!(!text.contains("panicked"), "{text}");
    text
}

const SWEPT: &str = "[sweep]\nreplications = 10\naxes.\"group.min\" = [1, 2]\n";

/// Files that cannot grow stand for a disk that is full: the system tells the program the same way.
#[test]
fn a_full_disk_keeps_what_was_there() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("results/small/summary.json", "older");
    for bytes in [0, 1000, 20_000] {
        let run = with_limit(&place, bytes, &["run", "small.toml"]);
        assert!(refused(&run).contains("cannot write"), "{}", err(&run));
        assert_eq!(place.names("results/small"), ["summary.json"], "{bytes}");
        assert_eq!(place.read("results/small/summary.json"), "older");
    }
    let run = with_limit(&place, 100, &["run", "small.toml", "--out", "o", "--save-baseline", "b.json"]);
    refused(&run);
    assert!(!place.path("b.json").exists() && !place.path("o").exists());
    assert!(refused(&with_limit(&place, 0, &["init", "new"])).contains("cannot write"));
    assert!(!place.path("new.toml").exists());
}

/// The journal of a sweep keeps every whole line, and the sweep goes on from there when there is room again.
#[test]
fn a_sweep_on_a_full_disk_is_resumed_with_what_it_had() {
    let place = Place::new();
    place.write("small.toml", &(SMALL.to_string() + SWEPT));
    let run = with_limit(&place, 8_000, &["sweep", "small.toml", "--quiet", "--out", "s", "--jobs", "2"]);
    assert!(refused(&run).contains("cannot write"), "{}", err(&run));
    assert_eq!(place.names("s"), ["journal.jsonl"]);
    let journal = place.read("s/journal.jsonl");
    assert!(journal.ends_with('\n') && journal.lines().count() > 1, "{journal}");
    let text = refused(&place.run(&["sweep", "small.toml", "--quiet", "--out", "s"]));
    assert!(text.contains("--resume finishes it"), "{text}");
    let run = place.run(&["sweep", "small.toml", "--quiet", "--out", "s", "--resume"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let whole = place.run(&["sweep", "small.toml", "--quiet", "--out", "t"]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    assert_eq!(place.read("s/runs.csv"), place.read("t/runs.csv"), "nothing was lost, nothing was doubled");
}

/// Every byte of a journal changed in turn: a refusal that names the line, never a wrong result.
#[test]
fn a_damaged_journal_is_refused_or_harmless() {
    let place = Place::new();
    place.write("small.toml", &(SMALL.to_string() + SWEPT));
    let run = with_limit(&place, 6_000, &["sweep", "small.toml", "--quiet", "--out", "s", "--jobs", "1"]);
    refused(&run);
    let good = fs::read(place.path("s/journal.jsonl")).unwrap();
    let whole = place.run(&["sweep", "small.toml", "--quiet", "--out", "t"]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    // The unit tests of the store flip every byte; these go through the program.
    let foreign: [(&[u8], &str); 4] = [
        (b"a letter\n", ":1: is no head of a journal"),
        (b"{\"schema\":2,\"plan\":\"0\"}\n", ":1: is of another scenario, sweep or version"),
        (b"{\"schema\":1,\"plan\":\"0\"}\n", ":1: is of another scenario, sweep or version"),
        (&[0xff; 100_000], "is no head of a journal"),
    ];
    for (bytes, part) in foreign {
        let mut bytes = bytes.to_vec();
        bytes.push(b'\n');
        fs::write(place.path("s/journal.jsonl"), &bytes).unwrap();
        let text = refused(&place.run(&["sweep", "small.toml", "--quiet", "--out", "s", "--resume"]));
        assert!(text.contains(part) && text.contains("--fresh starts over"), "{part}: {text}");
        assert_eq!(fs::read(place.path("s/journal.jsonl")).unwrap(), bytes, "it is left as it is");
    }
    let digit = good.iter().rposition(u8::is_ascii_digit).unwrap();
    let mut wrong = good.clone();
    wrong[digit] = if wrong[digit] == b'1' { b'2' } else { b'1' };
    fs::write(place.path("s/journal.jsonl"), &wrong).unwrap();
    let text = refused(&place.run(&["sweep", "small.toml", "--quiet", "--out", "s", "--resume"]));
    assert!(text.contains("is damaged"), "{text}");
    fs::write(place.path("s/journal.jsonl"), &good[..good.len() - 20]).unwrap();
    let run = place.run(&["sweep", "small.toml", "--quiet", "--out", "s", "--resume"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(place.read("s/runs.csv"), place.read("t/runs.csv"));
}

#[test]
fn output_that_cannot_be_printed_is_an_error_and_a_closed_pipe_is_none() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let full = fs::File::options().write(true).open("/dev/full");
    match full {
        Err(_) => eprintln!("skipped: this system has no /dev/full"),
        Ok(full) => {
            for args in
                [&["run", "small.toml", "--format", "json"][..], &["check", "small.toml"], &["schema"]]
            {
                let full = full.try_clone().unwrap();
                let run = place.command(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
                assert_eq!(run.status.code(), Some(2), "{args:?}");
                assert!(
                    err(&run).contains("cannot write to standard output: No space left"),
                    "{}",
                    err(&run)
                );
            }
            assert!(place.path("results/small/summary.json").is_file(), "the results lie in their folder");
        }
    }
    for args in [&["schema"][..], &["run", "small.toml"], &["list", "instances"]] {
        let mut child = place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let run = child.wait_with_output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{args:?}: {}", err(&run));
    }
}

/// What takes hours is not thrown away because of a name that is taken meanwhile.
#[test]
fn a_folder_in_the_place_of_a_result_file_costs_nothing() {
    let place = Place::new();
    place.write("results/long/summary.json", "older");
    place.write("long.toml", &SMALL.replace("10m", "400d").replace("small", "long"));
    let mut command = place.command(&["run", "long.toml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, "a row", || staging(&place, "results/long").is_some_and(|rows| rows > 0));
    fs::create_dir_all(place.path("results/long/timeline.svg/deep")).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = refused(&output);
    assert!(text.contains("timeline.svg is a folder where a result file belongs"), "{text}");
    assert!(text.contains("the new results are kept in results/long/unpublished-1"), "{text}");
    assert_eq!(place.read("results/long/summary.json"), "older");
    assert!(place.path("results/long/unpublished-1/manifest.json").is_file());
    let run = place.run(&["run", "long.toml", "--set", "simulation.duration=10m"]);
    assert!(refused(&run).contains("timeline.svg is a folder"), "{}", err(&run));
    fs::remove_dir_all(place.path("results/long/timeline.svg")).unwrap();
    assert_eq!(code(&place.run(&["run", "long.toml", "--set", "simulation.duration=10m"])), 0);
    assert!(place.path("results/long/unpublished-1/manifest.json").is_file(), "no later run tidies it away");
}

/// SIGTERM is Ctrl-C by other means: 130, the older results untouched, nothing half-written anywhere.
#[test]
fn sigterm_leaves_what_was_there() {
    let place = Place::new();
    place.write("results/long/summary.json", "older");
    let child = long_run(&place);
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(err(&output).contains("stopped; nothing was written"), "{}", err(&output));
    assert_eq!(place.names("results/long"), ["summary.json"]);
}

/// A sweep that is told to stop keeps its journal and says how to go on.
#[test]
fn a_sweep_that_is_stopped_goes_on_later() {
    let place = Place::new();
    let text = SMALL.replace("10m", "100d").replace("small", "long") + SWEPT;
    place.write("long.toml", &text);
    for name in ["-TERM", "-INT"] {
        let mut command = place.command(&["sweep", "long.toml", "--jobs", "1", "--quiet", "--resume"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = |place: &Place| {
            fs::read_to_string(place.path("results/long-sweep/journal.jsonl"))
                .map_or(0, |t| t.lines().count())
        };
        let before = lines(&place);
        wait_for(&mut child, "a run", || lines(&place) > before.max(1));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", err(&output));
        assert!(err(&output).contains("--resume goes on from there"), "{}", err(&output));
        assert_eq!(place.names("results/long-sweep"), ["journal.jsonl"]);
    }
}

/// Killed at many moments, whatever lies under its final name is whole: JSON that parses, tables that end with a line.
#[test]
fn a_kill_at_any_moment_leaves_no_half_file() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let started = Instant::now();
    assert_eq!(code(&place.run(&["run", "small.toml"])), 0);
    let whole = started.elapsed();
    let expected: Vec<String> = place.names("results/small");
    for part in 0..12u32 {
        let mut child = place.command(&["run", "small.toml"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * part / 10);
        _ = child.kill();
        child.wait().unwrap();
        for name in place.names("results/small").iter().filter(|name| !name.starts_with('.')) {
            assert!(expected.contains(name), "{name}");
            let bytes = fs::read(place.path(&format!("results/small/{name}"))).unwrap();
            match name.rsplit('.').next().unwrap() {
                "json" => _ = serde_json::from_slice::<serde_json::Value>(&bytes).expect("whole JSON"),
                "csv" | "toml" => assert_eq!(bytes.last(), Some(&b'\n'), "{name}"),
                "svg" | "html" => assert!(bytes.trim_ascii_end().ends_with(b">"), "{name}"),
                _ => assert!(bytes.ends_with(b"IEND\xaeB`\x82"), "{name}"),
            }
        }
    }
    assert_eq!(code(&place.run(&["run", "small.toml"])), 0);
    assert_eq!(place.names("results/small"), expected, "and the next run finds nothing in its way");
}

/// Two sweeps into one folder: the second is told, the first goes on.
#[test]
fn a_folder_has_one_sweep_at_a_time() {
    let place = Place::new();
    place.write("long.toml", &(SMALL.replace("10m", "1000d").replace("small", "long") + SWEPT));
    let mut command = place.command(&["sweep", "long.toml", "--quiet", "--out", "s"]);
    let mut first = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&mut first, "the journal", || place.path("s/journal.jsonl").exists());
    for args in [&["sweep", "long.toml", "--out", "s", "--fresh"][..], &["run", "long.toml", "--out", "s"]] {
        let text = refused(&place.run(args));
        assert!(text.contains("another run is writing into s"), "{text}");
    }
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    first.kill().unwrap();
    first.wait().unwrap();
}

/// A trace that is written to while a run reads it gives no result: nobody could say of what.
#[test]
fn a_trace_that_changes_under_a_run_gives_no_result() {
    let place = Place::new();
    let rows = |n: u32| -> String { (0..n).map(|minute| format!("{},100\n", minute * 60)).collect() };
    place.write("t.csv", &format!("t_s,requests\n{}", rows(60 * 24 * 300)));
    let text = SMALL.replace("[workload.constant]\nrate = \"20/s\"", "[workload.trace]\nfile = \"t.csv\"");
    place.write("long.toml", &text.replace("10m", "300d").replace("small", "long"));
    let mut command = place.command(&["run", "long.toml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, "a row", || staging(&place, "results/long").is_some_and(|rows| rows > 0));
    place.write("t.csv", &format!("t_s,requests\n{}", rows(60)));
    let text = refused(&child.wait_with_output().unwrap());
    assert!(text.contains("t.csv: changed while it was read"), "{text}");
    assert!(!place.path("results/long").exists() || place.names("results/long").is_empty());
}
