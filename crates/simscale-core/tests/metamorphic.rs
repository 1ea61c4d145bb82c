//! Metamorphic laws: what must happen to a run when its world is changed in a way whose effect is known.
//!
//! Time scaled, streams split and superposed, instances permuted, load and fleet doubled, an idle instance added, prices
//! multiplied. Equal means equal in integers; the few tolerances say why they are needed.

#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/stretched.rs"]
mod stretched;
mod support;

use scripted::*;
use simscale_core::*;
use stretched::*;
use support::random_world::{Choice, Small, random};
use support::*;

/// Worlds a law is tried in.
const WORLDS: u64 = 1000;

fn run_stretched(small: &Small, k: u64) -> (RunResult, Keep) {
    let arrivals: Vec<(u64, u64)> = small.arrivals.iter().map(|a| (a.0 * k, a.1 * k)).collect();
    let steps: Vec<(u64, u32)> = small.sizes.iter().map(|s| (s.0 * k, s.1)).collect();
    steer(stretched(small.world.clone(), k), requests(&arrivals), sizes(&steps))
}

/// Asserts that `slow` is `fast` on a clock `k` times slower.
fn assert_scaled(fast: &(RunResult, Keep), slow: &(RunResult, Keep), k: u64, what: &str) {
    let (a, b) = (&fast.0, &slow.0);
    let n = u128::from(k);
    assert_eq!(a.requests, b.requests, "{what}");
    let abandoned_cpu_ns = a.attempts.abandoned_cpu_ns * n;
    assert_eq!(Attempts { abandoned_cpu_ns, ..a.attempts }, b.attempts, "{what}");
    let (r, s) = (a.response_time, b.response_time);
    assert_eq!(
        (r.count, r.sum_ns * n, r.max_ns * k),
        (s.count, s.sum_ns, s.max_ns),
        "{what}: response times"
    );
    assert_eq!(a.waiting_ns * n, b.waiting_ns, "{what}: waiting");
    let mut objectives = a.objectives.clone();
    for (from, to) in objectives.iter_mut().flat_map(|o| &mut o.violated) {
        (*from, *to) = (SimTime::from_nanos(from.as_nanos() * k), SimTime::from_nanos(to.as_nanos() * k));
    }
    assert_eq!((objectives, a.scaling), (b.objectives.clone(), b.scaling), "{what}");
    assert_eq!(a.capacity.in_service_max, b.capacity.in_service_max, "{what}");
    let sum = |rows: &Keep, k: u64| -> Vec<[u64; 10]> {
        let counts = |r: &PeriodRow| {
            let sizes = [r.desired, r.booting, r.in_service, r.healthy, r.draining].map(u64::from);
            let [d, b, i, h, l] = sizes;
            [r.start.as_nanos() * k, r.arrived, r.served, r.refused, r.failed, d, b, i, h, l]
        };
        rows.periods.iter().map(counts).collect()
    };
    assert_eq!(sum(&fast.1, k), sum(&slow.1, 1), "{what}: rows");
}

/// Proves that there is no hidden time scale: in random worlds with every feature that can scale exactly, all durations and works
/// times k give the same sequence of counts, sizes and verdicts, and response times times k.
#[test]
fn a_slower_clock_gives_the_same_run() {
    let mut seen = [0; 4];
    for seed in 0..WORLDS {
        let small = scalable(seed);
        let fast = run_stretched(&small, FINE);
        for k in [2, 3, 10] {
            assert_scaled(&fast, &run_stretched(&small, FINE * k), k, &format!("world {seed} times {k}"));
        }
        let a = &fast.0;
        let kinds = [a.requests.served, a.attempts.retried, a.attempts.timed_out, a.scaling.launches];
        seen.iter_mut().zip(kinds).for_each(|(s, n)| *s += n);
    }
    println!("served, retried, timed out, launched: {seen:?}");
    assert!(seen.iter().all(|&n| n > 100), "{seen:?}");
}

