//! Who goes at a scale-in: zones first, then the termination policy, as a function over records of instances.

use crate::world::Termination;

/// What an instance was launched from, in the order in which the default policy takes them.
///
/// Source: EC2 Auto Scaling User Guide, "Configure termination policies", default policy; documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Configuration {
    /// A launch configuration; a larger number is a newer one.
    LaunchConfiguration(u32),
    /// A launch template that is not the group's present one; versions of different templates do not compare.
    OtherTemplate,
    /// This version of the group's present template.
    Template(u32),
}

/// A living instance as a scale-in sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its zone.
    pub zone: u8,
    /// Order of launch: a larger number is younger.
    pub launch: u64,
    /// What it was launched from.
    pub configuration: Configuration,
    /// Until its next hour of billing begins, in any unit, the same for all.
    pub to_billing_hour: u64,
    /// It may not go: scale-in protection, or more units than are to go.
    pub protected: bool,
    /// Its purchase option has more units than the split of the group wants.
    pub surplus: bool,
    /// How little its type fits the allocation strategy: of two types the one with the larger number goes.
    pub misfit: u32,
    /// Its lot: of equals the smallest goes.
    pub lot: u64,
}

/// The place of the instance that a scale-in terminates; `None` when all are protected or there is none.
///
/// Zones come before any policy: of those with at least one unprotected instance, the ones with most instances (protected ones count).
/// There the policies decide among the unprotected, one after the other, until one instance is left; then the lot. Balanced zones are all
/// considered.
///
/// Source: EC2 Auto Scaling User Guide, "Configure termination policies" and "Use instance scale-in protection"; documented, the zone rule
/// with protected instances inferred.
pub fn terminated_first(candidates: &[Candidate], rules: &[Termination]) -> Option<usize> {
    let count = |zone: u8| candidates.iter().filter(|c| c.zone == zone).count();
    let open = || candidates.iter().enumerate().filter(|(_, c)| !c.protected);
    let most = open().map(|(_, c)| count(c.zone)).max()?;
    let mut left: Vec<(usize, &Candidate)> = open().filter(|(_, c)| count(c.zone) == most).collect();
    for rule in rules {
        let first = left.iter().map(|(_, c)| rank(*rule, c)).min();
        left.retain(|(_, c)| Some(rank(*rule, c)) == first);
    }
    left.into_iter().min_by_key(|(_, c)| c.lot).map(|found| found.0)
}

/// Who comes first by one rule has the smallest.
fn rank(rule: Termination, c: &Candidate) -> (bool, u32, Configuration, u64) {
    let same = Configuration::LaunchConfiguration(0);
    let template = Configuration::Template(u32::MAX);
    match rule {
        Termination::Default => (!c.surplus, u32::MAX - c.misfit, c.configuration, c.to_billing_hour),
        Termination::AllocationStrategy => (!c.surplus, u32::MAX - c.misfit, same, 0),
        Termination::OldestLaunchTemplate => match c.configuration {
            Configuration::LaunchConfiguration(_) => (true, 0, template, 0),
            _ => (false, 0, c.configuration, 0),
        },
        Termination::OldestLaunchConfiguration => match c.configuration {
            Configuration::LaunchConfiguration(_) => (false, 0, c.configuration, 0),
            _ => (true, 0, template, 0),
        },
        Termination::ClosestToNextInstanceHour => (false, 0, same, c.to_billing_hour),
        Termination::OldestInstance => (false, 0, same, c.launch),
        Termination::NewestInstance => (false, 0, same, u64::MAX - c.launch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's cases of the default policy; the last column is who goes.
    #[test]
    fn the_default_policy_takes_whom_aws_takes() {
        let mut cases = 0;
        for line in include_str!("../../tests/cases/default_termination.txt").lines() {
            let Some((name, rest)) = line.split_once(": ").filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let (instances, want) = rest.split_once(" -> ").expect("a case has a result");
            let candidate = |(place, text): (usize, &str)| {
                let parts: Vec<&str> = text.split('/').collect();
                let number = |text: &str| text.parse().expect("a number");
                Candidate {
                    zone: parts[0].as_bytes()[0],
                    launch: place as u64,
                    configuration: match parts[1].split_at(2) {
                        ("lc", age) => Configuration::LaunchConfiguration(number(age)),
                        ("ot", _) => Configuration::OtherTemplate,
                        (_, version) => Configuration::Template(number(version)),
                    },
                    to_billing_hour: parts[2].parse().expect("seconds"),
                    protected: parts.get(3) == Some(&"protected"),
                    surplus: false,
                    misfit: 0,
                    lot: 100 - place as u64,
                }
            };
            let list: Vec<Candidate> = instances.split(' ').enumerate().map(candidate).collect();
            let gone = terminated_first(&list, &[Termination::Default]).map(|i| format!("i{}", i + 1));
            assert_eq!(gone.as_deref().unwrap_or("nobody"), want, "{name}");
            cases += 1;
        }
        assert_eq!(cases, 7);
    }
}
