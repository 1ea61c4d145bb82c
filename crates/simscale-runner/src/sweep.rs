//! Sweeps and comparisons: many cells, many replications, on all processors; kept run by run, judged together.

mod clairvoyant;
#[cfg(feature = "parquet")]
mod columnar;
mod days;
pub mod gauge;
mod heat;
mod hindsight;
pub mod judgement;
mod picture;
mod progress;
mod report;
mod settle;
pub mod statistics;
mod store;
mod story;
pub mod suite;
mod tables;
mod tune;
mod words;
mod work;

pub use clairvoyant::Plan;
pub use days::{DAY_COLUMNS, DayCell, Days, Given};
pub use judgement::{Answer, CellRuns, Holds, Study, Verdict};
pub use picture::svg;
pub use store::{Before, JOURNAL, Measured, RunId, Store};
pub use story::Story;
pub use tables::{CELL_COLUMNS, COMPARISON_COLUMNS, RUN_COLUMNS};
pub use tune::{HeldOut, Lattice, Round, Tuned, Tuning};
pub use words::{markdown, page, verdict};
pub use work::{Bench, Floor, Prepared};

use crate::failure::{Code, Failure};
use crate::hash;
use crate::lead_in::Cut;
use crate::output::Folder;
use crate::saved;
use simscale::Scenario;
use simscale::scenario::Precision;
use simscale::summary::{HOURS_PER_MONTH, figure_paths};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// The files of a sweep's folder, in the order in which they are moved into place.
pub const SWEEP_FILES: [&str; 15] = [
    "runs.csv",
    "cells.csv",
    "cells.parquet",
    "comparison.csv",
    "days.csv",
    "answer.json",
    "front.svg",
    "front.png",
    "heatmap.svg",
    "heatmap.png",
    "timelines.svg",
    "timelines.png",
    "report.html",
    "baseline.json",
    "manifest.json",
];

/// Replications that are added at a time until the intervals are narrow enough.
const BATCH: u64 = 5;

/// Replications over which cost floors are taken: they hardly differ.
const FLOORS: u64 = 3;

/// Number of the first replication that the choice never sees; from here on the winner's figures are taken.
pub const FRESH: u64 = 1_000_000;

/// What is to be run, however it was written down: a sweep, or files that are compared.
pub struct Task {
    /// Name of the sweep.
    pub name: String,
    /// What was swept or compared, in a sentence.
    pub description: String,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// The cells.
    pub cells: Vec<Prepared>,
    /// Place of the cell that others are compared with.
    pub baseline: usize,
    /// Replications of each cell.
    pub replications: u64,
    /// Most replications, where a precision is asked.
    pub most: u64,
    /// The precision asked.
    pub precision: Option<Precision>,
    /// Confidence of intervals and of the answer.
    pub confidence: f64,
    /// Master seed.
    pub seed: u64,
    /// The command that does this again.
    pub command: String,
    /// How the cells are searched instead of run whole; `None` for all of them.
    pub tuning: Option<Tuning>,
    /// Whether the best constant group and the best known plan are looked for.
    pub hindsight: bool,
    /// How the lead-in of its cells was found, where it was.
    pub cut: Option<Cut>,
}

/// What a sweep found.
pub struct Found {
    /// The runs that the choice was made from.
    pub study: Study,
    /// The choice.
    pub answer: Answer,
    /// Winner and baseline on replications that the choice never saw.
    pub fresh: Study,
    /// Whether the precision that was asked was reached; `None` where none was.
    pub precise: Option<bool>,
    /// What no cell that keeps its promises can cost less than, a month, cell by cell; `None` where no floor is known.
    pub floors: Vec<Option<Floor>>,
    /// The smallest constant group whose promises hold, known in hindsight.
    pub constant: Option<Constant>,
    /// The best known plan: a run with the requests known, and no bound.
    pub plan: Option<Plan>,
    /// On what the statements rest.
    pub given: Given,
    /// The cells that a reader asks about, moment by moment.
    pub stories: Vec<Story>,
    /// Where the files lie.
    pub folder: PathBuf,
    /// How the cells were searched, where they were.
    pub tuned: Option<Box<Tuned>>,
}

