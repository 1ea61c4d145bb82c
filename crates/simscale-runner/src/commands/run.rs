//! `simscale run`: several scenarios at once, their outputs in the order in which they were named.

use super::Format;
use crate::failure::{Code, Failure};
use crate::number;
use crate::output::{FILES, Folder, write_whole};
use crate::record::{Console, Progress};
use crate::report::{self, Look};
use crate::simulate::{Done, Setting, json, simulate};
use crate::source::{Changes, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Folder of the results; with several files, the folder above theirs [default: results/<name>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed in place of the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Change a value of the scenario, typed and checked like the file; a path is relative to the current folder.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Runs at once [default: one per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How the summary is printed; json is one object a line and nothing else on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print the verdict alone.
    #[arg(long, short)]
    quiet: bool,
    /// Do not judge the scenario's [expect] table.
    #[arg(long)]
    no_expect: bool,
    /// Save the result as the baseline of [expect] versus.
    #[arg(long, value_name = "FILE")]
    save_baseline: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  simscale run shop.toml
  simscale run shop.toml --set policy.cpu-50.target_tracking.target=60 --out results/shop-60
  simscale run trace.toml --set workload.trace.file=requests.csv.gz
  simscale run a.toml b.toml --format json > summaries.jsonl

Writes summary.json, periods.csv, activities.csv, instances.csv, timeline.svg and .png, report.html, resolved.toml, manifest.json
and timing.json, all or none. A folder with a README.md is published: it is overwritten only when --out names it.";

/// A run that is ready to start.
struct Job {
    source: Source,
    folder: Folder,
}

pub fn run(args: &Args, stop: &AtomicBool) -> Result<Code, Failure> {
    let changes = Changes { seed: args.seed, set: args.set.clone() };
    let sources = Source::read_all(&args.files, &changes, stop)?;
    sources.iter().flat_map(|source| &source.warnings).for_each(|warning| Console::talk(warning));
    let credits = sources.iter().filter_map(|source| source.scenario.credit_arithmetic(source.trace_rates()));
    credits.for_each(|line| Console::talk(&line.sentence));
    distinct(&sources)?;
    if args.save_baseline.is_some() && sources.len() > 1 {
        return Err(Failure::input("--save-baseline saves the result of one scenario; run them one by one"));
    }
    let jobs = prepare(sources, args.out.as_deref())?;
    let seconds = jobs.iter().map(|job| job.source.scenario.simulation.duration.seconds()).sum();
    let progress = Progress::new(seconds, !args.quiet);
    let setting = Setting {
        changes: &changes,
        expect: !args.no_expect,
        saves: args.save_baseline.is_some(),
        stop,
        progress: &progress,
    };
    let threads = pool(args.jobs)?;
    let (mut code, mut first) = (Code::Done, true);
    in_order(
        &threads,
        jobs,
        |job| outcome(job, args, &setting),
        |(output, one)| {
            progress.aside(|| output.print(!first && args.format == Format::Text && !args.quiet));
            code = code.max(one);
            first = false;
        },
    );
    progress.clear();
    Ok(code)
}

/// As many threads as asked, or one per processor.
pub(super) fn pool(jobs: Option<u16>) -> Result<rayon::ThreadPool, Failure> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, usize::from)).build();
    threads.map_err(|error| Failure::input(format!("cannot start threads: {error}")))
}

/// What a run prints.
#[derive(Default)]
struct Output {
    data: String,
    talk: String,
}

impl Output {
    fn print(&self, apart: bool) {
        // Talk first: where both go to one terminal, the verdict is to be the last line.
        if !self.talk.is_empty() {
            Console::talk(&self.talk);
        }
        Console::data(if apart && !self.data.is_empty() { "\n" } else { "" });
        Console::data(&self.data);
    }
}

fn distinct(sources: &[Source]) -> Result<(), Failure> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for source in sources {
        let name = source.scenario.name.as_str();
        if let Some(other) = seen.insert(name, &source.file) {
            let rule = format!("{other} and {} have the same name \"{name}\"", source.file);
            return Err(Failure::input(format!(
                "{rule}: their results would lie in one folder; run them one by one with --out"
            )));
        }
    }
    Ok(())
}

