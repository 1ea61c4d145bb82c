//! Rate curves: requests per second as a function of time, read as pieces of constant rate.

use crate::kernel::{Generator, NEVER, Purpose, SimDuration, SimTime, stream};
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// A rate over time, in requests per second. Smooth curves are constant on seconds of the run's clock, at the
/// value of the second's middle.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// The same rate always.
    Constant(f64),
    /// A rate from each instant on; zero before the first.
    Steps(Vec<(SimTime, f64)>),
    /// A straight line from one rate to another, constant before and after.
    Ramp {
        /// Rate up to `start`, requests/s.
        from: f64,
        /// Rate from `end` on, requests/s.
        to: f64,
        /// Where the line begins.
        start: SimTime,
        /// Where the line ends; after `start`.
        end: SimTime,
    },
    /// A cosine over the day, times a factor for each day of the week.
    Diurnal {
        /// Mean over a week, requests/s.
        mean: f64,
        /// Highest over lowest rate of a day, at least 1.
        peak_to_trough: f64,
        /// Time of day of the peak.
        peak_at: SimDuration,
        /// Time of day at which the run starts.
        starts_at: SimDuration,
        /// Relative weight of Monday to Sunday; scaled to mean 1.
        day_weights: [f64; 7],
        /// Day of the week on which the run starts, 0 = Monday.
        start_day: u8,
    },
    /// A base rate with one rise, plateau and fall, all straight lines.
    FlashCrowd {
        /// Rate before and after, requests/s.
        base: f64,
        /// Rate of the plateau, requests/s.
        peak: f64,
        /// Where the rise begins.
        at: SimTime,
        /// Length of the rise.
        rise: SimDuration,
        /// Length of the plateau.
        hold: SimDuration,
        /// Length of the fall.
        fall: SimDuration,
    },
    /// A Markov-modulated rate: exponential stays in each state, the next state drawn evenly among the others.
    Mmpp(Vec<MmppState>),
    /// The sum of several curves.
    Sum(Vec<Curve>),
    /// A curve times a factor.
    Scaled(f64, Box<Curve>),
}

/// A state of a Markov-modulated Poisson process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmppState {
    /// Rate while in the state, requests/s.
    pub rate: f64,
    /// Mean stay, exponential.
    pub mean_stay: SimDuration,
}

/// A piece of constant rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// Requests per second.
    pub rate: f64,
    /// First nanosecond after the piece.
    pub until: u64,
}

/// Reads a curve forward in time.
#[derive(Debug)]
pub(crate) enum CurveReader {
    Fixed(Curve),
    Mmpp { states: Vec<MmppState>, now: usize, until: u64, generator: Generator },
    Sum(Vec<CurveReader>),
    Scaled(f64, Box<CurveReader>),
}

impl CurveReader {
    /// A reader of `curve`; random curves draw from streams numbered from `*index` on.
    pub fn new(curve: &Curve, seed: u64, index: &mut u64) -> Self {
        match curve {
            Curve::Mmpp(states) => {
                let generator = stream(seed, Purpose::Rate, *index);
                *index += 1;
                let mut reader = CurveReader::Mmpp { states: states.clone(), now: 0, until: 0, generator };
                if let CurveReader::Mmpp { now, until, generator, states } = &mut reader {
                    *now = generator.random_range(0..states.len() as u32) as usize;
                    *until = stay(&states[*now], generator);
                }
                reader
            }
            Curve::Sum(parts) => CurveReader::Sum(parts.iter().map(|c| Self::new(c, seed, index)).collect()),
            Curve::Scaled(factor, inner) => {
                CurveReader::Scaled(*factor, Box::new(Self::new(inner, seed, index)))
            }
            fixed => CurveReader::Fixed(fixed.clone()),
        }
    }

