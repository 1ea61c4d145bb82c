//! Target tracking: two alarms of its own say when, one division says how many.

use crate::alarms::{validate_alarm, view};
use crate::application::{
    self, ApplicationPace, Cooldown, ask_for_more, holds_scale_in, outside, scale_out_within_cooldown,
};
use crate::arithmetic::{
    Warmth, clamp, default_cooldown_holds, in_progress, round9, scale_in_base, scale_in_size, scale_out_size,
    target_tracking_capacity,
};
use crate::{PolicyError, error::validate_name};
use simscale_core::{
    AlarmSpec, AlarmState, Comparison, Datapoint, Decision, LowSamples, Metric, MetricQuery, MissingData,
    Needs, Observation, Policy, Reason, SimDuration, Statistic, Trigger, Window,
};

/// Low threshold over target for EC2 Auto Scaling groups: 50 gives 35. Observed for CPU; for other metrics of a group by analogy.
pub const EC2_LOW_FACTOR: f64 = 0.7;

/// Low threshold over target for services of Application Auto Scaling such as ECS: 70 gives 63. Observed.
pub const APPLICATION_LOW_FACTOR: f64 = 0.9;

/// Places of the two alarms in [`Needs::alarms`].
const HIGH: usize = 0;
const LOW: usize = 1;

/// Parameters of [`TargetTracking`].
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTrackingParams {
    /// Name in outputs, also inside the names of its alarms.
    pub name: String,
    /// What is tracked. It must fall as capacity grows: a value per instance, never a total.
    pub query: MetricQuery,
    /// Where the metric should lie, in its unit; finite and above 0.
    pub target: f64,
    /// Time in service after which an instance counts; `None` for the group's.
    pub warm_up: Option<SimDuration>,
    /// The group's default cooldown, when the group has no default warm-up; see [`default_cooldown_holds`](crate::arithmetic::default_cooldown_holds).
    pub default_cooldown: Option<SimDuration>,
    /// The pacing of Application Auto Scaling, in place of the warm-up; `None` for an EC2 Auto Scaling group.
    pub application: Option<ApplicationPace>,
    /// Never removes capacity. The low alarm is then absent (AWS does not say whether it exists).
    pub disable_scale_in: bool,
    /// The alarm above the target.
    pub high: AlarmShape,
    /// The alarm below the target.
    pub low: AlarmShape,
    /// Threshold of the low alarm over the target, above 0 and at most 1.
    pub low_factor: f64,
    /// Scales in again only on a datapoint whose period began after the last scale-in: one measured on the group as it is now.
    ///
    /// Without it, a datapoint that still shows the larger group would be multiplied with the smaller capacity as soon as the
    /// removed instances are gone, and the group would fall too far. AWS documents only that scaling in is slower than scaling out; inferred.
    pub fresh_data_for_scale_in: bool,
}

impl TargetTrackingParams {
    /// What an ECS service gets from Application Auto Scaling: cooldowns of 300 s, the low alarm below 0.9 of the target (observed).
    pub fn of_service(name: impl Into<String>, metric: Metric, target: f64) -> Self {
        let application = Some(ApplicationPace::default());
        TargetTrackingParams {
            application,
            low_factor: APPLICATION_LOW_FACTOR,
            ..TargetTrackingParams::new(name, metric, target)
        }
    }

    /// What an EC2 Auto Scaling group gets: 1-minute average (the sum for request counts), high 3 of 3 above the target, low 15 of 15 below 0.7 of it.
    ///
    /// The alarms are observed in dumps of real accounts; AWS calls them an implementation detail.
    pub fn new(name: impl Into<String>, metric: Metric, target: f64) -> Self {
        let statistic =
            if metric == Metric::RequestCountPerTarget { Statistic::Sum } else { Statistic::Average };
        TargetTrackingParams {
            name: name.into(),
            query: MetricQuery { metric, period: SimDuration::from_secs(60), statistic },
            target,
            warm_up: None,
            default_cooldown: None,
            application: None,
            disable_scale_in: false,
            high: AlarmShape { evaluation_periods: 3, datapoints_to_alarm: 3 },
            low: AlarmShape { evaluation_periods: 15, datapoints_to_alarm: 15 },
            low_factor: EC2_LOW_FACTOR,
            fresh_data_for_scale_in: true,
        }
    }
}

