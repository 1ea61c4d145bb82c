//! What the alarm-driven policies share: which alarms AWS refuses, and how an alarm's datapoints become one value.

use crate::PolicyError;
use simscale_core::{AlarmSpec, AlarmState, AlarmView, Datapoint, Observation, Reason, SimDuration};

/// Seconds of an hour and a day.
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// How the evaluated datapoints of an alarm become the one value that is compared with the steps (`MetricAggregationType`).
///
/// Source: EC2 Auto Scaling User Guide, "Step scaling policies"; documented. That the datapoints are those of the alarm's
/// evaluation window is inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregation {
    /// Their mean; the default.
    #[default]
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

impl Aggregation {
    /// The one value; `None` without datapoints, or when it is not a number.
    pub fn of(self, evaluated: &[Datapoint]) -> Option<f64> {
        let values = evaluated.iter().map(|point| point.value);
        let value = match self {
            _ if evaluated.is_empty() || values.clone().any(f64::is_nan) => f64::NAN,
            Aggregation::Average => values.sum::<f64>() / evaluated.len() as f64,
            Aggregation::Minimum => values.fold(f64::INFINITY, f64::min),
            Aggregation::Maximum => values.fold(f64::NEG_INFINITY, f64::max),
        };
        if value.is_nan() { None } else { Some(value) }
    }
}

/// Refuses an alarm that CloudWatch would refuse.
///
/// The rules: a finite threshold; 1 <= M <= N; a period of 1, 5, 10, 20 or 30 seconds or a multiple of 60 up to a day; N times the
/// period at most a day, or a week for periods of an hour and more. Source: CloudWatch API, `PutMetricAlarm`; documented.
pub fn validate_alarm(alarm: &AlarmSpec) -> Result<(), PolicyError> {
    if !alarm.threshold.is_finite() {
        let sentence = format!("the threshold of an alarm is a finite number, but it is {}", alarm.threshold);
        return Err(PolicyError::new("threshold", sentence));
    }
    let (m, n) = (alarm.datapoints_to_alarm, alarm.evaluation_periods);
    if n == 0 {
        return Err(PolicyError::new(
            "evaluation_periods",
            "CloudWatch evaluates at least 1 datapoint, but it is 0",
        ));
    }
    if m == 0 || m > n {
        let sentence =
            format!("CloudWatch wants 1 to {n} (evaluation_periods) datapoints to alarm, but it is {m}");
        return Err(PolicyError::new("datapoints_to_alarm", sentence));
    }
    validate_period(alarm.query.period)?;
    let period = alarm.query.period.as_secs_f64();
    let limit = if period < HOUR as f64 { DAY } else { 7 * DAY };
    if period * f64::from(n) > limit as f64 {
        let sentence =
            format!("CloudWatch looks back at most {limit}s, but {n} periods of {period}s are longer");
        return Err(PolicyError::new("evaluation_periods", sentence));
    }
    Ok(())
}

/// Refuses a period other than 1, 5, 10, 20 or 30 seconds or a multiple of 60 up to a day.
///
/// Source: CloudWatch User Guide, "Periods"; documented.
pub(crate) fn validate_period(period: SimDuration) -> Result<(), PolicyError> {
    let secs = period.as_nanos() / 1_000_000_000;
    let whole = SimDuration::from_secs(secs) == period;
    let allowed =
        matches!(secs, 1 | 5 | 10 | 20 | 30) || ((60..=DAY).contains(&secs) && secs.is_multiple_of(60));
    if whole && allowed {
        return Ok(());
    }
    let rule =
        "CloudWatch allows periods of 1, 5, 10, 20 and 30 seconds and multiples of 60 seconds up to a day";
    Err(PolicyError::new("period", format!("{rule}, but it is {period}")))
}

/// The view of the alarm at `place` among the policy's alarms, if the observation holds one.
pub(crate) fn view<'a>(seen: &Observation<'a>, place: usize) -> Option<&'a AlarmView> {
    seen.alarms.get(place)
}

/// Why a policy that acts through alarms has nothing to do when none of them acts.
pub(crate) fn quiet(seen: &Observation<'_>) -> Reason {
    if seen.alarms.iter().any(|alarm| alarm.state == AlarmState::InsufficientData) {
        Reason::NoData
    } else {
        Reason::OnTarget
    }
}
