//! Any text as a recording: bad lines with their numbers, or a dry run to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simscale::decide::{Control, Recording, run};
use std::sync::LazyLock;

/// Longest recording that is run, seconds: every second more costs time and shows nothing new.
const RUN_S: f64 = 7.0 * 86_400.0;

static CONTROLS: LazyLock<[Control; 2]> = LazyLock::new(|| {
    let read = |text: &str| Control::read("p.toml", text, &[]).expect("a policy file of the repository");
    [
        read(include_str!("../../scenarios/decide/step.toml")),
        read(include_str!("../../scenarios/decide/backlog.toml")),
    ]
});

fuzz_target!(|text: &str| {
    for control in &*CONTROLS {
        match Recording::read(text, control) {
            Err(bad) => assert!(!bad.is_empty() && bad.iter().all(|bad| bad.line > 0 && !bad.why.is_empty())),
            Ok(recording) if recording.observations.last().is_some_and(|last| last.t_s <= RUN_S) => {
                let outcome = run(control, &recording, &mut ());
                assert!(outcome.is_ok() || !outcome.unwrap_err().to_string().is_empty());
            }
            Ok(_) => {}
        }
    }
});
