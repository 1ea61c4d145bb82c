//! Predictive scaling: applies a forecast that the user gives, hour by hour. The forecaster itself is not modelled.

use crate::arithmetic::{clamp, round9};
use crate::{PolicyError, error::validate_name};
use simscale_core::{Decision, Needs, Observation, Policy, Reason, SimDuration, SimTime};

const HOUR: SimDuration = SimDuration::from_secs(3600);

/// Parameters of [`Predictive`].
#[derive(Debug, Clone, PartialEq)]
pub struct PredictiveParams {
    /// Name in outputs.
    pub name: String,
    /// Instances for each hour, the first for the hour in which the run begins; at least one. See [`capacity_for`].
    pub forecast: Vec<u32>,
    /// How much of the first hour is over when the run begins; below an hour.
    pub into_hour: SimDuration,
    /// Acts so long before the hour; at most an hour (`SchedulingBufferTime`).
    pub buffer: SimDuration,
    /// Whether it scales, or only forecasts.
    pub mode: PredictiveMode,
    /// What a forecast above the maximum does.
    pub breach: MaxCapacityBreach,
}

/// Whether a predictive policy scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredictiveMode {
    /// It forecasts and changes nothing.
    ForecastOnly,
    /// It scales.
    ForecastAndScale,
}

/// What a forecast above the maximum does (`MaxCapacityBreachBehavior`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxCapacityBreach {
    /// The maximum stays.
    Honor,
    /// The maximum is raised to the forecast and so many percent more, and stays raised.
    Increase {
        /// Percent of the forecast, 0 to 100 (`MaxCapacityBuffer`).
        buffer_percent: f64,
    },
}

/// Instances that a forecast load needs at a target per instance: the quotient, rounded up.
///
/// AWS says only that the target relates the two; the formula is inferred.
pub fn capacity_for(load: f64, target: f64) -> u32 {
    round9(load / target).ceil() as u32
}

/// The maximum while `predicted` instances are forecast.
///
/// Forecast 50, maximum 40, buffer 10 %: 55. Source: EC2 Auto Scaling API, `PredictiveScalingConfiguration`; documented, the rounding up inferred.
pub fn effective_max(predicted: u32, max: u32, breach: MaxCapacityBreach) -> u32 {
    match breach {
        MaxCapacityBreach::Increase { buffer_percent } if predicted > max => {
            round9(f64::from(predicted) * (1.0 + buffer_percent / 100.0)).ceil() as u32
        }
        _ => max,
    }
}

/// The size at the beginning of an hour: the forecast if there are fewer, within the bounds; it never scales in.
///
/// Source: EC2 Auto Scaling User Guide, "Predictive scaling for Amazon EC2 Auto Scaling"; documented.
pub fn predictive_size(actual: u32, predicted: u32, min: u32, max: u32) -> u32 {
    actual.max(clamp(predicted, min, max))
}

/// Raises the group to the forecast at each hour, or a buffer before it; within the hour no other policy's scale-in goes below the forecast.
///
/// Together with dynamic policies the larger size counts: it joins the decisions of their alarms. An hour for which nothing is
/// forecast is left to them. Source: EC2 Auto Scaling User Guide, "Predictive scaling for Amazon EC2 Auto Scaling"; documented.
#[derive(Debug, Clone)]
pub struct Predictive {
    params: PredictiveParams,
    /// The first hour for which it did not act yet.
    next: usize,
}

impl Predictive {
    /// Refuses an empty forecast, a buffer of more than an hour, and a buffer of capacity that is no percentage from 0 to 100.
    pub fn new(params: PredictiveParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if params.forecast.is_empty() {
            return Err(PolicyError::new(
                "forecast",
                "a forecast needs at least one hour, and this one has none",
            ));
        }
        if params.buffer > HOUR {
            let sentence =
                format!("AWS wants a SchedulingBufferTime of 0 to 3600 s, but it is {}", params.buffer);
            return Err(PolicyError::new("buffer", sentence));
        }
        if let MaxCapacityBreach::Increase { buffer_percent } = params.breach
            && !(0.0..=100.0).contains(&buffer_percent)
        {
            let sentence =
                format!("AWS wants a MaxCapacityBuffer of 0 to 100 percent, but it is {buffer_percent}");
            return Err(PolicyError::new("breach.buffer_percent", sentence));
        }
        Ok(Predictive { params, next: 0 })
    }

    /// When the policy acts for an hour, and when that hour begins; both not before the run.
    fn hour(&self, place: usize) -> (SimTime, SimTime) {
        let begins = (HOUR.as_nanos() * place as u64).saturating_sub(self.params.into_hour.as_nanos());
        let acts = begins.saturating_sub(self.params.buffer.as_nanos());
        (SimTime::from_nanos(acts), SimTime::from_nanos(begins))
    }

    /// The forecast in force: that of the hour, or of the next one in its buffer where it is larger.
    fn predicted(&self, now: SimTime) -> Option<(u32, SimTime)> {
        let since = now.as_nanos() + self.params.into_hour.as_nanos();
        let present = (since / HOUR.as_nanos()) as usize;
        [present, present + 1]
            .into_iter()
            .filter_map(|place| Some((*self.params.forecast.get(place)?, self.hour(place))))
            .filter(|(_, (acts, _))| *acts <= now)
            .map(|(predicted, (_, begins))| (predicted, begins))
            .max_by_key(|(predicted, begins)| (*predicted, std::cmp::Reverse(*begins)))
    }
}

impl Policy for Predictive {
    fn name(&self) -> &str {
        &self.params.name
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let ahead = |at: SimTime| at > now || now == SimTime::ZERO;
        (self.next..self.params.forecast.len()).map(|place| self.hour(place).0).find(|&at| ahead(at))
    }

    fn joins(&self) -> bool {
        self.params.mode == PredictiveMode::ForecastAndScale
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        while self.next < self.params.forecast.len() && self.hour(self.next).0 <= seen.now {
            self.next += 1;
        }
        let Some((predicted, hour)) = self.predicted(seen.now) else {
            return Decision::hold(Reason::Other("no forecast for this hour".to_owned()));
        };
        let reason = Reason::Predictive { predicted, hour };
        if self.params.mode == PredictiveMode::ForecastOnly {
            return Decision::hold(reason);
        }
        let max = effective_max(predicted, seen.max, self.params.breach);
        let size = predictive_size(seen.desired, predicted, seen.min, max);
        if size > seen.desired {
            let mut decision = Decision::desired(size, reason);
            decision.bounds = (max > seen.max).then_some((seen.min, max));
            return decision;
        }
        let floor = Some(clamp(predicted, seen.min, seen.max));
        Decision { floor, ..Decision::hold(reason) }
    }
}
