//! The bench: runs cells on all processors, the longest first, and keeps each run as it ends.

use super::gauge::Gauge;
use super::progress::Progress;
use super::store::{Measured, RunId, Store};
use super::{Setting, Task, stopped};
use crate::failure::{Code, Failure};
use crate::hash;
use crate::trace::CheckedTrace;
use rayon::prelude::*;
use simscale::Scenario;
use simscale::floor::cost_floor;
use simscale::plan::replication_seed;
use simscale::scenario::Expect;
use simscale::summary::{HOURS_PER_MONTH, Summary};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// A cell that is ready to run.
#[derive(Clone)]
pub struct Prepared {
    /// In words.
    pub name: String,
    /// The label of its point on each axis.
    pub labels: Vec<String>,
    /// The values that its points laid on the document.
    pub values: Vec<(String, String)>,
    /// Its scenario, every default written out.
    pub scenario: Scenario,
    /// Its trace.
    pub trace: Option<Arc<CheckedTrace>>,
    /// Where the saved result lies that it is held against.
    pub versus: Option<PathBuf>,
}

/// What no run of a cell that keeps its promises can cost or use less than, in a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// US dollars.
    pub usd: f64,
    /// Instance-hours.
    pub instance_hours: f64,
}

impl Prepared {
    /// The same service on a constant group of this size, whatever its policies do.
    pub fn constant(&self, size: u32) -> Prepared {
        let mut scenario = self.scenario.clone();
        scenario.policy.clear();
        let group = &mut scenario.group;
        (group.min, group.max, group.desired) = (size, size, Some(size));
        Prepared {
            name: format!("constant group of {size}"),
            labels: Vec::new(),
            values: Vec::new(),
            scenario,
            trace: self.trace.clone(),
            versus: None,
        }
    }

    /// The cost floor of a month with this seed; `None` where there is none.
    pub fn floor(&self, seed: u64) -> Option<Floor> {
        let rows = self.trace.as_ref().map(|trace| trace.reader()).transpose().ok()?;
        let run = &self.scenario.simulation;
        let hours = (run.duration.seconds() - run.lead_in.seconds()) / 3600.0;
        let simulation = self.scenario.simulation(Some(seed), rows).ok()?;
        let floor = cost_floor(&self.scenario, simulation)?;
        let instance_hours = floor.instance_hours * HOURS_PER_MONTH / hours;
        Some(Floor { usd: floor.usd_per_month, instance_hours })
    }

    /// All that fixes its runs, seed aside: what they are held to does not.
    pub fn identity(&self) -> String {
        let mut scenario = self.scenario.clone();
        scenario.expect = Expect::default();
        let trace = self.trace.as_ref().map_or("", |trace| trace.facts.sha256.as_str());
        format!("{} {trace}", hash::of_text(&scenario.to_toml()))
    }

    /// All that fixes its cost floor, seed aside: everything but what policies do above the smallest size.
    fn identity_of_floor(&self) -> String {
        let mut scenario = self.scenario.clone();
        scenario.policy.retain(|policy| policy.threshold_poll.is_some() || policy.schedule.is_some());
        let trace = self.trace.as_ref().map_or("", |trace| trace.facts.sha256.as_str());
        format!("{} {trace}", scenario.to_toml())
    }

    /// Requests that a run is about to have.
    pub fn requests(&self) -> f64 {
        let seconds = self.scenario.simulation.duration.seconds();
        match &self.trace {
            // The mean rate of the trace over the run, which may be a part of what was checked.
            Some(trace) => trace.facts.used_requests * seconds / trace.used_seconds(),
            None => self.scenario.rates().map_or(0.0, |rates| rates.mean * seconds),
        }
    }

    /// Runs it once. `None` when it was stopped.
    fn measure(&self, paths: &[String], seed: u64, stop: &AtomicBool) -> Result<Option<Measured>, Failure> {
        let named = |message: String| Failure::input(format!("{}: {message}", self.name));
        let rows = self.trace.as_ref().map(|trace| trace.reader()).transpose();
        let rows = rows.map_err(|error| named(error.to_string()))?;
        let simulation = self.scenario.simulation(Some(seed), rows).map_err(|e| named(e.render(true)))?;
        let mut gauge = Gauge::new(&self.scenario, stop);
        let result = simulation.run(&mut gauge).map_err(|broken| Failure {
            code: Code::Law,
            message: format!("{}: {broken}; this is a bug of simscale, please report it", self.name),
        })?;
        if result.stopped_at.is_some() {
            return Ok(None);
        }
        let summary = Summary::new(&self.scenario, &result);
        let of_gauge = gauge.figures();
        let of_summary = paths.len() - of_gauge.len();
        let figures = paths[..of_summary].iter().map(|path| summary.figure(path)).chain(of_gauge).collect();
        Ok(Some(Measured { figures, fingerprint: summary.fingerprint, requests: gauge.requests }))
    }
}

/// Runs cells and holds what is done.
pub struct Bench<'a> {
    task: &'a Task,
    store: &'a Store,
    setting: &'a Setting<'a>,
    paths: Vec<String>,
    runs: Mutex<BTreeMap<RunId, Measured>>,
    folder: PathBuf,
    /// Cells beside those of the task: constant groups and plans that were tried, days of a trace.
    extra: BTreeMap<usize, Prepared>,
}

