//! A schedule: sizes that are set at given times, whatever the load.

use crate::{PolicyError, arithmetic::clamp, error::validate_name};
use simscale_core::{Decision, Needs, Observation, Policy, Reason, SimTime};

/// Parameters of [`Schedule`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleParams {
    /// Name in outputs.
    pub name: String,
    /// What is set when; in any order, no two at the same time. Calendars, time zones and lateness are the caller's.
    pub entries: Vec<ScheduleEntry>,
}

/// What is set at a time: at least one of the three sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleEntry {
    /// Name in outputs.
    pub name: String,
    /// When.
    pub at: SimTime,
    /// The group's new smallest size; a smaller desired capacity is raised to it.
    pub min: Option<u32>,
    /// The group's new largest size; a larger desired capacity is lowered to it.
    pub max: Option<u32>,
    /// The group's new desired capacity, moved into the bounds.
    pub desired: Option<u32>,
}

/// Sets sizes at given times, in the manner of scheduled actions.
///
/// An entry ignores cooldowns and warm-up and does not hold what it sets: the next policy may change it again. An entry whose
/// bounds would cross the group's (a new smallest size above the present largest) fails as it would in AWS: nothing changes.
/// When several entries are due at one look, all are applied in order of time.
///
/// Source: EC2 Auto Scaling User Guide, "Scheduled scaling"; documented.
#[derive(Debug, Clone)]
pub struct Schedule {
    name: String,
    entries: Vec<ScheduleEntry>,
    /// The first entry that was not applied yet.
    next: usize,
}

/// The sizes of a group.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    min: u32,
    max: u32,
    desired: u32,
}

impl Schedule {
    /// Refuses no entries at all, two at one time, an entry that sets nothing, and one whose own sizes contradict each other.
    pub fn new(params: ScheduleParams) -> Result<Self, PolicyError> {
        validate_name(&params.name)?;
        if params.entries.is_empty() {
            return Err(PolicyError::new(
                "entries",
                "a schedule needs at least one entry, and this one has none",
            ));
        }
        for (place, entry) in params.entries.iter().enumerate() {
            validate_entry(entry).map_err(|error| error.inside(&format!("entries[{place}]")))?;
        }
        let mut entries = params.entries;
        entries.sort_by_key(|entry| entry.at);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].at == pair[1].at) {
            let sentence = format!(
                "AWS wants the start times of a group's scheduled actions to differ, but {} and {} both start at {}",
                pair[0].name, pair[1].name, pair[0].at
            );
            return Err(PolicyError::new("entries", sentence));
        }
        Ok(Schedule { name: params.name, entries, next: 0 })
    }

    /// Refuses an entry that, in a group with these bounds, would cross them or set a desired capacity outside them.
    ///
    /// For the caller that knows the group; entries are followed in order of time. AWS advises to include the bounds where
    /// the new desired capacity lies outside the present ones; refusing the rest is inferred.
    pub fn check_within(&self, min: u32, max: u32) -> Result<(), PolicyError> {
        let (mut min, mut max) = (min, max);
        for entry in &self.entries {
            (min, max) = (entry.min.unwrap_or(min), entry.max.unwrap_or(max));
            let desired = entry.desired.unwrap_or(min);
            if min > max || desired < min || desired > max {
                let size = entry.desired.map_or(String::new(), |desired| format!(" and desired {desired}"));
                let sentence = format!(
                    "entry {} leaves min {min}, max {max}{size}; AWS wants min <= desired <= max: include the bounds in the entry",
                    entry.name
                );
                return Err(PolicyError::new("entries", sentence));
            }
        }
        Ok(())
    }
}

/// One entry by itself.
fn validate_entry(entry: &ScheduleEntry) -> Result<(), PolicyError> {
    if entry.min.is_none() && entry.max.is_none() && entry.desired.is_none() {
        let sentence =
            "AWS wants at least one of min, max and desired in a scheduled action, and this one has none";
        return Err(PolicyError::new("desired", sentence));
    }
    let pairs = [
        ("min", entry.min, "max", entry.max),
        ("min", entry.min, "desired", entry.desired),
        ("desired", entry.desired, "max", entry.max),
    ];
    for (low_name, low, high_name, high) in pairs {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let sentence =
                format!("AWS wants min <= desired <= max, but {low_name} is {low} and {high_name} is {high}");
            return Err(PolicyError::new(low_name, sentence));
        }
    }
    Ok(())
}

/// The sizes after an entry; `None` when its bounds would cross.
fn apply(entry: &ScheduleEntry, sizes: Sizes) -> Option<Sizes> {
    let (min, max) = (entry.min.unwrap_or(sizes.min), entry.max.unwrap_or(sizes.max));
    let desired = clamp(entry.desired.unwrap_or(sizes.desired), min, max);
    (min <= max).then_some(Sizes { min, max, desired })
}

impl Policy for Schedule {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let ahead = |at: SimTime| at > now || now == SimTime::ZERO;
        self.entries[self.next..].iter().map(|entry| entry.at).find(|&at| ahead(at))
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let mut sizes = Sizes { min: seen.min, max: seen.max, desired: seen.desired };
        let (mut applied, mut failed) = (Vec::new(), Vec::new());
        while let Some(entry) = self.entries.get(self.next).filter(|entry| entry.at <= seen.now) {
            match apply(entry, sizes) {
                Some(after) => {
                    sizes = after;
                    applied.push(entry.name.as_str());
                }
                None => failed.push(entry.name.as_str()),
            }
            self.next += 1;
        }
        if applied.is_empty() {
            let reason = if failed.is_empty() {
                Reason::NoChange
            } else {
                Reason::Other(format!(
                    "schedule entry {} failed: its bounds cross the group's",
                    failed.join(", ")
                ))
            };
            return Decision::hold(reason);
        }
        let mut decision = Decision::desired(sizes.desired, Reason::Schedule { entry: applied.join(", ") });
        decision.bounds = Some((sizes.min, sizes.max));
        decision
    }
}
