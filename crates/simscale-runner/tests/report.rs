//! Reports as a browser shows them: opened headless with the network off, charts drawn, hover, zoom and sorting at work, no error told.
//!
//! Skipped, with the reason printed, where no Chromium is found: `SIMSCALE_CHROMIUM` names one, else it is looked for in `PATH`.

mod place;

use place::{Place, SMALL, code, err};
use std::path::PathBuf;
use std::process::Command;

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SIMSCALE_CHROMIUM").filter(|name| !name.is_empty()) {
        return Some(named.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Collects errors from before the first script of the page on.
const WATCH: &str = "<head><script>
window.faults = [];
addEventListener('error', event => faults.push(String(event.message)));
addEventListener('unhandledrejection', event => faults.push(String(event.reason)));
addEventListener('securitypolicyviolation', event => faults.push('refused: ' + event.blockedURI));
console.error = console.warn = (...what) => faults.push(what.join(' '));
</script>";

/// Points, drags and clicks as a reader does, and leaves what was seen in the page.
const READ: &str = "<script>
addEventListener('load', () => {
  const seen = {};
  const tip = document.getElementById('tip');
  const told = () => tip.hidden ? '' : tip.textContent;
  const middle = node => { const box = node.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]; };
  const send = (node, kind, [clientX, clientY]) =>
    node.dispatchEvent(new PointerEvent(kind, { clientX, clientY, pointerId: 1, button: 0, bubbles: true }));
  const plots = [...document.querySelectorAll('figure.live .plot')];
  seen.charts = document.querySelectorAll('figure.live').length;
  seen.stills = [...document.querySelectorAll('.still')].filter(still => still.offsetParent).length;
  seen.drawn = plots.length > 0 && plots.every(plot => plot.querySelectorAll('path, circle, rect, line').length > 5);
  seen.sound = plots.every(plot => !plot.outerHTML.includes('NaN') && !plot.outerHTML.includes('undefined'));
  const dot = document.querySelector('.plot [data-cell]');
  if (dot) {
    send(dot.ownerSVGElement, 'pointermove', middle(dot));
    seen.cell = told();
    send(dot.ownerSVGElement, 'pointerleave', [0, 0]);
    seen.gone = told();
  }
  const last = plots[plots.length - 1];
  send(last, 'pointermove', middle(last));
  seen.moment = told();
  const words = () => [...last.querySelectorAll('text')].map(text => text.textContent).join(' ');
  seen.before = words();
  const [x, y] = middle(last);
  send(last, 'pointerdown', [x - 80, y]);
  send(last, 'pointermove', [x + 40, y]);
  send(last, 'pointerup', [x + 40, y]);
  seen.zoomed = words();
  [...last.closest('figure').querySelectorAll('button')].find(button => button.textContent === 'All').click();
  seen.after = words();
  const field = document.querySelector('[data-tip]');
  if (field) { send(field, 'pointerover', middle(field)); seen.field = told(); }
  const table = document.querySelector('table.cells');
  if (table) {
    const heads = [...table.querySelectorAll('th')], column = heads.findIndex(head => head.textContent === 'Cost a month');
    heads[column].click();
    heads[column].click();
    seen.sorted = [...table.tBodies[0].rows].map(row => Number(row.cells[column].dataset.value));
  }
  seen.fetched = performance.getEntriesByType('resource').length;
  seen.wider = document.scrollingElement.scrollWidth - innerWidth;
  seen.faults = faults;
  const note = document.createElement('script');
  note.type = 'text/plain';
  note.id = 'seen';
  note.textContent = JSON.stringify(seen);
  document.body.append(note);
});
</script></body>";

