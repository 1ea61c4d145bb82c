//! `simscale check`: what is wrong with a scenario, or what it amounts to on the back of an envelope.

use crate::failure::{Code, Failure};
use crate::number;
use crate::record::Console;
use crate::report::{Look, Mark, Page};
use crate::source::{Changes, Source};
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Change a value of the scenario, as for run.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  simscale check shop.toml
  simscale check scenarios/*.toml";

pub fn check(args: &Args, stop: &AtomicBool) -> Result<Code, Failure> {
    let changes = Changes { seed: None, set: args.set.clone() };
    let mut mistakes = Vec::new();
    let mut apart = "";
    for file in &args.files {
        match Source::read(file, &changes, stop) {
            Ok(source) => {
                Console::data(apart);
                Console::data(&page(&source).render(Look::of_terminal()));
                apart = "\n";
            }
            Err(failure) if failure.code == Code::Stopped => return Err(failure),
            Err(failure) => mistakes.push(failure.message),
        }
    }
    if mistakes.is_empty() { Ok(Code::Done) } else { Err(Failure::input(mistakes.join("\n\n"))) }
}

fn page(source: &Source) -> Page {
    let scenario = &source.scenario;
    let mut page = Page::new(&scenario.name, scenario.description.as_deref().unwrap_or_default());
    if let Some(trace) = &source.trace {
        let facts = &trace.facts;
        let rows = number::counted(facts.rows, "row", "rows");
        let requests = number::plain(facts.requests);
        let length = number::span(facts.to.since(facts.from).as_secs_f64());
        page.add("Trace", format!("{rows}, {requests} requests in {length}"));
        page.add(
            "",
            format!("{} of them arrive in the run, after scaling", number::plain(facts.used_requests)),
        );
        if let Some(silence) = trace.silence() {
            let silence = number::span(silence.as_secs_f64());
            page.add_marked(
                "",
                Mark::Warning,
                format!("it ends {silence} before the run does: nothing arrives after it"),
            );
        }
    }
    for warning in &source.warnings {
        page.add_marked("Warnings", Mark::Warning, warning.clone());
    }
    for line in scenario.arithmetic(source.trace_rates()) {
        page.add(heading(line.about), line.sentence);
    }
    if scenario.sweep.is_some() {
        page.add("Sweep", format!("simscale sweep {} runs it; run uses the file without it", source.file));
    }
    page.end(format!("{} is a valid scenario.", source.file));
    page
}

fn heading(about: &str) -> &'static str {
    match about {
        "load" => "Load",
        "cores" | "peak" => "Cores",
        "concurrency" => "In flight",
        "bounds" => "Bounds",
        "credits" => "Credits",
        "time_to_scale" => "Scaling",
        "cost" => "Cost",
        _ => "",
    }
}
