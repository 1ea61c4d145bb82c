//! Queue workers: messages wait in one central queue, and idle workers pull them.

use super::{DEAF, ERRORS, Sim};
use crate::control::{Aggregate, Metric};
use crate::fleet::{Job, Stage};
use crate::kernel::{NEVER, SimTime};
use crate::ledger::Saturation;
use std::collections::BTreeMap;

/// Receives of one message at most, whatever the world allows: they are counted in a byte.
const MOST_RECEIVES: u8 = 255;

/// A message that can be received.
#[derive(Debug, Clone, Copy)]
struct Message {
    receives: u8,
    class: u8,
    work: u64,
    wait: u64,
}

/// The central queue.
#[derive(Debug)]
pub(super) struct Messages {
    /// By the number of the request: the order of arrival.
    visible: BTreeMap<u64, Message>,
    /// The slot whose workers are asked first.
    pointer: usize,
    /// Receives before a message is a dead letter.
    most: u8,
}

impl Messages {
    pub fn new(max_receives: Option<u32>) -> Self {
        let most = max_receives.map_or(MOST_RECEIVES, |most| most.min(u32::from(MOST_RECEIVES)) as u8);
        Messages { visible: BTreeMap::new(), pointer: 0, most }
    }

    /// Messages that can be received.
    pub fn visible(&self) -> u64 {
        self.visible.len() as u64
    }

    /// Those among them that nobody received yet.
    pub fn fresh(&self) -> u64 {
        self.visible.values().filter(|m| m.receives == 0).count() as u64
    }

    /// Numbers of the requests whose messages can be received.
    pub fn requests(&self) -> impl Iterator<Item = u64> + '_ {
        self.visible.keys().copied()
    }
}

impl Sim<'_> {
    /// A message comes into the queue, at its place in the order of arrival: a new one, or one that was received `attempt` times and becomes
    /// visible again. One that was received as often as allowed is a dead letter.
    pub(super) fn enqueue(&mut self, job: &Job) {
        let Some(messages) = &mut self.messages else { return };
        let (request, receives) = (job.request(), job.attempt());
        if receives == 0 {
            self.desk.first_births.insert(request, job.born);
        } else if receives >= messages.most {
            self.desk.first_births.remove(&request);
            self.desk.book.lost(crate::fleet::Outcome::TimedOut);
            return;
        }
        let message = Message { receives, class: job.class(), work: job.work, wait: job.wait };
        messages.visible.insert(request, message);
        let held = self.desk.in_flight + messages.visible();
        if held > self.world.in_flight_limit {
            self.saturated = Some(Saturation { at: SimTime::from_nanos(self.now), in_flight: held });
            self.ended = true;
        }
    }

    /// Idle workers receive what is visible, oldest first; the workers of the next slots in turn.
    pub(super) fn pull(&mut self) {
        let mut any = false;
        while let Some(slot) = self.idle() {
            let Some(messages) = &mut self.messages else { return };
            let Some((request, message)) = messages.visible.pop_first() else { break };
            messages.pointer = slot + 1;
            self.receive(slot, request, message);
            any = true;
        }
        if any {
            self.find_other();
        }
    }

    /// The next slot from the pointer on, round once, with an idle worker; none when there is nothing to receive.
    fn idle(&self) -> Option<usize> {
        let messages = self.messages.as_ref().filter(|m| !m.visible.is_empty() && !self.ended)?;
        let slots = self.lives.len();
        let order = (0..slots).map(|i| (messages.pointer.min(slots) + i) % slots);
        order.into_iter().find(|&slot| {
            let life = &self.lives[slot];
            let listens = life.stage == Stage::InService && self.flags[slot] & DEAF == 0 && !life.hung;
            listens && self.servers[slot].has_idle()
        })
    }

    fn receive(&mut self, slot: usize, request: u64, message: Message) {
        let now = self.now;
        let Message { receives, class, work, wait } = message;
        self.desk.book.counts.attempts.sent += 1;
        self.desk.book.counts.attempts.retried += u64::from(receives > 0);
        let mut job = Job { mark: 0, born: now, work, wait, tag: Job::tag(request, receives, class, 0) };
        if self.flags[slot] & ERRORS != 0 {
            self.bend(&mut job, slot);
        }
        let taken = self.servers[slot].admit(slot, &job, now, &mut self.desk);
        taken.expect("an idle worker takes a message");
        self.desk.in_flight += 1;
        self.desk.nodes.at(job.node()).sent(slot);
        self.due.set(slot, self.servers[slot].next());
        if self.guards.get(slot) >= NEVER {
            self.guards.set(slot, now + self.desk.deadlines.patience());
        }
        self.check_memory(slot);
    }

    /// Messages that are received and neither deleted nor visible again.
    pub(super) fn in_flight_messages(&self) -> u64 {
        if self.messages.is_none() {
            return 0;
        }
        let inside: u64 =
            (0..self.lives.len()).map(|slot| u64::from(self.desk.nodes.outstanding(slot))).sum();
        inside + self.resends.len() as u64
    }

    pub(super) fn visible_messages(&self) -> u64 {
        self.messages.as_ref().map_or(0, Messages::visible)
    }

    /// Age of the oldest message that is not deleted, ns.
    pub(super) fn oldest_message(&self) -> u64 {
        let oldest = self.messages.as_ref().and_then(|_| self.desk.first_births.first_key_value());
        oldest.map_or(0, |(_, born)| self.now - born)
    }

    /// The one sample of a metric of the queue; nothing without a queue.
    pub(super) fn queue_sample(&self, metric: &Metric, all: &mut Aggregate, keep: bool) {
        if self.messages.is_none() {
            return;
        }
        let visible = self.visible_messages() as f64;
        match metric {
            Metric::QueueVisible => all.sample(visible, keep),
            Metric::QueueInFlight => all.sample(self.in_flight_messages() as f64, keep),
            Metric::OldestMessageAge => all.sample(self.oldest_message() as f64 / 1e9, keep),
            _ if self.group.in_service > 0 => all.sample(visible / f64::from(self.group.in_service), keep),
            _ => {}
        }
    }
}
