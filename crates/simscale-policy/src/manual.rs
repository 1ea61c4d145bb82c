//! Manual changes: a user sets the desired capacity at stated times.

use crate::simple_scaling::cooldown_end;
use crate::{PolicyError, error::validate_name};
use simscale_core::{Decision, Needs, Observation, Policy, Reason, SimTime};

/// Parameters of [`Manual`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualParams {
    /// Name in outputs.
    pub name: String,
    /// What is set when; in any order, at least one.
    pub changes: Vec<ManualChange>,
    /// What a desired capacity outside the group's bounds means.
    pub outside: OutsideBounds,
}

/// A desired capacity that a user sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManualChange {
    /// When.
    pub at: SimTime,
    /// The new desired capacity.
    pub desired: u32,
    /// Is refused while an activity is in progress or the group's default cooldown runs (`HonorCooldown`).
    pub honor_cooldown: bool,
}

/// What a manual change outside the bounds means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideBounds {
    /// EC2 Auto Scaling refuses it: nothing changes.
    Refused,
    /// An ECS service takes it: the bounds are those of Application Auto Scaling, which acts only when a policy or a schedule does.
    Taken,
}

/// Sets the desired capacity as a user with a console would; ignores cooldowns unless told otherwise, and does not hold what it sets.
///
/// A change that is refused is not tried again. Source: EC2 Auto Scaling API, `SetDesiredCapacity` (min and max, `HonorCooldown`: false unless
/// given); documented. ECS: Developer Guide, "Automatically scale your Amazon ECS service"; documented.
#[derive(Debug, Clone)]
pub struct Manual {
    params: ManualParams,
    /// The first change that was not made yet.
    next: usize,
}

impl Manual {
    /// Refuses no changes at all, and two at one time.
    pub fn new(mut params: ManualParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if params.changes.is_empty() {
            return Err(PolicyError::new(
                "changes",
                "a manual policy needs at least one change, and it has none",
            ));
        }
        params.changes.sort_by_key(|change| change.at);
        if let Some(pair) = params.changes.windows(2).find(|pair| pair[0].at == pair[1].at) {
            let sentence = format!(
                "one instant takes one change, but {} and {} are both set at {}",
                pair[0].desired, pair[1].desired, pair[0].at
            );
            return Err(PolicyError::new("changes", sentence));
        }
        Ok(Manual { params, next: 0 })
    }

    /// Why the change is refused, if it is.
    fn refused(&self, change: ManualChange, seen: &Observation<'_>) -> Option<Reason> {
        let ManualChange { desired, .. } = change;
        if self.params.outside == OutsideBounds::Refused && !(seen.min..=seen.max).contains(&desired) {
            let (min, max) = (seen.min, seen.max);
            return Some(Reason::Other(format!(
                "AWS refuses a desired capacity of {desired} outside min {min} and max {max}"
            )));
        }
        if !change.honor_cooldown {
            return None;
        }
        if seen.activity_in_progress {
            return Some(Reason::ActivityInProgress);
        }
        let until = cooldown_end(seen, seen.group_cooldown)?;
        (seen.now < until).then_some(Reason::Cooldown { until })
    }
}

impl Policy for Manual {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let ahead = |at: SimTime| at > now || now == SimTime::ZERO;
        self.params.changes[self.next..].iter().map(|change| change.at).find(|&at| ahead(at))
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let due = self.params.changes[self.next..].iter().take_while(|change| change.at <= seen.now).count();
        self.next += due;
        let Some(&change) = self.params.changes[..self.next].last().filter(|_| due > 0) else {
            return Decision::hold(Reason::NoChange);
        };
        if let Some(reason) = self.refused(change, seen) {
            return Decision::hold(reason);
        }
        let mut decision = Decision::desired(change.desired, Reason::Manual { desired: change.desired });
        decision.unbounded = self.params.outside == OutsideBounds::Taken;
        decision
    }
}
