//! Spot interruptions: recommendations, notices two minutes ahead, the end; and pools whose capacity drops.

use super::mixed::in_pool;
use super::{Event, Sim};
use crate::fleet::{Ending, Stage};
use crate::kernel::{Distribution, Purpose, Sampler, hash, stream};
use crate::ledger::{ActivityKind, TargetReason};
use crate::world::Mixed;

impl Sim<'_> {
    fn mixed(&self) -> &Mixed {
        self.world.group.mixed.as_ref().expect("only a mixed group has Spot instances")
    }

    /// The changes of capacity go into the calendar, with what is known of them before.
    pub(super) fn schedule_capacity(&mut self) {
        let Some(mixed) = &self.world.group.mixed else { return };
        let lead = mixed.interruptions.lead;
        let mut events = Vec::new();
        for (kind, t) in mixed.types.iter().enumerate() {
            for (zone, pool) in t.pools.iter().enumerate() {
                for (step, &(at, _)) in pool.capacity.iter().enumerate() {
                    let (kind, zone, step) = (kind as u8, zone as u8, step as u32);
                    events.push((at.as_nanos(), Event::SpotCapacity { kind, zone, step }));
                    if let Some(lead) = lead {
                        let before = at.as_nanos().saturating_sub(lead.as_nanos());
                        events.push((before, Event::SpotWarning { kind, zone, step }));
                    }
                }
            }
        }
        // The start itself is over.
        for (at, event) in events {
            self.schedule(at.max(1), event);
        }
    }

    /// A Spot instance was launched: its luck is drawn.
    pub(super) fn draw_interruption(&mut self, slot: usize) {
        let life = &self.lives[slot];
        if !life.spot {
            return;
        }
        let (mixed, launch) = (self.mixed(), life.launch);
        let pool = &mixed.types[usize::from(life.kind)].pools[usize::from(life.zone)];
        let Some(mean) = pool.interrupted_every else { return };
        let law = Distribution::Exponential { mean: mean.as_nanos() as f64 };
        let wait = Sampler::new(&law, stream(self.world.seed, Purpose::SpotLife, launch)).draw().max(1);
        let notice = life.launched.saturating_add(wait);
        let slot32 = slot as u32;
        if let Some(lead) = mixed.interruptions.lead
            && self.is_recommended(launch)
        {
            let at = notice.saturating_sub(lead.as_nanos()).max(1);
            self.schedule(at, Event::SpotAdvice { slot: slot32, launch });
        }
        self.schedule(notice, Event::SpotNotice { slot: slot32, launch });
    }

    /// Whether an interruption of this launch is preceded by a recommendation.
    fn is_recommended(&self, launch: u64) -> bool {
        let draw = hash(self.world.seed, Purpose::SpotAdvice, launch, 0) % 1_000_000;
        draw < u64::from(self.mixed().interruptions.recommended_ppm)
    }

    /// Instances of a pool, not given notice yet, beyond the capacity of a step; by lot.
    fn beyond(&self, kind: u8, zone: u8, step: u32) -> Vec<usize> {
        let pool = &self.mixed().types[usize::from(kind)].pools[usize::from(zone)];
        let capacity = pool.capacity[step as usize].1 as usize;
        let held = |&s: &usize| in_pool(&self.lives[s], kind, zone) && self.lives[s].noticed.is_none();
        let mut slots: Vec<usize> = (0..self.lives.len()).filter(held).collect();
        let excess = slots.len().saturating_sub(capacity);
        slots.sort_by_key(|&s| hash(self.world.seed, Purpose::SpotVictim, self.lives[s].launch, 0));
        slots.truncate(excess);
        slots
    }

    /// A pool is about to lose capacity: who would be interrupted now is at risk.
    pub(super) fn spot_warning(&mut self, kind: u8, zone: u8, step: u32) {
        for slot in self.beyond(kind, zone, step) {
            if self.is_recommended(self.lives[slot].launch) {
                self.spot_advice(slot, self.lives[slot].launch);
            }
        }
    }

    /// The capacity of a pool changes: whom it cannot hold any longer is given notice.
    pub(super) fn spot_capacity(&mut self, kind: u8, zone: u8, step: u32) {
        for slot in self.beyond(kind, zone, step) {
            self.spot_notice(slot, self.lives[slot].launch);
        }
    }

    /// A rebalance recommendation.
    pub(super) fn spot_advice(&mut self, slot: usize, launch: u64) {
        let life = &self.lives[slot];
        if !self.holds(slot, launch) || life.at_risk.is_some() || life.crashed {
            return;
        }
        self.lives[slot].at_risk = Some(self.now);
        self.desk.book.control_fact(70, self.now, slot as u64);
        self.note(ActivityKind::Spot, "ec2", Some(launch), "rebalance recommendation");
        self.rebalance_capacity();
    }

    /// An interruption notice: the instance is reclaimed when its time is over.
    pub(super) fn spot_notice(&mut self, slot: usize, launch: u64) {
        let life = &self.lives[slot];
        if !self.holds(slot, launch) || life.noticed.is_some() || life.crashed {
            return;
        }
        let rules = self.mixed().interruptions;
        self.lives[slot].at_risk.get_or_insert(self.now);
        self.lives[slot].noticed = Some(self.now);
        self.desk.book.control_fact(71, self.now, slot as u64);
        let what = format!("interruption notice: reclaimed in {}", rules.notice);
        self.note(ActivityKind::Spot, "ec2", Some(launch), &what);
        let at = self.now.saturating_add(rules.notice.as_nanos());
        self.schedule(at, Event::SpotReclaim { slot: slot as u32, launch });
        if rules.deregister && self.lives[slot].registered() {
            self.advance(slot, self.now);
            self.lives[slot].target = false;
            self.end_slow_start(slot);
            self.refresh_targets();
            if self.desk.nodes.outstanding(slot) > 0 {
                self.note_target(slot, TargetReason::DeregistrationInProgress);
            }
        }
        self.rebalance_capacity();
    }

    /// The instance is taken away, whatever it does.
    pub(super) fn spot_reclaim(&mut self, slot: usize, launch: u64) {
        if !self.holds(slot, launch) || self.lives[slot].crashed {
            return;
        }
        self.group.scaling.interruptions += 1;
        self.desk.book.control_fact(72, self.now, slot as u64);
        self.note(ActivityKind::Spot, "ec2", Some(launch), "interrupted: stops running");
        if self.lives[slot].ending.is_none() && self.lives[slot].stage != Stage::Booting {
            self.ends_for(slot, Ending::Interrupted);
        }
        match self.lives[slot].stage {
            Stage::Booting => self.launch_failed(slot, "was interrupted in its boot: replaced"),
            // A hook does not delay the interruption.
            Stage::Draining if self.lives[slot].drained => {
                self.lives[slot].held_by = 0;
                self.group.wrapping_up -= 1;
                self.gone(slot);
            }
            _ => {
                self.lives[slot].target = false;
                self.crash(slot);
                self.end_slow_start(slot);
                self.refresh_targets();
            }
        }
    }
}
