//! A mixed group by its text: how units split, what a launch buys, what it costs.

use super::Engine;
use super::instance::Instance;
use crate::ledger::{Billed, Cost};
use crate::world::{Mixed, OnDemandStrategy, SpotStrategy};

const HOUR: u128 = 3_600_000_000_000;

/// What a launch buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bought {
    pub kind: usize,
    pub spot: bool,
}

impl Engine<'_> {
    pub(super) fn vcpus(&self, instance: &Instance) -> u32 {
        match &self.world.group.mixed {
            Some(mixed) if instance.standalone.is_none() => mixed.types[instance.kind].vcpus,
            _ => self.world.instance.vcpus,
        }
    }

    pub(super) fn weight(&self, instance: &Instance) -> u32 {
        self.world.group.mixed.as_ref().map_or(1, |mixed| mixed.types[instance.kind].weight)
    }

    /// Capacity units of those that are meant.
    pub(super) fn units_of(&self, meant: impl Fn(&Instance) -> bool) -> u32 {
        self.slots().map(|s| s.1).filter(|i| meant(i)).map(|i| self.weight(i)).sum()
    }

    /// Living units on demand, and how many there should be.
    fn on_demand(&self, mixed: &Mixed) -> (u32, u32) {
        let base = mixed.on_demand_base.min(self.desired);
        let percent = u64::from(mixed.on_demand_percent);
        let mut above = u64::from(self.desired - base) * percent / 100;
        if above * 100 < u64::from(self.desired - base) * percent {
            above += 1;
        }
        (self.units_of(|i| i.counts() && !i.spot), base + above as u32)
    }

    pub(super) fn next_is_spot(&self) -> bool {
        let Some(mixed) = &self.world.group.mixed else { return false };
        let (there, wanted) = self.on_demand(mixed);
        there >= wanted
    }

    /// Instances of the group in a Spot pool, until their slots are free.
    fn held(&self, kind: usize, zone: usize) -> u32 {
        self.slots().filter(|(_, i)| i.spot && i.kind == kind && i.zone == zone).count() as u32
    }

    fn spare(&self, kind: usize, zone: usize) -> u32 {
        let mixed = self.world.group.mixed.as_ref().expect("a mixed group has pools");
        let steps = &mixed.types[kind].pools[zone].capacity;
        let room = steps.iter().rfind(|s| s.0.as_nanos() <= self.now).map_or(u32::MAX, |s| s.1);
        room.saturating_sub(self.held(kind, zone))
    }

    /// Price of a unit, to the nearest billionth.
    fn per_unit(price: u64, weight: u32) -> u64 {
        (2 * price + u64::from(weight)) / (2 * u64::from(weight))
    }

    fn spot_price(&self, mixed: &Mixed, kind: usize, zone: usize) -> u64 {
        let steps = &mixed.types[kind].pools[zone].prices;
        let now = steps.iter().rfind(|s| s.0.as_nanos() <= self.now).map_or(0, |s| s.1);
        Self::per_unit(now, mixed.types[kind].weight)
    }

    /// Types in the order in which the strategy likes them in a zone.
    fn liked(&self, spot: bool, zone: usize) -> Vec<usize> {
        let Some(mixed) = &self.world.group.mixed else { return vec![0] };
        let bits = |spare: u32| 32 - spare.leading_zeros();
        let badness = |kind: usize| -> (u64, u64) {
            let t = &mixed.types[kind];
            if !spot {
                let price = Self::per_unit(t.hour_nano_usd, t.weight);
                return if mixed.on_demand == OnDemandStrategy::Prioritized { (0, 0) } else { (price, 0) };
            }
            let (spare, price) = (self.spare(kind, zone), self.spot_price(mixed, kind, zone));
            match mixed.spot {
                SpotStrategy::LowestPrice { .. } => (price, 0),
                SpotStrategy::CapacityOptimized => (u64::from(u32::MAX - spare), 0),
                SpotStrategy::CapacityOptimizedPrioritized => (u64::from(32 - bits(spare)), 0),
                SpotStrategy::PriceCapacityOptimized => (u64::from(32 - bits(spare)), price),
            }
        };
        let mut kinds: Vec<usize> = (0..mixed.types.len()).collect();
        kinds.sort_by_key(|&kind| (badness(kind), kind));
        kinds
    }

    /// What a launch in this zone is; `None`: no Spot pool takes it. Instances of the start find room.
    pub(super) fn purchase(&self, zone: usize, spot: bool, at_start: bool) -> Option<Bought> {
        let liked = self.liked(spot, zone);
        let mixed = self.world.group.mixed.as_ref();
        if !spot {
            return Some(Bought { kind: liked[0], spot });
        }
        let mut roomy: Vec<usize> = liked.iter().copied().filter(|&k| self.spare(k, zone) > 0).collect();
        if roomy.is_empty() && at_start {
            // As if each had one place left: equally deep.
            roomy = liked;
            let by_depth = |s: &SpotStrategy| {
                matches!(s, SpotStrategy::CapacityOptimized | SpotStrategy::CapacityOptimizedPrioritized)
            };
            if mixed.map(|m| m.spot).is_some_and(|s| by_depth(&s)) {
                roomy.sort_unstable();
            }
        }
        if let Some(SpotStrategy::LowestPrice { pools }) = mixed.map(|m| m.spot) {
            roomy.truncate(pools as usize);
            let places = 0..roomy.len();
            return places
                .min_by_key(|&p| (self.held(roomy[p], zone), p))
                .map(|p| Bought { kind: roomy[p], spot });
        }
        roomy.first().map(|&kind| Bought { kind, spot })
    }

    /// How far down its type stands among those that would be launched in its place.
    pub(super) fn misfit(&self, instance: &Instance) -> usize {
        let liked = self.liked(instance.spot, instance.zone);
        liked.iter().position(|&k| k == instance.kind).unwrap_or(0)
    }

    /// The option that is to shrink: `Some(true)` is Spot.
    pub(super) fn too_many(&self) -> Option<bool> {
        let mixed = self.world.group.mixed.as_ref()?;
        let (there, wanted) = self.on_demand(mixed);
        if there > wanted {
            Some(false)
        } else if self.units_of(|i| i.counts() && i.spot) > self.desired - wanted {
            Some(true)
        } else {
            None
        }
    }

    pub(super) fn in_words(&self, bought: Bought) -> String {
        match &self.world.group.mixed {
            Some(mixed) => {
                let how = if bought.spot { "Spot" } else { "on demand" };
                format!(": {}, {how}", mixed.types[bought.kind].name)
            }
            None => String::new(),
        }
    }

    /// What an instance costs so far, in price x ns: moment by moment between the changes of its price.
    fn amount_of(&self, mixed: &Mixed, instance: &Instance) -> u128 {
        let billed = self.billed_of(instance);
        let Some(from) = instance.billed_from.filter(|_| billed > 0) else { return 0 };
        let kind = &mixed.types[instance.kind];
        if !instance.spot {
            return u128::from(billed) * u128::from(kind.hour_nano_usd);
        }
        let begin = from.max(self.from());
        let end = begin + billed;
        let prices = &kind.pools[instance.zone].prices;
        let mut edges: Vec<u64> = prices.iter().map(|p| p.0.as_nanos().clamp(begin, end)).collect();
        edges.extend([begin, end]);
        edges.sort_unstable();
        let price = |at: u64| prices.iter().rfind(|p| p.0.as_nanos() <= at).map_or(0, |p| p.1);
        edges.windows(2).map(|w| u128::from(w[1] - w[0]) * u128::from(price(w[0]))).sum()
    }

    /// The part of the bill that the types of a mixed group make.
    pub(super) fn bill_types(&self, cost: &mut Cost) {
        let Some(mixed) = &self.world.group.mixed else { return };
        let all: Vec<&Instance> = self.slots().map(|s| s.1).chain(&self.gone).collect();
        let amount = |spot: bool| -> u128 {
            let mine = all.iter().filter(|i| i.standalone.is_none() && i.spot == spot);
            (mine.map(|i| self.amount_of(mixed, i)).sum::<u128>() + HOUR / 2) / HOUR
        };
        cost.instances_nano_usd = amount(false) + (self.machine_amount() + HOUR / 2) / HOUR;
        cost.spot_nano_usd = amount(true);
    }

    /// Spot time apart from the rest.
    pub(super) fn split_time(&self, billed: &mut Billed) {
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        billed.spot_ns = all.filter(|i| i.spot).map(|i| u128::from(self.billed_of(i))).sum();
        billed.instance_ns -= billed.spot_ns;
    }
}
