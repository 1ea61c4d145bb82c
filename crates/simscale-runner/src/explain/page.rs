//! An explanation as a page that is read in ten seconds.

use super::{Event, Explanation, Progress, ResultFolder};
use crate::number::{count, counted, percent, rate, seconds, span};
use crate::report::{Mark, Page};

impl Explanation {
    /// The page for people.
    pub fn page(&self, folder: &ResultFolder) -> Page {
        let (date, clock) = date_and_clock(&self.at);
        let mut page = Page::new(&self.scenario, &format!("at {date} {clock}"));
        page.add("Group", self.group(folder));
        if let Some(period) = &self.period {
            let p99 =
                period.response_p99_s.map_or("nothing served".to_string(), |s| format!("p99 {}", seconds(s)));
            let lost = period.refused + period.failed;
            let lost = if lost > 0 { format!(", {} lost", count(lost)) } else { String::new() };
            let (load, cpu) = (rate(period.arrived_per_s), percent(period.cpu_utilization));
            let length = span(period.end_s - period.start_s);
            page.add("Service", format!("{load} arrive, CPU {cpu} busy, {p99}{lost} (in this {length})"));
        }
        for alarm in &self.alarms {
            let mark = if alarm.state == "ALARM" { Mark::Warning } else { Mark::None };
            let text = match &alarm.since {
                Some(since) => {
                    let cause =
                        alarm.cause.strip_prefix(&format!("{}: ", alarm.name)).unwrap_or(&alarm.cause);
                    let cause = shortened(cause);
                    format!("{}: {} since {}: {cause}", alarm.name, alarm.state, self.when(since))
                }
                None => format!("{}: {} since the start", alarm.name, alarm.state),
            };
            page.add_marked("Alarms", mark, text);
        }
        for policy in &self.policies {
            let decision = match &policy.last_decision {
                Some(event) => self.told(event, folder),
                None => "has changed nothing so far".to_string(),
            };
            page.add("Policies", format!("{}: {decision}", policy.name));
            if let Some(hold) = &policy.last_hold {
                page.add("Policies", format!("{}: {}", policy.name, self.told(hold, folder)));
            }
        }
        self.add_progress(&mut page);
        for event in &self.lately {
            page.add("Lately", self.told(event, folder));
        }
        let next = match (&self.next_change, &self.next_alarm) {
            (Some(change), Some(alarm)) if alarm.t_s < change.t_s => vec![alarm, change],
            (Some(change), _) => vec![change],
            (None, alarm) => alarm.iter().collect(),
        };
        for event in &next {
            page.add("Next", self.told(event, folder));
        }
        page.end(self.last_sentence());
        page
    }

    fn group(&self, folder: &ResultFolder) -> String {
        let s = self.sizes;
        let units = if folder.scenario.group.mixed.is_some() { " units" } else { "" };
        let pooled = if s.pooled > 0 { format!(", {} in the warm pool", s.pooled) } else { String::new() };
        format!(
            "{}{units} desired: {} in service, {} booting, {} leaving{pooled}",
            s.desired, s.in_service, s.booting, s.draining
        )
    }

    /// What had begun: each kind in one line, and each hook.
    fn add_progress(&self, page: &mut Page) {
        let of = |what: &str| self.in_progress.iter().filter(|p| p.what == what).collect::<Vec<_>>();
        let kinds = [("boot", "boot", "boots"), ("termination", "instance leaving", "instances leaving")];
        for (what, one, many) in kinds {
            let list = of(what);
            if let Some(spanned) = self.spanned(&list) {
                page.add("Under way", format!("{}{spanned}", counted(list.len() as u64, one, many)));
            }
        }
        let mut hooks = of("hook");
        hooks.sort_by_key(|p| &p.hook);
        for held in hooks.chunk_by(|a, b| a.hook == b.hook) {
            let name = held[0].hook.as_deref().unwrap_or_default();
            let whom = counted(held.len() as u64, "instance", "instances");
            if let Some(spanned) = self.spanned(held) {
                page.add("Under way", format!("hook {name} holds {whom}{spanned}"));
            }
        }
        for cooldown in self.in_progress.iter().filter(|p| p.what == "cooldown") {
            let until = cooldown.until.as_deref().unwrap_or_default();
            page.add("Under way", format!("a cooldown until {}", self.when(until)));
        }
    }

