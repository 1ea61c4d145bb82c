//! A small model with every construct that a scenario may use.
#![allow(dead_code, missing_docs)]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale::text::{Duration, HourlyPrice, Instant, Money, Rate, Size, TimeOfDay, Value};

/// One resolved world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The name of the scenario.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The group of instances.
    pub group: Group,
    /// What arrives.
    #[serde(default)]
    pub workload: Workload,
    /// What a request costs.
    #[serde(default)]
    pub service: Service,
    /// Policies, in their order.
    #[serde(default)]
    pub policy: Vec<Policy>,
    /// Boot phases, in their order.
    #[serde(default)]
    pub boot: Vec<Boot>,
    /// Thresholds by the name of the output.
    #[serde(default)]
    pub expect: BTreeMap<String, Bounds>,
    /// What to vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
}

/// Bounds of the group's capacity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Fewest instances.
    pub min: u32,
    /// Most instances.
    #[schemars(range(min = 1, max = 1000))]
    pub max: u32,
    /// Zones by name.
    #[serde(default = "zones")]
    #[schemars(length(min = 1))]
    pub zones: Vec<String>,
    /// Price of an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// Money to spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Money>,
    /// Main memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// Order of termination.
    #[serde(default)]
    pub order: Order,
    /// Whether it may grow.
    #[serde(default)]
    pub frozen: bool,
    /// Master seed.
    #[serde(default)]
    pub seed: u64,
}

fn zones() -> Vec<String> {
    vec!["a".to_owned()]
}

/// Who goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    OldestFirst,
    NewestFirst,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Workload {
    /// Nothing at all.
    Silent,
    /// A constant rate.
    Constant {
        /// Arrivals in time.
        rate: Rate,
    },
    /// A daily wave.
    Diurnal(Diurnal),
    /// Several together.
    Sum(Vec<Workload>),
    /// Points of a curve.
    Steps(Vec<(Duration, Rate)>),
}

impl Default for Workload {
    fn default() -> Self {
        Workload::Constant { rate: "10/s".parse().unwrap() }
    }
}

/// A daily wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diurnal {
    /// Mean rate.
    pub mean: Rate,
    /// Time of the peak.
    pub peak_at: TimeOfDay,
    /// First moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
}

/// What a request costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// CPU time of a request.
    pub cpu_time: Distribution,
    /// Time after which a client gives up.
    pub timeout: Option<Duration>,
}

/// A distribution of times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Constant(Duration),
    /// Lognormal.
    Lognormal {
        /// Mean.
        mean: Duration,
        /// Coefficient of variation.
        #[schemars(range(min = 0.0, max = 10.0))]
        cv: f64,
    },
}

impl Default for Distribution {
    fn default() -> Self {
        Distribution::Constant(Duration::from_millis(35))
    }
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Keeps a metric near a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_tracking: Option<TargetTracking>,
}

/// Keeps a metric near a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTracking {
    /// Target value.
    pub target: f64,
    /// Time until a new instance counts.
    #[serde(default = "warm_up")]
    pub warm_up: Duration,
}

fn warm_up() -> Duration {
    Duration::from_secs(120)
}

/// A boot phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    pub phase: String,
    pub time: Distribution,
}

/// Bounds of an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1e6))]
    pub below: Option<f64>,
}

/// What to vary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Values by dotted path.
    pub axes: BTreeMap<String, Vec<Value>>,
}

/// A right scenario with every table.
pub const GOOD: &str = r#"name = "web-shop"

[group]
min = 2
max = 20
price = "0.096 USD/h"
order = "newest_first"

[workload.diurnal]
mean = "400/s"
peak_at = "20:00"
start = "2026-03-02T00:00:00Z"

[service]
cpu_time = { lognormal = { mean = "35ms", cv = 1.2 } }
timeout = "10s"

[[policy]]
name = "cpu-50"
target_tracking = { target = 50, warm_up = "2m" }

[[policy]]
name = "cpu-70"

[[boot]]
phase = "launch"
time = { constant = "25s" }

[expect]
"objective.fast.violation_ratio" = { below = 0.02 }

[sweep]
axes."group.min" = [2, 4]
"#;
