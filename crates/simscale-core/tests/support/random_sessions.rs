//! Random users with several requests.

use super::{Choice, Small};
use simscale_core::*;

/// In a third of the worlds every arrival is a user with several requests.
pub fn add(c: &mut Choice, small: &mut Small, grid: u64) {
    if !c.chance(35) {
        return;
    }
    let coarse = grid > 1;
    let snap = |ns: u64| (ns / grid * grid).max(grid) as f64;
    let think = snap(c.between(1, 2_000_000_000));
    let think_time = match c.below(4) {
        0 => Distribution::Constant { value: 0.0 },
        1 if !coarse => Distribution::Exponential { mean: think },
        2 if !coarse => Distribution::Lognormal { mean: think, cv: 1.5 },
        _ => Distribution::Constant { value: think },
    };
    for class in &mut small.world.classes {
        let work = snap(c.between(1, 40_000_000));
        class.cpu_time = match c.below(10) {
            0 => Distribution::Constant { value: 1e14 },
            1..5 if !coarse => Distribution::Exponential { mean: work },
            _ => Distribution::Constant { value: work },
        };
    }
    let requests = match c.below(3) {
        0 => SessionRequests::Constant(c.between(1, 6) as u32),
        1 => SessionRequests::Uniform { low: 1, high: c.between(1, 8) as u32 },
        _ => SessionRequests::Geometric { mean: c.one_of(&[1.0, 2.5, 4.0]) },
    };
    let after_failure = c.one_of(&[AfterFailure::Continue, AfterFailure::Leave]);
    small.world.clients.sessions = Some(Sessions { requests, think_time, after_failure });
    if c.chance(60) {
        let cookie = c.one_of(&[CookieKind::Balancer, CookieKind::Application]);
        let duration = SimDuration::from_nanos(snap(c.between(1, 4_000_000_000)) as u64);
        // By AWS's rule.
        small.world.balancer.cross_zone = true;
        small.world.balancer.stickiness = Some(Stickiness { cookie, duration });
    }
    let most = c.between(1, 150);
    let n = small.arrivals.len() as u64;
    let mut place = 0;
    small.arrivals.retain(|_| {
        place += 1;
        place * most / n > (place - 1) * most / n || n <= most
    });
}
