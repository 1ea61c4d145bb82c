//! The loop: takes the earliest of arrival, completion, time-out, control event and retry, and nothing further.

mod agents;
mod anomalies;
mod archive;
mod balancer_metrics;
mod credits;
mod deadlines;
mod decide;
mod deploy;
mod desk;
mod dry_run;
mod faults;
mod group;
mod health;
mod hooks;
mod hosts;
mod laws;
mod lifecycle;
mod machines;
mod maintain;
mod measure;
mod mixed;
mod operations;
mod outgoing;
mod places;
mod publish;
mod queue;
mod replace;
mod requests;
mod run;
mod sessions;
mod spot;
mod stickiness;
mod warm_pool;

pub use dry_run::{DryRun, RecordedGroup};
pub use laws::BrokenLaw;
pub use run::run;

use crate::control::{Controller, Controls};
use crate::fleet::{Life, Server};
use crate::kernel::{Calendar, MinIndex, NEVER, Phase, key, time_of};
use crate::ledger::{Bill, Hours, Saturation, Sink};
use crate::traffic::Births;
use crate::world::World;
use agents::AgentState;
use anomalies::Anomalies;
use desk::Desk;
use group::GroupState;
use machines::MachineState;
use measure::Measures;
use places::PlaceState;
use requests::Resend;
use sessions::Users;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The target does not listen: every attempt is refused.
const DEAF: u8 = 1;
/// The target answers errors.
const ERRORS: u8 = 2;
/// Each of its completions is an event of its own: a health check or a drain waits for it, or it answers errors.
const WATCHED: u8 = 4;

/// Control events. Inside a phase they are handled in this order, then by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    ClosePeriod,
    BalancerHour,
    End,
    BootPhase { slot: u32, launch: u64 },
    ColdEnd { slot: u32, launch: u64 },
    DrainEnd { slot: u32, launch: u64 },
    HookEnd { slot: u32, launch: u64, hook: u32 },
    OutOfMemory { slot: u32, launch: u64 },
    Fault { index: u32, count: u64 },
    FaultEnd { slot: u32, launch: u64 },
    HealthCheck { slot: u32, launch: u64 },
    HealthDeadline { slot: u32, launch: u64, probe: u64 },
    SlowStart { slot: u32, launch: u64, since: u64 },
    Credits { slot: u32, launch: u64 },
    Anomalies,
    Operation { index: u32, count: u32 },
    AgentLogin { slot: u32, launch: u64 },
    AgentSeen { address: u64, launch: u64 },
    SpotWarning { kind: u8, zone: u8, step: u32 },
    SpotCapacity { kind: u8, zone: u8, step: u32 },
    SpotAdvice { slot: u32, launch: u64 },
    SpotNotice { slot: u32, launch: u64 },
    SpotReclaim { slot: u32, launch: u64 },
    GroupCheck,
    Resume { index: u32 },
    Reconcile,
    LaunchRetry,
    Outgoing,
    Deployment { index: u32 },
    DeploymentStep { index: u32, version: u32 },
    Refresh { index: u32 },
    PlaceFree,
    HostRuns { number: u64 },
    HostRegisters { number: u64 },
    Reservation,
    ManagedScaling,
    Alarms,
    Look { policy: u32 },
}

