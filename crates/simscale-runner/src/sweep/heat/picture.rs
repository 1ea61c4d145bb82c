//! The heat map as a picture: what each pair costs, and beside it what it breaks, each on one ramp of a single hue from light to dark.
//!
//! Colour alone says nothing: every square that has room carries its number, those that hold a tick, and the cheapest of them a frame.

use super::super::judgement::Holds;
use super::Heat;
use crate::html::escaped;
use crate::number::{money, percent, plain};

/// Width of the squares of a field together.
const FIELD: usize = 560;

/// Room left of a field for the labels of its rows.
const LEFT: usize = 110;

/// Room above the fields for title and key.
const TOP: usize = 150;

/// A square at least as wide has room for its number.
const ROOMY: f64 = 42.0;

/// Lightest and darkest colour of a field; both ramps keep their order in every kind of colour blindness and in grey.
type Ramp = [(u8, u8, u8); 2];

const BLUES: Ramp = [(238, 244, 251), (8, 64, 129)];
const BROWNS: Ramp = [(255, 247, 232), (140, 45, 4)];

/// A field: its title, its colours, and a value for each square.
struct Field {
    title: String,
    ramp: Ramp,
    low: f64,
    high: f64,
    value: Box<dyn Fn(usize) -> f64>,
    /// The number inside a square.
    short: fn(f64) -> String,
    /// The number at the ends of the key.
    long: fn(f64) -> String,
}

impl Field {
    fn share(&self, cell: usize) -> f64 {
        if self.high > self.low { ((self.value)(cell) - self.low) / (self.high - self.low) } else { 0.0 }
    }
}

impl Heat<'_> {
    /// Draws the picture as SVG text.
    pub fn svg(&self, title: &str) -> String {
        let study = &self.found.study;
        let (rows, columns) = (self.down.1.len(), self.across.1.len());
        let wide = FIELD as f64 / columns as f64;
        let high = (420.0 / rows as f64).clamp(16.0, 46.0);
        let deep = high * rows as f64;
        let width = LEFT + 2 * FIELD + 140;
        let height = TOP as f64 + deep + 120.0;
        let subtitle = format!(
            "{} by {}: {} replications of each pair.{}",
            study.axes[self.down.0],
            study.axes[self.across.0],
            study.cells[0].runs.len(),
            self.rest()
        );
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height:.0}\" viewBox=\"0 0 {width} {height:.0}\" font-family=\"sans-serif\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}{}",
            label((30.0, 38.0), 22, "start", "#222", title),
            label((30.0, 62.0), 14, "start", "#666", &subtitle),
        );
        for (place, field) in self.fields().into_iter().enumerate() {
            let x = (LEFT + place * (FIELD + 80)) as f64;
            text += &key(&field, x);
            text += &self.squares(&field, x, (wide, high));
            text += &self.labels(x, (wide, high), place == 0);
        }
        let middle = TOP as f64 + deep / 2.0;
        text += &format!(
            "<text transform=\"translate(28 {middle:.1}) rotate(-90)\" font-size=\"14\" text-anchor=\"middle\" fill=\"#222\">{}</text>\n",
            escaped(&study.axes[self.down.0])
        );
        text += &signs(height - 22.0);
        text + "</svg>\n"
    }

    fn fields(&self) -> [Field; 2] {
        let verdicts = &self.found.answer.verdicts;
        let all: Vec<usize> = self.cells.iter().flatten().flatten().copied().collect();
        let costs: Vec<f64> = verdicts.iter().map(|verdict| verdict.cost.mean).collect();
        let broken: Vec<f64> = verdicts.iter().map(super::super::Verdict::violation).collect();
        let ends = |values: &[f64]| {
            let of = all.iter().map(|&cell| values[cell]);
            (of.clone().fold(f64::INFINITY, f64::min), of.fold(f64::NEG_INFINITY, f64::max))
        };
        let (cheap, dear) = ends(&costs);
        let what = match &self.found.study.objectives[..] {
            [] => "no promise".to_owned(),
            [(name, allowed)] => format!("Share that breaks {name}, {} allowed", percent(*allowed)),
            _ => "Share that breaks the worst kept promise".to_owned(),
        };
        let most = ends(&broken).1;
        [
            Field {
                title: "Cost a month, USD".to_owned(),
                ramp: BLUES,
                low: cheap,
                high: dear,
                value: Box::new(move |cell| costs[cell]),
                short: plain,
                long: |value| money(value, "USD"),
            },
            Field {
                title: what,
                ramp: BROWNS,
                low: 0.0,
                high: most,
                value: Box::new(move |cell| broken[cell]),
                short: short_percent,
                long: percent,
            },
        ]
    }

    fn squares(&self, field: &Field, x: f64, (wide, high): (f64, f64)) -> String {
        let answer = &self.found.answer;
        let (mut text, mut frame) = (String::new(), String::new());
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (left, top) = (x + wide * column as f64, TOP as f64 + high * row as f64);
                let square = |paint: &str| {
                    format!(
                        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" {paint}/>\n",
                        left + 1.0,
                        top + 1.0,
                        wide - 2.0,
                        high - 2.0
                    )
                };
                let Some(cell) = *cell else {
                    text += &square("fill=\"none\" stroke=\"#c8c8cf\" stroke-dasharray=\"3 3\"");
                    continue;
                };
                let share = field.share(cell);
                text += &square(&format!("fill=\"{}\"", colour(field.ramp, share)));
                let ink = if share > 0.5 { "#ffffff" } else { "#222222" };
                let (middle, line) = (left + wide / 2.0, top + high / 2.0);
                let holds = answer.verdicts[cell].holds;
                let numbered = wide >= ROOMY && high >= 30.0;
                if numbered {
                    let size = if wide < 52.0 { 11 } else { 13 };
                    text += &label(
                        (middle, line - 1.0),
                        size,
                        "middle",
                        ink,
                        &(field.short)((field.value)(cell)),
                    );
                }
                let below = if numbered { line + 10.0 } else { line };
                text += &match holds {
                    Holds::Yes => tick((middle, below), ink),
                    Holds::Unknown => label((middle, below + 4.0), 12, "middle", ink, "?"),
                    Holds::No => String::new(),
                };
                if answer.winner == Some(cell) {
                    frame = square("fill=\"none\" stroke=\"#222222\" stroke-width=\"4\"");
                }
            }
        }
        text + &frame
    }

    /// The points of both axes, thinned out where they would touch; those of the rows beside the first field only.
    fn labels(&self, x: f64, (wide, high): (f64, f64), first: bool) -> String {
        let deep = TOP as f64 + high * self.down.1.len() as f64;
        let longest = self.across.1.iter().map(|label| label.chars().count()).max().unwrap_or(1) as f64;
        let each = ((longest * 8.0 + 8.0) / wide).ceil().max(1.0) as usize;
        let mut text = String::new();
        for (column, name) in self.across.1.iter().enumerate().step_by(each) {
            let middle = x + wide * (column as f64 + 0.5);
            text += &label((middle, deep + 20.0), 13, "middle", "#222", name);
        }
        text += &label(
            (x + FIELD as f64 / 2.0, deep + 46.0),
            14,
            "middle",
            "#222",
            &self.found.study.axes[self.across.0],
        );
        for (row, name) in self.down.1.iter().enumerate().filter(|_| first) {
            text += &label((x - 10.0, TOP as f64 + high * (row as f64 + 0.5) + 5.0), 13, "end", "#222", name);
        }
        text
    }
}

