//! Measured boots against the boot presets, and against a table of their own quantiles.

use super::fit::{Fit, Sample, Shifted, fit, verdict};
use super::{Outcome, number, picture, rows};
use simscale::Scenario;
use simscale::engine::{ActivityKind, ActivityRow, PeriodRow, Sink};
use simscale::scenario::{BootPhase, BootPreset, Law, QuantilePoint};
use simscale::text::Duration;
use std::fmt::Write;
use std::path::Path;

/// The quantiles that a table of a small sample has.
const FEW: [f64; 7] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
/// Those of a large one.
const MANY: [f64; 14] = [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0];

/// A sample beside a law.
struct Case {
    measured: &'static str,
    sample: Sample,
    law_name: String,
    law: Shifted,
    /// What the comparison says: about the preset, about another kind of boot, or only about a way to write a law.
    kind: Kind,
}

/// What a comparison can say.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The law claims to be this very boot.
    Same,
    /// The law claims to be another one: for the shape only.
    Other,
    /// The law was made of these very times: chances mean nothing.
    Fitted,
    /// The law was made of the other half of the times.
    Apart,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Same => "the same boot",
            Kind::Other => "another boot",
            Kind::Fitted => "made of it",
            Kind::Apart => "made of its other half",
        }
    }
}

/// The measured samples that presets are held against.
struct Measured {
    /// From the call to the login, cold launches.
    launch: Sample,
    /// The part of it before the instance runs, without the call.
    pending: Sample,
    /// The same with the call.
    before: Sample,
    /// From running to the login: what is billed of it.
    login: Sample,
    /// Start of a stopped instance, one.
    stopped: f64,
    /// Boots on a private cloud, means of five or more, with how many booted at once.
    openstack: Vec<(u32, f64)>,
    /// Loads of a model, every second one in order of time: what a table is made of.
    loads: Sample,
    /// The others: what the table is tested on.
    loads_after: Sample,
}

impl Measured {
    fn read(traces: &Path) -> Result<Measured, String> {
        let folder = traces.join("startup");
        let columns = ["technique", "pending_to_running_ms", "running_to_ssh_ms", "total_ms"];
        let launches = rows(&folder.join("ec2_cold_launch_2026.csv"), columns)?;
        let of = |technique: &str, column: usize| -> Result<Vec<f64>, String> {
            let own = launches.iter().filter(|row| row[0] == technique);
            own.map(|row| Ok(number(&row[column])? / 1000.0)).collect()
        };
        let columns = ["C1_e", "C2_e", "C3_e", "C4_e", "boot_s"];
        let openstack = rows(&folder.join("ncu_openstack_vm_boot_s.csv"), columns)?.into_iter().map(|row| {
            let at_once: f64 = row[..4].iter().map(|cell| number(cell)).sum::<Result<_, _>>()?;
            Ok((at_once as u32, number(&row[4])?))
        });
        let loads = rows(&folder.join("alibaba_genai2026_base_model_load_ms.csv"), ["latency_ms"])?;
        let load = |first: usize| -> Result<Sample, String> {
            let every_second = loads.iter().skip(first).step_by(2);
            let times: Result<_, String> = every_second.map(|row| Ok(number(&row[0])? / 1000.0)).collect();
            Ok(Sample::new(times?))
        };
        Ok(Measured {
            launch: Sample::new(of("cold", 3)?),
            pending: Sample::new(of("cold", 1)?),
            before: Sample::new(
                of("cold", 3)?.iter().zip(of("cold", 2)?).map(|(all, login)| all - login).collect(),
            ),
            login: Sample::new(of("cold", 2)?),
            stopped: of("start-stopped", 3)?[0],
            openstack: openstack.collect::<Result<_, String>>()?,
            loads: load(0)?,
            loads_after: load(1)?,
        })
    }

    fn openstack_times(&self) -> Sample {
        Sample::new(self.openstack.iter().map(|&(_, time)| time).collect())
    }

