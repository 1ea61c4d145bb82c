//! Changes for people, for pull requests and for programs.

use super::{Basis, Change, Changes, Judged, Unit};
use crate::number::{counted, money, percent, plain, seconds};
use crate::report::{Mark, Page};
use crate::saved::Saved;
use serde::Serialize;

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Unit::Usd => money(value, "USD"),
            Unit::Missed | Unit::Share => percent(value),
            Unit::Seconds => seconds(value),
            Unit::Plain => plain(value),
        }
    }

    /// A difference of shares in percentage points.
    fn apart(self, value: f64) -> String {
        match self {
            Unit::Missed | Unit::Share => format!("{} pp", plain(value * 100.0)),
            _ => self.shown(value),
        }
    }
}

impl Judged {
    fn words(self) -> &'static str {
        match self {
            Judged::Same => "the same",
            Judged::Better => "better",
            Judged::Worse => "worse",
            Judged::Changed => "changed",
            Judged::Unsure => "no difference you could trust",
            Judged::Luck => "one run each: may be luck",
        }
    }
}

impl Change {
    /// `-14.2 ± 3 USD`.
    fn amount(&self, confidence: f64) -> String {
        if self.judged == Judged::Same {
            return "none".to_owned();
        }
        let (unit, difference) = (self.unit, &self.difference);
        let sign = if difference.mean < 0.0 { "-" } else { "+" };
        let size = unit.apart(difference.mean.abs());
        match difference.half_width(confidence) {
            Some(half) if half > 0.0 => format!("{sign}{size} ± {}", unit.apart(half)),
            _ => format!("{sign}{size}"),
        }
    }

    fn name(&self) -> &str {
        let path =
            self.path.strip_prefix("objective.").and_then(|rest| rest.strip_suffix(".violation_ratio"));
        path.unwrap_or(&self.path)
    }

    /// The name of the figure, where its label does not say all.
    fn what(&self) -> String {
        match self.label {
            "Promise" => format!("{} missed in ", self.name()),
            "Response" => format!("{} ", self.path.rsplit('.').next().unwrap_or_default()),
            _ => String::new(),
        }
    }
}

/// On what the lines rest.
fn basis(changes: &Changes) -> &'static str {
    let mut all = changes.cells.iter().flat_map(|(_, lines)| lines).map(|line| line.difference.basis);
    match all.next() {
        Some(Basis::Paired(_)) => "pair by pair on equal luck",
        Some(Basis::Unpaired(..)) => "between different replications",
        _ => "between single runs",
    }
}

/// The last sentence.
pub fn verdict(changes: &Changes) -> String {
    let count = |judged| changes.count(judged);
    let (worse, better) = (count(Judged::Worse), count(Judged::Better));
    let all: usize = changes.cells.iter().map(|(_, lines)| lines.len()).sum();
    let text = match () {
        () if all == 0 => "the results have no cell in common".to_owned(),
        () if count(Judged::Same) == all => "nothing changed: every compared figure is the same".to_owned(),
        () if count(Judged::Luck) > 0 => {
            "single runs differ: simscale sweep repeats them and tells chance from change".to_owned()
        }
        () if worse + better == 0 => {
            "no figure is better or worse by a difference you could trust".to_owned()
        }
        () => {
            let of = |n: usize| counted(n as u64, "figure", "figures");
            format!("{} worse, {better} better, of {all}", of(worse))
        }
    };
    format!("{text} ({} confidence, {}).", percent(changes.confidence), basis(changes))
}