    /// When the first of these began, and when the last is over.
    fn spanned(&self, list: &[&Progress]) -> Option<String> {
        let first = list.iter().map(|p| &p.since).min()?;
        // One that does not end within the run ends last.
        let last =
            list.iter().map(|p| p.until.as_deref()).max_by_key(|u| (u.is_none(), u.unwrap_or_default()))?;
        let end = last.map_or("not over by the end".to_string(), |u| format!("over by {}", self.when(u)));
        let since = if list.len() > 1 { "the first since" } else { "since" };
        Some(format!(", {since} {}; {end}", self.when(first)))
    }

    /// One fact in words.
    fn told(&self, event: &Event, folder: &ResultFolder) -> String {
        let at = self.when(&event.at);
        let reason = self.on_the_clock(&event.reason, folder);
        let mut why: Vec<&str> = Vec::new();
        why.extend([reason.as_str(), event.note.as_str()].iter().filter(|text| !text.is_empty()));
        let why = why.join("; ");
        let called = if event.cause.is_empty() || event.kind == "alarm" {
            String::new()
        } else {
            format!(" [{}]", shortened(&event.cause))
        };
        match event.kind.as_str() {
            "alarm" => format!("at {at} alarm {} ({})", event.note, shortened(&event.cause)),
            "hold" => format!("held at {at}: {why}{called}"),
            "decision" | "schedule" if event.before == event.granted => format!("at {at}: {why}{called}"),
            "decision" | "schedule" => {
                let asked = event.asked.filter(|asked| *asked != event.granted);
                let asked = asked.map_or(String::new(), |asked| format!(" (asked for {asked})"));
                format!("{} -> {}{asked} at {at}: {why}{called}", event.before, event.granted)
            }
            _ => {
                let whom = event.instance.map_or(String::new(), |i| format!(", instance {i}"));
                format!("at {at} {} ({}{whom}): {why}", event.kind, event.actor)
            }
        }
    }

    /// A reason with its times, which count from the start of the run, on the scenario's clock.
    fn on_the_clock(&self, reason: &str, folder: &ResultFolder) -> String {
        let word = |word: &str| {
            let bare = word.trim_end_matches([',', ';', '.', ')']);
            let at = folder.since_start(bare).map(|at| folder.scenario.simulation.local_text(at));
            at.map_or(word.to_string(), |at| format!("{}{}", self.when(&at), &word[bare.len()..]))
        };
        reason.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// A time on the clock as short as it can be: without the date when it is the date of the moment, without the offset.
    fn when(&self, at: &str) -> String {
        let (date, clock) = date_and_clock(at);
        if self.at.starts_with(date) { clock.to_string() } else { format!("{date} {clock}") }
    }

    fn last_sentence(&self) -> String {
        let s = self.sizes;
        let now = if s.booting > 0 {
            format!("{} of {} in service, {} booting", s.in_service, s.desired, s.booting)
        } else {
            format!("{} of {} in service", s.in_service, s.desired)
        };
        match &self.next_change {
            Some(next) => {
                let after = span((next.t_s - self.t_s).round());
                format!("{now}; next {} -> {} in {after}.", next.before, next.granted)
            }
            None => format!("{now}; the size does not change any more."),
        }
    }
}

/// Date and time of day of a timestamp, without the offset.
fn date_and_clock(at: &str) -> (&str, &str) {
    let (date, time) = at.split_once('T').unwrap_or(("", at));
    (date, &time[..time.find(['+', '-', 'Z']).unwrap_or(time.len())])
}

/// Most datapoints of an alarm that the page shows.
const POINTS: usize = 5;

/// The words of an alarm with its newest datapoints only, when it judged many.
fn shortened(cause: &str) -> String {
    let parts = cause.split_once('[').and_then(|(head, rest)| Some((head, rest.split_once(']')?)));
    let Some((head, (points, tail))) = parts else { return cause.to_string() };
    let points: Vec<&str> = points.split(' ').collect();
    if points.len() <= POINTS {
        return cause.to_string();
    }
    let newest = points[points.len() - 3..].join(" ");
    format!("{head}[{} earlier, {newest}]{tail}", points.len() - 3)
}
