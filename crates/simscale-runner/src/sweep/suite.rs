//! A suite: the same cells on several workloads, put beside each other from the answers that their sweeps wrote.

use crate::failure::Failure;
use crate::html::escaped;
use crate::number::{money, percent, plain};
use crate::output::{Column, Folder, columns};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The files of a suite's folder, beside a folder for each workload.
pub const SUITE_FILES: [&str; 5] = ["suite.csv", "FINDINGS.md", "suite.svg", "suite.png", "manifest.json"];

/// Columns of `suite.csv`.
pub const SUITE_COLUMNS: [Column; 13] = columns![
    "workload": "Name of the workload: that of its scenario",
    "cell": "The cell in words",
    "holds": "yes, no or undecided: whether its promises hold, at a level shared over the cells of the workload",
    "winner": "1 for the cheapest cell of the workload that holds",
    "cost_usd_per_month": "Mean cost of a month of 730 hours",
    "cost_usd_per_month_half_width": "Half of its interval's width",
    "cost_over_best_constant": "Cost over that of the smallest constant group whose promises hold, known in hindsight; empty where none is known",
    "cost_over_floor": "Cost over the cost floor; empty where none is known",
    "objective": "The objective that is missed most, measured by what is allowed",
    "allowed_ratio": "What it allows",
    "violation_ratio": "Mean of its violation ratio",
    "violation_ratio_half_width": "Half of its interval's width",
    "overloaded": "Why the cell counts as overloaded; empty when it does not",
];

/// What the sweep of a workload answered: the part of `answer.json` that a suite reads.
#[derive(Debug, Deserialize)]
struct Outcome {
    name: String,
    replications: u64,
    confidence: f64,
    winner: Option<usize>,
    best_constant: Option<Constant>,
    cells: Vec<Cell>,
}

#[derive(Debug, Deserialize)]
struct Constant {
    instances: u32,
    cost_usd_per_month: f64,
}

#[derive(Debug, Deserialize)]
struct Cell {
    name: String,
    holds: String,
    overloaded: Option<String>,
    cost_usd_per_month: f64,
    cost_usd_per_month_half_width: Option<f64>,
    cost_floor_usd_per_month: Option<f64>,
    objectives: Vec<Kept>,
}

#[derive(Debug, Deserialize)]
struct Kept {
    name: String,
    allowed_ratio: f64,
    violation_ratio: f64,
    violation_ratio_half_width: Option<f64>,
}

impl Kept {
    fn missed(&self) -> String {
        let half = self.violation_ratio_half_width.filter(|half| *half > 0.0);
        let around = half.map(|half| format!(" \u{b1} {}", percent(half))).unwrap_or_default();
        format!("{} in {}{around}", self.name, percent(self.violation_ratio))
    }
}

impl Cell {
    /// The objective that is missed most, measured by what it allows.
    fn worst(&self) -> Option<&Kept> {
        let by = |kept: &&Kept| kept.violation_ratio / kept.allowed_ratio.max(1e-9);
        self.objectives.iter().max_by(|a, b| by(a).total_cmp(&by(b)))
    }

    fn cost(&self) -> String {
        match self.cost_usd_per_month_half_width.filter(|half| *half >= 0.01) {
            Some(half) => format!("{} \u{b1} {}", plain(self.cost_usd_per_month), money(half, "USD")),
            None => money(self.cost_usd_per_month, "USD"),
        }
    }

    /// `tracking-50` of `policy=tracking-50`.
    fn short(&self) -> &str {
        self.name.split_once('=').filter(|_| !self.name.contains(' ')).map_or(&self.name, |(_, label)| label)
    }
}

impl Outcome {
    fn title(&self) -> &str {
        let name = self.name.strip_suffix("-sweep").unwrap_or(&self.name);
        name.strip_prefix("suite-").unwrap_or(name)
    }

    fn over_constant(&self, cell: &Cell) -> Option<f64> {
        self.best_constant.as_ref().map(|best| cell.cost_usd_per_month / best.cost_usd_per_month)
    }
}

/// The workloads of a suite with what their sweeps answered.
pub struct Suite {
    outcomes: Vec<Outcome>,
    command: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    schema: u32,
    simscale: &'a str,
    command: &'a str,
    replications: u64,
    workloads: Vec<serde_json::Value>,
}

