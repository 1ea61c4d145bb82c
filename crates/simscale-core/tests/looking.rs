//! More metamorphic laws: a run replays from its own arrivals, looking at it changes nothing, its beginning does not know its end,
//! and luck belongs to the seed, not to the policy. All equalities are exact.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::random_world::{Small, random};
use support::*;

const WORLDS: u64 = 1000;

/// Everything two runs can be compared by.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    result: RunResult,
    periods: Vec<PeriodRow>,
    activities: Vec<ActivityRow>,
}

/// Asserts that two runs are the same to the bit, and names the first difference.
fn same(a: &Told, b: &Told, what: &str) {
    for (x, y) in a.activities.iter().zip(&b.activities) {
        assert_eq!(x, y, "{what}");
    }
    for (x, y) in a.periods.iter().zip(&b.periods) {
        assert_eq!(x, y, "{what}");
    }
    assert_eq!(a.result, b.result, "{what}");
    assert!(a == b, "{what}: more rows");
}

fn tell(world: World, workload: Workload, policies: Vec<Box<dyn Policy>>) -> Told {
    let (result, keep) = steer(world, workload, policies);
    Told { result, periods: keep.periods, activities: keep.activities }
}

fn trace(rows: Vec<TraceRow>, offset: u64, spread: Spread) -> Workload {
    Workload::Trace {
        rows: Box::new(rows.into_iter()),
        offset: SimTime::from_nanos(offset),
        scale: 1.0,
        spread,
        process: ArrivalProcess::Poisson,
    }
}

fn singles(times: &[u64]) -> Vec<TraceRow> {
    times.iter().map(|&at| TraceRow::Request { at: SimTime::from_nanos(at), work: None }).collect()
}

fn bin(start: u64, width: u64, count: u64) -> TraceRow {
    let (start, width) = (SimTime::from_nanos(start), SimDuration::from_nanos(width));
    TraceRow::Bin { start, width, count: count as f64 }
}

/// A fleet that shares, waits, times out and retries, on drawn works of two classes.
fn busy(seed: u64) -> World {
    let mut w = world(secs(1200), seed);
    fleet(&mut w, 3);
    let mut wide = class(Distribution::Lognormal { mean: 2.0 * S, cv: 1.5 });
    (wide.weight, wide.wait_time, wide.cpu_before_ppm) =
        (0.5, Distribution::Exponential { mean: S }, 300_000);
    w.classes.push(wide);
    (w.instance.admitted, w.instance.queue_limit) = (3, 5);
    w.balancer.algorithm = Algorithm::PowerOfD { d: 2 };
    w.clients.timeout = Some(secs(8));
    w.clients.retries = Some(Retries {
        max: 2,
        backoff: millis(100),
        max_backoff: secs(1),
        jitter_ppm: 500_000,
        budget_ppm: Some(200_000),
        budget_burst: 5,
    });
    w.objectives = vec![Objective {
        name: "fast".into(),
        kind: ObjectiveKind::Latency { quantile_ppm: 950_000, below: secs(3), window: secs(60) },
        allowed_ratio: 0.1,
    }];
    w
}

/// The arrivals of a workload to the nanosecond, observed: on an instance with a processor for everybody whose requests never end,
/// the mean in flight of a millisecond with one arrival tells when it came.
/// `None` when two came in the same millisecond.
fn observed(workload: Workload, seed: u64, span: u64) -> Option<Vec<u64>> {
    const PERIOD: u64 = 1_000_000;
    let mut w = world(SimDuration::from_nanos(span), seed);
    w.classes = vec![class(Distribution::Constant { value: 3e13 })];
    (w.instance.vcpus, w.instance.admitted) = (1024, 1_000_000);
    w.metrics.period = SimDuration::from_nanos(PERIOD);
    let mut inside = 0;
    let mut times = Vec::new();
    for row in simulate(w, workload).1.periods {
        if row.arrived > 1 {
            return None;
        }
        if row.arrived == 1 {
            let area = (row.in_flight_mean * PERIOD as f64).round() as u64;
            times.push(row.end.as_nanos() - (area - inside * PERIOD));
            inside += 1;
        }
    }
    Some(times)
}

