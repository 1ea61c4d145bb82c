//! The summary of a run: one versioned layout that people, programs and expectations read alike.

mod bounds;
mod figures;
mod warnings;

pub use bounds::{Bounds, Expectation};
pub use figures::{Figure, OBJECTIVE_FIGURES, RUN_FIGURES, figure_paths};

use crate::scenario::Scenario;
use serde::Serialize;
use simscale_core::{ObjectiveResult, RunResult, SessionCounts};

/// Number of the layout; it changes when a field changes its meaning or goes away, not when one is added.
pub const SUMMARY_SCHEMA: u32 = 2;

/// Hours of a month in `per_month` figures: 365 x 24 / 12.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// Where prices come from; stands on every money figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceSource {
    /// Region of the price list.
    pub region: String,
    /// Currency of the price list.
    pub currency: String,
    /// Date of the price list, `2026-03-01`.
    pub date: String,
}

/// What a run found, in the layout of `summary.json`. Numbers that cannot be known (a quantile of no requests) are `null`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Number of this layout.
    pub schema: u32,
    /// Version of the program.
    pub simscale: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the run.
    pub seed: u64,
    /// Hash of every outcome and every control fact, 16 hexadecimal digits.
    pub fingerprint: String,
    /// The statistics window; all figures cover it.
    pub window: Window,
    /// Set when the run ended early because an overload would never have ended.
    pub saturated: Option<Saturated>,
    /// Users' requests, each once, by final outcome.
    pub requests: Requests,
    /// Tries of requests: what balancer and instances see.
    pub attempts: Attempts,
    /// Who answered the attempts that were not served, and with what; each attempt in exactly one.
    pub responses: Responses,
    /// Users with several requests, when the scenario has sessions.
    pub sessions: Option<Sessions>,
    /// Response times of the served, from the first attempt to the answer.
    pub response_time_s: ResponseTime,
    /// Time that served requests spent beyond their own CPU and wait time.
    pub wait_time_s: WaitTime,
    /// Capacity.
    pub capacity: Capacity,
    /// CPU executed over vCPUs x time in service, 0 to 1.
    pub cpu_utilization_mean: f64,
    /// Cost in US dollars.
    pub cost_usd: Cost,
    /// The quantities behind the cost.
    pub billed: Billed,
    /// Promises, in the order of the scenario.
    pub objectives: Vec<Objective>,
    /// What the group did.
    pub scaling: Scaling,
    /// What the coordinator of the instances' agents believed; zeros without agents.
    pub agents: Agents,
    /// What became of the standalone machines; zeros without any.
    pub machines: Machines,
    /// What a reader should know before trusting the figures, in words.
    pub warnings: Vec<String>,
}

/// The statistics window, seconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Window {
    /// Start: the end of the lead-in.
    pub from_s: f64,
    /// End.
    pub to_s: f64,
    /// Where the lead-in comes from: "given" by the scenario, or found by "mser5".
    pub lead_in_rule: &'static str,
}

/// A run that ended as saturated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Saturated {
    /// When, seconds since the start of the run.
    pub at_s: f64,
    /// Attempts in flight by then.
    pub in_flight: u64,
}

/// Requests by final outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Requests {
    /// Arrived in the window.
    pub arrived: u64,
    /// Answered.
    pub served: u64,
    /// Refused: full queue or no target.
    pub refused: u64,
    /// Timed out, answered with an error, or lost with an instance.
    pub failed: u64,
    /// In flight when the window began.
    pub in_flight_at_start: u64,
    /// Not settled at the end.
    pub in_flight_at_end: u64,
}

/// Answers that were no success, by who gave them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Responses {
    /// By the balancer: 460, the client gave up before the idle time-out.
    pub elb_460: u64,
    /// By the balancer: 502, the target refused the connection or went away with the attempt.
    pub elb_502: u64,
    /// By the balancer: 503, no registered target.
    pub elb_503: u64,
    /// By the balancer: 504, no answer within the idle time-out.
    pub elb_504: u64,
    /// By targets: 5xx of a full queue or a broken instance.
    pub target_5xx: u64,
}

/// Attempts by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Attempts {
    /// First attempts and retries.
    pub sent: u64,
    /// Retries among them.
    pub retried: u64,
    /// Retries that the budget did not allow.
    pub retries_denied: u64,
    /// Given up by the client, or answered 504.
    pub timed_out: u64,
    /// Refused by a full queue, or for want of a target.
    pub refused: u64,
    /// Answered with an error by a broken instance.
    pub errors: u64,
    /// Lost with an instance.
    pub killed: u64,
    /// CPU time spent on attempts that nobody waited for.
    pub abandoned_cpu_s: f64,
}