    /// Mean boot on the private cloud where so many boot at once.
    fn crowded(&self, at_once: u32) -> f64 {
        let times = self.openstack.iter().filter(|(n, _)| *n == at_once).map(|(_, time)| *time);
        let times: Vec<f64> = times.collect();
        times.iter().sum::<f64>() / times.len() as f64
    }
}

/// The boot of a preset from the request on, without the wait for it that no launch script measures.
fn preset(preset: BootPreset) -> (String, Shifted) {
    let [_, pending, system] = &preset.phases()[..] else { panic!("a preset has three phases") };
    let law = Shifted { constant: pending.time.mean_seconds(), law: system.time.clone() };
    (preset.facts().name.to_owned(), law)
}

/// A table of a sample's quantiles as a law, in tenths of a second.
fn table(sample: &Sample, quantiles: &[f64]) -> Law {
    let point = |&quantile: &f64| {
        let time = Duration::from_millis((sample.quantile(quantile) * 10.0).round() as u64 * 100);
        QuantilePoint { quantile, time }
    };
    Law::Quantiles(quantiles.iter().map(point).collect())
}

/// A lognormal law with a sample's mean and spread.
fn lognormal(sample: &Sample) -> Law {
    let cv = (sample.deviation() / sample.mean() * 1e4).round() / 1e4;
    Law::Lognormal { mean: Duration::from_millis((sample.mean() * 1000.0).round() as u64), cv }
}

fn cases(measured: &Measured) -> Vec<Case> {
    let copy = |sample: &Sample| Sample::new(sample.times().to_vec());
    let mut cases = Vec::new();
    let mut add = |measured, sample: &Sample, (law_name, law): (String, Shifted), kind| {
        cases.push(Case { measured, sample: copy(sample), law_name, law, kind });
    };
    let launch = "EC2 cold launch, call to login";
    add(launch, &measured.launch, preset(BootPreset::AmazonLinux2023), Kind::Same);
    add(launch, &measured.launch, preset(BootPreset::CurrentGeneration), Kind::Same);
    let own = Shifted { constant: 0.0, law: table(&measured.launch, &FEW) };
    add(launch, &measured.launch, ("its own 7 quantiles".into(), own), Kind::Fitted);
    let (_, law) = preset(BootPreset::AmazonLinux2023);
    let billed = Shifted { constant: 0.0, law: law.law };
    let name = "amazon-linux-2023, billed part".to_owned();
    add("EC2 cold launch, running to login", &measured.login, (name, billed), Kind::Same);
    let openstack = measured.openstack_times();
    add("OpenStack boot, means of 5", &openstack, preset(BootPreset::CurrentGeneration), Kind::Other);
    let own = Shifted { constant: 0.0, law: lognormal(&openstack) };
    add("OpenStack boot, means of 5", &openstack, ("lognormal of its mean and cv".into(), own), Kind::Fitted);
    let loads = "model load, every second one";
    let own = Shifted { constant: 0.0, law: lognormal(&measured.loads) };
    add(loads, &measured.loads_after, ("lognormal of its other half's mean and cv".into(), own), Kind::Apart);
    let own = Shifted { constant: 0.0, law: table(&measured.loads, &MANY) };
    add(loads, &measured.loads_after, ("14 quantiles of its other half".into(), own), Kind::Apart);
    cases
}

/// The comparison as a table, text and a picture.
pub fn report(traces: &Path) -> Result<Outcome, String> {
    let measured = Measured::read(traces)?;
    let cases = cases(&measured);
    let fits: Vec<Fit> = cases.iter().map(|case| fit(&case.sample, &case.law)).collect();
    let svg = picture::ranges("Boots: measured and simulated", &bars(&cases));
    let png = simscale_runner::timeline::png(&svg);
    Ok(Outcome(vec![
        ("boots.csv".into(), csv_text(&cases, &fits).into_bytes()),
        ("boots.md".into(), page(&measured, &cases, &fits)?.into_bytes()),
        ("boots.svg".into(), svg.into_bytes()),
        ("boots.png".into(), png),
    ]))
}

