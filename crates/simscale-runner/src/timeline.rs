//! The picture of a run: load, response time, capacity and CPU above one time axis, broken promises shaded.

mod axis;
mod panel;
#[cfg(feature = "png")]
mod png;
mod series;
mod stack;

#[cfg(feature = "png")]
pub use png::png;
pub use series::{Point, Range, Series};
pub use stack::stacked;

pub(crate) use axis::Axis;
pub use panel::{INK, SOFT, style};

use panel::{Band, Line, Panel, Shape};
use plotters::prelude::*;

/// Width of the picture in the units of its own drawing; twice that of its size on a page, for fine lines.
const WIDTH: u32 = 2400;

/// Height in the same units.
const HEIGHT: u32 = 1800;

/// A latency promise as the picture shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// Its name.
    pub name: String,
    /// Share of requests that must keep the limit, 0 to 1.
    pub quantile: f64,
    /// The limit, seconds.
    pub limit_s: f64,
}

/// What the picture is labelled with.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// First line: the scenario.
    pub title: String,
    /// Second line: the verdict.
    pub subtitle: String,
    /// Start of the run on the clock of the simulated day, seconds after midnight.
    pub day_s: f64,
    /// Name of the time zone of that clock.
    pub time_zone: String,
    /// End of the lead-in, seconds; what lies before is shaded.
    pub lead_in_s: f64,
    /// Latency promises.
    pub promises: Vec<Promise>,
    /// Stretches of time in which a promise was broken, seconds since the start of the run; they may overlap.
    pub broken: Vec<(f64, f64)>,
    /// Capacity units of an instance, from the lightest type to the heaviest, when the desired capacity is in units.
    pub units: Option<(u32, u32)>,
    /// CPU targets of policies, 0 to 1, with their names.
    pub cpu_targets: Vec<(String, f64)>,
}

/// Draws the picture as SVG text.
pub fn svg(series: &Series, labels: &Labels) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        draw(&root, series.points(), labels).expect("text takes any drawing");
    }
    // Drawn at twice the size, because plotters knows whole units only.
    let size = format!("width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    text.replacen(&size, &format!("width=\"{}\" height=\"{}\"", WIDTH / 2, HEIGHT / 2), 1)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw(root: &Area<'_>, points: &[Point], labels: &Labels) -> Drawn {
    root.fill(&WHITE)?;
    root.draw(&Text::new(labels.title.clone(), (60, 36), style(46, panel::INK, true)))?;
    for (row, line) in crate::report::wrapped(&labels.subtitle, 145).into_iter().take(2).enumerate() {
        root.draw(&Text::new(line, (60, 100 + 42 * row as i32), style(30, panel::SOFT, false)))?;
    }
    let (_, rest) = root.split_vertically(180);
    let (plots, foot) = rest.split_vertically(HEIGHT as i32 - 180 - 60);
    let (from, to) = match points {
        [] => (0.0, 1.0),
        [first, .., last] => (first.start, last.end),
        [only] => (only.start, only.end),
    };
    let time = axis::Axis::time(from, to, labels.day_s);
    let bands = bands((from, to), labels);
    let panels =
        [load(points), response(points, labels), capacity("Capacity", points, labels), cpu(points, labels)];
    let heights = [390, 390, 390, 390];
    let mut area = plots;
    for (i, (panel, height)) in panels.iter().zip(heights).enumerate() {
        let (top, below) = area.split_vertically(height);
        panel.draw(&top, &time, &bands, (i == 3).then_some(labels.day_s))?;
        area = below;
    }
    let merged = points.iter().any(|point| point.load.min < point.load.max);
    let band = "; periods are merged: a line is their mean, the band around it goes from lowest to highest";
    let note = format!("time of the simulated day, {}{}", labels.time_zone, if merged { band } else { "" });
    foot.draw(&Text::new(note, (160, 16), style(26, panel::SOFT, false)))
}

