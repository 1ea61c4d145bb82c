//! The picture of a sweep: cost against violations with their intervals, the front, what is allowed, the winner and the baseline.
//! Whether a cell holds is told by its mark as well as by its colour.

use super::judgement::{Answer, Holds, Study};
use super::report::brief;
use super::{Found, Task};
use crate::number::{money, percent};
use crate::timeline::{Axis, INK, SOFT, style};
use plotters::prelude::*;

const WIDTH: u32 = 2000;
const HEIGHT: u32 = 1400;

const GREEN: RGBColor = RGBColor(46, 125, 70);
const RED: RGBColor = RGBColor(200, 40, 50);
const BLUE: RGBColor = RGBColor(31, 105, 180);
const PURPLE: RGBColor = RGBColor(120, 70, 160);
const ORANGE: RGBColor = RGBColor(200, 120, 20);
const GREY: RGBColor = RGBColor(150, 150, 160);

/// Names that are drawn beside their points; more would not be read.
const NAMED: usize = 12;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws the picture as SVG text.
pub fn svg(task: &Task, found: &Found) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        draw(&root, task, found).expect("text takes any drawing");
    }
    // Drawn at twice the size, because plotters knows whole units only.
    let size = format!("width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    text.replacen(&size, &format!("width=\"{}\" height=\"{}\"", WIDTH / 2, HEIGHT / 2), 1)
}

/// A cell as a point with its intervals; violations in percent.
struct Dot {
    cell: usize,
    cost: (f64, f64),
    broken: (f64, f64),
    holds: Holds,
    color: RGBColor,
}

fn dots(study: &Study, answer: &Answer) -> Vec<Dot> {
    let dot = |cell: usize| {
        let verdict = &answer.verdicts[cell];
        let worst = verdict.kept.iter().max_by(|a, b| a.ratio.mean.total_cmp(&b.ratio.mean));
        let broken = worst.map_or((0.0, 0.0), |kept| {
            (kept.ratio.mean * 100.0, kept.ratio.half_width(study.confidence).unwrap_or(0.0) * 100.0)
        });
        let color = match verdict.holds {
            Holds::Yes => GREEN,
            Holds::No => RED,
            Holds::Unknown => GREY,
        };
        let half = verdict.cost.half_width(study.confidence).unwrap_or(0.0);
        Dot { cell, cost: (verdict.cost.mean, half), broken, holds: verdict.holds, color }
    };
    (0..study.cells.len()).map(dot).collect()
}

fn draw(root: &Area<'_>, task: &Task, found: &Found) -> Drawn {
    let (study, answer) = (&found.study, &found.answer);
    root.fill(&WHITE)?;
    root.draw(&Text::new(task.name.clone(), (60, 34), style(44, INK, true)))?;
    let heading = format!(
        "cost against broken promises: {} cells, {} replications each, {} intervals",
        study.cells.len(),
        study.cells[0].runs.len(),
        percent(study.confidence)
    );
    root.draw(&Text::new(heading, (60, 92), style(28, SOFT, false)))?;
    legend(root)?;
    let (_, plot) = root.split_vertically(190);
    let dots = dots(study, answer);
    let most = |value: &dyn Fn(&Dot) -> f64| dots.iter().map(value).fold(0.0, f64::max);
    let dearest = levels(found).iter().map(|level| level.0).fold(0.0, f64::max);
    let x = Axis::from_zero(most(&|dot| dot.cost.0 + dot.cost.1).max(dearest));
    let allowed = study.objectives.iter().map(|(_, allowed)| allowed * 100.0).fold(0.0, f64::max);
    let y = Axis::from_zero(most(&|dot| dot.broken.0 + dot.broken.1).max(allowed * 1.5));
    let mut chart = ChartBuilder::on(&plot)
        .margin_left(40)
        .margin_right(80)
        .margin_bottom(30)
        .x_label_area_size(100)
        .y_label_area_size(130)
        .build_cartesian_2d(x.clone(), y.clone())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 230))
        .axis_style(SOFT)
        .label_style(style(28, SOFT, false))
        .x_label_formatter(&|value| money(*value, "USD"))
        .y_label_formatter(&|value| format!("{} %", crate::number::plain(*value)))
        .x_desc("cost a month")
        .y_desc(violation_name(study))
        .axis_desc_style(style(30, INK, false))
        .draw()?;
    let right = plotters::coord::ranged1d::Ranged::range(&x).end;
    for (_, allowed) in &study.objectives {
        let level = [(0.0, allowed * 100.0), (right, allowed * 100.0)];
        chart.draw_series(DashedLineSeries::new(level, 12, 8, RED.stroke_width(3)))?;
    }
    let top = plotters::coord::ranged1d::Ranged::range(&y).end;
    for (cost, color) in levels(found) {
        chart.draw_series(DashedLineSeries::new([(cost, 0.0), (cost, top)], 5, 9, color.stroke_width(3)))?;
    }
    let front: Vec<(f64, f64)> =
        answer.front.iter().map(|&cell| (dots[cell].cost.0, dots[cell].broken.0)).collect();
    chart.draw_series(LineSeries::new(front, INK.mix(0.45).stroke_width(3)))?;
    for dot in &dots {
        let ((cost, dc), (broken, db)) = (dot.cost, dot.broken);
        let thin = dot.color.stroke_width(3);
        let low = (broken - db).max(0.0);
        chart.draw_series([
            PathElement::new(vec![(cost - dc, broken), (cost + dc, broken)], thin),
            PathElement::new(vec![(cost, low), (cost, broken + db)], thin),
        ])?;
        if dot.cell == study.baseline && study.cells.len() > 1 {
            chart.draw_series([TriangleMarker::new((cost, broken), 30, INK.mix(0.55).filled())])?;
        }
        match dot.holds {
            Holds::Yes => chart.draw_series([Circle::new((cost, broken), 10, dot.color.filled())])?,
            Holds::Unknown => {
                chart.draw_series([Circle::new((cost, broken), 10, WHITE.filled())])?;
                chart.draw_series([Circle::new((cost, broken), 9, dot.color.stroke_width(4))])?
            }
            Holds::No => chart.draw_series([Cross::new((cost, broken), 9, dot.color.stroke_width(5))])?,
        };
        if Some(dot.cell) == answer.winner {
            chart.draw_series([Circle::new((cost, broken), 20, GREEN.stroke_width(5))])?;
        }
    }
    names(&mut chart, found, &dots, right)
}

