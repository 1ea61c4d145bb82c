//! First come, first served by workers that never share a processor: when an attempt will be done is known when it comes.
//!
//! With at most as many workers as processors, no wait and one speed, each attempt runs alone: it starts when a worker falls free and is
//! done after `ceil(work / speed)`. So nothing happens inside until somebody looks; then what is done is handed over at once.

use super::super::job::{Job, PROBE};
use super::{Areas, Departures, ONE, QueueFull, Server};
use crate::kernel::NEVER;

/// So many attempts may be done before they are handed over, if nobody looks earlier.
const BLOCK: usize = 1024;

/// An attempt with the instant at which a worker takes it; its mark is the instant at which it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub job: Job,
    pub start: u64,
}

/// All attempts inside such an instance, and those that are done and were not handed over.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    /// When each worker falls free, rising.
    free: Vec<u64>,
    /// In order of coming, which is the order of starting.
    line: Vec<Placed>,
    /// The earliest end in the line.
    next: u64,
    /// What is done must be handed over when the line is so long.
    full: usize,
    /// So many may be inside.
    room: usize,
}

impl Lane {
    pub fn new(workers: usize, room: usize) -> Self {
        Lane { free: vec![0; workers], line: Vec::new(), next: NEVER, full: room.min(BLOCK), room }
    }

    #[inline]
    pub fn next(&self) -> u64 {
        self.next
    }

    #[inline]
    pub fn is_full(&self) -> bool {
        self.line.len() >= self.full
    }

    /// Whether nobody else may come in, if nothing was handed over since.
    pub fn refuses(&self) -> bool {
        self.line.len() >= self.room
    }

    pub fn placed(&self) -> &[Placed] {
        &self.line
    }

    /// Takes an attempt that needs a worker for `time`.
    #[inline]
    pub fn place(&mut self, job: &Job, now: u64, time: u64) {
        let start = self.free[0].max(now);
        let end = (start + time).min(NEVER);
        let mut at = 0;
        while let Some(&later) = self.free.get(at + 1).filter(|&&later| later < end) {
            self.free[at] = later;
            at += 1;
        }
        self.free[at] = end;
        self.line.push(Placed { job: Job { mark: end, ..*job }, start });
        self.next = self.next.min(end);
    }

    /// Hands over what is done by `until`.
    #[inline]
    pub fn hand_over(&mut self, until: u64, mut done: impl FnMut(&Placed)) {
        let started = self.line.partition_point(|placed| placed.start <= until);
        let mut kept = 0;
        let mut next = NEVER;
        for at in 0..started {
            let placed = &self.line[at];
            if placed.job.mark <= until {
                done(placed);
            } else {
                next = next.min(placed.job.mark);
                self.line[kept] = *placed;
                kept += 1;
            }
        }
        // Who waits for a worker is done after one of those that run.
        self.next = next;
        self.line.drain(kept..started);
        self.full = self.room.min(2 * self.line.len() + BLOCK);
    }

    /// Adds the time that those inside spent in it between `from` and `to`.
    pub fn account(&self, from: u64, to: u64, areas: &mut Areas) {
        for placed in &self.line {
            placed.account(from, to, areas);
        }
    }

    /// Takes everything out.
    pub fn leave(&mut self) -> Vec<Placed> {
        self.next = NEVER;
        self.free.fill(0);
        self.full = self.room.min(BLOCK);
        std::mem::take(&mut self.line)
    }
}

impl Placed {
    /// Adds the time that it spent inside between `from` and `to`.
    #[inline]
    pub fn account(&self, from: u64, to: u64, areas: &mut Areas) {
        let born = self.job.born.max(from);
        let end = self.job.mark.min(to).max(born);
        let start = self.start.clamp(born, end);
        areas.busy += end - start;
        areas.flight += u128::from(end - born);
        areas.queue += u128::from(start - born);
    }
}

/// An instance whose attempts are in its lane.
impl Server {
    /// An idle instance of one speed begins to work in its lane.
    pub(super) fn enters_lane(&mut self, now: u64) -> bool {
        if self.cold.1 == 0 && self.speed > 0 && self.in_flight() == 0 {
            self.account(now);
            self.in_lane = true;
        }
        self.in_lane
    }

    /// Takes an attempt into the lane.
    #[inline]
    pub(super) fn place(
        &mut self,
        slot: usize,
        job: &Job,
        now: u64,
        out: &mut impl Departures,
    ) -> Result<(), QueueFull> {
        let Some(lane) = &mut self.lane else { return Err(QueueFull) };
        if lane.is_full() && !self.makes_room(slot, now, out) {
            return Err(QueueFull);
        }
        let Some(lane) = &mut self.lane else { return Err(QueueFull) };
        let time = if self.speed == ONE { job.work } else { (job.work << 16).div_ceil(self.speed) };
        lane.place(job, now, time);
        self.next = lane.next();
        self.changes += 2;
        self.areas.taken += u64::from(!job.is(PROBE));
        Ok(())
    }

