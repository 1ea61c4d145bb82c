//! The files of a result folder are written in a hidden folder inside it and moved into place at the end, each by one rename.

use super::claim::Claim;
use crate::failure::Failure;
use fs_err as fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The files of a result folder, in the order in which they are moved into place. The manifest goes last, so that a folder
/// with a manifest is whole.
pub const FILES: [&str; 10] = [
    "summary.json",
    "periods.csv",
    "activities.csv",
    "instances.csv",
    "timeline.svg",
    "timeline.png",
    "report.html",
    "resolved.toml",
    "timing.json",
    "manifest.json",
];

/// A folder that holds this file is published: somebody wrote down what its results show, and no run overwrites them unasked.
pub const PUBLISHED_MARK: &str = "README.md";

/// How the names of hidden folders begin in which runs put their files together.
const STAGING: &str = ".simscale-run-";

/// A folder of results in the making, for a fixed list of files. Dropped before [`Folder::publish`], it leaves nothing behind.
pub struct Folder {
    target: PathBuf,
    files: &'static [&'static str],
    written: Vec<&'static str>,
    // Dropped in this order: the claim is given back last.
    staging: TempDir,
    _claim: Claim,
}

impl Folder {
    /// Prepares to fill `target`, and fails early where that could not be done. A published folder is refused unless `named`:
    /// asked for by name.
    pub fn prepare(target: &Path, named: bool) -> Result<Folder, Failure> {
        Folder::prepare_for(target, named, &FILES)
    }

