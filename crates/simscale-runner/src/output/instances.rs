//! The table of instances: one row each, written as they end.

use super::tables::{Column, billionths, columns, decimal};
use simscale::engine::{InstanceRow, SimTime};

/// Columns of `instances.csv`.
pub const INSTANCE_COLUMNS: [Column; 14] = columns![
    "instance": "Number of its launch, counted from 0 with those of the start",
    "zone": "Name of its zone",
    "slot": "Its place in the fleet, used again after it is gone",
    "launched_s": "When it was launched, seconds since the start of the run",
    "running_s": "When its billing began; empty when it never did",
    "in_service_s": "When it entered service; empty when it never did",
    "healthy_s": "When the balancer first called it healthy; empty when it never did",
    "terminated_s": "When it was terminated; empty for those that the end of the run met",
    "ending": "Why it ended: scaled_in, stopped_running, unhealthy or launch_failed (each replaced by the group), deployed (another version took its place), returned (to the warm pool: a row for each of its times), refreshed (by an instance refresh), run_ended",
    "billed_s": "Seconds on the bill of the statistics window",
    "served": "Attempts that it served",
    "service_s": "Seconds in service",
    "busy_cpu_s": "Processor seconds that it was busy in service, boot phases in service included",
    "cpu_utilization_mean": "busy_cpu_s over vCPUs x service_s, 0 to 1; 0 when it never was in service",
];

/// The cells of an instance.
pub fn instance_cells(row: &InstanceRow) -> [String; INSTANCE_COLUMNS.len()] {
    let at = |time: SimTime| billionths(u128::from(time.as_nanos()));
    let perhaps = |time: Option<SimTime>| time.map(at).unwrap_or_default();
    [
        row.launch.to_string(),
        row.zone.clone(),
        row.slot.to_string(),
        at(row.launched),
        perhaps(row.running),
        perhaps(row.in_service),
        perhaps(row.healthy),
        perhaps(row.terminated),
        row.ending.to_string(),
        billionths(u128::from(row.billed_ns)),
        row.served.to_string(),
        billionths(row.service_ns),
        billionths(row.busy_ns),
        decimal(row.cpu_utilization_mean),
    ]
}
