//! Stationary laws of Markov chains that climb and fall one level at a time, without subtractions.
//!
//! Elimination in the manner of Grassmann, Taksar and Heyman (1985) inside a level, linear level reduction between
//! levels (Latouche and Ramaswami 1999): every number is a sum of products of rates, so tiny probabilities keep
//! their digits.

use crate::matrix::Matrix;

/// One transition: state in this level, state in the target level, rate.
pub(crate) type Jump = (usize, usize, f64);

/// One level of the chain with its transitions.
#[derive(Debug, Default)]
pub(crate) struct Level {
    pub(crate) size: usize,
    pub(crate) up: Vec<Jump>,
    pub(crate) local: Vec<Jump>,
    pub(crate) down: Vec<Jump>,
}

/// States of one level after elimination, last state first.
struct Eliminated {
    rates: Matrix,
    totals: Vec<f64>,
}

/// Stationary weights of all levels (not normalised). From the top level no jump leads up.
pub(crate) fn stationary(levels: &[Level]) -> Vec<Vec<f64>> {
    let mut factors: Vec<Eliminated> = Vec::with_capacity(levels.len());
    let mut first_passage: Option<Matrix> = None;
    for (n, level) in levels.iter().enumerate().rev() {
        let factor = eliminate(level, first_passage.as_ref());
        first_passage = (n > 0).then(|| factor.first_passage(level, levels[n - 1].size));
        factors.push(factor);
    }
    factors.reverse();
    let mut weights = vec![factors[0].null_vector()];
    for (n, factor) in factors.iter().enumerate().skip(1) {
        let mut inflow = vec![0.0; levels[n].size];
        for (from, to, rate) in &levels[n - 1].up {
            inflow[*to] += weights[n - 1][*from] * rate;
        }
        let next = factor.left_solve(inflow);
        let heavy = next.iter().sum::<f64>() > 1e250;
        weights.push(next);
        if heavy {
            weights.iter_mut().flatten().for_each(|w| *w *= 1e-250);
        }
    }
    weights
}

/// Rates inside the level, with excursions above folded in; states are then eliminated from the last to the first.
fn eliminate(level: &Level, above: Option<&Matrix>) -> Eliminated {
    let n = level.size;
    let mut rates = Matrix::zero(n);
    let mut exit = vec![0.0; n];
    for (from, to, rate) in &level.local {
        rates.add(*from, *to, *rate);
    }
    if let Some(passage) = above {
        for (from, to, rate) in &level.up {
            (0..n).for_each(|j| rates.add(*from, j, rate * passage.get(*to, j)));
        }
    }
    for (from, _, rate) in &level.down {
        exit[*from] += rate;
    }
    let mut totals = vec![0.0; n];
    for k in (0..n).rev() {
        let total = rates.row(k)[..k].iter().sum::<f64>() + exit[k];
        totals[k] = total;
        if total == 0.0 {
            continue;
        }
        let row: Vec<f64> = rates.row(k)[..k].to_vec();
        for i in 0..k {
            let share = rates.get(i, k) / total;
            if share > 0.0 {
                row.iter().enumerate().for_each(|(j, r)| rates.add(i, j, share * r));
                exit[i] += share * exit[k];
            }
        }
    }
    Eliminated { rates, totals }
}

impl Eliminated {
    /// Probabilities of the state in which the level below is first entered.
    fn first_passage(&self, level: &Level, below: usize) -> Matrix {
        let n = level.size;
        let mut passage = Matrix::zero(n.max(below));
        let mut column = vec![0.0; n];
        for target in 0..below {
            column.iter_mut().for_each(|v| *v = 0.0);
            let mut reached = false;
            for (from, _, rate) in level.down.iter().filter(|(_, to, _)| *to == target) {
                column[*from] += rate;
                reached = true;
            }
            if reached {
                self.right_solve(&mut column);
                column.iter().enumerate().for_each(|(i, v)| passage.set(i, target, *v));
            }
        }
        passage
    }

    /// Mean reward until leaving the level, from rewards per unit of time.
    fn right_solve(&self, b: &mut [f64]) {
        for k in (0..b.len()).rev() {
            let value = b[k] / self.totals[k];
            if value != 0.0 {
                (0..k).for_each(|i| b[i] += self.rates.get(i, k) * value);
            }
        }
        for k in 0..b.len() {
            let gained: f64 = self.rates.row(k)[..k].iter().zip(b.iter()).map(|(r, y)| r * y).sum();
            b[k] = (b[k] + gained) / self.totals[k];
        }
    }

    /// Mean times in each state until leaving the level, from rates of entering each state.
    fn left_solve(&self, mut b: Vec<f64>) -> Vec<f64> {
        for k in (0..b.len()).rev() {
            let value = b[k] / self.totals[k];
            if value != 0.0 {
                let (lower, _) = b.split_at_mut(k);
                lower.iter_mut().zip(self.rates.row(k)).for_each(|(v, r)| *v += value * r);
            }
        }
        for k in 0..b.len() {
            let gained: f64 = (0..k).map(|i| b[i] * self.rates.get(i, k)).sum();
            b[k] = (b[k] + gained) / self.totals[k];
        }
        b
    }

    /// Stationary weights when nothing leaves the level.
    fn null_vector(&self) -> Vec<f64> {
        let mut weights = vec![1.0];
        for k in 1..self.totals.len() {
            let inflow: f64 = weights.iter().enumerate().map(|(i, w)| w * self.rates.get(i, k)).sum();
            weights.push(inflow / self.totals[k]);
        }
        weights
    }
}
