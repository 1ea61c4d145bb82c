//! A folder of its own for each test, and the program run in it.
// Each test binary uses its part of this.
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Ten minutes of a small service that keeps its promise.
pub const SMALL: &str = r#"schema = 1
name = "small"
[simulation]
duration = "10m"
lead_in = "1m"
seed = 5
[workload.constant]
rate = "20/s"
[service]
cpu_time = { exponential = { mean = "20ms" } }
[instance]
vcpus = 2
price = "0.10 USD/h"
[[instance.boot]]
phase = "launch"
time = { constant = "40s" }
[group]
min = 1
max = 4
[[policy]]
name = "cpu-50"
target_tracking = { metric = "cpu_utilization", target = 50.0 }
[[objective]]
name = "fast"
latency = { quantile = 0.9, below = "500ms" }
allowed_ratio = 0.1
"#;

/// A temporary folder to run the program in.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub fn write_bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Sorted names in a folder.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program with a fixed environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_simscale"));
        command.args(args).current_dir(self.0.path()).env("LC_ALL", "C.UTF-8");
        for name in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, &[])
    }

    pub fn run_with(&self, args: &[&str], envs: &[(&str, &str)]) -> Output {
        self.command(args).envs(envs.iter().copied()).output().unwrap()
    }
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The program with files that cannot grow beyond so many bytes, rounded up to half a KiB: how a full disk looks from inside.
pub fn with_limit(place: &Place, bytes: u64, args: &[&str]) -> Output {
    let program = place.command(args);
    let mut shell = Command::new("sh");
    // The signal that comes with the limit is ignored, so that writing fails as it does on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {} && exec \"$0\" \"$@\"", bytes.div_ceil(512));
    shell.args(["-c", &script]).arg(program.get_program()).args(program.get_args());
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.output().unwrap()
}
