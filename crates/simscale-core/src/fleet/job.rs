//! An attempt inside an instance, and how attempts end.

/// Its work is multiplied because the instance was cold.
pub(crate) const COLD: u64 = 1;
/// A health check, not a client's attempt.
pub(crate) const PROBE: u64 = 2;
/// It will be answered with an error.
pub(crate) const ERROR: u64 = 4;
/// Its wait is over: the rest of its CPU time runs.
pub(crate) const SECOND: u64 = 8;
/// Where the number of the balancer's node begins: bits 4 to 7.
const NODE: u32 = 4;

/// An attempt in flight: 40 bytes in its instance, recycled with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    /// Attained service at which the current CPU part ends, in 2^-16 ns.
    pub mark: u64,
    /// When the attempt was sent.
    pub born: u64,
    /// CPU time on a reference core, ns.
    pub work: u64,
    /// Time to wait for others, ns.
    pub wait: u64,
    /// Request id, attempt, class, node and flags, from the top: orders equal marks by request, then attempt.
    pub tag: u64,
}

impl Job {
    pub fn tag(request: u64, attempt: u8, class: u8, flags: u64) -> u64 {
        request << 24 | u64::from(attempt) << 16 | u64::from(class) << 8 | flags
    }

    #[inline]
    pub fn request(&self) -> u64 {
        self.tag >> 24
    }

    #[inline]
    pub fn attempt(&self) -> u8 {
        (self.tag >> 16) as u8
    }

    #[inline]
    pub fn class(&self) -> u8 {
        (self.tag >> 8) as u8
    }

    /// The node of the balancer that took it in, 0 to 15.
    #[inline]
    pub fn node(&self) -> usize {
        (self.tag >> NODE & 15) as usize
    }

    /// Goes through this node; it went through none before.
    #[inline]
    pub fn enter(&mut self, node: usize) {
        self.tag |= (node as u64) << NODE;
    }

    #[inline]
    pub fn is(&self, flag: u64) -> bool {
        self.tag & flag != 0
    }

    #[inline]
    pub fn set(&mut self, flag: u64) {
        self.tag |= flag;
    }

    /// Request and attempt, without class, node and flags: the identity of an attempt.
    #[inline]
    pub fn identity(&self) -> u64 {
        self.tag >> 16
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    Served = 1,
    /// Turned away by a full queue.
    Refused = 2,
    /// No registered target (503).
    NoTarget = 3,
    /// The client gave up.
    TimedOut = 4,
    /// The balancer gave up (504).
    GatewayTimeOut = 5,
    /// A broken instance answered with an error.
    Error = 6,
    /// Lost with its instance.
    Killed = 7,
    /// The target does not listen.
    Unreachable = 8,
}

impl Outcome {
    /// Its number in the fingerprint: what was turned away is one outcome, whoever answers for it.
    pub fn number(self) -> u64 {
        match self {
            Outcome::Unreachable => Outcome::Refused as u64,
            other => other as u64,
        }
    }
}
