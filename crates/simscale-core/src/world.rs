//! What to simulate, as plain data: the resolved world that a run starts from.

use crate::control::{MathMetric, Metric};
use crate::kernel::{Distribution, SimDuration, SimTime};
use crate::traffic::{Algorithm, Sessions, Stickiness};

mod anomalies;
mod hooks;
mod hosts;
mod machines;
mod maintenance;
mod mixed;
mod places;
mod suspension;
mod warm_pool;

pub use anomalies::{Anomalies, Mitigation};
pub use hooks::{Hook, HookFailure, HookResult, Transition};
pub use hosts::{Hosts, ManagedScaling};
pub use machines::{Machine, Operation, OperationAction, OperationTargets, Strike};
pub use maintenance::{Maintenance, Refresh};
pub use mixed::{InstanceType, Interruptions, Mixed, OnDemandStrategy, SpotPool, SpotStrategy};
pub use places::{Addresses, Agents, Places, Shortage, WhenEmpty};
pub use suspension::{Process, Suspension};
pub use warm_pool::{PoolState, WarmPool};

/// Everything that fixes a run, the workload and the policies aside.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The run covers `[0, duration)`.
    pub duration: SimDuration,
    /// Simulated at the start and left out of statistics and cost; a whole number of metric periods.
    pub lead_in: SimDuration,
    /// Master seed of every stream.
    pub seed: u64,
    /// Kinds of request, with their weights; at least one.
    pub classes: Vec<RequestClass>,
    /// The instance that the group launches.
    pub instance: Instance,
    /// Slots of a shared station that serves wait times, first come first served.
    pub backend_connections: Option<u32>,
    /// A central queue that workers pull from, in place of the balancer.
    pub queue: Option<MessageQueue>,
    /// The load balancer.
    pub balancer: Balancer,
    /// How clients behave.
    pub clients: Clients,
    /// The group that is scaled.
    pub group: Group,
    /// Instances outside the group.
    pub machines: Vec<Machine>,
    /// What stops and starts machines, and when.
    pub operations: Vec<Operation>,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// How the world is measured.
    pub metrics: Metrics,
    /// What was promised.
    pub objectives: Vec<Objective>,
    /// What things cost.
    pub prices: Prices,
    /// The run ends as saturated when more attempts than this are in flight.
    pub in_flight_limit: u64,
}

/// A queue of messages, one a request. Clients wait for nothing: their time-outs, retries, sessions, the balancer and its health checks play no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageQueue {
    /// A message that was received and not deleted for so long can be received again.
    pub visibility_timeout: SimDuration,
    /// Receives of a message before it is a dead letter; at most 255, which is also what `None` means.
    pub max_receives: Option<u32>,
}

/// A kind of request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestClass {
    /// Name in outputs.
    pub name: String,
    /// Share of the arrivals, relative to the other classes.
    pub weight: f64,
    /// CPU time on a reference core.
    pub cpu_time: Distribution,
    /// Time spent waiting for others (I/O); holds a slot, burns no CPU.
    pub wait_time: Distribution,
    /// Share of the CPU time that comes before the wait, in millionths.
    pub cpu_before_ppm: u32,
}

impl RequestClass {
    /// Whether its requests wait for others at all.
    pub(crate) fn waits(&self) -> bool {
        !matches!(self.wait_time, Distribution::Constant { value } if value < 0.5)
    }
}

/// An instance: its processors, what it admits, how it boots.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Virtual processors, 1 to 1024.
    pub vcpus: u32,
    /// Speed of a processor in 1/65536 of a reference core.
    pub speed: u32,
    /// Requests admitted at once; the rest queue.
    pub admitted: u32,
    /// Requests that may queue; more are refused.
    pub queue_limit: u32,
    /// What a refused client sees.
    pub overflow: Overflow,
    /// Memory, when it is modelled.
    pub memory: Option<Memory>,
    /// Boot phases in order; stages never go back.
    pub boot: Vec<BootPhase>,
    /// Slowness after the boot, while caches are cold.
    pub cold: Option<Cold>,
    /// CPU credits of a burstable instance; `None`: its processors are its own.
    pub credits: Option<Credits>,
    /// Size of its volume, GiB: billed as long as the instance exists.
    pub volume_gib: u32,
    /// It has a public address of its own, billed as long as the instance exists.
    pub public_address: bool,
}

