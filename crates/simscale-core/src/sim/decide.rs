//! Decisions: alarms ring, policies look, the group grants what its rules allow, and everything is written down.

use super::{Event, Sim};
use crate::control::{Activity, Decision, Observation, Reason, Request, Trigger};
use crate::fleet::Stage;
use crate::kernel::{Phase, SimTime, key};
use crate::ledger::ActivityRow;
use crate::world::FaultKind;
use std::cmp::Ordering;

/// The largest size that even a raw decision is granted.
const MOST_INSTANCES: u32 = 100_000;

/// A policy's answer, with what called it.
struct Answer {
    policy: usize,
    decision: Decision,
    cause: String,
}

impl Sim<'_> {
    /// All alarms are evaluated; those in ALARM call their policies, now and at every later evaluation.
    pub(super) fn alarms(&mut self) {
        let now = SimTime::from_nanos(self.now);
        let ringing = self.controls.evaluate(now);
        let mut answers = Vec::new();
        for &(policy, alarm) in &ringing {
            let cause = self.controls.describe(policy, alarm);
            answers.push(self.ask(policy, Trigger::Alarm(alarm), cause));
        }
        if !ringing.is_empty() {
            for policy in self.controls.silent(&ringing) {
                answers.push(self.ask(policy, Trigger::Look, String::new()));
            }
            self.grant(answers);
        }
        let next = self.now + self.world.metrics.alarm_every.as_nanos();
        self.calendar.push(key(next, Phase::Decide), Event::Alarms);
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
        let (datapoints, alarms) = self.controls.seen_by(policy, now);
        let seen = datapoints.iter().flatten().chain(alarms.iter().flat_map(|a| &a.evaluated));
        let early = seen
            .map(|d| d.start + d.period + self.world.metrics.publication_delay)
            .find(|&known| known > now);
        if let Some(known) = early {
            self.break_law(
                "causality",
                format!("policy {policy} saw a datapoint that is published at {known}"),
            );
        }
        let in_service: Vec<SimTime> = self
            .lives
            .iter()
            .filter(|l| l.stage == Stage::InService)
            .filter_map(|l| l.in_service)
            .map(SimTime::from_nanos)
            .collect();
        let g = &self.group;
        let seen = Observation {
            now,
            trigger,
            min: g.min,
            max: g.max,
            desired: g.desired,
            booting: g.booting,
            in_service_since: &in_service,
            terminating: g.draining,
            group_warm_up: self.world.group.warm_up,
            group_cooldown: self.world.group.cooldown,
            activity_in_progress: g.booting > 0 || g.draining > 0,
            last_scale_out: g.last_out,
            last_scale_in: g.last_in,
            datapoints: &datapoints,
            alarms: &alarms,
        };
        let decision = self.controls.policies[policy].policy.decide(&seen);
        Answer { policy, decision, cause }
    }

    /// Combines the answers of one instant by the product's rule and carries out the winner: scale out if anybody wants
    /// to, by the largest size asked; else scale in, to the largest size asked, where a target tracker that is not ready
    /// keeps other target trackers from scaling in.
    fn grant(&mut self, answers: Vec<Answer>) {
        for answer in &answers {
            if let Some((min, max)) = answer.decision.bounds {
                (self.group.min, self.group.max) = (min, max);
            }
        }
        let blocked = answers.iter().any(|a| a.decision.request == Request::HoldAndBlockScaleIn);
        let before = self.group.desired;
        let size = |a: &Answer| match a.decision.request {
            Request::Desired(n) if a.decision.raw => Some(n.min(MOST_INSTANCES)),
            Request::Desired(n) => Some(n.max(self.group.min).min(self.group.max)),
            _ => None,
        };
        let tracks = |a: &Answer| matches!(a.decision.reason, Reason::TargetTracking { .. });
        let best = answers
            .iter()
            .filter_map(|a| size(a).map(|n| (a, n)))
            .filter(|(a, n)| *n > before || !(blocked && tracks(a)))
            .max_by_key(|(a, n)| (*n > before, *n, std::cmp::Reverse(a.policy)));
        if let Some((answer, granted)) = best {
            let drain = !answer.decision.raw;
            self.carry_out(answer, granted, drain);
        }
        // Bounds may have moved past the size.
        let clamped = self.group.desired.max(self.group.min).min(self.group.max);
        let mover = answers.iter().rfind(|a| a.decision.bounds.is_some());
        if let Some(mover) = mover
            && clamped != self.group.desired
        {
            self.log_change(mover, None, clamped);
            self.resize(clamped, true);
        }
    }

    fn carry_out(&mut self, answer: &Answer, granted: u32, drain: bool) {
        let before = self.group.desired;
        if granted == before {
            return;
        }
        let Request::Desired(asked) = answer.decision.request else { return };
        self.log_change(answer, Some(asked), granted);
        self.resize(granted, drain);
    }

    /// Writes down a change of size: what was asked, what is granted, and which bound lies between.
    fn log_change(&mut self, answer: &Answer, asked: Option<u32>, granted: u32) {
        let before = self.group.desired;
        let wish = asked.unwrap_or(before);
        let limit = match wish.cmp(&granted) {
            Ordering::Equal => String::new(),
            Ordering::Greater => format!("limited by max {}", self.group.max),
            Ordering::Less => format!("limited by min {}", self.group.min),
        };
        self.sink.activity(&ActivityRow {
            at: SimTime::from_nanos(self.now),
            actor: self.controls.policies[answer.policy].name.clone(),
            cause: answer.cause.clone(),
            asked,
            granted,
            before,
            reason: Some(answer.decision.reason.clone()),
            limit,
        });
    }

    /// The desired capacity changes, and the group follows.
    fn resize(&mut self, desired: u32, drain: bool) {
        let before = self.group.desired;
        self.group.desired = desired;
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
        self.reconcile(drain);
    }

    /// Writes down what the group did by itself.
    pub(super) fn log_group(&mut self, what: &str) {
        self.log("group", what);
    }

    /// Writes down a fault.
    pub(super) fn log_fault(&mut self, name: &str, launch: u64, kind: FaultKind) {
        let what = match kind {
            FaultKind::Crash => format!("instance {launch} crashed"),
            FaultKind::Hang { time } => format!("instance {launch} hangs for {time}"),
            FaultKind::SlowDown { factor, time } => {
                format!("instance {launch} is {factor} times slower for {time}")
            }
        };
        self.log(name, &what);
    }

    fn log(&mut self, actor: &str, what: &str) {
        let desired = self.group.desired;
        self.sink.activity(&ActivityRow {
            at: SimTime::from_nanos(self.now),
            actor: actor.to_string(),
            cause: String::new(),
            asked: None,
            granted: desired,
            before: desired,
            reason: None,
            limit: what.to_string(),
        });
    }
}
