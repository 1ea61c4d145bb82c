//! A suite: the same cells on several workloads, put beside each other from the answers that their sweeps wrote. Table first; picture and
//! findings are made from the table alone, so that they can be made again from what is published.

mod findings;

use crate::failure::Failure;
use crate::html::escaped;
use crate::number::{money, percent};
use crate::output::{Column, Folder, columns};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The files of a suite's folder, beside a folder for each workload.
pub const SUITE_FILES: [&str; 5] = ["suite.csv", "FINDINGS.md", "suite.svg", "suite.png", "manifest.json"];

/// Columns of `suite.csv`.
pub const SUITE_COLUMNS: [Column; 15] = columns![
    "workload": "Name of the workload: that of its scenario",
    "cell": "The cell in words",
    "kind": "Kind of its policy, such as target_tracking; several joined by +; empty where the cell names none",
    "holds": "yes, no or undecided: whether its promises hold, at a level shared over the cells of the workload",
    "winner": "1 for the cheapest cell of the workload that holds",
    "cost_usd_per_month": "Mean cost of a month of 730 hours",
    "cost_usd_per_month_half_width": "Half of its interval's width",
    "best_constant_instances": "Instances of the smallest constant group of the workload whose promises hold; empty where none is known",
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
    values: Vec<(String, String)>,
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

impl Cell {
    /// The objective that is missed most, measured by what it allows.
    fn worst(&self) -> Option<&Kept> {
        let by = |kept: &&Kept| kept.violation_ratio / kept.allowed_ratio.max(1e-9);
        self.objectives.iter().max_by(|a, b| by(a).total_cmp(&by(b)))
    }

    /// `tracking-50` of `policy=tracking-50`.
    fn short(&self) -> &str {
        self.name.split_once('=').filter(|_| !self.name.contains(' ')).map_or(&self.name, |(_, label)| label)
    }

    /// The kinds of the policies that it lays on the scenario.
    fn kind(&self) -> String {
        let told = self.values.iter().filter(|(path, _)| path == "policy").map(|(_, value)| value.as_str());
        let told: String = told.collect();
        let has = |kind: &&&str| told.contains(&format!("{kind} =")) || told.contains(&format!("{kind}="));
        KINDS.iter().filter(has).copied().collect::<Vec<_>>().join("+")
    }
}

/// Kinds of policies, as scenarios write them.
const KINDS: [&str; 7] = [
    "fixed",
    "schedule",
    "threshold_poll",
    "simple_scaling",
    "step_scaling",
    "target_tracking",
    "predictive_scaling",
];

impl Outcome {
    fn title(&self) -> &str {
        let name = self.name.strip_suffix("-sweep").unwrap_or(&self.name);
        name.strip_prefix("suite-").unwrap_or(name)
    }

    /// Its rows of the table.
    fn records(&self) -> impl Iterator<Item = [String; 15]> {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let best = self.best_constant.as_ref();
        self.cells.iter().enumerate().map(move |(at, cell)| {
            let worst = cell.worst();
            [
                self.title().to_owned(),
                cell.short().to_owned(),
                cell.kind(),
                cell.holds.clone(),
                u8::from(self.winner == Some(at)).to_string(),
                cell.cost_usd_per_month.to_string(),
                number(cell.cost_usd_per_month_half_width),
                best.map(|best| best.instances.to_string()).unwrap_or_default(),
                number(best.map(|best| cell.cost_usd_per_month / best.cost_usd_per_month)),
                number(cell.cost_floor_usd_per_month.map(|floor| cell.cost_usd_per_month / floor)),
                worst.map(|kept| kept.name.clone()).unwrap_or_default(),
                number(worst.map(|kept| kept.allowed_ratio)),
                number(worst.map(|kept| kept.violation_ratio)),
                number(worst.and_then(|kept| kept.violation_ratio_half_width)),
                cell.overloaded.clone().unwrap_or_default(),
            ]
        })
    }
}

/// A workload as the table has it.
#[derive(Debug, Clone)]
struct Workload {
    title: String,
    /// Instances and cost of the best constant group.
    constant: Option<(u32, f64)>,
    cells: Vec<Row>,
}

/// A row of the table.
#[derive(Debug, Clone)]
struct Row {
    name: String,
    kind: String,
    holds: String,
    winner: bool,
    cost: f64,
    half: f64,
    over_constant: Option<f64>,
    over_floor: Option<f64>,
    worst: Option<Missed>,
    overloaded: Option<String>,
}

/// The objective that a cell misses most.
#[derive(Debug, Clone)]
struct Missed {
    objective: String,
    allowed: f64,
    ratio: f64,
    half: f64,
}

/// The workloads of a table.
fn workloads(table: &str) -> Result<Vec<Workload>, String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let places = SUITE_COLUMNS.iter().map(|column| head.iter().position(|name| name == column.name));
    let places: Option<Vec<usize>> = places.collect();
    let places = places.ok_or("has not all the columns of a suite's table")?;
    let mut all: Vec<Workload> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let text = |column: usize| record[places[column]].to_owned();
        let some = |column: usize| text(column).parse::<f64>().ok();
        let number =
            |column: usize| some(column).ok_or(format!("has no number in {}", SUITE_COLUMNS[column].name));
        let worst = some(11).zip(some(12)).map(|(allowed, ratio)| Missed {
            objective: text(10),
            allowed,
            ratio,
            half: some(13).unwrap_or(0.0),
        });
        let row = Row {
            name: text(1),
            kind: text(2),
            holds: text(3),
            winner: text(4) == "1",
            cost: number(5)?,
            half: some(6).unwrap_or(0.0),
            over_constant: some(8),
            over_floor: some(9),
            worst,
            overloaded: Some(text(14)).filter(|why| !why.is_empty()),
        };
        let title = text(0);
        if all.last().is_none_or(|workload| workload.title != title) {
            let cost = row.over_constant.map(|share| row.cost / share);
            let constant = text(7).parse().ok().zip(cost);
            all.push(Workload { title, constant, cells: Vec::new() });
        }
        all.last_mut().expect("one was just added").cells.push(row);
    }
    Ok(all)
}

