//! Scenarios: what to simulate, as one plain value that is read from TOML or built in code.
//!
//! A [`Scenario`] has one field for every table of the file; each table has a file of its own here, with its types, its mapping to
//! the engine and its checks. [`Scenario::simulation`] hands the engine a world, a workload and policies.

mod alarm;
mod amount;
mod anomaly;
mod arithmetic;
mod balancer;
mod boot;
mod boot_preset;
pub mod catalogue;
mod clients;
mod credits;
mod deployment;
mod expect;
mod fault;
mod group;
mod hook;
mod hosts;
mod instance;
mod law;
mod load;
mod machine;
mod maintenance;
mod manual;
mod math;
mod metrics;
mod mixed;
mod moments;
mod named_moment;
mod names;
mod objective;
mod places;
mod policy;
mod predictive;
mod prices;
mod queue;
mod refusals;
mod run;
mod schedule;
mod service;
mod sessions;
mod settling;
mod simulation;
mod starter;
mod stickiness;
mod suspend;
mod sweep;
mod tracking;
mod warm_pool;
mod workload;

pub use crate::text::Statistic;
pub use alarm::{Alarm, Comparison, LowSamples, MissingData, Window};
pub use amount::{MOST_MOMENTS, MOST_PERIODS, MOST_STEPS};
pub use anomaly::Anomaly;
pub use arithmetic::{Arithmetic, Figure, Rates};
pub use balancer::{Algorithm, Balancer, HealthCheck, MinimumHealthy};
pub use boot::{BootFailure, BootPhase, BootStage};
pub use boot_preset::{BootFacts, BootPreset};
pub use clients::{AbandonedWork, Clients, Retries};
pub use credits::{CreditMode, Credits};
pub use deployment::{BlueGreen, Deployment, Rolling};
pub use expect::{Bound, Expect, Tolerance};
pub use fault::{Fault, FaultKind, FaultTime, Victims};
pub use group::{Group, GroupHealth, HealthSource, Product, Termination};
pub use hook::{Hook, HookFailure, HookResult, Transition};
pub use hosts::Hosts;
pub use instance::{Cold, Discipline, Instance, Memory, Overflow};
pub use law::{Law, QuantilePoint};
pub use load::{
    ConstantLoad, DayWeights, DiurnalLoad, FlashCrowdLoad, Load, LoadState, LoadStep, RampLoad, ScaledLoad,
    WeeklyLoad,
};
pub use machine::{Machine, Operation, OperationAction, OperationTargets};
pub use maintenance::{Maintenance, Refresh};
pub use manual::{Manual, ManualChange};
pub use math::MathMetric;
pub use metrics::{AlarmPhase, CustomMetric, METRICS, MetricName, Metrics, Monitoring};
pub use mixed::{
    Mixed, MixedType, OnDemandStrategy, SpotCapacity, SpotInterruption, SpotPrice, SpotStrategy,
};
pub use objective::{Availability, GoodRequests, Latency, Objective};
pub use places::{Addresses, Agents, CapacityShortage, WhenEmpty};
pub use policy::{Fixed, Pacing, Policy, PollBounds, ThresholdPoll};
pub use predictive::{Forecast, LoadForecast, MaxCapacityBreachBehavior, Predictive, PredictiveMode};
pub use prices::{Commitment, PriceCurrency, Prices};
pub use queue::MessageQueue;
pub use run::RunSettings;
pub(crate) use run::zone;
pub use schedule::{Day, Schedule, ScheduleEntry};
pub use service::{Service, ServiceClass};
pub use sessions::{AfterFailure, SessionRequests, Sessions};
pub use simulation::Simulation;
pub use starter::starter;
pub use stickiness::{CookieKind, Stickiness};
pub use suspend::{Process, Suspension};
pub(crate) use sweep::{Axis, LISTED, shown};
pub use sweep::{Precision, Sweep};
pub use tracking::{
    AdjustmentType, Aggregation, AlarmShape, ScalingStep, SimpleRule, SimpleScaling, StepRule, StepScaling,
    TargetTracking,
};
pub use warm_pool::{PoolState, WarmPool};
pub use workload::{ArrivalLaw, Trace, TraceGaps, TraceSpread, TraceValues, Workload};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{self, Check, Diagnostics, Document, Override};

