//! What changed from one result to another: a line a measure and cell, with its interval and a verdict; one error shared by all lines.

mod words;

pub use words::{json, markdown, page, verdict};

use crate::difference::{Basis, Difference};
use crate::saved::Saved;
use crate::sweep::statistics::holm;

/// How a figure is written, and whether less of it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Money; less is better.
    Usd,
    /// A share that is missed or lost; less is better.
    Missed,
    /// A response time; less is better.
    Seconds,
    /// A share that is neither good nor bad.
    Share,
    /// A number that is neither good nor bad.
    Plain,
}

/// The figures that are compared beside the objectives: label, path, unit.
const MEASURES: [(&str, &str, Unit); 8] = [
    ("Cost", "cost_usd.per_month", Unit::Usd),
    ("Lost", "response_time_s.not_served_ratio", Unit::Missed),
    ("Response", "response_time_s.p50", Unit::Seconds),
    ("Response", "response_time_s.p95", Unit::Seconds),
    ("Response", "response_time_s.p99", Unit::Seconds),
    ("Capacity", "capacity.in_service_mean", Unit::Plain),
    ("CPU", "cpu_utilization_mean", Unit::Share),
    ("Scaling", "scaling.activities", Unit::Plain),
];

/// What can be said of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Not the least difference.
    Same,
    /// Surely better.
    Better,
    /// Surely worse.
    Worse,
    /// Surely another value, neither better nor worse.
    Changed,
    /// No difference that could be trusted.
    Unsure,
    /// Two single runs differ, which may be luck.
    Luck,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Label.
    pub label: &'static str,
    /// The figure.
    pub path: String,
    /// How it is written.
    pub unit: Unit,
    /// New minus old.
    pub difference: Difference,
    /// What can be said.
    pub judged: Judged,
}

/// All that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Confidence of intervals, and of all verdicts together.
    pub confidence: f64,
    /// Cells that both have, with their lines.
    pub cells: Vec<(String, Vec<Change>)>,
    /// Cells of the old that the new has not.
    pub gone: Vec<String>,
    /// Cells of the new that the old has not.
    pub added: Vec<String>,
    /// The cheapest cell that holds, before and after, where that changed.
    pub winners: Option<(String, String)>,
}

impl Changes {
    /// From an old result to a new one.
    pub fn between(old: &Saved, new: &Saved) -> Changes {
        let alone = old.cells.len() == 1 && new.cells.len() == 1;
        let confidence = new.confidence;
        let (mut cells, mut added) = (Vec::new(), Vec::new());
        for cell in &new.cells {
            let Some(before) = old.cell(&cell.name, alone) else {
                added.push(cell.name.clone());
                continue;
            };
            let line = |(label, path, unit): (&'static str, String, Unit)| {
                let difference = Difference::of(&old.values(before, &path), &new.values(cell, &path))?;
                Some(Change { label, path, unit, difference, judged: Judged::Unsure })
            };
            cells.push((cell.name.clone(), measures(new).into_iter().filter_map(line).collect::<Vec<_>>()));
        }
        let gone = old.cells.iter().filter(|cell| new.cell(&cell.name, alone).is_none());
        let named = |winner: &Option<String>| winner.clone().unwrap_or_else(|| "none".to_owned());
        let winners = (old.winner != new.winner && !alone).then(|| (named(&old.winner), named(&new.winner)));
        let gone = gone.map(|cell| cell.name.clone()).collect();
        let mut changes = Changes { confidence, cells, gone, added, winners };
        changes.judge();
        changes
    }

    fn judge(&mut self) {
        let lines: Vec<&mut Change> = self.cells.iter_mut().flat_map(|(_, lines)| lines).collect();
        let p: Vec<f64> = lines.iter().map(|line| line.difference.p_not_zero()).collect();
        let differs = holm(&p, 1.0 - self.confidence);
        for (line, differs) in lines.into_iter().zip(differs) {
            let difference = &line.difference;
            let exact = difference.mean == 0.0 && difference.half_width(0.5).is_none_or(|half| half == 0.0);
            line.judged = match (difference.basis, differs, line.unit) {
                (Basis::Paired(_) | Basis::Single, ..) if exact => Judged::Same,
                (Basis::Single, ..) => Judged::Luck,
                (_, false, _) => Judged::Unsure,
                (_, true, Unit::Plain | Unit::Share) => Judged::Changed,
                _ if difference.mean < 0.0 => Judged::Better,
                _ => Judged::Worse,
            };
        }
    }

    /// How many lines were judged so.
    pub fn count(&self, judged: Judged) -> usize {
        self.cells.iter().flat_map(|(_, lines)| lines).filter(|line| line.judged == judged).count()
    }
}

/// What is compared of a result: cost, objectives, the rest.
fn measures(saved: &Saved) -> Vec<(&'static str, String, Unit)> {
    let objective = |name: &String| ("Promise", format!("objective.{name}.violation_ratio"), Unit::Missed);
    let mut measures: Vec<_> =
        MEASURES.iter().map(|&(label, path, unit)| (label, path.to_owned(), unit)).collect();
    measures.splice(1..1, saved.objectives.iter().map(objective));
    measures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::tests::saved;

    const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

    #[test]
    fn a_rise_on_equal_luck_is_worse_and_noise_is_not() {
        let (old, dearer): ([f64; 5], [f64; 5]) =
            ([10.0, 12.0, 9.0, 11.0, 10.5], [10.2, 12.21, 9.19, 11.2, 10.7]);
        let old = saved(&SEEDS, &[("a", &old), ("b", &old), ("gone", &old)]);
        let mut noise = dearer;
        noise[0] = 9.5;
        let new = saved(&SEEDS, &[("a", &dearer), ("b", &noise), ("new", &noise)]);
        let changes = Changes::between(&old, &new);
        let judged: Vec<Judged> = changes.cells.iter().map(|(_, lines)| lines[0].judged).collect();
        assert_eq!(judged, [Judged::Worse, Judged::Unsure]);
        assert_eq!(
            (&changes.gone[..], &changes.added[..]),
            (&["gone".to_owned()][..], &["new".to_owned()][..])
        );
        let same = Changes::between(&old, &old);
        assert_eq!(same.count(Judged::Same), 3);
        assert_eq!(Changes::between(&new, &old).count(Judged::Better), 1);
    }

    #[test]
    fn single_cells_are_compared_whatever_their_names_and_single_runs_say_nothing_of_chance() {
        let changes = Changes::between(&saved(&[1], &[("a", &[10.0])]), &saved(&[1], &[("b", &[11.0])]));
        assert_eq!(changes.cells[0].1[0].judged, Judged::Luck);
    }
}
