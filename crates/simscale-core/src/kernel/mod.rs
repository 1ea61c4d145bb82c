//! What everything else stands on: integer time, addressed chance, distributions, the calendar.

mod calendar;
mod chance;
mod distribution;
mod min_index;
mod row;
mod time;

pub(crate) use calendar::Calendar;
pub use chance::replication_seed;
pub(crate) use chance::{Generator, Purpose, addressed, hash, mix, named_stream, stream};
pub use distribution::{BadDistribution, Distribution};
pub(crate) use distribution::{Sampler, WORK_MAX};
pub(crate) use min_index::MinIndex;
pub(crate) use time::{NEVER, Phase, key, time_of};
pub use time::{SimDuration, SimTime};
