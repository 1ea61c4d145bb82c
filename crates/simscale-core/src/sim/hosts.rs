//! Container instances below the tasks of a service: places that a capacity provider adds and takes away.

use super::{Event, Sim};
use crate::control::AlarmState;
use crate::fleet::{Life, Stage, capacity_provider_reservation, hosts_wanted, scale_in_step};
use crate::kernel::{NEVER, Purpose, Sampler, stream};
use crate::ledger::{ActivityKind, Billed, Cost};
use crate::world::Hosts;
use std::collections::VecDeque;

const HOUR: u128 = 3_600_000_000_000;

#[derive(Debug)]
struct Host {
    number: u64,
    zone: u8,
    /// When it began to run.
    running: Option<u64>,
    /// When it was registered in the cluster; of those of the start long ago.
    registered: Option<u64>,
    /// It was there at the start.
    present: bool,
    tasks: u32,
}

/// The hosts of a cluster, in order of their numbers, and what the provider knows.
#[derive(Debug, Default)]
pub(super) struct HostState {
    hosts: Vec<Host>,
    launched: u64,
    /// The host of the task in each slot.
    homes: Vec<Option<u64>>,
    /// A place was given back, and the group is about to look.
    freed: bool,
    /// What was measured and not judged yet: hosts needed, hosts registered.
    values: VecDeque<(u32, u32)>,
    high: Option<bool>,
    low: Option<bool>,
    /// Values below the target in a row.
    below: u32,
    /// What the provider last said when it changed nothing.
    said: String,
    /// Billed time of hosts that are gone, ns.
    billed: u128,
}

impl HostState {
    fn in_zone(&self, zone: u8) -> u32 {
        self.hosts.iter().filter(|h| h.zone == zone).count() as u32
    }

    fn registered(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|h| h.registered.is_some())
    }
}

