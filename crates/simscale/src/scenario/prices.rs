//! The price list and the thresholds: what stands on every figure of money, what a run is held to.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::law::sim;
use super::{Objective, catalogue};
use crate::summary::{Bounds, PriceSource, figure_paths};
use crate::text::{Check, Duration, HourlyPrice, Money, similar};

/// The price list: where and when its prices held. The prices themselves stand at `instance.price` and `balancer.price`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// Region that the prices are of, for outputs; default "us-east-1".
    pub region: String,
    /// Currency of all prices; only "USD" for now; default "USD".
    pub currency: PriceCurrency,
    /// Date of the price list, for outputs; default that of the catalogue, "2026-07-20".
    pub date: String,
    /// Shortest billed time of an instance; default "60s", as EC2.
    pub minimum_billed: Duration,
    /// Price of a vCPU-hour of surplus CPU credits; default "0.05 USD/h", Linux in us-east-1.
    pub surplus_vcpu: HourlyPrice,
    /// Price of a GiB of volume for a month of 730 hours; default "0.08 USD", gp3 in us-east-1.
    pub volume_gib_month: Money,
    /// Price of a public IPv4 address an hour; default "0.005 USD/h".
    pub public_address: HourlyPrice,
    /// Instances that are paid for over the whole window whether they run or not; what runs beyond them is on demand; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Commitment>,
}

/// Instances that are paid for whether they run or not (a reservation or savings plan without its terms).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// How many instances, 1 to 100000.
    #[schemars(range(min = 1, max = 100_000))]
    pub instances: u32,
    /// Price of each an hour, used or not.
    pub price: HourlyPrice,
}

/// The currency of all prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum PriceCurrency {
    /// The US dollar.
    #[default]
    #[serde(rename = "USD")]
    Usd,
}

/// Bounds on a figure of the summary; a value on a bound keeps it. A figure that was not measured keeps none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bound {
    /// Smallest value that is right; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Largest value that is right; default no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl Default for Prices {
    fn default() -> Self {
        Prices {
            region: catalogue::REGION.to_owned(),
            currency: PriceCurrency::Usd,
            date: catalogue::DATE.to_owned(),
            minimum_billed: Duration::from_secs(60),
            surplus_vcpu: HourlyPrice::from_nano_usd(50_000_000),
            volume_gib_month: Money::from_nano_usd(80_000_000),
            public_address: HourlyPrice::from_nano_usd(5_000_000),
            commitment: None,
        }
    }
}

impl Prices {
    /// The three letters of the currency.
    pub fn currency_code(&self) -> &'static str {
        match self.currency {
            PriceCurrency::Usd => "USD",
        }
    }

    /// What stands on every figure of money.
    pub fn source(&self) -> PriceSource {
        PriceSource {
            region: self.region.clone(),
            currency: self.currency_code().to_owned(),
            date: self.date.clone(),
        }
    }

    pub(crate) fn world(&self, instance_hour: u64, balancer_hour: u64) -> simscale_core::Prices {
        simscale_core::Prices {
            instance_hour_nano_usd: instance_hour,
            minimum: sim(self.minimum_billed),
            balancer_hour_nano_usd: balancer_hour,
            surplus_vcpu_hour_nano_usd: self.surplus_vcpu.nano_usd(),
            volume_gib_month_nano_usd: self.volume_gib_month.nano_usd(),
            address_hour_nano_usd: self.public_address.nano_usd(),
            commitment: self.commitment.map(|commitment| simscale_core::Commitment {
                instances: commitment.instances,
                hour_nano_usd: commitment.price.nano_usd(),
            }),
        }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        if self.date.parse::<Date>().is_err() {
            check.fail("prices.date", "is not a date", "write it as \"2026-07-20\"");
        }
        if self.minimum_billed > Duration::from_secs(86_400) {
            check.fail("prices.minimum_billed", "is longer than a day", "write \"60s\", as EC2, or \"1h\"");
        }
    }
}

impl From<Bound> for Bounds {
    fn from(bound: Bound) -> Bounds {
        Bounds { above: bound.above, below: bound.below }
    }
}

impl Bound {
    pub(crate) fn check(&self, path: &str, check: &mut Check<'_>) {
        match (self.above, self.below) {
            (None, None) => {
                check.fail(path, "bounds nothing", "write { above = ..., below = ... } or one of them")
            }
            (Some(above), Some(below)) if above > below => {
                let rule = format!("is above the upper bound ({below}), so that no figure keeps both");
                check.fail(&format!("{path}.above"), rule, "let above <= below");
            }
            _ => {}
        }
    }
}

/// Reports bounds on figures that no summary of the scenario has, and bounds that nothing can keep.
pub(crate) fn check_expect(
    expect: &BTreeMap<String, Bound>,
    objectives: &[Objective],
    check: &mut Check<'_>,
) {
    let known = figure_paths(objectives.iter().map(|objective| objective.name.as_str()));
    for (figure, bound) in expect {
        // A path in quotes cannot hold both kinds of quotes; no known figure holds any.
        let path =
            if figure.contains('"') { format!("expect.'{figure}'") } else { format!("expect.\"{figure}\"") };
        if !known.contains(figure) {
            let hint = match similar(figure, known.iter().map(String::as_str)) {
                Some(similar) => format!("did you mean \"{similar}\"?"),
                None => "name a figure of summary.json, such as \"cost_usd.total\"".to_owned(),
            };
            check.fail(&path, "is no figure of the summary", hint);
        }
        bound.check(&path, check);
    }
}
