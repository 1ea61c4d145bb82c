//! The cost floor against runs: nothing that keeps its promises costs less, and the floor is no idle one.

use simscale::Scenario;
use simscale::floor::cost_floor;
use simscale::text::Override;

const TEXT: &str = r#"schema = 1
name = "floor"
[simulation]
duration = "40m"
lead_in = "5m"
[workload.flash_crowd]
base = "20/s"
peak = "90/s"
at = "15m"
rise = "2m"
hold = "8m"
fall = "5m"
[service]
cpu_time = { lognormal = { mean = "60ms", cv = 1.5 } }
[instance]
type = "m5.large"
[[instance.boot]]
phase = "launch"
time = { constant = "30s" }
[group]
min = 1
max = 6
[[policy]]
name = "cpu"
target_tracking = { metric = "cpu_utilization", target = 50.0 }
[[objective]]
name = "fast"
latency = { quantile = 0.9, below = "1s" }
allowed_ratio = 0.2
[[objective]]
name = "good"
good_requests = { below = "2s" }
allowed_ratio = 0.05
"#;

/// 3 smallest sizes x 3 targets x 2 limits x 4 seeds. What is checked is a theorem, so it has no tolerance beyond the rounding of the bill to a
/// billionth of a dollar.
#[test]
fn no_run_that_keeps_its_promises_costs_less_than_the_floor() {
    let (mut kept, mut closest) = (0, f64::INFINITY);
    for min in ["1", "2", "4"] {
        for target in ["30", "50", "80"] {
            for below in ["500ms", "5s"] {
                for seed in 1..5u64 {
                    let set = [
                        Override::new("group.min", min),
                        Override::new("policy.cpu.target_tracking.target", target),
                        Override::new("objective.fast.latency.below", below),
                    ];
                    let scenario = Scenario::read("floor.toml", TEXT, &set).unwrap().resolved();
                    let simulation = || scenario.simulation(Some(seed), None).unwrap();
                    let floor = cost_floor(&scenario, simulation()).unwrap();
                    let result = simulation().run(&mut ()).unwrap();
                    let cost = result.cost.total_nano_usd() as f64 / 1e9;
                    if result.objectives.iter().all(|objective| objective.met) {
                        kept += 1;
                        closest = closest.min(cost / floor.usd);
                        assert!(
                            cost >= floor.usd - 1e-9,
                            "{min} {target} {below} {seed}: {cost} < {}",
                            floor.usd
                        );
                    }
                }
            }
        }
    }
    assert!(kept >= 20, "only {kept} runs kept their promises: the test proves little");
    assert!(closest < 1.6, "the floor is far below every run: {closest}");
}

/// Without a smallest size, and with a limit longer than the run is busy, the floor is the work itself less what is let go.
#[test]
fn without_a_base_the_floor_is_the_work() {
    let set = [
        Override::new("group.min", "0"),
        Override::new("objective.fast.allowed_ratio", "0.0"),
        Override::new("objective.good.allowed_ratio", "0.0"),
        Override::new("objective.fast.latency.quantile", "0.999999"),
        Override::new("balancer.price", "0 USD/h"),
    ];
    let scenario = Scenario::read("floor.toml", TEXT, &set).unwrap().resolved();
    let simulation = scenario.simulation(Some(3), None).unwrap();
    let world = scenario.simulation(Some(3), None).unwrap().world;
    let from = 300.0;
    // The longer limit is 2 s: what arrives in the last second or two is let go by one promise or the other.
    let work = |until: f64| -> f64 {
        simscale::engine::arriving_requests(&world, scenario.simulation(Some(3), None).unwrap().workload)
            .filter(|(at, _)| (from..until).contains(&at.as_secs_f64()))
            .map(|(_, work)| work.as_secs_f64())
            .sum()
    };
    let floor = cost_floor(&scenario, simulation).unwrap();
    let cores = floor.instance_hours * 3600.0 * 2.0;
    assert!(work(2398.0) <= cores + 1e-6 && cores <= work(2399.0) + 1e-6, "{cores}");
}
