//! The reference pages of the documentation, generated from the types so that they cannot lie.

use crate::failure::{Code, Failure};
use crate::output::{ACTIVITY_COLUMNS, Column, INSTANCE_COLUMNS, PERIOD_COLUMNS, write_whole};
use crate::record::Console;
use crate::sweep::suite::SUITE_COLUMNS;
use crate::sweep::{CELL_COLUMNS, COMPARISON_COLUMNS, DAY_COLUMNS, RUN_COLUMNS, gauge};
use serde_json::Value;
use simscale::Scenario;
use simscale::decide::{MAX_LINE_BYTES, MAX_LINES, Observation, ObservedGroup, RecordingHead};
use simscale::engine::ActivityKind;
use simscale::summary::{Figure, HOURS_PER_MONTH, OBJECTIVE_FIGURES, RUN_FIGURES, SUMMARY_SCHEMA};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the pages.
    #[arg(long, value_name = "DIR", default_value = "docs/reference")]
    out: PathBuf,
    /// Write nothing; fail when a page is stale.
    #[arg(long)]
    check: bool,
}

pub fn write(args: &Args) -> Result<Code, Failure> {
    for (name, text) in pages() {
        let path = args.out.join(name);
        if !args.check {
            write_whole(&path, &text)?;
            Console::talk(&format!("wrote {}", path.display()));
        } else if fs_err::read_to_string(&path).ok().as_ref() != Some(&text) {
            let command = "cargo run -p simscale-runner -- reference";
            return Err(Failure::input(format!(
                "{} is stale; write it again with: {command}",
                path.display()
            )));
        }
    }
    Ok(Code::Done)
}

/// The JSON Schema of a scenario.
pub fn schema() -> String {
    let text = simscale::text::schema::<Scenario>();
    format!("{}\n", text.trim_end())
}

/// The keys of a table of the schema with the first sentence of what is said about each.
pub fn definition(name: &str) -> Vec<(String, String)> {
    let schema: Value = serde_json::from_str(&schema()).expect("the schema is JSON");
    let tables = schema.get("definitions").or_else(|| schema.get("$defs"));
    let keys = tables.and_then(|tables| tables[name]["properties"].as_object()).cloned().unwrap_or_default();
    let meaning = |key: &Value| key["description"].as_str().unwrap_or_default().to_string();
    keys.iter().map(|(name, key)| (name.clone(), meaning(key))).collect()
}

