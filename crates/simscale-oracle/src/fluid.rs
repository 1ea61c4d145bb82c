//! Overload as a fluid: exact queues and waits when rates are steps and nothing is random.

use crate::check;
use crate::error::{ErrorKind, OracleError, Result};
use crate::steps::{Steps, merged_times};

/// What happens to a central FIFO queue, empty at 0, under stepwise arrival rate and capacity.
///
/// Sources: conservation of work only (own derivation). Requests are a fluid: a request-level run
/// with even arrivals differs by up to the number of workers in jobs and by a service time plus an interarrival time.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Burst {
    /// Longest queue, in requests; 0 when capacity always suffices.
    pub peak_queue: f64,
    /// When the queue is longest; the first such instant.
    pub time_of_peak: f64,
    /// When the queue becomes empty, once per busy stretch.
    pub empty_times: Vec<f64>,
    /// Longest wait of any arrival.
    pub max_wait: f64,
    /// Arrival instants whose wait exceeds the limit, as intervals from start to end.
    pub violation_intervals: Vec<(f64, f64)>,
    /// Total length of these intervals.
    pub violation_seconds: f64,
    /// Requests that arrive in these intervals.
    pub violating_requests: f64,
    /// Integral of the queue over time, in request-seconds.
    pub queue_area: f64,
}

/// A stretch of time with one arrival rate, one capacity and a linear queue.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: f64,
    end: f64,
    queue: f64,
    slope: f64,
    rate: f64,
}

impl Piece {
    fn queue_at(&self, t: f64) -> f64 {
        (self.queue + self.slope * (t - self.start)).max(0.0)
    }
}

/// Follows the burst until the queue has drained for good. Rates are in requests per second, times in seconds.
///
/// # Errors
/// Out of domain when a capacity is 0 or the limit is negative; unstable when the last arrival rate is not below the
/// last capacity.
pub fn burst(arrival_rate: &Steps, capacity: &Steps, wait_limit: f64) -> Result<Burst> {
    check::not_negative("the wait limit", wait_limit)?;
    for value in capacity.values() {
        check::positive("a capacity", value)?;
    }
    check::stable(arrival_rate.last(), capacity.last())?;
    let pieces = queue_pieces(arrival_rate, capacity);
    let mut result = Burst {
        peak_queue: 0.0,
        time_of_peak: 0.0,
        empty_times: Vec::new(),
        max_wait: 0.0,
        violation_intervals: Vec::new(),
        violation_seconds: 0.0,
        violating_requests: 0.0,
        queue_area: 0.0,
    };
    for piece in &pieces {
        let last = piece.queue_at(piece.end);
        if last > result.peak_queue {
            (result.peak_queue, result.time_of_peak) = (last, piece.end);
        }
        if piece.queue > 0.0 && last == 0.0 {
            result.empty_times.push(piece.end);
        }
        result.queue_area += 0.5 * (piece.queue + last) * (piece.end - piece.start);
        add_waits(&mut result, piece, capacity, wait_limit);
    }
    result.violation_seconds = result.violation_intervals.iter().map(|(start, end)| end - start).sum();
    Ok(result)
}

/// The queue as linear pieces, cut at every change and at every instant it becomes empty.
fn queue_pieces(arrival_rate: &Steps, capacity: &Steps) -> Vec<Piece> {
    let times = merged_times(arrival_rate, capacity);
    let mut pieces = Vec::new();
    let mut queue = 0.0;
    for (at, start) in times.iter().enumerate() {
        let (rate, service) = (arrival_rate.at(*start), capacity.at(*start));
        let end = times.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let slope = rate - service;
        if queue == 0.0 && slope <= 0.0 {
            continue;
        }
        let empty = if slope < 0.0 { start - queue / slope } else { f64::INFINITY };
        let stop = end.min(empty);
        if stop <= *start {
            queue = 0.0;
            continue;
        }
        pieces.push(Piece { start: *start, end: stop, queue, slope, rate });
        queue = if empty <= end { 0.0 } else { queue + slope * (stop - start) };
        if let (0.0, Some(piece)) = (queue, pieces.last_mut()) {
            // Exactly empty at the end, whatever the rounding.
            piece.slope = -piece.queue / (stop - start);
        }
    }
    pieces
}

