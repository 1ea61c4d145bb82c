//! A value of any type, as it stands in a scenario: for axes of sweeps and typed overrides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Any TOML value: text, number, truth value, date, list or table. The walker accepts everything in its
/// place.
///
/// `Display` is TOML on one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub(crate) toml::Value);

impl Value {
    /// The number, if the value is an integer or a float.
    pub fn as_number(&self) -> Option<f64> {
        match &self.0 {
            toml::Value::Integer(number) => Some(*number as f64),
            toml::Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number, if the value is an integer.
    pub fn as_integer(&self) -> Option<i64> {
        self.0.as_integer()
    }

    /// The truth value, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// The text, if the value is one.
    pub fn as_text(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// The elements, if the value is a list.
    pub fn as_list(&self) -> Option<Vec<Value>> {
        self.0.as_array().map(|list| list.iter().cloned().map(Value).collect())
    }

    /// The entries by their key, if the value is a table.
    pub fn as_table(&self) -> Option<Vec<(String, Value)>> {
        self.0
            .as_table()
            .map(|table| table.iter().map(|(key, value)| (key.clone(), Value(value.clone()))).collect())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Value {
        Value(toml::Value::Array(list.into_iter().map(|value| value.0).collect()))
    }
}

impl schemars::JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!(true)
    }
}
