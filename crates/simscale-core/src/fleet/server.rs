//! What an instance holds, and when the next attempt leaves it: sharing processors, waiting for others, queued, or in a lane.

mod lane;
mod sharers;
mod sharing;
mod sums;

use super::job::{COLD, Job, PROBE, SECOND};
use crate::kernel::{NEVER, WORK_MAX};
use lane::{Lane, Placed};
use sharers::Sharers;
use std::collections::{BTreeMap, VecDeque};
use sums::attained_of;

/// What rounding down may take from all sharers together at a change: less than 2^-16 ns each, for up to a million.
const CROWD: u128 = 1 << 20;
/// The speed of a reference core: a division by it is a shift.
const ONE: u64 = 1 << 16;

/// Takes what leaves an instance.
pub(crate) trait Departures {
    /// An attempt has all its work done.
    fn departed(&mut self, slot: usize, job: &Job, at: u64);
    /// An attempt begins its wait: true when it must queue at the shared backend first; false when it starts at once, on a slot that
    /// is now taken, or because there is no backend.
    fn to_backend(&mut self, slot: usize, job: &Job, at: u64) -> bool;
    /// A backend slot fell free.
    fn backend_freed(&mut self, at: u64);
}

/// What an attempt in its wait holds of the backend, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing: it does not wait.
    None,
    /// A slot.
    Slot,
    /// A place in the queue.
    Queued,
}

/// No slot and no place in the queue: the attempt was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// Time integrals since the last flush.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Busy processors, ns.
    pub busy: u64,
    /// Attempts inside, ns.
    pub flight: u128,
    /// Attempts waiting for admission, ns.
    pub queue: u128,
    /// Attempts taken, queued ones included.
    pub taken: u64,
}

/// The processors of an instance and all attempts inside it.
///
/// What every request touches comes first and stays together: in a large fleet the cost of a request is that of fetching this.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Server {
    /// All that is inside shares running processors or waits its time: nothing is queued or cold, and there is no lane.
    even: bool,
    /// Whether all attempts are in the lane now.
    in_lane: bool,
    next: u64,
    t0: u64,
    v0: u64,
    /// Service per ns of one processor, in 2^-16; zero while the instance stands still.
    speed: u64,
    cores: u64,
    admitted_limit: usize,
    /// Everything is accounted for up to here.
    accounted: u64,
    areas: Areas,
    /// In a CPU phase.
    jobs: Sharers,
    /// In their wait; their mark is the instant at which it ends.
    waiters: Sharers,
    /// Changes of the set of sharers: each may lose one core-ns at the highest speed so far to rounding.
    changes: u64,
    /// Sum over departures of departure minus birth, ns.
    sojourns: u128,
    /// Work of all attempts that left, or attained part of it, in 2^-16 ns.
    attained: u128,
    /// Where all attempts are while each runs alone and nobody needs to know what is done; `None` where that never holds.
    lane: Option<Box<Lane>>,
    queue_limit: usize,
    /// Waiting for a slot of the backend, by identity.
    asking: BTreeMap<u64, Job>,
    /// Not admitted yet.
    queue: VecDeque<Job>,
    /// Capacity delivered up to the last change of speed, in 2^-16 ns, and `areas.busy` at that change.
    delivered: u128,
    delivered_from: u64,
    fastest: u64,
    /// Class by class, the part of the CPU time before the wait, in millionths.
    before_ppm: Vec<u32>,
    /// What multiplies the work of a cold attempt, and how many more of them will be taken.
    cold: (f64, u64),
}

impl Server {
    /// `unobserved`: no attempt waits for others, and nothing depends on what is inside before somebody looks.
    pub fn new(
        cores: u32,
        speed: u32,
        admitted: u32,
        queue: u32,
        before_ppm: &[u32],
        unobserved: bool,
    ) -> Self {
        let lane = (unobserved && admitted <= cores).then(|| {
            let room = (admitted as usize).saturating_add(queue as usize);
            Box::new(Lane::new(admitted as usize, room))
        });
        Server {
            lane,
            in_lane: false,
            even: false,
            t0: 0,
            v0: 0,
            speed: u64::from(speed),
            cores: u64::from(cores),
            jobs: Sharers::new(),
            waiters: Sharers::new(),
            asking: BTreeMap::new(),
            queue: VecDeque::new(),
            admitted_limit: admitted as usize,
            queue_limit: queue as usize,
            next: NEVER,
            accounted: 0,
            areas: Areas::default(),
            delivered: 0,
            delivered_from: 0,
            attained: 0,
            changes: 0,
            fastest: u64::from(speed),
            sojourns: 0,
            before_ppm: before_ppm.to_vec(),
            cold: (1.0, 0),
        }
    }

    /// Starts its clock: nothing is accounted before.
    pub fn start(&mut self, at: u64) {
        self.accounted = at;
        self.t0 = at;
    }

