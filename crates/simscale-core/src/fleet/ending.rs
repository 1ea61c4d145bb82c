//! Why instances end.

use std::fmt;

/// Why an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ending {
    /// The run ended before it did.
    RunEnded,
    /// The group had more instances than it desired.
    ScaledIn,
    /// It stopped running, and the group replaced it.
    StoppedRunning,
    /// The balancer called it unhealthy, and the group replaced it.
    Unhealthy,
    /// A phase of its boot failed, or a hook abandoned its launch; the group replaced it.
    LaunchFailed,
    /// A deployment put a task of another version in its place.
    Deployed,
    /// It did not end: it returned to the warm pool.
    Returned,
    /// An instance refresh put one of another version in its place.
    Refreshed,
    /// EC2 took the Spot instance back.
    Interrupted,
    /// Another was launched in its place before, because it was about to be interrupted or stood in the fullest zone.
    Rebalanced,
}

impl Ending {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Ending::RunEnded => "run_ended",
            Ending::ScaledIn => "scaled_in",
            Ending::StoppedRunning => "stopped_running",
            Ending::Unhealthy => "unhealthy",
            Ending::LaunchFailed => "launch_failed",
            Ending::Deployed => "deployed",
            Ending::Returned => "returned",
            Ending::Refreshed => "refreshed",
            Ending::Interrupted => "interrupted",
            Ending::Rebalanced => "rebalanced",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
