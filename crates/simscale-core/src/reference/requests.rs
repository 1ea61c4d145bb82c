//! From birth to the last outcome: send, serve, refuse, time out, retry; and the shared backend.

use super::Engine;
use super::log::{Answer, Entry, Outcome};
use super::machine::{Id, Job, Place};
use crate::kernel::{NEVER, Purpose, hash, mix};
use crate::traffic::Birth;
use crate::world::{AbandonedWork, Overflow};

/// Request numbers of health checks.
const PROBES: u64 = 1 << 55;

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub born: u64,
    pub work: u64,
    pub wait: u64,
    class: u8,
    /// The session it belongs to.
    pub session: Option<usize>,
    /// When its last attempt was sent.
    sent_at: u64,
    /// When it can be received again, if it is received and not deleted.
    pub back_at: u64,
    /// CPU and wait time of the attempt that was served.
    own: u64,
    /// Its final outcome, and when.
    pub end: Option<(Outcome, u64)>,
}

/// An attempt that failed and is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Failure {
    request: u64,
    attempt: u64,
    outcome: u64,
}

const FAILURES: [Outcome; 6] = [
    Outcome::Refused,
    Outcome::NoTarget,
    Outcome::TimedOut,
    Outcome::GatewayTimeOut,
    Outcome::Error,
    Outcome::Killed,
];

