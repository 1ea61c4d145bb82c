//! Parts of a run that mean what they mean in the whole run: from its start to a moment behind the peak, or some of its days.
//!
//! Nothing is moved: a part begins where the run begins, so that clocks, schedules, faults and the state in which the peak is met are
//! those of the run. What comes after its end is not simulated.

use crate::sweep::Prepared;
use simscale::Scenario;
use simscale::engine::{Curve, SimTime, TraceRow};
use simscale::text::{Document, Duration};

const DAY: u64 = 86_400_000_000_000;

/// Longest bin of a profile, nanoseconds.
const BIN: u64 = 300_000_000_000;

/// Fewest bins of a profile.
const BINS: u64 = 288;

/// From this share of the highest rate on, it is the peak.
const PEAK: f64 = 0.9;

/// Requests expected over a run, in bins of one length.
pub struct Profile {
    bin: u64,
    bins: Vec<f64>,
    /// The rate jumps at random: a short part of it may have no burst, or little else.
    random: bool,
}

/// Whether a rate is drawn.
fn random(curve: &Curve) -> bool {
    match curve {
        Curve::Mmpp(_) => true,
        Curve::Sum(parts) => parts.iter().any(random),
        Curve::Scaled(_, inner) => random(inner),
        _ => false,
    }
}

impl Profile {
    /// The profile of a cell's run; a Markov-modulated rate counts with its long-run mean.
    pub fn of(cell: &Prepared) -> Profile {
        let run = &cell.scenario.simulation;
        let length = run.duration.nanos();
        let bin = (length / BINS).clamp(1, BIN);
        let mut profile = Profile { bin, bins: vec![0.0; length.div_ceil(bin) as usize], random: false };
        if let Some(load) = cell.scenario.workload.load() {
            let curve = load.curve(run);
            profile.random = random(&curve);
            for (at, requests) in profile.bins.iter_mut().enumerate() {
                let middle = at as u64 * bin + bin / 2;
                *requests = curve.rate_at(SimTime::from_nanos(middle)) * bin as f64 / 1e9;
            }
        } else if let (Some(trace), Some(checked)) = (&cell.scenario.workload.trace, &cell.trace) {
            let offset = trace.offset.nanos();
            for row in checked.reader().into_iter().flatten() {
                let (start, width, count) = match row {
                    TraceRow::Bin { start, width, count } => {
                        (start.as_nanos(), width.as_nanos(), count * trace.scale)
                    }
                    TraceRow::Request { at, .. } => (at.as_nanos(), 1, 1.0),
                };
                profile.add(start, start + width.max(1), count, offset);
            }
        }
        profile
    }

    /// Spreads the requests of a stretch on the trace's clock evenly over its bins.
    fn add(&mut self, start: u64, end: u64, count: f64, offset: u64) {
        let end_of_run = self.bins.len() as u64 * self.bin;
        let (from, to) = (start.saturating_sub(offset), end.saturating_sub(offset).min(end_of_run));
        if from >= to {
            return;
        }
        for at in from / self.bin..=(to - 1) / self.bin {
            let inside = to.min((at + 1) * self.bin) - from.max(at * self.bin);
            self.bins[at as usize] += count * inside as f64 / (end - start) as f64;
        }
    }

    /// Requests up to a moment.
    pub fn until(&self, end: u64) -> f64 {
        self.bins[..(end.div_ceil(self.bin) as usize).min(self.bins.len())].iter().sum()
    }

