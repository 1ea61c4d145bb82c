//! The load balancer in front of the group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::law::sim;
use super::run::check_interval;
use crate::text::{Check, Duration, HourlyPrice};

/// The load balancer: an Application Load Balancer of AWS, unless an option says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Balancer {
    /// How a target is chosen; default "round_robin", as AWS.
    pub algorithm: Algorithm,
    /// How long a deregistered target may finish what it has, at most "3600s"; default "300s", as AWS.
    pub deregistration_delay: Duration,
    /// A newly healthy target's share grows over this time, "30s" to "900s"; default "0s": off. Only with round robin.
    pub slow_start: Duration,
    /// An attempt without an answer for this long is answered 504; "0s" switches it off; default "60s", as AWS.
    pub idle_timeout: Duration,
    /// Health checks; default none: a target is then healthy when its application answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Price of the balancer an hour; default "0.0225 USD/h", us-east-1 without capacity units.
    pub price: HourlyPrice,
}

/// How the balancer chooses a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Algorithm {
    /// The next one in turn.
    #[default]
    RoundRobin,
    /// The target with the fewest requests that the balancer waits for; ties to the next one in turn.
    LeastOutstandingRequests,
    /// Every target alike, at random.
    WeightedRandom,
    /// The least loaded of `d` targets drawn at random. Not an algorithm of the ALB.
    PowerOfD {
        /// How many are drawn, 1 to 8.
        #[schemars(range(min = 1, max = 8))]
        d: u8,
    },
}

/// Health checks of the balancer: small requests through the target's own queue and processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    /// From check to check; default "30s", as AWS.
    pub interval: Duration,
    /// A check answered later than this has failed; below the interval; default "5s", as AWS.
    pub timeout: Duration,
    /// Successes in a row that make an unhealthy target healthy, 1 to 10; a new target needs one; default 5, as AWS.
    #[schemars(range(min = 1, max = 10))]
    pub healthy_threshold: u32,
    /// Failures in a row that make a target unhealthy, 1 to 10; default 2, as AWS.
    #[schemars(range(min = 1, max = 10))]
    pub unhealthy_threshold: u32,
    /// CPU time of a check; default "1ms".
    pub cpu_time: Duration,
}

impl Default for Balancer {
    fn default() -> Self {
        Balancer {
            algorithm: Algorithm::default(),
            deregistration_delay: Duration::from_secs(300),
            slow_start: Duration::default(),
            idle_timeout: Duration::from_secs(60),
            health_check: None,
            price: HourlyPrice::from_nano_usd(22_500_000),
        }
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        HealthCheck {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            cpu_time: Duration::from_millis(1),
        }
    }
}

impl Balancer {
    pub(crate) fn world(&self) -> core::Balancer {
        core::Balancer {
            algorithm: match self.algorithm {
                Algorithm::RoundRobin => core::Algorithm::RoundRobin,
                Algorithm::LeastOutstandingRequests => core::Algorithm::LeastOutstandingRequests,
                Algorithm::WeightedRandom => core::Algorithm::WeightedRandom,
                Algorithm::PowerOfD { d } => core::Algorithm::PowerOfD { d },
            },
            deregistration_delay: sim(self.deregistration_delay),
            slow_start: sim(self.slow_start),
            idle_timeout: Some(sim(self.idle_timeout)).filter(|timeout| !timeout.is_zero()),
            health_check: self.health_check.map(|check| core::HealthCheck {
                interval: sim(check.interval),
                timeout: sim(check.timeout),
                healthy_threshold: check.healthy_threshold,
                unhealthy_threshold: check.unhealthy_threshold,
                cpu_time: sim(check.cpu_time),
            }),
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if self.deregistration_delay > Duration::from_secs(3600) {
            let rule = "is longer than an hour, the longest that AWS accepts";
            check.fail("balancer.deregistration_delay", rule, "write at most \"3600s\"");
        }
        self.check_slow_start(check);
        let Some(health) = self.health_check else { return };
        check_interval("balancer.health_check.interval", health.interval, check);
        if health.timeout >= health.interval && !health.timeout.is_zero() {
            let rule = format!("is not below the interval ({})", health.interval);
            let hint = "shorten the timeout or lengthen the interval";
            check.fail_value("balancer.health_check.timeout", health.timeout, rule, hint);
        }
        if health.timeout.is_zero() {
            check.fail("balancer.health_check.timeout", "is zero", "write a time above zero, such as \"5s\"");
        }
    }

    fn check_slow_start(&self, check: &mut Check<'_>) {
        if self.slow_start.is_zero() {
            return;
        }
        if self.algorithm != Algorithm::RoundRobin {
            let rule = "works with round robin only, by AWS's rule";
            check.fail("balancer.slow_start", rule, "remove it, or write algorithm = \"round_robin\"");
        }
        if !(Duration::from_secs(30)..=Duration::from_secs(900)).contains(&self.slow_start) {
            let rule = "is outside 30 s to 900 s, the range that AWS accepts";
            check.fail("balancer.slow_start", rule, "write \"0s\" (off) or \"30s\" to \"900s\"");
        }
    }
}
