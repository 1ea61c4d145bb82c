//! M/D/c: several workers with constant service, which is also round robin over single workers.

use crate::check;
use crate::complex::Complex;
use crate::error::{ErrorKind, OracleError, Result};
use crate::poisson;
use crate::roots::tail_quantile;

/// Most elementary steps spent on one waiting-time law.
const MAX_WORK: f64 = 1e9;

/// The M/D/c FCFS queue in steady state (Crommelin 1932): `N(t + D) = max(N(t) - c, 0) + Poisson(lambda D)`.
///
/// With constant service, round robin over `c` single workers serves job by job exactly like the central queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mdc {
    lambda: f64,
    service: f64,
    c: u32,
    mean_queue: f64,
}

impl Mdc {
    /// A queue with arrival rate `lambda`, constant service time `service` and `c` workers.
    ///
    /// The mean queue is `sum_k E[(Poisson(k a) - k c)^+] / k` (Spitzer's identity for the chain above), or
    /// Crommelin's root formula when the load is heavy for its size; both keep their digits in their region.
    ///
    /// # Errors
    /// Out of domain when a value is not above 0; unstable when `lambda * service >= c`.
    pub fn new(lambda: f64, service: f64, c: u32) -> Result<Self> {
        check::positive("the arrival rate", lambda)?;
        check::positive("the service time", service)?;
        check::at_least("the number of workers", u64::from(c), 1)?;
        let a = lambda * service;
        check::stable(a, f64::from(c))?;
        let idle = 1.0 - a / f64::from(c);
        let mean_queue = if c == 1 {
            0.5 * a * a / idle
        } else if f64::from(c) * idle * idle > 0.3 {
            queue_by_sums(a, c)
        } else {
            queue_by_roots(a, c)
        };
        Ok(Mdc { lambda, service, c, mean_queue })
    }

    /// Utilisation `rho = lambda D / c`, a ratio from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        self.lambda * self.service / f64::from(self.c)
    }

    /// Mean number waiting.
    pub fn mean_queue(&self) -> f64 {
        self.mean_queue
    }

    /// Mean wait (Little 1961).
    pub fn mean_wait(&self) -> f64 {
        self.mean_queue / self.lambda
    }

    /// Mean response time, `E[W] + D`.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + self.service
    }

    /// Mean number in system (Little 1961).
    pub fn mean_number(&self) -> f64 {
        self.mean_queue + self.lambda * self.service
    }

    /// `P(W > t)`, exact to about 1e-12 (absolute); 1 for a negative `t`.
    ///
    /// `sum_j pois_j(y) P(N_q > k c - 1 - j)`, with `k` the service slot of `t` and `y = lambda (k D - t)` (Franx 2001).
    ///
    /// # Errors
    /// Too large when the load is so close to 1, or `t` so long, that the queue law needs more than 1e9 steps.
    pub fn wait_tail(&self, t: f64) -> Result<f64> {
        if t < 0.0 {
            return Ok(1.0);
        }
        Ok(self.tail_from(&self.queue_tails(t)?, t))
    }

    /// The `p` quantile of the wait.
    ///
    /// # Errors
    /// Out of domain unless `0 <= p < 1`; else as [`wait_tail`](Mdc::wait_tail).
    pub fn wait_quantile(&self, p: f64) -> Result<f64> {
        check::quantile(p)?;
        let target = 1.0 - p;
        let mut t = self.service;
        let mut tails = self.queue_tails(t)?;
        while self.tail_from(&tails, t) > target {
            t *= 2.0;
            tails = self.queue_tails(t)?;
        }
        tail_quantile(target, t, |t| self.tail_from(&tails, t))
    }

    fn tail_from(&self, tails: &[f64], t: f64) -> f64 {
        let slot = (t / self.service).floor() + 1.0;
        let places = slot as usize * self.c as usize;
        let y = (self.lambda * (slot * self.service - t)).max(0.0);
        let beyond = poisson::at_least(y, places as u64);
        beyond + (0..places).map(|j| poisson::probability(y, j as u64) * tails[places - 1 - j]).sum::<f64>()
    }

    /// `P(N_q > j)` for all `j` that the wait up to `t` needs.
    ///
    /// By Spitzer's identity the queue is compound Poisson: `n p_n = sum_i i v_i p_{n-i}` with
    /// `v_i = sum_k P(Poisson(k a) = k c + i) / k` (Panjer 1981), positive terms only.
    fn queue_tails(&self, t: f64) -> Result<Vec<f64>> {
        let (a, c) = (self.lambda * self.service, f64::from(self.c));
        let length = ((t / self.service).floor() + 2.0) * c;
        let walks = 80.0 * c / (c - a).powi(2) + 20.0;
        if length.is_nan() || length * (walks + length) > MAX_WORK {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("a wait of {t} at load {} needs {length} queue lengths of {walks} terms", a / c),
            ));
        }
        let (empty, jumps) = compound_poisson(a, self.c, length as usize);
        let mut law = vec![empty];
        for n in 1..jumps.len() {
            let sum: f64 = jumps[1..=n].iter().zip(law.iter().rev()).map(|(v, p)| v * p).sum();
            law.push(sum / n as f64);
        }
        let mut left = 1.0;
        Ok(law
            .iter()
            .map(|p| {
                left -= p;
                f64::max(left, 0.0)
            })
            .collect())
    }
}

