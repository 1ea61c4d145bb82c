//! Response times in a log-linear histogram: integers, relative error at most 0.8 %, constant memory.

use hdrhistogram::Histogram as Hdr;

/// Values above this (52 days) count as this.
const LARGEST: u64 = 1 << 52;

/// Counts of nanosecond values in buckets of 2^-7 relative width. The crate behind it is `hdrhistogram` with two
/// significant digits.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    inner: Hdr<u64>,
}

impl Histogram {
    pub fn new() -> Self {
        let inner = Hdr::new_with_bounds(1, LARGEST, 2).expect("1, 2^52 and two digits are valid bounds");
        Histogram { inner }
    }

    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.inner.saturating_record(nanos.max(1));
    }

    pub fn count(&self) -> u64 {
        self.inner.len()
    }

    /// The value at a quantile of 0 to 1; zero when empty.
    pub fn quantile(&self, q: f64) -> u64 {
        if self.inner.is_empty() { 0 } else { self.inner.value_at_quantile(q) }
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Histogram) {
        self.inner.add(&other.inner).expect("all histograms share their bounds");
    }

    pub fn clear(&mut self) {
        self.inner.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_the_stated_error_of_the_exact_ones() {
        let mut h = Histogram::new();
        let mut exact: Vec<u64> = (0..100_000u64).map(|i| 1 + crate::kernel::hash(1, crate::kernel::Purpose::Fault, i, 0) % 10_000_000_000).collect();
        for &v in &exact {
            h.record(v);
        }
        exact.sort_unstable();
        for q in [0.5, 0.9, 0.99, 0.999] {
            let want = exact[(q * exact.len() as f64).ceil() as usize - 1] as f64;
            assert!((h.quantile(q) as f64 / want - 1.0).abs() <= 0.008, "quantile {q}");
        }
        assert_eq!(Histogram::new().quantile(0.5), 0);
    }
}
