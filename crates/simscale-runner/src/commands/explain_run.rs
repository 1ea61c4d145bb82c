//! `simscale explain-run`: what a run was doing at a moment, and why, from the files of its result folder.

use super::Format;
use crate::explain::{Explanation, ResultFolder};
use crate::failure::{Code, Failure};
use crate::record::Console;
use crate::report::Look;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A result folder of `simscale run`.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The moment: a time of day ("14:32", the first one of the run), a timestamp, or the time since the start ("9h 30min").
    #[arg(long, value_name = "TIME")]
    at: String,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  simscale explain-run results/shop --at 14:32
  simscale explain-run results/shop --at 2026-03-02T14:32:00
  simscale explain-run results/shop --at \"9h 30min\" --format json";

pub fn explain(args: &Args) -> Result<Code, Failure> {
    let folder = ResultFolder::read(&args.folder)?;
    let at = folder
        .scenario
        .simulation
        .moment(&args.at)
        .map_err(|error| Failure::input(format!("--at {error}")))?;
    let explanation = Explanation::new(&folder, at);
    match args.format {
        Format::Text => Console::data(&explanation.page(&folder).render(Look::of_terminal())),
        Format::Json => {
            let text = serde_json::to_string(&explanation).expect("our own layouts have a form in JSON");
            Console::data(&format!("{text}\n"));
        }
    }
    Ok(Code::Done)
}