const COLUMNS: &str = "measured,law,law_is,n,mean_measured_s,mean_law_s,p50_measured_s,p50_law_s,p90_measured_s,\
                       p90_law_s,p99_measured_s,p99_law_s,max_measured_s,ks_distance,ks_p,anderson_darling,anderson_darling_p,verdict\n";

fn csv_text(cases: &[Case], fits: &[Fit]) -> String {
    let mut text = COLUMNS.to_owned();
    for (case, fit) in cases.iter().zip(fits) {
        let (sample, law) = (&case.sample, &case.law);
        let _ = write!(
            text,
            "\"{}\",\"{}\",{},{}",
            case.measured,
            case.law_name,
            case.kind.words(),
            sample.len()
        );
        let _ = write!(text, ",{:.2},{:.2}", sample.mean(), law.mean());
        for q in [0.5, 0.9, 0.99] {
            let _ = write!(text, ",{:.2},{:.2}", sample.quantile(q), law.quantile(q));
        }
        let anderson = if fit.anderson.is_finite() { format!("{:.2}", fit.anderson) } else { "inf".into() };
        let _ = write!(text, ",{:.2},{:.3},{}", sample.quantile(1.0), fit.distance, chance(fit.p, case.kind));
        let verdict = verdict(sample, law, fit);
        let _ = writeln!(text, ",{anderson},{},\"{verdict}\"", chance(fit.anderson_p, case.kind));
    }
    text
}

/// A chance with three digits, where there is one; what is smaller than a thousandth says so.
fn chance(p: f64, kind: Kind) -> String {
    match p {
        _ if kind == Kind::Fitted => "-".to_owned(),
        p if p < 0.001 => "<0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

fn page(measured: &Measured, cases: &[Case], fits: &[Fit]) -> Result<String, String> {
    let mut text = String::from(
        "# Measured boots against laws\n\nMade by `cargo run -p simscale-runner --example measured -- boots`. Times in seconds, measured / law. D: \
         Kolmogorov-Smirnov distance; A²: Anderson-Darling; p: chance of at least that if the law were true, which says nothing (-) of a law that was made of the same times.\n\n\
         | measured | law | the law is | n | mean | p50 | p90 | p99 | max | D | p | A² | p | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (case, fit) in cases.iter().zip(fits) {
        let (sample, law) = (&case.sample, &case.law);
        let both = |q: f64| format!("{:.1} / {:.1}", sample.quantile(q), law.quantile(q));
        let p99 = if sample.len() < 100 { format!("- / {:.1}", law.quantile(0.99)) } else { both(0.99) };
        let anderson = if fit.anderson.is_finite() { format!("{:.1}", fit.anderson) } else { "∞".into() };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.1} / {:.1} | {} | {} | {p99} | {:.1} | {:.3} | {} | {anderson} | {} | {} |",
            case.measured,
            case.law_name,
            case.kind.words(),
            sample.len(),
            sample.mean(),
            law.mean(),
            both(0.5),
            both(0.9),
            sample.quantile(1.0),
            fit.distance,
            chance(fit.p, case.kind),
            chance(fit.anderson_p, case.kind),
            verdict(sample, law, fit),
        );
    }
    let (_, stopped) = preset(BootPreset::FromStopped);
    let _ = write!(
        text,
        "\n`from-stopped`: one start of a stopped instance was measured, {:.1} s, quantile {:.2} of the preset: nothing can be tested. `t2`: nothing was measured.\n\n\
         The part before the instance runs: measured {:.1} to {:.1} s (median {:.1}), every preset has 17.0 s, constant.\n\n\
         Boots that crowd each other: on the private cloud the mean boot is {:.1} s where one boots, {:.1} where 6, {:.1} where 12 and {:.1} where 24 boot at once \
         (all hosts). simscale draws each boot for itself, and has no such law.\n",
        measured.stopped,
        stopped.share(measured.stopped),
        measured.pending.quantile(0.0),
        measured.pending.quantile(1.0),
        measured.pending.quantile(0.5),
        measured.crowded(1),
        measured.crowded(6),
        measured.crowded(12),
        measured.crowded(24),
    );
    let phases = own_boot(measured);
    let _ = write!(
        text,
        "\n## The measured launches as a boot of one's own\n\n```toml\n[instance]\n{}\n```\n\n4,000 launches with it in the engine: D = {:.3} to the measured total \
         (its two parts are drawn apart, so the total is a little narrower than where they go together). \
         `cargo run -p simscale-runner --example measured -- quantiles FILE COLUMN UNIT` prints the line for a file of one's own.\n",
        written(&phases),
        engine_distance(phases, &measured.launch)?,
    );
    Ok(text)
}

