//! How the world is seen and steered: metrics, alarms, the policy contract, the group's own rules.

mod aggregate;
mod alarm;
mod balancer_metric;
mod controller;
mod controls;
mod datapoint;
mod math;
mod policy;
mod series;

pub(crate) use aggregate::Aggregate;
use alarm::Alarm;
pub use alarm::{AlarmSpec, AlarmState, Comparison, LowSamples, MissingData, Window};
pub use balancer_metric::BalancerMetric;
pub(crate) use controller::{Answer, Controller, Effect, Ruling, Sizes};
pub(crate) use controls::{Controls, Evaluated, GroupView};
pub(crate) use datapoint::Family;
pub use datapoint::{Datapoint, GroupMetric, Metric, Statistic};
pub use math::{Expression, MathMetric, Operator};
pub use policy::{Activity, AlarmView, Decision, Needs, Observation, Policy, Reason, Request, Trigger};
pub(crate) use series::Track;
