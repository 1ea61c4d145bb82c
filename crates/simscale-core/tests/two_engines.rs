//! Two engines, one meaning: in random small worlds the fast engine and the strict one agree on every count, row, observation and
//! the fingerprint. A difference is shrunk and printed with its seed.
#![cfg(feature = "reference")]

mod support;

use simscale_core::{reference, *};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use support::random_world::{Small, random};

/// Relative difference allowed to a float, and to a quantile of a histogram.
const FLOAT: f64 = 1e-9;
const HISTOGRAM: f64 = 0.004;

/// What a policy saw: everything exact as text, values with the difference they are allowed.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    exact: String,
    values: Vec<(f64, f64)>,
}

/// Writes down what a policy sees.
struct Recorder {
    policy: Box<dyn Policy>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

fn allowed(query: &MetricQuery) -> f64 {
    let times = Metric::Balancer(BalancerMetric::TargetResponseTime);
    match (&query.metric, query.statistic) {
        (Metric::ResponseTime(_), _) => HISTOGRAM,
        (metric, Statistic::Percentile(_)) if *metric == times => HISTOGRAM,
        _ => FLOAT,
    }
}

impl Policy for Recorder {
    fn name(&self) -> &str {
        self.policy.name()
    }

    fn needs(&self) -> Needs {
        self.policy.needs()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        self.policy.next_look(now)
    }

