//! Walks the parsed tree beside the shapes of a type and collects every mistake of form.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeFloat, DeInteger, DeTable, DeValue};

use super::diagnostic::Mistake;
use super::document::Document;
use super::path::{key_shown, most_similar, path_shown};
use super::quantity::Kind;
use super::shape::{Bounds, Field, Shape, Shapes, Variant};
use super::tree::{Node, labels};
use super::wording::{example, kind_of, listed, numbers, variant, wanted, write_what};

/// A tree with more mistakes than this is hostile: the rest is neither looked for nor counted.
const MOST: usize = 10_000;

/// All mistakes of form in the tree, at most [`MOST`].
pub(crate) fn walk(document: &Document, root: &Node<'_>, shapes: &Shapes) -> Vec<Mistake> {
    let mut walker = Walker { document, shapes, keys: Vec::new(), found: Vec::new() };
    walker.value(root, &shapes.root.shape);
    walker.found
}

struct Walker<'a> {
    document: &'a Document,
    shapes: &'a Shapes,
    keys: Vec<String>,
    found: Vec<Mistake>,
}

impl<'a> Walker<'a> {
    fn value(&mut self, node: &Node<'_>, shape: &'a Shape) {
        if self.found.len() >= MOST {
            return;
        }
        let shape = self.shapes.resolve(shape);
        match (shape, node.get_ref()) {
            (Shape::Anything, _) | (Shape::Boolean, DeValue::Boolean(_)) => {}
            (Shape::Integer { least, most }, DeValue::Integer(number)) => {
                self.integer(node, number, *least, *most)
            }
            (Shape::Number(bounds), DeValue::Float(number)) => self.float(node, number, *bounds),
            (Shape::Number(bounds), DeValue::Integer(number)) => {
                let number = i128::from_str_radix(number.as_str(), number.radix());
                self.number(node, number.map_or(f64::INFINITY, |number| number as f64), *bounds);
            }
            (Shape::Text { least }, DeValue::String(text)) => self.text(node, text, *least),
            (Shape::Quantity(kind), DeValue::String(text)) => {
                if let Err(refusal) = kind.check(text) {
                    self.add(node, refusal.rule(), refusal.hint());
                }
            }
            (Shape::List { element, least, most }, DeValue::Array(array)) => {
                self.length(node, array.len(), *least, *most);
                self.elements(array, |_| Some(element));
            }
            (Shape::Tuple(parts), DeValue::Array(array)) => {
                self.length(node, array.len(), parts.len(), parts.len());
                self.elements(array, |index| parts.get(index));
            }
            (Shape::Map(free), DeValue::Table(table)) => {
                for (key, child) in table {
                    self.below(key.get_ref(), child, free);
                }
            }
            (Shape::Open(fields, free), DeValue::Table(table)) => {
                for (key, child) in table {
                    let known = fields.iter().find(|field| field.key == *key.get_ref());
                    self.below(key.get_ref(), child, known.map_or(free, |field| &field.shape));
                }
            }
            (Shape::Table(fields), DeValue::Table(table)) => self.table(node, table, fields),
            (Shape::Choice(variants), DeValue::Table(table)) => self.choice(node, table, variants),
            (Shape::Choice(variants), DeValue::String(name)) => self.unit(node, name, variants),
            _ => self.wrong_kind(node, shape),
        }
    }

    fn below(&mut self, key: &str, node: &Node<'_>, shape: &'a Shape) {
        self.keys.push(key.to_owned());
        self.value(node, shape);
        self.keys.pop();
    }

    fn elements(&mut self, array: &DeArray<'_>, shape: impl Fn(usize) -> Option<&'a Shape>) {
        for (index, (child, label)) in array.iter().zip(labels(array)).enumerate() {
            if let Some(shape) = shape(index) {
                self.below(&label, child, shape);
            }
        }
    }

    fn table(&mut self, node: &Node<'_>, table: &DeTable<'_>, fields: &'a [Field]) {
        let mut meant = Vec::new();
        for (key, child) in table {
            match fields.iter().find(|field| field.key == *key.get_ref()) {
                Some(field) => self.below(key.get_ref(), child, &field.shape),
                None if self.found.len() >= MOST => {}
                None => {
                    let absent =
                        fields.iter().map(|field| field.key.as_str()).filter(|key| !table.contains_key(*key));
                    let similar = most_similar(key.get_ref(), absent);
                    let hint = match similar {
                        Some(similar) => format!("did you mean {similar}?"),
                        None if fields.is_empty() => "remove it: no keys belong here".to_owned(),
                        None => {
                            format!("the keys here are: {}", listed(fields.iter().map(|f| f.key.as_str())))
                        }
                    };
                    meant.extend(similar);
                    self.at_key(key, "is not a known key", hint);
                }
            }
        }
        let missing = |field: &&Field| {
            field.required && !table.contains_key(field.key.as_str()) && !meant.contains(&field.key.as_str())
        };
        for field in fields.iter().filter(missing) {
            let hint = format!("add it, such as {} = {}", field.key, example(self.shapes, &field.shape, 2));
            self.add_below(node.span(), Some(&field.key), "is missing", hint);
        }
    }

