//! Unhealthy instances: marked at each look of the group, replaced as suspensions and the throttle allow.

use super::log::Entry;
use super::{Engine, Instance, Life};
use crate::fleet::Ending;
use crate::ledger::ActivityKind;
use crate::world::Process;

impl Engine<'_> {
    pub(super) fn is_suspended(&self, process: Process) -> bool {
        let mine = self.world.group.suspensions.iter().filter(|s| s.process == process);
        mine.into_iter().any(|s| (s.from.as_nanos()..s.to.as_nanos()).contains(&self.now))
    }

    pub(super) fn prepare_suspensions(&mut self) {
        for index in 0..self.world.group.suspensions.len() {
            self.later(self.world.group.suspensions[index].to.as_nanos(), Life::Resume { index });
        }
    }

    pub(super) fn group_check(&mut self) {
        let health = self.world.group.health;
        self.later(self.now + health.every.as_nanos(), Life::GroupCheck);
        if !self.is_suspended(Process::HealthCheck) {
            for slot in self.taken() {
                let instance = self.at(slot);
                let Some(since) = instance.in_service_from.filter(|_| instance.registered()) else {
                    continue;
                };
                let graced = self.now - since < health.grace.as_nanos();
                if instance.crashed
                    || health.follows_balancer && instance.target && !instance.healthy && !graced
                {
                    let now = self.now;
                    self.at_mut(slot).marked.get_or_insert(now);
                }
            }
        }
        self.catch_up();
    }

    /// Replaces whom it may and fits the group to its desired size.
    pub(super) fn catch_up(&mut self) {
        if !self.is_suspended(Process::ReplaceUnhealthy) && !self.is_suspended(Process::Terminate) {
            self.replace();
        }
        self.maintain();
        self.fit(true);
        self.replace_those_at_risk();
        self.even_out_zones();
    }

    fn marked(&self, crashed: bool) -> Vec<usize> {
        let wanted = |i: &Instance| i.registered() && i.marked.is_some() && i.crashed == crashed;
        let mut order: Vec<(Option<u64>, usize)> =
            self.slots().filter(|(_, i)| wanted(i)).map(|(s, i)| (i.marked, s)).collect();
        if !crashed {
            order.sort_unstable();
        }
        order.into_iter().map(|o| o.1).collect()
    }

    fn replace(&mut self) {
        for slot in self.marked(true) {
            self.take_out(slot, "stopped running: replaced");
        }
        if self.world.group.maintenance.is_some() {
            return;
        }
        let sick = self.marked(false);
        let why = self.must_wait().filter(|_| !sick.is_empty());
        if let Some(why) = why {
            if self.delayed != Some(why) {
                let text = format!("replacement of {} unhealthy instances waits: {why}", sick.len());
                self.say(ActivityKind::Health, "group", None, &text);
            }
        } else {
            let mut most = u32::MAX;
            if self.world.group.health.throttle {
                most = if sick.len() == self.in_service() as usize { 1 } else { (self.desired / 10).max(1) };
            }
            let mut taken = 0;
            for (place, slot) in sick.into_iter().enumerate() {
                taken += self.weight(self.at(slot));
                if place > 0 && taken > most {
                    break;
                }
                self.take_out(slot, "failed the balancer's health checks: replaced");
            }
        }
        self.delayed = why;
    }

    /// What the replacement of those that run waits for.
    fn must_wait(&self) -> Option<&'static str> {
        let group = &self.world.group;
        if !group.health.throttle {
            return None;
        }
        let missing_a_tenth =
            f64::from(self.units_of(Instance::registered)) <= 0.9 * f64::from(self.desired) + 1e-9;
        if missing_a_tenth && self.booting() + self.leaving() > 0 {
            return Some("a tenth or more is missing and an activity is in progress");
        }
        let new = |i: &Instance| i.living() && i.marked.is_none() && i.in_service_from != Some(0);
        let settled = |i: &Instance| {
            let warm = i.in_service_from.is_some_and(|from| self.now - from >= group.warm_up.as_nanos());
            i.registered() && warm && (i.healthy || !i.target || !group.health.follows_balancer)
        };
        let settling = self.slots().any(|(_, i)| new(i) && !settled(i));
        settling.then_some("new instances are not healthy and warm yet")
    }

    pub(super) fn take_out(&mut self, slot: usize, why: &str) {
        let launch = self.at(slot).launch;
        self.note(Entry::Replaced);
        self.say(ActivityKind::Health, "group", Some(launch), why);
        let ending = if self.at(slot).crashed { Ending::StoppedRunning } else { Ending::Unhealthy };
        self.at_mut(slot).ending.get_or_insert(ending);
        self.begin_termination(slot, true);
    }
}
