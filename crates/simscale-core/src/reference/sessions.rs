//! Users with several requests, each session kept whole: its requests, its pauses and its end.

use super::Engine;
use crate::kernel::{Purpose, Sampler, WORK_MAX, addressed, hash};
use crate::ledger::SessionCounts;
use crate::traffic::{AfterFailure, Birth, SessionRequests};

#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// Numbers of its requests so far.
    pub requests: Vec<u64>,
    planned: u64,
    /// Pauses before its second request, its third, and so on.
    pauses: Vec<u64>,
    /// Target by slot and launch that its cookie names, and until when.
    pub cookie: Option<(usize, u64, u64)>,
    /// When it ended, and whether because a request failed.
    end: Option<(u64, bool)>,
}

/// 53 bits as a number from 0 to below 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / 2f64.powi(53)
}

impl Engine<'_> {
    /// An arrival of the workload is the first request of a session, when there are sessions.
    pub(super) fn open_session(&mut self) -> Option<usize> {
        let law = self.world.clients.sessions.as_ref()?;
        let number = self.sessions.len();
        let draw = hash(self.world.seed, Purpose::SessionRequests, number as u64, 0);
        let planned = match law.requests {
            SessionRequests::Constant(n) => u64::from(n),
            SessionRequests::Uniform { low, high } => {
                let choices = u128::from(high) - u128::from(low) + 1;
                u64::from(low) + ((u128::from(draw) * choices) >> 64) as u64
            }
            SessionRequests::Geometric { mean } => {
                let further = ((1.0 - unit(draw)).ln() / (1.0 - 1.0 / mean).ln()).floor();
                (1.0 + further).min(100_000.0) as u64
            }
        };
        self.sessions.push(Session { planned, ..Session::default() });
        Some(number)
    }

    /// What the user carries who made request `before`, and the session.
    pub(super) fn next_of_session(&mut self, before: u64) -> (Birth, usize) {
        let session = self.requests[before as usize].session.expect("only sessions go on");
        let (s, k) = (session as u64, self.sessions[session].requests.len() as u64);
        let seed = self.world.seed;
        let draw = unit(hash(seed, Purpose::SessionClass, s, k));
        let total: f64 = self.world.classes.iter().map(|c| c.weight).sum();
        let mut share = 0.0;
        let within = |c: &crate::world::RequestClass| {
            share += c.weight / total;
            draw < share
        };
        let class = self.world.classes.iter().position(within).unwrap_or(self.world.classes.len() - 1);
        let laws = &self.world.classes[class];
        let time = |law, purpose| Sampler::new(law, addressed(seed, purpose, s, k)).draw();
        let (work, wait) =
            (time(&laws.cpu_time, Purpose::SessionCpu), time(&laws.wait_time, Purpose::SessionWait));
        self.session_draws_cut += u64::from(work > WORK_MAX);
        let birth = Birth { work: work.clamp(1, WORK_MAX), wait: wait.min(WORK_MAX), class: class as u8 };
        (birth, session)
    }

    /// A request has its final outcome: its user thinks, or the session is over.
    pub(super) fn go_on(&mut self, request: u64, served: bool) {
        let Some(session) = self.requests[request as usize].session else { return };
        let Some(law) = &self.world.clients.sessions else { return };
        let made = self.sessions[session].requests.len() as u64;
        let leaves = !served && law.after_failure == AfterFailure::Leave;
        if leaves || made == self.sessions[session].planned {
            self.sessions[session].end = Some((self.now, leaves));
            return;
        }
        let generator = addressed(self.world.seed, Purpose::SessionThink, session as u64, made);
        let pause = Sampler::new(&law.think_time, generator).draw().clamp(1, WORK_MAX);
        self.sessions[session].pauses.push(pause);
        self.follow_ups.insert((self.now + pause, request));
    }

    pub(super) fn count_sessions(&self) -> Option<SessionCounts> {
        self.world.clients.sessions.as_ref()?;
        let from = self.from();
        let begun = |s: &Session| self.requests[s.requests[0] as usize].born;
        let all = self.sessions.iter();
        let ended: Vec<(&Session, u64, bool)> =
            all.clone().filter_map(|s| s.end.filter(|e| e.0 >= from).map(|e| (s, e.0, e.1))).collect();
        let answering = |s: &Session| {
            let time = |&r: &u64| {
                let request = &self.requests[r as usize];
                u128::from(request.end.expect("the session has ended").1 - request.born)
            };
            s.requests.iter().map(time).sum::<u128>()
        };
        let thinking = |s: &Session| s.pauses.iter().map(|&p| u128::from(p)).sum::<u128>();
        let open = |s: &&Session| begun(s) < from && s.end.is_none_or(|e| e.0 >= from);
        Some(SessionCounts {
            in_progress_at_start: all.clone().filter(open).count() as u64,
            started: all.clone().filter(|s| begun(s) >= from).count() as u64,
            completed: ended.iter().filter(|e| !e.2).count() as u64,
            left: ended.iter().filter(|e| e.2).count() as u64,
            in_progress_at_end: all.filter(|s| s.end.is_none()).count() as u64,
            requests: ended.iter().map(|e| e.0.requests.len() as u64).sum(),
            lasted_ns: ended.iter().map(|e| u128::from(e.1 - begun(e.0))).sum(),
            answering_ns: ended.iter().map(|e| answering(e.0)).sum(),
            thinking_ns: ended.iter().map(|e| thinking(e.0)).sum(),
            broken_by_scale_in: self.broken_cookies.iter().filter(|b| b.0 >= from && !b.1).count() as u64,
            broken_by_health: self.broken_cookies.iter().filter(|b| b.0 >= from && b.1).count() as u64,
        })
    }
}
