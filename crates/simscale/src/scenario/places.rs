//! Where launches find room: zones without capacity, reserved addresses, the agents that log in from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::run::check_interval;
use super::{Group, Law, RunSettings};
use crate::text::{Check, Duration};

/// A zone that has no capacity for a while: launches fail there with InsufficientInstanceCapacity, and another zone is tried, in order of
/// fewest instances (EC2 Auto Scaling user guide, auto-scaling-benefits).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityShortage {
    /// Which zone of `group.zones`.
    pub zone: String,
    /// From when on, after the start of the run.
    pub from: Duration,
    /// Until when, after the start of the run; above `from`, not included.
    pub to: Duration,
}

/// Reserved addresses: each launch takes the lowest free one, and only the termination of its instance gives it back, not its
/// deregistration. So a replacement that is launched while the old instance drains finds no address when all are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Addresses reserved in each zone, 1 to 100000; exactly one of `per_zone` and `total` belongs here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub per_zone: Option<u32>,
    /// Addresses reserved for the whole group, whatever the zone, 1 to 100000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub total: Option<u32>,
    /// What a launch does when no address is free: "fail" (another zone is tried, then the launch has failed) or "ephemeral" (it takes an
    /// address of its own); default "fail".
    #[serde(default)]
    pub when_empty: WhenEmpty,
}

/// What a launch does when no reserved address is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// The launch fails in this zone.
    #[default]
    Fail,
    /// It takes an address of its own.
    Ephemeral,
}

/// Agents of a coordinator (of builds, of licences): one on every instance, told apart by its address, believed running for a while after
/// its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// From entry into service to the agent's login.
    pub login_time: Law,
    /// From the end of the instance to the moment the coordinator sees the agent as stopped.
    pub seen_stopped_after: Law,
}

impl Addresses {
    /// Addresses of a pool.
    fn count(&self) -> u32 {
        self.per_zone.or(self.total).unwrap_or(0)
    }

    fn world(&self) -> core::Addresses {
        core::Addresses {
            per_zone: self.per_zone.is_some(),
            count: self.count(),
            when_empty: match self.when_empty {
                WhenEmpty::Fail => core::WhenEmpty::Fail,
                WhenEmpty::Ephemeral => core::WhenEmpty::Ephemeral,
            },
        }
    }

    fn check(&self, group: &Group, check: &mut Check<'_>) {
        if self.per_zone.is_some() == self.total.is_some() {
            let rule = "needs exactly one of per_zone and total";
            return check.fail("group.addresses", rule, "write per_zone = 8, or total = 8");
        }
        let zones = group.zones.len().max(1) as u32;
        let (room, path) = match self.per_zone {
            // Instances are spread evenly: the fullest zone has the rest too.
            Some(count) => (count.saturating_mul(zones), "group.addresses.per_zone"),
            None => (self.count(), "group.addresses.total"),
        };
        if self.when_empty == WhenEmpty::Fail && group.initial() > room {
            let rule = format!("has no room for the {} instances of the start", group.initial());
            check.fail(path, rule, "reserve more, or start with fewer, or let when_empty = \"ephemeral\"");
        }
    }
}

impl Group {
    /// Where launches find room, as the engine knows it.
    pub(crate) fn places(&self) -> core::Places {
        let zone = |name: &String| self.zones.iter().position(|zone| zone == name).unwrap_or(0);
        let time = |after: Duration| core::SimTime::from_nanos(after.nanos());
        let shortage = |s: &CapacityShortage| core::Shortage {
            // A group has at most 16 zones.
            zone: zone(&s.zone) as u8,
            from: time(s.from),
            to: time(s.to),
        };
        core::Places {
            shortages: self.capacity_shortage.iter().map(shortage).collect(),
            retry: sim(self.launch_retry),
            addresses: self.addresses.as_ref().map(Addresses::world),
            agents: self.agents.as_ref().map(|a| core::Agents {
                login_time: a.login_time.distribution(),
                seen_stopped_after: a.seen_stopped_after.distribution(),
            }),
        }
    }

    pub(crate) fn check_places(&self, run: &RunSettings, check: &mut Check<'_>) {
        for (index, shortage) in self.capacity_shortage.iter().enumerate() {
            let path = format!("group.capacity_shortage.{index}");
            if !self.zones.contains(&shortage.zone) {
                let hint = format!("the zones are: {}", self.zones.join(", "));
                check.fail(&format!("{path}.zone"), "is no zone of the group", hint);
            }
            if shortage.from >= shortage.to {
                let rule = format!("is not below to ({})", shortage.to);
                check.fail(&format!("{path}.from"), rule, "write from < to");
            } else if shortage.from >= run.duration {
                let rule = format!("lies behind the end of the run ({})", run.duration);
                check.fail(&format!("{path}.from"), rule, "let it begin within simulation.duration");
            }
        }
        check_interval("group.launch_retry", self.launch_retry, check);
        if let Some(addresses) = &self.addresses {
            addresses.check(self, check);
        }
        if let Some(agents) = &self.agents {
            agents.login_time.check("group.agents.login_time", check);
            agents.seen_stopped_after.check("group.agents.seen_stopped_after", check);
        }
    }
}
