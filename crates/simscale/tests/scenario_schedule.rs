//! Schedules over the calendar: days of the week, single moments, clocks that change.

use simscale::Scenario;
use simscale::engine::SimTime;

/// Every instant at which the schedule acts, in seconds since the start.
fn instants(simulation: &str, schedule: &str) -> Vec<f64> {
    let text = format!(
        r#"
schema = 1
name = "calendar"
[simulation]
{simulation}
[workload.constant]
rate = "1/s"
[service]
cpu_time = {{ constant = "1ms" }}
[instance]
type = "m5.large"
[group]
min = 1
max = 8
[[policy]]
name = "calendar"
[policy.schedule]
{schedule}
"#
    );
    let scenario =
        Scenario::read("calendar.toml", &text, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let policies = scenario.simulation(None, None).unwrap().policies;
    let Some(policy) = policies.first() else { return Vec::new() };
    let mut looks: Vec<SimTime> = policy.next_look(SimTime::ZERO).into_iter().collect();
    while let Some(look) =
        looks.last().filter(|look| look.as_nanos() > 0).and_then(|look| policy.next_look(*look))
    {
        looks.push(look);
    }
    looks.into_iter().map(SimTime::as_secs_f64).collect()
}

const HOUR: f64 = 3600.0;

#[test]
fn a_time_of_day_follows_its_zone_across_the_change_of_clocks() {
    // Berlin's clocks jump from 02:00 to 03:00 on 29 March 2026: 08:00 is 07:00 UTC before and 06:00 UTC after.
    let simulation = "duration = \"4d\"\nstart = \"2026-03-27T00:00:00Z\"\ntime_zone = \"Europe/Berlin\"";
    let eight = instants(simulation, "entry = [{ name = \"up\", time = \"08:00\", desired = 4 }]");
    assert_eq!(eight, [7.0 * HOUR, 31.0 * HOUR, 54.0 * HOUR, 78.0 * HOUR]);
    // 02:30 does not exist on the 29th and acts at 03:30 summer time, 01:30 UTC, as on the days around it.
    let skipped = instants(simulation, "entry = [{ name = \"up\", time = \"02:30\", desired = 4 }]");
    assert_eq!(skipped, [1.5 * HOUR, 25.5 * HOUR, 49.5 * HOUR, 72.5 * HOUR]);
    // On 25 October 2026 02:30 comes twice, and the first counts: 00:30 UTC.
    let simulation = "duration = \"2d\"\nstart = \"2026-10-24T12:00:00Z\"";
    let schedule =
        "time_zone = \"Europe/Berlin\"\nentry = [{ name = \"up\", time = \"02:30\", desired = 4 }]";
    assert_eq!(instants(simulation, schedule), [12.5 * HOUR, 37.5 * HOUR]);
}

#[test]
fn days_moments_and_lateness() {
    // From Friday noon over the weekend to Monday noon.
    let simulation = "duration = \"3d\"\nstart = \"2026-03-06T12:00:00Z\"";
    let schedule = r#"
lateness = "30s"
entry = [
  { name = "up", time = "08:00", days = ["monday", "friday"], desired = 4 },
  { name = "down", time = "18:00", desired = 1 },
  { name = "sale", at = "2026-03-07T00:00:00+01:00", max = 6, desired = 3 },
]"#;
    let expected = [6.0, 11.0, 30.0, 54.0, 68.0].map(|hours| hours * HOUR + 30.0);
    assert_eq!(instants(simulation, schedule), expected);
}

#[test]
fn an_entry_that_falls_outside_a_short_run_does_nothing() {
    let simulation = "duration = \"1h\"\nstart = \"2026-03-06T12:00:00Z\"";
    assert!(instants(simulation, "entry = [{ name = \"up\", time = \"08:00\", desired = 4 }]").is_empty());
}

#[test]
fn an_entry_at_the_first_instant_acts() {
    let simulation = "duration = \"25h\"\nstart = \"2026-03-06T08:00:00Z\"";
    let schedule = "entry = [{ name = \"up\", time = \"08:00\", desired = 4 }]";
    assert_eq!(instants(simulation, schedule)[0], 0.0);
}