/// A CPU credit, a vCPU for a minute, in units of 1/600 ns of a vCPU.
pub const CREDIT: u64 = 36_000_000_000_000;

/// CPU credits of a burstable instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credits {
    /// Baseline of each vCPU in 1/600 of it, 1 to 599.
    pub baseline: u32,
    /// Spends on beyond its balance for a charge, in place of falling to the baseline.
    pub unlimited: bool,
    /// Earned credits of the instances that are there at the start, in units of 1/600 ns of a vCPU.
    pub initial: u64,
    /// Launch credits of every instance, in the same units: spent first, not counted to the limit.
    pub launch: u64,
}

/// How an instance whose queue is full turns a request away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// An answer 503 from the target.
    Answer503,
    /// The connection is refused; the balancer answers 502.
    ConnectionRefused,
}

/// Memory of an instance, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What the instance has.
    pub capacity: u64,
    /// Used by an idle instance.
    pub base: u64,
    /// Used by each request in flight.
    pub per_request: u64,
}

/// Slowness of a fresh instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cold {
    /// The processors run at `1 / factor` of their speed for this long after the boot.
    For {
        /// At least 1.
        factor: f64,
        /// How long.
        time: SimDuration,
    },
    /// The first requests carry `factor` times their work.
    Requests {
        /// At least 1.
        factor: f64,
        /// How many.
        count: u64,
    },
}

/// A part of the boot.
#[derive(Debug, Clone, PartialEq)]
pub struct BootPhase {
    /// Name in outputs.
    pub name: String,
    /// How long it takes.
    pub time: Distribution,
    /// Where in the life of the instance it lies.
    pub stage: BootStage,
    /// Chance that it fails, in millionths.
    pub failure_ppm: u32,
    /// What a failure means.
    pub on_failure: BootFailure,
    /// CPU utilisation while it runs, in millionths; seen by the group's metric in stage `InService`.
    pub cpu_ppm: u32,
}

/// Where a boot phase lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BootStage {
    /// Before the instance runs: not billed.
    Pending,
    /// Billed, not yet in service.
    Running,
    /// In service and registered, while the application does not answer yet.
    InService,
}

/// What becomes of an instance whose boot phase failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootFailure {
    /// It terminates at the end of the phase and is replaced.
    Terminate,
    /// It enters service and never answers.
    NeverReady,
    /// It enters service and answers every request with an error.
    ServesErrors {
        /// CPU time of an error answer.
        error_time: SimDuration,
        /// How long its health check goes on passing, from the end of the boot.
        check_passes_for: SimDuration,
    },
}

/// The load balancer in front of the group.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// How a target is chosen.
    pub algorithm: Algorithm,
    /// How long a deregistered target may finish what it has.
    pub deregistration_delay: SimDuration,
    /// A newly healthy target's share grows over this time; zero for off.
    pub slow_start: SimDuration,
    /// An attempt without an answer for this long is answered 504.
    pub idle_timeout: Option<SimDuration>,
    /// Health checks; without them a target is healthy when its application answers.
    pub health_check: Option<HealthCheck>,
    /// Sessions stay with their target; needs sessions.
    pub stickiness: Option<Stickiness>,
    /// Whether it looks for targets that fail more often than their peers.
    pub anomalies: Option<Anomalies>,
    /// Whether the node of a zone chooses among the targets of all zones, or only of its own.
    pub cross_zone: bool,
    /// Whether all nodes know each other's rotation and outstanding attempts. Without effect when `cross_zone` is off: no two
    /// nodes then share a target.
    pub shared_state: bool,
    /// From when on a zone's healthy targets suffice for DNS to name its node.
    pub dns_minimum: MinimumHealthy,
    /// From when on healthy targets suffice to take all traffic; below, all registered ones do (fail-open).
    pub routing_minimum: MinimumHealthy,
    /// What its capacity units are counted from.
    pub units: CapacityUnits,
}

impl Balancer {
    /// A balancer with this algorithm and every default of an Application Load Balancer, without health checks and time-outs.
    pub fn new(algorithm: Algorithm) -> Self {
        Balancer {
            algorithm,
            deregistration_delay: SimDuration::from_secs(300),
            slow_start: SimDuration::ZERO,
            idle_timeout: None,
            health_check: None,
            stickiness: None,
            anomalies: None,
            cross_zone: true,
            shared_state: false,
            dns_minimum: MinimumHealthy::default(),
            routing_minimum: MinimumHealthy::default(),
            units: CapacityUnits::default(),
        }
    }
}

