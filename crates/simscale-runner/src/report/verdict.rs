//! The verdict: one sentence that says whether the promise was kept and what that costs.

use crate::number::{count, money, percent, span};
use simscale::summary::{Expectation, Objective, Summary};

/// The last line of a report.
pub fn verdict(summary: &Summary, expectations: &[Expectation]) -> String {
    format!("{} {}", summary.scenario, judgement(summary, expectations))
}

/// The verdict without the scenario's name.
pub fn judgement(summary: &Summary, expectations: &[Expectation]) -> String {
    let cost = format!("{} a month", money(summary.cost_usd.per_month, &summary.cost_usd.prices.currency));
    let mut text = promise(summary, &cost);
    let failed = expectations.iter().filter(|expectation| !expectation.held).count();
    if failed > 0 {
        text += &format!("; {failed} of {} expectations failed", expectations.len());
    } else if !expectations.is_empty() {
        text += "; as expected";
    }
    text.push('.');
    text
}

fn promise(summary: &Summary, cost: &str) -> String {
    if let Some(saturated) = summary.saturated {
        let after = span((saturated.at_s - summary.window.from_s).round().max(1.0));
        return format!(
            "is saturated after {after}: {} attempts in flight and no end in sight",
            count(saturated.in_flight)
        );
    }
    let broken: Vec<String> =
        summary.objectives.iter().filter(|objective| !objective.met).map(ratio).collect();
    match (summary.objectives.len(), broken.len()) {
        (0, _) => format!("costs {cost}, with nothing promised"),
        (1, 0) => format!("keeps its promise at {cost}: {}", ratio(&summary.objectives[0])),
        (all, 0) => format!("keeps all {all} promises at {cost}"),
        (1, _) => format!("breaks its promise at {cost}: {}", broken[0]),
        (all, some) => format!("breaks {some} of {all} promises at {cost}: {}", broken.join(", ")),
    }
}

/// `fast is missed in 4.2 % of windows (1 % allowed)`.
fn ratio(objective: &Objective) -> String {
    let of = if objective.windows > 0 { "windows" } else { "requests" };
    let (missed, allowed) = (percent(objective.violation_ratio), percent(objective.allowed_ratio));
    format!("{} is missed in {missed} of {of} ({allowed} allowed)", objective.name)
}
