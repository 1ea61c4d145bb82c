//! Policies with what they may see: published datapoints and the states of their alarms.

use super::series::{Archive, Reading};
use super::{
    Activity, Alarm, AlarmSpec, AlarmState, AlarmView, Answer, Datapoint, Observation, Policy, Sizes,
    Trigger, Window,
};
use crate::kernel::{Purpose, SimDuration, SimTime, hash, mix};
use crate::world::{AlarmPhase, World};

/// Datapoints that a policy sees of a metric, at most.
const SEEN: usize = 32;

/// A policy with its series and alarms.
pub(crate) struct Steered {
    pub policy: Box<dyn Policy>,
    pub name: String,
    metrics: Vec<usize>,
    alarms: Vec<(Alarm, usize)>,
}

/// What an evaluation of alarms found.
#[derive(Debug, Default)]
pub(crate) struct Evaluated {
    /// Alarms that act, as (policy, alarm).
    pub acting: Vec<(usize, usize)>,
    /// Alarms whose state is another than before, with the one before.
    pub changed: Vec<(usize, usize, AlarmState)>,
}

/// What a policy sees, and when the last of it was published.
pub(crate) struct Seen {
    pub datapoints: Vec<Vec<Datapoint>>,
    pub alarms: Vec<AlarmView>,
    pub known: SimTime,
}

/// The group as policies see it.
pub(crate) struct GroupView<'a> {
    pub now: SimTime,
    pub sizes: Sizes,
    pub booting: u32,
    pub in_service_since: &'a [SimTime],
    pub terminating: u32,
    pub warm_up: SimDuration,
    pub cooldown: SimDuration,
    pub last_out: Option<Activity>,
    pub last_in: Option<Activity>,
    pub deploying: bool,
}

/// All policies of a run and the samples they ask for.
pub(crate) struct Controls {
    pub policies: Vec<Steered>,
    pub archive: Archive,
    minute: u64,
    /// How often alarms are evaluated: those of a minute and more, and those of high resolution, ns.
    every: (u64, u64),
}

impl Controls {
    pub fn new(policies: Vec<Box<dyn Policy>>, world: &World) -> Self {
        let m = &world.metrics;
        let mut controls = Controls {
            policies: Vec::new(),
            archive: Archive::new(world),
            minute: m.minute.as_nanos(),
            every: (m.alarm_every.as_nanos(), m.fine_alarm_every.as_nanos()),
        };
        for policy in policies {
            let needs = policy.needs();
            let metrics = needs.metrics.iter().map(|q| controls.archive.subscribe(q, SEEN)).collect();
            let alarms = needs
                .alarms
                .into_iter()
                .map(|spec| {
                    let alarm = Alarm::new(spec.clone(), controls.first(&spec, world));
                    let series = controls.archive.subscribe(&spec.query, alarm.range());
                    (alarm, series)
                })
                .collect();
            let name = policy.name().to_string();
            controls.policies.push(Steered { policy, name, metrics, alarms });
        }
        controls
    }

    /// How often an alarm is evaluated, ns.
    fn interval(&self, spec: &AlarmSpec) -> u64 {
        if spec.query.period.as_nanos() < self.minute { self.every.1 } else { self.every.0 }
    }

    /// When an alarm is evaluated first.
    fn first(&self, spec: &AlarmSpec, world: &World) -> u64 {
        let every = self.interval(spec);
        match world.metrics.alarm_phase {
            AlarmPhase::Aligned => every,
            AlarmPhase::Random => {
                let name = spec.name.bytes().fold(0, |address, byte| mix(address ^ u64::from(byte)));
                // From above zero to the interval, both in whole nanoseconds.
                1 + hash(world.seed, Purpose::AlarmPhase, name, 0) % every
            }
        }
    }

    /// When some alarm is evaluated next, ns; `None` without alarms.
    pub fn next_evaluation(&self) -> Option<u64> {
        self.policies.iter().flat_map(|p| &p.alarms).map(|(alarm, _)| alarm.next).min()
    }

    /// Evaluates every alarm whose time has come, in order of policies and alarms.
    pub fn evaluate(&mut self, now: SimTime) -> Evaluated {
        let mut found = Evaluated::default();
        for p in 0..self.policies.len() {
            for a in 0..self.policies[p].alarms.len() {
                let (alarm, series) = &self.policies[p].alarms[a];
                if alarm.next != now.as_nanos() {
                    continue;
                }
                let range = self.archive.read(*series, alarm.spec.window, now, alarm.range());
                let (every, minute) = (self.interval(&alarm.spec), self.minute);
                let alarm = &mut self.policies[p].alarms[a].0;
                let before = alarm.state;
                alarm.evaluate(&range);
                if alarm.state != before {
                    found.changed.push((p, a, before));
                }
                alarm.next += every;
                if alarm.acts(now.as_nanos(), minute) {
                    found.acting.push((p, a));
                }
            }
        }
        found
    }

    /// Policies with alarms, none of which acts, and those that join: they may veto a scale-in.
    pub fn silent(&self, acting: &[(usize, usize)]) -> Vec<usize> {
        (0..self.policies.len())
            .filter(|&p| !self.policies[p].alarms.is_empty() || self.policies[p].policy.joins())
            .filter(|&p| acting.iter().all(|r| r.0 != p))
            .collect()
    }

    /// What a policy sees: its published datapoints, and its alarms.
    pub fn seen_by(&self, policy: usize, now: SimTime) -> Seen {
        let steered = &self.policies[policy];
        let read = |&series: &usize| -> Vec<Reading> {
            self.archive.read(series, Window::WallClock, now, SEEN).into_iter().flatten().collect()
        };
        let readings: Vec<Vec<Reading>> = steered.metrics.iter().map(read).collect();
        let alarms = &steered.alarms;
        let polled = readings.iter().flatten().map(|r| r.known);
        let known = polled.chain(alarms.iter().map(|(alarm, _)| alarm.known)).max().unwrap_or(0);
        Seen {
            datapoints: readings.iter().map(|list| list.iter().map(|r| r.point).collect()).collect(),
            alarms: alarms
                .iter()
                .map(|(alarm, _)| AlarmView { state: alarm.state, evaluated: alarm.evaluated.clone() })
                .collect(),
            known: SimTime::from_nanos(known),
        }
    }

    /// What a policy answers to what it sees.
    pub fn ask(
        &mut self,
        policy: usize,
        trigger: Trigger,
        cause: String,
        told: &Seen,
        group: &GroupView<'_>,
    ) -> Answer {
        let steered = &mut self.policies[policy];
        let decision = steered.policy.decide(&Observation {
            now: group.now,
            trigger,
            min: group.sizes.min,
            max: group.sizes.max,
            desired: group.sizes.desired,
            booting: group.booting,
            in_service_since: group.in_service_since,
            terminating: group.terminating,
            group_warm_up: group.warm_up,
            group_cooldown: group.cooldown,
            activity_in_progress: group.booting > 0 || group.terminating > 0,
            last_scale_out: group.last_out,
            last_scale_in: group.last_in,
            deployment_in_progress: group.deploying,
            datapoints: &told.datapoints,
            alarms: &told.alarms,
        });
        Answer { policy, actor: steered.name.clone(), cause, decision }
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
        let (metric, points) = (self.archive.name(&spec.query.metric), values.join(" "));
        format!("{}: {metric} [{points}] {} {}", spec.name, spec.comparison, spec.threshold)
    }
}
