//! `simscale sweep` and `simscale compare`: many cells with replications, and the answer.

use super::run::pool;
use crate::failure::{Code, Failure};
use crate::number::{count, counted, seconds};
use crate::output::{Folder, file_name, write_whole};
use crate::record::Console;
use crate::report::{Look, Mark};
use crate::saved::Saved;
use crate::source::{Changes, Source, Traces, read_text};
use crate::sweep::{self, Before, Lattice, Prepared, SWEEP_FILES, Setting, Task, Tuning};
use crate::versus::{Gate, Line};
use simscale::plan::Plan;
use simscale::scenario::Sweep;
use simscale::text::{Document, Override};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Requests a second that one processor is thought to simulate, for estimates.
const SPEED: f64 = 8e6;

/// More cells than this want a `--yes`.
const MANY_CELLS: usize = 2000;

#[derive(Debug, clap::Args)]
#[command(after_help = SWEEP_EXAMPLES)]
pub struct SweepArgs {
    /// Scenario file with a [sweep] table, or any scenario with --sweep.
    #[arg(value_name = "FILE")]
    file: String,
    /// An axis: a dotted path and its values, such as group.min=2,4,8 or policy.cpu.target_tracking.target=30..70:10.
    #[arg(long, value_name = "PATH=VALUES")]
    sweep: Vec<String>,
    /// Change a value of the scenario for all cells.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Print the cells and an estimate, run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Run sweeps of more than 2,000 cells.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// Scenario files; the first is the baseline.
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    files: Vec<String>,
    /// Change a value of every scenario.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// What both commands can be told.
#[derive(Debug, clap::Args)]
struct Common {
    /// Folder of the results [default: results/<name>-sweep, results/comparison].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replications of each cell.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
    /// Master seed of the replications [default: the scenario's].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Runs at once [default: one per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Finish what was stopped or killed.
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
    /// Start over where something unfinished lies.
    #[arg(long)]
    fresh: bool,
    /// Leave out the best constant group and the best known plan, which only hindsight finds: fewer runs.
    #[arg(long)]
    no_hindsight: bool,
    /// Do not hold the answer against the baseline of [expect] versus.
    #[arg(long)]
    no_expect: bool,
    /// Save the result as the baseline of [expect] versus.
    #[arg(long, value_name = "FILE")]
    save_baseline: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print the verdict alone.
    #[arg(long, short)]
    quiet: bool,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: answer.json.
    Json,
    /// For pull requests.
    Markdown,
}

const SWEEP_EXAMPLES: &str = "\
Examples:
  simscale sweep shop.toml --sweep policy.cpu-50.target_tracking.target=30..70:10 --sweep group.min=2,4
  simscale sweep shop.toml --dry-run
  simscale sweep shop.toml --resume

Writes report.html, runs.csv, cells.csv, comparison.csv, answer.json, front.svg and .png, timelines.svg and .png and
manifest.json. Until it is done, journal.jsonl keeps every run that ended: a kill at any moment loses only the runs in flight.";

const COMPARE_EXAMPLES: &str = "\
Examples:
  simscale compare today.toml proposal.toml
  simscale compare poll.toml step.toml tracking.toml --replications 20 --format markdown";

impl SweepArgs {
    /// The sweep of one workload of a suite: it goes on where it was stopped, unless it is to start afresh.
    pub(super) fn of_suite(
        file: &str,
        out: &Path,
        replications: Option<u32>,
        jobs: Option<u16>,
        fresh: bool,
    ) -> SweepArgs {
        let common = Common {
            out: Some(out.to_path_buf()),
            replications,
            seed: None,
            jobs,
            resume: !fresh,
            fresh,
            no_hindsight: false,
            no_expect: true,
            save_baseline: None,
            format: Format::Text,
            quiet: true,
        };
        SweepArgs {
            file: file.to_owned(),
            sweep: Vec::new(),
            set: Vec::new(),
            dry_run: false,
            yes: false,
            common,
        }
    }
}

/// `simscale sweep`.
pub fn sweep(args: &SweepArgs, stop: &AtomicBool) -> Result<Code, Failure> {
    proceed(planned(args, "sweep", stop)?.0, args, stop)
}

/// The cells of a file with its axes and those of the command line, and its settings.
pub(super) fn planned(args: &SweepArgs, word: &str, stop: &AtomicBool) -> Result<(Task, Sweep), Failure> {
    let text = read_text(&args.file)?;
    let drawn = |mistakes: simscale::text::Diagnostics| Failure::input(mistakes.render(true));
    let mut document = Document::parse(&args.file, &text).map_err(drawn)?;
    let changes = Changes { seed: None, set: args.set.clone() };
    let overrides = changes.overrides()?;
    let all: Vec<Override> = overrides.iter().cloned().chain(axes(&args.sweep)?).collect();
    document.overlay_all(&all).map_err(drawn)?;
    let searched = word == "tune";
    let plan = if searched { Plan::searched(&document) } else { Plan::of(&document) }.map_err(drawn)?;
    let base = simscale::Scenario::read_document(&document).map_err(drawn)?;
    let settings = base.sweep.clone().unwrap_or_default();
    let mut traces = Traces::new(stop);
    let mut cells = Vec::new();
    for (place, cell) in plan.cells.iter().enumerate() {
        let trace = traces.of(&args.file, &cell.scenario, &overrides)?;
        cells.push(Prepared {
            name: plan.name(place),
            labels: cell.labels.clone(),
            values: cell.values.clone(),
            scenario: cell.scenario.resolved(),
            trace,
            versus: traces.versus(&args.file, &cell.scenario, &overrides),
        });
    }
    traces.warnings.iter().for_each(|warning| Console::talk(warning));
    let tuning = searched
        .then(|| Tuning { with_baseline: !settings.baseline.is_empty(), lattice: Lattice::of(&plan) });
    let asked = Asked {
        name: format!("{}-{word}", base.name),
        description: base.description.clone().unwrap_or_default(),
        axes: plan.axes,
        cells,
        baseline: plan.baseline,
        settings: settings.clone(),
        command: command(args, word),
    };
    Ok((Task { tuning, ..task(asked, &args.common)? }, settings))
}

/// Lists the cells, or runs them.
pub(super) fn proceed(task: Task, args: &SweepArgs, stop: &AtomicBool) -> Result<Code, Failure> {
    if args.dry_run {
        Console::data(&listed(&task));
        return Ok(Code::Done);
    }
    if task.cells.len() > MANY_CELLS && !args.yes {
        let estimate = estimate(&task);
        return Err(Failure::input(format!("{estimate}; --yes runs it, --dry-run lists the cells")));
    }
    carry_out(task, &args.common, stop)
}

/// `simscale compare`.
pub fn compare(args: &CompareArgs, stop: &AtomicBool) -> Result<Code, Failure> {
    let changes = Changes { seed: None, set: args.set.clone() };
    let sources = Source::read_all(&args.files, &changes, stop)?;
    sources.iter().flat_map(|source| &source.warnings).for_each(|warning| Console::talk(warning));
    let cells: Vec<Prepared> = sources
        .into_iter()
        .map(|source| {
            let mut scenario = source.scenario.resolved();
            scenario.sweep = None;
            Prepared {
                name: scenario.name.clone(),
                labels: vec![scenario.name.clone()],
                values: Vec::new(),
                scenario,
                trace: source.trace,
                versus: source.versus,
            }
        })
        .collect();
    let names = args.files.iter().map(|file| file_name(file)).collect::<Vec<_>>().join(" ");
    let asked = Asked {
        name: "comparison".to_owned(),
        command: format!("simscale compare {names}"),
        description: names,
        axes: vec!["scenario".to_owned()],
        cells,
        baseline: 0,
        settings: Sweep::default(),
    };
    carry_out(task(asked, &args.common)?, &args.common, stop)
}

/// What a command was told to run, before its flags.
struct Asked {
    name: String,
    description: String,
    axes: Vec<String>,
    cells: Vec<Prepared>,
    baseline: usize,
    settings: Sweep,
    command: String,
}

/// The task with the flags laid on it.
fn task(asked: Asked, common: &Common) -> Result<Task, Failure> {
    let Asked { name, description, axes, cells, baseline, settings, mut command } = asked;
    let replications = u64::from(common.replications.unwrap_or(settings.replications));
    let seed = common.seed.unwrap_or(cells[0].scenario.simulation.seed);
    for (flag, value) in [("--seed", common.seed), ("--replications", common.replications.map(u64::from))] {
        if let Some(value) = value {
            command += &format!(" {flag} {value}");
        }
    }
    if common.no_hindsight {
        command += " --no-hindsight";
    }
    let task = Task {
        name,
        description,
        axes,
        cells,
        baseline,
        replications,
        most: settings.max_replications.map_or(replications, u64::from).max(replications),
        precision: settings.precision,
        confidence: settings.confidence,
        seed,
        command,
        tuning: None,
        hindsight: !common.no_hindsight,
        cut: None,
    };
    task.check()?;
    Ok(task)
}

fn carry_out(task: Task, common: &Common, stop: &AtomicBool) -> Result<Code, Failure> {
    let judged = !common.no_expect && common.save_baseline.is_none();
    let gate = if judged { Gate::read(&task.cells)? } else { Gate::open() };
    gate.notes.iter().for_each(|note| Console::talk(note));
    let target = common.out.clone().unwrap_or_else(|| Path::new("results").join(&task.name));
    let folder = Folder::prepare_for(&target, common.out.is_some(), &SWEEP_FILES)?;
    let before = match (common.resume, common.fresh) {
        (true, _) => Before::Resume,
        (_, true) => Before::Forget,
        _ => Before::Refuse,
    };
    if !common.quiet {
        Console::talk(&estimate(&task));
    }
    let threads = pool(common.jobs)?;
    let setting = Setting { threads: &threads, before, shown: !common.quiet, stop };
    let task = task.settled(&setting)?;
    let found = task.run(folder, &setting)?;
    let task = found.task(&task);
    let files = SWEEP_FILES.iter().filter(|name| found.folder.join(name).exists());
    let files = files.copied().collect::<Vec<_>>().join(", ");
    let files = format!("{}: {files}", found.folder.display());
    let lines = gate.judge(task, &found);
    let broken: Vec<String> =
        lines.iter().filter(|line| !line.held).map(|line| format!("expected: {}", line.text)).collect();
    let text = match (common.format, common.quiet) {
        (Format::Json, _) => {
            broken.iter().for_each(|line| Console::talk(line));
            let path = found.folder.join("answer.json");
            fs_err::read_to_string(&path).map_err(|error| Failure::input(error.to_string()))?
        }
        (Format::Markdown, _) => sweep::markdown(task, &found) + &listed_lines(&lines),
        (Format::Text, true) => {
            broken.iter().map(|line| format!("{line}\n")).collect::<String>() + &sweep::verdict(&found) + "\n"
        }
        (Format::Text, false) => {
            let mut page = sweep::page(task, &found, &files);
            lines.iter().for_each(|line| page.add_marked("Expected", Mark::of(line.held), line.text.clone()));
            page.render(Look::of_terminal())
        }
    };
    Console::data(&text);
    if let Some(path) = &common.save_baseline {
        write_whole(path, &Saved::of(task, &found).to_json())?;
    }
    Ok(if broken.is_empty() { Code::Done } else { Code::Expectation })
}

/// The lines of the gate for a pull request.
fn listed_lines(lines: &[Line]) -> String {
    let line = |line: &Line| format!("- {} {}\n", if line.held { "\u{2713}" } else { "\u{2717}" }, line.text);
    let all: String = lines.iter().map(line).collect();
    if all.is_empty() { all } else { format!("\nAgainst the baseline:\n\n{all}") }
}

/// How much there is to do.
fn estimate(task: &Task) -> String {
    let each: f64 = task.cells.iter().map(Prepared::requests).sum();
    let listed = task.tuning.as_ref().map_or(task.cells.len() as f64, |tuning| tuning.lattice.listed);
    let requests = each * task.replications as f64 * listed / task.cells.len() as f64;
    let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let word = if task.tuning.is_some() { "a fifth or so of " } else { "" };
    let requests = if task.tuning.is_some() { requests / 5.0 } else { requests };
    format!(
        "{}: {word}{} x {}, about {} requests, some {} on {} processors",
        task.name,
        counted(listed.round() as u64, "cell", "cells"),
        counted(task.replications, "replication", "replications"),
        count(requests as u64),
        seconds((requests / SPEED / processors).ceil()),
        processors,
    )
}

/// The cells, one a line.
fn listed(task: &Task) -> String {
    let coarse = task.tuning.as_ref().map(|tuning| tuning.lattice.coarse());
    let shown = |number: usize| coarse.as_ref().is_none_or(|coarse| coarse.contains(&number));
    let finer = (0..task.cells.len()).filter(|&number| !shown(number)).count() as u64;
    let rest = match finer {
        0 => String::new(),
        n => format!(
            "      and {} between these, where the search comes to them\n",
            counted(n, "cell", "cells")
        ),
    };
    let cell = |(number, cell): (usize, &Prepared)| {
        let mark = if number == task.baseline && task.cells.len() > 1 { "  (baseline)" } else { "" };
        format!("{number:>4}  {}{mark}\n", cell.name)
    };
    let cells = task.cells.iter().enumerate().filter(|(number, _)| shown(*number));
    cells.map(cell).collect::<String>() + &rest + &estimate(task) + "\n"
}

fn command(args: &SweepArgs, word: &str) -> String {
    let mut words = format!("simscale {word} {}", file_name(&args.file));
    for (flag, values) in [("--set", &args.set), ("--sweep", &args.sweep)] {
        for value in values {
            words += &format!(" {flag} '{value}'");
        }
    }
    words
}

/// Axes of the command line as overrides of the [sweep] table.
fn axes(given: &[String]) -> Result<Vec<Override>, Failure> {
    let axis = |text: &String| {
        let wrong = || {
            Failure::input(format!(
                "--sweep {text}: write a dotted path, = and values, such as group.min=2,4,8 or x=0.4..0.8:0.1; tune takes x=0.4..0.8 too"
            ))
        };
        let (path, values) = text.split_once('=').ok_or_else(wrong)?;
        let (path, values) = (path.trim(), values.trim());
        if path.is_empty() || values.is_empty() {
            return Err(wrong());
        }
        let values = match values.split_once("..") {
            _ if values.starts_with(['[', '{']) => values.to_owned(),
            Some((from, rest)) => stepped(from, rest).or_else(|| open(from, rest)).ok_or_else(wrong)?,
            None => listed_values(values),
        };
        Ok(Override::new(format!("sweep.axes.'{path}'"), values).with_origin(format!("--sweep {path}:")))
    };
    given.iter().map(axis).collect()
}

/// `2,4,8` as a TOML list; what is no number or truth value is text.
fn listed_values(values: &str) -> String {
    let value = |text: &str| {
        let text = text.trim();
        let plain = text.parse::<f64>().is_ok() || ["true", "false"].contains(&text) || text.starts_with('"');
        if plain { text.to_owned() } else { format!("'{text}'") }
    };
    format!("[{}]", values.split(',').map(value).collect::<Vec<_>>().join(", "))
}

/// `0.4..0.8` as a TOML range without steps.
fn open(from: &str, to: &str) -> Option<String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    (number(from)? < number(to)?).then(|| format!("{{ from = {}, to = {} }}", from.trim(), to.trim()))
}

