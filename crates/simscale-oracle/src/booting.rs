//! A queue whose help is on its way: workers that boot for exponential times join those that are ready.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::uniform;

/// Most elementary steps (states times jumps) spent on one call.
const MAX_WORK: f64 = 2e10;

/// Most states: one number is kept for each.
const MAX_STATES: f64 = 1e7;

/// M/M/c started empty, with `booting` more workers launched at one instant, each ready after an exponential boot of its own.
///
/// State `(i, n)`: i of the launched workers are ready, n jobs are present. The forward equations
/// `(i, n) -> (i, n + 1)` at `lambda`, `(i, n) -> (i, n - 1)` at `min(n, ready + i) mu`, `(i, n) -> (i + 1, n)` at
/// `(booting - i) alpha` after the launch, are solved by uniformisation. Room is limited: an arrival that finds it full is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct BootingMmc {
    lambda: f64,
    mu: f64,
    ready: usize,
    booting: usize,
    alpha: f64,
    launch: f64,
    room: usize,
    time: f64,
    /// By workers ready, then by jobs.
    law: Vec<f64>,
}

impl BootingMmc {
    /// `ready` workers of rate `mu` at time 0, `booting` more launched at time `launch` with boots of mean `1 / alpha`.
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0, there is no worker, or the room is below the number of workers; too large beyond 10^7 states.
    pub fn new(
        (lambda, mu): (f64, f64),
        (ready, booting): (u32, u32),
        alpha: f64,
        launch: f64,
        room: u32,
    ) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::positive("the rate of boots", alpha)?;
        check::not_negative("the time of the launch", launch)?;
        let workers = u64::from(ready) + u64::from(booting);
        check::at_least("the number of workers", workers, 1)?;
        check::at_least("the room", u64::from(room), workers)?;
        let states = (f64::from(room) + 1.0) * (f64::from(booting) + 1.0);
        if states > MAX_STATES {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("{states} states are too many; take a smaller room"),
            ));
        }
        let mut law = vec![0.0; states as usize];
        law[0] = 1.0;
        let (ready, booting, room) = (ready as usize, booting as usize, room as usize);
        Ok(BootingMmc { lambda, mu, ready, booting, alpha, launch, room, time: 0.0, law })
    }

    /// Moves to `time`. Times must not fall from call to call.
    ///
    /// # Errors
    /// Out of domain when `time` lies before the last one; too large when the way there needs more than 2e10 steps.
    pub fn advance(&mut self, time: f64) -> Result<()> {
        check::not_negative("the time to advance", time - self.time)?;
        let work = self.speed() * (time - self.time) * self.law.len() as f64;
        if work > MAX_WORK {
            return Err(OracleError::new(ErrorKind::TooLarge, format!("{work:e} steps are too many")));
        }
        if self.time < self.launch && time > self.launch {
            self.run(self.launch - self.time, 0.0);
            self.time = self.launch;
        }
        let alpha = if self.time < self.launch { 0.0 } else { self.alpha };
        self.run(time - self.time, alpha);
        self.time = time;
        Ok(())
    }

    /// Mean number of jobs present now.
    pub fn mean_number(&self) -> f64 {
        self.law.iter().enumerate().map(|(state, p)| (state % (self.room + 1)) as f64 * p).sum()
    }

    /// Mean number of launched workers that still boot, or are not launched yet.
    pub fn mean_booting(&self) -> f64 {
        let boots = |state: usize| (self.booting - state / (self.room + 1)) as f64;
        self.law.iter().enumerate().map(|(state, p)| boots(state) * p).sum()
    }

    /// Probability that the room is full; near 0 when it is large enough to stand for an endless queue.
    pub fn full_probability(&self) -> f64 {
        self.law.chunks_exact(self.room + 1).map(|jobs| jobs[self.room]).sum()
    }

    fn speed(&self) -> f64 {
        self.lambda + (self.ready + self.booting) as f64 * self.mu + self.booting as f64 * self.alpha
    }

    fn run(&mut self, span: f64, alpha: f64) {
        let law = std::mem::take(&mut self.law);
        self.law = uniform::after(law, self.speed(), span, |law| self.jump(law, alpha));
    }

    /// One jump of the uniformised chain.
    fn jump(&self, law: &[f64], alpha: f64) -> Vec<f64> {
        let (row, speed) = (self.room + 1, self.speed());
        let mut next = vec![0.0; law.len()];
        for (state, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            let (i, n) = (state / row, state % row);
            let up = if n < self.room { self.lambda / speed } else { 0.0 };
            let down = n.min(self.ready + i) as f64 * self.mu / speed;
            let boot = (self.booting - i) as f64 * alpha / speed;
            next[state] += p * (1.0 - up - down - boot);
            if up > 0.0 {
                next[state + 1] += p * up;
            }
            if n > 0 {
                next[state - 1] += p * down;
            }
            if boot > 0.0 {
                next[state + row] += p * boot;
            }
        }
        next
    }
}
