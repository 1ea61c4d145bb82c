//! Trace files: checked whole in a first pass, streamed row by row in a second, in memory that does not grow with the file.

mod error;
mod open;
mod rows;

pub use error::TraceError;

use rows::{Row, Rows};
use simscale::engine::{SimDuration, SimTime, TraceReader, TraceRow};
use simscale::scenario::{RunSettings, Trace, TraceGaps, TraceValues};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// How to read a trace file.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceFormat {
    /// Column of times in seconds; by default the first one.
    pub time_column: Option<String>,
    /// Column of counts or rates; by default the first beside the times.
    pub column: Option<String>,
    /// What a row is.
    pub values: Values,
    /// Counts, rates and requests are multiplied by this in the run; here it only bounds the rate.
    pub scale: f64,
    /// Length of a bin; by default the distance of the first two rows.
    pub bin: Option<SimDuration>,
    /// Whether absent bins and empty cells stand for no requests, instead of being a mistake.
    pub gaps_are_empty: bool,
    /// The part of the trace that a run uses, on the trace's own clock.
    pub used: (SimTime, SimTime),
}

impl TraceFormat {
    /// How a scenario's trace is read.
    pub fn of(trace: &Trace, run: &RunSettings) -> TraceFormat {
        let from = SimTime::from_nanos(trace.offset.nanos());
        let work = trace.work_column.clone();
        TraceFormat {
            time_column: trace.time_column.clone(),
            column: trace.column.clone(),
            values: match trace.values {
                TraceValues::Counts => Values::Counts,
                TraceValues::Rates => Values::Rates,
                TraceValues::Requests => Values::Requests { work },
            },
            scale: trace.scale,
            bin: trace.bin.map(|bin| SimDuration::from_nanos(bin.nanos())),
            gaps_are_empty: trace.gaps == TraceGaps::Empty,
            used: (from, from + SimDuration::from_nanos(run.duration.nanos())),
        }
    }
}

/// What a row of a trace is.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// A bin with its number of requests.
    Counts,
    /// A bin with its mean number of requests per second.
    Rates,
    /// One request.
    Requests {
        /// Column with its CPU time in seconds.
        work: Option<String>,
    },
}

/// A trace file that passed all checks.
#[derive(Debug, Clone)]
pub struct CheckedTrace {
    path: PathBuf,
    format: TraceFormat,
    /// The first mistake that a reader met after all, which ended its stream.
    broken: Arc<OnceLock<TraceError>>,
    /// Facts about the file.
    pub facts: TraceFacts,
}

/// What the first pass learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceFacts {
    /// SHA-256 of the file as it lies on the disk.
    pub sha256: String,
    /// Rows.
    pub rows: u64,
    /// Requests in all of them, unscaled.
    pub requests: f64,
    /// First row's time.
    pub from: SimTime,
    /// End of the last row.
    pub to: SimTime,
    /// Length of a bin; `None` for single requests.
    pub step: Option<SimDuration>,
    /// Rows that the run uses.
    pub used_rows: u64,
    /// Requests in them, scaled.
    pub used_requests: f64,
    /// Highest rate among them, requests/s, scaled: of a bin, or of a second.
    pub used_peak: f64,
}

