//! Boot presets, volumes, addresses and commitments in a scenario: what was measured comes out of the engine, what EC2 refuses is refused.

use simscale::Scenario;
use simscale::engine::{ActivityKind, ActivityRow, PeriodRow, Sink};
use simscale::scenario::{BootPreset, BootStage, Law};

const BASE: &str = r#"schema = 1
name = "base"
[simulation]
duration = "2h"
[workload.constant]
rate = "0.01/s"
[service]
cpu_time = { constant = "60ms" }
[instance]
type = "m5.large"
[group]
min = 0
max = 4001
desired = 1
[[policy]]
name = "many"
fixed = { size = 4001 }
# end
"#;

fn read(from: &str, to: &str) -> Result<Scenario, String> {
    assert!(BASE.contains(from), "{from}");
    Scenario::read("bad.toml", &BASE.replacen(from, to, 1), &[]).map_err(|all| all.to_string())
}

/// Keeps how long each instance took from its launch to its entry into service, seconds.
#[derive(Default)]
struct Boots(Vec<f64>);

impl Sink for Boots {
    fn period(&mut self, _: &PeriodRow) {}
    fn activity(&mut self, row: &ActivityRow) {
        match row.kind {
            ActivityKind::Launch => self.0.push(-row.at.as_secs_f64()),
            ActivityKind::Service => {
                let launch = row.instance.expect("it has a number") as usize;
                self.0[launch - 1] += row.at.as_secs_f64();
            }
            _ => {}
        }
    }
}

/// Proves that each preset has the median or mean and the quantile 0.9 of its source: of its law exactly (to a millisecond of its
/// parameters), and of 4,000 launches in the engine within three standard errors.
#[test]
fn presets_boot_as_they_were_measured() {
    let z = 1.281_551_565_544_600_4;
    for preset in BootPreset::ALL {
        let facts = preset.facts();
        let phases = preset.phases();
        let stages: Vec<BootStage> = phases.iter().map(|phase| phase.stage).collect();
        assert_eq!(stages, [BootStage::Pending, BootStage::Pending, BootStage::Running]);
        assert!((phases[1].time.mean_seconds() - facts.pending_s).abs() < 1e-9);
        let Law::Lognormal { mean, cv } = phases[2].time else { panic!("{phases:?}") };
        let (mean, spread) = (mean.seconds(), (1.0 + cv * cv).ln().sqrt());
        let median = mean * (-spread * spread / 2.0).exp();
        let middle = facts.pending_s + if facts.is_mean { mean } else { median };
        assert!((middle - facts.middle_s).abs() < 0.005, "{}: {middle}", facts.name);
        let p90 = facts.pending_s + median * (z * spread).exp();
        assert!((p90 - facts.p90_s).abs() < 0.01, "{}: {p90}", facts.name);

        let mut scenario = read("# end", "").unwrap();
        scenario.instance.boot = phases[1..].to_vec();
        let mut boots = Boots::default();
        scenario.simulation(None, None).unwrap().run(&mut boots).unwrap();
        let mut times = boots.0;
        assert_eq!(times.len(), 4000);
        times.sort_by(f64::total_cmp);
        let (n, at) = (4000.0f64, |q: f64| times[(q * 4000.0) as usize]);
        // The standard error of a quantile is sqrt(q (1 - q) / n) over the density there.
        let density = |value: f64, z: f64| {
            (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / ((value - facts.pending_s) * spread)
        };
        let error = (0.09 / n).sqrt() / density(facts.p90_s, z);
        assert!((at(0.9) - facts.p90_s).abs() < 3.0 * error, "{}: {} +- {error}", facts.name, at(0.9));
        let (got, error) = if facts.is_mean {
            (times.iter().sum::<f64>() / n, mean * cv / n.sqrt())
        } else {
            (at(0.5), 0.5 / n.sqrt() / density(facts.middle_s, 0.0))
        };
        assert!((got - facts.middle_s).abs() < 3.0 * error, "{}: {got} +- {error}", facts.name);
    }
}

#[test]
fn a_preset_comes_before_the_phases_of_the_application() {
    let own = "type = \"m5.large\"\nboot_preset = \"t2\"\nboot = [{ phase = \"app\", time = { constant = \"5s\" } }]";
    let scenario = read("type = \"m5.large\"", own).unwrap();
    let names = |s: &Scenario| s.instance.boot.iter().map(|p| p.phase.clone()).collect::<Vec<_>>();
    let resolved = scenario.resolved();
    assert_eq!(names(&resolved), ["activity", "pending", "system", "app"]);
    assert_eq!(names(&Scenario::read("again.toml", &scenario.to_toml(), &[]).unwrap()), names(&resolved));
    let activity = &resolved.instance.boot[0].time;
    assert!((activity.mean_seconds() - (7.5 + 26.5) / 2.0).abs() < 1e-9, "2 to 40 s, median 13 s");
}

#[test]
fn volumes_addresses_and_commitments_reach_the_engine() {
    let all = "type = \"m5.large\"\nvolume = \"30GiB\"\npublic_address = true";
    let prices =
        "[prices]\ncommitment = { instances = 4, price = \"0.060 USD/h\" }\nvolume_gib_month = \"0.1 USD\"";
    let text = BASE.replacen("type = \"m5.large\"", all, 1).replacen("# end", prices, 1);
    let world = Scenario::read("all.toml", &text, &[]).unwrap().simulation(None, None).unwrap().world;
    assert_eq!((world.instance.volume_gib, world.instance.public_address), (30, true));
    let p = world.prices;
    assert_eq!((p.volume_gib_month_nano_usd, p.address_hour_nano_usd), (100_000_000, 5_000_000));
    let commitment = p.commitment.unwrap();
    assert_eq!((commitment.instances, commitment.hour_nano_usd), (4, 60_000_000));
}

#[test]
fn what_cannot_be_is_refused() {
    let typed = "type = \"m5.large\"";
    #[rustfmt::skip]
    let cases = [
        ("type = \"m5.large\"\nvolume = \"1500MiB\"", "bad.toml:11:10: instance.volume: \"1500MiB\" is no whole number of GiB from 1 to 65536, as EBS has them; write \"30GiB\""),
        ("type = \"m5.large\"\nboot_preset = \"t2\"\nboot = [{ phase = \"system\", time = { constant = \"5s\" } }]", "bad.toml:11:15: instance.boot_preset: \"t2\" has a phase \"system\", which `boot` has too; rename the phase of boot"),
        ("type = \"m5.large\"\nboot_preset = \"t2\"\nboot = [{ phase = \"a\", stage = \"pending\", time = { constant = \"5s\" } }]", "bad.toml:11:15: instance.boot_preset: \"t2\" ends with a running instance, before a phase of `boot` that is pending; leave the stage \"pending\" to the preset"),
        ("type = \"m5.large\"\nboot_preset = \"t9\"", "bad.toml:11:15: instance.boot_preset: \"t9\" is not a known variant; did you mean t2?"),
    ];
    for (to, want) in cases {
        assert_eq!(read(typed, to).unwrap_err().trim_end(), want);
    }
}
