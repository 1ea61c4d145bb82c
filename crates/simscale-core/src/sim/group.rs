//! The group's own rules: how many, where, which goes first.

use super::maintain::Refreshing;
use super::{Event, Sim};
use crate::control::Activity;
use crate::fleet::{Life, Replacement, Server, Stage};
use crate::kernel::{NEVER, SimTime};
use crate::ledger::{ActivityKind, Scaling, TargetReason};
use crate::world::{Group, Process};
use std::collections::BTreeSet;

/// Sizes and the log of the group.
#[derive(Debug)]
pub(super) struct GroupState {
    pub min: u32,
    pub max: u32,
    pub desired: u32,
    pub booting: u32,
    pub in_service: u32,
    /// Capacity units of both: their number, unless types are mixed.
    pub units: u32,
    /// The desired capacity fell, and nobody was launched since: what a launch overshoots in a mixed group stays.
    pub shrinks: bool,
    /// Living instances that go when the others are enough; they count in no other number but `booting` and `in_service`.
    pub outgoing: u32,
    /// Instances that leave: draining, or held by hooks afterwards.
    pub draining: u32,
    /// Those among them whose drain is over.
    pub wrapping_up: u32,
    /// Why the replacement of unhealthy instances waits, if it does.
    pub delayed: Option<Replacement>,
    /// Units above the desired ones, while others are to be replaced.
    pub surge: u32,
    /// The instance refresh in progress.
    pub refreshing: Option<Refreshing>,
    /// Booting ones that wait for a deployment to shift the traffic.
    pub dark: u32,
    /// Booting and in-service instances by zone.
    pub living: Vec<u32>,
    /// Members of the warm pool by zone: warming, resting, returning.
    pub pooled: Vec<u32>,
    pub next_launch: u64,
    pub free: BTreeSet<usize>,
    pub last_out: Option<Activity>,
    pub last_in: Option<Activity>,
    pub scaling: Scaling,
    /// Instances in service x time since the window began, ns, up to `counted`.
    pub service_area: u128,
    pub counted: u64,
    pub in_service_max: u32,
}

impl GroupState {
    pub fn new(group: &Group) -> Self {
        GroupState {
            min: group.min,
            max: group.max,
            desired: group.desired,
            booting: 0,
            in_service: 0,
            units: 0,
            shrinks: false,
            outgoing: 0,
            draining: 0,
            wrapping_up: 0,
            delayed: None,
            surge: 0,
            refreshing: None,
            dark: 0,
            living: vec![0; group.zones.len().max(1)],
            pooled: vec![0; group.zones.len().max(1)],
            next_launch: 0,
            free: BTreeSet::new(),
            last_out: None,
            last_in: None,
            scaling: Scaling::default(),
            service_area: 0,
            counted: 0,
            in_service_max: 0,
        }
    }

    /// Units that should live.
    pub fn wanted(&self) -> u32 {
        self.desired + self.surge
    }

    /// Living instances of a zone; for the warm pool with its members.
    pub fn count_in(&self, zone: usize, pool: bool) -> u32 {
        self.living[zone] + if pool { self.pooled[zone] } else { 0 }
    }

    /// Accounts for the time up to `now`, then changes the number in service.
    pub fn change_in_service(&mut self, now: u64, change: i32) {
        self.service_area += u128::from(now - self.counted) * u128::from(self.in_service);
        self.counted = now;
        self.in_service = self.in_service.checked_add_signed(change).expect("no more leave than were there");
        self.in_service_max = self.in_service_max.max(self.in_service);
    }

    /// The statistics window begins.
    pub fn open_window(&mut self, now: u64) {
        self.change_in_service(now, 0);
        self.service_area = 0;
        self.in_service_max = self.in_service;
        self.scaling = Scaling::default();
    }

    /// Ends the activities whose last instance has arrived or is drained.
    pub fn end_activities(&mut self, now: u64) {
        let end = |activity: &mut Option<Activity>, over: bool| {
            if let Some(a) = activity
                && over
            {
                a.end.get_or_insert(SimTime::from_nanos(now));
            }
        };
        end(&mut self.last_out, self.booting == self.dark);
        end(&mut self.last_in, self.draining == self.wrapping_up);
    }
}

