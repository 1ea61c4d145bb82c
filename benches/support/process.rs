//! Other processes, measured: processor time and peak memory of a whole process, and the program `simscale` as users have it.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a process took.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Processor time, user and system, seconds.
    pub cpu: f64,
    /// Wall time, seconds.
    pub wall: f64,
    /// Largest resident memory, MiB.
    pub peak_mib: f64,
    /// What it printed.
    pub printed: String,
}

/// Processor time of this process so far, seconds.
pub fn own_cpu() -> f64 {
    cpu(&getrusage(UsageWho::RUSAGE_SELF).expect("the system counts"))
}

fn cpu(usage: &Usage) -> f64 {
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// The word that makes a benchmark run another process and say what it took, see [`watch`].
pub const WATCH: &str = "watch-a-process";

/// Runs a process to its end and prints what it took: the system adds up all children of a process, so each needs a parent of its own.
pub fn watch(command: &[String]) {
    let started = Instant::now();
    let status = Command::new(&command[0]).args(&command[1..]).status();
    let wall = started.elapsed().as_secs_f64();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
    eprintln!("\n{WATCH} {} {wall} {}", cpu(&usage), usage.max_rss() as f64 / unit);
}

/// Runs a process to its end, watched by a second process of this program.
pub fn run(program: &Path, arguments: &[&str]) -> Taken {
    let me = std::env::current_exe().expect("a running program has a file");
    let output = Command::new(me)
        .arg(WATCH)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("this program starts once more");
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{} {arguments:?}: {talk}", program.display());
    let line = talk.lines().find_map(|line| line.strip_prefix(WATCH)).expect("the watcher says what it saw");
    let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Taken { cpu: numbers[0], wall: numbers[1], peak_mib: numbers[2], printed }
}

/// The program `simscale`, built as users build it.
pub fn simscale() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .current_dir(&root)
        .args([
            "build",
            "--release",
            "--locked",
            "-p",
            "simscale-runner",
            "--message-format=json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(built.status.success(), "simscale cannot be built");
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let program = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let program = message.get("executable")?.as_str()?;
        (message["target"]["name"] == "simscale").then(|| PathBuf::from(program))
    });
    program.expect("cargo says where the program lies")
}
