//! The story of the t2.micro scenarios, read off their result folders as a user would: credits run out, the CPU reads 10 %, the low alarm
//! rings after its 15 datapoints, the group shrinks, the response time collapses; in that order, and only there.

use std::path::Path;
use std::process::Command;

/// The rows of a table of a run, cell by the name of its column.
struct Table(Vec<Vec<String>>);

impl Table {
    fn read(path: &Path) -> Table {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("the table is there");
        let row = |r: Result<csv::StringRecord, _>| r.expect("a row").iter().map(str::to_string).collect();
        Table(reader.records().map(row).collect())
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.0[1..].iter().map(|cells| Row { names: &self.0[0], cells })
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    names: &'a [String],
    cells: &'a [String],
}

impl<'a> Row<'a> {
    fn text(&self, name: &str) -> &'a str {
        &self.cells[self.names.iter().position(|n| n == name).expect("the column is there")]
    }

    fn number(&self, name: &str) -> f64 {
        self.text(name).parse().expect("a number")
    }
}

/// The tables of a run of a shipped scenario: activities, periods.
fn run(name: &str) -> (Table, Table, serde_json::Value) {
    let out = tempfile::tempdir().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/aws/{name}.toml"));
    let run = Command::new(env!("CARGO_BIN_EXE_simscale"))
        .args(["run", "--quiet", "--out"])
        .arg(out.path())
        .arg(file)
        .output()
        .expect("the program starts");
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let summary = std::fs::read_to_string(out.path().join("summary.json")).expect("a summary");
    (
        Table::read(&out.path().join("activities.csv")),
        Table::read(&out.path().join("periods.csv")),
        serde_json::from_str(&summary).expect("JSON"),
    )
}

/// When a launched instance entered service and when it was throttled, seconds.
fn throttled<'a>(activities: &'a Table) -> Vec<Row<'a>> {
    let throttled = |row: &Row<'_>| row.text("note").contains("throttled to 10 %");
    activities.rows().filter(|row| row.text("kind") == "credits" && throttled(row)).collect()
}

/// Proves the story in its order, with basic monitoring (15 datapoints of five minutes) and with detailed (of one).
#[test]
fn credits_run_out_then_the_low_alarm_takes_half_of_the_servers() {
    for (name, period) in [("two-zones-t2-micro", 300.0), ("two-zones-t2-micro-detailed", 60.0)] {
        let (activities, periods, summary) = run(name);
        // First all four run out of credits: a launched one, which began with 30, after 2.5 h of 30 %.
        let out = throttled(&activities);
        assert_eq!(out.len(), 4, "{name}");
        let last = out.iter().map(|row| row.number("t_s")).fold(0.0, f64::max);
        for row in out.iter().filter(|row| row.text("instance") == "2") {
            let service = |r: &Row<'_>| r.text("kind") == "service" && r.text("instance") == "2";
            let since = activities.rows().find(service).expect("it was in service").number("t_s");
            let lasted = row.number("t_s") - since;
            assert!((lasted / 9000.0 - 1.0).abs() < 0.02, "{name}: {lasted} s, not 2.5 h");
        }
        // Then the low alarm rings, on 15 datapoints below 21 %, the last of them at the baseline.
        let rings =
            |row: &Row<'_>| row.text("actor").ends_with("AlarmLow") && row.text("note") == "OK -> ALARM";
        let alarm = activities.rows().find(rings).expect("the low alarm rings");
        let cause = alarm.text("cause");
        let points = cause.split(['[', ']']).nth(1).expect("datapoints").split(' ').collect::<Vec<_>>();
        assert_eq!(points.len(), 15, "{name}: {cause}");
        assert!(points.iter().all(|p| p.parse::<f64>().unwrap() < 21.0) && points[14] == "10.00", "{cause}");
        assert!(alarm.number("t_s") > last, "{name}");
        assert!(alarm.number("t_s") < last + 17.0 * period, "{name}");
        // Then, at that instant, desired falls from 4 to 2, and never moves again.
        let decisions: Vec<Row<'_>> =
            activities.rows().filter(|row| row.text("kind") == "decision").collect();
        let down = decisions.last().expect("a decision");
        assert_eq!((down.number("t_s"), decisions.len()), (alarm.number("t_s"), 2), "{name}");
        assert_eq!((down.text("before"), down.text("granted")), ("4", "2"), "{name}");
        assert_eq!(down.text("reason"), "ceil(4 x 10 / 30) = 2", "{name}");
        // What the rows say: 30 % until then, 10 % and not more from then on; p99 below a second before, over five seconds after.
        let between = |from: f64, to: f64| {
            periods.rows().filter(move |row| row.number("start_s") >= from && row.number("end_s") <= to)
        };
        let first = out.iter().map(|row| row.number("t_s")).fold(f64::INFINITY, f64::min);
        let calm: Vec<Row<'_>> = between(first - 3600.0, first).collect();
        let after: Vec<Row<'_>> = between(last, f64::INFINITY).collect();
        assert!(calm.len() > 50 && after.len() > 800);
        assert!(calm.iter().all(|r| (r.number("cpu_utilization") - 0.3).abs() < 0.06), "{name}");
        assert!(calm.iter().all(|r| r.number("response_p99_s") < 1.0), "{name}");
        assert!(after.iter().all(|r| r.number("cpu_utilization") <= 0.1 + 1e-9), "{name}");
        assert!(after.iter().all(|r| r.number("throttled") == r.number("in_service")), "{name}");
        assert!(after[2..].iter().all(|r| r.number("response_p99_s") > 5.0), "{name}");
        assert_eq!(summary["cost_usd"]["surplus_credits"], 0.0, "{name}");
    }
}

/// Proves the other two: the same load on t3.micro, unlimited, is never throttled and is charged for surplus credits; on m5.large neither.
#[test]
fn unlimited_pays_and_a_fixed_type_does_neither() {
    let (activities, periods, summary) = run("two-zones-t3-micro");
    let told: Vec<&str> =
        activities.rows().filter(|r| r.text("kind") == "credits").map(|r| r.text("note")).collect();
    let count = |what: &str| told.iter().filter(|text| text.contains(what)).count();
    assert_eq!((count("spends surplus"), count("more are charged"), told.len()), (2, 2, 4), "{told:?}");
    assert!(summary["billed"]["surplus_credits"].as_f64().unwrap() > 100.0);
    let (credits, usd) = (&summary["billed"]["surplus_credits"], &summary["cost_usd"]["surplus_credits"]);
    let price = usd.as_f64().unwrap() / (credits.as_f64().unwrap() / 60.0);
    assert!((price - 0.05).abs() < 1e-6, "a vCPU-hour costs {price}");
    assert!(periods.rows().all(|r| r.number("throttled") == 0.0));
    let (activities, periods, summary) = run("two-zones-m5-large");
    assert!(activities.rows().all(|r| r.text("kind") != "credits"));
    assert!(periods.rows().all(|r| r.number("throttled") == 0.0 && r.number("credit_balance_mean") == 0.0));
    assert_eq!(summary["cost_usd"]["surplus_credits"], 0.0);
}
