//! Overrides, checks of meaning, drawings and limits.

mod text_model;

use simscale::text::{Document, Override, Value, emit, read};
use text_model::{GOOD, Model, Order, Workload};

fn with(overrides: &[(&str, &str)]) -> Result<Model, String> {
    let overrides: Vec<_> = overrides.iter().map(|(path, value)| Override::new(*path, *value)).collect();
    read::<Model>("f.toml", GOOD, &overrides).map(|read| read.value).map_err(|error| error.to_string())
}

#[test]
fn a_right_scenario_is_read_and_survives_writing() {
    let read = read::<Model>("f.toml", GOOD, &[]).unwrap();
    assert_eq!(read.value.group.order, Order::NewestFirst);
    assert_eq!(read.value.policy[0].target_tracking.as_ref().unwrap().warm_up.nanos(), 120_000_000_000);
    let text = emit(&read.value).unwrap();
    let again = simscale::text::read::<Model>("resolved.toml", &text, &[])
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.value, read.value);
    assert_eq!(emit(&again.value).unwrap(), text, "writing is stable");
}

#[test]
fn every_kind_of_variant_survives_writing() {
    for workload in [
        r#"workload = "silent""#,
        r#"workload = { constant = { rate = "12/min" } }"#,
        r#"workload = { sum = ["silent", { constant = { rate = "0.8/s" } }] }"#,
        r#"workload = { steps = [["0s", "1/s"], ["1h", "1.2e6/d"]] }"#,
    ] {
        let text =
            format!("name = \"x\"\n{workload}\n[group]\nmin = 1\nmax = 2\nseed = 9223372036854775807\n");
        let value = read::<Model>("f.toml", &text, &[]).unwrap_or_else(|error| panic!("{error}")).value;
        let text = emit(&value).unwrap();
        let again = read::<Model>("r.toml", &text, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again.value, value);
    }
}

#[test]
fn a_seed_beyond_signed_integers_is_read() {
    let text = "name = \"x\"\n[group]\nmin = 1\nmax = 2\nseed = 18446744073709551615\n";
    assert_eq!(read::<Model>("f.toml", text, &[]).unwrap().value.group.seed, u64::MAX);
}

#[test]
fn overrides_are_typed_like_the_file() {
    let model = with(&[
        ("group.max", "30"),
        ("service.timeout", "90s"),
        ("name", "other"),
        ("group.frozen", "true"),
        ("group.zones", "[\"a\", \"b\"]"),
        ("workload.diurnal.start", "2026-03-09T00:00:00Z"),
        ("workload.diurnal.peak_at", "08:30"),
    ])
    .unwrap();
    assert_eq!((model.group.max, model.group.frozen, model.group.zones.len()), (30, true, 2));
    assert_eq!((model.name.as_str(), model.service.timeout.unwrap().nanos()), ("other", 90_000_000_000));
    let Workload::Diurnal(diurnal) = model.workload else { panic!("{:?}", model.workload) };
    assert_eq!(diurnal.start.unwrap().to_string(), "2026-03-09T00:00:00Z");
    assert_eq!(diurnal.peak_at.to_string(), "08:30");
}

#[test]
fn overrides_find_elements_by_name_by_phase_and_by_index() {
    let model = with(&[
        ("policy.cpu-50.target_tracking.target", "60"),
        ("policy.1.target_tracking.target", "70.5"),
        ("boot.launch.time.constant", "30s"),
        ("expect.\"objective.fast.violation_ratio\".above", "0.001"),
        ("expect.new.below", "5"),
    ])
    .unwrap();
    let targets: Vec<_> =
        model.policy.iter().map(|policy| policy.target_tracking.as_ref().unwrap().target).collect();
    assert_eq!(targets, [60.0, 70.5]);
    assert_eq!(model.expect.len(), 2);
}

