//! Loads: rates of arrivals over time, from generators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{Curve, SimDuration, SimTime};

use super::RunSettings;
use super::law::sim;
use crate::text::{Check, Duration, Rate, TimeOfDay};

/// A rate of arrivals over time: a table named by its kind, such as `{ constant = { rate = "400/s" } }`.
///
/// Times such as `at` and `start` count from the start of the run, lead-in included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Load {
    /// The same rate always.
    Constant(ConstantLoad),
    /// A rate from each moment on; none before the first.
    Steps(#[schemars(length(min = 1))] Vec<LoadStep>),
    /// A straight line from one rate to another.
    Ramp(RampLoad),
    /// A cosine over the day, all days alike.
    Diurnal(DiurnalLoad),
    /// A cosine over the day with a weight for each day of the week.
    Weekly(WeeklyLoad),
    /// A base rate with one rise, plateau and fall.
    FlashCrowd(FlashCrowdLoad),
    /// A rate that jumps between states at random (Markov-modulated Poisson process).
    Mmpp(#[schemars(length(min = 2))] Vec<LoadState>),
    /// The sum of several loads.
    Sum(#[schemars(length(min = 1))] Vec<Load>),
    /// Another load times a factor.
    Scaled(Box<ScaledLoad>),
}

/// The same rate always.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantLoad {
    /// Requests over time.
    pub rate: Rate,
}

/// A rate that holds from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadStep {
    /// From when, after the start of the run; later than the step before.
    pub at: Duration,
    /// Requests over time.
    pub rate: Rate,
}

/// A straight line from one rate to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RampLoad {
    /// Rate up to `start`.
    pub from: Rate,
    /// Rate from `end` on.
    pub to: Rate,
    /// Where the line begins, after the start of the run; default "0s".
    #[serde(default)]
    pub start: Duration,
    /// Where the line ends; after `start`.
    pub end: Duration,
}

/// A cosine over the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiurnalLoad {
    /// Mean over a day.
    pub mean: Rate,
    /// Highest over lowest rate of the day, 1 to 10^6.
    #[schemars(range(min = 1.0, max = 1e6))]
    pub peak_to_trough: f64,
    /// Time of day of the peak, in `simulation.time_zone`.
    pub peak_at: TimeOfDay,
}

/// A cosine over the day with a weight for each day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeeklyLoad {
    /// Mean over a week.
    pub mean: Rate,
    /// Highest over lowest rate of a day, 1 to 10^6.
    #[schemars(range(min = 1.0, max = 1e6))]
    pub peak_to_trough: f64,
    /// Time of day of the peak, in `simulation.time_zone`.
    pub peak_at: TimeOfDay,
    /// Weight of each day, relative to the others; default a weekend of half the weight of a working day.
    #[serde(default)]
    pub weights: DayWeights,
}

/// How the week's load is shared among its days; only the proportions count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DayWeights {
    /// Weight of Monday; default 1.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub monday: f64,
    /// Weight of Tuesday; default 1.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub tuesday: f64,
    /// Weight of Wednesday; default 1.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub wednesday: f64,
    /// Weight of Thursday; default 1.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub thursday: f64,
    /// Weight of Friday; default 1.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub friday: f64,
    /// Weight of Saturday; default 0.5.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub saturday: f64,
    /// Weight of Sunday; default 0.5.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub sunday: f64,
}

impl Default for DayWeights {
    fn default() -> Self {
        DayWeights {
            monday: 1.0,
            tuesday: 1.0,
            wednesday: 1.0,
            thursday: 1.0,
            friday: 1.0,
            saturday: 0.5,
            sunday: 0.5,
        }
    }
}

impl DayWeights {
    fn list(&self) -> [f64; 7] {
        [self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday]
    }
}

/// A base rate with one rise, plateau and fall, all straight lines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlashCrowdLoad {
    /// Rate before and after.
    pub base: Rate,
    /// Rate of the plateau.
    pub peak: Rate,
    /// Where the rise begins, after the start of the run.
    pub at: Duration,
    /// Length of the rise; default "0s", a jump.
    #[serde(default)]
    pub rise: Duration,
    /// Length of the plateau.
    pub hold: Duration,
    /// Length of the fall; default "0s", a jump.
    #[serde(default)]
    pub fall: Duration,
}

/// A state of a rate that jumps at random.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadState {
    /// Requests over time while in the state.
    pub rate: Rate,
    /// Mean stay in the state (exponential); at least "1ms". The next state is drawn evenly among the others.
    pub mean_stay: Duration,
}

/// Another load times a factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaledLoad {
    /// What the rate is multiplied by, 0 to 10^6.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub factor: f64,
    /// The load that is multiplied.
    pub load: Load,
}

