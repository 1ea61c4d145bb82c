//! The tables of a sweep: a row a run, a row a cell, a row a comparison with the baseline. The same runs give the same bytes.

use super::judgement::{Answer, COST, Holds, Study};
use super::statistics::Sample;
use super::store::{Measured, RunId};
use super::{FRESH, Found, Given, Task, days};
use crate::failure::Failure;
use crate::output::{Column, Folder, columns};
use simscale::plan::replication_seed;
use std::collections::BTreeMap;

/// Columns of `runs.csv`; `<axis>` stands for a column an axis, `<figure>` for one a figure of the summary and of the sweep.
pub const RUN_COLUMNS: [Column; 7] = columns![
    "cell": "Number of the cell, from 0 on",
    "<axis>": "The label of the cell's point on the axis",
    "replication": "Number of the replication; from 1000000 on those that the choice never saw",
    "seed": "Seed of the run: a hash of the master seed and the replication's number",
    "fingerprint": "Hash of every outcome and every control fact",
    "requests": "Requests simulated, lead-in included",
    "<figure>": "A figure of summary.json by its dotted path, or one of the sweep's own; empty when it could not be measured",
];

/// Columns of `cells.csv`; `<axis>` stands for a column an axis, `<objective>` for the columns of each objective, `<figure>` for means.
pub const CELL_COLUMNS: [Column; 16] = columns![
    "cell": "Number of the cell, from 0 on",
    "<axis>": "The label of the cell's point on the axis",
    "replications": "Runs of the cell that the choice was made from",
    "holds": "yes, no or undecided: whether its promises hold, at a level shared over all cells",
    "winner": "1 for the cheapest cell that holds",
    "on_front": "1 when no other cell is at once cheaper and violates less",
    "overloaded": "Why the cell counts as overloaded; empty when it does not",
    "cost_usd_per_month": "Mean cost of a month of 730 hours",
    "cost_usd_per_month_low": "Lower end of its interval; empty with one replication",
    "cost_usd_per_month_high": "Upper end",
    "<objective>.violation_ratio": "Mean of the objective's violation ratio",
    "<objective>.violation_ratio_low": "Lower end of its interval",
    "<objective>.violation_ratio_high": "Upper end",
    "<objective>.broken_replications": "Replications that violate more than is allowed",
    "<objective>.chance_limit": "Largest chance that a replication breaks the promise which so few of them do not contradict; empty where five or more violate it",
    "<figure>": "Mean over the replications of every other figure, by its dotted path",
];

/// Columns of `comparison.csv`: differences to the baseline, replication by replication on equal luck.
pub const COMPARISON_COLUMNS: [Column; 10] = columns![
    "cell": "Number of the cell",
    "<axis>": "The label of the cell's point on the axis",
    "cost_usd_per_month_difference": "Mean difference of the cost of a month to the baseline's",
    "cost_usd_per_month_difference_low": "Lower end of its interval",
    "cost_usd_per_month_difference_high": "Upper end",
    "cost_ratio": "Mean cost over the baseline's mean cost",
    "<objective>.violation_ratio_difference": "Mean difference of the objective's violation ratio",
    "<objective>.violation_ratio_difference_low": "Lower end of its interval",
    "<objective>.violation_ratio_difference_high": "Upper end",
    "baseline": "1 for the baseline itself",
];

type Rows = csv::Writer<Vec<u8>>;

/// Writes all of them; the table of days only where there are any.
pub(super) fn write(
    folder: &mut Folder,
    task: &Task,
    found: &Found,
    runs: &BTreeMap<RunId, Measured>,
) -> Result<(), Failure> {
    let (study, answer) = (&found.study, &found.answer);
    if let Given::Days(_) = found.given {
        folder.write("days.csv", &table(|rows| days::table(rows, study, &found.given)))?;
    }
    folder.write("runs.csv", &table(|rows| runs_table(rows, task, study, runs)))?;
    let cells = table(|rows| cells_table(rows, study, answer));
    folder.write("cells.csv", &cells)?;
    #[cfg(feature = "parquet")]
    folder.write("cells.parquet", &super::columnar::cells(&cells, study.axes.len()))?;
    folder.write("comparison.csv", &table(|rows| comparison_table(rows, study)))
}

fn table(fill: impl FnOnce(&mut Rows) -> Result<(), csv::Error>) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    fill(&mut rows).expect("memory takes any row");
    rows.into_inner().expect("memory takes any row")
}

