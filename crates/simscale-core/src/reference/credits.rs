//! CPU credits by their text: an account for each instance that runs, booked at its looks and at its end.

use super::instance::Instance;
use super::measure::overlap;
use super::{Engine, Fact, Life};
use crate::ledger::ActivityKind;
use crate::world::CREDIT;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// Units of 1/600 ns of a vCPU; what is owed is below zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub since: u64,
    pub booked: u64,
    pub launch: i128,
    pub balance: i128,
    pub surplus: i128,
    pub throttled: bool,
    pub on_surplus: bool,
    pub on_charge: bool,
    pub over: bool,
}

/// What the account says after a step, and what is charged.
fn step(mut a: Account, earned: i128, spent: i128, limit: i128, unlimited: bool) -> (Account, i128) {
    let beyond = (spent - a.launch).max(0);
    a.launch = (a.launch - spent).max(0);
    let sum = a.balance - a.surplus + earned - beyond;
    (a.balance, a.surplus) = (sum.min(limit), 0);
    let mut charged = 0;
    if unlimited && sum < 0 {
        (a.balance, a.surplus) = (0, limit.min(-sum));
        charged = -sum - a.surplus;
    }
    (a, charged)
}

impl Engine<'_> {
    /// Units earned in a nanosecond; zero without credits.
    fn earning(&self) -> i128 {
        let i = &self.world.instance;
        i.credits.map_or(0, |c| i128::from(c.baseline) * i128::from(i.vcpus))
    }

    /// The account after a booking up to now, and what it charges.
    fn booked(&self, instance: &Instance) -> Option<(Account, i128)> {
        let account = instance.account?;
        if account.over {
            return Some((account, 0));
        }
        let spent = |s: &super::machine::Span| {
            u128::from(overlap(s.from, s.to, account.booked, self.now)) * u128::from(s.executed)
        };
        let spent = instance.machine.spans.iter().map(spent).sum::<u128>();
        let earned = self.earning() * i128::from(self.now - account.booked);
        let limit = self.earning() * i128::from(DAY);
        let unlimited = self.world.instance.credits?.unlimited;
        let (mut account, charged) = step(account, earned, spent as i128, limit, unlimited);
        account.booked = self.now;
        Some((account, charged))
    }

    /// The instance begins to run.
    pub(super) fn open_account(&mut self, slot: usize, initial: bool) {
        let Some(credits) = self.world.instance.credits else { return };
        self.at_mut(slot).account = Some(Account {
            since: self.now,
            booked: self.now,
            launch: i128::from(credits.launch),
            balance: if initial { i128::from(credits.initial) } else { 0 },
            surplus: 0,
            throttled: false,
            on_surplus: false,
            on_charge: false,
            over: false,
        });
        self.plan_account(slot);
    }

    fn plan_account(&mut self, slot: usize) {
        let Some(account) = self.at(slot).account else { return };
        let unlimited = self.world.instance.credits.is_some_and(|c| c.unlimited);
        let gone = (account.booked - account.since) / SECOND;
        let seconds = if account.throttled {
            60 - gone % 60
        } else if unlimited {
            300
        } else {
            let a_second = 600 * i128::from(self.world.instance.vcpus) * i128::from(SECOND);
            ((account.balance + account.launch) / a_second).clamp(1, 300) as u64
        };
        let launch = self.at(slot).launch;
        self.later(account.booked + seconds * SECOND, Life::Credits { slot, launch });
    }

    /// Its number is another one: the look that lies ahead is looked at under it.
    pub(super) fn plan_account_again(&mut self, slot: usize) {
        if self.at(slot).account.is_some_and(|a| !a.over) {
            self.plan_account(slot);
        }
    }

    fn write_account(&mut self, slot: usize) -> i128 {
        let now = self.now;
        self.at_mut(slot).machine.note(now);
        let Some((account, charged)) = self.booked(self.at(slot)) else { return 0 };
        self.at_mut(slot).account = Some(account);
        self.charges.push((now, charged));
        charged
    }

    pub(super) fn look_at_account(&mut self, slot: usize) {
        if self.at(slot).account.is_none_or(|a| a.over) {
            return;
        }
        let charged = self.write_account(slot);
        let Some(mut account) = self.at(slot).account else { return };
        let credits = self.world.instance.credits.expect("it has an account");
        if credits.unlimited {
            let before = account;
            account.on_surplus = account.surplus > 0;
            account.on_charge = charged > 0 || before.on_charge && account.on_surplus;
            self.at_mut(slot).account = Some(account);
            if account.on_surplus && !before.on_surplus {
                self.tell(slot, "no CPU credits left: spends surplus credits");
            }
            if account.on_charge && !before.on_charge {
                self.tell(slot, "has spent a day's surplus credits: more are charged");
            }
        } else if !account.throttled && account.balance + account.launch <= 0 {
            self.set_throttle(slot, true);
            let percent = f64::from(credits.baseline) / 6.0;
            self.tell(slot, &format!("no CPU credits left: throttled to {percent} % of its processors"));
        } else if account.throttled && account.balance + account.launch >= self.earning() * i128::from(MINUTE)
        {
            self.set_throttle(slot, false);
            self.tell(slot, "has earned CPU credits for a minute: no longer throttled");
        }
        self.plan_account(slot);
    }

    fn tell(&mut self, slot: usize, what: &str) {
        let launch = self.at(slot).launch;
        match self.at(slot).standalone {
            Some(machine) => {
                let name = self.world.machines[machine].name.clone();
                self.say(ActivityKind::Credits, &name, None, what);
            }
            None => self.say(ActivityKind::Credits, "group", Some(launch), what),
        }
    }

    fn set_throttle(&mut self, slot: usize, on: bool) {
        if let Some(account) = &mut self.at_mut(slot).account {
            account.throttled = on;
        }
        self.set_speed(slot);
        self.fact(Fact::Throttle, (slot as u64) * 2 + u64::from(on));
    }

    /// The instance stops running.
    pub(super) fn close_account(&mut self, slot: usize) {
        if self.at(slot).account.is_none_or(|a| a.over) {
            return;
        }
        self.write_account(slot);
        let now = self.now;
        if let Some(account) = &mut self.at_mut(slot).account {
            account.over = true;
            account.throttled = false;
            let owed = account.surplus;
            self.charges.push((now, owed));
        }
    }

    /// Speed before what slows the instance down, and what a busy processor executes in a nanosecond.
    pub(super) fn throttled(&self, slot: usize) -> (u64, u64) {
        let speed = u64::from(match &self.world.group.mixed {
            Some(mixed) if self.at(slot).standalone.is_none() => mixed.types[self.at(slot).kind].speed,
            _ => self.world.instance.speed,
        });
        match (self.world.instance.credits, self.at(slot).account) {
            (Some(credits), Some(Account { throttled: true, .. })) => {
                let baseline = u64::from(credits.baseline);
                ((speed * baseline / 600).max(1), baseline)
            }
            _ => (speed, 600),
        }
    }

    /// Credits of an instance now.
    pub(super) fn credits_of(&self, instance: &Instance) -> f64 {
        let account = self.booked(instance).map(|b| b.0);
        account.map_or(0.0, |a| (a.balance + a.launch).max(0) as f64 / CREDIT as f64)
    }

    /// For the row: mean credits of those in service, and how many are throttled.
    pub(super) fn credits_in_service(&self) -> (f64, u32) {
        let serving: Vec<&Instance> =
            self.slots().map(|s| s.1).filter(|i| i.registered() && !i.crashed).collect();
        if serving.is_empty() || self.world.instance.credits.is_none() {
            return (0.0, 0);
        }
        let sum: f64 = serving.iter().map(|i| self.credits_of(i)).sum();
        let throttled = serving.iter().filter(|i| i.account.is_some_and(|a| a.throttled)).count();
        (sum / serving.len() as f64, throttled as u32)
    }

    /// Surplus credits charged since the start of the statistics window.
    pub(super) fn surplus(&self, from: u64) -> u128 {
        self.charges.iter().filter(|c| c.0 > from).map(|c| c.1.unsigned_abs()).sum()
    }
}
