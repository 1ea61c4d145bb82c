//! Selecting the best of several policies with as few runs as the noise allows.

use crate::check;
use crate::error::{OracleError, Result};
use crate::stats::{mean, variance};

/// Which direction is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Smaller is better.
    Minimise,
    /// Larger is better.
    Maximise,
}

impl Goal {
    /// The value with a sign that makes larger better.
    fn oriented(self, value: f64) -> f64 {
        match self {
            Goal::Minimise => -value,
            Goal::Maximise => value,
        }
    }
}

/// Constants of the Kim-Nelson procedure with `c = 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct KnConstants {
    /// `((2 alpha / (k - 1))^(-2 / (n0 - 1)) - 1) / 2`.
    pub eta: f64,
    /// `2 eta (n0 - 1)`.
    pub h2: f64,
}

/// Constants for `k` systems, first stage `n0` and error probability `alpha` (Kim and Nelson 2001).
///
/// # Errors
/// Out of domain with fewer than two systems, `n0` below 2, or unless `0 < alpha < 1 - 1/k`.
pub fn kn_constants(k: u32, n0: u32, alpha: f64) -> Result<KnConstants> {
    check::at_least("the number of systems", u64::from(k), 2)?;
    check::at_least("the first stage", u64::from(n0), 2)?;
    check::open_unit("the error probability", alpha)?;
    if alpha >= 1.0 - 1.0 / f64::from(k) {
        return Err(OracleError::domain(format!(
            "an error probability of {alpha} is met by guessing among {k} systems"
        )));
    }
    let base = 2.0 * alpha / f64::from(k - 1);
    let degrees = f64::from(n0 - 1);
    let eta = (0.5 * ((-2.0 / degrees * base.ln()).exp_m1())).max(0.0);
    Ok(KnConstants { eta, h2: 2.0 * eta * degrees })
}

/// Allowed shortfall after `r` observations, `max(0, delta / (2 r) (h2 S2 / delta^2 - r))` (Kim and Nelson 2001).
///
/// # Errors
/// Out of domain when `h2` or `s2` is negative, `delta` is not above 0 or `r` is 0.
pub fn kn_allowance(h2: f64, s2: f64, delta: f64, r: u64) -> Result<f64> {
    check::not_negative("h2", h2)?;
    check::not_negative("the variance of the differences", s2)?;
    check::positive("the indifference zone", delta)?;
    check::at_least("the number of observations", r, 1)?;
    let r = r as f64;
    Ok((delta / (2.0 * r) * (h2 * s2 / (delta * delta) - r)).max(0.0))
}

/// The sequential Kim-Nelson procedure: drops systems that are clearly not the best until one is left.
///
/// With probability at least `1 - alpha` the survivor is the best, if the best is better than all others by at least
/// `delta`. Common random numbers are allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct KimNelson {
    goal: Goal,
    delta: f64,
    h2: f64,
    s2: Vec<Vec<f64>>,
    sums: Vec<f64>,
    observations: u64,
    alive: Vec<bool>,
}

