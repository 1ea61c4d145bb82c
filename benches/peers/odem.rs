//! W1 to W4 on odem-rs: an agent a server, which sleeps until it is woken, or until its next departure; the source is the main process.

use super::model::{Answers, DAY, DayArrivals, Draws, Fleet, MINUTE, Sharing, WORK};
use odem_rs::core::ops::waker;
use odem_rs::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::task::Waker;

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
#[derive(Config)]
struct Queue {
    waiting: RefCell<VecDeque<(f64, f64)>>,
    idle: RefCell<Vec<Waker>>,
    answers: Cell<Answers>,
}

struct Worker;

impl Behavior<Queue> for Worker {
    type Output = ();

    async fn actions(&self, sim: &Sim<Queue>) {
        let queue = sim.global();
        loop {
            // The borrow ends before anybody else runs.
            let next = queue.waiting.borrow_mut().pop_front();
            match next {
                Some((born, service)) => {
                    sim.advance(service).await;
                    let mut answers = queue.answers.get();
                    answers.add(sim.now() - born);
                    queue.answers.set(answers);
                }
                None => {
                    let woken = waker().await;
                    queue.idle.borrow_mut().push(woken);
                    sleep().await;
                }
            }
        }
    }
}

fn queue(servers: usize, rate: f64, requests: u64, seed: u64) -> Answers {
    let queue = Queue { waiting: RefCell::default(), idle: RefCell::default(), answers: Cell::default() };
    let mut draws = Draws::new(seed);
    let run = Simulator::new(queue).run(async |sim: &Sim<Queue>| {
        for _ in 0..servers {
            sim.spawn(Worker);
        }
        let queue = sim.global();
        for _ in 0..requests {
            sim.advance(draws.exponential() / rate).await;
            queue.waiting.borrow_mut().push_back((sim.now(), draws.exponential()));
            let idle = queue.idle.borrow_mut().pop();
            if let Some(worker) = idle {
                worker.wake();
            }
        }
        while queue.answers.get().count < requests {
            sim.advance(1.0).await;
        }
        queue.idle.borrow_mut().clear();
        queue.answers.get()
    });
    run.expect("somebody is always scheduled")
}

/// A processor-sharing server, and how to tell it that a request has come.
#[derive(Default)]
struct Server {
    sharing: RefCell<Sharing>,
    woken: Cell<Option<Waker>>,
}

impl Server {
    fn admit(&self, now: f64, work: f64) {
        self.sharing.borrow_mut().admit(now, work);
        if let Some(waker) = self.woken.take() {
            waker.wake();
        }
    }

    /// Ends when it is woken.
    async fn change(&self) {
        let _listens = Listens(&self.woken);
        self.woken.set(Some(waker().await));
        sleep().await;
    }
}

/// Takes the waker back when the wait ends, by a wake or because the departure came first.
struct Listens<'a>(&'a Cell<Option<Waker>>);

impl Drop for Listens<'_> {
    fn drop(&mut self) {
        self.0.take();
    }
}

#[derive(Config)]
struct Servers {
    all: RefCell<Vec<Rc<Server>>>,
    fleet: RefCell<Fleet>,
    answers: Cell<Answers>,
}

impl Servers {
    fn new(size: usize) -> Servers {
        Servers {
            all: RefCell::new((0..size).map(|_| Rc::default()).collect()),
            fleet: RefCell::new(Fleet::new(size)),
            answers: Cell::default(),
        }
    }

    fn arrive(&self, round_robin: bool, now: f64, work: f64) {
        let all = self.all.borrow();
        let mut fleet = self.fleet.borrow_mut();
        let slot = match round_robin {
            true => fleet.round_robin(),
            false => fleet.least(|slot| all[slot].sharing.borrow().len()),
        };
        all[slot].admit(now, work);
    }
}

struct Serves(Rc<Server>);

impl Behavior<Servers> for Serves {
    type Output = ();

    async fn actions(&self, sim: &Sim<Servers>) {
        let server = &self.0;
        loop {
            let next = server.sharing.borrow().until_next();
            match next {
                None => server.change().await,
                Some(delay) => {
                    sim.fork(sim.advance(delay)).or(server.change()).await;
                }
            }
            let mut answers = sim.global().answers.get();
            let mut sharing = server.sharing.borrow_mut();
            while let Some(born) = sharing.leave_if_due(sim.now()) {
                answers.add(sim.now() - born);
            }
            sim.global().answers.set(answers);
        }
    }
}

fn cluster(round_robin: bool, requests: u64, seed: u64) -> Answers {
    let mut draws = Draws::new(seed);
    let run = Simulator::new(Servers::new(16)).run(async |sim: &Sim<Servers>| {
        let servers = sim.global();
        for server in servers.all.borrow().iter() {
            sim.spawn(Serves(Rc::clone(server)));
        }
        for _ in 0..requests {
            sim.advance(draws.exponential() / 12.8).await;
            servers.arrive(round_robin, sim.now(), draws.exponential());
        }
        while servers.answers.get().count < requests {
            sim.advance(1.0).await;
        }
        servers.answers.get()
    });
    run.expect("somebody is always scheduled")
}

/// Looks at the fleet every minute, and makes it ready a minute later.
async fn control(sim: &Sim<Servers>) {
    let servers = sim.global();
    let mut launched = 0;
    loop {
        sim.advance(MINUTE).await;
        // What was launched a minute ago is ready before the next look.
        for _ in 0..launched {
            ready(sim);
        }
        let all = servers.all.borrow();
        let busy = |slot: usize, now| all[slot].sharing.borrow_mut().busy(now);
        launched = servers.fleet.borrow_mut().look(sim.now(), busy);
    }
}

fn ready(sim: &Sim<Servers>) {
    let servers = sim.global();
    let mut all = servers.all.borrow_mut();
    let slot = servers.fleet.borrow_mut().enter(
        all.len(),
        |slot| all[slot].sharing.borrow().len() == 0,
        |slot| all[slot].sharing.borrow().busy_so_far(),
    );
    if slot == all.len() {
        let server = Rc::<Server>::default();
        sim.spawn(Serves(Rc::clone(&server)));
        all.push(server);
    }
}

fn day(requests: u64, seed: u64) -> Answers {
    let mut draws = Draws::new(seed);
    let run = Simulator::new(Servers::new(10)).run(async |sim: &Sim<Servers>| {
        let servers = sim.global();
        for server in servers.all.borrow().iter() {
            sim.spawn(Serves(Rc::clone(server)));
        }
        let looks = pin!(Job::new(control(sim)));
        sim.activate(looks);
        let mut arrivals = DayArrivals::new(requests);
        while let Some(at) = arrivals.next(&mut draws) {
            sim.advance_to(at).await;
            servers.arrive(false, at, WORK * draws.exponential());
        }
        sim.advance_to(DAY + MINUTE).await;
        servers.answers.get()
    });
    run.expect("somebody is always scheduled")
}
