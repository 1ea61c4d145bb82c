//! Where the candidates of a search lie, and which of them lie between others: ranges without steps are halved where it pays.

use simscale::plan::Plan;

/// The candidates by their places on the axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    /// The place of each candidate on each axis.
    points: Vec<Vec<usize>>,
    /// How often ranges were halved to come to each candidate.
    levels: Vec<u8>,
    /// Which axes are halved.
    open: Vec<bool>,
    /// Cells of the grid that a search is held against: it lists nine points of each range without steps.
    pub listed: f64,
}

/// Distance between neighbours where a search begins.
const COARSE: usize = 4;

impl Lattice {
    /// The candidates of a plan.
    pub fn of(plan: &Plan) -> Lattice {
        Lattice {
            points: plan.cells.iter().map(|cell| cell.point.clone()).collect(),
            levels: plan.cells.iter().map(|cell| cell.level).collect(),
            open: plan.open.clone(),
            listed: plan.listed(),
        }
    }

    /// Those that a search begins with.
    pub fn coarse(&self) -> Vec<usize> {
        (0..self.levels.len()).filter(|&cell| self.levels[cell] == 0).collect()
    }

    /// How often ranges can be halved; 0 where all points are listed.
    pub fn deepest(&self) -> u8 {
        self.levels.iter().copied().max().unwrap_or(0)
    }

    /// The candidates of a level, or of one above it, beside `near` that are not in `known` yet: on the axes that are halved at most half
    /// the distance of the level before away, on all others at the same point.
    pub fn between(&self, near: &[usize], known: &[usize], level: u8) -> Vec<usize> {
        let reach = COARSE >> level;
        let beside = |a: usize, b: usize| {
            let axes = self.points[a].iter().zip(&self.points[b]).zip(&self.open);
            axes.into_iter().all(|((a, b), open)| if *open { a.abs_diff(*b) <= reach } else { a == b })
        };
        let wanted = |&cell: &usize| {
            self.levels[cell] <= level
                && !known.contains(&cell)
                && near.iter().any(|&other| beside(cell, other))
        };
        (0..self.levels.len()).filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range of 17 points beside an axis of two.
    fn lattice() -> Lattice {
        let level = |at: usize| [0, 2, 1, 2][at % 4];
        let cells: Vec<(usize, usize)> = (0..17).flat_map(|a| (0..2).map(move |b| (a, b))).collect();
        Lattice {
            points: cells.iter().map(|&(a, b)| vec![a, b]).collect(),
            levels: cells.iter().map(|&(a, _)| level(a)).collect(),
            open: vec![true, false],
            listed: 18.0,
        }
    }

    #[test]
    fn ranges_are_halved_beside_the_best() {
        let lattice = lattice();
        let places = |cells: &[usize]| cells.iter().map(|&c| lattice.points[c].clone()).collect::<Vec<_>>();
        let coarse = lattice.coarse();
        assert_eq!((coarse.len(), lattice.deepest()), (10, 2));
        // 4 of the first row: cell 8.
        let first = lattice.between(&[8], &coarse, 1);
        assert_eq!(places(&first), [[2, 0], [6, 0]], "the other row is none of its neighbours");
        let known: Vec<usize> = coarse.iter().copied().chain(first).collect();
        let second = lattice.between(&[4], &known, 2);
        assert_eq!(places(&second), [[1, 0], [3, 0]]);
        assert!(lattice.between(&[0], &known, 1).is_empty(), "2 of the first row is known");
    }
}
