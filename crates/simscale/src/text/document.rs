//! A parsed scenario: the tree of values with their places, and the overrides laid on it.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::check::Check;
use super::diagnostic::{Diagnostics, Mistake};
use super::limits::{self, Excess};
use super::path::{self, Path, Segment, most_similar, path_shown};
use super::shape::Shapes;
use super::source::{Origin, Sources};
use super::tree::{self, Node, element, labels};
use super::value::Value;
use super::walker;
use super::wording::listed;

/// A value for one dotted path, from outside the file: `--set group.max=30`, or one point of an axis of a
/// sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    path: String,
    value: String,
    origin: String,
}

impl Override {
    /// An override with the value as text: a TOML value if it reads as one (dates excepted), plain text
    /// otherwise.
    ///
    /// The path names elements of lists by their `name` or `phase`, or by index: `policy.cpu-50.min`,
    /// `policy.0.min`. A key that holds a dot is written in quotes.
    pub fn new(path: impl Into<String>, value: impl Into<String>) -> Override {
        Override { path: path.into(), value: value.into(), origin: "--set".to_owned() }
    }

    /// An override with a typed value.
    pub fn typed(path: impl Into<String>, value: &Value) -> Override {
        Override::new(path, value.to_string())
    }

    /// Takes `group.max=30` apart at the first `=` outside quotes.
    ///
    /// # Errors
    /// When there is no `=`.
    pub fn parse(assignment: &str) -> Result<Override, Diagnostics> {
        match path::assignment(assignment) {
            Some(at) => Ok(Override::new(assignment[..at].trim(), assignment[at + 1..].trim())),
            None => {
                let mut sources = Sources::new("", "");
                let end = sources.add(&format!("--set {assignment}"), assignment, Origin::Override)
                    + assignment.len();
                let mistake = Mistake {
                    span: Some(end - assignment.len()..end),
                    path: String::new(),
                    value: Some(format!("\"{assignment}\"")),
                    rule: "has no \"=\"".to_owned(),
                    hint: Some("write a dotted path, = and a value, such as group.max=30".to_owned()),
                };
                Err(Diagnostics::one(&sources, mistake))
            }
        }
    }

    /// The same override under another name in messages: "axis" instead of "--set".
    pub fn with_origin(self, origin: impl Into<String>) -> Override {
        Override { origin: origin.into(), ..self }
    }

    /// The dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value as text.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A scenario's text, known to parse, with the overrides laid on it.
///
/// It keeps texts, not the tree: the tree borrows from them and is parsed again when it is needed, which
/// costs some 50 µs.
#[derive(Clone)]
pub struct Document {
    /// The file, then one source an override.
    sources: Sources,
    changes: Vec<Override>,
}

impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.sources.get(0).name;
        out.debug_struct("Document")
            .field("source", name)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// Parses TOML. `source_name` stands in front of every message.
    ///
    /// # Errors
    /// One diagnostic: the first mistake of syntax, or a broken limit (4 MiB of text, 64 levels, 10,000
    /// elements).
    pub fn parse(source_name: &str, text: &str) -> Result<Document, Diagnostics> {
        let document = Document { sources: Sources::new(source_name, text), changes: Vec::new() };
        document.build()?;
        Ok(document)
    }

    /// Lays one override on the document. New keys and tables may be made; whether they are known is
    /// [`Document::read`]'s question.
    ///
    /// # Errors
    /// One diagnostic, citing the override: a path that cannot be taken apart, that leads into a value which
    /// is no table, or that names an element which does not exist; or a value beyond the limits of
    /// [`Document::parse`]. The document is then what it was before.
    pub fn overlay(&mut self, change: &Override) -> Result<(), Diagnostics> {
        self.overlay_all(std::slice::from_ref(change))
    }

