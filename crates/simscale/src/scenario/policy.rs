//! Policies: a name and exactly one kind, mapped to the decision functions of `simscale-policy`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{self as core, SimTime};
use simscale_policy::{self as kinds, PolicyError};

use super::alarm::Query;
use super::law::sim;
use super::manual::Manual;
use super::predictive::Predictive;
use super::run::check_interval;
use super::schedule::Schedule;
use super::tracking::{SimpleScaling, StepScaling, TargetTracking};
use super::{Group, Metrics, Scenario, names, refusals};
use crate::text::{Check, Duration, Statistic};

/// A scaling policy: a name and exactly one kind (`simscale list policies` shows all). Several policies act side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name in outputs; unique.
    pub name: String,
    /// A fixed size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Fixed>,
    /// Sizes at given times, in the manner of scheduled actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Desired capacities that a user sets at given times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<Manual>,
    /// A forecast for each hour, which the user gives, applied as predictive scaling applies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictive: Option<Predictive>,
    /// A script in a loop that reads the newest datapoint and adds or removes instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_poll: Option<ThresholdPoll>,
    /// One adjustment for each alarm, then a pause until activity and cooldown are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simple_scaling: Option<SimpleScaling>,
    /// The size of the breach chooses the adjustment; warm-up takes the place of a cooldown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_scaling: Option<StepScaling>,
    /// Keeps a metric near its target by two alarms that it creates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_tracking: Option<TargetTracking>,
}

/// A fixed size, asked for once at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Instances; within `group.min` and `group.max`.
    pub size: u32,
}

/// A script in a loop that reads the newest datapoint and adds or removes instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThresholdPoll {
    /// The metric; default "cpu_utilization"; `simscale list metrics` shows all.
    pub metric: String,
    /// How the samples of a period become one value; default "sum" for the counts of the balancer, "average" for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Length of a datapoint's period; a multiple of `metrics.period`; default "60s", or `metrics.period` where that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// Above this value it adds, in the metric's unit; default 80.
    pub upper: f64,
    /// Below this value it removes, in the metric's unit; at most `upper`; default 50.
    pub lower: f64,
    /// Instances added at a look; default 1.
    #[schemars(range(max = 100_000))]
    pub add: u32,
    /// Instances removed at a look; default 1.
    #[schemars(range(max = 100_000))]
    pub remove: u32,
    /// Pause between looks; default "300s".
    pub interval: Duration,
    /// How long the work of a look takes, which delays the next one; default "0s".
    pub work_time: Duration,
    /// What the interval counts from: "sleep_after_work" (the end of the work) or "fixed_grid" (the first look); default "sleep_after_work".
    pub pacing: Pacing,
    /// When it looks first, after the start of the run; default "0s".
    pub first_look: Duration,
    /// Drains what it removes and keeps the group's bounds; without, it terminates instances with their requests; default false.
    pub drain: bool,
    /// Smallest and largest size of its own; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<PollBounds>,
}

/// Smallest and largest size of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollBounds {
    /// Smallest size.
    #[schemars(range(max = 100_000))]
    pub min: u32,
    /// Largest size; at least `min`.
    #[schemars(range(max = 100_000))]
    pub max: u32,
}

/// What the interval of a poll counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// The end of the work, as a script that sleeps.
    #[default]
    SleepAfterWork,
    /// The first look, as a timer.
    FixedGrid,
}

impl Default for ThresholdPoll {
    fn default() -> Self {
        ThresholdPoll {
            metric: "cpu_utilization".to_owned(),
            statistic: None,
            period: None,
            upper: 80.0,
            lower: 50.0,
            add: 1,
            remove: 1,
            interval: Duration::from_secs(300),
            work_time: Duration::default(),
            pacing: Pacing::default(),
            first_look: Duration::default(),
            drain: false,
            bounds: None,
        }
    }
}