    /// A moment behind the first day's highest rates, on a multiple of `unit`, or behind a quarter of a run that has no peak. `None`
    /// where little of the run would be left out, and where the rate is drawn.
    pub fn behind_peak(&self, lead_in: u64, length: u64, unit: u64) -> Option<u64> {
        if self.random {
            return None;
        }
        let first = ((lead_in / self.bin) as usize).min(self.bins.len() - 1);
        // The last bin may be cut off.
        let whole = (length / self.bin).max(first as u64 + 1) as usize;
        let counted = &self.bins[first..whole.min(self.bins.len())];
        let highest = counted.iter().copied().fold(0.0, f64::max);
        let lowest = counted.iter().copied().fold(f64::INFINITY, f64::min);
        let end = if lowest >= PEAK * highest {
            lead_in + (length - lead_in) / 4
        } else {
            let high = |requests: &f64| *requests >= PEAK * highest;
            let begin = counted.iter().position(high)?;
            let day = counted.len().min(begin + (DAY / self.bin) as usize);
            let last = begin + counted[begin..day].iter().rposition(high)?;
            // What the peak left behind is still to be seen.
            let rest = (length - lead_in).min(DAY) / 24;
            (first + last + 1) as u64 * self.bin + rest
        };
        let end = end.div_ceil(unit.max(1)) * unit.max(1);
        (end < length && self.until(end) < PEAK * self.until(length)).then_some(end)
    }
}

/// The same cell with its statistics from `lead_in` on, ended at `end`; `None` where the scenario plans something for later.
pub fn part(cell: &Prepared, lead_in: u64, end: u64) -> Option<Prepared> {
    let mut scenario = cell.scenario.clone();
    scenario.simulation.lead_in = Duration::from_nanos(lead_in)?.into();
    scenario.simulation.duration = Duration::from_nanos(end)?;
    let document = Document::parse(&cell.name, &scenario.to_toml()).ok()?;
    Scenario::read_document(&document).ok()?;
    Some(Prepared { scenario, ..cell.clone() })
}

/// How the days of a run are shared: those that the search sees, and those that it never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Begin and end of the statistics of the search, nanoseconds from the start of the run.
    pub seen: (u64, u64),
    /// The same of the days held out.
    pub held: (u64, u64),
    /// The days held out, such as "Friday to Sunday".
    pub days: String,
    /// Whether the search saw no Saturday or Sunday, or no other day.
    pub partial: bool,
}

