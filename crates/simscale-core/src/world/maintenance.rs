//! How a group replaces instances that still run: within two percentages of its desired capacity.

use crate::kernel::{SimDuration, SimTime};

/// Two percentages of the desired capacity.
///
/// Source: EC2 Auto Scaling User Guide, "Instance maintenance policies"; documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maintenance {
    /// What must be in service and ready, 0 to 100.
    pub min_healthy_percent: u32,
    /// What may be in service or on its way, 100 to 200.
    pub max_healthy_percent: u32,
}

/// An instance refresh: all instances give way to a new version of the launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// Name in outputs.
    pub name: String,
    /// When it begins.
    pub at: SimTime,
    /// The percentages that it keeps, in place of the group's.
    pub percent: Maintenance,
    /// A new instance is ready so long after its entry into service, at the earliest.
    pub warm_up: SimDuration,
}
