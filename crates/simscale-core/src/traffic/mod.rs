//! Where requests come from and where they are sent: rate curves, arrivals, births, the balancer's choice.

mod arrivals;
mod births;
mod curve;
mod picker;
mod sessions;

pub(crate) use arrivals::Arrivals;
pub use arrivals::{ArrivalProcess, Spread, TraceReader, TraceRow, Workload};
pub(crate) use births::{Birth, Births};
pub use curve::{Curve, MmppState};
pub use picker::Algorithm;
pub(crate) use picker::Picker;
pub(crate) use sessions::SessionDraws;
pub use sessions::{AfterFailure, SessionRequests, Sessions};
