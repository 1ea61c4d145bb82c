//! Stories of fixed capacities and schedules.

use super::reason;
use crate::setting::{at, secs};
use simscale_core::{Policy, Reason, Request};
use simscale_policy::conformance::Stage;
use simscale_policy::{FixedCapacity, FixedCapacityParams, Schedule, ScheduleEntry, ScheduleParams};

#[test]
fn a_fixed_capacity_is_asked_for_once() {
    let params = FixedCapacityParams { name: "fixed".to_owned(), capacity: 6 };
    let mut stage = Stage::new(Box::new(FixedCapacity::new(params).unwrap()), 1, 10, 2);
    stage.minute(None);
    assert_eq!((stage.desired(), reason(&stage)), (6, &Reason::Fixed));
    stage.resize(3);
    stage.minute(None);
    assert_eq!((stage.desired(), stage.played().len()), (3, 1), "it does not hold what others change");
}

fn entry(name: &str, secs: u64, sizes: (Option<u32>, Option<u32>, Option<u32>)) -> ScheduleEntry {
    let (min, max, desired) = sizes;
    ScheduleEntry { name: name.to_owned(), at: at(secs), min, max, desired }
}

fn schedule(entries: Vec<ScheduleEntry>) -> Box<dyn Policy> {
    Box::new(Schedule::new(ScheduleParams { name: "day".to_owned(), entries }).unwrap())
}

#[test]
fn a_schedule_moves_sizes_at_its_times() {
    let entries = vec![
        entry("night", 150, (None, Some(2), None)),
        entry("morning", 0, (Some(4), None, None)),
        entry("noon", 90, (Some(1), Some(20), Some(12))),
    ];
    let mut stage = Stage::new(schedule(entries), 1, 10, 2);
    stage.minute(None);
    assert_eq!((stage.desired(), stage.bounds()), (4, (4, 10)), "a higher minimum raises the size");
    stage.minute(None);
    assert_eq!((stage.desired(), stage.bounds()), (12, (1, 20)));
    assert_eq!(stage.played().last().unwrap().at, at(90));
    stage.minute(None);
    assert_eq!((stage.desired(), stage.bounds()), (2, (1, 2)), "a lower maximum lowers the size");
    assert_eq!(reason(&stage), &Reason::Schedule { entry: "night".to_owned() });
    stage.minutes(10, 0.0);
    assert_eq!(stage.played().len(), 3);
}

#[test]
fn entries_missed_by_a_jump_are_applied_in_order() {
    let entries = vec![
        entry("a", 100, (None, Some(20), None)),
        entry("b", 200, (None, None, Some(15))),
        entry("c", 300, (Some(30), None, None)),
    ];
    let mut stage = Stage::new(schedule(entries), 1, 10, 2);
    stage.jump(secs(250));
    assert_eq!((stage.desired(), stage.bounds()), (15, (1, 20)));
    assert_eq!(reason(&stage), &Reason::Schedule { entry: "a, b".to_owned() });
    stage.minute(None);
    assert_eq!((stage.desired(), stage.bounds()), (15, (1, 20)), "crossed bounds change nothing");
    assert_eq!(stage.last().request, Request::Hold);
    assert!(reason(&stage).to_string().contains("entry c failed"));
}
