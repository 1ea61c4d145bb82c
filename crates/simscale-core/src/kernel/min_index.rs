//! The earliest of many: one time per slot, with lower bounds over blocks of 16 slots.

use super::NEVER;

const BLOCK: usize = 16;

/// Times by slot. A block's bound is lowered at once and raised only when a visit finds it stale, so that
/// setting a time costs two writes and finding the due ones skips whole blocks.
#[derive(Debug, Clone)]
pub(crate) struct MinIndex {
    times: Vec<u64>,
    bounds: Vec<u64>,
}

impl MinIndex {
    pub fn new() -> Self {
        MinIndex { times: Vec::new(), bounds: Vec::new() }
    }

    /// Makes room for `slots` slots; new ones hold [`NEVER`].
    pub fn grow(&mut self, slots: usize) {
        let blocks = slots.div_ceil(BLOCK);
        if blocks > self.bounds.len() {
            self.bounds.resize(blocks, NEVER);
            self.times.resize(blocks * BLOCK, NEVER);
        }
    }

    #[inline]
    pub fn get(&self, slot: usize) -> u64 {
        self.times[slot]
    }

    #[inline]
    pub fn set(&mut self, slot: usize, time: u64) {
        self.times[slot] = time;
        let bound = &mut self.bounds[slot / BLOCK];
        *bound = (*bound).min(time);
    }

    /// Calls `visit` with every slot whose time is at or before `until`, in slot order; `visit` returns the
    /// slot's new time.
    #[inline]
    pub fn visit_due(&mut self, until: u64, mut visit: impl FnMut(usize) -> u64) {
        for block in 0..self.bounds.len() {
            if self.bounds[block] > until {
                continue;
            }
            let times: &mut [u64; BLOCK] = (&mut self.times[block * BLOCK..(block + 1) * BLOCK])
                .try_into()
                .expect("a block has 16 slots");
            // Times lie below 2^63, so the sign of the difference says which are due, without a branch each.
            let mut due = 0u64;
            for (bit, &time) in times.iter().enumerate() {
                due |= (time.wrapping_sub(until + 1) >> 63) << bit;
            }
            while due != 0 {
                let bit = due.trailing_zeros() as usize;
                due &= due - 1;
                times[bit] = visit(block * BLOCK + bit);
            }
            self.bounds[block] = least(times);
        }
    }

    /// The earliest time of all and its lowest slot; raises stale bounds on the way.
    pub fn earliest(&mut self) -> (u64, usize) {
        let mut best = (NEVER, usize::MAX);
        for block in 0..self.bounds.len() {
            if self.bounds[block] >= best.0 {
                continue;
            }
            let times = &self.times[block * BLOCK..(block + 1) * BLOCK];
            let exact = least(times.try_into().expect("a block has 16 slots"));
            self.bounds[block] = exact;
            if exact < best.0 {
                let bit = times.iter().position(|&t| t == exact).expect("the minimum is one of them");
                best = (exact, block * BLOCK + bit);
            }
        }
        best
    }
}

/// The smallest of a block, in four lanes that do not wait for each other.
#[inline]
fn least(times: &[u64; BLOCK]) -> u64 {
    let mut lanes = [NEVER; 4];
    for row in times.chunks_exact(4) {
        for (lane, &time) in lanes.iter_mut().zip(row) {
            *lane = (*lane).min(time);
        }
    }
    lanes[0].min(lanes[1]).min(lanes[2].min(lanes[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_slots_come_in_slot_order_and_the_earliest_is_found() {
        let mut index = MinIndex::new();
        index.grow(200);
        for (slot, time) in [(3, 50), (70, 20), (199, 20), (5, 90)] {
            index.set(slot, time);
        }
        assert_eq!(index.earliest(), (20, 70));
        let mut seen = Vec::new();
        index.visit_due(50, |slot| {
            seen.push(slot);
            NEVER
        });
        assert_eq!(seen, [3, 70, 199]);
        assert_eq!(index.earliest(), (90, 5));
        index.set(5, NEVER);
        assert_eq!(index.earliest(), (NEVER, usize::MAX));
    }
}
