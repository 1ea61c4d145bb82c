//! From a scenario to what the engine runs: a world, a workload, policies.

use simscale_core::{BrokenLaw, Policy, RunResult, Sink, TraceReader, Workload, World};

use super::{Backend, Scenario};
use crate::text::{Diagnostics, Document};

/// All that a run starts from.
pub struct Simulation {
    /// The world.
    pub world: World,
    /// What arrives.
    pub workload: Workload,
    /// The policies, in the order of the scenario.
    pub policies: Vec<Box<dyn Policy>>,
}

impl Simulation {
    /// Adds a policy of one's own behind the scenario's.
    pub fn with_policy(mut self, policy: Box<dyn Policy>) -> Simulation {
        self.policies.push(policy);
        self
    }

    /// Runs to the end and hands facts to the sink on the way; `&mut ()` forgets them.
    ///
    /// # Errors
    /// A law of the simulation broke: a bug, to be reported with scenario and seed.
    pub fn run(self, sink: &mut dyn Sink) -> Result<RunResult, BrokenLaw> {
        simscale_core::run(self.world, self.workload, self.policies, sink)
    }
}

impl Scenario {
    /// What the engine runs, with `seed` in place of the scenario's where it is given, and the trace's rows where the workload
    /// is a recorded trace.
    ///
    /// # Errors
    /// All mistakes of a scenario that was built or changed in code, placed in its [TOML](Scenario::to_toml); a
    /// recorded trace without its rows; a lead-in that is [still to be found](Scenario::seeks_lead_in).
    pub fn simulation(
        &self,
        seed: Option<u64>,
        rows: Option<TraceReader>,
    ) -> Result<Simulation, Diagnostics> {
        let name = format!("{}.toml", self.name);
        let document = Document::parse(&name, &self.to_toml())?;
        let mut scenario = Scenario::read_document(&document)?;
        if scenario.seeks_lead_in() {
            let mut check = document.check();
            let rule = "was not found yet";
            check.fail(
                "simulation.lead_in",
                rule,
                "find it in a run before, and hand it to Scenario::with_lead_in",
            );
            return Err(check.finish().expect_err("a mistake was just reported"));
        }
        // Schedules draw their lateness from the seed of the run.
        scenario.simulation.seed = seed.unwrap_or(scenario.simulation.seed);
        let Some(workload) = scenario.workload.source(&scenario.simulation, rows) else {
            let mut check = document.check();
            let rule = "was not opened";
            check.fail("workload.trace.file", rule, "hand the trace's rows to Scenario::simulation");
            return Err(check.finish().expect_err("a mistake was just reported"));
        };
        let world = scenario.world();
        // The check has built every policy once, so none fails here.
        let policies =
            scenario.policy.iter().filter_map(|policy| policy.build(&scenario).ok().flatten()).collect();
        Ok(Simulation { world, workload, policies })
    }

    /// The resolved scenario as the engine knows it, trace and policies aside.
    fn world(&self) -> World {
        let run = &self.simulation;
        let hour = self.instance.price.unwrap_or_default().nano_usd();
        // A queue takes the place of the balancer; its requests are not billed.
        let balancer_hour = if self.queue.is_some() { 0 } else { self.balancer.price.nano_usd() };
        World {
            duration: super::law::sim(run.duration),
            lead_in: super::law::sim(run.lead_in.time()),
            seed: run.seed,
            classes: self.service.request_classes(),
            instance: self.instance.world(),
            backend_connections: self.backend.map(|Backend { connections }| connections),
            queue: self.queue.map(|queue| queue.world()),
            balancer: self
                .queue
                .map_or_else(|| self.balancer.world(&self.service, &self.clients), |queue| queue.balancer()),
            clients: self.clients.world(),
            group: simscale_core::Group {
                deployments: self.deployment.iter().filter_map(|deployment| deployment.world(run)).collect(),
                refreshes: self.refresh.iter().filter_map(|r| r.world(&self.group, run)).collect(),
                ..self.group.world()
            },
            machines: self.machine.iter().map(|machine| machine.world(&self.group.zones)).collect(),
            operations: self.operation.iter().map(|o| o.world(run, &self.machine)).collect(),
            faults: self.fault.iter().map(|fault| fault.world(&self.group)).collect(),
            metrics: self.metrics.world(),
            objectives: self.objective.iter().filter_map(super::Objective::world).collect(),
            prices: self.prices.world(hour, balancer_hour),
            in_flight_limit: run.in_flight_limit,
        }
    }
}