impl Sim<'_> {
    /// Launches or terminates until as many instances live as are desired. `drain`: leavers may finish what they have.
    pub(super) fn reconcile(&mut self, drain: bool) {
        while self.group.units < self.group.wanted() && !self.suspended(Process::Launch) {
            if self.take_from_pool() {
                continue;
            }
            if self.places.held_until.is_some() {
                break;
            }
            if !self.launch() {
                self.hold_launches();
            }
        }
        self.launch_in_the_dark();
        // What a rolling update has too many of it stops itself.
        let stays = self.rolls() || self.world.group.mixed.is_some() && !self.group.shrinks;
        while !stays && self.group.units > self.group.wanted() && !self.suspended(Process::Terminate) {
            // Whoever is protected, or too heavy, stays: then more live than are desired.
            let Some(victim) = self.victim(self.group.units - self.group.wanted()) else { break };
            self.mark_return(victim, drain);
            self.terminate(victim, drain);
        }
        self.fit_pool();
        self.group.end_activities(self.now);
        self.outgoing_may_leave();
    }

    /// The lowest free slot, made when there is none.
    pub(super) fn take_slot(&mut self) -> usize {
        if let Some(slot) = self.group.free.pop_first() {
            return slot;
        }
        let slot = self.lives.len();
        self.lives.push(Life::none());
        self.servers.push(self.new_server(0));
        self.flags.push(0);
        self.due.grow(slot + 1);
        self.guards.grow(slot + 1);
        self.desk.nodes.grow(slot + 1);
        self.measures.grow(slot + 1);
        self.desk.deadlines.grow(slot + 1);
        self.desk.served_by.push(0);
        if self.world.balancer.anomalies.is_some() {
            self.desk.failed_by.push(0);
        }
        slot
    }

    /// A server of an instance of this type.
    pub(super) fn new_server(&self, kind: u8) -> Server {
        let (i, kind) = (&self.world.instance, self.world.kind(kind));
        Server::new(
            kind.vcpus,
            kind.speed,
            i.admitted,
            i.queue_limit,
            &self.measures.before_ppm,
            self.unobserved,
        )
    }

    /// Ends an instance: at once while it boots, has crashed or must not drain; else after draining.
    pub(super) fn terminate(&mut self, slot: usize, drain: bool) {
        let now = self.now;
        self.group.scaling.terminations += 1;
        self.desk.book.control_fact(2, now, slot as u64);
        if self.lives[slot].outgoing.is_some() {
            self.group.outgoing -= 1;
        } else {
            self.group.living[usize::from(self.lives[slot].zone)] -= 1;
            self.group.units -= if self.lives[slot].dark { 0 } else { self.weight(slot) };
        }
        let launch = self.lives[slot].launch;
        self.note(ActivityKind::Termination, "group", Some(launch), "leaves");
        let event = Event::DrainEnd { slot: slot as u32, launch };
        if self.lives[slot].stage == Stage::InService {
            self.lives[slot].tidy = drain;
            self.leave_service(slot);
        } else {
            self.group.booting -= 1;
            self.group.dark -= u32::from(std::mem::take(&mut self.lives[slot].dark));
        }
        self.lives[slot].stage = Stage::Draining;
        self.group.draining += 1;
        self.refresh_targets();
        if !drain || self.lives[slot].crashed || self.desk.nodes.outstanding(slot) == 0 {
            self.schedule(now, event);
            return;
        }
        self.note_target(slot, TargetReason::DeregistrationInProgress);
        self.watch(slot);
        self.schedule(
            now.saturating_add(self.world.balancer.deregistration_delay.as_nanos()).min(NEVER),
            event,
        );
    }

    /// A draining instance whose last client was answered need not wait longer.
    pub(super) fn check_drained(&mut self, slot: usize) {
        let life = &self.lives[slot];
        if life.stage == Stage::Draining && self.desk.nodes.outstanding(slot) == 0 {
            let launch = life.launch;
            self.unwatch(slot);
            self.schedule(self.now, Event::DrainEnd { slot: slot as u32, launch });
        }
    }
}
