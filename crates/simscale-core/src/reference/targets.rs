//! Target-group health: which targets a node reaches, when it fails open, when its zone leaves DNS.

use super::Engine;
use crate::ledger::ActivityKind;
use crate::world::MinimumHealthy;

/// Enough of the registered targets are healthy.
fn enough(rule: MinimumHealthy, healthy: usize, registered: usize) -> bool {
    let by_count = rule.count.is_none_or(|least| healthy >= least as usize);
    let by_share = rule.percent.is_none_or(|least| healthy * 100 >= registered * least as usize);
    by_count && by_share
}

/// What is said of a zone's node: in DNS, fails open, reaches any target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    in_dns: bool,
    open: bool,
    any: bool,
}

impl Engine<'_> {
    pub(super) fn zones(&self) -> usize {
        self.world.group.zones.len()
    }

    /// Registered targets that a node reaches: those of its zone, or of all.
    pub(super) fn reach(&self, node: usize) -> Vec<usize> {
        let cross = self.world.balancer.cross_zone;
        let reached = |i: &super::Instance| i.targeted() && (cross || i.zone == node);
        self.slots().filter(|(_, i)| reached(i)).map(|s| s.0).collect()
    }

    fn healthy_of(&self, node: usize) -> (usize, usize) {
        let reach = self.reach(node);
        (reach.iter().filter(|&&s| self.at(s).healthy).count(), reach.len())
    }

    pub(super) fn fails_open(&self, node: usize) -> bool {
        let (healthy, registered) = self.healthy_of(node);
        registered > 0 && !enough(self.world.balancer.routing_minimum, healthy, registered)
    }

    /// DNS names a node whose zone is fit or empty; when there is none, every node.
    pub(super) fn in_dns(&self, node: usize) -> bool {
        let fit = |node: usize| {
            let (healthy, registered) = self.healthy_of(node);
            registered == 0 || enough(self.world.balancer.dns_minimum, healthy, registered)
        };
        fit(node) || !(0..self.zones()).any(fit)
    }

    /// A row for a target that changed its state.
    pub(super) fn say_target(&mut self, slot: usize, state: &str) {
        match self.at(slot).standalone {
            Some(machine) => {
                let name = self.world.machines[machine].name.clone();
                self.say(ActivityKind::Target, &name, None, state);
            }
            None => self.say(ActivityKind::Target, "balancer", Some(self.at(slot).launch), state),
        }
    }

    /// Targets or their health changed: rows for what that means to the nodes.
    pub(super) fn targets_change(&mut self) {
        let standing = |node: usize| Standing {
            in_dns: self.in_dns(node),
            open: self.fails_open(node),
            any: !self.reach(node).is_empty(),
        };
        let now: Vec<Standing> = (0..self.zones()).map(standing).collect();
        let before = std::mem::replace(&mut self.standings, now.clone());
        for (zone, (old, new)) in before.into_iter().zip(now).enumerate() {
            let (healthy, registered) = self.healthy_of(zone);
            let whose = if self.world.balancer.cross_zone {
                "all zones".to_string()
            } else {
                format!("zone {}", self.world.group.zones[zone])
            };
            if self.world.balancer.cross_zone && zone > 0 {
                break;
            }
            let counts = format!("{healthy} of {registered} targets healthy");
            if (old.open, old.any) != (new.open, new.any) {
                let what = match (new.any, new.open) {
                    (false, _) => "no registered target, requests are answered 503".to_string(),
                    (true, false) => format!("{counts}, requests go to these"),
                    (true, true) => format!("{counts}, requests go to all registered targets (fail-open)"),
                };
                self.say(ActivityKind::Node, "balancer", None, &format!("{whose}: {what}"));
            }
            if old.in_dns != new.in_dns {
                let what = match new.in_dns {
                    true => "its node is back in DNS".to_string(),
                    false => format!("{counts}, its node leaves DNS"),
                };
                self.say(ActivityKind::Node, "balancer", None, &format!("{whose}: {what}"));
            }
        }
    }
}
