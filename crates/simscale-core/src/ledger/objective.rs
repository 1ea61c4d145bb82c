//! Promises, judged exactly: two counters a window, never the histogram.

use super::ObjectiveResult;
use crate::kernel::SimTime;
use crate::world::{Objective, ObjectiveKind};
use std::collections::VecDeque;

/// Stretches of violated windows that a result keeps.
const MOST_SPANS: usize = 4096;

/// One promise while the run goes on. A request belongs to the window of its birth: `seen` counts at birth, `good` at an
/// answer within the limit, so that a fleet that hangs is seen by its windows.
#[derive(Debug, Clone)]
pub(crate) struct Judge {
    objective: Objective,
    limit: u64,
    /// Length of a window; the whole run for the objectives that count requests.
    window: u64,
    from: u64,
    /// Windows before the newest that an answer may still reach.
    open: VecDeque<Window>,
    /// The newest window, and when it starts.
    newest: Window,
    starts: u64,
    /// Number of the first window that is not closed.
    first: u64,
    result: ObjectiveResult,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    seen: u64,
    good: u64,
}

impl Judge {
    pub fn new(objective: &Objective, from: u64, duration: u64) -> Self {
        let (limit, window) = match objective.kind {
            ObjectiveKind::Latency { below, window, .. } => (below.as_nanos(), window.as_nanos()),
            ObjectiveKind::GoodRequests { below } => (below.as_nanos(), duration),
            ObjectiveKind::Availability => (u64::MAX, duration),
        };
        let result = ObjectiveResult {
            name: objective.name.clone(),
            allowed_ratio: objective.allowed_ratio,
            requests: 0,
            violating_requests: 0,
            windows: 0,
            thin_windows: 0,
            violating_windows: 0,
            violated: Vec::new(),
            violation_ratio: 0.0,
            met: true,
        };
        Judge {
            objective: objective.clone(),
            limit,
            window,
            from,
            open: VecDeque::new(),
            newest: Window::default(),
            starts: from,
            first: 0,
            result,
        }
    }

    /// A request is born. Calls come in order of time.
    #[inline]
    pub fn born(&mut self, at: u64) {
        if at < self.from {
            return;
        }
        while at - self.starts >= self.window {
            self.starts += self.window;
            self.open.push_back(std::mem::take(&mut self.newest));
        }
        self.newest.seen += 1;
    }

    /// A request born at `born` was answered after `response`.
    #[inline]
    pub fn answered(&mut self, born: u64, response: u64) {
        if response <= self.limit && born >= self.from {
            self.window_of(born).good += 1;
        }
    }

    /// A request is not settled at the end of the run and its limit has not passed: it is not judged.
    pub fn undecided(&mut self, born: u64, end: u64) {
        if born >= self.from && end - born <= self.limit {
            self.window_of(born).seen -= 1;
        }
    }

    #[inline]
    fn window_of(&mut self, born: u64) -> &mut Window {
        if born >= self.starts {
            return &mut self.newest;
        }
        let number = (born - self.from) / self.window - self.first;
        &mut self.open[number as usize]
    }

    /// Closes the windows that no answer can reach any more.
    pub fn settle(&mut self, now: u64) {
        while let Some(&first) = self.open.front() {
            let end = self.from + (self.first + 1) * self.window;
            if now <= end.saturating_add(self.limit) {
                return;
            }
            self.open.pop_front();
            self.close(first);
        }
    }

    /// Judges the first window that is not closed.
    fn close(&mut self, w: Window) {
        self.first += 1;
        let bad = w.seen - w.good;
        self.result.requests += w.seen;
        self.result.violating_requests += bad;
        if let ObjectiveKind::Latency { quantile_ppm, .. } = self.objective.kind
            && w.seen > 0
        {
            let may_miss = u128::from(1_000_000 - quantile_ppm);
            self.result.windows += 1;
            self.result.thin_windows += u64::from(u128::from(w.seen) * may_miss < 1_000_000);
            if u128::from(bad) * 1_000_000 > may_miss * u128::from(w.seen) {
                self.result.violating_windows += 1;
                self.note_violation();
            }
        }
    }

    /// Remembers the window that was just closed as violated.
    fn note_violation(&mut self) {
        let start = SimTime::from_nanos(self.from + (self.first - 1) * self.window);
        let end = SimTime::from_nanos(self.from + self.first * self.window);
        let spans = &mut self.result.violated;
        match spans.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => spans.push((start, end)),
        }
        if spans.len() > MOST_SPANS {
            *spans = spans.chunks(2).map(|pair| (pair[0].0, pair[pair.len() - 1].1)).collect();
        }
    }

    /// The verdict, at the end of the run.
    pub fn finish(mut self, now: u64) -> ObjectiveResult {
        while let Some(window) = self.open.pop_front() {
            self.close(window);
        }
        self.close(self.newest);
        let r = &mut self.result;
        let (broken, all) = match self.objective.kind {
            ObjectiveKind::Latency { .. } => (r.violating_windows, r.windows),
            _ => (r.violating_requests, r.requests),
        };
        r.violation_ratio = if all == 0 { 0.0 } else { broken as f64 / all as f64 };
        r.met = r.violation_ratio <= r.allowed_ratio;
        if let Some(last) = r.violated.last_mut() {
            last.1 = last.1.min(SimTime::from_nanos(now));
        }
        self.result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SimDuration;

    fn judge(quantile_ppm: u32, allowed_ratio: f64) -> Judge {
        let kind = ObjectiveKind::Latency {
            quantile_ppm,
            below: SimDuration::from_nanos(100),
            window: SimDuration::from_nanos(1000),
        };
        Judge::new(&Objective { name: "fast".into(), kind, allowed_ratio }, 0, 10_000)
    }

    #[test]
    fn a_window_breaks_with_one_request_more_than_the_quantile_lets_go() {
        for (bad, broken) in [(1, 0), (2, 1)] {
            let mut j = judge(990_000, 0.0);
            for i in 0..100 {
                j.born(i);
                j.answered(i, if i < bad { 101 } else { 100 });
            }
            let r = j.finish(10_000);
            assert_eq!((r.violating_windows, r.violating_requests, r.thin_windows), (broken, bad, 0));
        }
    }

    #[test]
    fn the_unanswered_count_as_slow_and_empty_windows_do_not_count() {
        let mut j = judge(500_000, 0.0);
        j.born(10);
        j.born(5500);
        j.answered(5500, 7);
        j.settle(1100);
        assert_eq!(j.first, 0, "an answer at 1100 could still be good");
        j.settle(1101);
        assert_eq!(j.first, 1);
        let r = j.finish(10_000);
        assert_eq!((r.windows, r.violating_windows, r.requests, r.thin_windows), (2, 1, 2, 2));
        assert_eq!(r.violated, [(SimTime::ZERO, SimTime::from_nanos(1000))]);
        assert!((r.violation_ratio - 0.5).abs() < 1e-12 && !r.met);
    }

    #[test]
    fn a_request_whose_limit_has_not_passed_at_the_end_is_not_judged() {
        let mut j = judge(500_000, 0.0);
        j.born(9_950);
        j.born(9_800);
        j.undecided(9_950, 10_000);
        j.undecided(9_800, 10_000);
        let r = j.finish(10_000);
        assert_eq!((r.requests, r.violating_requests), (1, 1));
    }
}
