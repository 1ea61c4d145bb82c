//! Laws of chance for times, spelled by what a planner knows: mean, spread, quantiles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{Distribution, SimDuration};

use crate::text::{Check, Duration};

/// The longest time that one draw of a law stands for, in nanoseconds: 2^45, about 9.8 hours.
const LONGEST: u64 = 1 << 45;

/// A law of chance for a length of time: a table named by the law, such as `{ lognormal = { mean = "35ms", cv = 1.2 } }`.
///
/// `cv` is the coefficient of variation: standard deviation over mean. A single draw above 2^45 ns (9.8 hours) is cut to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Law {
    /// Always the same time: `{ constant = "15ms" }`.
    Constant(Duration),
    /// Every time from `low` up to `high` alike.
    Uniform {
        /// Shortest time.
        low: Duration,
        /// Longest time; above `low`.
        high: Duration,
    },
    /// Memoryless: many short times, few long ones; cv 1.
    Exponential {
        /// Mean.
        mean: Duration,
    },
    /// The sum of several exponential stages: calmer than exponential, cv 1 / sqrt(stages).
    Erlang {
        /// Mean of the sum.
        mean: Duration,
        /// Number of stages, 1 to 10000.
        #[schemars(range(min = 1, max = 10_000))]
        stages: u32,
    },
    /// Gamma law with a chosen spread.
    Gamma {
        /// Mean.
        mean: Duration,
        /// Coefficient of variation, 0.001 to 100.
        #[schemars(range(min = 0.001, max = 100.0))]
        cv: f64,
    },
    /// Two exponentials with balanced means: mostly short, sometimes long; cv 1 or more.
    Hyperexponential {
        /// Mean.
        mean: Duration,
        /// Coefficient of variation, 1 to 100.
        #[schemars(range(min = 1.0, max = 100.0))]
        cv: f64,
    },
    /// The logarithm is normal: the usual shape of measured service and boot times.
    Lognormal {
        /// Mean.
        mean: Duration,
        /// Coefficient of variation, 0.001 to 100.
        #[schemars(range(min = 0.001, max = 100.0))]
        cv: f64,
    },
    /// Weibull law; a shape under 1 is heavier than exponential.
    Weibull {
        /// Mean.
        mean: Duration,
        /// Shape, 0.05 to 100.
        #[schemars(range(min = 0.05, max = 100.0))]
        shape: f64,
    },
    /// Pareto law cut to a range: heavy tails with a known end.
    BoundedPareto {
        /// Shortest time; above zero.
        low: Duration,
        /// Longest time; above `low`.
        high: Duration,
        /// Tail index, 0.01 to 100; smaller is heavier.
        #[schemars(range(min = 0.01, max = 100.0))]
        alpha: f64,
    },
    /// Measured quantiles joined by straight lines, from quantile 0 (shortest) to 1 (longest).
    Quantiles(#[schemars(length(min = 2))] Vec<QuantilePoint>),
}

/// One measured quantile of a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantilePoint {
    /// Share of the measured times that are at most `time`, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub quantile: f64,
    /// The time at this quantile.
    pub time: Duration,
}

impl Law {
    /// The law as the engine knows it.
    pub fn distribution(&self) -> Distribution {
        match self {
            Law::Constant(value) => Distribution::Constant { value: ns(*value) },
            Law::Uniform { low, high } => Distribution::Uniform { low: ns(*low), high: ns(*high) },
            Law::Exponential { mean } => Distribution::Exponential { mean: ns(*mean) },
            Law::Erlang { mean, stages } => {
                Distribution::Gamma { mean: ns(*mean), cv: 1.0 / f64::from(*stages).sqrt() }
            }
            Law::Gamma { mean, cv } => Distribution::Gamma { mean: ns(*mean), cv: *cv },
            Law::Hyperexponential { mean, cv } => Distribution::Hyperexponential { mean: ns(*mean), cv: *cv },
            Law::Lognormal { mean, cv } => Distribution::Lognormal { mean: ns(*mean), cv: *cv },
            Law::Weibull { mean, shape } => Distribution::Weibull { mean: ns(*mean), shape: *shape },
            Law::BoundedPareto { low, high, alpha } => {
                Distribution::BoundedPareto { low: ns(*low), high: ns(*high), alpha: *alpha }
            }
            Law::Quantiles(points) => Distribution::Quantiles {
                points: points.iter().map(|point| (point.quantile, ns(point.time))).collect(),
            },
        }
    }

    /// Mean in seconds.
    pub fn mean_seconds(&self) -> f64 {
        self.distribution().mean() / 1e9
    }

    /// Reports what keeps the law from existing, at the law's own path.
    pub(crate) fn check(&self, path: &str, check: &mut Check<'_>) {
        match self {
            Law::Uniform { low, high } if low >= high => {
                check.fail(
                    &format!("{path}.uniform.low"),
                    format!("is not below high ({high})"),
                    "write low < high",
                );
            }
            Law::BoundedPareto { low, high, .. } if low >= high => {
                let path = format!("{path}.bounded_pareto.low");
                check.fail(&path, format!("is not below high ({high})"), "write low < high");
            }
            Law::BoundedPareto { low, .. } if low.is_zero() => {
                check.fail(&format!("{path}.bounded_pareto.low"), "is zero", "write a time above zero");
            }
            Law::Quantiles(points) => check_points(points, &format!("{path}.quantiles"), check),
            _ => {
                if let Err(error) = self.distribution().check() {
                    check.fail(
                        path,
                        format!("is no law of chance: {error}"),
                        "correct the parameters of the law",
                    );
                }
            }
        }
        if self.distribution().mean() > LONGEST as f64 {
            let rule = format!(
                "has a mean of {:.1} hours; the longest time is 9.7 hours",
                self.mean_seconds() / 3600.0
            );
            check.fail(path, rule, "check the number and its unit");
        }
    }
}

fn check_points(points: &[QuantilePoint], path: &str, check: &mut Check<'_>) {
    let mut rising = true;
    for (index, pair) in points.windows(2).enumerate() {
        let (low, high) = (pair[0], pair[1]);
        if low.quantile >= high.quantile {
            let rule = format!("does not rise above the quantile before it ({})", low.quantile);
            check.fail(
                &format!("{path}.{}.quantile", index + 1),
                rule,
                "sort the points by quantile, each once",
            );
            rising = false;
        }
        if low.time > high.time {
            let rule = format!("is below the time of the quantile before it ({})", low.time);
            check.fail(&format!("{path}.{}.time", index + 1), rule, "let times rise with their quantiles");
        }
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    if rising && first.quantile != 0.0 {
        let rule = "is the first quantile; a table begins at 0";
        check.fail(
            &format!("{path}.0.quantile"),
            rule,
            "add the shortest time: { quantile = 0, time = \"...\" }",
        );
    }
    if rising && last.quantile != 1.0 {
        let rule = "is the last quantile; a table ends at 1";
        let path = format!("{path}.{}.quantile", points.len() - 1);
        check.fail(&path, rule, "add the longest time: { quantile = 1, time = \"...\" }");
    }
}

fn ns(time: Duration) -> f64 {
    time.nanos() as f64
}

/// A length of time as the engine knows it.
pub(crate) fn sim(time: Duration) -> SimDuration {
    SimDuration::from_nanos(time.nanos())
}

/// A ratio in millionths.
pub(crate) fn ppm(ratio: f64) -> u32 {
    (ratio * 1e6).round() as u32
}
