//! Promises through whole runs of hand-made requests: whose window a request belongs to, what counts as slow, which windows count.
//!
//! Where a case says nothing else, an instance has a processor for everybody, so that a response time is the request's own work.

#[path = "support/scripted.rs"]
mod scripted;
mod support;

use scripted::*;
use simscale_core::*;
use support::random_world::Choice;
use support::*;

const MS: u64 = SECOND / 1000;

fn latency(quantile_ppm: u32, below_ms: u64, window: u64) -> ObjectiveKind {
    ObjectiveKind::Latency { quantile_ppm, below: millis(below_ms), window: secs(window) }
}

fn good(below_ms: u64) -> ObjectiveKind {
    ObjectiveKind::GoodRequests { below: millis(below_ms) }
}

/// A run of this many seconds that promises these things, nothing allowed.
fn promising(duration: u64, kinds: &[ObjectiveKind]) -> World {
    let mut w = world(secs(duration), 1);
    (w.instance.vcpus, w.instance.admitted) = (1024, 1024);
    let promise = |&kind| Objective { name: "promise".into(), kind, allowed_ratio: 0.0 };
    w.objectives = kinds.iter().map(promise).collect();
    w
}

/// (requests, violating requests, windows, thin windows, violating windows)
type Verdict = (u64, u64, u64, u64, u64);

fn verdict(o: &ObjectiveResult) -> Verdict {
    (o.requests, o.violating_requests, o.windows, o.thin_windows, o.violating_windows)
}

fn verdicts(w: World, list_ms: &[(u64, u64)]) -> Vec<Verdict> {
    let list: Vec<(u64, u64)> = list_ms.iter().map(|r| (r.0 * MS, r.1 * MS)).collect();
    simulate(w, requests(&list)).0.objectives.iter().map(verdict).collect()
}

/// Requests from a second's start, 10 ms apart: so many that take 50 ms, then so many that take 200 ms.
fn mixed(second: u64, fast: u64, slow: u64) -> Vec<(u64, u64)> {
    (0..fast + slow).map(|i| (second * 1000 + 10 * i, if i < fast { 50 } else { 200 })).collect()
}

/// Proves the rule of a window: it breaks when more than 1 - q of its requests are above the limit, and is thin when it has fewer
/// than 1 / (1 - q); both exact at the edge. Windows of 10 s, limit 100 ms.
#[test]
fn a_window_breaks_when_more_than_its_share_is_slow() {
    let cases = [
        // quantile, fast, slow, thin, breaks
        (900_000, 10, 0, 0, 0),
        (900_000, 9, 1, 0, 0),
        (900_000, 8, 2, 0, 1),
        (900_000, 9, 0, 1, 0),
        (900_000, 8, 1, 1, 1),
        (900_000, 18, 2, 0, 0),
        (900_000, 17, 2, 0, 1),
        (990_000, 99, 1, 0, 0),
        (990_000, 98, 1, 1, 1),
        (990_000, 197, 2, 0, 1),
        (999_000, 200, 0, 1, 0),
        (500_000, 1, 1, 0, 0),
        (500_000, 1, 0, 1, 0),
        (500_000, 0, 1, 1, 1),
        (500_000, 1, 2, 0, 1),
    ];
    for case in cases {
        let (quantile, fast, slow, thin, breaks) = case;
        let w = promising(60, &[latency(quantile, 100, 10), good(100)]);
        let got = verdicts(w, &mixed(20, fast, slow));
        assert_eq!(got, [(fast + slow, slow, 1, thin, breaks), (fast + slow, slow, 0, 0, 0)], "{case:?}");
    }
}

/// Proves that the limit is inclusive to the nanosecond, and that a request belongs to the window it was born in: the windows are
/// half-open, and an answer that comes when its window is over, even at the very end of the limit, counts there.
#[test]
fn limits_and_edges_are_exact() {
    let limit = 100 * MS;
    for (work, slow) in [(limit - 1, 0), (limit, 0), (limit + 1, 1)] {
        let w = promising(60, &[latency(500_000, 100, 10), good(100)]);
        let r = simulate(w, requests(&[(SECOND, work)])).0;
        assert_eq!(
            r.objectives.iter().map(|o| o.violating_requests).collect::<Vec<_>>(),
            [slow, slow],
            "{work} ns"
        );
    }
    // Window and limit of 60 s, closed at the period's end: born 1 ns before 60 s and answered at 120 s less 1 ns, in the first window.
    for (born, work, want) in [
        (60 * SECOND - 1, 60 * SECOND, (1, 0, 1, 1, 0)),
        (60 * SECOND - 1, 60 * SECOND + 1, (1, 1, 1, 1, 1)),
        (0, 60 * SECOND, (1, 0, 1, 1, 0)),
        (0, 60 * SECOND + 1, (1, 1, 1, 1, 1)),
    ] {
        let r = simulate(promising(600, &[latency(500_000, 60_000, 60)]), requests(&[(born, work)])).0;
        assert_eq!(verdict(&r.objectives[0]), want, "born at {born}, {work} ns");
    }
    // The slow one is the first of its window, or the last of the one before, where a fast one outvotes it.
    for (born, broken) in [(20 * SECOND, 1), (20 * SECOND - 1, 0)] {
        let list = [(11 * SECOND, MS), (born, 200 * MS)];
        let r = simulate(promising(60, &[latency(500_000, 100, 10)]), requests(&list)).0;
        assert_eq!(r.objectives[0].violating_windows, broken, "born at {born}");
    }
}

