//! Response times made of an exponential service after a wait that is zero or exponential.
//!
//! M/M/c and GI/M/c share this law; only the delay probability and the decay rate differ.

use crate::check;
use crate::error::Result;
use crate::roots::tail_quantile;

/// Wait of 0 with probability `1 - delayed`, else exponential with rate `decay`; service exponential, rate `mu`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DelayedExponential {
    pub(crate) delayed: f64,
    pub(crate) decay: f64,
    pub(crate) mu: f64,
}

impl DelayedExponential {
    pub(crate) fn mean_wait(&self) -> f64 {
        self.delayed / self.decay
    }

    pub(crate) fn wait_variance(&self) -> f64 {
        self.delayed * (2.0 - self.delayed) / (self.decay * self.decay)
    }

    pub(crate) fn wait_tail(&self, t: f64) -> f64 {
        if t < 0.0 { 1.0 } else { self.delayed * (-self.decay * t).exp() }
    }

    pub(crate) fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        Ok(((self.delayed / (1.0 - p)).ln() / self.decay).max(0.0))
    }

    /// `P(T > t)`, written with one difference of exponentials that stays exact when the two rates meet.
    pub(crate) fn response_tail(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 1.0;
        }
        if t == f64::INFINITY {
            return 0.0;
        }
        let gap = (self.decay - self.mu).abs();
        let slow = self.decay.min(self.mu);
        let spread = if gap * t < 1e-300 { t } else { -(-gap * t).exp_m1() / gap };
        (-self.mu * t).exp() + self.delayed * self.mu * (-slow * t).exp() * spread
    }

    pub(crate) fn response_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        tail_quantile(1.0 - p, 1.0 / self.mu, |t| self.response_tail(t))
    }
}
