//! From replications to a decision: which cells keep their promises, which of them is cheapest, how sure that is, and why not the others.
//!
//! **Holds** means: for every objective the mean violation ratio is below what is allowed, at a level shared over all cells (Holm).
//! Where fewer than five replications violate an objective at all, a normal interval of the ratio would be worth little: then the
//! cell holds when no replication broke the promise, and what is said is the exact limit on the chance that one does.
//! Half of the error goes to what holds, half to differences of cost.

use super::statistics::{Sample, chance_at_most, holm};

/// The figure that cells compete in.
pub const COST: &str = "cost_usd.per_month";

/// Fewest replications from which anything is said to hold.
pub const FEWEST: usize = 10;

/// Violating replications from which on their ratio has an interval.
const ENOUGH_VIOLATIONS: usize = 5;

/// The runs of all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Names of the figures of a run.
    pub paths: Vec<String>,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// The cells.
    pub cells: Vec<CellRuns>,
    /// Objectives with the share that may break each.
    pub objectives: Vec<(String, f64)>,
    /// Place of the cell that others are compared with.
    pub baseline: usize,
    /// Confidence of intervals, and of the answer as a whole.
    pub confidence: f64,
}

/// A cell with its replications in order.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRuns {
    /// In words.
    pub name: String,
    /// The label of its point on each axis.
    pub labels: Vec<String>,
    /// The figures of each replication.
    pub runs: Vec<Vec<Option<f64>>>,
}

impl Study {
    /// The values of a figure in a cell, in order of the replications; those not measured are left out.
    pub fn values(&self, cell: usize, path: &str) -> Vec<f64> {
        let Some(at) = self.paths.iter().position(|known| known == path) else { return Vec::new() };
        self.cells[cell].runs.iter().filter_map(|run| run[at]).collect()
    }

    /// The same, summed up.
    pub fn sample(&self, cell: usize, path: &str) -> Sample {
        Sample::of(&self.values(cell, path))
    }

    /// Differences to another cell, replication by replication: both met the same requests.
    pub fn difference(&self, cell: usize, other: usize, path: &str) -> Sample {
        let (ours, theirs) = (self.values(cell, path), self.values(other, path));
        Sample::of(&ours.iter().zip(&theirs).map(|(a, b)| a - b).collect::<Vec<_>>())
    }
}

/// How an objective was kept by a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Share that may break it.
    pub allowed: f64,
    /// Violation ratios of the replications.
    pub ratio: Sample,
    /// Replications that violate it at all.
    pub violating: usize,
    /// Replications that break it: more than the allowed share.
    pub broken: usize,
    /// Largest chance that a replication breaks it which the replications do not contradict, where few violate it.
    pub chance: Option<f64>,
    /// Chance of such ratios if the promise did not hold.
    p: f64,
    /// Chance of such ratios if it did.
    p_broken: f64,
}

/// What can be said of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Its promises hold.
    Yes,
    /// One of them surely does not.
    No,
    /// The replications do not decide.
    Unknown,
}

/// A cell as judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Cost a month.
    pub cost: Sample,
    /// Objective by objective.
    pub kept: Vec<Kept>,
    /// All of them.
    pub holds: Holds,
    /// Why it counts as overloaded, if it does.
    pub overloaded: Option<String>,
}

/// The decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Cell by cell.
    pub verdicts: Vec<Verdict>,
    /// The cheapest cell whose promises hold.
    pub winner: Option<usize>,
    /// Cells that hold too and whose cost cannot be told from the winner's.
    pub equals: Vec<usize>,
    /// Cheaper cells than the winner, or all cells when there is none, from the cheapest on.
    pub rejected: Vec<usize>,
    /// Cells that no other one beats in cost and violations both, from the cheapest on.
    pub front: Vec<usize>,
}