/// The workloads of a suite with what their sweeps answered.
pub struct Suite {
    table: String,
    workloads: Vec<Workload>,
    replications: u64,
    confidence: f64,
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
        if let Some(other) = outcomes.iter().find(|outcome| names(outcome) != first) {
            return Err(Failure::input(format!(
                "{} and {} have different cells; a suite puts the same alternatives on every workload",
                outcomes[0].title(),
                other.title()
            )));
        }
        let mut rows = csv::Writer::from_writer(Vec::new());
        rows.write_record(SUITE_COLUMNS.iter().map(|column| column.name)).expect("memory takes any row");
        for record in outcomes.iter().flat_map(Outcome::records) {
            rows.write_record(record).expect("memory takes any row");
        }
        let table = String::from_utf8(rows.into_inner().expect("memory takes any row")).expect("text");
        let (replications, confidence) =
            outcomes.first().map_or((0, 0.95), |outcome| (outcome.replications, outcome.confidence));
        Suite::of_table(table, replications, confidence, command).map_err(Failure::input)
    }

    /// A suite from its table.
    ///
    /// # Errors
    /// What is wrong with the table.
    pub fn of_table(
        table: String,
        replications: u64,
        confidence: f64,
        command: String,
    ) -> Result<Suite, String> {
        let workloads = workloads(&table)?;
        Ok(Suite { table, workloads, replications, confidence, command })
    }

    /// Writes table, findings, picture and manifest.
    pub fn write(&self, mut folder: Folder, folders: &[&Path]) -> Result<(), Failure> {
        folder.write("suite.csv", self.table.as_bytes())?;
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
            replications: self.replications,
            workloads: folders.iter().filter_map(manifest).collect(),
        };
        let mut text = serde_json::to_vec_pretty(&manifest).expect("plain data");
        text.push(b'\n');
        folder.write("manifest.json", &text)?;
        folder.publish().map(|_| ())
    }

    /// The answer of each workload, in a line.
    pub fn verdicts(&self) -> String {
        let line = |workload: &Workload| {
            let cheapest = workload.cells.iter().find(|row| row.winner);
            let answer = cheapest.map_or("no cell is shown to keep its promises".to_owned(), |row| {
                format!(
                    "{} is the cheapest that keeps its promises, at {} a month",
                    row.name,
                    findings::cost(row)
                )
            });
            format!("{}: {answer}\n", workload.title)
        };
        self.workloads.iter().map(line).collect()
    }

    /// What the suite says, conclusions first, each sentence with its numbers.
    pub fn findings(&self) -> String {
        findings::page(self)
    }

    /// A field of cells by workloads: whether each holds, by sign and colour; what it costs against the best constant group, and what it misses.
    pub fn picture(&self) -> String {
        let (left, top, wide, high) = (150, 90, 112, 46);
        let cells = self.workloads.first().map_or(&[][..], |workload| &workload.cells);
        let width = (left + wide * self.workloads.len() + 20).max(720);
        let height = top + high * cells.len() + 50;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"20\" y=\"34\" font-size=\"20\" fill=\"#222\">Who keeps the promise, and for how much</text>\n\
             <text x=\"20\" y=\"56\" font-size=\"12\" fill=\"#666\">cost against the best constant group in hindsight (1.00\u{d7}), and below it what is missed of the worst kept promise</text>\n"
        );
        for (column, workload) in self.workloads.iter().enumerate() {
            let x = left + wide * column + wide / 2;
            text += &format!(
                "<text x=\"{x}\" y=\"{}\" font-size=\"13\" text-anchor=\"middle\" fill=\"#222\">{}</text>\n",
                top - 10,
                escaped(&workload.title)
            );
        }
        for (row, cell) in cells.iter().enumerate() {
            let y = top + high * row;
            text += &format!(
                "<text x=\"{}\" y=\"{}\" font-size=\"13\" text-anchor=\"end\" fill=\"#222\">{}</text>\n",
                left - 12,
                y + high / 2 + 4,
                escaped(&cell.name)
            );
            for (column, workload) in self.workloads.iter().enumerate() {
                text += &square(workload, row, (left + wide * column, y), (wide - 4, high - 4));
            }
        }
        text += &format!(
            "{}<text x=\"40\" y=\"{y}\" font-size=\"12\" fill=\"#666\">keeps its promises</text>\n\
             {}<text x=\"184\" y=\"{y}\" font-size=\"12\" fill=\"#666\">does not</text>\n\
             {}<text x=\"270\" y=\"{y}\" font-size=\"12\" fill=\"#666\">undecided</text>\n\
             <text x=\"350\" y=\"{y}\" font-size=\"12\" fill=\"#666\">framed: the cheapest that does</text>\n</svg>\n",
            sign("yes", 28, height - 22),
            sign("no", 172, height - 22),
            sign("undecided", 258, height - 22),
            y = height - 18
        );
        text
    }
}

