//! Cookies: where a sticky session's next attempt goes.

use super::{Engine, Instance};
use crate::fleet::Ending;
use crate::traffic::CookieKind;

impl Engine<'_> {
    /// The target that the cookie of the request's session names, if it counts still and the target may be chosen.
    pub(super) fn cookie_of(&mut self, request: u64, node: usize) -> Option<usize> {
        self.world.balancer.stickiness?;
        let session = self.requests[request as usize].session?;
        let (slot, launch, until) = self.sessions[session].cookie?;
        if self.now < until {
            let there = self.is(slot, launch) && self.at(slot).registered();
            if there && self.usable(node).contains(&slot) {
                return Some(slot);
            }
            let of_launch = |i: &&Instance| i.launch == launch;
            let gone = self.gone.iter().find(of_launch);
            let ending = gone.or(self.slots().map(|s| s.1).find(of_launch)).and_then(|i| i.ending);
            let kept =
                [Ending::ScaledIn, Ending::Deployed, Ending::Returned, Ending::Refreshed, Ending::Rebalanced];
            let by_health = there || ending.is_some_and(|e| !kept.contains(&e));
            self.broken_cookies.push((self.now, by_health));
        }
        self.sessions[session].cookie = None;
        None
    }

    /// A target answers a session: the cookie names it for the stated time from now.
    pub(super) fn bake_cookie(&mut self, request: u64, slot: usize, rightly: bool) {
        let (Some(sticky), Some(session)) =
            (self.world.balancer.stickiness, self.requests[request as usize].session)
        else {
            return;
        };
        if rightly || sticky.cookie == CookieKind::Balancer {
            let until = self.now + sticky.duration.as_nanos();
            self.sessions[session].cookie = Some((slot, self.at(slot).launch, until));
        }
    }
}
