//! A live nginx and HAProxy before single-worker servers, beside the same system simulated on the same requests.

use super::Outcome;
use super::live::{Answered, Asked, Balance, Kind, Proxy, Served, Servers, send};
use super::picture::{self, Bars, Value};
use super::ties::{self, Ties};
use simscale::Scenario;
use simscale::engine::{ResponseTime, arriving_requests, replication_seed};
use simscale_oracle::stats::mean_interval;
use std::fmt::Write;
use std::time::Duration;

/// Servers behind the proxy.
const SERVERS: usize = 8;
/// Mean service time.
const SERVICE_MS: f64 = 25.0;
/// Most requests in flight; far more than a stable case ever has.
const IN_FLIGHT: usize = 400;
/// Batches of a case whose means give the measured interval.
const BATCHES: usize = 10;
/// Replications with other luck.
const SEEDS: u64 = 40;

/// A case.
#[derive(Clone, Copy)]
struct Case {
    kind: Kind,
    balance: Balance,
    exponential: bool,
    load: f64,
}

const CASES: [Case; 8] = {
    const fn case(kind: Kind, balance: Balance, exponential: bool, load: f64) -> Case {
        Case { kind, balance, exponential, load }
    }
    [
        case(Kind::Nginx, Balance::RoundRobin, true, 0.5),
        case(Kind::Nginx, Balance::RoundRobin, false, 0.8),
        case(Kind::Nginx, Balance::RoundRobin, true, 0.8),
        case(Kind::Nginx, Balance::Least, false, 0.8),
        case(Kind::Nginx, Balance::Least, true, 0.8),
        case(Kind::HaProxy, Balance::Least, false, 0.8),
        case(Kind::HaProxy, Balance::RoundRobin, true, 0.8),
        case(Kind::HaProxy, Balance::Least, true, 0.8),
    ]
};

impl Case {
    fn name(&self) -> String {
        let balance = if self.balance == Balance::Least { "least connections" } else { "round robin" };
        let law = if self.exponential { "exponential" } else { "constant" };
        format!("{}, {balance}, {law}, load {}", self.kind.program(), self.load)
    }

    /// The same system as a scenario; `more` is held by a worker beside the service time, as an overhead.
    fn scenario(&self, seconds: u64, more: f64) -> Result<Scenario, String> {
        let law = if self.exponential {
            format!("{{ exponential = {{ mean = \"{SERVICE_MS}ms\" }} }}")
        } else {
            format!("{{ constant = \"{SERVICE_MS}ms\" }}")
        };
        let algorithm =
            if self.balance == Balance::Least { "least_outstanding_requests" } else { "round_robin" };
        let rate = self.load * SERVERS as f64 * 1000.0 / SERVICE_MS;
        let text = format!(
            r#"schema = 1
name = "loopback"
[simulation]
duration = "{seconds}s"
[workload.constant]
rate = "{rate}/s"
[service]
cpu_time = {law}
wait_time = {{ constant = "{:.0}ns" }}
[instance]
vcpus = 1
price = "0 USD/h"
discipline = {{ workers = {{ count = 1 }} }}
queue_limit = 100000000
[balancer]
algorithm = "{algorithm}"
idle_timeout = "0s"
price = "0 USD/h"
[group]
min = {SERVERS}
max = {SERVERS}
[metrics]
period = "1s"
[[policy]]
name = "all"
fixed = {{ size = {SERVERS} }}
"#,
            more * 1e9
        );
        Scenario::read("loopback.toml", &text, &[]).map_err(|all| all.to_string())
    }

    /// The requests of a seed, as the engine meets them.
    fn requests(&self, seconds: u64, seed: u64) -> Result<Vec<Asked>, String> {
        let simulation =
            self.scenario(seconds, 0.0)?.simulation(Some(seed), None).map_err(|all| all.to_string())?;
        let asked = arriving_requests(&simulation.world, simulation.workload).map(|(at, work)| Asked {
            at: Duration::from_secs_f64(at.as_secs_f64()),
            service: Duration::from_nanos(work.as_nanos()),
        });
        Ok(asked.collect())
    }

