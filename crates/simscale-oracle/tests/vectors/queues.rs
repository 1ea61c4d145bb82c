//! Solvers for the files about one queue and about independent queues.

use crate::case::Given;
use serde_json::{Map, Value, json};
use simscale_oracle::erlang;
use simscale_oracle::ggc::GgcApproximation;
use simscale_oracle::md1::Md1;
use simscale_oracle::mdc::Mdc;
use simscale_oracle::mg1::Mg1;
use simscale_oracle::mm1::Mm1;
use simscale_oracle::mmc::Mmc;
use simscale_oracle::mmck::Mmck;
use simscale_oracle::ps::{Mg1Ps, MgcPs};
use simscale_oracle::round_robin::RoundRobinPhase;
use simscale_oracle::service::ServiceLaw;

/// The service law written in a case.
pub fn service(law: &Value) -> ServiceLaw {
    let number = |name: &str| law[name].as_f64().unwrap_or_else(|| panic!("the law has no {name}"));
    match law["type"].as_str().expect("a type") {
        "deterministic" => ServiceLaw::deterministic(number("value")),
        "exponential" => ServiceLaw::exponential(number("mean")),
        "erlang" => ServiceLaw::erlang(number("stages") as u32, number("mean")),
        "hyperexponential" => ServiceLaw::hyperexponential(number("p"), number("mean1"), number("mean2")),
        "lognormal" => ServiceLaw::lognormal(number("mu"), number("sigma")),
        "uniform" => ServiceLaw::uniform(number("low"), number("high")),
        "bounded_pareto" => ServiceLaw::bounded_pareto(number("alpha"), number("low"), number("high")),
        other => panic!("unknown law {other}"),
    }
    .expect("a valid law")
}

/// Adds `W_p50`-like fields for the usual levels.
fn add_quantiles(fields: &mut Map<String, Value>, wait: impl Fn(f64) -> f64, response: impl Fn(f64) -> f64) {
    for (name, p) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)] {
        fields.insert(format!("W_{name}"), json!(wait(p)));
        fields.insert(format!("T_{name}"), json!(response(p)));
    }
}

pub fn mm1(given: &Given) -> Value {
    let q = Mm1::new(given.number("lam"), given.number("mu")).unwrap();
    json!({
        "rho": q.utilisation(), "L": q.mean_number(), "Lq": q.mean_queue(), "T": q.mean_response(),
        "W": q.mean_wait(), "varN": q.number_variance(), "varT": q.response_variance(), "p0": q.empty_ratio(),
    })
}

pub fn quantiles_mm1(given: &Given) -> Value {
    let q = Mm1::new(given.number("lam"), given.number("mu")).unwrap();
    let mut fields = Map::new();
    add_quantiles(&mut fields, |p| q.wait_quantile(p).unwrap(), |p| q.response_quantile(p).unwrap());
    Value::Object(fields)
}

pub fn run_length_mm1(given: &Given) -> Value {
    let q = Mm1::new(given.number("lam"), given.number("mu")).unwrap();
    let time = q.run_length(given.number("rel_half_width"), given.number("conf")).unwrap();
    json!({ "asymptotic_variance": q.number_asymptotic_variance(), "time_needed": time })
}

pub fn erlang_b(given: &Given) -> Value {
    json!({ "B": erlang::erlang_b(given.count("c"), given.number("a")).unwrap() })
}

pub fn erlang_c(given: &Given) -> Value {
    json!({ "C": erlang::erlang_c(given.count("c"), given.number("a")).unwrap() })
}

pub fn mmc(given: &Given) -> Value {
    let q = Mmc::new(given.number("lam"), given.number("mu"), given.count("c")).unwrap();
    let mut fields = json!({
        "a": q.offered_load(), "rho": q.utilisation(), "erlang_b": q.loss_probability(),
        "erlang_c": q.delay_probability(), "W": q.mean_wait(), "T": q.mean_response(), "Lq": q.mean_queue(),
        "L": q.mean_number(), "W_cond": q.mean_wait_of_delayed(), "varW": q.wait_variance(),
        "varT": q.response_variance(),
    });
    let map = fields.as_object_mut().unwrap();
    add_quantiles(map, |p| q.wait_quantile(p).unwrap(), |p| q.response_quantile(p).unwrap());
    fields
}