impl Engine<'_> {
    pub(super) fn next_arrival(&self) -> u64 {
        let retry = self.retries.first().map_or(NEVER, |r| r.0);
        let follow_up = self.follow_ups.first().map_or(NEVER, |f| f.0);
        self.births.next_at().min(follow_up).min(retry)
    }

    /// One attempt arrives: a fresh one before any further request of a session, and that before any retry.
    pub(super) fn arrive(&mut self) {
        if self.births.next_at() <= self.now {
            let birth = self.births.take();
            let session = self.open_session();
            self.bear(birth, session);
        } else if self.follow_ups.first().is_some_and(|f| f.0 <= self.now) {
            let (_, before) = self.follow_ups.pop_first().expect("somebody has thought long enough");
            let (birth, session) = self.next_of_session(before);
            self.bear(birth, Some(session));
        } else {
            let (_, request, attempt) = self.retries.pop_first().expect("a retry is due");
            self.send(request, attempt);
        }
    }

    fn bear(&mut self, birth: Birth, session: Option<usize>) {
        let request = self.requests.len() as u64;
        let Birth { work, wait, class } = birth;
        self.requests.push(Request {
            born: self.now,
            work,
            wait,
            class,
            session,
            sent_at: 0,
            back_at: 0,
            own: 0,
            end: None,
        });
        if let Some(session) = session {
            self.sessions[session].requests.push(request);
        }
        self.note(Entry::Arrived);
        self.send(request, 0);
    }

    /// Work, wait, and the part of the work before the wait.
    pub(super) fn burden(&self, request: u64) -> (u64, u64, u32) {
        let Request { work, wait, class, .. } = self.requests[request as usize];
        (work, wait, self.world.classes[usize::from(class)].cpu_before_ppm)
    }

    fn send(&mut self, request: u64, attempt: u64) {
        if self.world.queue.is_some() {
            return self.show(request, attempt);
        }
        self.note(Entry::Sent { retry: attempt > 0 });
        self.requests[request as usize].sent_at = self.now;
        self.note(Entry::Bytes(self.bytes_of(request).0));
        if let (0, Some(retries)) = (attempt, self.world.clients.retries) {
            let full = u64::from(retries.budget_burst) * 1_000_000;
            self.budget = (self.budget + u64::from(retries.budget_ppm.unwrap_or(0))).min(full);
        }
        let inside: u64 = self.slots().map(|(_, i)| i.machine.jobs.len() as u64).sum();
        if inside >= self.world.in_flight_limit {
            self.saturated = Some(inside + 1);
            self.ended = true;
            return;
        }
        let node = self.entrance(request);
        let named = self.cookie_of(request, node);
        let Some(slot) = named.or_else(|| self.choose(node, (request, attempt))) else {
            return self.attempt_ends(None, (request, attempt), Outcome::NoTarget);
        };
        let Request { work, wait, class, .. } = self.requests[request as usize];
        let error = self.at(slot).error_time();
        let (work, wait) = error.map_or((work, wait), |time| (time, 0));
        let (deadline, _) = self.deadline();
        let job = self.job((request, attempt), work, wait, deadline);
        let before = self.world.classes[usize::from(class)].cpu_before_ppm;
        if !self.put(slot, Job { node, error: error.is_some(), ..job }, before) {
            self.attempt_ends(Some(slot), (request, attempt), Outcome::Refused);
        }
    }

    /// When an attempt sent now is given up, and whether the client does it.
    fn deadline(&self) -> (u64, bool) {
        let client = self.world.clients.timeout.map_or(NEVER, |t| t.as_nanos());
        let idle = self.world.balancer.idle_timeout.map_or(NEVER, |t| t.as_nanos());
        (if client.min(idle) == NEVER { NEVER } else { self.now + client.min(idle) }, client <= idle)
    }

    pub(super) fn job(&self, id: Id, work: u64, wait: u64, deadline: u64) -> Job {
        let place = Place::Queue;
        Job {
            id,
            node: 0,
            probe: false,
            error: false,
            awaited: true,
            deadline,
            work,
            rest: 0,
            wait,
            waited: wait,
            number: 0,
            place,
        }
    }

    /// The job of the next health check.
    pub(super) fn probe_job(&mut self, work: u64) -> Job {
        let id = (PROBES + self.probes, 0);
        self.probes += 1;
        Job { probe: true, ..self.job(id, work, 0, NEVER) }
    }

    /// Puts an attempt into an instance; `false` when it is deaf or full.
    pub(super) fn put(&mut self, slot: usize, mut job: Job, before: u32) -> bool {
        let now = self.now;
        let factor = self.cold_factor();
        let instance = self.at_mut(slot);
        if !instance.answers() || !instance.machine.has_room() {
            return false;
        }
        job.work = instance.work(job.work, factor);
        if !job.probe {
            instance.taken.push(now);
        }
        instance.machine.offer(now, job, before);
        self.admit(slot);
        self.watch_memory(slot);
        true
    }

    fn admit(&mut self, slot: usize) {
        let now = self.now;
        while let Some((id, waits)) = self.at_mut(slot).machine.admit(now) {
            if waits {
                self.begin_wait(slot, id);
            }
        }
    }

    /// Everything that completes now, instance by instance.
    pub(super) fn complete(&mut self) {
        let due: Vec<usize> =
            self.slots().filter(|(_, i)| i.machine.next() == self.now).map(|s| s.0).collect();
        for slot in due {
            self.complete_slot(slot);
        }
    }

    fn complete_slot(&mut self, slot: usize) {
        let now = self.now;
        self.at_mut(slot).machine.note(now);
        self.at_mut(slot).machine.look(now);
        for id in self.at(slot).machine.ended_waits(now) {
            let goes_on = self.at_mut(slot).machine.resume(now, id);
            self.free_backend();
            if !goes_on {
                self.leave(slot, id);
            }
        }
        for id in self.at(slot).machine.ended_parts(now) {
            if self.at_mut(slot).machine.pause(now, id) {
                self.begin_wait(slot, id);
            } else {
                self.leave(slot, id);
            }
        }
        self.admit(slot);
    }

    /// An attempt is done.
    fn leave(&mut self, slot: usize, id: Id) {
        let now = self.now;
        self.count_abandoned(slot, id);
        let job = self.at_mut(slot).machine.remove(now, id);
        if job.probe {
            return self.check_answered(slot, id.0);
        }
        if job.awaited {
            let own =
                (u128::from(job.work) * 65_536 / u128::from(self.world.instance.speed)) as u64 + job.waited;
            self.requests[id.0 as usize].own = own;
            self.attempt_ends(Some(slot), id, if job.error { Outcome::Error } else { Outcome::Served });
        }
    }

    /// All attempts whose deadline is reached.
    pub(super) fn time_out(&mut self) {
        let now = self.now;
        for slot in self.taken() {
            let late = |j: &&Job| j.awaited && !j.probe && j.deadline <= now;
            let mut late: Vec<Id> = self.at(slot).machine.jobs.iter().filter(late).map(|j| j.id).collect();
            late.sort_unstable();
            for id in late {
                let queued = self.world.queue.is_some();
                let outcome =
                    if queued || self.deadline().1 { Outcome::TimedOut } else { Outcome::GatewayTimeOut };
                self.attempt_ends(Some(slot), id, outcome);
                if self.world.clients.abandoned_work == AbandonedWork::Cancelled && !queued {
                    self.drop_job(slot, id);
                } else {
                    self.abandon(slot, id);
                }
            }
            if self.world.clients.abandoned_work == AbandonedWork::Cancelled {
                self.admit(slot);
            }
        }
    }

    fn abandon(&mut self, slot: usize, id: Id) {
        self.at_mut(slot).machine.job(id).expect("it is inside").awaited = false;
    }

    /// What an abandoned attempt cost.
    fn count_abandoned(&mut self, slot: usize, id: Id) {
        let now = self.now;
        let instance = self.at_mut(slot);
        let job = instance.machine.job(id).expect("it is inside");
        if !job.awaited && !job.probe {
            let work = u128::from(job.work);
            instance.abandoned.push((now, work));
        }
    }

    /// Takes an attempt out of an instance, wherever it is.
    fn drop_job(&mut self, slot: usize, id: Id) {
        let now = self.now;
        let job = self.at_mut(slot).machine.remove(now, id);
        match job.place {
            Place::Wait { .. } => self.free_backend(),
            Place::BackendQueue => self.leave_backend_queue(id),
            _ => {}
        }
    }

    /// The instance is gone, and all that was in it.
    pub(super) fn kill_all(&mut self, slot: usize) {
        let mut all: Vec<Id> = self.at(slot).machine.jobs.iter().map(|j| j.id).collect();
        all.sort_unstable();
        for id in all {
            let job = self.at_mut(slot).machine.job(id).expect("it is inside").clone();
            if job.awaited && !job.probe {
                self.attempt_ends(Some(slot), id, Outcome::Killed);
            }
            self.drop_job(slot, id);
        }
    }

    fn attempt_ends(&mut self, slot: Option<usize>, id: Id, outcome: Outcome) {
        let slot_answers = slot.is_some_and(|s| self.at(s).answers());
        let place = slot;
        let (slot, identity) = (slot.unwrap_or(usize::MAX) as u64, id.0 << 8 | id.1);
        let fact = mix((outcome as u64) << 56 ^ slot << 40 ^ identity);
        self.outcomes = self.outcomes.wrapping_add(mix(fact.wrapping_add(self.now)));
        self.note(Entry::AttemptEnded(outcome));
        if self.world.queue.is_none() {
            self.note_answer(slot_answers, id.0, outcome);
        }
        if let Some(place) = place {
            let instance = self.at_mut(place);
            match outcome {
                Outcome::Served => instance.good += 1,
                Outcome::Error | Outcome::Refused | Outcome::Killed => instance.bad += 1,
                _ => {}
            }
        }
        if let (Some(place), Outcome::Served | Outcome::Error) = (place, outcome) {
            self.at_mut(place).served += u64::from(outcome == Outcome::Served);
            self.bake_cookie(id.0, place, outcome == Outcome::Served);
        }
        if outcome == Outcome::Served {
            self.note(Entry::Bytes(self.bytes_of(id.0).1));
            self.request_ends(id.0, outcome);
        } else {
            self.failures.push(Failure { request: id.0, attempt: id.1, outcome: outcome as u64 });
        }
    }

    /// Bytes of a request and of its answer.
    fn bytes_of(&self, request: u64) -> (u64, u64) {
        let class = usize::from(self.requests[request as usize].class);
        self.world.balancer.units.sizes.get(class).copied().unwrap_or_default()
    }

    /// Who answers an attempt that ended like this; `listens`: its target's application does.
    fn note_answer(&mut self, listens: bool, request: u64, outcome: Outcome) {
        let answer = match outcome {
            Outcome::Served => None,
            Outcome::TimedOut => Some(Answer::Client460),
            Outcome::GatewayTimeOut => Some(Answer::Balancer504),
            Outcome::NoTarget => Some(Answer::Balancer503),
            Outcome::Error => Some(Answer::Target5xx),
            Outcome::Refused if listens && self.world.instance.overflow == Overflow::Answer503 => {
                Some(Answer::Target5xx)
            }
            Outcome::Refused | Outcome::Killed => Some(Answer::Balancer502),
        };
        if let Some(answer) = answer {
            self.note(Entry::Answered(answer));
        }
        if matches!(answer, None | Some(Answer::Target5xx)) {
            self.note(Entry::TargetAnswered { took: self.now - self.requests[request as usize].sent_at });
        }
    }

    pub(super) fn request_ends(&mut self, request: u64, outcome: Outcome) {
        let now = self.now;
        let r = &mut self.requests[request as usize];
        r.end = Some((outcome, now));
        let (response, own) = (now - r.born, r.own);
        self.note(Entry::RequestEnded { outcome, response, own });
        self.go_on(request, outcome == Outcome::Served);
    }

    /// Settles what failed in this step, in order.
    pub(super) fn settle(&mut self) {
        let mut failures = std::mem::take(&mut self.failures);
        failures.sort_unstable();
        for Failure { request, attempt, outcome } in failures {
            if !self.retry(request, attempt) {
                let outcome = FAILURES.into_iter().find(|&o| o as u64 == outcome).expect("it is a failure");
                self.request_ends(request, outcome);
            }
        }
    }

    fn retry(&mut self, request: u64, attempt: u64) -> bool {
        if self.world.queue.is_some() {
            let at = self.requests[request as usize].back_at;
            return self.retries.insert((at, request, attempt + 1));
        }
        let Some(retries) = self.world.clients.retries else { return false };
        if attempt >= u64::from(retries.max) {
            return false;
        }
        if retries.budget_ppm.is_some() {
            if self.budget < 1_000_000 {
                self.note(Entry::Denied);
                return false;
            }
            self.budget -= 1_000_000;
        }
        let pause = (u128::from(retries.backoff.as_nanos()) << attempt)
            .min(u128::from(retries.max_backoff.as_nanos()));
        let range = pause * u128::from(retries.jitter_ppm) / 1_000_000;
        let draw = u128::from(hash(self.world.seed, Purpose::RetryJitter, request, attempt));
        let pause = (pause - ((range * draw) >> 64)) as u64;
        self.retries.insert((self.now + pause.max(1), request, attempt + 1));
        true
    }

    /// A wait begins, at once or behind others.
    fn begin_wait(&mut self, slot: usize, id: Id) {
        self.note_backend();
        if self.world.backend_connections.is_some_and(|n| self.backend_used >= n) {
            self.backend_queue.push(id);
        } else {
            self.backend_used += 1;
            self.start_wait(slot, id);
        }
    }

    fn start_wait(&mut self, slot: usize, id: Id) {
        let now = self.now;
        let job = self.at_mut(slot).machine.job(id).expect("it is inside");
        job.place = Place::Wait { release: now + job.wait };
    }

    /// A slot of the backend falls free and goes to the head of its queue.
    fn free_backend(&mut self) {
        self.note_backend();
        self.backend_used -= 1;
        if self.world.backend_connections.is_some() && !self.backend_queue.is_empty() {
            let id = self.backend_queue.remove(0);
            self.backend_used += 1;
            let inside = |s: &usize| self.at(*s).machine.jobs.iter().any(|j| j.id == id);
            let slot = self.taken().into_iter().find(inside).expect("it waits inside an instance");
            self.start_wait(slot, id);
        }
    }

    fn leave_backend_queue(&mut self, id: Id) {
        self.note_backend();
        self.backend_queue.retain(|&q| q != id);
    }

    /// Closes a stretch in which the backend did not change.
    pub(super) fn note_backend(&mut self) {
        if self.now > self.backend_from {
            let (used, queued) = (u64::from(self.backend_used), self.backend_queue.len() as u64);
            self.backend_spans.push((self.backend_from, self.now, used, queued));
            self.backend_from = self.now;
        }
    }
}
