//! Solvers for the files about staffing and about load that changes with time.

use crate::case::Given;
use crate::queues::service;
use serde_json::{Value, json};
use simscale_oracle::erlang::erlang_c;
use simscale_oracle::fluid::burst;
use simscale_oracle::staffing::{self, Mginf};
use simscale_oracle::steps::Steps;
use simscale_oracle::transient::Mtginf;

/// A list of `[time, value]` pairs as a step function.
pub fn steps(list: &Value) -> Steps {
    let pair = |pair: &Value| (pair[0].as_f64().expect("a time"), pair[1].as_f64().expect("a value"));
    Steps::new(&list.as_array().expect("a list of steps").iter().map(pair).collect::<Vec<_>>())
        .expect("valid steps")
}

pub fn mginf(given: &Given) -> Value {
    let q = Mginf::new(given.number("lam"), given.number("mean_service")).unwrap();
    json!({
        "EN": q.mean_number(), "varN": q.number_variance(),
        "P_N_ge_c": q.probability_at_least(given.count("c")),
    })
}

pub fn staffing(given: &Given) -> Value {
    let (a, target) = (given.number("a"), given.number("target"));
    let servers = staffing::smallest_servers_for_delay(a, target).unwrap();
    let beta = staffing::halfin_whitt_beta(target).unwrap();
    json!({
        "c_min": servers, "erlang_c": erlang_c(servers, a).unwrap(), "beta": beta,
        "c_square_root_rule": staffing::square_root_servers(a, beta, 1.0).unwrap(),
    })
}

pub fn mtginf(given: &Given) -> Value {
    let (base, amplitude) = (given.number("base_rate"), given.number("amplitude_rate"));
    let law = service(given.value("service"));
    let load = Mtginf::new(base, amplitude, given.number("period"), given.number("phase"), law).unwrap();
    let t = given.number("t");
    json!({
        "m_periodic": load.mean_number(t).unwrap(), "amplitude": load.number_amplitude().unwrap(),
        "lag": load.lag().unwrap(), "m_from_empty": load.mean_number_from_empty(t).unwrap(),
    })
}

pub fn fluid_burst(given: &Given) -> Value {
    let (rate, capacity) = (steps(given.value("arrival_rate")), steps(given.value("capacity")));
    let b = burst(&rate, &capacity, given.number("slo_wait")).unwrap();
    json!({
        "peak_queue": b.peak_queue, "time_of_peak": b.time_of_peak, "empty_times": b.empty_times,
        "max_wait": b.max_wait, "violation_intervals": b.violation_intervals,
        "violation_seconds": b.violation_seconds, "violating_requests": b.violating_requests,
        "queue_area_request_seconds": b.queue_area,
    })
}
