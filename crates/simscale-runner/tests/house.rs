//! The rules of the house, read from its own files: who may know whom, and what a source file never holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, in lines.
const LONGEST: usize = 700;

/// Crates of ours that a crate may use (docs/ARCHITECTURE.md, section 1), and those that its tests may use besides.
const GRAPH: [(&str, &[&str], &[&str]); 7] = [
    ("simscale-core", &[], &["simscale-oracle"]),
    ("simscale-policy", &["simscale-core"], &["simscale-oracle"]),
    ("simscale", &["simscale-core", "simscale-policy"], &["simscale-oracle"]),
    ("simscale-oracle", &[], &[]),
    ("simscale-runner", &["simscale", "simscale-oracle"], &[]),
    ("benches", &["simscale"], &[]),
    ("simscale-fuzz", &["simscale", "simscale-runner"], &[]),
];

/// Crates for files, threads, clocks and text formats: the world has none of them.
const NOT_IN_CORE: [&str; 19] = [
    "annotate-snippets",
    "anyhow",
    "chrono",
    "clap",
    "crossbeam",
    "csv",
    "flate2",
    "fs-err",
    "indicatif",
    "jiff",
    "plotters",
    "rayon",
    "schemars",
    "serde_json",
    "sha2",
    "tempfile",
    "time",
    "tokio",
    "toml",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// All files below a folder but hidden ones, build outputs and results that nobody published.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("readable").map(|entry| entry.expect("readable").path()) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ours = folder.file_name().is_none_or(|name| name != "results") || name == "showcase";
            match entry.is_dir() {
                true if !ours || name == "target" || name.starts_with('.') && name != ".ci" => {}
                true => folders.push(entry),
                // In a second work tree `.git` is a file.
                false if name == ".git" => {}
                false => found.push(entry),
            }
        }
    }
    found.sort();
    found
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string().replace('\\', "/")
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).expect("readable")).into_owned()
}

/// Source files of the workspace as paths from its root, with their text.
fn sources() -> BTreeMap<String, String> {
    let rust = files(&root()).into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs"));
    rust.map(|file| (shown(&file), read(&file))).collect()
}

/// What a source file says outside its tests.
fn without_tests<'a>(file: &str, text: &'a str) -> &'a str {
    let parts: Vec<&str> = file.split('/').collect();
    if !parts.contains(&"src") || parts.last() == Some(&"tests.rs") {
        return "";
    }
    let tests = text.find("\n#[cfg(test)]\nmod ").or_else(|| text.find("\n#[cfg(test)]\npub(crate) mod "));
    tests.map_or(text, |end| &text[..end])
}

/// Names of the crates that a manifest depends on, under their own names.
fn dependencies(manifest: &toml::Table, kinds: &[&str]) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flatten().filter_map(|(_, target)| target.as_table());
    let mut names = BTreeSet::new();
    for table in std::iter::once(manifest).chain(targets) {
        for list in kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()) {
            let own = |(name, how): (&String, &toml::Value)| {
                how.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_string()
            };
            names.extend(list.iter().map(own));
        }
    }
    names
}

