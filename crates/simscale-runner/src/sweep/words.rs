//! A sweep's answer in words: the cheapest cell that holds, why no cheaper one, what moving along the front costs, what matters most.

use super::judgement::{Answer, COST, Holds, Kept, Study};
use super::statistics::Sample;
use super::{DayCell, Days, Floor, Found, Given, Task, tune};
use crate::lead_in::Cut;
use crate::number::{counted, money, percent, plain};
use crate::report::{Mark, Page};
use serde::Serialize;
use simscale::summary::HOURS_PER_MONTH;

/// Cheaper cells that are named one by one; more are counted.
const NAMED: usize = 6;

const USD: &str = "USD";

/// `412 ± 3 USD`.
pub(super) fn cost(sample: Sample, confidence: f64) -> String {
    match sample.half_width(confidence) {
        Some(half) if half >= 0.01 => format!("{} ± {}", plain(sample.mean), money(half, USD)),
        Some(half) if half > 0.0 => format!("{} ± under 0.01 USD", plain(sample.mean)),
        _ => money(sample.mean, USD),
    }
}

/// `0.4 ± 0.1 %`.
pub(super) fn ratio(sample: Sample, confidence: f64) -> String {
    match sample.half_width(confidence) {
        Some(half) if half > 0.0 => format!("{} ± {}", percent(sample.mean), percent(half)),
        _ => percent(sample.mean),
    }
}

/// How an objective was kept: `fast is missed in 0.4 ± 0.1 % (1 % allowed)`.
pub(super) fn kept(kept: &Kept, confidence: f64) -> String {
    let mut text = format!(
        "{} is missed in {} ({} allowed)",
        kept.name,
        ratio(kept.ratio, confidence),
        percent(kept.allowed)
    );
    if let Some(chance) = kept.chance {
        let n = kept.ratio.n;
        let clean = if kept.broken == 0 { "no replication" } else { "only a few replications" };
        text += &format!("; {clean} of {n} broke it: the chance is under {}", percent(chance));
    }
    text
}

/// The verdict in one sentence.
pub fn verdict(found: &Found) -> String {
    let (study, answer) = (&found.study, &found.answer);
    let sure = percent(study.confidence);
    let given = if found.given.traced() { ", given this trace" } else { "" };
    let Some(winner) = answer.winner else {
        let undecided = answer.verdicts.iter().filter(|v| v.holds == Holds::Unknown).count();
        let what = match undecided {
            0 => "no cell keeps its promises".to_owned(),
            n => format!("no cell is shown to keep its promises ({n} undecided: more replications may tell)"),
        };
        return format!("{what}, at {sure} confidence{given}.");
    };
    let fresh = found.fresh.sample(0, COST);
    let mut text = format!(
        "{} is the cheapest that keeps its promises: {} a month on {}",
        study.cells[winner].name,
        cost(fresh, study.confidence),
        found.unseen()
    );
    if winner != study.baseline && found.fresh.cells.len() > 1 {
        let base = found.fresh.sample(1, COST).mean;
        let share = fresh.mean / base;
        let word = if share < 1.0 { "less" } else { "more" };
        text +=
            &format!(", {} {word} than {}", percent((1.0 - share).abs()), study.cells[study.baseline].name);
    }
    format!("{text} ({sure} confidence{given}).")
}

