//! A flash crowd with and without sticky sessions, read from `instances.csv`: new instances stay idle in one, not in the other.

use std::path::Path;
use std::process::Command;

/// An instance as its row tells it.
#[derive(Debug)]
struct Row {
    launched_s: f64,
    service_s: f64,
    terminated: bool,
    cpu: f64,
}

/// Runs a shipped scenario; the rows of its instances, and when the promise was broken for the last time.
fn run(name: &str) -> (Vec<Row>, f64) {
    let out = tempfile::tempdir().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/aws/{name}.toml"));
    let folder = out.path().join("r");
    let run = Command::new(env!("CARGO_BIN_EXE_simscale"))
        .args(["run", "--quiet", "--out"])
        .arg(&folder)
        .arg(file)
        .output()
        .expect("the program starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let table = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("the table is there");
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_string).collect::<Vec<_>>());
        let headings = lines.next().expect("a line of headings");
        let place = move |name: &str| headings.iter().position(|h| h == name).expect("the column is there");
        (lines.collect::<Vec<_>>(), place)
    };
    let (rows, place) = table("instances.csv");
    let number = |row: &[String], name: &str| row[place(name)].parse::<f64>().expect("a number");
    let instances = rows.iter().map(|row| Row {
        launched_s: number(row, "launched_s"),
        service_s: number(row, "service_s"),
        terminated: !row[place("terminated_s")].is_empty(),
        cpu: number(row, "cpu_utilization_mean"),
    });
    let instances: Vec<Row> = instances.collect();
    let (rows, place) = table("periods.csv");
    let slow = rows.iter().filter(|row| row[place("response_p99_s")].parse().is_ok_and(|p: f64| p > 3.0));
    let last = slow.map(|row| row[place("end_s")].parse().expect("a number")).fold(0.0, f64::max);
    (instances, last)
}

/// The crowd comes at 4500 s. Of the instances launched for it some leave within 25 minutes: with stickiness they have done next to nothing by
/// then (under a tenth of the 31 to 36 % that every instance does without), and the site is slow four times as long.
#[test]
fn new_instances_stay_idle_with_sticky_sessions_only() {
    let (sticky, sticky_slow_until) = run("sticky-flash-crowd");
    let (turns, turns_slow_until) = run("round-robin-flash-crowd");
    let new = |rows: &[Row]| -> Vec<f64> {
        let short = |r: &&Row| r.launched_s > 4500.0 && r.terminated && r.service_s < 1500.0;
        rows.iter().filter(short).map(|r| r.cpu).collect()
    };
    let old =
        |rows: &[Row]| -> Vec<f64> { rows.iter().filter(|r| r.launched_s == 0.0).map(|r| r.cpu).collect() };
    let (idle, busy) = (new(&sticky), new(&turns));
    assert!(idle.len() >= 2 && idle.iter().all(|&cpu| cpu < 0.05), "{idle:?}");
    assert!(busy.len() >= 2 && busy.iter().all(|&cpu| cpu > 0.25), "{busy:?}");
    assert!(old(&sticky).iter().all(|&cpu| cpu > 0.4), "{:?}", old(&sticky));
    // Both are slow from the start of the crowd; capacity is there from 4877 s on, all of it from 5065 s.
    assert!((4740.0..5065.0).contains(&turns_slow_until), "{turns_slow_until}");
    assert!(sticky_slow_until > 6000.0, "{sticky_slow_until}");
}
