//! The life of an instance outside its processors: launch, boot, service, health, draining.

use super::Ending;
use crate::kernel::{Distribution, Purpose, Sampler, hash, stream};
use crate::world::{BootFailure, BootStage, Instance};

/// Addresses of an instance's own begin here: 2^48 + launch. Below lie the reserved ones: pool * 2^32 + number, from 1 on.
const OWN_ADDRESS: u64 = 1 << 48;

/// Boots of standalone machines are numbered from here on: 2^40 + index * 2^20 + how many before.
pub(crate) const MACHINES: u64 = 1 << 40;

/// An instance has the number of its launch, and so much more for each time that it goes to rest in a warm pool or is taken from it. What is
/// drawn for it, and its events, go by the number.
const MOVE: u64 = 1 << 41;

/// The launch of an instance, whatever its moves.
pub(crate) fn launch_of(number: u64) -> u64 {
    if number & MACHINES == 0 { number & (MACHINES - 1) } else { number }
}

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Launched, not in service.
    Booting,
    /// In service and registered with the balancer.
    InService,
    /// Deregistered; finishing what it has.
    Draining,
    /// It boots into the warm pool.
    Warming,
    /// It rests in the warm pool.
    Warmed,
    /// A standalone machine that boots.
    Starting,
    /// A standalone machine that runs.
    Standing,
    /// Terminated: the slot is free. Of a standalone machine: stopped, and the slot stays its own.
    Gone,
}

/// What the balancer's health checks say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Health {
    pub healthy: bool,
    /// Whether it has been healthy or unhealthy before: a new target needs one success.
    pub known: bool,
    pub successes: u32,
    pub failures: u32,
    /// The check in flight.
    pub probe: Option<u64>,
}

/// A boot phase with its end fixed at launch.
#[derive(Debug, Clone, Copy)]
struct Planned {
    phase: usize,
    stage: BootStage,
    ends: u64,
}

/// An instance outside its processors.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// Number of the launch, from zero on, with its moves; never used twice.
    pub launch: u64,
    pub launched: u64,
    pub zone: u8,
    /// Its type, where types are mixed, and whether it is a Spot instance.
    pub kind: u8,
    pub spot: bool,
    /// Since when a rebalance recommendation or a notice says that it will be interrupted, and since when the notice.
    pub at_risk: Option<u64>,
    pub noticed: Option<u64>,
    /// Since when it only serves until the others are enough.
    pub outgoing: Option<u64>,
    /// Version of the launch template that it was launched from.
    pub version: u32,
    /// A task of a blue/green deployment that takes no traffic before the shift.
    pub dark: bool,
    /// Where it is reached: a reserved address of a pool, or one of its own.
    pub address: u64,
    pub stage: Stage,
    /// The balancer may know it as a target: not when a member of the group was stopped, nor when a machine is none.
    pub target: bool,
    /// When billing began, of an instance that is stopped meanwhile for the last time.
    pub running: Option<u64>,
    /// When it was billed first, since it was told of last.
    pub ran_first: Option<u64>,
    /// Billed up to its last stop, and told of, ns.
    pub billed_before: u64,
    pub billed_told: u64,
    pub in_service: Option<u64>,
    /// When the boot was over.
    pub booted: Option<u64>,
    /// The application answers.
    pub answers: bool,
    /// Every answer is an error.
    pub broken: Option<Broken>,
    /// Since when the group holds it for unhealthy; it never takes that back.
    pub marked: Option<u64>,
    /// Lifecycle hooks that hold it.
    pub held_by: u32,
    /// Launching hooks have begun to hold it.
    pub hooked: bool,
    /// It goes to the warm pool when its termination would end it.
    pub returns: bool,
    /// It left service in good order, so that terminating hooks hold it after its drain.
    pub tidy: bool,
    /// Its drain is over.
    pub drained: bool,
    pub crashed: bool,
    /// When the balancer first called it healthy.
    pub healthy_since: Option<u64>,
    /// What was billed for it, when its billing has ended, ns.
    pub billed: Option<u64>,
    /// Why the group ended it.
    pub ending: Option<Ending>,
    pub hung: bool,
    /// When the last hang and the last slow-down end.
    pub hang_until: u64,
    pub slow_until: u64,
    /// Speed is divided by these.
    pub slow_factor: f64,
    pub cold_factor: f64,
    pub health: Health,
    /// Since when the balancer raises its share, in slow start.
    pub ramp_since: Option<u64>,
    /// CPU utilisation of the boot phase that runs in service, in millionths, and since when.
    pub boot_cpu: Option<(u32, u64)>,
    plan: Vec<Planned>,
    fails: Option<(usize, BootFailure)>,
    next_phase: usize,
}

/// An instance that answers errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken {
    pub error_time: u64,
    /// Health checks pass before this.
    pub check_passes_until: u64,
}

/// What the end of a boot phase brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BootStep {
    /// The launch failed: terminate and replace.
    Failed,
    /// Another phase follows.
    Next,
    /// The boot is over.
    Over,
}

impl Life {
    /// An instance that has been in service, warm and healthy, since the start of the run.
    pub fn present(launch: u64, zone: u8) -> Self {
        let mut life = Life::launched(launch, zone, 0, &[], 0);
        life.stage = Stage::InService;
        life.running = Some(0);
        life.ran_first = Some(0);
        life.in_service = Some(0);
        life.booted = Some(0);
        life.answers = true;
        life.health = Health { healthy: true, known: true, ..Health::default() };
        life
    }

    /// A member of the warm pool since the start of the run.
    pub fn resting(launch: u64, zone: u8, runs: bool) -> Self {
        let mut life = Life::launched(launch, zone, 0, &[], 0);
        life.stage = Stage::Warmed;
        life.running = runs.then_some(0);
        life.ran_first = life.running;
        life
    }

