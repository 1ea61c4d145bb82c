//! The grid: every case, family by family, each with its exact value from the oracle.

mod balancers;
mod change;
mod laws;
mod queues;
mod sharing;

use super::case::{Case, Exact, Measure, Pace, World};
use laws::Law;
use std::fmt::Write;

/// All cases of the full grid, in the order of the table.
pub fn cases() -> Vec<Case> {
    let families = [
        queues::cases(),
        queues::tails(),
        queues::refusals(),
        sharing::cases(),
        balancers::cases(),
        change::cases(),
    ];
    families.into_iter().flatten().collect()
}

/// How requests come to workers.
#[derive(Clone, Copy, PartialEq)]
enum Entry {
    /// Through a balancer with this algorithm, as TOML.
    Balancer(&'static str),
    /// Workers pull from one central queue.
    Queue,
}

/// A stationary station: Poisson arrivals, instances that are all alike. Mean service is about a second.
struct Station<'a> {
    law: &'a Law,
    load: f64,
    instances: u32,
    /// Processors of an instance.
    cores: u32,
    /// Whether requests share the processors; else each has a worker of its own, first come first served.
    shared: bool,
    /// Requests that may share the processors of an instance.
    places: u32,
    /// Places to wait in an instance.
    room: u32,
    entry: Entry,
}

/// More than ever wait.
const ENDLESS: u32 = 100_000_000;

const ROUND_ROBIN: Entry = Entry::Balancer("\"round_robin\"");
const RANDOM: Entry = Entry::Balancer("\"weighted_random\"");
const LEAST: Entry = Entry::Balancer("\"least_outstanding_requests\"");

impl<'a> Station<'a> {
    /// One instance of `cores` workers in front of an endless queue.
    fn queue(law: &'a Law, load: f64, cores: u32) -> Station<'a> {
        Station {
            law,
            load,
            instances: 1,
            cores,
            shared: false,
            places: ENDLESS,
            room: ENDLESS,
            entry: ROUND_ROBIN,
        }
    }

    fn servers(&self) -> u32 {
        self.instances * self.cores
    }

    /// Arrivals a second.
    fn rate(&self) -> f64 {
        self.load * f64::from(self.servers()) / self.law.theory.mean()
    }

    fn world(&self, measure: Measure) -> World {
        let mut text = format!("[workload.constant]\nrate = \"{}/s\"\n\n", self.rate());
        text.push_str(&self.law.service);
        let discipline = match self.shared {
            true => format!("processor_sharing = {{ max_in_flight = {} }}", self.places),
            false => format!("workers = {{ count = {} }}", self.cores),
        };
        let Station { cores, instances, room, .. } = *self;
        _ = write!(
            text,
            "\n[instance]\nvcpus = {cores}\nprice = \"0 USD/h\"\ndiscipline = {{ {discipline} }}\nqueue_limit = {room}\n\n"
        );
        _ = match self.entry {
            Entry::Balancer(algorithm) => {
                write!(text, "[balancer]\nalgorithm = {algorithm}\nidle_timeout = \"4000s\"\n\n")
            }
            Entry::Queue => write!(text, "[queue]\nvisibility_timeout = \"12h\"\n\n"),
        };
        _ = write!(text, "[group]\nmin = {instances}\nmax = {instances}\n");
        if let Measure::SlowerThan(limit) = measure {
            _ = write!(
                text,
                "\n[[objective]]\nname = \"slower\"\nallowed_ratio = 1.0\ngood_requests = {{ below = \"{limit}ns\" }}\n"
            );
        }
        World(text)
    }

    /// How long it must be run. The slowest part of an M/M/c queue forgets its start like `exp(-t / tau)` with
    /// `tau = 1 / (sqrt(c mu) - sqrt(lambda))^2`; more variable work slows it by `(1 + cs2) / 2`. Eight of these, and the rest of the
    /// longest work, leave a bias of less than 10^-5 (a test computes it).
    fn pace(&self, cost: f64) -> Pace {
        let (mean, scv) = (self.law.theory.mean(), self.law.theory.scv());
        let pooled = self.entry == Entry::Queue || self.instances == 1;
        let alone = if pooled { self.servers() } else { self.cores };
        let capacity = f64::from(alone) / mean;
        let gap = capacity.sqrt() - (capacity * self.load.min(0.999)).sqrt();
        // With little room a queue forgets faster than an endless one.
        let tau = if self.room < 1000 { 10.0 * mean } else { (0.5 * (1.0 + scv)).max(1.0) / (gap * gap) };
        let lead_in = 8.0 * tau + 10.0 * mean * (1.0 + scv) + 10.0;
        // Many instances average each other's luck, so that each may be watched for less time.
        let apart = if pooled { 1.0 } else { f64::from(self.instances.min(8)) };
        let least = (40.0 / apart * tau).max(100.0);
        let least = least.ceil() as u64;
        Pace { rate: self.rate(), lead_in: lead_in.ceil() as u64, least, unit: 1, most: u64::MAX, cost }
    }
}

/// A row about a station.
struct Row {
    name: String,
    family: &'static str,
    measure: Measure,
    exact: Exact,
    formula: &'static str,
    quick: bool,
    cost: f64,
}

impl Row {
    fn of(self, station: &Station<'_>) -> Case {
        Case {
            load: station.load,
            servers: station.servers(),
            world: station.world(self.measure),
            pace: station.pace(self.cost),
            name: self.name,
            family: self.family,
            measure: self.measure,
            exact: self.exact,
            formula: self.formula,
            judged: true,
            quick: self.quick,
        }
    }
}

/// Whole nanoseconds: a scenario's limit.
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}
