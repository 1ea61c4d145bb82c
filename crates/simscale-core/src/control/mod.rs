//! How the world is seen and steered: metrics, alarms, the policy contract, the group's own rules.

mod alarm;
mod controller;
mod controls;
mod datapoint;
mod policy;

use alarm::Alarm;
pub use alarm::{AlarmSpec, AlarmState, Comparison, MissingData};
pub(crate) use controller::{Answer, Controller, Effect, Sizes};
pub(crate) use controls::{Controls, Evaluated};
pub use datapoint::{Datapoint, Metric, Statistic};
pub use policy::{Activity, AlarmView, Decision, Needs, Observation, Policy, Reason, Request, Trigger};
