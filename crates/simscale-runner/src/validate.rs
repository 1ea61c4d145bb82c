//! Validation: the engine against exact answers of queueing theory, case by case, with a verdict on each and on all together.

pub mod case;
pub mod estimate;
pub mod grid;
mod picture;
pub mod verdict;
mod words;

use crate::failure::{Code, Failure};
use crate::output::Folder;
use crate::record::Console;
use case::Case;
use estimate::{Budget, Estimate, estimate, weight};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use verdict::Judgement;

/// The files of a validation's folder.
pub const VALIDATION_FILES: [&str; 4] = ["table.csv", "differences.svg", "differences.png", "manifest.json"];

/// What is asked.
pub struct Question {
    /// Whether the full grid is run.
    pub full: bool,
    /// Only cases whose name contains this.
    pub only: Option<String>,
    /// The seed from which every case draws its own luck.
    pub seed: u64,
    /// Requests of a case, in place of what the grid allows.
    pub requests: Option<u64>,
}

impl Question {
    /// The cases that are asked for, in the order of the table.
    ///
    /// # Errors
    /// No case has such a name.
    pub fn cases(&self) -> Result<Vec<Case>, Failure> {
        let mut cases = grid::cases();
        cases.retain(|case| self.full || case.quick);
        if let Some(part) = &self.only {
            cases.retain(|case| case.name.contains(part.as_str()));
            if cases.is_empty() {
                let grid = if self.full { "" } else { ", or --full: the quick grid has a part of the cases" };
                return Err(Failure::input(format!(
                    "--only {part:?} is in no case's name; try --only \"M/M/1\"{grid}"
                )));
            }
        }
        Ok(cases)
    }

    /// How long each may be run.
    pub fn budget(&self) -> Budget {
        let usual = if self.full { Budget::FULL } else { Budget::QUICK };
        self.requests.map_or(usual, Budget::of)
    }

    /// The command that gives the same table.
    pub fn command(&self) -> String {
        let grid = if self.full { "--full" } else { "--quick" };
        let only = self.only.as_ref().map(|part| format!(" --only '{part}'")).unwrap_or_default();
        let seed = if self.seed == 1 { String::new() } else { format!(" --seed {}", self.seed) };
        let requests = self.requests.map(|n| format!(" --requests {n}")).unwrap_or_default();
        format!("simscale validate {grid}{only}{seed}{requests}")
    }
}

/// A case with what its replications found.
#[derive(Clone, Debug)]
pub struct Line {
    /// The case.
    pub case: Case,
    /// What was found.
    pub found: Estimate,
}

/// The answer to a question.
pub struct Answer {
    /// Every case, in the order of the grid.
    pub lines: Vec<Line>,
    /// The verdicts.
    pub judgement: Judgement,
    command: String,
    seed: u64,
    full: bool,
    budget: Budget,
}

impl Answer {
    /// Simulates all cases of a question, the longest first, on the threads of a pool.
    ///
    /// # Errors
    /// Stopped by Ctrl-C; a law of the simulation broke.
    pub fn find(
        question: &Question,
        threads: &rayon::ThreadPool,
        shown: bool,
        stop: &AtomicBool,
    ) -> Result<Answer, Failure> {
        let cases = question.cases()?;
        let budget = question.budget();
        let mut order: Vec<usize> = (0..cases.len()).collect();
        order.sort_by(|&a, &b| weight(&cases[b], budget).total_cmp(&weight(&cases[a], budget)));
        let found: Mutex<Vec<Option<Estimate>>> = Mutex::new(vec![None; cases.len()]);
        let failure: Mutex<Option<String>> = Mutex::new(None);
        let bar = progress(cases.len(), shown);
        let halt = AtomicBool::new(false);
        threads.in_place_scope_fifo(|scope| {
            for at in order {
                let (cases, found, failure, bar, halt) = (&cases, &found, &failure, &bar, &halt);
                scope.spawn_fifo(move |_| {
                    if halt.load(Relaxed) || stop.load(Relaxed) {
                        return;
                    }
                    match estimate(&cases[at], budget, question.seed, stop) {
                        Ok(estimate) => found.lock().unwrap_or_else(PoisonError::into_inner)[at] = estimate,
                        Err(message) => {
                            halt.store(true, Relaxed);
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
                        }
                    }
                    bar.inc(1);
                });
            }
        });
        bar.finish_and_clear();
        if let Some(message) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let message = format!("{message}; this is a bug of simscale, please report it");
            return Err(Failure { code: Code::Law, message });
        }
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lines: Option<Vec<Line>> =
            cases.into_iter().zip(found).map(|(case, found)| Some(Line { case, found: found? })).collect();
        let lines = lines.ok_or_else(|| Failure::stopped("validate"))?;
        let judgement = Judgement::of(&lines);
        let Question { seed, full, .. } = *question;
        Ok(Answer { lines, judgement, command: question.command(), seed, full, budget })
    }

    /// Writes table, picture and manifest.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, mut folder: Folder) -> Result<(), Failure> {
        folder.write("table.csv", words::csv(self).as_bytes())?;
        let svg = picture::svg(self);
        folder.write("differences.svg", svg.as_bytes())?;
        #[cfg(feature = "png")]
        folder.write("differences.png", &crate::timeline::png(&svg))?;
        folder.write("manifest.json", &crate::simulate::json(&words::manifest(self)))?;
        folder.publish()?;
        Ok(())
    }

    /// The table and the verdict, for people.
    pub fn text(&self) -> String {
        words::text(self)
    }

    /// The same as one JSON object.
    pub fn json(&self) -> serde_json::Value {
        words::json(self)
    }
}

fn progress(cases: usize, shown: bool) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(cases as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} cases  {elapsed} so far");
    bar.set_style(style.expect("the template is fixed").progress_chars("=> "));
    if bar.is_hidden() {
        Console::talk(&format!("{cases} cases, the longest first ..."));
    }
    bar
}
