//! Metric math, written "sum(in_flight) / group_in_service_instances".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use simscale_core::Operator;

use super::{Kind, Refusal, Statistic, text_quantity};

/// Longest expression, in characters.
const LONGEST: usize = 1024;
/// Parentheses and signs inside one another, at most.
const DEEPEST: u32 = 50;

/// An expression over metrics: numbers, names of metrics, `+ - * /` and parentheses. A statistic around a name says which one is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Formula {
    text: String,
    tree: Term,
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Number(f64),
    /// A metric by its name, with the statistic that is read of it; none: the metric's usual one.
    Name(String, Option<Statistic>),
    Join(Operator, Box<Term>, Box<Term>),
}

text_quantity!(Formula, Kind::Formula);

impl Formula {
    pub(crate) fn tree(&self) -> &Term {
        &self.tree
    }

    /// Every name in it, from left to right.
    pub(crate) fn names(&self) -> Vec<&str> {
        fn of<'a>(term: &'a Term, names: &mut Vec<&'a str>) {
            match term {
                Term::Number(_) => {}
                Term::Name(name, _) => names.push(name),
                Term::Join(_, left, right) => {
                    of(left, names);
                    of(right, names);
                }
            }
        }
        let mut names = Vec::new();
        of(&self.tree, &mut names);
        names
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Formula {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.chars().count() > LONGEST {
            let rule = format!("is longer than {LONGEST} characters");
            return Err(Refusal::new(rule, "make a [[metrics.math]] of each part"));
        }
        let mut parser = Parser { text, at: 0, depth: 0 };
        let tree = parser.sum()?;
        match parser.peek() {
            None => Ok(Formula { text: text.to_owned(), tree }),
            Some(found) => Err(parser.refuse(&format!("has \"{found}\" where an operator belongs"))),
        }
    }
}

/// Reads an expression by recursive descent; `at` is a byte.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    /// A mistake at the present place.
    fn refuse(&self, rule: &str) -> Refusal {
        let place = self.text[..self.at].chars().count() + 1;
        let fix = "write an expression such as \"sum(in_flight) / group_in_service_instances\"";
        Refusal::new(format!("{rule} (at character {place})"), fix)
    }

    fn take(&mut self, operators: &[(char, Operator)]) -> Option<Operator> {
        let found = self.peek()?;
        let (sign, operator) = operators.iter().find(|(sign, _)| *sign == found)?;
        self.at += sign.len_utf8();
        Some(*operator)
    }

    fn sum(&mut self) -> Result<Term, Refusal> {
        let mut left = self.product()?;
        while let Some(operator) = self.take(&[('+', Operator::Add), ('-', Operator::Subtract)]) {
            left = Term::Join(operator, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Term, Refusal> {
        let mut left = self.factor()?;
        while let Some(operator) = self.take(&[('*', Operator::Multiply), ('/', Operator::Divide)]) {
            left = Term::Join(operator, Box::new(left), Box::new(self.factor()?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Term, Refusal> {
        let Some(first) = self.peek() else {
            return Err(self.refuse("ends where a number, a metric or \"(\" belongs"));
        };
        if matches!(first, '(' | '-') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(
                    self.refuse(&format!("has more than {DEEPEST} parentheses or signs in one another"))
                );
            }
        }
        match first {
            '(' => {
                self.at += 1;
                let inside = self.sum()?;
                self.close()?;
                self.depth -= 1;
                Ok(inside)
            }
            '-' => {
                self.at += 1;
                let inside = self.factor()?;
                self.depth -= 1;
                Ok(Term::Join(Operator::Subtract, Box::new(Term::Number(0.0)), Box::new(inside)))
            }
            '0'..='9' | '.' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.name(),
            found => Err(self.refuse(&format!("has \"{found}\" where a number, a metric or \"(\" belongs"))),
        }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        match self.peek() {
            Some(')') => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.refuse("lacks a \")\"")),
        }
    }

    /// The characters from here on that belong to one word.
    fn word(&self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn number(&mut self) -> Result<Term, Refusal> {
        let word = self.word(|c| c.is_ascii_digit() || c == '.');
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| self.refuse(&format!("has \"{word}\", which is no number")))?;
        self.at += word.len();
        Ok(Term::Number(number))
    }

    fn name(&mut self) -> Result<Term, Refusal> {
        let word = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if !self.text[self.at + word.len()..].trim_start().starts_with('(') {
            self.at += word.len();
            return Ok(Term::Name(word.to_owned(), None));
        }
        let statistic = word
            .parse::<Statistic>()
            .map_err(|_| self.refuse(&format!("has \"{word}(\", which is no statistic")))?;
        self.at += word.len();
        self.peek();
        self.at += 1;
        self.peek();
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if name.is_empty() {
            return Err(self.refuse(&format!("has no metric inside \"{word}(\"")));
        }
        self.at += name.len();
        self.close()?;
        Ok(Term::Name(name.to_owned(), Some(statistic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(term: &Term) -> String {
        match term {
            Term::Number(number) => number.to_string(),
            Term::Name(name, None) => name.clone(),
            Term::Name(name, Some(statistic)) => format!("{statistic}:{name}"),
            Term::Join(operator, left, right) => format!("({:?} {} {})", operator, shape(left), shape(right)),
        }
    }

    /// Proves precedence, grouping from the left, signs and statistics against trees written by hand.
    #[test]
    fn expressions_bind_as_in_arithmetic() {
        for (text, tree) in [
            ("1 + 2 * 3", "(Add 1 (Multiply 2 3))"),
            ("8 / 4 / 2", "(Divide (Divide 8 4) 2)"),
            ("8 - 4 - 2", "(Subtract (Subtract 8 4) 2)"),
            ("(1 + 2) * -x", "(Multiply (Add 1 2) (Subtract 0 x))"),
            (
                "sum( in_flight )/group_in_service_instances",
                "(Divide sum:in_flight group_in_service_instances)",
            ),
            ("p99.9(cpu_utilization)", "p99.9:cpu_utilization"),
            ("response_time_p99.9*.5", "(Multiply response_time_p99.9 0.5)"),
        ] {
            let formula: Formula = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(shape(formula.tree()), tree, "{text}");
            assert_eq!(formula.to_string(), text);
        }
    }

    /// Proves that each mistake is named with its place.
    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, rule) in [
            ("", "ends where a number, a metric or \"(\" belongs (at character 1)"),
            ("1 +", "ends where a number, a metric or \"(\" belongs (at character 4)"),
            ("(1 + 2", "lacks a \")\" (at character 7)"),
            ("1 2", "has \"2\" where an operator belongs (at character 3)"),
            ("é", "has \"é\" where a number, a metric or \"(\" belongs (at character 1)"),
            ("a * / b", "has \"/\" where a number, a metric or \"(\" belongs (at character 5)"),
            ("1.2.3", "has \"1.2.3\", which is no number (at character 1)"),
            ("mean(a)", "has \"mean(\", which is no statistic (at character 1)"),
            ("sum()", "has no metric inside \"sum(\" (at character 5)"),
            ("sum(a + b)", "lacks a \")\" (at character 7)"),
        ] {
            let refusal = text.parse::<Formula>().expect_err(text);
            assert_eq!(refusal.rule(), rule, "{text}");
        }
        let deep = "(".repeat(60);
        assert!(deep.parse::<Formula>().expect_err("deep").rule().contains("more than 50"));
        assert!("1+".repeat(600).parse::<Formula>().expect_err("long").rule().contains("1024"));
    }
}
