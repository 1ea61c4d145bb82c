//! A recorded series of observations: JSON, one object a line, the first line a head.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

use super::Control;
use crate::scenario::Metrics;
use crate::text::{Instant, similar};

/// Most lines of a recording.
pub const MAX_LINES: usize = 1_000_000;

/// Longest line, bytes.
pub const MAX_LINE_BYTES: usize = 65_536;

/// Latest moment of a recording, seconds: a year.
const LATEST_S: f64 = 366.0 * 86_400.0;

/// Most sampling periods that a recording may span.
const MOST_PERIODS: f64 = 1e7;

/// Most instances of an observed group.
const MOST_INSTANCES: u32 = 100_000;

/// The first line of a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingHead {
    /// Version of this layout: 1.
    pub schema: u32,
    /// The moment at which `t_s` is zero, for schedules; default "2026-03-02T00:00:00Z", a Monday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Time zone (IANA name) of the times of day in schedules and of what is printed; default "UTC".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// Every other line of a recording: what was observed over the sampling period that ends at `t_s`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// End of the period, seconds since the start; rising from line to line, whole multiples of `metrics.period`. Periods without a line
    /// have no datapoint.
    pub t_s: f64,
    /// The value of each metric over the period, by its name in a scenario and in its unit; `null`, or left out, for a missing datapoint.
    #[serde(default)]
    pub metrics: BTreeMap<String, Option<f64>>,
    /// How the group was at `t_s`; left out, the controller's own bookkeeping stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ObservedGroup>,
}

/// A group as it was observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservedGroup {
    /// Size it was asked to have, in instances: at most 100000.
    pub desired: u32,
    /// For each instance in service, how long it had been, seconds.
    pub in_service_s: Vec<f64>,
    /// Instances launched and not yet in service; default 0.
    #[serde(default)]
    pub booting: u32,
    /// Instances leaving; default 0.
    #[serde(default)]
    pub terminating: u32,
    /// A deployment of the ECS service is in progress, until an observation of the group says otherwise; default false.
    #[serde(default)]
    pub deploying: bool,
}

/// A recorded series of observations, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The first line.
    pub head: RecordingHead,
    /// The others, in order.
    pub observations: Vec<Observation>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong and how to mend it, in a sentence.
    pub why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl Recording {
    /// The layout that this version reads.
    pub const SCHEMA: u32 = 1;

    /// Reads a recording; `control` knows the names of metrics and the length of a period. Blank lines are left out.
    ///
    /// # Errors
    /// Every bad line with its number.
    pub fn read(text: &str, control: &Control) -> Result<Recording, Vec<BadLine>> {
        let mut bad = Vec::new();
        let mut recording = Recording::default();
        let mut headed = false;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, text) in text.lines().enumerate() {
            let line = index + 1;
            if line > MAX_LINES {
                bad.push(BadLine {
                    line,
                    why: format!("a recording has at most {MAX_LINES} lines; split it"),
                });
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            let before = recording.observations.last().map_or(0.0, |o| o.t_s);
            let read = if text.len() > MAX_LINE_BYTES {
                Err(format!("is longer than {MAX_LINE_BYTES} bytes; leave out what is not read"))
            } else if !headed {
                headed = true;
                head(text).map(|head| recording.head = head)
            } else {
                observation(text, before, &control.metrics).map(|o| recording.observations.push(o))
            };
            if let Err(why) = read {
                bad.push(BadLine { line, why });
            }
        }
        if bad.is_empty() && recording.observations.is_empty() {
            let why = "a recording has a head, such as {\"schema\":1}, and at least one observation, such as \
                       {\"t_s\":60,\"metrics\":{\"cpu_utilization\":72.5}}";
            bad.push(BadLine { line: text.lines().count().max(1), why: why.to_string() });
        }
        if bad.is_empty() { Ok(recording) } else { Err(bad) }
    }
}

fn head(text: &str) -> Result<RecordingHead, String> {
    let head: RecordingHead = serde_json::from_str(text)
        .map_err(|error| format!("is no head, such as {{\"schema\":1}}: {}", told(&error)))?;
    if head.schema != Recording::SCHEMA {
        return Err(format!("schema {} is a layout that this version does not know; write 1", head.schema));
    }
    if let Some(zone) = head.time_zone.as_ref().filter(|zone| crate::scenario::zone(zone).is_none()) {
        return Err(format!(
            "time_zone: \"{zone}\" is not a known time zone; write an IANA name, such as \"UTC\""
        ));
    }
    Ok(head)
}

fn observation(text: &str, before: f64, metrics: &Metrics) -> Result<Observation, String> {
    let observation: Observation = serde_json::from_str(text).map_err(|error| told(&error))?;
    let (t, period) = (observation.t_s, metrics.period.seconds());
    if !(t > 0.0 && t <= LATEST_S && t / period <= MOST_PERIODS) {
        let most = LATEST_S.min(MOST_PERIODS * period);
        return Err(format!(
            "t_s: {t} is outside 0 to {most}: a recording starts at 0 and lasts at most so long"
        ));
    }
    let periods = t / period;
    if (periods - periods.round()).abs() > 1e-9 * periods.max(1.0) {
        return Err(format!("t_s: {t} is no whole multiple of metrics.period ({period} s)"));
    }
    if t <= before {
        return Err(format!("t_s: {t} is not after the observation before ({before})"));
    }
    let mut responses = 0;
    for (name, value) in &observation.metrics {
        let known = metrics.metric(name).ok_or_else(|| unknown(name, metrics))?;
        responses += u32::from(matches!(known, simscale_core::Metric::ResponseTime(_)));
        if matches!(known, simscale_core::Metric::Math(_)) {
            return Err(format!("metrics.{name}: is computed from other metrics; give those"));
        }
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(format!("metrics.{name}: is no finite number"));
        }
    }
    if responses > 1 {
        return Err(
            "metrics: has several quantiles of the response time; give the one that is read".to_string()
        );
    }
    if let Some(group) = &observation.group {
        check_group(group)?;
    }
    Ok(observation)
}

fn check_group(group: &ObservedGroup) -> Result<(), String> {
    for (name, value) in
        [("desired", group.desired), ("booting", group.booting), ("terminating", group.terminating)]
    {
        if value > MOST_INSTANCES {
            return Err(format!("group.{name}: {value} is above {MOST_INSTANCES}"));
        }
    }
    match group.in_service_s.iter().find(|age| !(0.0..=1e9).contains(*age)) {
        Some(age) => Err(format!("group.in_service_s: {age} is no age; write seconds from 0 to 1e9")),
        None => Ok(()),
    }
}

fn unknown(name: &str, metrics: &Metrics) -> String {
    let built_in = crate::scenario::METRICS.iter().map(|metric| metric.name);
    let known: Vec<&str> = built_in.chain(metrics.custom.iter().map(|custom| &*custom.name)).collect();
    match similar(name, known.iter().copied()) {
        Some(similar) => format!("metrics.{name}: is not a known metric; did you mean {similar}?"),
        None => format!("metrics.{name}: is not a known metric; the metrics are: {}", known.join(", ")),
    }
}

/// What the JSON reader says, with the place in the line and, for an unknown field, the one that was meant.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (what, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    let names: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    let meant = what
        .starts_with("unknown field")
        .then(|| similar(names.first()?, names[1..].iter().copied()))
        .flatten();
    let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    format!("{} (column {}){hint}", what.replace('`', "\""), error.column())
}
