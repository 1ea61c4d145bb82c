//! Who is there at a moment and what holds whom, as the log tells.

use super::{Event, Progress, ResultFolder, Sizes};
use simscale::engine::ActivityKind;
use std::collections::BTreeMap;

/// Where in its life an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Booting,
    InService,
    Leaving,
    /// In the warm pool, or on its way into it.
    Pooled,
}

/// A transition that lifecycle hooks hold, by the state in which its instance waits.
const WAITS: [&str; 3] = ["Pending:Wait", "Warmed:Pending:Wait", "Terminating:Wait"];

/// An instance at a moment.
#[derive(Debug, Clone)]
struct Member<'a> {
    stage: Stage,
    /// Its last step.
    since: Option<&'a Event>,
    /// The begin of the hooks that hold it.
    held: Option<&'a Event>,
    /// Hooks that ended meanwhile.
    over: Vec<&'a str>,
}

impl<'a> Member<'a> {
    fn step(stage: Stage, since: Option<&'a Event>) -> Member<'a> {
        Member { stage, since, held: None, over: Vec::new() }
    }
}

/// The instances that are there.
pub(super) struct Fleet<'a>(BTreeMap<u64, Member<'a>>);

impl<'a> Fleet<'a> {
    pub fn after(folder: &ResultFolder, past: &'a [Event]) -> Fleet<'a> {
        let first = |stage| move |&instance: &u64| (instance, Member::step(stage, None));
        let serving = folder.serving_at_start.iter().map(first(Stage::InService));
        let pooled = folder.pooled_at_start.iter().map(first(Stage::Pooled));
        let mut fleet = Fleet(serving.chain(pooled).collect());
        past.iter().for_each(|event| fleet.follow(event));
        fleet
    }

    fn follow(&mut self, event: &'a Event) {
        let Some(instance) = event.instance else { return };
        let stage = if event.is(ActivityKind::Hook) {
            return self.follow_hook(instance, event);
        } else if event.is(ActivityKind::Launch) {
            // What else is told of a launch, that it failed or took an address, is no step: its end follows.
            match event.note.starts_with("launched into the warm pool") {
                _ if self.0.contains_key(&instance) => return,
                true => Stage::Pooled,
                false => Stage::Booting,
            }
        } else if event.is(ActivityKind::WarmPool) {
            if event.note.starts_with("taken") { Stage::Booting } else { Stage::Pooled }
        } else if event.is(ActivityKind::Service) {
            Stage::InService
        } else if event.is(ActivityKind::Termination) && event.note == "terminated" {
            self.0.remove(&instance);
            return;
        } else if event.is(ActivityKind::Termination) {
            Stage::Leaving
        } else {
            return;
        };
        self.0.insert(instance, Member::step(stage, Some(event)));
    }

    fn follow_hook(&mut self, instance: u64, event: &'a Event) {
        let Some(member) = self.0.get_mut(&instance) else { return };
        if WAITS.contains(&event.note.as_str()) {
            (member.held, member.over) = (Some(event), Vec::new());
        } else {
            member.over.push(&event.actor);
        }
    }

    pub fn sizes(&self, desired: u32) -> Sizes {
        let count = |stage: Stage| self.0.values().filter(|member| member.stage == stage).count() as u32;
        Sizes {
            desired,
            booting: count(Stage::Booting),
            in_service: count(Stage::InService),
            draining: count(Stage::Leaving),
            pooled: count(Stage::Pooled),
        }
    }

    /// Boots, terminations and hooks that are not over, with their ends.
    pub fn in_progress(&self, future: &[Event], folder: &ResultFolder) -> Vec<Progress> {
        let mut list = Vec::new();
        for (&instance, member) in &self.0 {
            let (what, ends): (_, &[ActivityKind]) = match member.stage {
                Stage::Booting => ("boot", &[ActivityKind::Service, ActivityKind::Termination]),
                Stage::Leaving => ("termination", &[ActivityKind::Termination, ActivityKind::WarmPool]),
                Stage::InService | Stage::Pooled => continue,
            };
            let end = end_of(future, instance, |e| ends.iter().any(|kind| e.is(*kind)));
            list.push(progress(what, instance, None, member.since, end));
        }
        for (&instance, member) in &self.0 {
            let Some(begin) = member.held else { continue };
            let terminating = begin.note.starts_with("Terminating");
            let of_transition =
                folder.scenario.group.hook.iter().filter(|hook| hook.ends_a_life() == terminating);
            for hook in of_transition.filter(|hook| !member.over.contains(&hook.name.as_str())) {
                // Its instance may go on without it, when another hook abandons it or the group ends it.
                let moot = [ActivityKind::Service, ActivityKind::Termination, ActivityKind::WarmPool];
                let over = |e: &Event| {
                    e.is(ActivityKind::Hook) && e.actor == hook.name || moot.iter().any(|kind| e.is(*kind))
                };
                let end = end_of(future, instance, over);
                list.push(progress("hook", instance, Some(hook.name.clone()), Some(begin), end));
            }
        }
        list
    }
}

fn end_of(future: &[Event], instance: u64, ends: impl Fn(&Event) -> bool) -> Option<&Event> {
    future.iter().find(|e| e.instance == Some(instance) && ends(e))
}

fn progress(
    what: &'static str,
    instance: u64,
    hook: Option<String>,
    since: Option<&Event>,
    end: Option<&Event>,
) -> Progress {
    let since = since.map(|e| e.at.clone()).unwrap_or_default();
    Progress { what, instance: Some(instance), hook, since, until: end.map(|e| e.at.clone()) }
}
