//! Bracketed root finding: the answer always lies between two points where the sign differs.

use crate::error::{ErrorKind, OracleError, Result};

/// Root of `f` between `lo` and `hi`, where `f` must have opposite signs (or a zero) at the two ends.
///
/// Brent's method (Brent 1973, ch. 4): never leaves the bracket, usually superlinear.
pub(crate) fn brent(lo: f64, hi: f64, f: impl Fn(f64) -> f64) -> Result<f64> {
    let (mut a, mut b) = (lo, hi);
    let (mut fa, mut fb) = (f(a), f(b));
    if !(fa <= 0.0 && fb >= 0.0 || fa >= 0.0 && fb <= 0.0) {
        return Err(OracleError::new(
            ErrorKind::NotConverged,
            format!("no sign change between {lo} and {hi}: the values are {fa} and {fb}"),
        ));
    }
    let (mut c, mut fc) = (a, fa);
    let (mut step, mut previous) = (b - a, b - a);
    for _ in 0..400 {
        if fb * fc > 0.0 {
            (c, fc) = (a, fa);
            step = b - a;
            previous = step;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + f64::MIN_POSITIVE;
        let half = 0.5 * (c - b);
        if half.abs() <= tolerance || fb == 0.0 {
            return Ok(b);
        }
        match interpolate([a, b, c], [fa, fb, fc], half, previous, tolerance) {
            Some(s) => (previous, step) = (step, s),
            None => (previous, step) = (half, half),
        }
        (a, fa) = (b, fb);
        b += if step.abs() > tolerance { step } else { tolerance.copysign(half) };
        fb = f(b);
    }
    Ok(b)
}

/// The inverse quadratic or secant step of Brent's method, or nothing when bisection is safer.
fn interpolate(
    [a, b, c]: [f64; 3],
    [fa, fb, fc]: [f64; 3],
    half: f64,
    previous: f64,
    tolerance: f64,
) -> Option<f64> {
    if previous.abs() < tolerance || fa.abs() <= fb.abs() {
        return None;
    }
    let s = fb / fa;
    let (mut p, mut q) = if a == c {
        (2.0 * half * s, 1.0 - s)
    } else {
        let (q, r) = (fa / fc, fb / fc);
        (s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
    };
    if p > 0.0 {
        q = -q;
    }
    p = p.abs();
    let bound = (3.0 * half * q - (tolerance * q).abs()).min((previous * q).abs());
    (2.0 * p < bound).then(|| p / q)
}

/// The time at which a falling tail reaches `target`, given a first guess of the time scale.
///
/// Returns 0 when the tail starts at or below the target. Solved on the logarithm, so that far tails are exact too.
pub(crate) fn tail_quantile(target: f64, scale: f64, tail: impl Fn(f64) -> f64) -> Result<f64> {
    if tail(0.0) <= target {
        return Ok(0.0);
    }
    let mut hi = scale;
    let mut lo = 0.0;
    for _ in 0..2000 {
        if tail(hi) <= target {
            return brent(lo, hi, |t| tail(t).max(f64::MIN_POSITIVE).ln() - target.ln());
        }
        lo = hi;
        hi *= 2.0;
    }
    Err(OracleError::new(ErrorKind::NotConverged, format!("the tail does not fall to {target} by time {hi}")))
}
