//! The page of findings: what a capacity planner takes home from a suite's table, conclusions first, each sentence with its numbers and
//! their intervals. Every sentence is made from the table, and left out where the table does not support it.

use super::{Missed, Row, Suite, Workload};
use crate::number::{counted, money, percent, plain};

/// A policy's kind, its name in words, and how it decides: what is true of it by its definition.
const KINDS: [(&str, &str, &str); 6] = [
    (
        "threshold_poll",
        "Threshold polling",
        "It looks now and then and moves one step up or down: it runs hot and is cheap, and a jump that needs many instances takes as many looks.",
    ),
    (
        "simple_scaling",
        "Simple scaling",
        "One adjustment for an alarm, and then nothing until its cooldown has passed: steady where one step is enough, late where it is not.",
    ),
    (
        "step_scaling",
        "Step scaling",
        "The further the metric lies above its threshold, the more it adds, and it does not wait for a cooldown: nearer to a jump, and quicker to add too much.",
    ),
    (
        "target_tracking",
        "Target tracking",
        "It sizes the group in proportion to what it measures: the target is the head room, and the head room is the bill.",
    ),
    (
        "predictive_scaling",
        "Predictive scaling",
        "It launches ahead of a load that comes back each day or week.",
    ),
    ("fixed", "A constant group", "No policy at all: the size is the promise, and the bill."),
];

/// A number with half of its interval's width.
#[derive(Debug, Clone, Copy)]
struct Around {
    mean: f64,
    half: f64,
}

impl Around {
    fn cost(row: &Row) -> Around {
        Around { mean: row.cost, half: row.half }
    }

    /// How many times another it is, as far apart as the two intervals allow.
    fn over(self, other: Around) -> Around {
        let mean = self.mean / other.mean;
        Around { mean, half: mean * (self.half / self.mean + other.half / other.mean) }
    }

    fn times(self) -> String {
        match self.half {
            half if half < 0.0005 => format!("{:.2}", self.mean),
            half if half < 0.01 => format!("{:.3} \u{b1} {half:.3}", self.mean),
            half => format!("{:.2} \u{b1} {half:.2}", self.mean),
        }
    }
}

impl Missed {
    /// `answered in 2 % ± 0.27 % (0.1 % allowed)`.
    fn text(&self) -> String {
        format!("{} missed in {} ({} allowed)", self.objective, self.share(), percent(self.allowed))
    }

    fn share(&self) -> String {
        match self.half {
            half if half > 0.0 => format!("{} \u{b1} {}", percent(self.ratio), percent(half)),
            _ => percent(self.ratio),
        }
    }

    /// How far it is from what is allowed.
    fn excess(&self) -> f64 {
        self.ratio / self.allowed.max(1e-9)
    }
}

impl Row {
    fn holds(&self) -> bool {
        self.holds == "yes"
    }

    fn scales(&self) -> bool {
        self.kind != "fixed"
    }

    fn missed(&self) -> String {
        self.worst.as_ref().map_or_else(|| "nothing".to_owned(), Missed::text)
    }
}

impl Workload {
    /// The cheapest of the cells that hold.
    fn cheapest(&self, wanted: impl Fn(&Row) -> bool) -> Option<&Row> {
        let kept = self.cells.iter().filter(|row| row.holds() && wanted(row));
        kept.min_by(|a, b| a.cost.total_cmp(&b.cost))
    }

    /// Whether a policy that scales keeps its promises.
    fn follows(&self) -> bool {
        self.cheapest(Row::scales).is_some()
    }

    /// The scaling policy that comes nearest to its promises.
    fn nearest(&self) -> Option<&Row> {
        let excess = |row: &Row| row.worst.as_ref().map_or(0.0, Missed::excess);
        self.cells.iter().filter(|row| row.scales()).min_by(|a, b| excess(a).total_cmp(&excess(b)))
    }

    fn constant(&self) -> Option<Around> {
        self.constant.map(|(_, cost)| Around { mean: cost, half: 0.0 })
    }

    /// What a cell costs over the best constant group.
    fn over_constant(&self, row: &Row) -> Option<Around> {
        Some(Around::cost(row).over(self.constant()?))
    }

    fn of(&self, name: &str) -> Option<&Row> {
        self.cells.iter().find(|row| row.name == name)
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Each item with its numbers, such as `weekly 0.7 ± 0.01; ramp 0.8 ± 0.01`.
fn each<'a>(items: impl Iterator<Item = (&'a str, String)>) -> String {
    items.map(|(name, text)| format!("*{name}* {text}")).collect::<Vec<_>>().join("; ")
}

