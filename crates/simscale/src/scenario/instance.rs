//! The instance that the group launches: processors, admission, memory, price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::boot::BootPhase;
use super::catalogue::{self, InstanceType};
use super::law::sim;
use super::{BootPreset, Credits};
use crate::text::{Check, Duration, HourlyPrice, Size};

/// The instance that the group launches. Name a `type` of the catalogue, or give `vcpus` and `price` yourself; fields
/// beside a type override what the catalogue says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Name in the catalogue, such as "m5.large" (`simscale list instances` shows all); default none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Virtual processors, 1 to 1024; default those of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub vcpus: Option<u32>,
    /// Speed of a processor relative to the reference core of `service.cpu_time`, 0.01 to 100; default 1 for every type.
    #[serde(default = "speed")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub speed: f64,
    /// Price of an instance an hour; default that of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// How many requests are let in at once, and as what; default { processor_sharing = {} }: all, sharing the processors.
    #[serde(default)]
    pub discipline: Discipline,
    /// Requests that wait in order when no more are let in; more are refused; default 4096, Linux's backlog.
    #[serde(default = "queue_limit")]
    #[schemars(range(max = 100_000_000))]
    pub queue_limit: u32,
    /// What a refused client sees: "answer_503" or "connection_refused" (the balancer answers 502); default "answer_503".
    #[serde(default)]
    pub overflow: Overflow,
    /// Memory; default not modelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Slowness after the boot, while caches are cold; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold: Option<Cold>,
    /// CPU credits; default those of a burstable type, none for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
    /// Its volume, in whole GiB up to 64 TiB, billed at `prices.volume_gib_month` from launch to termination; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Size>,
    /// Whether it has a public IPv4 address, billed at `prices.public_address` from launch to termination; default false.
    #[serde(default)]
    pub public_address: bool,
    /// A boot as it was measured on EC2 (observed), put before the phases of `boot` (`simscale list boots` shows all); default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_preset: Option<BootPreset>,
    /// Phases of the boot in order; default none: an instance serves the moment it is launched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub boot: Vec<BootPhase>,
}

/// How an instance lets requests in. What is let in computes at once: requests in a CPU phase share the processors evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Discipline {
    /// An asynchronous server: requests share the processors.
    ProcessorSharing {
        /// Requests let in at once, 1 to 100000000; default 1000000, in effect all.
        #[serde(default = "max_in_flight")]
        #[schemars(range(min = 1, max = 100_000_000))]
        max_in_flight: u32,
    },
    /// A pool of workers: one request each, first come first served; more workers than processors share them.
    Workers {
        /// Number of workers, 1 to 100000000.
        #[schemars(range(min = 1, max = 100_000_000))]
        count: u32,
    },
}

impl Default for Discipline {
    fn default() -> Self {
        Discipline::ProcessorSharing { max_in_flight: max_in_flight() }
    }
}

impl Discipline {
    /// Requests let in at once.
    pub fn admitted(&self) -> u32 {
        match *self {
            Discipline::ProcessorSharing { max_in_flight } => max_in_flight,
            Discipline::Workers { count } => count,
        }
    }
}

/// How an instance whose queue is full turns a request away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// An answer 503 from the target.
    #[default]
    #[serde(rename = "answer_503")]
    Answer503,
    /// The connection is refused; the balancer answers 502.
    ConnectionRefused,
}

/// Memory of an instance. Running out of it kills the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What the instance has; default that of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Size>,
    /// Used by an idle instance.
    pub base: Size,
    /// Used by each request in flight.
    pub per_request: Size,
}

/// Slowness of a fresh instance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Cold {
    /// The processors are slower for some time after the boot.
    ForTime {
        /// How many times slower, 1 to 1000.
        #[schemars(range(min = 1.0, max = 1000.0))]
        factor: f64,
        /// How long.
        time: Duration,
    },
    /// The first requests carry more work.
    ForRequests {
        /// How many times the work, 1 to 1000.
        #[schemars(range(min = 1.0, max = 1000.0))]
        factor: f64,
        /// How many requests.
        count: u64,
    },
}

fn speed() -> f64 {
    1.0
}

fn queue_limit() -> u32 {
    4096
}

fn max_in_flight() -> u32 {
    1_000_000
}

impl Instance {
    /// An instance of a type of the catalogue, with every default.
    pub fn of_type(name: impl Into<String>) -> Instance {
        Instance { kind: Some(name.into()), ..Instance::plain() }
    }

    /// An instance of one's own with so many processors at this price, with every default.
    pub fn custom(vcpus: u32, price: HourlyPrice) -> Instance {
        Instance { vcpus: Some(vcpus), price: Some(price), ..Instance::plain() }
    }

    fn plain() -> Instance {
        Instance { speed: speed(), queue_limit: queue_limit(), ..Instance::default() }
    }

