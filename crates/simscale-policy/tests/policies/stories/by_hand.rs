//! Stories of sizes that a user sets, and of forecasts that a user gives.

use super::reason;
use crate::setting::{at, secs};
use simscale_core::{Policy, Reason, Request, Trigger};
use simscale_policy::conformance::{Scene, Stage, check};
use simscale_policy::{
    Manual, ManualChange, ManualParams, MaxCapacityBreach, OutsideBounds, Predictive, PredictiveMode,
    PredictiveParams,
};

fn manual(outside: OutsideBounds, changes: &[(u64, u32, bool)]) -> Box<dyn Policy> {
    let change =
        |&(seconds, desired, honor_cooldown)| ManualChange { at: at(seconds), desired, honor_cooldown };
    let changes = changes.iter().map(change).collect();
    Box::new(Manual::new(ManualParams { name: "user".to_owned(), changes, outside }).expect("it is valid"))
}

fn forecast(hours: &[u32], change: impl FnOnce(&mut PredictiveParams)) -> Box<dyn Policy> {
    let mut params = PredictiveParams {
        name: "forecast".to_owned(),
        forecast: hours.to_vec(),
        into_hour: secs(0),
        buffer: secs(300),
        mode: PredictiveMode::ForecastAndScale,
        breach: MaxCapacityBreach::Honor,
    };
    change(&mut params);
    Box::new(Predictive::new(params).expect("it is valid"))
}

#[test]
fn they_conform() {
    assert_eq!(
        check(|| manual(OutsideBounds::Refused, &[(0, 4, false), (4000, 30, true)])),
        Vec::<String>::new()
    );
    assert_eq!(check(|| forecast(&[4, 9, 30, 2], |_| ())), Vec::<String>::new());
    assert_eq!(check(|| forecast(&[4, 9], |p| p.mode = PredictiveMode::ForecastOnly)), Vec::<String>::new());
}

#[test]
fn a_user_sets_the_size_whatever_the_cooldown_unless_told_to_honour_it() {
    // Launches take a minute; the group's cooldown is five.
    let changes = [(600, 8, false), (720, 9, true), (780, 7, false), (1200, 5, true)];
    let mut stage = Stage::new(manual(OutsideBounds::Refused, &changes), 2, 10, 4);
    stage.minutes(10, 50.0);
    assert_eq!(
        (stage.desired(), reason(&stage).to_string().as_str()),
        (8, "a user request update of the desired capacity to 8")
    );
    stage.minutes(2, 50.0);
    assert_eq!(
        (stage.desired(), reason(&stage)),
        (8, &Reason::Cooldown { until: at(960) }),
        "refused, and not tried again"
    );
    stage.minute(Some(50.0));
    assert_eq!(stage.desired(), 7);
    stage.minutes(7, 50.0);
    assert_eq!(stage.desired(), 5, "the cooldown is over");
}

#[test]
fn a_group_refuses_a_size_outside_its_bounds_and_a_service_takes_it() {
    let mut group = Stage::new(manual(OutsideBounds::Refused, &[(60, 12, false)]), 2, 10, 4);
    group.minutes(2, 50.0);
    assert_eq!(
        (group.desired(), reason(&group).to_string().as_str()),
        (4, "AWS refuses a desired capacity of 12 outside min 2 and max 10")
    );
    let mut service = Stage::new(manual(OutsideBounds::Taken, &[(60, 12, false)]), 2, 10, 4);
    service.minutes(2, 50.0);
    assert_eq!(service.desired(), 12);
}

#[test]
fn a_forecast_is_applied_before_its_hour_and_never_scales_in() {
    let mut stage = Stage::new(forecast(&[4, 9, 3], |_| ()), 2, 20, 4);
    stage.minutes(54, 50.0);
    assert_eq!(stage.desired(), 4);
    stage.minutes(1, 50.0);
    assert_eq!((stage.desired(), reason(&stage)), (9, &Reason::Predictive { predicted: 9, hour: at(3600) }));
    stage.minutes(180, 50.0);
    assert_eq!(stage.desired(), 9, "three are forecast, nine are there");
    // The run begins at twenty minutes past: the hour comes forty minutes later.
    let mut stage = Stage::new(forecast(&[4, 9], |p| p.into_hour = secs(1200)), 2, 20, 4);
    stage.minutes(34, 50.0);
    assert_eq!(stage.desired(), 4);
    stage.minutes(1, 50.0);
    assert_eq!(stage.desired(), 9);
}

#[test]
fn within_its_hour_a_forecast_holds_against_smaller_wishes() {
    let mut policy = forecast(&[4, 9, 3], |_| ());
    assert!(policy.joins());
    let mut scene = Scene::new(2, 20, 12);
    (scene.now, scene.trigger) = (at(5000), Trigger::Look);
    let decision = policy.decide(&scene.observation());
    assert_eq!((decision.request, decision.floor), (Request::Hold, Some(9)));
    // In the buffer of the next hour the larger of both counts.
    scene.now = at(7000);
    assert_eq!(policy.decide(&scene.observation()).floor, Some(9));
    scene.now = at(7200);
    assert_eq!(policy.decide(&scene.observation()).floor, Some(3));
    scene.now = at(10_800);
    assert_eq!(policy.decide(&scene.observation()).floor, None, "nothing is forecast for the fourth hour");
    let mut silent = forecast(&[4, 9, 3], |p| p.mode = PredictiveMode::ForecastOnly);
    assert!(!silent.joins());
    scene.now = at(5000);
    assert_eq!(silent.decide(&scene.observation()).floor, None);
}
