//! A group of several instance types: weights, On-Demand and Spot, prices and capacity of its Spot pools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::{Group, Scenario, catalogue};
use crate::text::{Check, Duration, HourlyPrice};

/// A mixed instances policy: the group launches several types, on demand and Spot. Its sizes (`min`, `max`, `desired`, and what policies ask for)
/// are then capacity units, of which an instance has the weight of its type (EC2 Auto Scaling user guide, mixed instances groups and
/// instance weighting). `instance` says what all types share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mixed {
    /// Capacity units that are on demand before any other: 0 to 100000; default 0, as AWS.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub on_demand_base: u32,
    /// Percent of the units above the base that are on demand, rounded up; the rest is Spot: 0 to 100; default 100, as AWS.
    #[serde(default = "all_on_demand")]
    #[schemars(range(max = 100))]
    pub on_demand_percent_above_base: u32,
    /// Which type an on-demand launch takes: "lowest_price" (the lowest price a unit) or "prioritized" (the first of the list); default
    /// "lowest_price".
    #[serde(default)]
    pub on_demand_strategy: OnDemandStrategy,
    /// Which pool of its zone a Spot launch takes: "lowest_price", "capacity_optimized" (the most spare instances),
    /// "capacity_optimized_prioritized" or "price_capacity_optimized"; the last two count pools within a factor of two as equally deep
    /// (inferred: AWS gives no number) and take the first of the list, or the lowest price a unit; default "lowest_price", as the API.
    #[serde(default)]
    pub spot_strategy: SpotStrategy,
    /// Pools with the lowest price a unit over which "lowest_price" spreads evenly: 1 to 20; default 2, as AWS; for that strategy only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub spot_pools: Option<u32>,
    /// From an interruption notice to the end of a Spot instance; default "120s", as EC2.
    #[serde(default = "notice")]
    pub notice: Duration,
    /// From a rebalance recommendation to the notice; default none: there are no recommendations (EC2 says "earlier" and gives no time).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendation_lead: Option<Duration>,
    /// Share of interruptions that a recommendation precedes, 0 to 1; default 1; EC2 does not promise one (unverified).
    #[serde(default = "speed")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub recommendation_ratio: f64,
    /// Whether a Spot instance is deregistered from the balancer at its notice, as a node termination handler does, so that what it has can
    /// drain; default false: it takes requests until it ends.
    #[serde(default)]
    pub deregister_on_notice: bool,
    /// Whether a replacement is launched at the recommendation, or else at the notice, and the old instance terminated once the new one is healthy
    /// (Capacity Rebalancing); the group may then exceed its desired capacity by a tenth or one above `max`; default false: an
    /// interrupted instance is replaced when the group's health check finds it gone; it does not go with `group.maintenance` or a `[[refresh]]`.
    #[serde(default)]
    pub capacity_rebalancing: bool,
    /// Laws of interruption; default none: only a drop of `capacity` interrupts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub interruption: Vec<SpotInterruption>,
    /// The types, the first preferred where an order counts; 1 to 40.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 40))]
    pub types: Vec<MixedType>,
    /// Changes of Spot prices; default none: `spot_price` of each type holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub price: Vec<SpotPrice>,
    /// How many Spot instances a pool can hold; default without bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub capacity: Vec<SpotCapacity>,
}

/// A type of a mixed group; what it shares with the others stands at `instance`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixedType {
    /// Name in the catalogue, such as "c5.large", or one of your own beside `vcpus` and `price`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Capacity units of an instance: 1 to 999; default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 999))]
    pub weight: u32,
    /// Virtual processors, 1 to 1024; default those of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub vcpus: Option<u32>,
    /// Speed of a processor relative to the reference core, 0.01 to 100; default 1.
    #[serde(default = "speed")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub speed: f64,
    /// Price on demand an hour; default that of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// Spot price an hour in every zone, until a row of `price` says otherwise; at most the price on demand, which is AWS's default
    /// maximum; needed when anything is Spot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_price: Option<HourlyPrice>,
}

/// From a moment on a Spot price holds. Billed per second at the price of each moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotPrice {
    /// Of which type; default every type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In which zone; default every zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// From when on, after the start of the run.
    pub from: Duration,
    /// Price an hour; at most the price on demand.
    pub price: HourlyPrice,
}

/// Spot instances of a pool are interrupted at random.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotInterruption {
    /// Of which type; default every type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In which zone; default every zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Mean time from the launch of an instance to its interruption notice, exponential; above zero. Of several rows about a pool the last holds.
    pub every: Duration,
}

/// From a moment on a Spot pool, a type in a zone, can hold so many instances of the group: a launch that finds no pool of its zone with room is
/// refused there (UnfulfillableCapacity), and whom the pool cannot hold any longer is interrupted, by lot, with notice from that moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotCapacity {
    /// Of which type; default every type, each for itself.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In which zone; default every zone, each for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// From when on, after the start of the run.
    pub from: Duration,
    /// Instances that the pool can hold: 0 to 100000.
    #[schemars(range(max = 100_000))]
    pub instances: u32,
}

