//! How large the warm pool of a group is.

/// Members that a warm pool should have: what is missing from the desired capacity to the prepared one, and at least its minimum.
/// `max_prepared`: the largest prepared capacity of group and pool; the group's largest size when it is `None`.
///
/// Source: EC2 Auto Scaling User Guide, "Warm pools", size; documented.
pub fn warm_pool_size(max_size: u32, max_prepared: Option<u32>, min_size: u32, desired: u32) -> u32 {
    max_prepared.unwrap_or(max_size).saturating_sub(desired).max(min_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's cases: largest size, prepared capacity or -, minimum, desired; then the size of the pool.
    #[test]
    fn the_pool_is_as_large_as_that_of_aws() {
        let mut cases = 0;
        for line in include_str!("../../tests/cases/warm_pool.txt").lines().filter(|l| !l.starts_with('#')) {
            let (name, numbers) = line.split_once(": ").expect("a case has a name");
            let n: Vec<Option<u32>> = numbers.split(' ').map(|number| number.parse().ok()).collect();
            let number = |i: usize| n[i].expect("a number");
            assert_eq!(warm_pool_size(number(0), n[1], number(2), number(3)), number(4), "{name}");
            cases += 1;
        }
        assert_eq!(cases, 5);
    }
}
