//! M/M/c first come, first served: one central queue in front of `c` workers.

use crate::check;
use crate::delay::DelayedExponential;
use crate::erlang;
use crate::error::Result;

/// The M/M/c FCFS queue in steady state (Harchol-Balter 2013, ch. 14).
///
/// It is the lower bound for every dispatch rule over `c` single workers with exponential service.
///
/// ```
/// let fleet = simscale_oracle::mmc::Mmc::new(4.0, 1.0, 5)?;
/// assert!((fleet.mean_wait() - 0.5541125541).abs() < 1e-9);
/// assert!((fleet.response_quantile(0.95)? - 4.197462578).abs() < 1e-8);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmc {
    lambda: f64,
    mu: f64,
    c: u32,
    loss: f64,
    law: DelayedExponential,
}

impl Mmc {
    /// A queue with arrival rate `lambda`, service rate `mu` per worker and `c` workers. Takes `c` steps.
    ///
    /// # Errors
    /// Out of domain when a rate is not a finite number above 0 or `c` is 0; unstable when `lambda >= c mu`.
    pub fn new(lambda: f64, mu: f64, c: u32) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::at_least("the number of workers", u64::from(c), 1)?;
        check::stable(lambda, f64::from(c) * mu)?;
        let a = lambda / mu;
        let loss = erlang::loss(c, a);
        let delayed = erlang::delay_from_loss(c, a, loss);
        let law = DelayedExponential { delayed, decay: f64::from(c) * mu - lambda, mu };
        Ok(Mmc { lambda, mu, c, loss, law })
    }

    /// Offered load `a = lambda / mu` in erlangs.
    pub fn offered_load(&self) -> f64 {
        self.lambda / self.mu
    }

    /// Number of workers.
    pub fn workers(&self) -> u32 {
        self.c
    }

    /// Utilisation `rho = a / c`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.offered_load() / f64::from(self.c)
    }

    /// Erlang B of the same load and workers: what a system without a queue would lose.
    pub fn loss_probability(&self) -> f64 {
        self.loss
    }

    /// Erlang C: the probability that an arrival waits.
    pub fn delay_probability(&self) -> f64 {
        self.law.delayed
    }

    /// Mean wait, `C / (c mu - lambda)`.
    pub fn mean_wait(&self) -> f64 {
        self.law.mean_wait()
    }

    /// Mean wait of those who wait, `1 / (c mu - lambda)`.
    pub fn mean_wait_of_delayed(&self) -> f64 {
        1.0 / self.law.decay
    }

    /// Variance of the wait, `C (2 - C) / (c mu - lambda)^2`.
    pub fn wait_variance(&self) -> f64 {
        self.law.wait_variance()
    }

    /// Mean response time, `E[W] + 1 / mu`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + 1.0 / self.mu
    }

    /// Variance of the response time, `Var W + 1 / mu^2`: wait and service are independent.
    pub fn response_variance(&self) -> f64 {
        self.wait_variance() + 1.0 / (self.mu * self.mu)
    }

    /// Mean number waiting, `lambda E[W]` (Little 1961).
    pub fn mean_queue(&self) -> f64 {
        self.lambda * self.mean_wait()
    }

    /// Mean number in system, `lambda E[T]` (Little 1961).
    pub fn mean_number(&self) -> f64 {
        self.mean_queue() + self.offered_load()
    }

    /// `P(W > t) = C exp(-(c mu - lambda) t)`; 1 for a negative `t`.
    pub fn wait_tail(&self, t: f64) -> f64 {
        self.law.wait_tail(t)
    }

    /// `P(T > t) = exp(-mu t) (1 + C (1 - exp(-mu r t)) / r)` with `r = c - 1 - a`, and its limit at `r = 0`
    /// (Gross et al.); 1 for a negative `t`.
    pub fn response_tail(&self, t: f64) -> f64 {
        self.law.response_tail(t)
    }

    /// The `p` quantile of the wait; 0 when `p <= 1 - C`.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        self.law.wait_quantile(p)
    }

    /// The `p` quantile of the response time, by bracketing the tail.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        self.law.response_quantile(p)
    }
}