/// Which type an on-demand launch takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDemandStrategy {
    /// The lowest price a unit.
    #[default]
    LowestPrice,
    /// The first of the list.
    Prioritized,
}

/// Which pool of its zone a Spot launch takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpotStrategy {
    /// Evenly over the pools with the lowest price a unit.
    #[default]
    LowestPrice,
    /// The pool with the most spare instances.
    CapacityOptimized,
    /// Of the deepest pools the first of the list.
    CapacityOptimizedPrioritized,
    /// Of the deepest pools the one with the lowest price a unit.
    PriceCapacityOptimized,
}

fn all_on_demand() -> u32 {
    100
}

fn notice() -> Duration {
    Duration::from_secs(120)
}

fn one() -> u32 {
    1
}

fn speed() -> f64 {
    1.0
}

/// Whether a row that names a type or a zone, or none, is about this one.
fn about(named: &Option<String>, name: &str) -> bool {
    named.as_deref().is_none_or(|named| named == name)
}

/// Steps in order of time; of two at the same moment the later row.
fn steps<T: Copy>(rows: impl Iterator<Item = (Duration, T)>) -> Vec<(core::SimTime, T)> {
    let mut steps: Vec<(core::SimTime, T)> = Vec::new();
    for (from, value) in rows {
        let from = core::SimTime::from_nanos(from.nanos());
        match steps.binary_search_by_key(&from, |step| step.0) {
            Ok(place) => steps[place].1 = value,
            Err(place) => steps.insert(place, (from, value)),
        }
    }
    steps
}

impl MixedType {
    fn catalogue_entry(&self) -> Option<&'static catalogue::InstanceType> {
        catalogue::find(&self.kind)
    }

    fn resolve(&mut self) {
        if let Some(entry) = self.catalogue_entry() {
            self.vcpus.get_or_insert(entry.vcpus);
            self.price.get_or_insert(entry.price());
        }
    }
}

impl Mixed {
    pub(crate) fn resolve(&mut self) {
        self.types.iter_mut().for_each(MixedType::resolve);
        if self.spot_strategy == SpotStrategy::LowestPrice {
            self.spot_pools.get_or_insert(2);
        }
    }

    /// Whether any unit can be Spot.
    fn has_spot(&self) -> bool {
        self.on_demand_percent_above_base < 100
    }

    fn pool(&self, of: &MixedType, zone: &str) -> core::SpotPool {
        let prices = self.price.iter().filter(|p| about(&p.kind, &of.kind) && about(&p.zone, zone));
        let first = (Duration::default(), of.spot_price.unwrap_or_default().nano_usd());
        let capacity = self.capacity.iter().filter(|c| about(&c.kind, &of.kind) && about(&c.zone, zone));
        let mut laws = self.interruption.iter();
        let law = laws.rfind(|row| about(&row.kind, &of.kind) && about(&row.zone, zone));
        core::SpotPool {
            prices: steps(std::iter::once(first).chain(prices.map(|p| (p.from, p.price.nano_usd())))),
            capacity: steps(capacity.map(|c| (c.from, c.instances))),
            interrupted_every: law.map(|row| sim(row.every)),
        }
    }

    /// The resolved policy as the engine knows it.
    pub(crate) fn world(&self, zones: &[String]) -> core::Mixed {
        let of = |t: &MixedType| core::InstanceType {
            name: t.kind.clone(),
            vcpus: t.vcpus.unwrap_or(1),
            speed: (t.speed * 65_536.0).round() as u32,
            weight: t.weight,
            hour_nano_usd: t.price.unwrap_or_default().nano_usd(),
            pools: if self.has_spot() {
                zones.iter().map(|zone| self.pool(t, zone)).collect()
            } else {
                Vec::new()
            },
        };
        core::Mixed {
            types: self.types.iter().map(of).collect(),
            on_demand_base: self.on_demand_base,
            on_demand_percent: self.on_demand_percent_above_base,
            on_demand: match self.on_demand_strategy {
                OnDemandStrategy::LowestPrice => core::OnDemandStrategy::LowestPrice,
                OnDemandStrategy::Prioritized => core::OnDemandStrategy::Prioritized,
            },
            interruptions: core::Interruptions {
                notice: sim(self.notice),
                lead: self.recommendation_lead.map(sim),
                recommended_ppm: (self.recommendation_ratio * 1e6).round() as u32,
                deregister: self.deregister_on_notice,
                capacity_rebalancing: self.capacity_rebalancing,
            },
            spot: match self.spot_strategy {
                SpotStrategy::LowestPrice => {
                    core::SpotStrategy::LowestPrice { pools: self.spot_pools.unwrap_or(2) }
                }
                SpotStrategy::CapacityOptimized => core::SpotStrategy::CapacityOptimized,
                SpotStrategy::CapacityOptimizedPrioritized => {
                    core::SpotStrategy::CapacityOptimizedPrioritized
                }
                SpotStrategy::PriceCapacityOptimized => core::SpotStrategy::PriceCapacityOptimized,
            },
        }
    }

