//! Alarms and policies: who is asked, what is seen, what is granted.

use super::archive::Measured;
use super::judge::{EXTRA, judge};
use super::log::Entry;
use super::{Engine, Fact};
use crate::control::{
    Activity, AlarmSpec, AlarmState, AlarmView, Datapoint, Decision, LowSamples, Metric, Needs, Observation,
    Policy, Reason, Request, Statistic, Trigger, Window,
};
use crate::kernel::{NEVER, Purpose, SimTime, hash, mix};
use crate::ledger::{ActivityKind, ActivityRow};
use crate::world::Process;
use crate::world::{AlarmPhase, MetricQuery};
use std::mem::{Discriminant, discriminant};

/// Datapoints that a policy sees at most.
const SEEN: u64 = 32;

/// A policy with what it asked for.
pub(super) struct Steered {
    policy: Box<dyn Policy>,
    needs: Needs,
    look: Option<u64>,
    /// What its last answer came to, and the kind of its reason.
    last: Option<(Came, Discriminant<Reason>)>,
}

/// What an answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Granted,
    Nothing,
    Veto,
    SizeIsThere,
    Bound,
    Vetoed,
    Beaten,
}

/// An alarm of a policy.
pub(super) struct Watched {
    policy: usize,
    place: usize,
    spec: AlarmSpec,
    state: AlarmState,
    evaluated: Vec<Datapoint>,
    every: u64,
    next: u64,
    /// When it called its policy last, while it has been in ALARM.
    acted: Option<u64>,
}

/// A decision, with who made it and what called him.
struct Asked {
    policy: usize,
    cause: String,
    decision: Decision,
}

