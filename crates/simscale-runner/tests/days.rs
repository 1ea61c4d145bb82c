//! Sweeps of recorded traces: what one day lets one say, what several do.

mod place;

use place::{Place, SMALL, code, err, out};

/// A scenario on a trace of hourly counts, so long; the second day is the busiest.
fn traced(place: &Place, hours: u64) {
    let rows = (0..hours).map(|hour| {
        let daily = [300, 900, 450, 600][(hour / 24 % 4) as usize];
        format!("{},{}\n", hour * 3600, if (8..20).contains(&(hour % 24)) { daily * 2 } else { daily })
    });
    place.write("t.csv", &format!("time_s,requests\n{}", rows.collect::<String>()));
    let text = SMALL.replace("duration = \"10m\"\nlead_in = \"1m\"", &format!("duration = \"{hours}h\""));
    let text = text.replace("[workload.constant]\nrate = \"20/s\"", "[workload.trace]\nfile = \"t.csv\"");
    place.write("traced.toml", &text.replace("mean = \"20ms\"", "mean = \"900ms\"").replace("500ms", "8s"));
}

#[test]
fn one_day_says_nothing_of_others() {
    let place = Place::new();
    traced(&place, 24);
    let sweep = place.run(&["sweep", "traced.toml", "--sweep", "group.min=1,2"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    assert!(out(&sweep).contains("one day: no statement about others"), "{}", out(&sweep));
    assert!(out(&sweep).trim_end().ends_with("confidence, given this trace)."), "{}", out(&sweep));
    assert!(!place.names("results/small-sweep").contains(&"days.csv".to_owned()));
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/small-sweep/answer.json")).unwrap();
    assert!(answer["given"] == "this trace" && answer["days"].is_null(), "{answer:#}");
    place.write("small.toml", SMALL);
    let generated = place.run(&["sweep", "small.toml", "--quiet"]);
    assert!(!out(&generated).contains("given this trace"), "{}", out(&generated));
}

#[test]
fn of_several_days_each_is_a_replicate() {
    let place = Place::new();
    traced(&place, 80);
    let sweep = place.run(&["sweep", "traced.toml", "--sweep", "group.min=1,2"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    assert!(out(&sweep).contains("Days") && out(&sweep).contains("given this trace"), "{}", out(&sweep));
    let table = place.read("results/small-sweep/days.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    // 80 hours are three whole days; the answer, and the baseline where it is another cell.
    assert!(rows.len() == 3 || rows.len() == 6, "{table}");
    let dates: Vec<&str> = rows[..3].iter().map(|row| row[3].as_str()).collect();
    assert_eq!(dates, ["2026-03-02", "2026-03-03", "2026-03-04"]);
    let costs: Vec<f64> = rows[..3].iter().map(|row| row[5].parse().unwrap()).collect();
    assert!(costs[1] > costs[0] && costs[1] > costs[2], "the second day is the busiest: {costs:?}");
    // The interval over days is Student's, with a degree of freedom fewer than days: t(2, 0.975) = 4.302653.
    let answer: serde_json::Value =
        serde_json::from_str(&place.read("results/small-sweep/answer.json")).unwrap();
    let cell = &answer["days"]["cells"][0];
    let mean = costs.iter().sum::<f64>() / 3.0;
    let sd = (costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let half = cell["mean_cost_usd_per_month_half_width"].as_f64().unwrap();
    assert!((cell["mean_cost_usd_per_month"].as_f64().unwrap() - mean).abs() < 1e-9);
    assert!((half / (4.302653 * sd / 3f64.sqrt()) - 1.0).abs() < 1e-6, "{half}");
    assert!(place.read("results/small-sweep/report.html").contains("Day by day"));
}
