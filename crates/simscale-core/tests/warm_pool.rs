//! Warm pools through whole runs, against cases worked out by hand: who is taken, who comes back, and what waiting costs.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::*;

/// Two instances that nobody sends anything to, and a pool up to five: a boot takes 60 billed seconds, a start from the pool 20 s. Four are desired at
/// 60 s, two again at 400 s; the run ends at 600 s.
fn day(change: impl Fn(&mut World)) -> (RunResult, Vec<String>) {
    let mut w = world(secs(600), 1);
    fleet(&mut w, 2);
    (w.group.min, w.group.max) = (1, 5);
    w.instance.boot = vec![phase("boot", Distribution::Constant { value: 60.0 * S }, BootStage::Running)];
    w.instance.volume_gib = 1;
    w.prices.minimum = SimDuration::ZERO;
    w.group.warm_pool = Some(WarmPool {
        min_size: 0,
        max_prepared: None,
        state: PoolState::Stopped,
        reuse: false,
        start_time: Distribution::Constant { value: 20.0 * S },
    });
    change(&mut w);
    let (result, keep) = steer(w, evenly(0.0), sizes(&[(60 * SECOND, 4), (400 * SECOND, 2)]));
    let told = |row: &ActivityRow| {
        let instance = row.instance.map_or(String::new(), |i| format!(" {i}"));
        format!("{}{instance} {}", row.at.as_nanos() / SECOND, row.note)
    };
    let rows = keep.activities.iter().filter(|r| r.kind != ActivityKind::Decision).map(told).collect();
    (result, rows)
}

fn pool(w: &mut World) -> &mut WarmPool {
    w.group.warm_pool.as_mut().expect("a pool")
}

/// Instance-seconds on the bill, and seconds of existence by the volumes.
fn billed(result: &RunResult) -> (u128, u128) {
    let second = u128::from(SECOND);
    (result.capacity.billed_ns / second, result.billed.volume_gib_ns / second)
}

/// Proves the plain case: members are taken at once, the oldest first, start in 20 s and are billed from then on; who leaves is terminated, and the
/// pool launches for itself, which is billed while it boots.
#[test]
fn a_stopped_pool_is_taken_first_and_filled_again() {
    let (result, rows) = day(|_| {});
    let story = [
        "60 2 taken from the warm pool in zone a",
        "60 3 taken from the warm pool in zone a",
        "80 2 in service",
        "80 3 in service",
        "400 5 launched into the warm pool in zone a",
        "400 6 launched into the warm pool in zone a",
        "460 5 rests in the warm pool: stopped",
        "460 6 rests in the warm pool: stopped",
    ];
    let told: Vec<&String> = rows.iter().filter(|r| story.contains(&r.as_str())).collect();
    assert_eq!(told, story, "{rows:#?}");
    let s = result.scaling;
    assert_eq!((s.warm_starts, s.launches, s.terminations, s.returns), (2, 2, 2, 0));
    // Two always, two from 80 to 400 s, two boots of 60 s; five volumes, seven for the nanosecond of two terminations.
    assert_eq!(billed(&result), (1200 + 640 + 120, 3000));
}

/// Proves that with reuse nobody is launched and nobody goes: two return after their drains, and a later scale-out would take them.
#[test]
fn a_pool_with_reuse_takes_its_instances_back() {
    let (result, rows) = day(|w| pool(w).reuse = true);
    let s = result.scaling;
    assert_eq!((s.warm_starts, s.launches, s.terminations, s.returns), (2, 0, 2, 2), "{rows:#?}");
    assert_eq!(billed(&result), (1200 + 640, 3000));
    assert_eq!(rows.iter().filter(|r| r.ends_with("rests again in the warm pool: stopped")).count(), 2);
}

/// Proves that members that wait running are billed like others, and hibernated ones like stopped ones.
#[test]
fn what_waits_running_costs_the_full_price() {
    assert_eq!(billed(&day(|w| pool(w).state = PoolState::Running).0), (5 * 600, 3000));
    assert_eq!(billed(&day(|w| pool(w).state = PoolState::Hibernated).0), (1200 + 640 + 120, 3000));
    let runs = |w: &mut World| (pool(w).state, pool(w).reuse) = (PoolState::Running, true);
    assert_eq!(billed(&day(runs).0), (5 * 600, 3000));
}

/// Proves that launching hooks hold an instance twice, each time it enters: 30 s into the pool, 30 s out of it.
#[test]
fn launching_hooks_run_into_the_pool_and_out_of_it() {
    let (_, rows) = day(|w| {
        w.group.hooks = vec![Hook {
            name: "deploy".into(),
            transition: Transition::Launching,
            time: Distribution::Constant { value: 30.0 * S },
            heartbeat_timeout: secs(100),
            default_result: HookResult::Abandon,
            failure_ppm: 0,
            on_failure: HookFailure::Abandon,
            heartbeats: None,
        }];
    });
    let has = |row: &str| assert!(rows.iter().any(|r| r == row), "{row}: {rows:#?}");
    ["80 2 Pending:Wait", "110 2 completed: CONTINUE", "110 2 in service"].iter().for_each(|r| has(r));
    ["400 5 Warmed:Pending:Wait", "430 5 completed: CONTINUE", "460 5 rests in the warm pool: stopped"]
        .iter()
        .for_each(|r| has(r));
}

/// Proves that a pool that is too small is used up and the rest launched, that its prepared capacity bounds it, and its minimum keeps it.
#[test]
fn a_pool_that_is_too_small_is_used_up() {
    let (result, rows) = day(|w| pool(w).max_prepared = Some(3));
    // One waits for two that are asked for: one launch, and none for a pool that is full with four of three prepared.
    assert_eq!((result.scaling.warm_starts, result.scaling.launches), (1, 2), "{rows:#?}");
    let (result, rows) = day(|w| (pool(w).max_prepared, pool(w).min_size) = (Some(0), 1));
    // The one that was taken is made up for; the other is launched. Nobody is missing when the group is smaller again.
    assert_eq!((result.scaling.warm_starts, result.scaling.launches), (1, 2), "{rows:#?}");
}

/// Proves that a stopped member of a zone without capacity cannot start, while a running one can be taken.
#[test]
fn a_stopped_member_needs_capacity_to_start() {
    let short = |w: &mut World| {
        w.group.places.shortages = vec![Shortage { zone: 0, from: at(50), to: at(200) }];
        w.group.places.retry = secs(300);
    };
    let (result, rows) = day(short);
    assert_eq!((result.scaling.warm_starts, result.scaling.failed_launches), (2, 1), "{rows:#?}");
    assert!(rows.iter().any(|r| r == "240 2 taken from the warm pool in zone a"), "{rows:#?}");
    let (result, rows) = day(|w| {
        short(w);
        pool(w).state = PoolState::Running;
    });
    assert_eq!((result.scaling.warm_starts, result.scaling.failed_launches), (2, 0), "{rows:#?}");
}