/// Proves that a run is a function of its arrivals: Poisson, gamma and evenly spaced arrivals, read off a run to the nanosecond and
/// replayed as a trace of single requests, give the same result, rows and log to the bit, drawn works included.
#[test]
fn a_run_replays_from_its_own_arrivals() {
    let steps = [(200 * SECOND, 5), (600 * SECOND, 2)];
    for (seed, process) in [
        (1, ArrivalProcess::Poisson),
        (2, ArrivalProcess::Gamma { cv: 0.5 }),
        (3, ArrivalProcess::EvenlySpaced),
        (12, ArrivalProcess::Poisson),
    ] {
        let generated = || Workload::Generated { curve: Curve::Constant(0.8), process };
        let mut w = busy(seed);
        w.group.max = 9;
        let arrivals =
            observed(generated(), seed, w.duration.as_nanos()).expect("a seed without close pairs");
        let drawn = tell(w.clone(), generated(), sizes(&steps));
        assert_eq!(drawn.result.requests.arrived, arrivals.len() as u64);
        assert!(arrivals.len() > 800 && drawn.result.attempts.retried > 10, "{:?}", drawn.result.attempts);
        let replayed = tell(w.clone(), trace(singles(&arrivals), 0, Spread::Uniform), sizes(&steps));
        same(&drawn, &replayed, &format!("{process:?}"));
        // The same trace, later in its file and read from there.
        let shifted: Vec<u64> =
            [7, 8].into_iter().chain(arrivals.iter().map(|t| t + 5000 * SECOND)).collect();
        let later = tell(w, trace(singles(&shifted), 5000 * SECOND, Spread::Uniform), sizes(&steps));
        same(&drawn, &later, "read from the middle");
    }
}

/// Proves that counted bins replay what they counted: bins of 1, 4 and 20 requests, spread evenly, are the single requests half a
/// step into each bin to the bit, and evenly spaced arrivals of that rate to the nanosecond that a rate per nanosecond is rounded
/// by; the counts of a Poisson run, spread evenly or at random, give its counts.
#[test]
fn a_run_replays_from_its_own_counts() {
    let w = busy(3);
    let span = w.duration.as_nanos();
    let exact: Vec<u64> = (0..4 * span / SECOND).map(|i| i * SECOND / 4 + SECOND / 8).collect();
    let by_singles = tell(w.clone(), trace(singles(&exact), 0, Spread::Uniform), vec![]);
    for count in [1, 4, 20] {
        let width = count * SECOND / 4;
        let bins = (0..span / width).map(|i| bin(i * width, width, count)).collect();
        let by_bins = tell(w.clone(), trace(bins, 0, Spread::Even), vec![]);
        same(&by_singles, &by_bins, &format!("bins of {count}"));
    }
    let drawn = observed(evenly(4.0), 3, 200 * SECOND).expect("a quarter of a second apart");
    assert!(drawn.len() == 800 && drawn.iter().zip(&exact).all(|(a, b)| a.abs_diff(*b) <= 1));
    let counts = |told: &Told| told.periods.iter().map(|r| r.arrived).collect::<Vec<_>>();
    let random = tell(w.clone(), poisson(0.8), vec![]);
    for spread in [Spread::Even, Spread::Uniform] {
        let bins = random.periods.iter().map(|r| bin(r.start.as_nanos(), 60 * SECOND, r.arrived)).collect();
        let replayed = tell(w.clone(), trace(bins, 0, spread), vec![]);
        assert_eq!(counts(&random), counts(&replayed), "{spread:?}");
        assert_eq!(replayed.result.requests.arrived, random.result.requests.arrived);
    }
}

