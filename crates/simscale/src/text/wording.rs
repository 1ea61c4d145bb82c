//! The words of messages: what a value is, what belongs in its place, an example that would do.

use toml::de::DeValue;

use super::path::key_shown;
use super::shape::{Bounds, Shape, Shapes, Variant};

/// What a value is, with its article.
pub(crate) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date or time without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What belongs where a shape is, with its article.
pub(crate) fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Anything | Shape::Named(_) => "a value".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Integer { .. } => "a whole number".to_owned(),
        Shape::Number(_) => "a number".to_owned(),
        Shape::Text { .. } => "text".to_owned(),
        Shape::Quantity(kind) => kind.a_name(),
        Shape::List { .. } => "a list".to_owned(),
        Shape::Tuple(parts) => format!("a list of {} values", parts.len()),
        Shape::Map(_) | Shape::Open(..) | Shape::Table(_) => "a table".to_owned(),
        Shape::Choice(_) => "a variant".to_owned(),
    }
}

/// The fix for any value in the place of a shape: what to write.
pub(crate) fn write_what(shapes: &Shapes, shape: &Shape) -> String {
    match shape {
        Shape::Boolean => "write true or false".to_owned(),
        Shape::Integer { least, most } => format!("write a whole number{}", integers(*least, *most)),
        Shape::Number(bounds) => format!("write a number{}", numbers(*bounds)),
        Shape::Table(fields) if fields.is_empty() => "write an empty table: {}".to_owned(),
        Shape::Table(fields) => {
            format!("write a table with the keys {}", listed(fields.iter().map(|field| field.key.as_str())))
        }
        Shape::Choice(variants) => {
            format!("write one of: {}", listed(variants.iter().map(|v| v.name.as_str())))
        }
        _ => format!("write it like {}", example(shapes, shape, 2)),
    }
}

/// " from 1 to 9", or less where a bound is the type's own.
pub(crate) fn integers(least: i128, most: i128) -> String {
    let open =
        |bound: i128| [i64::MIN.into(), i64::MAX.into(), u32::MAX.into(), u64::MAX.into()].contains(&bound);
    match (open(least), open(most)) {
        (true, true) => String::new(),
        (false, true) => format!(" of at least {least}"),
        (true, false) => format!(" of at most {most}"),
        (false, false) => format!(" from {least} to {most}"),
    }
}

/// " from 0 to 1" in words, or less where there is no bound.
pub(crate) fn numbers(bounds: Bounds) -> String {
    match (bounds.least, bounds.most) {
        (None, None) => " such as 0.5".to_owned(),
        (Some((least, false)), Some((most, false))) => format!(" from {least} to {most}"),
        (least, most) => {
            let least =
                least.map(|(bound, open)| format!("{} {bound}", if open { "above" } else { "of at least" }));
            let most =
                most.map(|(bound, open)| format!("{} {bound}", if open { "below" } else { "of at most" }));
            format!(" {}", least.into_iter().chain(most).collect::<Vec<_>>().join(" and "))
        }
    }
}

/// A value in TOML that would do in the place of a shape; `depth` levels of tables are written out.
pub(crate) fn example(shapes: &Shapes, shape: &Shape, depth: usize) -> String {
    match shapes.resolve(shape) {
        Shape::Anything | Shape::Named(_) => "1".to_owned(),
        Shape::Boolean => "true".to_owned(),
        Shape::Integer { least, most } => 1.clamp(*least, *most).to_string(),
        Shape::Number(bounds) => number_example(*bounds),
        Shape::Text { .. } => "\"...\"".to_owned(),
        Shape::Quantity(kind) => format!("\"{}\"", kind.example()),
        Shape::List { element, .. } => format!("[{}]", example(shapes, element, depth)),
        Shape::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| example(shapes, part, depth)).collect();
            format!("[{}]", parts.join(", "))
        }
        Shape::Map(_) | Shape::Open(..) | Shape::Table(_) if depth == 0 => "{ ... }".to_owned(),
        Shape::Map(free) | Shape::Open(_, free) => format!("{{ a = {} }}", example(shapes, free, depth - 1)),
        Shape::Table(fields) => {
            let required = fields.iter().filter(|field| field.required);
            let entries =
                required.map(|field| format!("{} = {}", field.key, example(shapes, &field.shape, depth - 1)));
            let entries = entries.collect::<Vec<_>>().join(", ");
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {entries} }}") }
        }
        Shape::Choice(variants) => {
            variants.first().map_or("{}".to_owned(), |first| variant(shapes, first, depth))
        }
    }
}

/// A variant as it is written in TOML.
pub(crate) fn variant(shapes: &Shapes, variant: &Variant, depth: usize) -> String {
    match &variant.body {
        None => format!("\"{}\"", variant.name),
        Some(body) => format!("{{ {} = {} }}", key_shown(&variant.name), example(shapes, body, depth)),
    }
}

fn number_example(bounds: Bounds) -> String {
    let inside = |number: &f64| {
        bounds.least.is_none_or(|(least, open)| if open { *number > least } else { *number >= least })
            && bounds.most.is_none_or(|(most, open)| if open { *number < most } else { *number <= most })
    };
    let known = bounds.least.into_iter().chain(bounds.most).map(|(bound, _)| bound);
    let found = [0.5, 1.5, 50.0].into_iter().chain(known).find(inside).unwrap_or(0.5);
    format!("{found:?}")
}

/// Words with commas between them, at most 30.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 30;
    let words: Vec<_> = words.into_iter().map(key_shown).collect();
    let more = if words.len() > MOST { ", ..." } else { "" };
    format!("{}{more}", words[..words.len().min(MOST)].join(", "))
}
