//! Published cases, decision by decision: one table per file of `tests/cases`, each case with its source.

use crate::setting::{at, at_least, at_most, guide_steps, secs, step, step_rule, step_scaling, tracking};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use simscale_core::{
    Activity, AlarmState, AlarmView, Comparison, Datapoint, Metric, Policy, Reason, Request, SimTime,
    Statistic, Trigger,
};
use simscale_policy::arithmetic::{Warmth, clamp, round_percent, target_tracking_capacity};
use simscale_policy::conformance::Scene;
use simscale_policy::steps::{find_step, validate_steps};
use simscale_policy::{
    Adjustment, AdjustmentType, AlarmShape, MaxCapacityBreach, Predictive, PredictiveMode, PredictiveParams,
    Schedule, ScheduleEntry, ScheduleParams, StepAdjustment, StepPace, TargetTracking, TargetTrackingParams,
};
use std::collections::BTreeMap;

/// A file of cases.
#[derive(Deserialize)]
struct Table<C> {
    topic: String,
    #[serde(default)]
    policies: BTreeMap<String, Steps>,
    cases: Vec<Sourced<C>>,
}

#[derive(Deserialize)]
struct Sourced<C> {
    id: String,
    source: String,
    #[serde(flatten)]
    case: C,
}

/// Steps of a named policy.
#[derive(Deserialize)]
struct Steps {
    threshold: f64,
    comparison: String,
    #[serde(rename = "type")]
    kind: String,
    steps: Vec<(Option<f64>, Option<f64>, i32)>,
}

impl Steps {
    fn comparison(&self) -> Comparison {
        match self.comparison.as_str() {
            "at_least" => Comparison::GreaterThanOrEqualToThreshold,
            "at_most" => Comparison::LessThanOrEqualToThreshold,
            other => panic!("unknown comparison {other}"),
        }
    }

    fn list(&self) -> Vec<StepAdjustment> {
        steps(&self.steps)
    }
}

fn steps(list: &[(Option<f64>, Option<f64>, i32)]) -> Vec<StepAdjustment> {
    list.iter().map(|&(lower, upper, adjustment)| step(lower, upper, adjustment)).collect()
}

fn kind(name: &str) -> AdjustmentType {
    let kinds = [
        AdjustmentType::ChangeInCapacity,
        AdjustmentType::ExactCapacity,
        AdjustmentType::PercentChangeInCapacity,
    ];
    kinds.into_iter().find(|kind| format!("{kind:?}") == name).expect("the adjustment type is known")
}

/// Runs a table; `judge` returns what came out and what was published. Returns how many cases there were.
fn run<C: DeserializeOwned>(
    text: &str,
    judge: impl Fn(&C, &Table<C>) -> (String, String),
    failures: &mut Vec<String>,
) -> usize {
    let table: Table<C> = serde_json::from_str(text).expect("the case file has the layout of its table");
    for Sourced { id, source, case } in &table.cases {
        assert!(!source.is_empty(), "case {id} names no source");
        let (found, published) = judge(case, &table);
        if found != published {
            failures.push(format!("{} / {id}: {found}, published {published} ({source})", table.topic));
        }
    }
    println!("{:3} cases: {}", table.cases.len(), table.topic);
    table.cases.len()
}

/// Includes and runs a table.
macro_rules! table {
    ($file:literal, $judge:expr, $failures:expr) => {
        run(include_str!(concat!("../cases/", $file, ".json")), $judge, $failures)
    };
}

