//! `simscale tune`: the front of cost against violations, found with far fewer requests than the whole grid.

use super::sweep::{SweepArgs, planned, proceed};
use crate::failure::{Code, Failure};
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: SweepArgs,
}

pub const EXAMPLES: &str = "\
Examples:
  simscale tune shop.toml
  simscale tune shop.toml --sweep policy.cpu-50.target_tracking.target=30..80:2 --sweep group.min=2..12:1
  simscale tune shop.toml --sweep policy.cpu-50.target_tracking.target=30.0..80.0 --sweep group.min=2..6
  simscale tune shop.toml --replications 20 --resume

Takes the axes of a sweep, and ranges without steps, which it halves where it pays. All cells run once, up to behind the
first day's peak; the best third goes on to the whole run, and thirds again as the budget allows; the finalists run on
replications that nothing was chosen from, and only they are in the tables. From two days on some days are held out, and looked at once.

Writes the files of a sweep, to results/<name>-tune.";

/// `simscale tune`.
pub fn tune(args: &Args, stop: &AtomicBool) -> Result<Code, Failure> {
    let (task, _) = planned(&args.asked, "tune", stop)?;
    proceed(task, &args.asked, stop)
}
