//! Predictive scaling on a forecast that the user gives; how AWS forecasts is not modelled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::SimDuration;
use simscale_policy as policy;

use super::RunSettings;
use super::law::sim;
use crate::text::{Check, Duration};

const HOUR: i128 = 3_600_000_000_000;

/// Predictive scaling: raises the group to the forecast of each hour before the hour begins, and never scales in. The forecast is given here: how AWS
/// makes one from the past is not modelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Predictive {
    /// What is forecast for each hour of the clock, from the hour in which the run begins; later hours are left to other policies.
    pub forecast: Forecast,
    /// Acts so long before the hour; at most "3600s"; default "300s", as AWS.
    #[serde(default = "buffer")]
    pub scheduling_buffer_time: Duration,
    /// "forecast_only" (changes nothing) or "forecast_and_scale"; default "forecast_only", as AWS.
    #[serde(default)]
    pub mode: PredictiveMode,
    /// What a forecast above `group.max` does: "honor_max_capacity" or "increase_max_capacity"; default "honor_max_capacity", as AWS.
    #[serde(default)]
    pub max_capacity_breach_behavior: MaxCapacityBreachBehavior,
    /// With "increase_max_capacity": percent of the forecast that the raised maximum lies above it, 0 to 100; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub max_capacity_buffer_percent: Option<f64>,
}

/// A value for each hour: a table named by what is forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Forecast {
    /// Instances for each hour.
    Capacity(#[schemars(length(min = 1, max = 100_000))] Vec<u32>),
    /// Load for each hour, and the load that one instance is to carry.
    Load(LoadForecast),
}

/// A load for each hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadForecast {
    /// Load for each hour, in the unit of `target`.
    #[schemars(length(min = 1, max = 100_000))]
    pub hourly: Vec<f64>,
    /// Load of one instance; above 0. The capacity is load over target, rounded up (inferred).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub target: f64,
}

/// Whether a predictive policy scales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PredictiveMode {
    /// It forecasts and changes nothing.
    #[default]
    ForecastOnly,
    /// It scales.
    ForecastAndScale,
}

/// What a forecast above the maximum does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaxCapacityBreachBehavior {
    /// The maximum stays.
    #[default]
    HonorMaxCapacity,
    /// The maximum is raised, and stays raised.
    IncreaseMaxCapacity,
}

fn buffer() -> Duration {
    Duration::from_secs(300)
}

impl Predictive {
    pub(crate) fn resolve(&mut self) {
        if self.max_capacity_breach_behavior == MaxCapacityBreachBehavior::IncreaseMaxCapacity {
            self.max_capacity_buffer_percent.get_or_insert(0.0);
        }
    }

    pub(crate) fn params(&self, name: &str, run: &RunSettings) -> policy::PredictiveParams {
        let forecast = match &self.forecast {
            Forecast::Capacity(hours) => hours.clone(),
            Forecast::Load(load) => {
                let capacity = |hour: &f64| policy::predictive::capacity_for(*hour, load.target);
                load.hourly.iter().map(capacity).collect()
            }
        };
        policy::PredictiveParams {
            name: name.to_owned(),
            forecast,
            into_hour: SimDuration::from_nanos(run.start.unix_nanos().rem_euclid(HOUR) as u64),
            buffer: sim(self.scheduling_buffer_time),
            mode: match self.mode {
                PredictiveMode::ForecastOnly => policy::PredictiveMode::ForecastOnly,
                PredictiveMode::ForecastAndScale => policy::PredictiveMode::ForecastAndScale,
            },
            breach: match self.max_capacity_breach_behavior {
                MaxCapacityBreachBehavior::HonorMaxCapacity => policy::MaxCapacityBreach::Honor,
                MaxCapacityBreachBehavior::IncreaseMaxCapacity => policy::MaxCapacityBreach::Increase {
                    buffer_percent: self.max_capacity_buffer_percent.unwrap_or(0.0),
                },
            },
        }
    }

    pub(crate) fn check(&self, path: &str, check: &mut Check<'_>) {
        let honors = self.max_capacity_breach_behavior == MaxCapacityBreachBehavior::HonorMaxCapacity;
        if honors && self.max_capacity_buffer_percent.is_some() {
            let rule = "is refused: AWS takes a MaxCapacityBuffer with IncreaseMaxCapacity only";
            let hint = "remove it, or write max_capacity_breach_behavior = \"increase_max_capacity\"";
            check.fail(&format!("{path}.max_capacity_buffer_percent"), rule, hint);
        }
        if let Forecast::Load(load) = &self.forecast
            && let Some(index) = load.hourly.iter().position(|hour| !hour.is_finite() || *hour < 0.0)
        {
            let path = format!("{path}.forecast.load.hourly.{index}");
            check.fail(&path, "is no load", "write a number of at least 0");
        }
    }
}
