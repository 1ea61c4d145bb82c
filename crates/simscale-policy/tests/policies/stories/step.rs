//! Stories of step scaling.

use super::reason;
use crate::setting::{at, at_least, at_most, guide_steps, secs, step, step_rule, step_scaling};
use simscale_core::{Activity, AlarmState, AlarmView, Datapoint, Decision, Policy, Reason, Request, Trigger};
use simscale_policy::conformance::{Scene, Stage};
use simscale_policy::{AdjustmentType, Aggregation};
use simscale_policy::{StepPace, StepScaling, StepScalingParams};

#[test]
fn step_scaling_tells_the_story_of_the_guide() {
    let mut stage = Stage::new(step_scaling(guide_steps()), 1, 100, 10).warm_up(secs(120));
    let expect = |stage: &mut Stage, value, size| {
        stage.minute(Some(value));
        assert_eq!(stage.desired(), size, "at metric {value}: {:?}", stage.last());
        stage.minutes(3, 50.0);
    };
    expect(&mut stage, 59.0, 10);
    expect(&mut stage, 60.0, 11);
    expect(&mut stage, 70.0, 14);
    expect(&mut stage, 41.0, 14);
    expect(&mut stage, 40.0, 13);
    expect(&mut stage, 30.0, 10);
}

#[test]
fn step_scaling_counts_what_is_warming_up() {
    let steps = vec![step(Some(0.0), Some(10.0), 10), step(Some(10.0), None, 30)];
    let rule = step_rule(at_least(60.0, 1), AdjustmentType::PercentChangeInCapacity, steps);
    let mut stage = Stage::new(step_scaling(vec![rule]), 1, 100, 10);
    stage.minute(Some(60.0));
    assert_eq!(stage.desired(), 11);
    stage.minute(Some(62.0));
    assert_eq!((stage.desired(), reason(&stage)), (11, &Reason::WarmingUp { instances: 1 }));
    stage.minute(Some(70.0));
    assert_eq!(stage.desired(), 13, "30 % of the 10 warm ones, one of which is on its way");
    assert_eq!(reason(&stage), &Reason::Adjustment { value: Some(70.0), base: 10, change: 3 });
}

#[test]
fn step_scaling_goes_on_every_minute_once_the_new_ones_are_warm() {
    let rule = step_rule(at_least(60.0, 1), AdjustmentType::ChangeInCapacity, vec![step(Some(0.0), None, 1)]);
    let mut stage = Stage::new(step_scaling(vec![rule]), 1, 100, 4).warm_up(secs(120));
    let sizes: Vec<u32> = (0..8)
        .map(|_| {
            stage.minute(Some(65.0));
            stage.desired()
        })
        .collect();
    // In service after 60 s, warm after 120 s more: the third minute after each launch acts again.
    assert_eq!(sizes, [5, 5, 5, 6, 6, 6, 7, 7]);
}

#[test]
fn step_scaling_scales_in_only_when_nothing_warms_up() {
    let mut stage = Stage::new(step_scaling(guide_steps()), 1, 100, 10).warm_up(secs(120));
    stage.minute(Some(60.0));
    stage.minutes(2, 20.0);
    assert_eq!((stage.desired(), reason(&stage)), (11, &Reason::WarmingUp { instances: 1 }));
    stage.minute(Some(20.0));
    assert_eq!(stage.desired(), 8, "30 % of 11");
}

#[test]
fn step_scaling_does_not_scale_in_while_a_launch_is_missing() {
    let mut scene = Scene::new(1, 100, 10);
    scene.in_service_since.pop();
    (scene.now, scene.trigger) = (at(1000), Trigger::Alarm(1));
    scene.last_scale_out = Some(Activity { start: at(700), end: None });
    let evaluated = vec![Datapoint { start: at(880), period: secs(60), value: 20.0 }];
    scene.alarms = vec![AlarmView { state: AlarmState::Alarm, evaluated }; 2];
    let decision = step_scaling(guide_steps()).decide(&scene.observation());
    assert_eq!(decision, Decision::hold(Reason::ActivityInProgress));
}

