//! Results as they are kept and read again: each cell with the figures of each of its replications, small enough to lie in a repository.
//!
//! A run is a result of one cell and one replication: its `summary.json`. A sweep or a comparison writes `baseline.json`.

use crate::failure::Failure;
use crate::input;
use crate::sweep::{Found, Holds, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use simscale::plan::replication_seed;
use std::path::Path;

/// Name of the file in the folder of a sweep.
pub const BASELINE: &str = "baseline.json";

/// Number of its layout.
const SCHEMA: u32 = 1;

/// Largest file that is read, bytes.
const LARGEST: u64 = 1 << 28;

/// A saved result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Number of the layout.
    schema: u32,
    /// What it is of: `run` or `sweep`.
    pub kind: Kind,
    /// Version of the program.
    pub simscale: String,
    /// Name of the scenario or the sweep.
    pub name: String,
    /// Confidence of intervals.
    pub confidence: f64,
    /// Name of the cheapest cell that holds.
    pub winner: Option<String>,
    /// Names of the objectives.
    pub objectives: Vec<String>,
    /// Seed of each replication.
    pub seeds: Vec<u64>,
    /// Dotted paths of the figures.
    pub figures: Vec<String>,
    /// The cells.
    pub cells: Vec<SavedCell>,
}

/// What a saved result is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One run.
    Run,
    /// A sweep or a comparison.
    Sweep,
}

/// A cell of a saved result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedCell {
    /// Its name.
    pub name: String,
    /// `yes`, `no` or `undecided`: whether its promises hold; empty for a run.
    pub holds: String,
    /// The figures of each replication; `null` where one could not be measured.
    pub runs: Vec<Vec<Option<f64>>>,
}

impl Saved {
    /// What a sweep found.
    pub fn of(task: &Task, found: &Found) -> Saved {
        let (study, answer) = (&found.study, &found.answer);
        let count = study.cells[0].runs.len() as u64;
        let first = found.first_replication();
        let cell = |(cell, runs): (usize, &crate::sweep::CellRuns)| SavedCell {
            name: runs.name.clone(),
            holds: match answer.verdicts[cell].holds {
                Holds::Yes => "yes",
                Holds::No => "no",
                Holds::Unknown => "undecided",
            }
            .to_owned(),
            runs: runs.runs.clone(),
        };
        Saved {
            schema: SCHEMA,
            kind: Kind::Sweep,
            simscale: env!("CARGO_PKG_VERSION").to_owned(),
            name: task.name.clone(),
            confidence: study.confidence,
            winner: answer.winner.map(|winner| study.cells[winner].name.clone()),
            objectives: study.objectives.iter().map(|(name, _)| name.clone()).collect(),
            seeds: (first..first + count).map(|number| replication_seed(task.seed, number)).collect(),
            figures: study.paths.clone(),
            cells: study.cells.iter().enumerate().map(cell).collect(),
        }
    }

    /// As a file: a line a cell, so that two versions of it can be read side by side.
    pub fn to_json(&self) -> String {
        let head = Saved { cells: Vec::new(), ..self.clone() };
        let form = "our own layouts have a form in JSON";
        let head = serde_json::to_string(&head).expect(form);
        let cells: Vec<String> =
            self.cells.iter().map(|cell| serde_json::to_string(cell).expect(form)).collect();
        let cells = format!("\"cells\":[\n{}\n]}}\n", cells.join(",\n"));
        head.replace("\"figures\":", "\n\"figures\":").replace("\"cells\":[]}", &format!("\n{cells}"))
    }

    /// Reads a result: its folder, its `baseline.json`, or the `summary.json` of a run.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no result.
    pub fn read(path: &Path) -> Result<Saved, Failure> {
        let names = [BASELINE, "summary.json"];
        let file = match path.is_dir() {
            false => path.to_path_buf(),
            true => names.map(|name| path.join(name)).into_iter().find(|file| file.is_file()).ok_or_else(
                || {
                    Failure::input(format!(
                        "{}: holds no result: neither {} nor {}",
                        path.display(),
                        names[0],
                        names[1]
                    ))
                },
            )?,
        };
        let shown = file.display();
        let text = input::bounded_text(&file, LARGEST)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Saved::parse(text).map_err(|why| Failure::input(format!("{shown}: {why}")))
    }

