//! A conformance kit: what every policy must keep, checked from outside; for the policies here and for a user's own.
//!
//! ```
//! use simscale_core::Metric;
//! use simscale_policy::{TargetTracking, TargetTrackingParams, conformance};
//!
//! let violations = conformance::check(|| {
//!     let params = TargetTrackingParams::new("cpu-50", Metric::CpuUtilization, 50.0);
//!     Box::new(TargetTracking::new(params).expect("the parameters are valid"))
//! });
//! assert!(violations.is_empty(), "{violations:#?}");
//! ```
//!
//! [`Stage`] plays one policy over a toy group for tests that tell a story; [`Scene`] is an observation set up by hand.

mod scene;
mod stage;

pub use scene::Scene;
pub use stage::{Played, Stage};

use simscale_core::{AlarmState, AlarmView, Datapoint, Policy, Request, SimDuration, SimTime, Trigger};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bounds and size of the group in the checks.
const GROUP: (u32, u32, u32) = (2, 20, 6);

/// Values that a metric should never have and a policy must survive.
const WILD: [f64; 9] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e300, -1.0, 0.0, f64::MIN_POSITIVE];

/// Puts a policy through the kit and returns what it breaks, in words; nothing for a conforming policy.
///
/// `make` builds the policy afresh each time it is called. The rules:
///
/// 1. The same observations give the same decisions, needs and looks.
/// 2. What it asks lies within the group's bounds, or those it sets, unless it acts raw.
/// 3. A policy that watches metrics asks for no change while nothing is published.
/// 4. While its metrics stay the same, it never scales both out and in.
/// 5. Its next look is later than now, except for a first look at time zero.
/// 6. Jumps of the clock, metrics that are huge or no numbers, and groups of any size do not make it panic.
///
/// A panic is reported as a violation; the usual panic message also goes to standard error.
pub fn check(make: impl Fn() -> Box<dyn Policy>) -> Vec<String> {
    let rules: [(&str, Rule); 6] = [
        ("replay", replays),
        ("bounds", keeps_bounds),
        ("no data", holds_without_data),
        ("stability", is_stable),
        ("clock jumps", survives_jumps),
        ("wild values", survives_wild_values),
    ];
    let mut violations = Vec::new();
    for (name, rule) in rules {
        match catch_unwind(AssertUnwindSafe(|| rule(&make))) {
            Ok(found) => violations.extend(found.into_iter().map(|text| format!("{name}: {text}"))),
            Err(_) => violations.push(format!("{name}: the policy panicked")),
        }
    }
    violations
}

/// [`check`], and what the policy of an ECS service must keep besides: it begins no scale-in while a deployment of the service runs.
pub fn check_service(make: impl Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut violations = check(&make);
    match catch_unwind(AssertUnwindSafe(|| keeps_tasks_in_a_deployment(&make))) {
        Ok(found) => violations.extend(found.into_iter().map(|text| format!("deployment: {text}"))),
        Err(_) => violations.push("deployment: the policy panicked".to_owned()),
    }
    violations
}

fn keeps_tasks_in_a_deployment(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut stage = stage(make);
    stage.deploy(true);
    wandering().for_each(|value| stage.minute(value));
    let fewer =
        |step: &&Played| matches!(step.decision.request, Request::Desired(size) if size < step.before.2);
    let found = stage.played().iter().filter(fewer);
    found.map(|step| format!("at {} it asks for fewer than {}", step.at, step.before.2)).collect()
}

/// A rule of the kit: builds policies and says what they broke.
type Rule = fn(&dyn Fn() -> Box<dyn Policy>) -> Vec<String>;

/// A stage with a fresh policy.
fn stage(make: &dyn Fn() -> Box<dyn Policy>) -> Stage {
    let (min, max, desired) = GROUP;
    Stage::new(make(), min, max, desired)
}

/// Four hours of values that wander between 0 and 120, with gaps; always the same.
fn wandering() -> impl Iterator<Item = Option<f64>> {
    let mut state: u64 = 42;
    (0..240).map(move |minute| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f64 / (1u64 << 24) as f64;
        let wave = 50.0 + 50.0 * (f64::from(minute) / 20.0).sin();
        (noise < 0.95).then_some(wave + 20.0 * noise)
    })
}

/// Plays the wandering values.
fn played(make: &dyn Fn() -> Box<dyn Policy>) -> Stage {
    let mut stage = stage(make);
    wandering().for_each(|value| stage.minute(value));
    stage
}

