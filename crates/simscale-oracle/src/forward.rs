//! M(t)/M/c(t) through time: the forward equations of the queue, solved for stepwise arrival rate and number of workers.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::steps::{Steps, merged_times};
use crate::uniform;

/// Most elementary steps (states times jumps) spent on one call.
const MAX_WORK: f64 = 2e10;

/// Largest room: one number is kept per place.
const MAX_ROOM: u32 = 10_000_000;

/// State of the queue at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Moment {
    /// The instant.
    pub time: f64,
    /// Mean number in system.
    pub mean_number: f64,
    /// Variance of the number in system.
    pub number_variance: f64,
    /// Mean number waiting.
    pub mean_queue: f64,
    /// Probability that all workers are busy.
    pub all_busy_probability: f64,
    /// Probability that the room is full; near 0 when the room is large enough to stand for an endless queue.
    pub full_probability: f64,
}

/// An M/M/c queue of limited room whose arrival rate, and number of workers, are step functions of time.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardMmc {
    mu: f64,
    /// Workers; whole numbers.
    workers: Steps,
    law: Vec<f64>,
    time: f64,
    rate: Steps,
}

impl ForwardMmc {
    /// Starts at time 0 with `initial` jobs; `room >= c` places in all, service included.
    ///
    /// # Errors
    /// Out of domain when `mu` is not above 0, `c` is 0, `room < c`, or `initial > room`;
    /// too large beyond ten million places.
    pub fn new(rate: Steps, mu: f64, c: u32, room: u32, initial: u32) -> Result<Self> {
        check::at_least("the number of workers", u64::from(c), 1)?;
        ForwardMmc::with_workers(rate, mu, &[(0.0, c)], room, initial)
    }

    /// The same with a number of workers that changes at stated times: pairs of start time and number, the first at 0.
    /// Whoever is in service when their number falls waits again; exponential service forgets what was done.
    ///
    /// # Errors
    /// As [`new`](ForwardMmc::new), and when the times do not rise from 0.
    pub fn with_workers(
        rate: Steps,
        mu: f64,
        workers: &[(f64, u32)],
        room: u32,
        initial: u32,
    ) -> Result<Self> {
        check::positive("the service rate", mu)?;
        let most = workers.iter().map(|step| step.1).max().unwrap_or(0);
        check::at_least("the number of workers", u64::from(most), 1)?;
        check::at_least("the room", u64::from(room), u64::from(most).max(u64::from(initial)))?;
        let steps: Vec<(f64, f64)> = workers.iter().map(|&(at, number)| (at, f64::from(number))).collect();
        let workers = Steps::new(&steps)?;
        if room > MAX_ROOM {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("the room is {room}, but at most {MAX_ROOM} places are supported"),
            ));
        }
        let mut law = vec![0.0; room as usize + 1];
        law[initial as usize] = 1.0;
        Ok(ForwardMmc { mu, workers, law, time: 0.0, rate })
    }

    /// Moves to `time` and reports the state there. Times must not fall from call to call.
    ///
    /// Solves `p_n' = lambda p_{n-1} + min(n+1, c) mu p_{n+1} - (lambda + min(n, c) mu) p_n` by uniformisation, which
    /// keeps every probability non-negative.
    ///
    /// # Errors
    /// Out of domain when `time` lies before the last one; too large when the way there needs more than 2e10 steps.
    pub fn advance(&mut self, time: f64) -> Result<Moment> {
        check::not_negative("the time to advance", time - self.time)?;
        let fastest =
            self.rate.values().fold(0.0, f64::max) + self.workers.values().fold(0.0, f64::max) * self.mu;
        let work = fastest * (time - self.time) * self.law.len() as f64;
        if work > MAX_WORK {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!(
                    "advancing from {} to {time} needs {work:e} steps; take a smaller room or time",
                    self.time
                ),
            ));
        }
        let mut cuts = merged_times(&self.rate, &self.workers);
        cuts.retain(|cut| *cut > self.time && *cut < time);
        cuts.push(time);
        for cut in cuts {
            self.run(self.rate.at(self.time), cut - self.time);
            self.time = cut;
        }
        Ok(self.moment())
    }

    /// Probability of exactly `n` jobs now.
    pub fn number_probability(&self, n: u32) -> f64 {
        self.law.get(n as usize).copied().unwrap_or(0.0)
    }

    /// Workers now.
    fn c(&self) -> usize {
        self.workers.at(self.time) as usize
    }

    fn run(&mut self, lambda: f64, span: f64) {
        let speed = lambda + self.c() as f64 * self.mu;
        if speed > 0.0 {
            let law = std::mem::take(&mut self.law);
            self.law =
                uniform::after(law, speed, span, |law| self.jump(law, lambda / speed, self.mu / speed));
        }
    }

    /// One jump of the uniformised chain.
    fn jump(&self, law: &[f64], up: f64, down: f64) -> Vec<f64> {
        let (last, c) = (law.len() - 1, self.c());
        let serve = |n: usize| n.min(c) as f64 * down;
        let mut next = vec![0.0; law.len()];
        for (n, p) in law.iter().enumerate() {
            let stay = (c - n.min(c)) as f64 * down + if n == last { up } else { 0.0 };
            next[n] += p * stay;
            if n < last {
                next[n + 1] += p * up;
            }
            if n > 0 {
                next[n - 1] += p * serve(n);
            }
        }
        next
    }

    fn moment(&self) -> Moment {
        let mean = |f: &dyn Fn(usize) -> f64| self.law.iter().enumerate().map(|(n, p)| f(n) * p).sum::<f64>();
        let (mean_number, c) = (mean(&|n| n as f64), self.c());
        Moment {
            time: self.time,
            mean_number,
            number_variance: mean(&|n| (n as f64 - mean_number).powi(2)),
            mean_queue: mean(&|n| n.saturating_sub(c) as f64),
            all_busy_probability: mean(&|n| f64::from(u8::from(n >= c))),
            full_probability: self.law[self.law.len() - 1],
        }
    }
}
