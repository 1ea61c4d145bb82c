//! One instance from inside: attempts that compute, wait or queue, by the formulas of processor sharing, unsorted and unhurried.

use crate::kernel::NEVER;

/// One unit of work in attained service.
const UNIT: u128 = 65_536;

/// Request and attempt; probes have requests of their own above this number.
pub(super) type Id = (u64, u64);

/// Where an attempt is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Queue,
    Cpu { mark: u128 },
    BackendQueue,
    Wait { release: u64 },
}

/// An attempt inside an instance.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub id: Id,
    /// The balancer's node that sent it.
    pub node: usize,
    pub probe: bool,
    /// It ends as an error: the instance is broken.
    pub error: bool,
    /// Somebody waits for the answer.
    pub awaited: bool,
    /// When it is given up, and whether by the client.
    pub deadline: u64,
    /// All the work it carries, and the part after the wait.
    pub work: u64,
    pub rest: u64,
    /// The wait that lies ahead, and the whole of it.
    pub wait: u64,
    pub waited: u64,
    /// Order of admission to the queue.
    pub number: u64,
    pub place: Place,
}

/// A stretch of time in which nothing changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub from: u64,
    pub to: u64,
    /// What its processors executed each nanosecond, in 1/600 of a processor.
    pub executed: u64,
    pub inside: u64,
    pub queued: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Machine {
    vcpus: u64,
    admitted: usize,
    queue_limit: usize,
    speed: u64,
    /// What a busy processor executes each nanosecond, in 1/600 of it.
    rate: u64,
    moving_since: u64,
    anchor: u64,
    attained: u128,
    offered: u64,
    pub jobs: Vec<Job>,
    pub spans: Vec<Span>,
    span_from: u64,
}

impl Machine {
    pub fn new(instance: &crate::world::Instance, at: u64) -> Self {
        Machine {
            vcpus: u64::from(instance.vcpus),
            admitted: instance.admitted as usize,
            queue_limit: instance.queue_limit as usize,
            speed: u64::from(instance.speed),
            rate: 600,
            moving_since: 0,
            anchor: at,
            attained: 0,
            offered: 0,
            jobs: Vec::new(),
            spans: Vec::new(),
            span_from: at,
        }
    }

    fn sharers(&self) -> u64 {
        self.jobs.iter().filter(|j| matches!(j.place, Place::Cpu { .. })).count() as u64
    }

    pub fn queued(&self) -> usize {
        self.jobs.iter().filter(|j| j.place == Place::Queue).count()
    }

    /// Speed of a sharer as a fraction.
    fn pace(&self) -> (u128, u128) {
        let n = self.sharers();
        if n <= self.vcpus {
            (u128::from(self.speed), 1)
        } else {
            (u128::from(self.speed * self.vcpus), u128::from(n))
        }
    }

    fn attained(&self, at: u64) -> u128 {
        let (num, den) = self.pace();
        self.attained + u128::from(at - self.anchor) * num / den
    }

    /// Moves the anchor; called before and after whatever changes the sharers.
    pub fn look(&mut self, at: u64) {
        self.attained = if self.sharers() == 0 { 0 } else { self.attained(at) };
        self.anchor = at;
    }

    /// Closes the stretch in which nothing changed.
    pub fn note(&mut self, at: u64) {
        if at > self.span_from {
            let busy = if self.speed == 0 { 0 } else { self.sharers().min(self.vcpus) };
            let (inside, queued) = (self.jobs.len() as u64, self.queued() as u64);
            let executed = busy * self.rate;
            self.spans.push(Span { from: self.span_from, to: at, executed, inside, queued });
            self.span_from = at;
        }
    }

    pub fn set_speed(&mut self, at: u64, speed: u64, rate: u64) {
        self.note(at);
        self.look(at);
        self.rate = rate;
        if self.speed == 0 && speed > 0 {
            self.moving_since = at;
        }
        self.speed = speed;
    }

