//! Poisson probabilities that keep their digits for means from tiny to hundreds of millions.

use statrs::function::gamma::ln_gamma;

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// `P(X = n)` for mean `m`, by the saddle-point form of Loader (2000), which does not cancel.
pub(crate) fn probability(m: f64, n: u64) -> f64 {
    if m == 0.0 {
        return f64::from(u8::from(n == 0));
    }
    if n == 0 {
        return (-m).exp();
    }
    let x = n as f64;
    (-stirling_error(x) - deviance(x, m)).exp() / (std::f64::consts::TAU * x).sqrt()
}

/// `P(X <= n)` for mean `m`, summed from the side that is smaller.
pub(crate) fn cumulative(m: f64, n: u64) -> f64 {
    if m == 0.0 {
        return 1.0;
    }
    if (n as f64) < m { sum_down(m, n) } else { 1.0 - sum_up(m, n + 1) }
}

/// `P(X >= n)` for mean `m`, summed from the side that is smaller.
pub(crate) fn at_least(m: f64, n: u64) -> f64 {
    if n == 0 {
        return 1.0;
    }
    if m == 0.0 {
        return 0.0;
    }
    if (n as f64) > m { sum_up(m, n) } else { 1.0 - sum_down(m, n - 1) }
}

/// `E[(X - n)^+]` for mean `m`: a sum of positive terms when `n >= m`.
pub(crate) fn mean_excess(m: f64, n: u64) -> f64 {
    let (mut k, mut term) = (n + 1, probability(m, n + 1));
    let mut sum = 0.0;
    loop {
        let part = (k - n) as f64 * term;
        sum += part;
        k += 1;
        term *= m / k as f64;
        if part <= sum * 1e-18 && k as f64 > m {
            return sum;
        }
    }
}

fn sum_up(m: f64, n: u64) -> f64 {
    let (mut k, mut term) = (n, probability(m, n));
    let mut sum = term;
    while term > sum * 1e-18 {
        k += 1;
        term *= m / k as f64;
        sum += term;
    }
    sum
}

fn sum_down(m: f64, n: u64) -> f64 {
    let (mut k, mut term) = (n, probability(m, n));
    let mut sum = term;
    while k > 0 && term > sum * 1e-18 {
        term *= k as f64 / m;
        k -= 1;
        sum += term;
    }
    sum
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)`.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - HALF_LOG_TWO_PI;
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0) / square) / square) / square) / x
}

/// `x ln(x / m) + m - x`, by a series when `x` is close to `m`.
fn deviance(x: f64, m: f64) -> f64 {
    let gap = x - m;
    if gap.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - gap;
    }
    let v = gap / (x + m);
    let mut sum = gap * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_agree_with_products() {
        for m in [0.01f64, 0.7, 5.0, 30.0] {
            let mut direct = (-m).exp();
            for n in 0..60u64 {
                assert!((probability(m, n) - direct).abs() <= 1e-13 * direct, "{m} {n}");
                direct *= m / (n + 1) as f64;
            }
        }
    }

    #[test]
    fn sums_are_complete() {
        for m in [0.0, 0.3, 12.0, 1e4, 1e8] {
            for n in [0, 1, 12, 10_100, 100_001_000] {
                assert!((cumulative(m, n) + at_least(m, n + 1) - 1.0).abs() < 1e-12, "{m} {n}");
            }
        }
        let excess: f64 = (4..80).map(|k| (k - 3) as f64 * probability(2.5, k)).sum();
        assert!((mean_excess(2.5, 3) - excess).abs() < 1e-14);
    }
}
