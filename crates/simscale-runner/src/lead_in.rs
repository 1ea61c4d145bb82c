//! Finds the lead-in of scenarios that leave it to MSER-5, in pilots: runs of the same scenario before the runs that count.
//!
//! What is watched is the mean number of requests inside the instances (with a queue, and of messages in it) in each metric period, averaged over the pilots.
//! MSER-5 averages it in fives and cuts where what is left has the smallest standard error; a cut at the end of its range, half of
//! the run, means that the run is too short, and is refused.

use crate::failure::{Code, Failure};
use crate::number::{counted, span};
use serde::Serialize;
use simscale::Scenario;
use simscale::engine::{PeriodRow, SimDuration, SimTime, Sink};
use simscale_oracle::steady::mser5;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What was cut off, and from how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The rule.
    pub rule: &'static str,
    /// Pilots that were averaged.
    pub pilots: u64,
    /// Metric periods of a pilot.
    pub periods: u64,
    /// Of them cut off by the rule.
    pub cut_periods: u64,
    /// The lead-in: the end of what is cut off, at a whole number of metric periods and windows of promises; seconds.
    pub lead_in_s: u64,
}

impl Cut {
    /// In words: `a lead-in of 35 min (MSER-5 cut 33 of 600 metric periods)`.
    pub fn sentence(&self) -> String {
        let pilots = counted(self.pilots, "pilot", "pilots");
        let (cut, periods) = (self.cut_periods, self.periods);
        let time = span(self.lead_in_s as f64);
        format!("{time} by MSER-5: {cut} of {periods} metric periods of {pilots} cut off")
    }
}

/// Takes what is inside, period by period.
struct Pilot<'a> {
    period: SimDuration,
    inside: Vec<f64>,
    stop: &'a AtomicBool,
}

impl Sink for Pilot<'_> {
    fn period(&mut self, row: &PeriodRow) {
        // The last one may be short.
        if row.end.since(row.start) == self.period {
            self.inside.push(row.in_flight_mean + row.messages_visible as f64);
        }
    }

    fn stop(&mut self) -> bool {
        self.stop.load(Relaxed)
    }
}

/// What is inside in each metric period of one pilot.
pub fn pilot(scenario: &Scenario, seed: u64, stop: &AtomicBool) -> Result<Vec<f64>, Failure> {
    let named = |message: String| Failure::input(format!("{}: {message}", scenario.name));
    let whole = scenario.with_lead_in(SimTime::ZERO).ok_or_else(|| named("lasts no time".to_owned()))?;
    let simulation = whole.simulation(Some(seed), None).map_err(|e| named(e.render(true)))?;
    let period = SimDuration::from_nanos(scenario.metrics.period.nanos());
    let mut pilot = Pilot { period, inside: Vec::new(), stop };
    let result = simulation.run(&mut pilot).map_err(|broken| Failure {
        code: Code::Law,
        message: format!("{}: {broken}; this is a bug of simscale, please report it", scenario.name),
    })?;
    match (result.stopped_at, result.saturated) {
        (Some(_), _) => Err(Failure::stopped(&scenario.name)),
        (None, Some(_)) => {
            Err(named("simulation.lead_in: cannot be found by MSER-5: a pilot ended saturated".to_owned()))
        }
        (None, None) => Ok(pilot.inside),
    }
}

/// The scenario with the lead-in that its pilots ask for.
pub fn settled(scenario: &Scenario, pilots: &[Vec<f64>]) -> Result<(Scenario, Cut), Failure> {
    let refused = |why: String| {
        let hint = "lengthen simulation.duration, or write simulation.lead_in as a time, such as \"30m\"";
        Failure::input(format!(
            "{}: simulation.lead_in: cannot be found by MSER-5: {why}; {hint}",
            scenario.name
        ))
    };
    let periods = pilots.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |at: usize| pilots.iter().map(|pilot| pilot[at]).sum::<f64>() / pilots.len() as f64;
    let inside: Vec<f64> = (0..periods).map(mean).collect();
    let found = mser5(&inside).map_err(|error| refused(error.to_string()))?;
    if found.run_too_short {
        return Err(refused(format!("in {periods} metric periods the run does not settle")));
    }
    let least = found.truncate_observations as u64 * scenario.metrics.period.nanos();
    let settled = scenario.with_lead_in(SimTime::from_nanos(least));
    let settled = settled.ok_or_else(|| refused("nothing would be left of the run".to_owned()))?;
    let cut = Cut {
        rule: "mser5",
        pilots: pilots.len() as u64,
        periods: periods as u64,
        cut_periods: found.truncate_observations as u64,
        lead_in_s: settled.simulation.lead_in.nanos() / 1_000_000_000,
    };
    Ok((settled, cut))
}
