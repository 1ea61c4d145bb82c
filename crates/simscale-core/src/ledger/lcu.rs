//! Capacity units of the balancer (LCU): what an hour used of four dimensions; the largest is billed.
//!
//! Source: Elastic Load Balancing pricing page. A unit-hour is 25 new connections a second, 3,000 active connections a minute, 1 GB (0.4 GB
//! of a Lambda target), 1,000 rule evaluations a second (requests times the rules beyond ten), each over a whole hour.

use super::{Billed, Cost};
use crate::world::CapacityUnits;

const HOUR_S: u128 = 3600;
const HOUR_NS: u128 = HOUR_S * 1_000_000_000;
const FREE_RULES: u32 = 10;

/// What went through the balancer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Use {
    pub new_connections: u128,
    /// Open connections x time, ns.
    pub connection_ns: u128,
    /// From and to targets that are instances.
    pub bytes: u128,
    /// From and to Lambda targets, which the engine does not have.
    pub lambda_bytes: u128,
    pub rule_evaluations: u128,
}

impl Use {
    /// What these attempts and bytes used: every so many attempts open a connection, which stays for its life.
    pub fn of(attempts: Attempts, bytes: u128, units: &CapacityUnits) -> Use {
        let per = u64::from(units.requests_per_connection.max(1));
        let new_connections = u128::from(attempts.to / per - attempts.from / per);
        let rules = u128::from(units.rules.saturating_sub(FREE_RULES));
        Use {
            new_connections,
            connection_ns: new_connections * u128::from(units.connection_life.as_nanos()),
            bytes,
            lambda_bytes: 0,
            rule_evaluations: u128::from(attempts.to - attempts.from) * rules,
        }
    }

    /// Billionths of a unit-hour that the use takes of each dimension: new connections, active connections, bytes, rule evaluations.
    pub fn dimensions(&self) -> [u128; 4] {
        let share = |part: u128, whole: u128| (part * 1_000_000_000 + whole / 2) / whole;
        let gb = 1_000_000_000;
        [
            share(self.new_connections, 25 * HOUR_S),
            share(self.connection_ns, 3000 * HOUR_NS),
            share(self.bytes * 2 + self.lambda_bytes * 5, 2 * gb),
            share(self.rule_evaluations, 1000 * HOUR_S),
        ]
    }

    /// Billionths of a unit-hour that are billed for the use of one hour.
    pub fn nano_lcu_hours(&self) -> u128 {
        self.dimensions().into_iter().max().unwrap_or(0)
    }
}

/// Attempts from one count of them to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempts {
    pub from: u64,
    pub to: u64,
}

/// The hours of a bill, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Hours {
    units: CapacityUnits,
    /// Attempts and bytes when the hour began; `None` before the first.
    began: Option<(u64, u128)>,
    /// Billionths of a unit-hour of the hours that are over.
    over: u128,
}

impl Hours {
    pub fn new(units: &CapacityUnits) -> Self {
        Hours { units: units.clone(), began: None, over: 0 }
    }

    /// An hour of the bill is over, or the first begins, at these counts.
    pub fn turn(&mut self, attempts: u64, bytes: u128) {
        self.over = self.total(attempts, bytes);
        self.began = Some((attempts, bytes));
    }

    /// Puts the units used so far on a bill.
    pub fn charge(&self, attempts: u64, bytes: u128, cost: &mut Cost, billed: &mut Billed) {
        let units = self.total(attempts, bytes);
        billed.balancer_nano_lcu_hours = units;
        cost.balancer_lcu_nano_usd =
            (units * u128::from(self.units.hour_nano_usd) + 500_000_000) / 1_000_000_000;
    }

    /// Billionths of a unit-hour so far, with the hour that runs.
    pub fn total(&self, attempts: u64, bytes: u128) -> u128 {
        let Some((from, before)) = self.began else { return 0 };
        let now = Use::of(Attempts { from, to: attempts }, bytes - before, &self.units);
        self.over + now.nano_lcu_hours()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bill;
    use super::*;
    use crate::kernel::SimDuration;
    use crate::world::Prices;

    fn prices() -> Prices {
        Prices {
            instance_hour_nano_usd: 96_000_000,
            minimum: SimDuration::from_secs(60),
            balancer_hour_nano_usd: 22_500_000,
            surplus_vcpu_hour_nano_usd: 50_000_000,
            volume_gib_month_nano_usd: 0,
            address_hour_nano_usd: 0,
            commitment: None,
        }
    }

    /// The published cases: dimensions to the digits that they print, the bill of an hour with the balancer's own price to the billionth.
    #[test]
    fn published_hours() {
        let rows = include_str!("../../tests/cases/lcu.txt").lines().filter(|row| !row.starts_with('#'));
        let mut cases = 0;
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().collect();
            let number = |place: usize| words[place].parse::<f64>().expect("a number");
            let hour = Use {
                new_connections: (number(1) * 3600.0) as u128,
                connection_ns: (number(2) * 3600e9) as u128,
                bytes: (number(3) * 1e9) as u128,
                lambda_bytes: (number(4) * 1e9) as u128,
                rule_evaluations: {
                    let rules = (number(6) as u32).saturating_sub(FREE_RULES);
                    (number(5) * 3600.0) as u128 * u128::from(rules)
                },
            };
            for (place, found) in hour.dimensions().into_iter().enumerate() {
                let want = number(7 + place);
                assert!((found as f64 / 1e9 - want).abs() < 1e-6, "{row}: dimension {place} is {found}");
            }
            let lcu = hour.nano_lcu_hours();
            assert!((lcu as f64 / 1e9 - number(11)).abs() < 1e-9, "{row}: {lcu}");
            let units = CapacityUnits::default();
            let hours = Hours { units, began: Some((0, 0)), over: lcu };
            let (mut cost, mut billed) =
                Bill::new(&prices(), 0, None, 0).total(3_600_000_000_000, std::iter::empty());
            hours.charge(0, 0, &mut cost, &mut billed);
            assert_eq!(cost.total_nano_usd(), (number(12) * 1e9).round() as u128, "{row}");
            cases += 1;
        }
        assert_eq!(cases, 4);
    }

    /// Connections of an hour are those that its attempts open, across hours none is lost or counted twice; of ten rules none costs.
    #[test]
    fn hours_follow_one_another() {
        let units = CapacityUnits { requests_per_connection: 7, rules: 12, ..CapacityUnits::default() };
        let of = |from, to| Use::of(Attempts { from, to }, 5, &units);
        let (a, b) = (of(3, 20), of(20, 100));
        assert_eq!(a.new_connections + b.new_connections, of(3, 100).new_connections);
        assert_eq!((a.new_connections, a.rule_evaluations, a.bytes), (2, 34, 5));
        let mut hours = Hours::new(&units);
        assert_eq!(hours.total(50, 0), 0, "nothing is billed before the first hour");
        hours.turn(50, 0);
        let first = hours.total(90_050, 0);
        hours.turn(90_050, 0);
        assert_eq!(hours.total(90_050, 0), first);
        assert!(hours.total(180_050, 2_000_000_000) == first + 2_000_000_000, "the largest dimension: 2 GB");
    }
}
