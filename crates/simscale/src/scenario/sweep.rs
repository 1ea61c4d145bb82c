//! The sweep: which values of the file vary, how often each cell is repeated, how sure its answer must be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Check, Value};

/// Points of a range without steps: sixteen equal parts, into which a search halves its way from four.
const OPEN_POINTS: i64 = 17;

/// Of so many points a range without steps is no longer searched, but listed.
pub(crate) const LISTED: usize = 9;

/// Most replications of a cell.
const MOST_REPLICATIONS: u32 = 10_000;

/// A sweep over values of this file: for `simscale sweep`; a run uses the file without it.
///
/// Every combination of the points of all axes is a cell. A cell is the same scenario with the values of its points laid on the
/// document, typed and checked like the file itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sweep {
    /// Runs of each cell that differ in their luck alone, 1 to 10000; under 10 no cell can be said to hold; default 10.
    #[schemars(range(min = 1, max = 10_000))]
    pub replications: u32,
    /// Most replications of a cell: after `replications`, batches of 5 are added until `precision` is reached; default
    /// none: exactly `replications`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_replications: Option<u32>,
    /// How narrow the intervals must become before replications end; needs `max_replications`; default not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Confidence of intervals and of the answer as a whole, 0.5 to 0.999; default 0.95.
    #[schemars(range(min = 0.5, max = 0.999))]
    pub confidence: f64,
    /// Axes by the dotted path that each varies: a list of values, or a range
    /// `{ from = 30, to = 70, steps = 5 }`, on request with `scale = "log"`; without `steps` a range that only
    /// `simscale tune` can search; default none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub axes: BTreeMap<String, Value>,
    /// Axes whose paths move together: lists of one length by dotted path; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub linked: Vec<BTreeMap<String, Vec<Value>>>,
    /// Axes of named alternatives, each a table of values by dotted path, such as whole lists of policies:
    /// `alternatives.policy.step = { policy = [ ... ] }`; default none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alternatives: BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>,
    /// Cells kept: those that have all the values of an entry, by axis; an alternative by its name; default all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub include: Vec<BTreeMap<String, Value>>,
    /// Cells left out of these: those that have all the values of an entry, by axis; an alternative by its name; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub exclude: Vec<BTreeMap<String, Value>>,
    /// The cell that others are compared with: the first that has these values, by axis; default the first cell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub baseline: BTreeMap<String, Value>,
}

/// How narrow the intervals must become, for every cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Precision {
    /// Half width of the interval of the cost over its mean, 0.001 to 1; default not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1.0))]
    pub cost_ratio: Option<f64>,
    /// Half width of the interval of each objective's violation ratio, 0.00001 to 1 (0.001 is a tenth of a percentage
    /// point); default not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.00001, max = 1.0))]
    pub violation_ratio: Option<f64>,
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep {
            replications: 10,
            max_replications: None,
            precision: None,
            confidence: 0.95,
            axes: BTreeMap::new(),
            linked: Vec::new(),
            alternatives: BTreeMap::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            baseline: BTreeMap::new(),
        }
    }
}

/// A point of an axis: its label in tables, and the values that it lays on the document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AxisPoint {
    pub label: String,
    pub values: Vec<(String, Value)>,
    /// How often the parts of a range without steps were halved to come to it; 0 for all other points.
    pub level: u8,
}

/// An axis with its name and its points in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub name: String,
    pub points: Vec<AxisPoint>,
    /// A range without steps.
    pub open: bool,
}

