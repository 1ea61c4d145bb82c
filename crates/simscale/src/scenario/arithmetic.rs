//! Capacity arithmetic on the back of an envelope: what a scenario amounts to before anything is simulated.

use serde::Serialize;

use super::{Discipline, Load, Policy, Scenario};
use crate::text::Duration;

/// Utilisation that sizes are stated at when no policy tracks the CPU.
const USUAL: f64 = 0.7;

/// Most points at which the parts of a load are looked at.
const POINTS: u64 = 200_000;

/// One thing that the envelope says: a sentence, and the figures in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arithmetic {
    /// What it is about: "load", "cores", "peak", "concurrency", "bounds", "credits", "time_to_scale", "cost".
    pub about: &'static str,
    /// The sentence.
    pub sentence: String,
    /// The figures in it.
    pub figures: Vec<Figure>,
}

/// A figure of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
}

/// Mean and highest rate of a workload over the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Mean over the run, arrivals/s: requests, or users when the scenario has sessions.
    pub mean: f64,
    /// Highest rate, arrivals/s: of a second for a generated load, of a bin for a trace.
    pub peak: f64,
}

impl Rates {
    fn times(self, factor: f64) -> Rates {
        Rates { mean: self.mean * factor, peak: self.peak * factor }
    }
}

impl Scenario {
    /// Mean and highest rate over the run; `None` for a recorded trace.
    pub fn rates(&self) -> Option<Rates> {
        let load = self.workload.load()?;
        let curve = load.curve(&self.simulation);
        let length = self.simulation.duration.nanos();
        let points = (length / 1_000_000_000).clamp(1, (POINTS as f64 / load.parts()).ceil() as u64);
        let step = length / points;
        let rate = |point: u64| curve.rate_at(simscale_core::SimTime::from_nanos(point * step + step / 2));
        let (sum, top) =
            (0..points).map(rate).fold((0.0, 0.0f64), |(sum, top), rate| (sum + rate, top.max(rate)));
        let peak = if has_chance(&load) { load.highest() } else { top };
        Some(Rates { mean: sum / points as f64, peak })
    }

    /// What the scenario amounts to, thing by thing. `rates` are those of the trace, where the workload is one; without
    /// them only what needs no rate is said.
    pub fn arithmetic(&self, rates: Option<Rates>) -> Vec<Arithmetic> {
        let resolved = self.resolved();
        let mut lines = Vec::new();
        if let Some(rates) = rates.or_else(|| resolved.rates()) {
            let each = self.clients.sessions.as_ref().map(|sessions| sessions.requests.mean());
            lines.push(load(rates, each));
            let rates = rates.times(each.unwrap_or(1.0));
            lines.push(resolved.cores("cores", "mean", rates.mean));
            lines.push(resolved.cores("peak", "peak", rates.peak));
            lines.push(resolved.concurrency(rates));
            lines.push(resolved.bounds(rates));
            lines.extend(resolved.credit_arithmetic(Some(rates)));
        }
        lines.extend(resolved.policy.iter().filter_map(|policy| resolved.time_to_scale(policy)));
        lines.push(resolved.cost());
        lines
    }

    fn cores(&self, about: &'static str, which: &str, rate: f64) -> Arithmetic {
        let cpu = self.service.mean(|class| class.cpu_time.mean_seconds());
        let cores = rate * cpu;
        let at = self.utilisation();
        let (full, usual) = (self.instances(cores), self.instances(cores / at));
        let unit = if near(cores) == "1" { "core" } else { "cores" };
        let sentence = format!(
            "at the {which}: {}/s x {} = {} {unit}; {full} {} at full load, {usual} at {} %",
            near(rate),
            time(cpu),
            near(cores),
            self.instance.kind.as_deref().unwrap_or("instances"),
            near(at * 100.0),
        );
        let figures = vec![
            Figure { name: "rate", value: rate, unit: "requests/s" },
            Figure { name: "cpu_time", value: cpu, unit: "s" },
            Figure { name: "cores", value: cores, unit: "cores" },
            Figure { name: "instances_at_full_load", value: full, unit: "instances" },
            Figure { name: "utilisation", value: at, unit: "ratio" },
            Figure { name: "instances_at_utilisation", value: usual, unit: "instances" },
        ];
        Arithmetic { about, sentence, figures }
    }

