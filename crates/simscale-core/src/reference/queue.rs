//! The central queue: messages in order of arrival, and the workers that ask for them.

use super::Engine;
use super::log::{Entry, Outcome};
use super::machine::Job;
use crate::control::Metric;

/// Receives of a message at most.
const MOST: u64 = 255;

impl Engine<'_> {
    /// A message can be received from now on, for the `receive`-th time after the first.
    pub(super) fn show(&mut self, request: u64, receive: u64) {
        let most = self.world.queue.and_then(|q| q.max_receives).map_or(MOST, |m| u64::from(m).min(MOST));
        if receive >= most {
            return self.request_ends(request, Outcome::TimedOut);
        }
        self.shown.push((request, receive));
        self.shown.sort_unstable();
        let inside: u64 = self.slots().map(|(_, i)| i.machine.jobs.len() as u64).sum();
        let held = inside + self.shown.len() as u64;
        if held > self.world.in_flight_limit {
            self.saturated = Some(held);
            self.ended = true;
        }
    }

    /// Workers ask, the slots in turn, until nothing is left to receive or nobody is idle.
    pub(super) fn workers_ask(&mut self) {
        while !self.shown.is_empty() && !self.ended {
            let idle = |s: &usize| {
                let instance = self.at(*s);
                let listens = instance.registered() && instance.answers() && instance.hang.is_none();
                listens && instance.machine.jobs.len() < self.world.instance.admitted as usize
            };
            let idle: Vec<usize> = self.taken().into_iter().filter(idle).collect();
            let next = idle.iter().copied().find(|&s| s >= self.turn).or(idle.first().copied());
            let Some(slot) = next else { return };
            self.turn = slot + 1;
            let (request, receive) = self.shown.remove(0);
            self.hand_over(slot, request, receive);
        }
    }

    fn hand_over(&mut self, slot: usize, request: u64, receive: u64) {
        self.note(Entry::Sent { retry: receive > 0 });
        let timeout = self.world.queue.expect("there is a queue").visibility_timeout.as_nanos();
        let error = self.at(slot).error_time();
        self.requests[request as usize].back_at = self.now + timeout;
        let (work, wait, before) = self.burden(request);
        let (work, wait) = error.map_or((work, wait), |time| (time, 0));
        let job = self.job((request, receive), work, wait, self.now + timeout);
        let taken = self.put(slot, Job { error: error.is_some(), ..job }, before);
        assert!(taken, "an idle worker takes a message");
    }

    /// Messages received and neither deleted nor visible again.
    pub(super) fn messages_held(&self) -> u64 {
        if self.world.queue.is_none() {
            return 0;
        }
        let held = |i: &super::Instance| i.machine.jobs.iter().filter(|j| j.awaited).count() as u64;
        self.slots().map(|(_, i)| held(i)).sum::<u64>() + self.retries.len() as u64
    }

    /// Age of the oldest message that is not deleted, ns.
    pub(super) fn oldest_age(&self) -> u64 {
        if self.world.queue.is_none() {
            return 0;
        }
        let oldest = self.requests.iter().filter(|r| r.end.is_none()).map(|r| r.born).min();
        oldest.map_or(0, |born| self.now - born)
    }

    /// What the queue publishes.
    pub(super) fn queue_samples(&self, metric: &Metric) -> Vec<f64> {
        if self.world.queue.is_none() {
            return vec![];
        }
        let (visible, there) = (self.shown.len() as f64, f64::from(self.in_service()));
        match metric {
            Metric::QueueVisible => vec![visible],
            Metric::QueueInFlight => vec![self.messages_held() as f64],
            Metric::OldestMessageAge => vec![self.oldest_age() as f64 / 1e9],
            _ if there > 0.0 => vec![visible / there],
            _ => vec![],
        }
    }
}
