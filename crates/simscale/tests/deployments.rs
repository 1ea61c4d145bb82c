//! Deployments of an ECS service: limits kept, tasks doubled and billed, no scale-in meanwhile, scale-out all the same.

use simscale::Scenario;
use simscale::engine::{ActivityKind, ActivityRow, PeriodRow, RunResult, Sink};

#[derive(Default)]
struct Rows {
    periods: Vec<PeriodRow>,
    activities: Vec<ActivityRow>,
}

impl Sink for Rows {
    fn period(&mut self, row: &PeriodRow) {
        self.periods.push(row.clone());
    }
    fn activity(&mut self, row: &ActivityRow) {
        self.activities.push(row.clone());
    }
}

/// An hour of a service of eight tasks that boot for 30 s, at a steady 100 requests a second of 20 ms: an eighth of what they have.
fn run(deployment: &str, policy: &str) -> (RunResult, Rows) {
    let text = format!(
        r#"
schema = 1
name = "service"
[simulation]
duration = "1h"
[workload.constant]
rate = "100/s"
[service]
cpu_time = {{ constant = "20ms" }}
[instance]
type = "m5.large"
[[instance.boot]]
phase = "start"
time = {{ constant = "30s" }}
[balancer]
deregistration_delay = "20s"
[metrics]
period = "10s"
[group]
product = "ecs_service"
min = 2
max = 20
desired = 8
{policy}
{deployment}
"#
    );
    let scenario = Scenario::read("service.toml", &text, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut rows = Rows::default();
    let result = scenario.simulation(None, None).unwrap().run(&mut rows).unwrap();
    (result, rows)
}

fn deployment(kind: &str) -> String {
    format!("[[deployment]]\nname = \"v2\"\nat = \"20m\"\n{kind}")
}

/// Notes of the deployment, with their times in seconds.
fn story(rows: &Rows) -> Vec<(f64, String)> {
    let own = rows.activities.iter().filter(|row| row.kind == ActivityKind::Deployment);
    own.map(|row| (row.at.as_secs_f64(), row.note.clone())).collect()
}

/// Fewest and most tasks in service, and most tasks that live, over all period ends.
fn extremes(rows: &Rows) -> (u32, u32, u32) {
    let serving = || rows.periods.iter().map(|row| row.in_service);
    let living = rows.periods.iter().map(|row| row.in_service + row.booting).max();
    (serving().min().unwrap(), serving().max().unwrap(), living.unwrap())
}

#[test]
fn a_rolling_update_with_the_defaults_never_serves_with_fewer_and_never_has_more_than_double() {
    let (result, rows) = run(&deployment("rolling = {}"), "");
    // All eight start at once and serve 30 s later; the step at 30 s stops the old ones, and nothing is left to do.
    assert_eq!(
        story(&rows),
        [
            (1200.0, "rolling update to version 2 begins: 8 to 16 tasks may run for 8 desired".to_owned()),
            (1230.0, "version 2 is deployed, after 30s".to_owned()),
        ]
    );
    assert_eq!(extremes(&rows), (8, 8, 16));
    assert_eq!((result.scaling.launches, result.scaling.terminations), (8, 8));
    assert_eq!(result.requests.refused + result.requests.failed, 0);
}

#[test]
fn a_rolling_update_in_narrow_limits_goes_a_quarter_at_a_time() {
    // 75 percent of 8 is 6, 100 percent is 8: two stop, two start, and again when those serve.
    let (result, rows) =
        run(&deployment("rolling = { minimum_healthy_percent = 75, maximum_percent = 100 }"), "");
    assert_eq!(extremes(&rows), (6, 8, 8));
    assert_eq!((result.scaling.launches, result.scaling.terminations), (8, 8));
    let story = story(&rows);
    assert_eq!(story[0].1, "rolling update to version 2 begins: 6 to 8 tasks may run for 8 desired");
    // Each of four rounds: a step stops two, the step 10 s later starts two, which serve after 30 s; seen by the step at that instant.
    assert_eq!(story[1], (1360.0, "version 2 is deployed, after 160s".to_owned()));
}

#[test]
fn a_blue_green_deployment_doubles_the_tasks_and_the_bill_until_the_traffic_shifts() {
    let (plain, _) = run("", "");
    let (result, rows) = run(&deployment("blue_green = { duration = \"10m\" }"), "");
    let kinds: Vec<String> = story(&rows).into_iter().map(|(at, note)| format!("{at}: {note}")).collect();
    assert_eq!(
        kinds,
        [
            "1200: blue/green deployment of version 2 begins: traffic shifts in 600s",
            "1800: traffic shifts to version 2",
            "1800: version 2 is deployed, after 600s",
        ]
    );
    assert_eq!(extremes(&rows), (8, 8, 16), "the new ones serve only after the shift");
    // Eight more for ten minutes; a boot phase is billed unless it says pending. The old ones drain for moments.
    let extra = (result.capacity.billed_ns - plain.capacity.billed_ns) as f64 / 1e9;
    assert!((extra - 8.0 * 600.0).abs() < 8.0 * 2.0, "{extra} s more are billed");
    assert_eq!(result.requests.refused + result.requests.failed, 0);
}

#[test]
fn no_scale_in_begins_during_a_deployment_and_the_log_says_so() {
    // 100/s x 20 ms are two processors' worth: 12.5 % of sixteen, far below the low alarm at 45 %.
    let policy =
        "[[policy]]\nname = \"cpu\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0 }";
    let early = deployment("blue_green = { duration = \"30m\" }").replace("20m", "5m");
    let (_, rows) = run(&early, policy);
    let held = rows.activities.iter().find(|row| row.kind == ActivityKind::Hold && row.actor == "cpu");
    let held = held.expect("the hold is told");
    assert_eq!(held.reason.as_ref().unwrap().to_string(), "a deployment of the service is in progress");
    assert!(held.at.as_secs_f64() < 35.0 * 60.0);
    let first = rows.activities.iter().find(|row| row.kind == ActivityKind::Decision).expect("it scales in");
    assert!(
        first.at.as_secs_f64() >= 35.0 * 60.0,
        "the first scale-in follows the deployment, at {}",
        first.at
    );
    let (_, rows) = run("", policy);
    let first = rows.activities.iter().find(|row| row.kind == ActivityKind::Decision).expect("it scales in");
    assert!(first.at.as_secs_f64() < 20.0 * 60.0, "without one it scales in at {}", first.at);
}

#[test]
fn a_scale_out_goes_on_during_a_deployment() {
    // Eight tasks are 12.5 % busy and the target is 10: ten are needed, while the deployment runs from minute 1 to 31.
    let policy =
        "[[policy]]\nname = \"cpu\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 10.0 }";
    let early = deployment("blue_green = { duration = \"30m\" }").replace("20m", "1m");
    let (result, rows) = run(&early, policy);
    let grown = rows.activities.iter().find(|row| row.kind == ActivityKind::Decision).expect("it scales out");
    assert_eq!(grown.granted, 10);
    assert!(grown.at.as_secs_f64() < 10.0 * 60.0, "during the deployment, at {}", grown.at);
    assert_eq!(result.requests.refused + result.requests.failed, 0);
}
