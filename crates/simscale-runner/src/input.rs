//! Files from outside, read with bounds: whatever a name leads to, reading it ends, in memory that was stated before.

use crate::failure::Failure;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a pipe or a device may take to give all that is in it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The bytes of a file, one more than `most` at the most: whoever asks says what is wrong with a file that is longer.
///
/// # Errors
/// A file that cannot be read, or a pipe that does not end in time.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let failed = |error: io::Error| Failure::input(format!("{shown}: cannot be read: {error}"));
    if std::fs::metadata(path).map_err(failed)?.is_file() {
        return whole(path, most).map_err(failed);
    }
    // A pipe waits for its other end, perhaps for ever, and nothing can call it back; so another thread waits, and is left alone.
    let (sender, receiver) = channel();
    let there = PathBuf::from(path);
    std::thread::spawn(move || _ = sender.send(whole(&there, most)));
    match receiver.recv_timeout(PATIENCE) {
        Ok(read) => read.map_err(failed),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(Failure::input(format!(
            "{shown}: is no regular file, and does not end within {} s; save it to a file and name that",
            PATIENCE.as_secs()
        ))),
    }
}

fn whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As [`bytes`]; and what is not UTF-8, with its line.
pub fn text(path: &Path, most: u64) -> Result<String, Failure> {
    String::from_utf8(bytes(path, most)?).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Failure::input(format!("{}:{line}: is not UTF-8 text; save the file as UTF-8", path.display()))
    })
}

/// The text of a file that is refused when it is longer than `most` bytes.
///
/// # Errors
/// As [`text`].
pub fn bounded_text(path: &Path, most: u64) -> Result<String, Failure> {
    let length = std::fs::metadata(path).map_or(0, |file| file.len());
    let text = if length > most { None } else { Some(text(path, most)?) };
    text.filter(|text| text.len() as u64 <= most).ok_or_else(|| {
        Failure::input(format!(
            "{}: is longer than {} MiB, the most that is read",
            path.display(),
            most >> 20
        ))
    })
}
