//! From a world to a result: sets a run up, lets it go, closes the books.

use super::agents::AgentState;
use super::anomalies::Anomalies;
use super::balancer_metrics::Answers;
use super::deadlines::Deadlines;
use super::machines::MachineState;
use super::mixed::MixedBill;
use super::places::PlaceState;
use super::queue::Messages;
use super::sessions::Users;
use super::{BrokenLaw, Desk, Event, Sim, desk::Backend, group::GroupState, measure::Measures};
use crate::control::{BalancerMetric, Controller, Controls, Metric, Policy};
use crate::fleet::Stage;
use crate::kernel::{Calendar, MinIndex, NEVER, Phase, SimTime, key};
use crate::ledger::{Bill, Book, Capacity, Hours, Judge, RunResult, Sink};
use crate::traffic::{Algorithm, Arrivals, Births, Nodes, Workload};
use crate::world::{RequestClass, World};
use std::collections::{BTreeMap, BinaryHeap};

const TARGET_TIMES: Metric = Metric::Balancer(BalancerMetric::TargetResponseTime);

/// Runs a world from its start to its end.
///
/// The same world, workload and policies give the same result, bit by bit.
///
/// # Errors
/// A law of the simulation broke: a bug, to be reported with scenario and seed.
pub fn run(
    world: World,
    workload: Workload,
    policies: Vec<Box<dyn Policy>>,
    sink: &mut dyn Sink,
) -> Result<RunResult, BrokenLaw> {
    let mut sim = Sim::new(world, workload, policies, sink);
    sim.go();
    sim.close()
}

impl<'a> Sim<'a> {
    fn new(world: World, workload: Workload, policies: Vec<Box<dyn Policy>>, sink: &'a mut dyn Sink) -> Self {
        let (from, duration) = (world.lead_in.as_nanos(), world.duration.as_nanos());
        let judges = world.objectives.iter().map(|o| Judge::new(o, from, duration)).collect();
        let client = world.clients.timeout.map_or(NEVER, |t| t.as_nanos());
        let balancer = world.balancer.idle_timeout.map_or(NEVER, |t| t.as_nanos());
        let controls = Controls::new(policies, &world);
        let measures = Measures::new(&world, &controls.archive.tracks);
        let times = controls.archive.tracks.iter().any(|track| track.metric == TARGET_TIMES);
        let desk = Desk {
            book: Book::new(judges, world.queue.is_none().then_some(world.instance.overflow)),
            nodes: Nodes::new(&world.balancer, world.group.zones.len(), world.seed),
            backend: world.backend_connections.map(Backend::new),
            in_flight: 0,
            failures: Vec::new(),
            answered: Vec::new(),
            notes: world.clients.sessions.is_some() || times || !world.balancer.units.sizes.is_empty(),
            sessions: world.clients.sessions.is_some(),
            answers: times.then(|| Box::new(Answers::new())),
            served: Vec::new(),
            served_by: Vec::new(),
            failed_by: Vec::new(),
            grants: Vec::new(),
            pending: false,
            first_births: BTreeMap::new(),
            given: BTreeMap::new(),
            deadlines: Deadlines::new(match world.queue {
                Some(queue) => queue.visibility_timeout.as_nanos(),
                None => client.min(balancer),
            }),
            queued: world.queue.is_some(),
            speed: u64::from(world.instance.speed),
            sizes: world.balancer.units.sizes.clone(),
            bytes: 0,
        };
        let strict =
            world.backend_connections.is_some() || world.clients.sessions.is_some() || world.queue.is_some();
        let drawn = matches!(world.balancer.algorithm, Algorithm::RoundRobin | Algorithm::WeightedRandom);
        let mut sim = Sim {
            sink,
            now: 0,
            phase: Phase::Measure,
            births: Births::new(Arrivals::new(workload, world.seed), &world.classes, world.seed),
            next_request: 0,
            servers: Vec::new(),
            lives: Vec::new(),
            flags: Vec::new(),
            due: MinIndex::new(),
            guards: MinIndex::new(),
            watched: Vec::new(),
            unobserved: drawn
                && !strict
                && world.instance.memory.is_none()
                && !world.classes.iter().any(RequestClass::waits),
            strict,
            calendar: Calendar::new(),
            other: 0,
            desk,
            resends: BinaryHeap::new(),
            messages: world.queue.map(|queue| Messages::new(queue.max_receives)),
            users: world.clients.sessions.as_ref().map(|s| Users::new(s, &world.classes, world.seed)),
            budget: 0,
            candidates: Vec::new(),
            sticky: world.balancer.stickiness.is_some(),
            unusual: strict
                || world.balancer.stickiness.is_some()
                || world.instance.memory.is_some()
                || !world.balancer.units.sizes.is_empty(),
            group: GroupState::new(&world.group),
            versions: super::deploy::Versions::default(),
            places: PlaceState::new(
                &world.group.places,
                world.group.zones.len().max(1),
                world.group.mixed.is_some() || world.group.hosts.is_some(),
            ),
            hosts: super::hosts::HostState::default(),
            agents: AgentState::default(),
            machines: MachineState::default(),
            anomalies: Anomalies::default(),
            running: Vec::new(),
            controls,
            controller: Controller::default(),
            measures,
            bill: Bill::new(&world.prices, world.instance.volume_gib, world.reserved_addresses(), from),
            accounts: super::credits::Accounts::new(&world),
            mixed_bill: MixedBill::default(),
            balancer_hours: Hours::new(&world.balancer.units),
            probes: 0,
            saturated: None,
            at_door: None,
            stopped: false,
            broken: None,
            ended: false,
            world,
        };
        sim.open();
        sim
    }

