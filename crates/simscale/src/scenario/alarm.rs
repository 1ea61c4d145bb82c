//! Alarms as policies state them: a metric, a threshold, M of N datapoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::Metrics;
use super::law::sim;
use super::run::check_multiple;
use crate::text::{Check, Duration};

/// An alarm over a metric. It acts when it goes to ALARM, and again at every evaluation while it stays there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Name in outputs; default the policy's name with the number of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The metric: `simscale list metrics` shows all.
    pub metric: String,
    /// How the samples of a period become one value; default "sum" for request_count_per_target, "average" for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Length of a datapoint's period; a multiple of `metrics.period`; default "60s", or `metrics.period` where that is longer.
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
}

/// How the samples of a period become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Sum over number of samples.
    Average,
    /// Sum of the samples.
    Sum,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
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

impl Query<'_> {
    pub(crate) fn statistic(&self) -> Statistic {
        let sum = self.metric == "request_count_per_target";
        self.statistic.unwrap_or(if sum { Statistic::Sum } else { Statistic::Average })
    }

    pub(crate) fn period(&self, metrics: &Metrics) -> Duration {
        self.period.unwrap_or(metrics.period.max(Duration::from_secs(60)))
    }

    /// The query as the engine knows it; `None` for an unknown metric.
    pub(crate) fn world(&self, metrics: &Metrics) -> Option<core::MetricQuery> {
        Some(core::MetricQuery {
            metric: metrics.metric(self.metric)?,
            period: sim(self.period(metrics)),
            statistic: match self.statistic() {
                Statistic::Average => core::Statistic::Average,
                Statistic::Sum => core::Statistic::Sum,
                Statistic::Minimum => core::Statistic::Minimum,
                Statistic::Maximum => core::Statistic::Maximum,
            },
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
    }
}

impl Alarm {
    pub(crate) fn query(&self) -> Query<'_> {
        Query { metric: &self.metric, statistic: self.statistic, period: self.period }
    }

    pub(crate) fn resolve(&mut self, policy: &str, index: usize, metrics: &Metrics) {
        let (statistic, period) = (self.query().statistic(), self.query().period(metrics));
        self.statistic = Some(statistic);
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
            window: core::Window::Sliding,
            low_samples: core::LowSamples::Evaluate,
        })
    }
}
