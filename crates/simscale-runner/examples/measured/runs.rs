//! Measured autoscaling runs beside simulated ones: Kubernetes' horizontal pod autoscaler on GKE, and Knative's steady state.

use super::kubernetes::Pods;
use super::picture::{Bars, Value};
use super::{Outcome, knative, number, picture, rows};
use simscale::Scenario;
use simscale::engine::{ActivityRow, PeriodRow, Policy, SimDuration, Sink, replication_seed};
use std::fmt::Write;
use std::path::Path;

/// Simulated before a run begins, seconds, so that there are datapoints.
const LEAD: u64 = 120;
/// Replications of each run.
const SEEDS: u64 = 8;
/// CPU time of a front-end request, from the two diagnostic runs: 0.5 cores at 20 requests/s.
const CPU_MS: f64 = 25.0;
/// What 70 % of the CPU request of a front-end pod is, percent of a core: the request is not known; in the two diagnostic runs 14 is what holds 4 pods at
/// 0.37 to 0.56 cores.
const TARGET: f64 = 14.0;

/// One sample of a measured run.
#[derive(Clone, Copy)]
struct Point {
    at: f64,
    pods: f64,
    cores: f64,
}

/// A measured run of one service.
struct Run {
    name: String,
    points: Vec<Point>,
}

impl Run {
    fn read_all(traces: &Path, service: &str) -> Result<Vec<Run>, String> {
        let file = traces.join("autoscaler-runs/gke_hpa_sockshop_step_ramp_constant.csv");
        let mut runs: Vec<Run> = Vec::new();
        for row in rows(&file, ["run", "service", "t_s", "replicas", "cpu_pct"])? {
            let [name, of, at, pods, cpu] = row;
            if of != service {
                continue;
            }
            if runs.last().is_none_or(|run| run.name != name) {
                runs.push(Run { name, points: Vec::new() });
            }
            let point = Point { at: number(&at)?, pods: number(&pods)?, cores: number(&cpu)? / 100.0 };
            runs.last_mut().expect("one was just added").points.push(point);
        }
        Ok(runs)
    }

    /// The runs on which the unknown request was set.
    fn is_diagnostic(&self) -> bool {
        self.name.starts_with("diag_")
    }

    /// Demand as steps of requests a second: a sample of the CPU stands for the stretch that ends at it, moved by `shift` seconds.
    fn steps(&self, shift: f64) -> String {
        let step = |i: usize| {
            let from = if i == 0 { 0.0 } else { LEAD as f64 + self.points[i - 1].at + shift };
            format!("{{ at = \"{from:.0}s\", rate = \"{:.3}/s\" }}", self.rate(i))
        };
        let steps: Vec<String> = (0..self.points.len()).map(step).collect();
        format!("[{}]", steps.join(", "))
    }

    fn rate(&self, i: usize) -> f64 {
        (self.points[i].cores * 1000.0 / CPU_MS).max(0.01)
    }

    fn scenario(&self, policy: &str, shift: f64) -> Result<Scenario, String> {
        let length = LEAD as f64 + self.points.last().map_or(0.0, |point| point.at) + 30.0;
        let text = format!(
            r#"schema = 1
name = "measured-run"
[simulation]
duration = "{:.0}s"
[workload]
steps = {}
[service]
cpu_time = {{ constant = "{CPU_MS}ms" }}
[instance]
vcpus = 1
price = "0 USD/h"
boot = [{{ phase = "start", time = {{ constant = "10s" }} }}]
[balancer]
deregistration_delay = "5s"
[group]
min = 1
max = 10
desired = {}
warm_up = "0s"
cooldown = "0s"
[metrics]
period = "5s"
publication_delay = "5s"
{policy}
"#,
            (length / 5.0).ceil() * 5.0,
            self.steps(shift),
            self.points[0].pods
        );
        Scenario::read("measured-run.toml", &text, &[]).map_err(|all| all.to_string())
    }
}

