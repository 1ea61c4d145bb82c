//! A policy of one's own against a built-in one, on equal luck: `cargo run --release -p simscale --example own_policy`.
//!
//! The policy looks each minute and keeps one instance for every so many requests in flight.

use simscale::engine::{
    Decision, Metric, MetricQuery, Needs, Observation, Policy, Reason, SimDuration, SimTime, Statistic,
};
use simscale::text::Override;
use simscale::{Scenario, summary::Summary};

const MINUTE: SimDuration = SimDuration::from_secs(60);

struct InFlight {
    per_instance: f64,
}

impl Policy for InFlight {
    fn name(&self) -> &str {
        "in-flight"
    }

    fn needs(&self) -> Needs {
        let query = MetricQuery { metric: Metric::InFlight, period: MINUTE, statistic: Statistic::Sum };
        Needs { metrics: vec![query], alarms: Vec::new() }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        Some(now + MINUTE)
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let Some(newest) = seen.datapoints[0].last() else { return Decision::hold(Reason::NoData) };
        let wanted = (newest.value / self.per_instance).ceil() as u32;
        if wanted < seen.desired && seen.booting > 0 {
            return Decision::hold(Reason::WarmingUp { instances: seen.booting });
        }
        let reason = Reason::Other(format!("{:.1} in flight / {}", newest.value, self.per_instance));
        Decision::desired(wanted.clamp(seen.min, seen.max), reason)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = simscale::scenario::starter("own-policy");
    let shorter = Override::new("simulation.duration", "6h");
    let built_in = Scenario::read("own-policy.toml", &text, &[shorter])?;
    let mut bare = built_in.clone();
    bare.policy.clear();

    let theirs = built_in.simulation(None, None)?.run(&mut ())?;
    let ours =
        bare.simulation(None, None)?.with_policy(Box::new(InFlight { per_instance: 2.5 })).run(&mut ())?;
    for (name, scenario, result) in [("built-in", &built_in, theirs), ("own", &bare, ours)] {
        let summary = Summary::new(scenario, &result);
        println!(
            "{name:9} {:6.2} USD, p99 {:.0} ms, {} requests",
            summary.cost_usd.total,
            1000.0 * summary.response_time_s.p99.unwrap_or(0.0),
            summary.requests.arrived
        );
    }
    Ok(())
}
