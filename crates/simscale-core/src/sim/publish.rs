//! Samples of metrics: what each instance, the balancer and the group tell at the end of a stretch of time.

use super::Sim;
use super::measure::{Sample, memory_used};
use crate::control::{Aggregate, Family, GroupMetric, Metric};
use crate::fleet::Stage;
use crate::kernel::{Purpose, hash};
use crate::world::CustomMetric;

impl Sim<'_> {
    /// Publishes the samples of all metrics whose stretch ends now, and begins the next.
    pub(super) fn publish(&mut self) {
        let now = self.now;
        if let Some(responses) = &mut self.measures.responses {
            responses.add(self.desk.book.period_histogram());
        }
        for track in 0..self.controls.archive.tracks.len() {
            let asked = &self.controls.archive.tracks[track];
            if !now.is_multiple_of(asked.every) {
                continue;
            }
            let address = asked.metric.address();
            let draw = hash(self.world.seed, Purpose::Datapoint, address, now / asked.every) % 1_000_000;
            let samples = (draw >= u64::from(self.world.metrics.missing_ppm))
                .then(|| self.samples(&asked.metric, asked.every, asked.keep));
            self.controls.archive.push(track, now, samples);
        }
        for meter in &mut self.measures.meters {
            if now.is_multiple_of(meter.every) {
                meter.slots.fill(Sample::default());
            }
        }
        if now.is_multiple_of(self.world.metrics.resolution.as_nanos()) {
            self.measures.told = self.desk.totals();
            if let Some(answers) = &mut self.desk.answers {
                answers.clear();
            }
            if let Some(responses) = &mut self.measures.responses {
                responses.clear();
            }
        }
    }

    /// The samples of a metric over the stretch of `every` nanoseconds that ends now.
    fn samples(&self, metric: &Metric, every: u64, keep: bool) -> Aggregate {
        let mut all = Aggregate::new();
        match metric.family() {
            _ if self.messages.is_some() && *metric == Metric::BacklogPerInstance => {
                self.queue_sample(metric, &mut all, keep);
            }
            Family::Queue => self.queue_sample(metric, &mut all, keep),
            Family::Instance => {
                self.instance_samples(metric, every, |value| all.sample(value, keep));
                if *metric == Metric::RequestCountPerTarget {
                    all.publish_average_as_sum();
                }
            }
            Family::Balancer => {
                if let Metric::Balancer(which) = metric {
                    return self.balancer_samples(*which, keep);
                }
                let responses = self.measures.responses.iter().flat_map(|h| h.counts());
                responses.for_each(|(ns, count)| all.samples(ns as f64 / 1e6, count));
            }
            Family::Group => {
                if let Metric::Group(which) = metric {
                    all.sample(f64::from(self.group_size(*which)), keep);
                }
            }
        }
        all
    }

    fn group_size(&self, which: GroupMetric) -> u32 {
        let g = &self.group;
        match which {
            GroupMetric::MinSize => g.min,
            GroupMetric::MaxSize => g.max,
            GroupMetric::DesiredCapacity => g.desired,
            GroupMetric::InServiceInstances => g.in_service,
            GroupMetric::PendingInstances => g.booting,
            GroupMetric::TerminatingInstances => g.draining,
            GroupMetric::TotalInstances => g.in_service + g.booting + g.draining,
        }
    }

    /// One sample for each instance that counts: in service and past its warm-up.
    fn instance_samples(&self, metric: &Metric, every: u64, mut add: impl FnMut(f64)) {
        let meter = self.measures.meters.iter().find(|m| m.every == every);
        let meter = meter.expect("each resolution of an instance's metric has a meter");
        let warm_up = self.world.group.warm_up.as_nanos();
        for (slot, (life, sample)) in self.lives.iter().zip(&meter.slots).enumerate() {
            let warm = life.in_service.is_some_and(|since| since == 0 || self.now >= since + warm_up);
            let tells = life.target || self.messages.is_some() || *metric != Metric::RequestCountPerTarget;
            if life.stage == Stage::InService && warm && tells && !life.crashed && sample.time > 0 {
                add(self.instance_value(metric, slot, sample));
            }
        }
    }

    fn instance_value(&self, metric: &Metric, slot: usize, s: &Sample) -> f64 {
        let time = s.time as f64;
        match metric {
            Metric::CpuUtilization => 100.0 * s.busy as f64 / (time * self.processors(slot) as f64),
            Metric::MemoryUtilization => {
                100.0 * self.world.instance.memory.map_or(0.0, |m| memory_used(m, s))
            }
            Metric::RequestCountPerTarget => s.taken as f64,
            Metric::InFlight | Metric::BacklogPerInstance => s.flight as f64 / time,
            Metric::QueueLength => s.queue as f64 / time,
            Metric::Custom(index) => custom(&self.world.metrics.custom[usize::from(*index)], s),
            Metric::CpuCreditBalance => {
                self.accounts.as_ref().map_or(0.0, |accounts| accounts.credits(slot, self.now))
            }
            Metric::ResponseTime(_)
            | Metric::Balancer(_)
            | Metric::Group(_)
            | Metric::Math(_)
            | Metric::QueueVisible
            | Metric::QueueInFlight
            | Metric::OldestMessageAge => {
                unreachable!("no instance publishes it")
            }
        }
    }
}

fn custom(metric: &CustomMetric, sample: &Sample) -> f64 {
    let seconds = sample.time as f64 / 1e9;
    let in_flight = sample.flight as f64 / sample.time as f64;
    metric.base
        + metric.per_request_in_flight * in_flight
        + metric.per_request_rate * sample.taken as f64 / seconds
}
