//! Random small worlds with every feature, for swarm tests: a seed gives a world, its workload and its policies.

use super::*;

#[path = "random_sessions.rs"]
mod sessions;

/// A small generator of choices (SplitMix64), apart from the streams of the engine.
pub struct Choice(u64);

impl Choice {
    pub fn new(seed: u64) -> Self {
        Choice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// A scenario for the swarm. On the coarse grid every time and work is a multiple of the grid, so that equal instants
/// are common.
#[derive(Debug, Clone)]
pub struct Small {
    pub world: World,
    pub arrivals: Vec<(u64, u64)>,
    pub sizes: Vec<(u64, u32)>,
    pub readers: Vec<Reader>,
    pub watchers: Vec<Watcher>,
    pub joiner: Option<Joiner>,
}

impl Small {
    pub fn workload(&self) -> Workload {
        requests(&self.arrivals)
    }

    pub fn policies(&self) -> Vec<Box<dyn Policy>> {
        let mut all: Vec<Box<dyn Policy>> = vec![Box::new(Sizes { sizes: self.sizes.clone() })];
        all.extend(self.readers.iter().map(|r| Box::new(r.clone()) as Box<dyn Policy>));
        all.extend(self.watchers.iter().map(|w| Box::new(w.clone()) as Box<dyn Policy>));
        all.extend(self.joiner.iter().map(|j| Box::new(j.clone()) as Box<dyn Policy>));
        all
    }
}

/// A policy that looks at regular times and acts on the newest published datapoint of its first metric.
#[derive(Debug, Clone)]
pub struct Reader {
    pub name: String,
    pub queries: Vec<MetricQuery>,
    pub every: SimDuration,
    pub low: f64,
    pub high: f64,
}

impl Policy for Reader {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Needs {
        Needs { metrics: self.queries.clone(), alarms: vec![] }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let every = self.every.as_nanos();
        Some(SimTime::from_nanos((now.as_nanos() / every + 1) * every))
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let Some(newest) = seen.datapoints[0].last() else { return Decision::hold(Reason::NoData) };
        let value = newest.value;
        if value > self.high && seen.warm(seen.group_warm_up) > 0 {
            Decision::desired(
                seen.desired + 1,
                Reason::AboveThreshold { value: 0.0, threshold: self.high, change: 1 },
            )
        } else if value < self.low && !seen.activity_in_progress {
            let reason = Reason::BelowThreshold { value: 0.0, threshold: self.low, change: -1 };
            Decision::desired(seen.desired.saturating_sub(1), reason)
        } else {
            Decision::hold(Reason::OnTarget)
        }
    }
}

/// A policy that acts when its alarms ring: the first calls for more, the others for less; it can block the others.
#[derive(Debug, Clone)]
pub struct Watcher {
    pub name: String,
    pub alarms: Vec<AlarmSpec>,
    pub step: u32,
    pub tracker: bool,
    pub blocks: bool,
}

impl Policy for Watcher {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Needs {
        let metrics = self.alarms.iter().take(1).map(|a| a.query.clone()).collect();
        Needs { metrics, alarms: self.alarms.clone() }
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let reason = |wanted| match self.tracker {
            true => Reason::TargetTracking { value: 0.0, target: 1.0, capacity: seen.in_service(), wanted },
            false => Reason::Adjustment { value: None, base: seen.desired, change: 0 },
        };
        match seen.trigger {
            Trigger::Alarm(0) => Decision::desired(seen.desired + self.step, reason(1)),
            Trigger::Alarm(_) if seen.last_scale_in.is_none_or(|a| a.end.is_some()) => {
                Decision::desired(seen.desired.saturating_sub(self.step), reason(2))
            }
            _ if self.blocks => {
                Decision::hold_and_block_scale_in(Reason::WarmingUp { instances: seen.booting })
            }
            _ => Decision::hold(Reason::NoChange),
        }
    }
}

/// A metric, with a value of it that small worlds cross. What depends on a histogram is only asked whether it exists.
fn metric(c: &mut Choice) -> (Metric, f64) {
    match c.one_of(&[0, 1, 2, 3, 4, 5, 6, 7, 0, 3]) {
        0 => (Metric::CpuUtilization, 20.123_457 + c.below(60) as f64),
        1 => (Metric::MemoryUtilization, 10.123_457 + c.below(60) as f64),
        2 => (Metric::RequestCountPerTarget, 0.123_457 + c.below(20) as f64),
        3 => (Metric::InFlight, 0.023_457 + c.below(30) as f64 / 10.0),
        4 => (Metric::QueueLength, 0.003_457 + c.below(20) as f64 / 10.0),
        5 => (Metric::BacklogPerInstance, 0.103_457 + c.below(3) as f64),
        6 => (Metric::ResponseTime(c.one_of(&[500_000, 990_000])), 0.0),
        _ => (Metric::Custom(0), 3.123_457 + c.below(20) as f64),
    }
}

fn query(c: &mut Choice, metric: Metric, period: SimDuration) -> MetricQuery {
    let statistic = c.one_of(&[
        Statistic::Average,
        Statistic::Average,
        Statistic::Sum,
        Statistic::Minimum,
        Statistic::Maximum,
    ]);
    MetricQuery { metric, period: SimDuration::from_nanos(period.as_nanos() * c.between(1, 3)), statistic }
}

/// Policies that act on what is measured, on a world that is measured with delay and gaps.
fn steer(c: &mut Choice, small: &mut Small) {
    let w = &mut small.world;
    let base = w.metrics.period;
    w.metrics.publication_delay =
        SimDuration::from_nanos(c.one_of(&[0, 0, 1, 300_000_000, 1_000_000_000, 2_500_000_000]));
    w.metrics.missing_ppm = c.one_of(&[0, 0, 200_000, 600_000]);
    w.metrics.alarm_every = SimDuration::from_nanos(c.one_of(&[500_000_000, 1_000_000_000, 1_300_000_000]));
    w.group.warm_up = SimDuration::from_nanos(c.one_of(&[0, 0, 1_000_000_000, 3_000_000_000]));
    w.metrics.custom = vec![CustomMetric {
        name: "own".into(),
        base: 2.0,
        per_request_in_flight: 1.5,
        per_request_rate: 0.25,
    }];
    for i in 0..c.below(3) {
        let (first, at) = metric(c);
        let mut queries = vec![query(c, first, base)];
        for _ in 0..c.below(3) {
            let (more, _) = metric(c);
            queries.push(query(c, more, base));
        }
        let every = SimDuration::from_nanos(c.one_of(&[700_000_000, 1_000_000_000, 2_000_000_000]));
        small.readers.push(Reader { name: format!("reader {i}"), queries, every, low: at * 0.37, high: at });
    }
    for i in 0..c.below(3) {
        let alarms = (0..c.between(1, 3)).map(|k| alarm(c, k, base)).collect();
        let (step, tracker, blocks) = (c.between(1, 2) as u32, c.chance(50), c.chance(30));
        small.watchers.push(Watcher { name: format!("watcher {i}"), alarms, step, tracker, blocks });
    }
}

fn alarm(c: &mut Choice, number: u64, base: SimDuration) -> AlarmSpec {
    let (metric, at) = metric(c);
    let query = query(c, metric, base);
    let evaluation_periods = c.between(1, 4) as u32;
    AlarmSpec {
        name: format!("alarm {number}"),
        query,
        comparison: if number == 0 {
            Comparison::GreaterThanThreshold
        } else {
            c.one_of(&[Comparison::LessThanThreshold, Comparison::LessThanOrEqualToThreshold])
        },
        threshold: if number == 0 { at } else { at * 0.41 },
        evaluation_periods,
        datapoints_to_alarm: c.between(1, u64::from(evaluation_periods)) as u32,
        missing_data: c.one_of(&[
            MissingData::Missing,
            MissingData::Ignore,
            MissingData::Breaching,
            MissingData::NotBreaching,
        ]),
        window: Window::Sliding,
        low_samples: LowSamples::Evaluate,
    }
}

/// What the group's own rules add: protection, hooks, throttled replacements, suspended processes.
fn guard(c: &mut Choice, small: &mut Small) {
    let group = &mut small.world.group;
    group.protect_new_instances = c.chance(15);
    if c.chance(30) {
        group.termination = vec![Termination::Default];
    }
    group.health.throttle = c.chance(70);
    let second = 1_000_000_000;
    for _ in 0..[0, 0, 0, 1, 2][c.below(5) as usize] {
        let from = c.below(100) * 100_000_000;
        group.suspensions.push(Suspension {
            process: c.one_of(&[
                Process::Launch,
                Process::Terminate,
                Process::AlarmNotification,
                Process::HealthCheck,
                Process::ReplaceUnhealthy,
                Process::ScheduledActions,
                Process::AddToLoadBalancer,
            ]),
            from: SimTime::from_nanos(from),
            to: SimTime::from_nanos(from + c.between(1, 80) * 100_000_000),
        });
    }
    for i in 0..[0, 0, 0, 1, 2, 3][c.below(6) as usize] {
        // Multiples of every coarse grid, so that hooks end when something else happens.
        let time = |c: &mut Choice| SimDuration::from_nanos(c.below(60) * 50_000_000);
        group.hooks.push(Hook {
            name: format!("hook {i}"),
            transition: c.one_of(&[Transition::Launching, Transition::Terminating]),
            time: Distribution::Constant { value: time(c).as_nanos() as f64 },
            heartbeat_timeout: SimDuration::from_nanos(c.one_of(&[second, 2 * second, 1_500_000_001])),
            default_result: c.one_of(&[HookResult::Continue, HookResult::Abandon]),
            failure_ppm: c.one_of(&[0, 0, 300_000]),
            on_failure: c.one_of(&[HookFailure::Abandon, HookFailure::Silence]),
            heartbeats: c.chance(50).then(|| SimDuration::from_nanos(second * c.between(1, 3) / 2)),
        });
    }
}

/// A policy that asks for given sizes at given times.
struct Sizes {
    sizes: Vec<(u64, u32)>,
}

impl Policy for Sizes {
    fn name(&self) -> &str {
        "sizes"
    }

    fn needs(&self) -> Needs {
        let query = MetricQuery {
            metric: Metric::CpuUtilization,
            period: SimDuration::from_secs(2),
            statistic: Statistic::Average,
        };
        Needs { metrics: vec![query], alarms: vec![] }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        self.sizes.iter().map(|s| SimTime::from_nanos(s.0)).find(|&t| t > now)
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let size = self.sizes.iter().find(|s| s.0 == seen.now.as_nanos()).map_or(seen.desired, |s| s.1);
        let mut decision = Decision::desired(size, Reason::Fixed);
        decision.raw = size % 5 == 4;
        decision.bounds = (size == 3).then_some((2, 6));
        if size == 2 {
            decision = Decision::hold(Reason::Schedule { entry: "bounds".into() });
            decision.bounds = Some((3, 5));
        }
        decision
    }
}

/// Nodes that know their own zone only, or each other, and thresholds of target-group health.
fn spread(c: &mut Choice, w: &mut World) {
    w.instance.overflow = c.one_of(&[Overflow::Answer503, Overflow::ConnectionRefused]);
    let b = &mut w.balancer;
    b.cross_zone = c.chance(60);
    b.shared_state = c.chance(20);
    let minimum = |c: &mut Choice| MinimumHealthy {
        count: c.one_of(&[None, Some(1), Some(1), Some(2), Some(3)]),
        percent: c.one_of(&[None, None, Some(50), Some(100), Some(34)]),
    };
    b.dns_minimum = minimum(c);
    b.routing_minimum = minimum(c);
    b.units = CapacityUnits {
        hour_nano_usd: 8_000_000_000,
        rules: c.one_of(&[1, 10, 60]),
        requests_per_connection: c.one_of(&[1, 3, 100]),
        connection_life: SimDuration::from_millis(c.below(100_000)),
        sizes: [(200, 20_000_000), (7, 1)][..c.below(3) as usize].to_vec(),
    };
}

pub fn random(seed: u64) -> Small {
    let c = &mut Choice::new(seed);
    let coarse = seed.is_multiple_of(2);
    let grid = if coarse { c.one_of(&[1_000_000, 5_000_000, 50_000_000]) } else { 1 };
    let snap = |ns: u64| (ns / grid * grid).max(grid);
    let span = c.between(4, 20) * 1_000_000_000;
    let mut w = world(SimDuration::from_nanos(span), c.next());
    w.metrics = Metrics::every(SimDuration::from_millis(c.one_of(&[1000, 2000, 500, 200])));
    w.lead_in = SimDuration::from_nanos(w.metrics.period.as_nanos() * c.below(2));
    w.metrics.alarm_every = SimDuration::from_secs(1);
    let time = |c: &mut Choice, low: u64, high: u64| SimDuration::from_nanos(snap(c.between(low, high)));
    let (ms, s) = (1_000_000, 1_000_000_000);

    w.instance.vcpus = c.between(1, 4) as u32;
    w.instance.speed = c.one_of(&[65_536, 65_536, 6_554, 50_000, 131_072, 99_991, 655, 6_553_600]);
    w.instance.admitted = c.one_of(&[1, 2, 3, 8, 50]);
    w.instance.queue_limit = c.one_of(&[0, 1, 5, 100]);
    let waits = c.chance(40);
    w.classes = (0..c.between(1, 2))
        .map(|i| {
            let mut class = class(Distribution::Constant { value: 1e7 });
            class.weight = 1.0 + i as f64;
            class.cpu_before_ppm = c.one_of(&[1_000_000, 500_000, 0, 333_333]);
            if waits {
                let value = snap(c.between(1, 200 * ms)) as f64;
                let law = [Distribution::Constant { value }, Distribution::Exponential { mean: value }];
                class.wait_time = law[usize::from(!coarse && c.chance(50))].clone();
            }
            class
        })
        .collect();
    if waits && c.chance(50) {
        w.backend_connections = Some(c.between(1, 5) as u32);
    }
    if c.chance(20) {
        w.instance.memory = Some(Memory { capacity: 100, base: 10, per_request: c.between(2, 20) });
    }
    w.instance.boot = (0..c.below(4))
        .map(|i| BootPhase {
            name: format!("phase {i}"),
            time: Distribution::Constant {
                value: snap(c.between(0, 2 * s)) as f64 * f64::from(u8::from(c.chance(80))),
            },
            stage: [BootStage::Pending, BootStage::Running, BootStage::InService][i.min(2) as usize],
            failure_ppm: c.one_of(&[0, 0, 300_000]),
            on_failure: match c.below(3) {
                0 => BootFailure::Terminate,
                1 => BootFailure::NeverReady,
                _ => BootFailure::ServesErrors {
                    error_time: time(c, 1, 20 * ms),
                    check_passes_for: time(c, 1, 5 * s),
                },
            },
            cpu_ppm: 500_000,
        })
        .collect();
    w.instance.cold = match c.below(4) {
        0 => Some(Cold::For { factor: 3.0, time: time(c, 1, 3 * s) }),
        1 => Some(Cold::Requests { factor: 2.5, count: c.between(1, 10) }),
        _ => None,
    };
    w.balancer.algorithm = c.one_of(&[
        Algorithm::RoundRobin,
        Algorithm::LeastOutstandingRequests,
        Algorithm::LeastOutstandingRequests,
        Algorithm::WeightedRandom,
        Algorithm::PowerOfD { d: 2 },
        Algorithm::PowerOfD { d: 3 },
    ]);
    w.balancer.deregistration_delay = time(c, 1, 3 * s);
    if c.chance(30) && w.balancer.algorithm == Algorithm::RoundRobin {
        w.balancer.slow_start = time(c, s, 4 * s);
    }
    if c.chance(50) {
        w.balancer.health_check = Some(HealthCheck {
            interval: time(c, 500 * ms, 2 * s),
            timeout: time(c, 20 * ms, 400 * ms),
            healthy_threshold: 2,
            unhealthy_threshold: c.between(1, 2) as u32,
            cpu_time: time(c, 1, 20 * ms),
        });
    }
    if c.chance(30) {
        w.balancer.idle_timeout = Some(time(c, 50 * ms, s));
    }
    if c.chance(50) {
        w.clients.timeout = Some(time(c, 20 * ms, s));
        w.clients.abandoned_work = c.one_of(&[AbandonedWork::Continues, AbandonedWork::Cancelled]);
    }
    if c.chance(50) {
        w.clients.retries = Some(Retries {
            max: c.between(1, 3) as u8,
            backoff: SimDuration::from_nanos(c.one_of(&[1, grid, 50 * ms])),
            max_backoff: SimDuration::from_nanos(s),
            jitter_ppm: c.one_of(&[0, 500_000, 1_000_000]),
            budget_ppm: c.one_of(&[None, Some(100_000)]),
            budget_burst: 3,
        });
    }
    fleet(&mut w, c.between(1, 5) as u32);
    (w.group.min, w.group.max) = (c.below(2) as u32, 8);
    w.group.zones = ["a", "b", "c"][..c.between(1, 3) as usize].iter().map(ToString::to_string).collect();
    w.group.termination = vec![c.one_of(&[
        Termination::OldestInstance,
        Termination::NewestInstance,
        Termination::ClosestToNextInstanceHour,
    ])];
    w.group.health.follows_balancer = c.chance(30);
    w.group.health.every = time(c, s, 3 * s);
    w.group.health.grace = time(c, 1, 3 * s);
    for i in 0..c.below(3) {
        let kind = match c.below(3) {
            0 => FaultKind::Crash,
            1 => FaultKind::Hang { time: time(c, 1, 3 * s) },
            _ => FaultKind::SlowDown { factor: c.one_of(&[2.0, 7.5]), time: time(c, 1, 3 * s) },
        };
        let when = if c.chance(70) {
            FaultTime::At(SimTime::from_nanos(snap(c.below(span))))
        } else {
            FaultTime::Every(SimDuration::from_secs(4))
        };
        let victims = match c.below(3) {
            0 => Victims::All,
            1 => Victims::Zone(0),
            _ => Victims::Count(1),
        };
        w.faults.push(Fault { name: format!("fault {i}"), when, kind, victims });
    }
    w.objectives = vec![
        Objective {
            name: "fast".into(),
            kind: ObjectiveKind::Latency {
                quantile_ppm: c.one_of(&[500_000, 900_000, 990_000]),
                below: time(c, 5 * ms, 500 * ms),
                window: w.metrics.period,
            },
            allowed_ratio: 0.1,
        },
        Objective {
            name: "good".into(),
            kind: ObjectiveKind::GoodRequests { below: time(c, ms, s) },
            allowed_ratio: 0.1,
        },
        Objective { name: "there".into(), kind: ObjectiveKind::Availability, allowed_ratio: 0.0 },
    ];
    if c.chance(10) {
        w.in_flight_limit = c.between(3, 30);
    }
    let n = c.between(1, 600);
    let mean_work = c.one_of(&[5 * ms, 20 * ms, 80 * ms]);
    let mut arrivals: Vec<(u64, u64)> =
        (0..n).map(|_| (c.below(span) / grid * grid, snap(c.between(1, 2 * mean_work)))).collect();
    arrivals.sort_unstable();
    let mut sizes: Vec<(u64, u32)> =
        (0..c.below(8)).map(|_| (snap(c.below(span)), c.between(0, 8) as u32)).collect();
    sizes.sort_unstable();
    sizes.dedup_by_key(|s| s.0);
    let mut small =
        Small { world: w, arrivals, sizes, readers: Vec::new(), watchers: Vec::new(), joiner: None };
    steer(c, &mut small);
    spread(&mut Choice::new(seed ^ 0x616c_6221), &mut small.world);
    sessions::add(&mut Choice::new(seed ^ 0x5e55_1011), &mut small, grid);
    guard(&mut Choice::new(seed ^ 0x11fe), &mut small);
    super::random_metrics::cloudwatch(&mut Choice::new(seed ^ 0xc10d_3a7c_0000_0000), &mut small);
    places(&mut Choice::new(seed ^ 0x9_1ace5), &mut small.world, span, grid);
    deploy(&mut Choice::new(seed ^ 0xdeb107), &mut small.world, span, grid);
    small.joiner = join(&mut Choice::new(seed ^ 0x0701_1c1e5), span, grid);
    burst(&mut Choice::new(seed ^ 0x6372_6564), &mut small);
    bill(&mut Choice::new(seed ^ 0x6269_6c6c), &mut small.world);
    queue(&mut Choice::new(seed ^ 0x0009_ae0e), &mut small, span, grid);
    machines(&mut Choice::new(seed ^ 0x03ac_417e), &mut small.world, span, grid);
    super::random_balancer::watch(&mut Choice::new(seed ^ 0x0a1b_3e7a), &mut small);
    super::random_mixed::add(&mut Choice::new(seed ^ 0x0a1_10ca7e), &mut small, span, grid);
    warm_pool(&mut Choice::new(seed ^ 0x3a23_9001), &mut small.world, grid);
    super::random_balancer::anomalies(&mut Choice::new(seed ^ 0x0a70_3a17), &mut small, grid);
    maintenance(&mut Choice::new(seed ^ 0x3a13_7e4a), &mut small.world, span, grid);
    super::random_hosts::add(&mut Choice::new(seed ^ 0x0a05_7a5c), &mut small.world, grid);
    small
}

/// A policy that sets sizes whatever the bounds, and joins the decisions of others with a floor below which they may not scale in.
#[derive(Debug, Clone)]
pub struct Joiner {
    pub sizes: Vec<(u64, u32)>,
    pub floor: Option<u32>,
}

impl Policy for Joiner {
    fn name(&self) -> &str {
        "joiner"
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        self.sizes.iter().map(|s| SimTime::from_nanos(s.0)).find(|&t| t > now)
    }

    fn joins(&self) -> bool {
        self.floor.is_some()
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let size = self.sizes.iter().find(|s| s.0 == seen.now.as_nanos()).map(|s| s.1);
        let decision = match size {
            Some(desired) => Decision::desired(desired, Reason::Manual { desired }),
            None => Decision::hold(Reason::NoChange),
        };
        Decision { unbounded: size.is_some(), floor: self.floor, ..decision }
    }
}

/// Rolling updates and blue/green deployments, sometimes one over the other.
fn deploy(c: &mut Choice, w: &mut World, span: u64, grid: u64) {
    let snap = |ns: u64| (ns / grid * grid).max(grid);
    if !c.chance(35) {
        return;
    }
    for number in 0..c.between(1, 3) {
        let kind = match c.chance(50) {
            true => {
                let minimum_healthy_percent = c.one_of(&[0, 50, 75, 100]);
                let maximum_percent = c.one_of(&[100, 125, 150, 200]).max(minimum_healthy_percent);
                let every = SimDuration::from_nanos(snap(c.one_of(&[50, 200, 1000, 3000]) * 1_000_000));
                DeploymentKind::Rolling { minimum_healthy_percent, maximum_percent, every }
            }
            false => DeploymentKind::BlueGreen { duration: SimDuration::from_nanos(snap(c.below(span / 2))) },
        };
        let (name, at) = (format!("deployment {number}"), SimTime::from_nanos(snap(c.below(span))));
        w.group.deployments.push(Deployment { name, at, kind });
    }
}

fn join(c: &mut Choice, span: u64, grid: u64) -> Option<Joiner> {
    if !c.chance(30) {
        return None;
    }
    let mut sizes: Vec<(u64, u32)> =
        (0..c.below(4)).map(|_| ((c.below(span) / grid * grid).max(grid), c.between(0, 9) as u32)).collect();
    sizes.sort_unstable();
    sizes.dedup_by_key(|s| s.0);
    Some(Joiner { sizes, floor: c.chance(60).then(|| c.between(1, 6) as u32) })
}

/// Standalone machines, and operations on them and on the group.
fn machines(c: &mut Choice, w: &mut World, span: u64, grid: u64) {
    if c.chance(60) {
        return;
    }
    let zones = w.group.zones.len() as u64;
    w.machines = (0..c.between(1, 3))
        .map(|i| Machine {
            name: format!("machine {i}"),
            vcpus: c.between(1, 3) as u32,
            hour_nano_usd: c.one_of(&[50_000_000, 96_000_000]),
            zone: c.below(zones) as u8,
            running: c.chance(60),
            registered: c.chance(80),
        })
        .collect();
    if w.instance.credits.is_some() {
        w.machines.iter_mut().for_each(|m| m.vcpus = w.instance.vcpus);
    }
    let count = w.machines.len() as u64;
    w.operations = (0..c.between(1, 3))
        .map(|i| {
            let mut strikes: Vec<Strike> = (0..c.between(1, 4))
                .map(|_| Strike {
                    at: SimTime::from_nanos((c.below(span) / grid * grid).max(grid)),
                    late: SimDuration::from_millis(c.below(900)),
                })
                .collect();
            strikes.sort_unstable_by_key(|s| s.at);
            strikes.dedup_by_key(|s| s.at);
            let group = c.chance(20);
            Operation {
                name: format!("operation {i}"),
                strikes,
                action: if group || c.chance(50) { OperationAction::Stop } else { OperationAction::Start },
                targets: if group {
                    OperationTargets::Group
                } else {
                    OperationTargets::Machines((0..count as u32).collect())
                },
                except: (0..count as u32).filter(|_| c.chance(20)).collect(),
            }
        })
        .collect();
}

/// Percentages for replacements, and instance refreshes, where no deployment brings versions.
fn maintenance(c: &mut Choice, w: &mut World, span: u64, grid: u64) {
    if !w.group.deployments.is_empty() {
        return;
    }
    let percent = |c: &mut Choice| Maintenance {
        min_healthy_percent: c.one_of(&[0, 50, 90, 100]),
        max_healthy_percent: c.one_of(&[100, 110, 150, 200]),
    };
    if c.chance(30) {
        w.group.maintenance = Some(percent(c));
    }
    for number in 0..[0, 0, 0, 1, 1, 2][c.below(6) as usize] {
        w.group.refreshes.push(Refresh {
            name: format!("refresh {number}"),
            at: SimTime::from_nanos((c.below(span) / grid * grid).max(grid)),
            percent: percent(c),
            warm_up: SimDuration::from_nanos(c.below(2_000_000_000) / grid * grid),
        });
    }
}

/// A warm pool, where no deployment brings versions.
fn warm_pool(c: &mut Choice, w: &mut World, grid: u64) {
    if !c.chance(30) || !w.group.deployments.is_empty() || w.group.mixed.is_some() {
        return;
    }
    let time = (c.below(3_000_000_000) / grid * grid) as f64;
    w.group.warm_pool = Some(WarmPool {
        min_size: c.one_of(&[0, 0, 1, 2, 4]),
        max_prepared: c.one_of(&[None, Some(0), Some(3), Some(5), Some(9)]),
        state: c.one_of(&[PoolState::Stopped, PoolState::Running, PoolState::Hibernated]),
        reuse: c.chance(60),
        start_time: match c.below(3) {
            0 => Distribution::Uniform { low: 0.0, high: time },
            _ => Distribution::Constant { value: time },
        },
    });
}

/// Zones without capacity, pools of addresses, agents.
fn places(c: &mut Choice, w: &mut World, span: u64, grid: u64) {
    let s = 1_000_000_000;
    let snap = |ns: u64| (ns / grid * grid).max(grid);
    let zones = w.group.zones.len() as u64;
    w.group.places.retry = SimDuration::from_nanos(snap(c.between(s / 2, 3 * s)));
    if c.chance(40) {
        w.group.places.shortages = (0..c.between(1, 4))
            .map(|_| {
                let from = snap(c.below(span));
                let to = snap(from + c.between(s, 8 * s));
                Shortage {
                    zone: c.below(zones) as u8,
                    from: SimTime::from_nanos(from),
                    to: SimTime::from_nanos(to),
                }
            })
            .collect();
    }
    if c.chance(40) {
        w.group.places.addresses = Some(Addresses {
            per_zone: c.chance(50),
            count: c.between(1, 5) as u32,
            when_empty: c.one_of(&[WhenEmpty::Fail, WhenEmpty::Ephemeral]),
        });
    }
    if c.chance(40) {
        let law = |c: &mut Choice, high: u64| match c.below(3) {
            0 => Distribution::Uniform { low: 0.0, high: high as f64 },
            _ => Distribution::Constant { value: snap(c.below(high)) as f64 },
        };
        w.group.places.agents = Some(Agents { login_time: law(c, 2 * s), seen_stopped_after: law(c, 5 * s) });
    }
}

/// What else stands on the bill.
fn bill(c: &mut Choice, w: &mut World) {
    w.instance.volume_gib = c.one_of(&[0, 0, 1, 30, 16_384]);
    w.instance.public_address = c.chance(50);
    if c.chance(50) {
        let (instances, hour_nano_usd) = (c.below(5) as u32, c.one_of(&[0, 60_000_001]));
        w.prices.commitment = Some(Commitment { instances, hour_nano_usd });
    }
}

/// CPU credits, few enough to run out; some worlds go on for so long that the books reach their minutes, steps and limits.
fn burst(c: &mut Choice, small: &mut Small) {
    if !c.chance(25) {
        return;
    }
    let second = CREDIT / 60;
    let unlimited = c.chance(30);
    small.world.instance.credits = Some(Credits {
        baseline: c.one_of(&[1, 30, 60, 135, 300, 599]),
        unlimited,
        initial: c.one_of(&[0, second / 7, second, 3 * second]),
        launch: c.one_of(&[0, 0, second / 3, 2 * second]),
    });
    if let (Some(reader), true) = (small.readers.first_mut(), c.chance(60)) {
        reader.queries[0].metric = Metric::CpuCreditBalance;
        (reader.low, reader.high) = (0.003_457, 0.010_123);
    }
    if c.chance(if unlimited { 10 } else { 3 }) {
        let (stretch, heavier) = (c.between(20, 50), c.one_of(&[1, 20, 100]));
        let old = small.world.duration.as_nanos();
        small.world.duration = SimDuration::from_nanos(old.max(8_000_000_000) * stretch);
        for (at, work) in &mut small.arrivals {
            (*at, *work) = (*at * stretch, *work * heavier);
        }
        if unlimited && c.chance(50) {
            // Hardly anything is earned and everything is busy: a day's earning is spent within minutes.
            small.world.instance.vcpus = 1;
            small.world.instance.credits = Some(Credits { baseline: 1, unlimited, initial: 0, launch: 0 });
            small.arrivals.iter_mut().for_each(|a| a.1 = 5_000_000_000);
        }
    }
}

/// A central queue in place of the balancer, in one world of ten; its metrics are read.
fn queue(c: &mut Choice, small: &mut Small, span: u64, grid: u64) {
    let w = &mut small.world;
    if !c.chance(10) || w.clients.sessions.is_some() {
        return;
    }
    let timeout = (c.between(span / 200, span / 4) / grid * grid).max(grid);
    w.queue = Some(MessageQueue {
        visibility_timeout: SimDuration::from_nanos(timeout),
        max_receives: c.chance(50).then(|| c.between(1, 4) as u32),
    });
    w.instance.admitted = c.between(1, 5) as u32;
    w.instance.queue_limit = 0;
    let drain = w.balancer.deregistration_delay;
    w.balancer = Balancer { deregistration_delay: drain, ..Balancer::new(Algorithm::RoundRobin) };
    let metrics =
        [Metric::QueueVisible, Metric::QueueInFlight, Metric::OldestMessageAge, Metric::BacklogPerInstance];
    for query in small.readers.iter_mut().flat_map(|r| &mut r.queries) {
        if c.chance(50) {
            query.metric = metrics[c.below(4) as usize].clone();
        }
    }
    for alarm in small.watchers.iter_mut().flat_map(|w| &mut w.alarms) {
        if c.chance(30) {
            alarm.query.metric = metrics[c.below(4) as usize].clone();
        }
    }
}
