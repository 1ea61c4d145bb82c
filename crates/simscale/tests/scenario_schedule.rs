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
    // Tests of the calendar act on time.
    let text = match schedule.contains("lateness") {
        true => text,
        false => text.replace("[policy.schedule]", "[policy.schedule]\nlateness = { constant = \"0s\" }"),
    };
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
lateness = { constant = "30s" }
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

const MINUTE: f64 = 60.0;

#[test]
fn cron_expressions_act_as_cron_does() {
    // From Friday 6 March 2026, noon, for four days.
    let simulation = "duration = \"4d\"\nstart = \"2026-03-06T12:00:00Z\"";
    let cron = |text: &str| {
        instants(simulation, &format!("entry = [{{ name = \"up\", cron = \"{text}\", desired = 4 }}]"))
    };
    // Weekdays at eight: Monday and Tuesday.
    assert_eq!(cron("0 8 * * MON-FRI"), [68.0 * HOUR, 92.0 * HOUR]);
    assert_eq!(cron("0 8 * * 1-5"), cron("0 8 * * MON-FRI"));
    // Sunday is 0 and 7.
    assert_eq!(cron("30 6 * * 0"), [42.5 * HOUR]);
    assert_eq!(cron("30 6 * * 7"), cron("30 6 * * SUN"));
    // Steps, ranges and lists.
    assert_eq!(cron("*/20 13 6 3 *"), [60.0, 80.0, 100.0].map(|minute| minute * MINUTE));
    assert_eq!(cron("5-10/5,50 13 6 MAR *"), [65.0, 70.0, 110.0].map(|minute| minute * MINUTE));
    // Both kinds of day restricted: the 8th (a Sunday), and Mondays.
    assert_eq!(cron("0 0 8 * MON"), [36.0 * HOUR, 60.0 * HOUR]);
    // A weekday field that begins with a star does not open the door for every number: Sunday 8 March only.
    assert_eq!(cron("0 0 8 * */1"), [36.0 * HOUR]);
}

#[test]
fn cron_follows_the_clocks() {
    // Berlin, 29 March 2026: 02:00 to 03:00 is left out. 25 October: 02:00 to 03:00 comes twice.
    let spring = "duration = \"1d\"\nstart = \"2026-03-28T22:30:00Z\"\ntime_zone = \"Europe/Berlin\"";
    let autumn = "duration = \"6h 30m\"\nstart = \"2026-10-24T21:30:00Z\"\ntime_zone = \"Europe/Berlin\"";
    let entry = |cron: &str| format!("entry = [{{ name = \"up\", cron = \"{cron}\", desired = 4 }}]");
    // Both runs begin half an hour before midnight. 08:00 comes seven hours after it; 02:30 acts at 03:30; twenty-three hours have a first minute.
    assert_eq!(instants(spring, &entry("0 8 * * *")), [7.5 * HOUR]);
    assert_eq!(instants(spring, &entry("30 2 * * *")), [3.0 * HOUR]);
    assert_eq!(instants(spring, &entry("0 * * * *")).len(), 24);
    // 02:30 acts once, every hour acts in each of the hours.
    assert_eq!(instants(autumn, &entry("30 2 * * *")), [3.0 * HOUR]);
    assert_eq!(instants(autumn, &entry("0 * * * *")), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5].map(|hour| hour * HOUR));
}

#[test]
fn start_and_end_bound_a_recurrence_and_a_cron_acts_at_its_start() {
    let simulation = "duration = \"5d\"\nstart = \"2026-03-02T00:00:00Z\"";
    let bounds = "start = \"2026-03-03T10:00:00Z\", end = \"2026-03-05T08:00:00Z\"";
    let entry = |when: &str| format!("entry = [{{ name = \"up\", {when}, {bounds}, desired = 4 }}]");
    assert_eq!(instants(simulation, &entry("cron = \"0 8 * * *\"")), [34.0, 56.0, 80.0].map(|h| h * HOUR));
    assert_eq!(instants(simulation, &entry("time = \"08:00\"")), [56.0, 80.0].map(|h| h * HOUR));
}

#[test]
fn lateness_is_drawn_for_each_moment_and_overtakes_nothing() {
    let entry = "entry = [{ name = \"up\", cron = \"* * * * *\", desired = 4 }]";
    let drawn = |duration: &str, seed: u64, law: &str| {
        let simulation = format!("duration = \"{duration}\"\nseed = {seed}");
        instants(&simulation, &format!("lateness = {law}\n{entry}"))
    };
    let uniform = "{ uniform = { low = \"0s\", high = \"59s\" } }";
    let late = |strikes: &[f64]| -> Vec<f64> {
        strikes.iter().enumerate().map(|(minute, at)| at - minute as f64 * MINUTE).collect()
    };
    // The minute before the run may strike within it: left aside by the whole minute.
    let day: Vec<f64> = drawn("1d", 7, uniform);
    let late_by = late(&day[day.len() - 1440..]);
    assert!(late_by.iter().all(|late| (0.0..59.0).contains(late)), "{late_by:?}");
    // Mean 29.5 s; the mean of 1440 uniform draws has a standard error of 0.45 s. Four of them.
    let mean = late_by.iter().sum::<f64>() / late_by.len() as f64;
    assert!((mean - 29.5).abs() < 1.8, "mean {mean}");
    // The address of a draw is seed, name and moment: a longer run draws the same, another seed does not.
    assert_eq!(day[..60], drawn("2d", 7, uniform)[..60]);
    assert_ne!(day[..60], drawn("1d", 8, uniform)[..60]);
    // Later than a whole interval: still in order.
    let far = drawn("1h", 7, "{ uniform = { low = \"0s\", high = \"10m\" } }");
    assert!(far.is_sorted() && far.len() > 40, "{far:?}");
    // By default up to ten seconds.
    let short = instants(
        "duration = \"1h\"",
        &format!("lateness = {{ uniform = {{ low = \"0s\", high = \"10s\" }} }}\n{entry}"),
    );
    assert!(late(&short).iter().all(|late| (0.0..10.0).contains(late)));
}
