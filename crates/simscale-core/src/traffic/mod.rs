//! Where requests come from and where they are sent: rate curves, arrivals, births, the balancer's choice.

mod arrivals;
mod births;
mod curve;
mod picker;

pub(crate) use arrivals::Arrivals;
pub use arrivals::{ArrivalProcess, Spread, TraceReader, TraceRow, Workload};
pub(crate) use births::Births;
pub use curve::{Curve, MmppState};
pub use picker::Algorithm;
pub(crate) use picker::Picker;
