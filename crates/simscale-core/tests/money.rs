//! The billing law through whole runs, against cases worked out by hand: what is billed, from when, until when, how it is rounded.
//!
//! One instance is there for the whole of every run; what a case says is billed on top of it. A look at t - 1 ns acts at t, because
//! what a decision causes happens 1 ns later.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::random_world::random;
use support::*;

const MS: u64 = SECOND / 1000;

/// Boot phases: stage and seconds.
type Phases = &'static [(BootStage, u64)];

/// A world of this many seconds whose instances boot through these phases (stage, seconds).
fn booting(duration: u64, phases: &[(BootStage, u64)]) -> World {
    let mut w = world(secs(duration), 1);
    (w.group.min, w.group.max) = (0, 100);
    w.instance.boot = phases
        .iter()
        .map(|&(stage, s)| phase("part", Distribution::Constant { value: s as f64 * S }, stage))
        .collect();
    w
}

/// Billed time beyond the instance that is always there, ns.
fn extra(w: World, steps: &[(u64, u32)]) -> u128 {
    let window = u128::from(w.duration.as_nanos() - w.lead_in.as_nanos());
    let result = steer(w, evenly(0.0), sizes(steps)).0;
    result.capacity.billed_ns - window
}

/// Just before this second.
fn by(s: u64) -> u64 {
    s * SECOND - 1
}

fn ns(s: u64) -> u128 {
    u128::from(s * SECOND)
}

/// Proves when billing begins: with the first phase that is not pending, or when the boot is over; a pending instance costs nothing,
/// also when it is given up. Launch at 100 s, end of the run at 600 s.
#[test]
fn billing_begins_when_the_instance_runs() {
    use BootStage::{InService, Pending, Running};
    let cases: [(Phases, u64); 9] = [
        (&[], 500),
        (&[(Running, 60)], 500),
        (&[(InService, 60)], 500),
        (&[(Pending, 40)], 460),
        (&[(Pending, 30), (Running, 60), (InService, 10)], 470),
        (&[(Pending, 30), (Pending, 15), (InService, 10)], 455),
        (&[(Pending, 500)], 0),
        (&[(Pending, 499)], 1),
        (&[(Pending, 1000), (Running, 1)], 0),
    ];
    for (phases, want) in cases {
        assert_eq!(extra(booting(600, phases), &[(100 * SECOND, 2)]), ns(want), "{phases:?}");
    }
    let given_up = [(100 * SECOND, 2), (150 * SECOND, 1)];
    assert_eq!(extra(booting(600, &[(Pending, 200), (Running, 10)]), &given_up), 0, "it never ran");
    assert_eq!(extra(booting(600, &[(Pending, 20), (Running, 200)]), &given_up), ns(60), "it ran 30 s");
}

/// Proves EC2's second-by-second law for every vector of `ec2_seconds` (reference/vectors/aws/billing.json) and for parts of a
/// second, ended by a scale-in and by a crash: whole seconds, rounded up, at least 60.
#[test]
fn a_started_instance_pays_its_seconds_and_at_least_sixty() {
    let cases = [
        // ran (ms), billed (s)
        (1_000, 60),
        (59_000, 60),
        (60_000, 60),
        (61_000, 61),
        (3_599_000, 3599),
        (3_600_000, 3600),
        (5_000_000, 5000),
        (1, 60),
        (59_999, 60),
        (60_001, 61),
        (61_500, 62),
        (3_599_001, 3600),
    ];
    for (ran, billed) in cases {
        let steps = [(100 * SECOND, 2), (100 * SECOND + ran * MS - 1, 1)];
        assert_eq!(extra(booting(6000, &[]), &steps), ns(billed), "{ran} ms, ended by a scale-in");
        let mut w = booting(6000, &[]);
        w.group.zones = vec!["a".into(), "b".into()];
        w.group.health.every = secs(100_000);
        w.faults = vec![Fault {
            name: "crash".into(),
            when: FaultTime::At(SimTime::from_nanos(100 * SECOND + ran * MS)),
            kind: FaultKind::Crash,
            victims: Victims::Zone(1),
        }];
        assert_eq!(extra(w, &steps[..1]), ns(billed), "{ran} ms, ended by a crash");
    }
    // Each start pays its own minimum.
    let many: Vec<(u64, u32)> =
        (1..=10).flat_map(|i| [(100 * i * SECOND, 2), (by(100 * i + 5), 1)]).collect();
    assert_eq!(extra(booting(6000, &[]), &many), ns(600));
    // Another price list, another minimum.
    let mut w = booting(6000, &[]);
    w.prices.minimum = SimDuration::ZERO;
    assert_eq!(extra(w, &many), ns(50));
}

