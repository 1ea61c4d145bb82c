//! Scores that fold several elasticity metrics into one number, to rank autoscalers.

use crate::check;
use crate::error::{OracleError, Result};

/// Auto-scaling deviation, `(sum m_i^q)^(1/q)` with `q` the number of metrics (Bauer et al. 2018). Lower is better;
/// the worst metric dominates. 0 when all metrics are 0.
///
/// # Errors
/// Out of domain when there is no metric, or one is negative or not finite.
pub fn autoscaling_deviation(metrics: &[f64]) -> Result<f64> {
    valid(metrics)?;
    let largest = metrics.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Ok(0.0);
    }
    let q = metrics.len() as f64;
    Ok(largest * metrics.iter().map(|m| (m / largest).powf(q)).sum::<f64>().powf(1.0 / q))
}

/// Elastic speed-up, the geometric mean of `baseline_i / metric_i` (Bauer et al. 2018). Higher is better; 1 is the
/// baseline, often a fleet without autoscaler.
///
/// # Errors
/// Out of domain when the lengths differ or a value is not above 0: drop or offset zeros first, and say so.
pub fn elastic_speedup(metrics: &[f64], baseline: &[f64]) -> Result<f64> {
    valid(metrics)?;
    if metrics.len() != baseline.len() {
        return Err(OracleError::domain(format!(
            "{} metrics need as many baseline values, but there are {}",
            metrics.len(),
            baseline.len()
        )));
    }
    let mut log = 0.0;
    for (metric, base) in metrics.iter().zip(baseline) {
        log += check::positive("a baseline metric", *base)?.ln() - check::positive("a metric", *metric)?.ln();
    }
    Ok((log / metrics.len() as f64).exp())
}

/// Pairwise competition in percent, one score per row: against every other row, a lower metric counts 1, an equal one
/// one half (Bauer et al. 2018). Higher is better. It uses ranks only, so noise counts as a win.
///
/// # Errors
/// Out of domain with fewer than two rows, rows of different lengths, or a metric that is negative or not finite.
pub fn pairwise_competition<R: AsRef<[f64]>>(rows: &[R]) -> Result<Vec<f64>> {
    check::at_least("the number of rows", rows.len() as u64, 2)?;
    let width = rows[0].as_ref().len();
    for row in rows {
        valid(row.as_ref())?;
        if row.as_ref().len() != width {
            return Err(OracleError::domain(format!(
                "all rows must hold {width} metrics, but one holds {}",
                row.as_ref().len()
            )));
        }
    }
    let games = ((rows.len() - 1) * width) as f64;
    let score = |a: usize| {
        let rivals = rows.iter().enumerate().filter(|(b, _)| *b != a);
        let points: f64 = rivals.map(|(_, rival)| points(rows[a].as_ref(), rival.as_ref())).sum();
        100.0 * points / games
    };
    Ok((0..rows.len()).map(score).collect())
}

/// Confidence that a metric exceeds the largest of `runs` independent observations with probability at most
/// `epsilon`: `1 - (1 - epsilon)^runs` (PEAS; Papadopoulos et al. 2016).
///
/// # Errors
/// Out of domain unless `0 < epsilon < 1`.
pub fn peas_confidence(runs: u32, epsilon: f64) -> Result<f64> {
    check::open_unit("epsilon", epsilon)?;
    Ok(-(f64::from(runs) * (-epsilon).ln_1p()).exp_m1())
}

/// The probability bound that `runs` observations support at a confidence, the inverse of [`peas_confidence`].
///
/// # Errors
/// Out of domain when `runs` is 0 or unless `0 < confidence < 1`.
pub fn peas_epsilon(runs: u32, confidence: f64) -> Result<f64> {
    check::at_least("the number of runs", u64::from(runs), 1)?;
    check::open_unit("the confidence", confidence)?;
    Ok(-((-confidence).ln_1p() / f64::from(runs)).exp_m1())
}

fn points(mine: &[f64], rival: &[f64]) -> f64 {
    let point = |a: f64, b: f64| if a < b { 1.0 } else { 0.5 * f64::from(u8::from(a == b)) };
    mine.iter().zip(rival).map(|(a, b)| point(*a, *b)).sum()
}

fn valid(metrics: &[f64]) -> Result<()> {
    check::sample("the list of metrics", metrics, 1)?;
    metrics.iter().try_for_each(|metric| check::not_negative("a metric", *metric).map(|_| ()))
}
