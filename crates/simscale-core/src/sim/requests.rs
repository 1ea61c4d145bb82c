//! The path of a request: sent, refused, timed out, retried, given up.

use super::{DEAF, ERRORS, Event, Sim, WATCHED};
use crate::fleet::{Claim, ERROR, Job, Outcome, PROBE};
use crate::kernel::SimTime;
use crate::kernel::{NEVER, Phase, Purpose, hash, key};
use crate::ledger::Saturation;
use crate::traffic::{Algorithm, Birth};
use crate::world::AbandonedWork;
use std::cmp::Reverse;

/// A retry that waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resend {
    pub at: u64,
    pub request: u64,
    pub attempt: u8,
    pub class: u8,
    pub work: u64,
    pub wait: u64,
}

impl Sim<'_> {
    /// Requests are born and sent, until something else comes first or somebody must act on what they did.
    pub(super) fn arrive(&mut self) {
        self.phase = Phase::Arrive;
        let plain = self.users.is_none()
            && !self.unusual
            && self.world.clients.retries.is_none_or(|retries| retries.budget_ppm.is_none());
        match self.world.balancer.algorithm {
            Algorithm::LeastOutstandingRequests if plain => self.plain_arrivals::<true>(),
            Algorithm::RoundRobin | Algorithm::WeightedRandom if plain => self.plain_arrivals::<false>(),
            _ => self.arrive_once(),
        }
    }

    fn arrive_once(&mut self) {
        self.now = self.births.next_at();
        let birth = self.births.take();
        if self.users.is_some() {
            self.begin_session();
        }
        self.bear(birth);
    }

    /// What [`arrive_once`](Self::arrive_once) does, one request after the other, where no request meets anything but the balancer.
    fn plain_arrivals<const LEAST: bool>(&mut self) {
        // An arrival at the instant of another key comes after it, or before a retry.
        while key(self.births.next_at(), Phase::Arrive) <= self.other && !self.ended {
            self.now = self.births.next_at();
            let birth = self.births.take();
            let tag = Job::tag(self.next_request, 0, birth.class, 0);
            self.next_request += 1;
            self.desk.book.born(self.now);
            let mut job = Job { mark: 0, born: self.now, work: birth.work, wait: birth.wait, tag };
            self.desk.book.counts.attempts.sent += 1;
            if self.desk.in_flight >= self.world.in_flight_limit && self.saturates() {
                self.at_door = Some(self.now);
                return;
            }
            job.enter(self.desk.nodes.enter(job.request()));
            if LEAST {
                self.advance_all(self.now);
            }
            let picker = self.desk.nodes.at(job.node());
            let chosen = if LEAST {
                picker.send_to_least()
            } else if picker.takes_turns() {
                picker.in_turn().inspect(|&slot| picker.sent(slot))
            } else {
                picker.pick(job.request(), 0, &[]).inspect(|&slot| picker.sent(slot))
            };
            match chosen {
                Some(slot) => {
                    if !LEAST && !self.servers[slot].can_wait() {
                        self.advance(slot, self.now);
                    }
                    if self.flags[slot] == 0 {
                        self.hand_in(&job, slot);
                    } else {
                        self.desk.nodes.at(job.node()).settled(slot);
                        self.deliver(job, slot);
                    }
                }
                None => self.desk.fail(&job, Outcome::NoTarget, self.now, usize::MAX),
            }
            if self.desk.pending {
                return;
            }
        }
    }

    /// An attempt that was counted as sent reaches an instance with nothing unusual about it.
    #[inline(always)]
    fn hand_in(&mut self, job: &Job, slot: usize) {
        let now = self.now;
        let server = &mut self.servers[slot];
        let before = server.next();
        if server.admit(slot, job, now, &mut self.desk).is_err() {
            self.desk.nodes.at(job.node()).settled(slot);
            self.desk.fail(job, Outcome::Refused, now, slot);
            return;
        }
        self.desk.in_flight += 1;
        let next = server.next();
        if next != before {
            self.due.set(slot, next);
        }
        self.guard(slot);
    }

    /// Somebody may give up what is inside a slot: its guard stands where the oldest deadline may be.
    #[inline(always)]
    fn guard(&mut self, slot: usize) {
        if self.desk.deadlines.any() && self.guards.get(slot) >= NEVER {
            let guard = self.now + self.desk.deadlines.patience();
            self.guards.set(slot, guard);
            self.other = self.other.min(key(guard, Phase::TimeOut));
        }
    }

    /// A request is born now: an arrival of the workload, or a further request of a session.
    pub(super) fn bear(&mut self, birth: Birth) {
        let at = self.now;
        let request = self.next_request;
        self.next_request += 1;
        self.desk.book.born(at);
        if let Some(retries) = &self.world.clients.retries
            && let Some(ppm) = retries.budget_ppm
        {
            let most = u64::from(retries.budget_burst) * 1_000_000;
            self.budget = (self.budget + u64::from(ppm)).min(most);
        }
        let tag = Job::tag(request, 0, birth.class, 0);
        self.send(Job { mark: 0, born: at, work: birth.work, wait: birth.wait, tag });
    }

    /// The earliest retry is sent.
    pub(super) fn resend(&mut self) {
        let Some(Reverse(resend)) = self.resends.pop() else { return };
        self.desk.book.counts.attempts.retried += u64::from(self.messages.is_none());
        let tag = Job::tag(resend.request, resend.attempt, resend.class, 0);
        self.send(Job { mark: 0, born: self.now, work: resend.work, wait: resend.wait, tag });
    }

    /// An attempt goes through the balancer to an instance.
    fn send(&mut self, mut job: Job) {
        if self.unusual && self.diverts(&job) {
            return;
        }
        self.desk.book.counts.attempts.sent += 1;
        if self.desk.in_flight >= self.world.in_flight_limit && self.saturates() {
            self.at_door = Some(self.desk.first_birth(&job));
            return;
        }
        job.enter(self.desk.nodes.enter(job.request()));
        let named = if self.sticky { self.named_by_cookie(&job) } else { None };
        match named.or_else(|| self.choose(&job)) {
            Some(slot) => self.deliver(job, slot),
            None => self.desk.fail(&job, Outcome::NoTarget, self.now, usize::MAX),
        }
    }

    /// An attempt reaches the instance that was chosen.
    fn deliver(&mut self, mut job: Job, slot: usize) {
        let now = self.now;
        let flags = self.flags[slot];
        if flags & (DEAF | ERRORS) != 0 && !self.bend(&mut job, slot) {
            return;
        }
        let server = &mut self.servers[slot];
        if server.admit(slot, &job, now, &mut self.desk).is_err() {
            self.restore(&mut job);
            self.desk.fail(&job, Outcome::Refused, now, slot);
            return;
        }
        self.desk.in_flight += 1;
        self.desk.nodes.at(job.node()).sent(slot);
        let next = server.next();
        self.due.set(slot, next);
        if flags & WATCHED != 0 || self.strict {
            self.other = self.other.min(key(next, Phase::Complete));
        }
        self.guard(slot);
        if self.unusual {
            self.check_memory(slot);
        }
    }

    /// What an attempt may meet before the balancer: a queue that takes it (true), or somebody who counts its bytes.
    #[cold]
    fn diverts(&mut self, job: &Job) -> bool {
        if self.messages.is_some() {
            self.enqueue(job);
            return true;
        }
        if let Some(size) = self.desk.sizes.get(usize::from(job.class())) {
            self.desk.bytes += u128::from(size.0);
        }
        false
    }

    /// The balancer's choice, with everything up to date that it looks at.
    #[inline]
    fn choose(&mut self, job: &Job) -> Option<usize> {
        match self.world.balancer.algorithm {
            Algorithm::LeastOutstandingRequests => {
                self.advance_all(self.now);
                self.desk.nodes.at(job.node()).pick(0, 0, &[])
            }
            Algorithm::PowerOfD { .. } => self.choose_among_few(job),
            _ => {
                let slot = self.desk.nodes.at(job.node()).pick(job.request(), job.attempt(), &[])?;
                if !self.servers[slot].can_wait() {
                    self.advance(slot, self.now);
                }
                Some(slot)
            }
        }
    }

    fn choose_among_few(&mut self, job: &Job) -> Option<usize> {
        let mut candidates = std::mem::take(&mut self.candidates);
        let node = job.node();
        self.desk.nodes.at(node).candidates(job.request(), job.attempt(), &mut candidates);
        for &slot in &candidates {
            self.advance(slot, self.now);
        }
        let slot = self.desk.nodes.at(node).pick(job.request(), job.attempt(), &candidates);
        self.candidates = candidates;
        slot
    }

    /// The target is deaf or broken: refuses the attempt (false), or makes an error of it.
    pub(super) fn bend(&mut self, job: &mut Job, slot: usize) -> bool {
        if self.flags[slot] & DEAF != 0 {
            self.desk.fail(job, Outcome::Unreachable, self.now, slot);
            return false;
        }
        let broken = self.lives[slot].broken.expect("only a broken instance answers errors");
        self.desk.given.insert(job.identity(), (job.work, job.wait));
        job.work = broken.error_time;
        job.wait = 0;
        job.set(ERROR);
        true
    }

    /// Gives an attempt back the work and wait it had before a broken instance took it.
    fn restore(&mut self, job: &mut Job) {
        if job.is(ERROR)
            && let Some((work, wait)) = self.desk.given.remove(&job.identity())
        {
            (job.work, job.wait) = (work, wait);
        }
    }

    pub(super) fn check_memory(&mut self, slot: usize) {
        let Some(memory) = self.world.instance.memory else { return };
        let used = memory.base + self.servers[slot].in_flight() as u64 * memory.per_request;
        if used > memory.capacity {
            let launch = self.lives[slot].launch;
            self.schedule(self.now, Event::OutOfMemory { slot: slot as u32, launch });
            self.find_other();
        }
    }

    /// The world holds as many attempts as it may: completes what is due and ends the run when that does not help.
    fn saturates(&mut self) -> bool {
        self.advance_all(self.now);
        let full = self.desk.in_flight >= self.world.in_flight_limit;
        if full {
            self.saturated =
                Some(Saturation { at: SimTime::from_nanos(self.now), in_flight: self.desk.in_flight + 1 });
            self.ended = true;
        }
        full
    }

    /// The instances that are watched complete what is due now, in the order of their slots.
    pub(super) fn complete_watched(&mut self) {
        if self.strict {
            self.advance_all(self.now);
        }
        for at in 0..self.watched.len() {
            let slot = self.watched[at] as usize;
            self.advance(slot, self.now);
        }
        for slot in self.watched.clone() {
            self.check_drained(slot as usize);
        }
    }

    /// Deadlines may have passed: instances whose guard is due come up to date and lose what is too old.
    pub(super) fn time_out(&mut self) {
        let now = self.now;
        let mut due = Vec::new();
        self.guards.visit_due(now, |slot| {
            due.push(slot);
            NEVER
        });
        for slot in due {
            self.advance(slot, now);
            self.expire(slot);
            let next = self.desk.deadlines.next(slot, now, self.servers[slot].attempts());
            self.guards.set(slot, next);
            self.check_drained(slot);
        }
    }

    fn expire(&mut self, slot: usize) {
        let now = self.now;
        let expired = self.desk.deadlines.take_due(slot, now, self.servers[slot].attempts());
        if expired.is_empty() {
            return;
        }
        let patience = self.desk.deadlines.patience();
        let queued = self.messages.is_some();
        if self.world.clients.abandoned_work == AbandonedWork::Cancelled && !queued {
            self.take_off(slot, |j| !j.is(PROBE) && j.born + patience <= now, &mut Vec::new());
        }
        let by_client = queued || self.world.clients.timeout.is_some_and(|t| t.as_nanos() == patience);
        let outcome = if by_client { Outcome::TimedOut } else { Outcome::GatewayTimeOut };
        for mut job in expired {
            self.desk.nodes.at(job.node()).settled(slot);
            self.restore(&mut job);
            self.desk.fail(&job, outcome, now, slot);
        }
    }

    /// Removes attempts from an instance, with their claims on the backend.
    pub(super) fn take_off(&mut self, slot: usize, leaves: impl Fn(&Job) -> bool, taken: &mut Vec<Job>) {
        let now = self.now;
        let (mut held, mut queued) = (0, Vec::new());
        let before = taken.len();
        self.servers[slot].remove(
            slot,
            now,
            leaves,
            |job, claim| {
                taken.push(*job);
                held += usize::from(claim == Claim::Slot);
                if claim == Claim::Queued {
                    queued.push(job.identity());
                }
            },
            &mut self.desk,
        );
        self.desk.in_flight -= (taken.len() - before) as u64;
        for job in taken[before..].iter().filter(|job| !job.is(PROBE)) {
            self.desk.deadlines.left(slot, job);
        }
        for identity in queued {
            held += usize::from(self.desk.forget_claim(slot, identity, now));
        }
        for _ in 0..held {
            crate::fleet::Departures::backend_freed(&mut self.desk, now);
        }
        self.due.set(slot, self.servers[slot].next());
    }

    /// Acts on what the desk noted: backend slots, answers to health checks, failures.
    pub(super) fn settle(&mut self) {
        while self.desk.pending {
            self.desk.pending = false;
            for (slot, identity, at) in std::mem::take(&mut self.desk.grants) {
                self.servers[slot].backend_granted(identity, at);
                self.due.set(slot, self.servers[slot].next());
            }
            for answered in std::mem::take(&mut self.desk.answered) {
                self.probe_answered(answered.slot, answered.probe);
            }
            self.users_were_served();
            let mut failures = std::mem::take(&mut self.desk.failures);
            failures.sort_by_key(|f| f.job.identity());
            for failure in failures.drain(..) {
                let mut job = failure.job;
                self.restore(&mut job);
                if failure.outcome == Outcome::Error {
                    self.answered_by(job.request(), failure.slot, self.now, false);
                }
                self.retry_or_lose(&job, failure.outcome);
            }
            self.desk.failures = failures;
        }
        self.find_other();
    }

    fn retry_or_lose(&mut self, job: &Job, outcome: Outcome) {
        let Some(pause) = self.retry_pause(job) else {
            self.desk.first_births.remove(&job.request());
            self.desk.book.lost(outcome);
            if self.users.is_some() {
                self.request_ended(job.request(), self.now, false);
            }
            return;
        };
        let first = self.desk.first_birth(job);
        self.desk.first_births.insert(job.request(), first);
        self.resends.push(Reverse(Resend {
            at: self.now + pause,
            request: job.request(),
            attempt: job.attempt() + 1,
            class: job.class(),
            work: job.work,
            wait: job.wait,
        }));
    }

    /// The pause before the next attempt, at least 1 ns; `None` when there is none or the budget is spent.
    fn retry_pause(&mut self, job: &Job) -> Option<u64> {
        if self.messages.is_some() {
            // A message is visible again when its time-out ends, however it was lost.
            return Some((job.born + self.desk.deadlines.patience()).saturating_sub(self.now));
        }
        let retries = self.world.clients.retries?;
        if job.attempt() >= retries.max {
            return None;
        }
        if retries.budget_ppm.is_some() {
            if self.budget < 1_000_000 {
                self.desk.book.counts.attempts.retries_denied += 1;
                return None;
            }
            self.budget -= 1_000_000;
        }
        let doubled = retries.backoff.as_nanos().saturating_mul(1 << job.attempt().min(40));
        let pause = doubled.min(retries.max_backoff.as_nanos());
        let draw = hash(self.world.seed, Purpose::RetryJitter, job.request(), u64::from(job.attempt()));
        let jittered = (u128::from(pause) * u128::from(retries.jitter_ppm) / 1_000_000) as u64;
        let cut = ((u128::from(jittered) * u128::from(draw)) >> 64) as u64;
        Some((pause - cut).max(1))
    }
}
