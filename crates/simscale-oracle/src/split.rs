//! Random dispatch: Poisson splitting makes every instance its own M/G/1 or M/M/c.

use crate::check;
use crate::error::Result;
use crate::mg1::Mg1;
use crate::mmc::Mmc;
use crate::service::ServiceLaw;

/// One instance of `instances` behind uniform random dispatch of a Poisson stream of rate `total_rate`, with a
/// single FCFS worker (Poisson splitting; Harchol-Balter 2013, ch. 11).
///
/// # Errors
/// Out of domain when `instances` is 0 or a value is not above 0; unstable when one instance is overloaded.
pub fn random_mg1(total_rate: f64, instances: u32, service: ServiceLaw) -> Result<Mg1> {
    Mg1::new(share(total_rate, instances)?, service)
}

/// One instance of `instances` behind uniform random dispatch, with `workers` exponential FCFS workers of rate `mu`.
///
/// # Errors
/// As [`random_mg1`].
pub fn random_mmc(total_rate: f64, instances: u32, mu: f64, workers: u32) -> Result<Mmc> {
    Mmc::new(share(total_rate, instances)?, mu, workers)
}

/// Mean response time over a stream of rate `total_rate` split with the given weights over M/G/1 FCFS instances;
/// instance `i` has rate `total_rate * weights[i] / sum`. An instance of weight 0 receives nothing.
///
/// # Errors
/// Out of domain when there is no weight, a weight is negative or not finite, or all are 0; unstable when one
/// instance is overloaded.
pub fn weighted_mean_response(total_rate: f64, weights: &[f64], service: &ServiceLaw) -> Result<f64> {
    check::positive("the arrival rate", total_rate)?;
    check::sample("the weights", weights, 1)?;
    for weight in weights {
        check::not_negative("a weight", *weight)?;
    }
    let sum = check::positive("the sum of the weights", weights.iter().sum())?;
    let mut mean = 0.0;
    for weight in weights.iter().filter(|weight| **weight > 0.0) {
        let share = weight / sum;
        mean += share * Mg1::new(total_rate * share, service.clone())?.mean_response();
    }
    Ok(mean)
}

/// The rate that one of `instances` equal instances receives.
fn share(total_rate: f64, instances: u32) -> Result<f64> {
    check::at_least("the number of instances", u64::from(instances), 1)?;
    Ok(total_rate / f64::from(instances))
}
