//! Response-time percentiles of processor sharing with exponential work, by following one job.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::mmc::Mmc;
use crate::poisson;
use crate::roots::tail_quantile;

/// Most elementary steps (states times jumps) spent on one question.
const MAX_WORK: f64 = 4e9;

/// M/M/c processor sharing: `c` cores, each job on at most one core, exponential work.
///
/// Unlike the mean, the percentile depends on the law of the work. The job that arrives meets the M/M/c number in system
/// (PASTA) and leaves at rate `mu min(1, c / m)` while `m` jobs are present, itself included; the chain is solved by
/// uniformisation (Coffman, Muntz, Trotter 1970 give the variance for one core).
#[derive(Debug, Clone, PartialEq)]
pub struct MmcPs {
    lambda: f64,
    mu: f64,
    cores: usize,
    number: Mmc,
    found: Vec<f64>,
}

impl MmcPs {
    /// An instance with arrival rate `lambda`, rate `mu` of work per core (mean work `1 / mu`) and `cores` cores.
    ///
    /// # Errors
    /// Out of domain when a value is not above 0; unstable when `lambda >= cores mu`; too large when the load is so
    /// close to 1 that more than twenty million jobs must be told apart.
    pub fn new(lambda: f64, mu: f64, cores: u32) -> Result<Self> {
        let number = Mmc::new(lambda, mu, cores)?;
        let beyond = -40.0 / number.utilisation().ln();
        let states = f64::from(cores) + beyond;
        if states > 2e7 {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("load {} needs {states} states", number.utilisation()),
            ));
        }
        let found = number_law(number.offered_load(), cores as usize, states as usize + 2);
        Ok(MmcPs { lambda, mu, cores: cores as usize, number, found })
    }

    /// Mean response time, the M/M/c value (Cohen 1979).
    pub fn mean_response(&self) -> f64 {
        self.number.mean_response()
    }

    /// `P(T > t)`; 1 for `t <= 0`.
    ///
    /// # Errors
    /// Too large when `t` spans so many events that the chain cannot be followed.
    pub fn response_tail(&self, t: f64) -> Result<f64> {
        Ok(self.response_tails(&[t])?[0])
    }

    /// `P(T > t)` for several times at the cost of the longest, in the order given.
    ///
    /// # Errors
    /// As [`response_tail`](MmcPs::response_tail); out of domain when a time is not finite.
    pub fn response_tails(&self, times: &[f64]) -> Result<Vec<f64>> {
        check::sample("the list of times", times, 0)?;
        let mut walk = Walk::new(self);
        walk.extend_to(times.iter().copied().fold(0.0, f64::max))?;
        Ok(times.iter().map(|t| walk.tail(*t)).collect())
    }

    /// The `p` quantile of the response time.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`; too large when the load is so close to 1 that the chain cannot be followed
    /// that far.
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        let mut walk = Walk::new(self);
        let mut high = self.mean_response();
        walk.extend_to(high)?;
        while walk.tail(high) > 1.0 - p {
            high *= 1.5;
            walk.extend_to(high)?;
        }
        tail_quantile(1.0 - p, high, |t| walk.tail(t))
    }
}

/// The M/M/c law of the number in system, normalised over the states kept.
fn number_law(offered: f64, cores: usize, states: usize) -> Vec<f64> {
    let mut logs = vec![0.0f64];
    for n in 1..states {
        logs.push(logs[n - 1] + (offered / n.min(cores) as f64).ln());
    }
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - peak).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// Jumps of the uniformised chain of one job: who else is present, and whether the job is still there.
struct Walk<'a> {
    model: &'a MmcPs,
    speed: f64,
    others: Vec<f64>,
    /// Probability of being still there after each number of jumps.
    survival: Vec<f64>,
}

impl<'a> Walk<'a> {
    fn new(model: &'a MmcPs) -> Self {
        let speed = model.lambda + model.cores as f64 * model.mu;
        Walk { model, speed, others: model.found.clone(), survival: vec![1.0] }
    }

    /// Makes `tail(t)` exact.
    fn extend_to(&mut self, t: f64) -> Result<()> {
        let jumps = self.speed * t;
        let needed = jumps + 9.0 * jumps.sqrt() + 40.0;
        if needed * self.others.len() as f64 > MAX_WORK {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("a response time of {t} spans {needed} events over {} states", self.others.len()),
            ));
        }
        while (self.survival.len() as f64) < needed {
            self.jump();
        }
        Ok(())
    }

    fn jump(&mut self) {
        let (model, last) = (self.model, self.others.len() - 1);
        let (up, down) = (model.lambda / self.speed, model.mu / self.speed);
        let mut next = vec![0.0; self.others.len()];
        for (n, p) in self.others.iter().enumerate() {
            let present = n + 1;
            let served = present.min(model.cores) as f64 * down;
            let mine = served / present as f64;
            next[n] += p * (model.cores as f64 * down - served);
            next[if n == last { n } else { n + 1 }] += p * up;
            if n > 0 {
                next[n - 1] += p * (served - mine);
            }
        }
        self.survival.push(next.iter().sum());
        self.others = next;
    }

    /// `P(T > t)`: survival at a Poisson number of jumps, summed outwards from the most likely number.
    fn tail(&self, t: f64) -> f64 {
        let mean = self.speed * t.max(0.0);
        let centre = (mean as usize).min(self.survival.len() - 1);
        let peak = poisson::probability(mean, centre as u64);
        let mut sum = peak * self.survival[centre];
        let mut term = peak;
        for k in centre + 1..self.survival.len() {
            term *= mean / k as f64;
            sum += term * self.survival[k];
            if term < 1e-20 {
                break;
            }
        }
        term = peak;
        for k in (0..centre).rev() {
            term *= (k + 1) as f64 / mean;
            sum += term * self.survival[k];
            if term < 1e-20 {
                break;
            }
        }
        sum
    }
}
