//! Statistics of replications: means with their intervals, exact limits on a chance, tests that share one error among many.
//!
//! Sources: Law, "Simulation Modeling and Analysis", chapters 9 and 10 (intervals by replication, paired differences on common
//! random numbers); Clopper and Pearson 1934 (the exact limit); Holm 1979 (sharing an error).

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// A sample of replications.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// How many.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation; zero for one value.
    pub sd: f64,
}

impl Sample {
    /// Sums values up, in their order. An empty sample has a mean of zero.
    pub fn of(values: &[f64]) -> Sample {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n.max(1) as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        // Equal values have no spread; what is left of the mean's last digit is none.
        Sample { n, mean, sd: if sd <= 1e-12 * mean.abs() { 0.0 } else { sd } }
    }

    /// Standard error of the mean.
    pub fn error(&self) -> f64 {
        self.sd / (self.n.max(1) as f64).sqrt()
    }

    /// Half width of the two-sided interval of the mean; `None` for fewer than two values, which say nothing of their spread.
    pub fn half_width(&self, confidence: f64) -> Option<f64> {
        (self.n > 1).then(|| student(self.n - 1).inverse_cdf(0.5 + confidence / 2.0) * self.error())
    }

    /// Chance of a mean as small as this if the true mean were `limit`: small where the mean is surely below it.
    pub fn p_below(&self, limit: f64) -> f64 {
        match self.error() {
            _ if self.n < 2 => 1.0,
            0.0 => f64::from(u8::from(self.mean > limit)),
            error => student(self.n - 1).cdf((self.mean - limit) / error),
        }
    }

    /// Chance of a mean as far from zero as this if the true mean were zero, in either direction.
    pub fn p_not_zero(&self) -> f64 {
        match self.error() {
            _ if self.n < 2 => 1.0,
            0.0 => f64::from(u8::from(self.mean == 0.0)),
            error => 2.0 * student(self.n - 1).cdf(-(self.mean / error).abs()),
        }
    }
}

fn student(freedom: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom as f64).expect("at least one degree of freedom")
}

/// The largest chance that `hits` in `n` tries do not contradict, one-sided: exact (Clopper-Pearson).
pub fn chance_at_most(hits: usize, n: usize, confidence: f64) -> f64 {
    if hits >= n {
        return 1.0;
    }
    let beta = Beta::new(hits as f64 + 1.0, (n - hits) as f64).expect("both shapes are at least one");
    beta.inverse_cdf(confidence)
}

/// Holm's procedure: which hypotheses are rejected so that the chance of any false rejection stays below `error`.
pub fn holm(p: &[f64], error: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let mut rejected = vec![false; p.len()];
    for (rank, &at) in order.iter().enumerate() {
        if p[at] > error / (p.len() - rank) as f64 {
            break;
        }
        rejected[at] = true;
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published quantiles of Student's law: t(9, 0.975) = 2.262157, t(19, 0.975) = 2.093024.
    #[test]
    fn intervals_are_those_of_the_tables() {
        let sample = Sample { n: 10, mean: 5.0, sd: 10f64.sqrt() };
        assert!((sample.half_width(0.95).unwrap() - 2.262157).abs() < 1e-6);
        let sample = Sample { n: 20, mean: 5.0, sd: 20f64.sqrt() };
        assert!((sample.half_width(0.95).unwrap() - 2.093024).abs() < 1e-6);
        assert_eq!(Sample::of(&[3.0]).half_width(0.95), None);
        let four = Sample::of(&[1.0, 2.0, 3.0, 4.0]);
        assert!(four.mean == 2.5 && (four.sd - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_mean_below_its_limit_is_told_from_one_that_only_looks_so() {
        let sample = Sample { n: 10, mean: 4.0, sd: 10f64.sqrt() };
        // One standard error is 1: t = -1.833113 is the 5 % quantile with nine degrees of freedom.
        assert!((sample.p_below(4.0 + 1.833113) - 0.05).abs() < 1e-6);
        assert!((sample.p_below(4.0) - 0.5).abs() < 1e-12 && sample.p_below(3.0) > 0.5);
        assert_eq!(Sample::of(&[0.0, 0.0]).p_below(0.01), 0.0);
        assert_eq!(Sample::of(&[0.02, 0.02]).p_below(0.01), 1.0);
        let difference = Sample { n: 10, mean: -2.262157, sd: 10f64.sqrt() };
        assert!((difference.p_not_zero() - 0.05).abs() < 1e-6);
    }

    /// "20 clean days: under 14 %": 1 - 0.05^(1/20) = 0.1391; and tabulated limits of 1 in 10 and 2 in 20 (0.3942, 0.2826).
    #[test]
    fn limits_on_a_chance_are_exact() {
        assert!((chance_at_most(0, 20, 0.95) - (1.0 - 0.05f64.powf(0.05))).abs() < 1e-9);
        assert!((chance_at_most(1, 10, 0.95) - 0.3942).abs() < 1e-4);
        assert!((chance_at_most(2, 20, 0.95) - 0.2826).abs() < 1e-4);
        assert_eq!(chance_at_most(5, 5, 0.95), 1.0);
    }

    /// Holm's own reading: 0.01 < 0.05/4, 0.013 < 0.05/3, 0.03 > 0.05/2: the third stops it.
    #[test]
    fn an_error_is_shared_by_steps() {
        assert_eq!(holm(&[0.03, 0.01, 0.04, 0.013], 0.05), [false, true, false, true]);
        assert_eq!(holm(&[0.2], 0.05), [false]);
        assert!(holm(&[], 0.05).is_empty());
    }
}
