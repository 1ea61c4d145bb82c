//! What a run hands over: rows as they close, and the result at its end.

use super::ActivityRow;
use crate::kernel::SimTime;

/// The third door: takes facts as they become final. A sink counts, writes or hashes and never influences the run.
pub trait Sink {
    /// A metric period has closed.
    fn period(&mut self, row: &PeriodRow) {
        let _ = row;
    }
    /// Something happened that somebody would ask "why" about.
    fn activity(&mut self, row: &ActivityRow) {
        let _ = row;
    }
    /// An instance was terminated, or the run ended before it was.
    fn instance(&mut self, row: &super::InstanceRow) {
        let _ = row;
    }
    /// Asked once a period; `true` ends the run early (Ctrl-C).
    fn stop(&mut self) -> bool {
        false
    }
}

/// The sink that forgets.
impl Sink for () {}

/// One metric period `[start, end)`. Counts are of requests; `in_service` and its like are sizes at the period's end.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodRow {
    /// Start of the period.
    pub start: SimTime,
    /// End of the period.
    pub end: SimTime,
    /// Requests that arrived (first attempts).
    pub arrived: u64,
    /// Requests whose final outcome was an answer.
    pub served: u64,
    /// Requests whose final outcome was a refusal (503 or 502 of a full queue, or no target).
    pub refused: u64,
    /// Requests that ended in any other failure (time-out, 504, error, killed instance).
    pub failed: u64,
    /// Quantiles 0.5, 0.95, 0.99 of the response times of the served, ns; zero when none was.
    pub response_ns: [u64; 3],
    /// CPU executed over vCPUs x time of the instances in service, 0 to 1.
    pub cpu_utilization: f64,
    /// Memory used over memory of the instances in service, 0 to 1; zero without a memory model.
    pub memory_utilization: f64,
    /// Attempts inside the instances in service, time average.
    pub in_flight_mean: f64,
    /// Attempts waiting for a slot in the instances in service, time average.
    pub queue_mean: f64,
    /// Share of the backend's slots in use, time average; zero without a backend.
    pub backend_busy_ratio: f64,
    /// Attempts waiting for a backend slot, time average.
    pub backend_queue_mean: f64,
    /// Messages that can be received, at the period's end; zero without a queue.
    pub messages_visible: u64,
    /// Messages received and neither deleted nor visible again, at the period's end; zero without a queue.
    pub messages_in_flight: u64,
    /// Age of the oldest message that is not deleted, at the period's end, ns; zero without any.
    pub oldest_message_ns: u64,
    /// Size the group is asked to have.
    pub desired: u32,
    /// Instances launched and not yet in service.
    pub booting: u32,
    /// Instances in service.
    pub in_service: u32,
    /// Targets the balancer calls healthy.
    pub healthy: u32,
    /// Registered targets that it calls unhealthy.
    pub unhealthy: u32,
    /// Registered targets that it has not judged yet.
    pub initial: u32,
    /// Who answered the attempts that were not served in the period.
    pub responses: Responses,
    /// Instances leaving.
    pub draining: u32,
    /// CPU credits of an instance in service at the end, mean over them; zero without credits.
    pub credit_balance_mean: f64,
    /// Instances in service that are throttled for want of CPU credits, at the end.
    pub throttled: u32,
    /// Agents that the coordinator believes running.
    pub agents_registered: u32,
    /// Container instances that are registered; zero without hosts.
    pub hosts: u32,
    /// Tasks that wait for a place on a container instance; zero without hosts.
    pub waiting: u32,
    /// Cost since the start of the statistics window, billionths of a US dollar.
    pub cost_nano_usd: u128,
}

/// Requests of the statistics window, each once, by its final outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// In flight when the window began.
    pub in_flight_at_start: u64,
    /// Arrived in the window.
    pub arrived: u64,
    /// Answered.
    pub served: u64,
    /// Refused: a full queue or no target.
    pub refused: u64,
    /// Timed out, answered with an error, or lost with an instance.
    pub failed: u64,
    /// Not settled at the end.
    pub in_flight_at_end: u64,
}

