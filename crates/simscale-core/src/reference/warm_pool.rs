//! The warm pool, from the text: members that warm, rest and return; who is taken, who is one too many.

use super::instance::{Instance, Stage};
use super::log::Entry;
use super::machine::Machine;
use super::{Engine, Fact, Life};
use crate::fleet::Ending;
use crate::kernel::{Purpose, Sampler, stream};
use crate::ledger::ActivityKind;
use crate::world::{PoolState, Process, Termination, WarmPool};

/// Added to the number of an instance at each of its moves.
const MOVE: u64 = 1 << 41;

/// The launch that a number belongs to.
pub(super) fn launch_of(number: u64) -> u64 {
    let machine = number / (1 << 40) % 2 == 1;
    if machine { number } else { number % (1 << 40) }
}

impl Instance {
    /// A member of the pool: it warms, rests, or is on its way back.
    pub(super) fn pooled(&self) -> bool {
        matches!(self.stage, Stage::Warming | Stage::Resting) || self.stage == Stage::Draining && self.returns
    }
}

impl Engine<'_> {
    fn warm_pool(&self) -> Option<WarmPool> {
        self.world.group.warm_pool.clone()
    }

    fn waits_running(&self) -> bool {
        self.warm_pool().is_some_and(|p| p.state == PoolState::Running)
    }

    fn members_wanted(&self) -> u32 {
        let Some(pool) = self.warm_pool() else { return 0 };
        let prepared = pool.max_prepared.unwrap_or(self.world.group.max);
        let missing = prepared - prepared.min(self.desired);
        missing.max(pool.min_size)
    }

    fn members(&self) -> u32 {
        self.slots().filter(|(_, i)| i.pooled()).count() as u32
    }

    pub(super) fn pool_of_the_start(&mut self) {
        for _ in 0..self.members_wanted() {
            let bought = super::mixed::Bought { kind: 0, spot: false };
            let slot = self.occupy(self.emptiest(true), bought);
            let runs = self.waits_running();
            let boot = self.world.instance.boot.len();
            let instance = self.at_mut(slot);
            instance.stage = Stage::Resting;
            instance.phase = boot;
            instance.billed_from = runs.then_some(0);
            self.give_address(slot);
            if runs {
                self.open_account(slot, false);
            }
        }
    }

    pub(super) fn fit_pool(&mut self) {
        if self.warm_pool().is_none() {
            return;
        }
        let wanted = self.members_wanted();
        if !self.is_suspended(Process::Launch) {
            while self.members() < wanted && self.next_try.is_none() {
                match self.zone_for_launch(true) {
                    Some((zone, bought)) => {
                        let slot =
                            self.launch_into(zone, bought, self.live, "launched into the warm pool in zone");
                        self.at_mut(slot).stage = Stage::Warming;
                        self.begin_phase(slot);
                    }
                    None => self.wait_for_room(),
                }
            }
        }
        if self.is_suspended(Process::Terminate) || self.units() < self.desired + self.surge {
            return;
        }
        while self.members() > wanted {
            let stays = |i: &Instance| matches!(i.stage, Stage::Warming | Stage::Resting);
            match self.first_of(u32::MAX, None, stays, &[Termination::Default]) {
                Some(slot) => self.discard(slot),
                None => break,
            }
        }
    }

    /// A member that warms or rests is terminated.
    pub(super) fn discard(&mut self, slot: usize) {
        self.fact(Fact::Terminating, slot as u64);
        self.note(Entry::Terminated);
        let launch = self.at(slot).launch;
        self.say(ActivityKind::Termination, "group", Some(launch), "leaves the warm pool");
        self.terminate(slot);
    }

    /// Takes a member into the group, if there is one that can start.
    pub(super) fn take_member(&mut self) -> bool {
        let Some(pool) = self.warm_pool() else { return false };
        let living = |zone: usize| self.slots().filter(|(_, i)| i.counts() && i.zone == zone).count();
        let can_start = |i: &Instance| pool.state == PoolState::Running || !self.lacks(i.zone);
        let mut ready: Vec<(usize, usize, u64, usize)> = self
            .slots()
            .filter(|(_, i)| i.stage == Stage::Resting && can_start(i))
            .map(|(s, i)| (living(i.zone), i.zone, launch_of(i.launch), s))
            .collect();
        ready.sort_unstable();
        let Some(&(_, zone, _, slot)) = ready.first() else { return false };
        let added = !self.is_suspended(Process::AddToLoadBalancer);
        let instance = self.at_mut(slot);
        instance.launch += MOVE;
        instance.target = added;
        instance.stage = Stage::Booting;
        let launch = instance.launch;
        self.note(Entry::WarmStarted);
        self.fact(Fact::Taken, slot as u64);
        let text = format!("taken from the warm pool in zone {}", self.world.group.zones[zone]);
        self.say(ActivityKind::WarmPool, "group", Some(launch), &text);
        self.plan_account_again(slot);
        let law = stream(self.world.seed, Purpose::WarmStart, launch);
        let time = Sampler::new(&pool.start_time, law).draw();
        self.later(self.now + time, Life::PhaseEnd { slot, launch });
        true
    }

    /// Who goes in a scale-in in good order comes back, if the pool reuses its instances.
    pub(super) fn may_return(&mut self, slot: usize, drains: bool) {
        let reuse = self.warm_pool().is_some_and(|p| p.reuse);
        let instance = self.at_mut(slot);
        let well = instance.registered() && instance.boot_over.is_some() && !instance.crashed;
        instance.returns = reuse && drains && well;
    }

    /// The termination is at its end: gone, or back in the pool.
    pub(super) fn leaves(&mut self, slot: usize) {
        if !self.at(slot).returns || self.at(slot).crashed || self.at(slot).version != self.live {
            return self.terminate(slot);
        }
        self.kill_all(slot);
        let now = self.now;
        self.at_mut(slot).machine.note(now);
        if !self.waits_running() {
            self.stop_billing(slot);
        }
        self.at_mut(slot).ending = Some(Ending::Returned);
        let told = self.at(slot).clone();
        self.tell_instance(&told, Some(now));
        self.agent_dies(slot);
        self.note(Entry::Returned);
        self.rest(slot);
    }

    fn stop_billing(&mut self, slot: usize) {
        let now = self.now;
        self.close_account(slot);
        let instance = self.at_mut(slot);
        if instance.billed_from.is_some() {
            instance.billed_to.get_or_insert(now);
        }
    }

    /// It comes to rest: what it was is over and recorded, what rests is as fresh as it was before its launch.
    pub(super) fn rest(&mut self, slot: usize) {
        let now = self.now;
        let runs = self.waits_running();
        if !runs {
            self.stop_billing(slot);
        }
        self.at_mut(slot).machine.note(now);
        let mut old = self.fleet[slot].take().expect("it comes to rest");
        let mut machine = Machine::new(&self.world.instance, now);
        machine.spans = old.machine.spans.clone();
        let mut fresh = Instance::new(old.launch + MOVE, old.zone, machine);
        fresh.stage = Stage::Resting;
        fresh.phase = self.world.instance.boot.len();
        (fresh.slot, fresh.launched, fresh.address) = (slot, old.launched, old.address);
        (fresh.version, fresh.broken) = (old.version, old.broken);
        fresh.exists_from = now;
        let so_far = (old.billed_earlier + self.billed_of(&old)).saturating_sub(u64::from(runs));
        if runs {
            fresh.account = old.account.take();
            fresh.billed_from = old.billed_from.take();
            fresh.billed_earlier = old.billed_earlier;
        } else {
            fresh.billed_earlier = so_far;
        }
        if old.returns {
            fresh.billed_told = so_far;
            fresh.ran_first = runs.then_some(now);
        } else {
            fresh.billed_told = old.billed_told;
            fresh.ran_first = old.ran_first.or(old.billed_from).or(fresh.billed_from);
        }
        let returned = old.returns;
        old.exists_to = Some(now);
        self.gone.push(old);
        self.fleet[slot] = Some(fresh);
        self.set_speed(slot);
        self.plan_account_again(slot);
        self.fact(Fact::Rests, slot as u64);
        let state = self.warm_pool().map_or("", |p| p.state.name());
        let what = if returned { "rests again" } else { "rests" };
        let launch = self.at(slot).launch;
        self.say(ActivityKind::WarmPool, "group", Some(launch), &format!("{what} in the warm pool: {state}"));
        self.fit(true);
    }
}
