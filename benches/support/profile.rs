//! Where the instructions of W4 go, part by part: callgrind's own counts of each source line, added up by the file in which the line stands.

use super::bars::{self, BLUE, Bar, Scale};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Part of the engine, and how the paths of its source files begin or end; the first that fits counts.
const PARTS: [(&str, &[&str]); 8] = [
    (
        "draws: random numbers and laws",
        &["rand", "traffic/births.rs", "kernel/distribution.rs", "kernel/chance.rs"],
    ),
    ("arrivals: rate curve to times", &["traffic/arrivals.rs", "traffic/curve.rs"]),
    ("balancer: who takes it", &["traffic/picker.rs", "traffic/nodes.rs", "traffic/"]),
    ("instances: processor sharing", &["fleet/"]),
    ("who is due: index over instances", &["kernel/min_index.rs"]),
    ("records: histogram, books, fingerprint, objectives, bill", &["ledger/"]),
    ("the loop and the path of a request", &["sim/requests.rs", "sim/mod.rs", "sim/desk.rs", "kernel/"]),
    ("control plane: minutes, alarms, policies", &["sim/", "control/", "simscale-policy/", "world"]),
];

/// Everything else: allocator, start-up, the standard library where it is not inlined into a file above.
const REST: &str = "the rest: standard library, start-up";

/// Counts by part, from the text that callgrind writes.
fn by_part(text: &str) -> BTreeMap<&'static str, u64> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut parts = BTreeMap::new();
    let mut part = REST;
    let mut skip = false;
    for line in text.lines() {
        if let Some(name) = ["fl=", "fi=", "fe="].iter().find_map(|kind| line.strip_prefix(kind)) {
            // "(12) path" names a file for good, "(12)" means it again.
            let (number, path) = name.split_once(' ').unwrap_or((name, ""));
            if !path.is_empty() {
                names.insert(number.to_owned(), path.to_owned());
            }
            part = part_of(names.get(number).map_or("", String::as_str));
        } else if line.starts_with("calls=") {
            // The next line is the cost of the call, which the callee's own lines have already.
            skip = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-' || c == '*') {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok());
            if !std::mem::take(&mut skip) {
                *parts.entry(part).or_default() += cost.unwrap_or(0);
            }
        }
    }
    parts
}

fn part_of(path: &str) -> &'static str {
    let inside = match path.split_once("simscale-core/src/") {
        Some((_, inside)) => inside,
        None if path.contains("simscale-policy/") => "simscale-policy/",
        None if path.contains("/rand") || path.contains("libm") => "rand",
        None => return REST,
    };
    let known = PARTS.iter().find(|(_, files)| files.iter().any(|file| inside.starts_with(file)));
    known.map_or(REST, |(part, _)| part)
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
