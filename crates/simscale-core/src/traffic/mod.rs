//! Where requests come from and where they are sent: rate curves, arrivals, births, the balancer's choice.

pub(crate) mod anomaly;
mod arrivals;
mod births;
#[cfg(test)]
mod cases;
mod curve;
mod nodes;
mod picker;
mod sessions;
pub(crate) mod slow_start;

pub(crate) use arrivals::Arrivals;
pub use arrivals::{ArrivalProcess, Spread, TraceReader, TraceRow, Workload};
pub use births::arriving_requests;
pub(crate) use births::{Birth, Births};
pub use curve::{Curve, MmppState};
pub(crate) use nodes::{Nodes, Targets, View, told, views};
pub use picker::Algorithm;
use picker::Picker;
pub(crate) use sessions::SessionDraws;
pub use sessions::{AfterFailure, CookieKind, SessionRequests, Sessions, Stickiness};