    fn concurrency(&self, rates: Rates) -> Arithmetic {
        let cpu = self.service.mean(|class| class.cpu_time.mean_seconds()) / self.instance.speed;
        let time_each = cpu + self.service.mean(|class| class.wait_time.mean_seconds());
        let in_flight = rates.peak * time_each;
        let (admitted, vcpus) = (self.instance.discipline.admitted(), self.instance.vcpus.unwrap_or(1));
        let mut sentence = format!(
            "a request takes {} when nothing queues, so {} are in flight at the peak",
            time(time_each),
            near(in_flight),
        );
        if let Discipline::Workers { count } = self.instance.discipline {
            let needed = (in_flight / f64::from(count)).ceil();
            let plural = if needed == 1.0 { "" } else { "s" };
            sentence += &format!("; with {count} workers each that keeps {needed} instance{plural} busy");
            if count < vcpus {
                let most = 100.0 * f64::from(count) / f64::from(vcpus);
                sentence +=
                    &format!("; {count} workers cannot use {vcpus} vCPUs: CPU stays below {} %", near(most));
            }
        }
        let figures = vec![
            Figure { name: "time_without_queueing", value: time_each, unit: "s" },
            Figure { name: "in_flight_at_peak", value: in_flight, unit: "requests" },
            Figure { name: "admitted_per_instance", value: f64::from(admitted), unit: "requests" },
        ];
        Arithmetic { about: "concurrency", sentence, figures }
    }

    fn bounds(&self, rates: Rates) -> Arithmetic {
        let cores = rates.peak * self.service.mean(|class| class.cpu_time.mean_seconds());
        let capacity = f64::from(self.group.max) * self.instance.cores();
        let used = cores / capacity;
        let verdict = if used >= 1.0 { "overload: raise group.max" } else { "enough" };
        let sentence = format!(
            "group.max of {} gives {} cores, which the peak uses to {} %: {verdict}",
            self.group.max,
            near(capacity),
            near(used * 100.0),
        );
        let figures = vec![
            Figure { name: "cores_at_max", value: capacity, unit: "cores" },
            Figure { name: "peak_utilisation_at_max", value: used, unit: "ratio" },
        ];
        Arithmetic { about: "bounds", sentence, figures }
    }

    /// From the moment the metric crosses the threshold to the moment a launched instance serves.
    fn time_to_scale(&self, policy: &Policy) -> Option<Arithmetic> {
        let boot: f64 = self
            .instance
            .boot
            .iter()
            .map(|phase| phase.time.mean_seconds())
            .fold(0.0, |sum, time| sum + time);
        let law = self.metrics.publication_law.as_ref();
        let delay = law.map_or(self.metrics.publication_delay.seconds(), |law| law.mean_seconds());
        let (periods, period) = slowest_scale_out(policy)?;
        let (look, what) = match &policy.threshold_poll {
            Some(poll) => (poll.interval.seconds(), "look"),
            None => (self.metrics.alarm_every(period).seconds(), "evaluation of the alarm"),
        };
        let measured = f64::from(periods) * period.seconds();
        let (least, most) = (measured + delay + boot, measured + period.seconds() + delay + look + boot);
        let sentence = format!(
            "{}: {periods} x {} of data + {} until they are published + {} of boot = {} to scale out, and up to {} more: data and {what} wait for their turn",
            policy.name,
            time(period.seconds()),
            time(delay),
            time(boot),
            time(least),
            time(most - least),
        );
        let figures = vec![
            Figure { name: "measured", value: measured, unit: "s" },
            Figure { name: "publication_delay", value: delay, unit: "s" },
            Figure { name: "boot", value: boot, unit: "s" },
            Figure { name: "least", value: least, unit: "s" },
            Figure { name: "most", value: most, unit: "s" },
        ];
        Some(Arithmetic { about: "time_to_scale", sentence, figures })
    }

