//! The balancer's view: health checks, who may take traffic, slow start.

use super::machines::machine_of;
use super::{DEAF, Event, Sim};
use crate::fleet::{Health, Job, PROBE};
use crate::kernel::{Phase, Purpose, hash, key};
use crate::ledger::{ActivityKind, TargetReason};
use crate::traffic::{self, Targets, View, slow_start};

/// Registered targets by what the balancer thinks of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TargetCounts {
    pub healthy: u32,
    pub unhealthy: u32,
    /// Not judged yet.
    pub initial: u32,
}

const SECOND: u64 = 1_000_000_000;

impl Sim<'_> {
    /// The first check of a target that was just registered comes after a share of the interval that is its own.
    pub(super) fn start_checks(&mut self, slot: usize) {
        let Some(check) = self.world.balancer.health_check else { return };
        let launch = self.lives[slot].launch;
        let draw = hash(self.world.seed, Purpose::Balancer, launch, u64::MAX);
        let first = ((u128::from(check.interval.as_nanos()) * u128::from(draw)) >> 64) as u64;
        self.schedule(self.now + first, Event::HealthCheck { slot: slot as u32, launch });
    }

    /// A check is sent, and the next one scheduled.
    pub(super) fn health_check(&mut self, slot: usize, launch: u64) {
        let Some(check) = self.world.balancer.health_check else { return };
        if !self.holds(slot, launch) || !self.lives[slot].registered() {
            return;
        }
        let event = Event::HealthCheck { slot: slot as u32, launch };
        self.calendar.push(key(self.now + check.interval.as_nanos(), Phase::Lifecycle), event);
        let broken = self.lives[slot].broken;
        let passes = broken.is_none_or(|b| self.now < b.check_passes_until);
        if self.flags[slot] & DEAF != 0 {
            self.checked(slot, Some(TargetReason::FailedHealthChecks));
            return;
        }
        if !passes {
            self.checked(slot, Some(TargetReason::ResponseCodeMismatch));
            return;
        }
        self.advance(slot, self.now);
        let probe = self.probes;
        self.probes += 1;
        let work = broken.map_or(check.cpu_time.as_nanos().max(1), |b| b.error_time);
        let job = Job { mark: 0, born: self.now, work, wait: 0, tag: Job::tag(probe, 0, 0, PROBE) };
        if self.servers[slot].admit(slot, &job, self.now, &mut self.desk).is_err() {
            self.checked(slot, Some(TargetReason::FailedHealthChecks));
            return;
        }
        self.desk.in_flight += 1;
        self.due.set(slot, self.servers[slot].next());
        self.lives[slot].health.probe = Some(probe);
        self.check_memory(slot);
        self.watch(slot);
        let deadline = Event::HealthDeadline { slot: slot as u32, launch, probe };
        self.calendar.push(key(self.now + check.timeout.as_nanos(), Phase::Lifecycle), deadline);
    }

    /// A check was answered in time.
    pub(super) fn probe_answered(&mut self, slot: usize, probe: u64) {
        if self.lives[slot].health.probe == Some(probe) {
            self.lives[slot].health.probe = None;
            self.unwatch(slot);
            self.checked(slot, None);
        }
    }

    /// A check was not answered in time.
    pub(super) fn health_deadline(&mut self, slot: usize, launch: u64, probe: u64) {
        if !self.holds(slot, launch) || self.lives[slot].health.probe != Some(probe) {
            return;
        }
        self.lives[slot].health.probe = None;
        self.unwatch(slot);
        self.checked(slot, Some(TargetReason::Timeout));
    }

    /// The result of a check: thresholds in a row; a new target needs one success. `failure` says why it failed.
    fn checked(&mut self, slot: usize, failure: Option<TargetReason>) {
        let Some(check) = self.world.balancer.health_check else { return };
        if !self.lives[slot].registered() {
            return;
        }
        let health = &mut self.lives[slot].health;
        let before = *health;
        if failure.is_none() {
            let needed = if health.known { check.healthy_threshold } else { 1 };
            *health = Health { successes: health.successes + 1, failures: 0, ..*health };
            if health.successes >= needed {
                *health = Health { healthy: true, known: true, ..*health };
            }
        } else {
            *health = Health { failures: health.failures + 1, successes: 0, ..*health };
            if health.failures >= check.unhealthy_threshold {
                *health = Health { healthy: false, known: true, ..*health };
            }
        }
        let after = *health;
        if (after.healthy, after.known) != (before.healthy, before.known) {
            self.note_target(slot, failure.unwrap_or(TargetReason::Healthy));
        }
        if after.healthy != before.healthy {
            let now_healthy = after.healthy;
            self.desk.book.control_fact(6, self.now, (slot as u64) << 1 | u64::from(now_healthy));
            if now_healthy {
                self.begin_slow_start(slot);
                self.outgoing_may_leave();
            } else {
                self.end_slow_start(slot);
            }
            self.refresh_targets();
        }
    }

    /// Target-group health is judged anew, and who may take traffic from which node.
    pub(super) fn refresh_targets(&mut self) {
        let mut zones = vec![Targets::default(); self.group.living.len()];
        for life in self.lives.iter().filter(|l| l.registered()) {
            let zone = &mut zones[usize::from(life.zone)];
            zone.registered += 1;
            zone.healthy += u32::from(life.health.healthy);
        }
        let views = traffic::views(&self.world.balancer, &zones);
        let changes = self.desk.nodes.look(views);
        for slot in 0..self.lives.len() {
            let life = &self.lives[slot];
            let healthy = life.registered().then_some(life.health.healthy);
            self.desk.nodes.set_target(slot, usize::from(life.zone), healthy);
        }
        self.log_views(&changes);
    }

    /// Writes down what changed for the nodes: with cross-zone on all have the same view.
    fn log_views(&mut self, changes: &[(usize, View, View)]) {
        let told = if self.world.balancer.cross_zone { 1 } else { changes.len() };
        for (zone, before, after) in changes.iter().take(told) {
            let whose = match self.world.balancer.cross_zone {
                true => "all zones".to_string(),
                false => format!("zone {}", self.world.group.zones[*zone]),
            };
            for what in traffic::told(before, after) {
                self.note(ActivityKind::Node, "balancer", None, &format!("{whose}: {what}"));
            }
        }
        for life in self.lives.iter_mut().filter(|l| l.registered() && l.health.healthy) {
            life.healthy_since.get_or_insert(self.now);
        }
    }

    /// Registered targets by what the balancer thinks of them.
    pub(super) fn target_counts(&self) -> TargetCounts {
        let mut counts = TargetCounts::default();
        for life in self.lives.iter().filter(|l| l.registered()) {
            let count = match life.health {
                Health { healthy: true, .. } => &mut counts.healthy,
                Health { known: true, .. } => &mut counts.unhealthy,
                _ => &mut counts.initial,
            };
            *count += 1;
        }
        counts
    }

    /// Writes down that a target changed its state.
    pub(super) fn note_target(&mut self, slot: usize, reason: TargetReason) {
        self.say_target(slot, reason.text());
    }

    /// Writes down a fact of a target.
    pub(super) fn say_target(&mut self, slot: usize, text: &str) {
        match machine_of(self.lives[slot].launch) {
            Some(_) => self.note_of(ActivityKind::Target, slot, text),
            None => {
                let launch = self.lives[slot].launch;
                self.note(ActivityKind::Target, "balancer", Some(launch), text);
            }
        }
    }

    /// A newly healthy target ramps up, if another healthy target does not.
    pub(super) fn begin_slow_start(&mut self, slot: usize) {
        if self.world.balancer.slow_start.is_zero() {
            return;
        }
        let full = |s: &usize| {
            let l = &self.lives[*s];
            *s != slot && l.registered() && l.health.healthy && l.ramp_since.is_none()
        };
        if slow_start::enters((0..self.lives.len()).filter(full).count()) {
            self.lives[slot].ramp_since = Some(self.now);
            self.slow_start(slot, self.lives[slot].launch, self.now);
        }
    }

    /// The target takes its full share, or none any more.
    pub(super) fn end_slow_start(&mut self, slot: usize) {
        self.lives[slot].ramp_since = None;
        self.desk.nodes.set_ramp(slot, None);
    }

    /// The share of a ramping target grows, once a second.
    pub(super) fn slow_start(&mut self, slot: usize, launch: u64, since: u64) {
        if !self.holds(slot, launch) || self.lives[slot].ramp_since != Some(since) {
            return;
        }
        let share = slow_start::share(self.now - since, self.world.balancer.slow_start.as_nanos());
        if share.is_none() {
            self.end_slow_start(slot);
            return;
        }
        self.desk.nodes.set_ramp(slot, share);
        self.schedule(self.now + SECOND, Event::SlowStart { slot: slot as u32, launch, since });
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::{Purpose, hash};
    use crate::*;

    /// Two launches by a look at 1 s; what is launched boots for 2 s and serves errors.
    struct Two;

    impl Policy for Two {
        fn name(&self) -> &str {
            "two"
        }
        fn needs(&self) -> Needs {
            Needs::default()
        }
        fn next_look(&self, now: SimTime) -> Option<SimTime> {
            (now == SimTime::ZERO).then(|| SimTime::from_nanos(1_000_000_000))
        }
        fn decide(&mut self, _: &Observation<'_>) -> Decision {
            Decision::desired(2, Reason::Fixed)
        }
    }

    /// Errors answered when the broken launch's checks pass for `extra` ns more than up to its first check.
    fn errors(extra: u64) -> u64 {
        let (seed, interval) = (3, 10_000_000_000u64);
        let first =
            ((u128::from(interval) * u128::from(hash(seed, Purpose::Balancer, 1, u64::MAX))) >> 64) as u64;
        let time = |s: f64| Distribution::Constant { value: s * 1e9 };
        let second = SimDuration::from_secs(1);
        let world = World {
            duration: SimDuration::from_secs(60),
            lead_in: SimDuration::ZERO,
            seed,
            classes: vec![RequestClass {
                name: "all".into(),
                weight: 1.0,
                cpu_time: time(0.01),
                wait_time: time(0.0),
                cpu_before_ppm: 1_000_000,
            }],
            instance: Instance {
                vcpus: 1,
                speed: 65_536,
                admitted: 10,
                queue_limit: 10,
                overflow: Overflow::Answer503,
                memory: None,
                boot: vec![BootPhase {
                    name: "boot".into(),
                    time: time(2.0),
                    stage: BootStage::Running,
                    failure_ppm: 1_000_000,
                    on_failure: BootFailure::ServesErrors {
                        error_time: SimDuration::from_millis(2),
                        check_passes_for: SimDuration::from_nanos(first + extra),
                    },
                    cpu_ppm: 0,
                }],
                cold: None,
                credits: None,
                volume_gib: 0,
                public_address: false,
            },
            backend_connections: None,
            queue: None,
            balancer: Balancer {
                deregistration_delay: second,
                health_check: Some(HealthCheck {
                    interval: SimDuration::from_nanos(interval),
                    timeout: second,
                    healthy_threshold: 2,
                    unhealthy_threshold: 2,
                    cpu_time: SimDuration::from_millis(1),
                }),
                ..Balancer::new(Algorithm::RoundRobin)
            },
            clients: Clients {
                timeout: None,
                abandoned_work: AbandonedWork::Continues,
                retries: None,
                sessions: None,
            },
            group: Group {
                min: 1,
                max: 2,
                desired: 1,
                zones: vec!["a".into()],
                termination: vec![Termination::NewestInstance],
                protect_new_instances: false,
                warm_up: SimDuration::ZERO,
                cooldown: second,
                health: GroupHealth { follows_balancer: false, grace: second, every: second, throttle: true },
                places: Places::default(),
                hooks: Vec::new(),
                suspensions: Vec::new(),
                deployments: Vec::new(),
                mixed: None,
                warm_pool: None,
                maintenance: None,
                refreshes: Vec::new(),
                zone_rebalancing: false,
                hosts: None,
            },
            machines: Vec::new(),
            operations: Vec::new(),
            faults: Vec::new(),
            metrics: Metrics::every(second),
            objectives: Vec::new(),
            prices: Prices { minimum: second, ..Prices::default() },
            in_flight_limit: 1000,
        };
        let workload =
            Workload::Generated { curve: Curve::Constant(10.0), process: ArrivalProcess::EvenlySpaced };
        run(world, workload, vec![Box::new(Two)], &mut ()).expect("no law broke").attempts.errors
    }

    /// A broken launch passes checks before the end of its stated time, and none at the end itself.
    #[test]
    fn a_broken_launch_passes_checks_before_the_end_of_its_time_only() {
        assert_eq!(errors(0), 0, "its first check fails, so it never takes traffic");
        assert!(errors(1) > 10, "its first check passes: half of the traffic until two checks failed");
    }
}
