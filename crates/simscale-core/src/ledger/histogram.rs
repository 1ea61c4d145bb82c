//! Response times in a log-linear histogram: integers, relative error at most 0.4 %, constant memory.

use std::ops::Range;

/// Steps an octave, as a power of two.
const BITS: u32 = 7;
const STEPS: usize = 1 << BITS;
/// Values from here on (52 days) count as the largest.
const TOP: u32 = 52;
const BUCKETS: usize = (TOP - BITS + 1) as usize * STEPS;
/// A histogram with so many values at most is handled value by value.
const FEW: usize = 128;

/// Counts of nanosecond values, exact below 128 ns and in steps of 1/128 of an octave's start above (the layout of HdrHistogram).
///
/// Our own because a period may hold few values and there may be millions of periods: merging and clearing touch only the
/// buckets in use, and recording needs no division. The tests hold it against the `hdrhistogram` crate.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    /// The octaves in use, a bit each.
    octaves: u64,
    total: u64,
    /// The buckets of the first values: while there are no more, nothing else needs to be looked at.
    first: Box<[u16; FEW]>,
}

impl Histogram {
    pub fn new() -> Self {
        let first = Box::new([0; FEW]);
        Histogram { counts: vec![0; BUCKETS], octaves: 0, total: 0, first }
    }

    #[inline]
    pub fn record(&mut self, nanos: u64) {
        let bucket = bucket(nanos);
        self.counts[bucket] += 1;
        self.octaves |= 1 << (bucket >> BITS);
        if let Some(place) = self.first.get_mut(self.total as usize) {
            *place = bucket as u16;
        }
        self.total += 1;
    }

    /// The buckets that may be in use.
    fn used(&self) -> Range<usize> {
        let (low, high) =
            (self.octaves.trailing_zeros() as usize, 64 - self.octaves.leading_zeros() as usize);
        if self.octaves == 0 { 0..0 } else { low << BITS..high << BITS }
    }

    /// The bucket of every value, unless there are too many.
    fn few(&self) -> Option<&[u16]> {
        self.first.get(..self.total as usize)
    }

    pub fn count(&self) -> u64 {
        self.total
    }

    /// Several quantiles, rising, in one walk over the buckets: the middle of the bucket that holds the value of rank
    /// `ceil(q x count)`; zero when empty.
    pub fn quantiles<const N: usize>(&self, rising: [f64; N]) -> [u64; N] {
        let mut values = [0; N];
        if self.total == 0 {
            return values;
        }
        let rank = |q: f64| ((q * self.total as f64).ceil() as u64).clamp(1, self.total);
        if let Some(few) = self.few() {
            let mut sorted = [0; FEW];
            let sorted = &mut sorted[..few.len()];
            sorted.copy_from_slice(few);
            sorted.sort_unstable();
            return rising.map(|q| middle(usize::from(sorted[rank(q) as usize - 1])));
        }
        let mut bucket = self.used().start;
        let mut seen = self.counts[bucket];
        for (value, q) in values.iter_mut().zip(rising) {
            let rank = rank(q);
            while seen < rank {
                bucket += 1;
                seen += self.counts[bucket];
            }
            *value = middle(bucket);
        }
        values
    }

    /// The middle of each bucket in use with its count, rising.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.used()
            .filter(|&bucket| self.counts[bucket] > 0)
            .map(|bucket| (middle(bucket), self.counts[bucket]))
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Histogram) {
        if other.total == 0 {
            return;
        }
        if let Some(few) = other.few() {
            few.iter().for_each(|&bucket| self.counts[usize::from(bucket)] += 1);
        } else {
            let range = other.used();
            for (mine, theirs) in self.counts[range.clone()].iter_mut().zip(&other.counts[range]) {
                *mine += theirs;
            }
        }
        if self.total < FEW as u64 {
            self.list_with(other);
        }
        self.octaves |= other.octaves;
        self.total += other.total;
    }

    /// Lists the values of `other` behind our own, as far as there is room.
    fn list_with(&mut self, other: &Histogram) {
        let room = &mut self.first[self.total as usize..];
        let theirs =
            other.used().flat_map(|bucket| std::iter::repeat_n(bucket as u16, other.counts[bucket] as usize));
        room.iter_mut().zip(theirs).for_each(|(place, bucket)| *place = bucket);
    }

    pub fn clear(&mut self) {
        match self.first.get(..self.total as usize) {
            Some(few) => few.iter().for_each(|&bucket| self.counts[usize::from(bucket)] = 0),
            None => {
                let used = self.used();
                self.counts[used].fill(0);
            }
        }
        (self.octaves, self.total) = (0, 0);
    }
}

