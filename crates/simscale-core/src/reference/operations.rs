//! Standalone machines and the operations that stop and start them, from the text.

use super::instance::{Instance, Stage};
use super::log::Entry;
use super::machine::Machine;
use super::{Engine, Fact, Life};
use crate::kernel::SimTime;
use crate::ledger::{ActivityKind, MachineCounts};
use crate::world::{OperationAction, OperationTargets};
use std::collections::BTreeMap;

/// The number of the first boot of the first machine.
const FIRST: u64 = 1 << 40;

/// How it ended for a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Done,
    Already,
    Failed,
}

/// An operation that has begun.
#[derive(Debug)]
pub(super) struct Acting {
    index: usize,
    begun: u64,
    ends: BTreeMap<usize, End>,
    members: usize,
}

impl Engine<'_> {
    pub(super) fn prepare_operations(&mut self) {
        for (index, operation) in self.world.operations.clone().iter().enumerate() {
            for (count, strike) in operation.strikes.iter().enumerate() {
                self.later(strike.at.as_nanos(), Life::Operation { index, count });
            }
        }
    }

    /// Every machine has a slot of its own, behind those of the first members.
    pub(super) fn machines_of_the_start(&mut self) {
        for index in 0..self.world.machines.len() {
            let slot = self.fleet.len();
            self.fleet.push(None);
            self.machines.push(slot);
            self.machine_starts.push(0);
            let runs = self.world.machines[index].running;
            let mut first = self.fresh(index, runs);
            first.stage = Stage::Stopped;
            if runs {
                first.stage = Stage::Standing;
                first.boot_over = Some(0);
                first.billed_from = Some(0);
                first.healthy = true;
                first.new = false;
            }
            self.fleet[slot] = Some(first);
            if runs {
                self.first_check(slot);
                self.open_account(slot, true);
            }
        }
    }

    /// A machine before its next boot.
    fn fresh(&mut self, index: usize, counts: bool) -> Instance {
        let spec = self.world.machines[index].clone();
        let hardware = crate::world::Instance { vcpus: spec.vcpus, ..self.world.instance.clone() };
        let number = FIRST + index as u64 * (1 << 20) + self.machine_starts[index];
        self.machine_starts[index] += u64::from(counts);
        let mut instance = Instance::new(number, usize::from(spec.zone), Machine::new(&hardware, self.now));
        instance.standalone = Some(index);
        instance.target = spec.registered;
        instance
    }

    fn tell_machine(&mut self, index: usize, what: &str) {
        let name = self.world.machines[index].name.clone();
        self.say(ActivityKind::Machine, &name, None, what);
    }

    fn start(&mut self, index: usize) {
        let slot = self.machines[index];
        let mut instance = self.fresh(index, true);
        instance.stage = Stage::Starting;
        instance.phase_ends = self.now;
        let number = instance.launch;
        instance.exists_from = self.now;
        let mut before = self.fleet[slot].replace(instance).expect("a machine keeps its slot");
        before.exists_to = Some(self.now);
        self.gone.push(before);
        self.note(Entry::MachineStarted);
        self.fact(Fact::Start, number);
        self.tell_machine(index, "starts");
        self.begin_phase(slot);
    }

    /// The machine is a target from now on.
    pub(super) fn machine_stands(&mut self, slot: usize) {
        if self.at(slot).stage != Stage::Starting {
            return;
        }
        self.at_mut(slot).stage = Stage::Standing;
        self.fact(Fact::Standing, slot as u64);
        self.first_check(slot);
        self.targets_change();
    }

    pub(super) fn machine_is_up(&mut self, slot: usize) {
        if let Some(index) = self.at(slot).standalone {
            self.tell_machine(index, "runs");
            self.close_for(index, End::Done);
        }
    }

    fn stop(&mut self, index: usize, why: &str) {
        let slot = self.machines[index];
        self.close_account(slot);
        self.kill_all(slot);
        let now = self.now;
        let instance = self.at_mut(slot);
        instance.machine.note(now);
        instance.stage = Stage::Stopped;
        // What has not begun to run is not billed.
        instance.billed_to = instance.billed_from.map(|_| now);
        self.note(Entry::MachineStopped);
        self.fact(Fact::Stop, slot as u64);
        self.tell_machine(index, why);
        self.targets_change();
    }

    /// It stops by itself.
    pub(super) fn machine_gives_up(&mut self, slot: usize, why: &str) {
        let index = self.at(slot).standalone.expect("a machine");
        if self.at(slot).stage != Stage::Stopped {
            self.stop(index, why);
            self.close_for(index, End::Failed);
        }
    }

    /// An operation acts.
    pub(super) fn operate(&mut self, index: usize, count: usize) {
        let operation = self.world.operations[index].clone();
        let stops = operation.action == OperationAction::Stop;
        let verb = if stops { "stop" } else { "start" };
        let begins = format!("{verb} begins, {} late", operation.strikes[count].late);
        self.say(ActivityKind::Operation, &operation.name, None, &begins);
        let mut acting = Acting { index, begun: self.now, ends: BTreeMap::new(), members: 0 };
        let machines = match operation.targets {
            OperationTargets::Machines(list) => list,
            OperationTargets::Group => {
                acting.members = self.stop_group(&operation.name);
                Vec::new()
            }
        };
        for machine in machines.into_iter().filter(|m| !operation.except.contains(m)) {
            let machine = machine as usize;
            let stopped = self.at(self.machines[machine]).stage == Stage::Stopped;
            if stopped == stops {
                acting.ends.insert(machine, End::Already);
            } else if stops {
                self.stop(machine, "stopped");
                self.close_for(machine, End::Failed);
                acting.ends.insert(machine, End::Done);
            } else {
                acting.ends.insert(machine, End::Open);
                self.start(machine);
            }
        }
        self.operations.push(acting);
        self.tell_ends();
    }

    fn stop_group(&mut self, name: &str) -> usize {
        let mut members = self.taken();
        members.retain(|&slot| self.at(slot).registered() && !self.at(slot).crashed);
        for &slot in &members {
            let launch = self.at(slot).launch;
            self.say(ActivityKind::Instance, name, Some(launch), "stopped");
            self.at_mut(slot).target = false;
            self.crash(slot);
            self.targets_change();
        }
        members.len()
    }

    /// The machine's boot is over, well or not, for those that wait for it.
    fn close_for(&mut self, machine: usize, end: End) {
        for acting in &mut self.operations {
            if let Some(open) = acting.ends.get_mut(&machine).filter(|e| **e == End::Open) {
                *open = end;
            }
        }
        self.tell_ends();
    }

    /// Operations that wait for nobody end, the first begun first.
    fn tell_ends(&mut self) {
        let open = |acting: &Acting| acting.ends.values().any(|&e| e == End::Open);
        while let Some(place) = self.operations.iter().position(|a| !open(a)) {
            let acting = self.operations.remove(place);
            let operation = self.world.operations[acting.index].clone();
            let words = match operation.action {
                OperationAction::Stop => ["stop", "stopped", "stopped"],
                OperationAction::Start => ["start", "started", "running"],
            };
            let count = |end: End| acting.ends.values().filter(|&&e| e == end).count();
            let (done, already) = (count(End::Done) + acting.members, count(End::Already));
            let begun = SimTime::from_nanos(acting.begun);
            let mut parts = vec![format!("{} from {begun} ends: {} {done}", words[0], words[1])];
            parts.extend((already > 0).then(|| format!("already {} {already}", words[2])));
            parts.extend((count(End::Failed) > 0).then(|| format!("failed {}", count(End::Failed))));
            if let OperationTargets::Machines(list) = &operation.targets {
                let left = list.iter().filter(|m| operation.except.contains(m));
                parts.extend(left.map(|&m| format!("excepted {}", self.world.machines[m as usize].name)));
            }
            self.say(ActivityKind::Operation, &operation.name, None, &parts.join(", "));
        }
    }

    /// Machines with the time that is billed of them.
    fn machine_times(&self) -> Vec<(usize, u128)> {
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        all.filter_map(|i| Some((i.standalone?, u128::from(self.billed_of(i))))).collect()
    }

    pub(super) fn machine_amount(&self) -> u128 {
        let price = |m: usize| u128::from(self.world.machines[m].hour_nano_usd);
        self.machine_times().into_iter().map(|(machine, time)| time * price(machine)).sum()
    }

    pub(super) fn count_machines(&self, from: u64) -> MachineCounts {
        MachineCounts {
            starts: self.log.count(from, |e| e == Entry::MachineStarted),
            stops: self.log.count(from, |e| e == Entry::MachineStopped),
            billed_ns: self.machine_times().iter().map(|t| t.1).sum(),
        }
    }
}