impl ThresholdPoll {
    fn query(&self) -> Query<'_> {
        Query { metric: &self.metric, statistic: self.statistic, period: self.period }
    }

    fn params(&self, name: &str, metrics: &Metrics) -> Option<kinds::ThresholdPollParams> {
        Some(kinds::ThresholdPollParams {
            name: name.to_owned(),
            query: self.query().world(metrics)?,
            upper: self.upper,
            lower: self.lower,
            add: self.add,
            remove: self.remove,
            interval: sim(self.interval),
            work_time: sim(self.work_time),
            pacing: match self.pacing {
                Pacing::SleepAfterWork => kinds::Pacing::SleepAfterWork,
                Pacing::FixedGrid => kinds::Pacing::FixedGrid,
            },
            first_look: SimTime::from_nanos(self.first_look.nanos()),
            drain: self.drain,
            bounds: self.bounds.map(|bounds| (bounds.min, bounds.max)),
        })
    }
}

/// A policy of `simscale-policy`, built; nothing for one that never acts (an unknown metric, a schedule outside the run).
type Built = Result<Option<Box<dyn core::Policy>>, PolicyError>;

fn boxed<P: core::Policy + 'static>(policy: P) -> Option<Box<dyn core::Policy>> {
    Some(Box::new(policy))
}

impl Policy {
    /// A fixed size.
    pub fn fixed(name: impl Into<String>, size: u32) -> Policy {
        Policy { name: name.into(), fixed: Some(Fixed { size }), ..Policy::default() }
    }

    /// A script in a loop.
    pub fn threshold_poll(name: impl Into<String>, poll: ThresholdPoll) -> Policy {
        Policy { name: name.into(), threshold_poll: Some(poll), ..Policy::default() }
    }

    /// Target tracking.
    pub fn target_tracking(name: impl Into<String>, tracking: TargetTracking) -> Policy {
        Policy { name: name.into(), target_tracking: Some(tracking), ..Policy::default() }
    }

