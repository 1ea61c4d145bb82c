//! Knative's steady state: mean pods under constant load, measured and simulated.

use super::kubernetes::Revision;
use super::picture::Value;
use super::{number, rows};
use simscale::Scenario;
use simscale::engine::replication_seed;
use simscale_oracle::stats::mean_interval;
use std::fmt::Write;
use std::path::Path;

/// Replications of each rate.
const SEEDS: u64 = 8;

/// Mean pods at a rate.
pub struct Steady {
    pub rate: f64,
    pub measured: Value,
    /// By a policy of one's own with the rules of the product.
    pub revision: Value,
    /// By the same without its panic.
    pub calm: Value,
    /// By target tracking.
    pub tracking: Value,
}

/// Share of a pod's target that is kept free, and the target: as the measured revisions were set up.
const TARGET: f64 = 0.7;

/// Target tracking on requests, a minute's of 0.7 a second; all else as AWS.
const TRACKING: &str = r#"[[policy]]
name = "requests"
target_tracking = { metric = "request_count_per_target", target = 42.0, warm_up = "0s" }
"#;

fn scenario(rate: f64, policy: &str, period: &str) -> Result<Scenario, String> {
    let text = format!(
        r#"schema = 1
name = "knative"
[simulation]
duration = "70m"
lead_in = "10m"
[workload.constant]
rate = "{rate}/s"
[service]
cpu_time = {{ constant = "20ms" }}
wait_time = {{ exponential = {{ mean = "150ms" }} }}
[instance]
vcpus = 1
price = "0 USD/h"
boot = [{{ phase = "start", time = {{ constant = "2s" }} }}]
[balancer]
deregistration_delay = "1s"
[group]
min = 1
max = 100
desired = {}
warm_up = "0s"
cooldown = "0s"
[metrics]
period = "{period}"
publication_delay = "{}"
{policy}
"#,
        (rate / TARGET).ceil(),
        if period == "1s" { "0s" } else { "60s" },
    );
    Scenario::read("knative.toml", &text, &[]).map_err(|all| all.to_string())
}

/// Mean pods ready over an hour of each replication, by a policy of one's own that panics or does not, or by target tracking.
fn pods(rate: f64, panics: Option<bool>) -> Result<Value, String> {
    let scenario = match panics {
        Some(_) => scenario(rate, "", "1s")?,
        None => scenario(rate, TRACKING, "60s")?,
    };
    let one = |seed: u64| -> Result<f64, String> {
        let mut simulation =
            scenario.simulation(Some(replication_seed(11, seed)), None).map_err(|all| all.to_string())?;
        if let Some(panics) = panics {
            simulation = simulation.with_policy(Box::new(Revision::new(TARGET, panics)));
        }
        Ok(simulation.run(&mut ()).map_err(|broken| broken.to_string())?.capacity.in_service_mean)
    };
    let all: Result<Vec<f64>, String> = (0..SEEDS).map(one).collect();
    let interval = mean_interval(&all?, 0.95).map_err(|error| error.to_string())?;
    Ok(Value { value: interval.mean, half: interval.half_width })
}

/// Every measured rate.
pub fn compare(traces: &Path) -> Result<Vec<Steady>, String> {
    let file = traces.join("autoscaler-runs/knative_rps_target1_steady_state.csv");
    let measured = rows(&file, ["offered_rps", "mean_ready_pods", "ready_pods_ci95"])?;
    let one = |[rate, pods_mean, half]: [String; 3]| {
        let rate = number(&rate)?;
        Ok(Steady {
            rate,
            measured: Value { value: number(&pods_mean)?, half: number(&half)? },
            revision: pods(rate, Some(true))?,
            calm: pods(rate, Some(false))?,
            tracking: pods(rate, None)?,
        })
    };
    measured.into_iter().map(one).collect()
}

pub fn csv_text(steady: &[Steady]) -> String {
    let mut text = "offered_rps,pods_measured,pods_measured_ci95,pods_own_policy,pods_own_policy_ci95,pods_own_without_panic,pods_own_without_panic_ci95,pods_target_tracking,pods_target_tracking_ci95\n".to_owned();
    for at in steady {
        let _ = write!(text, "{}", at.rate);
        for value in [at.measured, at.revision, at.calm, at.tracking] {
            let _ = write!(text, ",{:.3},{:.3}", value.value, value.half);
        }
        text.push('\n');
    }
    text
}

pub fn page(steady: &[Steady]) -> String {
    let mut text = format!(
        "\n## Knative: an hour of constant load at each rate\n\n\
         A revision that scales on requests a second, target 1, utilisation 0.7 (data of pacslab/conc-value-perf-modelling, MIT). Mean pods ready with 95 % intervals; simulated: Poisson arrivals, pods \
         that start in 2 s, {SEEDS} replications.\n\n\
         | offered | measured | own policy, after Knative | difference | the same without panic | difference | target tracking, 42 requests a minute | difference |\n|---|---|---|---|---|---|---|---|\n"
    );
    for at in steady {
        let difference = |to: Value| format!("{:+.1} %", 100.0 * (to.value / at.measured.value - 1.0));
        let _ = writeln!(
            text,
            "| {}/s | {:.2} ± {:.2} | {:.2} ± {:.2} | {} | {:.2} ± {:.2} | {} | {:.2} ± {:.2} | {} |",
            at.rate,
            at.measured.value,
            at.measured.half,
            at.revision.value,
            at.revision.half,
            difference(at.revision),
            at.calm.value,
            at.calm.half,
            difference(at.calm),
            at.tracking.value,
            at.tracking.half,
            difference(at.tracking)
        );
    }
    text
}
