//! Simple scaling: one adjustment per alarm, then a pause until the activity and its cooldown are over.

use crate::alarms::{quiet, validate_alarm};
use crate::arithmetic::clamp;
use crate::{Adjustment, PolicyError, error::validate_name};
use simscale_core::{AlarmSpec, Decision, Needs, Observation, Policy, Reason, SimDuration, SimTime, Trigger};

/// Parameters of [`SimpleScaling`].
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleScalingParams {
    /// Name in outputs.
    pub name: String,
    /// Pause after a scaling activity; `None` for the group's default cooldown.
    pub cooldown: Option<SimDuration>,
    /// What each alarm does, usually one that scales out and one that scales in; at least one.
    pub rules: Vec<SimpleRule>,
}

/// An alarm and what it does. AWS calls each such pair a policy of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleRule {
    /// Holds the threshold and its comparison; how far it is breached does not matter.
    pub alarm: AlarmSpec,
    /// Applied to the desired capacity.
    pub adjustment: Adjustment,
}

/// Adjusts the desired capacity when an alarm is in ALARM and nothing is in progress or cooling down.
///
/// While an activity of the group runs, and then until the cooldown has passed since the last one ended, invocations
/// are dropped, in both directions. An alarm that is still in ALARM afterwards invokes the policy again
/// within a minute; one that went back to OK does nothing. The cooldown counts from the end of the activity: when the
/// last launched instance was in service, or the last leaving one was drained.
///
/// Source: EC2 Auto Scaling User Guide, "Scaling cooldowns" and "Simple scaling policies"; documented, the dropping inferred.
#[derive(Debug, Clone)]
pub struct SimpleScaling {
    params: SimpleScalingParams,
}

impl SimpleScaling {
    /// Refuses a policy without rules, and what AWS refuses of an alarm or an adjustment.
    pub fn new(params: SimpleScalingParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if params.rules.is_empty() {
            return Err(PolicyError::new(
                "rules",
                "simple scaling needs at least one alarm, and this policy has none",
            ));
        }
        for (place, rule) in params.rules.iter().enumerate() {
            let parent = format!("rules[{place}]");
            validate_alarm(&rule.alarm).map_err(|error| error.inside("alarm").inside(&parent))?;
            rule.adjustment.validate().map_err(|error| error.inside("adjustment").inside(&parent))?;
        }
        Ok(SimpleScaling { params })
    }

    /// Why it must wait, if it must.
    fn blocked(&self, seen: &Observation<'_>) -> Option<Reason> {
        if seen.activity_in_progress {
            return Some(Reason::ActivityInProgress);
        }
        let until = cooldown_end(seen, self.params.cooldown.unwrap_or(seen.group_cooldown))?;
        (seen.now < until).then_some(Reason::Cooldown { until })
    }
}

/// When the cooldown after the last activity ends; `None` when there was no activity.
pub(crate) fn cooldown_end(seen: &Observation<'_>, cooldown: SimDuration) -> Option<SimTime> {
    let ends =
        [seen.last_scale_out, seen.last_scale_in].into_iter().flatten().filter_map(|activity| activity.end);
    ends.max().map(|end| end + cooldown)
}

impl Policy for SimpleScaling {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        let alarms = self.params.rules.iter().map(|rule| rule.alarm.clone()).collect();
        Needs { metrics: Vec::new(), alarms }
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let rule = match seen.trigger {
            Trigger::Alarm(place) => self.params.rules.get(place),
            Trigger::Look => None,
        };
        let Some(rule) = rule else { return Decision::hold(quiet(seen)) };
        if let Some(reason) = self.blocked(seen) {
            return Decision::hold(reason);
        }
        let (base, change) = (seen.desired, rule.adjustment.change(seen.desired));
        let size = clamp(rule.adjustment.apply(base), seen.min, seen.max);
        let reason = Reason::Adjustment { value: None, base, change };
        if size == seen.desired { Decision::hold(reason) } else { Decision::desired(size, reason) }
    }
}
