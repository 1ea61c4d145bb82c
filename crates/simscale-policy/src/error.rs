//! What is wrong with a policy's parameters: the field, and one sentence with the rule and the value.

use std::fmt;

/// Parameters that a policy refuses.
///
/// It displays as one sentence that names the rule and the value that breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    field: String,
    sentence: String,
}

impl PolicyError {
    /// `field` is the path of the parameter inside the params struct.
    pub(crate) fn new(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        PolicyError { field: field.into(), sentence: sentence.into() }
    }

    /// The same error, seen from the struct that holds `parent`.
    pub(crate) fn inside(mut self, parent: &str) -> Self {
        self.field = if self.field.starts_with('[') {
            format!("{parent}{}", self.field)
        } else {
            format!("{parent}.{}", self.field)
        };
        self
    }

    /// Path of the parameter inside the params struct, with places from zero: `rules[1].steps[0]`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The sentence, without the field.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.sentence)
    }
}

impl std::error::Error for PolicyError {}

/// Refuses an empty name.
pub(crate) fn validate_name(name: &str) -> Result<(), PolicyError> {
    if name.trim().is_empty() {
        return Err(PolicyError::new("name", "a policy needs a name, and this one is empty"));
    }
    Ok(())
}