/// Everything about one simulated world: what arrives, what a request costs, what boots, balances and scales, what was promised,
/// what it costs.
///
/// Times are text with a unit ("90s"), rates too ("400/s"), ratios go from 0 to 1, metrics in percent from 0 to 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this layout: 1.
    pub schema: u32,
    /// Name of the scenario and of its folder of results: letters, digits, "-", "_" and ".".
    pub name: String,
    /// What it shows, in a sentence or two; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long is simulated, from when, with which seed.
    pub simulation: RunSettings,
    /// What arrives: requests, or users when there are `clients.sessions`.
    pub workload: Workload,
    /// What a request costs.
    pub service: Service,
    /// How clients behave.
    #[serde(default)]
    pub clients: Clients,
    /// The instance that the group launches.
    pub instance: Instance,
    /// A shared station that serves wait times; default none: waits do not disturb one another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// A central queue that workers pull messages from, in place of the balancer; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<MessageQueue>,
    /// The load balancer in front of the group.
    #[serde(default)]
    pub balancer: Balancer,
    /// The group that is scaled.
    pub group: Group,
    /// Named instances outside the group; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub machine: Vec<Machine>,
    /// What stops and starts machines, and stops members of the group, at stated times; default nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub operation: Vec<Operation>,
    /// What goes wrong; default nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub fault: Vec<Fault>,
    /// New versions of an ECS service; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub deployment: Vec<Deployment>,
    /// Instance refreshes: new versions of the launch template; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub refresh: Vec<Refresh>,
    /// How the world is measured.
    #[serde(default)]
    pub metrics: Metrics,
    /// Scaling policies; default none: the group keeps its size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub policy: Vec<Policy>,
    /// What was promised; default nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub objective: Vec<Objective>,
    /// The price list.
    #[serde(default)]
    pub prices: Prices,
    /// A sweep over values of this file: for `simscale sweep`; a run uses the file without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// Bounds on figures of the summary, by dotted path, such as "objective.fast.violation_ratio" = { below = 0.02 }.
    #[serde(default, skip_serializing_if = "Expect::is_empty")]
    pub expect: Expect,
}

/// A shared station, such as a database: wait times are served by its slots, first come first served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// Number of slots: wait times served at once, 1 to 10000000.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub connections: u32,
}

impl Scenario {
    /// The layout that this version reads and writes.
    pub const SCHEMA: u32 = 1;

    /// A scenario from its necessary parts, with every default and no policy.
    pub fn new(
        name: impl Into<String>,
        simulation: RunSettings,
        workload: impl Into<Workload>,
        service: Service,
        instance: Instance,
        group: Group,
    ) -> Scenario {
        Scenario {
            schema: Scenario::SCHEMA,
            name: name.into(),
            description: None,
            simulation,
            workload: workload.into(),
            service,
            clients: Clients::default(),
            instance,
            backend: None,
            queue: None,
            balancer: Balancer::default(),
            group,
            machine: Vec::new(),
            operation: Vec::new(),
            fault: Vec::new(),
            deployment: Vec::new(),
            refresh: Vec::new(),
            metrics: Metrics::default(),
            policy: Vec::new(),
            objective: Vec::new(),
            prices: Prices::default(),
            sweep: None,
            expect: Expect::default(),
        }
    }

    /// Reads a scenario, with overrides laid on it in their order. `source_name` stands in front of every message.
    ///
    /// # Errors
    /// All mistakes of form, or, when there are none, all mistakes of meaning.
    pub fn read(source_name: &str, text: &str, overrides: &[Override]) -> Result<Scenario, Diagnostics> {
        let text::Read { value, document } = text::read::<Scenario>(source_name, text, overrides)?;
        value.checked(&document)
    }

