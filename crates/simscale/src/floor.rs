//! The cost floor: what no run of a scenario that keeps its promises can cost less than. A theorem, not a plan.
//!
//! **Statement.** Let a request that arrives at `a` and is to be answered within `L` be *on time* when it is answered by `a + L`. Its CPU time
//! must then have been executed inside `[a, a + L]`. Let the group have at least `m` instances at every moment of the window, each with `p` reference cores.
//! Call *missed* the work that a server of power `m p` cannot execute inside its intervals when it always takes the oldest; no order executes more inside
//! the intervals, because they are ordered alike by their beginnings and their ends (Glover 1967: the earliest deadline first gives a largest matching in a convex
//! bipartite graph, each nanosecond of work being a vertex). So any capacity that executes all of it delivers at least the missed work on top of `m p`. A promise lets
//! some requests go; they carry at most `D` of work, and leaving work out lowers what is missed by no more than that work. Hence the
//! instance-time is at least `m T + (missed - D) / p`, or `m T` where that is more, and the cost at least its price.
//!
//! `D` is taken most favourably: in every window the largest requests of the share that the quantile lets go, then the windows with most work of the share that
//! may be violated. Requests whose limit ends after the run are let go too. No boot, no billing minimum, no queueing and no wait are charged.

use simscale_core::{self as core, ObjectiveKind, SimTime};
use std::collections::VecDeque;

use crate::scenario::HealthSource;
use crate::summary::HOURS_PER_MONTH;
use crate::{Scenario, Simulation};

/// Requests of one window that are held at a time; where a window has more, no floor is told.
const MOST_REQUESTS: usize = 1 << 24;

/// The floor of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostFloor {
    /// US dollars for the statistics window.
    pub usd: f64,
    /// The same spread over a month of 730 hours.
    pub usd_per_month: f64,
    /// Instance-hours on the floor.
    pub instance_hours: f64,
}

/// One interval in which work must be executed.
struct Waiting {
    deadline: u64,
    work: f64,
}

/// A server that always takes the oldest work, and loses what it cannot execute in time.
struct Base {
    /// Reference cores.
    power: f64,
    /// Nanoseconds, with their fractions: rounding would miss work that is not missed.
    now: f64,
    waiting: VecDeque<Waiting>,
    missed: f64,
}

impl Base {
    /// Serves up to `until`.
    fn advance(&mut self, until: u64) {
        let until = until as f64;
        while let Some(first) = self.waiting.front_mut() {
            let end = f64::min(first.deadline as f64, until);
            let could = self.power * (end - self.now).max(0.0);
            if could >= first.work {
                self.now += first.work / self.power;
                self.waiting.pop_front();
            } else if first.deadline as f64 > until {
                first.work -= could;
                break;
            } else {
                self.missed += first.work - could;
                self.now = self.now.max(end);
                self.waiting.pop_front();
            }
        }
        self.now = self.now.max(until);
    }
}

/// What an objective asks: the limit, and how much of the work it lets go.
struct Asked {
    limit: u64,
    /// Length of a window; the whole run where the promise has none.
    window: u64,
    /// Requests of a window that may be late, in millionths.
    late_ppm: u64,
    /// Share of the windows that may be violated; for promises over requests zero.
    windows_ratio: f64,
}

impl Asked {
    fn of(objective: &core::Objective) -> Option<Asked> {
        match objective.kind {
            ObjectiveKind::Latency { quantile_ppm, below, window } => Some(Asked {
                limit: below.as_nanos(),
                window: window.as_nanos(),
                late_ppm: u64::from(1_000_000 - quantile_ppm),
                windows_ratio: objective.allowed_ratio,
            }),
            ObjectiveKind::GoodRequests { below } => Some(Asked {
                limit: below.as_nanos(),
                window: u64::MAX,
                late_ppm: (objective.allowed_ratio * 1e6).ceil() as u64,
                windows_ratio: 0.0,
            }),
            // Whoever answers late, or never, has answered in time.
            ObjectiveKind::Availability => None,
        }
    }
}

