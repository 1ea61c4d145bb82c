//! The days of a recorded trace, each as a scenario of its own: what was recorded of one day says nothing of others, and the spread
//! between days is what several can tell.
//!
//! A day is a stretch of 24 hours of the statistics window, counted from its start; what is left at the end is none. It is entered after
//! the scenario's lead-in, taken from the trace before it, or after an hour where the scenario has none (the first day then begins cold,
//! as the scenario does).

use crate::Scenario;
use crate::text::{Duration, Instant};

/// Length of a day, nanoseconds.
const DAY: u64 = 86_400 * 1_000_000_000;

/// The lead-in of days where the scenario has none, nanoseconds.
const LEAD_IN: u64 = 3600 * 1_000_000_000;

/// A day of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Its date at its start, on the scenario's clock: `2026-03-02`.
    pub date: String,
    /// The scenario of this day.
    pub scenario: Scenario,
}

/// Whole days in the statistics window of a scenario.
pub fn whole_days(scenario: &Scenario) -> u64 {
    let run = &scenario.simulation;
    run.duration.nanos().saturating_sub(run.lead_in.nanos()) / DAY
}

/// Takes a resolved scenario with a trace apart into its whole days.
///
/// # Errors
/// Why that cannot be done, in words: there is no trace, or something happens at a moment of the run as a whole.
pub fn days(scenario: &Scenario) -> Result<Vec<Day>, String> {
    if scenario.trace().is_none() {
        return Err("there is no recorded trace".to_owned());
    }
    if let Some(key) = bound_to_the_run(scenario) {
        return Err(format!("{key} names moments of the run as a whole"));
    }
    (0..whole_days(scenario)).map(|number| day(scenario, number)).collect()
}

/// A key whose moments count from the start of the run, or are single moments of it.
pub(crate) fn bound_to_the_run(scenario: &Scenario) -> Option<&'static str> {
    let manual = scenario.policy.iter().any(|policy| policy.manual.is_some());
    let predictive = scenario.policy.iter().any(|policy| policy.predictive.is_some());
    let mixed = scenario.group.mixed.as_ref();
    let spot = mixed.is_some_and(|mixed| !mixed.price.is_empty() || !mixed.capacity.is_empty());
    let keys = [
        (!scenario.fault.is_empty(), "[[fault]]"),
        (!scenario.operation.is_empty(), "[[operation]]"),
        (!scenario.deployment.is_empty(), "[[deployment]]"),
        (!scenario.refresh.is_empty(), "[[refresh]]"),
        (spot, "a Spot market that changes"),
        (!scenario.group.suspend.is_empty(), "[[group.suspend]]"),
        (!scenario.group.capacity_shortage.is_empty(), "[[group.capacity_shortage]]"),
        (manual, "a manual policy"),
        (predictive, "a predictive policy"),
    ];
    keys.into_iter().find(|(present, _)| *present).map(|(_, key)| key)
}

fn day(scenario: &Scenario, number: u64) -> Result<Day, String> {
    let long = || "the trace lies too far from its own start".to_owned();
    let duration = |nanos: u64| Duration::from_nanos(nanos).ok_or_else(long);
    let mut scenario = scenario.clone();
    let run = &mut scenario.simulation;
    let window = run.lead_in.nanos() + number * DAY;
    let lead_in = match run.lead_in.nanos() {
        0 if number > 0 => {
            // A whole number of metric periods, as a lead-in is.
            let period = scenario.metrics.period.nanos().max(1);
            LEAD_IN.div_ceil(period) * period
        }
        own => own,
    };
    let start = window.saturating_sub(lead_in);
    let seconds = i64::try_from(start / 1_000_000_000).map_err(|_| long())?;
    let begins = i64::try_from(run.start.unix_nanos() / 1_000_000_000).map_err(|_| long())?;
    (run.duration, run.lead_in) = (duration(lead_in + DAY)?, duration(lead_in)?.into());
    run.start = Instant::from_unix_seconds(begins + seconds).ok_or_else(long)?;
    let noon = simscale_core::SimTime::from_nanos(lead_in);
    let date = run.local_text(noon).chars().take(10).collect();
    if let Some(trace) = &mut scenario.workload.trace {
        trace.offset = duration(trace.offset.nanos() + start)?;
    }
    Ok(Day { date, scenario })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(duration: &str, lead_in: &str) -> Scenario {
        let text = include_str!("../../../scenarios/recorded-trace.toml");
        let text = text
            .replace("duration = \"24h\"", &format!("duration = \"{duration}\"\nlead_in = \"{lead_in}\""));
        Scenario::read("recorded-trace.toml", &text, &[]).expect("valid").resolved()
    }

    /// Start, duration, lead-in and offset in hours.
    fn hours(day: &Day, first: &Scenario) -> [f64; 4] {
        let run = &day.scenario.simulation;
        let since = (run.start.unix_nanos() - first.simulation.start.unix_nanos()) as f64 / 3.6e12;
        let offset = day.scenario.trace().unwrap().offset.seconds() / 3600.0;
        [since, run.duration.seconds() / 3600.0, run.lead_in.seconds() / 3600.0, offset]
    }

    #[test]
    fn days_are_entered_after_a_lead_in_and_lie_where_they_were_recorded() {
        let scenario = traced("74h", "2h");
        let found = days(&scenario).unwrap();
        let times: Vec<_> = found.iter().map(|day| hours(day, &scenario)).collect();
        assert_eq!(times, [[0.0, 26.0, 2.0, 0.0], [24.0, 26.0, 2.0, 24.0], [48.0, 26.0, 2.0, 48.0]]);
        let dates: Vec<_> = found.iter().map(|day| day.date.as_str()).collect();
        assert_eq!(dates, ["2026-03-02", "2026-03-03", "2026-03-04"]);
    }

    #[test]
    fn without_a_lead_in_later_days_get_an_hour() {
        let scenario = traced("50h", "0s");
        let times: Vec<_> = days(&scenario).unwrap().iter().map(|day| hours(day, &scenario)).collect();
        assert_eq!(times, [[0.0, 24.0, 0.0, 0.0], [23.0, 25.0, 1.0, 23.0]]);
        assert_eq!(whole_days(&traced("24h", "1h")), 0);
    }

    #[test]
    fn what_happens_at_a_moment_of_the_run_keeps_it_whole() {
        let mut scenario = traced("50h", "0s");
        scenario.workload.trace = None;
        assert!(days(&scenario).unwrap_err().contains("no recorded trace"));
        let mut scenario = traced("50h", "0s");
        let text = format!(
            "{}[[policy]]\nname = \"by-hand\"\nmanual = {{ change = [{{ at = \"1h\", desired = 3 }}] }}\n",
            crate::scenario::starter("x")
        );
        let other = Scenario::read("x.toml", &text, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        scenario.policy = other.policy;
        assert!(days(&scenario).unwrap_err().contains("a manual policy"));
    }
}