    fn simulate(&self, seconds: u64, seed: u64, more: f64) -> Result<[f64; 4], String> {
        let simulation =
            self.scenario(seconds, more)?.simulation(Some(seed), None).map_err(|all| all.to_string())?;
        let result = simulation.run(&mut ()).map_err(|broken| broken.to_string())?;
        let ResponseTime { count, sum_ns, quantiles_ns: [p50, p90, _, p99, _], .. } = result.response_time;
        Ok([sum_ns as f64 / count as f64, p50 as f64, p90 as f64, p99 as f64].map(|ns| ns / 1e6))
    }
}

/// Names of the figures, all in milliseconds.
const FIGURES: [&str; 4] = ["mean", "p50", "p90", "p99"];

/// Mean and quantiles, milliseconds.
fn figures(responses: &mut [f64]) -> [f64; 4] {
    responses.sort_by(f64::total_cmp);
    let n = responses.len();
    let at = |q: f64| responses[((q * n as f64).ceil() as usize).clamp(1, n) - 1];
    [responses.iter().sum::<f64>() / n as f64, at(0.5), at(0.9), at(0.99)]
}

/// What a case came to.
struct Compared {
    case: Case,
    requests: usize,
    lost: usize,
    /// Sent later than asked, quantile 0.99, milliseconds.
    late_p99: f64,
    /// What a server was busy beyond the time asked for, mean, milliseconds.
    busy_more: f64,
    /// Measured, with intervals over batches.
    measured: [Value; 4],
    /// The same requests simulated: as asked; with the overhead of the servers; that of the proxy at rest added.
    same: [f64; 4],
    with_servers: [f64; 4],
    with_all: [f64; 4],
    /// The same requests and overheads by the recursion, with simscale's rule for ties and with the proxy's; least connections only.
    ties: Option<[[f64; 4]; 2]>,
    /// Other requests of the same laws simulated with both overheads: mean and two-sided 95 % range of a run of this length.
    other: [Value; 4],
    load: String,
}

/// One of the simulations of a case.
type Simulated = fn(&Compared) -> [f64; 4];

/// Response time of the system at rest beyond the time that a server is busy, milliseconds: of a proxy, or of a server alone.
struct Rest {
    name: String,
    overhead: Value,
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Two hundred requests one after the other, far apart.
fn at_rest(kind: Option<Kind>) -> Result<Rest, String> {
    let servers = Servers::start(SERVERS).map_err(|error| error.to_string())?;
    let proxy = kind.map(|kind| Proxy::start(kind, Balance::RoundRobin, &servers.addresses)).transpose()?;
    let target = proxy.as_ref().map_or(servers.addresses[0], |proxy| proxy.address);
    let asked = |i: u64| Asked { at: Duration::from_millis(30 * i), service: Duration::from_millis(5) };
    let all: Vec<Asked> = (0..200).map(asked).collect();
    let (answered, lost) = send(target, &all, 8);
    drop(proxy);
    let busy: Vec<f64> = servers.finish().into_iter().flatten().map(|one| ms(one.busy)).collect();
    if lost > 0 || answered.len() < 2 {
        return Err(format!("{lost} of 200 requests at rest were not answered"));
    }
    let busy_mean = busy.iter().sum::<f64>() / busy.len() as f64;
    let beyond: Vec<f64> = answered.iter().map(|one| ms(one.response) - busy_mean).collect();
    let interval = mean_interval(&beyond, 0.95).map_err(|error| error.to_string())?;
    let name = kind.map_or("no proxy".to_owned(), |kind| kind.program().to_owned());
    Ok(Rest { name, overhead: Value { value: interval.mean, half: interval.half_width } })
}

/// The mean load of the machine over a minute, where the system tells it.
fn machine_load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Whether this program runs under a real-time policy of Linux, as `chrt -f 5` gives it: other programs then disturb it little.
fn is_real_time() -> bool {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields behind the name in brackets begin with the third; the policy is the 41st.
    let policy = text.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(41 - 3));
    matches!(policy, Some("1" | "2"))
}

