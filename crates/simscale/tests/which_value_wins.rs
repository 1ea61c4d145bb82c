//! Cooldowns and warm-ups: which of several settings a policy and the group's metrics go by (EC2 Auto Scaling User Guide, "Set the default
//! instance warmup" and "Consolidated view of warm-up and cooldown settings").

use simscale::Scenario;
use simscale::engine::SimDuration;

const BASE: &str = r#"schema = 1
name = "which"
[simulation]
duration = "1h"
[workload.constant]
rate = "1/s"
[service]
cpu_time = { constant = "10ms" }
[instance]
type = "m5.large"
[group]
min = 1
max = 8
GROUP
[[policy]]
name = "track"
target_tracking = { metric = "cpu_utilization", target = 50.0 WARM }
"#;

/// The table: default warm-up, default cooldown and the policy's own warm-up, then what the policy and the group's metrics use, in seconds.
/// A default warm-up of zero is a value; one that is not set falls back to the cooldown for policies, and to zero for metrics.
#[test]
fn the_own_warm_up_wins_then_the_default_one_then_the_default_cooldown() {
    let cases = [
        // group.warm_up, group.cooldown, policy's -> policy uses, metrics use
        (None, None, None, 300, 0),
        (None, Some(120), None, 120, 0),
        (Some(0), None, None, 0, 0),
        (Some(0), Some(120), None, 0, 0),
        (Some(90), Some(120), None, 90, 90),
        (Some(90), None, Some(30), 30, 90),
        (None, None, Some(30), 30, 0),
        (None, Some(120), Some(0), 0, 0),
        (Some(0), None, Some(45), 45, 0),
    ];
    for case in cases {
        let (default, cooldown, own, policy, metrics) = case;
        let line = |key: &str, value: Option<u64>| {
            value.map_or(String::new(), |seconds| format!("{key} = \"{seconds}s\"\n"))
        };
        let group = line("warm_up", default) + &line("cooldown", cooldown);
        let warm = own.map_or(String::new(), |seconds| format!(", warm_up = \"{seconds}s\""));
        let text = BASE.replace("GROUP", &group).replace(" WARM", &warm);
        let scenario = Scenario::read("which.toml", &text, &[]).unwrap_or_else(|e| panic!("{e}"));
        let resolved = scenario.resolved();
        let tracking = resolved.policy[0].target_tracking.as_ref().expect("it tracks");
        assert_eq!(tracking.warm_up.expect("resolved").seconds(), f64::from(policy), "{case:?}");
        let world = scenario.simulation(None, None).expect("valid").world;
        assert_eq!(world.group.warm_up, SimDuration::from_secs(metrics), "{case:?}");
        assert_eq!(world.group.cooldown, SimDuration::from_secs(cooldown.unwrap_or(300)), "{case:?}");
    }
}
