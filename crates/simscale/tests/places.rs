//! The stories of `scenarios/aws/office-hours.toml` and `address-pool.toml`, statement by statement, by the rows and figures of a run.

use simscale::engine::{ActivityKind, ActivityRow, PeriodRow, RunResult, Sink};
use simscale::text::Override;
use simscale::{Scenario, summary::Summary};

#[derive(Default)]
struct Keep {
    periods: Vec<PeriodRow>,
    rows: Vec<ActivityRow>,
}

impl Sink for Keep {
    fn period(&mut self, row: &PeriodRow) {
        self.periods.push(row.clone());
    }
    fn activity(&mut self, row: &ActivityRow) {
        self.rows.push(row.clone());
    }
}

impl Keep {
    /// Seconds and notes of the rows of an actor.
    fn of(&self, actor: &str) -> Vec<(u64, &str)> {
        let mine = self.rows.iter().filter(|r| r.actor == actor);
        mine.map(|r| (r.at.as_nanos() / 1_000_000_000, r.note.as_str())).collect()
    }

    /// Minutes of the rows that say this.
    fn minutes(&self, what: &str) -> Vec<u64> {
        let said = self.rows.iter().filter(|r| r.note.contains(what));
        said.map(|r| r.at.as_nanos() / 60_000_000_000).collect()
    }
}

fn told(file: &str, overrides: &[&str]) -> (Summary, RunResult, Keep) {
    let path = format!("{}/../../scenarios/aws/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the scenario ships");
    let overrides: Vec<Override> =
        overrides.iter().map(|o| Override::parse(o).expect("an override")).collect();
    let scenario = Scenario::read(&path, &text, &overrides).unwrap_or_else(|e| panic!("{e}"));
    let mut keep = Keep::default();
    let result =
        scenario.simulation(None, None).expect("it has no trace").run(&mut keep).expect("no law broke");
    (Summary::new(&scenario, &result), result, keep)
}

/// Hours and dollars of the office, each operation's lateness and outcome, and the replaced members.
#[test]
fn the_office_pays_for_its_hours_and_says_what_it_did() {
    let (summary, _, keep) = told("office-hours.toml", &[]);
    // Three evenings stop four machines, three mornings start four.
    assert_eq!((summary.machines.starts, summary.machines.stops), (12, 12));
    // Four run 36 hours, one 72; each start and stop is up to 59 s late: twelve of each move at most 12 minutes.
    assert!((summary.machines.billed_hours - 216.0).abs() < 0.2, "{:?}", summary.machines);
    // 216 machine-hours and two members of 72 hours at 0.096 dollars; replacing takes two minutes of both.
    assert!((summary.cost_usd.instances - 0.096 * 360.0).abs() < 0.03, "{:?}", summary.cost_usd);
    let (mut begun, mut ended) = (Vec::new(), Vec::new());
    for (name, hour) in [("morning", 1), ("evening", 13), ("sweep", 17)] {
        for (at, note) in keep.of(name) {
            if note.contains("begins") {
                // A minute is named, and the operation acts within it.
                let second = at % 86_400 - hour * 3600;
                assert!(second < 60, "{name} at {at}");
                begun.push(second);
            } else {
                ended.push(note.split(" ends: ").nth(1).expect("an outcome").to_string());
            }
        }
    }
    assert_eq!(begun.len(), 9);
    assert!(begun.iter().collect::<std::collections::BTreeSet<_>>().len() > 4, "drawn anew: {begun:?}");
    let outcomes = [
        "started 4, already running 1",
        "stopped 4, excepted app-2",
        "stopped 0, already stopped 4, excepted app-2",
    ];
    let want: Vec<String> =
        outcomes.iter().flat_map(|o| [o.to_string(), o.to_string(), o.to_string()]).collect();
    assert_eq!(ended, want);
    // The stopped members are found within a minute, and both are replaced.
    let (stopped, _) = keep.of("mistake")[0];
    let found: Vec<u64> = keep
        .rows
        .iter()
        .filter(|r| r.kind == ActivityKind::Health)
        .map(|r| r.at.as_nanos() / 1_000_000_000)
        .collect();
    assert!(found.iter().all(|at| (stopped..=stopped + 60).contains(at)), "{stopped} {found:?}");
    assert_eq!(summary.scaling.replacements, 2);
    // Machines are no members.
    assert!(keep.periods.iter().all(|p| p.in_service <= 2 && p.desired == 2));
}