    /// Lays overrides on the document in their order, all or none; the text is parsed once, however many there are.
    ///
    /// # Errors
    /// As [`Document::overlay`], for the first override that cannot be laid.
    pub fn overlay_all(&mut self, changes: &[Override]) -> Result<(), Diagnostics> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut next = self.clone();
        for change in changes {
            let text = format!("{}={}", change.path, change.value);
            next.sources.add(&format!("{} {text}", change.origin), &text, Origin::Override);
            next.changes.push(change.clone());
        }
        next.build()?;
        *self = next;
        Ok(())
    }

    /// Reads the document as a `T`.
    ///
    /// # Errors
    /// All mistakes of form that the walker finds beside the schema of `T`; or, when it finds none, the first
    /// refusal of `T` itself.
    pub fn read<T: DeserializeOwned + schemars::JsonSchema>(&self) -> Result<T, Diagnostics> {
        let shapes = Shapes::of::<T>();
        let root = self.tree();
        Diagnostics::check(&self.sources, walker::walk(self, &root, &shapes))?;
        T::deserialize(ValueDeserializer::from(root)).map_err(|error| {
            let span = error.span();
            let path = span.as_ref().and_then(|span| tree::path_at(&self.tree(), span)).unwrap_or_default();
            let mut check = self.check();
            check.fail(
                &path,
                format!("is refused: {}", error.message()),
                "write a value that keeps this rule",
            );
            check.finish().expect_err("a mistake was reported")
        })
    }

    /// The tree of values, with all overrides in place.
    pub(crate) fn tree(&self) -> Node<'_> {
        self.build().expect("the document was built when its texts were added")
    }

    /// The texts with their places.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    fn build(&self) -> Result<Node<'_>, Diagnostics> {
        let text = &self.sources.get(0).text;
        let refused = |excess: Excess| Diagnostics::one(&self.sources, mistake_of(excess));
        limits::check_text(text).map_err(refused)?;
        let table = DeTable::parse(text).map_err(|error| Diagnostics::one(&self.sources, syntax(&error)))?;
        let mut root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
        limits::check_tree(&root).map_err(refused)?;
        for (index, change) in self.changes.iter().enumerate() {
            self.lay(&mut root, index + 1, change)?;
        }
        if !self.changes.is_empty() {
            limits::check_tree(&root).map_err(refused)?;
        }
        Ok(root)
    }

    /// Puts one override into the tree.
    fn lay<'i>(&'i self, root: &mut Node<'i>, source: usize, change: &Override) -> Result<(), Diagnostics> {
        let base = self.sources.base(source);
        let start = change.path.len() + 1;
        let refused = |path: &str, value: Option<String>, rule: String, hint: String| {
            let mistake = Mistake {
                span: Some(base..base + start - 1),
                path: path.to_owned(),
                value,
                rule,
                hint: Some(hint),
            };
            Diagnostics::one(&self.sources, mistake)
        };
        let path = Path::parse(&change.path).map_err(|rule| {
            let hint = "write keys with dots between them, such as group.max";
            refused("", Some(format!("\"{}\"", change.path)), rule.to_owned(), hint.to_owned())
        })?;
        let text = &self.sources.get(source).text;
        let excess = |excess: Excess| refused("", None, excess.rule, excess.hint.to_owned());
        if path.0.len() > limits::MAX_DEPTH {
            return Err(excess(limits::too_deep(0..0)));
        }
        let value = parsed(&text[start..]).map_err(excess)?;
        place(root, &path.0, base, tree::shifted(value, base + start)).map_err(|error| {
            let value = error.value.as_ref().map(|span| self.sources.slice(span).to_owned());
            refused(&error.path, value, error.rule, error.hint)
        })
    }

    /// Opens a collector for mistakes of meaning, reported by dotted path.
    pub fn check(&self) -> Check<'_> {
        Check::new(self)
    }

    /// The value at a dotted path, if the document holds one; defaults are not in the document.
    pub fn get(&self, path: &str) -> Option<Value> {
        let path = Path::parse(path).ok()?;
        let root = self.tree();
        let (node, complete) = tree::deepest(&root, &path);
        if !complete {
            return None;
        }
        serde::Deserialize::deserialize(ValueDeserializer::from(node.clone())).ok()
    }

    /// The value as written, if it stands in one place.
    pub(crate) fn written(&self, node: &Node<'_>) -> Option<String> {
        let text = self.sources.slice(&node.span());
        tree::is_inline(node, text).then(|| text.to_owned())
    }
}

