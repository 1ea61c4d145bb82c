//! Anomalies: at regular times the targets are compared with their peers, and with mitigation their weights move.

use super::{Event, Sim};
use crate::kernel::{Phase, key};
use crate::traffic::anomaly::{self, Attempts};
use crate::traffic::slow_start::FULL;

/// What is known of the target in each slot; nothing where nobody looks for anomalies.
#[derive(Debug, Default)]
pub(super) struct Anomalies {
    targets: Vec<Target>,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    /// What its slot had served and failed at the last look.
    seen: Attempts,
    anomalous: bool,
    weight: u32,
}

impl Default for Target {
    fn default() -> Self {
        Target { seen: Attempts::default(), anomalous: false, weight: FULL }
    }
}

impl Anomalies {
    pub fn is_anomalous(&self, slot: usize) -> bool {
        self.targets.get(slot).is_some_and(|target| target.anomalous)
    }

    pub fn is_mitigated(&self, slot: usize) -> bool {
        self.targets.get(slot).is_some_and(|target| target.weight < FULL)
    }
}

impl Sim<'_> {
    pub(super) fn schedule_anomalies(&mut self) {
        if let Some(rule) = self.world.balancer.anomalies {
            let next = self.now + rule.every.as_nanos();
            self.calendar.push(key(next, Phase::Lifecycle), Event::Anomalies);
        }
    }

    /// A new instance takes the slot: nothing is known of it.
    pub(super) fn forget_target(&mut self, slot: usize) {
        self.desk.served_by[slot] = 0;
        if let Some(failed) = self.desk.failed_by.get_mut(slot) {
            *failed = 0;
        }
        if let Some(target) = self.anomalies.targets.get_mut(slot) {
            *target = Target::default();
            self.desk.nodes.set_weight(slot, FULL);
        }
    }

    /// All registered targets are looked at; the healthy ones are compared.
    pub(super) fn look_for_anomalies(&mut self) {
        let Some(rule) = self.world.balancer.anomalies else { return };
        self.schedule_anomalies();
        self.advance_all(self.now);
        self.anomalies.targets.resize(self.lives.len(), Target::default());
        let registered: Vec<usize> = (0..self.lives.len()).filter(|&s| self.lives[s].registered()).collect();
        let attempts: Vec<Attempts> = registered.iter().map(|&slot| self.attempts_since(slot)).collect();
        let healthy = |place: &usize| self.lives[registered[*place]].health.healthy;
        let judged: Vec<usize> = (0..registered.len()).filter(healthy).collect();
        let shares = anomaly::peers_ppm(&judged.iter().map(|&place| attempts[place]).collect::<Vec<_>>());
        let mut peers = vec![None; registered.len()];
        for (place, ppm) in judged.into_iter().zip(shares.into_iter().flatten()) {
            peers[place] = Some(ppm);
        }
        for ((slot, attempts), peers) in registered.into_iter().zip(attempts).zip(peers) {
            let anomalous = peers.filter(|&ppm| anomaly::is_anomalous(attempts, ppm, &rule));
            self.judge(slot, attempts, anomalous);
        }
    }

    /// What the target has served and failed since the last look, which this is from now on.
    fn attempts_since(&mut self, slot: usize) -> Attempts {
        let (served, failed) = (self.desk.served_by[slot], self.desk.failed_by[slot]);
        let seen = &mut self.anomalies.targets[slot].seen;
        let since = Attempts { served: served - seen.served, failed: failed - seen.failed };
        *seen = Attempts { served, failed };
        since
    }

    /// Takes the verdict on a target: the share of its peers that makes it anomalous, if any.
    fn judge(&mut self, slot: usize, attempts: Attempts, peers_ppm: Option<u64>) {
        let (anomalous, target) = (peers_ppm.is_some(), self.anomalies.targets[slot]);
        if anomalous != target.anomalous {
            self.anomalies.targets[slot].anomalous = anomalous;
            self.desk.book.control_fact(47, self.now, (slot as u64) << 1 | u64::from(anomalous));
            let all = attempts.served + attempts.failed;
            let counts = format!("{} of {all} attempts failed", attempts.failed);
            let text = match peers_ppm {
                Some(ppm) => format!("anomalous: {counts}, of its peers {}", percent(ppm)),
                None => format!("normal again: {counts}"),
            };
            self.say_target(slot, &text);
        }
        let Some(by) = self.world.balancer.anomalies.and_then(|rule| rule.mitigation) else { return };
        let weight = anomaly::next_weight(target.weight, anomalous, &by);
        if weight != target.weight {
            self.anomalies.targets[slot].weight = weight;
            self.desk.nodes.set_weight(slot, weight);
            if weight == FULL {
                self.say_target(slot, "its whole weight again");
            }
        }
    }
}

/// Millionths as percent with two decimals.
fn percent(ppm: u64) -> String {
    format!("{}.{:02} %", ppm / 10_000, ppm % 10_000 / 100)
}
