//! The gate: figures held against those of a saved result, each within its tolerance.
//!
//! A run is one draw, and held to its tolerance as it is: the baseline's run had the same seed. Of a sweep a figure **stays within** when
//! the difference to the baseline, pair by pair on common seeds, lies below the tolerance at the sweep's confidence, one-sided, shared
//! over all lines of the gate (Holm). What is not shown to stay within breaks the gate.

use crate::difference::{Basis, Difference};
use crate::failure::Failure;
use crate::number::plain;
use crate::saved::{Kind, Saved};
use crate::sweep::statistics::holm;
use crate::sweep::{Found, Prepared, Task};
use simscale::Scenario;
use simscale::scenario::Tolerance;
use simscale::summary::{Bounds, Expectation, Summary};
use std::path::{Path, PathBuf};

/// A judged line of the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was found and what was allowed.
    pub text: String,
    /// Whether it stays within.
    pub held: bool,
}

/// Baselines of the cells of a sweep, read before anything runs.
pub struct Gate {
    /// Names of cells with what each is held against.
    cells: Vec<(String, Saved)>,
    /// Whether there is one cell, which is compared whatever its name.
    alone: bool,
    /// Baselines that cannot be used here, in sentences.
    pub notes: Vec<String>,
}

impl Gate {
    /// Without baselines: nothing is judged.
    pub fn open() -> Gate {
        Gate { cells: Vec::new(), alone: false, notes: Vec::new() }
    }

    /// Reads the baselines that the cells name.
    ///
    /// # Errors
    /// A file that cannot be read, or that has no cell of the sweep.
    pub fn read(cells: &[Prepared]) -> Result<Gate, Failure> {
        let mut gate = Gate { alone: cells.len() == 1, ..Gate::open() };
        let mut paths: Vec<&PathBuf> = cells.iter().filter_map(|cell| cell.versus.as_ref()).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let saved = Saved::read(path)?;
            if saved.kind == Kind::Run {
                let shown = path.display();
                gate.notes.push(format!(
                    "expect.versus: {shown} is of one run, which a sweep is not held against: simscale run judges it"
                ));
                continue;
            }
            let of = |cell: &&Prepared| cell.versus.as_ref() == Some(path);
            let before = gate.cells.len();
            for cell in cells.iter().filter(of) {
                if saved.cell(&cell.name, gate.alone).is_some() {
                    gate.cells.push((cell.name.clone(), saved.clone()));
                } else {
                    gate.notes.push(format!("expect.versus: {} is not in {}", cell.name, path.display()));
                }
            }
            if gate.cells.len() == before {
                let rule = "has none of the cells at hand";
                let hint = "write it again with --save-baseline";
                return Err(Failure::input(format!("{}: {rule}; {hint}", path.display())));
            }
        }
        Ok(gate)
    }

    /// Judges what was found; of a search, the finalists.
    pub fn judge(&self, task: &Task, found: &Found) -> Vec<Line> {
        let new = Saved::of(task, found);
        let mut lines = Vec::new();
        for (name, old) in &self.cells {
            let Some(place) = task.cells.iter().position(|cell| cell.name == *name) else { continue };
            let cell = &task.cells[place];
            for (path, bound) in &cell.scenario.expect.figures {
                let before = old.cell(&cell.name, self.alone);
                let before = before.map(|before| old.values(before, path)).unwrap_or_default();
                let difference = Difference::of(&before, &new.values(&new.cells[place], path));
                let tolerance = bound.tolerance(difference.map_or(0.0, |difference| difference.old));
                if let Some(tolerance) = tolerance {
                    let name = if !self.alone { format!("{}: {path}", cell.name) } else { path.clone() };
                    lines.push((name, difference, tolerance));
                }
            }
        }
        let beyond = |(_, difference, tolerance): &(String, Option<Difference>, Tolerance)| {
            difference.as_ref().map_or(1.0, |difference| p_beyond(difference, *tolerance))
        };
        let confidence = found.study.confidence;
        let within = holm(&lines.iter().map(beyond).collect::<Vec<_>>(), 1.0 - confidence);
        lines
            .into_iter()
            .zip(within)
            .map(|((name, difference, tolerance), held)| line(&name, difference, tolerance, held, confidence))
            .collect()
    }
}

/// Chance of such a difference if the true one lay beyond the tolerance.
fn p_beyond(difference: &Difference, tolerance: Tolerance) -> f64 {
    let rise = tolerance.rise.map_or(0.0, |rise| difference.p_below(rise));
    let fall = tolerance.fall.map_or(0.0, |fall| difference.p_above(-fall));
    // One replication is no proof.
    if difference.basis == Basis::Single { 1.0 } else { rise.max(fall) }
}

fn line(
    name: &str,
    difference: Option<Difference>,
    tolerance: Tolerance,
    held: bool,
    confidence: f64,
) -> Line {
    let Some(difference) = difference else {
        return Line { text: format!("{name} was not measured, or is not in the baseline"), held: false };
    };
    let sign = if difference.mean < 0.0 { "-" } else { "+" };
    let half = difference.half_width(confidence).filter(|half| *half > 0.0);
    let half = half.map(|half| format!(" ± {}", plain(half))).unwrap_or_default();
    let allowed = [("more", tolerance.rise), ("less", tolerance.fall)];
    let allowed: Vec<String> = allowed
        .iter()
        .filter_map(|(word, most)| Some(format!("at most {} {word}", plain((*most)?))))
        .collect();
    let surely = tolerance.rise.is_some_and(|rise| difference.p_above(rise) < 1.0 - confidence)
        || tolerance.fall.is_some_and(|fall| difference.p_below(-fall) < 1.0 - confidence);
    let why = match (held, surely) {
        (true, _) => "",
        (false, true) => ": beyond that",
        (false, false) => ": not shown to stay within; more replications may tell",
    };
    let text = format!(
        "{name} = {}, {sign}{}{half} to the baseline, {}{why}",
        plain(difference.new),
        plain(difference.mean.abs()),
        allowed.join(" and ")
    );
    Line { text, held }
}

/// Holds a run against a saved one; `Err` with a sentence where the baseline is of another kind.
pub fn judge_run(
    scenario: &Scenario,
    summary: &Summary,
    path: &Path,
    saved: &Saved,
) -> Result<Vec<Expectation>, String> {
    if saved.kind == Kind::Sweep {
        let shown = path.display();
        return Err(format!(
            "expect.versus: {shown} is of a sweep, which a run is not held against: simscale sweep judges it"
        ));
    }
    let cell = &saved.cells[0];
    let judge = |(path, bound): (&String, &simscale::scenario::Bound)| {
        let baseline = saved.values(cell, path).first().map(|(_, value)| *value);
        let tolerance = bound.tolerance(baseline.unwrap_or(0.0))?;
        let side = |apart: Option<f64>, sign: f64| Some(baseline? + sign * apart?);
        let bounds = Bounds { above: side(tolerance.fall, -1.0), below: side(tolerance.rise, 1.0) };
        let mut judged = summary.judge([(path.as_str(), bounds)]).remove(0);
        judged.baseline = baseline;
        judged.held &= baseline.is_some();
        Some(judged)
    };
    Ok(scenario.expect.figures.iter().filter_map(judge).collect())
}
