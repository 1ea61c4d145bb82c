//! Faults that overlap, each with its own end.

mod support;

use simscale_core::*;
use support::*;

/// One instance, a request a second that needs 100 ms, and these faults (start, kind); returns the requests served by period of 1 s.
fn served(faults: &[(u64, FaultKind)]) -> Vec<u64> {
    let mut w = world(secs(60), 1);
    w.metrics.period = secs(1);
    w.instance.admitted = 100;
    w.faults = faults
        .iter()
        .map(|&(start, kind)| Fault {
            name: format!("at {start}"),
            when: FaultTime::At(at(start)),
            kind,
            victims: Victims::All,
        })
        .collect();
    let list: Vec<(u64, u64)> = (0..60).map(|s| (s * 1_000_000_000 + 500_000_000, 100_000_000)).collect();
    simulate(w, requests(&list)).1.periods.iter().map(|p| p.served).collect()
}

/// A hang of 20 s from second 10 and one of 2 s from second 15: it stands still until second 30, then answers what waited.
#[test]
fn a_shorter_hang_does_not_end_a_longer_one() {
    let hang = |time| FaultKind::Hang { time: secs(time) };
    for faults in [[(10, hang(20)), (15, hang(2))], [(10, hang(2)), (11, hang(19))]] {
        let rows = served(&faults);
        assert_eq!(rows[..10].iter().sum::<u64>(), 10, "{faults:?}");
        assert_eq!(rows[10..30].iter().sum::<u64>(), 0, "{faults:?}");
        assert_eq!(rows[30..].iter().sum::<u64>(), 50, "{faults:?}");
    }
}

/// Twenty times slower for 10 s from second 10, and a hang from second 12 to 15 inside: the hang's end leaves the slowness, so the
/// request of second 15 (2 s of work now, shared with those before) is not answered before second 20.
#[test]
fn the_end_of_a_hang_leaves_the_slow_down() {
    let slow = FaultKind::SlowDown { factor: 20.0, time: secs(10) };
    let rows = served(&[(10, slow), (12, FaultKind::Hang { time: secs(3) })]);
    assert!(rows[15..20].iter().sum::<u64>() <= 2, "{rows:?}");
    assert_eq!(rows.iter().sum::<u64>(), 60);
}

/// Asks for one size at 10 s.
struct Asks(u32, &'static str);

impl Policy for Asks {
    fn name(&self) -> &str {
        self.1
    }
    fn needs(&self) -> Needs {
        Needs::default()
    }
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        (now == SimTime::ZERO).then(|| at(10))
    }
    fn decide(&mut self, _: &Observation<'_>) -> Decision {
        Decision::desired(self.0, Reason::Fixed)
    }
}

/// A launch that is taken back in its own instant, with a boot of no length: the boot's end and the termination meet at the next
/// nanosecond, and the instance boots no further: no failed launch, no second termination.
#[test]
fn a_launch_that_is_taken_back_boots_no_further() {
    let mut w = world(secs(60), 1);
    w.group.max = 3;
    w.instance.boot = vec![phase("boot", Distribution::Constant { value: 0.0 }, BootStage::Pending)];
    w.instance.boot[0].failure_ppm = 1_000_000;
    let policies: Vec<Box<dyn Policy>> = vec![Box::new(Asks(2, "two")), Box::new(Asks(1, "one"))];
    let scaling = steer(w, requests(&[]), policies).0.scaling;
    assert_eq!((scaling.launches, scaling.failed_launches, scaling.terminations), (1, 0, 1));
}