/// Proves that a leaving instance is billed until its termination: when nobody waits for it any more, when the deregistration delay is
/// over, at once when it is idle, raw or crashed. It runs from 100 s and is told to go at 200 s.
#[test]
fn draining_is_billed() {
    let cases = [
        // work of its request (s), sent at 190 s, deregistration delay (s), billed (s)
        (0, 300, 100),
        (50, 300, 140),
        (1, 300, 100),
        (20, 300, 110),
        (1000, 300, 400),
        (1000, 0, 100),
        (200, 100, 200),
    ];
    for (work, delay, want) in cases {
        let mut w = booting(1000, &[]);
        w.balancer.deregistration_delay = secs(delay);
        w.group.termination = vec![Termination::NewestInstance];
        let list: Vec<(u64, u64)> = [(190 * SECOND, SECOND), (190 * SECOND, work * SECOND)].into();
        let list = if work == 0 { vec![] } else { list };
        for raw in [false, true] {
            let size = |n, raw| Decision { raw, ..Decision::desired(n, Reason::Fixed) };
            let steps = [(100 * SECOND, size(2, false)), (by(200), size(1, raw))];
            let result = steer(w.clone(), requests(&list), script(&steps)).0;
            let billed = result.capacity.billed_ns - ns(1000);
            assert_eq!(
                billed,
                ns(if raw { 100 } else { want }),
                "work {work} s, delay {delay} s, raw: {raw}"
            );
        }
    }
}

/// Proves what failing boots cost: nothing while they fail before they run; the minimum each when they run, and what replaces them
/// pays again. Phases of 20 s, every one fails; the next launch follows 1 s later; the run ends at 600 s.
#[test]
fn failed_launches() {
    use BootStage::{Pending, Running};
    // Launches at 100, 121, ..., 583: 23 have failed by the end, the last runs for 17 s.
    let cases: [(Phases, usize, u128); 3] = [
        (&[(Pending, 20), (Running, 60)], 0, 0),
        (&[(Running, 20)], 0, ns(23 * 60 + 17)),
        (&[(Pending, 10), (Running, 10)], 1, ns(23 * 60 + 7)),
    ];
    for (phases, fails, want) in cases {
        let mut w = booting(600, phases);
        w.instance.boot[fails].failure_ppm = 1_000_000;
        w.group.health.every = secs(100_000);
        let result = steer(w, evenly(0.0), sizes(&[(100 * SECOND, 2)])).0;
        assert_eq!(result.scaling.failed_launches, 23, "{phases:?}");
        assert_eq!(result.capacity.billed_ns - ns(600), want, "{phases:?}");
    }
}

/// Proves that a crash ends billing, not the replacement of what crashed: it crashes at 300 s, the group sees it at 420 s, its
/// replacement is pending for 30 s and runs to 600 s.
#[test]
fn a_crash_ends_billing() {
    let mut w = booting(600, &[(BootStage::Pending, 30), (BootStage::Running, 20)]);
    w.group.health.every = secs(420);
    let all = |at| FaultTime::At(SimTime::from_nanos(at * SECOND));
    w.faults =
        vec![Fault { name: "crash".into(), when: all(300), kind: FaultKind::Crash, victims: Victims::All }];
    let (result, keep) = simulate(w.clone(), evenly(0.0));
    assert_eq!(result.capacity.billed_ns, ns(300 + 150));
    let rate = |row: usize| keep.periods[row].cost_nano_usd - keep.periods[row - 1].cost_nano_usd;
    let minute = |instances: u128| instances * 1_600_000;
    assert_eq!([rate(4), rate(5), rate(6), rate(8)], [minute(1), minute(0), minute(0), minute(1)]);
    // Crashed while it was leaving, and replaced by nobody.
    let steps = [(100 * SECOND, 2), (by(200), 1)];
    w.instance.boot.clear();
    w.group.health.every = secs(10_000);
    let busy = requests(&[(190 * SECOND, SECOND), (190 * SECOND, 500 * SECOND)]);
    let result = steer(w, busy, sizes(&steps)).0;
    assert_eq!(
        result.capacity.billed_ns,
        ns(300 + 400),
        "a fault strikes who is in service; the leaving one drains to 500 s"
    );
}

