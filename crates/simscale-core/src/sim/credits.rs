//! CPU credits in the run: when accounts are looked at, when processors are throttled, what is charged.

use super::{Event, Sim};
use crate::fleet::{Account, FULL, Stage, Terms};
use crate::ledger::ActivityKind;
use crate::world::World;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// The longest step of the books: what EC2 keeps its own by.
const LONGEST: u128 = 300;

/// The account of one slot's instance.
#[derive(Debug, Clone, Default)]
struct Held {
    account: Account,
    /// When the instance began to run, and when its account was booked last.
    began: u64,
    booked: u64,
    /// Units spent since the last booking.
    spent: u128,
    /// Units spent since the last measurement.
    unmeasured: u128,
    /// Busy time of the server that is noted already, ns since its last flush.
    noted: u64,
    throttled: bool,
    /// It lives on surplus; it is charged for it.
    borrows: bool,
    charged: bool,
    /// It stopped running.
    closed: bool,
}

/// The accounts of a world of burstable instances.
#[derive(Debug)]
pub(super) struct Accounts {
    terms: Terms,
    fresh: Account,
    initial: i128,
    slots: Vec<Held>,
}

impl Accounts {
    pub fn new(world: &World) -> Option<Self> {
        let credits = world.instance.credits?;
        Some(Accounts {
            terms: Terms::new(&credits, world.instance.vcpus),
            fresh: Account { launch: u128::from(credits.launch), ..Account::default() },
            initial: i128::from(credits.initial),
            slots: Vec::new(),
        })
    }

    /// Units of 1/600 ns in which processors are measured.
    pub fn unit(accounts: &Option<Self>) -> u128 {
        if accounts.is_some() { FULL } else { 1 }
    }

    /// Notes what was spent until the server's busy time since its last flush is `busy`.
    fn note(&mut self, slot: usize, busy: u64) {
        let held = &mut self.slots[slot];
        let rate = if held.throttled { self.terms.throttled } else { FULL };
        let units = u128::from(busy - held.noted) * rate;
        held.noted = busy;
        held.spent += units;
        held.unmeasured += units;
    }

    /// The server of a slot was flushed with so much busy time: what it executed since the last flush, in units.
    pub fn flushed(&mut self, slot: usize, busy: u64) -> u128 {
        self.note(slot, busy);
        let held = &mut self.slots[slot];
        held.noted = 0;
        std::mem::take(&mut held.unmeasured)
    }

    /// The credits that the slot's instance has at `now`, when everything spent is noted.
    pub fn credits(&self, slot: usize, now: u64) -> f64 {
        let held = &self.slots[slot];
        let mut account = held.account;
        account.book(&self.terms, u128::from(now - held.booked) * self.terms.earned, held.spent);
        account.credits()
    }

    pub fn throttled(&self, slot: usize) -> bool {
        self.slots.get(slot).is_some_and(|held| held.throttled)
    }

    /// Books the step up to `now`; what is charged.
    fn book(&mut self, slot: usize, now: u64) -> u128 {
        let held = &mut self.slots[slot];
        let earned = u128::from(now - held.booked) * self.terms.earned;
        held.booked = now;
        held.account.book(&self.terms, earned, std::mem::take(&mut held.spent))
    }

    /// When the account is looked at next: not before it can be empty, on whole seconds since the instance began to run.
    fn next_look(&self, slot: usize, vcpus: u32) -> u64 {
        let held = &self.slots[slot];
        if held.throttled {
            return held.began + ((held.booked - held.began) / MINUTE + 1) * MINUTE;
        }
        let fastest = FULL * u128::from(vcpus) * u128::from(SECOND);
        let seconds = if self.terms.unlimited {
            LONGEST
        } else {
            (held.account.left().max(0).unsigned_abs() / fastest).clamp(1, LONGEST)
        };
        held.booked + seconds as u64 * SECOND
    }
}

