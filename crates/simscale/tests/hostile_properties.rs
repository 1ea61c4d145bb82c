//! Shipped scenarios and recordings with random changes: mistakes as values, never a panic; what is accepted survives writing.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use simscale::Scenario;
use simscale::decide::{Control, Recording, run};
use simscale::plan::Plan;
use simscale::text::Document;
use std::path::Path;
use std::sync::LazyLock;

/// The scenarios of the repository, comments left out.
static SHIPPED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut texts = Vec::new();
    for folder in ["", "aws", "suite", "decide"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the scenarios are there");
        let files = entries.map(|entry| entry.expect("readable").path());
        for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "toml")) {
            let text = std::fs::read_to_string(file).expect("readable");
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            texts.push(lines.collect::<Vec<_>>().join("\n"));
        }
    }
    texts.sort();
    texts
});

/// What a hostile hand writes in the place of something.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "",
        "0",
        "-1",
        "1e308",
        "nan",
        "inf",
        "-0.0",
        "18446744073709551615",
        "9223372036854775808",
        "1e-308",
        "\"0s\"",
        "\"1ns\"",
        "\"36525d\"",
        "\"3650d\"",
        "\"1e9/s\"",
        "\"0/s\"",
        "\"-1s\"",
        "\"0.000000001 USD/h\"",
        "\"* * * * *\"",
        "\"0 0 29 2 *\"",
        "\"9999-12-31T23:59:59Z\"",
        "\"\"",
        "[]",
        "{}",
        "true",
        "[",
        "]",
        "{",
        "}",
        "=",
        "\n",
        ".",
        ",",
        "\"",
        "'''",
        "#",
        "\u{feff}",
        "\u{202e}",
        "\u{0}",
        "\u{1b}[2J",
        "\u{d7ff}",
        "𝄞",
    ];
    prop_oneof![6 => select(words.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Change {
    /// What stands behind the = of a line.
    Value(Index, String),
    /// Some signs at a place.
    Splice(Index, usize, String),
    /// A line twice.
    Twice(Index),
    /// A line less.
    Less(Index),
    /// A line of another place.
    Move(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), piece()).prop_map(|(at, piece)| Change::Value(at, piece)),
        2 => (any::<Index>(), 0_usize..12, piece()).prop_map(|(at, cut, piece)| Change::Splice(at, cut, piece)),
        1 => any::<Index>().prop_map(Change::Twice),
        1 => any::<Index>().prop_map(Change::Less),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Move(from, to)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    for change in changes {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.is_empty() {
            break;
        }
        match change {
            Change::Value(at, piece) => {
                let line = &mut lines[at.index(text.lines().count())];
                let key = line.split('=').next().unwrap_or_default().trim_end().to_owned();
                *line = format!("{key} = {piece}");
            }
            Change::Splice(at, cut, piece) => {
                let mut signs: Vec<char> = text.chars().collect();
                let at = at.index(signs.len() + 1);
                let end = (at + cut).min(signs.len());
                signs.splice(at..end, piece.chars());
                text = signs.into_iter().collect();
                continue;
            }
            Change::Twice(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at].clone());
            }
            Change::Less(at) => _ = lines.remove(at.index(lines.len())),
            Change::Move(from, to) => {
                let line = lines.remove(from.index(lines.len()));
                lines.insert(to.index(lines.len() + 1), line);
            }
        }
        text = lines.join("\n");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn changed_scenarios_never_panic_and_survive_writing(
        which in any::<Index>(),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        let text = changed(which.get::<String>(&SHIPPED), &changes);
        match Scenario::read("f.toml", &text, &[]) {
            Err(mistakes) => {
                prop_assert!(mistakes.count() > 0 && !mistakes.to_string().is_empty());
                mistakes.render(true);
            }
            Ok(scenario) => {
                let written = scenario.to_toml();
                let again = Scenario::read("written.toml", &written, &[]);
                let again = again.unwrap_or_else(|mistakes| panic!("{mistakes}\n{written}"));
                prop_assert_eq!(again, scenario.resolved());
                scenario.arithmetic(None);
                // Its lead-in is found in a run before.
                if scenario.seeks_lead_in() {
                    return Ok(());
                }
                scenario.simulation(None, Some(Box::new(std::iter::empty()))).map_err(|error| TestCaseError::fail(error.to_string()))?;
                if let Some(sweep) = scenario.sweep.filter(|sweep| sweep.axes.is_empty()) {
                    prop_assert!(sweep.replications > 0);
                    _ = Plan::of(&Document::parse("f.toml", &text).expect("it was read before"));
                }
            }
        }
        if let Err(mistakes) = Control::read("p.toml", &text, &[]) {
            prop_assert!(!mistakes.to_string().is_empty());
        }
    }

    #[test]
    fn changed_recordings_never_panic(
        queue in any::<bool>(),
        changes in prop::collection::vec(
            prop_oneof![
                (any::<Index>(), 0_usize..12, piece()).prop_map(|(at, cut, piece)| Change::Splice(at, cut, piece)),
                any::<Index>().prop_map(Change::Twice),
                any::<Index>().prop_map(Change::Less),
                (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Move(from, to)),
            ],
            0..4,
        ),
    ) {
        let (policy, recording) = if queue {
            (include_str!("../../../scenarios/decide/backlog.toml"), include_str!("../../../scenarios/decide/backlog.jsonl"))
        } else {
            (include_str!("../../../scenarios/decide/step.toml"), include_str!("../../../scenarios/decide/step.jsonl"))
        };
        let control = Control::read("p.toml", policy, &[]).expect("it is shipped");
        match Recording::read(&changed(recording, &changes), &control) {
            Err(bad) => prop_assert!(!bad.is_empty() && bad.iter().all(|bad| bad.line > 0 && !bad.why.is_empty())),
            Ok(recording) if recording.observations.last().is_some_and(|last| last.t_s < 1e6) => {
                _ = run(&control, &recording, &mut ());
            }
            Ok(_) => {}
        }
    }
}
