//! CPU credits through whole runs, against the arithmetic of the EC2 user guide.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::random_world::random;
use support::*;

/// One instance of this many vCPUs with this baseline (in 1/600 of a vCPU), for so many seconds.
fn burstable(vcpus: u32, baseline: u32, unlimited: bool, seconds: u64) -> World {
    let mut w = world(secs(seconds), 1);
    w.instance.vcpus = vcpus;
    w.instance.admitted = 1_000_000;
    w.instance.credits = Some(Credits { baseline, unlimited, initial: 0, launch: 0 });
    w
}

/// Requests that keep one vCPU busy for this share of every second, from `from` to `until` (s).
fn share(ms: u64, from: u64, until: u64) -> Workload {
    let list: Vec<(u64, u64)> = (from..until).map(|s| (s * SECOND, ms * 1_000_000)).collect();
    requests(&list)
}

/// The rows of the activity log: second, text.
fn told(keep: &Keep) -> Vec<(f64, String)> {
    let own = keep.activities.iter().filter(|a| a.kind == ActivityKind::Credits);
    own.map(|a| (a.at.as_secs_f64(), a.note.clone())).collect()
}

fn credits(units: f64) -> u64 {
    (units * CREDIT as f64) as u64
}

/// Proves the arithmetic of the user guide on a t2.micro (1 vCPU, 10 %): 30 % of a vCPU spends 18 credits an hour and earns 6, so
/// that 30 launch credits last 2.5 h, to the second; from then on the processor runs at its baseline, and what CloudWatch reports is
/// its baseline.
#[test]
fn thirty_launch_credits_last_two_and_a_half_hours() {
    let mut w = burstable(1, 60, false, 3 * 3600);
    w.instance.credits = w.instance.credits.map(|c| Credits { launch: credits(30.0), ..c });
    let (_, keep) = simulate(w, share(300, 0, 3 * 3600));
    assert_eq!(told(&keep).len(), 1, "{:?}", told(&keep));
    let (at, text) = &told(&keep)[0];
    assert_eq!(*at, 9000.0, "2.5 h");
    assert_eq!(text, "no CPU credits left: throttled to 10 % of its processors");
    let row = |minute: usize| &keep.periods[minute - 1];
    assert!((row(60).credit_balance_mean - 18.0).abs() < 1e-9, "an hour takes 12 of 30");
    assert!((row(120).credit_balance_mean - 6.0).abs() < 1e-9);
    assert_eq!((row(150).credit_balance_mean, row(149).throttled, row(151).throttled), (0.0, 0, 1));
    assert!((row(150).cpu_utilization - 0.3).abs() < 1e-12);
    for minute in 151..=180 {
        assert!((row(minute).cpu_utilization - 0.1).abs() < 1e-12, "{:?}", row(minute));
    }
}

/// Proves the way back: a throttled instance that is idle earns a credit in ten minutes (6 an hour), and runs at full speed again at the
/// first whole minute that has a minute's earning, 0.1 credits, together.
#[test]
fn a_throttled_instance_recovers_on_the_minute() {
    // Busy for 600 s from 0 with 3.5 s worth of full speed: empty within seconds, then served at a tenth of the speed.
    let w = burstable(1, 60, false, 600);
    let (_, keep) = simulate(w, requests(&[(0, 10 * SECOND)]));
    let rows = told(&keep);
    // After 1 s it owes 0.9 s of full speed; throttled it needs 90 s for the rest and earns what it spends.
    assert_eq!(rows[0].0, 1.0);
    assert!(rows[0].1.contains("throttled to 10 %"), "{rows:?}");
    // Done at 91 s. It owes 540 units x 10^9, and needs 60 x 60 x 10^9 more: earned at 160 s, judged at 180 s.
    assert_eq!(rows[1].0, 180.0, "{rows:?}");
    assert!(rows[1].1.contains("no longer throttled"), "{rows:?}");
    assert_eq!(keep.periods[0].served, 0);
    // The speed at the baseline is 6553 of 65536, a little less than a tenth; the histogram knows 0.4 %.
    assert!((keep.periods[1].response_ns[0] as f64 / 91e9 - 1.0).abs() < 0.005, "91 s");
    // A minute's earning is a tenth of a credit; spent: 1 s in full, the other 9 s of work at a tenth.
    let slow = (9.0 * 65_536.0 / 6553.0) * 0.1;
    assert!((keep.periods[9].credit_balance_mean - (60.0 - 1.0 - slow) / 60.0).abs() < 1e-9);
}