/// The page.
pub(super) fn page(suite: &Suite) -> String {
    let workloads = &suite.workloads[..];
    let Some(first) = workloads.first() else { return String::new() };
    let mut text = format!(
        "# What the suite says\n\n\
         {}, {} to size a group on each, {} on equal luck. Costs are a month's; behind \u{b1} stands half of a {} interval, and a quotient of two \
         means has both intervals in it. A promise is kept when it is missed no more than allowed; \"best constant group\" is the smallest constant \
         size that would have kept it, known in hindsight only.\n\n![costs and broken promises]({})\n\n## In short\n\n",
        counted(workloads.len() as u64, "workload", "workloads"),
        counted(first.cells.len() as u64, "way", "ways"),
        counted(suite.replications, "replication", "replications"),
        percent(suite.confidence),
        if cfg!(feature = "png") { "suite.png" } else { "suite.svg" },
    );
    let conclusions = [
        speed(workloads),
        jumps(workloads),
        saving(workloads),
        targets(workloads),
        steps(workloads),
        polling(workloads),
    ];
    for (number, conclusion) in (1..).zip(conclusions.into_iter().flatten()) {
        text += &format!("{number}. {conclusion}\n");
    }
    text += "\n## Which policy, when\n\n";
    text += &table(workloads);
    text += "\n## Policy by policy\n\n";
    for (kind, name, how) in KINDS {
        text += &of_kind(workloads, kind, name, how);
    }
    text += "## What this does not say\n\n\
             The numbers belong to these workloads, boots, prices and settings of the policies, which stand in the scenario files; other thresholds or another \
             boot move them. They are examples of how policies differ, not laws. Intervals are of replications of one workload: between workloads there is none.\n\n";
    text + &format!("Made by `{}` from `suite.csv`, which has every figure.\n", suite.command)
}

/// Where scaling keeps promises at all.
fn speed(all: &[Workload]) -> Option<String> {
    let (slow, fast): (Vec<&Workload>, Vec<&Workload>) = all.iter().partition(|workload| workload.follows());
    let titles =
        |of: &[&Workload]| listed(&of.iter().map(|workload| workload.title.clone()).collect::<Vec<_>>());
    let count = |of: &[&Workload], wanted: &dyn Fn(&Row) -> bool| {
        of.iter().flat_map(|workload| &workload.cells).filter(|row| row.scales() && wanted(row)).count()
    };
    if slow.is_empty() || fast.is_empty() {
        return None;
    }
    let nearest = fast.iter().filter_map(|workload| {
        let row = workload.nearest()?;
        Some((workload.title.as_str(), format!("{}, with {}", row.name, row.missed())))
    });
    Some(format!(
        "**Ask first how fast the load moves against datapoints and boot; which policy comes second.** Where it moves slowly ({}), {} of {} pairs of a scaling \
         policy and a workload keep all promises. Where it jumps ({}), none of {} does; nearest come {}.",
        titles(&slow),
        count(&slow, &Row::holds),
        count(&slow, &|_| true),
        titles(&fast),
        count(&fast, &|_| true),
        each(nearest)
    ))
}

/// What to do where no scaling policy is in time.
fn jumps(all: &[Workload]) -> Option<String> {
    let fast: Vec<&Workload> = all.iter().filter(|workload| !workload.follows()).collect();
    let constant = fast.iter().filter_map(|workload| {
        let (instances, cost) = workload.constant?;
        Some((
            workload.title.as_str(),
            format!("{instances} instances all the time for {}", money(cost, "USD")),
        ))
    });
    let constant: Vec<_> = constant.collect();
    if constant.is_empty() {
        return None;
    }
    let dear = fast.iter().filter_map(|workload| {
        let row =
            workload.cells.iter().filter(|row| row.scales()).max_by(|a, b| a.cost.total_cmp(&b.cost))?;
        let times = workload.over_constant(row)?;
        Some((
            workload.title.as_str(),
            format!("{} costs {} times as much with {}", row.name, times.times(), row.missed()),
        ))
    });
    Some(format!(
        "**Where the load jumps, keep the peak's capacity, or soften the jump: no setting of a reactive policy here buys it.** What would have done: {}. \
         The dearest scaling policy does not replace that: {}.",
        each(constant.into_iter()),
        each(dear)
    ))
}