    /// Hands over what is done in a lane that is full; whether another attempt may come then.
    #[cold]
    fn makes_room(&mut self, slot: usize, now: u64, out: &mut impl Departures) -> bool {
        self.hand_over(slot, now, out);
        self.lane.as_ref().is_some_and(|lane| !lane.refuses())
    }

    /// What is done in the lane by `until` departs.
    pub(super) fn hand_over(&mut self, slot: usize, until: u64, out: &mut impl Departures) {
        let Some(lane) = &mut self.lane else { return };
        if lane.next() > until {
            return;
        }
        let from = self.accounted;
        let mut areas = self.areas;
        let (mut sojourns, mut attained) = (0, 0);
        lane.hand_over(until, |placed| {
            placed.account(from, placed.job.mark, &mut areas);
            sojourns += u128::from(placed.job.mark - placed.job.born);
            attained += u128::from(placed.job.work);
            out.departed(slot, &placed.job, placed.job.mark);
        });
        self.next = lane.next();
        self.areas = areas;
        self.sojourns += sojourns;
        self.attained += attained << 16;
    }

    /// From now on attempts share the processors one event at a time again. Everything due up to `now` has been completed.
    pub(super) fn leave_lane(&mut self, now: u64) {
        if !self.in_lane {
            return;
        }
        let Some(lane) = &mut self.lane else { return };
        lane.account(self.accounted, now, &mut self.areas);
        self.in_lane = false;
        self.accounted = now;
        (self.t0, self.v0) = (now, 0);
        for Placed { mut job, start } in lane.leave() {
            if start <= now {
                job.mark = (job.work << 16).saturating_sub((now - start) * self.speed);
                self.jobs.insert(job);
            } else {
                self.queue.push_back(job);
            }
        }
        self.find_next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Purpose, hash};

    /// Who left, and when.
    #[derive(Default)]
    struct Log(Vec<(u64, u64)>);

    impl Departures for Log {
        fn departed(&mut self, _: usize, job: &Job, at: u64) {
            self.0.push((at, job.request()));
        }

        fn to_backend(&mut self, _: usize, _: &Job, _: u64) -> bool {
            false
        }

        fn backend_freed(&mut self, _: u64) {}
    }

    /// An instance with a lane and one that takes every event by itself agree about who leaves when, who is refused, all integrals and
    /// all sums, whatever is done to them: random attempts, looks, kills and changes of speed (ten pairs of instances, seeds 4 to 8).
    #[test]
    fn a_lane_is_a_shortcut_and_nothing_else() {
        for (world, (workers, queue)) in
            [(1, 3), (1, 1000), (2, 0), (3, 7), (16, 2000)].into_iter().enumerate()
        {
            for coarse in [1, 500] {
                let mut both = [true, false].map(|lane| Server::new(16, 50_000, workers, queue, &[0], lane));
                let mut logs = [Log::default(), Log::default()];
                let (mut now, mut shortcuts) = (0, 0);
                for step in 0..20_000u64 {
                    let draw = |i| hash(4 + world as u64, Purpose::Fault, step, i);
                    now += draw(0) % (4000 / u64::from(workers.min(3))) / coarse * coarse;
                    let done: Vec<String> = (0..2)
                        .map(|i| {
                            let (server, log) = (&mut both[i], &mut logs[i]);
                            if i == 1 || !server.can_wait() || draw(1).is_multiple_of(50) {
                                server.advance(0, now, log);
                            }
                            match draw(2) % 500 {
                                0 => {
                                    server.advance(0, now, log);
                                    server.set_speed((draw(3) % 90_000) as u32, now);
                                    String::new()
                                }
                                1 => {
                                    server.advance(0, now, log);
                                    let mut gone = Vec::new();
                                    let leaves = |job: &Job| {
                                        hash(1, Purpose::Fault, job.request(), step).is_multiple_of(3)
                                    };
                                    server.remove(0, now, leaves, |job, _| gone.push(job.request()), log);
                                    gone.sort_unstable();
                                    format!("{gone:?}")
                                }
                                2..10 => {
                                    server.advance(0, now, log);
                                    let areas = server.flush(now);
                                    let sums = server.sums(now);
                                    format!("{areas:?} {} {}", sums.delivered, sums.sojourns)
                                }
                                _ => {
                                    let work = (1 + draw(4) % 2000).next_multiple_of(coarse);
                                    let tag = Job::tag(step, 0, 0, 0);
                                    let job = Job { mark: 0, born: now, work, wait: 0, tag };
                                    format!("{:?}", server.admit(0, &job, now, log))
                                }
                            }
                        })
                        .collect();
                    assert_eq!(done[0], done[1], "{workers} workers, step {step}");
                    shortcuts += usize::from(both[0].can_wait());
                }
                for (server, log) in both.iter_mut().zip(&mut logs) {
                    server.advance(0, now, log);
                    server.set_speed(65_536, now);
                    server.advance(0, NEVER - 1, log);
                    log.0.sort_unstable();
                }
                let differs = logs[0].0.iter().zip(&logs[1].0).find(|(a, b)| a != b);
                assert_eq!((differs, logs[0].0.len()), (None, logs[1].0.len()));
                assert!(shortcuts > 400, "{workers} workers spent {shortcuts} steps in the lane");
            }
        }
    }
}
