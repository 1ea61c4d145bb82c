//! One row an instance: its life, its bill and what it did, told when it ends or the run does.

use crate::fleet::Ending;
use crate::kernel::SimTime;

/// An instance from its launch to its end. Times and counts cover its whole life, the lead-in included; the bill covers the statistics window.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceRow {
    /// Number of its launch; those of the start are numbered first, from zero.
    pub launch: u64,
    /// Name of its zone.
    pub zone: String,
    /// Its place in the fleet.
    pub slot: u32,
    /// When it was launched.
    pub launched: SimTime,
    /// When its billing began.
    pub running: Option<SimTime>,
    /// When it entered service.
    pub in_service: Option<SimTime>,
    /// When the balancer first called it healthy.
    pub healthy: Option<SimTime>,
    /// When it was terminated; `None` for those that the end of the run met.
    pub terminated: Option<SimTime>,
    /// Billed time in the statistics window, as the bill rounds it, ns.
    pub billed_ns: u64,
    /// Attempts it served.
    pub served: u64,
    /// Time in service, ns.
    pub service_ns: u128,
    /// Processor time it was busy while in service, boot phases in service included, ns.
    pub busy_ns: u128,
    /// `busy_ns` over vCPUs x `service_ns`; zero when it never was in service.
    pub cpu_utilization_mean: f64,
    /// Why it ended.
    pub ending: Ending,
}
