//! Intervals, selection, fronts and scores: relations that must hold.

use simscale_oracle::ErrorKind;
use simscale_oracle::elasticity::elasticity;
use simscale_oracle::pareto::{additive_epsilon, hypervolume, pareto_front};
use simscale_oracle::scores;
use simscale_oracle::select::{Goal, KimNelson, ocba};
use simscale_oracle::stats;
use simscale_oracle::steady;
use simscale_oracle::steps::Steps;

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs().max(1e-300), "{a} and {b} differ by more than {relative}");
}

/// A fixed sequence of numbers in 0..1 that looks random (a linear congruential generator).
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn t_quantiles_invert_the_tail() {
    for df in [0.5, 1.0, 2.0, 7.3, 100.0, 1e6, 1e12] {
        for p in [0.001, 0.3, 0.5, 0.501, 0.9, 0.99999] {
            let q = stats::t_quantile(df, p).unwrap();
            close(1.0 - stats::t_tail(df, q).unwrap(), p, 1e-9);
        }
    }
    // Two degrees of freedom have a closed form.
    let p: f64 = 0.975;
    close(stats::t_quantile(2.0, p).unwrap(), (2.0 * p - 1.0) * (2.0 / (4.0 * p * (1.0 - p))).sqrt(), 1e-11);
    close(stats::t_quantile(1e8, p).unwrap(), stats::normal_quantile(p).unwrap(), 1e-7);
    close(stats::normal_tail(stats::normal_quantile(0.9).unwrap()), 0.1, 1e-12);
}

#[test]
fn paired_test_and_interval_agree() {
    let a = numbers(12, 1);
    let b: Vec<f64> = numbers(12, 2).iter().map(|v| v + 0.3).collect();
    let p = stats::paired_p_value(&a, &b).unwrap();
    let touching = stats::paired_interval(&a, &b, 1.0 - p).unwrap();
    close(touching.half_width, touching.mean.abs(), 1e-9);
    assert!(touching.contains(touching.mean) && touching.low() < touching.high());
    assert_eq!(stats::paired_p_value(&a, &a).unwrap(), 1.0);
    assert_eq!(stats::paired_interval(&a, &b[1..], 0.9).unwrap_err().kind(), ErrorKind::OutOfDomain);
}

#[test]
fn enough_runs_are_enough() {
    let pilot: Vec<f64> = numbers(10, 3).iter().map(|v| v + 5.0).collect();
    assert_eq!(stats::replications_for_relative_error(&pilot, 0.5, 0.95).unwrap(), 10);
    assert!(stats::replications_for_relative_error(&pilot, 1e-3, 0.95).unwrap() > 1000);
    assert_eq!(stats::replications_for_relative_error(&[2.0, 2.0], 1e-3, 0.95).unwrap(), 2);
}

#[test]
fn quantile_ranks_surround_the_quantile() {
    assert_eq!(stats::quantile_ranks(1000, 0.5, 0.95).unwrap(), (469, 531));
    assert_eq!(stats::quantile_ranks(50, 0.99, 0.95).unwrap_err().kind(), ErrorKind::Unreachable);
}

#[test]
fn holm_is_between_raw_and_bonferroni() {
    let adjusted = stats::holm_adjusted(&[0.01, 0.04, 0.03]).unwrap();
    close(adjusted[0], 0.03, 1e-12);
    close(adjusted[1], 0.06, 1e-12);
    close(adjusted[2], 0.06, 1e-12);
    assert!(stats::holm_adjusted(&[]).unwrap().is_empty());
}

#[test]
fn batches_of_independent_data_look_independent() {
    let all: Vec<_> =
        (0..300).map(|seed| steady::batch_means(&numbers(400, seed * 7919), 20, 0.95).unwrap()).collect();
    let covered = all.iter().filter(|means| means.interval.contains(0.5)).count();
    let independent = all.iter().filter(|means| means.independent).count();
    // 285 expected, with a standard deviation of about 4.
    assert!(covered > 270 && independent > 270, "{covered} intervals cover, {independent} look independent");
    let series = numbers(4000, 4);
    let rising: Vec<f64> = (0..100).map(f64::from).collect();
    assert!(!steady::batch_means(&rising, 20, 0.95).unwrap().independent);
    assert!(steady::mser5(&rising).unwrap().run_too_short);
    assert_eq!(steady::autocorrelation(&[1.0, 1.0, 1.0], 1).unwrap(), 0.0);
    close(steady::autocorrelation(&series, 0).unwrap(), 1.0, 1e-12);
}

