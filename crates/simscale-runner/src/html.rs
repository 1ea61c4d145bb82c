//! A report as one file: text, tables and charts with their style and script inside, so that it opens anywhere and fetches nothing.

mod chart;
mod moments;

pub use chart::{Axis, Band, Chart, Dot, Level, Line, Panel};
pub use moments::{about, panels};
pub(crate) use moments::{load, time};

use crate::report::{Mark, Page};
use std::fmt::Write;

const STYLE: &str = include_str!("../assets/report/report.css");
const SCRIPT: &str = include_str!("../assets/report/report.js");

/// What a browser may do with the page: show it, and run its own script. It may fetch nothing.
const ALLOWED: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// A report in the making; every text that goes in is escaped.
pub struct Html {
    title: String,
    body: String,
}

/// A cell of a table: what is shown, and the number that the column is sorted by.
pub struct TableCell {
    /// What is shown.
    pub text: String,
    /// What it is sorted by, where that is not the text.
    pub value: Option<f64>,
}

impl Html {
    /// A report that begins with its conclusion.
    pub fn new(name: &str, description: &str, conclusion: &str) -> Html {
        let mut html = Html { title: name.to_owned(), body: String::new() };
        html.put(&format!("<h1>{}</h1>\n", escaped(name)));
        if !description.is_empty() {
            html.put(&format!("<p class=\"about\">{}</p>\n", escaped(description)));
        }
        html.put(&format!("<p class=\"lead\">{}</p>\n", escaped(conclusion)));
        html
    }

    fn put(&mut self, markup: &str) {
        self.body += markup;
    }

    /// A heading.
    pub fn section(&mut self, title: &str) {
        self.put(&format!("<h2>{}</h2>\n", escaped(title)));
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        self.put(&format!("<p>{}</p>\n", escaped(text)));
    }

    /// The few figures that a reader takes home: label, figure, what belongs to it.
    pub fn tiles(&mut self, tiles: &[(&str, String, String)]) {
        self.put("<dl class=\"tiles\">\n");
        for (label, figure, note) in tiles {
            let (label, figure, note) = (escaped(label), escaped(figure), escaped(note));
            self.put(&format!("<div><dt>{label}</dt><dd>{figure}<small>{note}</small></dd></div>\n"));
        }
        self.put("</dl>\n");
    }

    /// The lines of a page that have one of these labels; nothing where there are none.
    pub fn lines(&mut self, page: &Page, wanted: impl Fn(&str) -> bool) -> bool {
        let lines: Vec<_> = page.lines().filter(|(label, ..)| wanted(label)).collect();
        if lines.is_empty() {
            return false;
        }
        self.put("<dl class=\"facts\">\n");
        let mut before = "";
        for (label, mark, text) in lines {
            let shown = if label == before { "" } else { label };
            before = label;
            let (sign, class) = match mark {
                Mark::None => ("", ""),
                Mark::Good => ("\u{2713} ", "good"),
                Mark::Bad => ("\u{2717} ", "bad"),
                Mark::Warning => ("! ", "warning"),
            };
            let sign = if sign.is_empty() {
                String::new()
            } else {
                format!("<span class=\"mark {class}\">{sign}</span>")
            };
            self.put(&format!("<dt>{}</dt><dd>{sign}{}</dd>\n", escaped(shown), escaped(text)));
        }
        self.put("</dl>\n");
        true
    }

    /// A chart with its picture for readers without scripts.
    pub fn chart(&mut self, caption: &str, picture: &str, chart: &Chart) {
        // `<` would end the script early, `&` is left as it is in one.
        let json = serde_json::to_string(chart).expect("our own layouts have a form in JSON");
        let json = json.replace('<', "\\u003c");
        let caption = escaped(caption);
        self.put(&format!(
            "<figure class=\"chart\">\n<figcaption>{caption}</figcaption>\n<div class=\"still\">{}</div>\n\
             <script type=\"application/json\">{json}</script>\n</figure>\n",
            scaling(picture)
        ));
    }

