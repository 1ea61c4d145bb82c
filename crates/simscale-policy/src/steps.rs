//! Steps of a step policy: which one a breach falls into, and which lists AWS refuses.

use crate::{Adjustment, AdjustmentType, PolicyError, arithmetic::round9};
use simscale_core::Comparison;

/// Most steps of a policy (EC2 Auto Scaling User Guide, "Quotas"; documented).
const MAX_STEPS: usize = 20;

/// An interval of the breach, which is the metric minus the alarm's threshold, and what to do in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepAdjustment {
    /// Lower end, in the metric's unit relative to the threshold; `None` for minus infinity.
    pub lower: Option<f64>,
    /// Upper end, in the metric's unit relative to the threshold; `None` for infinity.
    pub upper: Option<f64>,
    /// Instances or percent, as the policy's adjustment type says; 0 for no change.
    pub adjustment: i32,
}

impl StepAdjustment {
    /// Whether a breach lies in the step. Above the threshold the lower end belongs to the step, below it the upper end.
    fn contains(&self, breach: f64, side: Side) -> bool {
        let lower = self.lower.map_or(f64::NEG_INFINITY, round9);
        let upper = self.upper.map_or(f64::INFINITY, round9);
        match side {
            Side::Above => lower <= breach && (breach < upper || self.upper.is_none()),
            Side::Below => (lower < breach || self.lower.is_none()) && breach <= upper,
        }
    }
}

/// On which side of the threshold a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// The place of the step that `value` falls into; `None` when no step covers it, or the value is NaN.
///
/// Above the threshold a step contains its lower end and not its upper one, below it the reverse; a value exactly at the threshold
/// belongs to the side that the alarm's comparison looks to. With threshold 50 and steps `[0, 10) [10, 20) [20, inf)`, 60 falls into
/// the second. Source: EC2 Auto Scaling User Guide, "Step adjustments for step scaling"; documented, the side of the threshold itself inferred.
pub fn find_step(
    steps: &[StepAdjustment],
    value: f64,
    threshold: f64,
    comparison: Comparison,
) -> Option<usize> {
    let breach = round9(value - threshold);
    let looks_up =
        matches!(comparison, Comparison::GreaterThanThreshold | Comparison::GreaterThanOrEqualToThreshold);
    let side = if breach > 0.0 || (breach == 0.0 && looks_up) { Side::Above } else { Side::Below };
    steps.iter().position(|step| step.contains(breach, side))
}

/// Refuses the lists that AWS refuses, each with the rule that is broken.
///
/// Source: EC2 Auto Scaling User Guide, "Step adjustments for step scaling" and "Quotas"; documented.
pub fn validate_steps(steps: &[StepAdjustment], kind: AdjustmentType) -> Result<(), PolicyError> {
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(refuse(format!(
            "AWS wants 1 to {MAX_STEPS} steps in a policy, but there are {}",
            steps.len()
        )));
    }
    for (place, step) in steps.iter().enumerate() {
        validate_step(step, kind).map_err(|error| error.inside(&format!("[{place}]")))?;
    }
    validate_open_ends(steps)?;
    validate_neighbours(steps)
}

/// One step by itself.
fn validate_step(step: &StepAdjustment, kind: AdjustmentType) -> Result<(), PolicyError> {
    let bounds = || {
        let text = |bound: Option<f64>| bound.map_or("null".to_owned(), |bound| bound.to_string());
        format!("[{}, {}]", text(step.lower), text(step.upper))
    };
    if step.lower.is_some_and(|lower| !lower.is_finite())
        || step.upper.is_some_and(|upper| !upper.is_finite())
    {
        let sentence = format!("a bound is a finite number or left out, but the step is {}", bounds());
        return Err(PolicyError::new("lower", sentence));
    }
    match (step.lower, step.upper) {
        (None, None) => {
            let sentence = "AWS does not allow both bounds of a step to be null (left out)";
            return Err(PolicyError::new("lower", sentence));
        }
        (Some(lower), Some(upper)) if upper <= lower => {
            let sentence =
                format!("AWS wants the upper bound above the lower one, but the step is {}", bounds());
            return Err(PolicyError::new("upper", sentence));
        }
        _ => {}
    }
    let adjustment = Adjustment { kind, amount: step.adjustment, min_magnitude: None };
    adjustment.validate().map_err(|error| PolicyError::new("adjustment", error.sentence()))
}

/// At most one step is open at each end, and a side that is used must be open at its far end.
fn validate_open_ends(steps: &[StepAdjustment]) -> Result<(), PolicyError> {
    let open_below = steps.iter().filter(|step| step.lower.is_none()).count();
    let open_above = steps.iter().filter(|step| step.upper.is_none()).count();
    for (count, end) in [(open_below, "lower"), (open_above, "upper")] {
        if count > 1 {
            return Err(refuse(format!(
                "AWS allows one step with a null {end} bound, but {count} have none"
            )));
        }
    }
    if let (0, Some(lower)) =
        (open_below, steps.iter().filter_map(|step| step.lower).find(|&lower| lower < 0.0))
    {
        let rule = "AWS wants a step with a null lower bound when a step has a negative lower bound";
        return Err(refuse(format!("{rule} ({lower})")));
    }
    if let (0, Some(upper)) =
        (open_above, steps.iter().filter_map(|step| step.upper).find(|&upper| upper > 0.0))
    {
        let rule = "AWS wants a step with a null upper bound when a step has a positive upper bound";
        return Err(refuse(format!("{rule} ({upper})")));
    }
    Ok(())
}

/// Each step begins where the one below it ends.
fn validate_neighbours(steps: &[StepAdjustment]) -> Result<(), PolicyError> {
    let mut ends: Vec<(f64, f64)> = steps
        .iter()
        .map(|step| (step.lower.unwrap_or(f64::NEG_INFINITY), step.upper.unwrap_or(f64::INFINITY)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in ends.windows(2) {
        let (end, start) = (pair[0].1, pair[1].0);
        if start > end {
            return Err(refuse(format!(
                "AWS allows no gap between steps, but none covers the interval from {end} to {start}"
            )));
        }
        if start < end {
            return Err(refuse(format!(
                "AWS allows no overlap of steps, but the one that begins at {start} lies over the one that ends at {end}"
            )));
        }
    }
    Ok(())
}

/// An error about the list as a whole.
fn refuse(sentence: String) -> PolicyError {
    PolicyError::new("steps", sentence)
}
