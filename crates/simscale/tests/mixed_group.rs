//! `[group.mixed]`: what the engine gets, and what a user reads when it is wrong.

use simscale::Scenario;
use simscale::engine as core;

const BASE: &str = r#"schema = 1
name = "mixed"
[simulation]
duration = "2h"
[workload.constant]
rate = "100/s"
[service]
cpu_time = { exponential = { mean = "35ms" } }
[instance]
type = "c5.large"
[group]
min = 2
max = 8
zones = ["a", "b"]
[group.mixed]
on_demand_base = 2
on_demand_percent_above_base = 25
spot_strategy = "price_capacity_optimized"
[[group.mixed.type]]
type = "c5.large"
spot_price = "0.035 USD/h"
[[group.mixed.type]]
type = "c5.xlarge"
weight = 2
spot_price = "0.06 USD/h"
[[group.mixed.price]]
type = "c5.large"
zone = "b"
from = "30m"
price = "0.05 USD/h"
[[group.mixed.capacity]]
zone = "a"
from = "1h"
instances = 3
"#;

/// Rows apply to the types and zones that they name, or to all; a row at the moment of another replaces it.
#[test]
fn rows_of_prices_and_capacity_reach_their_pools() {
    let scenario = Scenario::read("mixed.toml", BASE, &[]).expect("no mistakes");
    let world = scenario.simulation(None, None).expect("it can run").world;
    let mixed = world.group.mixed.expect("types are mixed");
    assert_eq!((mixed.on_demand_base, mixed.on_demand_percent), (2, 25));
    assert_eq!(mixed.spot, core::SpotStrategy::PriceCapacityOptimized);
    assert_eq!(mixed.on_demand, core::OnDemandStrategy::LowestPrice);
    let of = &mixed.types[1];
    assert_eq!((of.vcpus, of.weight, of.hour_nano_usd), (4, 2, 170_000_000));
    let time = |minutes: u64| core::SimTime::from_nanos(minutes * 60_000_000_000);
    let pool = |kind: usize, zone: usize| &mixed.types[kind].pools[zone];
    assert_eq!(pool(0, 0).prices, [(time(0), 35_000_000)]);
    assert_eq!(pool(0, 1).prices, [(time(0), 35_000_000), (time(30), 50_000_000)]);
    assert_eq!(pool(1, 0).capacity, [(time(60), 3)]);
    assert_eq!(pool(1, 1).capacity, []);
    // What is written out is read again as the same.
    let again = Scenario::read("again.toml", &scenario.to_toml(), &[]).expect("no mistakes");
    assert_eq!(again, scenario.resolved());
}

#[test]
fn mistakes_name_the_place_the_rule_and_the_fix() {
    let cases = [
        (
            "weight = 2",
            "weight = 0",
            "group.mixed.type.1.weight: 0 is below 1, the least value; write a whole number from 1 to 999",
        ),
        (
            "type = \"c5.xlarge\"",
            "type = \"c5.xlrge\"",
            "group.mixed.type.1.type: \"c5.xlrge\" is not a known instance type; did you mean c5.xlarge?",
        ),
        (
            "type = \"c5.xlarge\"",
            "type = \"t3.large\"",
            "group.mixed.type.1.type: \"t3.large\" is burstable, and CPU credits are not modelled in mixed groups; name a type without CPU credits, such as \"m5.large\"",
        ),
        (
            "type = \"c5.xlarge\"",
            "type = \"c5.large\"",
            "group.mixed.type.1.type: \"c5.large\" is there twice: AWS refuses a type that is overridden twice; name every type once",
        ),
        (
            "spot_price = \"0.06 USD/h\"",
            "spot_price = \"0.18 USD/h\"",
            "group.mixed.type.1.spot_price: \"0.18 USD/h\" is above the price on demand of c5.xlarge (0.17 USD/h); Spot costs at most the price on demand, the default maximum",
        ),
        (
            "spot_price = \"0.06 USD/h\"",
            "",
            "group.mixed.type.1.spot_price: is missing, and on_demand_percent_above_base leaves units to Spot; write spot_price = \"0.035 USD/h\"",
        ),
        (
            "spot_strategy = \"price_capacity_optimized\"",
            "spot_strategy = \"capacity_optimized\"\nspot_pools = 3",
            "group.mixed.spot_pools: 3 is for the strategy \"lowest_price\": AWS refuses SpotInstancePools with another one; leave it out",
        ),
        (
            "zone = \"b\"",
            "zone = \"c\"",
            "group.mixed.price.0.zone: \"c\" is no zone of the group; the zones are: a, b",
        ),
        (
            "zone = \"a\"",
            "type = \"m5.large\"",
            "group.mixed.capacity.0.type: \"m5.large\" is no type of the group; the types are: c5.large, c5.xlarge",
        ),
    ];
    let cases = cases.into_iter().chain([
        (
            "max = 8",
            "max = 8\ntermination = [\"default\", \"oldest_instance\"]",
            "group.termination.0: \"default\" is not the last: AWS refuses a list in which Default is followed by another policy; put it at the end, or leave it out",
        ),
        (
            "max = 8",
            "max = 8\ntermination = [\"oldest_launch_configuration\"]",
            "group.termination.0: \"oldest_launch_configuration\" has no effect: all instances are launched from a launch template; leave it out, or write \"oldest_launch_template\"",
        ),
        (
            "max = 8",
            "max = 8\ntermination = [\"oldest_launch_template\"]",
            "group.termination.0: \"oldest_launch_template\" has no effect: without a [[refresh]] all instances have one version of the launch template; leave it out",
        ),
        (
            "max = 8",
            "max = 8\ntermination = \"oldest_instance\"",
            "group.termination: \"oldest_instance\" is text where a list belongs; write it like [\"default\"]",
        ),
        (
            "[[group.mixed.price]]",
            "[[group.mixed.interruption]]\nevery = \"0s\"\n[[group.mixed.price]]",
            "group.mixed.interruption.0.every: \"0s\" is no time; write every = \"12h\"",
        ),
    ]);
    for (from, to, want) in cases {
        assert!(BASE.contains(from), "{from}");
        let text = BASE.replacen(from, to, 1);
        let said = Scenario::read("bad.toml", &text, &[]).expect_err(to).to_string();
        assert!(said.contains(want), "{to}:\n{said}");
    }
    let text = format!("{BASE}[prices]\ncommitment = {{ instances = 1, price = \"0.05 USD/h\" }}\n");
    let said = Scenario::read("bad.toml", &text, &[]).expect_err("a commitment").to_string();
    assert!(said.contains("prices.commitment"), "{said}");
}
