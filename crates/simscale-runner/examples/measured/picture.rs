//! Pictures in the style of the program's own.

use plotters::prelude::*;
use simscale_runner::timeline::{INK, SOFT, style};

const BLUE: RGBColor = RGBColor(31, 105, 180);
const ORANGE: RGBColor = RGBColor(214, 119, 16);

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
