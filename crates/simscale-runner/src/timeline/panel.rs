//! One panel of the picture: a heading with its legend, an axis of values, lines, areas and shaded stretches.

use super::axis::Axis;
use super::series::{Point, Range};
use super::{Area, Drawn};
use crate::number;
use plotters::prelude::*;

/// The colour of what is read first.
pub const INK: RGBColor = RGBColor(38, 38, 46);
/// The colour of what is read second.
pub const SOFT: RGBColor = RGBColor(105, 105, 118);
pub(super) const BLUE: RGBColor = RGBColor(31, 105, 180);
pub(super) const GREEN: RGBColor = RGBColor(120, 180, 120);
pub(super) const ORANGE: RGBColor = RGBColor(214, 119, 16);
pub(super) const RED: RGBColor = RGBColor(200, 40, 50);
pub(super) const PURPLE: RGBColor = RGBColor(120, 70, 160);
const GRID: RGBColor = RGBColor(225, 225, 230);

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// A font of the picture.
pub fn style(size: i32, color: RGBColor, bold: bool) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let mut style = TextStyle::from(("sans-serif", f64::from(size), style).into_font());
    style.color = color.to_backend_color();
    style
}

/// A shaded stretch of time.
pub(super) struct Band {
    pub from: f64,
    pub to: f64,
    pub color: RGBColor,
    pub name: &'static str,
}

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// Through the mean of each point, in a band from its smallest to its largest value.
    Envelope,
    /// Level through each point.
    Steps,
    /// The same, dashed.
    DashedSteps,
    /// Steps, filled down to zero.
    Area,
    /// A dashed level across the panel.
    Level,
}

/// A named line; where it has no value it breaks off.
pub(super) struct Line {
    name: String,
    color: RGBColor,
    shape: Shape,
    strokes: Vec<Vec<(f64, f64)>>,
    /// Outlines of the bands around the strokes.
    bands: Vec<Vec<(f64, f64)>>,
}

impl Line {
    pub fn new(
        name: &str,
        color: RGBColor,
        shape: Shape,
        points: &[Point],
        value: impl Fn(&Point) -> Option<Range>,
    ) -> Line {
        let mut strokes = vec![Vec::new()];
        for point in points {
            let Some(range) = value(point) else {
                strokes.push(Vec::new());
                continue;
            };
            let stroke = strokes.last_mut().expect("there is always a stroke");
            let middle = (point.start + point.end) / 2.0;
            match shape {
                Shape::Envelope => stroke.push((middle, range.mean())),
                _ if range.min == range.max => {
                    stroke.extend([(point.start, range.last), (point.end, range.last)])
                }
                _ => stroke.extend([
                    (point.start, range.min),
                    (point.start, range.max),
                    (point.end, range.max),
                    (point.end, range.last),
                ]),
            }
        }
        strokes.retain(|stroke| !stroke.is_empty());
        strokes.iter_mut().for_each(Self::thin);
        let bands = if shape == Shape::Envelope { outlines(points, value) } else { Vec::new() };
        Line { name: name.to_string(), color, shape, strokes, bands }
    }

    /// A level across all points.
    pub fn level(name: &str, color: RGBColor, value: f64, points: &[Point]) -> Line {
        let ends = points.first().zip(points.last());
        let strokes =
            ends.map(|(first, last)| vec![(first.start, value), (last.end, value)]).into_iter().collect();
        Line { name: name.to_string(), color, shape: Shape::Level, strokes, bands: Vec::new() }
    }

    /// Drops points in the middle of a level stretch.
    fn thin(stroke: &mut Vec<(f64, f64)>) {
        let old = std::mem::take(stroke);
        for (i, &point) in old.iter().enumerate() {
            let level =
                i > 0 && old[i - 1].1 == point.1 && old.get(i + 1).is_some_and(|next| next.1 == point.1);
            if !level {
                stroke.push(point);
            }
        }
    }

    /// Smallest value above `floor` and largest value of some lines.
    pub fn extent<'a>(lines: &'a [Line], floor: f64) -> (f64, f64) {
        let all = |line: &'a Line| line.strokes.iter().chain(&line.bands).flatten();
        let values = lines.iter().flat_map(all).map(|&(_, value)| value);
        values
            .filter(|&value| value > floor)
            .fold((f64::INFINITY, 0.0), |(min, max), v| (v.min(min), v.max(max)))
    }
}

/// Outlines of stretches where points hold more than one value: along the largest, back along the smallest.
fn outlines(points: &[Point], value: impl Fn(&Point) -> Option<Range>) -> Vec<Vec<(f64, f64)>> {
    let ranges: Vec<_> = points.iter().map(|point| ((point.start + point.end) / 2.0, value(point))).collect();
    let stretches = ranges.split(|(_, range)| range.is_none_or(|range| range.min == range.max));
    let outline = |stretch: &[(f64, Option<Range>)]| {
        let there = stretch.iter().filter_map(|&(x, range)| Some((x, range?.max)));
        let back = stretch.iter().rev().filter_map(|&(x, range)| Some((x, range?.min)));
        there.chain(back).collect::<Vec<_>>()
    };
    stretches.filter(|stretch| stretch.len() > 1).map(outline).collect()
}

