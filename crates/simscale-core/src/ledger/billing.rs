//! Money in integers: price per hour times nanoseconds, divided once at the end.

use super::tally::Tally;
use super::{Billed, Cost};
use crate::world::Prices;

const SECOND: u64 = 1_000_000_000;
const HOUR: u128 = 3600 * SECOND as u128;
/// A month of a volume.
const MONTH: u128 = 730 * HOUR;

/// The bill of the statistics window `[from, to)`.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    prices: Prices,
    from: u64,
    /// Billed instance time of the instances that ended, ns.
    ended: u128,
    /// Surplus credits charged, in 1/600 ns of a vCPU.
    surplus: u128,
    /// Instances that run, as far as they are committed to.
    committed: Tally,
    /// Instances that exist, each with its volume.
    existing: Tally,
    /// Public addresses that instances have beside the reserved ones.
    own_addresses: Tally,
    volume_gib: u32,
    /// Public addresses that are reserved, used or not; `None` when instances have no public address.
    reserved: Option<u64>,
}

impl Bill {
    pub fn new(prices: &Prices, volume_gib: u32, reserved: Option<u64>, from: u64) -> Self {
        let commitment = prices.commitment.map_or(0, |c| u64::from(c.instances));
        Bill {
            prices: prices.clone(),
            from,
            ended: 0,
            surplus: 0,
            committed: Tally::new(from, commitment),
            existing: Tally::new(from, u64::MAX),
            own_addresses: Tally::new(from, u64::MAX),
            volume_gib,
            reserved,
        }
    }

    /// An instance exists from `now` on: its volume is billed, and its address if it is no reserved one.
    pub fn exists(&mut self, now: u64, own_address: bool) {
        self.existing.more(now);
        if own_address {
            self.own_addresses.more(now);
        }
    }

    /// An instance is gone, with its volume and its address.
    pub fn gone(&mut self, now: u64, own_address: bool) {
        self.existing.less(now);
        if own_address {
            self.own_addresses.less(now);
        }
    }

    /// An instance begins to run.
    pub fn begin(&mut self, now: u64) {
        self.committed.more(now);
    }

    /// Billed time of an instance that ran over `[running, until)`: whole seconds, rounded up, and at least the
    /// minimum of the price list when it started inside the window (EC2: per second, 60 s a start). The
    /// nanosecond that the effect of a decision waits for does not begin a second.
    pub fn billed(&self, running: u64, until: u64, ended: bool) -> u64 {
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
    /// Gives the time that is billed for it.
    pub fn end(&mut self, running: u64, now: u64) -> u64 {
        self.committed.less(now);
        let billed = if now > self.from { self.billed(running, now, true) } else { 0 };
        self.ended += u128::from(billed);
        billed
    }

    /// Billed time so far of an instance that still runs.
    pub fn so_far(&self, running: u64, now: u64) -> u64 {
        self.billed(running, now, false)
    }

    /// Surplus credits are charged at `now`.
    pub fn charge_credits(&mut self, now: u64, units: u128) {
        if now > self.from {
            self.surplus += units;
        }
    }

    /// The bill up to `now`; `running` names the starts of the instances that still run. The balancer is billed by hours begun (Elastic Load
    /// Balancing pricing page: a partial hour is a full one).
    pub fn total(&self, now: u64, running: impl Iterator<Item = u64>) -> (Cost, Billed) {
        let alive: u128 = running.map(|r| u128::from(self.billed(r, now, false))).sum();
        let (all, window) = (self.ended + alive, u128::from(now.saturating_sub(self.from)));
        // The nanosecond that the effect of a decision waits for is not billed.
        let used = self.committed.total(now).min(all);
        let existing = self.existing.total(now);
        let addresses = self.reserved.map(|count| self.own_addresses.total(now) + u128::from(count) * window);
        let billed = Billed {
            instance_ns: all - used,
            commitment_ns: window * self.prices.commitment.map_or(0, |c| u128::from(c.instances)),
            commitment_used_ns: used,
            surplus_credit_units: self.surplus,
            volume_gib_ns: existing * u128::from(self.volume_gib),
            address_ns: addresses.unwrap_or(0),
            balancer_ns: window.div_ceil(HOUR) * HOUR,
            ..Billed::default()
        };
        (self.cost(&billed), billed)
    }

    /// What the quantities cost, each part rounded once.
    fn cost(&self, billed: &Billed) -> Cost {
        let p = &self.prices;
        let commitment = p.commitment.map_or(0, |c| c.hour_nano_usd);
        Cost {
            instances_nano_usd: cost(billed.instance_ns, p.instance_hour_nano_usd, HOUR),
            commitment_nano_usd: cost(billed.commitment_ns, commitment, HOUR),
            surplus_credits_nano_usd: cost(
                billed.surplus_credit_units,
                p.surplus_vcpu_hour_nano_usd,
                600 * HOUR,
            ),
            volumes_nano_usd: cost(billed.volume_gib_ns, p.volume_gib_month_nano_usd, MONTH),
            addresses_nano_usd: cost(billed.address_ns, p.address_hour_nano_usd, HOUR),
            balancer_hours_nano_usd: cost(billed.balancer_ns, p.balancer_hour_nano_usd, HOUR),
            ..Cost::default()
        }
    }
}

/// The cost of an amount at a price for so much of it, to the nearest billionth.
fn cost(amount: u128, price: u64, unit: u128) -> u128 {
    (amount * u128::from(price) + unit / 2) / unit
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
        Bill::new(&prices, 0, None, from)
    }

    #[test]
    fn an_hour_costs_the_hourly_price() {
        let mut b = bill(0);
        b.begin(0);
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
        b.begin(0);
        b.begin(0);
        b.end(0, 5 * SECOND);
        assert_eq!(b.ended, 60 * SECOND as u128);
        b.end(0, 61 * SECOND + 2);
        assert_eq!(b.ended, (60 + 62) * SECOND as u128);
    }

    #[test]
    fn only_the_window_is_billed() {
        let mut b = bill(100 * SECOND);
        b.begin(0);
        b.begin(0);
        b.end(0, 90 * SECOND);
        b.end(0, 130 * SECOND);
        assert_eq!(b.ended, 30 * SECOND as u128);
        // Still running at the end: to the nanosecond, no minimum.
        assert_eq!(b.total(130 * SECOND, [125 * SECOND].into_iter()).1.instance_ns, 35 * SECOND as u128);
    }
}
