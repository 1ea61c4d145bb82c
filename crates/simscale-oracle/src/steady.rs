//! Steady-state estimates from one long run: where the warm-up ends and how far batch means may be trusted.

use crate::check;
use crate::error::{OracleError, Result};
use crate::stats::{Interval, mean, two_sided, variance};

/// Result of [`mser5`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Truncation {
    /// Complete batches of five in the series.
    pub batches: usize,
    /// Batches to drop from the front.
    pub truncate_batches: usize,
    /// Observations to drop from the front, five per batch.
    pub truncate_observations: usize,
    /// The smallest value of the statistic.
    pub statistic: f64,
    /// Mean of the complete batches that remain.
    pub truncated_mean: f64,
    /// True when the smallest value sits at the end of the search range: the run is too short.
    pub run_too_short: bool,
}

/// Result of [`batch_means`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BatchMeans {
    /// Mean over all batches with its t interval, one degree of freedom fewer than batches.
    pub interval: Interval,
    /// Observations in each batch.
    pub batch_size: usize,
    /// Sample variance of the batch means.
    pub variance: f64,
    /// Lag-1 autocorrelation of the batch means; 0 when they are all equal.
    pub lag1: f64,
    /// True when `|lag1| <= 2 / sqrt(batches)`; otherwise use batches twice as long.
    pub independent: bool,
}

/// End of the warm-up by MSER-5 (White 1997; Spratt 1998).
///
/// Averages in fives `z_1..z_m`; minimises `sum_{i > d} (z_i - mean_d)^2 / (m - d)^2` over `d = 0..=m/2`, the smallest
/// `d` on ties. Observations after the last complete batch of five are ignored.
///
/// # Errors
/// Out of domain with fewer than ten observations or one that is not finite.
pub fn mser5(series: &[f64]) -> Result<Truncation> {
    check::sample("the series", series, 10)?;
    let means: Vec<f64> = series.chunks_exact(5).map(mean).collect();
    let m = means.len();
    let mut best = (f64::INFINITY, 0, 0.0);
    for d in 0..=m / 2 {
        let rest = &means[d..];
        let centre = mean(rest);
        let squares: f64 = rest.iter().map(|z| (z - centre).powi(2)).sum();
        let statistic = squares / (rest.len() as f64).powi(2);
        if statistic < best.0 {
            best = (statistic, d, centre);
        }
    }
    let (statistic, d, truncated_mean) = best;
    Ok(Truncation {
        batches: m,
        truncate_batches: d,
        truncate_observations: 5 * d,
        statistic,
        truncated_mean,
        run_too_short: d == m / 2,
    })
}

/// Mean and t interval from equal batches of one long run, warm-up already removed (Law, ch. 9).
///
/// The series is cut into `batches` equal batches; a remainder at the end is ignored. Take 20 to 40 batches.
///
/// # Errors
/// Out of domain with fewer than two batches, fewer observations than batches, an observation that is not finite,
/// or unless `0 < confidence < 1`.
pub fn batch_means(series: &[f64], batches: usize, confidence: f64) -> Result<BatchMeans> {
    check::at_least("the number of batches", batches as u64, 2)?;
    check::sample("the series", series, batches)?;
    let batch_size = series.len() / batches;
    let means: Vec<f64> = series.chunks_exact(batch_size).take(batches).map(mean).collect();
    let spread = variance(&means);
    let df = (batches - 1) as f64;
    let half_width = two_sided(df, confidence)? * (spread / batches as f64).sqrt();
    let lag1 = autocorrelation(&means, 1)?;
    Ok(BatchMeans {
        interval: Interval::new(mean(&means), half_width, df),
        batch_size,
        variance: spread,
        lag1,
        independent: lag1.abs() <= 2.0 / (batches as f64).sqrt(),
    })
}

/// Autocorrelation of a series at a lag, `sum (x_i - m)(x_{i+lag} - m) / sum (x_i - m)^2`; 0 for a constant series.
///
/// # Errors
/// Out of domain when the lag is not below the length or a value is not finite.
pub fn autocorrelation(series: &[f64], lag: usize) -> Result<f64> {
    check::sample("the series", series, 1)?;
    if lag >= series.len() {
        return Err(OracleError::domain(format!(
            "the lag must be below the length of the series, but it is {lag} of {}",
            series.len()
        )));
    }
    let centre = mean(series);
    let total: f64 = series.iter().map(|v| (v - centre).powi(2)).sum();
    let products = series.iter().zip(&series[lag..]).map(|(a, b)| (a - centre) * (b - centre));
    Ok(if total == 0.0 { 0.0 } else { products.sum::<f64>() / total })
}
