//! Every figure of a summary by its dotted path: what expectations, sweeps and the reference page name.

use super::{Objective, Summary};

/// A number of a summary: where it stands, what it means, how it is read.
pub struct Figure<T: 'static> {
    /// Dotted path; for an objective the part behind `objective.<name>.`.
    pub path: &'static str,
    /// Unit, empty for a plain count.
    pub unit: &'static str,
    /// What it says.
    pub meaning: &'static str,
    read: fn(&T) -> Option<f64>,
}

macro_rules! figures {
    ($type:ty; $($path:literal, $unit:literal, $meaning:literal, $read:expr;)*) => {
        &[$(Figure { path: $path, unit: $unit, meaning: $meaning, read: { let f: fn(&$type) -> Option<f64> = $read; f } }),*]
    };
}

/// Figures of the run as a whole.
#[rustfmt::skip]
pub const RUN_FIGURES: &[Figure<Summary>] = figures![Summary;
    "window.from_s", "s", "Start of the statistics window: the end of the lead-in", |s| Some(s.window.from_s);
    "window.to_s", "s", "End of the statistics window", |s| Some(s.window.to_s);
    "saturated.at_s", "s", "When the run ended because an overload would never have ended; absent otherwise", |s| s.saturated.map(|x| x.at_s);
    "saturated.in_flight", "", "Attempts in flight by then; absent otherwise", |s| s.saturated.map(|x| x.in_flight as f64);
    "requests.arrived", "", "Users' requests that arrived in the window", |s| count(s.requests.arrived);
    "requests.served", "", "Requests whose final outcome was an answer", |s| count(s.requests.served);
    "requests.refused", "", "Requests whose final outcome was a refusal: full queue or no target", |s| count(s.requests.refused);
    "requests.failed", "", "Requests that timed out, were answered with an error, or were lost with an instance", |s| count(s.requests.failed);
    "requests.in_flight_at_start", "", "Requests in flight when the window began", |s| count(s.requests.in_flight_at_start);
    "requests.in_flight_at_end", "", "Requests not settled at the end", |s| count(s.requests.in_flight_at_end);
    "attempts.sent", "", "First attempts and retries", |s| count(s.attempts.sent);
    "attempts.retried", "", "Retries among them", |s| count(s.attempts.retried);
    "attempts.retries_denied", "", "Retries that the retry budget did not allow", |s| count(s.attempts.retries_denied);
    "attempts.timed_out", "", "Attempts given up by the client or answered 504", |s| count(s.attempts.timed_out);
    "attempts.refused", "", "Attempts refused by a full queue or for want of a target", |s| count(s.attempts.refused);
    "attempts.errors", "", "Attempts answered with an error by a broken instance", |s| count(s.attempts.errors);
    "attempts.killed", "", "Attempts lost with an instance", |s| count(s.attempts.killed);
    "attempts.abandoned_cpu_s", "s", "CPU time spent on attempts that nobody waited for", |s| Some(s.attempts.abandoned_cpu_s);
    "sessions.started", "", "Sessions that started in the window; absent without sessions, as all of them", |s| count(s.sessions?.started);
    "sessions.completed", "", "Sessions that ended in the window after all their requests", |s| count(s.sessions?.completed);
    "sessions.left", "", "Sessions that ended in the window because a request failed", |s| count(s.sessions?.left);
    "sessions.in_progress_at_start", "", "Sessions in progress when the window began", |s| count(s.sessions?.in_progress_at_start);
    "sessions.in_progress_at_end", "", "Sessions in progress at the end", |s| count(s.sessions?.in_progress_at_end);
    "sessions.requests_mean", "", "Requests of a session, mean over those that ended in the window", |s| s.sessions?.requests_mean;
    "sessions.duration_mean_s", "s", "From the first arrival to the last answer, mean over the sessions that ended in the window", |s| s.sessions?.duration_mean_s;
    "sessions.broken_by_scale_in", "", "Times that a sticky session's next attempt found its target deregistered as one too many, or deployed away", |s| count(s.sessions?.broken_by_scale_in);
    "sessions.broken_by_health", "", "Times that it found its target unhealthy, or replaced as broken", |s| count(s.sessions?.broken_by_health);
    "responses.elb_460", "", "Attempts that the client gave up before the idle time-out (460)", |s| count(s.responses.elb_460);
    "responses.elb_502", "", "Attempts answered 502 by the balancer: the target refused the connection or went away", |s| count(s.responses.elb_502);
    "responses.elb_503", "", "Attempts answered 503 by the balancer: no registered target", |s| count(s.responses.elb_503);
    "responses.elb_504", "", "Attempts answered 504 by the balancer: no answer within the idle time-out", |s| count(s.responses.elb_504);
    "responses.target_5xx", "", "Attempts answered 5xx by targets: full queue or broken instance", |s| count(s.responses.target_5xx);
    "response_time_s.not_served_ratio", "ratio", "Share of the settled requests that was refused or failed and is in no response time", |s| Some(s.response_time_s.not_served_ratio);
    "response_time_s.mean", "s", "Mean response time of the served", |s| s.response_time_s.mean;
    "response_time_s.p50", "s", "Quantile 0.5 of the response times of the served", |s| s.response_time_s.p50;
    "response_time_s.p90", "s", "Quantile 0.9", |s| s.response_time_s.p90;
    "response_time_s.p95", "s", "Quantile 0.95", |s| s.response_time_s.p95;
    "response_time_s.p99", "s", "Quantile 0.99", |s| s.response_time_s.p99;
    "response_time_s.p999", "s", "Quantile 0.999", |s| s.response_time_s.p999;
    "response_time_s.max", "s", "Longest response time of the served", |s| s.response_time_s.max;
    "wait_time_s.mean", "s", "Mean time that served requests spent beyond their own CPU and wait time", |s| s.wait_time_s.mean;
    "capacity.in_service_mean", "instances", "Instances in service, time average", |s| Some(s.capacity.in_service_mean);
    "capacity.in_service_max", "instances", "Most instances in service", |s| Some(f64::from(s.capacity.in_service_max));
    "capacity.billed_instance_hours", "h", "Instance-hours on the bill", |s| Some(s.capacity.billed_instance_hours);
    "cpu_utilization_mean", "ratio", "CPU executed over vCPUs x time in service", |s| Some(s.cpu_utilization_mean);
    "cost_usd.total", "USD", "Cost of the window", |s| Some(s.cost_usd.total);
    "cost_usd.instances", "USD", "Part of it: instances on demand", |s| Some(s.cost_usd.instances);
    "cost_usd.spot", "USD", "Part of it: Spot instances", |s| Some(s.cost_usd.spot);
    "cost_usd.commitment", "USD", "Part of it: committed instances, used or not", |s| Some(s.cost_usd.commitment);
    "cost_usd.surplus_credits", "USD", "Part of it: CPU credits beyond those that were earned", |s| Some(s.cost_usd.surplus_credits);
    "cost_usd.volumes", "USD", "Part of it: volumes", |s| Some(s.cost_usd.volumes);
    "cost_usd.addresses", "USD", "Part of it: public addresses", |s| Some(s.cost_usd.addresses);
    "cost_usd.balancer_hours", "USD", "Part of it: hours of the balancer", |s| Some(s.cost_usd.balancer_hours);
    "cost_usd.balancer_lcu", "USD", "Part of it: capacity units of the balancer", |s| Some(s.cost_usd.balancer_lcu);
    "cost_usd.per_month", "USD", "The total spread over a month of 730 hours like this window", |s| Some(s.cost_usd.per_month);
    "billed.instance_hours", "h", "Hours of instances on demand", |s| Some(s.billed.instance_hours);
    "billed.spot_hours", "h", "Hours of Spot instances", |s| Some(s.billed.spot_hours);
    "billed.commitment_hours", "h", "Hours of committed instances, used or not", |s| Some(s.billed.commitment_hours);
    "billed.commitment_used_hours", "h", "The part of them that was used", |s| Some(s.billed.commitment_used_hours);
    "billed.surplus_credits", "credits", "Surplus credits that are charged; a credit is a vCPU for a minute", |s| Some(s.billed.surplus_credits);
    "billed.volume_gib_months", "GiB-months", "Volumes, in months of 730 hours", |s| Some(s.billed.volume_gib_months);
    "billed.address_hours", "h", "Hours of public addresses", |s| Some(s.billed.address_hours);
    "billed.balancer_hours", "h", "Hours of the balancer", |s| Some(s.billed.balancer_hours);
    "billed.balancer_lcu_hours", "LCU-h", "Capacity units of the balancer times hours", |s| Some(s.billed.balancer_lcu_hours);
    "scaling.activities", "", "Changes of the desired capacity", |s| count(s.scaling.activities);
    "scaling.scale_outs", "", "Changes upward", |s| count(s.scaling.scale_outs);
    "scaling.scale_ins", "", "Changes downward", |s| count(s.scaling.scale_ins);
    "scaling.launches", "", "Instances launched", |s| count(s.scaling.launches);
    "scaling.terminations", "", "Instances terminated", |s| count(s.scaling.terminations);
    "scaling.failed_launches", "", "Launches that failed: a zone refused them, or a boot phase did", |s| count(s.scaling.failed_launches);
    "scaling.replacements", "", "Instances replaced because they were broken", |s| count(s.scaling.replacements);
    "scaling.warm_starts", "", "Instances taken from the warm pool", |s| count(s.scaling.warm_starts);
    "scaling.returns", "", "Instances that returned to the warm pool after a scale-in; part of the terminations", |s| count(s.scaling.returns);
    "scaling.refreshed", "", "Instances replaced by instance refreshes", |s| count(s.scaling.refreshed);
    "scaling.interruptions", "", "Spot instances interrupted", |s| count(s.scaling.interruptions);
    "machines.starts", "", "Standalone machines that were started", |s| count(s.machines.starts);
    "machines.stops", "", "Standalone machines that were stopped, or stopped by themselves", |s| count(s.machines.stops);
    "machines.billed_hours", "h", "Machine-hours on the bill, part of the instances' cost", |s| Some(s.machines.billed_hours);
    "agents.registered_max", "", "Most agents that the coordinator believed running at once", |s| Some(f64::from(s.agents.registered_max));
    "agents.distinct", "", "Addresses whose agent was believed running at some time", |s| count(s.agents.distinct);
];