/// Single requests at random: gaps of 0 to 2 x `gap` grid steps, works of 1 to 19.
fn stream(c: &mut Choice, n: u64, grid: u64, gap: u64) -> Vec<(u64, u64)> {
    let mut at = 0;
    (0..n)
        .map(|_| {
            at += c.between(0, 2 * gap) * grid;
            (at, c.between(1, 19) * grid)
        })
        .collect()
}

/// A world of `n` instances that serves a list to its end: the clock stops an hour after its last arrival.
fn serving(n: u32, list: &[(u64, u64)]) -> World {
    let last = list.last().map_or(0, |a| a.0) / SECOND;
    let mut w = world(secs((last / 3600 + 2) * 3600), 7);
    fleet(&mut w, n);
    w.objectives = vec![
        Objective {
            name: "fast".into(),
            kind: ObjectiveKind::Latency { quantile_ppm: 900_000, below: secs(2), window: secs(30) },
            allowed_ratio: 0.1,
        },
        Objective {
            name: "good".into(),
            kind: ObjectiveKind::GoodRequests { below: secs(2) },
            allowed_ratio: 0.1,
        },
    ];
    w
}

fn serve(w: &World, list: &[(u64, u64)]) -> RunResult {
    let result = simulate(w.clone(), requests(list)).0;
    assert_eq!(result.requests.in_flight_at_end, 0, "the list is served to its end");
    result
}

/// Proves that processor sharing has no hidden time scale either: with two sharers and times that are multiples of 2^27 ns every
/// division is exact, so the scaled run is equal; with any number of sharers and odd times it is equal up to the rounding of
/// completions (each may be late by less than 1 ns, 100 of them in one busy period at most, in both runs).
#[test]
fn shared_processors_on_a_slower_clock() {
    for seed in 0..40 {
        let c = &mut Choice::new(seed);
        let exact = stream(c, 1000, 1 << 27, 25);
        let odd: Vec<(u64, u64)> = stream(c, 1000, 1 << 27, 14).iter().map(|a| (a.0 / 7, a.1 / 7)).collect();
        for (list, admitted, slack) in [(exact, 2, 0), (odd, 1000, 100)] {
            let mut w = serving(1, &list);
            w.instance.admitted = admitted;
            let a = serve(&w, &list).response_time;
            for k in [2, 3, 10] {
                let longer: Vec<(u64, u64)> = list.iter().map(|r| (r.0 * k, r.1 * k)).collect();
                let b = serve(&stretched(w.clone(), k), &longer).response_time;
                let off = (a.sum_ns * u128::from(k)).abs_diff(b.sum_ns);
                assert!(
                    off <= slack * u128::from(k + 1) * u128::from(a.count),
                    "world {seed} times {k}: {off} ns"
                );
                assert_eq!(a.count, b.count);
            }
        }
    }
}

/// Adds up what separate runs say of their requests.
fn together(parts: &[RunResult]) -> (u64, u128, u64, u128, u64, u64) {
    parts.iter().fold((0, 0, 0, 0, 0, 0), |t, r| {
        let (p, o) = (r.response_time, &r.objectives[1]);
        (
            t.0 + p.count,
            t.1 + p.sum_ns,
            t.2.max(p.max_ns),
            t.3 + r.waiting_ns,
            t.4 + o.requests,
            t.5 + o.violating_requests,
        )
    })
}

/// Proves that round robin over n instances is n instances with every n-th request each: response times, waiting and verdicts on
/// requests add up exactly, first come first served and shared.
#[test]
fn round_robin_splits_a_stream_into_separate_instances() {
    for (seed, n) in (0..60).flat_map(|seed| [(seed, 2), (seed, 3), (seed, 7)]) {
        let list = stream(&mut Choice::new(seed), 600, 99_999_989, 14 / n + 1);
        for admitted in [1, 2, 1000] {
            let one = |n, list: &[(u64, u64)]| {
                let mut w = serving(n, list);
                w.instance.admitted = admitted;
                serve(&w, list)
            };
            let split =
                |part: u64| list.iter().copied().skip(part as usize).step_by(n as usize).collect::<Vec<_>>();
            let parts: Vec<RunResult> = (0..n).map(|part| one(1, &split(part))).collect();
            let whole = one(n as u32, &list);
            assert_eq!(together(&[whole]), together(&parts), "stream {seed} over {n}, {admitted} at once");
        }
    }
}

