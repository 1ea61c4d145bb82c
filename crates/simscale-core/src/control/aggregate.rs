//! What is known of a metric over a stretch of time: enough for every statistic, and joined without loss.

use super::{Metric, Statistic};

/// Samples of a metric, added up. Joining two gives what all their samples together give: a longer period is never a mean of means.
#[derive(Debug, Clone)]
pub(crate) struct Aggregate {
    /// Number of samples.
    pub samples: u64,
    /// What the statistic `sum` adds up: the samples, or a value of the publisher's own.
    total: f64,
    sum: f64,
    least: f64,
    most: f64,
    /// Values with how often they occurred, kept where a percentile is asked.
    values: Vec<(f64, u64)>,
}

impl Aggregate {
    /// Of nothing yet.
    pub fn new() -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Aggregate { samples: 0, total: 0.0, sum: 0.0, least, most, values: Vec::new() }
    }

    /// Of samples that somebody else has added up; `values` for percentiles.
    pub fn of(samples: u64, sum: f64, (least, most): (f64, f64), values: Vec<(f64, u64)>) -> Self {
        if samples == 0 {
            return Aggregate::new();
        }
        Aggregate { samples, total: sum, sum, least, most, values }
    }

    /// Adds a sample. `keep`: for percentiles.
    pub fn sample(&mut self, value: f64, keep: bool) {
        self.samples += 1;
        self.sum += value;
        self.total += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        if keep {
            self.values.push((value, 1));
        }
    }

    /// Adds `count` samples of one value.
    pub fn samples(&mut self, value: f64, count: u64) {
        self.samples += count;
        self.sum += value * count as f64;
        self.total += value * count as f64;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.values.push((value, count));
    }

    /// The statistic `sum` of this stretch is the average: how a balancer publishes its count per target.
    pub fn publish_average_as_sum(&mut self) {
        if self.samples > 0 {
            self.total = self.sum / self.samples as f64;
        }
    }

    /// Adds the samples of another stretch.
    pub fn join(&mut self, other: &Aggregate) {
        self.samples += other.samples;
        self.sum += other.sum;
        self.total += other.total;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.values.extend_from_slice(&other.values);
    }

    /// A statistic of the samples; `None` without any. Response times are a percentile by their name, except that they can be counted.
    pub fn value(&self, metric: &Metric, statistic: Statistic) -> Option<f64> {
        if self.samples == 0 {
            return None;
        }
        let statistic = match (metric, statistic) {
            (Metric::ResponseTime(ppm), wanted) if wanted != Statistic::SampleCount => {
                Statistic::Percentile(*ppm)
            }
            (_, wanted) => wanted,
        };
        Some(match statistic {
            Statistic::Average => self.sum / self.samples as f64,
            Statistic::Sum => self.total,
            Statistic::Minimum => self.least,
            Statistic::Maximum => self.most,
            Statistic::SampleCount => self.samples as f64,
            Statistic::Percentile(ppm) => self.percentile(ppm),
        })
    }

    /// The sample of rank `ceil(share x samples)` in rising order.
    fn percentile(&self, ppm: u32) -> f64 {
        let mut values = self.values.clone();
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let rank = (u128::from(self.samples) * u128::from(ppm)).div_ceil(1_000_000).max(1);
        let mut seen = 0;
        let reached = values.iter().find(|(_, count)| {
            seen += u128::from(*count);
            seen >= rank
        });
        reached.map_or(f64::NAN, |v| v.0)
    }
}
