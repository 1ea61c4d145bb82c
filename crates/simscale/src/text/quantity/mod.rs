//! Quantities: numbers that carry their unit in text, each refused with its rule and its fix.

mod clock;
mod cron;
mod decimal;
mod duration;
mod formula;
mod lead_in;
mod money;
mod rate;
mod size;
mod statistic;

pub use clock::{Instant, Moment, TimeOfDay};
pub use cron::Cron;
pub use duration::Duration;
pub use formula::Formula;
pub(crate) use formula::Term;
pub use lead_in::LeadIn;
pub use money::{Currency, HourlyPrice, Money};
pub use rate::Rate;
pub use size::Size;
pub use statistic::Statistic;
pub(crate) use statistic::percentile;

use std::fmt;

/// The schema keyword that marks a text as a quantity; its value is [`Kind::name`].
pub(crate) const MARKER: &str = "x-quantity";

/// Why a text is not the quantity it should be: a rule that continues "the value ...", and a fix.
///
/// Its `Display` is `rule; hint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    rule: String,
    hint: String,
}

impl Refusal {
    fn new(rule: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { rule: rule.into(), hint: hint.into() }
    }

    /// The rule that was broken, written so that it continues the value: "is a negative duration".
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}; {}", self.rule, self.hint)
    }
}

impl std::error::Error for Refusal {}

/// The kinds of quantity that a scenario may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Duration,
    Rate,
    HourlyPrice,
    Money,
    Size,
    Instant,
    TimeOfDay,
    Cron,
    Moment,
    Statistic,
    Formula,
    LeadIn,
}

impl Kind {
    const ALL: [Kind; 12] = [
        Kind::Duration,
        Kind::Rate,
        Kind::HourlyPrice,
        Kind::Money,
        Kind::Size,
        Kind::Instant,
        Kind::TimeOfDay,
        Kind::Cron,
        Kind::Moment,
        Kind::Statistic,
        Kind::Formula,
        Kind::LeadIn,
    ];