/// A run in progress.
struct Sim<'a> {
    world: World,
    sink: &'a mut dyn Sink,
    now: u64,
    phase: Phase,
    births: Births,
    next_request: u64,
    servers: Vec<Server>,
    lives: Vec<Life>,
    flags: Vec<u8>,
    /// When each slot's server changes next.
    due: MinIndex,
    /// A lower bound of each slot's oldest deadline.
    guards: MinIndex,
    watched: Vec<u32>,
    /// Every completion of every instance is an event: a shared station makes their order matter, or a user goes on from there.
    strict: bool,
    /// Nothing depends on what is inside an instance before somebody looks, and no attempt waits for others.
    unobserved: bool,
    calendar: Calendar<Event>,
    /// The earliest key of everything but fresh arrivals.
    other: u64,
    desk: Desk,
    resends: BinaryHeap<Reverse<Resend>>,
    /// Messages that can be received, when workers pull from a queue.
    messages: Option<queue::Messages>,
    /// Sessions in progress, when users have several requests.
    users: Option<Users>,
    /// Saved retries of the budget, in millionths.
    budget: u64,
    candidates: Vec<usize>,
    /// Cookies name targets.
    sticky: bool,
    /// Something holds that an attempt on its way must ask for: a queue, sessions, a backend, cookies, bytes or memory.
    unusual: bool,
    group: GroupState,
    versions: deploy::Versions,
    places: PlaceState,
    hosts: hosts::HostState,
    agents: AgentState,
    machines: MachineState,
    anomalies: Anomalies,
    /// Operations whose last machine has not come up.
    running: Vec<operations::Running>,
    controls: Controls,
    controller: Controller,
    measures: Measures,
    bill: Bill,
    /// What the types of a mixed group cost.
    mixed_bill: mixed::MixedBill,
    balancer_hours: Hours,
    /// CPU credits; `None` when the instances have none.
    accounts: Option<credits::Accounts>,
    probes: u64,
    saturated: Option<Saturation>,
    /// First birth of the attempt that the saturated world did not take any more.
    at_door: Option<u64>,
    stopped: bool,
    broken: Option<BrokenLaw>,
    ended: bool,
}

