//! The cells that a reader asks about, run once more with their periods kept: the answer, the baseline, the cheapest that was rejected.

use super::work::Prepared;
use super::{Answer, Setting, Task};
use crate::failure::{Code, Failure};
use crate::simulate::labels;
use crate::timeline::{Labels, Series};
use rayon::prelude::*;
use simscale::engine::{PeriodRow, Sink};
use simscale::plan::replication_seed;
use simscale::summary::Summary;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// One replication of a cell, moment by moment.
pub struct Story {
    /// The cell.
    pub cell: usize,
    /// Its periods.
    pub series: Series,
    /// What they are labelled with.
    pub labels: Labels,
}

/// Keeps the periods of a run.
struct Keeper<'a> {
    series: Series,
    stop: &'a AtomicBool,
}

impl Sink for Keeper<'_> {
    fn period(&mut self, row: &PeriodRow) {
        self.series.push(row);
    }

    fn stop(&mut self) -> bool {
        self.stop.load(Relaxed)
    }
}

/// The stories of a decision, all of the first replication; `None` when they were stopped.
pub(super) fn stories(
    task: &Task,
    answer: &Answer,
    setting: &Setting<'_>,
) -> Result<Option<Vec<Story>>, Failure> {
    let mut cells: Vec<usize> = Vec::new();
    let wanted = answer.winner.into_iter().chain([task.baseline]).chain(answer.rejected.first().copied());
    wanted.for_each(|cell| {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    });
    let seed = replication_seed(task.seed, 0);
    let told: Vec<Result<Option<Story>, Failure>> = setting.threads.install(|| {
        cells.par_iter().map(|&cell| story(cell, &task.cells[cell], seed, setting.stop)).collect()
    });
    told.into_iter().collect()
}

fn story(number: usize, cell: &Prepared, seed: u64, stop: &AtomicBool) -> Result<Option<Story>, Failure> {
    let named = |message: String| Failure::input(format!("{}: {message}", cell.name));
    let rows = cell.trace.as_ref().map(|trace| trace.reader()).transpose();
    let rows = rows.map_err(|error| named(error.to_string()))?;
    let simulation = cell.scenario.simulation(Some(seed), rows).map_err(|e| named(e.render(true)))?;
    let mut keeper = Keeper { series: Series::default(), stop };
    let result = simulation.run(&mut keeper).map_err(|broken| Failure {
        code: Code::Law,
        message: format!("{}: {broken}; this is a bug of simscale, please report it", cell.name),
    })?;
    if result.stopped_at.is_some() {
        return Ok(None);
    }
    let labels = labels(&cell.scenario, &Summary::new(&cell.scenario, &result), &result);
    Ok(Some(Story { cell: number, series: keeper.series, labels }))
}
