//! One lead-in for all cells that leave it to MSER-5: the longest that any of them asks for, so that their windows stay the same.

use super::progress::Progress;
use super::{Setting, Task};
use crate::failure::Failure;
use crate::lead_in::{Cut, pilot, settled};
use rayon::prelude::*;
use simscale::engine::SimTime;
use simscale::plan::replication_seed;

/// Pilots of each cell: they run as long as what they are for.
const PILOTS: u64 = 5;

impl Task {
    /// The task with every lead-in found, on the first replications of each cell.
    pub fn settled(mut self, setting: &Setting<'_>) -> Result<Task, Failure> {
        let sought: Vec<usize> =
            (0..self.cells.len()).filter(|&cell| self.cells[cell].scenario.seeks_lead_in()).collect();
        if sought.is_empty() {
            return Ok(self);
        }
        let pilots = PILOTS.min(self.replications);
        let ids: Vec<(usize, u64)> =
            sought.iter().flat_map(|&cell| (0..pilots).map(move |number| (cell, number))).collect();
        let progress = Progress::new("lead-in", ids.len() as u64, setting.shown);
        let one = |&(cell, number): &(usize, u64)| {
            let prepared = &self.cells[cell];
            let series = pilot(&prepared.scenario, replication_seed(self.seed, number), setting.stop);
            progress.done(prepared.requests() as u64);
            series
        };
        let series: Vec<Result<Vec<f64>, Failure>> =
            setting.threads.install(|| ids.par_iter().map(one).collect());
        progress.clear();
        let series = series.into_iter().collect::<Result<Vec<Vec<f64>>, Failure>>()?;
        let mut longest: Option<Cut> = None;
        for (&cell, series) in sought.iter().zip(series.chunks(pilots as usize)) {
            let (_, cut) = settled(&self.cells[cell].scenario, series).map_err(|refused| {
                Failure::input(format!("{}: {}", self.cells[cell].name, refused.message))
            })?;
            if longest.is_none_or(|longest| cut.lead_in_s > longest.lead_in_s) {
                longest = Some(cut);
            }
        }
        let Some(cut) = longest else { return Ok(self) };
        for &cell in &sought {
            let prepared = &mut self.cells[cell];
            let least = SimTime::from_nanos(cut.lead_in_s * 1_000_000_000);
            prepared.scenario = prepared.scenario.with_lead_in(least).ok_or_else(|| {
                Failure::input(format!("{}: simulation.lead_in: leaves nothing of the run", prepared.name))
            })?;
        }
        self.cut = Some(cut);
        Ok(self)
    }
}
