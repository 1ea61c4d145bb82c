//! The difference of a figure between two results: pair by pair where both met the same luck, else between two samples.
//!
//! Sources: Law, "Simulation Modeling and Analysis", chapter 10 (paired differences; Welch's interval for independent samples).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// New minus old.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Mean of the old.
    pub old: f64,
    /// Mean of the new.
    pub new: f64,
    /// Mean of the difference; over the pairs where there are any.
    pub mean: f64,
    /// How sure it is.
    pub basis: Basis,
    error: f64,
    freedom: f64,
}

/// What a difference rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// As many pairs of runs with one seed.
    Paired(usize),
    /// Two samples of these sizes with different seeds.
    Unpaired(usize, usize),
    /// One run on a side: nothing is known about chance.
    Single,
}

impl Difference {
    /// Of two samples with their seeds; `None` where a side has no value.
    pub fn of(old: &[(u64, f64)], new: &[(u64, f64)]) -> Option<Difference> {
        let mean = |values: &[(u64, f64)]| values.iter().map(|v| v.1).sum::<f64>() / values.len() as f64;
        if old.is_empty() || new.is_empty() {
            return None;
        }
        let pairs: Vec<f64> = new
            .iter()
            .filter_map(|(seed, new)| Some(new - old.iter().find(|(other, _)| other == seed)?.1))
            .collect();
        let (before, after) = (mean(old), mean(new));
        let base = Difference {
            old: before,
            new: after,
            mean: after - before,
            basis: Basis::Single,
            error: f64::NAN,
            freedom: 1.0,
        };
        if pairs.len() > 1 {
            let n = pairs.len() as f64;
            let mean = pairs.iter().sum::<f64>() / n;
            let error = (variance(&pairs, mean) / n).sqrt();
            let basis = Basis::Paired(pairs.len());
            return Some(Difference { mean, error, freedom: n - 1.0, basis, ..base });
        }
        if old.len() < 2 || new.len() < 2 {
            return Some(base);
        }
        let part = |values: &[(u64, f64)], mean: f64| {
            let values: Vec<f64> = values.iter().map(|v| v.1).collect();
            (variance(&values, mean) / values.len() as f64, (values.len() - 1) as f64)
        };
        let ((a, fa), (b, fb)) = (part(old, before), part(new, after));
        // Without any spread one degree of freedom is as good as many.
        let freedom = if a + b > 0.0 { (a + b).powi(2) / (a * a / fa + b * b / fb) } else { 1.0 };
        let basis = Basis::Unpaired(old.len(), new.len());
        Some(Difference { error: (a + b).sqrt(), freedom, basis, ..base })
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("at least one degree of freedom")
    }

    /// Half width of the two-sided interval; `None` where nothing is known about chance.
    pub fn half_width(&self, confidence: f64) -> Option<f64> {
        let known = self.basis != Basis::Single;
        known.then(|| {
            if self.error > 0.0 {
                self.student().inverse_cdf(0.5 + confidence / 2.0) * self.error
            } else {
                0.0
            }
        })
    }

    /// Chance of a difference as small as this if the true one were `limit`: small where it is surely below. One run on a side
    /// proves nothing about chance, and is taken as it is.
    pub fn p_below(&self, limit: f64) -> f64 {
        if self.error > 0.0 {
            return self.student().cdf((self.mean - limit) / self.error);
        }
        f64::from(u8::from(self.mean > limit))
    }

    /// Chance of a difference as large as this if the true one were `limit`.
    pub fn p_above(&self, limit: f64) -> f64 {
        Difference { mean: -self.mean, ..*self }.p_below(-limit)
    }

    /// Chance of a difference as far from zero if there were none, in either direction; 1 where nothing is known about chance.
    pub fn p_not_zero(&self) -> f64 {
        match self.basis {
            Basis::Single => 1.0,
            _ if self.error > 0.0 => 2.0 * self.p_below(0.0).min(self.p_above(0.0)),
            _ => f64::from(u8::from(self.mean == 0.0)),
        }
    }
}

fn variance(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let variance = squares / (values.len() - 1) as f64;
    // What is left of the mean's last digit is no spread.
    if variance.sqrt() <= 1e-12 * mean.abs() { 0.0 } else { variance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(from: u64, values: &[f64]) -> Vec<(u64, f64)> {
        (from..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn equal_luck_is_paired_and_most_of_the_spread_goes() {
        let old = seeded(1, &[10.0, 20.0, 30.0, 40.0]);
        let new = seeded(1, &[11.0, 21.5, 30.5, 41.0]);
        let paired = Difference::of(&old, &new).unwrap();
        assert_eq!((paired.basis, paired.mean), (Basis::Paired(4), 1.0));
        // The differences 1, 1.5, 0.5, 1 have a standard error of sqrt(1/6)/2 = 0.204; t(3, 0.975) = 3.182446.
        assert!((paired.half_width(0.95).unwrap() - 3.182446 * (1.0f64 / 6.0).sqrt() / 2.0).abs() < 1e-6);
        let apart = Difference::of(&old, &seeded(100, &[11.0, 21.5, 30.5, 41.0])).unwrap();
        assert_eq!(apart.basis, Basis::Unpaired(4, 4));
        assert!(apart.half_width(0.95).unwrap() > 20.0 && apart.p_not_zero() > 0.9);
        assert!(paired.p_not_zero() < 0.02);
    }

    /// Welch's own kind of case, worked by hand: variances 4 and 1, sizes 4 and 9: error sqrt(1 + 1/9), freedom
    /// (10/9)^2 / (1/3 + (1/9)^2/8) = 3.68.
    #[test]
    fn unpaired_samples_have_welchs_degrees_of_freedom() {
        let spread = |n: usize, sd: f64| -> Vec<f64> {
            // Two values apart from their mean so that the sample's standard deviation is `sd`.
            let far = sd * ((n - 1) as f64 / 2.0).sqrt();
            (0..n)
                .map(|i| {
                    if i == 0 {
                        far
                    } else if i == 1 {
                        -far
                    } else {
                        0.0
                    }
                })
                .collect()
        };
        let d = Difference::of(&seeded(0, &spread(4, 2.0)), &seeded(50, &spread(9, 1.0))).unwrap();
        assert!((d.error - (10.0f64 / 9.0).sqrt()).abs() < 1e-12);
        assert!((d.freedom - (100.0 / 81.0) / (1.0 / 3.0 + 1.0 / 648.0)).abs() < 1e-9, "{}", d.freedom);
    }

    #[test]
    fn no_spread_and_single_runs_are_told_as_they_are() {
        let same = Difference::of(&seeded(1, &[5.0, 6.0]), &seeded(1, &[5.0, 6.0])).unwrap();
        assert_eq!((same.half_width(0.95), same.p_not_zero(), same.p_below(0.0)), (Some(0.0), 1.0, 0.0));
        let shifted = Difference::of(&seeded(1, &[5.0, 6.0]), &seeded(1, &[5.5, 6.5])).unwrap();
        assert_eq!((shifted.p_not_zero(), shifted.p_below(0.4), shifted.p_below(0.5)), (0.0, 1.0, 0.0));
        let single = Difference::of(&seeded(1, &[5.0]), &seeded(1, &[6.0])).unwrap();
        assert_eq!((single.basis, single.half_width(0.95), single.p_not_zero()), (Basis::Single, None, 1.0));
        assert_eq!((single.p_below(1.0), single.p_below(0.9)), (0.0, 1.0));
        assert_eq!(Difference::of(&[], &seeded(1, &[5.0])), None);
    }
}
