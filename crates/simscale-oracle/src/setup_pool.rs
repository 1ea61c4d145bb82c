//! A pool of `k` servers that boot when jobs queue and leave when idle: the price of boot latency.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::levels::{Level, stationary};
use crate::matrix::Matrix;

/// Largest pool that [`MmkSetup`] solves.
pub const MAX_SERVERS: u32 = 200;

/// When servers start and stop.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SetupRule {
    /// One setup per waiting job, up to the pool; an idle server goes off at once.
    Prompt,
    /// At most one server in setup; an idle server goes off at once.
    Staggered,
    /// One setup per waiting job; an idle server stays on for an exponential time.
    DelayedOff {
        /// Rate at which an idle server goes off, the inverse of its mean stay.
        off_rate: f64,
    },
}

/// Power drawn (or money charged) per server in each state, in any unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerDraw {
    /// While serving.
    pub busy: f64,
    /// While on without a job.
    pub idle: f64,
    /// While booting.
    pub setup: f64,
    /// While off.
    pub off: f64,
}

/// The M/M/k queue with exponential setup times, one central FCFS queue (Gandhi, Doroudi, Harchol-Balter,
/// Scheller-Wolf 2013; staggered: Gandhi, Harchol-Balter, Adan 2010).
///
/// Surplus setups are cancelled when the queue shrinks; an idle server is reused before a new one boots. Solved as a
/// quasi-birth-death chain without truncation.
///
/// ```
/// use simscale_oracle::setup_pool::{MmkSetup, SetupRule};
/// let pool = MmkSetup::new(3.0, 1.0, 5, 0.2, SetupRule::Prompt)?;
/// assert!((pool.mean_response() - 2.795906028).abs() < 1e-8);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmkSetup {
    lambda: f64,
    mu: f64,
    k: u32,
    law: Totals,
}

/// Stationary averages.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Totals {
    weight: f64,
    number: f64,
    on: f64,
    setup: f64,
    idle: f64,
    delayed: f64,
    empty: f64,
}

/// Rates of the chain. State `(i, n)`: `i` servers on, `n` jobs.
struct Chain {
    lambda: f64,
    mu: f64,
    k: usize,
    alpha: f64,
    rule: SetupRule,
}

impl MmkSetup {
    /// Arrival rate `lambda`, service rate `mu` per server, `k` servers, setup rate `alpha` (mean setup `1 / alpha`).
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0 or `k` is 0; unstable when `lambda >= k mu`; too large when `k`
    /// exceeds [`MAX_SERVERS`].
    pub fn new(lambda: f64, mu: f64, k: u32, alpha: f64, rule: SetupRule) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service rate", mu)?;
        check::positive("the setup rate", alpha)?;
        check::at_least("the number of servers", u64::from(k), 1)?;
        if let SetupRule::DelayedOff { off_rate } = rule {
            check::positive("the off rate", off_rate)?;
        }
        check::stable(lambda, f64::from(k) * mu)?;
        if k > MAX_SERVERS {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("the pool has {k} servers, but at most {MAX_SERVERS} are solved exactly"),
            ));
        }
        let chain = Chain { lambda, mu, k: k as usize, alpha, rule };
        Ok(MmkSetup { lambda, mu, k, law: chain.solve() })
    }

    /// Mean number of jobs.
    pub fn mean_number(&self) -> f64 {
        self.law.number
    }

    /// Mean response time (Little 1961).
    pub fn mean_response(&self) -> f64 {
        self.law.number / self.lambda
    }

    /// Mean wait, `E[T] - 1 / mu`.
    pub fn mean_wait(&self) -> f64 {
        self.mean_response() - 1.0 / self.mu
    }

    /// Mean number of servers on, busy or idle.
    pub fn mean_on(&self) -> f64 {
        self.law.on
    }

    /// Mean number of busy servers; `lambda / mu` always.
    pub fn mean_busy(&self) -> f64 {
        self.law.on - self.law.idle
    }

    /// Mean number of servers on without a job.
    pub fn mean_idle(&self) -> f64 {
        self.law.idle
    }

    /// Mean number of servers in setup.
    pub fn mean_setup(&self) -> f64 {
        self.law.setup
    }

    /// Mean number of servers off.
    pub fn mean_off(&self) -> f64 {
        f64::from(self.k) - self.law.on - self.law.setup
    }

    /// Share of time with no job.
    pub fn empty_ratio(&self) -> f64 {
        self.law.empty
    }

    /// Probability that an arrival finds no idle server (PASTA); 1 unless switching off is delayed.
    pub fn delay_probability(&self) -> f64 {
        self.law.delayed
    }

    /// Mean power, `P_busy E[busy] + P_idle E[idle] + P_setup E[setup] + P_off E[off]`.
    pub fn mean_power(&self, draw: &PowerDraw) -> f64 {
        draw.busy * self.mean_busy()
            + draw.idle * self.mean_idle()
            + draw.setup * self.mean_setup()
            + draw.off * self.mean_off()
    }

    /// Money per unit of time when billing starts at launch, `price (E[on] + E[setup])`.
    pub fn cost_rate(&self, price: f64) -> f64 {
        price * (self.mean_on() + self.mean_setup())
    }
}

