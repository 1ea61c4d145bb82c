//! The smallest of a row of sizes whose promises hold, with few runs: a guess from a few replications, then proof on all of them.
//!
//! Whether a size holds is taken to grow with it. A guess costs a few runs a step and is found by halving; from there the search walks
//! in growing steps until one size holds and a smaller one does not, and halves the gap. What is returned was judged on all
//! replications, and so was the size below it.

use super::judgement::{Holds, Verdict};
use crate::failure::Failure;

/// Replications of a guess.
pub(super) const ROUGH: u64 = 3;

/// The smallest of the sizes `0..count` that holds on all replications; `None` where none does. `judge` runs so many replications of a size.
pub(super) fn smallest(
    count: usize,
    replications: u64,
    mut judge: impl FnMut(usize, u64) -> Result<Verdict, Failure>,
) -> Result<Option<(usize, Verdict)>, Failure> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if clean(&judge(middle, ROUGH.min(replications))?) { high = middle } else { low = middle + 1 }
    }
    let (mut at, mut step) = (high.min(count.saturating_sub(1)), 1);
    // Sizes below `low` do not hold; the one that was found does.
    let (mut low, mut found): (usize, Option<(usize, Verdict)>) = (0, None);
    while low < found.as_ref().map_or(count, |(size, _)| *size) {
        let verdict = judge(at, replications)?;
        if verdict.holds == Holds::Yes {
            found = Some((at, verdict));
        } else {
            low = at + 1;
        }
        at = match &found {
            None => at.saturating_add(step).min(count - 1),
            Some((size, _)) if low == 0 => size.saturating_sub(step),
            Some((size, _)) => low + (size - low) / 2,
        };
        step *= 2;
    }
    Ok(found)
}

/// Whether no replication broke a promise.
fn clean(verdict: &Verdict) -> bool {
    verdict.overloaded.is_none() && verdict.kept.iter().all(|kept| kept.broken == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::statistics::Sample;

    fn verdict(overloaded: bool, holds: Holds) -> Verdict {
        let overloaded = overloaded.then(|| "work".to_owned());
        Verdict { cost: Sample::of(&[1.0]), kept: Vec::new(), holds, overloaded }
    }

    /// Every truth and every guess among 1, 2 and 20 sizes: the smallest is found, and a good guess costs two proofs.
    #[test]
    fn the_smallest_is_found_from_any_guess() {
        for count in [1, 2, 20] {
            for (guess, truth) in (0..=count).flat_map(|guess| (0..=count).map(move |truth| (guess, truth))) {
                let mut proofs = Vec::new();
                let judge = |size: usize, replications: u64| {
                    if replications == 10 {
                        assert!(!proofs.contains(&size), "{size} is judged once: {proofs:?}");
                        proofs.push(size);
                    }
                    let holds = if size >= truth { Holds::Yes } else { Holds::Unknown };
                    Ok(verdict(size < guess, holds))
                };
                let found =
                    smallest(count, 10, judge).unwrap_or_else(|failure| panic!("{}", failure.message));
                let wanted = (truth < count).then_some(truth);
                assert_eq!(found.map(|found| found.0), wanted, "{count} {guess} {truth}");
                let most = if guess == truth { 2 } else { 11 };
                assert!(proofs.len() <= most, "{count} {guess} {truth}: {proofs:?}");
            }
        }
    }
}
