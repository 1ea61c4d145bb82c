//! What is measured: the floor, the peers and simscale on each row, simscale alone on siblings and fleets.

use super::process::{self, Taken};
use super::{models, table, works};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};

/// Requests of a peer's run; W4 is the whole day.
const PEER_REQUESTS: u64 = 2_000_000;
/// Requests of a fleet's run.
const FLEET_REQUESTS: u64 = 4_000_000;

/// The floor's fastest form of each row, with its number of requests.
const FLOOR: [(&str, &str, &str); 5] = [
    ("w1", "lindley,zig,hist", "5e7"),
    ("w2", "kwheap4,zig,hist", "1e7"),
    ("w3rr", "lazy,zig,hist", "1e7"),
    ("w3lor", "bits,zig,hist", "1e7"),
    ("w4", "inv,zig,hist", "1e7"),
];

/// One program on one workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// `floor`, `simscale`, or a peer.
    pub program: &'static str,
    /// The workload: a file of `scenarios/bench`, or a fleet as balancer and size.
    pub work: String,
    /// What it is held against in the same round: program and workload.
    pub against: Option<(&'static str, String)>,
    /// The largest ratio that is wanted.
    pub wanted: Option<f64>,
    how: How,
}

#[derive(Debug, Clone, PartialEq)]
enum How {
    Floor(&'static str, &'static str),
    Peer(u64),
    Own { file: &'static str, changes: Vec<(&'static str, String)> },
}

/// What one run of a subject took.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub requests: u64,
    /// Wall time of the simulation over the requests.
    pub ns: f64,
    /// Processor time of the whole process over the requests.
    pub cpu_ns: f64,
    pub peak_mib: f64,
}

impl Subject {
    /// All of a round, in its order: neighbours are compared.
    pub fn all() -> Vec<Subject> {
        let rows = table::WORKS.iter().filter(|work| work.name == work.row);
        let siblings = table::WORKS.iter().filter(|work| work.name != work.row).map(sibling);
        let fleets = table::BALANCERS
            .iter()
            .flat_map(|(name, algorithm)| table::SIZES.iter().map(move |&size| fleet(name, algorithm, size)));
        rows.flat_map(row).chain(siblings).chain(fleets).collect()
    }
}

/// A row: floor, simscale, peers.
fn row(work: &table::Work) -> Vec<Subject> {
    let (name, against) = (work.name.to_owned(), Some(("floor", work.name.to_owned())));
    let floor = FLOOR.iter().find(|floor| floor.0 == work.name).expect("each row has a floor");
    let wanted = match work.name {
        "w1" => 3.0,
        "w2" => 1.0,
        "w3rr" => 1.5,
        _ => 1.4,
    };
    let own = How::Own { file: work.name, changes: vec![("simulation.duration", work.long.to_owned())] };
    let subject =
        |program, against, wanted, how| Subject { program, work: name.clone(), against, wanted, how };
    let mut all = vec![
        subject("floor", None, None, How::Floor(floor.1, floor.2)),
        subject("simscale", against.clone(), Some(wanted), own),
    ];
    let requests = if work.name == "w4" { 10_000_000 } else { PEER_REQUESTS };
    all.extend(models::PEERS.iter().map(|peer| subject(peer.0, against.clone(), None, How::Peer(requests))));
    all
}

fn sibling(work: &table::Work) -> Subject {
    let wanted = if work.name == "w4-clients" { 2.0 } else { 1.5 };
    Subject {
        program: "simscale",
        work: work.name.to_owned(),
        against: Some(("simscale", work.row.to_owned())),
        wanted: Some(wanted),
        how: How::Own { file: work.name, changes: vec![("simulation.duration", work.long.to_owned())] },
    }
}

fn fleet(balancer: &'static str, algorithm: &'static str, size: u32) -> Subject {
    let wanted = if balancer == "least_outstanding_requests" { 2.5 } else { 2.0 };
    let smallest = table::SIZES[0];
    Subject {
        program: "simscale",
        work: format!("{balancer}/{size}"),
        against: (size != smallest).then(|| ("simscale", format!("{balancer}/{smallest}"))),
        wanted: (size != smallest).then_some(wanted),
        how: How::Own { file: "fleet", changes: table::fleet(size, algorithm, FLEET_REQUESTS) },
    }
}

