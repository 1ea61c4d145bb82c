//! Laws of chance for times: stated by what a planner knows (mean, cv, quantiles), drawn as whole nanoseconds.

use super::{Generator, Purpose, SimDuration, named_stream};
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, Gamma, LogNormal, Weibull};
use std::fmt;

/// The largest work a request can carry: 2^45 ns of CPU, about 9.8 hours.
pub(crate) const WORK_MAX: u64 = 1 << 45;

/// A law for a length of time. All times are in nanoseconds; a coefficient of variation (`cv`) is the standard
/// deviation over the mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant {
        /// The value, ns.
        value: f64,
    },
    /// Every value of `[low, high)` alike.
    Uniform {
        /// Smallest value, ns.
        low: f64,
        /// Largest value, ns; above `low`.
        high: f64,
    },
    /// Memoryless; cv 1.
    Exponential {
        /// Mean, ns.
        mean: f64,
    },
    /// Gamma law; with cv = 1/sqrt(k) the Erlang law of k stages.
    Gamma {
        /// Mean, ns.
        mean: f64,
        /// Coefficient of variation, above 0.
        cv: f64,
    },
    /// Two exponentials with balanced means (cv at least 1): Kleinrock, or `queueing` reference section 5.
    Hyperexponential {
        /// Mean, ns.
        mean: f64,
        /// Coefficient of variation, at least 1.
        cv: f64,
    },
    /// The logarithm is normal: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2/2.
    Lognormal {
        /// Mean, ns.
        mean: f64,
        /// Coefficient of variation, above 0.
        cv: f64,
    },
    /// Weibull law with the given mean: scale = mean / gamma(1 + 1/shape).
    Weibull {
        /// Mean, ns.
        mean: f64,
        /// Shape, above 0; under 1 is heavier than exponential.
        shape: f64,
    },
    /// Pareto law cut to `[low, high]`.
    BoundedPareto {
        /// Smallest value, ns.
        low: f64,
        /// Largest value, ns.
        high: f64,
        /// Tail index, above 0; smaller is heavier.
        alpha: f64,
    },
    /// Measured quantiles, joined by straight lines.
    Quantiles {
        /// Pairs (probability, value in ns), both rising, from probability 0 to 1.
        points: Vec<(f64, f64)>,
    },
}

/// Why a distribution cannot exist: a rule in words, with the offending value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDistribution(String);

impl fmt::Display for BadDistribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadDistribution {}

impl Distribution {
    /// The mean, ns.
    pub fn mean(&self) -> f64 {
        match self {
            Distribution::Constant { value } => *value,
            Distribution::Uniform { low, high } => (low + high) / 2.0,
            Distribution::Exponential { mean }
            | Distribution::Gamma { mean, .. }
            | Distribution::Hyperexponential { mean, .. }
            | Distribution::Lognormal { mean, .. }
            | Distribution::Weibull { mean, .. } => *mean,
            Distribution::BoundedPareto { low, high, alpha } => bounded_pareto_mean(*low, *high, *alpha),
            Distribution::Quantiles { points } => {
                points.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum()
            }
        }
    }

    /// One value for what is named so: how late a scheduled action is. The seed, the name and the index are its whole address.
    ///
    /// Panics on parameters that [`Distribution::check`] refuses.
    pub fn draw_once(&self, seed: u64, name: &str, index: u64) -> SimDuration {
        let mut sampler = Sampler::new(self, named_stream(seed, Purpose::Lateness, name, index));
        SimDuration::from_nanos(sampler.draw())
    }

