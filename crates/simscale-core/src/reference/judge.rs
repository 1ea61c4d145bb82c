//! The state of an alarm, by CloudWatch's rule for missing data.

use crate::control::{AlarmSpec, AlarmState, Datapoint, MissingData};

/// Periods fetched beyond those evaluated.
pub(super) const EXTRA: u64 = 2;

/// Judges the range of periods, oldest first.
pub(super) fn judge(spec: &AlarmSpec, range: &[Option<Datapoint>], now: AlarmState) -> AlarmState {
    let (n, m) = (spec.evaluation_periods as usize, spec.datapoints_to_alarm as usize);
    let breaches = |p: &Datapoint| spec.comparison.breaches(p.value, spec.threshold);
    let real: Vec<bool> = range.iter().flatten().map(breaches).collect();
    let alarm_if = |alarm: bool| if alarm { AlarmState::Alarm } else { AlarmState::Ok };
    let bad = real.iter().filter(|&&b| b).count();
    if real.len() >= n {
        let newest = &real[real.len() - n..];
        return alarm_if(newest.iter().filter(|&&b| b).count() >= m);
    }
    let filled = n - real.len();
    let all_bad = bad == real.len();
    match spec.missing_data {
        MissingData::Breaching => alarm_if(bad + filled >= m),
        MissingData::NotBreaching => alarm_if(bad >= m),
        MissingData::Missing if real.is_empty() => AlarmState::InsufficientData,
        MissingData::Ignore if real.is_empty() => now,
        _ if !all_bad || bad >= m => alarm_if(bad >= m),
        MissingData::Ignore => now,
        MissingData::Missing => {
            // Premature alarm state: the oldest breaching point is as old as the points to alarm.
            let oldest = range.iter().position(Option::is_some).expect("there are real points");
            if range.len() - oldest >= m { AlarmState::Alarm } else { now }
        }
    }
}
