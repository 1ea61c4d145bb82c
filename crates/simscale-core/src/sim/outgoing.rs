//! Launch before terminate: who is outgoing serves until the others are enough without it. Capacity and zones are rebalanced by it.

use super::{Event, Sim};
use crate::fleet::{Candidate, Ending, Stage, rebalance_limit, terminated_first};
use crate::ledger::ActivityKind;
use crate::world::Process;

impl Sim<'_> {
    /// Units of all that live, outgoing ones too.
    fn all_units(&self) -> u32 {
        self.units(|l| !l.dark)
    }

    /// Units that are to be launched when the slot's instance is outgoing.
    fn lacking_without(&self, slot: usize) -> u32 {
        self.group.desired.saturating_sub(self.group.units - self.weight(slot))
    }

    /// A maintenance policy or refreshes replace instances by rules of their own: nothing is rebalanced beside them.
    fn replaces_by_percentages(&self) -> bool {
        self.world.group.maintenance.is_some() || !self.world.group.refreshes.is_empty()
    }

    /// An instance in service becomes outgoing: it counts no longer, so that the group launches another.
    pub(super) fn make_outgoing(&mut self, slot: usize, why: &str) {
        self.lives[slot].outgoing = Some(self.now);
        self.group.outgoing += 1;
        self.group.units -= self.weight(slot);
        self.group.living[usize::from(self.lives[slot].zone)] -= 1;
        self.desk.book.control_fact(73, self.now, slot as u64);
        self.note(ActivityKind::Rebalance, "group", Some(self.lives[slot].launch), why);
    }

    /// Something may have made an outgoing instance superfluous: they are looked at as soon as the order of phases allows.
    pub(super) fn outgoing_may_leave(&mut self) {
        if self.group.outgoing > 0 {
            self.schedule(self.now, Event::Outgoing);
        }
    }

    /// Outgoing instances leave, the first that became so first, as long as who is ready without them is enough.
    pub(super) fn let_outgoing_go(&mut self) {
        while let Some(slot) = self.superfluous() {
            self.lives[slot].ending.get_or_insert(Ending::Rebalanced);
            self.terminate(slot, true);
        }
        self.group.end_activities(self.now);
    }

    fn superfluous(&self) -> Option<usize> {
        if self.suspended(Process::Terminate) {
            return None;
        }
        let serves = |l: &crate::fleet::Life| l.stage == Stage::InService && !l.crashed;
        let ready = self.units(|l| serves(l) && l.health.healthy && l.outgoing.is_none());
        let others = self.units(|l| serves(l) && l.outgoing.is_some());
        let outgoing =
            |&s: &usize| self.lives[s].stage == Stage::InService && self.lives[s].outgoing.is_some();
        let first = (0..self.lives.len()).filter(outgoing).min_by_key(|&s| self.lives[s].outgoing)?;
        let own = if self.lives[first].crashed { 0 } else { self.weight(first) };
        (ready + others - own >= self.group.desired).then_some(first)
    }

    /// With capacity rebalancing, whoever is at risk becomes outgoing, as far as the margin allows.
    pub(super) fn rebalance_capacity(&mut self) {
        let Some(mixed) = &self.world.group.mixed else { return };
        let on = mixed.interruptions.capacity_rebalancing && !self.replaces_by_percentages();
        if !on || self.suspended(Process::Launch) {
            return;
        }
        let limit = self.group.max.max(rebalance_limit(self.group.desired));
        let at_risk = |&s: &usize| {
            let l = &self.lives[s];
            l.stage == Stage::InService && !l.crashed && l.at_risk.is_some() && l.outgoing.is_none()
        };
        let mut slots: Vec<usize> = (0..self.lives.len()).filter(at_risk).collect();
        slots.sort_by_key(|&s| (self.lives[s].noticed.is_none(), self.lives[s].at_risk));
        let (all, before) = (self.all_units(), self.group.outgoing);
        for slot in slots {
            if all + self.lacking_without(slot) > limit {
                break;
            }
            self.make_outgoing(slot, "capacity rebalancing: a replacement is launched before it goes");
        }
        if self.group.outgoing > before {
            self.reconcile(true);
        }
    }

    /// Zones that differ by two and more are evened out, as far as the margin allows: nobody boots, and nobody is outgoing.
    pub(super) fn rebalance_zones(&mut self) {
        let idle = self.group.booting == 0 && self.group.outgoing == 0 && self.places.held_until.is_none();
        let suspended = self.suspended(Process::Launch) || self.suspended(Process::AzRebalance);
        let on = self.world.group.zone_rebalancing && !self.replaces_by_percentages();
        if !on || !idle || suspended || self.versions.running.is_some() {
            return;
        }
        let limit = rebalance_limit(self.group.max);
        let all = self.all_units();
        while let Some(slot) = self.leaves_fullest() {
            if all + self.lacking_without(slot) > limit {
                break;
            }
            self.make_outgoing(slot, "zones are uneven: a replacement is launched before it goes");
        }
        if self.group.outgoing > 0 {
            self.reconcile(true);
        }
    }

    /// Who leaves the fullest zone for the emptiest one that takes launches, if they differ by two.
    fn leaves_fullest(&self) -> Option<usize> {
        let living = &self.group.living;
        let zones = 0..living.len();
        let to = zones.clone().filter(|&z| self.takes(z as u8)).min_by_key(|&z| living[z])?;
        let from = zones.rev().max_by_key(|&z| living[z])?;
        if living[from] < living[to] + 2 {
            return None;
        }
        let may = |&s: &usize| {
            let l = &self.lives[s];
            usize::from(l.zone) == from && l.stage == Stage::InService && l.outgoing.is_none() && !l.crashed
        };
        let slots: Vec<usize> = (0..self.lives.len()).filter(may).collect();
        let candidates: Vec<Candidate> = slots.iter().map(|&s| self.candidate(s, u32::MAX, None)).collect();
        terminated_first(&candidates, &self.world.group.termination).map(|place| slots[place])
    }
}
