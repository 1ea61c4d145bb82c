//! The book of a run: every outcome enters here once, whatever the order inside a period.

use super::histogram::Histogram;
use super::objective::Judge;
use super::{Attempts, Requests, ResponseTime, Responses, SessionCounts};
use crate::fleet::Outcome;
use crate::kernel::mix;
use crate::world::Overflow;

/// Counts since the start of the run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub arrived: u64,
    pub served: u64,
    pub refused: u64,
    pub failed: u64,
    pub attempts: Attempts,
    pub sessions: SessionSums,
    pub responses: Responses,
}

/// What is counted about sessions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionSums {
    pub started: u64,
    pub completed: u64,
    pub left: u64,
    /// Over those that ended: their requests, and the time they took.
    pub requests: u64,
    pub lasted_ns: u128,
    pub answering_ns: u128,
    pub thinking_ns: u128,
    pub broken_by_scale_in: u64,
    pub broken_by_health: u64,
}

impl SessionSums {
    /// Sessions that have not ended.
    pub fn in_progress(&self) -> u64 {
        self.started - self.completed - self.left
    }
}

impl Counts {
    /// Requests not settled.
    pub fn in_flight(&self) -> u64 {
        self.arrived - self.served - self.refused - self.failed
    }
}

/// All that is counted about requests.
#[derive(Debug)]
pub(crate) struct Book {
    pub counts: Counts,
    window_start: Counts,
    period_start: Counts,
    period: Histogram,
    run: Histogram,
    pub judges: Vec<Judge>,
    sum_ns: u128,
    max_ns: u64,
    waiting_ns: u128,
    outcomes: u64,
    control: u64,
    /// How a full target turns an attempt away; `None` with a queue, where nobody answers anybody.
    overflow: Option<Overflow>,
}

impl Book {
    pub fn new(judges: Vec<Judge>, overflow: Option<Overflow>) -> Self {
        Book {
            counts: Counts::default(),
            window_start: Counts::default(),
            period_start: Counts::default(),
            period: Histogram::new(),
            run: Histogram::new(),
            judges,
            sum_ns: 0,
            max_ns: 0,
            waiting_ns: 0,
            outcomes: 0,
            control: 0,
            overflow,
        }
    }

    #[inline]
    pub fn born(&mut self, at: u64) {
        self.counts.arrived += 1;
        for judge in &mut self.judges {
            judge.born(at);
        }
    }

    /// A request born at `born` was answered at `at`; `own` is the CPU and wait time that were its own.
    #[inline(always)]
    pub fn served(&mut self, born: u64, at: u64, own: u64) {
        let response = at - born;
        self.counts.served += 1;
        self.period.record(response);
        self.sum_ns += u128::from(response);
        self.max_ns = self.max_ns.max(response);
        self.waiting_ns += u128::from(response.saturating_sub(own));
        for judge in &mut self.judges {
            judge.answered(born, response);
        }
    }

