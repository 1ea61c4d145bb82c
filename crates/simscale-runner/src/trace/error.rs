//! What is wrong with a trace file: where, which rule, and what to do.

use std::fmt;

/// A mistake in a trace file, or a file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceError {
    file: String,
    line: Option<u64>,
    rule: String,
    hint: Option<String>,
}

impl TraceError {
    pub(super) fn new(file: &str, line: Option<u64>, rule: impl Into<String>) -> TraceError {
        TraceError { file: file.to_string(), line, rule: rule.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> TraceError {
        self.hint = Some(hint.into());
        self
    }

    /// The line of the file, from 1, where it has one.
    pub fn line(&self) -> Option<u64> {
        self.line
    }
}

impl fmt::Display for TraceError {
    /// `traces/x.csv:17: t_s: 120 is before 180 of the row above; sort the file by time`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.rule)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl std::error::Error for TraceError {}