/// Proves that streams superpose where they do not meet: on an instance with a processor for everybody the merged stream is the sum
/// of its parts, response by response; and that every fleet of such instances, under every algorithm, serves it the same.
#[test]
fn streams_superpose_where_nobody_waits() {
    for seed in 0..60 {
        let c = &mut Choice::new(seed);
        let parts = [stream(c, 200, 100_000_007, 10), stream(c, 300, 70_000_001, 9)];
        let mut merged = parts.concat();
        merged.sort_unstable();
        let one = |n, list: &[(u64, u64)], algorithm| {
            let mut w = serving(n, list);
            (w.instance.vcpus, w.instance.admitted, w.balancer.algorithm) = (1024, 1024, algorithm);
            serve(&w, list)
        };
        let parts: Vec<RunResult> = parts.iter().map(|p| one(1, p, Algorithm::RoundRobin)).collect();
        for algorithm in ALGORITHMS {
            for n in [1, 2, 5] {
                let whole = one(n, &merged, algorithm);
                assert_eq!(
                    together(&[whole]),
                    together(&parts),
                    "stream {seed}, {n} instances, {algorithm:?}"
                );
            }
        }
    }
}

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RoundRobin,
    Algorithm::LeastOutstandingRequests,
    Algorithm::WeightedRandom,
    Algorithm::PowerOfD { d: 2 },
];

/// Proves that zones are names: whatever they are called, the run is the same to the bit, the activity log too when they are called back.
#[test]
fn zones_are_only_names() {
    for seed in 0..WORLDS {
        let small = random(seed);
        let named = |names: [&str; 3]| {
            let mut w = small.world.clone();
            w.group.zones.iter_mut().zip(names).for_each(|(zone, name)| *zone = name.into());
            let (result, mut keep) = steer(w, small.workload(), small.policies());
            for row in &mut keep.activities {
                for (i, name) in names.iter().enumerate() {
                    let numbered = row.note.replace(&format!("zone {name}"), &format!("zone {i}"));
                    row.note = numbered.replace(&format!("({name})"), &format!("({i})"));
                }
            }
            (result, keep.periods, keep.activities)
        };
        assert_eq!(named(["a", "b", "c"]), named(["c", "x", "a"]), "world {seed}");
    }
}

/// Proves that equal instances are equal: whichever of them takes the first turn, and whichever an idle fleet loses first (the
/// oldest, the newest), the sums over the requests that follow are the same.
#[test]
fn equal_instances_can_be_permuted() {
    for seed in 0..60 {
        let c = &mut Choice::new(seed);
        let list: Vec<(u64, u64)> =
            stream(c, 500, 99_999_989, 5).iter().map(|a| (a.0 + 600 * SECOND, a.1)).collect();
        let tiny = 1_000;
        for algorithm in [Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests] {
            let one = |turns: u64, termination| {
                let first = (0..turns).map(|i| (i * SECOND, tiny));
                let list: Vec<(u64, u64)> = first.chain(list.iter().copied()).collect();
                let mut w = serving(4, &list);
                (w.group.min, w.balancer.algorithm, w.group.termination) = (3, algorithm, vec![termination]);
                let result = steer(w, requests(&list), sizes(&[(300 * SECOND, 3)])).0;
                assert_eq!(result.requests.in_flight_at_end, 0);
                let r = result.response_time;
                (
                    r.count - turns,
                    r.sum_ns - u128::from(turns * tiny),
                    r.max_ns,
                    result.waiting_ns,
                    result.capacity,
                )
            };
            let plain = one(0, Termination::NewestInstance);
            for turns in 0..4 {
                for rule in [Termination::NewestInstance, Termination::OldestInstance] {
                    let other = one(turns, rule);
                    assert_eq!(
                        (plain.0, plain.1, plain.2, plain.3),
                        (other.0, other.1, other.2, other.3),
                        "{seed}"
                    );
                    assert_eq!(
                        plain.4.billed_ns, other.4.billed_ns,
                        "stream {seed}, {turns} turns, {rule:?}"
                    );
                }
            }
        }
    }
}

