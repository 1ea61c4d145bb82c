//! `simscale diff`: what changed from one result to another.

use crate::changes::{self, Changes, Judged};
use crate::failure::{Code, Failure};
use crate::record::Console;
use crate::report::Look;
use crate::saved::{Kind, Saved};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The old result: a folder of run, sweep or compare, its baseline.json, or a summary.json.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new one.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: super::sweep::Format,
    /// Print the verdict alone.
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  simscale diff results/shop-sweep-old results/shop-sweep
  simscale diff shop.baseline.json results/shop-sweep --format markdown

Runs with one seed are compared pair by pair, others as two samples; all verdicts share one error. Exits with 1 when a
figure is surely worse (cost, a promise, requests lost, a response time), with 0 when none is, with 2 when a result
cannot be read.";

/// `simscale diff`.
pub fn diff(args: &Args) -> Result<Code, Failure> {
    let (old, new) = (Saved::read(&args.old)?, Saved::read(&args.new)?);
    if old.kind != new.kind {
        let what = |saved: &Saved| match saved.kind {
            Kind::Run => "one run",
            Kind::Sweep => "a sweep or comparison",
        };
        return Err(Failure::input(format!(
            "{} is {}, {} is {}: compare two of a kind",
            args.old.display(),
            what(&old),
            args.new.display(),
            what(&new)
        )));
    }
    let changes = Changes::between(&old, &new);
    if changes.cells.is_empty() {
        return Err(Failure::input(format!(
            "{} and {} have no cell in common",
            args.old.display(),
            args.new.display()
        )));
    }
    let text = match (args.format, args.quiet) {
        (super::sweep::Format::Json, _) => changes::json(&old, &new, &changes),
        (super::sweep::Format::Markdown, _) => changes::markdown(&new, &changes),
        (super::sweep::Format::Text, true) => changes::verdict(&changes) + "\n",
        (super::sweep::Format::Text, false) => {
            changes::page(&old, &new, &changes).render(Look::of_terminal())
        }
    };
    Console::data(&text);
    Ok(if changes.count(Judged::Worse) > 0 { Code::Expectation } else { Code::Done })
}
