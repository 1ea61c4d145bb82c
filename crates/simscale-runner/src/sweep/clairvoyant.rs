//! The best known plan: sizes for each period by somebody who knows every request of the run, launches placed one boot ahead; a run, and no theorem.
//!
//! A period's size is the most work that arrives in any of its minutes, over what an instance does, times a headroom. All replications share the headroom, each has
//! the plan of its own requests; the smallest headroom whose promises hold is searched, and the plan is simulated like any policy.

use super::hindsight;
use super::judgement::{Answer, COST, CellRuns, FEWEST, Study, Verdict};
use super::work::{Bench, Prepared};
use super::{Setting, Task};
use crate::failure::Failure;
use rayon::prelude::*;
use simscale::engine::arriving_requests;
use simscale::plan::replication_seed;
use simscale::scenario::{Manual, ManualChange, Policy};
use simscale::text::{Duration, Moment};

/// Shortest period, and the minute in it, nanoseconds.
const PERIOD: u64 = 300 * 1_000_000_000;
const MINUTE: u64 = 60 * 1_000_000_000;

/// Most periods of a plan.
const PERIODS: u64 = 400;

/// Headrooms that are tried: powers of [`STEP`] from a half to four.
const HEADROOMS: usize = 43;
const STEP: f64 = 1.05;
const LOWEST: i32 = -14;

/// Where the numbers of planned cells begin, behind all constant groups, and how many replications one can have.
const NUMBERS: usize = 1_000_000;
const REPLICATIONS: usize = 10_000;

/// The best known plan.
pub struct Plan {
    /// The cell whose group it sizes.
    pub cell: usize,
    /// What the demand is multiplied by.
    pub headroom: f64,
    /// Length of a period, seconds.
    pub period_s: f64,
    /// How it was judged.
    pub verdict: Verdict,
    /// What each cell costs a month more; `None` for cells in another world, to which the plan says nothing.
    pub regrets: Vec<Option<f64>>,
}

/// The demand of one replication: instances that the busiest minute of each period keeps busy.
struct Demand {
    period: u64,
    instances: Vec<f64>,
}

impl Demand {
    /// `None` where requests depend on answers, or instances differ.
    fn of(cell: &Prepared, seed: u64) -> Option<Demand> {
        let scenario = &cell.scenario;
        if scenario.clients.sessions.is_some() || scenario.group.mixed.is_some() {
            return None;
        }
        let rows = cell.trace.as_ref().map(|trace| trace.reader()).transpose().ok()?;
        let simulation = scenario.simulation(Some(seed), rows).ok()?;
        let world = &simulation.world;
        let length = world.duration.as_nanos();
        let power = f64::from(world.instance.vcpus) * f64::from(world.instance.speed) / 65_536.0;
        let period = PERIOD.max(length.div_ceil(PERIODS).div_ceil(MINUTE) * MINUTE);
        let mut minutes = vec![0.0; length.div_ceil(MINUTE) as usize];
        for (at, work) in arriving_requests(world, simulation.workload) {
            minutes[(at.as_nanos() / MINUTE) as usize] += work.as_nanos() as f64;
        }
        let busiest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max) / (MINUTE as f64 * power);
        Some(Demand { period, instances: minutes.chunks((period / MINUTE) as usize).map(busiest).collect() })
    }

    /// The moments at which the desired capacity changes, the first at the start, with the new ones. A launch begins `ahead` of the period that
    /// needs it.
    fn changes(&self, headroom: f64, ahead: u64, bounds: (u32, u32)) -> Vec<(u64, u32)> {
        let size = |instances: &f64| ((instances * headroom).ceil() as u32).clamp(bounds.0, bounds.1);
        let sizes: Vec<u32> = self.instances.iter().map(size).collect();
        let starts = (0..sizes.len() as u64).map(|number| number * self.period);
        let mut moments: Vec<u64> = starts.flat_map(|start| [start.saturating_sub(ahead), start]).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut changes: Vec<(u64, u32)> = Vec::new();
        for at in moments {
            let last = ((at + ahead) / self.period).min(sizes.len() as u64 - 1) as usize;
            let wanted = sizes[(at / self.period) as usize..=last].iter().copied().fold(bounds.0, u32::max);
            if changes.last().is_none_or(|change| change.1 != wanted) {
                changes.push((at, wanted));
            }
        }
        changes
    }
}

