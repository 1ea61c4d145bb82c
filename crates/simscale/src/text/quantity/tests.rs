//! Every quantity: what is read, what is refused and how, what survives writing.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;

use super::*;

fn refused<T: FromStr<Err = Refusal> + Debug>(text: &str) -> String {
    text.parse::<T>().expect_err(text).to_string()
}

fn shown<T: FromStr<Err = Refusal> + Display>(text: &str) -> String {
    text.parse::<T>().unwrap_or_else(|refusal| panic!("{text}: {refusal}")).to_string()
}

#[test]
fn durations() {
    for (text, nanos, written) in [
        ("90s", 90_000_000_000, "1m 30s"),
        ("1.5h", 5_400_000_000_000, "1h 30m"),
        ("1h 30m", 5_400_000_000_000, "1h 30m"),
        ("2d", 172_800_000_000_000, "48h"),
        ("1w", 604_800_000_000_000, "168h"),
        ("PT5M", 300_000_000_000, "5m"),
        ("P1DT1S", 86_401_000_000_000, "24h 1s"),
        ("35ms", 35_000_000, "35ms"),
        ("1.5ms", 1_500_000, "1ms 500µs"),
        ("2us", 2_000, "2µs"),
        ("2µs", 2_000, "2µs"),
        ("500ns", 500, "500ns"),
        ("0s", 0, "0s"),
        ("36525d", 3_155_760_000_000_000_000, "876600h"),
    ] {
        let duration: Duration = text.parse().unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!((duration.nanos(), duration.to_string().as_str()), (nanos, written), "{text}");
    }
    for text in [
        "",
        " ",
        "s",
        "5 parsecs",
        "0.5ns",
        "30m 1h",
        "1s2",
        "PT",
        "99999999999999999999h",
        &"1s ".repeat(100),
    ] {
        assert!(
            refused::<Duration>(text).starts_with("is not a duration; write a number and a unit"),
            "{text}"
        );
    }
    for text in ["1y", "1mo", "2mo 1h", "P1Y", "P1M"] {
        assert!(refused::<Duration>(text).contains("no fixed length; write days"), "{text}");
    }
    for text in ["-5s", "5s ago", "-PT5M", "-1", "--5s"] {
        assert_eq!(
            refused::<Duration>(text),
            "is a negative duration; write a duration of zero or more",
            "{text}"
        );
    }
    assert!(refused::<Duration>("36525d 1ns").starts_with("is longer than 100 years"));
    assert!(refused::<Duration>("5M").contains("write m for minutes"));
    for text in ["1.5d", "0.5w", "1.5 days"] {
        assert_eq!(
            refused::<Duration>(text),
            "has a part of a day or week; write it in hours, such as \"36h\"",
            "{text}"
        );
    }
    assert_eq!(
        refused::<Duration>("1.5"),
        "is a number without a unit; write the unit: \"1.5s\" or \"1.5ms\""
    );
    assert_eq!(Duration::from_nanos(u64::MAX), None);
    assert_eq!(Duration::from_secs(2), Duration::from_millis(2_000));
    assert_eq!(Duration::from_millis(1_500).seconds(), 1.5);
    assert!(Duration::default().is_zero());
}

#[test]
fn rates() {
    for (text, per_second, written) in [
        ("400/s", 400.0, "400/s"),
        ("12/min", 0.2, "12/min"),
        ("3000/h", 3000.0 / 3600.0, "3000/h"),
        ("0.8/s", 0.8, "0.8/s"),
        ("1.2e6/d", 1.2e6 / 86400.0, "1200000/d"),
        ("400 / s", 400.0, "400/s"),
        ("0/s", 0.0, "0/s"),
        ("-0/s", 0.0, "0/s"),
        ("1e9/s", 1e9, "1000000000/s"),
    ] {
        let rate: Rate = text.parse().unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!((rate.per_second(), rate.to_string().as_str()), (per_second, written), "{text}");
    }
    for text in
        ["", "/s", "x/s", "nan/s", "inf/s", "infinity/s", "1..2/s", "1/parsec", "1/", "1_000/s", "4/s/s"]
    {
        assert!(refused::<Rate>(text).starts_with("is not a rate; write a number and /s"), "{text}");
    }
    assert!(refused::<Rate>("1e400/s").starts_with("is more than 10^300 a second"));
    assert!(
        refused::<Rate>("1e12/s").starts_with("is about 10^12 a second; the highest rate is 10^9 a second")
    );
    assert!(refused::<Rate>("-1/s").starts_with("is a negative rate"));
    assert_eq!(refused::<Rate>("5/sec"), "has the unknown unit \"/sec\"; write \"5/s\"");
    assert_eq!("60/min".parse::<Rate>(), "1/s".parse::<Rate>());
    assert_eq!(Rate::from_per_second(f64::NAN), None);
    assert_eq!(Rate::from_per_second(-1.0), None);
    assert!(Rate::from_per_second(-0.0).is_some_and(Rate::is_zero));
}

