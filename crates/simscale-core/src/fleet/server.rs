//! Processor sharing in exact integers: what an instance holds, and when the next attempt leaves it.
//!
//! Attempts in a CPU phase share the vCPUs, each at min(1, vCPUs / their number) of a processor. Attained service
//! since the anchor `(t0, v0)` is the closed formula `v0 + floor((t - t0) * num / den)` in 2^-16 ns; an attempt leaves when
//! it reaches its mark. The anchor moves only when something happens inside (the sharers or the speed change, a wait ends), never at a
//! look, so that the state at an instant does not depend on who looked when.

use super::job::{COLD, Job, PROBE, SECOND};
use super::lane::{Lane, Placed};
use super::sharers::Sharers;
use crate::kernel::{NEVER, WORK_MAX};
use std::collections::{BTreeMap, VecDeque};

/// What rounding down may take from all sharers together at a change: less than 2^-16 ns each, for up to a million.
const CROWD: u128 = 1 << 20;
/// The speed of a reference core: a division by it is a shift.
const ONE: u64 = 1 << 16;
/// Attained service is shifted back to zero when it passes this.
const REBASE: u64 = 1 << 62;

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
        if self.even {
            return self.step_evenly(slot, now, out);
        }
        self.account(now);
        let v = self.attained_by(now);
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
        if !self.queue.is_empty() {
            self.admit_queued(slot, v, now, out);
        }
        self.anchor(now, v);
    }

    /// What [`step`](Self::step) does where nothing is queued or cold.
    #[inline(always)]
    fn step_evenly(&mut self, slot: usize, now: u64, out: &mut impl Departures) {
        let v = self.share(now);
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
        self.settle_evenly(now, v);
    }

    /// Accounts for the time up to `now`; the attained service of each sharer.
    #[inline(always)]
    fn share(&mut self, now: u64) -> u64 {
        let n = self.jobs.len() as u64;
        let dt = now - self.accounted;
        self.areas.busy += n.min(self.cores) * dt;
        self.areas.flight += u128::from(n + self.waiters.len() as u64) * u128::from(dt);
        self.accounted = now;
        self.attained_by(now)
    }

    /// Sets the anchor and finds the next instant, where nothing is queued or cold.
    #[inline(always)]
    fn settle_evenly(&mut self, now: u64, v: u64) {
        if v >= REBASE {
            return self.anchor(now, v);
        }
        self.changes += 1;
        self.t0 = now;
        let n = self.jobs.len() as u64;
        (self.v0, self.next) = match self.jobs.first() {
            Some(first) => (v, (now + self.time_to_serve(first.mark.saturating_sub(v), n)).min(NEVER)),
            None => (0, NEVER),
        };
        if let Some(waiter) = self.waiters.first() {
            self.next = self.next.min(waiter.mark);
        }
    }

    /// How long n sharers take for `left` of each, at most [`NEVER`].
    #[inline(always)]
    fn time_to_serve(&self, left: u64, n: u64) -> u64 {
        // Each of n sharers gets the speed of one processor, or its share of all of them.
        let (work, rate) = if n <= self.cores {
            (Some(left), self.speed)
        } else {
            (left.checked_mul(n), self.speed * self.cores)
        };
        let time = match work {
            Some(work) if rate == ONE => work.div_ceil(ONE),
            Some(work) => work.div_ceil(rate),
            None => (u128::from(left) * u128::from(n)).div_ceil(u128::from(rate)) as u64,
        };
        time.min(NEVER)
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
            self.account(now);
            let v = self.attained_by(now);
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

    /// An idle instance of one speed begins to work in its lane.
    fn enters_lane(&mut self, now: u64) -> bool {
        if self.cold.1 == 0 && self.speed > 0 && self.in_flight() == 0 {
            self.account(now);
            self.in_lane = true;
        }
        self.in_lane
    }

    /// Takes an attempt into the lane.
    #[inline]
    fn place(
        &mut self,
        slot: usize,
        job: &Job,
        now: u64,
        out: &mut impl Departures,
    ) -> Result<(), QueueFull> {
        let Some(lane) = &mut self.lane else { return Err(QueueFull) };
        if lane.is_full() && !self.makes_room(slot, now, out) {
            return Err(QueueFull);
        }
        let Some(lane) = &mut self.lane else { return Err(QueueFull) };
        let time = if self.speed == ONE { job.work } else { (job.work << 16).div_ceil(self.speed) };
        lane.place(job, now, time);
        self.next = lane.next();
        self.changes += 2;
        self.areas.taken += u64::from(!job.is(PROBE));
        Ok(())
    }

    /// Hands over what is done in a lane that is full; whether another attempt may come then.
    #[cold]
    fn makes_room(&mut self, slot: usize, now: u64, out: &mut impl Departures) -> bool {
        self.hand_over(slot, now, out);
        self.lane.as_ref().is_some_and(|lane| !lane.refuses())
    }

    /// What is done in the lane by `until` departs.
    fn hand_over(&mut self, slot: usize, until: u64, out: &mut impl Departures) {
        let Some(lane) = &mut self.lane else { return };
        if lane.next() > until {
            return;
        }
        let from = self.accounted;
        let mut areas = self.areas;
        let (mut sojourns, mut attained) = (0, 0);
        lane.hand_over(until, |placed| {
            placed.account(from, placed.job.mark, &mut areas);
            sojourns += u128::from(placed.job.mark - placed.job.born);
            attained += u128::from(placed.job.work);
            out.departed(slot, &placed.job, placed.job.mark);
        });
        self.next = lane.next();
        self.areas = areas;
        self.sojourns += sojourns;
        self.attained += attained << 16;
    }

    /// From now on attempts share the processors one event at a time again. Everything due up to `now` has been completed.
    fn leave_lane(&mut self, now: u64) {
        if !self.in_lane {
            return;
        }
        let Some(lane) = &mut self.lane else { return };
        lane.account(self.accounted, now, &mut self.areas);
        self.in_lane = false;
        self.accounted = now;
        (self.t0, self.v0) = (now, 0);
        for Placed { mut job, start } in lane.leave() {
            if start <= now {
                job.mark = (job.work << 16).saturating_sub((now - start) * self.speed);
                self.jobs.insert(job);
            } else {
                self.queue.push_back(job);
            }
        }
        self.find_next();
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

    /// Accounts for the time up to `now`, during which nothing changed.
    #[inline(always)]
    fn account(&mut self, now: u64) {
        if self.in_lane {
            let lane = self.lane.as_ref().expect("only who has a lane is in it");
            lane.account(self.accounted, now, &mut self.areas);
            self.accounted = now;
            return;
        }
        let dt = now - self.accounted;
        let n = self.jobs.len() as u64;
        let busy = if self.speed == 0 { 0 } else { n.min(self.cores) };
        self.areas.busy += busy * dt;
        let queued = self.queue.len() as u64;
        if queued > 0 {
            self.areas.queue += u128::from(queued) * u128::from(dt);
        }
        let waiting = (self.waiters.len() + self.asking.len()) as u64;
        self.areas.flight += u128::from(n + queued + waiting) * u128::from(dt);
        self.accounted = now;
    }

    /// Attained service of each sharer at `now`, which is not after the next departure.
    #[inline(always)]
    fn attained_by(&self, now: u64) -> u64 {
        let n = self.jobs.len() as u64;
        let dt = now - self.t0;
        if n <= self.cores {
            return self.v0 + if n == 0 { 0 } else { dt * self.speed };
        }
        let rate = self.speed * self.cores;
        self.v0
            + match dt.checked_mul(rate) {
                Some(product) => product / n,
                None => (u128::from(dt) * u128::from(rate) / u128::from(n)) as u64,
            }
    }

    /// Sets the anchor after a change of the sharers, and finds the next instant.
    #[inline(always)]
    fn anchor(&mut self, now: u64, v: u64) {
        self.changes += 1;
        self.even = self.queue.is_empty()
            && self.asking.is_empty()
            && self.cold.1 == 0
            && self.speed > 0
            && self.lane.is_none();
        self.t0 = now;
        self.v0 = if self.jobs.is_empty() { 0 } else { v };
        if self.v0 >= REBASE {
            self.jobs.lower_marks(self.v0);
            self.v0 = 0;
        }
        self.find_next();
    }

    #[inline(always)]
    fn find_next(&mut self) {
        self.next = match self.jobs.first() {
            Some(first) if self.speed > 0 => {
                let left = first.mark.saturating_sub(self.v0);
                (self.t0 + self.time_to_serve(left, self.jobs.len() as u64)).min(NEVER)
            }
            _ => NEVER,
        };
        if self.speed > 0
            && let Some(waiter) = self.waiters.first()
        {
            self.next = self.next.min(waiter.mark);
        }
    }

    /// Changes the speed of the processors; zero makes everything stand still, waits included. Everything due up to
    /// `now` has been completed.
    pub fn set_speed(&mut self, speed: u32, now: u64) {
        self.leave_lane(now);
        self.account(now);
        let v = self.attained_by(now);
        self.deliver();
        if self.speed == 0 && speed > 0 {
            // Waits that ended while the instance stood still are answered at the next nanosecond.
            let ended: Vec<Job> = std::iter::from_fn(|| self.waiters.pop_reached(now)).collect();
            ended.into_iter().for_each(|job| self.waiters.insert(Job { mark: now + 1, ..job }));
        }
        self.speed = u64::from(speed);
        self.fastest = self.fastest.max(self.speed);
        self.anchor(now, v);
    }

    fn deliver(&mut self) {
        self.delivered += u128::from(self.areas.busy - self.delivered_from) * u128::from(self.speed);
        self.delivered_from = self.areas.busy;
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
        self.account(now);
        let v = self.attained_by(now);
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

    /// Busy processors since the last flush, up to `now`, ns; what is due up to `now` has been completed.
    pub fn busy(&self, now: u64) -> u64 {
        if self.in_lane {
            let mut areas = self.areas;
            self.lane.iter().for_each(|lane| lane.account(self.accounted, now, &mut areas));
            return areas.busy;
        }
        let sharers = if self.speed == 0 { 0 } else { (self.jobs.len() as u64).min(self.cores) };
        self.areas.busy + sharers * (now - self.accounted)
    }

    /// The integrals since the last flush, up to `now`.
    pub fn flush(&mut self, now: u64) -> Areas {
        self.account(now);
        self.deliver();
        self.delivered_from = 0;
        std::mem::take(&mut self.areas)
    }

    /// Sums for the laws: capacity delivered and service attained up to the last flush at `now` (2^-16 ns), the slack that
    /// rounding allows, sojourns of the departed plus ages of those inside (ns).
    pub fn sums(&self, now: u64) -> Sums {
        let v = self.attained_by(now);
        let inside: u128 = self
            .jobs
            .iter()
            .map(|j| u128::from(attained_of(j, self.work(j), self.before_wait(j), j.mark.saturating_sub(v))))
            .chain(
                self.waiters
                    .iter()
                    .chain(self.asking.values())
                    .map(|job| u128::from(self.before_wait(job) << 16)),
            )
            .chain(
                self.placed()
                    .iter()
                    .map(|p| u128::from((now.saturating_sub(p.start) * self.speed).min(p.job.work << 16))),
            )
            .sum();
        let ages: u128 = self.attempts().map(|j| u128::from(now - j.born)).sum();
        Sums {
            delivered: self.delivered,
            attained: self.attained + inside,
            slack: u128::from(self.changes + 1) * (u128::from(self.cores) * u128::from(self.fastest) + CROWD),
            sojourns: self.sojourns + ages,
        }
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

/// Service attained by an attempt in a CPU phase that has `left` to go.
fn attained_of(job: &Job, work: u64, first: u64, left: u64) -> u64 {
    let part_end = if job.is(SECOND) || job.wait == 0 { work } else { first };
    (part_end << 16).saturating_sub(left)
}

/// What the laws compare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums {
    pub delivered: u128,
    pub attained: u128,
    pub slack: u128,
    pub sojourns: u128,
}
