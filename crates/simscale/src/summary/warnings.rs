//! What a reader should know before trusting a summary, in words.

use super::{Objective, Summary};
use simscale_core::{RunResult, SimTime};

/// A quantile that rests on fewer requests than this is not trusted.
const FEW_REQUESTS: f64 = 30.0;

/// Thin windows are worth a warning from this share on.
const MANY_THIN: f64 = 0.05;

pub(super) fn of(summary: &Summary, result: &RunResult) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(saturated) = result.saturated {
        warnings.push(format!(
            "saturated: at {} there were {} attempts in flight and no end in sight, so the run ended there; \
             figures cover only the time before",
            saturated.at, saturated.in_flight
        ));
    }
    if let Some(at) = result.stopped_at {
        warnings.push(format!("stopped early, at {at}"));
    }
    if result.requests.arrived == 0 {
        warnings.push("no request arrived in the statistics window".to_string());
    }
    warnings.extend(few_in_the_tail(result));
    warnings.extend(summary.objectives.iter().filter_map(thin_windows));
    warnings.extend(broken_launches(summary));
    if result.clamped_work > 0 {
        warnings.push(format!(
            "{} draws of work were cut to the largest a request can carry ({})",
            result.clamped_work,
            SimTime::from_nanos(1 << 45)
        ));
    }
    warnings
}

/// p99.9 needs many requests: a thousandth of few is a handful.
fn few_in_the_tail(result: &RunResult) -> Option<String> {
    let tail = result.response_time.count as f64 / 1000.0;
    let few = result.response_time.count > 0 && tail < FEW_REQUESTS;
    few.then(|| format!("p99.9 rests on {} requests: run longer", tail.ceil()))
}

fn thin_windows(objective: &Objective) -> Option<String> {
    let many = objective.thin_windows as f64 > MANY_THIN * objective.windows as f64;
    many.then(|| {
        format!(
            "objective {}: {} of {} windows have too few requests for their quantile; lengthen the window",
            objective.name, objective.thin_windows, objective.windows
        )
    })
}

fn broken_launches(summary: &Summary) -> Option<String> {
    let scaling = &summary.scaling;
    (scaling.failed_launches > 0).then(|| {
        format!("{} of {} launches failed in a boot phase", scaling.failed_launches, scaling.launches)
    })
}
