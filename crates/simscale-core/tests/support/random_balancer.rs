//! What the balancer publishes of itself, and its anomalies, in random worlds.

use super::random_world::{Choice, Small};
use super::*;

/// Readers, alarms and expressions look at the balancer's own metrics.
pub fn watch(c: &mut Choice, small: &mut Small) {
    if let (Some(reader), true) = (small.readers.last_mut(), c.chance(40)) {
        let (metric, at) = metric(c);
        reader.queries[0].metric = metric;
        (reader.low, reader.high) = (at * 0.37, at);
    }
    let median = Statistic::Percentile(c.one_of(&[100_000, 500_000, 990_000]));
    for reader in &mut small.readers {
        if c.chance(30) {
            // Percentiles differ as histograms do, so that nobody decides by them.
            let period = reader.queries[0].period;
            reader.queries.push(MetricQuery { metric: metric(c).0, period, statistic: median });
        }
    }
    for alarm in small.watchers.iter_mut().flat_map(|w| &mut w.alarms) {
        if c.chance(20) {
            (alarm.query.metric, alarm.threshold) = metric(c);
            alarm.query.statistic = c.one_of(&[Statistic::Average, Statistic::Sum, Statistic::Maximum]);
        }
    }
    for math in &mut small.world.metrics.math {
        if c.chance(30) {
            let left = Expression::Metric(metric(c).0, Statistic::Sum);
            let right = Expression::Metric(Metric::Balancer(BalancerMetric::RequestCount), Statistic::Sum);
            math.expression = Expression::Join(Operator::Divide, Box::new(left), Box::new(right));
        }
    }
}

/// Targets are compared with their peers, most of them by a balancer that draws by weights.
pub fn anomalies(c: &mut Choice, small: &mut Small, grid: u64) {
    if !c.chance(35) || small.world.queue.is_some() {
        return;
    }
    let every = (c.between(100_000_000, 2_000_000_000) / grid * grid).max(grid);
    let weight = |c: &mut Choice| c.one_of(&[1, 3_277, 13_107, 30_001, 65_536]);
    let balancer = &mut small.world.balancer;
    balancer.anomalies = Some(Anomalies {
        every: SimDuration::from_nanos(every),
        margin_ppm: c.one_of(&[1, 50_000, 300_000, 1_000_000]),
        least_errors: c.between(1, 4),
        mitigation: c.chance(80).then(|| Mitigation {
            step: weight(c),
            minimum: weight(c),
            recovery: weight(c),
        }),
    });
    if c.chance(80) {
        balancer.algorithm = Algorithm::WeightedRandom;
    }
}

/// One of them, with a value of it that small worlds cross.
fn metric(c: &mut Choice) -> (Metric, f64) {
    let which = c.one_of(&BalancerMetric::ALL);
    let at = match which {
        BalancerMetric::TargetResponseTime => 0.012_345_7 * (1 + c.below(20)) as f64,
        BalancerMetric::ProcessedBytes => 1000.5 * (1 + c.below(20_000)) as f64,
        BalancerMetric::AnomalousHosts | BalancerMetric::MitigatedHosts => 0.5 + c.below(2) as f64,
        _ => 1.5 + c.below(9) as f64,
    };
    (Metric::Balancer(which), at)
}
