//! Names of listed things (policies, objectives, faults, ...): which are allowed, and the dotted path of each.

use std::collections::BTreeMap;

use crate::text::Check;

/// Whether a name may stand in dotted paths and column headings as it is.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// The dotted path of an element: by its name where that is plain and unique, by its index otherwise.
pub(crate) fn path<T>(list: &str, items: &[T], index: usize, name: impl Fn(&T) -> &String) -> String {
    let own = name(&items[index]);
    let unique = items.iter().filter(|item| name(item) == own).count() == 1;
    if unique && is_plain(own) { format!("{list}.{own}") } else { format!("{list}.{index}") }
}

/// Reports names that are not plain, and names that stand twice.
pub(crate) fn check<T>(
    list: &str,
    items: &[T],
    key: &str,
    name: impl Fn(&T) -> &String,
    check: &mut Check<'_>,
) {
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let own = name(item);
        if !is_plain(own) {
            let hint = "use 1 to 64 letters, digits, \"-\" and \"_\"";
            check.fail(&format!("{list}.{index}.{key}"), "is no plain name", hint);
        } else if let Some(first) = seen.insert(own.clone(), index) {
            let rule = format!("is the name of {list}.{first} too");
            check.fail(&format!("{list}.{index}.{key}"), rule, "give each its own name");
        }
    }
}

/// Whether a name may be that of a folder.
pub(crate) fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&name.len())
        && name.bytes().all(plain)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && !name.ends_with('.')
}
