//! Deployments: rolling updates within their limits, and blue/green ones that double the tasks until the traffic shifts.

use super::instance::Stage;
use super::{Engine, Fact, Instance, Life};
use crate::fleet::Ending;
use crate::kernel::SimTime;
use crate::ledger::ActivityKind;
use crate::world::{DeploymentKind, Process};

/// The deployment in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct InProgress {
    index: usize,
    version: u32,
    since: u64,
}

impl InProgress {
    pub fn index(self) -> usize {
        self.index
    }
}

impl Engine<'_> {
    pub(super) fn prepare_deployments(&mut self) {
        for index in 0..self.world.group.deployments.len() {
            let at = self.world.group.deployments[index].at.as_nanos();
            self.later(at, Life::Deployment { index });
        }
    }

    pub(super) fn deployment_begins(&mut self, index: usize) {
        if let Some(other) = self.deploying {
            self.say_deployment(other.index, "is overtaken by another deployment");
            for slot in self.taken() {
                if self.at(slot).dark && self.at(slot).living() {
                    self.deploy_away(slot, false);
                }
            }
        }
        self.newest += 1;
        let version = self.newest;
        self.deploying = Some(InProgress { index, version, since: self.now });
        self.fact(Fact::DeploymentBegins, u64::from(version));
        match self.world.group.deployments[index].kind {
            DeploymentKind::Rolling { minimum_healthy_percent, maximum_percent, .. } => {
                self.live = version;
                let desired = self.desired;
                let least = minimum(desired, minimum_healthy_percent);
                let most = maximum(desired, maximum_percent);
                let what = format!(
                    "rolling update to version {version} begins: {least} to {most} tasks may run for {desired} desired"
                );
                self.say_deployment(index, &what);
                self.deployment_goes_on(index, version);
            }
            DeploymentKind::BlueGreen { duration } => {
                let what = format!(
                    "blue/green deployment of version {version} begins: traffic shifts in {duration}"
                );
                self.say_deployment(index, &what);
                self.double();
                self.later(self.now + duration.as_nanos(), Life::DeploymentStep { index, version });
            }
        }
    }

    pub(super) fn deployment_goes_on(&mut self, index: usize, version: u32) {
        if self.deploying.is_none_or(|d| d.index != index || d.version != version) {
            return;
        }
        match self.world.group.deployments[index].kind {
            DeploymentKind::BlueGreen { .. } => self.traffic_shifts(index, version),
            DeploymentKind::Rolling { minimum_healthy_percent, maximum_percent, every } => {
                let least = minimum(self.desired, minimum_healthy_percent);
                let most = maximum(self.desired, maximum_percent);
                self.roll(version, least, most);
                let ready = self.slots().all(|(_, i)| !i.living() || i.version == version && serves(i));
                if ready && self.units_of(Instance::living) == self.desired {
                    self.deployment_ends(index, version);
                } else {
                    self.later(self.now + every.as_nanos(), Life::DeploymentStep { index, version });
                }
            }
        }
    }

    /// As many of the new version wait in the dark as are desired.
    pub(super) fn double(&mut self) {
        let Some(InProgress { index, version, .. }) = self.deploying else { return };
        let blue_green = matches!(self.world.group.deployments[index].kind, DeploymentKind::BlueGreen { .. });
        let may_launch = blue_green && !self.is_suspended(Process::Launch);
        while may_launch && self.in_the_dark() < self.desired && self.next_try.is_none() {
            if !self.launch_as(version, true) {
                self.wait_for_room();
            }
        }
    }

    /// Starts what the maximum allows, then stops what the minimum allows.
    fn roll(&mut self, version: u32, least: u32, most: u32) {
        loop {
            let fresh = self.slots().filter(|(_, i)| i.living() && i.version == version).count() as u32;
            let all = self.slots().filter(|(_, i)| i.living()).count() as u32;
            if fresh >= self.desired || all >= most || self.next_try.is_some() {
                break;
            }
            if !self.launch() {
                self.wait_for_room();
            }
        }
        let serving = self.slots().filter(|(_, i)| serves(i)).count() as u32;
        for slot in self.taken() {
            let instance = self.at(slot);
            if instance.living() && instance.version != version && !serves(instance) {
                self.deploy_away(slot, true);
            }
        }
        for _ in least..serving.max(least) {
            let all = self.slots().filter(|(_, i)| i.living()).count() as u32;
            let old = |i: &super::Instance| i.version != version;
            let slot = if self.slots().any(|(_, i)| i.living() && old(i)) {
                self.who_of(u32::MAX, None, old)
            } else if all > self.desired {
                self.who_of(u32::MAX, None, |_| true)
            } else {
                None
            };
            match slot {
                Some(slot) => self.deploy_away(slot, true),
                None => break,
            }
        }
    }

    fn traffic_shifts(&mut self, index: usize, version: u32) {
        self.live = version;
        self.say_deployment(index, &format!("traffic shifts to version {version}"));
        let blue: Vec<usize> = self
            .slots()
            .filter(|(_, i)| i.living() && i.version != version && !i.dark)
            .map(|s| s.0)
            .collect();
        for slot in self.taken() {
            if !self.at(slot).living() || self.at(slot).version != version {
                continue;
            }
            self.at_mut(slot).dark = false;
            self.serve_if_ready(slot);
            let now = self.now;
            let instance = self.at_mut(slot);
            if instance.targeted() && instance.answers() && !instance.healthy {
                (instance.healthy, instance.new) = (true, false);
                instance.healthy_from.get_or_insert(now);
                self.targets_change();
            }
        }
        for slot in blue {
            self.deploy_away(slot, true);
        }
        self.deployment_ends(index, version);
        self.fit(true);
    }

    pub(super) fn rolls(&self) -> bool {
        let kind = self.deploying.map(|d| self.world.group.deployments[d.index].kind);
        matches!(kind, Some(DeploymentKind::Rolling { .. }))
    }

    fn deployment_ends(&mut self, index: usize, version: u32) {
        let since = self.deploying.take().map_or(self.now, |d| d.since);
        self.fact(Fact::DeploymentEnds, u64::from(version));
        let took = SimTime::from_nanos(self.now).since(SimTime::from_nanos(since));
        self.say_deployment(index, &format!("version {version} is deployed, after {took}"));
    }

    fn deploy_away(&mut self, slot: usize, drains: bool) {
        self.at_mut(slot).ending.get_or_insert(Ending::Deployed);
        self.begin_termination(slot, drains);
    }

    fn say_deployment(&mut self, index: usize, what: &str) {
        let name = self.world.group.deployments[index].name.clone();
        self.say(ActivityKind::Deployment, &name, None, what);
    }
}

/// It takes traffic: registered, healthy, running.
fn serves(instance: &super::Instance) -> bool {
    instance.stage == Stage::InService && instance.healthy && !instance.crashed
}

/// The part of the desired tasks that must serve, rounded up.
fn minimum(desired: u32, percent: u32) -> u32 {
    (u64::from(desired) * u64::from(percent)).div_ceil(100) as u32
}

/// The part of the desired tasks that may run, rounded down.
fn maximum(desired: u32, percent: u32) -> u32 {
    (u64::from(desired) * u64::from(percent) / 100) as u32
}