/// What the balancer's capacity units (LCU) are counted from, beside the attempts themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityUnits {
    /// A unit for an hour, billionths of a US dollar.
    pub hour_nano_usd: u64,
    /// Listener rules that each attempt runs through; ten are free.
    pub rules: u32,
    /// Attempts that a client sends on one connection, at least 1.
    pub requests_per_connection: u32,
    /// How long a connection stays open.
    pub connection_life: SimDuration,
    /// Bytes of a request and of its answer, class by class; empty for no bytes.
    pub sizes: Vec<(u64, u64)>,
}

impl Default for CapacityUnits {
    /// The price of us-east-1; a hundred requests on a connection that lives two minutes.
    fn default() -> Self {
        CapacityUnits {
            hour_nano_usd: 8_000_000,
            rules: 1,
            requests_per_connection: 100,
            connection_life: SimDuration::from_secs(120),
            sizes: Vec::new(),
        }
    }
}

/// How many targets must be healthy; too few are those below either number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumHealthy {
    /// This many; `None` for no such rule.
    pub count: Option<u32>,
    /// This share of the registered ones in percent, 1 to 100; `None` for no such rule.
    pub percent: Option<u32>,
}

impl Default for MinimumHealthy {
    /// One target, as an ALB.
    fn default() -> Self {
        MinimumHealthy { count: Some(1), percent: None }
    }
}

/// Health checks of the balancer: small requests through the target's own queue and CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheck {
    /// From check to check.
    pub interval: SimDuration,
    /// A check answered later than this has failed; below the interval.
    pub timeout: SimDuration,
    /// Successes in a row that make an unhealthy target healthy; a new target needs one.
    pub healthy_threshold: u32,
    /// Failures in a row that make a target unhealthy.
    pub unhealthy_threshold: u32,
    /// CPU time of a check.
    pub cpu_time: SimDuration,
}

/// How clients behave.
#[derive(Debug, Clone, PartialEq)]
pub struct Clients {
    /// A client gives an attempt up after this.
    pub timeout: Option<SimDuration>,
    /// What becomes of the work of an attempt that nobody waits for.
    pub abandoned_work: AbandonedWork,
    /// Retries of failed attempts.
    pub retries: Option<Retries>,
    /// Each arrival is a user with several requests; without sessions each arrival is one request.
    pub sessions: Option<Sessions>,
}

/// The work of an attempt after a client's time-out or a 504.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbandonedWork {
    /// The instance finishes it: what most stacks do.
    Continues,
    /// The instance drops it at once.
    Cancelled,
}

/// Retries with exponential backoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Retries after the first attempt, at most 100.
    pub max: u8,
    /// Pause before the first retry, doubled for each further one.
    pub backoff: SimDuration,
    /// Longest pause.
    pub max_backoff: SimDuration,
    /// Share of the pause that is drawn at random, in millionths: 1,000,000 is "full jitter".
    pub jitter_ppm: u32,
    /// Retries allowed per first attempt, in millionths; `None` for no budget.
    pub budget_ppm: Option<u32>,
    /// Retries that the budget can save up.
    pub budget_burst: u32,
}

/// The group that is scaled.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Smallest size.
    pub min: u32,
    /// Largest size.
    pub max: u32,
    /// Size at the start, all in service and healthy.
    pub desired: u32,
    /// Names of the zones; launches go to the one with the fewest instances.
    pub zones: Vec<String>,
    /// Which instance of the fullest zone goes first: each rule decides among those that the ones before it left; at least one.
    pub termination: Vec<Termination>,
    /// Instances in service are protected from scale-in: the size asked for falls, and nobody goes.
    pub protect_new_instances: bool,
    /// Instances younger than this stay out of the group's metrics (default instance warm-up).
    pub warm_up: SimDuration,
    /// Pause after a scaling activity for simple scaling.
    pub cooldown: SimDuration,
    /// How the group notices broken instances.
    pub health: GroupHealth,
    /// Where launches find room, and what they need.
    pub places: Places,
    /// Work that holds instances between launch and service, or between draining and termination; at most 50.
    pub hooks: Vec<Hook>,
    /// Processes that are suspended for a while.
    pub suspensions: Vec<Suspension>,
    /// Instances that have booted before they are needed.
    pub warm_pool: Option<WarmPool>,
    /// The percentages within which unhealthy instances that run are replaced; `None`: a few at a time, terminated first.
    pub maintenance: Option<Maintenance>,
    /// Instance refreshes.
    pub refreshes: Vec<Refresh>,
    /// New versions of the service, in any order.
    pub deployments: Vec<Deployment>,
    /// Several types, On-Demand and Spot, in place of the one type of the world's instance.
    pub mixed: Option<Mixed>,
    /// Whether zones that differ by two instances and more are evened out.
    pub zone_rebalancing: bool,
    /// Container instances that the tasks of a service need a place on; `None`: tasks need none.
    pub hosts: Option<Hosts>,
}

