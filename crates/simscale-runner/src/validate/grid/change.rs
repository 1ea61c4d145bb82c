//! What changes with time: load over the day, bursts above capacity, help that boots, instances that crash and are replaced.

use super::laws;
use super::{Case, Exact, Measure, Pace, World};
use simscale_oracle::booting::BootingMmc;
use simscale_oracle::forward::ForwardMmc;
use simscale_oracle::service::ServiceLaw;
use simscale_oracle::steps::Steps;
use simscale_oracle::transient::{Mtginf, mean_number_from_empty};

const FIXED: &str = "the grid lies within the domain of the formula";

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = over_the_day();
    cases.extend(bursts_without_a_queue());
    cases.extend(bursts_above_capacity());
    cases.extend(scaled_out());
    cases.extend(replaced());
    cases
}

/// A queue whose workers pull: instances of `cores` processors with a worker each.
fn workers(load: &str, service: &str, instances: (u32, u32), cores: u32) -> String {
    let (min, max) = instances;
    format!(
        "{load}\n{service}\n[instance]\nvcpus = {cores}\nprice = \"0 USD/h\"\ndiscipline = {{ workers = {{ count = {cores} }} }}\n\n[queue]\nvisibility_timeout = \"12h\"\n\n[group]\nmin = {min}\nmax = {max}\n"
    )
}

/// M(t)/G/infinity over a day: as many present as the past half hours brought, not as the present rate says. A thousand workers are
/// infinitely many for 200 on average.
fn over_the_day() -> Vec<Case> {
    let (mean, hour) = (0.1, 3600);
    let laws: [(&str, &str, ServiceLaw); 4] = [
        ("M", "{ exponential = { mean = \"30m\" } }", ServiceLaw::exponential(1800.0).expect(FIXED)),
        ("D", "{ constant = \"30m\" }", ServiceLaw::deterministic(1800.0).expect(FIXED)),
        ("E4", "{ erlang = { mean = \"30m\", stages = 4 } }", ServiceLaw::erlang(4, 1800.0).expect(FIXED)),
        (
            "U",
            "{ uniform = { low = \"5m\", high = \"55m\" } }",
            ServiceLaw::uniform(300.0, 3300.0).expect(FIXED),
        ),
    ];
    let mut cases = Vec::new();
    for (short, text, theory) in laws {
        // Highest over lowest 9 is an amplitude of 0.8 around the mean; the peak lies at 14:00.
        let phase = std::f64::consts::FRAC_PI_2 - std::f64::consts::TAU * 14.0 / 24.0;
        let model = Mtginf::new(mean, 0.8 * mean, 86_400.0, phase, theory).expect(FIXED);
        for at in [2, 8, 14, 20] {
            let model = model.clone();
            let load = "[workload.diurnal]\nmean = \"0.1/s\"\npeak_to_trough = 9.0\npeak_at = \"14:00\"\n";
            let service = format!("[service]\ncpu_time = {text}\n");
            cases.push(Case {
                name: format!("M(t)/{short}/inf over a day, at {at}:00"),
                family: "load over the day",
                load: 0.0,
                servers: 1000,
                measure: Measure::NumberAt { at: at * hour, cycle: 86_400 },
                exact: Exact::of(move || model.mean_number((at * hour) as f64).expect(FIXED)),
                formula: "transient::Mtginf::mean_number",
                judged: true,
                quick: at == 8,
                pace: Pace {
                    rate: mean,
                    lead_in: 86_400,
                    least: 86_400,
                    unit: 86_400,
                    most: u64::MAX,
                    cost: 4.0,
                },
                world: World(workers(load, &service, (1, 1), 1000)),
            });
        }
    }
    cases
}

/// Seconds of a cycle of bursts.
const CYCLE: u64 = 600;

/// Cycles that a run of bursts measures.
const CYCLES: u64 = 50;

/// The rate of a burst in every cycle: `high` from 100 s to `until`, else `low`.
#[derive(Clone, Copy)]
struct Bursts {
    low: f64,
    high: f64,
    until: u64,
}

