//! A Markdown reference page from a type and its documentation: one section a table, one row a key.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;

use super::path::key_shown;
use super::schema::Json;
use super::shape::{Definition, Field, Shape, Shapes, Variant};
use super::wording::{integers, numbers};

/// More places of one definition than this are not listed.
const MOST_PLACES: usize = 8;

/// The reference page of `T`, in Markdown: sections in the order in which the tables are met, required keys
/// first (in the order of the declaration), then the others (in that of the alphabet). Ends with a line
/// break.
pub fn reference<T: JsonSchema>(title: &str) -> String {
    let shapes = Shapes::of::<T>();
    let mut page =
        Page { shapes: &shapes, text: format!("# {title}\n"), places: BTreeMap::new(), order: Vec::new() };
    page.visit(&shapes.root.shape, "", &mut Vec::new());
    page.section(&shapes.root);
    for name in std::mem::take(&mut page.order) {
        let Some(definition) = shapes.definitions.get(&name) else { continue };
        // Infallible: writing to a String.
        let _ = write!(page.text, "\n## {}\n", heading(&name));
        if let Some(places) = page.places.get(&name) {
            let shown: Vec<_> = places.iter().take(MOST_PLACES).map(|place| format!("`{place}`")).collect();
            let more = if places.len() > MOST_PLACES { " and elsewhere" } else { "" };
            let _ = write!(page.text, "\nWritten at {}{more}.\n", shown.join(", "));
        }
        page.section(definition);
    }
    page.text
}

struct Page<'a> {
    shapes: &'a Shapes,
    text: String,
    /// Where each definition is used, as dotted paths with `<name>` for free keys and elements.
    places: BTreeMap<String, Vec<String>>,
    /// Definitions in the order in which they are met.
    order: Vec<String>,
}