    fn choice(&mut self, node: &Node<'_>, table: &DeTable<'_>, variants: &'a [Variant]) {
        let mut known = Vec::new();
        for (key, child) in table {
            match variants.iter().find(|variant| variant.name == *key.get_ref()) {
                Some(variant) => known.push((key, child, variant)),
                None if self.found.len() >= MOST => {}
                None => {
                    let hint = self.homes(key.get_ref(), variants);
                    let hint = hint.unwrap_or_else(|| similar_variant(key.get_ref(), variants));
                    self.at_key(key, "is not a known variant", hint);
                }
            }
        }
        known.sort_by_key(|(key, ..)| key.span().start);
        match known[..] {
            [] if table.is_empty() => {
                self.add(
                    node,
                    "names no variant",
                    write_what(self.shapes, &Shape::Choice(variants.to_vec())),
                );
            }
            [] => {}
            [(key, child, found)] => match &found.body {
                Some(body) => self.below(key.get_ref(), child, body),
                None => {
                    let hint = format!("write it as text: \"{}\"", found.name);
                    self.at_key(key, "is a variant without values", hint);
                }
            },
            [.., (last, ..)] => {
                let names = listed(known.iter().map(|(key, ..)| key.get_ref().as_ref()));
                let rule = format!("has {} variants ({names}) where exactly one belongs", known.len());
                self.add_below(last.span(), None, &rule, "keep one of them".to_owned());
            }
        }
    }

    fn unit(&mut self, node: &Node<'_>, name: &str, variants: &'a [Variant]) {
        match variants.iter().find(|variant| variant.name == name) {
            Some(Variant { body: None, .. }) => {}
            Some(found) => {
                let hint = format!("write {}", variant(self.shapes, found, 2));
                self.add(node, "is a variant with values of its own, so it is no text", hint);
            }
            None => {
                let takes =
                    |variant: &&Variant| match variant.body.as_ref().map(|body| self.shapes.resolve(body)) {
                        Some(Shape::Quantity(kind)) => kind.check(name).is_ok(),
                        _ => false,
                    };
                let hint = match variants.iter().find(takes) {
                    Some(variant) => format!("name the variant: {{ {} = \"{name}\" }}", variant.name),
                    None => similar_variant(name, variants),
                };
                self.add(node, "is not a known variant", hint);
            }
        }
    }

    /// The fix for a key that belongs inside a variant: the variants that have such a key.
    fn homes(&self, key: &str, variants: &'a [Variant]) -> Option<String> {
        let has = |variant: &&Variant| match variant.body.as_ref().map(|body| self.shapes.resolve(body)) {
            Some(Shape::Table(fields)) => fields.iter().any(|field| field.key == key),
            _ => false,
        };
        let homes: Vec<_> = variants.iter().filter(has).map(|variant| variant.name.as_str()).collect();
        (!homes.is_empty()).then(|| format!("write it inside its variant: {}", homes.join(" or ")))
    }