/// Proves that the lead-in costs nothing, and that an instance that ends in the statistics window pays for its part of the window:
/// seconds rounded up, the minimum only for what started in it. The window begins at 300 s.
#[test]
fn only_the_statistics_window_is_billed() {
    let cases = [
        // runs from, until (s), billed (s)
        (100, 200, 0),
        (100, 300, 0),
        (100, 301, 1),
        (100, 400, 100),
        (290, 299, 0),
        (290, 310, 10),
        (299, 1000, 700),
        (300, 310, 60),
        (310, 320, 60),
        (310, 410, 100),
    ];
    for (from, until, want) in cases {
        let mut w = booting(1200, &[]);
        w.lead_in = secs(300);
        assert_eq!(extra(w, &[(from * SECOND, 2), (by(until), 1)]), ns(want), "{from} to {until} s");
    }
    let mut w = booting(1200, &[]);
    w.lead_in = secs(300);
    let cost = simulate(w, evenly(0.0)).0.cost;
    assert_eq!(
        cost,
        Cost { instances_nano_usd: 24_000_000, balancer_hours_nano_usd: 22_500_000, ..Cost::default() },
        "a quarter of an hour, and the balancer's hour in full"
    );
}

/// Proves that the end of the run cuts to the nanosecond: no minimum, no rounding, as the run says nothing of what follows.
#[test]
fn the_end_of_the_run_cuts() {
    for (start, want) in [(599 * SECOND, SECOND), (590 * SECOND + 1, 10 * SECOND - 1), (by(600), 1)] {
        assert_eq!(extra(booting(600, &[]), &[(start, 2)]), u128::from(want));
    }
}

/// Proves the division: every price of the table in reference/vectors/aws/billing.json buys an hour of an instance for itself, to the
/// nano-dollar, three for three times as much; odd times round half up, once.
#[test]
fn an_hour_costs_its_price() {
    let mut prices = 0;
    for row in include_str!("cases/on_demand.txt").lines().filter(|l| !l.starts_with('#')) {
        let price: u64 = row.rsplit(' ').next().unwrap().parse().unwrap();
        let mut w = booting(3600, &[]);
        w.prices.instance_hour_nano_usd = price;
        for n in [1, 3] {
            fleet(&mut w, n);
            let cost = simulate(w.clone(), evenly(0.0)).0.cost;
            let want = Cost {
                instances_nano_usd: u128::from(price) * u128::from(n),
                balancer_hours_nano_usd: 22_500_000,
                ..Cost::default()
            };
            assert_eq!(cost, want, "{row}");
        }
        prices += 1;
    }
    assert_eq!(prices, 59);
    // 7 s at 96,000,000 an hour are 186,666.67; an hour of the balancer that has begun is paid in full.
    let mut w = booting(7, &[]);
    w.metrics.period = secs(1);
    assert_eq!(simulate(w.clone(), evenly(0.0)).0.cost.instances_nano_usd, 186_667);
    w.prices.balancer_hour_nano_usd = 22_500_601;
    for (seconds, hours) in [(3, 1), (3600, 1), (3601, 2)] {
        w.duration = secs(seconds);
        let cost = simulate(w.clone(), evenly(0.0)).0.cost;
        assert_eq!(cost.balancer_hours_nano_usd, hours * 22_500_601, "{seconds} s");
    }
}