/// The programs that are run.
pub struct Programs {
    pub simscale: PathBuf,
    pub floor: Option<PathBuf>,
    folder: PathBuf,
}

impl Programs {
    /// Builds simscale; the floor is whatever `SIMSCALE_FLOOR` names.
    pub fn find(folder: &Path) -> Programs {
        let floor = std::env::var_os("SIMSCALE_FLOOR").map(PathBuf::from).filter(|path| path.is_file());
        Programs { simscale: process::simscale(), floor, folder: folder.to_path_buf() }
    }

    /// Runs a subject once; nothing where its program is missing.
    pub fn measure(&self, subject: &Subject) -> Option<Sample> {
        match &subject.how {
            How::Floor(variant, requests) => {
                let taken = process::run(self.floor.as_ref()?, &[&subject.work, variant, requests]);
                let fields: Vec<&str> = taken.printed.trim().split('\t').collect();
                let ns = fields.iter().find_map(|field| field.strip_suffix(" ns/req")?.parse().ok());
                let requests = fields.get(2).and_then(|field| field.parse().ok());
                Some(Sample::of(&taken, requests.expect("requests"), ns.expect("ns/req")))
            }
            How::Peer(requests) => {
                let me = std::env::current_exe().expect("a running program has a file");
                let taken =
                    process::run(&me, &["peer", subject.program, &subject.work, &requests.to_string()]);
                let words: Vec<f64> =
                    taken.printed.split_whitespace().map(|word| word.parse().expect("a number")).collect();
                self.check_mean(subject, words[2]);
                Some(Sample::of(&taken, words[0] as u64, words[1] * 1e9 / words[0]))
            }
            How::Own { file, changes } => Some(self.simulate(&works::file(file), changes)),
        }
    }

    fn check_mean(&self, subject: &Subject, mean: f64) {
        let theory = models::WORKS.iter().find(|work| work.0 == subject.work).expect("a row").1;
        let off = (mean / theory - 1.0).abs();
        assert!(off < 0.05, "{} {}: mean {mean} where theory says {theory}", subject.program, subject.work);
    }

    /// `simscale run` on a file with these changes.
    pub fn simulate(&self, file: &Path, changes: &[(&str, String)]) -> Sample {
        let (file, out) = (file.display().to_string(), self.folder.join("run").display().to_string());
        let sets: Vec<String> = changes.iter().map(|(path, value)| format!("{path}={value}")).collect();
        let mut arguments = vec!["run", &*file, "--quiet", "--no-expect", "--jobs", "1", "--out", &*out];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        let taken = process::run(&self.simscale, &arguments);
        let timing = std::fs::read(Path::new(&out).join("timing.json")).expect("a run writes its timing");
        let timing: serde_json::Value = serde_json::from_slice(&timing).expect("JSON");
        let requests = timing["requests"].as_u64().expect("requests");
        let wall = timing["wall_s"].as_f64().expect("seconds");
        Sample::of(&taken, requests, wall * 1e9 / requests as f64)
    }
}

impl Sample {
    fn of(taken: &Taken, requests: u64, ns: f64) -> Sample {
        Sample { requests, ns, cpu_ns: taken.cpu * 1e9 / requests as f64, peak_mib: taken.peak_mib }
    }
}

/// Binds this process, and all that it starts, to one processor; hands over those that it had.
pub fn pin() -> Option<CpuSet> {
    let before = sched_getaffinity(Pid::from_raw(0)).ok()?;
    let last = (0..CpuSet::count()).rev().find(|&cpu| before.is_set(cpu).unwrap_or(false))?;
    let mut one = CpuSet::new();
    one.set(last).ok()?;
    sched_setaffinity(Pid::from_raw(0), &one).ok()?;
    Some(before)
}

/// Gives the processors back.
pub fn unpin(before: Option<CpuSet>) {
    if let Some(before) = before {
        sched_setaffinity(Pid::from_raw(0), &before).expect("they were allowed before");
    }
}
