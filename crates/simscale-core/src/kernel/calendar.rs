//! The calendar of control events: boots, periods, looks, checks. Requests never pass through it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in order of their key (time and phase), then of their own order, never of insertion.
#[derive(Debug)]
pub(crate) struct Calendar<E> {
    heap: BinaryHeap<Reverse<(u64, E)>>,
}

impl<E: Ord> Calendar<E> {
    pub fn new() -> Self {
        Calendar { heap: BinaryHeap::new() }
    }

    pub fn push(&mut self, key: u64, event: E) {
        self.heap.push(Reverse((key, event)));
    }

    /// The key of the earliest event; the largest number when there is none.
    #[inline]
    pub fn next_key(&self) -> u64 {
        self.heap.peek().map_or(u64::MAX, |Reverse((key, _))| *key)
    }

    pub fn pop(&mut self) -> Option<E> {
        self.heap.pop().map(|Reverse((_, event))| event)
    }
}