impl Sim<'_> {
    /// Handles everything in order of (time, phase, id) until the end.
    fn go(&mut self) {
        while !self.ended {
            let before = self.now;
            let arrival = key(self.births.next_at(), Phase::Arrive);
            if arrival <= self.other {
                self.arrive();
            } else {
                self.control();
            }
            if self.desk.pending {
                self.settle();
            }
            if self.messages.is_some() {
                self.pull();
            }
            if self.now < before {
                self.break_law("a clock never goes back", format!("from {before} ns to {} ns", self.now));
            }
        }
    }

    /// Handles the earliest thing that is no fresh arrival.
    fn control(&mut self) {
        let earliest = self.other;
        self.now = time_of(earliest);
        if earliest == self.calendar.next_key() {
            let event = self.calendar.pop().expect("the earliest key is the calendar's");
            self.handle(event);
        } else if earliest == key(self.watch_next(), Phase::Complete) {
            self.phase = Phase::Complete;
            self.complete_watched();
        } else if earliest == key(self.guards.earliest().0, Phase::TimeOut) {
            self.phase = Phase::TimeOut;
            self.time_out();
        } else if earliest == key(self.next_follow_up(), Phase::Arrive) {
            self.phase = Phase::Arrive;
            self.follow_up();
        } else if self.resends.peek().is_some_and(|r| key(r.0.at, Phase::Arrive) == earliest) {
            // Else the key was the lower bound of a completion that an admission has put off: nothing is due.
            self.phase = Phase::Arrive;
            self.resend();
        }
        self.find_other();
    }

    /// Finds the earliest key of everything but fresh arrivals.
    fn find_other(&mut self) {
        let mut earliest = self.calendar.next_key();
        earliest = earliest.min(key(self.watch_next(), Phase::Complete));
        if self.desk.deadlines.any() {
            earliest = earliest.min(key(self.guards.earliest().0, Phase::TimeOut));
        }
        earliest = earliest.min(key(self.next_follow_up(), Phase::Arrive));
        if let Some(Reverse(resend)) = self.resends.peek() {
            earliest = earliest.min(key(resend.at, Phase::Arrive));
        }
        self.other = earliest;
    }

    /// The next completion that is an event.
    fn watch_next(&mut self) -> u64 {
        if self.strict {
            return self.due.earliest().0;
        }
        self.watched.iter().map(|&slot| self.due.get(slot as usize)).min().unwrap_or(NEVER)
    }

    fn handle(&mut self, event: Event) {
        self.phase = match event {
            Event::ClosePeriod | Event::BalancerHour | Event::End => Phase::Measure,
            Event::Alarms | Event::Look { .. } => Phase::Decide,
            _ => Phase::Lifecycle,
        };
        match event {
            Event::ClosePeriod => self.close_period(),
            Event::BalancerHour => self.balancer_hour(),
            Event::End => self.end(),
            Event::BootPhase { slot, launch } => self.boot_phase(slot as usize, launch),
            Event::ColdEnd { slot, launch } => self.cold_end(slot as usize, launch),
            Event::DrainEnd { slot, launch } => self.drain_end(slot as usize, launch),
            Event::HookEnd { slot, launch, hook } => self.hook_end(slot as usize, launch, hook as usize),
            Event::OutOfMemory { slot, launch } => self.out_of_memory(slot as usize, launch),
            Event::Fault { index, count } => self.fault(index as usize, count),
            Event::FaultEnd { slot, launch } => self.fault_end(slot as usize, launch),
            Event::HealthCheck { slot, launch } => self.health_check(slot as usize, launch),
            Event::HealthDeadline { slot, launch, probe } => {
                self.health_deadline(slot as usize, launch, probe)
            }
            Event::SlowStart { slot, launch, since } => self.slow_start(slot as usize, launch, since),
            Event::Credits { slot, launch } => self.look_at_credits(slot as usize, launch),
            Event::Anomalies => self.look_for_anomalies(),
            Event::GroupCheck => self.group_check(),
            Event::Resume { .. } => self.resume(),
            Event::Operation { index, count } => self.operation(index as usize, count as usize),
            Event::AgentLogin { slot, launch } => self.agent_login(slot as usize, launch),
            Event::AgentSeen { address, launch } => self.agent_seen(address, launch),
            Event::Reconcile => self.reconcile(true),
            Event::LaunchRetry => self.launch_retry(),
            Event::Outgoing => self.let_outgoing_go(),
            Event::SpotWarning { kind, zone, step } => self.spot_warning(kind, zone, step),
            Event::SpotCapacity { kind, zone, step } => self.spot_capacity(kind, zone, step),
            Event::SpotAdvice { slot, launch } => self.spot_advice(slot as usize, launch),
            Event::SpotNotice { slot, launch } => self.spot_notice(slot as usize, launch),
            Event::SpotReclaim { slot, launch } => self.spot_reclaim(slot as usize, launch),
            Event::Deployment { index } => self.begin_deployment(index as usize),
            Event::DeploymentStep { index, version } => self.deployment_step(index as usize, version),
            Event::Refresh { index } => self.begin_refresh(index as usize),
            Event::PlaceFree => self.place_free(),
            Event::HostRuns { number } => self.host_runs(number),
            Event::HostRegisters { number } => self.host_registers(number),
            Event::Reservation => self.reservation(),
            Event::ManagedScaling => self.managed_scaling(),
            Event::Alarms => self.alarms(),
            Event::Look { policy } => self.look(policy as usize),
        }
    }

    /// Schedules a life-cycle event at `at`, or as soon as the order of phases allows.
    fn schedule(&mut self, at: u64, event: Event) {
        let soonest = if self.phase <= Phase::Lifecycle { self.now } else { self.now + 1 };
        self.calendar.push(key(at.max(soonest), Phase::Lifecycle), event);
    }

    /// Whether the slot still holds this launch.
    fn holds(&self, slot: usize, launch: u64) -> bool {
        self.lives[slot].launch == launch && self.lives[slot].stage != crate::fleet::Stage::Gone
    }

    /// Brings one instance up to date, `until` included.
    #[inline]
    fn advance(&mut self, slot: usize, until: u64) {
        let server = &mut self.servers[slot];
        if server.next() <= until {
            server.advance(slot, until, &mut self.desk);
            self.due.set(slot, server.next());
        }
    }

    /// Brings all instances that are due up to date, `until` included.
    #[inline]
    fn advance_all(&mut self, until: u64) {
        let (servers, desk) = (&mut self.servers, &mut self.desk);
        self.due.visit_due(until, |slot| {
            servers[slot].advance(slot, until, desk);
            servers[slot].next()
        });
    }
}
