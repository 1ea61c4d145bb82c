//! Users who come for several requests: how many, with what pauses, and what each further request carries, all drawn by address.

use super::Birth;
use super::births::{class_of, cumulative};
use crate::kernel::{Distribution, Purpose, Sampler, SimDuration, WORK_MAX, addressed, hash};
use crate::world::RequestClass;

/// Each arrival of the workload is a user, who makes requests one after the other and thinks in between.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// How many requests a session makes when nothing goes wrong.
    pub requests: SessionRequests,
    /// From the end of a request to the next one of the same user; at least 1 ns passes.
    pub think_time: Distribution,
    /// What the user does when a request finally fails.
    pub after_failure: AfterFailure,
}

/// How many requests a session makes: at least 1, at most 100,000.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SessionRequests {
    /// Always so many.
    Constant(u32),
    /// Every number of `low` to `high` alike.
    Uniform {
        /// Fewest.
        low: u32,
        /// Most.
        high: u32,
    },
    /// After each request the user goes with the same chance, 1 / mean.
    Geometric {
        /// Mean, at least 1.
        mean: f64,
    },
}

/// What a user does when a request finally fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Thinks and goes on.
    Continue,
    /// Leaves.
    Leave,
}

/// The balancer sends a session back to the target that answered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stickiness {
    /// Whose cookie it is.
    pub cookie: CookieKind,
    /// The cookie counts for this long after the last answer that set it.
    pub duration: SimDuration,
}

/// Whose cookie names the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// The balancer's: set by every answer of a target.
    Balancer,
    /// The application's: set by right answers only.
    Application,
}

/// The most requests that a session makes.
const MOST_REQUESTS: u32 = 100_000;

/// Draws what sessions do, each fact by its own address, so that nobody's luck depends on who was answered first.
#[derive(Debug)]
pub(crate) struct SessionDraws {
    seed: u64,
    requests: SessionRequests,
    think: Sampler,
    classes: Vec<(Sampler, Option<Sampler>)>,
    weights: Vec<f64>,
    /// Draws of work above the largest a request can carry.
    pub clamped: u64,
}

impl SessionDraws {
    pub fn new(sessions: &Sessions, classes: &[RequestClass], seed: u64) -> Self {
        // The generator is put in at each draw.
        let sampler = |law: &Distribution| Sampler::new(law, addressed(seed, Purpose::SessionThink, 0, 0));
        let of = |c: &RequestClass| (sampler(&c.cpu_time), c.waits().then(|| sampler(&c.wait_time)));
        SessionDraws {
            seed,
            requests: sessions.requests,
            think: sampler(&sessions.think_time),
            classes: classes.iter().map(of).collect(),
            weights: cumulative(classes),
            clamped: 0,
        }
    }

    /// How many requests the session makes.
    pub fn requests(&self, session: u64) -> u32 {
        let draw = hash(self.seed, Purpose::SessionRequests, session, 0);
        match self.requests {
            SessionRequests::Constant(n) => n,
            SessionRequests::Uniform { low, high } => {
                let range = u64::from(high - low) + 1;
                low + ((u128::from(draw) * u128::from(range)) >> 64) as u32
            }
            SessionRequests::Geometric { mean } => {
                // Inverse transform of a number in (0, 1].
                let further = (1.0 - share(draw)).ln() / (1.0 - 1.0 / mean).ln();
                1 + (further as u32).min(MOST_REQUESTS - 1)
            }
        }
    }

    /// The pause before request `k` of the session, at least 1 ns.
    pub fn think(&mut self, session: u64, k: u32) -> u64 {
        let generator = addressed(self.seed, Purpose::SessionThink, session, u64::from(k));
        self.think.draw_from(generator).clamp(1, WORK_MAX)
    }

    /// What request `k` of the session carries, `k` from 1.
    pub fn birth(&mut self, session: u64, k: u32) -> Birth {
        let (seed, k) = (self.seed, u64::from(k));
        let class = class_of(&self.weights, share(hash(seed, Purpose::SessionClass, session, k)));
        let (cpu, wait) = &mut self.classes[class];
        let work = cpu.draw_from(addressed(seed, Purpose::SessionCpu, session, k));
        self.clamped += u64::from(work > WORK_MAX);
        let wait =
            wait.as_mut().map_or(0, |w| w.draw_from(addressed(seed, Purpose::SessionWait, session, k)));
        Birth { work: work.clamp(1, WORK_MAX), wait: wait.min(WORK_MAX), class: class as u8 }
    }
}

/// The top 53 bits as a number of [0, 1).
fn share(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(requests: SessionRequests) -> SessionDraws {
        let class = RequestClass {
            name: "all".into(),
            weight: 1.0,
            cpu_time: Distribution::Exponential { mean: 1e7 },
            wait_time: Distribution::Constant { value: 0.0 },
            cpu_before_ppm: 1_000_000,
        };
        let think_time = Distribution::Exponential { mean: 5e9 };
        SessionDraws::new(
            &Sessions { requests, think_time, after_failure: AfterFailure::Continue },
            &[class],
            1,
        )
    }

    /// Seed 1, 100,000 sessions: means within four standard errors.
    #[test]
    fn numbers_of_requests_follow_their_laws() {
        let n = 100_000u64;
        for (law, mean, deviation) in [
            (SessionRequests::Constant(7), 7.0, 0.0),
            (SessionRequests::Uniform { low: 3, high: 12 }, 7.5, (99.0f64 / 12.0).sqrt()),
            (SessionRequests::Geometric { mean: 20.0 }, 20.0, (20.0f64 * 19.0).sqrt()),
            (SessionRequests::Geometric { mean: 1.0 }, 1.0, 0.0),
        ] {
            let draws = draws(law);
            let all: Vec<u32> = (0..n).map(|s| draws.requests(s)).collect();
            let got = all.iter().map(|&k| f64::from(k)).sum::<f64>() / n as f64;
            assert!((got - mean).abs() <= 4.0 * deviation / (n as f64).sqrt(), "{law:?}: {got}");
            assert!(all.iter().all(|&k| (1..=MOST_REQUESTS).contains(&k)));
        }
        let long = draws(SessionRequests::Geometric { mean: 90_000.0 });
        assert!((0..100).any(|s| long.requests(s) == MOST_REQUESTS), "long sessions are cut");
    }

    /// Seed 1: the same address gives the same draw, in whatever order; 40,000 pauses have the law's mean within four standard errors.
    #[test]
    fn draws_do_not_depend_on_their_order() {
        let mut draws = draws(SessionRequests::Constant(2));
        let mut sum = 0.0;
        let first: Vec<(u64, u64)> =
            (0..40_000).map(|s| (draws.think(s, 1), draws.birth(s, 1).work)).collect();
        for s in (0..40_000).rev() {
            assert_eq!((draws.think(s, 1), draws.birth(s, 1).work), first[s as usize]);
            sum += first[s as usize].0 as f64;
        }
        assert!((sum / 40_000.0 / 5e9 - 1.0).abs() < 4.0 / 200.0, "{sum}");
    }
}
