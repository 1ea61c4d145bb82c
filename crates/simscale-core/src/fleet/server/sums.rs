//! What an instance has done: integrals for the metrics, sums for the laws.

use super::super::job::{Job, SECOND};
use super::{Areas, CROWD, Server};

/// What the laws compare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums {
    pub delivered: u128,
    pub attained: u128,
    pub slack: u128,
    pub sojourns: u128,
}

impl Server {
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

/// Service attained by an attempt in a CPU phase that has `left` to go.
pub(super) fn attained_of(job: &Job, work: u64, first: u64, left: u64) -> u64 {
    let part_end = if job.is(SECOND) || job.wait == 0 { work } else { first };
    (part_end << 16).saturating_sub(left)
}
