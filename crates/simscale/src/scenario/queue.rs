//! Queue workers: a central queue of messages in place of the balancer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::{Balancer, Clients, Discipline, HealthSource, Scenario};
use crate::text::{Check, Duration};

/// Workers that pull messages from one central queue, in place of the balancer: a standard queue of Amazon SQS, in order of arrival.
///
/// Each arrival of the workload is a message; the instances' discipline is `workers`. Delivery is at least once: what is not finished within the
/// visibility time-out is received again while the first worker goes on. An instance that ends, by scale-in too, takes its workers with it at
/// once; their messages are visible again when their time-out ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageQueue {
    /// A message that was received and not deleted for so long can be received again, at its old place; "1s" to "12h", default "30s", as SQS.
    #[serde(default = "visibility_timeout")]
    pub visibility_timeout: Duration,
    /// A message received so often without being deleted is a dead letter, and counts as failed; 1 to 255; default 255, in effect never (SQS: 1 to 1000).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 255))]
    pub max_receives: Option<u32>,
}

fn visibility_timeout() -> Duration {
    Duration::from_secs(30)
}

impl Default for MessageQueue {
    fn default() -> Self {
        MessageQueue { visibility_timeout: visibility_timeout(), max_receives: None }
    }
}

impl MessageQueue {
    pub(crate) fn world(&self) -> core::MessageQueue {
        core::MessageQueue {
            visibility_timeout: sim(self.visibility_timeout),
            max_receives: self.max_receives,
        }
    }

    /// A queue has no balancer: nobody drains, nobody checks.
    pub(crate) fn balancer(&self) -> core::Balancer {
        core::Balancer {
            deregistration_delay: sim(Duration::default()),
            idle_timeout: None,
            units: core::CapacityUnits { hour_nano_usd: 0, ..core::CapacityUnits::default() },
            ..core::Balancer::new(core::Algorithm::RoundRobin)
        }
    }

    pub(crate) fn check(&self, scenario: &Scenario, check: &mut Check<'_>) {
        let range = Duration::from_secs(1)..=Duration::from_secs(12 * 3600);
        if !range.contains(&self.visibility_timeout) {
            let rule = "is outside 1 s to 12 h; SQS accepts at most 12 hours";
            check.fail_value(
                "queue.visibility_timeout",
                self.visibility_timeout,
                rule,
                "write \"30s\", SQS's default",
            );
        }
        if scenario.balancer != Balancer::default() {
            check.fail("balancer", "stands beside a [queue], which takes its place", "remove one of the two");
        }
        if !matches!(scenario.instance.discipline, Discipline::Workers { .. }) {
            let hint = "write discipline = { workers = { count = 1 } }";
            check.fail("instance.discipline", "does not pull messages from the [queue]", hint);
        }
        if scenario.clients != Clients::default() {
            let hint = "remove it: a message is received again after queue.visibility_timeout";
            check.fail("clients", "has no part beside a [queue]: nobody waits for an answer", hint);
        }
        if scenario.group.health.check == HealthSource::Elb {
            let hint = "write \"ec2\"";
            check.fail("group.health.check", "needs a balancer to ask, and a [queue] has none", hint);
        }
    }
}
