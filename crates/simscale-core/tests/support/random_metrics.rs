//! How random worlds are measured: monitoring, statistics, windows, publication and expressions.

use super::random_world::{Choice, Small};
use super::*;

/// Monitoring, statistics, sliding windows, phases and metric math, on top of what is watched already.
pub fn cloudwatch(c: &mut Choice, small: &mut Small) {
    let m = &mut small.world.metrics;
    let base = m.resolution.as_nanos();
    m.ec2_resolution = SimDuration::from_nanos(base * c.one_of(&[1, 1, 2, 3, 5]));
    m.minute = SimDuration::from_nanos(c.one_of(&[60_000_000_000, base, 2 * base, 1_300_000_000]));
    m.fine_alarm_every = SimDuration::from_nanos(c.one_of(&[300_000_000, 1_000_000_000]));
    m.alarm_phase = c.one_of(&[AlarmPhase::Aligned, AlarmPhase::Random]);
    if c.chance(20) {
        m.publication_law = Some(Distribution::Uniform { low: 1e8, high: 3e9 });
    }
    m.math = (0..2).map(|i| MathMetric { name: format!("math {i}"), expression: tree(c, 3) }).collect();
    let periods: Vec<u64> = (1..=4).map(|n| n * base).collect();
    for reader in &mut small.readers {
        for _ in 0..c.below(3) {
            reader.queries.push(exotic(c, &periods).0);
        }
    }
    for alarm in small.watchers.iter_mut().flat_map(|w| &mut w.alarms) {
        alarm.window = c.one_of(&[Window::Sliding, Window::Sliding, Window::WallClock]);
        alarm.low_samples = c.one_of(&[LowSamples::Evaluate, LowSamples::Ignore]);
        if c.chance(40) {
            (alarm.query, alarm.threshold) = exotic(c, &periods);
        }
    }
}

/// A query beyond the plain ones, with a value of it that small worlds cross.
fn exotic(c: &mut Choice, periods: &[u64]) -> (MetricQuery, f64) {
    let median = Statistic::Percentile(c.one_of(&[100_000, 500_000, 900_000]));
    let (metric, statistic, at) = match c.below(6) {
        0 => (Metric::Group(c.one_of(&GroupMetric::ALL)), Statistic::Average, 2.123_457),
        1 => (Metric::Math(c.below(2) as u16), Statistic::Average, 0.723_457 + c.below(4) as f64),
        2 => (Metric::CpuUtilization, median, 30.123_457),
        3 => (Metric::InFlight, median, 0.623_457),
        4 => (Metric::ResponseTime(500_000), c.one_of(&[Statistic::SampleCount, Statistic::Average]), 0.0),
        _ => (Metric::RequestCountPerTarget, c.one_of(&[Statistic::SampleCount, Statistic::Sum]), 3.123_457),
    };
    (MetricQuery { metric, period: SimDuration::from_nanos(c.one_of(periods)), statistic }, at)
}

/// A random expression, without the response time, whose values differ as histograms do.
fn tree(c: &mut Choice, depth: u32) -> Expression {
    if depth == 0 || c.chance(20) {
        return match c.below(4) {
            0 => Expression::Number(c.below(4) as f64),
            1 => Expression::Metric(Metric::Group(c.one_of(&GroupMetric::ALL)), Statistic::Average),
            2 => Expression::Metric(Metric::ResponseTime(500_000), Statistic::SampleCount),
            _ => {
                let all = [Metric::CpuUtilization, Metric::InFlight, Metric::RequestCountPerTarget];
                let statistic = c.one_of(&[Statistic::Average, Statistic::Sum, Statistic::Maximum]);
                Expression::Metric(all[c.below(3) as usize].clone(), statistic)
            }
        };
    }
    let operator = c.one_of(&[Operator::Add, Operator::Subtract, Operator::Multiply, Operator::Divide]);
    Expression::Join(operator, Box::new(tree(c, depth - 1)), Box::new(tree(c, depth - 1)))
}
