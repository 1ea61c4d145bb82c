//! Sessions: users with several requests, against the plain workload, exact counts, and the theory of open networks.

mod support;

use simscale_core::*;
use support::random_world::random;
use support::*;

fn sessions(requests: SessionRequests, think_time: Distribution) -> Sessions {
    Sessions { requests, think_time, after_failure: AfterFailure::Continue }
}

/// Sessions of one request are the plain workload, bit for bit, in random worlds with every feature.
#[test]
fn a_session_of_one_request_is_a_request() {
    for seed in 0..1000 {
        let mut small = random(seed);
        if small.world.queue.is_some() {
            // Senders to a queue do not wait for an answer: sessions and queues do not go together.
            continue;
        }
        small.world.clients.sessions = None;
        small.world.balancer.stickiness = None;
        let (plain, plain_rows) = steer(small.world.clone(), small.workload(), small.policies());
        let think = Distribution::Exponential { mean: S };
        small.world.clients.sessions = Some(sessions(SessionRequests::Constant(1), think));
        let (single, single_rows) = steer(small.world.clone(), small.workload(), small.policies());
        let counts = single.sessions.expect("there are sessions");
        assert_eq!(counts.started, plain.requests.arrived, "world {seed}");
        assert_eq!(counts.completed, counts.requests, "world {seed}");
        assert_eq!(counts.lasted_ns, counts.answering_ns, "world {seed}");
        assert_eq!(RunResult { sessions: None, ..single }, plain, "world {seed}");
        assert_eq!(single_rows.periods, plain_rows.periods, "world {seed}");
        assert_eq!(single_rows.activities, plain_rows.activities, "world {seed}");
    }
}

/// In random worlds a session is its answers and its thoughts, in integers, and none gets lost.
#[test]
fn sessions_add_up_in_random_worlds() {
    let (mut ended, mut left) = (0, 0);
    for seed in 0..2000 {
        let small = random(seed);
        let (result, _) = steer(small.world.clone(), small.workload(), small.policies());
        let Some(counts) = result.sessions else { continue };
        assert_eq!(counts.lasted_ns, counts.answering_ns + counts.thinking_ns, "world {seed}");
        let out = counts.completed + counts.left + counts.in_progress_at_end;
        assert_eq!(counts.in_progress_at_start + counts.started, out, "world {seed}");
        assert!(counts.requests >= counts.completed + counts.left, "world {seed}");
        ended += counts.completed + counts.left;
        left += counts.left;
    }
    assert!(ended > 10_000 && left > 1000, "{ended} ended, {left} left");
}

/// Every user came long before the end: requests are sessions times their number, exactly, also when requests fail, and the time of
/// sessions is the time of answers and of thoughts.
#[test]
fn requests_are_sessions_times_their_number() {
    let mut w = world(secs(3600), 5);
    w.classes = vec![class(Distribution::Exponential { mean: 20.0 * MS })];
    w.instance.admitted = 4;
    w.instance.queue_limit = 2;
    w.clients.sessions =
        Some(sessions(SessionRequests::Constant(7), Distribution::Exponential { mean: 10.0 * S }));
    let arrivals: Vec<(u64, u64)> = (0..5000).map(|i| (i * 300_000_000, 20_000_000)).collect();
    let (result, keep) = simulate(w, requests(&arrivals));
    let counts = result.sessions.expect("there are sessions");
    assert_eq!(
        (counts.started, counts.completed, counts.left, counts.in_progress_at_end),
        (5000, 5000, 0, 0)
    );
    assert_eq!((result.requests.arrived, counts.requests), (35_000, 35_000));
    assert!(result.requests.refused > 100, "some requests failed: {:?}", result.requests);
    assert_eq!(counts.lasted_ns, counts.answering_ns + counts.thinking_ns);
    // Refusals are answered at once, so all time of answers is that of the served.
    assert_eq!(counts.answering_ns, result.response_time.sum_ns);
    assert_eq!(keep.periods.iter().map(|row| row.arrived).sum::<u64>(), 35_000);
}

/// One user, one second of work, two seconds of thought: requests at 0, 3, 6 and 9 s; the fourth in flight at 10 s minus a moment.
#[test]
fn a_user_thinks_after_the_answer() {
    let mut w = world(secs(60), 1);
    w.metrics.period = secs(1);
    w.classes = vec![class(Distribution::Constant { value: S })];
    w.clients.sessions =
        Some(sessions(SessionRequests::Constant(4), Distribution::Constant { value: 2.0 * S }));
    let (result, keep) = simulate(w, requests(&[(0, 1_000_000_000)]));
    let arrived: Vec<usize> = (0..60).filter(|&i| keep.periods[i].arrived > 0).collect();
    assert_eq!(arrived, [0, 3, 6, 9]);
    let counts = result.sessions.expect("there are sessions");
    assert_eq!((counts.requests, counts.lasted_ns, counts.thinking_ns), (4, 10_000_000_000, 6_000_000_000));
}

