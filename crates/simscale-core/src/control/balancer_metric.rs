//! What the load balancer itself publishes, beside response times.
//!
//! Source: ALB user guide, "CloudWatch metrics for your Application Load Balancer": names, and when each is reported.

/// A metric of the load balancer. A count has one sample a period, and none when it is zero, but for `RequestCount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalancerMetric {
    /// `RequestCount`: attempts for which a node could choose a target; zero is reported.
    RequestCount,
    /// `HTTPCode_ELB_4XX_Count`: attempts that clients gave up (460).
    Elb4xx,
    /// `HTTPCode_ELB_5XX_Count`: attempts that the balancer answered 502, 503 or 504.
    Elb5xx,
    /// `HTTPCode_Target_5XX_Count`: attempts that targets answered 5xx.
    Target5xx,
    /// `HealthyHostCount` at the end of the period: a sample of each node that reaches registered targets.
    HealthyHosts,
    /// `UnHealthyHostCount` at the end of the period: a sample of each node that reaches registered targets.
    UnhealthyHosts,
    /// `TargetResponseTime`, seconds: from the moment an attempt was sent to its target's answer; a sample of each attempt that a target answered.
    TargetResponseTime,
    /// `NewConnectionCount`: connections that clients opened.
    NewConnections,
    /// `ProcessedBytes`: of requests and of answers.
    ProcessedBytes,
    /// `AnomalousHostCount` at the end of the period: a sample of each node that reaches registered targets; zero where nobody looks for anomalies.
    AnomalousHosts,
    /// `MitigatedHostCount` at the end of the period, those with less than a whole weight: as above.
    MitigatedHosts,
}

impl BalancerMetric {
    /// All, in order.
    pub const ALL: [BalancerMetric; 11] = [
        BalancerMetric::RequestCount,
        BalancerMetric::Elb4xx,
        BalancerMetric::Elb5xx,
        BalancerMetric::Target5xx,
        BalancerMetric::HealthyHosts,
        BalancerMetric::UnhealthyHosts,
        BalancerMetric::TargetResponseTime,
        BalancerMetric::NewConnections,
        BalancerMetric::ProcessedBytes,
        BalancerMetric::AnomalousHosts,
        BalancerMetric::MitigatedHosts,
    ];

    /// Whether it counts what happened in a period, so that its sum is what matters.
    pub fn is_count(self) -> bool {
        !matches!(
            self,
            BalancerMetric::HealthyHosts
                | BalancerMetric::UnhealthyHosts
                | BalancerMetric::AnomalousHosts
                | BalancerMetric::MitigatedHosts
                | BalancerMetric::TargetResponseTime
        )
    }

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            BalancerMetric::RequestCount => "request_count",
            BalancerMetric::Elb4xx => "http_4xx_elb",
            BalancerMetric::Elb5xx => "http_5xx_elb",
            BalancerMetric::Target5xx => "http_5xx_target",
            BalancerMetric::HealthyHosts => "healthy_host_count",
            BalancerMetric::UnhealthyHosts => "unhealthy_host_count",
            BalancerMetric::TargetResponseTime => "target_response_time",
            BalancerMetric::NewConnections => "new_connection_count",
            BalancerMetric::ProcessedBytes => "processed_bytes",
            BalancerMetric::AnomalousHosts => "anomalous_host_count",
            BalancerMetric::MitigatedHosts => "mitigated_host_count",
        }
    }
}