impl Bursts {
    fn steps(&self, cycles: u64) -> Vec<(u64, f64)> {
        let cycle = |k: u64| {
            [(k * CYCLE, self.low), (k * CYCLE + 100, self.high), (k * CYCLE + self.until, self.low)]
        };
        (0..cycles).flat_map(cycle).collect()
    }

    fn load(&self) -> String {
        // Two cycles lead in.
        let step = |(at, rate): &(u64, f64)| format!("{{ at = \"{at}s\", rate = \"{rate}/s\" }}");
        let steps: Vec<String> = self.steps(CYCLES + 2).iter().map(step).collect();
        format!("[workload]\nsteps = [{}]\n", steps.join(", "))
    }

    fn mean_rate(&self) -> f64 {
        let share = (self.until - 100) as f64 / CYCLE as f64;
        self.low + (self.high - self.low) * share
    }

    fn pace(&self) -> Pace {
        let measured = CYCLES * CYCLE;
        Pace {
            rate: self.mean_rate(),
            lead_in: 2 * CYCLE,
            least: measured,
            unit: CYCLE,
            most: measured,
            cost: 3.0,
        }
    }
}

/// M(t)/G/infinity with steps, for laws of service whose transform has no closed form.
fn bursts_without_a_queue() -> Vec<Case> {
    let laws: [(&str, &str, ServiceLaw); 4] = [
        (
            "LN",
            "{ lognormal = { mean = \"30s\", cv = 1.2 } }",
            ServiceLaw::lognormal_with_scv(30.0, 1.44).expect(FIXED),
        ),
        ("W", "{ weibull = { mean = \"30s\", shape = 0.7 } }", ServiceLaw::weibull(30.0, 0.7).expect(FIXED)),
        (
            "G",
            "{ gamma = { mean = \"30s\", cv = 1.5 } }",
            ServiceLaw::gamma_with_scv(30.0, 2.25).expect(FIXED),
        ),
        (
            "H2",
            "{ hyperexponential = { mean = \"30s\", cv = 2.0 } }",
            ServiceLaw::hyperexponential_balanced(30.0, 4.0).expect(FIXED),
        ),
    ];
    let bursts = Bursts { low: 2.0, high: 10.0, until: 160 };
    let mut cases = Vec::new();
    for (short, text, theory) in laws {
        for at in [150, 200] {
            let (service, theory) = (format!("[service]\ncpu_time = {text}\n"), theory.clone());
            cases.push(Case {
                name: format!("M(t)/{short}/inf with bursts, at {at} s"),
                family: "bursts",
                load: 0.0,
                servers: 1000,
                measure: Measure::NumberAt { at, cycle: CYCLE },
                exact: Exact::of(move || number_after(&bursts, &theory, at)),
                formula: "transient::mean_number_from_empty",
                judged: true,
                quick: at == 200,
                pace: bursts.pace(),
                world: World(workers(&bursts.load(), &service, (1, 1), 1000)),
            });
        }
    }
    cases
}

/// The mean number at an instant of a cycle long after the start: the sum over pieces of constant rate, so that no integral crosses a jump.
fn number_after(bursts: &Bursts, theory: &ServiceLaw, at: u64) -> f64 {
    let now = (8 * CYCLE + at) as f64;
    let steps = bursts.steps(9);
    let ends = steps.iter().skip(1).map(|step| step.0 as f64).chain([f64::INFINITY]);
    let alone = |span: f64| mean_number_from_empty(|_| 1.0, theory, span).expect(FIXED);
    let piece = |(&(from, rate), end): (&(u64, f64), f64)| {
        let (from, end) = (from as f64, end.min(now));
        if from >= now { 0.0 } else { rate * (alone(now - from) - alone(now - end)) }
    };
    steps.iter().zip(ends).map(piece).sum()
}