fn run(case: Case, seconds: u64, seed: u64, rest: &Rest) -> Result<Compared, String> {
    let all = case.requests(seconds, seed)?;
    let servers = Servers::start(SERVERS).map_err(|error| error.to_string())?;
    let proxy = Proxy::start(case.kind, case.balance, &servers.addresses)?;
    let (answered, lost) = send(proxy.address, &all, IN_FLIGHT);
    drop(proxy);
    let load = machine_load();
    let served: Vec<Served> = servers.finish().into_iter().flatten().collect();
    let more: f64 = served.iter().map(|one| ms(one.busy) - ms(one.asked)).sum::<f64>() / served.len() as f64;
    let mut late: Vec<f64> = answered.iter().map(|one| ms(one.late)).collect();
    let plus = |figures: [f64; 4]| figures.map(|ms| ms + rest.overhead.value);
    let with_servers = case.simulate(seconds, seed, more / 1e3)?;
    let others: Result<Vec<[f64; 4]>, String> = (1..=SEEDS)
        .map(|i| Ok(plus(case.simulate(seconds, replication_seed(seed, i), more / 1e3)?)))
        .collect();
    let others = others?;
    let recursion =
        |rule: Ties| plus(figures(&mut ties::responses(&all, SERVERS, more / 1e3, seconds as f64, rule)));
    let product = if case.kind == Kind::Nginx { Ties::Smooth } else { Ties::Longest };
    Ok(Compared {
        case,
        ties: (case.balance == Balance::Least).then(|| [recursion(Ties::Next), recursion(product)]),
        requests: all.len(),
        lost,
        late_p99: figures(&mut late)[3],
        busy_more: more,
        measured: measured(&answered, seconds)?,
        same: case.simulate(seconds, seed, 0.0)?,
        with_servers,
        with_all: plus(with_servers),
        other: std::array::from_fn(|k| spread(others.iter().map(|figures| figures[k]).collect())),
        load,
    })
}

/// Mean and half the range that holds 95 of 100 runs, taken as normal.
fn spread(values: Vec<f64>) -> Value {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Value { value: mean, half: 1.96 * variance.sqrt() }
}

/// Figures of what was answered before the end, as in a simulation, with intervals over batches of time.
fn measured(answered: &[Answered], seconds: u64) -> Result<[Value; 4], String> {
    let end = Duration::from_secs(seconds);
    let inside: Vec<&Answered> = answered.iter().filter(|one| one.sent + one.response <= end).collect();
    let batch = |one: &Answered| (one.sent.as_secs_f64() / seconds as f64 * BATCHES as f64) as usize;
    let mut batches = vec![Vec::new(); BATCHES];
    for one in &inside {
        batches[batch(one).min(BATCHES - 1)].push(ms(one.response));
    }
    if batches.iter().any(Vec::is_empty) {
        return Err("a tenth of the case had no answer at all".to_owned());
    }
    let each: Vec<[f64; 4]> = batches.iter_mut().map(|batch| figures(batch)).collect();
    let mut all: Vec<f64> = inside.iter().map(|one| ms(one.response)).collect();
    let whole = figures(&mut all);
    let mut values = [Value { value: 0.0, half: 0.0 }; 4];
    for (k, value) in values.iter_mut().enumerate() {
        let column: Vec<f64> = each.iter().map(|figures| figures[k]).collect();
        let half = mean_interval(&column, 0.95).map_err(|error| error.to_string())?.half_width;
        *value = Value { value: whole[k], half };
    }
    Ok(values)
}

