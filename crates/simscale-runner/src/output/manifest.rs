//! What is needed to make the same results again, and, apart from it, how fast it went.

use crate::lead_in::Cut;
use crate::trace::TraceFacts;
use serde::Serialize;
use std::path::Path;

/// `manifest.json`: the same for every run of the same input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// Number of this layout: 1.
    pub schema: u32,
    /// Version of the program.
    pub simscale: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the scenario's file, without folders.
    pub file: String,
    /// SHA-256 of the scenario's file.
    pub file_sha256: String,
    /// SHA-256 of `resolved.toml`: file, overrides and defaults together.
    pub resolved_sha256: String,
    /// The recorded trace.
    pub trace: Option<TraceRecord>,
    /// How the lead-in was found, where it was not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_in: Option<Cut>,
    /// Seed of the run.
    pub seed: u64,
    /// Hash of every outcome and every control fact.
    pub fingerprint: String,
    /// The command that makes these results, run beside the scenario's file.
    pub command: String,
}

/// The recorded trace of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceRecord {
    /// Name of the file, without folders.
    pub file: String,
    /// SHA-256 of the file as it lies on the disk.
    pub sha256: String,
    /// Rows.
    pub rows: u64,
}

impl TraceRecord {
    /// Records a checked trace.
    pub fn new(file: &str, facts: &TraceFacts) -> TraceRecord {
        TraceRecord { file: file_name(file), sha256: facts.sha256.clone(), rows: facts.rows }
    }
}

/// `timing.json`: what differs from run to run and from machine to machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Number of this layout: 1.
    pub schema: u32,
    /// Wall time of the simulation, seconds.
    pub wall_s: f64,
    /// Simulated time, seconds.
    pub simulated_s: f64,
    /// Requests simulated.
    pub requests: u64,
    /// Requests simulated per second of wall time.
    pub requests_per_s: f64,
    /// Processors of the machine that the program may use.
    pub processors: usize,
    /// Operating system and processor architecture.
    pub machine: String,
    /// "release" or "debug".
    pub build: String,
}

/// The command that makes the same results: no folders, and only what has an influence on them.
pub fn command_line(file: &str, seed: Option<u64>, set: &[String]) -> String {
    let mut words = vec!["simscale".to_string(), "run".to_string(), quoted(&file_name(file))];
    if let Some(seed) = seed {
        words.extend(["--seed".to_string(), seed.to_string()]);
    }
    for assignment in set {
        words.extend(["--set".to_string(), quoted(&without_folder(assignment))]);
    }
    words.join(" ")
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_string(), |name| name.to_string_lossy().into_owned())
}

/// An assignment whose value is an absolute path keeps only the file's name: where a trace lies is no part of a result.
fn without_folder(assignment: &str) -> String {
    match assignment.split_once('=') {
        Some((path, value)) if Path::new(value.trim_matches('"')).is_absolute() => {
            format!("{path}={}", file_name(value.trim_matches('"')))
        }
        _ => assignment.to_string(),
    }
}

/// A word of a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+%@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_no_folder_and_survive_a_shell() {
        let set = [
            "workload.trace.file=/data/x.csv".to_string(),
            "policy.a.target_tracking={ target = 50.0 }".to_string(),
        ];
        assert_eq!(
            command_line("/home/me/shop.toml", Some(7), &set),
            "simscale run shop.toml --seed 7 --set workload.trace.file=x.csv --set 'policy.a.target_tracking={ target = 50.0 }'"
        );
        assert_eq!(command_line("it's.toml", None, &[]), "simscale run 'it'\\''s.toml'");
    }
}
