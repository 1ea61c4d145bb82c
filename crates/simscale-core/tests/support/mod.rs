//! A small world to start from, and what tests read off a run.
#![allow(dead_code)]

pub mod random_balancer;
pub mod random_hosts;
pub mod random_metrics;
pub mod random_mixed;
pub mod random_world;

use simscale_core::*;

pub const MS: f64 = 1e6;
pub const S: f64 = 1e9;

pub fn secs(s: u64) -> SimDuration {
    SimDuration::from_secs(s)
}

pub fn millis(ms: u64) -> SimDuration {
    SimDuration::from_millis(ms)
}

pub fn at(s: u64) -> SimTime {
    SimTime::from_nanos(s * 1_000_000_000)
}

/// One instance with one processor, first come first served without a limit, served at once by round robin.
pub fn world(duration: SimDuration, seed: u64) -> World {
    World {
        duration,
        lead_in: SimDuration::ZERO,
        seed,
        classes: vec![class(Distribution::Exponential { mean: S })],
        instance: Instance {
            vcpus: 1,
            speed: 65_536,
            admitted: 1,
            queue_limit: 1_000_000,
            overflow: Overflow::Answer503,
            memory: None,
            boot: vec![phase("boot", Distribution::Constant { value: 60.0 * S }, BootStage::Running)],
            cold: None,
            credits: None,
            volume_gib: 0,
            public_address: false,
        },
        backend_connections: None,
        queue: None,
        balancer: Balancer::new(Algorithm::RoundRobin),
        clients: Clients {
            timeout: None,
            abandoned_work: AbandonedWork::Continues,
            retries: None,
            sessions: None,
        },
        group: Group {
            min: 1,
            max: 1,
            desired: 1,
            zones: vec!["a".into()],
            termination: vec![Termination::NewestInstance],
            protect_new_instances: false,
            warm_up: SimDuration::ZERO,
            cooldown: secs(300),
            health: GroupHealth {
                follows_balancer: false,
                grace: secs(300),
                every: secs(60),
                throttle: true,
            },
            places: Places::default(),
            hooks: Vec::new(),
            suspensions: Vec::new(),
            deployments: Vec::new(),
            mixed: None,
            warm_pool: None,
            maintenance: None,
            refreshes: Vec::new(),
            zone_rebalancing: false,
            hosts: None,
        },
        machines: Vec::new(),
        operations: Vec::new(),
        faults: Vec::new(),
        metrics: Metrics::every(secs(60)),
        objectives: Vec::new(),
        prices: Prices {
            instance_hour_nano_usd: 96_000_000,
            minimum: secs(60),
            balancer_hour_nano_usd: 22_500_000,
            surplus_vcpu_hour_nano_usd: 50_000_000,
            volume_gib_month_nano_usd: 80_000_000,
            address_hour_nano_usd: 5_000_000,
            commitment: None,
        },
        in_flight_limit: 1_000_000,
    }
}

pub fn class(cpu_time: Distribution) -> RequestClass {
    RequestClass {
        name: "all".into(),
        weight: 1.0,
        cpu_time,
        wait_time: Distribution::Constant { value: 0.0 },
        cpu_before_ppm: 1_000_000,
    }
}

pub fn phase(name: &str, time: Distribution, stage: BootStage) -> BootPhase {
    BootPhase {
        name: name.into(),
        time,
        stage,
        failure_ppm: 0,
        on_failure: BootFailure::Terminate,
        cpu_ppm: 0,
    }
}

pub fn fleet(world: &mut World, n: u32) {
    (world.group.min, world.group.max, world.group.desired) = (n, n, n);
}

pub fn poisson(rate: f64) -> Workload {
    Workload::Generated { curve: Curve::Constant(rate), process: ArrivalProcess::Poisson }
}

pub fn evenly(rate: f64) -> Workload {
    Workload::Generated { curve: Curve::Constant(rate), process: ArrivalProcess::EvenlySpaced }
}

/// Single requests at these times with this work, in nanoseconds.
pub fn requests(list: &[(u64, u64)]) -> Workload {
    let rows: Vec<TraceRow> = list
        .iter()
        .map(|&(at, work)| TraceRow::Request {
            at: SimTime::from_nanos(at),
            work: Some(SimDuration::from_nanos(work)),
        })
        .collect();
    Workload::Trace {
        rows: Box::new(rows.into_iter()),
        offset: SimTime::ZERO,
        scale: 1.0,
        spread: Spread::Uniform,
        process: ArrivalProcess::Poisson,
    }
}

/// Keeps all rows.
#[derive(Default)]
pub struct Keep {
    pub periods: Vec<PeriodRow>,
    pub activities: Vec<ActivityRow>,
    pub instances: Vec<InstanceRow>,
}

impl Sink for Keep {
    fn period(&mut self, row: &PeriodRow) {
        self.periods.push(row.clone());
    }
    fn activity(&mut self, row: &ActivityRow) {
        self.activities.push(row.clone());
    }
    fn instance(&mut self, row: &InstanceRow) {
        self.instances.push(row.clone());
    }
}

pub fn simulate(world: World, workload: Workload) -> (RunResult, Keep) {
    steer(world, workload, Vec::new())
}

pub fn steer(world: World, workload: Workload, policies: Vec<Box<dyn Policy>>) -> (RunResult, Keep) {
    let mut keep = Keep::default();
    let result = run(world, workload, policies, &mut keep).expect("no law broke");
    (result, keep)
}

pub fn mean_response(result: &RunResult) -> f64 {
    result.response_time.sum_ns as f64 / result.response_time.count as f64 / 1e9
}