    /// A table that can be sorted; rows with a mark stand out.
    pub fn table(&mut self, heads: &[String], rows: &[(bool, Vec<TableCell>)]) {
        self.put("<div class=\"wide\"><table class=\"cells\">\n<thead><tr>");
        heads.iter().for_each(|head| self.put(&format!("<th>{}</th>", breakable(head))));
        self.put("</tr></thead>\n<tbody>\n");
        for (marked, row) in rows {
            self.put(if *marked { "<tr class=\"winner\">" } else { "<tr>" });
            for cell in row {
                let value = cell.value.map(|value| format!(" data-value=\"{value}\"")).unwrap_or_default();
                self.put(&format!("<td{value}>{}</td>", escaped(&cell.text)));
            }
            self.put("</tr>\n");
        }
        self.put("</tbody>\n</table></div>\n");
    }

    /// Markup of ours, with everything from outside escaped already.
    pub fn markup(&mut self, markup: &str) {
        self.put(markup);
    }

    /// A text as it stands in a file, folded.
    pub fn folded(&mut self, title: &str, text: &str) {
        let (title, text) = (escaped(title), escaped(text));
        self.put(&format!("<details><summary>{title}</summary>\n<pre>{text}</pre>\n</details>\n"));
    }

    /// A command as it is typed.
    pub fn command(&mut self, command: &str) {
        self.put(&format!("<pre>{}</pre>\n", escaped(command)));
    }

    /// The whole file.
    pub fn finish(self) -> String {
        let (title, version) = (escaped(&self.title), env!("CARGO_PKG_VERSION"));
        let mut text = String::new();
        _ = write!(
            text,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{ALLOWED}\">\n\
             <meta name=\"generator\" content=\"simscale {version}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
             <body>\n<main>\n{}<footer>Made by simscale {version}. This file holds all it shows and fetches nothing.</footer>\n</main>\n\
             <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
            self.body
        );
        text
    }
}

/// A picture of ours, to be scaled by the page.
fn scaling(picture: &str) -> String {
    let from = picture.find("<svg").unwrap_or(0);
    let mut svg = picture[from..].to_owned();
    for size in ["width=\"", "height=\""] {
        let end = svg.find('>').unwrap_or(0);
        if let Some(at) = svg[..end].find(size)
            && let Some(length) = svg[at + size.len()..].find('"')
        {
            svg.replace_range(at..at + size.len() + length + 1, "");
        }
    }
    svg
}

/// Text that may be broken behind the dots of a path.
fn breakable(text: &str) -> String {
    escaped(text).replace('.', ".<wbr>")
}

/// Text that is no markup.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_and_never_markup() {
        let evil = "</script><script>alert(1)</script>&\"'";
        let mut html = Html::new(evil, evil, evil);
        html.section(evil);
        html.text(evil);
        html.tiles(&[(evil, evil.into(), evil.into())]);
        html.folded(evil, evil);
        html.table(&[evil.to_owned()], &[(true, vec![TableCell { text: evil.into(), value: None }])]);
        let mut chart = Chart::new(Axis::usd(evil, 1.0));
        chart.panels.push(Panel::new(evil, "percent"));
        html.chart(
            evil,
            "<svg width=\"10\" height=\"20\" viewBox=\"0 0 10 20\"><rect width=\"3\"/></svg>",
            &chart,
        );
        let text = html.finish();
        assert!(!text.contains("alert(1)</script>"), "{text}");
        // The chart's data and the script of ours, and no other.
        assert_eq!(text.matches("<script").count(), 2);
        assert_eq!(text.matches("</script>").count(), 2);
        let scales =
            text.contains("viewBox=\"0 0 10 20\"><rect width=\"3\"/>") && !text.contains("width=\"10\"");
        assert!(scales, "the picture has no size of its own");
    }
}
