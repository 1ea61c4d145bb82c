//! The journal of a sweep: one line a run, written as it ends, so that a kill loses no more than the runs in flight.

use crate::failure::Failure;
use crate::hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Name of the journal in the folder of a sweep; it goes when the sweep is done.
pub const JOURNAL: &str = "journal.jsonl";

/// Longest line of a journal that is read.
const LONGEST_LINE: u64 = 1 << 20;

/// Number of the journal's layout.
const SCHEMA: u32 = 2;

/// Which run: the place of its cell, and the number of its replication.
pub type RunId = (usize, u64);

/// What a run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Its figures, in the order that the sweep says; `None` where one could not be measured.
    pub figures: Vec<Option<f64>>,
    /// Hash of every outcome and every control fact.
    pub fingerprint: String,
    /// Requests simulated.
    pub requests: u64,
}

/// First line of a journal.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    schema: u32,
    /// Hash of all that fixes the runs: version, cells, figures.
    plan: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    cell: usize,
    replication: u64,
    figures: Vec<Option<f64>>,
    fingerprint: String,
    requests: u64,
    /// Hash of the line without it: a digit that changed on the disk would else pass for a result.
    sha256: String,
}

impl Line {
    fn of((cell, replication): RunId, measured: &Measured) -> Line {
        let Measured { figures, fingerprint, requests } = measured.clone();
        let mut line = Line { cell, replication, figures, fingerprint, requests, sha256: String::new() };
        line.sha256 = line.hash();
        line
    }

    fn hash(&self) -> String {
        let said = (self.cell, self.replication, &self.figures, &self.fingerprint, self.requests);
        hash::of_text(&serde_json::to_string(&said).expect("plain data has a form in JSON"))
    }
}

/// The file that keeps the runs that are done.
pub struct Store {
    path: PathBuf,
    file: Mutex<File>,
}

/// What is done with a journal that lies there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It is refused: somebody's work may be in it.
    Refuse,
    /// The runs in it count.
    Resume,
    /// It is thrown away.
    Forget,
}

impl Store {
    /// Opens the journal of a folder; hands over the runs that are in it. `plan` is the hash of all that fixes the runs, `figures` how
    /// many each has.
    ///
    /// # Errors
    /// A journal that is not wanted, or of other runs, or of no sweep, or damaged; a file that cannot be read or written.
    pub fn open(
        folder: &Path,
        plan: &str,
        figures: usize,
        before: Before,
    ) -> Result<(Store, BTreeMap<RunId, Measured>), Failure> {
        let path = folder.join(JOURNAL);
        let shown = path.display();
        let failed = |error: std::io::Error| Failure::input(format!("cannot use {shown}: {error}"));
        // Asked before it is opened: a pipe would keep this waiting for its other end.
        if std::fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
            return Err(Failure::input(format!("{shown} is not a regular file; move it away")));
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let empty = file.metadata().map_err(failed)?.len() == 0;
        if before == Before::Refuse && !empty {
            return Err(Failure::input(format!(
                "{shown} holds an unfinished sweep; --resume finishes it, --fresh starts over"
            )));
        }
        let mut done = BTreeMap::new();
        if before == Before::Resume && !empty {
            let good = read(&file, (plan, figures), &path, &mut done)?;
            file.set_len(good).map_err(failed)?;
        } else {
            file.set_len(0).map_err(failed)?;
        }
        if file.metadata().map_err(failed)?.len() == 0 {
            let header = Header { schema: SCHEMA, plan: plan.to_owned() };
            file.write_all(&line(&header)).map_err(failed)?;
        }
        Ok((Store { path, file: Mutex::new(file) }, done))
    }

    /// Keeps a run: when this returns, a kill of the program does not lose it.
    pub fn keep(&self, run: RunId, measured: &Measured) -> Result<(), Failure> {
        let entry = Line::of(run, measured);
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let path = self.path.display();
        let failed = |error: std::io::Error| Failure::input(format!("cannot write {path}: {error}"));
        let before = file.metadata().map_err(failed)?.len();
        file.write_all(&line(&entry)).map_err(|error| {
            // A full disk leaves half a line, and whatever another run writes behind it would be lost with it.
            _ = file.set_len(before);
            failed(error)
        })
    }

    /// The folder of the sweep.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The sweep is done and its tables are in place: the journal goes.
    pub fn remove(self) {
        // Best effort: one that stays says the same as the tables.
        _ = std::fs::remove_file(&self.path);
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).expect("our own layouts have a form in JSON");
    text.push(b'\n');
    text
}

