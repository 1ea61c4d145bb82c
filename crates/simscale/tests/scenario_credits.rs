//! CPU credits in a scenario: the defaults of every burstable type, what the engine gets, what is refused, what the envelope says.

use simscale::Scenario;
use simscale::engine::{CREDIT, Credits};
use simscale::scenario::catalogue;

const BASE: &str = r#"schema = 1
name = "base"
[simulation]
duration = "2h"
[workload.constant]
rate = "10/s"
[service]
cpu_time = { constant = "60ms" }
[instance]
type = "t2.micro"
[group]
min = 2
max = 2
# end
"#;

fn read(from: &str, to: &str) -> Result<Scenario, String> {
    assert!(BASE.contains(from), "{from}");
    Scenario::read("bad.toml", &BASE.replacen(from, to, 1), &[]).map_err(|all| all.to_string())
}

fn credits(scenario: &Scenario) -> Option<Credits> {
    scenario.simulation(None, None).expect("a valid scenario").world.instance.credits
}

/// Proves that every burstable type of the catalogue has the baseline, the earning, the launch credits and the mode of the user guide's
/// table (`cases/cpu_credits.txt` of the engine), and that no other type has credits.
#[test]
fn every_burstable_type_has_the_credits_of_the_table() {
    let table = include_str!("../../simscale-core/tests/cases/cpu_credits.txt");
    let mut count = 0;
    for row in table.lines().filter(|line| line.starts_with("table ")) {
        let words: Vec<&str> = row.split(' ').collect();
        let number = |i: usize| words[i].parse::<f64>().unwrap();
        let entry = catalogue::find(words[1]).unwrap_or_else(|| panic!("{row}"));
        assert_eq!(f64::from(entry.vcpus), number(2), "{row}");
        let milli = entry.burstable.map(|b| b.milli_credits_per_hour);
        assert_eq!(milli, Some((number(4) * 1000.0).round() as u32), "{row}");
        let got = credits(&read("t2.micro", words[1]).unwrap()).unwrap();
        assert_eq!(f64::from(got.baseline), (number(3) * 600.0).round(), "{row}");
        assert_eq!(got.launch, (number(6) as u64) * CREDIT, "{row}");
        assert_eq!((got.unlimited, got.initial), (words[7] == "unlimited", 0), "{row}");
        count += 1;
    }
    let burstable = catalogue::INSTANCE_TYPES.iter().filter(|entry| entry.burstable.is_some());
    assert_eq!((count, burstable.count()), (28, 28));
    assert_eq!(credits(&read("t2.micro", "m5.large").unwrap()), None);
}

#[test]
fn fields_beside_a_type_override_it_and_an_unknown_type_may_state_its_own() {
    let with = |to: &str| credits(&read("type = \"t2.micro\"", to).unwrap()).unwrap();
    let unlimited = with("type = \"t2.micro\"\ncredits = { mode = \"unlimited\" }");
    assert_eq!(unlimited, Credits { baseline: 60, unlimited: true, initial: 0, launch: 0 });
    let half = with("type = \"t2.micro\"\ncredits = { initial = 72.5, launch = 0 }");
    assert_eq!(half, Credits { baseline: 60, unlimited: false, initial: 145 * CREDIT / 2, launch: 0 });
    let own = "vcpus = 4\nprice = \"0.1 USD/h\"\ncredits = { baseline_ratio = 0.225, mode = \"standard\" }";
    assert_eq!(with(own), Credits { baseline: 135, unlimited: false, initial: 0, launch: 0 });
}

#[test]
fn what_ec2_would_refuse_is_refused() {
    let micro = "type = \"t2.micro\"";
    #[rustfmt::skip]
    let cases = [
        ("type = \"m5.large\"\ncredits = {}", "bad.toml:11:11: instance.credits: {} is for burstable types: EC2 refuses a credit specification for others; leave it out, or name a type of T2, T3, T3a or T4g"),
        ("type = \"t2.micro\"\ncredits = { mode = \"unlimited\", launch = 30 }", "bad.toml:11:42: instance.credits.launch: 30 belongs to mode \"standard\": EC2 gives no launch credits in unlimited mode; leave it out, or write mode = \"standard\""),
        ("type = \"t2.micro\"\ncredits = { initial = 144.1 }", "bad.toml:11:23: instance.credits.initial: 144.1 is outside 0 to 144, a day's earning: EC2 keeps no more earned credits; write a number in that range"),
        ("type = \"t2.micro\"\ncredits = { launch = -1 }", "bad.toml:11:22: instance.credits.launch: -1 is outside 0 to 100000 credits; write 30 for each vCPU, as a T2"),
        ("type = \"t2.micro\"\ncredits = { baseline_ratio = 0.1001 }", "bad.toml:11:30: instance.credits.baseline_ratio: 0.1001 is no whole number of 1/600 of a vCPU above 0 and below 1; write 0.05, 0.1, 0.2, 0.225 or another of EC2's"),
        ("type = \"t2.micro\"\ncredits = { baseline_ratio = 1 }", "bad.toml:11:30: instance.credits.baseline_ratio: 1 is no whole number of 1/600 of a vCPU above 0 and below 1; write 0.05, 0.1, 0.2, 0.225 or another of EC2's"),
        ("vcpus = 1\nprice = \"0 USD/h\"\ncredits = {}", "bad.toml:12:11: instance.credits.baseline_ratio: is missing, and no type says it; name a burstable type, or write baseline_ratio = 0.1"),
    ];
    for (to, want) in cases {
        assert_eq!(read(micro, to).unwrap_err().trim_end(), want);
    }
}

/// Two t2.micro at 10 x 60 ms = 0.6 cores: 30 % each, 18 credits an hour spent, 6 earned.
#[test]
fn the_envelope_says_when_credits_do_not_last() {
    let said =
        |from: &str, to: &str| read(from, to).unwrap().credit_arithmetic(None).map(|line| line.sentence);
    assert_eq!(
        said("# end", "").unwrap(),
        "t2.micro has a baseline of 10 %, and 2 of them at the mean load use 30 %: each spends 18 credits an hour and earns 6; its 30 last 2.5 h, then it is throttled to 10 %"
    );
    assert_eq!(
        said("t2.micro", "t3.micro").unwrap(),
        "t3.micro has a baseline of 10 %, and 2 of them at the mean load use 15 %: each spends 18 credits an hour and earns 12; 288 surplus credits are free, which last 48 h, then each instance costs 0.005 USD/h more"
    );
    assert_eq!(said("10/s", "3/s"), None);
    assert_eq!(said("t2.micro", "m5.large"), None);
}
