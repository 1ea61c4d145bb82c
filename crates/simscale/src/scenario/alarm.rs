//! Alarms as policies state them: a metric, a threshold, M of N datapoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::Metrics;
use super::law::sim;
use super::math::usual_statistic;
use super::run::check_multiple;
use crate::text::{Check, Duration, Statistic};

/// An alarm over a metric. It acts when it goes to ALARM, and again every minute while it stays there.
///
/// It is evaluated every minute (every 10 s where its period is under a minute); a longer period slides on by a minute. Source: CloudWatch User Guide, "Using CloudWatch alarms".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Name in outputs; default the policy's name with the number of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The metric: `simscale list metrics` shows all.
    pub metric: String,
    /// How the samples of a period become one value: "average", "sum", "minimum", "maximum", "sample_count" or a percentile such as "p99"; default "sum" for the balancer's counts (request_count_per_target among them), "average" for the others; none for metric math.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Length of a datapoint's period; 1, 5, 10, 20 or 30 s or a multiple of 60 s, and of `metrics.period`; default "60s", or what the metric is published in where that is longer (300 s under basic monitoring).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// How a value breaches the threshold.
    pub comparison: Comparison,
    /// The threshold, in the metric's unit.
    pub threshold: f64,
    /// N: datapoints that are looked at; default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100_000))]
    pub evaluation_periods: u32,
    /// M: breaching datapoints among them that make an alarm; default all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub datapoints_to_alarm: Option<u32>,
    /// What a missing datapoint counts as: "missing", "ignore", "breaching" or "not_breaching"; default "missing", as CloudWatch.
    #[serde(default)]
    pub missing_data: MissingData,
    /// Where its windows lie: "sliding", the newest ends with the newest minute, or "wall_clock", at whole multiples of the period; default "sliding", as CloudWatch.
    #[serde(default)]
    pub window: Window,
    /// What a percentile of few samples does (fewer than 10/(1-p), or 10/p below the median): "evaluate", or "ignore", which keeps the state; default "evaluate", as CloudWatch.
    #[serde(default)]
    pub evaluate_low_sample_count_percentile: LowSamples,
}

/// Where the windows of an alarm lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The newest ends with the newest minute that is published, so that a longer period slides on by a minute.
    #[default]
    Sliding,
    /// They begin at whole multiples of the period.
    WallClock,
}

/// What a percentile of few samples does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LowSamples {
    /// It is evaluated all the same.
    #[default]
    Evaluate,
    /// The alarm keeps its state.
    Ignore,
}

/// How a value breaches a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// value > threshold
    GreaterThanThreshold,
    /// value >= threshold
    GreaterThanOrEqualToThreshold,
    /// value < threshold
    LessThanThreshold,
    /// value <= threshold
    LessThanOrEqualToThreshold,
}

/// What a missing datapoint counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingData {
    /// It is left out; with no data at all the state becomes INSUFFICIENT_DATA.
    #[default]
    Missing,
    /// The state is kept.
    Ignore,
    /// It breaches.
    Breaching,
    /// It does not breach.
    NotBreaching,
}

fn one() -> u32 {
    1
}

/// What a policy or an alarm asks for: metric, statistic and period, with their defaults.
pub(crate) struct Query<'a> {
    pub(crate) metric: &'a str,
    pub(crate) statistic: Option<Statistic>,
    pub(crate) period: Option<Duration>,
}

/// A statistic as the engine knows it.
pub(crate) fn world_statistic(statistic: Statistic) -> core::Statistic {
    match statistic {
        Statistic::Average => core::Statistic::Average,
        Statistic::Sum => core::Statistic::Sum,
        Statistic::Minimum => core::Statistic::Minimum,
        Statistic::Maximum => core::Statistic::Maximum,
        Statistic::SampleCount => core::Statistic::SampleCount,
        Statistic::Percentile(ppm) => core::Statistic::Percentile(ppm),
    }
}

