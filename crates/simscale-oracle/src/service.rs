//! Service-time laws: moments, tails and, where they exist, phase-type forms and transforms.

use crate::check;
use crate::complex::Complex;
use crate::error::{ErrorKind, OracleError, Result};
use crate::matrix::Matrix;
use crate::phase::PhaseType;
use crate::stats::normal_tail;
use statrs::function::gamma::{gamma, gamma_ur};

/// Largest number of Erlang stages whose full distribution is computed.
pub const MAX_PHASES: u32 = 64;

/// A law of service times (or of any positive duration). Build it with one of the constructors.
///
/// ```
/// use simscale_oracle::service::ServiceLaw;
/// let law = ServiceLaw::hyperexponential_balanced(1.0, 4.0)?;
/// assert!((law.mean() - 1.0).abs() < 1e-12 && (law.scv() - 4.0).abs() < 1e-12);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceLaw(Shape);

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Deterministic { value: f64 },
    Exponential { mean: f64 },
    Erlang { stages: u32, mean: f64 },
    Hyperexponential { p: f64, mean1: f64, mean2: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Uniform { low: f64, high: f64 },
    BoundedPareto { alpha: f64, low: f64, high: f64 },
    Gamma { shape: f64, scale: f64 },
    Weibull { shape: f64, scale: f64 },
    Quantiles { points: Vec<(f64, f64)> },
}

impl ServiceLaw {
    /// Always exactly `value > 0`.
    ///
    /// # Errors
    /// Out of domain when `value` is not a finite number above 0.
    pub fn deterministic(value: f64) -> Result<Self> {
        check::positive("the service time", value)?;
        Ok(ServiceLaw(Shape::Deterministic { value }))
    }

    /// Exponential with the given mean.
    ///
    /// # Errors
    /// Out of domain when `mean` is not a finite number above 0.
    pub fn exponential(mean: f64) -> Result<Self> {
        check::positive("the mean service time", mean)?;
        Ok(ServiceLaw(Shape::Exponential { mean }))
    }

    /// Sum of `stages >= 1` equal exponential stages with the given total mean; its scv is `1 / stages`.
    ///
    /// # Errors
    /// Out of domain when `stages` is 0 or `mean` is not a finite number above 0.
    pub fn erlang(stages: u32, mean: f64) -> Result<Self> {
        check::at_least("the number of stages", u64::from(stages), 1)?;
        check::positive("the mean service time", mean)?;
        Ok(ServiceLaw(Shape::Erlang { stages, mean }))
    }

    /// Exponential of mean `mean1` with probability `p`, else of mean `mean2`.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p <= 1` and both means are finite numbers above 0.
    pub fn hyperexponential(p: f64, mean1: f64, mean2: f64) -> Result<Self> {
        check::positive("the first mean", mean1)?;
        check::positive("the second mean", mean2)?;
        if !(0.0..=1.0).contains(&p) {
            return Err(OracleError::domain(format!(
                "the branch probability must lie in 0..=1, but it is {p}"
            )));
        }
        Ok(ServiceLaw(Shape::Hyperexponential { p, mean1, mean2 }))
    }

    /// Hyperexponential with balanced means, of given mean and squared coefficient of variation `scv >= 1`:
    /// `p = (1 + sqrt((scv - 1) / (scv + 1))) / 2`, `m1 = mean / (2p)`, `m2 = mean / (2 (1 - p))`.
    ///
    /// # Errors
    /// Out of domain when `mean` is not above 0 or `scv` is below 1.
    pub fn hyperexponential_balanced(mean: f64, scv: f64) -> Result<Self> {
        check::positive("the mean service time", mean)?;
        check::not_negative("the squared coefficient of variation less 1", scv - 1.0)?;
        let p = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
        ServiceLaw::hyperexponential(p, mean / (2.0 * p), mean / (2.0 * (1.0 - p)))
    }