/// How many datapoints must breach: M of the last N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmShape {
    /// N: datapoints evaluated.
    pub evaluation_periods: u32,
    /// M: breaching datapoints that make an alarm, 1 to N.
    pub datapoints_to_alarm: u32,
}

/// Keeps a metric near its target by the alarms that it creates.
///
/// While the high alarm is in ALARM it asks for `ceil(warm x value / target)`, never less than the desired capacity, so that
/// instances still warming up count. While the low alarm is in ALARM, nothing warms up and no scale-out is in progress, it asks for
/// `ceil(capacity x value / target)` if that is less than the desired capacity; `capacity` includes instances still leaving.
/// The value is the newest datapoint of the alarm (which one AWS takes is unverified). Between the alarms it does nothing.
///
/// When it is not ready to scale in (its low alarm is not in ALARM, or its data is insufficient), it answers so: a group scales in only if all its
/// target trackers agree, those with scale-in disabled aside. Asked at a [`Trigger::Look`], it answers by the states
/// of its alarms, so that the controller can poll the trackers whose alarms are silent.
///
/// For an ECS service, Application Auto Scaling starts from the running count and paces by cooldowns in place of warm-up; see
/// [`application`](crate::application).
///
/// Source: EC2 Auto Scaling User Guide, "Target tracking scaling policies"; documented in words, the formula inferred
/// ([`target_tracking_capacity`]), the alarms observed ([`TargetTrackingParams::new`]).
#[derive(Debug, Clone)]
pub struct TargetTracking {
    params: TargetTrackingParams,
    alarms: Vec<AlarmSpec>,
    cooldown: Cooldown,
}

impl TargetTracking {
    /// Refuses a target that is not finite and above 0, a low factor outside (0, 1], and what CloudWatch refuses of alarms.
    ///
    /// AWS takes periods of 10, 30 and 60 s for target tracking. Longer ones are accepted here: they stand for metrics that are only published every 300 s (basic monitoring).
    pub fn new(params: TargetTrackingParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if !params.target.is_finite() || params.target <= 0.0 {
            let sentence = format!(
                "AWS wants a TargetValue that is a finite number above 0, for target tracking divides by it, but it is {}",
                params.target
            );
            return Err(PolicyError::new("target", sentence));
        }
        if !(params.low_factor > 0.0 && params.low_factor <= 1.0) {
            let sentence = format!(
                "the low threshold lies above 0 and at most at the target, so its factor must too, but it is {}",
                params.low_factor
            );
            return Err(PolicyError::new("low_factor", sentence));
        }
        if let Some(margin) = params.application.map(|pace| pace.flapping_margin)
            && !(margin > 0.0 && margin <= 1.0)
        {
            let sentence =
                format!("the margin is a share of the target, above 0 and at most 1, but it is {margin}");
            return Err(PolicyError::new("application.flapping_margin", sentence));
        }
        let alarms = alarms_of(&params);
        for (alarm, field) in alarms.iter().zip(["high", "low"]) {
            validate_alarm(alarm).map_err(|error| match error.field() {
                "period" => error.inside("query"),
                _ => error.inside(field),
            })?;
        }
        Ok(TargetTracking { params, alarms, cooldown: Cooldown::default() })
    }

    /// What it asks for while the high alarm is in ALARM. When that is no change, no other tracker may scale in either.
    fn scale_out(&self, seen: &Observation<'_>) -> Decision {
        let warmth = Warmth::of(seen, self.warm_up(seen));
        let Some((wanted, reason)) = newest(seen, HIGH).and_then(|point| self.wanted(warmth.warm, point))
        else {
            return Decision::hold_and_block_scale_in(Reason::NoData);
        };
        let wanted = scale_out_size(seen.desired, wanted);
        let size = clamp(wanted, seen.min, seen.max);
        if size > seen.desired {
            Decision::desired(size, reason)
        } else if wanted == seen.desired && warmth.warming > 0 {
            Decision::hold_and_block_scale_in(Reason::WarmingUp { instances: warmth.warming })
        } else {
            Decision::hold_and_block_scale_in(reason)
        }
    }

