//! Instance maintenance and instance refresh, from the text.

use super::instance::Stage;
use super::log::Entry;
use super::warm_pool::launch_of;
use super::{Engine, Fact, Instance, Life};
use crate::fleet::Ending;
use crate::kernel::SimTime;
use crate::ledger::ActivityKind;
use crate::world::{Maintenance, Process};

/// A refresh that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct InRefresh {
    index: usize,
    begun: u64,
    done: u32,
}

impl Engine<'_> {
    pub(super) fn prepare_refreshes(&mut self) {
        for index in 0..self.world.group.refreshes.len() {
            self.later(self.world.group.refreshes[index].at.as_nanos(), Life::Refresh { index });
        }
    }

    fn say_refresh(&mut self, index: usize, instance: Option<u64>, what: &str) {
        let name = self.world.group.refreshes[index].name.clone();
        self.say(ActivityKind::Refresh, &name, instance, what);
    }

    pub(super) fn refresh_begins(&mut self, index: usize) {
        if let Some(other) = self.in_refresh {
            let name = &self.world.group.refreshes[other.index].name;
            let what = format!("refused: InstanceRefreshInProgress: {name} is in progress");
            self.say_refresh(index, None, &what);
            return;
        }
        self.newest += 1;
        self.live = self.newest;
        self.in_refresh = Some(InRefresh { index, begun: self.now, done: 0 });
        self.fact(Fact::RefreshBegins, u64::from(self.live));
        let (least, most) = self.bounds(self.world.group.refreshes[index].percent);
        let (live, desired) = (self.live, self.desired);
        let what =
            format!("refresh to version {live} begins: {least} to {most} instances for {desired} desired");
        self.say_refresh(index, None, &what);
        for slot in self.taken() {
            let old = self.at(slot).version != self.live;
            if old && matches!(self.at(slot).stage, Stage::Warming | Stage::Resting) {
                self.discard(slot);
            }
        }
        self.maintain();
        self.fit(true);
    }

    fn bounds(&self, percent: Maintenance) -> (u32, u32) {
        let share = |p: u32| f64::from(self.desired) * f64::from(p) / 100.0;
        let least = (share(percent.min_healthy_percent) - 1e-9).ceil().max(0.0);
        (least as u32, (share(percent.max_healthy_percent) + 1e-9).floor() as u32)
    }

    /// It belongs to a version that the refresh in progress replaces.
    fn goes(&self, instance: &Instance) -> bool {
        self.in_refresh.is_some() && instance.version != self.live
    }

    fn is_ready(&self, instance: &Instance) -> bool {
        let group = &self.world.group;
        if !instance.registered() || instance.crashed {
            return false;
        }
        if instance.marked.is_some() || self.goes(instance) {
            return true;
        }
        let warm_up = match self.in_refresh {
            Some(refresh) => group.refreshes[refresh.index].warm_up,
            None => group.warm_up,
        };
        let since = instance.in_service_from.unwrap_or(self.now);
        since == 0
            || self.now - since >= warm_up.as_nanos() && (instance.healthy || !group.health.follows_balancer)
    }

    pub(super) fn maintain(&mut self) {
        if self.is_suspended(Process::Launch) || self.is_suspended(Process::Terminate) {
            return;
        }
        let (units, mut ready) = (self.units(), self.units_of(|i| self.is_ready(i)));
        let all_ready = ready == units;
        let old = self.slots().any(|(_, i)| i.living() && self.goes(i));
        if let (Some(refresh), true) = (self.in_refresh, all_ready && !old) {
            self.in_refresh = None;
            self.fact(Fact::RefreshEnds, u64::from(self.live));
            let took = SimTime::from_nanos(self.now).since(SimTime::from_nanos(refresh.begun));
            let what = format!("refresh ends: {} replaced in {took}", refresh.done);
            self.say_refresh(refresh.index, None, &what);
        }
        let percent = match self.in_refresh {
            Some(refresh) => Some(self.world.group.refreshes[refresh.index].percent),
            None => self.world.group.maintenance,
        };
        self.surge = 0;
        let Some(percent) = percent else { return };
        let (least, most) = self.bounds(percent);
        let room = most - most.min(self.desired);
        let mut waiting = self.to_replace();
        let weights = |engine: &Self, list: &[(usize, bool)]| -> u32 {
            list.iter().map(|s| engine.weight(engine.at(s.0))).sum()
        };
        let mut stuck = all_ready && units >= self.desired + room.min(weights(self, &waiting));
        while let Some(&(slot, sick)) = waiting.first() {
            let weight = self.weight(self.at(slot));
            if ready < least + weight && !stuck {
                break;
            }
            stuck = false;
            ready -= weight.min(ready);
            waiting.remove(0);
            if sick {
                self.take_out(slot, "failed the balancer's health checks: replaced");
            } else {
                self.refreshes(slot);
            }
        }
        self.surge = room.min(weights(self, &waiting));
    }

    /// Slots of those that give way, in their order, and whether as unhealthy ones.
    fn to_replace(&self) -> Vec<(usize, bool)> {
        let group = &self.world.group;
        let by_policy = group.maintenance.is_some() && !self.is_suspended(Process::ReplaceUnhealthy);
        let serving = || self.slots().filter(|(_, i)| i.registered() && !i.crashed);
        let sick = |i: &Instance| by_policy && i.marked.is_some();
        let mut first: Vec<_> = serving().filter(|s| sick(s.1)).map(|(s, i)| (i.marked, s)).collect();
        first.sort_unstable();
        let mut then: Vec<_> = serving()
            .filter(|s| !sick(s.1) && self.goes(s.1))
            .map(|(s, i)| (launch_of(i.launch), s))
            .collect();
        then.sort_unstable();
        first.into_iter().map(|f| (f.1, true)).chain(then.into_iter().map(|t| (t.1, false))).collect()
    }

    fn refreshes(&mut self, slot: usize) {
        let Some(mut refresh) = self.in_refresh else { return };
        refresh.done += 1;
        self.in_refresh = Some(refresh);
        let old = self.slots().filter(|(s, i)| *s != slot && i.living() && self.goes(i)).count() as u32;
        let percent = 100 * refresh.done / (refresh.done + old);
        let launch = self.at(slot).launch;
        self.say_refresh(refresh.index, Some(launch), &format!("replaced: {percent} % complete"));
        self.note(Entry::Refreshed);
        self.at_mut(slot).ending.get_or_insert(Ending::Refreshed);
        self.begin_termination(slot, true);
    }
}
