//! The end of a metric period: everything comes up to date, a row leaves, datapoints are made.

use super::balancer_metrics::Totals;
use super::credits::Accounts;
use super::{Event, Sim};
use crate::control::{Family, Metric, Track};
use crate::fleet::Stage;
use crate::kernel::{Phase, SimTime, key};
use crate::ledger::{Histogram, PeriodRow, Responses};
use crate::world::{Memory, World};

const HOUR: u64 = 3_600_000_000_000;

/// Time integrals of one slot since a meter's last reset, while in service.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    /// Time in service, ns.
    pub time: u128,
    /// Processors x time, in the unit of `busy`.
    pub room: u128,
    /// Processors busy x time, ns; with credits what they executed, in 1/600 ns.
    pub busy: u128,
    /// Attempts inside x time, ns.
    pub flight: u128,
    /// Attempts queued x time, ns.
    pub queue: u128,
    /// Attempts taken.
    pub taken: u64,
}

impl Sample {
    fn add(&mut self, other: Sample) {
        self.time += other.time;
        self.room += other.room;
        self.busy += other.busy;
        self.flight += other.flight;
        self.queue += other.queue;
        self.taken += other.taken;
    }
}

/// Samples for all metrics of one resolution.
#[derive(Debug)]
pub(super) struct Meter {
    /// Length, ns.
    pub every: u64,
    pub slots: Vec<Sample>,
}

/// All meters, and the sums for the row of the period.
#[derive(Debug)]
pub(super) struct Measures {
    /// Class by class, the part of the CPU time before the wait, in millionths.
    pub before_ppm: Vec<u32>,
    pub meters: Vec<Meter>,
    /// Response times since the last stretch of the world's resolution, where somebody asks for them.
    pub responses: Option<Histogram>,
    /// What the balancer had counted when the last stretch of the world's resolution ended.
    pub told: Totals,
    row: Sample,
    /// Sum over the statistics window.
    window: (u128, u128),
    /// When each slot was measured last.
    measured: Vec<u64>,
    /// Attempts inside x time of each slot's instance, for Little's law, ns.
    pub flights: Vec<u128>,
    /// Time in service of each slot's instance, ns, and its processors busy in it, as in [`Sample`].
    lives: Vec<(u128, u128)>,
    period_start: u64,
}

impl Measures {
    pub fn new(world: &World, tracks: &[Track]) -> Self {
        let instances = tracks.iter().filter(|t| t.metric.family() == Family::Instance);
        let mut lengths: Vec<u64> = instances.map(|t| t.every).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let times = tracks.iter().any(|t| matches!(t.metric, Metric::ResponseTime(_)));
        Measures {
            before_ppm: world.classes.iter().map(|c| c.cpu_before_ppm).collect(),
            meters: lengths.into_iter().map(|every| Meter { every, slots: Vec::new() }).collect(),
            responses: times.then(Histogram::new),
            told: Totals::default(),
            row: Sample::default(),
            window: (0, 0),
            measured: Vec::new(),
            flights: Vec::new(),
            lives: Vec::new(),
            period_start: 0,
        }
    }

    pub fn grow(&mut self, slots: usize) {
        self.measured.resize(slots, 0);
        self.flights.resize(slots, 0);
        self.lives.resize(slots, (0, 0));
        for meter in &mut self.meters {
            meter.slots.resize(slots, Sample::default());
        }
    }

    /// A new instance in the slot is measured from `now` on.
    pub fn begin(&mut self, slot: usize, now: u64) {
        self.measured[slot] = now;
        self.flights[slot] = 0;
        self.lives[slot] = (0, 0);
        self.forget(slot);
    }

    /// The slot's instance left service: it takes no part in the group's metrics of this period.
    pub fn forget(&mut self, slot: usize) {
        for meter in &mut self.meters {
            meter.slots[slot] = Sample::default();
        }
    }

    /// Time in service of the slot's instance, ns, and its processors busy in it, as in [`Sample`].
    pub fn whole_life(&self, slot: usize) -> (u128, u128) {
        self.lives[slot]
    }

    /// Busy time over processor time of the statistics window.
    pub fn utilization(&self) -> f64 {
        ratio(self.window.0 as f64, self.window.1 as f64)
    }

    /// Adds what was measured since the last call to the statistics window.
    pub fn close_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        self.window.0 += row.busy;
        self.window.1 += row.room;
    }

    pub fn open_window(&mut self) {
        self.window = (0, 0);
    }
}

