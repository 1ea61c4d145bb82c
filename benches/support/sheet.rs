//! The sheet of all samples, and what is written of it: tables, picture, and the pages that quote them.

use super::bars::{self, BLUE, Bar, GREY, ORANGE, PURPLE, Scale};
use super::subjects::{Programs, Sample, Subject};
use super::{models, process, sweep, works};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// All samples, subject by subject.
pub struct Sheet {
    /// When, where and from what: taken before anything is written.
    origin: String,
    lines: Vec<(Subject, Vec<Sample>)>,
    pub sweeps: Vec<sweep::Round>,
    pub large: Large,
}

/// Long runs and long traces, each once.
#[derive(Default)]
pub struct Large {
    day: Option<Sample>,
    days: Option<Sample>,
    day_of_trace: Option<Sample>,
    month_of_trace: Option<Sample>,
    /// Reading and checking the trace of a month before the run, seconds of processor time.
    trace_start: f64,
}

/// Days of the long run: 10^9 requests, or 10^8.
const LONG: (u64, u64) = (100, 10);
const MONTH: u64 = 30;

impl Large {
    /// W4 over a day and over many, a trace over a day and over a month.
    pub fn measure(programs: &Programs, folder: &Path, short: bool) -> Large {
        let days = if short { LONG.1 } else { LONG.0 };
        let w4 =
            |days: u64| programs.simulate(&works::file("w4"), &[("simulation.duration", format!("{days}d"))]);
        println!("{days} days of W4");
        let (day, days) = (w4(1), w4(days));
        println!("a trace of {MONTH} days at one-second bins");
        let trace = folder.join("trace.csv");
        write_trace(&trace).expect("the trace can be written");
        let file = works::file("../recorded-trace");
        let changes = |days: u64| {
            vec![
                ("workload.trace.file", trace.display().to_string()),
                ("simulation.duration", format!("{days}d")),
            ]
        };
        let (day_of_trace, month_of_trace) =
            (programs.simulate(&file, &changes(1)), programs.simulate(&file, &changes(MONTH)));
        let sets = changes(MONTH).into_iter().map(|(path, value)| format!("{path}={value}"));
        let sets: Vec<String> = sets.collect();
        let name = file.display().to_string();
        let arguments = ["check", &*name, "--set", &*sets[0], "--set", &*sets[1]];
        let trace_start = process::run(&programs.simscale, &arguments).cpu;
        Large {
            day: Some(day),
            days: Some(days),
            day_of_trace: Some(day_of_trace),
            month_of_trace: Some(month_of_trace),
            trace_start,
        }
    }
}

/// A month of seconds: three requests and one more in turn, and twice as many every other hour.
fn write_trace(path: &Path) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "t_s,requests")?;
    for second in 0..MONTH * 86_400 {
        writeln!(file, "{second},{}", (3 + second % 2) * (1 + second / 3600 % 2))?;
    }
    file.flush()
}

/// The middle of some numbers.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().saturating_sub(1) / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

/// The medians of a line, and its ratios to what it is held against.
struct Median<'a> {
    subject: &'a Subject,
    requests: u64,
    ns: f64,
    cpu_ns: f64,
    peak_mib: f64,
    ratio: Option<f64>,
    cpu_ratio: Option<f64>,
}

impl Median<'_> {
    /// `1.12 (wanted 1.4)`, or with a sign that it is missed.
    fn judged(&self) -> String {
        match (self.ratio, self.subject.wanted) {
            (Some(ratio), Some(wanted)) if ratio <= wanted => format!("{ratio:.2} ({wanted} wanted)"),
            (Some(ratio), Some(wanted)) => format!("**{ratio:.2}** ({wanted} wanted, missed)"),
            (Some(ratio), None) => format!("{ratio:.1}"),
            (None, _) => "-".to_owned(),
        }
    }
}

impl Sheet {
    pub fn new(rounds: usize, root: &Path) -> Sheet {
        Sheet { origin: origin(root, rounds), lines: Vec::new(), sweeps: Vec::new(), large: Large::default() }
    }

    pub fn add(&mut self, subject: &Subject, sample: Sample) {
        match self.lines.iter_mut().find(|(known, _)| known == subject) {
            Some((_, samples)) => samples.push(sample),
            None => self.lines.push((subject.clone(), vec![sample])),
        }
    }

    fn samples(&self, program: &str, work: &str) -> Option<&[Sample]> {
        let line = self.lines.iter().find(|(subject, _)| subject.program == program && subject.work == work);
        line.map(|(_, samples)| &**samples)
    }

