//! From launch to termination: boot phases, coldness, entry into service, drains, the end.

use super::instance::{Broken, Instance, Stage};
use super::log::Entry;
use super::machine::Machine;
use super::mixed::Bought;
use super::{Engine, Fact, Life};
use crate::fleet::Ending;
use crate::kernel::{Purpose, Sampler, hash, stream};
use crate::ledger::ActivityKind;
use crate::world::{BootFailure, BootStage, Cold, Process, Transition};

/// Pause between a failed launch and the next.
const RELAUNCH: u64 = 1_000_000_000;

impl Engine<'_> {
    /// The instances of the start: in service, healthy and warm.
    pub(super) fn prepare_fleet(&mut self) {
        while self.units_of(Instance::living) < self.desired {
            let zone = self.emptiest(false);
            let bought = self.purchase(zone, self.next_is_spot(), true).expect("there is room at the start");
            let slot = self.occupy(zone, bought);
            let instance = self.at_mut(slot);
            instance.boot_over = Some(0);
            instance.billed_from = Some(0);
            instance.in_service_from = Some(0);
            instance.stage = Stage::InService;
            instance.healthy = true;
            instance.healthy_from = Some(0);
            instance.new = false;
            self.give_address(slot);
            self.first_check(slot);
            self.open_account(slot, true);
            self.draw_life(slot);
        }
        self.agents_of_the_start();
        self.pool_of_the_start();
        self.machines_of_the_start();
        self.count_in_service();
    }

    /// From now on it runs, unless it does already.
    fn begin_running(&mut self, slot: usize) {
        if self.at(slot).billed_from.is_none() {
            self.at_mut(slot).billed_from = Some(self.now);
            self.open_account(slot, false);
        }
        let instance = self.at(slot);
        if instance.standalone.is_none() && !instance.was_held {
            let state = if instance.stage == Stage::Warming { "Warmed:Pending:Wait" } else { "Pending:Wait" };
            self.at_mut(slot).was_held = true;
            self.hold(slot, Transition::Launching, state);
        }
    }

    /// A new instance in the lowest free slot, in this zone.
    pub(super) fn occupy(&mut self, zone: usize, bought: Bought) -> usize {
        let slot = self.fleet.iter().position(Option::is_none).unwrap_or(self.fleet.len());
        if slot == self.fleet.len() {
            self.fleet.push(None);
        }
        let mut plan = self.world.instance.clone();
        if let Some(mixed) = &self.world.group.mixed {
            let of = &mixed.types[bought.kind];
            (plan.vcpus, plan.speed) = (of.vcpus, of.speed);
        }
        let instance = Instance::new(self.launches, zone, Machine::new(&plan, self.now));
        let Bought { kind, spot } = bought;
        self.fleet[slot] = Some(Instance { slot, kind, spot, launched: self.now, ..instance });
        self.launches += 1;
        self.at_mut(slot).exists_from = self.now;
        slot
    }

    /// Launches an instance; `false` when no zone takes it.
    pub(super) fn launch(&mut self) -> bool {
        self.launch_as(self.live, false)
    }

    /// Launches an instance of this version, in the dark or not.
    pub(super) fn launch_as(&mut self, version: u32, dark: bool) -> bool {
        let Some((zone, bought)) = self.zone_for_launch(false) else { return false };
        let slot = self.launch_into(zone, bought, version, "launched in zone");
        self.at_mut(slot).dark = dark;
        self.fell = false;
        self.at_mut(slot).target = !self.is_suspended(Process::AddToLoadBalancer);
        self.begin_phase(slot);
        true
    }

    /// A launch in this zone, whose boot has not begun.
    pub(super) fn launch_into(&mut self, zone: usize, bought: Bought, version: u32, what: &str) -> usize {
        let slot = self.occupy(zone, bought);
        let launch = self.at(slot).launch;
        self.at_mut(slot).version = version;
        self.fact(Fact::Launch, (slot as u64) << 32 | launch);
        self.note(Entry::Launched);
        let zone = self.world.group.zones[self.at(slot).zone].clone();
        let text = format!("{what} {zone}{}", self.in_words(bought));
        self.say(ActivityKind::Launch, "group", Some(launch), &text);
        self.give_address(slot);
        self.at_mut(slot).phase_ends = self.now;
        self.draw_life(slot);
        slot
    }

    /// Begins the next boot phase, or comes to the end of the boot.
    pub(super) fn begin_phase(&mut self, slot: usize) {
        let (now, seed) = (self.now, self.world.seed);
        let (launch, index) = (self.at(slot).launch, self.at(slot).phase);
        let Some(phase) = self.world.instance.boot.get(index).cloned() else {
            if index > 0 {
                return self.boot_is_over(slot);
            }
            self.begin_running(slot);
            return self.later(now, Life::PhaseEnd { slot, launch });
        };
        if phase.stage >= BootStage::Running {
            self.begin_running(slot);
        }
        self.serve_if_ready(slot);
        let time = Sampler::new(&phase.time, stream(seed, Purpose::Boot, launch * 64 + index as u64)).draw();
        let end = self.at(slot).phase_ends + time;
        self.at_mut(slot).phase_ends = end;
        self.at_mut(slot).boot_cpu.push((now, u64::MAX, phase.cpu_ppm));
        self.later(end, Life::PhaseEnd { slot, launch });
    }

    pub(super) fn phase_ends(&mut self, slot: usize) {
        if matches!(self.at(slot).stage, Stage::Draining | Stage::Stopped) {
            return;
        }
        let (launch, index) = (self.at(slot).launch, self.at(slot).phase);
        let Some(phase) = self.world.instance.boot.get(index).cloned() else {
            return self.boot_is_over(slot);
        };
        let now = self.now;
        if let Some(last) = self.at_mut(slot).boot_cpu.last_mut() {
            last.1 = now;
        }
        let draw = hash(self.world.seed, Purpose::BootFailure, launch, index as u64);
        if self.at(slot).broken.is_none() && draw % 1_000_000 < u64::from(phase.failure_ppm) {
            let broken = match phase.on_failure {
                BootFailure::Terminate if self.at(slot).standalone.is_some() => {
                    return self.machine_gives_up(slot, "failed in its boot: stopped");
                }
                BootFailure::Terminate => return self.launch_fails(slot, "failed in its boot: replaced"),
                BootFailure::NeverReady => Broken::NeverReady,
                BootFailure::ServesErrors { error_time, check_passes_for } => Broken::ServesErrors {
                    error_time: error_time.as_nanos().max(1),
                    check_passes_for: check_passes_for.as_nanos(),
                },
            };
            self.at_mut(slot).broken = Some(broken);
        }
        self.at_mut(slot).phase += 1;
        self.begin_phase(slot);
    }

    /// A launch comes to nothing; a second later the group makes up for it.
    pub(super) fn launch_fails(&mut self, slot: usize, why: &str) {
        let launch = self.at(slot).launch;
        self.note(Entry::LaunchFailed);
        self.say(ActivityKind::Launch, "group", Some(launch), why);
        self.at_mut(slot).ending.get_or_insert(Ending::LaunchFailed);
        if self.at(slot).stage == Stage::Warming {
            self.discard(slot);
        } else {
            self.begin_termination(slot, false);
        }
        self.later(self.now + RELAUNCH, Life::Reconcile { launch });
    }

    fn boot_is_over(&mut self, slot: usize) {
        let now = self.now;
        self.begin_running(slot);
        let launch = self.at(slot).launch;
        self.at_mut(slot).boot_over = Some(now);
        let warms = self.at(slot).stage == Stage::Warming;
        self.serve_if_ready(slot);
        if warms {
            return;
        }
        match self.world.instance.cold {
            Some(Cold::For { time, .. }) => {
                self.at_mut(slot).cold = true;
                self.set_speed(slot);
                self.later(now + time.as_nanos(), Life::ColdEnd { slot, launch });
            }
            Some(Cold::Requests { count, .. }) => self.at_mut(slot).cold_left = count,
            None => {}
        }
        self.answers_change(slot);
        self.machine_is_up(slot);
    }

    pub(super) fn cold_factor(&self) -> Option<f64> {
        match self.world.instance.cold {
            Some(Cold::Requests { factor, .. }) => Some(factor),
            _ => None,
        }
    }

    pub(super) fn cold_ends(&mut self, slot: usize) {
        self.at_mut(slot).cold = false;
        self.set_speed(slot);
    }

    /// The speed in force, from what slows the instance down.
    pub(super) fn set_speed(&mut self, slot: usize) {
        let now = self.now;
        let (base, rate) = self.throttled(slot);
        let base = base as f64;
        let cold_factor = match self.world.instance.cold {
            Some(Cold::For { factor, .. }) => factor,
            _ => 1.0,
        };
        let instance = self.at_mut(slot);
        let slow = instance.slow.map_or(1.0, |s| s.1);
        let cold = if instance.cold { cold_factor } else { 1.0 };
        let speed = if instance.hang.is_some() { 0 } else { ((base / (slow * cold)) as u64).max(1) };
        instance.machine.set_speed(now, speed, rate);
    }

    /// Enters service when the boot has come so far and neither a hook nor the dark holds it.
    pub(super) fn serve_if_ready(&mut self, slot: usize) {
        let instance = self.at(slot);
        let phase = self.world.instance.boot.get(instance.phase);
        let far = instance.boot_over.is_some() || phase.is_some_and(|p| p.stage == BootStage::InService);
        if far && instance.stage == Stage::Starting {
            return self.machine_stands(slot);
        }
        if instance.stage == Stage::Warming && instance.boot_over.is_some() && instance.hooks.is_empty() {
            return self.rest(slot);
        }
        if instance.stage != Stage::Booting || !far || !instance.hooks.is_empty() || instance.dark {
            return;
        }
        let now = self.now;
        let instance = self.at_mut(slot);
        instance.in_service_from = Some(now);
        instance.stage = Stage::InService;
        self.fact(Fact::InService, slot as u64);
        self.say(ActivityKind::Service, "group", Some(self.at(slot).launch), "in service");
        self.agent_boots(slot);
        self.count_in_service();
        self.first_check(slot);
        if !self.at(slot).target && self.world.queue.is_none() {
            self.say_target(slot, "unused (launched while AddToLoadBalancer was suspended)");
        } else if self.world.balancer.health_check.is_some() {
            self.say_target(slot, "initial (Elb.InitialHealthChecking)");
        }
        self.targets_change();
        self.answers_change(slot);
    }

    fn count_in_service(&mut self) {
        let count = self.slots().filter(|(_, i)| i.registered()).count();
        self.note(Entry::InService(count as u32));
    }

    /// The instance leaves; it drains when it may, and goes at once when not.
    pub(super) fn begin_termination(&mut self, slot: usize, drains: bool) {
        let now = self.now;
        self.fact(Fact::Terminating, slot as u64);
        self.say(ActivityKind::Termination, "group", Some(self.at(slot).launch), "leaves");
        let instance = self.at_mut(slot);
        instance.tidy = drains && instance.registered();
        let drains = instance.tidy && !instance.crashed;
        if instance.registered() {
            instance.in_service_to = Some(now);
        }
        instance.stage = Stage::Draining;
        let launch = instance.launch;
        self.count_in_service();
        self.note(Entry::Terminated);
        let delay = if drains { self.world.balancer.deregistration_delay.as_nanos() } else { 0 };
        self.later(now + delay, Life::DrainEnd { slot, launch });
        self.targets_change();
        if drains && self.at(slot).outstanding() > 0 {
            self.say_target(slot, "draining (Target.DeregistrationInProgress)");
        }
    }

    /// A draining instance that nobody waits for any more is done.
    pub(super) fn look_at_drains(&mut self) {
        for slot in self.taken() {
            let instance = self.at(slot);
            if instance.stage == Stage::Draining && !instance.drain_asked && instance.outstanding() == 0 {
                let launch = instance.launch;
                self.at_mut(slot).drain_asked = true;
                self.later(self.now, Life::DrainEnd { slot, launch });
            }
        }
        self.end_resizes();
    }

    pub(super) fn terminate(&mut self, slot: usize) {
        self.close_account(slot);
        self.kill_all(slot);
        self.fact(Fact::Terminated, slot as u64);
        self.say(ActivityKind::Termination, "group", Some(self.at(slot).launch), "terminated");
        if !self.at(slot).crashed {
            self.agent_dies(slot);
        }
        let mut instance = self.fleet[slot].take().expect("the slot is taken");
        instance.machine.note(self.now);
        instance.billed_to.get_or_insert(self.now);
        instance.exists_to = Some(self.now);
        self.tell_instance(&instance, Some(self.now));
        self.place_given_back(&instance);
        self.gone.push(instance);
    }
}
