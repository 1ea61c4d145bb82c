//! Relations that must hold between models, so that one mistake cannot hide in one formula.

use simscale_oracle::booting::BootingMmc;
use simscale_oracle::erlang::{erlang_b, erlang_c};
use simscale_oracle::forward::ForwardMmc;
use simscale_oracle::ggc::GgcApproximation;
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
use simscale_oracle::setup::{Mm1Setup, MmInfSetup};
use simscale_oracle::setup_pool::{MmkSetup, PowerDraw, SetupRule};
use simscale_oracle::split;
use simscale_oracle::steps::Steps;

/// Equal up to a relative difference.
#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs().max(1e-300), "{a} and {b} differ by more than {relative}");
}

/// Nodes and weights of Simpson's rule from 0 to `end`.
fn simpson(end: f64, panels: u32) -> Vec<(f64, f64)> {
    let h = end / f64::from(2 * panels);
    let weight = |i: u32| if i == 0 || i == 2 * panels { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    (0..=2 * panels).map(|i| (f64::from(i) * h, weight(i) * h / 3.0)).collect()
}

/// Integral of a falling tail from 0 to `end`.
fn integral(end: f64, panels: u32, f: impl Fn(f64) -> f64) -> f64 {
    simpson(end, panels).into_iter().map(|(t, w)| w * f(t)).sum()
}

#[test]
fn one_worker_is_mm1() {
    for rho in [0.05, 0.5, 0.9, 0.99] {
        let one = Mm1::new(rho, 1.0).unwrap();
        let many = Mmc::new(rho, 1.0, 1).unwrap();
        let general = Mg1::new(rho, ServiceLaw::exponential(1.0).unwrap()).unwrap();
        let turn = RoundRobin::new(rho, 1, 1.0, 1).unwrap();
        close(many.mean_response(), one.mean_response(), 1e-12);
        close(general.mean_response(), one.mean_response(), 1e-12);
        close(turn.mean_response(), one.mean_response(), 1e-12);
        for p in [0.3, 0.9, 0.999] {
            close(many.response_quantile(p).unwrap(), one.response_quantile(p).unwrap(), 1e-11);
            close(general.response_quantile(p).unwrap(), one.response_quantile(p).unwrap(), 1e-9);
            close(turn.response_quantile(p).unwrap(), one.response_quantile(p).unwrap(), 1e-11);
        }
    }
}

#[test]
fn processor_sharing_keeps_the_exponential_means() {
    for rho in [0.2, 0.8, 0.95] {
        close(
            Mg1Ps::new(rho, 1.0).unwrap().mean_response(),
            Mm1::new(rho, 1.0).unwrap().mean_response(),
            1e-12,
        );
        for c in [1, 4, 16] {
            let lambda = rho * f64::from(c);
            let shared = MgcPs::new(lambda, 1.0, c).unwrap();
            close(shared.mean_response(), Mmc::new(lambda, 1.0, c).unwrap().mean_response(), 1e-12);
        }
    }
}

#[test]
fn processor_sharing_tail_has_the_known_moments() {
    for (lambda, cores) in [(0.5, 1), (0.8, 1), (1.5, 2), (3.0, 4)] {
        let q = MmcPs::new(lambda, 1.0, cores).unwrap();
        let nodes = simpson(80.0 * q.mean_response(), 2000);
        let tails = q.response_tails(&nodes.iter().map(|(t, _)| *t).collect::<Vec<_>>()).unwrap();
        let mean: f64 = nodes.iter().zip(&tails).map(|((_, w), tail)| w * tail).sum();
        close(mean, q.mean_response(), 1e-7);
        if cores == 1 {
            let second: f64 = nodes.iter().zip(&tails).map(|((t, w), tail)| w * 2.0 * t * tail).sum();
            let known = Mg1Ps::new(lambda, 1.0).unwrap().response_variance_if_exponential();
            close(second - mean * mean, known, 1e-5);
        }
        let p99 = q.response_quantile(0.99).unwrap();
        close(q.response_tail(p99).unwrap(), 0.01, 1e-9);
    }
}

#[test]
fn processor_sharing_without_contention_is_the_work_itself() {
    let q = MmcPs::new(1e-9, 2.0, 8).unwrap();
    close(q.response_quantile(0.99).unwrap(), 100f64.ln() / 2.0, 1e-7);
}

#[test]
fn loss_system_is_a_full_room() {
    for (a, c) in [(0.5, 1), (4.0, 5), (120.0, 100)] {
        let full = Mmck::new(a, 1.0, c, c).unwrap();
        close(full.blocking_probability(), erlang_b(c, a).unwrap(), 1e-12);
    }
}

#[test]
fn large_room_is_no_limit() {
    let (limited, free) = (Mmck::new(4.0, 1.0, 5, 400).unwrap(), Mmc::new(4.0, 1.0, 5).unwrap());
    close(limited.mean_wait(), free.mean_wait(), 1e-11);
    close(limited.mean_number(), free.mean_number(), 1e-11);
}

#[test]
fn erlang_stages_lead_to_constant_service() {
    let constant = Mg1::new(0.8, ServiceLaw::deterministic(2.0 / 2.0).unwrap()).unwrap();
    close(constant.mean_wait(), Md1::new(0.8, 1.0).unwrap().mean_wait(), 1e-12);
    close(constant.mean_wait(), Mdc::new(0.8, 1.0, 1).unwrap().mean_wait(), 1e-12);
    let nearly = Mg1::new(0.8, ServiceLaw::erlang(64, 1.0).unwrap()).unwrap();
    close(nearly.wait_quantile(0.99).unwrap(), constant.wait_quantile(0.99).unwrap(), 0.02);
    // The mean is the integral of the tail.
    let mean = integral(80.0, 4000, |t| constant.wait_tail(t).unwrap());
    close(mean, constant.mean_wait(), 1e-4);
}

#[test]
fn constant_service_of_several_workers_has_the_mean() {
    for (rho, c) in [(0.8, 1u32), (0.7, 3), (0.9, 10)] {
        let q = Mdc::new(rho * f64::from(c), 1.0, c).unwrap();
        // Corners of the tail fall on whole services, so the panels meet them.
        close(integral(40.0, 200, |t| q.wait_tail(t).unwrap()), q.mean_wait(), 1e-4);
        close(q.wait_tail(q.wait_quantile(0.99).unwrap()).unwrap(), 0.01, 1e-9);
    }
    let (several, one) = (Mdc::new(0.9, 1.0, 1).unwrap(), Md1::new(0.9, 1.0).unwrap());
    for p in [0.05, 0.5, 0.9, 0.999] {
        close(several.wait_quantile(p).unwrap(), one.wait_quantile(p).unwrap(), 1e-8);
    }
    // Round robin by phases over 3 instances: more spread by about (1/3 + 1/16) / (1/3).
    let staged = RoundRobinPhase::new(2.1, 3, &ServiceLaw::erlang(16, 1.0).unwrap()).unwrap();
    let constant = Mdc::new(2.1, 1.0, 3).unwrap();
    close(staged.wait_quantile(0.99).unwrap(), 1.1875 * constant.wait_quantile(0.99).unwrap(), 0.05);
}

#[test]
fn phase_type_tail_has_the_mean() {
    let law = ServiceLaw::hyperexponential_balanced(1.0, 4.0).unwrap();
    let q = Mg1::new(0.6, law).unwrap();
    close(integral(200.0, 500, |t| q.response_tail(t).unwrap()), q.mean_response(), 1e-5);
}

#[test]
fn kingman_is_exact_for_poisson_arrivals() {
    let law = ServiceLaw::lognormal_with_scv(0.5, 2.0).unwrap();
    let approximate = GgcApproximation::new(1.4, 0.5, 1.0, 2.0, 1).unwrap();
    close(approximate.wait_kingman().unwrap(), Mg1::new(1.4, law).unwrap().mean_wait(), 1e-12);
    assert!(approximate.wait_upper_bound().unwrap() > approximate.wait_kingman().unwrap());
}

#[test]
fn one_instance_in_turn_is_a_poisson_stream() {
    for c in [1, 2, 7, 30] {
        let lambda = 0.85 * f64::from(c);
        let (turn, free) = (RoundRobin::new(lambda, 1, 1.0, c).unwrap(), Mmc::new(lambda, 1.0, c).unwrap());
        close(turn.delay_probability(), free.delay_probability(), 1e-11);
        close(turn.response_quantile(0.99).unwrap(), free.response_quantile(0.99).unwrap(), 1e-11);
    }
}

#[test]
fn round_robin_by_phases_agrees_with_the_root() {
    for n in [2, 10, 100] {
        let rate = 0.9 * f64::from(n);
        let root = RoundRobin::new(rate, n, 1.0, 1).unwrap();
        let phases = RoundRobinPhase::new(rate, n, &ServiceLaw::exponential(1.0).unwrap()).unwrap();
        close(phases.mean_wait().unwrap(), root.mean_wait(), 1e-11);
        close(phases.response_quantile(0.99).unwrap(), root.response_quantile(0.99).unwrap(), 1e-9);
        close(root.delay_probability(), root.sigma(), 1e-12);
    }
    // Many instances: evenly spaced arrivals, sigma = exp(-(1 - sigma) / rho).
    let even = RoundRobin::new(0.9 * 1e5, 100_000, 1.0, 1).unwrap();
    close(even.sigma(), (-(1.0 - even.sigma()) / 0.9).exp(), 1e-5);
}

/// E_n/M/c solved as a plain Markov chain by sweeping until it settles.
fn erlang_arrivals_by_sweeping(theta: f64, n: usize, mu: f64, c: usize, room: usize) -> f64 {
    let mut law = vec![vec![1.0 / (n * (room + 1)) as f64; n]; room + 1];
    for _ in 0..4000 {
        for jobs in 0..=room {
            for phase in 0..n {
                let mut inflow = 0.0;
                if phase > 0 {
                    inflow += theta * law[jobs][phase - 1];
                } else if jobs > 0 {
                    inflow += theta * law[jobs - 1][n - 1];
                }
                if jobs < room {
                    inflow += (jobs + 1).min(c) as f64 * mu * law[jobs + 1][phase];
                }
                let blocked = jobs == room && phase == n - 1;
                law[jobs][phase] = inflow / (if blocked { 0.0 } else { theta } + jobs.min(c) as f64 * mu);
            }
        }
        let total: f64 = law.iter().flatten().sum();
        law.iter_mut().flatten().for_each(|p| *p /= total);
    }
    let arriving: f64 = law.iter().map(|level| level[n - 1]).sum();
    law[c..].iter().map(|level| level[n - 1]).sum::<f64>() / arriving
}

#[test]
fn round_robin_over_workers_agrees_with_a_plain_chain() {
    for (n, c, rho) in [(2u32, 2u32, 0.7), (3, 3, 0.6), (4, 2, 0.8)] {
        let theta = rho * f64::from(c) * f64::from(n);
        let exact = RoundRobin::new(theta, n, 1.0, c).unwrap();
        let swept = erlang_arrivals_by_sweeping(theta, n as usize, 1.0, c as usize, 90);
        close(exact.delay_probability(), swept, 1e-8);
    }
}

#[test]
fn balancers_are_ordered() {
    for rho in [0.3, 0.6, 0.8] {
        let n = 3;
        let total = rho * f64::from(n);
        let central = Mmc::new(total, 1.0, n).unwrap().mean_response();
        let shortest = ShortestOfD::new(rho, 1.0, n, 3).unwrap().mean_response();
        let two = ShortestOfD::new(rho, 1.0, n, 2).unwrap().mean_response();
        let turn = RoundRobin::new(total, n, 1.0, 1).unwrap().mean_response();
        let random = split::random_mmc(total, n, 1.0, 1).unwrap().mean_response();
        assert!(
            central < shortest && shortest < two && two < random,
            "{rho}: {central} {shortest} {two} {random}"
        );
        assert!(shortest < turn && turn < random, "{rho}: {shortest} {turn} {random}");
    }
    close(ShortestOfD::new(0.8, 1.0, 1, 1).unwrap().mean_response(), 5.0, 1e-12);
    let weights = [1.0, 1.0, 0.0];
    let law = ServiceLaw::exponential(1.0).unwrap();
    close(split::weighted_mean_response(1.2, &weights, &law).unwrap(), 2.5, 1e-12);
}

#[test]
fn one_choice_is_random_dispatch() {
    for (c, rho) in [(1u32, 0.9), (4, 0.9), (50, 0.95), (20, 0.2)] {
        let lambda = rho * f64::from(c);
        let (one, random) = (PowerOfD::new(lambda, 1.0, c, 1).unwrap(), Mmc::new(lambda, 1.0, c).unwrap());
        close(one.mean_wait(), random.mean_wait(), 1e-9);
        close(one.tail(c as usize), erlang_c(c, lambda).unwrap(), 1e-9);
    }
}

#[test]
fn lightly_loaded_choices_do_not_wait() {
    let idle = PowerOfD::new(10.0, 1.0, 400, 2).unwrap();
    close(idle.mean_response(), 1.0, 1e-12);
    close((1..400).map(|m| idle.tail(m)).sum::<f64>(), 10.0, 1e-9);
}

#[test]
fn staggered_setups_decompose() {
    for (lambda, k, alpha) in [(0.7, 1, 0.3), (3.0, 5, 0.2), (17.0, 20, 0.05), (9.99, 10, 0.01)] {
        let pool = MmkSetup::new(lambda, 1.0, k, alpha, SetupRule::Staggered).unwrap();
        close(pool.mean_response(), Mmc::new(lambda, 1.0, k).unwrap().mean_response() + 1.0 / alpha, 1e-9);
        close(pool.mean_on(), lambda, 1e-10);
    }
}

#[test]
fn setup_models_meet_at_their_edges() {
    let one = MmkSetup::new(0.7, 1.0, 1, 0.05, SetupRule::Prompt).unwrap();
    let general = Mm1Setup::new(0.7, 1.0, 20.0, 800.0).unwrap();
    close(one.mean_response(), general.mean_response(), 1e-11);
    close(one.mean_setup(), general.setup_ratio(), 1e-11);
    close(one.mean_off(), general.off_ratio(), 1e-9);
    let never_off = SetupRule::DelayedOff { off_rate: 1e-9 };
    let kept = MmkSetup::new(4.0, 1.0, 5, 0.1, never_off).unwrap();
    close(kept.mean_response(), Mmc::new(4.0, 1.0, 5).unwrap().mean_response(), 1e-6);
    let wide = MmkSetup::new(5.0, 1.0, 40, 0.5, SetupRule::Prompt).unwrap();
    close(wide.mean_response(), MmInfSetup::new(5.0, 1.0, 0.5).unwrap().mean_response(), 1e-9);
    let power = wide.mean_power(&PowerDraw { busy: 1.0, idle: 1.0, setup: 1.0, off: 1.0 });
    close(power, 40.0, 1e-10);
    close(wide.cost_rate(2.0), 2.0 * (wide.mean_on() + wide.mean_setup()), 1e-12);
}

#[test]
fn service_moments_are_integrals_of_tails() {
    let laws = [
        ServiceLaw::erlang(3, 2.0).unwrap(),
        ServiceLaw::hyperexponential_balanced(2.0, 3.0).unwrap(),
        ServiceLaw::lognormal_with_scv(2.0, 0.5).unwrap(),
        ServiceLaw::uniform(1.0, 3.0).unwrap(),
        ServiceLaw::bounded_pareto(2.5, 1.0, 50.0).unwrap(),
        ServiceLaw::bounded_pareto(2.0, 1.0, 50.0).unwrap(),
    ];
    for law in laws {
        close(integral(100.0, 20_000, |t| law.tail(t)), law.mean(), 1e-4);
        close(integral(100.0, 20_000, |t| 2.0 * t * law.tail(t)), law.moment(2), 2e-4);
        close(law.variance(), law.moment(2) - law.mean().powi(2), 1e-9);
    }
}

/// Laws that are two names of one law have the same moments and tails.
#[test]
fn laws_meet_where_they_are_the_same() {
    let pairs = [
        (ServiceLaw::gamma_with_scv(2.0, 0.25), ServiceLaw::erlang(4, 2.0)),
        (ServiceLaw::gamma_with_scv(2.0, 1.0), ServiceLaw::exponential(2.0)),
        (ServiceLaw::weibull(2.0, 1.0), ServiceLaw::exponential(2.0)),
        (ServiceLaw::quantiles(&[(0.0, 0.5), (1.0, 1.5)]), ServiceLaw::uniform(0.5, 1.5)),
        (ServiceLaw::quantiles(&[(0.0, 0.5), (0.25, 0.75), (1.0, 1.5)]), ServiceLaw::uniform(0.5, 1.5)),
        (ServiceLaw::quantiles(&[(0.0, 3.0), (1.0, 3.0)]), ServiceLaw::deterministic(3.0)),
    ];
    for (a, b) in pairs {
        let (a, b) = (a.unwrap(), b.unwrap());
        for j in 1..=3 {
            assert!((a.moment(j) / b.moment(j) - 1.0).abs() < 1e-12, "{a:?} {b:?} {j}");
        }
        for t in [0.0, 0.3, 0.6, 1.2, 2.9, 5.0] {
            assert!((a.tail(t) - b.tail(t)).abs() < 1e-12, "{a:?} {b:?} {t}");
        }
    }
    // P(S > t) of a Weibull law at its scale is 1/e, and the mean of shape 1/2 is twice the scale.
    let law = ServiceLaw::weibull(2.0, 0.5).unwrap();
    assert!((law.tail(1.0) - (-1.0f64).exp()).abs() < 1e-12 && (law.moment(2) - 24.0).abs() < 1e-10);
    assert!(ServiceLaw::quantiles(&[(0.0, 1.0), (0.9, 2.0)]).is_err());
}

/// Workers that boot: the same equations as a queue whose workers are there, or never come.
#[test]
fn booting_workers_lie_between_none_and_all() {
    let forward = |workers: &[(f64, u32)]| {
        let rate = Steps::constant(3.0).unwrap();
        let mut model = ForwardMmc::with_workers(rate, 1.0, workers, 150, 0).unwrap();
        model.advance(20.0).unwrap().mean_number
    };
    let booting = |alpha: f64| {
        let mut model = BootingMmc::new((3.0, 1.0), (2, 3), alpha, 5.0, 150).unwrap();
        model.advance(20.0).unwrap();
        assert!((model.mean_booting() - 3.0 * (-alpha * 15.0).exp()).abs() < 1e-9, "{alpha}");
        assert!(model.full_probability() < 1e-12);
        model.mean_number()
    };
    assert!((booting(1e-12) - forward(&[(0.0, 2)])).abs() < 1e-8);
    assert!((booting(1e4) / forward(&[(0.0, 2), (5.0, 5)]) - 1.0).abs() < 1e-4);
    let (slow, fast) = (booting(0.05), booting(0.5));
    assert!(forward(&[(0.0, 2)]) > slow && slow > fast && fast > forward(&[(0.0, 5)]), "{slow} {fast}");
    // A step to the same number changes nothing.
    assert!((forward(&[(0.0, 2)]) - forward(&[(0.0, 2), (7.0, 2)])).abs() < 1e-10);
}