/// Work of requests that a promise lets go, window by window.
struct LetGo {
    works: Vec<u64>,
    index: u64,
    dropped: f64,
    /// What is left of each window.
    rests: Vec<f64>,
}

impl LetGo {
    fn close(&mut self, asked: &Asked) {
        if self.works.is_empty() {
            return;
        }
        let total: f64 = self.works.iter().map(|&work| work as f64).sum();
        let count = (self.works.len() as u64 * asked.late_ppm / 1_000_000) as usize;
        let count = count.min(self.works.len());
        if count > 0 {
            self.works.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        }
        let largest: f64 = self.works[..count].iter().map(|&work| work as f64).sum();
        self.dropped += largest;
        self.rests.push(total - largest);
        self.works.clear();
    }

    /// All that is let go: the windows with most work go last.
    fn total(mut self, asked: &Asked) -> f64 {
        self.close(asked);
        self.rests.sort_by(|a, b| b.total_cmp(a));
        let windows = (self.rests.len() as f64 * asked.windows_ratio + 1e-9).floor() as usize;
        self.dropped + self.rests[..windows].iter().sum::<f64>()
    }
}

/// The floor of a simulation; `None` where its requests are not known before it runs.
///
/// `resolved` is the scenario with every default, from which the simulation was made.
pub fn cost_floor(resolved: &Scenario, simulation: Simulation) -> Option<CostFloor> {
    let world = &simulation.world;
    if world.clients.sessions.is_some() {
        return None;
    }
    let (from, end) = (world.lead_in.as_nanos(), world.duration.as_nanos());
    let power = f64::from(world.instance.vcpus) * f64::from(world.instance.speed) / 65_536.0;
    let least = f64::from(least_instances(resolved));
    let asked: Vec<Asked> = world.objectives.iter().filter_map(Asked::of).collect();
    let mut parts: Vec<(Base, LetGo)> = asked
        .iter()
        .map(|_| {
            let base = Base { power: least * power, now: from as f64, waiting: VecDeque::new(), missed: 0.0 };
            (base, LetGo { works: Vec::new(), index: 0, dropped: 0.0, rests: Vec::new() })
        })
        .collect();
    for (at, work) in core::arriving_requests(world, simulation.workload) {
        let at = at.as_nanos();
        if at < from {
            continue;
        }
        for (asked, (base, let_go)) in asked.iter().zip(&mut parts) {
            let deadline = at.saturating_add(asked.limit);
            if deadline > end {
                continue;
            }
            let index = (at - from) / asked.window;
            if index != let_go.index {
                let_go.close(asked);
                let_go.index = index;
            }
            let_go.works.push(work.as_nanos());
            if let_go.works.len() > MOST_REQUESTS {
                return None;
            }
            base.advance(at);
            base.waiting.push_back(Waiting { deadline, work: work.as_nanos() as f64 });
        }
    }
    let extra = asked.iter().zip(parts).map(|(asked, (mut base, let_go))| {
        base.advance(end);
        base.missed - let_go.total(asked)
    });
    let extra = extra.fold(0.0, f64::max);
    let window = SimTime::from_nanos(end).since(SimTime::from_nanos(from)).as_secs_f64();
    let instance_hours = (least * window + extra / power / 1e9) / 3600.0;
    let price = resolved.instance.price.unwrap_or_default().nano_usd() as f64 / 1e9;
    let balancer = resolved.balancer.price.nano_usd() as f64 / 1e9;
    let hours = window / 3600.0;
    // What is committed is paid, used or not; only what lies above it is paid on demand.
    let committed = resolved.prices.commitment;
    let (count, cheap) =
        committed.map_or((0.0, 0.0), |c| (f64::from(c.instances), c.price.nano_usd() as f64 / 1e9));
    let above = (instance_hours - count * hours).max(0.0);
    let usd = count * cheap * hours + above * price + hours * balancer;
    Some(CostFloor { usd, usd_per_month: usd / hours * HOURS_PER_MONTH, instance_hours })
}

