//! Where a launch finds room: zones that refuse for want of capacity, pools of reserved addresses, and the next try.

use super::mixed::Ware;
use super::{Event, Sim};
use crate::kernel::{Purpose, hash};
use crate::ledger::ActivityKind;
use crate::world::{Addresses, Places, WhenEmpty};
use std::collections::BTreeSet;

/// What is free, and whether the group waits before it tries again.
#[derive(Debug)]
pub(super) struct PlaceState {
    /// Nobody looks for a place: every launch goes to the emptiest zone.
    anywhere: bool,
    /// Free numbers, by pool.
    free: Vec<BTreeSet<u32>>,
    /// No zone took a launch: none is tried before this time.
    pub held_until: Option<u64>,
}

/// Where a launch goes.
pub(super) struct Place {
    pub zone: u8,
    /// What is launched there.
    pub ware: Ware,
    /// The reserved address it takes.
    address: Option<u64>,
}

impl PlaceState {
    pub fn new(places: &Places, zones: usize, choosy: bool) -> Self {
        let pools = places.addresses.map_or(0, |a| if a.per_zone { zones } else { 1 });
        let count = places.addresses.map_or(0, |a| a.count);
        PlaceState {
            anywhere: places.shortages.is_empty() && places.addresses.is_none() && !choosy,
            free: vec![(1..=count).collect(); pools],
            held_until: None,
        }
    }

    /// The lowest free address of a pool.
    fn lowest(&self, pool: usize) -> Option<u64> {
        self.free.get(pool)?.first().map(|&number| (pool as u64) << 32 | u64::from(number))
    }

    fn take(&mut self, address: u64) {
        self.free[(address >> 32) as usize].remove(&(address as u32));
    }
}

