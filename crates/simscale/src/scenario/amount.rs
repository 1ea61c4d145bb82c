//! What a run amounts to: its steps, periods and calendar moments, bounded before it starts. What is allowed may take days and ends; what is
//! not would fill a disk, or outlive whoever started it.

use super::fault::FaultTime;
use super::workload::HIGHEST;
use super::{Load, Rates, Scenario};
use crate::text::{Check, Duration};

/// Most steps of a run: requests with all their retries, and what happens to every instance in every interval. Between a day and a week on
/// one processor.
pub const MOST_STEPS: f64 = 1e12;

/// Most metric periods, and windows of one objective, in a run: each has a row or an interval of its own.
pub const MOST_PERIODS: u64 = 10_000_000;

/// Most moments of the calendar in a run, of all entries of schedules and all operations together.
pub const MOST_MOMENTS: u64 = 200_000;

/// Longest piece of a smooth load.
const PIECE: Duration = Duration::from_secs(1);

/// A mistake of amount: path, rule, fix.
type TooMuch = (String, String, String);

impl Scenario {
    /// Reports what is too much; nothing that takes time or memory by the amount may come before it. True when all is well.
    pub(super) fn check_amount(&self, check: &mut Check<'_>) -> bool {
        let mut found: Vec<TooMuch> = self.too_many_periods();
        found.extend(self.too_many_moments());
        found.extend(self.too_many_steps(None));
        for (path, rule, hint) in &found {
            check.fail(path, rule.as_str(), hint.as_str());
        }
        found.is_empty()
    }

    /// Why a run on a recorded trace with these rates is too long, in a sentence with its fix; `None` when it is not.
    pub fn too_long(&self, trace: Rates) -> Option<String> {
        let (_, rule, hint) = self.too_many_steps(Some(trace))?;
        Some(format!("simulation.duration: {rule}; {hint}"))
    }

    /// How many of these intervals the run has.
    fn times(&self, every: Duration) -> f64 {
        self.simulation.duration.seconds() / every.seconds().max(1e-9)
    }

    fn too_many_periods(&self) -> Vec<TooMuch> {
        let period = ("metrics.period".to_owned(), "periods", Some(self.metrics.period));
        let windows = self.objective.iter().map(|objective| {
            let window = objective.latency.as_ref().map(|latency| latency.window);
            (format!("objective.{}.latency.window", objective.name), "windows", window)
        });
        let all = std::iter::once(period).chain(windows);
        let many = all.filter(|(_, _, every)| {
            every.is_some_and(|every| !every.is_zero() && self.times(every) > MOST_PERIODS as f64)
        });
        many.map(|(path, what, every)| {
            let count = self.times(every.unwrap_or_default());
            let rule = format!("makes {count:.0} {what} in a run; {MOST_PERIODS} are the most");
            (path, rule, "write a longer one, or a shorter simulation.duration".to_owned())
        })
        .collect()
    }

    fn too_many_moments(&self) -> Option<TooMuch> {
        let schedules = self.policy.iter().filter_map(|policy| policy.schedule.as_ref());
        let entries = schedules.flat_map(|schedule| &schedule.entry).map(|entry| entry.when());
        let all = entries.chain(self.operation.iter().map(|operation| operation.when()));
        let count = all.fold(0u64, |sum, when| sum.saturating_add(when.most(&self.simulation)));
        let path = if self.operation.is_empty() { "policy" } else { "operation" };
        (count > MOST_MOMENTS).then(|| {
            let rule = format!(
                "schedules and operations may act {count} times in a run; {MOST_MOMENTS} in all are the most"
            );
            (path.to_owned(), rule, "let them act less often, or shorten simulation.duration".to_owned())
        })
    }

    /// The parts of a run that grow with its length, largest first.
    fn steps(&self, trace: Option<Rates>) -> Vec<(&'static str, f64)> {
        let run = self.simulation.duration;
        let load = self.workload.load();
        let arrivals = match trace {
            Some(rates) => rates.mean * run.seconds(),
            // A rate that cannot be has its own message.
            None => load.as_ref().filter(|load| load.highest() <= HIGHEST).map_or(0.0, |load| load.most(run)),
        };
        let sessions =
            self.clients.sessions.as_ref().map_or(1.0, |sessions| sessions.requests.mean().max(1.0));
        let attempts = self.clients.retries.as_ref().map_or(1.0, |retries| 1.0 + f64::from(retries.max));
        let instances = f64::from(self.group.max) + self.machine.len() as f64;
        let health = self.balancer.health_check.as_ref().filter(|_| self.queue.is_none());
        let checks = health.map_or(0.0, |check| self.times(check.interval.max(Duration::from_secs(1))));
        let looks = (self.policy.len() + self.objective.len()) as f64 * self.times(Duration::from_secs(1));
        let faults = self.fault.iter().map(|fault| match fault.when {
            FaultTime::Every(mean) => self.times(mean),
            FaultTime::At(_) => 1.0,
        });
        let mut parts = vec![
            ("requests with their retries", arrivals * sessions * attempts),
            ("health checks", checks * instances),
            ("instances times periods", self.times(self.metrics.period) * instances),
            ("looks of policies", looks),
            ("faults", faults.sum()),
            ("changes of the load", load.map_or(0.0, |load| load.changes(run) * load.parts())),
        ];
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        parts
    }

