//! The plan of a sweep: every cell with its values and its checked scenario, and the seed of every replication.
//!
//! A cell is plain data, so that any engine can map over cells; nothing here runs anything.

use std::collections::BTreeMap;

use crate::Scenario;
use crate::scenario::{Axis, LISTED, shown};
use crate::text::{Diagnostics, Document, Override};

pub use simscale_core::replication_seed;

/// Most cells of a plan.
pub const MOST_CELLS: usize = 100_000;

/// One combination of the axes' points.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The label of its point on each axis, in the order of [`Plan::axes`].
    pub labels: Vec<String>,
    /// The values laid on the document, as dotted path and TOML value.
    pub values: Vec<(String, String)>,
    /// The scenario with these values.
    pub scenario: Scenario,
    /// The place of its point on each axis.
    pub point: Vec<usize>,
    /// How often ranges without steps were halved to come to it: 0 where a search begins.
    pub level: u8,
}

/// All cells of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Names of the axes: dotted paths, or the names of alternatives.
    pub axes: Vec<String>,
    /// The cells; the last axis varies fastest.
    pub cells: Vec<Cell>,
    /// Place of the cell that others are compared with.
    pub baseline: usize,
    /// Which axes are ranges without steps of more points than would be listed: a search halves them.
    pub open: Vec<bool>,
}

impl Plan {
    /// The cells of a document whose axes all list their points.
    ///
    /// # Errors
    /// Those of [`Plan::searched`]; an axis that is a range without steps.
    pub fn of(document: &Document) -> Result<Plan, Diagnostics> {
        let sweep = Scenario::read_document(document)?.sweep.unwrap_or_default();
        if let Some(axis) = sweep.all_axes().into_iter().find(|axis| axis.open) {
            let rule = "is a range without steps, which only simscale tune can search".to_owned();
            return Err(refusal(
                document,
                &format!("sweep.axes.\"{}\"", axis.name),
                rule,
                "add steps, such as steps = 9",
            ));
        }
        Plan::searched(document)
    }

    /// Lays every combination of the points on the document and checks each as a scenario of its own.
    ///
    /// # Errors
    /// Mistakes of the document itself, or those of the first cell that has any, each citing its axis.
    pub fn searched(document: &Document) -> Result<Plan, Diagnostics> {
        let base = Scenario::read_document(document)?;
        let sweep = base.sweep.clone().unwrap_or_default();
        let axes = sweep.all_axes();
        let count = axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.points.len()));
        if count.is_none_or(|count| count > MOST_CELLS) {
            return Err(refusal(
                document,
                "sweep",
                format!("has more than {MOST_CELLS} cells"),
                "shorten an axis",
            ));
        }
        let any = |choices: &[BTreeMap<String, crate::text::Value>], labels: &[String]| {
            choices.iter().any(|choice| has(&axes, labels, choice))
        };
        let left_out = |labels: &[String]| {
            any(&sweep.exclude, labels) || !(sweep.include.is_empty() || any(&sweep.include, labels))
        };
        let mut cells = Vec::new();
        for point in combinations(&axes) {
            let labels: Vec<String> =
                axes.iter().zip(&point).map(|(axis, &at)| axis.points[at].label.clone()).collect();
            if !left_out(&labels) {
                cells.push(cell(document, &axes, &point, labels)?);
            }
        }
        if cells.is_empty() {
            let key = if sweep.exclude.is_empty() { "sweep.include" } else { "sweep.exclude" };
            return Err(refusal(document, key, "leaves no cell".to_owned(), "remove an entry"));
        }
        let baseline = cells.iter().position(|cell| has(&axes, &cell.labels, &sweep.baseline));
        let Some(baseline) = baseline else {
            let rule = "names a cell that is left out".to_owned();
            return Err(refusal(document, "sweep.baseline", rule, "name another cell"));
        };
        let open = axes.iter().map(|axis| axis.open && axis.points.len() > LISTED).collect();
        Ok(Plan { axes: axes.into_iter().map(|axis| axis.name).collect(), cells, baseline, open })
    }

    /// How many cells a sweep would have that lists nine points of each range without steps.
    pub fn listed(&self) -> f64 {
        let share = |(axis, open): (usize, &bool)| {
            let points = self.cells.iter().map(|cell| cell.point[axis]).max().unwrap_or(0) + 1;
            if *open { LISTED as f64 / points as f64 } else { 1.0 }
        };
        self.cells.len() as f64 * self.open.iter().enumerate().map(share).product::<f64>()
    }

    /// A cell in words: `policy=step group.min=4`; `base` where nothing varies.
    pub fn name(&self, cell: usize) -> String {
        let pairs = self.axes.iter().zip(&self.cells[cell].labels);
        let name = pairs.map(|(axis, label)| format!("{axis}={label}")).collect::<Vec<_>>().join(" ");
        if name.is_empty() { "base".to_owned() } else { name }
    }
}