/// Launch phases with the measured quantiles; the call's own time is part of the first.
fn own_boot(measured: &Measured) -> Vec<BootPhase> {
    let before = BootPhase {
        stage: simscale::scenario::BootStage::Pending,
        ..BootPhase::new("pending", table(&measured.before, &FEW))
    };
    vec![before, BootPhase::new("system", table(&measured.login, &FEW))]
}

/// Boot phases as a person writes them.
fn written(phases: &[BootPhase]) -> String {
    let line = |phase: &BootPhase| {
        let Law::Quantiles(points) = &phase.time else { panic!("a table of quantiles") };
        let stage =
            if phase.stage == simscale::scenario::BootStage::Pending { "stage = \"pending\", " } else { "" };
        format!("  {{ phase = \"{}\", {stage}time = {} }},", phase.phase, spelled(points))
    };
    let lines: Vec<String> = phases.iter().map(line).collect();
    format!("boot = [\n{}\n]", lines.join("\n"))
}

fn spelled(points: &[QuantilePoint]) -> String {
    let point = |point: &QuantilePoint| {
        format!("{{ quantile = {}, time = \"{}s\" }}", point.quantile, point.time.seconds())
    };
    let points: Vec<String> = points.iter().map(point).collect();
    format!("{{ quantiles = [{}] }}", points.join(", "))
}

const MANY_LAUNCHES: &str = r#"schema = 1
name = "boots"
[simulation]
duration = "2h"
[workload.constant]
rate = "0.01/s"
[service]
cpu_time = { constant = "60ms" }
[instance]
type = "m5.large"
[group]
min = 0
max = 4001
desired = 1
[[policy]]
name = "many"
fixed = { size = 4001 }
"#;

/// Keeps how long each instance took from its launch to its entry into service, seconds.
#[derive(Default)]
struct Boots(Vec<f64>);

impl Sink for Boots {
    fn period(&mut self, _: &PeriodRow) {}
    fn activity(&mut self, row: &ActivityRow) {
        match (row.kind, row.instance) {
            (ActivityKind::Launch, Some(_)) => self.0.push(-row.at.as_secs_f64()),
            (ActivityKind::Service, Some(number)) => self.0[number as usize - 1] += row.at.as_secs_f64(),
            _ => {}
        }
    }
}

/// Largest difference between the cumulative shares of 4,000 launches in the engine and of a sample.
fn engine_distance(phases: Vec<BootPhase>, sample: &Sample) -> Result<f64, String> {
    let mut scenario = Scenario::read("boots.toml", MANY_LAUNCHES, &[]).map_err(|all| all.to_string())?;
    scenario.instance.boot = phases;
    let mut boots = Boots::default();
    let simulation = scenario.simulation(None, None).map_err(|all| all.to_string())?;
    simulation.run(&mut boots).map_err(|broken| broken.to_string())?;
    let simulated = Sample::new(boots.0);
    let share = |of: &Sample, time: f64| of.times().partition_point(|&t| t <= time) as f64 / of.len() as f64;
    let all = sample.times().iter().chain(simulated.times());
    Ok(all.map(|&time| (share(sample, time) - share(&simulated, time)).abs()).fold(0.0, f64::max))
}

