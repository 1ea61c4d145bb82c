//! A page of labelled lines, wrapped to the width at hand; plain signs where the terminal has no others.

use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use std::io::IsTerminal;

/// Width of the column of labels.
const LABELS: usize = 10;

/// Narrower than this, a label gets a line of its own.
const NARROW: usize = 50;

/// A sign in front of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// None.
    None,
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// Beware.
    Warning,
}

impl Mark {
    /// Good or bad.
    pub fn of(good: bool) -> Mark {
        if good { Mark::Good } else { Mark::Bad }
    }

    fn text(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Mark::None, _) => "",
            (Mark::Good, true) => "\u{2713} ",
            (Mark::Bad, true) => "\u{2717} ",
            (Mark::Good, false) => "ok ",
            (Mark::Bad, false) => "NO ",
            (Mark::Warning, _) => "! ",
        }
    }

    fn style(self) -> Style {
        let color = match self {
            Mark::None => return Style::new(),
            Mark::Good => AnsiColor::Green,
            Mark::Bad => AnsiColor::Red,
            Mark::Warning => AnsiColor::Yellow,
        };
        Style::new().fg_color(Some(color.into())).bold()
    }
}

/// How a page is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Letters a line, at least 20.
    pub width: usize,
    /// Whether signs beyond ASCII can be shown.
    pub unicode: bool,
    /// Whether the last sentence is wrapped too; in a pipe it stays one line, for `tail -1`.
    pub wrap_last: bool,
}

impl Look {
    /// As the terminal and the environment say: `COLUMNS`, the terminal's width, or 80; UTF-8 where the locale says so.
    pub fn of_terminal() -> Look {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        let terminal =
            || terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width));
        let width = columns.or_else(terminal).unwrap_or(80).clamp(20, 120);
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"))
            .unwrap_or_default()
            .to_lowercase();
        Look {
            width,
            unicode: cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8"),
            wrap_last: std::io::stdout().is_terminal(),
        }
    }
}

/// A page: a heading, labelled lines, a last sentence.
#[derive(Debug, Clone)]
pub struct Page {
    name: String,
    description: String,
    lines: Vec<(&'static str, Mark, String)>,
    last: String,
}

impl Page {
    /// An empty page.
    pub fn new(name: &str, description: &str) -> Page {
        Page { name: name.into(), description: description.into(), lines: Vec::new(), last: String::new() }
    }

    /// Adds a line.
    pub fn add(&mut self, label: &'static str, text: String) {
        self.add_marked(label, Mark::None, text);
    }

    /// Adds a line with a sign. Of lines with one label in a row only the first shows it.
    pub fn add_marked(&mut self, label: &'static str, mark: Mark, text: String) {
        self.lines.push((label, mark, text));
    }

    /// Sets the last sentence.
    pub fn end(&mut self, last: String) {
        self.last = last;
    }

    /// Its lines: label, sign, text.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, Mark, &str)> {
        self.lines.iter().map(|(label, mark, text)| (*label, *mark, text.as_str()))
    }

    /// The text with styles for terminals; whoever prints it takes them out where they do not belong.
    pub fn render(&self, look: Look) -> String {
        let mut text = String::new();
        let bold = Style::new().bold();
        let heading = if self.description.is_empty() {
            self.name.clone()
        } else {
            format!("{}: {}", self.name, self.description)
        };
        for (row, line) in wrapped(&heading, look.width).into_iter().enumerate() {
            // The name lies in the first line, at its start.
            match line.strip_prefix(&self.name).filter(|_| row == 0) {
                Some(rest) => _ = writeln!(text, "{bold}{}{bold:#}{rest}", self.name),
                None => _ = writeln!(text, "{line}"),
            }
        }
        let narrow = look.width < NARROW;
        let indent = if narrow { 2 } else { LABELS };
        let mut before = "";
        for (label, mark, line) in &self.lines {
            let shown = if *label == before { "" } else { *label };
            before = label;
            if narrow && !shown.is_empty() {
                _ = writeln!(text, "{bold}{shown}{bold:#}");
            }
            let sign = mark.text(look.unicode);
            let deep = indent + sign.chars().count();
            for (row, part) in wrapped(line, look.width.saturating_sub(deep)).into_iter().enumerate() {
                if row > 0 {
                    _ = writeln!(text, "{:deep$}{part}", "");
                    continue;
                }
                let style = mark.style();
                let label = if narrow { "" } else { shown };
                _ = writeln!(
                    text,
                    "{bold}{label}{bold:#}{:pad$}{style}{sign}{style:#}{part}",
                    "",
                    pad = indent - label.len()
                );
            }
        }
        text.push('\n');
        let width = if look.wrap_last { look.width } else { usize::MAX };
        for line in wrapped(&self.last, width) {
            _ = writeln!(text, "{bold}{line}{bold:#}");
        }
        if look.unicode { text } else { ascii(&text) }
    }
}

/// Letters beyond ASCII, in names and descriptions, by a question mark.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

/// A text from outside on one line, that does to a terminal what text does: signs that steer it, or turn the direction of writing, are
/// replaced.
pub(crate) fn tamed(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// Lines of at most `width` letters, broken between words; a longer word gets a line of its own.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().map(tamed) {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word);
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(&word);
        }
    }
    lines
}