/// The cell with a plan in the place of its policies.
fn planned(cell: &Prepared, demand: &Demand, headroom: f64) -> Prepared {
    let mut scenario = cell.scenario.clone();
    let boot: f64 = scenario.instance.boot.iter().map(|phase| phase.time.mean_seconds()).sum();
    let check = scenario.balancer.health_check.map_or(0.0, |check| check.interval.seconds());
    let ahead = ((boot + check) * 1e9) as u64;
    let changes = demand.changes(headroom, ahead, (scenario.group.min, scenario.group.max));
    scenario.group.desired = Some(changes[0].1);
    let change = changes[1..].iter().filter_map(|&(at, desired)| {
        let at = Moment::After(Duration::from_nanos(at)?);
        Some(ManualChange { at, desired, honor_cooldown: false })
    });
    let manual = Manual { change: change.collect() };
    scenario.policy.clear();
    if !manual.change.is_empty() {
        let name = "best-known-plan".to_owned();
        scenario.policy.push(Policy { name, manual: Some(manual), ..Policy::default() });
    }
    let name = "best known plan".to_owned();
    Prepared { name, labels: Vec::new(), values: Vec::new(), scenario, ..cell.clone() }
}

/// All that a plan has to do with, policies and the bounds of the group aside.
fn world(cell: &Prepared) -> String {
    let mut scenario = cell.scenario.clone();
    scenario.policy.clear();
    let group = &mut scenario.group;
    (group.min, group.max, group.desired) = (0, 1, None);
    let trace = cell.trace.as_ref().map_or("", |trace| trace.facts.sha256.as_str());
    format!("{} {trace}", scenario.to_toml())
}

/// The best known plan for the group of the answer, or of the baseline; `None` where none is found.
pub(super) fn best_known(
    task: &Task,
    bench: &mut Bench<'_>,
    study: &Study,
    answer: &Answer,
    setting: &Setting<'_>,
) -> Result<Option<Plan>, Failure> {
    let replications = study.cells[0].runs.len();
    if !task.hindsight || study.objectives.is_empty() || !(FEWEST..=REPLICATIONS).contains(&replications) {
        return Ok(None);
    }
    let number = answer.winner.unwrap_or(task.baseline);
    let cell = &task.cells[number];
    let demands: Option<Vec<Demand>> = setting.threads.install(|| {
        let seed = |replication: usize| replication_seed(task.seed, replication as u64);
        (0..replications).into_par_iter().map(|replication| Demand::of(cell, seed(replication))).collect()
    });
    let Some(demands) = demands else { return Ok(None) };
    let headroom = |step: usize| STEP.powi(LOWEST + step as i32);
    let judge = |step: usize, replications: u64| -> Result<Verdict, Failure> {
        // One number means one plan, also where a journal is resumed and another cell has become the answer.
        let first = task.cells.len() + NUMBERS + (number * HEADROOMS + step) * REPLICATIONS;
        let demands = &demands[..replications as usize];
        for (replication, demand) in demands.iter().enumerate() {
            bench.add(first + replication, planned(cell, demand, headroom(step)));
        }
        let ids: Vec<_> = (0..replications).map(|r| (first + r as usize, r)).collect();
        bench.run_these("plans", ids.clone())?;
        let runs = ids.iter().map(|id| bench.runs()[id].figures.clone()).collect();
        let cells = vec![CellRuns { name: String::new(), labels: Vec::new(), runs }];
        Ok(Answer::of(&Study { cells, baseline: 0, ..study.clone() }).verdicts.remove(0))
    };
    let found = hindsight::smallest(HEADROOMS, replications as u64, judge)?;
    let Some((step, verdict)) = found else { return Ok(None) };
    let own = world(cell);
    let regret = |other: usize| {
        (world(&task.cells[other]) == own).then(|| study.sample(other, COST).mean - verdict.cost.mean)
    };
    let regrets = (0..task.cells.len()).map(regret).collect();
    let period_s = demands[0].period as f64 / 1e9;
    Ok(Some(Plan { cell: number, headroom: headroom(step), period_s, verdict, regrets }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_lie_one_boot_ahead_and_ends_do_not() {
        let demand = Demand { period: 300, instances: vec![1.2, 0.4, 3.0, 3.1, 0.1] };
        // Sizes with a headroom of a half more: 2, 1, 5, 5, 1.
        let changes = demand.changes(1.5, 100, (1, 9));
        assert_eq!(changes, [(0, 2), (300, 1), (500, 5), (1200, 1)]);
        assert_eq!(demand.changes(1.5, 700, (1, 9)), [(0, 5), (1200, 1)], "a boot longer than two periods");
        assert_eq!(demand.changes(1.5, 100, (2, 4)), [(0, 2), (500, 4), (1200, 2)], "within the bounds");
    }
}