impl Page<'_> {
    /// Notes every definition below a shape with its places. `above` are the definitions around the shape: a
    /// definition inside itself is not entered again.
    fn visit(&mut self, shape: &Shape, place: &str, above: &mut Vec<String>) {
        let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        match shape {
            Shape::Named(name) => {
                let known = self.places.entry(name.clone()).or_default();
                if known.is_empty() {
                    self.order.push(name.clone());
                }
                if !known.iter().any(|other| other == place) {
                    known.push(place.to_owned());
                }
                let inside = above.contains(name);
                if let Some(definition) = self.shapes.definitions.get(name).filter(|_| !inside) {
                    above.push(name.clone());
                    self.visit(&definition.shape, place, above);
                    above.pop();
                }
            }
            Shape::List { element, .. } => self.visit(element, &format!("{place}[]"), above),
            Shape::Tuple(parts) => {
                parts.iter().for_each(|part| self.visit(part, &format!("{place}[]"), above))
            }
            Shape::Map(free) => self.visit(free, &below("<name>"), above),
            Shape::Open(fields, free) => {
                fields.iter().for_each(|field| self.visit(&field.shape, &below(&field.key), above));
                self.visit(free, &below("<name>"), above);
            }
            Shape::Table(fields) => {
                fields.iter().for_each(|field| self.visit(&field.shape, &below(&field.key), above));
            }
            Shape::Choice(variants) => {
                let bodies = variants.iter().filter_map(|variant| Some((variant, variant.body.as_ref()?)));
                bodies.for_each(|(variant, body)| self.visit(body, &below(&variant.name), above));
            }
            _ => {}
        }
    }

    fn section(&mut self, definition: &Definition) {
        self.paragraph(&definition.meaning);
        match &definition.shape {
            Shape::Table(fields) => self.table(fields),
            Shape::Open(fields, free) => {
                self.table(fields);
                let line = format!("All other keys are free, each: {}.", self.kind(free));
                self.paragraph(&line);
            }
            Shape::Choice(variants) => self.choice(variants),
            shape => {
                let line = format!("Written as {}.", self.kind(shape));
                self.paragraph(&line);
            }
        }
    }

    fn choice(&mut self, variants: &[Variant]) {
        self.paragraph("Exactly one of:");
        self.text.push_str("\n| variant | value | meaning |\n|---|---|---|\n");
        for variant in variants {
            let kind = variant.body.as_ref().map_or("text".to_owned(), |body| self.kind(body));
            let row = format!("| `{}` | {kind} | {} |\n", variant.name, cell(&variant.meaning));
            self.text.push_str(&row);
        }
        for variant in variants {
            if let Some(Shape::Table(fields)) = &variant.body {
                let head = format!("\n### {}\n", variant.name);
                self.text.push_str(&head);
                self.table(fields);
            }
        }
    }

    fn table(&mut self, fields: &[Field]) {
        if fields.is_empty() {
            return self.paragraph("No keys.");
        }
        self.text.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
        for field in fields {
            let default = match (&field.default, field.required) {
                (_, true) => "required".to_owned(),
                (Some(default), false) => format!("`{}`", cell(&toml_of(default))),
                (None, false) => "none".to_owned(),
            };
            let kind = self.kind(&field.shape);
            let row =
                format!("| `{}` | {kind} | {default} | {} |\n", key_shown(&field.key), cell(&field.meaning));
            self.text.push_str(&row);
        }
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.text, "\n{text}\n");
        }
    }

    /// The type of a value in words, with a link where it has a section of its own.
    fn kind(&self, shape: &Shape) -> String {
        match shape {
            Shape::Anything => "any value".to_owned(),
            Shape::Boolean => "true or false".to_owned(),
            Shape::Integer { least, most } => format!("whole number{}", integers(*least, *most)),
            Shape::Number(bounds) if bounds.least.is_none() && bounds.most.is_none() => "number".to_owned(),
            Shape::Number(bounds) => format!("number{}", numbers(*bounds)),
            Shape::Text { .. } => "text".to_owned(),
            Shape::Quantity(kind) => format!("{}, such as `\"{}\"`", kind.name(), kind.example()),
            Shape::List { element, .. } => format!("list of: {}", self.kind(element)),
            Shape::Tuple(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.kind(part)).collect();
                format!("list of exactly: {}", parts.join("; "))
            }
            Shape::Map(free) | Shape::Open(_, free) => {
                format!("table with free keys, each: {}", self.kind(free))
            }
            Shape::Table(fields) => {
                let keys: Vec<_> = fields.iter().map(|field| format!("`{}`", field.key)).collect();
                if keys.is_empty() { "empty table".to_owned() } else { format!("table: {}", keys.join(", ")) }
            }
            Shape::Choice(variants) => {
                let names: Vec<_> =
                    variants.iter().map(|variant| format!("`\"{}\"`", variant.name)).collect();
                names.join(" or ")
            }
            Shape::Named(name) => format!("[{}](#{})", heading(name), heading(name).replace(' ', "-")),
        }
    }
}

/// "CpuTime" as "cpu time": the heading of a definition, and with dashes its anchor.
fn heading(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(if c == '_' { ' ' } else { c.to_ascii_lowercase() });
    }
    words
}

/// Text for one cell of a table: one line, bars escaped.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A default as it would be written in TOML.
fn toml_of(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::Truth(truth) => truth.to_string(),
        Json::Natural(number) => number.to_string(),
        Json::Integer(number) => number.to_string(),
        Json::Number(number) => format!("{number:?}"),
        Json::Text(text) => format!("\"{text}\""),
        Json::List(list) => format!("[{}]", list.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        Json::Table(table) => {
            let entries = table.iter().filter(|(_, value)| **value != Json::Null);
            let entries = entries.map(|(key, value)| format!("{} = {}", key_shown(key), toml_of(value)));
            let entries = entries.collect::<Vec<_>>().join(", ");
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {entries} }}") }
        }
    }
}
