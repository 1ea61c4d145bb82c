//! Boots as they were measured on EC2: named presets of boot phases, each with its source.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BootPhase, BootStage, Law, QuantilePoint};
use crate::text::Duration;

/// The quantile 0.9 of the standard normal law.
const Z90: f64 = 1.281_551_565_544_600_4;

/// A boot as it was measured on EC2 (observed): from the policy's decision until the instance takes logins. The application's own start
/// follows in `boot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BootPreset {
    /// Current families, assorted images: median 30 s, p90 60 s.
    CurrentGeneration,
    /// Nitro instances with Amazon Linux 2023: median 26 s, p90 40 s.
    #[serde(rename = "amazon-linux-2023")]
    AmazonLinux2023,
    /// T2 instances: mean 85 s, p90 158 s.
    T2,
    /// A stopped instance that is started again: median 21 s, p90 40 s.
    FromStopped,
}

/// What is known of a preset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootFacts {
    /// Its name in a scenario.
    pub name: &'static str,
    /// Median, or mean where only that was published, from the request to a login, seconds.
    pub middle_s: f64,
    /// Whether `middle_s` is the mean.
    pub is_mean: bool,
    /// Quantile 0.9 of the same, seconds.
    pub p90_s: f64,
    /// The part of it before the instance runs and is billed, seconds.
    pub pending_s: f64,
    /// Who measured what.
    pub source: &'static str,
}

/// Time from a policy's decision to the request for instances: observed between 2 and 40 s, median 13 s (public
/// describe-scaling-activities outputs).
const ACTIVITY: [(f64, u64); 3] = [(0.0, 2), (0.5, 13), (1.0, 40)];

impl BootPreset {
    /// All, in order.
    pub const ALL: [BootPreset; 4] =
        [BootPreset::CurrentGeneration, BootPreset::AmazonLinux2023, BootPreset::T2, BootPreset::FromStopped];

    /// What is known of it.
    pub fn facts(self) -> BootFacts {
        let facts = |name, middle_s, p90_s, source| BootFacts {
            name,
            middle_s,
            is_mean: false,
            p90_s,
            pending_s: 17.0,
            source,
        };
        match self {
            BootPreset::CurrentGeneration => facts(
                "current-generation",
                30.0,
                60.0,
                "between daemonology.net 2021 (c5.xlarge, 29 s) and Hao et al. 2021 (t3 and m5, mean 36 to 55 s, p90 70 to 90 s)",
            ),
            BootPreset::AmazonLinux2023 => facts(
                "amazon-linux-2023",
                26.0,
                40.0,
                "brevdev/ec2-coldboot-research 2026 (m7i.large, 25.8 s; 17.8 s of it pending)",
            ),
            BootPreset::T2 => BootFacts {
                is_mean: true,
                ..facts(
                    "t2",
                    85.15,
                    158.22,
                    "Hao et al. 2021, arXiv 2107.03467 (T2, by a public summary of the paper)",
                )
            },
            BootPreset::FromStopped => facts(
                "from-stopped",
                21.0,
                40.0,
                "brevdev/ec2-coldboot-research 2026 (start of a stopped m7i.large, 21.2 s)",
            ),
        }
    }

    /// Its phases: the activity begins, the instance is pending, the system boots.
    pub fn phases(self) -> Vec<BootPhase> {
        let facts = self.facts();
        let at = |&(quantile, s): &(f64, u64)| QuantilePoint { quantile, time: Duration::from_secs(s) };
        let activity = Law::Quantiles(ACTIVITY.iter().map(at).collect());
        let pending = BootStage::Pending;
        vec![
            BootPhase { stage: pending, ..BootPhase::new("activity", activity) },
            BootPhase { stage: pending, ..BootPhase::new("pending", Law::Constant(time(facts.pending_s))) },
            BootPhase::new("system", facts.system()),
        ]
    }
}

impl BootFacts {
    /// The boot of the system, lognormal, so that with the constant part before it the total has the measured figures.
    fn system(&self) -> Law {
        let (middle, p90) = (self.middle_s - self.pending_s, self.p90_s - self.pending_s);
        let ratio = (p90 / middle).ln();
        // Of the median: p90 = median e^(z s). Of the mean: p90 = mean e^(z s - s^2/2).
        let spread = if self.is_mean { Z90 - (Z90 * Z90 - 2.0 * ratio).sqrt() } else { ratio / Z90 };
        let mean = if self.is_mean { middle } else { middle * (spread * spread / 2.0).exp() };
        // Four decimals, as a person would write it.
        let cv = ((spread * spread).exp_m1().sqrt() * 1e4).round() / 1e4;
        Law::Lognormal { mean: time(mean), cv }
    }
}

fn time(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0).round() as u64)
}