    /// Reads a scenario from a parsed document: what a sweep does for each of its cells.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn read_document(document: &Document) -> Result<Scenario, Diagnostics> {
        document.read::<Scenario>()?.checked(document)
    }

    fn checked(self, document: &Document) -> Result<Scenario, Diagnostics> {
        let mut check = document.check();
        self.check(&mut check);
        check.finish()?;
        Ok(self)
    }

    /// The same scenario with every default written out, those that depend on other fields included: the figures of the
    /// instance type, the group's size at the start, periods and warm-ups of policies.
    pub fn resolved(&self) -> Scenario {
        let mut resolved = self.clone();
        resolved.service.resolve();
        resolved.instance.resolve();
        resolved.group.resolve();
        let (vcpus, at_start) = (resolved.instance.vcpus.unwrap_or(1), resolved.group.initial());
        if let Some(hosts) = &mut resolved.group.hosts {
            hosts.resolve(vcpus, at_start);
        }
        for machine in &mut resolved.machine {
            machine.resolve(&resolved.instance, &resolved.group.zones);
        }
        for operation in &mut resolved.operation {
            operation.resolve(&resolved.simulation);
        }
        for refresh in &mut resolved.refresh {
            refresh.resolve(&resolved.group);
        }
        let mut policies = std::mem::take(&mut resolved.policy);
        for policy in &mut policies {
            policy.resolve(&resolved);
        }
        resolved.policy = policies;
        resolved
    }

    /// The resolved scenario as TOML. Reading it gives [`Scenario::resolved`] again.
    pub fn to_toml(&self) -> String {
        text::emit(&self.resolved()).expect("every type of a scenario has a form in TOML")
    }

    /// The recorded trace, if the workload is one.
    pub fn trace(&self) -> Option<&Trace> {
        self.workload.trace.as_ref()
    }

    /// Reports the mistakes of what steers the group: bounds, metrics and policies.
    pub(crate) fn check_control(&self, check: &mut Check<'_>) {
        self.group.check(check);
        self.metrics.check(self.instance.memory.is_some(), check);
        policy::check(self, &self.resolved(), check);
    }

    /// Reports all mistakes of meaning.
    fn check(&self, check: &mut Check<'_>) {
        if self.schema != Scenario::SCHEMA {
            let rule = "is a layout that this version does not know";
            check.fail(
                "schema",
                rule,
                format!("write {}, or use another version of simscale", Scenario::SCHEMA),
            );
        }
        if !names::is_file_name(&self.name) {
            let hint =
                "use 1 to 100 letters, digits, \"-\", \"_\" and \".\", beginning with a letter or digit";
            check.fail("name", "is no name for a folder of results", hint);
        }
        self.simulation.check(&self.metrics, check);
        self.workload.check(check);
        let fits = self.check_amount(check);
        self.service.check(check);
        self.clients.check(check);
        self.instance.check(check);
        self.balancer.check(check);
        if let Some(stickiness) = &self.balancer.stickiness {
            stickiness.check(self.clients.sessions.is_some(), self.balancer.cross_zone, check);
        }
        if let Some(queue) = &self.queue {
            queue.check(self, check);
        }
        self.group.check(check);
        suspend::check_balancer(self, check);
        self.group.check_places(&self.simulation, check);
        mixed::check(self, check);
        hosts::check(self, check);
        self.group.check_versions(!self.refresh.is_empty(), check);
        machine::check(self, check);
        deployment::check(self, check);
        maintenance::check(self, check);
        fault::check(&self.fault, &self.group, &self.simulation, check);
        self.metrics.check(self.instance.memory.is_some(), check);
        objective::check(&self.objective, self.simulation.lead_in.time(), check);
        self.check_lead_in(check);
        self.prices.check(check);
        self.expect.check(&self.objective, check);
        // Policies are built to be checked, which expands their schedules over the run.
        if fits {
            policy::check(self, &self.resolved(), check);
        }
        if let Some(sweep) = &self.sweep {
            sweep.check(check);
        }
    }
}