/// Sessions: users with several requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sessions {
    /// Started in the window.
    pub started: u64,
    /// Ended in the window after all their requests.
    pub completed: u64,
    /// Ended in the window because a request failed.
    pub left: u64,
    /// In progress when the window began.
    pub in_progress_at_start: u64,
    /// In progress at the end.
    pub in_progress_at_end: u64,
    /// Requests of a session, mean over those that ended in the window.
    pub requests_mean: Option<f64>,
    /// From the first arrival to the last answer, seconds, mean over those that ended in the window.
    pub duration_mean_s: Option<f64>,
    /// Times that a sticky session lost its target to a scale-in.
    pub broken_by_scale_in: u64,
    /// Times that a sticky session lost its target because it was unhealthy or broken.
    pub broken_by_health: u64,
}

/// Response times, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ResponseTime {
    /// Whose times these are: always "served only".
    pub of: &'static str,
    /// Share of the settled requests that is not in these figures, because it was refused or failed.
    pub not_served_ratio: f64,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Quantile 0.9.
    pub p90: Option<f64>,
    /// Quantile 0.95.
    pub p95: Option<f64>,
    /// Quantile 0.99.
    pub p99: Option<f64>,
    /// Quantile 0.999.
    pub p999: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// Waiting, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WaitTime {
    /// Mean.
    pub mean: Option<f64>,
}

/// Capacity of the group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Capacity {
    /// Instances in service, time average.
    pub in_service_mean: f64,
    /// Most instances in service.
    pub in_service_max: u32,
    /// Instance-hours on the bill.
    pub billed_instance_hours: f64,
}

/// Cost with its price list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// All of it.
    pub total: f64,
    /// Instances on demand.
    pub instances: f64,
    /// Spot instances.
    pub spot: f64,
    /// Instances that are paid for whether they are used or not.
    pub commitment: f64,
    /// CPU credits beyond those that were earned.
    pub surplus_credits: f64,
    /// Volumes.
    pub volumes: f64,
    /// Public addresses.
    pub addresses: f64,
    /// The balancer's hours.
    pub balancer_hours: f64,
    /// The balancer's capacity units.
    pub balancer_lcu: f64,
    /// The total spread over a month of 730 hours like this window.
    pub per_month: f64,
    /// The price list.
    pub prices: PriceSource,
}

/// The quantities behind the cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Billed {
    /// Hours of instances on demand.
    pub instance_hours: f64,
    /// Hours of Spot instances.
    pub spot_hours: f64,
    /// Hours of committed instances, used or not.
    pub commitment_hours: f64,
    /// The part of them that was used.
    pub commitment_used_hours: f64,
    /// Surplus credits that are charged.
    pub surplus_credits: f64,
    /// GiB of volumes times months of 730 hours.
    pub volume_gib_months: f64,
    /// Hours of public addresses.
    pub address_hours: f64,
    /// Hours of the balancer.
    pub balancer_hours: f64,
    /// Capacity units of the balancer times hours.
    pub balancer_lcu_hours: f64,
}

/// A promise and how it was kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// Whether `violation_ratio` is at most `allowed_ratio`.
    pub met: bool,
    /// Share that may break it.
    pub allowed_ratio: f64,
    /// Requests judged.
    pub requests: u64,
    /// Requests among them that broke the limit.
    pub violating_requests: u64,
    /// `violating_requests / requests`; zero without requests.
    pub violating_request_ratio: f64,
    /// Windows with arrivals (latency objectives).
    pub windows: u64,
    /// Windows with too few requests for their quantile to mean much.
    pub thin_windows: u64,
    /// Windows that broke the promise.
    pub violating_windows: u64,
    /// The objective's own ratio: windows for latency, requests for the others.
    pub violation_ratio: f64,
    /// Share of the error budget not yet spent: 1 is untouched, below 0 is overspent. `null` without a budget.
    pub error_budget_left: Option<f64>,
    /// `violation_ratio / allowed_ratio`: above 1 the budget does not last. `null` without a budget.
    pub burn_rate: Option<f64>,
}

