//! JSON Schema as schemars writes it, read into plain structs; keywords unknown here land in `rest`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// A schema: `true`, `false` or an object.
#[derive(Clone, Debug)]
pub(crate) enum RawSchema {
    Truth(bool),
    Object(Box<RawObject>),
}

/// The keywords that shapes are made of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawObject {
    #[serde(rename = "$schema")]
    _draft: Option<String>,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "examples")]
    _examples: Option<Json>,
    /// A list of distinct elements is written as a set; doubles are the model's question.
    #[serde(rename = "uniqueItems")]
    _distinct: bool,
    pub(crate) description: String,
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "$defs")]
    pub(crate) definitions: BTreeMap<String, RawSchema>,
    pub(crate) default: Option<Json>,
    #[serde(rename = "type", deserialize_with = "one_or_more")]
    pub(crate) kind: Vec<String>,
    pub(crate) format: Option<String>,
    pub(crate) pattern: Option<String>,
    #[serde(rename = "minLength")]
    pub(crate) min_length: Option<usize>,
    #[serde(rename = "maxLength")]
    pub(crate) max_length: Option<usize>,
    #[serde(rename = "x-quantity")]
    pub(crate) quantity: Option<String>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    #[serde(rename = "exclusiveMinimum")]
    pub(crate) above: Option<f64>,
    #[serde(rename = "exclusiveMaximum")]
    pub(crate) below: Option<f64>,
    #[serde(rename = "enum")]
    pub(crate) choices: Option<Vec<Json>>,
    #[serde(rename = "const")]
    pub(crate) constant: Option<Json>,
    #[serde(rename = "oneOf")]
    pub(crate) one_of: Option<Vec<RawSchema>>,
    #[serde(rename = "anyOf")]
    pub(crate) any_of: Option<Vec<RawSchema>>,
    pub(crate) items: Option<RawSchema>,
    #[serde(rename = "prefixItems")]
    pub(crate) prefix_items: Option<Vec<RawSchema>>,
    #[serde(rename = "minItems")]
    pub(crate) min_items: Option<usize>,
    #[serde(rename = "maxItems")]
    pub(crate) max_items: Option<usize>,
    pub(crate) properties: BTreeMap<String, RawSchema>,
    pub(crate) required: Vec<String>,
    #[serde(rename = "additionalProperties")]
    pub(crate) additional: Option<RawSchema>,
    /// Keywords that nobody knows.
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Json>,
}

/// A JSON value: a default, a constant or an unknown keyword's value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Json {
    Null,
    Truth(bool),
    Natural(u64),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Table(BTreeMap<String, Json>),
}

impl RawSchema {
    /// Whether this is the schema of null, the second half of an `Option`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, RawSchema::Object(raw) if raw.kind.len() == 1 && raw.kind[0] == "null")
    }

    /// The documentation.
    pub(crate) fn meaning(&self) -> String {
        match self {
            RawSchema::Object(raw) => raw.description.clone(),
            RawSchema::Truth(_) => String::new(),
        }
    }

    /// The default, if it is written in the schema and not null.
    pub(crate) fn default(&self) -> Option<Json> {
        match self {
            RawSchema::Object(raw) => raw.default.clone().filter(|default| *default != Json::Null),
            RawSchema::Truth(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for RawSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawSchema;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a schema")
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<RawSchema, E> {
                Ok(RawSchema::Truth(truth))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSchema, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(RawSchema::Object)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A text, or a list of texts.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Json::deserialize(deserializer)? {
        Json::Text(one) => Ok(vec![one]),
        Json::List(more) => Ok(more
            .into_iter()
            .filter_map(|kind| if let Json::Text(kind) = kind { Some(kind) } else { None })
            .collect()),
        _ => Err(de::Error::custom("a type that is no text")),
    }
}
