//! M/D/1: the whole waiting-time law of one worker with constant service.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::poisson;
use crate::roots::tail_quantile;

/// Longest queue whose probability is tabulated.
const MAX_QUEUE: usize = 5_000_000;

/// The M/D/1 FCFS queue in steady state, from its embedded chain (Crommelin 1932; Franx 2001 for the wait).
///
/// The classical alternating sum loses all digits beyond some twenty services; this form has positive terms only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Md1 {
    lambda: f64,
    service: f64,
}

impl Md1 {
    /// A queue with arrival rate `lambda` and constant service time `service`, both above 0.
    ///
    /// # Errors
    /// Out of domain when a value is not a finite number above 0; unstable when `lambda * service >= 1`.
    pub fn new(lambda: f64, service: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service time", service)?;
        check::stable(lambda * service, 1.0)?;
        Ok(Md1 { lambda, service })
    }

    /// Utilisation `rho = lambda D`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda * self.service
    }

    /// Mean wait, `rho D / (2 (1 - rho))` (Pollaczek-Khinchine).
    pub fn mean_wait(&self) -> f64 {
        0.5 * self.utilisation() * self.service / (1.0 - self.utilisation())
    }

    /// Mean response time, `E[W] + D`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + self.service
    }

    /// `P(W > t)`; 1 for a negative `t`. Takes time in proportion to `t / D`.
    ///
    /// # Errors
    /// Too large when `t` spans more than five million services.
    pub fn wait_tail(&self, t: f64) -> Result<f64> {
        if t < 0.0 {
            return Ok(1.0);
        }
        let table = self.queue_tails(self.slots(t)?)?;
        Ok(self.tail_from(&table, t))
    }

    /// The `p` quantile of the wait; 0 when `p <= 1 - rho`.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`; too large when the load is so close to 1 that the quantile spans
    /// more than five million services.
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        let target = 1.0 - p;
        let mut t = self.mean_wait() + self.service;
        let mut table = self.queue_tails(self.slots(t)?)?;
        while self.tail_from(&table, t) > target {
            t *= 2.0;
            table = self.queue_tails(self.slots(t)?)?;
        }
        tail_quantile(target, t, |t| self.tail_from(&table, t))
    }

    /// The `p` quantile of the response time: the wait's plus one service.
    ///
    /// # Errors
    /// As [`wait_quantile`](Md1::wait_quantile).
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        Ok(self.wait_quantile(p)? + self.service)
    }

    /// Number of service slots that reach beyond `t`.
    fn slots(&self, t: f64) -> Result<usize> {
        let slots = (t / self.service).floor() + 2.0;
        if slots <= MAX_QUEUE as f64 {
            return Ok(slots as usize);
        }
        Err(OracleError::new(
            ErrorKind::TooLarge,
            format!("the time {t} spans {slots} services, but at most {MAX_QUEUE} are supported"),
        ))
    }

    /// `P(W > t) = sum_j pois_j(y) P(N > k - j)`, with `k` the slot of `t` and `y = lambda (k D - t)` (Franx 2001).
    fn tail_from(&self, table: &[f64], t: f64) -> f64 {
        let k = (t / self.service).floor() as usize + 1;
        let y = (self.lambda * (k as f64 * self.service - t)).max(0.0);
        let mut sum = poisson::at_least(y, k as u64);
        let mut term = (-y).exp();
        for j in 0..k {
            sum += term * table[(k - j).min(table.len() - 1)];
            term *= y / (j + 1) as f64;
            if term == 0.0 {
                break;
            }
        }
        sum
    }

    /// `P(N > j)` for `j = 0..=last`, by the stable recursion of Ramaswami (1988) and its geometric continuation.
    fn queue_tails(&self, last: usize) -> Result<Vec<f64>> {
        let rho = self.utilisation();
        let last = last.max(40);
        let arrivals: Vec<f64> =
            (0..60).map(|k| poisson::at_least(rho, k)).take_while(|tail| *tail > 1e-25).collect();
        let mut law = vec![1.0 - rho];
        for j in 1..=last {
            let mut sum = law[0] * arrivals.get(j).copied().unwrap_or(0.0);
            let oldest = (j + 2).saturating_sub(arrivals.len()).max(1);
            for (i, p) in law.iter().enumerate().skip(oldest) {
                sum += p * arrivals[j + 1 - i];
            }
            law.push(sum / (-rho).exp());
        }
        let ratio = law[last] / law[last - 1];
        let mut tail = if ratio.is_finite() { law[last] * ratio / (1.0 - ratio) } else { 0.0 };
        let mut tails = vec![0.0; last + 1];
        for j in (0..=last).rev() {
            tails[j] = tail;
            tail += law[j];
        }
        Ok(tails)
    }
}