    /// A request is given up after an attempt that ended like this.
    pub fn lost(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Refused | Outcome::Unreachable | Outcome::NoTarget => self.counts.refused += 1,
            _ => self.counts.failed += 1,
        }
    }

    /// Whether an attempt that ended like this was answered by its target, with an error.
    pub fn is_answered_by_target(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Refused => self.overflow == Some(Overflow::Answer503),
            outcome => outcome == Outcome::Error,
        }
    }

    /// An attempt failed.
    pub fn attempt_failed(&mut self, outcome: Outcome) {
        let a = &mut self.counts.attempts;
        match outcome {
            Outcome::Served => {}
            Outcome::Refused | Outcome::Unreachable | Outcome::NoTarget => a.refused += 1,
            Outcome::TimedOut | Outcome::GatewayTimeOut => a.timed_out += 1,
            Outcome::Error => a.errors += 1,
            Outcome::Killed => a.killed += 1,
        }
        if self.overflow.is_some() {
            self.answer(outcome);
        }
    }

    /// Who answered an attempt that failed, and with which code.
    fn answer(&mut self, outcome: Outcome) {
        let by_target = self.is_answered_by_target(outcome);
        let r = &mut self.counts.responses;
        match outcome {
            Outcome::Served => {}
            _ if by_target => r.target_5xx += 1,
            Outcome::Error | Outcome::Refused | Outcome::Unreachable | Outcome::Killed => r.elb_502 += 1,
            Outcome::NoTarget => r.elb_503 += 1,
            Outcome::TimedOut => r.elb_460 += 1,
            Outcome::GatewayTimeOut => r.elb_504 += 1,
        }
    }

    /// Every outcome of an attempt enters the fingerprint; a sum, so that their order does not matter.
    #[inline]
    pub fn stamp(&mut self, identity: u64, outcome: Outcome, at: u64, slot: usize) {
        let what = outcome.number() << 56 ^ (slot as u64) << 40 ^ identity;
        self.outcomes = self.outcomes.wrapping_add(mix(mix(what).wrapping_add(at)));
    }

    /// A control fact enters the fingerprint, in order.
    pub fn control_fact(&mut self, kind: u64, at: u64, value: u64) {
        self.control = mix(mix(mix(self.control ^ kind).wrapping_add(at)).wrapping_add(value));
    }

    pub fn fingerprint(&self) -> u64 {
        mix(self.outcomes ^ mix(self.control))
    }

    /// Response-time quantiles of the period that runs.
    pub fn period_quantiles<const N: usize>(&self, rising: [f64; N]) -> [u64; N] {
        self.period.quantiles(rising)
    }

    pub fn period_histogram(&self) -> &Histogram {
        &self.period
    }

    /// Closes a period: its counts, and room for the next.
    pub fn close_period(&mut self, now: u64) -> Counts {
        self.run.add(&self.period);
        self.period.clear();
        for judge in &mut self.judges {
            judge.settle(now);
        }
        let (a, b) = (self.period_start, self.counts);
        self.period_start = b;
        Counts {
            arrived: b.arrived - a.arrived,
            served: b.served - a.served,
            refused: b.refused - a.refused,
            failed: b.failed - a.failed,
            responses: b.responses.since(a.responses),
            ..Counts::default()
        }
    }

    /// The statistics window begins: what came before is forgotten. Follows a [`close_period`](Self::close_period).
    pub fn open_window(&mut self) {
        self.window_start = self.counts;
        self.run.clear();
        self.sum_ns = 0;
        self.max_ns = 0;
        self.waiting_ns = 0;
    }

    pub fn requests(&self) -> Requests {
        let (a, b) = (&self.window_start, &self.counts);
        Requests {
            in_flight_at_start: a.in_flight(),
            arrived: b.arrived - a.arrived,
            served: b.served - a.served,
            refused: b.refused - a.refused,
            failed: b.failed - a.failed,
            in_flight_at_end: b.in_flight(),
        }
    }

    pub fn attempts(&self) -> Attempts {
        let (a, b) = (&self.window_start.attempts, &self.counts.attempts);
        Attempts {
            sent: b.sent - a.sent,
            retried: b.retried - a.retried,
            retries_denied: b.retries_denied - a.retries_denied,
            timed_out: b.timed_out - a.timed_out,
            refused: b.refused - a.refused,
            errors: b.errors - a.errors,
            killed: b.killed - a.killed,
            abandoned_cpu_ns: b.abandoned_cpu_ns - a.abandoned_cpu_ns,
        }
    }

    pub fn sessions(&self) -> SessionCounts {
        let (a, b) = (&self.window_start.sessions, &self.counts.sessions);
        SessionCounts {
            in_progress_at_start: a.in_progress(),
            started: b.started - a.started,
            completed: b.completed - a.completed,
            left: b.left - a.left,
            in_progress_at_end: b.in_progress(),
            requests: b.requests - a.requests,
            lasted_ns: b.lasted_ns - a.lasted_ns,
            answering_ns: b.answering_ns - a.answering_ns,
            thinking_ns: b.thinking_ns - a.thinking_ns,
            broken_by_scale_in: b.broken_by_scale_in - a.broken_by_scale_in,
            broken_by_health: b.broken_by_health - a.broken_by_health,
        }
    }

    pub fn responses(&self) -> Responses {
        self.counts.responses.since(self.window_start.responses)
    }

    pub fn response_time(&self) -> ResponseTime {
        ResponseTime {
            count: self.run.count(),
            sum_ns: self.sum_ns,
            quantiles_ns: self.run.quantiles([0.5, 0.9, 0.95, 0.99, 0.999]),
            max_ns: self.max_ns,
        }
    }

    pub fn waiting_ns(&self) -> u128 {
        self.waiting_ns
    }
}
