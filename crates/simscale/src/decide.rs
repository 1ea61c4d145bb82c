//! What alarms, policies and controller would have asked and granted on a recorded series of observations: a dry run of a policy without
//! simulating a service.
//!
//! A [`Control`] says what steers (the `[group]`, `[metrics]` and `[[policy]]` tables of a scenario), a [`Recording`] what was observed. [`run`]
//! feeds the one to the other through the same code as a simulated run, and hands every decision, hold and change of an alarm to a sink.

mod recording;

pub use recording::{
    BadLine, MAX_LINE_BYTES, MAX_LINES, Observation, ObservedGroup, Recording, RecordingHead,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::{DryRun, Metric, RecordedGroup, SimDuration, SimTime, Sink};

use crate::scenario::{
    Balancer, Clients, Discipline, Group, Memory, MessageQueue, Metrics, Policy, RunSettings,
};
use crate::text::{self, Diagnostics, Duration, Override, Size};
use crate::{Scenario, Simulation};

/// What steers a group: the tables of a scenario that know nothing of the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Version of this layout: 1.
    pub schema: u32,
    /// How long a launch boots where the recording does not say how the group was; default "0s".
    #[serde(default)]
    pub boot_time: Duration,
    /// The group that is scaled, as in a scenario.
    pub group: Group,
    /// How the world is measured, as in a scenario.
    #[serde(default)]
    pub metrics: Metrics,
    /// Scaling policies, as in a scenario.
    #[schemars(length(min = 1, max = 100))]
    pub policy: Vec<Policy>,
}

/// How a dry run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// When it ended: when each alarm had been evaluated once with the last observation published.
    pub until: SimTime,
    /// Names of metrics that a policy reads and no line has a value of.
    pub unread: Vec<String>,
}

impl Control {
    /// The layout that this version reads and writes.
    pub const SCHEMA: u32 = 1;

    /// Reads a file of policies, with overrides laid on it in their order.
    ///
    /// # Errors
    /// All mistakes of form, or, when there are none, all mistakes of meaning.
    pub fn read(source_name: &str, text: &str, overrides: &[Override]) -> Result<Control, Diagnostics> {
        let text::Read { value, document } = text::read::<Control>(source_name, text, overrides)?;
        let mut check = document.check();
        if value.schema != Control::SCHEMA {
            check.fail("schema", "is a layout that this version does not know", "write 1");
        }
        value.scenario(RunSettings::lasting(Duration::from_secs(86_400))).check_control(&mut check);
        check.finish()?;
        Ok(value)
    }

    /// A scenario with this control; its service is that of the starter scenario, and nobody runs it.
    fn scenario(&self, simulation: RunSettings) -> Scenario {
        let mut scenario = Scenario::starter();
        // A recording may hold values of a memory that no model describes.
        let (capacity, base, per_request) =
            (Size::from_bytes(1 << 30), Size::from_bytes(0), Size::from_bytes(1));
        let memory = Memory { capacity: Some(capacity), base, per_request };
        scenario.instance.memory = Some(memory);
        // Nor of a queue, which takes the place of a balancer.
        let balancer = self.policy.iter().any(|policy| policy.asks_balancer(&self.metrics));
        scenario.queue = (!balancer).then(MessageQueue::default);
        scenario.instance.discipline = Discipline::Workers { count: 1 };
        (scenario.clients, scenario.balancer) = (Clients::default(), Balancer::default());
        (scenario.objective, scenario.fault) = (Vec::new(), Vec::new());
        (scenario.expect, scenario.simulation) = (Default::default(), simulation);
        (scenario.group, scenario.metrics) = (self.group.clone(), self.metrics.clone());
        scenario.policy = self.policy.clone();
        scenario
    }
}

/// Feeds a recording to the alarms, policies and controller of `control`; what they ask and are granted goes to the sink as rows of the
/// activity log, in order of time.
///
/// The group begins at `group.desired`. Where an observation has no `group`, the controller's own bookkeeping stands: a launch boots for
/// `boot_time`, a scale-in is over at once and takes booting instances first, then the longest in service.
///
/// # Errors
/// Mistakes that only show with the recording's own clock, such as a schedule that AWS refuses.
pub fn run(control: &Control, recording: &Recording, sink: &mut dyn Sink) -> Result<Outcome, Diagnostics> {
    let metrics = &control.metrics;
    let last = recording.observations.last().map_or(0.0, |o| o.t_s);
    // Each alarm is evaluated once from the publication of the last observation on.
    let every = metrics.alarm_every(metrics.period).nanos();
    let until = SimTime::from_nanos(nanos(last) + metrics.publication_delay.nanos() + every - 1);
    let length = Duration::from_nanos(until.as_nanos() + 1).unwrap_or(Duration::from_secs(86_400));
    let mut simulation = RunSettings::lasting(length);
    if let Some(start) = recording.head.start {
        simulation.start = start;
    }
    if let Some(zone) = &recording.head.time_zone {
        simulation.time_zone.clone_from(zone);
    }
    let Simulation { world, policies, .. } = control.scenario(simulation).simulation(None, None)?;
    let boot_time = SimDuration::from_nanos(control.boot_time.nanos());
    let mut dry = DryRun::new(world, policies, boot_time);
    let mut unread = dry.metrics();
    for observation in &recording.observations {
        let named =
            observation.metrics.iter().filter_map(|(name, value)| Some((metrics.metric(name)?, (*value)?)));
        let values: Vec<(Metric, f64)> = named.collect();
        unread.retain(|metric| values.iter().all(|(known, _)| !alike(known, metric)));
        let group = observation.group.as_ref().map(recorded);
        dry.observe(SimTime::from_nanos(nanos(observation.t_s)), &values, group.as_ref(), sink);
    }
    dry.finish(until, sink);
    Ok(Outcome { until, unread: unread.iter().map(|metric| name_of(metric, metrics)).collect() })
}

/// One track stands for all percentiles of the response time.
fn alike(a: &Metric, b: &Metric) -> bool {
    a == b || matches!((a, b), (Metric::ResponseTime(_), Metric::ResponseTime(_)))
}

fn name_of(metric: &Metric, metrics: &Metrics) -> String {
    match metric {
        Metric::Custom(place) => {
            metrics.custom.get(usize::from(*place)).map(|custom| custom.name.clone()).unwrap_or_default()
        }
        metric => metric.to_string(),
    }
}

fn recorded(group: &ObservedGroup) -> RecordedGroup {
    RecordedGroup {
        desired: group.desired,
        in_service: group.in_service_s.iter().map(|age| SimDuration::from_nanos(nanos(*age))).collect(),
        booting: group.booting,
        terminating: group.terminating,
        deploying: group.deploying,
    }
}

/// Seconds of a recording, which its check keeps within a year, in nanoseconds.
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}