/// The cost floor, the best known plan and the best constant group, each with its colour.
fn levels(found: &Found) -> Vec<(f64, RGBColor)> {
    let cell = found.answer.winner.unwrap_or(found.study.baseline);
    let floor = found.floors[cell].map(|floor| (floor.usd, BLUE));
    let constant = found.constant.as_ref().map(|constant| (constant.verdict.cost.mean, PURPLE));
    let plan = found.plan.as_ref().map(|plan| (plan.verdict.cost.mean, ORANGE));
    floor.into_iter().chain(plan).chain(constant).collect()
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// The names of the cells on the front, or of all where they are few: above or below each point, on the side that has room; a name
/// that would lie over another is left out.
fn names(chart: &mut Chart<'_, '_>, found: &Found, dots: &[Dot], right: f64) -> Drawn {
    let answer = &found.answer;
    let mut named: Vec<usize> = answer.winner.into_iter().chain(answer.front.iter().copied()).collect();
    if dots.len() <= NAMED {
        named.extend(0..dots.len());
    }
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for cell in named {
        if done.contains(&cell) || done.len() == NAMED {
            continue;
        }
        done.push(cell);
        let place = (dots[cell].cost.0, dots[cell].broken.0);
        let text = brief(found, cell);
        let width = text.chars().count() as i32 * 13;
        let across = if place.0 > right * 0.75 { -width - 24 } else { 24 };
        let (x, y) = chart.backend_coord(&place);
        let free = |dy: i32| {
            let (from, to, line) = (x + across, x + across + width, y + dy);
            taken.iter().all(|&(a, b, other)| to < a || from > b || (line - other).abs() > 26)
        };
        let Some(dy) = [-34, -62, 12].into_iter().find(|&dy| free(dy)) else { continue };
        taken.push((x + across, x + across + width, y + dy));
        let label = EmptyElement::at(place) + Text::new(text, (across, dy), style(24, INK, false));
        chart.draw_series([label])?;
    }
    Ok(())
}

fn violation_name(study: &Study) -> String {
    match &study.objectives[..] {
        [] => "no promise".to_owned(),
        [(name, _)] => format!("share that breaks {name}"),
        _ => "share that breaks the worst kept promise".to_owned(),
    }
}

fn legend(root: &Area<'_>) -> Drawn {
    let mut x = 70;
    for (place, name) in ["holds", "undecided", "does not hold"].into_iter().enumerate() {
        match place {
            0 => root.draw(&Circle::new((x, 152), 10, GREEN.filled()))?,
            1 => root.draw(&Circle::new((x, 152), 9, GREY.stroke_width(4)))?,
            _ => root.draw(&Cross::new((x, 152), 9, RED.stroke_width(5)))?,
        }
        root.draw(&Text::new(name, (x + 22, 138), style(26, INK, false)))?;
        x += 60 + 14 * name.len() as i32;
    }
    root.draw(&Circle::new((x, 152), 18, GREEN.stroke_width(4)))?;
    root.draw(&Text::new("cheapest that holds", (x + 30, 138), style(26, INK, false)))?;
    x += 290;
    root.draw(&TriangleMarker::new((x, 158), 22, INK.mix(0.55).filled()))?;
    root.draw(&Text::new("baseline", (x + 30, 138), style(26, INK, false)))?;
    x += 160;
    root.draw(&PathElement::new(vec![(x, 152), (x + 50, 152)], INK.mix(0.45).stroke_width(3)))?;
    root.draw(&Text::new("front", (x + 62, 138), style(26, INK, false)))?;
    x += 150;
    dashes(root, &[(x, 152), (x + 20, 152)], RED)?;
    dashes(root, &[(x + 30, 152), (x + 50, 152)], RED)?;
    root.draw(&Text::new("allowed", (x + 62, 138), style(26, INK, false)))?;
    x += 175;
    for (name, color) in [("cost floor", BLUE), ("best known plan", ORANGE), ("best constant", PURPLE)] {
        for y in [136, 148, 160] {
            dashes(root, &[(x, y), (x, y + 6)], color)?;
        }
        root.draw(&Text::new(name, (x + 14, 138), style(26, INK, false)))?;
        x += 36 + 12 * name.len() as i32;
    }
    Ok(())
}

fn dashes(root: &Area<'_>, ends: &[(i32, i32)], color: RGBColor) -> Drawn {
    root.draw(&PathElement::new(ends.to_vec(), color.stroke_width(3)))
}
