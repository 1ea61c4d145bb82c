//! A folder in memory for the targets whose readers want files.

use std::path::PathBuf;
use std::sync::LazyLock;

/// One folder a process, in memory where the system has it.
pub fn folder() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = base.join(format!("simscale-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder of our own");
        folder
    });
    FOLDER.clone()
}