    /// Checks that the parameters describe a law.
    ///
    /// # Errors
    /// Says which parameter breaks which rule.
    pub fn check(&self) -> Result<(), BadDistribution> {
        let bad = |rule: String| Err(BadDistribution(rule));
        let finite = |name: &str, v: f64| {
            if v.is_finite() && v >= 0.0 {
                Ok(())
            } else {
                bad(format!("{name} must be zero or more and finite, not {v}"))
            }
        };
        match *self {
            Distribution::Constant { value } => finite("the value", value),
            Distribution::Uniform { low, high } => {
                finite("low", low)?;
                finite("high", high)?;
                if low < high { Ok(()) } else { bad("low must be below high".into()) }
            }
            Distribution::Exponential { mean } => finite("the mean", mean),
            Distribution::Gamma { mean, cv } | Distribution::Lognormal { mean, cv } => {
                finite("the mean", mean)?;
                if (0.001..=100.0).contains(&cv) {
                    Ok(())
                } else {
                    bad(format!("cv must lie in 0.001 to 100, not {cv}"))
                }
            }
            Distribution::Hyperexponential { mean, cv } => {
                finite("the mean", mean)?;
                if (1.0..=100.0).contains(&cv) {
                    Ok(())
                } else {
                    bad(format!("cv must lie in 1 to 100, not {cv}"))
                }
            }
            Distribution::Weibull { mean, shape } => {
                finite("the mean", mean)?;
                if (0.05..=100.0).contains(&shape) {
                    Ok(())
                } else {
                    bad(format!("shape must lie in 0.05 to 100, not {shape}"))
                }
            }
            Distribution::BoundedPareto { low, high, alpha } => {
                finite("low", low)?;
                finite("high", high)?;
                if !(low > 0.0 && low < high) {
                    return bad("low must be above zero and below high".into());
                }
                if (0.01..=100.0).contains(&alpha) {
                    Ok(())
                } else {
                    bad(format!("alpha must lie in 0.01 to 100, not {alpha}"))
                }
            }
            Distribution::Quantiles { ref points } => check_points(points),
        }
    }
}

fn check_points(points: &[(f64, f64)]) -> Result<(), BadDistribution> {
    let bad = |rule: &str| Err(BadDistribution(rule.to_string()));
    if !(2..=100_000).contains(&points.len()) {
        return bad("a table of quantiles has between 2 and 100000 points");
    }
    if points[0].0 != 0.0 || points[points.len() - 1].0 != 1.0 {
        return bad("a table of quantiles goes from probability 0 (smallest value) to 1 (largest value)");
    }
    if points.iter().any(|p| !(p.1.is_finite() && p.1 >= 0.0)) {
        return bad("quantiles must be zero or more and finite");
    }
    if points.windows(2).any(|w| w[0].0 >= w[1].0 || w[0].1 > w[1].1) {
        return bad("probabilities must rise and values must not fall");
    }
    Ok(())
}

fn bounded_pareto_mean(low: f64, high: f64, alpha: f64) -> f64 {
    let ratio = low / high;
    if (alpha - 1.0).abs() < 1e-12 {
        return low / (1.0 - ratio) * (high / low).ln();
    }
    alpha * low.powf(alpha) / (1.0 - ratio.powf(alpha)) * (high.powf(1.0 - alpha) - low.powf(1.0 - alpha))
        / (1.0 - alpha)
}

/// A law bound to a stream. Which law it is is decided once a block, never once a request.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    law: Law,
    generator: Generator,
}

#[derive(Debug, Clone)]
enum Law {
    Constant(u64),
    Uniform(f64, f64),
    Exponential(f64),
    Gamma(Gamma<f64>),
    Hyperexponential { first: f64, mean_first: f64, mean_second: f64 },
    Lognormal(LogNormal<f64>),
    Weibull(Weibull<f64>),
    BoundedPareto { low: f64, cut: f64, inverse: f64 },
    Quantiles(Vec<(f64, f64)>),
}

