//! Policies that act through alarms: simple scaling, step scaling, target tracking.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_policy as policy;

use super::alarm::{Alarm, Query};
use super::law::sim;
use super::{Group, Metrics};
use crate::text::{Duration, Statistic};

/// Simple scaling: one adjustment for each alarm, then a pause until activity and cooldown are over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimpleScaling {
    /// Pause after a scaling activity; default `group.cooldown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Duration>,
    /// What each alarm does, usually one that scales out and one that scales in.
    #[schemars(length(min = 1, max = 100))]
    pub rule: Vec<SimpleRule>,
}

/// An alarm and its adjustment. AWS calls each such pair a policy of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimpleRule {
    /// When to act.
    pub alarm: Alarm,
    /// How `adjustment` is meant: "change_in_capacity", "exact_capacity" or "percent_change_in_capacity".
    pub adjustment_type: AdjustmentType,
    /// Instances or percent; negative to remove.
    #[schemars(range(min = -100_000, max = 100_000))]
    pub adjustment: i32,
    /// A change in percent moves at least this many instances; default no minimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<u32>,
}

/// Step scaling: the size of the breach chooses the adjustment; warm-up takes the place of a cooldown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepScaling {
    /// What each alarm does, usually one that scales out and one that scales in.
    #[schemars(length(min = 1, max = 100))]
    pub rule: Vec<StepRule>,
}

/// An alarm and its steps. AWS calls each such pair a policy of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRule {
    /// When to act; its threshold is the zero of the steps.
    pub alarm: Alarm,
    /// How the adjustments are meant: "change_in_capacity", "exact_capacity" or "percent_change_in_capacity".
    pub adjustment_type: AdjustmentType,
    /// A change in percent moves at least this many instances; default no minimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<u32>,
    /// Steps without gap or overlap, 1 to 20.
    #[schemars(length(min = 1, max = 20))]
    pub steps: Vec<ScalingStep>,
    /// How the alarm's datapoints become the one value that chooses the step: "average", "minimum" or "maximum"; default "average".
    #[serde(default)]
    pub aggregation: Aggregation,
    /// Time in service after which an instance counts; default `group.warm_up`, or `group.cooldown` where that is not set, as AWS; not for an ECS service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Duration>,
    /// For an ECS service: pause after a scaling activity, in which only a larger scale-out acts; default "300s", as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Duration>,
}

/// What to do in an interval of the breach (the metric minus the alarm's threshold).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingStep {
    /// Lower end of the breach, in the metric's unit; default minus infinity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of the breach, in the metric's unit; default infinity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Instances or percent; negative to remove.
    #[schemars(range(min = -100_000, max = 100_000))]
    pub adjustment: i32,
}

/// How an adjustment is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentType {
    /// Instances added or removed.
    ChangeInCapacity,
    /// The new size itself.
    ExactCapacity,
    /// Percent of the capacity added or removed.
    PercentChangeInCapacity,
}

/// How the datapoints of an alarm become one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean.
    #[default]
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// Target tracking: keeps a metric near its target by two alarms that it creates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTracking {
    /// The metric: a value per instance, which falls as capacity grows; `simscale list metrics` shows all.
    pub metric: String,
    /// Where the metric should lie, in its unit; above 0.
    pub target: f64,
    /// How the samples of a period become one value; default "sum" for the counts of the balancer, "average" for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Length of a datapoint's period; a multiple of `metrics.period`; default "60s", or `metrics.period` where that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// Time in service after which an instance counts; default `group.warm_up`, or `group.cooldown` where that is not set, as AWS; not for an ECS service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Duration>,
    /// For an ECS service: after a scale-out only a larger one acts for so long, and what was added counts; default "300s", as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_out_cooldown: Option<Duration>,
    /// For an ECS service: after a scale-in no other follows for so long, unless a scale-out ends the wait; default "300s", as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_in_cooldown: Option<Duration>,
    /// For an ECS service: a scale-in goes no further than to the size at which the metric lies at this share of the target, and is not begun when that
    /// leaves nothing (AutoScalingAnticipatedFlapping); 1 switches it off; default 0.95, inferred (AWS does not say how it predicts).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    pub flapping_ratio: Option<f64>,
    /// Never removes capacity; default false.
    #[serde(default)]
    pub disable_scale_in: bool,
    /// The alarm above the target; default 3 of 3 datapoints, as observed on AWS.
    #[serde(default = "high")]
    pub high: AlarmShape,
    /// The alarm below the target; default 15 of 15 datapoints, as observed on AWS.
    #[serde(default = "low")]
    pub low: AlarmShape,
    /// Threshold of the low alarm over the target; above 0, at most 1; default 0.7, or 0.9 for an ECS service, as observed on AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    pub low_ratio: Option<f64>,
    /// Scales in again only on a datapoint that began after the last scale-in; default true.
    #[serde(default = "yes")]
    pub fresh_data_for_scale_in: bool,
}

