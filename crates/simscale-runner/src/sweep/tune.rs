//! The search for the front with fewer requests than the grid: short windows and few replications first, full precision for finalists only.
//!
//! Successive halving (Jamieson and Talwalkar 2016), by thirds: every candidate runs once up to behind the first day's peak, and where an axis is a range
//! without steps, then those that lie between the best and their neighbours, twice; the best third goes on to
//! three other replications of the whole run, and again while the budget lasts. Better means: not beaten in cost and violations, and where more are not
//! beaten than can go on, those that together dominate the largest area. Finalists run again on replications that nothing was chosen from.

mod front;
mod lattice;
mod window;
mod words;

pub use lattice::Lattice;
pub(super) use words::{Json, json, lines};

use self::window::{Profile, Split, part, split};
use super::judgement::{Answer, Study, Verdict};
use super::store::{Measured, RunId, Store};
use super::work::{Bench, Prepared};
use super::{FRESH, Found, Given, Setting, Task, story};
use crate::failure::Failure;
use crate::output::Folder;
use front::{Point, best};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Part of the grid's requests that a search plans to take: a little under a fifth, because requests are drawn.
const BUDGET: f64 = 0.197;

/// Most of that for the finalists.
const FINAL: f64 = 0.8;

/// How many times fewer cells go on, with up to so many times the replications.
const FEWER: u64 = 3;

/// How a sweep is searched instead of run whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The baseline was named, and is a finalist whatever it is worth.
    pub with_baseline: bool,
    /// Where the cells lie.
    pub lattice: Lattice,
}

/// A round of the search.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Candidates in it.
    pub cells: usize,
    /// Replications of each.
    pub replications: u64,
    /// Length of the part that was run, seconds; `None` for the whole.
    pub window_s: Option<f64>,
    /// They lie between the best of the round before.
    pub between: bool,
}

/// What the days held out say.
pub struct HeldOut {
    /// Which days, such as "Friday to Sunday".
    pub days: String,
    /// Whether the search saw no weekend, or no weekday.
    pub partial: bool,
    /// Place among the finalists of the cell that was looked at.
    pub cell: usize,
    /// How it did.
    pub verdict: Verdict,
}

/// How a front was searched.
pub struct Tuned {
    /// The finalists, as a task of their own.
    pub finals: Task,
    /// Cells of the grid that it is held against.
    pub listed: usize,
    /// Whether that grid lists nine points of ranges without steps.
    pub open: bool,
    /// The rounds before the final.
    pub rounds: Vec<Round>,
    /// Requests simulated.
    pub requests: u64,
    /// Requests that the grid would have taken, about.
    pub grid: f64,
    /// The days held out, or why there are none.
    pub held_out: Result<HeldOut, String>,
}

/// The grid with the parts of its runs: candidates, then their windows, then their held-out days.
struct Parts {
    task: Task,
    candidates: usize,
    /// Requests expected of each cell of the task.
    expected: Vec<f64>,
    /// Length of the windows, seconds; `None` where there are none.
    window_s: Option<f64>,
    split: Result<Split, String>,
}

/// A search as it goes.
struct Search<'a> {
    parts: &'a Parts,
    lattice: &'a Lattice,
    bench: &'a Bench<'a>,
    /// Runs that were asked for.
    asked: BTreeSet<RunId>,
    rounds: Vec<Round>,
}

impl Parts {
    fn of(grid: &Task) -> Parts {
        let candidates = grid.cells.len();
        let mut profiles = Profiles::default();
        let splits: Result<Vec<Split>, String> =
            grid.cells.iter().map(|cell| split(&cell.scenario)).collect();
        let shared = splits.and_then(|splits| shared(grid, splits));
        let (split, whole, held) = match shared {
            Ok((split, seen, held)) => (Ok(split), seen, held),
            Err(why) => (Err(why), grid.cells.to_vec(), Vec::new()),
        };
        let windows: Option<Vec<(Prepared, f64)>> = whole
            .iter()
            .map(|cell| {
                let run = &cell.scenario.simulation;
                let (lead_in, length) = (run.lead_in.nanos(), run.duration.nanos());
                let unit = cell.scenario.metrics.period.nanos();
                let end = profiles.of(cell).behind_peak(lead_in, length, unit)?;
                Some((part(cell, lead_in, end)?, (end - lead_in) as f64 / 1e9))
            })
            .collect();
        let window_s = windows.as_ref().and_then(|all| all.first()).map(|first| first.1);
        let mut cells = whole;
        cells.extend(windows.into_iter().flatten().map(|window| window.0));
        cells.extend(held);
        let expected = cells
            .iter()
            .map(|cell| profiles.of(cell).until(cell.scenario.simulation.duration.nanos()))
            .collect();
        Parts { task: grid.with_cells(cells), candidates, expected, window_s, split }
    }

