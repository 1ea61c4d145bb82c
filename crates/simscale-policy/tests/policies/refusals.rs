//! Parameters that a policy refuses, each with the rule and the value in words and the field they belong to.

use crate::setting::{at, at_least, cpu, guide_steps, secs, step};
use simscale_core::{Metric, SimDuration};
use simscale_policy::{
    Adjustment, AdjustmentType, AlarmShape, FixedCapacity, FixedCapacityParams, PolicyError, Schedule,
    ScheduleEntry, ScheduleParams, SimpleRule, SimpleScaling, SimpleScalingParams, StepRule, StepScaling,
    StepScalingParams, TargetTracking, TargetTrackingParams, ThresholdPoll, ThresholdPollParams,
    validate_alarm,
};

/// The error names the field, the rule and the value.
fn refused<P>(built: Result<P, PolicyError>, field: &str, words: &[&str]) {
    let error = built.err().expect("the parameters break a rule");
    assert_eq!(error.field(), field, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no {word:?} in: {error}");
    }
}

fn tracking(change: impl FnOnce(&mut TargetTrackingParams)) -> Result<TargetTracking, PolicyError> {
    let mut params = TargetTrackingParams::new("cpu", Metric::CpuUtilization, 50.0);
    change(&mut params);
    TargetTracking::new(params)
}

#[test]
fn target_tracking() {
    refused(tracking(|p| p.target = 0.0), "target", &["above 0", "it is 0"]);
    refused(tracking(|p| p.target = f64::NAN), "target", &["finite", "NaN"]);
    refused(tracking(|p| p.low_factor = 1.5), "low_factor", &["at most at the target", "1.5"]);
    refused(tracking(|p| p.query.period = secs(45)), "query.period", &["multiples of 60", "45s"]);
    refused(tracking(|p| p.query.period = SimDuration::from_millis(500)), "query.period", &["0.5s"]);
    refused(tracking(|p| p.name = " ".to_owned()), "name", &["empty"]);
    let shape = |n, m| AlarmShape { evaluation_periods: n, datapoints_to_alarm: m };
    refused(tracking(|p| p.high = shape(0, 0)), "high.evaluation_periods", &["at least 1"]);
    refused(tracking(|p| p.low = shape(3, 4)), "low.datapoints_to_alarm", &["1 to 3", "it is 4"]);
    assert!(tracking(|p| p.query.period = secs(10)).is_ok());
    assert!(tracking(|p| p.query.period = secs(300)).is_ok(), "basic monitoring publishes every 300 s");
}

#[test]
fn alarms() {
    let mut alarm = at_least(50.0, 2);
    alarm.query.period = secs(86_400);
    assert!(validate_alarm(&alarm).is_ok(), "two days are allowed for periods of an hour and more");
    (alarm.evaluation_periods, alarm.query.period) = (1441, secs(60));
    refused(validate_alarm(&alarm), "evaluation_periods", &["86400s", "1441 periods"]);
    (alarm.evaluation_periods, alarm.query.period) = (8, secs(86_400));
    refused(validate_alarm(&alarm), "evaluation_periods", &["604800s"]);
    alarm.threshold = f64::INFINITY;
    refused(validate_alarm(&alarm), "threshold", &["finite", "inf"]);
}

fn steps(change: impl FnOnce(&mut StepRule)) -> Result<StepScaling, PolicyError> {
    let mut rules = guide_steps();
    change(&mut rules[1]);
    StepScaling::new(StepScalingParams { name: "steps".to_owned(), rules, default_cooldown: None })
}