/// Attempts of the statistics window: what balancer and instances see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// First attempts and retries.
    pub sent: u64,
    /// Retries among them.
    pub retried: u64,
    /// Retries that the budget did not allow.
    pub retries_denied: u64,
    /// Given up by the client, or answered 504 after the idle time-out.
    pub timed_out: u64,
    /// Refused by a full queue, or for want of a target.
    pub refused: u64,
    /// Answered with an error by a broken instance.
    pub errors: u64,
    /// Lost with an instance (502).
    pub killed: u64,
    /// CPU time that instances spent on attempts nobody waited for, ns.
    pub abandoned_cpu_ns: u128,
}

/// Sessions of the statistics window: users with several requests each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// In progress when the window began.
    pub in_progress_at_start: u64,
    /// Started in the window.
    pub started: u64,
    /// Ended in the window after all their requests.
    pub completed: u64,
    /// Ended in the window because a request failed.
    pub left: u64,
    /// In progress at the end.
    pub in_progress_at_end: u64,
    /// Requests that the ended ones made.
    pub requests: u64,
    /// From the first arrival to the end of the last request, over the ended ones, ns.
    pub lasted_ns: u128,
    /// Of that, time in which a request was on its way, ns.
    pub answering_ns: u128,
    /// Of that, time in which the user thought, ns.
    pub thinking_ns: u128,
    /// Times that a sticky session lost its target because the group had it deregistered as one too many.
    pub broken_by_scale_in: u64,
    /// Times that a sticky session lost its target because it was unhealthy, or replaced as broken.
    pub broken_by_health: u64,
}

/// Who answered the attempts that were not served, and with what: each attempt in exactly one. Source: ALB user guide, "Troubleshoot your
/// Application Load Balancers" (codes), "CloudWatch metrics" (`HTTPCode_ELB_*`, `HTTPCode_Target_*`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Responses {
    /// The client gave up before the idle time-out (460).
    pub elb_460: u64,
    /// The target refused the connection or went away with the attempt (502).
    pub elb_502: u64,
    /// There was no registered target (503).
    pub elb_503: u64,
    /// The idle time-out passed without an answer (504).
    pub elb_504: u64,
    /// The target answered with an error: a full queue that answers 503, or a broken instance.
    pub target_5xx: u64,
}

impl Responses {
    /// What was answered since an earlier count.
    pub(crate) fn since(self, before: Responses) -> Responses {
        Responses {
            elb_460: self.elb_460 - before.elb_460,
            elb_502: self.elb_502 - before.elb_502,
            elb_503: self.elb_503 - before.elb_503,
            elb_504: self.elb_504 - before.elb_504,
            target_5xx: self.target_5xx - before.target_5xx,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.elb_5xx() + self.elb_460 + self.target_5xx
    }

    /// What the balancer itself answered with 5xx.
    pub fn elb_5xx(&self) -> u64 {
        self.elb_502 + self.elb_503 + self.elb_504
    }
}

/// Response times of the requests served, from the first attempt's arrival to the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ResponseTime {
    /// How many.
    pub count: u64,
    /// Sum of all, ns: exact.
    pub sum_ns: u128,
    /// Quantiles 0.5, 0.9, 0.95, 0.99, 0.999 from a histogram with a relative error of at most 0.4 %, ns.
    pub quantiles_ns: [u64; 5],
    /// Largest, ns: exact.
    pub max_ns: u64,
}

/// Capacity over the statistics window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Capacity {
    /// Instances in service, time average.
    pub in_service_mean: f64,
    /// Most instances in service.
    pub in_service_max: u32,
    /// Billed instance time, ns.
    pub billed_ns: u128,
    /// CPU executed over vCPUs x time in service.
    pub cpu_utilization_mean: f64,
}

/// Cost of the statistics window, billionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Instances on demand.
    pub instances_nano_usd: u128,
    /// Spot instances.
    pub spot_nano_usd: u128,
    /// Instances that are paid for whether they are used or not.
    pub commitment_nano_usd: u128,
    /// CPU credits beyond those that were earned.
    pub surplus_credits_nano_usd: u128,
    /// Volumes.
    pub volumes_nano_usd: u128,
    /// Public addresses.
    pub addresses_nano_usd: u128,
    /// The balancer's hours.
    pub balancer_hours_nano_usd: u128,
    /// The balancer's capacity units.
    pub balancer_lcu_nano_usd: u128,
}

