//! Stickiness: the cookie of a session names the target of its next attempt.

use super::Sim;
use super::sessions::Users;
use crate::fleet::{Job, Stage};
use crate::traffic::{CookieKind, Stickiness};

/// What a session's cookie says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookie {
    slot: u32,
    launch: u64,
    /// From when on it counts no more.
    expires: u64,
}

impl Users {
    /// The cookie of the session that a request belongs to.
    fn cookie(&mut self, request: u64) -> Option<&mut Option<Cookie>> {
        self.waiting.get_mut(&request).map(|session| &mut session.cookie)
    }
}

impl Sim<'_> {
    /// The target that the session's cookie names, when the balancer is sticky and the target may take the attempt. A cookie that is
    /// too old is dropped; one whose target may take nothing is dropped and counted.
    pub(super) fn named_by_cookie(&mut self, job: &Job) -> Option<usize> {
        self.world.balancer.stickiness?;
        let users = self.users.as_mut()?;
        let place = users.cookie(job.request())?;
        let cookie = (*place)?;
        let slot = cookie.slot as usize;
        if self.now >= cookie.expires {
            *place = None;
            return None;
        }
        let life = &self.lives[slot];
        let registered = life.launch == cookie.launch && life.stage == Stage::InService;
        if registered && self.desk.nodes.at(job.node()).is_usable(slot) {
            return Some(slot);
        }
        *place = None;
        let sums = &mut self.desk.book.counts.sessions;
        if registered || users.replaced.contains(&cookie.launch) {
            sums.broken_by_health += 1;
        } else {
            sums.broken_by_scale_in += 1;
        }
        None
    }

    /// A target answered a request of a session at `at`: rightly, or with an error. Its cookie names the target from now on.
    pub(super) fn answered_by(&mut self, request: u64, slot: usize, at: u64, rightly: bool) {
        let Some(Stickiness { cookie, duration }) = self.world.balancer.stickiness else { return };
        if !rightly && cookie == CookieKind::Application {
            return;
        }
        let launch = self.lives[slot].launch;
        if let Some(place) = self.users.as_mut().and_then(|users| users.cookie(request)) {
            let expires = at.saturating_add(duration.as_nanos());
            *place = Some(Cookie { slot: slot as u32, launch, expires });
        }
    }
}
