//! `simscale decide` as its users meet it: documented sequences as observation files, what is refused, and how much is read.

mod place;

use place::{Place, code, err, out};
use serde_json::Value;
use std::path::Path;

/// The rows that `decide` prints for an example of `scenarios/decide`.
fn example(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/decide");
    let file = |kind: &str| folder.join(format!("{name}.{kind}")).display().to_string();
    let told = Place::new().run(&[
        "decide",
        "--policy",
        &file("toml"),
        "--observations",
        &file("jsonl"),
        "--format",
        "json",
    ]);
    assert_eq!((code(&told), err(&told).as_str()), (0, ""));
    out(&told).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sizes(rows: &[Value]) -> Vec<(u64, u64, u64)> {
    let changes = rows.iter().filter(|row| row["kind"] == "decision");
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    changes.map(|row| (number(row, "t_s"), number(row, "before"), number(row, "granted"))).collect()
}

/// EC2 Auto Scaling User Guide, "Scaling policy based on Amazon SQS", documented: 10 workers with a backlog of 150 each and a target of
/// 100 get five more.
#[test]
fn the_documented_backlog_asks_for_five_more() {
    let rows = example("backlog");
    assert_eq!(sizes(&rows), [(300, 10, 15)]);
    let decision = rows.iter().find(|row| row["kind"] == "decision").unwrap();
    assert_eq!(decision["reason"], "ceil(10 x 150 / 100) = 15");
}

/// EC2 Auto Scaling User Guide, "Step and simple scaling policies", documented: 55 keeps ten, 60 gives 11, 70 gives 14, 45 keeps them, 40
/// gives 13, 30 gives 10.
#[test]
fn the_documented_sequence_of_steps() {
    let rows = example("step");
    assert_eq!(sizes(&rows), [(120, 10, 11), (180, 11, 14), (300, 14, 13), (360, 13, 10)]);
    let holds: Vec<_> =
        rows.iter().filter(|row| row["kind"] == "hold").map(|row| row["t_s"].clone()).collect();
    assert_eq!(holds, [60, 240]);
}

/// The same walk on a metric of the balancer, as somebody records it from CloudWatch.
#[test]
fn metrics_of_the_balancer_can_be_recorded() {
    let read = |kind: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/decide");
        let text = std::fs::read_to_string(folder.join(format!("step.{kind}"))).unwrap();
        text.replace("cpu_utilization", "target_response_time")
    };
    let place = Place::new();
    place.write("policy.toml", &read("toml"));
    place.write("seen.jsonl", &read("jsonl"));
    let asked = ["decide", "--policy", "policy.toml", "--observations", "seen.jsonl", "--format", "json"];
    let told = place.run(&asked);
    assert_eq!((code(&told), err(&told).as_str()), (0, ""));
    let rows: Vec<Value> = out(&told).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sizes(&rows), [(120, 10, 11), (180, 11, 14), (300, 14, 13), (360, 13, 10)]);
}

const POLICY: &str = r#"schema = 1
boot_time = "100s"
[group]
min = 1
desired = 2
max = 3
[metrics]
alarm_phase = "aligned"
publication_delay = "0s"
[[policy]]
name = "cpu-50"
target_tracking = { metric = "cpu_utilization", target = 50.0, warm_up = "30s" }
"#;

fn place(observations: &str) -> Place {
    let place = Place::new();
    place.write("cpu.toml", POLICY);
    place.write("seen.jsonl", observations);
    place
}

const DECIDE: [&str; 5] = ["decide", "--policy", "cpu.toml", "--observations", "seen.jsonl"];

fn lines(values: &[&str]) -> String {
    let line = |(i, rest): (usize, &&str)| format!("{{\"t_s\":{},{rest}}}\n", 60 * (i + 1));
    values.iter().enumerate().map(line).fold("{\"schema\":1}\n".to_string(), |text, line| text + &line)
}

