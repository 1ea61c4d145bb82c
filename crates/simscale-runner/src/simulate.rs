//! One run from a checked source to a published folder.

use crate::failure::{Code, Failure};
use crate::number;
use crate::output::{Folder, Manifest, Timing, command_line, file_name, write_whole};
use crate::record::{Progress, Recorder};
use crate::report;
use crate::saved::Saved;
use crate::source::{Changes, Source};
use crate::timeline::{self, Labels, Promise};
use crate::versus;
use serde::Serialize;
use simscale::Scenario;
use simscale::engine::{BrokenLaw, RunResult};
use simscale::summary::{Expectation, Summary};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What a run left behind.
pub struct Done {
    /// What was found.
    pub summary: Summary,
    /// Judged expectations; empty when they were not asked for.
    pub expectations: Vec<Expectation>,
    /// What the person should know beside, in sentences.
    pub notes: Vec<String>,
    /// How fast it went.
    pub timing: Timing,
    /// Where the files lie.
    pub folder: PathBuf,
}

/// What is the same for all runs of a command.
pub struct Setting<'a> {
    /// Changes from the command line.
    pub changes: &'a Changes,
    /// Whether `[expect]` is judged.
    pub expect: bool,
    /// Whether the result becomes the baseline that others are held against.
    pub saves: bool,
    /// Set by Ctrl-C.
    pub stop: &'a AtomicBool,
    /// The progress bar.
    pub progress: &'a Progress,
}

/// Runs a scenario and publishes its results.
pub fn simulate(source: &Source, mut folder: Folder, setting: &Setting<'_>) -> Result<Done, Failure> {
    let settled = source.settled(setting.stop)?;
    let source = settled.as_ref().unwrap_or(source);
    let scenario = &source.scenario;
    // Read before the run, so that hours of simulation do not end in a missing file.
    let versus = source.versus.as_deref().filter(|_| setting.expect && !setting.saves);
    let baseline = versus.map(|path| Saved::read(path).map(|saved| (path, saved))).transpose()?;
    let rows = source
        .trace
        .as_ref()
        .map(|trace| trace.reader())
        .transpose()
        .map_err(|e| Failure::input(e.to_string()))?;
    let simulation =
        scenario.simulation(None, rows).map_err(|mistakes| Failure::input(mistakes.render(true)))?;
    let mut recorder = Recorder::new(&mut folder, &scenario.simulation, setting.stop, setting.progress)?;
    let started = Instant::now();
    let result = simulation.run(&mut recorder);
    let wall_s = started.elapsed().as_secs_f64();
    let result = result.map_err(|broken| report_law(&broken, source, setting.changes, folder.target()))?;
    let (series, requests) = recorder.finish()?;
    if result.stopped_at.is_some() {
        return Err(Failure::stopped(&source.file));
    }
    source
        .trace
        .as_ref()
        .map_or(Ok(()), |trace| trace.unchanged())
        .map_err(|error| Failure::input(format!("{}: workload.trace.file: {error}", source.file)))?;
    let summary = summary(source, &result);
    let bounds = scenario.expect.figures.iter().filter(|_| setting.expect);
    let bounds = bounds.filter_map(|(path, bound)| Some((path.as_str(), bound.bounds()?)));
    let mut expectations = summary.judge(bounds);
    let mut notes: Vec<String> =
        source.cut.iter().map(|cut| format!("{}: lead-in of {}", scenario.name, cut.sentence())).collect();
    if let Some((path, saved)) = baseline {
        match versus::judge_run(scenario, &summary, path, &saved) {
            Ok(judged) => expectations.extend(judged),
            Err(note) => notes.push(note),
        }
    }
    let labels = labels(scenario, &summary, &result);
    let svg = timeline::svg(&series, &labels);
    let timing = timing(wall_s, &result, requests);
    folder.write("summary.json", &json(&summary))?;
    folder.write("timeline.svg", svg.as_bytes())?;
    #[cfg(feature = "png")]
    folder.write("timeline.png", &timeline::png(&svg))?;
    let resolved = resolved(scenario);
    folder.write("resolved.toml", resolved.as_bytes())?;
    folder.write("timing.json", &json(&timing))?;
    let manifest = manifest(source, &summary, setting.changes, &resolved);
    let told = report::Told {
        scenario,
        summary: &summary,
        series: &series,
        labels: &labels,
        picture: &svg,
        resolved: &resolved,
        command: &manifest.command,
    };
    folder.write("report.html", report::file(&told).as_bytes())?;
    folder.write("manifest.json", &json(&manifest))?;
    let folder = folder.publish()?;
    Ok(Done { summary, expectations, notes, timing, folder })
}