/// Proves that a retry keeps its time: while it waits, the next completion of a watched instance moves to later (a second sharer
/// comes at 1.5 s), and nothing else is taken for it. By hand: two requests share 0 to 0.4 s and turn a third away at 0.1 s; two
/// share around 2 s; the third is served alone from 5.1 to 5.2 s.
#[test]
fn a_retry_is_not_sent_early() {
    let ms = SECOND / 1000;
    let list =
        [(0, 200), (0, 200), (100, 100), (1000, 1000), (1500, 1000)].map(|(at, work)| (at * ms, work * ms));
    let mut w = world(secs(60), 1);
    (w.instance.admitted, w.instance.queue_limit, w.backend_connections) = (2, 0, Some(1));
    w.clients.retries = Some(Retries {
        max: 1,
        backoff: secs(5),
        max_backoff: secs(5),
        jitter_ppm: 0,
        budget_ppm: None,
        budget_burst: 0,
    });
    let r = simulate(w, requests(&list)).0;
    let by_hand = [400, 400, 5100, 1500, 1500].map(|t| u128::from(t * ms));
    assert_eq!(r.response_time.sum_ns, by_hand.iter().sum::<u128>());
    assert_eq!(u128::from(r.response_time.max_ns), by_hand[2]);
}

/// Proves that a retry carries the work of its request, not what a cold instance made of it. By hand: the second request, of 1 s, is
/// the first at a cold instance, takes 10 s there and is given up at 34 s; at 35 s it comes to a warm one and is served at 36 s.
#[test]
fn a_retry_carries_the_work_of_its_request() {
    let mut w = world(secs(120), 1);
    (w.group.max, w.instance.boot, w.instance.cold) =
        (2, vec![], Some(Cold::Requests { factor: 10.0, count: 5 }));
    (w.clients.timeout, w.clients.abandoned_work) = (Some(secs(4)), AbandonedWork::Cancelled);
    w.clients.retries = Some(Retries {
        max: 1,
        backoff: secs(1),
        max_backoff: secs(1),
        jitter_ppm: 0,
        budget_ppm: None,
        budget_burst: 0,
    });
    let list = requests(&[(20 * SECOND, SECOND), (30 * SECOND, SECOND)]);
    let r = steer(w, list, sizes(&[(10 * SECOND, 2)])).0;
    assert_eq!((r.attempts.timed_out, r.attempts.retried, r.requests.served), (1, 1, 2));
    assert_eq!(r.response_time.sum_ns, u128::from(7 * SECOND));
}

/// Policies that look at everything at odd times, one of them with an alarm that always rings, and hold.
fn lookers(period: SimDuration) -> Vec<Box<dyn Policy>> {
    let all = [
        Metric::CpuUtilization,
        Metric::MemoryUtilization,
        Metric::RequestCountPerTarget,
        Metric::InFlight,
        Metric::QueueLength,
        Metric::BacklogPerInstance,
        Metric::ResponseTime(999_000),
    ];
    let query = |metric| MetricQuery { metric, period, statistic: Statistic::Sum };
    let needs = Needs { metrics: all.map(query).to_vec(), alarms: vec![] };
    let mut rings = alarm("always", true, 1);
    rings.query.period = period;
    let alarms = Needs { metrics: vec![], alarms: vec![rings] };
    vec![
        Box::new(Looker::new("look", needs, Some(SimDuration::from_nanos(137_000_001)))),
        Box::new(Looker::new("ring", alarms, Some(millis(500)))),
    ]
}

/// A run without the rows that tell who was asked and changed nothing.
fn unasked(told: &Told) -> Told {
    let mut told = told.clone();
    told.activities.retain(|row| !matches!(row.kind, ActivityKind::Hold | ActivityKind::Alarm));
    told
}

