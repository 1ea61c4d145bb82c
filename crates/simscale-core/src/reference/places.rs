//! Where launches go: zones that refuse, addresses that are used up, the next try; and the agents that log in.

use super::log::Entry;
use super::mixed::Bought;
use super::warm_pool::launch_of;
use super::{Engine, Fact, Life};
use crate::kernel::{Purpose, Sampler, hash, stream};
use crate::ledger::{ActivityKind, AgentCounts};
use crate::world::WhenEmpty;

/// The first address of an instance's own.
pub(super) const OWN: u64 = 1 << 48;

/// An agent that the coordinator believes to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Believed {
    address: u64,
    launch: u64,
}

impl Engine<'_> {
    pub(super) fn living_in(&self, zone: usize, pool: bool) -> usize {
        let counts = |i: &super::Instance| i.counts() || pool && i.pooled();
        self.slots().filter(|(_, i)| counts(i) && i.zone == zone).count()
    }

    /// The zone with fewest, with those of the warm pool or without, the first of equals.
    pub(super) fn emptiest(&self, pool: bool) -> usize {
        let zones = (0..self.world.group.zones.len()).filter(|&zone| self.houses(zone));
        zones.min_by_key(|&zone| self.living_in(zone, pool)).unwrap_or(0)
    }

    /// Zones in the same order; the next launch draws the order of equals.
    fn by_size(&self, pool: bool) -> Vec<usize> {
        let lot = |zone: usize| hash(self.world.seed, Purpose::Zone, self.launches, zone as u64);
        let mut zones: Vec<(usize, u64, usize)> =
            (0..self.world.group.zones.len()).map(|z| (self.living_in(z, pool), lot(z), z)).collect();
        zones.sort_unstable();
        zones.into_iter().map(|z| z.2).collect()
    }

    /// The zone that takes a launch; refusals are written down.
    pub(super) fn zone_for_launch(&mut self, pool: bool) -> Option<(usize, Bought)> {
        let places = self.world.group.places.clone();
        let strict = places.addresses.filter(|a| a.when_empty == WhenEmpty::Fail);
        if strict.is_some_and(|a| !a.per_zone) && self.reserved(0).is_none() {
            self.refuses(0, &self.nothing_free(0));
            return None;
        }
        let spot = self.next_is_spot();
        for zone in self.by_size(pool) {
            if !self.houses(zone) {
                continue;
            }
            let bought = self.purchase(zone, spot, false);
            if self.lacks(zone) {
                let name = self.world.group.zones[zone].clone();
                let why = "InsufficientInstanceCapacity: we currently do not have sufficient capacity";
                self.refuses(zone, &format!("{why} in the Availability Zone you requested ({name})"));
            } else if bought.is_none() {
                let name = self.world.group.zones[zone].clone();
                let why =
                    "UnfulfillableCapacity: there is no Spot capacity available that matches your request";
                self.refuses(zone, &format!("{why} ({name})"));
            } else if strict.is_some() && self.reserved(zone).is_none() {
                self.refuses(zone, &self.nothing_free(zone));
            } else {
                return bought.map(|bought| (zone, bought));
            }
        }
        None
    }

    /// A shortage lies over the zone.
    pub(super) fn lacks(&self, zone: usize) -> bool {
        let mut here = self.world.group.places.shortages.iter().filter(|s| usize::from(s.zone) == zone);
        here.any(|s| (s.from.as_nanos()..s.to.as_nanos()).contains(&self.now))
    }

    /// Whether the next launch would find room in a zone.
    pub(super) fn would_take(&self, zone: usize) -> bool {
        let strict = self.world.group.places.addresses.is_some_and(|a| a.when_empty == WhenEmpty::Fail);
        let address = !strict || self.reserved(zone).is_some();
        !self.lacks(zone) && address && self.purchase(zone, self.next_is_spot(), false).is_some()
    }

    fn refuses(&mut self, zone: usize, why: &str) {
        self.note(Entry::LaunchFailed);
        self.fact(Fact::Refusal, zone as u64);
        self.say(ActivityKind::Launch, "group", None, &format!("launch failed: {why}"));
    }

    fn nothing_free(&self, zone: usize) -> String {
        let Some(addresses) = self.world.group.places.addresses else { return String::new() };
        if addresses.per_zone {
            format!("no free address of {} in zone {}", addresses.count, self.world.group.zones[zone])
        } else {
            format!("no free address of {}", addresses.count)
        }
    }

    /// The lowest address that no instance of the fleet has.
    fn reserved(&self, zone: usize) -> Option<u64> {
        let addresses = self.world.group.places.addresses?;
        let pool = if addresses.per_zone { zone as u64 } else { 0 };
        let mut all = (1..=u64::from(addresses.count)).map(|number| (pool << 32) + number);
        all.find(|&address| self.slots().all(|(_, i)| i.address != address))
    }

    /// The instance that was just made takes its address.
    pub(super) fn give_address(&mut self, slot: usize) {
        self.settle_on_host(slot);
        let (launch, zone) = (self.at(slot).launch, self.at(slot).zone);
        let found = self.reserved(zone);
        let address = found.unwrap_or(OWN + launch);
        let Some(addresses) = self.world.group.places.addresses else {
            self.at_mut(slot).address = address;
            return;
        };
        let what = match found {
            Some(address) if addresses.per_zone => {
                format!("address {} of zone {}", address % (1 << 32), self.world.group.zones[zone])
            }
            Some(address) => format!("address {}", address % (1 << 32)),
            None => format!("an ephemeral address: {}", self.nothing_free(zone)),
        };
        self.at_mut(slot).address = address;
        self.fact(Fact::Address, address);
        self.say(ActivityKind::Launch, "group", Some(launch), &format!("takes {what}"));
    }

    /// Nobody took the launch: the next try comes later.
    pub(super) fn wait_for_room(&mut self) {
        if self.world.group.hosts.is_some() {
            return self.tasks_wait();
        }
        let retry = self.world.group.places.retry;
        let at = self.now + retry.as_nanos();
        self.next_try = Some(at);
        self.later(at, Life::Retry);
        self.say(
            ActivityKind::Launch,
            "group",
            None,
            &format!("no launch succeeded: the group tries again in {retry}"),
        );
    }

    pub(super) fn try_again(&mut self) {
        if self.next_try == Some(self.now) {
            self.next_try = None;
            self.fit(true);
        }
    }

    fn agent_delay(&self, launch: u64, end: bool) -> Option<u64> {
        let agents = self.world.group.places.agents.as_ref()?;
        let law = if end { &agents.seen_stopped_after } else { &agents.login_time };
        let source = stream(self.world.seed, Purpose::Agent, launch * 2 + u64::from(end));
        Some(Sampler::new(law, source).draw())
    }

    pub(super) fn agent_boots(&mut self, slot: usize) {
        let launch = self.at(slot).launch;
        if let Some(delay) = self.agent_delay(launch, false) {
            self.later(self.now + delay, Life::Login { slot, launch });
        }
    }

    /// The agents of the start.
    pub(super) fn agents_of_the_start(&mut self) {
        if self.world.group.places.agents.is_some() {
            let known = |(_, i): (usize, &super::Instance)| Believed { address: i.address, launch: i.launch };
            self.believed = self.slots().map(known).collect();
            for agent in self.believed.clone() {
                self.beliefs.push((0, agent.address, true));
            }
        }
    }

    pub(super) fn login(&mut self, slot: usize) {
        let instance = self.at(slot);
        if !instance.registered() || instance.crashed {
            return;
        }
        let (address, launch) = (instance.address, instance.launch);
        let stale = self.believed.iter().position(|b| b.address == address);
        let stale = stale.map(|place| self.believed.remove(place).launch);
        self.believed.push(Believed { address, launch });
        self.beliefs.push((self.now, address, true));
        self.fact(Fact::Login, launch);
        let of = stale.map_or(String::new(), |old| {
            format!(" in place of the stale agent of instance {}", launch_of(old))
        });
        self.say(ActivityKind::Agent, "group", Some(launch), &format!("the agent logs in{of}"));
    }

    /// The agent of an instance that runs no longer.
    pub(super) fn agent_dies(&mut self, slot: usize) {
        let launch = self.at(slot).launch;
        if self.believed.iter().any(|b| b.launch == launch)
            && let Some(delay) = self.agent_delay(launch, true)
        {
            let address = self.at(slot).address;
            self.later(self.now + delay, Life::SeenStopped { address, launch });
        }
    }

    pub(super) fn seen_stopped(&mut self, launch: u64) {
        let Some(place) = self.believed.iter().position(|b| b.launch == launch) else { return };
        let gone = self.believed.remove(place);
        self.beliefs.push((self.now, gone.address, false));
        self.fact(Fact::SeenStopped, launch);
        self.say(
            ActivityKind::Agent,
            "group",
            Some(launch),
            "the coordinator sees that the agent has stopped",
        );
    }

    pub(super) fn agents_now(&self) -> u32 {
        self.believed.len() as u32
    }

    /// From the list of what the coordinator began and ceased to believe.
    pub(super) fn count_agents(&self, from: u64) -> AgentCounts {
        let mut now: Vec<u64> = Vec::new();
        let mut ever: Vec<u64> = Vec::new();
        let mut most = 0;
        let mut opened = false;
        let rows = self.beliefs.iter().map(Some).chain([None]);
        for row in rows {
            // What happens at the beginning of the window itself belongs to it; the start of the run comes before.
            if !opened && row.is_none_or(|r| r.0 >= from && r.0 > 0) {
                opened = true;
                ever = now.clone();
                most = now.len();
            }
            let Some(&(_, address, begins)) = row else { break };
            now.retain(|&a| a != address);
            if begins {
                now.push(address);
                ever.push(address);
            }
            most = if opened { most.max(now.len()) } else { most };
        }
        ever.sort_unstable();
        ever.dedup();
        AgentCounts { registered_max: most as u32, distinct: ever.len() as u64 }
    }
}
