//! Arrival times, in order, without thinning and in memory that does not grow with the run or the trace.

use super::curve::{Curve, CurveReader};
use crate::kernel::{Generator, NEVER, Purpose, SimDuration, SimTime, stream};
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, Gamma};
use std::fmt;

/// Steps of a process that are drawn at once.
const BLOCK: usize = 256;
/// Pieces longer than this are read in parts, so that positions inside a piece keep their nanoseconds.
const LONGEST_PIECE: u64 = 1_000_000_000;

/// How arrivals follow a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArrivalProcess {
    /// Independent arrivals: exponential steps of the cumulative rate.
    Poisson,
    /// Equal steps of the cumulative rate; the first arrival half a step after the start.
    EvenlySpaced,
    /// Gamma steps of the cumulative rate with this coefficient of variation: under 1 calmer than Poisson, above 1 burstier.
    Gamma {
        /// Coefficient of variation of the steps, above 0.
        cv: f64,
    },
}

/// Where the requests of a counted bin lie inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Independent and uniform: Poisson arrivals, given the count.
    Uniform,
    /// Evenly spaced, the first half a step after the bin's start.
    Even,
    /// The count is taken as a rate for the arrival process, so that totals match only on average.
    Rate,
}

/// One row of a recorded trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TraceRow {
    /// A bin `[start, start + width)` with its count (or rate times width) of requests.
    Bin {
        /// Start of the bin, on the trace's own clock.
        start: SimTime,
        /// Length of the bin.
        width: SimDuration,
        /// Requests in it; not necessarily whole.
        count: f64,
    },
    /// One request, with its CPU time where the trace has it.
    Request {
        /// Time of arrival, on the trace's own clock.
        at: SimTime,
        /// CPU time on a reference core, or drawn from the service law.
        work: Option<SimDuration>,
    },
}

/// Rows of a trace in time order. Whoever opens the file has checked it: a reader that breaks off ends the trace.
pub type TraceReader = Box<dyn Iterator<Item = TraceRow> + Send>;

/// What arrives.
pub enum Workload {
    /// Arrivals that follow a rate curve.
    Generated {
        /// The rate.
        curve: Curve,
        /// How arrivals follow it.
        process: ArrivalProcess,
    },
    /// A recorded trace.
    Trace {
        /// Its rows.
        rows: TraceReader,
        /// Where in the trace the run starts.
        offset: SimTime,
        /// Counts and rates are multiplied by this.
        scale: f64,
        /// Where requests lie inside a bin.
        spread: Spread,
        /// How arrivals follow a rate, with [`Spread::Rate`].
        process: ArrivalProcess,
    },
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Workload::Generated { curve, process } => {
                f.debug_struct("Generated").field("curve", curve).field("process", process).finish()
            }
            Workload::Trace { offset, scale, spread, .. } => f
                .debug_struct("Trace")
                .field("offset", offset)
                .field("scale", scale)
                .field("spread", spread)
                .finish_non_exhaustive(),
        }
    }
}

/// Arrival times in blocks: one dynamic choice a block, none a request.
pub(crate) struct Arrivals {
    source: Source,
}

enum Source {
    Rate { pieces: Pieces, renewal: Renewal },
    Counts(Counts),
}

/// Where constant pieces of rate come from.
enum Pieces {
    Curve(CurveReader),
    Trace { rows: TraceReader, offset: u64, scale: f64, bin: Option<(u64, u64, f64)> },
}