/// What the group did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scaling {
    /// Changes of the desired capacity.
    pub activities: u64,
    /// Changes upward.
    pub scale_outs: u64,
    /// Changes downward.
    pub scale_ins: u64,
    /// Instances launched.
    pub launches: u64,
    /// Instances terminated.
    pub terminations: u64,
    /// Launches that failed: a zone refused them, or a boot phase did.
    pub failed_launches: u64,
    /// Instances replaced because they were broken.
    pub replacements: u64,
    /// Instances taken from the warm pool.
    pub warm_starts: u64,
    /// Instances that returned to the warm pool.
    pub returns: u64,
    /// Instances replaced by instance refreshes.
    pub refreshed: u64,
    /// Spot instances interrupted.
    pub interruptions: u64,
}

/// What the coordinator of the instances' agents believed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agents {
    /// Most agents believed running at once.
    pub registered_max: u32,
    /// Addresses whose agent was believed running at some time.
    pub distinct: u64,
}

/// What became of the standalone machines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Machines {
    /// Machines that were started.
    pub starts: u64,
    /// Machines that were stopped, or stopped by themselves.
    pub stops: u64,
    /// Machine-hours on the bill.
    pub billed_hours: f64,
}

impl Summary {
    /// Sums up what a run of this scenario found.
    pub fn new(scenario: &Scenario, result: &RunResult) -> Summary {
        Summary::of(&scenario.name, &scenario.prices.source(), result)
    }

    fn of(scenario: &str, prices: &PriceSource, result: &RunResult) -> Summary {
        let window = Window {
            from_s: result.from.as_secs_f64(),
            to_s: result.to.as_secs_f64(),
            lead_in_rule: "given",
        };
        let mut summary = Summary {
            schema: SUMMARY_SCHEMA,
            simscale: env!("CARGO_PKG_VERSION").to_string(),
            scenario: scenario.to_string(),
            seed: result.seed,
            fingerprint: format!("{:016x}", result.fingerprint),
            window,
            saturated: result
                .saturated
                .map(|s| Saturated { at_s: s.at.as_secs_f64(), in_flight: s.in_flight }),
            requests: requests(result),
            attempts: attempts(result),
            responses: responses(result),
            sessions: result.sessions.as_ref().map(sessions),
            response_time_s: response_time(result),
            wait_time_s: WaitTime { mean: mean_s(result.waiting_ns, result.response_time.count) },
            capacity: Capacity {
                in_service_mean: result.capacity.in_service_mean,
                in_service_max: result.capacity.in_service_max,
                billed_instance_hours: result.capacity.billed_ns as f64 / 3.6e12,
            },
            cpu_utilization_mean: result.capacity.cpu_utilization_mean,
            cost_usd: cost(result, prices),
            billed: billed(result),
            objectives: result.objectives.iter().map(objective).collect(),
            scaling: scaling(result),
            agents: Agents { registered_max: result.agents.registered_max, distinct: result.agents.distinct },
            machines: Machines {
                starts: result.machines.starts,
                stops: result.machines.stops,
                billed_hours: result.machines.billed_ns as f64 / 3.6e12,
            },
            warnings: Vec::new(),
        };
        summary.warnings = warnings::of(&summary, result);
        summary
    }

    /// Length of the statistics window in seconds.
    pub fn seconds(&self) -> f64 {
        self.window.to_s - self.window.from_s
    }

    /// The objective of that name.
    pub fn objective(&self, name: &str) -> Option<&Objective> {
        self.objectives.iter().find(|objective| objective.name == name)
    }
}

fn requests(result: &RunResult) -> Requests {
    let r = &result.requests;
    Requests {
        arrived: r.arrived,
        served: r.served,
        refused: r.refused,
        failed: r.failed,
        in_flight_at_start: r.in_flight_at_start,
        in_flight_at_end: r.in_flight_at_end,
    }
}

fn responses(result: &RunResult) -> Responses {
    let r = &result.responses;
    Responses {
        elb_460: r.elb_460,
        elb_502: r.elb_502,
        elb_503: r.elb_503,
        elb_504: r.elb_504,
        target_5xx: r.target_5xx,
    }
}

fn attempts(result: &RunResult) -> Attempts {
    let a = &result.attempts;
    Attempts {
        sent: a.sent,
        retried: a.retried,
        retries_denied: a.retries_denied,
        timed_out: a.timed_out,
        refused: a.refused,
        errors: a.errors,
        killed: a.killed,
        abandoned_cpu_s: a.abandoned_cpu_ns as f64 / 1e9,
    }
}

