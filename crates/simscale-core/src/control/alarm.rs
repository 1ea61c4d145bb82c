//! An alarm: M of the last N datapoints beyond a threshold, with CloudWatch's rule for missing ones.

use super::series::Reading;
use super::{Datapoint, Metric, Statistic};
use crate::world::MetricQuery;

/// Datapoints fetched beyond those evaluated: the range of the documentation's example (5 for N = 3). The general size is
/// undocumented (aws.md 6.4).
const EXTRA_RANGE: usize = 2;

/// How an alarm is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSpec {
    /// Name in outputs.
    pub name: String,
    /// What it watches.
    pub query: MetricQuery,
    /// How a value breaches.
    pub comparison: Comparison,
    /// The threshold, in the metric's unit.
    pub threshold: f64,
    /// N: datapoints evaluated, at least 1.
    pub evaluation_periods: u32,
    /// M: breaching datapoints that make an alarm, 1 to N.
    pub datapoints_to_alarm: u32,
    /// What a missing datapoint counts as.
    pub missing_data: MissingData,
    /// How the windows of its datapoints lie.
    pub window: Window,
    /// What percentiles of few samples do (`EvaluateLowSampleCountPercentile`).
    pub low_samples: LowSamples,
}

/// How the windows of an alarm's datapoints lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// The newest ends with the newest minute that is published, so a longer period slides on by a minute; the default.
    #[default]
    Sliding,
    /// They begin at whole multiples of the period.
    WallClock,
}

/// What an alarm on a percentile does when a datapoint stands on too few samples: fewer than 10/(1-p) for p of 0.5 and above, fewer
/// than 10/p below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LowSamples {
    /// It is evaluated all the same; the default.
    #[default]
    Evaluate,
    /// The state is kept while any evaluated datapoint is such a one.
    Ignore,
}

impl LowSamples {
    /// Whether a percentile, in millionths, of so many samples is not evaluated.
    fn skips(self, ppm: u32, samples: u64) -> bool {
        let tail = if ppm >= 500_000 { 1_000_000 - ppm.min(1_000_000) } else { ppm };
        self == LowSamples::Ignore && u128::from(samples) * u128::from(tail) < 10_000_000
    }
}

/// How a value breaches a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// value > threshold
    GreaterThanThreshold,
    /// value >= threshold
    GreaterThanOrEqualToThreshold,
    /// value < threshold
    LessThanThreshold,
    /// value <= threshold
    LessThanOrEqualToThreshold,
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Comparison::GreaterThanThreshold => ">",
            Comparison::GreaterThanOrEqualToThreshold => ">=",
            Comparison::LessThanThreshold => "<",
            Comparison::LessThanOrEqualToThreshold => "<=",
        })
    }
}

/// What a missing datapoint counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// It is left out; with no data at all the state becomes INSUFFICIENT_DATA.
    Missing,
    /// The state is kept.
    Ignore,
    /// It breaches.
    Breaching,
    /// It does not breach.
    NotBreaching,
}

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Not breaching.
    Ok,
    /// Breaching.
    Alarm,
    /// Nothing known.
    InsufficientData,
}

impl std::fmt::Display for AlarmState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            AlarmState::Ok => "OK",
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        })
    }
}

impl Comparison {
    /// Whether `value` breaches `threshold`.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::GreaterThanThreshold => value > threshold,
            Comparison::GreaterThanOrEqualToThreshold => value >= threshold,
            Comparison::LessThanThreshold => value < threshold,
            Comparison::LessThanOrEqualToThreshold => value <= threshold,
        }
    }
}

/// An alarm with its state.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub spec: AlarmSpec,
    pub state: AlarmState,
    /// Real datapoints of the last evaluation, oldest first.
    pub evaluated: Vec<Datapoint>,
    /// When the last datapoint of the last evaluation could be seen, ns.
    pub known: u64,
    /// When it is evaluated next, ns.
    pub next: u64,
    /// When it last called its policy, ns, if it has been in ALARM since.
    acted: Option<u64>,
}

impl Alarm {
    pub fn new(spec: AlarmSpec, first: u64) -> Self {
        let state = AlarmState::InsufficientData;
        Alarm { spec, state, evaluated: Vec::new(), known: 0, next: first, acted: None }
    }

    /// How many periods back the alarm looks.
    pub fn range(&self) -> usize {
        self.spec.evaluation_periods as usize + EXTRA_RANGE
    }