/// Runs every case whose proxy is installed, `seconds` each.
pub fn report(seconds: u64) -> Result<Outcome, String> {
    let seconds = seconds.clamp(10, 60);
    let mut rests = vec![at_rest(None)?];
    let mut versions = Vec::new();
    let mut all = Vec::new();
    for kind in [Kind::Nginx, Kind::HaProxy] {
        let Some(version) = kind.version() else {
            eprintln!("skipped: {} is not installed", kind.program());
            continue;
        };
        versions.push(version);
        let rest = at_rest(Some(kind))?;
        for (i, case) in CASES.into_iter().enumerate().filter(|(_, case)| case.kind == kind) {
            let compared = run(case, seconds, 100 + i as u64, &rest)?;
            let [mean, _, _, p99] = compared.measured;
            eprintln!(
                "{}: mean {:.1} ms, p99 {:.1} ms, load of the machine {}",
                case.name(),
                mean.value,
                p99.value,
                compared.load
            );
            all.push(compared);
        }
        rests.push(rest);
    }
    if all.is_empty() {
        return Ok(Outcome(Vec::new()));
    }
    let svg = picture(&all);
    let png = simscale_runner::timeline::png(&svg);
    Ok(Outcome(vec![
        ("loopback.csv".into(), csv_text(&all).into_bytes()),
        ("loopback.md".into(), page(&all, &rests, &versions, seconds).into_bytes()),
        ("loopback.svg".into(), svg.into_bytes()),
        ("loopback.png".into(), png),
    ]))
}

fn csv_text(all: &[Compared]) -> String {
    let mut text = "case,figure,measured_ms,measured_ci95_ms,same_requests_ms,with_server_overhead_ms,with_all_overheads_ms,\
                    other_requests_mean_ms,other_requests_range95_ms,requests,lost,sent_late_p99_ms,server_overhead_mean_ms,machine_load\n"
        .to_owned();
    for one in all {
        for (k, figure) in FIGURES.iter().enumerate() {
            let _ = write!(
                text,
                "\"{}\",{figure},{:.3},{:.3}",
                one.case.name(),
                one.measured[k].value,
                one.measured[k].half
            );
            let _ = write!(text, ",{:.3},{:.3},{:.3}", one.same[k], one.with_servers[k], one.with_all[k]);
            let _ = write!(
                text,
                ",{:.3},{:.3},{},{}",
                one.other[k].value, one.other[k].half, one.requests, one.lost
            );
            let _ = writeln!(text, ",{:.3},{:.3},{}", one.late_p99, one.busy_more, one.load);
        }
    }
    text
}

