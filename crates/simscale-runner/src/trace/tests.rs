//! Traces good and bad, by hand.

use super::*;
use std::io::Write;

static GO: AtomicBool = AtomicBool::new(false);

fn counts() -> TraceFormat {
    TraceFormat {
        time_column: None,
        column: None,
        values: Values::Counts,
        scale: 1.0,
        bin: None,
        gaps_are_empty: false,
        used: (SimTime::ZERO, SimTime::from_nanos(86_400_000_000_000)),
    }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn check(bytes: &[u8], format: TraceFormat) -> Result<CheckedTrace, String> {
    CheckedTrace::check(file(bytes).path(), "x.csv", format, &GO).map_err(|error| error.to_string())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn counts_are_totalled_and_streamed() {
    for bytes in
        [b"t_s,requests\n0,3\n60,0.5\n120,7\n".to_vec(), gzip(b"t_s;requests\r\n0;3\r\n60;0.5\r\n120;7\r\n")]
    {
        let file = file(&bytes);
        let trace = CheckedTrace::check(file.path(), "x.csv", counts(), &GO).unwrap();
        assert_eq!((trace.facts.rows, trace.facts.requests), (3, 10.5));
        assert_eq!(trace.facts.to, SimTime::from_nanos(180_000_000_000));
        let rows: Vec<TraceRow> = trace.reader().unwrap().collect();
        let bin = |i: u64, count| TraceRow::Bin {
            start: SimTime::from_nanos(i * 60_000_000_000),
            width: SimDuration::from_secs(60),
            count,
        };
        assert_eq!(rows, [bin(0, 3.0), bin(1, 0.5), bin(2, 7.0)]);
    }
}

#[test]
fn rates_become_counts_and_columns_are_chosen_by_name() {
    let format = TraceFormat { column: Some("rate".into()), values: Values::Rates, ..counts() };
    let trace = check(b"t_s,users,rate\n0,9,1.5\n10,9,2\n", format).unwrap();
    assert_eq!(trace.facts.requests, 35.0);
}

#[test]
fn single_requests_carry_their_work() {
    let format = TraceFormat { values: Values::Requests { work: Some("cpu_s".into()) }, ..counts() };
    let file = file(b"at,cpu_s\n0.25,0.035\n0.25,0.1\n7,0\n");
    let trace = CheckedTrace::check(file.path(), "x.csv", format, &GO).unwrap();
    let rows: Vec<TraceRow> = trace.reader().unwrap().collect();
    assert_eq!(
        rows[0],
        TraceRow::Request { at: SimTime::from_nanos(250_000_000), work: Some(SimDuration::from_millis(35)) }
    );
    assert_eq!((rows.len(), trace.facts.requests, trace.facts.step), (3, 3.0, None));
}

#[test]
fn gaps_are_refused_unless_they_mean_nothing_arrived() {
    let gapped = b"t_s,n\n0,1\n60,1\n240,1\n300,\n";
    let error = check(gapped, counts()).unwrap_err();
    assert!(error.starts_with("x.csv:4: t_s: 240 is 180 s after line 3"), "{error}");
    assert!(error.contains("2 rows are missing") && error.contains("gaps = \"empty\""), "{error}");
    let trace = check(gapped, TraceFormat { gaps_are_empty: true, ..counts() }).unwrap();
    assert_eq!((trace.facts.rows, trace.facts.requests), (4, 3.0));
    let odd =
        check(b"t_s,n\n0,1\n60,1\n90,1\n", TraceFormat { gaps_are_empty: true, ..counts() }).unwrap_err();
    assert!(odd.contains("bins must have one width"), "{odd}");
}

#[test]
fn a_single_bin_needs_its_width() {
    let one = b"t_s,n\n0,5\n";
    assert!(check(one, counts()).unwrap_err().contains("bin = \"60s\""));
    let format = TraceFormat { bin: Some(SimDuration::from_secs(60)), ..counts() };
    assert_eq!(check(one, format).unwrap().facts.to, SimTime::from_nanos(60_000_000_000));
}

/// Every kind of broken file has its message, with its line.
#[test]
fn mistakes_are_named_with_their_line() {
    let truncated = {
        let rows: String = (0..10_000).map(|i| format!("{i},{}\n", i * 7919 % 1000)).collect();
        let mut whole = gzip(format!("t_s,n\n{rows}").as_bytes());
        whole.truncate(whole.len() / 2);
        whole
    };
    let long_row = format!("t_s,n\n0,{}\n", "1".repeat(3 << 20));
    let cases: &[(&[u8], &str)] = &[
        (b"", "x.csv: is empty"),
        (b"t_s,n\n", "x.csv: holds no row below its header"),
        (b"0,1\n60,2\n", "x.csv:1: the file has no header"),
        (b"t_s\n0\n", "x.csv:1: there is no column beside the times"),
        (b"t_s,n\n60,1\n0,1\n", "x.csv:3: t_s: 0 is before 60 of line 2; sort the rows"),
        (b"t_s,n\n0,1\n0,1\n", "x.csv:3: t_s: 0 stands in line 2 already"),
        (b"t_s,n\n0,1\n60,NaN\n", "x.csv:3: n: \"NaN\" is not a number"),
        (b"t_s,n\n0,1\n60,inf\n", "x.csv:3: n: \"inf\" is infinite"),
        (b"t_s,n\n0,1\n60,-4\n", "x.csv:3: n: \"-4\" is negative"),
        (b"t_s,n\n0,1\n60,many\n", "x.csv:3: n: \"many\" is no number"),
        (b"t_s,n\n0,1\n60,\n", "x.csv:3: n: the cell is empty"),
        (b"t_s,n\n0,1\n60\n", "x.csv:3: n: the row ends after 1"),
        (b"t_s,n\n0,1\n-60,1\n", "x.csv:3: t_s: \"-60\" is no time in seconds"),
        (b"t_s,n\n2026-03-01 00:00,1\n", "x.csv:2: t_s: \"2026-03-01 00:00\" is no time in seconds"),
        (b"t_s,n\n0,1e12\n1,1\n", "x.csv:2: n: 1000000000000 makes 1e12 requests/s"),
        (b"t_s,n\n0,\xff\xfe\n", "x.csv:2: n: is not UTF-8 text"),
        (b"PK\x03\x04rest", "x.csv: is a zip archive"),
        (&truncated, "the gzip file is truncated"),
        (long_row.as_bytes(), "a row is longer than"),
    ];
    for (bytes, want) in cases {
        let error = check(bytes, counts()).expect_err(want);
        assert!(error.contains(want), "{error:?} lacks {want:?}");
    }
}

#[test]
fn a_missing_column_lists_those_there_are() {
    let format = TraceFormat { column: Some("Request".into()), ..counts() };
    let error = check(b"t_s,requests,users\n0,1,2\n", format).unwrap_err();
    assert!(error.contains("did you mean \"requests\"?") && error.contains("\"users\""), "{error}");
}

#[test]
fn missing_files_and_folders_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing =
        CheckedTrace::check(&folder.path().join("no.csv"), "no.csv", counts(), &GO).unwrap_err().to_string();
    assert!(missing.starts_with("no.csv: cannot be read") && missing.contains("relative to"), "{missing}");
    let error = CheckedTrace::check(folder.path(), "dir", counts(), &GO).unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");
}

#[test]
fn decimal_times_are_exact() {
    let cases = [
        ("0", Some(0)),
        ("0.1", Some(100_000_000)),
        ("1e3", Some(1_000_000_000_000)),
        (".5", Some(500_000_000)),
    ];
    let more = [
        ("1.0000000019", Some(1_000_000_001)),
        ("", None),
        ("x", None),
        ("1 2", None),
        ("99999999999", None),
    ];
    for (text, want) in cases.into_iter().chain(more) {
        assert_eq!(rows::nanos(text), want, "{text}");
    }
}

#[test]
fn a_run_beyond_the_trace_is_refused_and_one_that_outlasts_it_is_told() {
    let seconds = |s: u64| SimTime::from_nanos(s * 1_000_000_000);
    let used = |from, to| TraceFormat { used: (seconds(from), seconds(to)), scale: 2.0, ..counts() };
    let bytes = b"t_s,n\n600,30\n660,60\n";
    let error = check(bytes, used(0, 600)).unwrap_err();
    assert!(
        error.contains("covers 600 s to 720 s") && error.contains("workload.trace.offset = \"600s\""),
        "{error}"
    );
    let trace = check(bytes, used(660, 3600)).unwrap();
    let facts = &trace.facts;
    assert_eq!((facts.used_rows, facts.used_requests, facts.used_peak), (1, 120.0, 2.0));
    assert_eq!(trace.silence(), Some(SimDuration::from_secs(2880)));
    assert_eq!(check(bytes, used(600, 720)).unwrap().silence(), None);
}
