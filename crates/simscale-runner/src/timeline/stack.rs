//! The picture of several runs on equal luck: their load once, and below it the capacity and response time of each.

use super::axis::Axis;
use super::panel::{Panel, SOFT, style};
use super::{Area, Drawn, Labels, Series, WIDTH, bands, capacity, load, response};
use plotters::prelude::*;

/// Height of a panel in the units of the drawing.
const EACH: u32 = 330;

/// Letters of a run's name that find room beside the legend.
const ROOM: usize = 40;

/// Draws runs of one length as SVG text, each by its name.
pub fn stacked(title: &str, runs: &[(String, &Series, &Labels)]) -> String {
    let height = 200 + EACH * (1 + 2 * runs.len() as u32);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        draw(&root, title, runs).expect("text takes any drawing");
    }
    let size = format!("width=\"{WIDTH}\" height=\"{height}\"");
    text.replacen(&size, &format!("width=\"{}\" height=\"{}\"", WIDTH / 2, height / 2), 1)
}

fn draw(root: &Area<'_>, title: &str, runs: &[(String, &Series, &Labels)]) -> Drawn {
    root.fill(&WHITE)?;
    root.draw(&Text::new(title.to_owned(), (60, 36), style(46, super::INK, true)))?;
    let (_, mut area) = root.split_vertically(120);
    let Some((_, first, labels)) = runs.first() else { return Ok(()) };
    let points = first.points();
    let (from, to) = points.first().zip(points.last()).map_or((0.0, 1.0), |(a, b)| (a.start, b.end));
    let time = Axis::time(from, to, labels.day_s);
    let calm = Labels { broken: Vec::new(), ..(*labels).clone() };
    let mut panels: Vec<(Panel, Vec<super::Band>)> = vec![(load(points), bands((from, to), &calm))];
    for (name, series, labels) in runs {
        let points = series.points();
        let title = format!("Capacity: {}", cut(name));
        let shaded = |panel| (panel, bands((from, to), labels));
        panels.push(shaded(capacity(&title, points, labels).naming_bands()));
        panels.push(shaded(response(points, labels)));
    }
    let last = panels.len() - 1;
    for (place, (panel, bands)) in panels.iter().enumerate() {
        let (top, below) = area.split_vertically(EACH);
        panel.draw(&top, &time, bands, (place == last).then_some(labels.day_s))?;
        area = below;
    }
    let note = format!("time of the simulated day, {}; all met the same requests", labels.time_zone);
    area.draw(&Text::new(note, (160, 16), style(26, SOFT, false)))
}

fn cut(name: &str) -> String {
    if name.chars().count() <= ROOM {
        return name.to_owned();
    }
    name.chars().take(ROOM - 3).chain("...".chars()).collect()
}
