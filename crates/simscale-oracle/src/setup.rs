//! Boot latency in its two solvable extremes: one server that sleeps when idle, and a pool without limit.

use crate::check;
use crate::error::Result;

/// One server that switches off when idle and needs a setup before it serves again (Welch 1964).
///
/// The setup adds `(2 E[I] + lambda E[I^2]) / (2 (1 + lambda E[I]))` to the mean response, the same for every service
/// law under FCFS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mm1Setup {
    lambda: f64,
    mu: f64,
    setup_mean: f64,
    setup_second_moment: f64,
}

impl Mm1Setup {
    /// Arrival rate `lambda`, service rate `mu`, and the first two moments of the setup time.
    /// A deterministic setup `d` has second moment `d^2`, an exponential one `2 d^2`.
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0, a moment is negative or the second is below the square of the
    /// first; unstable when `lambda >= mu`.
    pub fn new(lambda: f64, mu: f64, setup_mean: f64, setup_second_moment: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::not_negative("the mean setup time", setup_mean)?;
        let least = setup_mean * setup_mean * (1.0 - 1e-12);
        check::not_negative(
            "the second moment of the setup less its mean squared",
            setup_second_moment - least,
        )?;
        check::stable(lambda, mu)?;
        Ok(Mm1Setup { lambda, mu, setup_mean, setup_second_moment })
    }

    /// Mean response time of the exponential server with setups.
    pub fn mean_response(&self) -> f64 {
        1.0 / (self.mu - self.lambda) + self.extra_response()
    }

    /// What the setups add to the mean response, between half the setup and the whole setup for a constant one.
    pub fn extra_response(&self) -> f64 {
        let load = self.lambda * self.setup_mean;
        (2.0 * self.setup_mean + self.lambda * self.setup_second_moment) / (2.0 * (1.0 + load))
    }

    /// Share of time serving, `rho`.
    pub fn busy_ratio(&self) -> f64 {
        self.lambda / self.mu
    }

    /// Share of time in setup, `(1 - rho) lambda E[I] / (1 + lambda E[I])`.
    pub fn setup_ratio(&self) -> f64 {
        let load = self.lambda * self.setup_mean;
        (1.0 - self.busy_ratio()) * load / (1.0 + load)
    }

    /// Share of time off.
    pub fn off_ratio(&self) -> f64 {
        (1.0 - self.busy_ratio()) / (1.0 + self.lambda * self.setup_mean)
    }
}

/// A pool without limit whose servers need an exponential setup and switch off when idle
/// (product form of Gandhi, Harchol-Balter, Adan 2010).
///
/// `pi(i, j)` is in proportion to `rho^i / i! * prod_{l=1..j} lambda / (lambda + l alpha)`, with `i` servers on and
/// `j` in setup.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmInfSetup {
    lambda: f64,
    mu: f64,
    mean_setup: f64,
}

impl MmInfSetup {
    /// Arrival rate `lambda`, service rate `mu`, setup rate `alpha` (mean setup `1 / alpha`).
    /// Takes some ten times `sqrt(lambda / alpha)` steps.
    ///
    /// # Errors
    /// Out of domain when a rate is not a finite number above 0.
    pub fn new(lambda: f64, mu: f64, alpha: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::positive("the setup rate", alpha)?;
        let (mut term, mut sum, mut weighted, mut j) = (1.0, 1.0, 0.0, 0.0);
        while term > 1e-18 * sum {
            j += 1.0;
            term *= lambda / (lambda + j * alpha);
            sum += term;
            weighted += j * term;
        }
        Ok(MmInfSetup { lambda, mu, mean_setup: weighted / sum })
    }

    /// Mean number of servers in setup, about `sqrt(2 lambda / (pi alpha))` when setups are long.
    pub fn mean_setup(&self) -> f64 {
        self.mean_setup
    }

    /// Mean number of servers on (all busy), `lambda / mu`.
    pub fn mean_on(&self) -> f64 {
        self.lambda / self.mu
    }

    /// Mean wait: every job in the queue has its own server in setup (Little 1961).
    pub fn mean_wait(&self) -> f64 {
        self.mean_setup / self.lambda
    }

    /// Mean response time, `E[W] + 1 / mu`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + 1.0 / self.mu
    }
}
