//! Elasticity metrics: how closely supplied capacity followed the demand.

use crate::check;
use crate::error::{OracleError, Result};
use crate::steps::{Steps, merged_times};

/// SPEC RG elasticity metrics (Herbst et al. 2013, 2016, 2018; Ilyushkin et al. 2017; Bauer et al. 2018).
/// Lower is better; percentages run from 0 to 100, except accuracies, which may exceed 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Elasticity {
    /// Under-provisioning accuracy theta_U, `100 / T * integral max(d - s, 0) / d`; instants without demand add 0.
    pub under_accuracy_percent: f64,
    /// Over-provisioning accuracy theta_O normalised by demand (Bauer et al.); instants without demand add 0.
    pub over_accuracy_percent: f64,
    /// Over-provisioning normalised by supply (Ilyushkin et al.).
    pub over_accuracy_by_supply_percent: f64,
    /// Share of time with too little, tau_U.
    pub under_timeshare_percent: f64,
    /// Share of time with too much, tau_O.
    pub over_timeshare_percent: f64,
    /// Mean missing instances.
    pub mean_shortfall: f64,
    /// Mean surplus instances.
    pub mean_excess: f64,
    /// Mean supply in instances.
    pub mean_supply: f64,
    /// Mean demand in instances.
    pub mean_demand: f64,
    /// Mean missing instances in percent of the pool, a_U.
    pub under_of_pool_percent: f64,
    /// Mean surplus instances in percent of the pool, a_O.
    pub over_of_pool_percent: f64,
    /// Changes of supply inside the horizon.
    pub supply_adaptations: usize,
    /// Changes of demand inside the horizon.
    pub demand_adaptations: usize,
    /// `(supply changes - demand changes) / T`: below 0 too lazy, above 0 too busy.
    pub jitter_per_time: f64,
    /// Instability upsilon: share of samples in which supply and demand move differently.
    pub instability_percent: f64,
    /// k: share of samples in which supply rises relative to demand.
    pub supply_ahead_percent: f64,
    /// k': share of samples in which demand rises relative to supply.
    pub demand_ahead_percent: f64,
}

impl Elasticity {
    /// The five metrics that scores combine: theta_U, theta_O, tau_U, tau_O, upsilon (Bauer et al. 2018).
    pub fn score_metrics(&self) -> [f64; 5] {
        [
            self.under_accuracy_percent,
            self.over_accuracy_percent,
            self.under_timeshare_percent,
            self.over_timeshare_percent,
            self.instability_percent,
        ]
    }
}

/// Compares `supply` (ready instances) with `demand` over `[0, horizon)`.
///
/// `pool` is the largest possible number of instances. The instability metrics sample both functions every
/// `sample_step` from 0; use the decision period and state it.
///
/// # Errors
/// Out of domain when the horizon, the pool or the sample step is not above 0, or fewer than two samples fit.
pub fn elasticity(
    demand: &Steps,
    supply: &Steps,
    horizon: f64,
    pool: f64,
    sample_step: f64,
) -> Result<Elasticity> {
    check::positive("the horizon", horizon)?;
    check::positive("the pool size", pool)?;
    check::positive("the sample step", sample_step)?;
    let share = |part: &dyn Fn(f64, f64) -> f64| integral(demand, supply, horizon, part) / horizon;
    let over = |d: f64, s: f64| (s - d).max(0.0);
    let mean_shortfall = share(&|d, s| (d - s).max(0.0));
    let mean_excess = share(&over);
    let (supply_changes, demand_changes) = (supply.changes_before(horizon), demand.changes_before(horizon));
    let [unlike, ahead, behind] = movements(demand, supply, horizon, sample_step)?;
    Ok(Elasticity {
        under_accuracy_percent: 100.0 * share(&|d, s| if d > 0.0 { (d - s).max(0.0) / d } else { 0.0 }),
        over_accuracy_percent: 100.0 * share(&|d, s| if d > 0.0 { over(d, s) / d } else { 0.0 }),
        over_accuracy_by_supply_percent: 100.0 * share(&|d, s| if s > d { (s - d) / s } else { 0.0 }),
        under_timeshare_percent: 100.0 * share(&|d, s| f64::from(u8::from(d > s))),
        over_timeshare_percent: 100.0 * share(&|d, s| f64::from(u8::from(s > d))),
        mean_shortfall,
        mean_excess,
        mean_supply: share(&|_, s| s),
        mean_demand: share(&|d, _| d),
        under_of_pool_percent: 100.0 * mean_shortfall / pool,
        over_of_pool_percent: 100.0 * mean_excess / pool,
        supply_adaptations: supply_changes,
        demand_adaptations: demand_changes,
        jitter_per_time: (supply_changes as f64 - demand_changes as f64) / horizon,
        instability_percent: unlike,
        supply_ahead_percent: ahead,
        demand_ahead_percent: behind,
    })
}

fn integral(demand: &Steps, supply: &Steps, horizon: f64, part: &dyn Fn(f64, f64) -> f64) -> f64 {
    let mut times = merged_times(demand, supply);
    times.retain(|time| *time < horizon);
    times.push(horizon);
    times.windows(2).map(|pair| part(demand.at(pair[0]), supply.at(pair[0])) * (pair[1] - pair[0])).sum()
}

/// Percent of sampled steps in which the two move differently, supply ahead, demand ahead.
fn movements(demand: &Steps, supply: &Steps, horizon: f64, step: f64) -> Result<[f64; 3]> {
    // A sample that falls on the horizon up to rounding is outside.
    let samples = (horizon / step * (1.0 - 1e-12)).ceil() as u64;
    if samples < 2 {
        return Err(OracleError::domain(format!(
            "a sample step of {step} leaves fewer than two samples in {horizon}"
        )));
    }
    let mut counts = [0u64; 3];
    for i in 1..samples {
        let (now, before) = (i as f64 * step, (i - 1) as f64 * step);
        let supplied = direction(supply.at(before), supply.at(now));
        let demanded = direction(demand.at(before), demand.at(now));
        counts[0] += u64::from(supplied != demanded);
        counts[1] += u64::from(supplied > demanded);
        counts[2] += u64::from(demanded > supplied);
    }
    Ok(counts.map(|count| 100.0 * count as f64 / (samples - 1) as f64))
}

fn direction(before: f64, after: f64) -> i8 {
    i8::from(after > before) - i8::from(after < before)
}
