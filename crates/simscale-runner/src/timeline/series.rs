//! Periods for a picture: merged while they stream in, so that a long run needs no more memory than a short one.

use simscale::engine::PeriodRow;

/// More points than this are merged in pairs.
const MOST: usize = 1000;

/// Smallest, largest, last and mean of the values merged into a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Last.
    pub last: f64,
    sum: f64,
    count: f64,
}

impl Range {
    fn one(value: f64) -> Range {
        Range { min: value, max: value, last: value, sum: value, count: 1.0 }
    }

    /// Mean.
    pub fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The same values in another unit.
    pub fn times(self, factor: f64) -> Range {
        let Range { min, max, last, sum, count } = self;
        Range { min: min * factor, max: max * factor, last: last * factor, sum: sum * factor, count }
    }

    fn merge(self, later: Range) -> Range {
        Range {
            min: self.min.min(later.min),
            max: self.max.max(later.max),
            last: later.last,
            sum: self.sum + later.sum,
            count: self.count + later.count,
        }
    }
}

/// One period, or several merged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Start, seconds since the start of the run.
    pub start: f64,
    /// End, seconds.
    pub end: f64,
    /// Arrivals per second.
    pub load: Range,
    /// Refused and failed requests per second.
    pub bad: Range,
    /// Median response time of the served, s.
    pub p50: Option<Range>,
    /// Quantile 0.99 of the response times of the served, s.
    pub p99: Option<Range>,
    /// CPU utilisation, 0 to 1.
    pub cpu: Range,
    /// Desired capacity.
    pub desired: Range,
    /// Instances in service.
    pub in_service: Range,
    /// Healthy targets.
    pub healthy: Range,
    /// Container instances below the tasks.
    pub hosts: Range,
}

impl Point {
    fn of(row: &PeriodRow) -> Point {
        let (start, end) = (row.start.as_secs_f64(), row.end.as_secs_f64());
        let per_second = |n: u64| Range::one(n as f64 / (end - start).max(1e-9));
        let size = |n: u32| Range::one(f64::from(n));
        let time = |ns: u64| (row.served > 0).then(|| Range::one(ns as f64 / 1e9));
        Point {
            start,
            end,
            load: per_second(row.arrived),
            bad: per_second(row.refused + row.failed),
            p50: time(row.response_ns[0]),
            p99: time(row.response_ns[2]),
            cpu: Range::one(row.cpu_utilization),
            desired: size(row.desired),
            in_service: size(row.in_service),
            healthy: size(row.healthy),
            hosts: size(row.hosts),
        }
    }

    fn merge(self, later: Point) -> Point {
        let some = |a: Option<Range>, b: Option<Range>| match (a, b) {
            (Some(a), Some(b)) => Some(a.merge(b)),
            (a, b) => a.or(b),
        };
        Point {
            start: self.start,
            end: later.end,
            load: self.load.merge(later.load),
            bad: self.bad.merge(later.bad),
            p50: some(self.p50, later.p50),
            p99: some(self.p99, later.p99),
            cpu: self.cpu.merge(later.cpu),
            desired: self.desired.merge(later.desired),
            in_service: self.in_service.merge(later.in_service),
            healthy: self.healthy.merge(later.healthy),
            hosts: self.hosts.merge(later.hosts),
        }
    }
}

/// The points of a run, at most a thousand however long it is.
#[derive(Debug, Clone, Default)]
pub struct Series {
    points: Vec<Point>,
    /// Each point holds two to this power of periods; it grows when there are too many points.
    level: u32,
    /// Periods merged into the last point so far.
    filled: usize,
}

impl Series {
    /// Adds the next period.
    pub fn push(&mut self, row: &PeriodRow) {
        let point = Point::of(row);
        match self.points.last_mut() {
            Some(last) if self.filled < 1 << self.level => {
                *last = last.merge(point);
                self.filled += 1;
            }
            _ => {
                if self.points.len() == MOST {
                    self.halve();
                }
                self.points.push(point);
                self.filled = 1;
            }
        }
    }

    fn halve(&mut self) {
        let pairs = self.points.chunks(2).map(|pair| pair.iter().copied().reduce(Point::merge));
        self.points = pairs.map(|point| point.expect("a chunk is never empty")).collect();
        self.level += 1;
    }

    /// The points in time order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tests::row;

    #[test]
    fn a_long_run_keeps_its_extremes_in_few_points() {
        let mut series = Series::default();
        for i in 0..100_000u64 {
            let mut row = row(i);
            row.arrived = if i == 77_777 { 600_000 } else { 6000 };
            row.desired = if i == 33_333 { 1 } else { 5 };
            series.push(&row);
        }
        let points = series.points();
        assert!(points.len() <= MOST && points.len() > MOST / 2 - 1, "{}", points.len());
        assert_eq!(points.iter().map(|p| p.load.max).fold(0.0, f64::max), 10_000.0);
        assert_eq!(points.iter().map(|p| p.desired.min).fold(9.0, f64::min), 1.0);
        assert!(points.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((points[0].start, points[points.len() - 1].end), (0.0, 6_000_000.0));
    }

    #[test]
    fn a_period_without_answers_has_no_response_time() {
        let mut silent = row(0);
        silent.served = 0;
        let mut series = Series::default();
        series.push(&silent);
        assert_eq!(series.points()[0].p99, None);
    }
}
