//! Load that changes with time, fleets sized for a promise: relations that must hold.

use simscale_oracle::ErrorKind;
use simscale_oracle::erlang::erlang_b;
use simscale_oracle::fluid::{GrownFleet, burst, largest_wait};
use simscale_oracle::forward::ForwardMmc;
use simscale_oracle::mmc::Mmc;
use simscale_oracle::mmck::Mmck;
use simscale_oracle::ps_tail::MmcPs;
use simscale_oracle::service::ServiceLaw;
use simscale_oracle::size::{Layout, Target, smallest_fleet};
use simscale_oracle::staffing::{self, Mginf};
use simscale_oracle::steps::Steps;
use simscale_oracle::transient::{Mtginf, mean_number_from_empty};

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs().max(1e-300), "{a} and {b} differ by more than {relative}");
}

#[test]
fn transforms_agree_with_integration() {
    let laws = [
        ServiceLaw::deterministic(2.0).unwrap(),
        ServiceLaw::exponential(2.0).unwrap(),
        ServiceLaw::erlang(5, 2.0).unwrap(),
        ServiceLaw::hyperexponential_balanced(2.0, 3.0).unwrap(),
        ServiceLaw::uniform(1.0, 3.0).unwrap(),
    ];
    for law in laws {
        let load = Mtginf::new(10.0, 7.0, 9.0, 0.4, law).unwrap();
        // Long after the start the periodic regime holds.
        close(load.mean_number_from_empty(300.3).unwrap(), load.mean_number(300.3).unwrap(), 1e-9);
        // The number peaks one lag after the rate.
        let rate_peak = 9.0 * (0.25 - 0.4 / std::f64::consts::TAU);
        let peak = load.mean_number(rate_peak + load.lag().unwrap()).unwrap();
        close(peak, 20.0 + load.number_amplitude().unwrap(), 1e-12);
    }
    let odd = Mtginf::new(1.0, 0.5, 9.0, 0.0, ServiceLaw::lognormal_with_scv(1.0, 1.0).unwrap()).unwrap();
    assert_eq!(odd.mean_number(1.0).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(odd.mean_number_from_empty(20.0).unwrap() > 0.5);
}

#[test]
fn constant_rate_fills_the_unlimited_pool() {
    let law = ServiceLaw::lognormal_with_scv(3.0, 2.0).unwrap();
    let full = mean_number_from_empty(|_| 4.0, &law, 1e5).unwrap();
    close(full, Mginf::new(4.0, 3.0).unwrap().mean_number(), 1e-9);
    assert_eq!(mean_number_from_empty(|_| 4.0, &law, 0.0).unwrap(), 0.0);
}

#[test]
fn forward_equations_reach_the_steady_state() {
    let mut queue = ForwardMmc::new(Steps::constant(4.0).unwrap(), 1.0, 5, 60, 0).unwrap();
    let late = queue.advance(400.0).unwrap();
    let steady = Mmck::new(4.0, 1.0, 5, 60).unwrap();
    close(late.mean_number, steady.mean_number(), 1e-9);
    close(late.mean_queue, steady.mean_queue(), 1e-9);
    close(late.full_probability, steady.blocking_probability(), 1e-6);
    close(queue.number_probability(3), steady.number_probability(3), 1e-9);
}

#[test]
fn forward_equations_of_an_unlimited_pool_stay_poisson() {
    let rate = Steps::new(&[(0.0, 8.0), (2.0, 20.0), (3.5, 1.0)]).unwrap();
    let law = ServiceLaw::exponential(0.5).unwrap();
    let mut pool = ForwardMmc::new(rate.clone(), 2.0, 80, 80, 0).unwrap();
    for t in [0.5, 2.0, 3.0, 5.0] {
        let now = pool.advance(t).unwrap();
        let exact: f64 = [(0.0, 2.0), (2.0, 3.5), (3.5, f64::INFINITY)]
            .iter()
            .filter(|(from, _)| *from < t)
            .map(|(from, to)| {
                let end = to.min(t);
                rate.at(*from) * 0.5 * (law.tail(t - end) - law.tail(t - from))
            })
            .sum();
        close(now.mean_number, exact, 1e-10);
        close(now.number_variance, exact, 1e-9);
        assert_eq!(now.time, t);
    }
    assert_eq!(pool.advance(1.0).unwrap_err().kind(), ErrorKind::OutOfDomain);
}

#[test]
fn forward_equations_start_where_told() {
    // Pure death: each job is still there with probability exp(-mu t).
    let mut queue = ForwardMmc::new(Steps::constant(0.0).unwrap(), 1.0, 10, 10, 6).unwrap();
    close(queue.advance(0.7).unwrap().mean_number, 6.0 * (-0.7f64).exp(), 1e-12);
    let mut loss = ForwardMmc::new(Steps::constant(3.0).unwrap(), 1.0, 4, 4, 4).unwrap();
    close(loss.advance(60.0).unwrap().full_probability, erlang_b(4, 3.0).unwrap(), 1e-12);
}

#[test]
fn bursts_follow_the_closed_form() {
    let rate = Steps::new(&[(0.0, 50.0), (700.0, 5.0)]).unwrap();
    let capacity = Steps::new(&[(0.0, 30.0), (200.0, 60.0)]).unwrap();
    let b = burst(&rate, &capacity, 3.0).unwrap();
    close(b.max_wait, largest_wait(50.0, 30.0, 200.0).unwrap(), 1e-12);
    close(b.peak_queue, 20.0 * 200.0, 1e-12);
    close(b.violation_intervals[0].0, 3.0 * 30.0 / 20.0, 1e-12);
    close(b.violation_intervals[0].1, (200.0 * 30.0 - 3.0 * 60.0) / 10.0, 1e-12);
}

#[test]
fn quiet_fluid_has_no_queue() {
    let b = burst(&Steps::constant(3.0).unwrap(), &Steps::constant(4.0).unwrap(), 0.0).unwrap();
    assert_eq!(
        (b.peak_queue, b.max_wait, b.violation_intervals.len(), b.empty_times.len()),
        (0.0, 0.0, 0, 0)
    );
    let overload = burst(&Steps::constant(4.0).unwrap(), &Steps::constant(4.0).unwrap(), 0.0);
    assert_eq!(overload.unwrap_err().kind(), ErrorKind::Unstable);
}

#[test]
fn two_bursts_leave_two_violations() {
    let rate = Steps::new(&[(0.0, 9.0), (10.0, 1.0), (100.0, 9.0), (110.0, 1.0)]).unwrap();
    let b = burst(&rate, &Steps::constant(5.0).unwrap(), 2.0).unwrap();
    assert_eq!((b.empty_times.len(), b.violation_intervals.len()), (2, 2));
    close(b.empty_times[1] - b.empty_times[0], 100.0, 1e-12);
    close(b.queue_area, 2.0 * (0.5 * 10.0 * 40.0 + 0.5 * 10.0 * 40.0), 1e-12);
}

#[test]
fn grown_fleets_drain_in_order() {
    let fleet = GrownFleet::new(100.0, 10.0, 8, 14, 60.0).unwrap();
    close(fleet.old_queue(), 2.5 * 60.0, 1e-12);
    close(fleet.central_empty_time(), 60.0 + 1200.0 / 40.0, 1e-12);
    // No new instance idles, so least outstanding is as fast as the central queue.
    assert!(fleet.levels_meet().is_some());
    close(fleet.least_outstanding_empty_time(), fleet.central_empty_time(), 1e-12);
    assert!(fleet.round_robin_empty_time() > fleet.central_empty_time());
    let wide = GrownFleet::new(100.0, 10.0, 8, 40, 60.0).unwrap();
    assert!(wide.levels_meet().is_none());
    close(wide.least_outstanding_empty_time(), 60.0 + 15.0, 1e-12);
}

#[test]
fn staffing_for_a_percentile_is_tight() {
    for (lambda, p, limit) in [(90.0, 0.99, 6.0), (9_500.0, 0.95, 3.1), (0.5, 0.9, 2.31)] {
        let c = staffing::smallest_servers_for_response(lambda, 1.0, p, limit).unwrap();
        assert!(Mmc::new(lambda, 1.0, c).unwrap().response_quantile(p).unwrap() <= limit);
        let fewer = Mmc::new(lambda, 1.0, c - 1).and_then(|q| q.response_quantile(p));
        assert!(fewer.is_err() || fewer.unwrap() > limit);
    }
    let hopeless = staffing::smallest_servers_for_response(10.0, 1.0, 0.99, 4.6).unwrap_err();
    assert_eq!(hopeless.kind(), ErrorKind::Unreachable);
}

#[test]
fn sized_fleets_are_smallest() {
    for (rate, vcpus, limit) in [(400.0, 2, 0.3), (400.0, 1, 0.3), (40_000.0, 4, 0.2), (3.0, 8, 0.2)] {
        let target = Target { rate, cpu_time_mean: 0.035, vcpus_per_instance: vcpus, quantile: 0.99, limit };
        let central = smallest_fleet(&target, Layout::CentralQueue).unwrap();
        let random = smallest_fleet(&target, Layout::RandomSplit).unwrap();
        assert!(central.instances <= random.instances);
        assert!(central.instances >= target.stable_instances().unwrap());
        assert!(central.response_at_quantile <= limit && random.response_at_quantile <= limit);
        let (n, mu) = (random.instances, 1.0 / 0.035);
        if n > 1 {
            let fewer = MmcPs::new(rate / f64::from(n - 1), mu, vcpus).and_then(|q| q.response_tail(limit));
            assert!(fewer.is_err() || fewer.unwrap() > 0.01, "{n} is not the smallest for {target:?}");
        }
        let cores = vcpus * central.instances;
        close(central.utilisation_ratio, rate * 0.035 / f64::from(cores), 1e-12);
        let exact = staffing::smallest_servers_for_response(rate, mu, 0.99, limit).unwrap();
        assert_eq!(central.instances, exact.div_ceil(vcpus));
        assert!(!central.layout.assumptions().is_empty() && !random.layout.assumptions().is_empty());
    }
}

#[test]
fn impossible_promises_are_named() {
    let target = Target { rate: 10.0, cpu_time_mean: 0.1, vcpus_per_instance: 1, quantile: 0.99, limit: 0.4 };
    let error = smallest_fleet(&target, Layout::CentralQueue).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().contains("0.46"), "{error}");
}
