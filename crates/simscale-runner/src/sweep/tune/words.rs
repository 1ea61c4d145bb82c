//! What a search says of itself: how it went, what it took, and what the days say that it never saw.

use super::super::judgement::{Holds, Verdict};
use super::super::words::{cost, kept};
use super::{Found, HeldOut, Tuned};
use crate::number::{count, counted, percent, span};
use crate::report::Mark;
use serde::Serialize;

/// Lines of the page: label, sign, text.
pub fn lines(tuned: &Tuned, found: &Found) -> Vec<(&'static str, Mark, String)> {
    let mut lines = Vec::new();
    for round in &tuned.rounds {
        let part = match round.window_s {
            Some(seconds) => format!("the first {} behind the lead-in, the peak among them", span(seconds)),
            None => "the whole run".to_owned(),
        };
        let more = if round.between { " between the best of these" } else { "" };
        let cells = counted(round.cells as u64, "candidate", "candidates") + more;
        let replications = counted(round.replications, "replication", "replications");
        lines.push(("Search", Mark::None, format!("{cells} on {part}, {replications}")));
    }
    let finals = counted(tuned.finals.cells.len() as u64, "finalist", "finalists");
    let replications = counted(found.study.cells[0].runs.len() as u64, "replication", "replications");
    lines.push(("Search", Mark::None, format!("{finals} on {replications} that nothing was chosen from")));
    let share = tuned.requests as f64 / tuned.grid;
    let grid = match tuned.open {
        true => format!("a grid of {} cells, nine points of each range without steps,", tuned.listed),
        false => format!("all {} cells of the grid", tuned.listed),
    };
    let text = format!(
        "{} requests simulated; {grid} would have taken about {}: {}",
        count(tuned.requests),
        count(tuned.grid as u64),
        percent(share)
    );
    lines.push(("Search", Mark::None, text));
    let (mark, text) = match &tuned.held_out {
        Ok(held) => held_out(held, found),
        Err(why) => (Mark::None, format!("no days are held out: {why}")),
    };
    lines.push(("Held out", mark, text));
    lines
}

fn held_out(held: &HeldOut, found: &Found) -> (Mark, String) {
    let sure = found.study.confidence;
    let verdict = &held.verdict;
    let broken = |verdict: &Verdict| verdict.kept.iter().any(|kept| kept.ratio.mean > kept.allowed);
    let (mark, word) = match verdict.holds {
        Holds::Yes => (Mark::Good, "its promises hold there"),
        Holds::No => (Mark::Bad, "its promises do not hold there"),
        Holds::Unknown if broken(verdict) => (Mark::Warning, "undecided there, and above what is allowed"),
        Holds::Unknown => (Mark::Warning, "undecided there"),
    };
    let promises: String = verdict.kept.iter().map(|one| format!("; {}", kept(one, sure))).collect();
    let overloaded =
        verdict.overloaded.as_ref().map(|why| format!("; overloaded, {why}")).unwrap_or_default();
    let partial = if held.partial { "; the search saw weekdays alone, or a weekend alone" } else { "" };
    let text = format!(
        "{} on {}, which the search never saw: {word}, at {} a month{promises}{overloaded}{partial}",
        found.study.cells[held.cell].name,
        held.days,
        cost(verdict.cost, sure)
    );
    (mark, text)
}

/// The search in `answer.json`.
#[derive(Serialize)]
pub struct Json<'a> {
    candidates: usize,
    requests: u64,
    grid_requests: f64,
    rounds: Vec<JsonRound>,
    held_out: Option<JsonHeldOut<'a>>,
    /// Why no days are held out.
    not_held_out: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonRound {
    cells: usize,
    replications: u64,
    window_s: Option<f64>,
}

#[derive(Serialize)]
struct JsonHeldOut<'a> {
    days: &'a str,
    cell: usize,
    holds: &'static str,
    cost_usd_per_month: f64,
    violations: Vec<(&'a str, f64)>,
}

/// The search for `answer.json`.
pub fn json(tuned: &Tuned) -> Json<'_> {
    let round = |round: &super::Round| JsonRound {
        cells: round.cells,
        replications: round.replications,
        window_s: round.window_s,
    };
    let held = |held: &'_ HeldOut| -> (f64, &'static str) {
        let holds = match held.verdict.holds {
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::Unknown => "undecided",
        };
        (held.verdict.cost.mean, holds)
    };
    Json {
        candidates: tuned.listed,
        requests: tuned.requests,
        grid_requests: tuned.grid,
        rounds: tuned.rounds.iter().map(round).collect(),
        held_out: tuned.held_out.as_ref().ok().map(|days| JsonHeldOut {
            days: &days.days,
            cell: days.cell,
            holds: held(days).1,
            cost_usd_per_month: held(days).0,
            violations: days.verdict.kept.iter().map(|kept| (kept.name.as_str(), kept.ratio.mean)).collect(),
        }),
        not_held_out: tuned.held_out.as_ref().err().map(String::as_str),
    }
}