fn runs_table(
    rows: &mut Rows,
    task: &Task,
    study: &Study,
    runs: &BTreeMap<RunId, Measured>,
) -> Result<(), csv::Error> {
    let head = ["cell".to_owned()].into_iter().chain(study.axes.iter().cloned());
    let head = head.chain(["replication", "seed", "fingerprint", "requests"].map(str::to_owned));
    rows.write_record(head.chain(study.paths.iter().cloned()))?;
    let count = study.cells[0].runs.len() as u64;
    // Constant groups, and runs of an earlier, longer sweep that was resumed with fewer replications, are no part of the table.
    let wanted = |number: u64| number < count || (FRESH..FRESH + count).contains(&number);
    let own = |id: &RunId| id.0 < task.cells.len() && wanted(id.1);
    for (&(cell, number), run) in runs.iter().filter(|(id, _)| own(id)) {
        let mut row = vec![cell.to_string()];
        row.extend(task.cells[cell].labels.iter().cloned());
        row.extend([number.to_string(), replication_seed(task.seed, number).to_string()]);
        row.extend([run.fingerprint.clone(), run.requests.to_string()]);
        row.extend(
            run.figures.iter().map(|figure| figure.map(|value| value.to_string()).unwrap_or_default()),
        );
        rows.write_record(row)?;
    }
    Ok(())
}

/// Mean and ends of the interval.
fn ends(sample: Sample, confidence: f64) -> [String; 3] {
    let half = sample.half_width(confidence);
    let end = |sign: f64| half.map(|half| (sample.mean + sign * half).to_string()).unwrap_or_default();
    [sample.mean.to_string(), end(-1.0), end(1.0)]
}

/// `name`, `name_low`, `name_high`.
fn heads(name: &str) -> [String; 3] {
    [name.to_owned(), format!("{name}_low"), format!("{name}_high")]
}

fn flag(value: bool) -> String {
    u8::from(value).to_string()
}

fn cells_table(rows: &mut Rows, study: &Study, answer: &Answer) -> Result<(), csv::Error> {
    let special = |path: &&String| *path != COST && !path.ends_with(".violation_ratio");
    let others: Vec<&String> = study.paths.iter().filter(special).collect();
    let mut head = vec!["cell".to_owned()];
    head.extend(study.axes.iter().cloned());
    head.extend(["replications", "holds", "winner", "on_front", "overloaded"].map(str::to_owned));
    head.extend(heads("cost_usd_per_month"));
    for (name, _) in &study.objectives {
        head.extend(heads(&format!("{name}.violation_ratio")));
        head.extend([format!("{name}.broken_replications"), format!("{name}.chance_limit")]);
    }
    head.extend(others.iter().map(|path| (*path).clone()));
    rows.write_record(head)?;
    for (cell, (runs, verdict)) in study.cells.iter().zip(&answer.verdicts).enumerate() {
        let mut row = vec![cell.to_string()];
        row.extend(runs.labels.iter().cloned());
        let holds = match verdict.holds {
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::Unknown => "undecided",
        };
        row.extend([runs.runs.len().to_string(), holds.to_owned()]);
        row.extend([flag(answer.winner == Some(cell)), flag(answer.front.contains(&cell))]);
        row.push(verdict.overloaded.clone().unwrap_or_default());
        row.extend(ends(verdict.cost, study.confidence));
        for kept in &verdict.kept {
            row.extend(ends(kept.ratio, study.confidence));
            row.push(kept.broken.to_string());
            row.push(kept.chance.map(|chance| chance.to_string()).unwrap_or_default());
        }
        row.extend(others.iter().map(|path| {
            let values = study.values(cell, path);
            if values.is_empty() { String::new() } else { Sample::of(&values).mean.to_string() }
        }));
        rows.write_record(row)?;
    }
    Ok(())
}

fn comparison_table(rows: &mut Rows, study: &Study) -> Result<(), csv::Error> {
    let mut head = vec!["cell".to_owned()];
    head.extend(study.axes.iter().cloned());
    head.extend(heads("cost_usd_per_month_difference"));
    head.push("cost_ratio".to_owned());
    for (name, _) in &study.objectives {
        head.extend(heads(&format!("{name}.violation_ratio_difference")));
    }
    head.push("baseline".to_owned());
    rows.write_record(head)?;
    let base = study.sample(study.baseline, COST).mean;
    for (cell, runs) in study.cells.iter().enumerate() {
        let difference = |path: &str| study.difference(cell, study.baseline, path);
        let mut row = vec![cell.to_string()];
        row.extend(runs.labels.iter().cloned());
        row.extend(ends(difference(COST), study.confidence));
        let ratio = study.sample(cell, COST).mean / base;
        row.push(if ratio.is_finite() { ratio.to_string() } else { String::new() });
        for (name, _) in &study.objectives {
            row.extend(ends(difference(&format!("objective.{name}.violation_ratio")), study.confidence));
        }
        row.push(flag(cell == study.baseline));
        rows.write_record(row)?;
    }
    Ok(())
}
