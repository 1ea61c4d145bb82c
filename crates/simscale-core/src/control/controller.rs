//! What the group makes of the answers of one instant: which wish is granted, what its bounds allow, why the others changed nothing.

use super::{Decision, Reason, Request};
use std::cmp::{Ordering, Reverse};
use std::mem::{Discriminant, discriminant};

/// The largest size that even a raw decision is granted.
const MOST_INSTANCES: u32 = 100_000;

/// A policy's answer, with what called it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub policy: usize,
    pub actor: String,
    pub cause: String,
    pub decision: Decision,
}

/// The size of the group and the bounds it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub min: u32,
    pub max: u32,
    pub desired: u32,
}

impl Sizes {
    fn clamp(&self, size: u32) -> u32 {
        size.max(self.min).min(self.max)
    }

    /// The bound that lies between a wish and what is granted; empty when none does.
    fn limit(&self, wish: u32, granted: u32) -> String {
        match wish.cmp(&granted) {
            Ordering::Equal => String::new(),
            Ordering::Greater => format!("limited by max {}", self.max),
            Ordering::Less if granted > self.min => format!("held at {granted} by a forecast"),
            Ordering::Less => format!("limited by min {}", self.min),
        }
    }
}

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It replaced the bounds.
    Bounds,
    /// It changed nothing, and differs in kind from the policy's answer before.
    Hold,
    /// The group takes another size. `drain`: leavers may finish what they have.
    Resize { drain: bool },
}

/// One thing to write down and, for a resize, to carry out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    /// The answer it is about, by its place.
    pub answer: usize,
    pub effect: Effect,
    pub asked: Option<u32>,
    pub before: u32,
    pub granted: u32,
    pub note: String,
}

/// What an answer comes to, as far as "the same again" goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Granted,
    Holds,
    Blocks,
    Same,
    Limited,
    Blocked,
    Outvoted,
}

/// Combines answers, and remembers what each policy's last one came to.
#[derive(Debug, Default)]
pub(crate) struct Controller {
    last: Vec<Option<(Outcome, Discriminant<Reason>)>>,
}

impl Controller {
    /// Combines the answers of one instant by the product's rule: scale out if anybody wants to, by the largest size asked; else
    /// scale in, to the largest size asked, where a target tracker that is not ready keeps other target trackers from
    /// scaling in. Bounds are replaced before; a size that they leave outside is moved inside afterwards.
    pub fn rule(&mut self, mut sizes: Sizes, answers: &[Answer]) -> (Sizes, Vec<Ruling>) {
        let mut rulings = Vec::new();
        let before = sizes.desired;
        for (answer, (min, max)) in
            answers.iter().enumerate().filter_map(|(i, a)| Some((i, a.decision.bounds?)))
        {
            if (min, max) != (sizes.min, sizes.max) {
                (sizes.min, sizes.max) = (min, max);
                let note = format!("bounds are now {min} to {max}");
                rulings.push(Ruling {
                    answer,
                    effect: Effect::Bounds,
                    asked: None,
                    before,
                    granted: before,
                    note,
                });
            }
        }
        let winner = winner(&sizes, answers);
        for answer in 0..answers.len() {
            let (outcome, note) = self::outcome(&sizes, answers, answer, winner);
            if self.is_news(&answers[answer], outcome) && outcome != Outcome::Granted {
                let asked = wish(&answers[answer]);
                rulings.push(Ruling { answer, effect: Effect::Hold, asked, before, granted: before, note });
            }
        }
        if let Some((answer, granted)) = winner.filter(|w| w.1 != before) {
            let asked = wish(&answers[answer]);
            let note = sizes.limit(asked.unwrap_or(granted), granted);
            let effect = Effect::Resize { drain: !answers[answer].decision.raw };
            rulings.push(Ruling { answer, effect, asked, before, granted, note });
            sizes.desired = granted;
        }
        let (before, granted) = (sizes.desired, sizes.clamp(sizes.desired));
        if let Some(answer) = answers.iter().rposition(|a| a.decision.bounds.is_some())
            && before != granted
        {
            let (effect, note) = (Effect::Resize { drain: true }, sizes.limit(before, granted));
            rulings.push(Ruling { answer, effect, asked: None, before, granted, note });
            sizes.desired = granted;
        }
        (sizes, rulings)
    }

