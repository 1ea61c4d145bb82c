//! Processor sharing: mean values that do not depend on the law of the work, only on its mean.

use crate::check;
use crate::error::Result;
use crate::mmc::Mmc;

/// M/G/1 with one core shared equally by all jobs present.
///
/// `P(N = n) = (1 - rho) rho^n` for every service law (Kleinrock, *Queueing Systems* vol. 2, ch. 4).
///
/// ```
/// let core = simscale_oracle::ps::Mg1Ps::new(8.0, 0.1)?;
/// assert!((core.mean_response() - 0.5).abs() < 1e-12);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mg1Ps {
    lambda: f64,
    mean_service: f64,
}

impl Mg1Ps {
    /// A core with arrival rate `lambda` and mean work `mean_service` (time alone on the core).
    ///
    /// # Errors
    /// Out of domain when a value is not a finite number above 0; unstable when `lambda * mean_service >= 1`.
    pub fn new(lambda: f64, mean_service: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the mean service time", mean_service)?;
        check::stable(lambda * mean_service, 1.0)?;
        Ok(Mg1Ps { lambda, mean_service })
    }

    /// Utilisation `rho = lambda E[S]`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda * self.mean_service
    }

    /// Share of time with an empty system, `1 - rho`.
    pub fn empty_ratio(&self) -> f64 {
        1.0 - self.utilisation()
    }

    /// Probability of exactly `n` in system, `(1 - rho) rho^n`.
    pub fn number_probability(&self, n: u32) -> f64 {
        self.empty_ratio() * self.utilisation().powf(f64::from(n))
    }

    /// Mean number in system, `rho / (1 - rho)`.
    pub fn mean_number(&self) -> f64 {
        self.utilisation() / self.empty_ratio()
    }

    /// Mean response time, `E[S] / (1 - rho)`.
    pub fn mean_response(&self) -> f64 {
        self.mean_service / self.empty_ratio()
    }

    /// Mean response time divided by the work, `1 / (1 - rho)`, the same for small and large jobs.
    pub fn slowdown(&self) -> f64 {
        1.0 / self.empty_ratio()
    }

    /// Mean response time of jobs that bring exactly `work`, `work / (1 - rho)`.
    ///
    /// # Errors
    /// Out of domain when `work` is negative or not finite.
    pub fn mean_response_of(&self, work: f64) -> Result<f64> {
        Ok(check::not_negative("the work", work)? * self.slowdown())
    }

    /// Variance of the response time when the work is exponential,
    /// `(E[S] / (1 - rho))^2 (2 + rho) / (2 - rho)` (Coffman, Muntz, Trotter 1970).
    pub fn response_variance_if_exponential(&self) -> f64 {
        let rho = self.utilisation();
        self.mean_response().powi(2) * (2.0 + rho) / (2.0 - rho)
    }
}

/// M/G/c processor sharing: `c` cores, each job on at most one core (speed `min(1, c / n)` with `n` present).
///
/// The number in system has the M/M/c law for every service law (Cohen 1979). This is an instance with several
/// cores; a cap on concurrency or a switching cost breaks it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MgcPs {
    same_number: Mmc,
}

impl MgcPs {
    /// An instance with arrival rate `lambda`, mean work `mean_service` and `cores` cores.
    ///
    /// # Errors
    /// Out of domain when a value is not above 0; unstable when `lambda * mean_service >= cores`.
    pub fn new(lambda: f64, mean_service: f64, cores: u32) -> Result<Self> {
        check::positive("the mean service time", mean_service)?;
        Ok(MgcPs { same_number: Mmc::new(lambda, 1.0 / mean_service, cores)? })
    }

    /// Utilisation `rho = lambda E[S] / c`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.same_number.utilisation()
    }

    /// Mean number in system.
    pub fn mean_number(&self) -> f64 {
        self.same_number.mean_number()
    }

    /// Mean response time.
    pub fn mean_response(&self) -> f64 {
        self.same_number.mean_response()
    }

    /// Share of time with every core busy, Erlang C of the same load.
    pub fn all_busy_probability(&self) -> f64 {
        self.same_number.delay_probability()
    }
}
