//! Inputs that are large, endless, or no files at all: refused with a message, in little memory and bounded time.
#![cfg(target_os = "linux")]

mod place;

use place::{Place, SMALL, err, out};
use std::fs::File;
use std::io::Write;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Memory that the program may take, KiB of address space; its threads reserve some.
const MEMORY: u64 = 3_000_000;

/// Time that any refusal may take on a busy machine.
const LONGEST: Duration = Duration::from_secs(120);

/// The program in bounded memory: what it cannot have, it must not ask for.
fn run(place: &Place, args: &[&str]) -> Output {
    let program = place.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"")]);
    shell.arg(program.get_program()).args(program.get_args()).env("LC_ALL", "C.UTF-8").env("COLUMNS", "120");
    let started = Instant::now();
    let output = shell.current_dir(place.path(".")).output().unwrap();
    assert!(started.elapsed() < LONGEST, "{args:?} took {:?}", started.elapsed());
    output
}

fn refused(place: &Place, args: &[&str], parts: &[&str]) {
    let output = run(place, args);
    let text = err(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}{text}", out(&output));
    for part in parts {
        assert!(text.contains(part), "{args:?}: {part:?} is not in {}", &text[..text.len().min(2000)]);
    }
    assert!(!text.contains("panicked") && text.len() < 100_000, "{} bytes", text.len());
}

fn sparse(place: &Place, name: &str, gib: u64) {
    File::create(place.path(name)).unwrap().set_len(gib << 30).unwrap();
}

fn with_trace(file: &str) -> String {
    let trace = format!("[workload.trace]\nfile = \"{file}\"\n");
    SMALL.replace("[workload.constant]\nrate = \"20/s\"\n", &trace).replace("lead_in = \"1m\"\n", "")
}

#[test]
fn files_of_gigabytes_are_refused_by_their_size() {
    let place = Place::new();
    for name in ["big.toml", "big.jsonl", "big.json"] {
        sparse(&place, name, 8);
    }
    place.write("p.toml", include_str!("../../../scenarios/decide/step.toml"));
    refused(&place, &["check", "big.toml"], &["above the limit of 4194304 (4 MiB)"]);
    refused(&place, &["sweep", "big.toml"], &["above the limit of 4194304 (4 MiB)"]);
    refused(&place, &["decide", "--policy", "big.toml", "--observations", "x"], &["4 MiB"]);
    refused(
        &place,
        &["decide", "--policy", "p.toml", "--observations", "big.jsonl"],
        &["longer than 256 MiB"],
    );
    refused(&place, &["diff", "big.json", "big.json"], &["big.json: is longer than 256 MiB"]);
    place.write("results/x/resolved.toml", SMALL);
    sparse(&place, "results/x/activities.csv", 8);
    refused(&place, &["explain-run", "results/x", "--at", "1m"], &["activities.csv: is longer than 256 MiB"]);
    sparse(&place, "t.csv", 1 << 10);
    place.write("t.toml", &with_trace("t.csv"));
    refused(&place, &["check", "t.toml"], &["t.csv: is 1024 GiB long, and 16 GiB are the most", "split it"]);
}

/// A quantile table of a gigabyte, lists and lines without end, brackets by the hundred thousand.
#[test]
fn text_beyond_all_measure_is_refused_in_little_memory() {
    let place = Place::new();
    let points: String = (0..200_000).map(|n| format!("{{quantile=0.{n:06},time=\"{n}ms\"}},")).collect();
    let law = format!("{{ quantiles = [{points}] }}");
    place.write("law.toml", &SMALL.replace("{ exponential = { mean = \"20ms\" } }", &law));
    refused(&place, &["check", "law.toml"], &["above the limit of 4194304 (4 MiB)"]);
    place.write("list.toml", &format!("{SMALL}[expect]\nx = [{}]\n", "1,".repeat(1_000_000)));
    refused(&place, &["check", "list.toml"], &["this list has 1000000 elements, above the limit of 10000"]);
    place.write("line.toml", &format!("{SMALL}# {}\nmaxx = 1\n", "x".repeat(4_000_000)));
    refused(&place, &["check", "line.toml"], &["maxx"]);
    place.write("key.toml", &format!("{} = 1\n", "k".repeat(4_000_000)));
    refused(&place, &["check", "key.toml"], &["is not a known key"]);
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]"), ("\"", ""), ("a.", "")] {
        place.write("deep.toml", &format!("x = {}1{}\n", open.repeat(100_000), close.repeat(100_000)));
        refused(&place, &["check", "deep.toml"], &["deep.toml"]);
    }
    let tables: String = (0..150_000).map(|n| format!("[[p{n}]]\na=1\n")).collect();
    place.write("tables.toml", &tables);
    refused(&place, &["check", "tables.toml"], &["p0: is not a known key", "more mistakes"]);
}