/// Proves that looking changes nothing, in random worlds with every feature: policies that only look and hold, listed last, a sink
/// that forgets and objectives more or less leave result, rows and log (who was asked aside) the same to the bit.
#[test]
fn looking_changes_nothing() {
    for seed in 0..WORLDS {
        let small = random(seed);
        let plain = tell(small.world.clone(), small.workload(), small.policies());
        let mut policies = small.policies();
        policies.extend(lookers(small.world.metrics.period));
        let looked = tell(small.world.clone(), small.workload(), policies);
        same(&unasked(&plain), &unasked(&looked), &format!("world {seed}: more policies"));
        let forgotten =
            run(small.world.clone(), small.workload(), small.policies(), &mut ()).expect("no law broke");
        assert_eq!(plain.result, forgotten, "world {seed}: another sink");
        for objectives in [vec![], [&small.world.objectives[..]; 2].concat()] {
            let n = objectives.len();
            let mut told =
                tell(World { objectives, ..small.world.clone() }, small.workload(), small.policies());
            let want = plain.result.objectives.iter().cycle().take(n).cloned().collect::<Vec<_>>();
            assert_eq!(std::mem::replace(&mut told.result.objectives, plain.result.objectives.clone()), want);
            same(&plain, &told, &format!("world {seed}: {n} objectives"));
        }
    }
}

/// Proves that the order in which policies are listed is no part of the luck of datapoints: looking policies listed first leave the
/// run the same while the others keep their order, though datapoints go missing.
#[test]
fn a_looking_policy_may_be_listed_first() {
    for seed in 0..WORLDS {
        let small = random(seed);
        let mut first = lookers(small.world.metrics.period);
        first.extend(small.policies());
        let plain = tell(small.world.clone(), small.workload(), small.policies());
        let told = tell(small.world.clone(), small.workload(), first);
        same(&unasked(&plain), &unasked(&told), &format!("world {seed}"));
    }
}

/// What does not depend on where the rows of a run end. The mean CPU utilisation covers whole periods only.
fn without_rows(result: &RunResult) -> RunResult {
    let mut result = result.clone();
    result.capacity.cpu_utilization_mean = 0.0;
    result
}

/// Proves that the metric period is only a ruler: in random worlds whose policies and alarms keep their own periods, rows of a
/// half, a fifth and a twentieth of the period leave requests, attempts, cost, decisions and fingerprint the same; counts and cost of the
/// longer rows are sums and last values of the shorter.
#[test]
fn the_metric_period_is_only_a_ruler() {
    for seed in 0..WORLDS {
        let small = random(seed);
        let period = small.world.metrics.period.as_nanos();
        let coarse = tell(small.world.clone(), small.workload(), small.policies());
        for parts in [2, 5, 20] {
            let mut w = small.world.clone();
            w.metrics.period = SimDuration::from_nanos(period / parts);
            let fine = tell(w, small.workload(), small.policies());
            assert_eq!(
                without_rows(&coarse.result),
                without_rows(&fine.result),
                "world {seed} in {parts} parts"
            );
            assert_eq!(coarse.activities, fine.activities, "world {seed} in {parts} parts");
            for (row, part) in coarse.periods.iter().zip(fine.periods.chunks(parts as usize)) {
                let sum = |of: fn(&PeriodRow) -> u64| part.iter().map(of).sum::<u64>();
                let counts = [sum(|r| r.arrived), sum(|r| r.served), sum(|r| r.refused), sum(|r| r.failed)];
                assert_eq!(counts, [row.arrived, row.served, row.refused, row.failed], "world {seed}");
                let last = part.last().expect("a chunk has rows");
                assert_eq!((row.end, row.cost_nano_usd), (last.end, last.cost_nano_usd), "world {seed}");
                assert_eq!(
                    (row.in_service, row.booting, row.draining),
                    (last.in_service, last.booting, last.draining)
                );
            }
        }
    }
    // And without policies, periods that do not divide each other.
    let ruled = |period| {
        let mut w = busy(5);
        (w.duration, w.lead_in, w.metrics.period) = (secs(1680), secs(420), secs(period));
        w.objectives[0].allowed_ratio = 0.0;
        tell(w, poisson(0.8), sizes(&[(600 * SECOND, 2)])).result
    };
    assert_eq!(ruled(60), ruled(20));
    assert_eq!(ruled(60), ruled(7));
}

/// The same world for twice as long, with new arrivals in its second half.
fn longer(small: &Small) -> Told {
    let span = small.world.duration.as_nanos();
    let mut w = small.world.clone();
    w.duration = SimDuration::from_nanos(2 * span);
    let more = small.arrivals.iter().map(|a| (a.0 + span, a.1));
    let arrivals: Vec<(u64, u64)> = small.arrivals.iter().copied().chain(more).collect();
    tell(w, requests(&arrivals), small.policies())
}