/// The whole answer as a page.
pub fn page(task: &Task, found: &Found, files: &str) -> Page {
    let (study, answer) = (&found.study, &found.answer);
    let sure = study.confidence;
    let mut page = Page::new(&task.name, &task.description);
    let replications = study.cells[0].runs.len() as u64;
    page.add(
        "Cells",
        format!(
            "{} x {}",
            counted(study.cells.len() as u64, "cell", "cells"),
            counted(replications, "replication", "replications")
        ),
    );
    if let Some(winner) = answer.winner {
        let verdict = &answer.verdicts[winner];
        page.add_marked(
            "Answer",
            Mark::Good,
            format!("{}: {} a month", study.cells[winner].name, cost(verdict.cost, sure)),
        );
        for kept_one in &verdict.kept {
            page.add("Answer", kept(kept_one, sure));
        }
        for &cell in &answer.equals {
            let cost = cost(answer.verdicts[cell].cost, sure);
            let name = &study.cells[cell].name;
            page.add("Answer", format!("{name} holds too at {cost}: no difference you could trust"));
        }
    }
    if let Some(cut) = &task.cut {
        page.add("Lead-in", format!("{}, the longest of all cells", cut.sentence()));
    }
    rejected(&mut page, study, answer);
    front(&mut page, study, answer);
    for line in against(task, found) {
        page.add("Against", line);
    }
    for (label, mark, text) in found.tuned.iter().flat_map(|tuned| tune::lines(tuned, found)) {
        page.add_marked(label, mark, text);
    }
    days(&mut page, found);
    for line in sensitivity(study, answer) {
        page.add("Matters", line);
    }
    for line in limits(study, answer) {
        page.add("Limits", line);
    }
    caveats(&mut page, task, found);
    page.add("Files", files.to_owned());
    page.end(verdict(found));
    page
}

fn rejected(page: &mut Page, study: &Study, answer: &Answer) {
    let sure = study.confidence;
    for &cell in answer.rejected.iter().take(NAMED) {
        let verdict = &answer.verdicts[cell];
        let why = match (&verdict.overloaded, verdict.holds) {
            (Some(why), _) => format!("overloaded, {why}"),
            (None, Holds::No) => reasons(verdict.kept.iter().filter(|k| k.ratio.mean > k.allowed), sure),
            (None, _) => format!("not shown to hold, {}", reasons(verdict.kept.iter(), sure)),
        };
        let mark = if verdict.holds == Holds::No { Mark::Bad } else { Mark::Warning };
        let text = format!("{} at {}: {why}", study.cells[cell].name, cost(verdict.cost, sure));
        page.add_marked("Cheaper", mark, text);
    }
    if answer.rejected.len() > NAMED {
        let more = (answer.rejected.len() - NAMED) as u64;
        page.add("Cheaper", format!("and {} more: see cells.csv", counted(more, "cell", "cells")));
    }
}

fn reasons<'a>(broken: impl Iterator<Item = &'a Kept>, confidence: f64) -> String {
    broken.map(|one| kept(one, confidence)).collect::<Vec<_>>().join("; ")
}

/// What moving along the front costs, cell by cell.
fn front(page: &mut Page, study: &Study, answer: &Answer) {
    if answer.front.len() < 2 || study.objectives.is_empty() {
        return;
    }
    for pair in answer.front.windows(2).take(NAMED) {
        let (from, to) = (&answer.verdicts[pair[0]], &answer.verdicts[pair[1]]);
        let more = to.cost.mean - from.cost.mean;
        let points = (from.violation() - to.violation()) * 100.0;
        page.add(
            "Front",
            format!(
                "{} a month more, from {} to {}, buy {} percentage points",
                money(more, USD),
                study.cells[pair[0]].name,
                study.cells[pair[1]].name,
                plain(points)
            ),
        );
    }
}

