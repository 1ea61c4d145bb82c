//! Policies with what they may see: published datapoints and the states of their alarms.

use super::{Alarm, AlarmState, AlarmView, Datapoint, Policy};
use crate::kernel::{SimDuration, SimTime};
use crate::world::MetricQuery;
use std::collections::VecDeque;

/// Datapoints that a policy sees of a metric, at most.
const SEEN: usize = 32;

/// The published series of one query.
#[derive(Debug)]
pub(crate) struct Series {
    pub query: MetricQuery,
    history: VecDeque<Option<Datapoint>>,
    /// Number of the newest period in the history, counted from one.
    newest: u64,
    keep: usize,
}

impl Series {
    /// Adds the datapoint of the next period, or the lack of one.
    pub fn push(&mut self, point: Option<Datapoint>) {
        self.history.push_back(point);
        self.newest += 1;
        if self.history.len() > self.keep {
            self.history.pop_front();
        }
    }

    /// The last `count` periods whose publication time has come, oldest first; periods before the run are missing.
    fn published(&self, now: SimTime, delay: SimDuration, count: usize) -> Vec<Option<Datapoint>> {
        let period = self.query.period.as_nanos();
        let visible = now.as_nanos().saturating_sub(delay.as_nanos()) / period;
        (0..count as u64)
            .rev()
            .map(|back| {
                let number = visible.checked_sub(back).filter(|&n| n > 0 && n <= self.newest)?;
                let place = self.history.len().checked_sub((self.newest - number) as usize + 1)?;
                self.history[place]
            })
            .collect()
    }
}

/// A policy with its series and alarms.
pub(crate) struct Steered {
    pub policy: Box<dyn Policy>,
    pub name: String,
    metrics: Vec<usize>,
    alarms: Vec<(Alarm, usize)>,
}

/// What an evaluation of all alarms found.
#[derive(Debug, Default)]
pub(crate) struct Evaluated {
    /// Alarms in ALARM, as (policy, alarm).
    pub ringing: Vec<(usize, usize)>,
    /// Alarms whose state is another than before, with the one before.
    pub changed: Vec<(usize, usize, AlarmState)>,
}

/// All policies of a run and the series they ask for.
pub(crate) struct Controls {
    pub policies: Vec<Steered>,
    pub series: Vec<Series>,
    delay: SimDuration,
}

impl Controls {
    pub fn new(policies: Vec<Box<dyn Policy>>, delay: SimDuration) -> Self {
        let mut controls = Controls { policies: Vec::new(), series: Vec::new(), delay };
        for policy in policies {
            let needs = policy.needs();
            let metrics = needs.metrics.iter().map(|q| controls.subscribe(q, SEEN)).collect();
            let alarms = needs
                .alarms
                .into_iter()
                .map(|spec| {
                    let alarm = Alarm::new(spec);
                    let series = controls.subscribe(&alarm.spec.query, alarm.range());
                    (alarm, series)
                })
                .collect();
            let name = policy.name().to_string();
            controls.policies.push(Steered { policy, name, metrics, alarms });
        }
        controls
    }

    fn subscribe(&mut self, query: &MetricQuery, visible: usize) -> usize {
        let unseen = self.delay.as_nanos().div_ceil(query.period.as_nanos().max(1)) as usize;
        let keep = visible + unseen + 1;
        if let Some(found) = self.series.iter().position(|s| s.query == *query) {
            self.series[found].keep = self.series[found].keep.max(keep);
            return found;
        }
        self.series.push(Series { query: query.clone(), history: VecDeque::new(), newest: 0, keep });
        self.series.len() - 1
    }

    /// Whether any policy acts through alarms.
    pub fn any_alarms(&self) -> bool {
        self.policies.iter().any(|p| !p.alarms.is_empty())
    }

    /// Evaluates every alarm, in order of policies and alarms.
    pub fn evaluate(&mut self, now: SimTime) -> Evaluated {
        let mut found = Evaluated::default();
        for (p, steered) in self.policies.iter_mut().enumerate() {
            for (a, (alarm, series)) in steered.alarms.iter_mut().enumerate() {
                let range = self.series[*series].published(now, self.delay, alarm.range());
                let before = alarm.state;
                alarm.evaluate(&range);
                if alarm.state != before {
                    found.changed.push((p, a, before));
                }
                if alarm.state == AlarmState::Alarm {
                    found.ringing.push((p, a));
                }
            }
        }
        found
    }

    /// Policies with alarms, none of which rings: they may veto a scale-in.
    pub fn silent(&self, ringing: &[(usize, usize)]) -> Vec<usize> {
        (0..self.policies.len())
            .filter(|&p| !self.policies[p].alarms.is_empty() && ringing.iter().all(|r| r.0 != p))
            .collect()
    }

    /// What a policy sees: its published datapoints, and its alarms.
    pub fn seen_by(&self, policy: usize, now: SimTime) -> (Vec<Vec<Datapoint>>, Vec<AlarmView>) {
        let steered = &self.policies[policy];
        let datapoints = steered
            .metrics
            .iter()
            .map(|&s| self.series[s].published(now, self.delay, SEEN).into_iter().flatten().collect())
            .collect();
        let alarms = steered
            .alarms
            .iter()
            .map(|(alarm, _)| AlarmView { state: alarm.state, evaluated: alarm.evaluated.clone() })
            .collect();
        (datapoints, alarms)
    }

    /// The name of an alarm, and its state.
    pub fn alarm(&self, policy: usize, alarm: usize) -> (&str, AlarmState) {
        let alarm = &self.policies[policy].alarms[alarm].0;
        (&alarm.spec.name, alarm.state)
    }

    /// An alarm in words: its name, its datapoints and its threshold.
    pub fn describe(&self, policy: usize, alarm: usize) -> String {
        let alarm = &self.policies[policy].alarms[alarm].0;
        let spec = &alarm.spec;
        let values: Vec<String> = alarm.evaluated.iter().map(|d| format!("{:.2}", d.value)).collect();
        let points = values.join(" ");
        format!("{}: {} [{points}] {} {}", spec.name, spec.query.metric, spec.comparison, spec.threshold)
    }
}
