//! Any text as a scenario and as a policy file: mistakes as values, or a scenario that survives writing and maps to a world.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simscale::Scenario;
use simscale::decide::Control;
use simscale::plan::Plan;
use simscale::scenario::Sweep;
use simscale::text::Document;

/// Most cells that are laid out: more take seconds and show nothing new.
const CELLS: usize = 64;

/// At most so many cells has a sweep.
fn cells(sweep: &Sweep) -> usize {
    let points = |values: &simscale::text::Value| values.as_list().map_or(1000, |list| list.len());
    let axes = sweep.axes.values().map(points);
    let linked = sweep.linked.iter().map(|link| link.values().map(Vec::len).max().unwrap_or(0));
    let all = axes.chain(linked).chain(sweep.alternatives.values().map(|named| named.len()));
    all.fold(1, |count, points| count.saturating_mul(points))
}

fuzz_target!(|text: &str| {
    match Scenario::read("f.toml", text, &[]) {
        Err(mistakes) => assert!(!mistakes.render(true).is_empty() && !mistakes.to_string().is_empty()),
        Ok(scenario) => {
            let written = scenario.to_toml();
            let again = Scenario::read("written.toml", &written, &[])
                .unwrap_or_else(|mistakes| panic!("{mistakes}\n{written}"));
            assert_eq!(again, scenario.resolved(), "{written}");
            _ = scenario.arithmetic(None);
            _ = scenario.simulation(None, Some(Box::new(std::iter::empty())));
            if scenario.sweep.as_ref().is_some_and(|sweep| cells(sweep) <= CELLS) {
                _ = Document::parse("f.toml", text).map(|document| Plan::of(&document));
            }
        }
    }
    if let Err(mistakes) = Control::read("p.toml", text, &[]) {
        assert!(!mistakes.to_string().is_empty());
    }
});
