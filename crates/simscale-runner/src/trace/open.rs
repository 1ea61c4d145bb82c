//! Opens a trace file whatever its packing, and bounds what a hostile one can cost.

use super::TraceError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// More text than this in one trace is refused: no real one has it, a gzip bomb does.
pub(super) const LONGEST_TEXT: u64 = 16 << 30;

/// A gzip file that unpacks to more than so many times its size is refused, once it has unpacked [`BOMB_FROM`] bytes: repeated rows are no
/// recording, and rows that differ do not pack so well.
const BOMB_RATIO: u64 = 200;

/// Text that any gzip file may unpack to.
const BOMB_FROM: u64 = 64 << 20;

/// More text than this in one row is refused.
const LONGEST_ROW: u64 = 1 << 20;

/// SHA-256 of a regular file. A set `stop` ends it at once.
pub(super) fn hash(path: &Path, shown: &str, stop: &AtomicBool) -> Result<String, TraceError> {
    let file = Stoppable { inner: regular(path, shown)?, stop };
    crate::hash::of_reader(file).map_err(|error| unreadable(shown, &error))
}

/// A reader that fails when it is told to stop.
struct Stoppable<'a> {
    inner: File,
    stop: &'a AtomicBool,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Relaxed) {
            return Err(io::Error::other("stopped"));
        }
        self.inner.read(buffer)
    }
}

/// The text of a file, unpacked when it is a gzip file by its first bytes.
pub(super) fn text(path: &Path, shown: &str) -> Result<Bounded, TraceError> {
    let mut file = regular(path, shown)?;
    let mut head = Vec::new();
    file.by_ref().take(6).read_to_end(&mut head).map_err(|error| unreadable(shown, &error))?;
    if head.is_empty() {
        return Err(TraceError::new(shown, None, "is empty")
            .hint("a trace starts with a header such as t_s,requests"));
    }
    if let Some((what, hint)) = foreign(&head) {
        return Err(TraceError::new(shown, None, format!("is {what}, not CSV text or gzip")).hint(hint));
    }
    let packed = head.starts_with(&[0x1f, 0x8b]);
    let most = file.metadata().ok().filter(|_| packed);
    let most = most.map_or(LONGEST_TEXT, |file| (file.len() * BOMB_RATIO).clamp(BOMB_FROM, LONGEST_TEXT));
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).to_vec();
    let whole = io::Cursor::new(head).chain(file);
    let inner: Box<dyn Read + Send> =
        if packed { Box::new(MultiGzDecoder::new(BufReader::new(whole))) } else { Box::new(whole) };
    Ok(Bounded { inner, total: 0, most, row: RowMeter::default() })
}

fn regular(path: &Path, shown: &str) -> Result<File, TraceError> {
    // Asked before it is opened: a pipe without a writer would wait for one.
    let kind = std::fs::metadata(path).map_err(|error| unreadable(shown, &error))?;
    if !kind.is_file() {
        return Err(TraceError::new(shown, None, "is not a regular file")
            .hint("a trace is read twice: save it to a file"));
    }
    // Told by its size, before hours are spent on its hash.
    if kind.len() > LONGEST_TEXT {
        let rule = format!("is {} GiB long, and {} GiB are the most", kind.len() >> 30, LONGEST_TEXT >> 30);
        return Err(TraceError::new(shown, None, rule).hint("split it, or count the requests into bins"));
    }
    File::open(path).map_err(|error| unreadable(shown, &error))
}

fn unreadable(shown: &str, error: &io::Error) -> TraceError {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => {
            "a path in a file is relative to that file, one given by --set to the current folder"
        }
        _ => "the trace must be a file that can be read",
    };
    TraceError::new(shown, None, format!("cannot be read: {error}")).hint(hint)
}

fn foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let signs: [(&[u8], &str, &str); 7] = [
        (b"PK\x03\x04", "a zip archive", "unpack it first"),
        (b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it with zstd -d, or pack it with gzip"),
        (b"\xfd7zXZ", "an xz file", "unpack it with xz -d, or pack it with gzip"),
        (b"BZh", "a bzip2 file", "unpack it with bzip2 -d, or pack it with gzip"),
        (b"PAR1", "a Parquet file", "export it as CSV"),
        (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
    ];
    signs.iter().find(|(sign, ..)| head.starts_with(sign)).map(|&(_, what, hint)| (what, hint))
}

/// Text since the last row, shared between the reader that counts it and the parser that resets it.
#[derive(Clone, Default)]
pub(super) struct RowMeter(Arc<AtomicU64>);

impl RowMeter {
    /// A row has ended.
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

/// A reader that fails when a row or the whole text grows beyond what a trace can have.
pub(super) struct Bounded {
    inner: Box<dyn Read + Send>,
    total: u64,
    /// Most text in all.
    most: u64,
    /// Shared with the parser.
    pub row: RowMeter,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.total += read as u64;
        let row = self.row.0.fetch_add(read as u64, Relaxed) + read as u64;
        if self.total > LONGEST_TEXT {
            return Err(io::Error::other(format!("it holds more than {} GiB of text", LONGEST_TEXT >> 30)));
        }
        if self.total > self.most {
            return Err(io::Error::other(format!("it unpacks to more than {BOMB_RATIO} times its size")));
        }
        if row > LONGEST_ROW {
            return Err(io::Error::other(format!("a row is longer than {} KiB", LONGEST_ROW >> 10)));
        }
        Ok(read)
    }
}
