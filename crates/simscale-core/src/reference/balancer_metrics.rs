//! What the balancer publishes of itself, counted from the log.

use super::log::Entry;
use super::{Engine, Instance};
use crate::control::BalancerMetric;

impl Engine<'_> {
    /// Samples of the stretch that began at `start`.
    pub(super) fn balancer_samples(&self, which: BalancerMetric, start: u64) -> Vec<f64> {
        if self.world.queue.is_some() {
            return vec![];
        }
        let given = self.log.responses_given(start);
        let sent = |from: u64| self.log.count(from, |e| matches!(e, Entry::Sent { .. }));
        let count = |n: u64| if n > 0 { vec![n as f64] } else { vec![] };
        match which {
            BalancerMetric::RequestCount => vec![(sent(start) - given.elb_503) as f64],
            BalancerMetric::Elb4xx => count(given.elb_460),
            BalancerMetric::Elb5xx => count(given.elb_502 + given.elb_503 + given.elb_504),
            BalancerMetric::Target5xx => count(given.target_5xx),
            BalancerMetric::NewConnections => {
                let per = u64::from(self.world.balancer.units.requests_per_connection);
                let (all, old) = (sent(0), sent(0) - sent(start));
                count(all / per - old / per)
            }
            BalancerMetric::ProcessedBytes => count(self.log.since(start).map(|e| e.1.bytes() as u64).sum()),
            BalancerMetric::HealthyHosts => self.hosts(|i| i.healthy),
            BalancerMetric::UnhealthyHosts => self.hosts(|i| !i.healthy && !i.new),
            BalancerMetric::AnomalousHosts => self.hosts(|i| i.anomalous),
            BalancerMetric::MitigatedHosts => self.hosts(|i| i.weight < super::balancer::ONE),
            BalancerMetric::TargetResponseTime => {
                let took = |e: (u64, Entry)| match e.1 {
                    Entry::TargetAnswered { took } => Some(took as f64 / 1e9),
                    _ => None,
                };
                self.log.since(start).filter_map(took).collect()
            }
        }
    }

    /// As each zone's node sees them.
    fn hosts(&self, wanted: fn(&Instance) -> bool) -> Vec<f64> {
        let reached = (0..self.zones()).map(|zone| self.reach(zone)).filter(|reached| !reached.is_empty());
        reached.map(|slots| slots.into_iter().filter(|&s| wanted(self.at(s))).count() as f64).collect()
    }
}
