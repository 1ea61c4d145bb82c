//! The commands of the program, each in a file of its own.

mod check;
mod decide;
mod diff;
mod explain_run;
mod init;
mod list;
mod reference;
mod run;
mod size;
mod suite;
mod sweep;
mod tune;
mod validate;

use crate::failure::{Code, Failure};
use clap::{CommandFactory, Parser, Subcommand};
use std::sync::atomic::AtomicBool;

/// Simulates a service under load and tells what its autoscaling would have cost and how often it would have broken
/// the promise.
#[derive(Debug, Parser)]
#[command(name = "simscale", version, about = "A wind tunnel for autoscaling: what a policy would cost, and how often it would break the promise", max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  simscale init shop                      write shop.toml, a commented scenario
  simscale check shop.toml                validate it and print the capacity arithmetic
  simscale run shop.toml                  simulate it; results go to results/shop/
  simscale run shop.toml --set group.max=30 --seed 7
  simscale sweep shop.toml --sweep group.min=2,4,8
  simscale tune shop.toml --sweep policy.cpu-50.target_tracking.target=30..80:5
  simscale compare today.toml proposal.toml
  simscale diff results/shop-old results/shop-new
  simscale explain-run results/shop --at 14:32   why it was as it was then
  simscale size --rate 400/s --cpu-time 35ms --p99 300ms
  simscale validate                       theory against simulation, in a minute
  simscale run scenarios/*.toml --format json | jq .cost_usd.total

Exit codes: 0 done, 1 an expectation failed or a figure got worse, 2 wrong input or environment, 3 a law of the simulation broke, 130 Ctrl-C or SIGTERM.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate scenarios and write their results.
    Run(run::Args),
    /// Run every combination of an experiment many times and tell which is cheapest while its promises hold.
    Sweep(sweep::SweepArgs),
    /// Find the front of cost against broken promises with a fifth of the requests that all combinations would take.
    #[command(after_help = tune::EXAMPLES)]
    Tune(tune::Args),
    /// Run scenarios many times on equal luck and tell which is cheapest while its promises hold.
    Compare(sweep::CompareArgs),
    /// Tell what changed from one result to another, with intervals.
    Diff(diff::Args),
    /// Sweep several workloads with the same alternatives and put the answers beside each other.
    Suite(suite::Args),
    /// Validate scenarios without running them and print the capacity arithmetic.
    Check(check::Args),
    /// Tell what policies would have decided on recorded observations, without simulating a service.
    Decide(decide::Args),
    /// Tell what a run was doing at a moment, and why.
    ExplainRun(explain_run::Args),
    /// Write a commented starter scenario.
    Init(init::Args),
    /// Tell how many instances a steady load and a promise need, without a simulation.
    Size(size::Args),
    /// Hold the engine against exact answers of queueing theory, over a grid of cases.
    Validate(validate::Args),
    /// List what a scenario can name.
    List(list::Args),
    /// Print the JSON Schema of a scenario, for editors.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the reference pages of the documentation.
    #[command(hide = true)]
    Reference(reference::Args),
}

/// Does what the command line says. `stop` is set by Ctrl-C and SIGTERM.
pub fn execute(cli: Cli, stop: &AtomicBool) -> Result<Code, Failure> {
    match cli.command {
        Command::Run(args) => run::run(&args, stop),
        Command::Sweep(args) => sweep::sweep(&args, stop),
        Command::Tune(args) => tune::tune(&args, stop),
        Command::Compare(args) => sweep::compare(&args, stop),
        Command::Diff(args) => diff::diff(&args),
        Command::Suite(args) => suite::suite(&args, stop),
        Command::Check(args) => check::check(&args, stop),
        Command::Decide(args) => decide::decide(&args),
        Command::ExplainRun(args) => explain_run::explain(&args),
        Command::Init(args) => init::init(&args),
        Command::Size(args) => size::size(&args),
        Command::Validate(args) => validate::validate(&args, stop),
        Command::List(args) => list::list(&args),
        Command::Schema => {
            crate::record::Console::data(&reference::schema());
            Ok(Code::Done)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "simscale", &mut script);
            crate::record::Console::data(&String::from_utf8_lossy(&script));
            Ok(Code::Done)
        }
        Command::Reference(args) => reference::write(&args),
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: JSON alone.
    Json,
}
