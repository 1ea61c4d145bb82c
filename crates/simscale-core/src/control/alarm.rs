//! An alarm: M of the last N datapoints beyond a threshold, with CloudWatch's rule for missing ones.

use super::Datapoint;
use crate::world::MetricQuery;

/// Datapoints fetched beyond those evaluated: the range of the documentation's example (5 for N = 3). The general size is
/// undocumented (aws.md 6.4).
const EXTRA_RANGE: usize = 2;

/// How an alarm is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSpec {
    /// Name in outputs.
    pub name: String,
    /// What it watches.
    pub query: MetricQuery,
    /// How a value breaches.
    pub comparison: Comparison,
    /// The threshold, in the metric's unit.
    pub threshold: f64,
    /// N: datapoints evaluated, at least 1.
    pub evaluation_periods: u32,
    /// M: breaching datapoints that make an alarm, 1 to N.
    pub datapoints_to_alarm: u32,
    /// What a missing datapoint counts as.
    pub missing_data: MissingData,
}

/// How a value breaches a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// value > threshold
    GreaterThanThreshold,
    /// value >= threshold
    GreaterThanOrEqualToThreshold,
    /// value < threshold
    LessThanThreshold,
    /// value <= threshold
    LessThanOrEqualToThreshold,
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Comparison::GreaterThanThreshold => ">",
            Comparison::GreaterThanOrEqualToThreshold => ">=",
            Comparison::LessThanThreshold => "<",
            Comparison::LessThanOrEqualToThreshold => "<=",
        })
    }
}

/// What a missing datapoint counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// It is left out; with no data at all the state becomes INSUFFICIENT_DATA.
    Missing,
    /// The state is kept.
    Ignore,
    /// It breaches.
    Breaching,
    /// It does not breach.
    NotBreaching,
}

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Not breaching.
    Ok,
    /// Breaching.
    Alarm,
    /// Nothing known.
    InsufficientData,
}

impl Comparison {
    /// Whether `value` breaches `threshold`.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::GreaterThanThreshold => value > threshold,
            Comparison::GreaterThanOrEqualToThreshold => value >= threshold,
            Comparison::LessThanThreshold => value < threshold,
            Comparison::LessThanOrEqualToThreshold => value <= threshold,
        }
    }
}

/// An alarm with its state.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub spec: AlarmSpec,
    pub state: AlarmState,
    /// Real datapoints of the last evaluation, oldest first.
    pub evaluated: Vec<Datapoint>,
}

impl Alarm {
    pub fn new(spec: AlarmSpec) -> Self {
        Alarm { spec, state: AlarmState::InsufficientData, evaluated: Vec::new() }
    }

    /// How many periods back the alarm looks.
    pub fn range(&self) -> usize {
        self.spec.evaluation_periods as usize + EXTRA_RANGE
    }

    /// Evaluates over a range of periods, oldest first; `None` stands for a missing datapoint.
    pub fn evaluate(&mut self, range: &[Option<Datapoint>]) {
        let n = self.spec.evaluation_periods as usize;
        let breach: Vec<Option<bool>> =
            range.iter().map(|p| p.map(|p| self.spec.comparison.breaches(p.value, self.spec.threshold))).collect();
        let real: Vec<Datapoint> = range.iter().flatten().copied().collect();
        self.evaluated = real[real.len().saturating_sub(n)..].to_vec();
        self.state = judge(&breach, n, self.spec.datapoints_to_alarm as usize, self.spec.missing_data, self.state);
    }
}

/// The state that CloudWatch's table gives (aws.md 6.4), oldest point first.
fn judge(range: &[Option<bool>], n: usize, m: usize, missing: MissingData, now: AlarmState) -> AlarmState {
    use AlarmState::{Alarm, InsufficientData, Ok};
    let real: Vec<bool> = range.iter().flatten().copied().collect();
    let verdict = |alarm: bool| if alarm { Alarm } else { Ok };
    if real.len() >= n {
        return verdict(real[real.len() - n..].iter().filter(|&&b| b).count() >= m);
    }
    let breaching = real.iter().filter(|&&b| b).count();
    let filled = n - real.len();
    if real.is_empty() {
        return match missing {
            MissingData::Missing => InsufficientData,
            MissingData::Ignore => now,
            MissingData::Breaching => Alarm,
            MissingData::NotBreaching => Ok,
        };
    }
    if breaching < real.len() {
        let extra = if missing == MissingData::Breaching { filled } else { 0 };
        return verdict(breaching + extra >= m);
    }
    match missing {
        MissingData::Breaching => Alarm,
        MissingData::NotBreaching => verdict(breaching >= m),
        MissingData::Ignore if breaching >= m => Alarm,
        MissingData::Ignore => now,
        MissingData::Missing => {
            let oldest = range.iter().position(Option::is_some).expect("a real point was counted");
            let age = range.len() - oldest;
            if breaching >= m || age >= m { Alarm } else { now }
        }
    }
}