impl Arrivals {
    pub fn new(workload: Workload, seed: u64) -> Self {
        let renewal = |process| Renewal::new(process, stream(seed, Purpose::Arrivals, 0));
        let source = match workload {
            Workload::Generated { curve, process } => Source::Rate {
                pieces: Pieces::Curve(CurveReader::new(&curve, seed, &mut 0)),
                renewal: renewal(process),
            },
            Workload::Trace { rows, offset, scale, spread: Spread::Rate, process } => Source::Rate {
                pieces: Pieces::Trace { rows, offset: offset.as_nanos(), scale, bin: None },
                renewal: renewal(process),
            },
            Workload::Trace { rows, offset, scale, spread, .. } => Source::Counts(Counts {
                rows,
                offset: offset.as_nanos(),
                scale,
                spread,
                generator: stream(seed, Purpose::Arrivals, 0),
                seen: 0.0,
                given: 0,
                bin: Bin::default(),
            }),
        };
        Arrivals { source }
    }

    /// Whether a request may come with its work.
    pub fn may_give_work(&self) -> bool {
        matches!(self.source, Source::Counts(_))
    }

    /// Fills `times` with the next arrivals in time order and, where it may be given, `work` with the work a trace prescribes (0: none).
    /// Returns how many there are; fewer than asked means that no more will come.
    pub fn fill(&mut self, times: &mut [u64], work: &mut [u64]) -> usize {
        match &mut self.source {
            Source::Rate { pieces, renewal } => renewal.fill(pieces, times),
            Source::Counts(counts) => {
                work.fill(0);
                counts.fill(times, work)
            }
        }
    }
}

impl Pieces {
    /// Rate per nanosecond and end of the piece that holds `at`; `None` after the last.
    fn at(&mut self, at: u64) -> Option<(f64, u64)> {
        match self {
            Pieces::Curve(reader) => {
                let piece = reader.piece(at);
                (piece.until < NEVER || piece.rate > 0.0).then_some((piece.rate / 1e9, piece.until))
            }
            Pieces::Trace { rows, offset, scale, bin } => loop {
                if let Some((start, end, rate)) = *bin {
                    if at < start {
                        return Some((0.0, start));
                    }
                    if at < end {
                        return Some((rate, end));
                    }
                }
                *bin = Some(loop {
                    let TraceRow::Bin { start, width, count } = rows.next()? else { continue };
                    let end = (start + width).as_nanos();
                    if end > *offset && !width.is_zero() {
                        let rate = count * *scale / width.as_nanos() as f64;
                        break (start.as_nanos().saturating_sub(*offset), end - *offset, rate);
                    }
                });
            },
        }
    }
}

/// Steps of the cumulative rate, carried over the edges of pieces.
struct Renewal {
    steps: StepBlock,
    /// What is left of the current step, in expected arrivals.
    rest: f64,
    begin: u64,
    end: u64,
    rate: f64,
    /// Expected arrivals of the piece, and how many of them lie behind.
    expected: f64,
    used: f64,
}

enum Steps {
    Exponential,
    Even,
    Gamma(Gamma<f64>),
}

impl Renewal {
    fn new(process: ArrivalProcess, generator: Generator) -> Self {
        let process = match process {
            ArrivalProcess::Poisson => Steps::Exponential,
            ArrivalProcess::EvenlySpaced => Steps::Even,
            ArrivalProcess::Gamma { cv } => {
                Steps::Gamma(Gamma::new(1.0 / (cv * cv), cv * cv).expect("cv was checked to be above zero"))
            }
        };
        let mut steps = StepBlock { process, generator, drawn: Box::new([0.0; BLOCK]), next: BLOCK };
        let first = steps.take();
        let rest = if matches!(steps.process, Steps::Even) { first / 2.0 } else { first };
        Renewal { steps, rest, begin: 0, end: 0, rate: 0.0, expected: 0.0, used: 0.0 }
    }