/// What scaling saves where it works.
fn saving(all: &[Workload]) -> Option<String> {
    let mut pairs: Vec<(&Workload, &Row, Around)> = all
        .iter()
        .filter_map(|workload| {
            let row = workload.cheapest(Row::scales)?;
            Some((workload, row, workload.over_constant(row)?))
        })
        .collect();
    pairs.sort_by(|a, b| a.2.mean.total_cmp(&b.2.mean));
    let (most, least) = (pairs.first()?.2, pairs.last()?.2);
    let each = each(pairs.iter().map(|(workload, row, times)| {
        (workload.title.as_str(), format!("{} ({})", times.times(), row.name))
    }));
    Some(format!(
        "**Where it moves slowly, scaling saves up to {} of the best constant group's cost, and it does so without knowing the future.** The cheapest policy that \
         holds costs, against that group: {each}. The steadier the load, the less there is to save: {} at the least.",
        percent((1.0 - most.mean).max(0.0)),
        percent((1.0 - least.mean).max(0.0)),
    ))
}

/// Whether a higher target of target tracking does as well.
fn targets(all: &[Workload]) -> Option<String> {
    let names: Vec<&str> = all
        .first()?
        .cells
        .iter()
        .filter(|row| row.kind == "target_tracking")
        .map(|row| row.name.as_str())
        .collect();
    let [a, b] = names[..] else { return None };
    let total =
        |name: &str| all.iter().filter_map(|workload| workload.of(name)).map(|row| row.cost).sum::<f64>();
    let (cheap, dear) = if total(a) < total(b) { (a, b) } else { (b, a) };
    let pairs: Vec<(&Workload, &Row, &Row)> =
        all.iter().filter_map(|workload| Some((workload, workload.of(cheap)?, workload.of(dear)?))).collect();
    let both = |pair: &&(&Workload, &Row, &Row)| pair.1.holds() && pair.2.holds();
    let costs = each(pairs.iter().filter(both).map(|(workload, cheap, dear)| {
        (workload.title.as_str(), Around::cost(cheap).over(Around::cost(dear)).times())
    }));
    let lost: Vec<String> = pairs
        .iter()
        .filter(|pair| pair.2.holds() && !pair.1.holds())
        .map(|pair| pair.0.title.clone())
        .collect();
    let kept = match &lost[..] {
        [] => format!("{cheap} keeps its promises wherever {dear} does"),
        lost => format!("{cheap} loses the promise on {}", listed(lost)),
    };
    let worse = each(pairs.iter().filter(|pair| !pair.1.holds() && !pair.2.holds()).filter_map(
        |(workload, cheap, dear)| {
            let (cheap, dear) = (cheap.worst.as_ref()?, dear.worst.as_ref()?);
            Some((workload.title.as_str(), format!("{} instead of {}", cheap.share(), dear.share())))
        },
    ));
    let worse = if worse.is_empty() {
        worse
    } else {
        format!(" Where neither holds, its smaller head room is missed: {worse}.")
    };
    Some(format!(
        "**Target tracking: try the higher target first.** {kept}, for so many times its cost: {costs}.{worse}"
    ))
}

/// What simple and step scaling cost against target tracking.
fn steps(all: &[Workload]) -> Option<String> {
    let against = |kind: &str| {
        let pairs: Vec<(&Workload, Around)> = all
            .iter()
            .filter_map(|workload| {
                let tracking = workload.cheapest(|row| row.kind == "target_tracking")?;
                let row = workload.cheapest(|row| row.kind == kind)?;
                Some((workload, Around::cost(row).over(Around::cost(tracking))))
            })
            .collect();
        let text = each(pairs.iter().map(|(workload, times)| (workload.title.as_str(), times.times())));
        (pairs.len(), pairs.iter().filter(|(_, times)| times.mean - times.half > 1.0).count(), text)
    };
    let (simple, step) = (against("simple_scaling"), against("step_scaling"));
    if simple.0 == 0 || step.0 == 0 {
        return None;
    }
    let dearer = simple.1 == simple.0 && step.1 == step.0;
    let title = if dearer {
        "A well-chosen target is cheaper than alarms and steps"
    } else {
        "Simple and step scaling against target tracking"
    };
    Some(format!(
        "**{title}.** Against the cheapest target that holds, simple scaling is dearer on {} of {} \
         workloads: {}; step scaling on {} of {}: {}.",
        simple.1, simple.0, simple.2, step.1, step.0, step.2
    ))
}

