//! Two policies of one's own, behind the program's public door: Kubernetes' horizontal pod autoscaler on CPU, and Knative's on requests.
//!
//! Only what the measured runs need; simscale has no Kubernetes policy.

use simscale::engine::{
    BalancerMetric, Decision, Metric, MetricQuery, Needs, Observation, Policy, Reason, SimDuration, SimTime,
    Statistic,
};
use std::collections::BTreeMap;

/// How often the horizontal pod autoscaler looks (kube-controller-manager: `--horizontal-pod-autoscaler-sync-period`).
const SYNC: SimDuration = SimDuration::from_secs(15);
/// For how long its highest recommendation holds (`--horizontal-pod-autoscaler-downscale-stabilization`).
const STABILISE: SimDuration = SimDuration::from_secs(300);
/// Change of the ratio that does not count, both ways (`--horizontal-pod-autoscaler-tolerance`).
const TOLERANCE: f64 = 0.1;

/// The horizontal pod autoscaler with a CPU target and without `behavior` (Kubernetes documentation, "Horizontal Pod Autoscaling").
pub struct Pods {
    /// CPU request of a pod, percent of its processors.
    pub request: f64,
    /// Target, percent of the request.
    pub target: f64,
    /// Samples of a pod in a period of 15 s, each the mean of its part of it.
    pub samples: f64,
    /// When it looks first.
    pub first: SimDuration,
    /// What it recommended, with its time.
    pub recommended: Vec<(SimTime, u32)>,
}

impl Pods {
    /// Replicas for what the pods with a sample use together, before stabilisation and limits: pods without one count as idle when it wants more.
    fn count(&self, current: u32, sampled: u32, without: u32, used: f64) -> u32 {
        let utilisation = |pods: u32| (100.0 * used / (self.request * f64::from(pods)) + 1e-9).trunc();
        let ratio = utilisation(sampled) / self.target;
        let within = |ratio: f64| (1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&ratio);
        if without == 0 || ratio <= 1.0 {
            return if within(ratio) { current } else { (ratio * f64::from(sampled)).ceil() as u32 };
        }
        let all = sampled + without;
        let ratio = utilisation(all) / self.target;
        let wanted = (ratio * f64::from(all)).ceil() as u32;
        if within(ratio) || ratio < 1.0 || wanted < current { current } else { wanted }
    }

    /// The highest recommendation of the last five minutes, at most twice the current size or 4, inside the bounds.
    fn limited(&mut self, now: SimTime, current: u32, wanted: u32, (min, max): (u32, u32)) -> u32 {
        self.recommended.retain(|&(at, _)| now.since(at) <= STABILISE);
        let highest = self.recommended.iter().map(|&(_, count)| count).fold(wanted, u32::max);
        self.recommended.push((now, wanted));
        highest.clamp(min, max.min((2 * current).max(4)).max(min))
    }
}

impl Policy for Pods {
    fn name(&self) -> &str {
        "horizontal-pod-autoscaler"
    }

    fn needs(&self) -> Needs {
        let cpu = |statistic| MetricQuery { metric: Metric::CpuUtilization, period: SYNC, statistic };
        Needs { metrics: vec![cpu(Statistic::Sum), cpu(Statistic::SampleCount)], alarms: Vec::new() }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        Some(if now == SimTime::ZERO { now + self.first } else { now + SYNC })
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let newest = |query: usize| seen.datapoints[query].last().map(|point| point.value);
        let (Some(used), Some(sampled)) = (newest(0), newest(1)) else {
            return Decision::hold(Reason::NoData);
        };
        let (used, sampled) = (used / self.samples, (sampled / self.samples).ceil());
        if self.recommended.is_empty() {
            self.recommended.push((seen.now, seen.desired));
        }
        // A pod that left since is no pod any more; one that came since has no sample yet.
        let pods = seen.in_service() + seen.booting;
        let without = pods.saturating_sub(sampled as u32);
        let wanted = self.count(seen.desired, sampled as u32, without, used);
        let size = self.limited(seen.now, seen.desired, wanted, (seen.min, seen.max));
        Decision::desired(
            size,
            Reason::Other(format!("CPU {used:.1} % in {sampled} pods: {wanted}, held {size}")),
        )
    }
}

/// Knative's pod autoscaler on requests a second (knative/serving: `pkg/autoscaler/scaling`), with its defaults.
pub struct Revision {
    /// Requests a second that a pod should have.
    target: f64,
    /// Whether it panics when twice its pods are wanted within six seconds, as the product does.
    panics: bool,
    /// Requests of each second that had any.
    requests: BTreeMap<u64, f64>,
    /// When the panic began or was last confirmed.
    panic: Option<SimTime>,
    /// Most that was wanted in this panic.
    most: u32,
}

const TICK: SimDuration = SimDuration::from_secs(2);
const SECOND: SimDuration = SimDuration::from_secs(1);
/// The stable and the panic window, seconds.
const WINDOWS: [u64; 2] = [60, 6];