#[test]
fn money() {
    for (text, nanos, written) in [
        ("12.50 USD", 12_500_000_000, "12.50 USD"),
        ("12 USD", 12_000_000_000, "12.00 USD"),
        ("0.000000001 USD", 1, "0.000000001 USD"),
        ("0.100000000000 USD", 100_000_000, "0.10 USD"),
        ("007USD", 7_000_000_000, "7.00 USD"),
        ("18446744073.709551615 USD", u64::MAX, "18446744073.709551615 USD"),
    ] {
        let money: Money = text.parse().unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!((money.nano_usd(), money.to_string().as_str()), (nanos, written), "{text}");
        assert_eq!(money.currency().code(), "USD");
    }
    for text in ["", "USD", "1. USD", ".5 USD", "1e3 USD", "1,5 USD", "$5", "1 2 USD"] {
        assert!(refused::<Money>(text).contains("write it like \"12.50 USD\""), "{text}");
    }
    assert_eq!(refused::<Money>("5"), "is a number without a currency; write the currency: \"5 USD\"");
    assert!(refused::<Money>("-5 USD").starts_with("is a negative amount of money"));
    assert!(refused::<Money>("18446744073.709551616 USD").starts_with("is above 18 thousand million"));
    assert!(
        refused::<Money>("999999999999999999999999999999999999999999 USD")
            .starts_with("is above 18 thousand million")
    );
    assert!(refused::<Money>("0.0000000000000000000000000001 USD").starts_with("has more than 9 decimals"));
}

#[test]
fn prices() {
    assert_eq!("0.096 USD/h".parse::<HourlyPrice>().unwrap(), HourlyPrice::from_nano_usd(96_000_000));
    assert_eq!(shown::<HourlyPrice>("0.0960 USD / h"), "0.096 USD/h");
    assert_eq!(shown::<HourlyPrice>("3 USD/h"), "3 USD/h");
    assert_eq!(
        refused::<HourlyPrice>("0.096"),
        "is a number without a unit; write the unit: \"0.096 USD/h\""
    );
    assert_eq!(refused::<HourlyPrice>("0.096 USD"), "does not say \"per hour\"; write \"0.096 USD/h\"");
    assert!(refused::<HourlyPrice>("5 USD/month").starts_with("is not a price an hour"));
    assert!(refused::<HourlyPrice>("5 JPY/h").starts_with("is in JPY; only USD is accepted for now"));
    assert!(refused::<HourlyPrice>("/h").starts_with("is not an hourly price"));
}

#[test]
fn sizes() {
    for (text, bytes, written) in [
        ("512MiB", 512 << 20, "512MiB"),
        ("1.5GiB", 1536 << 20, "1536MiB"),
        ("200KB", 200_000, "200KB"),
        ("1B", 1, "1B"),
        ("0B", 0, "0B"),
        ("1000B", 1_000, "1KB"),
        ("1024 B", 1_024, "1KiB"),
        ("2TB", 2_000_000_000_000, "2TB"),
        ("16777215TiB", 16_777_215 << 40, "16777215TiB"),
    ] {
        let size: Size = text.parse().unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, written), "{text}");
    }
    for text in ["", "B", "1.5.5KB", "1e3B", "12 parsecs", "1KBs"] {
        assert!(refused::<Size>(text).starts_with("is not a size; write a number and B"), "{text}");
    }
    assert_eq!(refused::<Size>("5"), "is a number without a unit; write the unit: \"5MiB\" or \"5GiB\"");
    assert_eq!(refused::<Size>("5kb"), "has the unknown unit \"kb\"; write \"5KB\"");
    assert!(refused::<Size>("0.5B").starts_with("is not a whole number of bytes"));
    assert!(refused::<Size>("-1B").starts_with("is a negative size"));
    assert!(refused::<Size>("16777216TiB").starts_with("is above 16 million TiB"));
}

#[test]
fn moments() {
    let instant: Instant = "2026-03-02T01:00:00+01:00".parse().unwrap();
    assert_eq!(instant.to_string(), "2026-03-02T00:00:00Z");
    assert_eq!(Instant::from_unix_seconds(1_772_409_600), Some(instant));
    assert_eq!(instant.nanos_since_utc_midnight(), 0);
    assert_eq!(Instant::from_unix_seconds(-1).unwrap().nanos_since_utc_midnight(), 86_399_000_000_000);
    assert_eq!(Instant::from_unix_seconds(i64::MAX), None);
    assert!(refused::<Instant>("2026-03-02").starts_with("has no offset from UTC; write Z for UTC"));
    for text in ["", "20:00", "2026-13-02T00:00:00Z", "now", "5"] {
        assert_eq!(
            refused::<Instant>(text),
            "is not a date and time; write it like \"2026-03-02T00:00:00Z\"",
            "{text}"
        );
    }
}

