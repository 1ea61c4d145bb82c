//! What the balancer publishes of itself: counts of a stretch, hosts as its nodes see them, how fast its targets answered.

use super::Sim;
use super::desk::Desk;
use crate::control::{Aggregate, BalancerMetric};
use crate::fleet::Life;
use crate::ledger::{Histogram, Responses};
use crate::world::World;

/// What the balancer has counted since the start of the run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    sent: u64,
    responses: Responses,
    bytes: u128,
}

/// How long targets took to answer since the last stretch of the world's resolution ended.
#[derive(Debug)]
pub(super) struct Answers {
    histogram: Histogram,
    sum_ns: u128,
    least_ns: u64,
    most_ns: u64,
}

impl Answers {
    pub fn new() -> Self {
        Answers { histogram: Histogram::new(), sum_ns: 0, least_ns: u64::MAX, most_ns: 0 }
    }

    pub fn record(&mut self, ns: u64) {
        self.histogram.record(ns);
        self.sum_ns += u128::from(ns);
        self.least_ns = self.least_ns.min(ns);
        self.most_ns = self.most_ns.max(ns);
    }

    pub fn clear(&mut self) {
        self.histogram.clear();
        (self.sum_ns, self.least_ns, self.most_ns) = (0, u64::MAX, 0);
    }

    /// Their samples in seconds; values for percentiles are those of the histogram, all else is exact.
    fn samples(&self, keep: bool) -> Aggregate {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let values = self.histogram.counts().filter(|_| keep).map(|(ns, count)| (seconds(ns), count));
        let range = (seconds(self.least_ns), seconds(self.most_ns));
        Aggregate::of(self.histogram.count(), self.sum_ns as f64 / 1e9, range, values.collect())
    }
}

impl Desk {
    pub fn totals(&self) -> Totals {
        let counts = &self.book.counts;
        Totals { sent: counts.attempts.sent, responses: counts.responses, bytes: self.bytes }
    }
}

/// Connections that so many attempts opened.
fn connections(attempts: u64, world: &World) -> u64 {
    attempts / u64::from(world.balancer.units.requests_per_connection.max(1))
}

impl Sim<'_> {
    /// The samples of a metric of the balancer's own over the stretch that ends now; none with a queue, which has no balancer.
    pub(super) fn balancer_samples(&self, which: BalancerMetric, keep: bool) -> Aggregate {
        let mut all = Aggregate::new();
        if self.messages.is_some() {
            return all;
        }
        let (before, now) = (self.measures.told, self.desk.totals());
        let answered = now.responses.since(before.responses);
        let count = match which {
            BalancerMetric::RequestCount => now.sent - before.sent - answered.elb_503,
            BalancerMetric::Elb4xx => answered.elb_460,
            BalancerMetric::Elb5xx => answered.elb_5xx(),
            BalancerMetric::Target5xx => answered.target_5xx,
            BalancerMetric::NewConnections => {
                connections(now.sent, &self.world) - connections(before.sent, &self.world)
            }
            BalancerMetric::ProcessedBytes => (now.bytes - before.bytes) as u64,
            BalancerMetric::HealthyHosts => {
                self.host_samples(|_, life| life.health.healthy, |hosts| all.sample(hosts, keep));
                return all;
            }
            BalancerMetric::UnhealthyHosts => {
                let unhealthy = |_, life: &Life| life.health.known && !life.health.healthy;
                self.host_samples(unhealthy, |hosts| all.sample(hosts, keep));
                return all;
            }
            BalancerMetric::AnomalousHosts => {
                let anomalous = |slot, _: &Life| self.anomalies.is_anomalous(slot);
                self.host_samples(anomalous, |hosts| all.sample(hosts, keep));
                return all;
            }
            BalancerMetric::MitigatedHosts => {
                let mitigated = |slot, _: &Life| self.anomalies.is_mitigated(slot);
                self.host_samples(mitigated, |hosts| all.sample(hosts, keep));
                return all;
            }
            BalancerMetric::TargetResponseTime => {
                return self.desk.answers.as_ref().map_or(all, |answers| answers.samples(keep));
            }
        };
        // Requests are always reported, other counts only where there is something to count.
        if count > 0 || which == BalancerMetric::RequestCount {
            all.sample(count as f64, keep);
        }
        all
    }

    /// How many of the registered targets that each node reaches are wanted; nothing of a node that reaches none.
    fn host_samples(&self, wanted: impl Fn(usize, &Life) -> bool, mut add: impl FnMut(f64)) {
        for zone in 0..self.group.living.len() {
            let here = |l: &Life| self.world.balancer.cross_zone || usize::from(l.zone) == zone;
            let (mut reached, mut hosts) = (0, 0);
            for (slot, life) in self.lives.iter().enumerate().filter(|(_, l)| l.registered() && here(l)) {
                reached += 1;
                hosts += u32::from(wanted(slot, life));
            }
            if reached > 0 {
                add(f64::from(hosts));
            }
        }
    }
}