/// A new version of the service replaces the one that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Name in outputs.
    pub name: String,
    /// When it begins.
    pub at: SimTime,
    /// How.
    pub kind: DeploymentKind,
}

/// How a deployment replaces the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentKind {
    /// A few at a time; see [`rolling_limits`](crate::rolling_limits).
    Rolling {
        /// Share of the desired tasks that must run and be healthy, in percent, rounded up.
        minimum_healthy_percent: u32,
        /// Share of the desired tasks that may run, in percent, rounded down.
        maximum_percent: u32,
        /// From one step to the next.
        every: SimDuration,
    },
    /// As many new tasks as are desired beside the old ones; the traffic shifts all at once, and the old ones leave.
    BlueGreen {
        /// From the begin to the shift.
        duration: SimDuration,
    },
}

/// Which instance of a zone is terminated first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// EC2's default policy: in a mixed group as `AllocationStrategy`; then the oldest configuration, then the one closest to its next billing
    /// hour.
    Default,
    /// Of the purchase option that has too many, the type that fits the allocation strategy least; without mixed types everybody is equal.
    AllocationStrategy,
    /// Another launch template than the present one, then its oldest version.
    OldestLaunchTemplate,
    /// The oldest launch configuration, before everybody with a launch template.
    OldestLaunchConfiguration,
    /// Closest to its next billing hour.
    ClosestToNextInstanceHour,
    /// Launched first.
    OldestInstance,
    /// Launched last.
    NewestInstance,
}

/// The group's own view of health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupHealth {
    /// Whether a target that the balancer calls unhealthy is replaced, or only an instance that stopped running.
    pub follows_balancer: bool,
    /// The balancer's verdict is ignored for so long after the instance entered service.
    pub grace: SimDuration,
    /// How often the group looks.
    pub every: SimDuration,
    /// Unhealthy instances that still run are replaced a tenth of the group at a time.
    pub throttle: bool,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Name in outputs.
    pub name: String,
    /// When.
    pub when: FaultTime,
    /// What.
    pub kind: FaultKind,
    /// To whom.
    pub victims: Victims,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultTime {
    /// Once.
    At(SimTime),
    /// Again and again, at exponential intervals with this mean.
    Every(SimDuration),
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// The instance stops running; its requests end with 502.
    Crash,
    /// The instance stands still for a time: it takes requests and answers none.
    Hang {
        /// How long.
        time: SimDuration,
    },
    /// The processors run at `1 / factor` of their speed for a time.
    SlowDown {
        /// Above 1.
        factor: f64,
        /// How long.
        time: SimDuration,
    },
}

/// Whom a fault strikes, among the instances in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Victims {
    /// So many, drawn at random.
    Count(u32),
    /// All.
    All,
    /// All of the zone with this index.
    Zone(u8),
}

/// How the world is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Length of the period of a row.
    pub period: SimDuration,
    /// From sample to sample of a metric; a multiple of `period`.
    pub resolution: SimDuration,
    /// The same for what EC2 itself publishes of an instance (CPU utilisation): 300 s under basic monitoring; a multiple of `resolution`.
    pub ec2_resolution: SimDuration,
    /// From the end of a sample's time to the moment it can be seen.
    pub publication_delay: SimDuration,
    /// Drawn for each metric and period in place of `publication_delay`.
    pub publication_law: Option<Distribution>,
    /// Chance that a metric's samples of a period never appear, in millionths.
    pub missing_ppm: u32,
    /// What CloudWatch calls a minute: windows of alarms slide by it, actions are repeated after it, and periods below it are of high
    /// resolution.
    pub minute: SimDuration,
    /// How often alarms are evaluated.
    pub alarm_every: SimDuration,
    /// How often alarms of high resolution are evaluated.
    pub fine_alarm_every: SimDuration,
    /// When in its interval an alarm is evaluated.
    pub alarm_phase: AlarmPhase,
    /// The user's own per-instance metrics.
    pub custom: Vec<CustomMetric>,
    /// Expressions over other metrics.
    pub math: Vec<MathMetric>,
}

