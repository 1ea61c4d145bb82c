//! The arithmetic of shared processors: what each sharer has attained, and when the next one is done.
//!
//! Attempts in a CPU phase share the vCPUs, each at min(1, vCPUs / their number) of a processor. Attained service
//! since the anchor `(t0, v0)` is the closed formula `v0 + floor((t - t0) * num / den)` in 2^-16 ns; an attempt leaves when
//! it reaches its mark. The anchor moves only when something happens inside (the sharers or the speed change, a wait ends), never at a
//! look, so that the state at an instant does not depend on who looked when.

use super::super::job::Job;
use super::{ONE, Server};
use crate::kernel::NEVER;

/// Attained service is shifted back to zero when it passes this.
const REBASE: u64 = 1 << 62;

impl Server {
    /// Accounts for the time up to `now`; the attained service of each sharer.
    pub(super) fn look(&mut self, now: u64) -> u64 {
        self.account(now);
        self.attained_by(now)
    }

    /// What [`look`](Self::look) does where nothing is queued or cold.
    #[inline(always)]
    pub(super) fn share(&mut self, now: u64) -> u64 {
        let n = self.jobs.len() as u64;
        let dt = now - self.accounted;
        self.areas.busy += n.min(self.cores) * dt;
        self.areas.flight += u128::from(n + self.waiters.len() as u64) * u128::from(dt);
        self.accounted = now;
        self.attained_by(now)
    }

    /// Sets the anchor and finds the next instant, where nothing is queued or cold.
    #[inline(always)]
    pub(super) fn settle_evenly(&mut self, now: u64, v: u64) {
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

    /// Accounts for the time up to `now`, during which nothing changed.
    #[inline(always)]
    pub(super) fn account(&mut self, now: u64) {
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
    pub(super) fn attained_by(&self, now: u64) -> u64 {
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
    pub(super) fn anchor(&mut self, now: u64, v: u64) {
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
    pub(super) fn find_next(&mut self) {
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
        let v = self.look(now);
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

    pub(super) fn deliver(&mut self) {
        self.delivered += u128::from(self.areas.busy - self.delivered_from) * u128::from(self.speed);
        self.delivered_from = self.areas.busy;
    }
}