#[test]
fn a_rule_may_have_its_own_warm_up() {
    let mut rules = guide_steps();
    rules[0].pace = StepPace::WarmUp(Some(secs(0)));
    let mut stage = Stage::new(step_scaling(rules), 1, 100, 10);
    stage.minutes(2, 60.0);
    assert_eq!(stage.desired(), 12, "in service is warm: 10 % of 11 on top");
}

#[test]
fn step_scaling_counts_what_is_leaving() {
    let mut stage = Stage::new(step_scaling(guide_steps()), 1, 100, 14).drain(secs(150));
    stage.minute(Some(40.0));
    assert_eq!(stage.desired(), 13);
    stage.minutes(2, 40.0);
    assert_eq!((stage.desired(), reason(&stage)), (13, &Reason::ActivityInProgress));
    stage.minute(Some(40.0));
    assert_eq!(stage.desired(), 12, "the first one is gone, and the alarm is still there");
}

#[test]
fn step_scaling_aggregates_the_datapoints_of_its_alarm() {
    for (aggregation, size) in
        [(Aggregation::Average, 12), (Aggregation::Minimum, 11), (Aggregation::Maximum, 13)]
    {
        let steps =
            vec![step(Some(0.0), Some(10.0), 1), step(Some(10.0), Some(20.0), 2), step(Some(20.0), None, 3)];
        let mut rule = step_rule(at_least(50.0, 3), AdjustmentType::ChangeInCapacity, steps);
        rule.aggregation = aggregation;
        let mut stage = Stage::new(step_scaling(vec![rule]), 1, 100, 10);
        [55.0, 90.0, 59.0].into_iter().for_each(|value| stage.minute(Some(value)));
        assert_eq!(stage.desired(), size, "{aggregation:?}");
    }
}

#[test]
fn step_scaling_sets_exact_capacities_and_ignores_what_no_step_covers() {
    let exact = AdjustmentType::ExactCapacity;
    let rules = vec![
        step_rule(at_least(60.0, 1), exact, vec![step(Some(10.0), None, 9)]),
        step_rule(at_most(20.0, 1), exact, vec![step(None, Some(0.0), 3)]),
    ];
    let mut stage = Stage::new(step_scaling(rules), 1, 8, 5).warm_up(secs(0));
    stage.minute(Some(65.0));
    assert_eq!((stage.desired(), reason(&stage)), (5, &Reason::NoStep { value: 65.0 }));
    stage.minute(Some(70.0));
    assert_eq!(stage.desired(), 8, "9, but the group's maximum is 8");
    stage.minutes(2, 10.0);
    assert_eq!(stage.desired(), 3);
    stage.minutes(2, 10.0);
    assert_eq!((stage.desired(), reason(&stage)), (3, &Reason::NoChange));
}

#[test]
fn without_a_default_warm_up_step_scaling_waits_for_the_default_cooldown_after_a_launch() {
    let params = StepScalingParams {
        name: "steps".to_owned(),
        rules: guide_steps(),
        default_cooldown: Some(secs(300)),
    };
    let mut scene = Scene::new(1, 100, 10);
    (scene.now, scene.trigger, scene.group_warm_up) = (at(1000), Trigger::Alarm(1), secs(0));
    scene.last_scale_out = Some(Activity { start: at(700), end: Some(at(760)) });
    let evaluated = vec![Datapoint { start: at(880), period: secs(60), value: 20.0 }];
    scene.alarms = vec![AlarmView { state: AlarmState::Alarm, evaluated }; 2];
    let mut policy = StepScaling::new(params).expect("the steps are valid");
    assert_eq!(policy.decide(&scene.observation()), Decision::hold(Reason::Cooldown { until: at(1060) }));
    scene.now = at(1060);
    assert_eq!(policy.decide(&scene.observation()).request, Request::Desired(7), "30 % of 10");
}
