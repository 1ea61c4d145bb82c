//! Axes: the time of the simulated day, and values on a linear or logarithmic scale with ticks a person would choose.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// An axis of numbers.
#[derive(Debug, Clone)]
pub struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
    ticks: Vec<f64>,
    /// Whether the ticks of an axis of time are whole days.
    days: bool,
}

impl Axis {
    /// Time from `from` to `to`, seconds since the start of the run, with ticks at round times of the day; the run starts
    /// `day_s` seconds after midnight.
    pub fn time(from: f64, to: f64, day_s: f64) -> Axis {
        const STEPS: [f64; 20] = [
            1.0,
            5.0,
            10.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            900.0,
            1800.0,
            3600.0,
            7200.0,
            10_800.0,
            21_600.0,
            43_200.0,
            86_400.0,
            172_800.0,
            259_200.0,
            604_800.0,
            1_209_600.0,
        ];
        let fits = |step: &f64| (to - from) / step <= 13.0;
        let four_weeks = 28.0 * 86_400.0;
        let larger = ((to - from) / 13.0 / four_weeks).ceil() * four_weeks;
        let step = STEPS.into_iter().find(fits).unwrap_or(larger);
        let first = ((from + day_s) / step).ceil() * step - day_s;
        let ticks =
            (0..).map(|i| first + step * f64::from(i)).take_while(|&tick| tick <= to + 1e-6).collect();
        Axis { from, to, logarithmic: false, ticks, days: step >= 86_400.0 }
    }

    /// From zero to a little above `max`.
    pub fn from_zero(max: f64) -> Axis {
        let to = if max > 0.0 { max * 1.08 } else { 1.0 };
        Axis { from: 0.0, to, logarithmic: false, ticks: linear_ticks(to), days: false }
    }

    /// The same with ticks at whole numbers only.
    pub fn of_counts(max: f64) -> Axis {
        let mut axis = Axis::from_zero(max.max(1.0));
        let step = axis.ticks.get(1).map_or(1.0, |step| if *step == 2.5 { 2.0 } else { step.max(1.0) });
        axis.ticks = (0..).map(|i| step * f64::from(i)).take_while(|&tick| tick <= axis.to).collect();
        axis
    }

    /// From zero to a bound, exactly.
    pub fn to_bound(bound: f64) -> Axis {
        Axis { from: 0.0, to: bound, logarithmic: false, ticks: linear_ticks(bound), days: false }
    }

    /// From below `min` to above `max`, both above zero.
    pub fn logarithmic(min: f64, max: f64) -> Axis {
        let (from, to) = (min / 1.25, max * 1.25);
        let decades = (to / from).log10();
        let steps: &[f64] = match decades {
            d if d < 2.2 => &[1.0, 2.0, 5.0],
            d if d < 3.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let powers = (from.log10().floor() as i32)..=(to.log10().ceil() as i32);
        let ticks = powers.flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        let ticks = ticks.filter(|&tick| tick >= from && tick <= to).collect();
        Axis { from, to, logarithmic: true, ticks, days: false }
    }

    /// The time of the simulated day at `seconds` of a run that starts `day_s` after midnight: `08:30`, or `day 3` at a
    /// midnight that is not the first, or where all ticks are midnights.
    pub fn clock(&self, seconds: f64, day_s: f64) -> String {
        let total = (seconds + day_s).round() as i64;
        let (day, rest) = (total.div_euclid(86_400), total.rem_euclid(86_400));
        let (hours, minutes, secs) = (rest / 3600, rest / 60 % 60, rest % 60);
        match (rest, secs) {
            (0, _) if day > 0 || self.days => format!("day {}", day + 1),
            (_, 0) => format!("{hours:02}:{minutes:02}"),
            _ => format!("{hours:02}:{minutes:02}:{secs:02}"),
        }
    }

    /// The value nearest to `value` that lies on the axis.
    pub fn clamp(&self, value: f64) -> f64 {
        value.clamp(self.from, self.to)
    }
}

/// Four to six round values from zero on.
fn linear_ticks(to: f64) -> Vec<f64> {
    let rough = to / 4.5;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|n| n * power)
        .find(|&step| step >= rough)
        .unwrap_or(power);
    (0..).map(|i| step * f64::from(i)).take_while(|&tick| tick <= to * (1.0 + 1e-9)).collect()
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let place = |v: f64| if self.logarithmic { v.max(1e-12).ln() } else { v };
        let share = (place(*value) - place(self.from)) / (place(self.to) - place(self.from));
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        crate::number::plain(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: f64, to: f64, day_s: f64) -> Vec<String> {
        let axis = Axis::time(from, to, day_s);
        axis.ticks.iter().map(|&tick| axis.clock(tick, day_s)).collect()
    }

    #[test]
    fn times_are_round_on_the_clock_of_the_day() {
        let day = labels(0.0, 86_400.0, 0.0);
        assert_eq!((day[0].as_str(), day[1].as_str(), day[12].as_str()), ("00:00", "02:00", "day 2"));
        assert_eq!(labels(0.0, 600.0, 8.5 * 3600.0)[..2], ["08:30", "08:31"]);
        assert_eq!(labels(0.0, 3600.0, 8.58 * 3600.0)[0], "08:35");
        assert_eq!(labels(0.0, 10.0 * 86_400.0, 0.0)[..2], ["day 1", "day 2"]);
        for hours in [0.01, 0.3, 5.0, 30.0, 200.0, 5000.0, 90_000.0] {
            let n = labels(0.0, hours * 3600.0, 12_345.0).len();
            assert!((3..=14).contains(&n), "{hours} h have {n} ticks");
        }
    }

    #[test]
    fn values_have_a_handful_of_round_ticks() {
        for max in [0.3, 1.0, 7.0, 42.0, 999.0, 1e6] {
            let ticks = Axis::from_zero(max).ticks;
            assert!((3..=7).contains(&ticks.len()), "{max}: {ticks:?}");
        }
        for max in [1.0, 3.0, 7.0, 10.0, 11.0, 42.0, 5000.0] {
            let ticks = Axis::of_counts(max).ticks;
            assert!(
                (2..=7).contains(&ticks.len()) && ticks.iter().all(|tick| tick.fract() == 0.0),
                "{max}: {ticks:?}"
            );
        }
        assert_eq!(Axis::to_bound(100.0).ticks, [0.0, 25.0, 50.0, 75.0, 100.0]);
        for (min, max) in [(0.01, 0.2), (0.001, 10.0), (0.02, 0.05), (1e-4, 100.0)] {
            let ticks = Axis::logarithmic(min, max).ticks;
            assert!((2..=9).contains(&ticks.len()), "{min} to {max}: {ticks:?}");
        }
    }
}
