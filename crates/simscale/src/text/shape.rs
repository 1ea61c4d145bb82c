//! The shapes of values, compiled from the JSON Schema of a type; a construct unknown here is reported.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::quantity::Kind;
use super::schema::{Json, RawObject, RawSchema};

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Anything: see [`super::Value`].
    Anything,
    Boolean,
    Integer {
        least: i128,
        most: i128,
    },
    Number(Bounds),
    Text {
        least: usize,
    },
    Quantity(Kind),
    List {
        element: Box<Shape>,
        least: usize,
        most: usize,
    },
    Tuple(Vec<Shape>),
    /// A table with free keys.
    Map(Box<Shape>),
    /// A table with some keys of its own, and others that are free.
    Open(Vec<Field>, Box<Shape>),
    Table(Vec<Field>),
    Choice(Vec<Variant>),
    /// A shape with a name: see [`Shapes::definitions`].
    Named(String),
}

/// Bounds of a number; the flag says that the bound itself is outside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) least: Option<(f64, bool)>,
    pub(crate) most: Option<(f64, bool)>,
}

/// One key of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) default: Option<Json>,
    pub(crate) meaning: String,
}

/// One variant of a choice; without a body it is written as text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) body: Option<Shape>,
    pub(crate) meaning: String,
}

/// A shape with a name and its documentation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) shape: Shape,
    pub(crate) meaning: String,
}

/// All shapes of a type.
#[derive(Clone, Debug)]
pub(crate) struct Shapes {
    pub(crate) root: Definition,
    pub(crate) definitions: BTreeMap<String, Definition>,
    /// Constructs of the schema that are not known here, with their place.
    pub(crate) unknown: Vec<String>,
}

impl Shapes {
    /// Compiles the schema of `T`.
    pub(crate) fn of<T: JsonSchema>() -> Shapes {
        let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        let mut compiler = Compiler { unknown: Vec::new() };
        let raw = match <RawSchema as serde::Deserialize>::deserialize(schema.as_value()) {
            Ok(RawSchema::Object(raw)) => *raw,
            Ok(RawSchema::Truth(_)) => RawObject::default(),
            Err(error) => {
                compiler.unknown.push(format!("(root): {error}"));
                RawObject::default()
            }
        };
        let definitions = raw.definitions.iter().map(|(name, schema)| {
            (name.clone(), Definition { shape: compiler.compile(schema, name), meaning: schema.meaning() })
        });
        let definitions = definitions.collect();
        let root = Definition { meaning: raw.description.clone(), shape: compiler.object(&raw, "(root)") };
        Shapes { root, definitions, unknown: compiler.unknown }
    }

    /// The shape behind a name, or the shape itself.
    pub(crate) fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        let mut shape = shape;
        // A schema that names only itself ends here too.
        for _ in 0..=self.definitions.len() {
            match shape {
                Shape::Named(name) => match self.definitions.get(name) {
                    Some(definition) => shape = &definition.shape,
                    None => return &Shape::Anything,
                },
                found => return found,
            }
        }
        &Shape::Anything
    }
}

struct Compiler {
    unknown: Vec<String>,
}

impl Compiler {
    fn refuse(&mut self, place: &str, what: &str) -> Shape {
        self.unknown.push(format!("{place}: {what}"));
        Shape::Anything
    }

    fn compile(&mut self, schema: &RawSchema, place: &str) -> Shape {
        match schema {
            RawSchema::Truth(true) => Shape::Anything,
            RawSchema::Truth(false) => self.refuse(place, "a schema that accepts nothing"),
            RawSchema::Object(object) => self.object(object, place),
        }
    }

    fn object(&mut self, raw: &RawObject, place: &str) -> Shape {
        for key in raw.rest.keys() {
            self.refuse(place, &format!("the keyword \"{key}\""));
        }
        if let Some(target) = &raw.reference {
            return match target.strip_prefix("#/$defs/") {
                Some(name) => Shape::Named(name.to_owned()),
                None => self.refuse(place, &format!("the reference \"{target}\"")),
            };
        }
        if let Some(options) = &raw.any_of {
            return self.optional(options, place);
        }
        if let Some(options) = &raw.one_of {
            let variants = options.iter().flat_map(|option| self.variants(option, place)).collect();
            return Shape::Choice(variants);
        }
        let kinds: Vec<&str> = raw.kind.iter().filter(|kind| *kind != "null").map(String::as_str).collect();
        match kinds[..] {
            [] if raw.kind.is_empty() => Shape::Anything,
            ["boolean"] => Shape::Boolean,
            ["integer"] => self.integer(raw, place),
            ["number"] => Shape::Number(bounds(raw)),
            ["string"] => self.text(raw, place),
            ["array"] => self.list(raw, place),
            ["object"] => self.table(raw, place),
            _ => self.refuse(place, &format!("the type {:?}", raw.kind)),
        }
    }

    /// `anyOf` of a schema and null: an `Option`.
    fn optional(&mut self, options: &[RawSchema], place: &str) -> Shape {
        let real: Vec<_> = options.iter().filter(|option| !option.is_null()).collect();
        match real[..] {
            [only] if options.len() == 2 => self.compile(only, place),
            _ => self.refuse(place, "\"anyOf\" other than an optional value (an untagged choice?)"),
        }
    }