impl Chain {
    fn phases(&self, n: usize) -> usize {
        match self.rule {
            SetupRule::DelayedOff { .. } => self.k + 1,
            _ => n.min(self.k) + 1,
        }
    }

    fn in_setup(&self, on: usize, jobs: usize) -> f64 {
        let wanted = jobs.min(self.k).saturating_sub(on);
        match self.rule {
            SetupRule::Staggered => wanted.min(1) as f64,
            _ => wanted as f64,
        }
    }

    fn level(&self, n: usize) -> Level {
        let mut level = Level { size: self.phases(n), ..Level::default() };
        for i in 0..level.size {
            level.up.push((i, i, self.lambda));
            let setups = self.in_setup(i, n);
            if setups > 0.0 {
                level.local.push((i, i + 1, setups * self.alpha));
            }
            if let SetupRule::DelayedOff { off_rate } = self.rule
                && i > n
            {
                level.local.push((i, i - 1, (i - n) as f64 * off_rate));
            }
            let busy = i.min(n);
            if busy > 0 {
                let stays = i.min(self.phases(n - 1) - 1);
                level.down.push((i, stays, busy as f64 * self.mu));
            }
        }
        level
    }

    /// Rate matrix of the levels from `k` up: upper triangular, because servers only come on there.
    fn rate_matrix(&self) -> Matrix {
        let (k, lambda) = (self.k, self.lambda);
        let setup = |i: usize| self.in_setup(i, k) * self.alpha;
        let mut r = Matrix::zero(k + 1);
        for i in (0..=k).rev() {
            let (serve, boot) = (i as f64 * self.mu, setup(i));
            let spread = (lambda - serve).powi(2) + 2.0 * (lambda + serve) * boot + boot * boot;
            r.set(i, i, 2.0 * lambda / (lambda + serve + boot + spread.sqrt()));
            for j in i + 1..=k {
                let serve = j as f64 * self.mu;
                let through: f64 = (i + 1..j).map(|l| r.get(i, l) * r.get(l, j)).sum();
                let flow = r.get(i, j - 1) * setup(j - 1) + serve * through;
                r.set(i, j, flow / (lambda / r.get(j, j) - serve * r.get(i, i)));
            }
        }
        r
    }

    fn solve(&self) -> Totals {
        let k = self.k;
        let r = self.rate_matrix();
        let mut levels: Vec<Level> = (0..=k).map(|n| self.level(n)).collect();
        // Excursions above level k come back shifted to more servers: R times the service rates.
        let top = &mut levels[k];
        top.up.clear();
        for i in 0..=k {
            (i + 1..=k).for_each(|j| top.local.push((i, j, r.get(i, j) * j as f64 * self.mu)));
        }
        let weights = stationary(&levels);
        let mut totals = Totals { empty: weights[0].iter().sum(), ..Totals::default() };
        for (n, level) in weights[..k].iter().enumerate() {
            self.count(&mut totals, n, level);
        }
        let all = sum_of_powers(&r, &weights[k]);
        self.count(&mut totals, k, &all);
        let above = sum_of_powers(&r, &r.left(&all));
        totals.number += above.iter().sum::<f64>();
        totals.normalised()
    }

    /// Adds the states of one level; levels beyond `k` are added as `k`.
    fn count(&self, totals: &mut Totals, n: usize, level: &[f64]) {
        for (i, weight) in level.iter().enumerate() {
            totals.weight += weight;
            totals.number += n as f64 * weight;
            totals.on += i as f64 * weight;
            totals.setup += self.in_setup(i, n) * weight;
            totals.idle += i.saturating_sub(n) as f64 * weight;
            totals.delayed += if i <= n { *weight } else { 0.0 };
        }
    }
}

impl Totals {
    fn normalised(self) -> Totals {
        let w = self.weight;
        Totals {
            weight: 1.0,
            number: self.number / w,
            on: self.on / w,
            setup: self.setup / w,
            idle: self.idle / w,
            delayed: self.delayed / w,
            empty: self.empty / w,
        }
    }
}

/// `v (I + R + R^2 + ...)` for an upper triangular `R`.
fn sum_of_powers(r: &Matrix, v: &[f64]) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::with_capacity(v.len());
    for (j, start) in v.iter().enumerate() {
        let inflow: f64 = sum.iter().enumerate().map(|(i, s)| s * r.get(i, j)).sum();
        sum.push((start + inflow) / (1.0 - r.get(j, j)));
    }
    sum
}
