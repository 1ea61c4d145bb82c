//! How long a policy takes to notice, end to end, beside what AWS's users measured.

use simscale::Scenario;
use simscale::engine::{ActivityKind, ActivityRow, Sink};
use simscale::text::Override;
use std::path::Path;

/// Keeps the decisions.
#[derive(Default)]
struct Decisions(Vec<ActivityRow>);

impl Sink for Decisions {
    fn activity(&mut self, row: &ActivityRow) {
        if row.kind == ActivityKind::Decision {
            self.0.push(row.clone());
        }
    }
}

/// Minutes from a change of the load in `basic-monitoring.toml` (up at 1 h, down at 3 h) to the first scale-out and to the first scale-in.
fn reactions(set: &[(&str, &str)], seed: u64) -> (f64, f64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/aws/basic-monitoring.toml");
    let text = std::fs::read_to_string(path).expect("the scenario ships");
    let seed = seed.to_string();
    let set = set.iter().copied().chain([("simulation.seed", seed.as_str())]);
    let overrides: Vec<Override> = set.map(|(path, value)| Override::new(path, value)).collect();
    let scenario = Scenario::read("basic.toml", &text, &overrides).unwrap_or_else(|e| panic!("{e}"));
    let mut kept = Decisions::default();
    scenario.simulation(None, None).expect("valid").run(&mut kept).expect("no law broke");
    let after = |hours: f64, out: bool| {
        let minutes = |row: &ActivityRow| row.at.as_secs_f64() / 60.0 - hours * 60.0;
        let first = kept.0.iter().find(|r| minutes(r) > 0.0 && (r.granted > r.before) == out);
        minutes(first.expect("it reacts"))
    };
    (after(1.0, true), after(3.0, false))
}

/// Proves the reaction times of target tracking (aws.md 4.1 and 11.1): with basic monitoring 3 and 15 periods of five minutes, a minute of
/// publication and up to one of evaluation: 16 to 17 and 76 to 77 minutes (field report: about 15 and 75); with detailed monitoring 4 to 5 and
/// 16 to 17 (field reports: 3 to 4 and 15 to 16). Aligned alarms react at the least time.
#[test]
fn reactions_are_those_of_the_field_reports() {
    let detailed = ("metrics.monitoring", "detailed");
    for seed in 1..=8 {
        let (out, back) = reactions(&[], seed);
        assert!((16.0..=17.0).contains(&out) && (76.0..=77.0).contains(&back), "basic: {out} and {back}");
        let (out, back) = reactions(&[detailed], seed);
        assert!((4.0..=5.0).contains(&out) && (16.0..=17.0).contains(&back), "detailed: {out} and {back}");
    }
    let aligned = ("metrics.alarm_phase", "aligned");
    assert_eq!(reactions(&[aligned], 1), (16.0, 76.0));
    assert_eq!(reactions(&[aligned, detailed], 1), (4.0, 16.0));
}
