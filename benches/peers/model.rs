//! What the peers are given alike: draws, processor sharing in virtual time, the balancer and the autoscaling rule of W4, and the sum of answers.

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp1};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::f64::consts::TAU;

/// Length of the day of W4, seconds.
pub const DAY: f64 = 86_400.0;
/// Mean CPU time of a request in W4, seconds.
pub const WORK: f64 = 0.1;
/// From one look at the fleet to the next, and from a launch to readiness, seconds.
pub const MINUTE: f64 = 60.0;

/// Exponential draws with mean 1, from the fast generator of the `rand` crate.
pub struct Draws(SmallRng);

impl Draws {
    pub fn new(seed: u64) -> Draws {
        Draws(SmallRng::seed_from_u64(seed))
    }

    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }
}

/// Answered requests, and the sum of their response times.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers {
    pub count: u64,
    pub sum: f64,
}

impl Answers {
    pub fn add(&mut self, response: f64) {
        self.count += 1;
        self.sum += response;
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }
}

/// A request that shares a processor: what the others must have attained when it leaves.
#[derive(Clone, Copy)]
struct Sharer {
    mark: f64,
    born: f64,
}

impl PartialEq for Sharer {
    fn eq(&self, other: &Sharer) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Sharer {}

impl PartialOrd for Sharer {
    fn partial_cmp(&self, other: &Sharer) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sharer {
    fn cmp(&self, other: &Sharer) -> Ordering {
        self.mark.total_cmp(&other.mark)
    }
}

/// One processor that all its requests share, in virtual time.
#[derive(Default)]
pub struct Sharing {
    attained: f64,
    at: f64,
    busy: f64,
    sharers: BinaryHeap<Reverse<Sharer>>,
}

impl Sharing {
    pub fn len(&self) -> usize {
        self.sharers.len()
    }

    /// Brings it up to date.
    pub fn advance(&mut self, now: f64) {
        if !self.sharers.is_empty() {
            self.attained += (now - self.at) / self.sharers.len() as f64;
            self.busy += now - self.at;
        }
        self.at = now;
    }

    pub fn admit(&mut self, now: f64, work: f64) {
        self.advance(now);
        self.sharers.push(Reverse(Sharer { mark: self.attained + work, born: now }));
    }

    /// Time until the first one leaves, if nothing changes.
    pub fn until_next(&self) -> Option<f64> {
        let first = self.sharers.peek()?;
        Some(((first.0.mark - self.attained) * self.sharers.len() as f64).max(0.0))
    }

    /// The first one leaves now; its birth.
    pub fn leave(&mut self, now: f64) -> f64 {
        self.advance(now);
        let first = self.sharers.pop().expect("somebody shares");
        self.attained = first.0.mark;
        first.0.born
    }

    /// The first one leaves if it is due, within a nanosecond; its birth.
    pub fn leave_if_due(&mut self, now: f64) -> Option<f64> {
        self.advance(now);
        (self.until_next()? < 1e-9).then(|| self.leave(now))
    }
}

/// Arrivals of the day of W4: its cumulative rate is inverted second by second.
pub struct DayArrivals {
    mean_rate: f64,
    now: f64,
    end: f64,
    rate: f64,
}

impl DayArrivals {
    pub fn new(requests: u64) -> DayArrivals {
        DayArrivals { mean_rate: requests as f64 / DAY, now: 0.0, end: 0.0, rate: 0.0 }
    }

    /// Time of the next arrival.
    pub fn next(&mut self, draws: &mut Draws) -> Option<f64> {
        let mut rest = draws.exponential();
        loop {
            let left = self.rate * (self.end - self.now);
            if rest < left {
                self.now += rest / self.rate;
                return Some(self.now);
            }
            if self.end >= DAY {
                return None;
            }
            rest -= left;
            self.now = self.end;
            self.end += 1.0;
            self.rate = self.mean_rate * (1.0 + 0.8 * (TAU * (self.now + 0.5) / DAY).sin());
        }
    }
}

/// Who is ready, whom the balancer takes, and how many W4 wants.
pub struct Fleet {
    /// Slots of ready instances, the newest last.
    pub ready: Vec<usize>,
    pub booting: usize,
    pointer: usize,
    pause: u32,
    /// Busy time of each slot at the last look.
    seen: Vec<f64>,
}

impl Fleet {
    pub fn new(size: usize) -> Fleet {
        Fleet { ready: (0..size).collect(), booting: 0, pointer: 0, pause: 0, seen: vec![0.0; size] }
    }

    pub fn round_robin(&mut self) -> usize {
        let at = self.pointer % self.ready.len();
        self.pointer = at + 1;
        self.ready[at]
    }

    /// The one with the fewest requests; ties go to the next in cyclic order.
    pub fn least(&mut self, load: impl Fn(usize) -> usize) -> usize {
        let from = self.pointer % self.ready.len();
        let (before, after) = self.ready.split_at(from);
        let mut best = (usize::MAX, 0);
        for (place, &slot) in after.iter().chain(before).enumerate() {
            let load = load(slot);
            if load < best.0 {
                best = (load, place);
                if load == 0 {
                    break;
                }
            }
        }
        let at = (from + best.1) % self.ready.len();
        self.pointer = at + 1;
        self.ready[at]
    }

    /// A look at the minute that ends: retires, or says how many to launch.
    pub fn look(&mut self, now: f64, mut busy: impl FnMut(usize, f64) -> f64) -> usize {
        let mut used = 0.0;
        for &slot in &self.ready {
            let total = busy(slot, now);
            used += total - self.seen[slot];
            self.seen[slot] = total;
        }
        self.pause = self.pause.saturating_sub(1);
        let ready = self.ready.len();
        let wanted = ((used / MINUTE / 0.6).ceil() as usize).clamp(2, 56);
        if wanted > ready + self.booting {
            let launches = wanted - ready - self.booting;
            self.booting += launches;
            self.pause = 5;
            return launches;
        }
        if wanted < ready && self.pause == 0 && self.booting == 0 {
            self.ready.truncate(wanted);
            self.pause = 5;
        }
        0
    }

    /// An instance is ready, in the lowest slot that is empty and not in use; `busy` is its busy time so far.
    pub fn enter(
        &mut self,
        slots: usize,
        empty: impl Fn(usize) -> bool,
        busy: impl Fn(usize) -> f64,
    ) -> usize {
        let free = (0..slots).find(|slot| !self.ready.contains(slot) && empty(*slot));
        let slot = free.unwrap_or(slots);
        if slot >= self.seen.len() {
            self.seen.resize(slot + 1, 0.0);
        }
        self.seen[slot] = if slot < slots { busy(slot) } else { 0.0 };
        self.booting -= 1;
        self.ready.push(slot);
        slot
    }
}

impl Sharing {
    /// Busy time so far, seconds.
    pub fn busy(&mut self, now: f64) -> f64 {
        self.advance(now);
        self.busy
    }

    /// Busy time at the last change.
    pub fn busy_so_far(&self) -> f64 {
        self.busy
    }
}
