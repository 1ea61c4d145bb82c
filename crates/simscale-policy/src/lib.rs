//! Autoscaling policies: each a small state machine over pure arithmetic, with a reason for every decision.
//!
//! A policy sees an [`Observation`](simscale_core::Observation) and answers with a
//! [`Decision`](simscale_core::Decision); it has no clock, chance, input or output of its own. To learn how one works, read
//! its file: parameters first, then the decision. The numbers behind all of them stand once, in [`arithmetic`] and [`steps`].
//!
//! | policy | acts on | in the manner of |
//! |---|---|---|
//! | [`FixedCapacity`] | the start of the run | a group without scaling |
//! | [`Manual`] | given times | a user who sets the desired capacity |
//! | [`Predictive`] | each hour | predictive scaling of EC2 Auto Scaling, on a given forecast |
//! | [`Schedule`] | given times | scheduled actions of EC2 Auto Scaling |
//! | [`ThresholdPoll`] | its own looks at the newest datapoint | a script in a loop |
//! | [`SimpleScaling`] | alarms | simple scaling of EC2 Auto Scaling |
//! | [`StepScaling`] | alarms | step scaling of EC2 and Application Auto Scaling |
//! | [`TargetTracking`] | alarms that it creates | target tracking of EC2 and Application Auto Scaling |
//!
//! Rules of AWS are cited by page. Where a page gives only words, or none at all, the rule says so: *inferred* is our formula
//! for what AWS describes in words, *observed* was measured or published by users, *unverified* has no source.
//!
//! A policy of one's own implements [`simscale_core::Policy`] and can be put through [`conformance::check`].

mod alarms;
pub mod application;
pub mod arithmetic;
pub mod conformance;
mod error;
mod fixed_capacity;
mod manual;
pub mod predictive;
mod schedule;
mod simple_scaling;
mod step_scaling;
pub mod steps;
mod target_tracking;
mod threshold_poll;

pub use alarms::{Aggregation, validate_alarm};
pub use application::ApplicationPace;
pub use arithmetic::{Adjustment, AdjustmentType};
pub use error::PolicyError;
pub use fixed_capacity::{FixedCapacity, FixedCapacityParams};
pub use manual::{Manual, ManualChange, ManualParams, OutsideBounds};
pub use predictive::{MaxCapacityBreach, Predictive, PredictiveMode, PredictiveParams};
pub use schedule::{Schedule, ScheduleEntry, ScheduleParams};
pub use simple_scaling::{SimpleRule, SimpleScaling, SimpleScalingParams};
pub use step_scaling::{StepPace, StepRule, StepScaling, StepScalingParams};
pub use steps::StepAdjustment;
pub use target_tracking::{
    APPLICATION_LOW_FACTOR, AlarmShape, EC2_LOW_FACTOR, TargetTracking, TargetTrackingParams,
};
pub use threshold_poll::{Pacing, ThresholdPoll, ThresholdPollParams};
