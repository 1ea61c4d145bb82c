//! Launch before terminate, by the text: outgoing instances count for nothing and leave when the others are enough.

use super::instance::{Instance, Stage};
use super::{Engine, Fact, Life};
use crate::fleet::Ending;
use crate::ledger::ActivityKind;
use crate::world::Process;

/// A size and its tenth, at least one.
fn with_margin(size: u32) -> u32 {
    size + std::cmp::max(1, size / 10)
}

impl Engine<'_> {
    fn goes_out(&mut self, slot: usize, why: &str) {
        let (now, launch) = (self.now, self.at(slot).launch);
        self.at_mut(slot).outgoing = Some(now);
        self.fact(Fact::Outgoing, slot as u64);
        self.say(ActivityKind::Rebalance, "group", Some(launch), why);
    }

    fn outgoing(&self) -> Vec<(u64, usize)> {
        let mut list: Vec<(u64, usize)> = self
            .slots()
            .filter(|(_, i)| i.registered())
            .filter_map(|(s, i)| Some((i.outgoing?, s)))
            .collect();
        list.sort_unstable();
        list
    }

    /// Somebody became ready, or fewer are desired.
    pub(super) fn look_for_outgoing(&mut self) {
        if !self.outgoing().is_empty() {
            self.later(self.now, Life::Outgoing);
        }
    }

    pub(super) fn outgoing_leave(&mut self) {
        loop {
            let Some(&(_, slot)) = self.outgoing().first() else { return };
            let healthy = self.units_of(|i| i.counts() && i.registered() && !i.crashed && i.healthy);
            let rest = self.units_of(|i| {
                i.registered() && i.outgoing.is_some() && !i.crashed && i.launch != self.at(slot).launch
            });
            if self.is_suspended(Process::Terminate) || healthy + rest < self.desired {
                return;
            }
            self.at_mut(slot).ending.get_or_insert(Ending::Rebalanced);
            self.begin_termination(slot, true);
        }
    }

    fn everybody(&self) -> u32 {
        self.units_of(|i| i.living() && !i.dark)
    }

    /// Capacity rebalancing.
    pub(super) fn replace_those_at_risk(&mut self) {
        let Some(mixed) = &self.world.group.mixed else { return };
        let by_percentages = self.world.group.maintenance.is_some() || !self.world.group.refreshes.is_empty();
        if !mixed.interruptions.capacity_rebalancing || by_percentages || self.is_suspended(Process::Launch) {
            return;
        }
        let limit = self.world.group.max.max(with_margin(self.desired));
        let mut due: Vec<(bool, u64, usize)> = self
            .slots()
            .filter(|(_, i)| i.registered() && !i.crashed && i.outgoing.is_none())
            .filter_map(|(s, i)| Some((i.noticed.is_none(), i.at_risk?, s)))
            .collect();
        due.sort_unstable();
        let there = self.everybody();
        let mut any = false;
        for (_, _, slot) in due {
            let left = self.units() - self.weight(self.at(slot));
            if there + self.desired.max(left) - left > limit {
                break;
            }
            any = true;
            self.goes_out(slot, "capacity rebalancing: a replacement is launched before it goes");
        }
        if any {
            self.fit(true);
        }
    }

    /// Evens out zones that differ by two and more.
    pub(super) fn even_out_zones(&mut self) {
        let busy = self.booting() > 0
            || !self.outgoing().is_empty()
            || self.next_try.is_some()
            || self.deploying.is_some();
        let suspended = self.is_suspended(Process::Launch) || self.is_suspended(Process::AzRebalance);
        let by_percentages = self.world.group.maintenance.is_some() || !self.world.group.refreshes.is_empty();
        if !self.world.group.zone_rebalancing || by_percentages || busy || suspended {
            return;
        }
        let limit = with_margin(self.world.group.max);
        let there = self.everybody();
        let mut any = false;
        while let Some(slot) = self.moves() {
            let left = self.units() - self.weight(self.at(slot));
            if there + self.desired.max(left) - left > limit {
                break;
            }
            any = true;
            self.goes_out(slot, "zones are uneven: a replacement is launched before it goes");
        }
        if any {
            self.fit(true);
        }
    }

    /// Who is to be replaced in the emptiest zone that takes the next launch.
    fn moves(&self) -> Option<usize> {
        let count = |zone: usize| self.living_in(zone, false);
        let zones = 0..self.world.group.zones.len();
        let to =
            zones.clone().filter(|&zone| self.would_take(zone)).min_by_key(|&zone| (count(zone), zone))?;
        let most = zones.clone().map(count).max()?;
        let from = zones.into_iter().find(|&zone| count(zone) == most)?;
        if most < count(to) + 2 {
            return None;
        }
        let there = |i: &Instance| {
            i.zone == from && i.stage == Stage::InService && i.outgoing.is_none() && !i.crashed
        };
        self.who_of(u32::MAX, None, there)
    }
}
