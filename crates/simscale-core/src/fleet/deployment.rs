//! Deployments of a service: how many tasks a rolling update may stop and start.

/// Fewest and most running tasks during a rolling update of a service of `desired` tasks: the minimum rounds up, the maximum down.
///
/// 4 tasks, 50 and 200 percent: 2 to 8. 2 tasks, 75 percent: at least 2, so that none may be stopped first. 3 tasks, 125 percent: at most 3.
/// Source: ECS Developer Guide, "Rolling update", minimum healthy percent and maximum percent; documented.
pub fn rolling_limits(desired: u32, minimum_healthy_percent: u32, maximum_percent: u32) -> (u32, u32) {
    let desired = u64::from(desired);
    let least = (desired * u64::from(minimum_healthy_percent)).div_ceil(100);
    let most = desired * u64::from(maximum_percent) / 100;
    let size = |tasks: u64| u32::try_from(tasks).unwrap_or(u32::MAX);
    (size(least), size(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented cases: what may run at least and at most, what may be stopped before anything starts, what may start before anything stops.
    #[test]
    fn rolling_updates_round_as_ecs_does() {
        let lines = include_str!("../../tests/cases/ecs_rolling.txt").lines();
        let mut cases = 0;
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (name, numbers) = line.split_once(": ").expect("a case has a name");
            let n: Vec<u32> = numbers.split(' ').map(|number| number.parse().expect("a number")).collect();
            let (least, most) = rolling_limits(n[0], n[1], n[2]);
            assert_eq!([least, most, n[0] - least, most - n[0]], n[3..], "{name}");
            cases += 1;
        }
        assert_eq!(cases, 5);
        assert_eq!(rolling_limits(u32::MAX, 100, 400), (u32::MAX, u32::MAX));
        assert_eq!(rolling_limits(0, 100, 200), (0, 0));
    }
}
