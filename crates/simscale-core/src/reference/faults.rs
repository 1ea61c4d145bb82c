//! What goes wrong: faults on time or at random, crashes, hangs, slow-downs, memory.

use super::{Engine, Fact, Life};
use crate::kernel::{Distribution, Purpose, Sampler, hash, stream};
use crate::ledger::ActivityKind;
use crate::world::{FaultKind, FaultTime, Victims};

impl Engine<'_> {
    pub(super) fn prepare_faults(&mut self) {
        for index in 0..self.world.faults.len() {
            self.fault_counts.push(0);
            match self.world.faults[index].when {
                FaultTime::At(at) => {
                    self.fault_times.push(None);
                    self.later(at.as_nanos(), Life::Fault { index });
                }
                FaultTime::Every(mean) => {
                    self.fault_times.push(Some(Distribution::Exponential { mean: mean.as_nanos() as f64 }));
                    self.next_fault(index);
                }
            }
        }
    }

    fn next_fault(&mut self, index: usize) {
        if let Some(law) = &self.fault_times[index] {
            let address = (index as u64) << 32 | self.fault_counts[index];
            self.fault_counts[index] += 1;
            let gap = Sampler::new(law, stream(self.world.seed, Purpose::Fault, address)).draw();
            self.later(self.now + gap.max(1), Life::Fault { index });
        }
    }

    pub(super) fn fault(&mut self, index: usize) {
        let fault = self.world.faults[index].clone();
        self.next_fault(index);
        let strikes = |i: &super::Instance| i.registered() && !i.crashed;
        let mut there: Vec<usize> = self.slots().filter(|(_, i)| strikes(i)).map(|s| s.0).collect();
        match fault.victims {
            Victims::All => {}
            Victims::Zone(zone) => there.retain(|&s| self.at(s).zone == usize::from(zone)),
            Victims::Count(count) => {
                let lot = |s: usize| {
                    hash(self.world.seed, Purpose::Fault, self.at(s).launch ^ (index as u64) << 48, self.now)
                };
                there.sort_by_key(|&s| lot(s));
                there.truncate(count as usize);
                there.sort_unstable();
            }
        }
        for slot in there {
            let launch = self.at(slot).launch;
            let what = match fault.kind {
                FaultKind::Crash => "crashed".to_string(),
                FaultKind::Hang { time } => format!("hangs for {time}"),
                FaultKind::SlowDown { factor, time } => format!("is {factor} times slower for {time}"),
            };
            self.say(ActivityKind::Fault, &fault.name, Some(launch), &what);
            match fault.kind {
                FaultKind::Crash => self.crash(slot),
                FaultKind::Hang { time } => {
                    let end = self.now + time.as_nanos();
                    let instance = self.at_mut(slot);
                    instance.hang = Some(instance.hang.map_or(end, |h| h.max(end)));
                    self.trouble(slot, end);
                }
                FaultKind::SlowDown { factor, time } => {
                    let end = self.now + time.as_nanos();
                    self.at_mut(slot).slow = Some((end, factor));
                    self.trouble(slot, end);
                }
            }
        }
    }

    fn trouble(&mut self, slot: usize, end: u64) {
        self.fact(Fact::Trouble, slot as u64);
        self.set_speed(slot);
        let launch = self.at(slot).launch;
        self.later(end, Life::FaultEnd { slot, launch, number: end });
    }

    pub(super) fn fault_ends(&mut self, slot: usize, number: u64) {
        let instance = self.at_mut(slot);
        instance.hang = instance.hang.filter(|&end| end > number);
        instance.slow = instance.slow.filter(|s| s.0 > number);
        self.set_speed(slot);
    }

    pub(super) fn crash(&mut self, slot: usize) {
        let now = self.now;
        self.close_account(slot);
        self.at_mut(slot).crashed = true;
        self.at_mut(slot).billed_to = Some(now);
        self.kill_all(slot);
        self.fact(Fact::Crash, slot as u64);
        self.agent_dies(slot);
        self.answers_change(slot);
    }

    /// An attempt came in: is there memory for it?
    pub(super) fn watch_memory(&mut self, slot: usize) {
        let Some(memory) = self.world.instance.memory else { return };
        let launch = self.at(slot).launch;
        let instance = self.at_mut(slot);
        let used = memory.base + memory.per_request * instance.machine.jobs.len() as u64;
        if used > memory.capacity && !instance.full {
            instance.full = true;
            self.later(self.now, Life::OutOfMemory { slot, launch });
        }
    }

    pub(super) fn out_of_memory(&mut self, slot: usize) {
        if self.at(slot).standalone.is_some() {
            self.machine_gives_up(slot, "ran out of memory: stopped");
        } else if !self.at(slot).crashed && !self.at(slot).drained {
            let launch = self.at(slot).launch;
            self.say(ActivityKind::Instance, "group", Some(launch), "ran out of memory: crashed");
            self.crash(slot);
        }
    }
}
