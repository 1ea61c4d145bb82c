//! How far a batch of runs is: a bar on a terminal, at any width; elsewhere a line now and then.

use crate::number::{plain, span};
use crate::record::Console;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Columns from which on the bar says what is run, and its units in full.
const WIDE: u16 = 66;

/// Time between two lines where there is no terminal: short sweeps say nothing, long ones that they live.
const QUIET: Duration = Duration::from_secs(15);

/// Shows how far a batch of runs is.
pub(super) struct Progress {
    bar: ProgressBar,
    what: String,
    total: u64,
    count: AtomicU64,
    requests: AtomicU64,
    started: Instant,
    wide: bool,
    /// When the last line was printed, where lines are.
    lines: Option<Mutex<Instant>>,
}

impl Progress {
    /// For so many runs.
    pub(super) fn new(what: &str, total: u64, shown: bool) -> Progress {
        let started = Instant::now();
        let bar = if shown && total > 0 { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let wide =
            terminal_size::terminal_size_of(std::io::stderr()).is_none_or(|(width, _)| width.0 >= WIDE);
        let style = match wide {
            true => "{prefix:15} {wide_bar} {pos}/{len} runs{msg}{left}",
            false => "{wide_bar} {pos}/{len}{msg}{left}",
        };
        // Before the first run is done, nothing is known of those left.
        let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let word = if wide { " left" } else { "" };
            let seconds = state.eta().as_secs_f64().ceil();
            // Nobody is left to tell when the terminal is gone.
            _ = if state.pos() > 0 { write!(out, "  {}{word}", span(seconds)) } else { Ok(()) };
        };
        let style = ProgressStyle::with_template(style).expect("the template is fixed");
        bar.set_style(style.with_key("left", left).progress_chars("=> "));
        bar.set_prefix(what.to_owned());
        // Drawn at once, and again while long runs say nothing.
        bar.enable_steady_tick(Duration::from_millis(500));
        let lines = (shown && bar.is_hidden()).then(|| Mutex::new(started));
        let (count, requests) = (AtomicU64::new(0), AtomicU64::new(0));
        Progress { bar, what: what.to_owned(), total, count, requests, started, wide, lines }
    }

    /// A run with so many requests is done.
    pub(super) fn done(&self, requests: u64) {
        let requests = self.requests.fetch_add(requests, Relaxed) + requests;
        let count = self.count.fetch_add(1, Relaxed) + 1;
        let rate = plain(requests as f64 / self.started.elapsed().as_secs_f64().max(1e-3) / 1e6);
        let unit = if self.wide { "M requests/s" } else { "M/s" };
        self.bar.set_message(format!("  {rate} {unit}"));
        self.bar.inc(1);
        let Some(lines) = &self.lines else { return };
        let mut last = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= QUIET {
            *last = Instant::now();
            let left = self.started.elapsed().as_secs_f64() * (self.total - count) as f64 / count as f64;
            let (what, total, left) = (&self.what, self.total, span(left.ceil()));
            Console::talk(&format!("{what}: {count}/{total} runs, {rate} M requests/s, {left} left"));
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
