//! What the script of a report draws: panels above one axis, with lines, shaded stretches, levels and cells.

use serde::Serialize;

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// The axis under all panels.
    pub x: Axis,
    /// The panels, from above.
    pub panels: Vec<Panel>,
}

/// The axis under the panels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    kind: &'static str,
    label: String,
    from: f64,
    to: f64,
    day_s: f64,
}

impl Axis {
    /// Money from zero to a little above `most`.
    pub fn usd(label: &str, most: f64) -> Axis {
        let to = if most > 0.0 { most * 1.06 } else { 1.0 };
        Axis { kind: "usd", label: label.to_owned(), from: 0.0, to, day_s: 0.0 }
    }

    /// Seconds of a run that starts `day_s` after midnight.
    pub fn time(from: f64, to: f64, day_s: f64) -> Axis {
        Axis { kind: "time", label: String::new(), from, to, day_s }
    }
}

/// A panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// Heading.
    pub title: String,
    /// How its values are written: `percent`, `seconds`, `count`, `plain`.
    kind: &'static str,
    /// Height where it shows time, in units of the page.
    pub height: u32,
    /// Largest value of the axis; 0 to take it from the values.
    pub bound: f64,
    /// Whether the axis may be logarithmic.
    pub may_log: bool,
    /// Shaded stretches.
    pub bands: Vec<Band>,
    /// Levels across it.
    pub levels: Vec<Level>,
    /// Upright levels.
    pub uprights: Vec<Level>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Cells of a sweep.
    pub dots: Vec<Dot>,
}

impl Panel {
    /// An empty panel.
    pub fn new(title: &str, kind: &'static str) -> Panel {
        Panel {
            title: title.to_owned(),
            kind,
            height: 150,
            bound: 0.0,
            may_log: false,
            bands: Vec::new(),
            levels: Vec::new(),
            uprights: Vec::new(),
            lines: Vec::new(),
            dots: Vec::new(),
        }
    }
}

impl Chart {
    /// Without panels.
    pub fn new(x: Axis) -> Chart {
        Chart { x, panels: Vec::new() }
    }
}

/// A shaded stretch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// Start.
    pub from: f64,
    /// End.
    pub to: f64,
    /// Class of its colour.
    pub class: &'static str,
    /// What it means.
    pub name: &'static str,
}

/// A straight dashed line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// Where.
    pub at: f64,
    /// Class of its colour.
    pub class: &'static str,
    /// What it means.
    pub name: String,
}

/// A named line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its name; nameless ones are in no legend.
    pub name: String,
    /// Class of its colour.
    pub class: &'static str,
    /// `line`, `steps`, `dashed` (steps too) or `area` (filled steps).
    pub shape: &'static str,
    /// Points: place and value, and where values were merged their smallest and largest; a value that is missing breaks the line.
    pub points: Vec<Vec<Option<f64>>>,
}

/// A cell of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dot {
    /// Place.
    pub x: f64,
    /// Value.
    pub y: f64,
    /// Half width of the interval of the place.
    pub dx: f64,
    /// Half width of the interval of the value.
    pub dy: f64,
    /// Class of its colour.
    pub class: &'static str,
    /// What its colour says.
    pub kind: &'static str,
    /// The cell's name.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// What is told when it is pointed at.
    pub tip: String,
    /// Whether it is the answer.
    pub winner: bool,
    /// Whether others are compared with it.
    pub baseline: bool,
    /// Whose name is drawn first, from 0 on.
    pub rank: usize,
}
