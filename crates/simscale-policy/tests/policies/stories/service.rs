//! Stories of an ECS service: Application Auto Scaling with its cooldowns, bounds set by hand, deployments.

use super::reason;
use crate::setting::{at, at_least, at_most, secs, step, step_rule, step_scaling};
use simscale_core::{Activity, AlarmState, AlarmView, Datapoint, Metric, Policy, Reason, Request, Trigger};
use simscale_policy::conformance::{Scene, Stage, check_service};
use simscale_policy::{AdjustmentType, ApplicationPace, StepPace, TargetTracking, TargetTrackingParams};

/// CPU at 50 percent, with what else differs from the default of a service.
fn tracking(change: impl FnOnce(&mut ApplicationPace)) -> Box<dyn Policy> {
    let mut params = TargetTrackingParams::of_service("cpu", Metric::CpuUtilization, 50.0);
    change(params.application.as_mut().expect("a service is paced by cooldowns"));
    Box::new(TargetTracking::new(params).expect("the parameters are valid"))
}

/// Plus two from 60, plus four from 80; minus one at 30 and below.
fn steps(cooldown: u64) -> Box<dyn Policy> {
    let out = vec![step(Some(0.0), Some(20.0), 2), step(Some(20.0), None, 4)];
    let kind = AdjustmentType::ChangeInCapacity;
    let mut rules = vec![
        step_rule(at_least(60.0, 1), kind, out),
        step_rule(at_most(30.0, 1), kind, vec![step(None, Some(0.0), -1)]),
    ];
    rules.iter_mut().for_each(|rule| rule.pace = StepPace::Cooldown(secs(cooldown)));
    step_scaling(rules)
}