fn summary(source: &Source, result: &RunResult) -> Summary {
    let mut summary = Summary::new(&source.scenario, result);
    if let Some(cut) = &source.cut {
        summary.window.lead_in_rule = cut.rule;
    }
    if let Some(silence) = source.trace.as_ref().and_then(|trace| trace.silence()) {
        let silence = number::span(silence.as_secs_f64());
        summary
            .warnings
            .push(format!("the trace ends {silence} before the run does: nothing arrives after it"));
    }
    summary
}

/// The resolved scenario. Where on this machine a file lies is no part of it: an absolute path keeps its last part.
pub(crate) fn resolved(scenario: &Scenario) -> String {
    let mut scenario = scenario.clone();
    if let Some(trace) = scenario.workload.trace.as_mut().filter(|trace| Path::new(&trace.file).is_absolute())
    {
        trace.file = file_name(&trace.file);
    }
    if let Some(versus) = scenario.expect.versus.as_mut().filter(|path| Path::new(path).is_absolute()) {
        *versus = file_name(versus);
    }
    scenario.to_toml()
}

fn manifest(source: &Source, summary: &Summary, changes: &Changes, resolved: &str) -> Manifest {
    Manifest {
        schema: 1,
        simscale: summary.simscale.clone(),
        scenario: summary.scenario.clone(),
        file: file_name(&source.file),
        file_sha256: source.sha256.clone(),
        resolved_sha256: crate::hash::of_text(resolved),
        trace: source.trace_record(),
        lead_in: source.cut,
        seed: summary.seed,
        fingerprint: summary.fingerprint.clone(),
        command: command_line(&source.file, changes.seed, &changes.set),
    }
}

fn timing(wall_s: f64, result: &RunResult, requests: u64) -> Timing {
    Timing {
        schema: 1,
        wall_s,
        simulated_s: result.to.as_secs_f64(),
        requests,
        requests_per_s: requests as f64 / wall_s.max(1e-9),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_string(),
    }
}

/// Pretty JSON with a line break at its end.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("our own layouts have a form in JSON");
    text.push(b'\n');
    text
}

/// A bug: what is needed to find it goes to a file beside the result folder.
fn report_law(broken: &BrokenLaw, source: &Source, changes: &Changes, target: &Path) -> Failure {
    let path = target.with_file_name(format!("{}.broken-law.txt", source.scenario.name));
    let text = format!(
        "simscale {}\n{broken}\n{}\n\nThis is a bug of simscale. Please report it with this file.\n\n{}",
        env!("CARGO_PKG_VERSION"),
        command_line(&source.file, changes.seed, &changes.set),
        resolved(&source.scenario),
    );
    let place = match write_whole(&path, &text) {
        Ok(()) => format!("a report is in {}", path.display()),
        Err(failure) => failure.message,
    };
    Failure {
        code: Code::Law,
        message: format!("{}: {broken}; this is a bug of simscale, {place}", source.file),
    }
}

fn promises(scenario: &Scenario) -> Vec<Promise> {
    let latencies = scenario.objective.iter().filter_map(|objective| {
        let latency = objective.latency?;
        Some(Promise {
            name: objective.name.clone(),
            quantile: latency.quantile,
            limit_s: latency.below.seconds(),
        })
    });
    latencies.collect()
}

/// Weights of the lightest and the heaviest type of a group whose sizes are capacity units; nothing where a unit is an instance.
fn units(scenario: &Scenario) -> Option<(u32, u32)> {
    let weights = || scenario.group.mixed.iter().flat_map(|mixed| &mixed.types).map(|of| of.weight);
    let range = weights().min().zip(weights().max());
    range.filter(|range| *range != (1, 1))
}

pub(crate) fn labels(scenario: &Scenario, summary: &Summary, result: &RunResult) -> Labels {
    let targets = scenario.policy.iter().filter_map(|policy| {
        let tracking =
            policy.target_tracking.as_ref().filter(|tracking| tracking.metric == "cpu_utilization")?;
        Some((policy.name.clone(), tracking.target / 100.0))
    });
    let broken = result.objectives.iter().flat_map(|objective| &objective.violated);
    let broken = broken.map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64()));
    Labels {
        title: scenario.name.clone(),
        // Expectations are of the people who run, not of the run: the picture is the same without them.
        subtitle: report::judgement(summary, &[]),
        day_s: scenario.simulation.local_start().0 as f64 / 1e9,
        time_zone: scenario.simulation.time_zone.clone(),
        lead_in_s: scenario.simulation.lead_in.seconds(),
        promises: promises(scenario),
        broken: broken.collect(),
        units: units(scenario),
        cpu_targets: targets.collect(),
    }
}
