//! Everything that is counted, written down with its time, and counted only when somebody asks.

use crate::ledger::Responses;

/// How an attempt ended, by its number in the fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Served = 1,
    Refused = 2,
    NoTarget = 3,
    TimedOut = 4,
    GatewayTimeOut = 5,
    Error = 6,
    Killed = 7,
}

/// Who answered an attempt that was not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Client460,
    Balancer502,
    Balancer503,
    Balancer504,
    Target5xx,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Entry {
    Arrived,
    Sent {
        retry: bool,
    },
    Denied,
    AttemptEnded(Outcome),
    /// Bytes went through the balancer.
    Bytes(u64),
    Answered(Answer),
    /// A target answered an attempt, so long after it was sent, ns.
    TargetAnswered {
        took: u64,
    },
    RequestEnded {
        outcome: Outcome,
        response: u64,
        own: u64,
    },
    Resized {
        up: bool,
    },
    Launched,
    Terminated,
    LaunchFailed,
    Replaced,
    WarmStarted,
    Refreshed,
    Returned,
    Interrupted,
    MachineStarted,
    MachineStopped,
    /// The count of instances in service is now this.
    InService(u32),
}

impl Entry {
    pub fn bytes(self) -> u128 {
        match self {
            Entry::Bytes(bytes) => u128::from(bytes),
            _ => 0,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<(u64, Entry)>,
}

impl Log {
    pub fn push(&mut self, at: u64, entry: Entry) {
        self.entries.push((at, entry));
    }

    /// All entries from `from` on.
    pub fn since(&self, from: u64) -> impl Iterator<Item = (u64, Entry)> {
        self.entries.iter().copied().filter(move |e| e.0 >= from)
    }

    pub fn count(&self, from: u64, wanted: impl Fn(Entry) -> bool) -> u64 {
        self.since(from).filter(|e| wanted(e.1)).count() as u64
    }

    pub fn attempts(&self, from: u64, outcomes: &[Outcome]) -> u64 {
        self.count(from, |e| matches!(e, Entry::AttemptEnded(o) if outcomes.contains(&o)))
    }

    pub fn requests(&self, from: u64, outcomes: &[Outcome]) -> u64 {
        self.count(from, |e| matches!(e, Entry::RequestEnded { outcome, .. } if outcomes.contains(&outcome)))
    }

    pub fn responses_given(&self, from: u64) -> Responses {
        let given = |answer| self.count(from, |e| e == Entry::Answered(answer));
        Responses {
            elb_460: given(Answer::Client460),
            elb_502: given(Answer::Balancer502),
            elb_503: given(Answer::Balancer503),
            elb_504: given(Answer::Balancer504),
            target_5xx: given(Answer::Target5xx),
        }
    }

    /// Response times of the requests served, sorted.
    pub fn responses(&self, from: u64) -> Vec<u64> {
        let served = |e: (u64, Entry)| match e.1 {
            Entry::RequestEnded { outcome: Outcome::Served, response, .. } => Some(response),
            _ => None,
        };
        let mut list: Vec<u64> = self.since(from).filter_map(served).collect();
        list.sort_unstable();
        list
    }
}

/// The value that a share of a sorted list does not exceed; zero of an empty list.
pub(super) fn quantile(sorted: &[u64], ppm: u64) -> u64 {
    let rank = (sorted.len() as u64 * ppm).div_ceil(1_000_000).max(1);
    sorted.get(rank as usize - 1).copied().unwrap_or(0)
}