impl Answer {
    /// Judges a study.
    pub fn of(study: &Study) -> Answer {
        let error = (1.0 - study.confidence) / 2.0;
        let mut verdicts: Vec<Verdict> =
            (0..study.cells.len()).map(|cell| Verdict::of(study, cell)).collect();
        let worst = |p: fn(&Kept) -> f64, verdict: &Verdict| verdict.kept.iter().map(p).fold(0.0, f64::max);
        let holds = holm(&verdicts.iter().map(|v| worst(|k| k.p, v)).collect::<Vec<_>>(), error);
        let least = |verdict: &Verdict| verdict.kept.iter().map(|k| k.p_broken).fold(1.0, f64::min);
        let broken = holm(&verdicts.iter().map(least).collect::<Vec<_>>(), error);
        for (cell, verdict) in verdicts.iter_mut().enumerate() {
            let enough = study.cells[cell].runs.len() >= FEWEST;
            verdict.holds = match (holds[cell], broken[cell]) {
                _ if verdict.overloaded.is_some() => Holds::No,
                (_, true) if enough => Holds::No,
                (true, false) if enough => Holds::Yes,
                _ => Holds::Unknown,
            };
        }
        let mut order: Vec<usize> = (0..verdicts.len()).collect();
        order.sort_by(|&a, &b| verdicts[a].cost.mean.total_cmp(&verdicts[b].cost.mean).then(a.cmp(&b)));
        let winner = order.iter().copied().find(|&cell| verdicts[cell].holds == Holds::Yes);
        let equals = winner.map_or_else(Vec::new, |winner| equals(study, &verdicts, &order, winner, error));
        let rejected = order.iter().copied().take_while(|&cell| Some(cell) != winner).collect();
        let front = front(&verdicts, &order);
        Answer { verdicts, winner, equals, rejected, front }
    }
}

/// Cells that hold and whose cost cannot be told from the winner's; ones of exactly its cost are among them.
fn equals(study: &Study, verdicts: &[Verdict], order: &[usize], winner: usize, error: f64) -> Vec<usize> {
    let others: Vec<usize> =
        order.iter().copied().filter(|&c| c != winner && verdicts[c].holds == Holds::Yes).collect();
    let p: Vec<f64> = others.iter().map(|&cell| study.difference(cell, winner, COST).p_not_zero()).collect();
    let differs = holm(&p, error);
    others.into_iter().zip(differs).filter(|(_, differs)| !differs).map(|(cell, _)| cell).collect()
}

/// From the cheapest on, each cell that violates less than all cheaper ones.
fn front(verdicts: &[Verdict], order: &[usize]) -> Vec<usize> {
    let mut front: Vec<usize> = Vec::new();
    for &cell in order {
        let better = front.last().is_none_or(|&last| verdicts[cell].violation() < verdicts[last].violation());
        if better {
            front.push(cell);
        }
    }
    front
}

impl Verdict {
    fn of(study: &Study, cell: usize) -> Verdict {
        let kept = study.objectives.iter().map(|(name, allowed)| {
            let ratios = study.values(cell, &format!("objective.{name}.violation_ratio"));
            Kept::of(name, *allowed, &ratios, study.confidence)
        });
        Verdict {
            cost: study.sample(cell, COST),
            kept: kept.collect(),
            holds: Holds::Unknown,
            overloaded: overload(study, cell),
        }
    }

    /// The largest violation ratio of its objectives; zero without objectives.
    pub fn violation(&self) -> f64 {
        self.kept.iter().map(|kept| kept.ratio.mean).fold(0.0, f64::max)
    }
}

impl Kept {
    fn of(name: &str, allowed: f64, ratios: &[f64], confidence: f64) -> Kept {
        let ratio = Sample::of(ratios);
        let violating = ratios.iter().filter(|&&ratio| ratio > 0.0).count();
        let broken = ratios.iter().filter(|&&ratio| ratio > allowed).count();
        let few = violating < ENOUGH_VIOLATIONS;
        // No replication broke the promise: as likely as so many tosses without a head if every second one did.
        let clean = if broken == 0 { 0.5f64.powi(ratios.len().min(1000) as i32) } else { 1.0 };
        let above = Sample { mean: -ratio.mean, ..ratio }.p_below(-allowed);
        Kept {
            name: name.to_owned(),
            allowed,
            ratio,
            violating,
            broken,
            chance: few.then(|| chance_at_most(broken, ratios.len(), confidence)),
            p: if few { clean } else { ratio.p_below(allowed) },
            p_broken: if few { 1.0 } else { above },
        }
    }
}

