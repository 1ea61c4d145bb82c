//! Money and hourly prices in whole billionths of a dollar, written "12.50 USD" and "0.096 USD/h".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::decimal::{DecimalError, scaled, shown};
use super::{Kind, Refusal, is_bare_number, text_quantity};

const NANO: u64 = 1_000_000_000;

/// The currency of an amount. Only US dollars are known so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Currency {
    /// The US dollar.
    #[default]
    Usd,
}

impl Currency {
    /// The three upper-case letters of ISO 4217.
    pub const fn code(self) -> &'static str {
        match self {
            Currency::Usd => "USD",
        }
    }
}

/// An amount of money: zero to about 18.4 thousand million dollars, in whole billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Money {
    nanos: u64,
    currency: Currency,
}

/// A price an hour: zero to about 18.4 thousand million dollars, in whole billionths of a dollar an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HourlyPrice {
    nanos: u64,
    currency: Currency,
}

text_quantity!(Money, Kind::Money);
text_quantity!(HourlyPrice, Kind::HourlyPrice);

impl Money {
    /// An amount of so many billionths of a US dollar.
    pub const fn from_nano_usd(nanos: u64) -> Money {
        Money { nanos, currency: Currency::Usd }
    }

    /// The amount in billionths of a US dollar.
    pub const fn nano_usd(self) -> u64 {
        self.nanos
    }

    /// The currency of the amount.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl HourlyPrice {
    /// A price of so many billionths of a US dollar an hour.
    pub const fn from_nano_usd(nanos: u64) -> HourlyPrice {
        HourlyPrice { nanos, currency: Currency::Usd }
    }

    /// The price in billionths of a US dollar an hour.
    pub const fn nano_usd(self) -> u64 {
        self.nanos
    }

    /// The currency of the price.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl FromStr for Money {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.contains('/') {
            return Err(Refusal::new(
                "is a price, where an amount of money belongs",
                "leave out what follows the currency: \"12.50 USD\"",
            ));
        }
        let (nanos, currency) = amount(text, Kind::Money)?;
        Ok(Money { nanos, currency })
    }
}

impl FromStr for HourlyPrice {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if is_bare_number(text) {
            return Err(Refusal::new("is a number without a unit", Kind::HourlyPrice.with_unit(text)));
        }
        let Some((money, unit)) = text.split_once('/') else {
            return Err(Refusal::new(
                "does not say \"per hour\"",
                format!("write \"{}/h\"", text.trim_end()),
            ));
        };
        if unit.trim_start() != "h" {
            return Err(Refusal::new("is not a price an hour", "write it per hour: \"0.096 USD/h\""));
        }
        let (nanos, currency) = amount(money.trim_end(), Kind::HourlyPrice)?;
        Ok(HourlyPrice { nanos, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", shown(self.nanos, NANO, 2), self.currency.code())
    }
}

impl fmt::Display for HourlyPrice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}/h", shown(self.nanos, NANO, 0), self.currency.code())
    }
}

fn amount(text: &str, kind: Kind) -> Result<(u64, Currency), Refusal> {
    if is_bare_number(text) {
        return Err(Refusal::new("is a number without a currency", kind.with_unit(text)));
    }
    let like =
        || Refusal::new(format!("is not {}", kind.a_name()), format!("write it like \"{}\"", kind.example()));
    let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(like)?;
    let (number, code) = (text[..split].trim_end(), &text[split..]);
    if number.starts_with('-') {
        return Err(Refusal::new(
            format!("is a negative {}", kind.name()),
            "write an amount of zero or more",
        ));
    }
    let nanos = scaled(number, NANO).map_err(|error| match error {
        DecimalError::NotDecimal => like(),
        DecimalError::TooFine => Refusal::new(
            "has more than 9 decimals",
            "round it to whole billionths, such as \"0.000000001 USD\"",
        ),
        DecimalError::TooLarge => {
            Refusal::new("is above 18 thousand million", "write at most \"18000000000 USD\"")
        }
    })?;
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        let rule = format!("has \"{code}\" where a currency of three capital letters belongs");
        return Err(Refusal::new(rule, format!("write it like \"{}\"", kind.example())));
    }
    if code != Currency::Usd.code() {
        return Err(Refusal::new(
            format!("is in {code}; only USD is accepted for now"),
            "convert it to US dollars and write USD",
        ));
    }
    Ok((nanos, Currency::Usd))
}
