//! Promises: what was promised to users and what share may break it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::{ppm, sim};
use super::names;
use super::run::{check_interval, check_multiple};
use crate::text::{Check, Duration};

/// A promise: a name and exactly one of `latency`, `good_requests`, `availability`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Name in outputs; unique.
    pub name: String,
    /// Share of windows (latency) or of requests (the others) that may break it, 0 to 1; default 0.
    #[serde(default)]
    pub allowed_ratio: f64,
    /// In every window of arrivals, a share of the requests is answered within a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Requests are answered within a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good_requests: Option<GoodRequests>,
    /// Requests are answered, however late: availability = {}.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
}

/// In every window of arrivals, a share of the requests is answered within a limit, retries included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Share of the requests of a window, 0.000001 to 0.999999: 0.99 is p99.
    pub quantile: f64,
    /// The limit; what is refused or failed counts as slower than any limit.
    pub below: Duration,
    /// Length of a window; default "60s".
    #[serde(default = "window")]
    pub window: Duration,
}

/// Requests are answered within a limit, retries included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodRequests {
    /// The limit; what is refused or failed counts as slower than any limit.
    pub below: Duration,
}

/// Requests are answered, however late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Availability {}

fn window() -> Duration {
    Duration::from_secs(60)
}

impl Objective {
    /// In every minute, the share `quantile` of the requests is answered below the limit; no window may break it.
    pub fn latency(name: impl Into<String>, quantile: f64, below: Duration) -> Objective {
        let latency = Some(Latency { quantile, below, window: window() });
        Objective { name: name.into(), allowed_ratio: 0.0, latency, good_requests: None, availability: None }
    }

    /// All requests are answered below the limit but for the share `allowed_ratio`.
    pub fn good_requests(name: impl Into<String>, below: Duration, allowed_ratio: f64) -> Objective {
        let good_requests = Some(GoodRequests { below });
        Objective { name: name.into(), allowed_ratio, latency: None, good_requests, availability: None }
    }

    /// All requests are answered but for the share `allowed_ratio`.
    pub fn availability(name: impl Into<String>, allowed_ratio: f64) -> Objective {
        let availability = Some(Availability {});
        Objective { name: name.into(), allowed_ratio, latency: None, good_requests: None, availability }
    }

    pub(crate) fn world(&self) -> Option<core::Objective> {
        let latency = self.latency.map(|latency| core::ObjectiveKind::Latency {
            quantile_ppm: ppm(latency.quantile),
            below: sim(latency.below),
            window: sim(latency.window),
        });
        let good =
            self.good_requests.map(|good| core::ObjectiveKind::GoodRequests { below: sim(good.below) });
        let availability = self.availability.map(|_| core::ObjectiveKind::Availability);
        let kind = latency.or(good).or(availability)?;
        Some(core::Objective { name: self.name.clone(), kind, allowed_ratio: self.allowed_ratio })
    }
}

pub(crate) fn check(objectives: &[Objective], lead_in: Duration, check: &mut Check<'_>) {
    names::check("objective", objectives, "name", |objective| &objective.name, check);
    for (index, objective) in objectives.iter().enumerate() {
        let path = names::path("objective", objectives, index, |objective| &objective.name);
        let kinds = [
            ("latency", objective.latency.is_some()),
            ("good_requests", objective.good_requests.is_some()),
            ("availability", objective.availability.is_some()),
        ];
        let kinds: Vec<&str> = kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
        match kinds[..] {
            [] => {
                let hint =
                    "add latency = { quantile = 0.99, below = \"300ms\" }, good_requests or availability";
                check.fail(&path, "promises nothing", hint);
            }
            [_] => {}
            _ => {
                let rule =
                    format!("has {} promises ({}) where exactly one belongs", kinds.len(), kinds.join(", "));
                check.fail(&path, rule, "make an [[objective]] of each");
            }
        }
        check.ratio(&format!("{path}.allowed_ratio"), objective.allowed_ratio);
        check_limits(objective, &path, lead_in, check);
    }
}

fn check_limits(objective: &Objective, path: &str, lead_in: Duration, check: &mut Check<'_>) {
    let limits = [
        ("latency.below", objective.latency.map(|latency| latency.below)),
        ("good_requests.below", objective.good_requests.map(|good| good.below)),
    ];
    for (key, _) in limits.into_iter().filter(|(_, limit)| limit.is_some_and(Duration::is_zero)) {
        check.fail(
            &format!("{path}.{key}"),
            "is zero, so that no request can keep it",
            "write a limit such as \"300ms\"",
        );
    }
    let Some(latency) = objective.latency else { return };
    if !(0.000_001..=0.999_999).contains(&latency.quantile) {
        let percent =
            Some(latency.quantile).filter(|quantile| (1.1..100.0).contains(quantile)).unwrap_or(99.0);
        let hint = format!("write p{percent} as {}", (percent * 1e4).round() / 1e6);
        check.fail(&format!("{path}.latency.quantile"), "is no quantile above 0 and below 1", hint);
    }
    let of = format!("{path}.latency.window");
    check_interval(&of, latency.window, check);
    check_multiple("simulation.lead_in", lead_in, latency.window, &of, check);
}