fn sessions(counts: &SessionCounts) -> Sessions {
    let ended = counts.completed + counts.left;
    Sessions {
        started: counts.started,
        completed: counts.completed,
        left: counts.left,
        in_progress_at_start: counts.in_progress_at_start,
        in_progress_at_end: counts.in_progress_at_end,
        requests_mean: (ended > 0).then(|| counts.requests as f64 / ended as f64),
        duration_mean_s: mean_s(counts.lasted_ns, ended),
        broken_by_scale_in: counts.broken_by_scale_in,
        broken_by_health: counts.broken_by_health,
    }
}

fn response_time(result: &RunResult) -> ResponseTime {
    let (times, requests) = (&result.response_time, &result.requests);
    let not_served = requests.refused + requests.failed;
    let some = |ns: u64| (times.count > 0).then_some(ns as f64 / 1e9);
    let [p50, p90, p95, p99, p999] = times.quantiles_ns.map(some);
    ResponseTime {
        of: "served only",
        not_served_ratio: ratio(not_served, not_served + requests.served),
        mean: mean_s(times.sum_ns, times.count),
        p50,
        p90,
        p95,
        p99,
        p999,
        max: some(times.max_ns),
    }
}

fn cost(result: &RunResult, prices: &PriceSource) -> Cost {
    let usd = |nano: u128| nano as f64 / 1e9;
    let hours = result.to.since(result.from).as_secs_f64() / 3600.0;
    let total = usd(result.cost.total_nano_usd());
    Cost {
        total,
        instances: usd(result.cost.instances_nano_usd),
        spot: usd(result.cost.spot_nano_usd),
        commitment: usd(result.cost.commitment_nano_usd),
        surplus_credits: usd(result.cost.surplus_credits_nano_usd),
        volumes: usd(result.cost.volumes_nano_usd),
        addresses: usd(result.cost.addresses_nano_usd),
        balancer_hours: usd(result.cost.balancer_hours_nano_usd),
        balancer_lcu: usd(result.cost.balancer_lcu_nano_usd),
        per_month: if hours > 0.0 { total / hours * HOURS_PER_MONTH } else { 0.0 },
        prices: prices.clone(),
    }
}

fn billed(result: &RunResult) -> Billed {
    let b = &result.billed;
    let hours = |ns: u128| ns as f64 / 3.6e12;
    Billed {
        instance_hours: hours(b.instance_ns),
        spot_hours: hours(b.spot_ns),
        commitment_hours: hours(b.commitment_ns),
        commitment_used_hours: hours(b.commitment_used_ns),
        surplus_credits: b.surplus_credit_units as f64 / 36e12,
        volume_gib_months: hours(b.volume_gib_ns) / HOURS_PER_MONTH,
        address_hours: hours(b.address_ns),
        balancer_hours: hours(b.balancer_ns),
        balancer_lcu_hours: b.balancer_nano_lcu_hours as f64 / 1e9,
    }
}

fn objective(result: &ObjectiveResult) -> Objective {
    let budget = (result.allowed_ratio > 0.0).then_some(result.allowed_ratio);
    let burn_rate = budget.map(|budget| result.violation_ratio / budget);
    Objective {
        name: result.name.clone(),
        met: result.met,
        allowed_ratio: result.allowed_ratio,
        requests: result.requests,
        violating_requests: result.violating_requests,
        violating_request_ratio: ratio(result.violating_requests, result.requests),
        windows: result.windows,
        thin_windows: result.thin_windows,
        violating_windows: result.violating_windows,
        violation_ratio: result.violation_ratio,
        error_budget_left: burn_rate.map(|rate| 1.0 - rate),
        burn_rate,
    }
}

fn scaling(result: &RunResult) -> Scaling {
    let s = &result.scaling;
    Scaling {
        activities: s.activities,
        scale_outs: s.scale_outs,
        scale_ins: s.scale_ins,
        launches: s.launches,
        terminations: s.terminations,
        failed_launches: s.failed_launches,
        replacements: s.replacements,
        warm_starts: s.warm_starts,
        returns: s.returns,
        refreshed: s.refreshed,
        interruptions: s.interruptions,
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean_s(sum_ns: u128, count: u64) -> Option<f64> {
    (count > 0).then(|| sum_ns as f64 / count as f64 / 1e9)
}

#[cfg(test)]
mod tests;
