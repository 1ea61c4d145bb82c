//! A rate of events, written "400/s" or "12/min".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Kind, Refusal, is_bare_number, text_quantity};

/// A rate: 0 to 10^9 a second, finite.
///
/// Text: a number and "/s", "/min", "/h" or "/d". The written number and unit are kept, so that a rate is
/// written back as it was read; two rates are equal when they are the same number a second.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    amount: f64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    const ALL: [Unit; 4] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day];

    fn symbol(self) -> &'static str {
        match self {
            Unit::Second => "s",
            Unit::Minute => "min",
            Unit::Hour => "h",
            Unit::Day => "d",
        }
    }

    fn seconds(self) -> f64 {
        match self {
            Unit::Second => 1.0,
            Unit::Minute => 60.0,
            Unit::Hour => 3_600.0,
            Unit::Day => 86_400.0,
        }
    }
}

text_quantity!(Rate, Kind::Rate);

impl Rate {
    /// The highest rate, in events a second.
    pub const MAX_PER_SECOND: f64 = 1e9;

    /// A rate of so many events a second; `None` outside 0 to [`Rate::MAX_PER_SECOND`] and for NaN.
    pub fn from_per_second(amount: f64) -> Option<Rate> {
        // Adding zero turns -0.0 into 0.0.
        (0.0..=Rate::MAX_PER_SECOND)
            .contains(&amount)
            .then_some(Rate { amount: amount + 0.0, unit: Unit::Second })
    }

    /// Events a second: 0 to [`Rate::MAX_PER_SECOND`].
    pub fn per_second(self) -> f64 {
        self.amount / self.unit.seconds()
    }

    /// Whether nothing happens at this rate.
    pub fn is_zero(self) -> bool {
        self.amount == 0.0
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Rate) -> bool {
        self.per_second() == other.per_second()
    }
}

impl FromStr for Rate {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if is_bare_number(text) {
            return Err(Refusal::new("is a number without a unit", Kind::Rate.with_unit(text)));
        }
        let (amount, unit) = text.split_once('/').ok_or_else(not_a_rate)?;
        let (amount, unit) = (amount.trim_end(), unit.trim_start());
        let unit = Unit::ALL
            .into_iter()
            .find(|known| known.symbol() == unit)
            .ok_or_else(|| wrong_unit(amount, unit))?;
        if !amount.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
            return Err(not_a_rate());
        }
        let amount: f64 = amount.parse().map_err(|_| not_a_rate())?;
        if amount.is_sign_negative() && amount != 0.0 {
            return Err(Refusal::new("is a negative rate", "write a rate of zero or more"));
        }
        let rate = Rate { amount: amount + 0.0, unit };
        if rate.per_second() > Rate::MAX_PER_SECOND {
            return Err(too_high(rate.per_second()));
        }
        Ok(rate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.amount, self.unit.symbol())
    }
}

fn not_a_rate() -> Refusal {
    Refusal::new("is not a rate", "write a number and /s, /min, /h or /d, such as \"400/s\" or \"12/min\"")
}

fn wrong_unit(amount: &str, unit: &str) -> Refusal {
    let fix = match unit {
        "sec" | "second" | "S" => "s",
        "m" | "minute" | "Min" | "MIN" => "min",
        "hr" | "hour" | "H" => "h",
        "day" | "D" => "d",
        _ => return not_a_rate(),
    };
    Refusal::new(format!("has the unknown unit \"/{unit}\""), format!("write \"{amount}/{fix}\""))
}

fn too_high(per_second: f64) -> Refusal {
    let power = per_second.log10().floor();
    let size = if power.is_finite() { format!("about 10^{power:.0}") } else { "more than 10^300".to_owned() };
    Refusal::new(
        format!("is {size} a second; the highest rate is 10^9 a second"),
        "check the number and its unit, or split the load over several runs",
    )
}
