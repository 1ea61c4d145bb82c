//! A number that changes, integrated over the statistics window, exactly.

/// How many there are, and how long they have been there inside the window.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    from: u64,
    /// No more than this are counted at once.
    most: u64,
    since: u64,
    count: u64,
    area: u128,
}

impl Tally {
    pub fn new(from: u64, most: u64) -> Self {
        Tally { from, most, since: 0, count: 0, area: 0 }
    }

    /// One more from `now` on.
    pub fn more(&mut self, now: u64) {
        self.area = self.total(now);
        (self.since, self.count) = (now, self.count + 1);
    }

    /// One less from `now` on.
    pub fn less(&mut self, now: u64) {
        self.area = self.total(now);
        (self.since, self.count) = (now, self.count.checked_sub(1).expect("no more go than were there"));
    }

    /// Their number times the time in the window up to `now`, ns.
    pub fn total(&self, now: u64) -> u128 {
        let time = now.max(self.from) - self.since.max(self.from);
        self.area + u128::from(time) * u128::from(self.count.min(self.most))
    }
}
