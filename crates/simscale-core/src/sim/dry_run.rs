//! The control plane alone: the alarms, policies and controller of a run, fed with recorded values in place of a simulated service.

use super::decide::unless_suspended;
use crate::control::{
    Activity, Aggregate, AlarmState, Answer, Controller, Controls, Effect, Evaluated, GroupView, Metric,
    Policy, Sizes, Trigger,
};
use crate::kernel::{NEVER, SimDuration, SimTime};
use crate::ledger::{ActivityKind, ActivityRow, Sink};
use crate::world::{Process, World};

/// The group at a moment, as somebody recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedGroup {
    /// Size it was asked to have.
    pub desired: u32,
    /// How long each instance in service had been in service; longer than the recording: since its start.
    pub in_service: Vec<SimDuration>,
    /// Instances launched and not yet in service.
    pub booting: u32,
    /// Instances leaving.
    pub terminating: u32,
    /// A deployment of the service is in progress.
    pub deploying: bool,
}

/// Alarms, policies and controller of a world, without its service.
///
/// Values are observed at the ends of sampling periods ([`World::metrics`], `resolution`), become datapoints and are published as in a run; an
/// observed value stands for one sample. The group is kept as the answers ask: what is launched boots for a stated time, what is removed
/// (booting ones first, then the longest in service) is gone at once; or as an observation says.
pub struct DryRun {
    world: World,
    controls: Controls,
    controller: Controller,
    sizes: Sizes,
    boot_time: u64,
    /// When each booting instance enters service, in order.
    booting: Vec<u64>,
    in_service: Vec<SimTime>,
    terminating: u32,
    deploying: bool,
    last_out: Option<Activity>,
    last_in: Option<Activity>,
    /// When each policy looks next.
    looks: Vec<u64>,
    /// What was observed of each track since its last whole stretch.
    gathered: Vec<Aggregate>,
    /// The end of the last stretch that was closed, ns.
    closed: u64,
    now: u64,
}

impl DryRun {
    /// A group of the world's size, in service and warm; `boot_time`: how long a launch boots.
    pub fn new(world: World, policies: Vec<Box<dyn Policy>>, boot_time: SimDuration) -> Self {
        let controls = Controls::new(policies, &world);
        let group = &world.group;
        let sizes = Sizes { min: group.min, max: group.max, desired: group.desired };
        let looks = controls.policies.iter().map(|p| p.policy.next_look(SimTime::ZERO));
        DryRun {
            looks: looks.map(|at| at.map_or(NEVER, SimTime::as_nanos)).collect(),
            gathered: vec![Aggregate::new(); controls.archive.tracks.len()],
            controls,
            controller: Controller::default(),
            sizes,
            boot_time: boot_time.as_nanos(),
            booting: Vec::new(),
            in_service: vec![SimTime::ZERO; sizes.desired as usize],
            terminating: 0,
            deploying: false,
            last_out: None,
            last_in: None,
            closed: 0,
            now: 0,
            world,
        }
    }

    /// The metrics that somebody reads. One stands for all percentiles of the response time.
    pub fn metrics(&self) -> Vec<Metric> {
        self.controls.archive.tracks.iter().map(|track| track.metric.clone()).collect()
    }

    /// Goes on to `at`, later than the observation before, and takes the values of the sampling period that ends there. A metric without a value has no
    /// sample, and nor has any metric in periods that nobody observed. All that is decided on the way goes to the sink.
    pub fn observe(
        &mut self,
        at: SimTime,
        values: &[(Metric, f64)],
        group: Option<&RecordedGroup>,
        sink: &mut dyn Sink,
    ) {
        let at = at.as_nanos();
        self.go(at, sink);
        self.now = at;
        let step = self.world.metrics.resolution.as_nanos();
        while self.closed + step <= at {
            self.closed += step;
            for track in 0..self.gathered.len() {
                let asked = &self.controls.archive.tracks[track];
                let value =
                    values.iter().find(|v| self.closed == at && v.0.address() == asked.metric.address());
                if let Some((_, value)) = value {
                    self.gathered[track].samples(*value, 1);
                }
                if self.closed.is_multiple_of(asked.every) {
                    let samples = std::mem::replace(&mut self.gathered[track], Aggregate::new());
                    self.controls.archive.push(track, self.closed, Some(samples));
                }
            }
        }
        self.enter_service(at);
        if let Some(group) = group {
            self.sizes.desired = group.desired;
            self.in_service = group.in_service.iter().map(|age| SimTime::from_nanos(at) - *age).collect();
            self.booting = vec![NEVER; group.booting as usize];
            self.terminating = group.terminating;
            self.deploying = group.deploying;
            self.end_activities();
        }
    }

    /// Goes on until `until`, what is decided at that moment included.
    pub fn finish(&mut self, until: SimTime, sink: &mut dyn Sink) {
        self.go(until.as_nanos() + 1, sink);
    }

