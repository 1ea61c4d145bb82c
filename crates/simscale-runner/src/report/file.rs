//! The report of one run as a file: the verdict, the page's lines, the chart of the run, the scenario, how to make it again.

use super::{page, verdict};
use crate::html::{Html, about};
use crate::number::{money, percent};
use crate::timeline::{Labels, Series};
use simscale::Scenario;
use simscale::summary::Summary;

/// What a report of a run is made from.
pub struct Told<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What was found.
    pub summary: &'a Summary,
    /// Its points.
    pub series: &'a Series,
    /// What they are labelled with.
    pub labels: &'a Labels,
    /// The picture for readers without scripts.
    pub picture: &'a str,
    /// The scenario with every default written out.
    pub resolved: &'a str,
    /// The command that makes it again.
    pub command: &'a str,
}

/// The report. Expectations are of the people who run, not of the run: the file is the same without them.
pub fn file(told: &Told<'_>) -> String {
    let (scenario, summary) = (told.scenario, told.summary);
    let page = page(scenario, summary, &[], None);
    let description = scenario.description.as_deref().unwrap_or_default();
    let mut html = Html::new(&scenario.name, description, &verdict(summary, &[]));
    let mut tiles = vec![(
        "Cost a month",
        money(summary.cost_usd.per_month, &summary.cost_usd.prices.currency),
        format!("prices of {}, {}", summary.cost_usd.prices.region, summary.cost_usd.prices.date),
    )];
    tiles.extend(summary.objectives.iter().map(|objective| {
        let kept = if objective.met { "Promise kept" } else { "Promise broken" };
        let missed = format!("{} missed in {}", objective.name, percent(objective.violation_ratio));
        (kept, missed, format!("{} allowed", percent(objective.allowed_ratio)))
    }));
    html.tiles(&tiles);
    html.section("What was found");
    html.lines(&page, |label| label != "Warnings");
    html.section("What happened");
    html.chart(
        "Load, response time, capacity and CPU above one axis of time; broken promises are shaded.",
        told.picture,
        &about(told.series, told.labels),
    );
    html.section("What to keep in mind");
    html.lines(&page, |label| label == "Warnings");
    html.text(
        "One run met one day's luck: simscale sweep repeats it and says how sure the figures are. The simulation knows what the scenario says; \
         what of the cloud is modelled, and every known difference, is written in docs/AWS.md of simscale.",
    );
    html.section("The scenario");
    html.folded("Every key, with every default written out", told.resolved);
    html.section("How to make it again");
    html.text(&format!("With simscale {}, beside the scenario's file:", env!("CARGO_PKG_VERSION")));
    html.command(told.command);
    html.text(&format!("Seed {}; fingerprint {}.", summary.seed, summary.fingerprint));
    html.finish()
}