    /// When the next attempt leaves, waits or is released; [`NEVER`] when none will.
    #[inline]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Attempts inside.
    #[inline]
    pub fn in_flight(&self) -> usize {
        self.admitted() + self.queue.len() + self.placed().len()
    }

    /// Attempts that were admitted and are not in the lane.
    #[inline]
    fn admitted(&self) -> usize {
        self.jobs.len() + self.waiters.len() + self.asking.len()
    }

    /// Whether an attempt would be admitted at once.
    pub fn has_idle(&self) -> bool {
        self.admitted() < self.admitted_limit
    }

    /// Multiplies the work of the next `count` attempts that are taken by `factor`. Nothing is inside yet.
    pub fn set_cold(&mut self, factor: f64, count: u64) {
        self.cold = (factor, count);
        self.even = false;
    }

    /// Completes everything due up to and including `until`.
    #[inline]
    pub fn advance(&mut self, slot: usize, until: u64, out: &mut impl Departures) {
        if self.in_lane {
            return self.hand_over(slot, until, out);
        }
        while self.next <= until {
            self.step(slot, out);
        }
    }

    /// Whether its attempts may stay as they are when another comes.
    #[inline]
    pub fn can_wait(&self) -> bool {
        self.in_lane
    }

    /// Completes what is due at the next instant.
    #[inline]
    fn step(&mut self, slot: usize, out: &mut impl Departures) {
        let now = self.next;
        let v = if self.even { self.share(now) } else { self.look(now) };
        if !self.waiters.is_empty() {
            self.end_waits(slot, v, now, out);
        }
        while let Some(job) = self.jobs.pop_reached(v) {
            if job.wait > 0 && !job.is(SECOND) {
                self.wait(slot, job, now, out);
            } else {
                self.leave(slot, &job, now, out);
            }
        }
        if self.even {
            return self.settle_evenly(now, v);
        }
        if !self.queue.is_empty() {
            self.admit_queued(slot, v, now, out);
        }
        self.anchor(now, v);
    }

    /// Waits that are over at `now` go on.
    fn end_waits(&mut self, slot: usize, v: u64, now: u64, out: &mut impl Departures) {
        while let Some(job) = self.waiters.pop_reached(now) {
            out.backend_freed(now);
            self.resume(slot, job, v, now, out);
        }
    }

    /// Takes an attempt at `now`; everything due up to `now` has been completed.
    #[inline]
    pub fn admit(
        &mut self,
        slot: usize,
        job: &Job,
        now: u64,
        out: &mut impl Departures,
    ) -> Result<(), QueueFull> {
        if self.even && self.jobs.len() + self.waiters.len() < self.admitted_limit {
            let v = self.share(now);
            if job.wait == 0 {
                self.jobs.insert(Job { mark: v + (job.work << 16), ..*job });
            } else {
                self.begin(slot, *job, v, now, out);
            }
            self.areas.taken += u64::from(!job.is(PROBE));
            self.settle_evenly(now, v);
            return Ok(());
        }
        self.admit_any(slot, job, now, out)
    }

    /// What [`admit`](Self::admit) does, whatever holds.
    fn admit_any(
        &mut self,
        slot: usize,
        job: &Job,
        now: u64,
        out: &mut impl Departures,
    ) -> Result<(), QueueFull> {
        if self.in_lane || self.lane.is_some() && self.enters_lane(now) {
            return self.place(slot, job, now, out);
        }
        let mut job = *job;
        if self.cold.1 > 0 {
            job.set(COLD);
        }
        if self.admitted() < self.admitted_limit {
            let v = self.look(now);
            self.begin(slot, job, v, now, out);
            self.anchor(now, v);
            self.take(&job);
            Ok(())
        } else if self.queue.len() < self.queue_limit {
            self.account(now);
            self.even = false;
            self.queue.push_back(job);
            self.take(&job);
            Ok(())
        } else {
            Err(QueueFull)
        }
    }

    /// Counts an attempt that was taken; a health check is no request.
    #[inline]
    fn take(&mut self, job: &Job) {
        self.areas.taken += u64::from(!job.is(PROBE));
        self.cold.1 = self.cold.1.saturating_sub(1);
    }

    fn admit_queued(&mut self, slot: usize, v: u64, now: u64, out: &mut impl Departures) {
        while self.admitted() < self.admitted_limit {
            let Some(job) = self.queue.pop_front() else { return };
            self.begin(slot, job, v, now, out);
        }
    }

    /// Starts the first part of an admitted attempt.
    #[inline(always)]
    fn begin(&mut self, slot: usize, mut job: Job, v: u64, now: u64, out: &mut impl Departures) {
        let first = if job.wait == 0 { self.work(&job) } else { self.before_wait(&job) };
        if first == 0 {
            self.wait(slot, job, now, out);
        } else {
            job.mark = v + (first << 16);
            self.jobs.insert(job);
        }
    }