    fn fill(&mut self, pieces: &mut Pieces, times: &mut [u64]) -> usize {
        for (i, time) in times.iter_mut().enumerate() {
            while self.used + self.rest > self.expected {
                self.rest -= self.expected - self.used;
                self.begin = self.end;
                self.used = 0.0;
                self.expected = 0.0;
                let Some((rate, until)) = pieces.at(self.begin) else { return i };
                if self.begin >= NEVER / 2 {
                    return i;
                }
                // An empty piece is skipped whole; another is read a second at a time.
                self.end = if rate > 0.0 { until.min(self.begin + LONGEST_PIECE) } else { until };
                self.rate = rate;
                self.expected = rate * (self.end - self.begin) as f64;
            }
            self.used += self.rest;
            // A position in a piece fits 32 bits, and that conversion is the cheapest.
            let position = u64::from((self.used / self.rate + 0.5) as u32);
            *time = (self.begin + position).min(self.end - 1);
            self.rest = self.steps.take();
        }
        times.len()
    }
}

/// Steps drawn a block at a time, so that none pays for the choice of the law.
struct StepBlock {
    process: Steps,
    generator: Generator,
    drawn: Box<[f64; BLOCK]>,
    next: usize,
}

impl StepBlock {
    #[inline]
    fn take(&mut self) -> f64 {
        if self.next == BLOCK {
            self.refill();
        }
        let step = self.drawn[self.next];
        self.next += 1;
        step
    }

    #[cold]
    fn refill(&mut self) {
        let g = &mut self.generator;
        match &self.process {
            Steps::Exponential => self.drawn.fill_with(|| Exp1.sample(g)),
            Steps::Even => self.drawn.fill(1.0),
            Steps::Gamma(gamma) => self.drawn.fill_with(|| gamma.sample(g)),
        }
        self.next = 0;
    }
}

/// Exact counts per bin, or single requests, of a trace.
struct Counts {
    rows: TraceReader,
    offset: u64,
    scale: f64,
    spread: Spread,
    generator: Generator,
    /// Scaled count so far and whole requests given so far: the fraction is carried from bin to bin.
    seen: f64,
    given: u64,
    bin: Bin,
}

#[derive(Default)]
struct Bin {
    start: u64,
    width: u64,
    count: u64,
    next: u64,
    /// Position of the last uniform arrival inside the bin, 0 to 1.
    position: f64,
}

impl Counts {
    fn fill(&mut self, times: &mut [u64], work: &mut [u64]) -> usize {
        let mut filled = 0;
        while filled < times.len() {
            if self.bin.next < self.bin.count {
                times[filled] = self.place();
                filled += 1;
                continue;
            }
            match self.rows.next() {
                None => break,
                Some(TraceRow::Bin { start, width, count }) => {
                    self.open(start.as_nanos(), width.as_nanos(), count)
                }
                Some(TraceRow::Request { at, work: given }) => {
                    if at.as_nanos() >= self.offset {
                        times[filled] = at.as_nanos() - self.offset;
                        work[filled] = given.map_or(0, |w| w.as_nanos().max(1));
                        filled += 1;
                    }
                }
            }
        }
        filled
    }

    fn open(&mut self, start: u64, width: u64, count: f64) {
        if start < self.offset {
            return;
        }
        self.seen += count * self.scale;
        let whole = (self.seen + 1e-6).floor() as u64;
        self.bin =
            Bin { start: start - self.offset, width, count: whole - self.given, next: 0, position: 0.0 };
        self.given = whole;
    }

