//! The boot of an instance: phases in order, each of which takes time and may fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{Law, ppm, sim};
use super::names;
use crate::text::{Check, Duration};

/// A phase of the boot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BootPhase {
    /// Name in outputs; unique.
    pub phase: String,
    /// How long it takes.
    pub time: Law,
    /// Where it lies: "pending" (not billed), "running" (billed, not in service), "in_service" (registered, does not answer); default "running".
    #[serde(default)]
    pub stage: BootStage,
    /// Chance that it fails, 0 to 1; default 0.
    #[serde(default)]
    pub failure_ratio: f64,
    /// What a failure means: "terminate" (and replace), "never_ready" or { serves_errors = { ... } }; default "terminate".
    #[serde(default)]
    pub on_failure: BootFailure,
    /// CPU utilisation while it runs, 0 to 1; the group's metric sees it in the stage "in_service"; default 0.
    #[serde(default)]
    pub cpu_ratio: f64,
}

/// Where in the life of the instance a boot phase lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootStage {
    /// Before the instance runs: not billed.
    Pending,
    /// Billed, not yet in service: a lifecycle hook would hold it here.
    #[default]
    Running,
    /// In service and registered with the balancer, while the application does not answer yet.
    InService,
}

/// What becomes of an instance whose boot phase failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BootFailure {
    /// It terminates at the end of the phase and is replaced.
    #[default]
    Terminate,
    /// It enters service and never answers.
    NeverReady,
    /// It enters service and answers every request with an error, fast.
    ServesErrors {
        /// CPU time of an error answer; default "2ms".
        #[serde(default = "error_time")]
        error_time: Duration,
        /// How long its health check goes on passing, from the end of the boot; default "0s".
        #[serde(default)]
        check_passes_for: Duration,
    },
}

fn error_time() -> Duration {
    Duration::from_millis(2)
}

impl BootPhase {
    /// A phase of this name and length that never fails, in the stage "running".
    pub fn new(phase: impl Into<String>, time: Law) -> BootPhase {
        BootPhase {
            phase: phase.into(),
            time,
            stage: BootStage::default(),
            failure_ratio: 0.0,
            on_failure: BootFailure::default(),
            cpu_ratio: 0.0,
        }
    }

    pub(crate) fn world(&self) -> core::BootPhase {
        core::BootPhase {
            name: self.phase.clone(),
            time: self.time.distribution(),
            stage: match self.stage {
                BootStage::Pending => core::BootStage::Pending,
                BootStage::Running => core::BootStage::Running,
                BootStage::InService => core::BootStage::InService,
            },
            failure_ppm: ppm(self.failure_ratio),
            on_failure: match self.on_failure {
                BootFailure::Terminate => core::BootFailure::Terminate,
                BootFailure::NeverReady => core::BootFailure::NeverReady,
                BootFailure::ServesErrors { error_time, check_passes_for } => {
                    core::BootFailure::ServesErrors {
                        error_time: sim(error_time),
                        check_passes_for: sim(check_passes_for),
                    }
                }
            },
            cpu_ppm: ppm(self.cpu_ratio),
        }
    }
}

impl BootStage {
    fn name(self) -> &'static str {
        match self {
            BootStage::Pending => "pending",
            BootStage::Running => "running",
            BootStage::InService => "in_service",
        }
    }
}

pub(crate) fn check(boot: &[BootPhase], check: &mut Check<'_>) {
    names::check("instance.boot", boot, "phase", |phase| &phase.phase, check);
    for (index, phase) in boot.iter().enumerate() {
        let path = names::path("instance.boot", boot, index, |phase| &phase.phase);
        phase.time.check(&format!("{path}.time"), check);
        check.ratio(&format!("{path}.failure_ratio"), phase.failure_ratio);
        check.ratio(&format!("{path}.cpu_ratio"), phase.cpu_ratio);
        let until: f64 = boot[..=index].iter().map(|phase| phase.time.mean_seconds()).sum();
        if phase.failure_ratio > 0.0 && phase.on_failure == BootFailure::Terminate && until < 1.0 {
            // The group launches a replacement at once, so that a launch must take its time to fail.
            let rule = "comes within a second of the launch, which is then repeated at once";
            check.fail(
                &format!("{path}.failure_ratio"),
                rule,
                "give the boot at least a second, or another on_failure",
            );
        }
        if let Some(before) = index.checked_sub(1).map(|before| &boot[before])
            && phase.stage < before.stage
        {
            let rule = format!("comes before the stage of the phase before it ({})", before.stage.name());
            let path = format!("{path}.stage");
            check.fail_value(
                &path,
                phase.stage.name(),
                rule,
                "order the phases: pending, running, in_service",
            );
        }
    }
}
