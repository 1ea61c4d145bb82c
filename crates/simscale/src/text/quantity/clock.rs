//! Points on the calendar and on the wall clock, written "2026-03-02T00:00:00Z" and "20:00".

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::{Duration, Kind, Refusal, text_quantity};

/// A moment on the calendar with its offset from UTC (RFC 3339), kept in UTC to the nanosecond.
///
/// Ordered by time. Years -9999 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant(Timestamp);

/// A time of day to the second: "00:00" to "23:59:59". It has no date and no zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(Time);

text_quantity!(Instant, Kind::Instant);
text_quantity!(TimeOfDay, Kind::TimeOfDay);
text_quantity!(Moment, Kind::Moment);

/// A moment of a run: a time since its start ("2h"), or a point on the calendar ("2026-03-02T02:00:00Z").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// So long after the start of the run.
    After(Duration),
    /// At this point on the calendar.
    At(Instant),
}

impl FromStr for Moment {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        // Only a date has two dashes before its time; "-5m" is a mistaken duration.
        if text.matches('-').count() >= 2 {
            return text.parse().map(Moment::At);
        }
        text.parse().map(Moment::After)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::After(time) => time.fmt(out),
            Moment::At(instant) => instant.fmt(out),
        }
    }
}

impl Instant {
    /// The moment so many seconds after (or before) 1970-01-01T00:00:00Z; `None` outside the years of the
    /// calendar.
    pub fn from_unix_seconds(seconds: i64) -> Option<Instant> {
        Timestamp::from_second(seconds).ok().map(Instant)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z, negative before it.
    pub fn unix_nanos(self) -> i128 {
        self.0.as_nanosecond()
    }

    /// The time of day in UTC, in nanoseconds since midnight.
    pub fn nanos_since_utc_midnight(self) -> u64 {
        const DAY: i128 = 86_400 * 1_000_000_000;
        // A remainder of a day fits: it is below 10^14.
        self.unix_nanos().rem_euclid(DAY) as u64
    }
}

impl TimeOfDay {
    /// Nanoseconds since midnight: 0 to 86,399 x 10^9.
    pub fn nanos(self) -> u64 {
        let [hour, minute, second] =
            [self.0.hour(), self.0.minute(), self.0.second()].map(|part| part as u64);
        (hour * 3_600 + minute * 60 + second) * 1_000_000_000
    }
}

impl FromStr for Instant {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Instant(timestamp));
        }
        if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
            let fix = format!("write Z for UTC: \"{civil}Z\", or an offset: \"{civil}+01:00\"");
            return Err(Refusal::new("has no offset from UTC", fix));
        }
        let fix = format!("write it like \"{}\"", Kind::Instant.example());
        Err(Refusal::new("is not a date and time", fix))
    }
}

impl FromStr for TimeOfDay {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parsed = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text));
        let time = parsed.map_err(|_| {
            Refusal::new(
                "is not a time of day",
                "write hours and minutes from \"00:00\" to \"23:59\", such as \"20:00\"",
            )
        })?;
        Ok(TimeOfDay(time))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.0.hour(), self.0.minute())?;
        if self.0.second() == 0 { Ok(()) } else { write!(out, ":{:02}", self.0.second()) }
    }
}
