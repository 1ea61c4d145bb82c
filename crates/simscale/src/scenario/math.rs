//! Metric math: metrics of one's own that are computed from others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale_core as core;

use super::alarm::world_statistic;
use super::{Metrics, names};
use crate::text::{Check, Formula, Statistic, Term};

/// A metric computed from others, as CloudWatch metric math: a datapoint for each period in which all of them have one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MathMetric {
    /// Name by which policies ask for it; unique, and no other metric's.
    pub name: String,
    /// Numbers, metrics, `+ - * /` and parentheses; `sum(in_flight)` reads a statistic of a metric, a bare name its average (the sum of the balancer's counts, request_count_per_target among them). Math metrics listed above may be used. Division by zero gives no datapoint.
    pub expression: Formula,
}

/// The statistic that a bare name reads: a balancer publishes its counts as sums.
pub(crate) fn usual_statistic(metric: &core::Metric) -> Statistic {
    match metric {
        core::Metric::RequestCountPerTarget => Statistic::Sum,
        core::Metric::Balancer(which) if which.is_count() => Statistic::Sum,
        _ => Statistic::Average,
    }
}

impl Metrics {
    /// The expression of a math metric as the engine knows it; `None` when one of its names is no metric's.
    pub(crate) fn expression(&self, index: usize) -> Option<core::Expression> {
        self.term(self.math[index].expression.tree(), index)
    }

    /// A part of the expression at `index`; only math metrics above it are known.
    fn term(&self, term: &Term, index: usize) -> Option<core::Expression> {
        Some(match term {
            Term::Number(number) => core::Expression::Number(*number),
            Term::Name(name, statistic) => match self.metric(name)? {
                core::Metric::Math(above) if usize::from(above) < index && statistic.is_none() => {
                    self.expression(usize::from(above))?
                }
                core::Metric::Math(_) => return None,
                metric => {
                    let statistic = statistic.unwrap_or_else(|| usual_statistic(&metric));
                    core::Expression::Metric(metric, world_statistic(statistic))
                }
            },
            Term::Join(operator, left, right) => core::Expression::Join(
                *operator,
                Box::new(self.term(left, index)?),
                Box::new(self.term(right, index)?),
            ),
        })
    }

    /// Reports names that are taken, operands that are no metrics, and expressions that read nothing.
    pub(crate) fn check_math(&self, memory: bool, check: &mut Check<'_>) {
        names::check("metrics.math", &self.math, "name", |math| &math.name, check);
        let without = Metrics { math: Vec::new(), ..self.clone() };
        for (index, math) in self.math.iter().enumerate() {
            let path = names::path("metrics.math", &self.math, index, |math| &math.name);
            if without.metric(&math.name).is_some() {
                let hint = "choose another name";
                check.fail(&format!("{path}.name"), "is the name of another metric", hint);
            }
            let path = format!("{path}.expression");
            let known = Metrics { math: self.math[..index].to_vec(), ..self.clone() };
            let names = math.expression.names();
            if names.is_empty() {
                check.fail(&path, "reads no metric", "name at least one: a constant needs no alarm");
            }
            for &name in &names {
                match known.metric(name) {
                    None => {
                        let rule = format!("has \"{name}\", which is no metric and no metric math above it");
                        check.fail(&path, rule, known.hint(name));
                    }
                    Some(_) => known.check_name(&path, name, memory, check),
                }
            }
            if names.iter().all(|name| known.metric(name).is_some()) && self.expression(index).is_none() {
                let rule = "takes a statistic of a math metric, which has one value a period";
                check.fail(&path, rule, "write its bare name");
            }
        }
    }
}
