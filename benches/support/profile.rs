//! Where the instructions of W4 go, part by part: callgrind's own counts of each source line, added up by the file in which the line stands.

use super::bars::{self, BLUE, Bar, Scale};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Part of the engine, and how the paths of its source files begin; the first that fits counts.
const PARTS: [(&str, &[&str]); 8] = [
    (
        "draws: random numbers and laws",
        &["rand", "traffic/births.rs", "kernel/distribution.rs", "kernel/chance.rs"],
    ),
    ("arrivals: rate curve to times", &["traffic/arrivals.rs", "traffic/curve.rs"]),
    ("balancer: who takes it", &["traffic/picker.rs", "traffic/nodes.rs", "traffic/"]),
    ("instances: processor sharing", &["fleet/"]),
    ("who is due: index over instances", &["kernel/min_index.rs", "kernel/row.rs"]),
    ("records: histogram, books, fingerprint, objectives, bill", &["ledger/"]),
    ("the loop and the path of a request", &["sim/requests.rs", "sim/mod.rs", "sim/desk.rs", "kernel/"]),
    ("control plane: minutes, alarms, policies", &["sim/", "control/", "simscale-policy/", "world"]),
];

/// Everything else: what the allocator and the standard library do in functions of their own, and the start of the program.
const REST: &str = "the rest: allocator, copies, start-up";

/// Counts by part, from the text that callgrind writes. A line of the standard library that was inlined counts to the part around it: lines of a
/// function stand in the order of its code.
fn by_part(text: &str) -> BTreeMap<&'static str, u64> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut parts = BTreeMap::new();
    // The part of the file that lines stand in, none for the standard library's; the part that they count to; whether the next line is a call's.
    let (mut file, mut part, mut skip) = (None, None, false);
    for line in text.lines() {
        let (kind, rest) = line.split_once('=').unwrap_or((line, ""));
        match kind {
            "fn" => part = file,
            "fl" | "fi" | "fe" | "cfi" | "cfl" => {
                // "(12) path" names a file for good, "(12)" means it again.
                let (number, path) = rest.split_once(' ').unwrap_or((rest, ""));
                if !path.is_empty() {
                    names.insert(number.to_owned(), path.to_owned());
                }
                if !kind.starts_with('c') {
                    file = part_of(names.get(number).map_or("", String::as_str));
                    part = file.or(part);
                }
            }
            // The next line is the cost of the call, which the callee's own lines have already.
            "calls" => skip = true,
            _ if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) => {
                let cost: u64 = line.split(' ').nth(1).and_then(|cost| cost.parse().ok()).unwrap_or(0);
                if !std::mem::take(&mut skip) {
                    *parts.entry(part.unwrap_or(REST)).or_default() += cost;
                }
            }
            _ => {}
        }
    }
    parts
}

/// The part that a source file belongs to; none for files of others.
fn part_of(path: &str) -> Option<&'static str> {
    let inside = match path.split_once("simscale-core/src/") {
        Some((_, inside)) => inside,
        None if path.contains("simscale-policy/") => "simscale-policy/",
        None if path.contains("/rand") => "rand",
        None => return None,
    };
    PARTS.iter().find(|(_, files)| files.iter().any(|file| inside.starts_with(file))).map(|(part, _)| *part)
}

/// Runs W4's first two hours under callgrind, and writes the counts as a table and a picture.
pub fn write(callgrind: impl Fn(&str, u64, &Path) -> (u64, u64)) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("callgrind.out");
    callgrind("w4", 7_200, &out);
    let parts = by_part(&std::fs::read_to_string(&out).expect("callgrind has written"));
    let total: u64 = parts.values().sum();
    let mut rows: Vec<(&str, f64)> =
        parts.iter().map(|(part, count)| (*part, *count as f64 / total as f64)).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/speed");
    std::fs::create_dir_all(&results).expect("a folder for results");
    let mut table = String::from("part,share_of_instructions\n");
    rows.iter().for_each(|(part, share)| _ = writeln!(table, "\"{part}\",{share:.4}"));
    print!("{table}");
    let bar = |&(part, share): &(&str, f64)| Bar {
        name: part.to_owned(),
        value: share,
        words: format!("{:.1} %", share * 100.0),
        color: BLUE,
        begins: false,
    };
    let bars: Vec<Bar> = rows.iter().map(bar).collect();
    let sentence = "W4, the first two hours of its day: share of the instructions that valgrind counts, by the source file of each line";
    let picture = bars::svg("Where the work of a request goes", sentence, &bars, Scale::Linear);
    std::fs::write(results.join("profile.csv"), table).expect("writable");
    std::fs::write(results.join("profile.svg"), picture).expect("writable");
}
