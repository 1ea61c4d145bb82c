//! What goes wrong: crashes, hangs and slow-downs of some or all instances.

use super::{Event, Sim};
use crate::fleet::Stage;
use crate::kernel::{Distribution, Phase, Purpose, Sampler, hash, key, stream};
use crate::ledger::ActivityKind;
use crate::world::{FaultKind, FaultTime, Victims};

impl Sim<'_> {
    /// Puts the first strike of every fault into the calendar.
    pub(super) fn schedule_faults(&mut self) {
        for index in 0..self.world.faults.len() {
            match self.world.faults[index].when {
                FaultTime::At(at) => {
                    let event = Event::Fault { index: index as u32, count: 0 };
                    self.calendar.push(key(at.as_nanos(), Phase::Lifecycle), event);
                }
                FaultTime::Every(_) => self.schedule_strike(index, 0, 0),
            }
        }
    }

    fn schedule_strike(&mut self, index: usize, count: u64, from: u64) {
        let FaultTime::Every(mean) = self.world.faults[index].when else { return };
        let law = Distribution::Exponential { mean: mean.as_nanos() as f64 };
        let address = (index as u64) << 32 | count;
        let gap = Sampler::new(&law, stream(self.world.seed, Purpose::Fault, address)).draw().max(1);
        let event = Event::Fault { index: index as u32, count };
        self.calendar.push(key(from.saturating_add(gap).min(crate::kernel::NEVER), Phase::Lifecycle), event);
    }

    /// A fault strikes.
    pub(super) fn fault(&mut self, index: usize, count: u64) {
        let fault = self.world.faults[index].clone();
        self.schedule_strike(index, count + 1, self.now);
        for slot in self.victims_of(&fault.victims, index as u64) {
            self.strike(slot, fault.kind, &fault.name);
        }
    }

    fn victims_of(&self, victims: &Victims, index: u64) -> Vec<usize> {
        let candidates = (0..self.lives.len())
            .filter(|&s| self.lives[s].stage == Stage::InService && !self.lives[s].crashed);
        match victims {
            Victims::All => candidates.collect(),
            Victims::Zone(zone) => candidates.filter(|&s| self.lives[s].zone == *zone).collect(),
            Victims::Count(n) => {
                let mut drawn: Vec<usize> = candidates.collect();
                drawn.sort_by_key(|&s| {
                    hash(self.world.seed, Purpose::Fault, self.lives[s].launch ^ index << 48, self.now)
                });
                drawn.truncate(*n as usize);
                drawn.sort_unstable();
                drawn
            }
        }
    }

    fn strike(&mut self, slot: usize, kind: FaultKind, name: &str) {
        let launch = self.lives[slot].launch;
        let text = match kind {
            FaultKind::Crash => "crashed".to_string(),
            FaultKind::Hang { time } => format!("hangs for {time}"),
            FaultKind::SlowDown { factor, time } => format!("is {factor} times slower for {time}"),
        };
        self.note(ActivityKind::Fault, name, Some(launch), &text);
        let time = match kind {
            FaultKind::Crash => {
                self.crash(slot);
                return;
            }
            FaultKind::Hang { time } => {
                self.lives[slot].hung = true;
                self.lives[slot].hang_until = self.lives[slot].hang_until.max(self.now + time.as_nanos());
                time
            }
            FaultKind::SlowDown { factor, time } => {
                self.lives[slot].slow_factor = factor;
                self.lives[slot].slow_until = self.now + time.as_nanos();
                time
            }
        };
        self.desk.book.control_fact(7, self.now, slot as u64);
        self.apply_speed(slot);
        let event = Event::FaultEnd { slot: slot as u32, launch };
        self.schedule(self.now.saturating_add(time.as_nanos()), event);
    }

    /// A hang or a slow-down ends, unless a later strike of its kind goes on.
    pub(super) fn fault_end(&mut self, slot: usize, launch: u64) {
        if self.holds(slot, launch) {
            if self.lives[slot].hang_until <= self.now {
                self.lives[slot].hung = false;
            }
            if self.lives[slot].slow_until <= self.now {
                self.lives[slot].slow_factor = 1.0;
            }
            self.apply_speed(slot);
        }
    }
}