impl Sim<'_> {
    /// Takes the integrals of a slot's instance up to `now`.
    pub(super) fn measure_slot(&mut self, slot: usize, now: u64) {
        let areas = self.servers[slot].flush(now);
        let (processors, kind) = (self.processors(slot), self.world.kind(self.lives[slot].kind));
        let m = &mut self.measures;
        m.flights[slot] += areas.flight;
        let life = &mut self.lives[slot];
        let time = u128::from(now - m.measured[slot]);
        m.measured[slot] = now;
        let mut busy = match &mut self.accounts {
            Some(accounts) => accounts.flushed(slot, areas.busy),
            None => u128::from(areas.busy),
        };
        if let Some((ppm, since)) = &mut life.boot_cpu {
            let boot = u128::from(now - *since) * u128::from(kind.vcpus) * u128::from(*ppm) / 1_000_000;
            busy += boot * Accounts::unit(&self.accounts);
            *since = now;
        }
        if life.stage == Stage::InService {
            let room = time * processors;
            let sample =
                Sample { time, room, busy, flight: areas.flight, queue: areas.queue, taken: areas.taken };
            m.row.add(sample);
            m.lives[slot].0 += time;
            m.lives[slot].1 += busy;
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
        let row = self.period_row();
        self.publish();
        let counts = self.desk.book.close_period(now);
        let row = PeriodRow {
            arrived: counts.arrived,
            served: counts.served,
            refused: counts.refused,
            failed: counts.failed,
            responses: counts.responses,
            ..row
        };
        self.sink.period(&row);
        self.measures.close_row();
        self.measures.period_start = now;
        if now == self.world.lead_in.as_nanos() {
            self.desk.book.open_window();
            self.group.open_window(now);
            self.agents.open_window();
            self.machines.counts = crate::ledger::MachineCounts::default();
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
            if matches!(life.stage, Stage::InService | Stage::Standing)
                || (life.stage == Stage::Draining && life.in_service.is_some())
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
        let credits = self.credits_now();
        let targets = self.target_counts();
        let book = &self.desk.book;
        PeriodRow {
            start: SimTime::from_nanos(since),
            end: SimTime::from_nanos(now),
            arrived: 0,
            served: 0,
            refused: 0,
            failed: 0,
            responses: Responses::default(),
            response_ns: book.period_quantiles([0.5, 0.95, 0.99]),
            cpu_utilization: ratio(sample.busy as f64, sample.room as f64),
            memory_utilization: self.world.instance.memory.map_or(0.0, |m| memory_used(m, &sample)),
            in_flight_mean: sample.flight as f64 / time,
            queue_mean: sample.queue as f64 / time,
            backend_busy_ratio: backend.0,
            backend_queue_mean: backend.1,
            messages_visible: self.visible_messages(),
            messages_in_flight: self.in_flight_messages(),
            oldest_message_ns: self.oldest_message(),
            desired: self.group.desired,
            booting: self.group.booting,
            in_service: self.group.in_service,
            healthy: targets.healthy,
            unhealthy: targets.unhealthy,
            initial: targets.initial,
            draining: self.group.draining,
            credit_balance_mean: credits.0,
            throttled: credits.1,
            agents_registered: self.agents.registered(),
            hosts: self.registered_hosts(),
            waiting: self.waiting_tasks(),
            cost_nano_usd: self.cost_now().0.total_nano_usd(),
        }
    }

    /// What a processor-nanosecond counts in measured samples, times the processors of the slot's instance.
    pub(super) fn processors(&self, slot: usize) -> u128 {
        let kind = self.world.kind(self.lives[slot].kind);
        Accounts::unit(&self.accounts) * u128::from(kind.vcpus)
    }

    /// The bill up to now.
    pub(super) fn cost_now(&self) -> (crate::ledger::Cost, crate::ledger::Billed) {
        let pays = |l: &&crate::fleet::Life| l.stage != Stage::Gone && !l.crashed && !l.stands_alone();
        let running = self.lives.iter().filter(pays).filter_map(|l| l.running);
        let (mut cost, mut billed) = self.bill.total(self.now, running);
        self.add_types(&mut cost, &mut billed);
        self.add_host_bill(&mut cost, &mut billed);
        self.add_machines(&mut cost);
        let attempts = self.desk.book.counts.attempts.sent;
        self.balancer_hours.charge(attempts, self.desk.bytes, &mut cost, &mut billed);
        (cost, billed)
    }

    /// An hour of the balancer's bill is over, or the first begins.
    pub(super) fn balancer_hour(&mut self) {
        if self.now > 0 {
            self.advance_all(self.now - 1);
        }
        self.balancer_hours.turn(self.desk.book.counts.attempts.sent, self.desk.bytes);
        self.calendar.push(key(self.now + HOUR, Phase::Measure), Event::BalancerHour);
    }
}

/// Memory used over memory, time average.
pub(super) fn memory_used(memory: Memory, sample: &Sample) -> f64 {
    let in_flight = ratio(sample.flight as f64, sample.time as f64);
    (memory.base as f64 + in_flight * memory.per_request as f64) / memory.capacity as f64
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
