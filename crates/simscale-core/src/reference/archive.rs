//! Every sample of every metric, written down once, and datapoints computed from the list whenever somebody asks.

use super::log::quantile;
use super::{Engine, Instance};
use crate::control::{Datapoint, Expression, GroupMetric, Metric, Operator, Statistic, Window};
use crate::kernel::{Purpose, Sampler, SimTime, hash, mix, stream};
use crate::world::MetricQuery;

/// The samples of a metric over a stretch of its resolution.
pub(super) struct Stretch {
    metric: Metric,
    from: u64,
    known: u64,
    samples: Vec<f64>,
}

/// A datapoint with the number of its samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub point: Datapoint,
    pub samples: usize,
}

/// Response times are one series, whichever percentile is read off it.
fn series(metric: &Metric) -> Metric {
    if matches!(metric, Metric::ResponseTime(_)) { Metric::ResponseTime(500_000) } else { metric.clone() }
}

impl Engine<'_> {
    /// The metrics with samples behind a query.
    fn sources(&self, query: &MetricQuery) -> Vec<Metric> {
        match &query.metric {
            Metric::Math(index) => {
                let tree = &self.world.metrics.math[usize::from(*index)].expression;
                tree.operands().iter().map(|o| series(&o.0)).collect()
            }
            metric => vec![series(metric)],
        }
    }

    /// Somebody will ask for this.
    pub(super) fn subscribe(&mut self, query: &MetricQuery) {
        for metric in self.sources(query) {
            if !self.published.contains(&metric) {
                self.published.push(metric);
            }
        }
    }

    /// Writes down the samples of the stretches that end now.
    pub(super) fn publish(&mut self) {
        for metric in self.published.clone() {
            let length = metric.resolution(&self.world.metrics).as_nanos();
            if !self.now.is_multiple_of(length) {
                continue;
            }
            let draw = hash(self.world.seed, Purpose::Datapoint, metric.address(), self.now / length);
            if draw % 1_000_000 < u64::from(self.world.metrics.missing_ppm) {
                continue;
            }
            let from = self.now - length;
            let samples = self.samples(&metric, from);
            let known = self.known(&metric, self.now);
            self.stretches.push(Stretch { metric, from, known, samples });
        }
    }

    /// When what a metric measured up to `end` can be seen.
    fn known(&self, metric: &Metric, end: u64) -> u64 {
        let m = &self.world.metrics;
        end + match &m.publication_law {
            None => m.publication_delay.as_nanos(),
            Some(law) => {
                let index = mix(metric.address() ^ mix(end));
                Sampler::new(law, stream(self.world.seed, Purpose::PublicationDelay, index)).draw()
            }
        }
    }

    /// The newest time that all sources of a query have published.
    fn newest(&self, query: &MetricQuery) -> u64 {
        let step = self.world.metrics.resolution.as_nanos();
        let published = |metric: &Metric, end: u64| end == 0 || self.known(metric, end) <= self.now;
        let newest = |metric: &Metric| {
            let whole = (0..=self.now / step).rev().map(|k| k * step);
            whole.into_iter().find(|&end| published(metric, end)).unwrap_or(0)
        };
        self.sources(query).iter().map(newest).min().unwrap_or(0)
    }

    /// By how much the windows of a query move on.
    fn slide(&self, query: &MetricQuery, window: Window) -> u64 {
        let m = &self.world.metrics;
        let (period, mut step) = (query.period.as_nanos(), m.resolution.as_nanos());
        if window == Window::WallClock {
            return period;
        }
        let coarsest = self.sources(query).iter().map(|s| s.resolution(m).as_nanos()).max();
        if coarsest.is_some_and(|c| c <= period) {
            step = coarsest.unwrap_or(step);
        }
        let mut slide = step;
        while slide < m.minute.as_nanos() {
            slide += step;
        }
        slide.min(period)
    }

    /// The last windows of a query, oldest first; `None` is a missing datapoint.
    pub(super) fn windows(&self, query: &MetricQuery, window: Window, count: u64) -> Vec<Option<Measured>> {
        let (slide, period) = (self.slide(query, window), query.period.as_nanos());
        let end = self.newest(query) / slide * slide;
        let mut list = Vec::new();
        for back in (1..=count).rev() {
            let begins = end as i128 - i128::from(back) * i128::from(period);
            list.push(if begins < 0 { None } else { self.datapoint(query, begins as u64) });
        }
        list
    }

    fn datapoint(&self, query: &MetricQuery, from: u64) -> Option<Measured> {
        let to = from + query.period.as_nanos();
        let (value, samples) = match &query.metric {
            Metric::Math(index) => {
                let tree = &self.world.metrics.math[usize::from(*index)].expression;
                (self.compute(tree, from, to)?, usize::MAX)
            }
            metric => {
                let stretches = self.stretches_in(metric, from, to);
                let count = stretches.iter().map(|s| s.samples.len()).sum();
                (statistic(&stretches, metric, query.statistic)?, count)
            }
        };
        let point = Datapoint { start: SimTime::from_nanos(from), period: query.period, value };
        Some(Measured { point, samples })
    }

    fn stretches_in(&self, metric: &Metric, from: u64, to: u64) -> Vec<&Stretch> {
        let wanted = series(metric);
        let inside = |s: &&Stretch| s.from >= from && s.from < to && s.known <= self.now;
        self.stretches.iter().filter(|s| s.metric == wanted).filter(inside).collect()
    }

    fn compute(&self, tree: &Expression, from: u64, to: u64) -> Option<f64> {
        let value = match tree {
            Expression::Number(number) => *number,
            Expression::Metric(metric, wanted) => {
                statistic(&self.stretches_in(metric, from, to), metric, *wanted)?
            }
            Expression::Join(operator, left, right) => {
                let (a, b) = (self.compute(left, from, to)?, self.compute(right, from, to)?);
                match operator {
                    Operator::Add => a + b,
                    Operator::Subtract => a - b,
                    Operator::Multiply => a * b,
                    Operator::Divide => a / b,
                }
            }
        };
        Some(value).filter(|v| v.is_finite())
    }

    /// One sample an instance, one a request, or the one of the whole group.
    fn samples(&self, metric: &Metric, start: u64) -> Vec<f64> {
        let warm_up = self.world.group.warm_up.as_nanos();
        let warm = |i: &Instance| i.in_service_from.is_some_and(|s| s == 0 || self.now - s >= warm_up);
        let counted = self.slots().map(|s| s.1).filter(|i| i.registered() && !i.crashed && warm(i));
        let counted = counted.map(|i| (i, self.area_of(i, start))).filter(|a| a.1.time > 0.0);
        if *metric == Metric::CpuCreditBalance {
            return counted.map(|a| self.credits_of(a.0)).collect();
        }
        if *metric == Metric::CpuUtilization {
            let share =
                |(i, a): (&Instance, super::measure::Area)| a.busy / a.time / f64::from(self.vcpus(i));
            return counted.map(|of| share(of) * 100.0).collect();
        }
        let judged =
            |i: &Instance| i.target || self.world.queue.is_some() || *metric != Metric::RequestCountPerTarget;
        let areas = counted.filter(|a| judged(a.0)).map(|a| a.1);
        match metric {
            Metric::MemoryUtilization => match self.world.instance.memory {
                None => areas.map(|_| 0.0).collect(),
                Some(m) => {
                    let used = |inside: f64| m.base as f64 + m.per_request as f64 * inside;
                    areas.map(|a| used(a.inside / a.time) / m.capacity as f64 * 100.0).collect()
                }
            },
            Metric::RequestCountPerTarget => areas.map(|a| a.taken).collect(),
            Metric::CpuCreditBalance | Metric::CpuUtilization => unreachable!("answered above"),
            Metric::QueueVisible | Metric::QueueInFlight | Metric::OldestMessageAge => {
                self.queue_samples(metric)
            }
            Metric::BacklogPerInstance if self.world.queue.is_some() => self.queue_samples(metric),
            Metric::InFlight | Metric::BacklogPerInstance => areas.map(|a| a.inside / a.time).collect(),
            Metric::QueueLength => areas.map(|a| a.queued / a.time).collect(),
            Metric::ResponseTime(_) => self.log.responses(start).iter().map(|&ns| ns as f64).collect(),
            Metric::Custom(index) => {
                let c = &self.world.metrics.custom[usize::from(*index)];
                let flight = |inside: f64| c.base + c.per_request_in_flight * inside;
                areas
                    .map(|a| flight(a.inside / a.time) + c.per_request_rate * a.taken / (a.time / 1e9))
                    .collect()
            }
            Metric::Group(which) => vec![f64::from(self.size(*which))],
            Metric::Balancer(which) => self.balancer_samples(*which, start),
            Metric::Math(_) => vec![],
        }
    }

    fn size(&self, which: GroupMetric) -> u32 {
        let (booting, in_service, leaving) = (self.booting(), self.in_service(), self.leaving());
        match which {
            GroupMetric::MinSize => self.world.group.min,
            GroupMetric::MaxSize => self.world.group.max,
            GroupMetric::DesiredCapacity => self.desired,
            GroupMetric::InServiceInstances => in_service,
            GroupMetric::PendingInstances => booting,
            GroupMetric::TerminatingInstances => leaving,
            GroupMetric::TotalInstances => booting + in_service + leaving,
        }
    }

    /// Whether an alarm does not judge a percentile of so few samples.
    pub(super) fn too_few(ppm: u64, samples: usize) -> bool {
        // 10 / (1 - p) from the median up, 10 / p below it.
        let share = if ppm >= 500_000 { 1_000_000 - ppm } else { ppm };
        samples as u128 * u128::from(share) < 10_000_000
    }
}

