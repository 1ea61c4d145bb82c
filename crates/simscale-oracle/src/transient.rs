//! Load that changes with time: how many jobs are present at an instant, not on average.

use crate::check;
use crate::complex::Complex;
use crate::error::{ErrorKind, OracleError, Result};
use crate::service::ServiceLaw;

/// M(t)/G/infinity with a sinusoidal rate `base + amplitude sin(2 pi t / period + phase)`
/// (Eick, Massey, Whitt 1993). The number present is Poisson at every instant, so its variance is its mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Mtginf {
    base: f64,
    amplitude: f64,
    frequency: f64,
    phase: f64,
    service: ServiceLaw,
}

impl Mtginf {
    /// Rates per second with `0 <= amplitude <= base` and `base > 0`, `period` in seconds above 0, `phase` in radians.
    ///
    /// # Errors
    /// Out of domain when a value lies outside its range.
    pub fn new(base: f64, amplitude: f64, period: f64, phase: f64, service: ServiceLaw) -> Result<Self> {
        check::positive("the base rate", base)?;
        check::not_negative("the amplitude", amplitude)?;
        check::not_negative("the lowest rate", base - amplitude)?;
        check::positive("the period", period)?;
        check::finite("the phase", phase)?;
        Ok(Mtginf { base, amplitude, frequency: std::f64::consts::TAU / period, phase, service })
    }

    /// Arrival rate at `t`.
    pub fn rate(&self, t: f64) -> f64 {
        self.base + self.amplitude * (self.frequency * t + self.phase).sin()
    }

    /// Mean number present at `t` in the periodic regime,
    /// `base E[S] + amplitude Im(exp(i (w t + phase)) G)` with `G = (1 - S*(i w)) / (i w)`.
    ///
    /// Erlang C at this load is the modified-offered-load approximation of M(t)/M/c (Massey and Whitt 1994).
    ///
    /// # Errors
    /// Unsupported for lognormal and bounded Pareto service, whose transform has no closed form.
    pub fn mean_number(&self, t: f64) -> Result<f64> {
        let turned = Complex::cis(self.frequency * t + self.phase).mul(self.response()?);
        Ok(self.base * self.service.mean() + self.amplitude * turned.im)
    }

    /// Amplitude of the mean number present, `amplitude |G|`.
    ///
    /// # Errors
    /// As [`mean_number`](Mtginf::mean_number).
    pub fn number_amplitude(&self) -> Result<f64> {
        Ok(self.amplitude * self.response()?.abs())
    }

    /// Time by which the number present lags behind the rate, `-arg(G) / w`, within one period.
    ///
    /// # Errors
    /// As [`mean_number`](Mtginf::mean_number).
    pub fn lag(&self) -> Result<f64> {
        Ok((-self.response()?.arg()).rem_euclid(std::f64::consts::TAU) / self.frequency)
    }

    /// Mean number present at `t >= 0` when the system was empty at 0, for any service law.
    ///
    /// # Errors
    /// As [`mean_number_from_empty`].
    pub fn mean_number_from_empty(&self, t: f64) -> Result<f64> {
        mean_number_from_empty(|u| self.rate(u), &self.service, t)
    }

    /// `G`, the transform of the service tail.
    fn response(&self) -> Result<Complex> {
        let w = self.frequency;
        match self.service.transform(w) {
            Some(s) => Ok(Complex::new(1.0 - s.re, -s.im).mul(Complex::new(0.0, -1.0 / w))),
            None => Err(OracleError::new(
                ErrorKind::Unsupported,
                format!("the transform of {:?} has no closed form", self.service),
            )),
        }
    }
}

/// Mean number present at `t` in M(t)/G/infinity started empty, `integral_0^t rate(u) P(S > t - u) du`
/// (Eick, Massey, Whitt 1993). The number is Poisson with this mean.
///
/// Integrated to a relative accuracy of about 1e-11 for smooth rates; a rate with jumps costs digits near the jumps.
///
/// # Errors
/// Out of domain when `t` is negative or the rate returns a number that is negative or not finite.
pub fn mean_number_from_empty(rate: impl Fn(f64) -> f64, service: &ServiceLaw, t: f64) -> Result<f64> {
    check::not_negative("the time", t)?;
    let part = |age: f64| rate(t - age) * service.tail(age);
    let mut cuts: Vec<f64> = service.corners().into_iter().filter(|corner| *corner < t).collect();
    // Beyond this age nothing is left.
    let mut oldest = service.mean();
    while oldest < t && service.tail(oldest) > 1e-18 {
        cuts.push(oldest);
        oldest *= 2.0;
    }
    cuts.extend([0.0, t.min(oldest)]);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let mut sum = 0.0;
    for pair in cuts.windows(2) {
        let panels = 16;
        let width = (pair[1] - pair[0]) / f64::from(panels);
        for panel in 0..panels {
            let low = pair[0] + f64::from(panel) * width;
            sum += adaptive(&part, low, low + width, gauss(&part, low, low + width), 24);
        }
    }
    check::not_negative("the mean number present", sum)
}

/// Nodes and weights of the ten-point Gauss-Legendre rule on -1..1, one half of them.
const GAUSS: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

fn gauss(f: &impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    half * GAUSS.iter().map(|(x, w)| w * (f(centre - half * x) + f(centre + half * x))).sum::<f64>()
}

/// Halves the interval until the rule agrees with itself.
fn adaptive(f: &impl Fn(f64) -> f64, low: f64, high: f64, whole: f64, depth: u32) -> f64 {
    let middle = 0.5 * (low + high);
    let (left, right) = (gauss(f, low, middle), gauss(f, middle, high));
    if depth == 0 || (left + right - whole).abs() <= 1e-12 * (left + right).abs() {
        return left + right;
    }
    adaptive(f, low, middle, left, depth - 1) + adaptive(f, middle, high, right, depth - 1)
}
