//! Eight times side by side, compared and reduced two at a time where the processor can.
//!
//! A time is kept as the bits of a floating-point number, which are in the order of the numbers: the smallest instruction set of a
//! 64-bit x86 processor compares two such numbers at once, but not two integers of 64 bits.

use wide::f64x2;

/// Times in a row.
pub(super) const FAN: usize = 8;
/// Makes a normal number of every time up to [`NEVER`](super::NEVER), which lies below it.
const OFFSET: u64 = 1 << 61;

/// Eight times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row([f64; FAN]);

#[inline(always)]
fn number(time: u64) -> f64 {
    f64::from_bits(time | OFFSET)
}

#[inline(always)]
fn time(number: f64) -> u64 {
    number.to_bits() & !OFFSET
}

impl Row {
    /// The same time eight times.
    pub const fn of(time: u64) -> Self {
        Row([f64::from_bits(time | OFFSET); FAN])
    }

    #[inline(always)]
    pub fn get(&self, at: usize) -> u64 {
        time(self.0[at % FAN])
    }

    #[inline(always)]
    pub fn set(&mut self, at: usize, time: u64) {
        self.0[at % FAN] = number(time);
    }

    #[inline(always)]
    fn pair(&self, at: usize) -> f64x2 {
        f64x2::new([self.0[at], self.0[at + 1]])
    }

    /// Which times are at or before `until`, a bit each.
    #[inline(always)]
    pub fn due(&self, until: u64) -> u64 {
        let until = f64x2::splat(number(until));
        let due = |at| u64::from(self.pair(at).simd_le(until).to_bitmask()) << at;
        due(0) | due(2) | due(4) | due(6)
    }

    /// The earliest.
    #[inline(always)]
    pub fn least(&self) -> u64 {
        let four = [self.pair(0).fast_min(self.pair(2)), self.pair(4).fast_min(self.pair(6))];
        let [a, b] = four[0].fast_min(four[1]).to_array();
        time(if a < b { a } else { b })
    }

    /// The first place that holds this time.
    pub fn position(&self, of: u64) -> Option<usize> {
        self.0.iter().position(|&one| time(one) == of)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NEVER, Purpose, hash};
    use super::*;

    #[test]
    fn rows_compare_as_integers_do() {
        for step in 0..20_000u64 {
            let mut row = Row::of(NEVER);
            let draw = |i: u64| hash(9, Purpose::Fault, step, i);
            let times: Vec<u64> = (0..8).map(|i| (draw(i) >> (4 + draw(i + 8) % 60)).min(NEVER)).collect();
            times.iter().enumerate().for_each(|(at, &time)| row.set(at, time));
            let until = times[(draw(20) % 8) as usize].saturating_sub(draw(21) % 2);
            let due = times.iter().enumerate().filter(|&(_, &t)| t <= until).map(|(at, _)| 1 << at).sum();
            assert_eq!(row.due(until), due, "{times:?} by {until}");
            let least = times.iter().min().copied().expect("eight times");
            assert_eq!(row.least(), least);
            assert_eq!(row.position(least), times.iter().position(|&t| t == least));
            assert!(times.iter().enumerate().all(|(at, &time)| row.get(at) == time));
        }
    }
}
