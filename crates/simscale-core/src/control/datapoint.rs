//! What a metric is, and one published value of it.

use super::BalancerMetric;
use crate::kernel::{SimDuration, SimTime, mix};
use crate::world::Metrics;
use std::fmt;

/// A quantity that the group publishes once a period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// CPU executed over vCPUs x time, percent 0 to 100; one sample an instance in service.
    CpuUtilization,
    /// Memory used over memory, percent, time average; one sample an instance in service.
    MemoryUtilization,
    /// Attempts taken in the period; one sample an instance in service. Its sum is the average number per target, as an ALB publishes it.
    RequestCountPerTarget,
    /// Requests in flight, time average; one sample an instance in service.
    InFlight,
    /// Requests waiting for a slot, time average; one sample an instance in service.
    QueueLength,
    /// What each instance in service has to work off: with a central queue its visible messages over the instances in service, one sample; without
    /// one the same as `in_flight`.
    BacklogPerInstance,
    /// Response time of the requests served in the period, at a quantile in millionths; milliseconds.
    ResponseTime(u32),
    /// One of the user's own, by its place in the list of custom metrics.
    Custom(u16),
    /// A size of the group at the end of the period; one sample.
    Group(GroupMetric),
    /// An expression over other metrics, by its place in the list of math metrics.
    Math(u16),
    /// CPU credits at the end of the period, launch credits included; one sample an instance in service. Zero without credits.
    CpuCreditBalance,
    /// Messages that can be received, at the end of the period; one sample, with a queue only.
    QueueVisible,
    /// Messages received and neither deleted nor visible again, at the end of the period; one sample, with a queue only.
    QueueInFlight,
    /// Age of the oldest message that is not deleted, at the end of the period, seconds; 0 without messages; with a queue only.
    OldestMessageAge,
    /// What the load balancer itself publishes.
    Balancer(BalancerMetric),
}

/// A size of the group, as EC2 Auto Scaling publishes it every minute (group metrics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupMetric {
    /// `GroupMinSize`
    MinSize,
    /// `GroupMaxSize`
    MaxSize,
    /// `GroupDesiredCapacity`
    DesiredCapacity,
    /// `GroupInServiceInstances`
    InServiceInstances,
    /// `GroupPendingInstances`: launched and not yet in service.
    PendingInstances,
    /// `GroupTerminatingInstances`: draining or shutting down.
    TerminatingInstances,
    /// `GroupTotalInstances`: all of them.
    TotalInstances,
}

impl GroupMetric {
    /// All, in order.
    pub const ALL: [GroupMetric; 7] = [
        GroupMetric::MinSize,
        GroupMetric::MaxSize,
        GroupMetric::DesiredCapacity,
        GroupMetric::InServiceInstances,
        GroupMetric::PendingInstances,
        GroupMetric::TerminatingInstances,
        GroupMetric::TotalInstances,
    ];

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            GroupMetric::MinSize => "group_min_size",
            GroupMetric::MaxSize => "group_max_size",
            GroupMetric::DesiredCapacity => "group_desired_capacity",
            GroupMetric::InServiceInstances => "group_in_service_instances",
            GroupMetric::PendingInstances => "group_pending_instances",
            GroupMetric::TerminatingInstances => "group_terminating_instances",
            GroupMetric::TotalInstances => "group_total_instances",
        }
    }
}

/// Who publishes a metric, and thereby what its samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Each counted instance gives a sample a period.
    Instance,
    /// The load balancer: a sample for each request, each node, or one a period.
    Balancer,
    /// The group: one sample a period.
    Group,
    /// The central queue: one sample a period.
    Queue,
}

impl Metric {
    /// Who publishes it.
    pub(crate) fn family(&self) -> Family {
        match self {
            Metric::ResponseTime(_) | Metric::Balancer(_) => Family::Balancer,
            Metric::Group(_) => Family::Group,
            Metric::QueueVisible | Metric::QueueInFlight | Metric::OldestMessageAge => Family::Queue,
            Metric::Math(_) => unreachable!("an expression has operands and no samples"),
            _ => Family::Instance,
        }
    }

    /// Whether EC2 itself publishes it of an instance, so that the group's monitoring (basic or detailed) says how often.
    pub fn is_published_by_ec2(&self) -> bool {
        matches!(self, Metric::CpuUtilization | Metric::CpuCreditBalance)
    }

    /// Time from sample to sample: what EC2 itself publishes follows the group's monitoring, everything else the world's resolution.
    pub(crate) fn resolution(&self, metrics: &Metrics) -> SimDuration {
        if self.is_published_by_ec2() { metrics.ec2_resolution } else { metrics.resolution }
    }

    /// A number for the metric, whoever asks and in whatever order: the address of its luck.
    pub(crate) fn address(&self) -> u64 {
        let (kind, which) = match self {
            Metric::CpuUtilization => (0, 0),
            Metric::MemoryUtilization => (1, 0),
            Metric::RequestCountPerTarget => (2, 0),
            Metric::InFlight => (3, 0),
            Metric::QueueLength => (4, 0),
            Metric::BacklogPerInstance => (5, 0),
            // One series of response times, whichever percentile is read off it.
            Metric::ResponseTime(_) => (6, 0),
            Metric::Custom(index) => (7, u64::from(*index)),
            Metric::Group(which) => (8, *which as u64),
            Metric::Math(index) => (9, u64::from(*index)),
            Metric::CpuCreditBalance => (10, 0),
            Metric::QueueVisible => (20, 0),
            Metric::QueueInFlight => (21, 0),
            Metric::OldestMessageAge => (22, 0),
            Metric::Balancer(which) => (30, *which as u64),
        };
        mix(kind << 40 | which)
    }
}

/// How the samples of a period become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// Sum over number of samples.
    Average,
    /// Sum of the samples.
    Sum,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// The sample that a share of all does not exceed, in millionths: 990,000 is p99.
    Percentile(u32),
}

/// A published value: stamped with the start of its period, visible after its publication.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// Start of the period.
    pub start: SimTime,
    /// Length of the period.
    pub period: SimDuration,
    /// The statistic's value.
    pub value: f64,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::CpuUtilization => f.write_str("cpu_utilization"),
            Metric::MemoryUtilization => f.write_str("memory_utilization"),
            Metric::RequestCountPerTarget => f.write_str("request_count_per_target"),
            Metric::InFlight => f.write_str("in_flight"),
            Metric::QueueLength => f.write_str("queue_length"),
            Metric::BacklogPerInstance => f.write_str("backlog_per_instance"),
            Metric::QueueVisible => f.write_str("queue_visible"),
            Metric::QueueInFlight => f.write_str("queue_in_flight"),
            Metric::OldestMessageAge => f.write_str("oldest_message_age"),
            Metric::ResponseTime(ppm) => write!(f, "response_time_p{}", f64::from(*ppm) / 1e4),
            Metric::Custom(index) => write!(f, "custom_{index}"),
            Metric::Group(which) => f.write_str(which.name()),
            Metric::Math(index) => write!(f, "math_{index}"),
            Metric::CpuCreditBalance => f.write_str("cpu_credit_balance"),
            Metric::Balancer(which) => f.write_str(which.name()),
        }
    }
}