impl Suite {
    /// Reads the answers in these folders. Every workload has the same cells.
    ///
    /// # Errors
    /// A folder without an answer; workloads whose cells differ.
    pub fn read<'a>(folders: impl Iterator<Item = &'a Path>, command: String) -> Result<Suite, Failure> {
        let read = |folder: &Path| -> Result<Outcome, Failure> {
            let path = folder.join("answer.json");
            let wrong = |error: String| Failure::input(format!("{}: {error}", path.display()));
            let text = fs_err::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
        };
        let outcomes = folders.map(read).collect::<Result<Vec<Outcome>, Failure>>()?;
        let names = |outcome: &Outcome| outcome.cells.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let first = outcomes.first().map(names).unwrap_or_default();
        match outcomes.iter().find(|outcome| names(outcome) != first) {
            None => Ok(Suite { outcomes, command }),
            Some(other) => Err(Failure::input(format!(
                "{} and {} have different cells; a suite puts the same alternatives on every workload",
                outcomes[0].title(),
                other.title()
            ))),
        }
    }

    /// Writes table, findings, picture and manifest.
    pub fn write(&self, mut folder: Folder, folders: &[&Path]) -> Result<(), Failure> {
        folder.write("suite.csv", &self.table())?;
        folder.write("FINDINGS.md", self.findings().as_bytes())?;
        let picture = self.picture();
        folder.write("suite.svg", picture.as_bytes())?;
        #[cfg(feature = "png")]
        folder.write("suite.png", &crate::timeline::png(&picture))?;
        let manifest = |folder: &&Path| -> Option<serde_json::Value> {
            serde_json::from_str(&fs_err::read_to_string(folder.join("manifest.json")).ok()?).ok()
        };
        let manifest = Manifest {
            schema: 1,
            simscale: env!("CARGO_PKG_VERSION"),
            command: &self.command,
            replications: self.outcomes.first().map_or(0, |outcome| outcome.replications),
            workloads: folders.iter().filter_map(manifest).collect(),
        };
        let mut text = serde_json::to_vec_pretty(&manifest).expect("plain data");
        text.push(b'\n');
        folder.write("manifest.json", &text)?;
        folder.publish().map(|_| ())
    }

    fn table(&self) -> Vec<u8> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        rows.write_record(SUITE_COLUMNS.iter().map(|column| column.name)).expect("memory takes any row");
        for outcome in &self.outcomes {
            for (at, cell) in outcome.cells.iter().enumerate() {
                let worst = cell.worst();
                rows.write_record([
                    outcome.title().to_owned(),
                    cell.short().to_owned(),
                    cell.holds.clone(),
                    u8::from(outcome.winner == Some(at)).to_string(),
                    cell.cost_usd_per_month.to_string(),
                    number(cell.cost_usd_per_month_half_width),
                    number(outcome.over_constant(cell)),
                    number(cell.cost_floor_usd_per_month.map(|floor| cell.cost_usd_per_month / floor)),
                    worst.map(|kept| kept.name.clone()).unwrap_or_default(),
                    number(worst.map(|kept| kept.allowed_ratio)),
                    number(worst.map(|kept| kept.violation_ratio)),
                    number(worst.and_then(|kept| kept.violation_ratio_half_width)),
                    cell.overloaded.clone().unwrap_or_default(),
                ])
                .expect("memory takes any row");
            }
        }
        rows.into_inner().expect("memory takes any row")
    }

    /// The verdict of each workload, in a line.
    pub fn verdicts(&self) -> String {
        self.outcomes
            .iter()
            .map(|outcome| format!("{}: {}\n", outcome.title(), of_workload(outcome)))
            .collect()
    }

    /// What the suite says, each sentence with its numbers.
    fn findings(&self) -> String {
        let Some(first) = self.outcomes.first() else { return String::new() };
        let mut text = format!(
            "# What the suite says\n\nMade by `{}`: {} workloads, {} cells each, {} replications on equal luck, {} intervals. Every figure stands in `suite.csv`.\n\n![costs and broken promises]({})\n\n## Workload by workload\n\n",
            self.command,
            self.outcomes.len(),
            first.cells.len(),
            first.replications,
            percent(first.confidence),
            if cfg!(feature = "png") { "suite.png" } else { "suite.svg" },
        );
        for outcome in &self.outcomes {
            text += &format!("- **{}**: {}\n", outcome.title(), of_workload(outcome));
        }
        text += "\n## Cell by cell\n\n";
        for at in 0..first.cells.len() {
            text += &format!("- {}\n", self.of_cell(at));
        }
        text
    }

    /// On which workloads a cell keeps its promises, what it costs there, and what it misses elsewhere.
    fn of_cell(&self, at: usize) -> String {
        let pairs = || self.outcomes.iter().map(|outcome| (outcome, &outcome.cells[at]));
        let (kept, missed): (Vec<_>, Vec<_>) = pairs().partition(|(_, cell)| cell.holds == "yes");
        let mut text = format!(
            "**{}** keeps its promises on {} of {} workloads",
            self.outcomes[0].cells[at].short(),
            kept.len(),
            self.outcomes.len()
        );
        let listed = |pairs: &[(&Outcome, &Cell)], say: &dyn Fn(&Outcome, &Cell) -> String| {
            pairs.iter().map(|(o, c)| format!("{}: {}", o.title(), say(o, c))).collect::<Vec<_>>().join("; ")
        };
        if !kept.is_empty() {
            let cost = |outcome: &Outcome, cell: &Cell| {
                let share = outcome.over_constant(cell).map(|share| format!(", {} times", plain(share)));
                format!("{}{}", cell.cost(), share.unwrap_or_default())
            };
            text += &format!(
                ", for this a month, against the best constant group in hindsight: {}",
                listed(&kept, &cost)
            );
        }
        if !missed.is_empty() {
            let miss = |_: &Outcome, cell: &Cell| {
                let worst = cell
                    .worst()
                    .map(|kept| format!("{} ({} allowed)", kept.missed(), percent(kept.allowed_ratio)));
                let undecided = if cell.holds == "undecided" { ", undecided" } else { "" };
                format!("{}{undecided}", worst.unwrap_or_default())
            };
            text += &format!(". Elsewhere it misses {}", listed(&missed, &miss));
        }
        text + "."
    }

    /// A field of cells by workloads: green holds, red does not; what each costs against the best constant group, and what it misses.
    fn picture(&self) -> String {
        let (left, top, wide, high) = (150, 90, 112, 46);
        let cells = self.outcomes.first().map_or(&[][..], |outcome| &outcome.cells);
        let width = (left + wide * self.outcomes.len() + 20).max(720);
        let height = top + high * cells.len() + 50;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"20\" y=\"34\" font-size=\"20\" fill=\"#222\">Who keeps the promise, and for how much</text>\n\
             <text x=\"20\" y=\"56\" font-size=\"12\" fill=\"#666\">cost against the best constant group in hindsight (1.00\u{d7}), and below it what is missed of the worst kept promise</text>\n"
        );
        for (column, outcome) in self.outcomes.iter().enumerate() {
            let x = left + wide * column + wide / 2;
            text += &format!(
                "<text x=\"{x}\" y=\"{}\" font-size=\"13\" text-anchor=\"middle\" fill=\"#222\">{}</text>\n",
                top - 10,
                escaped(outcome.title())
            );
        }
        for (row, cell) in cells.iter().enumerate() {
            let y = top + high * row;
            text += &format!(
                "<text x=\"{}\" y=\"{}\" font-size=\"13\" text-anchor=\"end\" fill=\"#222\">{}</text>\n",
                left - 12,
                y + high / 2 + 4,
                escaped(cell.short())
            );
            for (column, outcome) in self.outcomes.iter().enumerate() {
                text += &square(outcome, row, (left + wide * column, y), (wide - 4, high - 4));
            }
        }
        text += &format!(
            "<text x=\"20\" y=\"{}\" font-size=\"12\" fill=\"#666\">green: keeps its promises; red: does not; grey: undecided; framed: the cheapest that does</text>\n</svg>\n",
            height - 18
        );
        text
    }
}

