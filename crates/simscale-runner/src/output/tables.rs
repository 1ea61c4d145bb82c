//! The two tables of a result folder: one row a period, one row a fact of the activity log, columns named with their units.

use crate::failure::Failure;
use simscale::engine::{ActivityRow, PeriodRow, SimTime};
use std::io::Write;

/// A column of a table.
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// What its cells say.
    pub meaning: &'static str,
}

/// Columns as `"name": "meaning",`.
macro_rules! columns {
    ($($name:literal: $meaning:literal,)*) => {
        [$($crate::output::Column { name: $name, meaning: $meaning }),*]
    };
}

pub(crate) use columns;

/// Columns of `periods.csv`.
pub const PERIOD_COLUMNS: [Column; 38] = columns![
    "start_s": "Start of the period, seconds since the start of the run",
    "end_s": "End of the period, not part of it",
    "arrived_per_s": "Requests that arrived, per second",
    "arrived": "Requests that arrived (first attempts)",
    "served": "Requests that were settled by an answer in the period",
    "refused": "Requests that were settled by a refusal: full queue or no target",
    "failed": "Requests that were settled by another failure: time-out, error, lost instance",
    "response_p50_s": "Median response time of the served; empty when none was",
    "response_p95_s": "Quantile 0.95 of the response times of the served",
    "response_p99_s": "Quantile 0.99 of the response times of the served",
    "cpu_utilization": "CPU executed over vCPUs x time of the instances in service, 0 to 1",
    "memory_utilization": "Memory used over memory of the instances in service, 0 to 1; 0 without a memory model",
    "in_flight_mean": "Attempts inside the instances in service, time average",
    "queue_mean": "Attempts waiting for a slot of an instance, time average",
    "backend_busy_ratio": "Share of the backend's slots in use, time average, 0 to 1; 0 without a backend",
    "backend_queue_mean": "Attempts waiting for a slot of the backend, time average",
    "messages_visible": "Messages that can be received, at the period's end; 0 without a queue",
    "messages_in_flight": "Messages received and neither deleted nor visible again, at the period's end; 0 without a queue",
    "oldest_message_s": "Age of the oldest message that is not deleted, at the period's end; 0 without any",
    "desired": "Size the group is asked to have, at the period's end",
    "booting": "Instances launched and not yet in service, at the period's end",
    "in_service": "Instances in service, at the period's end",
    "elb_460": "Attempts that the client gave up before the idle time-out",
    "elb_502": "Attempts answered 502 by the balancer: refused connection, lost instance",
    "elb_503": "Attempts answered 503 by the balancer: no registered target",
    "elb_504": "Attempts answered 504 by the balancer: no answer within the idle time-out",
    "target_5xx": "Attempts answered 5xx by targets: full queue, broken instance",
    "healthy": "Targets the balancer calls healthy, at the period's end",
    "unhealthy": "Registered targets the balancer calls unhealthy, at the period's end",
    "initial": "Registered targets the balancer has not judged yet, at the period's end",
    "draining": "Instances leaving, at the period's end",
    "credit_balance_mean": "CPU credits of an instance in service, launch credits included, mean over them, at the period's end; 0 without credits",
    "throttled": "Instances in service that are throttled for want of CPU credits, at the period's end",
    "agents_registered": "Agents that the coordinator believes running, at the period's end; 0 without agents",
    "hosts": "Container instances that are registered, at the period's end; 0 without hosts",
    "waiting": "Tasks that wait for a place on a container instance (PROVISIONING), at the period's end; 0 without hosts",
    "cost_usd": "Cost since the start of the statistics window, US dollars",
    "in_window": "1 when the period lies in the statistics window, 0 in the lead-in",
];

/// Columns of `activities.csv`.
pub const ACTIVITY_COLUMNS: [Column; 11] = columns![
    "at": "When, on the clock of `simulation.time_zone`, ISO 8601 to the millisecond",
    "t_s": "The same in seconds since the start of the run",
    "kind": "What kind of fact it is: see below",
    "actor": "Who acted: the policy, the alarm, the fault, or group",
    "instance": "The instance it is about, by the number of its launch, counted from 0 with those of the start",
    "cause": "The alarm that called, with the datapoints it judged and its threshold",
    "before": "Desired capacity before",
    "asked": "What was asked, before limits; empty when nothing was",
    "granted": "Desired capacity after; the same as before when the fact changed no size",
    "reason": "The policy's reason with its arithmetic; times in it count from the start of the run",
    "note": "The rule of the group that changed what was asked, or what happened, in words",
];

