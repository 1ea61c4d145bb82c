//! Who gives up when: deadlines without an entry per request.
//!
//! All attempts have the same patience, so an attempt is given up exactly when its birth lies that far back, and its record need not
//! say so. Each slot has a guard, a lower bound of its oldest deadline. When a guard is reached, the births inside are listed once,
//! and the list serves until its last deadline: one look at everything inside for each patience, however many time out.

use crate::fleet::{Job, PROBE};
use crate::kernel::NEVER;
use std::collections::BTreeSet;

/// Deadlines of all slots.
#[derive(Debug)]
pub(super) struct Deadlines {
    /// From the birth of an attempt to its deadline; [`NEVER`] when nobody gives up.
    patience: u64,
    lists: Vec<List>,
}

/// The attempts that were inside a slot when it was last looked at.
#[derive(Debug, Default)]
struct List {
    /// Births up to here are listed.
    until: u64,
    /// The next to give up is last.
    waiting: Vec<Job>,
    /// Identities of the listed ones that left since.
    gone: BTreeSet<u64>,
}

impl Deadlines {
    pub fn new(patience: u64) -> Self {
        Deadlines { patience, lists: Vec::new() }
    }

    pub fn grow(&mut self, slots: usize) {
        self.lists.resize_with(slots, List::default);
    }

    pub fn patience(&self) -> u64 {
        self.patience
    }

    /// Whether anybody ever gives up.
    #[inline]
    pub fn any(&self) -> bool {
        self.patience < NEVER
    }

    /// Whether an attempt that is answered at `at` was given up before. What is done at its deadline is served.
    #[inline]
    pub fn passed(&self, job: &Job, at: u64) -> bool {
        at - job.born > self.patience
    }

    /// An attempt left its instance while somebody waited for it.
    #[inline]
    pub fn left(&mut self, slot: usize, job: &Job) {
        if self.any() && job.born <= self.lists[slot].until {
            self.lists[slot].gone.insert(job.identity());
        }
    }

    /// A new instance takes the slot.
    pub fn clear(&mut self, slot: usize) {
        self.lists[slot] = List::default();
    }

    /// The attempts of a slot whose deadline is reached at `now`, in order of birth. `inside` names all that are there.
    pub fn take_due<'a>(&mut self, slot: usize, now: u64, inside: impl Iterator<Item = &'a Job>) -> Vec<Job> {
        let patience = self.patience;
        if self.lists[slot].waiting.is_empty() {
            self.list(slot, now, now, inside);
        }
        let list = &mut self.lists[slot];
        let mut due = Vec::new();
        while let Some(job) = list.waiting.pop_if(|job| job.born + patience <= now) {
            if !list.gone.remove(&job.identity()) {
                due.push(job);
            }
        }
        due
    }

    /// The next deadline of a slot after `now`; [`NEVER`] when nobody waits there. `inside` names all that are there.
    pub fn next<'a>(
        &mut self,
        slot: usize,
        now: u64,
        mut inside: impl Iterator<Item = &'a Job> + Clone,
    ) -> u64 {
        let list = &mut self.lists[slot];
        while list.waiting.pop_if(|job| list.gone.remove(&job.identity())).is_some() {}
        if list.waiting.is_empty() {
            self.list(slot, now, now + 1, inside.clone());
        }
        let listed = self.lists[slot].waiting.last().map(|job| job.born + self.patience);
        let born_now = |job: &Job| !job.is(PROBE) && job.born == now;
        listed.unwrap_or_else(|| if inside.any(born_now) { now + self.patience } else { NEVER })
    }

    /// Lists everybody who still waits and has a deadline from `least` on. Who was born at this very instant is left to the next list: a
    /// worker may receive more messages before the instant is over, with the same deadline.
    fn list<'a>(&mut self, slot: usize, now: u64, least: u64, inside: impl Iterator<Item = &'a Job>) {
        let list = &mut self.lists[slot];
        list.until = now - 1;
        list.gone.clear();
        let patience = self.patience;
        let waits = |job: &&Job| !job.is(PROBE) && job.born < now && job.born + patience >= least;
        list.waiting.extend(inside.filter(waits));
        list.waiting.sort_unstable_by_key(|job| std::cmp::Reverse((job.born, job.tag)));
    }
}