    /// The kind with this name, as written behind [`MARKER`] in a schema.
    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind in one or two words, as messages say it: "a duration", "an hourly price".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Duration => "duration",
            Kind::Rate => "rate",
            Kind::HourlyPrice => "hourly price",
            Kind::Money => "amount of money",
            Kind::Size => "size",
            Kind::Instant => "date and time",
            Kind::TimeOfDay => "time of day",
            Kind::Cron => "cron expression",
            Kind::Moment => "moment",
            Kind::Statistic => "statistic",
            Kind::Formula => "expression",
            Kind::LeadIn => "lead-in",
        }
    }

    /// The kind with its article.
    pub(crate) fn a_name(self) -> String {
        let article =
            if matches!(self, Kind::HourlyPrice | Kind::Money | Kind::Formula) { "an" } else { "a" };
        format!("{article} {}", self.name())
    }

    /// A text that is accepted, without quotes.
    pub(crate) fn example(self) -> &'static str {
        self.examples()[0]
    }

    /// Texts that are accepted.
    pub(crate) fn examples(self) -> &'static [&'static str] {
        match self {
            Kind::Duration => &["90s", "300ms", "1h 30m", "2d"],
            Kind::Rate => &["400/s", "12/min", "3000/h"],
            Kind::HourlyPrice => &["0.096 USD/h"],
            Kind::Money => &["12.50 USD"],
            Kind::Size => &["512MiB", "1.5GiB", "200KB"],
            Kind::Instant => &["2026-03-02T00:00:00Z"],
            Kind::TimeOfDay => &["20:00", "08:30:15"],
            Kind::Cron => &["0 8 * * MON-FRI", "*/15 6-20 * * *"],
            Kind::Moment => &["2h", "2026-03-02T02:00:00Z"],
            Kind::Statistic => &["average", "sample_count", "p99"],
            Kind::Formula => &["sum(in_flight) / group_in_service_instances"],
            Kind::LeadIn => &["30m", "1h", "mser5"],
        }
    }

    /// The fix for a number that came without its unit.
    pub(crate) fn with_unit(self, number: &str) -> String {
        let number = number.replace(['_', '+'], "");
        match self {
            Kind::Duration | Kind::Moment | Kind::LeadIn => {
                format!("write the unit: \"{number}s\" or \"{number}ms\"")
            }
            Kind::Rate => format!("write the unit: \"{number}/s\" or \"{number}/min\""),
            Kind::HourlyPrice => format!("write the unit: \"{number} USD/h\""),
            Kind::Money => format!("write the currency: \"{number} USD\""),
            Kind::Size => format!("write the unit: \"{number}MiB\" or \"{number}GiB\""),
            Kind::Instant | Kind::TimeOfDay | Kind::Cron | Kind::Statistic | Kind::Formula => {
                format!("write it in full: \"{}\"", self.example())
            }
        }
    }

    /// A loose pattern with which an editor can warn; the exact rule is the parser's.
    fn pattern(self) -> &'static str {
        match self {
            Kind::Duration => r"^(P.+|[0-9.]+ ?[a-zµ].*)$",
            Kind::Rate => r"^[0-9.eE+-]+ ?/ ?(s|min|h|d)$",
            Kind::HourlyPrice => r"^[0-9.]+ [A-Z]{3}/h$",
            Kind::Money => r"^[0-9.]+ [A-Z]{3}$",
            Kind::Size => r"^[0-9.]+ ?([KMGT]i?)?B$",
            Kind::Instant => r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+([Zz]|[+-][0-9]{2}:?[0-9]{2})$",
            Kind::TimeOfDay => r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$",
            Kind::Cron => r"^\S+ +\S+ +\S+ +\S+ +\S+$",
            Kind::Moment => r"^(P.+|[0-9.]+ ?[a-zµ].*|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+)$",
            Kind::Statistic => r"^(average|sum|minimum|maximum|sample_count|p[0-9.]+)$",
            Kind::Formula => r"^[A-Za-z0-9_.+*/() -]+$",
            Kind::LeadIn => r"^(mser5|P.+|[0-9.]+ ?[a-zµ].*)$",
        }
    }

    /// Parses `text` and forgets the value: the walker's question.
    pub(crate) fn check(self, text: &str) -> Result<(), Refusal> {
        match self {
            Kind::Duration => text.parse::<Duration>().map(drop),
            Kind::Rate => text.parse::<Rate>().map(drop),
            Kind::HourlyPrice => text.parse::<HourlyPrice>().map(drop),
            Kind::Money => text.parse::<Money>().map(drop),
            Kind::Size => text.parse::<Size>().map(drop),
            Kind::Instant => text.parse::<Instant>().map(drop),
            Kind::TimeOfDay => text.parse::<TimeOfDay>().map(drop),
            Kind::Cron => text.parse::<Cron>().map(drop),
            Kind::Moment => text.parse::<Moment>().map(drop),
            Kind::Statistic => text.parse::<Statistic>().map(drop),
            Kind::Formula => text.parse::<Formula>().map(drop),
            Kind::LeadIn => text.parse::<LeadIn>().map(drop),
        }
    }

    /// The schema of the kind: a text with a marker, a pattern and examples.
    fn schema(self) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            MARKER: self.name(),
            "pattern": self.pattern(),
            "examples": self.examples(),
        })
    }
}

/// Whether a text is a bare decimal number, so that only the unit is missing.
fn is_bare_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'+'))
}

/// Gives a quantity its conversions from and to text and its schema.
macro_rules! text_quantity {
    ($type:ident, $kind:expr) => {
        impl TryFrom<String> for $type {
            type Error = crate::text::quantity::Refusal;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $kind.schema()
            }
        }
    };
}
use text_quantity;

#[cfg(test)]
mod tests;