    fn integer(&mut self, node: &Node<'_>, number: &DeInteger<'_>, least: i128, most: i128) {
        let rule = match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if number < least => format!("is below {least}, the least value"),
            Ok(number) if number > most => format!("is above {most}, the greatest value"),
            Ok(_) => return,
            Err(_) => "has too many digits".to_owned(),
        };
        self.add(node, &rule, format!("write a whole number from {least} to {most}"));
    }

    fn float(&mut self, node: &Node<'_>, number: &DeFloat<'_>, bounds: Bounds) {
        // The parser has accepted the text as a float, so this cannot fail.
        self.number(node, number.as_str().parse().unwrap_or(f64::NAN), bounds);
    }

    fn number(&mut self, node: &Node<'_>, number: f64, bounds: Bounds) {
        let rule = match bounds {
            _ if !number.is_finite() => "is not a finite number".to_owned(),
            Bounds { least: Some((least, false)), .. } if number < least => {
                format!("is below {least}, the least value")
            }
            Bounds { least: Some((least, true)), .. } if number <= least => format!("is not above {least}"),
            Bounds { most: Some((most, false)), .. } if number > most => {
                format!("is above {most}, the greatest value")
            }
            Bounds { most: Some((most, true)), .. } if number >= most => format!("is not below {most}"),
            _ => return,
        };
        self.add(node, &rule, format!("write a number{}", numbers(bounds)));
    }

    fn text(&mut self, node: &Node<'_>, text: &str, least: usize) {
        if text.chars().count() < least {
            let rule = if text.is_empty() { "is empty".to_owned() } else { "is too short".to_owned() };
            self.add(
                node,
                &rule,
                format!("write at least {least} character{}", if least == 1 { "" } else { "s" }),
            );
        }
    }

    fn length(&mut self, node: &Node<'_>, length: usize, least: usize, most: usize) {
        if (least..=most).contains(&length) {
            return;
        }
        let bound = if length < least { ("at least", least) } else { ("at most", most) };
        let (word, count) = if least == most { ("exactly", most) } else { bound };
        let plural = if length == 1 { "" } else { "s" };
        let rule = format!("has {length} element{plural}");
        self.add(node, &rule, format!("write {word} {count}"));
    }

    fn wrong_kind(&mut self, node: &Node<'_>, shape: &Shape) {
        let rule = match (node.get_ref(), shape) {
            (DeValue::Integer(_) | DeValue::Float(_), Shape::Quantity(kind)) => {
                format!("is a bare number where {} belongs", kind.a_name())
            }
            (value, shape) => format!("is {} where {} belongs", kind_of(value), wanted(shape)),
        };
        self.add(node, &rule, self.fix(node, shape));
    }

    /// The fix for a value of the wrong kind: the nearest right spelling where there is one.
    fn fix(&self, node: &Node<'_>, shape: &Shape) -> String {
        let key = self.keys.last().map(|key| key_shown(key)).unwrap_or_default();
        let quoted = |text: &str| format!("put it in quotes: \"{text}\"");
        match (shape, node.get_ref()) {
            (Shape::Quantity(kind), DeValue::Integer(_) | DeValue::Float(_)) => {
                kind.with_unit(self.document.sources().slice(&node.span()))
            }
            (Shape::Quantity(Kind::Instant | Kind::TimeOfDay | Kind::Moment), DeValue::Datetime(date)) => {
                quoted(&date.to_string())
            }
            (
                Shape::Text { .. },
                DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_),
            ) => quoted(self.document.sources().slice(&node.span())),
            (Shape::Integer { .. }, DeValue::String(text)) if text.parse::<i64>().is_ok() => {
                format!("leave out the quotes: {text}")
            }
            (Shape::Number(_), DeValue::String(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
                format!("leave out the quotes: {text}")
            }
            (Shape::Boolean, DeValue::String(text)) if matches!(&**text, "true" | "false") => {
                format!("leave out the quotes: {text}")
            }
            (Shape::Integer { .. }, DeValue::Float(number)) => match number.as_str().parse::<f64>() {
                Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("write {number}"),
                _ => write_what(self.shapes, shape),
            },
            (Shape::List { .. }, DeValue::Table(_)) if self.document.written(node).is_none() => {
                format!("write [[{key}]], with two brackets, above each element")
            }
            (Shape::Table(_) | Shape::Map(_) | Shape::Open(..) | Shape::Choice(_), DeValue::Array(_))
                if self.document.written(node).is_none() =>
            {
                format!("write [{key}], with single brackets, and only once")
            }
            _ => write_what(self.shapes, shape),
        }
    }

    fn add(&mut self, node: &Node<'_>, rule: &str, hint: impl Into<String>) {
        let value = self.document.written(node);
        let path = path_shown(self.keys.iter().map(String::as_str));
        self.push(node.span(), path, value, rule, hint.into());
    }

    /// Reports a key that should not be there.
    fn at_key(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, rule: &str, hint: String) {
        self.add_below(key.span(), Some(key.get_ref()), rule, hint);
    }

    /// Reports the table at hand, or a key in it.
    fn add_below(&mut self, span: Range<usize>, key: Option<&str>, rule: &str, hint: String) {
        let path = path_shown(self.keys.iter().map(String::as_str).chain(key));
        self.push(span, path, None, rule, hint);
    }

    fn push(&mut self, span: Range<usize>, path: String, value: Option<String>, rule: &str, hint: String) {
        // Only the document itself has an empty span, and no place of its own.
        let span = Some(span).filter(|span| !span.is_empty());
        self.found.push(Mistake { span, path, value, rule: rule.to_owned(), hint: Some(hint) });
    }
}

fn similar_variant(name: &str, variants: &[Variant]) -> String {
    match most_similar(name, variants.iter().map(|variant| variant.name.as_str())) {
        Some(similar) => format!("did you mean {similar}?"),
        None => format!("the variants are: {}", listed(variants.iter().map(|variant| variant.name.as_str()))),
    }
}
