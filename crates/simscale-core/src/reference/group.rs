//! The group: how many there should be, who goes, what is replaced, and the rows of its log.

use super::warm_pool::launch_of;
use super::{Engine, Instance};
use crate::control::Activity;
use crate::kernel::{Purpose, SimTime, hash};
use crate::ledger::{ActivityKind, ActivityRow};
use crate::world::{Process, Termination};

const HOUR: u64 = 3_600_000_000_000;

/// Of several instances those with the smallest number go first.
type Step<'a> = Box<dyn Fn(&Instance) -> u64 + 'a>;

/// A change of the desired size, until its last instance has arrived or left.
pub(super) type Resize = Activity;

impl Engine<'_> {
    pub(super) fn booting(&self) -> u32 {
        self.slots().filter(|(_, i)| i.living() && !i.registered()).count() as u32
    }

    /// Those that wait for a shift of the traffic: nobody counts on them yet.
    /// Capacity units of those that the group counts.
    pub(super) fn units(&self) -> u32 {
        self.units_of(|i| i.counts() && !i.dark)
    }

    pub(super) fn in_the_dark(&self) -> u32 {
        self.slots().filter(|(_, i)| i.living() && i.dark).count() as u32
    }

    pub(super) fn in_service(&self) -> u32 {
        self.slots().filter(|(_, i)| i.registered()).count() as u32
    }

    pub(super) fn leaving(&self) -> u32 {
        self.slots().filter(|(_, i)| i.leaving()).count() as u32
    }

    /// Launches or terminates until there are as many units as desired.
    fn fit_size(&mut self, drains: bool) {
        while !self.is_suspended(Process::Launch) && self.units() < self.desired + self.surge {
            if self.take_member() {
                continue;
            }
            if self.next_try.is_some() {
                break;
            }
            if !self.launch() {
                self.wait_for_room();
            }
        }
        self.double();
        let overshot = self.world.group.mixed.is_some() && !self.fell;
        let may_stop = !self.is_suspended(Process::Terminate) && !self.rolls() && !overshot;
        while may_stop && self.units() > self.desired + self.surge {
            let Some(slot) = self.who_goes() else { break };
            self.may_return(slot, drains);
            self.begin_termination(slot, drains);
        }
        self.fit_pool();
    }

    /// Fits, and looks whether somebody outgoing may go.
    pub(super) fn fit(&mut self, drains: bool) {
        self.fit_size(drains);
        self.look_for_outgoing();
    }

    /// The unprotected instance that goes, from the fullest of the zones that have one.
    fn who_goes(&self) -> Option<usize> {
        let excess = self.units() - self.desired - self.surge;
        self.who_of(excess, self.too_many(), |i| !i.dark && i.outgoing.is_none())
    }

    /// [`Engine::who_goes`] with at most `excess` units, as if there were only those for which `which` holds.
    pub(super) fn who_of(
        &self,
        excess: u32,
        too_many: Option<bool>,
        which: impl Fn(&Instance) -> bool,
    ) -> Option<usize> {
        self.first_of(excess, too_many, |i| i.living() && which(i), &self.world.group.termination)
    }

    /// Of those for which `which` holds, with at most `excess` units, the one that these rules take first.
    pub(super) fn first_of(
        &self,
        excess: u32,
        too_many: Option<bool>,
        which: impl Fn(&Instance) -> bool,
        rules: &[Termination],
    ) -> Option<usize> {
        let pool = || self.slots().filter(|(_, i)| which(i));
        let count = |zone: usize| pool().filter(|(_, i)| i.zone == zone).count();
        let keeps = self.world.group.protect_new_instances;
        let stays = |i: &Instance| keeps && i.registered() || self.weight(i) > excess;
        let mut open: Vec<(usize, &Instance)> = pool().filter(|(_, i)| !stays(i)).collect();
        let most = open.iter().map(|(_, i)| count(i.zone)).max()?;
        open.retain(|(_, i)| count(i.zone) == most);
        for rule in rules {
            let mut steps: Vec<Step<'_>> = Vec::new();
            let hour = |i: &Instance| HOUR - i.billed_from.map_or(0, |from| (self.now - from) % HOUR);
            match rule {
                Termination::OldestInstance => steps.push(Box::new(|i| launch_of(i.launch))),
                Termination::NewestInstance => steps.push(Box::new(|i| u64::MAX - launch_of(i.launch))),
                Termination::ClosestToNextInstanceHour => steps.push(Box::new(hour)),
                Termination::OldestLaunchTemplate => steps.push(Box::new(|i| u64::from(i.version))),
                Termination::OldestLaunchConfiguration => {}
                Termination::AllocationStrategy | Termination::Default => {
                    if let Some(spot) = too_many {
                        steps.push(Box::new(move |i| u64::from(i.spot != spot)));
                    }
                    steps.push(Box::new(|i| u64::MAX - self.misfit(i) as u64));
                    if *rule == Termination::Default {
                        steps.push(Box::new(|i| u64::from(i.version)));
                        steps.push(Box::new(hour));
                    }
                }
            }
            for step in steps {
                let least = open.iter().map(|(_, i)| step(i)).min();
                open.retain(|(_, i)| Some(step(i)) == least);
            }
        }
        let lot = |i: &Instance| hash(self.world.seed, Purpose::Termination, launch_of(i.launch), 0);
        open.into_iter().min_by_key(|(_, i)| lot(i)).map(|found| found.0)
    }

    /// A resize is over when its last instance has arrived or left.
    pub(super) fn end_resizes(&mut self) {
        let draining = self.slots().filter(|(_, i)| i.leaving() && !i.drained).count();
        let (now, booting) = (SimTime::from_nanos(self.now), self.booting() - self.in_the_dark());
        if let Some(resize) = self.last_out.as_mut().filter(|r| booting == 0 && r.end.is_none()) {
            resize.end = Some(now);
        }
        if let Some(resize) = self.last_in.as_mut().filter(|r| draining == 0 && r.end.is_none()) {
            resize.end = Some(now);
        }
    }

    /// A row of the log for something that changed no size.
    pub(super) fn say(&mut self, kind: ActivityKind, actor: &str, instance: Option<u64>, what: &str) {
        let instance = instance.map(launch_of);
        self.sink.activity(&ActivityRow { instance, ..self.blank(kind, actor, what) });
    }

    /// A row of this instant that changed no size.
    pub(super) fn blank(&self, kind: ActivityKind, actor: &str, what: &str) -> ActivityRow {
        ActivityRow {
            at: SimTime::from_nanos(self.now),
            kind,
            actor: actor.to_string(),
            instance: None,
            cause: String::new(),
            asked: None,
            granted: self.desired,
            before: self.desired,
            reason: None,
            note: what.to_string(),
        }
    }
}
