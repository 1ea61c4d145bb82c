//! A case: a scenario, what is measured in it, and the exact value that theory gives.

use simscale::Scenario;
use simscale::engine::{PeriodRow, RunResult, Sink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// One line of the table before it is simulated.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique; names the row and gives the case a luck of its own.
    pub name: String,
    /// The part of the grid that it belongs to.
    pub family: &'static str,
    /// Offered load over capacity.
    pub load: f64,
    /// Servers in all.
    pub servers: u32,
    /// What is measured.
    pub measure: Measure,
    /// The value of theory.
    pub exact: Exact,
    /// The oracle's function that gave it.
    pub formula: &'static str,
    /// False for approximations: printed, never judged.
    pub judged: bool,
    /// Whether the quick grid has it.
    pub quick: bool,
    /// How it is run.
    pub pace: Pace,
    /// The scenario but for the length of its run.
    pub world: World,
}

/// The value of theory, computed when it is wanted: some take seconds.
#[derive(Clone)]
pub struct Exact(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Exact {
    /// A value that this function computes.
    pub fn of(formula: impl Fn() -> f64 + Send + Sync + 'static) -> Exact {
        Exact(Arc::new(formula))
    }

    /// Computes it.
    pub fn value(&self) -> f64 {
        (self.0)()
    }
}

impl std::fmt::Debug for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exact(..)")
    }
}

/// What is measured in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Mean response time, seconds.
    MeanResponse,
    /// Mean time beyond the request's own work, seconds.
    MeanWait,
    /// Share of requests that take longer than this, nanoseconds.
    SlowerThan(u64),
    /// Share of requests that are refused.
    Refused,
    /// Mean number of messages present at an instant of each cycle of the load; both in whole seconds.
    NumberAt {
        /// The instant, from the start of the cycle.
        at: u64,
        /// Length of the cycle.
        cycle: u64,
    },
    /// Mean number of instances missing from service.
    Missing {
        /// The size of the group.
        of: u32,
    },
    /// Mean number of busy processors.
    Busy {
        /// Processors in all.
        of: u32,
    },
}

impl Measure {
    /// In words.
    pub fn words(&self) -> String {
        match *self {
            Measure::MeanResponse => "mean response time, s".to_owned(),
            Measure::MeanWait => "mean wait, s".to_owned(),
            Measure::SlowerThan(limit) => format!("share slower than {:.4} s", limit as f64 / 1e9),
            Measure::Refused => "share refused".to_owned(),
            Measure::NumberAt { at, .. } => format!("mean number present at {at} s"),
            Measure::Missing { .. } => "mean number of instances that boot".to_owned(),
            Measure::Busy { .. } => "mean number of busy processors".to_owned(),
        }
    }
}

/// How long a case is run, in simulated seconds and requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Mean number of arrivals (or strikes of a fault) a second.
    pub rate: f64,
    /// Lead-in before anything is measured, seconds; whole.
    pub lead_in: u64,
    /// Shortest measured stretch of a replication, seconds: many relaxation times.
    pub least: u64,
    /// The measured stretch is a multiple of this, seconds.
    pub unit: u64,
    /// Longest measured stretch; a run that is a story of its own is never longer.
    pub most: u64,
    /// What a request costs of the budget, 1 for the plainest.
    pub cost: f64,
}

/// The tables of a scenario but for `[simulation]`, as TOML.
#[derive(Clone, Debug, PartialEq)]
pub struct World(pub String);

impl Case {
    /// The scenario file of a replication that measures this many seconds.
    pub fn text(&self, measured: u64) -> String {
        let lead_in = self.pace.lead_in;
        // A row a lead-in is enough, but where rows are what is measured; a period is at most a day.
        let period = match self.measure {
            Measure::NumberAt { at, cycle } => greatest_divisor(greatest_divisor(at, cycle), lead_in),
            _ => lead_in.div_ceil(lead_in.div_ceil(86_400).max(1)).max(1),
        };
        let lead_in = lead_in.div_ceil(period) * period;
        format!(
            "schema = 1\nname = \"case\"\ndescription = \"{}: {}\"\n\n[simulation]\nduration = \"{}s\"\nlead_in = \"{lead_in}s\"\nin_flight_limit = 100_000_000\n\n[metrics]\nperiod = \"{period}s\"\n\n{}",
            self.name,
            self.measure.words(),
            lead_in + measured,
            self.world.0,
        )
    }

    /// The scenario of such a replication, read the way that every command reads one.
    ///
    /// # Errors
    /// Mistakes of the scenario: a fault of the grid.
    pub fn scenario(&self, measured: u64) -> Result<Scenario, String> {
        Scenario::read("case.toml", &self.text(measured), &[])
            .map_err(|mistakes| format!("{}: {}", self.name, mistakes.render(true)))
    }

    /// What a finished run says about the measured value.
    pub fn value(&self, result: &RunResult, counter: &Counter<'_>) -> f64 {
        let per = |sum: u128, count: u64| sum as f64 / count as f64;
        match self.measure {
            Measure::MeanResponse => per(result.response_time.sum_ns, result.response_time.count) / 1e9,
            Measure::MeanWait => per(result.waiting_ns, result.response_time.count) / 1e9,
            Measure::SlowerThan(_) => result.objectives[0].violation_ratio,
            Measure::Refused => per(u128::from(result.requests.refused), result.requests.arrived),
            Measure::NumberAt { .. } => per(counter.present, counter.looks),
            Measure::Missing { of } => f64::from(of) - result.capacity.in_service_mean,
            Measure::Busy { of } => f64::from(of) * result.capacity.cpu_utilization_mean,
        }
    }
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// Counts messages at the instants that a case asks for.
pub struct Counter<'a> {
    present: u128,
    looks: u64,
    measure: Measure,
    from: u64,
    stop: &'a AtomicBool,
}

impl<'a> Counter<'a> {
    /// For one run of a case, whose statistics begin at `from` seconds.
    pub fn new(case: &Case, stop: &'a AtomicBool) -> Counter<'a> {
        let (measure, from) = (case.measure, case.pace.lead_in * 1_000_000_000);
        Counter { present: 0, looks: 0, measure, from, stop }
    }
}

impl Sink for Counter<'_> {
    fn period(&mut self, row: &PeriodRow) {
        let Measure::NumberAt { at, cycle } = self.measure else { return };
        let end = row.end.as_nanos();
        if end > self.from && (end / 1_000_000_000) % cycle == at % cycle {
            self.present += u128::from(row.messages_visible + row.messages_in_flight);
            self.looks += 1;
        }
    }

    fn stop(&mut self) -> bool {
        self.stop.load(Relaxed)
    }
}
