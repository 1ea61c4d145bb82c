//! A second engine in strict time order: slow, plain, and written from the documents, so that tests can hold the fast one to it.

mod anomalies;
mod archive;
mod balancer;
mod balancer_metrics;
mod books;
mod credits;
mod decide;
mod deploy;
mod faults;
mod group;
mod health;
mod hooks;
mod hosts;
mod instance;
mod judge;
mod life;
mod log;
mod machine;
mod maintain;
mod measure;
mod mixed;
mod operations;
mod outgoing;
mod places;
mod queue;
mod replace;
mod requests;
mod sessions;
mod spot;
mod stickiness;
mod targets;
mod told;
mod warm_pool;

use crate::control::Policy;
use crate::kernel::{NEVER, Phase, mix};
use crate::ledger::{RunResult, Sink};
use crate::traffic::{Arrivals, Births, Workload};
use crate::world::World;
use decide::{Steered, Watched};
use instance::Instance;
use log::{Entry, Log};
use requests::{Failure, Request};
use sessions::Session;
use std::collections::BTreeSet;

/// Life-cycle events in their order inside one instant; then by slot and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    PhaseEnd { slot: usize, launch: u64 },
    ColdEnd { slot: usize, launch: u64 },
    DrainEnd { slot: usize, launch: u64 },
    HookEnd { slot: usize, launch: u64, index: usize },
    OutOfMemory { slot: usize, launch: u64 },
    Fault { index: usize },
    FaultEnd { slot: usize, launch: u64, number: u64 },
    Check { slot: usize, launch: u64 },
    CheckDeadline { slot: usize, launch: u64, number: u64 },
    SlowStart { slot: usize, launch: u64, since: u64 },
    Credits { slot: usize, launch: u64 },
    Anomalies,
    Operation { index: usize, count: usize },
    Login { slot: usize, launch: u64 },
    SeenStopped { address: u64, launch: u64 },
    Warning { kind: usize, zone: usize, step: usize },
    Capacity { kind: usize, zone: usize, step: usize },
    Advice { slot: usize, launch: u64 },
    Notice { slot: usize, launch: u64 },
    Reclaim { slot: usize, launch: u64 },
    GroupCheck,
    Resume { index: usize },
    Reconcile { launch: u64 },
    Retry,
    Outgoing,
    Deployment { index: usize },
    DeploymentStep { index: usize, version: u32 },
    Refresh { index: usize },
    PlaceFree,
    HostRuns { number: usize },
    HostRegisters { number: usize },
    Reservation,
    ManagedScaling,
}

/// Facts of the control plane, by their number in the fingerprint.
#[derive(Debug, Clone, Copy)]
enum Fact {
    Launch = 1,
    Terminating = 2,
    InService = 3,
    Terminated = 4,
    Crash = 5,
    Health = 6,
    Trouble = 7,
    Desired = 8,
    Refusal = 40,
    Address = 41,
    Login = 42,
    SeenStopped = 43,
    Throttle = 9,
    Start = 44,
    Standing = 45,
    Stop = 46,
    Anomaly = 47,
    Advice = 70,
    Notice = 71,
    Reclaim = 72,
    Outgoing = 73,
    DeploymentBegins = 50,
    DeploymentEnds = 51,
    RefreshBegins = 52,
    RefreshEnds = 53,
    Rests = 60,
    Taken = 61,
    HostLaunch = 80,
    HostRegistered = 81,
    HostTerminated = 82,
}

struct Engine<'a> {
    world: World,
    sink: &'a mut dyn Sink,
    now: u64,
    phase: Phase,
    births: Births,
    requests: Vec<Request>,
    /// Messages that can be received, as (request, receives so far), and the slot that is asked first.
    shown: Vec<(u64, u64)>,
    turn: usize,
    /// (time, request, attempt)
    retries: BTreeSet<(u64, u64, u64)>,
    sessions: Vec<Session>,
    /// Requests to come of users who think: (time, request that was answered).
    follow_ups: BTreeSet<(u64, u64)>,
    session_draws_cut: u64,
    /// When sticky sessions lost their targets, and whether because of their health.
    broken_cookies: Vec<(u64, bool)>,
    failures: Vec<Failure>,
    /// Retries that the budget has saved up, in millionths.
    budget: u64,
    life: BTreeSet<(u64, Life)>,
    fleet: Vec<Option<Instance>>,
    gone: Vec<Instance>,
    /// Where each node's rotation stands.
    pointers: Vec<usize>,
    standings: Vec<targets::Standing>,
    probes: u64,
    /// Surplus credits charged, with the time.
    charges: Vec<(u64, i128)>,
    backend_used: u32,
    backend_queue: Vec<machine::Id>,
    backend_spans: Vec<(u64, u64, u64, u64)>,
    backend_from: u64,
    launches: u64,
    /// Why the replacement of unhealthy instances waits.
    delayed: Option<&'static str>,
    desired: u32,
    /// The last that happened to the size was that it fell: nobody was launched since.
    fell: bool,
    /// Versions: the one that is launched, the newest.
    live: u32,
    newest: u32,
    deploying: Option<deploy::InProgress>,
    in_refresh: Option<maintain::InRefresh>,
    /// Units above the desired ones while others are replaced.
    surge: u32,
    /// No zone took a launch: when it is tried again.
    next_try: Option<u64>,
    provider: hosts::Provider,
    believed: Vec<places::Believed>,
    /// The slot of each machine.
    machines: Vec<usize>,
    machine_starts: Vec<u64>,
    operations: Vec<operations::Acting>,
    /// When the coordinator began or ceased to believe in the agent of an address.
    beliefs: Vec<(u64, u64, bool)>,
    fault_counts: Vec<u64>,
    fault_times: Vec<Option<crate::kernel::Distribution>>,
    last_out: Option<group::Resize>,
    last_in: Option<group::Resize>,
    steered: Vec<Steered>,
    watched: Vec<Watched>,
    published: Vec<crate::control::Metric>,
    stretches: Vec<archive::Stretch>,
    period_from: u64,
    log: Log,
    outcomes: u64,
    control: u64,
    saturated: Option<u64>,
    stopped: bool,
    ended: bool,
    met: Met,
}