/// Instances that are billed at every moment, whatever the policies do: the group's smallest size where nothing can take it below.
fn least_instances(scenario: &Scenario) -> u32 {
    let group = &scenario.group;
    let raw =
        |policy: &crate::scenario::Policy| policy.threshold_poll.as_ref().is_some_and(|poll| !poll.drain);
    let replaces = group.health.check == HealthSource::Elb || !scenario.fault.is_empty();
    let fails = scenario.instance.boot.iter().any(|phase| phase.failure_ratio > 0.0)
        || !group.capacity_shortage.is_empty()
        || group.addresses.is_some();
    if replaces || fails || scenario.policy.iter().any(raw) {
        return 0;
    }
    let scheduled = scenario.policy.iter().filter_map(|policy| policy.schedule.as_ref());
    let smaller = scheduled.flat_map(|schedule| &schedule.entry).filter_map(|entry| entry.min);
    smaller.fold(group.min, u32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(power: f64, works: &[(u64, u64, f64)]) -> f64 {
        let mut base = Base { power, now: 0.0, waiting: VecDeque::new(), missed: 0.0 };
        for &(at, limit, work) in works {
            base.advance(at);
            base.waiting.push_back(Waiting { deadline: at + limit, work });
        }
        base.advance(1_000_000);
        base.missed
    }

    #[test]
    fn what_a_base_cannot_do_in_time_is_missed() {
        assert_eq!(base(1.0, &[(0, 10, 10.0)]), 0.0);
        assert_eq!(base(1.0, &[(0, 10, 12.0)]), 2.0);
        assert_eq!(base(0.0, &[(0, 10, 12.0), (5, 10, 3.0)]), 15.0, "no base: all of it");
        // Two at once within ten: twenty of thirty are done, whichever order.
        assert_eq!(base(2.0, &[(0, 10, 15.0), (0, 10, 15.0)]), 10.0);
        // The second may go on after the first is lost: 0 to 10 for the first, 10 to 15 for the second.
        assert_eq!(base(1.0, &[(0, 10, 100.0), (5, 10, 8.0)]), 90.0 + 3.0);
        // An idle stretch is not saved up.
        assert_eq!(base(1.0, &[(0, 10, 5.0), (100, 10, 12.0)]), 2.0);
    }

    /// Against brute force: unit jobs in unit slots, where the largest matching is found by trying every choice.
    #[test]
    fn no_order_does_more_in_time() {
        let mut state = 7u64;
        let mut draw = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for _ in 0..300 {
            let limit = 1 + draw(3);
            let mut at: Vec<u64> = (0..1 + draw(7)).map(|_| draw(6)).collect();
            at.sort_unstable();
            let jobs: Vec<(u64, u64, f64)> = at.iter().map(|&a| (a, limit, 1.0)).collect();
            let most = matching(&at, limit, 0, 0);
            assert_eq!(base(1.0, &jobs), (at.len() - most) as f64, "{at:?} within {limit}");
        }
    }

    /// Most jobs from `next` on that find a slot of their own among those not in `taken`.
    fn matching(at: &[u64], limit: u64, next: usize, taken: u64) -> usize {
        let Some(&a) = at.get(next) else { return 0 };
        let skip = matching(at, limit, next + 1, taken);
        (a..a + limit)
            .filter(|slot| taken >> slot & 1 == 0)
            .map(|slot| 1 + matching(at, limit, next + 1, taken | 1 << slot))
            .fold(skip, usize::max)
    }

    #[test]
    fn the_largest_requests_and_the_fullest_windows_are_let_go() {
        let asked = Asked { limit: 1, window: 10, late_ppm: 250_000, windows_ratio: 0.5 };
        let mut let_go = LetGo { works: vec![5, 1, 9, 2], index: 0, dropped: 0.0, rests: Vec::new() };
        let_go.close(&asked);
        assert_eq!((let_go.dropped, &let_go.rests[..]), (9.0, &[8.0][..]), "one of four: the largest");
        let_go.works = vec![3, 3, 3];
        assert_eq!(let_go.total(&asked), 9.0 + 9.0, "of two windows the fuller one");
    }
}
