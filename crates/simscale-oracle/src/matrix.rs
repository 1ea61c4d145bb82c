//! Small dense square matrices, enough for phase-type laws and level-by-level Markov chains.

use crate::error::{ErrorKind, OracleError, Result};

/// A square matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zero(size: usize) -> Self {
        Matrix { size, cells: vec![0.0; size * size] }
    }

    pub(crate) fn diagonal(values: &[f64]) -> Self {
        let mut matrix = Matrix::zero(values.len());
        values.iter().enumerate().for_each(|(i, v)| matrix.set(i, i, *v));
        matrix
    }

    pub(crate) fn identity(size: usize) -> Self {
        Matrix::diagonal(&vec![1.0; size])
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn get(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, value: f64) {
        self.cells[row * self.size + column] = value;
    }

    pub(crate) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.cells[row * self.size + column] += value;
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.size..(row + 1) * self.size]
    }

    pub(crate) fn scaled(&self, factor: f64) -> Matrix {
        Matrix { size: self.size, cells: self.cells.iter().map(|v| v * factor).collect() }
    }

    pub(crate) fn plus(&self, other: &Matrix) -> Matrix {
        let cells = self.cells.iter().zip(&other.cells).map(|(a, b)| a + b).collect();
        Matrix { size: self.size, cells }
    }

    pub(crate) fn times(&self, other: &Matrix) -> Matrix {
        let n = self.size;
        let mut product = Matrix::zero(n);
        for (row, out) in self.cells.chunks_exact(n).zip(product.cells.chunks_exact_mut(n)) {
            for (factor, line) in row.iter().zip(other.cells.chunks_exact(n)) {
                if *factor != 0.0 {
                    out.iter_mut().zip(line).for_each(|(o, l)| *o += factor * l);
                }
            }
        }
        product
    }

    /// Row vector times matrix.
    pub(crate) fn left(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; self.size];
        for (factor, line) in vector.iter().zip(self.cells.chunks_exact(self.size)) {
            result.iter_mut().zip(line).for_each(|(r, l)| *r += factor * l);
        }
        result
    }

    /// `self` to a whole power, by squaring.
    pub(crate) fn power(&self, mut exponent: u32) -> Matrix {
        let (mut base, mut result) = (self.clone(), Matrix::identity(self.size));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(&base);
            }
            exponent >>= 1;
            if exponent > 0 {
                base = base.times(&base);
            }
        }
        result
    }

    /// Inverse by Gauss-Jordan elimination with row exchange.
    pub(crate) fn inverse(&self) -> Result<Matrix> {
        let n = self.size;
        let (mut work, mut inverse) = (self.clone(), Matrix::identity(n));
        for column in 0..n {
            let best =
                (column..n).max_by(|a, b| work.get(*a, column).abs().total_cmp(&work.get(*b, column).abs()));
            let pivot_row = best.unwrap_or(column);
            let pivot = work.get(pivot_row, column);
            if pivot == 0.0 || !pivot.is_finite() {
                return Err(OracleError::new(
                    ErrorKind::NotConverged,
                    format!("a matrix of size {n} has no inverse: pivot {pivot}"),
                ));
            }
            work.swap_rows(column, pivot_row);
            inverse.swap_rows(column, pivot_row);
            work.scale_row(column, 1.0 / pivot);
            inverse.scale_row(column, 1.0 / pivot);
            for row in (0..n).filter(|row| *row != column) {
                let factor = work.get(row, column);
                if factor != 0.0 {
                    work.subtract_row(row, column, factor);
                    inverse.subtract_row(row, column, factor);
                }
            }
        }
        Ok(inverse)
    }

    fn swap_rows(&mut self, a: usize, b: usize) {
        if a != b {
            (0..self.size).for_each(|i| self.cells.swap(a * self.size + i, b * self.size + i));
        }
    }

    fn scale_row(&mut self, row: usize, factor: f64) {
        self.cells[row * self.size..(row + 1) * self.size].iter_mut().for_each(|v| *v *= factor);
    }

    fn subtract_row(&mut self, row: usize, source: usize, factor: f64) {
        for i in 0..self.size {
            self.cells[row * self.size + i] -= factor * self.cells[source * self.size + i];
        }
    }
}

/// Scalar product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
