//! What of the balancer's keys goes together, against published cases.

use simscale::Scenario;

const BASE: &str = r#"
schema = 1
name = "base"
[simulation]
duration = "1h"
[workload.constant]
rate = "10/s"
[service]
cpu_time = { constant = "10ms" }
[instance]
type = "m5.large"
[group]
min = 2
max = 4
"#;

fn said(balancer: &str) -> String {
    let text = format!("{BASE}[balancer]\n{balancer}\n");
    Scenario::read("base.toml", &text, &[]).err().map_or(String::new(), |mistakes| mistakes.to_string())
}

/// Proves the published case (ALB user guide, "Target groups for your Application Load Balancers") that slow start cannot be configured with an
/// algorithm, and by the same page with weighted random.
#[test]
fn slow_start_cannot_be_configured_with_every_algorithm() {
    let rows = include_str!("../../simscale-core/tests/cases/alb_routing.txt").lines();
    let cases: Vec<&str> = rows.filter_map(|row| row.strip_prefix("configurable ")).collect();
    assert_eq!(cases.len(), 1);
    let algorithms = cases.iter().map(|case| {
        let words: Vec<&str> = case.split_whitespace().collect();
        assert_eq!(words[4], "no", "{case}");
        words[2]
    });
    for algorithm in algorithms.chain(["weighted_random"]) {
        let said = said(&format!("algorithm = \"{algorithm}\"\nslow_start = \"60s\""));
        assert!(
            said.contains("balancer.slow_start") && said.contains("by AWS's rule"),
            "{algorithm}: {said}"
        );
        assert_eq!(self::said(&format!("algorithm = \"{algorithm}\"")), "");
    }
    assert_eq!(said("algorithm = \"round_robin\"\nslow_start = \"60s\""), "");
}

/// Proves that targets are compared with weighted random only, and weights moved only when asked for; a weight is never zero.
#[test]
fn anomalies_belong_to_weighted_random() {
    let world = |balancer: &str| {
        let text = format!("{BASE}[balancer]\n{balancer}\n");
        let scenario =
            Scenario::read("base.toml", &text, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        scenario.simulation(None, None).expect("a whole scenario").world.balancer.anomalies
    };
    assert!(world("algorithm = \"round_robin\"").is_none());
    let detected = world("algorithm = \"weighted_random\"").expect("weighted random compares its targets");
    assert!(detected.mitigation.is_none());
    let keys = "anomaly_mitigation = true\nanomaly = { least_weight = 0.000001, weight_step = 1.0 }";
    let mitigated = world(&format!("algorithm = \"weighted_random\"\n{keys}")).and_then(|a| a.mitigation);
    let mitigated = mitigated.expect("it was asked for");
    assert_eq!((mitigated.minimum, mitigated.step, mitigated.recovery), (1, 65_536, 3_277));
}