#[test]
fn step_scaling() {
    refused(steps(|r| r.steps.clear()), "rules[1].steps", &["1 to 20", "there are 0"]);
    refused(steps(|r| r.steps[1].upper = Some(-15.0)), "rules[1].steps", &["no gap", "-15", "-10"]);
    refused(steps(|r| r.steps[0].lower = Some(f64::NAN)), "rules[1].steps[0].lower", &["finite", "NaN"]);
    refused(steps(|r| r.steps[0] = step(None, None, 1)), "rules[1].steps[0].lower", &["both bounds"]);
    refused(
        steps(|r| r.steps[0] = step(Some(0.0), Some(-10.0), 1)),
        "rules[1].steps[0].upper",
        &["upper bound above", "[0, -10]"],
    );
    refused(
        steps(|r| r.adjustment_type = AdjustmentType::ExactCapacity),
        "rules[1].steps[1].adjustment",
        &["non-negative", "-10"],
    );
    let exact = |r: &mut StepRule| {
        r.adjustment_type = AdjustmentType::ExactCapacity;
        r.steps.iter_mut().for_each(|step| step.adjustment = 4);
        r.min_adjustment_magnitude = Some(2);
    };
    refused(
        steps(exact),
        "rules[1].min_adjustment_magnitude",
        &["MinAdjustmentMagnitude (2)", "ExactCapacity"],
    );
    refused(steps(|r| r.alarm.query.period = secs(45)), "rules[1].alarm.period", &["45s"]);
    let none = StepScalingParams { name: "steps".to_owned(), rules: Vec::new(), default_cooldown: None };
    refused(StepScaling::new(none), "rules", &["at least one alarm"]);
}

#[test]
fn simple_scaling() {
    let simple = |kind, amount, min_magnitude| {
        let adjustment = Adjustment { kind, amount, min_magnitude };
        let rules = vec![SimpleRule { alarm: at_least(80.0, 1), adjustment }];
        SimpleScaling::new(SimpleScalingParams { name: "simple".to_owned(), cooldown: None, rules })
    };
    let (exact, change) = (AdjustmentType::ExactCapacity, AdjustmentType::ChangeInCapacity);
    refused(simple(exact, -1, None), "rules[0].adjustment.amount", &["non-negative", "-1"]);
    refused(simple(exact, 1, Some(2)), "rules[0].adjustment.min_magnitude", &["ExactCapacity"]);
    refused(simple(change, 1, Some(2)), "rules[0].adjustment.min_magnitude", &["ChangeInCapacity"]);
    let none = SimpleScalingParams { name: "simple".to_owned(), cooldown: None, rules: Vec::new() };
    refused(SimpleScaling::new(none), "rules", &["at least one alarm"]);
}

#[test]
fn threshold_poll() {
    let poll = |change: fn(&mut ThresholdPollParams)| {
        let mut params = ThresholdPollParams::new("poll");
        assert_eq!(params.query, cpu());
        change(&mut params);
        ThresholdPoll::new(params)
    };
    refused(poll(|p| p.lower = 90.0), "lower", &["crossed", "90", "80"]);
    refused(poll(|p| p.upper = f64::NAN), "upper", &["finite", "NaN"]);
    refused(poll(|p| p.interval = secs(0)), "interval", &["longer than zero"]);
    refused(poll(|p| p.query.period = secs(0)), "query.period", &["longer than zero"]);
    refused(poll(|p| (p.add, p.remove) = (0, 0)), "add", &["both numbers are 0"]);
    refused(poll(|p| p.bounds = Some((5, 4))), "bounds", &["5 and 4"]);
}

#[test]
fn schedule() {
    let entry = |secs, min, max, desired| ScheduleEntry {
        name: format!("at-{secs}"),
        at: at(secs),
        min,
        max,
        desired,
    };
    let build = |entries| Schedule::new(ScheduleParams { name: "day".to_owned(), entries });
    refused(build(Vec::new()), "entries", &["at least one entry"]);
    refused(build(vec![entry(1, None, None, None)]), "entries[0].desired", &["at least one of min, max"]);
    refused(build(vec![entry(1, Some(5), Some(4), None)]), "entries[0].min", &["min is 5", "max is 4"]);
    refused(
        build(vec![entry(1, None, Some(4), Some(6))]),
        "entries[0].desired",
        &["desired is 6", "max is 4"],
    );
    let twice = vec![entry(9, None, None, Some(1)), entry(9, None, None, Some(2))];
    refused(build(twice), "entries", &["start times", "at-9", "00:00:09"]);
    let day = build(vec![entry(2, None, None, Some(12)), entry(1, None, Some(15), None)]).unwrap();
    assert!(day.check_within(1, 10).is_ok(), "the earlier entry raises the maximum");
    let late = build(vec![entry(1, None, None, Some(12))]).unwrap();
    refused(late.check_within(1, 10), "entries", &["desired 12", "max 10", "include the bounds"]);
}

#[test]
fn fixed_capacity() {
    let params = FixedCapacityParams { name: String::new(), capacity: 3 };
    refused(FixedCapacity::new(params), "name", &["empty"]);
}