impl Sim<'_> {
    /// The hosts of the start, and the first measurement.
    pub(super) fn open_hosts(&mut self) {
        let Some(hosts) = &self.world.group.hosts else { return };
        for _ in 0..hosts.initial {
            let zone = self.zone_of_next_host();
            let number = self.hosts.launched;
            let host = Host { number, zone, running: Some(0), registered: Some(0), present: true, tasks: 0 };
            self.hosts.hosts.push(host);
            self.hosts.launched += 1;
        }
        self.schedule(self.world.metrics.minute.as_nanos(), Event::Reservation);
    }

    fn zone_of_next_host(&self) -> u8 {
        (0..self.group.living.len() as u8).min_by_key(|&zone| self.hosts.in_zone(zone)).unwrap_or(0)
    }

    /// The host of a zone that takes the next task: the one with fewest free places.
    fn next_home(&self, zone: u8) -> Option<usize> {
        let room = self.world.group.hosts.as_ref()?.tasks;
        let open = |h: &Host| h.zone == zone && h.registered.is_some() && h.tasks < room;
        let places = (0..self.hosts.hosts.len()).filter(|&place| open(&self.hosts.hosts[place]));
        places.min_by_key(|&place| room - self.hosts.hosts[place].tasks)
    }

    /// Whether a task finds a place in the zone; always without hosts.
    pub(super) fn has_place(&self, zone: u8) -> bool {
        self.world.group.hosts.is_none() || self.next_home(zone).is_some()
    }

    /// The task in the slot takes a place in its zone.
    pub(super) fn take_place(&mut self, slot: usize, zone: u8) {
        let Some(place) = self.next_home(zone) else { return };
        self.hosts.hosts[place].tasks += 1;
        let number = self.hosts.hosts[place].number;
        self.hosts.homes.resize(self.lives.len(), None);
        self.hosts.homes[slot] = Some(number);
    }

    /// The slot falls free: its place does too, and whoever waits may take it.
    pub(super) fn give_place_back(&mut self, slot: usize) {
        let Some(number) = self.hosts.homes.get_mut(slot).and_then(Option::take) else { return };
        let host = self.hosts.hosts.iter_mut().find(|h| h.number == number);
        host.expect("a host with tasks stays").tasks -= 1;
        if self.places.held_until.is_some() && !self.hosts.freed {
            self.hosts.freed = true;
            self.schedule(self.now, Event::PlaceFree);
        }
    }

    /// No zone has a place: tasks wait until there is one.
    pub(super) fn wait_for_hosts(&mut self) {
        self.places.held_until = Some(NEVER);
        let what = "no container instance has a free place: tasks wait (PROVISIONING)";
        self.note(ActivityKind::Host, "group", None, what);
    }

    /// There is a place again, or may be.
    pub(super) fn place_free(&mut self) {
        self.hosts.freed = false;
        if self.places.held_until.take().is_some() {
            self.reconcile(true);
        }
    }

    /// Tasks that wait for a place.
    pub(super) fn waiting_tasks(&self) -> u32 {
        if self.world.group.hosts.is_none() || self.places.held_until.is_none() {
            return 0;
        }
        let lacking = self.group.wanted().saturating_sub(self.group.units);
        let dark = match self.versions.running {
            Some(_) if !self.rolls() => self.group.desired.saturating_sub(self.group.dark),
            _ => 0,
        };
        lacking.max(self.may_start()) + dark
    }

    /// Tasks of the new version that a rolling update could start now.
    fn may_start(&self) -> u32 {
        let Some(index) = self.versions.running.filter(|_| self.rolls()) else { return 0 };
        let living = |l: &&Life| matches!(l.stage, Stage::Booting | Stage::InService);
        let all = self.lives.iter().filter(living).count() as u32;
        let new = |l: &&Life| l.version == self.versions.newest;
        let fresh = self.lives.iter().filter(living).filter(new).count() as u32;
        let (_, most) = self.rolling(index);
        self.group.desired.saturating_sub(fresh).min(most.saturating_sub(all))
    }

    pub(super) fn registered_hosts(&self) -> u32 {
        self.hosts.registered().count() as u32
    }

    /// The provider measures, as it does every minute.
    pub(super) fn reservation(&mut self) {
        let Some(hosts) = &self.world.group.hosts else { return };
        let (places, delay) = (hosts.tasks, hosts.scaling.delay.as_nanos());
        let busy = self.hosts.registered().filter(|h| h.tasks > 0).count() as u32;
        let needed = busy + self.waiting_tasks().div_ceil(places);
        self.hosts.values.push_back((needed, self.registered_hosts()));
        self.schedule(self.now.saturating_add(delay), Event::ManagedScaling);
        self.schedule(self.now + self.world.metrics.minute.as_nanos(), Event::Reservation);
    }

    /// The oldest value that was not judged: both alarms, then what they do.
    pub(super) fn managed_scaling(&mut self) {
        let Some(hosts) = self.world.group.hosts.clone() else { return };
        let (needed, running) = self.hosts.values.pop_front().expect("each judgement has its value");
        let value = capacity_provider_reservation(needed, running);
        let target = hosts.scaling.target_percent;
        self.hosts.below = if value < f64::from(target) { self.hosts.below + 1 } else { 0 };
        let (high, low) = (value > f64::from(target), self.hosts.below >= hosts.scaling.low_values);
        let before = (self.hosts.high.replace(high), self.hosts.low.replace(low));
        self.note_provider(
            "TargetTracking-hosts-AlarmHigh",
            before.0,
            high,
            &format!("[{value:.2}] > {target}"),
        );
        let words = format!("[{value:.2}] < {target}, {} in a row", self.hosts.below);
        self.note_provider("TargetTracking-hosts-AlarmLow", before.1, low, &words);
        let wanted = hosts_wanted(running, value, target);
        let cause = format!("{needed} needed of {running} is {value:.2} % of {target} %");
        if high {
            self.add_hosts(&hosts, wanted, &cause);
        } else if low {
            self.remove_hosts(&hosts, wanted, &cause);
        }
    }

    fn note_provider(&mut self, name: &str, before: Option<bool>, rings: bool, words: &str) {
        if before == Some(rings) {
            return;
        }
        let state = |rings: Option<bool>| match rings {
            None => AlarmState::InsufficientData,
            Some(true) => AlarmState::Alarm,
            Some(false) => AlarmState::Ok,
        };
        let note = format!("{} -> {}", state(before), state(Some(rings)));
        let cause = format!("{name}: CapacityProviderReservation {words}");
        self.write(ActivityKind::Alarm, name.to_owned(), None, cause, note);
    }

    fn note_hosts(&mut self, what: &str) {
        self.note(ActivityKind::Host, "capacity provider", None, what);
    }

    /// What changes nothing is told when it was not said last.
    fn hold_hosts(&mut self, what: String) {
        if self.hosts.said != what {
            self.note_hosts(&what);
            self.hosts.said = what;
        }
    }

    fn add_hosts(&mut self, hosts: &Hosts, wanted: u32, cause: &str) {
        let (now, warm_up) = (self.now, hosts.scaling.warm_up.as_nanos());
        let warm = |h: &Host| h.registered.is_some_and(|at| h.present || now >= at + warm_up);
        if self.hosts.hosts.iter().any(|h| !warm(h)) {
            return self.hold_hosts("hosts boot or warm up: no scale-out".to_owned());
        }
        let live = self.hosts.hosts.len() as u32;
        let least = live.saturating_add(hosts.scaling.min_step);
        let most = live.saturating_add(hosts.scaling.max_step).min(hosts.max);
        let size = wanted.max(least).min(most);
        if size <= live {
            return self.hold_hosts(format!("{live} hosts are the most there may be"));
        }
        self.hosts.said.clear();
        self.note_hosts(&format!("{live} -> {size} hosts: {cause}"));
        for _ in live..size {
            self.launch_host(hosts);
        }
    }

    fn launch_host(&mut self, hosts: &Hosts) {
        let (number, zone) = (self.hosts.launched, self.zone_of_next_host());
        self.hosts.launched += 1;
        let host = Host { number, zone, running: None, registered: None, present: false, tasks: 0 };
        self.hosts.hosts.push(host);
        self.desk.book.control_fact(80, self.now, number);
        let name = self.world.group.zones[usize::from(zone)].clone();
        self.note_hosts(&format!("host {number} is launched in zone {name}"));
        let pending = Sampler::new(&hosts.pending, stream(self.world.seed, Purpose::Host, number * 2)).draw();
        self.schedule(self.now.saturating_add(pending), Event::HostRuns { number });
    }

    fn host_mut(&mut self, number: u64) -> &mut Host {
        let place = self.hosts.hosts.binary_search_by_key(&number, |h| h.number);
        &mut self.hosts.hosts[place.expect("a host that boots stays")]
    }

    pub(super) fn host_runs(&mut self, number: u64) {
        let Some(hosts) = &self.world.group.hosts else { return };
        let boot = Sampler::new(&hosts.boot, stream(self.world.seed, Purpose::Host, number * 2 + 1)).draw();
        let now = self.now;
        self.host_mut(number).running = Some(now);
        self.schedule(now.saturating_add(boot), Event::HostRegisters { number });
    }

    pub(super) fn host_registers(&mut self, number: u64) {
        let now = self.now;
        self.host_mut(number).registered = Some(now);
        self.desk.book.control_fact(81, now, number);
        self.note_hosts(&format!("host {number} is registered"));
        if self.places.held_until.take().is_some() {
            self.reconcile(true);
        }
    }

    fn remove_hosts(&mut self, hosts: &Hosts, wanted: u32, cause: &str) {
        let registered = self.registered_hosts();
        let excess = registered.saturating_sub(wanted.max(hosts.min));
        let step = scale_in_step(registered, excess);
        let go: Vec<u64> = (0..step).map_while(|_| self.remove_host()).collect();
        if go.is_empty() {
            let why = if excess == 0 { "as few as there may be" } else { "none of them is empty" };
            return self.hold_hosts(format!("{registered} hosts stay: {why}"));
        }
        self.hosts.said.clear();
        let left = self.hosts.hosts.len() as u32;
        self.note_hosts(&format!("{} -> {left} hosts: {cause}", left + go.len() as u32));
        for number in go {
            self.desk.book.control_fact(82, self.now, number);
            self.note_hosts(&format!("host {number} is terminated"));
        }
    }

    /// An empty host goes, from the zone with most hosts that has one.
    fn remove_host(&mut self) -> Option<u64> {
        let empty = |place: &usize| {
            let host = &self.hosts.hosts[*place];
            host.registered.is_some() && host.tasks == 0
        };
        let order = |place: &usize| {
            let host = &self.hosts.hosts[*place];
            (u32::MAX - self.hosts.in_zone(host.zone), host.zone, host.number)
        };
        let place = (0..self.hosts.hosts.len()).filter(empty).min_by_key(order)?;
        let host = self.hosts.hosts.remove(place);
        let running = host.running.expect("a registered host runs");
        if self.now > self.world.lead_in.as_nanos() {
            self.hosts.billed += u128::from(self.bill.billed(running, self.now, true));
        }
        Some(host.number)
    }

    /// Puts hosts on the bill, in place of tasks.
    pub(super) fn add_host_bill(&self, cost: &mut Cost, billed: &mut Billed) {
        let Some(hosts) = &self.world.group.hosts else { return };
        let running = self.hosts.hosts.iter().filter_map(|h| h.running);
        let alive: u128 = running.map(|since| u128::from(self.bill.so_far(since, self.now))).sum();
        billed.instance_ns = self.hosts.billed + alive;
        cost.instances_nano_usd = (billed.instance_ns * u128::from(hosts.hour_nano_usd) + HOUR / 2) / HOUR;
    }
}