/// Proves that windows without a request do not exist, wherever they lie, and that neighbours in violation are one span.
#[test]
fn empty_windows_do_not_count() {
    let list: Vec<(u64, u64)> = [(25, 1, 1), (35, 0, 1), (45, 0, 1), (65, 0, 1), (75, 1, 0), (595, 0, 1)]
        .into_iter()
        .flat_map(|(second, fast, slow)| mixed(second, fast, slow))
        .collect();
    let w = promising(600, &[latency(500_000, 100, 10)]);
    let ms: Vec<(u64, u64)> = list.iter().map(|r| (r.0 * MS, r.1 * MS)).collect();
    let o = simulate(w, requests(&ms)).0.objectives.remove(0);
    assert_eq!(verdict(&o), (7, 5, 6, 5, 4));
    assert_eq!(o.violated, [(at(30), at(50)), (at(60), at(70)), (at(590), at(600))]);
    assert_eq!(verdicts(promising(600, &[latency(500_000, 100, 10), good(100)]), &[]), [(0, 0, 0, 0, 0); 2]);
}

/// Proves the verdict: the ratio is of windows for latency and of requests for the others, `met` includes the allowed ratio itself,
/// and what was not judged is met.
#[test]
fn a_promise_is_met_up_to_the_allowed_ratio() {
    let list: Vec<(u64, u64)> = [mixed(0, 3, 0), mixed(10, 3, 0), mixed(20, 0, 3), mixed(30, 2, 1)].concat();
    for (allowed, met) in [(0.25, true), (0.2499, false), (1.0, true), (0.0, false)] {
        let mut w = promising(60, &[latency(500_000, 100, 10)]);
        w.objectives[0].allowed_ratio = allowed;
        let ms: Vec<(u64, u64)> = list.iter().map(|r| (r.0 * MS, r.1 * MS)).collect();
        let o = simulate(w, requests(&ms)).0.objectives.remove(0);
        assert_eq!((o.violation_ratio, o.met, o.allowed_ratio), (0.25, met, allowed));
    }
    for (allowed, met) in [(1.0 / 3.0, true), (0.33, false)] {
        let mut w = promising(60, &[good(100)]);
        w.objectives[0].allowed_ratio = allowed;
        let ms: Vec<(u64, u64)> = list.iter().map(|r| (r.0 * MS, r.1 * MS)).collect();
        let o = simulate(w, requests(&ms)).0.objectives.remove(0);
        assert_eq!((o.violation_ratio, o.met), (4.0 / 12.0, met));
    }
    let nothing = simulate(promising(60, &[latency(500_000, 100, 10)]), requests(&[])).0.objectives.remove(0);
    assert!(nothing.met && nothing.violation_ratio == 0.0);
}

/// Proves that the latency of a retried request runs from its first attempt, in the window of its first attempt. By hand: one place,
/// held from 0 to 12 s; a request at 9 s is turned away, comes again at 14 s and is served at 15 s: 6 s, in the window from 0.
#[test]
fn a_retry_keeps_the_birth_of_its_request() {
    for (below, slow) in [(6_000, 0), (5_999, 1), (1_000, 2)] {
        let mut w = promising(60, &[latency(400_000, below, 10), good(below), ObjectiveKind::Availability]);
        (w.instance.admitted, w.instance.queue_limit) = (1, 0);
        w.objectives[0].allowed_ratio = 1.0;
        w.clients.retries = Some(retries(2, 5));
        // The request at 20 s is fast and alone in its window.
        let list = [(0, 12_000), (9_000, 1_000), (20_000, 100)];
        // 12 s of the first are always over the limit.
        let broken = u64::from(slow + 1 > 1);
        let got = verdicts(w, &list);
        assert_eq!(got[0], (3, slow.min(1) + 1, 2, 1, broken), "limit {below} ms");
        assert_eq!(got[1].1, slow.min(1) + 1, "limit {below} ms");
        assert_eq!(got[2], (3, 0, 0, 0, 0), "all are answered");
    }
}