/// As a page.
pub fn page(old: &Saved, new: &Saved, changes: &Changes) -> Page {
    let mut page = Page::new(&new.name, &format!("against {} of simscale {}", old.name, old.simscale));
    for (name, lines) in &changes.cells {
        if changes.cells.len() > 1 {
            page.add("Cell", name.clone());
        }
        for line in lines {
            let mark = match line.judged {
                Judged::Better => Mark::Good,
                Judged::Worse => Mark::Bad,
                _ => Mark::None,
            };
            let (unit, difference) = (line.unit, &line.difference);
            let text = match line.judged {
                Judged::Same => format!("{}{}: the same", line.what(), unit.shown(difference.new)),
                judged => format!(
                    "{}{} to {}, {}: {}",
                    line.what(),
                    unit.shown(difference.old),
                    unit.shown(difference.new),
                    line.amount(changes.confidence),
                    judged.words()
                ),
            };
            page.add_marked(line.label, mark, text);
        }
    }
    for (label, cells) in [("Gone", &changes.gone), ("Added", &changes.added)] {
        cells.iter().for_each(|cell| page.add(label, cell.clone()));
    }
    if let Some((before, after)) = &changes.winners {
        page.add("Answer", format!("was {before}, is {after}"));
    }
    page.end(verdict(changes));
    page
}

/// For a pull request.
pub fn markdown(new: &Saved, changes: &Changes) -> String {
    let mut text = format!("### {}\n\n**{}**\n", new.name, verdict(changes));
    for (name, lines) in &changes.cells {
        text += &format!("\n{}\n\n", name.replace('|', "\\|"));
        text += "| figure | old | new | change | |\n|---|---:|---:|---:|---|\n";
        for line in lines {
            let words = match line.judged {
                Judged::Worse => "**worse**",
                other => other.words(),
            };
            text += &format!(
                "| {} | {} | {} | {} | {words} |\n",
                if line.label == "Promise" { format!("{} missed", line.name()) } else { line.path.clone() },
                line.unit.shown(line.difference.old),
                line.unit.shown(line.difference.new),
                line.amount(changes.confidence),
            );
        }
    }
    for (what, cells) in [("Gone", &changes.gone), ("Added", &changes.added)] {
        cells.iter().for_each(|cell| text += &format!("\n{what}: {cell}\n"));
    }
    if let Some((before, after)) = &changes.winners {
        text += &format!("\nThe cheapest that holds was {before}, is {after}.\n");
    }
    text
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    old: Side<'a>,
    new: Side<'a>,
    confidence: f64,
    worse: usize,
    better: usize,
    cells: Vec<JsonCell<'a>>,
    gone: &'a [String],
    added: &'a [String],
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    simscale: &'a str,
    winner: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonCell<'a> {
    name: &'a str,
    figures: Vec<JsonChange<'a>>,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    path: &'a str,
    old: f64,
    new: f64,
    difference: f64,
    half_width: Option<f64>,
    basis: &'static str,
    verdict: &'static str,
}

/// For programs.
pub fn json(old: &Saved, new: &Saved, changes: &Changes) -> String {
    fn side(saved: &Saved) -> Side<'_> {
        Side { name: &saved.name, simscale: &saved.simscale, winner: saved.winner.as_deref() }
    }
    let figure = |line| {
        let Change { path, difference, judged, .. }: &Change = line;
        JsonChange {
            path,
            old: difference.old,
            new: difference.new,
            difference: difference.mean,
            half_width: difference.half_width(changes.confidence),
            basis: match difference.basis {
                Basis::Paired(_) => "paired",
                Basis::Unpaired(..) => "unpaired",
                Basis::Single => "single",
            },
            verdict: match judged {
                Judged::Same => "same",
                Judged::Better => "better",
                Judged::Worse => "worse",
                Judged::Changed => "changed",
                Judged::Unsure => "no_difference",
                Judged::Luck => "unknown",
            },
        }
    };
    let cells = changes
        .cells
        .iter()
        .map(|(name, lines)| JsonCell { name, figures: lines.iter().map(figure).collect() });
    let json = Json {
        schema: 1,
        old: side(old),
        new: side(new),
        confidence: changes.confidence,
        worse: changes.count(Judged::Worse),
        better: changes.count(Judged::Better),
        cells: cells.collect(),
        gone: &changes.gone,
        added: &changes.added,
    };
    serde_json::to_string_pretty(&json).expect("our own layouts have a form in JSON") + "\n"
}
