//! From the scenario to the engine: every table arrives as the value that it means.

use simscale::Scenario;
use simscale::engine::{
    AbandonedWork, AfterFailure, AlarmPhase, Algorithm, ArrivalProcess, BootFailure, BootStage, Cold,
    CookieKind, Curve, Distribution, FaultKind, FaultTime, Metric, ObjectiveKind, Overflow, SessionRequests,
    SimDuration, SimTime, Spread, Statistic, Termination, TraceRow, Victims, Workload,
};

const WIDE: &str = r#"
schema = 1
name = "wide"
[simulation]
duration = "2h"
lead_in = "10m"
seed = 7
start = "2026-03-07T18:30:00Z"          # a Saturday; 19:30 in Berlin
time_zone = "Europe/Berlin"
in_flight_limit = 5000
[workload]
arrivals = { gamma = { cv = 2.0 } }
[[workload.sum]]
weekly = { mean = "120/min", peak_to_trough = 3.0, peak_at = "20:00", weights = { sunday = 0.25 } }
[[workload.sum]]
scaled = { factor = 2.0, load = { flash_crowd = { base = "1/s", peak = "9/s", at = "1h", rise = "1m", hold = "5m" } } }
[[workload.sum]]
mmpp = [{ rate = "1/s", mean_stay = "10s" }, { rate = "5/s", mean_stay = "2s" }]
[[workload.sum]]
steps = [{ at = "0s", rate = "1/s" }, { at = "30m", rate = "2/s" }]
[[workload.sum]]
ramp = { from = "0/s", to = "10/s", end = "1h" }
[[service.class]]
name = "read"
weight = 3
cpu_time = { erlang = { mean = "10ms", stages = 4 } }
[[service.class]]
name = "write"
weight = 1
cpu_time = { quantiles = [{ quantile = 0, time = "1ms" }, { quantile = 1, time = "3ms" }] }
wait_time = { weibull = { mean = "5ms", shape = 2.0 } }
cpu_before_ratio = 0.25
[clients]
timeout = "2s"
abandoned_work = "cancelled"
retries = { max = 3, backoff = "100ms", budget_ratio = 0.1 }
sessions = { requests = { geometric = { mean = 12.5 } }, think_time = { exponential = { mean = "8s" } }, after_failure = "leave" }
[instance]
type = "c5.xlarge"
speed = 1.5
discipline = { workers = { count = 8 } }
queue_limit = 16
overflow = "connection_refused"
memory = { base = "1GiB", per_request = "10MB" }
cold = { for_requests = { factor = 3.0, count = 100 } }
[[instance.boot]]
phase = "launch"
stage = "pending"
time = { constant = "20s" }
[[instance.boot]]
phase = "app"
stage = "in_service"
time = { hyperexponential = { mean = "30s", cv = 2.0 } }
failure_ratio = 0.05
on_failure = { serves_errors = { check_passes_for = "1m" } }
cpu_ratio = 0.8
[backend]
connections = 40
[balancer]
algorithm = { power_of_d = { d = 2 } }
idle_timeout = "0s"
health_check = { interval = "10s", cpu_time = "3ms" }
stickiness = { cookie = "application", duration = "1h" }
[group]
min = 1
max = 9
zones = ["a", "b"]
termination = ["newest_instance"]
warm_up = "2m"
health = { check = "elb", grace_period = "90s" }
[[fault]]
name = "zone-b"
when = { at = "90m" }
what = { slow_down = { factor = 4.0, time = "10m" } }
victims = { zone = "b" }
[[fault]]
name = "luck"
when = { every = "1h" }
what = "crash"
[metrics]
period = "30s"
custom = [{ name = "sessions", base = 2, per_request_in_flight = 0.5 }]
[[policy]]
name = "tracker"
target_tracking = { metric = "sessions", target = 10.0 }
[[policy]]
name = "tail"
threshold_poll = { metric = "response_time_p99.5", upper = 500, lower = 100 }
[[policy]]
name = "load"
target_tracking = { metric = "request_count_per_target", target = 1000.0, warm_up = "30s" }
[[objective]]
name = "fast"
latency = { quantile = 0.95, below = "300ms", window = "5m" }
allowed_ratio = 0.01
[[objective]]
name = "good"
good_requests = { below = "1s" }
[[objective]]
name = "up"
availability = {}
"#;

fn seconds(count: u64) -> SimDuration {
    SimDuration::from_secs(count)
}

fn at(count: u64) -> SimTime {
    SimTime::from_nanos(count * 1_000_000_000)
}

