//! The report of a sweep as one file: the conclusion, why, the charts, all cells, the scenario, the caveats, how to make it again.

use super::heat::Heat;
use super::judgement::{COST, Holds, Kept};
use super::words::{cost, kept, ratio, verdict};
use super::{Days, Found, Given, Task, words};
use crate::html::{Axis, Chart, Dot, Html, Level, Panel, TableCell, escaped, panels};
use crate::number::{counted, money, percent, plain};
use crate::simulate::resolved;
use crate::timeline;

/// Cells in the table; more would not be read, and cells.csv has them all.
const ROWS: usize = 500;

/// The report.
pub(super) fn report(task: &Task, found: &Found, front: &str, stories: &str, fixed: &str) -> String {
    let page = words::page(task, found, "");
    let mut html = Html::new(&task.name, &task.description, &verdict(found));
    html.tiles(&tiles(found));
    html.section(if found.answer.winner.is_some() { "Why this one" } else { "Why none of them" });
    html.lines(&page, |label| {
        let wanted =
            ["Answer", "Cheaper", "Front", "Against", "Search", "Held out", "Days", "Matters", "Limits"];
        wanted.contains(&label)
    });
    html.section("Cost against broken promises");
    let caption = "Each mark is a cell with its intervals. Down is better kept, left is cheaper; the line is the front: cells that no other \
                   one beats in both.";
    html.chart(caption, front, &costs(found));
    if let Some(heat) = Heat::of(found) {
        html.section("Two axes");
        html.markup(&heat.markup());
    }
    if !found.stories.is_empty() {
        html.section("What happened");
        let caption = "The first replication of the answer, of the baseline and of the cheapest cell that was rejected, one above another: \
                       all met the same requests.";
        html.chart(caption, stories, &moments(found));
    }
    if let Given::Days(days) = &found.given {
        html.section("Day by day");
        html.text(
            "Each day of the trace by itself, the mean of its replications; the spread between days says more than any interval within one.",
        );
        day_table(&mut html, found, days);
    }
    html.section("All cells");
    cells(&mut html, found);
    html.section("What to keep in mind");
    html.lines(&page, |label| label == "Beware");
    caveats(&mut html, task, found);
    html.section("The scenario");
    let cell = found.answer.winner.unwrap_or(found.study.baseline);
    let title = format!("{}, with every default written out", task.cells[cell].name);
    html.folded(&title, &resolved(&task.cells[cell].scenario));
    html.section("How to make it again");
    html.text(&format!(
        "With simscale {}, beside the scenario's file; the numbers are the same to the last bit, on any number of processors.",
        env!("CARGO_PKG_VERSION")
    ));
    html.command(&task.command);
    html.text(&format!("Master seed {}; hash of the plan {fixed}.", task.seed));
    html.finish()
}

/// The figures that a reader takes home.
fn tiles(found: &Found) -> Vec<(&'static str, String, String)> {
    let (study, answer) = (&found.study, &found.answer);
    let sure = study.confidence;
    let replications = counted(study.cells[0].runs.len() as u64, "replication", "replications");
    let of = counted(study.cells.len() as u64, "cell", "cells");
    let mut tiles = Vec::new();
    match answer.winner {
        Some(winner) => {
            tiles.push(("Cheapest that keeps its promises", brief(found, winner), format!("of {of}")));
            let fresh = found.fresh.sample(0, COST);
            tiles.push(("Cost a month", cost(fresh, sure), format!("on {}", found.unseen())));
            if winner != study.baseline && found.fresh.cells.len() > 1 {
                let base = found.fresh.sample(1, COST).mean;
                let change = fresh.mean / base - 1.0;
                let sign = if change < 0.0 { "\u{2212}" } else { "+" };
                let baseline = format!("{}, {}", brief(found, study.baseline), money(base, "USD"));
                tiles.push(("Against the baseline", format!("{sign}{}", percent(change.abs())), baseline));
            }
            if let Some(worst) = worst(&answer.verdicts[winner].kept) {
                let missed = format!("{} missed in {}", worst.name, ratio(worst.ratio, sure));
                tiles.push(("Promise", missed, format!("{} allowed", percent(worst.allowed))));
            }
        }
        None => tiles.push(("Cells that keep their promises", "none shown".to_owned(), format!("of {of}"))),
    }
    tiles.push(("Confidence", percent(sure), format!("{replications} of each cell")));
    tiles
}

/// The objective that is missed most.
fn worst(kept: &[Kept]) -> Option<&Kept> {
    kept.iter().rev().max_by(|a, b| a.ratio.mean.total_cmp(&b.ratio.mean))
}

/// A cell by the last words of its axes: `min=2 target=70`; by its label alone where there is one axis.
pub(super) fn brief(found: &Found, cell: usize) -> String {
    let (study, labels) = (&found.study, &found.study.cells[cell].labels);
    if let [only] = &labels[..] {
        return only.clone();
    }
    let pair = |(axis, label): (&String, &String)| {
        let last = axis.split_whitespace().map(|path| path.rsplit('.').next().unwrap_or(path));
        format!("{}={label}", last.collect::<Vec<_>>().join("+"))
    };
    study.axes.iter().zip(labels).map(pair).collect::<Vec<_>>().join(" ")
}