/// Target tracking as near to the horizontal pod autoscaler as its options come: it looks every ten seconds, acts on one datapoint, and scales in after five
/// minutes below 90 %.
const NEAREST: &str = r#"[[policy]]
name = "cpu"
target_tracking = { metric = "cpu_utilization", target = 14.0, period = "10s", warm_up = "0s", low_ratio = 0.9, high = { datapoints_to_alarm = 1, evaluation_periods = 1 }, low = { datapoints_to_alarm = 30, evaluation_periods = 30 } }
"#;

/// Sizes that the group was asked to have, with the ends of their periods in seconds of the measured run.
#[derive(Default)]
struct Sizes(Vec<(f64, f64)>);

impl Sink for Sizes {
    fn period(&mut self, row: &PeriodRow) {
        self.0.push((row.end.as_secs_f64() - LEAD as f64, f64::from(row.desired)));
    }
    fn activity(&mut self, _: &ActivityRow) {}
}

impl Sizes {
    fn at(&self, time: f64) -> f64 {
        let after = self.0.partition_point(|&(end, _)| end <= time);
        self.0[after.clamp(1, self.0.len()) - 1].1
    }
}

/// Who decides in a simulation.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Tracking,
    Pods,
}

fn simulate(run: &Run, who: Who, shift: f64, seed: u64) -> Result<Sizes, String> {
    let scenario = run.scenario(if who == Who::Tracking { NEAREST } else { "" }, shift)?;
    let seed = replication_seed(7, seed);
    let mut simulation = scenario.simulation(Some(seed), None).map_err(|all| all.to_string())?;
    if who == Who::Pods {
        let first = SimDuration::from_secs(30 + seed % 15);
        let hpa = Pods { request: TARGET / 0.7, target: 70.0, samples: 3.0, first, recommended: Vec::new() };
        simulation = simulation.with_policy(Box::new(hpa) as Box<dyn Policy>);
    }
    let mut sizes = Sizes::default();
    simulation.run(&mut sizes).map_err(|broken| broken.to_string())?;
    Ok(sizes)
}

/// How two curves of capacity differ, over the samples of the measured one.
#[derive(Clone, Copy, Default)]
struct Difference {
    measured_mean: f64,
    simulated_mean: f64,
    /// Time averages of |simulated - measured|, of what it has too much and of what it lacks.
    absolute: f64,
    over: f64,
    under: f64,
    peak_measured: f64,
    peak_simulated: f64,
    /// Levels that the measured run reached by scaling out, those of them that the simulated one reached too, and the sum of their lags.
    levels: f64,
    reached: f64,
    lag: f64,
}

impl Difference {
    fn of(run: &Run, sizes: &Sizes) -> Difference {
        let mut sum = Difference::default();
        let points = &run.points;
        let span = points.last().map_or(0.0, |last| last.at - points[0].at);
        for pair in points.windows(2) {
            let (share, middle) = ((pair[1].at - pair[0].at) / span, (pair[0].at + pair[1].at) / 2.0);
            // Between two samples the measured size changes somewhere: the mean of both, at both ends of the simulated curve.
            let measured = (pair[0].pods + pair[1].pods) / 2.0;
            let simulated = (sizes.at(pair[0].at) + sizes.at(middle) + sizes.at(pair[1].at)) / 3.0;
            sum.measured_mean += share * measured;
            sum.simulated_mean += share * simulated;
            sum.absolute += share * (simulated - measured).abs();
            sum.over += share * (simulated - measured).max(0.0);
            sum.under += share * (measured - simulated).max(0.0);
        }
        sum.peak_measured = points.iter().map(|point| point.pods).fold(0.0, f64::max);
        sum.peak_simulated = points.iter().map(|point| sizes.at(point.at)).fold(0.0, f64::max);
        for pair in points.windows(2) {
            for level in pair[0].pods as u32 + 1..=pair[1].pods as u32 {
                sum.levels += 1.0;
                let near =
                    |&&(end, size): &&(f64, f64)| size >= f64::from(level) && end >= pair[0].at - 120.0;
                let Some(&(end, _)) = sizes.0.iter().find(near) else { continue };
                sum.reached += 1.0;
                sum.lag += end - (pair[0].at + pair[1].at) / 2.0;
            }
        }
        sum
    }

