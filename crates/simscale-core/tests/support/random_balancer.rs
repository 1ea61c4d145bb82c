//! What the balancer publishes of itself, watched in random worlds.

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

/// One of them, with a value of it that small worlds cross.
fn metric(c: &mut Choice) -> (Metric, f64) {
    let which = c.one_of(&BalancerMetric::ALL);
    let at = match which {
        BalancerMetric::TargetResponseTime => 0.012_345_7 * (1 + c.below(20)) as f64,
        BalancerMetric::ProcessedBytes => 1000.5 * (1 + c.below(20_000)) as f64,
        _ => 1.5 + c.below(9) as f64,
    };
    (Metric::Balancer(which), at)
}
