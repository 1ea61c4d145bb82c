//! Step scaling: the size of the breach chooses the adjustment, and warm-up takes the place of a cooldown.

use crate::alarms::{Aggregation, quiet, validate_alarm, view};
use crate::application::{self, Cooldown, ask_for_more, holds_scale_in, outside, scale_out_within_cooldown};
use crate::arithmetic::{
    Warmth, clamp, default_cooldown_holds, in_progress, scale_in_base, scale_in_size, scale_out_size,
};
use crate::steps::{StepAdjustment, find_step, validate_steps};
use crate::{Adjustment, AdjustmentType, PolicyError, error::validate_name};
use simscale_core::{AlarmSpec, Decision, Needs, Observation, Policy, Reason, SimDuration, Trigger};
use std::cmp::Ordering;

/// Parameters of [`StepScaling`].
#[derive(Debug, Clone, PartialEq)]
pub struct StepScalingParams {
    /// Name in outputs.
    pub name: String,
    /// What each alarm does, usually one that scales out and one that scales in; at least one.
    pub rules: Vec<StepRule>,
    /// The group's default cooldown, when the group has no default warm-up; see [`default_cooldown_holds`](crate::arithmetic::default_cooldown_holds).
    pub default_cooldown: Option<SimDuration>,
}

/// An alarm and its steps. AWS calls each such pair a policy of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRule {
    /// Its threshold is the zero of the steps.
    pub alarm: AlarmSpec,
    /// How the adjustments of the steps are meant.
    pub adjustment_type: AdjustmentType,
    /// A percent change moves at least this many instances; refused with the other types.
    pub min_adjustment_magnitude: Option<u32>,
    /// 1 to 20 steps without gap or overlap; see [`validate_steps`](crate::steps::validate_steps).
    pub steps: Vec<StepAdjustment>,
    /// How the alarm's datapoints become the one value.
    pub aggregation: Aggregation,
    /// What keeps it from acting twice on one breach.
    pub pace: StepPace,
}

/// What keeps a step policy from acting twice on one breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepPace {
    /// EC2 Auto Scaling: time in service after which an instance counts; `None` for the group's.
    WarmUp(Option<SimDuration>),
    /// Application Auto Scaling: the pause after a scaling activity.
    Cooldown(SimDuration),
}

/// Applies the step that the breach falls into, at every invocation, also while an activity is in progress.
///
/// *Scaling out* starts from the warm instances, and the result counts those still warming: a repeated breach of the same step
/// launches nothing. *Scaling in* waits while any instance warms up or a scale-out is in progress, and counts the instances still
/// leaving: a repeated breach removes nothing more. There is no cooldown: an alarm that stays in ALARM after the
/// warm-up acts again every minute.
///
/// For an ECS service, Application Auto Scaling starts from the running count and knows a cooldown in place of the warm-up: within the one after a
/// scale-out only a larger scale-out acts, by what it asks for beyond what was added; within the one after a scale-in no other follows, until
/// it is over or a scale-out ends it; no scale-in begins while a deployment runs. See [`application`](crate::application).
///
/// Source: EC2 Auto Scaling User Guide, "Step and simple scaling policies" (the numeric examples until May 2022); documented.
/// That a breach which no step covers does nothing is observed of the API and unverified for alarms.
#[derive(Debug, Clone)]
pub struct StepScaling {
    params: StepScalingParams,
    /// One for each rule, which to AWS is a policy of its own.
    cooldowns: Vec<Cooldown>,
}

impl StepScaling {
    /// Refuses a policy without rules, and what AWS refuses of alarms, steps and adjustments.
    pub fn new(params: StepScalingParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if params.rules.is_empty() {
            return Err(PolicyError::new(
                "rules",
                "step scaling needs at least one alarm, and this policy has none",
            ));
        }
        for (place, rule) in params.rules.iter().enumerate() {
            validate_rule(rule).map_err(|error| error.inside(&format!("rules[{place}]")))?;
        }
        let cooldowns = vec![Cooldown::default(); params.rules.len()];
        Ok(StepScaling { params, cooldowns })
    }
}

/// One rule by itself.
fn validate_rule(rule: &StepRule) -> Result<(), PolicyError> {
    validate_alarm(&rule.alarm).map_err(|error| error.inside("alarm"))?;
    validate_steps(&rule.steps, rule.adjustment_type)
        .map_err(|error| if error.field().starts_with('[') { error.inside("steps") } else { error })?;
    let sample =
        Adjustment { kind: rule.adjustment_type, amount: 0, min_magnitude: rule.min_adjustment_magnitude };
    sample.validate().map_err(|error| PolicyError::new("min_adjustment_magnitude", error.sentence()))
}

impl StepRule {
    fn warmth(&self, seen: &Observation<'_>) -> Warmth {
        let own = match self.pace {
            StepPace::WarmUp(own) => own,
            StepPace::Cooldown(_) => None,
        };
        Warmth::of(seen, own.unwrap_or(seen.group_warm_up))
    }