    /// Evaluates over a range of periods, oldest first; `None` stands for a missing datapoint.
    pub fn evaluate(&mut self, range: &[Option<Reading>]) {
        let n = self.spec.evaluation_periods as usize;
        let breach: Vec<Option<bool>> = range
            .iter()
            .map(|r| r.map(|r| self.spec.comparison.breaches(r.point.value, self.spec.threshold)))
            .collect();
        let real: Vec<Reading> = range.iter().flatten().copied().collect();
        let evaluated = &real[real.len().saturating_sub(n)..];
        self.evaluated = evaluated.iter().map(|r| r.point).collect();
        self.known = evaluated.iter().map(|r| r.known).max().unwrap_or(0);
        if evaluated.iter().any(|r| self.too_few(r.samples)) {
            return;
        }
        self.state =
            judge(&breach, n, self.spec.datapoints_to_alarm as usize, self.spec.missing_data, self.state);
    }

    /// Whether a datapoint stands on too few samples to be evaluated.
    fn too_few(&self, samples: u64) -> bool {
        let ppm = match (&self.spec.query.metric, self.spec.query.statistic) {
            (_, Statistic::SampleCount) => return false,
            (Metric::ResponseTime(ppm), _) => *ppm,
            (_, Statistic::Percentile(ppm)) => ppm,
            _ => return false,
        };
        self.spec.low_samples.skips(ppm, samples)
    }

    /// Whether the alarm calls its policy now: at the transition to ALARM, and then once a minute while it stays there, however often it
    /// is evaluated (CloudWatch User Guide, "Alarm actions": Auto Scaling actions repeat once a minute).
    pub fn acts(&mut self, now: u64, minute: u64) -> bool {
        if self.state != AlarmState::Alarm {
            self.acted = None;
            return false;
        }
        let acts = self.acted.is_none_or(|at| now >= at + minute);
        if acts {
            self.acted = Some(now);
        }
        acts
    }
}

