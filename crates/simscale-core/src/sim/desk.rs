//! The desk where attempts that leave an instance report: counted at once, and noted where somebody must act.

use super::balancer_metrics::Answers;
use super::deadlines::Deadlines;
use crate::fleet::{Departures, ERROR, Job, Outcome, PROBE};
use crate::ledger::Book;
use crate::traffic::Nodes;
use std::collections::{BTreeMap, VecDeque};

/// An attempt that failed and must be retried or given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure {
    pub job: Job,
    pub outcome: Outcome,
    /// The target, or the largest number for none.
    pub slot: usize,
}

/// A health check that was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub slot: usize,
    pub probe: u64,
}

/// A request of a session that was served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub request: u64,
    pub at: u64,
    pub slot: usize,
}

/// The shared station that serves wait times.
#[derive(Debug)]
pub(super) struct Backend {
    slots: u32,
    busy: u32,
    queue: VecDeque<(usize, u64)>,
    accounted: u64,
    busy_area: u64,
    queue_area: u64,
}

impl Backend {
    pub fn new(slots: u32) -> Self {
        Backend { slots, busy: 0, queue: VecDeque::new(), accounted: 0, busy_area: 0, queue_area: 0 }
    }

    fn account(&mut self, at: u64) {
        let dt = at - self.accounted;
        self.busy_area += u64::from(self.busy) * dt;
        self.queue_area += self.queue.len() as u64 * dt;
        self.accounted = at;
    }

    /// Busy share of the slots and mean queue since the last call.
    pub fn flush(&mut self, at: u64, since: u64) -> (f64, f64) {
        self.account(at);
        let time = (at - since).max(1) as f64;
        let busy = std::mem::take(&mut self.busy_area) as f64 / time / f64::from(self.slots);
        (busy, std::mem::take(&mut self.queue_area) as f64 / time)
    }

    /// An attempt that waited for a slot is gone.
    fn forget(&mut self, slot: usize, identity: u64, at: u64) {
        self.account(at);
        self.queue.retain(|&entry| entry != (slot, identity));
    }
}

/// What the request path writes to.
pub(super) struct Desk {
    pub book: Book,
    pub nodes: Nodes,
    pub backend: Option<Backend>,
    /// Attempts and health checks inside instances.
    pub in_flight: u64,
    pub failures: Vec<Failure>,
    pub answered: Vec<Answered>,
    /// Whether attempts come out of a queue: their requests were born before.
    pub queued: bool,
    /// Whether anybody wants to know of a single answer: sessions, whoever watches how fast targets answer, or who counts bytes.
    pub notes: bool,
    /// Requests of sessions that were served: their users think next.
    pub sessions: bool,
    pub served: Vec<Served>,
    /// How fast targets answer, where somebody asks for it.
    pub answers: Option<Box<Answers>>,
    /// Attempts that each slot's instance served.
    pub served_by: Vec<u64>,
    /// Attempts that ended as error, refused or killed at each slot's instance; empty where nobody looks for anomalies.
    pub failed_by: Vec<u64>,
    /// Backend slots given to attempts of other instances: slot, identity, time.
    pub grants: Vec<(usize, u64, u64)>,
    /// Somebody must act on failures, answers, served requests or grants before anything else happens.
    pub pending: bool,
    /// First birth of the requests that are being retried.
    pub first_births: BTreeMap<u64, u64>,
    /// Work and wait that an attempt at a broken instance had before its answer became an error.
    pub given: BTreeMap<u64, (u64, u64)>,
    /// Who gives up when.
    pub deadlines: Deadlines,
    /// Speed of a processor, in 1/65536 of a reference core.
    pub speed: u64,
    /// Bytes of a request and of its answer, class by class; empty when nobody counts them.
    pub sizes: Vec<(u64, u64)>,
    /// Bytes through the balancer so far.
    pub bytes: u128,
}

