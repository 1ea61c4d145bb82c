//! A scene: an observation that owns its lists, so that a test can set it up by hand.

use simscale_core::{Activity, AlarmView, Datapoint, Observation, SimDuration, SimTime, Trigger};

/// An [`Observation`] that owns its lists; the fields mean what they mean there.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Scene {
    pub now: SimTime,
    pub trigger: Trigger,
    pub min: u32,
    pub max: u32,
    pub desired: u32,
    pub booting: u32,
    pub in_service_since: Vec<SimTime>,
    pub terminating: u32,
    pub group_warm_up: SimDuration,
    pub group_cooldown: SimDuration,
    pub last_scale_out: Option<Activity>,
    pub last_scale_in: Option<Activity>,
    pub deployment_in_progress: bool,
    pub datapoints: Vec<Vec<Datapoint>>,
    pub alarms: Vec<AlarmView>,
}

impl Scene {
    /// A group at time zero with `desired` instances that have always been in service, nothing published and a default warm-up and cooldown of 300 s.
    pub fn new(min: u32, max: u32, desired: u32) -> Self {
        let default = SimDuration::from_secs(300);
        Scene {
            now: SimTime::ZERO,
            trigger: Trigger::Look,
            min,
            max,
            desired,
            booting: 0,
            in_service_since: vec![SimTime::ZERO; desired as usize],
            terminating: 0,
            group_warm_up: default,
            group_cooldown: default,
            last_scale_out: None,
            last_scale_in: None,
            deployment_in_progress: false,
            datapoints: Vec::new(),
            alarms: Vec::new(),
        }
    }

    /// The observation. An activity is in progress when instances boot or leave.
    pub fn observation(&self) -> Observation<'_> {
        Observation {
            now: self.now,
            trigger: self.trigger,
            min: self.min,
            max: self.max,
            desired: self.desired,
            booting: self.booting,
            in_service_since: &self.in_service_since,
            terminating: self.terminating,
            group_warm_up: self.group_warm_up,
            group_cooldown: self.group_cooldown,
            activity_in_progress: self.booting > 0 || self.terminating > 0,
            last_scale_out: self.last_scale_out,
            last_scale_in: self.last_scale_in,
            deployment_in_progress: self.deployment_in_progress,
            datapoints: &self.datapoints,
            alarms: &self.alarms,
        }
    }
}