/// A panel, ready to draw.
pub(super) struct Panel {
    title: String,
    unit: &'static str,
    lines: Vec<Line>,
    axis: Axis,
    /// Whether its legend names the shaded stretches too.
    names_bands: bool,
}

impl Panel {
    /// With an axis from zero unless another is given.
    pub fn new(title: impl Into<String>, unit: &'static str, lines: Vec<Line>, axis: Option<Axis>) -> Panel {
        let axis = axis.unwrap_or_else(|| Axis::from_zero(Line::extent(&lines, 0.0).1));
        Panel { title: title.into(), unit, lines, axis, names_bands: false }
    }

    /// The same with the shaded stretches in its legend.
    pub fn naming_bands(self) -> Panel {
        Panel { names_bands: true, ..self }
    }

    /// Draws it; labels of the time axis only where the start of the day is given.
    pub fn draw(&self, area: &Area<'_>, time: &Axis, bands: &[Band], day_s: Option<f64>) -> Drawn {
        self.heading(area, bands)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(58)
            .margin_right(80)
            .set_label_area_size(LabelAreaPosition::Left, 160)
            .set_label_area_size(LabelAreaPosition::Bottom, 48)
            .build_cartesian_2d(time.clone(), self.axis.clone())?;
        let values = plotters::coord::ranged1d::Ranged::range(&self.axis);
        for band in bands {
            let corners = [(band.from, values.start), (band.to, values.end)];
            chart.draw_series([Rectangle::new(corners, band.color.mix(0.13).filled())])?;
        }
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(SOFT.stroke_width(2))
            .label_style(style(26, INK, false))
            .x_label_formatter(&|seconds| day_s.map_or(String::new(), |day_s| time.clock(*seconds, day_s)))
            .y_label_formatter(&|value| self.label(*value))
            .draw()?;
        self.lines.iter().try_for_each(|line| self.line(&mut chart, line))
    }

    fn label(&self, value: f64) -> String {
        if self.unit == "s" { number::seconds(value) } else { number::plain(value) }
    }

    fn line(&self, chart: &mut Chart<'_, '_>, line: &Line) -> Drawn {
        for band in &line.bands {
            let outline: Vec<(f64, f64)> = band.iter().map(|&(x, y)| (x, self.axis.clamp(y))).collect();
            chart.draw_series([Polygon::new(outline, line.color.mix(0.25).filled())])?;
        }
        for stroke in &line.strokes {
            let points = stroke.iter().map(|&(x, y)| (x, self.axis.clamp(y)));
            match line.shape {
                Shape::Area => {
                    let ground = plotters::coord::ranged1d::Ranged::range(&self.axis).start;
                    chart.draw_series(AreaSeries::new(points, ground, line.color.mix(0.45)))?;
                }
                Shape::Envelope | Shape::Steps => {
                    let points: Vec<(f64, f64)> = points.collect();
                    chart.draw_series([PathElement::new(points, line.color.stroke_width(4))])?;
                }
                Shape::DashedSteps | Shape::Level => {
                    chart.draw_series(DashedLineSeries::new(points, 14, 10, line.color.stroke_width(3)))?;
                }
            }
        }
        Ok(())
    }

    /// Title on the left, legend on the right.
    fn heading(&self, area: &Area<'_>, bands: &[Band]) -> Drawn {
        let title =
            if self.unit == "s" { self.title.clone() } else { format!("{}, {}", self.title, self.unit) };
        area.draw(&Text::new(title, (160, 14), style(30, INK, true)))?;
        let mut names: Vec<(&str, RGBColor, Option<Shape>)> =
            self.lines.iter().map(|line| (line.name.as_str(), line.color, Some(line.shape))).collect();
        let mut shaded: Vec<&Band> = Vec::new();
        for band in bands {
            if self.names_bands && !shaded.iter().any(|seen| seen.name == band.name) {
                shaded.push(band);
            }
        }
        names.extend(shaded.iter().map(|band| (band.name, band.color, None)));
        let mut x = area.dim_in_pixel().0 as i32 - 80;
        for (name, color, shape) in names.into_iter().rev() {
            // A letter of the fonts in use is a little over half as wide as high.
            x -= (name.chars().count() as f64 * 13.4) as i32 + 24;
            area.draw(&Text::new(name.to_string(), (x, 16), style(26, SOFT, false)))?;
            x -= 60;
            sample(area, (x, 30), color, shape)?;
            x -= 24;
        }
        Ok(())
    }
}

/// The sample of a line in a legend.
fn sample(area: &Area<'_>, (x, y): (i32, i32), color: RGBColor, shape: Option<Shape>) -> Drawn {
    let line = |from: i32, to: i32, width: u32| {
        PathElement::new(vec![(x + from, y), (x + to, y)], color.stroke_width(width))
    };
    match shape {
        None => area.draw(&Rectangle::new([(x, y - 10), (x + 48, y + 10)], color.mix(0.13).filled())),
        Some(Shape::Area) => {
            area.draw(&Rectangle::new([(x, y - 10), (x + 48, y + 10)], color.mix(0.45).filled()))
        }
        Some(Shape::Envelope | Shape::Steps) => area.draw(&line(0, 48, 5)),
        Some(Shape::DashedSteps | Shape::Level) => {
            area.draw(&line(0, 14, 4))?;
            area.draw(&line(22, 36, 4))?;
            area.draw(&line(44, 50, 4))
        }
    }
}
