//! Money in integers: price per hour times nanoseconds, divided once at the end.

use super::{Billed, Cost};
use crate::world::Prices;

const SECOND: u64 = 1_000_000_000;
const HOUR: u128 = 3600 * SECOND as u128;

/// The bill of the statistics window `[from, to)`.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    prices: Prices,
    from: u64,
    /// Billed instance time of the instances that ended, ns.
    ended: u128,
    /// Surplus credits charged, in 1/600 ns of a vCPU.
    surplus: u128,
}

impl Bill {
    pub fn new(prices: &Prices, from: u64) -> Self {
        Bill { prices: prices.clone(), from, ended: 0, surplus: 0 }
    }

    /// Billed time of an instance that ran over `[running, until)`: whole seconds, rounded up, and at least the
    /// minimum of the price list when it started inside the window (EC2: per second, 60 s a start). The
    /// nanosecond that the effect of a decision waits for does not begin a second.
    fn billed(&self, running: u64, until: u64, ended: bool) -> u64 {
        let begin = running.max(self.from);
        if until <= begin && running < self.from {
            return 0;
        }
        let time = until.saturating_sub(begin);
        if !ended {
            return time;
        }
        let seconds = time.saturating_sub(1).div_ceil(SECOND) * SECOND;
        if running >= self.from { seconds.max(self.prices.minimum.as_nanos()) } else { seconds }
    }

    /// An instance that was billed since `running` is shutting down at `now`.
    pub fn end(&mut self, running: u64, now: u64) {
        if now > self.from {
            self.ended += u128::from(self.billed(running, now, true));
        }
    }

    /// Surplus credits are charged at `now`.
    pub fn charge_credits(&mut self, now: u64, units: u128) {
        if now > self.from {
            self.surplus += units;
        }
    }

    /// The bill up to `now`; `running` names the starts of the instances that still run.
    pub fn total(&self, now: u64, running: impl Iterator<Item = u64>) -> (Cost, Billed) {
        let alive: u128 = running.map(|r| u128::from(self.billed(r, now, false))).sum();
        let billed = Billed {
            instance_ns: self.ended + alive,
            surplus_credit_units: self.surplus,
            balancer_ns: u128::from(now.saturating_sub(self.from)),
            ..Billed::default()
        };
        (self.cost(&billed), billed)
    }

    /// What the quantities cost, each part rounded once.
    fn cost(&self, billed: &Billed) -> Cost {
        Cost {
            instances_nano_usd: hourly(billed.instance_ns, self.prices.instance_hour_nano_usd),
            balancer_hours_nano_usd: hourly(billed.balancer_ns, self.prices.balancer_hour_nano_usd),
            surplus_credits_nano_usd: hourly_surplus(
                billed.surplus_credit_units,
                self.prices.surplus_vcpu_hour_nano_usd,
            ),
            ..Cost::default()
        }
    }
}

/// The cost of surplus credits at a price per vCPU-hour, to the nearest billionth.
fn hourly_surplus(units: u128, price: u64) -> u128 {
    let hour = 600 * HOUR;
    (units * u128::from(price) + hour / 2) / hour
}

/// The cost of a time at a price per hour, to the nearest billionth.
fn hourly(ns: u128, price: u64) -> u128 {
    (ns * u128::from(price) + HOUR / 2) / HOUR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SimDuration;

    fn bill(from: u64) -> Bill {
        let prices = Prices {
            instance_hour_nano_usd: 96_000_000,
            minimum: SimDuration::from_secs(60),
            balancer_hour_nano_usd: 22_500_000,
            ..Prices::default()
        };
        Bill::new(&prices, from)
    }

    #[test]
    fn an_hour_costs_the_hourly_price() {
        let mut b = bill(0);
        b.end(0, 3600 * SECOND);
        let (cost, billed) = b.total(3600 * SECOND, std::iter::empty());
        let want =
            Cost { instances_nano_usd: 96_000_000, balancer_hours_nano_usd: 22_500_000, ..Cost::default() };
        assert_eq!(cost, want);
        assert_eq!(billed.instance_ns, HOUR);
    }

    #[test]
    fn a_short_life_pays_the_minimum_and_seconds_round_up() {
        let mut b = bill(0);
        b.end(0, 5 * SECOND);
        assert_eq!(b.ended, 60 * SECOND as u128);
        b.end(0, 61 * SECOND + 2);
        assert_eq!(b.ended, (60 + 62) * SECOND as u128);
    }

    #[test]
    fn only_the_window_is_billed() {
        let mut b = bill(100 * SECOND);
        b.end(0, 90 * SECOND);
        b.end(0, 130 * SECOND);
        assert_eq!(b.ended, 30 * SECOND as u128);
        // Still running at the end: to the nanosecond, no minimum.
        assert_eq!(b.total(130 * SECOND, [125 * SECOND].into_iter()).1.instance_ns, 35 * SECOND as u128);
    }
}