    /// Lognormal: its logarithm is normal with mean `mu` and standard deviation `sigma >= 0`.
    ///
    /// # Errors
    /// Out of domain when a parameter is not finite or `sigma` is negative.
    pub fn lognormal(mu: f64, sigma: f64) -> Result<Self> {
        check::finite("the log mean", mu)?;
        check::not_negative("the log standard deviation", sigma)?;
        Ok(ServiceLaw(Shape::Lognormal { mu, sigma }))
    }

    /// Lognormal of given mean and squared coefficient of variation: `sigma^2 = ln(1 + scv)`.
    ///
    /// # Errors
    /// Out of domain when `mean` is not above 0 or `scv` is negative.
    pub fn lognormal_with_scv(mean: f64, scv: f64) -> Result<Self> {
        check::positive("the mean service time", mean)?;
        check::not_negative("the squared coefficient of variation", scv)?;
        let variance = scv.ln_1p();
        ServiceLaw::lognormal(mean.ln() - 0.5 * variance, variance.sqrt())
    }

    /// Uniform between `low >= 0` and `high > low`.
    ///
    /// # Errors
    /// Out of domain when the bounds are not finite, negative or out of order.
    pub fn uniform(low: f64, high: f64) -> Result<Self> {
        check::not_negative("the lower bound", low)?;
        check::positive("the width of the range", high - low)?;
        Ok(ServiceLaw(Shape::Uniform { low, high }))
    }

    /// Pareto of index `alpha > 0` cut to `low..high`, with `0 < low < high`.
    ///
    /// # Errors
    /// Out of domain when a parameter is not above 0 or the bounds are out of order.
    pub fn bounded_pareto(alpha: f64, low: f64, high: f64) -> Result<Self> {
        check::positive("the Pareto index", alpha)?;
        check::positive("the lower bound", low)?;
        check::positive("the width of the range", high - low)?;
        Ok(ServiceLaw(Shape::BoundedPareto { alpha, low, high }))
    }

    /// Gamma of given mean and squared coefficient of variation: shape `1 / scv`.
    ///
    /// # Errors
    /// Out of domain when a parameter is not a finite number above 0.
    pub fn gamma_with_scv(mean: f64, scv: f64) -> Result<Self> {
        check::positive("the mean service time", mean)?;
        check::positive("the squared coefficient of variation", scv)?;
        Ok(ServiceLaw(Shape::Gamma { shape: 1.0 / scv, scale: mean * scv }))
    }

    /// Weibull of given mean: `P(S > t) = exp(-(t / b)^shape)` with `b = mean / Gamma(1 + 1 / shape)`.
    ///
    /// # Errors
    /// Out of domain when a parameter is not a finite number above 0.
    pub fn weibull(mean: f64, shape: f64) -> Result<Self> {
        check::positive("the mean service time", mean)?;
        check::positive("the Weibull shape", shape)?;
        Ok(ServiceLaw(Shape::Weibull { shape, scale: mean / gamma(1.0 + 1.0 / shape) }))
    }

    /// Quantiles `(p, t)` joined by straight lines: uniform between neighbours. From `p = 0` to `p = 1`, both rising.
    ///
    /// # Errors
    /// Out of domain when there are fewer than two points, `p` does not rise from 0 to 1, or times fall or are negative.
    pub fn quantiles(points: &[(f64, f64)]) -> Result<Self> {
        check::at_least("the number of quantiles", points.len() as u64, 2)?;
        for (_, time) in points {
            check::not_negative("the time of a quantile", *time)?;
        }
        let rises = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        if !rises || points[0].0 != 0.0 || points[points.len() - 1].0 != 1.0 {
            return Err(OracleError::domain(format!(
                "quantiles must rise from 0 to 1 and times with them, but they are {points:?}"
            )));
        }
        Ok(ServiceLaw(Shape::Quantiles { points: points.to_vec() }))
    }

    /// Mean.
    pub fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// Raw moment `E[S^j]` for any `j >= 0` (reference formulas in Harchol-Balter 2013, ch. 3 and 20-21).
    pub fn moment(&self, j: u32) -> f64 {
        plain_moment(j, &self.0)
    }

