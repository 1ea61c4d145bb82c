//! Any bytes as the journal of a sweep, and as a saved result: refused with a message, or read to the last bit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simscale_runner::saved::Saved;
use simscale_runner::sweep::{Before, JOURNAL, Store};

/// The plan and the number of figures that the seeds were written with.
const PLAN: &str = "plan";
const FIGURES: usize = 2;

fuzz_target!(|bytes: &[u8]| {
    let folder = simscale_fuzz::folder();
    let journal = folder.join(JOURNAL);
    std::fs::write(&journal, bytes).expect("the folder is ours");
    match Store::open(&folder, PLAN, FIGURES, Before::Resume) {
        Err(failure) => assert!(failure.message.contains(JOURNAL), "{}", failure.message),
        Ok((store, done)) => {
            assert!(done.values().all(|run| run.figures.len() == FIGURES));
            for (id, run) in done.iter().take(2) {
                store.keep(*id, run).expect("the folder is ours");
            }
            drop(store);
            let again = Store::open(&folder, PLAN, FIGURES, Before::Resume);
            assert!(again.is_ok_and(|(_, again)| again == done), "what was read is read again");
        }
    }
    let saved = folder.join("baseline.json");
    std::fs::write(&saved, bytes).expect("the folder is ours");
    if let Ok(saved) = Saved::read(&saved) {
        for cell in &saved.cells {
            saved.figures.iter().for_each(|path| _ = saved.values(cell, path));
        }
        _ = saved.to_json();
    }
});
