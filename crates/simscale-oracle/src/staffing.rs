//! How many servers a load needs: the unlimited pool, the square-root rule and exact searches.

use crate::check;
use crate::delay::DelayedExponential;
use crate::erlang::{delay_from_loss, next_loss};
use crate::error::{ErrorKind, OracleError, Result};
use crate::poisson;
use crate::roots::brent;
use crate::stats::{normal_density, normal_tail};

/// M/G/infinity: every job has its own server; the number in system is Poisson for every service law
/// (Harchol-Balter 2013).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mginf {
    load: f64,
}

impl Mginf {
    /// Arrival rate `lambda` and mean service time, both above 0.
    ///
    /// # Errors
    /// Out of domain when a value is not a finite number above 0.
    pub fn new(lambda: f64, mean_service: f64) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the mean service time", mean_service)?;
        Ok(Mginf { load: check::positive("the offered load", lambda * mean_service)? })
    }

    /// Mean number of busy servers, the offered load `a`.
    pub fn mean_number(&self) -> f64 {
        self.load
    }

    /// Variance of the number of busy servers, also `a`.
    pub fn number_variance(&self) -> f64 {
        self.load
    }

    /// `P(N >= c)`.
    pub fn probability_at_least(&self, c: u32) -> f64 {
        poisson::at_least(self.load, u64::from(c))
    }
}

/// Halfin-Whitt delay probability, `1 / (1 + beta Phi(beta) / phi(beta))` (Halfin and Whitt 1981, Prop. 1): the limit
/// of Erlang C with `a + beta sqrt(a)` servers as `a` grows.
///
/// # Errors
/// Out of domain when `beta` is not a finite number above 0.
pub fn halfin_whitt_delay(beta: f64) -> Result<f64> {
    check::positive("beta", beta)?;
    Ok(delay_limit(beta))
}

/// The `beta` for which the Halfin-Whitt delay probability is `target`, the inverse of [`halfin_whitt_delay`].
///
/// # Errors
/// Out of domain unless `0 < target < 1`.
pub fn halfin_whitt_beta(target: f64) -> Result<f64> {
    check::open_unit("the delay probability", target)?;
    brent(0.0, 40.0, |beta| delay_limit(beta).max(f64::MIN_POSITIVE).ln() - target.ln())
}

/// Square-root rule, `ceil(a + beta sqrt(a z))`, at offered load `a` and peakedness `z` (1 for exponential service,
/// `(ca2 + cs2) / 2` else).
///
/// # Errors
/// Out of domain when a value is not above 0; too large when the result does not fit.
pub fn square_root_servers(a: f64, beta: f64, peakedness: f64) -> Result<u32> {
    check::positive("the offered load", a)?;
    check::positive("beta", beta)?;
    check::positive("the peakedness", peakedness)?;
    let servers = (a + beta * (a * peakedness).sqrt()).ceil();
    if servers <= f64::from(u32::MAX) {
        return Ok(servers as u32);
    }
    Err(OracleError::new(ErrorKind::TooLarge, format!("{servers} servers are more than can be counted here")))
}

/// Smallest number of servers with Erlang C at most `target`, at offered load `a`. Takes that many steps.
///
/// # Errors
/// Out of domain when `a` is not above 0 or unless `0 < target < 1`; too large beyond four billion servers.
pub fn smallest_servers_for_delay(a: f64, target: f64) -> Result<u32> {
    check::positive("the offered load", a)?;
    check::open_unit("the delay probability", target)?;
    search(a, |_, delayed| delayed <= target)
}

/// Smallest number of servers behind one queue for which the `p` quantile of the M/M/c response time is at most
/// `limit`. Takes that many steps.
///
/// # Errors
/// Out of domain when a value is not above 0 or unless `0 < p < 1`; unreachable when the service time alone exceeds the
/// limit too often, `exp(-mu limit) >= 1 - p`; too large beyond four billion servers.
pub fn smallest_servers_for_response(lambda: f64, mu: f64, p: f64, limit: f64) -> Result<u32> {
    check::positive("the arrival rate", lambda)?;
    check::positive("the service rate", mu)?;
    check::positive("the response limit", limit)?;
    check::open_unit("the quantile", p)?;
    let alone = -(1.0 - p).ln() / mu;
    if limit <= alone {
        return Err(OracleError::new(
            ErrorKind::Unreachable,
            format!("the {p} quantile of the service alone is {alone}, so no fleet responds within {limit}"),
        ));
    }
    search(lambda / mu, |c, delayed| {
        let law = DelayedExponential { delayed, decay: f64::from(c) * mu - lambda, mu };
        law.response_tail(limit) <= 1.0 - p
    })
}

/// First number of servers above the load that is good enough, given its delay probability.
fn search(a: f64, good: impl Fn(u32, f64) -> bool) -> Result<u32> {
    let mut loss = 1.0;
    for c in 1..=u32::MAX {
        loss = next_loss(c, a, loss);
        if f64::from(c) > a && good(c, delay_from_loss(c, a, loss)) {
            return Ok(c);
        }
    }
    Err(OracleError::new(
        ErrorKind::TooLarge,
        format!("load {a} needs more servers than can be counted here"),
    ))
}

fn delay_limit(beta: f64) -> f64 {
    let density = normal_density(beta);
    density / (density + beta * (1.0 - normal_tail(beta)))
}
