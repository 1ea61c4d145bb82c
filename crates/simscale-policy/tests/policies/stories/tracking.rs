//! Stories of target tracking.

use super::reason;
use crate::setting::{at, secs, tracking};
use simscale_core::{
    Activity, AlarmState, AlarmView, Datapoint, Decision, Reason, Request, SimTime, Trigger,
};
use simscale_policy::conformance::{Scene, Stage};
use simscale_policy::{AlarmShape, TargetTrackingParams};

fn wanted(value: f64, capacity: u32, wanted: u32) -> Reason {
    Reason::TargetTracking { value, target: 50.0, capacity, wanted }
}

#[test]
fn target_tracking_scales_out_after_three_minutes_and_in_after_fifteen() {
    let mut stage = Stage::new(tracking(50.0, |_| ()), 1, 100, 10);
    stage.minutes(2, 75.0);
    assert_eq!((stage.desired(), stage.played().len()), (10, 0), "it acts through its alarms alone");
    stage.minute(Some(75.0));
    assert_eq!((stage.desired(), reason(&stage)), (15, &wanted(75.0, 10, 15)));
    stage.minutes(14, 20.0);
    assert_eq!(stage.desired(), 15);
    stage.minute(Some(20.0));
    assert_eq!((stage.desired(), reason(&stage)), (6, &wanted(20.0, 15, 6)));
}

#[test]
fn target_tracking_leaves_the_band_between_its_alarms_alone() {
    let mut stage = Stage::new(tracking(50.0, |_| ()), 1, 100, 10);
    for value in [50.0, 35.0, 36.0] {
        stage.minutes(30, value);
    }
    assert_eq!((stage.desired(), stage.played().len()), (10, 0));
}

#[test]
fn target_tracking_counts_what_is_warming_up() {
    let mut stage = Stage::new(tracking(50.0, |p| p.warm_up = Some(secs(180))), 1, 100, 10);
    stage.minutes(3, 60.0);
    assert_eq!(stage.desired(), 12);
    stage.minute(Some(60.0));
    let block = Decision::hold_and_block_scale_in(Reason::WarmingUp { instances: 2 });
    assert_eq!((stage.desired(), stage.last()), (12, &block));
    stage.minute(Some(75.0));
    assert_eq!(
        (stage.desired(), reason(&stage)),
        (15, &wanted(75.0, 10, 15)),
        "three more than are on their way"
    );
    stage.minute(Some(60.0));
    assert_eq!(stage.desired(), 15, "never below the desired capacity");
    stage.minute(Some(60.0));
    assert_eq!((stage.desired(), reason(&stage)), (15, &Reason::WarmingUp { instances: 3 }));
    stage.minutes(2, 60.0);
    assert_eq!((stage.desired(), reason(&stage)), (18, &wanted(60.0, 15, 18)), "all 15 warm, still too hot");
}

#[test]
fn target_tracking_with_insufficient_data_blocks_the_others() {
    let mut policy = tracking(50.0, |_| ());
    let mut scene = Scene::new(1, 10, 6);
    let unknown = AlarmView { state: AlarmState::InsufficientData, evaluated: Vec::new() };
    scene.alarms = vec![unknown; 2];
    for trigger in [Trigger::Look, Trigger::Alarm(0), Trigger::Alarm(1)] {
        scene.trigger = trigger;
        let decision = policy.decide(&scene.observation());
        assert_eq!(decision, Decision::hold_and_block_scale_in(Reason::NoData), "{trigger:?}");
    }
    let mut out_only = tracking(50.0, |p| p.disable_scale_in = true);
    (scene.trigger, scene.alarms) = (Trigger::Look, scene.alarms[..1].to_vec());
    let decision = out_only.decide(&scene.observation());
    assert_eq!(decision, Decision::hold(Reason::ScaleInDisabled), "it has no say in scaling in");
}

#[test]
fn target_tracking_without_data_does_nothing() {
    let mut stage = Stage::new(tracking(50.0, |_| ()), 1, 10, 6);
    for _ in 0..30 {
        stage.minute(None);
    }
    assert_eq!((stage.desired(), stage.alarm(1)), (6, AlarmState::InsufficientData));
}

#[test]
fn target_tracking_asked_while_its_alarms_are_silent_is_not_ready_to_scale_in() {
    let mut stage = Stage::new(tracking(50.0, |_| ()), 1, 10, 6);
    stage.minutes(20, 45.0);
    stage.jump(secs(1));
    assert_eq!(stage.last(), &Decision::hold_and_block_scale_in(Reason::OnTarget));
}

#[test]
fn target_tracking_never_scales_in_by_rounding_up() {
    // 3 x 34 / 50 = 2.04 needs all three: the low alarm rings, and nothing happens.
    let mut stage = Stage::new(tracking(50.0, |_| ()), 1, 10, 3);
    stage.minutes(20, 34.0);
    assert_eq!(stage.desired(), 3);
    assert_eq!(stage.last(), &Decision::hold_and_block_scale_in(wanted(34.0, 3, 3)));
}

