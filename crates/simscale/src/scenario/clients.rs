//! How clients behave: patience, retries, sessions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{ppm, sim};
use super::sessions::Sessions;
use crate::text::{Check, Duration};

/// How clients behave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clients {
    /// A client gives an attempt up after this time; default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What becomes of the work of an attempt that nobody waits for any more: "continues" or "cancelled"; default "continues".
    pub abandoned_work: AbandonedWork,
    /// Retries of failed attempts; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// Requests that a client sends on one connection, for the balancer's capacity units; 1 to 1000000; default 100, unverified.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_connection: u32,
    /// How long a connection stays open, for the balancer's capacity units; at most "7d"; default "120s", unverified.
    pub connection_life: Duration,
    /// Users who make several requests; default none: every arrival of the workload is one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Sessions>,
}

/// The work of an attempt after a client's time-out or a 504.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbandonedWork {
    /// The instance finishes it, as most servers do.
    #[default]
    Continues,
    /// The instance drops it at once.
    Cancelled,
}

/// Retries with exponential backoff.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Retries after the first attempt, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub max: u8,
    /// Pause before the first retry, doubled for each further one; default "1s", as the AWS SDKs.
    #[serde(default = "backoff")]
    pub backoff: Duration,
    /// Longest pause; default "20s", as the AWS SDKs.
    #[serde(default = "max_backoff")]
    pub max_backoff: Duration,
    /// Share of the pause that is drawn at random, 0 to 1; default 1, "full jitter".
    #[serde(default = "jitter_ratio")]
    pub jitter_ratio: f64,
    /// Retries allowed for each first attempt, 0 to 100, all clients together (0.1 is a budget of 10 %); default no budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub budget_ratio: Option<f64>,
    /// Retries that an unused budget can save up; default 10. Only with `budget_ratio`.
    #[serde(default = "budget_burst")]
    pub budget_burst: u32,
}

fn backoff() -> Duration {
    Duration::from_secs(1)
}

fn max_backoff() -> Duration {
    Duration::from_secs(20)
}

fn jitter_ratio() -> f64 {
    1.0
}

fn budget_burst() -> u32 {
    10
}

impl Retries {
    /// So many retries, with every default.
    pub fn at_most(max: u8) -> Retries {
        Retries {
            max,
            backoff: backoff(),
            max_backoff: max_backoff(),
            jitter_ratio: jitter_ratio(),
            budget_ratio: None,
            budget_burst: budget_burst(),
        }
    }
}

impl Default for Clients {
    fn default() -> Self {
        Clients {
            timeout: None,
            abandoned_work: AbandonedWork::default(),
            retries: None,
            requests_per_connection: 100,
            connection_life: Duration::from_secs(120),
            sessions: None,
        }
    }
}

impl Clients {
    pub(crate) fn world(&self) -> core::Clients {
        core::Clients {
            timeout: self.timeout.map(sim),
            abandoned_work: match self.abandoned_work {
                AbandonedWork::Continues => core::AbandonedWork::Continues,
                AbandonedWork::Cancelled => core::AbandonedWork::Cancelled,
            },
            retries: self.retries.map(|retries| core::Retries {
                max: retries.max,
                backoff: sim(retries.backoff),
                max_backoff: sim(retries.max_backoff),
                jitter_ppm: ppm(retries.jitter_ratio),
                budget_ppm: retries.budget_ratio.map(ppm),
                budget_burst: retries.budget_burst,
            }),
            sessions: self.sessions.as_ref().map(Sessions::world),
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if self.timeout.is_some_and(Duration::is_zero) {
            check.fail(
                "clients.timeout",
                "is zero",
                "write a time above zero, or remove it: clients then wait for ever",
            );
        }
        if let Some(sessions) = &self.sessions {
            sessions.check(check);
        }
        if self.connection_life > Duration::from_secs(604_800) {
            let rule = "is longer than seven days, the longest client keep-alive of an ALB";
            check.fail("clients.connection_life", rule, "write at most \"7d\"");
        }
        let Some(retries) = self.retries else { return };
        check.ratio("clients.retries.jitter_ratio", retries.jitter_ratio);
        if retries.max_backoff < retries.backoff {
            let rule = format!("is below backoff ({})", retries.backoff);
            let hint = "raise it to at least the first pause";
            check.fail_value("clients.retries.max_backoff", retries.max_backoff, rule, hint);
        }
    }
}