/// Waits inside one piece are linear between the arrivals whose service crosses a change of capacity.
fn add_waits(result: &mut Burst, piece: &Piece, capacity: &Steps, limit: f64) {
    let mut cuts = vec![piece.start, piece.end];
    for change in capacity.times().filter(|change| *change > piece.start && piece.rate > 0.0) {
        let ahead = work_between(capacity, piece.start, change) - piece.queue;
        let arrival = piece.start + ahead / piece.rate;
        if arrival > piece.start && arrival < piece.end {
            cuts.push(arrival);
        }
    }
    cuts.sort_by(f64::total_cmp);
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (first, last) = (wait(piece, capacity, from), wait(piece, capacity, to));
        result.max_wait = result.max_wait.max(first).max(last);
        if first <= limit && last <= limit {
            continue;
        }
        let crossing = from + (limit - first) / (last - first) * (to - from);
        let start = if first > limit { from } else { crossing };
        let end = if last > limit { to } else { crossing };
        result.violating_requests += piece.rate * (end - start);
        match result.violation_intervals.last_mut() {
            Some(interval) if interval.1 >= start => interval.1 = end,
            _ => result.violation_intervals.push((start, end)),
        }
    }
}

/// Time until the work ahead of an arrival at `t` is done.
fn wait(piece: &Piece, capacity: &Steps, t: f64) -> f64 {
    let mut left = piece.queue_at(t);
    let mut now = t;
    for change in capacity.times().filter(|change| *change > t) {
        let done = capacity.at(now) * (change - now);
        if done >= left {
            break;
        }
        left -= done;
        now = change;
    }
    now - t + left / capacity.at(now)
}

fn work_between(capacity: &Steps, from: f64, to: f64) -> f64 {
    let mut cuts = vec![from];
    cuts.extend(capacity.times().filter(|time| *time > from && *time < to));
    cuts.push(to);
    cuts.windows(2).map(|pair| capacity.at(pair[0]) * (pair[1] - pair[0])).sum()
}

/// Old and new instances with a queue each, after an overload of the old ones (own derivation).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrownFleet {
    rate: f64,
    per_instance: f64,
    old: f64,
    all: f64,
    ready: f64,
}

impl GrownFleet {
    /// Total rate `rate` from time 0; `old` instances of capacity `per_instance` each until `ready`, `all` after.
    ///
    /// # Errors
    /// Out of domain when a number is not above 0 or `all <= old`; unstable when the grown fleet is still overloaded.
    pub fn new(rate: f64, per_instance: f64, old: u32, all: u32, ready: f64) -> Result<Self> {
        check::positive("the arrival rate", rate)?;
        check::positive("the capacity of an instance", per_instance)?;
        check::at_least("the number of old instances", u64::from(old), 1)?;
        check::at_least("the number of instances", u64::from(all), u64::from(old) + 1)?;
        check::positive("the time at which new instances are ready", ready)?;
        check::stable(rate, f64::from(all) * per_instance)?;
        Ok(GrownFleet { rate, per_instance, old: f64::from(old), all: f64::from(all), ready })
    }

    /// Queue of one old instance when the new ones are ready, `(rate / old - per_instance) ready`, not below 0.
    pub fn old_queue(&self) -> f64 {
        ((self.rate / self.old - self.per_instance) * self.ready).max(0.0)
    }

    /// When the central queue of the whole fleet would be empty: the best possible.
    pub fn central_empty_time(&self) -> f64 {
        self.ready + self.old * self.old_queue() / (self.all * self.per_instance - self.rate)
    }

    /// When round robin has drained the old instances, each alone: `ready + q / (per_instance - rate / all)`.
    pub fn round_robin_empty_time(&self) -> f64 {
        self.ready + self.old_queue() / (self.per_instance - self.rate / self.all)
    }

    /// When old and new instances have equal queues under least outstanding, and that queue; none when new instances
    /// take all arrivals without a queue.
    pub fn levels_meet(&self) -> Option<(f64, f64)> {
        let new_rate = self.rate / (self.all - self.old);
        let queue = self.old_queue();
        (new_rate > self.per_instance && queue > 0.0).then(|| {
            let time = queue / new_rate;
            (self.ready + time, queue - self.per_instance * time)
        })
    }

    /// When all queues are empty under least outstanding.
    pub fn least_outstanding_empty_time(&self) -> f64 {
        match self.levels_meet() {
            Some((time, level)) => time + level / (self.per_instance - self.rate / self.all),
            None => self.ready + self.old_queue() / self.per_instance,
        }
    }
}

/// Largest wait of a central queue during an overload that lasts at least until the new capacity is ready at `ready`,
/// `ready (1 - old / rate)`: met by the arrival at `old * ready / rate`, before the new capacity is there.
///
/// # Errors
/// Out of domain when a number is not above 0; unreachable when `rate <= old`, because nothing waits.
pub fn largest_wait(rate: f64, old: f64, ready: f64) -> Result<f64> {
    check::positive("the arrival rate", rate)?;
    check::positive("the old capacity", old)?;
    check::positive("the time at which new capacity is ready", ready)?;
    if rate > old {
        return Ok(ready * (1.0 - old / rate));
    }
    Err(OracleError::new(
        ErrorKind::Unreachable,
        format!("a rate of {rate} does not overload a capacity of {old}"),
    ))
}
