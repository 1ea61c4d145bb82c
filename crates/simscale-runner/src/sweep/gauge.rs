//! What a sweep wants to know of a run beyond its summary: overload, elasticity, and what held the group back.

use simscale::Scenario;
use simscale::engine::{PeriodRow, SimTime, Sink};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Length of the stretch over which offered work is held against the largest group, seconds.
const STRETCH: f64 = 600.0;

/// The figures of a gauge, in the order of [`Gauge::figures`], with their meaning.
pub const FIGURES: [(&str, &str); 9] = [
    (
        "overload.offered_ratio",
        "Most CPU work that arrived in any 10 minutes over what group.max can do in them; above 1 is overload",
    ),
    ("overload.goodput_ratio", "Served over arrived in the last tenth of the window; under 0.99 is overload"),
    ("limits.at_max_ratio", "Share of the window in which group.max was desired"),
    ("limits.backend_busy_ratio", "Share of the window in which the backend was at least 99 % busy"),
    (
        "elasticity.under_accuracy_ratio",
        "Missing instances over demand, time average (SPEC: theta_U); demand is offered CPU work over an instance's, rounded up",
    ),
    ("elasticity.over_accuracy_ratio", "Surplus healthy instances over demand, time average (SPEC: theta_O)"),
    (
        "elasticity.under_time_ratio",
        "Share of the window with fewer healthy instances than demanded (SPEC: tau_U)",
    ),
    ("elasticity.over_time_ratio", "Share of the window with more (SPEC: tau_O)"),
    (
        "elasticity.instability_ratio",
        "Share of the periods in which supply and demand move differently (SPEC: upsilon)",
    ),
];

/// Takes the periods of one run.
pub struct Gauge<'a> {
    stop: &'a AtomicBool,
    from: SimTime,
    last_tenth: SimTime,
    /// CPU time of a mean request on an instance, in instances x seconds.
    work: f64,
    max: u32,
    stretch: VecDeque<(f64, f64)>,
    offered: f64,
    tail: (u64, u64),
    window_s: f64,
    at_max_s: f64,
    backend_s: f64,
    under: f64,
    over: f64,
    under_s: f64,
    over_s: f64,
    moved: u64,
    steps: u64,
    before: Option<(f64, f64)>,
    /// Requests that arrived, lead-in included.
    pub requests: u64,
}

impl<'a> Gauge<'a> {
    /// A gauge for a run of this scenario, with every default written out.
    pub fn new(resolved: &Scenario, stop: &'a AtomicBool) -> Gauge<'a> {
        let run = &resolved.simulation;
        let (from, end) = (run.lead_in.nanos(), run.duration.nanos());
        let instance = &resolved.instance;
        let power = f64::from(instance.vcpus.unwrap_or(1)) * instance.speed;
        Gauge {
            stop,
            from: SimTime::from_nanos(from),
            last_tenth: SimTime::from_nanos(end - (end - from) / 10),
            work: resolved.service.mean_cpu_seconds() / power,
            max: resolved.group.max,
            stretch: VecDeque::new(),
            offered: 0.0,
            tail: (0, 0),
            window_s: 0.0,
            at_max_s: 0.0,
            backend_s: 0.0,
            under: 0.0,
            over: 0.0,
            under_s: 0.0,
            over_s: 0.0,
            moved: 0,
            steps: 0,
            before: None,
            requests: 0,
        }
    }

    /// The figures, in the order of [`FIGURES`].
    pub fn figures(&self) -> [Option<f64>; FIGURES.len()] {
        let share = |part: f64| (self.window_s > 0.0).then(|| part / self.window_s);
        let (arrived, served) = self.tail;
        [
            Some(self.offered),
            (arrived > 0).then(|| served as f64 / arrived as f64),
            share(self.at_max_s),
            share(self.backend_s),
            share(self.under),
            share(self.over),
            share(self.under_s),
            share(self.over_s),
            (self.steps > 0).then(|| self.moved as f64 / self.steps as f64),
        ]
    }

    fn overload(&mut self, row: &PeriodRow, seconds: f64) {
        self.stretch.push_back((seconds, row.arrived as f64 * self.work));
        let length = |stretch: &VecDeque<(f64, f64)>| stretch.iter().map(|part| part.0).sum::<f64>();
        while self.stretch.len() > 1 && length(&self.stretch) - self.stretch[0].0 >= STRETCH {
            self.stretch.pop_front();
        }
        let time = length(&self.stretch);
        if time >= STRETCH {
            let work: f64 = self.stretch.iter().map(|part| part.1).sum();
            self.offered = self.offered.max(work / (time * f64::from(self.max)));
        }
        if row.start >= self.last_tenth {
            self.tail.0 += row.arrived;
            self.tail.1 += row.served;
        }
    }

    fn elasticity(&mut self, row: &PeriodRow, seconds: f64) {
        // Noise of the last digit does not ask for an instance.
        let demand = (row.arrived as f64 * self.work / seconds - 1e-9).ceil().max(0.0);
        let supply = f64::from(row.healthy);
        if demand > 0.0 {
            self.under += (demand - supply).max(0.0) / demand * seconds;
            self.over += (supply - demand).max(0.0) / demand * seconds;
        }
        self.under_s += if demand > supply { seconds } else { 0.0 };
        self.over_s += if supply > demand { seconds } else { 0.0 };
        if let Some((demand_before, supply_before)) = self.before.replace((demand, supply)) {
            self.steps += 1;
            let differs = sign(demand - demand_before) != sign(supply - supply_before);
            self.moved += u64::from(differs);
        }
    }
}

fn sign(value: f64) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

impl Sink for Gauge<'_> {
    fn period(&mut self, row: &PeriodRow) {
        self.requests += row.arrived;
        if row.start < self.from {
            return;
        }
        let seconds = row.end.since(row.start).as_secs_f64();
        self.window_s += seconds;
        self.at_max_s += if row.desired >= self.max { seconds } else { 0.0 };
        self.backend_s += if row.backend_busy_ratio >= 0.99 { seconds } else { 0.0 };
        self.overload(row, seconds);
        self.elasticity(row, seconds);
    }

    fn stop(&mut self) -> bool {
        self.stop.load(Relaxed)
    }
}