fn retries(max: u8, backoff: u64) -> Retries {
    let backoff = secs(backoff);
    Retries { max, backoff, max_backoff: backoff, jitter_ppm: 0, budget_ppm: None, budget_burst: 0 }
}

/// A name, what goes wrong, and requests of which one fails.
type Kind = (&'static str, fn(&mut World), &'static [(u64, u64)]);

/// Proves that whatever is not answered is slow, however long the limit: refused, without a target, timed out at the client or at
/// the balancer, answered with an error, killed by a crash; and that each breaks availability. One such request each, and a good one.
#[test]
fn every_kind_of_failure_is_slow() {
    let hour = 3_600_000;
    let kinds: [Kind; 6] = [
        ("refused", |w| (w.instance.admitted, w.instance.queue_limit) = (1, 0), &[(0, 5_000), (1_000, 100)]),
        ("no target", |w| (w.group.min, w.group.desired) = (0, 0), &[(0, 100)]),
        ("timed out", |w| w.clients.timeout = Some(secs(2)), &[(0, 100), (1_000, 5_000)]),
        ("504", |w| w.balancer.idle_timeout = Some(secs(2)), &[(0, 100), (1_000, 5_000)]),
        ("killed", crash_at_five, &[(0, 100), (1_000, 20_000)]),
        ("error", broken_from_hundred, &[(0, 100), (200_000, 100)]),
    ];
    for (name, change, list) in kinds {
        let n = list.len() as u64;
        let mut w = promising(600, &[latency(990_000, hour, 600), good(hour), ObjectiveKind::Availability]);
        change(&mut w);
        let got = verdicts(w.clone(), list);
        assert_eq!(got, [(n, 1, 1, 1, 1), (n, 1, 0, 0, 0), (n, 1, 0, 0, 0)], "{name}");
        // With retries a request fails once, after its last attempt: or it is served after all, and available.
        (w.duration, w.clients.retries) = (secs(1200), Some(retries(2, 200)));
        let lost = u64::from(matches!(name, "no target" | "timed out" | "504" | "error"));
        assert_eq!(verdicts(w, list)[2], (n, lost, 0, 0, 0), "{name}, retried");
    }
}

fn crash_at_five(w: &mut World) {
    let kind = FaultKind::Crash;
    w.faults = vec![Fault { name: "crash".into(), when: FaultTime::At(at(5)), kind, victims: Victims::All }];
}

/// The only instance crashes at 50 s; what replaces it at 60 s answers errors from 120 s on.
fn broken_from_hundred(w: &mut World) {
    crash_at_five(w);
    w.faults[0].when = FaultTime::At(at(50));
    w.instance.boot[0].failure_ppm = 1_000_000;
    let on_failure = BootFailure::ServesErrors { error_time: millis(1), check_passes_for: secs(1000) };
    w.instance.boot[0].on_failure = on_failure;
}

/// Proves how the end of the run is read: a request still open is slow when its limit has passed, and not judged (nor is its window
/// thin for it) when it has not; open ones that wait for a retry too. The run ends at 60 s, the limit is 10 s.
#[test]
fn the_unsettled_are_judged_by_what_is_known() {
    let cases = [
        // born (ms), judged, slow
        (0, 1, 1),
        (49_999, 1, 1),
        (50_000, 0, 0),
        (59_999, 0, 0),
    ];
    for (born, judged, slow) in cases {
        let w = promising(60, &[latency(500_000, 10_000, 10), good(10_000), ObjectiveKind::Availability]);
        let got = verdicts(w.clone(), &[(born, 100_000)]);
        assert_eq!(
            got,
            [(judged, slow, judged, judged, slow), (judged, slow, 0, 0, 0), (0, 0, 0, 0, 0)],
            "inside, {born} ms"
        );
        // The same request, refused by a full instance and waiting for its retry after the end.
        let mut w = w;
        (w.instance.admitted, w.instance.queue_limit, w.clients.retries) = (1, 0, Some(retries(1, 100)));
        let got = verdicts(w, &[(0, 90_000), (born, 100)])[1];
        assert_eq!(got, (judged + 1, slow + 1, 0, 0, 0), "waiting for its retry, {born} ms");
    }
}

/// Proves that a run that ends as saturated judges the one that found no place by what is known, too: its limit has not passed.
#[test]
fn the_last_arrival_of_a_saturated_run_is_not_judged() {
    let mut w = promising(60, &[latency(500_000, 10_000, 10), good(10_000), ObjectiveKind::Availability]);
    w.in_flight_limit = 1;
    let result = simulate(w, requests(&[(0, 100 * SECOND), (12 * SECOND, 100)])).0;
    assert_eq!((result.to, result.requests.arrived, result.requests.in_flight_at_end), (at(12), 2, 2));
    let got: Vec<Verdict> = result.objectives.iter().map(verdict).collect();
    assert_eq!(got, [(1, 1, 1, 1, 1), (1, 1, 0, 0, 0), (0, 0, 0, 0, 0)]);
}