#[test]
fn policies_of_a_service_conform() {
    type Make = fn() -> Box<dyn Policy>;
    let makers: [(&str, Make); 4] = [
        ("tracking", || tracking(|_| ())),
        ("tracking without pauses", || {
            tracking(|pace| {
                *pace = ApplicationPace {
                    scale_out_cooldown: secs(0),
                    scale_in_cooldown: secs(0),
                    flapping_margin: 1.0,
                }
            })
        }),
        ("steps", || steps(300)),
        ("steps without pauses", || steps(0)),
    ];
    for (name, make) in makers {
        assert_eq!(check_service(make), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn within_a_cooldown_only_a_larger_scale_out_acts_and_what_was_added_counts() {
    // Launches take a minute: +2 at minute 1, running at minute 2, cooldown until minute 7.
    let mut stage = Stage::new(steps(300), 1, 100, 10);
    stage.minute(Some(70.0));
    assert_eq!(stage.desired(), 12);
    stage.minutes(2, 70.0);
    assert_eq!((stage.desired(), reason(&stage)), (12, &Reason::CountedInCooldown { added: 2 }));
    stage.minute(Some(85.0));
    assert_eq!(stage.desired(), 14, "+4 within the cooldown of +2 adds two");
    stage.minute(Some(85.0));
    assert_eq!((stage.desired(), reason(&stage)), (14, &Reason::CountedInCooldown { added: 4 }));
    // The larger one began a cooldown of its own: in service at minute 5, over at minute 10.
    stage.minutes(4, 70.0);
    assert_eq!(stage.desired(), 14);
    stage.minute(Some(70.0));
    assert_eq!(stage.desired(), 16);
}

#[test]
fn a_scale_in_waits_for_the_cooldown_after_the_last_one_and_a_scale_out_ends_the_wait() {
    // Drains take half a minute: -1 at minute 1, done at 1.5, cooldown until minute 6.5.
    let mut stage = Stage::new(steps(300), 1, 100, 10);
    stage.minutes(6, 20.0);
    assert_eq!((stage.desired(), reason(&stage)), (9, &Reason::Cooldown { until: at(390) }));
    stage.minute(Some(20.0));
    assert_eq!(stage.desired(), 8);
    stage.minute(Some(20.0));
    assert!(matches!(reason(&stage), Reason::Cooldown { .. }));
    stage.minute(Some(65.0));
    assert_eq!(stage.desired(), 10, "a scale-out acts at once");
    stage.minute(Some(20.0));
    assert_eq!(stage.desired(), 9, "and the rest of the scale-in cooldown is gone");
}

#[test]
fn no_scale_in_begins_while_a_deployment_runs_and_a_scale_out_does() {
    let mut stage = Stage::new(tracking(|_| ()), 1, 100, 10);
    stage.deploy(true);
    stage.minutes(20, 20.0);
    assert_eq!((stage.desired(), reason(&stage)), (10, &Reason::DeploymentInProgress));
    stage.minutes(3, 100.0);
    assert_eq!(stage.desired(), 20);
    stage.deploy(false);
    stage.minutes(15, 20.0);
    assert_eq!(stage.desired(), 9, "by the formula 8, at 50 percent; at 9 the metric lies within the margin");
}

#[test]
fn a_scale_in_that_would_soon_be_taken_back_is_not_begun() {
    // 10 x 44 / 50 = 8.8 needs nine, which would run at 48.9 of 50.
    let mut stage = Stage::new(tracking(|_| ()), 1, 100, 10);
    stage.minutes(20, 44.0);
    let projected = 44.0 * 10.0 / 9.0;
    assert_eq!(
        (stage.desired(), reason(&stage)),
        (10, &Reason::AnticipatedFlapping { projected, target: 50.0 })
    );
    let mut stage = Stage::new(tracking(|pace| pace.flapping_margin = 1.0), 1, 100, 10);
    stage.minutes(20, 44.0);
    assert_eq!(stage.desired(), 9);
    // 10 x 42 / 50 = 8.4 needs nine too, which would run at 46.7: below 47.5.
    let mut stage = Stage::new(tracking(|_| ()), 1, 100, 10);
    stage.minutes(20, 42.0);
    assert_eq!(stage.desired(), 9);
}

/// The ECS Developer Guide's four cases of a desired count outside the bounds.
#[test]
fn a_desired_count_set_by_hand_outside_the_bounds() {
    let stage = |desired, value| {
        let mut stage = Stage::new(steps(0), 4, 10, 6);
        stage.set_by_hand(desired);
        stage.minutes(2, 45.0);
        stage.minute(Some(value));
        stage
    };
    assert_eq!(stage(2, 70.0).desired(), 6, "first to the minimum, then plus two");
    let below = stage(2, 20.0);
    assert_eq!(below.desired(), 2);
    assert_eq!(reason(&below).to_string(), "the desired count 2 was set below the minimum 4 by hand");
    let above = stage(14, 70.0);
    assert_eq!(above.desired(), 14);
    assert_eq!(reason(&above).to_string(), "the desired count 14 was set above the maximum 10 by hand");
    assert_eq!(stage(14, 20.0).desired(), 9, "first to the maximum, then minus one");
}

#[test]
fn within_a_cooldown_a_datapoint_older_than_the_new_tasks_is_of_the_service_without_them() {
    let mut policy = tracking(|_| ());
    let mut scene = Scene::new(1, 100, 10);
    let mut decide = |scene: &mut Scene, now, started, value| {
        (scene.now, scene.trigger) = (at(now), Trigger::Alarm(0));
        let evaluated = vec![Datapoint { start: at(started), period: secs(60), value }];
        scene.alarms = vec![
            AlarmView { state: AlarmState::Alarm, evaluated: evaluated.clone() },
            AlarmView { state: AlarmState::Ok, evaluated },
        ];
        policy.decide(&scene.observation())
    };
    assert_eq!(decide(&mut scene, 1000, 880, 75.0).request, Request::Desired(15));
    scene.desired = 15;
    scene.in_service_since.extend([at(1030); 5]);
    scene.last_scale_out = Some(Activity { start: at(1000), end: Some(at(1030)) });
    // The minute from 940 s on is of ten tasks: 80 % of ten call for 16, and five of those six are there.
    assert_eq!(decide(&mut scene, 1060, 940, 80.0).request, Request::Desired(16));
    // The minute from 1080 s on is of all fifteen: 80 % of these call for 24, nine more; five count as added.
    assert_eq!(decide(&mut scene, 1200, 1080, 80.0).request, Request::Desired(19));
}
