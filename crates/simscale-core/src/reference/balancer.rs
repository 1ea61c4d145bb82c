//! Who gets the next attempt: each algorithm as a plain loop over the slots.

use super::Engine;
use crate::kernel::{Purpose, hash};
use crate::traffic::Algorithm;

/// A share of one, in the fixed point of slow start.
pub(super) const ONE: u64 = 65_536;

impl Engine<'_> {
    /// Registered targets that may be chosen, in order of slots.
    pub(super) fn usable(&self) -> Vec<usize> {
        let registered = |s: &usize| self.fleet[*s].as_ref().is_some_and(|i| i.registered());
        let all: Vec<usize> = (0..self.fleet.len()).filter(registered).collect();
        let healthy: Vec<usize> = all.iter().copied().filter(|&s| self.at(s).healthy).collect();
        if healthy.is_empty() { all } else { healthy }
    }

    /// The slot that an attempt is sent to.
    pub(super) fn choose(&mut self, request: u64, attempt: u64) -> Option<usize> {
        let usable = self.usable();
        if usable.is_empty() {
            return None;
        }
        let draw = |i: u64| u128::from(hash(self.world.seed, Purpose::Balancer, request, attempt * 256 + i));
        let place = |i: u64, n: usize| ((draw(i) * n as u128) >> 64) as usize;
        Some(match self.world.balancer.algorithm {
            Algorithm::RoundRobin => self.take_turns(&usable),
            Algorithm::LeastOutstandingRequests => self.least_outstanding(&usable),
            Algorithm::WeightedRandom => usable[place(0, usable.len())],
            Algorithm::PowerOfD { d } => {
                let mut left = usable.clone();
                let count = usize::from(d).min(left.len());
                let drawn: Vec<usize> =
                    (0..count).map(|i| left.remove(place(i as u64, left.len()))).collect();
                let least = drawn.iter().map(|&s| self.at(s).outstanding()).min()?;
                drawn.into_iter().find(|&s| self.at(s).outstanding() == least)?
            }
        })
    }

    /// Slots from the pointer on, round once.
    fn round_once(&self, usable: &[usize]) -> Vec<usize> {
        let (after, before): (Vec<usize>, Vec<usize>) = usable.iter().partition(|&&s| s >= self.pointer);
        after.into_iter().chain(before).collect()
    }

    fn least_outstanding(&mut self, usable: &[usize]) -> usize {
        let order = self.round_once(usable);
        let chosen = order.into_iter().min_by_key(|&s| self.at(s).outstanding()).expect("somebody is usable");
        self.pointer = chosen + 1;
        chosen
    }

    fn take_turns(&mut self, usable: &[usize]) -> usize {
        let order = self.round_once(usable);
        let takes = |instance: &mut super::Instance| {
            let Some(share) = instance.share else { return true };
            instance.credit += share;
            let whole = instance.credit >= ONE;
            instance.credit -= if whole { ONE } else { 0 };
            whole
        };
        let chosen =
            (0..2).flat_map(|_| &order).copied().find(|&s| takes(self.at_mut(s))).unwrap_or(order[0]);
        self.pointer = chosen + 1;
        chosen
    }
}
