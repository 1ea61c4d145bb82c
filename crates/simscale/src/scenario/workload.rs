//! What arrives: a load from a generator or a recorded trace, and how arrivals follow it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{ArrivalProcess, SimTime, Spread, TraceReader};

use super::RunSettings;
use super::load::{
    ConstantLoad, DiurnalLoad, FlashCrowdLoad, Load, LoadState, LoadStep, RampLoad, ScaledLoad, WeeklyLoad,
};
use crate::text::{Check, Duration};

/// The highest rate that a run accepts, requests/s.
pub(super) const HIGHEST: f64 = 1e9;

/// What arrives: exactly one of the loads (`constant`, `steps`, `ramp`, `diurnal`, `weekly`, `flash_crowd`, `mmpp`, `sum`,
/// `scaled`) or a recorded `trace`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// How arrivals follow the rate: "poisson", "evenly_spaced" or { gamma = { cv = 2.0 } }; default "poisson".
    #[serde(default)]
    pub arrivals: ArrivalLaw,
    /// The same rate always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<ConstantLoad>,
    /// A rate from each moment on; none before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub steps: Option<Vec<LoadStep>>,
    /// A straight line from one rate to another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp: Option<RampLoad>,
    /// A cosine over the day, all days alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diurnal: Option<DiurnalLoad>,
    /// A cosine over the day with a weight for each day of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekly: Option<WeeklyLoad>,
    /// A base rate with one rise, plateau and fall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_crowd: Option<FlashCrowdLoad>,
    /// A rate that jumps between states at random (Markov-modulated Poisson process).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2))]
    pub mmpp: Option<Vec<LoadState>>,
    /// The sum of several loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub sum: Option<Vec<Load>>,
    /// Another load times a factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<Box<ScaledLoad>>,
    /// A recorded trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// How arrivals follow a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ArrivalLaw {
    /// Independent arrivals.
    #[default]
    Poisson,
    /// Equal steps.
    EvenlySpaced,
    /// Gamma steps: calmer than Poisson with a cv under 1, burstier above.
    Gamma {
        /// Coefficient of variation of the steps, 0.01 to 100.
        #[schemars(range(min = 0.01, max = 100.0))]
        cv: f64,
    },
}

/// A recorded trace in a CSV file, times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The CSV file, plain or gzip-ed (.gz), with a line of headings; relative to the scenario file.
    #[schemars(length(min = 1))]
    pub file: String,
    /// What a row is: "counts" (requests per bin), "rates" (mean requests/s per bin) or "requests" (one a row); default "counts".
    #[serde(default)]
    pub values: TraceValues,
    /// Heading of the column with times in seconds; default the first column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_column: Option<String>,
    /// Heading of the column with counts or rates; default the second column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Heading of the column with the CPU time of each request in seconds, for "requests"; default none: the service's law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_column: Option<String>,
    /// Length of a bin, for "counts" and "rates"; default the distance of the first two rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin: Option<Duration>,
    /// What a hole between bins means: "refuse" (an error) or "empty" (no requests in it); default "refuse".
    #[serde(default)]
    pub gaps: TraceGaps,
    /// Where in a bin its requests lie: "uniform", "even", or "rate" (totals match only on average); default "uniform".
    #[serde(default)]
    pub spread: TraceSpread,
    /// Where in the trace the run starts, after the trace's time 0; default "0s".
    #[serde(default)]
    pub offset: Duration,
    /// What counts and rates are multiplied by, above 0 and at most 10^9; default 1.
    #[serde(default = "unscaled")]
    #[schemars(range(max = 1e9), extend("exclusiveMinimum" = 0))]
    pub scale: f64,
}

/// What a row of a trace is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceValues {
    /// Requests per bin.
    #[default]
    Counts,
    /// Mean requests a second in a bin.
    Rates,
    /// One request.
    Requests,
}

/// What a hole between the bins of a trace means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceGaps {
    /// An error.
    #[default]
    Refuse,
    /// No requests.
    Empty,
}

/// Where in a bin its requests lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceSpread {
    /// Independent and uniform: Poisson arrivals, given the count.
    #[default]
    Uniform,
    /// Evenly spaced.
    Even,
    /// The count is taken as a rate that `workload.arrivals` follows.
    Rate,
}

fn unscaled() -> f64 {
    1.0
}

impl Trace {
    /// The trace in this file, with every default.
    pub fn file(file: impl Into<String>) -> Trace {
        Trace {
            file: file.into(),
            values: TraceValues::default(),
            time_column: None,
            column: None,
            work_column: None,
            bin: None,
            gaps: TraceGaps::default(),
            spread: TraceSpread::default(),
            offset: Duration::default(),
            scale: unscaled(),
        }
    }
}

impl From<Load> for Workload {
    /// The load with Poisson arrivals.
    fn from(load: Load) -> Workload {
        let mut workload = Workload::default();
        match load {
            Load::Constant(load) => workload.constant = Some(load),
            Load::Steps(steps) => workload.steps = Some(steps),
            Load::Ramp(load) => workload.ramp = Some(load),
            Load::Diurnal(load) => workload.diurnal = Some(load),
            Load::Weekly(load) => workload.weekly = Some(load),
            Load::FlashCrowd(load) => workload.flash_crowd = Some(load),
            Load::Mmpp(states) => workload.mmpp = Some(states),
            Load::Sum(parts) => workload.sum = Some(parts),
            Load::Scaled(scaled) => workload.scaled = Some(scaled),
        }
        workload
    }
}

