//! One opaque error: what kind of request cannot be answered, and a sentence with the offending value.

use std::fmt;

/// Why a question has no answer. More kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value lies outside the domain of the formula (negative rate, probability above one, empty sample).
    OutOfDomain,
    /// The load reaches or exceeds the capacity, so no steady state exists.
    Unstable,
    /// No value meets the target, however large the fleet.
    Unreachable,
    /// The formula is not known for this kind of input (for example percentiles of a heavy-tailed service).
    Unsupported,
    /// An exact answer would need more memory or time than this crate allows itself.
    TooLarge,
    /// A numeric method did not settle.
    NotConverged,
}

/// The error of this crate: a [kind](ErrorKind) and one sentence naming the offending value.
///
/// ```
/// use simscale_oracle::{ErrorKind, mm1::Mm1};
/// let error = Mm1::new(2.0, 1.0).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unstable);
/// assert!(error.to_string().contains("2"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleError {
    kind: ErrorKind,
    message: String,
}

/// Result with the error of this crate.
pub type Result<T> = std::result::Result<T, OracleError>;

impl OracleError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        OracleError { kind, message: message.into() }
    }

    pub(crate) fn domain(message: impl Into<String>) -> Self {
        OracleError::new(ErrorKind::OutOfDomain, message)
    }

    /// The kind of failure, for programs.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for OracleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OracleError {}