    fn parse(text: &str) -> Result<Saved, String> {
        let hint = "name a folder of results, its baseline.json, or the summary.json of a run";
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("is no JSON ({error}); {hint}"))?;
        if value["kind"] == "sweep" || value["kind"] == "run" {
            let saved: Saved =
                serde_json::from_value(value).map_err(|error| format!("is no saved result ({error})"))?;
            return saved.checked();
        }
        of_summary(&value).ok_or_else(|| format!("is no result of simscale; {hint}"))
    }

    fn checked(self) -> Result<Saved, String> {
        if self.schema != SCHEMA {
            return Err(format!(
                "has layout {}, which this version does not know; write it again",
                self.schema
            ));
        }
        let whole = self.cells.iter().all(|cell| {
            cell.runs.len() == self.seeds.len() && cell.runs.iter().all(|run| run.len() == self.figures.len())
        });
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        let rule = match self.kind {
            _ if !whole => "has cells of different lengths",
            _ if !(0.5..1.0).contains(&self.confidence) => "has a confidence that is not within 0.5 and 1",
            _ if seeds.len() != self.seeds.len() => "has a seed twice, as if one run were two",
            Kind::Run if self.cells.len() != 1 => "is of a run, and has not one cell",
            _ => return Ok(self),
        };
        Err(format!("{rule}; write it again"))
    }

    /// The values of a figure in a cell with their seeds; those not measured are left out.
    pub fn values(&self, cell: &SavedCell, path: &str) -> Vec<(u64, f64)> {
        let Some(at) = self.figures.iter().position(|known| known == path) else { return Vec::new() };
        self.seeds.iter().zip(&cell.runs).filter_map(|(&seed, run)| Some((seed, run[at]?))).collect()
    }

    /// The cell of that name; the only one where both results have only one.
    pub fn cell(&self, name: &str, alone: bool) -> Option<&SavedCell> {
        let only = self.cells.first().filter(|_| alone && self.cells.len() == 1);
        self.cells.iter().find(|cell| cell.name == name).or(only)
    }
}

/// A summary as a result of one cell.
fn of_summary(summary: &Value) -> Option<Saved> {
    let text = |key: &str| summary[key].as_str().map(str::to_owned);
    let (name, simscale, seed) = (text("scenario")?, text("simscale")?, summary["seed"].as_u64()?);
    let mut figures = Vec::new();
    let mut measured = Vec::new();
    let mut take = |path: String, value: Option<f64>| {
        figures.push(path);
        measured.push(value);
    };
    let table = summary.as_object()?;
    for (key, value) in table {
        for (field, value) in value.as_object().into_iter().flatten().filter(|(_, value)| value.is_number()) {
            take(format!("{key}.{field}"), value.as_f64());
        }
        if value.is_number() && !["schema", "seed"].contains(&key.as_str()) {
            take(key.clone(), value.as_f64());
        }
    }
    let mut objectives = Vec::new();
    for objective in summary["objectives"].as_array()? {
        let name = objective["name"].as_str()?;
        objectives.push(name.to_owned());
        for (field, value) in objective.as_object()?.iter().filter(|(_, value)| value.is_number()) {
            take(format!("objective.{name}.{field}"), value.as_f64());
        }
    }
    let cell = SavedCell { name: name.clone(), holds: String::new(), runs: vec![measured] };
    Some(Saved {
        schema: SCHEMA,
        kind: Kind::Run,
        simscale,
        name,
        confidence: 0.95,
        winner: None,
        objectives,
        seeds: vec![seed],
        figures,
        cells: vec![cell],
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A saved sweep of cells with one figure, the cost.
    pub(crate) fn saved(seeds: &[u64], cells: &[(&str, &[f64])]) -> Saved {
        let cell = |(name, costs): &(&str, &[f64])| SavedCell {
            name: (*name).to_owned(),
            holds: "yes".to_owned(),
            runs: costs.iter().map(|&cost| vec![Some(cost)]).collect(),
        };
        Saved {
            schema: SCHEMA,
            kind: Kind::Sweep,
            simscale: "0".to_owned(),
            name: "s".to_owned(),
            confidence: 0.95,
            winner: None,
            objectives: Vec::new(),
            seeds: seeds.to_vec(),
            figures: vec!["cost_usd.per_month".to_owned()],
            cells: cells.iter().map(cell).collect(),
        }
    }

    #[test]
    fn results_come_back_to_the_bit_and_a_line_is_a_cell() {
        let before = saved(&[7, 8], &[("a", &[0.1 + 0.2, 1e-300]), ("b", &[3.0, 4.0])]);
        let text = before.to_json();
        assert_eq!(text.lines().count(), 6, "{text}");
        assert_eq!(Saved::parse(&text).unwrap(), before);
        let a = before.cell("a", false).unwrap();
        assert_eq!(before.values(a, "cost_usd.per_month"), [(7, 0.1 + 0.2), (8, 1e-300)]);
        assert!(before.cell("c", true).is_none() && before.values(a, "x").is_empty());
    }

    #[test]
    fn what_is_no_result_says_so() {
        let refused = |text: &str| Saved::parse(text).unwrap_err();
        assert!(refused("nonsense").starts_with("is no JSON"));
        assert!(refused("{}").contains("is no result of simscale"));
        let good = saved(&[7], &[("a", &[1.0])]).to_json();
        assert!(refused(&good.replace("\"schema\":1", "\"schema\":9")).contains("layout 9"));
        assert!(refused(&good.replace("[7]", "[7,8]")).contains("different lengths"));
        assert!(refused(&good.replace("\"cells\"", "\"sells\"")).contains("is no saved result"));
    }
}