#[test]
fn times_of_day() {
    for (text, seconds, written) in [
        ("20:00", 72_000, "20:00"),
        ("08:30:15", 30_615, "08:30:15"),
        ("00:00", 0, "00:00"),
        ("23:59:59", 86_399, "23:59:59"),
    ] {
        let time: TimeOfDay = text.parse().unwrap();
        assert_eq!((time.nanos(), time.to_string().as_str()), (seconds * 1_000_000_000, written));
    }
    for text in ["", "20", "24:00", "12:60", "12:00:00.5", "noon", "8pm", "12:00Z"] {
        assert!(
            refused::<TimeOfDay>(text).starts_with("is not a time of day; write hours and minutes"),
            "{text}"
        );
    }
}

#[test]
fn cron_expressions_say_which_field_is_wrong() {
    for (text, rule) in [
        ("", "is empty"),
        ("@daily", "is a nickname; AWS takes the five fields only"),
        ("0 8 * *", "has 4 fields where a cron expression has 5"),
        (
            "0 8 * * ? *",
            "has 6 fields where a cron expression of EC2 Auto Scaling has 5 (no year, no seconds)",
        ),
        ("60 8 * * *", "has \"60\" as minute: its values are 0 to 59"),
        ("0 24 * * *", "has \"24\" as hour: its values are 0 to 23"),
        ("0 0 0 * *", "has \"0\" as day of the month: its values are 1 to 31"),
        ("0 0 * JAX *", "has \"JAX\" as month: its values are 1 to 12"),
        ("0 0 * * 8", "has \"8\" as day of the week: its values are 0 to 7"),
        ("0 0 * * ?", "has \"?\" as day of the week: its values are 0 to 7"),
        ("5/10 * * * *", "has \"5/10\" as minute: a step belongs to * or to a range"),
        ("*/0 * * * *", "has \"*/0\" as minute: its step is no number above 0 within the field"),
        ("30-10 * * * *", "has \"30-10\" as minute: its range runs backwards"),
        ("0 0 31 2,4 *", "names days that no month of it has"),
    ] {
        assert_eq!(text.parse::<Cron>().unwrap_err().rule(), rule, "{text}");
    }
    for text in ["* * * * *", "0 0 29 2 *", "0 0 31 4 MON", "1,2-4,10-50/5 0-23 */2 jan-MAR sun,3"] {
        assert_eq!(text.parse::<Cron>().unwrap().to_string(), text);
    }
}

#[test]
fn examples_and_hints_of_every_kind_are_accepted() {
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.name()), Some(kind));
        for example in kind.examples() {
            assert_eq!(kind.check(example), Ok(()), "{example}");
        }
        for number in ["300", "1_000", "0.5"] {
            let fix = kind.with_unit(number);
            for text in fix.split('"').skip(1).step_by(2) {
                assert!(kind.check(text).is_ok(), "{fix}");
            }
        }
    }
    assert_eq!(Kind::named("parsec"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_quantity_survives_writing(
        nanos in 0..=Duration::MAX.nanos(),
        any in any::<u64>(),
        seconds in -3_000_000_000_i64..9_000_000_000,
        rate in 0.0..=1e9_f64,
        day in 0..86_400_u32,
    ) {
        let duration = Duration::from_nanos(nanos).unwrap();
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        prop_assert_eq!(Size::from_bytes(any).to_string().parse(), Ok(Size::from_bytes(any)));
        prop_assert_eq!(Money::from_nano_usd(any).to_string().parse(), Ok(Money::from_nano_usd(any)));
        let price = HourlyPrice::from_nano_usd(any);
        prop_assert_eq!(price.to_string().parse(), Ok(price));
        let instant = Instant::from_unix_seconds(seconds).unwrap();
        prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        for unit in ["s", "min", "h", "d"] {
            let rate: Rate = format!("{rate}/{unit}").parse().unwrap();
            prop_assert_eq!(rate.to_string().parse::<Rate>().map(Rate::per_second), Ok(rate.per_second()));
        }
        let text = format!("{:02}:{:02}:{:02}", day / 3600, day / 60 % 60, day % 60);
        let time: TimeOfDay = text.parse().unwrap();
        prop_assert_eq!(time.nanos(), u64::from(day) * 1_000_000_000);
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,20}|[-+0-9.eEPTMhdsmwkKMGiB/ USDZ:]{0,20}") {
        for kind in Kind::ALL {
            if let Err(refusal) = kind.check(&text) {
                prop_assert!(!refusal.rule().is_empty() && !refusal.hint().is_empty());
            }
        }
    }
}
