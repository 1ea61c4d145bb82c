//! The CPU credits of a burstable instance: one account, booked over steps of any length.
//!
//! A unit is 1/600 ns of a vCPU, so that earning (the baseline in 1/600 of a vCPU) and spending (600 for a busy vCPU) are whole
//! numbers each nanosecond. A credit, a vCPU for a minute, is [`CREDIT`] units.

use crate::world::{CREDIT, Credits};

/// Units that a busy vCPU spends in a nanosecond at full speed.
pub(crate) const FULL: u128 = 600;
/// Earned credits are kept for this long, ns.
const KEPT: u128 = 24 * 3_600_000_000_000;

/// What an instance earns, keeps and owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Units earned in a nanosecond.
    pub earned: u128,
    /// Units that a busy vCPU spends in a nanosecond while it is throttled.
    pub throttled: u128,
    /// Most that is kept; also most that is lent for nothing.
    pub limit: u128,
    /// Spends on beyond its balance, as a surplus.
    pub unlimited: bool,
}

impl Terms {
    pub fn new(credits: &Credits, vcpus: u32) -> Self {
        let earned = u128::from(credits.baseline) * u128::from(vcpus);
        Terms {
            earned,
            throttled: u128::from(credits.baseline),
            limit: earned * KEPT,
            unlimited: credits.unlimited,
        }
    }
}

/// What an instance has and owes, in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Launch credits left: spent first, not counted to the limit.
    pub launch: u128,
    /// Earned credits; below zero it is a debt of a standard instance, repaid first.
    pub balance: i128,
    /// Spent beyond what was earned (unlimited), not yet repaid and not yet charged.
    pub surplus: u128,
}

impl Account {
    /// Books what was earned and spent over a step; what it answers is charged at once.
    ///
    /// EC2 user guide, "Monitor your CPU credits" and "Unlimited mode examples": the balance less the surplus, plus what was
    /// earned, less what was spent. Above zero it is the new balance, up to the limit; below zero the new surplus, and what passes the
    /// limit is charged.
    pub fn book(&mut self, terms: &Terms, earned: u128, spent: u128) -> u128 {
        let from_launch = spent.min(self.launch);
        self.launch -= from_launch;
        let change = earned as i128 - (spent - from_launch) as i128;
        let adjusted = self.balance - self.surplus as i128 + change;
        if adjusted >= 0 || !terms.unlimited {
            self.balance = adjusted.min(terms.limit as i128);
            self.surplus = 0;
            return 0;
        }
        let owed = adjusted.unsigned_abs();
        self.balance = 0;
        self.surplus = owed.min(terms.limit);
        owed - self.surplus
    }

    /// What can be spent.
    pub fn left(&self) -> i128 {
        self.balance + self.launch as i128
    }

