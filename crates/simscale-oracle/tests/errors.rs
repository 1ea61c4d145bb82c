//! Every constructor names the value it rejects, and none panics.

use simscale_oracle::erlang::{erlang_b, erlang_c};
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
use simscale_oracle::setup_pool::{MmkSetup, SetupRule};
use simscale_oracle::steps::Steps;
use simscale_oracle::{ErrorKind, OracleError, split, staffing, stats};

type Attempt = fn(f64) -> Result<(), OracleError>;

fn law() -> ServiceLaw {
    ServiceLaw::exponential(1.0).unwrap()
}

/// Models of one number, an arrival rate; the capacity is 4 or less.
const BY_RATE: &[(&str, Attempt)] = &[
    ("mm1", |x| Mm1::new(x, 1.0).map(drop)),
    ("mmc", |x| Mmc::new(x, 1.0, 4).map(drop)),
    ("md1", |x| Md1::new(x, 1.0).map(drop)),
    ("mdc", |x| Mdc::new(x, 1.0, 4).map(drop)),
    ("mg1", |x| Mg1::new(x, law()).map(drop)),
    ("mg1 ps", |x| Mg1Ps::new(x, 1.0).map(drop)),
    ("mgc ps", |x| MgcPs::new(x, 1.0, 4).map(drop)),
    ("mmc ps", |x| MmcPs::new(x, 1.0, 4).map(drop)),
    ("ggc", |x| GgcApproximation::new(x, 1.0, 1.0, 1.0, 4).map(drop)),
    ("jsq", |x| ShortestOfD::new(x, 1.0, 2, 2).map(drop)),
    ("power of d", |x| PowerOfD::new(x, 1.0, 4, 2).map(drop)),
    ("round robin", |x| RoundRobin::new(x, 2, 1.0, 2).map(drop)),
    ("round robin phases", |x| RoundRobinPhase::new(x, 4, &law()).map(drop)),
    ("setup", |x| Mm1Setup::new(x, 1.0, 1.0, 2.0).map(drop)),
    ("setup pool", |x| MmkSetup::new(x, 1.0, 4, 1.0, SetupRule::Prompt).map(drop)),
    ("random split", |x| split::random_mg1(x, 4, law()).map(drop)),
    ("weighted split", |x| split::weighted_mean_response(x, &[1.0, 1.0], &law()).map(drop)),
];

/// Questions with one number and no overload.
const BY_VALUE: &[(&str, Attempt)] = &[
    ("unlimited setup", |x| MmInfSetup::new(x, 1.0, 1.0).map(drop)),
    ("room", |x| Mmck::new(x, 1.0, 2, 3).map(drop)),
    ("deterministic", |x| ServiceLaw::deterministic(x).map(drop)),
    ("exponential", |x| ServiceLaw::exponential(x).map(drop)),
    ("erlang", |x| ServiceLaw::erlang(2, x).map(drop)),
    ("lognormal", |x| ServiceLaw::lognormal_with_scv(x, 1.0).map(drop)),
    ("pareto", |x| ServiceLaw::bounded_pareto(x, 1.0, 2.0).map(drop)),
    ("square root", |x| staffing::square_root_servers(x, 1.0, 1.0).map(drop)),
    ("delay target", |x| staffing::smallest_servers_for_delay(x, 0.5).map(drop)),
    ("halfin whitt", |x| staffing::halfin_whitt_delay(x).map(drop)),
    ("t quantile", |x| stats::t_quantile(x, 0.5).map(drop)),
];

#[test]
fn impossible_numbers_are_rejected() {
    for (name, attempt) in BY_RATE.iter().chain(BY_VALUE) {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0] {
            let error = attempt(bad).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::OutOfDomain, "{name}: {bad}: {error}");
        }
    }
}

#[test]
fn overload_is_unstable_and_named() {
    for (name, attempt) in BY_RATE {
        let error = attempt(4.25).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Unstable, "{name}: {error}");
        assert!(
            error.to_string().contains("4.25")
                || error.to_string().contains("1.0625")
                || error.to_string().contains("2.125"),
            "{name}: {error}"
        );
    }
}

#[test]
fn tiny_and_huge_rates_do_not_panic() {
    for (_, attempt) in BY_RATE {
        for odd in [f64::MIN_POSITIVE, 1e-100, 1e-12, 0.5, f64::MAX] {
            let _ = attempt(odd);
        }
    }
}