/// `0.4..0.8:0.1` as a TOML list.
fn stepped(from: &str, rest: &str) -> Option<String> {
    let (to, step) = rest.split_once(':')?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let (first, last, step) = (number(from)?, number(to)?, number(step)?);
    let steps = ((last - first) / step + 1e-9).floor();
    if step <= 0.0 || !(0.0..1000.0).contains(&steps) {
        return None;
    }
    let whole = [from, to, rest.split_once(':')?.1].iter().all(|text| text.trim().parse::<i64>().is_ok());
    let value = |at: u32| {
        let value = first + step * f64::from(at);
        if whole { format!("{}", value as i64) } else { format!("{:?}", (value * 1e9).round() / 1e9) }
    };
    Some(format!("[{}]", (0..=steps as u32).map(value).collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_shell_become_lists() {
        let value = |text: &str| axes(&[text.to_owned()]).map(|axes| axes[0].value().to_owned());
        assert_eq!(value("group.min=2,4, 8").unwrap(), "[2, 4, 8]");
        assert_eq!(value("a.b=30..70:20").unwrap(), "[30, 50, 70]");
        assert_eq!(value("a.b=0.4..0.6:0.1").unwrap(), "[0.4, 0.5, 0.6]");
        assert_eq!(value("instance.type=m5.large,c5.large").unwrap(), "['m5.large', 'c5.large']");
        assert_eq!(value("x={ from = 1, to = 3, steps = 3 }").unwrap(), "{ from = 1, to = 3, steps = 3 }");
        assert_eq!(value("x=1..2").unwrap(), "{ from = 1, to = 2 }");
        for wrong in ["group.min", "=2", "x=", "x=2..1", "x=1..2:0", "x=2..1:1", "x=0..1:1e-9"] {
            assert!(
                value(wrong).unwrap_err().message.starts_with(&format!("--sweep {wrong}: write ")),
                "{wrong}"
            );
        }
    }
}
