//! `simscale explain-run` as its users meet it: what it says of a run worked out by hand, in text and JSON, and what it refuses.

mod place;

use place::{Place, code, err, out};
use serde_json::Value;

/// Two instances, a schedule that wants four at 09:10, and one that goes back to two at 09:40. A boot takes 40 s.
const SCHEDULED: &str = r#"schema = 1
name = "office"
[simulation]
duration = "1h"
start = "2026-03-02T08:00:00Z"
time_zone = "Europe/Berlin"
[workload.constant]
rate = "20/s"
[service]
cpu_time = { constant = "20ms" }
[instance]
vcpus = 2
price = "0.10 USD/h"
[[instance.boot]]
phase = "launch"
time = { constant = "40s" }
[group]
min = 1
desired = 2
max = 4
[balancer]
deregistration_delay = "30s"
[[policy]]
name = "day"
[policy.schedule]
lateness = { constant = "0s" }
entry = [{ name = "up", time = "09:10", desired = 4 }, { name = "down", time = "09:40", desired = 2 }]
[[policy]]
name = "cpu-50"
target_tracking = { metric = "cpu_utilization", target = 50.0, disable_scale_in = true }
"#;

fn office() -> Place {
    let place = Place::new();
    place.write("office.toml", SCHEDULED);
    let run = place.run(&["run", "office.toml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    place
}

fn at(place: &Place, moment: &str) -> Value {
    let told = place.run(&["explain-run", "results/office", "--at", moment, "--format", "json"]);
    assert_eq!(code(&told), 0, "{moment}: {}", err(&told));
    serde_json::from_str(&out(&told)).unwrap()
}

#[test]
fn sizes_decisions_and_what_is_under_way_are_those_of_the_moment() {
    let place = office();
    let sizes = |moment: &str| {
        let sizes = at(&place, moment)["sizes"].clone();
        ["desired", "in_service", "booting", "draining"].map(|name| sizes[name].as_u64().unwrap())
    };
    assert_eq!(sizes("09:09:59"), [2, 2, 0, 0]);
    assert_eq!(sizes("09:10"), [4, 2, 2, 0], "a moment holds what happened at it");
    assert_eq!(sizes("10min 39s"), [4, 2, 2, 0]);
    assert_eq!(sizes("10min 41s"), [4, 4, 0, 0]);
    assert_eq!(sizes("2026-03-02T08:50:00Z"), [2, 2, 0, 0], "drained by then");
    let booting = at(&place, "09:10:20");
    assert_eq!(booting["at"], "2026-03-02T09:10:20+01:00");
    let day = &booting["policies"][0];
    assert_eq!(day["name"], "day");
    assert_eq!((&day["last_decision"]["asked"], &day["last_decision"]["granted"]), (&4.into(), &4.into()));
    assert_eq!(day["last_decision"]["kind"], "schedule");
    let boots = booting["in_progress"].as_array().unwrap();
    assert_eq!(boots.len(), 2, "{boots:?}");
    assert_eq!(boots[0]["what"], "boot");
    assert_eq!(boots[0]["instance"], 2);
    assert!(boots[0]["until"].as_str().unwrap().starts_with("2026-03-02T09:10:40"), "{boots:?}");
    assert_eq!(booting["next_change"]["at"], "2026-03-02T09:40:00+01:00");
    assert_eq!(at(&place, "09:45")["next_change"], Value::Null);
}

#[test]
fn alarms_have_their_state_and_its_beginning() {
    let place = Place::new();
    place.write("office.toml", &SCHEDULED.replace(", disable_scale_in = true", ""));
    assert_eq!(code(&place.run(&["run", "office.toml"])), 0);
    // A busy share of 5 to 10 %: both alarms know nothing, then the low one rings after its fifteen datapoints.
    let early = at(&place, "09:00:30");
    let late = at(&place, "09:20");
    let alarms = |told: &Value| {
        let alarms = told["alarms"].as_array().unwrap().clone();
        alarms
            .into_iter()
            .map(|a| (a["state"].as_str().unwrap().to_string(), a["since"].is_null()))
            .collect::<Vec<_>>()
    };
    let unknown = ("INSUFFICIENT_DATA".to_string(), true);
    assert_eq!(alarms(&early), [unknown.clone(), unknown]);
    assert_eq!(alarms(&late), [("OK".to_string(), false), ("ALARM".to_string(), false)]);
    assert_eq!(late["policies"][1]["name"], "cpu-50");
}

#[test]
fn the_text_fits_eighty_columns_and_answers_in_one_screen() {
    let place = office();
    for moment in ["09:10:20", "09:20", "09:40:10", "1h"] {
        let told = place.run(&["explain-run", "results/office", "--at", moment]);
        assert_eq!(code(&told), 0, "{}", err(&told));
        let text = out(&told);
        let (rest, last) = text.trim_end().rsplit_once('\n').unwrap();
        assert!(rest.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(rest.lines().count() <= 24 && last.ends_with('.') && last.len() <= 80, "{text}");
    }
    let told = out(&place.run(&["explain-run", "results/office", "--at", "09:10:20"]));
    for part in [
        "4 desired: 2 in service, 2 booting, 0 leaving",
        "day: 2 -> 4 at 09:10:00: schedule entry up",
        "2 boots, the first since 09:10:00; over by 09:10:40",
        "2 of 4 in service, 2 booting; next 4 -> 2 in 29 min 40 s.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn what_is_no_result_or_no_moment_of_it_is_refused_with_a_way_out() {
    let place = office();
    place.write("empty/note.txt", "");
    place.write("old/resolved.toml", &place.read("results/office/resolved.toml"));
    place.write("old/activities.csv", "at_s,at,actor\n1,00:00:01,group\n");
    place.write("old/periods.csv", &place.read("results/office/periods.csv"));
    let cases = [
        (["nowhere", "09:10"], "it is no folder"),
        (["empty", "09:10"], "it has no resolved.toml"),
        (["old", "09:10"], "run the scenario again"),
        (["results/office", "11:00"], "lies outside the run, which lasts from 2026-03-02T09:00:00+01:00"),
        (["results/office", "later"], "is no moment"),
    ];
    for ([folder, moment], why) in cases {
        let told = place.run(&["explain-run", folder, "--at", moment]);
        assert_eq!(code(&told), 2, "{folder} {moment}");
        assert!(err(&told).contains(why) && out(&told).is_empty(), "{folder} {moment}: {}", err(&told));
    }
}

/// Two servers and a warm pool of two; a schedule wants three at 09:10. Two hooks at a launch, 60 s and 90 s, one at a termination, 45 s.
const HOOKED: &str = r#"
[[group.hook]]
name = "install"
transition = "launching"
time = { constant = "60s" }
[[group.hook]]
name = "register"
transition = "launching"
time = { constant = "90s" }
[[group.hook]]
name = "logs"
transition = "terminating"
time = { constant = "45s" }
"#;

/// Proves that hooks in progress are those that hold an instance at the moment: each until it ends, and no longer than its instance waits.
#[test]
fn hooks_in_progress_are_told_by_name() {
    let place = Place::new();
    place.write("office.toml", &format!("{SCHEDULED}{HOOKED}"));
    assert_eq!(code(&place.run(&["run", "office.toml"])), 0);
    // Hooks begin when the instance runs, with the first phase of its boot, at 09:10:00.
    let hooks = |moment: &str| {
        let told = at(&place, moment);
        let list = told["in_progress"].as_array().unwrap().clone();
        let hooks = list.iter().filter(|p| p["what"] == "hook");
        hooks
            .map(|p| format!("{} {} {}", p["hook"], p["instance"], &p["until"].as_str().unwrap()[11..19]))
            .collect::<Vec<_>>()
    };
    let register = [r#""register" 2 09:11:30"#, r#""register" 3 09:11:30"#];
    assert_eq!(hooks("09:09:59"), [""; 0]);
    let both = hooks("09:10:30");
    assert_eq!(both.len(), 4, "{both:?}");
    assert!(
        both.contains(&r#""install" 2 09:11:00"#.to_string()) && both.contains(&register[1].to_string()),
        "{both:?}"
    );
    assert_eq!(hooks("09:11:10"), register, "one of each has ended");
    assert_eq!(hooks("09:11:31"), [""; 0]);
    let leaving = hooks("09:40:30");
    assert_eq!(leaving.len(), 2, "{leaving:?}");
    assert!(leaving[0].starts_with(r#""logs""#) && leaving[0].ends_with("09:40:45"), "{leaving:?}");
    let text = out(&place.run(&["explain-run", "results/office", "--at", "09:11:10"]));
    assert!(text.contains("hook register holds 2 instances, the first since 09:10:00; over by"), "{text}");
}

/// Proves that members of the warm pool are counted for themselves: launched into it, taken from it, returned to it.
#[test]
fn the_warm_pool_is_counted_for_itself() {
    let place = Place::new();
    let pooled = "[group.warm_pool]\nmax_group_prepared_capacity = 4\nreuse_on_scale_in = true\n";
    place.write("office.toml", &format!("{SCHEDULED}{pooled}"));
    let run = place.run(&["run", "office.toml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let sizes = |moment: &str| {
        let sizes = at(&place, moment)["sizes"].clone();
        ["desired", "in_service", "booting", "draining", "pooled"].map(|name| sizes[name].as_u64().unwrap())
    };
    assert_eq!(sizes("09:09"), [2, 2, 0, 0, 2]);
    assert_eq!(sizes("09:10:01"), [4, 2, 2, 0, 0]);
    assert_eq!(sizes("09:20"), [4, 4, 0, 0, 0]);
    assert_eq!(sizes("09:45"), [2, 2, 0, 0, 2]);
    let text = out(&place.run(&["explain-run", "results/office", "--at", "09:45"]));
    assert!(text.contains("0 leaving, 2 in the warm pool"), "{text}");
}
