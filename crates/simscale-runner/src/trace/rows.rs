//! The rows of a trace, each checked against the one before: the same code validates the file and feeds the run.

use super::open::{self, Bounded, RowMeter};
use super::{TraceError, TraceFormat, Values};
use csv::{ByteRecord, Reader, ReaderBuilder};
use simscale::engine::{SimDuration, SimTime};
use std::io::{self, Read};
use std::path::Path;

/// More requests per second than this are a mistake in the file.
const HIGHEST_RATE: f64 = 1e9;

/// More rows than this are refused.
const MOST_ROWS: u64 = 1_000_000_000;

/// Steps that differ by less than this are equal: text with few decimals rounds.
const STEP_SLACK_NS: u64 = 1_000_000;

/// A checked row: a bin, or a single request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub start: SimTime,
    pub end: SimTime,
    pub requests: f64,
    pub single: bool,
    pub work: Option<SimDuration>,
}

/// A row as it stands in the file; a bin gets its width from the next one.
#[derive(Clone, Copy)]
struct Raw {
    line: u64,
    at: u64,
    value: f64,
    work: Option<SimDuration>,
}

/// Rows in time order; the first mistake ends them.
pub(super) struct Rows {
    shown: String,
    csv: Reader<Bounded>,
    meter: RowMeter,
    record: ByteRecord,
    columns: Columns,
    format: TraceFormat,
    step: Option<u64>,
    held: Option<Raw>,
    count: u64,
    ended: bool,
}

/// Places and names of the columns in use.
struct Columns {
    time: (usize, String),
    value: Option<(usize, String)>,
    work: Option<(usize, String)>,
}

