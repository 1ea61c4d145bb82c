//! The earliest of many: one time per slot under a tree of lower bounds, eight children a node.

use super::NEVER;
use super::row::{FAN, Row};

/// Times by slot. A bound is lowered at once and raised only when a visit finds it stale, so that setting a time costs few
/// writes and finding the due ones skips whole subtrees.
#[derive(Debug, Clone)]
pub(crate) struct MinIndex {
    /// Times by slot, then bounds over eight of the row before, up to a row of one; each row filled up to whole nodes.
    rows: Vec<Vec<Row>>,
    /// No time lies before this.
    bound: u64,
}

impl MinIndex {
    pub fn new() -> Self {
        MinIndex { rows: vec![vec![Row::of(NEVER)]], bound: NEVER }
    }

    /// Makes room for `slots` slots; new ones hold [`NEVER`].
    pub fn grow(&mut self, slots: usize) {
        let nodes = slots.div_ceil(FAN);
        if nodes <= self.rows[0].len() {
            return;
        }
        self.rows[0].resize(nodes, Row::of(NEVER));
        self.rows.truncate(1);
        while self.rows[self.rows.len() - 1].len() > 1 {
            let below = &self.rows[self.rows.len() - 1];
            let mut row = vec![Row::of(NEVER); below.len().div_ceil(FAN)];
            for (at, node) in below.iter().enumerate() {
                row[at / FAN].set(at, node.least());
            }
            self.rows.push(row);
        }
    }

    #[inline]
    pub fn get(&self, slot: usize) -> u64 {
        self.rows[0][slot / FAN].get(slot)
    }

    #[inline]
    pub fn set(&mut self, slot: usize, time: u64) {
        self.rows[0][slot / FAN].set(slot, time);
        self.bound = self.bound.min(time);
        let mut at = slot / FAN;
        for row in &mut self.rows[1..] {
            let node = &mut row[at / FAN];
            if node.get(at) <= time {
                return;
            }
            node.set(at, time);
            at /= FAN;
        }
    }

    /// Calls `visit` with every slot whose time is at or before `until`, in slot order; `visit` returns the
    /// slot's new time.
    #[inline]
    pub fn visit_due(&mut self, until: u64, mut visit: impl FnMut(usize) -> u64) {
        if self.bound > until {
            return;
        }
        self.bound = match &mut self.rows[..] {
            [times] => visit_node(&mut times[0], until, &mut visit),
            [times, bounds] => visit_node(&mut bounds[0], until, &mut |node| {
                visit_node(&mut times[node], until, &mut |child| visit(node * FAN + child))
            }),
            rows => descend(rows, 0, until, &mut visit),
        };
    }

    /// The earliest time of all and its lowest slot; raises stale bounds on the way.
    pub fn earliest(&mut self) -> (u64, usize) {
        loop {
            let top = self.rows.len() - 1;
            let bound = self.rows[top][0].least();
            if bound >= NEVER {
                return (NEVER, usize::MAX);
            }
            // Along the first child that claims the least, down to a slot that has it or to a bound that is stale.
            let (mut node, mut row) = (0, top);
            loop {
                let child = self.rows[row][node].position(bound);
                let Some(child) = child else { break };
                node = node * FAN + child;
                if row == 0 {
                    return (bound, node);
                }
                row -= 1;
            }
            // The node's bound was stale: it is raised, and those above it.
            for above in row + 1..=top {
                let exact = self.rows[above - 1][node].least();
                self.rows[above][node / FAN].set(node, exact);
                node /= FAN;
            }
        }
    }
}

/// Visits the children of a node that are due; returns the least of its times afterwards.
#[inline]
fn visit_node(times: &mut Row, until: u64, visit: &mut impl FnMut(usize) -> u64) -> u64 {
    let mut due = times.due(until);
    while due != 0 {
        let child = due.trailing_zeros() as usize % FAN;
        due &= due - 1;
        times.set(child, visit(child));
    }
    times.least()
}

/// Visits what is due below a node of the last row; returns the least time there afterwards.
fn descend(rows: &mut [Vec<Row>], node: usize, until: u64, visit: &mut impl FnMut(usize) -> u64) -> u64 {
    let Some((last, below)) = rows.split_last_mut() else { return NEVER };
    visit_node(&mut last[node], until, &mut |child| {
        let child = node * FAN + child;
        if below.is_empty() { visit(child) } else { descend(below, child, until, visit) }
    })
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

    #[test]
    fn agrees_with_a_plain_list_for_any_history() {
        let slots = 700;
        let (mut index, mut list) = (MinIndex::new(), vec![NEVER; slots]);
        let mut now = 0;
        for step in 0..20_000u64 {
            let draw = crate::kernel::hash(5, crate::kernel::Purpose::Fault, step, 0);
            let room = 1 + step as usize / 20;
            index.grow(room.min(slots));
            let slot = (draw >> 40) as usize % room.min(slots);
            let time = now + draw % 1000;
            index.set(slot, time);
            list[slot] = time;
            if draw.is_multiple_of(3) {
                now += draw % 50;
                let mut seen = Vec::new();
                index.visit_due(now, |slot| {
                    seen.push(slot);
                    NEVER
                });
                let due: Vec<usize> = (0..slots).filter(|&s| list[s] <= now).collect();
                assert_eq!(seen, due, "step {step}");
                due.iter().for_each(|&s| list[s] = NEVER);
            }
            let least = *list.iter().min().expect("there are slots");
            let place = list.iter().position(|&t| t == least && t < NEVER).unwrap_or(usize::MAX);
            assert_eq!(index.earliest(), (least, place), "step {step}");
        }
    }
}
