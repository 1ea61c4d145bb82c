//! Instances: how they share their processors, how they live and die.

mod capacity_provider;
mod credits;
mod deployment;
mod ending;
mod hook;
mod job;
mod life;
mod maintenance;
mod mixed;
mod replacement;
mod server;
mod termination;
mod warm_pool;

pub use capacity_provider::{capacity_provider_reservation, hosts_wanted, scale_in_step};
pub(crate) use credits::{Account, FULL, Terms};
pub use deployment::rolling_limits;
pub use ending::Ending;
pub use hook::{hook_global_timeout, hook_timeout_after};
pub(crate) use job::{ERROR, Job, Outcome, PROBE};
pub(crate) use life::{BootStep, Health, Life, MACHINES, Stage, launch_of};
pub use maintenance::maintenance_limits;
pub(crate) use mixed::{Pool, choose_pool, rank_pools};
pub use mixed::{Split, decrement_is_lost, purchase_split, rebalance_limit, unit_price};
pub use replacement::{Replacement, unhealthy_replacements};
pub(crate) use server::{Claim, Departures, Server};
pub use termination::{Candidate, Configuration, terminated_first};
pub use warm_pool::warm_pool_size;
