//! What is made from the types: the schema for editors, the reference page, and the refusal of constructs
//! nobody can walk.

mod text_model;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simscale::text::{Duration, check_schema, emit, reference, schema};
use text_model::Model;

#[test]
fn the_walker_knows_every_construct_of_the_model() {
    assert_eq!(check_schema::<Model>(), Ok(()));
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Open {
    a: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Holder<T> {
    inner: T,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Internal {
    A { a: u32 },
    B { b: u32 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flat {
    #[serde(flatten)]
    inner: Open,
    #[serde(flatten)]
    choice: Internal,
}

#[test]
fn constructs_that_nobody_can_walk_are_named() {
    fn unknown<T: JsonSchema>() -> String {
        check_schema::<Holder<T>>().map_or_else(|unknown| unknown.join("\n"), |()| "nothing".to_owned())
    }
    assert_eq!(unknown::<Open>(), "Open: a table that allows unknown keys (deny_unknown_fields is missing)");
    assert_eq!(
        unknown::<Untagged>(),
        "Untagged: \"anyOf\" other than an optional value (an untagged choice?)"
    );
    assert!(unknown::<Internal>().contains("\"oneOf\" other than an externally tagged choice"));
    assert!(unknown::<Flat>().contains("Flat: "), "{}", unknown::<Flat>());
    assert_eq!(unknown::<i128>(), "(root).inner: the integer format \"int128\"");
    assert_eq!(unknown::<()>(), "(root).inner: the type [\"null\"]");
    assert_eq!(unknown::<std::num::NonZeroI32>(), "(root).inner: the keyword \"not\"");
    assert_eq!(
        unknown::<BTreeMap<u32, u32>>().lines().next(),
        Some("(root).inner: the keyword \"patternProperties\"")
    );
    assert_eq!(
        unknown::<std::net::Ipv4Addr>(),
        "(root).inner: a text with a pattern, a format or a longest length"
    );
    assert_eq!(unknown::<std::num::NonZeroU32>(), "nothing");
    assert_eq!(unknown::<Option<Vec<Duration>>>(), "nothing");
    assert_eq!(unknown::<BTreeMap<String, Option<Duration>>>(), "nothing");
}

#[test]
fn the_schema_for_editors_is_draft_7_and_stable() {
    let text = schema::<Model>();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(value["definitions"]["TargetTracking"]["properties"]["warm_up"]["x-quantity"], "duration");
    assert_eq!(text, schema::<Model>());
    assert!(text.ends_with("}\n"));
}

#[test]
fn the_reference_page_has_a_section_a_table_and_a_row_a_key() {
    let page = reference::<Model>("Scenario");
    for part in [
        "# Scenario\n\nOne resolved world.\n",
        "| `name` | text | required | The name of the scenario. |",
        "| `max` | whole number from 1 to 1000 | required | Most instances. |",
        "| `order` | [order](#order) | `\"oldest_first\"` | Order of termination. |",
        "| `price` | hourly price, such as `\"0.096 USD/h\"` | none | Price of an instance. |",
        "\n## distribution\n\nWritten at `boot[].time`, `service.cpu_time`.\n\nA distribution of times.\n\nExactly one of:\n",
        "| `constant` | duration, such as `\"90s\"` | Always the same. |",
        "\n### lognormal\n\n| key | type | default | meaning |",
        "| `cv` | number from 0 to 10 | required | Coefficient of variation. |",
        "Written at `workload`, `workload.sum[]`.",
        "| `warm_up` | duration, such as `\"90s\"` | `\"2m\"` | Time until a new instance counts. |",
        "| `silent` | text | Nothing at all. |",
    ] {
        assert!(page.contains(part), "{part}\nis missing in\n{page}");
    }
    assert_eq!(page, reference::<Model>("Scenario"));
}

#[test]
fn a_value_without_a_form_in_toml_is_refused_in_words() {
    let message = emit(&5).unwrap_err().to_string();
    assert!(message.starts_with("the value cannot be written as TOML: "), "{message}");
}