    /// What the rule asks for at `value`.
    fn act(
        &self,
        value: f64,
        default_cooldown: Option<SimDuration>,
        cooldown: &mut Cooldown,
        seen: &Observation<'_>,
    ) -> Decision {
        let found = find_step(&self.steps, value, self.alarm.threshold, self.alarm.comparison);
        let Some(step) = found.map(|place| self.steps[place]) else {
            return Decision::hold(Reason::NoStep { value });
        };
        let adjustment = Adjustment {
            kind: self.adjustment_type,
            amount: step.adjustment,
            min_magnitude: self.min_adjustment_magnitude,
        };
        let direction = adjustment.direction(seen.desired);
        let pause = match self.pace {
            StepPace::WarmUp(_) => None,
            StepPace::Cooldown(pause) => Some(pause),
        };
        match (direction, pause) {
            (Ordering::Greater, Some(pause)) => service_out(adjustment, value, pause, cooldown, seen),
            (Ordering::Less, Some(pause)) => service_in(adjustment, value, pause, seen),
            (Ordering::Greater, None) => scale_out(adjustment, value, self.warmth(seen), seen),
            (Ordering::Less, None) => {
                let warmth = self.warmth(seen);
                match default_cooldown_holds(seen, default_cooldown).filter(|_| warmth.warming == 0) {
                    Some(reason) => Decision::hold(reason),
                    None => scale_in(adjustment, value, warmth, seen),
                }
            }
            (Ordering::Equal, _) if self.adjustment_type == AdjustmentType::ExactCapacity => {
                Decision::hold(Reason::NoChange)
            }
            (Ordering::Equal, _) => Decision::hold(Reason::NoStep { value }),
        }
    }
}

/// More tasks of a service, computed from the running ones.
fn service_out(
    adjustment: Adjustment,
    value: f64,
    pause: SimDuration,
    cooldown: &mut Cooldown,
    seen: &Observation<'_>,
) -> Decision {
    let Some(base) = application::scale_out_base(seen.in_service(), seen.desired, seen.min, seen.max) else {
        return Decision::hold(outside(seen));
    };
    let added = cooldown.added(seen, pause);
    let change = adjustment.change(base);
    let size = match added {
        Some(added) => scale_out_within_cooldown(seen.desired, added, change),
        None => scale_out_size(seen.desired, adjustment.apply(base)),
    };
    let reason = Reason::Adjustment { value: Some(value), base, change };
    ask_for_more(size, added, reason, seen, cooldown, Decision::hold)
}

/// Fewer tasks of a service, once no deployment and no cooldown holds it.
fn service_in(adjustment: Adjustment, value: f64, pause: SimDuration, seen: &Observation<'_>) -> Decision {
    let Some(base) = application::scale_in_base(seen.in_service(), seen.desired, seen.min, seen.max) else {
        return Decision::hold(outside(seen));
    };
    if let Some(reason) = holds_scale_in(seen, pause) {
        return Decision::hold(reason);
    }
    let reason = Reason::Adjustment { value: Some(value), base, change: adjustment.change(base) };
    let size = clamp(scale_in_size(seen.desired, adjustment.apply(base)), seen.min, seen.max);
    if size < seen.desired { Decision::desired(size, reason) } else { Decision::hold(reason) }
}

/// More instances, computed from the warm ones.
fn scale_out(adjustment: Adjustment, value: f64, warmth: Warmth, seen: &Observation<'_>) -> Decision {
    let base = warmth.warm;
    let reason = Reason::Adjustment { value: Some(value), base, change: adjustment.change(base) };
    let wanted = scale_out_size(seen.desired, adjustment.apply(base));
    let size = clamp(wanted, seen.min, seen.max);
    if size > seen.desired {
        Decision::desired(size, reason)
    } else if wanted > seen.desired {
        Decision::hold(reason)
    } else if warmth.warming > 0 {
        Decision::hold(Reason::WarmingUp { instances: warmth.warming })
    } else {
        Decision::hold(Reason::NoChange)
    }
}

/// Fewer instances, once nothing warms up and no scale-out is in progress.
fn scale_in(adjustment: Adjustment, value: f64, warmth: Warmth, seen: &Observation<'_>) -> Decision {
    if warmth.warming > 0 {
        return Decision::hold(Reason::WarmingUp { instances: warmth.warming });
    }
    if in_progress(seen.last_scale_out) {
        return Decision::hold(Reason::ActivityInProgress);
    }
    let base = scale_in_base(seen.desired, seen.terminating);
    let reason = Reason::Adjustment { value: Some(value), base, change: adjustment.change(base) };
    let wanted = scale_in_size(seen.desired, adjustment.apply(base));
    let size = clamp(wanted, seen.min, seen.max);
    if size < seen.desired {
        Decision::desired(size, reason)
    } else if wanted < seen.desired {
        Decision::hold(reason)
    } else if seen.terminating > 0 {
        Decision::hold(Reason::ActivityInProgress)
    } else {
        Decision::hold(Reason::NoChange)
    }
}

impl Policy for StepScaling {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        let alarms = self.params.rules.iter().map(|rule| rule.alarm.clone()).collect();
        Needs { metrics: Vec::new(), alarms }
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let Trigger::Alarm(place) = seen.trigger else { return Decision::hold(quiet(seen)) };
        let (Some(rule), Some(alarm)) = (self.params.rules.get(place), view(seen, place)) else {
            return Decision::hold(quiet(seen));
        };
        match rule.aggregation.of(&alarm.evaluated) {
            Some(value) => rule.act(value, self.params.default_cooldown, &mut self.cooldowns[place], seen),
            None => Decision::hold(Reason::NoData),
        }
    }
}