/// The winner, or the baseline, against the cost floor and the best constant group.
fn against(task: &Task, found: &Found) -> Vec<String> {
    let (study, answer) = (&found.study, &found.answer);
    let cell = answer.winner.unwrap_or(study.baseline);
    let cost = answer.verdicts[cell].cost.mean;
    let mut lines = Vec::new();
    if let Some(constant) = &found.constant {
        let own = constant.verdict.cost.mean;
        let share = percent((1.0 - cost / own).abs());
        let word = if cost < own { "less" } else { "more" };
        let prices = constant.prices.map(|[demand, committed]| {
            format!(
                " ({} on demand, {} at the commitment's price)",
                money(demand, USD),
                money(committed, USD)
            )
        });
        lines.push(format!(
            "best constant group, in hindsight: {} at {}{}; {} costs {share} {word}",
            counted(u64::from(constant.size), "instance", "instances"),
            money(own, USD),
            prices.unwrap_or_default(),
            study.cells[cell].name
        ));
    } else if task.hindsight && !study.objectives.is_empty() && found.tuned.is_none() {
        lines.push(
            "no constant group up to the baseline's group.max is shown to keep the promises".to_owned(),
        );
    }
    if let Some(plan) = &found.plan {
        let own = plan.verdict.cost.mean;
        let (word, share) = if cost < own { ("less", 1.0 - cost / own) } else { ("more", cost / own - 1.0) };
        lines.push(format!(
            "best known plan, by somebody who knows every request: {}; {} costs {} {word}",
            money(own, USD),
            study.cells[cell].name,
            percent(share)
        ));
    }
    if let Some(floor) = found.floors[cell].filter(|_| answer.winner.is_some()) {
        lines.push(format!(
            "cost floor: nothing that keeps the promises costs less than {}; {} costs {} more, and pays for {} instance-hours a month above it",
            money(floor.usd, USD),
            study.cells[cell].name,
            percent(cost / floor.usd - 1.0),
            plain(wasted(study, cell, floor))
        ));
    }
    lines
}

/// Instance-hours of a month that a cell is billed above its floor.
fn wasted(study: &Study, cell: usize, floor: Floor) -> f64 {
    let mean = |path: &str| study.sample(cell, path).mean;
    let hours = (mean("window.to_s") - mean("window.from_s")) / 3600.0;
    mean("capacity.billed_instance_hours") * HOURS_PER_MONTH / hours - floor.instance_hours
}

/// How far each axis moves cost and violations: the span of its points' means over all other axes, the widest first.
pub(super) fn effects(study: &Study, answer: &Answer) -> Vec<(String, f64, f64)> {
    let mut effects: Vec<(String, f64, f64)> = Vec::new();
    for (at, axis) in study.axes.iter().enumerate() {
        let mut labels: Vec<&str> = study.cells.iter().map(|cell| cell.labels[at].as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        if labels.len() < 2 {
            continue;
        }
        let means = |value: &dyn Fn(usize) -> f64| -> f64 {
            let mean = |label: &&str| {
                let cells: Vec<usize> =
                    (0..study.cells.len()).filter(|&c| study.cells[c].labels[at] == **label).collect();
                cells.iter().map(|&c| value(c)).sum::<f64>() / cells.len() as f64
            };
            let means: Vec<f64> = labels.iter().map(mean).collect();
            let most = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - means.iter().copied().fold(f64::INFINITY, f64::min)
        };
        let cost = means(&|c| answer.verdicts[c].cost.mean);
        let violation = means(&|c| answer.verdicts[c].violation());
        effects.push((axis.clone(), cost, violation));
    }
    effects.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    effects
}

fn sensitivity(study: &Study, answer: &Answer) -> Vec<String> {
    let effects = effects(study, answer);
    if effects.len() < 2 {
        return Vec::new();
    }
    let line = |(axis, cost, violation): &(String, f64, f64)| {
        let (cost, points) = (money(*cost, USD), plain(violation * 100.0));
        format!("{axis} moves the cost by {cost} a month and violations by {points} percentage points")
    };
    effects.iter().map(line).collect()
}

/// What held cells back that do not keep their promises.
fn limits(study: &Study, answer: &Answer) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, what, least) in
        [("limits.at_max_ratio", "group.max", 0.01), ("limits.backend_busy_ratio", "the backend", 0.01)]
    {
        let broken = |&cell: &usize| answer.verdicts[cell].holds != Holds::Yes;
        let held = |&cell: &usize| study.sample(cell, path).mean >= least;
        let cells = (0..study.cells.len()).filter(broken).filter(held).count() as u64;
        if cells > 0 {
            let cells = counted(cells, "cell", "cells");
            lines.push(format!("{cells} without kept promises were limited by {what} at times ({path})"));
        }
    }
    lines
}