impl Sweep {
    /// All axes in order of their names: those of alternatives first, since they change most of a cell.
    pub(crate) fn all_axes(&self) -> Vec<Axis> {
        let alternatives = self.alternatives.iter().map(|(name, named)| {
            let point = |(label, values): (&String, &BTreeMap<String, Value>)| AxisPoint {
                label: label.clone(),
                values: values.iter().map(|(path, value)| (path.clone(), value.clone())).collect(),
                level: 0,
            };
            Axis { name: name.clone(), points: named.iter().map(point).collect(), open: false }
        });
        let linked = self.linked.iter().map(|link| {
            let length = link.values().map(Vec::len).min().unwrap_or(0);
            let point = |at: usize| {
                let values: Vec<(String, Value)> =
                    link.iter().map(|(path, list)| (path.clone(), list[at].clone())).collect();
                let label = values.iter().map(|(_, value)| shown(value)).collect::<Vec<_>>().join(" ");
                AxisPoint { label, values, level: 0 }
            };
            let name = link.keys().cloned().collect::<Vec<_>>().join(" ");
            Axis { name, points: (0..length).map(point).collect(), open: false }
        });
        let plain = self.axes.iter().map(|(path, values)| {
            let open = is_open(values);
            let values = points(values).unwrap_or_default();
            let (halved, last) = (open && values.len() > LISTED, values.len().saturating_sub(1));
            let point = |(at, value): (usize, Value)| AxisPoint {
                label: shown(&value),
                values: vec![(path.clone(), value)],
                level: if halved && at != last { level(at) } else { 0 },
            };
            Axis { name: path.clone(), points: values.into_iter().enumerate().map(point).collect(), open }
        });
        alternatives.chain(linked).chain(plain).collect()
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if let Some(most) = self.max_replications
            && most < self.replications
        {
            let rule = format!("is below sweep.replications ({})", self.replications);
            check.fail("sweep.max_replications", rule, "raise it, or remove it");
        }
        if self.precision.is_some() && self.max_replications.is_none() {
            let hint = format!("add max_replications, up to {MOST_REPLICATIONS}");
            check.fail("sweep.precision", "needs sweep.max_replications, where to stop looking", hint);
        }
        for (path, values) in &self.axes {
            let place = format!("sweep.axes.{}", quoted(path));
            if path.split('.').next().is_some_and(|first| first.trim() == "sweep") {
                check.fail(
                    &place,
                    "varies the sweep itself",
                    "vary a value of the scenario, such as group.min",
                );
            }
            match points(values) {
                Ok(points) if points.is_empty() => {
                    check.fail(&place, "has no point", "write a list such as [2, 4], or remove the axis");
                }
                Ok(_) => {}
                Err((rule, hint)) => check.fail(&place, rule, hint),
            }
        }
        for (index, link) in self.linked.iter().enumerate() {
            let mut lengths: Vec<usize> = link.values().map(Vec::len).collect();
            lengths.dedup();
            if lengths.len() != 1 || lengths[0] == 0 {
                let hint = "give every path a list of the same length, of one value at least";
                check.fail(&format!("sweep.linked.{index}"), "has lists of different lengths or none", hint);
            }
        }
        for (axis, named) in &self.alternatives {
            if named.is_empty() {
                let hint = "write alternatives.<axis>.<name> = { path = value }";
                check.fail(&format!("sweep.alternatives.{}", quoted(axis)), "has no alternative", hint);
            }
        }
        for axis in self.all_axes() {
            let seeds = |point: &AxisPoint| point.values.iter().any(|(path, _)| path == "simulation.seed");
            if axis.points.iter().any(seeds) {
                let rule = "varies simulation.seed, which no cell uses: replication r of every cell has the same seed of its own";
                check.fail(
                    "sweep",
                    rule,
                    "raise sweep.replications, or name another master seed with --seed",
                );
            }
        }
        self.check_choices(check);
    }

    /// Included and excluded cells and the baseline name axes and points that exist.
    fn check_choices<'a>(&'a self, check: &mut Check<'_>) {
        let axes = self.all_axes();
        let listed = |key: &'static str, list: &'a [BTreeMap<String, Value>]| {
            list.iter().enumerate().map(move |(i, choice)| (format!("sweep.{key}.{i}"), choice))
        };
        let choices = listed("include", &self.include).chain(listed("exclude", &self.exclude));
        for (place, choice) in choices.chain([("sweep.baseline".to_owned(), &self.baseline)]) {
            for (name, value) in choice {
                let place = format!("{place}.{}", quoted(name));
                let Some(axis) = axes.iter().find(|axis| axis.name == *name) else {
                    let known: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
                    check.fail(
                        &place,
                        "is no axis of the sweep",
                        format!("the axes are: {}", known.join(", ")),
                    );
                    continue;
                };
                if !axis.points.iter().any(|point| point.label == shown(value)) {
                    let known: Vec<&str> = axis.points.iter().map(|point| point.label.as_str()).collect();
                    check.fail(
                        &place,
                        "is no point of the axis",
                        format!("its points are: {}", known.join(", ")),
                    );
                }
            }
        }
    }
}

/// A value as tables show it: text without quotes, numbers as they are written.
pub(crate) fn shown(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_string(), str::to_owned)
}

/// A key of a dotted path that may hold dots.
fn quoted(key: &str) -> String {
    if key.contains('"') { format!("'{key}'") } else { format!("\"{key}\"") }
}

/// Whether a value is a range without steps.
fn is_open(values: &Value) -> bool {
    values.as_table().is_some_and(|table| table.iter().all(|(key, _)| key != "steps"))
}

/// How often four parts of a range of sixteen were halved to come to this point.
fn level(at: usize) -> u8 {
    match at {
        at if at.is_multiple_of(4) => 0,
        at if at.is_multiple_of(2) => 1,
        _ => 2,
    }
}

