//! How well a law fits a sample: quantiles, Kolmogorov-Smirnov, Anderson-Darling, and a verdict in plain words.

use simscale::scenario::Law;
use simscale_oracle::stats::normal_tail;

/// Times that were measured, in seconds, in ascending order.
pub struct Sample(Vec<f64>);

impl Sample {
    /// Of these times, at least one.
    pub fn new(mut times: Vec<f64>) -> Sample {
        assert!(!times.is_empty(), "a sample has at least one time");
        times.sort_by(f64::total_cmp);
        Sample(times)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn times(&self) -> &[f64] {
        &self.0
    }

    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Standard deviation, with n - 1.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.0.iter().map(|time| (time - mean).powi(2)).sum();
        (squares / (self.0.len() as f64 - 1.0)).sqrt()
    }

    /// The smallest time that at least `q` of all do not exceed.
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.0.len() as f64 - 1e-9).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }
}

/// A law moved by a constant time: what a boot of constant and random phases is.
pub struct Shifted {
    pub constant: f64,
    pub law: Law,
}

impl Shifted {
    /// Share of the times that are at most `time`.
    ///
    /// # Panics
    /// For laws other than lognormal and quantiles.
    pub fn share(&self, time: f64) -> f64 {
        let x = time - self.constant;
        match &self.law {
            Law::Lognormal { mean, cv } => {
                let variance = (cv * cv).ln_1p();
                let median = seconds(*mean) / (variance / 2.0).exp();
                if x <= 0.0 { 0.0 } else { 1.0 - normal_tail((x / median).ln() / variance.sqrt()) }
            }
            Law::Quantiles(points) => {
                let above = points.partition_point(|point| seconds(point.time) <= x);
                match (above.checked_sub(1).map(|i| points[i]), points.get(above)) {
                    (None, _) => 0.0,
                    (_, None) => 1.0,
                    (Some(low), Some(high)) => {
                        let along = (x - seconds(low.time)) / (seconds(high.time) - seconds(low.time));
                        low.quantile + along * (high.quantile - low.quantile)
                    }
                }
            }
            other => panic!("no closed form for {other:?}"),
        }
    }

    /// The time that a share `q` of all does not exceed, by bisection.
    pub fn quantile(&self, q: f64) -> f64 {
        let (mut low, mut high) = (self.constant, self.constant + 1e5);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if self.share(middle) < q { low = middle } else { high = middle }
        }
        high
    }

    pub fn mean(&self) -> f64 {
        self.constant + self.law.mean_seconds()
    }
}

fn seconds(time: simscale::text::Duration) -> f64 {
    time.nanos() as f64 / 1e9
}

/// Whether a sample comes from a law.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Largest difference between the two cumulative shares.
    pub distance: f64,
    /// Chance of at least this distance if the law were true.
    pub p: f64,
    /// Anderson and Darling's A squared, which looks at the tails more closely; infinite when a time is impossible under the law.
    pub anderson: f64,
    /// Chance of at least that.
    pub anderson_p: f64,
}

/// Compares a sample with a law that was not fitted to it.
pub fn fit(sample: &Sample, law: &Shifted) -> Fit {
    let shares: Vec<f64> = sample.times().iter().map(|&time| law.share(time)).collect();
    let n = shares.len() as f64;
    let gap = |(i, share): (usize, &f64)| (share - i as f64 / n).max((i as f64 + 1.0) / n - share);
    let distance = shares.iter().enumerate().map(gap).fold(0.0, f64::max);
    let pairs = shares.iter().zip(shares.iter().rev()).enumerate();
    let sum: f64 =
        pairs.map(|(i, (low, high))| (2.0 * i as f64 + 1.0) * (low.ln() + (1.0 - high).ln())).sum();
    let anderson = -n - sum / n;
    Fit {
        distance,
        p: kolmogorov_tail(distance, n),
        anderson,
        anderson_p: if anderson.is_finite() { 1.0 - anderson_share(anderson, n) } else { 0.0 },
    }
}

