//! Text in, typed value out, or all mistakes at once.
//!
//! [`read`] parses TOML, lays overrides on it, walks it beside the JSON Schema of the wanted type and reports
//! every mistake of form with place, path, value, rule and fix. The model then checks meaning through
//! [`Document::check`].
//!
//! The type must be plain: structs with `deny_unknown_fields`, externally tagged enums, lists, maps with text
//! keys, options, [quantities](quantity); [`check_schema`] says what in a type is not.

mod check;
mod diagnostic;
mod document;
mod generate;
mod limits;
mod path;
pub mod quantity;
mod reference;
mod schema;
mod shape;
mod source;
mod tree;
mod value;
mod walker;
mod wording;

pub use check::Check;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use document::{Document, Override};
pub use generate::{EmitError, check_schema, emit, schema};
pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS};
pub(crate) use path::most_similar as similar;
pub use quantity::{
    Cron, Currency, Duration, Formula, HourlyPrice, Instant, LeadIn, Moment, Money, Rate, Refusal, Size,
    Statistic, TimeOfDay,
};
pub(crate) use quantity::{Term, percentile};
pub use reference::reference;
pub use value::Value;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A value and the document that it was read from.
#[derive(Clone, Debug)]
pub struct Read<T> {
    /// The typed value.
    pub value: T,
    /// The document, with all overrides laid on it: for checks of meaning, and for further overrides.
    pub document: Document,
}

/// Reads `text` as a `T`, after laying the overrides on it in their order.
///
/// # Errors
/// The first mistake of TOML syntax alone; or the mistakes of the overrides' paths; or all mistakes of form.
pub fn read<T: DeserializeOwned + JsonSchema>(
    source_name: &str,
    text: &str,
    overrides: &[Override],
) -> Result<Read<T>, Diagnostics> {
    let mut document = Document::parse(source_name, text)?;
    document.overlay_all(overrides)?;
    Ok(Read { value: document.read()?, document })
}
