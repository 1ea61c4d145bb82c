//! Solvers for the files about intervals, selection and scores.

use crate::case::{Given, numbers};
use crate::change::steps;
use serde_json::{Value, json};
use simscale_oracle::elasticity::elasticity;
use simscale_oracle::pareto;
use simscale_oracle::scores;
use simscale_oracle::select;
use simscale_oracle::stats;
use simscale_oracle::steady;

pub fn t_quantiles(given: &Given) -> Value {
    json!({ "q": stats::t_quantile(given.number("df"), given.number("p")).unwrap() })
}

pub fn confidence_intervals(given: &Given) -> Value {
    let confidence = given.number("conf");
    match given.optional("test").and_then(Value::as_str) {
        None => {
            let interval = stats::mean_interval(&given.numbers("x"), confidence).unwrap();
            json!({ "mean": interval.mean, "half_width": interval.half_width })
        }
        Some("paired_t") => {
            let interval =
                stats::paired_interval(&given.numbers("a"), &given.numbers("b"), confidence).unwrap();
            json!({ "mean_diff": interval.mean, "half_width": interval.half_width })
        }
        Some("welch") => {
            let interval =
                stats::welch_interval(&given.numbers("a"), &given.numbers("b"), confidence).unwrap();
            json!({
                "mean_diff": interval.mean, "half_width": interval.half_width, "df": interval.degrees_of_freedom,
            })
        }
        Some("replications_for_relative_error") => {
            let pilot = given.numbers("x");
            let n =
                stats::replications_for_relative_error(&pilot, given.number("gamma"), confidence).unwrap();
            json!({ "n": n })
        }
        Some(other) => panic!("unknown test {other}"),
    }
}

pub fn batch_means_mser5(given: &Given) -> Value {
    let all = numbers(given.shared("series"));
    let series = &all[given.count("from") as usize..given.count("to") as usize];
    match given.text("method") {
        "mser5" => {
            let cut = steady::mser5(series).unwrap();
            json!({
                "batches": cut.batches, "truncate_batches": cut.truncate_batches,
                "truncate_observations": cut.truncate_observations, "statistic": cut.statistic,
                "truncated_mean": cut.truncated_mean,
            })
        }
        "batch_means" => {
            let confidence = given.optional("conf").and_then(Value::as_f64).unwrap_or(0.95);
            let means = steady::batch_means(series, given.count("batches") as usize, confidence).unwrap();
            json!({
                "mean": means.interval.mean, "half_width": means.interval.half_width,
                "batch_size": means.batch_size, "var_of_batch_means": means.variance,
            })
        }
        other => panic!("unknown method {other}"),
    }
}

pub fn elasticity_metrics(given: &Given) -> Value {
    let (demand, supply) = (steps(given.value("demand")), steps(given.value("supply")));
    let (horizon, pool) = (given.number("T"), given.number("R"));
    let e = elasticity(&demand, &supply, horizon, pool, given.number("sample_step")).unwrap();
    json!({
        "theta_U": e.under_accuracy_percent, "theta_O": e.over_accuracy_percent,
        "theta_O_by_supply": e.over_accuracy_by_supply_percent, "tau_U": e.under_timeshare_percent,
        "tau_O": e.over_timeshare_percent, "mean_shortfall": e.mean_shortfall, "mean_excess": e.mean_excess,
        "mean_supply": e.mean_supply, "mean_demand": e.mean_demand, "a_U": e.under_of_pool_percent,
        "a_O": e.over_of_pool_percent, "supply_adaptations": e.supply_adaptations,
        "demand_adaptations": e.demand_adaptations, "jitter_per_time": e.jitter_per_time,
        "upsilon": e.instability_percent, "k": e.supply_ahead_percent, "k_prime": e.demand_ahead_percent,
    })
}

pub fn scores(given: &Given) -> Value {
    let metrics = given.numbers("metrics");
    let mut fields = json!({ "sigma": scores::autoscaling_deviation(&metrics).unwrap() });
    if given.optional("baseline").is_some() {
        let rows: Vec<Vec<f64>> =
            given.shared("rows").as_array().expect("rows").iter().map(numbers).collect();
        let row = rows.iter().position(|row| *row == metrics).expect("the metrics are one of the rows");
        fields["epsilon"] = json!(scores::elastic_speedup(&metrics, &given.numbers("baseline")).unwrap());
        fields["pairwise_percent"] = json!(scores::pairwise_competition(&rows).unwrap()[row]);
    }
    fields
}

pub fn pareto(given: &Given) -> Value {
    let points: Vec<Vec<f64>> =
        given.value("points").as_array().expect("points").iter().map(numbers).collect();
    json!({
        "nondominated_indices": pareto::pareto_front(&points).unwrap(),
        "hypervolume": pareto::hypervolume(&points, &given.numbers("reference")).unwrap(),
    })
}

pub fn selection(given: &Given) -> Value {
    match given.text("method") {
        "KN" => {
            assert_eq!(given.count("c"), 1);
            let kn =
                select::kn_constants(given.count("k"), given.count("n0"), given.number("alpha")).unwrap();
            json!({ "eta": kn.eta, "h2": kn.h2 })
        }
        "KN_W" => {
            let (h2, s2, delta) = (given.number("h2"), given.number("S2"), given.number("delta"));
            json!({ "W": select::kn_allowance(h2, s2, delta, u64::from(given.count("r"))).unwrap() })
        }
        "OCBA" => {
            assert_eq!(given.value("minimise"), true);
            let shares =
                select::ocba(&given.numbers("means"), &given.numbers("sds"), select::Goal::Minimise).unwrap();
            json!({ "best": shares.best, "fractions": shares.fractions })
        }
        other => panic!("unknown method {other}"),
    }
}
