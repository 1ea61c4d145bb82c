//! The balancer's choice: which of the usable targets takes a request.

use super::slow_start::FULL;
use crate::kernel::{Purpose, hash};

/// How the balancer chooses a target. Ties and rotation go by slot: an instance takes the lowest free slot at
/// its launch, and slots, not launches, form the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// The next usable slot after the last one chosen.
    RoundRobin,
    /// The target with the fewest attempts that the balancer waits for; ties to the next slot after the last one chosen.
    LeastOutstandingRequests,
    /// Every usable target alike: an ALB's automatic weights without an anomaly.
    WeightedRandom,
    /// The least loaded of `d` different targets drawn at random; ties to the first drawn. Not an ALB algorithm.
    PowerOfD {
        /// How many are drawn, 1 to 8.
        d: u8,
    },
}

/// Levels of outstanding counts that are kept as bit sets above the lowest one.
const LEVELS: usize = 64;

/// Usable targets and what each has outstanding.
#[derive(Debug)]
pub(crate) struct Picker {
    algorithm: Algorithm,
    seed: u64,
    usable: BitSet,
    /// Attempts that the balancer waits for, by slot.
    outstanding: Vec<u32>,
    /// Slot after the last one chosen.
    pointer: usize,
    levels: Levels,
    /// Usable slots in order, kept for draws at random.
    list: Vec<u32>,
    /// Slow start: slots whose share still grows, with weight and saved credit.
    ramps: Vec<Ramp>,
}

#[derive(Debug)]
struct Ramp {
    slot: u32,
    weight: u32,
    credit: u32,
}

impl Picker {
    pub fn new(algorithm: Algorithm, seed: u64) -> Self {
        let mut picker = Picker {
            algorithm,
            seed,
            usable: BitSet::default(),
            outstanding: Vec::new(),
            pointer: 0,
            levels: Levels::default(),
            list: Vec::new(),
            ramps: Vec::new(),
        };
        picker.grow(1);
        picker
    }

    /// Makes room for `slots` slots.
    pub fn grow(&mut self, slots: usize) {
        if slots > self.outstanding.len() {
            let room = slots.next_multiple_of(64);
            self.outstanding.resize(room, 0);
            self.usable.grow(room);
            self.levels.grow(room);
        }
    }

    /// Whether the choice depends on what every target has outstanding at the instant.
    #[inline]
    pub fn looks_at_all(&self) -> bool {
        self.algorithm == Algorithm::LeastOutstandingRequests
    }

    /// Whether a target may be chosen.
    pub fn is_usable(&self, slot: usize) -> bool {
        self.usable.contains(slot)
    }

    pub fn outstanding(&self, slot: usize) -> u32 {
        self.outstanding[slot]
    }

    /// Puts a target among the usable ones, or takes it away; it keeps its outstanding attempts.
    pub fn set_usable(&mut self, slot: usize, usable: bool) {
        if self.usable.contains(slot) == usable {
            return;
        }
        let at = self.list.partition_point(|&s| (s as usize) < slot);
        if usable {
            self.usable.insert(slot);
            self.list.insert(at, slot as u32);
        } else {
            self.usable.remove(slot);
            self.list.remove(at);
        }
        if self.looks_at_all() {
            let count = self.outstanding[slot];
            if usable { self.levels.insert(slot, count) } else { self.levels.remove(slot, count) }
        }
    }

    /// Sets the share of a target in slow start, in 1/65536; [`None`] ends it.
    pub fn set_ramp(&mut self, slot: usize, share: Option<u32>) {
        self.ramps.retain(|r| r.slot as usize != slot || share.is_some());
        if let Some(weight) = share {
            match self.ramps.iter_mut().find(|r| r.slot as usize == slot) {
                Some(ramp) => ramp.weight = weight,
                None => self.ramps.push(Ramp { slot: slot as u32, weight, credit: 0 }),
            }
        }
    }

    /// An attempt went to `slot`.
    #[inline]
    pub fn sent(&mut self, slot: usize) {
        let count = self.outstanding[slot];
        self.outstanding[slot] = count + 1;
        if self.looks_at_all() && self.usable.contains(slot) {
            self.levels.remove(slot, count);
            self.levels.insert(slot, count + 1);
        }
    }

    /// The balancer stopped waiting for an attempt at `slot`.
    #[inline]
    pub fn settled(&mut self, slot: usize) {
        let count = self.outstanding[slot];
        self.outstanding[slot] = count - 1;
        if self.looks_at_all() && self.usable.contains(slot) {
            self.levels.remove(slot, count);
            self.levels.insert(slot, count - 1);
        }
    }

    /// The slots that must be up to date before [`pick`](Self::pick) is asked for this attempt: none but for power of d.
    pub fn candidates(&self, id: u64, attempt: u8, out: &mut Vec<usize>) {
        out.clear();
        if let Algorithm::PowerOfD { d } = self.algorithm {
            let n = self.list.len();
            for i in 0..usize::from(d).min(n) {
                // A draw among the n - i places not taken yet, by skipping those taken, in rising order.
                let address = u64::from(attempt) << 8 | i as u64;
                let mut place = reduce(hash(self.seed, Purpose::Balancer, id, address), n - i);
                let mut taken: Vec<usize> = out.clone();
                taken.sort_unstable();
                for t in taken {
                    place += usize::from(place >= t);
                }
                out.push(place);
            }
            for place in out {
                *place = self.list[*place] as usize;
            }
        }
    }

