//! From launch to termination: boot phases, entry into service, draining, the end.

use super::machines::machine_of;
use super::places::Place;
use super::{DEAF, ERRORS, Event, Sim, WATCHED};
use crate::fleet::Ending;
use crate::fleet::{BootStep, Job, Life, Outcome, PROBE, Stage};
use crate::kernel::{NEVER, Phase};
use crate::ledger::{ActivityKind, TargetReason};
use crate::world::{BootStage, Cold, Process, Transition};

/// From a failed launch to the next one, so that a boot that always fails makes progress in time.
const RELAUNCH: u64 = 1_000_000_000;

impl Sim<'_> {
    /// The instances that are there at the start: in service, warm and healthy.
    pub(super) fn populate(&mut self) {
        while self.group.units < self.group.desired {
            let place = self.first_place(false);
            let slot = self.take_slot();
            self.lives[slot] =
                Life::present(self.group.next_launch, place.zone).bought(place.ware.kind, place.ware.spot);
            self.servers[slot] = self.new_server(place.ware.kind);
            self.group.units += self.weight(slot);
            self.take_address(slot, &place);
            self.agent_is_there(slot);
            self.group.living[usize::from(place.zone)] += 1;
            self.group.next_launch += 1;
            self.group.change_in_service(0, 1);
            self.servers[slot].start(0);
            self.bill.exists(0, self.lives[slot].owns_address());
            self.bill.begin(0);
            self.open_account(slot);
            self.measures.begin(slot, 0);
            self.start_checks(slot);
            self.draw_interruption(slot);
        }
        self.fill_pool();
        self.install_machines();
        self.refresh_targets();
    }

    /// Launches an instance of the live version into the emptiest zone that takes it and the lowest free slot; `false` when no zone does.
    pub(super) fn launch(&mut self) -> bool {
        self.launch_as(self.versions.live, false)
    }

    /// Launches an instance of a version. One in the dark enters no service before its deployment shifts the traffic.
    pub(super) fn launch_as(&mut self, version: u32, dark: bool) -> bool {
        let Some(place) = self.find_place(false) else { return false };
        self.group.booting += 1;
        self.group.shrinks = false;
        self.group.dark += u32::from(dark);
        self.group.living[usize::from(place.zone)] += 1;
        let slot = self.begin_launch(&place, version, "launched in zone");
        self.lives[slot].dark = dark;
        self.lives[slot].target = !self.suspended(Process::AddToLoadBalancer);
        self.group.units += if dark { 0 } else { self.weight(slot) };
        self.enter_phase(slot);
        true
    }

    /// A new instance in this place, in the lowest free slot; its boot has not begun.
    pub(super) fn begin_launch(&mut self, place: &Place, version: u32, what: &str) -> usize {
        let slot = self.take_slot();
        let launch = self.group.next_launch;
        self.group.next_launch += 1;
        self.group.scaling.launches += 1;
        let life = Life::launch(launch, place.zone, self.now, &self.world.instance, self.world.seed);
        self.lives[slot] = life.bought(place.ware.kind, place.ware.spot);
        self.lives[slot].version = version;
        self.servers[slot] = self.new_server(place.ware.kind);
        self.forget_target(slot);
        self.flags[slot] = DEAF;
        self.desk.book.control_fact(1, self.now, (slot as u64) << 32 | launch);
        let zone = &self.world.group.zones[usize::from(place.zone)];
        let launched = format!("{what} {zone}{}", self.what(place.ware));
        self.note(ActivityKind::Launch, "group", Some(launch), &launched);
        self.take_address(slot, place);
        self.bill.exists(self.now, self.lives[slot].owns_address());
        self.draw_interruption(slot);
        slot
    }

    /// The phase that runs now begins: billing, service, and its end in the calendar.
    pub(super) fn enter_phase(&mut self, slot: usize) {
        let launch = self.lives[slot].launch;
        if let Some((stage, phase)) = self.lives[slot].phase_now() {
            if stage >= BootStage::Running {
                self.begin_running(slot);
            }
            self.try_service(slot);
            if stage == BootStage::InService && self.lives[slot].stage == Stage::InService {
                self.lives[slot].boot_cpu = Some((self.world.instance.boot[phase].cpu_ppm, self.now));
            }
        } else {
            self.begin_running(slot);
        }
        let end = self.lives[slot].phase_end().unwrap_or(self.now);
        self.schedule(end, Event::BootPhase { slot: slot as u32, launch });
    }

    /// From now on the instance runs and is billed, and its launching hooks hold it, unless it runs already.
    fn begin_running(&mut self, slot: usize) {
        let (now, life) = (self.now, &mut self.lives[slot]);
        let member = !life.stands_alone();
        let (hooked, runs) = (life.hooked, life.running.is_some());
        life.hooked = true;
        if !runs {
            life.running = Some(now);
            life.ran_first.get_or_insert(now);
            self.open_account(slot);
            if member {
                self.bill.begin(now);
            }
        }
        if member && !hooked {
            self.begin_hooks(slot, Transition::Launching);
        }
    }

    /// A boot phase ends.
    pub(super) fn boot_phase(&mut self, slot: usize, launch: u64) {
        if !self.holds(slot, launch)
            || self.lives[slot].booted.is_some()
            || self.lives[slot].stage == Stage::Draining
        {
            return;
        }
        self.flush_boot_cpu(slot);
        let step = if self.lives[slot].phase_end().is_none() {
            BootStep::Over
        } else {
            self.lives[slot].end_phase()
        };
        match step {
            BootStep::Failed if self.machine_boot_fails(slot) => {}
            BootStep::Failed => self.launch_failed(slot, "failed in its boot: replaced"),
            BootStep::Next => self.enter_phase(slot),
            BootStep::Over => self.booted(slot),
        }
    }

    /// A launch comes to nothing: it ends, and the group makes up for it a little later.
    pub(super) fn launch_failed(&mut self, slot: usize, why: &str) {
        let launch = self.lives[slot].launch;
        self.group.scaling.failed_launches += 1;
        self.note(ActivityKind::Launch, "group", Some(launch), why);
        self.ends_for(slot, Ending::LaunchFailed);
        if self.lives[slot].stage == Stage::Warming {
            self.discard(slot);
        } else {
            self.terminate(slot, false);
            self.group.end_activities(self.now);
        }
        self.schedule(self.now + RELAUNCH, Event::Reconcile);
    }

    /// The boot is over: the application answers, unless its boot failed.
    fn booted(&mut self, slot: usize) {
        let now = self.now;
        self.begin_running(slot);
        if self.lives[slot].stage == Stage::Warming {
            self.lives[slot].booted = Some(now);
            return self.try_service(slot);
        }
        self.lives[slot].finish_boot(now);
        self.try_service(slot);
        match self.world.instance.cold {
            Some(Cold::For { factor, time }) => {
                self.lives[slot].cold_factor = factor;
                self.apply_speed(slot);
                let launch = self.lives[slot].launch;
                self.schedule(
                    now.saturating_add(time.as_nanos()),
                    Event::ColdEnd { slot: slot as u32, launch },
                );
            }
            Some(Cold::Requests { factor, count }) => self.servers[slot].set_cold(factor, count),
            None => {}
        }
        self.set_mode(slot);
        self.answer_for_health(slot);
        if let Some(machine) = machine_of(self.lives[slot].launch) {
            self.machine_note(machine, "runs");
            self.machine_settles(machine, true);
        }
    }

    /// Without checks a target is healthy from the moment that it is registered and its application answers.
    fn answer_for_health(&mut self, slot: usize) {
        let life = &self.lives[slot];
        let answers = life.answers && !life.crashed && life.registered();
        if self.world.balancer.health_check.is_none() && answers && !life.health.healthy {
            self.lives[slot].health.healthy = true;
            self.lives[slot].health.known = true;
            self.begin_slow_start(slot);
            self.refresh_targets();
            self.outgoing_may_leave();
        }
    }

    pub(super) fn enter_service(&mut self, slot: usize) {
        let now = self.now;
        self.lives[slot].stage = Stage::InService;
        self.lives[slot].in_service = Some(now);
        self.servers[slot].start(now);
        self.measures.begin(slot, now);
        self.group.booting -= 1;
        self.group.change_in_service(now, 1);
        self.group.end_activities(now);
        self.desk.book.control_fact(3, now, slot as u64);
        self.note(ActivityKind::Service, "group", Some(self.lives[slot].launch), "in service");
        self.agent_starts(slot);
        if let Some((_, phase)) = self.lives[slot].phase_now() {
            self.lives[slot].boot_cpu = Some((self.world.instance.boot[phase].cpu_ppm, now));
        }
        if !self.lives[slot].target && self.messages.is_none() {
            self.note_target(slot, TargetReason::NotAdded);
        } else if self.world.balancer.health_check.is_some() {
            self.start_checks(slot);
            self.note_target(slot, TargetReason::InitialHealthChecking);
        }
        self.refresh_targets();
        self.answer_for_health(slot);
    }

    /// An instance leaves service: it is deregistered and no longer measured.
    pub(super) fn leave_service(&mut self, slot: usize) {
        self.advance(slot, self.now);
        self.flush_boot_cpu(slot);
        self.measure_slot(slot, self.now);
        self.measures.forget(slot);
        self.group.change_in_service(self.now, -1);
        self.end_slow_start(slot);
    }

    /// Whether the target listens and what it answers.
    pub(super) fn set_mode(&mut self, slot: usize) {
        let life = &self.lives[slot];
        let deaf = if life.answers && !life.crashed { 0 } else { DEAF };
        let errors = if life.broken.is_some() { ERRORS } else { 0 };
        self.flags[slot] = self.flags[slot] & WATCHED | deaf | errors;
        if errors != 0 {
            self.watch(slot);
        }
    }

    pub(super) fn apply_speed(&mut self, slot: usize) {
        self.advance(slot, self.now);
        let speed = self.lives[slot].speed(self.base_speed(slot));
        self.servers[slot].set_speed(speed, self.now);
        self.due.set(slot, self.servers[slot].next());
    }

    pub(super) fn cold_end(&mut self, slot: usize, launch: u64) {
        if self.holds(slot, launch) {
            self.lives[slot].cold_factor = 1.0;
            self.apply_speed(slot);
        }
    }

    /// The instance is terminated, and its billing ends.
    pub(super) fn gone(&mut self, slot: usize) {
        self.close_server(slot);
        self.close_account(slot);
        if !self.lives[slot].crashed {
            self.end_billing(slot);
        }
        self.tell_instance(slot);
        if !self.lives[slot].crashed {
            self.agent_ends(slot);
        }
        self.free_address(slot);
        self.give_place_back(slot);
        self.bill.gone(self.now, self.lives[slot].owns_address());
        if self.lives[slot].stage == Stage::Draining {
            self.group.draining -= 1;
        }
        if self.lives[slot].returns {
            self.group.pooled[usize::from(self.lives[slot].zone)] -= 1;
        }
        self.lives[slot].stage = Stage::Gone;
        self.group.free.insert(slot);
        self.unwatch(slot);
        self.flags[slot] = DEAF;
        self.guards.set(slot, NEVER);
        self.desk.deadlines.clear(slot);
        self.due.set(slot, NEVER);
        self.desk.book.control_fact(4, self.now, slot as u64);
        self.note(ActivityKind::Termination, "group", Some(self.lives[slot].launch), "terminated");
        self.group.end_activities(self.now);
    }

    /// Everything inside an instance is lost.
    pub(super) fn kill_all(&mut self, slot: usize) {
        let mut lost = Vec::new();
        self.take_off(slot, |_| true, &mut lost);
        lost.retain(|j| self.waits(j));
        for job in lost {
            self.desk.nodes.at(job.node()).settled(slot);
            self.desk.fail(&job, Outcome::Killed, self.now, slot);
        }
    }

    /// Memory ran out: the instance stops running.
    pub(super) fn out_of_memory(&mut self, slot: usize, launch: u64) {
        if !self.holds(slot, launch) || self.lives[slot].crashed || self.lives[slot].drained {
            return;
        }
        if let Some(machine) = machine_of(launch) {
            self.stop_machine(machine, "ran out of memory: stopped");
            self.machine_settles(machine, false);
        } else {
            self.note(ActivityKind::Instance, "group", Some(launch), "ran out of memory: crashed");
            self.crash(slot);
        }
    }

    /// The instance stops running: what it holds is lost, it refuses everything, billing ends.
    pub(super) fn crash(&mut self, slot: usize) {
        self.advance(slot, self.now);
        self.close_account(slot);
        self.lives[slot].crashed = true;
        self.kill_all(slot);
        self.end_billing(slot);
        self.agent_ends(slot);
        self.desk.book.control_fact(5, self.now, slot as u64);
        self.set_mode(slot);
        if self.world.balancer.health_check.is_none() {
            self.lives[slot].health.healthy = false;
            self.end_slow_start(slot);
            self.refresh_targets();
        }
        self.check_drained(slot);
    }

    /// From now on each completion of the slot is an event.
    pub(super) fn watch(&mut self, slot: usize) {
        if self.flags[slot] & WATCHED == 0 {
            self.flags[slot] |= WATCHED;
            let at = self.watched.partition_point(|&s| (s as usize) < slot);
            self.watched.insert(at, slot as u32);
        }
    }

    /// Stops watching the slot, unless somebody else still waits for its completions.
    pub(super) fn unwatch(&mut self, slot: usize) {
        let life = &self.lives[slot];
        let needed = life.stage != Stage::Gone
            && (life.broken.is_some()
                || life.health.probe.is_some()
                || (life.stage == Stage::Draining && self.desk.nodes.outstanding(slot) > 0));
        if !needed {
            self.flags[slot] &= !WATCHED;
            self.watched.retain(|&s| s as usize != slot);
        }
    }

    /// Whether somebody waits for an attempt inside an instance. Before phase time-out of its instant a deadline has not passed.
    pub(super) fn waits(&self, job: &Job) -> bool {
        let now = if self.phase < Phase::TimeOut { self.now } else { self.now + 1 };
        !job.is(PROBE) && !self.desk.deadlines.passed(job, now)
    }
}