/// A stopped machine is not paid: when all are excepted they run on.
#[test]
fn without_the_evening_the_bill_is_higher() {
    let (with, ..) = told("office-hours.toml", &[]);
    let all = r#"["app-1", "app-2", "app-3", "app-4", "app-5"]"#;
    let never = ["evening", "sweep"].map(|name| format!("operation.{name}.except={all}"));
    let (without, ..) = told("office-hours.toml", &[&never[0], &never[1]]);
    // Four machines for two nights of 12 hours and the last of 11.
    let saved = without.machines.billed_hours - with.machines.billed_hours;
    assert!((saved - 4.0 * 35.0).abs() < 0.2, "{saved}");
}

/// Failures by the clock: at 3:00 for want of the dead one's address, at 5:01 while leavers build, from 7:30 to 7:59 for want of capacity.
#[test]
fn launches_fail_for_want_of_an_address_and_of_capacity() {
    let (summary, result, keep) = told("address-pool.toml", &[]);
    let short = keep.minutes("InsufficientInstanceCapacity");
    assert_eq!(short, (450..480).collect::<Vec<u64>>());
    let empty = keep.minutes("launch failed: no free address of 8 in zone a");
    assert_eq!(empty[..2], [180, 301]);
    assert_eq!(result.scaling.failed_launches as usize, short.len() + empty.len());
    assert_eq!((result.scaling.launches, result.scaling.terminations), (14, 10));
    // Each address has one agent, however often its instance changed.
    assert_eq!((summary.agents.registered_max, summary.agents.distinct), (8, 8));
    assert!(!keep.minutes("in place of the stale agent").is_empty());
    // An agent logs in 60 s after its instance serves.
    let agents = |kind: ActivityKind, what: &str| -> Vec<(Option<u64>, u64)> {
        let rows = keep.rows.iter().filter(|r| r.kind == kind && r.note.starts_with(what));
        rows.map(|r| (r.instance, r.at.as_nanos())).collect()
    };
    let (serve, login) =
        (agents(ActivityKind::Service, "in service"), agents(ActivityKind::Agent, "the agent logs in"));
    assert_eq!(login.len(), 14);
    for (instance, at) in login {
        assert!(serve.contains(&(instance, at - 60_000_000_000)), "{instance:?}");
    }
    // The coordinator sees an end up to five minutes late.
    let end = |instance| {
        let ends = keep.rows.iter().filter(|r| r.note == "terminated" || r.note == "crashed");
        ends.filter(|r| r.instance == instance).map(|r| r.at.as_nanos()).min()
    };
    for (instance, at) in agents(ActivityKind::Agent, "the coordinator sees") {
        let late = at - end(instance).expect("it has ended");
        assert!(late <= 300_000_000_000, "{instance:?} {late}");
    }
}

/// With ephemeral addresses no launch fails for want of one, and the coordinator counts more agents.
#[test]
fn ephemeral_addresses_are_more_agents() {
    let (summary, result, keep) = told("address-pool.toml", &["group.addresses.when_empty=ephemeral"]);
    assert_eq!(result.scaling.failed_launches, 30, "those for want of capacity");
    let own = keep.minutes("takes an ephemeral address").len() as u64;
    assert_eq!(summary.agents.distinct, 8 + own);
    assert!(summary.agents.registered_max > 8, "{:?}", summary.agents);
}

/// What cannot be is refused at its place, with the rule.
#[test]
fn mistakes_are_named() {
    let refused = |file: &str, overrides: &[&str], message: &str| {
        let path = format!("{}/../../scenarios/aws/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the scenario ships");
        let overrides: Vec<Override> =
            overrides.iter().map(|o| Override::parse(o).expect("an override")).collect();
        let error = Scenario::read(&path, &text, &overrides).expect_err(message).to_string();
        assert!(error.contains(message), "{message}\n{error}");
    };
    let office = |set: &[&str], message: &str| refused("office-hours.toml", set, message);
    office(&["operation.mistake.action=start"], "starts nothing in a group");
    office(&["operation.evening.except=[\"app-9\"]"], "is the name of no machine");
    office(&["operation.mistake.except=[\"app-1\"]"], "names machines, and the group has none");
    office(&["machine.app-1.zone=z"], "is no zone of the group");
    office(&["machine.app-5.type=t3.micro"], "one of them has CPU credits");
    office(&["operation.sweep.cron=0 3 * * *"], "time and cron where exactly one belongs");
    let pool = |set: &[&str], message: &str| refused("address-pool.toml", set, message);
    pool(&["group.addresses.total=8"], "needs exactly one of per_zone and total");
    pool(&["group.addresses.per_zone=1"], "has no room for the 2 instances of the start");
    pool(&["group.capacity_shortage.0.zone=b"], "is no zone of the group");
    pool(&["group.capacity_shortage.0.to=7h"], "is not below to (7h)");
    pool(&["group.launch_retry=100ms"], "is below a second");
}