/// Proves that load and fleet double together: when every request comes twice, round robin over twice the instances doubles every
/// sum and keeps the largest, exactly; the ratios of the verdicts stay.
#[test]
fn twice_the_load_on_twice_the_fleet_is_twice_the_run() {
    for (seed, n) in (0..60).flat_map(|seed| [(seed, 1), (seed, 2), (seed, 5)]) {
        let list = stream(&mut Choice::new(seed), 500, 99_999_989, 14 / n + 1);
        let twice: Vec<(u64, u64)> = list.iter().flat_map(|&a| [a, a]).collect();
        for admitted in [1, 3, 1000] {
            let mut w = serving(n as u32, &list);
            (w.instance.admitted, w.instance.queue_limit) = (admitted, 3);
            w.clients.timeout = Some(secs(4));
            let single = simulate(w.clone(), requests(&list)).0;
            fleet(&mut w, 2 * n as u32);
            let double = simulate(w, requests(&twice)).0;
            let (a, b) = (single.requests, double.requests);
            assert_eq!(
                [a.arrived * 2, a.served * 2, a.refused * 2, a.failed * 2],
                [b.arrived, b.served, b.refused, b.failed]
            );
            let (r, s) = (single.response_time, double.response_time);
            assert_eq!(
                (r.sum_ns * 2, r.max_ns, single.waiting_ns * 2),
                (s.sum_ns, s.max_ns, double.waiting_ns),
                "{seed}"
            );
            assert_eq!(single.capacity.billed_ns * 2, double.capacity.billed_ns);
            assert_eq!(
                single.objectives[0].violation_ratio, double.objectives[0].violation_ratio,
                "stream {seed} over {n}"
            );
        }
    }
}

/// Proves that a random split of a Poisson stream is Poisson: one, two and four instances at the same load each have the same mean
/// response time, within three standard errors of the difference (24 seeds each; each standard error below 1 % of the mean).
#[test]
fn a_random_split_of_a_poisson_stream_is_poisson() {
    let mean_of = |n: u32| {
        let means: Vec<f64> = (0..24)
            .map(|seed| {
                let mut w = world(secs(36_000), 100 * u64::from(n) + seed);
                fleet(&mut w, n);
                (w.lead_in, w.balancer.algorithm) = (secs(1800), Algorithm::WeightedRandom);
                mean_response(&simulate(w, poisson(0.6 * f64::from(n))).0)
            })
            .collect();
        let mean = means.iter().sum::<f64>() / 24.0;
        (mean, (means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / 23.0 / 24.0).sqrt())
    };
    let (one, error) = mean_of(1);
    for (n, (mean, e)) in [2, 4].map(|n| (n, mean_of(n))) {
        let standard = error.hypot(e);
        println!(
            "1 instance {one:.4}, {n} instances {mean:.4}, standard error of the difference {standard:.4}"
        );
        assert!(
            error.max(e) < 0.01 * one && (mean - one).abs() <= 3.0 * standard,
            "{n} instances: {mean}, one: {one}"
        );
    }
}

