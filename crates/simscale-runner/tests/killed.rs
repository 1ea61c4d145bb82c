//! A sweep that is killed with SIGKILL at random moments and resumed leaves the files of an undisturbed run on one thread, to the byte.
//!
//! The moments are drawn from a seed that is printed, as shares of the time that the undisturbed run took, so that they fall
//! anywhere: into runs, between them, into the search for the best plan. A sweep that ended before its moment is begun again with nearer moments.
//! `cargo test -p simscale-runner --release --test killed -- --ignored --nocapture` does it with the 200 cells of
//! `scenarios/bench/sweep200.toml`.

#![cfg(unix)]

mod place;

use place::{Place, SMALL, code, err};
use simscale_runner::hash;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Instant;

const KILLS: usize = 3;
const SIGKILL: i32 = 9;

/// SplitMix64 as shares of one.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Name and SHA-256 of every file in a folder.
fn hashes(place: &Place, folder: &str) -> Vec<(String, String)> {
    let names = place.names(folder).into_iter();
    let hash = |name: &String| {
        let file = fs::File::open(place.path(folder).join(name)).unwrap();
        hash::of_reader(file).unwrap()
    };
    names.map(|name| (name.clone(), hash(&name))).collect()
}

/// Runs a sweep whole on one thread; again on two, killed and resumed; compares every file. The moments lie within this share of
/// the time of the whole run.
fn killed_and_resumed(place: &Place, file: &str, seed: u64, mut within: f64) {
    let started = Instant::now();
    let whole = place.run(&["sweep", file, "--out", "whole", "--jobs", "1", "--quiet"]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    let time = started.elapsed();
    println!("undisturbed, --jobs 1: {:.1} s; moments from seed {seed}", time.as_secs_f64());
    let (mut moments, mut kills) = (Moments(seed), 0);
    let parts = ["sweep", file, "--out", "parts", "--jobs", "2", "--resume", "--quiet"];
    while kills < KILLS {
        let pause = time.mul_f64(within * moments.next());
        let mut child = place.command(&parts).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(pause);
        _ = child.kill();
        let status = child.wait().unwrap();
        if status.signal() == Some(SIGKILL) {
            kills += 1;
            let journal = fs::read_to_string(place.path("parts/journal.jsonl")).unwrap_or_default();
            let runs = journal.lines().count().saturating_sub(1);
            println!("kill {kills} after {:.3} s: {runs} runs in the journal", pause.as_secs_f64());
        } else {
            assert!(status.success() && within > 1e-3, "{status}");
            println!("ended by itself within {:.3} s: begun again", pause.as_secs_f64());
            (kills, within) = (0, within / 2.0);
            fs::remove_dir_all(place.path("parts")).unwrap();
        }
    }
    let started = Instant::now();
    let rest = place.run(&parts);
    assert_eq!(code(&rest), 0, "{}", err(&rest));
    println!("resumed to the end, --jobs 2: {:.1} s", started.elapsed().as_secs_f64());
    let (whole, parts) = (hashes(place, "whole"), hashes(place, "parts"));
    whole.iter().for_each(|(name, hash)| println!("{hash}  {name}"));
    assert!(whole.iter().any(|(name, _)| name == "manifest.json"), "{whole:?}");
    assert_eq!(whole, parts, "the files differ");
    println!("{} files of both: equal", whole.len());
}

/// Four cells by ten replications of ten minutes.
#[test]
fn a_small_sweep_killed_three_times_is_the_same_to_the_byte() {
    let place = Place::new();
    let axes = "axes.\"group.min\" = [1, 2]\naxes.\"group.max\" = [3, 4]\n";
    place.write("small.toml", &format!("{SMALL}\n[sweep]\nreplications = 10\n{axes}"));
    killed_and_resumed(&place, "small.toml", 1, 0.3);
}

/// 200 cells by ten replications of an hour at 200 requests a second: 1.4 thousand million requests, twice.
#[test]
#[ignore = "minutes of both processors; run by hand, with --release"]
fn two_hundred_cells_killed_three_times_are_the_same_to_the_byte() {
    let place = Place::new();
    place.write("sweep200.toml", include_str!("../../../scenarios/bench/sweep200.toml"));
    killed_and_resumed(&place, "sweep200.toml", 2026, 0.3);
}
