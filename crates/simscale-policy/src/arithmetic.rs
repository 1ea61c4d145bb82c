//! The arithmetic of scaling: adjustments, rounding, bounds, warm-up and the target-tracking formula, once each.

use crate::PolicyError;
use simscale_core::{Activity, Observation, Reason, SimDuration};

/// How the amount of an adjustment is meant.
///
/// Source: EC2 Auto Scaling User Guide, "Scaling adjustment types"; documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentType {
    /// Instances added, or removed when negative: 3 and +5 give 8.
    ChangeInCapacity,
    /// The new size itself: 3 and 5 give 5. Never negative.
    ExactCapacity,
    /// Percent of the capacity added, or removed when negative: 10 and +10 give 11. See [`round_percent`].
    PercentChangeInCapacity,
}

/// A change of capacity as a simple or step policy states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// How `amount` is meant.
    pub kind: AdjustmentType,
    /// Instances, or percent.
    pub amount: i32,
    /// A percent change moves at least this many instances (`MinAdjustmentMagnitude`); refused with the other types.
    pub min_magnitude: Option<u32>,
}

impl Adjustment {
    /// Instances to add to `base`, negative for removal, before any bounds.
    ///
    /// Order for percent: percent of the base, rounding, minimum magnitude with the sign of the percentage. The order of rounding and
    /// minimum magnitude is inferred; both are documented (EC2 Auto Scaling User Guide, "Scaling adjustment types").
    /// A percentage of zero changes nothing, whatever the minimum magnitude.
    pub fn change(&self, base: u32) -> i64 {
        let amount = i64::from(self.amount);
        match self.kind {
            AdjustmentType::ChangeInCapacity => amount,
            AdjustmentType::ExactCapacity => amount - i64::from(base),
            AdjustmentType::PercentChangeInCapacity => {
                let rounded = round_percent(f64::from(base) * f64::from(self.amount) / 100.0);
                let least = i64::from(self.min_magnitude.unwrap_or(0));
                rounded.abs().max(least) * amount.signum()
            }
        }
    }

    /// `base` after the change, before the group's bounds; never below 0.
    pub fn apply(&self, base: u32) -> u32 {
        let size = (i64::from(base) + self.change(base)).clamp(0, i64::from(u32::MAX));
        u32::try_from(size).expect("the size was just clamped")
    }

    /// Whether it means more instances than `desired`, fewer, or neither.
    ///
    /// The sign tells; for an exact capacity the comparison with the size that the group has.
    pub fn direction(&self, desired: u32) -> std::cmp::Ordering {
        match self.kind {
            AdjustmentType::ExactCapacity => i64::from(self.amount).cmp(&i64::from(desired)),
            AdjustmentType::ChangeInCapacity | AdjustmentType::PercentChangeInCapacity => self.amount.cmp(&0),
        }
    }

    /// Refuses what AWS refuses: a negative exact capacity, and a minimum magnitude with another type than percent.
    pub fn validate(&self) -> Result<(), PolicyError> {
        if self.kind == AdjustmentType::ExactCapacity && self.amount < 0 {
            let sentence = format!(
                "ExactCapacity is the new size and AWS wants it non-negative, but it is {}",
                self.amount
            );
            return Err(PolicyError::new("amount", sentence));
        }
        if let (Some(least), false) =
            (self.min_magnitude, self.kind == AdjustmentType::PercentChangeInCapacity)
        {
            let sentence = format!(
                "AWS allows MinAdjustmentMagnitude ({least}) with PercentChangeInCapacity only, but the type is {:?}",
                self.kind
            );
            return Err(PolicyError::new("min_magnitude", sentence));
        }
        Ok(())
    }
}

/// Rounds a percentage change to whole instances: toward zero, except that anything between -1 and 1 other than 0 becomes a whole instance.
///
/// 12.7 gives 12, 0.67 gives 1, -0.58 gives -1, -6.67 gives -6. NaN gives 0; beyond the range of `i64` it saturates.
/// Source: EC2 Auto Scaling User Guide, "Scaling adjustment types"; documented.
pub fn round_percent(raw: f64) -> i64 {
    if raw.abs() > 0.0 && raw.abs() < 1.0 { raw.signum() as i64 } else { raw.trunc() as i64 }
}