impl<'a> Bench<'a> {
    /// A bench that goes on from what was done before.
    pub(super) fn new(
        task: &'a Task,
        store: &'a Store,
        done: BTreeMap<RunId, Measured>,
        setting: &'a Setting<'a>,
    ) -> Bench<'a> {
        let folder = store.folder().to_path_buf();
        let extra = BTreeMap::new();
        Bench { task, store, setting, paths: task.paths(), runs: Mutex::new(done), folder, extra }
    }

    /// All runs that are done.
    pub(super) fn runs(&self) -> std::sync::MutexGuard<'_, BTreeMap<RunId, Measured>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_runs(self) -> BTreeMap<RunId, Measured> {
        self.runs.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// A constant group as a cell of its own, behind the others.
    pub(super) fn constant(&mut self, size: u32) -> usize {
        let (number, base) = (self.task.cells.len() + size as usize, &self.task.cells[self.task.baseline]);
        self.extra.entry(number).or_insert_with(|| base.constant(size));
        number
    }

    /// Another cell, under a number that no other has.
    pub(super) fn add(&mut self, number: usize, cell: Prepared) {
        self.extra.insert(number, cell);
    }

    fn cell(&self, number: usize) -> &Prepared {
        self.task.cells.get(number).unwrap_or_else(|| &self.extra[&number])
    }

    /// The cost floor of each cell, mean over some replications; cells that differ in their policies alone share the work.
    pub(super) fn floors(&self, replications: u64) -> Vec<Option<Floor>> {
        let told: Vec<String> = self.task.cells.iter().map(|cell| cell.identity_of_floor()).collect();
        let mut distinct: Vec<(&String, &Prepared)> = told.iter().zip(&self.task.cells).collect();
        distinct.sort_by(|a, b| a.0.cmp(b.0));
        distinct.dedup_by(|a, b| a.0 == b.0);
        let work: Vec<(&String, &Prepared, u64)> = distinct
            .iter()
            .flat_map(|&(told, cell)| (0..replications).map(move |number| (told, cell, number)))
            .collect();
        let floors: Vec<(&String, Option<Floor>)> = self.setting.threads.install(|| {
            work.par_iter()
                .map(|&(told, cell, number)| (told, cell.floor(replication_seed(self.task.seed, number))))
                .collect()
        });
        let mean = |told: &String| -> Option<Floor> {
            let own: Vec<Option<Floor>> =
                floors.iter().filter(|floor| floor.0 == told).map(|floor| floor.1).collect();
            let values: Vec<Floor> = own.iter().flatten().copied().collect();
            let mean = |part: fn(&Floor) -> f64| values.iter().map(part).sum::<f64>() / values.len() as f64;
            (values.len() == own.len() && !own.is_empty()).then(|| Floor {
                usd: mean(|floor| floor.usd),
                instance_hours: mean(|floor| floor.instance_hours),
            })
        };
        told.iter().map(mean).collect()
    }

    /// Runs the replications of some cells that are not done yet.
    pub(super) fn run(&self, cells: &[usize], numbers: Range<u64>) -> Result<(), Failure> {
        self.run_as("cells", cells, numbers)
    }

    /// The same, called something else on the screen.
    pub(super) fn run_as(&self, what: &str, cells: &[usize], numbers: Range<u64>) -> Result<(), Failure> {
        let ids = numbers.flat_map(|number| cells.iter().map(move |&cell| (cell, number)));
        self.run_these(what, ids.collect())
    }

    /// Runs those of these that are not done yet.
    pub(super) fn run_these(&self, what: &str, mut wanted: Vec<RunId>) -> Result<(), Failure> {
        wanted.retain(|run| !self.runs().contains_key(run));
        // The longest first, so that no processor is left alone with one at the end.
        wanted.sort_by(|a, b| {
            let length = |run: &RunId| self.cell(run.0).requests();
            length(b).total_cmp(&length(a)).then((a.1, a.0).cmp(&(b.1, b.0)))
        });
        let progress = Progress::new(what, wanted.len() as u64, self.setting.shown);
        let failure: Mutex<Option<Failure>> = Mutex::new(None);
        let halt = AtomicBool::new(false);
        self.setting.threads.in_place_scope_fifo(|scope| {
            for run in wanted {
                let (progress, failure, halt) = (&progress, &failure, &halt);
                scope.spawn_fifo(move |_| {
                    if halt.load(Relaxed) || self.setting.stop.load(Relaxed) {
                        return;
                    }
                    match self.one(run) {
                        Ok(Some(requests)) => progress.done(requests),
                        Ok(None) => {}
                        Err(found) => {
                            halt.store(true, Relaxed);
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(found);
                        }
                    }
                });
            }
        });
        progress.clear();
        if let Some(failure) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        if self.setting.stop.load(Relaxed) {
            return Err(stopped(&self.runs(), &self.folder));
        }
        Ok(())
    }

    /// One run, kept; the number of its requests.
    fn one(&self, run: RunId) -> Result<Option<u64>, Failure> {
        let cell = self.cell(run.0);
        let seed = replication_seed(self.task.seed, run.1);
        let attempt = catch_unwind(AssertUnwindSafe(|| cell.measure(&self.paths, seed, self.setting.stop)));
        let measured = attempt.unwrap_or_else(|_| {
            let message =
                format!("{}: a run with seed {seed} panicked; this is a bug of simscale", cell.name);
            Err(Failure { code: Code::Law, message })
        })?;
        let Some(measured) = measured else { return Ok(None) };
        self.store.keep(run, &measured)?;
        let requests = measured.requests;
        self.runs().insert(run, measured);
        Ok(Some(requests))
    }
}
