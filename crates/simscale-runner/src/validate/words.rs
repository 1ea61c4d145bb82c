//! The answer as a table for people, as CSV, as JSON, and the manifest beside it.

use super::verdict::Verdict;
use super::{Answer, Line};
use serde_json::{Value, json};
use std::fmt::Write;

/// The columns of `table.csv`.
const COLUMNS: [&str; 16] = [
    "family",
    "case",
    "load",
    "servers",
    "measure",
    "formula",
    "exact",
    "simulated",
    "standard_error",
    "interval_low",
    "interval_high",
    "relative_difference",
    "difference_in_standard_errors",
    "normal_score",
    "replications",
    "requests",
];

/// The values of a line, in the order of the columns but for the verdict.
fn values(line: &Line) -> [String; 16] {
    let (case, found) = (&line.case, &line.found);
    [
        case.family.to_owned(),
        case.name.clone(),
        rounded(case.load),
        case.servers.to_string(),
        case.measure.words(),
        case.formula.to_owned(),
        rounded(found.exact),
        rounded(found.mean),
        rounded(found.error),
        rounded(found.mean - found.half_width),
        rounded(found.mean + found.half_width),
        rounded(found.mean / found.exact - 1.0),
        format!("{:.3}", found.difference()),
        format!("{:.3}", found.score()),
        found.replications.to_string(),
        found.requests.to_string(),
    ]
}

/// Eight significant digits: more would differ from platform to platform.
fn rounded(value: f64) -> String {
    let text = format!("{value:.7e}");
    text.parse::<f64>().map_or(text, |short| short.to_string())
}

/// `table.csv`.
pub fn csv(answer: &Answer) -> String {
    let quoted = |value: &String| {
        if value.contains([',', '"']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.clone() }
    };
    let mut text = format!("{},verdict\n", COLUMNS.join(","));
    for (line, verdict) in answer.lines.iter().zip(&answer.judgement.verdicts) {
        let cells: Vec<String> = values(line).iter().map(quoted).collect();
        _ = writeln!(text, "{},{}", cells.join(","), verdict.words());
    }
    text
}

/// One JSON object: verdicts and lines.
pub fn json(answer: &Answer) -> Value {
    let line = |(line, verdict): (&Line, &Verdict)| {
        let (case, found) = (&line.case, &line.found);
        json!({
            "family": case.family,
            "case": case.name,
            "load": case.load,
            "servers": case.servers,
            "measure": case.measure.words(),
            "formula": case.formula,
            "exact": found.exact,
            "simulated": found.mean,
            "standard_error": found.error,
            "interval": [found.mean - found.half_width, found.mean + found.half_width],
            "difference_in_standard_errors": found.difference(),
            "normal_score": found.score(),
            "replications": found.replications,
            "requests": found.requests,
            "verdict": verdict.words(),
        })
    };
    let lines: Vec<Value> = answer.lines.iter().zip(&answer.judgement.verdicts).map(line).collect();
    let mut object = manifest(answer);
    object["passes"] = json!(answer.judgement.passes());
    object["cases"] = Value::Array(lines);
    object
}

/// What is needed to make the same table again, and what it says.
pub fn manifest(answer: &Answer) -> Value {
    let judgement = &answer.judgement;
    json!({
        "schema": 1,
        "simscale": env!("CARGO_PKG_VERSION"),
        "command": answer.command,
        "seed": answer.seed,
        "grid": if answer.full { "full" } else { "quick" },
        "budget": { "share": answer.budget.share, "last": answer.budget.last },
        "counts": {
            "cases": answer.lines.len(),
            "passed": judgement.count(Verdict::Passes),
            "failed": judgement.failures(),
            "not_decided": judgement.count(Verdict::NotDecided),
            "not_judged": judgement.count(Verdict::NotJudged),
        },
        "limit": judgement.limit,
        "chi_square": { "value": judgement.chi_square, "low": judgement.bounds.0, "high": judgement.bounds.1, "cases": judgement.decided },
        "requests": answer.lines.iter().map(|line| line.found.requests).sum::<u64>(),
    })
}

/// The table for people, family by family, and the verdict on all.
pub fn text(answer: &Answer) -> String {
    let width = answer.lines.iter().map(|line| line.case.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut family = "";
    for (line, verdict) in answer.lines.iter().zip(&answer.judgement.verdicts) {
        let (case, found) = (&line.case, &line.found);
        if case.family != family {
            family = case.family;
            _ = writeln!(
                text,
                "\n{family:width$}  {:>11}  {:>11}  {:>11}  {:>8}  verdict   (measured)",
                "exact", "simulated", "+- 95 %", "in SE"
            );
        }
        _ = writeln!(
            text,
            "{:width$}  {:>11}  {:>11}  {:>11}  {:>+8.2}  {}   ({})",
            case.name,
            digits(found.exact),
            digits(found.mean),
            digits(found.half_width),
            found.difference(),
            verdict.words(),
            case.measure.words(),
        );
    }
    _ = write!(text, "\n{}", summary(answer));
    text
}

/// Six significant digits.
fn digits(value: f64) -> String {
    let text = format!("{value:.5e}");
    text.parse::<f64>().map_or(text, |short| short.to_string())
}

/// The verdict on all, in a few lines.
fn summary(answer: &Answer) -> String {
    let judgement = &answer.judgement;
    let requests = answer.lines.iter().map(|line| line.found.requests).sum::<u64>();
    let largest = answer
        .lines
        .iter()
        .zip(&judgement.verdicts)
        .filter(|(_, verdict)| !matches!(verdict, Verdict::NotDecided | Verdict::NotJudged))
        .map(|(line, _)| (line.found.score().abs(), line.case.name.as_str()))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let largest = largest.map_or(String::new(), |(score, name)| format!("; largest {score:.2} ({name})"));
    let spread = if judgement.spread_passes() { "inside" } else { "OUTSIDE" };
    format!(
        "{} cases, {} requests: {} pass, {} fail, {} not decided, {} not judged.\n\
         Differences as standard normal numbers: limit {:.2} for all together at 5 %{largest}.\n\
         Chi-square of {} differences: {:.1}, {spread} {:.1} to {:.1} (99.9 %).\n\
         Same table again: {}\n",
        answer.lines.len(),
        crate::number::count(requests),
        judgement.count(Verdict::Passes),
        judgement.failures(),
        judgement.count(Verdict::NotDecided),
        judgement.count(Verdict::NotJudged),
        judgement.limit,
        judgement.decided,
        judgement.chi_square,
        judgement.bounds.0,
        judgement.bounds.1,
        answer.command,
    )
}