#[test]
fn mistakes_in_overrides_cite_the_override() {
    for (path, value, expected) in [
        (
            "group.max",
            "0",
            "--set group.max=0: group.max: 0 is below 1, the least value; write a whole number from 1 to 1000",
        ),
        (
            "group.mx",
            "30",
            "--set group.mx=30: group.mx: is not a known key; the keys here are: min, max, budget, frozen, memory, order, price, seed, zones",
        ),
        (
            "service.timeout",
            "90",
            "--set service.timeout=90: service.timeout: 90 is a bare number where a duration belongs; write the unit: \"90s\" or \"90ms\"",
        ),
        (
            "policy.cpu-51.name",
            "x",
            "--set policy.cpu-51.name=x: policy: has no element \"cpu-51\"; did you mean cpu-50?",
        ),
        (
            "policy.7.name",
            "x",
            "--set policy.7.name=x: policy: has no element \"7\"; its elements are: cpu-50, cpu-70",
        ),
        (
            "name.x",
            "1",
            "--set name.x=1: name: \"web-shop\" is no table, so nothing can be set inside it; set name itself, or correct the path",
        ),
        (
            "group..max",
            "1",
            "--set group..max=1: \"group..max\" has an empty segment; write keys with dots between them, such as group.max",
        ),
        (
            "expect.\"a.b",
            "1",
            "--set expect.\"a.b=1: \"expect.\"a.b\" has a quote that is not closed; write keys with dots between them, such as group.max",
        ),
        (
            "",
            "1",
            "--set =1: \"\" has an empty segment; write keys with dots between them, such as group.max",
        ),
        (
            "workload.constant.rate",
            "4/s",
            "--set workload.constant.rate=4/s: workload: has 2 variants (diurnal, constant) where exactly one belongs; keep one of them",
        ),
        (
            "name",
            "42",
            "--set name=42: name: 42 is a whole number where text belongs; put it in quotes: \"42\"",
        ),
        (
            "group.order",
            "newest",
            "--set group.order=newest: group.order: newest is not a known variant; the variants are: oldest_first, newest_first",
        ),
    ] {
        assert_eq!(with(&[(path, value)]).unwrap_err(), expected);
    }
}

#[test]
fn a_refused_override_leaves_the_document_alone() {
    let mut document = Document::parse("f.toml", GOOD).unwrap();
    assert!(document.overlay(&Override::new("policy.nobody.name", "x")).is_err());
    document.overlay(&Override::new("group.max", "30")).unwrap();
    assert_eq!(document.get("group.max").and_then(|value| value.as_integer()), Some(30));
    assert_eq!(document.get("policy.cpu-70.name").unwrap().as_text(), Some("cpu-70"));
    assert_eq!(document.get("group.seed"), None, "a default is not in the document");
    let axis = document.get("sweep.axes.\"group.min\"").unwrap();
    assert_eq!(axis, Value::from(vec![Value::from(2), Value::from(4)]));
    assert_eq!(axis.to_string(), "[2, 4]");
}

#[test]
fn a_sweep_lays_typed_values_and_cites_its_axis() {
    let document = Document::parse("f.toml", GOOD).unwrap();
    let mut cell = document.clone();
    cell.overlay(&Override::typed("group.min", &Value::from(4)).with_origin("axis")).unwrap();
    cell.overlay(&Override::typed("name", &Value::from("42 \"quoted\""))).unwrap();
    let model: Model = cell.read().unwrap();
    assert_eq!((model.group.min, model.name.as_str()), (4, "42 \"quoted\""));
    assert_eq!(document.read::<Model>().unwrap().group.min, 2);
    let change = Override::typed("group.min", &Value::from(-1.5)).with_origin("axis");
    cell.overlay(&change).unwrap();
    let message = cell.read::<Model>().unwrap_err().to_string();
    assert!(
        message.starts_with("axis group.min=-1.5: group.min: -1.5 is a number with decimals"),
        "{message}"
    );
}

#[test]
fn an_assignment_is_split_at_the_first_equals_sign_outside_quotes() {
    let change = Override::parse("expect.\"a=b\".below = 3=4").unwrap();
    assert_eq!((change.path(), change.value()), ("expect.\"a=b\".below", "3=4"));
    let message = Override::parse("group.max").unwrap_err().to_string();
    let expected = "--set group.max: \"group.max\" has no \"=\"; write a dotted path, = and a value, such as group.max=30";
    assert_eq!(message, expected);
}

#[test]
fn checks_of_meaning_find_place_and_value() {
    let mut document = Document::parse("f.toml", GOOD).unwrap();
    document.overlay(&Override::new("group.min", "25")).unwrap();
    let mut check = document.check();
    assert!(check.is_clean());
    check.fail("policy.cpu-50.target_tracking.target", "is above 40", "lower it");
    check.fail("group.max", "is below group.min (25)", "raise it");
    check.fail("group.min", "is above group.max (20)", "lower it");
    check.fail("policy.cpu-70.target_tracking.target", "is missing", "add it");
    check.fail_value("group.seed", "0 (the default)", "is not odd", "write an odd seed");
    check.fail("workload.diurnal", "is not for weekends", "take another");
    check.fail("nowhere.at.all", "has no place", "add it");
    check.ratio("expect.\"objective.fast.violation_ratio\".below", 5.0);
    check.ratio("group.share", -0.5);
    check.ratio("group.share", 0.5);
    check.fail("group.max", "is below group.min (25)", "raise it");
    let diagnostics = check.finish().unwrap_err();
    assert_eq!(diagnostics.count(), 9);
    let expected = "\
f.toml:1:1: nowhere.at.all: has no place; add it
f.toml:3:1: group.seed: 0 (the default) is not odd; write an odd seed
f.toml:3:1: group.share: -0.5 is not a ratio from 0 to 1; write a number from 0 to 1
f.toml:5:7: group.max: 20 is below group.min (25); raise it
f.toml:9:1: workload.diurnal: is not for weekends; take another
f.toml:20:30: policy.cpu-50.target_tracking.target: 50 is above 40; lower it
f.toml:22:1: policy.cpu-70.target_tracking.target: is missing; add it
f.toml:30:46: expect.\"objective.fast.violation_ratio\".below: 5 is not a ratio from 0 to 1; write 5 percent as 0.05
--set group.min=25: group.min: 25 is above group.max (20); lower it";
    assert_eq!(diagnostics.to_string(), expected);
    assert!(document.check().finish().is_ok());
}