    /// The name of the policy's kind, as in a scenario; empty when it has none.
    pub fn kind(&self) -> &'static str {
        self.kinds().first().copied().unwrap_or_default()
    }

    fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            ("fixed", self.fixed.is_some()),
            ("schedule", self.schedule.is_some()),
            ("manual", self.manual.is_some()),
            ("predictive", self.predictive.is_some()),
            ("threshold_poll", self.threshold_poll.is_some()),
            ("simple_scaling", self.simple_scaling.is_some()),
            ("step_scaling", self.step_scaling.is_some()),
            ("target_tracking", self.target_tracking.is_some()),
        ];
        kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect()
    }

    pub(crate) fn resolve(&mut self, scenario: &Scenario) {
        let (group, metrics) = (&scenario.group, &scenario.metrics);
        if let Some(schedule) = &mut self.schedule {
            schedule.resolve(&scenario.simulation);
        }
        if let Some(predictive) = &mut self.predictive {
            predictive.resolve();
        }
        if let Some(poll) = &mut self.threshold_poll {
            let (statistic, period) = (poll.query().statistic(metrics), poll.query().period(metrics));
            poll.statistic = statistic;
            poll.period = Some(period);
        }
        if let Some(simple) = &mut self.simple_scaling {
            simple.resolve(&self.name, group, metrics);
        }
        if let Some(step) = &mut self.step_scaling {
            step.resolve(&self.name, group, metrics);
        }
        if let Some(tracking) = &mut self.target_tracking {
            tracking.resolve(group, metrics);
        }
    }

    /// The resolved policy as the engine calls it.
    pub(crate) fn build(&self, scenario: &Scenario) -> Built {
        let (name, metrics) = (&self.name, &scenario.metrics);
        if let Some(fixed) = self.fixed {
            let params = kinds::FixedCapacityParams { name: name.clone(), capacity: fixed.size };
            return kinds::FixedCapacity::new(params).map(boxed);
        }
        if let Some(params) = self.schedule.as_ref().and_then(|s| s.params(name, &scenario.simulation)) {
            return kinds::Schedule::new(params).map(boxed);
        }
        if let Some(params) = self.manual.as_ref().and_then(|manual| manual.params(name, scenario)) {
            return kinds::Manual::new(params).map(boxed);
        }
        if let Some(predictive) = &self.predictive {
            return kinds::Predictive::new(predictive.params(name, &scenario.simulation)).map(boxed);
        }
        if let Some(params) = self.threshold_poll.as_ref().and_then(|p| p.params(name, metrics)) {
            return kinds::ThresholdPoll::new(params).map(boxed);
        }
        if let Some(params) = self.simple_scaling.as_ref().and_then(|s| s.params(name, metrics)) {
            return kinds::SimpleScaling::new(params).map(boxed);
        }
        if let Some(params) =
            self.step_scaling.as_ref().and_then(|s| s.params(name, metrics, &scenario.group))
        {
            return kinds::StepScaling::new(params).map(boxed);
        }
        if let Some(params) =
            self.target_tracking.as_ref().and_then(|t| t.params(name, metrics, &scenario.group))
        {
            return kinds::TargetTracking::new(params).map(boxed);
        }
        Ok(None)
    }

    /// The metrics that the policy asks for, each with its path below the policy.
    /// Whether it asks for a metric of the balancer's own.
    pub(crate) fn asks_balancer(&self, metrics: &Metrics) -> bool {
        let is_its =
            |query: &Query<'_>| matches!(metrics.metric(query.metric), Some(core::Metric::Balancer(_)));
        self.queries().iter().any(|(_, query)| is_its(query))
    }

    fn queries(&self) -> Vec<(String, Query<'_>)> {
        let mut queries = Vec::new();
        queries.extend(self.threshold_poll.iter().map(|poll| ("threshold_poll".to_owned(), poll.query())));
        queries.extend(
            self.target_tracking.iter().map(|tracking| ("target_tracking".to_owned(), tracking.query())),
        );
        for (index, rule) in self.simple_scaling.iter().flat_map(|simple| &simple.rule).enumerate() {
            queries.push((format!("simple_scaling.rule.{index}.alarm"), rule.alarm.query()));
        }
        for (index, rule) in self.step_scaling.iter().flat_map(|step| &step.rule).enumerate() {
            queries.push((format!("step_scaling.rule.{index}.alarm"), rule.alarm.query()));
        }
        queries
    }
}

/// Reports what is wrong with the policies; `resolved` is the same scenario with every default.
pub(crate) fn check(scenario: &Scenario, resolved: &Scenario, check: &mut Check<'_>) {
    let policies = &scenario.policy;
    names::check("policy", policies, "name", |policy| &policy.name, check);
    for (index, policy) in policies.iter().enumerate() {
        let path = names::path("policy", policies, index, |policy| &policy.name);
        match policy.kinds()[..] {
            [] => {
                let hint =
                    "add one, such as target_tracking = { metric = \"cpu_utilization\", target = 50.0 }";
                check.fail(&path, "is of no kind", hint);
                continue;
            }
            [_] => {}
            ref kinds => {
                let rule =
                    format!("is of {} kinds ({}) where exactly one belongs", kinds.len(), kinds.join(", "));
                check.fail(&path, rule, "make a [[policy]] of each");
                continue;
            }
        }
        for (below, query) in policy.queries() {
            query.check(
                &format!("{path}.{below}"),
                &scenario.metrics,
                scenario.instance.memory.is_some(),
                check,
            );
            let (metric, queue) = (format!("{path}.{below}.metric"), scenario.queue.is_some());
            scenario.metrics.check_publisher(&metric, query.metric, queue, check);
        }
        check_sizes(policy, &path, scenario, check);
        check_built(&resolved.policy[index], &path, resolved, check);
    }
    refusals::check_together(scenario, check);
}

