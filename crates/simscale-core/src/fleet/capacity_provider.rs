//! The arithmetic of an ECS capacity provider: how much of its hosts is reserved, and how many it wants.

/// `CapacityProviderReservation` in percent: the hosts that are needed over those that run. With none running 200 when some are needed, else 100.
///
/// Source: ECS Developer Guide, "managed scaling" (M / N x 100, and 200 from zero, documented); AWS blog "Deep dive on ECS cluster auto scaling" (the rest,
/// observed).
pub fn capacity_provider_reservation(needed: u32, running: u32) -> f64 {
    match (needed, running) {
        (0, 0) => 100.0,
        (_, 0) => 200.0,
        _ => f64::from(needed) * 100.0 / f64::from(running),
    }
}

/// The hosts that bring the reservation to the target: a scale-out from zero counts as one from one (inferred: the value 200 brings two hosts at a
/// target of 100).
pub fn hosts_wanted(running: u32, reservation: f64, target_percent: u32) -> u32 {
    let ideal = f64::from(running.max(1)) * reservation / f64::from(target_percent);
    // A quotient that is a whole number but for its last digits is that number.
    ((ideal * 1e9).round() / 1e9).ceil() as u32
}

/// How many of `registered` hosts go in a minute when `excess` are too many: at least one, and below half of them.
///
/// Source: ECS Developer Guide, "managed scaling", scale-in; documented.
pub fn scale_in_step(registered: u32, excess: u32) -> u32 {
    excess.min((registered.saturating_sub(1) / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published cases: hosts needed, hosts that run, the reservation.
    #[test]
    fn the_reservation_is_what_ecs_publishes() {
        let lines = include_str!("../../tests/cases/capacity_provider.txt").lines();
        let mut cases = 0;
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (name, numbers) = line.split_once(": ").expect("a case has a name");
            let n: Vec<u32> = numbers.split(' ').map(|number| number.parse().expect("a number")).collect();
            assert_eq!(capacity_provider_reservation(n[0], n[1]), f64::from(n[2]), "{name}");
            cases += 1;
        }
        assert_eq!(cases, 4);
    }

    /// What is wanted is what is needed over the target, rounded up, for every small fleet: no digit of a quotient brings a host too many.
    #[test]
    fn the_hosts_wanted_carry_what_is_needed_at_the_target() {
        for (needed, running, target) in
            (0..60).flat_map(|m| (1..60).flat_map(move |n| (1..=100).map(move |t| (m, n, t))))
        {
            let wanted = hosts_wanted(running, capacity_provider_reservation(needed, running), target);
            assert_eq!(wanted, (needed * 100).div_ceil(target), "{needed} of {running} at {target} %");
        }
        assert_eq!(hosts_wanted(0, 200.0, 100), 2);
        assert_eq!([1, 2, 3, 4, 5, 10].map(|n| scale_in_step(n, 99)), [1, 1, 1, 1, 2, 4]);
        assert_eq!(scale_in_step(10, 3), 3);
    }
}