#[test]
fn a_drawing_shows_file_line_caret_rule_and_fix() {
    let text = "name = \"wéb\"\n[group]\nmin = 2\nmax = \"20\"\n";
    let changes = [Override::new("service.timeout", "5")];
    let diagnostics = read::<Model>("dir/f.toml", text, &changes).unwrap_err();
    let expected = "\
error: group.max: \"20\" is text where a whole number belongs
 --> dir/f.toml:4:7
  |
4 | max = \"20\"
  |       ^^^^
  |
  = help: leave out the quotes: 20

error: service.timeout: 5 is a bare number where a duration belongs
 --> override:1:17
  |
1 | service.timeout=5
  |                 ^
  |
  = help: write the unit: \"5s\" or \"5ms\"";
    assert_eq!(diagnostics.render(false), expected);
    let first = diagnostics.iter().next().unwrap();
    assert_eq!(first.path(), "group.max");
    assert_eq!(first.span().map(|span| &text[span]), Some("\"20\""));
    assert_eq!(
        (first.source(), first.is_override(), first.line_and_column()),
        ("dir/f.toml", false, Some((4, 7)))
    );
    assert_eq!((first.value(), first.hint()), (Some("\"20\""), Some("leave out the quotes: 20")));
    let last = diagnostics.iter().last().unwrap();
    assert_eq!((last.source(), last.is_override()), ("--set service.timeout=5", true));
    assert_eq!(last.rule(), "is a bare number where a duration belongs");
}

#[test]
fn a_drawing_without_a_place_names_the_file() {
    let drawn = read::<Model>("f.toml", "", &[]).unwrap_err().render(false);
    let expected =
        "error: group: is missing\n--> f.toml\n = help: add it, such as group = { min = 1, max = 1 }";
    assert!(drawn.starts_with(expected), "{drawn}");
}

/// A type with a rule of its own, which no schema tells.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u32")]
struct Even(u32);

