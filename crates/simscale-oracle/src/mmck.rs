//! M/M/c/K: `c` workers and room for `K` jobs in all; arrivals that find it full are refused.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};

/// Largest room that [`Mmck`] accepts: one number is kept per place.
pub const MAX_ROOM: u32 = 10_000_000;

/// The M/M/c/K FCFS queue in steady state; any load is allowed.
///
/// Birth-death law `p_n = p_0 prod_{i<=n} lambda / (min(i, c) mu)`; blocking is `p_K` by PASTA (Wolff 1982).
#[derive(Debug, Clone, PartialEq)]
pub struct Mmck {
    lambda: f64,
    mu: f64,
    c: u32,
    law: Vec<f64>,
}

impl Mmck {
    /// A queue with `c` workers of rate `mu` and `room >= c` places, service included.
    ///
    /// # Errors
    /// Out of domain when a rate is not a finite number above 0, `c` is 0 or `room < c`;
    /// too large when `room` exceeds [`MAX_ROOM`].
    pub fn new(lambda: f64, mu: f64, c: u32, room: u32) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::at_least("the number of workers", u64::from(c), 1)?;
        check::at_least("the room", u64::from(room), u64::from(c))?;
        if room > MAX_ROOM {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("the room is {room}, but at most {MAX_ROOM} places are supported"),
            ));
        }
        Ok(Mmck { lambda, mu, c, law: birth_death_law(lambda, mu, c, room) })
    }

    /// Probability of exactly `n` jobs in system; 0 beyond the room.
    pub fn number_probability(&self, n: u32) -> f64 {
        self.law.get(n as usize).copied().unwrap_or(0.0)
    }

    /// Share of arrivals refused, `p_K`.
    pub fn blocking_probability(&self) -> f64 {
        self.law[self.law.len() - 1]
    }

    /// Admitted arrivals per unit of time, `lambda (1 - p_K)`.
    pub fn throughput(&self) -> f64 {
        let admitted: f64 = self.law[..self.law.len() - 1].iter().sum();
        self.lambda * admitted
    }

    /// Refused arrivals per unit of time, `lambda p_K`.
    pub fn loss_rate(&self) -> f64 {
        self.lambda * self.blocking_probability()
    }

    /// Mean number in system.
    pub fn mean_number(&self) -> f64 {
        self.law.iter().enumerate().map(|(n, p)| n as f64 * p).sum()
    }

    /// Mean number waiting.
    pub fn mean_queue(&self) -> f64 {
        let c = self.c as usize;
        self.law.iter().enumerate().skip(c).map(|(n, p)| (n - c) as f64 * p).sum()
    }

    /// Share of worker time that is busy, `throughput / (c mu)`.
    pub fn utilisation(&self) -> f64 {
        self.throughput() / (f64::from(self.c) * self.mu)
    }

    /// Share of time with an empty system.
    pub fn empty_ratio(&self) -> f64 {
        self.law[0]
    }

    /// Mean response time of admitted jobs, `E[N] / throughput` (Little 1961).
    pub fn mean_response(&self) -> f64 {
        self.mean_number() / self.throughput()
    }

    /// Mean wait of admitted jobs, `E[N_q] / throughput` (Little 1961).
    pub fn mean_wait(&self) -> f64 {
        self.mean_queue() / self.throughput()
    }
}

/// Normalised birth-death law, in logarithms so that large rooms neither overflow nor vanish.
fn birth_death_law(lambda: f64, mu: f64, c: u32, room: u32) -> Vec<f64> {
    let mut logs = Vec::with_capacity(room as usize + 1);
    let (mut log, mut peak) = (0.0f64, 0.0f64);
    logs.push(log);
    for n in 1..=room {
        log += (lambda / (f64::from(n.min(c)) * mu)).ln();
        peak = peak.max(log);
        logs.push(log);
    }
    let weights: Vec<f64> = logs.iter().map(|l| (l - peak).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}
