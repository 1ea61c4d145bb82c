//! Approximate waits of G/G/c from two moments: for estimates inside policies, never for pass or fail.

use crate::check;
use crate::error::Result;
use crate::mmc::Mmc;

/// A G/G/c queue known only by rates and squared coefficients of variation. Every wait here is APPROXIMATE
/// (5 to 15 % error is normal) except the Kingman bound, which is a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GgcApproximation {
    lambda: f64,
    mean_service: f64,
    ca2: f64,
    cs2: f64,
    c: u32,
    exponential: Mmc,
}

impl GgcApproximation {
    /// A queue with arrival rate `lambda`, mean service time `mean_service`, squared coefficients of variation
    /// `ca2` of interarrival and `cs2` of service times, and `c` workers.
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0, a coefficient is negative or `c` is 0; unstable at load 1 or more.
    pub fn new(lambda: f64, mean_service: f64, ca2: f64, cs2: f64, c: u32) -> Result<Self> {
        check::positive("the mean service time", mean_service)?;
        check::not_negative("the interarrival variation", ca2)?;
        check::not_negative("the service variation", cs2)?;
        let exponential = Mmc::new(lambda, 1.0 / mean_service, c)?;
        Ok(GgcApproximation { lambda, mean_service, ca2, cs2, c, exponential })
    }

    /// Utilisation `rho = lambda E[S] / c`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda * self.mean_service / f64::from(self.c)
    }

    /// Approximate mean wait, `(ca2 + cs2) / 2 * E[W of M/M/c]` (Allen-Cunneen; Allen 1990).
    pub fn wait_allen_cunneen(&self) -> f64 {
        self.spread() * self.exponential.mean_wait()
    }

    /// Approximate mean wait, `(ca2 + cs2) / 2 * rho^(sqrt(2 (c + 1)) - 1) / (c (1 - rho)) * E[S]` (Sakasegawa 1977).
    pub fn wait_sakasegawa(&self) -> f64 {
        let (rho, c) = (self.utilisation(), f64::from(self.c));
        let power = rho.powf((2.0 * (c + 1.0)).sqrt() - 1.0);
        self.spread() * power / (c * (1.0 - rho)) * self.mean_service
    }

    /// Approximate mean wait: Allen-Cunneen times the correction of Kraemer and Langenbach-Belz (1976).
    /// 0 when both variations are 0.
    pub fn wait_kraemer_langenbach_belz(&self) -> f64 {
        let (rho, ca2, cs2) = (self.utilisation(), self.ca2, self.cs2);
        if ca2 + cs2 == 0.0 {
            return 0.0;
        }
        let exponent = if ca2 < 1.0 {
            -2.0 * (1.0 - rho) * (1.0 - ca2).powi(2) / (3.0 * rho * (ca2 + cs2))
        } else {
            -(1.0 - rho) * (ca2 - 1.0) / (ca2 + 4.0 * cs2)
        };
        exponent.exp() * self.wait_allen_cunneen()
    }

    /// Approximate mean wait for one worker, `(ca2 + cs2) / 2 * rho / (1 - rho) * E[S]` (Kingman 1961), exact for
    /// M/G/1. None with more workers.
    pub fn wait_kingman(&self) -> Option<f64> {
        (self.c == 1).then(|| {
            let rho = self.utilisation();
            self.spread() * rho / (1.0 - rho) * self.mean_service
        })
    }

    /// Upper bound on the mean wait for one worker, `lambda (Var A + Var S) / (2 (1 - rho))` (Kingman 1962).
    /// None with more workers.
    pub fn wait_upper_bound(&self) -> Option<f64> {
        (self.c == 1).then(|| {
            let between = self.ca2 / (self.lambda * self.lambda);
            let service = self.cs2 * self.mean_service * self.mean_service;
            self.lambda * (between + service) / (2.0 * (1.0 - self.utilisation()))
        })
    }

    fn spread(&self) -> f64 {
        0.5 * (self.ca2 + self.cs2)
    }
}
