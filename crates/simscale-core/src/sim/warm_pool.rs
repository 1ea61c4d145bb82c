//! The warm pool: who boots into it, rests there, is taken from it, returns to it or is one too many.

use super::{DEAF, Sim};
use crate::fleet::{Candidate, Ending, Life, Stage, launch_of, terminated_first, warm_pool_size};
use crate::kernel::NEVER;
use crate::ledger::ActivityKind;
use crate::world::{PoolState, Process, Termination};

impl Sim<'_> {
    /// At the start the pool is full, and everybody in it rests.
    pub(super) fn fill_pool(&mut self) {
        for _ in 0..self.pool_size() {
            let place = self.first_place(true);
            let slot = self.take_slot();
            let launch = self.group.next_launch;
            self.group.next_launch += 1;
            let runs = self.pool_runs();
            self.lives[slot] = Life::resting(launch, place.zone, runs);
            self.flags[slot] = DEAF;
            self.take_address(slot, &place);
            self.group.pooled[usize::from(place.zone)] += 1;
            self.bill.exists(0, self.lives[slot].owns_address());
            if runs {
                self.bill.begin(0);
                self.open_account(slot);
            }
        }
    }

    /// How large the pool should be.
    fn pool_size(&self) -> u32 {
        let g = &self.group;
        let size = |p: &crate::world::WarmPool| warm_pool_size(g.max, p.max_prepared, p.min_size, g.desired);
        self.world.group.warm_pool.as_ref().map_or(0, size)
    }

    /// Whether members of the pool wait running.
    fn pool_runs(&self) -> bool {
        self.world.group.warm_pool.as_ref().is_some_and(|p| p.state == PoolState::Running)
    }

    /// Launches or terminates until the pool is as large as it should be.
    pub(super) fn fit_pool(&mut self) {
        if self.world.group.warm_pool.is_none() {
            return;
        }
        let wanted = self.pool_size();
        let pooled = |sim: &Self| sim.group.pooled.iter().sum::<u32>();
        while pooled(self) < wanted && self.places.held_until.is_none() && !self.suspended(Process::Launch) {
            let Some(place) = self.find_place(true) else {
                self.hold_launches();
                break;
            };
            self.group.pooled[usize::from(place.zone)] += 1;
            let slot = self.begin_launch(&place, self.versions.live, "launched into the warm pool in zone");
            self.lives[slot].stage = Stage::Warming;
            self.enter_phase(slot);
        }
        // While instances are missing, whoever rests may yet be taken.
        let missing = self.group.units < self.group.wanted();
        while !missing && pooled(self) > wanted && !self.suspended(Process::Terminate) {
            let Some(slot) = self.one_too_many() else { break };
            self.discard(slot);
        }
    }

    /// The member that the default termination policy names among those that warm and rest.
    fn one_too_many(&self) -> Option<usize> {
        let member = |&slot: &usize| matches!(self.lives[slot].stage, Stage::Warming | Stage::Warmed);
        let slots: Vec<usize> = (0..self.lives.len()).filter(member).collect();
        let candidates: Vec<Candidate> =
            slots.iter().map(|&slot| self.candidate(slot, u32::MAX, None)).collect();
        terminated_first(&candidates, &[Termination::Default]).map(|place| slots[place])
    }

    /// A member of the pool is terminated, at once.
    pub(super) fn discard(&mut self, slot: usize) {
        self.group.scaling.terminations += 1;
        self.desk.book.control_fact(2, self.now, slot as u64);
        self.group.pooled[usize::from(self.lives[slot].zone)] -= 1;
        self.note(ActivityKind::Termination, "group", Some(self.lives[slot].launch), "leaves the warm pool");
        self.gone(slot);
    }

    /// Members of another version than the live one go, in order of slots.
    pub(super) fn discard_old_members(&mut self) {
        for slot in 0..self.lives.len() {
            let life = &self.lives[slot];
            let member = matches!(life.stage, Stage::Warming | Stage::Warmed);
            if member && life.version != self.versions.live {
                self.discard(slot);
            }
        }
    }

    /// Takes a resting member into the group; `false` when none can start.
    pub(super) fn take_from_pool(&mut self) -> bool {
        let Some(pool) = &self.world.group.warm_pool else { return false };
        let runs = pool.state == PoolState::Running;
        let ready = |&slot: &usize| {
            let life = &self.lives[slot];
            life.stage == Stage::Warmed && (runs || !self.lacks_capacity(life.zone))
        };
        let rank = |&slot: &usize| {
            let life = &self.lives[slot];
            (self.group.living[usize::from(life.zone)], life.zone, launch_of(life.launch))
        };
        let Some(slot) = (0..self.lives.len()).filter(ready).min_by_key(rank) else { return false };
        self.lives[slot].leave_pool(self.now, &pool.start_time, self.world.seed);
        let zone = usize::from(self.lives[slot].zone);
        self.group.pooled[zone] -= 1;
        self.group.living[zone] += 1;
        self.group.units += self.weight(slot);
        self.group.booting += 1;
        self.group.scaling.warm_starts += 1;
        self.desk.book.control_fact(61, self.now, slot as u64);
        let text = format!("taken from the warm pool in zone {}", self.world.group.zones[zone]);
        self.note(ActivityKind::WarmPool, "group", Some(self.lives[slot].launch), &text);
        self.lives[slot].target = !self.suspended(Process::AddToLoadBalancer);
        self.look_at_credits_again(slot);
        self.enter_phase(slot);
        true
    }

    /// Whoever leaves in a scale-in may return to the pool.
    pub(super) fn mark_return(&mut self, slot: usize, drain: bool) {
        let reuse = self.world.group.warm_pool.as_ref().is_some_and(|p| p.reuse);
        let life = &mut self.lives[slot];
        if reuse && drain && life.stage == Stage::InService && life.booted.is_some() && !life.crashed {
            life.returns = true;
            self.group.pooled[usize::from(life.zone)] += 1;
        }
    }

    /// Where its termination would end it, an instance is gone, or returns to the pool.
    pub(super) fn leave_for_good(&mut self, slot: usize) {
        let old = self.lives[slot].version != self.versions.live;
        if !self.lives[slot].returns || self.lives[slot].crashed || old {
            return self.gone(slot);
        }
        self.close_server(slot);
        self.stop_billing(slot);
        self.tell(slot, Some(self.now), Ending::Returned);
        self.agent_ends(slot);
        self.group.draining -= 1;
        self.group.scaling.returns += 1;
        self.forget_target(slot);
        self.rest(slot);
    }

    /// Who rests is not billed, unless it waits running.
    fn stop_billing(&mut self, slot: usize) {
        if self.pool_runs() {
            return;
        }
        self.close_account(slot);
        self.end_billing(slot);
        self.lives[slot].running = None;
        let billed = self.lives[slot].billed.take().unwrap_or(0);
        self.lives[slot].billed_before += billed;
    }

    /// An instance comes to rest in the pool.
    pub(super) fn rest(&mut self, slot: usize) {
        self.stop_billing(slot);
        let returned = self.lives[slot].returns;
        self.lives[slot].rest();
        if returned {
            self.lives[slot].ran_first = self.lives[slot].running.map(|_| self.now);
        }
        self.servers[slot] = self.new_server(self.lives[slot].kind);
        self.unwatch(slot);
        self.flags[slot] = DEAF;
        self.guards.set(slot, NEVER);
        self.desk.deadlines.clear(slot);
        self.due.set(slot, NEVER);
        self.apply_speed(slot);
        self.look_at_credits_again(slot);
        self.desk.book.control_fact(60, self.now, slot as u64);
        let state = self.world.group.warm_pool.as_ref().map_or("", |p| p.state.name());
        let text = format!("{} in the warm pool: {state}", if returned { "rests again" } else { "rests" });
        self.note(ActivityKind::WarmPool, "group", Some(self.lives[slot].launch), &text);
        self.reconcile(true);
    }
}
