//! The end of a metric period: everything comes up to date, a row leaves, datapoints are made.

use super::{Event, Sim};
use crate::control::{Datapoint, Metric, Statistic};
use crate::fleet::Stage;
use crate::kernel::{Phase, Purpose, SimDuration, SimTime, hash, key};
use crate::ledger::{Histogram, PeriodRow};
use crate::world::{CustomMetric, Memory, MetricQuery, World};

/// Time integrals of one slot since a meter's last reset, while in service.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// Time in service, ns.
    time: u128,
    /// Processors busy x time, ns.
    busy: u128,
    /// Attempts inside x time, ns.
    flight: u128,
    /// Attempts queued x time, ns.
    queue: u128,
    /// Attempts taken.
    taken: u64,
}

impl Sample {
    fn add(&mut self, other: Sample) {
        self.time += other.time;
        self.busy += other.busy;
        self.flight += other.flight;
        self.queue += other.queue;
        self.taken += other.taken;
    }
}

/// Samples for all queries of one period length.
#[derive(Debug)]
struct Meter {
    /// Length, in periods of the world.
    every: u64,
    slots: Vec<Sample>,
    responses: Histogram,
}

/// All meters, and the sums for the row of the period.
#[derive(Debug)]
pub(super) struct Measures {
    /// Class by class, the part of the CPU time before the wait, in millionths.
    pub before_ppm: Vec<u32>,
    meters: Vec<Meter>,
    row: Sample,
    /// Sum over the statistics window.
    window: (u128, u128),
    /// When each slot was measured last.
    measured: Vec<u64>,
    /// Attempts inside x time of each slot's instance, for Little's law, ns.
    pub flights: Vec<u128>,
    period_start: u64,
    number: u64,
}

impl Measures {
    pub fn new(world: &World, queries: impl Iterator<Item = SimDuration>) -> Self {
        let period = world.metrics.period.as_nanos();
        let mut lengths: Vec<u64> = queries.map(|p| p.as_nanos() / period).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let meter = |every| Meter { every, slots: Vec::new(), responses: Histogram::new() };
        Measures {
            before_ppm: world.classes.iter().map(|c| c.cpu_before_ppm).collect(),
            meters: lengths.into_iter().map(meter).collect(),
            row: Sample::default(),
            window: (0, 0),
            measured: Vec::new(),
            flights: Vec::new(),
            period_start: 0,
            number: 0,
        }
    }

    pub fn grow(&mut self, slots: usize) {
        self.measured.resize(slots, 0);
        self.flights.resize(slots, 0);
        for meter in &mut self.meters {
            meter.slots.resize(slots, Sample::default());
        }
    }

    /// A new instance in the slot is measured from `now` on.
    pub fn begin(&mut self, slot: usize, now: u64) {
        self.measured[slot] = now;
        self.flights[slot] = 0;
        self.forget(slot);
    }

    /// The slot's instance left service: it takes no part in the group's metrics of this period.
    pub fn forget(&mut self, slot: usize) {
        for meter in &mut self.meters {
            meter.slots[slot] = Sample::default();
        }
    }

    /// Busy time over processor time of the statistics window.
    pub fn utilization(&self) -> f64 {
        ratio(self.window.0 as f64, self.window.1 as f64)
    }

    /// Adds what was measured since the last call to the statistics window.
    pub fn close_row(&mut self, vcpus: u32) {
        let row = std::mem::take(&mut self.row);
        self.window.0 += row.busy;
        self.window.1 += row.time * u128::from(vcpus);
    }

    pub fn open_window(&mut self) {
        self.window = (0, 0);
    }
}

