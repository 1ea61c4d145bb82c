//! Chance has an address: every draw comes from (seed, purpose, index) and no draw disturbs another.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use std::hash::Hasher;

/// The generator of every stream: named, portable, versioned (xoshiro256++ of the `rand` crate).
pub(crate) type Generator = Xoshiro256PlusPlus;

/// What a draw is for. The text is part of the address: changing it changes results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Arrivals,
    Rate,
    Class,
    CpuTime,
    WaitTime,
    Boot,
    BootFailure,
    Balancer,
    RetryJitter,
    Fault,
    Datapoint,
    Termination,
    Lateness,
    PublicationDelay,
    AlarmPhase,
    Agent,
    SessionRequests,
    SessionThink,
    SessionClass,
    SessionCpu,
    SessionWait,
    Node,
    Hook,
    HookFailure,
    WarmStart,
    Zone,
    SpotLife,
    SpotAdvice,
    SpotVictim,
    Host,
}

impl Purpose {
    fn text(self) -> &'static str {
        match self {
            Purpose::Arrivals => "arrivals",
            Purpose::Rate => "rate",
            Purpose::Class => "class",
            Purpose::CpuTime => "cpu_time",
            Purpose::WaitTime => "wait_time",
            Purpose::Boot => "boot",
            Purpose::BootFailure => "boot_failure",
            Purpose::Balancer => "balancer",
            Purpose::RetryJitter => "retry_jitter",
            Purpose::Fault => "fault",
            Purpose::Datapoint => "datapoint",
            Purpose::Termination => "termination",
            Purpose::Lateness => "lateness",
            Purpose::PublicationDelay => "publication_delay",
            Purpose::AlarmPhase => "alarm_phase",
            Purpose::Agent => "agent",
            Purpose::SessionRequests => "session_requests",
            Purpose::SessionThink => "session_think",
            Purpose::SessionClass => "session_class",
            Purpose::SessionCpu => "session_cpu",
            Purpose::SessionWait => "session_wait",
            Purpose::Node => "node",
            Purpose::Hook => "hook",
            Purpose::HookFailure => "hook_failure",
            Purpose::WarmStart => "warm_start",
            Purpose::Zone => "zone",
            Purpose::SpotLife => "spot_life",
            Purpose::SpotAdvice => "spot_advice",
            Purpose::SpotVictim => "spot_victim",
            Purpose::Host => "host",
        }
    }
}

/// The stream of a purpose and an index, on its own from every other.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> Generator {
    let mut hasher = rand_seeder::SipHasher::new();
    hasher.write(purpose.text().as_bytes());
    hasher.write(&seed.to_le_bytes());
    hasher.write(&index.to_le_bytes());
    Xoshiro256PlusPlus::from_rng(&mut hasher.into_rng())
}

/// The stream of a purpose, a name and an index, on its own from every other.
pub(crate) fn named_stream(seed: u64, purpose: Purpose, name: &str, index: u64) -> Generator {
    let mut hasher = rand_seeder::SipHasher::new();
    hasher.write(name.as_bytes());
    stream(seed, purpose, mix(hasher.finish() ^ index))
}

/// A single draw with an address of its own: 64 well-mixed bits of (seed, purpose, a, b).
///
/// Used for everything that is drawn after a request's birth, so that a retry moves nobody else's luck.
#[inline]
pub(crate) fn hash(seed: u64, purpose: Purpose, a: u64, b: u64) -> u64 {
    let x = mix(seed ^ (purpose as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mix(mix(x ^ a).wrapping_add(b.wrapping_mul(0xd6e8_feb8_6659_fd93)))
}

/// The seed of a replication: a hash of the master seed and the number of the replication, and of nothing else, so that runs which
/// differ only in their policy share their luck. At most 2^63 - 1, so that it can be written as a seed of a scenario.
pub fn replication_seed(master: u64, replication: u64) -> u64 {
    mix(mix(master ^ 0x7265_706c_6963_6174).wrapping_add(replication)) >> 1
}

/// A generator of an address of its own, for a law that takes several bits to draw: cheaper to make than a [`stream`].
pub(crate) fn addressed(seed: u64, purpose: Purpose, a: u64, b: u64) -> Generator {
    Xoshiro256PlusPlus::seed_from_u64(hash(seed, purpose, a, b))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit.
#[inline]
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_are_pinned() {
        // A change here is value-breaking: every scenario's numbers move.
        let mut s = stream(42, Purpose::Arrivals, 0);
        let drawn: [u64; 2] = [s.random(), s.random()];
        assert_eq!(drawn, [10595245336263851584, 413786334904743122]);
        assert_eq!(hash(42, Purpose::Balancer, 7, 1), 11_442_408_120_711_039_534);
    }

    #[test]
    fn purposes_and_indices_do_not_share_a_stream() {
        let first = |p, i| stream(1, p, i).random::<u64>();
        assert_ne!(first(Purpose::Arrivals, 0), first(Purpose::Arrivals, 1));
        assert_ne!(first(Purpose::Arrivals, 0), first(Purpose::CpuTime, 0));
    }
}