/// M(t)/M/c with bursts at up to three times its capacity, in the periodic regime: how many are present on the way, and how long a
/// request takes over whole cycles.
fn bursts_above_capacity() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for (c, high, until) in [(1, 3.0, 120), (10, 15.0, 160), (10, 30.0, 130), (100, 130.0, 160)] {
        let bursts = Bursts { low: 0.5 * f64::from(c), high, until };
        let base = Case {
            name: String::new(),
            family: "bursts",
            load: bursts.mean_rate() / f64::from(c),
            servers: c,
            measure: Measure::MeanResponse,
            exact: Exact::of(move || periodic_response(bursts, c)),
            formula: "forward::ForwardMmc",
            judged: true,
            quick: false,
            pace: bursts.pace(),
            world: World(workers(&bursts.load(), &law.service, (1, 1), c)),
        };
        let peak = high / f64::from(c);
        for at in [until, until + 40] {
            cases.push(Case {
                name: format!("M(t)/M/{c}, bursts at {peak} of capacity, at {at} s"),
                measure: Measure::NumberAt { at, cycle: CYCLE },
                exact: Exact::of(move || {
                    queue_in_bursts(bursts, c).advance((CYCLE + at) as f64).expect(FIXED).mean_number
                }),
                quick: at == until && c < 100,
                ..base.clone()
            });
        }
        let name = format!("M(t)/M/{c}, bursts at {peak} of capacity, response");
        cases.push(Case { name, quick: c == 10, ..base });
    }
    cases
}

/// The forward equations over two cycles: by the end of the first the burst is forgotten.
fn queue_in_bursts(bursts: Bursts, c: u32) -> ForwardMmc {
    let steps: Vec<(f64, f64)> = bursts.steps(2).iter().map(|&(at, rate)| (at as f64, rate)).collect();
    let span = (bursts.until - 100) as f64;
    // What is left of a burst, ten standard deviations of what arrives in it, and the ups and downs of half a load.
    let room = (bursts.high - f64::from(c)) * span + 10.0 * (bursts.high * span).sqrt();
    ForwardMmc::new(Steps::new(&steps).expect(FIXED), 1.0, c, room as u32 + 2 * c + 60, 0).expect(FIXED)
}

/// The mean response time over a cycle, by Little: the integral of the mean number (Simpson) over the arrivals.
fn periodic_response(bursts: Bursts, c: u32) -> f64 {
    let mut model = queue_in_bursts(bursts, c);
    let mut number = |at: f64| model.advance(at).expect(FIXED).mean_number;
    let (parts, start) = (4 * CYCLE, CYCLE as f64);
    let (width, mut before, mut integral) = (0.25, number(start), 0.0);
    for part in 0..parts {
        let from = start + part as f64 * width;
        let (middle, end) = (number(from + 0.5 * width), number(from + width));
        integral += width / 6.0 * (before + 4.0 * middle + end);
        before = end;
    }
    integral / (bursts.mean_rate() * CYCLE as f64)
}

/// When more workers are launched, seconds.
const LAUNCH: u64 = 60;

/// Mean length of their boot, seconds.
const BOOT: u64 = 60;