    /// When something next completes inside.
    pub fn next(&self) -> u64 {
        if self.speed == 0 {
            return NEVER;
        }
        let (num, den) = self.pace();
        let when = |job: &Job| match job.place {
            Place::Cpu { mark } => self.anchor + ((mark - self.attained) * den).div_ceil(num) as u64,
            Place::Wait { release } => release.max(self.moving_since + 1),
            Place::Queue | Place::BackendQueue => NEVER,
        };
        self.jobs.iter().map(when).min().unwrap_or(NEVER)
    }

    /// Whether one more attempt would find a slot or a place in the queue.
    pub fn has_room(&self) -> bool {
        let queued = self.queued();
        self.jobs.len() - queued < self.admitted || queued < self.queue_limit
    }

    /// Takes an attempt into the queue; `admit` moves it on.
    pub fn offer(&mut self, at: u64, mut job: Job, before_ppm: u32) {
        self.note(at);
        job.rest = 0;
        if job.wait > 0 {
            job.rest = job.work - (u128::from(job.work) * u128::from(before_ppm) / 1_000_000) as u64;
        }
        job.number = self.offered;
        self.offered += 1;
        self.jobs.push(job);
    }

    /// Moves the head of the queue into a free slot; an attempt that has nothing to compute first is to wait.
    pub fn admit(&mut self, at: u64) -> Option<(Id, bool)> {
        if self.jobs.len() - self.queued() >= self.admitted {
            return None;
        }
        self.note(at);
        let head = (0..self.jobs.len()).filter(|&i| self.jobs[i].place == Place::Queue);
        let head = head.min_by_key(|&i| self.jobs[i].number)?;
        self.look(at);
        let first = self.jobs[head].work - self.jobs[head].rest;
        let waits = first == 0;
        self.jobs[head].place = if waits {
            Place::BackendQueue
        } else {
            Place::Cpu { mark: self.attained + u128::from(first) * UNIT }
        };
        Some((self.jobs[head].id, waits))
    }

    /// Waits that are over, in order.
    pub fn ended_waits(&self, at: u64) -> Vec<Id> {
        let mut ended: Vec<(u64, Id)> = Vec::new();
        for job in &self.jobs {
            match job.place {
                Place::Wait { release } if release <= at => ended.push((release, job.id)),
                _ => {}
            }
        }
        ended.sort_unstable();
        ended.into_iter().map(|e| e.1).collect()
    }

    /// CPU parts that are over, in order.
    pub fn ended_parts(&self, at: u64) -> Vec<Id> {
        let now = self.attained(at);
        let mut ended: Vec<(u128, Id)> = Vec::new();
        for job in &self.jobs {
            match job.place {
                Place::Cpu { mark } if mark <= now => ended.push((mark, job.id)),
                _ => {}
            }
        }
        ended.sort_unstable();
        ended.into_iter().map(|e| e.1).collect()
    }

    pub fn job(&mut self, id: Id) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|j| j.id == id)
    }

    /// The wait is over: on to the rest of the work; `false` when there is none.
    pub fn resume(&mut self, at: u64, id: Id) -> bool {
        self.note(at);
        self.look(at);
        let mark = self.attained;
        let job = self.job(id).expect("a wait ends inside");
        let rest = std::mem::take(&mut job.rest);
        job.wait = 0;
        job.place = Place::Cpu { mark: mark + u128::from(rest) * UNIT };
        rest > 0
    }

    /// The CPU part before a wait is over; `false` when there is no wait.
    pub fn pause(&mut self, at: u64, id: Id) -> bool {
        self.note(at);
        self.look(at);
        let job = self.job(id).expect("a part ends inside");
        let waits = job.wait > 0;
        if waits {
            job.place = Place::BackendQueue;
            self.look(at);
        }
        waits
    }

    pub fn remove(&mut self, at: u64, id: Id) -> Job {
        self.note(at);
        self.look(at);
        let i = self.jobs.iter().position(|j| j.id == id).expect("only what is inside is removed");
        let job = self.jobs.remove(i);
        self.look(at);
        job
    }
}
