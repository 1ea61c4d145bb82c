//! `simscale decide`: what alarms, policies and controller would have asked and granted on recorded observations.

use super::Format;
use crate::failure::{Code, Failure};
use crate::input;
use crate::number::{counted, span};
use crate::output::{ACTIVITY_COLUMNS, activity_cells};
use crate::record::Console;
use crate::report::{Look, tamed, wrapped};
use crate::source::{Changes, read_text};
use simscale::decide::{Control, MAX_LINE_BYTES, Recording, run};
use simscale::engine::{ActivityKind, ActivityRow, Sink};
use simscale::scenario::RunSettings;
use simscale::text::Duration;
use std::path::Path;

/// Bad lines that are told one by one.
const TOLD: usize = 20;

/// Longest recording, bytes.
const MAX_RECORDING: u64 = 256 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What steers: a TOML file with schema, [group], [metrics] and [[policy]] as in a scenario.
    #[arg(long, value_name = "FILE")]
    policy: String,
    /// What was observed: a JSON object a line, the first one a head.
    #[arg(long, value_name = "FILE")]
    observations: String,
    /// Change a value of the policy file, as for run.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Text for people, or JSON: an object a line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  simscale decide --policy cpu-50.toml --observations monday.jsonl
  simscale decide --policy cpu-50.toml --observations monday.jsonl --format json

The recording:
  {\"schema\":1,\"start\":\"2026-03-02T08:00:00Z\"}
  {\"t_s\":60,\"metrics\":{\"cpu_utilization\":72.5}}
  {\"t_s\":120,\"metrics\":{\"cpu_utilization\":null},\"group\":{\"desired\":4,\"in_service_s\":[900,900,35],\"booting\":1}}";

pub fn decide(args: &Args) -> Result<Code, Failure> {
    let changes = Changes { seed: None, set: args.set.clone() };
    let text = read_text(&args.policy)?;
    let control = Control::read(&args.policy, &text, &changes.overrides()?)
        .map_err(|mistakes| Failure::input(mistakes.render(true)))?;
    let recording = Recording::read(&recording_text(&args.observations)?, &control)
        .map_err(|bad| Failure::input(bad_lines(&args.observations, &bad)))?;
    let mut clock = RunSettings::lasting(Duration::from_secs(1));
    clock.start = recording.head.start.unwrap_or(clock.start);
    clock.time_zone = recording.head.time_zone.clone().unwrap_or(clock.time_zone);
    let width = Look::of_terminal().width;
    let mut printer =
        Printer { format: args.format, clock, width, rows: [0; 3], size: control.group.initial() };
    let outcome =
        run(&control, &recording, &mut printer).map_err(|mistakes| Failure::input(mistakes.render(true)))?;
    for metric in &outcome.unread {
        let file = &args.observations;
        Console::talk(&format!("warning: {file}: no line has a value of {metric}, which a policy reads"));
    }
    if args.format == Format::Text {
        Console::data(&printer.last_sentence(outcome.until.as_secs_f64()));
    }
    Ok(Code::Done)
}

fn recording_text(file: &str) -> Result<String, Failure> {
    let text = input::text(Path::new(file), MAX_RECORDING)?;
    if text.len() as u64 > MAX_RECORDING {
        let most = MAX_RECORDING >> 20;
        let line = MAX_LINE_BYTES >> 10;
        return Err(Failure::input(format!(
            "{file}: is longer than {most} MiB ({line} KiB a line); split it"
        )));
    }
    Ok(text)
}

fn bad_lines(file: &str, bad: &[simscale::decide::BadLine]) -> String {
    let mut lines: Vec<String> =
        bad.iter().take(TOLD).map(|bad| format!("{file}: {}", tamed(&bad.to_string()))).collect();
    if bad.len() > TOLD {
        lines.push(format!(
            "{file}: and {} more",
            counted((bad.len() - TOLD) as u64, "bad line", "bad lines")
        ));
    }
    lines.join("\n")
}

/// Prints each row when it comes.
struct Printer {
    format: Format,
    clock: RunSettings,
    width: usize,
    /// Changes of size, holds, changes of alarms.
    rows: [u64; 3],
    size: u32,
}

impl Sink for Printer {
    fn activity(&mut self, row: &ActivityRow) {
        self.size = row.granted;
        let counter = match row.kind {
            ActivityKind::Alarm => 2,
            ActivityKind::Hold => 1,
            _ => 0,
        };
        self.rows[counter] += 1;
        let at = self.clock.local_text(row.at);
        match self.format {
            Format::Text => Console::data(&self.told(row, &at)),
            Format::Json => Console::data(&format!("{}\n", object(row, at))),
        }
    }
}

impl Printer {
    /// A row in words: what came of it, then why.
    fn told(&self, row: &ActivityRow, at: &str) -> String {
        let asked = row.asked.map_or("asked nothing".to_string(), |asked| format!("asked {asked}"));
        let what = match row.kind {
            ActivityKind::Alarm => row.note.clone(),
            ActivityKind::Hold => format!("{asked}, stays {}", row.granted),
            _ => format!("{asked}, granted {} -> {}", row.before, row.granted),
        };
        let mut lines = wrapped(&format!("{} {}: {what}", row.kind, row.actor), self.width.saturating_sub(2));
        let because = row.reason.as_ref().map(ToString::to_string).unwrap_or_default();
        let group = if row.kind == ActivityKind::Alarm { "" } else { row.note.as_str() };
        for (label, text) in [("policy", because.as_str()), ("group", group), ("alarm", row.cause.as_str())] {
            if !text.is_empty() {
                lines.extend(wrapped(&format!("{label}: {text}"), self.width.saturating_sub(2)));
            }
        }
        let at = at.split(['+', 'Z']).next().unwrap_or(at).replacen('T', " ", 1);
        lines.iter().fold(format!("{at}\n"), |text, line| text + "  " + line + "\n")
    }

    fn last_sentence(&self, seconds: f64) -> String {
        let [changes, holds, alarms] = self.rows;
        format!(
            "\n{}, {} and {} in {}; the group ends at {}.\n",
            counted(changes, "change", "changes"),
            counted(holds, "hold", "holds"),
            counted(alarms, "change of an alarm", "changes of alarms"),
            span(seconds),
            self.size
        )
    }
}

/// The columns of `activities.csv` as a JSON object; numbers as numbers, empty cells as `null`.
fn object(row: &ActivityRow, at: String) -> serde_json::Value {
    let numbers = ["t_s", "instance", "before", "asked", "granted"];
    let cells = activity_cells(row, at);
    let cell = |(column, cell): (&crate::output::Column, String)| {
        let value = match cell {
            cell if cell.is_empty() => serde_json::Value::Null,
            cell if numbers.contains(&column.name) => {
                serde_json::from_str(&cell).expect("a decimal number is JSON")
            }
            cell => cell.into(),
        };
        (column.name.to_string(), value)
    };
    ACTIVITY_COLUMNS.iter().zip(cells).map(cell).collect::<serde_json::Map<_, _>>().into()
}
