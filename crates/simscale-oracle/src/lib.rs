//! Queueing theory and output statistics: exact answers to check a simulator against.
//!
//! The crate shares no code with the simulator, so that an agreement between the two means something. Every model is
//! a small value with a checked constructor and methods named after what they return. Rates and times may be in any
//! unit as long as they agree; ratios run from 0 to 1; quantile levels are at least 0 and below 1.
//!
//! | question | module |
//! |---|---|
//! | how many instances for this load and this promise | [`size`], [`staffing`] |
//! | one worker, one queue | [`mm1`], [`mg1`], [`md1`] |
//! | many workers, one queue | [`erlang`], [`mmc`], [`mmck`], [`mdc`], [`ggc`] (approximate) |
//! | shared cores | [`ps`], [`ps_tail`] |
//! | many queues behind a balancer | [`split`], [`round_robin`], [`jsq`], [`power_of_d`] |
//! | servers that boot | [`setup`], [`setup_pool`], [`booting`] |
//! | load that changes with time | [`transient`], [`forward`], [`fluid`] |
//! | laws of service times, functions of time | [`service`], [`steps`] |
//! | intervals from simulated output | [`stats`], [`steady`] |
//! | comparing policies | [`select`], [`pareto`], [`elasticity`], [`scores`] |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod check;
mod complex;
mod delay;
mod error;
mod levels;
mod matrix;
mod phase;
mod poisson;
mod roots;
mod uniform;

pub mod booting;
pub mod elasticity;
pub mod erlang;
pub mod fluid;
pub mod forward;
pub mod ggc;
pub mod jsq;
pub mod md1;
pub mod mdc;
pub mod mg1;
pub mod mm1;
pub mod mmc;
pub mod mmck;
pub mod pareto;
pub mod power_of_d;
pub mod ps;
pub mod ps_tail;
pub mod round_robin;
pub mod scores;
pub mod select;
pub mod service;
pub mod setup;
pub mod setup_pool;
pub mod size;
pub mod split;
pub mod staffing;
pub mod stats;
pub mod steady;
pub mod steps;
pub mod transient;

pub use error::{ErrorKind, OracleError, Result};
