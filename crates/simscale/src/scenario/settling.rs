//! Where the end of the transient may be looked for by MSER-5: stationary load, fixed capacity, nothing planned.

use simscale_core::SimTime;

use super::load::Load;
use super::{Scenario, Workload};
use crate::text::{Check, Duration, LeadIn};

/// Fewest metric periods of a run from which the rule is asked: twenty batches of five.
const FEWEST: u64 = 100;

impl Scenario {
    /// Whether the lead-in is to be found before the run: then [`Scenario::with_lead_in`] fixes it.
    pub fn seeks_lead_in(&self) -> bool {
        self.simulation.lead_in == LeadIn::Mser5
    }

    /// The scenario with a lead-in of at least this length: a whole number of metric periods and of the windows of its promises. `None`
    /// where that leaves nothing of the run.
    pub fn with_lead_in(&self, least: SimTime) -> Option<Scenario> {
        let windows = self.objective.iter().filter_map(|objective| objective.latency);
        let unit = windows.fold(self.metrics.period.nanos().max(1), |unit, latency| {
            common(unit, latency.window.nanos().max(1))
        });
        let time = least.as_nanos().div_ceil(unit).checked_mul(unit).and_then(Duration::from_nanos)?;
        let mut scenario = self.clone();
        scenario.simulation.lead_in = LeadIn::Given(time);
        (time < self.simulation.duration).then_some(scenario)
    }

    /// Reports why a lead-in cannot be found by its rule, if it is asked to.
    pub(super) fn check_lead_in(&self, check: &mut Check<'_>) {
        if !self.seeks_lead_in() {
            return;
        }
        let path = "simulation.lead_in";
        let time = "write a time instead, such as \"30m\"";
        if let Some(why) = self.unsettled() {
            check.fail(path, format!("cannot be found by MSER-5: {why}"), time);
        }
        let periods = self.simulation.duration.nanos() / self.metrics.period.nanos().max(1);
        if periods < FEWEST {
            let rule = format!("cannot be found by MSER-5 from {periods} metric periods; it takes {FEWEST}");
            check.fail(
                path,
                rule,
                format!("lengthen simulation.duration, shorten metrics.period, or {time}"),
            );
        }
    }

    /// Why a run never settles into one state.
    fn unsettled(&self) -> Option<String> {
        if let Some(key) = varying(&self.workload) {
            return Some(format!("workload.{key} is no stationary load"));
        }
        if let Some(policy) = self.policy.iter().find(|policy| policy.fixed.is_none()) {
            return Some(format!("policy.{} may change the capacity", policy.name));
        }
        if self.policy.len() > 1 {
            return Some("several policies may change the capacity".to_owned());
        }
        if let Some(key) = crate::days::bound_to_the_run(self) {
            return Some(format!("{key} may change the capacity"));
        }
        let keys = [
            (self.group.mixed.is_some(), "group.mixed may change the capacity"),
            (self.resolved().instance.credits.is_some(), "instances with CPU credits change their speed"),
        ];
        keys.into_iter().find(|(present, _)| *present).map(|(_, why)| why.to_owned())
    }
}

/// The key of a load whose law changes with time.
fn varying(workload: &Workload) -> Option<&'static str> {
    let parts = workload.sum.iter().flatten().chain(workload.scaled.iter().map(|scaled| &scaled.load));
    let keys = [
        (workload.steps.is_some(), "steps"),
        (workload.ramp.is_some(), "ramp"),
        (workload.diurnal.is_some(), "diurnal"),
        (workload.weekly.is_some(), "weekly"),
        (workload.flash_crowd.is_some(), "flash_crowd"),
        (workload.trace.is_some(), "trace"),
        (workload.sum.is_some() && !parts.clone().all(stationary), "sum"),
        (workload.scaled.is_some() && !parts.clone().all(stationary), "scaled"),
    ];
    keys.into_iter().find(|(present, _)| *present).map(|(_, key)| key)
}

fn stationary(load: &Load) -> bool {
    match load {
        Load::Constant(_) | Load::Mmpp(_) => true,
        Load::Sum(loads) => loads.iter().all(stationary),
        Load::Scaled(scaled) => stationary(&scaled.load),
        Load::Steps(_) | Load::Ramp(_) | Load::Diurnal(_) | Load::Weekly(_) | Load::FlashCrowd(_) => false,
    }
}

/// Least common multiple; the largest number where it would be larger.
fn common(a: u64, b: u64) -> u64 {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}
