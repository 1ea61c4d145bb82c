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

fn hook(name: &str, transition: Transition, seconds: f64) -> Hook {
    Hook {
        name: name.into(),
        transition,
        time: Distribution::Constant { value: seconds * S },
        heartbeat_timeout: secs(60),
        default_result: HookResult::Abandon,
        failure_ppm: 0,
        on_failure: HookFailure::Abandon,
        heartbeats: None,
    }
}

/// What a policy saw, second by second: an activity in progress, end of the last scale-out and of the last scale-in in seconds, in service.
type Seen = Vec<(bool, Option<u64>, Option<u64>, u32)>;

struct Activities(std::sync::Arc<std::sync::Mutex<Seen>>);

impl Policy for Activities {
    fn name(&self) -> &str {
        "activities"
    }
    fn needs(&self) -> Needs {
        Needs::default()
    }
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        Some(now + secs(1))
    }
    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let end = |a: Option<Activity>| a.and_then(|a| a.end).map(|t| t.as_nanos() / SECOND);
        let (out, into) = (end(seen.last_scale_out), end(seen.last_scale_in));
        let row = (seen.activity_in_progress, out, into, seen.in_service());
        self.0.lock().expect("one thread").push(row);
        Decision::hold(Reason::NoChange)
    }
}

/// One instance; a second is asked for at 60 s and given back at 400 s; the boot takes 60 s, the deregistration delay 300 s.
fn with_hooks(hooks: Vec<Hook>, stage: BootStage) -> (RunResult, Keep, Seen) {
    let mut w = idle(1);
    (w.group.max, w.group.hooks) = (5, hooks);
    w.instance.boot = vec![phase("boot", Distribution::Constant { value: 60.0 * S }, stage)];
    let seen: std::sync::Arc<std::sync::Mutex<Seen>> = Default::default();
    let mut policies = sizes(&[(60 * SECOND, 2), (400 * SECOND, 1)]);
    policies.push(Box::new(Activities(seen.clone())));
    let (result, keep) = steer(w, evenly(0.0), policies);
    let seen = seen.lock().expect("one thread").clone();
    (result, keep, seen)
}

/// The second at which the second instance is first seen in service and gone, and how long the two were billed.
fn times(told: &(RunResult, Keep, Seen)) -> (Option<usize>, Option<usize>, u128) {
    let served = told.2.iter().position(|s| s.3 == 2).map(|i| i + 1);
    let gone = told.2[400..].iter().position(|s| !s.0).map(|i| i + 401);
    (served, gone, told.0.capacity.billed_ns / u128::from(SECOND))
}

/// Proves when hooks begin, that those of one transition run together, and that an instance is billed while they hold it: by hand,
/// the second instance runs from 60 s (its boot is billed) or from 120 s (its boot is pending) until it is gone, a nanosecond later
/// than the decision of 400 s says.
#[test]
fn hooks_hold_an_instance_from_running_to_service_and_from_drain_to_termination() {
    use BootStage::{InService, Pending, Running};
    use Transition::{Launching, Terminating};
    let cases: [(Vec<Hook>, BootStage, usize, usize, u128); 9] = [
        (vec![], Running, 120, 401, 600 + 340),
        (vec![hook("a", Launching, 40.0)], Running, 120, 401, 600 + 340),
        (vec![hook("a", Launching, 50.0)], Pending, 170, 401, 600 + 280),
        (vec![hook("a", Launching, 50.0), hook("b", Launching, 30.0)], Pending, 170, 401, 600 + 280),
        (vec![hook("a", Launching, 50.0)], InService, 110, 401, 600 + 340),
        (vec![], InService, 60, 401, 600 + 340),
        (vec![hook("a", Terminating, 50.0)], Running, 120, 451, 600 + 390),
        (vec![hook("a", Terminating, 50.0), hook("b", Terminating, 20.0)], Running, 120, 451, 600 + 390),
        (vec![hook("a", Launching, 55.0), hook("b", Terminating, 20.0)], Pending, 175, 421, 600 + 300),
    ];
    for (hooks, stage, served, gone, billed) in cases {
        let case = format!("{stage:?} {hooks:?}");
        let told = with_hooks(hooks, stage);
        assert_eq!(times(&told), (Some(served), Some(gone), billed), "{case}");
    }
}

