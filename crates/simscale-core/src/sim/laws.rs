//! Laws that every run obeys, checked as equalities of integers.

use super::Sim;
use crate::fleet::Stage;
use crate::kernel::SimTime;
use std::fmt;

/// A law of the simulation broke: a bug of simscale, to be reported with scenario and seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLaw {
    /// Which law.
    pub law: &'static str,
    /// When it was found broken.
    pub at: SimTime,
    /// Seed of the run.
    pub seed: u64,
    /// The numbers that should agree.
    pub numbers: String,
}

impl fmt::Display for BrokenLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken law: {} at {} with seed {}: {}", self.law, self.at, self.seed, self.numbers)
    }
}

impl std::error::Error for BrokenLaw {}

impl Sim<'_> {
    pub(super) fn break_law(&mut self, law: &'static str, numbers: String) {
        let at = SimTime::from_nanos(self.now);
        self.broken.get_or_insert(BrokenLaw { law, at, seed: self.world.seed, numbers });
        self.ended = true;
    }

    /// The laws of one instance, when it goes or the run ends. All its integrals have been taken up to now.
    pub(super) fn check_server(&mut self, slot: usize) {
        let sums = self.servers[slot].sums(self.now);
        let area = self.measures.flights[slot];
        if area != sums.sojourns {
            let numbers = format!(
                "area under in flight {area} ns, response times and ages {} ns, slot {slot}",
                sums.sojourns
            );
            self.break_law("Little's law on the sample path", numbers);
        }
        if sums.attained > sums.delivered || sums.delivered - sums.attained > sums.slack {
            let numbers = format!(
                "capacity delivered {} , service attained {} (2^-16 ns), slot {slot}",
                sums.delivered, sums.attained
            );
            self.break_law("conservation of work", numbers);
        }
    }

    /// Takes the last integrals of a slot's instance and checks its laws.
    pub(super) fn close_server(&mut self, slot: usize) {
        if self.lives[slot].in_service.is_some() {
            self.measure_slot(slot, self.now);
            self.check_server(slot);
        }
    }

    /// The laws of the whole run, at its end.
    pub(super) fn check_laws(&mut self) {
        let present: Vec<usize> = (0..self.lives.len())
            .filter(|&s| self.lives[s].stage != Stage::Gone && self.lives[s].in_service.is_some())
            .collect();
        let mut live =
            self.resends.len() as u64 + u64::from(self.at_door.is_some()) + self.visible_messages();
        for slot in present {
            self.check_server(slot);
            let inside = self.servers[slot].attempts().filter(|j| self.waits(j)).count() as u64;
            live += inside;
            if inside != u64::from(self.desk.nodes.outstanding(slot)) {
                let numbers = format!(
                    "{inside} inside, {} outstanding, slot {slot}",
                    self.desk.nodes.outstanding(slot)
                );
                self.break_law("the balancer waits for what is inside", numbers);
            }
        }
        let book = self.desk.book.counts;
        if book.in_flight() != live {
            let numbers = format!("{} unsettled by the book, {live} found", book.in_flight());
            self.break_law("conservation of requests", numbers);
        }
        self.check_sessions(book.in_flight());
        let a = &book.attempts;
        let ended = book.served + a.timed_out + a.refused + a.errors + a.killed;
        let inside = live - self.resends.len() as u64 - self.visible_messages();
        let fresh = self.messages.as_ref().map_or(0, super::queue::Messages::fresh);
        if a.sent != ended + inside || a.sent + fresh != book.arrived + a.retried {
            let numbers = format!(
                "{} sent, {} first, {} retried, {ended} ended, {inside} inside",
                a.sent, book.arrived, a.retried
            );
            self.break_law("conservation of attempts", numbers);
        }
        let failed = a.timed_out + a.refused + a.errors + a.killed;
        // Nobody answers a message.
        let failed = if self.messages.is_some() { 0 } else { failed };
        if book.responses.total() != failed {
            let numbers = format!("{failed} to be answered, {:?}", book.responses);
            self.break_law("somebody answers each attempt once", numbers);
        }
        let counts = |stage| self.lives.iter().filter(|l| l.stage == stage).count() as u32;
        let g = &self.group;
        let found = (counts(Stage::Booting), counts(Stage::InService), counts(Stage::Draining));
        if found != (g.booting, g.in_service, g.draining) {
            let numbers = format!("counted {found:?}, booked {:?}", (g.booting, g.in_service, g.draining));
            self.break_law("capacity counts add up", numbers);
        }
        let g = &self.group;
        let counts = |stage| self.lives.iter().filter(|l| l.stage == stage).count() as u32;
        let returning = self.lives.iter().filter(|l| l.stage == Stage::Draining && l.returns).count() as u32;
        let members = counts(Stage::Warming) + counts(Stage::Warmed) + returning;
        let booked: u32 = g.pooled.iter().sum();
        if members != booked {
            self.break_law("capacity counts add up", format!("{members} in the warm pool, {booked} booked"));
        }
    }
}