    fn medians(&self) -> Vec<Median<'_>> {
        let line = |(subject, samples): &'_ (Subject, Vec<Sample>)| {
            let of =
                |value: fn(&Sample) -> f64| median(samples.iter().map(value).collect()).unwrap_or(f64::NAN);
            let other = subject.against.as_ref().and_then(|(program, work)| self.samples(program, work));
            let ratio = |value: fn(&Sample) -> f64| {
                median(samples.iter().zip(other?).map(|(own, other)| value(own) / value(other)).collect())
            };
            (
                samples[0].requests,
                of(|s| s.ns),
                of(|s| s.cpu_ns),
                of(|s| s.peak_mib),
                ratio(|s| s.ns),
                ratio(|s| s.cpu_ns),
            )
        };
        let all = self.lines.iter().map(|pair| {
            let (requests, ns, cpu_ns, peak_mib, ratio, cpu_ratio) = line(pair);
            Median { subject: &pair.0, requests, ns, cpu_ns, peak_mib, ratio, cpu_ratio }
        });
        all.collect()
    }

    /// Writes `results/speed`, and the quotes of the pages.
    pub fn write(&self, root: &Path) {
        let medians = self.medians();
        let folder = root.join("results/speed");
        std::fs::create_dir_all(&folder).expect("a folder for results");
        let save = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
        let tables = self.tables(&medians);
        let origin = &self.origin;
        save("speed.csv", &csv(&medians));
        save("rounds.csv", &self.rounds_csv());
        save("speed.svg", &picture(&medians));
        save("README.md", &format!("{}\n\n{origin}\n{tables}", HEAD.trim_end()));
        quote(&root.join("docs/SPEED.md"), &format!("{origin}\n{tables}"));
        println!("{tables}");
    }

    fn tables(&self, medians: &[Median<'_>]) -> String {
        let mut text = String::from("### The rows\n\n");
        text += "| work | floor, ns | simscale, ns | x floor | whole process, x floor's |";
        models::PEERS
            .iter()
            .for_each(|(peer, version)| _ = write!(text, " {peer} {version}, ns | x floor |"));
        text += "\n|---|---:|---:|---|---:|";
        models::PEERS.iter().for_each(|_| text += "---:|---:|");
        text += "\n";
        let find = |program: &str, work: &str| {
            medians.iter().find(|line| line.subject.program == program && line.subject.work == work)
        };
        let ns = |line: Option<&Median<'_>>| line.map_or("-".to_owned(), |line| format!("{:.1}", line.ns));
        for (work, _) in models::WORKS {
            let own = find("simscale", work).expect("simscale is always there");
            let process = own.cpu_ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let (floor, name) = (ns(find("floor", work)), work.to_uppercase());
            _ = write!(text, "| {name} | {floor} | {:.1} | {} | {process} |", own.ns, own.judged());
            for (peer, _) in models::PEERS {
                let line = find(peer, work);
                let ratio = line.map_or("-".to_owned(), Median::judged);
                _ = write!(text, " {} | {ratio} |", ns(line));
            }
            text += "\n";
        }
        text += "\n### Beside the rows\n\n| work | ns | x its row |\n|---|---:|---|\n";
        let fleet = |line: &&Median<'_>| line.subject.work.contains('/');
        let sibling = |line: &&Median<'_>| {
            line.subject.against.as_ref().is_some_and(|(program, _)| *program == "simscale") && !fleet(line)
        };
        for line in medians.iter().filter(sibling) {
            _ = writeln!(text, "| {} | {:.1} | {} |", line.subject.work, line.ns, line.judged());
        }
        text += "\n### Fleets at the same load\n\n| balancer / instances | ns | x ten instances |\n|---|---:|---|\n";
        for line in medians.iter().filter(fleet) {
            _ = writeln!(text, "| {} | {:.1} | {} |", line.subject.work, line.ns, line.judged());
        }
        text + "\n" + &self.rest()
    }

    fn rest(&self) -> String {
        let mut text = String::from(
            "### Sweeps, long runs, long traces\n\n| what | measured | wanted |\n|---|---|---|\n",
        );
        if let Some(overhead) = median(self.sweeps.iter().map(sweep::Round::overhead).collect()) {
            let rate = median(self.sweeps.iter().map(|round| sweep::CELLS as f64 / round.wall).collect());
            let runs = self.sweeps[0].runs;
            _ = writeln!(
                text,
                "| sweep of 64 equal cells of 10^6 requests on two threads, {runs} runs | {:+.1} % over the processor time of the runs alone; {:.0} cells/s | under 3 % |",
                overhead * 100.0,
                rate.unwrap_or(0.0)
            );
        }
        let large = &self.large;
        if let (Some(day), Some(days)) = (large.day, large.days) {
            _ = writeln!(
                text,
                "| W4 over {:.1e} requests | peak {:.1} MiB, {:.1} ns a request; one day: {:.1} MiB | 40 MiB, as one day |",
                days.requests as f64, days.peak_mib, days.ns, day.peak_mib
            );
        }
        if let (Some(day), Some(month)) = (large.day_of_trace, large.month_of_trace) {
            _ = writeln!(
                text,
                "| a trace of 30 days at one-second bins | start {:.2} s, peak {:.1} MiB; one day of it: {:.1} MiB | 1 s, constant |",
                large.trace_start, month.peak_mib, day.peak_mib
            );
        }
        text
    }

    fn rounds_csv(&self) -> String {
        let mut text =
            String::from("program,work,round,requests,ns_per_request,cpu_ns_per_request,peak_mib\n");
        for (subject, samples) in &self.lines {
            for (round, sample) in samples.iter().enumerate() {
                let Sample { requests, ns, cpu_ns, peak_mib } = sample;
                _ = writeln!(
                    text,
                    "{},{},{},{requests},{ns:.3},{cpu_ns:.3},{peak_mib:.1}",
                    subject.program,
                    subject.work,
                    round + 1
                );
            }
        }
        text
    }
}

