//! Loads close to one and fleets of ten thousand servers.

use simscale_oracle::erlang::erlang_c;
use simscale_oracle::jsq::ShortestOfD;
use simscale_oracle::md1::Md1;
use simscale_oracle::mdc::Mdc;
use simscale_oracle::mg1::Mg1;
use simscale_oracle::mm1::Mm1;
use simscale_oracle::mmc::Mmc;
use simscale_oracle::mmck::Mmck;
use simscale_oracle::power_of_d::PowerOfD;
use simscale_oracle::ps::{Mg1Ps, MgcPs};
use simscale_oracle::ps_tail::MmcPs;
use simscale_oracle::round_robin::{RoundRobin, RoundRobinPhase};
use simscale_oracle::service::ServiceLaw;
use simscale_oracle::setup::MmInfSetup;
use simscale_oracle::setup_pool::{MmkSetup, SetupRule};
use simscale_oracle::staffing::{self, Mginf};

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs(), "{a} and {b} differ by more than {relative}");
}

#[test]
fn ten_thousand_servers_at_0_999() {
    let (lambda, c) = (9990.0, 10_000);
    let q = Mmc::new(lambda, 1.0, c).unwrap();
    // The same probability from the whole law of a queue with a very large room.
    let room = Mmck::new(lambda, 1.0, c, 60_000).unwrap();
    let busy: f64 = (c..=60_000).map(|n| room.number_probability(n)).sum();
    close(q.delay_probability(), busy, 1e-9);
    close(q.mean_wait(), q.delay_probability() / 10.0, 1e-12);
    close(q.response_tail(q.response_quantile(0.999).unwrap()), 0.001, 1e-9);
    // Halfin-Whitt at beta = 0.1 is close for a pool of this size.
    close(q.delay_probability(), staffing::halfin_whitt_delay(10.0 / lambda.sqrt()).unwrap(), 0.01);
    close(MgcPs::new(lambda, 1.0, c).unwrap().mean_response(), q.mean_response(), 1e-12);
}

#[test]
fn ten_thousand_servers_of_constant_service() {
    // Half the exponential wait, up to a correction that vanishes in heavy traffic.
    for (c, rho, within) in [(10_000, 0.999, 0.03), (100, 0.999, 0.01), (2, 0.999, 0.002), (1, 0.999, 1e-9)] {
        let lambda = rho * f64::from(c);
        let constant = Mdc::new(lambda, 1.0, c).unwrap();
        close(constant.mean_wait(), 0.5 * Mmc::new(lambda, 1.0, c).unwrap().mean_wait(), within);
    }
    assert!(Mdc::new(5000.0, 1.0, 10_000).unwrap().mean_wait() < 1e-200);
}

#[test]
fn ten_thousand_instances_behind_a_balancer() {
    let turn = RoundRobin::new(9990.0, 10_000, 1.0, 1).unwrap();
    // Evenly spaced arrivals halve the wait near saturation.
    close(turn.mean_wait(), 0.5 * Mm1::new(0.999, 1.0).unwrap().mean_wait(), 0.002);
    let wide = RoundRobin::new(9990.0, 2, 1.0, 5_000).unwrap();
    let single = Mmc::new(4995.0, 1.0, 5_000).unwrap();
    assert!(wide.mean_wait() < single.mean_wait() && wide.mean_wait() > 0.5 * single.mean_wait());
    let choice = PowerOfD::new(9990.0, 1.0, 10_000, 2).unwrap();
    assert!(choice.mean_wait() < 1e-6 * Mmc::new(9990.0, 1.0, 10_000).unwrap().mean_wait());
    close((1..=10_000).map(|m| choice.tail(m)).sum::<f64>(), 9990.0, 1e-12);
    let narrow = PowerOfD::new(0.999, 1.0, 1, 2).unwrap();
    assert!(narrow.mean_response() > 7.0 && narrow.mean_response() < 12.0, "about log2 of 1000");
}