#[test]
fn the_crates_know_whom_they_may_know() {
    let mut met = BTreeSet::new();
    for file in files(&root()).iter().filter(|file| file.ends_with("Cargo.toml")) {
        let manifest: toml::Table =
            read(file).parse().unwrap_or_else(|error| panic!("{}: {error}", shown(file)));
        let Some(package) = manifest.get("package") else { continue };
        let name = package["name"].as_str().expect("a package has a name").to_string();
        let rule = GRAPH.iter().find(|(member, ..)| *member == name);
        let (_, may, tests_may) = rule.unwrap_or_else(|| panic!("{name} has no place in the crate graph"));
        let ours = |names: BTreeSet<String>| -> Vec<String> {
            names.into_iter().filter(|name| GRAPH.iter().any(|(member, ..)| member == name)).collect()
        };
        let used = dependencies(&manifest, &["dependencies", "build-dependencies"]);
        for other in ours(used.clone()) {
            assert!(may.contains(&&*other), "{name} depends on {other}");
        }
        for other in ours(dependencies(&manifest, &["dev-dependencies"])) {
            let allowed = may.contains(&&*other) || tests_may.contains(&&*other);
            assert!(allowed, "the tests of {name} depend on {other}");
        }
        match &*name {
            "simscale-oracle" => assert!(used.iter().all(|used| used == "statrs"), "{name} uses {used:?}"),
            "simscale-core" => {
                let strange: Vec<&String> =
                    used.iter().filter(|used| NOT_IN_CORE.contains(&&***used)).collect();
                assert!(strange.is_empty(), "{name} uses {strange:?}");
            }
            _ => {}
        }
        met.insert(name);
    }
    assert_eq!(met, GRAPH.iter().map(|(name, ..)| name.to_string()).collect(), "all members were met");
}

#[test]
fn every_source_file_begins_by_saying_what_it_is() {
    let sources = sources();
    let examples = |file: &&str| file.contains("/examples/");
    let silent = sources.iter().filter(|(_, text)| !text.starts_with("//!")).map(|(file, _)| &**file);
    let silent: Vec<&str> = silent.filter(|file| !examples(file)).collect();
    assert!(silent.is_empty(), "no //! in the first line of {silent:?}");
    assert!(sources.len() > 100, "{} source files were found", sources.len());
}

#[test]
fn source_files_are_finished_short_and_repeatable() {
    let unfinished = ["todo!", "unimplemented!", "dbg!", "TODO", "FIXME"];
    // Their order or their value differs from run to run.
    let fickle = ["HashMap", "HashSet", "SystemTime", "Instant::now"];
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let own = without_tests(&file, &text);
        let below = !file.starts_with("crates/simscale-runner/");
        for (number, line) in own.lines().enumerate() {
            let words = unfinished.iter().chain(fickle.iter().filter(|_| below));
            let held = words.filter(|word| line.contains(**word));
            faults.extend(held.map(|word| format!("{file}:{}: {word}", number + 1)));
        }
        let lines = text.lines().count();
        if file.contains("/src/") && lines > LONGEST {
            faults.push(format!("{file}: {lines} lines"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A clone builds anywhere: no file leads to one machine or to one mirror of a package registry.
#[test]
fn no_file_names_a_place_that_others_do_not_have() {
    // Put together here, so that this file does not name them.
    let places = ["work", "root"].map(|folder| format!("/{folder}/"));
    let registries = ["index.crates.", "static.crates.", "registry+", "sparse+", "replace-with"];
    let official = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let mut faults = Vec::new();
    for file in files(&root()) {
        let name = shown(&file);
        if name == "crates/simscale-runner/tests/house.rs" {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            let place = places.iter().any(|place| {
                let mut before =
                    line.match_indices(place.as_str()).map(|(at, _)| line[..at].chars().next_back());
                // The middle of a longer path is no absolute path.
                before.any(|c| c.is_none_or(|c| !c.is_alphanumeric() && !"._-".contains(c)))
            });
            let registry = registries.iter().any(|host| line.contains(host));
            if place || registry && !(name.ends_with("Cargo.lock") && line == official) {
                faults.push(format!("{name}:{}: {line}", number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The table of speed on its page is that of the last measurement, or there is none yet.
#[test]
fn the_page_of_speed_quotes_the_measurement() {
    let page = read(&root().join("docs/SPEED.md"));
    let (_, rest) = page.split_once("<!-- speed: begin -->").expect("the quote begins");
    let (quote, _) = rest.split_once("<!-- speed: end -->").expect("the quote ends");
    let measured = root().join("results/speed/README.md");
    let measured = if measured.exists() { read(&measured) } else { String::new() };
    assert!(measured.contains(quote.trim()), "run: cargo bench -p benches --bench speed");
    assert_eq!(measured.is_empty(), quote.trim().is_empty(), "page and measurement belong together");
}
