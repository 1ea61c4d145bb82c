//! Mistakes as values: each with place, value, rule and fix, printed plainly or drawn beside the text.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin as Place, Renderer, Snippet};

use super::source::{Origin, Sources, shown};

/// More mistakes than this are counted, not kept: nobody reads them, and a hostile file could make millions.
const KEPT: usize = 100;

/// One mistake in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    source: usize,
    source_name: String,
    is_override: bool,
    line_and_column: Option<(usize, usize)>,
    span: Option<Range<usize>>,
    path: String,
    value: Option<String>,
    rule: String,
    hint: Option<String>,
}

impl Diagnostic {
    /// The dotted path of the value: `policy.cpu-50.target_tracking.target`. Empty for the document itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The bytes of the source text that the mistake is about, if it has a place of its own.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Line and column in the source, both from 1, columns in characters; `None` when it has no place of its
    /// own.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        self.line_and_column
    }

    /// The file's name, or the override as it was given ("--set group.max=30").
    pub fn source(&self) -> &str {
        &self.source_name
    }

    /// Whether the value came from an override and not from the file.
    pub fn is_override(&self) -> bool {
        self.is_override
    }

    /// The value as it was written, shortened to one line; `None` when there is none or it is a long table.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// The rule that was broken, written so that it continues the value: "is below group.min (5)".
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Path, value and rule: what is wrong, without place and fix.
    fn sentence(&self) -> String {
        let value = self.value.as_ref().map(|value| format!("{value} ")).unwrap_or_default();
        if self.path.is_empty() {
            format!("{value}{}", self.rule)
        } else {
            format!("{}: {value}{}", self.path, self.rule)
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.source_name)?;
        if !self.is_override {
            let (line, column) = self.line_and_column.unwrap_or((1, 1));
            write!(out, ":{line}:{column}")?;
        }
        write!(out, ": {}", self.sentence())?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, "; {hint}"))
    }
}

/// A mistake before its place is looked up; spans are offsets in the common space of [`Sources`].
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) path: String,
    pub(crate) value: Option<String>,
    pub(crate) rule: String,
    pub(crate) hint: Option<String>,
}

/// All mistakes of a scenario: at least one, in the order of the text, without doubles. At most 100 are kept.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    dropped: usize,
    sources: Sources,
}

impl Diagnostics {
    /// Sorts the mistakes by place and drops doubles; `Ok` when there is none.
    pub(crate) fn check(sources: &Sources, mut mistakes: Vec<Mistake>) -> Result<(), Diagnostics> {
        if mistakes.is_empty() {
            return Ok(());
        }
        let place = |mistake: &Mistake| mistake.span.as_ref().map_or((0, 0), |span| (span.start, span.end));
        mistakes.sort_by(|a, b| (place(a), &a.path, &a.rule).cmp(&(place(b), &b.path, &b.rule)));
        mistakes.dedup_by(|a, b| place(a) == place(b) && a.path == b.path && a.rule == b.rule);
        let dropped = mistakes.len().saturating_sub(KEPT);
        mistakes.truncate(KEPT);
        let list = mistakes.into_iter().map(|mistake| located(sources, mistake)).collect();
        Err(Diagnostics { list, dropped, sources: sources.clone() })
    }

    /// A single mistake.
    pub(crate) fn one(sources: &Sources, mistake: Mistake) -> Diagnostics {
        let list = vec![located(sources, mistake)];
        Diagnostics { list, dropped: 0, sources: sources.clone() }
    }

    /// The mistakes in the order of the text, overrides last.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many mistakes there are, counting those beyond the hundred that are kept; mistakes of form are
    /// counted up to 10,000.
    pub fn count(&self) -> usize {
        self.list.len() + self.dropped
    }

    /// All mistakes drawn for a terminal: rule, file, line, caret, fix. Ends without a line break.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut parts: Vec<String> = self.list.iter().map(|one| self.draw(one, &renderer)).collect();
        parts.extend(self.rest());
        parts.join("\n\n")
    }

    fn draw(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(diagnostic.sentence());
        let mut group = self.place(diagnostic, Group::with_title(title));
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }

    /// Adds the lines of the text, or only the name where there is no line worth showing.
    fn place<'a>(&'a self, diagnostic: &'a Diagnostic, group: Group<'a>) -> Group<'a> {
        const LONGEST: usize = 2_000;
        let source = self.sources.get(diagnostic.source);
        let name = if diagnostic.is_override { "override" } else { diagnostic.source_name.as_str() };
        let Some(span) = &diagnostic.span else {
            return group.element(Place::path(name));
        };
        let (line, column) = source.line_and_column(span.start);
        let (start, lines) = source.lines_of(span);
        if lines.len() > LONGEST {
            return group.element(Place::path(name).line(line).char_column(column));
        }
        let annotation = AnnotationKind::Primary.span(span.start - start..span.end - start);
        group.element(Snippet::source(lines).line_start(line).path(name).annotation(annotation))
    }

    fn rest(&self) -> Option<String> {
        (self.dropped > 0).then(|| format!("... and {} more mistakes", self.dropped))
    }
}

impl fmt::Display for Diagnostics {
    /// One line a mistake: `file.toml:12:9: group.max: 3 is below group.min (5); raise it`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(out, "{line_break}{diagnostic}")?;
        }
        self.rest().map_or(Ok(()), |rest| write!(out, "\n{rest}"))
    }
}

impl std::error::Error for Diagnostics {}

fn located(sources: &Sources, mistake: Mistake) -> Diagnostic {
    let index = mistake.span.as_ref().map_or(0, |span| sources.index_of(span.start));
    let source = sources.get(index);
    let span = mistake.span.as_ref().map(|span| sources.local(span));
    Diagnostic {
        source: index,
        source_name: source.name.to_string(),
        is_override: source.origin == Origin::Override,
        line_and_column: span.as_ref().map(|span| source.line_and_column(span.start)),
        span,
        path: mistake.path,
        value: mistake.value.map(|value| shown(&value)),
        rule: mistake.rule,
        hint: mistake.hint,
    }
}
