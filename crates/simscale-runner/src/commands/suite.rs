//! `simscale suite`: the sweeps of several workloads, put beside each other.

use super::sweep::{SweepArgs, planned, proceed};
use crate::failure::{Code, Failure};
use crate::output::{Folder, file_name};
use crate::record::Console;
use crate::sweep::Task;
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
    let folders: Vec<PathBuf> = stems.iter().map(|stem| out.join(stem)).collect();
    let sweep = |(file, folder): (&String, &PathBuf)| -> Result<(SweepArgs, Task), Failure> {
        let sweep = SweepArgs::of_suite(file, folder, args.replications, args.jobs, args.fresh);
        let task = planned(&sweep, "sweep", stop)?.0;
        Ok((sweep, task))
    };
    let sweeps = args.files.iter().zip(&folders).map(sweep).collect::<Result<Vec<_>, Failure>>()?;
    let tasks: Vec<&Task> = sweeps.iter().map(|(_, task)| task).collect();
    alike(&args.files, &tasks)?;
    let folder = Folder::prepare_for(&out, args.out.is_some(), &SUITE_FILES)?;
    for ((sweep, task), file) in sweeps.into_iter().zip(&args.files) {
        Console::talk(&format!("{file}:"));
        proceed(task, &sweep, stop)?;
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

/// Refuses workloads whose cells differ, before anything runs: a table of them would compare different things.
fn alike(files: &[String], tasks: &[&Task]) -> Result<(), Failure> {
    let names = |task: &Task| task.cells.iter().map(|cell| cell.name.clone()).collect::<Vec<_>>();
    let first = names(tasks[0]);
    for (file, task) in files.iter().zip(tasks).skip(1) {
        let own = names(task);
        let lacks = |a: &[String], b: &[String]| a.iter().find(|name| !b.contains(name)).cloned();
        let difference = match (lacks(&first, &own), lacks(&own, &first)) {
            (Some(name), _) => format!("{file} has no cell {name}, which {} has", files[0]),
            (None, Some(name)) => format!("{file} has the cell {name}, which {} has not", files[0]),
            (None, None) if own == first => continue,
            (None, None) => format!("{file} has the cells of {} in another order", files[0]),
        };
        return Err(Failure::input(format!(
            "{difference}; a suite puts the same alternatives on every workload: give all files the same [sweep] axes"
        )));
    }
    Ok(())
}