/// Title and ramp of a field with its ends.
fn key(field: &Field, x: f64) -> String {
    const STEPS: usize = 40;
    const LONG: f64 = 160.0;
    let y = TOP as f64 - 34.0;
    let mut text = label((x, y - 12.0), 15, "start", "#222", &field.title);
    let step = LONG / STEPS as f64;
    for at in 0..STEPS {
        let share = at as f64 / (STEPS - 1) as f64;
        text += &format!(
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"12\" fill=\"{}\"/>\n",
            x + step * at as f64,
            step + 0.3,
            colour(field.ramp, share)
        );
    }
    let ends = format!("{} to {}", (field.long)(field.low), (field.long)(field.high));
    text + &label((x + LONG + 10.0, y + 11.0), 13, "start", "#555", &ends)
}

/// What the signs mean.
fn signs(y: f64) -> String {
    let mut text = tick((44.0, y - 5.0), "#222222");
    text += &label((56.0, y), 13, "start", "#222", "its promises hold");
    text += &label((200.0, y), 13, "start", "#222", "?  undecided");
    text += &label((310.0, y), 13, "start", "#222", "no sign: they do not hold");
    text += &format!(
        "<rect x=\"500\" y=\"{:.1}\" width=\"18\" height=\"16\" fill=\"none\" stroke=\"#222222\" stroke-width=\"4\"/>\n",
        y - 13.0
    );
    text += &label((528.0, y), 13, "start", "#222", "the cheapest that holds");
    text += &format!(
        "<rect x=\"710\" y=\"{:.1}\" width=\"18\" height=\"16\" fill=\"none\" stroke=\"#c8c8cf\" stroke-dasharray=\"3 3\"/>\n",
        y - 13.0
    );
    text + &label((736.0, y), 13, "start", "#222", "not run")
}

fn label((x, y): (f64, f64), size: usize, anchor: &str, ink: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{ink}\">{}</text>\n",
        escaped(text)
    )
}

fn tick((x, y): (f64, f64), ink: &str) -> String {
    format!(
        "<path d=\"M{:.1} {y:.1} l4 4 l7 -8\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2.2\"/>\n",
        x - 5.5
    )
}

fn colour([light, dark]: Ramp, share: f64) -> String {
    let mix =
        |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(light.0, dark.0), mix(light.1, dark.1), mix(light.2, dark.2))
}

/// A percentage that fits into a square; what is above zero is never written as zero.
fn short_percent(ratio: f64) -> String {
    match ratio * 100.0 {
        0.0 => "0".to_owned(),
        value if value < 0.01 => "<0.01".to_owned(),
        value => plain((value * 100.0).round() / 100.0),
    }
}
