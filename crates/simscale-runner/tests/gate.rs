//! The gate as users meet it: results compared, baselines saved, runs and sweeps held against them, exit codes and lines.

mod place;

use place::{Place, SMALL, code, err, out};

/// The small scenario held against a baseline.
fn held(versus: &str, tolerances: &str) -> String {
    format!("{SMALL}\n[expect]\nversus = \"{versus}\"\n{tolerances}\n")
}

const COST: &str = "\"cost_usd.per_month\" = { rise_ratio = 0.02 }";

#[test]
fn results_are_compared_pair_by_pair_and_what_got_worse_exits_with_one() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    for (folder, more) in [("old", "group.min=1"), ("new", "group.min=2"), ("again", "group.min=1")] {
        let sweep = place.run(&["sweep", "small.toml", "--set", more, "--out", folder, "--quiet"]);
        assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    }
    let worse = place.run(&["diff", "old", "new"]);
    let text = out(&worse);
    assert_eq!(code(&worse), 1, "{text}{}", err(&worse));
    assert!(text.contains("worse") && text.contains("Cost"), "{text}");
    assert!(text.lines().last().unwrap().contains("pair by pair on equal luck"), "{text}");
    let better = place.run(&["diff", "new", "old", "--format", "markdown"]);
    // Cheaper, and slower: both are said.
    assert_eq!(code(&better), 1, "{}", out(&better));
    assert!(
        out(&better).contains("| cost_usd.per_month |") && out(&better).contains("| better |"),
        "{}",
        out(&better)
    );
    let same = place.run(&["diff", "old/baseline.json", "again", "--quiet"]);
    assert_eq!(code(&same), 0);
    assert!(out(&same).starts_with("nothing changed"), "{}", out(&same));
    let json = place.run(&["diff", "old", "new", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&out(&json)).unwrap();
    assert_eq!(
        (value["schema"].as_u64(), value["cells"][0]["figures"][0]["basis"].as_str()),
        (Some(1), Some("paired"))
    );
    assert!(value["worse"].as_u64().unwrap() >= 1);
    // Other seeds: two samples.
    let sweep = place.run(&["sweep", "small.toml", "--seed", "77", "--out", "other", "--quiet"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    let apart = place.run(&["diff", "old", "other"]);
    assert_eq!(code(&apart), 0, "{}", out(&apart));
    assert!(out(&apart).contains("between different replications"), "{}", out(&apart));
}

#[test]
fn single_runs_are_compared_without_a_word_on_chance_and_kinds_are_not_mixed() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    for (folder, more) in [("a", "group.min=1"), ("b", "group.min=2")] {
        let run = place.run(&["run", "small.toml", "--set", more, "--out", folder, "--quiet"]);
        assert_eq!(code(&run), 0, "{}", err(&run));
    }
    let runs = place.run(&["diff", "a", "b"]);
    assert_eq!(code(&runs), 0, "{}", out(&runs));
    assert!(out(&runs).contains("one run each: may be luck"), "{}", out(&runs));
    let sweep = place.run(&["sweep", "small.toml", "--out", "s", "--quiet"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    let mixed = place.run(&["diff", "a", "s"]);
    assert!(code(&mixed) == 2 && err(&mixed).contains("compare two of a kind"), "{}", err(&mixed));
    let nothing = place.run(&["diff", "a", "nowhere"]);
    assert!(code(&nothing) == 2 && err(&nothing).contains("nowhere: cannot be read"), "{}", err(&nothing));
    place.write("x/notes.txt", "");
    let empty = place.run(&["diff", "a", "x"]);
    assert!(code(&empty) == 2 && err(&empty).contains("holds no result"), "{}", err(&empty));
}

#[test]
fn a_sweep_is_held_against_its_baseline() {
    let place = Place::new();
    place.write(
        "gate/small.toml",
        &held("base.json", &format!("{COST}\n\"objective.fast.violation_ratio\" = {{ rise = 0.01 }}")),
    );
    let missing = place.run(&["sweep", "gate/small.toml", "--quiet"]);
    assert!(code(&missing) == 2 && err(&missing).contains("base.json: cannot be read"), "{}", err(&missing));
    let save = place.run(&["sweep", "gate/small.toml", "--quiet", "--save-baseline", "gate/base.json"]);
    assert_eq!(code(&save), 0, "{}", err(&save));
    let same = place.run(&["sweep", "gate/small.toml"]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
    assert!(out(&same).contains("Expected  \u{2713} cost_usd.per_month = "), "{}", out(&same));
    let dearer = place.run(&["sweep", "gate/small.toml", "--set", "group.min=2", "--quiet"]);
    assert_eq!(code(&dearer), 1, "{}{}", out(&dearer), err(&dearer));
    let broken: Vec<String> =
        out(&dearer).lines().filter(|line| line.starts_with("expected: ")).map(str::to_owned).collect();
    assert!(
        broken.len() == 1 && broken[0].contains("cost_usd.per_month") && broken[0].ends_with("beyond that"),
        "{broken:?}"
    );
    let markdown = place.run(&["sweep", "gate/small.toml", "--set", "group.min=2", "--format", "markdown"]);
    assert!(
        code(&markdown) == 1 && out(&markdown).contains("- \u{2717} cost_usd.per_month"),
        "{}",
        out(&markdown)
    );
    let trusted = place.run(&["sweep", "gate/small.toml", "--set", "group.min=2", "--quiet", "--no-expect"]);
    assert_eq!(code(&trusted), 0, "{}", err(&trusted));
}

#[test]
fn what_is_not_shown_to_stay_within_breaks_the_gate() {
    let place = Place::new();
    place.write("small.toml", &held("base.json", "\"response_time_s.p99\" = { rise = 0 }"));
    let save = place.run(&["sweep", "small.toml", "--quiet", "--save-baseline", "base.json"]);
    assert_eq!(code(&save), 0, "{}", err(&save));
    // Other luck: p99 differs a little, in whichever direction, and no rise at all is allowed.
    let other = place.run(&["sweep", "small.toml", "--quiet", "--seed", "99"]);
    assert!(
        code(&other) == 1 && out(&other).contains("not shown to stay within"),
        "{}{}",
        out(&other),
        err(&other)
    );
}

#[test]
fn files_that_are_compared_are_each_held_against_their_own_cell() {
    let place = Place::new();
    place.write("a.toml", &held("base.json", COST).replace("small", "a"));
    place.write("b.toml", &SMALL.replace("small", "b").replace("min = 1", "min = 2"));
    let save = place.run(&["compare", "a.toml", "b.toml", "--quiet", "--save-baseline", "base.json"]);
    assert_eq!(code(&save), 0, "{}", err(&save));
    let same = place.run(&["compare", "a.toml", "b.toml"]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
    assert!(out(&same).contains("a: cost_usd.per_month"), "{}", out(&same));
    place.write("a.toml", &held("base.json", COST).replace("small", "a").replace("min = 1", "min = 3"));
    let dearer = place.run(&["compare", "a.toml", "b.toml", "--quiet"]);
    assert!(
        code(&dearer) == 1 && out(&dearer).contains("expected: a: cost_usd.per_month"),
        "{}",
        out(&dearer)
    );
}

#[test]
fn a_run_is_held_against_its_baseline_as_it_is() {
    let place = Place::new();
    place.write(
        "small.toml",
        &held("base.json", &format!("{COST}\n\"requests.served\" = {{ fall_ratio = 0.01 }}")),
    );
    let missing = place.run(&["run", "small.toml"]);
    assert!(code(&missing) == 2 && err(&missing).contains("base.json: cannot be read"), "{}", err(&missing));
    let save = place.run(&["run", "small.toml", "--quiet", "--save-baseline", "base.json"]);
    assert_eq!(code(&save), 0, "{}", err(&save));
    let same = place.run(&["run", "small.toml"]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
    let said = out(&same).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("expected at most 186.197 by the baseline's 182.546"), "{said}");
    let dearer = place.run(&["run", "small.toml", "--set", "group.min=2", "--quiet"]);
    assert_eq!(code(&dearer), 1);
    let broken = out(&dearer).lines().filter(|line| line.starts_with("expected: ")).count();
    assert_eq!(broken, 1, "{}", out(&dearer));
    // A baseline of the other kind is said to be none.
    let sweep = place.run(&["sweep", "small.toml", "--quiet"]);
    assert!(code(&sweep) == 0 && err(&sweep).contains("a sweep is not held against"), "{}", err(&sweep));
}

/// The shipped gate: what scenarios/gate.toml and docs/GATE.md tell.
#[test]
fn the_shipped_gate_lets_the_policy_pass_and_stops_the_saving() {
    let place = Place::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/gate.toml");
    let same = place.run(&["sweep", file, "--quiet", "--out", "same"]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
    let saving = "policy.cpu.target_tracking.target=70";
    let saving = place.run(&["sweep", file, "--quiet", "--out", "saving", "--set", saving]);
    let broken: Vec<String> =
        out(&saving).lines().filter(|line| line.starts_with("expected: ")).map(str::to_owned).collect();
    assert_eq!((code(&saving), broken.len()), (1, 1), "{}{}", out(&saving), err(&saving));
    assert!(broken[0].starts_with("expected: objective.fast.violation_ratio = "), "{broken:?}");
}
