//! What is left out at the start of a run, written "30m" or "mser5".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Duration, Kind, Refusal, text_quantity};

/// The word for the rule.
const MSER5: &str = "mser5";

/// The stretch at the start of a run that is left out of statistics and cost: a duration, or the rule by which it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LeadIn {
    /// So long.
    Given(Duration),
    /// Until the run has settled, by MSER-5 (White 1997; Spratt 1998) in a run before.
    Mser5,
}

text_quantity!(LeadIn, Kind::LeadIn);

impl LeadIn {
    /// The length where it is given, else zero: what a run has before its lead-in was found.
    pub const fn time(self) -> Duration {
        match self {
            LeadIn::Given(time) => time,
            LeadIn::Mser5 => Duration::from_secs(0),
        }
    }

    /// The same in nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.time().nanos()
    }

    /// The same in seconds, for display.
    pub fn seconds(self) -> f64 {
        self.time().seconds()
    }
}

impl Default for LeadIn {
    fn default() -> Self {
        LeadIn::Given(Duration::default())
    }
}

impl From<Duration> for LeadIn {
    fn from(time: Duration) -> LeadIn {
        LeadIn::Given(time)
    }
}

impl FromStr for LeadIn {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text == MSER5 {
            return Ok(LeadIn::Mser5);
        }
        if text.starts_with(|first: char| first.is_ascii_alphabetic() && first != 'P') {
            let hint = "write a duration, such as \"30m\", or \"mser5\"";
            return Err(Refusal::new("is neither a duration nor a rule", hint));
        }
        text.parse().map(LeadIn::Given)
    }
}

impl fmt::Display for LeadIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeadIn::Given(time) => time.fmt(out),
            LeadIn::Mser5 => out.write_str(MSER5),
        }
    }
}
