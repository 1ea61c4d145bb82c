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
    /// Usable targets at random by their weights, all alike without an anomaly: an ALB's automatic target weights.
    WeightedRandom,
    /// The least loaded of `d` different targets drawn at random; ties to the first drawn. Not an ALB algorithm.
    PowerOfD {
        /// How many are drawn, 1 to 8.
        d: u8,
    },
}

/// Outstanding counts that have a set of slots of their own.
const LEVELS: usize = 63;

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
    /// Weighted random: weights by slot, in 1/65536; empty while all are whole.
    weights: Vec<u32>,
    /// For each place of the list, the weights up to and with it; empty while all are whole.
    sums: Vec<u64>,
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
            levels: Levels::new(),
            list: Vec::new(),
            ramps: Vec::new(),
            weights: Vec::new(),
            sums: Vec::new(),
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
        self.add_weights();
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

    /// Sets the weight of a target, in 1/65536.
    pub fn set_weight(&mut self, slot: usize, weight: u32) {
        if self.weights.get(slot).copied().unwrap_or(FULL) == weight {
            return;
        }
        self.weights.resize(self.outstanding.len().max(slot + 1), FULL);
        self.weights[slot] = weight;
        if self.weights.iter().all(|&weight| weight == FULL) {
            self.weights.clear();
        }
        self.add_weights();
    }

    fn add_weights(&mut self) {
        self.sums.clear();
        if self.weights.is_empty() {
            return;
        }
        let mut sum = 0;
        for &slot in &self.list {
            sum += u64::from(self.weights.get(slot as usize).copied().unwrap_or(FULL));
            self.sums.push(sum);
        }
    }

    /// An attempt went to `slot`.
    #[inline(always)]
    pub fn sent(&mut self, slot: usize) {
        let count = &mut self.outstanding[slot];
        *count += 1;
        if self.algorithm == Algorithm::LeastOutstandingRequests {
            self.levels.shift(slot, *count - 1, *count);
        }
    }

    /// The balancer stopped waiting for an attempt at `slot`.
    #[inline(always)]
    pub fn settled(&mut self, slot: usize) {
        let count = &mut self.outstanding[slot];
        *count -= 1;
        if self.algorithm == Algorithm::LeastOutstandingRequests {
            self.levels.shift(slot, *count + 1, *count);
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

    /// Chooses the target with the fewest outstanding, and counts an attempt as gone there.
    #[inline(always)]
    pub fn send_to_least(&mut self) -> Option<usize> {
        let level = self.levels.occupied.trailing_zeros() as usize;
        if self.levels.width > 0 || level + 1 >= LEVELS {
            let slot = self.least()?;
            self.sent(slot);
            return Some(slot);
        }
        let slot = first_in(self.levels.narrow[level], self.pointer)?;
        self.pointer = slot + 1;
        self.outstanding[slot] += 1;
        self.levels.rise(slot, level);
        Some(slot)
    }

    /// The next target in turn, where every one takes each of its turns.
    #[inline]
    pub fn in_turn(&mut self) -> Option<usize> {
        let slot = self.usable.next_from(self.pointer)?;
        self.pointer = slot + 1;
        Some(slot)
    }

    /// Whether targets take turns and each takes every one.
    #[inline]
    pub fn takes_turns(&self) -> bool {
        self.algorithm == Algorithm::RoundRobin && self.ramps.is_empty()
    }

    /// The target with the fewest outstanding.
    #[inline]
    pub fn least(&mut self) -> Option<usize> {
        let slot = self.levels.least_from(self.pointer, &self.outstanding)?;
        self.pointer = slot + 1;
        Some(slot)
    }

    /// Chooses a target for attempt `attempt` of request `id`; `None` when none is usable.
    #[inline]
    pub fn pick(&mut self, id: u64, attempt: u8, candidates: &[usize]) -> Option<usize> {
        let slot = match self.algorithm {
            Algorithm::RoundRobin if self.ramps.is_empty() => return self.in_turn(),
            Algorithm::RoundRobin => self.next_ramped()?,
            Algorithm::LeastOutstandingRequests => return self.least(),
            Algorithm::WeightedRandom => {
                if self.list.is_empty() {
                    return None;
                }
                let draw = hash(self.seed, Purpose::Balancer, id, u64::from(attempt) << 8);
                self.list[self.place_by_weight(draw)] as usize
            }
            Algorithm::PowerOfD { .. } => *candidates.iter().min_by_key(|&&s| self.outstanding[s])?,
        };
        self.pointer = slot + 1;
        Some(slot)
    }

    /// The place in the list on which a draw falls.
    #[inline]
    fn place_by_weight(&self, draw: u64) -> usize {
        let Some(&whole) = self.sums.last() else { return reduce(draw, self.list.len()) };
        let place = reduce(draw, whole as usize) as u64;
        self.sums.partition_point(|&sum| sum <= place)
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

    /// The first member at or after `from`, then from the start.
    #[inline]
    fn next_from(&self, from: usize) -> Option<usize> {
        if let [word] = self.words[..] {
            return first_in(word, from);
        }
        next_from(&self.words, &self.summary, from)
    }
}

/// The first bit at or after `from`, then from the start, of a single word.
#[inline]
fn first_in(word: u64, from: usize) -> Option<usize> {
    let behind = if from < 64 { word & (u64::MAX << from) } else { 0 };
    let chosen = if behind != 0 { behind } else { word };
    (chosen != 0).then(|| chosen.trailing_zeros() as usize)
}

/// The first bit at or after `from`, then from the start, of words with their summary.
#[inline]
fn next_from(words: &[u64], summary: &[u64], from: usize) -> Option<usize> {
    at_or_after(words, summary, from).or_else(|| at_or_after(words, summary, 0))
}

#[inline]
fn at_or_after(words: &[u64], summaries: &[u64], from: usize) -> Option<usize> {
    let word = from / 64;
    let first = *words.get(word)? & (u64::MAX << (from % 64));
    if first != 0 {
        return Some(word * 64 + first.trailing_zeros() as usize);
    }
    let next = word + 1;
    let mut top = next / 64;
    let mut mask = u64::MAX << (next % 64);
    while let Some(&summary) = summaries.get(top) {
        let found = summary & mask;
        if found != 0 {
            let word = top * 64 + found.trailing_zeros() as usize;
            return Some(word * 64 + words[word].trailing_zeros() as usize);
        }
        mask = u64::MAX;
        top += 1;
    }
    None
}

/// Usable slots by their outstanding count: one set of bits a level for the counts below [`LEVELS`], one for all counts from there on.
///
/// Up to 64 slots a set is a single word. Above, the sets lie in one array, so that a move from level to level touches two words.
#[derive(Debug)]
struct Levels {
    /// The sets while 64 slots are enough.
    narrow: [u64; LEVELS + 1],
    /// Words of a set, and summary words (a bit for each word that is not empty); zero while the sets are narrow.
    width: usize,
    summary_width: usize,
    words: Vec<u64>,
    summaries: Vec<u64>,
    /// The levels that hold any slot.
    occupied: u64,
}

impl Levels {
    fn new() -> Self {
        Levels {
            narrow: [0; LEVELS + 1],
            width: 0,
            summary_width: 0,
            words: Vec::new(),
            summaries: Vec::new(),
            occupied: 0,
        }
    }

    /// Makes room for `slots` slots, a multiple of 64.
    fn grow(&mut self, slots: usize) {
        if slots <= 64 {
            return;
        }
        let old = std::mem::replace(self, Levels::new());
        self.width = slots / 64;
        self.summary_width = self.width.div_ceil(64);
        self.words = vec![0; self.width * (LEVELS + 1)];
        self.summaries = vec![0; self.summary_width * (LEVELS + 1)];
        for level in 0..=LEVELS {
            for slot in old.members(level) {
                self.insert(slot, level as u32);
            }
        }
    }

    fn members(&self, level: usize) -> impl Iterator<Item = usize> {
        let wide = self.words.iter().skip(level * self.width).take(self.width);
        let narrow = self.narrow[level..=level].iter().filter(|_| self.width == 0);
        narrow.chain(wide).enumerate().flat_map(|(at, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }

    /// A slot becomes usable.
    #[inline]
    fn insert(&mut self, slot: usize, count: u32) {
        let level = (count as usize).min(LEVELS);
        self.occupied |= 1 << level;
        if self.width == 0 {
            self.narrow[level] |= 1 << slot;
            return;
        }
        self.words[level * self.width + slot / 64] |= 1 << (slot % 64);
        self.summaries[level * self.summary_width + slot / 4096] |= 1 << (slot / 64 % 64);
    }

    /// A slot is usable no more.
    #[inline]
    fn remove(&mut self, slot: usize, count: u32) {
        let level = (count as usize).min(LEVELS);
        let emptied = if self.width == 0 {
            self.narrow[level] &= !(1 << slot);
            self.narrow[level] == 0
        } else {
            let word = &mut self.words[level * self.width + slot / 64];
            *word &= !(1 << (slot % 64));
            *word == 0 && self.emptied(slot, level)
        };
        self.occupied &= !(u64::from(emptied) << level);
    }

    /// The count of a slot changes; one that is not usable stays out.
    #[inline(always)]
    fn shift(&mut self, slot: usize, from: u32, to: u32) {
        if self.width > 0 {
            return self.shift_wide(slot, from, to);
        }
        let (from, to) = ((from as usize).min(LEVELS), (to as usize).min(LEVELS));
        let moved = self.narrow[from] & 1 << slot;
        self.narrow[from] ^= moved;
        self.occupied &= !(u64::from(self.narrow[from] == 0) << from);
        self.narrow[to] |= moved;
        self.occupied |= u64::from(moved != 0) << to;
    }

    /// A slot of this level goes up by one, among at most 64 slots and below the last level.
    #[inline(always)]
    fn rise(&mut self, slot: usize, level: usize) {
        let bit = 1 << slot;
        self.narrow[level] ^= bit;
        self.narrow[level + 1] |= bit;
        let emptied = u64::from(self.narrow[level] == 0);
        self.occupied = self.occupied & !(emptied << level) | 2 << level;
    }

    fn shift_wide(&mut self, slot: usize, from: u32, to: u32) {
        let level = (from as usize).min(LEVELS);
        if self.words[level * self.width + slot / 64] >> (slot % 64) & 1 == 1 {
            self.remove(slot, from);
            self.insert(slot, to);
        }
    }

    /// The word of a slot at a level fell empty: whether the whole level is empty.
    fn emptied(&mut self, slot: usize, level: usize) -> bool {
        let summary = &mut self.summaries[level * self.summary_width..(level + 1) * self.summary_width];
        summary[slot / 4096] &= !(1 << (slot / 64 % 64));
        summary.iter().all(|&word| word == 0)
    }

    /// The slot with the fewest outstanding, the first at or after `pointer` in cyclic order; `outstanding` says how many each has.
    #[inline]
    fn least_from(&self, pointer: usize, outstanding: &[u32]) -> Option<usize> {
        let level = self.occupied.trailing_zeros() as usize;
        if level >= LEVELS {
            return self.least_of_the_swamped(pointer, outstanding);
        }
        if self.width == 0 {
            return first_in(self.narrow[level], pointer);
        }
        let words = &self.words[level * self.width..(level + 1) * self.width];
        let summary = &self.summaries[level * self.summary_width..(level + 1) * self.summary_width];
        next_from(words, summary, pointer)
    }

    /// Every usable slot has [`LEVELS`] attempts or more: a linear look.
    #[cold]
    fn least_of_the_swamped(&self, pointer: usize, outstanding: &[u32]) -> Option<usize> {
        let slots = outstanding.len();
        let cyclic = |slot: usize| (slot + slots - pointer.min(slots)) % slots;
        self.members(LEVELS).min_by_key(|&slot| (outstanding[slot], cyclic(slot)))
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

    /// Shares are weights over their sum: they add up to one, and a whole weight anywhere is what it was without weights.
    #[test]
    fn weights_are_shares() {
        let mut p = picker(Algorithm::WeightedRandom, 4);
        let before: Vec<usize> = (0..1000).map(|id| choose(&mut p, id)).collect();
        for (slot, weight) in [(0, FULL), (1, FULL / 2), (2, FULL / 20), (3, FULL)] {
            p.set_weight(slot, weight);
        }
        p.set_usable(3, false);
        let mut seen = [0u32; 4];
        let draws = 100_000;
        (0..draws).for_each(|id| seen[choose(&mut p, id)] += 1);
        let weights = [1.0, 0.5, 0.05, 0.0];
        let whole: f64 = weights.iter().sum();
        for (count, weight) in seen.into_iter().zip(weights) {
            // Five standard deviations of so many draws.
            let share: f64 = weight / whole;
            let allowed = 5.0 * (draws as f64 * share * (1.0 - share)).sqrt();
            assert!((f64::from(count) - draws as f64 * share).abs() <= allowed, "{seen:?}");
        }
        p.set_usable(3, true);
        (1..3).for_each(|slot| p.set_weight(slot, FULL));
        assert!(p.sums.is_empty());
        assert_eq!(before, (0..1000).map(|id| choose(&mut p, id)).collect::<Vec<usize>>());
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
