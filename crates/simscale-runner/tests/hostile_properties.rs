//! Random bytes and random changes in every file that the program reads: a message or a result, never a panic, never half of it.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use simscale::engine::{SimDuration, SimTime, TraceRow};
use simscale_runner::explain::{Explanation, ResultFolder};
use simscale_runner::saved::Saved;
use simscale_runner::sweep::{Before, JOURNAL, Measured, Store};
use simscale_runner::trace::{CheckedTrace, TraceFormat, Values};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const TRACE: &str = "t_s,requests,work_s\n0,3,0.1\n60,4,0.2\n120,0,0.05\n180,7.5,1\n";

const PERIODS: &str = "start_s,end_s,arrived_per_s,refused,failed,response_p99_s,cpu_utilization\n\
    0,60,10,0,0,0.2,0.5\n60,120,12.5,3,1,,0.9\n120,180,0,0,0,1e9,0\n";

/// Bytes that a reader might stumble over.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: [&[u8]; 26] = [
        b"",
        b",",
        b"\n",
        b"\r",
        b"\"",
        b"0",
        b"-1",
        b"1e308",
        b"nan",
        b"inf",
        b"18446744073709551615",
        b"0.0000000001",
        b";",
        b"\t",
        b"#",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x1f\x8b",
        b"null",
        b"{}",
        b"[",
        b"99999999999999999999:00:00",
        b" ",
        b"t_s",
        "\u{202e}".as_bytes(),
    ];
    prop_oneof![6 => select(words.to_vec()).prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..8)]
}

/// Places, how much goes, what comes.
type Edits = Vec<(Index, usize, Vec<u8>)>;

fn edits() -> impl Strategy<Value = Edits> {
    prop::collection::vec((any::<Index>(), 0_usize..10, piece()), 0..5)
}

fn edited(text: &[u8], edits: &Edits) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for (at, cut, new) in edits {
        let at = at.index(bytes.len() + 1);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, new.iter().copied());
    }
    bytes
}

fn format() -> impl Strategy<Value = TraceFormat> {
    let values = prop_oneof![
        Just(Values::Counts),
        Just(Values::Rates),
        Just(Values::Requests { work: None }),
        Just(Values::Requests { work: Some("work_s".to_string()) }),
    ];
    (values, any::<bool>(), any::<bool>(), select(vec![1.0, 1e9, 1e-9])).prop_map(
        |(values, bin, gaps, scale)| TraceFormat {
            time_column: None,
            column: None,
            values,
            scale,
            bin: bin.then(|| SimDuration::from_secs(60)),
            gaps_are_empty: gaps,
            used: (SimTime::ZERO, SimTime::from_nanos(600_000_000_000)),
        },
    )
}

/// What a trace is found to be; everything that a run asks of it is asked.
fn judge_trace(path: &Path, format: TraceFormat) -> Result<(), TestCaseError> {
    match CheckedTrace::check(path, "t.csv", format, &AtomicBool::new(false)) {
        Err(error) => prop_assert!(error.to_string().starts_with("t.csv"), "{error}"),
        Ok(trace) => {
            let mut last = SimTime::ZERO;
            let rows: Vec<TraceRow> = trace.reader().expect("it was read before").collect();
            for row in &rows {
                let at = match *row {
                    TraceRow::Bin { start, .. } => start,
                    TraceRow::Request { at, .. } => at,
                };
                prop_assert!(at >= last, "rows are in order");
                last = at;
            }
            prop_assert_eq!(rows.len() as u64, trace.facts.rows);
            prop_assert!(trace.unchanged().is_ok());
            _ = (trace.silence(), trace.used_seconds());
        }
    }
    Ok(())
}

fn measured(value: f64) -> Measured {
    Measured { figures: vec![Some(value), None], fingerprint: "00ff".into(), requests: 7 }
}

