//! Texts and places: one space of byte offsets over a file and the overrides laid on it.

use std::ops::Range;
use std::sync::Arc;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The scenario file itself.
    File,
    /// An override such as `--set group.max=30`.
    Override,
}

/// One text with its name and its first offset in the common space.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) origin: Origin,
    base: usize,
    /// Offset of each line's first byte inside the text.
    lines: Arc<[usize]>,
}

impl Source {
    /// Line and column (in characters), both from 1, of a byte offset inside the text.
    pub(crate) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.lines.partition_point(|start| *start <= offset);
        (line, self.text[self.lines[line - 1]..offset].chars().count() + 1)
    }

    /// The whole lines that hold the range, with the offset of the first.
    pub(crate) fn lines_of(&self, range: &Range<usize>) -> (usize, &str) {
        let first = self.lines[self.line_and_column(range.start).0 - 1];
        let rest = &self.text[self.boundary(range.end.max(range.start))..];
        let last = self.text.len() - rest.len() + rest.find('\n').unwrap_or(rest.len());
        (first, &self.text[first..last])
    }

    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// The file and its overrides in the order in which they were laid on.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    pub(crate) fn new(name: &str, text: &str) -> Sources {
        let mut sources = Sources(Vec::new());
        sources.add(name, text, Origin::File);
        sources
    }

    /// Adds a text and returns the offset of its first byte.
    pub(crate) fn add(&mut self, name: &str, text: &str, origin: Origin) -> usize {
        let base = self.0.last().map_or(0, |last| last.base + last.text.len() + 1);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.0.push(Source { name: shown(name).into(), text: text.into(), origin, base, lines });
        base
    }

    /// The number of the text in which an offset lies.
    pub(crate) fn index_of(&self, offset: usize) -> usize {
        self.0.partition_point(|source| source.base <= offset) - 1
    }

    pub(crate) fn get(&self, index: usize) -> &Source {
        &self.0[index]
    }

    /// The offset of a text's first byte in the common space.
    pub(crate) fn base(&self, index: usize) -> usize {
        self.0[index].base
    }

    /// The range inside its own text.
    pub(crate) fn local(&self, span: &Range<usize>) -> Range<usize> {
        let source = &self.0[self.index_of(span.start)];
        let start = source.boundary(span.start - source.base);
        start..source.boundary(span.end.saturating_sub(source.base)).max(start)
    }

    /// The text of a range.
    pub(crate) fn slice(&self, span: &Range<usize>) -> &str {
        &self.0[self.index_of(span.start)].text[self.local(span)]
    }
}

/// A text on one line, without control characters, and cut after 60 characters.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            line.push_str("...");
            break;
        }
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}
