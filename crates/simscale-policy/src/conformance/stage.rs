//! A stage: one policy over a toy group whose metric the test dictates, minute by minute.
//!
//! It is for stories ("when the metric is 75 for three minutes, then ...") and for the checks of the kit. It is no engine: no
//! requests, no other policies, and a metric that does not react to the group's size.

use super::Scene;
use simscale_core::{
    Activity, AlarmSpec, AlarmState, AlarmView, Datapoint, Decision, Needs, Policy, Request, SimDuration,
    SimTime, Trigger,
};

/// Length of a period on the stage; every metric and alarm takes one datapoint a minute, whatever period it asked for.
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Most instances that a stage holds; a policy that asks for more gets these.
const MOST: u32 = 10_000;

/// Datapoints that a policy sees of a metric, as the contract says.
const SEEN: usize = 32;

/// A decision with the circumstances in which it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// When.
    pub at: SimTime,
    /// What made the policy look.
    pub trigger: Trigger,
    /// The group's bounds and size before the decision.
    pub before: (u32, u32, u32),
    /// The answer.
    pub decision: Decision,
}

/// One policy over a toy group. See [`Stage::new`] and [`Stage::minute`].
pub struct Stage {
    policy: Box<dyn Policy>,
    needs: Needs,
    scene: Scene,
    boot: SimDuration,
    drain: SimDuration,
    /// When the booting instances will be in service.
    launches: Vec<SimTime>,
    /// When the leaving instances will be gone.
    departures: Vec<SimTime>,
    /// A value or a gap for each minute since the start.
    history: Vec<Option<f64>>,
    next_look: Option<SimTime>,
    played: Vec<Played>,
    violations: Vec<String>,
}

impl Stage {
    /// A group of `desired` warm instances at time zero; launches take 60 s, draining 30 s, the group's default warm-up
    /// and cooldown are 300 s.
    pub fn new(policy: Box<dyn Policy>, min: u32, max: u32, desired: u32) -> Self {
        let needs = policy.needs();
        let mut scene = Scene::new(min, max, desired);
        scene.datapoints = vec![Vec::new(); needs.metrics.len()];
        let unknown = AlarmView { state: AlarmState::InsufficientData, evaluated: Vec::new() };
        scene.alarms = vec![unknown; needs.alarms.len()];
        let mut stage = Stage {
            policy,
            needs,
            scene,
            boot: MINUTE,
            drain: SimDuration::from_secs(30),
            launches: Vec::new(),
            departures: Vec::new(),
            history: Vec::new(),
            next_look: None,
            played: Vec::new(),
            violations: Vec::new(),
        };
        stage.ask_next_look();
        stage
    }

    /// Sets how long a launch takes.
    pub fn boot(mut self, boot: SimDuration) -> Self {
        self.boot = boot;
        self
    }

    /// Sets how long draining takes.
    pub fn drain(mut self, drain: SimDuration) -> Self {
        self.drain = drain;
        self
    }

    /// A deployment of the service runs from now on, or runs no more.
    pub fn deploy(&mut self, runs: bool) {
        self.scene.deployment_in_progress = runs;
    }

    /// A user sets the desired capacity, whatever the bounds.
    pub fn set_by_hand(&mut self, desired: u32) {
        self.set_desired(desired, self.drain);
    }

    /// Sets the group's default warm-up.
    pub fn warm_up(mut self, warm_up: SimDuration) -> Self {
        self.scene.group_warm_up = warm_up;
        self
    }

    /// Sets the group's default cooldown.
    pub fn cooldown(mut self, cooldown: SimDuration) -> Self {
        self.scene.group_cooldown = cooldown;
        self
    }

    /// Lets a minute pass, publishes its value (or nothing) at once, and invokes the policy for each alarm in ALARM.
    ///
    /// Looks of the policy that fall into the minute happen at their times; at the same instant the datapoint comes
    /// first, then alarms, then looks.
    pub fn minute(&mut self, value: Option<f64>) {
        let (start, end) = (self.scene.now, self.scene.now + MINUTE);
        self.look_until(|look| look < end);
        self.pass_to(end);
        self.publish(start, value);
        for place in 0..self.needs.alarms.len() {
            if self.scene.alarms[place].state == AlarmState::Alarm {
                self.play(Trigger::Alarm(place));
            }
        }
        self.look_until(|look| look <= end);
    }

    /// So many minutes with the same value.
    pub fn minutes(&mut self, count: usize, value: f64) {
        for _ in 0..count {
            self.minute(Some(value));
        }
    }

    /// The clock jumps ahead without datapoints; looks on the way are missed, and one happens at the end.
    pub fn jump(&mut self, by: SimDuration) {
        self.pass_to(self.scene.now + by);
        self.play(Trigger::Look);
        self.ask_next_look();
    }

    /// Somebody else sets the size, by hand or by another policy.
    pub fn resize(&mut self, desired: u32) {
        self.set_desired(desired, self.drain);
    }

    /// The present.
    pub fn now(&self) -> SimTime {
        self.scene.now
    }

    /// The group's desired capacity.
    pub fn desired(&self) -> u32 {
        self.scene.desired
    }

    /// The group's bounds.
    pub fn bounds(&self) -> (u32, u32) {
        (self.scene.min, self.scene.max)
    }

