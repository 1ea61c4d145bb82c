//! The second door: what a policy may see, what it may answer, and why it did.

use super::{AlarmSpec, AlarmState, Datapoint};
use crate::kernel::{SimDuration, SimTime};
use crate::world::MetricQuery;
use std::fmt;

/// A scaling policy: arithmetic plus a little memory.
///
/// It is asked when one of its alarms acts (on the transition to ALARM and at every evaluation while the alarm stays there), at
/// the times it names with [`next_look`](Policy::next_look), and, when it has alarms, with [`Trigger::Look`] whenever another
/// policy's alarm acts, so that it can block a scale-in. It has no clock, chance, input or output of its own: the same
/// observations give the same decisions.
pub trait Policy: Send {
    /// The name given by the scenario; unique among the policies of a run.
    fn name(&self) -> &str;

    /// What it wants to see. Asked once, before the run.
    fn needs(&self) -> Needs;

    /// When it wants to look on its own, strictly after `now`; asked at the start (with time zero, where zero itself is
    /// a valid answer) and after each look. `None`: it acts through alarms only, or has no further look.
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let _ = now;
        None
    }

    /// Whether it is asked, with [`Trigger::Look`], whenever an alarm of another policy acts, although it has no alarms of its own.
    fn joins(&self) -> bool {
        false
    }

    /// Looks and decides.
    fn decide(&mut self, seen: &Observation<'_>) -> Decision;
}

/// What a policy wants to see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    /// Metrics whose published datapoints it reads itself.
    pub metrics: Vec<MetricQuery>,
    /// Alarms that call it.
    pub alarms: Vec<AlarmSpec>,
}

/// All that a policy sees: what its real counterpart could have known by now.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// The present.
    pub now: SimTime,
    /// What made the policy look.
    pub trigger: Trigger,
    /// Smallest size of the group.
    pub min: u32,
    /// Largest size of the group.
    pub max: u32,
    /// Size that the group is asked to have.
    pub desired: u32,
    /// Instances launched and not yet in service.
    pub booting: u32,
    /// When each instance in service entered service, in order of slots.
    pub in_service_since: &'a [SimTime],
    /// Instances leaving: draining or shutting down.
    pub terminating: u32,
    /// The group's default instance warm-up.
    pub group_warm_up: SimDuration,
    /// The group's default cooldown.
    pub group_cooldown: SimDuration,
    /// The scaling activity in progress: launches not yet in service, or terminations not yet drained.
    pub activity_in_progress: bool,
    /// Start of the last scale-out, and its end when it has ended (its last instance entered service).
    pub last_scale_out: Option<Activity>,
    /// Start of the last scale-in, and its end when it has ended (its last instance was drained).
    pub last_scale_in: Option<Activity>,
    /// A deployment of the service replaces its tasks (ECS).
    pub deployment_in_progress: bool,
    /// For each metric of [`Needs::metrics`], the published datapoints, oldest first (at most the last 32).
    pub datapoints: &'a [Vec<Datapoint>],
    /// For each alarm of [`Needs::alarms`], its state.
    pub alarms: &'a [AlarmView],
}

impl Observation<'_> {
    /// Instances in service for at least `warm_up`. Those in service since the start of the run are warm.
    pub fn warm(&self, warm_up: SimDuration) -> u32 {
        let warm = |since: SimTime| since == SimTime::ZERO || self.now.since(since) >= warm_up;
        self.in_service_since.iter().filter(|&&since| warm(since)).count() as u32
    }

    /// Instances in service.
    pub fn in_service(&self) -> u32 {
        self.in_service_since.len() as u32
    }
}

/// What made a policy look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Its own time came.
    Look,
    /// The alarm with this place in [`Needs::alarms`] is in ALARM.
    Alarm(usize),
}

/// Start and end of a scaling activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// When the group was resized.
    pub start: SimTime,
    /// When its last launch was in service or its last termination drained; `None` while in progress.
    pub end: Option<SimTime>,
}

/// What a policy sees of one of its alarms.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmView {
    /// Its state.
    pub state: AlarmState,
    /// The datapoints of the last evaluation, oldest first; at most as many as the alarm evaluates.
    pub evaluated: Vec<Datapoint>,
}

/// The answer of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What it asks.
    pub request: Request,
    /// Why.
    pub reason: Reason,
    /// The group's `min` and `max` are replaced by these first (schedules and manual changes).
    pub bounds: Option<(u32, u32)>,
    /// Acts through the raw interface: no draining, and not clamped to the group's bounds.
    pub raw: bool,
    /// Is not clamped to the group's bounds, but drains: the desired count of an ECS service, set by hand.
    pub unbounded: bool,
    /// No scale-in that another policy asks for at this instant goes below this size (a forecast).
    pub floor: Option<u32>,
}

impl Decision {
    /// Asks for `desired` instances.
    pub fn desired(desired: u32, reason: Reason) -> Self {
        Decision {
            request: Request::Desired(desired),
            reason,
            bounds: None,
            raw: false,
            unbounded: false,
            floor: None,
        }
    }

    /// Asks for nothing.
    pub fn hold(reason: Reason) -> Self {
        Decision { request: Request::Hold, reason, bounds: None, raw: false, unbounded: false, floor: None }
    }

    /// Asks for nothing and keeps the other target trackers from scaling in.
    pub fn hold_and_block_scale_in(reason: Reason) -> Self {
        Decision {
            request: Request::HoldAndBlockScaleIn,
            reason,
            bounds: None,
            raw: false,
            unbounded: false,
            floor: None,
        }
    }
}

