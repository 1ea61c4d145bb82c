//! A fixed capacity: one request at the start of the run, and nothing more.

use crate::{PolicyError, arithmetic::clamp, error::validate_name};
use simscale_core::{Decision, Needs, Observation, Policy, Reason, SimTime};

/// Parameters of [`FixedCapacity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedCapacityParams {
    /// Name in outputs.
    pub name: String,
    /// Instances, from the start of the run. Outside the group's bounds it is moved to the bound.
    pub capacity: u32,
}

/// Asks once, at time zero, for its capacity. See [`FixedCapacityParams`].
#[derive(Debug, Clone)]
pub struct FixedCapacity {
    params: FixedCapacityParams,
    asked: bool,
}

impl FixedCapacity {
    /// Refuses an empty name; every capacity is valid.
    pub fn new(params: FixedCapacityParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        Ok(FixedCapacity { params, asked: false })
    }
}

impl Policy for FixedCapacity {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        (!self.asked && now == SimTime::ZERO).then_some(SimTime::ZERO)
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        self.asked = true;
        Decision::desired(clamp(self.params.capacity, seen.min, seen.max), Reason::Fixed)
    }
}
