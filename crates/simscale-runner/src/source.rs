//! A scenario's file with what belongs to it: its text, the overrides laid on it, its checked trace.

use crate::failure::{Code, Failure};
use crate::input;
use crate::lead_in::{self, Cut};
use crate::output::{TraceRecord, file_name};
use crate::trace::{CheckedTrace, TraceFormat};
use simscale::Scenario;
use simscale::scenario::Rates;
use simscale::text::{MAX_BYTES, Override};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Values from the command line that change every scenario it names.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Seed in place of the scenario's.
    pub seed: Option<u64>,
    /// Assignments such as `group.max=30`, as they were given.
    pub set: Vec<String>,
}

/// A scenario that was read and checked whole.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file as it was named.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The scenario with all changes.
    pub scenario: Scenario,
    /// Its trace.
    pub trace: Option<Arc<CheckedTrace>>,
    /// Where the saved result lies that it is held against.
    pub versus: Option<PathBuf>,
    /// What is odd about the files, in sentences.
    pub warnings: Vec<String>,
    /// How its lead-in was found, once it was.
    pub cut: Option<Cut>,
}

impl Source {
    /// Reads and checks a file and the trace it names. The message holds all mistakes, drawn with colours. A set `stop`
    /// ends the reading of a long trace.
    pub fn read(file: &str, changes: &Changes, stop: &AtomicBool) -> Result<Source, Failure> {
        let text = read_text(file)?;
        let overrides = changes.overrides()?;
        let scenario = Scenario::read(file, &text, &overrides)
            .map_err(|mistakes| Failure::input(mistakes.render(true)))?;
        let mut traces = Traces::new(stop);
        let trace = traces.of(file, &scenario, &overrides)?;
        let versus = traces.versus(file, &scenario, &overrides);
        let warnings = traces.warnings;
        let sha256 = crate::hash::of_text(&text);
        Ok(Source { file: file.to_string(), sha256, scenario, trace, versus, warnings, cut: None })
    }

    /// Reads all files; the message of a failure holds the mistakes of all of them.
    pub fn read_all(files: &[String], changes: &Changes, stop: &AtomicBool) -> Result<Vec<Source>, Failure> {
        let (mut sources, mut mistakes) = (Vec::new(), Vec::new());
        for file in files {
            match Source::read(file, changes, stop) {
                Ok(source) => sources.push(source),
                Err(failure) if failure.code == Code::Stopped => return Err(failure),
                Err(failure) => mistakes.push(failure.message),
            }
        }
        if mistakes.is_empty() { Ok(sources) } else { Err(Failure::input(mistakes.join("\n\n"))) }
    }

    /// Mean and highest rate of the trace over the run.
    pub fn trace_rates(&self) -> Option<Rates> {
        Some(rates_of(&self.scenario, self.trace.as_ref()?))
    }

    /// The source with the lead-in found in a pilot with its own seed; `None` where the scenario gives one.
    pub fn settled(&self, stop: &AtomicBool) -> Result<Option<Source>, Failure> {
        if !self.scenario.seeks_lead_in() {
            return Ok(None);
        }
        let pilot = lead_in::pilot(&self.scenario, self.scenario.simulation.seed, stop)?;
        let (scenario, cut) = lead_in::settled(&self.scenario, &[pilot])?;
        Ok(Some(Source { scenario, cut: Some(cut), ..self.clone() }))
    }

    /// What the manifest says about the trace.
    pub fn trace_record(&self) -> Option<TraceRecord> {
        let (trace, checked) = (self.scenario.trace()?, self.trace.as_ref()?);
        Some(TraceRecord::new(&file_name(&trace.file), &checked.facts))
    }
}

/// The files that scenarios name: traces, each checked once however many scenarios use it, and saved results.
pub struct Traces<'a> {
    stop: &'a AtomicBool,
    checked: Vec<(PathBuf, TraceFormat, Arc<CheckedTrace>)>,
    /// What is odd about where they lie, in sentences.
    pub warnings: Vec<String>,
}

impl<'a> Traces<'a> {
    /// None opened yet.
    pub fn new(stop: &'a AtomicBool) -> Traces<'a> {
        Traces { stop, checked: Vec::new(), warnings: Vec::new() }
    }

    /// The trace of a scenario that was read from a file with overrides, checked whole; `None` when it has none.
    pub fn of(
        &mut self,
        file: &str,
        scenario: &Scenario,
        overrides: &[Override],
    ) -> Result<Option<Arc<CheckedTrace>>, Failure> {
        let Some(trace) = scenario.trace() else { return Ok(None) };
        let (path, given) = trace_path(file, &trace.file, overrides);
        let format = TraceFormat::of(trace, &scenario.simulation);
        let known = self.checked.iter().find(|(known, as_read, _)| *known == path && *as_read == format);
        if let Some((_, _, checked)) = known {
            let checked = Arc::clone(checked);
            fits(file, scenario, &checked)?;
            return Ok(Some(checked));
        }
        self.warn(file, "workload.trace.file", &path, given);
        let checked = CheckedTrace::check(&path, &path.display().to_string(), format.clone(), self.stop);
        let checked = checked.map_err(|error| match self.stop.load(Relaxed) {
            true => Failure::stopped(file),
            false => Failure::input(format!("{file}: workload.trace.file: {error}")),
        })?;
        let checked = Arc::new(checked);
        self.checked.push((path, format, Arc::clone(&checked)));
        fits(file, scenario, &checked)?;
        Ok(Some(checked))
    }
}

impl Traces<'_> {
    /// Where the saved result of a scenario's `expect.versus` lies.
    pub fn versus(&mut self, file: &str, scenario: &Scenario, overrides: &[Override]) -> Option<PathBuf> {
        let versus = scenario.expect.versus.as_deref()?;
        let (path, given) = placed(file, versus, overrides, &["expect", "expect.versus"]);
        self.warn(file, "expect.versus", &path, given);
        Some(path)
    }