/// What a policy asks of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// This size, absolutely.
    Desired(u32),
    /// No change.
    Hold,
    /// No change, and no scale-in by other target trackers: not ready to scale in, or no data.
    HoldAndBlockScaleIn,
}

/// Why a policy asked what it asked, with its numbers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The size was set by a schedule.
    Schedule {
        /// The entry.
        entry: String,
    },
    /// The size is fixed.
    Fixed,
    /// A polled value lies above a threshold.
    AboveThreshold {
        /// The newest published value.
        value: f64,
        /// The threshold.
        threshold: f64,
        /// Instances to add.
        change: i64,
    },
    /// A polled value lies below a threshold.
    BelowThreshold {
        /// The newest published value.
        value: f64,
        /// The threshold.
        threshold: f64,
        /// Instances to remove, negative.
        change: i64,
    },
    /// A polled value lies between the thresholds.
    WithinThresholds {
        /// The newest published value.
        value: f64,
    },
    /// An adjustment after an alarm.
    Adjustment {
        /// The alarm's metric, where the step used it.
        value: Option<f64>,
        /// The size the adjustment started from.
        base: u32,
        /// Instances added to or removed from the base.
        change: i64,
    },
    /// Target tracking: `ceil(capacity x value / target)`.
    TargetTracking {
        /// The newest datapoint of the alarm.
        value: f64,
        /// The target.
        target: f64,
        /// The capacity it was applied to.
        capacity: u32,
        /// The result before bounds.
        wanted: u32,
    },
    /// A user set the desired capacity.
    Manual {
        /// The capacity asked for.
        desired: u32,
    },
    /// The forecast for an hour.
    Predictive {
        /// The capacity forecast.
        predicted: u32,
        /// When the hour begins, which a buffer comes before.
        hour: SimTime,
    },
    /// A cooldown runs.
    Cooldown {
        /// When it ends.
        until: SimTime,
    },
    /// A cooldown runs, and the capacity that was added in it covers what is asked for.
    CountedInCooldown {
        /// Instances added since the cooldown began.
        added: u32,
    },
    /// A deployment of the service runs: no scale-in begins.
    DeploymentInProgress,
    /// A scale-in would soon be taken back: the metric would then be too near its target.
    AnticipatedFlapping {
        /// The metric after the scale-in.
        projected: f64,
        /// The target.
        target: f64,
    },
    /// A scaling activity is in progress.
    ActivityInProgress,
    /// Instances are still warming up.
    WarmingUp {
        /// How many, booting ones included.
        instances: u32,
    },
    /// The metric has no published datapoint.
    NoData,
    /// No step covers the breach, or the step's adjustment is zero.
    NoStep {
        /// The alarm's metric.
        value: f64,
    },
    /// The metric lies between the scale-in and the scale-out threshold.
    OnTarget,
    /// Scaling in is switched off.
    ScaleInDisabled,
    /// The size asked for is the size it has.
    NoChange,
    /// In the words of a user's own policy.
    Other(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Schedule { entry } => write!(f, "schedule entry {entry}"),
            Reason::Fixed => f.write_str("fixed size"),
            Reason::AboveThreshold { value, threshold, change } => {
                write!(f, "{} is above {}: {change:+}", round(*value), round(*threshold))
            }
            Reason::BelowThreshold { value, threshold, change } => {
                write!(f, "{} is below {}: {change:+}", round(*value), round(*threshold))
            }
            Reason::WithinThresholds { value } => write!(f, "{} lies between the thresholds", round(*value)),
            Reason::Adjustment { value: Some(value), base, change } => {
                write!(f, "metric {}: {base} {change:+}", round(*value))
            }
            Reason::Adjustment { value: None, base, change } => write!(f, "{base} {change:+}"),
            Reason::TargetTracking { value, target, capacity, wanted } => {
                write!(f, "ceil({capacity} x {} / {}) = {wanted}", round(*value), round(*target))
            }
            Reason::Manual { desired } => {
                write!(f, "a user request update of the desired capacity to {desired}")
            }
            Reason::Predictive { predicted, hour } => {
                write!(f, "forecast of {predicted} for the hour from {hour}")
            }
            Reason::CountedInCooldown { added } => {
                write!(f, "the {added} added in this cooldown count, and no more is asked for")
            }
            Reason::DeploymentInProgress => f.write_str("a deployment of the service is in progress"),
            Reason::AnticipatedFlapping { projected, target } => {
                write!(
                    f,
                    "AutoScalingAnticipatedFlapping: the metric would be {} of {}",
                    round(*projected),
                    round(*target)
                )
            }
            Reason::Cooldown { until } => write!(f, "cooldown until {until}"),
            Reason::ActivityInProgress => f.write_str("a scaling activity is in progress"),
            Reason::WarmingUp { instances } => write!(f, "{instances} instances are warming up"),
            Reason::NoData => f.write_str("no published datapoint"),
            Reason::NoStep { value } => write!(f, "no step for metric {}", round(*value)),
            Reason::OnTarget => f.write_str("on target"),
            Reason::ScaleInDisabled => f.write_str("scale-in is disabled"),
            Reason::NoChange => f.write_str("already at this size"),
            Reason::Other(text) => f.write_str(text),
        }
    }
}

/// A number for a sentence: two decimals at most.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