    fn mean(all: &[Difference]) -> Difference {
        let mean = |of: &dyn Fn(&Difference) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Difference {
            measured_mean: mean(&|d| d.measured_mean),
            simulated_mean: mean(&|d| d.simulated_mean),
            absolute: mean(&|d| d.absolute),
            over: mean(&|d| d.over),
            under: mean(&|d| d.under),
            peak_measured: mean(&|d| d.peak_measured),
            peak_simulated: mean(&|d| d.peak_simulated),
            levels: mean(&|d| d.levels),
            reached: mean(&|d| d.reached),
            lag: mean(&|d| d.lag),
        }
    }
}

/// A run beside what both policies make of it.
struct Compared {
    run: Run,
    pods: Difference,
    tracking: Difference,
}

/// Means over replications of each run, with the demand moved by `shift` seconds.
fn compare(runs: Vec<Run>, shift: f64) -> Result<Vec<Compared>, String> {
    let of = |run: &Run, who: Who| -> Result<Difference, String> {
        let each = |seed| Ok(Difference::of(run, &simulate(run, who, shift, seed)?));
        let all: Result<Vec<Difference>, String> = (0..SEEDS).map(each).collect();
        Ok(Difference::mean(&all?))
    };
    let one = |run: Run| Ok(Compared { pods: of(&run, Who::Pods)?, tracking: of(&run, Who::Tracking)?, run });
    runs.into_iter().map(one).collect()
}

/// Means over the runs that nothing was set on.
fn over_the_others(all: &[Compared], of: impl Fn(&Compared) -> Difference) -> Difference {
    let others: Vec<Difference> = all.iter().filter(|one| !one.run.is_diagnostic()).map(of).collect();
    Difference::mean(&others)
}

/// The comparison as tables, text and a picture.
pub fn report(traces: &Path) -> Result<Outcome, String> {
    let service = "front-end";
    let all = compare(Run::read_all(traces, service)?, 0.0)?;
    let later = compare(Run::read_all(traces, service)?, 15.0)?;
    let earlier = compare(Run::read_all(traces, service)?, -15.0)?;
    let steady = knative::compare(traces)?;
    let svg = picture(&all, &steady);
    let png = simscale_runner::timeline::png(&svg);
    Ok(Outcome(vec![
        ("runs.csv".into(), csv_text(&all).into_bytes()),
        ("knative.csv".into(), knative::csv_text(&steady).into_bytes()),
        ("runs.md".into(), page(&all, &[(-15, earlier), (15, later)], &steady, traces)?.into_bytes()),
        ("runs.svg".into(), svg.into_bytes()),
        ("runs.png".into(), png),
    ]))
}

fn csv_text(all: &[Compared]) -> String {
    let mut text = "run,policy,pods_measured_mean,pods_simulated_mean,difference_absolute_mean,over_mean,under_mean,peak_measured,\
                    peak_simulated,levels_measured,levels_reached,lag_mean_s\n"
        .to_owned();
    for one in all {
        for (policy, d) in [("own, after Kubernetes", one.pods), ("target_tracking", one.tracking)] {
            let lag = d.lag / d.reached.max(1e-9);
            let _ =
                write!(text, "{},\"{policy}\",{:.2},{:.2}", one.run.name, d.measured_mean, d.simulated_mean);
            let _ = write!(
                text,
                ",{:.2},{:.2},{:.2},{:.0},{:.1}",
                d.absolute, d.over, d.under, d.peak_measured, d.peak_simulated
            );
            let _ = writeln!(text, ",{:.0},{:.1},{lag:.0}", d.levels, d.reached);
        }
    }
    text
}

fn row(text: &mut String, name: &str, d: &Difference) {
    let _ = writeln!(
        text,
        "| {name} | {:.2} / {:.2} | {:.2} | +{:.2} / -{:.2} | {:.1} / {:.1} | {:.1} of {:.1} | {:+.0} s |",
        d.measured_mean,
        d.simulated_mean,
        d.absolute,
        d.over,
        d.under,
        d.peak_measured,
        d.peak_simulated,
        d.reached,
        d.levels,
        d.lag / d.reached.max(1e-9),
    );
}

