//! What a metric is, and one published value of it.

use crate::kernel::{SimDuration, SimTime};
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
    /// What each instance in service has to work off: while every instance has a queue of its own, the same as `in_flight`.
    BacklogPerInstance,
    /// Response time of the requests served in the period, at a quantile in millionths; milliseconds.
    ResponseTime(u32),
    /// One of the user's own, by its place in the list of custom metrics.
    Custom(u16),
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
            Metric::ResponseTime(ppm) => write!(f, "response_time_p{}", f64::from(*ppm) / 1e4),
            Metric::Custom(index) => write!(f, "custom_{index}"),
        }
    }
}
