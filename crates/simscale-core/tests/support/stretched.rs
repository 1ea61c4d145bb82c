//! Worlds on a slower clock.

use crate::support::random_world::{Small, random};
use crate::support::*;
use simscale_core::*;

fn times(d: &mut SimDuration, k: u64) {
    *d = SimDuration::from_nanos(d.as_nanos() * k);
}

fn law_times(law: &mut Distribution, k: u64) {
    match law {
        Distribution::Constant { value: time } | Distribution::Exponential { mean: time } => {
            *time *= k as f64
        }
        other => panic!("no way to scale {other:?}"),
    }
}

/// The same world, seen on a clock that runs `k` times faster: every duration in it is `k` times as long.
pub fn stretched(mut w: World, k: u64) -> World {
    for class in &mut w.classes {
        law_times(&mut class.cpu_time, k);
        law_times(&mut class.wait_time, k);
    }
    for phase in &mut w.instance.boot {
        law_times(&mut phase.time, k);
        if let BootFailure::ServesErrors { error_time, check_passes_for } = &mut phase.on_failure {
            times(error_time, k);
            times(check_passes_for, k);
        }
    }
    if let Some(Cold::For { time, .. }) = &mut w.instance.cold {
        times(time, k);
    }
    for fault in &mut w.faults {
        let FaultTime::At(at) = &mut fault.when else {
            panic!("only a fault at a given time can be scaled exactly")
        };
        *at = SimTime::from_nanos(at.as_nanos() * k);
        if let FaultKind::SlowDown { time, .. } | FaultKind::Hang { time } = &mut fault.kind {
            times(time, k);
        }
    }
    if let Some(sessions) = &mut w.clients.sessions {
        law_times(&mut sessions.think_time, k);
    }
    if let Some(retries) = &mut w.clients.retries {
        times(&mut retries.backoff, k);
        times(&mut retries.max_backoff, k);
    }
    for objective in &mut w.objectives {
        match &mut objective.kind {
            ObjectiveKind::Latency { below, window, .. } => {
                times(below, k);
                times(window, k);
            }
            ObjectiveKind::GoodRequests { below } => times(below, k),
            ObjectiveKind::Availability => {}
        }
    }
    stretch_places(&mut w.group.places, k);
    w.balancer.anomalies.iter_mut().for_each(|anomalies| times(&mut anomalies.every, k));
    w.queue.iter_mut().for_each(|queue| times(&mut queue.visibility_timeout, k));
    for strike in w.operations.iter_mut().flat_map(|o| &mut o.strikes) {
        strike.at = SimTime::from_nanos(strike.at.as_nanos() * k);
        times(&mut strike.late, k);
    }
    w.clients.timeout.iter_mut().chain(&mut w.balancer.idle_timeout).for_each(|t| times(t, k));
    let (g, m) = (&mut w.group, &mut w.metrics);
    let group = [&mut g.warm_up, &mut g.cooldown, &mut g.health.grace, &mut g.health.every];
    let alarms = [&mut m.alarm_every, &mut m.fine_alarm_every, &mut m.minute];
    let metrics = [&mut m.period, &mut m.resolution, &mut m.ec2_resolution, &mut m.publication_delay];
    let rest = [&mut w.duration, &mut w.lead_in, &mut w.balancer.deregistration_delay];
    for suspension in &mut g.suspensions {
        suspension.from = SimTime::from_nanos(suspension.from.as_nanos() * k);
        suspension.to = SimTime::from_nanos(suspension.to.as_nanos() * k);
    }
    for deployment in &mut g.deployments {
        deployment.at = SimTime::from_nanos(deployment.at.as_nanos() * k);
        match &mut deployment.kind {
            DeploymentKind::Rolling { every: time, .. } | DeploymentKind::BlueGreen { duration: time } => {
                times(time, k)
            }
        }
    }
    for refresh in &mut g.refreshes {
        refresh.at = SimTime::from_nanos(refresh.at.as_nanos() * k);
        times(&mut refresh.warm_up, k);
    }
    for hook in &mut g.hooks {
        law_times(&mut hook.time, k);
        times(&mut hook.heartbeat_timeout, k);
        hook.heartbeats.iter_mut().for_each(|h| times(h, k));
    }
    group.into_iter().chain(metrics).chain(alarms).chain(rest).for_each(|d| times(d, k));
    w
}

fn stretch_places(places: &mut Places, k: u64) {
    times(&mut places.retry, k);
    for shortage in &mut places.shortages {
        shortage.from = SimTime::from_nanos(shortage.from.as_nanos() * k);
        shortage.to = SimTime::from_nanos(shortage.to.as_nanos() * k);
    }
    if let Some(agents) = &mut places.agents {
        law_times(&mut agents.login_time, k);
        law_times(&mut agents.seen_stopped_after, k);
    }
}