    /// The entry of the catalogue, if a known type is named.
    pub fn catalogue_entry(&self) -> Option<&'static InstanceType> {
        self.kind.as_deref().and_then(catalogue::find)
    }

    /// CPU seconds of reference cores that an instance does in a second.
    pub(crate) fn cores(&self) -> f64 {
        f64::from(self.vcpus.unwrap_or(0)) * self.speed
    }

    pub(crate) fn resolve(&mut self) {
        if let Some(preset) = self.boot_preset.take() {
            self.boot.splice(0..0, preset.phases());
        }
        let burstable = self.catalogue_entry().and_then(|entry| entry.burstable);
        if burstable.is_some() {
            self.credits.get_or_insert_default();
        }
        let vcpus = self.vcpus.or(self.catalogue_entry().map(|entry| entry.vcpus));
        if let Some(credits) = &mut self.credits {
            credits.resolve(burstable, vcpus.unwrap_or(1));
        }
        let Some(entry) = self.catalogue_entry() else { return };
        self.vcpus.get_or_insert(entry.vcpus);
        self.price.get_or_insert(entry.price());
        if let Some(memory) = &mut self.memory {
            memory.capacity.get_or_insert(entry.memory());
        }
    }

    /// The resolved instance as the engine knows it.
    pub(crate) fn world(&self) -> core::Instance {
        core::Instance {
            vcpus: self.vcpus.unwrap_or(1),
            speed: (self.speed * 65_536.0).round() as u32,
            admitted: self.discipline.admitted(),
            queue_limit: self.queue_limit,
            overflow: match self.overflow {
                Overflow::Answer503 => core::Overflow::Answer503,
                Overflow::ConnectionRefused => core::Overflow::ConnectionRefused,
            },
            memory: self.memory.map(|memory| core::Memory {
                capacity: memory.capacity.unwrap_or_default().bytes(),
                base: memory.base.bytes(),
                per_request: memory.per_request.bytes(),
            }),
            boot: self.boot.iter().map(BootPhase::world).collect(),
            cold: self.cold.map(|cold| match cold {
                Cold::ForTime { factor, time } => core::Cold::For { factor, time: sim(time) },
                Cold::ForRequests { factor, count } => core::Cold::Requests { factor, count },
            }),
            credits: self.credits.map(|credits| credits.world()),
            volume_gib: self.volume.map_or(0, |volume| (volume.bytes() >> 30) as u32),
            public_address: self.public_address,
        }
    }

    /// Checks the instance as written; `resolved` is the same with the catalogue's figures.
    pub(crate) fn check(&self, check: &mut Check<'_>) {
        let mut resolved = self.clone();
        resolved.resolve();
        match &self.kind {
            Some(name) if self.catalogue_entry().is_none() => {
                check.fail("instance.type", "is not a known instance type", unknown_type(name));
            }
            Some(_) => {}
            None => self.check_untyped(check),
        }
        if let Some(memory) = resolved.memory {
            check_memory(&memory, self.catalogue_entry().is_some() || self.kind.is_none(), check);
        }
        self.check_credits(&resolved, check);
        self.check_volume(check);
        super::boot::check(&self.boot, check);
        self.check_preset(check);
    }

    fn check_volume(&self, check: &mut Check<'_>) {
        let Some(volume) = self.volume else { return };
        let gib = volume.bytes() >> 30;
        if !(1..=65_536).contains(&gib) || volume.bytes() != gib << 30 {
            let rule = "is no whole number of GiB from 1 to 65536, as EBS has them";
            check.fail("instance.volume", rule, "write \"30GiB\"");
        }
    }

    /// A preset has pending phases of its own, and names that `boot` must leave to it.
    fn check_preset(&self, check: &mut Check<'_>) {
        let Some(preset) = self.boot_preset else { return };
        for phase in preset.phases() {
            if self.boot.iter().any(|own| own.phase == phase.phase) {
                let rule = format!("has a phase {:?}, which `boot` has too", phase.phase);
                check.fail("instance.boot_preset", rule, "rename the phase of boot");
            }
        }
        if self.boot.iter().any(|own| own.stage == super::BootStage::Pending) {
            let rule = "ends with a running instance, before a phase of `boot` that is pending";
            check.fail("instance.boot_preset", rule, "leave the stage \"pending\" to the preset");
        }
    }

    fn check_credits(&self, resolved: &Instance, check: &mut Check<'_>) {
        let fixed = self.catalogue_entry().is_some_and(|entry| entry.burstable.is_none());
        match (&self.credits, &resolved.credits) {
            (Some(_), _) if fixed => {
                let rule = "is for burstable types: EC2 refuses a credit specification for others";
                check.fail("instance.credits", rule, "leave it out, or name a type of T2, T3, T3a or T4g");
            }
            (Some(_), Some(credits)) => credits.check(resolved, check),
            _ => {}
        }
    }

    fn check_untyped(&self, check: &mut Check<'_>) {
        if self.vcpus.is_none() {
            let rule = "is missing, and no type says it";
            check.fail(
                "instance.vcpus",
                rule,
                "name a type, such as type = \"m5.large\", or write vcpus = 2",
            );
        }
        if self.price.is_none() {
            let rule = "is missing, and no type says it";
            check.fail(
                "instance.price",
                rule,
                "name a type, or write price = \"0.096 USD/h\" (\"0 USD/h\" if cost is no question)",
            );
        }
    }
}

fn check_memory(memory: &Memory, known: bool, check: &mut Check<'_>) {
    match memory.capacity {
        None if known => {
            let rule = "is missing, and no type says it";
            check.fail("instance.memory.capacity", rule, "write capacity = \"8GiB\", or name a type");
        }
        Some(capacity) if memory.base >= capacity => {
            let rule = format!("fills the instance ({capacity}) before the first request");
            check.fail("instance.memory.base", rule, "write less than the capacity");
        }
        _ => {}
    }
}

fn unknown_type(name: &str) -> String {
    match catalogue::similar(name) {
        Some(similar) => format!("did you mean {similar}?"),
        None => "see \"simscale list instances\", or leave the type out and give vcpus and price".to_owned(),
    }
}