fn page(
    all: &[Compared],
    moved: &[(i32, Vec<Compared>)],
    steady: &[knative::Steady],
    traces: &Path,
) -> Result<String, String> {
    let mut text = format!(
        "# Measured autoscaling runs beside simulated ones\n\nMade by `cargo run --release -p simscale-runner --example measured -- runs`.\n\n\
         ## Kubernetes' horizontal pod autoscaler on GKE: the front end of Sock Shop\n\n\
         Ten runs of some ten minutes, a sample every 30 to 45 s. The load is the measured CPU of all pods (a sample stands for the stretch that ends at it), as Poisson requests of \
         {CPU_MS} ms; a pod has a core and starts in 10 s; {SEEDS} replications. The CPU request is not known: a target of {TARGET} % of a core is what \
         explains the steady size of the two `diag` runs, and was kept for the other eight. Numbers are pods, measured / simulated: the size that was asked for; difference: time average of its amount, \
         then its parts above and below; levels: sizes that the measured run reached by scaling out, and how many of them the simulated one reached; lag: simulated minus measured, where the \
         measured moment is known to half a sample, 15 to 23 s.\n\n"
    );
    let heads = "| run | mean | difference | over / under | peak | levels reached | lag |\n|---|---|---|---|---|---|---|\n";
    let _ = write!(
        text,
        "A policy of one's own with the rules of the autoscaler (tolerance, pods without a sample, five minutes of stabilisation, limits of growth), 15 s:\n\n{heads}"
    );
    for one in all {
        row(&mut text, &one.run.name, &one.pods);
    }
    row(&mut text, "**the eight others**", &over_the_others(all, |one| one.pods));
    for (shift, others) in moved {
        row(
            &mut text,
            &format!("the eight, load moved by {shift:+} s"),
            &over_the_others(others, |one| one.pods),
        );
    }
    let _ = write!(
        text,
        "\nThe nearest that a scenario can say, `target_tracking` of 10 s datapoints, one of one high, thirty of thirty low at 90 %:\n\n{heads}"
    );
    for one in all {
        row(&mut text, &one.run.name, &one.tracking);
    }
    row(&mut text, "**the eight others**", &over_the_others(all, |one| one.tracking));
    text.push_str(&start_up(traces)?);
    text.push_str(&knative::page(steady));
    Ok(text)
}

/// What the runs of the services on a Java machine show, and simscale was not held against.
fn start_up(traces: &Path) -> Result<String, String> {
    let mut text = String::from(
        "\n## Not simulated: the services that burn CPU while they start\n\n\
         `carts` and `orders` (Java) take their own start for load. Means over the runs in which each scaled out to its bound of 10:\n\n\
         | service | runs | most CPU of all pods, cores | CPU at the end of the run, cores | pods at the end |\n|---|---|---|---|---|\n",
    );
    for service in ["carts", "orders"] {
        let runs: Vec<Run> = Run::read_all(traces, service)?
            .into_iter()
            .filter(|run| run.points.iter().any(|point| point.pods == 10.0))
            .collect();
        let mean = |of: &dyn Fn(&Run) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
        let most = mean(&|run| run.points.iter().map(|point| point.cores).fold(0.0, f64::max));
        let last = |run: &Run| *run.points.last().expect("a run has samples");
        let _ = writeln!(
            text,
            "| {service} | {} | {most:.1} | {:.1} | {:.1} |",
            runs.len(),
            mean(&|run| last(run).cores),
            mean(&|run| last(run).pods)
        );
    }
    text.push_str(
        "\nThe autoscaler adds pods, their start is CPU, and it adds more. simscale can say CPU during a boot phase in service (`cpu_ratio`), but not a utilisation above the request: \
         its CPU is of the processors and ends at 100 %, a pod's is of its request and went beyond 400 % here. How much of the CPU is start-up cannot be told from these samples, so a \
         simulation would be fitted to what it is held against.\n",
    );
    Ok(text)
}