impl Revision {
    pub fn new(target: f64, panics: bool) -> Revision {
        Revision { target, panics, requests: BTreeMap::new(), panic: None, most: 0 }
    }

    /// Requests a second over the last `window` whole seconds.
    fn rate(&self, now: u64, window: u64) -> f64 {
        let whole = now.min(window).max(1);
        let counts = self.requests.range(now.saturating_sub(window)..now);
        counts.map(|(_, count)| count).sum::<f64>() / whole as f64
    }

    /// One tick: the size for what the two windows say.
    fn tick(&mut self, now: SimTime, ready: u32, stable: f64, panic: f64) -> u32 {
        let ready = ready.max(1);
        let (up, down) = (ready * 1000, ready / 2);
        let wanted = |rate: f64| (rate / self.target).ceil() as u32;
        let (calm, urgent) = (wanted(stable), wanted(panic));
        if self.panics && f64::from(urgent) / f64::from(ready) >= 2.0 {
            self.panic = Some(now);
        } else if self.panic.is_some_and(|since| since + SimDuration::from_secs(WINDOWS[0]) < now) {
            (self.panic, self.most) = (None, 0);
        }
        let (calm, urgent) = (calm.clamp(down, up), urgent.clamp(down, up));
        if self.panic.is_none() {
            return calm;
        }
        self.most = self.most.max(calm).max(urgent);
        self.most
    }
}

impl Policy for Revision {
    fn name(&self) -> &str {
        "knative"
    }

    fn needs(&self) -> Needs {
        let metric = Metric::Balancer(BalancerMetric::RequestCount);
        Needs {
            metrics: vec![MetricQuery { metric, period: SECOND, statistic: Statistic::Sum }],
            alarms: Vec::new(),
        }
    }

    fn next_look(&self, now: SimTime) -> Option<SimTime> {
        Some(now + TICK)
    }

    fn decide(&mut self, seen: &Observation<'_>) -> Decision {
        let second = |start: SimTime| start.as_secs_f64().round() as u64;
        self.requests.extend(seen.datapoints[0].iter().map(|point| (second(point.start), point.value)));
        let now = second(seen.now);
        self.requests = self.requests.split_off(&now.saturating_sub(WINDOWS[0] + 2));
        let [stable, panic] = WINDOWS.map(|window| self.rate(now, window));
        // A revision that serves keeps one pod for as long as the window is not empty.
        let size = self.tick(seen.now, seen.in_service(), stable, panic).clamp(seen.min.max(1), seen.max);
        Decision::desired(size, Reason::Other(format!("{stable:.2}/s stable, {panic:.2}/s panic: {size}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(target: f64) -> Pods {
        Pods { request: 100.0, target, samples: 1.0, first: SYNC, recommended: Vec::new() }
    }

    /// Kubernetes documentation: the doubling of "Horizontal Pod Autoscaling", the walkthrough's 305 % of 50 %, the blog's 50 pods at 90 % of 75 %;
    /// two pods of eight that are not ready yet.
    #[test]
    fn pods_are_counted_as_documented() {
        assert_eq!(pods(100.0).count(5, 5, 0, 5.0 * 200.0), 10);
        assert_eq!(pods(50.0).count(1, 1, 0, 305.0), 7);
        assert_eq!(pods(75.0).count(50, 50, 0, 50.0 * 90.0), 60);
        assert_eq!(pods(60.0).count(8, 6, 2, 6.0 * 90.0), 9);
        assert_eq!(pods(100.0).count(10, 10, 0, 10.0 * 109.0), 10);
    }

    /// The walkthrough's way to seven: 1, 4, 7; and five minutes until it may shrink.
    #[test]
    fn pods_grow_and_shrink_within_limits() {
        let (mut hpa, bounds) = (pods(50.0), (1, 10));
        let at = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
        assert_eq!(hpa.limited(at(15), 1, 7, bounds), 4);
        assert_eq!(hpa.limited(at(30), 4, 7, bounds), 7);
        assert_eq!(hpa.limited(at(45), 7, 2, bounds), 7);
        assert_eq!(hpa.limited(at(330), 7, 2, bounds), 7);
        assert_eq!(hpa.limited(at(345), 7, 2, bounds), 2);
    }

    /// knative/serving, `config-autoscaler`: at most half at once; 4 pods with 330 in the panic window and a target of 35 want 10 and hold them in panic.
    #[test]
    fn revisions_decide_as_documented() {
        let at = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
        assert_eq!(Revision::new(7.0, true).tick(at(0), 9, 7.0, 7.0), 4);
        let mut revision = Revision::new(35.0, true);
        assert_eq!(revision.tick(at(100), 4, 150.0, 330.0), 10);
        assert_eq!(revision.tick(at(105), 10, 180.0, 90.0), 10);
        assert_eq!(revision.tick(at(161), 10, 180.0, 90.0), 6);
    }
}