    fn check(&self, group: &Group, check: &mut Check<'_>) {
        if self.spot_pools.is_some() && self.spot_strategy != SpotStrategy::LowestPrice {
            let rule = "is for the strategy \"lowest_price\": AWS refuses SpotInstancePools with another one";
            check.fail("group.mixed.spot_pools", rule, "leave it out");
        }
        for (index, of) in self.types.iter().enumerate() {
            let path = format!("group.mixed.type.{index}");
            self.check_type(index, of, &path, check);
        }
        for (index, row) in self.price.iter().enumerate() {
            let path = format!("group.mixed.price.{index}");
            self.check_row(group, &row.kind, &row.zone, &path, check);
            self.check_price(&row.kind, row.price, &format!("{path}.price"), check);
        }
        for (index, row) in self.capacity.iter().enumerate() {
            let path = format!("group.mixed.capacity.{index}");
            self.check_row(group, &row.kind, &row.zone, &path, check);
        }
        for (index, row) in self.interruption.iter().enumerate() {
            let path = format!("group.mixed.interruption.{index}");
            self.check_row(group, &row.kind, &row.zone, &path, check);
            if row.every.is_zero() {
                check.fail(&format!("{path}.every"), "is no time", "write every = \"12h\"");
            }
        }
    }

    fn check_type(&self, index: usize, of: &MixedType, path: &str, check: &mut Check<'_>) {
        if self.types[..index].iter().any(|other| other.kind == of.kind) {
            let rule = "is there twice: AWS refuses a type that is overridden twice";
            check.fail(&format!("{path}.type"), rule, "name every type once");
        }
        if of.catalogue_entry().is_some_and(|entry| entry.burstable.is_some()) {
            let rule = "is burstable, and CPU credits are not modelled in mixed groups";
            check.fail(
                &format!("{path}.type"),
                rule,
                "name a type without CPU credits, such as \"m5.large\"",
            );
        }
        if of.catalogue_entry().is_none() && (of.vcpus.is_none() || of.price.is_none()) {
            let hint = match catalogue::similar(&of.kind) {
                Some(similar) => format!("did you mean {similar}?"),
                None => "see \"simscale list instances\", or write vcpus and price beside it".to_owned(),
            };
            check.fail(&format!("{path}.type"), "is not a known instance type", hint);
        }
        match of.spot_price {
            None if self.has_spot() => {
                let rule = "is missing, and on_demand_percent_above_base leaves units to Spot";
                check.fail(&format!("{path}.spot_price"), rule, "write spot_price = \"0.035 USD/h\"");
            }
            Some(price) => {
                self.check_price(&Some(of.kind.clone()), price, &format!("{path}.spot_price"), check);
            }
            None => {}
        }
    }

    /// A Spot price above the one on demand is above AWS's default maximum: nothing would be launched.
    fn check_price(&self, kind: &Option<String>, price: HourlyPrice, path: &str, check: &mut Check<'_>) {
        for of in self.types.iter().filter(|of| about(kind, &of.kind)) {
            let mut of = of.clone();
            of.resolve();
            if let Some(on_demand) = of.price.filter(|on_demand| price > *on_demand) {
                let rule = format!("is above the price on demand of {} ({on_demand})", of.kind);
                check.fail(path, rule, "Spot costs at most the price on demand, the default maximum");
                return;
            }
        }
    }

    fn check_row(
        &self,
        group: &Group,
        kind: &Option<String>,
        zone: &Option<String>,
        path: &str,
        check: &mut Check<'_>,
    ) {
        if kind.as_ref().is_some_and(|kind| self.types.iter().all(|of| of.kind != *kind)) {
            let names: Vec<&str> = self.types.iter().map(|of| of.kind.as_str()).collect();
            let hint = format!("the types are: {}", names.join(", "));
            check.fail(&format!("{path}.type"), "is no type of the group", hint);
        }
        if zone.as_ref().is_some_and(|zone| !group.zones.contains(zone)) {
            let hint = format!("the zones are: {}", group.zones.join(", "));
            check.fail(&format!("{path}.zone"), "is no zone of the group", hint);
        }
    }
}

/// What does not go with a mixed group.
pub(crate) fn check(scenario: &Scenario, check: &mut Check<'_>) {
    let Some(mixed) = &scenario.group.mixed else { return };
    mixed.check(&scenario.group, check);
    let mut refuse = |path: &str, refused: bool, rule: &str, hint: &str| {
        if refused {
            check.fail(path, rule, hint);
        }
    };
    let resolved = scenario.resolved();
    refuse(
        "group.mixed",
        scenario.group.is_service(),
        "is for EC2 Auto Scaling groups, and the group is an ECS service",
        "leave it out",
    );
    refuse(
        "instance",
        resolved.instance.credits.is_some(),
        "has CPU credits, which are not modelled in mixed groups",
        "name a type without CPU credits",
    );
    refuse(
        "instance.memory",
        resolved.instance.memory.is_some(),
        "is one size for all, which the types of a mixed group do not have",
        "leave memory out",
    );
    refuse(
        "prices.commitment",
        scenario.prices.commitment.is_some(),
        "covers instances of one price, which a mixed group does not have",
        "leave it out",
    );
}