/// How many datapoints must breach: M of the last N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmShape {
    /// N: datapoints that are looked at.
    #[schemars(range(min = 1, max = 100_000))]
    pub evaluation_periods: u32,
    /// M: breaching datapoints among them that make an alarm; default all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub datapoints_to_alarm: Option<u32>,
}

fn high() -> AlarmShape {
    AlarmShape { evaluation_periods: 3, datapoints_to_alarm: Some(3) }
}

fn low() -> AlarmShape {
    AlarmShape { evaluation_periods: 15, datapoints_to_alarm: Some(15) }
}

fn yes() -> bool {
    true
}

impl TargetTracking {
    /// Keeps a metric at a target, with every default.
    pub fn at(metric: impl Into<String>, target: f64) -> TargetTracking {
        TargetTracking {
            metric: metric.into(),
            target,
            statistic: None,
            period: None,
            warm_up: None,
            scale_out_cooldown: None,
            scale_in_cooldown: None,
            flapping_ratio: None,
            disable_scale_in: false,
            high: high(),
            low: low(),
            low_ratio: None,
            fresh_data_for_scale_in: yes(),
        }
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query { metric: &self.metric, statistic: self.statistic, period: self.period }
    }

    pub(crate) fn resolve(&mut self, group: &Group, metrics: &Metrics) {
        let (statistic, period) = (self.query().statistic(metrics), self.query().period(metrics));
        self.statistic = statistic;
        self.period = Some(period);
        if group.is_service() {
            self.scale_out_cooldown.get_or_insert(ecs_cooldown());
            self.scale_in_cooldown.get_or_insert(ecs_cooldown());
            self.flapping_ratio.get_or_insert(policy::application::FLAPPING_MARGIN);
            self.low_ratio.get_or_insert(policy::APPLICATION_LOW_FACTOR);
        } else {
            self.warm_up.get_or_insert(group.policy_warm_up());
            self.low_ratio.get_or_insert(policy::EC2_LOW_FACTOR);
        }
        self.high.resolve();
        self.low.resolve();
    }

    /// The resolved policy; cooldowns tell that it belongs to an ECS service.
    pub(crate) fn params(
        &self,
        name: &str,
        metrics: &Metrics,
        group: &Group,
    ) -> Option<policy::TargetTrackingParams> {
        let cooldowns = self.scale_out_cooldown.zip(self.scale_in_cooldown);
        let application = cooldowns.map(|(out, back)| policy::ApplicationPace {
            scale_out_cooldown: sim(out),
            scale_in_cooldown: sim(back),
            flapping_margin: self.flapping_ratio.unwrap_or(policy::application::FLAPPING_MARGIN),
        });
        Some(policy::TargetTrackingParams {
            name: name.to_owned(),
            query: self.query().world(metrics)?,
            target: self.target,
            warm_up: self.warm_up.map(sim),
            default_cooldown: group.default_cooldown(),
            application,
            disable_scale_in: self.disable_scale_in,
            high: self.high.shape(),
            low: self.low.shape(),
            low_factor: self.low_ratio.unwrap_or(policy::EC2_LOW_FACTOR),
            fresh_data_for_scale_in: self.fresh_data_for_scale_in,
        })
    }
}

