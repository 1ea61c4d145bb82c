//! Lifecycle hooks: what holds an instance between launch and service, and between draining and termination.

use super::{Event, Sim};
use crate::fleet::Stage;
use crate::ledger::ActivityKind;
use crate::world::{BootStage, HookResult, Transition};

impl Sim<'_> {
    /// All hooks of a transition begin together.
    pub(super) fn begin_hooks(&mut self, slot: usize, transition: Transition) {
        let launch = self.lives[slot].launch;
        let mut ends = Vec::new();
        for (index, hook) in self.world.group.hooks.iter().enumerate() {
            if hook.transition == transition {
                ends.push((index as u32, hook.end(self.world.seed, launch, index).after));
            }
        }
        self.lives[slot].held_by = ends.len() as u32;
        if !ends.is_empty() {
            let state = match transition {
                Transition::Launching if self.lives[slot].stage == Stage::Warming => "Warmed:Pending:Wait",
                Transition::Launching => "Pending:Wait",
                Transition::Terminating => "Terminating:Wait",
            };
            self.note(ActivityKind::Hook, "group", Some(launch), state);
        }
        for (hook, after) in ends {
            let event = Event::HookEnd { slot: slot as u32, launch, hook };
            self.schedule(self.now.saturating_add(after), event);
        }
    }

    /// A hook ends, unless its instance went on without it.
    pub(super) fn hook_end(&mut self, slot: usize, launch: u64, index: usize) {
        let hook = &self.world.group.hooks[index];
        let transition = hook.transition;
        let life = &self.lives[slot];
        let waits = match transition {
            Transition::Launching => matches!(life.stage, Stage::Booting | Stage::Warming),
            Transition::Terminating => life.stage == Stage::Draining && life.drained,
        };
        if !self.holds(slot, launch) || !waits {
            return;
        }
        let end = hook.end(self.world.seed, launch, index);
        let result = if end.result == HookResult::Abandon { "ABANDON" } else { "CONTINUE" };
        let what = if end.timed_out { "timed out" } else { "completed" };
        let actor = hook.name.clone();
        self.note(ActivityKind::Hook, &actor, Some(launch), &format!("{what}: {result}"));
        self.lives[slot].held_by -= 1;
        let abandoned = end.result == HookResult::Abandon;
        match transition {
            Transition::Launching if abandoned => {
                self.launch_failed(slot, "was abandoned by a lifecycle hook: replaced");
            }
            Transition::Launching => self.try_service(slot),
            Transition::Terminating if abandoned || self.lives[slot].held_by == 0 => {
                self.group.wrapping_up -= 1;
                if abandoned { self.gone(slot) } else { self.leave_for_good(slot) }
            }
            Transition::Terminating => {}
        }
    }

    /// Enters service once the boot has come so far and neither a hook nor the dark holds it.
    pub(super) fn try_service(&mut self, slot: usize) {
        let life = &self.lives[slot];
        let serves = life.phase_now().is_some_and(|(stage, _)| stage == BootStage::InService);
        let far = life.booted.is_some() || serves;
        if life.stage == Stage::Booting && far && life.held_by == 0 && !life.dark {
            self.enter_service(slot);
        } else if life.stage == Stage::Warming && life.booted.is_some() && life.held_by == 0 {
            self.rest(slot);
        } else if life.stage == Stage::Starting && far {
            self.machine_runs(slot);
        }
    }

    /// The drain is over: what is left is lost, and the terminating hooks begin, if the instance may have them.
    pub(super) fn drain_end(&mut self, slot: usize, launch: u64) {
        if !self.holds(slot, launch) || self.lives[slot].drained {
            return;
        }
        self.lives[slot].drained = true;
        self.advance(slot, self.now);
        self.kill_all(slot);
        if self.lives[slot].tidy && !self.lives[slot].crashed {
            self.begin_hooks(slot, Transition::Terminating);
        } else {
            // Hooks that held its launch are moot.
            self.lives[slot].held_by = 0;
        }
        if self.lives[slot].held_by == 0 {
            self.leave_for_good(slot);
        } else {
            self.group.wrapping_up += 1;
            self.group.end_activities(self.now);
        }
    }
}
