//! Every policy of the crate through the conformance kit, and policies that the kit must catch.

use crate::setting::{at, guide_steps, secs, simple_scaling, step_scaling, tracking};
use simscale_core::{Decision, Needs, Observation, Policy, Reason, SimTime};
use simscale_policy::conformance::check;
use simscale_policy::{
    FixedCapacity, FixedCapacityParams, Pacing, Schedule, ScheduleEntry, ScheduleParams, ThresholdPoll,
    ThresholdPollParams,
};

fn poll(change: impl FnOnce(&mut ThresholdPollParams)) -> Box<dyn Policy> {
    let mut params = ThresholdPollParams::new("poll");
    change(&mut params);
    Box::new(ThresholdPoll::new(params).expect("the parameters are valid"))
}

fn schedule() -> Box<dyn Policy> {
    let entry = |name: &str, secs, min, max, desired| ScheduleEntry {
        name: name.to_owned(),
        at: at(secs),
        min,
        max,
        desired,
    };
    let entries = vec![
        entry("open", 0, Some(3), Some(12), Some(12)),
        entry("noon", 3600, None, None, Some(9)),
        entry("close", 7200, None, Some(2), None),
    ];
    Box::new(
        Schedule::new(ScheduleParams { name: "day".to_owned(), entries }).expect("the entries are valid"),
    )
}

fn fixed() -> Box<dyn Policy> {
    let params = FixedCapacityParams { name: "fixed".to_owned(), capacity: 50 };
    Box::new(FixedCapacity::new(params).expect("the name is there"))
}

#[test]
fn every_policy_conforms() {
    type Make = fn() -> Box<dyn Policy>;
    let makers: [(&str, Make); 12] = [
        ("fixed", fixed),
        ("schedule", schedule),
        ("raw poll", || poll(|_| ())),
        ("draining poll", || poll(|p| (p.drain, p.work_time) = (true, secs(37)))),
        ("poll on a grid", || poll(|p| (p.pacing, p.work_time) = (Pacing::FixedGrid, secs(700)))),
        ("bounded poll", || poll(|p| (p.bounds, p.first_look) = (Some((4, 9)), at(90)))),
        ("simple scaling", || simple_scaling(2, None)),
        ("step scaling", || step_scaling(guide_steps())),
        ("target tracking", || tracking(50.0, |_| ())),
        ("target tracking, out only", || tracking(50.0, |p| p.disable_scale_in = true)),
        ("target tracking, any datapoint", || tracking(50.0, |p| p.fresh_data_for_scale_in = false)),
        ("target tracking, eager", || tracking(50.0, |p| (p.low_factor, p.warm_up) = (1.0, Some(secs(0))))),
    ];
    for (name, make) in makers {
        assert_eq!(check(make), Vec::<String>::new(), "{name}");
    }
}

/// A policy that breaks every rule in its turn.
struct Rogue(&'static str, u32);

impl Policy for Rogue {
    fn name(&self) -> &str {
        "rogue"
    }

    fn needs(&self) -> Needs {
        poll(|_| ()).needs()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        Some(if self.0 == "stuck" { SimTime::ZERO } else { now + secs(60) })
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        self.1 += 1;
        let newest = seen.datapoints[0].last().map(|point| point.value);
        let size = match self.0 {
            "unbounded" if newest.is_some() => seen.max + 1,
            "blind" => seen.min,
            "restless" if newest.is_some() && self.1.is_multiple_of(2) => seen.max,
            "restless" if newest.is_some() => seen.min,
            "fragile" if newest.is_some_and(f64::is_nan) => panic!("not a number"),
            _ => return Decision::hold(Reason::NoData),
        };
        Decision::desired(size, Reason::Other(self.0.to_owned()))
    }
}

#[test]
fn the_kit_catches_what_breaks_its_rules() {
    let rules = [
        ("unbounded", "bounds: "),
        ("blind", "no data: "),
        ("restless", "stability: "),
        ("fragile", "wild values: the policy panicked"),
        ("stuck", "replay: "),
    ];
    for (name, rule) in rules {
        let violations = check(|| Box::new(Rogue(name, 0)));
        assert!(violations.iter().any(|text| text.starts_with(rule)), "{name}: {violations:?}");
    }
    let built = std::cell::Cell::new(0);
    let violations = check(|| {
        built.set(built.get() + 1);
        Box::new(Rogue("restless", built.get()))
    });
    assert!(
        violations.iter().any(|text| text.starts_with("replay: the same observations")),
        "{violations:?}"
    );
}
