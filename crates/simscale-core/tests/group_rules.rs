//! The group's own rules through whole runs, against cases worked out by hand: protection, hooks, replacements, suspended processes.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::*;

/// Instances that nobody sends anything to; a boot takes a minute.
fn idle(n: u32) -> World {
    let mut w = world(secs(600), 1);
    fleet(&mut w, n);
    w
}

/// Sizes per minute: desired, booting, in service, draining.
fn counts(keep: &Keep, minute: usize) -> [u32; 4] {
    let row = &keep.periods[minute];
    [row.desired, row.booting, row.in_service, row.draining]
}

/// Proves that a scale-in of protected instances lowers the desired size and takes nobody, that what lives above the desired size is not
/// replaced when it crashes, and that launches begin again only above what lives.
#[test]
fn protected_instances_stay_when_the_desired_size_falls() {
    let mut w = idle(3);
    (w.group.min, w.group.max) = (1, 5);
    w.group.protect_new_instances = true;
    w.faults = vec![Fault {
        name: "crash".into(),
        when: FaultTime::At(at(130)),
        kind: FaultKind::Crash,
        victims: Victims::Count(1),
    }];
    let steps = [(60 * SECOND, 1), (250 * SECOND, 2), (310 * SECOND, 3)];
    let keep = steer(w, evenly(0.0), sizes(&steps)).1;
    assert_eq!(counts(&keep, 1), [1, 0, 3, 0], "desired 1, three live");
    assert_eq!(counts(&keep, 3), [1, 0, 2, 0], "the crashed one is not replaced");
    assert_eq!(counts(&keep, 4), [2, 0, 2, 0], "two live, two are desired");
    assert_eq!(counts(&keep, 5), [3, 1, 2, 0], "the third is launched");
    assert_eq!(counts(&keep, 7), [3, 0, 3, 0]);
}