/// A journal of three runs, as bytes.
fn journal(folder: &Path) -> Vec<u8> {
    let (store, _) = Store::open(folder, "plan", 2, Before::Forget).unwrap();
    (0..3).for_each(|run| store.keep((1, run), &measured(0.1 + run as f64)).unwrap());
    drop(store);
    fs::read(folder.join(JOURNAL)).unwrap()
}

/// Every run that a journal gives back was kept: damage loses runs and never makes one.
fn nothing_invented(folder: &Path) -> Result<(), String> {
    match Store::open(folder, "plan", 2, Before::Resume) {
        Err(failure) if failure.message.contains("--fresh starts over") => Ok(()),
        Err(failure) => Err(failure.message),
        Ok((_, done)) => {
            let kept = |(id, found): (&(usize, u64), &Measured)| {
                id.0 == 1 && id.1 < 3 && *found == measured(0.1 + id.1 as f64)
            };
            if done.iter().all(kept) { Ok(()) } else { Err(format!("{done:?}")) }
        }
    }
}

/// Each bit of each byte of a journal turned in turn.
#[test]
fn a_journal_with_any_bit_turned_invents_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let good = journal(folder.path());
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            fs::write(folder.path().join(JOURNAL), &bytes).unwrap();
            nothing_invented(folder.path()).unwrap_or_else(|why| panic!("byte {at}, bit {bit}: {why}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces_are_read_or_refused(edits in edits(), packed in any::<bool>(), after in edits(), format in format()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let mut bytes = edited(TRACE.as_bytes(), &edits);
        if packed {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, &bytes).unwrap();
            bytes = packer.finish().unwrap();
        }
        fs::write(&path, edited(&bytes, &after)).unwrap();
        judge_trace(&path, format)?;
    }

    #[test]
    fn changed_journals_invent_no_run(edits in edits()) {
        let folder = tempfile::tempdir().unwrap();
        let bytes = edited(&journal(folder.path()), &edits);
        fs::write(folder.path().join(JOURNAL), bytes).unwrap();
        prop_assert_eq!(nothing_invented(folder.path()), Ok(()));
    }

    #[test]
    fn saved_results_are_read_or_refused(edits in edits()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.json");
        fs::write(&path, edited(include_bytes!("../../../scenarios/gate.baseline.json"), &edits)).unwrap();
        match Saved::read(&path) {
            Err(failure) => prop_assert!(failure.message.contains("b.json"), "{}", failure.message),
            Ok(saved) => {
                for cell in &saved.cells {
                    saved.figures.iter().for_each(|path| _ = saved.values(cell, path));
                }
                fs::write(&path, saved.to_json()).unwrap();
                prop_assert_eq!(Saved::read(&path).map_err(|failure| failure.message), Ok(saved));
            }
        }
    }

    /// The log and the periods of a run with random changes, explained at every minute.
    #[test]
    fn changed_result_folders_are_explained_or_refused(log in edits(), rows in edits()) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("resolved.toml", simscale::scenario::starter("s").as_bytes());
        let activities = "at,t_s,kind,actor,instance,cause,before,asked,granted,reason,note\n\
            2026-03-02T00:01:00Z,60,alarm,high,,cpu,2,,2,,ok -> alarm\n\
            2026-03-02T00:01:00Z,60,decision,p,,high,2,3,3,,\n\
            2026-03-02T00:01:00Z,60,launch,group,7,,3,,3,,\n\
            2026-03-02T00:02:00Z,120,hold,p,,,3,4,3,cooldown until 00:05:00,\n\
            2026-03-02T00:03:00Z,180,service,group,7,,3,,3,,\n";
        write("activities.csv", &edited(activities.as_bytes(), &log));
        write("periods.csv", &edited(PERIODS.as_bytes(), &rows));
        match ResultFolder::read(folder.path()) {
            Err(failure) => prop_assert!(!failure.message.is_empty()),
            Ok(read) => (0..5).for_each(|minute| {
                let told = Explanation::new(&read, SimTime::from_nanos(minute * 60_000_000_000));
                told.page(&read).render(simscale_runner::report::Look::of_terminal());
            }),
        }
    }
}
