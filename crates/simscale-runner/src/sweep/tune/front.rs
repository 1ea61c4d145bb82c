//! Which candidates go on: those that the others do not beat in cost and violations, and where these are too many, those that together
//! cover most.

/// A candidate's cost and violation.
pub type Point = (f64, f64);

/// How far behind the worst point the reference of the hypervolume lies.
const BEYOND: f64 = 1.1;

/// The places of `keep` points: front behind front, the last one thinned out.
pub fn best(points: &[Point], keep: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut kept = Vec::new();
    while kept.len() < keep && !left.is_empty() {
        let front = front(points, &left);
        left.retain(|place| !front.contains(place));
        kept.extend(covering(points, &front, keep - kept.len()));
    }
    kept.sort_unstable();
    kept
}

/// Those that no other one beats in both, the cheapest first. Of equal ones the first: the others say no more.
fn front(points: &[Point], among: &[usize]) -> Vec<usize> {
    let mut order = among.to_vec();
    order.sort_by(|place, other| {
        let (a, b) = (points[*place], points[*other]);
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(place.cmp(other))
    });
    let mut front: Vec<usize> = Vec::new();
    for place in order {
        if front.last().is_none_or(|&last| points[place].1 < points[last].1) {
            front.push(place);
        }
    }
    front
}

/// The `keep` points of a front, cheapest first, that dominate the largest area together, exactly: with the points in this order each adds a
/// strip below the one before it, so that the best choice that ends with a point rests on the best choices that end before it.
fn covering(points: &[Point], front: &[usize], keep: usize) -> Vec<usize> {
    if front.len() <= keep {
        return front.to_vec();
    }
    let range = |value: fn(&Point) -> f64| {
        let low = points.iter().map(value).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        (low, if high > low { high - low } else { 1.0 })
    };
    let (cost, broken) = (range(|point| point.0), range(|point| point.1));
    let scaled = |place: &usize| {
        let point = points[*place];
        ((point.0 - cost.0) / cost.1, (point.1 - broken.0) / broken.1)
    };
    let front_scaled: Vec<Point> = front.iter().map(scaled).collect();
    let strip = |above: f64, point: Point| (BEYOND - point.0) * (above - point.1);
    // Best area of `n + 1` points of which the last is this one, and the one before it.
    let mut area = vec![front_scaled.iter().map(|&point| (strip(BEYOND, point), 0)).collect::<Vec<_>>()];
    for row in 1..keep {
        let before = &area[row - 1];
        let reached = |at: usize| {
            let through = |from: usize| before[from].0 + strip(front_scaled[from].1, front_scaled[at]);
            let best = (row - 1..at).map(|from| (through(from), from)).max_by(|a, b| a.0.total_cmp(&b.0));
            best.unwrap_or((f64::NEG_INFINITY, 0))
        };
        let row = (0..front.len()).map(reached).collect();
        area.push(row);
    }
    let last = &area[keep - 1];
    let mut at = (keep - 1..front.len()).max_by(|&a, &b| last[a].0.total_cmp(&last[b].0)).unwrap_or(0);
    let mut chosen = Vec::new();
    for row in area.iter().rev() {
        chosen.push(front[at]);
        at = row[at].1;
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use simscale_oracle::pareto::hypervolume;

    #[test]
    fn fronts_go_on_before_what_they_beat() {
        let points = [(1.0, 0.9), (2.0, 0.5), (2.5, 0.6), (3.0, 0.1), (4.0, 0.1), (2.0, 0.5)];
        assert_eq!(best(&points, 3), [0, 1, 3], "of equal ones the first");
        assert_eq!(
            best(&points, 5),
            [0, 1, 3, 4, 5],
            "then the next front: the equal one, and what is as good but dearer"
        );
        assert_eq!(best(&points, 9), [0, 1, 2, 3, 4, 5]);
    }

    /// Every choice of points is tried, and measured by the oracle.
    #[test]
    fn the_chosen_points_dominate_the_most() {
        let front: Vec<Point> = (0..9u32)
            .map(|n| {
                let x = f64::from(n) / 8.0;
                (x, (1.0 - x).powi(3) + 0.05 * (0.7 * f64::from(n)).sin().abs() * (1.0 - x))
            })
            .collect();
        let all: Vec<usize> = super::front(&front, &(0..front.len()).collect::<Vec<_>>());
        let low = front.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        let high = front.iter().map(|p| p.1).fold(0.0, f64::max);
        let area = |chosen: &[usize]| {
            let scaled: Vec<[f64; 2]> =
                chosen.iter().map(|&c| [front[c].0, (front[c].1 - low) / (high - low)]).collect();
            hypervolume(&scaled, &[BEYOND, BEYOND]).unwrap()
        };
        for keep in 1..all.len() {
            let chosen = covering(&front, &all, keep);
            assert_eq!(chosen.len(), keep);
            let subsets = (0..1u32 << all.len()).filter(|set| set.count_ones() as usize == keep);
            let most = subsets
                .map(|set| {
                    let places: Vec<usize> =
                        (0..all.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| all[bit]).collect();
                    area(&places)
                })
                .fold(0.0, f64::max);
            assert!((area(&chosen) - most).abs() < 1e-12, "{keep}: {} of {most}", area(&chosen));
        }
    }
}