#[test]
fn kim_nelson_finds_the_best() {
    for (goal, best) in [(Goal::Minimise, 2), (Goal::Maximise, 0)] {
        let noise: Vec<Vec<f64>> = (0..4).map(|i| numbers(400, 10 + i)).collect();
        let shift = [3.0, 2.4, 1.0, 1.5];
        let value = |system: usize, run: usize| shift[system] + noise[system][run];
        let first: Vec<Vec<f64>> = (0..4).map(|s| (0..10).map(|r| value(s, r)).collect()).collect();
        let mut procedure = KimNelson::new(&first, 0.3, 0.05, goal).unwrap();
        for run in 10..400 {
            if procedure.selected().is_some() {
                break;
            }
            procedure.observe(&[value(0, run), value(1, run), value(2, run), value(3, run)]).unwrap();
        }
        assert_eq!(procedure.selected(), Some(best));
    }
    assert!(KimNelson::new(&[vec![1.0, 2.0], vec![1.0]], 0.1, 0.05, Goal::Minimise).is_err());
    assert!(KimNelson::new(&[], 0.1, 0.05, Goal::Minimise).is_err());
    assert!(ocba(&[1.0, 1.0], &[1.0, 1.0], Goal::Minimise).is_err(), "ties have no allocation");
    assert_eq!(ocba(&[1.0, 2.0], &[1.0, 1.0], Goal::Maximise).unwrap().best, 1);
}

/// Hypervolume by inclusion and exclusion over all subsets.
fn by_inclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    (1u32..1 << points.len())
        .map(|subset| {
            let chosen: Vec<_> = (0..points.len()).filter(|i| subset >> i & 1 == 1).collect();
            let corner = |k: usize| chosen.iter().map(|i| points[*i][k]).fold(f64::MIN, f64::max);
            let box_size: f64 = (0..reference.len()).map(|k| (reference[k] - corner(k)).max(0.0)).product();
            if chosen.len() % 2 == 1 { box_size } else { -box_size }
        })
        .sum()
}

#[test]
fn hypervolume_agrees_with_inclusion_and_exclusion() {
    for (width, seed) in [(2, 5), (3, 6), (3, 7)] {
        let points: Vec<Vec<f64>> = numbers(width * 9, seed).chunks(width).map(<[f64]>::to_vec).collect();
        let reference = vec![0.9; width];
        close(hypervolume(&points, &reference).unwrap(), by_inclusion(&points, &reference), 1e-9);
        let front: Vec<Vec<f64>> =
            pareto_front(&points).unwrap().iter().map(|i| points[*i].clone()).collect();
        close(hypervolume(&front, &reference).unwrap(), hypervolume(&points, &reference).unwrap(), 1e-12);
        assert!(additive_epsilon(&front, &points).unwrap() <= 0.0);
    }
    let none: [[f64; 2]; 0] = [];
    assert!(pareto_front(&none).unwrap().is_empty());
    assert_eq!(hypervolume(&none, &[1.0, 1.0]).unwrap(), 0.0);
    assert_eq!(pareto_front(&[[1.0, 2.0], [1.0, 2.0], [2.0, 2.0]]).unwrap(), [0, 1], "equal points stay");
    assert_eq!(hypervolume(&none, &[1.0; 4]).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn scores_of_the_baseline_are_neutral() {
    let base = [3.0, 4.0, 5.0];
    close(scores::elastic_speedup(&base, &base).unwrap(), 1.0, 1e-12);
    let all = scores::pairwise_competition(&[base, [1.0, 1.0, 1.0], [3.0, 9.0, 0.0]]).unwrap();
    close(all.iter().sum::<f64>(), 150.0, 1e-12);
    assert_eq!(scores::elastic_speedup(&[0.0], &[1.0]).unwrap_err().kind(), ErrorKind::OutOfDomain);
    close(scores::autoscaling_deviation(&[3.0, 4.0]).unwrap(), 5.0, 1e-12);
}

#[test]
fn peas_bound_is_the_published_one() {
    close(scores::peas_epsilon(796, 0.99).unwrap(), 0.0058, 0.01);
    close(scores::peas_confidence(796, scores::peas_epsilon(796, 0.99).unwrap()).unwrap(), 0.99, 1e-12);
}

#[test]
fn perfect_supply_has_perfect_elasticity() {
    let demand = Steps::new(&[(0.0, 2.0), (10.0, 0.0), (20.0, 7.0)]).unwrap();
    let same = elasticity(&demand, &demand, 60.0, 10.0, 5.0).unwrap();
    assert_eq!(same.score_metrics(), [0.0; 5]);
    assert_eq!((same.jitter_per_time, same.demand_adaptations), (0.0, 2));
    let none = Steps::constant(0.0).unwrap();
    let missing = elasticity(&demand, &none, 60.0, 10.0, 5.0).unwrap();
    close(missing.under_accuracy_percent, 100.0 * 50.0 / 60.0, 1e-12);
    assert!(elasticity(&demand, &none, 60.0, 10.0, 60.0).is_err(), "one sample shows no movement");
}
