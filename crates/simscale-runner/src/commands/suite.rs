//! `simscale suite`: the sweeps of several workloads, put beside each other.

use super::sweep::SweepArgs;
use crate::failure::{Code, Failure};
use crate::output::{Folder, file_name};
use crate::record::Console;
use crate::sweep::suite::{SUITE_FILES, Suite};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files whose [sweep] tables have the same alternatives.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Folder of the results, with a folder for each workload [default: results/suite].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replications of each cell [default: each scenario's].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
    /// Runs at once [default: one per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Start over where something unfinished lies, instead of going on.
    #[arg(long)]
    fresh: bool,
}

const EXAMPLES: &str = "\
Examples:
  simscale suite scenarios/suite/*.toml
  simscale suite mine/*.toml --replications 10 --out results/mine

Writes suite.csv, FINDINGS.md, suite.svg and .png and manifest.json, and a folder with the sweep of each workload.";

/// `simscale suite`.
pub fn suite(args: &Args, stop: &AtomicBool) -> Result<Code, Failure> {
    let stems: Vec<PathBuf> = args.files.iter().map(|file| stem(file)).collect();
    if let Some(at) = (1..stems.len()).find(|&at| stems[..at].contains(&stems[at])) {
        return Err(Failure::input(format!(
            "{}: another file of this suite has the same name; rename one",
            args.files[at]
        )));
    }
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("results/suite"));
    let folder = Folder::prepare_for(&out, args.out.is_some(), &SUITE_FILES)?;
    let folders: Vec<PathBuf> = stems.iter().map(|stem| out.join(stem)).collect();
    for (file, folder) in args.files.iter().zip(&folders) {
        Console::talk(&format!("{file}:"));
        let sweep = SweepArgs::of_suite(file, folder, args.replications, args.jobs, args.fresh);
        super::sweep::sweep(&sweep, stop)?;
    }
    let names = args.files.iter().map(|file| file_name(file)).collect::<Vec<_>>().join(" ");
    let given = args.replications.map(|n| format!(" --replications {n}")).unwrap_or_default();
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let suite = Suite::read(folders.iter().copied(), format!("simscale suite {names}{given}"))?;
    suite.write(folder, &folders)?;
    Console::data(&format!("\n{}{}: {}\n", suite.verdicts(), out.display(), SUITE_FILES.join(", ")));
    Ok(Code::Done)
}

fn stem(file: &str) -> PathBuf {
    Path::new(file).file_stem().map_or_else(|| PathBuf::from("suite"), PathBuf::from)
}