/// Shaded stretches: the lead-in, and where promises were broken.
fn bands((from, to): (f64, f64), labels: &Labels) -> Vec<Band> {
    let mut bands = Vec::new();
    if labels.lead_in_s > 0.0 {
        bands.push(Band { from, to: labels.lead_in_s, color: panel::SOFT, name: "lead-in, not counted" });
    }
    // Narrower stretches would not be seen.
    let least = (to - from) / 720.0;
    let seen = joined(labels.broken.clone()).into_iter().map(|(start, end)| {
        let more = (least - (end - start)).max(0.0) / 2.0;
        ((start - more).max(from), (end + more).min(to))
    });
    let red = |(from, to)| Band { from, to, color: panel::RED, name: "promise broken" };
    bands.extend(joined(seen.collect()).into_iter().map(red));
    bands
}

/// Stretches that overlap or touch, joined.
pub(crate) fn joined(mut stretches: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for (start, end) in stretches {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn load(points: &[Point]) -> Panel {
    let bad = points.iter().any(|point| point.bad.max > 0.0);
    let mut lines = vec![Line::new("arrived", panel::BLUE, Shape::Envelope, points, |p| Some(p.load))];
    if bad {
        lines.push(Line::new("refused or failed", panel::RED, Shape::Area, points, |p| Some(p.bad)));
    }
    Panel::new("Load", "requests/s", lines, None).naming_bands()
}

fn response(points: &[Point], labels: &Labels) -> Panel {
    let mut lines = vec![
        Line::new("p99", panel::ORANGE, Shape::Envelope, points, |p| p.p99),
        Line::new("p50", panel::BLUE, Shape::Envelope, points, |p| p.p50),
    ];
    for promise in &labels.promises {
        let percent = crate::number::plain(promise.quantile * 100.0);
        let limit = crate::number::seconds(promise.limit_s);
        let name = format!("limit {}: p{percent} below {limit}", promise.name);
        lines.push(Line::level(&name, panel::RED, promise.limit_s, points));
    }
    let (min, max) = Line::extent(&lines, 0.0);
    let axis = (min > 0.0 && max / min > 8.0).then(|| axis::Axis::logarithmic(min, max));
    Panel::new("Response time of the served", "s", lines, axis)
}

impl Labels {
    /// What the line of the desired capacity is called, and the unit of its axis.
    pub(crate) fn desired(&self) -> (String, &'static str) {
        match self.units {
            Some((least, most)) => {
                let each = if least == most { least.to_string() } else { format!("{least} to {most}") };
                (format!("desired, in units ({each} an instance)"), "instances; desired in capacity units")
            }
            None => ("desired".to_owned(), "instances"),
        }
    }
}

fn capacity(title: &str, points: &[Point], labels: &Labels) -> Panel {
    let (desired, unit) = labels.desired();
    let mut lines = vec![
        Line::new("healthy", panel::GREEN, Shape::Area, points, |p| Some(p.healthy)),
        Line::new("in service", panel::BLUE, Shape::Steps, points, |p| Some(p.in_service)),
        Line::new(&desired, panel::INK, Shape::DashedSteps, points, |p| Some(p.desired)),
    ];
    if points.iter().any(|point| point.hosts.max > 0.0) {
        lines.push(Line::new("hosts", panel::ORANGE, Shape::Steps, points, |p| Some(p.hosts)));
    }
    let axis = axis::Axis::of_counts(Line::extent(&lines, 0.0).1);
    Panel::new(title, unit, lines, Some(axis))
}

fn cpu(points: &[Point], labels: &Labels) -> Panel {
    let cpu = |point: &Point| Some(point.cpu.times(100.0));
    let mut lines = vec![Line::new("mean of the group", panel::PURPLE, Shape::Envelope, points, cpu)];
    for (name, target) in &labels.cpu_targets {
        lines.push(Line::level(&format!("target of {name}"), panel::INK, target * 100.0, points));
    }
    Panel::new("CPU utilisation", "%", lines, Some(axis::Axis::to_bound(100.0)))
}

#[cfg(test)]
pub(crate) mod tests;
