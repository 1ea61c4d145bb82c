//! One run at a time in a folder: a lock that the system takes back when its process ends, however it ends.

use fs_err as fs;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file that is locked; it is there only as long as a run.
const LOCK: &str = ".simscale.lock";

/// A folder that this process alone may fill. Dropped, it leaves nothing behind but what was put into the folder.
pub(super) struct Claim {
    folder: PathBuf,
    lock: PathBuf,
    /// Open as long as the claim stands; locked where the file system can do that.
    _file: File,
    /// Whether nobody else is at work in the folder for sure.
    pub alone: bool,
    created: bool,
}

impl Claim {
    /// Claims a folder, and makes it when it is not there. `None` when another run has it.
    pub fn on(folder: &Path) -> io::Result<Option<Claim>> {
        let lock = folder.join(LOCK);
        let created = !folder.exists();
        // Again only when a run ends between two steps of this one.
        for _ in 0..100 {
            fs::create_dir_all(folder)?;
            let open = File::options().read(true).write(true).create(true).truncate(false).open(&lock);
            let file = match open {
                // The run before has just tidied up.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => continue,
                file => file?,
            };
            let alone = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => return Ok(None),
                // A file system without locks: better a run than none.
                Err(TryLockError::Error(_)) => false,
            };
            if same(&file, &lock) {
                return Ok(Some(Claim { folder: folder.to_path_buf(), lock, _file: file, alone, created }));
            }
        }
        Err(io::Error::other(format!("{LOCK} in it does not stay")))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Best effort: what stays is an empty file without a lock, or an empty folder, and neither is in anybody's way.
        _ = fs::remove_file(&self.lock);
        if self.created {
            _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Whether a path still leads to an open file; a run that ended meanwhile has removed its own.
#[cfg(unix)]
fn same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same(_: &File, path: &Path) -> bool {
    path.exists()
}
