//! Operations: at stated times machines are stopped or started, exceptions aside, or the members of the group stopped; each tells its outcome.

use super::machines::machine_of;
use super::{Event, Sim};
use crate::fleet::Stage;
use crate::kernel::{Phase, SimTime, key};
use crate::ledger::ActivityKind;
use crate::world::{OperationAction, OperationTargets};

/// An operation whose last machine has not come up.
#[derive(Debug)]
pub(super) struct Running {
    operation: usize,
    begun: u64,
    waiting: Vec<usize>,
    done: u32,
    already: u32,
    failed: u32,
}

impl Sim<'_> {
    pub(super) fn schedule_operations(&mut self) {
        for (index, operation) in self.world.operations.iter().enumerate() {
            for (count, strike) in operation.strikes.iter().enumerate() {
                let event = Event::Operation { index: index as u32, count: count as u32 };
                self.calendar.push(key(strike.at.as_nanos(), Phase::Lifecycle), event);
            }
        }
    }

    /// An operation acts.
    pub(super) fn operation(&mut self, index: usize, count: usize) {
        let operation = self.world.operations[index].clone();
        let late = operation.strikes[count].late;
        let verb = match operation.action {
            OperationAction::Stop => "stop",
            OperationAction::Start => "start",
        };
        self.note(ActivityKind::Operation, &operation.name, None, &format!("{verb} begins, {late} late"));
        let mut run =
            Running { operation: index, begun: self.now, waiting: vec![], done: 0, already: 0, failed: 0 };
        match &operation.targets {
            OperationTargets::Group => run.done = self.stop_members(&operation.name),
            OperationTargets::Machines(machines) => {
                for &machine in machines.iter().filter(|m| !operation.except.contains(m)) {
                    self.operate(machine as usize, operation.action, &mut run);
                }
            }
        }
        if run.waiting.is_empty() {
            self.operation_ends(&run);
        } else {
            self.running.push(run);
        }
    }

    fn operate(&mut self, machine: usize, action: OperationAction, run: &mut Running) {
        let stage = self.lives[self.machines.slot(machine)].stage;
        match (action, stage) {
            (OperationAction::Stop, Stage::Gone)
            | (OperationAction::Start, Stage::Standing | Stage::Starting) => {
                run.already += 1;
            }
            (OperationAction::Stop, _) => {
                self.stop_machine(machine, "stopped");
                self.machine_settles(machine, false);
                run.done += 1;
            }
            (OperationAction::Start, _) => {
                run.waiting.push(machine);
                self.start_machine(machine);
            }
        }
    }

    /// Members of the group that are in service stop running; the group notices at its next look.
    fn stop_members(&mut self, name: &str) -> u32 {
        let runs = |s: &usize| self.lives[*s].stage == Stage::InService && !self.lives[*s].crashed;
        let members: Vec<usize> = (0..self.lives.len()).filter(runs).collect();
        for &slot in &members {
            let launch = self.lives[slot].launch;
            self.note(ActivityKind::Instance, name, Some(launch), "stopped");
            self.lives[slot].target = false;
            self.crash(slot);
            self.end_slow_start(slot);
            self.refresh_targets();
        }
        members.len() as u32
    }

    /// A machine has come up, or will not: operations that wait for it end.
    pub(super) fn machine_settles(&mut self, machine: usize, up: bool) {
        for run in &mut self.running {
            if let Some(place) = run.waiting.iter().position(|&m| m == machine) {
                run.waiting.remove(place);
                *(if up { &mut run.done } else { &mut run.failed }) += 1;
            }
        }
        let (over, running): (Vec<Running>, Vec<Running>) =
            std::mem::take(&mut self.running).into_iter().partition(|run| run.waiting.is_empty());
        self.running = running;
        over.iter().for_each(|run| self.operation_ends(run));
    }

    fn operation_ends(&mut self, run: &Running) {
        let operation = &self.world.operations[run.operation];
        let (verb, done, state) = match operation.action {
            OperationAction::Stop => ("stop", "stopped", "stopped"),
            OperationAction::Start => ("start", "started", "running"),
        };
        let mut outcome = format!("{verb} from {} ends: {done} {}", SimTime::from_nanos(run.begun), run.done);
        let mut add = |count: u32, what: &str| {
            if count > 0 {
                outcome += &format!(", {what} {count}");
            }
        };
        add(run.already, &format!("already {state}"));
        add(run.failed, "failed");
        if let OperationTargets::Machines(machines) = &operation.targets {
            let excepted = machines.iter().filter(|m| operation.except.contains(m));
            for &machine in excepted {
                outcome += &format!(", excepted {}", self.world.machines[machine as usize].name);
            }
        }
        let name = operation.name.clone();
        self.note(ActivityKind::Operation, &name, None, &outcome);
    }

    /// The boot in a slot failed for good: a machine stops; `false` for an instance of the group.
    pub(super) fn machine_boot_fails(&mut self, slot: usize) -> bool {
        let Some(machine) = machine_of(self.lives[slot].launch) else { return false };
        self.stop_machine(machine, "failed in its boot: stopped");
        self.machine_settles(machine, false);
        true
    }
}
