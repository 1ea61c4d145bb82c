//! Users with several requests: how many, how long they think, whether they stay when one fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::Law;
use crate::text::Check;

/// Each arrival of the workload is a user, who makes requests one after the other and thinks in between: rates of the workload are then
/// users/s. The first request is the arrival itself; a recorded trace's own CPU times are those of first requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// How many requests a session makes, 1 to 100000, such as `{ geometric = { mean = 20 } }`.
    pub requests: SessionRequests,
    /// From the answer to one request to the same user's next request; at least 1 ns passes. The law of every pause.
    pub think_time: Law,
    /// What the user does when a request has failed for good, retries included: "continue" (thinks and goes on) or "leave"; default
    /// "continue".
    #[serde(default)]
    pub after_failure: AfterFailure,
}

/// How many requests a session makes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionRequests {
    /// Always so many, 1 to 100000: `{ constant = 20 }`.
    Constant(#[schemars(range(min = 1, max = 100_000))] u32),
    /// Every number from `low` to `high` alike.
    Uniform {
        /// Fewest, 1 to 100000.
        #[schemars(range(min = 1, max = 100_000))]
        low: u32,
        /// Most, 1 to 100000; not below `low`.
        #[schemars(range(min = 1, max = 100_000))]
        high: u32,
    },
    /// After each request the user goes with the same chance, 1 / mean; a draw above 100000 is cut to it.
    Geometric {
        /// Mean, 1 to 10000.
        #[schemars(range(min = 1.0, max = 10_000.0))]
        mean: f64,
    },
}

/// What a user does when a request has failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterFailure {
    /// Thinks and goes on with the next request.
    #[default]
    Continue,
    /// Leaves: the session ends.
    Leave,
}

impl SessionRequests {
    /// Mean number of requests a session, when nobody leaves early.
    pub fn mean(&self) -> f64 {
        match *self {
            SessionRequests::Constant(n) => f64::from(n),
            SessionRequests::Uniform { low, high } => (f64::from(low) + f64::from(high)) / 2.0,
            SessionRequests::Geometric { mean } => mean,
        }
    }
}

impl Sessions {
    pub(crate) fn world(&self) -> core::Sessions {
        core::Sessions {
            requests: match self.requests {
                SessionRequests::Constant(n) => core::SessionRequests::Constant(n),
                SessionRequests::Uniform { low, high } => core::SessionRequests::Uniform { low, high },
                SessionRequests::Geometric { mean } => core::SessionRequests::Geometric { mean },
            },
            think_time: self.think_time.distribution(),
            after_failure: match self.after_failure {
                AfterFailure::Continue => core::AfterFailure::Continue,
                AfterFailure::Leave => core::AfterFailure::Leave,
            },
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        self.think_time.check("clients.sessions.think_time", check);
        if let SessionRequests::Uniform { low, high } = self.requests
            && low > high
        {
            let path = "clients.sessions.requests.uniform.low";
            check.fail(path, format!("is above high ({high})"), "lower low or raise high");
        }
    }
}
