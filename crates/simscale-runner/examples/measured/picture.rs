//! Pictures in the style of the program's own.

use plotters::prelude::*;
use simscale_runner::timeline::{INK, SOFT, style};

const BLUE: RGBColor = RGBColor(31, 105, 180);
const ORANGE: RGBColor = RGBColor(214, 119, 16);
const PURPLE: RGBColor = RGBColor(120, 70, 160);

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws at twice the size, because plotters knows whole units only.
fn svg(width: u32, height: u32, draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        root.fill(&WHITE).and_then(|()| draw(&root)).expect("text takes any drawing");
    }
    let size = format!("width=\"{width}\" height=\"{height}\"");
    text.replacen(&size, &format!("width=\"{}\" height=\"{}\"", width / 2, height / 2), 1)
}

/// A sample or a law as a line from end to end, a box from quantile 0.1 to 0.9, and a mark at the median; seconds.
pub struct Bar {
    pub name: String,
    pub measured: bool,
    pub ends: (f64, f64),
    pub middle: [f64; 3],
}

/// Bars below each other on one axis of time.
pub fn ranges(title: &str, bars: &[Bar]) -> String {
    let height = 300 + 70 * bars.len() as u32;
    svg(2000, height, |root| {
        root.draw(&Text::new(title.to_owned(), (60, 34), style(44, INK, true)))?;
        let note = "box: quantiles 0.1 to 0.9, mark: median, line: shortest to longest (of a law to its quantile 0.99)";
        root.draw(&Text::new(note, (60, 92), style(28, SOFT, false)))?;
        let right = bars.iter().map(|bar| bar.ends.1).fold(0.0, f64::max) * 1.05;
        let (_, plot) = root.split_vertically(150);
        let mut chart = ChartBuilder::on(&plot)
            .margin_right(60)
            .set_label_area_size(LabelAreaPosition::Left, 640)
            .set_label_area_size(LabelAreaPosition::Bottom, 100)
            .build_cartesian_2d(0.0..right, 0.0..bars.len() as f64)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(225, 225, 230))
            .axis_style(SOFT)
            .label_style(style(28, SOFT, false))
            .x_label_formatter(&|value| format!("{value:.0} s"))
            .draw()?;
        for (i, bar) in bars.iter().enumerate() {
            let y = bars.len() as f64 - i as f64 - 0.5;
            let color = if bar.measured { ORANGE } else { BLUE };
            let line = vec![(bar.ends.0, y), (bar.ends.1, y)];
            chart.draw_series([PathElement::new(line, color.stroke_width(4))])?;
            let [low, middle, high] = bar.middle;
            chart.draw_series([Rectangle::new(
                [(low, y - 0.26), (high, y + 0.26)],
                color.mix(0.45).filled(),
            )])?;
            let mark = vec![(middle, y - 0.34), (middle, y + 0.34)];
            chart.draw_series([PathElement::new(mark, INK.stroke_width(5))])?;
            let (_, row) = chart.backend_coord(&(0.0, y));
            let indent = if bar.measured { 60 } else { 90 };
            let font = style(28, if bar.measured { INK } else { SOFT }, bar.measured);
            root.draw(&Text::new(bar.name.clone(), (indent, row - 14), font))?;
        }
        Ok(())
    })
}

/// A mean with half the width of its interval.
#[derive(Clone, Copy)]
pub struct Value {
    pub value: f64,
    pub half: f64,
}

/// A panel: groups of values, one for each name of the legend; the name of a group may have lines.
pub struct Bars {
    pub heading: String,
    pub unit: &'static str,
    pub groups: Vec<(String, Vec<Value>)>,
}

/// Panels of grouped bars with their intervals, below each other; up to three names.
pub fn bars(title: &str, note: &str, names: &[&str], panels: &[Bars]) -> String {
    let height = 220 + 640 * panels.len() as u32;
    svg(2000, height, |root| {
        root.draw(&Text::new(title.to_owned(), (60, 34), style(44, INK, true)))?;
        root.draw(&Text::new(note.to_owned(), (60, 92), style(28, SOFT, false)))?;
        let mut x = 60;
        for (name, color) in names.iter().zip(COLORS) {
            root.draw(&Rectangle::new([(x, 148), (x + 30, 172)], color.mix(0.7).filled()))?;
            root.draw(&Text::new((*name).to_owned(), (x + 44, 146), style(28, INK, false)))?;
            x += 110 + 15 * name.len() as i32;
        }
        let (_, mut rest) = root.split_vertically(200);
        for panel in panels {
            let (top, below) = rest.split_vertically(640);
            draw_bars(&top, panel)?;
            rest = below;
        }
        Ok(())
    })
}

