//! What a recorded trace lets one say: its days one by one, the spread between them, one interval over days.
//!
//! Replications on one trace differ in their luck alone: their intervals are *given this trace*. Where it has several whole days, the answer
//! and the baseline are run again day by day, on replications that the choice never used; then the day is the replicate.

use super::statistics::Sample;
use super::work::Prepared;
use super::{Answer, Bench, FRESH, Study, Task, judgement::COST};
use crate::failure::Failure;
use crate::output::{Column, columns};
use simscale::days::{days, whole_days};

/// Columns of `days.csv`.
pub const DAY_COLUMNS: [Column; 7] = columns![
    "cell": "Number of the cell: the answer and the baseline",
    "<axis>": "The label of the cell's point on the axis",
    "day": "Number of the day, from 1 on",
    "date": "Its date at its start, on the scenario's clock",
    "replications": "Runs of the day, on replications that the choice never used",
    "cost_usd_per_month": "Mean cost of a month of 730 hours like this day",
    "<objective>.violation_ratio": "Mean of the objective's violation ratio on this day",
];

/// Runs of a day: what differs between days is more than luck within one.
const RUNS: u64 = 5;

/// Numbers of the cells that days are kept under, far above all others.
const FROM: usize = 1 << 40;

/// More days than a trace of ten years has.
const MOST: usize = 4096;

/// On what the statements of a sweep rest.
pub enum Given {
    /// Every replication has a load of its own.
    Generated,
    /// A trace of at most one whole day.
    OneDay,
    /// A trace of several days that cannot be taken apart, and why.
    Whole(String),
    /// A trace of several days.
    Days(Days),
}

/// Days of the cells that were asked about.
pub struct Days {
    /// Dates of the days.
    pub dates: Vec<String>,
    /// The answer first, then the baseline.
    pub cells: Vec<DayCell>,
    /// Runs of each day.
    pub runs: u64,
}

/// A cell day by day.
pub struct DayCell {
    /// The cell.
    pub cell: usize,
    /// Cost of a month, day by day.
    pub cost: Vec<f64>,
    /// Violation ratios of each objective, day by day.
    pub missed: Vec<Vec<f64>>,
}

impl DayCell {
    /// The cost over days.
    pub fn cost_over_days(&self) -> Sample {
        Sample::of(&self.cost)
    }
}

impl Given {
    /// Of a task whose days are not run one by one, and why not.
    pub(super) fn unsplit(task: &Task, why: &str) -> Given {
        match task
            .cells
            .iter()
            .filter(|cell| cell.trace.is_some())
            .map(|cell| whole_days(&cell.scenario))
            .min()
        {
            None => Given::Generated,
            Some(0 | 1) => Given::OneDay,
            Some(_) => Given::Whole(why.to_owned()),
        }
    }

    /// Whether intervals are given a trace.
    pub fn traced(&self) -> bool {
        !matches!(self, Given::Generated)
    }
}

/// Runs the days of the answer and the baseline.
pub(super) fn given(
    task: &Task,
    bench: &mut Bench<'_>,
    study: &Study,
    answer: &Answer,
) -> Result<Given, Failure> {
    let mut cells: Vec<usize> = answer.winner.into_iter().collect();
    if !cells.contains(&task.baseline) {
        cells.push(task.baseline);
    }
    if task.cells.iter().all(|cell| cell.trace.is_none()) {
        return Ok(Given::Generated);
    }
    if cells.iter().any(|&cell| whole_days(&task.cells[cell].scenario) < 2) {
        return Ok(Given::OneDay);
    }
    let mut dates = Vec::new();
    let mut numbers = Vec::new();
    for &cell in &cells {
        let base = &task.cells[cell];
        let apart = match days(&base.scenario) {
            Ok(days) => days,
            Err(why) => return Ok(Given::Whole(why)),
        };
        dates = apart.iter().map(|day| day.date.clone()).collect();
        let own: Vec<usize> = (0..apart.len()).map(|day| FROM + cell * MOST + day).collect();
        for (&number, day) in own.iter().zip(apart) {
            bench.add(
                number,
                Prepared {
                    name: format!("{} on {}", base.name, day.date),
                    labels: Vec::new(),
                    values: Vec::new(),
                    scenario: day.scenario,
                    trace: base.trace.clone(),
                    versus: None,
                },
            );
        }
        numbers.push(own);
    }
    let runs = RUNS.min(study.cells[0].runs.len() as u64);
    let all: Vec<usize> = numbers.iter().flatten().copied().collect();
    bench.run_as("days", &all, FRESH..FRESH + runs)?;
    let cells = cells.iter().zip(&numbers).map(|(&cell, own)| {
        let days = task.study(bench, own, FRESH..FRESH + runs);
        let mean = |path: &str| (0..own.len()).map(|day| days.sample(day, path).mean).collect::<Vec<f64>>();
        let missed = |(name, _): &(String, f64)| mean(&format!("objective.{name}.violation_ratio"));
        DayCell { cell, cost: mean(COST), missed: study.objectives.iter().map(missed).collect() }
    });
    Ok(Given::Days(Days { cells: cells.collect(), dates, runs }))
}

/// The table of days.
pub(super) fn table(rows: &mut csv::Writer<Vec<u8>>, study: &Study, given: &Given) -> Result<(), csv::Error> {
    let mut head = vec!["cell".to_owned()];
    head.extend(study.axes.iter().cloned());
    head.extend(["day", "date", "replications", "cost_usd_per_month"].map(str::to_owned));
    head.extend(study.objectives.iter().map(|(name, _)| format!("{name}.violation_ratio")));
    rows.write_record(head)?;
    let Given::Days(days) = given else { return Ok(()) };
    for cell in &days.cells {
        for (day, date) in days.dates.iter().enumerate() {
            let mut row = vec![cell.cell.to_string()];
            row.extend(study.cells[cell.cell].labels.iter().cloned());
            row.extend([
                (day + 1).to_string(),
                date.clone(),
                days.runs.to_string(),
                cell.cost[day].to_string(),
            ]);
            row.extend(cell.missed.iter().map(|missed| missed[day].to_string()));
            rows.write_record(row)?;
        }
    }
    Ok(())
}