impl Engine<'_> {
    pub(super) fn prepare_policies(&mut self, policies: Vec<Box<dyn Policy>>) {
        for policy in policies {
            let needs = policy.needs();
            let index = self.steered.len();
            for query in needs.metrics.iter().chain(needs.alarms.iter().map(|a| &a.query)) {
                self.subscribe(query);
            }
            for (place, spec) in needs.alarms.iter().enumerate() {
                let (every, next) = self.rhythm(spec);
                let (state, evaluated) = (AlarmState::InsufficientData, Vec::new());
                let spec = spec.clone();
                let (policy, acted) = (index, None);
                self.watched.push(Watched { policy, place, spec, state, evaluated, every, next, acted });
            }
            let look = policy.next_look(SimTime::ZERO).map(|t| t.as_nanos());
            self.steered.push(Steered { policy, needs, look, last: None });
        }
    }

    /// How often an alarm is evaluated, and when first.
    fn rhythm(&self, spec: &AlarmSpec) -> (u64, u64) {
        let m = &self.world.metrics;
        let fine = spec.query.period < m.minute;
        let every = if fine { m.fine_alarm_every } else { m.alarm_every }.as_nanos();
        let first = match m.alarm_phase {
            AlarmPhase::Aligned => every,
            AlarmPhase::Random => {
                let mut name = 0;
                for byte in spec.name.bytes() {
                    name = mix(name ^ u64::from(byte));
                }
                hash(self.world.seed, Purpose::AlarmPhase, name, 0) % every + 1
            }
        };
        (every, first)
    }

    pub(super) fn next_decision(&self) -> u64 {
        let alarms = self.watched.iter().map(|w| w.next);
        let looks = self.steered.iter().filter_map(|s| s.look);
        alarms.chain(looks).min().unwrap_or(NEVER)
    }

    /// Alarms first, then one policy that looks on its own.
    pub(super) fn decide(&mut self) {
        if self.watched.iter().any(|w| w.next == self.now) {
            return self.evaluate_alarms();
        }
        let now = self.now;
        let index = self.steered.iter().position(|s| s.look == Some(now)).expect("somebody looks");
        let decision = self.ask(index, Trigger::Look);
        let look = self.steered[index].policy.next_look(SimTime::from_nanos(now));
        self.steered[index].look = look.map(|t| t.as_nanos());
        self.grant(vec![Asked { policy: index, cause: String::new(), decision }]);
    }

    /// Evaluates the alarms whose time it is; those that act call.
    fn evaluate_alarms(&mut self) {
        let minute = self.world.metrics.minute.as_nanos();
        let mut acting = Vec::new();
        for index in 0..self.watched.len() {
            let watched = &self.watched[index];
            if watched.next != self.now {
                continue;
            }
            let n = watched.spec.evaluation_periods as usize;
            let range = self.windows(&watched.spec.query, watched.spec.window, n as u64 + EXTRA);
            let real: Vec<Measured> = range.iter().flatten().copied().collect();
            let last = &real[real.len().saturating_sub(n)..];
            let points: Vec<Option<Datapoint>> = range.iter().map(|m| m.map(|m| m.point)).collect();
            let kept = last.iter().any(|m| self.not_judged(&watched.spec, m));
            let state = if kept { watched.state } else { judge(&watched.spec, &points, watched.state) };
            let watched = &mut self.watched[index];
            let before = std::mem::replace(&mut watched.state, state);
            watched.evaluated = last.iter().map(|m| m.point).collect();
            watched.next += watched.every;
            if state != AlarmState::Alarm {
                watched.acted = None;
            } else if watched.acted.is_none_or(|at| self.now - at >= minute) {
                watched.acted = Some(self.now);
                acting.push(index);
            }
            if state != before {
                let name = watched.spec.name.clone();
                let row = self.blank(ActivityKind::Alarm, &name, &format!("{before} -> {state}"));
                let cause = self.cause(index);
                self.sink.activity(&ActivityRow { cause, ..row });
            }
        }
        if acting.is_empty() || self.is_suspended(Process::AlarmNotification) {
            return;
        }
        let mut asked: Vec<Asked> = Vec::new();
        for index in acting {
            let Watched { policy, place, .. } = self.watched[index];
            let cause = self.cause(index);
            let decision = self.ask(policy, Trigger::Alarm(place));
            asked.push(Asked { policy, cause, decision });
        }
        for policy in 0..self.steered.len() {
            let has_alarms = self.watched.iter().any(|w| w.policy == policy);
            if (has_alarms || self.steered[policy].policy.joins()) && asked.iter().all(|a| a.policy != policy)
            {
                let decision = self.ask(policy, Trigger::Look);
                asked.push(Asked { policy, cause: String::new(), decision });
            }
        }
        self.grant(asked);
    }

    /// A percentile of too few samples, where the alarm ignores those.
    fn not_judged(&self, spec: &AlarmSpec, measured: &Measured) -> bool {
        let ppm = match (&spec.query.metric, spec.query.statistic) {
            (_, Statistic::SampleCount) => None,
            (Metric::ResponseTime(ppm), _) => Some(*ppm),
            (_, Statistic::Percentile(ppm)) => Some(ppm),
            _ => None,
        };
        spec.low_samples == LowSamples::Ignore
            && ppm.is_some_and(|ppm| Self::too_few(u64::from(ppm), measured.samples))
    }

    /// The alarm in words, with the datapoints that it judged.
    fn cause(&self, index: usize) -> String {
        let watched = &self.watched[index];
        let spec = &watched.spec;
        let values: Vec<String> = watched.evaluated.iter().map(|p| format!("{:.2}", p.value)).collect();
        let metric = self.world.metrics.name(&spec.query.metric);
        let (name, points) = (&spec.name, values.join(" "));
        format!("{name}: {metric} [{points}] {} {}", spec.comparison, spec.threshold)
    }

    fn ask(&mut self, index: usize, trigger: Trigger) -> Decision {
        let needs = self.steered[index].needs.clone();
        let newest = |q: &MetricQuery| -> Vec<Datapoint> {
            self.windows(q, Window::WallClock, SEEN).into_iter().flatten().map(|m| m.point).collect()
        };
        let datapoints: Vec<Vec<Datapoint>> = needs.metrics.iter().map(newest).collect();
        let mine = self.watched.iter().filter(|w| w.policy == index);
        let alarms: Vec<AlarmView> =
            mine.map(|w| AlarmView { state: w.state, evaluated: w.evaluated.clone() }).collect();
        let since: Vec<SimTime> = self
            .slots()
            .filter(|(_, i)| i.registered())
            .flat_map(|(_, i)| {
                let since = i.in_service_from.map(SimTime::from_nanos);
                since.into_iter().cycle().take(self.weight(i) as usize)
            })
            .collect();
        let group = &self.world.group;
        let seen = Observation {
            now: SimTime::from_nanos(self.now),
            trigger,
            min: group.min,
            max: group.max,
            desired: self.desired,
            booting: self.units_of(|i| i.living() && !i.registered() && !i.dark),
            in_service_since: &since,
            terminating: self.leaving(),
            group_warm_up: group.warm_up,
            group_cooldown: group.cooldown,
            activity_in_progress: self.booting() - self.in_the_dark() + self.leaving() > 0,
            last_scale_out: self.last_out,
            last_scale_in: self.last_in,
            deployment_in_progress: self.deploying.is_some(),
            datapoints: &datapoints,
            alarms: &alarms,
        };
        let mut decision = self.steered[index].policy.decide(&seen);
        let by_schedule = matches!(decision.reason, Reason::Schedule { .. });
        let why = match decision.request {
            _ if by_schedule && self.is_suspended(Process::ScheduledActions) => {
                decision.bounds = None;
                "ScheduledActions"
            }
            Request::Desired(n) if n > self.desired && self.is_suspended(Process::Launch) => "Launch",
            Request::Desired(n) if n < self.desired && self.is_suspended(Process::Terminate) => "Terminate",
            Request::Desired(n)
                if self.world.group.mixed.is_some()
                    && !by_schedule
                    && !decision.raw
                    && !decision.unbounded
                    && n < self.desired
                    && n + self.units() > 2 * self.desired =>
            {
                let units = self.units();
                decision.request = Request::Hold;
                decision.reason = Reason::Other(format!("has {units} units already"));
                return decision;
            }
            _ => return decision,
        };
        decision.request = Request::Hold;
        decision.reason = Reason::Other(format!("{why} is suspended"));
        decision.raw = false;
        decision
    }

    /// Grants the largest wish above the present size, or else the largest below.
    fn grant(&mut self, asked: Vec<Asked>) {
        let before = self.desired;
        for a in &asked {
            let Some((min, max)) = a.decision.bounds else { continue };
            if (self.world.group.min, self.world.group.max) != (min, max) {
                (self.world.group.min, self.world.group.max) = (min, max);
                let row = self.answer_row(a, changes(a), &format!("bounds are now {min} to {max}"));
                self.sink.activity(&row);
            }
        }
        let (min, max) = (self.world.group.min, self.world.group.max);
        let size = |a: &Asked| match a.decision.request {
            Request::Desired(size) if a.decision.raw || a.decision.unbounded => Some(size),
            Request::Desired(wish) => {
                let size = wish.max(min).min(max);
                let floors = asked.iter().filter_map(|a| a.decision.floor).map(|floor| floor.min(before));
                Some(if size < before { floors.fold(size, u32::max) } else { size })
            }
            _ => None,
        };
        let veto = asked.iter().find(|a| a.decision.request == Request::HoldAndBlockScaleIn);
        let counts =
            |a: &Asked| veto.is_none() || !matches!(a.decision.reason, Reason::TargetTracking { .. });
        let mut best: Option<(&Asked, u32)> = None;
        for a in &asked {
            let Some(size) = size(a).filter(|&s| s > before || counts(a)) else { continue };
            // Of equal wishes the first policy's stands, and there its last alarm's.
            if best.is_none_or(|b| size > b.1 || size == b.1 && a.policy <= b.0.policy) {
                best = Some((a, size));
            }
        }
        for a in &asked {
            let wins = best.is_some_and(|b| std::ptr::eq(b.0, a) && b.1 != before);
            let (came, why) = match (a.decision.request, size(a)) {
                (Request::HoldAndBlockScaleIn, _) => (Came::Veto, String::new()),
                (Request::Desired(_), Some(_)) if wins => (Came::Granted, String::new()),
                (Request::Desired(wish), Some(got)) if got == before && wish == got => {
                    (Came::SizeIsThere, "already at this size".into())
                }
                (Request::Desired(wish), Some(got)) if got == before => {
                    (Came::Bound, bound(wish, got, min, max))
                }
                (Request::Desired(_), Some(got)) if got < before && !counts(a) => {
                    let by = veto.map(|v| self.name_of(v)).unwrap_or_default();
                    (Came::Vetoed, format!("{by} keeps it from scaling in"))
                }
                (Request::Desired(_), Some(_)) => {
                    let by = best.map(|b| self.name_of(b.0)).unwrap_or_default();
                    (Came::Beaten, format!("the wish of {by} goes first"))
                }
                _ => (Came::Nothing, String::new()),
            };
            let kind = Some((came, discriminant(&a.decision.reason)));
            if std::mem::replace(&mut self.steered[a.policy].last, kind) != kind && came != Came::Granted {
                let row = self.answer_row(a, ActivityKind::Hold, &why);
                let asked = if let Request::Desired(wish) = a.decision.request { Some(wish) } else { None };
                self.sink.activity(&ActivityRow { asked, ..row });
            }
        }
        if let Some((winner, size)) = best.filter(|b| b.1 != before) {
            let wish = match winner.decision.request {
                Request::Desired(wish) => wish,
                _ => size,
            };
            let row = self.answer_row(winner, changes(winner), &bound(wish, size, min, max));
            self.sink.activity(&ActivityRow { asked: Some(wish), granted: size, ..row });
            self.desired = size;
            self.resize(before, !winner.decision.raw);
        }
        let mover = asked.iter().rfind(|a| a.decision.bounds.is_some());
        let (before, inside) = (self.desired, self.desired.max(min).min(max));
        if let Some(mover) = mover.filter(|_| inside != before) {
            let row = self.answer_row(mover, changes(mover), &bound(before, inside, min, max));
            self.sink.activity(&ActivityRow { granted: inside, ..row });
            self.desired = inside;
            self.resize(before, true);
        }
    }

    fn name_of(&self, asked: &Asked) -> String {
        self.steered[asked.policy].policy.name().to_string()
    }

    fn answer_row(&self, asked: &Asked, kind: ActivityKind, what: &str) -> ActivityRow {
        let reason = Some(asked.decision.reason.clone());
        ActivityRow { cause: asked.cause.clone(), reason, ..self.blank(kind, &self.name_of(asked), what) }
    }

    fn resize(&mut self, before: u32, drains: bool) {
        let up = self.desired > before;
        self.fell = !up;
        self.note(Entry::Resized { up });
        self.fact(Fact::Desired, u64::from(self.desired));
        let begun = Some(Activity { start: SimTime::from_nanos(self.now), end: None });
        if up {
            self.last_out = begun;
        } else {
            self.last_in = begun;
        }
        self.next_try = None;
        self.fit(drains);
    }
}

/// The kind of a change in somebody's name.
fn changes(asked: &Asked) -> ActivityKind {
    if matches!(asked.decision.reason, Reason::Schedule { .. }) {
        ActivityKind::Schedule
    } else {
        ActivityKind::Decision
    }
}

/// The bound between a wish and what came of it.
fn bound(wish: u32, got: u32, min: u32, max: u32) -> String {
    match wish.cmp(&got) {
        std::cmp::Ordering::Less if got != min => format!("held at {got} by a forecast"),
        std::cmp::Ordering::Less => format!("limited by min {min}"),
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!("limited by max {max}"),
    }
}
