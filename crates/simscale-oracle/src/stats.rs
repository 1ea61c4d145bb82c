//! Confidence intervals and quantiles for the output of independent runs.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc_inv;

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::roots::brent;

/// Degrees of freedom above which Student's t is taken as normal; the quantiles differ by less than 1e-8 of themselves.
const NORMAL_FROM: f64 = 1e9;

/// A mean with the half width of its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// Estimate, in the unit of the data.
    pub mean: f64,
    /// Half the width of the interval, in the unit of the data.
    pub half_width: f64,
    /// Degrees of freedom of the t quantile used.
    pub degrees_of_freedom: f64,
}

impl Interval {
    pub(crate) fn new(mean: f64, half_width: f64, degrees_of_freedom: f64) -> Self {
        Interval { mean, half_width, degrees_of_freedom }
    }

    /// Lower end.
    pub fn low(&self) -> f64 {
        self.mean - self.half_width
    }

    /// Upper end.
    pub fn high(&self) -> f64 {
        self.mean + self.half_width
    }

    /// True when `value` lies in the interval, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low() <= value && value <= self.high()
    }

    /// Half width over the absolute mean; infinite or not a number when the mean is 0.
    pub fn relative_half_width(&self) -> f64 {
        self.half_width / self.mean.abs()
    }
}

/// The `p` quantile of the standard normal law.
///
/// # Errors
/// Out of domain unless `0 < p < 1`.
pub fn normal_quantile(p: f64) -> Result<f64> {
    check::open_unit("the probability", p)?;
    let size = std::f64::consts::SQRT_2 * erfc_inv(2.0 * p.min(1.0 - p));
    Ok(if p > 0.5 { size } else { -size })
}

/// `P(Z > x)` for a standard normal `Z`, to about 1e-14 of itself.
///
/// Near the centre the series `1/2 - phi(x) (x + x^3/3 + x^5/15 + ...)`, farther out the continued fraction of Laplace
/// (Abramowitz and Stegun 26.2.11 and 26.2.14).
pub fn normal_tail(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - normal_tail(-x);
    }
    if x < 2.5 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term > 1e-18 * sum {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 - normal_density(x) * sum;
    }
    let fraction = (1..200).rev().fold(x, |below, k| x + f64::from(k) / below);
    normal_density(x) / fraction
}

/// Density of the standard normal law at `x`.
pub fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

/// `P(X > x)` for Student's t with `df >= 0.001` degrees of freedom, not necessarily whole:
/// half the regularised beta `I(df / 2, 1/2)` at `df / (df + x^2)` for `x >= 0`, mirrored below 0.
///
/// # Errors
/// Out of domain when `df` is below 0.001 or not finite, or `x` is not finite.
pub fn t_tail(df: f64, x: f64) -> Result<f64> {
    degrees(df)?;
    check::finite("the t value", x)?;
    let upper = half_tail(df, x.abs());
    Ok(if x >= 0.0 { upper } else { 1.0 - upper })
}

/// The `p` quantile of Student's t with `df >= 0.001` degrees of freedom, not necessarily whole.
///
/// # Errors
/// Out of domain when `df` is below 0.001 or not finite, or unless `0 < p < 1`.
pub fn t_quantile(df: f64, p: f64) -> Result<f64> {
    degrees(df)?;
    check::open_unit("the probability", p)?;
    if df > NORMAL_FROM {
        return normal_quantile(p);
    }
    let target = p.min(1.0 - p);
    if target == 0.5 {
        return Ok(0.0);
    }
    let mut high = 1.0;
    while half_tail(df, high) > target {
        high *= 2.0;
        if high > 1e150 {
            return Err(OracleError::new(
                ErrorKind::NotConverged,
                format!("the {p} quantile with {df} degrees of freedom lies beyond {high}"),
            ));
        }
    }
    let size = brent(0.0, high, |x| half_tail(df, x) - target)?;
    Ok(if p > 0.5 { size } else { -size })
}

fn degrees(df: f64) -> Result<f64> {
    check::not_negative("the degrees of freedom less 0.001", df - 0.001)?;
    Ok(df)
}

/// `P(X > x)` for `x >= 0`.
fn half_tail(df: f64, x: f64) -> f64 {
    if df > NORMAL_FROM {
        return normal_tail(x);
    }
    if x * x <= df {
        // Near the centre the complement keeps the digits.
        0.5 - 0.5 * beta_reg(0.5, 0.5 * df, x * x / (df + x * x))
    } else {
        0.5 * beta_reg(0.5 * df, 0.5, df / (df + x * x))
    }
}

/// Mean of one value per independent run with its t interval, `mean +- t(R-1, 1-delta/2) S / sqrt(R)`
/// (Law, *Simulation Modeling and Analysis*, ch. 9).
///
/// # Errors
/// Out of domain with fewer than two values, a value that is not finite, or unless `0 < confidence < 1`.
pub fn mean_interval(values: &[f64], confidence: f64) -> Result<Interval> {
    check::sample("the sample", values, 2)?;
    let n = values.len() as f64;
    let t = two_sided(n - 1.0, confidence)?;
    Ok(Interval::new(mean(values), t * (variance(values) / n).sqrt(), n - 1.0))
}

