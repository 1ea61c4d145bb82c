//! An ECS service on container instances, as a scenario says it: what its keys become, and what is refused.

use simscale::Scenario;

const SERVICE: &str = r#"schema = 1
name = "on-hosts"
[simulation]
duration = "1h"
[workload.constant]
rate = "20/s"
[service]
cpu_time = { constant = "20ms" }
[instance]
vcpus = 1
price = "0 USD/h"
[group]
product = "ecs_service"
min = 2
desired = 6
max = 20
[group.hosts]
type = "m5.xlarge"
max = 8
boot_time = { constant = "60s" }
"#;

fn refusal(from: &str, to: &str) -> String {
    assert!(SERVICE.contains(from), "{from}");
    match Scenario::read("on-hosts.toml", &SERVICE.replacen(from, to, 1), &[]) {
        Ok(_) => String::new(),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// Proves the defaults: four tasks of a vCPU on a host of four, two hosts for six tasks, the catalogue's price, AWS's numbers.
#[test]
fn hosts_have_the_defaults_of_aws() {
    let scenario = Scenario::read("on-hosts.toml", SERVICE, &[]).unwrap_or_else(|e| panic!("{e}"));
    let hosts = scenario.resolved().group.hosts.expect("hosts");
    assert_eq!((hosts.tasks, hosts.desired, hosts.min), (Some(4), Some(2), 0));
    assert_eq!(hosts.price.map(|price| price.to_string()), Some("0.192 USD/h".to_string()));
    assert_eq!((hosts.target_capacity, hosts.minimum_scaling_step_size), (100, 1));
    assert_eq!((hosts.maximum_scaling_step_size, hosts.scale_in_datapoints), (10_000, 15));
    assert_eq!(hosts.instance_warmup_period.seconds(), 300.0);
    assert_eq!(refusal("name", "name"), "");
    let written = scenario.to_toml();
    let again = Scenario::read("resolved.toml", &written, &[]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(again, scenario.resolved());
}

/// Proves that what AWS refuses, and what does not go with hosts, is refused with the rule.
#[test]
fn what_does_not_go_with_hosts_is_refused() {
    let cases = [
        ("max = 8", "max = 8\ntarget_capacity = 0", "target_capacity: 0 is below 1"),
        ("max = 8", "max = 8\ntarget_capacity = 101", "target_capacity: 101 is above 100"),
        (
            "max = 8",
            "max = 8\nminimum_scaling_step_size = 5\nmaximum_scaling_step_size = 4",
            "is above maximum_scaling_step_size (4), which AWS refuses",
        ),
        ("max = 8", "max = 8\ninstance_warmup_period = \"3h\"", "the longest that AWS accepts"),
        ("max = 8", "max = 8\ndesired = 1", "has places for 4 of 6 tasks at the start"),
        ("max = 8", "max = 1", "outside min (0) and max (1)"),
        ("m5.xlarge", "m5.xlrge", "is not a known instance type; did you mean m5.xlarge?"),
        ("vcpus = 1", "vcpus = 8", "has fewer vCPUs than a task (8)"),
        ("0 USD/h", "0.05 USD/h", "with group.hosts the hosts are billed"),
        ("product = \"ecs_service\"\n", "", "are for the tasks of an ECS service"),
    ];
    for (from, to, said) in cases {
        let refused = refusal(from, to);
        assert!(refused.contains(said), "{to}: {refused}");
    }
}
