//! Deployments: tasks of an old version give way to a new one, a few at a time or all at once.

use super::{Event, Sim};
use crate::fleet::{Ending, Health, Life, Stage, rolling_limits, terminated_first};
use crate::kernel::SimTime;
use crate::ledger::ActivityKind;
use crate::world::{DeploymentKind, Process};

/// Which versions there are, and what replaces one by another.
#[derive(Debug)]
pub(super) struct Versions {
    /// What the group launches.
    pub live: u32,
    /// The newest so far.
    pub newest: u32,
    /// The deployment in progress, by its place.
    pub running: Option<usize>,
    /// Since when.
    since: u64,
}

impl Default for Versions {
    fn default() -> Self {
        Versions { live: 1, newest: 1, running: None, since: 0 }
    }
}

impl Sim<'_> {
    pub(super) fn schedule_deployments(&mut self) {
        for index in 0..self.world.group.deployments.len() {
            let at = self.world.group.deployments[index].at.as_nanos();
            self.schedule(at, Event::Deployment { index: index as u32 });
        }
    }

    /// A deployment begins; one that is in progress gives way to it.
    pub(super) fn begin_deployment(&mut self, index: usize) {
        if let Some(other) = self.versions.running {
            self.note_deployment(other, "is overtaken by another deployment");
            for slot in self.tasks(|life| life.dark) {
                self.deploy_away(slot, false);
            }
        }
        self.versions.newest += 1;
        (self.versions.running, self.versions.since) = (Some(index), self.now);
        let version = self.versions.newest;
        self.desk.book.control_fact(50, self.now, u64::from(version));
        match self.world.group.deployments[index].kind {
            DeploymentKind::Rolling { .. } => {
                self.versions.live = version;
                let (least, most) = self.rolling(index);
                let what = format!(
                    "rolling update to version {version} begins: {least} to {most} tasks may run for {} desired",
                    self.group.desired
                );
                self.note_deployment(index, &what);
                self.deployment_step(index, version);
            }
            DeploymentKind::BlueGreen { duration } => {
                let what = format!(
                    "blue/green deployment of version {version} begins: traffic shifts in {duration}"
                );
                self.note_deployment(index, &what);
                self.launch_in_the_dark();
                let at = self.now.saturating_add(duration.as_nanos());
                self.schedule(at, Event::DeploymentStep { index: index as u32, version });
            }
        }
    }

    /// The next step of a rolling update, or the shift of a blue/green deployment, unless another deployment came in between.
    pub(super) fn deployment_step(&mut self, index: usize, version: u32) {
        if self.versions.running != Some(index) || self.versions.newest != version {
            return;
        }
        let DeploymentKind::Rolling { every, .. } = self.world.group.deployments[index].kind else {
            return self.shift_traffic(index, version);
        };
        self.start_new_tasks(index, version);
        self.stop_old_tasks(index, version);
        let done = self.tasks(|life| life.version != version).is_empty()
            && self.tasks(|_| true).len() == self.healthy_tasks().len()
            && self.tasks(|_| true).len() as u32 == self.group.desired;
        if done {
            self.end_deployment(index, version);
        } else {
            let event = Event::DeploymentStep { index: index as u32, version };
            self.schedule(self.now.saturating_add(every.as_nanos()), event);
        }
    }

    /// A blue/green deployment keeps as many tasks of its version in the dark as are desired.
    pub(super) fn launch_in_the_dark(&mut self) {
        if self.versions.running.is_none() || self.rolls() {
            return;
        }
        while self.group.dark < self.group.desired
            && self.places.held_until.is_none()
            && !self.suspended(Process::Launch)
        {
            if !self.launch_as(self.versions.newest, true) {
                self.hold_launches();
            }
        }
    }

    /// As many of the new version as are desired, as far as the maximum allows.
    fn start_new_tasks(&mut self, index: usize, version: u32) {
        let (_, most) = self.rolling(index);
        while (self.tasks(|life| life.version == version).len() as u32) < self.group.desired
            && (self.tasks(|_| true).len() as u32) < most
            && self.places.held_until.is_none()
        {
            if !self.launch() {
                self.hold_launches();
            }
        }
    }

    /// Old tasks that serve nobody go first; healthy ones as far as the minimum allows; then what is too much of the new version.
    fn stop_old_tasks(&mut self, index: usize, version: u32) {
        let (least, _) = self.rolling(index);
        let healthy = self.healthy_tasks();
        for slot in self.tasks(|life| life.version != version) {
            if !healthy.contains(&slot) {
                self.deploy_away(slot, true);
            }
        }
        let mut spare = (healthy.len() as u32).saturating_sub(least);
        while spare > 0 {
            let old = self.tasks(|life| life.version != version);
            let all = self.tasks(|_| true);
            let surplus = all.len() as u32 > self.group.desired;
            let from = if old.is_empty() && surplus { all } else { old };
            let candidates: Vec<_> = from.iter().map(|&slot| self.candidate(slot, u32::MAX, None)).collect();
            let Some(place) = terminated_first(&candidates, &self.world.group.termination) else { break };
            self.deploy_away(from[place], true);
            spare -= 1;
        }
        self.group.end_activities(self.now);
    }

    /// All tasks of the new version take the traffic at once, and all old ones leave.
    fn shift_traffic(&mut self, index: usize, version: u32) {
        self.versions.live = version;
        self.note_deployment(index, &format!("traffic shifts to version {version}"));
        let green = self.tasks(|life| life.version == version);
        let old = self.tasks(|life| life.version != version && !life.dark);
        for &slot in &green {
            self.lives[slot].dark = false;
            self.group.dark -= 1;
            self.group.units += self.weight(slot);
            self.try_service(slot);
            let life = &mut self.lives[slot];
            if life.registered() && life.answers && !life.health.healthy {
                life.health = Health { healthy: true, known: true, ..Health::default() };
                self.refresh_targets();
            }
        }
        for slot in old {
            self.deploy_away(slot, true);
        }
        self.end_deployment(index, version);
        self.reconcile(true);
    }

    fn end_deployment(&mut self, index: usize, version: u32) {
        self.versions.running = None;
        self.desk.book.control_fact(51, self.now, u64::from(version));
        let took = SimTime::from_nanos(self.now).since(SimTime::from_nanos(self.versions.since));
        self.note_deployment(index, &format!("version {version} is deployed, after {took}"));
    }

    /// Whether the deployment in progress is a rolling update.
    pub(super) fn rolls(&self) -> bool {
        let running = self.versions.running.map(|index| self.world.group.deployments[index].kind);
        matches!(running, Some(DeploymentKind::Rolling { .. }))
    }

    fn deploy_away(&mut self, slot: usize, drain: bool) {
        self.lives[slot].ending.get_or_insert(Ending::Deployed);
        self.terminate(slot, drain);
    }

    fn note_deployment(&mut self, index: usize, what: &str) {
        let name = self.world.group.deployments[index].name.clone();
        self.note(ActivityKind::Deployment, &name, None, what);
    }

    /// Fewest and most tasks of a rolling update.
    pub(super) fn rolling(&self, index: usize) -> (u32, u32) {
        match self.world.group.deployments[index].kind {
            DeploymentKind::Rolling { minimum_healthy_percent, maximum_percent, .. } => {
                rolling_limits(self.group.desired, minimum_healthy_percent, maximum_percent)
            }
            DeploymentKind::BlueGreen { .. } => (0, u32::MAX),
        }
    }

    /// Slots of the living tasks for which `which` holds, in order.
    fn tasks(&self, which: impl Fn(&Life) -> bool) -> Vec<usize> {
        let lives = |slot: &usize| matches!(self.lives[*slot].stage, Stage::Booting | Stage::InService);
        (0..self.lives.len()).filter(lives).filter(|&slot| which(&self.lives[slot])).collect()
    }

    /// Slots of the tasks that take traffic: in service and healthy.
    fn healthy_tasks(&self) -> Vec<usize> {
        self.tasks(|life| life.stage == Stage::InService && life.health.healthy && !life.crashed)
    }
}
