//! Statistics, written "average" or "p99".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Kind, Refusal, text_quantity};

/// How the samples of a period become one value. Source: CloudWatch User Guide, "Statistics definitions".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Statistic {
    /// Sum over number of samples.
    Average,
    /// Sum of the samples.
    Sum,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// The sample that a share of all does not exceed, in millionths: "p99" is 990,000.
    Percentile(u32),
}

text_quantity!(Statistic, Kind::Statistic);

/// Statistics with a name of their own.
const NAMED: [(&str, Statistic); 5] = [
    ("average", Statistic::Average),
    ("sum", Statistic::Sum),
    ("minimum", Statistic::Minimum),
    ("maximum", Statistic::Maximum),
    ("sample_count", Statistic::SampleCount),
];

impl FromStr for Statistic {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let named = NAMED.iter().find(|(name, _)| *name == text).map(|(_, statistic)| *statistic);
        let share = || text.strip_prefix('p').and_then(percentile).map(Statistic::Percentile);
        named.or_else(share).ok_or_else(|| {
            let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
            let fix = format!(
                "write one of {}, or a percentile from p0.0001 to p99.9999, such as \"p99\" or \"p99.9\"",
                names.join(", ")
            );
            Refusal::new("is not a statistic", fix)
        })
    }
}

/// A percentile such as "99" or "99.9" in millionths; above 0 and below 100, at most four decimals.
pub(crate) fn percentile(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value: f64 = text.parse().ok().filter(|_| digits && decimals <= 4)?;
    let ppm = (value * 1e4).round();
    (1.0..=999_999.0).contains(&ppm).then_some(ppm as u32)
}

impl fmt::Display for Statistic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statistic::Percentile(ppm) => write!(out, "p{}", f64::from(*ppm) / 1e4),
            named => {
                let name = NAMED.iter().find(|(_, statistic)| statistic == named);
                out.write_str(name.map_or("average", |(name, _)| name))
            }
        }
    }
}
