//! The summary that a person reads in ten seconds: a few labelled lines, and a verdict in one sentence at the end.

mod file;
mod page;
mod verdict;

pub use file::{Told, file};
pub use page::{Look, Mark, Page};
pub(crate) use page::{tamed, wrapped};
pub use verdict::{judgement, verdict};

use crate::number::{count, counted, money, percent, plain, rate, seconds, span};
use simscale::Scenario;
use simscale::scenario::Objective as Promise;
use simscale::summary::{Expectation, Objective, Sessions, Summary};

/// The page about one run. `files` says where its files lie.
pub fn page(
    scenario: &Scenario,
    summary: &Summary,
    expectations: &[Expectation],
    files: Option<&str>,
) -> Page {
    let mut page = Page::new(&scenario.name, scenario.description.as_deref().unwrap_or_default());
    page.add("Ran", ran(scenario, summary));
    page.add("Load", load(scenario, summary));
    if let Some(sessions) = &summary.sessions {
        page.add("Sessions", users(sessions));
    }
    if let Some(errors) = errors(summary) {
        page.add("Errors", errors);
    }
    page.add("Response", response(summary));
    for (promise, objective) in scenario.objective.iter().zip(&summary.objectives) {
        page.add_marked("Promise", Mark::of(objective.met), kept(promise, objective));
    }
    page.add("Cost", cost(summary));
    page.add("Capacity", capacity(summary));
    page.add("Scaling", scaling(summary));
    for warning in &summary.warnings {
        page.add_marked("Warnings", Mark::Warning, warning.clone());
    }
    for expectation in expectations {
        page.add_marked("Expected", Mark::of(expectation.held), expectation.to_string());
    }
    if let Some(files) = files {
        page.add("Files", files.to_string());
    }
    page.end(verdict(summary, expectations));
    page
}

fn ran(scenario: &Scenario, summary: &Summary) -> String {
    let lead_in = summary.window.from_s;
    let start = scenario.simulation.local_start_text();
    let found = if summary.window.lead_in_rule == "mser5" { ", found by MSER-5" } else { "" };
    let after = match lead_in > 0.0 || !found.is_empty() {
        true => format!(" after a lead-in of {}{found}", span(lead_in)),
        false => String::new(),
    };
    let policies: Vec<&str> = scenario.policy.iter().map(|policy| policy.name.as_str()).collect();
    let policies = if policies.is_empty() { "no policy".to_string() } else { policies.join(", ") };
    let group = &scenario.group;
    let size = if group.min == group.max {
        group.min.to_string()
    } else {
        format!("{} to {}", group.min, group.max)
    };
    format!(
        "{} from {} {}{after}, seed {}; {policies} on {size} {}",
        span(summary.seconds()),
        start.strip_suffix(":00").unwrap_or(&start),
        scenario.simulation.time_zone,
        summary.seed,
        scenario.instance.kind.as_deref().unwrap_or("instances"),
    )
}

fn load(scenario: &Scenario, summary: &Summary) -> String {
    let requests = &summary.requests;
    let settled = requests.served + requests.refused + requests.failed;
    // A handful is always in flight at the end; a crowd there belongs to the picture.
    let crowd = requests.in_flight_at_end > settled / 1000;
    let all = settled + if crowd { requests.in_flight_at_end } else { 0 };
    let share = |n: u64| percent(if all == 0 { 0.0 } else { n as f64 / all as f64 });
    let mean = requests.arrived as f64 / summary.seconds().max(1e-9);
    let mut text = format!("{}, {} on average", counted(requests.arrived, "request", "requests"), rate(mean));
    if let Some(trace) = scenario.trace() {
        text += &format!(", from {}", crate::output::file_name(&trace.file));
    }
    text += &format!(
        "; {} served, {} refused, {} failed",
        share(requests.served),
        share(requests.refused),
        share(requests.failed)
    );
    if crowd {
        text += &format!(", {} still in flight at the end", share(requests.in_flight_at_end));
    }
    if summary.attempts.retried > 0 {
        text += &format!("; {}", counted(summary.attempts.retried, "retry", "retries"));
    }
    text
}

/// Who answered the attempts that were not served; nothing when all were.
fn errors(summary: &Summary) -> Option<String> {
    let r = &summary.responses;
    let codes = [
        (r.elb_460, "460 (client gave up)"),
        (r.elb_502, "502"),
        (r.elb_503, "503"),
        (r.elb_504, "504"),
        (r.target_5xx, "5xx by targets"),
    ];
    let told = codes.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n)));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("attempts answered {}", told.join(", ")))
}

/// Users with several requests: how many came, stayed to the end, and left.
fn users(sessions: &Sessions) -> String {
    let ended = sessions.completed + sessions.left;
    let mut text =
        format!("{} started, {} ended", counted(sessions.started, "session", "sessions"), count(ended));
    if let (Some(requests), Some(lasted)) = (sessions.requests_mean, sessions.duration_mean_s) {
        text += &format!(" after {} requests and {} on average", plain(requests), span(lasted));
    }
    if sessions.left > 0 {
        text += &format!(", {} of them because a request failed", count(sessions.left));
    }
    let broken = sessions.broken_by_scale_in + sessions.broken_by_health;
    if broken > 0 {
        text += &format!(
            "; {} of a sticky session lost, {} by scale-in",
            counted(broken, "target", "targets"),
            count(sessions.broken_by_scale_in)
        );
    }
    text
}

