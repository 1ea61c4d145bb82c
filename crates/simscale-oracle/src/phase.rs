//! Phase-type laws: the time a small Markov chain needs to stop (Neuts 1981).
//!
//! Matrix exponentials are built from non-negative terms only, so far tails keep their digits.

use crate::error::Result;
use crate::matrix::{Matrix, dot};
use crate::roots::tail_quantile;

/// Start probabilities (their sum may be below 1: the rest is an atom at 0) and the generator of the phases.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhaseType {
    start: Vec<f64>,
    generator: Matrix,
}

impl PhaseType {
    pub(crate) fn new(start: Vec<f64>, generator: Matrix) -> Self {
        PhaseType { start, generator }
    }

    pub(crate) fn start(&self) -> &[f64] {
        &self.start
    }

    pub(crate) fn generator(&self) -> &Matrix {
        &self.generator
    }

    /// Rate of stopping from each phase.
    pub(crate) fn exit(&self) -> Vec<f64> {
        (0..self.start.len()).map(|i| -self.generator.row(i).iter().sum::<f64>()).collect()
    }

    /// Mean times in each phase, `-start A^{-1}`.
    pub(crate) fn occupation(&self) -> Result<Vec<f64>> {
        let inverse = self.generator.inverse()?;
        Ok(inverse.left(&self.start).iter().map(|v| -v).collect())
    }

    pub(crate) fn mean(&self) -> Result<f64> {
        Ok(self.occupation()?.iter().sum())
    }

    /// The law of this time plus an independent time without an atom at 0.
    pub(crate) fn followed_by(&self, next: &PhaseType) -> PhaseType {
        let (n, m) = (self.start.len(), next.start.len());
        let atom = 1.0 - self.start.iter().sum::<f64>();
        let mut start = self.start.clone();
        start.extend(next.start.iter().map(|v| v * atom));
        let mut generator = Matrix::zero(n + m);
        let exit = self.exit();
        for (i, exit) in exit.iter().enumerate() {
            (0..n).for_each(|j| generator.set(i, j, self.generator.get(i, j)));
            (0..m).for_each(|j| generator.set(i, n + j, exit * next.start[j]));
        }
        for i in 0..m {
            (0..m).for_each(|j| generator.set(n + i, n + j, next.generator.get(i, j)));
        }
        PhaseType { start, generator }
    }

    /// `P(X > t)`; the atom at 0 is not counted for `t >= 0`.
    pub(crate) fn tail(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        if t == f64::INFINITY {
            return 0.0;
        }
        let rate = (0..self.start.len()).map(|i| -self.generator.get(i, i)).fold(0.0, f64::max);
        let halvings = (rate * t).log2().ceil().max(0.0) as i32;
        let mut step = exponential(&self.generator, rate, t / 2f64.powi(halvings));
        for _ in 0..halvings {
            step = step.times(&step);
        }
        dot(&step.left(&self.start), &vec![1.0; self.start.len()])
    }

    pub(crate) fn quantile(&self, p: f64) -> Result<f64> {
        let scale = self.mean()?.max(f64::MIN_POSITIVE);
        tail_quantile(1.0 - p, scale, |t| self.tail(t))
    }
}

/// `exp(A t)` for `rate * t <= 1`, where `rate` bounds the diagonal of `A`: a Poisson mix of powers.
fn exponential(generator: &Matrix, rate: f64, t: f64) -> Matrix {
    let n = generator.size();
    let jump = generator.scaled(1.0 / rate).plus(&Matrix::identity(n));
    let mut term = Matrix::identity(n).scaled((-rate * t).exp());
    let mut sum = term.clone();
    for k in 1..30 {
        term = term.times(&jump).scaled(rate * t / f64::from(k));
        sum = sum.plus(&term);
    }
    sum
}