/// Cost against violations, in percent.
fn costs(found: &Found) -> Chart {
    let (study, answer) = (&found.study, &found.answer);
    let sure = study.confidence;
    let mut panel = Panel::new(
        match &study.objectives[..] {
            [(name, _)] => format!("Share that breaks {name}"),
            _ => "Share that breaks the worst kept promise".to_owned(),
        }
        .as_str(),
        "percent",
    );
    let rank = |cell: usize| -> usize {
        let front = answer.front.iter().position(|&other| other == cell);
        if answer.winner == Some(cell) { 0 } else { 1 + front.unwrap_or(answer.front.len() + cell) }
    };
    panel.dots = (0..study.cells.len())
        .map(|cell| {
            let verdict = &answer.verdicts[cell];
            let broken = worst(&verdict.kept).map(|kept| kept.ratio);
            let (class, kind) = match verdict.holds {
                Holds::Yes => ("c-green", "holds"),
                Holds::No => ("c-red", "does not hold"),
                Holds::Unknown => ("c-grey", "undecided"),
            };
            Dot {
                x: verdict.cost.mean,
                dx: verdict.cost.half_width(sure).unwrap_or(0.0),
                y: broken.map_or(0.0, |ratio| ratio.mean * 100.0),
                dy: broken.and_then(|ratio| ratio.half_width(sure)).unwrap_or(0.0) * 100.0,
                class,
                kind,
                name: study.cells[cell].name.clone(),
                label: brief(found, cell),
                tip: tip(found, cell),
                winner: answer.winner == Some(cell),
                baseline: cell == study.baseline && study.cells.len() > 1,
                rank: rank(cell),
            }
        })
        .collect();
    panel.levels = study
        .objectives
        .iter()
        .map(|(name, allowed)| Level {
            at: allowed * 100.0,
            class: "c-red",
            name: format!("allowed: {name}"),
        })
        .collect();
    let of = answer.winner.unwrap_or(study.baseline);
    if let Some(floor) = found.floors[of] {
        panel.uprights.push(Level {
            at: floor.usd,
            class: "c-blue",
            name: "cost floor (a theorem)".to_owned(),
        });
    }
    if let Some(plan) = &found.plan {
        let name = "best known plan (a run)".to_owned();
        panel.uprights.push(Level { at: plan.verdict.cost.mean, class: "c-orange", name });
    }
    if let Some(constant) = &found.constant {
        let name = format!("best constant group: {}, in hindsight", constant.size);
        panel.uprights.push(Level { at: constant.verdict.cost.mean, class: "c-purple", name });
    }
    let front = answer.front.iter().map(|&cell| vec![Some(panel.dots[cell].x), Some(panel.dots[cell].y)]);
    let front = front.collect();
    panel.lines.push(crate::html::Line {
        name: "front".to_owned(),
        class: "c-soft",
        shape: "line",
        points: front,
    });
    let most = panel.dots.iter().map(|dot| dot.x + dot.dx).chain(panel.uprights.iter().map(|level| level.at));
    let mut chart = Chart::new(Axis::usd("cost a month", most.fold(0.0, f64::max)));
    chart.panels.push(panel);
    chart
}

/// What is told of a cell.
pub(super) fn tip(found: &Found, cell: usize) -> String {
    let (study, answer) = (&found.study, &found.answer);
    let (verdict, sure) = (&answer.verdicts[cell], study.confidence);
    let mut lines = vec![study.cells[cell].name.clone(), format!("{} a month", cost(verdict.cost, sure))];
    lines.extend(verdict.kept.iter().map(|one| kept(one, sure)));
    lines.extend(verdict.overloaded.iter().map(|why| format!("overloaded: {why}")));
    lines.push(match verdict.holds {
        _ if answer.winner == Some(cell) => "holds: the cheapest that does".to_owned(),
        Holds::Yes => "holds".to_owned(),
        Holds::No => "does not hold".to_owned(),
        Holds::Unknown => "undecided".to_owned(),
    });
    lines.join("\n")
}

/// The stories one above another.
fn moments(found: &Found) -> Chart {
    let first = &found.stories[0];
    let points = first.series.points();
    let mut chart = Chart::new(crate::html::time(points, &first.labels));
    let calm = timeline::Labels { broken: Vec::new(), ..first.labels.clone() };
    chart.panels.push(crate::html::load(points, &calm));
    for story in &found.stories {
        let name = format!("{}: ", brief(found, story.cell));
        chart.panels.extend(panels(&name, story.series.points(), &story.labels));
    }
    chart
}

