//! Bars with their names and values, as SVG in the colours of the other pictures.

use std::fmt::Write;

const INK: &str = "#26262e";
const SOFT: &str = "#696976";
const GRID: &str = "#e1e1e6";
pub const BLUE: &str = "#1f69b4";
pub const GREY: &str = "#9696a0";
pub const ORANGE: &str = "#d67710";
pub const PURPLE: &str = "#7846a0";

const WIDTH: f64 = 1000.0;
/// Where bars begin, and how much is kept free behind the longest for its words.
const LEFT: f64 = 360.0;
const BEHIND: f64 = 150.0;
const TOP: f64 = 84.0;
const STEP: f64 = 26.0;

/// A bar: its name, its length, the words behind it, and its colour.
pub struct Bar {
    pub name: String,
    pub value: f64,
    pub words: String,
    pub color: &'static str,
    /// Whether a group of bars begins with it.
    pub begins: bool,
}

/// How lengths are drawn.
#[derive(Clone, Copy, PartialEq)]
pub enum Scale {
    Linear,
    /// From 1 on; a line at each power of ten.
    Log,
}

/// A heading and a sentence above, bars below.
pub fn svg(title: &str, sentence: &str, bars: &[Bar], scale: Scale) -> String {
    let gaps = bars.iter().skip(1).filter(|bar| bar.begins).count() as f64;
    let height = TOP + STEP * bars.len() as f64 + STEP / 2.0 * gaps + 30.0;
    let longest = bars.iter().map(|bar| bar.value).fold(1e-9, f64::max);
    let length = |value: f64| {
        let share = match scale {
            Scale::Linear => value / longest,
            Scale::Log => value.max(1.0).ln() / longest.max(1.1).ln(),
        };
        share * (WIDTH - LEFT - BEHIND)
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"24\" y=\"34\" font-size=\"20\" font-weight=\"bold\" fill=\"{INK}\">{}</text>\n\
         <text x=\"24\" y=\"58\" font-size=\"13\" fill=\"{SOFT}\">{}</text>\n",
        escaped(title),
        escaped(sentence)
    );
    if scale == Scale::Log {
        let powers = (0..6).map(|power| 10f64.powi(power)).take_while(|&value| value <= longest);
        for value in powers {
            let (x, bottom) = (LEFT + length(value), height - 26.0);
            _ = writeln!(
                text,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{bottom}\" stroke=\"{GRID}\"/>",
                TOP - 8.0
            );
            _ = writeln!(
                text,
                "<text x=\"{x:.1}\" y=\"{}\" font-size=\"12\" text-anchor=\"middle\" fill=\"{SOFT}\">{value}</text>",
                height - 10.0
            );
        }
    }
    let mut y = TOP;
    for (place, bar) in bars.iter().enumerate() {
        y += if bar.begins && place > 0 { STEP / 2.0 } else { 0.0 };
        let (middle, long) = (y + STEP / 2.0 + 1.0, length(bar.value));
        _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{middle}\" font-size=\"13\" text-anchor=\"end\" fill=\"{INK}\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{}\" width=\"{long:.1}\" height=\"{}\" fill=\"{}\"/>\n\
             <text x=\"{:.1}\" y=\"{middle}\" font-size=\"13\" fill=\"{INK}\">{}</text>",
            LEFT - 10.0,
            escaped(&bar.name),
            y,
            STEP - 8.0,
            bar.color,
            LEFT + long + 8.0,
            escaped(&bar.words)
        );
        y += STEP;
    }
    text + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