/// Prepares the folders, so that what cannot be written is known before hours of simulation.
fn prepare(sources: Vec<Source>, out: Option<&Path>) -> Result<Vec<Job>, Failure> {
    let several = sources.len() > 1;
    let job = |source: Source| {
        let name = &source.scenario.name;
        let target = match out {
            Some(out) if several => out.join(name),
            Some(out) => out.to_path_buf(),
            None => Path::new("results").join(name),
        };
        let folder = Folder::prepare(&target, out.is_some())?;
        Ok(Job { source, folder })
    };
    sources.into_iter().map(job).collect()
}

/// Runs all jobs on the threads and hands their outcomes over in the order of the jobs, each as soon as it can be.
fn in_order<J: Send, T: Send>(
    threads: &rayon::ThreadPool,
    jobs: Vec<J>,
    work: impl Fn(J) -> T + Sync,
    mut take: impl FnMut(T),
) {
    let (sender, receiver) = mpsc::channel();
    threads.in_place_scope_fifo(|scope| {
        for (place, job) in jobs.into_iter().enumerate() {
            let (sender, work) = (sender.clone(), &work);
            // Nobody listens only after a panic, which the scope passes on.
            scope.spawn_fifo(move |_| _ = sender.send((place, work(job))));
        }
        drop(sender);
        let (mut waiting, mut next) = (BTreeMap::new(), 0);
        for (place, outcome) in receiver {
            waiting.insert(place, outcome);
            while let Some(outcome) = waiting.remove(&next) {
                take(outcome);
                next += 1;
            }
        }
    });
}

fn outcome(job: Job, args: &Args, setting: &Setting<'_>) -> (Output, Code) {
    let Job { source, folder } = job;
    match simulate(&source, folder, setting) {
        Ok(done) => {
            let failed = done.expectations.iter().any(|expectation| !expectation.held);
            let code = if failed { Code::Expectation } else { Code::Done };
            let summary = String::from_utf8_lossy(&json(&done.summary)).into_owned();
            let saved = args.save_baseline.as_deref().map(|path| write_whole(path, &summary));
            match saved.transpose() {
                Ok(_) => (output(&source, &done, args), code),
                Err(failure) => (Output { talk: failure.message, ..Output::default() }, failure.code),
            }
        }
        Err(failure) => (Output { talk: failure.message, ..Output::default() }, failure.code),
    }
}

fn output(source: &Source, done: &Done, args: &Args) -> Output {
    let timing = &done.timing;
    let speed = format!(
        "{}: {} requests in {}, {} M requests/s",
        source.scenario.name,
        number::count(timing.requests),
        number::seconds(timing.wall_s),
        number::plain(timing.requests_per_s / 1e6)
    );
    let mut talk = if args.quiet { Vec::new() } else { vec![speed] };
    if source.scenario.sweep.is_some() && !args.quiet {
        talk.push(format!(
            "{0} has a [sweep]; this ran its base once. The sweep: simscale sweep {0}",
            source.file
        ));
    }
    talk.extend(done.notes.iter().cloned());
    let failed = done
        .expectations
        .iter()
        .filter(|expectation| !expectation.held)
        .map(|expectation| format!("expected: {expectation}"));
    let data = match (args.format, args.quiet) {
        (Format::Json, _) => {
            talk.extend(failed);
            serde_json::to_string(&done.summary).expect("our own layout has a form in JSON") + "\n"
        }
        (Format::Text, true) => {
            let lines: Vec<String> =
                failed.chain([report::verdict(&done.summary, &done.expectations)]).collect();
            lines.join("\n") + "\n"
        }
        (Format::Text, false) => {
            let names = FILES
                .iter()
                .filter(|name| done.folder.join(name).exists())
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            let files = format!("{}: {names}", done.folder.display());
            report::page(&source.scenario, &done.summary, &done.expectations, Some(&files))
                .render(Look::of_terminal())
        }
    };
    Output { data, talk: talk.join("\n") }
}
