//! Suspended processes of a group.

use super::Group;
use crate::kernel::SimTime;

/// A process that is suspended for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// Which process.
    pub process: Process,
    /// First instant of the suspension.
    pub from: SimTime,
    /// First instant after it.
    pub to: SimTime,
}

impl Group {
    /// Whether a process is suspended at `now`.
    pub(crate) fn suspends(&self, process: Process, now: SimTime) -> bool {
        self.suspensions.iter().any(|s| s.process == process && s.from <= now && now < s.to)
    }
}

/// A process of a group that can be suspended.
///
/// Source: EC2 Auto Scaling User Guide, "Suspend and resume processes"; documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Nobody is launched, and no policy scales out.
    Launch,
    /// Nobody is terminated for scale-in or replacement, and no policy scales in.
    Terminate,
    /// Alarms call no policy.
    AlarmNotification,
    /// Nobody is marked unhealthy.
    HealthCheck,
    /// Who is marked unhealthy is not replaced.
    ReplaceUnhealthy,
    /// Decisions of schedules are dropped.
    ScheduledActions,
    /// Whoever is launched is no target of the balancer, and never becomes one.
    AddToLoadBalancer,
    /// Zones are not rebalanced.
    AzRebalance,
}