/// One cell on one workload.
fn square(workload: &Workload, at: usize, (x, y): (usize, usize), (wide, high): (usize, usize)) -> String {
    let cell = &workload.cells[at];
    let fill = match cell.holds.as_str() {
        "yes" => "#d3e5f6",
        "no" => "#fbdcc0",
        _ => "#e4e4e8",
    };
    let frame = if cell.winner { "stroke=\"#1f4f8f\" stroke-width=\"3\"" } else { "" };
    let cost = match cell.over_constant {
        Some(share) => format!("{share:.2}\u{d7}"),
        None => money(cell.cost, "USD"),
    };
    let missed = cell.worst.as_ref().map_or(String::new(), |missed| match missed.ratio {
        0.0 => "misses nothing".to_owned(),
        ratio if ratio < 1e-4 => "under 0.01 %".to_owned(),
        ratio => format!("misses {}", percent(ratio)),
    });
    let middle = x + wide / 2;
    let sign = sign(&cell.holds, x + 14, y + 13);
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" rx=\"4\" fill=\"{fill}\" {frame}/>{sign}\
         <text x=\"{middle}\" y=\"{}\" font-size=\"14\" text-anchor=\"middle\" fill=\"#222\">{cost}</text>\
         <text x=\"{middle}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\" fill=\"#555\">{missed}</text>\n",
        y + 18,
        y + 34
    )
}

/// A tick, a cross or a question mark around a middle.
fn sign(holds: &str, x: usize, y: usize) -> String {
    let path = match holds {
        "yes" => format!("M{} {y} l4 4 l6 -8", x - 5),
        "no" => format!("M{} {} l8 8 m0 -8 l-8 8", x - 4, y - 4),
        _ => {
            return format!(
                "<text x=\"{x}\" y=\"{}\" font-size=\"13\" text-anchor=\"middle\" fill=\"#222\">?</text>",
                y + 5
            );
        }
    };
    format!("<path d=\"{path}\" fill=\"none\" stroke=\"#222\" stroke-width=\"1.8\"/>")
}
