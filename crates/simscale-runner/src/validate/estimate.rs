//! The estimate of one case: independent replications until the error is small or the case's share of the work is done.
//!
//! The share is counted in requests and not in seconds, so that a table is the same on every machine and under any number of
//! threads. The stretch that a replication measures is fixed beforehand; how many there are follows from what they found.

use super::case::{Case, Counter};
use simscale::plan::replication_seed;
use simscale_oracle::stats::{normal_quantile, t_quantile, t_tail};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Replications before the error is looked at for the first time.
const FIRST: u64 = 16;

/// Replications between two looks.
const MORE: u64 = 8;

/// A case stops at this relative standard error: 4 of them are the 0.3 % that the issue allows where 0.1 % was reached.
pub const ENOUGH: f64 = 0.000_75;

/// A case that is not this close when its share is used goes on, up to the last bound.
pub const DECIDED: f64 = 0.01;

/// How many requests a case may simulate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The share of a case.
    pub share: f64,
    /// The last bound of a case that is not decided within its share.
    pub last: f64,
}

impl Budget {
    /// For the quick grid: meant for a minute on two processors.
    pub const QUICK: Budget = Budget { share: 4e6, last: 1.6e7 };
    /// For the full grid: meant for fifteen minutes on two processors.
    pub const FULL: Budget = Budget { share: 1e7, last: 1.5e8 };

    /// So many requests a case, and ten times as many for one that is not decided by then.
    pub fn of(requests: u64) -> Budget {
        Budget { share: requests as f64, last: 10.0 * requests as f64 }
    }
}

/// What the replications of a case found.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The value of theory.
    pub exact: f64,
    /// Mean over the replications.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
    /// Half width of the 95 % interval (Student).
    pub half_width: f64,
    /// Replications.
    pub replications: u64,
    /// Requests measured in them, lead-ins left out.
    pub requests: u64,
}

impl Estimate {
    /// From the values of the replications.
    fn of(exact: f64, values: &[f64], requests: u64) -> Estimate {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let error = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
        let student = t_quantile(n - 1.0, 0.975).expect("there are replications");
        Estimate {
            exact,
            mean,
            error,
            half_width: student * error,
            replications: values.len() as u64,
            requests,
        }
    }

    /// Standard error over the exact value.
    pub fn relative_error(&self) -> f64 {
        self.error / self.exact.abs()
    }

    /// Distance from the exact value in standard errors.
    pub fn difference(&self) -> f64 {
        match self.mean - self.exact {
            0.0 => 0.0,
            gap => gap / self.error,
        }
    }

    /// The same as a standard normal number: the error is itself an estimate, so that the distance follows Student's law.
    pub fn score(&self) -> f64 {
        let distance = self.difference();
        if !distance.is_finite() {
            return distance;
        }
        let beyond = t_tail(self.replications as f64 - 1.0, distance.abs()).unwrap_or(0.0);
        distance.signum() * -normal_quantile(beyond.max(1e-300)).unwrap_or(f64::NEG_INFINITY)
    }
}

/// Seconds that a replication of this case measures, and requests of the budget that it uses, its lead-in included.
fn stretch(case: &Case, budget: Budget) -> (u64, f64) {
    let pace = &case.pace;
    let wished = budget.share / 64.0 / pace.cost / pace.rate;
    let measured = (wished as u64).max(pace.least).min(pace.most).max(1).div_ceil(pace.unit) * pace.unit;
    // A run costs its requests, and something before the first of them.
    let used = ((measured + pace.lead_in) as f64 * pace.rate + 5_000.0) * pace.cost;
    (measured, used)
}

/// Requests of the budget that the case is about to use at most; to begin with the longest.
pub fn weight(case: &Case, budget: Budget) -> f64 {
    let (_, used) = stretch(case, budget);
    budget.share.max(FIRST as f64 * used)
}

/// Simulates a case.
///
/// # Errors
/// A fault of the grid, or a broken law: a bug. `None` when it was stopped.
pub fn estimate(
    case: &Case,
    budget: Budget,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Option<Estimate>, String> {
    let (measured, used) = stretch(case, budget);
    let scenario = case.scenario(measured)?;
    let (exact, own) = (case.exact.value(), seed ^ fold(&case.name));
    let (mut values, mut requests) = (Vec::new(), 0);
    loop {
        let number = values.len() as u64;
        let simulation = scenario
            .simulation(Some(replication_seed(own, number)), None)
            .map_err(|mistakes| format!("{}: {}", case.name, mistakes.render(true)))?;
        let mut counter = Counter::new(case, stop);
        let result = simulation.run(&mut counter).map_err(|broken| format!("{}: {broken}", case.name))?;
        if result.stopped_at.is_some() || stop.load(Relaxed) {
            return Ok(None);
        }
        if result.saturated.is_some() {
            return Err(format!("{}: the run saturated", case.name));
        }
        values.push(case.value(&result, &counter));
        requests += result.requests.arrived;
        let count = number + 1;
        if count < FIRST || !(count - FIRST).is_multiple_of(MORE) {
            continue;
        }
        let found = Estimate::of(exact, &values, requests);
        let relative = found.relative_error();
        let next = (count + MORE) as f64 * used;
        let over = if relative > DECIDED { next > budget.last } else { next > budget.share };
        if relative <= ENOUGH || over {
            return Ok(Some(found));
        }
    }
}

/// A number from a name (FNV-1a), so that a case has the same luck whatever else is in the grid.
fn fold(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