#[inline]
fn bucket(nanos: u64) -> usize {
    let v = nanos.min((1 << TOP) - 1);
    let exponent = (v | (STEPS as u64 - 1)).ilog2();
    let shift = exponent.saturating_sub(BITS);
    // Below 128 the value itself; above, 128 buckets for each octave.
    ((shift as usize) << BITS) + (v >> shift) as usize
}

fn middle(bucket: usize) -> u64 {
    let shift = (bucket >> BITS).saturating_sub(1);
    let low = ((bucket - (shift << BITS)) as u64) << shift;
    low + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Purpose, hash};

    fn values(n: u64, top: u64) -> Vec<u64> {
        (0..n).map(|i| (hash(1, Purpose::Fault, i, 0) % top) >> (i % 20)).collect()
    }

    #[test]
    fn every_value_lies_near_the_middle_of_its_bucket() {
        for v in (0..4096).chain(values(100_000, 1 << 51)) {
            let m = middle(bucket(v));
            assert!(m.abs_diff(v) as f64 <= 0.004 * v as f64, "{v} is reported as {m}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert!((1..1 << 20).all(|v| bucket(v) - bucket(v - 1) <= 1), "buckets follow each other");
    }

    #[test]
    fn quantiles_agree_with_the_hdrhistogram_crate_and_with_sorting() {
        let mut ours = Histogram::new();
        let mut theirs =
            hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 52, 2).expect("valid bounds");
        let mut exact = values(100_000, 10_000_000_000);
        for &v in &exact {
            ours.record(v);
            theirs.record(v.max(1)).expect("in range");
        }
        exact.sort_unstable();
        let all = [0.01, 0.5, 0.9, 0.99, 0.999, 1.0];
        for (q, got) in all.into_iter().zip(ours.quantiles(all)) {
            assert_eq!(got, ours.quantiles([q])[0]);
            let got = got as f64;
            let want = exact[(q * exact.len() as f64).ceil() as usize - 1] as f64;
            assert!((got / want - 1.0).abs() <= 0.004, "quantile {q}: {got}, sorted {want}");
            assert!((got / theirs.value_at_quantile(q) as f64 - 1.0).abs() <= 0.012, "quantile {q}");
        }
    }

    #[test]
    fn few_values_are_handled_as_many_are() {
        for n in [1, 2, 50, FEW as u64, FEW as u64 + 1, 300] {
            let (mut all, mut parts) = (Histogram::new(), Histogram::new());
            let mut exact = values(n, 1 << 35);
            for chunk in exact.chunks(40) {
                let mut part = Histogram::new();
                chunk.iter().for_each(|&v| part.record(v));
                chunk.iter().for_each(|&v| all.record(v));
                parts.add(&part);
            }
            exact.sort_unstable();
            for q in [0.01, 0.5, 0.9, 1.0] {
                let want = middle(bucket(exact[(q * n as f64).ceil() as usize - 1]));
                assert_eq!((all.quantiles([q]), parts.quantiles([q])), ([want], [want]), "{n} values, {q}");
            }
            parts.clear();
            assert!(parts.counts.iter().all(|&c| c == 0), "{n} values");
        }
    }

    #[test]
    fn merging_and_clearing_touch_everything_in_use() {
        let (mut a, mut b) = (Histogram::new(), Histogram::new());
        values(1000, 1 << 40).iter().for_each(|&v| a.record(v));
        values(1000, 1 << 20).iter().for_each(|&v| b.record(v));
        let before = b.counts.iter().sum::<u64>();
        b.add(&a);
        assert_eq!(b.counts.iter().sum::<u64>(), before + a.total);
        assert_eq!(b.total, 2000);
        b.clear();
        assert!(b.counts.iter().all(|&c| c == 0));
        assert_eq!((b.quantiles([0.5])[0], b.count()), (0, 0));
        b.record(5);
        assert_eq!(b.quantiles([0.5])[0], 5);
        assert_eq!(b.counts().collect::<Vec<_>>(), [(5, 1)]);
    }
}