impl Desk {
    /// An attempt ended badly.
    pub fn fail(&mut self, job: &Job, outcome: Outcome, at: u64, slot: usize) {
        self.book.stamp(job.identity(), outcome, at, slot);
        self.book.attempt_failed(outcome);
        if let Some(failed) = self.failed_by.get_mut(slot)
            && !matches!(outcome, Outcome::TimedOut | Outcome::GatewayTimeOut)
        {
            *failed += 1;
        }
        if let Some(answers) = &mut self.answers
            && self.book.is_answered_by_target(outcome)
        {
            answers.record(at - job.born);
        }
        self.failures.push(Failure { job: *job, outcome, slot });
        self.pending = true;
    }

    /// When the request of an attempt was born.
    pub fn first_birth(&self, job: &Job) -> u64 {
        if job.attempt() == 0 && !self.queued { job.born } else { self.first_births[&job.request()] }
    }

    /// An attempt was taken off its instance: it no longer queues at the backend. True when it had just been given a slot.
    pub fn forget_claim(&mut self, slot: usize, identity: u64, at: u64) -> bool {
        let Some(backend) = &mut self.backend else { return false };
        backend.forget(slot, identity, at);
        let granted = self.grants.iter().position(|g| (g.0, g.1) == (slot, identity));
        granted.map(|place| self.grants.remove(place)).is_some()
    }

    /// An attempt left its instance other than by being served.
    #[cold]
    fn left(&mut self, slot: usize, job: &Job, at: u64) {
        if job.is(PROBE) {
            self.answered.push(Answered { slot, probe: job.request() });
            self.pending = true;
        } else if self.deadlines.passed(job, at) {
            self.book.counts.attempts.abandoned_cpu_ns += u128::from(job.work);
        } else {
            self.deadlines.left(slot, job);
            self.nodes.at(job.node()).settled(slot);
            self.fail(job, Outcome::Error, at, slot);
        }
    }

    /// When the request of an attempt that was served was born; nobody asks again.
    #[cold]
    fn birth_of(&mut self, job: &Job) -> u64 {
        self.first_births.remove(&job.request()).expect("a retried request keeps its birth")
    }

    /// Somebody wants to know that an attempt was served.
    #[cold]
    fn note_served(&mut self, slot: usize, job: &Job, at: u64) {
        if let Some(size) = self.sizes.get(usize::from(job.class())) {
            self.bytes += u128::from(size.1);
        }
        if let Some(answers) = &mut self.answers {
            answers.record(at - job.born);
        }
        if self.sessions {
            self.served.push(Served { request: job.request(), at, slot });
            self.pending = true;
        }
    }

    /// CPU and wait time that were the attempt's own.
    #[inline]
    fn own(&self, job: &Job) -> u64 {
        let cpu = if self.speed == 1 << 16 { job.work } else { (job.work << 16) / self.speed };
        cpu + job.wait
    }
}

impl Departures for Desk {
    #[inline(always)]
    fn departed(&mut self, slot: usize, job: &Job, at: u64) {
        self.in_flight -= 1;
        if job.tag & (PROBE | ERROR) != 0 || self.deadlines.passed(job, at) {
            self.left(slot, job, at);
            return;
        }
        self.deadlines.left(slot, job);
        self.nodes.at(job.node()).settled(slot);
        self.book.stamp(job.identity(), Outcome::Served, at, slot);
        let born = if job.attempt() == 0 && !self.queued { job.born } else { self.birth_of(job) };
        let own = self.own(job);
        self.book.served(born, at, own);
        self.served_by[slot] += 1;
        if self.notes {
            self.note_served(slot, job, at);
        }
    }

    fn to_backend(&mut self, slot: usize, job: &Job, at: u64) -> bool {
        let Some(backend) = &mut self.backend else { return false };
        backend.account(at);
        if backend.busy < backend.slots {
            backend.busy += 1;
            return false;
        }
        backend.queue.push_back((slot, job.identity()));
        true
    }

    fn backend_freed(&mut self, at: u64) {
        let Some(backend) = &mut self.backend else { return };
        backend.account(at);
        match backend.queue.pop_front() {
            Some((slot, identity)) => {
                self.grants.push((slot, identity, at));
                self.pending = true;
            }
            None => backend.busy -= 1,
        }
    }
}