impl TryFrom<u32> for Even {
    type Error = String;
    fn try_from(number: u32) -> Result<Even, String> {
        if number.is_multiple_of(2) {
            Ok(Even(number))
        } else {
            Err("an even number belongs here".to_owned())
        }
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pair {
    pair: Even,
}

#[test]
fn a_refusal_of_the_type_itself_has_its_place() {
    let right = read::<Pair>("f.toml", "pair = 6", &[]).unwrap();
    assert_eq!(right.value.pair.0, 6);
    let message = read::<Pair>("f.toml", "pair = 3", &[]).unwrap_err().to_string();
    let expected =
        "f.toml:1:8: pair: 3 is refused: an even number belongs here; write a value that keeps this rule";
    assert_eq!(message, expected);
    let message = read::<Pair>("f.toml", "pair = 2", &[Override::new("pair", "5")]).unwrap_err().to_string();
    assert!(message.starts_with("--set pair=5: pair: 5 is refused"), "{message}");
}

fn refusal(text: &str) -> String {
    Document::parse("f.toml", text).unwrap_err().to_string()
}

#[test]
fn hostile_text_is_refused() {
    let long = format!("# {}", "x".repeat(4 << 20));
    let expected = "f.toml:1:1: the text is 4194306 bytes long, above the limit of 4194304 (4 MiB); keep long series in a trace file and name it in the scenario";
    assert_eq!(refusal(&long), expected);
    let list = format!("x = [{}]", "1,".repeat(10_001));
    let expected = "f.toml:1:5: this list has 10001 elements, above the limit of 10000; keep long series in a trace file and name it in the scenario";
    assert_eq!(refusal(&list), expected);
    assert!(Document::parse("f.toml", &format!("x = [{}]", "1.5,".repeat(10_000))).is_ok());
}

#[test]
fn deep_text_is_refused_before_it_can_overflow_a_stack() {
    let keys = vec!["a"; 70].join(".");
    let quoted = vec!["\"a.b\""; 70].join(" . ");
    let nested = |key: &str, levels: usize| {
        format!("x = {}1{}", format!("{{ {key} = ").repeat(levels), " }".repeat(levels))
    };
    let header: String = format!("[{keys}]\n");
    let inside = format!("[{}]\n{} = {}", vec!["a"; 40].join("."), vec!["b"; 20].join("."), "[".repeat(10));
    for text in [
        nested(&keys, 75),
        nested(&quoted, 75),
        nested(&keys, 75).replace('=', "\n=\n"),
        nested(&keys, 75).replace('{', "{ a ="),
        nested("a", 65),
        format!("{}\ny = = 2", nested(&keys, 75)),
        format!("x = {}{}", "[".repeat(65), "]".repeat(65)),
        format!("x = {}", "[".repeat(4_000_000)),
        format!("{keys} = 1"),
        format!("x = {}", "{ a = [".repeat(40)),
        format!("a = '''\n''''' # '\"\nx = {}", nested(&keys, 75)),
        format!("a = \"\"\"\\\"\"\"\"\"\nx = {}", nested(&keys, 75)),
        format!("a\"\"\" = 1\nx = {}", nested(&keys, 75)),
        format!("b = a'''\nx = {}", nested(&keys, 75)),
        format!("b = \"\\\nx = {}", nested(&keys, 75)),
        header,
    ] {
        let message = refusal(&text);
        assert!(
            message.contains("the text is nested more than 64 levels deep; write it with fewer"),
            "{message}"
        );
    }
    // Unclosed brackets are told as such, however many dots follow.
    for bracket in ["[1", "{ a = 1"] {
        let message = refusal(&format!("x = {bracket}\n{}", "b = 1.5\n[c.d]\n".repeat(100)));
        assert!(
            message.starts_with("f.toml:1:8: not valid TOML") || message.starts_with("f.toml:2:"),
            "{message}"
        );
    }
    // Deep by a header, a key and a list together: each alone is within the limit.
    assert!(refusal(&format!("{inside}{}", "]".repeat(10))).contains("nested more than 64"));
    // Dots in texts, comments and numbers are no nesting.
    let dots = ".".repeat(500);
    let text = format!("# {dots}\na = \"{dots}\"\nb = [{}]\nc = '''\n{dots}\n'''\n", "1.5, ".repeat(500));
    assert!(Document::parse("f.toml", &text).is_ok());
    assert!(Document::parse("f.toml", &nested("a", 60)).is_ok());
    let mut document = Document::parse("f.toml", "").unwrap();
    let message = document.overlay(&Override::new("x", nested(&keys, 75))).unwrap_err().to_string();
    assert!(message.contains("nested more than 64"), "{message}");
    let message = document.overlay(&Override::new(keys.clone(), "1")).unwrap_err().to_string();
    assert!(message.contains("nested more than 64"), "{message}");
    let message = document
        .overlay(&Override::new("a.".repeat(40) + "a", &nested("a", 40)[4..]))
        .unwrap_err()
        .to_string();
    assert!(message.contains("nested more than 64"), "{message}");
    let message = document.overlay(&Override::new("a.".repeat(500_000) + "a", "1")).unwrap_err().to_string();
    assert!(message.contains("nested more than 64"), "{message}");
}

#[test]
fn a_flood_of_mistakes_is_cut_and_counted() {
    let mut text = GOOD.to_owned();
    for number in 0..5_000 {
        text.push_str(&format!("unknown{number} = 1\n"));
    }
    let diagnostics = read::<Model>("f.toml", &text, &[]).unwrap_err();
    assert_eq!((diagnostics.count(), diagnostics.iter().count()), (5_000, 100));
    assert!(diagnostics.to_string().ends_with("\n... and 4900 more mistakes"));
    assert!(diagnostics.render(false).ends_with("\n\n... and 4900 more mistakes"));
}

#[test]
fn long_and_strange_values_are_shown_on_one_short_line() {
    let long = "x".repeat(1_000_000);
    let message = read::<Model>("f.toml", &format!("{long} = \"{long}\""), &[]).unwrap_err().to_string();
    assert!(message.len() < 1_000, "{}", message.len());
    let drawn = read::<Model>("f.toml", &format!("name = [\"{long}\"]"), &[]).unwrap_err().render(false);
    assert!(drawn.len() < 1_000, "{}", drawn.len());
    let escape = Override::new("group.max", "\u{1b}[31mred\n\u{7}");
    let diagnostics = read::<Model>("f\u{1b}.toml", GOOD, &[escape]).unwrap_err();
    for text in [diagnostics.to_string(), diagnostics.render(false)] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    }
}