#[test]
fn target_tracking_with_scale_in_disabled_has_no_low_alarm() {
    let policy = tracking(50.0, |p| p.disable_scale_in = true);
    let alarms = policy.needs().alarms;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].name, "TargetTracking-cpu-AlarmHigh");
    let mut stage = Stage::new(policy, 1, 10, 6);
    stage.minutes(30, 5.0);
    assert_eq!(stage.desired(), 6);
    stage.minutes(3, 60.0);
    assert_eq!(stage.desired(), 8);
}

#[test]
fn target_tracking_stays_within_the_bounds_of_the_group() {
    let mut stage = Stage::new(tracking(50.0, |_| ()), 4, 12, 10);
    stage.minutes(3, 100.0);
    assert_eq!((stage.desired(), reason(&stage)), (12, &wanted(100.0, 10, 20)));
    stage.minutes(20, 100.0);
    assert_eq!(
        (stage.desired(), reason(&stage)),
        (12, &wanted(100.0, 12, 24)),
        "at the maximum, and it says why"
    );
    stage.minutes(30, 0.0);
    assert_eq!(stage.desired(), 4);
}

/// One datapoint of `value` that began at `start`, with the low alarm in ALARM.
fn low_alarm(scene: &mut Scene, start: SimTime, value: f64) {
    let evaluated = vec![Datapoint { start, period: secs(60), value }];
    scene.trigger = Trigger::Alarm(1);
    scene.alarms = vec![
        AlarmView { state: AlarmState::Ok, evaluated: evaluated.clone() },
        AlarmView { state: AlarmState::Alarm, evaluated },
    ];
}

#[test]
fn target_tracking_does_not_fall_on_datapoints_of_the_larger_group() {
    let mut scene = Scene::new(1, 100, 5);
    scene.now = at(1000);
    scene.last_scale_in = Some(Activity { start: at(940), end: Some(at(970)) });
    low_alarm(&mut scene, at(880), 25.0);
    let decision = tracking(50.0, |_| ()).decide(&scene.observation());
    assert_eq!(decision.request, Request::HoldAndBlockScaleIn);
    assert!(decision.reason.to_string().contains("before the scale-in of 00:15:40"), "{}", decision.reason);
    let decision = tracking(50.0, |p| p.fresh_data_for_scale_in = false).decide(&scene.observation());
    assert_eq!(decision, Decision::desired(3, wanted(25.0, 5, 3)), "5 that came from 10 would fall to 3");
    low_alarm(&mut scene, at(940), 25.0);
    let decision = tracking(50.0, |_| ()).decide(&scene.observation());
    assert_eq!(decision, Decision::desired(3, wanted(25.0, 5, 3)), "a fresh datapoint counts");
}

#[test]
fn target_tracking_counts_what_is_leaving() {
    let mut scene = Scene::new(1, 100, 6);
    (scene.now, scene.terminating) = (at(1000), 4);
    low_alarm(&mut scene, at(880), 30.0);
    let decision = tracking(50.0, |_| ()).decide(&scene.observation());
    assert_eq!(
        decision,
        Decision::hold_and_block_scale_in(wanted(30.0, 10, 6)),
        "30 was measured on all ten"
    );
}

#[test]
fn target_tracking_scales_in_only_when_nothing_comes_or_is_missing() {
    let mut scene = Scene::new(1, 100, 10);
    scene.now = at(1000);
    low_alarm(&mut scene, at(880), 20.0);
    scene.in_service_since[9] = at(900);
    let decision = tracking(50.0, |_| ()).decide(&scene.observation());
    assert_eq!(decision, Decision::hold_and_block_scale_in(Reason::WarmingUp { instances: 1 }));
    scene.in_service_since.pop();
    scene.last_scale_out = Some(Activity { start: at(700), end: None });
    let decision = tracking(50.0, |_| ()).decide(&scene.observation());
    assert_eq!(decision, Decision::hold_and_block_scale_in(Reason::ActivityInProgress));
}

#[test]
fn target_tracking_takes_the_newest_datapoint_and_lets_scale_out_win() {
    let eager = |p: &mut TargetTrackingParams| {
        p.high = AlarmShape { evaluation_periods: 3, datapoints_to_alarm: 1 };
        p.low = AlarmShape { evaluation_periods: 3, datapoints_to_alarm: 1 };
    };
    let mut stage = Stage::new(tracking(50.0, eager), 1, 100, 10);
    [90.0, 45.0, 20.0].into_iter().for_each(|value| stage.minute(Some(value)));
    assert_eq!(stage.desired(), 18, "by the 90; later values ask for less");
    assert!(reason(&stage).to_string().contains("scaling out comes first"));
}

#[test]
fn without_a_default_warm_up_target_tracking_waits_for_the_default_cooldown_after_a_launch() {
    let mut scene = Scene::new(1, 100, 10);
    scene.now = at(1000);
    scene.last_scale_out = Some(Activity { start: at(700), end: Some(at(760)) });
    low_alarm(&mut scene, at(880), 20.0);
    let policy = |pause| tracking(50.0, move |p| (p.warm_up, p.default_cooldown) = (Some(secs(0)), pause));
    let decision = policy(Some(secs(300))).decide(&scene.observation());
    assert_eq!(decision, Decision::hold_and_block_scale_in(Reason::Cooldown { until: at(1060) }));
    let decision = policy(None).decide(&scene.observation());
    assert_eq!(decision, Decision::desired(4, wanted(20.0, 10, 4)), "a default warm-up of 0 is one");
}
