//! Instructions a request, counted by valgrind: a slow-down is seen whatever else the machine does.
//!
//! Each workload runs under callgrind for one and for two lengths, and the difference over the difference in requests is what a request costs: start-up,
//! reading and closing cancel. The build is the one of users' programs (profile `bench` is `release`), so the counts are those of the real thing.
//!
//! ```text
//! cargo bench -p benches --bench instructions                  compares with benches/instructions.txt, within 3 %
//! cargo bench -p benches --bench instructions -- --record      writes that file
//! cargo bench -p benches --bench instructions -- --profile     writes results/speed/profile.csv and profile.svg
//! ```
//!
//! Counts belong to a compiler: with another one than that of the record they are printed and not judged.
#![allow(missing_docs)]

#[path = "support/bars.rs"]
#[allow(dead_code)]
mod bars;
#[path = "support/profile.rs"]
mod profile;
#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// File, and the two durations: some 10^5 requests and twice as many; for W4 two hours of its day and four.
const WORKS: [(&str, u64, u64); 4] =
    [("w1", 125, 250), ("w3rr", 8, 16), ("w3lor", 8, 16), ("w4", 1_800, 3_600)];

/// Most that a count may differ from its record.
const TOLERANCE: f64 = 0.03;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["run", work, seconds, ..] = words[..] {
        println!(
            "{}",
            works::run(&works::scenario(work, &[("simulation.duration", &format!("{seconds}s"))]))
        );
        return ExitCode::SUCCESS;
    }
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|out| out.status.success()) {
        println!("valgrind is not installed: instructions are not counted");
        return ExitCode::SUCCESS;
    }
    if words.contains(&"--profile") {
        profile::write(callgrind);
        return ExitCode::SUCCESS;
    }
    let counts = WORKS.map(|(work, once, twice)| (work, per_request(work, once, twice)));
    if words.contains(&"--record") {
        std::fs::write(record_file(), record(&counts)).expect("the record can be written");
        print!("{}", record(&counts));
        return ExitCode::SUCCESS;
    }
    compare(&counts)
}

fn per_request(work: &str, once: u64, twice: u64) -> f64 {
    let (first, second) =
        (callgrind(work, once, Path::new("/dev/null")), callgrind(work, twice, Path::new("/dev/null")));
    (second.0 - first.0) as f64 / (second.1 - first.1) as f64
}

/// Runs this program under callgrind for one workload: instructions and requests.
fn callgrind(work: &str, seconds: u64, out: &Path) -> (u64, u64) {
    let me = std::env::current_exe().expect("a running program has a file");
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
        .arg(me)
        .args(["run", work, &seconds.to_string()])
        .output()
        .expect("valgrind starts");
    let talk = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{work}: {talk}");
    let collected = talk.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
    let requests = String::from_utf8_lossy(&run.stdout).trim().parse();
    (collected.expect("callgrind says what it collected"), requests.expect("the run says its requests"))
}

fn record_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output().expect("the compiler is there");
    let machine = std::env::consts::ARCH;
    format!("{} {machine}", String::from_utf8_lossy(&version.stdout).trim())
}

fn record(counts: &[(&str, f64)]) -> String {
    let mut text = format!(
        "# Instructions a request. Written by: cargo bench -p benches --bench instructions -- --record\n# {}\n",
        compiler()
    );
    counts.iter().for_each(|(work, count)| text += &format!("{work} {count:.1}\n"));
    text
}

fn compare(counts: &[(&str, f64)]) -> ExitCode {
    let text =
        std::fs::read_to_string(record_file()).expect("benches/instructions.txt is part of the repository");
    let judged = text.lines().any(|line| line.strip_prefix("# ") == Some(&compiler()));
    let recorded = |work: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(work)?.strip_prefix(' ')?.parse().ok());
        line.unwrap_or_else(|| panic!("benches/instructions.txt has no line for {work}: record it anew"))
    };
    let mut off = false;
    for &(work, count) in counts {
        let before = recorded(work);
        let change = count / before - 1.0;
        off |= change.abs() > TOLERANCE;
        println!(
            "{work:6} {count:8.1} instructions a request, recorded {before:8.1}, {:+.1} %",
            change * 100.0
        );
    }
    if !judged {
        println!("recorded with another compiler: not judged ({})", compiler());
    } else if off {
        println!(
            "beyond 3 %: where that is meant, record it: cargo bench -p benches --bench instructions -- --record"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
