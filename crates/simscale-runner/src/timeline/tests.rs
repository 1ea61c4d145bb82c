//! The picture of a day by hand, whole and in odd cases.

use super::*;
use simscale::engine::{PeriodRow, SimTime};

/// A quiet minute.
pub(crate) fn row(minute: u64) -> PeriodRow {
    let at = |minute: u64| SimTime::from_nanos(minute * 60_000_000_000);
    PeriodRow {
        start: at(minute),
        end: at(minute + 1),
        arrived: 24_000,
        served: 24_000,
        refused: 0,
        failed: 0,
        response_ns: [42_000_000, 120_000_000, 210_000_000],
        cpu_utilization: 0.48,
        memory_utilization: 0.0,
        in_flight_mean: 20.0,
        queue_mean: 0.0,
        backend_busy_ratio: 0.0,
        backend_queue_mean: 0.0,
        messages_visible: 0,
        messages_in_flight: 0,
        oldest_message_ns: 0,
        desired: 8,
        booting: 0,
        in_service: 8,
        healthy: 8,
        unhealthy: 0,
        initial: 0,
        responses: Default::default(),
        draining: 0,
        credit_balance_mean: 0.0,
        throttled: 0,
        agents_registered: 0,
        hosts: 0,
        waiting: 0,
        cost_nano_usd: u128::from(minute) * 1_000_000,
    }
}

/// A day with a peak in the evening that breaks the promise for an hour.
pub(crate) fn day() -> Series {
    let mut series = Series::default();
    for minute in 0..1470 {
        let mut row = row(minute);
        let hour = (minute as f64 - 30.0) / 60.0;
        let noise = ((minute * 7919) % 101) as f64 / 101.0 - 0.5;
        let rate = 400.0 + 280.0 * ((hour - 20.0) / 24.0 * std::f64::consts::TAU).cos() + 40.0 * noise;
        row.arrived = (rate * 60.0) as u64;
        row.desired = (rate / 50.0).ceil() as u32;
        row.in_service = ((rate - 10.0) / 50.0).ceil() as u32;
        row.healthy = row.in_service;
        row.cpu_utilization = rate * 0.035 / (2.0 * f64::from(row.in_service));
        let peak = (19.5..20.5).contains(&hour);
        if peak {
            row.response_ns = [300_000_000, 1_000_000_000, 2_500_000_000 + minute % 10 * 100_000_000];
            row.refused = row.arrived / 8;
            row.healthy -= 3;
        }
        row.response_ns[2] += ((noise + 0.5) * 5e7) as u64;
        row.served = row.arrived - row.refused;
        series.push(&row);
    }
    series
}

pub(crate) fn promise() -> Promise {
    Promise { name: "fast".into(), quantile: 0.99, limit_s: 0.3 }
}

pub(crate) fn labels() -> Labels {
    Labels {
        title: "web-shop".into(),
        subtitle: "promise broken: fast was broken in 4.2 % of 1,440 windows (1 % allowed), at 34.12 USD a run, 1,037 USD a month".into(),
        day_s: 0.0,
        time_zone: "Europe/Berlin".into(),
        lead_in_s: 1800.0,
        promises: vec![promise()],
        broken: vec![(72_000.0, 75_600.0)],
        units: None,
        cpu_targets: vec![("cpu-50".into(), 0.5)],
    }
}

#[test]
fn the_picture_has_its_parts_and_is_always_the_same() {
    let svg = super::svg(&day(), &labels());
    for part in [
        "web-shop",
        "Load, requests/s",
        "Response time",
        "Capacity, instances",
        "CPU utilisation, %",
        "limit fast",
        "refused or failed",
        "promise broken",
        "time of the simulated day, Europe/Berlin",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(svg.contains("width=\"1200\" height=\"900\""));
    assert_eq!(svg, super::svg(&day(), &labels()));
    if let Some(path) = std::env::var_os("SIMSCALE_TEST_PICTURE") {
        std::fs::write(&path, &svg).unwrap();
        #[cfg(feature = "png")]
        std::fs::write(std::path::Path::new(&path).with_extension("png"), png(&svg)).unwrap();
    }
}

/// Proves that desired units are never taken for instances.
#[test]
fn capacity_units_are_named() {
    let of = |units| super::svg(&day(), &Labels { units, ..labels() });
    let mixed = of(Some((1, 2)));
    assert!(mixed.contains("desired, in units (1 to 2 an instance)"));
    assert!(mixed.contains("Capacity, instances; desired in capacity units"));
    assert!(of(Some((2, 2))).contains("desired, in units (2 an instance)"));
    assert!(!of(None).contains("units"));
}

#[test]
fn broken_stretches_are_joined_and_never_too_narrow_to_be_seen() {
    let broken = vec![(500.0, 620.0), (100.0, 160.0), (560.0, 700.0), (700.0, 720.0), (71_990.0, 72_060.0)];
    let labels = Labels { lead_in_s: 0.0, broken, ..labels() };
    let bands: Vec<(f64, f64)> =
        bands((0.0, 72_000.0), &labels).iter().map(|band| (band.from, band.to)).collect();
    assert_eq!(bands, [(80.0, 180.0), (500.0, 720.0), (71_975.0, 72_000.0)]);
}

#[test]
fn names_with_signs_of_xml_are_harmless() {
    let labels = Labels { title: "a<b>&\"c\"</svg>".into(), ..labels() };
    let svg = super::svg(&day(), &labels);
    assert!(!svg.contains("<b>"), "{}", &svg[..400]);
}

#[test]
fn an_empty_run_and_a_single_period_can_be_drawn() {
    super::svg(&Series::default(), &labels());
    let mut one = Series::default();
    let mut silent = row(0);
    (silent.served, silent.arrived, silent.response_ns) = (0, 0, [0; 3]);
    one.push(&silent);
    super::svg(&one, &labels());
}

#[cfg(feature = "png")]
#[test]
fn the_picture_becomes_pixels() {
    let pixels = png(&super::svg(&day(), &labels()));
    assert!(pixels.starts_with(b"\x89PNG"));
}
