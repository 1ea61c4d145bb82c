//! A threshold poll: a script in a loop that reads the newest datapoint and adds or removes instances.

use crate::{PolicyError, error::validate_name};
use simscale_core::{
    Decision, Metric, MetricQuery, Needs, Observation, Policy, Reason, Request, SimDuration, SimTime,
    Statistic,
};

/// Parameters of [`ThresholdPoll`].
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdPollParams {
    /// Name in outputs.
    pub name: String,
    /// What it reads.
    pub query: MetricQuery,
    /// Above this value it adds; exactly at it, it does nothing. In the metric's unit.
    pub upper: f64,
    /// Below this value it removes; exactly at it, it does nothing. In the metric's unit, at most `upper`.
    pub lower: f64,
    /// Instances added at a look; 0 for a poll that never adds.
    pub add: u32,
    /// Instances removed at a look; 0 for a poll that never removes.
    pub remove: u32,
    /// Pause between looks, above zero.
    pub interval: SimDuration,
    /// How long a look's work takes; what it decides takes effect at its start.
    pub work_time: SimDuration,
    /// What the interval is counted from.
    pub pacing: Pacing,
    /// When it looks first.
    pub first_look: SimTime,
    /// Drains what it removes. Draining means acting through the group, and so within the group's bounds as well; without, it acts
    /// raw: instances are terminated with their requests, and the group's bounds are not looked at.
    pub drain: bool,
    /// Its own smallest and largest size; `None` for none, though a size is never below 0.
    pub bounds: Option<(u32, u32)>,
}

impl ThresholdPollParams {
    /// The loop as such scripts are usually written: every 300 s after the work, above 80 % CPU one more, below 50 % one less, raw, no bounds.
    pub fn new(name: impl Into<String>) -> Self {
        let (metric, statistic) = (Metric::CpuUtilization, Statistic::Average);
        ThresholdPollParams {
            name: name.into(),
            query: MetricQuery { metric, period: SimDuration::from_secs(60), statistic },
            upper: 80.0,
            lower: 50.0,
            add: 1,
            remove: 1,
            interval: SimDuration::from_secs(300),
            work_time: SimDuration::ZERO,
            pacing: Pacing::SleepAfterWork,
            first_look: SimTime::ZERO,
            drain: false,
            bounds: None,
        }
    }
}

/// What the interval of a poll is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// From the end of the work, like `sleep` at the end of a loop: looks drift by the work time.
    SleepAfterWork,
    /// From the first look, like a timer: a look that falls into the work of the one before is skipped.
    FixedGrid,
}

/// Looks at fixed intervals at the newest *published* datapoint, however old it is, and moves the desired capacity.
///
/// It knows neither cooldown nor warm-up and acts on one datapoint as often as it reads it. Without a datapoint it does nothing.
#[derive(Debug, Clone)]
pub struct ThresholdPoll {
    params: ThresholdPollParams,
    next: SimTime,
}

impl ThresholdPoll {
    /// Refuses crossed or non-finite thresholds, crossed bounds, an interval or period of zero, and a poll that neither adds nor removes.
    pub fn new(params: ThresholdPollParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        for (field, value) in [("upper", params.upper), ("lower", params.lower)] {
            if !value.is_finite() {
                let sentence = format!("a threshold is a finite number, but it is {value}");
                return Err(PolicyError::new(field, sentence));
            }
        }
        if params.lower > params.upper {
            let sentence = format!(
                "the thresholds are crossed: it would remove below {} and add above {}",
                params.lower, params.upper
            );
            return Err(PolicyError::new("lower", sentence));
        }
        for (field, value) in [("interval", params.interval), ("query.period", params.query.period)] {
            if value.is_zero() {
                return Err(PolicyError::new(
                    field,
                    format!("it must be longer than zero, but it is {value}"),
                ));
            }
        }
        if params.add == 0 && params.remove == 0 {
            return Err(PolicyError::new(
                "add",
                "a poll must add or remove something, but both numbers are 0",
            ));
        }
        if let Some((min, max)) = params.bounds.filter(|&(min, max)| min > max) {
            let sentence =
                format!("the smallest size must not be above the largest, but they are {min} and {max}");
            return Err(PolicyError::new("bounds", sentence));
        }
        Ok(ThresholdPoll { next: params.first_look, params })
    }

    /// When the look after the one at `now` begins, always later than `now`.
    fn look_after(&self, now: SimTime) -> SimTime {
        let rested = now + self.params.work_time;
        match self.params.pacing {
            Pacing::SleepAfterWork => rested + self.params.interval,
            Pacing::FixedGrid => {
                let interval = self.params.interval.as_nanos();
                let passed = rested.since(self.params.first_look).as_nanos().div_ceil(interval);
                let on_grid = |step: u64| {
                    self.params.first_look + SimDuration::from_nanos(interval.saturating_mul(step))
                };
                if on_grid(passed) > now { on_grid(passed) } else { on_grid(passed + 1) }
            }
        }
    }

    /// Smallest and largest size that it may ask for: its own, and the group's unless it acts raw.
    fn limits(&self, seen: &Observation<'_>) -> (u32, u32) {
        let (min, max) = self.params.bounds.unwrap_or((0, u32::MAX));
        if self.params.drain { (min.max(seen.min), max.min(seen.max)) } else { (min, max) }
    }

    /// The size it wants at `value`, and why. Limits stop it, but never push it the other way.
    fn judge(&self, value: f64, seen: &Observation<'_>) -> (u32, Reason) {
        let (min, max) = self.limits(seen);
        let ThresholdPollParams { upper, lower, add, remove, .. } = self.params;
        if value > upper {
            let wanted = seen.desired.saturating_add(add).min(max).max(seen.desired);
            (wanted, Reason::AboveThreshold { value, threshold: upper, change: i64::from(add) })
        } else if value < lower {
            let wanted = seen.desired.saturating_sub(remove).max(min).min(seen.desired);
            (wanted, Reason::BelowThreshold { value, threshold: lower, change: -i64::from(remove) })
        } else {
            (seen.desired, Reason::WithinThresholds { value })
        }
    }
}

impl Policy for ThresholdPoll {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        Needs { metrics: vec![self.params.query.clone()], alarms: Vec::new() }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let ahead = self.next > now || (now == SimTime::ZERO && self.next == SimTime::ZERO);
        Some(if ahead { self.next } else { self.look_after(now) })
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        self.next = self.look_after(seen.now);
        let Some(newest) = seen.datapoints.first().and_then(|series| series.last()) else {
            return Decision::hold(Reason::NoData);
        };
        let (wanted, reason) = self.judge(newest.value, seen);
        let request = if wanted == seen.desired { Request::Hold } else { Request::Desired(wanted) };
        Decision { request, reason, bounds: None, raw: !self.params.drain, unbounded: false, floor: None }
    }
}