/// Proves what a launching hook's end means: ABANDON (said, or by default after a silence) ends the launch and repeats it a second later;
/// a time-out whose default is CONTINUE lets it go on; heartbeats put the time-out off.
#[test]
fn an_abandoned_launch_is_replaced_and_a_default_of_continue_goes_on() {
    let run = |change: &dyn Fn(&mut Hook)| {
        let mut only = hook("deploy", Transition::Launching, 20.0);
        change(&mut only);
        let told = with_hooks(vec![only], BootStage::Pending);
        (times(&told).0, told.0.scaling.failed_launches, told.0.scaling.launches)
    };
    assert_eq!(run(&|_| {}), (Some(140), 0, 1));
    // The boot is over at 120 s; each launch is abandoned 80 s after it began and repeated 1 s later, at 141, 222, 303 and 384 s; the last goes
    // at 400 s, when one is desired again.
    assert_eq!(run(&|h| h.failure_ppm = 1_000_000), (None, 4, 5));
    assert_eq!(run(&|h| (h.failure_ppm, h.on_failure) = (1_000_000, HookFailure::Silence)), (None, 2, 3));
    let silent = |h: &mut Hook| {
        (h.failure_ppm, h.on_failure) = (1_000_000, HookFailure::Silence);
        h.default_result = HookResult::Continue;
    };
    assert_eq!(run(&silent), (Some(180), 0, 1));
    let long = |h: &mut Hook| h.time = Distribution::Constant { value: 100.0 * S };
    assert_eq!(run(&long), (None, 2, 3), "61 s of silence");
    let beating = |h: &mut Hook| {
        long(h);
        h.heartbeats = Some(secs(50));
    };
    assert_eq!(run(&beating), (Some(220), 0, 1));
}

/// Proves when the cooldown of simple scaling begins: after a scale-out when its instance is in service, hooks included; after a
/// scale-in when the drain is over, while the terminating hook still keeps an activity in progress.
#[test]
fn the_activity_ends_with_service_and_with_the_drain() {
    let hooks = vec![hook("a", Transition::Launching, 50.0), hook("b", Transition::Terminating, 50.0)];
    let (_, _, seen) = with_hooks(hooks, BootStage::Pending);
    assert_eq!(seen[160 - 1], (true, None, None, 1), "the hook runs");
    assert_eq!(seen[171 - 1], (false, Some(170), None, 2));
    assert_eq!(seen[402 - 1], (true, Some(170), Some(400), 1), "drained at once, held by the hook");
    assert_eq!(seen[451 - 1], (false, Some(170), Some(400), 1));
}

/// Proves that ABANDON of one terminating hook ends the wait for the others, and that raw terminations have no hooks.
#[test]
fn an_abandoned_termination_goes_on_at_once() {
    let mut early = hook("early", Transition::Terminating, 20.0);
    early.failure_ppm = 1_000_000;
    let told = with_hooks(vec![early, hook("late", Transition::Terminating, 50.0)], BootStage::Running);
    assert_eq!(times(&told).1, Some(421));
    let mut w = idle(2);
    w.group.hooks = vec![hook("b", Transition::Terminating, 50.0)];
    let raw = Decision { raw: true, ..Decision::desired(1, Reason::Fixed) };
    let (_, keep) = steer(w, evenly(0.0), script(&[(59 * SECOND, raw)]));
    assert_eq!(counts(&keep, 0), [1, 0, 1, 0]);
}

/// Ten idle instances whose balancer checks them every 10 s; three are struck at 90 s; the group looks every minute.
fn struck(kind: FaultKind, throttle: bool, suspend: &[(Process, u64, u64)]) -> (RunResult, Keep, Vec<u64>) {
    let mut w = idle(10);
    (w.group.min, w.group.max) = (5, 20);
    w.balancer.health_check = Some(HealthCheck {
        interval: secs(10),
        timeout: secs(5),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        cpu_time: millis(1),
    });
    w.group.health = GroupHealth { follows_balancer: true, grace: secs(60), every: secs(60), throttle };
    w.faults =
        vec![Fault { name: "strike".into(), when: FaultTime::At(at(90)), kind, victims: Victims::Count(3) }];
    let suspension = |&(process, from, to)| Suspension { process, from: at(from), to: at(to) };
    w.group.suspensions = suspend.iter().map(suspension).collect();
    let (result, keep) = steer(w, evenly(0.0), vec![]);
    let replaced = |r: &&ActivityRow| r.kind == ActivityKind::Health && r.instance.is_some();
    let times = keep.activities.iter().filter(replaced).map(|r| r.at.as_nanos() / SECOND).collect();
    (result, keep, times)
}

const HANG: FaultKind = FaultKind::Hang { time: SimDuration::from_secs(600) };

