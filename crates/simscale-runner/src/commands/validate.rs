//! `simscale validate`: the engine against exact answers of queueing theory.

use super::Format;
use crate::failure::{Code, Failure};
use crate::output::Folder;
use crate::record::Console;
use crate::validate::{Answer, Question, VALIDATION_FILES};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A part of the grid, meant for a minute on two processors; the default.
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The whole grid, meant for fifteen minutes on two processors.
    #[arg(long)]
    full: bool,
    /// Only cases whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Seed of all chance: another one gives another, equally valid table.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Requests of a case, and ten times as many where its standard error stays above 1 %, in place of what --quick or --full allow.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(10_000..=100_000_000_000))]
    requests: Option<u64>,
    /// Cases at once, which changes nothing but the time [default: one per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Folder of the table and the picture [default: results/validate].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the answer is printed; json is one object on one line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print the scenario of the first of these cases instead of running any, to be run by hand.
    #[arg(long)]
    show: bool,
}

const EXAMPLES: &str = "\
Examples:
  simscale validate                       a table of theory against simulation
  simscale validate --full --out results/validation
  simscale validate --full --only 'least outstanding'
  simscale validate --seed 2 --format json | jq .chi_square
  simscale validate --only 'M/M/16 at 0.8' --show > case.toml && simscale run case.toml

How long a case is run is counted in requests, not in seconds: the table is the same on every machine and under any --jobs.
Exit code 1 when a case fails, or when the differences are together larger or smaller than luck makes them.";

/// `simscale validate`.
pub fn validate(args: &Args, stop: &AtomicBool) -> Result<Code, Failure> {
    let question =
        Question { full: args.full, only: args.only.clone(), seed: args.seed, requests: args.requests };
    if args.show {
        let cases = question.cases()?;
        // A day of simulated time, or the whole of a story that is shorter.
        let measured = 86_400.min(cases[0].pace.most);
        Console::data(&cases[0].text(measured));
        return Ok(Code::Done);
    }
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("results/validate"));
    let folder = Folder::prepare_for(&out, args.out.is_some(), &VALIDATION_FILES)?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.map_or(0, usize::from)).build();
    let threads = threads.map_err(|error| Failure::input(format!("cannot start threads: {error}")))?;
    let answer = Answer::find(&question, &threads, args.format == Format::Text, stop)?;
    answer.write(folder)?;
    Console::data(&match args.format {
        Format::Json => format!("{}\n", answer.json()),
        Format::Text => format!("{}{}: {}\n", answer.text(), out.display(), VALIDATION_FILES.join(", ")),
    });
    Ok(if answer.judgement.passes() { Code::Done } else { Code::Expectation })
}
