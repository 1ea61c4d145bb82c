//! How Application Auto Scaling paces the policies of an ECS service: cooldowns in place of warm-up, from the running count.

use crate::arithmetic::{clamp, in_progress, round9, target_tracking_capacity};
use simscale_core::{Decision, Observation, Reason, SimDuration, SimTime};

/// Cooldown of ECS services in both directions, 300 s (Application Auto Scaling API, `ScaleOutCooldown`, `ScaleInCooldown`; documented).
pub const ECS_COOLDOWN: SimDuration = SimDuration::from_secs(300);

/// Share of the target above which the metric is expected to bring the removed capacity back: inferred, AWS names only the reason.
pub const FLAPPING_MARGIN: f64 = 0.95;

/// Pacing of target tracking by Application Auto Scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApplicationPace {
    /// After a scale-out only a larger one acts for so long, and what the first one added counts.
    pub scale_out_cooldown: SimDuration,
    /// After a scale-in no other follows for so long; a scale-out ends the wait.
    pub scale_in_cooldown: SimDuration,
    /// A scale-in goes no further than to the size at which the metric lies at this share of the target, and is not begun when that leaves nothing
    /// (`AutoScalingAnticipatedFlapping`); above 0, 1 for no such rule.
    pub flapping_margin: f64,
}

impl Default for ApplicationPace {
    /// What an ECS service gets.
    fn default() -> Self {
        ApplicationPace {
            scale_out_cooldown: ECS_COOLDOWN,
            scale_in_cooldown: ECS_COOLDOWN,
            flapping_margin: FLAPPING_MARGIN,
        }
    }
}

/// The capacity that a scale-out starts from; `None` when it does nothing.
///
/// The running tasks, at most as many as are desired. A desired count that was set by hand below the minimum goes to the minimum first; one above the
/// maximum is left alone. Source: ECS Developer Guide, "Automatically scale your Amazon ECS service"; documented, the bound by the desired count inferred.
pub fn scale_out_base(running: u32, desired: u32, min: u32, max: u32) -> Option<u32> {
    match desired {
        _ if desired > max => None,
        _ if desired < min => Some(min),
        _ => Some(running.min(desired)),
    }
}

/// The capacity that a scale-in starts from; `None` when it does nothing.
///
/// The running tasks, at most as many as are desired. A desired count above the maximum goes to the maximum first; one below the minimum is left alone.
/// Source: as [`scale_out_base`].
pub fn scale_in_base(running: u32, desired: u32, min: u32, max: u32) -> Option<u32> {
    match desired {
        _ if desired < min => None,
        _ if desired > max => Some(max),
        _ => Some(running.min(desired)),
    }
}

/// The size that a scale-out by `change` asks for within a cooldown in which `added` tasks were added already.
///
/// 2 added, +2 again: nothing; +3: one more. Source: Application Auto Scaling User Guide, "Step scaling policies", cooldown; documented.
pub fn scale_out_within_cooldown(desired: u32, added: u32, change: i64) -> u32 {
    let extra = (change - i64::from(added)).max(0);
    desired.saturating_add(u32::try_from(extra).unwrap_or(u32::MAX))
}

/// The smallest size at which the metric, spread over fewer tasks, stays within the margin of the target; no scale-in goes below it.
///
/// Inferred: AWS reports `AutoScalingAnticipatedFlapping` when a scale-in would soon be taken back, and does not say how it predicts that. A
/// scale-in by the formula of target tracking alone ends just below the target, so a margin is needed.
pub fn size_within_margin(value: f64, base: u32, target: f64, margin: f64) -> u32 {
    target_tracking_capacity(base, value, round9(margin * target)).unwrap_or(u32::MAX)
}

/// The memory of a policy's scale-out cooldown: when it began, and from which size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cooldown {
    begun: Option<(SimTime, u32)>,
}

impl Cooldown {
    /// What the scale-outs of the running cooldown have added; `None` when none runs.
    ///
    /// It runs from the policy's own scale-out until `length` after the group's last scale-out has succeeded: its last task runs.
    pub fn added(&self, seen: &Observation<'_>, length: SimDuration) -> Option<u32> {
        let (begun, base) = self.begun?;
        let last = seen.last_scale_out.filter(|last| last.start >= begun)?;
        let runs = last.end.is_none_or(|end| seen.now < end + length);
        runs.then(|| seen.desired.saturating_sub(base))
    }

    /// The size before the scale-outs of the cooldown, where a datapoint is older than their success: it was measured on that size.
    pub fn base_of(&self, seen: &Observation<'_>, measured: SimTime) -> Option<u32> {
        let (_, base) = self.begun?;
        let last = seen.last_scale_out?;
        last.end.is_none_or(|end| measured < end).then_some(base)
    }

    /// The policy asks for more: outside a cooldown a new one begins.
    pub fn begin(&mut self, seen: &Observation<'_>, added: Option<u32>) {
        if added.is_none() {
            self.begun = Some((seen.now, seen.desired));
        }
    }
}

/// Why no scale-in may begin now: a deployment of the service, or the cooldown of the last scale-in, unless a scale-out came after it.
///
/// Source: ECS Developer Guide, "Automatically scale your Amazon ECS service"; Application Auto Scaling User Guide, "Cooldown period"; documented.
/// That the cooldown is the service's, whichever policy scaled in, is inferred.
pub(crate) fn holds_scale_in(seen: &Observation<'_>, cooldown: SimDuration) -> Option<Reason> {
    if seen.deployment_in_progress {
        return Some(Reason::DeploymentInProgress);
    }
    let last = seen.last_scale_in?;
    if seen.last_scale_out.is_some_and(|out| out.start > last.start) {
        return None;
    }
    if in_progress(Some(last)) {
        return Some(Reason::ActivityInProgress);
    }
    let until = last.end? + cooldown;
    (seen.now < until).then_some(Reason::Cooldown { until })
}

/// Asks for `size` within the bounds if that is more than there is, and begins the cooldown; the answer for less is `otherwise`.
pub(crate) fn ask_for_more(
    size: u32,
    added: Option<u32>,
    reason: Reason,
    seen: &Observation<'_>,
    cooldown: &mut Cooldown,
    otherwise: impl FnOnce(Reason) -> Decision,
) -> Decision {
    let wanted = clamp(size, seen.min, seen.max);
    if wanted > seen.desired {
        cooldown.begin(seen, added);
        Decision::desired(wanted, reason)
    } else if size > seen.desired || added.is_none() {
        otherwise(reason)
    } else {
        otherwise(Reason::CountedInCooldown { added: added.unwrap_or(0) })
    }
}

/// The reason why a desired count outside the bounds keeps a policy from acting.
pub(crate) fn outside(seen: &Observation<'_>) -> Reason {
    let (side, bound) = if seen.desired < seen.min {
        ("below the minimum", seen.min)
    } else {
        ("above the maximum", seen.max)
    };
    Reason::Other(format!("the desired count {} was set {side} {bound} by hand", seen.desired))
}
