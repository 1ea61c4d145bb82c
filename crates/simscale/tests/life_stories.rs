//! The stories of `scenarios/aws` about how instances come into service and how a group heals itself, proved by their numbers.

use simscale::Scenario;
use simscale::engine::{PeriodRow, RunResult, Sink};
use std::path::Path;

#[derive(Default)]
struct Rows(Vec<PeriodRow>);

impl Sink for Rows {
    fn period(&mut self, row: &PeriodRow) {
        self.0.push(row.clone());
    }
}

impl Rows {
    /// Lost over arrived in the minutes from `from` on.
    fn lost_after(&self, from: usize) -> f64 {
        let (lost, arrived) =
            self.0[from..].iter().fold((0, 0), |(l, a), r| (l + r.refused + r.failed, a + r.arrived));
        lost as f64 / arrived as f64
    }

    /// The first minute in which this holds.
    fn first(&self, holds: impl Fn(&PeriodRow) -> bool) -> usize {
        self.0.iter().position(holds).expect("it happens")
    }
}

fn shipped(name: &str) -> (RunResult, Rows) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/aws/{name}.toml"));
    let text = std::fs::read_to_string(path).expect("the scenario ships");
    let scenario = Scenario::read(name, &text, &[]).unwrap_or_else(|e| panic!("{e}"));
    let mut rows = Rows::default();
    let result = scenario.simulation(None, None).expect("valid").run(&mut rows).expect("no law broke");
    (result, rows)
}

/// Three ways to install: user data serves errors and keeps dead weight, a hook repeats launches and serves no error, a baked image does
/// neither and takes traffic first. All three are asked for more in the same minute.
#[test]
fn user_data_serves_errors_a_hook_repeats_launches_a_baked_image_is_fast() {
    let (data, hook, baked) = (shipped("user-data"), shipped("codedeploy-hook"), shipped("baked-image"));
    let reaction = |rows: &Rows| {
        let asked = rows.first(|r| r.desired > 4);
        (asked, rows.first(|r| r.healthy > 4) - asked)
    };
    let [a, b, c] = [&data.1, &hook.1, &baked.1].map(reaction);
    assert_eq!((a.0, b.0), (c.0, c.0), "the alarm does not know how instances are made");
    assert!(a.1 >= 3 && b.1 >= 2 && c.1 <= 1, "minutes to the first new target: {} {} {}", a.1, b.1, c.1);
    assert!(data.0.attempts.errors > 5_000 && data.0.scaling.failed_launches == 0);
    assert!(data.1.0[110].in_service > data.1.0[110].healthy, "broken servers stay in service");
    assert!(hook.0.attempts.errors == 0 && hook.0.scaling.failed_launches > 0);
    assert_eq!(hook.1.0[110].in_service, hook.1.0[110].healthy);
    assert_eq!(
        (baked.0.attempts.errors, baked.0.requests.failed, baked.0.scaling.failed_launches),
        (0, 0, 0)
    );
}

/// The storm: from 40 minutes on, a quarter of an hour after the campaign, ELB checks go on replacing and lose more than half of everything;
/// the same world with EC2 checks replaces nobody and loses nothing.
#[test]
fn elb_checks_make_a_storm_of_an_overload_and_ec2_checks_do_not() {
    let (storm, calm) = (shipped("replacement-storm"), shipped("replacement-storm-ec2"));
    assert!(storm.1.lost_after(40) > 0.5, "{}", storm.1.lost_after(40));
    assert!(storm.0.scaling.replacements > 25);
    assert_eq!((calm.1.lost_after(40), calm.0.scaling.replacements), (0.0, 0));
    let worst = |rows: &Rows| rows.0[20..25].iter().map(|r| r.healthy).min();
    assert_eq!((worst(&storm.1), worst(&calm.1)), (Some(0), Some(0)), "the balancer says the same of both");
}
