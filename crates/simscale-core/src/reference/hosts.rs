//! Container instances below the tasks: where tasks find a place, what the capacity provider measures, and what it makes of it.

use super::{Engine, Fact, Instance, Life};
use crate::kernel::{Purpose, Sampler, stream};
use crate::ledger::ActivityKind;
use crate::world::{DeploymentKind, Hosts};

/// A container instance, gone ones too.
#[derive(Debug, Clone)]
pub(super) struct Host {
    zone: usize,
    from_the_start: bool,
    runs_from: Option<u64>,
    registered_from: Option<u64>,
    gone_at: Option<u64>,
}

/// A value on its way from its measurement to its judgement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    needed: u64,
    registered: u64,
}

/// What the provider remembers.
#[derive(Debug, Default)]
pub(super) struct Provider {
    hosts: Vec<Host>,
    measured: Vec<Measured>,
    /// How many values were judged.
    judged: usize,
    high: Option<bool>,
    low: Option<bool>,
    /// The last answer that changed nothing, if no change came after it.
    last_hold: Option<String>,
}

impl Engine<'_> {
    fn plan(&self) -> Option<Hosts> {
        self.world.group.hosts.clone()
    }

    fn live_hosts(&self) -> impl Iterator<Item = (usize, &Host)> {
        self.provider.hosts.iter().enumerate().filter(|(_, h)| h.gone_at.is_none())
    }

    fn in_cluster(&self) -> impl Iterator<Item = (usize, &Host)> {
        self.live_hosts().filter(|(_, h)| h.registered_from.is_some())
    }

    fn tasks_on(&self, number: usize) -> usize {
        self.slots().filter(|(_, i)| i.host == Some(number)).count()
    }

    fn hosts_of(&self, zone: usize) -> usize {
        self.live_hosts().filter(|(_, h)| h.zone == zone).count()
    }

    pub(super) fn hosts_of_the_start(&mut self) {
        let Some(plan) = self.plan() else { return };
        for _ in 0..plan.initial {
            let number = self.new_host();
            let host = &mut self.provider.hosts[number];
            (host.from_the_start, host.runs_from, host.registered_from) = (true, Some(0), Some(0));
        }
        self.later(self.world.metrics.minute.as_nanos(), Life::Reservation);
    }

    fn new_host(&mut self) -> usize {
        let zones = 0..self.world.group.zones.len();
        let zone = zones.min_by_key(|&zone| self.hosts_of(zone)).unwrap_or(0);
        let (runs_from, registered_from, gone_at) = (None, None, None);
        self.provider.hosts.push(Host { zone, from_the_start: false, runs_from, registered_from, gone_at });
        self.provider.hosts.len() - 1
    }

    /// The host on which a task of this zone would start.
    fn home_in(&self, zone: usize) -> Option<usize> {
        let room = self.world.group.hosts.as_ref()?.tasks as usize;
        let free = |number: usize| room - self.tasks_on(number);
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (number, host) in self.in_cluster() {
            if host.zone == zone && free(number) > 0 {
                open.push((free(number), number));
            }
        }
        open.into_iter().min().map(|best| best.1)
    }

    /// Whether the zone can take a task.
    pub(super) fn houses(&self, zone: usize) -> bool {
        self.world.group.hosts.is_none() || self.home_in(zone).is_some()
    }

    pub(super) fn settle_on_host(&mut self, slot: usize) {
        self.at_mut(slot).host = self.home_in(self.at(slot).zone);
    }

    /// A task is gone, with its place.
    pub(super) fn place_given_back(&mut self, task: &Instance) {
        if task.host.is_some() && self.next_try.is_some() {
            self.later(self.now, Life::PlaceFree);
        }
    }

    pub(super) fn tasks_wait(&mut self) {
        self.next_try = Some(u64::MAX);
        let what = "no container instance has a free place: tasks wait (PROVISIONING)";
        self.say(ActivityKind::Host, "group", None, what);
    }

    pub(super) fn try_places(&mut self) {
        if self.next_try.is_some() {
            self.next_try = None;
            self.fit(true);
        }
    }

    /// Tasks that would be launched if there were places.
    pub(super) fn tasks_waiting(&self) -> u64 {
        if self.world.group.hosts.is_none() || self.next_try.is_none() {
            return 0;
        }
        let (desired, units) = (u64::from(self.desired), u64::from(self.units()));
        let mut lacking = desired.saturating_sub(units);
        let Some(deployment) = self.deploying else { return lacking };
        let living = self.slots().filter(|(_, i)| i.living());
        match self.world.group.deployments[deployment.index()].kind {
            DeploymentKind::BlueGreen { .. } => {
                lacking += desired.saturating_sub(u64::from(self.in_the_dark()));
            }
            DeploymentKind::Rolling { maximum_percent, .. } => {
                let most = desired * u64::from(maximum_percent) / 100;
                let (mut all, mut fresh) = (0, 0);
                for (_, task) in living {
                    all += 1;
                    fresh += u64::from(task.version == self.newest);
                }
                lacking = lacking.max(desired.saturating_sub(fresh).min(most.saturating_sub(all)));
            }
        }
        lacking
    }

    pub(super) fn hosts_registered(&self) -> u32 {
        self.in_cluster().count() as u32
    }

    pub(super) fn measure_reservation(&mut self) {
        let Some(plan) = self.plan() else { return };
        let with_tasks = self.in_cluster().filter(|(number, _)| self.tasks_on(*number) > 0).count() as u64;
        let needed = with_tasks + self.tasks_waiting().div_ceil(u64::from(plan.tasks));
        let registered = self.in_cluster().count() as u64;
        self.provider.measured.push(Measured { needed, registered });
        self.later(self.now + plan.scaling.delay.as_nanos(), Life::ManagedScaling);
        self.later(self.now + self.world.metrics.minute.as_nanos(), Life::Reservation);
    }

    pub(super) fn judge_reservation(&mut self) {
        let Some(plan) = self.plan() else { return };
        let target = u64::from(plan.scaling.target_percent);
        let at = self.provider.judged;
        self.provider.judged += 1;
        let seen = &self.provider.measured[..=at];
        let row = seen.iter().rev().take_while(|value| value.against(target).is_lt()).count();
        let value = seen[at];
        let high = value.against(target).is_gt();
        let low = row >= plan.scaling.low_values as usize;
        let printed = format!("{:.2}", value.percent());
        let (before_high, before_low) = (self.provider.high, self.provider.low);
        (self.provider.high, self.provider.low) = (Some(high), Some(low));
        let cause = format!("CapacityProviderReservation [{printed}] > {target}");
        self.alarm_row("TargetTracking-hosts-AlarmHigh", before_high, high, &cause);
        let cause = format!("CapacityProviderReservation [{printed}] < {target}, {row} in a row");
        self.alarm_row("TargetTracking-hosts-AlarmLow", before_low, low, &cause);
        let wanted = value.wants(target);
        let cause = format!("{} needed of {} is {printed} % of {target} %", value.needed, value.registered);
        match (high, low) {
            (true, _) => self.more_hosts(&plan, wanted, &cause),
            (false, true) => self.fewer_hosts(&plan, wanted, &cause),
            (false, false) => {}
        }
    }

    fn alarm_row(&mut self, name: &str, before: Option<bool>, now: bool, cause: &str) {
        let word = |state: Option<bool>| match state {
            Some(true) => "ALARM",
            Some(false) => "OK",
            None => "INSUFFICIENT_DATA",
        };
        if before != Some(now) {
            let mut row =
                self.blank(ActivityKind::Alarm, name, &format!("{} -> {}", word(before), word(Some(now))));
            row.cause = format!("{name}: {cause}");
            self.sink.activity(&row);
        }
    }

    fn of_hosts(&mut self, what: &str) {
        self.say(ActivityKind::Host, "capacity provider", None, what);
    }

    fn no_change(&mut self, what: String) {
        if self.provider.last_hold.as_ref() != Some(&what) {
            self.of_hosts(&what);
            self.provider.last_hold = Some(what);
        }
    }

    fn more_hosts(&mut self, plan: &Hosts, wanted: u64, cause: &str) {
        let now = self.now;
        let cold = |h: &Host| match h.registered_from {
            None => true,
            Some(from) => !h.from_the_start && now - from < plan.scaling.warm_up.as_nanos(),
        };
        if self.live_hosts().any(|(_, h)| cold(h)) {
            return self.no_change("hosts boot or warm up: no scale-out".to_string());
        }
        let have = self.live_hosts().count() as u64;
        let bounds = (have + u64::from(plan.scaling.min_step), have + u64::from(plan.scaling.max_step));
        let size = if wanted < bounds.0 { bounds.0 } else { wanted };
        let size = size.min(bounds.1).min(u64::from(plan.max));
        if size <= have {
            return self.no_change(format!("{have} hosts are the most there may be"));
        }
        self.provider.last_hold = None;
        self.of_hosts(&format!("{have} -> {size} hosts: {cause}"));
        for _ in have..size {
            let number = self.new_host();
            self.fact(Fact::HostLaunch, number as u64);
            let zone = self.world.group.zones[self.provider.hosts[number].zone].clone();
            self.of_hosts(&format!("host {number} is launched in zone {zone}"));
            let pending = self.host_time(&plan.pending, 2 * number as u64);
            self.later(now + pending, Life::HostRuns { number });
        }
    }

    fn host_time(&self, law: &crate::kernel::Distribution, index: u64) -> u64 {
        Sampler::new(law, stream(self.world.seed, Purpose::Host, index)).draw()
    }

    pub(super) fn host_begins_to_run(&mut self, number: usize) {
        let Some(plan) = self.plan() else { return };
        self.provider.hosts[number].runs_from = Some(self.now);
        let boot = self.host_time(&plan.boot, 2 * number as u64 + 1);
        self.later(self.now + boot, Life::HostRegisters { number });
    }

    pub(super) fn host_joins(&mut self, number: usize) {
        self.provider.hosts[number].registered_from = Some(self.now);
        self.fact(Fact::HostRegistered, number as u64);
        self.of_hosts(&format!("host {number} is registered"));
        self.try_places();
    }

    fn fewer_hosts(&mut self, plan: &Hosts, wanted: u64, cause: &str) {
        let registered = self.in_cluster().count() as u64;
        let keep = wanted.max(u64::from(plan.min));
        let excess = registered.saturating_sub(keep);
        let at_most = if registered < 3 { 1 } else { (registered - 1) / 2 };
        let have = self.live_hosts().count();
        let mut gone = Vec::new();
        while (gone.len() as u64) < excess.min(at_most) {
            let empty = self.in_cluster().filter(|(number, _)| self.tasks_on(*number) == 0);
            let mut empty: Vec<(usize, usize)> = empty.map(|(number, h)| (h.zone, number)).collect();
            empty.sort_unstable();
            let most = empty.iter().map(|&(zone, _)| self.hosts_of(zone)).max();
            let Some(&(_, number)) = empty.iter().find(|&&(zone, _)| Some(self.hosts_of(zone)) == most)
            else {
                break;
            };
            self.provider.hosts[number].gone_at = Some(self.now);
            gone.push(number);
        }
        if gone.is_empty() {
            let why = if excess > 0 { "none of them is empty" } else { "as few as there may be" };
            return self.no_change(format!("{registered} hosts stay: {why}"));
        }
        self.provider.last_hold = None;
        self.of_hosts(&format!("{have} -> {} hosts: {cause}", have - gone.len()));
        for number in gone {
            self.fact(Fact::HostTerminated, number as u64);
            self.of_hosts(&format!("host {number} is terminated"));
        }
    }

    /// Time of hosts on the bill, and nothing of their tasks; `None` without hosts.
    pub(super) fn billed_hosts(&self) -> Option<u128> {
        self.world.group.hosts.as_ref()?;
        let (window, now) = (self.from(), self.now);
        let of = |host: &Host| {
            let Some(begin) = host.runs_from else { return 0 };
            let end = host.gone_at.unwrap_or(now);
            let time = end.saturating_sub(begin.max(window));
            if host.gone_at.is_none() {
                return time;
            }
            if end <= window {
                return 0;
            }
            let whole = time.saturating_sub(1).div_ceil(1_000_000_000) * 1_000_000_000;
            if begin < window { whole } else { whole.max(self.world.prices.minimum.as_nanos()) }
        };
        Some(self.provider.hosts.iter().map(|host| u128::from(of(host))).sum())
    }
}

impl Measured {
    /// The reservation beside the target, in whole numbers.
    fn against(&self, target: u64) -> std::cmp::Ordering {
        match self.registered {
            0 => (if self.needed > 0 { 200 } else { 100 }).cmp(&target),
            n => (100 * self.needed).cmp(&(target * n)),
        }
    }

    fn percent(&self) -> f64 {
        match self.registered {
            0 if self.needed > 0 => 200.0,
            0 => 100.0,
            n => (100 * self.needed) as f64 / n as f64,
        }
    }

    /// Hosts at which the reservation would be the target.
    fn wants(&self, target: u64) -> u64 {
        let hundredths = match self.registered {
            0 if self.needed > 0 => 200,
            0 => 100,
            _ => 100 * self.needed,
        };
        hundredths.div_ceil(target)
    }
}
