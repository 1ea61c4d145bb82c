//! The verdicts: on each case, at a limit that accounts for all of them, and on all together.

use super::Line;
use super::estimate::DECIDED;
use simscale_oracle::stats::normal_quantile;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Chance of a false alarm over all differences together.
const ALARM: f64 = 0.05;

/// Chance that chi-square lies outside its limits by luck.
const OUTSIDE: f64 = 0.001;

/// A relative standard error at which the relative difference is judged too.
const CLOSE: f64 = 0.001;

/// The largest relative difference where the error is that small.
const APART: f64 = 0.003;

/// What is said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Theory and simulation agree.
    Passes,
    /// The difference is beyond the limit.
    Fails,
    /// The difference is 0.3 % or more where the standard error is at most 0.1 %.
    FailsByRatio,
    /// The standard error stayed above 1 %.
    NotDecided,
    /// The formula is an approximation.
    NotJudged,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Passes => "passes",
            Verdict::Fails => "FAILS",
            Verdict::FailsByRatio => "FAILS: 0.3 % or more",
            Verdict::NotDecided => "not decided",
            Verdict::NotJudged => "not judged",
        }
    }

    /// Whether theory and simulation disagree.
    pub fn fails(self) -> bool {
        matches!(self, Verdict::Fails | Verdict::FailsByRatio)
    }
}

/// The verdicts on all cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// One for each case.
    pub verdicts: Vec<Verdict>,
    /// The largest difference that passes, as a standard normal number.
    pub limit: f64,
    /// Sum of the squared scores of the cases that were decided.
    pub chi_square: f64,
    /// Their number.
    pub decided: usize,
    /// The limits of the sum; 0 and infinity where nothing was decided.
    pub bounds: (f64, f64),
}

impl Judgement {
    /// Judges the lines of a table.
    pub fn of(lines: &[Line]) -> Judgement {
        let judged = lines.iter().filter(|line| line.case.judged).count();
        let limit = limit(judged);
        let verdicts: Vec<Verdict> = lines.iter().map(|line| verdict(line, limit)).collect();
        let decided = |(line, verdict): (&Line, &Verdict)| match verdict {
            Verdict::NotDecided | Verdict::NotJudged => None,
            _ => Some(line.found.score().powi(2)),
        };
        let squares: Vec<f64> = lines.iter().zip(&verdicts).filter_map(decided).collect();
        let bounds = ChiSquared::new(squares.len() as f64).map_or((0.0, f64::INFINITY), |law| {
            (law.inverse_cdf(0.5 * OUTSIDE), law.inverse_cdf(1.0 - 0.5 * OUTSIDE))
        });
        Judgement { verdicts, limit, chi_square: squares.iter().sum(), decided: squares.len(), bounds }
    }

    /// Whether the differences are, together, as large as luck makes them.
    pub fn spread_passes(&self) -> bool {
        (self.bounds.0..=self.bounds.1).contains(&self.chi_square)
    }

    /// Cases with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|&&found| found == verdict).count()
    }

    /// Cases that fail.
    pub fn failures(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.fails()).count()
    }

    /// Whether everything passes that was decided.
    pub fn passes(&self) -> bool {
        self.failures() == 0 && self.spread_passes()
    }
}

/// The difference that one of so many cases exceeds by luck in a twentieth of all tables (Bonferroni): 3.9 for 500.
fn limit(cases: usize) -> f64 {
    let share = ALARM / 2.0 / cases.max(1) as f64;
    -normal_quantile(share).expect("a share lies between 0 and 1")
}

fn verdict(line: &Line, limit: f64) -> Verdict {
    let (exact, error) = (line.found.exact, line.found.relative_error());
    if !line.case.judged {
        return Verdict::NotJudged;
    }
    if !error.is_finite() || error > DECIDED {
        return Verdict::NotDecided;
    }
    if line.found.score().abs() > limit {
        return Verdict::Fails;
    }
    let apart = (line.found.mean / exact - 1.0).abs();
    if error <= CLOSE && apart >= APART {
        return Verdict::FailsByRatio;
    }
    Verdict::Passes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_account_for_all_cases_together() {
        assert!((limit(1) - 1.96).abs() < 0.001, "{}", limit(1));
        assert!((limit(500) - 3.89).abs() < 0.005, "{}", limit(500));
    }
}
