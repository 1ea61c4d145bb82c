//! Domain checks shared by all constructors, so that one rule has one wording.

use crate::error::{ErrorKind, OracleError, Result};

/// A finite number above zero.
pub(crate) fn positive(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(OracleError::domain(format!("{name} must be a finite number above 0, but it is {value}")))
    }
}

/// A finite number, zero or more.
pub(crate) fn not_negative(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(OracleError::domain(format!("{name} must be a finite number, 0 or more, but it is {value}")))
    }
}

/// A finite number.
pub(crate) fn finite(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(OracleError::domain(format!("{name} must be a finite number, but it is {value}")))
    }
}

/// A count of at least `least`.
pub(crate) fn at_least(name: &str, value: u64, least: u64) -> Result<()> {
    if value >= least {
        Ok(())
    } else {
        Err(OracleError::domain(format!("{name} must be at least {least}, but it is {value}")))
    }
}

/// A quantile level: 0 or more and below 1.
pub(crate) fn quantile(p: f64) -> Result<f64> {
    if (0.0..1.0).contains(&p) {
        Ok(p)
    } else {
        Err(OracleError::domain(format!("the quantile must be at least 0 and below 1, but it is {p}")))
    }
}

/// A number strictly between 0 and 1.
pub(crate) fn open_unit(name: &str, value: f64) -> Result<f64> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(OracleError::domain(format!("{name} must lie strictly between 0 and 1, but it is {value}")))
    }
}

/// A sample of finite numbers with at least `least` values.
pub(crate) fn sample(name: &str, values: &[f64], least: usize) -> Result<()> {
    if values.len() < least {
        return Err(OracleError::domain(format!(
            "{name} must hold at least {least} values, but it holds {}",
            values.len()
        )));
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(OracleError::domain(format!(
            "{name} must hold finite numbers, but value {at} is {}",
            values[at]
        ))),
        None => Ok(()),
    }
}

/// Offered load strictly below capacity, both in the same unit.
pub(crate) fn stable(offered: f64, capacity: f64) -> Result<()> {
    if offered < capacity {
        return Ok(());
    }
    Err(OracleError::new(
        ErrorKind::Unstable,
        format!(
            "the offered load {offered} must stay below the capacity {capacity}, else no steady state exists"
        ),
    ))
}
