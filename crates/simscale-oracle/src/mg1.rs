//! M/G/1 first come, first served: how the spread of service times lengthens the queue.

use crate::check;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::md1::Md1;
use crate::phase::PhaseType;
use crate::service::ServiceLaw;

/// The M/G/1 FCFS queue in steady state: Pollaczek-Khinchine moments for every law, percentiles for
/// phase-type and deterministic laws.
///
/// ```
/// use simscale_oracle::{mg1::Mg1, service::ServiceLaw};
/// let queue = Mg1::new(0.6, ServiceLaw::hyperexponential_balanced(1.0, 4.0)?)?;
/// assert!((queue.mean_wait() - 3.75).abs() < 1e-12);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mg1 {
    lambda: f64,
    service: ServiceLaw,
}

impl Mg1 {
    /// A queue with arrival rate `lambda` and service times drawn from `service`.
    ///
    /// # Errors
    /// Out of domain when `lambda` is not a finite number above 0; unstable when `lambda E[S] >= 1`.
    pub fn new(lambda: f64, service: ServiceLaw) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::stable(lambda * service.mean(), 1.0)?;
        Ok(Mg1 { lambda, service })
    }

    /// Utilisation `rho = lambda E[S]`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda * self.service.mean()
    }

    /// Probability of waiting, `rho` (PASTA, Wolff 1982).
    pub fn delay_probability(&self) -> f64 {
        self.utilisation()
    }

    /// Mean wait, `lambda E[S^2] / (2 (1 - rho))` (Pollaczek-Khinchine; Kleinrock vol. 1, eq. 5.63).
    pub fn mean_wait(&self) -> f64 {
        0.5 * self.lambda * self.service.moment(2) / self.idle()
    }

    /// Second moment of the wait, `2 E[W]^2 + lambda E[S^3] / (3 (1 - rho))` (Takacs 1962).
    pub fn wait_second_moment(&self) -> f64 {
        2.0 * self.mean_wait().powi(2) + self.lambda * self.service.moment(3) / (3.0 * self.idle())
    }

    /// Variance of the wait.
    pub fn wait_variance(&self) -> f64 {
        self.mean_wait().powi(2) + self.lambda * self.service.moment(3) / (3.0 * self.idle())
    }

    /// Mean response time, `E[W] + E[S]`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + self.service.mean()
    }

    /// Variance of the response time, `Var W + Var S`: wait and service are independent under FCFS.
    pub fn response_variance(&self) -> f64 {
        self.wait_variance() + self.service.variance()
    }

    /// Mean number waiting (Little 1961).
    pub fn mean_queue(&self) -> f64 {
        self.lambda * self.mean_wait()
    }

    /// Mean number in system (Little 1961).
    pub fn mean_number(&self) -> f64 {
        self.lambda * self.mean_response()
    }

    /// Mean busy period, `E[S] / (1 - rho)` (Kleinrock vol. 1, eq. 5.141).
    pub fn mean_busy_period(&self) -> f64 {
        self.service.mean() / self.idle()
    }

    /// `P(W > t)` for phase-type service (Neuts 1981) or deterministic service ([`Md1`]); 1 for a negative `t`.
    ///
    /// # Errors
    /// Unsupported for other laws; too large beyond 64 Erlang stages.
    pub fn wait_tail(&self, t: f64) -> Result<f64> {
        match self.service.constant() {
            Some(value) => Md1::new(self.lambda, value)?.wait_tail(t),
            None => Ok(self.wait_phases()?.tail(t)),
        }
    }

    /// `P(T > t)`; the same laws as [`wait_tail`](Mg1::wait_tail).
    ///
    /// # Errors
    /// As [`wait_tail`](Mg1::wait_tail).
    pub fn response_tail(&self, t: f64) -> Result<f64> {
        match self.service.constant() {
            Some(value) => Md1::new(self.lambda, value)?.wait_tail(t - value),
            None => Ok(self.response_phases()?.tail(t)),
        }
    }

    /// The `p` quantile of the wait; 0 when `p <= 1 - rho`. The same laws as [`wait_tail`](Mg1::wait_tail).
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`; else as [`wait_tail`](Mg1::wait_tail).
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        match self.service.constant() {
            Some(value) => Md1::new(self.lambda, value)?.wait_quantile(p),
            None => self.wait_phases()?.quantile(p),
        }
    }

    /// The `p` quantile of the response time. The same laws as [`wait_tail`](Mg1::wait_tail).
    ///
    /// # Errors
    /// As [`wait_quantile`](Mg1::wait_quantile).
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        match self.service.constant() {
            Some(value) => Md1::new(self.lambda, value)?.response_quantile(p),
            None => self.response_phases()?.quantile(p),
        }
    }

    fn idle(&self) -> f64 {
        1.0 - self.utilisation()
    }

    /// `W` is 0 with probability `1 - rho`, else of phase type `(alpha_e, A + rho a alpha_e)`
    /// (Neuts 1981; Asmussen, *Applied Probability and Queues*).
    fn wait_phases(&self) -> Result<PhaseType> {
        let service = self.service.phases()?;
        let start: Vec<f64> = service.occupation()?.iter().map(|v| v * self.lambda).collect();
        let mut generator: Matrix = service.generator().clone();
        for (i, exit) in service.exit().iter().enumerate() {
            for (j, again) in start.iter().enumerate() {
                generator.set(i, j, generator.get(i, j) + exit * again);
            }
        }
        Ok(PhaseType::new(start, generator))
    }

    fn response_phases(&self) -> Result<PhaseType> {
        Ok(self.wait_phases()?.followed_by(&self.service.phases()?))
    }
}