fn caveats(page: &mut Page, task: &Task, found: &Found) {
    let study = &found.study;
    if study.objectives.is_empty() {
        page.add_marked(
            "Beware",
            Mark::Warning,
            "no [[objective]]: every cell keeps its promises".to_owned(),
        );
    }
    if study.cells[0].runs.len() < super::judgement::FEWEST {
        let text = "under 10 replications: nothing can be said to hold".to_owned();
        page.add_marked("Beware", Mark::Warning, text);
    }
    if found.precise == Some(false) {
        let text = format!("precision not reached within {} replications", task.most);
        page.add_marked("Beware", Mark::Warning, text);
    }
    let beware = match &found.given {
        Given::Generated => return,
        Given::OneDay => "one day: no statement about others; all intervals are given this trace".to_owned(),
        Given::Whole(why) => format!("intervals are given this trace; its days are not taken apart: {why}"),
        Given::Days(_) => {
            "intervals are given this trace; those over days stand under Days, and say nothing of other weeks"
                .to_owned()
        }
    };
    page.add_marked("Beware", Mark::Warning, beware);
}

/// The days of a trace: the mean day, the span, one interval over days.
fn days(page: &mut Page, found: &Found) {
    let Given::Days(days) = &found.given else { return };
    let (study, sure) = (&found.study, found.study.confidence);
    let span = |values: &[f64]| {
        let at = |better: fn(&f64, &f64) -> bool| {
            (1..values.len())
                .fold(0, |best, day| if better(&values[day], &values[best]) { day } else { best })
        };
        (at(|a, b| a < b), at(|a, b| a > b))
    };
    for cell in &days.cells {
        let name = &study.cells[cell.cell].name;
        let (low, high) = span(&cell.cost);
        page.add(
            "Days",
            format!(
                "{name}: {} a month over {} days, from {} ({}) to {} ({})",
                cost(cell.cost_over_days(), sure),
                days.dates.len(),
                money(cell.cost[low], USD),
                days.dates[low],
                money(cell.cost[high], USD),
                days.dates[high]
            ),
        );
        for ((objective, allowed), missed) in study.objectives.iter().zip(&cell.missed) {
            let worst = span(missed).1;
            let broken = missed.iter().filter(|missed| **missed > *allowed).count();
            page.add(
                "Days",
                format!(
                    "{objective} is missed in {} over days, at most in {} ({}); broken on {broken} of {} days",
                    ratio(Sample::of(missed), sure),
                    percent(missed[worst]),
                    days.dates[worst],
                    days.dates.len()
                ),
            );
        }
    }
    if let [first, second] = &days.cells[..] {
        let apart: Vec<f64> = first.cost.iter().zip(&second.cost).map(|(a, b)| a - b).collect();
        let apart = Sample::of(&apart);
        let word = if apart.mean < 0.0 { "less" } else { "more" };
        let size = Sample { mean: apart.mean.abs(), ..apart };
        let (a, b) = (&study.cells[first.cell].name, &study.cells[second.cell].name);
        page.add("Days", format!("day by day {a} costs {} a month {word} than {b}", cost(size, sure)));
    }
}

/// The answer in `answer.json`.
#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    simscale: &'a str,
    name: &'a str,
    axes: &'a [String],
    replications: usize,
    confidence: f64,
    precision_reached: Option<bool>,
    /// "this trace" where all replications met one; absent where each had a load of its own.
    given: Option<&'static str>,
    days: Option<JsonDays<'a>>,
    baseline: usize,
    winner: Option<usize>,
    equals: &'a [usize],
    rejected: &'a [usize],
    front: &'a [usize],
    /// The smallest constant group whose promises hold, in hindsight.
    best_constant: Option<JsonConstant>,
    /// A plan by somebody who knows every request, simulated; no bound.
    best_known: Option<JsonPlan>,
    cells: Vec<JsonCell<'a>>,
    fresh: Vec<JsonFresh<'a>>,
    /// How the cells were searched, where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<tune::Json<'a>>,
}

/// Days of a trace, each a replicate.
#[derive(Serialize)]
struct JsonDays<'a> {
    dates: &'a [String],
    cells: Vec<JsonDayCell<'a>>,
}

