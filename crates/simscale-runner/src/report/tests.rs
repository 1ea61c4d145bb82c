//! The page and the verdict of a result by hand.

use super::*;
use simscale::engine::{self, RunResult, SimTime};
use simscale::summary::Bounds;

/// Six hours of the starter scenario, by hand: the first promise is broken, the second kept.
pub(crate) fn result() -> RunResult {
    let hour = 3_600_000_000_000u64;
    let objective = |name: &str, allowed_ratio, violation_ratio, windows| engine::ObjectiveResult {
        name: name.into(),
        allowed_ratio,
        requests: 1_234_567,
        violating_requests: 600,
        windows,
        thin_windows: 0,
        violating_windows: (windows as f64 * violation_ratio) as u64,
        violated: Vec::new(),
        violation_ratio,
        met: violation_ratio <= allowed_ratio,
    };
    RunResult {
        from: SimTime::from_nanos(hour / 2),
        to: SimTime::from_nanos(6 * hour),
        seed: 1,
        fingerprint: 7,
        requests: engine::Requests {
            arrived: 1_234_567,
            served: 1_234_000,
            refused: 500,
            failed: 67,
            ..Default::default()
        },
        attempts: engine::Attempts { sent: 1_235_000, retried: 433, ..Default::default() },
        sessions: None,
        responses: engine::Responses { elb_502: 433, target_5xx: 567, ..Default::default() },
        response_time: engine::ResponseTime {
            count: 1_234_000,
            sum_ns: 61_700_000_000_000,
            quantiles_ns: [41_000_000, 90_000_000, 120_000_000, 290_000_000, 640_000_000],
            max_ns: 9_100_000_000,
        },
        waiting_ns: 1_234_000_000_000,
        capacity: engine::Capacity {
            in_service_mean: 3.27,
            in_service_max: 6,
            billed_ns: 18 * u128::from(hour),
            cpu_utilization_mean: 0.4812,
        },
        cost: engine::Cost {
            instances_nano_usd: 1_728_000_000,
            balancer_hours_nano_usd: 138_600_000,
            ..Default::default()
        },
        billed: engine::Billed {
            instance_ns: 18 * u128::from(hour),
            balancer_ns: 11 * u128::from(hour) / 2,
            ..Default::default()
        },
        objectives: vec![objective("fast", 0.01, 0.042, 330), objective("available", 0.001, 0.00046, 0)],
        scaling: engine::Scaling {
            activities: 31,
            scale_outs: 14,
            scale_ins: 17,
            launches: 22,
            terminations: 20,
            failed_launches: 1,
            replacements: 2,
            warm_starts: 0,
            returns: 0,
            refreshed: 0,
            interruptions: 0,
        },
        agents: engine::AgentCounts::default(),
        machines: engine::MachineCounts::default(),
        saturated: None,
        stopped_at: None,
        clamped_work: 0,
    }
}

fn text(width: usize, unicode: bool) -> String {
    let scenario = Scenario::starter();
    let summary = Summary::new(&scenario, &result());
    let bounds = Bounds { above: Some(1.0), below: Some(3.0) };
    let expectations = summary.judge([
        ("cost_usd.total", bounds),
        ("objective.fast.violation_ratio", Bounds { below: Some(0.01), above: None }),
    ]);
    let page = page(&scenario, &summary, &expectations, Some("results/starter: timeline.png, summary.json"));
    anstream::adapter::strip_str(&page.render(Look { width, unicode, wrap_last: true })).to_string()
}

#[test]
fn the_page_says_what_matters() {
    let text = text(80, true);
    for part in [
        "starter: A small web service",
        "1,234,567 requests, 62.4/s on average",
        "99.954 % served",
        "p99 290 ms",
        "\u{2717} fast: p95 below 400 ms broken in 4.2 % of 330 windows of 1 min, 1 % allowed",
        "\u{2713} available: 0.046 % of",
        "1.87 USD for 5 h 30 min, 248 USD a month",
        "248 USD a month: instances 1.73 USD (18 instance-hours), balancer 0.139 USD (5.5 hours); prices of us-east-1, 2026-07-20",
        "! 1 of 22 launches failed",
        "\u{2713} cost_usd.total = 1.8666, expected 1 to 3",
        "\u{2717} objective.fast.violation_ratio = 0.042",
    ] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "{part:?} is not in\n{text}");
    }
    let flat: String =
        text.lines().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(" ");
    assert!(flat.ends_with("1 of 2 expectations failed."), "{flat}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [20, 40, 60, 80, 120] {
        for line in text(width, true).lines() {
            let long_word = line.split_whitespace().any(|word| word.chars().count() + 4 > width);
            assert!(line.chars().count() <= width || long_word, "{width}: {line}");
        }
    }
}

#[test]
fn a_plain_terminal_gets_plain_letters() {
    let text = text(80, false);
    assert!(text.is_ascii() && text.contains("NO fast") && text.contains("ok available"), "{text}");
}

#[test]
fn verdicts_are_one_sentence() {
    let scenario = Scenario::starter();
    let of = |result: &RunResult| verdict(&Summary::new(&scenario, result), &[]);
    let mut run = result();
    assert_eq!(
        of(&run),
        "starter breaks 1 of 2 promises at 248 USD a month: fast is missed in 4.2 % of windows (1 % allowed)."
    );
    run.objectives[0].met = true;
    assert_eq!(of(&run), "starter keeps all 2 promises at 248 USD a month.");
    run.objectives.truncate(1);
    run.objectives[0].violation_ratio = 0.004;
    assert_eq!(
        of(&run),
        "starter keeps its promise at 248 USD a month: fast is missed in 0.4 % of windows (1 % allowed)."
    );
    run.objectives.clear();
    assert_eq!(of(&run), "starter costs 248 USD a month, with nothing promised.");
    run.saturated =
        Some(engine::Saturation { at: SimTime::from_nanos(5_400_000_000_000), in_flight: 1_000_000 });
    assert_eq!(of(&run), "starter is saturated after 1 h: 1,000,000 attempts in flight and no end in sight.");
}
