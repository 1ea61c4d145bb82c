//! One instance from outside: its life, its health, and what was recorded of it.

use super::machine::{Job, Machine};
use crate::fleet::Ending;
use crate::kernel::WORK_MAX;

/// Where in its life an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Booting,
    InService,
    Draining,
    /// In the warm pool: boots into it, rests in it.
    Warming,
    Resting,
    /// Standalone machines: boot, run, are stopped.
    Starting,
    Standing,
    Stopped,
}

/// An instance whose boot failed without ending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    NeverReady,
    ServesErrors { error_time: u64, check_passes_for: u64 },
}

/// A health check that was sent and not judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub number: u64,
    pub deadline: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub launch: u64,
    pub slot: usize,
    pub launched: u64,
    pub healthy_from: Option<u64>,
    pub served: u64,
    pub ending: Option<Ending>,
    pub zone: usize,
    /// Its place in the list of types, and how it was bought.
    pub kind: usize,
    pub spot: bool,
    pub at_risk: Option<u64>,
    pub noticed: Option<u64>,
    /// Since when it waits for a replacement to be ready.
    pub outgoing: Option<u64>,
    /// Version of its launch template.
    pub version: u32,
    /// It takes no traffic before its deployment shifts it.
    pub dark: bool,
    pub address: u64,
    /// The container instance that it runs on, by its number.
    pub host: Option<usize>,
    /// The standalone machine that it is, by its index.
    pub standalone: Option<usize>,
    /// Not a stopped member, nor a machine that is no target.
    pub target: bool,
    pub stage: Stage,
    pub machine: Machine,
    /// When the running boot phase ends: times add up from the launch.
    pub phase_ends: u64,
    /// Boot phases that are over.
    pub phase: usize,
    /// Boot phases so far: start, end, and the CPU they use in millionths.
    pub boot_cpu: Vec<(u64, u64, u32)>,
    pub boot_over: Option<u64>,
    pub broken: Option<Broken>,
    pub billed_from: Option<u64>,
    pub billed_to: Option<u64>,
    /// Billed by what it was before it came to rest, and told of before; when it was billed first since then.
    pub billed_earlier: u64,
    pub billed_told: u64,
    pub ran_first: Option<u64>,
    /// From its launch to its termination.
    pub exists_from: u64,
    pub exists_to: Option<u64>,
    pub in_service_from: Option<u64>,
    pub in_service_to: Option<u64>,
    /// When the group found it unhealthy, once and for all.
    pub marked: Option<u64>,
    /// Hooks that hold it, by their places.
    pub hooks: Vec<usize>,
    /// Launching hooks have held it, or do.
    pub was_held: bool,
    /// It comes back to the warm pool.
    pub returns: bool,
    /// It leaves by a drain: terminating hooks are its due.
    pub tidy: bool,
    pub drained: bool,
    pub crashed: bool,
    pub cold: bool,
    pub cold_left: u64,
    /// Strikes in force: when the hang ends; when the slow-down ends, and its factor.
    pub hang: Option<u64>,
    pub slow: Option<(u64, f64)>,
    pub healthy: bool,
    /// It has never been healthy.
    pub new: bool,
    pub passed: u32,
    pub missed: u32,
    pub probe: Option<Probe>,
    /// Slow start: since when, the present share and the credit saved up at each node.
    pub ramp_since: Option<u64>,
    pub share: Option<u64>,
    pub credit: Vec<u64>,
    /// Attempts served, and failed, since the last look for anomalies.
    pub good: u64,
    pub bad: u64,
    pub anomalous: bool,
    pub weight: u64,
    /// CPU credits, once it runs.
    pub account: Option<super::credits::Account>,
    /// Out of memory was already met.
    pub full: bool,
    /// The end of its drain was called for early.
    pub drain_asked: bool,
    /// When it took attempts, checks included.
    pub taken: Vec<u64>,
    /// Work of abandoned attempts that completed, with the time.
    pub abandoned: Vec<(u64, u128)>,
}

impl Instance {
    pub fn new(launch: u64, zone: usize, machine: Machine) -> Self {
        Instance {
            launch,
            slot: 0,
            launched: 0,
            healthy_from: None,
            served: 0,
            ending: None,
            zone,
            kind: 0,
            spot: false,
            at_risk: None,
            noticed: None,
            outgoing: None,
            version: 1,
            dark: false,
            address: 0,
            host: None,
            standalone: None,
            target: true,
            stage: Stage::Booting,
            machine,
            phase_ends: 0,
            phase: 0,
            boot_cpu: Vec::new(),
            boot_over: None,
            broken: None,
            billed_from: None,
            billed_to: None,
            billed_earlier: 0,
            billed_told: 0,
            ran_first: None,
            exists_from: 0,
            exists_to: None,
            in_service_from: None,
            in_service_to: None,
            marked: None,
            hooks: Vec::new(),
            was_held: false,
            returns: false,
            tidy: false,
            drained: false,
            crashed: false,
            cold: false,
            cold_left: 0,
            hang: None,
            slow: None,
            healthy: false,
            new: true,
            passed: 0,
            missed: 0,
            probe: None,
            ramp_since: None,
            share: None,
            credit: Vec::new(),
            good: 0,
            bad: 0,
            anomalous: false,
            weight: super::balancer::ONE,
            account: None,
            full: false,
            drain_asked: false,
            taken: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    /// A member of the group that does not leave.
    pub fn living(&self) -> bool {
        matches!(self.stage, Stage::Booting | Stage::InService)
    }

    /// One of those that zones are counted by.
    pub fn counts(&self) -> bool {
        self.living() && self.outgoing.is_none()
    }

    pub fn leaving(&self) -> bool {
        self.stage == Stage::Draining
    }

    /// A target that the balancer may know.
    pub fn targeted(&self) -> bool {
        self.target && matches!(self.stage, Stage::InService | Stage::Standing)
    }

    pub fn registered(&self) -> bool {
        self.stage == Stage::InService
    }

    /// Its application answers (rightly or with errors).
    pub fn answers(&self) -> bool {
        self.boot_over.is_some() && self.broken != Some(Broken::NeverReady) && !self.crashed
    }

    pub fn error_time(&self) -> Option<u64> {
        match self.broken {
            Some(Broken::ServesErrors { error_time, .. }) => Some(error_time),
            _ => None,
        }
    }

    /// Attempts that somebody waits for.
    pub fn outstanding(&self) -> usize {
        self.machine.jobs.iter().filter(|j| j.awaited && !j.probe).count()
    }

    /// Those that this node sent.
    pub fn outstanding_of(&self, node: usize) -> usize {
        self.machine.jobs.iter().filter(|j| j.awaited && !j.probe && j.node == node).count()
    }

    /// The work of an attempt that is sent now: more while the instance is cold.
    pub fn work(&mut self, work: u64, factor: Option<f64>) -> u64 {
        match factor {
            Some(factor) if self.cold_left > 0 => {
                self.cold_left -= 1;
                ((work as f64 * factor) as u64).min(WORK_MAX)
            }
            _ => work,
        }
    }

    pub fn oldest_deadline(&self) -> Option<u64> {
        let waiting = |j: &&Job| j.awaited && !j.probe;
        self.machine.jobs.iter().filter(waiting).map(|j| j.deadline).min()
    }
}