impl Sampler {
    /// Binds a checked law to a stream. Panics on parameters that [`Distribution::check`] refuses.
    pub fn new(law: &Distribution, generator: Generator) -> Self {
        let checked = "a distribution is checked before it is sampled";
        let law = match law {
            Distribution::Constant { value } => Law::Constant(value.round() as u64),
            Distribution::Uniform { low, high } => Law::Uniform(*low, high - low),
            Distribution::Exponential { mean } => Law::Exponential(*mean),
            Distribution::Gamma { mean, cv } => {
                let shape = 1.0 / (cv * cv);
                if *mean == 0.0 {
                    Law::Constant(0)
                } else {
                    Law::Gamma(Gamma::new(shape, mean / shape).expect(checked))
                }
            }
            Distribution::Hyperexponential { mean, cv } => {
                let v = cv * cv;
                let first = (1.0 + ((v - 1.0) / (v + 1.0)).sqrt()) / 2.0;
                Law::Hyperexponential {
                    first,
                    mean_first: mean / (2.0 * first),
                    mean_second: mean / (2.0 * (1.0 - first)),
                }
            }
            Distribution::Lognormal { mean, cv } => {
                let s2 = (1.0 + cv * cv).ln();
                if *mean == 0.0 {
                    Law::Constant(0)
                } else {
                    Law::Lognormal(LogNormal::new(mean.ln() - s2 / 2.0, s2.sqrt()).expect(checked))
                }
            }
            Distribution::Weibull { mean, shape } => {
                let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
                if *mean == 0.0 {
                    Law::Constant(0)
                } else {
                    Law::Weibull(Weibull::new(scale, *shape).expect(checked))
                }
            }
            Distribution::BoundedPareto { low, high, alpha } => {
                Law::BoundedPareto { low: *low, cut: 1.0 - (low / high).powf(*alpha), inverse: -1.0 / alpha }
            }
            Distribution::Quantiles { points } => Law::Quantiles(points.clone()),
        };
        Sampler { law, generator }
    }

    /// One value from another generator, in whole nanoseconds.
    pub fn draw_from(&mut self, generator: Generator) -> u64 {
        self.generator = generator;
        self.draw()
    }

    /// One value, in whole nanoseconds.
    pub fn draw(&mut self) -> u64 {
        let mut one = [0];
        self.fill(&mut one);
        one[0]
    }

    /// Fills a block with values, in whole nanoseconds.
    pub fn fill(&mut self, out: &mut [u64]) {
        let g = &mut self.generator;
        match &self.law {
            Law::Constant(value) => out.fill(*value),
            Law::Uniform(low, width) => each(out, || low + width * g.random::<f64>()),
            Law::Exponential(mean) => each(out, || mean * exp1(g)),
            Law::Gamma(gamma) => each(out, || gamma.sample(g)),
            Law::Hyperexponential { first, mean_first, mean_second } => each(out, || {
                let mean = if g.random::<f64>() < *first { mean_first } else { mean_second };
                mean * exp1(g)
            }),
            Law::Lognormal(law) => each(out, || law.sample(g)),
            Law::Weibull(law) => each(out, || law.sample(g)),
            Law::BoundedPareto { low, cut, inverse } => {
                each(out, || low * (1.0 - cut * g.random::<f64>()).powf(*inverse))
            }
            Law::Quantiles(points) => each(out, || interpolate(points, g.random::<f64>())),
        }
    }
}

#[inline]
fn exp1(g: &mut Generator) -> f64 {
    Exp1.sample(g)
}

#[inline]
fn each(out: &mut [u64], mut draw: impl FnMut() -> f64) {
    for slot in out {
        // Values end below 2^63; the signed conversion is the cheaper one.
        *slot = (draw() as i64).max(0) as u64;
    }
}

