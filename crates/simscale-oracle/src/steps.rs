//! Step functions of time: demand, supply, rates and capacities that change at known instants.

use crate::check;
use crate::error::{OracleError, Result};

/// A right-continuous step function that starts at time 0 and keeps its last value for ever.
///
/// ```
/// let rate = simscale_oracle::steps::Steps::new(&[(0.0, 25.0), (1000.0, 8.0)])?;
/// assert_eq!((rate.at(999.9), rate.at(1000.0)), (25.0, 8.0));
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Steps(Vec<(f64, f64)>);

impl Steps {
    /// Pairs of start time and value; the first time must be 0 and times must rise.
    ///
    /// # Errors
    /// Out of domain when there is no step, a number is negative or not finite, or the times do not rise from 0.
    pub fn new(steps: &[(f64, f64)]) -> Result<Self> {
        check::at_least("the number of steps", steps.len() as u64, 1)?;
        if steps[0].0 != 0.0 {
            return Err(OracleError::domain(format!(
                "the first step must start at time 0, not at {}",
                steps[0].0
            )));
        }
        for (time, value) in steps {
            check::not_negative("the start time of a step", *time)?;
            check::not_negative("the value of a step", *value)?;
        }
        if let Some(pair) = steps.windows(2).find(|pair| pair[1].0 <= pair[0].0) {
            return Err(OracleError::domain(format!(
                "start times must rise, but {} follows {}",
                pair[1].0, pair[0].0
            )));
        }
        Ok(Steps(steps.to_vec()))
    }

    /// A function with one value for ever.
    ///
    /// # Errors
    /// Out of domain when the value is negative or not finite.
    pub fn constant(value: f64) -> Result<Self> {
        Steps::new(&[(0.0, value)])
    }

    /// Value at time `t`; the first value before 0.
    pub fn at(&self, t: f64) -> f64 {
        self.0[self.0.partition_point(|(time, _)| *time <= t).max(1) - 1].1
    }

    /// The last value.
    pub fn last(&self) -> f64 {
        self.0[self.0.len() - 1].1
    }

    /// Start times of the steps.
    pub(crate) fn times(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().map(|(time, _)| *time)
    }

    /// Values of the steps.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().map(|(_, value)| *value)
    }

    /// Number of instants in `(0, horizon)` at which the value really changes.
    pub(crate) fn changes_before(&self, horizon: f64) -> usize {
        self.0.windows(2).filter(|pair| pair[1].0 < horizon && pair[1].1 != pair[0].1).count()
    }
}

/// All start times of both functions, rising and without repeats.
pub(crate) fn merged_times(a: &Steps, b: &Steps) -> Vec<f64> {
    let mut times: Vec<f64> = a.times().chain(b.times()).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}