/// Draws each run, measured and simulated, into a folder of one's own: what was measured may not be published as a curve.
pub fn curves(traces: &Path, folder: &Path) -> Result<(), String> {
    let mut files = Vec::new();
    for run in Run::read_all(traces, "front-end")? {
        let measured: Vec<(f64, f64)> = run.points.iter().map(|point| (point.at, point.pods)).collect();
        let end = measured.last().map_or(0.0, |last| last.0);
        let mut lines = vec![measured];
        for who in [Who::Pods, Who::Tracking] {
            let sizes = simulate(&run, who, 0.0, 0)?.0;
            lines.push(sizes.into_iter().filter(|&(at, _)| (0.0..=end).contains(&at)).collect());
        }
        let svg = picture::curves(&format!("{}: pods asked for", run.name), &NAMES, &lines);
        files.push((format!("{}.png", run.name), simscale_runner::timeline::png(&svg)));
        files.push((format!("{}.svg", run.name), svg.into_bytes()));
    }
    Outcome(files).write(folder)
}

/// Who is drawn, in the order of the colours.
const NAMES: [&str; 3] =
    ["measured", "a policy of one's own, after the product", "nearest policy of a scenario"];

fn picture(all: &[Compared], steady: &[knative::Steady]) -> String {
    let bar = |value: f64| Value { value, half: 0.0 };
    let named =
        |one: &Compared| one.run.name.trim_start_matches("diag_").replace("reactive_", "").replace('_', "\n");
    let runs = all.iter().map(|one| {
        let mark = if one.run.is_diagnostic() { " *" } else { "" };
        (
            named(one) + mark,
            vec![bar(one.pods.measured_mean), bar(one.pods.simulated_mean), bar(one.tracking.simulated_mean)],
        )
    });
    let knative =
        steady.iter().map(|at| (format!("{}/s", at.rate), vec![at.measured, at.revision, at.tracking]));
    picture::bars(
        "Autoscaling runs: measured and simulated",
        "95 % intervals, where there are some",
        &NAMES,
        &[
            Bars {
                heading: "Knative, pods over an hour of constant load".into(),
                unit: "pods",
                groups: knative.collect(),
            },
            Bars {
                heading: "Kubernetes on GKE, mean pods of a run (* set on these)".into(),
                unit: "pods",
                groups: runs.collect(),
            },
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Proves the measures of two curves on one that is known: asked for two a quarter of a minute late, one too many at the end.
    #[test]
    fn differences_are_those_of_known_curves() {
        let point = |at: f64, pods: f64| Point { at, pods, cores: 0.1 };
        let run = Run {
            name: "known".into(),
            points: vec![point(0.0, 1.0), point(30.0, 1.0), point(60.0, 3.0), point(90.0, 3.0)],
        };
        let sizes = |t: f64| {
            if t < 60.0 {
                1.0
            } else if t < 65.0 {
                3.0
            } else {
                4.0
            }
        };
        let simulated = Sizes((0..20).map(|i| (5.0 * f64::from(i), sizes(5.0 * f64::from(i)))).collect());
        let d = Difference::of(&run, &simulated);
        assert_eq!((d.peak_measured, d.peak_simulated, d.levels, d.reached), (3.0, 4.0, 2.0, 2.0));
        // Both levels are reached at 60 s and were measured in the middle of 30 and 60 s.
        assert_eq!(d.lag, 30.0);
        assert!((d.measured_mean - 2.0).abs() < 1e-12, "{}", d.measured_mean);
        assert!((d.over - d.under - (d.simulated_mean - d.measured_mean)).abs() < 1e-12);
        assert!((d.absolute - d.over - d.under).abs() < 1e-12);
    }

    /// The published figures are what the traces give now (the page has more of the same, with the load moved).
    #[test]
    fn the_published_tables_of_runs_are_true() {
        crate::with_traces(|traces| {
            let all = compare(Run::read_all(traces, "front-end")?, 0.0)?;
            let steady = knative::csv_text(&knative::compare(traces)?).into_bytes();
            let files = [("runs.csv", csv_text(&all).into_bytes()), ("knative.csv", steady)];
            Outcome(files.map(|(name, content)| (name.to_owned(), content)).into()).is_published();
            Ok(())
        })
        .unwrap();
    }
}