/// Proves the surplus of an unlimited t3.nano (2 vCPUs, 5 %: 6 credits an hour, 144 a day) at full speed from nothing: it never slows
/// down, it nets 114 credits an hour, 144 of them are free, and what passes them is charged. 5 h: 570 - 144 = 426, less
/// what is not booked yet; termination charges the 144 too.
#[test]
fn an_unlimited_instance_pays_for_what_passes_a_day_of_earning() {
    let hours = 5 * 3600;
    let load = || {
        let list: Vec<(u64, u64)> = (0..hours).flat_map(|s| [(s * SECOND, SECOND); 2]).collect();
        requests(&list)
    };
    let mut w = burstable(2, 30, true, hours + 300);
    let (result, keep) = simulate(w.clone(), load());
    assert!(
        (result.capacity.cpu_utilization_mean - f64::from(18_000) / 18_300.0).abs() < 1e-9,
        "never throttled"
    );
    let charged = result.billed.surplus_credit_units;
    assert_eq!(charged, u128::from(426 * CREDIT), "{}", charged as f64 / CREDIT as f64);
    assert_eq!(result.cost.surplus_credits_nano_usd, 426 * 50_000_000 / 60);
    let rows = told(&keep);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0].0, 300.0);
    assert!(rows[0].1.contains("spends surplus credits"), "{rows:?}");
    // 9.5 credits a step: the sixteenth step passes 144.
    assert_eq!(rows[1].0, 16.0 * 300.0);
    assert!(rows[1].1.contains("more are charged"), "{rows:?}");
    // Terminated at the end of the load: what is lent is charged too.
    (w.group.min, w.group.max) = (0, 1);
    let result = steer(w, load(), sizes(&[(hours * SECOND + 299 * SECOND, 0)])).0;
    let back = 6 * CREDIT * 299 / 3600 + 6 * CREDIT / 3600 / SECOND;
    assert!(result.billed.surplus_credit_units.abs_diff(u128::from(570 * CREDIT - back)) <= 1);
}

/// Proves the bill of the user guide: 25 surplus credits are 0.42 vCPU-hours, at 0.05 USD 0.021 USD.
#[test]
fn twenty_five_surplus_credits_cost_two_cents() {
    // t2.nano (5 %), unlimited: full speed for 25 / 0.95 minutes from nothing, then terminated.
    let busy = credits(25.0) / (600 - 30) + 1;
    let mut w = burstable(1, 30, true, 3600);
    (w.group.min, w.group.max) = (0, 1);
    let (result, _) = steer(w, requests(&[(0, busy)]), sizes(&[(busy, 0)]));
    let charged = result.billed.surplus_credit_units as f64 / CREDIT as f64;
    assert!((charged - 25.0).abs() < 1e-9, "{charged}");
    assert_eq!(result.cost.surplus_credits_nano_usd, 20_833_333, "0.0208 USD; the guide rounds to 0.021");
}

/// Proves that credits only matter when they run out: in random worlds with credits for a year everything but the credits themselves
/// stays bit by bit.
#[test]
fn plenty_of_credits_change_nothing() {
    for seed in 0..400 {
        let small = random(seed);
        let run = |credits: Option<Credits>| {
            let mut w = small.world.clone();
            w.instance.credits = credits;
            let (mut result, mut keep) = steer(w, small.workload(), small.policies());
            result.capacity.cpu_utilization_mean = 0.0;
            for row in &mut keep.periods {
                (row.credit_balance_mean, row.cpu_utilization) = (0.0, 0.0);
            }
            (result, keep.periods)
        };
        if small.readers.is_empty() && small.watchers.is_empty() {
            let plenty = Credits { baseline: 60, unlimited: false, initial: 0, launch: credits(500_000.0) };
            assert_eq!(run(None), run(Some(plenty)), "world {seed}");
        }
    }
}

/// Proves that the swarm of random worlds meets every turn that credits can take.
#[test]
fn random_worlds_meet_every_turn() {
    let turns = ["throttled to", "no longer throttled", "spends surplus", "more are charged"];
    let mut met = [0; 4];
    let mut charged = 0;
    for seed in 0..5000 {
        let small = random(seed);
        if small.world.instance.credits.is_some() {
            let (result, keep) = steer(small.world.clone(), small.workload(), small.policies());
            for (_, text) in told(&keep) {
                met.iter_mut().zip(turns).for_each(|(n, turn)| *n += u32::from(text.contains(turn)));
            }
            charged += u32::from(result.billed.surplus_credit_units > 0);
        }
    }
    println!("{turns:?}: {met:?}; charged in {charged} worlds");
    assert!(met.iter().all(|&n| n > 0) && charged > 0, "{turns:?}: {met:?}; charged in {charged} worlds");
}
