//! The load balancer in front of the group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::anomaly::{self, Anomaly};
use super::law::sim;
use super::run::check_interval;
use super::stickiness::Stickiness;
use super::{Clients, Service};
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
    /// With weighted random: a target whose requests fail more often than those of its peers gets less traffic, until it is well again; default false, as AWS.
    pub anomaly_mitigation: bool,
    /// When a target is anomalous, and how its weight falls and recovers; with weighted random only. AWS documents none of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<Anomaly>,
    /// Sessions stay with the target that answered them; default off, as AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<Stickiness>,
    /// Whether the node of a zone sends to the targets of all zones (true) or of its own (false); default true, as an ALB.
    pub cross_zone: bool,
    /// Whether all nodes know each other's rotation and outstanding requests; default false, as inferred for AWS. Without effect
    /// in one zone.
    pub shared_state: bool,
    /// Healthy targets that a zone needs, or DNS no longer names its node; with `cross_zone` all zones are judged together. When
    /// no zone has enough, all stay; a zone without registered targets stays too, and answers 503.
    pub dns_failover: MinimumHealthy,
    /// Healthy targets that a node needs, or it sends to all registered targets it reaches, healthy or not (fail-open).
    pub routing_failover: MinimumHealthy,
    /// Price of the balancer an hour, every hour begun in full; default "0.0225 USD/h", us-east-1.
    pub price: HourlyPrice,
    /// Price of a capacity unit (LCU) for an hour; default "0.008 USD/h", us-east-1. The units of an hour are the largest of: new
    /// connections over 25 a second, open ones over 3000 a minute, GB over 1, rule evaluations over 1000 a second.
    pub lcu_price: HourlyPrice,
    /// Listener rules that each request runs through, 0 to 100; ten are free; default 1.
    #[schemars(range(max = 100))]
    pub rules: u32,
}

/// Healthy targets that suffice; too few are those below either number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MinimumHealthy {
    /// This many, 1 to 1000; 0 switches the rule off (for `dns_failover` only); default 1, as AWS.
    #[schemars(range(max = 1000))]
    pub count: u32,
    /// This share of the registered targets, 0.01 to 1 in whole hundredths; 0 switches the rule off; default 0, as AWS.
    pub ratio: f64,
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
    /// At random by weights, which are all alike without `anomaly_mitigation`: an ALB's automatic target weights.
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
            anomaly_mitigation: false,
            anomaly: None,
            stickiness: None,
            cross_zone: true,
            shared_state: false,
            dns_failover: MinimumHealthy::default(),
            routing_failover: MinimumHealthy::default(),
            price: HourlyPrice::from_nano_usd(22_500_000),
            lcu_price: HourlyPrice::from_nano_usd(8_000_000),
            rules: 1,
        }
    }
}

impl Default for MinimumHealthy {
    fn default() -> Self {
        MinimumHealthy { count: 1, ratio: 0.0 }
    }
}

impl MinimumHealthy {
    fn percent(self) -> u32 {
        (self.ratio * 100.0).round() as u32
    }

    fn world(self) -> core::MinimumHealthy {
        let above_zero = |number: u32| Some(number).filter(|number| *number > 0);
        core::MinimumHealthy { count: above_zero(self.count), percent: above_zero(self.percent()) }
    }

    fn check(self, path: &str, check: &mut Check<'_>) {
        let ratio = format!("{path}.ratio");
        check.ratio(&ratio, self.ratio);
        if (self.ratio * 100.0 - f64::from(self.percent())).abs() > 1e-9 {
            check.fail(&ratio, "is no whole percentage, as AWS wants it", "write two decimals, such as 0.5");
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
    pub(crate) fn world(&self, service: &Service, clients: &Clients) -> core::Balancer {
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
            stickiness: self.stickiness.as_ref().map(Stickiness::world),
            anomalies: (self.algorithm == Algorithm::WeightedRandom)
                .then(|| self.anomaly.unwrap_or_default().world(self.anomaly_mitigation)),
            health_check: self.health_check.map(|check| core::HealthCheck {
                interval: sim(check.interval),
                timeout: sim(check.timeout),
                healthy_threshold: check.healthy_threshold,
                unhealthy_threshold: check.unhealthy_threshold,
                cpu_time: sim(check.cpu_time),
            }),
            cross_zone: self.cross_zone,
            shared_state: self.shared_state,
            dns_minimum: self.dns_failover.world(),
            routing_minimum: self.routing_failover.world(),
            units: core::CapacityUnits {
                hour_nano_usd: self.lcu_price.nano_usd(),
                rules: self.rules,
                requests_per_connection: clients.requests_per_connection,
                connection_life: sim(clients.connection_life),
                sizes: service.sizes(),
            },
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if self.deregistration_delay > Duration::from_secs(3600) {
            let rule = "is longer than an hour, the longest that AWS accepts";
            check.fail("balancer.deregistration_delay", rule, "write at most \"3600s\"");
        }
        self.check_slow_start(check);
        self.check_failover(check);
        anomaly::check(self, check);
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

    fn check_failover(&self, check: &mut Check<'_>) {
        let (dns, routing) = (self.dns_failover, self.routing_failover);
        dns.check("balancer.dns_failover", check);
        routing.check("balancer.routing_failover", check);
        if routing.count == 0 {
            let rule = "is below 1, the least that AWS accepts: fail-open cannot be switched off";
            check.fail("balancer.routing_failover.count", rule, "write 1, or more");
        }
        let hint = "raise it: by AWS's rule a zone leaves DNS before or when its node fails open";
        if dns.count > 0 && dns.count < routing.count {
            let rule = format!("is below balancer.routing_failover.count ({})", routing.count);
            check.fail("balancer.dns_failover.count", rule, hint);
        }
        if dns.ratio > 0.0 && dns.ratio < routing.ratio {
            let rule = format!("is below balancer.routing_failover.ratio ({})", routing.ratio);
            check.fail("balancer.dns_failover.ratio", rule, hint);
        }
        if self.shared_state && !self.cross_zone {
            let rule = "has no meaning without cross_zone: no two nodes then share a target";
            check.fail("balancer.shared_state", rule, "remove it, or write cross_zone = true");
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