    /// Names a file that lies outside the scenario's folder, once, unless `--set` names it.
    fn warn(&mut self, file: &str, key: &str, path: &Path, given: bool) {
        if !given && leaves(folder(file), path) {
            let path = path.display();
            let warning = format!("{file}: {key} reads outside the scenario's folder: {path}");
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

impl Changes {
    /// As overrides of a document, in their order; the seed last.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let parse = |assignment: &String| {
            Override::parse(assignment).map_err(|error| Failure::input(error.render(true)))
        };
        let mut overrides: Vec<Override> = self.set.iter().map(parse).collect::<Result<_, _>>()?;
        let seed =
            self.seed.map(|seed| Override::new("simulation.seed", seed.to_string()).with_origin("--seed"));
        overrides.extend(seed);
        Ok(overrides)
    }
}

/// The text of a scenario's file; no more of it is read than a scenario may have.
pub(crate) fn read_text(file: &str) -> Result<String, Failure> {
    if Path::new(file).is_dir() {
        return Err(Failure::input(format!(
            "{file} is a folder; name the scenario files in it, such as {file}/*.toml"
        )));
    }
    input::text(Path::new(file), MAX_BYTES as u64)
}

fn rates_of(scenario: &Scenario, trace: &CheckedTrace) -> Rates {
    let seconds = scenario.simulation.duration.seconds();
    Rates { mean: trace.facts.used_requests / seconds, peak: trace.facts.used_peak }
}

/// Refuses a run on a trace that nobody would see the end of.
fn fits(file: &str, scenario: &Scenario, trace: &CheckedTrace) -> Result<(), Failure> {
    match scenario.too_long(rates_of(scenario, trace)) {
        None => Ok(()),
        Some(why) => Err(Failure::input(format!("{file}: {why}"))),
    }
}

/// Where a trace lies, and whether `--set` says so.
fn trace_path(file: &str, trace: &str, overrides: &[Override]) -> (PathBuf, bool) {
    placed(file, trace, overrides, &["workload", "workload.trace", "workload.trace.file"])
}

/// Where a file lies that a scenario names, and whether `--set` says so: a path in a file is relative to that file, one given by
/// `--set` of one of these keys to the current folder.
fn placed(file: &str, named: &str, overrides: &[Override], keys: &[&str]) -> (PathBuf, bool) {
    let path = |change: &Override| change.path().replace(['"', '\'', ' '], "");
    let given = overrides.iter().any(|change| keys.contains(&&*path(change)));
    let base = if given { Path::new("") } else { folder(file) };
    (base.join(named), given)
}

fn folder(file: &str) -> &Path {
    Path::new(file).parent().unwrap_or(Path::new(""))
}

/// Whether a path ends outside a folder, links followed. What cannot be found leaves nothing.
fn leaves(folder: &Path, path: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (folder.canonicalize(), path.canonicalize()) {
        (Ok(folder), Ok(path)) => !path.starts_with(folder),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static GO: AtomicBool = AtomicBool::new(false);

    #[test]
    fn paths_are_relative_to_where_they_were_written() {
        let set = |assignment: &str| vec![Override::parse(assignment).unwrap()];
        let path = |overrides: &[Override]| trace_path("scenarios/x.toml", "t.csv", overrides).0;
        assert_eq!(path(&[]), Path::new("scenarios/t.csv"));
        assert_eq!(path(&set("group.max=3")), Path::new("scenarios/t.csv"));
        assert_eq!(path(&set("workload.trace.file=t.csv")), Path::new("t.csv"));
        assert_eq!(path(&set("workload.trace={ file = \"t.csv\" }")), Path::new("t.csv"));
        assert_eq!(trace_path("x.toml", "/data/t.csv", &[]).0, Path::new("/data/t.csv"));
    }

    #[test]
    fn files_that_cannot_be_read_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| {
            Source::read(&path.display().to_string(), &Changes::default(), &GO).unwrap_err().message
        };
        assert!(message(folder.path()).contains("is a folder"));
        let missing = message(&folder.path().join("no.toml"));
        assert!(
            missing.contains("no.toml: cannot be read: No such file")
                && missing.matches("no.toml").count() == 1,
            "{missing}"
        );
        let latin = folder.path().join("latin.toml");
        std::fs::write(&latin, b"schema = 1\nname = \"\xe9\"\n").unwrap();
        assert!(message(&latin).contains("latin.toml:2: is not UTF-8"));
    }
}
