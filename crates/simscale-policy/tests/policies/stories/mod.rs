//! Stories: set the metric, let minutes pass, expect a size and a reason.

mod by_hand;
mod poll;
mod schedule;
mod service;
mod simple;
mod step;
mod tracking;

use simscale_core::Reason;
use simscale_policy::conformance::Stage;

/// Why the policy last decided as it did.
fn reason(stage: &Stage) -> &Reason {
    &stage.last().reason
}