impl Sim<'_> {
    /// The slot's instance begins to run: its account opens.
    pub(super) fn open_account(&mut self, slot: usize) {
        let (now, present) = (self.now, self.lives[slot].in_service == Some(0));
        let Some(accounts) = &mut self.accounts else { return };
        let mut account = accounts.fresh;
        account.balance = if present { accounts.initial } else { 0 };
        if accounts.slots.len() <= slot {
            accounts.slots.resize(slot + 1, Held { closed: true, ..Held::default() });
        }
        accounts.slots[slot] = Held { account, began: now, booked: now, ..Held::default() };
        self.plan_look_at_credits(slot);
    }

    fn plan_look_at_credits(&mut self, slot: usize) {
        let launch = self.lives[slot].launch;
        let accounts = self.accounts.as_ref().expect("only burstable instances are looked at");
        let at = accounts.next_look(slot, self.world.instance.vcpus);
        self.schedule(at, Event::Credits { slot: slot as u32, launch });
    }

    /// The slot's instance has another number: the look at its account goes on under it.
    pub(super) fn look_at_credits_again(&mut self, slot: usize) {
        if self.accounts.as_ref().is_some_and(|a| a.slots.get(slot).is_some_and(|held| !held.closed)) {
            self.plan_look_at_credits(slot);
        }
    }

    /// An account is looked at: booked, and the processors throttled or let go.
    pub(super) fn look_at_credits(&mut self, slot: usize, launch: u64) {
        if !self.holds(slot, launch) || self.lives[slot].crashed {
            return;
        }
        self.advance(slot, self.now);
        let charged = self.book_credits(slot);
        let accounts = self.accounts.as_mut().expect("only burstable instances are looked at");
        if accounts.terms.unlimited {
            self.tell_surplus(slot, charged);
        } else {
            let (left, earned) = (accounts.slots[slot].account.left(), accounts.terms.earned as i128);
            let throttled = accounts.slots[slot].throttled;
            if !throttled && left <= 0 || throttled && left >= earned * i128::from(MINUTE) {
                self.throttle(slot, !throttled);
            }
        }
        self.plan_look_at_credits(slot);
    }

    /// Books what the slot's instance earned and spent up to now.
    fn book_credits(&mut self, slot: usize) -> u128 {
        let now = self.now;
        let busy = self.servers[slot].busy(now);
        let Some(accounts) = &mut self.accounts else { return 0 };
        accounts.note(slot, busy);
        let charged = accounts.book(slot, now);
        self.bill.charge_credits(now, charged);
        charged
    }

    /// The processors fall to their baseline, or run at full speed again.
    fn throttle(&mut self, slot: usize, on: bool) {
        let accounts = self.accounts.as_mut().expect("only burstable instances are throttled");
        accounts.slots[slot].throttled = on;
        let percent = accounts.terms.throttled as f64 / 6.0;
        self.apply_speed(slot);
        self.desk.book.control_fact(9, self.now, (slot as u64) << 1 | u64::from(on));
        let text = if on {
            format!("no CPU credits left: throttled to {percent} % of its processors")
        } else {
            "has earned CPU credits for a minute: no longer throttled".to_string()
        };
        self.note_of(ActivityKind::Credits, slot, &text);
    }

    /// Writes down when an unlimited instance begins to live on surplus, and when it begins to be charged for it.
    fn tell_surplus(&mut self, slot: usize, charged: u128) {
        let accounts = self.accounts.as_mut().expect("only burstable instances are looked at");
        let held = &mut accounts.slots[slot];
        let before = (held.borrows, held.charged);
        held.borrows = held.account.surplus > 0;
        held.charged = charged > 0 || held.charged && held.borrows;
        let (borrows, charges) = (held.borrows && !before.0, held.charged && !before.1);
        if borrows {
            let text = "no CPU credits left: spends surplus credits";
            self.note_of(ActivityKind::Credits, slot, text);
        }
        if charges {
            let text = "has spent a day's surplus credits: more are charged";
            self.note_of(ActivityKind::Credits, slot, text);
        }
    }

    /// The slot's instance stops running: its account is booked for the last time, and what it owes is charged.
    pub(super) fn close_account(&mut self, slot: usize) {
        let open = self.accounts.as_ref().is_some_and(|a| a.slots.get(slot).is_some_and(|h| !h.closed));
        if !open || self.lives[slot].running.is_none() {
            return;
        }
        self.book_credits(slot);
        let accounts = self.accounts.as_mut().expect("its account is open");
        let held = &mut accounts.slots[slot];
        held.closed = true;
        held.throttled = false;
        let owed = std::mem::take(&mut held.account.surplus);
        self.bill.charge_credits(self.now, owed);
    }

    /// Speed of the slot's processors before what slows them down.
    pub(super) fn base_speed(&self, slot: usize) -> u32 {
        let life = &self.lives[slot];
        let alone = life.stands_alone();
        let speed = if alone { self.world.instance.speed } else { self.world.kind(life.kind).speed };
        match &self.accounts {
            Some(accounts) if accounts.throttled(slot) => {
                ((u128::from(speed) * accounts.terms.throttled / FULL) as u32).max(1)
            }
            _ => speed,
        }
    }

    /// Credits of the instances in service, mean, and how many of them are throttled.
    pub(super) fn credits_now(&self) -> (f64, u32) {
        let Some(accounts) = &self.accounts else { return (0.0, 0) };
        let serving = |slot: &usize| {
            let life = &self.lives[*slot];
            life.stage == Stage::InService && !life.crashed
        };
        let (mut count, mut sum, mut throttled) = (0u32, 0.0, 0);
        for slot in (0..self.lives.len()).filter(serving) {
            count += 1;
            sum += accounts.credits(slot, self.now);
            throttled += u32::from(accounts.throttled(slot));
        }
        (if count == 0 { 0.0 } else { sum / f64::from(count) }, throttled)
    }
}