fn refusal(document: &Document, path: &str, rule: String, hint: &str) -> Diagnostics {
    let mut check = document.check();
    check.fail(path, rule, hint);
    check.finish().expect_err("a mistake was just reported")
}

/// Whether a cell with these labels has all the values of a choice.
fn has(axes: &[Axis], labels: &[String], choice: &BTreeMap<String, crate::text::Value>) -> bool {
    choice.iter().all(|(name, value)| {
        axes.iter().zip(labels).any(|(axis, label)| axis.name == *name && *label == shown(value))
    })
}

/// Every combination of places, the last axis fastest; one empty combination without axes.
fn combinations(axes: &[Axis]) -> impl Iterator<Item = Vec<usize>> {
    let sizes: Vec<usize> = axes.iter().map(|axis| axis.points.len()).collect();
    let count: usize = sizes.iter().product();
    (0..count).map(move |mut number| {
        let mut place = vec![0; sizes.len()];
        for (at, &size) in sizes.iter().enumerate().rev() {
            place[at] = number % size;
            number /= size;
        }
        place
    })
}

fn cell(
    document: &Document,
    axes: &[Axis],
    point: &[usize],
    labels: Vec<String>,
) -> Result<Cell, Diagnostics> {
    let mut document = document.clone();
    let mut values = Vec::new();
    for (axis, &at) in axes.iter().zip(point) {
        for (path, value) in &axis.points[at].values {
            let origin = format!("axis {}, point {}:", axis.name, axis.points[at].label);
            document.overlay(&Override::typed(path.clone(), value).with_origin(origin))?;
            values.push((path.clone(), value.to_string()));
        }
    }
    let mut scenario = Scenario::read_document(&document)?;
    scenario.sweep = None;
    let level = axes.iter().zip(point).map(|(axis, &at)| axis.points[at].level).max().unwrap_or(0);
    Ok(Cell { labels, values, scenario, point: point.to_vec(), level })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(sweep: &str) -> Result<Plan, String> {
        let text = format!("{}\n{sweep}", crate::scenario::starter("swept"));
        let document = Document::parse("swept.toml", &text).unwrap();
        Plan::of(&document).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn cells_are_all_combinations_in_order() {
        let plan = plan("[sweep]\naxes.\"group.min\" = [2, 3]\naxes.\"group.max\" = [10, 20]\nbaseline.\"group.min\" = 3\n").unwrap();
        assert_eq!(plan.axes, ["group.max", "group.min"]);
        let labels: Vec<String> = plan.cells.iter().map(|cell| cell.labels.join(" ")).collect();
        assert_eq!(labels, ["10 2", "10 3", "20 2", "20 3"]);
        assert_eq!((plan.baseline, plan.cells[3].scenario.group.max), (1, 20));
        assert_eq!(plan.name(2), "group.max=20 group.min=2");
        assert!(plan.cells.iter().all(|cell| cell.scenario.sweep.is_none()));
    }

    #[test]
    fn ranges_without_steps_are_for_a_search() {
        let text = "[sweep]\naxes.\"group.min\" = [2, 3]\naxes.\"group.max\" = { from = 10, to = 26 }\n";
        let refused = plan(text).unwrap_err();
        assert!(
            refused.contains("only simscale tune can search") && refused.contains("steps = 9"),
            "{refused}"
        );
        let text = format!("{}\n{text}", crate::scenario::starter("swept"));
        let plan = Plan::searched(&Document::parse("swept.toml", &text).unwrap()).unwrap();
        assert_eq!((plan.cells.len(), plan.listed(), &plan.open[..]), (34, 18.0, &[true, false][..]));
        let level = |level: u8| plan.cells.iter().filter(|cell| cell.level == level).count();
        assert_eq!((level(0), level(1), level(2)), (10, 8, 16));
        assert_eq!((plan.cells[33].scenario.group.max, &plan.cells[33].point[..]), (26, &[16, 1][..]));
    }

    #[test]
    fn linked_axes_move_together_and_excluded_cells_are_left_out() {
        let sweep = "[sweep]\naxes.\"group.min\" = [2, 3]\nexclude = [{ \"group.min\" = 3 }]\n[[sweep.linked]]\n\"group.max\" = [10, 20]\n\"group.desired\" = [5, 6]\n";
        let plan = plan(sweep).unwrap();
        let sizes: Vec<_> = plan
            .cells
            .iter()
            .map(|c| (c.scenario.group.min, c.scenario.group.desired, c.scenario.group.max))
            .collect();
        assert_eq!(sizes, [(2, Some(5), 10), (2, Some(6), 20)]);
    }

    #[test]
    fn included_cells_alone_are_kept() {
        let axes = "[sweep]\naxes.\"group.min\" = [2, 3]\naxes.\"group.max\" = [10, 20]\n";
        let kept = |choices: &str| -> Vec<String> {
            let plan = plan(&format!("{axes}{choices}")).unwrap();
            plan.cells.iter().map(|cell| cell.labels.join(" ")).collect()
        };
        assert_eq!(kept("include = [{ \"group.min\" = 3 }]\n"), ["10 3", "20 3"]);
        let both =
            "include = [{ \"group.min\" = 3 }, { \"group.max\" = 10 }]\nexclude = [{ \"group.min\" = 2 }]\n";
        assert_eq!(kept(both), ["10 3", "20 3"]);
        let none = plan(&format!("{axes}include = [{{ \"group.min\" = 4 }}]\n")).unwrap_err();
        assert!(none.contains("sweep.include.0") && none.contains("is no point of the axis"), "{none}");
        let seeds = plan("[sweep]\naxes.\"simulation.seed\" = [1, 2]\n").unwrap_err();
        assert!(seeds.contains("varies simulation.seed"), "{seeds}");
    }

    #[test]
    fn alternatives_replace_whole_policies() {
        let sweep = "[sweep.alternatives.policy]\nfour = { policy = [{ name = \"p\", fixed = { size = 4 } }] }\nnone = { policy = [] }\n";
        let plan = plan(sweep).unwrap();
        assert_eq!(
            (plan.name(0).as_str(), plan.cells[0].scenario.policy[0].kind()),
            ("policy=four", "fixed")
        );
        assert!(plan.cells[1].scenario.policy.is_empty());
    }

    #[test]
    fn mistakes_cite_the_axis() {
        let unknown = plan("[sweep]\naxes.\"group.mim\" = [2]\n").unwrap_err();
        assert!(unknown.contains("axis group.mim") && unknown.contains("min"), "{unknown}");
        let wrong = plan("[sweep]\naxes.\"group.min\" = [2, 500]\n").unwrap_err();
        assert!(wrong.contains("group.min") && wrong.contains("is above group.max"), "{wrong}");
        let baseline = plan("[sweep]\naxes.\"group.min\" = [2]\nbaseline.\"group.min\" = 7\n").unwrap_err();
        assert!(baseline.contains("is no point of the axis"), "{baseline}");
    }
}