/// `size` within `[min, max]`; a result outside is moved to the bound, never refused.
///
/// Max 3, size 2, +3: adds one. Source: EC2 Auto Scaling User Guide, "Dynamic scaling"; documented. When the bounds
/// are crossed, `max` wins.
pub fn clamp(size: u32, min: u32, max: u32) -> u32 {
    size.max(min).min(max)
}

/// `value` rounded to nine decimals, so that the noise of binary fractions decides neither a step nor a whole instance.
///
/// Values beyond four million are returned as they are: their noise is already coarser.
pub fn round9(value: f64) -> f64 {
    if value.abs() < 4e6 { (value * 1e9).round() / 1e9 } else { value }
}

/// The capacity at which the metric would meet the target: `ceil(capacity x value / target)`.
///
/// The metric is assumed to fall as capacity grows, as AWS demands of a metric for target tracking. The result is before bounds, warm-up and the
/// rule of alarms. `None` when the product is not a number (the value is NaN, or infinite at capacity 0);
/// a negative product gives 0, a huge one saturates.
///
/// Source: the rounding (+1.5 becomes +2, -1.5 becomes -1) and an example (10 instances, backlog 150, target 100: +5) are
/// documented (EC2 Auto Scaling User Guide, "Target tracking scaling policies", "Scaling based on Amazon SQS"); the
/// formula that fits them is inferred. Rounding to nine decimals first is ours: 10 x 150 / 100 must be 15, not 16.
pub fn target_tracking_capacity(capacity: u32, value: f64, target: f64) -> Option<u32> {
    let ideal = f64::from(capacity) * value / target;
    if ideal.is_nan() { None } else { Some(round9(ideal).ceil() as u32) }
}

/// The capacity of a group, split by warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warmth {
    /// Instances in service past their warm-up, at most the desired capacity: the base of a scale-out.
    pub warm: u32,
    /// Instances booting, or in service and younger than the warm-up.
    pub warming: u32,
}

impl Warmth {
    /// Counts what `seen` shows. Warm-up starts when an instance enters service, after its boot and hooks.
    ///
    /// Instances in service since time zero were there before the run began and count as warm. An instance that is missing (its launch
    /// failed, or it crashed) is neither warm nor warming.
    ///
    /// Source: EC2 Auto Scaling User Guide, "Set the default instance warmup"; documented. Counting the warm ones gives the documented
    /// "desired capacity minus those warming" whenever no instance is missing.
    pub fn of(seen: &Observation<'_>, warm_up: SimDuration) -> Self {
        let warm = seen.warm(warm_up);
        let young = seen.in_service() - warm;
        Warmth { warm: warm.min(seen.desired), warming: seen.booting.saturating_add(young) }
    }
}

/// The size after a scale-out that was computed from the warm instances: never below the desired capacity.
///
/// So instances still warming up count toward the new size: a repeated breach of the same step launches nothing, a breach of a
/// higher one launches the difference. 10 warm and 1 warming, +30 %: computed 13, two more launched.
/// Source: EC2 Auto Scaling User Guide until May 2022, "Instance warm-up"; documented.
pub fn scale_out_size(desired: u32, computed: u32) -> u32 {
    desired.max(computed)
}

/// The capacity that a scale-in starts from: the desired one and the instances still leaving.
///
/// So a repeated breach of the same step removes no extra instance while the first one drains.
/// Source: EC2 Auto Scaling User Guide until May 2022, "Instance warm-up"; documented for step scaling, for target tracking inferred.
pub fn scale_in_base(desired: u32, terminating: u32) -> u32 {
    desired.saturating_add(terminating)
}

/// The size after a scale-in: never above the desired capacity.
pub fn scale_in_size(desired: u32, computed: u32) -> u32 {
    desired.min(computed)
}

/// Whether the activity has begun and not ended.
pub fn in_progress(activity: Option<Activity>) -> bool {
    activity.is_some_and(|activity| activity.end.is_none())
}

/// Why a group without a default instance warm-up does not scale in yet: the default cooldown after its last launches. `cooldown` is `None` for a group
/// that has a default warm-up, be it 0.
///
/// Source: EC2 Auto Scaling User Guide, "Set the default instance warmup": without one, launches can apply the default cooldown, which blocks
/// scale-in until it ends; documented. That it counts from the moment at which the last launch was in service is as for simple scaling.
pub fn default_cooldown_holds(seen: &Observation<'_>, cooldown: Option<SimDuration>) -> Option<Reason> {
    let until = seen.last_scale_out?.end? + cooldown?;
    (seen.now < until).then_some(Reason::Cooldown { until })
}
