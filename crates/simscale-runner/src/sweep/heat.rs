//! The heat map of two axes with numbers: what each pair costs and whether it holds, all other axes at the answer.

mod picture;

use super::judgement::Holds;
use super::words::effects;
use super::{Found, report};
use crate::html::escaped;
use crate::number::{percent, plain};
use simscale::text::Duration;

/// A field of cells.
pub(super) struct Heat<'a> {
    found: &'a Found,
    /// The axis downwards with its labels.
    down: (usize, Vec<String>),
    /// The axis across with its labels.
    across: (usize, Vec<String>),
    /// The cell at the labels, row by row; `None` where one was left out.
    cells: Vec<Vec<Option<usize>>>,
}

impl<'a> Heat<'a> {
    /// The two axes with numbers that move the cost most; nothing where there are not two.
    pub fn of(found: &'a Found) -> Option<Heat<'a>> {
        let study = &found.study;
        let numeric = |axis: &usize| study.cells.iter().all(|cell| number(&cell.labels[*axis]).is_some());
        let order = effects(study, &found.answer);
        let mut axes: Vec<usize> = order
            .iter()
            .filter_map(|(name, ..)| study.axes.iter().position(|axis| axis == name))
            .filter(numeric)
            .take(2)
            .collect();
        axes.sort_unstable();
        let [down, across] = axes[..] else { return None };
        let labels = |axis: usize| {
            let mut labels: Vec<String> = study.cells.iter().map(|cell| cell.labels[axis].clone()).collect();
            labels.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
            labels.dedup();
            labels
        };
        let (rows, columns) = (labels(down), labels(across));
        let fixed = &study.cells[found.answer.winner.unwrap_or(study.baseline)].labels;
        let at = |row: &String, column: &String| {
            study.cells.iter().position(|cell| {
                cell.labels.iter().enumerate().all(|(axis, label)| match axis {
                    _ if axis == down => label == row,
                    _ if axis == across => label == column,
                    _ => *label == fixed[axis],
                })
            })
        };
        let cells: Vec<Vec<Option<usize>>> =
            rows.iter().map(|row| columns.iter().map(|column| at(row, column)).collect()).collect();
        let run = cells.iter().flatten().flatten().count();
        // The finalists of a search leave most of the field empty.
        let full = run * 2 >= rows.len() * columns.len();
        full.then_some(Heat { found, down: (down, rows), across: (across, columns), cells })
    }

    /// A table, to be read without a script too.
    pub fn markup(&self) -> String {
        let (study, answer) = (&self.found.study, &self.found.answer);
        let costs: Vec<f64> =
            self.cells.iter().flatten().flatten().map(|&cell| answer.verdicts[cell].cost.mean).collect();
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = costs.iter().copied().fold(0.0, f64::max);
        let name = |axis: usize| escaped(&study.axes[axis]);
        let (down, across) = (name(self.down.0), name(self.across.0));
        let mut text = format!(
            "<figure>\n<figcaption>Cost a month of each pair in USD, the darker the dearer; below it what is missed of the worst kept promise. \
             \u{2713} holds, \u{2717} does not, ? is undecided.{}</figcaption>\n<div class=\"wide\"><table class=\"heat\">\n\
             <thead><tr><th></th><th class=\"side\" colspan=\"{}\">{across}</th></tr>\n<tr><th class=\"side\">{down}</th>",
            self.rest(),
            self.across.1.len()
        );
        self.across.1.iter().for_each(|label| text += &format!("<th>{}</th>", escaped(label)));
        text += "</tr></thead>\n<tbody>\n";
        for (label, row) in self.down.1.iter().zip(&self.cells) {
            text += &format!("<tr><th>{}</th>", escaped(label));
            for cell in row {
                let Some(cell) = *cell else {
                    text += "<td class=\"none\">left out</td>";
                    continue;
                };
                let verdict = &answer.verdicts[cell];
                let share = if most > least { (verdict.cost.mean - least) / (most - least) } else { 0.0 };
                let sign = match verdict.holds {
                    Holds::Yes => "\u{2713}",
                    Holds::No => "\u{2717}",
                    Holds::Unknown => "?",
                };
                let class = if answer.winner == Some(cell) { " class=\"winner\"" } else { "" };
                text += &format!(
                    "<td{class} style=\"--share:{share:.3}\" data-tip=\"{}\">{} {sign}<small>{}</small></td>",
                    escaped(&report::tip(self.found, cell)),
                    plain(verdict.cost.mean),
                    percent(verdict.violation())
                );
            }
            text += "</tr>\n";
        }
        text + "</tbody>\n</table></div>\n</figure>\n"
    }

    /// Where the other axes stand.
    fn rest(&self) -> String {
        let study = &self.found.study;
        let fixed = &study.cells[self.found.answer.winner.unwrap_or(study.baseline)].labels;
        let others = study.axes.iter().zip(fixed).enumerate();
        let others = others.filter(|(axis, _)| *axis != self.down.0 && *axis != self.across.0);
        let others: Vec<String> = others.map(|(_, (axis, label))| format!("{axis}={label}")).collect();
        if others.is_empty() { String::new() } else { escaped(&format!(" All with {}.", others.join(" "))) }
    }
}

/// A point as a number: a plain one, or a duration in seconds.
fn number(label: &str) -> Option<f64> {
    label.parse::<f64>().ok().or_else(|| label.parse::<Duration>().ok().map(Duration::seconds))
}