impl Found {
    /// The task whose cells these are: the finalists of a search, or all of them.
    pub fn task<'a>(&'a self, asked: &'a Task) -> &'a Task {
        self.tuned.as_ref().map_or(asked, |tuned| &tuned.finals)
    }

    /// Number of the first replication that the study holds.
    pub fn first_replication(&self) -> u64 {
        if self.tuned.is_some() { FRESH } else { 0 }
    }

    /// Who never saw the replications of the winner's figures.
    fn unseen(&self) -> &'static str {
        if self.tuned.is_some() {
            "replications that the search never saw"
        } else {
            "replications that the choice never saw"
        }
    }
}

/// A constant group of the baseline's instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Instances.
    pub size: u32,
    /// What it costs a month with all instances on demand, and with all at the commitment's price, where there is one.
    pub prices: Option<[f64; 2]>,
    /// How it was judged.
    pub verdict: Verdict,
}

/// How a sweep is run.
pub struct Setting<'a> {
    /// Runs at once.
    pub threads: &'a rayon::ThreadPool,
    /// What to do with an unfinished journal.
    pub before: Before,
    /// Whether progress is shown.
    pub shown: bool,
    /// Set by Ctrl-C.
    pub stop: &'a AtomicBool,
}

impl Task {
    /// Names and allowed shares of the objectives.
    fn objectives(&self) -> Vec<(String, f64)> {
        let objectives = &self.cells[0].scenario.objective;
        objectives.iter().map(|o| (o.name.clone(), o.allowed_ratio)).collect()
    }

    /// Names of the figures of a run: those of a summary, then those of the gauge.
    pub fn paths(&self) -> Vec<String> {
        let objectives = self.objectives();
        let mut paths = figure_paths(objectives.iter().map(|(name, _)| name.as_str()));
        paths.extend(gauge::FIGURES.iter().map(|(path, _)| (*path).to_owned()));
        paths
    }

    /// Hash of all that fixes the runs: version, figures, and every cell with its seed and trace. More replications of the same
    /// runs do not change it.
    fn fixed(&self) -> String {
        let cells = self.cells.iter().map(Prepared::identity).collect::<Vec<_>>().join("\n");
        let parts = [env!("CARGO_PKG_VERSION"), &self.paths().join(" "), &self.seed.to_string(), &cells];
        hash::of_text(&parts.join("\n"))
    }

    /// Refuses cells that promise different things: their violations cannot be compared.
    pub fn check(&self) -> Result<(), Failure> {
        let promise = |cell: &Prepared| -> Vec<(String, f64)> {
            cell.scenario.objective.iter().map(|o| (o.name.clone(), o.allowed_ratio)).collect()
        };
        let first = promise(&self.cells[0]);
        match self.cells.iter().find(|cell| promise(cell) != first) {
            None => Ok(()),
            Some(other) => Err(Failure::input(format!(
                "{} and {} promise different things; give both the same [[objective]] names and allowed_ratio",
                self.cells[0].name, other.name
            ))),
        }
    }

    /// Runs everything that is not done yet, judges it and publishes the tables.
    pub fn run(&self, folder: Folder, setting: &Setting<'_>) -> Result<Found, Failure> {
        if let Some(tuning) = &self.tuning {
            return self.search(tuning, folder, setting);
        }
        let (store, done) = Store::open(folder.target(), &self.fixed(), self.paths().len(), setting.before)?;
        let mut bench = Bench::new(self, &store, done, setting);
        let (study, precise) = self.settle(&bench)?;
        let answer = Answer::of(&study);
        let fresh = self.fresh(&bench, &study, &answer)?;
        let constant = self.constant(&mut bench, study.cells[0].runs.len() as u64)?;
        let plan = clairvoyant::best_known(self, &mut bench, &study, &answer, setting)?;
        let given = days::given(self, &mut bench, &study, &answer)?;
        let floors = bench.floors(FLOORS.min(self.replications));
        let Some(stories) = story::stories(self, &answer, setting)? else {
            return Err(stopped(&bench.runs(), folder.target()));
        };
        let target = folder.target().to_path_buf();
        let found = Found {
            study,
            answer,
            fresh,
            precise,
            floors,
            constant,
            plan,
            given,
            stories,
            folder: target,
            tuned: None,
        };
        self.publish(folder, &found, &bench.into_runs())?;
        store.remove();
        Ok(found)
    }