fn page(all: &[Compared], rests: &[Rest], versions: &[String], seconds: u64) -> String {
    let loads: Vec<&str> = all.iter().map(|one| one.load.as_str()).collect();
    let mut text = format!(
        "# A live system on loopback beside the same system simulated\n\nMade by `cargo run --release -p simscale-runner --example measured -- loopback` with {}{}; load of the machine ({} cores) at the end of each case: {}.\n\n\
         {SERVERS} servers with one worker each, which sleeps for the time that a request names ({SERVICE_MS} ms in the mean) and takes the next connection from its listen backlog; one proxy process; open-loop Poisson \
         requests, {seconds} s a case, a connection each. **The live system and the simulation get the same requests**: the arrival times and service times that the engine draws for a seed. So what differs is the \
         system, not luck.\n\nTimes in ms. *Measured*: with 95 % intervals over {BATCHES} batches (the batches' means; they hold for other luck). *Simulated*: the same requests as they are asked for; with the time that servers were busy \
         beyond what was asked (recorded, mean), held by the worker; with the proxy's time at rest added as well. *Other requests*: {SEEDS} simulations of the same length on other seeds with both overheads, mean and the range of 95 of 100 \
         runs. The difference is measured minus simulated with both overheads.\n\n\
         | case | figure | measured | simulated as asked | + servers | + proxy | difference | other requests |\n|---|---|---|---|---|---|---|---|\n",
        versions.join(" and "),
        if is_real_time() {
            ", under real-time priority (`chrt -f 5`), so that other programs disturb it little"
        } else {
            ""
        },
        std::thread::available_parallelism().map_or(0, usize::from),
        loads.join(", "),
    );
    for one in all {
        for (k, figure) in FIGURES.iter().enumerate() {
            let (measured, simulated) = (one.measured[k], one.with_all[k]);
            let _ = writeln!(
                text,
                "| {} | {figure} | {:.1} ± {:.1} | {:.1} | {:.1} | {:.1} | {:+.1} ({:+.1} %) | {:.1} ± {:.1} |",
                if k == 0 { one.case.name() } else { String::new() },
                measured.value,
                measured.half,
                one.same[k],
                one.with_servers[k],
                simulated,
                measured.value - simulated,
                100.0 * (measured.value / simulated - 1.0),
                one.other[k].value,
                one.other[k].half,
            );
        }
    }
    text.push_str(MAPPING);
    let worst = |of: Simulated, k: usize| {
        all.iter()
            .map(|one| 100.0 * (one.measured[k].value / of(one)[k] - 1.0))
            .fold(0.0, |worst: f64, percent| if percent.abs() > worst.abs() { percent } else { worst })
    };
    let _ = write!(
        text,
        "\nLargest difference of all cases, measured against simulated:\n\n| simulated | mean | p50 | p90 | p99 |\n|---|---|---|---|---|\n"
    );
    let columns: [(&str, Simulated); 3] = [
        ("as asked", |one| one.same),
        ("with the servers' overhead", |one| one.with_servers),
        ("with both overheads", |one| one.with_all),
    ];
    for (name, of) in columns {
        let _ = writeln!(
            text,
            "| {name} | {:+.1} % | {:+.1} % | {:+.1} % | {:+.1} % |",
            worst(of, 0),
            worst(of, 1),
            worst(of, 2),
            worst(of, 3)
        );
    }
    text + &ties_page(all) + &overheads_page(all, rests)
}

fn ties_page(all: &[Compared]) -> String {
    let mut text = String::new();
    text.push_str(
        "\n## The rule for ties\n\nLeast connections once more, the same requests and overheads, by a recursion of a few lines that shares nothing with the engine (`ties.rs`): with simscale's rule for equal counts it gives the engine's \
         result (within the 0.4 % of its histogram); with the proxy's own rule it explains what differed.\n\n\
         | case | figure | measured | engine | recursion, simscale's rule | recursion, the proxy's rule | difference to measured |\n|---|---|---|---|---|---|---|\n",
    );
    for (one, [own, product]) in all.iter().filter_map(|one| Some((one, one.ties?))) {
        for (k, figure) in FIGURES.iter().enumerate() {
            let _ = writeln!(
                text,
                "| {} | {figure} | {:.1} | {:.1} | {:.1} | {:.1} | {:+.1} % |",
                if k == 0 { one.case.name() } else { String::new() },
                one.measured[k].value,
                one.with_all[k],
                own[k],
                product[k],
                100.0 * (one.measured[k].value / product[k] - 1.0)
            );
        }
    }
    text
}

fn overheads_page(all: &[Compared], rests: &[Rest]) -> String {
    let mut text = String::new();
    let _ = write!(text, "\n## Overheads\n\n| at rest, beyond the busy time of a server | ms |\n|---|---|\n");
    for rest in rests {
        let _ = writeln!(text, "| {} | {:.2} ± {:.2} |", rest.name, rest.overhead.value, rest.overhead.half);
    }
    let _ = write!(
        text,
        "\n| case | requests | not answered | sent late, p99 | server busy beyond what was asked, mean |\n|---|---|---|---|---|\n"
    );
    for one in all {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2} ms | {:.2} ms |",
            one.case.name(),
            one.requests,
            one.lost,
            one.late_p99,
            one.busy_more
        );
    }
    text
}