impl Sim<'_> {
    /// The place of a launch: the zones are asked in order of their living instances, equals in drawn order.
    /// For the warm pool its members count as well.
    pub(super) fn find_place(&mut self, pool: bool) -> Option<Place> {
        if self.places.anywhere {
            let zone = (0..self.group.living.len() as u8).min_by_key(|&zone| self.turn_of(zone, pool));
            return Some(Place { zone: zone.unwrap_or(0), ware: Ware::default(), address: None });
        }
        let fails = |a: &Addresses| a.when_empty == WhenEmpty::Fail;
        let shared = self.world.group.places.addresses.filter(|a| !a.per_zone && fails(a));
        if shared.is_some() && self.places.lowest(0).is_none() {
            self.refuse(0, &self.no_address(0));
            return None;
        }
        let mut zones: Vec<u8> = (0..self.group.living.len() as u8).collect();
        zones.sort_by_key(|&zone| self.turn_of(zone, pool));
        let spot = self.buys_spot();
        zones.into_iter().find_map(|zone| self.ask_zone(zone, spot))
    }

    /// When a zone is asked for room: by its living instances, equals by a lot of the next launch.
    fn turn_of(&self, zone: u8, pool: bool) -> (u32, u64) {
        let lot = hash(self.world.seed, Purpose::Zone, self.group.next_launch, u64::from(zone));
        (self.group.count_in(usize::from(zone), pool), lot)
    }

    /// A zone takes the launch, or refuses it, which is a failed launch.
    fn ask_zone(&mut self, zone: u8, spot: bool) -> Option<Place> {
        if !self.has_place(zone) {
            return None;
        }
        if self.lacks_capacity(zone) {
            let name = &self.world.group.zones[usize::from(zone)];
            let why = format!(
                "InsufficientInstanceCapacity: we currently do not have sufficient capacity in the Availability Zone you requested ({name})"
            );
            self.refuse(zone, &why);
            return None;
        }
        let Some(ware) = self.buy(zone, spot, false) else {
            let name = &self.world.group.zones[usize::from(zone)];
            let why = format!(
                "UnfulfillableCapacity: there is no Spot capacity available that matches your request ({name})"
            );
            self.refuse(zone, &why);
            return None;
        };
        let address = self.places.lowest(self.pool_of(zone));
        if self.lacks_address(zone) {
            self.refuse(zone, &self.no_address(zone));
            return None;
        }
        Some(Place { zone, ware, address })
    }

    /// Whether a shortage lies over the zone.
    pub(super) fn lacks_capacity(&self, zone: u8) -> bool {
        let now = self.now;
        let short =
            |s: &crate::world::Shortage| s.zone == zone && s.from.as_nanos() <= now && now < s.to.as_nanos();
        self.world.group.places.shortages.iter().any(short)
    }

    /// Whether no launch gets an address in the zone.
    fn lacks_address(&self, zone: u8) -> bool {
        let fails = |a: &Addresses| a.when_empty == WhenEmpty::Fail;
        self.world.group.places.addresses.is_some_and(|a| fails(&a))
            && self.places.lowest(self.pool_of(zone)).is_none()
    }

    /// Whether the zone would take the next launch.
    pub(super) fn takes(&self, zone: u8) -> bool {
        !self.lacks_capacity(zone)
            && self.buy(zone, self.buys_spot(), false).is_some()
            && !self.lacks_address(zone)
    }

    fn pool_of(&self, zone: u8) -> usize {
        let per_zone = self.world.group.places.addresses.is_some_and(|a| a.per_zone);
        if per_zone { usize::from(zone) } else { 0 }
    }

    fn refuse(&mut self, zone: u8, why: &str) {
        self.group.scaling.failed_launches += 1;
        self.desk.book.control_fact(40, self.now, u64::from(zone));
        self.note(ActivityKind::Launch, "group", None, &format!("launch failed: {why}"));
    }

    fn no_address(&self, zone: u8) -> String {
        let count = self.world.group.places.addresses.map_or(0, |a| a.count);
        format!("no free address of {count}{}", self.in_zone(" in", zone))
    }

    /// The zone of a pool, where every zone has its own.
    fn in_zone(&self, preposition: &str, zone: u8) -> String {
        if self.world.group.places.addresses.is_some_and(|a| a.per_zone) {
            format!("{preposition} zone {}", self.world.group.zones[usize::from(zone)])
        } else {
            String::new()
        }
    }

    /// No zone took the launch: the group waits, unless its desired capacity changes before.
    pub(super) fn hold_launches(&mut self) {
        if self.world.group.hosts.is_some() {
            return self.wait_for_hosts();
        }
        let retry = self.world.group.places.retry;
        let at = self.now.saturating_add(retry.as_nanos());
        self.places.held_until = Some(at);
        let what = format!("no launch succeeded: the group tries again in {retry}");
        self.note(ActivityKind::Launch, "group", None, &what);
        self.schedule(at, Event::LaunchRetry);
    }

    /// The group tries again.
    pub(super) fn launch_retry(&mut self) {
        if self.places.held_until == Some(self.now) {
            self.places.held_until = None;
            self.reconcile(true);
        }
    }

    /// The instance in the slot takes the address of its place, and its place on a host.
    pub(super) fn take_address(&mut self, slot: usize, place: &Place) {
        self.take_place(slot, place.zone);
        if self.world.group.places.addresses.is_none() {
            return;
        }
        let (launch, zone) = (self.lives[slot].launch, place.zone);
        let what = match place.address {
            Some(address) => {
                self.lives[slot].address = address;
                self.places.take(address);
                let number = address as u32;
                format!("takes address {number}{}", self.in_zone(" of", zone))
            }
            None => format!("takes an ephemeral address: {}", self.no_address(zone)),
        };
        self.desk.book.control_fact(41, self.now, self.lives[slot].address);
        self.note(ActivityKind::Launch, "group", Some(launch), &what);
    }

    /// An instance of the start: in the emptiest zone whatever it lacks, with an ephemeral address when its pool is empty.
    pub(super) fn first_place(&self, pool: bool) -> Place {
        let zones = 0..self.group.living.len() as u8;
        let open = zones.filter(|&zone| self.has_place(zone));
        let zone = open.min_by_key(|&zone| self.group.count_in(usize::from(zone), pool)).unwrap_or(0);
        let ware = self.buy(zone, self.buys_spot(), true).unwrap_or_default();
        Place { zone, ware, address: self.places.lowest(self.pool_of(zone)) }
    }

    /// A termination gives the reserved address back.
    pub(super) fn free_address(&mut self, slot: usize) {
        let address = self.lives[slot].address;
        if !self.lives[slot].owns_address() && self.world.group.places.addresses.is_some() {
            self.places.free[(address >> 32) as usize].insert(address as u32);
        }
    }
}
