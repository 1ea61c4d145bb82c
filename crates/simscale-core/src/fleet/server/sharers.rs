//! The attempts that share an instance's processors, in order of leaving: the next few sorted, a crowd behind them in a heap.

use super::super::job::Job;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Attempts kept sorted. An array alone would be quadratic in a swamped instance, a heap alone slower in a healthy one.
const NEAR: usize = 32;

/// Room for so many from the start: a large fleet should stay small in memory.
const FIRST: usize = 4;

/// Attempts by (mark, tag).
#[derive(Debug, Clone, Default)]
pub(super) struct Sharers {
    /// The next to leave, last one first to go.
    near: Vec<Job>,
    /// All others; none of them leaves before any of `near`.
    far: BinaryHeap<Later>,
}

/// An attempt in the heap, whose top is the next to leave.
#[derive(Debug, Clone, Copy)]
struct Later(Job);

impl Later {
    fn key(&self) -> (u64, u64) {
        (self.0.mark, self.0.tag)
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl Sharers {
    pub fn new() -> Self {
        Sharers { near: Vec::with_capacity(FIRST), far: BinaryHeap::new() }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.near.is_empty()
    }

    /// The next to leave.
    #[inline]
    pub fn first(&self) -> Option<&Job> {
        self.near.last()
    }

    /// Takes the next to leave, if its mark is reached.
    #[inline]
    pub fn pop_reached(&mut self, attained: u64) -> Option<Job> {
        let job = self.near.pop_if(|job| job.mark <= attained);
        if self.near.is_empty() && !self.far.is_empty() {
            self.draw_near();
        }
        job
    }

    fn draw_near(&mut self) {
        while self.near.len() < NEAR / 2 {
            let Some(Later(job)) = self.far.pop() else { break };
            self.near.push(job);
        }
        self.near.reverse();
    }

    #[inline(always)]
    pub fn insert(&mut self, job: Job) {
        let mut at = self.near.len();
        if !self.far.is_empty() && (job.mark, job.tag) > (self.near[0].mark, self.near[0].tag) {
            self.far.push(Later(job));
            return;
        }
        // Those that leave sooner move up by one.
        self.near.push(job);
        while at > 0 && (self.near[at - 1].mark, self.near[at - 1].tag) < (job.mark, job.tag) {
            self.near[at] = self.near[at - 1];
            at -= 1;
        }
        self.near[at] = job;
        if self.near.len() > NEAR {
            self.far.push(Later(self.near.remove(0)));
        }
    }

    /// Keeps the attempts that `keep` names.
    pub fn retain(&mut self, mut keep: impl FnMut(&Job) -> bool) {
        self.near.retain(&mut keep);
        self.far.retain(|later| keep(&later.0));
        if self.near.is_empty() {
            self.draw_near();
        }
    }

    /// Lowers every mark by `by`, which is at most the smallest.
    pub fn lower_marks(&mut self, by: u64) {
        for job in &mut self.near {
            job.mark -= by;
        }
        let far = std::mem::take(&mut self.far).into_vec();
        let lowered = far.into_iter().map(|Later(job)| Later(Job { mark: job.mark - by, ..job }));
        self.far = lowered.collect();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Job> + Clone {
        self.near.iter().chain(self.far.iter().map(|later| &later.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Purpose, hash};

    #[test]
    fn attempts_leave_in_order_however_many_there_are() {
        let mut sharers = Sharers::new();
        let mut list: Vec<(u64, u64)> = Vec::new();
        for step in 0..20_000u64 {
            let draw = hash(3, Purpose::Fault, step, 0);
            let growing = step % 4000 < 2500;
            if list.is_empty() || draw % 10 < if growing { 7 } else { 2 } {
                let job = Job { mark: draw % 1000, born: 0, work: 1, wait: 0, tag: step };
                sharers.insert(job);
                list.push((job.mark, job.tag));
                list.sort_unstable_by(|a, b| b.cmp(a));
            } else if draw.is_multiple_of(97) {
                sharers.retain(|j| j.tag % 3 != 0);
                list.retain(|j| j.1 % 3 != 0);
            } else {
                let job = sharers.pop_reached(u64::MAX).map(|j| (j.mark, j.tag));
                assert_eq!(job, list.pop(), "step {step}");
            }
            assert_eq!(sharers.len(), list.len());
            assert_eq!(sharers.first().map(|j| j.tag), list.last().map(|j| j.1));
        }
        for tag in 20_000..20_100 {
            sharers.insert(Job { mark: 5000 + tag, born: 0, work: 1, wait: 0, tag });
            list.insert(0, (5000 + tag, tag));
        }
        assert!(sharers.far.len() > 50, "a crowd in the heap");
        let least = list.last().map_or(0, |j| j.0);
        sharers.lower_marks(least);
        assert_eq!(sharers.iter().map(|j| j.mark).sum::<u64>(), list.iter().map(|j| j.0 - least).sum());
    }
}
