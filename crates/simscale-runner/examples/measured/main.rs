//! What was measured beside what simscale says: boots, autoscaling runs, a live system on loopback.
//!
//! ```text
//! cargo run --release -p simscale-runner --example measured -- boots
//! cargo run --release -p simscale-runner --example measured -- runs
//! cargo run --release -p simscale-runner --example measured -- loopback [SECONDS]
//! cargo run --release -p simscale-runner --example measured -- curves FOLDER
//! cargo run --release -p simscale-runner --example measured -- quantiles FILE COLUMN UNIT
//! ```
//!
//! Tables and pictures go to `results/validation`, or to the folder that `--out` names. Traces are found by the environment variable
//! `SIMSCALE_TRACES`; no row of them is written anywhere, only what was computed from them.

mod boots;
mod fit;
mod knative;
mod kubernetes;
mod live;
mod loopback;
mod picture;
mod runs;
mod ties;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: measured boots [--out FOLDER]
       measured runs [--out FOLDER]
       measured loopback [SECONDS] [--out FOLDER]    (of each case, 10 to 60; default 60)
       measured curves FOLDER                  (pictures that may not be published)
       measured quantiles FILE COLUMN UNIT     (UNIT: s or ms)";

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mut out = published();
    if let Some(at) = words.iter().position(|word| word == "--out") {
        match words.get(at + 1) {
            Some(folder) => out = PathBuf::from(folder),
            None => return refuse(USAGE),
        }
        words.drain(at..at + 2);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["boots"] => with_traces(|traces| boots::report(traces)?.write(&out)),
        ["runs"] => with_traces(|traces| runs::report(traces)?.write(&out)),
        ["loopback"] => loopback::report(60).and_then(|outcome| outcome.write(&out)),
        ["loopback", seconds] => match seconds.parse() {
            Ok(seconds) => loopback::report(seconds).and_then(|outcome| outcome.write(&out)),
            Err(_) => return refuse(USAGE),
        },
        ["curves", folder] => with_traces(|traces| runs::curves(traces, Path::new(folder))),
        ["quantiles", file, column, unit] => boots::print_quantiles(Path::new(file), column, unit),
        _ => return refuse(USAGE),
    };
    done.map_or_else(|error| refuse(&error), |()| ExitCode::SUCCESS)
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(2)
}

/// Where the published tables and pictures lie.
fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the workspace")
        .join("results/validation")
}

/// Does something with the traces where they are at hand, and says so where they are not.
fn with_traces(then: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    match std::env::var_os("SIMSCALE_TRACES").filter(|folder| !folder.is_empty()).map(PathBuf::from) {
        Some(folder) => then(&folder),
        None => {
            eprintln!("skipped: SIMSCALE_TRACES names no folder of traces");
            Ok(())
        }
    }
}

/// The outcome of a comparison: files by name.
struct Outcome(Vec<(String, Vec<u8>)>);

impl Outcome {
    fn write(&self, folder: &Path) -> Result<(), String> {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for (name, content) in &self.0 {
            let path = folder.join(name);
            std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    }

    /// Holds the published tables against what is computed now.
    #[cfg(test)]
    fn is_published(&self) {
        for (name, content) in
            self.0.iter().filter(|(name, _)| name.ends_with(".csv") || name.ends_with(".md"))
        {
            let text = String::from_utf8_lossy(content);
            let kept = std::fs::read_to_string(published().join(name)).unwrap_or_default();
            assert_eq!(text, kept, "results/validation/{name} is stale: run the command of its README");
        }
    }
}

/// Rows of a CSV file as values of the columns of these names.
fn rows<const N: usize>(file: &Path, columns: [&str; N]) -> Result<Vec<[String; N]>, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut reader = csv::Reader::from_path(file).map_err(|error| named(&error))?;
    let heads = reader.headers().map_err(|error| named(&error))?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = heads.iter().position(|head| head == column);
        *place = found.ok_or_else(|| named(&format!("there is no column {column}")))?;
    }
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.map_err(|error| named(&error))?;
        Ok(places.map(|place| record[place].to_owned()))
    };
    reader.records().map(row).collect()
}

/// A cell as a number.
fn number(cell: &str) -> Result<f64, String> {
    cell.parse().map_err(|_| format!("{cell:?} is no number"))
}