/// Why an override has no place in the tree.
struct Misplaced {
    path: String,
    value: Option<std::ops::Range<usize>>,
    rule: String,
    hint: String,
}

/// Puts a value at the end of a path, making tables on the way.
fn place<'i>(
    root: &mut Node<'i>,
    segments: &[Segment],
    base: usize,
    value: Node<'i>,
) -> Result<(), Misplaced> {
    let prefix = |count: usize| path_shown(segments[..count].iter().map(|segment| segment.key.as_str()));
    let mut node = root;
    for (count, segment) in segments.iter().enumerate() {
        let span = node.span();
        let spot = base + segment.start..base + segment.end;
        node = match node.get_mut() {
            DeValue::Table(table) => {
                let key = Spanned::new(spot.clone(), segment.key.clone().into());
                table.entry(key).or_insert_with(|| Spanned::new(spot, DeValue::Table(DeTable::new())))
            }
            DeValue::Array(array) => {
                let index = element(array, &segment.key).ok_or_else(|| {
                    let rule = format!("has no element \"{}\"", segment.key);
                    Misplaced { path: prefix(count), value: None, rule, hint: elements(array, segment) }
                })?;
                &mut (**array)[index]
            }
            _ => {
                let hint = format!("set {} itself, or correct the path", prefix(count));
                let rule = "is no table, so nothing can be set inside it".to_owned();
                return Err(Misplaced { path: prefix(count), value: Some(span), rule, hint });
            }
        };
    }
    *node = value;
    Ok(())
}

fn elements(array: &DeArray<'_>, wanted: &Segment) -> String {
    let labels = labels(array);
    match most_similar(&wanted.key, labels.iter().map(String::as_str)) {
        Some(similar) => format!("did you mean {similar}?"),
        None if labels.is_empty() => "it is empty".to_owned(),
        None => format!("its elements are: {}", listed(labels.iter().map(String::as_str))),
    }
}

/// The value of an override: TOML where it parses (dates excepted: they are text here), text otherwise.
fn parsed(text: &str) -> Result<Node<'_>, Excess> {
    let as_text = || Spanned::new(0..text.len(), DeValue::String(text.into()));
    limits::check_text(text)?;
    let node = match DeValue::parse(text) {
        Ok(node) if !node.get_ref().is_datetime() => node,
        _ => return Ok(as_text()),
    };
    limits::check_tree(&node)?;
    Ok(node)
}

fn mistake_of(excess: Excess) -> Mistake {
    let hint = Some(excess.hint.to_owned());
    Mistake { span: excess.span, path: String::new(), value: None, rule: excess.rule, hint }
}

fn syntax(error: &toml::de::Error) -> Mistake {
    let message = error.message();
    if message.contains("recursion") {
        let mut mistake = mistake_of(limits::too_deep(0..0));
        mistake.span = error.span();
        return mistake;
    }
    let hint = if message.starts_with("string values must be quoted") {
        "put text in quotes, such as \"90s\""
    } else if message.starts_with("duplicate key") {
        "keep one of the two"
    } else if message.starts_with("key with no value") {
        "write a key, = and a value on one line"
    } else if message.starts_with("unclosed") {
        "close it"
    } else {
        "correct the TOML at this place"
    };
    let rule = format!("not valid TOML: {message}");
    Mistake { span: error.span(), path: String::new(), value: None, rule, hint: Some(hint.to_owned()) }
}
