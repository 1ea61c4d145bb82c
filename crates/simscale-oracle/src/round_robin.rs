//! Round robin dispatch: every instance sees Erlang interarrival times, smoother than Poisson.

use crate::check;
use crate::delay::DelayedExponential;
use crate::error::{ErrorKind, OracleError, Result};
use crate::matrix::Matrix;
use crate::phase::PhaseType;
use crate::roots::brent;
use crate::service::ServiceLaw;

/// One instance with `workers` exponential FCFS workers among `instances` behind round robin: GI/M/c with Erlang
/// interarrival times.
///
/// With one worker `P(wait) = sigma`, the root of `sigma = A*(mu (1 - sigma))` with
/// `A*(s) = (n lambda / (n lambda + s))^n` (Kleinrock vol. 1, ch. 6). With more the delay probability comes from the
/// stationary law of the chain (Takacs 1962), solved level by level without cancellation.
///
/// ```
/// use simscale_oracle::round_robin::RoundRobin;
/// let instance = RoundRobin::new(9.0, 10, 1.0, 1)?;
/// assert!((instance.mean_response() - 5.660276390).abs() < 1e-8);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoundRobin {
    rate: f64,
    workers: u32,
    sigma: f64,
    law: DelayedExponential,
}

impl RoundRobin {
    /// An instance among `instances` that share a Poisson stream of rate `total_rate` in turn; `workers` workers of
    /// rate `mu` each. Takes `instances * workers` steps.
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0 or a count is 0; unstable when one instance is overloaded;
    /// too large when `instances * workers` exceeds twenty million.
    pub fn new(total_rate: f64, instances: u32, mu: f64, workers: u32) -> Result<Self> {
        check::positive("the arrival rate", total_rate)?;
        check::positive("the service rate", mu)?;
        check::at_least("the number of instances", u64::from(instances), 1)?;
        check::at_least("the number of workers", u64::from(workers), 1)?;
        let rate = total_rate / f64::from(instances);
        let capacity = f64::from(workers) * mu;
        check::stable(rate, capacity)?;
        let cells = u64::from(instances) * u64::from(workers);
        if cells > 20_000_000 {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!(
                    "{instances} instances of {workers} workers need {cells} steps; at most 20000000 are allowed"
                ),
            ));
        }
        // delta = 1 - sigma keeps the digits that matter near load 1.
        let delta = idle_root(total_rate, instances, capacity)?;
        let sigma = 1.0 - delta;
        let below = weight_below(total_rate, instances as usize, mu, workers, delta);
        let delayed = sigma / (below * delta + sigma);
        Ok(RoundRobin {
            rate,
            workers,
            sigma,
            law: DelayedExponential { delayed, decay: capacity * delta, mu },
        })
    }

    /// Utilisation of the instance, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.rate / (f64::from(self.workers) * self.law.mu)
    }

    /// Ratio of the geometric law of the number found by arrivals at full load, `sigma`.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Probability that an arrival waits; `sigma` itself with one worker.
    pub fn delay_probability(&self) -> f64 {
        self.law.delayed
    }

    /// Mean wait, `P(wait) / (c mu (1 - sigma))`.
    pub fn mean_wait(&self) -> f64 {
        self.law.mean_wait()
    }

    /// Mean response time, `E[W] + 1 / mu`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + 1.0 / self.law.mu
    }

    /// Mean number in one instance (Little 1961).
    pub fn mean_number(&self) -> f64 {
        self.rate * self.mean_response()
    }

    /// `P(W > t) = P(wait) exp(-c mu (1 - sigma) t)`; 1 for a negative `t`.
    pub fn wait_tail(&self, t: f64) -> f64 {
        self.law.wait_tail(t)
    }

    /// `P(T > t)`; 1 for a negative `t`.
    pub fn response_tail(&self, t: f64) -> f64 {
        self.law.response_tail(t)
    }

    /// The `p` quantile of the wait.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        self.law.wait_quantile(p)
    }

    /// The `p` quantile of the response time.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        self.law.response_quantile(p)
    }
}

/// `1 - sigma`, where `sigma = (theta / (theta + capacity (1 - sigma)))^n` and `theta` is the total rate.
fn idle_root(theta: f64, n: u32, capacity: f64) -> Result<f64> {
    let n = f64::from(n);
    let gap = |delta: f64| delta + (-n * (capacity * delta / theta).ln_1p()).exp_m1();
    // The function is 0 at 0, dips below and rises through the wanted root; the dip ends above (1 - rho) / 2 of the way.
    let mut low = 0.5 * (1.0 - theta / (n * capacity));
    while gap(low) > 0.0 {
        low *= 0.5;
    }
    brent(low, 1.0, gap)
}