/// Both cooldowns of an ECS service.
fn ecs_cooldown() -> Duration {
    Duration::from_nanos(policy::application::ECS_COOLDOWN.as_nanos()).expect("300 s are a duration")
}

impl AlarmShape {
    fn resolve(&mut self) {
        self.datapoints_to_alarm.get_or_insert(self.evaluation_periods);
    }

    fn shape(&self) -> policy::AlarmShape {
        policy::AlarmShape {
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: self.datapoints_to_alarm.unwrap_or(self.evaluation_periods),
        }
    }
}

impl AdjustmentType {
    fn world(self) -> policy::AdjustmentType {
        match self {
            AdjustmentType::ChangeInCapacity => policy::AdjustmentType::ChangeInCapacity,
            AdjustmentType::ExactCapacity => policy::AdjustmentType::ExactCapacity,
            AdjustmentType::PercentChangeInCapacity => policy::AdjustmentType::PercentChangeInCapacity,
        }
    }
}

impl SimpleScaling {
    pub(crate) fn resolve(&mut self, name: &str, group: &Group, metrics: &Metrics) {
        self.cooldown.get_or_insert(group.cooldown);
        for (index, rule) in self.rule.iter_mut().enumerate() {
            rule.alarm.resolve(name, index, metrics);
        }
    }

    pub(crate) fn params(&self, name: &str, metrics: &Metrics) -> Option<policy::SimpleScalingParams> {
        let rule = |rule: &SimpleRule| {
            let adjustment = policy::Adjustment {
                kind: rule.adjustment_type.world(),
                amount: rule.adjustment,
                min_magnitude: rule.min_adjustment_magnitude,
            };
            Some(policy::SimpleRule { alarm: rule.alarm.world(metrics)?, adjustment })
        };
        Some(policy::SimpleScalingParams {
            name: name.to_owned(),
            cooldown: self.cooldown.map(sim),
            rules: self.rule.iter().map(rule).collect::<Option<_>>()?,
        })
    }
}

impl StepScaling {
    pub(crate) fn resolve(&mut self, name: &str, group: &Group, metrics: &Metrics) {
        for (index, rule) in self.rule.iter_mut().enumerate() {
            rule.alarm.resolve(name, index, metrics);
            if group.is_service() {
                rule.cooldown.get_or_insert(ecs_cooldown());
            } else {
                rule.warm_up.get_or_insert(group.policy_warm_up());
            }
        }
    }

    pub(crate) fn params(
        &self,
        name: &str,
        metrics: &Metrics,
        group: &Group,
    ) -> Option<policy::StepScalingParams> {
        let step = |step: &ScalingStep| policy::StepAdjustment {
            lower: step.lower,
            upper: step.upper,
            adjustment: step.adjustment,
        };
        let rule = |rule: &StepRule| {
            Some(policy::StepRule {
                alarm: rule.alarm.world(metrics)?,
                adjustment_type: rule.adjustment_type.world(),
                min_adjustment_magnitude: rule.min_adjustment_magnitude,
                steps: rule.steps.iter().map(step).collect(),
                aggregation: match rule.aggregation {
                    Aggregation::Average => policy::Aggregation::Average,
                    Aggregation::Minimum => policy::Aggregation::Minimum,
                    Aggregation::Maximum => policy::Aggregation::Maximum,
                },
                pace: match rule.cooldown {
                    Some(cooldown) => policy::StepPace::Cooldown(sim(cooldown)),
                    None => policy::StepPace::WarmUp(rule.warm_up.map(sim)),
                },
            })
        };
        let rules = self.rule.iter().map(rule).collect::<Option<_>>()?;
        Some(policy::StepScalingParams {
            name: name.to_owned(),
            rules,
            default_cooldown: group.default_cooldown(),
        })
    }
}
