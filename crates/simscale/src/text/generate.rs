//! What is made from a type: resolved TOML, the JSON Schema for editors, the check of what can be walked.

use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::shape::Shapes;

/// Why a value has no TOML text; a mistake in its type, not in its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitError(String);

impl fmt::Display for EmitError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the value cannot be written as TOML: {}", self.0)
    }
}

impl std::error::Error for EmitError {}

/// The value as TOML text: keys in the order of the declaration, every default written out.
///
/// # Errors
/// When the type has no form in TOML: it is no table, or a list in it may hold nothing (`None`).
pub fn emit<T: Serialize>(value: &T) -> Result<String, EmitError> {
    toml::to_string_pretty(value).map_err(|error| EmitError(error.to_string().trim_end().to_owned()))
}

/// The JSON Schema (draft 7) of `T` as pretty text, for editors. Ends with a line break.
pub fn schema<T: JsonSchema>() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value();
    // Only does something when a crate elsewhere has switched on insertion order: the text is the same either
    // way.
    schema.sort_all_objects();
    format!("{schema:#}\n")
}

/// Says what in the schema of `T` the walker does not know: for a test over every type that is read.
///
/// # Errors
/// One line a construct, with its place.
pub fn check_schema<T: JsonSchema>() -> Result<(), Vec<String>> {
    let unknown = Shapes::of::<T>().unknown;
    if unknown.is_empty() { Ok(()) } else { Err(unknown) }
}