    /// Chooses a target for attempt `attempt` of request `id`; `None` when none is usable.
    #[inline]
    pub fn pick(&mut self, id: u64, attempt: u8, candidates: &[usize]) -> Option<usize> {
        let slot = match self.algorithm {
            Algorithm::RoundRobin if self.ramps.is_empty() => self.usable.next_from(self.pointer)?,
            Algorithm::RoundRobin => self.next_ramped()?,
            Algorithm::LeastOutstandingRequests => self.levels.least_from(self.pointer)?,
            Algorithm::WeightedRandom => {
                if self.list.is_empty() {
                    return None;
                }
                let draw = hash(self.seed, Purpose::Balancer, id, u64::from(attempt) << 8);
                self.list[reduce(draw, self.list.len())] as usize
            }
            Algorithm::PowerOfD { .. } => *candidates.iter().min_by_key(|&&s| self.outstanding[s])?,
        };
        self.pointer = slot + 1;
        Some(slot)
    }

    /// Round robin in which a ramping target takes its turn only when its saved credit makes a whole one.
    fn next_ramped(&mut self) -> Option<usize> {
        let mut from = self.pointer;
        for _ in 0..2 * self.list.len() {
            let slot = self.usable.next_from(from)?;
            let Some(ramp) = self.ramps.iter_mut().find(|r| r.slot as usize == slot) else {
                return Some(slot);
            };
            ramp.credit += ramp.weight;
            if ramp.credit >= FULL {
                ramp.credit -= FULL;
                return Some(slot);
            }
            from = slot + 1;
        }
        self.usable.next_from(self.pointer)
    }
}

/// A number below `n`, from 64 random bits (Lemire's multiply-shift; bias under n / 2^64).
#[inline]
fn reduce(bits: u64, n: usize) -> usize {
    ((u128::from(bits) * n as u128) >> 64) as usize
}

/// A set of slots with a summary word for every 64 words.
#[derive(Debug, Clone, Default)]
struct BitSet {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl BitSet {
    fn grow(&mut self, slots: usize) {
        self.words.resize(slots.div_ceil(64), 0);
        self.summary.resize(self.words.len().div_ceil(64), 0);
    }

    #[inline]
    fn contains(&self, slot: usize) -> bool {
        self.words[slot / 64] >> (slot % 64) & 1 == 1
    }

    #[inline]
    fn insert(&mut self, slot: usize) {
        self.words[slot / 64] |= 1 << (slot % 64);
        self.summary[slot / 4096] |= 1 << (slot / 64 % 64);
    }

    #[inline]
    fn remove(&mut self, slot: usize) {
        let word = &mut self.words[slot / 64];
        *word &= !(1 << (slot % 64));
        if *word == 0 {
            self.summary[slot / 4096] &= !(1 << (slot / 64 % 64));
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.summary.iter().all(|&w| w == 0)
    }

    /// The first member at or after `from`, then from the start.
    #[inline]
    fn next_from(&self, from: usize) -> Option<usize> {
        self.at_or_after(from).or_else(|| self.at_or_after(0))
    }

    #[inline]
    fn at_or_after(&self, from: usize) -> Option<usize> {
        let word = from / 64;
        let first = *self.words.get(word)? & (u64::MAX << (from % 64));
        if first != 0 {
            return Some(word * 64 + first.trailing_zeros() as usize);
        }
        let next = word + 1;
        let mut top = next / 64;
        let mut mask = u64::MAX.checked_shl((next % 64) as u32).unwrap_or(0);
        while let Some(&summary) = self.summary.get(top) {
            let found = summary & mask;
            if found != 0 {
                let word = top * 64 + found.trailing_zeros() as usize;
                return Some(word * 64 + self.words[word].trailing_zeros() as usize);
            }
            mask = u64::MAX;
            top += 1;
        }
        None
    }
}

/// Usable slots by their outstanding count: one set a level, for the levels from `base` on; the rest in one more set.
#[derive(Debug, Default)]
struct Levels {
    sets: Vec<BitSet>,
    /// How many slots each level holds.
    held: Vec<u32>,
    /// No usable slot lies below this level.
    lowest: usize,
    slots: usize,
    counts: Vec<u32>,
}

impl Levels {
    fn grow(&mut self, slots: usize) {
        self.slots = slots;
        self.counts.resize(slots, 0);
        for set in &mut self.sets {
            set.grow(slots);
        }
        if self.sets.is_empty() {
            let mut empty = BitSet::default();
            empty.grow(slots);
            self.sets = vec![empty; LEVELS + 1];
            self.held = vec![0; LEVELS + 1];
        }
    }

