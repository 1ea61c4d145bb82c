//! The end: everything counted once more from lists of what happened.

use super::log::{Entry, Outcome, quantile};
use super::measure::{FAILED, REFUSED, overlap};
use super::requests::Request;
use super::{Engine, Instance};
use crate::kernel::{SimTime, mix};
use crate::ledger::{
    Attempts, Billed, Capacity, Cost, ObjectiveResult, Requests, ResponseTime, RunResult, Saturation, Scaling,
};
use crate::world::{Objective, ObjectiveKind};

const SECOND: u64 = 1_000_000_000;
const HOUR: u128 = 3_600_000_000_000;

/// Per hour, to the nearest nano-dollar.
fn rounded(amount: u128) -> u128 {
    (amount + HOUR / 2) / HOUR
}

impl Engine<'_> {
    /// Start of the statistics window.
    pub(super) fn from(&self) -> u64 {
        self.world.lead_in.as_nanos()
    }

    pub(super) fn close(mut self) -> RunResult {
        if !self.stopped {
            for slot in self.taken() {
                let now = self.now;
                self.at_mut(slot).machine.note(now);
            }
        }
        self.tell_the_rest();
        let to = SimTime::from_nanos(self.now);
        RunResult {
            from: SimTime::from_nanos(self.from().min(self.now)),
            to,
            seed: self.world.seed,
            fingerprint: mix(self.outcomes ^ mix(self.control)),
            requests: self.count_requests(),
            attempts: self.count_attempts(),
            sessions: self.count_sessions(),
            responses: self.log.responses_given(self.from()),
            response_time: self.response_time(),
            waiting_ns: self.waiting(),
            capacity: self.capacity(),
            cost: self.cost(),
            billed: self.quantities(),
            objectives: self.world.objectives.iter().map(|o| self.judge_objective(o)).collect(),
            scaling: self.count_scaling(),
            agents: self.count_agents(self.from()),
            machines: self.count_machines(self.from()),
            saturated: self.saturated.map(|in_flight| Saturation { at: to, in_flight }),
            stopped_at: self.stopped.then_some(to),
            clamped_work: self.births.clamped + self.session_draws_cut,
        }
    }

    fn count_requests(&self) -> Requests {
        let from = self.from();
        let old = |r: &&Request| r.born < from && r.end.is_none_or(|e| e.1 >= from);
        Requests {
            in_flight_at_start: self.requests.iter().filter(old).count() as u64,
            arrived: self.log.count(from, |e| e == Entry::Arrived),
            served: self.log.requests(from, &[Outcome::Served]),
            refused: self.log.requests(from, &REFUSED),
            failed: self.log.requests(from, &FAILED),
            in_flight_at_end: self.requests.iter().filter(|r| r.end.is_none()).count() as u64,
        }
    }

    fn count_attempts(&self) -> Attempts {
        let from = self.from();
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        let abandoned: u128 = all.flat_map(|i| &i.abandoned).filter(|a| a.0 >= from).map(|a| a.1).sum();
        Attempts {
            sent: self.log.count(from, |e| matches!(e, Entry::Sent { .. })),
            retried: self.log.count(from, |e| e == Entry::Sent { retry: true }),
            retries_denied: self.log.count(from, |e| e == Entry::Denied),
            timed_out: self.log.attempts(from, &[Outcome::TimedOut, Outcome::GatewayTimeOut]),
            refused: self.log.attempts(from, &REFUSED),
            errors: self.log.attempts(from, &[Outcome::Error]),
            killed: self.log.attempts(from, &[Outcome::Killed]),
            abandoned_cpu_ns: abandoned,
        }
    }

    fn response_time(&self) -> ResponseTime {
        let list = self.log.responses(self.from());
        ResponseTime {
            count: list.len() as u64,
            sum_ns: list.iter().map(|&r| u128::from(r)).sum(),
            quantiles_ns: [500_000, 900_000, 950_000, 990_000, 999_000].map(|q| quantile(&list, q)),
            max_ns: list.last().copied().unwrap_or(0),
        }
    }

    fn waiting(&self) -> u128 {
        let beyond = |e: (u64, Entry)| match e.1 {
            Entry::RequestEnded { outcome: Outcome::Served, response, own } => {
                u128::from(response.saturating_sub(own))
            }
            _ => 0,
        };
        self.log.since(self.from()).map(beyond).sum()
    }

    /// Everything that was ever billed, as intervals inside the statistics window.
    fn billed(&self) -> u128 {
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        all.filter(|i| i.standalone.is_none()).map(|i| u128::from(self.billed_of(i))).sum()
    }

    /// What was ever billed of an instance, as an interval inside the statistics window.
    pub(super) fn billed_of(&self, instance: &Instance) -> u64 {
        let minimum = self.world.prices.minimum.as_nanos();
        let Some(begin) = instance.billed_from else { return 0 };
        let Some(end) = instance.billed_to else {
            return overlap(begin, self.now, self.from(), self.now);
        };
        if end <= self.from() {
            return 0;
        }
        let whole = (end - begin.max(self.from())).saturating_sub(1).div_ceil(SECOND) * SECOND;
        if begin >= self.from() { whole.max(minimum) } else { whole }
    }

    pub(super) fn cost(&self) -> Cost {
        let prices = &self.world.prices;
        let what = self.quantities();
        let mut cost = Cost {
            spot_nano_usd: 0,
            instances_nano_usd: rounded(
                what.instance_ns
                    * u128::from(
                        self.world
                            .group
                            .hosts
                            .as_ref()
                            .map_or(prices.instance_hour_nano_usd, |h| h.hour_nano_usd),
                    ),
            ) + rounded(self.machine_amount()),
            commitment_nano_usd: rounded(
                what.commitment_ns * u128::from(prices.commitment.map_or(0, |c| c.hour_nano_usd)),
            ),
            surplus_credits_nano_usd: (what.surplus_credit_units
                * u128::from(prices.surplus_vcpu_hour_nano_usd)
                + 300 * HOUR)
                / (600 * HOUR),
            volumes_nano_usd: (what.volume_gib_ns * u128::from(prices.volume_gib_month_nano_usd) / 365
                + HOUR)
                / (2 * HOUR),
            addresses_nano_usd: rounded(what.address_ns * u128::from(prices.address_hour_nano_usd)),
            balancer_hours_nano_usd: rounded(what.balancer_ns * u128::from(prices.balancer_hour_nano_usd)),
            balancer_lcu_nano_usd: (what.balancer_nano_lcu_hours
                * u128::from(self.world.balancer.units.hour_nano_usd)
                + 500_000_000)
                / 1_000_000_000,
        };
        self.bill_types(&mut cost);
        cost
    }

    /// Hour by hour, the largest of what the four dimensions of a capacity unit used, in billionths.
    fn units_used(&self) -> u128 {
        let units = &self.world.balancer.units;
        let hour = HOUR as u64;
        let mut sum = 0;
        let mut start = self.from();
        while start <= self.now {
            let sent = |from: u64| self.log.count(from, |e| matches!(e, Entry::Sent { .. }));
            let all = sent(0);
            let (before, until) = (all - sent(start), all - sent(start + hour));
            let bytes: u128 = self.log.since(start).filter(|e| e.0 < start + hour).map(|e| e.1.bytes()).sum();
            let per = u64::from(units.requests_per_connection);
            let opened = u128::from(until / per - before / per);
            let open_s = opened * u128::from(units.connection_life.as_nanos());
            let evaluated = u128::from(until - before) * u128::from(units.rules.saturating_sub(10));
            let part = |used: u128, whole: u128| (used * 1_000_000_000 + whole / 2) / whole;
            let of = [
                part(opened, 25 * 3600),
                part(open_s, 3000 * HOUR),
                part(bytes, 1_000_000_000),
                part(evaluated, 1000 * 3600),
            ];
            sum += of.into_iter().max().unwrap_or(0);
            start += hour;
        }
        sum
    }

    /// What stands on the bill up to now.
    fn quantities(&self) -> Billed {
        let used = self.committed().min(self.billed());
        let window = u128::from(self.now.saturating_sub(self.from()));
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        let exists = |i: &Instance| {
            u128::from(overlap(i.exists_from, i.exists_to.unwrap_or(self.now), self.from(), self.now))
        };
        let all: Vec<&Instance> = all.collect();
        let own = |i: &&&Instance| i.standalone.is_some() || i.address >= super::places::OWN;
        let mut addresses: u128 = all.iter().filter(own).map(|i| exists(i)).sum();
        if let Some(pool) = self.world.group.places.addresses {
            let pools = if pool.per_zone { self.zones() } else { 1 };
            addresses += window * pools as u128 * u128::from(pool.count);
        }
        let exists: u128 = all.into_iter().map(exists).sum();
        let mut billed = Billed {
            spot_ns: 0,
            instance_ns: self.billed_hosts().unwrap_or_else(|| self.billed() - used),
            commitment_ns: self.world.prices.commitment.map_or(0, |c| u128::from(c.instances)) * window,
            commitment_used_ns: used,
            surplus_credit_units: self.surplus(self.from()),
            volume_gib_ns: u128::from(self.world.instance.volume_gib) * exists,
            address_ns: u128::from(u8::from(self.world.instance.public_address)) * addresses,
            balancer_ns: window.div_ceil(HOUR) * HOUR,
            balancer_nano_lcu_hours: self.units_used(),
        };
        self.split_time(&mut billed);
        billed
    }

    /// Running time that the commitment covers: instance by instance between any two changes.
    fn committed(&self) -> u128 {
        let Some(commitment) = self.world.prices.commitment else { return 0 };
        let (from, to) = (self.from(), self.now);
        let all = self.slots().map(|s| s.1).chain(&self.gone);
        let lives: Vec<(u64, u64)> = all
            .filter(|i| i.standalone.is_none())
            .filter_map(|i| Some((i.billed_from?, i.billed_to.unwrap_or(to))))
            .collect();
        let mut edges: Vec<u64> = lives.iter().flat_map(|l| [l.0, l.1]).collect();
        edges.extend([from, to]);
        edges.retain(|&e| e >= from && e <= to);
        edges.sort_unstable();
        let running = |at: u64| lives.iter().filter(|l| l.0 <= at && at < l.1).count() as u128;
        let covered =
            |w: &[u64]| running(w[0]).min(u128::from(commitment.instances)) * u128::from(w[1] - w[0]);
        edges.windows(2).map(covered).sum()
    }

    fn capacity(&self) -> Capacity {
        let (from, to) = (self.from(), self.now);
        let all = || self.slots().map(|s| s.1).chain(&self.gone);
        let in_service = |i: &Instance| {
            i.in_service_from.map_or(0, |since| overlap(since, i.in_service_to.unwrap_or(to), from, to))
        };
        let time: u64 = all().map(in_service).sum();
        let period = self.world.metrics.period.as_nanos();
        let areas = all().map(|i| i.area(from, to.max(from), self.vcpus(i), period).busy);
        let busy: f64 = areas.sum();
        let room: f64 = all().map(|i| in_service(i) as f64 * f64::from(self.vcpus(i))).sum();
        let length = to.saturating_sub(from) as f64;
        let over = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        Capacity {
            in_service_mean: over(time as f64, length),
            in_service_max: self.most_in_service(),
            billed_ns: self.billed_hosts().unwrap_or_else(|| self.billed()),
            cpu_utilization_mean: over(busy, room),
        }
    }

    fn most_in_service(&self) -> u32 {
        let (mut at_start, mut most) = (0, 0);
        for (at, entry) in self.log.since(0) {
            if let Entry::InService(count) = entry {
                if at < self.from() || at == 0 {
                    at_start = count;
                } else {
                    most = most.max(count);
                }
            }
        }
        most.max(at_start)
    }

    fn count_scaling(&self) -> Scaling {
        let count = |wanted: Entry| self.log.count(self.from(), |e| e == wanted);
        let (scale_outs, scale_ins) =
            (count(Entry::Resized { up: true }), count(Entry::Resized { up: false }));
        Scaling {
            activities: scale_outs + scale_ins,
            scale_outs,
            scale_ins,
            launches: count(Entry::Launched),
            terminations: count(Entry::Terminated),
            failed_launches: count(Entry::LaunchFailed),
            replacements: count(Entry::Replaced),
            warm_starts: count(Entry::WarmStarted),
            returns: count(Entry::Returned),
            refreshed: count(Entry::Refreshed),
            interruptions: count(Entry::Interrupted),
        }
    }

    /// Whether a request that arrived in the window kept a limit; `None` while nobody can tell.
    fn kept(&self, request: &Request, below: Option<u64>) -> Option<bool> {
        match request.end {
            Some((Outcome::Served, at)) => Some(below.is_none_or(|limit| at - request.born <= limit)),
            Some(_) => Some(false),
            None => below.is_some_and(|limit| self.now - request.born > limit).then_some(false),
        }
    }

    fn judge_objective(&self, objective: &Objective) -> ObjectiveResult {
        let below = match objective.kind {
            ObjectiveKind::Latency { below, .. } | ObjectiveKind::GoodRequests { below } => {
                Some(below.as_nanos())
            }
            ObjectiveKind::Availability => None,
        };
        let arrived = self.requests.iter().filter(|r| r.born >= self.from());
        let judged: Vec<(u64, bool)> =
            arrived.filter_map(|r| self.kept(r, below).map(|k| (r.born, k))).collect();
        let violating = judged.iter().filter(|j| !j.1).count() as u64;
        let mut result = ObjectiveResult {
            name: objective.name.clone(),
            allowed_ratio: objective.allowed_ratio,
            requests: judged.len() as u64,
            violating_requests: violating,
            windows: 0,
            thin_windows: 0,
            violating_windows: 0,
            violated: Vec::new(),
            violation_ratio: if judged.is_empty() { 0.0 } else { violating as f64 / judged.len() as f64 },
            met: false,
        };
        if let ObjectiveKind::Latency { quantile_ppm, window, .. } = objective.kind {
            judge_windows(self.from(), &mut result, &judged, window.as_nanos(), u64::from(quantile_ppm));
            if let Some(last) = result.violated.last_mut() {
                last.1 = last.1.min(SimTime::from_nanos(self.now));
            }
        }
        result.met = result.violation_ratio <= result.allowed_ratio;
        result
    }
}

fn judge_windows(from: u64, result: &mut ObjectiveResult, judged: &[(u64, bool)], window: u64, ppm: u64) {
    let last = judged.iter().map(|j| (j.0 - from) / window).max().map_or(0, |w| w + 1);
    for number in 0..last {
        let inside: Vec<bool> =
            judged.iter().filter(|j| (j.0 - from) / window == number).map(|j| j.1).collect();
        let (all, good) = (inside.len() as u64, inside.iter().filter(|&&k| k).count() as u64);
        if all > 0 {
            result.windows += 1;
            result.thin_windows += u64::from(all * (1_000_000 - ppm) < 1_000_000);
            if good * 1_000_000 < all * ppm {
                result.violating_windows += 1;
                let (start, end) = (from + number * window, from + (number + 1) * window);
                let (start, end) = (SimTime::from_nanos(start), SimTime::from_nanos(end));
                match result.violated.last_mut() {
                    Some(last) if last.1 == start => last.1 = end,
                    _ => result.violated.push((start, end)),
                }
            }
        }
    }
    result.violation_ratio =
        if result.windows == 0 { 0.0 } else { result.violating_windows as f64 / result.windows as f64 };
}
