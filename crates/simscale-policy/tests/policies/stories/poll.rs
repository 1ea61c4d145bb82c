//! Stories of the threshold poll.

use super::reason;
use crate::setting::{at, secs};
use simscale_core::{Policy, Reason, Request};
use simscale_policy::conformance::Stage;
use simscale_policy::{Pacing, ThresholdPoll, ThresholdPollParams};

fn poll(change: impl FnOnce(&mut ThresholdPollParams)) -> Box<dyn Policy> {
    let mut params = ThresholdPollParams::new("poll");
    change(&mut params);
    Box::new(ThresholdPoll::new(params).unwrap())
}

fn looks(stage: &Stage) -> Vec<u64> {
    stage.played().iter().map(|played| played.at.as_nanos() / 1_000_000_000).collect()
}

#[test]
fn a_poll_acts_every_five_minutes_on_the_newest_datapoint() {
    let mut stage = Stage::new(poll(|_| ()), 1, 10, 2);
    stage.minutes(4, 10.0);
    stage.minute(Some(85.0));
    assert_eq!(stage.desired(), 3);
    assert_eq!(reason(&stage), &Reason::AboveThreshold { value: 85.0, threshold: 80.0, change: 1 });
    stage.minutes(5, 80.0);
    assert_eq!((stage.desired(), reason(&stage)), (3, &Reason::WithinThresholds { value: 80.0 }));
    stage.minutes(5, 49.0);
    assert_eq!(stage.desired(), 2);
    assert_eq!(reason(&stage), &Reason::BelowThreshold { value: 49.0, threshold: 50.0, change: -1 });
    assert_eq!(looks(&stage), [0, 300, 600, 900]);
}

#[test]
fn a_poll_without_data_holds_and_with_old_data_repeats_itself() {
    let mut stage = Stage::new(poll(|_| ()), 1, 10, 2);
    for _ in 0..5 {
        stage.minute(None);
    }
    assert_eq!((stage.desired(), reason(&stage)), (2, &Reason::NoData));
    stage.minute(Some(99.0));
    for _ in 0..14 {
        stage.minute(None);
    }
    assert_eq!(stage.desired(), 5, "one datapoint of 99 was read three times");
}

#[test]
fn a_sleeping_poll_drifts_and_a_grid_does_not() {
    let play = |pacing, work| {
        let policy = poll(|p| (p.pacing, p.work_time, p.first_look) = (pacing, secs(work), at(30)));
        let mut stage = Stage::new(policy, 1, 10, 2);
        stage.minutes(30, 60.0);
        looks(&stage)
    };
    assert_eq!(play(Pacing::SleepAfterWork, 20), [30, 350, 670, 990, 1310, 1630]);
    assert_eq!(play(Pacing::FixedGrid, 20), [30, 330, 630, 930, 1230, 1530]);
    assert_eq!(play(Pacing::FixedGrid, 301), [30, 630, 1230], "looks that fall into the work are skipped");
    assert_eq!(play(Pacing::FixedGrid, 300), [30, 330, 630, 930, 1230, 1530]);
}

#[test]
fn a_raw_poll_ignores_the_group_and_stops_at_zero() {
    let mut stage = Stage::new(poll(|_| ()), 2, 3, 3);
    stage.minutes(5, 90.0);
    assert!(stage.last().raw && stage.desired() == 4, "above the group's maximum");
    stage.minutes(40, 10.0);
    assert_eq!((stage.desired(), stage.last().request), (0, Request::Hold));
}

#[test]
fn limits_stop_a_poll_but_never_push_it_back() {
    let draining = || poll(|p| (p.drain, p.add, p.remove) = (true, 4, 4));
    let mut stage = Stage::new(draining(), 2, 5, 3);
    stage.minutes(5, 90.0);
    assert_eq!((stage.last().request, stage.last().raw), (Request::Desired(5), false));
    stage.minutes(5, 10.0);
    assert_eq!(stage.last().request, Request::Desired(2), "draining means within the group's bounds");

    let bounded = poll(|p| p.bounds = Some((1, 4)));
    let mut stage = Stage::new(bounded, 0, 10, 8);
    stage.minutes(5, 90.0);
    assert_eq!((stage.desired(), stage.last().request), (8, Request::Hold), "above its own maximum already");
    stage.minutes(5, 10.0);
    assert_eq!(stage.desired(), 7);

    let mut stage = Stage::new(poll(|p| p.bounds = Some((4, 9))), 0, 10, 2);
    stage.minutes(5, 10.0);
    assert_eq!((stage.desired(), stage.last().request), (2, Request::Hold), "below its own minimum already");
}
