//! The balancer's view of health: checks, thresholds, slow start.

use super::balancer::ONE;
use super::instance::{Broken, Probe};
use super::{Engine, Fact, Life};
use crate::kernel::{Purpose, hash};

const SECOND: u64 = 1_000_000_000;

impl Engine<'_> {
    /// The first check comes at a drawn share of the interval after entry into service.
    pub(super) fn first_check(&mut self, slot: usize) {
        let Some(check) = self.world.balancer.health_check else { return };
        let launch = self.at(slot).launch;
        let draw = u128::from(hash(self.world.seed, Purpose::Balancer, launch, u64::MAX));
        let share = ((u128::from(check.interval.as_nanos()) * draw) >> 64) as u64;
        self.later(self.now + share, Life::Check { slot, launch });
    }

    pub(super) fn check(&mut self, slot: usize) {
        let Some(check) = self.world.balancer.health_check else { return };
        if !self.at(slot).targeted() {
            return;
        }
        let (now, launch) = (self.now, self.at(slot).launch);
        self.later(now + check.interval.as_nanos(), Life::Check { slot, launch });
        let cost = self.at(slot).error_time().unwrap_or(check.cpu_time.as_nanos().max(1));
        let job = self.probe_job(cost);
        let number = job.id.0;
        let passes = match (self.at(slot).broken, self.at(slot).boot_over) {
            (Some(Broken::ServesErrors { check_passes_for, .. }), Some(over)) => {
                now < over + check_passes_for
            }
            _ => true,
        };
        if !self.at(slot).answers() {
            return self.check_fails(slot, "Target.FailedHealthChecks");
        }
        if !passes {
            return self.check_fails(slot, "Target.ResponseCodeMismatch");
        }
        if !self.put(slot, job, 1_000_000) {
            return self.check_fails(slot, "Target.FailedHealthChecks");
        }
        let deadline = now + check.timeout.as_nanos();
        self.at_mut(slot).probe = Some(Probe { number, deadline });
        self.later(deadline, Life::CheckDeadline { slot, launch, number });
    }

    /// A health check left the instance.
    pub(super) fn check_answered(&mut self, slot: usize, id: u64) {
        let Some(probe) = self.at(slot).probe.filter(|p| p.number == id) else { return };
        self.at_mut(slot).probe = None;
        if self.now <= probe.deadline {
            self.check_succeeds(slot);
        }
    }

    pub(super) fn check_is_late(&mut self, slot: usize, number: u64) {
        if self.at(slot).probe.is_some_and(|p| p.number == number) {
            self.at_mut(slot).probe = None;
            self.check_fails(slot, "Target.Timeout");
        }
    }

    fn check_succeeds(&mut self, slot: usize) {
        let Some(check) = self.world.balancer.health_check else { return };
        let instance = self.at_mut(slot);
        instance.missed = 0;
        instance.passed += 1;
        if instance.new || instance.passed >= check.healthy_threshold {
            if !instance.healthy && instance.targeted() {
                self.say_target(slot, "healthy");
            }
            self.set_health(slot, true);
        }
    }

    fn check_fails(&mut self, slot: usize, why: &str) {
        let Some(check) = self.world.balancer.health_check else { return };
        let instance = self.at_mut(slot);
        instance.passed = 0;
        instance.missed += 1;
        let judged = instance.new || instance.healthy;
        instance.new &= instance.missed < check.unhealthy_threshold;
        if instance.missed >= check.unhealthy_threshold {
            if judged && self.at(slot).targeted() {
                self.say_target(slot, &format!("unhealthy ({why})"));
            }
            self.set_health(slot, false);
        }
    }

    /// Without checks, health follows the application.
    pub(super) fn answers_change(&mut self, slot: usize) {
        if self.world.balancer.health_check.is_none() {
            self.set_health(slot, self.at(slot).answers());
        }
    }

    fn set_health(&mut self, slot: usize, healthy: bool) {
        if self.at(slot).healthy == healthy || !self.at(slot).targeted() {
            return;
        }
        if self.world.balancer.health_check.is_some() {
            self.fact(Fact::Health, (slot as u64) << 1 | u64::from(healthy));
        }
        let (now, launch) = (self.now, self.at(slot).launch);
        let full = |(s, i): (usize, &super::Instance)| {
            s != slot && i.targeted() && i.healthy && i.ramp_since.is_none()
        };
        let ramps = healthy && !self.world.balancer.slow_start.is_zero() && self.slots().any(full);
        let zones = self.zones();
        let instance = self.at_mut(slot);
        instance.healthy = healthy;
        if healthy {
            instance.healthy_from.get_or_insert(now);
        }
        instance.new &= !healthy;
        instance.share = ramps.then_some(0);
        instance.credit = vec![0; zones];
        instance.ramp_since = ramps.then_some(now);
        if ramps {
            self.later(now + SECOND, Life::SlowStart { slot, launch, since: now });
        }
        self.targets_change();
        if healthy {
            self.look_for_outgoing();
        }
    }

    pub(super) fn slow_start_step(&mut self, slot: usize, since: u64) {
        let (now, launch) = (self.now, self.at(slot).launch);
        let duration = self.world.balancer.slow_start.as_nanos();
        let instance = self.at_mut(slot);
        let Some(begun) = instance.ramp_since.filter(|&s| s == since) else { return };
        let elapsed = now - begun;
        let ramps = elapsed < duration && instance.targeted();
        instance.share = ramps.then(|| (u128::from(elapsed) * u128::from(ONE) / u128::from(duration)) as u64);
        if !ramps {
            instance.ramp_since = None;
        } else {
            self.later(now + SECOND, Life::SlowStart { slot, launch, since });
        }
    }
}
