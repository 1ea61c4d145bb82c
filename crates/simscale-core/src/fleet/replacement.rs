//! How many unhealthy instances a group may replace at a time.

/// What the group may do about instances that it marked unhealthy and that still run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Nothing: a tenth of the group or more is missing, and an activity is in progress.
    WaitForActivity,
    /// Nothing: new instances have yet to pass a health check and their warm-up.
    WaitForNewInstances,
    /// Replace so many of them.
    UpTo(u32),
}

/// How many unhealthy instances that still run may be replaced now; whoever stopped running is replaced at once and not asked about here.
///
/// `settling`: new instances are not yet healthy and past the default warm-up. `all_unhealthy`: every instance in service is.
///
/// Source: EC2 Auto Scaling User Guide, "Health checks for instances in an Auto Scaling group": waits while an activity is in progress and the group is at
/// least 10 % below its desired capacity; replaces at most 10 % of the desired capacity at a time; documented. That a tenth is
/// rounded down and at least one is inferred; that "even fewer" when all are unhealthy means one is ours.
pub fn unhealthy_replacements(
    desired: u32,
    in_service: u32,
    activity_in_progress: bool,
    settling: bool,
    all_unhealthy: bool,
) -> Replacement {
    if activity_in_progress && u64::from(in_service) * 10 <= u64::from(desired) * 9 {
        Replacement::WaitForActivity
    } else if settling {
        Replacement::WaitForNewInstances
    } else {
        Replacement::UpTo(if all_unhealthy { 1 } else { (desired / 10).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's rules; a case is desired, in service, whether an activity is in progress, and what follows.
    #[test]
    fn a_tenth_at_a_time() {
        let mut cases = 0;
        for line in include_str!("../../tests/cases/unhealthy_replacement.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
        {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let number = |i: usize| parts[i].parse().expect("a number");
            let want =
                if parts[3] == "wait" { Replacement::WaitForActivity } else { Replacement::UpTo(number(3)) };
            let found = unhealthy_replacements(number(0), number(1), parts[2] == "busy", false, false);
            assert_eq!(found, want, "{line}");
            cases += 1;
        }
        assert_eq!(cases, 9);
        assert_eq!(unhealthy_replacements(20, 20, true, true, false), Replacement::WaitForNewInstances);
        assert_eq!(unhealthy_replacements(20, 20, false, false, true), Replacement::UpTo(1));
    }
}