impl CheckedTrace {
    /// Reads the whole file once and refuses it at its first mistake. `shown` names the file in messages; a set `stop`
    /// ends it with an error at once.
    pub fn check(
        path: &Path,
        shown: &str,
        format: TraceFormat,
        stop: &AtomicBool,
    ) -> Result<CheckedTrace, TraceError> {
        let sha256 = open::hash(path, shown, stop)?;
        let mut facts = TraceFacts { sha256, ..TraceFacts::default() };
        let mut rows = Rows::open(path, shown, &format)?;
        let mut second = (0, 0.0);
        for row in &mut rows {
            facts.add(&row?, &format, &mut second);
            if stop.load(Relaxed) {
                return Err(TraceError::new(shown, None, "was not read to its end"));
            }
        }
        facts.step = rows.step().filter(|_| !matches!(format.values, Values::Requests { .. }));
        if facts.rows == 0 {
            return Err(TraceError::new(shown, None, "holds no row below its header"));
        }
        if facts.used_rows == 0 {
            let (from, to) = (facts.from.as_secs_f64(), facts.to.as_secs_f64());
            let (start, end) = (format.used.0.as_secs_f64(), format.used.1.as_secs_f64());
            let rule = format!(
                "covers {from} s to {to} s, and the run uses {start} s to {end} s of it: nothing would arrive"
            );
            let hint = format!(
                "set workload.trace.offset = \"{}s\" or another time inside the trace",
                facts.from.as_secs_f64()
            );
            return Err(TraceError::new(shown, None, rule).hint(hint));
        }
        Ok(CheckedTrace { path: path.to_path_buf(), format, broken: Arc::default(), facts })
    }

    /// The part of the run after the end of the trace, when nothing arrives any more.
    pub fn silence(&self) -> Option<SimDuration> {
        let silence = self.format.used.1.since(self.facts.to);
        let step = self.facts.step.unwrap_or(SimDuration::from_secs(60));
        (silence > step).then_some(silence)
    }

    /// Length of the part of the trace that was checked for use, seconds.
    pub fn used_seconds(&self) -> f64 {
        self.format.used.1.since(self.format.used.0).as_secs_f64().max(1e-9)
    }

    /// Streams the rows. A file that has changed since the check ends the stream at its first mistake, which
    /// [`CheckedTrace::unchanged`] tells.
    pub fn reader(&self) -> Result<TraceReader, TraceError> {
        let rows = Rows::open(&self.path, &self.path.display().to_string(), &self.format)?;
        let broken = Arc::clone(&self.broken);
        let good = move |row: Result<Row, TraceError>| row.map_err(|error| broken.set(error)).ok();
        Ok(Box::new(rows.map_while(good).map(|row| row.as_core())))
    }

    /// Whether what was read is what was checked: asked at the end of a run, which may have taken hours.
    ///
    /// # Errors
    /// A file that a reader found broken, or that is another one by its hash.
    pub fn unchanged(&self) -> Result<(), TraceError> {
        let shown = self.path.display().to_string();
        let changed = || {
            let hint = "keep it as it is until the run has ended, and run again";
            TraceError::new(&shown, None, "changed while it was read").hint(hint)
        };
        if self.broken.get().is_some() {
            return Err(changed());
        }
        let now = open::hash(&self.path, &shown, &AtomicBool::new(false)).map_err(|_| changed())?;
        if now == self.facts.sha256 { Ok(()) } else { Err(changed()) }
    }
}

impl TraceFacts {
    /// Counts a row; `second` holds the last second of single requests and how many it has.
    fn add(&mut self, row: &Row, format: &TraceFormat, second: &mut (u64, f64)) {
        if self.rows == 0 {
            self.from = row.start;
        }
        self.rows += 1;
        self.requests += row.requests;
        self.to = row.end;
        if row.start < format.used.0 || row.start >= format.used.1 {
            return;
        }
        let requests = row.requests * format.scale;
        self.used_rows += 1;
        self.used_requests += requests;
        let rate = if row.single {
            let now = row.start.as_nanos() / 1_000_000_000;
            *second = if now == second.0 { (now, second.1 + requests) } else { (now, requests) };
            second.1
        } else {
            requests / row.end.since(row.start).as_secs_f64()
        };
        self.used_peak = self.used_peak.max(rate);
    }
}

impl Row {
    fn as_core(&self) -> TraceRow {
        match self.single {
            true => TraceRow::Request { at: self.start, work: self.work },
            false => {
                TraceRow::Bin { start: self.start, width: self.end.since(self.start), count: self.requests }
            }
        }
    }
}

#[cfg(test)]
mod tests;
