//! A length of time in whole nanoseconds, written "90s", "1h 30m" or "PT5M".

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

use super::{Kind, Refusal, is_bare_number, text_quantity};

/// A length of time: zero to 100 years (of 365.25 days), in whole nanoseconds.
///
/// Text: a number and a unit of ns, us, ms, s, m, h, d or w, several joined ("1h 30m"), or ISO 8601 ("PT5M").
/// A day is 24 hours. A bare number, a negative duration, months and years are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration(u64);

text_quantity!(Duration, Kind::Duration);

impl Duration {
    /// The longest duration: 100 years of 365.25 days.
    pub const MAX: Duration = Duration(36_525 * 86_400 * 1_000_000_000);

    /// A duration of so many nanoseconds; `None` above [`Duration::MAX`].
    pub const fn from_nanos(nanos: u64) -> Option<Duration> {
        if nanos <= Duration::MAX.0 { Some(Duration(nanos)) } else { None }
    }

    /// A duration of so many milliseconds, for defaults.
    ///
    /// # Panics
    /// Above [`Duration::MAX`].
    pub const fn from_millis(millis: u64) -> Duration {
        assert!(millis <= Duration::MAX.0 / 1_000_000, "a duration is at most 100 years");
        Duration(millis * 1_000_000)
    }

    /// A duration of so many seconds, for defaults.
    ///
    /// # Panics
    /// Above [`Duration::MAX`].
    pub const fn from_secs(seconds: u64) -> Duration {
        assert!(seconds <= Duration::MAX.0 / 1_000_000_000, "a duration is at most 100 years");
        Duration(seconds * 1_000_000_000)
    }

    /// Length in nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Length in seconds, rounded to the nearest `f64`: for display and rates, never for a clock.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether the length is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Duration {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if is_bare_number(text) {
            return Err(Refusal::new("is a number without a unit", Kind::Duration.with_unit(text)));
        }
        if text.len() > 200 {
            return Err(not_a_duration());
        }
        let span: Span = text.parse().map_err(|_| explain(text))?;
        if span.is_negative() {
            return Err(Refusal::new("is a negative duration", "write a duration of zero or more"));
        }
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(calendar_units());
        }
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| too_long())?;
        u64::try_from(length.as_nanos()).ok().and_then(Duration::from_nanos).ok_or_else(too_long)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 100 years of nanoseconds fit an i64.
        write!(out, "{:#}", SignedDuration::from_nanos(self.0 as i64))
    }
}

fn explain(text: &str) -> Refusal {
    let bytes = text.as_bytes();
    if !text.starts_with('P') && bytes.windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'M') {
        return Refusal::new(
            "uses the unit M, which could be minutes or months",
            "write m for minutes: \"5m\"",
        );
    }
    if text.starts_with('-') {
        return Refusal::new("is a negative duration", "write a duration of zero or more");
    }
    let last_unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '));
    if text.contains('.') && matches!(last_unit, "d" | "day" | "days" | "w" | "week" | "weeks") {
        return Refusal::new("has a part of a day or week", "write it in hours, such as \"36h\"");
    }
    not_a_duration()
}

fn not_a_duration() -> Refusal {
    Refusal::new(
        "is not a duration",
        "write a number and a unit (w, d, h, m, s, ms, us, ns), the largest first, such as \"90s\", \
         \"300ms\" or \"1h 30m\"",
    )
}

fn calendar_units() -> Refusal {
    Refusal::new("uses months or years, which have no fixed length", "write days: \"30d\"")
}

fn too_long() -> Refusal {
    Refusal::new("is longer than 100 years", "write a duration of at most \"36525d\"")
}