    /// The work of an attempt here: more while the instance was cold.
    #[inline]
    fn work(&self, job: &Job) -> u64 {
        if job.is(COLD) { cold_work(job.work, self.cold.0) } else { job.work }
    }

    fn before_wait(&self, job: &Job) -> u64 {
        part(self.work(job), self.before_ppm[job.class() as usize])
    }

    fn wait(&mut self, slot: usize, job: Job, now: u64, out: &mut impl Departures) {
        if out.to_backend(slot, &job, now) {
            self.even = false;
            self.asking.insert(job.identity(), job);
        } else {
            self.waiters.insert(Job { mark: now + job.wait, ..job });
        }
    }

    /// The wait is over: the rest of the CPU time, or the end.
    fn resume(&mut self, slot: usize, mut job: Job, v: u64, now: u64, out: &mut impl Departures) {
        let rest = self.work(&job) - self.before_wait(&job);
        if rest == 0 {
            self.leave(slot, &job, now, out);
        } else {
            job.set(SECOND);
            job.mark = v + (rest << 16);
            self.jobs.insert(job);
        }
    }

    #[inline]
    fn leave(&mut self, slot: usize, job: &Job, now: u64, out: &mut impl Departures) {
        self.sojourns += u128::from(now - job.born);
        let work = self.work(job);
        self.attained += u128::from(work) << 16;
        if job.is(COLD) {
            out.departed(slot, &Job { work, ..*job }, now);
        } else {
            out.departed(slot, job, now);
        }
    }

    /// The backend gives the attempt a slot at `now`.
    pub fn backend_granted(&mut self, identity: u64, now: u64) {
        let job = self.asking.remove(&identity).expect("who asked the backend waits for it");
        let release = now + job.wait;
        self.waiters.insert(Job { mark: release, ..job });
        if self.speed > 0 {
            self.next = self.next.min(release);
        }
    }

    /// Every attempt inside, in no particular order.
    pub fn attempts(&self) -> impl Iterator<Item = &Job> + Clone {
        let placed = self.placed().iter().map(|placed| &placed.job);
        let waiting = self.waiters.iter().chain(self.asking.values());
        self.jobs.iter().chain(waiting).chain(self.queue.iter()).chain(placed)
    }

    /// The attempts in the lane.
    fn placed(&self) -> &[Placed] {
        self.lane.as_ref().map_or(&[], |lane| lane.placed())
    }

    /// Takes off the attempts that `leaves` names, at `now`; hands each to `gone`, with its claim on the backend.
    pub fn remove(
        &mut self,
        slot: usize,
        now: u64,
        leaves: impl Fn(&Job) -> bool,
        mut gone: impl FnMut(&Job, Claim),
        out: &mut impl Departures,
    ) {
        if !self.attempts().any(&leaves) {
            return;
        }
        self.leave_lane(now);
        let v = self.look(now);
        let (attained, sojourns, before) = (&mut self.attained, &mut self.sojourns, &self.before_ppm);
        let cold = self.cold.0;
        let work = |job: &Job| if job.is(COLD) { cold_work(job.work, cold) } else { job.work };
        let mut take = |job: &Job, part: u64, claim: Claim| {
            *attained += u128::from(part);
            *sojourns += u128::from(now - job.born);
            gone(job, claim);
        };
        let first = |job: &Job| part(work(job), before[job.class() as usize]);
        self.jobs.retain(|job| {
            let left = job.mark.saturating_sub(v);
            let leaving = leaves(job);
            if leaving {
                take(job, attained_of(job, work(job), first(job), left), Claim::None);
            }
            !leaving
        });
        self.waiters.retain(|job| {
            let leaving = leaves(job);
            if leaving {
                take(job, first(job) << 16, Claim::Slot);
            }
            !leaving
        });
        self.asking.retain(|_, job| {
            let leaving = leaves(job);
            if leaving {
                take(job, first(job) << 16, Claim::Queued);
            }
            !leaving
        });
        self.queue.retain(|job| {
            let leaving = leaves(job);
            if leaving {
                take(job, 0, Claim::None);
            }
            !leaving
        });
        self.admit_queued(slot, v, now, out);
        self.anchor(now, v);
    }
}

fn cold_work(work: u64, factor: f64) -> u64 {
    ((work as f64 * factor) as u64).min(WORK_MAX)
}

/// A share of a work in millionths, rounded down; work is at most 2^45, so only a true share can need the wide product.
#[inline]
fn part(work: u64, ppm: u32) -> u64 {
    match work.checked_mul(u64::from(ppm)) {
        _ if ppm == 1_000_000 => work,
        Some(product) => product / 1_000_000,
        None => (u128::from(work) * u128::from(ppm) / 1_000_000) as u64,
    }
}