    /// The place of the first window, or of the first candidate where there are no windows.
    fn first(&self) -> usize {
        if self.window_s.is_some() { self.candidates } else { 0 }
    }

    /// The places of the windows of some candidates.
    fn windows(&self, cells: &[usize]) -> Vec<usize> {
        cells.iter().map(|cell| cell + self.first()).collect()
    }

    /// The place of the held-out days of a candidate.
    fn held(&self, candidate: usize) -> Option<usize> {
        self.split.is_ok().then_some(self.first() + self.candidates + candidate)
    }

    /// Requests of a replication of each of some cells.
    fn price(&self, cells: &[usize]) -> f64 {
        cells.iter().map(|&cell| self.expected[cell]).sum()
    }
}

impl Search<'_> {
    fn run(&mut self, cells: &[usize], numbers: Range<u64>) -> Result<Study, Failure> {
        self.bench.run(cells, numbers.clone())?;
        self.asked.extend(cells.iter().flat_map(|&cell| numbers.clone().map(move |number| (cell, number))));
        Ok(self.parts.task.study(self.bench, cells, numbers))
    }

    /// Thins the candidates out as long as the budget allows; hands over the last ones with what is known of them.
    fn thin(&mut self, finalists: usize, mut left: f64) -> Result<(Vec<usize>, Vec<Verdict>), Failure> {
        let parts = self.parts;
        let mut cells = self.lattice.coarse();
        let mut verdicts = self.look_once(&cells, cells.len())?;
        left -= parts.price(&parts.windows(&cells));
        for level in 1..=self.lattice.deepest() {
            let near: Vec<usize> =
                best(&points(&verdicts), finalists).iter().map(|&place| cells[place]).collect();
            let between = self.lattice.between(&near, &cells, level);
            let price = parts.price(&parts.windows(&between));
            if between.is_empty() || price > left / 2.0 {
                break;
            }
            left -= price;
            let new = between.len();
            cells.extend(between);
            cells.sort_unstable();
            verdicts = self.look_once(&cells, new)?;
        }
        let mut done = 0;
        loop {
            let next = |keep: usize| -> Vec<usize> {
                best(&points(&verdicts), keep).iter().map(|&place| cells[place]).collect()
            };
            let price = |keep: usize, more: u64| parts.price(&next(keep)) * more as f64;
            let most = cells.len().div_ceil(FEWER as usize);
            // Rather fewer replications than fewer cells: all meet the same requests, so that one tells much.
            let asked = done + 1..=(done * FEWER).max(FEWER);
            let step = asked.rev().find(|all| most > finalists && price(most, all - done) <= left);
            let step = step.map(|all| (most, all)).or_else(|| {
                let fits = |keep: &usize| price(*keep, 1) <= left;
                (finalists + 1..most).rev().find(fits).map(|keep| (keep, done + 1))
            });
            let Some((keep, all)) = step else { return Ok((cells, verdicts)) };
            left -= price(keep, all - done);
            cells = next(keep);
            let study = self.run(&cells, 1..1 + all)?;
            self.rounds.push(Round { cells: cells.len(), replications: all, window_s: None, between: false });
            verdicts = Answer::of(&study).verdicts;
            done = all;
        }
    }

    /// One replication of the windows of these cells, `new` of which are looked at for the first time.
    fn look_once(&mut self, cells: &[usize], new: usize) -> Result<Vec<Verdict>, Failure> {
        let study = self.run(&self.parts.windows(cells), 0..1)?;
        self.rounds.push(Round {
            cells: new,
            replications: 1,
            window_s: self.parts.window_s,
            between: new < cells.len(),
        });
        Ok(Answer::of(&study).verdicts)
    }

    /// The finalists in the order of the grid, with their fresh replications.
    fn finalists(&mut self, grid: &Task, with_baseline: bool) -> Result<(Vec<usize>, Study), Failure> {
        let parts = self.parts;
        let replications = grid.replications as f64;
        let all: Vec<usize> = (0..parts.candidates).collect();
        // What the grid would take that lists the points of open ranges.
        let share = self.lattice.listed / parts.candidates as f64;
        let whole = parts.price(&all) * share;
        let each = replications * whole / self.lattice.listed;
        let held = parts.held(0).map_or(0.0, |first| parts.expected[first] * replications);
        let budget = whole * replications * BUDGET - held;
        let round = parts.price(&parts.windows(&all)) * share;
        // The first round is followed by one replication of the best third's whole run.
        let afford = |share: f64| (share / each).floor().max(0.0) as usize;
        let then = whole / FEWER as f64;
        let keep = afford(budget * FINAL).min(afford(budget - round - then)).max(2).min(parts.candidates);
        let (left, verdicts) = self.thin(keep, budget - keep as f64 * each)?;
        let pick = |keep: usize| -> Vec<usize> {
            chosen(&verdicts, keep).iter().map(|&place| left[place]).collect()
        };
        let mut cells = pick(keep);
        if with_baseline && !cells.contains(&grid.baseline) {
            cells = pick((keep - 1).max(1));
            cells.push(grid.baseline);
        }
        cells.sort_unstable();
        let study = self.run(&cells, FRESH..FRESH + grid.replications)?;
        Ok((cells, study))
    }

    /// Looks once at the held-out days of the answer, or of the cell that violates least where nothing holds.
    fn look(
        &mut self,
        cells: &[usize],
        answer: &Answer,
        replications: u64,
    ) -> Result<Result<HeldOut, String>, Failure> {
        let cell = answer.winner.or(answer.front.last().copied()).unwrap_or(0);
        let (split, place) = match (&self.parts.split, self.parts.held(cells[cell])) {
            (Ok(split), Some(place)) => (split, place),
            (Err(why), _) => return Ok(Err(why.clone())),
            (Ok(_), None) => return Ok(Err("no days are shared".to_owned())),
        };
        let study = self.run(&[place], FRESH..FRESH + replications)?;
        let verdict = Answer::of(&Study { baseline: 0, ..study }).verdicts.remove(0);
        Ok(Ok(HeldOut { days: split.days.clone(), partial: split.partial, cell, verdict }))
    }

    /// Requests simulated, and those that the grid would have taken: as many more than its loads say as were met here, by sessions.
    fn requests(&self, runs: &BTreeMap<RunId, Measured>, replications: u64) -> (u64, f64) {
        let measured: u64 = self.asked.iter().map(|run| runs[run].requests).sum();
        let expected: f64 = self.asked.iter().map(|run| self.parts.expected[run.0]).sum();
        let times = if expected > 0.0 { measured as f64 / expected } else { 1.0 };
        let all: f64 = self.parts.expected[..self.parts.candidates].iter().sum();
        let whole = all * self.lattice.listed / self.parts.candidates as f64;
        (measured, whole * replications as f64 * times)
    }
}