#[test]
fn asked_granted_and_both_reasons_are_printed() {
    let place = place(&lines(&["\"metrics\":{\"cpu_utilization\":90}"; 5]));
    let told = place.run(&DECIDE);
    assert_eq!(code(&told), 0, "{}", err(&told));
    let text = out(&told);
    for part in [
        "2026-03-02 00:03:00\n  decision cpu-50: asked 3, granted 2 -> 3\n  policy: ceil(2 x 90 / 50) = 4\n  alarm: ",
        "hold cpu-50: asked nothing, stays 3\n  policy: ceil(2 x 90 / 50) = 4",
        "1 change, 1 hold and ",
        "the group ends at 3.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

/// An observed group takes the place of the bookkeeping: with three in service for long nobody warms up, and a desired size that somebody
/// else set is what the policy starts from.
#[test]
fn an_observed_group_takes_the_place_of_the_bookkeeping() {
    let busy = "\"metrics\":{\"cpu_utilization\":70}";
    let group = format!("{busy},\"group\":{{\"desired\":1,\"in_service_s\":[900]}}");
    let place = place(&lines(&[busy, busy, &group]));
    let told = place.run(&[&DECIDE[..], &["--format", "json"]].concat());
    assert_eq!(code(&told), 0, "{}", err(&told));
    let rows: Vec<Value> = out(&told).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sizes(&rows), [(180, 1, 2)]);
    assert_eq!(rows.last().unwrap()["reason"], "ceil(1 x 70 / 50) = 2");
}

/// What the last row says of a policy file, with these lines in the place of `max = 3`, and of observations like this one for half an hour.
fn last_row(group: &str, seen: &str) -> Value {
    let place = place(&lines(&[seen; 30]));
    place.write("cpu.toml", &POLICY.replace("max = 3", group).replace(", warm_up = \"30s\"", ""));
    let told = place.run(&[&DECIDE[..], &["--format", "json"]].concat());
    assert_eq!(code(&told), 0, "{}", err(&told));
    serde_json::from_str(out(&told).lines().last().expect("a row")).expect("JSON")
}

/// A deployment that was observed, and processes that are suspended, hold what they hold in a run.
#[test]
fn deployments_and_suspensions_hold_as_in_a_run() {
    let quiet =
        "\"metrics\":{\"cpu_utilization\":10},\"group\":{\"desired\":2,\"in_service_s\":[90000,90000]";
    let service = "max = 3\nproduct = \"ecs_service\"";
    let row = last_row(service, &format!("{quiet},\"deploying\":true}}"));
    assert_eq!(row["reason"], "a deployment of the service is in progress");
    assert_eq!(last_row(service, &format!("{quiet}}}"))["granted"], 1);
    let suspend = |process| {
        let window = "from = \"0s\"\nto = \"1h\"";
        last_row(
            &format!("max = 3\n[[group.suspend]]\nprocess = \"{process}\"\n{window}"),
            &format!("{quiet}}}"),
        )
    };
    assert_eq!(suspend("terminate")["reason"], "Terminate is suspended");
    assert_eq!(suspend("alarm_notification")["kind"], "alarm", "it rings, and calls nobody");
}

#[test]
fn every_bad_line_is_told_with_its_number_and_a_way_out() {
    let bad = "{\"schema\":1,\"strat\":\"2026-03-02T08:00:00Z\"}\n\
        {\"t_s\":60,\"metrcs\":{\"cpu_utilization\":100}}\n\
        \n\
        {\"t_s\":61,\"metrics\":{\"cpu_utilization\":150}}\n\
        {\"t_s\":120,\"metrics\":{\"cpu_utilisation\":50}}\n\
        {\"t_s\":180,\"metrics\":{\"cpu_utilization\":50}}\n\
        {\"t_s\":180,\"metrics\":{\"cpu_utilization\":50}}\n\
        {\"t_s\":240,\"group\":{\"desired\":4,\"in_service_s\":[-1]}}\n\
        {\"t_s\":300,\"metrics\":{\"response_time_p99\":1,\"response_time_p50\":1}}\n\
        {\"t_s\":1e300}\n\
        not json\n";
    let told = place(bad).run(&DECIDE);
    assert_eq!(code(&told), 2);
    let said = err(&told);
    for part in [
        "seen.jsonl: line 1: is no head, such as {\"schema\":1}: unknown field \"strat\"",
        "did you mean start?",
        "line 2: unknown field \"metrcs\"",
        "did you mean metrics?",
        "line 4: t_s: 61 is no whole multiple of metrics.period (60 s)",
        "line 5: metrics.cpu_utilisation: is not a known metric; did you mean cpu_utilization?",
        "line 7: t_s: 180 is not after the observation before (180)",
        "line 8: group.in_service_s: -1 is no age",
        "line 9: metrics: has several quantiles",
        "line 10: t_s: 1",
        "line 11: expected ident",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.lines().count(), 9, "{said}");
    let many = "{\"schema\":1}\n".to_string() + &"nonsense\n".repeat(1000);
    assert!(err(&place(&many).run(&DECIDE)).ends_with("and 980 bad lines more\n"));
    for empty in ["", "\n\n", "{\"schema\":1}\n"] {
        assert!(err(&place(empty).run(&DECIDE)).contains("at least one observation"));
    }
    let long = format!("{{\"schema\":1}}\n{}\n", "x".repeat(70_000));
    assert!(err(&place(&long).run(&DECIDE)).contains("line 2: is longer than 65536 bytes"));
    let newer = place("{\"schema\":2}\n{\"t_s\":60}\n").run(&DECIDE);
    assert!(err(&newer).contains("schema 2 is a layout that this version does not know"));
}

#[test]
fn a_wrong_policy_file_is_shown_and_an_unread_metric_is_told() {
    let here = place(&lines(&["\"metrics\":{\"in_flight\":1}"]));
    let told = here.run(&DECIDE);
    assert_eq!(code(&told), 0);
    assert!(
        err(&told).contains("no line has a value of cpu_utilization, which a policy reads"),
        "{}",
        err(&told)
    );
    here.write("cpu.toml", &POLICY.replace("target = 50.0", "target = 0.0"));
    let told = here.run(&DECIDE);
    assert!(
        code(&told) == 2 && err(&told).contains("policy.cpu-50.target_tracking.target"),
        "{}",
        err(&told)
    );
}
