//! Replacing instances that still run, within two percentages: for an instance maintenance policy, and for an instance refresh.

use super::{Event, Sim};
use crate::fleet::{Ending, Life, Stage, launch_of, maintenance_limits};
use crate::kernel::SimTime;
use crate::ledger::ActivityKind;
use crate::world::{Maintenance, Process};

/// The instance refresh in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refreshing {
    index: usize,
    since: u64,
    replaced: u32,
}

impl Sim<'_> {
    pub(super) fn schedule_refreshes(&mut self) {
        for index in 0..self.world.group.refreshes.len() {
            let at = self.world.group.refreshes[index].at.as_nanos();
            self.schedule(at, Event::Refresh { index: index as u32 });
        }
    }

    /// A refresh begins, unless another one is in progress.
    pub(super) fn begin_refresh(&mut self, index: usize) {
        let running = self.group.refreshing.map(|r| r.index);
        if let Some(other) = running {
            let other = &self.world.group.refreshes[other].name;
            let text = format!("refused: InstanceRefreshInProgress: {other} is in progress");
            return self.note_refresh(index, None, &text);
        }
        self.versions.newest += 1;
        self.versions.live = self.versions.newest;
        self.group.refreshing = Some(Refreshing { index, since: self.now, replaced: 0 });
        self.desk.book.control_fact(52, self.now, u64::from(self.versions.live));
        let percent = self.world.group.refreshes[index].percent;
        let (least, most) = self.limits(percent);
        let text = format!(
            "refresh to version {} begins: {least} to {most} instances for {} desired",
            self.versions.live, self.group.desired
        );
        self.note_refresh(index, None, &text);
        self.discard_old_members();
        self.maintain();
        self.reconcile(true);
    }

    fn limits(&self, percent: Maintenance) -> (u32, u32) {
        maintenance_limits(self.group.desired, percent.min_healthy_percent, percent.max_healthy_percent)
    }

    fn note_refresh(&mut self, index: usize, launch: Option<u64>, text: &str) {
        let name = self.world.group.refreshes[index].name.clone();
        self.note(ActivityKind::Refresh, &name, launch, text);
    }

    /// An instance that the refresh in progress replaces.
    fn is_old(&self, life: &Life) -> bool {
        self.group.refreshing.is_some() && life.version < self.versions.live
    }

    /// The percentages in force: those of the refresh in progress, else the group's.
    fn percentages(&self) -> Option<Maintenance> {
        let refresh = self.group.refreshing.map(|r| self.world.group.refreshes[r.index].percent);
        refresh.or(self.world.group.maintenance)
    }

    /// Living units that are ready: who is to be replaced as long as it runs, and who is past its warm-up and healthy.
    fn ready_units(&self) -> u32 {
        let group = &self.world.group;
        let warm_up = self.group.refreshing.map_or(group.warm_up, |r| group.refreshes[r.index].warm_up);
        self.units(|life| {
            let warm = life.in_service.is_some_and(|s| s == 0 || self.now >= s + warm_up.as_nanos());
            let well = life.in_service == Some(0) || !group.health.follows_balancer || life.health.healthy;
            let leaves = life.marked.is_some() || self.is_old(life);
            life.stage == Stage::InService && !life.crashed && (leaves || warm && well)
        })
    }

    /// Whom the percentages allow to replace: who is marked unhealthy first, then the old ones by their launches.
    fn outdated(&self) -> Vec<usize> {
        let serves = |s: &usize| self.lives[*s].stage == Stage::InService && !self.lives[*s].crashed;
        let unhealthy = self.world.group.maintenance.is_some() && !self.suspended(Process::ReplaceUnhealthy);
        let marked = |s: &usize| unhealthy && self.lives[*s].marked.is_some();
        let (mut list, rest): (Vec<usize>, Vec<usize>) =
            (0..self.lives.len()).filter(serves).partition(marked);
        list.sort_by_key(|&s| self.lives[s].marked);
        let mut old: Vec<usize> = rest.into_iter().filter(|&s| self.is_old(&self.lives[s])).collect();
        old.sort_by_key(|&s| launch_of(self.lives[s].launch));
        list.append(&mut old);
        list
    }

    /// Replaces as many as the percentages allow; the group wants more units than are desired as long as others are to go.
    pub(super) fn maintain(&mut self) {
        if self.suspended(Process::Launch) || self.suspended(Process::Terminate) {
            return;
        }
        let mut ready = self.ready_units();
        let all_ready = ready == self.group.units;
        if all_ready && !self.lives.iter().any(|l| alive(l) && self.is_old(l)) {
            self.end_refresh();
        }
        let Some(percent) = self.percentages() else {
            self.group.surge = 0;
            return;
        };
        let (least, most) = self.limits(percent);
        let room = most.saturating_sub(self.group.desired);
        let list = self.outdated();
        let mut left: u32 = list.iter().map(|&slot| self.weight(slot)).sum();
        // Where the percentages would stop everything for ever, one goes all the same.
        let mut stuck = all_ready && self.group.units >= self.group.desired + left.min(room);
        for slot in list {
            let weight = self.weight(slot);
            if !stuck && ready < least + weight {
                break;
            }
            stuck = false;
            ready = ready.saturating_sub(weight);
            left -= weight;
            self.give_way(slot);
        }
        self.group.surge = left.min(room);
    }

    fn give_way(&mut self, slot: usize) {
        let unhealthy = self.world.group.maintenance.is_some() && !self.suspended(Process::ReplaceUnhealthy);
        if unhealthy && self.lives[slot].marked.is_some() {
            return self.replace(slot, "failed the balancer's health checks: replaced", Ending::Unhealthy);
        }
        let Some(refresh) = &mut self.group.refreshing else { return };
        refresh.replaced += 1;
        let (index, replaced) = (refresh.index, refresh.replaced);
        let old = self.lives.iter().filter(|l| alive(l) && self.is_old(l)).count() as u32 - 1;
        let text = format!("replaced: {} % complete", replaced * 100 / (replaced + old));
        self.note_refresh(index, Some(self.lives[slot].launch), &text);
        self.group.scaling.refreshed += 1;
        self.lives[slot].ending.get_or_insert(Ending::Refreshed);
        self.terminate(slot, true);
    }

    fn end_refresh(&mut self) {
        let Some(Refreshing { index, since, replaced }) = self.group.refreshing.take() else { return };
        self.desk.book.control_fact(53, self.now, u64::from(self.versions.live));
        let took = SimTime::from_nanos(self.now).since(SimTime::from_nanos(since));
        self.note_refresh(index, None, &format!("refresh ends: {replaced} replaced in {took}"));
    }
}

fn alive(life: &Life) -> bool {
    matches!(life.stage, Stage::Booting | Stage::InService)
}