    /// Variance; exactly 0 for a deterministic law.
    pub fn variance(&self) -> f64 {
        self.scv() * self.mean().powi(2)
    }

    /// Squared coefficient of variation, `Var S / E[S]^2`.
    pub fn scv(&self) -> f64 {
        match self.0 {
            Shape::Deterministic { .. } => 0.0,
            Shape::Exponential { .. } => 1.0,
            Shape::Erlang { stages, .. } => 1.0 / f64::from(stages),
            Shape::Lognormal { sigma, .. } => (sigma * sigma).exp_m1(),
            Shape::Uniform { low, high } => (high - low).powi(2) / (3.0 * (high + low).powi(2)),
            _ => (self.moment(2) / self.mean().powi(2) - 1.0).max(0.0),
        }
    }

    /// `P(S > t)`; 1 for a negative `t`.
    pub fn tail(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        if t == f64::INFINITY {
            return 0.0;
        }
        match self.0 {
            Shape::Deterministic { value } => f64::from(u8::from(t < value)),
            Shape::Exponential { mean } => (-t / mean).exp(),
            Shape::Erlang { stages, mean } => {
                crate::poisson::cumulative(f64::from(stages) * t / mean, u64::from(stages) - 1)
            }
            Shape::Hyperexponential { p, mean1, mean2 } => {
                p * (-t / mean1).exp() + (1.0 - p) * (-t / mean2).exp()
            }
            Shape::Lognormal { mu, sigma: 0.0 } => f64::from(u8::from(t < mu.exp())),
            Shape::Lognormal { mu, sigma } => normal_tail((t.ln() - mu) / sigma),
            Shape::Uniform { low, high } => ((high - t) / (high - low)).clamp(0.0, 1.0),
            Shape::BoundedPareto { alpha, low, high } => {
                let cut = (low / high).powf(alpha);
                (((low / t.clamp(low, high)).powf(alpha) - cut) / (1.0 - cut)).clamp(0.0, 1.0)
            }
            // The incomplete gamma function is not defined at 0.
            Shape::Gamma { .. } if t == 0.0 => 1.0,
            Shape::Gamma { shape, scale } => gamma_ur(shape, t / scale),
            Shape::Weibull { shape, scale } => (-(t / scale).powf(shape)).exp(),
            Shape::Quantiles { ref points } => points.windows(2).map(|pair| piece_tail(t, pair)).sum(),
        }
    }

    /// The constant, when the law is deterministic.
    pub(crate) fn constant(&self) -> Option<f64> {
        match self.0 {
            Shape::Deterministic { value } => Some(value),
            _ => None,
        }
    }

    /// The law as phases.
    pub(crate) fn phases(&self) -> Result<PhaseType> {
        match self.0 {
            Shape::Exponential { mean } => Ok(PhaseType::new(vec![1.0], Matrix::diagonal(&[-1.0 / mean]))),
            Shape::Erlang { stages, .. } if stages > MAX_PHASES => Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("the Erlang law has {stages} stages, but at most {MAX_PHASES} are supported here"),
            )),
            Shape::Erlang { stages, mean } => {
                let (k, rate) = (stages as usize, f64::from(stages) / mean);
                let mut generator = Matrix::diagonal(&vec![-rate; k]);
                (1..k).for_each(|i| generator.set(i - 1, i, rate));
                let mut start = vec![0.0; k];
                start[0] = 1.0;
                Ok(PhaseType::new(start, generator))
            }
            Shape::Hyperexponential { p, mean1, mean2 } => {
                Ok(PhaseType::new(vec![p, 1.0 - p], Matrix::diagonal(&[-1.0 / mean1, -1.0 / mean2])))
            }
            _ => Err(OracleError::new(
                ErrorKind::Unsupported,
                format!(
                    "the law {:?} is not of phase type; use an exponential, Erlang or hyperexponential law",
                    self.0
                ),
            )),
        }
    }

    /// Laplace-Stieltjes transform `E[exp(-i w S)]` on the imaginary axis, where it has a closed form.
    pub(crate) fn transform(&self, w: f64) -> Option<Complex> {
        let stage = |mean: f64| Complex::new(1.0, w * mean).recip();
        match self.0 {
            Shape::Deterministic { value } => Some(Complex::cis(-w * value)),
            Shape::Exponential { mean } => Some(stage(mean)),
            Shape::Erlang { stages, mean } => Some(stage(mean / f64::from(stages)).powi(stages)),
            Shape::Hyperexponential { p, mean1, mean2 } => {
                Some(stage(mean1).scale(p).add(stage(mean2).scale(1.0 - p)))
            }
            Shape::Uniform { low, high } => {
                let span = Complex::cis(-w * low).add(Complex::cis(-w * high).scale(-1.0));
                Some(span.mul(Complex::new(0.0, w * (high - low)).recip()))
            }
            _ => None,
        }
    }

    /// Points where the tail has a corner, for numeric integration.
    pub(crate) fn corners(&self) -> Vec<f64> {
        match self.0 {
            Shape::Deterministic { value } => vec![value],
            Shape::Uniform { low, high } | Shape::BoundedPareto { low, high, .. } => vec![low, high],
            Shape::Quantiles { ref points } => points.iter().map(|point| point.1).collect(),
            _ => Vec::new(),
        }
    }
}

