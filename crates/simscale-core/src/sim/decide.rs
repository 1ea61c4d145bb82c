//! Decisions: alarms ring, policies look, the group grants what its rules allow, and everything is written down.

use super::{Event, Sim};
use crate::control::{
    Activity, AlarmState, Answer, Decision, Effect, Evaluated, GroupView, Reason, Request, Sizes, Trigger,
};
use crate::fleet::{Stage, launch_of};
use crate::kernel::{Phase, SimTime, key};
use crate::ledger::{ActivityKind, ActivityRow};
use crate::world::Process;

impl Sim<'_> {
    /// The alarms whose time has come are evaluated; those that act call their policies.
    pub(super) fn alarms(&mut self) {
        let now = SimTime::from_nanos(self.now);
        let Evaluated { mut acting, changed } = self.controls.evaluate(now);
        for (policy, alarm, before) in changed {
            self.note_alarm(policy, alarm, before);
        }
        if self.suspended(Process::AlarmNotification) {
            acting.clear();
        }
        let mut answers = Vec::new();
        for &(policy, alarm) in &acting {
            let cause = self.controls.describe(policy, alarm);
            answers.push(self.ask(policy, Trigger::Alarm(alarm), cause));
        }
        if !answers.is_empty() {
            for policy in self.controls.silent(&acting) {
                answers.push(self.ask(policy, Trigger::Look, String::new()));
            }
            self.grant(answers);
        }
        self.schedule_alarms();
    }

    /// Puts the next evaluation of alarms into the calendar.
    pub(super) fn schedule_alarms(&mut self) {
        if let Some(next) = self.controls.next_evaluation() {
            self.calendar.push(key(next, Phase::Decide), Event::Alarms);
        }
    }

    /// A policy looks at a time of its own.
    pub(super) fn look(&mut self, policy: usize) {
        let answer = self.ask(policy, Trigger::Look, String::new());
        self.grant(vec![answer]);
        self.schedule_look(policy, false);
    }

    /// Puts a policy's next look into the calendar.
    pub(super) fn schedule_look(&mut self, policy: usize, first: bool) {
        let next = self.controls.policies[policy].policy.next_look(SimTime::from_nanos(self.now));
        if let Some(at) = next {
            let soonest = if first { self.now } else { self.now + 1 };
            self.calendar
                .push(key(at.as_nanos().max(soonest), Phase::Decide), Event::Look { policy: policy as u32 });
        }
    }

    fn ask(&mut self, policy: usize, trigger: Trigger, cause: String) -> Answer {
        let now = SimTime::from_nanos(self.now);
        let told = self.controls.seen_by(policy, now);
        if told.known > now {
            let published = told.known;
            self.break_law(
                "causality",
                format!("policy {policy} saw a datapoint that is published at {published}"),
            );
        }
        // Each unit of capacity is seen like an instance.
        let units = |l: &crate::fleet::Life| self.world.kind(l.kind).weight as usize;
        let in_service: Vec<SimTime> = self
            .lives
            .iter()
            .filter(|l| l.stage == Stage::InService)
            .filter_map(|l| Some(std::iter::repeat_n(SimTime::from_nanos(l.in_service?), units(l))))
            .flatten()
            .collect();
        let g = &self.group;
        let view = GroupView {
            now,
            sizes: Sizes { min: g.min, max: g.max, desired: g.desired },
            booting: self.units(|l| l.stage == Stage::Booting && !l.dark),
            in_service_since: &in_service,
            terminating: g.draining,
            warm_up: self.world.group.warm_up,
            cooldown: self.world.group.cooldown,
            last_out: g.last_out,
            last_in: g.last_in,
            deploying: self.versions.running.is_some(),
        };
        let answer = self.controls.ask(policy, trigger, cause, &told, &view);
        let suspended = |process| self.suspended(process);
        let decision = unless_suspended(answer.decision.clone(), self.group.desired, suspended);
        Answer { decision: self.unless_lost(decision), ..answer }
    }

    /// A decision, unless it takes away units that the group has beyond the desired ones.
    fn unless_lost(&self, decision: Decision) -> Decision {
        let scheduled = matches!(decision.reason, Reason::Schedule { .. });
        let bounds = decision.bounds;
        match decision.request {
            Request::Desired(size)
                if !scheduled && !decision.raw && !decision.unbounded && self.loses(size) =>
            {
                let why = format!("has {} units already", self.group.units);
                Decision { bounds, ..Decision::hold(Reason::Other(why)) }
            }
            _ => decision,
        }
    }

    /// Combines the answers of one instant, writes down what comes of them, and carries it out.
    fn grant(&mut self, answers: Vec<Answer>) {
        let sizes = Sizes { min: self.group.min, max: self.group.max, desired: self.group.desired };
        let (sizes, rulings) = self.controller.rule(sizes, &answers);
        (self.group.min, self.group.max) = (sizes.min, sizes.max);
        for ruling in rulings {
            let at = SimTime::from_nanos(self.now);
            self.sink.activity(&ActivityRow::of_answer(at, &answers[ruling.answer], &ruling));
            if let Effect::Resize { drain } = ruling.effect {
                self.resize(ruling.granted, drain);
            }
        }
    }

    /// The desired capacity changes, and the group follows.
    fn resize(&mut self, desired: u32, drain: bool) {
        let before = self.group.desired;
        self.group.desired = desired;
        self.group.shrinks = desired < before;
        self.group.scaling.activities += 1;
        self.desk.book.control_fact(8, self.now, u64::from(desired));
        let activity = Some(Activity { start: SimTime::from_nanos(self.now), end: None });
        if desired > before {
            self.group.scaling.scale_outs += 1;
            self.group.last_out = activity;
        } else {
            self.group.scaling.scale_ins += 1;
            self.group.last_in = activity;
        }
        self.places.held_until = None;
        self.reconcile(drain);
    }

    /// Writes down that an alarm changed its state.
    fn note_alarm(&mut self, policy: usize, alarm: usize, before: AlarmState) {
        let cause = self.controls.describe(policy, alarm);
        let (name, state) = self.controls.alarm(policy, alarm);
        let (actor, note) = (name.to_string(), format!("{before} -> {state}"));
        self.write(ActivityKind::Alarm, actor, None, cause, note);
    }

    /// Writes down what happened without a change of the size: what kind of fact, who did it, to which instance (by launch).
    pub(super) fn note(&mut self, kind: ActivityKind, actor: &str, instance: Option<u64>, text: &str) {
        let launch = instance.map(launch_of);
        self.write(kind, actor.to_string(), launch, String::new(), text.to_string());
    }

    pub(super) fn write(
        &mut self,
        kind: ActivityKind,
        actor: String,
        instance: Option<u64>,
        cause: String,
        note: String,
    ) {
        let (at, desired) = (SimTime::from_nanos(self.now), self.group.desired);
        let (asked, granted, before, reason) = (None, desired, desired, None);
        self.sink.activity(&ActivityRow {
            at,
            kind,
            actor,
            instance,
            cause,
            asked,
            granted,
            before,
            reason,
            note,
        });
    }
}

/// A decision as far as the processes that it needs are not suspended.
pub(super) fn unless_suspended(
    decision: Decision,
    desired: u32,
    suspended: impl Fn(Process) -> bool,
) -> Decision {
    let hold = |why: &str| Decision::hold(Reason::Other(format!("{why} is suspended")));
    if matches!(decision.reason, Reason::Schedule { .. }) && suspended(Process::ScheduledActions) {
        return hold("ScheduledActions");
    }
    let bounds = decision.bounds;
    match decision.request {
        Request::Desired(size) if size > desired && suspended(Process::Launch) => {
            Decision { bounds, ..hold("Launch") }
        }
        Request::Desired(size) if size < desired && suspended(Process::Terminate) => {
            Decision { bounds, ..hold("Terminate") }
        }
        _ => decision,
    }
}