fn interpolate(points: &[(f64, f64)], p: f64) -> f64 {
    let upper = points.partition_point(|q| q.0 <= p).clamp(1, points.len() - 1);
    let (a, b) = (points[upper - 1], points[upper]);
    a.1 + (b.1 - a.1) * (p - a.0) / (b.0 - a.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Purpose, stream};

    fn laws() -> Vec<(&'static str, Distribution, f64)> {
        let ms = 1e6;
        vec![
            ("constant", Distribution::Constant { value: 35.0 * ms }, 0.0),
            (
                "uniform",
                Distribution::Uniform { low: 20.0 * ms, high: 40.0 * ms },
                20.0 / 12f64.sqrt() / 30.0,
            ),
            ("exponential", Distribution::Exponential { mean: 35.0 * ms }, 1.0),
            ("erlang 4", Distribution::Gamma { mean: 35.0 * ms, cv: 0.5 }, 0.5),
            ("hyperexponential", Distribution::Hyperexponential { mean: 35.0 * ms, cv: 2.0 }, 2.0),
            ("lognormal", Distribution::Lognormal { mean: 35.0 * ms, cv: 1.2 }, 1.2),
            ("weibull 2", Distribution::Weibull { mean: 35.0 * ms, shape: 2.0 }, 0.522_723_200_877),
            (
                "bounded pareto",
                Distribution::BoundedPareto { low: 10.0 * ms, high: 1000.0 * ms, alpha: 2.5 },
                0.789_448,
            ),
            (
                "quantiles",
                Distribution::Quantiles { points: vec![(0.0, 0.0), (0.5, 10.0 * ms), (1.0, 40.0 * ms)] },
                0.793_492,
            ),
        ]
    }

    /// Seed 1, 400,000 draws: the sample mean lies within four standard errors (cv / sqrt(n)) of the stated mean,
    /// and the sample cv within 2 % of the law's own, which for these laws is at least three standard errors.
    #[test]
    fn every_law_has_the_mean_and_cv_it_states() {
        let n = 400_000;
        for (i, (name, law, cv)) in laws().into_iter().enumerate() {
            law.check().expect(name);
            let mut values = vec![0; n];
            Sampler::new(&law, stream(1, Purpose::CpuTime, i as u64)).fill(&mut values);
            let mean = values.iter().map(|&v| v as f64).sum::<f64>() / n as f64;
            let variance = values.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / n as f64;
            let tolerance = 4.0 * cv / (n as f64).sqrt() + 1e-7;
            assert!(
                (mean / law.mean() - 1.0).abs() < tolerance,
                "{name}: mean {mean}, stated {}",
                law.mean()
            );
            assert!(
                (variance.sqrt() / mean - cv).abs() <= 0.02 * cv + 1e-9,
                "{name}: cv {}",
                variance.sqrt() / mean
            );
        }
    }

    /// Kolmogorov-Smirnov against the law's own distribution function: seed 2, 100,000 draws, the 99.99 % limit
    /// 2.225 / sqrt(n).
    #[test]
    fn samples_follow_their_distribution_function() {
        let n = 100_000;
        let check = |law: Distribution, cdf: &dyn Fn(f64) -> f64| {
            let mut values = vec![0; n];
            Sampler::new(&law, stream(2, Purpose::CpuTime, 0)).fill(&mut values);
            values.sort_unstable();
            let worst = values.iter().enumerate().fold(0.0f64, |worst, (i, &v)| {
                let f = cdf(v as f64);
                worst.max((f - i as f64 / n as f64).abs()).max(((i + 1) as f64 / n as f64 - f).abs())
            });
            assert!(worst < 2.225 / (n as f64).sqrt(), "{law:?}: {worst}");
        };
        let mean = 1e7;
        check(Distribution::Exponential { mean }, &|x| 1.0 - (-x / mean).exp());
        check(Distribution::Weibull { mean, shape: 2.0 }, &|x| {
            1.0 - (-(x / (mean / libm::tgamma(1.5))).powi(2)).exp()
        });
        check(Distribution::BoundedPareto { low: 1e6, high: 1e9, alpha: 1.5 }, &|x| {
            (1.0 - (1e6 / x).powf(1.5)) / (1.0 - 1e-3f64.powf(1.5))
        });
        check(Distribution::Uniform { low: 1e6, high: 3e6 }, &|x| (x - 1e6) / 2e6);
    }

    #[test]
    fn impossible_laws_are_refused_with_the_rule() {
        let cases = [
            (Distribution::Uniform { low: 2.0, high: 1.0 }, "low must be below high"),
            (
                Distribution::Exponential { mean: f64::NAN },
                "the mean must be zero or more and finite, not NaN",
            ),
            (Distribution::Hyperexponential { mean: 1.0, cv: 0.5 }, "cv must lie in 1 to 100, not 0.5"),
            (
                Distribution::Quantiles { points: vec![(0.0, 1.0)] },
                "a table of quantiles has between 2 and 100000 points",
            ),
        ];
        for (law, rule) in cases {
            assert_eq!(law.check().unwrap_err().to_string(), rule);
        }
    }
}