/// Figures of each objective, named `objective.<name>.<path>`.
#[rustfmt::skip]
pub const OBJECTIVE_FIGURES: &[Figure<Objective>] = figures![Objective;
    "met", "0 or 1", "1 when `violation_ratio` is at most `allowed_ratio`", |o| Some(f64::from(u8::from(o.met)));
    "allowed_ratio", "ratio", "Share that may break the promise", |o| Some(o.allowed_ratio);
    "requests", "", "Requests judged", |o| count(o.requests);
    "violating_requests", "", "Requests among them that broke the limit; what was refused, failed or never answered did", |o| count(o.violating_requests);
    "violating_request_ratio", "ratio", "violating_requests / requests", |o| Some(o.violating_request_ratio);
    "windows", "", "Windows with arrivals (latency objectives)", |o| count(o.windows);
    "thin_windows", "", "Windows with fewer than 1 / (1 - quantile) arrivals", |o| count(o.thin_windows);
    "violating_windows", "", "Windows that broke the promise", |o| count(o.violating_windows);
    "violation_ratio", "ratio", "The objective's own ratio: windows for latency, requests for the others", |o| Some(o.violation_ratio);
    "error_budget_left", "ratio", "1 - burn_rate: share of the error budget not spent, below 0 when overspent; absent when nothing is allowed", |o| o.error_budget_left;
    "burn_rate", "ratio", "violation_ratio / allowed_ratio; absent when nothing is allowed", |o| o.burn_rate;
];