/// The state that CloudWatch's table gives (aws.md 6.4), oldest point first.
fn judge(range: &[Option<bool>], n: usize, m: usize, missing: MissingData, now: AlarmState) -> AlarmState {
    use AlarmState::{Alarm, InsufficientData, Ok};
    let real: Vec<bool> = range.iter().flatten().copied().collect();
    let verdict = |alarm: bool| if alarm { Alarm } else { Ok };
    if real.len() >= n {
        return verdict(real[real.len() - n..].iter().filter(|&&b| b).count() >= m);
    }
    let breaching = real.iter().filter(|&&b| b).count();
    let filled = n - real.len();
    if real.is_empty() {
        return match missing {
            MissingData::Missing => InsufficientData,
            MissingData::Ignore => now,
            MissingData::Breaching => Alarm,
            MissingData::NotBreaching => Ok,
        };
    }
    if breaching < real.len() {
        let extra = if missing == MissingData::Breaching { filled } else { 0 };
        return verdict(breaching + extra >= m);
    }
    match missing {
        MissingData::Breaching => Alarm,
        MissingData::NotBreaching => verdict(breaching >= m),
        MissingData::Ignore if breaching >= m => Alarm,
        MissingData::Ignore => now,
        MissingData::Missing => {
            let oldest = range.iter().position(Option::is_some).expect("a real point was counted");
            let age = range.len() - oldest;
            if breaching >= m || age >= m { Alarm } else { now }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Metric, Statistic};
    use crate::kernel::{SimDuration, SimTime};

    const TREATMENTS: [MissingData; 4] =
        [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching];

    /// Lines of a case file, comments aside, split at blanks.
    fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
        file.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(' ').collect())
    }

    fn points(text: &str) -> Vec<Option<bool>> {
        text.chars().map(|c| (c != '-').then_some(c == 'X')).collect()
    }

    fn state(letter: char) -> AlarmState {
        match letter {
            'O' => AlarmState::Ok,
            'A' => AlarmState::Alarm,
            'I' => AlarmState::InsufficientData,
            other => panic!("no state {other}"),
        }
    }

    fn alarm(m: u32, n: u32, missing_data: MissingData) -> Alarm {
        let query = MetricQuery {
            metric: Metric::CpuUtilization,
            period: SimDuration::from_secs(60),
            statistic: Statistic::Average,
        };
        let spec = AlarmSpec {
            name: "high".into(),
            query,
            comparison: Comparison::GreaterThanThreshold,
            threshold: 3.0,
            evaluation_periods: n,
            datapoints_to_alarm: m,
            missing_data,
            window: Window::Sliding,
            low_samples: LowSamples::Evaluate,
        };
        Alarm::new(spec, 0)
    }

    fn datapoint(minute: usize, value: f64) -> Reading {
        let period = SimDuration::from_secs(60);
        let point = Datapoint { start: SimTime::from_nanos(minute as u64 * 60_000_000_000), period, value };
        Reading { point, samples: 1, known: 0 }
    }

    /// Proves that `judge` gives every documented row of CloudWatch's table and every row of the grid derived from it. A state that
    /// is kept is also kept when it is INSUFFICIENT_DATA; one that is not kept does not depend on the state before.
    #[test]
    fn states_with_missing_datapoints_follow_the_table_of_cloudwatch() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        let mut cells = 0;
        for row in rows(include_str!("../../tests/cases/missing_data.txt")) {
            let (m, n, range) = (row[0].parse().unwrap(), row[1].parse().unwrap(), points(row[2]));
            for (missing, want) in TREATMENTS.into_iter().zip(&row[3..]) {
                let got = |before| judge(&range, n, m, missing, before);
                match *want {
                    "?" => continue,
                    "!A" => assert!(got(Ok) != Alarm && got(InsufficientData) != Alarm, "{row:?}"),
                    want => {
                        let want: Vec<AlarmState> = want.chars().map(state).collect();
                        assert_eq!([got(Ok), got(Alarm)], want[..], "{missing:?} of {row:?}");
                        let kept = want == [Ok, Alarm];
                        assert_eq!(
                            got(InsufficientData),
                            if kept { InsufficientData } else { want[0] },
                            "{row:?}"
                        );
                    }
                }
                cells += 1;
            }
        }
        assert_eq!(cells, 10 * 4 + 2 + 513 * 4, "cells of the table");
    }

    /// Proves that an alarm walks through the documented timelines: over the points there are, and with every treatment that keeps
    /// its hands off a short history.
    #[test]
    fn timelines_without_gaps_follow_the_figure_of_cloudwatch() {
        for row in rows(include_str!("../../tests/cases/alarm_timeline.txt")) {
            let (m, n) = (row[1].parse().unwrap(), row[2].parse().unwrap());
            for missing in [MissingData::Missing, MissingData::Ignore, MissingData::NotBreaching] {
                let mut alarm = alarm(m, n, missing);
                alarm.state = AlarmState::Ok;
                let mut range = vec![None; alarm.range()];
                for (i, (point, want)) in row[3].chars().zip(row[4].chars()).enumerate() {
                    range.remove(0);
                    range.push(Some(datapoint(i, if point == 'X' { 4.0 } else { 3.0 })));
                    alarm.evaluate(&range);
                    assert_eq!(alarm.state, state(want), "{} with {missing:?}, period {i}", row[0]);
                    assert_eq!(alarm.evaluated.len(), (i + 1).min(n as usize));
                    assert_eq!(alarm.evaluated.last(), range.last().unwrap().as_ref().map(|r| &r.point));
                }
            }
        }
    }

    /// Proves the published numbers of samples, and that an alarm that ignores low samples keeps its state on one sample less and
    /// moves on with the full number, while the default always moves on.
    #[test]
    fn percentiles_of_few_samples_keep_the_state_where_it_is_asked() {
        let cases = rows(include_str!("../../tests/cases/low_sample_percentile.txt"));
        let mut counted = 0;
        for row in cases {
            let (ppm, least): (u32, u64) = (row[0].parse().unwrap(), row[1].parse().unwrap());
            for low_samples in [LowSamples::Ignore, LowSamples::Evaluate] {
                for (samples, enough) in [(least - 1, low_samples == LowSamples::Evaluate), (least, true)] {
                    let mut alarm = alarm(1, 1, MissingData::Missing);
                    alarm.spec.low_samples = low_samples;
                    alarm.spec.query.statistic = Statistic::Percentile(ppm);
                    alarm.evaluate(&[Some(Reading { samples, ..datapoint(0, 4.0) })]);
                    let want = if enough { AlarmState::Alarm } else { AlarmState::InsufficientData };
                    assert_eq!(alarm.state, want, "{row:?} with {samples} samples, {low_samples:?}");
                }
            }
            counted += 1;
        }
        assert_eq!(counted, 4, "cases of the table");
    }

    /// Proves that gaps are skipped in what an alarm shows, that the range is N + 2, and that a value on the threshold breaches
    /// exactly the comparisons that include it.
    #[test]
    fn an_alarm_shows_the_last_real_points_and_compares_as_it_says() {
        let mut alarm = alarm(2, 3, MissingData::Missing);
        assert_eq!(alarm.range(), 5);
        let range = [4.0, 9.0, 5.0, 2.0].map(|v| Some(datapoint(v as usize, v)));
        alarm.evaluate(&[range[0], range[1], None, range[2], range[3]]);
        assert_eq!(alarm.evaluated, range[1..].iter().flatten().map(|r| r.point).collect::<Vec<_>>());
        assert_eq!(alarm.state, AlarmState::Alarm, "9 and 5 of the last three");
        let all = [
            (Comparison::GreaterThanThreshold, [false, false, true]),
            (Comparison::GreaterThanOrEqualToThreshold, [false, true, true]),
            (Comparison::LessThanThreshold, [true, false, false]),
            (Comparison::LessThanOrEqualToThreshold, [true, true, false]),
        ];
        for (comparison, want) in all {
            assert_eq!([2.9, 3.0, 3.1].map(|v| comparison.breaches(v, 3.0)), want, "{comparison}");
        }
    }
}