    /// The piece that holds `at`. Calls come in rising order of `at`.
    pub fn piece(&mut self, at: u64) -> Piece {
        match self {
            CurveReader::Fixed(curve) => curve.piece(at),
            CurveReader::Mmpp { states, now, until, generator } => {
                while *until <= at {
                    let others = states.len() as u32 - 1;
                    if others > 0 {
                        let step = 1 + generator.random_range(0..others) as usize;
                        *now = (*now + step) % states.len();
                    }
                    *until = until.saturating_add(stay(&states[*now], generator)).min(NEVER);
                }
                Piece { rate: states[*now].rate, until: *until }
            }
            CurveReader::Sum(parts) => {
                parts.iter_mut().map(|p| p.piece(at)).fold(Piece { rate: 0.0, until: NEVER }, |a, b| Piece {
                    rate: a.rate + b.rate,
                    until: a.until.min(b.until),
                })
            }
            CurveReader::Scaled(factor, inner) => {
                let piece = inner.piece(at);
                Piece { rate: piece.rate * *factor, ..piece }
            }
        }
    }
}

fn stay(state: &MmppState, generator: &mut Generator) -> u64 {
    let unit: f64 = Exp1.sample(generator);
    ((unit * state.mean_stay.as_nanos() as f64) as u64).max(1)
}

impl Curve {
    /// The rate at an instant for the curves without chance; a Markov-modulated rate counts with its long-run mean.
    pub fn rate_at(&self, at: SimTime) -> f64 {
        match self {
            Curve::Mmpp(states) => {
                let total: f64 = states.iter().map(|s| s.mean_stay.as_secs_f64()).sum();
                states.iter().map(|s| s.rate * s.mean_stay.as_secs_f64()).sum::<f64>() / total
            }
            Curve::Sum(parts) => parts.iter().map(|c| c.rate_at(at)).sum(),
            Curve::Scaled(factor, inner) => factor * inner.rate_at(at),
            fixed => fixed.piece(at.as_nanos()).rate,
        }
    }

    fn piece(&self, at: u64) -> Piece {
        match self {
            Curve::Constant(rate) => Piece { rate: *rate, until: NEVER },
            Curve::Steps(steps) => {
                let next = steps.partition_point(|s| s.0.as_nanos() <= at);
                let rate = if next == 0 { 0.0 } else { steps[next - 1].1 };
                Piece { rate, until: steps.get(next).map_or(NEVER, |s| s.0.as_nanos()) }
            }
            Curve::Ramp { from, to, start, end } => line(at, *from, *to, start.as_nanos(), end.as_nanos()),
            Curve::Diurnal { mean, peak_to_trough, peak_at, starts_at, day_weights, start_day } => {
                let (middle, until) = second(at);
                let clock = middle + starts_at.as_nanos();
                let day = (u64::from(*start_day) + clock / DAY) % 7;
                let weight = day_weights[day as usize] * 7.0 / day_weights.iter().sum::<f64>();
                let amplitude = (peak_to_trough - 1.0) / (peak_to_trough + 1.0);
                let turn = (clock as f64 - peak_at.as_nanos() as f64) / DAY as f64;
                let wave = 1.0 + amplitude * (std::f64::consts::TAU * turn).cos();
                Piece { rate: mean * weight * wave, until }
            }
            Curve::FlashCrowd { base, peak, at: begin, rise, hold, fall } => {
                let begin = begin.as_nanos();
                let top = begin + rise.as_nanos();
                let down = top + hold.as_nanos();
                if at < top {
                    line(at, *base, *peak, begin, top)
                } else if at < down {
                    Piece { rate: *peak, until: down }
                } else {
                    line(at, *peak, *base, down, down + fall.as_nanos())
                }
            }
            Curve::Mmpp(_) | Curve::Sum(_) | Curve::Scaled(..) => unreachable!("read by its own reader"),
        }
    }
}

/// The middle of the second that holds `at`, and the second's end.
fn second(at: u64) -> (u64, u64) {
    let begin = at / SECOND * SECOND;
    (begin + SECOND / 2, begin + SECOND)
}

