//! Recorded traces of the real world, where they are at hand: `SIMSCALE_TRACES` names their folder.

use simscale_runner::trace::{CheckedTrace, TraceFormat, Values};
use std::path::PathBuf;

/// The totals and lengths that the reader finds are those of the collection's own index.
#[test]
fn totals_are_those_of_the_index() {
    let Some(folder) = std::env::var_os("SIMSCALE_TRACES").map(PathBuf::from) else {
        eprintln!("skipped: SIMSCALE_TRACES names no folder of traces");
        return;
    };
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let heads = index.headers().unwrap().clone();
    let mut read = 0;
    for row in index.records().map(Result::unwrap) {
        let cell = |name: &str| &row[heads.iter().position(|head| head == name).unwrap()];
        if cell("kind") != "count" || !cell("file").starts_with("web/") {
            continue;
        }
        let end = simscale::engine::SimTime::from_nanos(u64::MAX >> 4);
        let format = TraceFormat {
            time_column: None,
            column: None,
            values: Values::Counts,
            scale: 1.0,
            bin: None,
            gaps_are_empty: false,
            used: (simscale::engine::SimTime::ZERO, end),
        };
        let trace =
            CheckedTrace::check(&folder.join(cell("file")), cell("file"), format, &Default::default())
                .unwrap_or_else(|e| panic!("{e}"));
        let (rows, total): (u64, f64) = (cell("n").parse().unwrap(), cell("total").parse().unwrap());
        assert_eq!((trace.facts.rows, &*trace.facts.sha256), (rows, cell("sha256")), "{}", cell("file"));
        assert!(
            (trace.facts.requests - total).abs() <= 0.5 + 1e-9 * total,
            "{}: {}",
            cell("file"),
            trace.facts.requests
        );
        assert_eq!(trace.reader().unwrap().count() as u64, rows, "{}", cell("file"));
        read += 1;
    }
    assert!(read > 5, "the index lists {read} traces of counts");
}
