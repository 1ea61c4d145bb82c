//! Targets that fail more often than their peers, and what the balancer does about them.

use crate::kernel::SimDuration;

/// Anomaly detection of the balancer; with weighted random also the mitigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anomalies {
    /// From look to look.
    pub every: SimDuration,
    /// By how much a target's share of failed attempts exceeds the middle one of its peers, in millionths.
    pub margin_ppm: u32,
    /// Failed attempts between two looks that make an anomaly, at least.
    pub least_errors: u64,
    /// What is done to the weight of an anomalous target; `None`: it is only told.
    pub mitigation: Option<Mitigation>,
}

/// How weights move at each look, in 1/65536 of a whole weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mitigation {
    /// The weight of an anomalous target falls by this much.
    pub step: u32,
    /// It never falls below this, at least 1.
    pub minimum: u32,
    /// The weight of a normal target rises by this much, at least 1.
    pub recovery: u32,
}