    fn place(&mut self) -> u64 {
        let bin = &mut self.bin;
        let left = bin.count - bin.next;
        let share = match self.spread {
            Spread::Even => (bin.next as f64 + 0.5) / bin.count as f64,
            // The next of `left` uniform order statistics above the last one.
            _ => {
                let u: f64 = 1.0 - self.generator.random::<f64>();
                1.0 - (1.0 - bin.position) * (u.ln() / left as f64).exp()
            }
        };
        bin.position = share;
        bin.next += 1;
        bin.start + ((share * bin.width as f64) as u64).min(bin.width - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn until(arrivals: &mut Arrivals, horizon: u64) -> Vec<u64> {
        let mut all = Vec::new();
        loop {
            let (mut times, mut work) = ([0; 256], [0; 256]);
            let n = arrivals.fill(&mut times, &mut work);
            all.extend(times[..n].iter().copied().take_while(|&t| t < horizon));
            if n < 256 || times[255] >= horizon {
                return all;
            }
        }
    }

    fn generated(curve: Curve, process: ArrivalProcess) -> Arrivals {
        Arrivals::new(Workload::Generated { curve, process }, 1)
    }

    fn bins(counts: &[f64]) -> TraceReader {
        let rows: Vec<TraceRow> = counts
            .iter()
            .enumerate()
            .map(|(i, &count)| TraceRow::Bin {
                start: SimTime::from_nanos(i as u64 * SECOND),
                width: SimDuration::from_secs(1),
                count,
            })
            .collect();
        Box::new(rows.into_iter())
    }

    /// Seed 1: counts of a Poisson process lie within four standard deviations, and gaps have the law's cv within 2 %
    /// (100,000 gaps: about four standard errors for the widest law).
    #[test]
    fn processes_have_the_rate_and_the_cv_they_state() {
        for (process, cv) in [
            (ArrivalProcess::Poisson, 1.0),
            (ArrivalProcess::EvenlySpaced, 0.0),
            (ArrivalProcess::Gamma { cv: 2.0 }, 2.0),
            (ArrivalProcess::Gamma { cv: 0.5 }, 0.5),
        ] {
            let times = until(&mut generated(Curve::Constant(1000.0), process), 100 * SECOND);
            assert!(times.is_sorted());
            let n = times.len() as f64;
            assert!((n - 100_000.0).abs() <= 4.0 * cv * 100_000f64.sqrt() + 1.0, "{process:?}: {n}");
            let gaps: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]) as f64).collect();
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            let got =
                (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt() / mean;
            assert!((got - cv).abs() < 0.02 * cv.max(0.001), "{process:?}: cv {got}");
        }
    }

    #[test]
    fn evenly_spaced_arrivals_of_a_ramp_follow_the_integral() {
        let curve = Curve::Ramp {
            from: 0.0,
            to: 100.0,
            start: SimTime::ZERO,
            end: SimTime::from_nanos(100 * SECOND),
        };
        let times = until(&mut generated(curve, ArrivalProcess::EvenlySpaced), 100 * SECOND);
        assert_eq!(times.len(), 5000);
        // The k-th arrival solves t^2 / 2 = k + 1/2, up to the second's straight piece.
        for k in [100usize, 1000, 4000] {
            let want = (2.0 * (k as f64 + 0.5)).sqrt();
            assert!((times[k] as f64 / 1e9 - want).abs() < 0.01, "arrival {k}");
        }
    }

    #[test]
    fn counted_bins_give_exactly_their_counts() {
        for spread in [Spread::Uniform, Spread::Even] {
            let workload = Workload::Trace {
                rows: bins(&[3.0, 0.0, 500.0, 1.0]),
                offset: SimTime::ZERO,
                scale: 1.0,
                spread,
                process: ArrivalProcess::Poisson,
            };
            let times = until(&mut Arrivals::new(workload, 1), 10 * SECOND);
            assert!(times.is_sorted());
            let count = |s: u64| times.iter().filter(|&&t| t / SECOND == s).count();
            assert_eq!([count(0), count(1), count(2), count(3)], [3, 0, 500, 1], "{spread:?}");
        }
    }

    #[test]
    fn a_scaled_trace_carries_its_fractions_and_an_offset_starts_inside() {
        let workload = Workload::Trace {
            rows: bins(&[10.0; 100]),
            offset: SimTime::from_nanos(20 * SECOND),
            scale: 0.25,
            spread: Spread::Uniform,
            process: ArrivalProcess::Poisson,
        };
        let times = until(&mut Arrivals::new(workload, 1), 1000 * SECOND);
        assert_eq!(times.len(), 200);
        assert!(times[0] < SECOND && times[199] < 80 * SECOND);
    }
}