    /// The credits that CloudWatch shows: launch credits included, no debt.
    pub fn credits(&self) -> f64 {
        self.left().max(0) as f64 / CREDIT as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SimDuration;
    use crate::ledger::Bill;
    use crate::world::Prices;

    const CASES: &str = include_str!("../../tests/cases/cpu_credits.txt");
    const MINUTE: u64 = 60_000_000_000;
    const HOUR: u64 = 60 * MINUTE;

    fn cases(kind: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
        let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
        CASES.lines().filter(move |l| l.split(' ').next() == Some(kind)).map(words)
    }

    fn number(word: &str) -> f64 {
        word.parse().unwrap_or_else(|_| panic!("{word} is a number"))
    }

    fn units(credits: f64) -> u128 {
        (credits * CREDIT as f64).round() as u128
    }

    fn shown(units: u128) -> f64 {
        units as f64 / CREDIT as f64
    }

    fn terms(vcpus: &str, baseline: &str, mode: &str) -> Terms {
        let baseline = (number(baseline) * 600.0).round() as u32;
        let credits = Credits { baseline, unlimited: mode == "unlimited", initial: 0, launch: 0 };
        Terms::new(&credits, number(vcpus) as u32)
    }

    /// What so many vCPUs spend at this utilisation in a time.
    fn spent(vcpus: f64, utilization: f64, ns: u64) -> u128 {
        (vcpus * utilization * ns as f64).round() as u128 * FULL
    }

    #[test]
    fn earning_and_limit_are_those_of_the_table() {
        let mut count = 0;
        for case in cases("table") {
            let [_, name, vcpus, baseline, hour, limit, _, mode] = case[..] else { panic!("{case:?}") };
            let terms = terms(vcpus, baseline, mode);
            assert!((shown(terms.earned * u128::from(HOUR)) - number(hour)).abs() < 1e-9, "{name}");
            assert!((shown(terms.limit) - number(limit)).abs() < 1e-9, "{name}");
            count += 1;
        }
        assert_eq!(count, 28);
    }

    #[test]
    fn single_steps_are_booked_as_documented() {
        let mut count = 0;
        for case in cases("spend") {
            let [_, vcpus, utilization, minutes, credits] = case[..] else { panic!("{case:?}") };
            let mut account = Account { launch: units(100.0), ..Account::default() };
            let spent = spent(number(vcpus), number(utilization), number(minutes) as u64 * MINUTE);
            account.book(&terms(vcpus, "0.05", "standard"), 0, spent);
            assert!((100.0 - account.credits() - number(credits)).abs() < 1e-9, "{case:?}");
            count += 1;
        }
        for case in cases("step") {
            let [_, id, vcpus, baseline, mode, balance, surplus, usage, want @ ..] = &case[..] else {
                panic!("{case:?}")
            };
            let terms = terms(vcpus, baseline, mode);
            let mut account = Account {
                balance: units(number(balance)) as i128,
                surplus: units(number(surplus)),
                ..Account::default()
            };
            let charged = account.book(&terms, terms.earned * u128::from(5 * MINUTE), units(number(usage)));
            let got = [account.credits(), shown(account.surplus), shown(charged)];
            got.iter()
                .zip(want)
                .for_each(|(got, want)| assert!((got - number(want)).abs() < 1e-9, "{id}: {got}"));
            count += 1;
        }
        assert_eq!(count, 9);
    }

    /// The documented stories, in steps of five minutes, of a minute and of a second: what the steps are changes nothing but where a
    /// limit is met. A standard instance cannot spend more than it has: the throttle sees to that.
    #[test]
    fn the_stories_of_the_user_guide_come_out() {
        let (mut sequences, mut phases) = (0, 0);
        for step in [5 * MINUTE, MINUTE, MINUTE / 60] {
            let (mut terms_now, mut account, mut vcpus, mut charged) =
                (terms("1", "0.1", "standard"), Account::default(), 1.0, 0);
            for line in CASES.lines().filter(|l| l.starts_with("sequence ") || l.starts_with("phase ")) {
                let words: Vec<&str> = line.split(' ').collect();
                if let ["sequence", _, cores, baseline, mode, launch] = words[..] {
                    terms_now = terms(cores, baseline, mode);
                    account = Account { launch: units(number(launch)), ..Account::default() };
                    (vcpus, charged) = (number(cores), 0);
                    sequences += 1;
                    continue;
                }
                let earned = terms_now.earned * u128::from(step);
                for _ in 0..(number(words[2]) as u64 * HOUR / step) {
                    let mut spent = spent(vcpus, number(words[3]), step);
                    if !terms_now.unlimited {
                        spent = spent.min(account.left() as u128 + earned);
                    }
                    charged += account.book(&terms_now, earned, spent);
                }
                let got = [account.credits(), shown(account.surplus), shown(charged)];
                for (i, got) in got.into_iter().enumerate() {
                    assert!((got - number(words[4 + i])).abs() < 0.01, "{line}: {got}, steps of {step} ns");
                    let documented = words[7 + i];
                    let near = documented == "-" || (got - number(documented)).abs() < 1.0;
                    assert!(near, "{line}: {got}, steps of {step} ns");
                }
                phases += 1;
            }
        }
        assert_eq!((sequences, phases), (3 * 4, 3 * 23));
    }

    #[test]
    fn surplus_costs_what_is_documented() {
        let bill = |units: u128, price: f64, hours: u64, hourly: f64| {
            let prices = Prices {
                surplus_vcpu_hour_nano_usd: (price * 1e9).round() as u64,
                instance_hour_nano_usd: (hourly * 1e9).round() as u64,
                minimum: SimDuration::ZERO,
                ..Prices::default()
            };
            let mut bill = Bill::new(&prices, 0, None, 0);
            bill.charge_credits(1, units);
            bill.total(hours * HOUR, std::iter::once(0)).0.total_nano_usd() as f64 / 1e9
        };
        let mut count = 0;
        for case in cases("bill") {
            let [_, id, credits, price, exact, documented] = case[..] else { panic!("{case:?}") };
            let usd = bill(units(number(credits)), number(price), 0, 0.0);
            assert!((usd - number(exact)).abs() < 1e-6, "{id}: {usd}");
            assert!((usd - number(documented)).abs() < 0.0005, "{id}: {usd}");
            count += 1;
        }
        for case in cases("even") {
            let [_, id, hourly, fixed, vcpus, baseline, price, even] = case[..] else { panic!("{case:?}") };
            let terms = terms(vcpus, baseline, "unlimited");
            // All that is free has been lent.
            let mut account = Account { surplus: terms.limit, ..Account::default() };
            let spent = spent(number(vcpus), number(even), HOUR);
            let charged = account.book(&terms, terms.earned * u128::from(HOUR), spent);
            let usd = bill(charged, number(price), 1, number(hourly));
            assert!((usd - number(fixed)).abs() < 1e-9, "{id}: {usd}");
            count += 1;
        }
        assert_eq!(count, 4);
    }
}