pub fn mmck(given: &Given) -> Value {
    let q = Mmck::new(given.number("lam"), given.number("mu"), given.count("c"), given.count("K")).unwrap();
    json!({
        "blocking": q.blocking_probability(), "throughput": q.throughput(), "L": q.mean_number(),
        "Lq": q.mean_queue(), "T_admitted": q.mean_response(), "W_admitted": q.mean_wait(),
        "utilisation": q.utilisation(), "p0": q.empty_ratio(), "loss_rate": q.loss_rate(),
    })
}

pub fn mg1(given: &Given) -> Value {
    let law = service(given.value("service"));
    let q = Mg1::new(given.number("lam"), law.clone()).unwrap();
    json!({
        "rho": q.utilisation(), "scv": law.scv(), "ES": law.mean(), "ES2": law.moment(2), "ES3": law.moment(3),
        "W": q.mean_wait(), "T": q.mean_response(), "Lq": q.mean_queue(), "L": q.mean_number(),
        "varW": q.wait_variance(), "varT": q.response_variance(), "P_wait": q.delay_probability(),
        "mean_busy_period": q.mean_busy_period(),
    })
}

pub fn quantiles_mg1(given: &Given) -> Value {
    let q = Mg1::new(given.number("lam"), service(given.value("service"))).unwrap();
    let mut fields = Map::new();
    add_quantiles(&mut fields, |p| q.wait_quantile(p).unwrap(), |p| q.response_quantile(p).unwrap());
    Value::Object(fields)
}

pub fn md1(given: &Given) -> Value {
    let q = Md1::new(given.number("lam"), given.number("D")).unwrap();
    json!({
        "P_W_le_t": 1.0 - q.wait_tail(given.number("t")).unwrap(), "W": q.mean_wait(),
        "W_p95": q.wait_quantile(0.95).unwrap(), "W_p99": q.wait_quantile(0.99).unwrap(),
    })
}

pub fn mg1_ps(given: &Given) -> Value {
    let q = Mg1Ps::new(given.number("lam"), given.number("mean_service")).unwrap();
    json!({
        "rho": q.utilisation(), "L": q.mean_number(), "T": q.mean_response(), "slowdown": q.slowdown(),
        "p0": q.empty_ratio(), "varT_if_exponential": q.response_variance_if_exponential(),
    })
}

pub fn mgc_ps(given: &Given) -> Value {
    let q = MgcPs::new(given.number("lam"), given.number("mean_service"), given.count("cores")).unwrap();
    json!({
        "rho": q.utilisation(), "L": q.mean_number(), "T": q.mean_response(),
        "P_all_cores_busy": q.all_busy_probability(),
    })
}

pub fn round_robin(given: &Given) -> Value {
    let n = given.count("n");
    let law = service(given.value("service"));
    let q = RoundRobinPhase::new(given.number("lam_per_server") * f64::from(n), n, &law).unwrap();
    json!({
        "rho": q.utilisation(), "L": q.mean_number().unwrap(), "W": q.mean_wait().unwrap(),
        "T": q.mean_response().unwrap(),
    })
}

pub fn mdc(given: &Given) -> Value {
    let q = Mdc::new(given.number("lam"), given.number("D"), given.count("c")).unwrap();
    json!({ "rho": q.utilisation(), "Lq": q.mean_queue(), "W": q.mean_wait(), "T": q.mean_response() })
}

pub fn ggc(given: &Given) -> Value {
    let (lambda, service) = (given.number("lam"), given.number("mean_service"));
    let (ca2, cs2) = (given.number("ca2"), given.number("cs2"));
    let q = GgcApproximation::new(lambda, service, ca2, cs2, given.count("c")).unwrap();
    json!({
        "rho": q.utilisation(), "W_allen_cunneen": q.wait_allen_cunneen(), "W_sakasegawa": q.wait_sakasegawa(),
        "W_klb": q.wait_kraemer_langenbach_belz(), "W_kingman_vut": q.wait_kingman(),
        "W_kingman_upper": q.wait_upper_bound(),
    })
}
