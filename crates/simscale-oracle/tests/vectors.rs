//! Every published case in `tests/cases`, at the tolerance its file states.
//!
//! The test fails when a case file is missing or unknown, when an expected field is not computed, and when a given
//! field is not read.

#[path = "vectors/case.rs"]
mod case;
#[path = "vectors/change.rs"]
mod change;
#[path = "vectors/fleets.rs"]
mod fleets;
#[path = "vectors/output.rs"]
mod output;
#[path = "vectors/queues.rs"]
mod queues;

use case::{Given, run_file};
use serde_json::Value;
use std::collections::BTreeSet;

type Solver = fn(&Given) -> Value;

const FILES: &[(&str, Solver)] = &[
    ("autoscaler_scores", output::scores),
    ("batch_means_mser5", output::batch_means_mser5),
    ("confidence_intervals", output::confidence_intervals),
    ("elasticity_metrics", output::elasticity_metrics),
    ("erlang_b", queues::erlang_b),
    ("erlang_c", queues::erlang_c),
    ("fluid_burst", change::fluid_burst),
    ("ggc_approx", queues::ggc),
    ("jsq_exact_small", fleets::jsq),
    ("md1", queues::md1),
    ("mdc", queues::mdc),
    ("mg1_percentiles", queues::quantiles_mg1),
    ("mg1_pk", queues::mg1),
    ("mg1_ps", queues::mg1_ps),
    ("mgc_ps", queues::mgc_ps),
    ("mginf", change::mginf),
    ("mm1", queues::mm1),
    ("mm1_percentiles", queues::quantiles_mm1),
    ("mm1_run_length", queues::run_length_mm1),
    ("mm1_setup_general", fleets::setup_one),
    ("mmc", queues::mmc),
    ("mmck", queues::mmck),
    ("mminf_setup", fleets::setup_unlimited),
    ("mmk_setup", fleets::setup_prompt),
    ("mmk_setup_delayedoff", fleets::setup_delayed_off),
    ("mmk_staggered", fleets::setup_staggered),
    ("mtginf", change::mtginf),
    ("pareto_hypervolume", output::pareto),
    ("power_of_d", fleets::power_of_d),
    ("power_of_d_multiworker", fleets::power_of_d_workers),
    ("ranking_selection", output::selection),
    ("round_robin", queues::round_robin),
    ("square_root_staffing", change::staffing),
    ("t_quantiles", output::t_quantiles),
];

#[test]
fn every_case_file_agrees() {
    let mut failures = Vec::new();
    let (mut cases, mut values) = (0, 0);
    for (name, solver) in FILES {
        let report = run_file(name, *solver);
        println!("{name:24} {:3} cases {:4} values", report.cases, report.values);
        cases += report.cases;
        values += report.values;
        failures.extend(report.failures);
    }
    println!("{:24} {cases:3} cases {values:4} values", "all");
    let page = include_str!("../../../docs/VALIDATION.md").replace(',', "");
    let said = format!("{} case files with {cases} cases and {values} values", FILES.len());
    assert!(page.contains(&said), "docs/VALIDATION.md does not say: {said}");
    assert!(failures.is_empty(), "{} values disagree:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn no_case_file_is_left_out() {
    let known: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.json")).collect();
    let present: BTreeSet<String> = std::fs::read_dir(case::folder())
        .expect("the case folder exists")
        .map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(known, present, "every case file has a solver and every solver a case file");
}
