//! The picture of a run as the script draws it: the same panels, points and shaded stretches.

use super::chart::{Axis, Band, Chart, Level, Line, Panel};
use crate::number::{plain, seconds};
use crate::timeline::{Labels, Point, Range, Series};

/// All panels of a run.
pub fn about(series: &Series, labels: &Labels) -> Chart {
    let points = series.points();
    let mut chart = Chart::new(time(points, labels));
    chart.panels = panels("", points, labels);
    let mut cpu = Panel::new("CPU utilisation", "percent");
    (cpu.bound, cpu.bands) = (100.0, bands(labels));
    cpu.lines.push(line("mean of the group", "c-purple", points, |p| Some(p.cpu.times(100.0))));
    let target = |(name, target): &(String, f64)| Level {
        at: target * 100.0,
        class: "c-ink",
        name: format!("target of {name}"),
    };
    cpu.levels = labels.cpu_targets.iter().map(target).collect();
    chart.panels.push(cpu);
    chart.panels.insert(0, load(points, labels));
    chart
}

/// The axis of time.
pub(crate) fn time(points: &[Point], labels: &Labels) -> Axis {
    let (from, to) = points.first().zip(points.last()).map_or((0.0, 1.0), |(a, b)| (a.start, b.end));
    Axis::time(from, to, labels.day_s)
}

/// The panel of the load.
pub(crate) fn load(points: &[Point], labels: &Labels) -> Panel {
    let mut load = Panel::new("Load, requests/s", "plain");
    load.bands = bands(labels);
    load.lines.push(line("arrived", "c-blue", points, |p| Some(p.load)));
    if points.iter().any(|point| point.bad.max > 0.0) {
        load.lines.push(steps("refused or failed", "c-red", "area", points, |p| p.bad));
    }
    load
}

/// Response times and capacity; `of` stands in front of their headings.
pub fn panels(of: &str, points: &[Point], labels: &Labels) -> Vec<Panel> {
    let mut response = Panel::new(&format!("{of}Response time of the served"), "seconds");
    (response.may_log, response.bands) = (true, bands(labels));
    response.lines.push(line("p99", "c-orange", points, |p| p.p99));
    response.lines.push(line("p50", "c-blue", points, |p| p.p50));
    for promise in &labels.promises {
        let name = format!(
            "limit {}: p{} below {}",
            promise.name,
            plain(promise.quantile * 100.0),
            seconds(promise.limit_s)
        );
        response.levels.push(Level { at: promise.limit_s, class: "c-red", name });
    }
    let (desired, unit) = labels.desired();
    let mut capacity = Panel::new(&format!("{of}Capacity, {unit}"), "count");
    capacity.bands = bands(labels);
    capacity.lines.push(steps("healthy", "c-green", "area", points, |p| p.healthy));
    capacity.lines.push(steps("in service", "c-blue", "steps", points, |p| p.in_service));
    capacity.lines.push(steps(&desired, "c-ink", "dashed", points, |p| p.desired));
    if points.iter().any(|point| point.hosts.max > 0.0) {
        capacity.lines.push(steps("hosts", "c-orange", "steps", points, |p| p.hosts));
    }
    vec![response, capacity]
}

fn bands(labels: &Labels) -> Vec<Band> {
    let lead_in = Band { from: 0.0, to: labels.lead_in_s, class: "c-grey", name: "lead-in, not counted" };
    let broken = crate::timeline::joined(labels.broken.clone());
    let broken =
        broken.into_iter().map(|(from, to)| Band { from, to, class: "c-red", name: "promise broken" });
    Some(lead_in).filter(|band| band.to > 0.0).into_iter().chain(broken).collect()
}

/// Four significant digits: more are not seen, and a report is to be sent about.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn place(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

fn point(at: f64, value: f64, range: Range) -> Vec<Option<f64>> {
    let mut point = vec![Some(place(at)), Some(short(value))];
    if range.min < range.max {
        point.extend([Some(short(range.min)), Some(short(range.max))]);
    }
    point
}

/// Through the means, at the middle of each point.
fn line(name: &str, class: &'static str, points: &[Point], value: impl Fn(&Point) -> Option<Range>) -> Line {
    let each = |p: &Point| {
        let at = (p.start + p.end) / 2.0;
        value(p).map_or_else(|| vec![Some(place(at)), None], |range| point(at, range.mean(), range))
    };
    Line { name: name.to_owned(), class, shape: "line", points: points.iter().map(each).collect() }
}

/// Level from the start of each point to that of the next; equal neighbours are one.
fn steps(
    name: &str,
    class: &'static str,
    shape: &'static str,
    points: &[Point],
    value: impl Fn(&Point) -> Range,
) -> Line {
    let mut all: Vec<Vec<Option<f64>>> =
        points.iter().map(|p| point(p.start, value(p).last, value(p))).collect();
    all.dedup_by(|next, before| next[1..] == before[1..]);
    Line { name: name.to_owned(), class, shape, points: all }
}
