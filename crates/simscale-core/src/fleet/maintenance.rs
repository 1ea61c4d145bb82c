//! How many instances must stay and how many there may be while others are replaced.

/// Fewest units that must be ready and most that may live while instances of a group of `desired` units are replaced.
///
/// Source: EC2 Auto Scaling User Guide, "Instance maintenance policies"; that the minimum rounds up and the maximum down is inferred, from ECS.
pub fn maintenance_limits(desired: u32, min_healthy_percent: u32, max_healthy_percent: u32) -> (u32, u32) {
    let part = |percent: u32| u64::from(desired) * u64::from(percent);
    let size = |units: u64| u32::try_from(units).unwrap_or(u32::MAX);
    (size(part(min_healthy_percent).div_ceil(100)), size(part(max_healthy_percent) / 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Desired capacity, both percentages; then what must be in service and what there may be.
    #[test]
    fn the_minimum_rounds_up_and_the_maximum_down() {
        let mut cases = 0;
        let file = include_str!("../../tests/cases/instance_maintenance.txt");
        for line in file.lines().filter(|l| !l.starts_with('#')) {
            let n: Vec<u32> = line.split(' ').map(|number| number.parse().expect("a number")).collect();
            assert_eq!(maintenance_limits(n[0], n[1], n[2]), (n[3], n[4]), "{line}");
            cases += 1;
        }
        assert_eq!(cases, 6);
    }
}
