//! Metric math: arithmetic over the datapoints of other metrics, of the same period.

use super::{Metric, Statistic};

/// A metric that is computed from others.
#[derive(Debug, Clone, PartialEq)]
pub struct MathMetric {
    /// Name.
    pub name: String,
    /// How it is computed.
    pub expression: Expression,
}

/// An expression. Without one of its datapoints, after a division by zero or beyond the range of numbers it has no datapoint, as in CloudWatch.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// A metric, no math metric itself.
    Metric(Metric, Statistic),
    /// Two expressions joined.
    Join(Operator, Box<Expression>, Box<Expression>),
}

/// How two expressions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// +
    Add,
    /// -
    Subtract,
    /// *
    Multiply,
    /// /
    Divide,
}

impl Expression {
    /// Every metric in it with its statistic, from left to right.
    pub fn operands(&self) -> Vec<(Metric, Statistic)> {
        match self {
            Expression::Number(_) => Vec::new(),
            Expression::Metric(metric, statistic) => vec![(metric.clone(), *statistic)],
            Expression::Join(_, left, right) => {
                let mut all = left.operands();
                all.extend(right.operands());
                all
            }
        }
    }

    /// Its value, given those of the metrics.
    pub(crate) fn value(&self, of: &mut impl FnMut(&Metric, Statistic) -> Option<f64>) -> Option<f64> {
        let value = match self {
            Expression::Number(number) => *number,
            Expression::Metric(metric, statistic) => of(metric, *statistic)?,
            Expression::Join(operator, left, right) => {
                // Both sides are always read: what is missing is missing on either side.
                let (left, right) = (left.value(of), right.value(of));
                operator.join(left?, right?)
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Operator {
    fn join(self, left: f64, right: f64) -> f64 {
        match self {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
        }
    }
}
