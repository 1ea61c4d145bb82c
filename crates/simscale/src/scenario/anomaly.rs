//! Targets that fail more often than their peers, and what weighted random does about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::balancer::{Algorithm, Balancer};
use super::law::{ppm, sim};
use super::run::check_interval;
use crate::text::{Check, Duration};

/// Anomaly detection and mitigation. At each look every healthy target is compared with its peers, when at least three are healthy.
///
/// Source: ALB user guide, "Automatic Target Weights": what is compared are failed answers and connections; thresholds and steps are not documented, all numbers here are unverified.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Anomaly {
    /// From look to look; default "10s" (unverified).
    pub interval: Duration,
    /// A target is anomalous when its share of failed requests (answers 5xx, refused or lost connections) lies so far above the middle one of its peers, above 0 to 1; default 0.05 (unverified).
    pub error_margin: f64,
    /// Failed requests between two looks that make an anomaly, at least, 1 to 1000000; default 5 (unverified).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub least_errors: u32,
    /// An anomalous target's weight falls by this part of a whole one at each look, above 0 to 1; default 0.2 (AWS: "reduces"; unverified).
    pub weight_step: f64,
    /// Its weight never falls below this, above 0 to 1; default 0.05 (unverified). It takes weight over the sum of weights of the requests.
    pub least_weight: f64,
    /// A normal target's weight rises by this at each look, to a whole one, above 0 to 1; default 0.05 (AWS: "gradually"; unverified).
    pub recovery_step: f64,
}

impl Default for Anomaly {
    fn default() -> Self {
        Anomaly {
            interval: Duration::from_secs(10),
            error_margin: 0.05,
            least_errors: 5,
            weight_step: 0.2,
            least_weight: 0.05,
            recovery_step: 0.05,
        }
    }
}

impl Anomaly {
    pub(crate) fn world(self, mitigation: bool) -> core::Anomalies {
        let weight = |share: f64| ((share * 65_536.0).round() as u32).clamp(1, 65_536);
        core::Anomalies {
            every: sim(self.interval),
            margin_ppm: ppm(self.error_margin),
            least_errors: u64::from(self.least_errors),
            mitigation: mitigation.then(|| core::Mitigation {
                step: weight(self.weight_step),
                minimum: weight(self.least_weight),
                recovery: weight(self.recovery_step),
            }),
        }
    }
}

pub(crate) fn check(balancer: &Balancer, check: &mut Check<'_>) {
    let weighted = balancer.algorithm == Algorithm::WeightedRandom;
    let hint = "remove it, or write algorithm = \"weighted_random\"";
    if balancer.anomaly_mitigation && !weighted {
        let rule = "works with weighted random only, by AWS's rule";
        check.fail("balancer.anomaly_mitigation", rule, hint);
    }
    let Some(anomaly) = balancer.anomaly else { return };
    if !weighted {
        let rule = "has a meaning with weighted random only, whose weights it moves";
        check.fail("balancer.anomaly", rule, hint);
    }
    check_interval("balancer.anomaly.interval", anomaly.interval, check);
    let shares = [
        ("error_margin", anomaly.error_margin),
        ("weight_step", anomaly.weight_step),
        ("least_weight", anomaly.least_weight),
        ("recovery_step", anomaly.recovery_step),
    ];
    for (key, share) in shares {
        if !(share > 0.0 && share <= 1.0) {
            let rule = "is outside the range from above 0 to 1";
            check.fail(&format!("balancer.anomaly.{key}"), rule, "write a share such as 0.05");
        }
    }
}
