//! How the world is measured: periods, delays, metrics and their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{Law, ppm, sim};
use super::math::MathMetric;
use super::names;
use super::run::check_interval;
use crate::text::{Check, Duration, percentile, similar};

/// What CloudWatch calls a minute: its standard resolution.
const MINUTE: Duration = Duration::from_secs(60);
/// How often EC2 publishes under basic monitoring.
const BASIC: Duration = Duration::from_secs(300);

/// How the world is measured: CloudWatch with detailed monitoring, unless an option says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Length of a period, "1s" to "86400s": of a row, and from sample to sample of a metric; every other period is a multiple of it; default "60s", or "10s" for high resolution.
    pub period: Duration,
    /// How often EC2 publishes the CPU utilisation: "detailed", every `period`, or "basic", every 300 s, which must be a multiple of `period`; metrics of balancer, group and agents keep `period`; default "detailed".
    pub monitoring: Monitoring,
    /// From the end of a period to the moment its datapoint can be seen; default "60s", as observed on AWS (60 to 120 s; nothing is promised).
    pub publication_delay: Duration,
    /// Drawn for each metric and period in place of `publication_delay`, such as { uniform = { low = "30s", high = "120s" } }; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publication_law: Option<Law>,
    /// Chance that a metric's samples of a period never appear, 0 to 1; default 0.
    pub missing_ratio: f64,
    /// How often alarms are evaluated; default "60s", or "10s" for alarms whose period is under a minute, as AWS. Actions repeat every 60 s all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_interval: Option<Duration>,
    /// When in its interval an alarm is evaluated: "random", at a moment drawn for each alarm (inferred: AWS does not say), or "aligned", all alarms at whole multiples; default "random".
    pub alarm_phase: AlarmPhase,
    /// Per-instance metrics of one's own; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub custom: Vec<CustomMetric>,
    /// Metrics computed from others (metric math); default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub math: Vec<MathMetric>,
}

/// How often EC2 publishes the metrics of its instances. Source: EC2 User Guide, "Basic monitoring and detailed monitoring".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitoring {
    /// Every minute: every `metrics.period`.
    #[default]
    Detailed,
    /// Every five minutes.
    Basic,
}

