//! The price list: what stands on every figure of money.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue;
use super::law::sim;
use crate::summary::PriceSource;
use crate::text::{Check, Duration, HourlyPrice, Money};

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
