//! What everything else stands on: integer time, addressed chance, distributions, the calendar.

mod calendar;
mod chance;
mod distribution;
mod min_index;
mod time;

pub(crate) use calendar::Calendar;
pub(crate) use chance::{hash, mix, stream, Generator, Purpose};
pub use distribution::{BadDistribution, Distribution};
pub(crate) use distribution::{Sampler, WORK_MAX};
pub(crate) use min_index::MinIndex;
pub use time::{SimDuration, SimTime};
pub(crate) use time::{key, time_of, Phase, NEVER};