#[test]
fn every_published_case_holds() {
    let mut failures = Vec::new();
    let f = &mut failures;
    let counts = [
        table!("percent_rounding", |case, _| rounding(case), f),
        table!("adjustment", |case, _| adjustment(case), f),
        table!("step_selection", selection, f),
        table!("step_sequence", |case, _| sequence(case), f),
        table!("step_validity", |case, _| validity(case), f),
        table!("warm_up", |case, _| warm_up(case), f),
        table!("target_tracking_capacity", |case, _| capacity(case), f),
        table!("target_tracking_alarms", |case, _| alarms(case), f),
        table!("alarm_limits", |case, _| alarm_limits(case), f),
        table!("several_policies", |case, _| answer(case), f),
        table!("service_cooldown", |case, _| service_cooldown(case), f),
        table!("schedule_sizes", |case, _| schedule_sizes(case), f),
        table!("predictive", |case, _| predictive(case), f),
    ];
    let all = counts.iter().sum::<usize>();
    println!("{all:3} published cases in all");
    let page = include_str!("../../../../docs/VALIDATION.md");
    let said = format!("target tracking | {all} |");
    assert!(page.contains(&said), "docs/VALIDATION.md does not say: {said}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[derive(Deserialize)]
struct Rounding {
    raw: f64,
    rounded: i64,
}

fn rounding(case: &Rounding) -> (String, String) {
    (round_percent(case.raw).to_string(), case.rounded.to_string())
}

#[derive(Deserialize)]
struct Adjusting {
    #[serde(rename = "type")]
    kind: String,
    amount: i32,
    min_magnitude: Option<u32>,
    capacity: u32,
    min: u32,
    max: u32,
    unclamped: u32,
    expected: u32,
}

fn adjustment(case: &Adjusting) -> (String, String) {
    let adjustment =
        Adjustment { kind: kind(&case.kind), amount: case.amount, min_magnitude: case.min_magnitude };
    let size = adjustment.apply(case.capacity);
    let found = (size, clamp(size, case.min, case.max));
    (format!("{found:?}"), format!("{:?}", (case.unclamped, case.expected)))
}

#[derive(Deserialize)]
struct Selection {
    policy: String,
    metric: f64,
    step: Option<usize>,
    adjustment: Option<i32>,
}

fn selection(case: &Selection, table: &Table<Selection>) -> (String, String) {
    let policy = &table.policies[&case.policy];
    let list = policy.list();
    validate_steps(&list, kind(&policy.kind)).expect("published steps are valid");
    let found = find_step(&list, case.metric, policy.threshold, policy.comparison());
    let adjustment = found.map(|place| list[place].adjustment);
    (format!("{:?}", (found, adjustment)), format!("{:?}", (case.step, case.adjustment)))
}

/// A group in service since the start, with one datapoint in the alarm at `place` of `alarms`.
fn scene(desired: u32, max: u32, value: f64, alarms: usize, place: usize) -> Scene {
    let mut scene = Scene::new(0, max, desired);
    scene.now = at(3600);
    scene.trigger = Trigger::Alarm(place);
    scene.alarms = vec![AlarmView { state: AlarmState::Ok, evaluated: vec![point(value)] }; alarms];
    scene.alarms[place].state = AlarmState::Alarm;
    scene
}

fn point(value: f64) -> Datapoint {
    Datapoint { start: at(3480), period: secs(60), value }
}

/// The size after the policy's answer.
fn size_after(policy: &mut dyn Policy, scene: &Scene) -> u32 {
    match policy.decide(&scene.observation()).request {
        Request::Desired(size) => size,
        Request::Hold | Request::HoldAndBlockScaleIn => scene.desired,
    }
}

#[derive(Deserialize)]
struct Sequence {
    policy: String,
    metric: f64,
    before: u32,
    after: u32,
}

fn sequence(case: &Sequence) -> (String, String) {
    let place = if case.policy == "doc_out" { 0 } else { 1 };
    let size =
        size_after(step_scaling(guide_steps()).as_mut(), &scene(case.before, 1000, case.metric, 2, place));
    (size.to_string(), case.after.to_string())
}

#[derive(Deserialize)]
struct Validity {
    steps: Vec<(Option<f64>, Option<f64>, i32)>,
    refused: Option<String>,
}

fn validity(case: &Validity) -> (String, String) {
    let found = match validate_steps(&steps(&case.steps), AdjustmentType::ChangeInCapacity) {
        Ok(()) => "taken".to_owned(),
        Err(error) => error.to_string(),
    };
    let published = case.refused.clone().unwrap_or("taken".to_owned());
    if found.contains(&published) { (published.clone(), published) } else { (found, published) }
}

#[derive(Deserialize)]
struct WarmUp {
    desired: u32,
    warming: u32,
    max: u32,
    metric: f64,
    percent: Option<i32>,
    add: Option<i32>,
    target: Option<f64>,
    base: u32,
    computed: u32,
    expected: u32,
}

fn warm_up(case: &WarmUp) -> (String, String) {
    let (kind, amount) = match case.percent {
        Some(percent) => (AdjustmentType::PercentChangeInCapacity, percent),
        None => (AdjustmentType::ChangeInCapacity, case.add.unwrap_or(0)),
    };
    let adjustment = Adjustment { kind, amount, min_magnitude: None };
    let (mut policy, alarms) = match case.target {
        Some(target) => (tracking(target, |_| ()), 2),
        None => {
            let only = vec![step(Some(0.0), None, amount)];
            (step_scaling(vec![step_rule(at_least(case.metric, 1), kind, only)]), 1)
        }
    };
    let mut scene = scene(case.desired, case.max, case.metric, alarms, 0);
    let warm = (case.desired - case.warming) as usize;
    scene.in_service_since[warm..].fill(at(3540));
    let decision = policy.decide(&scene.observation());
    // A decision to hold because of warming instances gives their number, not the arithmetic.
    let warm = Warmth::of(&scene.observation(), scene.group_warm_up).warm;
    let (base, computed) = match decision.reason {
        Reason::Adjustment { base, change, .. } => (base, u32::try_from(i64::from(base) + change).unwrap()),
        Reason::TargetTracking { capacity, wanted, .. } => (capacity, wanted),
        Reason::WarmingUp { instances } if instances == case.warming => (warm, adjustment.apply(warm)),
        other => panic!("unexpected reason {other:?}"),
    };
    let found = (base, computed, size_after(policy.as_mut(), &scene));
    (format!("{found:?}"), format!("{:?}", (case.base, case.computed, case.expected)))
}

#[derive(Deserialize)]
struct Capacity {
    capacity: u32,
    metric: f64,
    target: f64,
    expected: u32,
}

fn capacity(case: &Capacity) -> (String, String) {
    let found = target_tracking_capacity(case.capacity, case.metric, case.target);
    (format!("{found:?}"), format!("{:?}", Some(case.expected)))
}

#[derive(Deserialize)]
struct Alarms {
    metric: String,
    target: f64,
    #[serde(default)]
    service: bool,
    low_factor: Option<f64>,
    high_shape: Option<(u32, u32)>,
    statistic: String,
    period_s: u64,
    high: f64,
    high_m_of_n: (u32, u32),
    low: f64,
    low_m_of_n: (u32, u32),
}

fn alarms(case: &Alarms) -> (String, String) {
    let metric = match case.metric.as_str() {
        "cpu_utilization" => Metric::CpuUtilization,
        "request_count_per_target" => Metric::RequestCountPerTarget,
        _ => Metric::Custom(0),
    };
    let new = if case.service { TargetTrackingParams::of_service } else { TargetTrackingParams::new };
    let mut params = new("case".to_owned(), metric, case.target);
    params.low_factor = case.low_factor.unwrap_or(params.low_factor);
    if let Some((m, n)) = case.high_shape {
        params.high = AlarmShape { evaluation_periods: n, datapoints_to_alarm: m };
    }
    let policy = TargetTracking::new(params).expect("published parameters are valid");
    let found: Vec<_> = policy.needs().alarms.into_iter().map(described).collect();
    let statistic = if case.statistic == "Sum" { Statistic::Sum } else { Statistic::Average };
    let alarm = |comparison, threshold, shape| {
        format!("{:?}", (comparison, threshold, shape, statistic, secs(case.period_s)))
    };
    let published = [
        alarm(Comparison::GreaterThanThreshold, case.high, case.high_m_of_n),
        alarm(Comparison::LessThanThreshold, case.low, case.low_m_of_n),
    ];
    (format!("{found:?}"), format!("{published:?}"))
}

#[derive(Deserialize)]
struct Limit {
    period_s: u64,
    max_evaluation_periods: u32,
}

/// The most periods that an alarm may look back: accepted, and one more refused.
fn alarm_limits(case: &Limit) -> (String, String) {
    let accepted = |periods: u32| {
        let mut alarm = at_least(60.0, periods);
        alarm.query.period = secs(case.period_s);
        simscale_policy::validate_alarm(&alarm).is_ok()
    };
    let most = case.max_evaluation_periods;
    (format!("{:?}", (accepted(most), accepted(most + 1))), format!("{:?}", (true, false)))
}

fn described(alarm: simscale_core::AlarmSpec) -> String {
    let shape = (alarm.datapoints_to_alarm, alarm.evaluation_periods);
    format!("{:?}", (alarm.comparison, alarm.threshold, shape, alarm.query.statistic, alarm.query.period))
}

#[derive(Deserialize)]
struct Answer {
    capacity: u32,
    size: u32,
    #[serde(rename = "type")]
    kind: Option<String>,
    amount: Option<i32>,
    metric: Option<f64>,
    wants: Option<String>,
    scale_in_enabled: Option<bool>,
    answer: Option<String>,
}

fn answer(case: &Answer) -> (String, String) {
    if let (Some(name), Some(amount)) = (&case.kind, case.amount) {
        let alarm = if amount > 0 { at_least(60.0, 1) } else { at_most(60.0, 1) };
        let only = if amount > 0 { step(Some(0.0), None, amount) } else { step(None, Some(0.0), amount) };
        let mut policy = step_scaling(vec![step_rule(alarm, kind(name), vec![only])]);
        let size = size_after(policy.as_mut(), &scene(case.capacity, 1000, 60.0, 1, 0));
        return (size.to_string(), case.size.to_string());
    }
    let (metric, enabled) = (case.metric.unwrap(), case.scale_in_enabled.unwrap());
    let mut policy = tracking(50.0, |params| params.disable_scale_in = !enabled);
    let alarms = if enabled { 2 } else { 1 };
    let mut scene = match case.wants.as_deref() {
        Some("in") => scene(case.capacity, 1000, metric, alarms, 1),
        _ => scene(case.capacity, 1000, metric, alarms, 0),
    };
    let quiet = match case.wants.as_deref() {
        Some("none") => Some((AlarmState::Ok, vec![point(metric)])),
        Some("insufficient_data") => Some((AlarmState::InsufficientData, Vec::new())),
        _ => None,
    };
    if let Some((state, evaluated)) = quiet {
        scene.trigger = Trigger::Look;
        scene.alarms.fill(AlarmView { state, evaluated });
    }
    let found = match policy.decide(&scene.observation()).request {
        Request::Desired(size) => format!("desired {size}"),
        Request::Hold => format!("hold {}", scene.desired),
        Request::HoldAndBlockScaleIn => format!("block {}", scene.desired),
    };
    (found, format!("{} {}", case.answer.as_deref().unwrap(), case.size))
}

#[derive(Deserialize)]
struct ServiceCooldown {
    base: u32,
    /// Added by the scale-out of the cooldown, or removed by the scale-in.
    added: i32,
    change: i32,
    after: u32,
}

/// A rule of a service acts, and then one of `change` tasks within the cooldown, when the first activity has ended.
fn service_cooldown(case: &ServiceCooldown) -> (String, String) {
    let change = AdjustmentType::ChangeInCapacity;
    let rule = |amount: i32| match amount > 0 {
        true => step_rule(at_least(60.0, 1), change, vec![step(Some(0.0), None, amount)]),
        false => step_rule(at_most(60.0, 1), change, vec![step(None, Some(0.0), amount)]),
    };
    // One rule with two steps where both scale out: the cooldown is a policy's, and a rule is one to AWS.
    let both = case.added > 0 && case.change > 0;
    let mut rules = match both {
        true => {
            let steps = vec![step(Some(0.0), Some(5.0), case.added), step(Some(5.0), None, case.change)];
            vec![step_rule(at_least(60.0, 1), change, steps)]
        }
        false => vec![rule(case.added), rule(case.change)],
    };
    rules.iter_mut().for_each(|rule| rule.pace = StepPace::Cooldown(secs(300)));
    let alarms = rules.len();
    let mut policy = step_scaling(rules);
    let mut first = scene(case.base, 1000, 60.0, alarms, 0);
    let size = size_after(policy.as_mut(), &first);
    assert_eq!(i64::from(size), i64::from(case.base) + i64::from(case.added));
    let activity = Some(Activity { start: first.now, end: Some(first.now + secs(60)) });
    match case.added > 0 {
        true => first.last_scale_out = activity,
        false => first.last_scale_in = activity,
    }
    let mut second = scene(size, 1000, if both { 65.0 } else { 60.0 }, alarms, alarms - 1);
    (second.last_scale_out, second.last_scale_in) = (first.last_scale_out, first.last_scale_in);
    second.now = first.now + secs(240);
    (size_after(policy.as_mut(), &second).to_string(), case.after.to_string())
}

#[derive(Deserialize)]
struct ScheduleSizes {
    current: u32,
    min: u32,
    max: u32,
    cooling: bool,
    expected: u32,
}

fn schedule_sizes(case: &ScheduleSizes) -> (String, String) {
    let (min, max) = (Some(case.min), Some(case.max));
    let entries = vec![ScheduleEntry { name: "bounds".to_owned(), at: at(3600), min, max, desired: None }];
    let mut policy = Schedule::new(ScheduleParams { name: "day".to_owned(), entries }).expect("it is valid");
    let mut scene = Scene::new(0, 1000, case.current);
    scene.now = at(3600);
    scene.last_scale_in = case.cooling.then(|| Activity { start: at(3500), end: Some(at(3590)) });
    (size_after(&mut policy, &scene).to_string(), case.expected.to_string())
}

#[derive(Deserialize)]
struct Forecast {
    actual: u32,
    predicted: u32,
    min: u32,
    max: u32,
    buffer: Option<f64>,
    expected: u32,
    effective_max: u32,
}

fn predictive(case: &Forecast) -> (String, String) {
    let breach = match case.buffer {
        Some(buffer_percent) => MaxCapacityBreach::Increase { buffer_percent },
        None => MaxCapacityBreach::Honor,
    };
    let mut policy = Predictive::new(PredictiveParams {
        name: "forecast".to_owned(),
        forecast: vec![case.predicted],
        into_hour: secs(0),
        buffer: secs(300),
        mode: PredictiveMode::ForecastAndScale,
        breach,
    })
    .expect("it is valid");
    let scene = Scene::new(case.min, case.max, case.actual);
    let decision = policy.decide(&scene.observation());
    let max = decision.bounds.map_or(case.max, |bounds| bounds.1);
    let found = (size_after(&mut policy, &scene), max);
    (format!("{found:?}"), format!("{:?}", (case.expected, case.effective_max)))
}

#[test]
fn a_value_at_the_threshold_belongs_to_the_side_the_alarm_looks_to() {
    let both = [step(None, Some(0.0), -1), step(Some(0.0), None, 1)];
    let found = |comparison| find_step(&both, 50.0, 50.0, comparison);
    assert_eq!(found(Comparison::GreaterThanOrEqualToThreshold), Some(1));
    assert_eq!(found(Comparison::LessThanOrEqualToThreshold), Some(0));
}

#[test]
fn binary_fractions_do_not_decide() {
    let up = [step(Some(0.0), Some(0.2), 1), step(Some(0.2), None, 2)];
    assert_eq!(find_step(&up, 0.3, 0.1, Comparison::GreaterThanThreshold), Some(1));
    assert_eq!(target_tracking_capacity(3, 0.7, 0.3), Some(7));
    assert_eq!(target_tracking_capacity(0, f64::INFINITY, 50.0), None);
    assert_eq!(target_tracking_capacity(u32::MAX, f64::MAX, 1e-300), Some(u32::MAX));
}

#[test]
fn only_instances_launched_in_the_run_warm_up() {
    let mut scene = Scene::new(0, 10, 4);
    scene.now = at(100);
    scene.in_service_since = vec![SimTime::ZERO, SimTime::ZERO, at(10), at(40)];
    scene.booting = 1;
    let warmth = Warmth::of(&scene.observation(), secs(90));
    assert_eq!((warmth.warm, warmth.warming), (3, 2));
    scene.desired = 2;
    let warmth = Warmth::of(&scene.observation(), secs(0));
    assert_eq!((warmth.warm, warmth.warming), (2, 1), "never more than the group is asked to have");
}