/// Proves that an instance nobody can use changes no request: a second one that never becomes ready costs its running time and
/// nothing else, with health checks and without, whatever the algorithm.
#[test]
fn an_instance_that_never_gets_ready_only_costs() {
    let check = HealthCheck {
        interval: secs(10),
        timeout: secs(5),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        cpu_time: millis(3),
    };
    for (algorithm, checks) in ALGORITHMS.into_iter().flat_map(|a| [(a, None), (a, Some(check))]) {
        for seed in 0..20 {
            let list = stream(&mut Choice::new(seed), 500, 99_999_989, 7);
            let mut w = serving(2, &list);
            (w.balancer.algorithm, w.balancer.health_check) = (algorithm, checks);
            (w.group.max, w.clients.timeout, w.instance.admitted) = (3, Some(secs(5)), 4);
            w.instance.boot[0].failure_ppm = 1_000_000;
            w.instance.boot[0].on_failure = BootFailure::NeverReady;
            let alone = simulate(w.clone(), requests(&list)).0;
            let (both, keep) = steer(w.clone(), requests(&list), sizes(&[(100 * SECOND, 3)]));
            assert_eq!((both.scaling.launches, keep.periods.last().unwrap().in_service), (1, 3));
            assert_eq!(keep.periods.last().unwrap().healthy, 2);
            assert_eq!(
                (alone.requests, alone.attempts),
                (both.requests, both.attempts),
                "{algorithm:?}, stream {seed}"
            );
            assert_eq!((alone.response_time, alone.waiting_ns), (both.response_time, both.waiting_ns));
            assert_eq!(alone.objectives, both.objectives);
            let ran = u128::from(w.duration.as_nanos() - 100 * SECOND);
            assert_eq!(
                both.capacity.billed_ns - alone.capacity.billed_ns,
                ran,
                "it runs from its launch to the end"
            );
        }
    }
}

/// Proves that prices only multiply: in random worlds k times the prices give k times the cost and the same run otherwise. Exactly
/// when the price of a nanosecond is whole; else to the rounding of the quotients.
#[test]
fn prices_multiply_the_cost_and_nothing_else() {
    const NS_AN_HOUR: u64 = 3_600_000_000_000;
    for seed in 0..WORLDS {
        let mut small = random(seed);
        // Types of a mixed group have prices of their own.
        small.world.group.mixed = None;
        let priced = |instance: u64, balancer: u64| {
            let mut w = small.world.clone();
            (w.prices.instance_hour_nano_usd, w.prices.balancer_hour_nano_usd) = (instance, balancer);
            w.balancer.units.hour_nano_usd = balancer;
            w.prices.surplus_vcpu_hour_nano_usd = 600 * instance;
            (w.prices.volume_gib_month_nano_usd, w.prices.address_hour_nano_usd) = (730 * instance, instance);
            if let Some(commitment) = &mut w.prices.commitment {
                commitment.hour_nano_usd = instance;
            }
            w.machines.iter_mut().for_each(|m| m.hour_nano_usd = instance);
            w.group.hosts.iter_mut().for_each(|hosts| hosts.hour_nano_usd = instance);
            let (result, keep) = steer(w, small.workload(), small.policies());
            let rows: Vec<PeriodRow> =
                keep.periods.iter().map(|r| PeriodRow { cost_nano_usd: 0, ..r.clone() }).collect();
            let costs: Vec<u128> = keep.periods.iter().map(|r| r.cost_nano_usd).collect();
            let rest = (RunResult { cost: Cost::default(), ..result.clone() }, rows, keep.activities);
            (result.cost, costs, rest)
        };
        let whole = priced(3 * NS_AN_HOUR, NS_AN_HOUR);
        let odd = priced(96_000_001, 22_500_007);
        assert_eq!(
            whole.0.instances_nano_usd,
            3 * (whole.2.0.billed.instance_ns + whole.2.0.machines.billed_ns),
            "world {seed}"
        );
        for k in [2, 7] {
            let (n, more) = (u128::from(k), priced(3 * k * NS_AN_HOUR, k * NS_AN_HOUR));
            assert_eq!(more.0.total_nano_usd(), n * whole.0.total_nano_usd(), "world {seed}");
            assert_eq!(
                more.1,
                whole.1.iter().map(|c| n * c).collect::<Vec<_>>(),
                "world {seed}: cost of the rows"
            );
            assert_eq!(more.2, odd.2, "world {seed}: the rest");
            let rounded = priced(96_000_001 * k, 22_500_007 * k).0.total_nano_usd();
            // Seven quotients at most, each half a unit off at most.
            assert!(2 * rounded.abs_diff(n * odd.0.total_nano_usd()) <= 7 * (n + 1), "world {seed}");
        }
    }
}