    /// What it asks for while the low alarm is in ALARM.
    fn scale_in(&self, seen: &Observation<'_>) -> Decision {
        if let Some(reason) = self.not_ready(seen) {
            return self.hold(reason);
        }
        let capacity = scale_in_base(seen.desired, seen.terminating);
        let Some((wanted, reason)) = newest(seen, LOW).and_then(|point| self.wanted(capacity, point)) else {
            return self.hold(Reason::NoData);
        };
        let size = clamp(scale_in_size(seen.desired, wanted), seen.min, seen.max);
        if size < seen.desired { Decision::desired(size, reason) } else { self.hold(reason) }
    }

    /// [`TargetTracking::scale_out`] of a service: from the running tasks, and within a cooldown only what exceeds what it has added.
    fn service_out(&mut self, pace: ApplicationPace, seen: &Observation<'_>) -> Decision {
        let blocked = Decision::hold_and_block_scale_in;
        let Some(base) = application::scale_out_base(seen.in_service(), seen.desired, seen.min, seen.max)
        else {
            return blocked(outside(seen));
        };
        let Some(point) = newest(seen, HIGH) else { return blocked(Reason::NoData) };
        let added = self.cooldown.added(seen, pace.scale_out_cooldown);
        // Within a cooldown a datapoint of the smaller service is applied to the smaller service.
        let before = added.and_then(|_| self.cooldown.base_of(seen, point.start));
        let base = before.map_or(base, |before| before.min(base));
        let Some((wanted, reason)) = self.wanted(base, point) else { return blocked(Reason::NoData) };
        let size = match added {
            Some(added) => {
                scale_out_within_cooldown(seen.desired, added, i64::from(wanted) - i64::from(base))
            }
            None => scale_out_size(seen.desired, wanted),
        };
        ask_for_more(size, added, reason, seen, &mut self.cooldown, blocked)
    }

    /// [`TargetTracking::scale_in`] of a service: once no deployment and no cooldown holds it, and if it would last.
    fn service_in(&self, pace: ApplicationPace, seen: &Observation<'_>) -> Decision {
        let Some(base) = application::scale_in_base(seen.in_service(), seen.desired, seen.min, seen.max)
        else {
            return self.hold(outside(seen));
        };
        let held = holds_scale_in(seen, pace.scale_in_cooldown).or_else(|| self.not_ready_yet(seen));
        if let Some(reason) = held {
            return self.hold(reason);
        }
        let Some(point) = newest(seen, LOW) else { return self.hold(Reason::NoData) };
        let Some((wanted, reason)) = self.wanted(base, point) else { return self.hold(Reason::NoData) };
        let (value, target) = (point.value, self.params.target);
        let lasting = wanted.max(application::size_within_margin(value, base, target, pace.flapping_margin));
        let size = clamp(scale_in_size(seen.desired, lasting), seen.min, seen.max);
        if size < seen.desired {
            Decision::desired(size, reason)
        } else if wanted < seen.desired && seen.desired > seen.min {
            let projected = value * f64::from(base) / f64::from(wanted.max(seen.min));
            self.hold(Reason::AnticipatedFlapping { projected, target })
        } else {
            self.hold(reason)
        }
    }

    /// Why it may not scale in now, although its low alarm is in ALARM.
    fn not_ready(&self, seen: &Observation<'_>) -> Option<Reason> {
        let warming = Warmth::of(seen, self.warm_up(seen)).warming;
        let grows = (warming > 0)
            .then_some(Reason::WarmingUp { instances: warming })
            .or_else(|| in_progress(seen.last_scale_out).then_some(Reason::ActivityInProgress))
            .or_else(|| default_cooldown_holds(seen, self.params.default_cooldown));
        grows.filter(|_| !self.high_rings(seen)).or_else(|| self.not_ready_yet(seen))
    }