impl Cost {
    /// All of it.
    pub fn total_nano_usd(&self) -> u128 {
        self.instances_nano_usd
            + self.spot_nano_usd
            + self.commitment_nano_usd
            + self.surplus_credits_nano_usd
            + self.volumes_nano_usd
            + self.addresses_nano_usd
            + self.balancer_hours_nano_usd
            + self.balancer_lcu_nano_usd
    }
}

/// The quantities behind the cost of the statistics window; what is not there is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Billed {
    /// Time of instances on demand, ns.
    pub instance_ns: u128,
    /// Time of Spot instances, ns.
    pub spot_ns: u128,
    /// Time of committed instances, used or not, ns.
    pub commitment_ns: u128,
    /// The part of it that was used, ns.
    pub commitment_used_ns: u128,
    /// Surplus credits that are charged, in 1/600 ns of a vCPU: a credit is 36 x 10^12 of them.
    pub surplus_credit_units: u128,
    /// Volumes: GiB x ns.
    pub volume_gib_ns: u128,
    /// Time of public addresses, ns.
    pub address_ns: u128,
    /// Time of the balancer in hours begun, ns.
    pub balancer_ns: u128,
    /// Capacity units of the balancer, billionths of a unit-hour.
    pub balancer_nano_lcu_hours: u128,
}

/// How a promise was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectiveResult {
    /// Its name.
    pub name: String,
    /// Share that may break it.
    pub allowed_ratio: f64,
    /// Requests that were judged: arrived in the window, and answered, failed or past the limit by the end.
    pub requests: u64,
    /// Requests among them that broke the limit.
    pub violating_requests: u64,
    /// Windows with at least one judged arrival (latency objectives).
    pub windows: u64,
    /// Windows among them with fewer than 1 / (1 - quantile) arrivals.
    pub thin_windows: u64,
    /// Windows among them that broke the promise.
    pub violating_windows: u64,
    /// Stretches of violated windows, neighbours joined: for pictures. More than 4,096 stretches are joined pair by pair.
    pub violated: Vec<(SimTime, SimTime)>,
    /// The objective's own ratio: windows for latency, requests for the others.
    pub violation_ratio: f64,
    /// Whether that ratio is at most the allowed one.
    pub met: bool,
}

/// What the group did in the statistics window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

/// What the coordinator of the instances' agents believed in the statistics window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// Most agents believed running at once.
    pub registered_max: u32,
    /// Addresses that were believed running at some time.
    pub distinct: u64,
}

/// What became of the standalone machines in the statistics window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineCounts {
    /// Machines that were started.
    pub starts: u64,
    /// Machines that were stopped, or stopped by themselves.
    pub stops: u64,
    /// Time in which they ran, as billed, ns.
    pub billed_ns: u128,
}

/// Why and when a run ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saturation {
    /// When more attempts were in flight than the world allows.
    pub at: SimTime,
    /// How many.
    pub in_flight: u64,
}

/// What a run found. All counts cover the statistics window unless they say otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// Start of the statistics window.
    pub from: SimTime,
    /// End of the statistics window.
    pub to: SimTime,
    /// Seed of the run.
    pub seed: u64,
    /// Hash of every outcome and every control fact of the whole run.
    pub fingerprint: u64,
    /// Requests.
    pub requests: Requests,
    /// Attempts.
    pub attempts: Attempts,
    /// Sessions, when users have several requests.
    pub sessions: Option<SessionCounts>,
    /// Who answered the attempts that were not served.
    pub responses: Responses,
    /// Response times of the served.
    pub response_time: ResponseTime,
    /// Sum of what served requests spent beyond their own CPU and wait time, ns.
    pub waiting_ns: u128,
    /// Capacity.
    pub capacity: Capacity,
    /// Cost.
    pub cost: Cost,
    /// The quantities behind the cost.
    pub billed: Billed,
    /// Objectives, in the order of the world's.
    pub objectives: Vec<ObjectiveResult>,
    /// What the group did.
    pub scaling: Scaling,
    /// What the coordinator of the agents believed.
    pub agents: AgentCounts,
    /// What became of the standalone machines.
    pub machines: MachineCounts,
    /// Set when the run ended as saturated.
    pub saturated: Option<Saturation>,
    /// Set when the sink stopped the run.
    pub stopped_at: Option<SimTime>,
    /// Draws of work above the largest a request can carry (2^45 ns), cut to it.
    pub clamped_work: u64,
}