    /// State of the policy's alarm at this place of its needs.
    pub fn alarm(&self, place: usize) -> AlarmState {
        self.scene.alarms[place].state
    }

    /// All decisions so far.
    pub fn played(&self) -> &[Played] {
        &self.played
    }

    /// The newest decision. Panics when there was none.
    pub fn last(&self) -> &Decision {
        &self.played.last().expect("the policy was asked at least once").decision
    }

    /// What broke the contract on the way, in words.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Lets the policy look at each of its times for which `due` holds.
    fn look_until(&mut self, due: impl Fn(SimTime) -> bool) {
        while let Some(look) = self.next_look.filter(|&look| due(look)) {
            self.pass_to(look);
            self.play(Trigger::Look);
            self.ask_next_look();
        }
    }

    /// Asks for the next look and notes one that is not in the future.
    fn ask_next_look(&mut self) {
        let now = self.scene.now;
        let first = now == SimTime::ZERO && self.played.is_empty();
        self.next_look = self.policy.next_look(now);
        if let Some(look) = self.next_look.filter(|&look| look <= now && !(first && look == now)) {
            self.violations.push(format!("asked at {now}, next_look answers {look}, which is not later"));
            self.next_look = None;
        }
    }

    /// Instances arrive in service and depart while time passes.
    fn pass_to(&mut self, now: SimTime) {
        self.scene.now = self.scene.now.max(now);
        let now = self.scene.now;
        let arrived = self.launches.extract_if(.., |ready| *ready <= now).collect::<Vec<_>>();
        self.scene.in_service_since.extend(&arrived);
        let gone = self.departures.extract_if(.., |end| *end <= now).collect::<Vec<_>>();
        finish(&mut self.scene.last_scale_out, self.launches.is_empty(), arrived.last().copied());
        finish(&mut self.scene.last_scale_in, self.departures.is_empty(), gone.last().copied());
        self.count();
    }

    /// Appends the minute's value and judges the alarms: M of the last N minutes that have a value, nothing else.
    fn publish(&mut self, start: SimTime, value: Option<f64>) {
        self.history.push(value);
        if let Some(value) = value {
            for series in &mut self.scene.datapoints {
                series.push(Datapoint { start, period: MINUTE, value });
                series.drain(..series.len().saturating_sub(SEEN));
            }
        }
        for (spec, view) in self.needs.alarms.iter().zip(&mut self.scene.alarms) {
            *view = judge(spec, &self.history);
        }
    }

    /// The policy decides and the group follows.
    fn play(&mut self, trigger: Trigger) {
        self.scene.trigger = trigger;
        let decision = self.policy.decide(&self.scene.observation());
        let before = (self.scene.min, self.scene.max, self.scene.desired);
        self.played.push(Played { at: self.scene.now, trigger, before, decision: decision.clone() });
        if let Some((min, max)) = decision.bounds {
            (self.scene.min, self.scene.max) = (min, max);
        }
        if let Request::Desired(wanted) = decision.request {
            let bounded = if decision.raw || decision.unbounded {
                wanted
            } else {
                wanted.max(self.scene.min).min(self.scene.max)
            };
            let drain = if decision.raw { SimDuration::ZERO } else { self.drain };
            self.set_desired(bounded.min(MOST), drain);
        }
    }

    /// Launches, or removes the newest first.
    fn set_desired(&mut self, desired: u32, drain: SimDuration) {
        let (now, before) = (self.scene.now, self.scene.desired);
        self.scene.desired = desired;
        let begun = Some(Activity { start: now, end: None });
        if desired > before {
            self.launches.extend((before..desired).map(|_| now + self.boot));
            self.scene.last_scale_out = begun;
        } else if desired < before {
            for _ in desired..before {
                if self.launches.pop().or_else(|| self.scene.in_service_since.pop()).is_some() {
                    self.departures.push(now + drain);
                }
            }
            self.scene.last_scale_in = begun;
            finish(&mut self.scene.last_scale_out, self.launches.is_empty(), Some(now));
        }
        self.count();
    }

    fn count(&mut self) {
        self.scene.booting = self.launches.len() as u32;
        self.scene.terminating = self.departures.len() as u32;
    }
}

/// Ends an activity in progress whose last instance has arrived or departed.
fn finish(activity: &mut Option<Activity>, done: bool, at: Option<SimTime>) {
    if let Some(activity) = activity
        && activity.end.is_none()
        && done
    {
        activity.end = at.or(Some(activity.start));
    }
}

/// The view of an alarm after a history of minutes.
fn judge(spec: &AlarmSpec, history: &[Option<f64>]) -> AlarmView {
    let minutes = history.len().saturating_sub(spec.evaluation_periods as usize);
    let point = |(place, value): (usize, &Option<f64>)| {
        let start = SimTime::from_nanos(MINUTE.as_nanos() * (minutes + place) as u64);
        value.map(|value| Datapoint { start, period: MINUTE, value })
    };
    let evaluated: Vec<Datapoint> = history[minutes..].iter().enumerate().filter_map(point).collect();
    let breaching =
        evaluated.iter().filter(|point| spec.comparison.breaches(point.value, spec.threshold)).count();
    let state = if evaluated.is_empty() {
        AlarmState::InsufficientData
    } else if breaching >= spec.datapoints_to_alarm as usize {
        AlarmState::Alarm
    } else {
        AlarmState::Ok
    };
    AlarmView { state, evaluated }
}