const HEAD: &str = "\
# Speed

Nanoseconds a request, measured in one session. Made by

```
SIMSCALE_FLOOR=PROGRAM cargo bench -p benches --bench speed
```

The floor is a program of its own that does W1 to W4 by hand and nothing else; it is no part of the repository. simscale runs through `simscale run` on
`scenarios/bench/*.toml` with all that a run has: histogram, rows a minute, objectives, laws, fingerprint, bill. The peers keep a mean alone. `speed.csv` holds
the medians, `rounds.csv` every sample, `speed.svg` the rows as a picture; `profile.csv` and `profile.svg` are made by
`cargo bench -p benches --bench instructions -- --profile`.
";

/// When, where and from what.
fn origin(root: &Path, rounds: usize) -> String {
    let said = |program: &str, arguments: &[&str]| -> String {
        let output = Command::new(program).current_dir(root).args(arguments).output();
        output.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
    };
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let changed = if said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() {
        ""
    } else {
        ", with changes"
    };
    format!(
        "Measured {} on {} ({processors} processors, {} {}), {}, commit {}{changed}; each figure is the median of {rounds} rounds that take all programs in turn on one processor, \
         each ratio the median over the rounds of two neighbours. ns: wall time of the simulation over its requests; whole process: processor time with start, files and pictures.\n",
        said("date", &["-u", "+%d %B %Y"]),
        model.unwrap_or("an unnamed processor"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        said("rustc", &["--version"]),
        said("git", &["rev-parse", "--short=12", "HEAD"]),
    )
}

fn csv(medians: &[Median<'_>]) -> String {
    let mut text = String::from(
        "program,work,requests,ns_per_request,cpu_ns_per_request,peak_mib,against_program,against_work,ratio,cpu_ratio,wanted_ratio\n",
    );
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    for line in medians {
        let (program, work) = line.subject.against.clone().unwrap_or_default();
        _ = writeln!(
            text,
            "{},{},{},{:.3},{:.3},{:.1},{program},{work},{},{},{}",
            line.subject.program,
            line.subject.work,
            line.requests,
            line.ns,
            line.cpu_ns,
            line.peak_mib,
            number(line.ratio),
            number(line.cpu_ratio),
            line.subject.wanted.map_or(String::new(), |wanted| wanted.to_string())
        );
    }
    text
}

fn picture(medians: &[Median<'_>]) -> String {
    let shown =
        medians.iter().filter(|line| models::WORKS.iter().any(|(work, _)| *work == line.subject.work));
    let mut last = "";
    let mut bars = Vec::new();
    for line in shown {
        let Subject { program, work, .. } = line.subject;
        let color = match *program {
            "floor" => GREY,
            "simscale" => BLUE,
            "simcore" => ORANGE,
            _ => PURPLE,
        };
        let words = match line.ratio {
            Some(ratio) => format!("{:.1} ns, {ratio:.1} x floor", line.ns),
            None => format!("{:.1} ns", line.ns),
        };
        let name = format!("{} {program}", work.to_uppercase());
        bars.push(Bar { name, value: line.ns, words, color, begins: last != work });
        last = work;
    }
    let sentence = "One core. The floor and the peers keep a mean or a histogram; simscale also keeps rows, objectives, laws, fingerprint and bill";
    bars::svg("Nanoseconds a request", sentence, &bars, Scale::Log)
}

/// Puts a text between the two marks of a page.
fn quote(page: &Path, text: &str) {
    const MARKS: (&str, &str) = ("<!-- speed: begin -->\n", "<!-- speed: end -->");
    let old = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let parts = old.split_once(MARKS.0).and_then(|(head, rest)| Some((head, rest.split_once(MARKS.1)?.1)));
    let (head, tail) =
        parts.unwrap_or_else(|| panic!("{} has no marks for the table of speed", page.display()));
    let new = format!("{head}{}\n{text}\n{}{tail}", MARKS.0, MARKS.1);
    std::fs::write(page, new).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
}