    fn variants(&mut self, option: &RawSchema, place: &str) -> Vec<Variant> {
        let RawSchema::Object(raw) = option else {
            self.refuse(place, "a variant that is no schema");
            return Vec::new();
        };
        let names = names(raw);
        if !names.is_empty() {
            let unit = |name: String| Variant { name, body: None, meaning: raw.description.clone() };
            return names.into_iter().map(unit).collect();
        }
        let closed = matches!(raw.additional, Some(RawSchema::Truth(false)));
        match (raw.properties.iter().next(), raw.properties.len(), &raw.required[..]) {
            (Some((name, body)), 1, [required]) if closed && required == name => {
                let shape = self.compile(body, &format!("{place}.{name}"));
                let meaning =
                    if raw.description.is_empty() { body.meaning() } else { raw.description.clone() };
                vec![Variant { name: name.clone(), body: Some(shape), meaning }]
            }
            _ => {
                self.refuse(place, "\"oneOf\" other than an externally tagged choice");
                Vec::new()
            }
        }
    }

    fn integer(&mut self, raw: &RawObject, place: &str) -> Shape {
        let (least, most) = match raw.format.as_deref() {
            Some("uint8") => (0, u8::MAX.into()),
            Some("uint16") => (0, u16::MAX.into()),
            Some("uint32") => (0, u32::MAX.into()),
            Some("uint64" | "uint") => (0, u64::MAX.into()),
            Some("int8") => (i8::MIN.into(), i8::MAX.into()),
            Some("int16") => (i16::MIN.into(), i16::MAX.into()),
            Some("int32") => (i32::MIN.into(), i32::MAX.into()),
            Some("int64" | "int") | None => (i64::MIN.into(), i64::MAX.into()),
            Some(format) => return self.refuse(place, &format!("the integer format \"{format}\"")),
        };
        if raw.above.is_some() || raw.below.is_some() {
            return self.refuse(place, "exclusive bounds of an integer");
        }
        // Bounds of integers are whole and far below 2^53, or the type's own.
        let tight = |bound: Option<f64>, own: i128| bound.map_or(own, |bound| bound as i128);
        Shape::Integer {
            least: tight(raw.minimum, least).max(least),
            most: tight(raw.maximum, most).min(most),
        }
    }

    fn text(&mut self, raw: &RawObject, place: &str) -> Shape {
        if let Some(marker) = &raw.quantity {
            return match Kind::named(marker) {
                Some(kind) => Shape::Quantity(kind),
                None => self.refuse(place, &format!("the quantity \"{marker}\"")),
            };
        }
        let names = names(raw);
        if !names.is_empty() {
            let unit = |name| Variant { name, body: None, meaning: String::new() };
            return Shape::Choice(names.into_iter().map(unit).collect());
        }
        if raw.pattern.is_some() || raw.format.is_some() || raw.max_length.is_some() {
            return self.refuse(place, "a text with a pattern, a format or a longest length");
        }
        Shape::Text { least: raw.min_length.unwrap_or(0) }
    }

    fn list(&mut self, raw: &RawObject, place: &str) -> Shape {
        if let Some(parts) = &raw.prefix_items {
            return Shape::Tuple(parts.iter().map(|part| self.compile(part, place)).collect());
        }
        let Some(items) = &raw.items else {
            return self.refuse(place, "a list without a schema of its elements");
        };
        let element = Box::new(self.compile(items, &format!("{place}[]")));
        Shape::List { element, least: raw.min_items.unwrap_or(0), most: raw.max_items.unwrap_or(usize::MAX) }
    }

    fn table(&mut self, raw: &RawObject, place: &str) -> Shape {
        let free = match &raw.additional {
            Some(RawSchema::Truth(false)) => None,
            Some(free) => {
                let free = Box::new(self.compile(free, &format!("{place}.*")));
                if raw.properties.is_empty() {
                    return Shape::Map(free);
                }
                Some(free)
            }
            None => {
                return self
                    .refuse(place, "a table that allows unknown keys (deny_unknown_fields is missing)");
            }
        };
        let mut fields: Vec<Field> = Vec::new();
        // Required keys come in the order of the declaration, the others in that of the alphabet.
        let others = raw.properties.keys().filter(|key| !raw.required.contains(key));
        for key in raw.required.iter().chain(others) {
            let Some(schema) = raw.properties.get(key) else { continue };
            fields.push(Field {
                key: key.clone(),
                shape: self.compile(schema, &format!("{place}.{key}")),
                required: raw.required.contains(key),
                default: schema.default(),
                meaning: schema.meaning(),
            });
        }
        match free {
            Some(free) => Shape::Open(fields, free),
            None => Shape::Table(fields),
        }
    }
}

fn bounds(raw: &RawObject) -> Bounds {
    let bound = |included: Option<f64>, excluded: Option<f64>| {
        excluded.map(|bound| (bound, true)).or(included.map(|bound| (bound, false)))
    };
    Bounds { least: bound(raw.minimum, raw.above), most: bound(raw.maximum, raw.below) }
}

/// The names of variants without a body: `const`, or `enum` without null.
fn names(raw: &RawObject) -> Vec<String> {
    let listed = raw.constant.iter().chain(raw.choices.iter().flatten());
    listed.filter_map(|value| if let Json::Text(name) = value { Some(name.clone()) } else { None }).collect()
}