/// Why a cell counts as overloaded: more work than its largest group can do, or a backlog at the end. A passing burst is neither.
fn overload(study: &Study, cell: usize) -> Option<String> {
    let runs = study.cells[cell].runs.len();
    let most = |path: &str| study.values(cell, path).into_iter().fold(0.0, f64::max);
    let least = |path: &str| study.values(cell, path).into_iter().fold(1.0, f64::min);
    let saturated = study.values(cell, "saturated.at_s").len();
    if saturated > 0 {
        return Some(format!("{saturated} of {runs} replications ended saturated"));
    }
    let offered = most("overload.offered_ratio");
    if offered > 1.0 {
        return Some(format!("work of 10 minutes came to {offered:.2} times what group.max can do"));
    }
    let goodput = least("overload.goodput_ratio");
    (goodput < 0.99)
        .then(|| format!("in the last tenth only {:.1} % of what arrived was served", goodput * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A study with one objective of 1 %: cells by their costs and violation ratios.
    fn study(cells: &[(&[f64], &[f64])]) -> Study {
        let cell = |(number, (costs, ratios)): (usize, &(&[f64], &[f64]))| CellRuns {
            name: format!("cell {number}"),
            labels: vec![number.to_string()],
            runs: costs.iter().zip(*ratios).map(|(&cost, &ratio)| vec![Some(cost), Some(ratio)]).collect(),
        };
        Study {
            paths: vec![COST.into(), "objective.fast.violation_ratio".into()],
            axes: vec!["n".into()],
            cells: cells.iter().enumerate().map(cell).collect(),
            objectives: vec![("fast".into(), 0.01)],
            baseline: 0,
            confidence: 0.95,
        }
    }

    const TEN: [f64; 10] = [1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.02, 0.98, 1.0];

    fn times(factor: f64) -> Vec<f64> {
        TEN.iter().map(|value| value * factor).collect()
    }

    #[test]
    fn the_cheapest_that_holds_wins_and_cheaper_ones_are_named() {
        let (cheap, fair, dear) = (times(100.0), times(150.0), times(200.0));
        let (bad, good, none) = (times(0.03), times(0.004), times(0.0));
        let answer = Answer::of(&study(&[(&dear, &none), (&cheap, &bad), (&fair, &good)]));
        let holds: Vec<Holds> = answer.verdicts.iter().map(|verdict| verdict.holds).collect();
        assert_eq!(holds, [Holds::Yes, Holds::No, Holds::Yes]);
        assert_eq!((answer.winner, &answer.rejected[..], &answer.equals[..]), (Some(2), &[1][..], &[][..]));
        assert_eq!(answer.front, [1, 2, 0]);
    }

    #[test]
    fn near_the_limit_nothing_is_decided() {
        let cost = times(100.0);
        let near = times(0.0099);
        let answer = Answer::of(&study(&[(&cost, &near)]));
        assert_eq!((answer.verdicts[0].holds, answer.winner), (Holds::Unknown, None));
        let nine = Answer::of(&study(&[(&cost[..9], &[0.0; 9])]));
        assert_eq!(nine.verdicts[0].holds, Holds::Unknown, "fewer than ten replications decide nothing");
    }

    #[test]
    fn clean_replications_say_a_chance() {
        let (cost, clean) = ([100.0; 20], [0.0; 20]);
        let kept = &Answer::of(&study(&[(&cost, &clean)])).verdicts[0].kept[0];
        assert!((kept.chance.unwrap() - 0.1391).abs() < 1e-4, "20 clean days: under 14 %");
        let mut once = clean;
        once[3] = 0.5;
        let answer = Answer::of(&study(&[(&cost, &once)]));
        assert_eq!(answer.verdicts[0].holds, Holds::Unknown, "one broken day in twenty is no proof");
        assert!(answer.verdicts[0].kept[0].chance.unwrap() > 0.2);
    }

    #[test]
    fn costs_that_cannot_be_told_apart_are_said_to_be_equal() {
        let clean = times(0.0);
        let mut other = times(100.0);
        other.rotate_left(1);
        let answer = Answer::of(&study(&[(&times(100.0), &clean), (&other, &clean)]));
        assert_eq!(answer.equals.len(), 1);
        // The same spread, but on equal luck: a hundredth dearer in every replication is told.
        let dearer: Vec<f64> = times(100.0).iter().map(|cost| cost * 1.01).collect();
        let answer = Answer::of(&study(&[(&times(100.0), &clean), (&dearer, &clean)]));
        assert!(answer.equals.is_empty() && answer.winner == Some(0));
    }
}
