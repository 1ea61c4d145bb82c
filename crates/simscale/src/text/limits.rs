//! Limits on hostile text: length, depth of nesting, elements of one list.

use std::ops::Range;

use toml::de::DeValue;

use super::tree::Node;

/// The longest text, in bytes: 4 MiB.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of tables and lists.
pub const MAX_DEPTH: usize = 64;
/// The most elements of one list.
pub const MAX_ELEMENTS: usize = 10_000;

/// A broken limit: where, which rule, and the fix.
pub(crate) struct Excess {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) rule: String,
    pub(crate) hint: &'static str,
}

/// Refuses text that is too long, or whose brackets and dotted keys nest too deeply to be parsed safely.
///
/// The TOML parser bounds brackets and dots apart, not together, and frees its tree by recursion: eighty
/// inline tables with eighty-part keys overflow a thread's stack. So this looks at the text before the parser
/// does.
pub(crate) fn check_text(text: &str) -> Result<(), Excess> {
    if text.len() > MAX_BYTES {
        let rule = format!("the text is {} bytes long, above the limit of {MAX_BYTES} (4 MiB)", text.len());
        return Err(Excess {
            span: None,
            rule,
            hint: "keep long series in a trace file and name it in the scenario",
        });
    }
    let bytes = text.as_bytes();
    // Brackets that are open, each with the dots of the key before it.
    let mut open: Vec<(u8, usize)> = Vec::new();
    // Dots of the key before the last `=`, and since then: text that goes wrong may go on with another key.
    let (mut at, mut depth, mut key, mut dots) = (0, 0, 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'.' => dots += 1,
            b'=' => (key, dots) = (dots.max(key), 0),
            b',' => (key, dots) = (0, 0),
            // An inline table may go on in the next line, even between a key and its value.
            b'\n' if open.last().is_none_or(|(bracket, _)| *bracket != b'{') => (key, dots) = (0, 0),
            b'{' | b'[' => {
                open.push((*byte, dots.max(key)));
                depth += dots.max(key) + 1;
                (key, dots) = (0, 0);
            }
            b'}' | b']' => {
                if let Some((_, before)) = open.pop_if(|(opened, _)| *opened + 2 == *byte) {
                    depth -= before + 1;
                    (key, dots) = (before, 0);
                }
            }
            _ => {}
        }
        if depth + dots.max(key) > MAX_DEPTH {
            return Err(too_deep(at..at + 1));
        }
        at += token(&bytes[at..]);
    }
    Ok(())
}

/// Length of the token at the start of `bytes`, which is not empty, by the very rules of the parser's lexer:
/// a quote inside a bare word opens no string, a string on one line ends with the line.
fn token(bytes: &[u8]) -> usize {
    const ALONE: &[u8] = b".=,[]{} \t#\r\n";
    let until = |stop: &[u8]| bytes.iter().position(|b| stop.contains(b)).unwrap_or(bytes.len());
    match bytes[0] {
        b'"' | b'\'' => string(bytes),
        b'#' => until(b"\r\n"),
        byte if ALONE.contains(&byte) => 1,
        _ => until(ALONE),
    }
}

/// Length of the string at the start of `bytes`.
fn string(bytes: &[u8]) -> usize {
    let quote = bytes[0];
    let long = bytes.starts_with(&[quote; 3]);
    let mut at = if long { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' && matches!(bytes.get(at + 1), Some(b'\\' | b'"')) => at += 2,
            b'\n' if !long => return at,
            byte if byte == quote && !long => return at + 1,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => {
                let more = bytes[at + 3..].iter().take(2).take_while(|b| **b == quote).count();
                return at + 3 + more;
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Refuses trees that are too deep and lists that are too long.
pub(crate) fn check_tree(root: &Node<'_>) -> Result<(), Excess> {
    let mut left = vec![(root, 0)];
    while let Some((node, depth)) = left.pop() {
        if depth > MAX_DEPTH {
            return Err(too_deep(node.span()));
        }
        match node.get_ref() {
            DeValue::Table(table) => left.extend(table.values().map(|child| (child, depth + 1))),
            DeValue::Array(array) if array.len() > MAX_ELEMENTS => {
                let rule =
                    format!("this list has {} elements, above the limit of {MAX_ELEMENTS}", array.len());
                let hint = "keep long series in a trace file and name it in the scenario";
                return Err(Excess { span: Some(node.span()), rule, hint });
            }
            DeValue::Array(array) => left.extend(array.iter().map(|child| (child, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn too_deep(span: Range<usize>) -> Excess {
    let rule = format!("the text is nested more than {MAX_DEPTH} levels deep");
    Excess { span: Some(span), rule, hint: "write it with fewer tables and lists inside one another" }
}
