//! M/M/1 first come, first served: one worker, Poisson arrivals, exponential service.

use crate::check;
use crate::error::Result;
use crate::stats::normal_quantile;

/// The M/M/1 FCFS queue in steady state.
///
/// Kleinrock, *Queueing Systems* vol. 1 (1975), eqs. 3.23-3.26; Harchol-Balter (2013), ch. 13.
/// Rates are per unit of time; every time that comes out is in that unit.
///
/// ```
/// let queue = simscale_oracle::mm1::Mm1::new(0.8, 1.0)?;
/// assert!((queue.mean_response() - 5.0).abs() < 1e-12);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mm1 {
    lambda: f64,
    mu: f64,
}

impl Mm1 {
    /// A queue with arrival rate `lambda` and service rate `mu`, both above 0.
    ///
    /// # Errors
    /// Out of domain when a rate is not a finite number above 0; unstable when `lambda >= mu`.
    pub fn new(lambda: f64, mu: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::stable(lambda, mu)?;
        Ok(Mm1 { lambda, mu })
    }

    /// Utilisation `rho = lambda / mu`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda / self.mu
    }

    /// Share of time with an empty system, `1 - rho` (Kleinrock 3.22).
    pub fn empty_ratio(&self) -> f64 {
        self.gap() / self.mu
    }

    /// Mean number in system, `rho / (1 - rho)` (Kleinrock 3.24).
    pub fn mean_number(&self) -> f64 {
        self.lambda / self.gap()
    }

    /// Mean number waiting, `rho^2 / (1 - rho)`.
    pub fn mean_queue(&self) -> f64 {
        self.lambda * self.mean_wait()
    }

    /// Variance of the number in system, `rho / (1 - rho)^2` (Kleinrock 3.25).
    pub fn number_variance(&self) -> f64 {
        self.lambda * self.mu / (self.gap() * self.gap())
    }

    /// Probability of exactly `n` in system, `(1 - rho) rho^n` (Kleinrock 3.23).
    pub fn number_probability(&self, n: u32) -> f64 {
        self.empty_ratio() * self.utilisation().powf(f64::from(n))
    }

    /// Mean time waiting, `rho / (mu - lambda)`.
    pub fn mean_wait(&self) -> f64 {
        self.utilisation() / self.gap()
    }

    /// Mean response time, `1 / (mu - lambda)` (Kleinrock 3.26).
    pub fn mean_response(&self) -> f64 {
        1.0 / self.gap()
    }

    /// Variance of the response time, `1 / (mu - lambda)^2`: it is exponential.
    pub fn response_variance(&self) -> f64 {
        1.0 / (self.gap() * self.gap())
    }

    /// `P(W > t) = rho exp(-(mu - lambda) t)`; 1 for a negative `t`.
    pub fn wait_tail(&self, t: f64) -> f64 {
        if t < 0.0 { 1.0 } else { self.utilisation() * (-self.gap() * t).exp() }
    }

    /// `P(T > t) = exp(-(mu - lambda) t)`; 1 for a negative `t`.
    pub fn response_tail(&self, t: f64) -> f64 {
        (-self.gap() * t.max(0.0)).exp()
    }

    /// The `p` quantile of the wait, `max(0, ln(rho / (1 - p)) / (mu - lambda))`. It is 0 when `p <= 1 - rho`.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        Ok(((self.utilisation() / (1.0 - p)).ln() / self.gap()).max(0.0))
    }

    /// The `p` quantile of the response time, `-ln(1 - p) / (mu - lambda)`.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        Ok(-(-p).ln_1p() / self.gap())
    }

    /// Asymptotic variance of the time average of the number in system,
    /// `2 rho (1 + rho) / (mu (1 - rho)^4)` (Whitt, *Planning queueing simulations*, 1989).
    ///
    /// The variance of an average over a long time `t` is about this value divided by `t`.
    pub fn number_asymptotic_variance(&self) -> f64 {
        let rho = self.utilisation();
        2.0 * rho * (1.0 + rho) / (self.mu * self.empty_ratio().powi(4))
    }

    /// Simulated time needed to estimate the mean number in system to a relative half width,
    /// `(z / w)^2 * 2 (1 + rho) / (rho (1 - rho)^2 mu)` (Whitt 1989).
    ///
    /// # Errors
    /// Out of domain unless `relative_half_width` is above 0 and `0 < confidence < 1`.
    pub fn run_length(&self, relative_half_width: f64, confidence: f64) -> Result<f64> {
        check::positive("the relative half width", relative_half_width)?;
        check::open_unit("the confidence", confidence)?;
        let z = normal_quantile(0.5 + 0.5 * confidence)?;
        let width = relative_half_width * self.mean_number();
        Ok((z / width).powi(2) * self.number_asymptotic_variance())
    }

    fn gap(&self) -> f64 {
        self.mu - self.lambda
    }
}