/// How the live system is said as a scenario.
const MAPPING: &str = "\n## What stands for what\n\n\
    | live | simulated |\n|---|---|\n\
    | a server that accepts, reads, sleeps, answers, closes, then accepts again | `discipline = { workers = { count = 1 } }` |\n\
    | its listen backlog, first come first served | the instance's queue |\n\
    | nginx without `least_conn`: smooth weighted round robin, which with equal weights goes round; HAProxy `roundrobin` | `round_robin` |\n\
    | nginx `least_conn`: fewest connections, ties by its weighted round robin among the tied; HAProxy `leastconn`: fewest connections, ties to the one that has had its count for the longest | \
    `least_outstanding_requests`: fewest outstanding, ties to the next slot after the last one chosen |\n\
    | a connection that waits in a server's backlog counts as one of its connections | an attempt in the queue is outstanding |\n\
    | one process of the proxy (each worker process of nginx would count for itself) | one node |\n\
    | sleep beyond the time asked for (timer, wake-up), accept, read, write, close | `wait_time`, held by the worker |\n\
    | the proxy's own time, two connections | a constant, added to every response time |\n";

fn picture(all: &[Compared]) -> String {
    let panel = |k: usize| Bars {
        heading: format!("Response time, {}", FIGURES[k]),
        unit: "ms",
        groups: all
            .iter()
            .map(|one| {
                let value = |value: f64| Value { value, half: 0.0 };
                (
                    one.case.name().replace(", ", "\n"),
                    vec![one.measured[k], value(one.same[k]), value(one.with_all[k])],
                )
            })
            .collect(),
    };
    picture::bars(
        "A live system on loopback: measured and simulated on the same requests",
        "95 % intervals of the measured figures over batches",
        &["measured", "simulated as asked", "simulated with the overheads"],
        &[panel(0), panel(2), panel(3)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The live system gets what the simulation gets: as many requests, with the work that it executes.
    #[test]
    fn both_get_the_same_requests() {
        let case = CASES[2];
        let asked = case.requests(20, 5).unwrap();
        let simulation = case.scenario(20, 0.0).unwrap().simulation(Some(5), None).unwrap();
        let result = simulation.run(&mut ()).unwrap();
        assert_eq!(asked.len() as u64, result.requests.arrived);
        let work: f64 = asked.iter().map(|one| one.service.as_secs_f64()).sum();
        let executed = result.capacity.cpu_utilization_mean * 20.0 * SERVERS as f64;
        // What is in flight at the end was asked for and not executed.
        assert!(executed <= work && executed > 0.97 * work, "{executed} of {work}");
    }

    /// The recursion with simscale's rule for ties is the engine, within the error of its histogram; round robin aside.
    #[test]
    fn the_recursion_is_the_engine() {
        for case in CASES.into_iter().filter(|case| case.balance == Balance::Least) {
            let asked = case.requests(60, 9).unwrap();
            let own = figures(&mut ties::responses(&asked, SERVERS, 0.0002, 60.0, Ties::Next));
            let engine = case.simulate(60, 9, 0.0002).unwrap();
            for (own, engine) in own.into_iter().zip(engine) {
                assert!((own / engine - 1.0).abs() < 0.005, "{}: {own} and {engine}", case.name());
            }
        }
    }

    /// An overhead that a worker holds makes the servers busier: at load 0.8 more than itself is added to the mean.
    #[test]
    fn an_overhead_of_the_server_queues() {
        let [plain, more] = [0.0, 0.001].map(|more| CASES[2].simulate(60, 5, more).unwrap()[0]);
        assert!(more - plain > 2.0 && more - plain < 100.0, "{plain} to {more} ms");
    }
}
