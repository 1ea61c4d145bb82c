//! Agents of a coordinator: when the agent of an instance logs in, and how long the coordinator believes that it runs.

use super::{Event, Sim};
use crate::fleet::{Stage, launch_of};
use crate::kernel::{Purpose, Sampler, stream};
use crate::ledger::ActivityKind;
use crate::world::Agents;
use std::collections::{BTreeMap, BTreeSet};

/// What the coordinator believes, and what was counted of it.
#[derive(Debug, Default)]
pub(super) struct AgentState {
    /// Agents believed running: the launch by its address.
    registered: BTreeMap<u64, u64>,
    /// Addresses that were ever believed running in the statistics window.
    distinct: BTreeSet<u64>,
    most: usize,
}

impl AgentState {
    pub fn registered(&self) -> u32 {
        self.registered.len() as u32
    }

    pub fn counts(&self) -> crate::ledger::AgentCounts {
        crate::ledger::AgentCounts { registered_max: self.most as u32, distinct: self.distinct.len() as u64 }
    }

    /// The statistics window begins.
    pub fn open_window(&mut self) {
        self.distinct = self.registered.keys().copied().collect();
        self.most = self.registered.len();
    }
}

impl Sim<'_> {
    /// A time of a launch's agent: 0 its login, 1 how late its end is seen.
    fn agent_time(
        &self,
        law: fn(&Agents) -> &crate::kernel::Distribution,
        launch: u64,
        which: u64,
    ) -> Option<u64> {
        let law = law(self.world.group.places.agents.as_ref()?);
        Some(Sampler::new(law, stream(self.world.seed, Purpose::Agent, launch * 2 + which)).draw())
    }

    /// The instance entered service: its agent logs in later.
    pub(super) fn agent_starts(&mut self, slot: usize) {
        let launch = self.lives[slot].launch;
        if let Some(time) = self.agent_time(|a| &a.login_time, launch, 0) {
            self.schedule(self.now + time, Event::AgentLogin { slot: slot as u32, launch });
        }
    }

    /// The agent of an instance that was there at the start has logged in before.
    pub(super) fn agent_is_there(&mut self, slot: usize) {
        if self.world.group.places.agents.is_some() {
            let address = self.lives[slot].address;
            self.agents.registered.insert(address, self.lives[slot].launch);
            self.agents.distinct.insert(address);
            self.agents.most = self.agents.registered.len();
        }
    }

    /// The agent logs in, and replaces a stale one of its address.
    pub(super) fn agent_login(&mut self, slot: usize, launch: u64) {
        let life = &self.lives[slot];
        if !self.holds(slot, launch) || life.stage != Stage::InService || life.crashed {
            return;
        }
        let address = life.address;
        let stale = self.agents.registered.insert(address, launch);
        self.agents.distinct.insert(address);
        self.agents.most = self.agents.most.max(self.agents.registered.len());
        self.desk.book.control_fact(42, self.now, launch);
        let stale = stale.map(launch_of);
        let stale = stale.map_or(String::new(), |s| format!(" in place of the stale agent of instance {s}"));
        self.note(ActivityKind::Agent, "group", Some(launch), &format!("the agent logs in{stale}"));
    }

    /// The instance runs no longer: the coordinator sees it later.
    pub(super) fn agent_ends(&mut self, slot: usize) {
        let (address, launch) = (self.lives[slot].address, self.lives[slot].launch);
        if self.agents.registered.get(&address) == Some(&launch)
            && let Some(time) = self.agent_time(|a| &a.seen_stopped_after, launch, 1)
        {
            self.schedule(self.now + time, Event::AgentSeen { address, launch });
        }
    }

    /// The coordinator sees that the agent runs no longer, unless another one of the address took its place.
    pub(super) fn agent_seen(&mut self, address: u64, launch: u64) {
        if self.agents.registered.get(&address) == Some(&launch) {
            self.agents.registered.remove(&address);
            self.desk.book.control_fact(43, self.now, launch);
            self.note(
                ActivityKind::Agent,
                "group",
                Some(launch),
                "the coordinator sees that the agent has stopped",
            );
        }
    }
}
