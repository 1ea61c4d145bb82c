//! Anomalies: each healthy target beside its peers, and what becomes of its weight.

use super::balancer::ONE;
use super::{Engine, Fact, Life};

fn share(good: u64, bad: u64) -> u64 {
    (1_000_000 * bad).checked_div(good + bad).unwrap_or(0)
}

impl Engine<'_> {
    pub(super) fn plan_comparison(&mut self) {
        if let Some(rule) = self.world.balancer.anomalies {
            self.later(self.now + rule.every.as_nanos(), Life::Anomalies);
        }
    }

    pub(super) fn compare_targets(&mut self) {
        self.plan_comparison();
        let Some(rule) = self.world.balancer.anomalies else { return };
        let targets: Vec<usize> = self.slots().filter(|(_, i)| i.targeted()).map(|s| s.0).collect();
        let judged: Vec<usize> = targets.iter().copied().filter(|&s| self.at(s).healthy).collect();
        let share_of = |s: usize| share(self.at(s).good, self.at(s).bad);
        let mut verdicts = Vec::new();
        for &slot in &targets {
            let mut peers: Vec<u64> = judged.iter().filter(|&&s| s != slot).map(|&s| share_of(s)).collect();
            peers.sort_unstable();
            let middle = peers.get(peers.len() / 2).copied().unwrap_or(0);
            let (good, bad) = (self.at(slot).good, self.at(slot).bad);
            let anomalous = judged.len() >= 3
                && judged.contains(&slot)
                && bad >= rule.least_errors
                && share(good, bad) >= middle + u64::from(rule.margin_ppm);
            verdicts.push((slot, anomalous, middle, good, bad));
        }
        for (slot, anomalous, middle, good, bad) in verdicts {
            (self.at_mut(slot).good, self.at_mut(slot).bad) = (0, 0);
            if self.at(slot).anomalous != anomalous {
                self.at_mut(slot).anomalous = anomalous;
                self.fact(Fact::Anomaly, (slot * 2) as u64 + u64::from(anomalous));
                let counts = format!("{bad} of {} attempts failed", good + bad);
                let hundredths = middle / 100;
                let said = match anomalous {
                    true => format!(
                        "anomalous: {counts}, of its peers {}.{:02} %",
                        hundredths / 100,
                        hundredths % 100
                    ),
                    false => format!("normal again: {counts}"),
                };
                self.say_target(slot, &said);
            }
            let Some(mitigation) = rule.mitigation else { continue };
            let weight = self.at(slot).weight;
            let least = u64::from(mitigation.minimum).min(weight);
            let next = match anomalous {
                true => weight.saturating_sub(u64::from(mitigation.step)).max(least),
                false => (weight + u64::from(mitigation.recovery)).min(ONE),
            };
            self.at_mut(slot).weight = next;
            if next == ONE && weight < ONE {
                self.say_target(slot, "its whole weight again");
            }
        }
    }
}
