//! Join the shortest queue for two to four instances, exactly, from the chain of sorted queue lengths.

use std::collections::BTreeMap;

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::levels::{Level, stationary};

/// Most work (multiplications) spent on one chain.
const MAX_WORK: f64 = 4e9;

/// Most numbers kept for one chain.
const MAX_CELLS: f64 = 2e7;

/// Best of `d` instances sampled without replacement among `n`, exponential service with one worker each, FCFS or
/// processor sharing (the queue lengths have the same law). `d = n` is join the shortest queue.
///
/// Ties are broken uniformly. The chain is cut where queues differ by more than a bound that is raised until the mean
/// number is known to about 1e-9 of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShortestOfD {
    lambda: f64,
    n: usize,
    mean_number: f64,
}

impl ShortestOfD {
    /// `instances` of rate `mu` (1 to 4), arrival rate `lambda_per_instance` each, `d` samples (1 to `instances`).
    ///
    /// # Errors
    /// Out of domain when a rate is not above 0 or a count lies outside its range; unstable at load 1 or more;
    /// too large when the load is too close to 1 for this many instances.
    pub fn new(lambda_per_instance: f64, mu: f64, instances: u32, d: u32) -> Result<Self> {
        check::positive("the arrival rate per instance", lambda_per_instance)?;
        check::positive("the service rate", mu)?;
        if !(1..=4).contains(&instances) || !(1..=instances).contains(&d) {
            return Err(OracleError::domain(format!(
                "exact results exist for 1 to 4 instances and 1 to that many samples, not for {instances} and {d}"
            )));
        }
        check::stable(lambda_per_instance, mu)?;
        let (n, rho) = (instances as usize, lambda_per_instance / mu);
        let mean_number =
            if d == 1 { f64::from(instances) * rho / (1.0 - rho) } else { settled_mean(rho, n, d as usize)? };
        Ok(ShortestOfD { lambda: lambda_per_instance, n, mean_number })
    }

    /// Mean number in all instances together.
    pub fn mean_number(&self) -> f64 {
        self.mean_number
    }

    /// Mean response time (Little 1961).
    pub fn mean_response(&self) -> f64 {
        self.mean_number / (self.lambda * self.n as f64)
    }
}

/// The mean number with the bound on differences raised until it no longer matters.
fn settled_mean(rho: f64, n: usize, d: usize) -> Result<f64> {
    // Fewer than three bounds never settle it, so find out first whether they can be paid for.
    affordable(rho, n, 12)?;
    let mut mean = mean_with_bound(rho, n, d, 4)?;
    let mut change = f64::INFINITY;
    let mut bound = 4;
    loop {
        bound += 4;
        let next = mean_with_bound(rho, n, d, bound)?;
        let last = (next - mean).abs();
        // Changes shrink at least geometrically, so this bounds all those still to come.
        let shrinking = change.is_finite() && change > last;
        let left = if shrinking { last * last / (change - last) } else { last };
        if left <= 1e-9 * next {
            return Ok(next);
        }
        (mean, change) = (next, last);
    }
}

/// The number of levels needed for a bound on differences, if the chain is not too large.
fn affordable(rho: f64, n: usize, bound: usize) -> Result<usize> {
    let top = n * bound + (-28.0 / rho.ln()).ceil() as usize;
    let shapes = (bound + 1).pow(n as u32 - 1) as f64 / [1.0, 1.0, 2.0, 6.0, 24.0][n];
    if shapes.powi(3) * top as f64 > MAX_WORK || shapes.powi(2) * top as f64 > MAX_CELLS {
        return Err(OracleError::new(
            ErrorKind::TooLarge,
            format!("load {rho} over {n} instances needs {top} levels of about {shapes} states"),
        ));
    }
    Ok(top)
}

fn mean_with_bound(rho: f64, n: usize, d: usize, bound: usize) -> Result<f64> {
    let top = affordable(rho, n, bound)?;
    let states: Vec<Vec<Vec<usize>>> = (0..=top).map(|total| sorted_queues(total, n, bound)).collect();
    let index: Vec<BTreeMap<&[usize], usize>> = states
        .iter()
        .map(|level| level.iter().enumerate().map(|(i, q)| (q.as_slice(), i)).collect())
        .collect();
    let mut levels: Vec<Level> = Vec::with_capacity(states.len());
    for (total, level) in states.iter().enumerate() {
        let mut built = Level { size: level.len(), ..Level::default() };
        for (at, queues) in level.iter().enumerate() {
            if total < top {
                for (target, probability) in arrivals(queues, d, bound) {
                    let rate = rho * n as f64 * probability;
                    built.up.push((at, index[total + 1][target.as_slice()], rate));
                }
            }
            for target in departures(queues, bound) {
                built.down.push((at, index[total - 1][target.as_slice()], 1.0));
            }
        }
        levels.push(built);
    }
    let weights = stationary(&levels);
    let sums: Vec<f64> = weights.iter().map(|level| level.iter().sum()).collect();
    let mean: f64 = sums.iter().enumerate().map(|(total, weight)| total as f64 * weight).sum();
    Ok(mean / sums.iter().sum::<f64>())
}

/// All queue lengths in falling order with a given total and a bounded difference.
fn sorted_queues(total: usize, n: usize, bound: usize) -> Vec<Vec<usize>> {
    fn fill(
        left: usize,
        places: usize,
        low: usize,
        high: usize,
        queues: &mut Vec<usize>,
        found: &mut Vec<Vec<usize>>,
    ) {
        if places == 0 {
            if left == 0 {
                found.push(queues.clone());
            }
            return;
        }
        for length in low.max(left.div_ceil(places))..=high.min(left) {
            queues.push(length);
            fill(left - length, places - 1, low, length, queues, found);
            queues.pop();
        }
    }
    let mut found = Vec::new();
    for longest in total.div_ceil(n)..=(total.min((total + (n - 1) * bound) / n)) {
        let mut queues = vec![longest];
        fill(total - longest, n - 1, longest.saturating_sub(bound), longest, &mut queues, &mut found);
    }
    found
}

/// Where an arrival leads, with probabilities: the shortest of `d` sampled queues grows.
/// An arrival that would break the bound goes to the shortest queue of all.
fn arrivals(queues: &[usize], d: usize, bound: usize) -> Vec<(Vec<usize>, f64)> {
    let n = queues.len();
    (0..=n - d)
        .map(|rank| {
            let probability = choose(n - 1 - rank, d - 1) / choose(n, d);
            let mut target = queues.to_vec();
            let place = n - 1 - rank;
            let allowed = target[place] < target[n - 1] + bound;
            target[if allowed { place } else { n - 1 }] += 1;
            target.sort_unstable_by(|a, b| b.cmp(a));
            (target, probability)
        })
        .collect()
}

/// Where the departures lead; one that would break the bound does not happen.
fn departures(queues: &[usize], bound: usize) -> Vec<Vec<usize>> {
    let busy = (0..queues.len()).filter(|place| queues[*place] > 0);
    let left = busy.map(|place| {
        let mut target = queues.to_vec();
        target[place] -= 1;
        target.sort_unstable_by(|a, b| b.cmp(a));
        target
    });
    left.filter(|target| target[0] - target[target.len() - 1] <= bound).collect()
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}