const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Shares the whole days behind the lead-in: the fewest days at the end, or at the begin where that takes fewer, with a weekday, and from
/// a week on with a day of a weekend too. A day is 24 hours long and has the name of its middle.
///
/// # Errors
/// Why the days are not shared.
pub fn split(scenario: &Scenario) -> Result<Split, String> {
    let run = &scenario.simulation;
    let (lead_in, length) = (run.lead_in.nanos(), run.duration.nanos());
    let days = ((length - lead_in) / DAY) as usize;
    if days < 2 {
        return Err("the run has under two whole days behind its lead-in".to_owned());
    }
    let (clock, first) = run.local_start();
    let names: Vec<usize> = (0..days as u64)
        .map(|day| ((clock + lead_in + day * DAY + DAY / 2) / DAY + u64::from(first)) as usize % 7)
        .collect();
    let weekday = |day: &usize| *day < 5;
    let enough = |held: &[usize]| held.iter().any(weekday) && (days < 7 || !held.iter().all(weekday));
    let at = |day: usize| lead_in + day as u64 * DAY;
    for count in 1..days {
        for (held, seen) in [(days - count..days, 0..days - count), (0..count, count..days)] {
            if enough(&names[held.clone()]) {
                let (from, to) = (NAMES[names[held.start]], NAMES[names[held.end - 1]]);
                let seen_names = &names[seen.clone()];
                return Ok(Split {
                    seen: (at(seen.start), at(seen.end)),
                    held: (at(held.start), at(held.end)),
                    days: if count == 1 { from.to_owned() } else { format!("{from} to {to}") },
                    partial: days >= 7 && (seen_names.iter().all(weekday) || !seen_names.iter().any(weekday)),
                });
            }
        }
    }
    Err("none of its whole days that could be held out is a weekday".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(changes: &str) -> Prepared {
        let text = format!(
            "schema = 1\nname = \"x\"\n{changes}\n[service]\ncpu_time = {{ constant = \"20ms\" }}\n[instance]\nvcpus = 2\nprice = \"0.1 USD/h\"\n[group]\nmin = 1\nmax = 4\n"
        );
        let document = Document::parse("x.toml", &text).unwrap();
        let scenario = Scenario::read_document(&document).unwrap().resolved();
        Prepared {
            name: "x".into(),
            labels: Vec::new(),
            values: Vec::new(),
            scenario,
            trace: None,
            versus: None,
        }
    }

    const HOUR: u64 = DAY / 24;

    #[test]
    fn a_window_ends_behind_the_peak() {
        let day = "[simulation]\nduration = \"24h\"\n[workload.diurnal]\nmean = \"10/s\"\npeak_to_trough = 3.0\npeak_at = \"12:00\"\n";
        let day = cell(day);
        let profile = Profile::of(&day);
        assert!((profile.until(DAY) - 864_000.0).abs() < 10.0);
        // 1 + cos / 2 is nine tenths of 1.5 until cos = 0.7: 45.6 degrees, three hours and two minutes behind noon; and one hour more.
        let end = profile.behind_peak(0, DAY, 60_000_000_000).unwrap();
        assert!((16 * HOUR..16 * HOUR + 600_000_000_000).contains(&end), "{}", end as f64 / HOUR as f64);
        assert!(part(&day, 0, end).is_some());
        let flat = cell("[simulation]\nduration = \"4h\"\n[workload.constant]\nrate = \"10/s\"\n");
        assert_eq!(Profile::of(&flat).behind_peak(0, 4 * HOUR, 60_000_000_000), Some(HOUR));
        let late = cell(
            "[simulation]\nduration = \"1h\"\n[workload.flash_crowd]\nbase = \"1/s\"\npeak = \"100/s\"\nat = \"50m\"\nhold = \"10m\"\n",
        );
        assert_eq!(Profile::of(&late).behind_peak(0, HOUR, 60_000_000_000), None, "nothing would be saved");
        let drawn = cell(
            "[simulation]\nduration = \"4h\"\n[workload]\nmmpp = [{ rate = \"1/s\", mean_stay = \"9m\" }, { rate = \"9/s\", mean_stay = \"3m\" }]\n",
        );
        assert_eq!(
            Profile::of(&drawn).behind_peak(0, 4 * HOUR, 60_000_000_000),
            None,
            "a part has no bursts"
        );
    }

    #[test]
    fn what_is_planned_for_later_is_not_cut_off() {
        let plan = "[simulation]\nduration = \"4h\"\n[workload.constant]\nrate = \"10/s\"\n[[policy]]\nname = \"m\"\nmanual = { change = [{ at = \"3h\", desired = 2 }] }\n";
        let cell = cell(plan);
        assert!(part(&cell, 0, 2 * HOUR).is_none() && part(&cell, 0, 4 * HOUR).is_some());
    }

    #[test]
    fn days_held_out_have_a_weekday_and_from_a_week_on_a_weekend() {
        let shared = |days: u32, start: &str| {
            let settings = format!(
                "[simulation]\nduration = \"{days}d\"\nstart = \"{start}\"\n[workload.constant]\nrate = \"1/s\"\n"
            );
            split(&cell(&settings).scenario)
        };
        let monday = "2026-03-02T00:00:00Z";
        assert!(shared(1, monday).unwrap_err().contains("under two whole days"));
        let two = shared(2, monday).unwrap();
        assert_eq!((two.seen, two.held, &*two.days), ((0, DAY), (DAY, 2 * DAY), "Tuesday"));
        let week = shared(7, monday).unwrap();
        assert_eq!((week.held, &*week.days, week.partial), ((4 * DAY, 7 * DAY), "Friday to Sunday", true));
        let two_weeks = shared(14, monday).unwrap();
        assert_eq!((&*two_weeks.days, two_weeks.partial), ("Friday to Sunday", false));
        let from_saturday = shared(7, "2026-03-07T00:00:00Z").unwrap();
        assert_eq!((from_saturday.seen, &*from_saturday.days), ((3 * DAY, 7 * DAY), "Saturday to Monday"));
        assert!(shared(2, "2026-03-07T00:00:00Z").unwrap_err().contains("is a weekday"));
        assert_eq!(shared(2, "2026-03-01T00:00:00Z").unwrap().days, "Monday");
    }
}
