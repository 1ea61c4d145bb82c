//! `simscale list`: the names that a scenario can use, with what they mean.

use super::{Format, reference};
use crate::failure::{Code, Failure};
use crate::number;
use crate::record::Console;
use serde_json::{Value, json};
use simscale::scenario::METRICS;
use simscale::scenario::catalogue::{DATE, INSTANCE_TYPES, REGION};

const BOOTS: &str = "
From the request to a login, observed; before it the scaling activity takes 2 to 40 s (median 13 s), behind it the application starts.
Use one as instance.boot_preset.
";

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  simscale list instances --format json")]
pub struct Args {
    /// What to list.
    #[arg(value_enum)]
    what: What,
    /// How it is printed; json is one object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// Kinds of scaling policy.
    Policies,
    /// Instance types of the catalogue, with prices.
    Instances,
    /// Boots as they were measured on EC2, with who measured them.
    Boots,
    /// Metrics that policies and alarms can use.
    Metrics,
}

pub fn list(args: &Args) -> Result<Code, Failure> {
    let (rows, note) = match args.what {
        What::Policies => (policies(), String::new()),
        What::Instances => (instances(), format!("\nLinux on demand in {REGION}, {DATE}.\n")),
        What::Boots => (boots(), BOOTS.to_string()),
        What::Metrics => {
            (metrics(), "\nA group can have metrics of its own: [[metrics.custom]].\n".to_string())
        }
    };
    match args.format {
        Format::Json => {
            let objects =
                rows.into_iter().map(|row| row.into_iter().map(|(name, cell)| (name.to_string(), cell)));
            let lines: String =
                objects.map(|object| format!("{}\n", Value::Object(object.collect()))).collect();
            Console::data(&lines);
        }
        Format::Text => Console::data(&(table(&rows) + &note)),
    }
    Ok(Code::Done)
}

/// Cells by the names of their columns.
type Row = Vec<(&'static str, Value)>;

/// The kinds of policy, as the schema of a scenario has them.
fn policies() -> Vec<Row> {
    let kinds = reference::definition("Policy").into_iter().filter(|(name, _)| name != "name");
    kinds.map(|(name, meaning)| vec![("kind", json!(name)), ("meaning", json!(meaning))]).collect()
}

fn instances() -> Vec<Row> {
    let of = |entry: &simscale::scenario::catalogue::InstanceType| {
        let price = entry.nano_usd_per_hour as f64 / 1e9;
        let memory = entry.memory_mib as f64 / 1024.0;
        let mode = entry.burstable.map_or("", |b| if b.standard { "standard" } else { "unlimited" });
        let baseline = entry.burstable.map(|b| f64::from(b.baseline_per_mille) / 1000.0);
        let earned = entry.burstable.map(|b| f64::from(b.milli_credits_per_hour) / 1000.0);
        vec![
            ("type", json!(entry.name)),
            ("vcpus", json!(entry.vcpus)),
            ("memory_gib", json!(memory)),
            ("usd_per_hour", json!(price)),
            ("credits", json!(mode)),
            ("baseline_ratio", json!(baseline)),
            ("credits_per_hour", json!(earned)),
        ]
    };
    INSTANCE_TYPES.iter().map(of).collect()
}

fn boots() -> Vec<Row> {
    let of = |preset: simscale::scenario::BootPreset| {
        let facts = preset.facts();
        let middle = |mean: bool| (facts.is_mean == mean).then_some(facts.middle_s);
        vec![
            ("preset", json!(facts.name)),
            ("median_s", json!(middle(false))),
            ("mean_s", json!(middle(true))),
            ("p90_s", json!(facts.p90_s)),
            ("pending_s", json!(facts.pending_s)),
            ("source", json!(facts.source)),
        ]
    };
    simscale::scenario::BootPreset::ALL.map(of).into()
}

fn metrics() -> Vec<Row> {
    let of = |metric: &simscale::scenario::MetricName| {
        vec![("metric", json!(metric.name)), ("unit", json!(metric.unit)), ("meaning", json!(metric.meaning))]
    };
    METRICS.iter().map(of).collect()
}

/// Aligned columns under their names.
fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let heads: Vec<String> = first.iter().map(|(name, _)| name.to_string()).collect();
    let cells = rows.iter().map(|row| row.iter().map(|(_, value)| cell(value)).collect::<Vec<String>>());
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text += padded.join("  ").trim_end();
        text.push('\n');
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), number::plain),
        other => other.to_string(),
    }
}
