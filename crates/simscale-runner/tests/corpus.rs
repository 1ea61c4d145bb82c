//! The corpus of bad inputs: every file below `tests/corpus` is refused with exactly the message beside it (`NAME.expected`).
//!
//! A new case is a new file; `SIMSCALE_BLESS=1 cargo test -p simscale-runner --test corpus` writes the message, which is read before it is
//! committed. Inputs that are large are made in `hostile.rs`.
#![cfg(unix)]

mod place;

use place::{Place, SMALL, err, out};
use simscale_runner::sweep::{Before, JOURNAL, Store};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest time that a bad file may take.
const LONGEST: Duration = Duration::from_secs(30);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The files of a kind, goldens left out, in order of their names.
fn cases(kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(corpus().join(kind)).expect("the corpus is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind != "expected"));
    files.sort();
    files
}

/// What the program says of a file that it must refuse.
fn refusal(place: &Place, args: &[&str]) -> Result<String, String> {
    let run = place.run_with(args, &[("COLUMNS", "120")]);
    let text = err(&run);
    let odd = match run.status.code() {
        Some(2) if text.contains("panicked") => Some("it panicked".to_string()),
        Some(2) if text.trim().is_empty() => Some("it says nothing".to_string()),
        Some(2) => None,
        code => Some(format!("exit code {code:?}: {}", out(&run))),
    };
    odd.map_or(Ok(text.clone()), |odd| Err(format!("{odd}: {text}")))
}

fn scenario(place: &Place, file: &Path) -> Result<String, String> {
    let name = file.file_name().expect("a file").to_str().expect("ours are ASCII");
    place.write_bytes(name, &fs::read(file).expect("readable"));
    match name.starts_with("sweep-") {
        true => refusal(place, &["sweep", name, "--dry-run"]),
        false => refusal(place, &["check", name]),
    }
}

fn trace(place: &Place, file: &Path) -> Result<String, String> {
    let name = file.file_name().expect("a file").to_str().expect("ours are ASCII");
    place.write_bytes(name, &fs::read(file).expect("readable"));
    let rows = match name.contains("work") {
        true => "values = \"requests\"\nwork_column = \"work_s\"\n",
        false if name.starts_with("requests-") => "values = \"requests\"\n",
        false => "",
    };
    let table = format!("[workload.trace]\nfile = \"{name}\"\n{rows}");
    let text =
        SMALL.replace("[workload.constant]\nrate = \"20/s\"\n", &table).replace("lead_in = \"1m\"\n", "");
    place.write("s.toml", &text);
    refusal(place, &["check", "s.toml"])
}

fn observations(place: &Place, file: &Path) -> Result<String, String> {
    let name = file.file_name().expect("a file").to_str().expect("ours are ASCII");
    place.write_bytes(name, &fs::read(file).expect("readable"));
    let policy = include_str!("../../../scenarios/decide/step.toml");
    place.write("p.toml", policy);
    refusal(place, &["decide", "--policy", "p.toml", "--observations", name])
}

fn saved(place: &Place, file: &Path) -> Result<String, String> {
    let name = file.file_name().expect("a file").to_str().expect("ours are ASCII");
    place.write_bytes(name, &fs::read(file).expect("readable"));
    refusal(place, &["diff", name, name])
}

/// A journal as a sweep with the plan "plan" and two figures a run reads it.
fn store(place: &Place, file: &Path) -> Result<String, String> {
    place.write_bytes(JOURNAL, &fs::read(file).expect("readable"));
    let folder = place.path(".");
    match Store::open(&folder, "plan", 2, Before::Resume) {
        Ok(_) => Err("it is taken".to_string()),
        Err(failure) => Ok(failure.message.replace(&format!("{}/", folder.display()), "") + "\n"),
    }
}

/// Compares, or writes where that is asked for; a fault in words.
fn fault(file: &Path, said: Result<String, String>, took: Duration) -> Option<String> {
    let name = file.strip_prefix(corpus()).unwrap_or(file).display().to_string();
    let said = match said {
        Err(why) => return Some(format!("{name}: {why}")),
        Ok(said) => said,
    };
    if took > LONGEST {
        return Some(format!("{name}: took {took:?}"));
    }
    let golden = file.with_extension("expected");
    if std::env::var_os("SIMSCALE_BLESS").is_some() {
        fs::write(&golden, &said).expect("the corpus can be written");
    }
    match fs::read_to_string(&golden) {
        Err(_) => Some(format!("{name}: has no {}", golden.file_name()?.display())),
        Ok(expected) if expected == said => None,
        Ok(expected) => Some(format!("{name}: says\n{said}and not\n{expected}")),
    }
}

#[test]
fn every_bad_input_is_refused_with_the_message_beside_it() {
    type Judge = fn(&Place, &Path) -> Result<String, String>;
    let kinds: [(&str, Judge); 5] = [
        ("scenario", scenario),
        ("trace", trace),
        ("observations", observations),
        ("store", store),
        ("saved", saved),
    ];
    let (mut faults, mut count) = (Vec::new(), 0);
    for (kind, judge) in kinds {
        let files = cases(kind);
        for file in &files {
            let started = Instant::now();
            let said = judge(&Place::new(), file);
            faults.extend(fault(file, said, started.elapsed()));
        }
        println!("{kind}: {} cases", files.len());
        count += files.len();
    }
    println!("{count} bad inputs, {} faults", faults.len());
    assert!(count >= 200, "{count} cases were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
