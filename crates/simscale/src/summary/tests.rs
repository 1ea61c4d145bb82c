//! Summaries of results by hand.

use super::*;
use simscale_core::{self as core, SimTime};

/// A day with one latency objective, by hand.
fn day() -> RunResult {
    let hour = 3_600_000_000_000;
    RunResult {
        from: SimTime::from_nanos(hour / 2),
        to: SimTime::from_nanos(hour / 2 + 24 * hour),
        seed: 42,
        fingerprint: 0xabc,
        requests: core::Requests {
            in_flight_at_start: 5,
            arrived: 1000,
            served: 950,
            refused: 30,
            failed: 20,
            in_flight_at_end: 5,
        },
        responses: core::Responses::default(),
        attempts: core::Attempts {
            sent: 1100,
            retried: 100,
            abandoned_cpu_ns: 1_500_000_000,
            ..Default::default()
        },
        sessions: Some(core::SessionCounts {
            in_progress_at_start: 4,
            started: 110,
            completed: 90,
            left: 10,
            in_progress_at_end: 14,
            requests: 850,
            lasted_ns: 4_000_000_000_000,
            answering_ns: 85_000_000_000,
            thinking_ns: 3_915_000_000_000,
            broken_by_scale_in: 3,
            broken_by_health: 2,
        }),
        response_time: core::ResponseTime {
            count: 950,
            sum_ns: 95_000_000_000,
            quantiles_ns: [50_000_000, 90_000_000, 150_000_000, 290_000_000, 640_000_000],
            max_ns: 2_000_000_000,
        },
        waiting_ns: 9_500_000_000,
        capacity: core::Capacity {
            in_service_mean: 5.25,
            in_service_max: 12,
            billed_ns: 126 * u128::from(hour),
            cpu_utilization_mean: 0.48,
        },
        cost: core::Cost {
            instances_nano_usd: 12_096_000_000,
            balancer_hours_nano_usd: 604_800_000,
            ..Default::default()
        },
        billed: core::Billed {
            instance_ns: 126 * u128::from(hour),
            surplus_credit_units: 25 * 36_000_000_000_000,
            volume_gib_ns: 730 * u128::from(hour),
            balancer_nano_lcu_hours: 2_500_000_000,
            ..Default::default()
        },
        objectives: vec![core::ObjectiveResult {
            name: "fast".into(),
            allowed_ratio: 0.01,
            requests: 1000,
            violating_requests: 60,
            windows: 1440,
            thin_windows: 3,
            violating_windows: 36,
            violated: Vec::new(),
            violation_ratio: 0.025,
            met: false,
        }],
        scaling: core::Scaling { activities: 31, launches: 22, failed_launches: 1, ..Default::default() },
        agents: core::AgentCounts::default(),
        machines: core::MachineCounts::default(),
        saturated: None,
        stopped_at: None,
        clamped_work: 0,
    }
}

fn prices() -> PriceSource {
    PriceSource { region: "us-east-1".into(), currency: "USD".into(), date: "2026-03-01".into() }
}

fn summary() -> Summary {
    Summary::of("web-shop", &prices(), &day())
}

#[test]
fn figures_are_read_by_path() {
    let summary = summary();
    let close = |path: &str, want: f64| {
        let got = summary.figure(path).unwrap_or_else(|| panic!("{path} is unknown"));
        assert!((got - want).abs() < 1e-9, "{path}: {got}, not {want}");
    };
    close("requests.arrived", 1000.0);
    close("response_time_s.mean", 0.1);
    close("response_time_s.p99", 0.29);
    close("response_time_s.not_served_ratio", 0.05);
    close("sessions.requests_mean", 8.5);
    close("sessions.duration_mean_s", 40.0);
    close("wait_time_s.mean", 0.01);
    close("capacity.billed_instance_hours", 126.0);
    close("cost_usd.total", 12.7008);
    close("cost_usd.per_month", 12.7008 / 24.0 * 730.0);
    close("billed.instance_hours", 126.0);
    close("billed.surplus_credits", 25.0);
    close("billed.volume_gib_months", 1.0);
    close("billed.balancer_lcu_hours", 2.5);
    close("attempts.abandoned_cpu_s", 1.5);
    close("objective.fast.violation_ratio", 0.025);
    close("objective.fast.violating_request_ratio", 0.06);
    close("objective.fast.burn_rate", 2.5);
    close("objective.fast.error_budget_left", -1.5);
    close("objective.fast.met", 0.0);
    for unknown in
        ["requests", "objective.slow.met", "objective.fast", "objective.fast.name", "", "cost_usd.totals"]
    {
        assert_eq!(summary.figure(unknown), None, "{unknown}");
    }
}