/// What the engine met on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Met {
    /// Events taken.
    pub events: u64,
    /// Events at the same instant as the one before.
    pub equal_instants: u64,
}

/// Simulates `world` in strict time order.
///
/// # Errors
/// Names the broken rule when the engine contradicts itself.
pub fn run(
    world: World,
    workload: Workload,
    policies: Vec<Box<dyn Policy>>,
    sink: &mut dyn Sink,
) -> Result<(RunResult, Met), String> {
    let births = Births::new(Arrivals::new(workload, world.seed), &world.classes, world.seed);
    let burst = world.clients.retries.map_or(0, |r| u64::from(r.budget_burst) * 1_000_000);
    let desired = world.group.desired;
    let mut engine = Engine {
        world,
        sink,
        now: 0,
        phase: Phase::Measure,
        births,
        requests: Vec::new(),
        shown: Vec::new(),
        turn: 0,
        retries: BTreeSet::new(),
        sessions: Vec::new(),
        follow_ups: BTreeSet::new(),
        session_draws_cut: 0,
        broken_cookies: Vec::new(),
        failures: Vec::new(),
        budget: burst,
        life: BTreeSet::new(),
        fleet: Vec::new(),
        gone: Vec::new(),
        pointers: Vec::new(),
        standings: Vec::new(),
        probes: 0,
        charges: Vec::new(),
        backend_used: 0,
        backend_queue: Vec::new(),
        backend_spans: Vec::new(),
        backend_from: 0,
        launches: 0,
        delayed: None,
        desired,
        fell: false,
        live: 1,
        newest: 1,
        deploying: None,
        in_refresh: None,
        surge: 0,
        next_try: None,
        provider: hosts::Provider::default(),
        believed: Vec::new(),
        machines: Vec::new(),
        machine_starts: Vec::new(),
        operations: Vec::new(),
        beliefs: Vec::new(),
        fault_counts: Vec::new(),
        fault_times: Vec::new(),
        last_out: None,
        last_in: None,
        steered: Vec::new(),
        watched: Vec::new(),
        published: Vec::new(),
        stretches: Vec::new(),
        period_from: 0,
        log: Log::default(),
        outcomes: 0,
        control: 0,
        saturated: None,
        stopped: false,
        ended: false,
        met: Met::default(),
    };
    engine.set_up(policies);
    while !engine.ended {
        engine.step()?;
    }
    let met = engine.met;
    Ok((engine.close(), met))
}