/// Prints the `time` of a boot phase from a column of a user's file.
pub fn print_quantiles(file: &Path, column: &str, unit: &str) -> Result<(), String> {
    let scale = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        _ => return Err(format!("{unit:?} is no unit; write s or ms")),
    };
    let times: Result<Vec<f64>, String> =
        rows(file, [column])?.iter().map(|row| Ok(number(&row[0])? * scale)).collect();
    let times = times?;
    if times.is_empty() {
        return Err(format!("{}: there are no rows", file.display()));
    }
    let sample = Sample::new(times);
    let Law::Quantiles(points) = table(&sample, if sample.len() < 100 { &FEW } else { &MANY }) else {
        return Ok(());
    };
    println!("time = {}", spelled(&points));
    Ok(())
}

/// The rows of the picture: a sample, then the laws beside it.
fn bars(cases: &[Case]) -> Vec<picture::Bar> {
    let mut bars: Vec<picture::Bar> = Vec::new();
    let mut last = "";
    for case in cases {
        if case.measured != last {
            let ends = (case.sample.quantile(0.0), case.sample.quantile(1.0));
            let middle = [0.1, 0.5, 0.9].map(|q| case.sample.quantile(q));
            bars.push(picture::Bar { name: case.measured.to_owned(), measured: true, ends, middle });
        }
        last = case.measured;
        let ends = (case.law.quantile(0.001), case.law.quantile(0.99));
        let middle = [0.1, 0.5, 0.9].map(|q| case.law.quantile(q));
        bars.push(picture::Bar { name: case.law_name.clone(), measured: false, ends, middle });
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published table is what the traces give now.
    #[test]
    fn the_published_table_of_boots_is_true() {
        crate::with_traces(|traces| {
            report(traces)?.is_published();
            Ok(())
        })
        .unwrap();
    }

    /// What is offered as a boot of one's own is a scenario, and boots so.
    #[test]
    fn a_boot_of_quantiles_is_a_scenario() {
        let sample = Sample::new((0..14).map(|i| 20.0 + f64::from(i)).collect());
        let phases = vec![BootPhase::new("all", table(&sample, &FEW))];
        let text = MANY_LAUNCHES
            .replace("type = \"m5.large\"", &format!("type = \"m5.large\"\n{}", written(&phases)));
        let read = Scenario::read("own.toml", &text, &[]).unwrap_or_else(|all| panic!("{all}"));
        assert_eq!(read.instance.boot, phases);
        // Straight lines between eight quantiles of fourteen times lie within a rank of them.
        let distance = engine_distance(phases, &sample).unwrap();
        assert!(distance < 1.5 / 14.0, "{distance}");
    }

    /// The boot that a shipped scenario offers in a comment stands in place of its own, and takes the time that it says.
    #[test]
    fn the_boot_in_a_comment_works() {
        let scenarios = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/aws");
        let text = std::fs::read_to_string(scenarios.join("two-zones-m5-large.toml")).unwrap();
        let offered = text.lines().find_map(|line| line.strip_prefix("# boot = ")).expect("it offers a boot");
        let kept = text.lines().filter(|line| !line.starts_with("boot_preset"));
        let own = |line: &str| {
            if line.starts_with("boot = ") { format!("boot = {offered}") } else { line.to_owned() }
        };
        let text: Vec<String> = kept.map(own).collect();
        let read = Scenario::read("own.toml", &text.join("\n"), &[]).unwrap_or_else(|all| panic!("{all}"));
        let times: f64 = read.instance.boot.iter().map(|phase| phase.time.mean_seconds()).sum();
        assert!((43.2..43.8).contains(&times), "{times}");
        crate::with_traces(|traces| {
            let launches = table(&Measured::read(traces)?.launch, &FEW);
            assert_eq!(read.instance.boot[0].time, launches);
            Ok(())
        })
        .unwrap();
    }
}
