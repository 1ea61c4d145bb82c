//! Published samples by metric, and the windows over them that polls and alarms read.

use super::{Aggregate, Datapoint, Metric, Statistic, Window};
use crate::kernel::{Purpose, Sampler, SimDuration, SimTime, mix, stream};
use crate::world::{MetricQuery, Metrics, World};
use std::collections::VecDeque;

/// When samples can be seen.
#[derive(Debug)]
pub(super) struct Publication {
    seed: u64,
    metrics: Metrics,
}

impl Publication {
    /// When the samples of a metric of the time up to `end` can be seen, ns.
    fn known(&self, metric: &Metric, end: u64) -> u64 {
        let Some(law) = &self.metrics.publication_law else {
            return end + self.metrics.publication_delay.as_nanos();
        };
        let address = mix(metric.address() ^ mix(end));
        end + Sampler::new(law, stream(self.seed, Purpose::PublicationDelay, address)).draw()
    }

    /// The newest whole time of a metric that can be seen at `now`, ns; zero when none can.
    fn newest(&self, metric: &Metric, now: u64) -> u64 {
        let step = self.metrics.resolution.as_nanos();
        let least = if self.metrics.publication_law.is_some() {
            0
        } else {
            self.metrics.publication_delay.as_nanos()
        };
        let mut end = now.saturating_sub(least) / step * step;
        while end > 0 && self.known(metric, end) > now {
            end -= step;
        }
        end
    }
}

/// The samples of one metric, a stretch of its resolution after the other.
#[derive(Debug)]
pub(crate) struct Track {
    pub metric: Metric,
    /// Length of a stretch, ns.
    pub every: u64,
    /// Whether values are kept for percentiles.
    pub keep: bool,
    stretches: VecDeque<Stretch>,
    /// Number of the first stretch in the queue, from one.
    first: u64,
}

/// The samples of a stretch, if there are any, and when they can be seen.
#[derive(Debug)]
struct Stretch {
    known: u64,
    samples: Option<Aggregate>,
}

impl Track {
    /// The samples stamped in `[from, to)` that can be seen at `now`, joined, and when the last of them could.
    fn window(&self, from: u64, to: u64, now: u64) -> (Aggregate, u64) {
        let (mut joined, mut known) = (Aggregate::new(), 0);
        let numbers = from.div_ceil(self.every) + 1..=to.div_ceil(self.every);
        for number in numbers {
            let stretch = number.checked_sub(self.first).and_then(|place| self.stretches.get(place as usize));
            if let Some(stretch) = stretch.filter(|s| s.known <= now)
                && let Some(samples) = &stretch.samples
            {
                joined.join(samples);
                known = known.max(stretch.known);
            }
        }
        (joined, known)
    }
}

/// What is asked of the tracks: a query with the tracks that it reads.
#[derive(Debug)]
struct Series {
    query: MetricQuery,
    tracks: Vec<usize>,
}

/// A datapoint, how many samples it stands on, and when the last of them could be seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub point: Datapoint,
    pub samples: u64,
    pub known: u64,
}

/// All samples that anybody asks for, as far back as anybody looks.
#[derive(Debug)]
pub(crate) struct Archive {
    pub tracks: Vec<Track>,
    series: Vec<Series>,
    publication: Publication,
    /// How far behind the newest samples anybody looks, ns.
    reach: u64,
}

impl Archive {
    pub fn new(world: &World) -> Self {
        let publication = Publication { seed: world.seed, metrics: world.metrics.clone() };
        Archive { tracks: Vec::new(), series: Vec::new(), publication, reach: 0 }
    }

    /// The name of a metric as users write it.
    pub fn name(&self, metric: &Metric) -> String {
        self.publication.metrics.name(metric)
    }

