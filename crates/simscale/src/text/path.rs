//! Dotted paths into a document: `policy.cpu-50.target`, quoted where a key holds a dot.

use super::source::shown;

/// A dotted path, taken apart. Each segment is a key, or the label of an array's element.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(pub(crate) Vec<Segment>);

/// One segment of a path, with its place in the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub(crate) key: String,
    /// First byte of the segment in the text.
    pub(crate) start: usize,
    /// First byte after the segment.
    pub(crate) end: usize,
}

impl Path {
    /// Takes `text` apart at the dots that lie outside quotes; the message says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Path, &'static str> {
        let mut segments = Vec::new();
        let mut start = 0;
        loop {
            let (key, length) = segment(&text[start..])?;
            let end = start + length;
            segments.push(Segment { key, start, end });
            match text[end..].chars().next() {
                None => return Ok(Path(segments)),
                Some('.') => start = end + 1,
                Some(_) => return Err("has text right behind a closing quote"),
            }
        }
    }
}

/// The first segment of `text` and its length in bytes, quotes included.
fn segment(text: &str) -> Result<(String, usize), &'static str> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = &text[1..];
        let length = inner.find(quote).ok_or("has a quote that is not closed")?;
        return Ok((inner[..length].to_owned(), length + 2));
    }
    let length = text.find('.').unwrap_or(text.len());
    if length == 0 { Err("has an empty segment") } else { Ok((text[..length].to_owned(), length)) }
}

/// Where the `=` of an assignment stands: the first one outside quotes.
pub(crate) fn assignment(text: &str) -> Option<usize> {
    let mut open = None;
    for (at, c) in text.char_indices() {
        match (open, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    None
}

/// A key as it stands in a path: bare when it can be, quoted otherwise, shortened when very long.
pub(crate) fn key_shown(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { shown(key) } else { shown(&format!("\"{key}\"")) }
}

/// Keys joined to a dotted path.
pub(crate) fn path_shown<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    keys.into_iter().map(key_shown).collect::<Vec<_>>().join(".")
}

/// The most similar of the known words, if one is similar enough to be what was meant.
pub(crate) fn most_similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.chars().count().max(2))
        .min()
        .map(|(_, candidate)| candidate)
}