impl KimNelson {
    /// Starts from the first stage: one list of `n0` observations per system.
    ///
    /// # Errors
    /// Out of domain with fewer than two systems or two observations, lists of different lengths, numbers that are
    /// not finite, `delta` not above 0, or `alpha` outside its range ([`kn_constants`]).
    pub fn new(first_stage: &[Vec<f64>], delta: f64, alpha: f64, goal: Goal) -> Result<Self> {
        check::positive("the indifference zone", delta)?;
        let n0 = first_stage.first().map_or(0, Vec::len);
        for row in first_stage {
            check::sample("the first stage of a system", row, n0.max(2))?;
            check::at_least("the shortest first stage", n0 as u64, row.len() as u64)?;
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let constants = kn_constants(count(first_stage.len()), count(n0), alpha)?;
        let spread =
            |a: &Vec<f64>, b: &Vec<f64>| variance(&a.iter().zip(b).map(|(x, y)| x - y).collect::<Vec<f64>>());
        let s2 = first_stage.iter().map(|a| first_stage.iter().map(|b| spread(a, b)).collect()).collect();
        let sums = first_stage.iter().map(|row| row.iter().map(|v| goal.oriented(*v)).sum()).collect();
        let alive = vec![true; first_stage.len()];
        let mut procedure =
            KimNelson { goal, delta, h2: constants.h2, s2, sums, observations: n0 as u64, alive };
        procedure.screen()?;
        Ok(procedure)
    }

    /// Adds one more observation per system and screens again; values of dropped systems are ignored.
    ///
    /// # Errors
    /// Out of domain when the number of values is wrong or a survivor's value is not finite.
    pub fn observe(&mut self, values: &[f64]) -> Result<()> {
        if values.len() != self.alive.len() {
            return Err(OracleError::domain(format!(
                "one value per system is needed: {} systems, {} values",
                self.alive.len(),
                values.len()
            )));
        }
        for at in self.survivors() {
            check::finite("an observation", values[at])?;
        }
        for at in self.survivors() {
            self.sums[at] += self.goal.oriented(values[at]);
        }
        self.observations += 1;
        self.screen()
    }

    /// Systems not dropped so far, by index.
    pub fn survivors(&self) -> Vec<usize> {
        (0..self.alive.len()).filter(|at| self.alive[*at]).collect()
    }

    /// The selected system, once only one is left.
    pub fn selected(&self) -> Option<usize> {
        match self.survivors().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    fn screen(&mut self) -> Result<()> {
        let survivors = self.survivors();
        let r = self.observations as f64;
        let mut dropped = Vec::new();
        for i in &survivors {
            for l in survivors.iter().filter(|l| *l != i) {
                let allowance = kn_allowance(self.h2, self.s2[*i][*l], self.delta, self.observations)?;
                if self.sums[*i] / r < self.sums[*l] / r - allowance {
                    dropped.push(*i);
                    break;
                }
            }
        }
        dropped.into_iter().for_each(|at| self.alive[at] = false);
        Ok(())
    }
}

/// The best system so far and the share of further runs that each system deserves.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Allocation {
    /// Index of the system with the best mean; the first on ties.
    pub best: usize,
    /// Shares, which sum to 1.
    pub fractions: Vec<f64>,
}

/// Optimal computing budget allocation (Chen et al. 2000): with `d_i` the gap of `i` to the best `b`,
/// `N_i / N_j = ((s_i / d_i) / (s_j / d_j))^2` and `N_b = s_b sqrt(sum_{i != b} N_i^2 / s_i^2)`.
///
/// # Errors
/// Out of domain with fewer than two systems, lists of different lengths, standard deviations not above 0, or another
/// system with the mean of the best.
pub fn ocba(means: &[f64], standard_deviations: &[f64], goal: Goal) -> Result<Allocation> {
    check::sample("the means", means, 2)?;
    check::sample("the standard deviations", standard_deviations, means.len())?;
    check::at_least("the number of means", means.len() as u64, standard_deviations.len() as u64)?;
    let value = |at: usize| goal.oriented(means[at]);
    let best = (1..means.len()).fold(0, |best, at| if value(at) > value(best) { at } else { best });
    let mut shares = vec![0.0; means.len()];
    for (at, sd) in standard_deviations.iter().enumerate() {
        check::positive("a standard deviation", *sd)?;
        if at != best {
            let gap = check::positive("the gap to the best mean", value(best) - value(at))?;
            shares[at] = (sd / gap).powi(2);
        }
    }
    let others = shares.iter().zip(standard_deviations).map(|(share, sd)| (share / sd).powi(2));
    shares[best] = standard_deviations[best] * others.sum::<f64>().sqrt();
    let total = mean(&shares) * shares.len() as f64;
    Ok(Allocation { best, fractions: shares.iter().map(|share| share / total).collect() })
}
