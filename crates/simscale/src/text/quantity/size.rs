//! A number of bytes, written "512MiB" or "200KB".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::decimal::{DecimalError, scaled};
use super::{Kind, Refusal, is_bare_number, text_quantity};

/// Units from the largest to the smallest, those of 1024 before those of 1000.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// A size in whole bytes: zero to `u64::MAX`.
///
/// Text: a decimal number and B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u64);

text_quantity!(Size, Kind::Size);

impl Size {
    /// A size of so many bytes.
    pub const fn from_bytes(bytes: u64) -> Size {
        Size(bytes)
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if is_bare_number(text) {
            return Err(Refusal::new("is a number without a unit", Kind::Size.with_unit(text)));
        }
        if text.starts_with('-') {
            return Err(Refusal::new("is a negative size", "write a size of zero or more"));
        }
        let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(not_a_size)?;
        let (number, unit) = (text[..split].trim_end(), &text[split..]);
        let Some((_, bytes)) = UNITS.iter().find(|(symbol, _)| *symbol == unit) else {
            return Err(wrong_unit(number, unit));
        };
        scaled(number, *bytes).map(Size).map_err(|error| match error {
            DecimalError::NotDecimal => not_a_size(),
            DecimalError::TooFine => {
                Refusal::new("is not a whole number of bytes", "write a smaller unit or fewer decimals")
            }
            DecimalError::TooLarge => {
                Refusal::new("is above 16 million TiB", "check the number and its unit")
            }
        })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, bytes): &&(&str, u64)| self.0 >= *bytes && self.0.is_multiple_of(*bytes);
        let shortest = UNITS.iter().filter(fits).map(|(symbol, bytes)| (self.0 / bytes, symbol)).min();
        match shortest {
            Some((number, symbol)) => write!(out, "{number}{symbol}"),
            None => write!(out, "0B"),
        }
    }
}

fn not_a_size() -> Refusal {
    Refusal::new("is not a size", "write a number and B, KB, MB, GB, KiB, MiB or GiB, such as \"512MiB\"")
}

fn wrong_unit(number: &str, unit: &str) -> Refusal {
    match UNITS.iter().find(|(symbol, _)| symbol.eq_ignore_ascii_case(unit)) {
        Some((symbol, _)) => {
            Refusal::new(format!("has the unknown unit \"{unit}\""), format!("write \"{number}{symbol}\""))
        }
        None => not_a_size(),
    }
}
