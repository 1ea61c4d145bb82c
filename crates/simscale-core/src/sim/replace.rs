//! The group's own view of health: who is marked unhealthy, who is replaced, what is suspended meanwhile.

use super::{Event, Sim};
use crate::fleet::{Ending, Replacement, Stage, unhealthy_replacements};
use crate::kernel::{Phase, SimTime, key};
use crate::ledger::ActivityKind;
use crate::world::Process;

impl Sim<'_> {
    /// Whether a process of the group is suspended now.
    pub(super) fn suspended(&self, process: Process) -> bool {
        self.world.group.suspends(process, SimTime::from_nanos(self.now))
    }

    /// The ends of suspensions go into the calendar.
    pub(super) fn schedule_resumes(&mut self) {
        for (index, suspension) in self.world.group.suspensions.iter().enumerate() {
            let event = Event::Resume { index: index as u32 };
            self.calendar.push(key(suspension.to.as_nanos(), Phase::Lifecycle), event);
        }
    }

    /// A suspension is over: what waited for it happens at once.
    pub(super) fn resume(&mut self) {
        self.replace_unhealthy();
        self.maintain();
        self.reconcile(true);
        self.rebalance_capacity();
        self.rebalance_zones();
    }

    /// The group looks for broken instances, replaces them, and looks again later.
    pub(super) fn group_check(&mut self) {
        if !self.suspended(Process::HealthCheck) {
            self.mark_unhealthy();
        }
        self.resume();
        let next = self.now + self.world.group.health.every.as_nanos();
        self.calendar.push(key(next, Phase::Lifecycle), Event::GroupCheck);
    }

    /// Marks who stopped running and, if it follows the balancer, whom the balancer calls unhealthy after the grace. A mark stays.
    fn mark_unhealthy(&mut self) {
        let health = self.world.group.health;
        let (now, grace) = (self.now, health.grace.as_nanos());
        for life in self.lives.iter_mut().filter(|l| l.stage == Stage::InService) {
            let past_grace = life.in_service.is_some_and(|since| now >= since + grace);
            if life.crashed || health.follows_balancer && life.target && !life.health.healthy && past_grace {
                life.marked.get_or_insert(now);
            }
        }
    }

    /// Replaces who is marked: at once who stopped running, the others as the throttle allows.
    fn replace_unhealthy(&mut self) {
        if self.suspended(Process::ReplaceUnhealthy) || self.suspended(Process::Terminate) {
            return;
        }
        let marked = |s: &usize| self.lives[*s].stage == Stage::InService && self.lives[*s].marked.is_some();
        let (stopped, mut rest): (Vec<usize>, Vec<usize>) =
            (0..self.lives.len()).filter(marked).partition(|&s| self.lives[s].crashed);
        rest.sort_by_key(|&s| self.lives[s].marked);
        for slot in stopped {
            self.replace(slot, "stopped running: replaced", Ending::StoppedRunning);
        }
        if self.world.group.maintenance.is_some() {
            // The percentages of the maintenance policy say how many of the others.
            return;
        }
        let waits = match self.allowed(&rest) {
            Replacement::UpTo(units) => {
                self.keep_within(&mut rest, units);
                None
            }
            _ if rest.is_empty() => None,
            wait => Some(wait),
        };
        if waits.is_none() {
            for &slot in &rest {
                self.replace(slot, "failed the balancer's health checks: replaced", Ending::Unhealthy);
            }
        } else if self.group.delayed != waits {
            let why = match waits {
                Some(Replacement::WaitForActivity) => {
                    "a tenth or more is missing and an activity is in progress"
                }
                _ => "new instances are not healthy and warm yet",
            };
            let text = format!("replacement of {} unhealthy instances waits: {why}", rest.len());
            self.note(ActivityKind::Health, "group", None, &text);
        }
        self.group.delayed = waits;
    }

    /// How many of those that are marked and run may be replaced.
    fn allowed(&self, marked: &[usize]) -> Replacement {
        if !self.world.group.health.throttle {
            return Replacement::UpTo(u32::MAX);
        }
        let (g, health) = (&self.group, self.world.group.health);
        let warm_up = self.world.group.warm_up.as_nanos();
        let settling = self.lives.iter().filter(|l| l.marked.is_none()).any(|life| match life.stage {
            Stage::Booting => true,
            Stage::InService if life.in_service == Some(0) => false,
            Stage::InService => {
                let warm = life.in_service.is_some_and(|since| self.now >= since + warm_up);
                !warm || health.follows_balancer && life.target && !life.health.healthy
            }
            _ => false,
        });
        let busy = g.booting > 0 || g.draining > 0;
        let in_service = self.units(|l| l.stage == Stage::InService);
        let all = marked.len() as u32 == g.in_service;
        unhealthy_replacements(g.desired, in_service, busy, settling, all)
    }

    /// Keeps the first, and of the others as many as have no more units together with it.
    fn keep_within(&self, slots: &mut Vec<usize>, units: u32) {
        let mut sum = 0;
        let fits = |&slot: &usize| {
            sum += self.weight(slot);
            sum
        };
        let sums: Vec<u32> = slots.iter().map(fits).collect();
        let kept = sums.iter().take_while(|&&sum| sum <= units).count();
        slots.truncate(kept.max(1));
    }

    pub(super) fn replace(&mut self, slot: usize, why: &str, ending: Ending) {
        self.group.scaling.replacements += 1;
        self.note(ActivityKind::Health, "group", Some(self.lives[slot].launch), why);
        self.ends_for(slot, ending);
        self.terminate(slot, true);
    }
}
