//! What a request costs: CPU time, wait time, classes of requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core::RequestClass;

use super::law::{Law, ppm};
use super::names;
use crate::text::{Check, Duration, Size};

/// What one request needs. Either `cpu_time` (and `wait_time`) for one kind of request, or several `[[service.class]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// CPU time of a request on a reference core (an instance with speed 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time: Option<Law>,
    /// Time that a request waits for others (I/O): it holds its slot and burns no CPU; default none, `{ constant = "0s" }`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_time: Option<Law>,
    /// Share of the CPU time that comes before the wait, 0 to 1; the rest comes after it; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_before_ratio: Option<f64>,
    /// Bytes of a request, such as "2KiB", for the balancer's capacity units; at most "1TB"; default "0B".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_size: Option<Size>,
    /// Bytes of an answer, such as "20KiB", for the balancer's capacity units; at most "1TB"; default "0B".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_size: Option<Size>,
    /// Kinds of requests with their weights, in place of the keys of a single kind; default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub class: Vec<ServiceClass>,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceClass {
    /// Name in outputs; unique.
    pub name: String,
    /// Share of the arrivals, relative to the weights of the other classes; above 0.
    #[schemars(range(max = 1e9), extend("exclusiveMinimum" = 0))]
    pub weight: f64,
    /// CPU time of a request on a reference core (an instance with speed 1).
    pub cpu_time: Law,
    /// Time that a request waits for others (I/O): it holds its slot and burns no CPU; default none, `{ constant = "0s" }`.
    #[serde(default = "no_wait")]
    pub wait_time: Law,
    /// Share of the CPU time that comes before the wait, 0 to 1; the rest comes after it; default 1.
    #[serde(default = "all_before")]
    pub cpu_before_ratio: f64,
    /// Bytes of a request, such as "2KiB", for the balancer's capacity units; at most "1TB"; default "0B".
    #[serde(default)]
    pub request_size: Size,
    /// Bytes of an answer, such as "20KiB", for the balancer's capacity units; at most "1TB"; default "0B".
    #[serde(default)]
    pub response_size: Size,
}

fn no_wait() -> Law {
    Law::Constant(Duration::from_secs(0))
}

fn all_before() -> f64 {
    1.0
}

impl Service {
    /// One kind of request with this CPU time and no wait.
    pub fn cpu(cpu_time: Law) -> Service {
        Service { cpu_time: Some(cpu_time), ..Service::default() }
    }

    /// The kinds of requests: those of `class`, or the single one that `cpu_time` describes.
    pub fn classes(&self) -> Vec<ServiceClass> {
        if !self.class.is_empty() {
            return self.class.clone();
        }
        let single = |cpu_time: &Law| ServiceClass {
            name: "request".to_owned(),
            weight: 1.0,
            cpu_time: cpu_time.clone(),
            wait_time: self.wait_time.clone().unwrap_or_else(no_wait),
            cpu_before_ratio: self.cpu_before_ratio.unwrap_or_else(all_before),
            request_size: self.request_size.unwrap_or_default(),
            response_size: self.response_size.unwrap_or_default(),
        };
        self.cpu_time.iter().map(single).collect()
    }

    /// Mean CPU time of a request on a reference core, seconds, over all classes.
    pub fn mean_cpu_seconds(&self) -> f64 {
        self.mean(|class| class.cpu_time.mean_seconds())
    }

    /// Mean over the classes of a figure of one class, weighted by their shares of the arrivals.
    pub(crate) fn mean(&self, figure: impl Fn(&ServiceClass) -> f64) -> f64 {
        let classes = self.classes();
        let weights: f64 = classes.iter().map(|class| class.weight).sum();
        classes.iter().map(|class| class.weight * figure(class)).sum::<f64>() / weights
    }

    pub(crate) fn resolve(&mut self) {
        if self.class.is_empty() {
            self.wait_time.get_or_insert_with(no_wait);
            self.cpu_before_ratio.get_or_insert_with(all_before);
            self.request_size.get_or_insert_default();
            self.response_size.get_or_insert_default();
        }
    }

    pub(crate) fn request_classes(&self) -> Vec<RequestClass> {
        let class = |class: ServiceClass| RequestClass {
            cpu_time: class.cpu_time.distribution(),
            wait_time: class.wait_time.distribution(),
            cpu_before_ppm: ppm(class.cpu_before_ratio),
            weight: class.weight,
            name: class.name,
        };
        self.classes().into_iter().map(class).collect()
    }

    /// Bytes of a request and of its answer, class by class; empty when there are none.
    pub(crate) fn sizes(&self) -> Vec<(u64, u64)> {
        let size = |class: &ServiceClass| (class.request_size.bytes(), class.response_size.bytes());
        let sizes: Vec<(u64, u64)> = self.classes().iter().map(size).collect();
        if sizes.iter().all(|size| *size == (0, 0)) { Vec::new() } else { sizes }
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        let singles = [
            ("cpu_time", self.cpu_time.is_some()),
            ("wait_time", self.wait_time.is_some()),
            ("cpu_before_ratio", self.cpu_before_ratio.is_some()),
            ("request_size", self.request_size.is_some()),
            ("response_size", self.response_size.is_some()),
        ];
        if self.class.is_empty() {
            self.check_single(check);
        } else {
            for (key, _) in singles.into_iter().filter(|(_, given)| *given) {
                let rule = "stands beside [[service.class]]";
                check.fail(&format!("service.{key}"), rule, "give every class its own and remove this one");
            }
        }
        names::check("service.class", &self.class, "name", |class| &class.name, check);
        for (index, class) in self.class.iter().enumerate() {
            let path = names::path("service.class", &self.class, index, |class| &class.name);
            check_cpu(&class.cpu_time, &format!("{path}.cpu_time"), check);
            class.wait_time.check(&format!("{path}.wait_time"), check);
            check.ratio(&format!("{path}.cpu_before_ratio"), class.cpu_before_ratio);
            check_size(class.request_size, &format!("{path}.request_size"), check);
            check_size(class.response_size, &format!("{path}.response_size"), check);
        }
    }

    fn check_single(&self, check: &mut Check<'_>) {
        match &self.cpu_time {
            Some(cpu_time) => check_cpu(cpu_time, "service.cpu_time", check),
            None => check.fail(
                "service.cpu_time",
                "is missing",
                "write cpu_time = { exponential = { mean = \"35ms\" } }",
            ),
        }
        if let Some(wait_time) = &self.wait_time {
            wait_time.check("service.wait_time", check);
        }
        check_size(self.request_size.unwrap_or_default(), "service.request_size", check);
        check_size(self.response_size.unwrap_or_default(), "service.response_size", check);
        check.ratio("service.cpu_before_ratio", self.cpu_before_ratio.unwrap_or_default());
    }
}

fn check_size(size: Size, path: &str, check: &mut Check<'_>) {
    if size.bytes() > 1_000_000_000_000 {
        check.fail(path, "is above 1 TB", "write the bytes of a single request or answer, such as \"20KiB\"");
    }
}

fn check_cpu(cpu_time: &Law, path: &str, check: &mut Check<'_>) {
    cpu_time.check(path, check);
    if cpu_time.distribution().mean() < 1.0 {
        check.fail(path, "has a mean of less than a nanosecond", "write a time above zero, such as \"1us\"");
    }
}
