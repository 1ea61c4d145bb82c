//! simscale: a wind tunnel for autoscaling. A scenario goes in, a result comes out.
//!
//! A [`Scenario`] says everything about one world; [`Scenario::simulation`] turns it into what the engine runs, and
//! [`Simulation::run`] runs it. The engine itself is `simscale-core`, whose types appear here where a user meets them.
//!
//! ```
//! use simscale::{Scenario, text::Override};
//!
//! let text = simscale::scenario::starter("first");
//! let scenario = Scenario::read("first.toml", &text, &[Override::new("simulation.duration", "1h")])?;
//! let result = scenario.simulation(None, None)?.run(&mut ())?;
//! assert!(result.requests.arrived > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod days;
pub mod decide;
pub mod floor;
pub mod plan;
pub mod scenario;
pub mod summary;
pub mod text;

pub use scenario::{Scenario, Simulation};
pub use simscale_core as engine;
pub use simscale_policy as policies;
