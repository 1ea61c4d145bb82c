//! A mixed group in the run: its units, what a launch buys, what each type costs.

use super::Sim;
use crate::fleet::{Candidate, Configuration, Life, Pool, Stage, choose_pool, launch_of, rank_pools};
use crate::fleet::{decrement_is_lost, purchase_split, terminated_first, unit_price};
use crate::kernel::{Purpose, hash};
use crate::ledger::{Billed, Cost};
use crate::world::{Mixed, OnDemandStrategy};

const HOUR: u64 = 3_600_000_000_000;

/// A type, by its place in the list, and how it is bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ware {
    pub kind: u8,
    pub spot: bool,
}

/// What the instances of a mixed group cost that have ended, in billionths of a US dollar an hour x ns.
#[derive(Debug, Default)]
pub(super) struct MixedBill {
    on_demand: u128,
    spot: u128,
    /// Billed time of Spot instances, ns.
    spot_ns: u128,
}

impl Sim<'_> {
    /// Capacity units of the slot's instance.
    pub(super) fn weight(&self, slot: usize) -> u32 {
        self.world.kind(self.lives[slot].kind).weight
    }

    /// Units of the living instances that match.
    pub(super) fn units(&self, wanted: impl Fn(&Life) -> bool) -> u32 {
        let lives = self.lives.iter().filter(|l| alive(l) && wanted(l));
        lives.map(|l| self.world.kind(l.kind).weight).sum()
    }

    /// Whether the next launch is a Spot instance: the on-demand part of the split is there.
    pub(super) fn buys_spot(&self) -> bool {
        self.world.group.mixed.as_ref().is_some_and(|mixed| self.on_demand_units() >= self.on_demand(mixed))
    }

    fn on_demand_units(&self) -> u32 {
        self.units(|l| !l.spot && l.outgoing.is_none())
    }

    /// On-demand units that the desired capacity wants.
    fn on_demand(&self, mixed: &Mixed) -> u32 {
        let split = purchase_split(self.group.desired, mixed.on_demand_base, mixed.on_demand_percent);
        split.base + split.above
    }

    /// What a launch buys in a zone; `None` when no Spot pool has room. `present`: an instance of the start, for which a pool always has.
    pub(super) fn buy(&self, zone: u8, spot: bool, present: bool) -> Option<Ware> {
        let Some(mixed) = &self.world.group.mixed else { return Some(Ware::default()) };
        if !spot {
            return Some(Ware { kind: on_demand_order(mixed)[0], spot });
        }
        let mut pools = self.pools(mixed, zone);
        if present && pools.iter().all(|p| p.spare == 0) {
            pools.iter_mut().for_each(|p| p.spare = 1);
        }
        choose_pool(mixed.spot, &mut pools).map(|pool| Ware { kind: pool.kind, spot })
    }

    /// What was bought, in words behind a launch; nothing where there is one type.
    pub(super) fn what(&self, ware: Ware) -> String {
        let Some(mixed) = &self.world.group.mixed else { return String::new() };
        let how = if ware.spot { "Spot" } else { "on demand" };
        format!(": {}, {how}", mixed.types[usize::from(ware.kind)].name)
    }

    /// The Spot pools of a zone, in order of the types.
    pub(super) fn pools(&self, mixed: &Mixed, zone: u8) -> Vec<Pool> {
        let pool = |(kind, t): (usize, &crate::world::InstanceType)| {
            let (pool, kind) = (t.pools.get(usize::from(zone))?, kind as u8);
            let held = self.lives.iter().filter(|l| in_pool(l, kind, zone)).count() as u32;
            let unit_price = unit_price(pool.price(self.now), t.weight);
            Some(Pool { kind, unit_price, spare: pool.room(self.now).saturating_sub(held), held })
        };
        mixed.types.iter().enumerate().filter_map(pool).collect()
    }

    /// Who goes first, of those with at most `excess` units; nobody when all are protected or heavier.
    pub(super) fn victim(&self, excess: u32) -> Option<usize> {
        let counts = |l: &Life| alive(l) && !l.dark && l.outgoing.is_none();
        let living = |&slot: &usize| counts(&self.lives[slot]);
        let slots: Vec<usize> = (0..self.lives.len()).filter(living).collect();
        let surplus = self.world.group.mixed.as_ref().and_then(|mixed| self.surplus(mixed));
        let candidates: Vec<Candidate> =
            slots.iter().map(|&slot| self.candidate(slot, excess, surplus)).collect();
        terminated_first(&candidates, &self.world.group.termination).map(|place| slots[place])
    }

    /// An instance as the termination policies see it, where `excess` units are to go and a purchase option may have too many.
    pub(super) fn candidate(&self, slot: usize, excess: u32, surplus: Option<bool>) -> Candidate {
        let life = &self.lives[slot];
        let kept = self.world.group.protect_new_instances && life.stage == Stage::InService;
        Candidate {
            zone: life.zone,
            launch: launch_of(life.launch),
            configuration: Configuration::Template(life.version),
            to_billing_hour: HOUR - life.running.map_or(0, |r| (self.now - r) % HOUR),
            protected: kept || self.weight(slot) > excess,
            surplus: surplus == Some(life.spot),
            misfit: self.misfit(life),
            lot: hash(self.world.seed, Purpose::Termination, launch_of(life.launch), 0),
        }
    }

    /// The purchase option that has more units than the split wants: whether it is Spot.
    fn surplus(&self, mixed: &Mixed) -> Option<bool> {
        let (on_demand, wanted) = (self.on_demand_units(), self.on_demand(mixed));
        if on_demand > wanted {
            return Some(false);
        }
        let spot = self.units(|l| l.spot && l.outgoing.is_none());
        (spot > self.group.desired - wanted).then_some(true)
    }

    /// The place of an instance's type in the order of the strategy that would launch it now.
    fn misfit(&self, life: &Life) -> u32 {
        let Some(mixed) = &self.world.group.mixed else { return 0 };
        let order: Vec<u8> = if life.spot {
            let mut pools = self.pools(mixed, life.zone);
            rank_pools(mixed.spot, &mut pools);
            pools.iter().map(|p| p.kind).collect()
        } else {
            on_demand_order(mixed)
        };
        order.iter().position(|&kind| kind == life.kind).unwrap_or(0) as u32
    }

    /// Whether a wish for fewer is lost among the units that the group has above its desired capacity.
    pub(super) fn loses(&self, wish: u32) -> bool {
        let (desired, mixed) = (self.group.desired, self.world.group.mixed.is_some());
        mixed && wish < desired && decrement_is_lost(desired, self.group.units, desired - wish)
    }

    /// The slot's instance is billed no longer.
    pub(super) fn end_billing(&mut self, slot: usize) {
        let Some(running) = self.lives[slot].running else { return };
        let billed = self.bill.end(running, self.now);
        self.lives[slot].billed = Some(billed);
        if self.world.group.mixed.is_some() {
            let amount = self.amount(&self.lives[slot], running, billed);
            let bill = &mut self.mixed_bill;
            if self.lives[slot].spot {
                bill.spot += amount;
                bill.spot_ns += u128::from(billed);
            } else {
                bill.on_demand += amount;
            }
        }
    }

    /// Price times time of an instance that is billed for so long: a Spot instance by the price of each moment.
    fn amount(&self, life: &Life, running: u64, billed: u64) -> u128 {
        let Some(mixed) = &self.world.group.mixed else { return 0 };
        let kind = &mixed.types[usize::from(life.kind)];
        if !life.spot {
            return u128::from(billed) * u128::from(kind.hour_nano_usd);
        }
        let begin = running.max(self.world.lead_in.as_nanos());
        let end = begin + billed;
        let prices = &kind.pools[usize::from(life.zone)].prices;
        let mut sum = 0;
        for (place, &(since, price)) in prices.iter().enumerate() {
            let until = prices.get(place + 1).map_or(u64::MAX, |next| next.0.as_nanos());
            let time = until.min(end).saturating_sub(since.as_nanos().max(begin));
            sum += u128::from(time) * u128::from(price);
        }
        sum
    }

    /// Puts the types of a mixed group on the bill, in place of one price for all.
    pub(super) fn add_types(&self, cost: &mut Cost, billed: &mut Billed) {
        if self.world.group.mixed.is_none() {
            return;
        }
        let MixedBill { mut on_demand, mut spot, mut spot_ns } = self.mixed_bill;
        let pays = |l: &&Life| l.stage != Stage::Gone && !l.crashed && !l.stands_alone();
        for life in self.lives.iter().filter(pays) {
            let Some(running) = life.running else { continue };
            let time = self.bill.so_far(running, self.now);
            let amount = self.amount(life, running, time);
            if life.spot {
                spot += amount;
                spot_ns += u128::from(time);
            } else {
                on_demand += amount;
            }
        }
        let rounded = |amount: u128| (amount + u128::from(HOUR) / 2) / u128::from(HOUR);
        cost.instances_nano_usd = rounded(on_demand);
        cost.spot_nano_usd = rounded(spot);
        billed.instance_ns -= spot_ns;
        billed.spot_ns = spot_ns;
    }
}

fn alive(life: &Life) -> bool {
    matches!(life.stage, Stage::Booting | Stage::InService)
}

/// A Spot instance of a pool, from its launch to its termination.
pub(super) fn in_pool(life: &Life, kind: u8, zone: u8) -> bool {
    life.spot && life.stage != Stage::Gone && life.kind == kind && life.zone == zone
}

/// Types by the on-demand strategy, the first of equals first.
fn on_demand_order(mixed: &Mixed) -> Vec<u8> {
    let mut order: Vec<u8> = (0..mixed.types.len() as u8).collect();
    if mixed.on_demand == OnDemandStrategy::LowestPrice {
        let price = |&kind: &u8| {
            let t = &mixed.types[usize::from(kind)];
            unit_price(t.hour_nano_usd, t.weight)
        };
        order.sort_by_key(price);
    }
    order
}