#[derive(Serialize)]
struct JsonDayCell<'a> {
    name: &'a str,
    cost_usd_per_month: &'a [f64],
    mean_cost_usd_per_month: f64,
    mean_cost_usd_per_month_half_width: Option<f64>,
    violation_ratios: &'a [Vec<f64>],
}

impl<'a> JsonDays<'a> {
    fn of(study: &'a Study, days: &'a Days) -> JsonDays<'a> {
        let cell = |cell: &'a DayCell| JsonDayCell {
            name: &study.cells[cell.cell].name,
            cost_usd_per_month: &cell.cost,
            mean_cost_usd_per_month: cell.cost_over_days().mean,
            mean_cost_usd_per_month_half_width: cell.cost_over_days().half_width(study.confidence),
            violation_ratios: &cell.missed,
        };
        JsonDays { dates: &days.dates, cells: days.cells.iter().map(cell).collect() }
    }
}

#[derive(Serialize)]
struct JsonCell<'a> {
    name: &'a str,
    values: &'a [(String, String)],
    holds: &'static str,
    overloaded: Option<&'a str>,
    cost_usd_per_month: f64,
    cost_usd_per_month_half_width: Option<f64>,
    cost_floor_usd_per_month: Option<f64>,
    /// Instance-hours of a month that it is billed above the floor's.
    wasted_instance_hours_per_month: Option<f64>,
    /// What it costs a month more than the best known plan; null in another world.
    regret_usd_per_month: Option<f64>,
    objectives: Vec<JsonKept<'a>>,
}

#[derive(Serialize)]
struct JsonConstant {
    instances: u32,
    cost_usd_per_month: f64,
    cost_usd_per_month_half_width: Option<f64>,
    /// All instances on demand, and all at the commitment's price; null without a commitment.
    on_demand_usd_per_month: Option<f64>,
    committed_usd_per_month: Option<f64>,
}

#[derive(Serialize)]
struct JsonPlan {
    cell: usize,
    headroom: f64,
    period_s: f64,
    cost_usd_per_month: f64,
    cost_usd_per_month_half_width: Option<f64>,
}

#[derive(Serialize)]
struct JsonKept<'a> {
    name: &'a str,
    allowed_ratio: f64,
    violation_ratio: f64,
    violation_ratio_half_width: Option<f64>,
    broken_replications: usize,
    chance_limit: Option<f64>,
}

/// A cell on replications that the choice never saw.
#[derive(Serialize)]
struct JsonFresh<'a> {
    name: &'a str,
    cost_usd_per_month: f64,
    cost_usd_per_month_half_width: Option<f64>,
}

