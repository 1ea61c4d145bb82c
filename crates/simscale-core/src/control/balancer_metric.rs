//! What the load balancer itself publishes, beside response times.
//!
//! Source: ALB user guide, "CloudWatch metrics for your Application Load Balancer": names, and when each is reported.

/// A metric of the load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalancerMetric {
    /// `RequestCount`: attempts for which a node could choose a target; one sample, zero without traffic (inferred).
    RequestCount,
    /// `HTTPCode_ELB_5XX_Count`: attempts that the balancer answered 502, 503 or 504; one sample, none when there were none.
    Elb5xx,
    /// `HTTPCode_Target_5XX_Count`: attempts that targets answered 5xx; one sample, none when there were none.
    Target5xx,
    /// `HealthyHostCount` at the end of the period: a sample of each node that reaches registered targets.
    HealthyHosts,
    /// `UnHealthyHostCount` at the end of the period: a sample of each node that reaches registered targets.
    UnhealthyHosts,
}

impl BalancerMetric {
    /// All, in order.
    pub const ALL: [BalancerMetric; 5] = [
        BalancerMetric::RequestCount,
        BalancerMetric::Elb5xx,
        BalancerMetric::Target5xx,
        BalancerMetric::HealthyHosts,
        BalancerMetric::UnhealthyHosts,
    ];

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            BalancerMetric::RequestCount => "request_count",
            BalancerMetric::Elb5xx => "http_5xx_elb",
            BalancerMetric::Target5xx => "http_5xx_target",
            BalancerMetric::HealthyHosts => "healthy_host_count",
            BalancerMetric::UnhealthyHosts => "unhealthy_host_count",
        }
    }
}