/// Exact up to 2^53.
fn count(n: u64) -> Option<f64> {
    Some(n as f64)
}

/// All paths that [`Summary::figure`] knows when the objectives have these names.
pub fn figure_paths<'a>(objectives: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let run = RUN_FIGURES.iter().map(|figure| figure.path.to_string());
    let of = |name: &'a str| {
        OBJECTIVE_FIGURES.iter().map(move |figure| format!("objective.{name}.{}", figure.path))
    };
    run.chain(objectives.into_iter().flat_map(of)).collect()
}

impl Summary {
    /// The number at a dotted path: `cost_usd.total`, `objective.fast.violation_ratio`. `None` when the path is unknown,
    /// or when the run could not measure it (a quantile of no requests).
    pub fn figure(&self, path: &str) -> Option<f64> {
        if let Some(rest) = path.strip_prefix("objective.") {
            let (name, field) = rest.rsplit_once('.')?;
            let figure = OBJECTIVE_FIGURES.iter().find(|figure| figure.path == field)?;
            return (figure.read)(self.objective(name)?);
        }
        let figure = RUN_FIGURES.iter().find(|figure| figure.path == path)?;
        (figure.read)(self)
    }

    /// The known paths, in the order of the layout.
    pub fn figures(&self) -> Vec<String> {
        figure_paths(self.objectives.iter().map(|objective| objective.name.as_str()))
    }
}
