//! Expectations: bounds on figures, judged with the measured value beside them.

use super::Summary;
use serde::Serialize;
use std::fmt;

/// What a figure must keep to; a value on a bound keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bounds {
    /// Smallest value that is right.
    pub above: Option<f64>,
    /// Largest value that is right.
    pub below: Option<f64>,
}

impl Bounds {
    /// Whether a value lies within.
    pub fn hold(&self, value: f64) -> bool {
        let within =
            self.above.is_none_or(|above| value >= above) && self.below.is_none_or(|below| value <= below);
        within && !value.is_nan()
    }
}

impl fmt::Display for Bounds {
    /// `30 to 36`, `at least 30`, `at most 36`, `exactly 0`, `any value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.above, self.below) {
            (Some(above), Some(below)) if above == below => write!(f, "exactly {}", bound(above)),
            (Some(above), Some(below)) => write!(f, "{} to {}", bound(above), bound(below)),
            (Some(above), None) => write!(f, "at least {}", bound(above)),
            (None, Some(below)) => write!(f, "at most {}", bound(below)),
            (None, None) => f.write_str("any value"),
        }
    }
}

/// A judged expectation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expectation {
    /// Path of the figure.
    pub path: String,
    /// What was measured; `None` when nothing was, which keeps no bound.
    pub measured: Option<f64>,
    /// What was expected.
    pub bounds: Bounds,
    /// The figure of the baseline that the bounds were made from.
    pub baseline: Option<f64>,
    /// Whether it held.
    pub held: bool,
}

impl fmt::Display for Expectation {
    /// `cost_usd.total = 31.2, expected 30 to 36`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.measured {
            Some(value) => write!(f, "{} = {}", self.path, short(value))?,
            None => write!(f, "{} was not measured", self.path)?,
        }
        write!(f, ", expected {}", self.bounds)?;
        match self.baseline {
            Some(baseline) => write!(f, " by the baseline's {}", short(baseline)),
            None => Ok(()),
        }
    }
}

/// A bound as it was written; one that was reckoned may have more digits than say anything.
fn bound(value: f64) -> String {
    let written = value.to_string();
    if written.len() <= 12 { written } else { short(value) }
}

/// Six significant digits: enough to tell a value from its bound.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

impl Summary {
    /// Judges bounds in their order.
    pub fn judge<'a>(&self, bounds: impl IntoIterator<Item = (&'a str, Bounds)>) -> Vec<Expectation> {
        let judge = |(path, bounds): (&str, Bounds)| {
            let measured = self.figure(path);
            let held = measured.is_some_and(|value| bounds.hold(value));
            Expectation { path: path.to_string(), measured, bounds, baseline: None, held }
        };
        bounds.into_iter().map(judge).collect()
    }
}
