//! Standalone machines: targets beside the group that are stopped and started, and paid by their own price while they run.

use super::{DEAF, Sim};
use crate::fleet::{Health, Life, MACHINES, Server, Stage};
use crate::kernel::NEVER;
use crate::ledger::{ActivityKind, Cost, MachineCounts};

const HOUR: u128 = 3_600_000_000_000;

/// What is known of the machines.
#[derive(Debug, Default)]
pub(super) struct MachineState {
    /// The slot of each machine, for the whole run.
    slots: Vec<usize>,
    /// Starts of each machine: with its index they make the number of its boot.
    starts: Vec<u64>,
    /// Billed time of each machine up to its last stop, ns.
    billed: Vec<u128>,
    pub counts: MachineCounts,
}

impl MachineState {
    pub fn slot(&self, machine: usize) -> usize {
        self.slots[machine]
    }
}

/// The machine that a boot belongs to.
pub(super) fn machine_of(launch: u64) -> Option<usize> {
    (launch & MACHINES != 0 && launch != u64::MAX).then(|| ((launch - MACHINES) >> 20) as usize)
}

impl Sim<'_> {
    /// Gives every machine its slot, behind those of the group's first instances; those that run at the start are warm and healthy.
    pub(super) fn install_machines(&mut self) {
        for index in 0..self.world.machines.len() {
            let slot = self.take_slot();
            self.machines.slots.push(slot);
            self.machines.starts.push(0);
            self.machines.billed.push(0);
            self.flags[slot] = DEAF;
            // Stopped or not, its volume and its address are there.
            self.bill.exists(0, true);
            let machine = self.world.machines[index].clone();
            if machine.running {
                let life = Life::present(self.machine_launch(index), machine.zone);
                self.lives[slot] = life.alone(Stage::Standing, machine.registered);
                self.servers[slot] = self.machine_server(index);
                self.flags[slot] = 0;
                self.servers[slot].start(0);
                self.measures.begin(slot, 0);
                self.start_checks(slot);
                self.open_account(slot);
            }
        }
    }

    /// The number of the machine's next boot.
    fn machine_launch(&mut self, index: usize) -> u64 {
        let count = self.machines.starts[index];
        self.machines.starts[index] += 1;
        MACHINES + ((index as u64) << 20) + count
    }

    fn machine_server(&self, index: usize) -> Server {
        let i = &self.world.instance;
        let vcpus = self.world.machines[index].vcpus;
        Server::new(vcpus, i.speed, i.admitted, i.queue_limit, &self.measures.before_ppm, self.unobserved)
    }

    /// Writes down a fact of an instance of the group by its launch, of a machine by its name.
    pub(super) fn note_of(&mut self, kind: ActivityKind, slot: usize, text: &str) {
        let launch = self.lives[slot].launch;
        match machine_of(launch) {
            Some(machine) => {
                let name = self.world.machines[machine].name.clone();
                self.note(kind, &name, None, text);
            }
            None => self.note(kind, "group", Some(launch), text),
        }
    }

    pub(super) fn machine_note(&mut self, index: usize, text: &str) {
        let name = self.world.machines[index].name.clone();
        self.note(ActivityKind::Machine, &name, None, text);
    }

    /// A start: server and life are made anew, and the boot begins.
    pub(super) fn start_machine(&mut self, index: usize) {
        let slot = self.machines.slots[index];
        let launch = self.machine_launch(index);
        let (zone, target) = (self.world.machines[index].zone, self.world.machines[index].registered);
        let life = Life::launch(launch, zone, self.now, &self.world.instance, self.world.seed);
        self.lives[slot] = life.alone(Stage::Starting, target);
        self.servers[slot] = self.machine_server(index);
        self.forget_target(slot);
        self.flags[slot] = DEAF;
        self.machines.counts.starts += 1;
        self.desk.book.control_fact(44, self.now, launch);
        self.machine_note(index, "starts");
        self.enter_phase(slot);
    }

    /// The machine runs: it is measured by nobody, but its target is registered.
    pub(super) fn machine_runs(&mut self, slot: usize) {
        self.lives[slot].stage = Stage::Standing;
        self.lives[slot].in_service = Some(self.now);
        self.servers[slot].start(self.now);
        self.measures.begin(slot, self.now);
        self.desk.book.control_fact(45, self.now, slot as u64);
        self.start_checks(slot);
        self.refresh_targets();
    }

    /// The machine stops: what is in flight is lost, the target is unused, billing ends.
    pub(super) fn stop_machine(&mut self, index: usize, why: &str) {
        let (slot, now) = (self.machines.slots[index], self.now);
        self.advance(slot, now);
        self.flush_boot_cpu(slot);
        self.kill_all(slot);
        self.close_server(slot);
        self.close_account(slot);
        if let Some(running) = self.lives[slot].running
            && now > self.world.lead_in.as_nanos()
        {
            self.machines.billed[index] += u128::from(self.bill.billed(running, now, true));
        }
        self.end_slow_start(slot);
        self.lives[slot].health = Health::default();
        self.lives[slot].stage = Stage::Gone;
        self.unwatch(slot);
        self.flags[slot] = DEAF;
        self.guards.set(slot, NEVER);
        self.desk.deadlines.clear(slot);
        self.due.set(slot, NEVER);
        self.machines.counts.stops += 1;
        self.desk.book.control_fact(46, now, slot as u64);
        self.machine_note(index, why);
        self.refresh_targets();
    }

    /// Time billed to a machine up to now, ns.
    fn machine_time(&self, index: usize) -> u128 {
        let life = &self.lives[self.machines.slots[index]];
        let running = life.running.filter(|_| life.stage != Stage::Gone);
        self.machines.billed[index] + running.map_or(0, |r| u128::from(self.bill.billed(r, self.now, false)))
    }

    /// Adds the machines to the bill.
    pub(super) fn add_machines(&self, cost: &mut Cost) {
        let price = |index: usize| u128::from(self.world.machines[index].hour_nano_usd);
        let amount: u128 = (0..self.world.machines.len()).map(|m| self.machine_time(m) * price(m)).sum();
        cost.instances_nano_usd += (amount + HOUR / 2) / HOUR;
    }

    /// What was counted of the machines in the statistics window.
    pub(super) fn count_machines(&self) -> MachineCounts {
        let billed_ns = (0..self.world.machines.len()).map(|m| self.machine_time(m)).sum();
        MachineCounts { billed_ns, ..self.machines.counts }
    }
}