fn line(at: u64, from: f64, to: f64, start: u64, end: u64) -> Piece {
    if at < start {
        return Piece { rate: from, until: start };
    }
    if at >= end {
        return Piece { rate: to, until: NEVER };
    }
    let until = second(at).1.min(end);
    let middle = (at + until) as f64 / 2.0;
    let share = (middle - start as f64) / (end - start) as f64;
    Piece { rate: from + (to - from) * share, until }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(curve: &Curve, until: u64) -> f64 {
        let mut reader = CurveReader::new(curve, 1, &mut 0);
        let (mut at, mut sum) = (0, 0.0);
        while at < until {
            let piece = reader.piece(at);
            let end = piece.until.min(until);
            sum += piece.rate * (end - at) as f64 / 1e9;
            at = end;
        }
        sum
    }

    #[test]
    fn integrals_of_the_curves_are_those_of_their_formulas() {
        let t = |s: u64| SimTime::from_nanos(s * SECOND);
        let d = SimDuration::from_secs;
        let week = Curve::Diurnal {
            mean: 100.0,
            peak_to_trough: 9.0,
            peak_at: d(6 * 3600),
            starts_at: d(0),
            day_weights: [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5],
            start_day: 0,
        };
        let cases = [
            (Curve::Constant(2.0), 10, 20.0),
            (Curve::Steps(vec![(t(5), 2.0), (t(8), 4.0)]), 10, 14.0),
            (Curve::Ramp { from: 0.0, to: 10.0, start: t(0), end: t(10) }, 20, 150.0),
            (
                Curve::FlashCrowd { base: 1.0, peak: 5.0, at: t(10), rise: d(4), hold: d(6), fall: d(10) },
                40,
                40.0 + 4.0 * (2.0 + 6.0 + 5.0),
            ),
            (week.clone(), 7 * 86_400, 100.0 * 7.0 * 86_400.0),
            (
                Curve::Sum(vec![Curve::Constant(1.0), Curve::Scaled(3.0, Box::new(Curve::Constant(2.0)))]),
                10,
                70.0,
            ),
        ];
        for (curve, seconds, want) in cases {
            let got = integral(&curve, seconds * SECOND);
            assert!((got / want - 1.0).abs() < 1e-9, "{curve:?}: {got}, formula {want}");
        }
        // W4's sine, 1 + 0.8 sin, is this cosine with its peak at 06:00 and a ratio of 9.
        let w4 = Curve::Diurnal {
            mean: 1.0,
            peak_to_trough: 9.0,
            peak_at: d(6 * 3600),
            starts_at: d(0),
            day_weights: [1.0; 7],
            start_day: 0,
        };
        let at = 3 * 3600 * SECOND;
        let sine = 1.0 + 0.8 * (std::f64::consts::TAU * 0.125f64).sin();
        assert!((w4.rate_at(SimTime::from_nanos(at)) - sine).abs() < 1e-4);
    }

    /// Seed 1, 2,000 expected changes: the time average lies within four standard errors of the long-run mean.
    #[test]
    fn a_modulated_rate_has_its_long_run_mean() {
        let state = |rate, secs| MmppState { rate, mean_stay: SimDuration::from_secs(secs) };
        let curve = Curve::Mmpp(vec![state(10.0, 30), state(100.0, 10)]);
        let horizon = 40_000;
        let mean = integral(&curve, horizon * SECOND) / horizon as f64;
        // Variance of the time average of a two-state process: 2 (a-b)^2 p q tau / T, tau = 1/(1/30 + 1/10).
        let error = (2.0 * 90.0f64.powi(2) * 0.75 * 0.25 * 7.5 / horizon as f64).sqrt();
        assert!((mean - 32.5).abs() < 4.0 * error, "mean {mean}, standard error {error}");
    }
}
