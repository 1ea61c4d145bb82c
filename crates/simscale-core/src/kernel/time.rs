//! Time is an integer: nanoseconds since the start of the run, and the order of phases inside one instant.

use std::fmt;
use std::ops::{Add, Sub};

/// An instant of a run: whole nanoseconds since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(u64);

/// A length of simulated time: whole nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: SimTime = SimTime(0);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        SimTime(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time since `earlier`; zero when `earlier` is later.
    pub fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: SimDuration = SimDuration(0);

    /// A length of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        SimDuration(nanos)
    }

    /// A length of `secs` whole seconds. Panics when that is more than 584 years.
    pub const fn from_secs(secs: u64) -> Self {
        match secs.checked_mul(1_000_000_000) {
            Some(nanos) => SimDuration(nanos),
            None => panic!("a duration is at most 584 years"),
        }
    }

    /// A length of `millis` whole milliseconds. Panics when that is more than 584 years.
    pub const fn from_millis(millis: u64) -> Self {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => SimDuration(nanos),
            None => panic!("a duration is at most 584 years"),
        }
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// True for a length of zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    /// Saturates at the end of time, which no run reaches.
    fn add(self, rhs: SimDuration) -> SimTime {
        SimTime(self.0.saturating_add(rhs.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = SimTime;
    /// Saturates at the start of the run.
    fn sub(self, rhs: SimDuration) -> SimTime {
        SimTime(self.0.saturating_sub(rhs.0))
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    fn add(self, rhs: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_add(rhs.0))
    }
}

impl fmt::Display for SimTime {
    /// Hours, minutes and seconds since the start: `14:32:07`, with milliseconds where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0 / 1_000_000_000;
        let millis = self.0 / 1_000_000 % 1000;
        write!(f, "{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)?;
        if millis > 0 { write!(f, ".{millis:03}") } else { Ok(()) }
    }
}

impl fmt::Display for SimDuration {
    /// Seconds: `90s`, `0.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.as_secs_f64())
    }
}

/// The time that never comes.
pub(crate) const NEVER: u64 = u64::MAX >> 4;

/// Who goes first among events of one instant.
///
/// Measure comes first because periods are half-open `[a, b)`; completions before time-outs, so that what is
/// done at its deadline is served; time-outs and life cycle before arrivals, so that freed room and an instance
/// ready at `t` serve the newcomer of `t`; decisions last, on all that is known at `t`. An effect never lands in an
/// earlier phase of its own instant: it waits for the next nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub(crate) enum Phase {
    Measure = 0,
    Complete = 1,
    TimeOut = 2,
    Lifecycle = 3,
    Arrive = 4,
    Decide = 5,
}

/// One integer that orders events by time, then phase. Later than [`NEVER`] is never.
#[inline]
pub(crate) fn key(at: u64, phase: Phase) -> u64 {
    (at.min(NEVER) << 3) | phase as u64
}

/// The time of a key.
#[inline]
pub(crate) fn time_of(key: u64) -> u64 {
    key >> 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_of_one_instant_keep_their_documented_order() {
        use Phase::*;
        let order = [Measure, Complete, TimeOut, Lifecycle, Arrive, Decide];
        let keys: Vec<u64> = order.iter().map(|&p| key(7, p)).collect();
        assert!(keys.is_sorted() && key(7, Decide) < key(8, Measure));
        assert!(keys.iter().all(|&k| time_of(k) == 7));
    }

    #[test]
    fn the_clock_reads_like_a_clock() {
        assert_eq!(SimTime::from_nanos(52_327_250_000_000).to_string(), "14:32:07.250");
    }
}
