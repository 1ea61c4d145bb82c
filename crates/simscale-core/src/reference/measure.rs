//! The end of a period: rows, recomputed from recorded stretches of time.

use super::log::{Entry, Outcome, quantile};
use super::{Engine, Instance};
use crate::kernel::SimTime;
use crate::ledger::PeriodRow;

pub(super) const FAILED: [Outcome; 4] =
    [Outcome::TimedOut, Outcome::GatewayTimeOut, Outcome::Error, Outcome::Killed];
pub(super) const REFUSED: [Outcome; 2] = [Outcome::Refused, Outcome::NoTarget];

/// Sums over a stretch of time: nanoseconds times processors, attempts, attempts in the queue.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Area {
    pub time: f64,
    pub busy: f64,
    pub inside: f64,
    pub queued: f64,
    pub taken: f64,
}

/// Length of the part of `[from, to)` that lies in `[a, b)`.
pub(super) fn overlap(from: u64, to: u64, a: u64, b: u64) -> u64 {
    to.min(b).saturating_sub(from.max(a))
}

impl Instance {
    /// What it did in `[a, b)` while it was in service.
    pub(super) fn area(&self, a: u64, b: u64, vcpus: u32, period: u64) -> Area {
        let Some(since) = self.in_service_from else { return Area::default() };
        let a = a.max(since);
        let b = b.min(self.in_service_to.unwrap_or(b)).max(a);
        let sum = |what: fn(&super::machine::Span) -> u64| {
            let one =
                |s: &super::machine::Span| u128::from(overlap(s.from, s.to, a, b)) * u128::from(what(s));
            self.machine.spans.iter().map(one).sum::<u128>() as f64
        };
        let boot = |&(from, to, ppm): &(u64, u64, u32)| {
            // Whole nanoseconds of a processor in each metric period.
            let whole = |k| {
                u128::from(overlap(from.max(a), to.min(b), k * period, (k + 1) * period)) * u128::from(vcpus)
            };
            (a / period..=b / period).map(|k| whole(k) * u128::from(ppm) / 1_000_000).sum::<u128>()
        };
        Area {
            time: (b - a) as f64,
            busy: sum(|s| s.executed) / 600.0 + self.boot_cpu.iter().map(boot).sum::<u128>() as f64,
            inside: sum(|s| s.inside),
            queued: sum(|s| s.queued),
            taken: self.taken.iter().filter(|&&c| c >= a && c < b).count() as f64,
        }
    }
}

impl Engine<'_> {
    pub(super) fn next_measure(&self) -> u64 {
        let period = self.world.metrics.period.as_nanos();
        (self.period_from + period).min(self.world.duration.as_nanos())
    }

    pub(super) fn measure(&mut self) {
        if self.now == self.period_from + self.world.metrics.period.as_nanos() {
            self.close_period();
        }
        self.ended |= self.now == self.world.duration.as_nanos();
    }

    /// Closes the period that began at `period_from`.
    pub(super) fn close_period(&mut self) {
        let (from, now) = (self.period_from, self.now);
        for slot in self.taken() {
            self.at_mut(slot).machine.note(now);
        }
        self.note_backend();
        self.period_from = now;
        self.publish();
        let row = self.row(from);
        self.sink.period(&row);
        if self.sink.stop() {
            self.stopped = true;
            self.ended = true;
        }
    }

    fn row(&self, from: u64) -> PeriodRow {
        let length = (self.now - from) as f64;
        let all: Vec<&Instance> = self.slots().map(|s| s.1).chain(&self.gone).collect();
        let areas: Vec<Area> = all.iter().map(|i| self.area_of(i, from)).collect();
        let room: f64 = all.iter().zip(&areas).map(|(i, a)| a.time * f64::from(self.vcpus(i))).sum();
        let total = |what: fn(&Area) -> f64| areas.iter().map(what).sum::<f64>();
        let over = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let (time, inside) = (total(|a| a.time), total(|a| a.inside));
        let memory =
            self.world.instance.memory.map_or(0.0, |m| {
                (m.base as f64 + m.per_request as f64 * over(inside, time)) / m.capacity as f64
            });
        let responses = self.log.responses(from);
        let backend = |what: fn(&(u64, u64, u64, u64)) -> u64| {
            let one = |s: &(u64, u64, u64, u64)| overlap(s.0, s.1, from, self.now) as f64 * what(s) as f64;
            self.backend_spans.iter().map(one).sum::<f64>()
        };
        let connections = self.world.backend_connections;
        let credits = self.credits_in_service();
        PeriodRow {
            start: SimTime::from_nanos(from),
            end: SimTime::from_nanos(self.now),
            arrived: self.log.count(from, |e| e == Entry::Arrived),
            served: self.log.requests(from, &[Outcome::Served]),
            refused: self.log.requests(from, &REFUSED),
            failed: self.log.requests(from, &FAILED),
            response_ns: [500_000, 950_000, 990_000].map(|q| quantile(&responses, q)),
            cpu_utilization: over(total(|a| a.busy), room),
            memory_utilization: memory,
            in_flight_mean: over(inside, length),
            queue_mean: over(total(|a| a.queued), length),
            backend_busy_ratio: connections.map_or(0.0, |n| over(backend(|s| s.2), length * f64::from(n))),
            backend_queue_mean: connections.map_or(0.0, |_| over(backend(|s| s.3), length)),
            messages_visible: self.shown.len() as u64,
            messages_in_flight: self.messages_held(),
            oldest_message_ns: self.oldest_age(),
            desired: self.desired,
            booting: self.booting(),
            in_service: self.in_service(),
            healthy: self.slots().filter(|(_, i)| i.targeted() && i.healthy).count() as u32,
            unhealthy: self.slots().filter(|(_, i)| i.targeted() && !i.healthy && !i.new).count() as u32,
            initial: self.slots().filter(|(_, i)| i.targeted() && !i.healthy && i.new).count() as u32,
            responses: self.log.responses_given(from),
            draining: self.leaving(),
            credit_balance_mean: credits.0,
            throttled: credits.1,
            agents_registered: self.agents_now(),
            hosts: self.hosts_registered(),
            waiting: self.tasks_waiting() as u32,
            cost_nano_usd: self.cost().total_nano_usd(),
        }
    }

    pub(super) fn area_of(&self, instance: &Instance, from: u64) -> Area {
        instance.area(from, self.now, self.vcpus(instance), self.world.metrics.period.as_nanos())
    }
}
