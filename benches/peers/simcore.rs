//! W1 to W4 on simcore: one component that schedules events to itself, and cancels a departure that has moved.

use super::model::{Answers, DayArrivals, Draws, Fleet, MINUTE, Sharing, WORK};
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

#[derive(Clone, Serialize)]
struct Arrival;

#[derive(Clone, Serialize)]
struct Departure {
    born: f64,
}

#[derive(Clone, Serialize)]
struct Leaves {
    slot: usize,
}

#[derive(Clone, Serialize)]
struct Look;

#[derive(Clone, Serialize)]
struct Ready;

pub fn run(work: &str, requests: u64, seed: u64) -> Answers {
    match work {
        "w1" => queue(1, 0.8, requests, seed),
        "w2" => queue(16, 12.8, requests, seed),
        "w3rr" => cluster(true, requests, seed),
        "w3lor" => cluster(false, requests, seed),
        "w4" => day(requests, seed),
        other => panic!("there is no workload {other}"),
    }
}

/// One queue before some servers.
struct Queue {
    ctx: SimulationContext,
    draws: Draws,
    rate: f64,
    idle: usize,
    waiting: VecDeque<f64>,
    left: u64,
    answers: Answers,
}

impl Queue {
    fn serve(&mut self, born: f64) {
        let service = self.draws.exponential();
        self.ctx.emit_self(Departure { born }, service);
    }
}

impl EventHandler for Queue {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                if self.idle > 0 {
                    self.idle -= 1;
                    self.serve(event.time);
                } else {
                    self.waiting.push_back(event.time);
                }
                self.left -= 1;
                if self.left > 0 {
                    let step = self.draws.exponential() / self.rate;
                    self.ctx.emit_self(Arrival, step);
                }
            }
            Departure { born } => {
                self.answers.add(event.time - born);
                match self.waiting.pop_front() {
                    Some(next) => self.serve(next),
                    None => self.idle += 1,
                }
            }
        })
    }
}

fn queue(servers: usize, rate: f64, requests: u64, seed: u64) -> Answers {
    let mut simulation = Simulation::new(seed);
    let ctx = simulation.create_context("queue");
    ctx.emit_self(Arrival, 0.0);
    let queue = Rc::new(RefCell::new(Queue {
        ctx,
        draws: Draws::new(seed),
        rate,
        idle: servers,
        waiting: VecDeque::new(),
        left: requests,
        answers: Answers::default(),
    }));
    simulation.add_handler("queue", queue.clone());
    simulation.step_until_no_events();
    queue.borrow().answers
}

/// Processor-sharing servers behind a balancer, each with the departure that is scheduled.
struct Servers {
    ctx: SimulationContext,
    draws: Draws,
    servers: Vec<Sharing>,
    scheduled: Vec<Option<u64>>,
    fleet: Fleet,
    round_robin: bool,
    answers: Answers,
}

impl Servers {
    fn new(ctx: SimulationContext, size: usize, round_robin: bool, seed: u64) -> Servers {
        Servers {
            ctx,
            draws: Draws::new(seed),
            servers: (0..size).map(|_| Sharing::default()).collect(),
            scheduled: vec![None; size],
            fleet: Fleet::new(size),
            round_robin,
            answers: Answers::default(),
        }
    }

    fn schedule(&mut self, slot: usize) {
        self.scheduled[slot] =
            self.servers[slot].until_next().map(|delay| self.ctx.emit_self(Leaves { slot }, delay));
    }

    fn arrive(&mut self, now: f64, work: f64) {
        let slot = match self.round_robin {
            true => self.fleet.round_robin(),
            false => self.fleet.least(|slot| self.servers[slot].len()),
        };
        self.servers[slot].admit(now, work);
        if let Some(old) = self.scheduled[slot] {
            self.ctx.cancel_event(old);
        }
        self.schedule(slot);
    }

    fn leave(&mut self, now: f64, slot: usize) {
        let born = self.servers[slot].leave(now);
        self.answers.add(now - born);
        self.schedule(slot);
    }
}

/// W3.
struct Cluster {
    all: Servers,
    left: u64,
}

impl EventHandler for Cluster {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                let work = self.all.draws.exponential();
                self.all.arrive(event.time, work);
                self.left -= 1;
                if self.left > 0 {
                    let step = self.all.draws.exponential() / 12.8;
                    self.all.ctx.emit_self(Arrival, step);
                }
            }
            Leaves { slot } => {
                self.all.leave(event.time, slot)
            }
        })
    }
}

fn cluster(round_robin: bool, requests: u64, seed: u64) -> Answers {
    let mut simulation = Simulation::new(seed);
    let ctx = simulation.create_context("cluster");
    ctx.emit_self(Arrival, 0.0);
    let cluster =
        Rc::new(RefCell::new(Cluster { all: Servers::new(ctx, 16, round_robin, seed), left: requests }));
    simulation.add_handler("cluster", cluster.clone());
    simulation.step_until_no_events();
    cluster.borrow().all.answers
}

/// W4.
struct Group {
    all: Servers,
    arrivals: DayArrivals,
}

impl Group {
    fn next_arrival(&mut self, now: f64) {
        if let Some(at) = self.arrivals.next(&mut self.all.draws) {
            self.all.ctx.emit_self(Arrival, at - now);
        }
    }

    fn look(&mut self, now: f64) {
        let servers = &mut self.all.servers;
        let launches = self.all.fleet.look(now, |slot, now| servers[slot].busy(now));
        for _ in 0..launches {
            self.all.ctx.emit_self(Ready, MINUTE);
        }
        if now + MINUTE < super::model::DAY {
            self.all.ctx.emit_self(Look, MINUTE);
        }
    }

    fn ready(&mut self) {
        let servers = &self.all.servers;
        let slot = self.all.fleet.enter(
            servers.len(),
            |slot| servers[slot].len() == 0,
            |slot| servers[slot].busy_so_far(),
        );
        if slot == self.all.servers.len() {
            self.all.servers.push(Sharing::default());
            self.all.scheduled.push(None);
        }
    }
}

impl EventHandler for Group {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                let work = WORK * self.all.draws.exponential();
                self.all.arrive(event.time, work);
                self.next_arrival(event.time);
            }
            Leaves { slot } => {
                self.all.leave(event.time, slot)
            }
            Look {} => {
                self.look(event.time)
            }
            Ready {} => {
                self.ready()
            }
        })
    }
}

fn day(requests: u64, seed: u64) -> Answers {
    let mut simulation = Simulation::new(seed);
    let ctx = simulation.create_context("group");
    ctx.emit_self(Look, MINUTE);
    let group = Rc::new(RefCell::new(Group {
        all: Servers::new(ctx, 10, false, seed),
        arrivals: DayArrivals::new(requests),
    }));
    group.borrow_mut().next_arrival(0.0);
    simulation.add_handler("group", group.clone());
    simulation.step_until_no_events();
    group.borrow().all.answers
}