    fn joins(&self) -> bool {
        self.policy.joins()
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let needs = self.policy.needs();
        let queries = needs.metrics.iter().chain(needs.alarms.iter().map(|a| &a.query));
        let series = seen.datapoints.iter().chain(seen.alarms.iter().map(|a| &a.evaluated));
        let mut values = Vec::new();
        let mut stamps = Vec::new();
        for (query, points) in queries.zip(series) {
            values.extend(points.iter().map(|p| (p.value, allowed(query))));
            stamps.push(points.iter().map(|p| (p.start.as_nanos(), p.period.as_nanos())).collect::<Vec<_>>());
        }
        let states: Vec<AlarmState> = seen.alarms.iter().map(|a| a.state).collect();
        let plain = Observation { datapoints: &[], alarms: &[], ..seen.clone() };
        let decision = self.policy.decide(seen);
        let exact = format!("{}: {plain:?} {states:?} {stamps:?} -> {decision:?}", self.policy.name());
        self.seen.lock().expect("one thread").push(Seen { exact, values });
        decision
    }
}

/// Keeps all rows, and may stop the run.
#[derive(Default)]
struct Rows {
    periods: Vec<PeriodRow>,
    activities: Vec<ActivityRow>,
    instances: Vec<InstanceRow>,
    stop_after: Option<usize>,
}

impl Sink for Rows {
    fn period(&mut self, row: &PeriodRow) {
        self.periods.push(row.clone());
    }
    fn activity(&mut self, row: &ActivityRow) {
        self.activities.push(row.clone());
    }
    fn instance(&mut self, row: &InstanceRow) {
        self.instances.push(row.clone());
    }
    fn stop(&mut self) -> bool {
        self.stop_after.is_some_and(|n| self.periods.len() >= n)
    }
}

/// All that one engine says about a world.
struct Told {
    result: Result<RunResult, String>,
    met: reference::Met,
    rows: Rows,
    seen: Vec<Seen>,
}

fn tell(small: &Small, strict: bool) -> Told {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = |policy| Box::new(Recorder { policy, seen: Arc::clone(&seen) }) as Box<dyn Policy>;
    let policies: Vec<Box<dyn Policy>> = small.policies().into_iter().map(record).collect();
    let stop_after = small.world.seed.is_multiple_of(29).then_some(3);
    let mut rows = Rows { stop_after, ..Rows::default() };
    let (world, workload) = (small.world.clone(), small.workload());
    let run = AssertUnwindSafe(|| {
        if strict {
            reference::run(world, workload, policies, &mut rows)
        } else {
            run(world, workload, policies, &mut rows)
                .map(|r| (r, reference::Met::default()))
                .map_err(|e| e.to_string())
        }
    });
    let result = catch_unwind(run).unwrap_or_else(|_| Err("panicked".into()));
    let met = result.as_ref().map_or_else(|_| reference::Met::default(), |r| r.1);
    let seen = seen.lock().map(|s| s.clone()).unwrap_or_default();
    Told { result: result.map(|r| r.0), met, rows, seen }
}

fn near(a: f64, b: f64, allowed: f64) -> bool {
    (a - b).abs() <= allowed * a.abs().max(b.abs()) + 1e-12
}

/// The first fact of two lists that differs.
fn first_of<T: Debug>(what: &str, fast: &[T], strict: &[T], same: impl Fn(&T, &T) -> bool) -> Option<String> {
    let differs = |i: &usize| match (fast.get(*i), strict.get(*i)) {
        (Some(a), Some(b)) => !same(a, b),
        _ => true,
    };
    let i = (0..fast.len().max(strict.len())).find(differs)?;
    Some(format!("{what} {i}\n  fast   {:?}\n  strict {:?}", fast.get(i), strict.get(i)))
}

fn same_period(a: &PeriodRow, b: &PeriodRow) -> bool {
    let floats = |r: &PeriodRow| {
        let backend = [r.backend_busy_ratio, r.backend_queue_mean];
        let own = [r.cpu_utilization, r.memory_utilization, r.in_flight_mean, r.queue_mean];
        own.into_iter().chain(backend).chain([r.credit_balance_mean])
    };
    let exact = |r: &PeriodRow| PeriodRow {
        response_ns: [0; 3],
        cpu_utilization: 0.0,
        memory_utilization: 0.0,
        in_flight_mean: 0.0,
        queue_mean: 0.0,
        backend_busy_ratio: 0.0,
        backend_queue_mean: 0.0,
        credit_balance_mean: 0.0,
        ..r.clone()
    };
    let quantiles = a.response_ns.iter().zip(b.response_ns);
    exact(a) == exact(b)
        && floats(a).zip(floats(b)).all(|(a, b)| near(a, b, FLOAT))
        && quantiles.into_iter().all(|(&a, b)| near(a as f64, b as f64, HISTOGRAM))
}

/// Processor time of boot phases is cut to whole nanoseconds at looks, so that it may differ by some.
fn same_instance(a: &InstanceRow, b: &InstanceRow) -> bool {
    let plain = |r: &InstanceRow| InstanceRow { busy_ns: 0, cpu_utilization_mean: 0.0, ..r.clone() };
    plain(a) == plain(b)
        && a.busy_ns.abs_diff(b.busy_ns) as f64 <= 1.0 + FLOAT * a.busy_ns as f64
        && near(a.cpu_utilization_mean, b.cpu_utilization_mean, FLOAT)
}

/// Causes carry values of datapoints as text: numbers in them may differ as histograms do.
fn same_activity(a: &ActivityRow, b: &ActivityRow) -> bool {
    let words = |text: &str| {
        text.split([' ', ',', ';', '=', '(', ')', '[', ']']).map(str::to_string).collect::<Vec<_>>()
    };
    let (one, two) = (words(&a.cause), words(&b.cause));
    let close = |(a, b): (&String, &String)| {
        let numbers = (a.parse::<f64>(), b.parse::<f64>());
        a == b
            || matches!(numbers, (Ok(a), Ok(b)) if (a - b).abs() <= HISTOGRAM * a.abs().max(b.abs()) + 0.01)
    };
    let causes = one.len() == two.len() && one.iter().zip(&two).all(close);
    causes && *a == ActivityRow { cause: a.cause.clone(), ..b.clone() }
}

fn same_result(a: &RunResult, b: &RunResult) -> Option<String> {
    let floats = |r: &RunResult| [r.capacity.in_service_mean, r.capacity.cpu_utilization_mean];
    let exact = |r: &RunResult| {
        let mut r = r.clone();
        r.response_time.quantiles_ns = [0; 5];
        (r.capacity.in_service_mean, r.capacity.cpu_utilization_mean) = (0.0, 0.0);
        r
    };
    let lines = |r: &RunResult| format!("{:#?}", exact(r)).lines().map(str::to_string).collect::<Vec<_>>();
    let quantiles = a.response_time.quantiles_ns.iter().zip(b.response_time.quantiles_ns);
    if !quantiles.into_iter().all(|(&a, b)| near(a as f64, b as f64, HISTOGRAM)) {
        return Some(format!("quantiles\n  fast   {:?}\n  strict {:?}", a.response_time, b.response_time));
    }
    if !floats(a).into_iter().zip(floats(b)).all(|(a, b)| near(a, b, FLOAT)) {
        return Some(format!("capacity\n  fast   {:?}\n  strict {:?}", a.capacity, b.capacity));
    }
    first_of("line of the result", &lines(a), &lines(b), |a, b| a == b)
}

/// The first difference between the engines, in words.
fn difference(fast: &Told, strict: &Told) -> Option<String> {
    let same_seen = |a: &Seen, b: &Seen| {
        a.exact == b.exact
            && a.values.len() == b.values.len()
            && a.values.iter().zip(&b.values).all(|(a, b)| near(a.0, b.0, a.1))
    };
    let (a, b) = match (&fast.result, &strict.result) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => {
            return Some(format!(
                "an engine failed\n  fast   {:?}\n  strict {:?}",
                a.as_ref().err(),
                b.as_ref().err()
            ));
        }
    };
    let found = [
        first_of("period", &fast.rows.periods, &strict.rows.periods, same_period),
        first_of("activity", &fast.rows.activities, &strict.rows.activities, same_activity),
        first_of("instance", &fast.rows.instances, &strict.rows.instances, same_instance),
        first_of("observation", &fast.seen, &strict.seen, same_seen),
        same_result(a, b),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

fn differ(small: &Small) -> Option<String> {
    difference(&tell(small, false), &tell(small, true))
}

/// What kind of difference it is: the names of the fields that the first differing fact disagrees in.
fn kind(said: &str) -> String {
    let mut lines = said.lines();
    let title: String = lines.next().unwrap_or("").chars().filter(|c| !c.is_ascii_digit()).collect();
    let parts = |line: Option<&str>| -> Vec<String> {
        line.unwrap_or("")
            .split(", ")
            .map(|p| p.trim().trim_start_matches("fast").trim_start_matches("strict").trim().into())
            .collect()
    };
    let (fast, strict) = (parts(lines.next()), parts(lines.next()));
    let name = |p: &String| p.split(':').next().unwrap_or("").to_string();
    let differs =
        fast.iter().zip(&strict).filter(|(a, b)| a != b && !a.contains("response_ns") && a.contains(':'));
    format!("{title} {:?}", differs.map(|(a, _)| name(a)).collect::<Vec<_>>())
}

/// Smaller worlds than this one, each with one thing less.
fn smaller(small: &Small) -> Vec<Small> {
    let mut list = Vec::new();
    let mut with = |change: &dyn Fn(&mut Small)| {
        let mut next = small.clone();
        change(&mut next);
        list.push(next);
    };
    let n = small.arrivals.len();
    let mut chunk = n / 2;
    while chunk > 0 {
        (0..n).step_by(chunk).for_each(|i| with(&|s| drop(s.arrivals.drain(i..n.min(i + chunk)))));
        chunk /= 2;
    }
    (0..small.world.faults.len()).for_each(|i| with(&|s| drop(s.world.faults.remove(i))));
    (0..small.sizes.len()).for_each(|i| with(&|s| s.sizes.retain(|&z| z != small.sizes[i])));
    (0..small.readers.len()).for_each(|i| with(&|s| drop(s.readers.remove(i))));
    (0..small.watchers.len()).for_each(|i| with(&|s| drop(s.watchers.remove(i))));
    with(&|s| s.joiner = None);
    for (i, watcher) in small.watchers.iter().enumerate() {
        (0..watcher.alarms.len()).for_each(|k| with(&|s| drop(s.watchers[i].alarms.remove(k))));
    }
    (0..small.world.instance.boot.len()).for_each(|i| with(&|s| drop(s.world.instance.boot.remove(i))));
    let features: &[&dyn Fn(&mut World)] = &[
        &|w| w.group.warm_pool = None,
        &|w| w.group.hosts = None,
        &|w| w.group.maintenance = None,
        &|w| w.group.refreshes.clear(),
        &|w| w.group.deployments.clear(),
        &|w| drop(w.group.deployments.pop()),
        &|w| w.clients.sessions = None,
        &|w| w.balancer.stickiness = None,
        &|w| w.balancer.anomalies = None,
        &|w| w.group.places.shortages.clear(),
        &|w| w.group.places.addresses = None,
        &|w| w.group.places.agents = None,
        &|w| drop(w.group.hooks.pop()),
        &|w| w.group.suspensions.truncate(1),
        &|w| w.group.health.throttle = false,
        &|w| w.group.protect_new_instances = false,
        &|w| w.operations.clear(),
        &|w| drop(w.operations.pop()),
        &|w| w.clients.retries = None,
        &|w| w.clients.timeout = None,
        &|w| w.clients.abandoned_work = AbandonedWork::Continues,
        &|w| w.balancer.idle_timeout = None,
        &|w| w.balancer.health_check = None,
        &|w| w.balancer.slow_start = SimDuration::ZERO,
        &|w| w.balancer.algorithm = Algorithm::RoundRobin,
        &|w| w.instance.memory = None,
        &|w| w.instance.cold = None,
        &|w| w.backend_connections = None,
        &|w| w.queue = None,
        &|w| w.objectives.clear(),
        &|w| {
            w.group.zones.truncate(1);
            w.machines.iter_mut().for_each(|m| m.zone = 0);
        },
        &|w| w.group.health.follows_balancer = false,
        &|w| w.lead_in = SimDuration::ZERO,
        &|w| w.metrics.missing_ppm = 0,
        &|w| w.metrics.publication_delay = SimDuration::ZERO,
        &|w| w.classes.truncate(1),
        &|w| w.instance.credits = None,
        &|w| w.prices.commitment = None,
    ];
    features.iter().for_each(|feature| with(&|s| feature(&mut s.world)));
    list.retain(|next| next.arrivals.len() < n || format!("{next:?}") != format!("{small:?}"));
    list
}

/// Takes away what the difference does not need.
fn shrink(mut small: Small) -> (Small, String) {
    let mut said = differ(&small).expect("there is a difference to shrink");
    let wanted = kind(&said);
    for _ in 0..400 {
        let alike = |next: Small| differ(&next).filter(|s| kind(s) == wanted).map(|said| (next, said));
        let found = smaller(&small).into_iter().find_map(alike);
        match found {
            Some(next) => (small, said) = next,
            None => break,
        }
    }
    (small, said)
}

#[test]
fn the_engines_agree_in_random_worlds() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (count, first) = (number("SIMSCALE_SWARM", 5000), number("SIMSCALE_FIRST", 0));
    let (mut equal, mut events, mut timed_out, mut killed, mut retried, mut observed) = (0, 0, 0, 0, 0, 0);
    let (mut sessions, mut anomalies) = (SessionCounts::default(), 0);
    let mut deployed = 0;
    let mut differing = Vec::new();
    for seed in first..first + count {
        let small = random(seed);
        let (fast, strict) = (tell(&small, false), tell(&small, true));
        if let Some(said) = difference(&fast, &strict) {
            differing.push((seed, said));
        }
        deployed += fast.rows.instances.iter().filter(|row| row.ending == Ending::Deployed).count();
        if let Ok(r) = &fast.result {
            timed_out += r.attempts.timed_out;
            killed += r.attempts.killed;
            retried += r.attempts.retried;
            let s = r.sessions.unwrap_or_default();
            sessions.completed += s.completed;
            sessions.left += s.left;
            sessions.requests += s.requests;
            sessions.broken_by_scale_in += s.broken_by_scale_in;
            sessions.broken_by_health += s.broken_by_health;
        }
        anomalies += fast.rows.activities.iter().filter(|row| row.note.starts_with("anomalous")).count();
        equal += strict.met.equal_instants;
        events += strict.met.events;
        observed += strict.seen.len();
    }
    println!("seeds {first} to {}: {events} events, {equal} of them at equal instants", first + count - 1);
    println!("{timed_out} time-outs, {killed} kills, {retried} retries, {observed} observations");
    println!(
        "sessions: {} completed and {} left, with {} requests",
        sessions.completed, sessions.left, sessions.requests
    );
    if let Some((seed, said)) = differing.first() {
        let mut kinds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        differing.iter().for_each(|(seed, said)| kinds.entry(kind(said)).or_default().push(*seed));
        kinds
            .iter()
            .for_each(|(kind, seeds)| println!("{} worlds: {kind}, such as {}", seeds.len(), seeds[0]));
        let (small, shrunk) = shrink(random(*seed));
        panic!(
            "{} worlds differ\nfirst difference, world {seed}:\n{said}\nshrunk:\n{shrunk}\n{small:?}",
            differing.len()
        );
    }
    println!("{anomalies} anomalous targets");
    println!("broken by scale-in {}, by health {}", sessions.broken_by_scale_in, sessions.broken_by_health);
    assert!(
        sessions.broken_by_scale_in > 0 && sessions.broken_by_health > 0,
        "the swarm breaks sticky sessions"
    );
    println!("{deployed} tasks deployed away");
    assert!(deployed > 0, "the swarm meets deployments");
    assert!(sessions.completed > 0 && sessions.left > 0, "the swarm meets every end of a session");
    assert!(anomalies > 0, "the swarm meets anomalous targets");
    assert!(timed_out > 0 && killed > 0 && retried > 0 && equal > 0, "the swarm meets every kind of trouble");
}