impl Engine<'_> {
    fn set_up(&mut self, policies: Vec<Box<dyn Policy>>) {
        self.prepare_policies(policies);
        self.pointers = vec![0; self.zones()];
        self.hosts_of_the_start();
        self.prepare_fleet();
        self.targets_change();
        self.prepare_faults();
        self.prepare_operations();
        self.prepare_deployments();
        self.prepare_refreshes();
        self.later(self.world.group.health.every.as_nanos(), Life::GroupCheck);
        self.prepare_suspensions();
        self.plan_comparison();
        self.prepare_capacity();
    }

    /// Takes the smallest of all that could happen next.
    fn step(&mut self) -> Result<(), String> {
        let candidates = [
            (self.next_measure(), Phase::Measure),
            (self.slots().map(|(_, i)| i.machine.next()).min().unwrap_or(NEVER), Phase::Complete),
            (self.slots().filter_map(|(_, i)| i.oldest_deadline()).min().unwrap_or(NEVER), Phase::TimeOut),
            (self.life.first().map_or(NEVER, |e| e.0), Phase::Lifecycle),
            (self.next_arrival(), Phase::Arrive),
            (self.next_decision(), Phase::Decide),
        ];
        let next = candidates.into_iter().min().expect("there are candidates");
        if next < (self.now, self.phase) {
            return Err(format!("time runs backwards: {next:?} after {:?}", (self.now, self.phase)));
        }
        self.met.events += 1;
        self.met.equal_instants += u64::from(next.0 == self.now);
        (self.now, self.phase) = next;
        match self.phase {
            Phase::Measure => self.measure(),
            Phase::Complete => self.complete(),
            Phase::TimeOut => self.time_out(),
            Phase::Lifecycle => self.live(),
            Phase::Arrive => self.arrive(),
            Phase::Decide => self.decide(),
        }
        self.settle();
        self.look_at_drains();
        if self.world.queue.is_some() {
            self.workers_ask();
        }
        Ok(())
    }

    fn live(&mut self) {
        let (_, event) = self.life.pop_first().expect("an event is due");
        match event {
            Life::PhaseEnd { slot, launch } if self.is(slot, launch) => self.phase_ends(slot),
            Life::ColdEnd { slot, launch } if self.is(slot, launch) => self.cold_ends(slot),
            Life::DrainEnd { slot, launch } if self.is(slot, launch) => self.drain_is_over(slot),
            Life::HookEnd { slot, launch, index } if self.is(slot, launch) => self.hook_ends(slot, index),
            Life::OutOfMemory { slot, launch } if self.is(slot, launch) => self.out_of_memory(slot),
            Life::Fault { index } => self.fault(index),
            Life::FaultEnd { slot, launch, number } if self.is(slot, launch) => self.fault_ends(slot, number),
            Life::Check { slot, launch } if self.is(slot, launch) => self.check(slot),
            Life::CheckDeadline { slot, launch, number } if self.is(slot, launch) => {
                self.check_is_late(slot, number)
            }
            Life::SlowStart { slot, launch, since } if self.is(slot, launch) => {
                self.slow_start_step(slot, since)
            }
            Life::Credits { slot, launch } if self.is(slot, launch) => self.look_at_account(slot),
            Life::Anomalies => self.compare_targets(),
            Life::GroupCheck => self.group_check(),
            Life::Resume { .. } => self.catch_up(),
            Life::Reconcile { .. } => self.fit(true),
            Life::Operation { index, count } => self.operate(index, count),
            Life::Login { slot, launch } if self.is(slot, launch) => self.login(slot),
            Life::SeenStopped { launch, .. } => self.seen_stopped(launch),
            Life::Retry => self.try_again(),
            Life::Outgoing => self.outgoing_leave(),
            Life::Warning { kind, zone, step } => self.warn(kind, zone, step),
            Life::Capacity { kind, zone, step } => self.change_capacity(kind, zone, step),
            Life::Advice { slot, launch } if self.is(slot, launch) => self.advise(slot),
            Life::Notice { slot, launch } if self.is(slot, launch) => self.give_notice(slot),
            Life::Reclaim { slot, launch } if self.is(slot, launch) => self.reclaim(slot),
            Life::Deployment { index } => self.deployment_begins(index),
            Life::DeploymentStep { index, version } => self.deployment_goes_on(index, version),
            Life::Refresh { index } => self.refresh_begins(index),
            Life::PlaceFree => self.try_places(),
            Life::HostRuns { number } => self.host_begins_to_run(number),
            Life::HostRegisters { number } => self.host_joins(number),
            Life::Reservation => self.measure_reservation(),
            Life::ManagedScaling => self.judge_reservation(),
            _ => {}
        }
    }

    /// Puts a life-cycle event at `at`, or as soon as the order of phases allows.
    fn later(&mut self, at: u64, event: Life) {
        let soonest = self.now + u64::from(self.phase > Phase::Lifecycle);
        self.life.insert((at.max(soonest), event));
    }

    fn slots(&self) -> impl Iterator<Item = (usize, &Instance)> {
        self.fleet.iter().enumerate().filter_map(|(s, i)| i.as_ref().map(|i| (s, i)))
    }

    fn taken(&self) -> Vec<usize> {
        self.slots().map(|s| s.0).collect()
    }

    fn is(&self, slot: usize, launch: u64) -> bool {
        self.fleet[slot].as_ref().is_some_and(|i| i.launch == launch)
    }

    fn at(&self, slot: usize) -> &Instance {
        self.fleet[slot].as_ref().expect("the slot is taken")
    }

    fn at_mut(&mut self, slot: usize) -> &mut Instance {
        self.fleet[slot].as_mut().expect("the slot is taken")
    }

    /// A fact of the control plane, for the fingerprint.
    fn fact(&mut self, fact: Fact, value: u64) {
        self.control = mix(mix(mix(self.control ^ fact as u64).wrapping_add(self.now)).wrapping_add(value));
    }

    fn note(&mut self, entry: Entry) {
        self.log.push(self.now, entry);
    }
}