/// What a reader saw who opened the report in a window of this width.
fn read(browser: &PathBuf, place: &Place, report: &str, width: u32) -> serde_json::Value {
    let page = place.read(report).replacen("<head>", WATCH, 1).replacen("</body>", READ, 1);
    place.write("watched.html", &page);
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // The network off: no name is known, and no proxy answers.
    command.args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]);
    command.args(["--enable-logging=stderr", "--dump-dom", &format!("--window-size={width},900")]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("file://{}", place.path("watched.html").display()));
    let output = command.output().unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(said.is_empty(), "{said:#?}");
    let (_, seen) = dom.split_once("id=\"seen\">").unwrap_or_else(|| panic!("the page was not read: {log}"));
    serde_json::from_str(seen.split("</script>").next().unwrap()).unwrap()
}

fn text<'a>(seen: &'a serde_json::Value, key: &str) -> &'a str {
    seen[key].as_str().unwrap_or_else(|| panic!("{key}: {seen:#}"))
}

/// What holds of every report.
fn sound(seen: &serde_json::Value, charts: u64) {
    assert_eq!(seen["charts"], charts, "{seen:#}");
    assert!(seen["drawn"] == true && seen["sound"] == true && seen["stills"] == 0, "{seen:#}");
    assert_eq!(seen["fetched"], 0, "{seen:#}");
    assert!(seen["faults"].as_array().unwrap().is_empty(), "{seen:#}");
    assert!(seen["wider"].as_i64().unwrap() <= 0, "the page is wider than its window: {seen:#}");
    assert!(text(seen, "before") != text(seen, "zoomed"), "dragging zooms: {seen:#}");
    assert_eq!(text(seen, "before"), text(seen, "after"), "and all can be shown again");
}

#[test]
fn reports_are_drawn_and_answer_the_pointer() {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium in PATH and SIMSCALE_CHROMIUM is not set");
        return;
    };
    let place = Place::new();
    let swept = "[sweep]\naxes.\"group.min\" = [1, 2]\naxes.\"policy.cpu-50.target_tracking.target\" = [30.0, 60.0]\n";
    place.write("small.toml", &format!("{SMALL}{swept}"));
    let sweep = place.run(&["sweep", "small.toml", "--quiet"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    for width in [1200, 500] {
        let seen = read(&browser, &place, "results/small-sweep/report.html", width);
        sound(&seen, 2);
        assert!(text(&seen, "cell").contains("USD a month") && text(&seen, "gone").is_empty(), "{seen:#}");
        assert!(text(&seen, "moment").contains("desired: "), "{seen:#}");
        assert!(text(&seen, "field").contains("group.min="), "{seen:#}");
        let sorted: Vec<f64> =
            seen["sorted"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert!(sorted.len() == 4 && sorted.is_sorted_by(|a, b| a >= b), "{sorted:?}");
    }
    let run = place.run(&["run", "small.toml", "--quiet"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let seen = read(&browser, &place, "results/small/report.html", 1200);
    sound(&seen, 1);
    assert!(text(&seen, "moment").contains("mean of the group: "), "{seen:#}");
}

#[test]
fn a_report_says_all_of_it_without_a_script_and_fetches_nothing() {
    let place = Place::new();
    place.write("a.toml", &SMALL.replace("small", "a"));
    place.write("b.toml", &SMALL.replace("small", "b").replace("min = 1", "min = 2"));
    let compare = place.run(&["compare", "a.toml", "b.toml", "--quiet"]);
    assert_eq!(code(&compare), 0, "{}", err(&compare));
    let report = place.read("results/comparison/report.html");
    assert!(report.contains("is the cheapest that keeps its promises"), "the conclusion");
    assert!(report.matches("<div class=\"still\"><svg").count() == 2, "pictures of costs and of moments");
    assert!(report.contains("simscale compare a.toml b.toml"), "how to make it again");
    let stated = ["<td>a</td>", "<td>b</td>", "What to keep in mind", "[[objective]]"];
    assert!(stated.iter().all(|part| report.contains(part)), "cells, caveats, scenario");
    // Names of XML's own, and nothing else that looks like an address.
    let addresses = report.matches("://").count();
    assert_eq!(addresses, report.matches("http://www.w3.org/2000/svg").count());
    assert!(["src=", "href=", "url(http", "@import", "fetch("].iter().all(|way| !report.contains(way)));
}