/// The cells of a period.
pub fn period_cells(row: &PeriodRow, window_from: SimTime) -> [String; PERIOD_COLUMNS.len()] {
    let seconds = row.end.since(row.start).as_secs_f64();
    let quantile =
        |i: usize| if row.served > 0 { billionths(u128::from(row.response_ns[i])) } else { String::new() };
    [
        billionths(u128::from(row.start.as_nanos())),
        billionths(u128::from(row.end.as_nanos())),
        decimal(row.arrived as f64 / seconds),
        row.arrived.to_string(),
        row.served.to_string(),
        row.refused.to_string(),
        row.failed.to_string(),
        quantile(0),
        quantile(1),
        quantile(2),
        decimal(row.cpu_utilization),
        decimal(row.memory_utilization),
        decimal(row.in_flight_mean),
        decimal(row.queue_mean),
        decimal(row.backend_busy_ratio),
        decimal(row.backend_queue_mean),
        row.messages_visible.to_string(),
        row.messages_in_flight.to_string(),
        billionths(u128::from(row.oldest_message_ns)),
        row.desired.to_string(),
        row.booting.to_string(),
        row.in_service.to_string(),
        row.responses.elb_460.to_string(),
        row.responses.elb_502.to_string(),
        row.responses.elb_503.to_string(),
        row.responses.elb_504.to_string(),
        row.responses.target_5xx.to_string(),
        row.healthy.to_string(),
        row.unhealthy.to_string(),
        row.initial.to_string(),
        row.draining.to_string(),
        decimal(row.credit_balance_mean),
        row.throttled.to_string(),
        row.agents_registered.to_string(),
        row.hosts.to_string(),
        row.waiting.to_string(),
        billionths(row.cost_nano_usd),
        u8::from(row.start >= window_from).to_string(),
    ]
}

/// The cells of an activity; `at` is its time on the scenario's clock.
pub fn activity_cells(row: &ActivityRow, at: String) -> [String; ACTIVITY_COLUMNS.len()] {
    [
        at,
        billionths(u128::from(row.at.as_nanos())),
        row.kind.to_string(),
        row.actor.clone(),
        row.instance.map(|instance| instance.to_string()).unwrap_or_default(),
        row.cause.clone(),
        row.before.to_string(),
        row.asked.map(|asked| asked.to_string()).unwrap_or_default(),
        row.granted.to_string(),
        row.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.note.clone(),
    ]
}

/// An integer of billionths as an exact decimal number.
pub(super) fn billionths(n: u128) -> String {
    let text = format!("{}.{:09}", n / 1_000_000_000, n % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// At most six decimals.
pub(super) fn decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A CSV table written row by row. The first failure is kept for [`Table::finish`]; later rows are dropped.
pub struct Table<W: Write> {
    name: &'static str,
    writer: csv::Writer<W>,
    failed: Option<csv::Error>,
}

impl<W: Write> Table<W> {
    /// Starts with the headings.
    pub fn new(name: &'static str, out: W, columns: &[Column]) -> Table<W> {
        let mut table = Table { name, writer: csv::Writer::from_writer(out), failed: None };
        table.row(columns.iter().map(|column| column.name));
        table
    }

    /// Adds a row.
    pub fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) {
        if self.failed.is_none() {
            self.failed = self.writer.write_record(cells).err();
        }
    }

    /// Whether a row could not be written.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Writes what is still in memory.
    pub fn finish(mut self) -> Result<(), Failure> {
        let failed = self.failed.take().map(|error| error.to_string());
        let failed = failed.or_else(|| self.writer.flush().err().map(|error| error.to_string()));
        failed.map_or(Ok(()), |error| Err(Failure::input(format!("cannot write {}: {error}", self.name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tests::row;
    use simscale::engine::{ActivityKind, Reason};

    #[test]
    fn periods_are_written_exactly() {
        let mut table = Vec::new();
        let mut writer = Table::new("periods.csv", &mut table, &PERIOD_COLUMNS);
        let mut second = row(1);
        second.served = 0;
        second.cost_nano_usd = 1_234_567_891;
        writer.row(period_cells(&row(0), row(1).start));
        writer.row(period_cells(&second, row(1).start));
        writer.finish().unwrap();
        let text = String::from_utf8(table).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("start_s,end_s,arrived_per_s,"));
        assert_eq!(
            lines[1],
            "0,60,400,24000,24000,0,0,0.042,0.12,0.21,0.48,0,20,0,0,0,0,0,0,8,0,8,0,0,0,0,0,8,0,0,0,0,0,0,0,0,0,0"
        );
        assert_eq!(
            lines[2],
            "60,120,400,24000,0,0,0,,,,0.48,0,20,0,0,0,0,0,0,8,0,8,0,0,0,0,0,8,0,0,0,0,0,0,0,0,1.234567891,1"
        );
    }

    #[test]
    fn activities_say_who_asked_what_and_why() {
        let row = ActivityRow {
            at: SimTime::from_nanos(3_661_500_000_000),
            kind: ActivityKind::Decision,
            actor: "cpu-50".into(),
            instance: None,
            cause: "cpu-50-high: 61, 63, 70 > 50".into(),
            asked: Some(14),
            granted: 12,
            before: 9,
            reason: Some(Reason::TargetTracking { value: 70.0, target: 50.0, capacity: 10, wanted: 14 }),
            note: "limited by max 12".into(),
        };
        let cells = activity_cells(&row, "2026-03-02T01:01:01.500+00:00".into());
        let want = [
            "2026-03-02T01:01:01.500+00:00",
            "3661.5",
            "decision",
            "cpu-50",
            "",
            "cpu-50-high: 61, 63, 70 > 50",
            "9",
            "14",
            "12",
            "ceil(10 x 70 / 50) = 14",
            "limited by max 12",
        ];
        assert_eq!(cells, want);
    }

    #[test]
    fn a_full_disk_is_told_once_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut table = Table::new("periods.csv", Full, &PERIOD_COLUMNS);
        for minute in 0..1000 {
            table.row(period_cells(&row(minute), SimTime::ZERO));
        }
        assert!(table.has_failed());
        assert!(table.finish().unwrap_err().message.starts_with("cannot write periods.csv"));
    }
}