/// When in its interval an alarm is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmPhase {
    /// At a share of the interval drawn for each alarm by its name.
    #[default]
    Random,
    /// At whole multiples of the interval.
    Aligned,
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
pub const METRICS: [MetricName; 29] = [
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
        meaning: "with a [queue]: visible messages over the instances in service; without: all requests in flight over them",
    },
    MetricName {
        name: "queue_visible",
        unit: "messages",
        meaning: "messages that can be received, at the end of the period; with a [queue] only",
    },
    MetricName {
        name: "queue_in_flight",
        unit: "messages",
        meaning: "messages received and neither deleted nor visible again, at the end of the period; with a [queue] only",
    },
    MetricName {
        name: "oldest_message_age",
        unit: "seconds",
        meaning: "age of the oldest message that is not deleted, at the end of the period; with a [queue] only",
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
    MetricName {
        name: "request_count",
        unit: "requests per period",
        meaning: "attempts for which the balancer found a target, a sum (`RequestCount`); zero without traffic, where the other counts of the balancer have no datapoint (inferred)",
    },
    MetricName {
        name: "http_4xx_elb",
        unit: "requests per period",
        meaning: "attempts that clients gave up before the idle time-out, 460, a sum (`HTTPCode_ELB_4XX_Count`); no datapoint when there were none",
    },
    MetricName {
        name: "http_5xx_elb",
        unit: "requests per period",
        meaning: "attempts that the balancer answered 502, 503 or 504, a sum (`HTTPCode_ELB_5XX_Count`); no datapoint when there were none",
    },
    MetricName {
        name: "http_5xx_target",
        unit: "requests per period",
        meaning: "attempts that targets answered 5xx, a sum (`HTTPCode_Target_5XX_Count`); no datapoint when there were none",
    },
    MetricName {
        name: "healthy_host_count",
        unit: "targets",
        meaning: "healthy targets, a sample of each node of the balancer that reaches registered ones (`HealthyHostCount`)",
    },
    MetricName {
        name: "unhealthy_host_count",
        unit: "targets",
        meaning: "unhealthy targets, a sample of each node of the balancer that reaches registered ones (`UnHealthyHostCount`)",
    },
    MetricName {
        name: "target_response_time",
        unit: "seconds",
        meaning: "from the moment an attempt is sent to its target's answer, errors included, a sample of each (`TargetResponseTime`); average or percentiles",
    },
    MetricName {
        name: "new_connection_count",
        unit: "connections per period",
        meaning: "connections that clients opened, by clients.requests_per_connection, a sum (`NewConnectionCount`, which counts those to targets too)",
    },
    MetricName {
        name: "processed_bytes",
        unit: "bytes per period",
        meaning: "bytes of requests and of answers, a sum (`ProcessedBytes`); nothing without service.request_size and response_size",
    },
    MetricName {
        name: "anomalous_host_count",
        unit: "targets",
        meaning: "targets that fail more often than their peers, a sample of each node that reaches targets (`AnomalousHostCount`); 0 but with weighted random",
    },
    MetricName {
        name: "mitigated_host_count",
        unit: "targets",
        meaning: "targets with less than a whole weight, a sample of each node that reaches targets (`MitigatedHostCount`); 0 but with balancer.anomaly_mitigation",
    },
    MetricName {
        name: "group_min_size",
        unit: "instances",
        meaning: "smallest size of the group, at the end of the period",
    },
    MetricName { name: "group_max_size", unit: "instances", meaning: "largest size of the group" },
    MetricName {
        name: "group_desired_capacity",
        unit: "instances",
        meaning: "size that the group is asked to have",
    },
    MetricName { name: "group_in_service_instances", unit: "instances", meaning: "instances in service" },
    MetricName {
        name: "group_pending_instances",
        unit: "instances",
        meaning: "instances launched and not yet in service",
    },
    MetricName {
        name: "group_terminating_instances",
        unit: "instances",
        meaning: "instances draining or shutting down",
    },
    MetricName {
        name: "group_total_instances",
        unit: "instances",
        meaning: "instances in service, pending or terminating",
    },
];

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            period: Duration::from_secs(60),
            monitoring: Monitoring::default(),
            publication_delay: Duration::from_secs(60),
            publication_law: None,
            missing_ratio: 0.0,
            alarm_interval: None,
            alarm_phase: AlarmPhase::default(),
            custom: Vec::new(),
            math: Vec::new(),
        }
    }
}

impl Metrics {
    /// How often an alarm with this period is evaluated.
    pub fn alarm_every(&self, period: Duration) -> Duration {
        let own = if period < MINUTE { Duration::from_secs(10) } else { MINUTE };
        self.alarm_interval.unwrap_or(own)
    }