/// Reads the runs of a journal; returns the length of what is whole. A last line without its end was cut off by a kill.
fn read(
    file: &File,
    (plan, figures): (&str, usize),
    path: &Path,
    done: &mut BTreeMap<RunId, Measured>,
) -> Result<u64, Failure> {
    let refuse = |number: usize, why: &str| {
        Failure::input(format!("{}:{number}: {why}; --fresh starts over", path.display()))
    };
    let (mut reader, mut good, mut number) = (BufReader::new(file), 0, 0);
    loop {
        let mut text = Vec::new();
        let read = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text)
            .map_err(|error| Failure::input(format!("cannot read {}: {error}", path.display())))?;
        number += 1;
        if read as u64 == LONGEST_LINE && text.last() != Some(&b'\n') {
            return Err(refuse(number, "is longer than a line of a journal can be"));
        }
        if text.pop() != Some(b'\n') {
            return Ok(good);
        }
        if number == 1 {
            let header: Header = serde_json::from_slice(&text)
                .map_err(|_| refuse(number, "is no head of a journal of simscale"))?;
            if header != (Header { schema: SCHEMA, plan: plan.to_owned() }) {
                let why =
                    "is of another scenario, sweep or version than the one at hand, and cannot be resumed";
                return Err(refuse(number, why));
            }
        } else {
            let entry: Line =
                serde_json::from_slice(&text).map_err(|_| refuse(number, "is no run of a sweep"))?;
            if entry.sha256 != entry.hash() {
                return Err(refuse(number, "is damaged: it does not have its own hash"));
            }
            if entry.figures.len() != figures {
                let why = format!("has {} figures where a run has {figures}", entry.figures.len());
                return Err(refuse(number, &why));
            }
            let measured =
                Measured { figures: entry.figures, fingerprint: entry.fingerprint, requests: entry.requests };
            done.insert((entry.cell, entry.replication), measured);
        }
        good += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64) -> Measured {
        Measured { figures: vec![Some(value), None], fingerprint: "00ff".into(), requests: 7 }
    }

    #[test]
    fn a_journal_that_was_cut_off_anywhere_loses_its_last_line_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        let (store, done) = Store::open(folder.path(), "plan", 2, Before::Refuse).unwrap();
        assert!(done.is_empty());
        for run in 0..3 {
            store.keep((1, run), &measured(0.1 + run as f64)).unwrap();
        }
        drop(store);
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> =
            whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        for cut in ends[0]..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (store, done) = Store::open(folder.path(), "plan", 2, Before::Resume).unwrap();
            let kept = ends.iter().filter(|&&end| end <= cut).count() - 1;
            assert_eq!(done.len(), kept, "cut at {cut}");
            store.keep((9, 9), &measured(4.0)).unwrap();
            drop(store);
            let (_, again) = Store::open(folder.path(), "plan", 2, Before::Resume).unwrap();
            assert_eq!(again.len(), kept + 1, "what was cut off is written over");
            assert!(done.iter().all(|(run, found)| again[run] == *found));
        }
        std::fs::write(&path, &whole[..ends[0] - 3]).unwrap();
        assert!(Store::open(folder.path(), "plan", 2, Before::Resume).unwrap().1.is_empty(), "a cut head");
    }

    #[test]
    fn numbers_come_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path(), "plan", 2, Before::Refuse).unwrap();
        let values = [0.1 + 0.2, 1e-300, 123_456_789.123_456_78, f64::MAX, 2f64.powi(-1074)];
        // A parser that is not exact to the last bit errs in some of a hundred: 2,000 of all sizes.
        let many = (1..2000).map(|n| f64::from(n).sqrt() * 10f64.powi(n % 37 - 18));
        let all: Vec<f64> = values.into_iter().chain(many).collect();
        for (run, &value) in (0..).zip(&all) {
            store.keep((0, run), &measured(value)).unwrap();
        }
        let (_, done) = Store::open(folder.path(), "plan", 2, Before::Resume).unwrap();
        assert!((0..).zip(&all).all(|(run, &value)| done[&(0, run)] == measured(value)));
    }

    #[test]
    fn journals_of_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = |plan: &str, before| Store::open(folder.path(), plan, 2, before).err().map(|f| f.message);
        assert_eq!(open("plan", Before::Refuse), None);
        assert!(open("plan", Before::Refuse).unwrap().contains("--resume finishes it"));
        assert!(open("other", Before::Resume).unwrap().contains("of another scenario, sweep or version"));
        std::fs::write(folder.path().join(JOURNAL), "{\"schema\":2,\"plan\":\"plan\"}\nnonsense\n").unwrap();
        assert!(open("plan", Before::Resume).unwrap().contains(":2: is no run of a sweep"));
        std::fs::write(folder.path().join(JOURNAL), "nonsense\n").unwrap();
        assert!(open("plan", Before::Resume).unwrap().contains(":1: is no head of a journal"));
        assert_eq!(open("other", Before::Forget), None);
    }
}