const COLORS: [RGBColor; 3] = [ORANGE, BLUE, PURPLE];

fn draw_bars(area: &Area<'_>, panel: &Bars) -> Drawn {
    area.draw(&Text::new(format!("{}, {}", panel.heading, panel.unit), (60, 20), style(30, INK, true)))?;
    let all = panel.groups.iter().flat_map(|(_, values)| values);
    let top = all.map(|value| value.value + value.half).fold(0.0, f64::max) * 1.08;
    let groups = panel.groups.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_top(76)
        .margin_right(60)
        .set_label_area_size(LabelAreaPosition::Left, 120)
        .set_label_area_size(LabelAreaPosition::Bottom, 140)
        .build_cartesian_2d(0.0..groups, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 230))
        .axis_style(SOFT)
        .label_style(style(26, SOFT, false))
        .y_label_formatter(&|value| simscale_runner::number::plain(*value))
        .draw()?;
    for (i, (name, values)) in panel.groups.iter().enumerate() {
        let width = 0.8 / values.len() as f64;
        for (k, (value, color)) in values.iter().zip(COLORS).enumerate() {
            let left = i as f64 + 0.1 + width * k as f64;
            let bar = [(left, 0.0), (left + 0.9 * width, value.value)];
            chart.draw_series([Rectangle::new(bar, color.mix(0.7).filled())])?;
            let middle = left + 0.45 * width;
            if value.half > 0.0 {
                let line = vec![(middle, value.value - value.half), (middle, value.value + value.half)];
                chart.draw_series([PathElement::new(line, INK.stroke_width(4))])?;
            }
        }
        let (x, y) = chart.backend_coord(&(i as f64 + 0.5, 0.0));
        let (_, top_edge) = area.get_base_pixel();
        for (line, part) in name.lines().enumerate() {
            let at = (x - 6 * part.chars().count() as i32, y - top_edge + 12 + 28 * line as i32);
            area.draw(&Text::new(part.to_owned(), at, style(24, INK, false)))?;
        }
    }
    Ok(())
}

/// Curves of capacity over the seconds of a run, level from point to point, in the colours of the bars.
pub fn curves(title: &str, names: &[&str], lines: &[Vec<(f64, f64)>]) -> String {
    svg(2000, 1000, |root| {
        root.draw(&Text::new(title.to_owned(), (60, 34), style(44, INK, true)))?;
        let mut x = 60;
        for (name, color) in names.iter().zip(COLORS) {
            root.draw(&Rectangle::new([(x, 98), (x + 30, 122)], color.filled()))?;
            root.draw(&Text::new((*name).to_owned(), (x + 44, 96), style(28, INK, false)))?;
            x += 110 + 15 * name.len() as i32;
        }
        let (_, plot) = root.split_vertically(150);
        let all = || lines.iter().flatten();
        let right = all().map(|point| point.0).fold(0.0, f64::max);
        let top = all().map(|point| point.1).fold(0.0, f64::max) * 1.1;
        let mut chart = ChartBuilder::on(&plot)
            .margin_right(60)
            .set_label_area_size(LabelAreaPosition::Left, 120)
            .set_label_area_size(LabelAreaPosition::Bottom, 100)
            .build_cartesian_2d(0.0..right, 0.0..top)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(225, 225, 230))
            .axis_style(SOFT)
            .label_style(style(28, SOFT, false))
            .x_label_formatter(&|value| format!("{value:.0} s"))
            .y_label_formatter(&|value| simscale_runner::number::plain(*value))
            .draw()?;
        for (line, color) in lines.iter().zip(COLORS) {
            let corners = line.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
            let path: Vec<(f64, f64)> = corners.chain(line.last().copied()).collect();
            chart.draw_series([PathElement::new(path, color.stroke_width(5))])?;
        }
        Ok(())
    })
}
