//! A collector for mistakes of meaning: the model reports them by dotted path, this finds their place.

use std::fmt::Display;

use super::diagnostic::{Diagnostics, Mistake};
use super::document::Document;
use super::path::Path;
use super::tree::{self, Node};

/// Collects mistakes of meaning and finds the place and the written value of each.
///
/// Rules are written so that they continue the value ("is below group.min (5)"), hints say what to do.
pub struct Check<'a> {
    document: &'a Document,
    root: Node<'a>,
    found: Vec<Mistake>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(document: &'a Document) -> Check<'a> {
        Check { document, root: document.tree(), found: Vec::new() }
    }

    /// Reports the value at `path`. A value that is not in the document (a default) is left out of the
    /// message, and the nearest existing parent is the place: say the value in the rule, or use
    /// [`Check::fail_value`].
    pub fn fail(&mut self, path: &str, rule: impl Into<String>, hint: impl Into<String>) {
        self.add(path, None, rule.into(), hint.into());
    }

    /// Reports `path` with a value of the caller's own words, such as "20 (the default)".
    pub fn fail_value(
        &mut self,
        path: &str,
        value: impl Display,
        rule: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(path, Some(value.to_string()), rule.into(), hint.into());
    }

    /// Reports `path` unless `value` is a ratio: 0 to 1, both included.
    pub fn ratio(&mut self, path: &str, value: f64) {
        if (0.0..=1.0).contains(&value) {
            return;
        }
        let hint = if (1.0..=100.0).contains(&value) {
            // Two more digits than the value has are enough for a hundredth of it.
            let ratio = format!("{:.6}", value / 100.0);
            format!("write {value} percent as {}", ratio.trim_end_matches('0').trim_end_matches('.'))
        } else {
            "write a number from 0 to 1".to_owned()
        };
        self.fail_value(path, value, "is not a ratio from 0 to 1", hint);
    }

    /// Whether nothing was reported so far.
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Ends the check.
    ///
    /// # Errors
    /// Everything that was reported, in the order of the document.
    pub fn finish(self) -> Result<(), Diagnostics> {
        Diagnostics::check(self.document.sources(), self.found)
    }

    fn add(&mut self, path: &str, value: Option<String>, rule: String, hint: String) {
        let (node, complete) = match Path::parse(path) {
            Ok(parsed) => tree::deepest(&self.root, &parsed),
            Err(_) => (&self.root, false),
        };
        let value = value.or_else(|| complete.then(|| self.document.written(node)).flatten());
        // The root has an empty span and no place of its own.
        let span = Some(node.span()).filter(|span| !span.is_empty());
        self.found.push(Mistake { span, path: path.to_owned(), value, rule, hint: Some(hint) });
    }
}
