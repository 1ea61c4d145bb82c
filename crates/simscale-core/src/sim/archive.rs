//! What is told of an instance when it ends: one row, and nothing kept.

use super::Sim;
use crate::fleet::{Ending, Stage, launch_of};
use crate::kernel::SimTime;
use crate::ledger::InstanceRow;

impl Sim<'_> {
    /// The group is about to end an instance for a reason of its own.
    pub(super) fn ends_for(&mut self, slot: usize, ending: Ending) {
        self.lives[slot].ending.get_or_insert(ending);
        if ending != Ending::ScaledIn {
            let launch = self.lives[slot].launch;
            if let Some(users) = &mut self.users {
                users.note_replaced(launch);
            }
        }
    }

    /// Tells of an instance that was terminated.
    pub(super) fn tell_instance(&mut self, slot: usize) {
        let ending = self.lives[slot].ending.unwrap_or(Ending::ScaledIn);
        self.tell(slot, Some(self.now), ending);
    }

    /// Tells of the instances that are left at the end of the run, in order of their slots.
    pub(super) fn tell_the_rest(&mut self) {
        for slot in 0..self.lives.len() {
            if self.lives[slot].stage != Stage::Gone && !self.lives[slot].stands_alone() {
                self.tell(slot, None, Ending::RunEnded);
            }
        }
    }

    pub(super) fn tell(&mut self, slot: usize, terminated: Option<u64>, ending: Ending) {
        let life = &self.lives[slot];
        let span = life.billed.unwrap_or_else(|| life.running.map_or(0, |r| self.bill.so_far(r, self.now)));
        // Of a bill that goes on, the nanosecond that the effect of a decision waits for is told with the rest.
        let open = u64::from(ending == Ending::Returned && life.running.is_some());
        let billed = (life.billed_before + span).saturating_sub(open);
        let (service_ns, busy) = match life.in_service {
            Some(_) => self.measures.whole_life(slot),
            None => (0, 0),
        };
        let processors = self.processors(slot);
        let busy_ns = busy * u128::from(self.world.kind(life.kind).vcpus) / processors;
        let whole = (service_ns * processors) as f64;
        let row = InstanceRow {
            launch: launch_of(life.launch),
            zone: self.world.group.zones[usize::from(life.zone)].clone(),
            slot: slot as u32,
            launched: SimTime::from_nanos(life.launched),
            running: life.ran_first.map(SimTime::from_nanos),
            in_service: life.in_service.map(SimTime::from_nanos),
            healthy: life.healthy_since.map(SimTime::from_nanos),
            terminated: terminated.map(SimTime::from_nanos),
            billed_ns: if self.world.group.hosts.is_some() { 0 } else { billed - life.billed_told },
            served: self.desk.served_by[slot],
            service_ns,
            busy_ns,
            cpu_utilization_mean: if service_ns > 0 { busy as f64 / whole } else { 0.0 },
            ending,
        };
        self.lives[slot].billed_told = billed;
        self.sink.instance(&row);
    }
}