fn pages() -> [(&'static str, String); 6] {
    [
        ("scenario.md", simscale::text::reference::<Scenario>("The scenario file")),
        ("scenario.schema.json", schema()),
        ("summary.md", summary_page()),
        ("columns.md", columns_page()),
        ("sweep.md", sweep_page()),
        ("decide.md", decide_page()),
    ]
}

fn summary_page() -> String {
    let mut page = format!(
        "# summary.json\n\n\
         Layout {SUMMARY_SCHEMA}. A new field does not change the number; a field that changes its meaning or goes away does. `simscale run \
         --format json` prints the same object on one line.\n\n\
         Beside the figures below it has `schema` (the layout's number), `simscale` (the program's version), `scenario` (its name), `seed`, \
         `fingerprint` (a hash of every outcome and every control fact, 16 hexadecimal digits: equal fingerprints mean equal \
         runs), `response_time_s.of` (always \"served only\"), `cost_usd.prices` (`region`, `currency` and `date` of the price list) and \
         `warnings` (sentences). `saturated` is `null` unless the run ended as saturated.\n\n\
         All figures cover the statistics window: the run without its lead-in. A figure that could not be measured, such as a quantile of no \
         requests, is `null`. A month has {HOURS_PER_MONTH} hours.\n\n\
         The paths are those of `[expect]`: `\"cost_usd.total\" = {{ below = 36.0 }}`. In the file, objectives are a list; in a path an \
         objective is named: `objective.fast.violation_ratio`.\n\n\
         ## Figures of the run\n\n"
    );
    page += &figures("", RUN_FIGURES);
    page += "\n## Figures of each objective\n\n";
    page += &figures("objective.<name>.", OBJECTIVE_FIGURES);
    page
}

fn decide_page() -> String {
    let mut page = "# The files of simscale decide\n\n\
        The policy file is TOML: `schema = 1`, `boot_time` (how long a launch boots where the recording does not say how the group was; \
        default \"0s\"), and `[group]`, `[metrics]` and `[[policy]]` as in [a scenario](scenario.md).\n\n\
        The observations are JSON, an object a line: first the head, then a line for each sampling period in order of time.\n\n"
        .to_string();
    page += &format!(
        "At most {MAX_LINES} lines of at most {MAX_LINE_BYTES} bytes. Unknown fields are refused.\n\n"
    );
    page += &fields::<RecordingHead>("The head");
    page += &fields::<Observation>("An observation");
    page += &fields::<ObservedGroup>("`group` of an observation");
    page
}

/// The fields of a type of the recording, from its JSON Schema.
fn fields<T: schemars::JsonSchema>(title: &str) -> String {
    let schema: Value = serde_json::to_value(schemars::schema_for!(T)).expect("a schema is JSON");
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let line = |(name, key): (&String, &Value)| {
        let meaning = key["description"].as_str().unwrap_or_default().replace('\n', " ");
        format!("| `{name}` | {meaning} |\n")
    };
    properties
        .iter()
        .map(line)
        .fold(format!("## {title}\n\n| field | meaning |\n|---|---|\n"), |page, line| page + &line)
        + "\n"
}

fn figures<T>(prefix: &str, figures: &[Figure<T>]) -> String {
    let line = |figure: &Figure<T>| {
        format!("| `{prefix}{}` | {} | {} |\n", figure.path, figure.unit, figure.meaning)
    };
    let head = "| path | unit | meaning |\n|---|---|---|\n".to_string();
    figures.iter().map(line).fold(head, |text, line| text + &line)
}

fn columns_page() -> String {
    let mut page = "# The tables of a run\n\n\
        CSV with a line of headings. Times are seconds since the start of the run, lead-in included; money is in US dollars; an \
        empty cell means that there is no such value.\n\n\
        ## periods.csv\n\n\
        One row for each metric period (`metrics.period`), the last one possibly shorter. Requests count in the period in which they \
        were settled, arrivals in that in which they arrived.\n\n"
        .to_string();
    page += &columns(&PERIOD_COLUMNS);
    page += "\n## activities.csv\n\n\
        The activity log: one row for each fact of the control plane that somebody would ask \"why\" about, in the order in which they \
        happened. No row for a request. `simscale explain-run` reads it.\n\n";
    page += &columns(&ACTIVITY_COLUMNS);
    page += "\n| kind | what happened |\n|---|---|\n";
    for kind in ActivityKind::ALL {
        page += &format!("| `{kind}` | {} |\n", kind.meaning());
    }
    page += "\n## instances.csv\n\n\
        One row for each instance, written when it is terminated or when the run ends. Times and counts cover its whole life, the lead-in \
        included; the bill is that of the statistics window, so that `billed_s` adds up to the instance-hours of the summary.\n\n";
    page += &columns(&INSTANCE_COLUMNS);
    page
}

fn sweep_page() -> String {
    let mut page = "# The tables of a sweep\n\n\
        `simscale sweep` and `simscale compare` write them. CSV with a line of headings; an empty cell means that there is no such value. Intervals \
        are those of the mean over the replications, at `sweep.confidence`. The same scenario, sweep and version give the same bytes, on any \
        number of threads, resumed or not.\n\n\
        ## runs.csv\n\nOne row for each run, in order of cell and replication.\n\n"
        .to_string();
    page += &columns(&RUN_COLUMNS);
    page += "\n## cells.csv\n\nOne row for each cell.\n\n";
    page += &columns(&CELL_COLUMNS);
    page += "\n## comparison.csv\n\n\
        One row for each cell: differences to the baseline, replication by replication. Both met the same requests, so that much of the \
        chance in them cancels.\n\n";
    page += &columns(&COMPARISON_COLUMNS);
    page += "\n## days.csv\n\n\
        Only with a recorded trace of several whole days: one row for each day of the answer and of the baseline.\n\n";
    page += &columns(&DAY_COLUMNS);
    page += "\n## Figures of a sweep\n\nBeside the figures of [summary.md](summary.md), each run of a sweep has:\n\n";
    let line = |(path, meaning): &(&str, &str)| format!("| `{path}` | {meaning} |\n");
    page += "| path | meaning |\n|---|---|\n";
    page += &gauge::FIGURES.iter().map(line).collect::<String>();
    page += "\n## suite.csv\n\nWritten by `simscale suite`: one row for each cell of each workload.\n\n";
    page += &columns(&SUITE_COLUMNS);
    page
}

fn columns(columns: &[Column]) -> String {
    let head = "| column | meaning |\n|---|---|\n".to_string();
    columns.iter().fold(head, |text, column| text + &format!("| `{}` | {} |\n", column.name, column.meaning))
}