/// What is wrong with a value, and how to write it.
type Wrong = (String, String);

/// The points of an axis: the list itself, or those of a range; of one without steps those that a search may come to.
pub(crate) fn points(values: &Value) -> Result<Vec<Value>, Wrong> {
    if let Some(list) = values.as_list() {
        return Ok(list);
    }
    let hint = || "write a list such as [30, 50], or { from = 30, to = 70, steps = 5 }".to_owned();
    let Some(table) = values.as_table() else {
        return Err(("is neither a list nor a range".to_owned(), hint()));
    };
    let find = |key: &str| table.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    if let Some((key, _)) = table.iter().find(|(key, _)| !["from", "to", "steps", "scale"].contains(&&**key))
    {
        return Err((format!("has the unknown key \"{key}\""), hint()));
    }
    let number = |key: &str| find(key).and_then(Value::as_number).filter(|number| number.is_finite());
    let (Some(from), Some(to)) = (number("from"), number("to")) else {
        return Err(("is a range without numbers from and to".to_owned(), hint()));
    };
    let steps = find("steps").map_or(Some(OPEN_POINTS), Value::as_integer);
    let Some(steps) = steps.filter(|steps| (2..=1000).contains(steps)) else {
        return Err(("is a range whose steps are no whole number from 2 to 1000".to_owned(), hint()));
    };
    let logarithmic = match find("scale").map(shown).as_deref() {
        None | Some("linear") => false,
        Some("log") if from > 0.0 && to > 0.0 => true,
        Some("log") => {
            return Err((
                "is a logarithmic range that touches zero".to_owned(),
                "let from and to be above 0".to_owned(),
            ));
        }
        Some(other) => {
            return Err((
                format!("has the unknown scale \"{other}\""),
                "write \"linear\" or \"log\"".to_owned(),
            ));
        }
    };
    let whole = find("from").and_then(Value::as_integer).is_some()
        && find("to").and_then(Value::as_integer).is_some();
    let mut points: Vec<Value> = Vec::new();
    for step in 0..steps {
        let share = step as f64 / (steps - 1) as f64;
        let at = if logarithmic { from * (to / from).powf(share) } else { from + (to - from) * share };
        let value =
            if whole { Value::from(at.round() as i64) } else { Value::from((at * 1e9).round() / 1e9) };
        if points.last() != Some(&value) {
            points.push(value);
        }
    }
    if is_open(values) && points.len() < 2 {
        return Err((
            "is a range of one point".to_owned(),
            "write it as a list, or move its ends apart".to_owned(),
        ));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let table: BTreeMap<String, Value> = toml::from_str(&format!("x = {text}")).unwrap();
        table["x"].clone()
    }

    fn labels(text: &str) -> Vec<String> {
        points(&value(text)).unwrap().iter().map(shown).collect()
    }

    #[test]
    fn ranges_are_lists_written_shortly() {
        assert_eq!(labels("[30, 50]"), ["30", "50"]);
        assert_eq!(labels("{ from = 30, to = 70, steps = 5 }"), ["30", "40", "50", "60", "70"]);
        assert_eq!(labels("{ from = 2, to = 16, steps = 4, scale = \"log\" }"), ["2", "4", "8", "16"]);
        assert_eq!(labels("{ from = 0.4, to = 0.6, steps = 3 }"), ["0.4", "0.5", "0.6"]);
        assert_eq!(
            labels("{ from = 1, to = 2, steps = 5 }"),
            ["1", "2"],
            "whole ends have whole points, each once"
        );
        assert_eq!(labels("[\"90s\", \"5m\"]"), ["90s", "5m"]);
        assert_eq!(labels("{ from = 2, to = 6 }"), ["2", "3", "4", "5", "6"]);
        assert_eq!(labels("{ from = 30.0, to = 70.0 }")[..3], ["30.0", "32.5", "35.0"]);
    }

    #[test]
    fn ranges_that_are_none_say_why() {
        let refused = |text: &str| points(&value(text)).unwrap_err().0;
        assert_eq!(refused("7"), "is neither a list nor a range");
        assert_eq!(
            refused("{ from = 1, to = 2, steps = 1 }"),
            "is a range whose steps are no whole number from 2 to 1000"
        );
        assert_eq!(refused("{ from = 1, steps = 2 }"), "is a range without numbers from and to");
        assert_eq!(
            refused("{ from = 0, to = 2, steps = 2, scale = \"log\" }"),
            "is a logarithmic range that touches zero"
        );
        assert_eq!(refused("{ from = 1, to = 2, step = 2 }"), "has the unknown key \"step\"");
    }
}
