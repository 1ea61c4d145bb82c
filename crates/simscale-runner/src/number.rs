//! Numbers for people: thousands separated, units chosen by size, and no rounding to a lie (99.996 % is never 100 %).

/// A count with its thousands separated: `34,560,123`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// About three significant digits, with thousands separated from 1,000 on: `0.0042`, `5.25`, `48.3`, `1,037`.
pub fn plain(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if size >= 999.5 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(size.round() as u64));
    }
    trimmed(format!("{value:.*}", decimals(size)))
}

/// Decimals that show three significant digits of a number under 1,000.
fn decimals(size: f64) -> usize {
    match size {
        _ if size == 0.0 || size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => ((-size.log10()).floor() as usize + 3).min(9),
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A length of time by its size: `640 us`, `290 ms`, `1.2 s`, `3.5 min`.
pub fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_string(),
        size if size < 0.9995e-3 => format!("{} us", plain(value * 1e6)),
        size if size < 0.9995 => format!("{} ms", plain(value * 1e3)),
        size if size < 300.0 => format!("{} s", plain(value)),
        size if size < 7200.0 => format!("{} min", plain(value / 60.0)),
        _ => format!("{} h", plain(value / 3600.0)),
    }
}

/// A length of simulated time in whole units: `24 h`, `1 h 30 min`, `3 d 4 h`, `90 s`.
pub fn span(value: f64) -> String {
    let whole = value.round() as u64;
    if whole == 0 || (value - whole as f64).abs() > 1e-6 {
        return seconds(value);
    }
    if whole <= 120 && !whole.is_multiple_of(60) {
        return format!("{whole} s");
    }
    let days_from = 48 * 3600;
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = whole;
    let mut parts = Vec::new();
    for (unit, name) in units {
        if unit == 86_400 && whole < days_from {
            continue;
        }
        if rest >= unit {
            parts.push(format!("{} {name}", count(rest / unit)));
            rest %= unit;
        }
    }
    parts.join(" ")
}

/// A share as a percentage: `0.3 %`, `99.98 %`, never `0 %` or `100 %` unless it is.
pub fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    let text = match value {
        _ if !value.is_finite() => return format!("{value} %"),
        _ if value == 0.0 || value == 100.0 || value.abs() > 100.0 => plain(value),
        _ if value.abs() < 0.0001 => return "under 0.0001 %".to_string(),
        _ if value > 99.9999 => return "over 99.9999 %".to_string(),
        // Two digits of what is missing to 100.
        _ if value > 99.0 => {
            trimmed(format!("{:.*}", (1.0 - (100.0 - value).log10()).ceil() as usize, value))
        }
        _ if value >= 10.0 => trimmed(format!("{value:.1}")),
        _ => trimmed(format!("{value:.*}", decimals(value.abs()) - 1)),
    };
    format!("{text} %")
}

/// Money: cents where they are three or four digits in all: `34.12 USD`, `248 USD`, `1,037 USD`, `0.0042 USD`.
pub fn money(value: f64, currency: &str) -> String {
    let text = match value.abs() {
        size if !(0.995..99.995).contains(&size) => plain(value),
        _ => format!("{value:.2}"),
    };
    format!("{text} {currency}")
}

/// A rate by its size: `400/s`, `0.794/s`.
pub fn rate(per_second: f64) -> String {
    format!("{}/s", plain(per_second))
}

/// `1 window`, `1,440 windows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let plains =
            [(0.0, "0"), (5.25, "5.25"), (5.0, "5"), (0.00421, "0.00421"), (48.26, "48.3"), (999.7, "1,000")];
        for (value, want) in
            plains.into_iter().chain([(1_234_567.8, "1,234,568"), (100.0, "100"), (0.1 + 0.2, "0.3")])
        {
            assert_eq!(plain(value), want, "{value}");
        }
        assert_eq!(
            (count(0), count(999), count(34_560_123)),
            ("0".into(), "999".into(), "34,560,123".into())
        );
        let times = [
            (0.29, "290 ms"),
            (0.00064, "640 us"),
            (1.2, "1.2 s"),
            (0.0, "0 s"),
            (600.0, "10 min"),
            (0.99999, "1 s"),
        ];
        for (value, want) in times {
            assert_eq!(seconds(value), want);
        }
        let spans = [
            (86_400.0, "24 h"),
            (5400.0, "1 h 30 min"),
            (90.0, "90 s"),
            (273_600.0, "3 d 4 h"),
            (60.0, "1 min"),
            (0.5, "500 ms"),
        ];
        for (value, want) in spans {
            assert_eq!(span(value), want);
        }
    }

    #[test]
    fn shares_never_round_to_nothing_or_all() {
        let cases = [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.003, "0.3 %"),
            (0.0256, "2.6 %"),
            (0.48, "48 %"),
            (0.99996, "99.996 %"),
            (0.9998, "99.98 %"),
            (0.995, "99.5 %"),
            (0.999_999_99, "over 99.9999 %"),
            (0.000_000_01, "under 0.0001 %"),
            (2.5, "250 %"),
        ];
        for (ratio, want) in cases {
            assert_eq!(percent(ratio), want, "{ratio}");
        }
    }

    #[test]
    fn money_has_cents_where_they_matter() {
        let cases = [
            (247.75, "248 USD"),
            (34.116, "34.12 USD"),
            (34.0, "34.00 USD"),
            (1037.4, "1,037 USD"),
            (0.0042, "0.0042 USD"),
            (0.0, "0 USD"),
        ];
        for (value, want) in cases {
            assert_eq!(money(value, "USD"), want);
        }
    }
}
