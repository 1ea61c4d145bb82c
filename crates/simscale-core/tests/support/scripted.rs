//! Policies that do what a list says, or only look.
#![allow(dead_code)]

use simscale_core::*;
use std::sync::{Arc, Mutex};

pub const SECOND: u64 = 1_000_000_000;

/// Says at each time of its list what the list says.
pub struct Script {
    pub name: String,
    pub steps: Vec<(SimTime, Decision)>,
}

impl Policy for Script {
    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Needs {
        Needs::default()
    }
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        self.steps.iter().map(|s| s.0).find(|&t| t > now)
    }
    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let step =
            self.steps.iter().find(|s| s.0 == seen.now).expect("it looks at the times of its list only");
        step.1.clone()
    }
}

/// A policy that says these things at these times, in nanoseconds.
pub fn script(steps: &[(u64, Decision)]) -> Vec<Box<dyn Policy>> {
    let steps = steps.iter().map(|(at, d)| (SimTime::from_nanos(*at), d.clone())).collect();
    vec![Box::new(Script { name: "script".into(), steps })]
}

/// A policy that asks for these sizes at these times, in nanoseconds.
pub fn sizes(steps: &[(u64, u32)]) -> Vec<Box<dyn Policy>> {
    let decisions: Vec<_> = steps.iter().map(|&(at, n)| (at, Decision::desired(n, Reason::Fixed))).collect();
    script(&decisions)
}

/// What a policy saw at one look.
#[derive(Debug, Clone)]
pub struct Look {
    pub now: SimTime,
    pub trigger: Trigger,
    pub sizes: (u32, u32, u32),
    pub datapoints: Vec<Vec<Datapoint>>,
    pub alarms: Vec<AlarmView>,
}

/// Looks at regular times and when its alarms ring, writes down what it sees, and holds.
pub struct Looker {
    pub name: String,
    pub needs: Needs,
    pub every: Option<SimDuration>,
    pub looks: Arc<Mutex<Vec<Look>>>,
}

impl Looker {
    pub fn new(name: &str, needs: Needs, every: Option<SimDuration>) -> Self {
        Looker { name: name.into(), needs, every, looks: Arc::default() }
    }
}

impl Policy for Looker {
    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Needs {
        self.needs.clone()
    }
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        self.every.map(|every| now + every)
    }
    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let look = Look {
            now: seen.now,
            trigger: seen.trigger,
            sizes: (seen.min, seen.desired, seen.max),
            datapoints: seen.datapoints.to_vec(),
            alarms: seen.alarms.to_vec(),
        };
        self.looks.lock().expect("one thread").push(look);
        Decision::hold(Reason::NoChange)
    }
}

pub fn query(metric: Metric, seconds: u64) -> MetricQuery {
    MetricQuery { metric, period: SimDuration::from_secs(seconds), statistic: Statistic::Average }
}

/// An alarm over one datapoint; `rings` says whether CPU utilisation, never negative, breaches it always or never.
pub fn alarm(name: &str, rings: bool, seconds: u64) -> AlarmSpec {
    AlarmSpec {
        name: name.into(),
        query: query(Metric::CpuUtilization, seconds),
        comparison: Comparison::GreaterThanOrEqualToThreshold,
        threshold: if rings { 0.0 } else { 1e9 },
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        missing_data: MissingData::Missing,
        window: Window::Sliding,
        low_samples: LowSamples::Evaluate,
    }
}