fn response(summary: &Summary) -> String {
    let times = &summary.response_time_s;
    let quantiles = [
        ("p50", times.p50),
        ("p90", times.p90),
        ("p95", times.p95),
        ("p99", times.p99),
        ("p99.9", times.p999),
    ];
    let quantiles = quantiles.into_iter().chain([("max", times.max)]);
    let parts: Vec<String> = quantiles
        .filter_map(|(name, value)| value.map(|value| format!("{name} {}", seconds(value))))
        .collect();
    if parts.is_empty() {
        return "nothing was served".to_string();
    }
    let rest = match times.not_served_ratio {
        0.0 => String::new(),
        ratio => format!("; the other {} got no answer", percent(ratio)),
    };
    format!("{} (served only{rest})", parts.join(", "))
}

/// What was promised, how often it was broken, what was allowed.
fn kept(promise: &Promise, result: &Objective) -> String {
    let allowed = percent(result.allowed_ratio);
    let broken = percent(result.violation_ratio);
    let name = &result.name;
    let mut text = if let Some(latency) = &promise.latency {
        format!(
            "{name}: p{} below {} broken in {broken} of {} of {}, {allowed} allowed",
            plain(latency.quantile * 100.0),
            seconds(latency.below.seconds()),
            counted(result.windows, "window", "windows"),
            span(latency.window.seconds()),
        )
    } else if let Some(good) = &promise.good_requests {
        let limit = seconds(good.below.seconds());
        format!(
            "{name}: {broken} of {} over {limit} or lost, {allowed} allowed",
            counted(result.requests, "request", "requests")
        )
    } else {
        format!(
            "{name}: {broken} of {} lost, {allowed} allowed",
            counted(result.requests, "request", "requests")
        )
    };
    if let Some(burn) = result.burn_rate.filter(|&burn| burn > 0.0) {
        let used = match burn {
            1.0 => "all of".to_string(),
            less if less < 1.0 => format!("{} of", percent(less)),
            more => format!("{} times", plain(more)),
        };
        text += &format!(" ({used} the error budget)");
    }
    text
}

fn cost(summary: &Summary) -> String {
    let cost = &summary.cost_usd;
    let prices = &cost.prices;
    let currency = prices.currency.as_str();
    let text = format!(
        "{} for {}, {} a month",
        money(cost.total, currency),
        span(summary.seconds()),
        money(cost.per_month, currency),
    );
    let parts = parts(summary);
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{text}{parts}; prices of {}, {}", prices.region, prices.date)
}

/// Why the bill is what it is: each part that is not zero, with its quantity.
fn parts(summary: &Summary) -> Vec<String> {
    let (cost, billed) = (&summary.cost_usd, &summary.billed);
    let part = |(name, usd, quantity, one, many): (&str, f64, f64, &str, &str)| {
        let number = plain(quantity);
        let unit = if number == "1" { one } else { many };
        (usd > 0.0).then(|| format!("{name} {} ({number} {unit})", money(usd, &cost.prices.currency)))
    };
    let hours = ("instance-hour", "instance-hours");
    let used = format!("{}, {} of them used", hours.1, plain(billed.commitment_used_hours));
    [
        ("instances", cost.instances, billed.instance_hours, hours.0, hours.1),
        ("Spot", cost.spot, billed.spot_hours, hours.0, hours.1),
        ("commitment", cost.commitment, billed.commitment_hours, used.as_str(), used.as_str()),
        ("surplus credits", cost.surplus_credits, billed.surplus_credits, "credit", "credits"),
        ("volumes", cost.volumes, billed.volume_gib_months, "GiB-month", "GiB-months"),
        ("addresses", cost.addresses, billed.address_hours, "address-hour", "address-hours"),
        ("balancer", cost.balancer_hours, billed.balancer_hours, "hour", "hours"),
        ("balancer's capacity", cost.balancer_lcu, billed.balancer_lcu_hours, "LCU-hour", "LCU-hours"),
    ]
    .into_iter()
    .filter_map(part)
    .collect()
}

fn capacity(summary: &Summary) -> String {
    let capacity = &summary.capacity;
    let hours = plain(capacity.billed_instance_hours);
    format!(
        "{} in service on average, {} at most; CPU {} busy; {hours} {} billed",
        plain(capacity.in_service_mean),
        capacity.in_service_max,
        percent(summary.cpu_utilization_mean),
        if hours == "1" { "instance-hour" } else { "instance-hours" },
    )
}

fn scaling(summary: &Summary) -> String {
    let s = &summary.scaling;
    let mut text = format!(
        "{}: {} out, {} in; {}, {}",
        counted(s.activities, "change", "changes"),
        count(s.scale_outs),
        count(s.scale_ins),
        counted(s.launches, "launch", "launches"),
        counted(s.terminations, "termination", "terminations"),
    );
    if s.failed_launches > 0 {
        text += &format!(", {} failed", counted(s.failed_launches, "launch", "launches"));
    }
    if s.replacements > 0 {
        text += &format!(", {}", counted(s.replacements, "replacement", "replacements"));
    }
    if s.refreshed > 0 {
        text += &format!(", {} refreshed", counted(s.refreshed, "instance", "instances"));
    }
    if s.warm_starts > 0 {
        text += &format!(", {}", counted(s.warm_starts, "warm start", "warm starts"));
    }
    if s.returns > 0 {
        text += &format!(", {} to the warm pool", counted(s.returns, "return", "returns"));
    }
    if s.interruptions > 0 {
        text += &format!(", {}", counted(s.interruptions, "interruption", "interruptions"));
    }
    text
}

#[cfg(test)]
mod tests;