/// Proves the throttle by hand: three of ten are unhealthy from 115 s at the latest, a tenth is one, and a new instance takes 60 s to boot and
/// at most 10 s to its first check, so that every second look finds it healthy. Who stopped running is replaced at the next look.
#[test]
fn unhealthy_instances_are_replaced_a_tenth_at_a_time_and_stopped_ones_at_once() {
    let (_, keep, times) = struck(HANG, true, &[]);
    assert_eq!(times, [120, 240, 360]);
    let delays: Vec<(u64, &str)> = keep
        .activities
        .iter()
        .filter(|r| r.kind == ActivityKind::Health && r.instance.is_none())
        .map(|r| (r.at.as_nanos() / SECOND, r.note.as_str()))
        .collect();
    let why = "replacement of 2 unhealthy instances waits: new instances are not healthy and warm yet";
    assert_eq!(delays[0], (180, why));
    assert_eq!(struck(HANG, false, &[]).2, [120, 120, 120]);
    assert_eq!(struck(FaultKind::Crash, true, &[]).2, [120, 120, 120]);
}

/// Proves what suspended processes do to replacements, and what happens at the resume.
#[test]
fn suspended_processes_put_replacements_off() {
    let (_, keep, times) = struck(FaultKind::Crash, true, &[(Process::Launch, 110, 310)]);
    assert_eq!(times, [120, 120, 120], "terminated");
    assert_eq!((counts(&keep, 3), counts(&keep, 5)), ([10, 0, 7, 0], [10, 3, 7, 0]), "launched at 310 s");
    for process in [Process::Terminate, Process::ReplaceUnhealthy] {
        let (_, _, times) = struck(FaultKind::Crash, true, &[(process, 110, 310)]);
        assert_eq!(times, [310, 310, 310], "{process:?}: marked, replaced at the resume");
    }
    let (_, _, times) = struck(FaultKind::Crash, true, &[(Process::HealthCheck, 110, 310)]);
    assert_eq!(times, [360, 360, 360], "marked at the first look after the resume");
}

/// Proves that no policy scales against a suspension, that a schedule's entry that falls into one is lost, and that sizes asked for after the
/// resume are granted.
#[test]
fn no_policy_scales_against_a_suspension() {
    let run = |process, decisions: &[(u64, Decision)]| {
        let mut w = idle(5);
        (w.group.min, w.group.max) = (1, 9);
        w.group.suspensions = vec![Suspension { process, from: at(60), to: at(180) }];
        let steps: Vec<(u64, Decision)> = decisions.iter().map(|(s, d)| (s * SECOND, d.clone())).collect();
        let keep = steer(w, evenly(0.0), script(&steps)).1;
        [1, 2, 3].map(|minute| counts(&keep, minute)[0])
    };
    let size = |n| Decision::desired(n, Reason::Fixed);
    let entry = |n| Decision::desired(n, Reason::Schedule { entry: "night".into() });
    assert_eq!(run(Process::Launch, &[(70, size(7)), (130, size(3)), (190, size(6))]), [5, 3, 6]);
    assert_eq!(run(Process::Terminate, &[(70, size(3)), (130, size(7)), (190, size(6))]), [5, 7, 6]);
    assert_eq!(run(Process::ScheduledActions, &[(70, entry(7)), (130, size(3)), (190, entry(6))]), [5, 3, 6]);
    assert_eq!(run(Process::AlarmNotification, &[(70, size(7))]), [7, 7, 7], "the script has no alarm");
}

/// Proves AddToLoadBalancer: who is launched while it is suspended serves nobody, then and after the resume, counts as in service and not for
/// `request_count_per_target`, and is left alone by a group that follows the balancer; who is launched after the resume serves.
#[test]
fn who_is_launched_while_add_to_load_balancer_is_suspended_never_serves() {
    let mut w = idle(2);
    w.classes = vec![class(Distribution::Constant { value: 1e7 })];
    (w.group.min, w.group.max) = (1, 9);
    let checks = HealthCheck {
        interval: secs(10),
        timeout: secs(5),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        cpu_time: millis(1),
    };
    w.balancer.health_check = Some(checks);
    w.group.health.follows_balancer = true;
    (w.group.health.grace, w.group.health.every) = (secs(30), secs(60));
    w.group.suspensions = vec![Suspension { process: Process::AddToLoadBalancer, from: at(60), to: at(180) }];
    let (result, keep) = steer(w, evenly(6.0), sizes(&[(90 * SECOND, 4), (200 * SECOND, 5)]));
    let served: Vec<bool> = keep.instances.iter().map(|i| i.served > 0).collect();
    assert_eq!(served, [true, true, false, false, true]);
    let health: Vec<bool> = keep.instances.iter().map(|i| i.healthy.is_some()).collect();
    assert_eq!(health, served);
    assert_eq!((result.scaling.replacements, result.requests.refused), (0, 0));
    let rows = keep.activities.iter().filter(|r| r.kind == ActivityKind::Target);
    let unused: Vec<Option<u64>> =
        rows.filter(|r| r.note.starts_with("unused")).map(|r| r.instance).collect();
    assert_eq!(unused, [Some(2), Some(3)]);
    let last = keep.periods.last().expect("a period");
    assert_eq!((last.in_service, last.healthy), (5, 3));
}
