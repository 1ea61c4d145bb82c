//! How the world is measured: periods, delays, metrics and their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{ppm, sim};
use super::names;
use super::run::check_interval;
use crate::text::{Check, Duration, similar};

/// How the world is measured: CloudWatch with detailed monitoring, unless an option says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Length of a period, "1s" to "86400s"; every other period is a multiple of it; default "60s", detailed monitoring.
    pub period: Duration,
    /// From the end of a period to the moment its datapoint can be seen; default "60s", as observed on AWS.
    pub publication_delay: Duration,
    /// Chance that a datapoint never appears, 0 to 1; default 0.
    pub missing_ratio: f64,
    /// How often alarms are evaluated; default "60s", or "10s" where `period` is under a minute, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_interval: Option<Duration>,
    /// Per-instance metrics of one's own; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub custom: Vec<CustomMetric>,
}

/// A per-instance metric: `base + per_request_in_flight x mean requests in flight + per_request_rate x requests/s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomMetric {
    /// Name by which policies ask for it; unique, and none of the built-in ones.
    pub name: String,
    /// Value of an idle instance, in the metric's own unit; default 0.
    #[serde(default)]
    pub base: f64,
    /// Added for each request in flight, averaged over the period; default 0.
    #[serde(default)]
    pub per_request_in_flight: f64,
    /// Added for each request a second; default 0.
    #[serde(default)]
    pub per_request_rate: f64,
}

/// A built-in metric, as `simscale list metrics` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricName {
    /// Name in a scenario.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: &'static str,
    /// Meaning in one sentence.
    pub meaning: &'static str,
}

/// The built-in metrics.
pub const METRICS: [MetricName; 8] = [
    MetricName {
        name: "cpu_utilization",
        unit: "percent",
        meaning: "CPU executed over vCPUs x time, average over instances",
    },
    MetricName {
        name: "memory_utilization",
        unit: "percent",
        meaning: "memory used over memory, average over instances",
    },
    MetricName {
        name: "request_count_per_target",
        unit: "requests per period",
        meaning: "attempts that a target took, average over the targets in service; its sum is the same, as an ALB publishes it",
    },
    MetricName {
        name: "in_flight",
        unit: "requests",
        meaning: "requests in an instance, average over instances",
    },
    MetricName {
        name: "queue_length",
        unit: "requests",
        meaning: "requests waiting for a slot, average over instances",
    },
    MetricName {
        name: "backlog_per_instance",
        unit: "requests",
        meaning: "all requests in flight over the instances in service",
    },
    MetricName {
        name: "cpu_credit_balance",
        unit: "credits",
        meaning: "CPU credits at the end of the period, launch credits included, average over instances; 0 without credits",
    },
    MetricName {
        name: "response_time_p<N>",
        unit: "milliseconds",
        meaning: "quantile of the response times served, such as response_time_p99 or response_time_p99.9",
    },
];

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            period: Duration::from_secs(60),
            publication_delay: Duration::from_secs(60),
            missing_ratio: 0.0,
            alarm_interval: None,
            custom: Vec::new(),
        }
    }
}

impl Metrics {
    /// How often alarms are evaluated.
    pub fn alarm_every(&self) -> Duration {
        let own = if self.period < Duration::from_secs(60) { 10 } else { 60 };
        self.alarm_interval.unwrap_or(Duration::from_secs(own))
    }

    /// The metric with this name, if it is one.
    pub fn metric(&self, name: &str) -> Option<core::Metric> {
        let metric = match name {
            "cpu_utilization" => core::Metric::CpuUtilization,
            "memory_utilization" => core::Metric::MemoryUtilization,
            "request_count_per_target" => core::Metric::RequestCountPerTarget,
            "in_flight" => core::Metric::InFlight,
            "queue_length" => core::Metric::QueueLength,
            "backlog_per_instance" => core::Metric::BacklogPerInstance,
            "cpu_credit_balance" => core::Metric::CpuCreditBalance,
            _ => {
                let quantile = name.strip_prefix("response_time_p").and_then(percentile);
                let custom = || self.custom.iter().position(|custom| custom.name == name);
                return quantile.map(core::Metric::ResponseTime).or_else(|| {
                    custom().and_then(|index| u16::try_from(index).ok()).map(core::Metric::Custom)
                });
            }
        };
        Some(metric)
    }

    pub(crate) fn resolve(&mut self) {
        self.alarm_interval = Some(self.alarm_every());
    }

    pub(crate) fn world(&self) -> core::Metrics {
        let minute = Duration::from_secs(60);
        core::Metrics {
            period: sim(self.period),
            resolution: sim(self.period),
            ec2_resolution: sim(self.period),
            publication_delay: sim(self.publication_delay),
            publication_law: None,
            missing_ppm: ppm(self.missing_ratio),
            minute: sim(minute),
            alarm_every: sim(self.alarm_interval.unwrap_or(minute)),
            fine_alarm_every: sim(self.alarm_interval.unwrap_or(Duration::from_secs(10))),
            alarm_phase: core::AlarmPhase::Aligned,
            math: Vec::new(),
            custom: self
                .custom
                .iter()
                .map(|custom| core::CustomMetric {
                    name: custom.name.clone(),
                    base: custom.base,
                    per_request_in_flight: custom.per_request_in_flight,
                    per_request_rate: custom.per_request_rate,
                })
                .collect(),
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&self.period) {
            check.fail(
                "metrics.period",
                "is outside 1 s to one day",
                "write \"60s\", or \"300s\" for basic monitoring",
            );
        }
        if self.publication_delay > Duration::from_secs(86_400) {
            check.fail(
                "metrics.publication_delay",
                "is longer than a day",
                "write a shorter delay, such as \"60s\"",
            );
        }
        check_interval("metrics.alarm_interval", self.alarm_every(), check);
        check.ratio("metrics.missing_ratio", self.missing_ratio);
        names::check("metrics.custom", &self.custom, "name", |custom| &custom.name, check);
        let built_in = Metrics::default();
        for (index, custom) in self.custom.iter().enumerate() {
            if built_in.metric(&custom.name).is_some() {
                let path = names::path("metrics.custom", &self.custom, index, |custom| &custom.name);
                check.fail(
                    &format!("{path}.name"),
                    "is the name of a built-in metric",
                    "choose another name",
                );
            }
        }
    }

    /// Reports a name that is no metric's.
    pub(crate) fn check_name(&self, path: &str, name: &str, memory: bool, check: &mut Check<'_>) {
        let metric = self.metric(name);
        if metric == Some(core::Metric::MemoryUtilization) && !memory {
            let hint = "add [instance.memory] with base and per_request, or use another metric";
            check.fail(path, "is not measured: the instance has no memory", hint);
        }
        if metric.is_some() {
            return;
        }
        let known: Vec<&str> =
            METRICS.iter().map(|metric| metric.name).chain(self.custom.iter().map(|c| &*c.name)).collect();
        let hint = match similar(name, known.iter().copied()) {
            Some(similar) => format!("did you mean {similar}?"),
            None => format!("the metrics are: {}", known.join(", ")),
        };
        check.fail(path, "is not a known metric", hint);
    }
}

/// A percentile such as "99" or "99.9" in millionths; above 0 and below 100, at most four decimals.
fn percentile(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value: f64 = text.parse().ok().filter(|_| digits && decimals <= 4)?;
    let ppm = (value * 1e4).round();
    (1.0..=999_999.0).contains(&ppm).then_some(ppm as u32)
}
