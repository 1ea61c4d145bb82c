//! Anomaly detection: whose attempts fail more often than those of its peers.
//!
//! Source: ALB user guide, "Automatic Target Weights": at least three healthy targets, failed answers compared with those of the peers. The
//! numbers are not documented, nor is the comparison; with the middle one of the peers the failing targets are never a majority.

use crate::world::{Anomalies, Mitigation};

use super::slow_start::FULL;

/// Healthy targets that can be compared.
const LEAST_TARGETS: usize = 3;

/// Attempts of a target between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    pub served: u64,
    pub failed: u64,
}

impl Attempts {
    /// Share that failed, in millionths.
    pub fn failed_ppm(self) -> u64 {
        let all = u128::from(self.served) + u128::from(self.failed);
        (u128::from(self.failed) * 1_000_000).checked_div(all).unwrap_or(0) as u64
    }
}

/// The middle share of the peers of each healthy target; none when they are too few to be compared.
pub(crate) fn peers_ppm(targets: &[Attempts]) -> Option<Vec<u64>> {
    if targets.len() < LEAST_TARGETS {
        return None;
    }
    let mut shares: Vec<(u64, usize)> =
        targets.iter().enumerate().map(|(place, attempts)| (attempts.failed_ppm(), place)).collect();
    shares.sort_unstable();
    // Without the target itself the middle one of the others moves up by one from the place of the target on.
    let middle = (targets.len() - 1) / 2;
    let mut ranks = vec![0; targets.len()];
    shares.iter().enumerate().for_each(|(rank, share)| ranks[share.1] = rank);
    Some(ranks.into_iter().map(|rank| shares[middle + usize::from(rank <= middle)].0).collect())
}

/// Whether a target is anomalous beside peers of this share.
pub(crate) fn is_anomalous(target: Attempts, peers_ppm: u64, rule: &Anomalies) -> bool {
    target.failed >= rule.least_errors && target.failed_ppm() >= peers_ppm + u64::from(rule.margin_ppm)
}

/// The weight of a target after a look.
pub(crate) fn next_weight(weight: u32, anomalous: bool, by: &Mitigation) -> u32 {
    match anomalous {
        true => weight.saturating_sub(by.step).max(by.minimum.min(weight)),
        false => weight.saturating_add(by.recovery).min(FULL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SimDuration;

    const BY: Mitigation = Mitigation { step: FULL / 4, minimum: FULL / 20, recovery: FULL / 10 };

    fn rule() -> Anomalies {
        let every = SimDuration::from_secs(10);
        Anomalies { every, margin_ppm: 50_000, least_errors: 5, mitigation: Some(BY) }
    }

    /// Who is anomalous of targets with so many failed attempts of a hundred.
    fn anomalous(failed: &[u64]) -> Vec<bool> {
        let targets: Vec<Attempts> =
            failed.iter().map(|&failed| Attempts { served: 100 - failed, failed }).collect();
        match peers_ppm(&targets) {
            Some(peers) => targets.iter().zip(peers).map(|(&t, p)| is_anomalous(t, p, &rule())).collect(),
            None => vec![false; failed.len()],
        }
    }

    #[test]
    fn an_anomaly_is_a_minority() {
        assert_eq!(anomalous(&[90, 0]), [false, false], "two cannot be compared");
        assert_eq!(anomalous(&[90, 0, 0]), [true, false, false]);
        assert_eq!(anomalous(&[5, 0, 0]), [true, false, false], "the margin itself");
        assert_eq!(anomalous(&[4, 0, 0]), [false, false, false], "too few errors");
        assert_eq!(anomalous(&[49, 45, 46, 45]), [false; 4], "all of them fail");
        assert_eq!(anomalous(&[90, 90, 0, 0]), [true, true, false, false], "half of them");
        assert_eq!(anomalous(&[90, 90, 0]), [false; 3], "a majority");
        // The middle one of the peers by sorting them, for any shares.
        for seed in 0..1000u64 {
            let share = |i: u64| crate::kernel::hash(seed, crate::kernel::Purpose::Fault, i, 0) % 101;
            let targets: Vec<Attempts> =
                (0..3 + seed % 7).map(|i| Attempts { served: 100 - share(i), failed: share(i) }).collect();
            for (place, found) in peers_ppm(&targets).expect("three or more").into_iter().enumerate() {
                let mut peers: Vec<u64> = targets.iter().map(|t| t.failed_ppm()).collect();
                peers.remove(place);
                peers.sort_unstable();
                assert_eq!(found, peers[peers.len() / 2]);
            }
        }
    }

    #[test]
    fn weights_fall_in_steps_and_recover_gradually() {
        let mut weight = FULL;
        let mut walk = |anomalous, looks: usize| {
            (0..looks).for_each(|_| weight = next_weight(weight, anomalous, &BY));
            weight
        };
        assert_eq!(walk(true, 1), FULL - FULL / 4);
        assert_eq!(walk(true, 10), FULL / 20, "the least weight");
        assert_eq!(walk(false, 1), FULL / 20 + FULL / 10);
        assert_eq!(walk(false, 8), FULL / 20 + 9 * (FULL / 10));
        assert_eq!(walk(false, 1), FULL, "a whole one at most");
    }
}