impl Sim<'_> {
    /// Takes the integrals of a slot's instance up to `now`.
    pub(super) fn measure_slot(&mut self, slot: usize, now: u64) {
        let areas = self.servers[slot].flush(now);
        let m = &mut self.measures;
        m.flights[slot] += areas.flight;
        let life = &mut self.lives[slot];
        let time = u128::from(now - m.measured[slot]);
        m.measured[slot] = now;
        let mut busy = u128::from(areas.busy);
        if let Some((ppm, since)) = &mut life.boot_cpu {
            let cores = u128::from(self.world.instance.vcpus);
            busy += u128::from(now - *since) * cores * u128::from(*ppm) / 1_000_000;
            *since = now;
        }
        if life.stage == Stage::InService {
            let sample = Sample { time, busy, flight: areas.flight, queue: areas.queue, taken: areas.taken };
            m.row.add(sample);
            for meter in &mut m.meters {
                meter.slots[slot].add(sample);
            }
        }
    }

    /// The boot phase that burns CPU in service ends.
    pub(super) fn flush_boot_cpu(&mut self, slot: usize) {
        if self.lives[slot].boot_cpu.is_some() {
            self.advance(slot, self.now);
            self.measure_slot(slot, self.now);
            self.lives[slot].boot_cpu = None;
        }
    }

    /// A period ends at `now`: what completes at `now` itself belongs to the next.
    pub(super) fn close_period(&mut self) {
        let now = self.now;
        self.measure_all();
        self.measures.number += 1;
        let row = self.period_row();
        self.publish();
        let counts = self.desk.book.close_period(now);
        let row = PeriodRow {
            arrived: counts.arrived,
            served: counts.served,
            refused: counts.refused,
            failed: counts.failed,
            ..row
        };
        self.sink.period(&row);
        self.measures.close_row(self.world.instance.vcpus);
        self.measures.period_start = now;
        if now == self.world.lead_in.as_nanos() {
            self.desk.book.open_window();
            self.group.open_window(now);
            self.measures.open_window();
        }
        if self.sink.stop() {
            self.stopped = true;
            self.ended = true;
        }
        let next = now + self.world.metrics.period.as_nanos();
        if next <= self.world.duration.as_nanos() {
            self.calendar.push(key(next, Phase::Measure), Event::ClosePeriod);
        }
    }

    /// Brings everything up to the nanosecond before `now`, and takes all integrals up to `now`.
    pub(super) fn measure_all(&mut self) {
        let now = self.now;
        if now > 0 {
            self.advance_all(now - 1);
        }
        for slot in 0..self.lives.len() {
            let life = &self.lives[slot];
            if life.stage == Stage::InService || (life.stage == Stage::Draining && life.in_service.is_some())
            {
                self.measure_slot(slot, now);
            }
        }
    }

    fn period_row(&mut self) -> PeriodRow {
        let (now, since) = (self.now, self.measures.period_start);
        let sample = self.measures.row;
        let time = (now - since).max(1) as f64;
        let backend = self.desk.backend.as_mut().map_or((0.0, 0.0), |b| b.flush(now, since));
        let book = &self.desk.book;
        PeriodRow {
            start: SimTime::from_nanos(since),
            end: SimTime::from_nanos(now),
            arrived: 0,
            served: 0,
            refused: 0,
            failed: 0,
            response_ns: book.period_quantiles([0.5, 0.95, 0.99]),
            cpu_utilization: ratio(
                sample.busy as f64,
                sample.time as f64 * f64::from(self.world.instance.vcpus),
            ),
            memory_utilization: self.world.instance.memory.map_or(0.0, |m| memory_used(m, &sample)),
            in_flight_mean: sample.flight as f64 / time,
            queue_mean: sample.queue as f64 / time,
            backend_busy_ratio: backend.0,
            backend_queue_mean: backend.1,
            desired: self.group.desired,
            booting: self.group.booting,
            in_service: self.group.in_service,
            healthy: self.healthy(),
            draining: self.group.draining,
            cost_nano_usd: self.cost_now().0.total_nano_usd(),
        }
    }

    /// The bill up to now.
    pub(super) fn cost_now(&self) -> (crate::ledger::Cost, crate::ledger::Billed) {
        let running =
            self.lives.iter().filter(|l| l.stage != Stage::Gone && !l.crashed).filter_map(|l| l.running);
        self.bill.total(self.now, running)
    }

    /// Makes the datapoints of all meters whose period ends now.
    fn publish(&mut self) {
        let base = self.world.metrics.period.as_nanos();
        for meter in 0..self.measures.meters.len() {
            self.measures.meters[meter].responses.add(self.desk.book.period_histogram());
            let every = self.measures.meters[meter].every;
            if !self.measures.number.is_multiple_of(every) {
                continue;
            }
            for series in 0..self.controls.series.len() {
                let query = self.controls.series[series].query.clone();
                if query.period.as_nanos() != every * base {
                    continue;
                }
                let number = self.measures.number / every;
                let draw = hash(self.world.seed, Purpose::Datapoint, query.address(), number) % 1_000_000;
                let lost = draw < u64::from(self.world.metrics.missing_ppm);
                let value = self.value(&query, meter).filter(|_| !lost);
                let start = SimTime::from_nanos(self.now - every * base);
                let point = value.map(|value| Datapoint { start, period: query.period, value });
                self.controls.series[series].push(point);
            }
            let meter = &mut self.measures.meters[meter];
            meter.responses.clear();
            meter.slots.fill(Sample::default());
        }
    }

    /// The value of a metric over the meter's period; `None` when nothing was measured.
    fn value(&self, query: &MetricQuery, meter: usize) -> Option<f64> {
        let meter = &self.measures.meters[meter];
        if let Metric::ResponseTime(ppm) = query.metric {
            let q = f64::from(ppm) / 1e6;
            return (meter.responses.count() > 0).then(|| meter.responses.quantile(q) as f64 / 1e6);
        }
        let warm_up = self.world.group.warm_up.as_nanos();
        let counted = |slot: &usize| {
            let life = &self.lives[*slot];
            let warm = life.in_service.is_some_and(|since| since == 0 || self.now >= since + warm_up);
            life.stage == Stage::InService && warm && !life.crashed && meter.slots[*slot].time > 0
        };
        let samples = (0..self.lives.len()).filter(counted).map(|slot| {
            let s = &meter.slots[slot];
            let time = s.time as f64;
            match query.metric {
                Metric::CpuUtilization => {
                    100.0 * s.busy as f64 / (time * f64::from(self.world.instance.vcpus))
                }
                Metric::MemoryUtilization => {
                    100.0 * self.world.instance.memory.map_or(0.0, |m| memory_used(m, s))
                }
                Metric::RequestCountPerTarget => s.taken as f64,
                Metric::InFlight | Metric::BacklogPerInstance => s.flight as f64 / time,
                Metric::QueueLength => s.queue as f64 / time,
                Metric::Custom(index) => custom(&self.world.metrics.custom[usize::from(index)], s),
                Metric::ResponseTime(_) => unreachable!("answered above"),
            }
        });
        statistic(samples, query.statistic, query.metric == Metric::RequestCountPerTarget)
    }
}