    /// The first instances and the first control events.
    fn open(&mut self) {
        if let Some(retries) = &self.world.clients.retries {
            self.budget = u64::from(retries.budget_burst) * 1_000_000;
        }
        self.open_hosts();
        self.populate();
        let period = self.world.metrics.period.as_nanos();
        let duration = self.world.duration.as_nanos();
        if period <= duration {
            self.calendar.push(key(period, Phase::Measure), Event::ClosePeriod);
        }
        self.calendar.push(key(self.world.lead_in.as_nanos(), Phase::Measure), Event::BalancerHour);
        self.calendar.push(key(duration, Phase::Measure), Event::End);
        self.calendar
            .push(key(self.world.group.health.every.as_nanos(), Phase::Lifecycle), Event::GroupCheck);
        self.schedule_alarms();
        for policy in 0..self.controls.policies.len() {
            self.schedule_look(policy, true);
        }
        self.schedule_faults();
        self.schedule_resumes();
        self.schedule_capacity();
        self.schedule_operations();
        self.schedule_anomalies();
        self.schedule_deployments();
        self.schedule_refreshes();
        self.find_other();
    }

    /// The run reaches its end: what is left of a period is measured.
    pub(super) fn end(&mut self) {
        self.measure_all();
        self.ended = true;
    }

    fn close(mut self) -> Result<RunResult, BrokenLaw> {
        if self.saturated.is_some() || self.stopped {
            self.measure_all();
        }
        self.tell_the_rest();
        if self.broken.is_none() {
            self.check_laws();
        }
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        self.judge_the_unsettled();
        self.desk.book.close_period(self.now);
        self.measures.close_row();
        if self.world.lead_in.as_nanos() > self.now {
            // The run ended before its statistics window began: the window is empty.
            self.desk.book.open_window();
            self.group.open_window(self.now);
            self.agents.open_window();
            self.machines.counts = crate::ledger::MachineCounts::default();
            self.measures.open_window();
        }
        let from = self.world.lead_in.as_nanos().min(self.now);
        self.group.change_in_service(self.now, 0);
        let (cost, billed) = self.cost_now();
        let window = (self.now - from).max(1) as f64;
        let book = &self.desk.book;
        Ok(RunResult {
            from: SimTime::from_nanos(from),
            to: SimTime::from_nanos(self.now),
            seed: self.world.seed,
            fingerprint: book.fingerprint(),
            requests: book.requests(),
            attempts: book.attempts(),
            sessions: self.users.is_some().then(|| book.sessions()),
            responses: book.responses(),
            response_time: book.response_time(),
            waiting_ns: book.waiting_ns(),
            capacity: Capacity {
                in_service_mean: self.group.service_area as f64 / window,
                in_service_max: self.group.in_service_max,
                billed_ns: billed.instance_ns + billed.spot_ns + billed.commitment_used_ns,
                cpu_utilization_mean: self.measures.utilization(),
            },
            cost,
            billed,
            scaling: self.group.scaling,
            agents: self.agents.counts(),
            machines: self.count_machines(),
            saturated: self.saturated,
            stopped_at: self.stopped.then(|| SimTime::from_nanos(self.now)),
            clamped_work: self.births.clamped + self.users.as_ref().map_or(0, Users::clamped_work),
            objectives: self.desk.book.judges.drain(..).map(|judge| judge.finish(self.now)).collect(),
        })
    }

    /// Requests whose limit has not passed at the end are not judged.
    fn judge_the_unsettled(&mut self) {
        let mut births: Vec<u64> =
            self.resends.iter().map(|r| self.desk.first_births[&r.0.request]).collect();
        for slot in 0..self.lives.len() {
            if self.lives[slot].stage != Stage::Gone {
                let waiting = self.servers[slot].attempts().filter(|j| self.waits(j));
                births.extend(waiting.map(|j| self.desk.first_birth(j)));
            }
        }
        let visible = self.messages.iter().flat_map(Messages::requests);
        births.extend(visible.map(|request| self.desk.first_births[&request]));
        births.extend(self.at_door);
        for judge in &mut self.desk.book.judges {
            for &born in &births {
                judge.undecided(born, self.now);
            }
        }
    }
}
