//! Alarms, rules and policies that the tests share.

use simscale_core::{
    AlarmSpec, Comparison, Metric, MetricQuery, MissingData, Policy, SimDuration, SimTime, Statistic,
};
use simscale_policy::{
    Adjustment, AdjustmentType, Aggregation, SimpleRule, SimpleScaling, SimpleScalingParams, StepAdjustment,
    StepPace, StepRule, StepScaling, StepScalingParams, TargetTracking, TargetTrackingParams,
};

pub const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

pub fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + secs(seconds)
}

pub fn cpu() -> MetricQuery {
    MetricQuery { metric: Metric::CpuUtilization, period: secs(60), statistic: Statistic::Average }
}

/// CPU at least at a threshold, for M of M minutes.
pub fn at_least(threshold: f64, datapoints: u32) -> AlarmSpec {
    AlarmSpec {
        name: format!("at-least-{threshold}"),
        query: cpu(),
        comparison: Comparison::GreaterThanOrEqualToThreshold,
        threshold,
        evaluation_periods: datapoints,
        datapoints_to_alarm: datapoints,
        missing_data: MissingData::Missing,
        window: simscale_core::Window::Sliding,
        low_samples: simscale_core::LowSamples::Evaluate,
    }
}

/// CPU at most at a threshold, for M of M minutes.
pub fn at_most(threshold: f64, datapoints: u32) -> AlarmSpec {
    let name = format!("at-most-{threshold}");
    AlarmSpec { name, comparison: Comparison::LessThanOrEqualToThreshold, ..at_least(threshold, datapoints) }
}

pub fn step(lower: Option<f64>, upper: Option<f64>, adjustment: i32) -> StepAdjustment {
    StepAdjustment { lower, upper, adjustment }
}

pub fn step_rule(alarm: AlarmSpec, kind: AdjustmentType, steps: Vec<StepAdjustment>) -> StepRule {
    StepRule {
        alarm,
        adjustment_type: kind,
        min_adjustment_magnitude: None,
        steps,
        aggregation: Aggregation::Average,
        pace: StepPace::WarmUp(None),
    }
}

pub fn step_scaling(rules: Vec<StepRule>) -> Box<dyn Policy> {
    let params = StepScalingParams { name: "steps".to_owned(), rules, default_cooldown: None };
    Box::new(StepScaling::new(params).expect("the steps are valid"))
}

/// The guide's example: around 50 percent, 10 % more or less from 10 points away, 30 % from 20 points.
pub fn guide_steps() -> Vec<StepRule> {
    let out =
        vec![step(Some(0.0), Some(10.0), 0), step(Some(10.0), Some(20.0), 10), step(Some(20.0), None, 30)];
    let down = vec![
        step(Some(-10.0), Some(0.0), 0),
        step(Some(-20.0), Some(-10.0), -10),
        step(None, Some(-20.0), -30),
    ];
    let percent = AdjustmentType::PercentChangeInCapacity;
    vec![step_rule(at_least(50.0, 1), percent, out), step_rule(at_most(50.0, 1), percent, down)]
}

/// Plus `out` at CPU 80 and more, minus one at 30 and less.
pub fn simple_scaling(out: i32, cooldown: Option<SimDuration>) -> Box<dyn Policy> {
    let rule = |alarm, amount| SimpleRule {
        alarm,
        adjustment: Adjustment { kind: AdjustmentType::ChangeInCapacity, amount, min_magnitude: None },
    };
    let rules = vec![rule(at_least(80.0, 1), out), rule(at_most(30.0, 1), -1)];
    let params = SimpleScalingParams { name: "simple".to_owned(), cooldown, rules };
    Box::new(SimpleScaling::new(params).expect("the rules are valid"))
}

/// CPU at a target, with what else differs from the default.
pub fn tracking(target: f64, change: impl FnOnce(&mut TargetTrackingParams)) -> Box<dyn Policy> {
    let mut params = TargetTrackingParams::new("cpu", Metric::CpuUtilization, target);
    change(&mut params);
    Box::new(TargetTracking::new(params).expect("the parameters are valid"))
}