fn factorial(j: u32) -> f64 {
    (1..=j).map(f64::from).product()
}

fn bounded_pareto_moment(j: f64, alpha: f64, low: f64, high: f64) -> f64 {
    let scale = alpha * low.powf(alpha) / (1.0 - (low / high).powf(alpha));
    let (gap, ratio) = (j - alpha, (high / low).ln());
    let growth = if gap == 0.0 { ratio } else { (gap * ratio).exp_m1() / gap };
    scale * low.powf(gap) * growth
}

/// `E[S^j]` of the laws that have a closed form of one piece.
fn plain_moment(j: u32, shape: &Shape) -> f64 {
    let power = f64::from(j);
    match *shape {
        Shape::Deterministic { value } => value.powf(power),
        Shape::Exponential { mean } => factorial(j) * mean.powf(power),
        Shape::Erlang { stages, mean } => {
            let stage = mean / f64::from(stages);
            (0..j).map(|i| (f64::from(stages) + f64::from(i)) * stage).product()
        }
        Shape::Hyperexponential { p, mean1, mean2 } => {
            factorial(j) * (p * mean1.powf(power) + (1.0 - p) * mean2.powf(power))
        }
        Shape::Lognormal { mu, sigma } => (power * mu + 0.5 * (power * sigma).powi(2)).exp(),
        Shape::Uniform { low, high } => {
            (high.powf(power + 1.0) - low.powf(power + 1.0)) / ((power + 1.0) * (high - low))
        }
        Shape::BoundedPareto { alpha, low, high } => bounded_pareto_moment(power, alpha, low, high),
        Shape::Gamma { shape, scale } => (0..j).map(|i| (shape + f64::from(i)) * scale).product(),
        Shape::Weibull { shape, scale } => scale.powf(power) * gamma(1.0 + power / shape),
        Shape::Quantiles { ref points } => points.windows(2).map(|pair| piece_moment(power, pair)).sum(),
    }
}

/// What the piece between two quantiles adds to `E[S^j]`.
fn piece_moment(j: f64, pair: &[(f64, f64)]) -> f64 {
    let ((p, low), (q, high)) = (pair[0], pair[1]);
    let inside = if low == high {
        low.powf(j)
    } else {
        (high.powf(j + 1.0) - low.powf(j + 1.0)) / ((j + 1.0) * (high - low))
    };
    (q - p) * inside
}

/// What the piece between two quantiles adds to `P(S > t)`.
fn piece_tail(t: f64, pair: &[(f64, f64)]) -> f64 {
    let ((p, low), (q, high)) = (pair[0], pair[1]);
    let beyond =
        if low == high { f64::from(u8::from(t < low)) } else { ((high - t) / (high - low)).clamp(0.0, 1.0) };
    (q - p) * beyond
}