/// A user whose request fails for good leaves, or thinks and goes on: refused by an instance that takes nothing more.
#[test]
fn a_user_leaves_after_a_failure_or_goes_on() {
    for (after_failure, requests_made, left) in [(AfterFailure::Continue, 4, 0), (AfterFailure::Leave, 3, 1)]
    {
        let mut w = world(secs(60), 1);
        w.instance.queue_limit = 0;
        w.classes = vec![class(Distribution::Constant { value: S })];
        let think_time = Distribution::Constant { value: 2.0 * S };
        w.clients.sessions =
            Some(Sessions { requests: SessionRequests::Constant(2), think_time, after_failure });
        // The second user comes while the first is served.
        let list = [(0, 1_000_000_000), (500_000_000, 1_000_000_000)];
        let (result, _) = simulate(w, requests(&list));
        let counts = result.sessions.expect("there are sessions");
        assert_eq!(counts.left, left, "{after_failure:?}");
        assert_eq!(result.requests.arrived, requests_made, "{after_failure:?}");
    }
}

/// Two instances that answer at once, and users that think for 10 s: what each instance served, by launch.
fn sticky_pair(duration: SimDuration, requests_each: u32) -> (World, Workload) {
    let mut w = world(secs(600), 1);
    fleet(&mut w, 2);
    w.classes = vec![class(Distribution::Constant { value: 1.0 * MS })];
    let think_time = Distribution::Constant { value: 10.0 * S };
    w.clients.sessions = Some(sessions(SessionRequests::Constant(requests_each), think_time));
    w.balancer.stickiness = Some(Stickiness { cookie: CookieKind::Balancer, duration });
    // Three users: by round robin the third comes to the first instance.
    (w, requests(&[(0, 1_000_000), (1_000_000_000, 1_000_000), (2_000_000_000, 1_000_000)]))
}

/// A cookie keeps a user with the target that answered, and every answer renews it; one that is too old does not.
#[test]
fn a_cookie_keeps_a_user_with_its_target() {
    let served = |duration| {
        let (w, workload) = sticky_pair(duration, 10);
        let (result, keep) = simulate(w, workload);
        let counts = result.sessions.expect("there are sessions");
        assert_eq!((counts.broken_by_scale_in, counts.broken_by_health), (0, 0));
        keep.instances.iter().map(|row| row.served).collect::<Vec<u64>>()
    };
    // Renewed at each answer: 90 s of session outlast a cookie of 10 s and a moment.
    assert_eq!(served(SimDuration::from_nanos(10_000_000_001)), [20, 10]);
    // A cookie counts before the end of its time, not at it.
    assert_eq!(served(secs(10)), [15, 15]);
}

/// A user whose target was deregistered gets a new target and a new cookie, and is counted once.
#[test]
fn a_scale_in_breaks_sessions() {
    let (mut w, workload) = sticky_pair(secs(3600), 10);
    w.group.min = 1;
    w.group.termination = vec![Termination::OldestInstance];
    let (result, keep) = steer(w, workload, vec![Box::new(OneAt(at(35)))]);
    let counts = result.sessions.expect("there are sessions");
    assert_eq!((counts.broken_by_scale_in, counts.broken_by_health, counts.completed), (2, 0, 3));
    let served: Vec<(u64, u64)> = keep.instances.iter().map(|row| (row.launch, row.served)).collect();
    // The first two users made requests at 0, 10, 20, 30 s and 2, 12, 22, 32 s there.
    assert_eq!(served, [(0, 8), (1, 22)]);
    assert_eq!(keep.instances[0].ending, Ending::ScaledIn);
    assert_eq!(keep.instances[1].ending, Ending::RunEnded);
}

/// A user whose target crashed is counted as broken by health, also when the group has replaced the target since.
#[test]
fn a_crash_breaks_sessions_by_health() {
    for every in [secs(5), secs(500)] {
        let (mut w, workload) = sticky_pair(secs(3600), 10);
        w.group.health.every = every;
        let strike = Fault {
            name: "crash".into(),
            when: FaultTime::At(at(34)),
            kind: FaultKind::Crash,
            victims: Victims::Count(1),
        };
        w.faults = vec![strike];
        let (result, _) = simulate(w, workload);
        let counts = result.sessions.expect("there are sessions");
        assert_eq!(counts.broken_by_scale_in, 0);
        assert!((1..=2).contains(&counts.broken_by_health), "{counts:?}");
        assert_eq!(counts.completed, 3);
    }
}

