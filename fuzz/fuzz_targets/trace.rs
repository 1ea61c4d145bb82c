//! Any bytes as a trace: refused with a message, or rows in order of time that the second reading yields again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simscale::engine::{SimDuration, SimTime, TraceRow};
use simscale_runner::trace::{CheckedTrace, TraceFormat, Values};
use std::sync::atomic::AtomicBool;

/// The first byte says how the others are read.
fn format(choice: u8) -> TraceFormat {
    let named = |bit: u8, name: &str| (choice & bit != 0).then(|| name.to_string());
    TraceFormat {
        time_column: named(4, "t_s"),
        column: named(8, "requests").filter(|_| choice & 3 < 2),
        values: match choice & 3 {
            0 => Values::Counts,
            1 => Values::Rates,
            _ => Values::Requests { work: named(16, "work_s") },
        },
        scale: if choice & 32 != 0 { 1e9 } else { 1.0 },
        bin: (choice & 64 != 0).then(|| SimDuration::from_secs(60)),
        gaps_are_empty: choice & 128 != 0,
        used: (SimTime::ZERO, SimTime::from_nanos(86_400_000_000_000)),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, text)) = bytes.split_first() else { return };
    let folder = simscale_fuzz::folder();
    let path = folder.join("trace.csv");
    std::fs::write(&path, text).expect("the folder is ours");
    match CheckedTrace::check(&path, "trace.csv", format(choice), &AtomicBool::new(false)) {
        Err(error) => assert!(error.to_string().starts_with("trace.csv")),
        Ok(trace) => {
            let mut last = SimTime::ZERO;
            let mut rows = 0;
            for row in trace.reader().expect("it was read before") {
                let at = match row {
                    TraceRow::Bin { start, .. } => start,
                    TraceRow::Request { at, .. } => at,
                };
                assert!(at >= last, "rows are in order");
                (last, rows) = (at, rows + 1);
            }
            assert_eq!(rows, trace.facts.rows);
            _ = (trace.silence(), trace.used_seconds());
        }
    }
});