    /// All decisions before `until`, in order of time: alarms first, then looks by the number of their policy.
    fn go(&mut self, until: u64, sink: &mut dyn Sink) {
        loop {
            let alarms = self.controls.next_evaluation().unwrap_or(NEVER);
            let look = self.looks.iter().copied().min().unwrap_or(NEVER);
            let next = alarms.min(look);
            if next >= until {
                return;
            }
            self.now = next;
            self.enter_service(next);
            if alarms == next {
                self.alarms(sink);
            } else {
                let policy = self.looks.iter().position(|&at| at == next).expect("somebody looks");
                let answer = self.ask(policy, Trigger::Look, String::new());
                let again = self.controls.policies[policy].policy.next_look(SimTime::from_nanos(next));
                self.looks[policy] = again.map_or(NEVER, |at| at.as_nanos().max(next + 1));
                self.grant(&[answer], sink);
            }
        }
    }

    fn alarms(&mut self, sink: &mut dyn Sink) {
        let now = SimTime::from_nanos(self.now);
        let Evaluated { acting, changed } = self.controls.evaluate(now);
        for (policy, alarm, before) in changed {
            sink.activity(&self.alarm_row(policy, alarm, before));
        }
        if acting.is_empty() || self.world.group.suspends(Process::AlarmNotification, now) {
            return;
        }
        let mut answers = Vec::new();
        for &(policy, alarm) in &acting {
            let cause = self.controls.describe(policy, alarm);
            answers.push(self.ask(policy, Trigger::Alarm(alarm), cause));
        }
        for policy in self.controls.silent(&acting) {
            answers.push(self.ask(policy, Trigger::Look, String::new()));
        }
        self.grant(&answers, sink);
    }

    fn alarm_row(&self, policy: usize, alarm: usize, before: AlarmState) -> ActivityRow {
        let (name, state) = self.controls.alarm(policy, alarm);
        ActivityRow {
            at: SimTime::from_nanos(self.now),
            kind: ActivityKind::Alarm,
            actor: name.to_string(),
            instance: None,
            cause: self.controls.describe(policy, alarm),
            asked: None,
            granted: self.sizes.desired,
            before: self.sizes.desired,
            reason: None,
            note: format!("{before} -> {state}"),
        }
    }

    fn ask(&mut self, policy: usize, trigger: Trigger, cause: String) -> Answer {
        let now = SimTime::from_nanos(self.now);
        let told = self.controls.seen_by(policy, now);
        let view = GroupView {
            now,
            sizes: self.sizes,
            booting: self.booting.len() as u32,
            in_service_since: &self.in_service,
            terminating: self.terminating,
            warm_up: self.world.group.warm_up,
            cooldown: self.world.group.cooldown,
            last_out: self.last_out,
            last_in: self.last_in,
            deploying: self.deploying,
        };
        let answer = self.controls.ask(policy, trigger, cause, &told, &view);
        let suspended = |process| self.world.group.suspends(process, now);
        let decision = unless_suspended(answer.decision.clone(), self.sizes.desired, suspended);
        Answer { decision, ..answer }
    }

    fn grant(&mut self, answers: &[Answer], sink: &mut dyn Sink) {
        let (sizes, rulings) = self.controller.rule(self.sizes, answers);
        (self.sizes.min, self.sizes.max) = (sizes.min, sizes.max);
        for ruling in rulings {
            let at = SimTime::from_nanos(self.now);
            sink.activity(&ActivityRow::of_answer(at, &answers[ruling.answer], &ruling));
            if let Effect::Resize { .. } = ruling.effect {
                self.resize(ruling.granted);
            }
        }
    }

    /// The group follows: launches boot, leavers are gone at once.
    fn resize(&mut self, desired: u32) {
        let begun = Some(Activity { start: SimTime::from_nanos(self.now), end: None });
        if desired > self.sizes.desired {
            self.last_out = begun;
        } else {
            self.last_in = begun;
        }
        self.sizes.desired = desired;
        let living = self.booting.len() + self.in_service.len();
        let ready = self.now + self.boot_time.max(1);
        self.booting.extend((living..desired as usize).map(|_| ready));
        for _ in desired as usize..living {
            if self.booting.pop().is_none() {
                let oldest = (0..self.in_service.len()).min_by_key(|&i| self.in_service[i]);
                self.in_service.remove(oldest.expect("more live than are desired"));
            }
        }
        self.end_activities();
    }

    /// What has booted by `at` is in service.
    fn enter_service(&mut self, at: u64) {
        let ready = self.booting.iter().filter(|&&ready| ready <= at);
        self.in_service.extend(ready.map(|&ready| SimTime::from_nanos(ready)));
        self.booting.retain(|&ready| ready > at);
        self.end_activities();
    }

    fn end_activities(&mut self) {
        let last_entry = self.in_service.iter().max().copied().unwrap_or(SimTime::ZERO);
        if let Some(out) = self.last_out.as_mut().filter(|_| self.booting.is_empty()) {
            out.end.get_or_insert(last_entry.max(out.start));
        }
        if let Some(back) = self.last_in.as_mut().filter(|_| self.terminating == 0) {
            back.end.get_or_insert(SimTime::from_nanos(self.now));
        }
    }
}