impl Rows {
    pub fn open(path: &Path, shown: &str, format: &TraceFormat) -> Result<Rows, TraceError> {
        let text = open::text(path, shown)?;
        let delimiter = delimiter(path, shown)?;
        let meter = text.row.clone();
        let mut csv = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .comment(Some(b'#'))
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text);
        let mut header = ByteRecord::new();
        let found = csv.read_byte_record(&mut header).map_err(|error| broken(shown, None, &error))?;
        meter.reset();
        if !found {
            return Err(TraceError::new(shown, None, "is empty")
                .hint("a trace starts with a header such as t_s,requests"));
        }
        let line = header.position().map(csv::Position::line);
        let columns = Columns::find(&header, format).map_err(|(rule, hint)| {
            let error = TraceError::new(shown, line, rule);
            if hint.is_empty() { error } else { error.hint(hint) }
        })?;
        Ok(Rows {
            shown: shown.to_string(),
            csv,
            meter,
            record: header,
            columns,
            format: format.clone(),
            step: format.bin.map(SimDuration::as_nanos),
            held: None,
            count: 0,
            ended: false,
        })
    }

    /// Length of a bin, when it was given or two rows were read.
    pub fn step(&self) -> Option<SimDuration> {
        self.step.map(SimDuration::from_nanos)
    }

    fn fail(&self, line: u64, rule: impl Into<String>) -> TraceError {
        TraceError::new(&self.shown, Some(line), rule)
    }

    /// The next row of the file.
    fn raw(&mut self) -> Result<Option<Raw>, TraceError> {
        let previous = self.record.position().map(|position| position.line());
        match self.csv.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err(broken(&self.shown, previous, &error)),
        }
        self.meter.reset();
        self.count += 1;
        let line = self.record.position().map_or(0, csv::Position::line);
        if self.count > MOST_ROWS {
            return Err(self.fail(line, format!("the file has more than {MOST_ROWS} rows")));
        }
        let at = self.time(line)?;
        let value = match &self.columns.value {
            Some((index, name)) => self.number(line, *index, name)?,
            None => 1.0,
        };
        let work = match &self.columns.work {
            Some((index, name)) => {
                let work = self.number(line, *index, name)? * 1e9;
                if work > (1u64 << 45) as f64 {
                    return Err(self.fail(
                        line,
                        format!("{name}: a request cannot carry more than 9.7 hours of CPU time"),
                    ));
                }
                Some(SimDuration::from_nanos(work.round() as u64))
            }
            None => None,
        };
        Ok(Some(Raw { line, at, value, work }))
    }

    fn cell(&self, line: u64, index: usize, name: &str) -> Result<&str, TraceError> {
        let Some(bytes) = self.record.get(index) else {
            let rule = format!("{name}: the row ends after {} of its columns", self.record.len());
            return Err(self.fail(line, rule).hint("the file may be truncated"));
        };
        std::str::from_utf8(bytes)
            .map_err(|_| self.fail(line, format!("{name}: is not UTF-8 text")).hint("save the file as UTF-8"))
    }

    fn time(&self, line: u64) -> Result<u64, TraceError> {
        let (index, name) = &self.columns.time;
        let text = self.cell(line, *index, name)?;
        nanos(text).ok_or_else(|| {
            let rule = format!("{name}: {} is no time in seconds", quoted(text));
            self.fail(line, rule)
                .hint("times are seconds since the start of the trace, 0 or more, such as 60 or 0.25")
        })
    }

    /// A number that is finite and not negative.
    fn number(&self, line: u64, index: usize, name: &str) -> Result<f64, TraceError> {
        let text = self.cell(line, index, name)?;
        if text.is_empty() && self.format.gaps_are_empty {
            return Ok(0.0);
        }
        let rule = match text.parse::<f64>() {
            Ok(value) if value.is_nan() => "is not a number".to_string(),
            Ok(value) if value < 0.0 => "is negative".to_string(),
            Ok(value) if value.is_infinite() => "is infinite".to_string(),
            Ok(value) => return Ok(value),
            Err(_) if text.is_empty() => {
                let error = self.fail(line, format!("{name}: the cell is empty"));
                return Err(error.hint("gaps = \"empty\" reads it as no requests"));
            }
            Err(_) => "is no number".to_string(),
        };
        Err(self.fail(line, format!("{name}: {} {rule}", quoted(text))))
    }

    fn in_order(&self, before: &Raw, now: &Raw) -> Result<(), TraceError> {
        let name = &self.columns.time.1;
        let seconds = |raw: &Raw| raw.at as f64 / 1e9;
        if now.at < before.at {
            let rule =
                format!("{name}: {} is before {} of line {}", seconds(now), seconds(before), before.line);
            return Err(self.fail(now.line, rule).hint("sort the rows by time"));
        }
        if now.at == before.at && !self.single() {
            let rule = format!("{name}: {} stands in line {} already", seconds(now), before.line);
            return Err(self.fail(now.line, rule).hint("each bin has one row"));
        }
        Ok(())
    }

    /// Learns or checks the width of a bin from the distance to the next one.
    fn width(&mut self, before: &Raw, now: &Raw) -> Result<u64, TraceError> {
        let distance = now.at - before.at;
        let step = *self.step.get_or_insert(distance);
        if distance.abs_diff(step) <= STEP_SLACK_NS.min(step / 2) {
            return Ok(distance);
        }
        let whole_steps = (distance + step / 2) / step;
        let missing = whole_steps > 1 && distance.abs_diff(whole_steps * step) <= STEP_SLACK_NS.min(step / 2);
        if missing && self.format.gaps_are_empty {
            return Ok(step);
        }
        let seconds = |ns: u64| ns as f64 / 1e9;
        let rule = format!(
            "{}: {} is {} s after line {}, while a bin is {} s long",
            self.columns.time.1,
            seconds(now.at),
            seconds(distance),
            before.line,
            seconds(step)
        );
        let hint = match missing {
            true => format!(
                "{} rows are missing: add them, or say gaps = \"empty\" to read them as no requests",
                whole_steps - 1
            ),
            false => "bins must have one width".to_string(),
        };
        Err(self.fail(now.line, rule).hint(hint))
    }

    fn single(&self) -> bool {
        matches!(self.format.values, Values::Requests { .. })
    }

    /// The held row as a bin of this width.
    fn bin(&self, raw: &Raw, width: u64) -> Result<Row, TraceError> {
        let seconds = width as f64 / 1e9;
        let requests = if self.format.values == Values::Rates { raw.value * seconds } else { raw.value };
        let rate = requests / seconds * self.format.scale;
        if rate > HIGHEST_RATE {
            let name = self.columns.value.as_ref().map_or("", |(_, name)| name);
            let scaled = if self.format.scale == 1.0 {
                String::new()
            } else {
                format!(" times scale {}", self.format.scale)
            };
            let rule = format!(
                "{name}: {}{scaled} makes {rate:e} requests/s, and more than 1e9/s is a mistake",
                shown(raw.value)
            );
            return Err(self.fail(raw.line, rule));
        }
        let start = SimTime::from_nanos(raw.at);
        Ok(Row { start, end: start + SimDuration::from_nanos(width), requests, single: false, work: None })
    }

    fn advance(&mut self) -> Result<Option<Row>, TraceError> {
        loop {
            let next = self.raw()?;
            if let (Some(before), Some(now)) = (&self.held, &next) {
                self.in_order(before, now)?;
            }
            let Some(before) = std::mem::replace(&mut self.held, next) else {
                if self.held.is_none() {
                    return Ok(None);
                }
                continue;
            };
            if self.single() {
                let at = SimTime::from_nanos(before.at);
                return Ok(Some(Row { start: at, end: at, requests: 1.0, single: true, work: before.work }));
            }
            let width = match (self.held, self.step) {
                (Some(now), _) => self.width(&before, &now)?,
                (None, Some(step)) => step,
                (None, None) => {
                    let error = self.fail(before.line, "a single row has no width");
                    return Err(error.hint("say how long it is: bin = \"60s\""));
                }
            };
            return self.bin(&before, width).map(Some);
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.advance().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

impl Columns {
    /// Finds the columns by name; a rule and a hint when one is missing.
    fn find(header: &ByteRecord, format: &TraceFormat) -> Result<Columns, (String, String)> {
        let names: Vec<String> =
            header.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let hint = "the first line names the columns: t_s,requests".to_string();
            return Err(("the file has no header".to_string(), hint));
        }
        let find = |name: &str| -> Result<(usize, String), (String, String)> {
            match names.iter().position(|have| have == name) {
                Some(index) => Ok((index, name.to_string())),
                None => Err((format!("there is no column {}", quoted(name)), advice(name, &names))),
            }
        };
        let time = match &format.time_column {
            Some(name) => find(name)?,
            None => (0, names[0].clone()),
        };
        let (mut value, mut work) = (None, None);
        match (&format.values, &format.column) {
            (Values::Requests { work: column }, _) => {
                work = column.as_deref().map(find).transpose()?;
            }
            (_, Some(name)) => value = Some(find(name)?),
            (_, None) => {
                let Some(index) = (0..names.len()).find(|&index| index != time.0) else {
                    let hint =
                        "add one of counts or rates, or say values = \"requests\" for one request a row";
                    return Err(("there is no column beside the times".to_string(), hint.to_string()));
                };
                value = Some((index, names[index].clone()));
            }
        }
        Ok(Columns { time, value, work })
    }
}

/// What a csv error means to a reader of the message.
fn broken(shown: &str, previous: Option<u64>, error: &csv::Error) -> TraceError {
    let csv::ErrorKind::Io(error) = error.kind() else {
        return TraceError::new(shown, previous.map(|line| line + 1), error.to_string());
    };
    let (rule, hint) = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            ("the gzip file is truncated".to_string(), "copy or download it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            (format!("the gzip file is damaged: {error}"), "copy or download it again")
        }
        io::ErrorKind::Other => (error.to_string(), "this is no trace that could be meant"),
        _ => (format!("cannot be read: {error}"), "try again, or copy the file"),
    };
    TraceError::new(shown, previous.map(|line| line + 1), rule).hint(hint)
}