/// P(D_n >= d) by Kolmogorov's series with Stephens' factor for small n (Stephens 1970): within 0.001 in the tail for n >= 5.
fn kolmogorov_tail(d: f64, n: f64) -> f64 {
    let x = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * d;
    if x < 0.3 {
        return 1.0;
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * x * x).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// P(A^2 < z) for n samples of a law that is fully given (Marsaglia and Marsaglia 2004): four to five digits.
fn anderson_share(z: f64, n: f64) -> f64 {
    let limit = if z < 2.0 {
        let series = [2.00012, 0.247105, -0.0649821, 0.0347962, -0.0116720, 0.00168691];
        (-1.2337141 / z).exp() / z.sqrt() * polynomial(&series, z)
    } else {
        let series = [1.0776, -2.30695, 0.43424, -0.082433, 0.008056, -0.0003146];
        (-polynomial(&series, z).exp()).exp()
    };
    let c = 0.01265 + 0.1757 / n;
    let error = if limit > 0.8 {
        let series = [-130.2137, 745.2337, -1705.091, 1950.646, -1116.360, 255.7844];
        polynomial(&series, limit) / n
    } else if limit < c {
        let x = limit / c;
        x.sqrt() * (1.0 - x) * (49.0 * x - 102.0) * (0.0037 / n.powi(3) + 0.00078 / (n * n) + 0.00006 / n)
    } else {
        let x = (limit - c) / (0.8 - c);
        let series = [-0.00022633, 6.54034, -14.6538, 14.458, -8.259, 1.91864];
        polynomial(&series, x) * (0.04213 / n + 0.01365 / (n * n))
    };
    (limit + error).clamp(0.0, 1.0)
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// What the comparison means, by centre and by spread above it (from the median to the quantile 0.9).
pub fn verdict(sample: &Sample, law: &Shifted, fit: &Fit) -> String {
    if fit.p >= 0.05 && fit.anderson_p >= 0.05 {
        return "fits: not told apart".to_owned();
    }
    let centre = law.quantile(0.5) / sample.quantile(0.5);
    let centre = match centre {
        c if c < 0.9 => format!("too fast (median {c:.2} of the measured)"),
        c if c > 1.1 => format!("too slow (median {c:.2} of the measured)"),
        c => format!("right centre (median {c:.2} of the measured)"),
    };
    let spread = |q: &dyn Fn(f64) -> f64| q(0.9) - q(0.5);
    let tail = spread(&|q| law.quantile(q)) / spread(&|q| sample.quantile(q));
    let tail = match tail {
        t if t < 0.8 => format!("too narrow above (p90 - p50 {t:.2} of the measured)"),
        t if t > 1.25 => format!("too wide above (p90 - p50 {t:.2} of the measured)"),
        t => format!("right spread above (p90 - p50 {t:.2} of the measured)"),
    };
    format!("{centre}, {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Critical values of Massey 1951 and of Birnbaum 1952 for D_n; the asymptotic ones of Smirnov.
    #[test]
    fn kolmogorov_meets_its_tables() {
        for (n, d, p) in [
            (5.0, 0.565, 0.05),
            (10.0, 0.410, 0.05),
            (14.0, 0.349, 0.05),
            (14.0, 0.418, 0.01),
            (20.0, 0.294, 0.05),
            (1e8, 1.3581e-4, 0.05),
            (1e8, 1.6276e-4, 0.01),
        ] {
            let got = kolmogorov_tail(d, n);
            assert!((got - p).abs() < 0.002, "n {n}, D {d}: {got}, not {p}");
        }
    }

    /// Critical values of A squared in case 0 (Stephens 1974: 1.933, 2.492, 3.070, 3.857 for every n >= 5).
    #[test]
    fn anderson_meets_its_table() {
        for (z, share) in [(1.933, 0.90), (2.492, 0.95), (3.070, 0.975), (3.857, 0.99)] {
            for n in [5.0, 14.0, 1e6] {
                let got = anderson_share(z, n);
                assert!((got - share).abs() < 0.003, "A2 {z}, n {n}: {got}, not {share}");
            }
        }
    }

    /// A sample at the very quantiles of a law has the least distance there is, 1/2n; the same moved by a third has another verdict.
    #[test]
    fn a_law_fits_itself() {
        let law = Shifted {
            constant: 17.0,
            law: Law::Lognormal { mean: simscale::text::Duration::from_millis(9000), cv: 0.8 },
        };
        let times: Vec<f64> = (0..40).map(|i| law.quantile((f64::from(i) + 0.5) / 40.0)).collect();
        let sample = Sample::new(times.clone());
        let same = fit(&sample, &law);
        assert!((same.distance - 1.0 / 80.0).abs() < 1e-9 && same.p > 0.999, "{same:?}");
        assert_eq!(verdict(&sample, &law, &same), "fits: not told apart");
        let slower = Sample::new(times.iter().map(|time| time * 1.33).collect());
        let other = fit(&slower, &law);
        assert!(other.p < 1e-6 && verdict(&slower, &law, &other).starts_with("too fast"), "{other:?}");
    }
}