pub(super) fn json(task: &Task, found: &Found) -> Vec<u8> {
    let Found { study, answer, fresh, .. } = found;
    let sure = study.confidence;
    let cells = answer.verdicts.iter().enumerate().map(|(cell, verdict)| JsonCell {
        name: &study.cells[cell].name,
        values: &task.cells[cell].values,
        holds: match verdict.holds {
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::Unknown => "undecided",
        },
        overloaded: verdict.overloaded.as_deref(),
        cost_usd_per_month: verdict.cost.mean,
        cost_usd_per_month_half_width: verdict.cost.half_width(sure),
        cost_floor_usd_per_month: found.floors[cell].map(|floor| floor.usd),
        wasted_instance_hours_per_month: found.floors[cell].map(|floor| wasted(study, cell, floor)),
        regret_usd_per_month: found.plan.as_ref().and_then(|plan| plan.regrets[cell]),
        objectives: verdict
            .kept
            .iter()
            .map(|kept| JsonKept {
                name: &kept.name,
                allowed_ratio: kept.allowed,
                violation_ratio: kept.ratio.mean,
                violation_ratio_half_width: kept.ratio.half_width(sure),
                broken_replications: kept.broken,
                chance_limit: kept.chance,
            })
            .collect(),
    });
    let fresh = (0..fresh.cells.len()).map(|cell| {
        let sample = fresh.sample(cell, COST);
        JsonFresh {
            name: &fresh.cells[cell].name,
            cost_usd_per_month: sample.mean,
            cost_usd_per_month_half_width: sample.half_width(sure),
        }
    });
    pretty(&Json {
        schema: 1,
        simscale: env!("CARGO_PKG_VERSION"),
        name: &task.name,
        axes: &task.axes,
        replications: study.cells[0].runs.len(),
        confidence: sure,
        precision_reached: found.precise,
        given: found.given.traced().then_some("this trace"),
        days: match &found.given {
            Given::Days(days) => Some(JsonDays::of(study, days)),
            _ => None,
        },
        baseline: study.baseline,
        winner: answer.winner,
        equals: &answer.equals,
        rejected: &answer.rejected,
        front: &answer.front,
        best_constant: found.constant.as_ref().map(|constant| JsonConstant {
            instances: constant.size,
            cost_usd_per_month: constant.verdict.cost.mean,
            cost_usd_per_month_half_width: constant.verdict.cost.half_width(sure),
            on_demand_usd_per_month: constant.prices.map(|[demand, _]| demand),
            committed_usd_per_month: constant.prices.map(|[_, committed]| committed),
        }),
        best_known: found.plan.as_ref().map(|plan| JsonPlan {
            cell: plan.cell,
            headroom: plan.headroom,
            period_s: plan.period_s,
            cost_usd_per_month: plan.verdict.cost.mean,
            cost_usd_per_month_half_width: plan.verdict.cost.half_width(sure),
        }),
        cells: cells.collect(),
        fresh: fresh.collect(),
        search: found.tuned.as_ref().map(|tuned| tune::json(tuned)),
    })
}

/// What is needed to make the same tables again.
pub(super) fn manifest(task: &Task, fixed: &str) -> Vec<u8> {
    #[derive(Serialize)]
    struct Manifest<'a> {
        schema: u32,
        simscale: &'a str,
        name: &'a str,
        plan_sha256: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        lead_in: Option<Cut>,
        seed: u64,
        command: &'a str,
    }
    pretty(&Manifest {
        schema: 1,
        simscale: env!("CARGO_PKG_VERSION"),
        name: &task.name,
        plan_sha256: fixed,
        lead_in: task.cut,
        seed: task.seed,
        command: &task.command,
    })
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("our own layouts have a form in JSON");
    text.push(b'\n');
    text
}

/// The answer as Markdown, for a pull request: the verdict, then a table of all cells.
pub fn markdown(task: &Task, found: &Found) -> String {
    let (study, answer) = (&found.study, &found.answer);
    let sure = study.confidence;
    let mut text = format!("### {}\n\n**{}**\n\n", task.name, verdict(found));
    let names = study
        .objectives
        .iter()
        .map(|(name, allowed)| format!(" {name} missed ({} allowed) |", percent(*allowed)));
    text += &format!(
        "| cell | cost a month |{} holds |\n|---|---:|{}---|\n",
        names.collect::<String>(),
        "---:|".repeat(study.objectives.len())
    );
    let mut order: Vec<usize> = (0..study.cells.len()).collect();
    order.sort_by(|&a, &b| {
        answer.verdicts[a].cost.mean.total_cmp(&answer.verdicts[b].cost.mean).then(a.cmp(&b))
    });
    for cell in order {
        let verdict = &answer.verdicts[cell];
        let kept = verdict.kept.iter().map(|kept| format!(" {} |", ratio(kept.ratio, sure)));
        let holds = match verdict.holds {
            _ if answer.winner == Some(cell) => "**yes, the cheapest**",
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::Unknown => "undecided",
        };
        text += &format!(
            "| {} | {} |{} {holds} |\n",
            study.cells[cell].name.replace('|', "\\|"),
            cost(verdict.cost, sure),
            kept.collect::<String>()
        );
    }
    let replications = study.cells[0].runs.len();
    text + &format!("\n{replications} replications a cell, {} intervals; `{}`\n", percent(sure), task.command)
}
