//! The smallest fleet that meets a response-time target, for the best and the plainest way to spread requests.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::mmc::Mmc;
use crate::ps_tail::MmcPs;

/// Largest fleet that is tried.
const MAX_INSTANCES: u32 = 10_000_000;

/// How requests reach cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One queue in front of all cores of all instances: M/M/c, the lower bound for every balancer.
    CentralQueue,
    /// Each request goes to an instance at random; its cores are shared: M/M/c-PS per instance.
    RandomSplit,
}

impl Layout {
    /// What the answer takes for granted, one sentence each.
    pub fn assumptions(self) -> &'static [&'static str] {
        match self {
            Layout::CentralQueue => &[
                "Requests arrive as a Poisson stream of constant rate.",
                "The CPU time of a request is exponential with the given mean; no other time counts.",
                "One queue feeds every core of every instance, first come, first served; a core takes one request.",
                "No balancer can do better, so a real fleet needs at least this many instances.",
                "Instances are always ready: no boot time, failure or deployment is included.",
            ],
            Layout::RandomSplit => &[
                "Requests arrive as a Poisson stream of constant rate.",
                "The CPU time of a request is exponential with the given mean; no other time counts.",
                "A balancer sends each request to an instance at random, whatever its load.",
                "The cores of an instance are shared equally; a request uses at most one core.",
                "A balancer that looks at load (least outstanding, best of two) usually needs fewer instances.",
                "Instances are always ready: no boot time, failure or deployment is included.",
            ],
        }
    }
}

/// A load and a promise about its response time. Times in seconds, rate per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Requests per second, above 0.
    pub rate: f64,
    /// Mean CPU time of a request in seconds, above 0.
    pub cpu_time_mean: f64,
    /// Cores of one instance, at least 1.
    pub vcpus_per_instance: u32,
    /// Quantile of the response time that is promised, between 0 and 1, for example 0.99.
    pub quantile: f64,
    /// Largest response time at that quantile, in seconds, above 0.
    pub limit: f64,
}

/// The smallest fleet for one layout.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Fleet {
    /// How requests reach cores.
    pub layout: Layout,
    /// Number of instances.
    pub instances: u32,
    /// Utilisation of the cores, a ratio from 0 to 1.
    pub utilisation_ratio: f64,
    /// Mean response time in seconds.
    pub mean_response: f64,
    /// Response time at the promised quantile, in seconds; at most the limit.
    pub response_at_quantile: f64,
}

impl Target {
    /// Smallest number of instances that can do the work at all, with no promise about time.
    ///
    /// # Errors
    /// As [`smallest_fleet`].
    pub fn stable_instances(&self) -> Result<u32> {
        self.validate()?;
        let instances = (self.rate * self.cpu_time_mean / f64::from(self.vcpus_per_instance)).floor() + 1.0;
        if instances <= f64::from(MAX_INSTANCES) {
            return Ok(instances as u32);
        }
        Err(OracleError::new(
            ErrorKind::TooLarge,
            format!("the load needs {instances} instances, but at most {MAX_INSTANCES} are tried"),
        ))
    }

    fn validate(&self) -> Result<()> {
        check::positive("the rate", self.rate)?;
        check::positive("the mean CPU time", self.cpu_time_mean)?;
        check::at_least("the number of cores per instance", u64::from(self.vcpus_per_instance), 1)?;
        check::open_unit("the quantile", self.quantile)?;
        check::positive("the response limit", self.limit)?;
        let alone = -(1.0 - self.quantile).ln() * self.cpu_time_mean;
        if self.limit <= alone {
            return Err(OracleError::new(
                ErrorKind::Unreachable,
                format!(
                    "the {} quantile of the CPU time alone is {alone} s, so no fleet responds within {} s",
                    self.quantile, self.limit
                ),
            ));
        }
        Ok(())
    }

    fn central(&self, instances: u32) -> Result<Mmc> {
        let cores = u64::from(instances) * u64::from(self.vcpus_per_instance);
        let cores = u32::try_from(cores).map_err(|_| {
            OracleError::new(ErrorKind::TooLarge, format!("{cores} cores are too many to count"))
        })?;
        Mmc::new(self.rate, 1.0 / self.cpu_time_mean, cores)
    }

    fn one_of(&self, instances: u32) -> Result<MmcPs> {
        MmcPs::new(self.rate / f64::from(instances), 1.0 / self.cpu_time_mean, self.vcpus_per_instance)
    }

    fn meets(&self, layout: Layout, instances: u32) -> Result<bool> {
        let tail = match layout {
            Layout::CentralQueue => self.central(instances)?.response_tail(self.limit),
            Layout::RandomSplit => self.one_of(instances)?.response_tail(self.limit)?,
        };
        Ok(tail <= 1.0 - self.quantile)
    }
}

/// The smallest fleet that keeps the promise under one layout (M/M/c: Harchol-Balter 2013, ch. 14; M/M/c-PS:
/// [`MmcPs`]).
///
/// ```
/// use simscale_oracle::size::{Layout, Target, smallest_fleet};
/// let target = Target { rate: 400.0, cpu_time_mean: 0.035, vcpus_per_instance: 2, quantile: 0.99, limit: 0.3 };
/// let best = smallest_fleet(&target, Layout::CentralQueue)?;
/// let plain = smallest_fleet(&target, Layout::RandomSplit)?;
/// assert!(best.instances <= plain.instances);
/// # Ok::<(), simscale_oracle::OracleError>(())
/// ```
///
/// # Errors
/// Out of domain when a field of the target lies outside its range; unreachable when the CPU time alone breaks the
/// promise; too large beyond ten million instances.
pub fn smallest_fleet(target: &Target, layout: Layout) -> Result<Fleet> {
    let stable = target.stable_instances()?;
    // Start a little below saturation: closer to it a percentile is costly and hardly ever the answer.
    let load = target.rate * target.cpu_time_mean / f64::from(target.vcpus_per_instance);
    let (mut short, mut enough) = (stable - 1, stable.max((load / 0.995).ceil() as u32));
    while !target.meets(layout, enough)? {
        short = enough;
        enough = enough.saturating_add((enough - stable + 1).max(enough / 8));
        if enough > 2 * MAX_INSTANCES {
            return Err(OracleError::new(
                ErrorKind::TooLarge,
                format!("the promise needs more than {MAX_INSTANCES} instances"),
            ));
        }
    }
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if target.meets(layout, middle)? { enough = middle } else { short = middle }
    }
    let (mean_response, response_at_quantile) = match layout {
        Layout::CentralQueue => {
            let fleet = target.central(enough)?;
            (fleet.mean_response(), fleet.response_quantile(target.quantile)?)
        }
        Layout::RandomSplit => {
            let instance = target.one_of(enough)?;
            (instance.mean_response(), instance.response_quantile(target.quantile)?)
        }
    };
    let cores = f64::from(enough) * f64::from(target.vcpus_per_instance);
    let utilisation_ratio = target.rate * target.cpu_time_mean / cores;
    Ok(Fleet { layout, instances: enough, utilisation_ratio, mean_response, response_at_quantile })
}