    /// Whether an answer differs in kind from the policy's answer before, which it replaces.
    fn is_news(&mut self, answer: &Answer, outcome: Outcome) -> bool {
        if self.last.len() <= answer.policy {
            self.last.resize(answer.policy + 1, None);
        }
        let kind = Some((outcome, discriminant(&answer.decision.reason)));
        std::mem::replace(&mut self.last[answer.policy], kind) != kind
    }
}

fn wish(answer: &Answer) -> Option<u32> {
    match answer.decision.request {
        Request::Desired(size) => Some(size),
        _ => None,
    }
}

/// The size that an answer asks for, inside the bounds and, when it is fewer, not below a floor; raw and unbounded wishes are taken as they are.
fn size(sizes: &Sizes, answers: &[Answer], answer: &Answer) -> Option<u32> {
    let wish = wish(answer)?;
    if answer.decision.raw || answer.decision.unbounded {
        return Some(wish.min(MOST_INSTANCES));
    }
    let size = sizes.clamp(wish);
    let floor = answers.iter().filter_map(|a| a.decision.floor).max();
    Some(floor.filter(|_| size < sizes.desired).map_or(size, |floor| size.max(floor.min(sizes.desired))))
}

fn blocker(answers: &[Answer]) -> Option<&Answer> {
    answers.iter().find(|a| a.decision.request == Request::HoldAndBlockScaleIn)
}

/// Whether the answer wants fewer, and a target tracker that is not ready keeps it from that.
fn is_blocked(sizes: &Sizes, answers: &[Answer], answer: &Answer, size: u32) -> bool {
    let tracks = matches!(answer.decision.reason, Reason::TargetTracking { .. });
    size <= sizes.desired && tracks && blocker(answers).is_some()
}

/// Whose wish is granted, and what; of equal wishes the first policy's, and there its last alarm's.
fn winner(sizes: &Sizes, answers: &[Answer]) -> Option<(usize, u32)> {
    let wishes = answers.iter().enumerate().filter_map(|(i, a)| Some((i, size(sizes, answers, a)?)));
    wishes
        .filter(|&(i, n)| !is_blocked(sizes, answers, &answers[i], n))
        .max_by_key(|&(i, n)| (n > sizes.desired, n, Reverse(answers[i].policy)))
}

/// What comes of an answer, and the rule of the group that made it so.
fn outcome(
    sizes: &Sizes,
    answers: &[Answer],
    place: usize,
    winner: Option<(usize, u32)>,
) -> (Outcome, String) {
    let answer = &answers[place];
    let before = sizes.desired;
    let (Some(wish), Some(size)) = (wish(answer), size(sizes, answers, answer)) else {
        let blocks = answer.decision.request == Request::HoldAndBlockScaleIn;
        return (if blocks { Outcome::Blocks } else { Outcome::Holds }, String::new());
    };
    if let Some((_, granted)) = winner.filter(|w| w.0 == place)
        && granted != before
    {
        return (Outcome::Granted, String::new());
    }
    if size == before {
        return match sizes.limit(wish, size) {
            limit if limit.is_empty() => (Outcome::Same, "already at this size".to_string()),
            limit => (Outcome::Limited, limit),
        };
    }
    if is_blocked(sizes, answers, answer, size) {
        let by = blocker(answers).map_or("", |a| &a.actor);
        return (Outcome::Blocked, format!("{by} keeps it from scaling in"));
    }
    let by = winner.map_or("", |w| &answers[w.0].actor);
    (Outcome::Outvoted, format!("the wish of {by} goes first"))
}