    /// The usual period of a metric: a minute, or what it is published in where that is longer.
    pub(crate) fn usual_period(&self, metric: &core::Metric) -> Duration {
        let slow =
            |metric: &core::Metric| self.monitoring == Monitoring::Basic && metric.is_published_by_ec2();
        let basic = match metric {
            core::Metric::Math(index) => self
                .expression(usize::from(*index))
                .is_some_and(|tree| tree.operands().iter().any(|(metric, _)| slow(metric))),
            metric => slow(metric),
        };
        self.period.max(if basic { BASIC } else { MINUTE })
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
            "queue_visible" => core::Metric::QueueVisible,
            "queue_in_flight" => core::Metric::QueueInFlight,
            "oldest_message_age" => core::Metric::OldestMessageAge,
            _ => {
                let quantile = name.strip_prefix("response_time_p").and_then(percentile);
                let group = core::GroupMetric::ALL.into_iter().find(|which| which.name() == name);
                let balancer = core::BalancerMetric::ALL.into_iter().find(|which| which.name() == name);
                let place = |found: Option<usize>| found.and_then(|index| u16::try_from(index).ok());
                let custom = || place(self.custom.iter().position(|custom| custom.name == name));
                let math = || place(self.math.iter().position(|math| math.name == name));
                return quantile
                    .map(core::Metric::ResponseTime)
                    .or_else(|| group.map(core::Metric::Group))
                    .or_else(|| balancer.map(core::Metric::Balancer))
                    .or_else(|| custom().map(core::Metric::Custom))
                    .or_else(|| math().map(core::Metric::Math));
            }
        };
        Some(metric)
    }

    pub(crate) fn world(&self) -> core::Metrics {
        let basic = self.monitoring == Monitoring::Basic;
        core::Metrics {
            period: sim(self.period),
            resolution: sim(self.period),
            ec2_resolution: sim(if basic { BASIC.max(self.period) } else { self.period }),
            publication_delay: sim(self.publication_delay),
            publication_law: self.publication_law.as_ref().map(Law::distribution),
            missing_ppm: ppm(self.missing_ratio),
            minute: sim(MINUTE),
            alarm_every: sim(self.alarm_every(MINUTE)),
            fine_alarm_every: sim(self.alarm_every(Duration::default())),
            alarm_phase: match self.alarm_phase {
                AlarmPhase::Random => core::AlarmPhase::Random,
                AlarmPhase::Aligned => core::AlarmPhase::Aligned,
            },
            math: (0..self.math.len())
                .filter_map(|index| {
                    let (name, expression) = (self.math[index].name.clone(), self.expression(index)?);
                    Some(core::MathMetric { name, expression })
                })
                .collect(),
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

    pub(crate) fn check(&self, memory: bool, check: &mut Check<'_>) {
        if !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&self.period) {
            check.fail(
                "metrics.period",
                "is outside 1 s to one day",
                "write \"60s\", or \"10s\" for high resolution",
            );
        }
        if self.publication_delay > Duration::from_secs(86_400) {
            check.fail(
                "metrics.publication_delay",
                "is longer than a day",
                "write a shorter delay, such as \"60s\"",
            );
        }
        if let Some(law) = &self.publication_law {
            law.check("metrics.publication_law", check);
        }
        if self.monitoring == Monitoring::Basic && !BASIC.nanos().is_multiple_of(self.period.nanos().max(1)) {
            let rule = format!(
                "lets EC2 publish every {BASIC}, which is no multiple of metrics.period ({})",
                self.period
            );
            check.fail("metrics.monitoring", rule, "write metrics.period = \"60s\"");
        }
        if let Some(interval) = self.alarm_interval {
            check_interval("metrics.alarm_interval", interval, check);
        }
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
        self.check_math(memory, check);
    }

    /// Reports a metric of a queue that is not there, or of a balancer whose place a queue takes.
    pub(crate) fn check_publisher(&self, path: &str, name: &str, queue: bool, check: &mut Check<'_>) {
        use core::Metric::{Balancer, OldestMessageAge, QueueInFlight, QueueVisible};
        match self.metric(name) {
            Some(QueueVisible | QueueInFlight | OldestMessageAge) if !queue => {
                let hint = "add [queue], or use another metric";
                check.fail(path, "is not measured: there is no queue", hint);
            }
            Some(Balancer(_)) if queue => {
                let hint = "use a metric of the queue, such as queue_visible";
                check.fail(path, "is not measured: a [queue] takes the balancer's place", hint);
            }
            _ => {}
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
        check.fail(path, "is not a known metric", self.hint(name));
    }

    /// What somebody who wrote this name may have meant.
    pub(crate) fn hint(&self, name: &str) -> String {
        let own = self.custom.iter().map(|c| &*c.name).chain(self.math.iter().map(|m| &*m.name));
        let own: Vec<&str> = own.collect();
        let built_in = METRICS.iter().map(|metric| metric.name);
        match similar(name, built_in.chain(own.iter().copied())) {
            Some(similar) => format!("did you mean {similar}?"),
            None if own.is_empty() => "`simscale list metrics` shows all".to_owned(),
            None => format!("`simscale list metrics` shows all; your own are {}", own.join(", ")),
        }
    }
}
