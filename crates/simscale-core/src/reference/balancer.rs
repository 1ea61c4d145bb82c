//! Who gets the next attempt: each node with each algorithm as a plain loop over the slots.

use super::Engine;
use super::machine::Id;
use crate::kernel::{Purpose, hash};
use crate::traffic::Algorithm;

/// A share of one, in the fixed point of slow start.
pub(super) const ONE: u64 = 65_536;

impl Engine<'_> {
    /// The node that a request enters by: one of those in DNS.
    pub(super) fn entrance(&self, request: u64) -> usize {
        if self.one_state() {
            return 0;
        }
        let draw = hash(self.world.seed, Purpose::Node, request, 0) >> 32;
        let named: Vec<usize> = (0..self.zones()).filter(|&zone| self.in_dns(zone)).collect();
        named[(draw * named.len() as u64 / (1 << 32)) as usize]
    }

    /// All nodes act as one.
    pub(super) fn one_state(&self) -> bool {
        self.world.balancer.cross_zone && self.world.balancer.shared_state
    }

    /// Registered targets that a node may choose, in order of slots.
    pub(super) fn usable(&self, node: usize) -> Vec<usize> {
        let all = self.reach(node);
        let open = self.fails_open(node);
        all.into_iter().filter(|&s| open || self.at(s).healthy).collect()
    }

    /// The slot that an attempt is sent to by its node.
    pub(super) fn choose(&mut self, node: usize, (request, attempt): Id) -> Option<usize> {
        let usable = self.usable(node);
        if usable.is_empty() {
            return None;
        }
        let draw = |i: u64| u128::from(hash(self.world.seed, Purpose::Balancer, request, attempt * 256 + i));
        let place = |i: u64, n: usize| ((draw(i) * n as u128) >> 64) as usize;
        Some(match self.world.balancer.algorithm {
            Algorithm::RoundRobin => self.take_turns(node, &usable),
            Algorithm::LeastOutstandingRequests => self.least_outstanding(node, &usable),
            Algorithm::WeightedRandom => {
                let whole: u64 = usable.iter().map(|&s| self.at(s).weight).sum();
                let mut left = place(0, whole as usize) as u64;
                let falls_on = |s: &&usize| {
                    let weight = self.at(**s).weight;
                    let here = left < weight;
                    left = left.saturating_sub(weight);
                    here
                };
                *usable.iter().find(falls_on)?
            }
            Algorithm::PowerOfD { d } => {
                let mut left = usable.clone();
                let count = usize::from(d).min(left.len());
                let drawn: Vec<usize> =
                    (0..count).map(|i| left.remove(place(i as u64, left.len()))).collect();
                let least = drawn.iter().map(|&s| self.at(s).outstanding_of(node)).min()?;
                drawn.into_iter().find(|&s| self.at(s).outstanding_of(node) == least)?
            }
        })
    }

    /// Slots from the node's pointer on, round once.
    fn round_once(&self, node: usize, usable: &[usize]) -> Vec<usize> {
        let (after, before): (Vec<usize>, Vec<usize>) =
            usable.iter().partition(|&&s| s >= self.pointers[node]);
        after.into_iter().chain(before).collect()
    }

    fn least_outstanding(&mut self, node: usize, usable: &[usize]) -> usize {
        let order = self.round_once(node, usable);
        let chosen =
            order.into_iter().min_by_key(|&s| self.at(s).outstanding_of(node)).expect("somebody is usable");
        self.pointers[node] = chosen + 1;
        chosen
    }

    fn take_turns(&mut self, node: usize, usable: &[usize]) -> usize {
        let order = self.round_once(node, usable);
        let takes = |instance: &mut super::Instance| {
            let Some(share) = instance.share else { return true };
            instance.credit[node] += share;
            let whole = instance.credit[node] >= ONE;
            instance.credit[node] -= if whole { ONE } else { 0 };
            whole
        };
        let chosen =
            (0..2).flat_map(|_| &order).copied().find(|&s| takes(self.at_mut(s))).unwrap_or(order[0]);
        self.pointers[node] = chosen + 1;
        chosen
    }
}
