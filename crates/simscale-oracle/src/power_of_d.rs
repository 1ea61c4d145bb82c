//! Best of `d` sampled instances, in the limit of many instances (mean field).

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::roots::brent;

/// Most workers of one instance: one number is kept for each.
const MAX_WORKERS: u32 = 10_000_000;

/// Smallest logarithm of a fraction that is told from 0.
const LOG_FLOOR: f64 = -690.0;

/// Best of `d` uniform samples over infinitely many instances with `c` exponential workers each.
///
/// With one worker the fraction of instances with at least `i` jobs is `lambda^((d^i - 1) / (d - 1))` (Mitzenmacher
/// 2001; Vvedenskaya, Dobrushin, Karpelevich 1996). With more it is the stationary point of the same equations:
/// `lambda s_m^d = (m+1) s_{m+1} + s_{m+2} + ... + s_c` for `m < c - 1`, and `lambda s_m^d = c s_{m+1}` above.
/// A finite fleet waits longer, by an amount of order `1 / n`.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerOfD {
    offered: f64,
    mu: f64,
    tails: Vec<f64>,
    queue: f64,
}

impl PowerOfD {
    /// Arrival rate `lambda_per_instance`, service rate `mu` per worker, `workers` per instance, `d >= 1` choices.
    /// `d = 1` is random dispatch: M/M/c exactly.
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0 or a count is 0; unstable when an instance is overloaded; too large
    /// beyond ten million workers.
    pub fn new(lambda_per_instance: f64, mu: f64, workers: u32, d: u32) -> Result<Self> {
        check::positive("the arrival rate per instance", lambda_per_instance)?;
        check::positive("the service rate", mu)?;
        check::at_least("the number of workers", u64::from(workers), 1)?;
        check::at_least("the number of choices", u64::from(d), 1)?;
        if workers > MAX_WORKERS {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("an instance of {workers} workers exceeds the limit of {MAX_WORKERS}"),
            ));
        }
        let offered = lambda_per_instance / mu;
        check::stable(offered, f64::from(workers))?;
        let power = f64::from(d);
        let mut tails = busy_tails(offered, power, workers)?;
        let queue =
            if tails.len() > workers as usize { extend(&mut tails, offered, power, workers) } else { 0.0 };
        Ok(PowerOfD { offered, mu, tails, queue })
    }

    /// Fraction of instances with at least `jobs` jobs.
    pub fn tail(&self, jobs: usize) -> f64 {
        self.tails.get(jobs).copied().unwrap_or(0.0)
    }

    /// Mean number in one instance.
    pub fn mean_number(&self) -> f64 {
        self.offered + self.queue
    }

    /// Mean wait, `sum_{m > c} s_m / lambda` (Little 1961).
    pub fn mean_wait(&self) -> f64 {
        self.queue / (self.offered * self.mu)
    }

    /// Mean response time, `E[W] + 1 / mu`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + 1.0 / self.mu
    }
}

/// `s_0..s_c`, or fewer when the rest is too small to be told from 0.
fn busy_tails(offered: f64, d: f64, workers: u32) -> Result<Vec<f64>> {
    if workers == 1 {
        return Ok(vec![1.0, offered]);
    }
    let reaches = |top: u32| ln_first(&log_tails(offered, d, top, LOG_FLOOR)) <= 0.0;
    let (mut top, mut beyond) = (1, workers + 1);
    while beyond - top > 1 {
        let middle = top + (beyond - top) / 2;
        if reaches(middle) { top = middle } else { beyond = middle }
    }
    let last = brent(LOG_FLOOR, 0.0, |log| ln_first(&log_tails(offered, d, top, log)))?;
    let mut tails: Vec<f64> = log_tails(offered, d, top, last).iter().rev().map(|log| log.exp()).collect();
    tails[0] = 1.0;
    Ok(tails)
}

fn ln_first(logs: &[f64]) -> f64 {
    logs[logs.len() - 1]
}

/// `ln s_top, ..., ln s_0` from a given `ln s_top`, going down: each balance equation has one unknown.
fn log_tails(offered: f64, d: f64, top: u32, last: f64) -> Vec<f64> {
    let mut logs = Vec::with_capacity(top as usize + 1);
    logs.push(last);
    // sum of s_{m+2}..s_top
    let mut above = 0.0;
    let mut next = last.exp();
    for m in (0..top).rev() {
        let flow = f64::from(m + 1) * next + above;
        above += next;
        let log = (flow / offered).ln() / d;
        logs.push(log);
        next = log.exp();
    }
    logs
}

/// Appends `s_{c+1}, s_{c+2}, ...` until they vanish and returns their sum, the mean queue.
fn extend(tails: &mut Vec<f64>, offered: f64, d: f64, workers: u32) -> f64 {
    let mut last = tails[tails.len() - 1];
    if d == 1.0 {
        // Geometric: the sum in closed form; the list is cut where it no longer matters.
        let ratio = offered / f64::from(workers);
        let sum = last * offered / (f64::from(workers) - offered);
        let count = (-40.0 / ratio.ln()).min(1e6) as usize;
        tails.extend(std::iter::successors(Some(last * ratio), |s| Some(s * ratio)).take(count));
        return sum;
    }
    let mut sum = 0.0;
    loop {
        last = offered * last.powf(d) / f64::from(workers);
        if last <= 1e-18 * sum || last == 0.0 {
            return sum;
        }
        sum += last;
        tails.push(last);
    }
}