/// Sizes that lie outside the group's bounds.
fn check_sizes(policy: &Policy, path: &str, scenario: &Scenario, check: &mut Check<'_>) {
    let Group { min, max, .. } = scenario.group;
    if policy.fixed.is_some_and(|fixed| min <= max && !(min..=max).contains(&fixed.size)) {
        let rule = format!("is outside the group's bounds ({min} to {max})");
        check.fail(
            &format!("{path}.fixed.size"),
            rule,
            format!("write {min} to {max}, or change group.min or max"),
        );
    }
    if let Some(poll) = &policy.threshold_poll {
        check_interval(&format!("{path}.threshold_poll.interval"), poll.interval, check);
    }
    if let Some(schedule) = &policy.schedule {
        schedule.check(&format!("{path}.schedule"), &scenario.simulation, check);
    }
    if let Some(manual) = &policy.manual {
        manual.check(&format!("{path}.manual"), scenario, check);
    }
    if let Some(predictive) = &policy.predictive {
        predictive.check(&format!("{path}.predictive"), check);
    }
    refusals::check(policy, path, scenario, check);
}

/// What the policy's own constructor refuses, at the path of the parameter.
fn check_built(policy: &Policy, path: &str, resolved: &Scenario, check: &mut Check<'_>) {
    let mut refused = false;
    if let Some(schedule) = &policy.schedule {
        for (index, entry) in schedule.entry.iter().enumerate() {
            let params = kinds::ScheduleParams {
                name: policy.name.clone(),
                entries: vec![entry.world(SimTime::ZERO)],
            };
            let list = format!("{path}.schedule.entry");
            let path = names::path(&list, &schedule.entry, index, |entry| &entry.name);
            if let Err(error) = kinds::Schedule::new(params) {
                let field = error.field().trim_start_matches("entries[0].");
                refuse(&format!("{path}.{field}"), error.sentence(), check);
                refused = true;
            }
        }
    }
    // A name without letters was reported already, and so was whatever keeps a policy from being built at all.
    if refused || policy.name.trim().is_empty() {
        return;
    }
    match policy.build(resolved) {
        Err(error) => {
            refuse(&format!("{path}.{}{}", policy.kind(), below(error.field())), error.sentence(), check)
        }
        Ok(_) => check_schedule_within(policy, path, resolved, check),
    }
}

/// A schedule that leaves the group's bounds crossed.
fn check_schedule_within(policy: &Policy, path: &str, resolved: &Scenario, check: &mut Check<'_>) {
    let Group { min, max, .. } = resolved.group;
    let schedule =
        policy.schedule.as_ref().and_then(|schedule| schedule.params(&policy.name, &resolved.simulation));
    if let Some(Ok(schedule)) = schedule.filter(|_| min <= max).map(kinds::Schedule::new)
        && let Err(error) = schedule.check_within(min, max)
    {
        refuse(&format!("{path}.schedule.entry"), error.sentence(), check);
    }
}

fn refuse(path: &str, sentence: &str, check: &mut Check<'_>) {
    check.fail(path, format!("is refused: {sentence}"), "correct it by this rule");
}

/// The path of a parameter below its policy's kind: `rules[1].alarm.threshold` is `.rule.1.alarm.threshold` in a scenario.
fn below(field: &str) -> String {
    const RENAMED: [(&str, &str); 11] = [
        ("changes", "change"),
        ("pace", "cooldown"),
        ("application.flapping_margin", "flapping_ratio"),
        ("buffer", "scheduling_buffer_time"),
        ("breach.scheduling_buffer_time_percent", "max_capacity_buffer_percent"),
        ("rules", "rule"),
        ("entries", "entry"),
        ("query.period", "period"),
        ("adjustment.amount", "adjustment"),
        ("adjustment.min_magnitude", "min_adjustment_magnitude"),
        ("low_factor", "low_ratio"),
    ];
    let dotted = field.replace('[', ".").replace(']', "");
    RENAMED.iter().fold(format!(".{dotted}"), |field, (from, to)| field.replacen(from, to, 1))
}
