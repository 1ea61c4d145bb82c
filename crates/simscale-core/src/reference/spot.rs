//! Spot instances by the text: when they are at risk, when notice is given, when they end.

use super::instance::{Instance, Stage};
use super::log::Entry;
use super::{Engine, Fact, Life};
use crate::fleet::Ending;
use crate::kernel::{Distribution, Purpose, Sampler, hash, stream};
use crate::ledger::ActivityKind;
use crate::world::Interruptions;

impl Engine<'_> {
    fn rules(&self) -> Interruptions {
        self.world.group.mixed.as_ref().map(|m| m.interruptions).unwrap_or_default()
    }

    pub(super) fn prepare_capacity(&mut self) {
        let Some(mixed) = self.world.group.mixed.clone() else { return };
        let pools = mixed
            .types
            .iter()
            .enumerate()
            .flat_map(|(kind, t)| t.pools.iter().enumerate().map(move |(zone, pool)| (kind, zone, pool)));
        for (kind, zone, pool) in pools {
            for (step, (at, _)) in pool.capacity.iter().enumerate() {
                self.later(at.as_nanos().max(1), Life::Capacity { kind, zone, step });
                if let Some(lead) = mixed.interruptions.lead {
                    let at = at.as_nanos().saturating_sub(lead.as_nanos()).max(1);
                    self.later(at, Life::Warning { kind, zone, step });
                }
            }
        }
    }

    fn told_before(&self, launch: u64) -> bool {
        hash(self.world.seed, Purpose::SpotAdvice, launch, 0) % 1_000_000
            < u64::from(self.rules().recommended_ppm)
    }

    /// Draws when a new Spot instance gets notice, if its pool interrupts by a law.
    pub(super) fn draw_life(&mut self, slot: usize) {
        let (instance, launch) = (self.at(slot), self.at(slot).launch);
        let Some(mixed) = self.world.group.mixed.as_ref().filter(|_| instance.spot) else { return };
        let Some(mean) = mixed.types[instance.kind].pools[instance.zone].interrupted_every else { return };
        let law = Distribution::Exponential { mean: mean.as_nanos() as f64 };
        let time = Sampler::new(&law, stream(self.world.seed, Purpose::SpotLife, launch)).draw();
        let notice = instance.launched + time.max(1);
        if let Some(lead) = self.rules().lead.filter(|_| self.told_before(launch)) {
            self.later(notice.saturating_sub(lead.as_nanos()).max(1), Life::Advice { slot, launch });
        }
        self.later(notice, Life::Notice { slot, launch });
    }

    /// Whom the pool cannot hold from this step on: the smallest lots of those without notice.
    fn too_many_for(&self, kind: usize, zone: usize, step: usize) -> Vec<usize> {
        let mixed = self.world.group.mixed.as_ref().expect("a mixed group has pools");
        let capacity = mixed.types[kind].pools[zone].capacity[step].1 as usize;
        let mine = |i: &Instance| i.spot && i.kind == kind && i.zone == zone && i.noticed.is_none();
        let lot = |launch: u64| hash(self.world.seed, Purpose::SpotVictim, launch, 0);
        let mut all: Vec<(u64, usize)> =
            self.slots().filter(|(_, i)| mine(i)).map(|(s, i)| (lot(i.launch), s)).collect();
        all.sort_unstable();
        let many = all.len().saturating_sub(capacity);
        all.into_iter().take(many).map(|found| found.1).collect()
    }

    pub(super) fn warn(&mut self, kind: usize, zone: usize, step: usize) {
        for slot in self.too_many_for(kind, zone, step) {
            if self.told_before(self.at(slot).launch) {
                self.advise(slot);
            }
        }
    }

    pub(super) fn change_capacity(&mut self, kind: usize, zone: usize, step: usize) {
        for slot in self.too_many_for(kind, zone, step) {
            self.give_notice(slot);
        }
    }

    pub(super) fn advise(&mut self, slot: usize) {
        if self.at(slot).at_risk.is_some() || self.at(slot).crashed {
            return;
        }
        let (now, launch) = (self.now, self.at(slot).launch);
        self.at_mut(slot).at_risk = Some(now);
        self.fact(Fact::Advice, slot as u64);
        self.say(ActivityKind::Spot, "ec2", Some(launch), "rebalance recommendation");
        self.replace_those_at_risk();
    }

    pub(super) fn give_notice(&mut self, slot: usize) {
        if self.at(slot).noticed.is_some() || self.at(slot).crashed {
            return;
        }
        let (now, launch, rules) = (self.now, self.at(slot).launch, self.rules());
        let instance = self.at_mut(slot);
        instance.noticed = Some(now);
        instance.at_risk = instance.at_risk.or(Some(now));
        self.fact(Fact::Notice, slot as u64);
        let what = format!("interruption notice: reclaimed in {}", rules.notice);
        self.say(ActivityKind::Spot, "ec2", Some(launch), &what);
        self.later(now + rules.notice.as_nanos(), Life::Reclaim { slot, launch });
        if rules.deregister && self.at(slot).targeted() {
            self.at_mut(slot).target = false;
            self.targets_change();
            if self.at(slot).outstanding() > 0 {
                self.say_target(slot, "draining (Target.DeregistrationInProgress)");
            }
        }
        self.replace_those_at_risk();
    }

    pub(super) fn reclaim(&mut self, slot: usize) {
        if self.at(slot).crashed {
            return;
        }
        let launch = self.at(slot).launch;
        self.note(Entry::Interrupted);
        self.fact(Fact::Reclaim, slot as u64);
        self.say(ActivityKind::Spot, "ec2", Some(launch), "interrupted: stops running");
        if self.at(slot).stage == Stage::Booting {
            return self.launch_fails(slot, "was interrupted in its boot: replaced");
        }
        self.at_mut(slot).ending.get_or_insert(Ending::Interrupted);
        if self.at(slot).drained {
            self.at_mut(slot).hooks.clear();
            return self.terminate(slot);
        }
        self.at_mut(slot).target = false;
        self.crash(slot);
        self.targets_change();
    }
}