/// Proves that the lead-in makes no promise: requests born in it are not judged, whenever they are answered; windows are counted
/// from its end. The lead-in ends at 60 s; windows of 50 s end at 110 and 160 s.
#[test]
fn the_lead_in_is_not_judged() {
    let mut w = promising(300, &[latency(500_000, 100, 50), good(100)]);
    w.lead_in = secs(60);
    let list = [
        (0, 200),
        (59_999, 90_000),
        (60_000, 50),
        (109_999, 200),
        (110_000, 200),
        (159_000, 50),
        (159_001, 50),
    ];
    assert_eq!(verdicts(w.clone(), &list), [(5, 2, 2, 0, 0), (5, 2, 0, 0, 0)]);
    let list = [(59_999, 200), (60_000, 200), (109_999, 200), (110_000, 200)];
    let ms = list.map(|(at, work)| (at * MS, work * MS));
    let o = simulate(w, requests(&ms)).0.objectives.remove(0);
    assert_eq!((verdict(&o), o.violated), ((3, 3, 2, 1, 2), vec![(at(60), at(160))]));
}

/// The verdict on requests whose response time is their work, from the definition: every window by itself.
fn by_definition(
    list: &[(u64, u64)],
    o: &Objective,
    from: u64,
    end: u64,
) -> (Verdict, Vec<(SimTime, SimTime)>) {
    let ObjectiveKind::Latency { quantile_ppm, below, window } = o.kind else {
        panic!("a latency objective")
    };
    let (limit, window) = (below.as_nanos(), window.as_nanos());
    let (mut sum, mut spans): (Verdict, Vec<(SimTime, SimTime)>) = Default::default();
    for start in (from..end).step_by(window as usize) {
        let judged = |r: &&(u64, u64)| {
            let unsettled = r.0 + r.1 >= end;
            r.0 >= start && r.0 < start + window && !(unsettled && end - r.0 <= limit)
        };
        let own: Vec<&(u64, u64)> = list.iter().filter(judged).collect();
        let n = own.len() as u64;
        let slow = own.iter().filter(|r| r.1 > limit).count() as u64;
        let share = 1_000_000 - u64::from(quantile_ppm);
        let broken = slow * 1_000_000 > n * share;
        if n == 0 {
            continue;
        }
        sum = (
            sum.0 + n,
            sum.1 + slow,
            sum.2 + 1,
            sum.3 + u64::from(n * share < 1_000_000),
            sum.4 + u64::from(broken),
        );
        let span = (SimTime::from_nanos(start), SimTime::from_nanos((start + window).min(end)));
        match spans.last_mut().filter(|s| s.1 == span.0 && broken) {
            Some(last) => last.1 = span.1,
            None if broken => spans.push(span),
            None => {}
        }
    }
    (sum, spans)
}

/// Proves the whole of it against the definition, on 400 random lists: windows and limits longer and shorter than a period, on a
/// coarse grid so that edges are met, with and without a lead-in, under every quantile.
#[test]
fn random_lists_are_judged_by_the_definition() {
    let mut broken = 0;
    for seed in 0..400 {
        let c = &mut Choice::new(seed);
        let grid = c.one_of(&[1, 100 * MS, SECOND]);
        let mut list: Vec<(u64, u64)> = (0..c.between(1, 500))
            .map(|_| {
                (
                    c.below(600 * SECOND) / grid * grid,
                    (c.below(20 * SECOND) * c.below(5) / 4 / grid * grid).max(grid),
                )
            })
            .collect();
        list.sort_unstable();
        let kind = |c: &mut Choice| ObjectiveKind::Latency {
            quantile_ppm: c.one_of(&[500_000, 750_000, 900_000, 990_000, 999_000]),
            below: secs(c.between(1, 90)),
            window: secs(c.one_of(&[1, 7, 30, 60, 100, 600, 1000])),
        };
        let mut w = promising(600, &[kind(c), kind(c), kind(c)]);
        w.lead_in = secs(60 * c.below(3));
        let from = w.lead_in.as_nanos();
        let result = simulate(w.clone(), requests(&list)).0;
        for (o, r) in w.objectives.iter().zip(&result.objectives) {
            let want = by_definition(&list, o, from, 600 * SECOND);
            let spans: Vec<_> = r.violated.iter().map(|s| (s.0, s.1.min(at(600)))).collect();
            assert_eq!((verdict(r), spans), want, "list {seed}, {:?}, lead-in {from}", o.kind);
            broken += want.0.4;
        }
    }
    assert!(broken > 1000, "{broken} windows break");
}
