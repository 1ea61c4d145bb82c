//! What one decision costs, for each kind of policy: ten instances, a full window of datapoints, an alarm that rings for those that have one.
//!
//! `cargo bench -p benches --bench policies`
#![allow(missing_docs)]

#[path = "support/works.rs"]
#[allow(dead_code)]
mod works;

use criterion::{Criterion, criterion_group, criterion_main};
use simscale::engine::{AlarmState, AlarmView, Datapoint, Policy, SimDuration, SimTime, Trigger};
use simscale::policies::conformance::Scene;
use std::hint::black_box;

/// An hour and a half into the run: behind the first action of every clock.
const NOW: SimTime = SimTime::from_nanos(5_400_000_000_000);

/// Datapoints that a policy is shown, at most.
const SHOWN: u32 = 32;

fn datapoints(count: u32) -> Vec<Datapoint> {
    let period = SimDuration::from_secs(60);
    let start = |back: u32| SimTime::from_nanos(NOW.as_nanos() - period.as_nanos() * u64::from(back));
    let value = |back: u32| 85.0 - f64::from(back) * 0.1;
    (1..=count).rev().map(|back| Datapoint { start: start(back), period, value: value(back) }).collect()
}

fn scene(policy: &dyn Policy) -> Scene {
    let needs = policy.needs();
    let mut scene = Scene::new(2, 20, 10);
    scene.now = NOW;
    scene.datapoints = needs.metrics.iter().map(|_| datapoints(SHOWN)).collect();
    let rings =
        |periods: u32| AlarmView { state: AlarmState::Alarm, evaluated: datapoints(periods.min(SHOWN)) };
    scene.alarms = needs.alarms.iter().map(|alarm| rings(alarm.evaluation_periods)).collect();
    scene.trigger = if needs.alarms.is_empty() { Trigger::Look } else { Trigger::Alarm(0) };
    scene
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decision");
    let simulation = works::scenario("policies", &[]).simulation(None, None).expect("no trace is needed");
    for mut policy in simulation.policies {
        let scene = scene(&*policy);
        let name = policy.name().to_owned();
        group.bench_function(name, |bencher| bencher.iter(|| policy.decide(black_box(&scene.observation()))));
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