/// Proves that a run does not know its end: in random worlds the rows and the log of the first half of a run twice as long are those
/// of the shorter run; and with generated arrivals the first hour of two is that of one.
#[test]
fn a_run_does_not_know_its_end() {
    let begins = |short: &Told, long: &Told, what: &str| {
        let n = short.periods.len();
        assert_eq!(short.periods[..], long.periods[..n], "{what}");
        let before: Vec<_> = long.activities.iter().filter(|a| a.at < short.result.to).cloned().collect();
        let logged = short.activities.iter().filter(|a| a.at < short.result.to).cloned().collect::<Vec<_>>();
        assert_eq!(logged, before, "{what}");
    };
    for seed in 0..WORLDS {
        let small = random(seed);
        let short = tell(small.world.clone(), small.workload(), small.policies());
        begins(&short, &longer(&small), &format!("world {seed}"));
    }
    for seed in 0..5 {
        let hours = |n: u64| {
            let w = World { duration: secs(3600 * n), ..busy(seed) };
            tell(w, poisson(0.8), sizes(&[(600 * SECOND, 2), (1800 * SECOND, 3)]))
        };
        begins(&hours(1), &hours(2), "an hour of two");
    }
}

/// Proves that chance belongs to the seed: whatever the policy, the algorithm, the instance and the clients do, the same requests
/// arrive in every period and carry the same work (sum of the own time of the served, all of whom are served in the end).
#[test]
fn policies_meet_the_same_luck() {
    for seed in 0..20 {
        let Some(poisson) = observed(poisson(0.5), 1000 + seed, 1200 * SECOND) else { continue };
        let luck = |change: fn(&mut World), steps: &[(u64, u32)]| {
            let mut w = busy(seed);
            (w.duration, w.clients.timeout, w.instance.queue_limit) = (secs(7200), None, 1000);
            w.group.max = 20;
            change(&mut w);
            let told = tell(w, trace(singles(&poisson), 0, Spread::Uniform), sizes(steps));
            let r = &told.result;
            assert_eq!(r.requests.served, poisson.len() as u64, "all are served");
            let own = r.response_time.sum_ns - r.waiting_ns;
            (told.periods.iter().map(|p| p.arrived).collect::<Vec<_>>(), own, r.fingerprint)
        };
        let plain = luck(|_| (), &[]);
        let others = [
            luck(|_| (), &[(100 * SECOND, 20), (600 * SECOND, 3)]),
            luck(|w| w.balancer.algorithm = Algorithm::WeightedRandom, &[(300 * SECOND, 4)]),
            luck(|w| (w.instance.vcpus, w.instance.admitted) = (4, 100), &[]),
            luck(
                |w| {
                    (w.clients.timeout, w.clients.abandoned_work) =
                        (Some(secs(3600)), AbandonedWork::Cancelled)
                },
                &[],
            ),
        ];
        for other in others {
            assert_eq!((&plain.0, plain.1), (&other.0, other.1), "seed {seed}");
        }
    }
}

/// Proves the same for generated arrivals and for what goes wrong: arrivals per period are the same under two policies, also where
/// requests fail and are retried, and the works drawn for later requests are not moved by retries.
#[test]
fn retries_and_failures_do_not_move_the_luck_of_others() {
    for seed in 0..20 {
        let arrived = |timeout: Option<SimDuration>, steps: &[(u64, u32)]| {
            let mut w = busy(seed);
            (w.clients.timeout, w.group.max) = (timeout, 9);
            let told = tell(w, poisson(1.0), sizes(steps));
            (told.periods.iter().map(|r| r.arrived).collect::<Vec<_>>(), told.result.attempts.retried)
        };
        let (calm, none) = arrived(None, &[(60 * SECOND, 9)]);
        let (wild, many) = arrived(Some(secs(2)), &[(300 * SECOND, 3)]);
        assert!(calm == wild && many > none, "seed {seed}: {none} and {many} retries");
    }
}