/// One cell on one workload.
fn square(outcome: &Outcome, at: usize, (x, y): (usize, usize), (wide, high): (usize, usize)) -> String {
    let cell = &outcome.cells[at];
    let fill = match cell.holds.as_str() {
        "yes" => "#cfe8d5",
        "no" => "#f4cfd2",
        _ => "#e4e4e8",
    };
    let frame = if outcome.winner == Some(at) { "stroke=\"#2e7d46\" stroke-width=\"3\"" } else { "" };
    let cost = match outcome.over_constant(cell) {
        Some(share) => format!("{share:.2}\u{d7}"),
        None => money(cell.cost_usd_per_month, "USD"),
    };
    let missed = cell.worst().map_or(String::new(), |kept| match kept.violation_ratio {
        0.0 => "misses nothing".to_owned(),
        ratio if ratio < 1e-4 => "under 0.01 %".to_owned(),
        ratio => format!("misses {}", percent(ratio)),
    });
    let middle = x + wide / 2;
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" rx=\"4\" fill=\"{fill}\" {frame}/>\
         <text x=\"{middle}\" y=\"{}\" font-size=\"14\" text-anchor=\"middle\" fill=\"#222\">{cost}</text>\
         <text x=\"{middle}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\" fill=\"#555\">{missed}</text>\n",
        y + 18,
        y + 34
    )
}

/// The answer of a workload in a sentence.
fn of_workload(outcome: &Outcome) -> String {
    let Some(winner) = outcome.winner.map(|at| &outcome.cells[at]) else {
        return "no cell is shown to keep its promises.".to_owned();
    };
    let mut text =
        format!("{} is the cheapest that keeps its promises, at {} a month", winner.short(), winner.cost());
    if let Some(best) = &outcome.best_constant {
        text += &format!(
            "; {} instances all the time would have done for {}",
            best.instances,
            money(best.cost_usd_per_month, "USD")
        );
    }
    let cheaper = |cell: &&Cell| cell.cost_usd_per_month < winner.cost_usd_per_month;
    let mut rejected: Vec<&Cell> = outcome.cells.iter().filter(cheaper).collect();
    rejected.sort_by(|a, b| b.cost_usd_per_month.total_cmp(&a.cost_usd_per_month));
    if let Some((next, kept)) = rejected.first().and_then(|next| Some((next, next.worst()?))) {
        text += &format!(
            ". The dearest of the cheaper ones, {} at {}, misses {} ({} allowed)",
            next.short(),
            next.cost(),
            kept.missed(),
            percent(kept.allowed_ratio)
        );
    }
    text + "."
}