/// Mean of the differences `a[i] - b[i]` with its t interval: for runs that share random numbers
/// (Law, ch. 10).
///
/// # Errors
/// Out of domain when the lengths differ, and as [`mean_interval`].
pub fn paired_interval(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval> {
    mean_interval(&differences(a, b)?, confidence)
}

/// Two-sided p-value of the paired t test that the mean difference is 0 (Law, ch. 10).
/// When all differences are equal it is 1 if they are 0, else 0.
///
/// # Errors
/// As [`paired_interval`].
pub fn paired_p_value(a: &[f64], b: &[f64]) -> Result<f64> {
    let gaps = differences(a, b)?;
    check::sample("the differences", &gaps, 2)?;
    let n = gaps.len() as f64;
    let (centre, error) = (mean(&gaps), (variance(&gaps) / n).sqrt());
    if error == 0.0 {
        return Ok(f64::from(u8::from(centre == 0.0)));
    }
    Ok(2.0 * t_tail(n - 1.0, (centre / error).abs())?)
}

/// Difference of the means of two independent samples, without assuming equal variances (Welch 1938; Law, ch. 10):
/// `df = (va + vb)^2 / (va^2 / (na - 1) + vb^2 / (nb - 1))` with `v = S^2 / n`.
///
/// # Errors
/// Out of domain with fewer than two values on a side, a value that is not finite, when both samples are
/// constant, or unless `0 < confidence < 1`.
pub fn welch_interval(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval> {
    check::sample("the first sample", a, 2)?;
    check::sample("the second sample", b, 2)?;
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let (va, vb) = (variance(a) / na, variance(b) / nb);
    if va + vb == 0.0 {
        return Err(OracleError::domain("both samples are constant: their variance is 0".to_string()));
    }
    let df = (va + vb).powi(2) / (va * va / (na - 1.0) + vb * vb / (nb - 1.0));
    Ok(Interval::new(mean(a) - mean(b), two_sided(df, confidence)? * (va + vb).sqrt(), df))
}

/// Number of runs after which the half width should be within a relative error `gamma` of the true mean:
/// the smallest `n` with `t(n-1, 1-delta/2) S / sqrt(n) / |mean| <= gamma / (1 + gamma)`, from a pilot sample (Law, ch. 9).
///
/// The result is at least the size of the pilot sample.
///
/// # Errors
/// As [`mean_interval`]; out of domain when the sample mean is 0 or `gamma` is not above 0.
pub fn replications_for_relative_error(pilot: &[f64], gamma: f64, confidence: f64) -> Result<u64> {
    check::sample("the pilot sample", pilot, 2)?;
    check::positive("the relative error", gamma)?;
    check::positive("the absolute sample mean", mean(pilot).abs())?;
    let goal = gamma / (1.0 + gamma) * mean(pilot).abs() / variance(pilot).sqrt();
    let meets =
        |n: u64| -> Result<bool> { Ok(two_sided(n as f64 - 1.0, confidence)? <= goal * (n as f64).sqrt()) };
    let mut low = pilot.len() as u64;
    if meets(low)? {
        return Ok(low);
    }
    let mut high = low * 2;
    while !meets(high)? {
        (low, high) = (high, high.saturating_mul(2));
        if high > 1 << 52 {
            return Err(OracleError::new(
                ErrorKind::Unreachable,
                format!("a relative error of {gamma} would need more than {low} runs"),
            ));
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if meets(middle)? { high = middle } else { low = middle }
    }
    Ok(high)
}

/// Ranks (counted from 1) of the order statistics that bound the `p` quantile of `n` independent observations,
/// `n p -+ z sqrt(n p (1 - p))`, rounded outwards (normal form of the binomial bounds; Law, ch. 9).
///
/// Only for independent data; for correlated data take one quantile per run and [`mean_interval`] over runs.
///
/// # Errors
/// Out of domain unless `0 < p < 1` and `0 < confidence < 1`; unreachable when `n` is too small for the bounds
/// to be observations.
pub fn quantile_ranks(n: u64, p: f64, confidence: f64) -> Result<(u64, u64)> {
    check::open_unit("the quantile", p)?;
    check::open_unit("the confidence", confidence)?;
    let (centre, z) = (n as f64 * p, normal_quantile(0.5 + 0.5 * confidence)?);
    let spread = z * (centre * (1.0 - p)).sqrt();
    let (low, high) = ((centre - spread).floor(), (centre + spread).ceil());
    if low < 1.0 || high > n as f64 {
        return Err(OracleError::new(
            ErrorKind::Unreachable,
            format!(
                "{n} observations are too few to bound the {p} quantile: the ranks would be {low} and {high}"
            ),
        ));
    }
    Ok((low as u64, high as u64))
}

/// p-values adjusted for several comparisons, in the order given (Holm 1979): reject where the result is at most alpha.
///
/// # Errors
/// Out of domain when a p-value lies outside 0 to 1.
pub fn holm_adjusted(p_values: &[f64]) -> Result<Vec<f64>> {
    if let Some(bad) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(OracleError::domain(format!("a p-value must lie in 0..=1, but one is {bad}")));
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor = 0.0f64;
    for (rank, at) in order.into_iter().enumerate() {
        floor = floor.max((p_values.len() - rank) as f64 * p_values[at]).min(1.0);
        adjusted[at] = floor;
    }
    Ok(adjusted)
}

/// Arithmetic mean; the caller has checked that there are values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance with divisor `n - 1`; the caller has checked that there are two values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// The two-sided t quantile for a confidence level.
pub(crate) fn two_sided(df: f64, confidence: f64) -> Result<f64> {
    check::open_unit("the confidence", confidence)?;
    t_quantile(df, 0.5 + 0.5 * confidence)
}

fn differences(a: &[f64], b: &[f64]) -> Result<Vec<f64>> {
    if a.len() == b.len() {
        return Ok(a.iter().zip(b).map(|(x, y)| x - y).collect());
    }
    Err(OracleError::domain(format!(
        "paired samples must match, but they hold {} and {} values",
        a.len(),
        b.len()
    )))
}
