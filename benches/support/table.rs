//! Which workloads there are, how long each is for about as many requests, and beside which row it stands.

/// A row of the table, or a sibling beside it: file, duration for 10^6 requests (W4: of a tenth of the day), and for 10^7.
pub struct Work {
    pub name: &'static str,
    /// The row that it is a variant of; its own name for the rows themselves.
    pub row: &'static str,
    pub short: &'static str,
    pub long: &'static str,
}

const fn work(name: &'static str, row: &'static str, short: &'static str, long: &'static str) -> Work {
    Work { name, row, short, long }
}

/// Rows and siblings.
pub const WORKS: [Work; 21] = [
    work("w1", "w1", "1250s", "12500s"),
    work("w1-lognormal", "w1", "1250s", "12500s"),
    work("w1-queue-limit", "w1", "1250s", "12500s"),
    work("w2", "w2", "78.12s", "781.2s"),
    work("w2-lognormal", "w2", "78.12s", "781.2s"),
    work("w2-queue-limit", "w2", "78.12s", "781.2s"),
    work("w2-wait", "w2", "78.12s", "781.2s"),
    work("w3rr", "w3rr", "78.12s", "781.2s"),
    work("w3rr-lognormal", "w3rr", "78.12s", "781.2s"),
    work("w3rr-classes", "w3rr", "78.12s", "781.2s"),
    work("w3lor", "w3lor", "78.12s", "781.2s"),
    work("w3lor-lognormal", "w3lor", "78.12s", "781.2s"),
    work("w3lor-classes", "w3lor", "78.12s", "781.2s"),
    work("w3lor-wait", "w3lor", "78.12s", "781.2s"),
    work("w3lor-workers", "w3lor", "78.12s", "781.2s"),
    work("w4", "w4", "8640s", "86400s"),
    work("w4-lognormal", "w4", "8640s", "86400s"),
    work("w4-classes", "w4", "8640s", "86400s"),
    work("w4-wait", "w4", "8640s", "86400s"),
    work("w4-basic", "w4", "8640s", "86400s"),
    work("w4-clients", "w4", "8640s", "86400s"),
];

/// Balancers of the fleets, as `balancer.algorithm` is written.
pub const BALANCERS: [(&str, &str); 4] = [
    ("round_robin", "\"round_robin\""),
    ("least_outstanding_requests", "\"least_outstanding_requests\""),
    ("weighted_random", "\"weighted_random\""),
    ("power_of_two", "{ power_of_d = { d = 2 } }"),
];

/// Sizes of the fleets.
pub const SIZES: [u32; 4] = [10, 100, 1_000, 10_000];

/// Keys that make `fleet.toml` a fleet of this size at 80 % load with about so many requests.
pub fn fleet(size: u32, algorithm: &str, requests: u64) -> Vec<(&'static str, String)> {
    let seconds = requests * 10 / (8 * u64::from(size));
    vec![
        ("group.max", size.to_string()),
        ("group.min", size.to_string()),
        ("policy.size.fixed.size", size.to_string()),
        ("workload.constant.rate", format!("{}/s", f64::from(size) * 0.8)),
        ("simulation.duration", format!("{seconds}s")),
        ("balancer.algorithm", algorithm.to_string()),
    ]
}