/// Profiles of cells, each computed once for all cells with the same workload and run.
#[derive(Default)]
struct Profiles(BTreeMap<String, Profile>);

impl Profiles {
    fn of(&mut self, cell: &Prepared) -> &Profile {
        let mut told = cell.scenario.clone();
        told.policy.clear();
        let load = format!("{:?} {:?}", told.workload, told.simulation);
        let trace = cell.trace.as_ref().map_or("", |trace| trace.facts.sha256.as_str());
        self.0.entry(format!("{load} {trace}")).or_insert_with(|| Profile::of(cell))
    }
}

/// The cells cut to the days that are seen, and to those that are held out.
fn shared(grid: &Task, splits: Vec<Split>) -> Result<(Split, Vec<Prepared>, Vec<Prepared>), String> {
    let first = splits[0].clone();
    if splits.iter().any(|other| *other != first) {
        return Err("its cells have runs of different days".to_owned());
    }
    let cut = |(from, to): (u64, u64)| -> Option<Vec<Prepared>> {
        grid.cells.iter().map(|cell| part(cell, from, to)).collect()
    };
    match (cut(first.seen), cut(first.held)) {
        (Some(seen), Some(held)) => Ok((first, seen, held)),
        _ => Err("the scenario plans something for the last days that cannot be cut off".to_owned()),
    }
}

