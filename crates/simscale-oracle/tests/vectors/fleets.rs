//! Solvers for the files about balancers and about fleets that boot.

use crate::case::Given;
use serde_json::{Value, json};
use simscale_oracle::jsq::ShortestOfD;
use simscale_oracle::power_of_d::PowerOfD;
use simscale_oracle::setup::{Mm1Setup, MmInfSetup};
use simscale_oracle::setup_pool::{MmkSetup, SetupRule};

pub fn jsq(given: &Given) -> Value {
    assert_eq!((given.count("workers"), given.text("ties")), (1, "uniform"));
    let q =
        ShortestOfD::new(given.number("lam_per_server"), 1.0, given.count("n"), given.count("d")).unwrap();
    json!({ "L": q.mean_number(), "T": q.mean_response() })
}

pub fn power_of_d(given: &Given) -> Value {
    let q = PowerOfD::new(given.number("lam"), 1.0, 1, given.count("d")).unwrap();
    let tails: Vec<f64> = (1..=4).map(|jobs| q.tail(jobs)).collect();
    json!({ "T": q.mean_response(), "W": q.mean_wait(), "tail_s1_to_s4": tails })
}

pub fn power_of_d_workers(given: &Given) -> Value {
    let q = PowerOfD::new(given.number("lam_per_instance"), 1.0, given.count("c"), given.count("d")).unwrap();
    json!({ "EN": q.mean_number(), "T": q.mean_response(), "W": q.mean_wait() })
}

pub fn setup_one(given: &Given) -> Value {
    let (mean, second) = (given.number("setup_mean"), given.number("setup_second_moment"));
    let q = Mm1Setup::new(given.number("lam"), given.number("mu"), mean, second).unwrap();
    json!({ "ET": q.mean_response() })
}

pub fn setup_unlimited(given: &Given) -> Value {
    let q = MmInfSetup::new(given.number("lam"), given.number("mu"), given.number("alpha")).unwrap();
    json!({ "E_setup": q.mean_setup(), "E_on": q.mean_on(), "ET": q.mean_response(), "EW": q.mean_wait() })
}

pub fn setup_prompt(given: &Given) -> Value {
    pool(given, SetupRule::Prompt)
}

pub fn setup_staggered(given: &Given) -> Value {
    pool(given, SetupRule::Staggered)
}

pub fn setup_delayed_off(given: &Given) -> Value {
    pool(given, SetupRule::DelayedOff { off_rate: given.number("beta") })
}

fn pool(given: &Given, rule: SetupRule) -> Value {
    let (lambda, mu, alpha) = (given.number("lam"), given.number("mu"), given.number("alpha"));
    let q = MmkSetup::new(lambda, mu, given.count("k"), alpha, rule).unwrap();
    json!({
        "EN": q.mean_number(), "ET": q.mean_response(), "EW": q.mean_wait(), "E_on": q.mean_on(),
        "E_busy": q.mean_busy(), "E_idle": q.mean_idle(), "E_setup": q.mean_setup(), "E_off": q.mean_off(),
        "P_empty": q.empty_ratio(), "P_wait": q.delay_probability(),
    })
}