/// The table of all cells, the cheapest first.
fn cells(html: &mut Html, found: &Found) {
    let (study, answer) = (&found.study, &found.answer);
    let sure = study.confidence;
    let mut heads: Vec<String> = study.axes.clone();
    heads.extend(["Holds", "Cost a month", "Against the baseline"].map(str::to_owned));
    heads.extend(found.plan.as_ref().map(|_| "Regret".to_owned()));
    heads.extend(
        study
            .objectives
            .iter()
            .map(|(name, allowed)| format!("{name} missed ({} allowed)", percent(*allowed))),
    );
    heads.extend(["Instances", "Changes of size"].map(str::to_owned));
    let mut order: Vec<usize> = (0..study.cells.len()).collect();
    order.sort_by(|&a, &b| {
        answer.verdicts[a].cost.mean.total_cmp(&answer.verdicts[b].cost.mean).then(a.cmp(&b))
    });
    let cell = |text: String, value: f64| TableCell { text, value: Some(value) };
    let row = |&number: &usize| {
        let verdict = &answer.verdicts[number];
        let (holds, rank) = match verdict.holds {
            Holds::Yes => ("\u{2713} yes", 0.0),
            Holds::Unknown => ("? undecided", 1.0),
            Holds::No if verdict.overloaded.is_some() => ("\u{2717} overloaded", 3.0),
            Holds::No => ("\u{2717} no", 2.0),
        };
        let change = study.difference(number, study.baseline, COST);
        let against = if number == study.baseline { "baseline".to_owned() } else { signed(change, sure) };
        let label = |label: &String| TableCell { text: label.clone(), value: label.parse().ok() };
        let mut row: Vec<TableCell> = study.cells[number].labels.iter().map(label).collect();
        row.extend([
            cell(holds.to_owned(), rank),
            cell(cost(verdict.cost, sure), verdict.cost.mean),
            cell(against, change.mean),
        ]);
        row.extend(found.plan.as_ref().map(|plan| match plan.regrets[number] {
            Some(regret) => cell(money(regret, "USD"), regret),
            None => TableCell { text: String::new(), value: None },
        }));
        row.extend(verdict.kept.iter().map(|kept| cell(ratio(kept.ratio, sure), kept.ratio.mean)));
        for path in ["capacity.in_service_mean", "scaling.activities"] {
            let sample = study.sample(number, path);
            row.push(cell(plain(sample.mean), sample.mean));
        }
        (answer.winner == Some(number), row)
    };
    let rows: Vec<_> = order.iter().take(ROWS).map(row).collect();
    html.table(&heads, &rows);
    if order.len() > ROWS {
        html.text(&format!("The {ROWS} cheapest of {}; cells.csv has all.", order.len()));
    }
}

/// Each day of the answer and the baseline.
fn day_table(html: &mut Html, found: &Found, days: &Days) {
    let study = &found.study;
    let mut heads = vec!["Day".to_owned()];
    for cell in &days.cells {
        let name = brief(found, cell.cell);
        heads.push(format!("{name}: cost a month"));
        heads.extend(study.objectives.iter().map(|(objective, _)| format!("{name}: {objective} missed")));
    }
    let row = |day: usize| {
        let mut row = vec![TableCell { text: days.dates[day].clone(), value: None }];
        for cell in &days.cells {
            row.push(TableCell { text: money(cell.cost[day], "USD"), value: Some(cell.cost[day]) });
            let missed = |all: &Vec<f64>| TableCell { text: percent(all[day]), value: Some(all[day]) };
            row.extend(cell.missed.iter().map(missed));
        }
        (false, row)
    };
    let rows: Vec<_> = (0..days.dates.len()).map(row).collect();
    html.table(&heads, &rows);
}

/// A difference with its sign and interval: `−31 ± 2 USD`.
fn signed(difference: super::statistics::Sample, sure: f64) -> String {
    let sign = if difference.mean < 0.0 { "\u{2212}" } else { "+" };
    let size = super::statistics::Sample { mean: difference.mean.abs(), ..difference };
    format!("{sign}{}", cost(size, sure))
}

fn caveats(html: &mut Html, task: &Task, found: &Found) {
    let study = &found.study;
    let prices = task.cells[study.baseline].scenario.prices.source();
    let texts = [
        format!(
            "Behind \u{b1} stands the {} interval of a mean over {} replications. Replication r of every cell met the same requests with \
             the same work, so that differences are taken pair by pair.",
            percent(study.confidence),
            study.cells[0].runs.len()
        ),
        format!(
            "A month has 730 hours like the simulated ones, at the prices of {}, {}, in {}. What the scenario gives no price is not in it.",
            prices.region, prices.date, prices.currency
        ),
        "The simulation knows what the scenario says: if CPU time, boot time or load are other than there, so are the answers. What of the \
         cloud is modelled, and every known difference, is written in docs/AWS.md of simscale."
            .to_owned(),
    ];
    let items: String = texts.iter().map(|text| format!("<li>{}</li>\n", escaped(text))).collect();
    html.markup(&format!("<ul>\n{items}</ul>\n"));
}
