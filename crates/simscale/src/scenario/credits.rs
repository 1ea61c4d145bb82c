//! CPU credits of a burstable instance: what it earns, what it begins with, what happens when none are left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::arithmetic::{near, time};
use super::catalogue::Burstable;
use super::{Arithmetic, Figure, Instance, Rates, Scenario};
use crate::text::Check;

/// Hours of earning that are kept, and that an unlimited instance is lent for nothing.
const KEPT_HOURS: f64 = 24.0;

/// CPU credits of a burstable instance: one credit is one vCPU for a minute. (EC2 user guide, "Key concepts for burstable performance
/// instances".) Every key has its default by the type; without a type `baseline_ratio` is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Credits {
    /// When no credits are left: "standard" (throttled to the baseline) or "unlimited" (surplus credits, charged beyond a day's
    /// earning); default that of the type: T2 standard, T3, T3a and T4g unlimited; "unlimited" without a type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<CreditMode>,
    /// Baseline of each vCPU, in whole 1/600 of it, above 0 and below 1; default that of the type. Baseline x vCPUs x 60 credits are earned an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_ratio: Option<f64>,
    /// Earned credits of the instances that are there at the start, up to a day's earning; default 0. Launched ones begin without.
    pub initial: f64,
    /// Launch credits of every instance, spent first and not counted to the limit; default 30 for each vCPU of a T2 in mode "standard", else 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<f64>,
}

/// What happens when no credits are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditMode {
    /// The processors are throttled to their baseline.
    Standard,
    /// The processors go on at full speed with surplus credits: a day's earning is free, more is charged.
    Unlimited,
}

impl Credits {
    /// With the defaults of a type of the catalogue, where one is named.
    pub(super) fn resolve(&mut self, burstable: Option<Burstable>, vcpus: u32) {
        let standard = burstable.is_some_and(|b| b.standard);
        let mode =
            *self.mode.get_or_insert(if standard { CreditMode::Standard } else { CreditMode::Unlimited });
        if let Some(burstable) = burstable {
            self.baseline_ratio.get_or_insert(f64::from(burstable.baseline_per_mille) / 1000.0);
        }
        let launch = if standard && mode == CreditMode::Standard { 30.0 * f64::from(vcpus) } else { 0.0 };
        self.launch.get_or_insert(launch);
    }

    /// The resolved credits as the engine knows them.
    pub(super) fn world(&self) -> core::Credits {
        core::Credits {
            baseline: baseline(self.baseline_ratio.unwrap_or_default()).round() as u32,
            unlimited: self.mode == Some(CreditMode::Unlimited),
            initial: units(self.initial),
            launch: units(self.launch.unwrap_or_default()),
        }
    }

    /// Credits earned an hour by so many vCPUs.
    fn earned(&self, vcpus: u32) -> f64 {
        self.baseline_ratio.unwrap_or_default() * f64::from(vcpus) * 60.0
    }

    /// Checks the resolved credits.
    pub(super) fn check(&self, instance: &Instance, check: &mut Check<'_>) {
        let Some(ratio) = self.baseline_ratio else {
            let rule = "is missing, and no type says it";
            check.fail(
                "instance.credits.baseline_ratio",
                rule,
                "name a burstable type, or write baseline_ratio = 0.1",
            );
            return;
        };
        let whole = baseline(ratio);
        if !(1.0..=599.0).contains(&whole.round()) || (whole - whole.round()).abs() > 1e-6 {
            let rule = "is no whole number of 1/600 of a vCPU above 0 and below 1";
            check.fail(
                "instance.credits.baseline_ratio",
                rule,
                "write 0.05, 0.1, 0.2, 0.225 or another of EC2's",
            );
            return;
        }
        let limit = KEPT_HOURS * self.earned(instance.vcpus.unwrap_or(1));
        if !(0.0..=limit + 1e-9).contains(&self.initial) {
            let rule =
                format!("is outside 0 to {}, a day's earning: EC2 keeps no more earned credits", near(limit));
            check.fail("instance.credits.initial", rule, "write a number in that range");
        }
        let launch = self.launch.unwrap_or_default();
        if !(0.0..=100_000.0).contains(&launch) {
            check.fail(
                "instance.credits.launch",
                "is outside 0 to 100000 credits",
                "write 30 for each vCPU, as a T2",
            );
        } else if launch > 0.0 && self.mode == Some(CreditMode::Unlimited) {
            let rule = "belongs to mode \"standard\": EC2 gives no launch credits in unlimited mode";
            check.fail("instance.credits.launch", rule, "leave it out, or write mode = \"standard\"");
        }
    }
}

/// A ratio of a vCPU in 1/600.
fn baseline(ratio: f64) -> f64 {
    ratio * 600.0
}

/// Credits in the engine's units.
fn units(credits: f64) -> u64 {
    (credits * core::CREDIT as f64).round() as u64
}

impl Scenario {
    /// Says so when the instances use more than their baseline at the mean load, as far as that can be told: on the group that its
    /// CPU target asks for, or on the size that it keeps.
    pub fn credit_arithmetic(&self, rates: Option<Rates>) -> Option<Arithmetic> {
        let resolved = self.resolved();
        let credits = resolved.instance.credits?;
        let rates = rates.or_else(|| resolved.rates())?;
        resolved.credits_short(&credits, rates)
    }

    fn credits_short(&self, credits: &Credits, rates: Rates) -> Option<Arithmetic> {
        let cores = rates.mean * self.service.mean(|class| class.cpu_time.mean_seconds());
        let size = if self.policy.is_empty() {
            f64::from(self.group.desired.unwrap_or(self.group.min))
        } else {
            let wanted = self.instances(cores / self.utilisation());
            wanted.clamp(f64::from(self.group.min), f64::from(self.group.max))
        };
        let vcpus = f64::from(self.instance.vcpus.unwrap_or(1));
        let used = (cores / (size.max(1.0) * self.instance.cores())).min(1.0);
        let ratio = credits.baseline_ratio.unwrap_or_default();
        if used <= ratio {
            return None;
        }
        let (earned, spent) = (ratio * vcpus * 60.0, used * vcpus * 60.0);
        let lost = spent - earned;
        let then = match credits.mode {
            Some(CreditMode::Standard) => {
                let has = credits.initial + credits.launch.unwrap_or_default();
                format!(
                    "its {} last {}, then it is throttled to {} %",
                    near(has),
                    time(has / lost * 3600.0),
                    near(ratio * 100.0)
                )
            }
            _ => {
                let free = KEPT_HOURS * earned;
                let price = self.prices.surplus_vcpu.nano_usd() as f64 / 1e9;
                format!(
                    "{} surplus credits are free, which last {}, then each instance costs {} USD/h more",
                    near(free),
                    time((credits.initial + free) / lost * 3600.0),
                    near(lost / 60.0 * price)
                )
            }
        };
        let sentence = format!(
            "{} has a baseline of {} %, and {} of them at the mean load use {} %: each spends {} credits an hour and earns {}; {then}",
            self.instance.kind.as_deref().unwrap_or("an instance"),
            near(ratio * 100.0),
            near(size),
            near(used * 100.0),
            near(spent),
            near(earned),
        );
        let figures = vec![
            Figure { name: "baseline", value: ratio, unit: "ratio" },
            Figure { name: "used", value: used, unit: "ratio" },
            Figure { name: "earned_per_hour", value: earned, unit: "credits" },
            Figure { name: "spent_per_hour", value: spent, unit: "credits" },
        ];
        Some(Arithmetic { about: "credits", sentence, figures })
    }
}
