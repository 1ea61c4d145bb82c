//! What a user reads when a scenario is wrong: every mistake with place, path, value, rule and fix.

use simscale::Scenario;

/// A scenario without a mistake.
const BASE: &str = r#"schema = 1
name = "base"
[simulation]
duration = "2h"
lead_in = "10m"
[workload.constant]
rate = "100/s"
[service]
cpu_time = { exponential = { mean = "35ms" } }
[instance]
type = "m5.large"
[group]
min = 2
max = 8
[[policy]]
name = "track"
target_tracking = { metric = "cpu_utilization", target = 50.0 }
[[objective]]
name = "fast"
latency = { quantile = 0.99, below = "300ms" }
# end
"#;

/// What is replaced in [`BASE`], by what, and all messages that follow.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("duration = \"2h\"", "duration = 7200", &[
        "bad.toml:4:12: simulation.duration: 7200 is a bare number where a duration belongs; write the unit: \"7200s\" or \"7200ms\"",
    ]),
    ("duration = \"2h\"", "duration = \"2 fortnights\"", &[
        "bad.toml:4:12: simulation.duration: \"2 fortnights\" is not a duration; write a number and a unit (w, d, h, m, s, ms, us, ns), the largest first, such as \"90s\", \"300ms\" or \"1h 30m\"",
    ]),
    ("duration = \"2h\"", "duraton = \"2h\"", &[
        "bad.toml:4:1: simulation.duraton: is not a known key; did you mean duration?",
    ]),
    ("duration = \"2h\"", "duration = \"-2h\"", &[
        "bad.toml:4:12: simulation.duration: \"-2h\" is a negative duration; write a duration of zero or more",
    ]),
    ("rate = \"100/s\"", "rate = \"1000000000000/s\"", &[
        "bad.toml:7:8: workload.constant.rate: \"1000000000000/s\" is about 10^12 a second; the highest rate is 10^9 a second; check the number and its unit, or split the load over several runs",
    ]),
    ("rate = \"100/s\"", "rate = \"100\"", &[
        "bad.toml:7:8: workload.constant.rate: \"100\" is a number without a unit; write the unit: \"100/s\" or \"100/min\"",
    ]),
    ("schema = 1", "schema = 2", &[
        "bad.toml:1:10: schema: 2 is a layout that this version does not know; write 1, or use another version of simscale",
    ]),
    ("min = 2", "min = -2", &[
        "bad.toml:13:7: group.min: -2 is below 0, the least value; write a whole number from 0 to 100000",
    ]),
    ("min = 2", "min = 2.5", &[
        "bad.toml:13:7: group.min: 2.5 is a number with decimals where a whole number belongs; write a whole number from 0 to 100000",
    ]),
    ("[simulation]", "[simulation]\nlength = \"2h\"", &[
        "bad.toml:4:1: simulation.length: is not a known key; the keys here are: duration, in_flight_limit, lead_in, seed, start, time_zone",
    ]),
    ("[group]\nmin = 2\nmax = 8", "", &[
        "bad.toml:1:1: group: is missing; add it, such as group = { min = 1, max = 1 }",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = \"35ms\"", &[
        "bad.toml:9:12: service.cpu_time: \"35ms\" is not a known variant; name the variant: { constant = \"35ms\" }",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponental = { mean = \"35ms\" } }", &[
        "bad.toml:9:14: service.cpu_time.exponental: is not a known variant; did you mean exponential?",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { lognormal = { mean = \"35ms\", cv = -1.0 } }", &[
        "bad.toml:9:48: service.cpu_time.lognormal.cv: -1.0 is below 0.001, the least value; write a number from 0.001 to 100",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponential = { mean = \"35ms\" }, constant = \"1ms\" }", &[
        "bad.toml:9:47: service.cpu_time: has 2 variants (exponential, constant) where exactly one belongs; keep one of them",
    ]),
    ("# end\n", "[balancer]\nalgorithm = \"least_outstanding_request\"\n", &[
        "bad.toml:22:13: balancer.algorithm: \"least_outstanding_request\" is not a known variant; did you mean least_outstanding_requests?",
    ]),
    ("# end\n", "[clients]\nretries = { max = 300 }\n", &[
        "bad.toml:22:19: clients.retries.max: 300 is above 100, the greatest value; write a whole number from 1 to 100",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = nan }", &[
        "bad.toml:17:58: policy.track.target_tracking.target: nan is not a finite number; write a number such as 0.5",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 0.0 }", &[
        "bad.toml:17:58: policy.track.target_tracking.target: 0.0 is refused: AWS wants a TargetValue that is a finite number above 0, for target tracking divides by it, but it is 0; correct it by this rule",
    ]),
    ("duration = \"2h\"", "duration = \"0s\"", &[
        "bad.toml:4:12: simulation.duration: \"0s\" is zero; write how long to simulate, such as \"24h\"",
    ]),
    ("duration = \"2h\"", "duration = \"11y\"", &[
        "bad.toml:4:12: simulation.duration: \"11y\" uses months or years, which have no fixed length; write days: \"30d\"",
    ]),
    ("duration = \"2h\"", "duration = \"4000d\"", &[
        "bad.toml:4:12: simulation.duration: \"4000d\" is longer than ten years; write at most \"3650d\"",
    ]),
    ("lead_in = \"10m\"", "lead_in = \"3h\"", &[
        "bad.toml:5:11: simulation.lead_in: \"3h\" leaves nothing of the duration (2h); shorten the lead-in or lengthen simulation.duration",
    ]),
    ("lead_in = \"10m\"", "lead_in = \"90s\"", &[
        "bad.toml:5:11: simulation.lead_in: 1m 30s is not a multiple of metrics.period (1m); write \"2m\"",
        "bad.toml:5:11: simulation.lead_in: 1m 30s is not a multiple of objective.fast.latency.window (1m); write \"2m\"",
    ]),
    ("lead_in = \"10m\"", "time_zone = \"Europe/Atlantis\"", &[
        "bad.toml:5:13: simulation.time_zone: \"Europe/Atlantis\" is not a known time zone; write an IANA name, such as \"UTC\" or \"Europe/Berlin\"",
    ]),
    ("name = \"base\"", "name = \"../base\"", &[
        "bad.toml:2:8: name: \"../base\" is no name for a folder of results; use 1 to 100 letters, digits, \"-\", \"_\" and \".\", beginning with a letter or digit",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload]", &[
        "bad.toml:6:1: workload: has no load; add one, such as constant = { rate = \"400/s\" }",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.constant]\nrate = \"100/s\"\n[workload.trace]\nfile = \"t.csv\"", &[
        "bad.toml:6:2: workload: has 2 loads (constant, trace) where exactly one belongs; keep one of them, or add loads up in [[workload.sum]]",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.ramp]\nfrom = \"1/s\"\nto = \"9/s\"\nstart = \"20m\"\nend = \"10m\"", &[
        "bad.toml:10:7: workload.ramp.end: \"10m\" is not after start (20m); let the ramp end after it starts",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[[workload.steps]]\nat = \"10m\"\nrate = \"1/s\"\n[[workload.steps]]\nat = \"5m\"\nrate = \"2/s\"", &[
        "bad.toml:10:6: workload.steps.1.at: \"5m\" is not after the step before it (10m); sort the steps by time, each time once",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload]\nmmpp = [{ rate = \"1/s\", mean_stay = \"10s\" }, { rate = \"9/s\", mean_stay = \"0s\" }]", &[
        "bad.toml:7:74: workload.mmpp.1.mean_stay: \"0s\" is below a millisecond; write at least \"1ms\", such as \"30s\"",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.scaled]\nfactor = 1000.0\nload = { constant = { rate = \"9000000/s\" } }", &[
        "bad.toml:6:1: workload.scaled: reaches 9000000000 requests a second; the highest rate is 10^9 a second; check the rates and factors",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.weekly]\nmean = \"1/s\"\npeak_to_trough = 2.0\npeak_at = \"20:00\"\nweights = { monday = 0, tuesday = 0, wednesday = 0, thursday = 0, friday = 0, saturday = 0, sunday = 0 }", &[
        "bad.toml:10:11: workload.weekly.weights: { monday = 0, tuesday = 0, wednesday = 0, thursday = 0, frid... has no day with a weight; give at least one day a weight above zero",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.trace]\nfile = \"t.csv\"\nvalues = \"requests\"\nscale = 2.0\ncolumn = \"n\"", &[
        "bad.toml:9:9: workload.trace.scale: 2.0 cannot scale single requests; remove it, or count the requests into bins first",
        "bad.toml:10:10: workload.trace.column: \"n\" has no meaning with one request a row; remove it, or name the times in time_column",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload.trace]\nfile = \"t.csv\"\nwork_column = \"cpu\"\nbin = \"0s\"", &[
        "bad.toml:8:15: workload.trace.work_column: \"cpu\" needs one request a row; write values = \"requests\", or remove work_column",
        "bad.toml:9:7: workload.trace.bin: \"0s\" is zero; write the length of a bin, such as \"60s\"",
    ]),
    ("[workload.constant]\nrate = \"100/s\"", "[workload]\narrivals = \"evenly_spaced\"\ntrace = { file = \"t.csv\" }", &[
        "bad.toml:7:12: workload.arrivals: \"evenly_spaced\" has no meaning for counts that are spread in their bins; remove it, or write workload.trace.spread = \"rate\"",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "", &[
        "bad.toml:8:1: service.cpu_time: is missing; write cpu_time = { exponential = { mean = \"35ms\" } }",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponential = { mean = \"35ms\" } }\n[[service.class]]\nname = \"read\"\nweight = 1\ncpu_time = { constant = \"1ms\" }", &[
        "bad.toml:9:12: service.cpu_time: { exponential = { mean = \"35ms\" } } stands beside [[service.class]]; give every class its own and remove this one",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "class = [{ name = \"read\", weight = 1, cpu_time = { constant = \"1ms\" } }, { name = \"read\", weight = 0, cpu_time = { constant = \"1ms\" } }]", &[
        "bad.toml:9:100: service.class.1.weight: 0 is not above 0; write a number above 0 and of at most 1000000000",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "class = [{ name = \"read\", weight = 1, cpu_time = { constant = \"1ms\" } }, { name = \"read\", weight = 2, cpu_time = { constant = \"1ms\" } }]", &[
        "bad.toml:9:83: service.class.1.name: \"read\" is the name of service.class.0 too; give each its own name",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { constant = \"0s\" }", &[
        "bad.toml:9:12: service.cpu_time: { constant = \"0s\" } has a mean of less than a nanosecond; write a time above zero, such as \"1us\"",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { uniform = { low = \"40ms\", high = \"30ms\" } }", &[
        "bad.toml:9:32: service.cpu_time.uniform.low: \"40ms\" is not below high (30ms); write low < high",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { bounded_pareto = { low = \"0s\", high = \"30ms\", alpha = 1.5 } }", &[
        "bad.toml:9:39: service.cpu_time.bounded_pareto.low: \"0s\" is zero; write a time above zero",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { quantiles = [{ quantile = 0.1, time = \"1ms\" }, { quantile = 0.5, time = \"9ms\" }, { quantile = 0.4, time = \"8ms\" }] }", &[
        "bad.toml:9:108: service.cpu_time.quantiles.2.quantile: 0.4 does not rise above the quantile before it (0.5); sort the points by quantile, each once",
        "bad.toml:9:120: service.cpu_time.quantiles.2.time: \"8ms\" is below the time of the quantile before it (9ms); let times rise with their quantiles",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { quantiles = [{ quantile = 0.1, time = \"1ms\" }, { quantile = 0.9, time = \"9ms\" }] }", &[
        "bad.toml:9:40: service.cpu_time.quantiles.0.quantile: 0.1 is the first quantile; a table begins at 0; add the shortest time: { quantile = 0, time = \"...\" }",
        "bad.toml:9:74: service.cpu_time.quantiles.1.quantile: 0.9 is the last quantile; a table ends at 1; add the longest time: { quantile = 1, time = \"...\" }",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponential = { mean = \"20h\" } }", &[
        "bad.toml:9:12: service.cpu_time: { exponential = { mean = \"20h\" } } has a mean of 20.0 hours; the longest time is 9.7 hours; check the number and its unit",
    ]),
    ("max = 8\n", "max = 8\nzones = [\"a\", \"b\"]\n[[refresh]]\nname = \"v2\"\nat = \"1h\"\n", &[
        "bad.toml:12:1: group.zone_rebalancing: is on, as by default on AWS, and is not modelled beside a [[refresh]]: AWS rebalances within its percentages; write zone_rebalancing = false",
    ]),
    ("max = 8\n", "max = 8\nmaintenance = { min_healthy_percentage = 90, max_healthy_percentage = 110 }\n[group.mixed]\ncapacity_rebalancing = true\ntype = [{ type = \"c5.large\" }]\n", &[
        "bad.toml:17:24: group.mixed.capacity_rebalancing: true is not modelled beside group.maintenance: AWS rebalances within its percentages; leave it out, or leave out group.maintenance",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponential = { mean = \"35ms\" } }\ncpu_before_ratio = 50", &[
        "bad.toml:10:20: service.cpu_before_ratio: 50 is not a ratio from 0 to 1; write 50 percent as 0.5",
    ]),
    ("# end\n", "[balancer]\nstickiness = { duration = \"8d\" }\n", &[
        "bad.toml:22:14: balancer.stickiness: { duration = \"8d\" } has nobody to stick: every arrival is a single request; add [clients.sessions], such as requests = { geometric = { mean = 20 } } and think_time = { exponential = { mean = \"10s\" } }",
        "bad.toml:22:27: balancer.stickiness.duration: 192h is outside 1 s to 7 days, the range that AWS accepts; write \"1s\" to \"7d\"",
    ]),
    ("# end\n", "[balancer]\ncross_zone = false\nstickiness = {}\n[clients.sessions]\nrequests = { constant = 9 }\nthink_time = { constant = \"5s\" }\n", &[
        "bad.toml:23:14: balancer.stickiness: {} is not supported with cross-zone load balancing off, by AWS's rule; remove it, or write balancer.cross_zone = true",
    ]),
    ("# end\n", "[clients.sessions]\nrequests = { uniform = { low = 5, high = 3 } }\nthink_time = { constant = \"5s\" }\n", &[
        "bad.toml:22:32: clients.sessions.requests.uniform.low: 5 is above high (3); lower low or raise high",
    ]),
    ("# end\n", "[clients.sessions]\nrequests = { constant = 0 }\nthink_time = { constant = \"5s\" }\n", &[
        "bad.toml:22:25: clients.sessions.requests.constant: 0 is below 1, the least value; write a whole number from 1 to 100000",
    ]),
    ("# end\n", "[clients]\ntimeout = \"0s\"\n", &[
        "bad.toml:22:11: clients.timeout: \"0s\" is zero; write a time above zero, or remove it: clients then wait for ever",
    ]),
    ("# end\n", "[clients]\nretries = { max = 3, backoff = \"1m\" }\n", &[
        "bad.toml:22:11: clients.retries.max_backoff: 20s is below backoff (1m); raise it to at least the first pause",
    ]),
    ("type = \"m5.large\"", "type = \"m5.lage\"", &[
        "bad.toml:11:8: instance.type: \"m5.lage\" is not a known instance type; did you mean m5.large?",
    ]),
    ("type = \"m5.large\"", "type = \"p5.48xlarge\"", &[
        "bad.toml:11:8: instance.type: \"p5.48xlarge\" is not a known instance type; see \"simscale list instances\", or leave the type out and give vcpus and price",
    ]),
    ("type = \"m5.large\"", "vcpus = 2", &[
        "bad.toml:10:1: instance.price: is missing, and no type says it; name a type, or write price = \"0.096 USD/h\" (\"0 USD/h\" if cost is no question)",
    ]),
    ("type = \"m5.large\"", "speed = 2.0", &[
        "bad.toml:10:1: instance.price: is missing, and no type says it; name a type, or write price = \"0.096 USD/h\" (\"0 USD/h\" if cost is no question)",
        "bad.toml:10:1: instance.vcpus: is missing, and no type says it; name a type, such as type = \"m5.large\", or write vcpus = 2",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nmemory = { base = \"9GiB\", per_request = \"1MiB\" }", &[
        "bad.toml:12:19: instance.memory.base: \"9GiB\" fills the instance (8GiB) before the first request; write less than the capacity",
    ]),
    ("type = \"m5.large\"", "vcpus = 2\nprice = \"0.1 USD/h\"\nmemory = { base = \"1GiB\", per_request = \"1MiB\" }", &[
        "bad.toml:13:10: instance.memory.capacity: is missing, and no type says it; write capacity = \"8GiB\", or name a type",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nprice = \"0.1 EUR/h\"", &[
        "bad.toml:12:9: instance.price: \"0.1 EUR/h\" is in EUR; only USD is accepted for now; convert it to US dollars and write USD",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\ndiscipline = { workers = { count = 0 } }", &[
        "bad.toml:12:36: instance.discipline.workers.count: 0 is below 1, the least value; write a whole number from 1 to 100000000",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nboot = [{ phase = \"app\", time = { constant = \"9s\" } }, { phase = \"launch\", time = { constant = \"9s\" }, stage = \"pending\" }]", &[
        "bad.toml:12:112: instance.boot.launch.stage: pending comes before the stage of the phase before it (running); order the phases: pending, running, in_service",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nboot = [{ phase = \"app\", time = { constant = \"9s\" }, failure_ratio = 5 }]", &[
        "bad.toml:12:70: instance.boot.app.failure_ratio: 5 is not a ratio from 0 to 1; write 5 percent as 0.05",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nboot = [{ phase = \"app\", time = { constant = \"9s\" } }, { phase = \"app\", time = { uniform = { low = \"9s\", high = \"9s\" } } }]", &[
        "bad.toml:12:66: instance.boot.1.phase: \"app\" is the name of instance.boot.0 too; give each its own name",
        "bad.toml:12:100: instance.boot.1.time.uniform.low: \"9s\" is not below high (9s); write low < high",
    ]),
    ("type = \"m5.large\"", "type = \"m5.large\"\nboot = [{ phase = \"app\", time = { constant = \"0s\" }, failure_ratio = 0.5 }]", &[
        "bad.toml:12:70: instance.boot.app.failure_ratio: 0.5 comes within a second of the launch, which is then repeated at once; give the boot at least a second, or another on_failure",
    ]),
    ("# end\n", "[balancer]\nalgorithm = \"least_outstanding_requests\"\nslow_start = \"60s\"\n", &[
        "bad.toml:23:14: balancer.slow_start: \"60s\" works with round robin only, by AWS's rule; remove it, or write algorithm = \"round_robin\"",
    ]),
    ("# end\n", "[balancer]\nanomaly_mitigation = true\nanomaly = { interval = \"20s\" }\n", &[
        "bad.toml:22:22: balancer.anomaly_mitigation: true works with weighted random only, by AWS's rule; remove it, or write algorithm = \"weighted_random\"",
        "bad.toml:23:11: balancer.anomaly: { interval = \"20s\" } has a meaning with weighted random only, whose weights it moves; remove it, or write algorithm = \"weighted_random\"",
    ]),
    ("# end\n", "[balancer]\nalgorithm = \"weighted_random\"\nslow_start = \"60s\"\nanomaly = { interval = \"10ms\", least_weight = 0.0, error_margin = 1.5 }\n", &[
        "bad.toml:23:14: balancer.slow_start: \"60s\" works with round robin only, by AWS's rule; remove it, or write algorithm = \"round_robin\"",
        "bad.toml:24:24: balancer.anomaly.interval: 10ms is below a second; write at least \"1s\"",
        "bad.toml:24:47: balancer.anomaly.least_weight: 0.0 is outside the range from above 0 to 1; write a share such as 0.05",
        "bad.toml:24:67: balancer.anomaly.error_margin: 1.5 is outside the range from above 0 to 1; write a share such as 0.05",
    ]),
    ("# end\n", "[balancer]\nslow_start = \"10s\"\n", &[
        "bad.toml:22:14: balancer.slow_start: \"10s\" is outside 30 s to 900 s, the range that AWS accepts; write \"0s\" (off) or \"30s\" to \"900s\"",
    ]),
    ("# end\n", "[balancer]\nderegistration_delay = \"2h\"\n", &[
        "bad.toml:22:24: balancer.deregistration_delay: \"2h\" is longer than an hour, the longest that AWS accepts; write at most \"3600s\"",
    ]),
    ("# end\n", "[balancer]\nhealth_check = { interval = \"5s\" }\n", &[
        "bad.toml:22:16: balancer.health_check.timeout: 5s is not below the interval (5s); shorten the timeout or lengthen the interval",
    ]),
    ("# end\n", "[balancer]\nhealth_check = { interval = \"0s\", timeout = \"0s\" }\n", &[
        "bad.toml:22:29: balancer.health_check.interval: 0s is below a second; write at least \"1s\"",
        "bad.toml:22:45: balancer.health_check.timeout: \"0s\" is zero; write a time above zero, such as \"5s\"",
    ]),
    ("min = 2", "min = 9", &[
        "bad.toml:13:7: group.min: 9 is above group.max (8); lower min or raise max",
    ]),
    ("max = 8", "max = 0", &[
        "bad.toml:14:7: group.max: 0 is below 1, the least value; write a whole number from 1 to 100000",
    ]),
    ("max = 8", "max = 2000000", &[
        "bad.toml:14:7: group.max: 2000000 is above 100000, the greatest value; write a whole number from 1 to 100000",
    ]),
    ("max = 8", "max = 8\ndesired = 1", &[
        "bad.toml:15:11: group.desired: 1 is below group.min (2); let min <= desired <= max",
    ]),
    ("max = 8", "max = 8\ndesired = 9", &[
        "bad.toml:15:11: group.desired: 9 is above group.max (8); let min <= desired <= max",
    ]),
    ("max = 8", "max = 8\nzones = [\"a\", \"b\", \"a\", \"zone c\"]", &[
        "bad.toml:15:20: group.zones.2: \"a\" is there twice; name every zone once",
        "bad.toml:15:25: group.zones.3: \"zone c\" is no plain name; use 1 to 64 letters, digits, \"-\" and \"_\"",
    ]),
    ("# end", "[[group.suspend]]\nprocess = \"instance_refresh\"\nfrom = \"10m\"\nto = \"20m\"", &[
        "bad.toml:22:11: group.suspend.0.process: \"instance_refresh\" is not a known variant; the variants are: launch, terminate, alarm_notification, health_check, replace_unhealthy, scheduled_actions, add_to_load_balancer, az_rebalance",
    ]),
    ("max = 8", "max = 8\nproduct = \"ecs_service\"\n[[group.suspend]]\nprocess = \"add_to_load_balancer\"\nfrom = \"10m\"\nto = \"20m\"", &[
        "bad.toml:17:11: group.suspend.0.process: \"add_to_load_balancer\" adds instances of an EC2 group to a balancer, and ECS, not the group, registers the tasks of a service; remove it",
    ]),
    ("# end", "[[group.suspend]]\nprocess = \"launch\"\nfrom = \"10m\"\nto = \"10m\"", &[
        "bad.toml:24:6: group.suspend.0.to: \"10m\" is not after `from` (10m); let it end after it begins",
    ]),
    ("# end", "[[group.hook]]\nname = \"deploy\"\ntransition = \"launching\"\ntime = { constant = \"90s\" }\nheartbeat_timeout = \"10s\"\nheartbeats = \"10s\"", &[
        "bad.toml:25:21: group.hook.deploy.heartbeat_timeout: \"10s\" lies outside of what AWS accepts as HeartbeatTimeout; write \"30s\" to \"7200s\"",
        "bad.toml:26:14: group.hook.deploy.heartbeats: \"10s\" is no shorter than heartbeat_timeout (10s): the first comes too late; write a shorter time, or remove it",
    ]),
    ("max = 8", "max = 8\nwarm_up = \"2h\"", &[
        "bad.toml:15:11: group.warm_up: \"2h\" is longer than an hour, the longest that AWS accepts; write at most \"3600s\"",
    ]),
    ("# end\n", "[[fault]]\nname = \"late\"\nwhen = { at = \"3h\" }\nwhat = \"crash\"\n", &[
        "bad.toml:23:15: fault.late.when.at: \"3h\" lies behind the end of the run (2h); let it strike within simulation.duration, or remove it",
    ]),
    ("# end\n", "[[fault]]\nname = \"zone-b\"\nwhen = { every = \"10ms\" }\nwhat = { hang = { time = \"0s\" } }\nvictims = { zone = \"b\" }\n", &[
        "bad.toml:23:18: fault.zone-b.when.every: 10ms is below a second; write at least \"1s\"",
        "bad.toml:24:26: fault.zone-b.what.hang.time: \"0s\" is zero; write a time above zero, such as \"10m\"",
        "bad.toml:25:20: fault.zone-b.victims.zone: \"b\" is no zone of the group; the zones are: a",
    ]),
    ("# end\n", "[[fault]]\nname = \"two words\"\nwhen = { at = \"1h\" }\nwhat = { slow_down = { factor = 1.0, time = \"1m\" } }\n", &[
        "bad.toml:24:33: fault.\"two words\".what.slow_down.factor: 1.0 is not above 1; write a number above 1 and of at most 1000",
    ]),
    ("# end\n", "[[fault]]\nname = \"two words\"\nwhen = { at = \"1h\" }\nwhat = { slow_down = { factor = 2.0, time = \"1m\" } }\n", &[
        "bad.toml:22:8: fault.0.name: \"two words\" is no plain name; use 1 to 64 letters, digits, \"-\" and \"_\"",
    ]),
    ("# end\n", "[group.health]\ninterval = \"1ns\"\n", &[
        "bad.toml:22:12: group.health.interval: 1ns is below a second; write at least \"1s\"",
    ]),
    ("# end\n", "[metrics]\nperiod = \"100ms\"\n", &[
        "bad.toml:22:10: metrics.period: \"100ms\" is outside 1 s to one day; write \"60s\", or \"10s\" for high resolution",
    ]),
    ("# end\n", "[metrics]\ncustom = [{ name = \"in_flight\", base = 1 }]\n", &[
        "bad.toml:22:20: metrics.custom.in_flight.name: \"in_flight\" is the name of a built-in metric; choose another name",
    ]),
    ("# end\n", "[metrics]\npublication_delay = \"2d\"\nalarm_interval = \"0s\"\n", &[
        "bad.toml:22:21: metrics.publication_delay: \"2d\" is longer than a day; write a shorter delay, such as \"60s\"",
        "bad.toml:23:18: metrics.alarm_interval: 0s is below a second; write at least \"1s\"",
    ]),
    ("# end\n", "[metrics]\nperiod = \"120s\"\nmonitoring = \"basic\"\n", &[
        "bad.toml:17:19: policy.track.target_tracking.period: 5m is not a multiple of metrics.period (2m); write \"6m\"",
        "bad.toml:23:14: metrics.monitoring: \"basic\" lets EC2 publish every 5m, which is no multiple of metrics.period (2m); write metrics.period = \"60s\"",
    ]),
    ("# end\n", "[metrics]\npublication_law = { uniform = { low = \"120s\", high = \"30s\" } }\n", &[
        "bad.toml:22:39: metrics.publication_law.uniform.low: \"120s\" is not below high (30s); write low < high",
    ]),
    ("# end\n", "[[metrics.math]]\nname = \"backlog\"\nexpression = \"sum(in_flight / 2\"\n", &[
        "bad.toml:23:14: metrics.math.backlog.expression: \"sum(in_flight / 2\" lacks a \")\" (at character 15); write an expression such as \"sum(in_flight) / group_in_service_instances\"",
    ]),
    ("# end\n", "[[metrics.math]]\nname = \"in_flight\"\nexpression = \"2 * 3\"\n", &[
        "bad.toml:22:8: metrics.math.in_flight.name: \"in_flight\" is the name of another metric; choose another name",
        "bad.toml:23:14: metrics.math.in_flight.expression: \"2 * 3\" reads no metric; name at least one: a constant needs no alarm",
    ]),
    ("# end\n", "[[metrics.math]]\nname = \"a\"\nexpression = \"b + in_flights\"\n[[metrics.math]]\nname = \"b\"\nexpression = \"in_flight\"\n[[metrics.math]]\nname = \"c\"\nexpression = \"p90(b)\"\n", &[
        "bad.toml:23:14: metrics.math.a.expression: \"b + in_flights\" has \"b\", which is no metric and no metric math above it; `simscale list metrics` shows all",
        "bad.toml:23:14: metrics.math.a.expression: \"b + in_flights\" has \"in_flights\", which is no metric and no metric math above it; did you mean in_flight?",
        "bad.toml:29:14: metrics.math.c.expression: \"p90(b)\" takes a statistic of a math metric, which has one value a period; write its bare name",
    ]),
    ("target = 50.0 }", "target = 50.0, statistic = \"median\" }", &[
        "bad.toml:17:76: policy.track.target_tracking.statistic: \"median\" is not a statistic; write one of average, sum, minimum, maximum, sample_count, or a percentile from p0.0001 to p99.9999, such as \"p99\" or \"p99.9\"",
    ]),
    ("metric = \"cpu_utilization\", target = 50.0 }", "metric = \"response_time_p99\", target = 50.0, statistic = \"p90\" }", &[
        "bad.toml:17:78: policy.track.target_tracking.statistic: \"p90\" is a percentile of a metric that is a percentile by its name; leave it out, and name the metric for the percentile: response_time_p99",
    ]),
    ("metric = \"cpu_utilization\", target = 50.0 }", "metric = \"cpu_utilization\", target = 50.0, period = \"45s\" }\n[metrics]\nperiod = \"15s\"", &[
        "bad.toml:17:73: policy.track.target_tracking.period: \"45s\" is refused: CloudWatch allows periods of 1, 5, 10, 20 and 30 seconds and multiples of 60 seconds up to a day, but it is 45s; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "simple_scaling = { rule = [] }", &[
        "bad.toml:17:27: policy.track.simple_scaling.rule: [] has 0 elements; write at least 1",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { target = 50.0 }", &[
        "bad.toml:17:19: policy.track.target_tracking.metric: is missing; add it, such as metric = \"...\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0, low_ratio = 1.5 }", &[
        "bad.toml:17:76: policy.track.target_tracking.low_ratio: 1.5 is above 1, the greatest value; write a number above 0 and of at most 1",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilisation\", target = 50.0 }", &[
        "bad.toml:17:30: policy.track.target_tracking.metric: \"cpu_utilisation\" is not a known metric; did you mean cpu_utilization?",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"memory_utilization\", target = 50.0 }", &[
        "bad.toml:17:30: policy.track.target_tracking.metric: \"memory_utilization\" is not measured: the instance has no memory; add [instance.memory] with base and per_request, or use another metric",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"response_time_p100\", target = 50.0 }", &[
        "bad.toml:17:30: policy.track.target_tracking.metric: \"response_time_p100\" is not a known metric; `simscale list metrics` shows all",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0, period = \"90s\" }", &[
        "bad.toml:17:73: policy.track.target_tracking.period: 1m 30s is not a multiple of metrics.period (1m); write \"2m\"",
        "bad.toml:17:73: policy.track.target_tracking.period: \"90s\" is refused: CloudWatch allows periods of 1, 5, 10, 20 and 30 seconds and multiples of 60 seconds up to a day, but it is 90s; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0, high = { evaluation_periods = 3, datapoints_to_alarm = 5 } }", &[
        "bad.toml:17:119: policy.track.target_tracking.high.datapoints_to_alarm: 5 is refused: CloudWatch wants 1 to 3 (evaluation_periods) datapoints to alarm, but it is 5; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "", &[
        "bad.toml:15:1: policy.track: is of no kind; add one, such as target_tracking = { metric = \"cpu_utilization\", target = 50.0 }",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }\nfixed = { size = 3 }", &[
        "bad.toml:15:1: policy.track: is of 2 kinds (fixed, target_tracking) where exactly one belongs; make a [[policy]] of each",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "fixed = { size = 9 }", &[
        "bad.toml:17:18: policy.track.fixed.size: 9 is outside the group's bounds (2 to 8); write 2 to 8, or change group.min or max",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }\n[[policy]]\nname = \"track\"\nfixed = { size = 3 }", &[
        "bad.toml:19:8: policy.1.name: \"track\" is the name of policy.0 too; give each its own name",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "threshold_poll = { upper = 40.0 }", &[
        "bad.toml:17:18: policy.track.threshold_poll.lower: is refused: the thresholds are crossed: it would remove below 50 and add above 40; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "threshold_poll = { add = 0, remove = 0, interval = \"1ms\" }", &[
        "bad.toml:17:26: policy.track.threshold_poll.add: 0 is refused: a poll must add or remove something, but both numbers are 0; correct it by this rule",
        "bad.toml:17:52: policy.track.threshold_poll.interval: 1ms is below a second; write at least \"1s\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "threshold_poll = { bounds = { min = 5, max = 4 } }", &[
        "bad.toml:17:29: policy.track.threshold_poll.bounds: { min = 5, max = 4 } is refused: the smallest size must not be above the largest, but they are 5 and 4; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.simple_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80, evaluation_periods = 2, datapoints_to_alarm = 3 }\nadjustment_type = \"change_in_capacity\"\nadjustment = 1", &[
        "bad.toml:18:140: policy.track.simple_scaling.rule.0.alarm.datapoints_to_alarm: 3 is refused: CloudWatch wants 1 to 2 (evaluation_periods) datapoints to alarm, but it is 3; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.simple_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"exact_capacity\"\nadjustment = -1\nmin_adjustment_magnitude = 2", &[
        "bad.toml:20:14: policy.track.simple_scaling.rule.0.adjustment: -1 is refused: ExactCapacity is the new size and AWS wants it non-negative, but it is -1; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.simple_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"change_in_capacity\"\nadjustment = 1\nmin_adjustment_magnitude = 2", &[
        "bad.toml:21:28: policy.track.simple_scaling.rule.0.min_adjustment_magnitude: 2 is refused: AWS allows MinAdjustmentMagnitude (2) with PercentChangeInCapacity only, but the type is ChangeInCapacity; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.step_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"change_in_capacity\"\nsteps = [{ lower = 0, upper = 10, adjustment = 1 }, { lower = 20, adjustment = 2 }]", &[
        "bad.toml:20:9: policy.track.step_scaling.rule.0.steps: [{ lower = 0, upper = 10, adjustment = 1 }, { lower = 20, ad... is refused: AWS allows no gap between steps, but none covers the interval from 10 to 20; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.step_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80, period = \"61s\" }\nadjustment_type = \"change_in_capacity\"\nsteps = [{ lower = 5, upper = 5, adjustment = 1 }]", &[
        "bad.toml:18:103: policy.track.step_scaling.rule.0.alarm.period: 1m 1s is not a multiple of metrics.period (1m); write \"2m\"",
        "bad.toml:18:103: policy.track.step_scaling.rule.0.alarm.period: \"61s\" is refused: CloudWatch allows periods of 1, 5, 10, 20 and 30 seconds and multiples of 60 seconds up to a day, but it is 61s; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\ntime_zone = \"CEST\"\nentry = [{ name = \"up\", desired = 4 }]", &[
        "bad.toml:18:13: policy.track.schedule.time_zone: \"CEST\" is not a known time zone; write an IANA name, such as \"UTC\" or \"Europe/Berlin\"",
        "bad.toml:19:10: policy.track.schedule.entry.up: { name = \"up\", desired = 4 } says no time; add time = \"08:00\", cron = \"0 8 * * MON-FRI\", or at = \"2026-03-02T08:00:00Z\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", time = \"08:00\", at = \"2026-03-02T01:00:00Z\", desired = 4 }, { name = \"down\", time = \"25:00\" }]", &[
        "bad.toml:18:109: policy.track.schedule.entry.down.time: \"25:00\" is not a time of day; write hours and minutes from \"00:00\" to \"23:59\", such as \"20:00\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", time = \"08:00\", at = \"2026-03-02T01:00:00Z\", desired = 4 }, { name = \"down\", time = \"20:00\" }]", &[
        "bad.toml:18:10: policy.track.schedule.entry.up: { name = \"up\", time = \"08:00\", at = \"2026-03-02T01:00:00Z\", ... has time and at where exactly one belongs; keep one of them",
        "bad.toml:18:85: policy.track.schedule.entry.down.desired: is refused: AWS wants at least one of min, max and desired in a scheduled action, and this one has none; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", at = \"2026-03-03T01:00:00Z\", desired = 4, days = [\"monday\"] }, { name = \"down\", at = \"2027-03-02T01:00:00Z\", min = 4, desired = 2 }]", &[
        "bad.toml:18:30: policy.track.schedule.entry.up.at: \"2026-03-03T01:00:00Z\" lies outside the run (2h from 2026-03-02T00:00:00Z); correct it, or simulation.start and duration",
        "bad.toml:18:74: policy.track.schedule.entry.up.days: [\"monday\"] belongs to time, not to at; remove it",
        "bad.toml:18:110: policy.track.schedule.entry.down.at: \"2027-03-02T01:00:00Z\" lies outside the run (2h from 2026-03-02T00:00:00Z); correct it, or simulation.start and duration",
        "bad.toml:18:140: policy.track.schedule.entry.down.min: 4 is refused: AWS wants min <= desired <= max, but min is 4 and desired is 2; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", time = \"01:00\", desired = 4 }, { name = \"down\", time = \"01:00\", desired = 2 }]", &[
        "bad.toml:18:9: policy.track.schedule.entry: [{ name = \"up\", time = \"01:00\", desired = 4 }, { name = \"dow... is refused: AWS wants the start times of a group's scheduled actions to differ, but up and down both start at 01:00:00; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nlateness = { constant = \"1h\" }\nentry = [{ name = \"up\", time = \"00:30\", desired = 12 }]", &[
        "bad.toml:18:12: policy.track.schedule.lateness: { constant = \"1h\" } is 1h or longer on average; write a shorter time, such as { constant = \"30s\" }",
        "bad.toml:19:9: policy.track.schedule.entry: [{ name = \"up\", time = \"00:30\", desired = 12 }] is refused: entry up leaves min 2, max 8 and desired 12; AWS wants min <= desired <= max: include the bounds in the entry; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", time = \"00:30\", desired = 12 }]", &[
        "bad.toml:18:9: policy.track.schedule.entry: [{ name = \"up\", time = \"00:30\", desired = 12 }] is refused: entry up leaves min 2, max 8 and desired 12; AWS wants min <= desired <= max: include the bounds in the entry; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nlateness = \"30s\"\nentry = [{ name = \"up\", cron = \"0 8 * * 1-5 2026\", desired = 4 }, { name = \"down\", cron = \"*/0 8 * * *\", desired = 4 }, { name = \"never\", cron = \"0 0 30 2 *\", desired = 4 }]", &[
        "bad.toml:18:12: policy.track.schedule.lateness: \"30s\" is not a known variant; name the variant: { constant = \"30s\" }",
        "bad.toml:19:32: policy.track.schedule.entry.up.cron: \"0 8 * * 1-5 2026\" has 6 fields where a cron expression of EC2 Auto Scaling has 5 (no year, no seconds); write minute, hour, day of the month, month, day of the week: \"0 8 * * MON-FRI\" is 08:00 on weekdays",
        "bad.toml:19:91: policy.track.schedule.entry.down.cron: \"*/0 8 * * *\" has \"*/0\" as minute: its step is no number above 0 within the field; write *, a number from 0 to 59, a range \"a-b\", a step \"*/n\", or a list",
        "bad.toml:19:146: policy.track.schedule.entry.never.cron: \"0 0 30 2 *\" names days that no month of it has; correct day of the month or month",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[policy.schedule]\nentry = [{ name = \"up\", cron = \"0 8 * * 1-5\", days = [\"monday\"], desired = 4, start = \"2026-03-03T01:00:00Z\", end = \"2026-03-03T01:00:00Z\" }, { name = \"down\", desired = 4 }]", &[
        "bad.toml:18:54: policy.track.schedule.entry.up.days: [\"monday\"] belongs to time, not to cron; remove it",
        "bad.toml:18:117: policy.track.schedule.entry.up.end: \"2026-03-03T01:00:00Z\" is not after start (2026-03-03T01:00:00Z); let start < end",
        "bad.toml:18:143: policy.track.schedule.entry.down: { name = \"down\", desired = 4 } says no time; add time = \"08:00\", cron = \"0 8 * * MON-FRI\", or at = \"2026-03-02T08:00:00Z\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 0.5 }", &[
        "bad.toml:17:58: policy.track.target_tracking.target: 0.5 is in percent, from 0 to 100, and so low that a ratio was surely meant; write target = 50 for 50 percent",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 0 }", &[
        "bad.toml:17:58: policy.track.target_tracking.target: 0 is refused: AWS wants a TargetValue that is a finite number above 0, for target tracking divides by it, but it is 0; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }\n[[policy]]\nname = \"again\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 70 }", &[
        "bad.toml:20:30: policy.again.target_tracking.metric: \"cpu_utilization\" is refused: AWS wants each target-tracking policy of a group on a metric of its own, and track tracks it too; track another metric, or keep one policy",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0, period = \"45s\" }", &[
        "bad.toml:17:73: policy.track.target_tracking.period: 45s is not a multiple of metrics.period (1m); write \"1m\"",
        "bad.toml:17:73: policy.track.target_tracking.period: \"45s\" is refused: CloudWatch allows periods of 1, 5, 10, 20 and 30 seconds and multiples of 60 seconds up to a day, but it is 45s; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0, scale_in_cooldown = \"60s\", flapping_ratio = 0.9 }", &[
        "bad.toml:17:84: policy.track.target_tracking.scale_in_cooldown: \"60s\" is refused: EC2 Auto Scaling paces this policy by warm-up; this is a key of Application Auto Scaling; remove it, or write group.product = \"ecs_service\"",
        "bad.toml:17:108: policy.track.target_tracking.flapping_ratio: 0.9 is refused: EC2 Auto Scaling paces this policy by warm-up; this is a key of Application Auto Scaling; remove it, or write group.product = \"ecs_service\"",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "simple_scaling = { cooldown = \"-5m\", rule = [] }", &[
        "bad.toml:17:31: policy.track.simple_scaling.cooldown: \"-5m\" is a negative duration; write a duration of zero or more",
        "bad.toml:17:45: policy.track.simple_scaling.rule: [] has 0 elements; write at least 1",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.step_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"change_in_capacity\"\nsteps = [{ lower = 0, upper = 10, adjustment = 1 }, { lower = 5, adjustment = 2 }]", &[
        "bad.toml:20:9: policy.track.step_scaling.rule.0.steps: [{ lower = 0, upper = 10, adjustment = 1 }, { lower = 5, adj... is refused: AWS allows no overlap of steps, but the one that begins at 5 lies over the one that ends at 10; correct it by this rule",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "[[policy.step_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"exact_capacity\"\nmin_adjustment_magnitude = 2\ncooldown = \"1m\"\nsteps = [{ lower = 0, adjustment = 4 }]", &[
        "bad.toml:20:28: policy.track.step_scaling.rule.0.min_adjustment_magnitude: 2 is refused: AWS allows MinAdjustmentMagnitude (2) with PercentChangeInCapacity only, but the type is ExactCapacity; correct it by this rule",
        "bad.toml:21:12: policy.track.step_scaling.rule.0.cooldown: \"1m\" is refused: EC2 Auto Scaling paces this policy by warm-up; this is a key of Application Auto Scaling; remove it, or write group.product = \"ecs_service\"",
    ]),
    ("max = 8\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "max = 8\nproduct = \"ecs_service\"\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0, warm_up = \"60s\" }", &[
        "bad.toml:18:74: policy.track.target_tracking.warm_up: \"60s\" is refused: Application Auto Scaling, which scales an ECS service, has no warm-up; remove it: cooldowns take its place",
    ]),
    ("max = 8\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "max = 8\nproduct = \"ecs_service\"\n[[policy]]\nname = \"simple\"\n[[policy.simple_scaling.rule]]\nalarm = { metric = \"cpu_utilization\", comparison = \"greater_than_threshold\", threshold = 80 }\nadjustment_type = \"change_in_capacity\"\nadjustment = 1", &[
        "bad.toml:18:10: policy.simple.simple_scaling: is refused: Application Auto Scaling, which scales an ECS service, has no simple scaling; write step_scaling or target_tracking",
    ]),
    ("max = 8\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "max = 8\nproduct = \"ecs_service\"\n[[policy]]\nname = \"day\"\n[policy.schedule]\nentry = [{ name = \"up\", time = \"01:00\", min = 3, desired = 4 }]", &[
        "bad.toml:19:60: policy.day.schedule.entry.up.desired: 4 is refused: scheduled actions of Application Auto Scaling set min and max only; write min and max: the present size is moved between them",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "manual = { change = [{ at = \"3h\", desired = 4 }, { at = \"2026-03-02T01:00:00Z\", desired = 9 }, { at = \"1h\", desired = 4 }] }", &[
        "bad.toml:17:21: policy.track.manual.change: [{ at = \"3h\", desired = 4 }, { at = \"2026-03-02T01:00:00Z\", ... is refused: one instant takes one change, but 9 and 4 are both set at 01:00:00; correct it by this rule",
        "bad.toml:17:29: policy.track.manual.change.0.at: \"3h\" lies outside the run (2h from 2026-03-02T00:00:00Z); correct it, or simulation.start and duration",
        "bad.toml:17:91: policy.track.manual.change.1.desired: 9 is refused: AWS takes a desired capacity within the group's min (2) and max (8) only; correct it, or change group.min or max",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "manual = { change = [{ at = 5, desired = 4 }, { at = \"-5m\", desired = 4 }] }", &[
        "bad.toml:17:29: policy.track.manual.change.0.at: 5 is a bare number where a moment belongs; write the unit: \"5s\" or \"5ms\"",
        "bad.toml:17:54: policy.track.manual.change.1.at: \"-5m\" is a negative duration; write a duration of zero or more",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "predictive = { forecast = { capacity = [] }, scheduling_buffer_time = \"2h\", max_capacity_buffer_percent = 10 }", &[
        "bad.toml:17:40: policy.track.predictive.forecast.capacity: [] has 0 elements; write at least 1",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "predictive = { forecast = { load = { hourly = [40, -1], target = 10 } }, scheduling_buffer_time = \"2h\", max_capacity_buffer_percent = 10 }", &[
        "bad.toml:17:52: policy.track.predictive.forecast.load.hourly.1: -1 is no load; write a number of at least 0",
        "bad.toml:17:99: policy.track.predictive.scheduling_buffer_time: \"2h\" is refused: AWS wants a SchedulingBufferTime of 0 to 3600 s, but it is 7200s; correct it by this rule",
        "bad.toml:17:135: policy.track.predictive.max_capacity_buffer_percent: 10 is refused: AWS takes a MaxCapacityBuffer with IncreaseMaxCapacity only; remove it, or write max_capacity_breach_behavior = \"increase_max_capacity\"",
    ]),
    ("max = 8\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "max = 8\nproduct = \"ecs_service\"\n[[policy]]\nname = \"track\"\ntarget_tracking = { metric = \"request_count_per_target\", target = 900 }\n[[deployment]]\nname = \"green\"\nat = \"1h\"\nblue_green = { duration = \"10m\" }\n[[deployment]]\nname = \"stuck\"\nat = \"3h\"\nrolling = { maximum_percent = 100 }\n[[deployment]]\nname = \"how\"\nat = \"90m\"", &[
        "bad.toml:22:14: deployment.green.blue_green: { duration = \"10m\" } is refused: AWS does not support target tracking on ALBRequestCountPerTarget (track) with blue/green deployments; track another metric, such as cpu_utilization, or deploy rolling",
        "bad.toml:25:6: deployment.stuck.at: \"3h\" lies outside the run (2h from 2026-03-02T00:00:00Z); correct it, or simulation.start and duration",
        "bad.toml:26:11: deployment.stuck.rolling: { maximum_percent = 100 } may neither stop an old task nor start a new one; lower minimum_healthy_percent or raise maximum_percent",
        "bad.toml:27:1: deployment.how: does not say how; add rolling = {} or blue_green = { duration = \"10m\" }",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }\n[[deployment]]\nname = \"v2\"\nat = \"1h\"\nrolling = { minimum_healthy_percent = 150, maximum_percent = 50 }", &[
        "bad.toml:21:39: deployment.v2.rolling.minimum_healthy_percent: 150 is above 100, the greatest value; write a whole number from 0 to 100",
        "bad.toml:21:62: deployment.v2.rolling.maximum_percent: 50 is below 100, the least value; write a whole number from 100 to 400",
    ]),
    ("max = 8\n", "max = 8\nmaintenance = { min_healthy_percentage = 50, max_healthy_percentage = 160 }\n[[refresh]]\nname = \"v2\"\nat = \"3h\"\nmin_healthy_percentage = 20\n", &[
        "bad.toml:15:15: group.maintenance: { min_healthy_percentage = 50, max_healthy_percentage = 160 ... spans 50 to 160 percent, and AWS allows at most 100 between them; write max_healthy_percentage = 150",
        "bad.toml:16:1: refresh.v2: spans 20 to 160 percent, and AWS allows at most 100 between them; write max_healthy_percentage = 120",
        "bad.toml:18:6: refresh.v2.at: \"3h\" lies outside the run (2h from 2026-03-02T00:00:00Z); correct it, or simulation.start and duration",
    ]),
    ("max = 8\n", "max = 8\nproduct = \"ecs_service\"\nwarm_pool = { start_time = { uniform = { low = \"9s\", high = \"3s\" } } }\n", &[
        "bad.toml:16:13: group.warm_pool: { start_time = { uniform = { low = \"9s\", high = \"3s\" } } } is for EC2 Auto Scaling groups, and this group is an ECS service; leave it away, or write group.product = \"ec2_auto_scaling\"",
        "bad.toml:16:48: group.warm_pool.start_time.uniform.low: \"9s\" is not below high (3s); write low < high",
    ]),
    ("target_tracking = { metric = \"cpu_utilization\", target = 50.0 }", "target_tracking = { metric = \"cpu_utilization\", target = 50.0 }\n[[deployment]]\nname = \"v2\"\nat = \"1h\"\nrolling = {}", &[
        "bad.toml:18:1: deployment.v2: replaces the tasks of an ECS service, and this group is none; write group.product = \"ecs_service\"; a [[refresh]] replaces the instances of other groups",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "", &[
        "bad.toml:18:1: objective.fast: promises nothing; add latency = { quantile = 0.99, below = \"300ms\" }, good_requests or availability",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 0.99, below = \"300ms\" }\navailability = {}", &[
        "bad.toml:18:1: objective.fast: has 2 promises (latency, availability) where exactly one belongs; make an [[objective]] of each",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 99, below = \"300ms\" }", &[
        "bad.toml:20:24: objective.fast.latency.quantile: 99 is no quantile above 0 and below 1; write p99 as 0.99",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 0.99, below = \"0s\" }", &[
        "bad.toml:20:38: objective.fast.latency.below: \"0s\" is zero, so that no request can keep it; write a limit such as \"300ms\"",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 0.99, below = \"300ms\", window = \"7m\" }", &[
        "bad.toml:5:11: simulation.lead_in: 10m is not a multiple of objective.fast.latency.window (7m); write \"14m\"",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 0.99, below = \"300ms\" }\n[[objective]]\nname = \"fast\"\navailability = {}", &[
        "bad.toml:22:8: objective.1.name: \"fast\" is the name of objective.0 too; give each its own name",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 0.99, below = \"300ms\" }\nallowed_ratio = 1.5", &[
        "bad.toml:21:17: objective.fast.allowed_ratio: 1.5 is not a ratio from 0 to 1; write 1.5 percent as 0.015",
    ]),
    ("# end\n", "[prices]\ndate = \"20 July 2026\"\ncurrency = \"EUR\"\n", &[
        "bad.toml:23:12: prices.currency: \"EUR\" is not a known variant; the variants are: USD",
    ]),
    ("# end\n", "[prices]\ndate = \"20 July 2026\"\nminimum_billed = \"2d\"\n", &[
        "bad.toml:22:8: prices.date: \"20 July 2026\" is not a date; write it as \"2026-07-20\"",
        "bad.toml:23:18: prices.minimum_billed: \"2d\" is longer than a day; write \"60s\", as EC2, or \"1h\"",
    ]),
    ("cpu_time = { exponential = { mean = \"35ms\" } }", "cpu_time = { exponential = { mean = \"35ms\" } }\ncpu_before_ratio = 50\n[metrics]\nmissing_ratio = -0.1\n[clients]\nretries = { max = 1, jitter_ratio = 2 }", &[
        "bad.toml:10:20: service.cpu_before_ratio: 50 is not a ratio from 0 to 1; write 50 percent as 0.5",
        "bad.toml:12:17: metrics.missing_ratio: -0.1 is not a ratio from 0 to 1; write a number from 0 to 1",
        "bad.toml:14:37: clients.retries.jitter_ratio: 2 is not a ratio from 0 to 1; write 2 percent as 0.02",
    ]),
    ("latency = { quantile = 0.99, below = \"300ms\" }", "latency = { quantile = 1.0, below = \"300ms\" }", &[
        "bad.toml:20:24: objective.fast.latency.quantile: 1.0 is no quantile above 0 and below 1; write p99 as 0.99",
    ]),
    ("# end\n", "[expect]\n\"cost_usd.totl\" = { below = 3 }\n\"objective.slow.violation_ratio\" = { below = 0.1 }\n", &[
        "bad.toml:22:19: expect.\"cost_usd.totl\": { below = 3 } is no figure of the summary; did you mean \"cost_usd.total\"?",
        "bad.toml:23:36: expect.\"objective.slow.violation_ratio\": { below = 0.1 } is no figure of the summary; name a figure of summary.json, such as \"cost_usd.total\"",
    ]),
    ("# end\n", "[expect]\n\"cost_usd.total\" = {}\n\"requests.failed\" = { above = 3, below = 2 }\n", &[
        "bad.toml:22:20: expect.\"cost_usd.total\": {} bounds nothing; write { above = ..., below = ... } or one of them",
        "bad.toml:23:31: expect.\"requests.failed\".above: 3 is above the upper bound (2), so that no figure keeps both; let above <= below",
    ]),
    ("# end\n", "[expect]\ncost_usd.total = { below = 3 }\n", &[
        "bad.toml:22:10: expect.cost_usd.total: is not a known key; the keys here are: above, below, fall, fall_ratio, rise, rise_ratio",
    ]),
    ("max = 8\n", "max = 1\nzones = [\"a\", \"a\"]\n[balancer]\nhealth_check = { timeout = \"30s\" }\n", &[
        "bad.toml:13:7: group.min: 2 is above group.max (1); lower min or raise max",
        "bad.toml:15:15: group.zones.1: \"a\" is there twice; name every zone once",
        "bad.toml:17:28: balancer.health_check.timeout: 30s is not below the interval (30s); shorten the timeout or lengthen the interval",
    ]),
    ("# end\n", "[queue]\nvisibility_timeout = \"13h\"\n[balancer]\nderegistration_delay = \"1s\"\n[clients]\ntimeout = \"5s\"\n[group.health]\ncheck = \"elb\"\n", &[
        "bad.toml:10:1: instance.discipline: does not pull messages from the [queue]; write discipline = { workers = { count = 1 } }",
        "bad.toml:22:22: queue.visibility_timeout: 13h is outside 1 s to 12 h; SQS accepts at most 12 hours; write \"30s\", SQS's default",
        "bad.toml:23:1: balancer: stands beside a [queue], which takes its place; remove one of the two",
        "bad.toml:25:1: clients: has no part beside a [queue]: nobody waits for an answer; remove it: a message is received again after queue.visibility_timeout",
        "bad.toml:28:9: group.health.check: \"elb\" needs a balancer to ask, and a [queue] has none; write \"ec2\"",
    ]),
    ("\"cpu_utilization\"", "\"queue_visible\"", &[
        "bad.toml:17:30: policy.track.target_tracking.metric: \"queue_visible\" is not measured: there is no queue; add [queue], or use another metric",
    ]),
    ("# end\n", "[queue]\n[[policy]]\nname = \"errors\"\ntarget_tracking = { metric = \"http_5xx_target\", target = 5.0 }\n", &[
        "bad.toml:10:1: instance.discipline: does not pull messages from the [queue]; write discipline = { workers = { count = 1 } }",
        "bad.toml:24:30: policy.errors.target_tracking.metric: \"http_5xx_target\" is not measured: a [queue] takes the balancer's place; use a metric of the queue, such as queue_visible",
    ]),
];

#[test]
fn the_base_has_no_mistake() {
    Scenario::read("base.toml", BASE, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
}

#[test]
fn every_mistake_says_where_what_and_how_to_fix_it() {
    let mut wrong = String::new();
    for (index, (from, to, expected)) in MISTAKES.iter().enumerate() {
        assert!(BASE.contains(from), "case {index}: {from:?} is not in the base");
        let said = match Scenario::read("bad.toml", &BASE.replacen(from, to, 1), &[]) {
            Ok(_) => String::new(),
            Err(mistakes) => mistakes.to_string(),
        };
        if said != expected.join("\n") {
            wrong += &format!("<<<{index}\n{said}\n>>>\n");
        }
    }
    assert!(wrong.is_empty(), "messages that differ from what is expected:\n{wrong}");
}