/// Where the poll loop is the cheapest, and what it breaks.
fn polling(all: &[Workload]) -> Option<String> {
    let polled = |workload: &'_ Workload| -> Option<Row> {
        workload.cells.iter().find(|row| row.kind == "threshold_poll").cloned()
    };
    let first = each_of(all, |workload| {
        let row = polled(workload)?;
        (row.winner && row.holds()).then(|| format!("{}, with {}", cost(&row), row.missed()))
    })?;
    let open = each_of(all, |workload| {
        let row = polled(workload)?;
        (workload.follows() && !row.holds()).then(|| format!("{}{}", row.missed(), doubt(&row)))
    });
    let broken = each_of(all, |workload| {
        let row = polled(workload)?;
        (!workload.follows()).then(|| row.missed())
    });
    let open = open.map(|open| format!(" It is not shown to hold on: {open}.")).unwrap_or_default();
    let broken = broken.map(|broken| format!(" Where the load jumps: {broken}.")).unwrap_or_default();
    let wins =
        all.iter().filter(|workload| polled(workload).is_some_and(|row| row.winner && row.holds())).count();
    let slow = all.iter().filter(|workload| workload.follows()).count();
    Some(format!(
        "**A slow poll loop runs hot: it is the cheapest that holds on {wins} of {slow} loads that move slowly.** It costs a month: {first}.{open}{broken}"
    ))
}

fn each_of(all: &[Workload], say: impl Fn(&Workload) -> Option<String>) -> Option<String> {
    let said: Vec<(&str, String)> =
        all.iter().filter_map(|workload| Some((workload.title.as_str(), say(workload)?))).collect();
    (!said.is_empty()).then(|| each(said.into_iter()))
}

fn doubt(row: &Row) -> &'static str {
    if row.holds == "undecided" { ", undecided" } else { "" }
}

/// `420 ± 1.31 USD`.
pub(super) fn cost(row: &Row) -> String {
    if row.half >= 0.01 {
        format!("{} \u{b1} {}", plain(row.cost), money(row.half, "USD"))
    } else {
        money(row.cost, "USD")
    }
}

/// The cheapest that holds on each workload, and what the next cheaper one misses.
fn table(all: &[Workload]) -> String {
    let mut text = "| load | cheapest that holds | cost a month | times the best constant group | times the cost floor | why not the next cheaper one |\n\
                    |---|---|---:|---:|---:|---|\n"
        .to_owned();
    for workload in all {
        let Some(row) = workload.cheapest(|_| true) else {
            text += &format!("| {} | none is shown to | | | | |\n", workload.title);
            continue;
        };
        let cheaper = workload.cells.iter().filter(|other| other.cost < row.cost);
        let next = cheaper.max_by(|a, b| a.cost.total_cmp(&b.cost));
        text += &format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            workload.title,
            row.name,
            cost(row),
            workload.over_constant(row).map(Around::times).unwrap_or_default(),
            row.over_floor.map(|times| format!("{times:.2}")).unwrap_or_default(),
            next.map_or_else(
                || "there is none".to_owned(),
                |next| format!("{} at {}: {}{}", next.name, cost(next), next.missed(), doubt(next))
            ),
        );
    }
    text
}

/// A kind of policy: how it decides, where its cells hold and for how much, and what they miss elsewhere.
fn of_kind(all: &[Workload], kind: &str, name: &str, how: &str) -> String {
    let cells: Vec<&str> =
        all[0].cells.iter().filter(|row| row.kind == kind).map(|row| row.name.as_str()).collect();
    if cells.is_empty() {
        return String::new();
    }
    let mut text = format!("**{name}.** {how}\n\n");
    for cell in cells {
        let rows: Vec<(&Workload, &Row)> =
            all.iter().filter_map(|workload| Some((workload, workload.of(cell)?))).collect();
        let kept: Vec<_> = rows.iter().filter(|(_, row)| row.holds()).collect();
        let costs = each(kept.iter().map(|(workload, row)| {
            let times = workload.over_constant(row).map(|times| format!(" ({})", times.times()));
            (workload.title.as_str(), format!("{}{}", cost(row), times.unwrap_or_default()))
        }));
        let missed = each(rows.iter().filter(|(_, row)| !row.holds()).map(|(workload, row)| {
            let overloaded = if row.overloaded.is_some() { ", overloaded at the end" } else { "" };
            (workload.title.as_str(), format!("{}{}{overloaded}", row.missed(), doubt(row)))
        }));
        text += &format!("- *{cell}* holds on {} of {}", kept.len(), rows.len());
        if !costs.is_empty() {
            text += &format!(", for so much a month (and so many times the best constant group): {costs}");
        }
        text += &if missed.is_empty() { ".\n".to_owned() } else { format!(". Elsewhere: {missed}.\n") };
    }
    text + "\n"
}