    #[inline]
    fn insert(&mut self, slot: usize, count: u32) {
        let level = (count as usize).min(LEVELS);
        self.counts[slot] = count;
        self.sets[level].insert(slot);
        self.held[level] += 1;
        self.lowest = self.lowest.min(level);
    }

    #[inline]
    fn remove(&mut self, slot: usize, count: u32) {
        let level = (count as usize).min(LEVELS);
        self.sets[level].remove(slot);
        self.held[level] -= 1;
    }

    #[inline]
    fn least_from(&mut self, pointer: usize) -> Option<usize> {
        while self.held[self.lowest] == 0 {
            if self.lowest == LEVELS {
                self.lowest = 0;
                return None;
            }
            self.lowest += 1;
        }
        if self.lowest < LEVELS {
            return self.sets[self.lowest].next_from(pointer);
        }
        self.least_of_the_swamped(pointer)
    }

    /// Every usable slot has 64 attempts or more: a linear look.
    fn least_of_the_swamped(&self, pointer: usize) -> Option<usize> {
        let set = &self.sets[LEVELS];
        debug_assert!(!set.is_empty());
        (0..self.slots)
            .filter(|&s| set.contains(s))
            .min_by_key(|&s| (self.counts[s], (s + self.slots - pointer.min(self.slots)) % self.slots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(algorithm: Algorithm, slots: usize) -> Picker {
        let mut p = Picker::new(algorithm, 7);
        p.grow(slots);
        for slot in 0..slots {
            p.set_usable(slot, true);
        }
        p
    }

    fn choose(p: &mut Picker, id: u64) -> usize {
        let mut candidates = Vec::new();
        p.candidates(id, 0, &mut candidates);
        p.pick(id, 0, &candidates).expect("a usable target")
    }

    #[test]
    fn round_robin_counts_differ_by_at_most_one() {
        let mut p = picker(Algorithm::RoundRobin, 70);
        let mut counts = [0; 70];
        for id in 0..1000 {
            counts[choose(&mut p, id)] += 1;
        }
        assert!(counts.iter().all(|&c| c == 14 || c == 15));
        p.set_usable(3, false);
        p.pointer = 3;
        assert_eq!(choose(&mut p, 0), 4);
    }

    #[test]
    fn least_outstanding_agrees_with_a_linear_look_for_any_history() {
        let slots = 130;
        let mut p = picker(Algorithm::LeastOutstandingRequests, slots);
        let mut counts = vec![0u32; slots];
        let mut usable = vec![true; slots];
        let mut pointer = 0;
        for step in 0..60_000u64 {
            let draw = hash(1, Purpose::Fault, step, 0);
            let slot = (draw >> 32) as usize % slots;
            match draw % 16 {
                0 => {
                    usable[slot] = !usable[slot];
                    p.set_usable(slot, usable[slot]);
                }
                1..=3 if counts[slot] > 0 => {
                    counts[slot] -= 1;
                    p.settled(slot);
                }
                _ => {
                    let want = (0..slots)
                        .filter(|&s| usable[s])
                        .min_by_key(|&s| (counts[s], (s + slots - pointer) % slots))
                        .expect("some are usable");
                    assert_eq!(choose(&mut p, step), want, "step {step}");
                    p.sent(want);
                    counts[want] += 1;
                    pointer = (want + 1) % slots;
                }
            }
        }
        assert!(counts.iter().any(|&c| c > 64), "the overflow level was visited");
    }

    #[test]
    fn power_of_d_draws_different_targets_evenly() {
        let p = picker(Algorithm::PowerOfD { d: 3 }, 5);
        let mut seen = [0u32; 5];
        let mut out = Vec::new();
        for id in 0..10_000 {
            p.candidates(id, 0, &mut out);
            assert!(out.len() == 3 && out[0] != out[1] && out[1] != out[2] && out[0] != out[2]);
            for &slot in &out {
                seen[slot] += 1;
            }
        }
        // Each slot is drawn with chance 3/5; 10,000 draws, five standard deviations = 245.
        assert!(seen.iter().all(|&c| c.abs_diff(6000) < 245), "{seen:?}");
    }

    #[test]
    fn a_target_in_slow_start_takes_its_share() {
        let mut p = picker(Algorithm::RoundRobin, 2);
        p.set_ramp(1, Some(FULL / 4));
        // A quarter of a turn is saved at each turn: the fourth one is taken.
        let first: Vec<usize> = (0..5).map(|id| choose(&mut p, id)).collect();
        assert_eq!(first, [0, 0, 0, 0, 1]);
        let taken = (0..1000).filter(|&id| choose(&mut p, id) == 1).count();
        // One request in five: a quarter of what the other takes.
        assert!(taken.abs_diff(200) <= 1, "{taken}");
        p.set_ramp(1, None);
        assert_eq!((0..1000).filter(|&id| choose(&mut p, id) == 1).count(), 500);
    }

    #[test]
    fn no_usable_target_is_said() {
        for algorithm in
            [Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests, Algorithm::WeightedRandom]
        {
            assert_eq!(picker(algorithm, 0).pick(1, 0, &[]), None, "{algorithm:?}");
        }
    }
}