impl Load {
    /// The load as the engine knows it, in a run that starts as `run` says.
    pub fn curve(&self, run: &RunSettings) -> Curve {
        let at = |time: Duration| SimTime::from_nanos(time.nanos());
        match self {
            Load::Constant(load) => Curve::Constant(load.rate.per_second()),
            Load::Steps(steps) => {
                Curve::Steps(steps.iter().map(|step| (at(step.at), step.rate.per_second())).collect())
            }
            Load::Ramp(load) => Curve::Ramp {
                from: load.from.per_second(),
                to: load.to.per_second(),
                start: at(load.start),
                end: at(load.end),
            },
            Load::Diurnal(load) => {
                let weekly = WeeklyLoad {
                    mean: load.mean,
                    peak_to_trough: load.peak_to_trough,
                    peak_at: load.peak_at,
                    weights: DayWeights { saturday: 1.0, sunday: 1.0, ..DayWeights::default() },
                };
                weekly.curve(run)
            }
            Load::Weekly(load) => load.curve(run),
            Load::FlashCrowd(load) => Curve::FlashCrowd {
                base: load.base.per_second(),
                peak: load.peak.per_second(),
                at: at(load.at),
                rise: sim(load.rise),
                hold: sim(load.hold),
                fall: sim(load.fall),
            },
            Load::Mmpp(states) => Curve::Mmpp(
                states
                    .iter()
                    .map(|state| simscale_core::MmppState {
                        rate: state.rate.per_second(),
                        mean_stay: sim(state.mean_stay),
                    })
                    .collect(),
            ),
            Load::Sum(parts) => Curve::Sum(parts.iter().map(|part| part.curve(run)).collect()),
            Load::Scaled(scaled) => Curve::Scaled(scaled.factor, Box::new(scaled.load.curve(run))),
        }
    }

    /// A rate that is never exceeded, requests/s; the sum of the parts' bounds for a sum.
    pub(crate) fn highest(&self) -> f64 {
        match self {
            Load::Constant(load) => load.rate.per_second(),
            Load::Steps(steps) => steps.iter().map(|step| step.rate.per_second()).fold(0.0, f64::max),
            Load::Ramp(load) => load.from.per_second().max(load.to.per_second()),
            Load::Diurnal(load) => load.mean.per_second() * peak_over_mean(load.peak_to_trough),
            Load::Weekly(load) => {
                let weights = load.weights.list();
                let most = weights.iter().copied().fold(0.0, f64::max) * 7.0 / weights.iter().sum::<f64>();
                load.mean.per_second() * peak_over_mean(load.peak_to_trough) * most
            }
            Load::FlashCrowd(load) => load.base.per_second().max(load.peak.per_second()),
            Load::Mmpp(states) => states.iter().map(|state| state.rate.per_second()).fold(0.0, f64::max),
            Load::Sum(parts) => parts.iter().map(Load::highest).sum(),
            Load::Scaled(scaled) => scaled.factor * scaled.load.highest(),
        }
    }

    pub(crate) fn check(&self, path: &str, check: &mut Check<'_>) {
        match self {
            Load::Steps(steps) => check_steps(steps, &format!("{path}.steps"), check),
            Load::Ramp(load) if load.end <= load.start => {
                let rule = format!("is not after start ({})", load.start);
                check.fail(&format!("{path}.ramp.end"), rule, "let the ramp end after it starts");
            }
            Load::Weekly(load) if load.weights.list().iter().all(|weight| *weight == 0.0) => {
                let hint = "give at least one day a weight above zero";
                check.fail(&format!("{path}.weekly.weights"), "has no day with a weight", hint);
            }
            Load::Mmpp(states) => {
                let short = |state: &LoadState| state.mean_stay < Duration::from_millis(1);
                for (index, _) in states.iter().enumerate().filter(|(_, state)| short(state)) {
                    let path = format!("{path}.mmpp.{index}.mean_stay");
                    check.fail(&path, "is below a millisecond", "write at least \"1ms\", such as \"30s\"");
                }
            }
            Load::Sum(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    part.check(&format!("{path}.sum.{index}"), check);
                }
            }
            Load::Scaled(scaled) => scaled.load.check(&format!("{path}.scaled.load"), check),
            _ => {}
        }
    }
}

impl WeeklyLoad {
    fn curve(&self, run: &RunSettings) -> Curve {
        let (starts_at, start_day) = run.local_start();
        Curve::Diurnal {
            mean: self.mean.per_second(),
            peak_to_trough: self.peak_to_trough,
            peak_at: SimDuration::from_nanos(self.peak_at.nanos()),
            starts_at: SimDuration::from_nanos(starts_at),
            day_weights: self.weights.list(),
            start_day,
        }
    }
}

/// Highest rate of a cosine over its mean, from its highest over its lowest.
fn peak_over_mean(peak_to_trough: f64) -> f64 {
    2.0 * peak_to_trough / (peak_to_trough + 1.0)
}

fn check_steps(steps: &[LoadStep], path: &str, check: &mut Check<'_>) {
    for (index, pair) in steps.windows(2).enumerate() {
        if pair[0].at >= pair[1].at {
            let rule = format!("is not after the step before it ({})", pair[0].at);
            check.fail(&format!("{path}.{}.at", index + 1), rule, "sort the steps by time, each time once");
        }
    }
}