fn wide() -> Scenario {
    Scenario::read("wide.toml", WIDE, &[]).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

#[test]
fn the_run_and_what_a_request_costs() {
    let world = wide().simulation(None, None).unwrap().world;
    assert_eq!((world.duration, world.lead_in, world.seed), (seconds(7200), seconds(600), 7));
    assert_eq!((world.in_flight_limit, world.backend_connections), (5000, Some(40)));
    assert_eq!(wide().simulation(Some(u64::MAX), None).unwrap().world.seed, u64::MAX);
    let [read, write] = &world.classes[..] else { panic!("{:?}", world.classes) };
    assert_eq!((read.name.as_str(), read.weight, read.cpu_before_ppm), ("read", 3.0, 1_000_000));
    assert_eq!(read.cpu_time, Distribution::Gamma { mean: 1e7, cv: 0.5 });
    assert_eq!(read.wait_time, Distribution::Constant { value: 0.0 });
    assert_eq!(write.cpu_time, Distribution::Quantiles { points: vec![(0.0, 1e6), (1.0, 3e6)] });
    assert_eq!(write.wait_time, Distribution::Weibull { mean: 5e6, shape: 2.0 });
    assert_eq!(write.cpu_before_ppm, 250_000);
}

#[test]
fn the_workload() {
    let Workload::Generated { curve, process } = wide().simulation(None, None).unwrap().workload else {
        panic!()
    };
    assert_eq!(process, ArrivalProcess::Gamma { cv: 2.0 });
    let Curve::Sum(parts) = curve else { panic!("{curve:?}") };
    let [Curve::Diurnal { mean, peak_at, starts_at, day_weights, start_day, .. }, scaled, mmpp, steps, ramp] =
        &parts[..]
    else {
        panic!("{parts:?}")
    };
    assert_eq!((*mean, *peak_at, *starts_at), (2.0, seconds(20 * 3600), seconds(19 * 3600 + 1800)));
    assert_eq!((*start_day, *day_weights), (5, [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.25]));
    let crowd = Curve::FlashCrowd {
        base: 1.0,
        peak: 9.0,
        at: at(3600),
        rise: seconds(60),
        hold: seconds(300),
        fall: SimDuration::ZERO,
    };
    assert_eq!(*scaled, Curve::Scaled(2.0, Box::new(crowd)));
    let Curve::Mmpp(states) = mmpp else { panic!("{mmpp:?}") };
    assert_eq!((states[1].rate, states[1].mean_stay), (5.0, seconds(2)));
    assert_eq!(*steps, Curve::Steps(vec![(at(0), 1.0), (at(1800), 2.0)]));
    assert_eq!(*ramp, Curve::Ramp { from: 0.0, to: 10.0, start: at(0), end: at(3600) });
}

#[test]
fn instance_boot_and_clients() {
    let world = wide().simulation(None, None).unwrap().world;
    let instance = &world.instance;
    assert_eq!((instance.vcpus, instance.speed, instance.admitted, instance.queue_limit), (4, 98_304, 8, 16));
    assert_eq!(instance.overflow, Overflow::ConnectionRefused);
    let memory = instance.memory.unwrap();
    assert_eq!((memory.capacity, memory.base, memory.per_request), (8 << 30, 1 << 30, 10_000_000));
    assert_eq!(instance.cold, Some(Cold::Requests { factor: 3.0, count: 100 }));
    let [launch, app] = &instance.boot[..] else { panic!("{:?}", instance.boot) };
    assert_eq!((launch.name.as_str(), launch.stage, launch.failure_ppm), ("launch", BootStage::Pending, 0));
    assert_eq!((app.stage, app.failure_ppm, app.cpu_ppm), (BootStage::InService, 50_000, 800_000));
    let errors =
        BootFailure::ServesErrors { error_time: SimDuration::from_millis(2), check_passes_for: seconds(60) };
    assert_eq!(app.on_failure, errors);
    assert_eq!(world.clients.timeout, Some(seconds(2)));
    assert_eq!(world.clients.abandoned_work, AbandonedWork::Cancelled);
    let sticky = world.balancer.stickiness.unwrap();
    assert_eq!((sticky.cookie, sticky.duration), (CookieKind::Application, seconds(3600)));
    let sessions = world.clients.sessions.as_ref().unwrap();
    assert_eq!(sessions.requests, SessionRequests::Geometric { mean: 12.5 });
    assert_eq!(sessions.think_time, Distribution::Exponential { mean: 8e9 });
    assert_eq!(sessions.after_failure, AfterFailure::Leave);
    let retries = world.clients.retries.unwrap();
    assert_eq!(
        (retries.max, retries.backoff, retries.max_backoff),
        (3, SimDuration::from_millis(100), seconds(20))
    );
    assert_eq!(
        (retries.jitter_ppm, retries.budget_ppm, retries.budget_burst),
        (1_000_000, Some(100_000), 10)
    );
}

#[test]
fn balancer_group_and_faults() {
    let world = wide().simulation(None, None).unwrap().world;
    let balancer = &world.balancer;
    assert_eq!(balancer.algorithm, Algorithm::PowerOfD { d: 2 });
    assert_eq!((balancer.deregistration_delay, balancer.idle_timeout), (seconds(300), None));
    let check = balancer.health_check.unwrap();
    assert_eq!(
        (check.interval, check.timeout, check.cpu_time),
        (seconds(10), seconds(5), SimDuration::from_millis(3))
    );
    assert_eq!((check.healthy_threshold, check.unhealthy_threshold), (5, 2));
    let group = &world.group;
    assert_eq!((group.min, group.desired, group.max, group.warm_up), (1, 1, 9, seconds(120)));
    assert_eq!(
        (group.zones.len(), group.termination.clone(), group.cooldown),
        (2, vec![Termination::NewestInstance], seconds(300))
    );
    assert!(group.health.follows_balancer);
    assert_eq!((group.health.grace, group.health.every), (seconds(90), seconds(60)));
    let [zone, luck] = &world.faults[..] else { panic!("{:?}", world.faults) };
    assert_eq!((zone.when, &zone.victims), (FaultTime::At(at(5400)), &Victims::Zone(1)));
    assert_eq!(zone.kind, FaultKind::SlowDown { factor: 4.0, time: seconds(600) });
    assert_eq!((luck.when, &luck.victims), (FaultTime::Every(seconds(3600)), &Victims::Count(1)));
}

#[test]
fn metrics_objectives_and_prices() {
    let world = wide().simulation(None, None).unwrap().world;
    let metrics = &world.metrics;
    assert_eq!(
        (metrics.period, metrics.resolution, metrics.ec2_resolution, metrics.publication_delay),
        (seconds(30), seconds(30), seconds(30), seconds(60))
    );
    assert_eq!(
        (metrics.alarm_every, metrics.fine_alarm_every, metrics.minute, metrics.alarm_phase),
        (seconds(60), seconds(10), seconds(60), AlarmPhase::Random)
    );
    assert_eq!((metrics.custom[0].base, metrics.custom[0].per_request_in_flight), (2.0, 0.5));
    let kinds: Vec<ObjectiveKind> = world.objectives.iter().map(|objective| objective.kind).collect();
    let latency = ObjectiveKind::Latency {
        quantile_ppm: 950_000,
        below: SimDuration::from_millis(300),
        window: seconds(300),
    };
    assert_eq!(
        kinds,
        [latency, ObjectiveKind::GoodRequests { below: seconds(1) }, ObjectiveKind::Availability]
    );
    assert_eq!(world.prices.instance_hour_nano_usd, 170_000_000);
    assert_eq!((world.prices.balancer_hour_nano_usd, world.prices.minimum), (22_500_000, seconds(60)));
}

#[test]
fn policies_ask_for_what_the_scenario_says() {
    let policies = wide().simulation(None, None).unwrap().policies;
    let needs: Vec<_> = policies.iter().map(|policy| (policy.name().to_owned(), policy.needs())).collect();
    assert_eq!(needs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["tracker", "tail", "load"]);
    let high = &needs[0].1.alarms[0];
    assert_eq!(
        (&high.query.metric, high.query.period, high.threshold),
        (&Metric::Custom(0), seconds(60), 10.0)
    );
    assert_eq!((high.evaluation_periods, needs[0].1.alarms[1].evaluation_periods), (3, 15));
    assert_eq!(needs[1].1.metrics[0].metric, Metric::ResponseTime(995_000));
    assert_eq!(needs[2].1.alarms[0].query.statistic, Statistic::Sum);
    let resolved = wide().resolved();
    let warm_up =
        |index: usize| resolved.policy[index].target_tracking.as_ref().unwrap().warm_up.unwrap().seconds();
    assert_eq!((warm_up(0), warm_up(2)), (120.0, 30.0));
}

/// AWS: a policy's warm-up is the group's default instance warm-up, or its default cooldown where that is not set.
#[test]
fn a_group_without_a_warm_up_lends_its_cooldown() {
    let scenario = Scenario::read("wide.toml", &WIDE.replace("warm_up = \"2m\"\n", ""), &[]).unwrap();
    let tracking = scenario.resolved().policy[0].target_tracking.clone().unwrap();
    assert_eq!(tracking.warm_up.unwrap().seconds(), 300.0);
    assert_eq!(scenario.simulation(None, None).unwrap().world.group.warm_up, SimDuration::ZERO);
}

#[test]
fn a_trace_takes_its_rows_from_the_caller() {
    let from = WIDE.find("[workload]").unwrap();
    let to = WIDE.find("[[service.class]]").unwrap();
    let trace = "[workload]\narrivals = \"evenly_spaced\"\ntrace = { file = \"t.csv\", spread = \"rate\", offset = \"1d\", scale = 10 }\n";
    let text = format!("{}{trace}{}", &WIDE[..from], &WIDE[to..]);
    let scenario = Scenario::read("trace.toml", &text, &[]).unwrap();
    assert_eq!(scenario.trace().unwrap().file, "t.csv");
    let mistakes = scenario.simulation(None, None).err().unwrap().to_string();
    let said = "workload.trace.file: \"t.csv\" was not opened; hand the trace's rows to Scenario::simulation";
    assert!(mistakes.ends_with(said), "{mistakes}");
    let row = TraceRow::Bin { start: at(86_400), width: seconds(60), count: 3.0 };
    let rows = Box::new(std::iter::once(row));
    let workload = scenario.simulation(None, Some(rows)).unwrap().workload;
    let Workload::Trace { offset, scale, spread, process, .. } = workload else { panic!("{workload:?}") };
    assert_eq!(
        (offset, scale, spread, process),
        (at(86_400), 10.0, Spread::Rate, ArrivalProcess::EvenlySpaced)
    );
}
