//! Random text never panics, and what is accepted survives writing.

mod text_model;

use proptest::prelude::*;
use simscale::text::{Document, Override, emit, read};
use text_model::{GOOD, Model};

/// Reads, prints and draws; whatever is accepted must survive writing.
fn exercise(text: &str, overrides: &[Override]) {
    match read::<Model>("f.toml", text, overrides) {
        Ok(read) => {
            let text = emit(&read.value).unwrap();
            let again = simscale::text::read::<Model>("r.toml", &text, &[])
                .unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again.value, read.value);
        }
        Err(diagnostics) => {
            assert!(diagnostics.count() > 0);
            assert!(!diagnostics.to_string().is_empty());
            diagnostics.render(false);
            diagnostics.render(true);
        }
    }
}

/// Pieces that a scenario is made of, and some that break it.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(vec![
            "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\n", "\r\n", "\"", "'", "\"\"\"", "'''", "#", "\\", " ", "\t",
            "-", "+", "_", "0", "1", "5", "1e9", "inf", "nan", "true", "group", "min", "max", "policy", "name", "workload",
            "constant", "diurnal", "service", "cpu_time", "\"35ms\"", "\"4/s\"", "2026-03-02", "20:00:00", "\u{feff}", "é",
            "\u{1b}", "\u{0}", "𝄞",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text_never_panics(pieces in prop::collection::vec(piece(), 0..60)) {
        exercise(&pieces.concat(), &[]);
    }

    #[test]
    fn mutations_of_a_right_scenario_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece()), 1..4),
    ) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, cut, new) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, new.chars());
        }
        exercise(&text.into_iter().collect::<String>(), &[]);
    }

    #[test]
    fn lines_in_any_order_never_panic(order in Just(GOOD.lines().collect::<Vec<_>>()).prop_shuffle()) {
        exercise(&order.join("\n"), &[]);
    }

    #[test]
    fn random_overrides_never_panic(path in "[a-z.\"'0-5=-]{0,12}|(group|policy|boot|expect)(\\.[a-z0-9\"-]{0,8}){0,4}", pieces in prop::collection::vec(piece(), 0..6)) {
        exercise(GOOD, &[Override::new(path, pieces.concat())]);
    }

    #[test]
    fn random_paths_never_panic_in_checks(path in ".{0,30}", value in any::<f64>()) {
        let document = Document::parse("f.toml", GOOD).unwrap();
        document.get(&path);
        let mut check = document.check();
        check.fail(&path, "is odd", "change it");
        check.ratio(&path, value);
        prop_assert!(check.finish().is_err());
    }
}
