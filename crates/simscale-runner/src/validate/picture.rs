//! The picture of a validation: standardised differences against the normal curve, and each of them by family.

use super::Answer;
use super::verdict::Verdict;
use crate::timeline::{INK, SOFT, style};
use plotters::prelude::*;

const WIDTH: u32 = 2000;
const HEIGHT: u32 = 1700;

/// Height of the part with the curve.
const CURVE: i32 = 900;

/// Width of a bar of the histogram.
const BAR: f64 = 0.5;

const GREEN: RGBColor = RGBColor(46, 125, 70);
const RED: RGBColor = RGBColor(200, 40, 50);
const BLUE: RGBColor = RGBColor(31, 105, 180);
const GREY: RGBColor = RGBColor(150, 150, 160);

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws the picture as SVG text.
pub fn svg(answer: &Answer) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        draw(&root, answer).expect("text takes any drawing");
    }
    // Drawn at twice the size, because plotters knows whole units only.
    let size = format!("width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    text.replacen(&size, &format!("width=\"{}\" height=\"{}\"", WIDTH / 2, HEIGHT / 2), 1)
}

/// A judged case: its family, its score, its verdict.
struct Dot {
    family: &'static str,
    score: f64,
    verdict: Verdict,
}

fn draw(root: &Area<'_>, answer: &Answer) -> Drawn {
    root.fill(&WHITE)?;
    root.draw(&Text::new("Theory against simulation", (60, 34), style(44, INK, true)))?;
    let judgement = &answer.judgement;
    let heading = format!(
        "difference of {} cases from the exact value, in standard errors: {} pass, {} fail, {} not decided; chi-square {:.0}, luck gives {:.0} to {:.0}",
        answer.lines.iter().filter(|line| line.case.judged).count(),
        judgement.count(Verdict::Passes),
        judgement.failures(),
        judgement.count(Verdict::NotDecided),
        judgement.chi_square,
        judgement.bounds.0,
        judgement.bounds.1,
    );
    root.draw(&Text::new(heading, (60, 92), style(27, SOFT, false)))?;
    let dots: Vec<Dot> = answer
        .lines
        .iter()
        .zip(&judgement.verdicts)
        .filter(|(line, _)| line.case.judged)
        .map(|(line, &verdict)| Dot { family: line.case.family, score: line.found.score(), verdict })
        .collect();
    let farthest =
        dots.iter().map(|dot| dot.score.abs()).filter(|score| score.is_finite()).fold(0.0, f64::max);
    let span = (farthest.max(judgement.limit) + BAR).ceil();
    let (_, rest) = root.split_vertically(150);
    let (upper, lower) = rest.split_vertically(CURVE - 150);
    curve(&upper, &dots, span, judgement.limit)?;
    families(&lower, &dots, span, judgement.limit)
}

/// Density of the decided scores above the density of the standard normal law.
fn curve(area: &Area<'_>, dots: &[Dot], span: f64, limit: f64) -> Drawn {
    let decided: Vec<f64> =
        dots.iter().filter(|dot| dot.verdict != Verdict::NotDecided).map(|dot| dot.score).collect();
    let normal = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let bars = (2.0 * span / BAR).round() as u32;
    let bar = |i: u32| {
        let from = -span + f64::from(i) * BAR;
        let inside = decided.iter().filter(|&&score| (from..from + BAR).contains(&score)).count();
        (from, inside as f64 / decided.len().max(1) as f64 / BAR)
    };
    let heights: Vec<(f64, f64)> = (0..bars).map(bar).collect();
    let top = heights.iter().map(|bar| bar.1).fold(0.45, f64::max) * 1.08;
    let mut chart = ChartBuilder::on(area)
        .margin_left(60)
        .margin_right(60)
        .x_label_area_size(60)
        .y_label_area_size(280)
        .build_cartesian_2d(-span..span, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 230))
        .axis_style(SOFT)
        .label_style(style(26, SOFT, false))
        .x_labels(2 * span as usize + 1)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_labels(5)
        .y_label_formatter(&|y| format!("{y:.1}"))
        .y_desc("share of the cases per standard error")
        .axis_desc_style(style(26, INK, false))
        .draw()?;
    chart.draw_series(heights.iter().map(|&(from, height)| {
        Rectangle::new([(from + 0.02, 0.0), (from + BAR - 0.02, height)], BLUE.mix(0.35).filled())
    }))?;
    let points = (0..=400).map(|i| -span + 2.0 * span * f64::from(i) / 400.0);
    chart.draw_series(LineSeries::new(points.map(|x| (x, normal(x))), INK.stroke_width(4)))?;
    for at in [-limit, limit] {
        chart.draw_series(DashedLineSeries::new([(at, 0.0), (at, top)], 12, 8, RED.stroke_width(3)))?;
    }
    let (x, y) = (0.62 * span, 0.92 * top);
    let note = |text: String, row: i32, color: RGBColor| {
        EmptyElement::at((x, y)) + Text::new(text, (0, 36 * row), style(26, color, false))
    };
    chart.draw_series([
        note("standard normal law".to_owned(), 0, INK),
        note(format!("{} decided cases", decided.len()), 1, BLUE),
        note(format!("limit {limit:.2}"), 2, RED),
    ])?;
    Ok(())
}

/// Every score as a dot in the row of its family.
fn families(area: &Area<'_>, dots: &[Dot], span: f64, limit: f64) -> Drawn {
    let mut names: Vec<&str> = Vec::new();
    for dot in dots {
        if !names.contains(&dot.family) {
            names.push(dot.family);
        }
    }
    let rows = names.len().max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(60)
        .margin_right(60)
        .margin_bottom(20)
        .x_label_area_size(90)
        .y_label_area_size(280)
        .build_cartesian_2d(-span..span, 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 230))
        .axis_style(SOFT)
        .label_style(style(26, SOFT, false))
        .x_labels(2 * span as usize + 1)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .x_desc("difference in standard errors (as a standard normal number)")
        .axis_desc_style(style(28, INK, false))
        .draw()?;
    for at in [-limit, limit] {
        chart.draw_series(DashedLineSeries::new([(at, 0.0), (at, rows)], 12, 8, RED.stroke_width(3)))?;
    }
    for (row, name) in names.iter().enumerate() {
        let own: Vec<&Dot> = dots.iter().filter(|dot| dot.family == *name).collect();
        let middle = rows - 0.5 - row as f64;
        let label = format!("{name} ({})", own.len());
        let width = 13 * label.chars().count() as i32;
        let text =
            EmptyElement::at((-span, middle)) + Text::new(label, (-width - 10, -14), style(26, INK, false));
        chart.draw_series([text])?;
        chart.draw_series(own.iter().enumerate().map(|(i, dot)| {
            // Spread over the height of the row, so that equal scores do not hide each other.
            let y = middle + 0.3 * (((i * 7) % 11) as f64 / 5.0 - 1.0);
            let color = match dot.verdict {
                Verdict::NotDecided => GREY,
                verdict if verdict.fails() => RED,
                _ => GREEN,
            };
            Circle::new((dot.score.clamp(-span, span), y), 7, color.mix(0.75).filled())
        }))?;
    }
    Ok(())
}