fn custom(metric: &CustomMetric, sample: &Sample) -> f64 {
    let seconds = sample.time as f64 / 1e9;
    let in_flight = sample.flight as f64 / sample.time as f64;
    metric.base
        + metric.per_request_in_flight * in_flight
        + metric.per_request_rate * sample.taken as f64 / seconds
}

/// Memory used over memory, time average.
fn memory_used(memory: Memory, sample: &Sample) -> f64 {
    let in_flight = ratio(sample.flight as f64, sample.time as f64);
    (memory.base as f64 + in_flight * memory.per_request as f64) / memory.capacity as f64
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A statistic of the samples. `per_target`: the sum is the average number per target already, as an ALB publishes it.
fn statistic(samples: impl Iterator<Item = f64>, statistic: Statistic, per_target: bool) -> Option<f64> {
    let (mut n, mut sum, mut least, mut most) = (0u32, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for sample in samples {
        n += 1;
        sum += sample;
        least = f64::min(least, sample);
        most = f64::max(most, sample);
    }
    (n > 0).then_some(match statistic {
        Statistic::Average => sum / f64::from(n),
        Statistic::Sum if per_target => sum / f64::from(n),
        Statistic::Sum => sum,
        Statistic::Minimum => least,
        Statistic::Maximum => most,
    })
}