    /// An empty slot.
    pub fn none() -> Self {
        Life { stage: Stage::Gone, ..Life::launched(u64::MAX, 0, 0, &[], 0) }
    }

    /// A launch at `now`, with all its luck drawn from its number.
    pub fn launch(launch: u64, zone: u8, now: u64, instance: &Instance, seed: u64) -> Self {
        Life::launched(launch, zone, now, &instance.boot, seed)
    }

    fn launched(launch: u64, zone: u8, now: u64, boot: &[crate::world::BootPhase], seed: u64) -> Self {
        let mut ends = now;
        let mut plan = Vec::new();
        let mut fails = None;
        for (phase, p) in boot.iter().enumerate() {
            let index = launch * 64 + phase as u64;
            ends += Sampler::new(&p.time, stream(seed, Purpose::Boot, index)).draw();
            plan.push(Planned { phase, stage: p.stage, ends });
            let unlucky =
                hash(seed, Purpose::BootFailure, launch, phase as u64) % 1_000_000 < u64::from(p.failure_ppm);
            if unlucky && fails.is_none() {
                fails = Some((phase, p.on_failure));
            }
        }
        Life {
            launch,
            launched: now,
            zone,
            kind: 0,
            spot: false,
            at_risk: None,
            noticed: None,
            outgoing: None,
            version: 1,
            dark: false,
            address: OWN_ADDRESS.wrapping_add(launch),
            stage: Stage::Booting,
            target: true,
            running: None,
            ran_first: None,
            billed_before: 0,
            billed_told: 0,
            in_service: None,
            booted: None,
            answers: false,
            broken: None,
            marked: None,
            held_by: 0,
            hooked: false,
            returns: false,
            tidy: false,
            drained: false,
            crashed: false,
            healthy_since: None,
            billed: None,
            ending: None,
            hung: false,
            hang_until: 0,
            slow_until: 0,
            slow_factor: 1.0,
            cold_factor: 1.0,
            health: Health::default(),
            ramp_since: None,
            boot_cpu: None,
            plan,
            fails,
            next_phase: 0,
        }
    }

    /// The same of this type, on demand or Spot.
    pub fn bought(self, kind: u8, spot: bool) -> Self {
        Life { kind, spot, ..self }
    }

    /// The same as a standalone machine, in this stage.
    pub fn alone(self, stage: Stage, target: bool) -> Self {
        Life { stage, target, ..self }
    }

    /// A target of the balancer: in service, or a machine that runs.
    pub fn registered(&self) -> bool {
        self.target && matches!(self.stage, Stage::InService | Stage::Standing)
    }

    /// Its address is none of a pool.
    pub fn owns_address(&self) -> bool {
        self.address >= OWN_ADDRESS
    }

    /// A standalone machine.
    pub fn stands_alone(&self) -> bool {
        self.launch & MACHINES != 0 && self.launch != u64::MAX
    }

    /// Goes to rest in the warm pool, under its next number: all but its luck, its place and its bill is as before its launch.
    pub fn rest(&mut self) {
        let fresh = Life::launched(self.launch + MOVE, self.zone, self.launched, &[], 0);
        let old = std::mem::replace(self, fresh);
        self.stage = Stage::Warmed;
        (self.version, self.address, self.fails) = (old.version, old.address, old.fails);
        (self.kind, self.spot) = (old.kind, old.spot);
        (self.running, self.ran_first) = (old.running, old.ran_first);
        (self.billed_before, self.billed_told) = (old.billed_before, old.billed_told);
    }

    /// Leaves the warm pool at `now`, under its next number: its boot is one pending phase that takes what `law` says.
    pub fn leave_pool(&mut self, now: u64, law: &Distribution, seed: u64) {
        self.launch += MOVE;
        self.stage = Stage::Booting;
        let time = Sampler::new(law, stream(seed, Purpose::WarmStart, self.launch)).draw();
        let ends = now.saturating_add(time);
        self.plan = vec![Planned { phase: 0, stage: BootStage::Pending, ends }];
    }

    /// The end of the phase that runs; an instance without phases boots at once.
    pub fn phase_end(&self) -> Option<u64> {
        self.plan.get(self.next_phase).map(|p| p.ends)
    }

    /// The stage of the phase that runs, and its place.
    pub fn phase_now(&self) -> Option<(BootStage, usize)> {
        self.plan.get(self.next_phase).map(|p| (p.stage, p.phase))
    }

    /// Ends the phase that runs.
    pub fn end_phase(&mut self) -> BootStep {
        let ended = self.plan[self.next_phase];
        if let Some((phase, BootFailure::Terminate)) = self.fails
            && phase == ended.phase
        {
            return BootStep::Failed;
        }
        self.next_phase += 1;
        if self.phase_end().is_some() { BootStep::Next } else { BootStep::Over }
    }

    /// The boot is over at `now`: whether the application answers, and how.
    pub fn finish_boot(&mut self, now: u64) {
        self.booted = Some(now);
        self.answers = !matches!(self.fails, Some((_, BootFailure::NeverReady)));
        if let Some((_, BootFailure::ServesErrors { error_time, check_passes_for })) = self.fails {
            self.broken = Some(Broken {
                error_time: error_time.as_nanos().max(1),
                check_passes_until: now.saturating_add(check_passes_for.as_nanos()),
            });
        }
    }

    /// The speed in force, in 1/65536; zero while it hangs.
    pub fn speed(&self, base: u32) -> u32 {
        if self.hung {
            return 0;
        }
        ((f64::from(base) / (self.slow_factor * self.cold_factor)) as u32).max(1)
    }
}