    /// Somebody will ask for the last `count` windows of a query; its number.
    pub fn subscribe(&mut self, query: &MetricQuery, count: usize) -> usize {
        let period = query.period.as_nanos();
        self.reach = self.reach.max(period * (count as u64 + 1));
        let operands = match &query.metric {
            Metric::Math(index) => self.publication.metrics.math[usize::from(*index)].expression.operands(),
            metric => vec![(metric.clone(), query.statistic)],
        };
        let tracks = operands.iter().map(|(metric, statistic)| self.track(metric, *statistic)).collect();
        if let Some(known) = self.series.iter().position(|s| s.query == *query) {
            return known;
        }
        self.series.push(Series { query: query.clone(), tracks });
        self.series.len() - 1
    }

    /// The track of a metric; one for all percentiles of the response time.
    fn track(&mut self, metric: &Metric, statistic: Statistic) -> usize {
        let address = metric.address();
        let found = self.tracks.iter().position(|t| t.metric.address() == address);
        let place = found.unwrap_or_else(|| {
            let every = metric.resolution(&self.publication.metrics).as_nanos();
            let metric = metric.clone();
            self.tracks.push(Track { metric, every, keep: false, stretches: VecDeque::new(), first: 1 });
            self.tracks.len() - 1
        });
        self.tracks[place].keep |= matches!(statistic, Statistic::Percentile(_));
        place
    }

    /// Adds the samples of a track's stretch that ends at `now`, or the lack of any, and forgets what nobody looks at any more.
    pub fn push(&mut self, track: usize, now: u64, samples: Option<Aggregate>) {
        let known = self.publication.known(&self.tracks[track].metric, now);
        self.tracks[track].stretches.push_back(Stretch { known, samples });
        // Expressions wait for the slowest of their metrics.
        let newest = self.tracks.iter().map(|t| self.publication.newest(&t.metric, now)).min();
        let track = &mut self.tracks[track];
        let horizon = newest.unwrap_or(0).saturating_sub(self.reach + track.every);
        while track.first * track.every <= horizon {
            track.stretches.pop_front();
            track.first += 1;
        }
    }

    /// By how much the windows of a query move on.
    fn slide(&self, series: &Series, window: Window) -> u64 {
        let period = series.query.period.as_nanos();
        if window == Window::WallClock {
            return period;
        }
        let longest = series.tracks.iter().map(|&t| self.tracks[t].every).max();
        let world = self.publication.metrics.resolution.as_nanos();
        let step = longest.filter(|&every| every <= period).unwrap_or(world);
        period.min(self.publication.metrics.minute.as_nanos().div_ceil(step).max(1) * step)
    }

    /// The last `count` windows of a query that can be seen at `now`, oldest first; `None` for a missing datapoint. Windows that begin
    /// before the run are missing.
    pub fn read(&self, series: usize, window: Window, now: SimTime, count: usize) -> Vec<Option<Reading>> {
        let series = &self.series[series];
        let (now, period) = (now.as_nanos(), series.query.period.as_nanos());
        let slide = self.slide(series, window);
        let newest =
            series.tracks.iter().map(|&t| self.publication.newest(&self.tracks[t].metric, now)).min();
        let end = newest.unwrap_or(0) / slide * slide;
        let place = |back: u64| end.checked_sub((back + 1) * period);
        (0..count as u64).rev().map(|back| self.reading(series, place(back)?, now)).collect()
    }

    /// The datapoint of a query over the window that begins at `from`.
    fn reading(&self, series: &Series, from: u64, now: u64) -> Option<Reading> {
        let query = &series.query;
        let to = from + query.period.as_nanos();
        let (mut samples, mut known) = (u64::MAX, 0);
        let mut next = series.tracks.iter();
        let mut read = |metric: &Metric, statistic| {
            let track = &self.tracks[*next.next().expect("a track for each operand")];
            let (joined, seen) = track.window(from, to, now);
            samples = samples.min(joined.samples);
            known = known.max(seen);
            joined.value(metric, statistic)
        };
        let value = match &query.metric {
            Metric::Math(index) => {
                self.publication.metrics.math[usize::from(*index)].expression.value(&mut read)
            }
            metric => read(metric, query.statistic),
        }?;
        let point =
            Datapoint { start: SimTime::from_nanos(from), period: SimDuration::from_nanos(to - from), value };
        Some(Reading { point, samples, known })
    }
}