    /// What of [`TargetTracking::not_ready`] holds for every product: the high alarm comes first, and the datapoint is of the group as it is now.
    fn not_ready_yet(&self, seen: &Observation<'_>) -> Option<Reason> {
        if self.high_rings(seen) {
            return Some(Reason::Other(
                "the high alarm is in ALARM too, and scaling out comes first".to_owned(),
            ));
        }
        let (measured, changed) = (newest(seen, LOW)?.start, seen.last_scale_in?.start);
        (self.params.fresh_data_for_scale_in && measured < changed).then(|| {
            Reason::Other(format!(
                "the newest datapoint began at {measured}, before the scale-in of {changed}"
            ))
        })
    }

    /// The size that `point` calls for at `capacity`, before bounds, with its reason; `None` when the value is not a number.
    fn wanted(&self, capacity: u32, point: Datapoint) -> Option<(u32, Reason)> {
        let (value, target) = (point.value, self.params.target);
        let wanted = target_tracking_capacity(capacity, value, target)?;
        Some((wanted, Reason::TargetTracking { value, target, capacity, wanted }))
    }

    /// No change. Other trackers may not scale in either, unless this one has no say in that.
    fn hold(&self, reason: Reason) -> Decision {
        if self.params.disable_scale_in {
            Decision::hold(Reason::ScaleInDisabled)
        } else {
            Decision::hold_and_block_scale_in(reason)
        }
    }

    fn high_rings(&self, seen: &Observation<'_>) -> bool {
        view(seen, HIGH).is_some_and(|alarm| alarm.state == AlarmState::Alarm)
    }

    fn warm_up(&self, seen: &Observation<'_>) -> SimDuration {
        self.params.warm_up.unwrap_or(seen.group_warm_up)
    }
}

/// The alarms that a target tracker creates; the low one only if it may scale in.
///
/// AWS names them `TargetTracking-<group>-AlarmHigh-<uuid>`; here the policy's name stands for group and uuid.
fn alarms_of(params: &TargetTrackingParams) -> Vec<AlarmSpec> {
    let alarm = |side: &str, comparison: Comparison, threshold: f64, shape: AlarmShape| AlarmSpec {
        name: format!("TargetTracking-{}-Alarm{side}", params.name),
        query: params.query.clone(),
        comparison,
        threshold,
        evaluation_periods: shape.evaluation_periods,
        datapoints_to_alarm: shape.datapoints_to_alarm,
        missing_data: MissingData::Missing,
        window: Window::Sliding,
        low_samples: LowSamples::Evaluate,
    };
    let low_threshold = round9(params.target * params.low_factor);
    let mut alarms = vec![alarm("High", Comparison::GreaterThanThreshold, params.target, params.high)];
    if !params.disable_scale_in {
        alarms.push(alarm("Low", Comparison::LessThanThreshold, low_threshold, params.low));
    }
    alarms
}

/// The newest datapoint that the alarm evaluated.
fn newest(seen: &Observation<'_>, place: usize) -> Option<Datapoint> {
    view(seen, place)?.evaluated.last().copied()
}

impl Policy for TargetTracking {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        Needs { metrics: Vec::new(), alarms: self.alarms.clone() }
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let in_alarm = |place: usize| match seen.trigger {
            Trigger::Alarm(acting) => acting == place,
            Trigger::Look => view(seen, place).is_some_and(|alarm| alarm.state == AlarmState::Alarm),
        };
        let wants_in = in_alarm(LOW) && !self.params.disable_scale_in;
        match self.params.application {
            None if in_alarm(HIGH) => self.scale_out(seen),
            Some(pace) if in_alarm(HIGH) => self.service_out(pace, seen),
            None if wants_in => self.scale_in(seen),
            Some(pace) if wants_in => self.service_in(pace, seen),
            _ => self.hold(crate::alarms::quiet(seen)),
        }
    }
}