impl Query<'_> {
    /// The statistic, with its default; none for metric math, whose operands have theirs.
    pub(crate) fn statistic(&self, metrics: &Metrics) -> Option<Statistic> {
        let metric = metrics.metric(self.metric);
        let math = matches!(metric, Some(core::Metric::Math(_)));
        let usual = || metric.as_ref().filter(|_| !math).map(usual_statistic);
        self.statistic.or_else(usual)
    }

    pub(crate) fn period(&self, metrics: &Metrics) -> Duration {
        let usual = || metrics.metric(self.metric).map(|metric| metrics.usual_period(&metric));
        self.period.or_else(usual).unwrap_or(metrics.period.max(Duration::from_secs(60)))
    }

    /// The query as the engine knows it; `None` for an unknown metric.
    pub(crate) fn world(&self, metrics: &Metrics) -> Option<core::MetricQuery> {
        Some(core::MetricQuery {
            metric: metrics.metric(self.metric)?,
            period: sim(self.period(metrics)),
            statistic: self.statistic(metrics).map_or(core::Statistic::Average, world_statistic),
        })
    }

    pub(crate) fn check(&self, path: &str, metrics: &Metrics, memory: bool, check: &mut Check<'_>) {
        metrics.check_name(&format!("{path}.metric"), self.metric, memory, check);
        check_multiple(
            &format!("{path}.period"),
            self.period(metrics),
            metrics.period,
            "metrics.period",
            check,
        );
        let path = format!("{path}.statistic");
        match (metrics.metric(self.metric), self.statistic) {
            (Some(core::Metric::Math(_)), Some(_)) => {
                let rule =
                    "is asked of metric math, whose expression says the statistic of each of its metrics";
                check.fail(
                    &path,
                    rule,
                    "leave it out, and write for example sum(in_flight) in the expression",
                );
            }
            (Some(core::Metric::ResponseTime(_)), Some(Statistic::Percentile(_))) => {
                let rule = "is a percentile of a metric that is a percentile by its name";
                check.fail(
                    &path,
                    rule,
                    "leave it out, and name the metric for the percentile: response_time_p99",
                );
            }
            _ => {}
        }
    }
}

impl Alarm {
    pub(crate) fn query(&self) -> Query<'_> {
        Query { metric: &self.metric, statistic: self.statistic, period: self.period }
    }

    pub(crate) fn resolve(&mut self, policy: &str, index: usize, metrics: &Metrics) {
        let (statistic, period) = (self.query().statistic(metrics), self.query().period(metrics));
        self.statistic = statistic;
        self.period = Some(period);
        self.datapoints_to_alarm.get_or_insert(self.evaluation_periods);
        self.name.get_or_insert_with(|| format!("{policy}-{}", index + 1));
    }

    /// The resolved alarm as the engine knows it; `None` for an unknown metric.
    pub(crate) fn world(&self, metrics: &Metrics) -> Option<core::AlarmSpec> {
        Some(core::AlarmSpec {
            name: self.name.clone().unwrap_or_default(),
            query: self.query().world(metrics)?,
            comparison: match self.comparison {
                Comparison::GreaterThanThreshold => core::Comparison::GreaterThanThreshold,
                Comparison::GreaterThanOrEqualToThreshold => core::Comparison::GreaterThanOrEqualToThreshold,
                Comparison::LessThanThreshold => core::Comparison::LessThanThreshold,
                Comparison::LessThanOrEqualToThreshold => core::Comparison::LessThanOrEqualToThreshold,
            },
            threshold: self.threshold,
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: self.datapoints_to_alarm.unwrap_or(self.evaluation_periods),
            missing_data: match self.missing_data {
                MissingData::Missing => core::MissingData::Missing,
                MissingData::Ignore => core::MissingData::Ignore,
                MissingData::Breaching => core::MissingData::Breaching,
                MissingData::NotBreaching => core::MissingData::NotBreaching,
            },
            window: match self.window {
                Window::Sliding => core::Window::Sliding,
                Window::WallClock => core::Window::WallClock,
            },
            low_samples: match self.evaluate_low_sample_count_percentile {
                LowSamples::Evaluate => core::LowSamples::Evaluate,
                LowSamples::Ignore => core::LowSamples::Ignore,
            },
        })
    }
}