/// Every number of the JSON is a figure with the same value, and every figure that has a value is a number of the JSON.
#[test]
fn figures_and_layout_are_the_same_thing() {
    let mut result = day();
    result.saturated = Some(core::Saturation { at: SimTime::from_nanos(7), in_flight: 9 });
    let summary = Summary::of("web-shop", &prices(), &result);
    let mut leaves = Vec::new();
    let layout = serde_json::to_value(&summary).unwrap();
    collect(&layout, String::new(), &mut leaves);
    let not_figures = ["schema", "seed"];
    leaves.retain(|(path, _)| !not_figures.contains(&path.as_str()));
    let mut paths: Vec<String> = leaves.iter().map(|(path, _)| path.clone()).collect();
    let mut figures = summary.figures();
    paths.sort();
    figures.sort();
    assert_eq!(paths, figures);
    for (path, value) in leaves {
        assert_eq!(summary.figure(&path), Some(value), "{path}");
    }
}

fn collect(value: &serde_json::Value, path: String, into: &mut Vec<(String, f64)>) {
    use serde_json::Value;
    let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Number(number) => into.push((path, number.as_f64().unwrap())),
        Value::Bool(flag) => into.push((path, f64::from(u8::from(*flag)))),
        Value::Array(items) => {
            for item in items.iter().filter(|item| item.is_object()) {
                let name = item["name"].as_str().unwrap();
                collect(item, format!("objective.{name}"), into);
            }
        }
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect(value, below(key), into)),
        Value::Null | Value::String(_) => {}
    }
}

#[test]
fn the_layout_keeps_its_order() {
    let text = serde_json::to_string(&summary()).unwrap();
    let keys = [
        "\"schema\":2,",
        "\"simscale\":",
        "\"scenario\":\"web-shop\"",
        "\"seed\":42",
        "\"fingerprint\":\"0000000000000abc\"",
        "\"window\":",
        "\"saturated\":null",
        "\"requests\":",
        "\"attempts\":",
        "\"response_time_s\":",
        "\"wait_time_s\":",
        "\"capacity\":",
        "\"cpu_utilization_mean\":",
        "\"cost_usd\":",
        "\"billed\":",
        "\"objectives\":[",
        "\"scaling\":",
        "\"agents\":",
        "\"warnings\":",
    ];
    let places: Vec<usize> =
        keys.iter().map(|key| text.find(key).unwrap_or_else(|| panic!("{key} in {text}"))).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_run_that_served_nothing_has_no_quantiles_and_fails_bounds_on_them() {
    let mut result = day();
    result.response_time = core::ResponseTime::default();
    result.requests = core::Requests::default();
    let summary = Summary::of("empty", &prices(), &result);
    assert_eq!(summary.figure("response_time_s.p99"), None);
    let judged = summary.judge([("response_time_s.p99", Bounds { above: None, below: Some(1.0) })]);
    assert!(!judged[0].held && judged[0].measured.is_none());
    assert!(
        summary.warnings.iter().any(|warning| warning.contains("no request arrived")),
        "{:?}",
        summary.warnings
    );
}

#[test]
fn nothing_allowed_means_no_budget() {
    let mut result = day();
    result.objectives[0].allowed_ratio = 0.0;
    let summary = Summary::of("strict", &prices(), &result);
    assert_eq!((summary.objectives[0].burn_rate, summary.objectives[0].error_budget_left), (None, None));
}

#[test]
fn bounds_hold_on_their_edges() {
    let both = Bounds { above: Some(30.0), below: Some(36.0) };
    assert!(
        both.hold(30.0) && both.hold(36.0) && !both.hold(29.99) && !both.hold(36.01) && !both.hold(f64::NAN)
    );
    assert!(!Bounds::default().hold(f64::NAN));
    let texts = [
        both,
        Bounds { below: None, ..both },
        Bounds { above: None, ..both },
        Bounds { below: Some(30.0), ..both },
    ];
    let texts = texts.map(|bounds| bounds.to_string());
    assert_eq!(texts, ["30 to 36", "at least 30", "at most 36", "exactly 30"]);
}

#[test]
fn expectations_say_what_was_measured() {
    let bounds = Bounds { above: Some(10.0), below: Some(12.5) };
    let judged = summary().judge([("cost_usd.total", bounds), ("cost_usd.balancer_hours", bounds)]);
    assert_eq!(judged[0].to_string(), "cost_usd.total = 12.7008, expected 10 to 12.5");
    assert_eq!(judged[1].to_string(), "cost_usd.balancer_hours = 0.6048, expected 10 to 12.5");
    assert!(!judged[0].held && !judged[1].held);
}

#[test]
fn warnings_say_what_weakens_the_figures() {
    let text = summary().warnings.join("\n");
    assert!(text.contains("p99.9 rests on 1 requests") && text.contains("1 of 22 launches failed"), "{text}");
    assert!(!text.contains("windows have too few"), "3 of 1440 thin windows are not worth a warning: {text}");
}