impl From<Trace> for Workload {
    fn from(trace: Trace) -> Workload {
        Workload { trace: Some(trace), ..Workload::default() }
    }
}

impl Workload {
    /// The load, unless the workload is a trace.
    pub fn load(&self) -> Option<Load> {
        self.loads().pop()
    }

    fn loads(&self) -> Vec<Load> {
        let loads = [
            self.constant.map(Load::Constant),
            self.steps.clone().map(Load::Steps),
            self.ramp.map(Load::Ramp),
            self.diurnal.map(Load::Diurnal),
            self.weekly.map(Load::Weekly),
            self.flash_crowd.map(Load::FlashCrowd),
            self.mmpp.clone().map(Load::Mmpp),
            self.sum.clone().map(Load::Sum),
            self.scaled.clone().map(Load::Scaled),
        ];
        loads.into_iter().flatten().collect()
    }

    /// The workload as the engine knows it; the rows are those of the trace, where there is one.
    pub(crate) fn source(
        &self,
        run: &RunSettings,
        rows: Option<TraceReader>,
    ) -> Option<simscale_core::Workload> {
        let process = match self.arrivals {
            ArrivalLaw::Poisson => ArrivalProcess::Poisson,
            ArrivalLaw::EvenlySpaced => ArrivalProcess::EvenlySpaced,
            ArrivalLaw::Gamma { cv } => ArrivalProcess::Gamma { cv },
        };
        let Some(trace) = &self.trace else {
            let curve = self.load()?.curve(run);
            return Some(simscale_core::Workload::Generated { curve, process });
        };
        Some(simscale_core::Workload::Trace {
            rows: rows?,
            offset: SimTime::from_nanos(trace.offset.nanos()),
            scale: trace.scale,
            spread: match trace.spread {
                TraceSpread::Uniform => Spread::Uniform,
                TraceSpread::Even => Spread::Even,
                TraceSpread::Rate => Spread::Rate,
            },
            process,
        })
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        let loads = self.loads();
        let mut kinds: Vec<&str> = loads.iter().map(kind).collect();
        kinds.extend(self.trace.iter().map(|_| "trace"));
        match kinds[..] {
            [] => check.fail("workload", "has no load", "add one, such as constant = { rate = \"400/s\" }"),
            [_] => {}
            _ => {
                let rule =
                    format!("has {} loads ({}) where exactly one belongs", kinds.len(), kinds.join(", "));
                check.fail("workload", rule, "keep one of them, or add loads up in [[workload.sum]]");
            }
        }
        for load in &loads {
            load.check("workload", check);
            if load.highest() > HIGHEST {
                let rule = format!(
                    "reaches {:.0} requests a second; the highest rate is 10^9 a second",
                    load.highest()
                );
                check.fail(&format!("workload.{}", kind(load)), rule, "check the rates and factors");
            }
        }
        if let Some(trace) = &self.trace {
            trace.check(check);
            if self.arrivals != ArrivalLaw::Poisson && trace.spread != TraceSpread::Rate {
                let hint = "remove it, or write workload.trace.spread = \"rate\"";
                check.fail(
                    "workload.arrivals",
                    "has no meaning for counts that are spread in their bins",
                    hint,
                );
            }
        }
    }
}

impl Trace {
    fn check(&self, check: &mut Check<'_>) {
        let requests = self.values == TraceValues::Requests;
        if self.work_column.is_some() && !requests {
            let hint = "write values = \"requests\", or remove work_column";
            check.fail("workload.trace.work_column", "needs one request a row", hint);
        }
        if self.column.is_some() && requests {
            let rule = "has no meaning with one request a row";
            check.fail("workload.trace.column", rule, "remove it, or name the times in time_column");
        }
        if self.bin.is_some() && requests {
            check.fail("workload.trace.bin", "has no meaning with one request a row", "remove it");
        }
        if self.bin.is_some_and(Duration::is_zero) {
            check.fail("workload.trace.bin", "is zero", "write the length of a bin, such as \"60s\"");
        }
        if requests && self.scale != 1.0 {
            let rule = "cannot scale single requests";
            check.fail("workload.trace.scale", rule, "remove it, or count the requests into bins first");
        }
        if requests && self.spread != TraceSpread::Uniform {
            check.fail("workload.trace.spread", "has no meaning with one request a row", "remove it");
        }
    }
}

fn kind(load: &Load) -> &'static str {
    match load {
        Load::Constant(_) => "constant",
        Load::Steps(_) => "steps",
        Load::Ramp(_) => "ramp",
        Load::Diurnal(_) => "diurnal",
        Load::Weekly(_) => "weekly",
        Load::FlashCrowd(_) => "flash_crowd",
        Load::Mmpp(_) => "mmpp",
        Load::Sum(_) => "sum",
        Load::Scaled(_) => "scaled",
    }
}