/// Proves that the cost column of the rows is the bill so far: in random worlds with every feature it starts at 0, never falls, stays
/// 0 in the lead-in, and its last value is the result's when the run ends with a row.
#[test]
fn the_rows_show_the_bill_so_far() {
    let mut ends = 0;
    for seed in 0..1000 {
        let small = random(seed);
        let (result, keep) = steer(small.world.clone(), small.workload(), small.policies());
        let costs: Vec<u128> = keep.periods.iter().map(|r| r.cost_nano_usd).collect();
        assert!(costs.is_sorted(), "world {seed}: {costs:?}");
        let lead = keep.periods.iter().filter(|r| r.end.as_nanos() <= small.world.lead_in.as_nanos());
        assert!(lead.into_iter().all(|r| r.cost_nano_usd == 0), "world {seed}: {costs:?}");
        // What saturates a run at the end of a period arrives after the row.
        let whole = keep.periods.last().filter(|r| r.end == result.to && result.saturated.is_none());
        if let Some(last) = whole {
            assert_eq!(last.cost_nano_usd, result.cost.total_nano_usd(), "world {seed}");
            ends += 1;
        }
    }
    assert!(ends > 300, "{ends} runs end with a row");
}

/// Proves the bill against an independent count in random fleets without load: lives are written down by hand from a random list of
/// sizes (pending 7 s, running 5 s, newest first), and billed by the law as the price list words it.
#[test]
fn random_fleets_pay_for_the_lives_they_had() {
    for seed in 0..200 {
        let c = &mut support::random_world::Choice::new(seed);
        let steps: Vec<(u64, u32)> =
            (1..30).map(|i| (by(30 * i + c.below(30)), c.between(1, 6) as u32)).collect();
        let (mut living, mut ended) = (vec![0], 0);
        for &(at, size) in &steps {
            let now = at + 1;
            while living.len() < size as usize {
                living.push(at + 7 * SECOND);
            }
            while living.len() > size as usize {
                let running: u64 = living.pop().expect("it lives");
                // The nanosecond that the effect of a decision waits for begins no second.
                let ran = now.saturating_sub(running).saturating_sub(1).div_ceil(SECOND);
                ended += if running >= now {
                    0
                } else if running == 0 {
                    ran
                } else {
                    ran.max(60)
                };
            }
        }
        let end = 1200 * SECOND;
        let alive: u64 = living.iter().map(|r| end - r).sum();
        let w = booting(1200, &[(BootStage::Pending, 7), (BootStage::Running, 5)]);
        let billed = steer(w, evenly(0.0), sizes(&steps)).0.capacity.billed_ns;
        assert_eq!(billed, u128::from(ended * SECOND + alive), "fleet {seed}: {steps:?}");
    }
}

/// Proves what a volume and an address are billed for: from launch to termination, pending, crashed and draining time included, in the
/// statistics window only. 30 GiB for a month of 730 hours at 0.08 USD are 2.40 USD.
#[test]
fn volumes_and_addresses_are_billed_while_the_instance_exists() {
    let existing = |w: World, steps: &[(u64, u32)]| {
        let window = u128::from(w.duration.as_nanos() - w.lead_in.as_nanos());
        let (mut kept, mut plain) = (w.clone(), w);
        (kept.instance.volume_gib, kept.instance.public_address) = (30, true);
        let result = steer(kept, evenly(0.0), sizes(steps)).0;
        let b = result.billed;
        assert_eq!(b.volume_gib_ns, 30 * b.address_ns);
        plain.prices.minimum = SimDuration::ZERO;
        let without = steer(plain, evenly(0.0), sizes(steps)).0.billed;
        assert_eq!((without.volume_gib_ns, without.address_ns), (0, 0));
        b.address_ns - window
    };
    use BootStage::{Pending, Running};
    let steps = [(100 * SECOND, 2), (by(400), 1)];
    assert_eq!(existing(booting(600, &[(Pending, 40), (Running, 20)]), &steps), ns(300));
    assert_eq!(existing(booting(600, &[(Pending, 1000)]), &steps), ns(300), "it never ran");
    assert_eq!(existing(booting(600, &[]), &steps[..1]), ns(500), "to the end of the run");
    let mut w = booting(900, &[]);
    w.lead_in = secs(300);
    assert_eq!(existing(w, &steps), ns(100), "in the window");
    let mut w = booting(600, &[]);
    w.group.health.every = secs(100_000);
    w.faults = vec![Fault {
        name: "crash".into(),
        when: FaultTime::At(SimTime::from_nanos(50 * SECOND)),
        kind: FaultKind::Crash,
        victims: Victims::All,
    }];
    assert_eq!(existing(w, &[]), 0, "a crashed instance keeps its volume until the group replaces it");
    // A month to the nano-dollar.
    let mut w = booting(730 * 3600, &[]);
    w.metrics.period = secs(3600);
    w.group.health.every = secs(3600);
    (w.instance.volume_gib, w.instance.public_address) = (30, true);
    let cost = simulate(w, evenly(0.0)).0.cost;
    assert_eq!((cost.volumes_nano_usd, cost.addresses_nano_usd), (2_400_000_000, 3_650_000_000));
}