/// Workers that fall behind from the start, and more that are launched at 60 s and boot for a minute: on a constant boot all at once, on an
/// exponential one as they come. Boots as setup times.
fn scaled_out() -> Vec<Case> {
    let law = laws::exponential();
    let mut cases = Vec::new();
    for (ready, more, rate) in [(1, 2, 2.0), (10, 10, 15.0), (20, 5, 22.0)] {
        for at in [60, 120, 150, 180] {
            let kinds = [
                (
                    "constant",
                    format!("{{ constant = \"{BOOT}s\" }}"),
                    Exact::of(move || after_constant_boots(rate, ready, more, at)),
                    "forward::ForwardMmc::with_workers",
                ),
                (
                    "exponential",
                    format!("{{ exponential = {{ mean = \"{BOOT}s\" }} }}"),
                    Exact::of(move || after_exponential_boots(rate, ready, more, at)),
                    "booting::BootingMmc::mean_number",
                ),
            ];
            for (kind, boot, exact, formula) in kinds {
                let load = format!("[workload.constant]\nrate = \"{rate}/s\"\n");
                let mut text = workers(&load, &law.service, (ready, ready + more), 1);
                text.push_str(&format!(
                    "\n[[instance.boot]]\nphase = \"setup\"\ntime = {boot}\n\n[[policy]]\nname = \"more\"\nmanual = {{ change = [{{ at = \"{LAUNCH}s\", desired = {} }}] }}\n",
                    ready + more
                ));
                cases.push(Case {
                    name: format!("M/M/{ready} + {more} that boot ({kind}) at {rate}/s, at {at} s"),
                    family: "boots",
                    load: rate / f64::from(ready),
                    servers: ready + more,
                    measure: Measure::NumberAt { at, cycle: 1000 },
                    exact,
                    formula,
                    judged: true,
                    quick: ready == 10 && at >= 150,
                    // A story of its own: nothing leads in, and it ends after its last instant.
                    pace: Pace { rate, lead_in: 0, least: at + 1, unit: at + 1, most: at + 1, cost: 4.0 },
                    world: World(text),
                });
            }
        }
    }
    cases
}

/// Places that no run of four minutes fills: what lags behind the workers who are there, and ten standard deviations.
fn room(rate: f64, ready: u32, more: u32) -> u32 {
    ((rate - f64::from(ready)) * 240.0 + 10.0 * (rate * 240.0).sqrt()) as u32 + ready + more + 50
}

fn after_constant_boots(rate: f64, ready: u32, more: u32, at: u64) -> f64 {
    let steps = Steps::constant(rate).expect(FIXED);
    let workers = [(0.0, ready), ((LAUNCH + BOOT) as f64, ready + more)];
    let model = ForwardMmc::with_workers(steps, 1.0, &workers, room(rate, ready, more), 0);
    model.expect(FIXED).advance(at as f64).expect(FIXED).mean_number
}

fn after_exponential_boots(rate: f64, ready: u32, more: u32, at: u64) -> f64 {
    let (alpha, launch) = (1.0 / BOOT as f64, LAUNCH as f64);
    let model = BootingMmc::new((rate, 1.0), (ready, more), alpha, launch, room(rate, ready, more));
    let mut model = model.expect(FIXED);
    model.advance(at as f64).expect(FIXED);
    model.mean_number()
}

/// Instances crash at a Poisson rate and are replaced: as many boot on average as crash during a boot (Little), whatever the law of
/// the boot.
fn replaced() -> Vec<Case> {
    let mut cases = Vec::new();
    for law in laws::all().into_iter().filter(|law| !law.text.is_empty()) {
        let text = format!(
            "[workload.constant]\nrate = \"0.001/s\"\n\n[service]\ncpu_time = {{ constant = \"1ms\" }}\n\n[instance]\nvcpus = 1\nprice = \"0 USD/h\"\n\n[[instance.boot]]\nphase = \"setup\"\ntime = {}\n\n[group]\nmin = 60\nmax = 60\nhealth = {{ interval = \"10s\" }}\n\n[[fault]]\nname = \"crash\"\nwhen = {{ every = \"1s\" }}\nwhat = \"crash\"\n",
            law.text
        );
        let theory = law.theory.clone();
        cases.push(Case {
            name: format!("boots of law {}, replacing crashes", law.short),
            family: "boots",
            load: 0.0,
            servers: 60,
            measure: Measure::Missing { of: 60 },
            exact: Exact::of(move || theory.mean()),
            formula: "service::ServiceLaw::mean, with Little's law",
            judged: true,
            quick: ["M", "LN"].contains(&law.short),
            pace: Pace { rate: 1.0, lead_in: 100, least: 1000, unit: 1, most: u64::MAX, cost: 60.0 },
            world: World(text),
        });
    }
    cases
}
