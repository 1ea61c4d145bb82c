//! The scenario as a value: schema, defaults, resolved text, construction in code.

use simscale::Scenario;
use simscale::engine::{Decision, Needs, Observation, Reason, SimTime};
use simscale::scenario::{
    ConstantLoad, Group, Instance, Law, Load, Objective, Policy, RunSettings, Service, TargetTracking,
    catalogue, starter,
};
use simscale::text::{self, Duration, Override};

const WEB_SHOP: &str = include_str!("../../../scenarios/web-shop.toml");

fn read(name: &str, source: &str) -> Scenario {
    Scenario::read(name, source, &[]).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

#[test]
fn the_walker_knows_every_construct_of_the_schema() {
    text::check_schema::<Scenario>().unwrap_or_else(|unknown| panic!("{}", unknown.join("\n")));
}

#[test]
fn the_resolved_text_reads_back_as_the_resolved_scenario() {
    for (name, source) in [("web-shop.toml", WEB_SHOP.to_owned()), ("starter.toml", starter("round-trip"))] {
        let scenario = read(name, &source);
        let resolved = scenario.to_toml();
        let again = read("resolved.toml", &resolved);
        assert_eq!(again, scenario.resolved());
        assert_eq!(again.to_toml(), resolved);
    }
}

#[test]
fn overrides_are_laid_on_before_the_checks_and_are_cited() {
    let set = |assignment: &str| Override::parse(assignment).unwrap();
    let changes = [set("group.max=40"), set("policy.cpu-50.target_tracking.target=60")];
    let scenario = Scenario::read("web-shop.toml", WEB_SHOP, &changes).unwrap();
    assert_eq!(scenario.group.max, 40);
    assert_eq!(scenario.policy[0].target_tracking.as_ref().unwrap().target, 60.0);
    let mistakes = Scenario::read("web-shop.toml", WEB_SHOP, &[set("group.max=1")]).unwrap_err().to_string();
    let said: Vec<&str> = mistakes.lines().collect();
    assert_eq!(said.len(), 1, "{mistakes}");
    assert!(said[0].ends_with("group.min: 2 is above group.max (1); lower min or raise max"), "{mistakes}");
}

#[test]
fn a_scenario_built_in_code_is_checked_like_a_file() {
    let run = RunSettings::lasting(Duration::from_secs(3600));
    let load = Load::Constant(ConstantLoad { rate: "50/s".parse().unwrap() });
    let service = Service::cpu(Law::Exponential { mean: Duration::from_millis(20) });
    let mut scenario =
        Scenario::new("code", run, load, service, Instance::of_type("m5.large"), Group::between(1, 4));
    scenario.policy.push(Policy::target_tracking("cpu", TargetTracking::at("cpu_utilization", 50.0)));
    scenario.objective.push(Objective::availability("up", 0.001));
    let result = scenario.simulation(None, None).unwrap().run(&mut ()).unwrap();
    assert!(result.requests.served > 170_000);

    scenario.group.min = 7;
    scenario.clients.timeout = Some(Duration::default());
    let mistakes = scenario.simulation(None, None).err().unwrap();
    let rules: Vec<(&str, &str)> = mistakes.iter().map(|mistake| (mistake.path(), mistake.rule())).collect();
    assert_eq!(
        rules,
        [("clients.timeout", "is zero"), ("group.min", "is above group.max (4)")],
        "{mistakes}"
    );
    scenario.group.min = 1;
    scenario.clients.timeout = None;
    scenario.simulation.seed = u64::MAX;
    assert_eq!(scenario.simulation(None, None).unwrap().world.seed, u64::MAX);
}

#[test]
fn a_policy_of_ones_own_acts_beside_the_scenarios() {
    struct Three;
    impl simscale::engine::Policy for Three {
        fn name(&self) -> &str {
            "three"
        }
        fn needs(&self) -> Needs {
            Needs::default()
        }
        fn next_look(&self, now: SimTime) -> Option<SimTime> {
            (now == SimTime::ZERO).then_some(SimTime::ZERO)
        }
        fn decide(&mut self, _: &Observation<'_>) -> Decision {
            Decision::desired(3, Reason::Other("three it is".to_owned()))
        }
    }
    let mut scenario = Scenario::starter();
    scenario.policy.clear();
    scenario.simulation.duration = Duration::from_secs(3600);
    let simulation = scenario.simulation(None, None).unwrap().with_policy(Box::new(Three));
    assert_eq!(simulation.run(&mut ()).unwrap().capacity.in_service_max, 3);
}

#[test]
fn a_sweep_is_kept_as_it_is_written() {
    let sweep = "\n[sweep]\nreplications = 20\naxes.\"group.min\" = [2, 4]\n";
    let scenario = read("web-shop.toml", &format!("{WEB_SHOP}{sweep}"));
    assert_eq!(scenario.sweep.as_ref().unwrap().replications, 20);
    assert_eq!(read("resolved.toml", &scenario.to_toml()), scenario.resolved());
}

#[test]
fn the_starter_reads_and_names_itself() {
    let text = starter("my-service");
    assert_eq!(read("my-service.toml", &text).name, "my-service");
    assert!(text.lines().all(|line| line.chars().count() <= 130), "a line of the starter is too long");
    assert_eq!(read("starter.toml", &starter("starter")), Scenario::starter());
}

#[test]
fn the_envelope_says_cores_instances_and_time_to_scale() {
    let text = WEB_SHOP.replace("[workload.diurnal]", "[workload.constant]\nrate = \"400/s\"");
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("mean = ") && !line.starts_with("peak_"))
        .map(|l| format!("{l}\n"))
        .collect();
    let lines = read("web-shop.toml", &text).arithmetic(None);
    let said = |about: &str| lines.iter().find(|line| line.about == about).unwrap().sentence.clone();
    assert_eq!(said("load"), "400 requests/s in the mean, 400 at the peak");
    assert_eq!(said("cores"), "at the mean: 400/s x 35 ms = 14 cores; 7 m5.large at full load, 14 at 50 %");
    assert_eq!(
        said("concurrency"),
        "a request takes 50 ms when nothing queues, so 20 are in flight at the peak"
    );
    assert_eq!(said("bounds"), "group.max of 30 gives 60 cores, which the peak uses to 23.3 %: enough");
    assert_eq!(
        said("time_to_scale"),
        "cpu-50: 3 x 60 s of data + 60 s until they are published + 55 s of boot = 295 s to scale out, and up to 120 s more: data and evaluation of the alarm wait for their turn"
    );
    assert_eq!(
        said("cost"),
        "2 to 30 instances and the balancer cost 156.59 to 2118.82 USD a month (us-east-1, 2026-07-20)"
    );
    let rates = read("web-shop.toml", WEB_SHOP).rates().unwrap();
    assert!((rates.mean - 400.0).abs() < 1e-6 && (rates.peak - 400.0 * 12.0 / 7.0).abs() < 1e-3, "{rates:?}");
}