    /// The same for other files than those of a run.
    pub fn prepare_for(
        target: &Path,
        named: bool,
        files: &'static [&'static str],
    ) -> Result<Folder, Failure> {
        let shown = target.display();
        let exists = match fs::metadata(target) {
            Ok(kind) if !kind.is_dir() => {
                return Err(Failure::input(format!(
                    "{shown} is a file, not a folder; name another with --out"
                )));
            }
            found => found.is_ok(),
        };
        if exists && !named && target.join(PUBLISHED_MARK).exists() {
            return Err(Failure::input(format!(
                "{shown} holds published results (there is a {PUBLISHED_MARK}); \
                 say --out {shown} to overwrite them, or name another folder"
            )));
        }
        no_folder_in_the_way(target, files)?;
        let failed = |error: std::io::Error| Failure::input(format!("cannot write into {shown}: {error}"));
        let Some(claim) = Claim::on(target).map_err(failed)? else {
            return Err(Failure::input(format!(
                "another run is writing into {shown}; wait for its end, or name another folder with --out"
            )));
        };
        if claim.alone {
            remove_remains(target);
        }
        let staging = with_mode(tempfile::Builder::new().prefix(STAGING), 0o777).tempdir_in(target);
        let staging = staging.map_err(failed)?;
        Ok(Folder { target: target.to_path_buf(), files, written: Vec::new(), staging, _claim: claim })
    }

    /// The folder that will hold the results.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Opens one of its files to be written in pieces.
    pub fn create(&mut self, name: &'static str) -> Result<BufWriter<fs::File>, Failure> {
        debug_assert!(self.files.contains(&name), "{name} is a file of a result folder");
        let file =
            fs::File::create(self.staging.path().join(name)).map_err(|error| write_failure(name, &error))?;
        self.written.push(name);
        Ok(BufWriter::new(file))
    }

    /// Writes one of its files at once.
    pub fn write(&mut self, name: &'static str, content: &[u8]) -> Result<(), Failure> {
        let mut file = self.create(name)?;
        file.write_all(content).and_then(|()| file.flush()).map_err(|error| write_failure(name, &error))
    }

    /// Moves the files into place. Result files of an older run that this one did not write are removed: they would lie. What
    /// cannot be moved is kept in a folder of its own and named: it may be the work of hours.
    pub fn publish(self) -> Result<PathBuf, Failure> {
        let moved = no_folder_in_the_way(&self.target, self.files).and_then(|()| self.move_all());
        let Err(failure) = moved else { return Ok(self.target) };
        let kept = keep(self.staging, &self.target);
        let message = format!("{}; the new results are kept in {}", failure.message, kept.display());
        Err(Failure { message, ..failure })
    }

    fn move_all(&self) -> Result<(), Failure> {
        let failed =
            |error: std::io::Error| Failure::input(format!("cannot move the results into place: {error}"));
        let manifest = self.target.join("manifest.json");
        if manifest.exists() {
            fs::remove_file(&manifest).map_err(failed)?;
        }
        for &name in self.files {
            let place = self.target.join(name);
            if self.written.contains(&name) {
                fs::rename(self.staging.path().join(name), &place).map_err(failed)?;
            } else if place.exists() {
                fs::remove_file(&place).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Refuses a folder that lies where a result file belongs, before anything is moved.
fn no_folder_in_the_way(target: &Path, files: &[&str]) -> Result<(), Failure> {
    match files.iter().find(|name| target.join(name).is_dir()) {
        None => Ok(()),
        Some(name) => Err(Failure::input(format!(
            "{}/{name} is a folder where a result file belongs; move it away",
            target.display()
        ))),
    }
}

/// Gives results that could not be moved into place a name that no later run tidies away.
fn keep(staging: TempDir, target: &Path) -> PathBuf {
    let hidden = staging.keep();
    let names = (1..1000).map(|number| target.join(format!("unpublished-{number}")));
    let free = names.into_iter().find(|name| !name.exists());
    match free.filter(|free| fs::rename(&hidden, free).is_ok()) {
        Some(named) => named,
        None => hidden,
    }
}

/// Removes what a run left that was killed: nobody else is at work in the folder.
fn remove_remains(target: &Path) {
    for entry in fs::read_dir(target).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            // Best effort: what stays is in nobody's way.
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes one file outside a result folder whole or not at all.
pub fn write_whole(path: &Path, content: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::input(format!("cannot write {}: {error}", path.display()));
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = with_mode(tempfile::Builder::new().prefix(".simscale-"), 0o666)
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(content.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Temporary names are private by default; results shall have the mode that the user's mask gives to new files.
fn with_mode<'a>(
    builder: &'a mut tempfile::Builder<'static, 'static>,
    mode: u32,
) -> &'a tempfile::Builder<'static, 'static> {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

fn write_failure(name: &str, error: &std::io::Error) -> Failure {
    Failure::input(format!("cannot write {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_filled_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("a/b");
        let mut folder = Folder::prepare(&target, false).unwrap();
        folder.write("summary.json", b"{}").unwrap();
        drop(folder);
        assert!(names(&root.path().join("a")).is_empty());
        let mut folder = Folder::prepare(&target, false).unwrap();
        folder.write("summary.json", b"{}").unwrap();
        folder.write("manifest.json", b"{}").unwrap();
        folder.publish().unwrap();
        assert_eq!(names(&target), ["manifest.json", "summary.json"]);
        assert_eq!(names(&root.path().join("a")), ["b"]);
    }

    #[test]
    fn a_folder_belongs_to_one_run_at_a_time_and_a_killed_one_is_cleaned_up_after() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("x");
        let mut first = Folder::prepare(&target, false).unwrap();
        let error = Folder::prepare(&root.path().join("./x/."), false).err().unwrap().message;
        assert!(error.starts_with("another run is writing into "), "{error}");
        first.write("summary.json", b"{}").unwrap();
        first.publish().unwrap();
        fs::create_dir_all(target.join(".simscale-run-killed/deep")).unwrap();
        fs::write(target.join(".simscale.lock"), "").unwrap();
        drop(Folder::prepare(&target, false).unwrap());
        assert_eq!(names(&target), ["summary.json"]);
    }

    #[test]
    fn a_second_run_replaces_files_and_removes_those_that_would_lie() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("x");
        fs::create_dir(&target).unwrap();
        for name in ["summary.json", "timeline.png", "notes.txt"] {
            fs::write(target.join(name), "old").unwrap();
        }
        let mut folder = Folder::prepare(&target, false).unwrap();
        folder.write("summary.json", b"new").unwrap();
        assert_eq!(fs::read_to_string(target.join("summary.json")).unwrap(), "old");
        folder.publish().unwrap();
        assert_eq!(names(&target), ["notes.txt", "summary.json"]);
        assert_eq!(fs::read_to_string(target.join("summary.json")).unwrap(), "new");
    }

    #[test]
    fn published_folders_files_and_odd_folders_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("x");
        fs::create_dir(&target).unwrap();
        fs::write(target.join(PUBLISHED_MARK), "what this shows").unwrap();
        let error = Folder::prepare(&target, false).err().unwrap().message;
        assert!(error.contains("published") && error.contains("--out"), "{error}");
        assert!(Folder::prepare(&target, true).is_ok());
        fs::create_dir(target.join("periods.csv")).unwrap();
        assert!(Folder::prepare(&target, true).err().unwrap().message.contains("periods.csv is a folder"));
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Folder::prepare(&file, true).err().unwrap().message.contains("is a file, not a folder"));
        assert!(Folder::prepare(&file.join("below"), true).is_err());
    }
}
