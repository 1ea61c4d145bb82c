//! Manual changes: desired capacities that a user sets at stated times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::SimTime;
use simscale_policy as policy;

use super::{Group, RunSettings, Scenario};
use crate::text::{Check, Moment};

/// Desired capacities that a user sets at stated times, as with a console: "a user request update".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// What is set when.
    #[schemars(length(min = 1, max = 1000))]
    pub change: Vec<ManualChange>,
}

/// A desired capacity that a user sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualChange {
    /// When: a time since the start of the run, or a date and time.
    pub at: Moment,
    /// The new desired capacity. An EC2 group refuses one outside its bounds; an ECS service takes it, and Application Auto Scaling moves it back when it next acts.
    #[schemars(range(max = 100_000))]
    pub desired: u32,
    /// Is refused while an activity is in progress or `group.cooldown` runs; default false, as AWS.
    #[serde(default)]
    pub honor_cooldown: bool,
}

/// The instant of the run at which a moment lies; `None` outside the run.
pub(crate) fn instant(moment: Moment, run: &RunSettings) -> Option<SimTime> {
    let nanos = match moment {
        Moment::After(time) => i128::from(time.nanos()),
        Moment::At(at) => at.unix_nanos() - run.start.unix_nanos(),
    };
    u64::try_from(nanos).ok().filter(|nanos| *nanos < run.duration.nanos()).map(SimTime::from_nanos)
}

/// Reports a moment outside the run.
pub(crate) fn check_moment(path: &str, moment: Moment, run: &RunSettings, check: &mut Check<'_>) {
    if instant(moment, run).is_none() {
        let rule = format!("lies outside the run ({} from {})", run.duration, run.start);
        check.fail(path, rule, "correct it, or simulation.start and duration");
    }
}

impl Manual {
    /// The changes within the run; `None` when there are none.
    pub(crate) fn params(&self, name: &str, scenario: &Scenario) -> Option<policy::ManualParams> {
        let change = |change: &ManualChange| {
            let at = instant(change.at, &scenario.simulation)?;
            Some(policy::ManualChange { at, desired: change.desired, honor_cooldown: change.honor_cooldown })
        };
        let changes: Vec<policy::ManualChange> = self.change.iter().filter_map(change).collect();
        let outside = match scenario.group.is_service() {
            true => policy::OutsideBounds::Taken,
            false => policy::OutsideBounds::Refused,
        };
        (!changes.is_empty()).then(|| policy::ManualParams { name: name.to_owned(), changes, outside })
    }

    pub(crate) fn check(&self, path: &str, scenario: &Scenario, check: &mut Check<'_>) {
        let Group { min, max, .. } = scenario.group;
        // A schedule may have moved the bounds by then: the policy itself refuses what lies outside those.
        let fixed_bounds = scenario.policy.iter().all(|policy| policy.schedule.is_none());
        for (index, change) in self.change.iter().enumerate() {
            let path = format!("{path}.change.{index}");
            check_moment(&format!("{path}.at"), change.at, &scenario.simulation, check);
            let inside = min > max || (min..=max).contains(&change.desired);
            if !inside && fixed_bounds && !scenario.group.is_service() {
                let rule = format!(
                    "is refused: AWS takes a desired capacity within the group's min ({min}) and max ({max}) only"
                );
                check.fail(&format!("{path}.desired"), rule, "correct it, or change group.min or max");
            }
        }
    }
}