#[test]
fn the_catalogue_is_sorted_out() {
    let types = &catalogue::INSTANCE_TYPES;
    for (index, entry) in types.iter().enumerate() {
        assert!(types[..index].iter().all(|other| other.name != entry.name), "{} is there twice", entry.name);
        assert!(
            entry.vcpus > 0 && entry.memory_mib >= 512 && entry.nano_usd_per_hour > 4_000_000,
            "{entry:?}"
        );
        assert_eq!(entry.name.starts_with('t'), entry.burstable.is_some(), "{entry:?}");
    }
    let price = |name: &str| catalogue::find(name).unwrap().price().to_string();
    assert_eq!(price("m5.large"), "0.096 USD/h");
    assert_eq!(price("c7i.large"), "0.08925 USD/h");
    // Credits an hour of the EC2 user guide: 81.6 for t2.2xlarge, 96 for t3.xlarge.
    let credits = |name: &str| catalogue::find(name).unwrap().burstable.unwrap().milli_credits_per_hour;
    assert_eq!((credits("t2.nano"), credits("t2.2xlarge"), credits("t3.xlarge")), (3_000, 81_600, 96_000));
    assert_eq!(catalogue::similar("m5.lage"), Some("m5.large"));
    assert_eq!(catalogue::similar("p5.48xlarge"), None);
}
