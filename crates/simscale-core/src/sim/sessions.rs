//! Sessions in progress: a user waits for the answer to a request, thinks, and makes the next one.

use super::Sim;
use super::desk::Served;
use super::stickiness::Cookie;
use crate::kernel::NEVER;
use crate::traffic::{AfterFailure, SessionDraws, Sessions};
use crate::world::RequestClass;
use std::collections::{BTreeMap, BTreeSet};

/// A user in the middle of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    number: u64,
    begun: u64,
    /// Requests made, and to be made.
    made: u32,
    planned: u32,
    /// When the request on its way was born.
    born: u64,
    /// Time spent so far on requests and on thoughts, ns.
    answering: u64,
    thinking: u64,
    /// Its target, when the balancer is sticky.
    pub cookie: Option<Cookie>,
}

/// All sessions in progress: nothing is kept of those that ended.
#[derive(Debug)]
pub(super) struct Users {
    draws: SessionDraws,
    leave: bool,
    /// Sessions with a request on its way, by its number.
    pub waiting: BTreeMap<u64, Session>,
    /// Sessions whose user thinks, by the time of the next request and the number of the last one.
    thinking: BTreeMap<(u64, u64), Session>,
    /// Launches that the group replaced as broken.
    pub replaced: BTreeSet<u64>,
}

impl Users {
    pub fn new(sessions: &Sessions, classes: &[RequestClass], seed: u64) -> Self {
        Users {
            draws: SessionDraws::new(sessions, classes, seed),
            leave: sessions.after_failure == AfterFailure::Leave,
            waiting: BTreeMap::new(),
            thinking: BTreeMap::new(),
            replaced: BTreeSet::new(),
        }
    }

    /// The group replaces this launch as broken.
    pub fn note_replaced(&mut self, launch: u64) {
        self.replaced.insert(launch);
    }

    /// Draws of work above the largest a request can carry.
    pub fn clamped_work(&self) -> u64 {
        self.draws.clamped
    }
}

impl Sim<'_> {
    /// The request that is born next opens a session.
    pub(super) fn begin_session(&mut self) {
        let (now, request) = (self.now, self.next_request);
        let sums = &mut self.desk.book.counts.sessions;
        let Some(users) = &mut self.users else { return };
        let number = sums.started;
        sums.started += 1;
        let planned = users.draws.requests(number);
        let session = Session {
            number,
            begun: now,
            made: 1,
            planned,
            born: now,
            answering: 0,
            thinking: 0,
            cookie: None,
        };
        users.waiting.insert(request, session);
    }

    /// When the next user has thought long enough; [`NEVER`] when nobody thinks.
    #[inline]
    pub(super) fn next_follow_up(&self) -> u64 {
        let first = self.users.as_ref().and_then(|users| users.thinking.first_key_value());
        first.map_or(NEVER, |(&(at, _), _)| at)
    }

    /// The earliest thinker makes the next request.
    pub(super) fn follow_up(&mut self) {
        let (now, request) = (self.now, self.next_request);
        let Some(users) = &mut self.users else { return };
        let Some((_, mut session)) = users.thinking.pop_first() else { return };
        let birth = users.draws.birth(session.number, session.made);
        session.made += 1;
        session.born = now;
        users.waiting.insert(request, session);
        self.bear(birth);
    }

    /// The users whose requests were served go on.
    pub(super) fn users_were_served(&mut self) {
        let mut served = std::mem::take(&mut self.desk.served);
        for Served { request, at, slot } in served.drain(..) {
            self.answered_by(request, slot, at, true);
            self.request_ended(request, at, true);
        }
        self.desk.served = served;
    }

    /// A request of a session was served, or finally lost: the user thinks, or the session ends.
    pub(super) fn request_ended(&mut self, request: u64, at: u64, served: bool) {
        let Some(users) = &mut self.users else { return };
        let mut session = users.waiting.remove(&request).expect("a request on its way belongs to a session");
        session.answering += at - session.born;
        let leaves = users.leave && !served;
        if session.made < session.planned && !leaves {
            let pause = users.draws.think(session.number, session.made);
            session.thinking += pause;
            users.thinking.insert((at + pause, request), session);
            return;
        }
        let sums = &mut self.desk.book.counts.sessions;
        let lasted = at - session.begun;
        sums.completed += u64::from(!leaves);
        sums.left += u64::from(leaves);
        sums.requests += u64::from(session.made);
        sums.lasted_ns += u128::from(lasted);
        sums.answering_ns += u128::from(session.answering);
        sums.thinking_ns += u128::from(session.thinking);
        if lasted != session.answering + session.thinking {
            let numbers = format!(
                "session {} lasted {lasted} ns, {} ns of answers and {} ns of thoughts",
                session.number, session.answering, session.thinking
            );
            self.break_law("a session is its answers and its thoughts", numbers);
        }
    }

    /// Every session is somewhere, and every request of a session has one.
    pub(super) fn check_sessions(&mut self, requests_in_flight: u64) {
        let Some(users) = &self.users else { return };
        let (waiting, thinking) = (users.waiting.len() as u64, users.thinking.len() as u64);
        let booked = self.desk.book.counts.sessions.in_progress();
        if booked != waiting + thinking || waiting != requests_in_flight {
            let numbers = format!(
                "{booked} in progress by the book, {waiting} waiting, {thinking} thinking; \
                 {requests_in_flight} requests in flight"
            );
            self.break_law("conservation of sessions", numbers);
        }
    }
}