#[test]
fn quantiles_outside_their_range_are_rejected() {
    let mmc = Mmc::new(1.0, 1.0, 2).unwrap();
    let general = Mg1::new(0.5, law()).unwrap();
    for bad in [f64::NAN, -0.1, 1.0, 2.0] {
        assert_eq!(mmc.wait_quantile(bad).unwrap_err().kind(), ErrorKind::OutOfDomain);
        assert_eq!(mmc.response_quantile(bad).unwrap_err().kind(), ErrorKind::OutOfDomain);
        assert_eq!(general.response_quantile(bad).unwrap_err().kind(), ErrorKind::OutOfDomain);
        assert_eq!(stats::normal_quantile(bad).unwrap_err().kind(), ErrorKind::OutOfDomain);
    }
    assert_eq!(mmc.response_quantile(0.0).unwrap(), 0.0);
}

#[test]
fn tails_at_the_ends_of_time() {
    let mmc = Mmc::new(1.0, 1.0, 2).unwrap();
    let erlang = Mg1::new(0.5, ServiceLaw::erlang(3, 1.0).unwrap()).unwrap();
    assert_eq!((mmc.response_tail(-1.0), mmc.response_tail(f64::INFINITY)), (1.0, 0.0));
    assert_eq!(erlang.response_tail(-1.0).unwrap(), 1.0);
    assert_eq!(erlang.response_tail(f64::INFINITY).unwrap(), 0.0);
    assert!((erlang.response_tail(0.0).unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(ServiceLaw::erlang(3, 1.0).unwrap().tail(f64::INFINITY), 0.0);
}

#[test]
fn counts_of_zero_are_rejected() {
    assert_eq!(erlang_c(0, 0.5).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(Mmc::new(0.5, 1.0, 0).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(Mmck::new(0.5, 1.0, 2, 1).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(RoundRobin::new(0.5, 0, 1.0, 1).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(PowerOfD::new(0.5, 1.0, 1, 0).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(ShortestOfD::new(0.5, 1.0, 5, 2).unwrap_err().kind(), ErrorKind::OutOfDomain);
    assert_eq!(erlang_b(0, 2.0).unwrap(), 1.0);
    assert_eq!(erlang_b(3, 0.0).unwrap(), 0.0);
}

#[test]
fn what_has_no_formula_says_so() {
    let heavy = Mg1::new(0.5, ServiceLaw::lognormal_with_scv(1.0, 3.0).unwrap()).unwrap();
    assert_eq!(heavy.wait_quantile(0.9).unwrap_err().kind(), ErrorKind::Unsupported);
    let stages = Mg1::new(0.5, ServiceLaw::erlang(500, 1.0).unwrap()).unwrap();
    assert_eq!(stages.wait_quantile(0.9).unwrap_err().kind(), ErrorKind::TooLarge);
    let pool = MmkSetup::new(1.0, 1.0, 1000, 1.0, SetupRule::Prompt);
    assert_eq!(pool.unwrap_err().kind(), ErrorKind::TooLarge);
    let crowded = ShortestOfD::new(0.9999, 1.0, 4, 4);
    assert_eq!(crowded.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn steps_must_rise_from_zero() {
    for bad in [&[][..], &[(1.0, 2.0)], &[(0.0, 1.0), (0.0, 2.0)], &[(0.0, -1.0)], &[(0.0, f64::NAN)]] {
        assert_eq!(Steps::new(bad).unwrap_err().kind(), ErrorKind::OutOfDomain);
    }
}

#[test]
fn laws_out_of_order_are_rejected() {
    assert!(ServiceLaw::uniform(2.0, 1.0).is_err());
    assert!(ServiceLaw::uniform(-1.0, 1.0).is_err());
    assert!(ServiceLaw::bounded_pareto(1.0, 3.0, 2.0).is_err());
    assert!(ServiceLaw::hyperexponential(1.5, 1.0, 1.0).is_err());
    assert!(ServiceLaw::hyperexponential_balanced(1.0, 0.5).is_err());
    assert!(Mm1Setup::new(0.5, 1.0, 10.0, 50.0).is_err(), "a second moment below the squared mean");
}
