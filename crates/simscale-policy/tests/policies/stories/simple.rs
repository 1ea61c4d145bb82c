//! Stories of simple scaling.

use super::reason;
use crate::setting::{at, secs, simple_scaling};
use simscale_core::{Activity, AlarmState, AlarmView, Decision, Reason, Request, Trigger};
use simscale_policy::conformance::{Scene, Stage};

#[test]
fn simple_scaling_acts_again_when_the_alarm_outlasts_the_cooldown() {
    let mut stage = Stage::new(simple_scaling(2, Some(secs(120))), 1, 10, 2);
    stage.minute(Some(90.0));
    assert_eq!(stage.desired(), 4);
    assert_eq!(reason(&stage), &Reason::Adjustment { value: None, base: 2, change: 2 });
    // The launches are in service at 120 s, so the cooldown ends at 240 s.
    stage.minutes(2, 90.0);
    assert_eq!((stage.desired(), reason(&stage)), (4, &Reason::Cooldown { until: at(240) }));
    stage.minute(Some(90.0));
    assert_eq!((stage.desired(), stage.now()), (6, at(240)), "still in ALARM: two more");
}

#[test]
fn simple_scaling_forgets_an_alarm_that_ended_during_the_cooldown() {
    let mut stage = Stage::new(simple_scaling(2, None), 1, 10, 2);
    stage.minutes(2, 90.0);
    stage.minutes(10, 60.0);
    assert_eq!(stage.desired(), 4, "the dropped invocation is not made up for");
}

#[test]
fn simple_scaling_waits_for_the_activity_and_in_both_directions() {
    let mut stage = Stage::new(simple_scaling(2, Some(secs(60))), 1, 10, 2).boot(secs(150));
    stage.minutes(3, 90.0);
    assert_eq!((stage.desired(), reason(&stage)), (4, &Reason::ActivityInProgress));
    stage.minute(Some(10.0));
    assert_eq!((stage.desired(), reason(&stage)), (4, &Reason::Cooldown { until: at(270) }));
    stage.minute(Some(10.0));
    assert_eq!(stage.desired(), 3, "the cooldown of a scale-out had blocked the scale-in");
}

#[test]
fn the_cooldown_counts_from_the_end_of_the_last_activity() {
    let mut scene = Scene::new(1, 10, 4);
    let activity = |start, end| Some(Activity { start: at(start), end: Some(at(end)) });
    (scene.last_scale_out, scene.last_scale_in) = (activity(0, 100), activity(200, 250));
    (scene.now, scene.trigger) = (at(500), Trigger::Alarm(0));
    scene.alarms = vec![AlarmView { state: AlarmState::Alarm, evaluated: Vec::new() }; 2];
    let mut policy = simple_scaling(2, None);
    let decision = policy.decide(&scene.observation());
    assert_eq!(decision, Decision::hold(Reason::Cooldown { until: at(550) }));
    (scene.last_scale_out, scene.last_scale_in) = (activity(200, 250), activity(0, 100));
    assert_eq!(policy.decide(&scene.observation()), decision);
    scene.now = at(550);
    assert_eq!(policy.decide(&scene.observation()).request, Request::Desired(6), "the end itself is free");
}

#[test]
fn simple_scaling_uses_the_groups_cooldown_unless_it_has_its_own() {
    for (own, again) in [(None, 7), (Some(secs(0)), 2)] {
        let mut stage = Stage::new(simple_scaling(1, own), 1, 10, 2).cooldown(secs(300));
        stage.minutes(again, 90.0);
        assert_eq!(stage.desired(), 4, "own cooldown {own:?}");
    }
}

#[test]
fn simple_scaling_keeps_to_the_bounds_of_the_group() {
    let mut stage = Stage::new(simple_scaling(5, Some(secs(0))), 2, 4, 3).boot(secs(0));
    stage.minutes(2, 90.0);
    assert_eq!((stage.desired(), &stage.last().request), (4, &Request::Hold));
    assert_eq!(reason(&stage), &Reason::Adjustment { value: None, base: 4, change: 5 });
    stage.minutes(9, 10.0);
    assert_eq!(stage.desired(), 2);
}
