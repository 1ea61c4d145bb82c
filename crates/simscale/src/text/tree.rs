//! Functions over the parsed tree: labels of array elements, steps along a path, spans.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::path::{Path, path_shown};

/// A value of the document with its span in the common space of offsets.
pub(crate) type Node<'i> = Spanned<DeValue<'i>>;

/// The fields that name an element of an array of tables, in order of preference.
const LABELS: [&str; 2] = ["name", "phase"];

/// The labels by which the elements of an array are addressed: a unique name or phase, the index otherwise.
pub(crate) fn labels(array: &DeArray<'_>) -> Vec<String> {
    let names: Vec<Option<&str>> = array.iter().map(|element| name_of(element.get_ref())).collect();
    let mut counts = BTreeMap::new();
    for name in names.iter().flatten() {
        *counts.entry(*name).or_insert(0_usize) += 1;
    }
    let label = |(index, name): (usize, &Option<&str>)| match name {
        Some(name) if counts.get(name) == Some(&1) => (*name).to_owned(),
        _ => index.to_string(),
    };
    names.iter().enumerate().map(label).collect()
}

/// The element that `key` addresses: by name or phase first, then by index.
pub(crate) fn element(array: &DeArray<'_>, key: &str) -> Option<usize> {
    let named = array.iter().position(|element| name_of(element.get_ref()) == Some(key));
    named.or_else(|| key.parse().ok().filter(|index| *index < array.len()))
}

fn name_of<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    let table = value.as_table()?;
    LABELS.into_iter().find_map(|label| table.get(label)?.get_ref().as_str())
}

/// One step down: the value under a key of a table, or the element with a label.
pub(crate) fn step<'a, 'i>(node: &'a Node<'i>, key: &str) -> Option<&'a Node<'i>> {
    match node.get_ref() {
        DeValue::Table(table) => table.get(key),
        DeValue::Array(array) => array.get(element(array, key)?),
        _ => None,
    }
}

/// The deepest existing value along the path, and whether it is the end of the path.
pub(crate) fn deepest<'a, 'i>(root: &'a Node<'i>, path: &Path) -> (&'a Node<'i>, bool) {
    let mut node = root;
    for segment in &path.0 {
        match step(node, &segment.key) {
            Some(next) => node = next,
            None => return (node, false),
        }
    }
    (node, true)
}

/// The dotted path of the innermost value or key with exactly this span.
pub(crate) fn path_at(root: &Node<'_>, span: &Range<usize>) -> Option<String> {
    fn search(node: &Node<'_>, span: &Range<usize>, keys: &mut Vec<String>) -> bool {
        let mut inside = |key: String, same: bool, child: &Node<'_>| {
            keys.push(key);
            let found = search(child, span, keys) || same;
            if !found {
                keys.pop();
            }
            found
        };
        let below = match node.get_ref() {
            DeValue::Table(table) => table
                .iter()
                .any(|(key, child)| inside(key.get_ref().clone().into_owned(), key.span() == *span, child)),
            DeValue::Array(array) => {
                array.iter().zip(labels(array)).any(|(child, label)| inside(label, false, child))
            }
            _ => false,
        };
        below || node.span() == *span
    }
    let mut keys = Vec::new();
    search(root, span, &mut keys).then(|| path_shown(keys.iter().map(String::as_str)))
}

/// The same value with every span moved up by `by`. Recurses: only for trees within the limits.
pub(crate) fn shifted(node: Node<'_>, by: usize) -> Node<'_> {
    let move_up = |span: Range<usize>| span.start + by..span.end + by;
    let span = move_up(node.span());
    let value = match node.into_inner() {
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|element| shifted(element, by)).collect())
        }
        DeValue::Table(table) => {
            let mut moved = DeTable::new();
            for (key, value) in table {
                let span = move_up(key.span());
                moved.insert(Spanned::new(span, key.into_inner()), shifted(value, by));
            }
            DeValue::Table(moved)
        }
        scalar => scalar,
    };
    Spanned::new(span, value)
}

/// Whether a value is worth repeating in a message as it was written: scalars, inline lists and inline
/// tables.
pub(crate) fn is_inline(node: &Node<'_>, text: &str) -> bool {
    match node.get_ref() {
        DeValue::Table(_) => text.starts_with('{'),
        // The first element of `[[policy]]` has the very span of the list.
        DeValue::Array(array) => {
            text.starts_with('[') && array.first().is_none_or(|first| first.span() != node.span())
        }
        _ => true,
    }
}