/// Proves a commitment against an independent count in random fleets: it costs its instances over the whole window, used or not; it
/// covers the time in which at least one, at least two, ... instances run; all else that is billed is on demand.
#[test]
fn a_commitment_is_paid_used_or_not_and_covers_what_runs() {
    for seed in 0..200 {
        let c = &mut support::random_world::Choice::new(seed ^ 0x636f_6d6d);
        let steps: Vec<(u64, u32)> =
            (1..30).map(|i| (by(30 * i + c.below(30)), c.between(1, 6) as u32)).collect();
        let (mut living, mut lives) = (vec![0], Vec::new());
        for &(at, size) in &steps {
            while living.len() < size as usize {
                living.push(at + 7 * SECOND);
            }
            while living.len() > size as usize {
                let running: u64 = living.pop().expect("it lives");
                // What a decision ends, ends 1 ns later.
                lives.push((running, at + 1));
            }
        }
        let (from, end) = (300 * SECOND, 1200 * SECOND);
        lives.extend(living.into_iter().map(|running| (running, end)));
        let committed = c.below(8) as u32;
        // The time in which at least k run.
        let edges: std::collections::BTreeSet<u64> = lives
            .iter()
            .flat_map(|l| [l.0, l.1])
            .chain([from, end])
            .filter(|e| (from..=end).contains(e))
            .collect();
        let edges: Vec<u64> = edges.into_iter().collect();
        let at_least = |k: usize| -> u64 {
            let runs = |w: &[u64]| lives.iter().filter(|l| l.0 <= w[0] && w[1] <= l.1).count() >= k;
            edges.windows(2).filter(|w| runs(w)).map(|w| w[1] - w[0]).sum()
        };
        let used: u64 = (1..=committed as usize).map(at_least).sum();
        let mut w = booting(1200, &[(BootStage::Pending, 7), (BootStage::Running, 5)]);
        w.lead_in = secs(300);
        w.prices.commitment = Some(Commitment { instances: committed, hour_nano_usd: 60_000_000 });
        let result = steer(w.clone(), evenly(0.0), sizes(&steps)).0;
        w.prices.commitment = None;
        let plain = steer(w, evenly(0.0), sizes(&steps)).0;
        let b = result.billed;
        assert_eq!(b.commitment_used_ns, u128::from(used), "fleet {seed}: {steps:?}");
        assert_eq!(b.instance_ns + u128::from(used), plain.billed.instance_ns, "fleet {seed}");
        assert_eq!(result.capacity, plain.capacity, "fleet {seed}");
        assert_eq!(b.commitment_ns, u128::from(committed) * ns(900), "fleet {seed}");
        assert_eq!(
            result.cost.commitment_nano_usd,
            u128::from(committed) * 15_000_000,
            "a quarter of an hour"
        );
    }
}

/// Proves what reserved public addresses cost: all of all pools for the whole window, used or not; beside them only what is ephemeral.
#[test]
fn reserved_addresses_are_billed_used_or_not() {
    let addresses = |count, per_zone, public: bool| {
        let mut w = booting(600, &[]);
        w.group.zones = vec!["a".into(), "b".into()];
        w.instance.public_address = public;
        w.group.places.addresses = Some(Addresses { per_zone, count, when_empty: WhenEmpty::Ephemeral });
        steer(w, evenly(0.0), sizes(&[(100 * SECOND, 3), (by(400), 1)])).0.billed.address_ns
    };
    assert_eq!(addresses(8, false, true), ns(8 * 600), "three at most of eight are used");
    assert_eq!(addresses(4, true, true), ns(2 * 4 * 600), "four in each zone");
    assert_eq!(addresses(2, false, true), ns(2 * 600 + 300), "a third one of its own for 300 s");
    assert_eq!(addresses(8, false, false), 0, "private addresses cost nothing");
}