/// Asks for one instance at a time of the run.
struct OneAt(SimTime);

impl Policy for OneAt {
    fn name(&self) -> &str {
        "one"
    }
    fn needs(&self) -> Needs {
        Needs::default()
    }
    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        (now < self.0).then_some(self.0)
    }
    fn decide(&mut self, _: &Observation<'_>) -> Decision {
        Decision::desired(1, Reason::Fixed)
    }
}

/// In random worlds the rows of instances add up to the run: the bill to the nanosecond, what was served, and launches once each.
#[test]
fn rows_of_instances_add_up() {
    for seed in 0..2000 {
        let mut small = random(seed);
        // What a commitment pays for is not on the instances' line of the bill, and standalone machines are not in their table.
        small.world.prices.commitment = None;
        small.world.machines.clear();
        small.world.operations.clear();
        let (result, keep) = steer(small.world.clone(), small.workload(), small.policies());
        // Hosts are on the bill in place of their tasks.
        let hosts = small.world.group.hosts.is_some();
        let billed: u128 = keep.instances.iter().map(|row| u128::from(row.billed_ns)).sum();
        let bill = result.billed.instance_ns + result.billed.spot_ns;
        assert_eq!(billed, if hosts { 0 } else { bill }, "world {seed}");
        let served: u64 = keep.instances.iter().map(|row| row.served).sum();
        if small.world.lead_in.is_zero() {
            assert_eq!(served, result.requests.served, "world {seed}");
            let service: u128 = keep.instances.iter().map(|row| row.service_ns).sum();
            let mean = service as f64 / result.to.as_nanos().max(1) as f64;
            assert!((mean - result.capacity.in_service_mean).abs() < 1e-9 * mean.max(1.0), "world {seed}");
        }
        // Who returned to the warm pool has another row later.
        let ended = keep.instances.iter().filter(|row| row.ending != Ending::Returned);
        let mut launches: Vec<u64> = ended.map(|row| row.launch).collect();
        launches.sort_unstable();
        assert!(launches.iter().enumerate().all(|(i, &launch)| launch == i as u64), "world {seed}");
    }
}

/// An open network of queues (Jackson 1957; Baskett, Chandy, Muntz and Palacios 1975): users arrive at rate a, make geometric numbers of requests with
/// mean m, and think for any time in between. The instance by processor sharing is then an M/G/1-PS queue of rate a m, and the users
/// in progress are those at the instance and those who think: a (m R + (m - 1) Z). Twelve seeds each, differences within three
/// standard errors.
#[test]
fn an_open_network_has_its_product_form() {
    let (rate, mean, think) = (0.07, 10.0, 30.0 * S);
    for think_time in
        [Distribution::Constant { value: think }, Distribution::Lognormal { mean: think, cv: 2.0 }]
    {
        let runs: Vec<(f64, f64)> = (101..=112)
            .map(|seed| {
                let mut w = world(secs(400_000), seed);
                w.lead_in = secs(20_040);
                w.metrics.period = secs(60);
                w.instance.admitted = 1_000_000;
                w.classes = vec![class(Distribution::Exponential { mean: S })];
                w.clients.sessions = Some(sessions(SessionRequests::Geometric { mean }, think_time.clone()));
                let (result, _) = simulate(w, poisson(rate));
                let counts = result.sessions.expect("there are sessions");
                let ended = (counts.completed + counts.left) as f64;
                (mean_response(&result), counts.lasted_ns as f64 / ended / 1e9)
            })
            .collect();
        let response = 1.0 / (1.0 - rate * mean);
        let session = mean * response + (mean - 1.0) * think / 1e9;
        let responses: Vec<f64> = runs.iter().map(|r| r.0).collect();
        let sessions: Vec<f64> = runs.iter().map(|r| r.1).collect();
        for (what, got, exact) in [("response", responses, response), ("session", sessions, session)] {
            let n = got.len() as f64;
            let average = got.iter().sum::<f64>() / n;
            let error = (got.iter().map(|g| (g - average).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
            println!("{think_time:?}, {what}: exact {exact:.4}, {average:.4} +- {error:.4}");
            assert!(error < 0.01 * exact, "{what}: standard error {error}");
            assert!(
                (average - exact).abs() <= 3.0 * error,
                "{what}: {average}, exact {exact}, error {error}"
            );
        }
    }
}