    fn cost(&self) -> Arithmetic {
        const HOURS: f64 = crate::summary::HOURS_PER_MONTH;
        let usd = |nano: u64| nano as f64 / 1e9;
        let (what, min, max, price) = match &self.group.hosts {
            Some(hosts) => ("hosts", hosts.min, hosts.max, hosts.price),
            None => ("instances", self.group.min, self.group.max, self.instance.price),
        };
        let (each, balancer) =
            (usd(price.unwrap_or_default().nano_usd()), usd(self.balancer.price.nano_usd()));
        let month = |size: u32| HOURS * (f64::from(size) * each + balancer);
        let (least, most) = (month(min), month(max));
        let sentence = format!(
            "{min} to {max} {what} and the balancer cost {least:.2} to {most:.2} {} a month ({}, {})",
            self.prices.currency_code(),
            self.prices.region,
            self.prices.date,
        );
        let figures = vec![
            Figure { name: "month_at_min", value: least, unit: "USD" },
            Figure { name: "month_at_max", value: most, unit: "USD" },
        ];
        Arithmetic { about: "cost", sentence, figures }
    }

    /// The utilisation that sizes are stated at: the target of the first policy that tracks the CPU, or 70 %.
    pub(super) fn utilisation(&self) -> f64 {
        let tracked = self.policy.iter().filter_map(|policy| policy.target_tracking.as_ref());
        let target = tracked
            .filter(|tracking| tracking.metric == "cpu_utilization")
            .map(|tracking| tracking.target)
            .next();
        target.map_or(USUAL, |target| (target / 100.0).clamp(0.01, 1.0))
    }

    /// Whole instances that do so many cores' work.
    pub(super) fn instances(&self, cores: f64) -> f64 {
        // A product such as 400 x 0.035 is 14 and a bit.
        (cores / self.instance.cores() - 1e-9).ceil().max(0.0)
    }
}

/// Requests/s; with sessions the arrivals are users, each with so many requests.
fn load(arrivals: Rates, requests_each: Option<f64>) -> Arithmetic {
    let rates = arrivals.times(requests_each.unwrap_or(1.0));
    let (mean, peak) = (near(rates.mean), near(rates.peak));
    let sentence = match requests_each {
        None => format!("{mean} requests/s in the mean, {peak} at the peak"),
        Some(each) => format!(
            "{} users/s x {} requests = {mean} requests/s in the mean; {peak} at the peak if sessions were short, less as they last",
            near(arrivals.mean),
            near(each),
        ),
    };
    let figures = vec![
        Figure { name: "mean_rate", value: rates.mean, unit: "requests/s" },
        Figure { name: "peak_rate", value: rates.peak, unit: "requests/s" },
    ];
    Arithmetic { about: "load", sentence, figures }
}

/// Datapoints and period that a policy waits for before it scales out; the largest of its rules.
fn slowest_scale_out(policy: &Policy) -> Option<(u32, Duration)> {
    if let Some(poll) = &policy.threshold_poll {
        return Some((1, poll.period.unwrap_or_default()));
    }
    if let Some(tracking) = &policy.target_tracking {
        return Some((tracking.high.datapoints_to_alarm?, tracking.period?));
    }
    let simple = policy.simple_scaling.iter().flat_map(|simple| &simple.rule);
    let simple = simple.filter(|rule| rule.adjustment > 0).map(|rule| &rule.alarm);
    let step = policy.step_scaling.iter().flat_map(|step| &step.rule);
    let step = step.filter(|rule| rule.steps.iter().any(|step| step.adjustment > 0)).map(|rule| &rule.alarm);
    simple.chain(step).filter_map(|alarm| Some((alarm.datapoints_to_alarm?, alarm.period?))).max()
}

fn has_chance(load: &Load) -> bool {
    match load {
        Load::Mmpp(_) => true,
        Load::Sum(parts) => parts.iter().any(has_chance),
        Load::Scaled(scaled) => has_chance(&scaled.load),
        _ => false,
    }
}

/// A number for a sentence: three digits where it is small.
pub(super) fn near(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        small if small >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A time for a sentence: "35 ms", "55 s", "4.5 min".
pub(super) fn time(seconds: f64) -> String {
    match seconds {
        short if short < 1e-3 => format!("{} us", near(short * 1e6)),
        short if short < 1.0 => format!("{} ms", near(short * 1e3)),
        middle if middle < 300.0 => format!("{} s", near(middle)),
        long if long < 7200.0 => format!("{} min", near(long / 60.0)),
        long => format!("{} h", near(long / 3600.0)),
    }
}