#[test]
fn ten_thousand_servers_are_staffed() {
    let c = staffing::smallest_servers_for_delay(9_500.0, 0.2).unwrap();
    assert!(erlang_c(c, 9_500.0).unwrap() <= 0.2 && erlang_c(c - 1, 9_500.0).unwrap() > 0.2);
    let beta = staffing::halfin_whitt_beta(0.2).unwrap();
    assert!(staffing::square_root_servers(9_500.0, beta, 1.0).unwrap().abs_diff(c) <= 1);
    let tail = Mginf::new(9_500.0, 1.0).unwrap().probability_at_least(10_000);
    assert!(tail > 1e-8 && tail < 1e-6, "five standard deviations out: {tail}");
}

#[test]
fn one_worker_at_0_999() {
    let one = Mm1::new(0.999, 1.0).unwrap();
    close(one.mean_response(), 1000.0, 1e-12);
    close(Mg1Ps::new(0.999, 1.0).unwrap().mean_response(), 1000.0, 1e-12);
    let law = ServiceLaw::exponential(1.0).unwrap();
    let general = Mg1::new(0.999, law).unwrap();
    close(general.response_quantile(0.999).unwrap(), one.response_quantile(0.999).unwrap(), 1e-9);
    let erlang = Mg1::new(0.999, ServiceLaw::erlang(2, 1.0).unwrap()).unwrap();
    // In heavy traffic the wait is nearly exponential.
    close(erlang.wait_quantile(0.99).unwrap(), erlang.mean_wait() * 100f64.ln(), 0.002);
    let constant = Md1::new(0.999, 1.0).unwrap();
    close(constant.wait_quantile(0.999).unwrap(), constant.mean_wait() * 1000f64.ln(), 0.002);
    close(1.0 - constant.wait_tail(0.0).unwrap(), 0.001, 1e-9);
}

#[test]
fn constant_service_far_tail_keeps_its_digits() {
    // The tail is geometric far out: equal steps shrink it by equal factors.
    let q = Md1::new(0.5, 1.0).unwrap();
    let tail = |t: f64| q.wait_tail(t).unwrap();
    close(tail(41.5) / tail(40.5), tail(21.5) / tail(20.5), 1e-9);
    assert!(tail(100.0) > 0.0 && tail(100.0) < 1e-40);
}

#[test]
fn round_robin_by_phases_at_0_99() {
    let law = ServiceLaw::hyperexponential_balanced(1.0, 4.0).unwrap();
    let turn = RoundRobinPhase::new(9.9, 10, &law).unwrap();
    // Heavy traffic: (ca2 + cs2) / 2 with ca2 = 1 / 10.
    close(turn.mean_wait().unwrap(), 0.5 * 4.1 * 99.0, 0.02);
}

#[test]
fn shortest_queue_at_0_99() {
    let q = ShortestOfD::new(0.99, 1.0, 2, 2).unwrap();
    let central = Mmc::new(1.98, 1.0, 2).unwrap();
    assert!(q.mean_response() > central.mean_response());
    close(q.mean_response(), central.mean_response(), 0.02);
}

#[test]
fn processor_sharing_percentile_at_0_99() {
    let q = MmcPs::new(0.99, 1.0, 1).unwrap();
    let p95 = q.response_quantile(0.95).unwrap();
    // Heavy traffic: the response is about exponential work times exponential crowd, so far above the FCFS value.
    assert!(p95 > 1.1 * Mm1::new(0.99, 1.0).unwrap().response_quantile(0.95).unwrap(), "{p95}");
    close(q.response_tail(p95).unwrap(), 0.05, 1e-9);
}

#[test]
fn setups_near_saturation_and_without_limit() {
    let pool = MmkSetup::new(9.99, 1.0, 10, 0.1, SetupRule::Prompt).unwrap();
    assert!(pool.mean_response() > Mmc::new(9.99, 1.0, 10).unwrap().mean_response());
    let wide = MmInfSetup::new(10_000.0, 1.0, 0.001).unwrap();
    close(wide.mean_setup(), (2.0 * 1e7 / std::f64::consts::PI).sqrt(), 0.001);
}
