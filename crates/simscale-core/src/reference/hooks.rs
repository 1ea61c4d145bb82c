//! Lifecycle hooks, heartbeat by heartbeat.

use super::instance::Stage;
use super::{Engine, Life};
use crate::kernel::{Purpose, Sampler, hash, stream};
use crate::ledger::ActivityKind;
use crate::world::{Hook, HookFailure, HookResult, Transition};

const LONGEST: u64 = 172_800_000_000_000;

/// When and how a hook ends, counted from its start.
struct Ending {
    after: u64,
    timed_out: bool,
    abandons: bool,
}

/// Follows a hook from its start: heartbeats put the time-out off while the work goes on.
fn follow(hook: &Hook, work: u64, fails: bool) -> Ending {
    let timeout = hook.heartbeat_timeout.as_nanos();
    let longest = LONGEST.min(timeout.saturating_mul(100));
    let mut deadline = timeout;
    if let Some(every) = hook.heartbeats.map(|e| e.as_nanos()) {
        let mut beat = every;
        while beat < work && beat < deadline && deadline < longest {
            deadline = beat + timeout;
            beat += every;
        }
    }
    deadline = deadline.min(longest);
    let speaks = work <= deadline && !(fails && hook.on_failure == HookFailure::Silence);
    if speaks {
        Ending { after: work, timed_out: false, abandons: fails }
    } else {
        let abandons = hook.default_result == HookResult::Abandon;
        Ending { after: deadline, timed_out: true, abandons }
    }
}

impl Engine<'_> {
    fn ending(&self, launch: u64, index: usize) -> Ending {
        let hook = &self.world.group.hooks[index];
        let law = stream(self.world.seed, Purpose::Hook, launch * 64 + index as u64);
        let work = Sampler::new(&hook.time, law).draw();
        let draw = hash(self.world.seed, Purpose::HookFailure, launch, index as u64) % 1_000_000;
        follow(hook, work, draw < u64::from(hook.failure_ppm))
    }

    pub(super) fn hold(&mut self, slot: usize, transition: Transition, state: &str) {
        let launch = self.at(slot).launch;
        let count = self.world.group.hooks.len();
        let mine: Vec<usize> =
            (0..count).filter(|&i| self.world.group.hooks[i].transition == transition).collect();
        if !mine.is_empty() {
            self.say(ActivityKind::Hook, "group", Some(launch), state);
        }
        for &index in &mine {
            let after = self.ending(launch, index).after;
            self.later(self.now.saturating_add(after), Life::HookEnd { slot, launch, index });
        }
        self.at_mut(slot).hooks = mine;
    }

    pub(super) fn hook_ends(&mut self, slot: usize, index: usize) {
        let transition = self.world.group.hooks[index].transition;
        let instance = self.at(slot);
        let in_time = match transition {
            Transition::Launching => matches!(instance.stage, Stage::Booting | Stage::Warming),
            Transition::Terminating => instance.drained,
        };
        if !in_time {
            return;
        }
        let launch = instance.launch;
        let ending = self.ending(launch, index);
        let (name, what) = (
            self.world.group.hooks[index].name.clone(),
            format!(
                "{}: {}",
                if ending.timed_out { "timed out" } else { "completed" },
                if ending.abandons { "ABANDON" } else { "CONTINUE" }
            ),
        );
        self.say(ActivityKind::Hook, &name, Some(launch), &what);
        self.at_mut(slot).hooks.retain(|&i| i != index);
        match transition {
            Transition::Launching if ending.abandons => {
                self.launch_fails(slot, "was abandoned by a lifecycle hook: replaced");
            }
            Transition::Launching => self.serve_if_ready(slot),
            Transition::Terminating => {
                if ending.abandons {
                    self.terminate(slot);
                } else if self.at(slot).hooks.is_empty() {
                    self.leaves(slot);
                }
            }
        }
    }

    /// The drain is over: who left in good order is held by the terminating hooks, everybody else goes.
    pub(super) fn drain_is_over(&mut self, slot: usize) {
        if self.at(slot).drained {
            return;
        }
        self.kill_all(slot);
        let instance = self.at_mut(slot);
        instance.drained = true;
        instance.hooks.clear();
        if instance.tidy && !instance.crashed {
            self.hold(slot, Transition::Terminating, "Terminating:Wait");
        }
        if self.at(slot).hooks.is_empty() {
            self.leaves(slot);
        }
    }
}