    /// Writes everything and moves it into place.
    fn publish(
        &self,
        mut folder: Folder,
        found: &Found,
        runs: &BTreeMap<RunId, Measured>,
    ) -> Result<(), Failure> {
        self.traces_unchanged()?;
        tables::write(&mut folder, self, found, runs)?;
        self.write(&mut folder, found)?;
        folder.publish()?;
        Ok(())
    }

    /// Whether all runs read the traces that were checked.
    fn traces_unchanged(&self) -> Result<(), Failure> {
        let mut seen: Vec<&str> = Vec::new();
        for trace in self.cells.iter().filter_map(|cell| cell.trace.as_ref()) {
            if !seen.contains(&trace.facts.sha256.as_str()) {
                seen.push(&trace.facts.sha256);
                trace.unchanged().map_err(|error| Failure::input(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Writes the answer, the pictures and the report.
    fn write(&self, folder: &mut Folder, found: &Found) -> Result<(), Failure> {
        folder.write("answer.json", &words::json(self, found))?;
        let front = picture::svg(self, found);
        folder.write("front.svg", front.as_bytes())?;
        let name = |story: &Story| report::brief(found, story.cell);
        let stories: Vec<_> =
            found.stories.iter().map(|story| (name(story), &story.series, &story.labels)).collect();
        let stories = crate::timeline::stacked(&self.name, &stories);
        folder.write("timelines.svg", stories.as_bytes())?;
        #[cfg(feature = "png")]
        {
            folder.write("front.png", &crate::timeline::png(&front))?;
            folder.write("timelines.png", &crate::timeline::png(&stories))?;
        }
        let heat = heat::Heat::of(found).map(|heat| heat.svg(&self.name));
        if let Some(heat) = &heat {
            folder.write("heatmap.svg", heat.as_bytes())?;
            #[cfg(feature = "png")]
            folder.write("heatmap.png", &crate::timeline::png(heat))?;
        }
        let report = report::report(self, found, &front, &stories, &self.fixed());
        folder.write("report.html", report.as_bytes())?;
        folder.write(saved::BASELINE, saved::Saved::of(self, found).to_json().as_bytes())?;
        folder.write("manifest.json", &words::manifest(self, &self.fixed()))
    }

    /// Adds replications to all cells alike until the intervals are narrow enough.
    fn settle(&self, bench: &Bench<'_>) -> Result<(Study, Option<bool>), Failure> {
        let all: Vec<usize> = (0..self.cells.len()).collect();
        let mut replications = self.replications;
        loop {
            bench.run(&all, 0..replications)?;
            let study = self.study(bench, &all, 0..replications);
            let Some(precision) = self.precision else { return Ok((study, None)) };
            let looks = 1 + (self.most - self.replications).div_ceil(BATCH);
            if precise(&study, precision, looks) {
                return Ok((study, Some(true)));
            }
            if replications >= self.most {
                return Ok((study, Some(false)));
            }
            replications = (replications + BATCH).min(self.most);
        }
    }

    /// Runs winner and baseline again on replications that the choice never saw.
    fn fresh(&self, bench: &Bench<'_>, study: &Study, answer: &Answer) -> Result<Study, Failure> {
        let mut cells: Vec<usize> = answer.winner.into_iter().collect();
        if self.cells.len() > 1 && !cells.contains(&self.baseline) && !cells.is_empty() {
            cells.push(self.baseline);
        }
        let count = study.cells[0].runs.len() as u64;
        let numbers = FRESH..FRESH + count;
        bench.run_as("fresh figures", &cells, numbers.clone())?;
        Ok(self.study(bench, &cells, numbers))
    }

    /// The smallest constant group whose promises hold, on the replications that the choice was made from.
    fn constant(&self, bench: &mut Bench<'_>, replications: u64) -> Result<Option<Constant>, Failure> {
        if !self.hindsight || self.objectives().is_empty() || replications < judgement::FEWEST as u64 {
            return Ok(None);
        }
        let most = self.cells[self.baseline].scenario.group.max;
        let judge = |place: usize, replications: u64| -> Result<Verdict, Failure> {
            let cell = bench.constant(place as u32 + 1);
            bench.run_as("constant groups", &[cell], 0..replications)?;
            let study = Study { baseline: 0, ..self.study(bench, &[cell], 0..replications) };
            Ok(Answer::of(&study).verdicts.remove(0))
        };
        let found = hindsight::smallest(most as usize, replications, judge)?;
        Ok(found.map(|(place, verdict)| {
            let size = place as u32 + 1;
            let prices = prices(&self.cells[self.baseline].scenario, size, verdict.cost.mean);
            Constant { size, prices, verdict }
        }))
    }

    /// The runs of some cells as a study.
    fn study(&self, bench: &Bench<'_>, cells: &[usize], numbers: std::ops::Range<u64>) -> Study {
        let runs = bench.runs();
        let label = |cell: usize| self.cells.get(cell).map(|c| (c.name.clone(), c.labels.clone()));
        let cell = |&cell: &usize| CellRuns {
            name: label(cell).map(|l| l.0).unwrap_or_default(),
            labels: label(cell).map(|l| l.1).unwrap_or_default(),
            runs: numbers.clone().map(|number| runs[&(cell, number)].figures.clone()).collect(),
        };
        Study {
            paths: self.paths(),
            axes: self.axes.clone(),
            cells: cells.iter().map(cell).collect(),
            objectives: self.objectives(),
            baseline: self.baseline,
            confidence: self.confidence,
        }
    }
}

/// What a month of a constant group costs on demand and at the commitment's price. Its instances run all the time, so the scenario's own
/// commitment is told from the rest of the bill exactly.
fn prices(scenario: &Scenario, size: u32, cost: f64) -> Option<[f64; 2]> {
    let commitment = scenario.prices.commitment?;
    let month =
        |instances: u32, nano_usd: u64| f64::from(instances) * nano_usd as f64 / 1e9 * HOURS_PER_MONTH;
    let (committed, demand) = (commitment.price.nano_usd(), scenario.instance.price?.nano_usd());
    let own =
        month(commitment.instances, committed) + month(size.saturating_sub(commitment.instances), demand);
    Some([demand, committed].map(|price| cost - own + month(size, price)))
}

/// Whether all intervals are as narrow as asked. Looking again and again would make them too hopeful: each of `looks` looks gets
/// its part of the error.
pub fn precise(study: &Study, precision: Precision, looks: u64) -> bool {
    let confidence = 1.0 - (1.0 - study.confidence) / looks as f64;
    let half = |cell: usize, path: &str| {
        let sample = study.sample(cell, path);
        (sample.mean, sample.half_width(confidence).unwrap_or(f64::INFINITY))
    };
    (0..study.cells.len()).all(|cell| {
        let cost = precision.cost_ratio.is_none_or(|asked| {
            let (mean, half) = half(cell, judgement::COST);
            half <= asked * mean.abs()
        });
        let violations = precision.violation_ratio.is_none_or(|asked| {
            let path = |name: &str| format!("objective.{name}.violation_ratio");
            study.objectives.iter().all(|(name, _)| half(cell, &path(name)).1 <= asked)
        });
        cost && violations
    })
}

/// What was done before a sweep ended early.
pub(crate) fn stopped(runs: &BTreeMap<RunId, Measured>, folder: &std::path::Path) -> Failure {
    let message =
        format!("stopped; {} runs are kept in {}: --resume goes on from there", runs.len(), folder.display());
    Failure { code: Code::Stopped, message }
}
