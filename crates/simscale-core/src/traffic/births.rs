//! The birth of a request: its class, work and wait, all drawn before anybody decides anything.

use super::{Arrivals, Workload};
use crate::kernel::{NEVER, Purpose, Sampler, SimDuration, SimTime, WORK_MAX, stream};
use crate::world::{RequestClass, World};
use rand::RngExt;

const BLOCK: usize = 256;

/// A request as it is born, at the time that [`Births::next_at`] gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth {
    /// Nanoseconds of CPU on a reference core, 1 to 2^45.
    pub work: u64,
    /// Nanoseconds of waiting for others, zero for none.
    pub wait: u64,
    pub class: u8,
}

/// Requests in blocks, so that no request pays for the choice of a law.
pub(crate) struct Births {
    arrivals: Arrivals,
    classes: Vec<ClassSamplers>,
    weights: Vec<f64>,
    pick: crate::kernel::Generator,
    times: [u64; BLOCK],
    work: [u64; BLOCK],
    /// Work that a trace prescribes.
    given: [u64; BLOCK],
    wait: [u64; BLOCK],
    class: [u8; BLOCK],
    next: usize,
    len: usize,
    /// When the next request is born; [`NEVER`] after the last.
    next_at: u64,
    /// Draws of work above the largest a request can carry.
    pub clamped: u64,
}

struct ClassSamplers {
    cpu: Sampler,
    wait: Option<Sampler>,
}

impl Births {
    pub fn new(arrivals: Arrivals, classes: &[RequestClass], seed: u64) -> Self {
        let weights = cumulative(classes);
        let samplers = classes
            .iter()
            .enumerate()
            .map(|(i, c)| ClassSamplers {
                cpu: Sampler::new(&c.cpu_time, stream(seed, Purpose::CpuTime, i as u64)),
                wait: c
                    .waits()
                    .then(|| Sampler::new(&c.wait_time, stream(seed, Purpose::WaitTime, i as u64))),
            })
            .collect();
        let mut births = Births {
            arrivals,
            classes: samplers,
            weights,
            pick: stream(seed, Purpose::Class, 0),
            times: [0; BLOCK],
            work: [0; BLOCK],
            given: [0; BLOCK],
            wait: [0; BLOCK],
            class: [0; BLOCK],
            next: 0,
            len: 0,
            next_at: NEVER,
            clamped: 0,
        };
        births.refill();
        births
    }

    /// When the next request is born; [`NEVER`] after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.next_at
    }

    /// The next request; there must be one.
    #[inline]
    pub fn take(&mut self) -> Birth {
        let i = self.next % BLOCK;
        let birth = Birth { work: self.work[i], wait: self.wait[i], class: self.class[i] };
        self.next = i + 1;
        if self.next == self.len {
            self.refill();
        } else {
            self.next_at = self.times[self.next % BLOCK];
        }
        birth
    }

    fn refill(&mut self) {
        self.next = 0;
        self.len = self.arrivals.fill(&mut self.times, &mut self.given);
        self.next_at = if self.len > 0 { self.times[0] } else { NEVER };
        if let [only] = &mut self.classes[..] {
            only.cpu.fill(&mut self.work);
            if let Some(wait) = &mut only.wait {
                wait.fill(&mut self.wait);
            }
        } else {
            for i in 0..self.len {
                let u: f64 = self.pick.random();
                let class = class_of(&self.weights, u);
                let samplers = &mut self.classes[class];
                self.class[i] = class as u8;
                self.work[i] = samplers.cpu.draw();
                self.wait[i] = samplers.wait.as_mut().map_or(0, Sampler::draw);
            }
        }
        if self.arrivals.may_give_work() {
            let drawn = self.work.iter_mut().zip(self.given);
            drawn.filter(|(_, given)| *given > 0).for_each(|(work, given)| *work = given);
        }
        for work in &mut self.work[..self.len] {
            self.clamped += u64::from(*work > WORK_MAX);
            *work = (*work).clamp(1, WORK_MAX);
        }
        if self.classes.iter().any(|class| class.wait.is_some()) {
            self.wait.iter_mut().for_each(|wait| *wait = (*wait).min(WORK_MAX));
        }
    }
}

/// Cumulative shares of the classes.
pub(super) fn cumulative(classes: &[RequestClass]) -> Vec<f64> {
    let total: f64 = classes.iter().map(|c| c.weight).sum();
    let mut sum = 0.0;
    let shares = classes.iter().map(|c| {
        sum += c.weight / total;
        sum
    });
    shares.collect()
}

/// The class that a number of 0 to 1 falls to.
pub(super) fn class_of(cumulative: &[f64], u: f64) -> usize {
    cumulative.partition_point(|&w| w <= u).min(cumulative.len() - 1)
}

/// The requests of a run, without running it: when each is born, and its CPU time on a reference core.
///
/// The same world and workload give the requests that [`run`](crate::run) meets, follow-up requests of sessions aside; they end with the run.
pub fn arriving_requests(world: &World, workload: Workload) -> impl Iterator<Item = (SimTime, SimDuration)> {
    let mut births = Births::new(Arrivals::new(workload, world.seed), &world.classes, world.seed);
    let end = world.duration.as_nanos();
    std::iter::from_fn(move || {
        let at = births.next_at();
        (at < end).then(|| (SimTime::from_nanos(at), SimDuration::from_nanos(births.take().work)))
    })
}
