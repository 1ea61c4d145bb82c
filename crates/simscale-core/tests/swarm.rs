//! Thousands of random small worlds with every feature, half of them on a coarse grid: all laws hold, and a run repeats to
//! the bit. A failure names the seed of the world.

mod support;

use simscale_core::run;
use support::Keep;
use support::random_world::random;

#[test]
fn laws_hold_and_runs_repeat_in_random_worlds() {
    let count = std::env::var("SIMSCALE_SWARM").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let mut kinds = [0u64; 6];
    for seed in 0..count {
        let small = random(seed);
        let once = || {
            let mut keep = Keep::default();
            let result = run(small.world.clone(), small.workload(), small.policies(), &mut keep);
            let result = result.unwrap_or_else(|law| panic!("world {seed}: {law}"));
            (result, keep.periods, keep.activities)
        };
        let (first, second) = (once(), once());
        assert_eq!(first, second, "world {seed} does not repeat");
        let r = first.0;
        let settled =
            r.requests.served + r.requests.refused + r.requests.failed + r.requests.in_flight_at_end;
        assert_eq!(r.requests.in_flight_at_start + r.requests.arrived, settled, "world {seed}");
        for objective in &r.objectives {
            assert!(objective.violating_requests <= objective.requests, "world {seed}: {objective:?}");
            assert!(objective.requests <= r.requests.arrived, "world {seed}: {objective:?}");
        }
        let seen = [
            r.attempts.retried,
            r.attempts.timed_out,
            r.attempts.errors,
            r.attempts.killed,
            u64::from(r.saturated.is_some()),
            r.scaling.replacements,
        ];
        kinds.iter_mut().zip(seen).for_each(|(k, s)| *k += s);
    }
    println!("{count} worlds; retried, timed out, errors, killed, saturated, replaced: {kinds:?}");
    assert!(kinds.iter().all(|&k| k > 0), "the swarm meets every kind of trouble: {kinds:?}");
}