impl Metrics {
    /// Rows, samples and alarms of this period (its sixth for alarms of high resolution); no delay, nothing missing.
    pub fn every(period: SimDuration) -> Self {
        Metrics {
            period,
            resolution: period,
            ec2_resolution: period,
            publication_delay: SimDuration::ZERO,
            publication_law: None,
            missing_ppm: 0,
            minute: SimDuration::from_secs(60),
            alarm_every: period,
            fine_alarm_every: SimDuration::from_nanos((period.as_nanos() / 6).max(1)),
            alarm_phase: AlarmPhase::Aligned,
            custom: Vec::new(),
            math: Vec::new(),
        }
    }

    /// The name of a metric as users write it.
    pub(crate) fn name(&self, metric: &Metric) -> String {
        let own = match metric {
            Metric::Custom(index) => self.custom.get(usize::from(*index)).map(|custom| &custom.name),
            Metric::Math(index) => self.math.get(usize::from(*index)).map(|math| &math.name),
            _ => None,
        };
        own.map_or_else(|| metric.to_string(), Clone::clone)
    }
}

/// When in its interval an alarm is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmPhase {
    /// At whole multiples of the interval, all alarms at once.
    Aligned,
    /// At a share of the interval drawn for each alarm by its name.
    Random,
}

/// A per-instance metric: `base + per_request_in_flight x mean requests in flight + per_request_rate x requests/s`.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomMetric {
    /// Name.
    pub name: String,
    /// Value of an idle instance.
    pub base: f64,
    /// Added for each request in flight, averaged over the period.
    pub per_request_in_flight: f64,
    /// Added for each request per second.
    pub per_request_rate: f64,
}

/// A promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Name in outputs.
    pub name: String,
    /// What is promised.
    pub kind: ObjectiveKind,
    /// Share of windows (latency) or requests (the others) that may break it, 0 to 1.
    pub allowed_ratio: f64,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveKind {
    /// In every window of arrivals, this share of requests is answered within the limit.
    Latency {
        /// Quantile in millionths: 990,000 is p99.
        quantile_ppm: u32,
        /// The limit.
        below: SimDuration,
        /// Length of a window.
        window: SimDuration,
    },
    /// Requests are answered within the limit.
    GoodRequests {
        /// The limit.
        below: SimDuration,
    },
    /// Requests are answered, however late.
    Availability,
}

/// What things cost, in billionths of a US dollar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    /// An instance, per hour.
    pub instance_hour_nano_usd: u64,
    /// Shortest billed time of an instance.
    pub minimum: SimDuration,
    /// The balancer, per hour.
    pub balancer_hour_nano_usd: u64,
    /// A vCPU-hour of surplus credits.
    pub surplus_vcpu_hour_nano_usd: u64,
    /// A GiB of volume for a month of 730 hours.
    pub volume_gib_month_nano_usd: u64,
    /// A public address, per hour.
    pub address_hour_nano_usd: u64,
    /// Instances that are paid for whether they run or not.
    pub commitment: Option<Commitment>,
}

/// Instances that are paid for over the whole window, used or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    /// How many.
    pub instances: u32,
    /// Each of them, per hour.
    pub hour_nano_usd: u64,
}

/// A metric with its period and statistic, as a policy or an alarm asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricQuery {
    /// Which metric.
    pub metric: Metric,
    /// Over which period; a multiple of the world's resolution.
    pub period: SimDuration,
    /// Which statistic.
    pub statistic: crate::control::Statistic,
}

impl World {
    /// Public addresses that are reserved, in all pools together; `None` when instances have no public address.
    pub(crate) fn reserved_addresses(&self) -> Option<u64> {
        let pools = |a: &Addresses| if a.per_zone { self.group.zones.len().max(1) as u64 } else { 1 };
        let reserved = self.group.places.addresses.map_or(0, |a| pools(&a) * u64::from(a.count));
        self.instance.public_address.then_some(reserved)
    }
}
