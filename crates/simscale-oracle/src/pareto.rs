//! Fronts of best compromises: which points nothing beats, and how much of the space they dominate.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};

/// Indices of the non-dominated points in the order given, all objectives minimised. Equal points are all kept.
///
/// `x` dominates `y` when it is no worse in all objectives and better in one (Zitzler and Thiele 1998).
///
/// # Errors
/// Out of domain when the points differ in length, have none, or hold a number that is not finite.
pub fn pareto_front<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>> {
    let width = points.first().map_or(1, |point| point.as_ref().len());
    valid(points, width)?;
    let beaten = |at: &usize| points.iter().any(|other| dominates(other.as_ref(), points[*at].as_ref()));
    Ok((0..points.len()).filter(|at| !beaten(at)).collect())
}

/// Hypervolume: the measure of what the points dominate, up to `reference`, all objectives minimised, in two or three
/// dimensions (Zitzler and Thiele 1998).
///
/// Points not strictly better than the reference in every objective add nothing. Rankings by hypervolume change with
/// the reference: fix it over all policies compared.
///
/// # Errors
/// Unsupported unless the reference has two or three objectives; out of domain when a point differs in length or holds
/// a number that is not finite.
pub fn hypervolume<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<f64> {
    if !(2..=3).contains(&reference.len()) {
        return Err(OracleError::new(
            ErrorKind::Unsupported,
            format!("the hypervolume is computed for 2 or 3 objectives, not for {}", reference.len()),
        ));
    }
    check::sample("the reference", reference, 2)?;
    valid(points, reference.len())?;
    let mut inside: Vec<&[f64]> = points.iter().map(AsRef::as_ref).collect();
    inside.retain(|point| point.iter().zip(reference).all(|(p, r)| p < r));
    Ok(if reference.len() == 2 { area(&inside, reference) } else { volume(inside, reference) })
}

/// Additive epsilon indicator: by how much the points of `a` must improve to be no worse than every point of `b`,
/// `max_y min_x max_k (x_k - y_k)`; 0 or less when `a` already covers `b`.
///
/// # Errors
/// Out of domain when a set is empty, points differ in length, or a number is not finite.
pub fn additive_epsilon<P: AsRef<[f64]>>(a: &[P], b: &[P]) -> Result<f64> {
    check::at_least("the number of points in the first set", a.len() as u64, 1)?;
    check::at_least("the number of points in the second set", b.len() as u64, 1)?;
    let width = a[0].as_ref().len();
    valid(a, width)?;
    valid(b, width)?;
    let gap = |x: &P, y: &P| fold_max(x.as_ref().iter().zip(y.as_ref()).map(|(x, y)| x - y));
    Ok(fold_max(b.iter().map(|y| a.iter().map(|x| gap(x, y)).fold(f64::INFINITY, f64::min))))
}

fn fold_max(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y) && a.iter().zip(b).any(|(x, y)| x < y)
}

/// Sweep along the first objective.
fn area(points: &[&[f64]], reference: &[f64]) -> f64 {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let (mut sum, mut ceiling) = (0.0, reference[1]);
    for point in sorted {
        if point[1] < ceiling {
            sum += (reference[0] - point[0]) * (ceiling - point[1]);
            ceiling = point[1];
        }
    }
    sum
}

/// Slices along the third objective.
fn volume(mut points: Vec<&[f64]>, reference: &[f64]) -> f64 {
    points.sort_by(|a, b| a[2].total_cmp(&b[2]));
    let mut sum = 0.0;
    for (at, point) in points.iter().enumerate() {
        let top = points.get(at + 1).map_or(reference[2], |next| next[2]);
        if top > point[2] {
            sum += area(&points[..=at], reference) * (top - point[2]);
        }
    }
    sum
}

fn valid<P: AsRef<[f64]>>(points: &[P], width: usize) -> Result<()> {
    for point in points {
        let point = point.as_ref();
        check::sample("a point", point, 1)?;
        if point.len() != width {
            return Err(OracleError::domain(format!(
                "every point must hold {width} objectives, but one holds {}",
                point.len()
            )));
        }
    }
    Ok(())
}