    fn too_many_steps(&self, trace: Option<Rates>) -> Option<TooMuch> {
        let parts = self.steps(trace);
        let sum: f64 = parts.iter().map(|part| part.1).sum();
        (sum > MOST_STEPS).then(|| {
            let (what, count) = parts[0];
            let rule = format!(
                "lets the run have up to {sum:.1e} steps, {count:.1e} of them {what}; {MOST_STEPS:.0e} are the most"
            );
            let hint = "shorten the run, or make that part smaller".to_owned();
            ("simulation.duration".to_owned(), rule, hint)
        })
    }
}

impl Load {
    /// The most requests of a run of this length.
    fn most(&self, run: Duration) -> f64 {
        let whole = run.seconds();
        match self {
            Load::Steps(steps) => {
                let ends = steps.iter().skip(1).map(|step| step.at).chain([run]);
                let part = |(step, end): (&super::load::LoadStep, Duration)| {
                    let length = end.min(run).seconds() - step.at.seconds();
                    step.rate.per_second() * length.max(0.0)
                };
                steps.iter().zip(ends).map(part).sum()
            }
            Load::FlashCrowd(load) => {
                let crowd = load.rise.seconds() + load.hold.seconds() + load.fall.seconds();
                let above = (load.peak.per_second() - load.base.per_second()).max(0.0);
                load.base.per_second() * whole + above * crowd.min(whole)
            }
            Load::Sum(parts) => parts.iter().map(|part| part.most(run)).sum(),
            Load::Scaled(scaled) => scaled.factor * scaled.load.most(run),
            load => load.highest() * whole,
        }
    }

    /// How many loads it is made of.
    pub(super) fn parts(&self) -> f64 {
        match self {
            Load::Sum(parts) => parts.iter().map(Load::parts).sum(),
            Load::Scaled(scaled) => scaled.load.parts(),
            _ => 1.0,
        }
    }

    /// How often its rate may change in a run.
    fn changes(&self, run: Duration) -> f64 {
        match self {
            Load::Constant(_) => 0.0,
            Load::Steps(steps) => steps.len() as f64,
            Load::Mmpp(states) => {
                let stay = states.iter().map(|state| state.mean_stay.seconds()).fold(f64::INFINITY, f64::min);
                run.seconds() / stay.max(1e-3)
            }
            Load::Sum(parts) => parts.iter().map(|part| part.changes(run)).sum(),
            Load::Scaled(scaled) => scaled.load.changes(run),
            Load::Ramp(_) | Load::Diurnal(_) | Load::Weekly(_) | Load::FlashCrowd(_) => {
                run.seconds() / PIECE.seconds()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;

    /// The starter scenario with a part of its text replaced; its mistakes.
    fn mistakes(changes: &[(&str, &str)]) -> String {
        let overrides: Vec<_> =
            changes.iter().map(|(path, value)| crate::text::Override::new(*path, *value)).collect();
        let text = crate::scenario::starter("s");
        Scenario::read("s.toml", &text, &overrides)
            .map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
    }

    #[test]
    fn what_nobody_would_see_the_end_of_is_refused_with_its_largest_part() {
        let load = |rate: &str| format!("{{ constant = {{ rate = \"{rate}\" }} }}");
        let year = ("simulation.duration", "365d");
        let text = mistakes(&[year, ("workload", &load("1e9/s"))]);
        assert!(
            text.contains("simulation.duration: \"365d\"") || text.contains("simulation.duration: 365d"),
            "{text}"
        );
        assert!(
            text.contains("of them requests with their retries; 1e12 are the most; shorten the run"),
            "{text}"
        );
        assert_eq!(mistakes(&[year, ("workload", &load("1e4/s"))]), "", "3e11 requests are allowed");
        let crowd = "{ flash_crowd = { base = \"1/s\", peak = \"1e6/s\", at = \"1h\", hold = \"1h\" } }";
        assert_eq!(mistakes(&[year, ("workload", crowd)]), "", "the peak lasts an hour");
        let text = mistakes(&[
            ("simulation.duration", "3650d"),
            ("workload", &load("0/s")),
            ("group.max", "100000"),
            ("balancer.health_check.interval", "1s"),
            ("balancer.health_check.timeout", "900ms"),
        ]);
        assert!(text.contains("of them health checks"), "{text}");
        let state = "{ rate = \"1/s\", mean_stay = \"1ms\" }";
        let mmpp = format!("{{ mmpp = [{state}, {state}] }}");
        let sum = format!("{{ sum = [{}] }}", vec![mmpp; 3000].join(", "));
        assert!(mistakes(&[("workload", &sum)]).contains("of them changes of the load"));
    }

    #[test]
    fn periods_and_windows_are_counted() {
        let text = mistakes(&[
            ("simulation.duration", "3650d"),
            ("workload", "{ constant = { rate = \"1/s\" } }"),
            ("metrics.period", "1s"),
            (
                "objective",
                "[{ name = \"fast\", latency = { quantile = 0.9, below = \"1s\", window = \"1s\" } }]",
            ),
        ]);
        for part in ["metrics.period", "objective.fast.latency.window", "in a run; 10000000 are the most"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn calendar_moments_are_counted_over_all_entries_before_any_is_expanded() {
        let entry = |n: usize| format!("{{ name = \"e{n}\", cron = \"{n} * * * *\", min = 1 }}");
        let entries: Vec<String> = (0..50).map(entry).collect();
        let policy = format!("[{{ name = \"p\", schedule = {{ entry = [{}] }} }}]", entries.join(", "));
        let text = mistakes(&[
            ("simulation.duration", "3650d"),
            ("workload", "{ constant = { rate = \"1/s\" } }"),
            ("policy", &policy),
        ]);
        assert!(text.contains("may act 4381200 times in a run; 200000 in all are the most"), "{text}");
    }
}