/// The sign that stands most often in the first line.
fn delimiter(path: &Path, shown: &str) -> Result<u8, TraceError> {
    let mut head = Vec::new();
    let text = open::text(path, shown)?;
    text.take(4096).read_to_end(&mut head).map_err(|error| broken(shown, None, &csv::Error::from(error)))?;
    let lines = head.split(|&byte| byte == b'\n');
    let first = lines.into_iter().find(|line| !line.starts_with(b"#")).unwrap_or_default();
    let times = |sign: u8| first.iter().filter(|&&byte| byte == sign).count();
    Ok(*[b'\t', b';', b','].iter().max_by_key(|&&sign| times(sign)).expect("there are three"))
}

/// A number as people write it: 300 digits are none.
fn shown(value: f64) -> String {
    if value.abs() < 1e15 { value.to_string() } else { format!("{value:e}") }
}

/// Columns to choose from, the likeliest first.
fn advice(wanted: &str, names: &[String]) -> String {
    let (want, least) = (wanted.to_lowercase(), 3);
    let close = names.iter().find(|name| {
        let have = name.to_lowercase();
        have.len().min(want.len()) >= least
            && (have.starts_with(&want) || want.starts_with(&have) || have == want)
    });
    match close {
        Some(name) => format!("did you mean {}? The columns are {}", quoted(name), list(names)),
        None => format!("the columns are {}", list(names)),
    }
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text: Vec<String> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    if names.len() > SHOWN {
        text.push(format!("and {} more", names.len() - SHOWN));
    }
    text.join(", ")
}

/// A text in quotes, without control signs, cut after 40 characters.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().count() > 40 { format!("\"{short}...\"") } else { format!("\"{short}\"") }
}

/// Seconds in decimal notation as whole nanoseconds: exact, because a float is never a clock.
pub(super) fn nanos(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        // Scientific notation is rare and rounded.
        let seconds: f64 = text.parse().ok()?;
        let sane = text.bytes().any(|byte| byte == b'e' || byte == b'E') && (0.0..1e9).contains(&seconds);
        return sane.then(|| (seconds * 1e9).round() as u64);
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let kept = &fraction[..fraction.len().min(9)];
    let fraction: u64 = format!("{kept:0<9}").parse().ok()?;
    // 2^60 ns, about 36 years, would be beyond the clock of a run; a trace may start later by its own clock.
    whole.checked_mul(1_000_000_000)?.checked_add(fraction).filter(|&ns| ns < 1 << 62)
}
