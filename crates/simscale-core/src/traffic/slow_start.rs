//! Slow start: who ramps up, and how far a ramp has come.
//!
//! Source: ALB user guide, "Target groups for your Application Load Balancers", slow start mode. That the share grows linearly is
//! documented; that it counts as so much of a turn of the rotation is inferred.

/// A share of one.
pub(crate) const FULL: u32 = 1 << 16;

/// Whether a target that becomes healthy ramps up: only when another healthy target does not ramp.
pub(crate) fn enters(healthy_not_ramping: usize) -> bool {
    healthy_not_ramping > 0
}

/// The share of a target that has ramped for `elapsed` ns, in 1/65536; `None` when the ramp is over.
pub(crate) fn share(elapsed: u64, duration: u64) -> Option<u32> {
    (elapsed < duration).then(|| (u128::from(elapsed) * u128::from(FULL) / u128::from(duration)) as u32)
}