#[test]
fn command_lines_beyond_all_measure_are_refused() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    let long = "9".repeat(100_000);
    for set in
        [format!("group.max={long}"), format!("{long}=1"), format!("group.max={}", "[".repeat(100_000))]
    {
        refused(&place, &["check", "small.toml", "--set", &set], &["error"]);
    }
    let many: Vec<String> = (0..2000).map(|n| format!("a{n}=1")).collect();
    let mut args = vec!["check", "small.toml"];
    many.iter().for_each(|set| args.extend(["--set", set]));
    refused(&place, &args, &["a0", "more mistakes"]);
    for axis in [
        "group.min=1..4:0",
        "group.min=1..4:-1",
        "group.min=4..1:1",
        "x=0..1e300:1",
        "x=nan..1:1",
        "x=0..1:1e-300",
    ] {
        refused(&place, &["sweep", "small.toml", "--sweep", axis], &["write a dotted path, = and values"]);
    }
    refused(&place, &["sweep", "small.toml", "--sweep", "no.such.path=1,2"], &["no", "is not a known key"]);
    let axes: Vec<String> = (0..4).map(|n| format!("x{n}={{ from = 1, to = 1000, steps = 1000 }}")).collect();
    let mut args = vec!["sweep", "small.toml", "--dry-run"];
    axes.iter().for_each(|axis| args.extend(["--sweep", axis]));
    refused(&place, &args, &["has more than 100000 cells"]);
}

/// Pipes without another end, devices without an end, links without a target.
#[test]
fn what_is_no_file_is_refused_in_time() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("p.toml", include_str!("../../../scenarios/decide/step.toml"));
    if !Command::new("mkfifo").arg(place.path("pipe")).status().is_ok_and(|made| made.success()) {
        eprintln!("skipped: this system makes no pipes");
        return;
    }
    std::os::unix::fs::symlink("loop", place.path("loop")).unwrap();
    let patience = "is no regular file, and does not end within 20 s; save it to a file";
    std::thread::scope(|scope| {
        let place = &place;
        let waits: [&[&str]; 4] = [
            &["check", "pipe"],
            &["decide", "--policy", "pipe", "--observations", "x"],
            &["decide", "--policy", "p.toml", "--observations", "pipe"],
            &["diff", "pipe", "pipe"],
        ];
        for args in waits {
            scope.spawn(move || refused(place, args, &["pipe: ", patience]));
        }
        refused(place, &["check", "/dev/zero"], &["4 MiB"]);
        refused(place, &["diff", "/dev/zero", "/dev/zero"], &["longer than 256 MiB"]);
        refused(
            place,
            &["decide", "--policy", "p.toml", "--observations", "/dev/zero"],
            &["longer than 256 MiB"],
        );
        refused(place, &["check", "loop"], &["loop: cannot be read: Too many levels of symbolic links"]);
        refused(place, &["check", "/dev/null"], &["group: is missing"]);
        for trace in ["pipe", "/dev/zero", "loop", "."] {
            let name = format!("t{}.toml", trace.replace('/', "-"));
            place.write(&name, &with_trace(trace));
            refused(place, &["check", &name], &["workload.trace.file: "]);
        }
        std::fs::create_dir(place.path("journal")).unwrap();
        Command::new("mkfifo").arg(place.path("journal/journal.jsonl")).status().unwrap();
        refused(
            place,
            &["sweep", "small.toml", "--out", "journal"],
            &["journal.jsonl is not a regular file"],
        );
        place.write(
            "versus.toml",
            &format!("{SMALL}[expect]\nversus = \"pipe\"\n\"cost_usd.total\" = {{ rise_ratio = 0.05 }}\n"),
        );
        scope.spawn(move || refused(place, &["run", "versus.toml"], &["pipe: "]));
    });
}

/// A pipe with another end is a file like any other.
#[test]
fn a_scenario_may_come_from_a_pipe() {
    let place = Place::new();
    let mut command = place.command(&["check", "/dev/stdin"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(SMALL.as_bytes()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn gzip_bombs_are_refused_before_they_are_unpacked() {
    let place = Place::new();
    place.write("t.toml", &with_trace("t.csv.gz"));
    let requests = with_trace("t.csv.gz").replace("\"t.csv.gz\"\n", "\"t.csv.gz\"\nvalues = \"requests\"\n");
    place.write("r.toml", &requests);
    let pack = |head: &str, piece: &str, mib: usize| {
        let file = File::create(place.path("t.csv.gz")).unwrap();
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::best());
        packer.write_all(head.as_bytes()).unwrap();
        let block = piece.repeat((1 << 20) / piece.len());
        (0..mib).for_each(|_| packer.write_all(block.as_bytes()).unwrap());
        packer.finish().unwrap();
    };
    pack("t_s,requests\n", "\0", 200);
    refused(&place, &["check", "t.toml"], &["a row is longer than 1024 KiB"]);
    pack("t_s,requests\n", "\n", 200);
    refused(&place, &["check", "t.toml"], &["a row is longer than 1024 KiB"]);
    pack("t_s\n", "5.000000000000000000000000\n", 200);
    refused(&place, &["check", "r.toml"], &["it unpacks to more than 200 times its size"]);
}
