//! What a run is held to: bounds on figures, and how far they may lie from those of a saved result.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Objective;
use crate::summary::{Bounds, figure_paths};
use crate::text::{Check, similar};

/// Bounds on figures of the summary, by dotted path, such as "objective.fast.violation_ratio" = { below = 0.02 }.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expect {
    /// A saved result, relative to this file, that figures with `rise` or `fall` are held against: what
    /// `--save-baseline` wrote; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub versus: Option<String>,
    /// Bounds by the path of the figure.
    #[serde(flatten)]
    pub figures: BTreeMap<String, Bound>,
}

/// Bounds on a figure of the summary; a value on a bound keeps it. A figure that was not measured keeps none. `simscale run` judges
/// all of them; `simscale sweep` and `simscale compare` those against the baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bound {
    /// Smallest value that is right; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Largest value that is right; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Most that it may lie above the figure of `expect.versus`, in its own unit (0.001 of a ratio is 0.1 percentage points); 0
    /// allows no rise; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub rise: Option<f64>,
    /// The same as a share of the figure of `expect.versus`: 0.02 is 2 %; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub rise_ratio: Option<f64>,
    /// Most that it may lie below the figure of `expect.versus`, in its own unit; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub fall: Option<f64>,
    /// The same as a share of the figure of `expect.versus`; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub fall_ratio: Option<f64>,
}

impl Bound {
    /// Its bounds on the figure itself; `None` where it has only tolerances.
    pub fn bounds(&self) -> Option<Bounds> {
        let bounds = Bounds { above: self.above, below: self.below };
        (bounds != Bounds::default()).then_some(bounds)
    }

    /// How far a figure may lie below and above this one of a baseline; `None` where it has no tolerance.
    pub fn tolerance(&self, baseline: f64) -> Option<Tolerance> {
        let share = |ratio: Option<f64>| ratio.map(|ratio| ratio * baseline.abs());
        let tolerance = Tolerance {
            fall: self.fall.or(share(self.fall_ratio)),
            rise: self.rise.or(share(self.rise_ratio)),
        };
        (tolerance.fall.is_some() || tolerance.rise.is_some()).then_some(tolerance)
    }

    fn check(&self, path: &str, against: bool, check: &mut Check<'_>) {
        let tolerant = self.tolerance(0.0).is_some();
        match (self.above, self.below) {
            (None, None) if !tolerant => {
                check.fail(path, "bounds nothing", "write { above = ..., below = ... } or one of them")
            }
            (Some(above), Some(below)) if above > below => {
                let rule = format!("is above the upper bound ({below}), so that no figure keeps both");
                check.fail(&format!("{path}.above"), rule, "let above <= below");
            }
            _ => {}
        }
        for (both, name) in [
            (self.rise.is_some() && self.rise_ratio.is_some(), "rise"),
            (self.fall.is_some() && self.fall_ratio.is_some(), "fall"),
        ] {
            if both {
                let rule = format!("stands beside {name}_ratio");
                check.fail(&format!("{path}.{name}"), rule, "keep one of them");
            }
        }
        if tolerant && !against {
            let rule = "is held against a baseline, and expect.versus names none";
            check.fail(path, rule, "add versus = \"baseline.json\" to [expect]; --save-baseline writes one");
        }
    }
}

/// How far a figure may lie from that of a baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Most below it.
    pub fall: Option<f64>,
    /// Most above it.
    pub rise: Option<f64>,
}

impl Expect {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.versus.is_none() && self.figures.is_empty()
    }

    /// Reports bounds on figures that no summary of the scenario has, and bounds that nothing can keep.
    pub(crate) fn check(&self, objectives: &[Objective], check: &mut Check<'_>) {
        let known = figure_paths(objectives.iter().map(|objective| objective.name.as_str()));
        for (figure, bound) in &self.figures {
            // A path in quotes cannot hold both kinds of quotes; no known figure holds any.
            let path = if figure.contains('"') {
                format!("expect.'{figure}'")
            } else {
                format!("expect.\"{figure}\"")
            };
            if !known.contains(figure) {
                let hint = match similar(figure, known.iter().map(String::as_str)) {
                    Some(similar) => format!("did you mean \"{similar}\"?"),
                    None => "name a figure of summary.json, such as \"cost_usd.total\"".to_owned(),
                };
                check.fail(&path, "is no figure of the summary", hint);
            }
            bound.check(&path, self.versus.is_some(), check);
        }
        if self.versus.is_some() && self.figures.values().all(|bound| bound.tolerance(0.0).is_none()) {
            let hint = "add a tolerance, such as \"cost_usd.per_month\" = { rise_ratio = 0.02 }";
            check.fail("expect.versus", "is a baseline that no figure is held against", hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;

    fn read(expect: &str) -> Result<Scenario, String> {
        // The table at the end of the starter goes: a table is written once.
        let starter = crate::scenario::starter("held");
        let rest = starter.split("\n[expect]").next().unwrap_or_default();
        Scenario::read("held.toml", &format!("{rest}\n[expect]\n{expect}"), &[]).map_err(|e| e.to_string())
    }

    #[test]
    fn a_baseline_and_its_tolerances_are_read_and_written() {
        let text = "versus = \"b.json\"\n\"cost_usd.per_month\" = { rise_ratio = 0.02 }\n\"requests.served\" = { above = 1, fall = 5 }\n";
        let scenario = read(text).unwrap();
        assert_eq!(scenario.expect.versus.as_deref(), Some("b.json"));
        let cost = scenario.expect.figures["cost_usd.per_month"];
        assert_eq!((cost.bounds(), cost.tolerance(100.0).unwrap().rise), (None, Some(2.0)));
        let served = scenario.expect.figures["requests.served"];
        assert_eq!(served.tolerance(100.0).unwrap().fall, Some(5.0));
        assert_eq!(served.bounds().unwrap().above, Some(1.0));
        let again = Scenario::read("again.toml", &scenario.to_toml(), &[]).unwrap();
        assert_eq!(again.expect, scenario.expect);
    }

    #[test]
    fn gates_that_hold_nothing_are_refused() {
        let refused = |text: &str| read(text).unwrap_err();
        assert!(refused("versus = \"b.json\"\n").contains("is a baseline that no figure is held against"));
        let lone = refused("\"cost_usd.total\" = { rise = 1 }\n");
        assert!(lone.contains("expect.versus names none"), "{lone}");
        let both = refused("versus = \"b.json\"\n\"cost_usd.total\" = { rise = 1, rise_ratio = 0.1 }\n");
        assert!(both.contains("stands beside rise_ratio"), "{both}");
        let less = refused("versus = \"b.json\"\n\"cost_usd.total\" = { rise = -1 }\n");
        assert!(less.contains("is below 0"), "{less}");
        assert!(refused("versus = 3\n").contains("put it in quotes"));
        assert!(refused("\"cost_usd.total\" = {}\n").contains("bounds nothing"));
    }
}