fn replays(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut violations = Vec::new();
    let (first, second) = (make(), make());
    if first.needs() != second.needs() || first.name() != second.name() {
        violations.push("two policies built alike differ in name or needs".to_owned());
    }
    if first.name().trim().is_empty() {
        violations.push("the name is empty".to_owned());
    }
    let (first, second) = (played(make), played(make));
    let mut pairs = first.played().iter().zip(second.played());
    if let Some((a, b)) = pairs.find(|(a, b)| format!("{a:?}") != format!("{b:?}")) {
        violations.push(format!("the same observations gave {a:?} and then {b:?}"));
    } else if first.played().len() != second.played().len() {
        violations.push("the same observations gave different looks".to_owned());
    }
    violations.extend_from_slice(first.violations());
    violations
}

fn keeps_bounds(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut violations = Vec::new();
    for step in played(make).played() {
        let (min, max) = step.decision.bounds.unwrap_or((step.before.0, step.before.1));
        if min > max {
            violations.push(format!("at {} it sets bounds {min} to {max}, which are crossed", step.at));
        }
        if let Request::Desired(wanted) = step.decision.request
            && !step.decision.raw
            && !(min..=max).contains(&wanted)
        {
            violations.push(format!("at {} it asks for {wanted}, outside {min} to {max}", step.at));
        }
    }
    violations
}

fn holds_without_data(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let needs = make().needs();
    if needs.metrics.is_empty() && needs.alarms.is_empty() {
        return Vec::new();
    }
    let mut stage = stage(make);
    for _ in 0..60 {
        stage.minute(None);
    }
    stage.jump(SimDuration::ZERO);
    let changes = stage
        .played()
        .iter()
        .filter(|step| matches!(step.decision.request, Request::Desired(wanted) if wanted != step.before.2));
    changes.map(|step| format!("at {} it asks for a change: {:?}", step.at, step.decision)).collect()
}

fn is_stable(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let needs = make().needs();
    if needs.metrics.is_empty() && needs.alarms.is_empty() {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for value in [0.0, 10.0, 35.0, 50.0, 60.0, 80.0, 100.0, 1000.0] {
        let mut stage = stage(make);
        let mut sizes = vec![stage.desired()];
        for _ in 0..180 {
            stage.minute(Some(value));
            sizes.push(stage.desired());
        }
        let rises = sizes.windows(2).any(|pair| pair[1] > pair[0]);
        let falls = sizes.windows(2).any(|pair| pair[1] < pair[0]);
        if rises && falls {
            sizes.dedup();
            violations.push(format!("with the metric always at {value} the size went {sizes:?}"));
        }
    }
    violations
}

fn survives_jumps(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut stage = stage(make);
    for seconds in [1, 7, 299, 3600, 86_400, 365 * 86_400, 1] {
        stage.minutes(4, 90.0);
        stage.jump(SimDuration::from_secs(seconds));
        stage.minutes(16, 10.0);
    }
    stage.violations().to_vec()
}

fn survives_wild_values(make: &dyn Fn() -> Box<dyn Policy>) -> Vec<String> {
    let mut stage = stage(make);
    for value in WILD {
        stage.minutes(16, value);
    }
    let mut policy = make();
    for value in WILD {
        for scene in extreme_scenes(policy.as_ref(), value) {
            policy.decide(&scene.observation());
        }
    }
    stage.violations().to_vec()
}

/// Groups of size zero and of the largest size there is, under every trigger, with each alarm in ALARM on `value`.
fn extreme_scenes(policy: &dyn Policy, value: f64) -> Vec<Scene> {
    let needs = policy.needs();
    let point = Datapoint { start: SimTime::ZERO, period: SimDuration::from_secs(60), value };
    let mut triggers = vec![Trigger::Look, Trigger::Alarm(needs.alarms.len())];
    triggers.extend((0..needs.alarms.len()).map(Trigger::Alarm));
    let mut scenes = Vec::new();
    for trigger in triggers {
        for (desired, max) in [(0, 0), (0, u32::MAX), (u32::MAX, u32::MAX)] {
            let mut scene = Scene::new(0, max, 0);
            scene.now = SimTime::ZERO + SimDuration::from_secs(3600);
            (scene.trigger, scene.desired, scene.terminating) = (trigger, desired, desired);
            scene.datapoints = vec![vec![point]; needs.metrics.len()];
            scene.alarms =
                vec![AlarmView { state: AlarmState::Alarm, evaluated: vec![point] }; needs.alarms.len()];
            scenes.push(scene);
        }
    }
    scenes
}