fn statistic(stretches: &[&Stretch], metric: &Metric, wanted: Statistic) -> Option<f64> {
    let mut all: Vec<f64> = stretches.iter().flat_map(|s| s.samples.iter().copied()).collect();
    if all.is_empty() {
        return None;
    }
    all.sort_unstable_by(f64::total_cmp);
    let ranked = |ppm: u32| all[(all.len() as u64 * u64::from(ppm)).div_ceil(1_000_000).max(1) as usize - 1];
    if let (Metric::ResponseTime(ppm), true) = (metric, wanted != Statistic::SampleCount) {
        let nanos: Vec<u64> = all.iter().map(|&v| v as u64).collect();
        return Some(quantile(&nanos, u64::from(*ppm)) as f64 / 1e6);
    }
    let total: f64 = all.iter().sum();
    Some(match wanted {
        Statistic::Average => total / all.len() as f64,
        // An ALB publishes the average of each stretch as its sum.
        Statistic::Sum if *metric == Metric::RequestCountPerTarget => {
            let mean = |s: &Stretch| s.samples.iter().sum::<f64>() / s.samples.len() as f64;
            stretches.iter().filter(|s| !s.samples.is_empty()).map(|s| mean(s)).sum()
        }
        Statistic::Sum => total,
        Statistic::Minimum => all[0],
        Statistic::Maximum => all[all.len() - 1],
        Statistic::SampleCount => all.len() as f64,
        Statistic::Percentile(ppm) => ranked(ppm),
    })
}
