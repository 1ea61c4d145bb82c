//! Sticky sessions of the balancer, by AWS's rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use crate::text::{Check, Duration};

/// After a session's first answer its cookie names the target of its next attempt, whatever the algorithm. A target that is unhealthy or
/// deregistered is chosen anew and the cookie set anew. Needs `clients.sessions`. Source: AWS, "Sticky sessions for your Application Load
/// Balancer".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stickiness {
    /// Whose cookie it is: "balancer" (AWSALB, set by every answer of a target) or "application" (AWSALBAPP, set by right answers only,
    /// as the application sets its own; inferred); default "balancer".
    pub cookie: CookieKind,
    /// How long the cookie counts after the last answer that set it, "1s" to "7d"; default "1d", as AWS.
    pub duration: Duration,
}

/// Whose cookie names the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CookieKind {
    /// The balancer's own: every answer of a target sets it, errors too.
    #[default]
    Balancer,
    /// The application's: right answers set it.
    Application,
}

impl Default for Stickiness {
    fn default() -> Self {
        Stickiness { cookie: CookieKind::default(), duration: Duration::from_secs(86_400) }
    }
}

impl Stickiness {
    pub(crate) fn world(&self) -> core::Stickiness {
        core::Stickiness {
            cookie: match self.cookie {
                CookieKind::Balancer => core::CookieKind::Balancer,
                CookieKind::Application => core::CookieKind::Application,
            },
            duration: sim(self.duration),
        }
    }

    pub(crate) fn check(&self, sessions: bool, cross_zone: bool, check: &mut Check<'_>) {
        let path = "balancer.stickiness.duration";
        if !(Duration::from_secs(1)..=Duration::from_secs(604_800)).contains(&self.duration) {
            let rule = "is outside 1 s to 7 days, the range that AWS accepts";
            check.fail_value(path, self.duration, rule, "write \"1s\" to \"7d\"");
        }
        if !cross_zone {
            let rule = "is not supported with cross-zone load balancing off, by AWS's rule";
            check.fail("balancer.stickiness", rule, "remove it, or write balancer.cross_zone = true");
        }
        if !sessions {
            let hint = "add [clients.sessions], such as requests = { geometric = { mean = 20 } } and think_time = { exponential = { mean = \"10s\" } }";
            check.fail("balancer.stickiness", "has nobody to stick: every arrival is a single request", hint);
        }
    }
}