fn points(verdicts: &[Verdict]) -> Vec<Point> {
    verdicts.iter().map(|verdict| (verdict.cost.mean, verdict.violation())).collect()
}

/// The places of the finalists: the best, among them the cheapest that looks as if it kept its promises.
fn chosen(verdicts: &[Verdict], keep: usize) -> Vec<usize> {
    let kept = |verdict: &Verdict| {
        verdict.overloaded.is_none() && verdict.kept.iter().all(|kept| kept.ratio.mean <= kept.allowed)
    };
    let cheap = |a: &usize, b: &usize| verdicts[*a].cost.mean.total_cmp(&verdicts[*b].cost.mean);
    let promising = (0..verdicts.len()).filter(|&place| kept(&verdicts[place])).min_by(cheap);
    let points = points(verdicts);
    let mut all = best(&points, keep);
    if let Some(place) = promising.filter(|place| !all.contains(place)) {
        all = best(&points, keep - 1);
        all.push(place);
    }
    all
}

impl Task {
    fn with_cells(&self, cells: Vec<Prepared>) -> Task {
        Task {
            name: self.name.clone(),
            description: self.description.clone(),
            axes: self.axes.clone(),
            cells,
            command: self.command.clone(),
            tuning: self.tuning.clone(),
            ..*self
        }
    }

    /// Searches the front, judges the finalists and publishes the tables.
    pub(super) fn search(
        &self,
        tuning: &Tuning,
        folder: Folder,
        setting: &Setting<'_>,
    ) -> Result<Found, Failure> {
        let parts = Parts::of(self);
        let (plan, figures) = (parts.task.fixed(), parts.task.paths().len());
        let (store, done) = Store::open(folder.target(), &plan, figures, setting.before)?;
        let bench = Bench::new(&parts.task, &store, done, setting);
        let lattice = &tuning.lattice;
        let mut search =
            Search { parts: &parts, lattice, bench: &bench, asked: BTreeSet::new(), rounds: Vec::new() };
        let (cells, mut study) = search.finalists(self, tuning.with_baseline)?;
        let place = |cell: usize| cells.iter().position(|&other| other == cell);
        let mut finals = self.with_cells(cells.iter().map(|&cell| parts.task.cells[cell].clone()).collect());
        finals.baseline = place(self.baseline).filter(|_| tuning.with_baseline).unwrap_or(0);
        study.baseline = finals.baseline;
        let answer = Answer::of(&study);
        let held_out = search.look(&cells, &answer, self.replications)?;
        let Some(stories) = story::stories(&finals, &answer, setting)? else {
            return Err(super::stopped(&bench.runs(), folder.target()));
        };
        let floors = Bench::new(&finals, &store, BTreeMap::new(), setting)
            .floors(super::FLOORS.min(self.replications));
        let (requests, grid) = search.requests(&bench.runs(), self.replications);
        let rounds = search.rounds;
        let runs = bench.into_runs().into_iter().filter(|((_, number), _)| *number >= FRESH);
        let runs = runs.filter_map(|((cell, number), run)| Some(((place(cell)?, number), run))).collect();
        let fresh = told(&study, &answer, tuning.with_baseline);
        let given = Given::unsplit(&finals, "a search holds days out instead");
        let listed = lattice.listed.round() as usize;
        let tuned = Tuned { finals, listed, open: lattice.deepest() > 0, rounds, requests, grid, held_out };
        let target = folder.target().to_path_buf();
        let found = Found {
            study,
            answer,
            fresh,
            precise: None,
            floors,
            constant: None,
            plan: None,
            given,
            stories,
            folder: target,
            tuned: Some(Box::new(tuned)),
        };
        found.task(self).publish(folder, &found, &runs)?;
        store.remove();
        Ok(found)
    }
}

/// The answer and, where it was named, the baseline: what the verdict tells of.
fn told(study: &Study, answer: &Answer, with_baseline: bool) -> Study {
    let baseline = Some(study.baseline).filter(|&cell| with_baseline && Some(cell) != answer.winner);
    let cells = answer.winner.into_iter().chain(baseline).map(|cell| study.cells[cell].clone()).collect();
    Study { cells, ..study.clone() }
}
