//! After warm-up the request path allocates nothing: in the same number of periods, twice the requests make no more allocations.
//!
//! What may allocate is the control plane: rows, alarms, decisions, launches and terminations. Their number follows the minutes and the scaling
//! activities, which are counted beside, never the requests. A container may still grow when more are in flight than ever before.

use simscale::Scenario;
use simscale::engine::{ActivityRow, PeriodRow, Sink};
use simscale::text::Override;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Periods of a run. What is in flight reaches its usual size in the first half; the second is counted.
const PERIODS: usize = 240;

/// A container that must grow doubles: so many allocations a run are records of its size.
const GROWTHS: usize = 16;

/// What a scaling activity may allocate: its words, and those of the instances that it launches or ends.
const PER_ACTIVITY: usize = 32;

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// Where the meter stood at the end of each period, without allocating itself.
struct Meter {
    ends: Vec<(usize, u64)>,
    requests: u64,
    activities: usize,
}

impl Meter {
    fn new() -> Meter {
        Meter { ends: Vec::with_capacity(PERIODS), requests: 0, activities: 0 }
    }
}

impl Sink for Meter {
    fn period(&mut self, row: &PeriodRow) {
        self.requests += row.arrived;
        if self.ends.len() < PERIODS {
            self.ends.push((allocations(), self.requests));
        }
        if self.ends.len() == PERIODS / 2 {
            self.activities = 0;
        }
    }

    fn activity(&mut self, _: &ActivityRow) {
        self.activities += 1;
    }
}

/// What the second half of a run counted.
struct Counted {
    requests: u64,
    allocations: usize,
    activities: usize,
}

fn count(work: &str, changes: &[(&str, &str)]) -> Counted {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/bench/{work}.toml"));
    let text = std::fs::read_to_string(path).expect("the scenario ships");
    let changes: Vec<Override> = changes.iter().map(|(path, value)| Override::new(*path, *value)).collect();
    let scenario = Scenario::read(work, &text, &changes).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut meter = Meter::new();
    scenario.simulation(None, None).expect("no trace").run(&mut meter).expect("no law broke");
    let (half, end) = (meter.ends[PERIODS / 2 - 1], meter.ends[PERIODS - 1]);
    Counted { requests: end.1 - half.1, allocations: end.0 - half.0, activities: meter.activities }
}

/// One test, because the allocator counts for the whole process.
#[test]
fn twice_the_requests_make_no_more_allocations() {
    let duration = format!("{}s", 60 * PERIODS);
    let works = [
        ("w1", "workload.constant.rate", ["80/s", "160/s"], ["10ms", "5ms"]),
        ("w3rr", "workload.constant.rate", ["128/s", "256/s"], ["100ms", "50ms"]),
        ("w3lor", "workload.constant.rate", ["128/s", "256/s"], ["100ms", "50ms"]),
        ("w4", "workload.diurnal.mean", ["100/s", "200/s"], ["100ms", "50ms"]),
    ];
    for (work, rate, rates, means) in works {
        let [once, twice] = [0, 1].map(|i| {
            let changes = [
                ("simulation.duration", &*duration),
                (rate, rates[i]),
                ("service.cpu_time.exponential.mean", means[i]),
            ];
            count(work, &changes)
        });
        assert!(twice.requests > once.requests * 19 / 10, "{work}: {} requests", twice.requests);
        let activities = twice.activities.saturating_sub(once.activities);
        let allowed = once.allocations + activities * PER_ACTIVITY + GROWTHS;
        let found = twice.allocations;
        assert!(found <= allowed, "{work}: {found} allocations where {allowed} are allowed");
        // Where nothing scales, rows alone are made, and they reuse what they have.
        assert!(work == "w4" || found <= GROWTHS, "{work}: {found} allocations");
    }
}
