//! Every mistake of form with the exact plain message.

mod text_model;

use simscale::text::read;
use text_model::Model;

/// What is wrong, the text, the message.
const CASES: &[(&str, &str, &str)] = &[
    (
        "unclosed text",
        "name = \"x\n",
        "f.toml:1:10: not valid TOML: invalid basic string, expected `\"`; correct the TOML at this place",
    ),
    (
        "text without quotes",
        "name = x\n",
        "f.toml:1:8: not valid TOML: string values must be quoted, expected literal string; put text in quotes, such as \"90s\"",
    ),
    (
        "key twice",
        "name = \"x\"\nname = \"y\"\n",
        "f.toml:2:1: not valid TOML: duplicate key; keep one of the two",
    ),
    (
        "table twice",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[group]\n",
        "f.toml:5:2: not valid TOML: duplicate key; keep one of the two",
    ),
    (
        "key without value",
        "name\n",
        "f.toml:1:5: not valid TOML: key with no value, expected `=`; write a key, = and a value on one line",
    ),
    (
        "unclosed list",
        "name = [\"a\"\n",
        "f.toml:1:12: not valid TOML: unclosed array, expected `]`; close it",
    ),
    (
        "nothing at all",
        "",
        "f.toml:1:1: group: is missing; add it, such as group = { min = 1, max = 1 }\nf.toml:1:1: name: is missing; add it, such as name = \"...\"",
    ),
    (
        "unknown key, similar",
        "name = \"x\"\n[group]\nmin = 2\nmx = 20\n",
        "f.toml:4:1: group.mx: is not a known key; did you mean max?",
    ),
    (
        "unknown key, not similar",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\ncolour = \"red\"\n",
        "f.toml:5:1: group.colour: is not a known key; the keys here are: min, max, budget, frozen, memory, order, price, seed, zones",
    ),
    (
        "unknown key at the root",
        "nam = \"x\"\n[group]\nmin = 2\nmax = 3\n",
        "f.toml:1:1: nam: is not a known key; did you mean name?",
    ),
    (
        "unknown table",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[polcy]\na = 1\n",
        "f.toml:5:2: polcy: is not a known key; did you mean policy?",
    ),
    (
        "missing key",
        "name = \"x\"\n[group]\nmin = 2\n",
        "f.toml:2:1: group.max: is missing; add it, such as max = 1",
    ),
    (
        "missing keys",
        "name = \"x\"\n[group]\n",
        "f.toml:2:1: group.max: is missing; add it, such as max = 1\nf.toml:2:1: group.min: is missing; add it, such as min = 1",
    ),
    (
        "missing in element",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[[policy]]\n",
        "f.toml:5:1: policy.0.name: is missing; add it, such as name = \"...\"",
    ),
    (
        "missing table in element",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[[boot]]\nphase = \"launch\"\n",
        "f.toml:5:1: boot.launch.time: is missing; add it, such as time = { constant = \"90s\" }",
    ),
    (
        "unknown key in element",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[[policy]]\nname = \"cpu-50\"\n[policy.target_tracking]\ntarget = 5.0\nwarm-up = \"1s\"\n",
        "f.toml:9:1: policy.cpu-50.target_tracking.warm-up: is not a known key; did you mean warm_up?",
    ),
    (
        "key with a dot",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.\"a.b\"]\nbelw = 1.0\n",
        "f.toml:6:1: expect.\"a.b\".belw: is not a known key; did you mean below?",
    ),
    (
        "text for whole number",
        "name = \"x\"\n[group]\nmin = \"2\"\nmax = 20\n",
        "f.toml:3:7: group.min: \"2\" is text where a whole number belongs; leave out the quotes: 2",
    ),
    (
        "words for whole number",
        "name = \"x\"\n[group]\nmin = \"two\"\nmax = 20\n",
        "f.toml:3:7: group.min: \"two\" is text where a whole number belongs; write a whole number of at least 0",
    ),
    (
        "decimals for whole number",
        "name = \"x\"\n[group]\nmin = 2.0\nmax = 20\n",
        "f.toml:3:7: group.min: 2.0 is a number with decimals where a whole number belongs; write 2",
    ),
    (
        "fraction for whole number",
        "name = \"x\"\n[group]\nmin = 2.5\nmax = 20\n",
        "f.toml:3:7: group.min: 2.5 is a number with decimals where a whole number belongs; write a whole number of at least 0",
    ),
    (
        "truth for whole number",
        "name = \"x\"\n[group]\nmin = true\nmax = 20\n",
        "f.toml:3:7: group.min: true is a truth value where a whole number belongs; write a whole number of at least 0",
    ),
    (
        "number for text",
        "name = 5\n[group]\nmin = 2\nmax = 20\n",
        "f.toml:1:8: name: 5 is a whole number where text belongs; put it in quotes: \"5\"",
    ),
    (
        "date for text",
        "name = 2026-03-02\n[group]\nmin = 2\nmax = 20\n",
        "f.toml:1:8: name: 2026-03-02 is a date or time without quotes where text belongs; put it in quotes: \"2026-03-02\"",
    ),
    (
        "list for text",
        "name = [\"x\"]\n[group]\nmin = 2\nmax = 20\n",
        "f.toml:1:8: name: [\"x\"] is a list where text belongs; write it like \"...\"",
    ),
    (
        "text for truth",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nfrozen = \"true\"\n",
        "f.toml:5:10: group.frozen: \"true\" is text where true or false belongs; leave out the quotes: true",
    ),
    (
        "number for truth",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nfrozen = 1\n",
        "f.toml:5:10: group.frozen: 1 is a whole number where true or false belongs; write true or false",
    ),
    (
        "text for number",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.a]\nbelow = \"0.5\"\n",
        "f.toml:6:9: expect.a.below: \"0.5\" is text where a number belongs; leave out the quotes: 0.5",
    ),
    (
        "percent for number",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.a]\nbelow = \"5%\"\n",
        "f.toml:6:9: expect.a.below: \"5%\" is text where a number belongs; write a number of at most 1000000",
    ),
    (
        "text for list",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nzones = \"a\"\n",
        "f.toml:5:9: group.zones: \"a\" is text where a list belongs; write it like [\"...\"]",
    ),
    (
        "empty list",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nzones = []\n",
        "f.toml:5:9: group.zones: [] has 0 elements; write at least 1",
    ),
    (
        "number in list",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nzones = [\"a\", 2]\n",
        "f.toml:5:15: group.zones.1: 2 is a whole number where text belongs; put it in quotes: \"2\"",
    ),
    (
        "value for table",
        "name = \"x\"\ngroup = 3\n",
        "f.toml:2:9: group: 3 is a whole number where a table belongs; write a table with the keys min, max, budget, frozen, memory, order, price, seed, zones",
    ),
    (
        "brackets twice",
        "name = \"x\"\n[[group]]\nmin = 2\n",
        "f.toml:2:1: group: is a list where a table belongs; write [group], with single brackets, and only once",
    ),
    (
        "brackets once",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[policy]\nname = \"a\"\n",
        "f.toml:5:1: policy: is a table where a list belongs; write [[policy]], with two brackets, above each element",
    ),
    (
        "inline table for list",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nzones = { a = 1 }\n",
        "f.toml:5:9: group.zones: { a = 1 } is a table where a list belongs; write it like [\"...\"]",
    ),
    (
        "list for map",
        "expect = [1]\nname = \"x\"\n[group]\nmin = 2\nmax = 20\n",
        "f.toml:1:10: expect: [1] is a list where a table belongs; write it like { a = {} }",
    ),
    (
        "below the least",
        "name = \"x\"\n[group]\nmin = -1\nmax = 20\n",
        "f.toml:3:7: group.min: -1 is below 0, the least value; write a whole number from 0 to 4294967295",
    ),
    (
        "above the greatest",
        "name = \"x\"\n[group]\nmin = 1\nmax = 2000\n",
        "f.toml:4:7: group.max: 2000 is above 1000, the greatest value; write a whole number from 1 to 1000",
    ),
    (
        "above the type",
        "name = \"x\"\n[group]\nmin = 4294967296\nmax = 20\n",
        "f.toml:3:7: group.min: 4294967296 is above 4294967295, the greatest value; write a whole number from 0 to 4294967295",
    ),
    (
        "too many digits",
        "name = \"x\"\n[group]\nmin = 999999999999999999999999999999999999999999\nmax = 20\n",
        "f.toml:3:7: group.min: 999999999999999999999999999999999999999999 has too many digits; write a whole number from 0 to 4294967295",
    ),
    (
        "number above the greatest",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.a]\nbelow = 1e7\n",
        "f.toml:6:9: expect.a.below: 1e7 is above 1000000, the greatest value; write a number of at most 1000000",
    ),
    (
        "number below the least",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ncpu_time = { lognormal = { mean = \"1s\", cv = -0.5 } }\n",
        "f.toml:6:46: service.cpu_time.lognormal.cv: -0.5 is below 0, the least value; write a number from 0 to 10",
    ),
    (
        "not a number",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.a]\nbelow = nan\n",
        "f.toml:6:9: expect.a.below: nan is not a finite number; write a number of at most 1000000",
    ),
    (
        "infinite",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[expect.a]\nabove = -inf\n",
        "f.toml:6:9: expect.a.above: -inf is not a finite number; write a number such as 0.5",
    ),
    (
        "empty text",
        "name = \"\"\n[group]\nmin = 2\nmax = 20\n",
        "f.toml:1:8: name: \"\" is empty; write at least 1 character",
    ),
    (
        "unknown variant",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnl]\nmean = \"4/s\"\n",
        "f.toml:5:11: workload.diurnl: is not a known variant; did you mean diurnal?",
    ),
    (
        "unknown variant as text",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\norder = \"newest\"\n",
        "f.toml:5:9: group.order: \"newest\" is not a known variant; the variants are: oldest_first, newest_first",
    ),
    (
        "misspelled variant as text",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\norder = \"newest_frist\"\n",
        "f.toml:5:9: group.order: \"newest_frist\" is not a known variant; did you mean newest_first?",
    ),
    (
        "two variants",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = \"1/s\"\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = \"20:00\"\n",
        "f.toml:7:11: workload: has 2 variants (constant, diurnal) where exactly one belongs; keep one of them",
    ),
    (
        "no variant",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload]\n",
        "f.toml:5:1: workload: names no variant; write one of: silent, constant, diurnal, sum, steps",
    ),
    (
        "table variant as text",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ncpu_time = \"lognormal\"\n",
        "f.toml:6:12: service.cpu_time: \"lognormal\" is a variant with values of its own, so it is no text; write { lognormal = { mean = \"90s\", cv = 0.5 } }",
    ),
    (
        "text variant as table",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.silent]\n",
        "f.toml:5:11: workload.silent: is a variant without values; write it as text: \"silent\"",
    ),
    (
        "text for a variant",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ncpu_time = \"35ms\"\n",
        "f.toml:6:12: service.cpu_time: \"35ms\" is not a known variant; name the variant: { constant = \"35ms\" }",
    ),
    (
        "number for a variant",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ncpu_time = 35\n",
        "f.toml:6:12: service.cpu_time: 35 is a whole number where a variant belongs; write one of: constant, lognormal",
    ),
    (
        "fields without variant",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ncpu_time = { mean = \"35ms\", cv = 1.0 }\n",
        "f.toml:6:14: service.cpu_time.mean: is not a known variant; write it inside its variant: lognormal\nf.toml:6:29: service.cpu_time.cv: is not a known variant; write it inside its variant: lognormal",
    ),
    (
        "variant inside a list",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[[workload.sum]]\nconstant = { rate = 4 }\n[[workload.sum]]\nsilnt = {}\n",
        "f.toml:6:21: workload.sum.0.constant.rate: 4 is a bare number where a rate belongs; write the unit: \"4/s\" or \"4/min\"\nf.toml:8:1: workload.sum.1.silnt: is not a known variant; did you mean silent?",
    ),
    (
        "tuple too short",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload]\nsteps = [[\"1s\", \"4/s\"], [\"1s\"]]\n",
        "f.toml:6:25: workload.steps.1: [\"1s\"] has 1 element; write exactly 2",
    ),
    (
        "bad value in tuple",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload]\nsteps = [[\"1s\", \"4\"]]\n",
        "f.toml:6:17: workload.steps.0.1: \"4\" is a number without a unit; write the unit: \"4/s\" or \"4/min\"",
    ),
    (
        "bare duration",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = 300\n",
        "f.toml:6:11: service.timeout: 300 is a bare number where a duration belongs; write the unit: \"300s\" or \"300ms\"",
    ),
    (
        "bare duration in quotes",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"300\"\n",
        "f.toml:6:11: service.timeout: \"300\" is a number without a unit; write the unit: \"300s\" or \"300ms\"",
    ),
    (
        "months or minutes",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"5M\"\n",
        "f.toml:6:11: service.timeout: \"5M\" uses the unit M, which could be minutes or months; write m for minutes: \"5m\"",
    ),
    (
        "months",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"1mo\"\n",
        "f.toml:6:11: service.timeout: \"1mo\" uses months or years, which have no fixed length; write days: \"30d\"",
    ),
    (
        "negative duration",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"-5s\"\n",
        "f.toml:6:11: service.timeout: \"-5s\" is a negative duration; write a duration of zero or more",
    ),
    (
        "too long a duration",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"40000d\"\n",
        "f.toml:6:11: service.timeout: \"40000d\" is longer than 100 years; write a duration of at most \"36525d\"",
    ),
    (
        "nonsense duration",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = \"soon\"\n",
        "f.toml:6:11: service.timeout: \"soon\" is not a duration; write a number and a unit (w, d, h, m, s, ms, us, ns), the largest first, such as \"90s\", \"300ms\" or \"1h 30m\"",
    ),
    (
        "table for a duration",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[service]\ntimeout = { s = 3 }\n",
        "f.toml:6:11: service.timeout: { s = 3 } is a table where a duration belongs; write it like \"90s\"",
    ),
    (
        "bare rate",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = 400\n",
        "f.toml:6:8: workload.constant.rate: 400 is a bare number where a rate belongs; write the unit: \"400/s\" or \"400/min\"",
    ),
    (
        "rate unit",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = \"12/m\"\n",
        "f.toml:6:8: workload.constant.rate: \"12/m\" has the unknown unit \"/m\"; write \"12/min\"",
    ),
    (
        "rate too high",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = \"1e12/s\"\n",
        "f.toml:6:8: workload.constant.rate: \"1e12/s\" is about 10^12 a second; the highest rate is 10^9 a second; check the number and its unit, or split the load over several runs",
    ),
    (
        "negative rate",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = \"-3/s\"\n",
        "f.toml:6:8: workload.constant.rate: \"-3/s\" is a negative rate; write a rate of zero or more",
    ),
    (
        "nonsense rate",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.constant]\nrate = \"fast\"\n",
        "f.toml:6:8: workload.constant.rate: \"fast\" is not a rate; write a number and /s, /min, /h or /d, such as \"400/s\" or \"12/min\"",
    ),
    (
        "bare price",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nprice = 0.096\n",
        "f.toml:5:9: group.price: 0.096 is a bare number where an hourly price belongs; write the unit: \"0.096 USD/h\"",
    ),
    (
        "price without hour",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nprice = \"0.096 USD\"\n",
        "f.toml:5:9: group.price: \"0.096 USD\" does not say \"per hour\"; write \"0.096 USD/h\"",
    ),
    (
        "other currency",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nprice = \"0.096 EUR/h\"\n",
        "f.toml:5:9: group.price: \"0.096 EUR/h\" is in EUR; only USD is accepted for now; convert it to US dollars and write USD",
    ),
    (
        "lower-case currency",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nbudget = \"12 usd\"\n",
        "f.toml:5:10: group.budget: \"12 usd\" has \"usd\" where a currency of three capital letters belongs; write it like \"12.50 USD\"",
    ),
    (
        "too fine money",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nbudget = \"0.0000000001 USD\"\n",
        "f.toml:5:10: group.budget: \"0.0000000001 USD\" has more than 9 decimals; round it to whole billionths, such as \"0.000000001 USD\"",
    ),
    (
        "price for money",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nbudget = \"12 USD/h\"\n",
        "f.toml:5:10: group.budget: \"12 USD/h\" is a price, where an amount of money belongs; leave out what follows the currency: \"12.50 USD\"",
    ),
    (
        "bare size",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nmemory = 512\n",
        "f.toml:5:10: group.memory: 512 is a bare number where a size belongs; write the unit: \"512MiB\" or \"512GiB\"",
    ),
    (
        "size unit case",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nmemory = \"512mib\"\n",
        "f.toml:5:10: group.memory: \"512mib\" has the unknown unit \"mib\"; write \"512MiB\"",
    ),
    (
        "part of a byte",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\nmemory = \"0.5B\"\n",
        "f.toml:5:10: group.memory: \"0.5B\" is not a whole number of bytes; write a smaller unit or fewer decimals",
    ),
    (
        "date without quotes",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = \"20:00\"\nstart = 2026-03-02T00:00:00Z\n",
        "f.toml:8:9: workload.diurnal.start: 2026-03-02T00:00:00Z is a date or time without quotes where a date and time belongs; put it in quotes: \"2026-03-02T00:00:00Z\"",
    ),
    (
        "date without offset",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = \"20:00\"\nstart = \"2026-03-02T00:00:00\"\n",
        "f.toml:8:9: workload.diurnal.start: \"2026-03-02T00:00:00\" has no offset from UTC; write Z for UTC: \"2026-03-02T00:00:00Z\", or an offset: \"2026-03-02T00:00:00+01:00\"",
    ),
    (
        "nonsense date",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = \"20:00\"\nstart = \"tomorrow\"\n",
        "f.toml:8:9: workload.diurnal.start: \"tomorrow\" is not a date and time; write it like \"2026-03-02T00:00:00Z\"",
    ),
    (
        "hour 25",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = \"25:00\"\n",
        "f.toml:7:11: workload.diurnal.peak_at: \"25:00\" is not a time of day; write hours and minutes from \"00:00\" to \"23:59\", such as \"20:00\"",
    ),
    (
        "time without quotes",
        "name = \"x\"\n[group]\nmin = 2\nmax = 20\n[workload.diurnal]\nmean = \"4/s\"\npeak_at = 20:00:00\n",
        "f.toml:7:11: workload.diurnal.peak_at: 20:00:00 is a date or time without quotes where a time of day belongs; put it in quotes: \"20:00:00\"",
    ),
    (
        "many at once",
        "nme = \"x\"\n[group]\nmin = \"2\"\nmax = 2000\nzones = 1\n[service]\ntimeout = 5\n[[policy]]\nname = \"p\"\ntarget_tracking = { targt = 1 }\n",
        "f.toml:1:1: nme: is not a known key; did you mean name?\nf.toml:3:7: group.min: \"2\" is text where a whole number belongs; leave out the quotes: 2\nf.toml:4:7: group.max: 2000 is above 1000, the greatest value; write a whole number from 1 to 1000\nf.toml:5:9: group.zones: 1 is a whole number where a list belongs; write it like [\"...\"]\nf.toml:7:11: service.timeout: 5 is a bare number where a duration belongs; write the unit: \"5s\" or \"5ms\"\nf.toml:10:21: policy.p.target_tracking.targt: is not a known key; did you mean target?",
    ),
];

#[test]
fn every_bad_text_gets_its_exact_message() {
    for (what, text, expected) in CASES {
        let message = match read::<Model>("f.toml", text, &[]) {
            Ok(_) => "(accepted)".to_owned(),
            Err(diagnostics) => diagnostics.to_string(),
        };
        assert_eq!(message, *expected, "{what}");
    }
}

#[test]
fn every_message_says_place_and_fix_and_survives_drawing() {
    for (what, text, _) in CASES {
        let diagnostics = read::<Model>("f.toml", text, &[]).expect_err(what);
        for diagnostic in diagnostics.iter() {
            assert!(diagnostic.hint().is_some_and(|hint| !hint.is_empty()), "{what}: no fix");
            assert!(!diagnostic.rule().is_empty(), "{what}: no rule");
        }
        assert!(diagnostics.render(false).contains("f.toml"), "{what}: no place");
        assert!(diagnostics.render(true).contains("\u{1b}["), "{what}: no colour");
    }
}