/// Times are multiples of this, so that work done at a quarter of the speed is whole.
pub const FINE: u64 = 8192;

/// Takes out of a random world what cannot scale to the nanosecond: constants of the engine (relaunch after 1 s, slow-start steps,
/// effects that wait 1 ns, hours of the termination rule, looks at CPU credits), draws addressed by time, products that are rounded, and shared processors.
pub fn scalable(seed: u64) -> Small {
    let mut small = random(seed);
    // Works stay far from the largest that a request can carry.
    small.arrivals.iter_mut().for_each(|a| a.1 = a.1.min(160_000_000));
    let w = &mut small.world;
    w.instance.credits = None;
    w.group.mixed = None;
    // Its surplus goes by the hours of the default rule, and returns wait for 1 ns.
    w.group.warm_pool = None;
    // A place falls free a nanosecond after the decision that ends its task.
    w.group.hosts = None;
    w.instance.speed = 65_536;
    w.instance.admitted = w.instance.admitted.min(w.instance.vcpus);
    w.instance.memory = None;
    w.machines.iter_mut().for_each(|m| m.vcpus = w.instance.vcpus);
    w.balancer.health_check = None;
    w.balancer.slow_start = SimDuration::ZERO;
    let timed =
        |rule: &Termination| matches!(rule, Termination::Default | Termination::ClosestToNextInstanceHour);
    if w.group.termination.iter().any(timed) {
        w.group.termination = vec![Termination::OldestInstance];
    }
    // A terminating hook begins a nanosecond after the decision, and a failed launch is repeated after a second.
    w.group.hooks.retain(|h| h.transition == Transition::Launching);
    for hook in &mut w.group.hooks {
        (hook.default_result, hook.failure_ppm) = (HookResult::Continue, 0);
        // No hook reaches the 48 hours that end every one.
        (hook.heartbeat_timeout, hook.heartbeats) = (SimDuration::from_millis(50), None);
    }
    for class in &mut w.classes {
        class.wait_time = Distribution::Constant { value: class.wait_time.mean().round() };
        if class.cpu_before_ppm == 333_333 {
            class.cpu_before_ppm = 250_000;
        }
    }
    scalable_boot(w);
    w.instance.cold = match w.instance.cold {
        Some(Cold::For { time, .. }) => Some(Cold::For { factor: 2.0, time }),
        Some(Cold::Requests { count, .. }) => Some(Cold::Requests { factor: 2.0, count }),
        None => None,
    };
    if let Some(retries) = &mut w.clients.retries {
        retries.jitter_ppm = 0;
    }
    scalable_faults(w);
    if let Some(agents) = &mut w.group.places.agents {
        for law in [&mut agents.login_time, &mut agents.seen_stopped_after] {
            *law = Distribution::Constant { value: law.mean().round() };
        }
    }
    // Eighty thousand times as long and cold, a draw must stay below the longest.
    let constant = |law: &Distribution| Distribution::Constant { value: law.mean().clamp(1.0, 1e8).round() };
    if let Some(sessions) = &mut w.clients.sessions {
        sessions.think_time = constant(&sessions.think_time);
        w.classes.iter_mut().for_each(|class| class.cpu_time = constant(&class.cpu_time));
    }
    if w.backend_connections.is_some() || w.clients.sessions.is_some() || w.queue.is_some() {
        // What a decision ends 1 ns later hands its backend slots on, and its user thinks from then.
        small.sizes.clear();
    }
    small.arrivals.iter_mut().for_each(|a| a.1 = a.1 / 4 * 4 + 4);
    small
}

fn scalable_boot(w: &mut World) {
    if w.instance.boot.is_empty() {
        w.instance.boot = vec![phase("boot", Distribution::Constant { value: 1e6 }, BootStage::Running)];
    }
    for phase in &mut w.instance.boot {
        if phase.on_failure == BootFailure::Terminate {
            phase.on_failure = BootFailure::NeverReady;
        }
        if phase.time.mean() < 1.0 {
            phase.time = Distribution::Constant { value: 1e6 };
        }
    }
}

fn scalable_faults(w: &mut World) {
    w.faults.retain(|f| matches!(f.when, FaultTime::At(_)));
    for fault in &mut w.faults {
        if let Victims::Count(_) = fault.victims {
            fault.victims = Victims::Zone(0);
        }
        if let FaultKind::SlowDown { factor, .. } = &mut fault.kind {
            *factor = 2.0;
        } else if let (FaultKind::Hang { time }, true) = (fault.kind, w.classes[0].wait_time.mean() > 0.0) {
            fault.kind = FaultKind::SlowDown { factor: 2.0, time };
        }
    }
}