/// Probability weight of finding fewer than `workers` jobs, relative to the weight of finding `workers - 1`.
///
/// Going up one level only happens from the last arrival phase into the first, so the rate matrix of each level has
/// one row `r`, and the weights of neighbouring levels differ by its last entry.
fn weight_below(theta: f64, n: usize, mu: f64, workers: u32, delta: f64) -> f64 {
    let full = f64::from(workers) * mu;
    let step = theta / (theta + full * delta);
    let mut above: Vec<f64> = std::iter::successors(Some(step), |r| Some(r * step)).take(n).collect();
    let mut ratios = Vec::with_capacity(workers as usize);
    for level in (1..workers).rev() {
        let (busy, down) = (f64::from(level) * mu, f64::from(level + 1) * mu);
        let (mut alone, mut fed) = (1.0, 0.0);
        let mut parts = Vec::with_capacity(n);
        for r in &above {
            alone *= theta / (theta + busy);
            fed = (theta * fed + down * r) / (theta + busy);
            parts.push((alone, fed));
        }
        let last = alone / (1.0 - fed);
        above = parts.iter().map(|(alone, fed)| alone + last * fed).collect();
        ratios.push(last);
    }
    ratios.iter().rev().fold(1.0, |below, ratio| 1.0 + below / ratio)
}

/// One single-worker FCFS instance among `instances` behind round robin, for phase-type service: E_n/PH/1.
///
/// The wait is of phase type `(pi, A + a pi)` with `pi = alpha A*(A + a pi)` and
/// `A*(Q) = (theta (theta I - Q)^-1)^n` (Asmussen, *Applied Probability and Queues*, ch. VIII.5).
#[derive(Debug, Clone, PartialEq)]
pub struct RoundRobinPhase {
    rate: f64,
    mean_service: f64,
    wait: PhaseType,
    response: PhaseType,
}

impl RoundRobinPhase {
    /// An instance among `instances` that share a Poisson stream of rate `total_rate` in turn.
    ///
    /// # Errors
    /// Out of domain when a value is not above 0; unstable when one instance is overloaded; unsupported unless the
    /// service law is exponential, Erlang or hyperexponential; not converged when the load is too close to 1.
    pub fn new(total_rate: f64, instances: u32, service: &ServiceLaw) -> Result<Self> {
        check::positive("the arrival rate", total_rate)?;
        check::at_least("the number of instances", u64::from(instances), 1)?;
        let rate = total_rate / f64::from(instances);
        check::stable(rate * service.mean(), 1.0)?;
        let phases = service.phases()?;
        let wait = waiting_phases(&phases, total_rate, instances)?;
        let response = wait.followed_by(&phases);
        Ok(RoundRobinPhase { rate, mean_service: service.mean(), wait, response })
    }

    /// Utilisation of the instance, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.rate * self.mean_service
    }

    /// Probability that an arrival waits.
    pub fn delay_probability(&self) -> f64 {
        self.wait.start().iter().sum()
    }

    /// Mean wait.
    ///
    /// # Errors
    /// Not converged when the load is so close to 1 that a matrix has no numeric inverse.
    pub fn mean_wait(&self) -> Result<f64> {
        self.wait.mean()
    }

    /// Mean response time, `E[W] + E[S]`.
    ///
    /// # Errors
    /// As [`mean_wait`](RoundRobinPhase::mean_wait).
    pub fn mean_response(&self) -> Result<f64> {
        Ok(self.mean_wait()? + self.mean_service)
    }

    /// Mean number in one instance (Little 1961).
    ///
    /// # Errors
    /// As [`mean_wait`](RoundRobinPhase::mean_wait).
    pub fn mean_number(&self) -> Result<f64> {
        Ok(self.rate * self.mean_response()?)
    }

    /// `P(T > t)`; 1 for a negative `t`.
    pub fn response_tail(&self, t: f64) -> f64 {
        self.response.tail(t)
    }

    /// The `p` quantile of the wait.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        self.wait.quantile(p)
    }

    /// The `p` quantile of the response time.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`.
    pub fn response_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        self.response.quantile(p)
    }
}

fn waiting_phases(service: &PhaseType, theta: f64, n: u32) -> Result<PhaseType> {
    let size = service.start().len();
    let exit = service.exit();
    let restart = |pi: &[f64]| {
        let mut generator = service.generator().clone();
        for (i, exit) in exit.iter().enumerate() {
            (0..size).for_each(|j| generator.set(i, j, generator.get(i, j) + exit * pi[j]));
        }
        generator
    };
    let mut pi = vec![0.0; size];
    for _ in 0..200_000 {
        let resolvent = Matrix::identity(size).plus(&restart(&pi).scaled(-1.0 / theta)).inverse()?;
        let next = resolvent.power(n).left(service.start());
        let change: f64 = next.iter().zip(&pi).map(|(a, b)| (a - b).abs()).sum();
        pi = next;
        if change < 1e-15 {
            return Ok(PhaseType::new(pi.clone(), restart(&pi)));
        }
    }
    Err(OracleError::new(
        ErrorKind::NotConverged,
        format!("round robin over {n} instances at total rate {theta} is too close to saturation"),
    ))
}