/// Probability of an empty queue and `i v_i` for each jump size `i` below `length`.
fn compound_poisson(a: f64, c: u32, length: usize) -> (f64, Vec<f64>) {
    let mut jumps = vec![0.0; length];
    let mut exponent = 0.0;
    for k in 1u32.. {
        let (mean, level) = (f64::from(k) * a, u64::from(k) * u64::from(c));
        let above = poisson::at_least(mean, level + 1) / f64::from(k);
        exponent += above;
        if above <= 1e-17 * exponent {
            break;
        }
        let mut term = poisson::probability(mean, level) / f64::from(k);
        for (i, jump) in jumps.iter_mut().enumerate().skip(1) {
            term *= mean / (level + i as u64) as f64;
            *jump += i as f64 * term;
        }
    }
    ((-exponent).exp(), jumps)
}

/// Spitzer's identity for the largest value of a random walk with steps `Poisson(a) - c`.
fn queue_by_sums(a: f64, c: u32) -> f64 {
    let mut sum = 0.0;
    for k in 1..1_000_000u32 {
        let term = poisson::mean_excess(f64::from(k) * a, u64::from(k) * u64::from(c)) / f64::from(k);
        sum += term;
        if term <= 1e-17 * sum {
            break;
        }
    }
    sum
}

/// `(a^2 - c (c - 1) + sum_i 2 c (1 - rho) / (1 - z_i)) / (2 c (1 - rho))` over the roots of `z^c = exp(a (z - 1))`
/// inside the unit disc. Conjugate roots are taken together.
fn queue_by_roots(a: f64, c: u32) -> f64 {
    let servers = f64::from(c);
    let idle = servers - a;
    let mut sum = 0.0;
    for index in 1..=c / 2 {
        let z = root(a / servers, std::f64::consts::TAU * f64::from(index) / servers);
        let part = Complex::new(1.0 - z.re, -z.im).recip().re;
        sum += if 2 * index == c { part } else { 2.0 * part };
    }
    // a^2 - c (c - 1) = c - (c - a)(c + a)
    (servers - idle * (servers + a)) / (2.0 * idle) + sum
}

/// The root of `z = exp(rho (z - 1) + i angle)` inside the unit disc, by Newton steps from the unit circle.
fn root(rho: f64, angle: f64) -> Complex {
    let mut z = Complex::cis(angle).scale(rho);
    for _ in 0..200 {
        let image = Complex::new(rho * (z.re - 1.0), rho * z.im + angle).exp();
        let miss = z.add(image.scale(-1.0));
        let slope = Complex::new(1.0, 0.0).add(image.scale(-rho));
        let step = miss.mul(slope.recip());
        z = z.add(step.scale(-1.0));
        if step.abs() <= 1e-16 {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_roots_agree() {
        for (a, c) in [(1.0, 2), (1.8, 2), (4.5, 5), (19.0, 20), (90.0, 100)] {
            let (sums, roots) = (queue_by_sums(a, c), queue_by_roots(a, c));
            assert!((sums - roots).abs() <= 1e-10 * sums, "{a} over {c}: {sums} and {roots}");
        }
    }
}
